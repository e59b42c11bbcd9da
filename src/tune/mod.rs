//! Which hyperparameters are best under the bounds?
//!
//! The objective is the mean first-passage time along the floor from a start (the least floor loss, or the sharpest place of a
//! degenerate valley) to the flattest place, in steps, or in samples (steps times batch size). It is minimised over the
//! learning rate below `safety` times the binding bound of [`crate::theory::bounds`], and over the batch size where a range
//! is given. A Langevin model has no learning rate: there the noise strength `Δ` is chosen and time is continuous.

use crate::model::Model;
use crate::num::domain::Domain;
use crate::num::function::{exp, ln};
use crate::optim::global_minimum;
use crate::theory::bounds::{Bounds, Kind, bounds};
use crate::theory::passage::{NoTime, log_passage_time};
use crate::theory::{Method, stationary, stretch};
use thiserror::Error;

/// The search reaches down to this share of the largest admissible value.
const LEAST_SHARE: f64 = 1e-3;
/// Values tried before the best is polished.
const SAMPLES: usize = 48;
/// An optimum this close to the ceiling is at the ceiling.
const AT_THE_CEILING: f64 = 1e-6;
/// Batch sizes tried before the neighbours of the best are.
const BATCHES: u32 = 24;
/// Step in the logarithm of an input for a sensitivity.
const NUDGE: f64 = 1e-3;
/// Stands for the logarithm of a time that does not exist: above every logarithm of a number.
const UNREACHED: f64 = 1e4;
/// Shares of the bound on the front of time against distance from the bound.
const FRONT: [f64; 8] = [0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.95];

/// What is to be small.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Objective {
    /// Steps (continuous time, for Langevin noise) until the flattest place.
    TimeToFlat,
    /// Steps times batch size.
    SamplesToFlat,
}

impl Objective {
    /// The name it is asked for by.
    pub fn name(self) -> &'static str {
        match self {
            Objective::TimeToFlat => "time-to-flat",
            Objective::SamplesToFlat => "samples-to-flat",
        }
    }
}

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// What is to be small.
    pub objective: Objective,
    /// Where the walk starts; `None`: the least floor loss, or the sharpest place where the floor is level.
    pub from: Option<f64>,
    /// Where it is to arrive; `None`: the flattest place.
    pub to: Option<f64>,
    /// Share of the bound that may be used, in `(0, 1)`.
    pub safety: f64,
    /// Batch sizes to choose from, ends included; `None`: the model's own.
    pub batch_sizes: Option<(u64, u64)>,
}

/// Why there is no advice.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum Infeasible {
    /// Nothing to gain.
    #[error("the curvature is the same everywhere: no place is flatter than another")]
    NoFlatPlace,
    /// Start and target are one.
    #[error("the walk starts at {0}, which is where it is to arrive")]
    AlreadyThere(f64),
    /// Nothing limits the noise.
    #[error("no finite bound is known: the stronger the noise, the sooner, without limit ({0})")]
    NoBound(String),
    /// Nothing is allowed.
    #[error("no noise strength is confined")]
    NothingStays,
    /// No time.
    #[error("no time to the flat place is known: {0}")]
    NoTime(NoTime),
    /// The batch size of a Langevin model.
    #[error("a Langevin model has no batch size")]
    NoBatch,
    /// The safety share.
    #[error("the safety share must lie between 0 and 1, not {0}")]
    Safety(f64),
}

/// A point of the front.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FrontPoint {
    /// Share of the bound that is used.
    pub share: f64,
    /// Learning rate or `Δ`.
    pub value: f64,
    /// The objective there.
    pub cost: f64,
    /// Mean of `ln F` of the first direction in the stationary density, above that at the start; `None` without a density.
    pub flatness_gained: Option<f64>,
}

/// What is best.
#[derive(Clone, Debug, PartialEq)]
pub struct Advice {
    /// `learning_rate`, or `delta` for Langevin noise.
    pub quantity: &'static str,
    /// The best value of it.
    pub value: f64,
    /// Batch size; `None` for Langevin noise.
    pub batch_size: Option<f64>,
    /// Logarithm of the objective at the best value.
    pub log_cost: f64,
    /// Steps to the flat place (continuous time for Langevin noise), as a logarithm.
    pub log_steps: f64,
    /// Law that the time comes from.
    pub method: Method,
    /// Start and target.
    pub way: (f64, f64),
    /// All bounds at the best batch size.
    pub bounds: Bounds,
    /// The binding bound and its value.
    pub bound: (Kind, f64),
    /// The bound that stops a better value; `None` where the optimum lies inside.
    pub active: Option<Kind>,
    /// Change of `ln` steps per change of `ln` value, and of `ln` batch size.
    pub sensitivities: (Option<f64>, Option<f64>),
    /// Time and flatness against distance from the bound.
    pub front: Vec<FrontPoint>,
}

/// Finds the best hyperparameters of `model`.
///
/// # Errors
/// [`Infeasible`]
///
/// # Accuracy
/// The best value to about 1e-6 relative, of the objective as its law gives it; a second minimum narrower than a seventh
/// of a decade may be missed.
pub fn tune(model: &Model, question: &Question) -> Result<Advice, Infeasible> {
    if !(question.safety > 0.0 && question.safety < 1.0) {
        return Err(Infeasible::Safety(question.safety));
    }
    if model.sgd().is_none() && question.batch_sizes.is_some() {
        return Err(Infeasible::NoBatch);
    }
    let way = way(model, question)?;
    let Some((first, last)) = question.batch_sizes else { return at_batch(model, question, way) };
    let better = |best: Option<Advice>, batch: u64| -> Result<Option<Advice>, Infeasible> {
        let found = at_batch(&model.with_batch_size(batch as f64), question, way)?;
        Ok(match best {
            Some(best) if best.log_cost <= found.log_cost => Some(best),
            _ => Some(found),
        })
    };
    let (mut best, mut tried) = (None, spread(first, last));
    for batch in &tried {
        best = better(best, *batch)?;
    }
    // Whole numbers between the neighbours of the best, by halving.
    while let Some(now) = best.as_ref().and_then(|b: &Advice| b.batch_size) {
        let at = tried.partition_point(|b| (*b as f64) < now);
        let between = |a: Option<&u64>, b: Option<&u64>| match (a, b) {
            (Some(a), Some(b)) if b - a > 1 => Some(a + (b - a) / 2),
            _ => None,
        };
        let below = at.checked_sub(1).and_then(|k| between(tried.get(k), tried.get(at)));
        let above = between(tried.get(at), tried.get(at + 1));
        let new: Vec<u64> = below.into_iter().chain(above).collect();
        if new.is_empty() {
            break;
        }
        for batch in new {
            best = better(best, batch)?;
            tried.insert(tried.partition_point(|b| *b < batch), batch);
        }
    }
    best.ok_or(Infeasible::NoBatch)
}

/// Batch sizes spread evenly in the logarithm, ends included.
fn spread(first: u64, last: u64) -> Vec<u64> {
    let (low, high) = (ln(first as f64), ln(last as f64));
    let mut all: Vec<u64> = (0..=BATCHES)
        .map(|k| (exp(low + (high - low) * f64::from(k) / f64::from(BATCHES)).round() as u64).clamp(first, last))
        .collect();
    all.dedup();
    all
}

/// Where from and where to.
fn way(model: &Model, question: &Question) -> Result<(f64, f64), Infeasible> {
    let (lower, upper) = stretch(model).map_err(|reason| Infeasible::NoTime(NoTime::Law(reason)))?;
    let tape = model.compile(&[model.floor_loss().clone(), model.curvature(0).clone()]);
    let place = |f: &dyn Fn(f64) -> f64| global_minimum(f, lower, upper, 2000).map_err(|_| Infeasible::NoFlatPlace);
    let flattest = place(&|x| tape.at(&[x])[1])?;
    let sharpest = place(&|x| -tape.at(&[x])[1])?;
    if !(-sharpest.value > flattest.value * (1.0 + 1e-9)) && question.to.is_none() {
        return Err(Infeasible::NoFlatPlace);
    }
    let to = question.to.unwrap_or(flattest.at);
    let level = !model.floor_loss().contains(model.coordinate());
    let from = match question.from {
        Some(from) => from,
        None if level => sharpest.at,
        None => place(&|x| tape.at(&[x])[0])?.at,
    };
    if from == to { Err(Infeasible::AlreadyThere(from)) } else { Ok((from, to)) }
}

/// Logarithm of the steps (of the time, for Langevin noise) along the way.
fn log_steps(model: &Model, method: Method, way: (f64, f64)) -> Result<f64, NoTime> {
    let log_time = log_passage_time(model, method, way.0, way.1)?;
    let step = model.sgd().map_or(1.0, |sgd| sgd.step_time());
    Ok(log_time - ln(step))
}

fn at_batch(model: &Model, question: &Question, way: (f64, f64)) -> Result<Advice, Infeasible> {
    let bounds = bounds(model);
    let binding = bounds.binding.and_then(|kind| bounds.value().map(|value| (kind, value)));
    let Some(bound) = binding else {
        let reasons: Vec<&str> = bounds.bounds.iter().map(|b| b.status.as_str()).collect();
        return Err(Infeasible::NoBound(reasons.join("; ")));
    };
    if !(bound.1 > 0.0) {
        return Err(Infeasible::NothingStays);
    }
    let ceiling = question.safety * bound.1;
    // The law of the steps where it applies up to the ceiling, else its limit of small learning rate.
    let method = match model.sgd() {
        Some(_) if log_steps(&model.with_strength(ceiling), Method::Discrete, way).is_ok() => Method::Discrete,
        _ => Method::Adiabatic,
    };
    let cost = |value: f64| log_steps(&model.with_strength(value), method, way);
    cost(ceiling).map_err(Infeasible::NoTime)?;
    // A value without a time (not confined so far down) is no candidate.
    let objective = |log_value: f64| cost(exp(log_value)).unwrap_or(UNREACHED);
    let (low, high) = (ln(ceiling) + ln(LEAST_SHARE), ln(ceiling));
    let best = global_minimum(&objective, low, high, SAMPLES).map_err(|_| Infeasible::NoTime(NoTime::Continuous))?;
    let at_ceiling = high - best.at < AT_THE_CEILING || objective(high) <= best.value;
    let value = if at_ceiling { ceiling } else { exp(best.at) };
    let log_steps_there = cost(value).map_err(Infeasible::NoTime)?;
    let batch_size = model.sgd().map(|sgd| sgd.batch_size);
    let log_batch = match (question.objective, batch_size) {
        (Objective::SamplesToFlat, Some(batch)) => ln(batch),
        _ => 0.0,
    };
    let slope = |up: Result<f64, NoTime>, down: Result<f64, NoTime>| Some((up.ok()? - down.ok()?) / (2.0 * NUDGE));
    let by_value = slope(cost(value * exp(NUDGE)), cost(value * exp(-NUDGE)));
    let by_batch = batch_size.and_then(|batch| {
        let at = |log: f64| log_steps(&model.with_batch_size(batch * exp(log)).with_strength(value), method, way);
        slope(at(NUDGE), at(-NUDGE))
    });
    let front = FRONT.iter().filter_map(|share| {
        let at = share * bound.1;
        let log = cost(at).ok()?;
        Some(FrontPoint {
            share: *share,
            value: at,
            cost: exp(log + log_batch),
            flatness_gained: gained(&model.with_strength(at), method, way.0),
        })
    });
    Ok(Advice {
        quantity: if model.sgd().is_some() { "learning_rate" } else { "delta" },
        value,
        batch_size,
        log_cost: log_steps_there + log_batch,
        log_steps: log_steps_there,
        method,
        way,
        front: front.collect(),
        bound,
        bounds,
        active: at_ceiling.then_some(bound.0),
        sensitivities: (by_value, by_batch),
    })
}

/// Mean of `ln F` in the stationary density, above its value at `from`.
fn gained(model: &Model, method: Method, from: f64) -> Option<f64> {
    let density = stationary(model, method).ok()?.density;
    let tape = model.compile(&[model.flatness(0).ln()]);
    let mean = density.expectation(&|x| tape.value(x));
    let gained = mean - tape.value(model.domain().place(from)?);
    gained.is_finite().then_some(gained)
}

/// What happens a fifth beyond the bound, in a sentence.
pub fn beyond(kind: Kind, domain: Domain) -> &'static str {
    match (kind, domain) {
        (Kind::Confinement, _) => "no stationary law exists: the coordinate wanders off along the floor for ever",
        (Kind::MeanSquare, _) => {
            "the variance across the valley grows by a factor at every step at the worst place: runs leave there"
        }
        (Kind::AlmostSure, _) => "almost every run is driven out of the valley at the worst place",
        (Kind::EdgeOfStability, _) => "the mean across the valley oscillates with growing size",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question() -> Question {
        Question { objective: Objective::TimeToFlat, from: None, to: None, safety: 0.8, batch_sizes: None }
    }

    fn valley(noise: &str) -> Model {
        let text = format!(
            r#"Model(name: "t", floor: (coordinate: "x", domain: Periodic(lower: 0, upper: 6.283185307179586), loss: "0"),
                sharp: [(curvature: "0.9+0.5*cos(x)")], noise: {noise})"#
        );
        Model::read(&text, &[]).expect("a valid model")
    }

    #[test]
    fn the_best_rate_of_a_degenerate_valley_is_the_largest_that_is_safe() {
        let model = valley(r#"Sgd(learning_rate: 0.5, batch_size: 2, kappa: 5, variance: "0.02")"#);
        let advice = tune(&model, &question()).expect("feasible");
        assert_eq!(advice.active, Some(Kind::MeanSquare));
        assert!((advice.value - 0.8 * 2.0 / 1.4).abs() < 1e-9, "{}", advice.value);
        assert!((advice.way.1 - std::f64::consts::PI).abs() < 1e-6, "{:?}", advice.way);
        // Steps fall as 1/η² and a little faster, since Φ/T of the steps grows with η; they grow as B.
        let (by_rate, by_batch) = advice.sensitivities;
        assert!(by_rate.is_some_and(|s| s < -1.9), "{by_rate:?}");
        assert!((by_batch.expect("a batch size") - 1.0).abs() < 1e-4, "{by_batch:?}");
        // Brute force over the admissible rates finds nothing better.
        let brute = (1..=60)
            .map(|k| advice.value * f64::from(k) / 60.0)
            .map(|rate| log_steps(&model.with_strength(rate), advice.method, advice.way).expect("a time"))
            .fold(f64::INFINITY, f64::min);
        assert!(advice.log_steps <= brute + 1e-9);
    }

    #[test]
    fn the_best_batch_size_is_that_of_trying_them_all() {
        let model =
            valley(r#"Sgd(learning_rate: 0.5, batch_size: 2, kappa: 5, variance: "0.02", curvature_noise: 1.0)"#);
        let asked = Question { objective: Objective::SamplesToFlat, batch_sizes: Some((1, 40)), ..question() };
        let advice = tune(&model, &asked).expect("feasible");
        let brute = (1..=40_u64)
            .step_by(3)
            .map(|b| at_batch(&model.with_batch_size(b as f64), &asked, advice.way).expect("feasible").log_cost)
            .fold(f64::INFINITY, f64::min);
        assert!(advice.log_cost <= brute + 1e-9, "{} {brute}", advice.log_cost);
    }

    #[test]
    fn what_cannot_be_advised_is_said() {
        let flat = valley(r#"Langevin(delta: 0.1, kappa: 5)"#);
        assert!(matches!(tune(&flat, &question()), Err(Infeasible::NoBound(_))));
        let safe = Question { safety: 1.5, ..question() };
        assert_eq!(tune(&flat, &safe), Err(Infeasible::Safety(1.5)));
        let batch = Question { batch_sizes: Some((1, 4)), ..question() };
        assert_eq!(tune(&flat, &batch), Err(Infeasible::NoBatch));
        let level = Model::read(
            r#"Model(name: "t", floor: (coordinate: "x", domain: Interval(lower: 0, upper: 1), loss: "x"),
                sharp: [(curvature: "2")], noise: Langevin(delta: 1, kappa: 2))"#,
            &[],
        )
        .expect("valid");
        assert_eq!(tune(&level, &question()), Err(Infeasible::NoFlatPlace));
    }
}
