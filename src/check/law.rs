//! What the theory predicts for paths, with the error that it states: Langevin laws, or laws of the steps.

use super::spread::{smallness_of_steps, widening_of_steps};
use super::witnesses::smallness;
use crate::model::Model;
use crate::num::density::Density;
use crate::num::function::ln;
use crate::theory::{Method, regime, stationary};

/// Total variation that the adiabatic law of the steps is off, per smallness: 0.17 to 0.25 were measured for plain steps,
/// momentum, curvature noise, label noise and learners.
const PER_SMALLNESS: f64 = 0.4;
/// Beyond this smallness a law is not expected to hold.
const LARGEST: f64 = 0.3;

/// The adiabatic law along the floor, and the corrected one where it exists.
pub(super) struct Law {
    pub adiabatic: Density,
    pub corrected: Option<Density>,
    /// The largest small parameter.
    pub small: f64,
    /// What the law leaves out, where it has no first correction: the small parameter, and the part by which steps widen it.
    rough: f64,
}

impl Law {
    /// The law of paths for Langevin noise, of the steps for SGD.
    pub fn of(model: &Model) -> Result<Law, String> {
        let (first, second) = match model.sgd() {
            None => (Method::Adiabatic, Method::FirstOrder),
            Some(_) => (Method::Discrete, Method::DiscreteFirstOrder),
        };
        let adiabatic = stationary(model, first).map_err(|e| e.to_string())?.density;
        let small = match model.sgd() {
            None => smallness(&regime(model).map_err(|e| e.to_string())?),
            Some(_) => smallness_of_steps(model).map_err(|e| e.to_string())?,
        };
        if !(small <= LARGEST) {
            return Err(format!("the smallness parameters reach {small:.2}"));
        }
        let corrected = stationary(model, second).ok().map(|p| p.density);
        if corrected.is_none() && model.sgd().is_none() {
            return Err("the theory has no error bar: its first correction does not apply".to_owned());
        }
        let rough = if corrected.is_none() { small + widening_of_steps(model) } else { small };
        if !(rough <= LARGEST) {
            return Err(format!("the smallness parameters, with what finite steps widen, reach {rough:.2}"));
        }
        Ok(Law { adiabatic, corrected, small, rough })
    }

    /// The corrected density where there is one.
    pub fn best(&self) -> &Density {
        self.corrected.as_ref().unwrap_or(&self.adiabatic)
    }

    /// How far its mean of `f` may be off.
    pub fn best_mean_bar(&self, f: &dyn Fn(f64) -> f64) -> f64 {
        match &self.corrected {
            Some(corrected) => {
                let first = corrected.expectation(f) - self.adiabatic.expectation(f);
                first.abs() * (10.0 * self.small).min(1.0)
            }
            None => self.mean(f).1,
        }
    }

    /// What a second correction may add to the first.
    fn more(&self) -> f64 {
        1.0 + (10.0 * self.small).min(1.0)
    }

    /// The error of the adiabatic density in total variation, and what it is made of.
    pub fn bar(&self) -> (f64, String) {
        match &self.corrected {
            Some(corrected) => {
                let between = self.adiabatic.total_variation(corrected);
                (between * self.more(), format!("distance {between:.1e} between the two orders of the theory"))
            }
            None => (PER_SMALLNESS * self.rough, format!("{PER_SMALLNESS} times the smallness {:.1e}", self.rough)),
        }
    }

    /// The error of the corrected density.
    pub fn corrected_bar(&self, corrected: &Density) -> (f64, String) {
        let between = self.adiabatic.total_variation(corrected);
        let part = (10.0 * self.small).min(1.0);
        (between * part, format!("{part:.1e} of the first correction {between:.1e}"))
    }

    /// `ln` of the ratio of the probabilities of two stretches, and its error.
    pub fn log_ratio(&self, one: (f64, f64), other: (f64, f64)) -> (f64, f64) {
        let of = |law: &Density| ln(between(law, one) / between(law, other));
        let value = of(&self.adiabatic);
        let bar = match &self.corrected {
            Some(corrected) => (of(corrected) - value).abs() * self.more(),
            // A law that is off by a total variation t, evenly, is off by 2t in ln p at either place.
            None => 4.0 * PER_SMALLNESS * self.rough,
        };
        (value, bar)
    }

    /// Mean of a function of the place, and its error.
    pub fn mean(&self, f: &dyn Fn(f64) -> f64) -> (f64, f64) {
        let value = self.adiabatic.expectation(f);
        let bar = match &self.corrected {
            Some(corrected) => (corrected.expectation(f) - value).abs() * self.more(),
            None => {
                let spread = self.adiabatic.expectation(&|x| (f(x) - value) * (f(x) - value)).max(0.0).sqrt();
                2.0 * PER_SMALLNESS * self.rough * spread
            }
        };
        (value, bar)
    }
}

/// Probability of a stretch.
pub(super) fn between(law: &Density, (lower, upper): (f64, f64)) -> f64 {
    law.cdf(upper) - law.cdf(lower)
}
