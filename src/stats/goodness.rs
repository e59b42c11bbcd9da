//! Do these samples follow that law?

use super::{StatsError, refuse};
use crate::num::function::exp;
use crate::num::sum::Sum;
use statrs::distribution::{ChiSquared, ContinuousCDF};
use std::f64::consts::PI;

/// A statistic and how often chance alone exceeds it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TestResult {
    /// The statistic: `D`, or χ².
    pub statistic: f64,
    /// Probability of at least this value if the law is true.
    pub p_value: f64,
}

/// Kolmogorov and Smirnov's test of independent samples, sorted upwards, against a fully specified law.
///
/// `D = sup |F_n − F|`; its p-value is Kolmogorov's limit at `(√n + 0.12 + 0.11/√n) D` (Stephens 1970), right to a few
/// per cent of itself from five samples on.
///
/// # Errors
/// [`StatsError`]: fewer than five samples, samples out of order or not finite, a `cdf` outside `[0, 1]`.
pub fn kolmogorov_smirnov(sorted: &[f64], cdf: &dyn Fn(f64) -> f64) -> Result<TestResult, StatsError> {
    if sorted.len() < 5 {
        return Err(StatsError::TooFew { needed: 5, got: sorted.len() });
    }
    refuse(sorted, |x| !x.is_finite())?;
    if let Some(index) = sorted.windows(2).position(|w| w[0] > w[1]) {
        return Err(StatsError::Unusable { index: index + 1 });
    }
    let n = sorted.len() as f64;
    let mut statistic = 0.0_f64;
    for (index, x) in sorted.iter().enumerate() {
        let law = cdf(*x);
        // A hair outside is the rounding of whoever computed it.
        if !(-1e-9..=1.0 + 1e-9).contains(&law) {
            return Err(StatsError::Unusable { index });
        }
        statistic = statistic.max((index + 1) as f64 / n - law).max(law - index as f64 / n);
    }
    let root = n.sqrt();
    Ok(TestResult { statistic, p_value: kolmogorov_tail((root + 0.12 + 0.11 / root) * statistic) })
}

/// `P(K > x)` for Kolmogorov's law, by whichever of its two series converges fast.
fn kolmogorov_tail(x: f64) -> f64 {
    if x < 0.2 {
        return 1.0; // to 1e-12
    }
    let terms = 1..=20;
    if x < 1.18 {
        let factor = -PI * PI / (8.0 * x * x);
        let sum: f64 = terms.map(|k| f64::from(2 * k - 1)).map(|odd| exp(factor * odd * odd)).sum();
        return (1.0 - (2.0 * PI).sqrt() / x * sum).clamp(0.0, 1.0);
    }
    let sum: f64 = terms
        .map(|k| (f64::from(k), if k % 2 == 1 { 1.0 } else { -1.0 }))
        .map(|(k, sign)| sign * exp(-2.0 * k * k * x * x))
        .sum();
    (2.0 * sum).clamp(0.0, 1.0)
}

/// Pearson's χ² of counts against expected counts, `bins − 1` degrees of freedom (the law has no fitted parameter
/// and both sums agree). Trustworthy where every expectation is above about five: merge bins first.
///
/// # Errors
/// [`StatsError`]: fewer than two bins, unequal lengths, an observation that is negative or not finite, an expectation
/// not above zero.
pub fn chi_squared(observed: &[f64], expected: &[f64]) -> Result<TestResult, StatsError> {
    if observed.len() != expected.len() {
        return Err(StatsError::Lengths { left: observed.len(), right: expected.len() });
    }
    if observed.len() < 2 {
        return Err(StatsError::TooFew { needed: 2, got: observed.len() });
    }
    refuse(observed, |v| !(v >= 0.0 && v.is_finite()))?;
    refuse(expected, |v| !(v > 0.0 && v.is_finite()))?;
    let statistic = observed.iter().zip(expected).map(|(o, e)| (o - e) * (o - e) / e).collect::<Sum>().value();
    let law = ChiSquared::new((observed.len() - 1) as f64)
        .map_err(|_| StatsError::TooFew { needed: 2, got: observed.len() })?;
    Ok(TestResult { statistic, p_value: law.sf(statistic) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kolmogorov_law_at_its_tabled_points() {
        // The 10, 5 and 1 per cent points, and where the two series meet.
        for (x, p) in [(1.223_847_870_217_082_4, 0.1), (1.358_098_639_322_550_6, 0.05), (1.627_623_611_518_950_3, 0.01)]
        {
            assert!((kolmogorov_tail(x) - p).abs() < 1e-10, "{x}: {}", kolmogorov_tail(x));
        }
        assert!((kolmogorov_tail(1.18 - 1e-12) - kolmogorov_tail(1.18)).abs() < 1e-10);
        assert!((kolmogorov_tail(0.827_573_555_189_907_7) - 0.5).abs() < 1e-10);
    }

    #[test]
    fn even_samples_pass_and_shifted_ones_fail() {
        let samples: Vec<f64> = (0..400).map(|k| (f64::from(k) + 0.5) / 400.0).collect();
        let same = kolmogorov_smirnov(&samples, &|x| x).expect("valid");
        assert!((same.statistic - 0.5 / 400.0).abs() < 1e-12 && same.p_value > 0.999);
        let shifted = kolmogorov_smirnov(&samples, &|x| (x - 0.15).max(0.0)).expect("valid");
        assert!((shifted.statistic - 0.151_25).abs() < 1e-12 && shifted.p_value < 1e-7);
        assert_eq!(kolmogorov_smirnov(&[1.0, 0.0, 2.0, 3.0, 4.0], &|x| x), Err(StatsError::Unusable { index: 1 }));
        assert_eq!(kolmogorov_smirnov(&samples, &|_| f64::NAN), Err(StatsError::Unusable { index: 0 }));
    }

    #[test]
    fn chi_squared_of_three_bins_is_exponential() {
        let result = chi_squared(&[10.0, 20.0, 30.0], &[20.0, 20.0, 20.0]).expect("valid");
        assert_eq!(result.statistic, 10.0);
        assert!((result.p_value - (-5.0_f64).exp()).abs() < 1e-12);
        assert_eq!(chi_squared(&[1.0, 2.0], &[3.0, 0.0]), Err(StatsError::Unusable { index: 1 }));
        assert_eq!(chi_squared(&[1.0], &[1.0]), Err(StatsError::TooFew { needed: 2, got: 1 }));
    }
}
