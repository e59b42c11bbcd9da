//! Means and how far to trust them.

use crate::num::sum::Sum;

/// A number with its standard error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The number.
    pub value: f64,
    /// One standard deviation of it, in the same unit; infinite where the data cannot tell.
    pub standard_error: f64,
}

impl Estimate {
    /// `(value − expected) / standard_error`; NaN where both vanish.
    pub fn deviations_from(self, expected: f64) -> f64 {
        (self.value - expected) / self.standard_error
    }
}

/// Batches into which a long path is cut before its correlations are summed.
const MOST_BATCHES: usize = 1 << 13;
/// Sokal's window: correlations are summed up to this many autocorrelation times. Experience, not theorem.
const WINDOW: f64 = 6.0;

/// Mean and (unbiased) variance; NaN passes on.
fn moments(samples: &[f64]) -> (f64, f64) {
    let n = samples.len() as f64;
    let mean = samples.iter().copied().collect::<Sum>().value() / n;
    let squares = samples.iter().map(|x| (x - mean) * (x - mean)).collect::<Sum>().value();
    (mean, squares / (n - 1.0))
}

/// Mean of independent samples, `s/√n` as standard error. One sample has an infinite error; none have a NaN mean.
pub fn mean(samples: &[f64]) -> Estimate {
    let (value, variance) = moments(samples);
    let standard_error = match samples.len() {
        0 | 1 => f64::INFINITY,
        n => (variance / n as f64).sqrt(),
    };
    Estimate { value, standard_error }
}

/// Mean of a stationary, correlated path, and its autocorrelation time `τ = 1 + 2 Σ ρ_k` in samples: the standard
/// error is `sqrt(variance τ / n)`.
///
/// Correlations are summed over batch means up to Sokal's self-consistent window (Sokal 1997, with 6 times). Where
/// the window does not close within a tenth of the path, the path is too short to tell: error and time are infinite.
pub fn mean_of_path(path: &[f64]) -> (Estimate, f64) {
    let length = path.len().div_ceil(MOST_BATCHES).max(1);
    let batches: Vec<f64> =
        path.chunks_exact(length).map(|c| c.iter().copied().collect::<Sum>().value() / c.len() as f64).collect();
    let (value, variance) = moments(path);
    let (middle, spread) = moments(&batches);
    let n = batches.len();
    let unknown = (Estimate { value, standard_error: f64::INFINITY }, f64::INFINITY);
    if n < 2 {
        return unknown;
    }
    if variance == 0.0 {
        return (Estimate { value, standard_error: 0.0 }, 1.0);
    }
    let covariance = |lag: usize| {
        let products = batches.iter().zip(&batches[lag..]).map(|(a, b)| (a - middle) * (b - middle));
        products.collect::<Sum>().value() / n as f64
    };
    let at_zero = covariance(0);
    let mut time = 1.0;
    for lag in 1..=n / 10 {
        time += 2.0 * covariance(lag) / at_zero;
        if !time.is_finite() {
            return unknown;
        }
        if lag as f64 >= WINDOW * 0.5 * time {
            // An anticorrelated path may sum to nothing by chance; one correlation time of noise is the floor.
            let time = time.max(1.0 / n as f64);
            let variance_of_mean = spread * time / n as f64;
            let standard_error = variance_of_mean.sqrt();
            return (Estimate { value, standard_error }, variance_of_mean * path.len() as f64 / variance);
        }
    }
    unknown
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_distr::{Distribution, StandardNormal};
    use rand_xoshiro::Xoshiro256PlusPlus;

    #[test]
    fn independent_means() {
        let estimate = mean(&[1.0, 2.0, 3.0, 4.0]);
        assert_eq!(estimate.value, 2.5);
        assert!((estimate.standard_error - (5.0_f64 / 12.0).sqrt()).abs() < 1e-15);
        assert_eq!(mean(&[3.0]).standard_error, f64::INFINITY);
        assert!(mean(&[]).value.is_nan());
        assert!(mean(&[1.0, f64::NAN]).standard_error.is_nan());
    }

    #[test]
    fn an_autoregressive_path_has_its_known_autocorrelation_time() {
        // x ← a x + noise: τ = (1 + a)/(1 − a).
        for (a, n) in [(0.0, 40_000), (0.9, 200_000), (-0.5, 40_000)] {
            let mut rng = Xoshiro256PlusPlus::seed_from_u64(7);
            let mut x = 0.0;
            let path: Vec<f64> = (0..n)
                .map(|_| {
                    let noise: f64 = StandardNormal.sample(&mut rng);
                    x = a * x + noise;
                    x
                })
                .collect();
            let (estimate, time) = mean_of_path(&path);
            let expected = (1.0 + a) / (1.0 - a);
            assert!((time / expected - 1.0).abs() < 0.2, "{a}: {time} against {expected}");
            // The variance of the mean is 1/((1 − a)² n).
            let error = 1.0 / ((1.0 - a) * f64::from(n).sqrt());
            assert!((estimate.standard_error / error - 1.0).abs() < 0.12, "{a}: {estimate:?} against {error}");
            assert!(estimate.value.abs() < 4.0 * error);
        }
    }

    #[test]
    fn a_path_too_short_to_tell_says_so() {
        let drifting: Vec<f64> = (0..1000).map(f64::from).collect();
        assert_eq!(mean_of_path(&drifting).0.standard_error, f64::INFINITY);
        assert_eq!(mean_of_path(&[1.0]).1, f64::INFINITY);
        assert_eq!(mean_of_path(&[2.0; 50]), (Estimate { value: 2.0, standard_error: 0.0 }, 1.0));
    }
}
