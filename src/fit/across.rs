//! `ln λ(x)` and `Δ` from the increments across the valley, by Fisher scoring.

use super::NotIdentifiable;
use super::basis::{MOST, Range, combined};
use super::trajectory::{Clock, Increments};
use crate::num::function::{exp, ln, powf};
use nalgebra::{DMatrix, DVector};

const MOST_ROUNDS: usize = 60;
/// A step this small, in units of the standard errors, is the end.
const SETTLED: f64 = 1e-6;
/// A standard error of `ln λ` or `ln Δ` beyond this is ignorance.
const IGNORANCE: f64 = 1.0;

/// The most likely curvature and noise.
pub(super) struct Across {
    range: Range,
    coefficients: Vec<f64>,
    pub(super) delta: f64,
    /// Covariance of the coefficients and of `ln Δ`, which comes last.
    covariance: DMatrix<f64>,
}

/// Mean factor `a`, variance `v` and their derivatives by `λ`, at `Δ = 1`.
struct Kernel {
    a: f64,
    a_slope: f64,
    v: f64,
    v_slope: f64,
}

fn kernel(clock: Clock, curvature: f64) -> Kernel {
    match clock {
        Clock::Time(h) => {
            let a = exp(-curvature * h);
            let spread = 1.0 - a * a;
            Kernel {
                a,
                a_slope: -h * a,
                v: spread / curvature,
                v_slope: (2.0 * h * a * a - spread / curvature) / curvature,
            }
        }
        Clock::Steps { rate, steps } => {
            let one = 1.0 - rate * curvature;
            let power = |n: f64| {
                if one == 0.0 { f64::from(n == 0.0) } else { one.signum().powi((n % 2.0) as i32) * powf(one.abs(), n) }
            };
            let (a, below) = (power(steps), power(steps - 1.0));
            let a_slope = -steps * rate * below;
            // V = 2/(λ(2−ηλ))
            let bottom = curvature * (2.0 - rate * curvature);
            let (variance, variance_slope) = (2.0 / bottom, -4.0 * one / (bottom * bottom));
            Kernel {
                a,
                a_slope,
                v: variance * (1.0 - a * a),
                v_slope: variance_slope * (1.0 - a * a) - 2.0 * variance * a * a_slope,
            }
        }
    }
}

impl Across {
    pub(super) fn degree(&self) -> usize {
        self.coefficients.len() - 1
    }

    pub(super) fn curvature(&self, x: f64) -> f64 {
        exp(combined(&self.coefficients, &self.range.values(x, self.degree())))
    }

    /// `λ'(x)`
    pub(super) fn slope(&self, x: f64) -> f64 {
        self.curvature(x) * combined(&self.coefficients, &self.range.slopes(x, self.degree()))
    }

    pub(super) fn error_of_log_delta(&self) -> f64 {
        let last = self.coefficients.len();
        self.covariance[(last, last)].sqrt()
    }

    pub(super) fn error_of_log_curvature(&self, x: f64) -> f64 {
        let values = self.range.values(x, self.degree());
        let n = self.coefficients.len();
        let mut variance = 0.0;
        for i in 0..n {
            for j in 0..n {
                variance += values[i] * values[j] * self.covariance[(i, j)];
            }
        }
        variance.max(0.0).sqrt()
    }

    /// Standardised residual of increment `k`.
    pub(super) fn residual(&self, data: &Increments, k: usize) -> f64 {
        let kernel = kernel(data.clock, self.curvature(place(data, k)));
        let (y, next) = data.y[k];
        (next - kernel.a * y) / (self.delta * kernel.v).sqrt()
    }
}

/// Where the curvature of an increment is taken: at the old place for a single step, half way in continuous time.
fn place(data: &Increments, k: usize) -> f64 {
    match data.clock {
        Clock::Steps { steps: 1.0, .. } => data.x[k],
        _ => 0.5 * (data.x[k] + data.x_next[k]),
    }
}

pub(super) fn fit(data: &Increments, range: Range) -> Result<Across, NotIdentifiable> {
    if data.y.is_empty() {
        return Err(NotIdentifiable::NoAcross);
    }
    let (mut product, mut square, mut change) = (0.0, 0.0, 0.0);
    for (y, next) in &data.y {
        product += y * next;
        square += y * y;
        change += (next - y) * (next - y);
    }
    if !(square > 0.0 && change > 0.0) {
        return Err(NotIdentifiable::Still("y"));
    }
    let memory = product / square;
    let curvature = match data.clock {
        // Without memory the scale is a guess; the information will say that nothing is known.
        Clock::Time(h) => -ln(memory.clamp(1e-3, 1.0 - 1e-9)) / h,
        Clock::Steps { rate, steps: 1.0 } => ((1.0 - memory) / rate).clamp(1e-9 / rate, 1.999 / rate),
        Clock::Steps { rate, steps } => (1.0 - powf(memory.clamp(1e-3, 1.0 - 1e-9), 1.0 / steps)) / rate,
    };
    let flat = kernel(data.clock, curvature);
    let spread: f64 = data.y.iter().map(|(y, next)| (next - flat.a * y) * (next - flat.a * y)).sum();
    let start = (vec![ln(curvature)], spread / data.y.len() as f64 / flat.v);
    let mut best = maximum(data, range, start.0, start.1)?;
    let mut worse = 0;
    let (mut coefficients, mut delta) = (best.0.coefficients.clone(), best.0.delta);
    for _ in 1..=if range.is_a_point() { 0 } else { MOST } {
        coefficients.push(0.0);
        let Ok(next) = maximum(data, range, coefficients.clone(), delta) else { break };
        (coefficients, delta) = (next.0.coefficients.clone(), next.0.delta);
        if next.1 < best.1 {
            (best, worse) = (next, 0);
        } else {
            worse += 1;
            // An odd landscape gains nothing by an even term, and the reverse.
            if worse == 2 {
                break;
            }
        }
    }
    let across = best.0;
    let ignorant = across.error_of_log_delta() > IGNORANCE || across.error_of_log_curvature(range.at(0.5)) > IGNORANCE;
    if ignorant { Err(NotIdentifiable::MemoryLost) } else { Ok(across) }
}

/// The maximum of the likelihood at this degree, with Bayes' information criterion (less is better).
fn maximum(
    data: &Increments,
    range: Range,
    mut coefficients: Vec<f64>,
    delta: f64,
) -> Result<(Across, f64), NotIdentifiable> {
    let n = coefficients.len();
    let mut log_delta = ln(delta);
    let mut here = scores(data, range, &coefficients, log_delta);
    for _ in 0..MOST_ROUNDS {
        let Some(factor) = here.information.clone().cholesky() else { return Err(NotIdentifiable::MemoryLost) };
        let step = factor.solve(&here.score);
        let gain = step.dot(&here.score);
        if gain < SETTLED * SETTLED {
            let criterion = -2.0 * here.log_likelihood + (n + 1) as f64 * ln(data.y.len() as f64);
            let covariance = factor.inverse();
            return Ok((Across { range, coefficients, delta: exp(log_delta), covariance }, criterion));
        }
        let mut share = 1.0;
        loop {
            let moved: Vec<f64> = coefficients.iter().zip(step.iter()).map(|(c, s)| c + share * s).collect();
            let there = scores(data, range, &moved, log_delta + share * step[n]);
            // Near the maximum gains drown in the rounding of the sum.
            if there.log_likelihood > here.log_likelihood - 1e-9 * here.log_likelihood.abs() {
                (coefficients, log_delta, here) = (moved, log_delta + share * step[n], there);
                break;
            }
            share *= 0.5;
            if share < 1e-6 {
                return Err(NotIdentifiable::NoMaximum("y"));
            }
        }
    }
    Err(NotIdentifiable::NoMaximum("y"))
}

struct Scores {
    log_likelihood: f64,
    score: DVector<f64>,
    information: DMatrix<f64>,
}

/// Log-likelihood, its gradient and the Fisher information; minus infinity where a curvature is not stable.
fn scores(data: &Increments, range: Range, coefficients: &[f64], log_delta: f64) -> Scores {
    let n = coefficients.len();
    let delta = exp(log_delta);
    let mut out =
        Scores { log_likelihood: 0.0, score: DVector::zeros(n + 1), information: DMatrix::zeros(n + 1, n + 1) };
    for (k, (y, next)) in data.y.iter().enumerate() {
        let values = range.values(place(data, k), n - 1);
        let curvature = exp(combined(coefficients, &values));
        let kernel = kernel(data.clock, curvature);
        let variance = delta * kernel.v;
        if !(variance > 0.0 && variance.is_finite()) {
            out.log_likelihood = f64::NEG_INFINITY;
            return out;
        }
        let residual = next - kernel.a * y;
        let square = residual * residual / variance;
        out.log_likelihood -= 0.5 * (square + ln(variance));
        let mean_slope = kernel.a_slope * curvature * y;
        let log_slope = kernel.v_slope / kernel.v * curvature;
        let gradient = residual * mean_slope / variance + 0.5 * (square - 1.0) * log_slope;
        let weight = mean_slope * mean_slope / variance + 0.5 * log_slope * log_slope;
        for i in 0..n {
            out.score[i] += gradient * values[i];
            for j in 0..=i {
                out.information[(i, j)] += weight * values[i] * values[j];
            }
            out.information[(n, i)] += 0.5 * log_slope * values[i];
        }
        out.score[n] += 0.5 * (square - 1.0);
        out.information[(n, n)] += 0.5;
    }
    out.information.fill_upper_triangle_with_lower_triangle();
    out
}
