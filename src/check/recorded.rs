//! Recorded samples in the place of simulation: what they are worth, whether they object, and whether they could.

use super::flat::log_flatness;
use super::reading::{KAPPA, STRENGTH, STRENGTH_ALONG, varies};
use super::reference::Reference;
use super::sample::{Outcome, Sample};
use super::simulation::Held;
use super::verdict::{Check, Verdict, compared, without};
use super::witnesses::Witnesses;
use crate::model::Model;
use crate::num::domain::Domain;
use crate::num::function::{cos, sin};
use crate::stats::mean_of_path;
use crate::transfer;
use thiserror::Error;

const DENSITY: &str = "recorded density agrees with the law";
const FLATNESS: &str = "recorded mean of ln F agrees";
const LOSS: &str = "recorded mean of the floor loss agrees";
const ACROSS: &str = "recorded variance across the valley agrees";

/// Chance that a record objects to a true claim. There is no second record to ask.
const FALSE_ALARM: f64 = 1e-5;
/// From so many walkers on, the spread between them tells what a path is worth.
const ENOUGH_WALKERS: usize = 32;
/// Standard errors by which the halves of a record may differ if it is stationary.
const STATIONARY: f64 = 5.0;

/// A claim about the mean of a function of the place.
type Claimed = (&'static str, Box<dyn Fn(f64) -> f64>);

/// What was recorded: independent samples, or paths of several walkers.
#[derive(Clone, Debug, PartialEq)]
pub struct Recorded {
    /// Places along the floor; of paths all times of the first walker, then of the second, …
    pub x: Vec<f64>,
    /// `y_i` of the same, per direction; empty where it was not recorded.
    pub y: Vec<Vec<f64>>,
    /// Number of walkers whose paths these are; `None`: independent samples.
    pub walkers: Option<usize>,
}

/// Why a record cannot be used.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum RecordError {
    /// Nothing in it.
    #[error("array `x` is empty")]
    Empty,
    /// The lists differ in length.
    #[error("array `{array}` has {found} values, array `x` has {expected}")]
    Lengths {
        /// Its name.
        array: String,
        /// Its length.
        found: usize,
        /// The length of `x`.
        expected: usize,
    },
    /// `y` is not there for every direction, or for more than there are.
    #[error("{found} arrays across the valley were recorded, the model has {expected} sharp directions")]
    Directions {
        /// Recorded.
        found: usize,
        /// In the model.
        expected: usize,
    },
    /// Paths of unequal lengths.
    #[error("{values} values cannot be the paths of {walkers} walkers")]
    Walkers {
        /// Values.
        values: usize,
        /// Walkers.
        walkers: usize,
    },
    /// A value that is no number.
    #[error("array `{array}` holds {value} at index {index}; every value must be finite")]
    NotFinite {
        /// Its name.
        array: String,
        /// Where.
        index: usize,
        /// What.
        value: f64,
    },
    /// A place where the model does not live.
    #[error("array `x` holds {value} at index {index}, outside the domain of the model")]
    Outside {
        /// Where.
        index: usize,
        /// What.
        value: f64,
    },
}

impl Recorded {
    fn name(&self, direction: usize) -> String {
        if self.y.len() == 1 { "y".to_owned() } else { format!("y{}", direction + 1) }
    }

    /// Places of the domain, after every value has been looked at.
    fn places(&self, model: &Model) -> Result<Vec<f64>, RecordError> {
        if self.x.is_empty() {
            return Err(RecordError::Empty);
        }
        if !self.y.is_empty() && self.y.len() != model.directions() {
            return Err(RecordError::Directions { found: self.y.len(), expected: model.directions() });
        }
        for (i, y) in self.y.iter().enumerate() {
            if y.len() != self.x.len() {
                return Err(RecordError::Lengths { array: self.name(i), found: y.len(), expected: self.x.len() });
            }
        }
        if let Some(walkers) = self.walkers
            && (walkers == 0 || !self.x.len().is_multiple_of(walkers))
        {
            return Err(RecordError::Walkers { values: self.x.len(), walkers });
        }
        let arrays =
            std::iter::once(("x".to_owned(), &self.x)).chain((0..self.y.len()).map(|i| (self.name(i), &self.y[i])));
        for (array, values) in arrays {
            if let Some(index) = values.iter().position(|v| !v.is_finite()) {
                return Err(RecordError::NotFinite { array, index, value: values[index] });
            }
        }
        let place = |(index, value): (usize, &f64)| {
            model.domain().place(*value).ok_or(RecordError::Outside { index, value: *value })
        };
        self.x.iter().enumerate().map(place).collect()
    }

    /// How many independent samples the mean of these values is worth; an error says why that cannot be told.
    fn worth(&self, values: &[f64]) -> Result<f64, String> {
        let Some(walkers) = self.walkers else { return Ok(values.len() as f64) };
        let all = crate::stats::mean(values);
        let n = values.len() as f64;
        let variance = all.standard_error * all.standard_error * n;
        if !(variance > 0.0) {
            return Ok(n);
        }
        let times = values.len() / walkers;
        let paths = values.chunks_exact(times);
        if let Some(half) = (times >= 2).then_some(times / 2) {
            // Drift: the later half against the earlier one, walker by walker, or by the whole path's own error.
            let drift: Vec<f64> = paths.clone().map(|p| mean(&p[times - half..]) - mean(&p[..half])).collect();
            if walkers >= ENOUGH_WALKERS {
                let drift = crate::stats::mean(&drift);
                if !(drift.value.abs() <= STATIONARY * drift.standard_error) && drift.value != 0.0 {
                    return Err("the record is not stationary: its later half differs from its earlier one".into());
                }
            }
        }
        if walkers >= ENOUGH_WALKERS {
            let means: Vec<f64> = paths.map(mean).collect();
            let of_means = crate::stats::mean(&means).standard_error;
            // The spread is known to a part sqrt(2/walkers) only.
            let cautious = 1.0 + 2.0 * (2.0 / walkers as f64).sqrt();
            return Ok((variance / (of_means * of_means * cautious)).min(n));
        }
        let mut time = 0.0;
        for path in paths {
            let (_, own) = mean_of_path(path);
            if !own.is_finite() {
                return Err("the recorded paths are too short to tell how long they remember".into());
            }
            time += own / walkers as f64;
        }
        Ok((n / time).min(n))
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The claims that recorded samples can be held against, in the place of simulation.
pub(super) fn checks(
    model: &Model,
    heard: &Witnesses,
    steps: Option<&transfer::Solution>,
    record: &Recorded,
) -> Result<Vec<Check>, RecordError> {
    let x = record.places(model)?;
    let reference = match Reference::of(model, heard, steps) {
        Ok(reference) => reference,
        Err(reason) => return Ok(vec![without(DENSITY, Verdict::OutsideRegime, reason)]),
    };
    let mut functions: Vec<Claimed> = Vec::new();
    if model.sharp().iter().any(|s| varies(model, &s.curvature)) {
        let tape = model.compile(&[log_flatness(model)]);
        functions.push((FLATNESS, Box::new(move |x| tape.value(x))));
    }
    if varies(model, model.floor_loss()) {
        let tape = model.compile(std::slice::from_ref(model.floor_loss()));
        functions.push((LOSS, Box::new(move |x| tape.value(x))));
    }
    // What a density is worth: the slowest of its means and of the place itself.
    let mut slow: Vec<Vec<f64>> = functions.iter().map(|(_, f)| x.iter().map(|x| f(*x)).collect()).collect();
    match model.domain() {
        Domain::Periodic { lower, upper } => {
            let angle = |x: f64| std::f64::consts::TAU * (x - lower) / (upper - lower);
            slow.push(x.iter().map(|x| cos(angle(*x))).collect());
            slow.push(x.iter().map(|x| sin(angle(*x))).collect());
        }
        _ => slow.push(x.clone()),
    }
    let worth: Result<Vec<f64>, String> = slow.iter().map(|values| record.worth(values)).collect();
    let effective = match worth {
        Ok(worth) => worth.into_iter().fold(f64::INFINITY, f64::min),
        Err(reason) => return Ok(vec![without(DENSITY, Verdict::Undecided, reason)]),
    };
    let kind = match record.walkers {
        None => format!("{} independent samples", x.len()),
        Some(walkers) => format!("{walkers} paths worth {effective:.0} independent samples of {}", x.len()),
    };
    let mut sample = Sample { x, y: Vec::new(), records: 1, effective, diverged: 0, about: kind };
    let held = Held { reference: &reference, model, step: 0.0, false_alarm: FALSE_ALARM };
    let mut outcomes = vec![(DENSITY, held.shape(&sample))];
    for (claim, f) in &functions {
        outcomes.push((*claim, held.mean(&sample, f)));
    }
    let mut readings = vec![read(KAPPA, held.kappa(&sample))];
    if record.y.is_empty() {
        readings.push(read(STRENGTH_ALONG, held.strength_along(&sample)));
    } else {
        let squares: Vec<Vec<f64>> = record.y.iter().map(|y| y.iter().map(|y| y * y).collect()).collect();
        let worth: Result<Vec<f64>, String> = squares.iter().map(|values| record.worth(values)).collect();
        match worth {
            Ok(worth) => {
                sample.effective = worth.into_iter().fold(f64::INFINITY, f64::min);
                sample.y = record.y.clone();
                readings.push(read(STRENGTH, held.strength(&sample)));
                if let Ok(outcome) = held.across(&sample) {
                    outcomes.push((ACROSS, outcome));
                }
            }
            Err(reason) => return Ok(vec![without(ACROSS, Verdict::Undecided, reason)]),
        }
    }
    // The readings come first: they are what the record is worth.
    let mut checks = readings;
    for (claim, o) in outcomes {
        checks.push(compared(claim, o.expected, o.observed, o.limit, o.reason));
    }
    Ok(checks)
}

/// A reading that passes although it could not have failed says so.
fn read(claim: &'static str, outcome: Option<Outcome>) -> Check {
    let Some(o) = outcome else {
        return without(claim, Verdict::NotApplicable, "the law of what was recorded does not depend on it");
    };
    let found = compared(claim, o.expected, o.observed, o.limit, o.reason);
    let verdict = o.blind.filter(|_| found.verdict == Verdict::Pass).unwrap_or(found.verdict);
    Check { verdict, ..found }
}
