//! How sure are we of this number? Means with standard errors, histograms, straight lines, tests and intervals.
//!
//! Every p-value and interval assumes independent samples unless its doc says otherwise: thin a path, or use
//! independent walkers, before asking. A number that cannot be had is infinite or NaN, or refused, never zero.

mod between_bins;
mod distance;
mod estimate;
mod fit;
mod goodness;
mod histogram;
mod quantile;

pub use between_bins::density_between_bins;
pub use distance::{mean_total_variation, total_variation_limit, total_variation_limit_of_paths};
pub use estimate::{Estimate, mean, mean_of_path};
pub use fit::{LinearFit, linear_fit};
pub use goodness::{TestResult, chi_squared, kolmogorov_smirnov};
pub use histogram::Histogram;
pub use quantile::{binomial_interval, quantile_of_chi_squared, quantile_of_normal, quantile_of_student};

use thiserror::Error;

/// Why a statistic does not exist.
#[derive(Clone, Copy, Debug, PartialEq, Error)]
pub enum StatsError {
    /// Fewer data than the statistic needs.
    #[error("at least {needed} values are needed, not {got}")]
    TooFew {
        /// The fewest that suffice.
        needed: usize,
        /// How many there were.
        got: usize,
    },
    /// Two lists that belong together differ in length.
    #[error("{left} values against {right}")]
    Lengths {
        /// Length of the first.
        left: usize,
        /// Length of the second.
        right: usize,
    },
    /// A value is NaN, infinite, negative where it must not be, or out of order.
    #[error("value number {index} cannot be used")]
    Unusable {
        /// Its place in the list, from zero.
        index: usize,
    },
    /// All abscissae are the same.
    #[error("a line needs two different abscissae")]
    NoSpread,
}

/// The first value that `bad` objects to, as an error.
fn refuse(values: &[f64], bad: impl Fn(f64) -> bool) -> Result<(), StatsError> {
    values.iter().position(|v| bad(*v)).map_or(Ok(()), |index| Err(StatsError::Unusable { index }))
}
