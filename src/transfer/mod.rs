//! What does SGD itself do, at its finite learning rate? The stationary density of its steps, by their transfer operator.
//!
//! One step takes `(x, y)` to `x − η(L0' + ½λ'y²(1+cζ)) + ηξ_x`, `y − ηλ(1+cζ)y + ηξ_y` with Gaussian `ξ`, `ζ`: its kernel is
//! Gaussian, and the stationary density a mixture of such Gaussians, so that quadrature sums of equal spacing (Gauss panels
//! between walls) converge faster than any power. The weighted kernel is a Markov chain; its law is found by solving the
//! chain of the places along the floor alone, given the law across, and stepping in turn. No theory of a valley is used, no
//! random number drawn, and no code shared with the solves of the Langevin model.

mod chain;
mod kernel;
mod map;
mod solution;
#[cfg(test)]
mod tests;

pub use solution::Solution;

use crate::model::Model;
use map::Map;
use thiserror::Error;

/// Why there is no stationary density of the steps, or none that can be had.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum Unsolved {
    /// A question about steps put to a Langevin equation.
    #[error("the noise is Langevin: there are no steps")]
    NoSteps,
    /// The state of the walker has more than two numbers.
    #[error("{because}: a state of {dimensions} numbers, two can be solved")]
    TooManyDimensions {
        /// Numbers that make the state.
        dimensions: usize,
        /// What they are.
        because: &'static str,
    },
    /// More transitions than can be held.
    #[error("{states} places with {transitions:.1e} transitions between them are more than can be solved")]
    TooLarge {
        /// Places of the quadrature.
        states: usize,
        /// Transitions that are not negligible.
        transitions: f64,
    },
    /// The landscape or the noise is not finite and positive there.
    #[error("the landscape has no usable value at {at}")]
    NotFinite {
        /// The place.
        at: f64,
    },
    /// The variance across the valley grows without bound.
    #[error("steps across the valley grow without bound at {at}")]
    Unstable {
        /// The place.
        at: f64,
    },
    /// Where the probability is could not be told.
    #[error("the stretch of floor to be covered is not known: {0}")]
    Unconfined(String),
    /// Solving and stepping in turn does not settle.
    #[error("the law across and the law along do not settle: change {change:.1e} of the peak")]
    NotSettled {
        /// The last change.
        change: f64,
    },
    /// No quadrature that can be held is fine enough.
    #[error("the quadrature does not become fine enough: error {error:.1e} of the peak")]
    NotResolved {
        /// The error reached, relative to the peak.
        error: f64,
    },
}

/// Distances of quadrature places, in standard deviations of one step, tried in turn.
const SPACINGS: [f64; 4] = [1.0, 0.75, 0.58, 0.45];
/// An error, relative to the peak, that is good enough.
const GOOD: f64 = 1e-8;
/// An error above this is no solution.
const WORST: f64 = 1e-4;

/// The stationary density of the steps of plain SGD (with curvature noise, with noise that varies along the floor), one sharp
/// direction whose curvature varies.
///
/// Accuracy: [`Solution::error`], the change from one refinement to the next and what leaves the stretch covered; as a rule
/// below 1e-8 of the peak.
///
/// # Errors
/// See [`Unsolved`]; momentum and several learners have too many dimensions, and the places grow in number as
/// `1/(η² sqrt(S_x S_y))` and the transitions with them.
pub fn solve(model: &Model) -> Result<Solution, Unsolved> {
    let map = Map::of(model)?;
    let mut best: Option<Solution> = None;
    let mut before: Option<Solution> = None;
    for (level, spacing) in SPACINGS.into_iter().enumerate() {
        let found = kernel::Kernel::of(&map, spacing, level).and_then(|kernel| chain::settle(&map, kernel));
        let found = match found {
            Ok(found) => found,
            Err(_) if best.is_some() => break,
            Err(reason) => return Err(reason),
        };
        if let Some(before) = &before {
            let error = found.distance(before) + found.error;
            if best.as_ref().is_none_or(|best| error < best.error) {
                let mut better = found.clone();
                better.error = error;
                best = Some(better);
            }
            if error <= GOOD {
                break;
            }
        }
        before = Some(found);
    }
    let best = best.ok_or(Unsolved::NotResolved { error: f64::INFINITY })?;
    if !(best.error <= WORST) {
        return Err(Unsolved::NotResolved { error: best.error });
    }
    Ok(best)
}
