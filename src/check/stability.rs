//! The bounds of divergence: what is below stays, what is above leaves.
//!
//! Stability of the steps is asked of the worst place of the floor, frozen: there the steps across are linear, and the
//! bound is where their second moments stop to settle.

use super::effort::{Effort, Interrupted, Refusal, Stage};
use super::relaxation::relaxation_time;
use super::sample::{Outcome, at_most_twice, deviations, in_two_stages};
use super::verdict::{Check, Verdict, compared, without};
use crate::model::{Model, Sampling, Sgd};
use crate::num::domain::Domain;
use crate::num::function::ln;
use crate::sim::{Ensemble, Plan, Watch, run};
use crate::theory::bounds::{Kind, bounds};
use crate::theory::{Method, joint, stationary, stretch};
use crate::units::LearningRate;

const BELOW: &str = "second moments settle at 0.9 of the mean-square bound";
const ABOVE: &str = "second moments grow at 1.1 of the mean-square bound";
const ALMOST: &str = "almost every path leaves at 1.1 of the almost-sure bound";
const SETTLES: &str = "the law settles at half the bound of confinement";
const SPREADS: &str = "the law spreads at twice the bound of confinement";

/// Walkers where a few steps are enough.
const WALKERS: usize = 1 << 16;
/// Steps after which second moments below a bound have settled and walkers above it are gone.
const SETTLED: u64 = 400;
/// The same for almost-sure divergence, which is slow close to its bound.
const GONE: u64 = 6000;
/// Walkers whose median tells a width to 3 %.
const FOR_A_MEDIAN: f64 = 4096.0;
/// Between the growth of a width that has settled, 1, and of one that spreads, 2.
const TOLD_APART: f64 = 1.4;

pub(super) fn checks(
    model: &Model,
    walked: &Model,
    effort: &Effort,
    watch: &dyn Watch,
) -> Result<Vec<Check>, Interrupted> {
    let mut checks = Vec::new();
    match model.sgd() {
        Some(sgd) => checks.extend(steps(model, walked, sgd, effort, watch)?),
        None => checks.push(without(BELOW, Verdict::NotApplicable, "the noise is Langevin: there are no steps")),
    }
    checks.extend(confinement(model, walked, effort, watch)?);
    Ok(checks)
}

fn followed(
    model: &Model,
    (walkers, steps): (usize, u64),
    (purpose, stage): (u64, Stage),
    effort: &Effort,
    watch: &dyn Watch,
) -> Result<Ensemble, Refusal> {
    let more = if stage == Stage::Decide { 4 } else { 1 };
    let plan = Plan {
        walkers: walkers * more,
        steps,
        seed: effort.seed_for(purpose, stage),
        threads: effort.threads,
        simd: effort.simd,
        ..Plan::for_model(model, Some(1.0))?
    };
    Ok(run(model, &plan, watch)?)
}

/// The steepest direction at the worst place of the floor, as a valley of its own.
fn frozen(model: &Model, sgd: &Sgd) -> Option<Model> {
    let (lower, upper) = stretch(model).ok()?;
    let mut formulas: Vec<_> = model.sharp().iter().map(|s| s.curvature.clone()).collect();
    formulas.extend(sgd.variance.iter().cloned());
    let tape = model.compile(&formulas);
    let d = model.directions();
    let (mut worst, mut variance) = (0.0, 0.0);
    for k in 0..=2000 {
        let x = model.domain().place(lower + (upper - lower) * f64::from(k) / 2000.0).unwrap_or(lower);
        let values = tape.at(&[x]);
        for i in (0..d).filter(|i| values[*i] > 0.0) {
            if values[i] > worst {
                (worst, variance) = (values[i], values[d + i]);
            }
        }
    }
    let mut text = format!(
        "Model(name: \"frozen\", floor: (coordinate: \"x\", domain: Periodic(lower: 0, upper: 1), loss: \"0\"), \
         sharp: [(curvature: \"{worst:?}\")], noise: Sgd(learning_rate: {:?}, batch_size: {:?}, kappa: 1, \
         variance: \"{variance:?}\", momentum: {:?}, curvature_noise: {:?}",
        sgd.learning_rate.value(),
        sgd.batch_size,
        sgd.momentum,
        sgd.curvature_noise
    );
    if let (Sampling::FreshWithoutReplacement, Some(n)) = (sgd.sampling, sgd.dataset_size) {
        text += &format!(", sampling: FreshWithoutReplacement, dataset_size: {n:?}");
    }
    if let Some(learners) = &sgd.learners {
        text += &format!(", learners: (count: {}, mixing: Matrix({:?}))", learners.count(), learners.matrix);
    }
    Model::read(&(text + "))"), &[]).ok()
}

fn steps(
    model: &Model,
    walked: &Model,
    sgd: &Sgd,
    effort: &Effort,
    watch: &dyn Watch,
) -> Result<Vec<Check>, Interrupted> {
    let none = |reason: &str| Ok(vec![without(BELOW, Verdict::NotApplicable, reason)]);
    if sgd.sampling == Sampling::Epoch {
        return none("no bound is known for epoch-wise sampling");
    }
    let Some(own) = walked.sgd() else { return none("there are no steps") };
    let (Some(law), Some(nature)) = (frozen(model, sgd), frozen(walked, own)) else {
        return none("the worst place of the floor was not found");
    };
    let bound = |kind: Kind| bounds(&law).bounds.into_iter().find(|b| b.kind == kind).and_then(|b| b.value);
    let Some(mean_square) = bound(Kind::MeanSquare) else { return none("no mean-square bound is known") };
    let at = |rate: f64| nature.with_learning_rate(LearningRate(rate));
    let mut checks = Vec::new();
    if sgd.curvature_noise == 0.0 {
        checks.push(stays(&law, &at(0.9 * mean_square), mean_square, effort, watch)?);
        checks.push(leaves(ABOVE, &at(1.1 * mean_square), SETTLED, (mean_square, 12), effort, watch)?);
        return Ok(checks);
    }
    if sgd.momentum > 0.0 {
        return none("with momentum and curvature noise no statistic of known power is at hand");
    }
    checks.push(grows(BELOW, &law, &at(0.9 * mean_square), (mean_square, 0.9), effort, watch)?);
    checks.push(grows(ABOVE, &law, &at(1.1 * mean_square), (mean_square, 1.1), effort, watch)?);
    checks.push(match bound(Kind::AlmostSure) {
        Some(bound) => leaves(ALMOST, &at(1.1 * bound), GONE, (bound, 13), effort, watch)?,
        None => without(ALMOST, Verdict::NotApplicable, "no almost-sure bound is known"),
    });
    Ok(checks)
}

/// Below the bound: `<y²>` after many steps is that of the formula.
fn stays(law: &Model, nature: &Model, bound: f64, effort: &Effort, watch: &dyn Watch) -> Result<Check, Interrupted> {
    let posed = law.with_learning_rate(LearningRate(0.9 * bound));
    let expected = match joint(&posed, Method::Discrete) {
        Ok(joint) => joint.variances_at(0.5)[0],
        Err(reason) => return Ok(without(BELOW, Verdict::NotApplicable, reason.to_string())),
    };
    // `y` of several learners is their mean, which is that of one learner with the noise of the mean.
    let expected = match posed.sgd().and_then(|s| s.learners.as_ref()) {
        Some(learners) => {
            let eta = 0.9 * bound;
            let u = eta * posed.compile(&[posed.curvature(0).clone()]).value(0.5);
            let of = |w: f64| 1.0 / (1.0 - (w - u) * (w - u));
            let all: f64 = learners.eigenvalues.iter().map(|w| of(*w)).sum();
            // The first mode's part of the mean over learners of `<y²>`.
            expected * of(1.0) / all
        }
        None => expected,
    };
    at_most_twice(BELOW, &|stage| {
        let found = followed(nature, (effort.walkers / 8, SETTLED), (10, stage), effort, watch)?;
        let (seen, error) =
            found.moments.as_ref().map_or((f64::NAN, f64::NAN), |m| (m.y2[0].value, m.y2[0].standard_error));
        let lost = found.diverged.count;
        let reason = format!(
            "<y^2> after {SETTLED} steps at learning rate {:.4}, where the floor is sharpest; limit: chance (1 in 1000); {} walkers, {lost} diverged",
            0.9 * bound,
            found.x.len() + lost
        );
        let check = compared(BELOW, expected, seen, deviations() * error, reason);
        Ok(if lost == 0 { check } else { Check { verdict: Verdict::Fail, ..check } })
    })
}

/// Above a bound: the share of walkers that are gone.
fn leaves(
    claim: &'static str,
    nature: &Model,
    steps: u64,
    (bound, purpose): (f64, u64),
    effort: &Effort,
    watch: &dyn Watch,
) -> Result<Check, Interrupted> {
    in_two_stages(claim, &|stage| {
        let found = followed(nature, (effort.walkers / 32, steps), (purpose, stage), effort, watch)?;
        let walkers = found.x.len() + found.diverged.count;
        Ok(Outcome::seen(
            1.0,
            found.diverged.count as f64 / walkers as f64,
            0.01,
            format!(
                "share of {walkers} walkers that grew a hundred million times within {steps} steps at learning rate {:.4}, where the floor is sharpest; below the bound none would",
                1.1 * bound
            ),
        ))
    })
}

/// With a noisy curvature `<y²>_k = ηS… (A^k − 1)/(A − 1)`, `A = (1−u)² + c²u²`: the ratio after `2k` and `k` steps is `1 + A^k`, below
/// 2 where second moments settle and above 2 where they grow. Few steps, so that the tail of `y²` is still seen.
fn grows(
    claim: &'static str,
    law: &Model,
    nature: &Model,
    (bound, part): (f64, f64),
    effort: &Effort,
    watch: &dyn Watch,
) -> Result<Check, Interrupted> {
    let Some(sgd) = law.sgd() else { return Ok(without(claim, Verdict::NotApplicable, "there are no steps")) };
    let u = part * bound * law.compile(&[law.curvature(0).clone()]).value(0.5);
    let c2 = sgd.curvature_noise * sgd.curvature_noise * sgd.batch_factor();
    let factor = (1.0 - u) * (1.0 - u) + c2 * u * u;
    let steps = (ln(3.0) / ln(factor).abs()).ceil().max(2.0);
    let fourth = (1.0 - u).powi(4) + 6.0 * (1.0 - u) * (1.0 - u) * c2 * u * u + 3.0 * (c2 * u * u) * (c2 * u * u);
    let steps_after = 2.0 * steps;
    // Second and fourth moments of y in units of a kick's, step by step: how sure is a sampled <y²>?
    let (mut second, mut fourth_moment) = (0.0, 0.0);
    for _ in 0..steps_after.min(1000.0) as u32 {
        fourth_moment = fourth * fourth_moment + 6.0 * factor * second + 3.0;
        second = factor * second + 1.0;
    }
    let blur = fourth_moment / (second * second) / WALKERS as f64;
    if !(steps <= 500.0) || !(blur < 0.02) {
        let reason = "so close to the bound, or with so noisy a curvature, no sample tells second moments that grow";
        return Ok(without(claim, Verdict::OutsideRegime, reason));
    }
    let expected = 1.0 + crate::num::function::powf(factor, steps);
    let purpose = if part > 1.0 { 16 } else { 14 };
    at_most_twice(claim, &|stage| {
        let mean = |count: f64, purpose: u64| -> Result<f64, Refusal> {
            let found = followed(nature, (WALKERS, count as u64), (purpose, stage), effort, watch)?;
            Ok(found.moments.map_or(f64::INFINITY, |m| m.y2[0].value))
        };
        let seen = mean(steps_after, purpose + 1)? / mean(steps, purpose)?;
        let reason = format!(
            "ratio of <y^2> after {steps_after} and {steps} steps from y = 0 at learning rate {:.4}; at the bound it is 2, and the limit reaches there; {WALKERS} walkers each",
            part * bound
        );
        Ok(on_its_side(claim, seen, expected, 2.0, reason))
    })
}

/// Far below and far above the bound of confinement: does the width still grow when four times as long is waited?
fn confinement(model: &Model, walked: &Model, effort: &Effort, watch: &dyn Watch) -> Result<Vec<Check>, Interrupted> {
    if model.domain() != Domain::Line {
        return Ok(vec![without(SETTLES, Verdict::NotApplicable, "the domain is bounded")]);
    }
    let Some(bound) = bounds(model).bounds.into_iter().find(|b| b.kind == Kind::Confinement).and_then(|b| b.value)
    else {
        return Ok(vec![without(
            SETTLES,
            Verdict::NotApplicable,
            "every noise strength is confined, or no bound is known",
        )]);
    };
    let at = |model: &Model, value: f64| match model.sgd() {
        Some(_) => model.with_learning_rate(LearningRate(value)),
        None => model.with_delta(value),
    };
    if !(bound > 0.0 && bound.is_finite()) {
        return Ok(vec![without(SETTLES, Verdict::NotApplicable, "no noise strength is confined")]);
    }
    // The law at half the bound sets the time that is waited.
    let time = stationary(&at(model, 0.5 * bound), Method::Adiabatic).ok().and_then(|settled| {
        let langevin = at(model, 0.5 * bound).langevin().ok()?;
        let temperature = model.compile(&[langevin.temperature]);
        Some(relaxation_time(&settled.density, &|x| temperature.value(x)))
    });
    let Some(time) = time else {
        return Ok(vec![without(SETTLES, Verdict::NotApplicable, "the law at half the bound does not exist")]);
    };
    let mut checks = Vec::new();
    for (claim, part, expected, purpose) in [(SETTLES, 0.5, 1.0, 18), (SPREADS, 2.0, 2.0, 20)] {
        let nature = at(walked, part * bound);
        checks.push(at_most_twice(claim, &|stage| {
            let step = match nature.sgd() {
                Some(sgd) => sgd.step_time(),
                None => Plan::for_model(&nature, None)?.dt.unwrap_or(f64::NAN),
            };
            let short = (4.0 * time / step).ceil();
            let walkers = (effort.walker_steps as f64 / (5.0 * short)).min(FOR_A_MEDIAN);
            if !(walkers >= 512.0) {
                return Err(Refusal::TooSlow("the law takes longer to settle than is spent on a check".into()));
            }
            let (short, walkers) = (short as u64, walkers as usize);
            let width = |steps: u64, purpose: u64| -> Result<f64, Refusal> {
                let found = followed(&nature, (walkers, steps), (purpose, stage), effort, watch)?;
                Ok(median(found.x.iter().map(|x| (x - found.start).abs()).collect()))
            };
            let seen = width(4 * short, purpose + 1)? / width(short, purpose)?;
            let reason = format!(
                "growth of the median distance from the start between {short} and {} steps: 1 if the law settles, 2 or more if it spreads, told apart at {TOLD_APART}; closer to the bound neither would be seen; {walkers} walkers or more each",
                4 * short
            );
            Ok(on_its_side(claim, seen, expected, TOLD_APART, reason))
        })?);
    }
    Ok(checks)
}

/// A claim that a number lies on that side of an edge on which it is expected. NaN is on neither.
fn on_its_side(claim: &'static str, seen: f64, expected: f64, edge: f64, reason: String) -> Check {
    let right = if expected < edge { seen < edge } else { seen > edge };
    Check {
        claim,
        expected: Some(expected),
        observed: Some(seen),
        distance: Some((seen - expected).abs()),
        limit: Some((edge - expected).abs()),
        verdict: if right { Verdict::Pass } else { Verdict::Fail },
        reason,
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
