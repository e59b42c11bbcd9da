//! The force and the temperature along the floor, from the increments of `x`.

use super::NotIdentifiable;
use super::across::Across;
use super::basis::{MOST, Range, combined};
use super::trajectory::{Clock, Increments};
use crate::num::function::{cosh, exp_m1, ln, powf, tanh};
use nalgebra::{DMatrix, DVector};

/// The most likely force and temperature.
pub(super) struct Along {
    range: Range,
    coefficients: Vec<f64>,
    pub(super) temperature: f64,
    freedom: f64,
}

impl Along {
    /// Standard error of `ln T`.
    pub(super) fn error_of_log(&self) -> f64 {
        (2.0 / self.freedom).sqrt()
    }

    fn degree(&self) -> usize {
        self.coefficients.len() - 1
    }

    /// Standardised residual of increment `k`.
    pub(super) fn residual(&self, data: &Increments, k: usize, across: Option<&Across>) -> f64 {
        let force = combined(&self.coefficients, &self.range.values(data.x[k], self.degree()));
        let rest = data.x_next[k] - data.x[k] - data.clock.time() * (force + pull(data, k, across));
        rest / (self.temperature * self.spread(data, k)).sqrt()
    }

    /// Variance of increment `k` at `T = 1`: `(1 − e^(−2ch))/c` with the stiffness `c = −f'` of the floor.
    fn spread(&self, data: &Increments, k: usize) -> f64 {
        let stiffness = -combined(&self.coefficients, &self.range.slopes(data.x[k], self.degree()));
        match data.clock {
            Clock::Time(h) if (stiffness * h).abs() > 1e-8 => -exp_m1(-2.0 * stiffness * h) / stiffness,
            Clock::Time(h) => 2.0 * h,
            Clock::Steps { rate, steps } => {
                let square = (1.0 - rate * stiffness) * (1.0 - rate * stiffness);
                let sum =
                    if (square - 1.0).abs() > 1e-8 { (powf(square, steps) - 1.0) / (square - 1.0) } else { steps };
                2.0 * rate * sum
            }
        }
    }
}

/// `−½ λ' <y²>`, averaged over the interval of increment `k`: Simpson's rule over a bridge between the recorded `y`.
fn pull(data: &Increments, k: usize, across: Option<&Across>) -> f64 {
    let Some(across) = across else { return 0.0 };
    let (x, (y, next)) = (data.x[k], data.y[k]);
    let square = match data.clock {
        Clock::Steps { steps: 1.0, .. } => y * y,
        clock => {
            let reach = across.curvature(x) * clock.time();
            let mean = 0.5 * (y + next) / cosh(0.5 * reach);
            let middle = mean * mean + across.delta / across.curvature(x) * tanh(0.5 * reach);
            let near = (y * y + 4.0 * middle + next * next) / 6.0;
            // Beyond the memory of y the ends say nothing about the average.
            if reach < 4.0 { near } else { across.delta / across.curvature(x) }
        }
    };
    -0.5 * across.slope(x) * square
}

pub(super) fn fit(data: &Increments, range: Range, across: Option<&Across>) -> Result<Along, NotIdentifiable> {
    if range.is_a_point() {
        return Err(NotIdentifiable::Still("x"));
    }
    let count = data.x.len() as f64;
    let h = data.clock.time();
    let wanted: Vec<f64> =
        (0..data.x.len()).map(|k| (data.x_next[k] - data.x[k]) / h - pull(data, k, across)).collect();
    let mut best: Option<(Along, f64)> = None;
    let mut worse = 0;
    for degree in 0..=MOST {
        let Some(coefficients) = least_squares(&data.x, &wanted, range, degree) else { break };
        let freedom = count - (degree + 1) as f64;
        let mut along = Along { range, coefficients, temperature: 1.0, freedom };
        let sum: f64 = (0..data.x.len()).map(|k| along.residual(data, k, across)).map(|z| z * z).sum();
        along.temperature = sum / freedom;
        if !(along.temperature > 0.0 && along.temperature.is_finite()) {
            return Err(NotIdentifiable::NoMaximum("x"));
        }
        let criterion = count * ln(along.temperature) + (degree + 1) as f64 * ln(count);
        if best.as_ref().is_none_or(|(_, least)| criterion < *least) {
            (best, worse) = (Some((along, criterion)), 0);
        } else {
            worse += 1;
            if worse == 2 {
                break;
            }
        }
    }
    best.map(|(along, _)| along).ok_or(NotIdentifiable::NoMaximum("x"))
}

/// Coefficients of the series that comes nearest to `wanted`.
fn least_squares(places: &[f64], wanted: &[f64], range: Range, degree: usize) -> Option<Vec<f64>> {
    let n = degree + 1;
    let (mut normal, mut right) = (DMatrix::zeros(n, n), DVector::zeros(n));
    for (x, value) in places.iter().zip(wanted) {
        let values = range.values(*x, degree);
        for i in 0..n {
            right[i] += values[i] * value;
            for j in 0..=i {
                normal[(i, j)] += values[i] * values[j];
            }
        }
    }
    normal.fill_upper_triangle_with_lower_triangle();
    normal.cholesky().map(|factor| factor.solve(&right).iter().copied().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cubic_is_found_exactly() {
        let places: Vec<f64> = (0..60).map(|k| -1.0 + 0.05 * f64::from(k)).collect();
        let wanted: Vec<f64> = places.iter().map(|x| 1.0 - 2.0 * x + 0.5 * x * x * x).collect();
        let range = Range::of(&places);
        let found = least_squares(&places, &wanted, range, 3).expect("full rank");
        for x in [-0.97, 0.1, 1.9] {
            let value = combined(&found, &range.values(x, 3));
            assert!((value - (1.0 - 2.0 * x + 0.5 * x * x * x)).abs() < 1e-12);
        }
    }
}
