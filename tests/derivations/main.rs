//! The program asked to prove: formats, exit codes and refusals.

use assert_cmd::Command;
use serde_json::Value;
use std::path::Path;

fn thalweg() -> Command {
    let mut command = Command::cargo_bin("thalweg").expect("the program is built");
    command.current_dir(env!("CARGO_MANIFEST_DIR"));
    command
}

/// A derivation file about `x` real and `a` positive.
fn derivation(id: &str, claim: &str, mutants: &str) -> String {
    format!(
        "Derivation(id: \"{id}\", title: \"t\", source: (reference: \"r\"), \
         symbols: {{\"x\": Real, \"a\": Positive}}, claim: {claim}, mutants: [{mutants}])"
    )
}

const TRUE: &str = "Equal(\"(x+a)^2\", \"x^2+2*a*x+a^2\")";
const FALSE: &str = "Equal(\"(x+a)^2\", \"x^2+a*x+a^2\")";
fn folder(files: &[(&str, String)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("made");
        std::fs::write(path, text).expect("written");
    }
    folder
}

fn judged(folder: &Path, more: &[&str]) -> (Value, i32) {
    let output = thalweg().arg("prove").arg(folder).args(["--format", "json"]).args(more).output().expect("it runs");
    let code = output.status.code().expect("a code");
    (serde_json::from_slice(&output.stdout).unwrap_or(Value::Null), code)
}

#[test]
fn bad_files_are_refused_all_at_once_and_nothing_is_printed() {
    let good = derivation("one", TRUE, FALSE);
    let files = [
        ("a.ron", good.clone()),
        ("b/again.ron", good.clone()),
        ("b/torn.ron", good.replace("claim", "clam")),
        ("b/wrong.ron", good.replace("id: \"one\"", "id: \"two\"").replace("x^2+2", "y^2+2")),
        ("notes.txt", "not read".to_owned()),
    ];
    for format in ["text", "json", "csv", "junit", "markdown"] {
        let output =
            thalweg().arg("prove").arg(folder(&files).path()).args(["--format", format]).output().expect("runs");
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0));
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        for piece in ["again.ron: id: `one`", "torn.ron:1:", "unknown name `y`"] {
            assert!(said.contains(piece), "{piece}: {said}");
        }
    }
    let empty = tempfile::tempdir().expect("a folder");
    assert_eq!(judged(empty.path(), &[]).1, 2);
    assert_eq!(judged(Path::new("no/such/file.ron"), &[]).1, 2);
    let one = folder(&files[..1]);
    assert_eq!(judged(one.path(), &["--set", "x=1"]).1, 2);
    assert_eq!(judged(one.path(), &["--explain", "two"]).1, 2);
}

#[test]
fn files_are_taken_in_order_and_once() {
    let files = [
        ("b.ron", derivation("of-b", TRUE, "")),
        ("a/z.ron", derivation("of-a-z", TRUE, "")),
        ("a/c/d.ron", derivation("of-a-c-d", TRUE, "")),
    ];
    let folder = folder(&files);
    let again = folder.path().join("b.ron");
    let (answer, _) = judged(folder.path(), &[again.to_str().expect("a path")]);
    let ids: Vec<&str> =
        answer["derivations"].as_array().expect("a list").iter().filter_map(|d| d["id"].as_str()).collect();
    assert_eq!(ids, ["of-a-c-d", "of-a-z", "of-b"]);
    for key in ["thalweg", "schema"] {
        assert!(answer[key].is_string());
    }
    for key in ["id", "verdict", "witness", "mutants", "conditions", "seconds"] {
        assert!(answer["derivations"][0].get(key).is_some(), "{key}");
    }
}
