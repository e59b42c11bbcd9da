//! A list of true and false claims, many of them close to each other: none false is proved, none true refuted, and few stay
//! unknown.

use super::judged;
use serde_json::Value;
use std::collections::BTreeMap;

const CLAIMS: &str = include_str!("claims.txt");
/// Most claims that may stay unknown, of a hundred true and of a hundred false ones.
const MOST_UNKNOWN: [usize; 2] = [4, 3];

/// A line as a derivation file.
fn file(id: &str, line: &str) -> String {
    let (head, rest) = line.split_once('|').expect("a bar");
    let symbol = |text: &str| {
        let (name, kind) = text.split_once(':').expect("name:kind");
        let arguments = |list: &str| list.split(',').map(|v| format!("\"{v}\"")).collect::<Vec<_>>().join(", ");
        let known = match kind.split_at(1) {
            ("R", _) => "Real".to_owned(),
            ("P", _) => "Positive".to_owned(),
            ("N", _) => "Natural".to_owned(),
            ("+", list) => format!("PositiveFunction([{}])", arguments(list)),
            (_, list) => format!("Function([{}])", arguments(list)),
        };
        format!("\"{name}\": {known}")
    };
    let symbols: Vec<String> = head.split_whitespace().skip(1).map(symbol).collect();
    let fields: Vec<&str> = rest.split(" | ").map(str::trim).collect();
    format!(
        "Derivation(id: \"{id}\", title: \"t\", source: (reference: \"r\"), symbols: {{{}}}, claim: {})",
        symbols.join(", "),
        fields.join(", ")
    )
}

#[test]
fn none_false_is_proved_none_true_refuted_and_few_are_unknown() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut lines = BTreeMap::new();
    for (index, line) in CLAIMS.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).enumerate() {
        let id = format!("claim-{index}");
        std::fs::write(folder.path().join(format!("{id}.ron")), file(&id, line)).expect("written");
        lines.insert(id, line);
    }
    let (answer, _) = judged(folder.path(), &[]);
    let derivations = answer["derivations"].as_array().expect("a list");
    assert_eq!(derivations.len(), lines.len());
    let (mut wrong, mut unknown, mut count) = (Vec::new(), [Vec::new(), Vec::new()], [0, 0]);
    for d in derivations {
        let line = lines[d["id"].as_str().expect("an id")];
        let side = usize::from(line.starts_with('F'));
        count[side] += 1;
        match (side, d["verdict"].as_str()) {
            (0, Some("proved")) => {}
            (1, Some("refuted")) => assert_ne!(d["witness"], Value::Null, "{line}"),
            (_, Some("unknown")) => unknown[side].push(line),
            _ => wrong.push(line),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for side in [0, 1] {
        assert!(count[side] >= 200, "{count:?}");
        let most = MOST_UNKNOWN[side] * count[side] / 100;
        assert!(
            unknown[side].len() <= most,
            "{} of {}:\n{}",
            unknown[side].len(),
            count[side],
            unknown[side].join("\n")
        );
    }
}
