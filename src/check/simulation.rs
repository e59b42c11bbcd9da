//! The exact solve against paths of the same equation; the first-order theory where there is no exact solve.

use super::effort::{Effort, FALSE_ALARM, Interrupted, Refusal, Stage};
use super::sample::{BINS, Ensembles, Outcome, Sample, deviations, edges, in_two_stages, probabilities};
use super::verdict::{Check, Verdict, without};
use super::witnesses::{LARGEST_SMALLNESS, Witnesses};
use crate::expr::Expr;
use crate::model::{Model, Noise};
use crate::num::density::Density;
use crate::sim::Watch;
use crate::stats::quantile_of_normal;

const DENSITY: &str = "simulated density agrees with the exact solve";
const DENSITY_WITHOUT: &str = "simulated density agrees with the first-order density";
const FLATNESS: &str = "simulated mean of ln F agrees";
const LOSS: &str = "simulated mean of the floor loss agrees";
const ACROSS: &str = "simulated variance across the valley agrees";

/// The law that paths are held against, and how wrong it may be itself.
struct Expected<'a> {
    heard: &'a Witnesses,
    model: &'a Model,
    /// Part of a variance that the time step of the paths may add or take.
    step: f64,
}

impl Expected<'_> {
    fn cdf(&self, x: f64) -> f64 {
        match &self.heard.exact {
            Ok(exact) => exact.cdf(x),
            Err(_) => self.heard.expected().cdf(x),
        }
    }

    fn mean(&self, f: &dyn Fn(f64) -> f64) -> f64 {
        match &self.heard.exact {
            Ok(exact) => exact.expectation(f),
            Err(_) => self.heard.expected().expectation(f),
        }
    }

    /// How far its mean of `f` may be off.
    fn bar(&self, f: &dyn Fn(f64) -> f64) -> f64 {
        match &self.heard.exact {
            Ok(exact) => Witnesses::floor(exact) * exact.expectation(&|x| f(x).abs()),
            Err(_) => (self.heard.adiabatic.expectation(f) - self.mean(f)).abs() * self.order_bar(),
        }
    }

    /// The error of the first-order density as a part of the first correction.
    fn order_bar(&self) -> f64 {
        (10.0 * self.heard.smallness()).min(1.0)
    }

    fn density_bar(&self) -> f64 {
        match &self.heard.exact {
            Ok(exact) => Witnesses::floor(exact),
            Err(_) => self.heard.adiabatic.total_variation(self.heard.expected()) * self.order_bar(),
        }
    }

    /// `<y_i²>` and how far it may be off.
    fn across(&self, direction: usize) -> Option<(f64, f64)> {
        match &self.heard.exact {
            Ok(exact) => exact.second_moment(direction).map(|v| (v, Witnesses::floor(exact) * v)),
            Err(_) => {
                let noise = &self.model.langevin().ok()?.noise[direction];
                let variance = self.model.compile(&[noise / self.model.curvature(direction)]);
                let mean = self.heard.expected().expectation(&|x| variance.value(x));
                Some((mean, mean * self.heard.smallness()))
            }
        }
    }
}

pub(super) fn checks(
    model: &Model,
    nature: &Model,
    heard: &Witnesses,
    effort: &Effort,
    watch: &dyn Watch,
) -> Result<Vec<Check>, Interrupted> {
    let density = if heard.exact.is_ok() { DENSITY } else { DENSITY_WITHOUT };
    if !matches!(nature.noise(), Noise::Langevin { .. }) {
        let reason = "the noise is that of SGD: its own steps are followed instead";
        return Ok(vec![without(density, Verdict::NotApplicable, reason)]);
    }
    if heard.exact.is_err() && (heard.first_order.is_err() || !(heard.smallness() <= LARGEST_SMALLNESS)) {
        let reason = "there is neither an exact solve nor a theory with an error bar";
        return Ok(vec![without(density, Verdict::OutsideRegime, reason)]);
    }
    let ensembles = Ensembles::new(nature.clone(), heard.expected(), 1, effort, watch);
    let expected = Expected { heard, model, step: ensembles.step_bias() };
    let mut checks =
        vec![in_two_stages(density, &|stage| shape(&expected, ensembles.sample(stage)?, heard.expected()))?];
    let varies = |e: &Expr| e.contains(model.coordinate());
    if varies(model.curvature(0)) {
        let tape = model.compile(&[model.flatness(0).ln()]);
        checks.push(in_two_stages(FLATNESS, &|stage| mean(&expected, ensembles.sample(stage)?, &|x| tape.value(x)))?);
    }
    if varies(model.floor_loss()) {
        let tape = model.compile(std::slice::from_ref(model.floor_loss()));
        checks.push(in_two_stages(LOSS, &|stage| mean(&expected, ensembles.sample(stage)?, &|x| tape.value(x)))?);
    }
    checks.push(in_two_stages(ACROSS, &|stage: Stage| across(&expected, ensembles.sample(stage)?))?);
    Ok(checks)
}

fn shape(expected: &Expected, sample: &Sample, law: &Density) -> Result<Outcome, Refusal> {
    let edges = edges(law, BINS);
    let (distance, chance) = sample.distance(&edges, &|x| expected.cdf(x), FALSE_ALARM);
    // A Gaussian whose variance changes by a part r moves by a total variation of 0.24 r.
    let (bar, step) = (expected.density_bar(), 0.25 * expected.step);
    let power = stronger(expected.model, &edges, &|x| expected.cdf(x));
    Ok(Outcome {
        expected: 0.0,
        observed: distance,
        limit: bar + step + chance,
        reason: format!(
            "total variation in {BINS} bins; limit: chance {chance:.1e} (1 in 1000), law {bar:.0e}, time step {step:.0e}; {}{power}",
            sample.about
        ),
    })
}

/// How far the law would be if κ were a tenth larger, in words.
fn stronger(model: &Model, edges: &[f64], cdf: &dyn Fn(f64) -> f64) -> String {
    let Noise::Langevin { kappa, .. } = model.noise() else { return String::new() };
    let other = model.with_kappa(1.1 * kappa).and_then(|m| {
        crate::theory::stationary(&m, crate::theory::Method::FirstOrder)
            .or_else(|_| crate::theory::stationary(&m, crate::theory::Method::Adiabatic))
            .ok()
    });
    let Some(other) = other else { return String::new() };
    let (p, q) = (probabilities(edges, cdf), probabilities(edges, &|x| other.density.cdf(x)));
    let apart = 0.5 * p.iter().zip(&q).map(|(p, q)| (p - q).abs()).sum::<f64>();
    format!("; kappa + 10 % would be {apart:.1e} away")
}

fn mean(expected: &Expected, sample: &Sample, f: &dyn Fn(f64) -> f64) -> Result<Outcome, Refusal> {
    let (observed, error) = sample.mean(f);
    let mean = expected.mean(f);
    let spread = expected.mean(&|x| (f(x) - mean) * (f(x) - mean)).max(0.0).sqrt();
    let (bar, step, chance) = (expected.bar(f), expected.step * spread, deviations() * error);
    Ok(Outcome {
        expected: mean,
        observed,
        limit: bar + step + chance,
        reason: format!(
            "limit: {:.2} standard errors {chance:.1e} (1 in 1000), law {bar:.0e}, time step {step:.0e}; {}",
            deviations(),
            sample.about
        ),
    })
}

/// The direction that is furthest off.
fn across(expected: &Expected, sample: &Sample) -> Result<Outcome, Refusal> {
    let directions = sample.y.len();
    let z = quantile_of_normal(1.0 - 0.5 * FALSE_ALARM / directions as f64);
    let mut worst: Option<(f64, Outcome)> = None;
    for (i, y) in sample.y.iter().enumerate() {
        let squares: Vec<f64> = y.iter().map(|y| y * y).collect();
        let seen = crate::stats::mean(&squares);
        let Some((value, bar)) = expected.across(i) else { continue };
        let chance = z * seen.standard_error * (squares.len() as f64 / sample.effective).sqrt();
        let step = expected.step * value;
        let limit = bar + step + chance;
        let excess = (seen.value - value).abs() / limit;
        let reason = format!(
            "direction {}; limit: {z:.2} standard errors {chance:.1e} (1 in 1000), law {bar:.0e}, time step {step:.0e}; {}",
            i + 1,
            sample.about
        );
        if worst.as_ref().is_none_or(|(most, _)| !(excess <= *most)) {
            worst = Some((excess, Outcome { expected: value, observed: seen.value, limit, reason }));
        }
    }
    worst.map(|(_, outcome)| outcome).ok_or_else(|| Refusal::Undecided("no direction was recorded".into()))
}
