//! The law that samples are held against, and how wrong it may be itself: the exact solve where there is one, else the theory
//! with its error bar.

use super::law::Law;
use super::witnesses::Witnesses;
use crate::fokker_planck::Solution;
use crate::model::Model;
use crate::num::density::Density;
use crate::theory::{Method, joint};
use crate::transfer;

pub(super) enum Reference<'a> {
    /// The exact solve of a Langevin model.
    Exact(&'a Solution, &'a Density),
    /// The steps of SGD by their transfer operator, and their law by the theory.
    Steps(&'a transfer::Solution, Box<Law>),
    /// The best order of the theory, and which it is.
    Theory(Box<Law>),
}

impl<'a> Reference<'a> {
    /// For Langevin noise the exact solve, for steps their operator, and where there is none the theory.
    pub fn of(
        model: &Model,
        heard: &'a Witnesses,
        steps: Option<&'a transfer::Solution>,
    ) -> Result<Reference<'a>, String> {
        match (&heard.exact, steps) {
            (Ok(exact), _) if model.sgd().is_none() => Ok(Reference::Exact(exact, heard.expected())),
            (_, Some(steps)) if model.sgd().is_some() => {
                Law::of(model).map(|law| Reference::Steps(steps, Box::new(law)))
            }
            _ => Law::of(model).map(|law| Reference::Theory(Box::new(law))),
        }
    }

    /// A density close to it, for edges of bins and starts of walkers.
    pub fn guide(&self) -> &Density {
        match self {
            Reference::Exact(_, guide) => guide,
            Reference::Steps(_, law) | Reference::Theory(law) => law.best(),
        }
    }

    pub fn cdf(&self, x: f64) -> f64 {
        match self {
            Reference::Exact(exact, _) => exact.cdf(x),
            Reference::Steps(steps, _) => steps.cdf(x),
            Reference::Theory(law) => law.best().cdf(x),
        }
    }

    pub fn mean(&self, f: &dyn Fn(f64) -> f64) -> f64 {
        match self {
            Reference::Exact(exact, _) => exact.expectation(f),
            Reference::Steps(steps, _) => steps.expectation(f),
            Reference::Theory(law) => law.best().expectation(f),
        }
    }

    /// How far its mean of `f` may be off.
    pub fn mean_bar(&self, f: &dyn Fn(f64) -> f64) -> f64 {
        match self {
            Reference::Exact(exact, _) => Witnesses::floor(exact) * exact.expectation(&|x| f(x).abs()),
            Reference::Steps(steps, _) => steps.error * steps.expectation(&|x| f(x).abs()),
            Reference::Theory(law) => law.best_mean_bar(f),
        }
    }

    /// How far it may be off in total variation.
    pub fn bar(&self) -> f64 {
        match self {
            Reference::Exact(exact, _) => Witnesses::floor(exact),
            Reference::Steps(steps, _) => steps.error,
            Reference::Theory(law) => match &law.corrected {
                Some(corrected) => law.corrected_bar(corrected).0,
                None => law.bar().0,
            },
        }
    }

    /// `<y_i²>` and how far it may be off; `None` where the theory has none of the samples' kind.
    pub fn across(&self, model: &Model, direction: usize) -> Option<(f64, f64)> {
        match self {
            Reference::Exact(exact, _) => exact.second_moment(direction).map(|v| (v, Witnesses::floor(exact) * v)),
            Reference::Steps(steps, _) => {
                (direction == 0).then_some((steps.second_moment, steps.error * steps.second_moment))
            }
            Reference::Theory(law) => {
                if model.sgd().is_some_and(|s| s.learners.is_some()) {
                    return None;
                }
                let method = if model.sgd().is_some() { Method::Discrete } else { Method::Adiabatic };
                let joint = joint(model, method).ok()?;
                let mean = law.best().expectation(&|x| joint.variances_at(x)[direction]);
                Some((mean, mean * law.small.min(1.0)))
            }
        }
    }
}
