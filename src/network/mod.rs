//! Real networks: what theory computes from a measured Hessian and measured noise, beside what runs of SGD did.
//!
//! A network file holds, in the `K` sharpest directions of the Hessian at a minimum, its eigenvalues, the covariance of
//! the per-sample gradients and the Hessian of every sample's loss, and what was measured on runs of SGD. Everything
//! predicted here is computed from the former; the latter is only compared. Where the two disagree the report says so,
//! with the known reason or none.

mod bound;
mod displacement;
mod epoch;
mod explain;
mod flattening;
mod interval;
mod moment;
mod operator;
mod products;
mod read;
mod report;
mod samples;

pub use bound::{
    MeanSquare, Setting, almost_sure_bound, gaussian_estimate, mean_square, mean_square_bootstrap, mean_square_bound,
    tail_index,
};
pub use displacement::Displacement;
pub use flattening::{Exponent, Exponents, Flattening, MeasuredDrift};
pub use products::Simulated;
pub use read::{Divergence, Network, NetworkError, Run, Sampling, read};
pub use report::{Direction, DivergenceReport, Predictions, Ratio, Ratios, Report, RunReport, add_tails, report};

/// `2/λ_max`: the learning rate beyond which even noise-free descent leaves the minimum; `None` where no measured
/// direction has positive curvature.
pub fn edge_of_stability(network: &Network) -> Option<f64> {
    let sharpest = network.eigenvalues.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    (sharpest > 0.0).then(|| 2.0 / sharpest)
}

#[cfg(test)]
mod tests;
