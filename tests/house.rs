//! The arrows of docs/ARCHITECTURE.md, read from the `use` lines: a room uses only the rooms its row allows.

use std::collections::BTreeMap;
use std::path::Path;

fn sources(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).expect("a folder of the source") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") && path.file_stem().is_some_and(|s| s != "tests") {
            found.push((path.display().to_string(), std::fs::read_to_string(&path).expect("a source file")));
        }
    }
}

/// Rooms named after `crate::` in the part of a file that is not tests.
fn rooms_used(text: &str) -> Vec<String> {
    let code = text.split("#[cfg(test)]\nmod").next().unwrap_or(text);
    code.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .flat_map(|line| line.split("crate::").skip(1))
        .map(|rest| rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>())
        .filter(|room| !room.is_empty())
        .collect()
}

#[test]
fn rooms_use_only_the_rooms_below_them() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let drawing = std::fs::read_to_string(root.join("docs/ARCHITECTURE.md")).expect("the drawing");
    let rows: BTreeMap<String, Vec<String>> = drawing
        .lines()
        .filter_map(|line| line.strip_prefix("| `"))
        .map(|line| {
            let (room, rest) = line.split_once("` |").expect("a row");
            let allowed = rest.trim().trim_end_matches('|').split(',').map(|r| r.trim().to_owned()).collect();
            (room.to_owned(), allowed)
        })
        .collect();
    assert!(rows.len() > 8, "the table of the drawing was not read");
    let mut wrong = Vec::new();
    for entry in std::fs::read_dir(root.join("src")).expect("src") {
        let path = entry.expect("an entry").path();
        if !path.is_dir() {
            continue;
        }
        let room = path.file_name().expect("a name").to_string_lossy().into_owned();
        let Some(allowed) = rows.get(&room) else {
            wrong.push(format!("the room `{room}` is not in the drawing"));
            continue;
        };
        let mut files = Vec::new();
        sources(&path, &mut files);
        for (file, text) in files {
            for used in rooms_used(&text) {
                if used != room && !allowed.contains(&used) && room != "cli" {
                    wrong.push(format!("{file}: `{room}` may not use `{used}`"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
