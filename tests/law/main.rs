//! Laws of chance: what is random follows the law that is claimed, at a known rate of false alarms.
//!
//! Each law of `laws.rs` declares itself: claim, null, statistic, size, seed, and the wrong model that it must catch. The test of a
//! law screens a sample at [`RATE`] and, where that objects, lets a fresh sample four times as large decide at the same rate. The
//! ledger of all statistical tests of the crate is written from these declarations and from those in the tests of the rooms;
//! the rates themselves are verified by two thousand null runs of every law:
//!
//! `THALWEG_CASES=all cargo test --release --test law` runs them and compares, `THALWEG_CASES=write` writes `LEDGER.md` and
//! `NULLS.md` anew.

mod laws;
mod ledger;
mod nulls;

use laws::LAWS;

/// Chance that one sample objects to a true law. Two must.
pub const RATE: f64 = 1e-3;

/// A law, as its test declares it.
pub struct Law {
    /// Name of the law and its test.
    pub id: &'static str,
    /// What is claimed.
    pub claim: &'static str,
    /// What is so if the claim is true.
    pub null: &'static str,
    /// What is computed of a sample.
    pub statistic: &'static str,
    /// Draws of the screening sample.
    pub n: usize,
    /// Seed of the screening sample; the deciding one has the next.
    pub seed: u64,
    /// The wrong model that is caught.
    pub wrong: &'static str,
    /// How often, at least, by the screening sample: verified with the null runs.
    pub power: f64,
    /// Whether the p-value is exact; a conservative one may reject less often than it says.
    pub exact: bool,
    /// p-value of a sample of so many draws and this seed, against the right model or the wrong one.
    pub p: fn(usize, u64, bool) -> f64,
}

impl Law {
    /// Whether two samples object, the second four times as large.
    fn is_refused(&self, wrong: bool) -> bool {
        let objects = |n: usize, seed: u64| !((self.p)(n, seed, wrong) >= RATE);
        objects(self.n, self.seed) && objects(4 * self.n, self.seed + 1)
    }
}

#[track_caller]
fn judged(id: &str) {
    let law = LAWS.iter().find(|law| law.id == id).expect("a law of this name");
    assert!(!law.is_refused(false), "{}: two samples object", law.claim);
    assert!(law.is_refused(true), "{}: {} is not caught", law.claim, law.wrong);
}

/// One test per law, and no law without one.
macro_rules! tests {
    ($($id:ident),+ $(,)?) => {
        $(#[test] fn $id() { judged(stringify!($id)); })+
        #[test]
        fn every_law_is_tested() {
            let tested = [$(stringify!($id)),+];
            assert!(LAWS.iter().map(|law| law.id).eq(tested), "the tests are those of the laws, in their order");
        }
    };
}

tests![
    first_step_along_the_floor,
    first_step_across_the_valley,
    exact_spread_at_any_time_step,
    spread_of_sgd_at_a_finite_step,
    shape_of_the_spread_of_sgd,
    spread_with_momentum,
    spread_of_the_mean_of_learners,
    width_on_a_quadratic_floor,
    uniform_between_walls,
    time_between_walls,
    error_of_a_correlated_mean,
    distance_of_kolmogorov,
    pearson_of_bins,
];
