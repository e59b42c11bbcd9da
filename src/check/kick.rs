//! The noise of a single step, which is what the equation of motion states: of walkers that start in one place with `y = 0`,
//! before any force had time to act.
//!
//! A stationary law may hardly depend on `κ` or on the strength of the noise; the first step always does.

use super::effort::{Effort, Interrupted, Stage};
use super::sample::{Outcome, deviations, in_two_stages};
use super::verdict::{Check, Verdict, without};
use crate::model::{Model, Noise, Sampling};
use crate::num::density::Density;
use crate::num::domain::Domain;
use crate::num::function::exp;
use crate::sim::{Ensemble, Plan, Watch, run};
use crate::stats::{Estimate, mean, quantile_of_normal};
use std::cell::OnceCell;

const ALONG: &str = "noise of the first step along the floor is the stated one";
const ACROSS: &str = "noise of the first step across the valley is the stated one";

/// A Langevin step is so much shorter than the one chosen for a walk.
const SHORT: f64 = 1e-3;
/// Part of a variance that forces have changed by then.
const MOVED: f64 = 1e-3;
/// Standard deviations of a step that must fit between the start and a wall, or half around a circle.
const ROOM: f64 = 8.0;
const PURPOSE: u64 = 30;

/// Where walkers start, and the variances of their first step.
struct First {
    start: f64,
    dt: Option<f64>,
    along: f64,
    across: Vec<f64>,
}

/// The first step of `walked`, against what `model` states.
pub(super) fn checks(
    model: &Model,
    walked: &Model,
    law: &Density,
    effort: &Effort,
    watch: &dyn Watch,
) -> Result<Vec<Check>, Interrupted> {
    let first = match First::of(model, law) {
        Ok(first) => first,
        Err((verdict, reason)) => return Ok(vec![without(ALONG, verdict, reason)]),
    };
    let drawn: [OnceCell<_>; 2] = Default::default();
    let step = |stage: Stage| {
        drawn[stage as usize]
            .get_or_init(|| {
                let more = if stage == Stage::Decide { 4 } else { 1 };
                let plan = Plan {
                    walkers: effort.walkers * more,
                    steps: 1,
                    dt: first.dt,
                    start: Some(first.start),
                    seed: effort.seed_for(PURPOSE, stage),
                    threads: effort.threads,
                    simd: effort.simd,
                    ..Plan::for_model(walked, Some(1.0))?
                };
                Ok(run(walked, &plan, watch)?)
            })
            .as_ref()
            .map_err(|refusal: &super::effort::Refusal| refusal.clone())
    };
    let along = in_two_stages(ALONG, &|stage| {
        let found = step(stage)?;
        Ok(first.outcome(variance(&around(model.domain(), found)), first.along, deviations(), found, effort, stage))
    })?;
    let across = in_two_stages(ACROSS, &|stage| {
        let found = step(stage)?;
        let z = quantile_of_normal(1.0 - 0.5 * super::effort::FALSE_ALARM / first.across.len() as f64);
        let outcomes = found.y.iter().zip(&first.across);
        let outcomes = outcomes.map(|(y, v)| first.outcome(variance(y), *v, z, found, effort, stage));
        let excess = |o: &Outcome| (o.observed - o.expected).abs() / o.limit;
        outcomes
            .max_by(|a, b| excess(a).total_cmp(&excess(b)))
            .ok_or_else(|| super::effort::Refusal::Undecided("no direction".into()))
    })?;
    Ok(vec![along, across])
}

/// `<(x − <x>)²>`
fn variance(values: &[f64]) -> Estimate {
    let middle = mean(values).value;
    let squares: Vec<f64> = values.iter().map(|v| (v - middle) * (v - middle)).collect();
    let found = mean(&squares);
    Estimate { value: found.value, standard_error: found.standard_error }
}

/// Displacements from the start, the short way round.
fn around(domain: Domain, found: &Ensemble) -> Vec<f64> {
    let own = |x: &f64| match domain {
        Domain::Periodic { lower, upper } => {
            let turn = upper - lower;
            let apart = x - found.start;
            apart - turn * (apart / turn).round()
        }
        _ => x - found.start,
    };
    found.x.iter().map(own).collect()
}

impl First {
    fn of(model: &Model, law: &Density) -> Result<First, (Verdict, String)> {
        let start = law.quantile(0.4);
        let room = match model.domain() {
            Domain::Line => f64::INFINITY,
            Domain::Interval { lower, upper } => (start - lower).min(upper - start),
            Domain::Periodic { lower, upper } => 0.5 * (upper - lower),
        };
        match model.noise() {
            Noise::Langevin { .. } => {
                let langevin = model.langevin().map_err(|e| (Verdict::NotApplicable, e.to_string()))?;
                let mut formulas = vec![langevin.temperature];
                formulas.extend(langevin.noise);
                formulas.extend(model.sharp().iter().map(|s| s.curvature.clone()));
                let at = model.compile(&formulas).at(&[start]);
                let chosen = Plan::for_model(model, None).ok().and_then(|plan| plan.dt).unwrap_or(f64::NAN);
                let wide = room / (2.0 * ROOM);
                let dt = (SHORT * chosen).min(wide * wide / (2.0 * at[0]));
                let d = model.directions();
                let across = (0..d)
                    .map(|i| {
                        let (noise, curvature) = (at[1 + i], at[1 + d + i]);
                        noise / curvature * (1.0 - exp(-2.0 * curvature * dt))
                    })
                    .collect();
                Ok(First { start, dt: Some(dt), along: 2.0 * at[0] * dt, across })
            }
            Noise::Sgd(sgd) => {
                if sgd.sampling == Sampling::Epoch {
                    let reason = "within an epoch steps are not independent";
                    return Err((Verdict::NotApplicable, reason.into()));
                }
                let mut formulas = vec![sgd.floor_variance.clone()];
                formulas.extend(sgd.variance.iter().cloned());
                let learners = sgd.learners.as_ref().map_or(1, |l| l.count()) as f64;
                let rate = sgd.learning_rate.value();
                let factor = rate * rate * sgd.batch_factor() / learners;
                let at: Vec<f64> = model.compile(&formulas).at(&[start]).iter().map(|v| factor * v).collect();
                if !(room > ROOM * at[0].sqrt()) {
                    return Err((
                        Verdict::NotApplicable,
                        "a single step reaches the walls, or around the circle".into(),
                    ));
                }
                Ok(First { start, dt: None, along: at[0], across: at[1..].to_vec() })
            }
        }
    }

    fn outcome(&self, seen: Estimate, stated: f64, z: f64, found: &Ensemble, effort: &Effort, stage: Stage) -> Outcome {
        let chance = z * seen.standard_error / stated;
        let noticed = chance * (1.0 + 2.33 / z) + MOVED;
        let reason = format!(
            "variance over the stated one, from {:.3}; an error of {:.1} % would be noticed in 99 of 100 such samples; limit: {z:.2} standard errors {chance:.1e}, forces {MOVED:.0e}; {} walkers, seed {}",
            self.start,
            100.0 * noticed,
            found.x.len(),
            effort.seed_for(PURPOSE, stage)
        );
        let blind = (noticed > 0.0953).then_some(Verdict::Undecided);
        Outcome { expected: 1.0, observed: seen.value / stated, limit: chance + MOVED, reason, blind }
    }
}
