//! The ledger: every statistical test of the crate, as it declares itself.
//!
//! Laws of this program declare themselves in code. Tests in the rooms do so in one line of their documentation,
//! `Ledger: claim | null | statistic | n | seeds | rate | wrong model, and how it is caught`.

use super::{LAWS, RATE};
use std::path::Path;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/law/LEDGER.md");
/// False alarms of the whole suite, over all choices of seeds.
const MOST: f64 = 1e-3;

struct Row {
    place: String,
    parts: Vec<String>,
    rate: f64,
}

/// Lines of documentation that begin with `Ledger:`, with what follows them up to the next code.
fn declared(folder: &Path, rows: &mut Vec<Row>) {
    let mut paths: Vec<_> = std::fs::read_dir(folder).expect("a folder").map(|e| e.expect("an entry").path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            declared(&path, rows);
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let mut lines = text.lines().map(str::trim_start).peekable();
        while let Some(line) = lines.next() {
            let Some(start) = line.strip_prefix("/// Ledger: ") else { continue };
            let mut whole = start.to_owned();
            while let Some(more) = lines.peek().and_then(|l| l.strip_prefix("/// ")) {
                whole += " ";
                whole += more;
                lines.next();
            }
            let parts: Vec<String> = whole.split(" | ").map(str::to_owned).collect();
            let place = path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap_or(&path).display().to_string();
            assert_eq!(parts.len(), 7, "{place}: a declaration has seven parts: {whole}");
            let rate = parts[5].parse().unwrap_or_else(|_| panic!("{place}: `{}` is no rate", parts[5]));
            rows.push(Row { place, parts, rate });
        }
    }
}

fn rows() -> Vec<Row> {
    let mut rows: Vec<Row> = LAWS
        .iter()
        .map(|law| {
            let kind = if law.exact { "" } else { " (conservative)" };
            let parts = [
                law.claim.to_owned(),
                law.null.to_owned(),
                format!("{}{kind}, two stages", law.statistic),
                format!("{} and {}", law.n, 4 * law.n),
                format!("{} and {}", law.seed, law.seed + 1),
                String::new(),
                format!("{}: at least {} of screens", law.wrong, law.power),
            ];
            Row { place: format!("tests/law: {}", law.id.replace('_', " ")), parts: parts.into(), rate: RATE * RATE }
        })
        .collect();
    declared(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut rows);
    rows
}

fn ledger(rows: &[Row]) -> String {
    let sum: f64 = rows.iter().map(|r| r.rate).sum();
    let mut text = format!(
        "# Ledger of the statistical tests\n\nWritten from the tests' own declarations by `THALWEG_CASES=write cargo test --test law`. Seeds are fixed: a rate is the share of\nall choices of seeds for which a right program would fail. The rates of all {} entries add up to {sum:.1e}. That the laws of\n`tests/law` reject as often as they claim is verified in `NULLS.md`.\n\n| test | claim | null | statistic | n | seeds | false alarms | wrong model caught |\n|---|---|---|---|---|---|---|---|\n",
        rows.len()
    );
    for row in rows {
        let p = &row.parts;
        text += &format!(
            "| {} | {} | {} | {} | {} | {} | {:.1e} | {} |\n",
            row.place, p[0], p[1], p[2], p[3], p[4], row.rate, p[6]
        );
    }
    text
}

#[test]
fn the_ledger_is_current() {
    let rows = rows();
    assert!(rows.len() > LAWS.len(), "the tests of the rooms declare themselves too");
    let text = ledger(&rows);
    if std::env::var("THALWEG_CASES").is_ok_and(|asked| asked == "write") {
        std::fs::write(FILE, &text).expect("written");
    }
    let kept = std::fs::read_to_string(FILE).expect("the ledger");
    assert_eq!(kept, text, "`THALWEG_CASES=write cargo test --test law` brings the ledger up to date");
}

#[test]
fn false_alarms_of_the_suite_add_up_to_less_than_one_in_a_thousand() {
    let sum: f64 = rows().iter().map(|r| r.rate).sum();
    assert!(sum > 0.0 && sum < MOST, "{sum}");
}
