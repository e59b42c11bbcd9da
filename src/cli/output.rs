//! Files for others: whole or not at all.

use super::failure::Failure;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Whether `path` can be written and its name ends in one of `endings` (none: in anything), asked before the long work starts.
pub fn check_file(flag: &str, path: &Path, endings: &[&str]) -> Result<(), Failure> {
    let known = endings.is_empty() || path.extension().and_then(|e| e.to_str()).is_some_and(|e| endings.contains(&e));
    let complaint = |what: String| Err(Failure::bad(format!("{flag} {}: {what}", path.display())));
    if !known {
        let accepted: Vec<String> = endings.iter().map(|e| format!(".{e}")).collect();
        return complaint(format!("the name ends in {}", accepted.join(" or ")));
    }
    if path.is_dir() {
        return complaint("is a folder; expected is the name of a file".into());
    }
    if path.exists() && !path.is_file() {
        return complaint("is a pipe or a device; expected is the name of an ordinary file".into());
    }
    let folder = parent(path);
    if !folder.is_dir() {
        return complaint(format!("there is no folder {}", folder.display()));
    }
    probe(&folder).or_else(|e| complaint(format!("{} cannot be written: {e}", folder.display())))
}

/// Whether the folder is there, or can be made, and can be written, asked before the long work starts.
pub fn check_folder(flag: &str, path: &Path) -> Result<(), Failure> {
    let complaint = |what: String| Err(Failure::bad(format!("{flag} {}: {what}", path.display())));
    // The part of the path that is there already.
    let there = path.ancestors().find(|a| a.symlink_metadata().is_ok()).map(Path::to_owned);
    let there = there.unwrap_or_else(|| PathBuf::from("."));
    if !there.is_dir() {
        return complaint(format!("{} is not a folder", there.display()));
    }
    probe(&there).or_else(|e| complaint(format!("{} cannot be written: {e}", there.display())))
}

fn parent(path: &Path) -> PathBuf {
    path.parent().filter(|p| !p.as_os_str().is_empty()).map_or_else(|| PathBuf::from("."), Path::to_owned)
}

/// A name beside `path` that nobody else uses.
pub fn beside(path: &Path) -> PathBuf {
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    path.with_file_name(format!(".{name}.{}.partial", std::process::id()))
}

fn probe(folder: &Path) -> std::io::Result<()> {
    let path = beside(&folder.join("probe"));
    File::create(&path)?;
    std::fs::remove_file(&path)
}

/// Writes a file beside `path` and puts it in its place once it is complete.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    write_with(path, |file| file.write_all(bytes))
}

/// As [`write`], for what is written piece by piece.
pub fn write_with(path: &Path, content: impl FnOnce(&mut File) -> std::io::Result<()>) -> Result<(), Failure> {
    put(path, &beside(path), content)
}

/// As [`write`], for a file that is written again and again: if the program is killed meanwhile, the next one that writes
/// it clears what was left beside it.
pub fn rewrite(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(".partial");
    put(path, &path.with_file_name(name), |file| file.write_all(bytes))
}

fn put(path: &Path, partial: &Path, content: impl FnOnce(&mut File) -> std::io::Result<()>) -> Result<(), Failure> {
    let written = File::create(partial)
        .and_then(|mut file| content(&mut file).and_then(|()| file.sync_all()))
        .and_then(|()| std::fs::rename(partial, path));
    written.map_err(|e| {
        // Nothing half-written stays; that it cannot be removed adds nothing to what is reported.
        let _ = std::fs::remove_file(partial);
        Failure::of_file(path, format!("cannot be written: {e}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_whole_and_leave_nothing_beside_them() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("a.csv");
        check_file("--out", &file, &["csv"]).expect("can be written");
        write(&file, b"1,2").expect("written");
        write(&file, b"2").expect("replaced");
        rewrite(&file, b"3").expect("replaced");
        assert_eq!(std::fs::read(&file).expect("there"), b"3");
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1);
        assert!(write(folder.path(), b"a folder is no file").is_err());
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1);
    }

    #[test]
    fn what_cannot_be_written_is_known_before_the_work() {
        let folder = tempfile::tempdir().expect("a folder");
        let inside = |name: &str| folder.path().join(name);
        std::fs::write(inside("file"), "").expect("written");
        std::fs::create_dir(inside("b.csv")).expect("made");
        for (name, says) in
            [("a.txt", ".csv"), ("none/a.csv", "no folder"), ("file/a.csv", "no folder"), ("b.csv", "is a folder")]
        {
            let page = check_file("--out", &inside(name), &["npz", "csv"]).expect_err(name).page(false);
            assert!(page.contains(says) && page.contains("--out"), "{page}");
        }
        assert!(check_folder("--report", &inside("file/deep")).is_err());
        assert!(check_folder("--report", &inside("file")).is_err());
        assert!(check_folder("--report", &inside("new/deep")).is_ok());
        assert!(!inside("new").exists());
    }
}
