//! The program asked to prove: the whole library, formats, exit codes and refusals.

mod claims;

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
/// Defined nowhere: neither proved nor refuted, whatever the kernel learns.
const OPEN: &str = "Equal(\"1/(x-x)\", \"1/(x-x)\")";

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
        for piece in ["again.ron: ", "`one` is the id of", "torn.ron:1:", "unknown name `y`"] {
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

/// Claims, or wrong variants (`id/2`), of the library that are not decided yet. Nothing is added here without a reason.
const UNDECIDED: &[&str] = &[];

/// Every claim of the library is proved, every wrong variant refuted, and the page says so.
#[test]
fn the_library_holds_and_its_page_is_current() {
    let report = tempfile::tempdir().expect("a folder");
    let output = thalweg()
        .args(["prove", "derivations", "--quiet", "--format", "json", "--report"])
        .arg(report.path())
        .output()
        .expect("it runs");
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    let answer: Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
    let derivations = answer["derivations"].as_array().expect("a list");
    assert!(derivations.len() >= 150, "{}", derivations.len());
    let mut wrong = Vec::new();
    let mut judge = |name: String, verdict: &Value, wanted: &str| {
        if verdict != wanted && !(verdict == "unknown" && UNDECIDED.contains(&name.as_str())) {
            wrong.push(format!("{name}: {verdict}, not {wanted}"));
        }
    };
    for d in derivations {
        let id = d["id"].as_str().expect("an id");
        judge(id.to_owned(), &d["verdict"], "proved");
        let file = Path::new(d["file"].as_str().expect("a file"));
        assert!(file.file_stem().is_some_and(|stem| stem == id), "{id} is not the name of {}", file.display());
        let mutants = d["mutants"].as_array().expect("a list");
        assert!(!mutants.is_empty(), "{id} has no wrong variant");
        for (k, mutant) in mutants.iter().enumerate() {
            judge(format!("{id}/{}", k + 1), &mutant["verdict"], "refuted");
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let page = std::fs::read_to_string(report.path().join("answer.md")).expect("the page");
    let kept =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/DERIVATIONS.md")).expect("the page kept");
    assert!(
        page == kept,
        "docs/DERIVATIONS.md is not current: thalweg prove derivations --format markdown > docs/DERIVATIONS.md"
    );
}

#[test]
fn endings_follow_the_verdicts() {
    let survivor = "Equal(\"(x+a)*(x-a)\", \"x^2-a^2\")";
    for (claim, mutants, code, verdict) in [
        (TRUE, FALSE, 0, "proved"),
        (FALSE, "", 1, "refuted"),
        (TRUE, survivor, 1, "proved"),
        (OPEN, FALSE, 3, "unknown"),
        (OPEN, survivor, 1, "unknown"),
    ] {
        let folder = folder(&[("a.ron", derivation("one", claim, mutants))]);
        let (answer, ended) = judged(folder.path(), &[]);
        assert_eq!((ended, &answer["derivations"][0]["verdict"]), (code, &Value::from(verdict)), "{claim} {mutants}");
        let output = thalweg().arg("prove").arg(folder.path()).args(["--format", "junit"]).output().expect("runs");
        let page = String::from_utf8(output.stdout).expect("text");
        assert_eq!(output.status.code(), Some(code));
        assert_eq!(page.matches("<testcase").count(), 1 + usize::from(!mutants.is_empty()), "{page}");
        assert_eq!(page.contains("<failure"), code == 1, "{page}");
        assert_eq!(page.contains("<error"), verdict == "unknown", "{page}");
    }
}

#[test]
fn a_proof_is_explained_step_by_step_and_bytes_do_not_depend_on_threads() {
    let folder = folder(&[("a.ron", derivation("one", TRUE, FALSE)), ("b.ron", derivation("two", TRUE, FALSE))]);
    let run = |more: &[&str]| thalweg().arg("prove").arg(folder.path()).args(more).output().expect("runs").stdout;
    let text = String::from_utf8(run(&["--explain", "two"])).expect("text");
    assert!(
        text.starts_with("two\n") && text.contains("\n1. ") && text.contains(" $\n") && !text.contains("one"),
        "{text}"
    );
    for format in ["text", "csv", "junit", "markdown"] {
        let one = run(&["--format", format, "--threads", "1"]);
        assert_eq!(one, run(&["--format", format, "--threads", "5"]), "{format}");
    }
}

/// The README shows a derivation and its proof: both are those of the library and of the program.
#[test]
fn the_readme_shows_what_the_program_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(root.join("README.md")).expect("the README");
    let command = "$ thalweg prove derivations --explain ";
    let (before, rest) = readme.split_once(command).expect("a proof in the README");
    let (id, rest) = rest.split_once('\n').expect("a line");
    let (shown, _) = rest.split_once("```").expect("the end of the block");
    let output = thalweg().args(["prove", "derivations", "--explain", id]).output().expect("it runs");
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim_end(), shown.trim_end(), "README.md is not current");
    let (_, file) = before.rsplit_once("Derivation(").expect("a derivation in the README");
    let (file, _) = file.split_once("```").expect("the end of the block");
    let read = |text: &str| thalweg::derivation::Derivation::read(text).expect("a derivation");
    let mut found = Vec::new();
    for folder in std::fs::read_dir(root.join("derivations")).expect("a folder") {
        let path = folder.expect("an entry").path().join(format!("{id}.ron"));
        found.extend(std::fs::read_to_string(path).ok());
    }
    let (shown, kept) = (read(&format!("Derivation({file}")), read(&found.pop().expect("the file")));
    assert_eq!((shown.id(), shown.claim(), shown.mutants()), (kept.id(), kept.claim(), kept.mutants()));
}
