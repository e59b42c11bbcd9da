//! Where is the least value, and where is zero? The only room that knows `argmin`.
//!
//! The wall is there because the library accepts NaN, takes a pole for a root and reports an iteration limit as success:
//! brackets, values and residuals are checked here.

mod certified;

pub use certified::{Certified, certified_minimum};

use argmin::core::{CostFunction, Error, Executor, IterState, Solver, State};
use argmin::solver::brent::{BrentOpt, BrentRoot};
use std::cell::Cell;
use thiserror::Error as ThisError;

/// A least value and its place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Minimum {
    /// The place.
    pub at: f64,
    /// The value there.
    pub value: f64,
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, ThisError)]
pub enum OptimError {
    /// The function is NaN or infinite there.
    #[error("the function is not finite at {at}")]
    NotFinite {
        /// The place.
        at: f64,
    },
    /// The ends do not bracket a root, or are not an interval.
    #[error("no sign change between {lower} and {upper}")]
    NoBracket {
        /// Left end.
        lower: f64,
        /// Right end.
        upper: f64,
    },
    /// The search stopped without an answer.
    #[error("the search did not converge")]
    NotConverged,
}

const MOST_STEPS: u64 = 200;

/// A function that remembers where it was not finite, and answers with something finite there.
struct Guarded<'a> {
    f: &'a dyn Fn(f64) -> f64,
    bad: Cell<Option<f64>>,
}

impl CostFunction for &Guarded<'_> {
    type Param = f64;
    type Output = f64;
    fn cost(&self, x: &f64) -> Result<f64, Error> {
        let value = (self.f)(*x);
        if !value.is_finite() {
            self.bad.set(Some(*x));
            return Ok(f64::MAX);
        }
        Ok(value)
    }
}

/// What the library's own counters and results are like for one number.
type Numbers = IterState<f64, (), (), (), (), f64>;

/// Where `solver` ends; an answer that rests on a value that is not finite is none.
fn search<'a, S>(f: &'a dyn Fn(f64) -> f64, solver: S) -> Result<f64, OptimError>
where
    S: for<'g> Solver<&'g Guarded<'a>, Numbers>,
{
    let guarded = Guarded { f, bad: Cell::new(None) };
    let result = Executor::new(&guarded, solver)
        .configure(|state| state.max_iters(MOST_STEPS))
        .timer(false)
        .run()
        .map_err(|_| OptimError::NotConverged)?;
    match guarded.bad.get() {
        Some(at) => Err(OptimError::NotFinite { at }),
        None => result.state().get_best_param().copied().ok_or(OptimError::NotConverged),
    }
}

/// A local minimum between `lower` and `upper` (Brent), to `tolerance` in the place; the ends compete.
///
/// # Errors
/// [`OptimError`]
pub fn minimum(f: &dyn Fn(f64) -> f64, lower: f64, upper: f64, tolerance: f64) -> Result<Minimum, OptimError> {
    if !(lower < upper) {
        return Err(OptimError::NoBracket { lower, upper });
    }
    let inside = search(f, BrentOpt::new(lower, upper).set_tolerance(1e-11, tolerance.max(f64::MIN_POSITIVE)))?;
    [inside, lower, upper]
        .into_iter()
        .map(|at| Minimum { at, value: f(at) })
        .filter(|m| m.value.is_finite())
        .min_by(|a, b| a.value.total_cmp(&b.value))
        .ok_or(OptimError::NotFinite { at: inside })
}

/// The least value between `lower` and `upper`: a scan of `samples` places, each local candidate refined.
///
/// # Errors
/// [`OptimError`]
pub fn global_minimum(f: &dyn Fn(f64) -> f64, lower: f64, upper: f64, samples: usize) -> Result<Minimum, OptimError> {
    if !(lower < upper) {
        return Err(OptimError::NoBracket { lower, upper });
    }
    let n = samples.max(8);
    let place = |k: usize| if k == n { upper } else { lower + (upper - lower) * k as f64 / n as f64 };
    let values: Vec<f64> = (0..=n).map(|k| f(place(k))).collect();
    if let Some(k) = values.iter().position(|v| !v.is_finite()) {
        return Err(OptimError::NotFinite { at: place(k) });
    }
    let mut best = Minimum { at: lower, value: values[0] };
    for k in 0..=n {
        let (left, right) = (k.saturating_sub(1), (k + 1).min(n));
        if values[k] <= values[left] && values[k] <= values[right] {
            let local = minimum(f, place(left), place(right), 1e-13 * (upper - lower))?;
            for candidate in [local, Minimum { at: place(k), value: values[k] }] {
                if candidate.value < best.value {
                    best = candidate;
                }
            }
        }
    }
    Ok(best)
}

/// A root between `lower` and `upper`, where `f` changes sign (Brent), to `tolerance` in the place.
///
/// # Errors
/// [`OptimError`]; a pole is [`OptimError::NotConverged`].
pub fn root(f: &dyn Fn(f64) -> f64, lower: f64, upper: f64, tolerance: f64) -> Result<f64, OptimError> {
    let (a, b) = (f(lower), f(upper));
    for (at, value) in [(lower, a), (upper, b)] {
        if !value.is_finite() {
            return Err(OptimError::NotFinite { at });
        }
        if value == 0.0 {
            return Ok(at);
        }
    }
    if !(lower < upper) || (a > 0.0) == (b > 0.0) {
        return Err(OptimError::NoBracket { lower, upper });
    }
    let at = search(f, BrentRoot::new(lower, upper, tolerance.max(f64::MIN_POSITIVE)))?;
    // A root is where the sign changes and values are small; at a pole they are large, and the library then answers
    // with the smallest value it happened to see.
    let step = (4.0 * tolerance).max(1e-9 * (upper - lower));
    let (left, right) = (f((at - step).max(lower)), f((at + step).min(upper)));
    let changes = f(at) == 0.0 || (left > 0.0) != (right > 0.0);
    let scale = a.abs().max(b.abs());
    if changes && left.abs().min(right.abs()) <= scale { Ok(at) } else { Err(OptimError::NotConverged) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minima_and_roots_are_found_and_traps_refused() {
        let m = minimum(&|x| (x - 0.3) * (x - 0.3) + 1.0, -1.0, 2.0, 1e-12).expect("minimum");
        assert!((m.at - 0.3).abs() < 1e-7 && (m.value - 1.0).abs() < 1e-14);
        let wavy = |x: f64| (5.0 * x).cos() + 0.1 * x;
        let m = global_minimum(&wavy, -3.0, 3.0, 100).expect("minimum");
        assert!((m.at + 3.0 * std::f64::consts::PI / 5.0).abs() < 0.01, "{m:?}");
        assert_eq!(global_minimum(&|x| x, 2.0, 5.0, 10).map(|m| m.at), Ok(2.0));
        let r = root(&|x| x.exp() - 2.0, 0.0, 3.0, 1e-14).expect("root");
        assert!((r - std::f64::consts::LN_2).abs() < 1e-12);
        assert!(matches!(root(&|x| x * x + 1.0, -1.0, 1.0, 1e-12), Err(OptimError::NoBracket { .. })));
        assert!(root(&|x| 1.0 / (x - 0.1234), -1.0, 1.0, 1e-12).is_err());
        assert!(matches!(minimum(&|_| f64::NAN, 0.0, 1.0, 1e-9), Err(OptimError::NotFinite { .. })));
    }
}
