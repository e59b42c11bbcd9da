//! What do the paths do? Ensembles of Langevin paths and of SGD steps in a valley.
//!
//! A Langevin model is followed as posed, `dx = −∂ₓL dt + sqrt(2T) dW₀`, `dy_i = −λ_i y_i dt + sqrt(2Δ_i) dW_i`; an SGD
//! model by its own steps, `w ← w − η(∇L(w) + ξ)` with Gaussian `ξ`, x and y together at the old place. Walkers go in
//! blocks, each with its own non-overlapping streams of random numbers, and blocks are reduced in order: equal plans
//! give equal bytes for any number of threads, and AVX2 gives those of AVX-512.

mod block;
mod checkpoint;
mod compiled;
mod gather;
mod langevin;
mod multilevel;
mod normal;
mod passage;
mod plan;
mod problem;
mod run;
mod sgd;
#[cfg(test)]
mod tests;

pub use checkpoint::{Checkpoint, CheckpointError, checksum as running_checksum};
pub use compiled::{Landscape, Local, run_compiled};
pub use multilevel::{Level, Multilevel, multilevel};
pub use passage::{Passage, first_passage};
pub use plan::{Plan, Scheme};
pub use run::Run;

use crate::model::Model;
use problem::Problem;
use thiserror::Error;

/// Somebody who looks on while paths are followed. Called from several threads.
pub trait Watch: Sync {
    /// `done` of `total` walker-steps are done.
    fn progress(&self, done: u64, total: u64) {
        let _ = (done, total);
    }
    /// Whether to stop as soon as possible.
    fn stop(&self) -> bool {
        false
    }
}

/// Nobody looks on.
pub struct Unwatched;
impl Watch for Unwatched {}

/// Why there are no paths.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum SimError {
    /// No walker.
    #[error("at least one walker is needed")]
    NoWalkers,
    /// No step.
    #[error("at least one step is needed")]
    NoSteps,
    /// The ensemble would not fit.
    #[error("{values} numbers would have to be held, the limit is {limit}")]
    TooLarge {
        /// Numbers to be held.
        values: u64,
        /// The most that are accepted.
        limit: u64,
    },
    /// The time step is not a positive number.
    #[error("the time step must be positive and finite, it is {dt}")]
    TimeStep {
        /// The time step.
        dt: f64,
    },
    /// SGD has steps, not a time step.
    #[error("SGD takes steps of its learning rate: a time step has no meaning")]
    TimeStepOfSgd,
    /// A place is outside the domain or not finite.
    #[error("{place} is outside the domain")]
    Outside {
        /// The place.
        place: f64,
    },
    /// No start was given and no minimum of the floor loss was found.
    #[error("no minimum of the floor loss was found to start from: give a start")]
    NoStart,
    /// A formula has no finite value at the start.
    #[error("a formula of the model is not finite at {at}")]
    Undefined {
        /// The place.
        at: f64,
    },
    /// A landscape given as code is not that of the model.
    #[error("the landscape given as code is not that of the model at {at}")]
    NotTheModel {
        /// Where they differ.
        at: f64,
    },
    /// Landscapes given as code are followed by Langevin equations only.
    #[error("a landscape given as code can be followed for a Langevin model only")]
    OnlyLangevin,
    /// The standard error that was asked for cannot be had.
    #[error(
        "a standard error of {error:e} cannot be had: it must be positive, and at most 2^24 walkers are taken per level"
    )]
    Tolerance {
        /// The error asked for.
        error: f64,
    },
    /// A walker diverged where a mean over all was asked for.
    #[error("{count} walkers diverged at a time step of {dt}: the mean over the others would be biased")]
    Fallen {
        /// How many.
        count: usize,
        /// The largest time step of the level.
        dt: f64,
    },
    /// Bounded increments cross no boundary in the manner of a bridge.
    #[error("a first passage needs normal increments: between two steps of others nothing is known of the path")]
    PassageOfTwoPoints,
    /// Recording every 0 steps.
    #[error("states can be recorded every 1, 2, … steps, not every 0")]
    EveryZero,
    /// Nothing is recorded.
    #[error("no state would be recorded: {steps} steps, of which {burn_in} are burn-in, every {every}")]
    NothingRecorded {
        /// All steps.
        steps: u64,
        /// Steps before the first record.
        burn_in: u64,
        /// Steps between records.
        every: u64,
    },
    /// The edges of the histogram are not finite and ascending, or fewer than two.
    #[error("the edges of a histogram must be two or more finite, ascending numbers")]
    Edges,
    /// The threads could not be started.
    #[error("the threads could not be started")]
    Threads,
    /// Stopped by the one who looked on.
    #[error("interrupted after {done} walker-steps")]
    Interrupted {
        /// Walker-steps done.
        done: u64,
    },
}

/// A mean and its standard error; the error is infinite where a single sample leaves it unknown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The estimate.
    pub value: f64,
    /// Its standard error.
    pub standard_error: f64,
}

/// Moments over the walkers that did not diverge.
#[derive(Clone, Debug, PartialEq)]
pub struct Moments {
    /// `<x>`, wrapped into the period on a circle.
    pub x: Estimate,
    /// `<x²>`
    pub x2: Estimate,
    /// `<y_i²>` per direction. With the Strang scheme the mean of `a² y_i² + s²` before the last half step
    /// `y_i ← a y_i + s ξ`, which is `<y_i²>` after it without the spread of its draw (Rao and Blackwell).
    pub y2: Vec<Estimate>,
    /// The mean of the squares themselves. The square of the ratio of the standard errors is the variance gained.
    pub y2_plain: Vec<Estimate>,
}

/// The law of `x` in bins, as a density: `p` integrates to the fraction recorded inside the edges.
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram {
    /// Edges, ascending, one more than bins.
    pub edges: Vec<f64>,
    /// Mean density per bin.
    pub p: Vec<f64>,
    /// Standard errors of `p`, from the spread between walkers.
    pub standard_errors: Vec<f64>,
    /// Fraction recorded outside the edges.
    pub outside: f64,
}

/// A walker that left every bound or became undefined.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Fall {
    /// Its number.
    pub walker: usize,
    /// The step at which it left.
    pub step: u64,
    /// The last place at which it was sound.
    pub x: f64,
}

/// The walkers that left every bound or became undefined.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Diverged {
    /// How many.
    pub count: usize,
    /// The earliest: walker, step, and the last place `x` at which it was sound.
    pub first: Option<(usize, u64, f64)>,
    /// All of them, the earliest first, of one step by number.
    pub falls: Vec<Fall>,
}

impl Diverged {
    fn of(falls: impl Iterator<Item = block::Fall>) -> Diverged {
        let mut falls: Vec<Fall> = falls.map(|(walker, step, x)| Fall { walker, step, x }).collect();
        falls.sort_by_key(|fall| (fall.step, fall.walker));
        let first = falls.first().map(|fall| (fall.walker, fall.step, fall.x));
        Diverged { count: falls.len(), first, falls }
    }
}

/// What the walkers did.
#[derive(Clone, Debug, PartialEq)]
pub struct Ensemble {
    /// `strang`, `euler-maruyama`, `two-point` or `sgd`.
    pub scheme: &'static str,
    /// Time per step: `dt`, or the learning rate.
    pub dt: f64,
    /// Where all walkers started, with `y = 0`.
    pub start: f64,
    /// Steps taken.
    pub steps: u64,
    /// Threads used.
    pub threads: usize,
    /// Final places of the walkers that did not diverge, in order (with learners, of their mean).
    pub x: Vec<f64>,
    /// Final `y_i` of the same walkers, one list per direction.
    pub y: Vec<Vec<f64>>,
    /// Moments; `None` where every walker diverged.
    pub moments: Option<Moments>,
    /// Histogram; `None` where every walker diverged.
    pub histogram: Option<Histogram>,
    /// Walkers that diverged: they are in no moment, histogram or list of states.
    pub diverged: Diverged,
}

/// Follows an ensemble. Without `every`, moments and histogram are those of the final states, and walkers are
/// independent samples; with it, each walker is averaged over its records after the burn-in and the standard errors are
/// those of the spread between walkers, so that correlation in time is accounted for.
///
/// Accuracy: `strang` is of weak order 2 in `dt`, `euler-maruyama` and `two-point` of weak order 1, away from walls; at walls, which fold the
/// path, the order has not been measured. The steps of SGD are exact.
pub fn run(model: &Model, plan: &Plan, watch: &dyn Watch) -> Result<Ensemble, SimError> {
    follow(Problem::of(model, plan)?, plan, watch)
}

pub(crate) fn follow(problem: Problem, plan: &Plan, watch: &dyn Watch) -> Result<Ensemble, SimError> {
    Run::of(problem, plan)?.finish(watch)
}
