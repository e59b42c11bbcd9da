//! Are the claimed rates the true ones? Two thousand null runs of every law, by the thousand seeds that nobody chose.

use super::{LAWS, Law, RATE};
use rayon::prelude::*;
use thalweg::stats::binomial_interval;

const RUNS: u64 = 2000;
const WRONG_RUNS: u64 = 200;
/// Rates at which rejections are counted: at that of the suite itself two are expected.
const RATES: [f64; 3] = [0.05, 0.01, RATE];
/// Chance that an interval misses a true rate.
const MISSED: f64 = 1e-4;
const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/law/NULLS.md");

struct Counted {
    rejected: [u64; 3],
    caught: u64,
}

fn counted(law: &Law) -> Counted {
    let base = 1_000_000 * (law.seed + 1);
    let p: Vec<f64> = (0..RUNS).into_par_iter().map(|k| (law.p)(law.n, base + k, false)).collect();
    let wrong: Vec<f64> = (0..WRONG_RUNS).into_par_iter().map(|k| (law.p)(law.n, base + RUNS + k, true)).collect();
    let below = |p: &[f64], rate: f64| p.iter().filter(|p| !(**p >= rate)).count() as u64;
    Counted { rejected: RATES.map(|rate| below(&p, rate)), caught: below(&wrong, RATE) }
}

/// Only with THALWEG_CASES=all or =write: about two minutes.
#[test]
fn null_runs_reject_as_often_as_is_claimed() {
    let asked = std::env::var("THALWEG_CASES").unwrap_or_default();
    if asked != "all" && asked != "write" {
        let record = std::fs::read_to_string(FILE).expect("the record of the last long run");
        for law in LAWS {
            let row = format!("| {} |", law.id.replace('_', " "));
            assert!(record.contains(&row), "{}: THALWEG_CASES=write cargo test --release --test law", law.id);
        }
        return;
    }
    let mut text = String::from(
        "# Two thousand null runs of every law\n\nWritten by `THALWEG_CASES=write cargo test --release --test law`. Rejections at three rates, of 2000 samples of the right\n\
         model, each inside the binomial interval of its rate (a conservative test may stay below); wrong models caught at a rate of\n0.001, of 200 samples.\n\n\
         | law | at 0.05 | at 0.01 | at 0.001 | wrong model caught |\n|---|---|---|---|---|\n",
    );
    let mut bad = Vec::new();
    for law in LAWS {
        let found = counted(law);
        for (rate, count) in RATES.iter().zip(found.rejected) {
            let (lower, upper) = binomial_interval(count, RUNS, 1.0 - MISSED);
            if !(lower <= *rate && (*rate <= upper || !law.exact)) {
                bad.push(format!("{}: {count} of {RUNS} rejected at {rate}", law.id));
            }
        }
        let (_, most) = binomial_interval(found.caught, WRONG_RUNS, 1.0 - MISSED);
        if most < law.power {
            bad.push(format!(
                "{}: {} of {WRONG_RUNS} wrong models caught, {} claimed",
                law.id, found.caught, law.power
            ));
        }
        let [a, b, c] = found.rejected;
        let kind = if law.exact { "" } else { " (conservative)" };
        text +=
            &format!("| {} |{kind} {a} | {b} | {c} | {} of {WRONG_RUNS} |\n", law.id.replace('_', " "), found.caught);
    }
    assert!(bad.is_empty(), "{}\n{text}", bad.join("\n"));
    if asked == "write" {
        std::fs::write(FILE, text).expect("written");
    }
}
