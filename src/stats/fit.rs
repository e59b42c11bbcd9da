//! Straight lines.

use super::{StatsError, refuse};
use crate::num::sum::Sum;

/// A straight line through data, with the errors that the weights imply.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LinearFit {
    /// Rise per unit of `x`.
    pub slope: f64,
    /// Value at `x = 0`.
    pub intercept: f64,
    /// Standard error of the slope.
    pub slope_error: f64,
    /// Standard error of the intercept.
    pub intercept_error: f64,
    /// `Σ w (y − line)²`; about `n − 2` if the weights are true inverse variances and the data lie on a line. Where
    /// weights are only relative, multiply both errors by `sqrt(χ²/(n − 2))`.
    pub chi_squared: f64,
}

/// Least squares `Σ w (y − slope x − intercept)²`, weights in inverse variances of `y`.
///
/// # Errors
/// [`StatsError`]: fewer than two points, unequal lengths, values that are not finite, weights not above zero, one
/// abscissa only.
pub fn linear_fit(x: &[f64], y: &[f64], weights: &[f64]) -> Result<LinearFit, StatsError> {
    for other in [y, weights] {
        if other.len() != x.len() {
            return Err(StatsError::Lengths { left: x.len(), right: other.len() });
        }
    }
    if x.len() < 2 {
        return Err(StatsError::TooFew { needed: 2, got: x.len() });
    }
    refuse(x, |v| !v.is_finite())?;
    refuse(y, |v| !v.is_finite())?;
    refuse(weights, |w| !(w > 0.0 && w.is_finite()))?;
    let weighted = |f: &dyn Fn(usize) -> f64| (0..x.len()).map(|i| weights[i] * f(i)).collect::<Sum>().value();
    let total = weighted(&|_| 1.0);
    let (mean_x, mean_y) = (weighted(&|i| x[i]) / total, weighted(&|i| y[i]) / total);
    // About the means, so that nothing cancels.
    let spread = weighted(&|i| (x[i] - mean_x) * (x[i] - mean_x));
    if !(spread > 0.0) {
        return Err(StatsError::NoSpread);
    }
    let slope = weighted(&|i| (x[i] - mean_x) * (y[i] - mean_y)) / spread;
    let intercept = mean_y - slope * mean_x;
    let residual = |i: usize| y[i] - mean_y - slope * (x[i] - mean_x);
    Ok(LinearFit {
        slope,
        intercept,
        slope_error: (1.0 / spread).sqrt(),
        intercept_error: (1.0 / total + mean_x * mean_x / spread).sqrt(),
        chi_squared: weighted(&|i| residual(i) * residual(i)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_and_its_errors() {
        let fit = linear_fit(&[0.0, 1.0, 2.0, 3.0], &[1.0, 3.0, 5.0, 7.0], &[1.0; 4]).expect("valid");
        assert!((fit.slope - 2.0).abs() < 1e-15 && (fit.intercept - 1.0).abs() < 1e-15 && fit.chi_squared < 1e-28);
        // Normal equations: var(slope) = 1/Σ(x − 1.5)² = 1/5, var(intercept) = Σx²/(4·5) = 14/20.
        assert!((fit.slope_error - 0.2_f64.sqrt()).abs() < 1e-15);
        assert!((fit.intercept_error - 0.7_f64.sqrt()).abs() < 1e-15);
        // A weight of two is the same as the point twice.
        let twice = linear_fit(&[0.0, 1.0, 1.0, 4.0], &[0.0, 2.0, 2.0, 3.0], &[1.0; 4]).expect("valid");
        let heavy = linear_fit(&[0.0, 1.0, 4.0], &[0.0, 2.0, 3.0], &[1.0, 2.0, 1.0]).expect("valid");
        assert!((twice.slope - heavy.slope).abs() < 1e-15 && (twice.slope_error - heavy.slope_error).abs() < 1e-15);
        assert!((twice.chi_squared - heavy.chi_squared).abs() < 1e-14);
    }

    #[test]
    fn what_is_no_line_is_refused() {
        assert_eq!(linear_fit(&[1.0, 1.0], &[0.0, 1.0], &[1.0; 2]), Err(StatsError::NoSpread));
        assert_eq!(linear_fit(&[1.0], &[0.0], &[1.0]), Err(StatsError::TooFew { needed: 2, got: 1 }));
        assert_eq!(linear_fit(&[1.0, 2.0], &[0.0, f64::NAN], &[1.0; 2]), Err(StatsError::Unusable { index: 1 }));
        assert_eq!(linear_fit(&[1.0, 2.0], &[0.0, 1.0], &[f64::NAN, 1.0]), Err(StatsError::Unusable { index: 0 }));
        assert_eq!(linear_fit(&[1.0, 2.0], &[0.0], &[1.0; 2]), Err(StatsError::Lengths { left: 2, right: 1 }));
    }
}
