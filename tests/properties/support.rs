//! Asks a claim of random cases; saves the one on which it fails.

use crate::generate::Saved;
use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use std::fmt::Debug;
use std::path::Path;
use thalweg::num::domain::Domain;

/// What a claim answers of one case.
pub type Held = Result<(), String>;

/// `Err` with a message unless the condition holds.
macro_rules! claim {
    ($condition:expr, $($message:tt)+) => {
        if !$condition {
            return Err(format!($($message)+));
        }
    };
}
pub(crate) use claim;

/// Seed of a claim: its name (FNV-1a), so that claims see different cases, and the same ones every time.
fn seed(name: &str) -> [u8; 32] {
    let mut seed = [0; 32];
    for (k, part) in seed.chunks_exact_mut(8).enumerate() {
        let mut hash = 0xcbf2_9ce4_8422_2325_u64 ^ k as u64;
        for byte in name.bytes() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        part.copy_from_slice(&hash.to_le_bytes());
    }
    seed
}

/// Asks `claim` of so many random cases (times `THALWEG_MORE`), or of the one in the file `THALWEG_CASE`.
///
/// # Panics
/// If the claim fails: the simplest case is saved, and the message says where and how to run it again.
#[track_caller]
pub fn holds<S>(name: &str, cases: u32, strategy: &S, claim: impl Fn(&S::Value) -> Held)
where
    S: Strategy,
    S::Value: Saved + Debug,
{
    if let Ok(file) = std::env::var("THALWEG_CASE") {
        let text = std::fs::read_to_string(&file).expect("the file of THALWEG_CASE");
        match S::Value::from_ron(&text) {
            Ok(case) => return claim(&case).unwrap_or_else(|reason| panic!("{file}: {reason}")),
            Err(reason) => panic!("{file} holds no case of this claim: {reason}"),
        }
    }
    let more = std::env::var("THALWEG_MORE").ok().and_then(|n| n.parse::<u32>().ok()).unwrap_or(1);
    let config = Config {
        cases: cases * more,
        failure_persistence: None,
        max_shrink_iters: 5000,
        max_shrink_time: 10_000,
        ..Config::default()
    };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &seed(name)));
    let asked = runner.run(strategy, |case| claim(&case).map_err(TestCaseError::fail));
    match asked {
        Ok(()) => {}
        Err(TestError::Fail(reason, case)) => panic!("{}", saved(name, &case.to_ron(), reason.message())),
        Err(TestError::Abort(reason)) => panic!("{name}: {}", reason.message()),
    }
}

/// Saves a failing case and says so.
fn saved(name: &str, text: &str, reason: &str) -> String {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("failures");
    let file = folder.join(format!("{name}.ron"));
    let told = std::fs::create_dir_all(&folder).and_then(|()| std::fs::write(&file, text));
    let place = match told {
        Ok(()) => {
            let short = name.rsplit("::").next().unwrap_or(name);
            format!("run it again: THALWEG_CASE={} cargo test --test properties {short}", file.display())
        }
        Err(error) => format!("it could not be saved: {error}"),
    };
    format!("{reason}\nin\n{text}\n{place}")
}

/// Equal to a relative part of the larger, or to an absolute floor. NaN is equal to nothing.
pub fn near(a: f64, b: f64, relative: f64, absolute: f64) -> bool {
    (a - b).abs() <= relative * a.abs().max(b.abs()) + absolute
}

/// Places strictly inside the stretch that a law visits, away from walls and seams.
pub fn places(law: &thalweg::num::density::Density, count: u32) -> Vec<f64> {
    (1..=count).map(|k| law.quantile(f64::from(k) / f64::from(count + 1))).collect()
}

/// A domain scaled and shifted: the image of `x` is `scale x + shift`.
pub fn image(domain: Domain, scale: f64, shift: f64) -> Domain {
    let of = |x: f64| scale * x + shift;
    let sorted = |a: f64, b: f64| if a < b { (a, b) } else { (b, a) };
    match domain {
        Domain::Line => Domain::Line,
        Domain::Interval { lower, upper } => {
            let (lower, upper) = sorted(of(lower), of(upper));
            Domain::Interval { lower, upper }
        }
        Domain::Periodic { lower, upper } => {
            let (lower, upper) = sorted(of(lower), of(upper));
            Domain::Periodic { lower, upper }
        }
    }
}

mod tests {
    use super::*;
    use crate::generate::{Kind, Posed, models};

    /// A claim that is false is found out, the case is made simple, saved, and read back it fails again.
    #[test]
    fn a_false_claim_is_saved_as_a_file_that_fails_again() {
        let claim = |posed: &Posed| -> Held {
            claim!(posed.model().directions() < 2, "two directions");
            Ok(())
        };
        let found = std::panic::catch_unwind(|| holds("support::a_false_claim", 50, &models(Kind::LANGEVIN), claim));
        let message = *found.expect_err("it fails").downcast::<String>().expect("a message");
        let file = message.rsplit("THALWEG_CASE=").next().and_then(|rest| rest.split(' ').next()).expect("a file");
        let text = std::fs::read_to_string(file).expect("the file was written");
        let posed = Posed::from_ron(&text).expect("a model file");
        assert_eq!(posed.model().directions(), 2, "as simple as it can be: {text}");
        assert!(text.contains("loss: \"0\""), "as simple as it can be: {text}");
        assert!(claim(&posed).is_err() && message.contains("cargo test --test properties a_false_claim"));
    }
}
