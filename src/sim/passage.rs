//! First passage: when does a walker arrive?

use super::gather::estimate;
use super::problem::{Kind, Problem};
use super::run::Counter;
use super::{Diverged, Estimate, Plan, Scheme, SimError, Watch, block};
use crate::model::Model;
use crate::num::domain::Domain;
use crate::num::function;
use rayon::prelude::*;

/// Times of first arrival, in units of continuous time (`learning_rate · steps` for SGD).
#[derive(Clone, Debug, PartialEq)]
pub struct Passage {
    /// Mean time; `None` where some walker did not arrive, since the mean over those that did is biased.
    pub mean: Option<Estimate>,
    /// Mean of the time or of the horizon, whichever is less: a lower bound of the mean time where some did not
    /// arrive. `None` where no walker is left.
    pub restricted: Option<Estimate>,
    /// Times of the walkers that arrived, in the order of walkers.
    pub times: Vec<f64>,
    /// Walkers that had not arrived after all steps.
    pub censored: usize,
    /// Walkers that diverged before they arrived: they are in no mean.
    pub diverged: Diverged,
    /// Time per step.
    pub dt: f64,
    /// Time after which nobody was followed.
    pub horizon: f64,
    /// Where all walkers started.
    pub start: f64,
}

#[derive(Clone, Copy)]
enum Fate {
    Underway,
    Arrived(f64),
}

/// Follows every walker until it reaches `target`, at most for `limit` steps (the plan's own number is not used). On a
/// circle arrival is either way round; at a wall it is the touch of the wall.
///
/// Between the steps of a Langevin path the crossing of a Brownian bridge, `exp(−(b−x₀)(b−x₁)/(T dt))`, is drawn, which
/// removes the error of order `dt^½` of looking at the steps only; what is left is of the scheme's own order, and the
/// crossing is dated to the middle of its step. An SGD step has no between.
pub fn first_passage(
    model: &Model,
    plan: &Plan,
    target: f64,
    limit: u64,
    watch: &dyn Watch,
) -> Result<Passage, SimError> {
    arrive(Problem::of(model, plan)?, plan, target, limit, Between::Bridge, watch)
}

/// What is seen of a Langevin path between two steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Between {
    /// Whether a Brownian bridge crosses.
    Bridge,
    /// Nothing, which makes every passage late by a time of order `dt^½`.
    #[cfg(test)]
    Nothing,
}

pub(super) fn arrive(
    mut problem: Problem,
    plan: &Plan,
    target: f64,
    limit: u64,
    between: Between,
    watch: &dyn Watch,
) -> Result<Passage, SimError> {
    let plan = Plan { steps: limit, every: None, burn_in: 0, ..plan.clone() };
    plan.check(&problem)?;
    if let Kind::Langevin { scheme: Scheme::TwoPoint, .. } = problem.kind {
        return Err(SimError::PassageOfTwoPoints);
    }
    let target = problem.domain.place(target).ok_or(SimError::Outside { place: target })?;
    // Laps are kept, so that both ways round a circle are seen.
    problem.rewrap = false;
    let (start, dt) = (problem.start, problem.dt);
    let (below, above) = match problem.domain {
        Domain::Periodic { lower, upper } => {
            let ahead = (target - start).rem_euclid(upper - lower);
            (start + ahead - (upper - lower), start + ahead)
        }
        _ if target < start => (target, f64::INFINITY),
        _ => (f64::NEG_INFINITY, target),
    };
    // 2·(b−x₀)(b−x₁)/variance of the step.
    let variance = match &problem.kind {
        Kind::Langevin { floor_kick, .. } if between == Between::Bridge => floor_kick * floor_kick,
        _ => 0.0,
    };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(plan.threads).build().map_err(|_| SimError::Threads)?;
    let mut blocks = block::blocks(&problem, plan.walkers, plan.seed);
    let counter = Counter::new(&plan, 0, watch);
    let fates: Vec<Vec<Fate>> = pool.install(|| {
        blocks
            .par_iter_mut()
            .map(|b| {
                let at_once = if start == target { Fate::Arrived(0.0) } else { Fate::Underway };
                let mut fates = vec![at_once; b.lanes()];
                let mut underway = if start == target { 0 } else { b.lanes() };
                let mut before = vec![start; b.lanes()];
                counter.advance(b.lanes() as u64, limit, |steps| {
                    for _ in 0..steps {
                        if underway == 0 {
                            return;
                        }
                        b.advance(&problem, 1);
                        let time = b.step() as f64 * dt;
                        for lane in 0..fates.len() {
                            if b.alive[lane] && matches!(fates[lane], Fate::Underway) {
                                let (from, to) = (before[lane], b.raw[lane]);
                                if to <= below || to >= above {
                                    let half = if variance > 0.0 { 0.5 * dt } else { 0.0 };
                                    fates[lane] = Fate::Arrived(time - half);
                                    underway -= 1;
                                } else if variance > 0.0 {
                                    let miss = |b: f64| -2.0 * (b - from) * (b - to) / variance;
                                    let nearest = miss(below).max(miss(above));
                                    // Beyond that the chance is below 1e-17.
                                    if nearest > -40.0 {
                                        let chance = function::exp(miss(below)) + function::exp(miss(above));
                                        if b.uniform() < chance {
                                            fates[lane] = Fate::Arrived(time - 0.5 * dt);
                                            underway -= 1;
                                        }
                                    }
                                }
                            }
                            before[lane] = b.x(lane);
                        }
                    }
                });
                fates
            })
            .collect()
    });
    if counter.stopped() {
        return Err(SimError::Interrupted { done: counter.done() });
    }
    let horizon = limit as f64 * dt;
    let mut times = Vec::new();
    let (mut censored, mut falls) = (0, Vec::new());
    for (block, fates) in blocks.iter().zip(&fates) {
        for (lane, fate) in fates.iter().enumerate() {
            match fate {
                Fate::Arrived(time) => times.push(*time),
                Fate::Underway if block.alive[lane] => censored += 1,
                Fate::Underway => {}
            }
        }
        let underway = |fall: &&block::Fall| matches!(fates[fall.0 % block::LANES], Fate::Underway);
        falls.extend(block.falls.iter().filter(underway).copied());
    }
    let restricted = times.iter().copied().chain(std::iter::repeat_n(horizon, censored));
    Ok(Passage {
        mean: (censored == 0 && !times.is_empty()).then(|| estimate(times.iter().copied())),
        restricted: (censored + times.len() > 0).then(|| estimate(restricted)),
        censored,
        diverged: Diverged::of(falls.into_iter()),
        dt,
        horizon,
        start,
        times,
    })
}
