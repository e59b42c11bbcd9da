//! Real networks: what theory computes from a measured Hessian and measured noise, beside what runs of SGD did.
//!
//! A network file holds, in the `K` sharpest directions of the Hessian at a minimum, its eigenvalues, the covariance of
//! the per-sample gradients and the Hessian of every sample's loss, and what was measured on runs of SGD. Everything
//! predicted here is computed from the former; the latter is only compared. Where the two disagree the report says so,
//! with the known reason or none.

mod displacement;
mod epoch;
mod explain;
mod flattening;
mod moment;
mod read;
mod report;

pub use displacement::Displacement;
pub use flattening::{Exponent, Exponents, Flattening, MeasuredDrift};
pub use read::{Divergence, Network, NetworkError, Run, Sampling, read};
pub use report::{Direction, DivergenceReport, Predictions, Ratio, Ratios, Report, RunReport, report};

/// The mean-square bound of SGD with replacement in the measured directions: the largest learning rate `η` at which
/// `V ↦ (I−ηH)V(I−ηH) + (η²/B) mean(H_i V H_i − H V H)` still contracts.
///
/// It is `2/λ_max(A⁻¹M)` with `A = ½(H⊗I + I⊗H)` and `M = (1−1/B) H⊗H + (1/B) mean(H_i⊗H_i)` on symmetric matrices, `H` the
/// mean of the sample Hessians. Curvature noise outside the measured directions is not seen, so it is an upper bound of
/// the threshold in all directions.
///
/// # Errors
/// [`NetworkError::Range`] for a batch size below one or not finite, [`NetworkError::NoBound`] where a direction has
/// negative curvature, or none whose samples are not flat as well.
pub fn mean_square_bound(network: &Network, batch_size: f64) -> Result<f64, NetworkError> {
    if !(batch_size >= 1.0 && batch_size.is_finite()) {
        return Err(NetworkError::Range { name: "batch size".to_owned(), value: batch_size, accepted: "at least 1" });
    }
    network.moments.bound(1.0 / batch_size).map_err(|reason| NetworkError::NoBound { reason })
}

/// `2/λ_max`: the learning rate beyond which even noise-free descent leaves the minimum; `None` where no measured
/// direction has positive curvature.
pub fn edge_of_stability(network: &Network) -> Option<f64> {
    let sharpest = network.eigenvalues.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    (sharpest > 0.0).then(|| 2.0 / sharpest)
}

#[cfg(test)]
mod tests;
