//! Quantiles of the laws that errors follow, and the interval for a share.

use crate::num::function::{erfc, exp, ln};
use statrs::distribution::{Beta, ChiSquared, ContinuousCDF, StudentsT};
use std::f64::consts::{PI, SQRT_2};

/// `z` with `P(Z < z) = p` for a standard normal `Z`, to 1e-12 relative (Halley's iteration on `libm`'s `erfc`);
/// infinite at 0 and 1, NaN outside.
pub fn quantile_of_normal(p: f64) -> f64 {
    if !(0.0..=1.0).contains(&p) {
        return f64::NAN;
    }
    if p > 0.5 {
        return -quantile_of_normal(1.0 - p);
    }
    if p == 0.0 {
        return f64::NEG_INFINITY;
    }
    if p == 0.5 {
        return 0.0;
    }
    // Start: Abramowitz & Stegun 26.2.23, off by at most 4.5e-4.
    let t = (-2.0 * ln(p)).sqrt();
    let mut z = (2.515517 + t * (0.802853 + t * 0.010328)) / (1.0 + t * (1.432788 + t * (0.189269 + t * 0.001308))) - t;
    for _ in 0..4 {
        let excess = 0.5 * erfc(-z / SQRT_2) - p;
        let step = excess * (2.0 * PI).sqrt() * exp(0.5 * z * z);
        if !step.is_finite() {
            break;
        }
        z -= step / (1.0 + 0.5 * z * step);
    }
    z
}

/// Quantile of Student's t with `freedom` degrees of freedom; NaN where `p` is outside `(0, 1)` or `freedom` not above
/// zero.
pub fn quantile_of_student(p: f64, freedom: f64) -> f64 {
    match StudentsT::new(0.0, 1.0, freedom) {
        Ok(law) if p > 0.0 && p < 1.0 => law.inverse_cdf(p),
        _ => f64::NAN,
    }
}

/// Quantile of χ² with `freedom` degrees of freedom; NaN where `p` is outside `(0, 1)` or `freedom` not above zero.
pub fn quantile_of_chi_squared(p: f64, freedom: f64) -> f64 {
    match ChiSquared::new(freedom) {
        Ok(law) if p > 0.0 && p < 1.0 => law.inverse_cdf(p),
        _ => f64::NAN,
    }
}

/// Clopper–Pearson's interval for a share of which `successes` in `trials` were seen: it holds the truth with
/// probability at least `confidence`. Nothing seen (no trials), more successes than trials, or a confidence outside
/// `(0, 1)` leaves `(0, 1)`.
pub fn binomial_interval(successes: u64, trials: u64, confidence: f64) -> (f64, f64) {
    if !(confidence > 0.0 && confidence < 1.0) || successes > trials {
        return (0.0, 1.0);
    }
    let (k, n, miss) = (successes as f64, trials as f64, 0.5 * (1.0 - confidence));
    let bound = |a: f64, b: f64, p: f64, otherwise: f64| Beta::new(a, b).map_or(otherwise, |law| law.inverse_cdf(p));
    let lower = if successes == 0 { 0.0 } else { bound(k, n - k + 1.0, miss, 0.0) };
    let upper = if successes == trials { 1.0 } else { bound(k + 1.0, n - k, 1.0 - miss, 1.0) };
    (lower, upper)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normal_quantiles_against_forty_digit_values() {
        // mpmath: sqrt(2) erfinv(2p − 1)
        for (p, z) in [
            (0.975, 1.959_963_984_540_054_2),
            (0.841_344_746_068_542_9, 1.0),
            (1e-3, -3.090_232_306_167_813_5),
            (1e-10, -6.361_340_902_404_056),
            (1e-300, -37.047_096_299_361_2),
        ] {
            let got = quantile_of_normal(p);
            assert!((got / z - 1.0).abs() < 1e-12, "{p}: {got} against {z}");
        }
        assert_eq!(quantile_of_normal(0.5), 0.0);
        assert_eq!(quantile_of_normal(0.0), f64::NEG_INFINITY);
        assert!(quantile_of_normal(1.5).is_nan() && quantile_of_normal(f64::NAN).is_nan());
    }

    #[test]
    fn student_and_chi_squared_against_tables() {
        assert!((quantile_of_student(0.975, 10.0) - 2.228_138_851_964_938_5).abs() < 1e-9);
        // One degree of freedom is Cauchy's law: tan(π(p − ½)).
        assert!((quantile_of_student(0.9, 1.0) - 3.077_683_537_175_253).abs() < 1e-9);
        assert!((quantile_of_chi_squared(0.95, 10.0) - 18.307_038_053_275_146).abs() < 1e-8);
        // Two degrees of freedom are exponential: −2 ln(1 − p).
        assert!((quantile_of_chi_squared(0.5, 2.0) - 2.0 * std::f64::consts::LN_2).abs() < 1e-9);
        assert!(quantile_of_student(0.5, f64::NAN).is_nan() && quantile_of_chi_squared(1.0, 3.0).is_nan());
    }

    #[test]
    fn the_ends_of_a_binomial_interval_leave_what_they_promise() {
        // At the lower end, seeing k or more has probability α/2; at the upper end, seeing k or fewer.
        let (k, n) = (3_u64, 20_u64);
        let (lower, upper) = binomial_interval(k, n, 0.95);
        let tail = |p: f64, from: u64, to: u64| -> f64 {
            let choose = |j: u64| (0..j).fold(1.0, |c, i| c * (n - i) as f64 / (i + 1) as f64);
            (from..=to).map(|j| choose(j) * p.powi(j as i32) * (1.0 - p).powi((n - j) as i32)).sum()
        };
        assert!((tail(lower, k, n) - 0.025).abs() < 1e-8 && (tail(upper, 0, k) - 0.025).abs() < 1e-8);
        let none = binomial_interval(0, 10, 0.95);
        assert!(none.0 == 0.0 && (none.1 - (1.0 - 0.025_f64.powf(0.1))).abs() < 1e-8);
        assert_eq!(binomial_interval(0, 0, 0.95), (0.0, 1.0));
        assert_eq!(binomial_interval(5, 3, 0.95), (0.0, 1.0));
    }
}
