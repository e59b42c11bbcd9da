//! Are the claimed rates the true ones? Two thousand null runs of every law, by the thousand seeds that nobody chose.

use super::{LAWS, Law, RATE};
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

/// Threads of our own: each run has its pool, and a pool that waits inside another takes up work on top of its own.
fn in_parallel(runs: u64, run: impl Fn(u64) -> f64 + Sync) -> Vec<f64> {
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get() as u64);
    let run = &run;
    std::thread::scope(|scope| {
        let part =
            |first: u64| scope.spawn(move || (first..runs).step_by(threads as usize).map(run).collect::<Vec<f64>>());
        let parts: Vec<_> = (0..threads).map(part).collect();
        parts.into_iter().flat_map(|part| part.join().expect("no run panics")).collect()
    })
}

fn counted(law: &Law) -> Counted {
    let base = 1_000_000 * (law.seed + 1);
    let p = in_parallel(RUNS, |k| (law.p)(law.n, base + k, false));
    let wrong = in_parallel(WRONG_RUNS, |k| (law.p)(law.n, base + RUNS + k, true));
    let below = |p: &[f64], rate: f64| p.iter().filter(|p| !(**p >= rate)).count() as u64;
    Counted { rejected: RATES.map(|rate| below(&p, rate)), caught: below(&wrong, RATE) }
}

const HEAD: &str = "# Two thousand null runs of every law\n\nWritten by `THALWEG_CASES=write cargo test --release --test law`, law by law. Rejections at three rates, of 2000 samples of the right\n\
    model, each inside the binomial interval of its rate (a conservative test may stay below); wrong models caught at a rate of\n0.001, of 200 samples.\n\n\
    | law | at 0.05 | at 0.01 | at 0.001 | wrong model caught |\n|---|---|---|---|---|\n";

/// What is wrong with counts of a law.
fn faults(law: &Law, found: &Counted) -> Vec<String> {
    let mut bad = Vec::new();
    for (rate, count) in RATES.iter().zip(found.rejected) {
        let (lower, upper) = binomial_interval(count, RUNS, 1.0 - MISSED);
        if !(lower <= *rate && (*rate <= upper || !law.exact)) {
            bad.push(format!("{}: {count} of {RUNS} rejected at {rate}", law.id));
        }
    }
    let (_, most) = binomial_interval(found.caught, WRONG_RUNS, 1.0 - MISSED);
    if most < law.power {
        bad.push(format!("{}: {} of {WRONG_RUNS} wrong models caught, {} claimed", law.id, found.caught, law.power));
    }
    bad
}

/// The counts of a law in the record.
fn recorded(law: &Law, record: &str) -> Option<Counted> {
    let row = record.lines().find_map(|line| line.strip_prefix(&format!("| {} | ", law.id.replace('_', " "))))?;
    let counts: Vec<u64> =
        row.split(" | ").map(|cell| cell.split(' ').next().and_then(|n| n.parse().ok())).collect::<Option<_>>()?;
    Some(Counted { rejected: counts.get(..3)?.try_into().ok()?, caught: *counts.get(3)? })
}

/// The last long run, as it is recorded; with THALWEG_CASES=all or =write a new one, which takes minutes.
#[test]
fn null_runs_reject_as_often_as_is_claimed() {
    let asked = std::env::var("THALWEG_CASES").unwrap_or_default();
    let anew = asked == "all" || asked == "write";
    let record = std::fs::read_to_string(FILE).expect("the record of the last long run");
    let (mut text, mut bad, mut known) = (String::from(HEAD), Vec::new(), 0);
    for law in LAWS {
        let Some(found) = (if anew { Some(counted(law)) } else { recorded(law, &record) }) else { continue };
        known += 1;
        bad.extend(faults(law, &found));
        let [a, b, c] = found.rejected;
        text += &format!("| {} | {a} | {b} | {c} | {} of {WRONG_RUNS} |\n", law.id.replace('_', " "), found.caught);
        if asked == "write" {
            std::fs::write(FILE, &text).expect("written");
        }
    }
    assert!(bad.is_empty(), "{}", bad.join("\n"));
    assert_eq!(known, LAWS.len(), "laws in the record");
}
