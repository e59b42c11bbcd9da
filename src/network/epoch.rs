//! Epoch-wise shuffling: the exact second moments of one linear direction.
//!
//! Within an epoch of `M = ⌊N/B⌋` steps `y ← (1−ηλ)y − ηξ_t`, where batches drawn without replacement have
//! `<ξ_t²> = (C/B)(N−B)/(N−1)` and `<ξ_s ξ_t> = −C/(N−1)`: their sum over a whole epoch is zero, so noise slower than an
//! epoch is missing. Shuffles of different epochs are independent, so the position at the start of an epoch is
//! independent of its noise. Curvature noise is not in this map.

use crate::num::function::{exp_m1, ln};

/// Longest epoch worked out.
const STEPS: f64 = 1e7;

/// Stationary variance averaged over the steps of an epoch.
///
/// `eta·lambda` must lie in (0, 2); otherwise the reason is returned.
pub(super) fn variance(eta: f64, lambda: f64, noise: f64, batch: f64, samples: usize) -> Result<f64, String> {
    let (rate, n) = (eta * lambda, samples as f64);
    if !(rate > 0.0 && rate < 2.0) {
        return Err("outside 0 < ηλ < 2".to_owned());
    }
    let steps = (n / batch).floor();
    if !(1.0..=STEPS).contains(&steps) {
        return Err("an epoch must have 1 to 10^7 steps".to_owned());
    }
    if samples == 1 || batch == n {
        return Ok(0.0); // every batch is the whole: no noise
    }
    let keep = 1.0 - rate;
    let count = steps as usize;
    // <ξ_sξ_t> = uncorrelated·δ_st + common
    let common = -noise / (n - 1.0);
    let uncorrelated = noise * n / (batch * (n - 1.0));
    let of = |sum: f64, squares: f64| eta * eta * (uncorrelated * squares + common * sum * sum);
    // Within the epoch: weights 1, keep, keep², … of the noise so far, and what is left of the start.
    let (mut weight, mut sum, mut squares, mut within, mut left) = (1.0_f64, 0.0_f64, 0.0_f64, 0.0_f64, 0.0_f64);
    for _ in 0..count {
        within += of(sum, squares);
        left += weight * weight;
        sum += weight;
        squares += weight * weight;
        weight *= keep;
    }
    // Over the whole epoch the common part cancels: about the mean weight no digits are lost.
    let mean = sum / steps;
    let (mut weight, mut spread) = (1.0_f64, 0.0_f64);
    for _ in 0..count {
        spread += (weight - mean) * (weight - mean);
        weight *= keep;
    }
    let remainder = uncorrelated / steps + common; // zero where B divides N
    let noise_of_epoch = eta * eta * (uncorrelated * spread + remainder * sum * sum);
    let forgotten = -exp_m1(2.0 * steps * ln(keep.abs()));
    let start = noise_of_epoch / forgotten;
    Ok((within + left * start) / steps)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Four samples in two batches: every shuffle listed, the linear map iterated to its fixed point.
    #[test]
    fn agrees_with_all_shuffles_of_four_samples() {
        let g = [1.0, -2.0, 0.5, 0.5];
        let c = g.iter().map(|x| x * x).sum::<f64>() / 4.0;
        for rate in [0.01, 0.4, 1.0, 1.7] {
            let (eta, lambda) = (0.3, rate / 0.3);
            let keep = 1.0 - rate;
            let (mut start, mut average) = (0.0, 0.0);
            for _ in 0..4000 {
                let (mut first, mut second) = (0.0, 0.0);
                for i in 0..4 {
                    for j in (0..4).filter(|&j| j != i) {
                        let a = -eta * (g[i] + g[j]) / 2.0;
                        let b = eta * (g[i] + g[j]) / 2.0; // the rest of the samples, which sum to zero with these
                        first += (keep * keep * start + a * a) / 12.0;
                        let n = keep * a + b;
                        second += (keep.powi(4) * start + n * n) / 12.0;
                    }
                }
                average = (start + first) / 2.0;
                start = second;
            }
            let ours = variance(eta, lambda, c, 2.0, 4).expect("stable");
            assert!((ours / average - 1.0).abs() < 1e-9, "{rate}: {ours} {average}");
        }
    }

    #[test]
    fn full_batches_have_no_noise_and_the_unstable_no_variance() {
        assert_eq!(variance(0.1, 1.0, 1.0, 50.0, 50), Ok(0.0));
        assert!(variance(0.1, 20.0, 1.0, 5.0, 50).is_err());
        assert!(variance(0.1, -1.0, 1.0, 5.0, 50).is_err());
    }
}
