//! Milliseconds to judge each claim of a folder of derivations, warm and parsed: one line of JSON per claim.
//!
//! `cargo bench --bench identities -- benches/peers/identities`. Read by `benches/peers/symbolic.py`.

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};
use thalweg::derivation::Derivation;
use thalweg::proof::{Verdict, judge};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // The runner adds `--bench`.
    let folder = std::env::args().skip(1).find(|a| !a.starts_with('-')).unwrap_or("benches/peers/identities".into());
    let mut files: Vec<_> =
        std::fs::read_dir(Path::new(&folder))?.map(|f| f.map(|f| f.path())).collect::<Result<_, _>>()?;
    files.sort();
    for file in files {
        let text = std::fs::read_to_string(&file)?;
        let derivation = Derivation::read(&text).map_err(|e| format!("{}: {e:?}", file.display()))?;
        let judged = || judge(derivation.symbols(), black_box(derivation.claim()), derivation.steps());
        let proved = matches!(judged(), Verdict::Proved(_));
        let refuted = derivation
            .mutants()
            .iter()
            .all(|mutant| matches!(judge(derivation.symbols(), mutant, &[]), Verdict::Refuted(_)));
        let (claim, runs) = mean_ms(|| drop(black_box(judged())));
        let (read, _) = mean_ms(|| drop(black_box(Derivation::read(black_box(&text)))));
        println!(
            r#"{{"id":"{}","proved":{proved},"mutants_refuted":{refuted},"ms":{claim:.4},"read_ms":{read:.4},"runs":{runs}}}"#,
            derivation.id(),
        );
    }
    Ok(())
}

/// The mean over as many runs as fit in a quarter of a second, at least ten, after one that warms.
fn mean_ms(mut work: impl FnMut()) -> (f64, u32) {
    work();
    let (start, mut runs) = (Instant::now(), 0);
    while runs < 10 || start.elapsed() < Duration::from_millis(250) {
        work();
        runs += 1;
    }
    (start.elapsed().as_secs_f64() * 1e3 / f64::from(runs), runs)
}
