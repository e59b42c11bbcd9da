//! Which noise made this path? Maximum likelihood for `Δ`, `κ` and `λ(x)` from a recorded trajectory.
//!
//! Symbols: `h` time between records (`m` steps of learning rate `η`: `h = mη`), `λ(x)` curvature, `Δ` noise across, `T = Δ/κ`
//! noise along. Given the records so far, the next are normal to leading order in `h`:
//! - across: mean `a y`, variance `V(1 − a²)`; `a = exp(−λh)` and `V = Δ/λ` in continuous time, `a = (1−ηλ)^m` and
//!   `V = 2Δ/(λ(2−ηλ))` for steps, at the curvature where `x` was; exact for records of every step;
//! - along: mean `x + h(f(x) − ½λ' <y²>)` with a free force `f`, variance `T(1 − exp(−2ch))/c`, `c = −f'`.
//!
//! `ln λ` and `f` are Chebyshev series over the recorded range, whose degrees Bayes' information criterion chooses. Intervals
//! are those of the Fisher information. One sharp direction. Not modelled: force fluctuations of `y²` within an interval
//! much longer than `1/λ`, which raise `T` by a share of about `ε = κΔ(F')²`.

mod across;
mod along;
mod basis;
mod trajectory;

pub use trajectory::{Trajectory, TrajectoryError};

use crate::num::function::{erfc, exp};
use crate::stats::{kolmogorov_smirnov, quantile_of_normal};
use basis::Range;
use thiserror::Error;

/// Probability that an interval holds the truth.
pub const CONFIDENCE: f64 = 0.95;
/// Share of every path that is held out to judge the fit.
const HELD_OUT: f64 = 0.2;
/// Most held-out residuals that are tested: more would find the errors of order `h` that are known to be there.
const MOST_TESTED: usize = 2000;
/// A fit whose held-out residuals are this unlikely does not describe the path.
pub const UNLIKELY: f64 = 1e-4;
/// Places at which the curvature is reported.
const PLACES: usize = 21;

/// A value with its interval at [`CONFIDENCE`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The most likely value.
    pub value: f64,
    /// Lower end.
    pub lower: f64,
    /// Upper end.
    pub upper: f64,
}

impl Interval {
    /// Of a positive number whose logarithm is normal with this standard error.
    fn of_log(value: f64, error: f64) -> Interval {
        let factor = exp(quantile_of_normal(0.5 + 0.5 * CONFIDENCE) * error);
        Interval { value, lower: value / factor, upper: value * factor }
    }
}

/// Why a quantity could not be estimated.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum NotIdentifiable {
    /// The sharp coordinate was not recorded.
    #[error("y was not recorded: the noise across the valley leaves no trace in x alone")]
    NoAcross,
    /// Nothing moves.
    #[error("{0} does not move")]
    Still(&'static str),
    /// The records are too far apart.
    #[error("the records lie further apart than the memory of y: only delta/lambda can be told, not delta and lambda")]
    MemoryLost,
    /// The likelihood has no maximum that was found.
    #[error("the likelihood of {0} has no maximum in reach")]
    NoMaximum(&'static str),
}

/// How well the fit describes what it has not seen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Goodness {
    /// Kolmogorov–Smirnov distance of the standardised residuals across from the normal law; `None` without `y`.
    pub across: Option<f64>,
    /// The same along the floor.
    pub along: f64,
    /// Probability of distances at least as large if the fit is right (the smaller of both, doubled).
    pub p_value: f64,
    /// Residuals tested per coordinate.
    pub tested: usize,
}

/// Curvature at places along the floor.
#[derive(Clone, Debug, PartialEq)]
pub struct Curvature {
    /// Places, equally spaced over the recorded range.
    pub places: Vec<f64>,
    /// `λ` there, each with an interval of its own.
    pub values: Vec<Interval>,
    /// Degree of the Chebyshev series of `ln λ`.
    pub degree: usize,
}

/// What a trajectory tells.
#[derive(Clone, Debug, PartialEq)]
pub struct Fit {
    /// `Δ`
    pub delta: Result<Interval, NotIdentifiable>,
    /// `κ = Δ/T`
    pub kappa: Result<Interval, NotIdentifiable>,
    /// `T`
    pub temperature: Result<Interval, NotIdentifiable>,
    /// `λ(x)`
    pub curvature: Result<Curvature, NotIdentifiable>,
    /// How the fit to the first part describes the rest; `None` where nothing was fitted.
    pub goodness: Option<Goodness>,
    /// Increments used.
    pub increments: usize,
    /// Increments left out because they jump: a circle closed there.
    pub jumps: usize,
}

impl Fit {
    /// Whether everything could be estimated.
    pub fn is_identified(&self) -> bool {
        self.delta.is_ok() && self.kappa.is_ok() && self.curvature.is_ok()
    }
}

/// Fits `trajectory`. Work grows with the number of records times the square of the degrees chosen, at most 9.
pub fn fit(trajectory: &Trajectory) -> Fit {
    let all = trajectory.increments(0.0, 1.0);
    let range = Range::of(&all.x);
    let across = across::fit(&all, range);
    let along = along::fit(&all, range, across.as_ref().ok());
    let delta = across.as_ref().map(|a| Interval::of_log(a.delta, a.error_of_log_delta())).map_err(Clone::clone);
    let temperature = along.as_ref().map(|a| Interval::of_log(a.temperature, a.error_of_log())).map_err(Clone::clone);
    let kappa = match (&across, &along) {
        (Ok(across), Ok(along)) => {
            let (one, two) = (across.error_of_log_delta(), along.error_of_log());
            Ok(Interval::of_log(across.delta / along.temperature, (one * one + two * two).sqrt()))
        }
        (Err(reason), _) | (_, Err(reason)) => Err(reason.clone()),
    };
    let curvature = across.as_ref().map_err(Clone::clone).map(|across| {
        let places: Vec<f64> = (0..PLACES).map(|k| range.at(k as f64 / (PLACES - 1) as f64)).collect();
        let values = places.iter().map(|x| Interval::of_log(across.curvature(*x), across.error_of_log_curvature(*x)));
        Curvature { values: values.collect(), degree: across.degree(), places }
    });
    let goodness = judged(trajectory);
    Fit { delta, kappa, temperature, curvature, goodness, increments: all.x.len(), jumps: all.jumps }
}

/// Fits the first part of every path and tests the residuals of the rest.
fn judged(trajectory: &Trajectory) -> Option<Goodness> {
    let seen = trajectory.increments(0.0, 1.0 - HELD_OUT);
    let unseen = trajectory.increments(1.0 - HELD_OUT, 1.0);
    let range = Range::of(&seen.x);
    let across = across::fit(&seen, range).ok();
    let along = along::fit(&seen, range, across.as_ref()).ok()?;
    // A series says nothing beyond the range it was fitted on.
    let inside: Vec<usize> = (0..unseen.x.len()).filter(|k| range.holds(unseen.x[*k])).collect();
    let stride = inside.len().div_ceil(MOST_TESTED).max(1);
    let tested: Vec<usize> = inside.into_iter().step_by(stride).collect();
    let distance = |residual: &dyn Fn(usize) -> f64| {
        let mut residuals: Vec<f64> = tested.iter().map(|k| residual(*k)).collect();
        residuals.sort_by(f64::total_cmp);
        kolmogorov_smirnov(&residuals, &|z| 0.5 * erfc(-z / std::f64::consts::SQRT_2)).ok()
    };
    let along = distance(&|k| along.residual(&unseen, k, across.as_ref()))?;
    let across = match &across {
        Some(across) => Some(distance(&|k| across.residual(&unseen, k))?),
        None => None,
    };
    let least = across.map_or(along.p_value, |a| 2.0 * a.p_value.min(along.p_value));
    Some(Goodness {
        across: across.map(|a| a.statistic),
        along: along.statistic,
        p_value: least.min(1.0),
        tested: tested.len(),
    })
}

#[cfg(test)]
mod tests;
