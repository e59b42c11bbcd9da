//! How far a histogram lies from its own law by chance alone.

use crate::num::function::ln;
use crate::num::sum::Sum;

/// An upper estimate of the mean total variation `½ Σ |n_i/n − p_i|` between `samples` independent draws in bins
/// and the bins' own probabilities: `½ Σ sqrt(2 p(1−p)/(π n))` where counts are many, and never above
/// `½ Σ min(sqrt(p(1−p)/n), 2p(1−p))`, which holds for every count. Probability missing from the list counts as one
/// more bin. NaN where a probability is not in `[0, 1]` or `samples` is not above zero.
pub fn mean_total_variation(bins: &[f64], samples: f64) -> f64 {
    if !(samples > 0.0) || bins.iter().any(|p| !(0.0..=1.0).contains(p)) {
        return f64::NAN;
    }
    let rest = (1.0 - bins.iter().copied().collect::<Sum>().value()).clamp(0.0, 1.0);
    let term = |p: f64| {
        let spread = (p * (1.0 - p) / samples).sqrt();
        // The normal limit undercounts where the expected count is small; Cauchy–Schwarz never does.
        let normal_holds = samples * p * (1.0 - p) > 25.0;
        let mean = if normal_holds { (2.0 / std::f64::consts::PI).sqrt() * spread } else { spread };
        mean.min(2.0 * p * (1.0 - p))
    };
    0.5 * bins.iter().copied().chain([rest]).map(term).collect::<Sum>().value()
}

/// What the total variation of `effective_samples` independent draws from their own law exceeds with probability at
/// most `false_alarm`: the mean plus `sqrt(ln(1/false_alarm)/(2n))`. One draw moves the distance by at most `1/n`, so
/// McDiarmid's inequality gives `P(TV > mean + t) ≤ exp(−2 n t²)`. Not above one; NaN on unusable input.
pub fn total_variation_limit(bins: &[f64], effective_samples: f64, false_alarm: f64) -> f64 {
    let mean = mean_total_variation(bins, effective_samples);
    if mean.is_nan() || !(false_alarm > 0.0 && false_alarm <= 1.0) {
        return f64::NAN;
    }
    (mean + (-ln(false_alarm) / (2.0 * effective_samples)).sqrt()).min(1.0)
}

/// The same where the draws are records of `independent` paths, whose correlation leaves them worth `effective_samples`.
///
/// A path as a whole moves the distance by at most one over their number, and the distance is the largest of sums over paths,
/// each of variance at most `1/(4 effective_samples)`: Bousquet's form of Talagrand's inequality, `mean + sqrt(2t(1/(4n) +
/// 2 mean/m)) + t/(3m)` with `t = ln(1/false_alarm)`, or McDiarmid's over paths where that is nearer.
pub fn total_variation_limit_of_paths(bins: &[f64], effective_samples: f64, independent: f64, false_alarm: f64) -> f64 {
    let mean = mean_total_variation(bins, effective_samples);
    if mean.is_nan() || !(independent > 0.0) || !(false_alarm > 0.0 && false_alarm <= 1.0) {
        return f64::NAN;
    }
    let t = -ln(false_alarm);
    let bousquet = (2.0 * t * (0.25 / effective_samples + 2.0 * mean / independent)).sqrt() + t / (3.0 * independent);
    let mcdiarmid = (t / (2.0 * independent)).sqrt();
    (mean + bousquet.min(mcdiarmid)).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng};
    use rand_xoshiro::Xoshiro256PlusPlus;

    fn distances(bins: &[f64], samples: usize, repeats: usize) -> Vec<f64> {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(11);
        (0..repeats)
            .map(|_| {
                let mut counts = vec![0.0; bins.len()];
                for _ in 0..samples {
                    let mut u: f64 = rng.random();
                    let bin = bins.iter().position(|p| {
                        u -= p;
                        u < 0.0
                    });
                    counts[bin.unwrap_or(bins.len() - 1)] += 1.0;
                }
                0.5 * counts.iter().zip(bins).map(|(c, p)| (c / samples as f64 - p).abs()).sum::<f64>()
            })
            .collect()
    }

    /// Ledger: distances by chance stay below their limit, and have their mean to 3 % | independent draws into bins | total variation | 400
    /// of 4000 | 11 | 1e-4 | a mean 7 % too large
    #[test]
    fn chance_distances_have_the_mean_and_stay_below_the_limit() {
        let bins: Vec<f64> = (0..20).map(|k| 0.05 + 0.002 * (f64::from(k) - 9.5)).collect();
        let seen = distances(&bins, 4000, 400);
        let mean = seen.iter().sum::<f64>() / seen.len() as f64;
        assert!((mean / mean_total_variation(&bins, 4000.0) - 1.0).abs() < 0.03, "{mean}");
        // A mean over 400 of a quantity that exceeds the limit with probability at most 1e-6.
        let limit = total_variation_limit(&bins, 4000.0, 1e-6);
        assert!(seen.iter().all(|d| *d < limit) && limit < 0.08);
        // Sparse bins: still an upper estimate.
        let sparse = vec![1e-3; 1000];
        let seen = distances(&sparse, 500, 50);
        let mean = seen.iter().sum::<f64>() / seen.len() as f64;
        assert!(mean < mean_total_variation(&sparse, 500.0) * 1.001, "{mean}");
    }

    #[test]
    fn paths_are_worth_their_number_or_their_records() {
        let bins = vec![0.05; 20];
        // Every draw a path of its own: not above McDiarmid's limit.
        let own = total_variation_limit_of_paths(&bins, 1e4, 1e4, 1e-3);
        assert!((own - total_variation_limit(&bins, 1e4, 1e-3)).abs() < 1e-15, "{own}");
        // 2·6.9078·(2.5e-6 + 2·0.00435/2e4) under the root, 6.9078/6e4 beside it.
        let mean = 10.0 * (2.0 / std::f64::consts::PI * 0.05 * 0.95 / 1e5).sqrt();
        let t = 1000.0f64.ln();
        let expected = mean + (2.0 * t * (2.5e-6 + 2.0 * mean / 2e4)).sqrt() + t / 6e4;
        let several = total_variation_limit_of_paths(&bins, 1e5, 2e4, 1e-3);
        assert!((several - expected).abs() < 1e-12 && several < own, "{several} {expected}");
        assert!(total_variation_limit_of_paths(&bins, 1e5, 0.0, 1e-3).is_nan());
    }

    #[test]
    fn unusable_questions_have_no_limit() {
        assert!(total_variation_limit(&[0.5, f64::NAN], 10.0, 0.1).is_nan());
        assert!(total_variation_limit(&[0.5, 0.5], 0.0, 0.1).is_nan());
        assert!(total_variation_limit(&[0.5, 0.5], 10.0, 0.0).is_nan());
        assert_eq!(total_variation_limit(&[0.5, 0.5], 1.0, 1e-9), 1.0);
    }
}
