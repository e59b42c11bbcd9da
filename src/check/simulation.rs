//! Samples against the law they should follow: the exact solve against paths of the same equation, the theory where there is
//! no exact solve.

use super::effort::{FALSE_ALARM, Interrupted, Refusal};
use super::flat::log_flatness;
use super::reading::{KAPPA, STRENGTH, varies};
use super::reference::Reference;
use super::sample::{BINS, Ensembles, Outcome, Sample, deviations, edges, in_two_stages, probabilities};
use super::verdict::{Check, Verdict, without};
use super::witnesses::Witnesses;
use crate::model::{Model, Noise};
use crate::stats::quantile_of_normal;
use crate::theory::{Method, stationary};
use crate::transfer;

const DENSITY: &str = "simulated density agrees with the exact solve";
const DENSITY_WITHOUT: &str = "simulated density agrees with the first-order density";
const FLATNESS: &str = "simulated mean of ln F agrees";
const LOSS: &str = "simulated mean of the floor loss agrees";
const ACROSS: &str = "simulated variance across the valley agrees";

/// What a sample is held against.
pub(super) struct Held<'a> {
    pub reference: &'a Reference<'a>,
    pub model: &'a Model,
    /// Part of a variance that the time step of the paths may add or take.
    pub step: f64,
    /// Chance of an objection to a true claim, and how that is said.
    pub false_alarm: f64,
}

/// Paths of a Langevin model against the exact solve; steps of SGD have their own checks.
pub(super) fn checks(
    model: &Model,
    heard: &Witnesses,
    steps: Option<&transfer::Solution>,
    base: &Ensembles,
) -> Result<Vec<Check>, Interrupted> {
    let density = if heard.exact.is_ok() { DENSITY } else { DENSITY_WITHOUT };
    let reference = match Reference::of(model, heard, steps) {
        Ok(reference) => reference,
        Err(reason) => return Ok(vec![without(density, Verdict::OutsideRegime, reason)]),
    };
    let held = Held { reference: &reference, model, step: base.step_bias(), false_alarm: FALSE_ALARM };
    let mut checks = vec![
        in_two_stages(KAPPA, &|stage| held.kappa(base.sample(stage)?).ok_or_else(|| not_at_all(KAPPA)))?,
        in_two_stages(STRENGTH, &|stage| held.strength(base.sample(stage)?).ok_or_else(|| not_at_all(STRENGTH)))?,
    ];
    if !matches!(model.noise(), Noise::Langevin { .. }) {
        let reason = "the noise is that of SGD: its own steps are followed instead";
        checks.push(without(density, Verdict::NotApplicable, reason));
        return Ok(checks);
    }
    checks.push(in_two_stages(density, &|stage| Ok(held.shape(base.sample(stage)?)))?);
    if model.sharp().iter().any(|s| varies(model, &s.curvature)) {
        let tape = model.compile(&[log_flatness(model)]);
        checks.push(in_two_stages(FLATNESS, &|stage| Ok(held.mean(base.sample(stage)?, &|x| tape.value(x))))?);
    }
    if varies(model, model.floor_loss()) {
        let tape = model.compile(std::slice::from_ref(model.floor_loss()));
        checks.push(in_two_stages(LOSS, &|stage| Ok(held.mean(base.sample(stage)?, &|x| tape.value(x))))?);
    }
    checks.push(in_two_stages(ACROSS, &|stage| held.across(base.sample(stage)?))?);
    Ok(checks)
}

/// Why there is no reading.
fn not_at_all(claim: &str) -> Refusal {
    Refusal::Pointless(match claim {
        KAPPA => "the stationary law does not depend on it".into(),
        _ => "the theory has no variance across of what is recorded of learners".into(),
    })
}

impl Held<'_> {
    fn deviations(&self) -> f64 {
        if self.false_alarm == FALSE_ALARM {
            return deviations();
        }
        quantile_of_normal(1.0 - 0.5 * self.false_alarm)
    }

    fn rarely(&self) -> String {
        format!("(1 in {:.0})", 1.0 / self.false_alarm)
    }

    /// The density, in bins that are equally likely.
    pub fn shape(&self, sample: &Sample) -> Outcome {
        let edges = edges(self.reference.guide(), BINS);
        let cdf = |x: f64| self.reference.cdf(x);
        let (distance, chance) = sample.distance(&edges, &cdf, self.false_alarm);
        // A Gaussian whose variance changes by a part r moves by a total variation of 0.24 r.
        let (bar, step) = (self.reference.bar(), 0.25 * self.step);
        Outcome {
            expected: 0.0,
            observed: distance,
            limit: bar + step + chance,
            reason: format!(
                "total variation in {BINS} bins; limit: chance {chance:.1e} {}, law {bar:.0e}, time step {step:.0e}; {}{}",
                self.rarely(),
                sample.about,
                stronger(self.model, &edges, &cdf)
            ),
            blind: None,
        }
    }

    /// The mean of a function of the place.
    pub fn mean(&self, sample: &Sample, f: &dyn Fn(f64) -> f64) -> Outcome {
        let (observed, error) = sample.mean(f);
        let mean = self.reference.mean(f);
        let spread = self.reference.mean(&|x| (f(x) - mean) * (f(x) - mean)).max(0.0).sqrt();
        let (bar, step, z) = (self.reference.mean_bar(f), self.step * spread, self.deviations());
        let chance = z * error;
        Outcome {
            expected: mean,
            observed,
            limit: bar + step + chance,
            reason: format!(
                "limit: {z:.2} standard errors {chance:.1e} {}, law {bar:.0e}, time step {step:.0e}; {}",
                self.rarely(),
                sample.about
            ),
            blind: None,
        }
    }

    /// The variance across the valley, in the direction that is furthest off.
    pub fn across(&self, sample: &Sample) -> Result<Outcome, Refusal> {
        let directions = sample.y.len();
        let z = quantile_of_normal(1.0 - 0.5 * self.false_alarm / directions as f64);
        let mut worst: Option<(f64, Outcome)> = None;
        for (i, y) in sample.y.iter().enumerate() {
            let squares: Vec<f64> = y.iter().map(|y| y * y).collect();
            let seen = sample.mean_of(&squares);
            let Some((value, bar)) = self.reference.across(self.model, i) else { continue };
            let chance = z * seen.standard_error;
            let step = self.step * value;
            let limit = bar + step + chance;
            let excess = (seen.value - value).abs() / limit;
            let reason = format!(
                "direction {}; limit: {z:.2} standard errors {chance:.1e} {}, law {bar:.0e}, time step {step:.0e}; {}",
                i + 1,
                self.rarely(),
                sample.about
            );
            if worst.as_ref().is_none_or(|(most, _)| !(excess <= *most)) {
                worst = Some((excess, Outcome::seen(value, seen.value, limit, reason)));
            }
        }
        worst.map(|(_, outcome)| outcome).ok_or_else(|| Refusal::Undecided("no direction can be compared".into()))
    }
}

/// How far the law would be if κ were a tenth larger, in words.
fn stronger(model: &Model, edges: &[f64], cdf: &dyn Fn(f64) -> f64) -> String {
    let Noise::Langevin { kappa, .. } = model.noise() else { return String::new() };
    let other = model
        .with_kappa(1.1 * kappa)
        .and_then(|m| stationary(&m, Method::FirstOrder).or_else(|_| stationary(&m, Method::Adiabatic)).ok());
    let Some(other) = other else { return String::new() };
    let (p, q) = (probabilities(edges, cdf), probabilities(edges, &|x| other.density.cdf(x)));
    let apart = 0.5 * p.iter().zip(&q).map(|(p, q)| (p - q).abs()).sum::<f64>();
    format!("; kappa + 10 % would be {apart:.1e} away")
}
