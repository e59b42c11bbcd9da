//! The catalogue of wrong theories and the record of which test objects to which are about the source as it stands.
//!
//! That a test does object is found by `run.py`, which builds every wrong theory; here the catalogue is only kept current.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Wrong {
    id: String,
    wrong: String,
    file: String,
    from: String,
    to: String,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn catalogue() -> Vec<Wrong> {
    let text = std::fs::read_to_string(root().join("tests/mutants/catalogue.json")).expect("the catalogue");
    serde_json::from_str(&text).expect("a list of wrong theories")
}

#[test]
fn every_wrong_theory_has_one_place_in_the_source() {
    let catalogue = catalogue();
    assert!(catalogue.len() >= 60, "{} wrong theories", catalogue.len());
    let ids: BTreeSet<&str> = catalogue.iter().map(|wrong| wrong.id.as_str()).collect();
    assert_eq!(ids.len(), catalogue.len(), "ids are unique");
    let mut stale = Vec::new();
    for wrong in &catalogue {
        let text = std::fs::read_to_string(root().join(&wrong.file)).unwrap_or_default();
        let code = text.split("#[cfg(test)]\nmod").next().unwrap_or_default();
        let times = code.matches(&wrong.from).count();
        if times != 1 || wrong.from == wrong.to || wrong.wrong.is_empty() {
            stale.push(format!("{}: `{}` stands {times} times in {}", wrong.id, wrong.from, wrong.file));
        }
    }
    assert!(stale.is_empty(), "{}", stale.join("\n"));
}

#[test]
fn the_record_names_every_wrong_theory_and_none_is_believed() {
    let record = std::fs::read_to_string(root().join("tests/mutants/RESULTS.md")).expect("the record");
    let rows: BTreeSet<&str> = record
        .lines()
        .filter_map(|line| line.strip_prefix("| "))
        .filter_map(|line| line.split(" | ").next())
        .filter(|id| *id != "wrong theory")
        .collect();
    let catalogue = catalogue();
    let ids: BTreeSet<&str> = catalogue.iter().map(|wrong| wrong.id.as_str()).collect();
    assert_eq!(rows, ids, "`python3 tests/mutants/run.py` brings the record up to date");
    assert!(!record.contains("**none**"), "a wrong theory to which no test objects");
}
