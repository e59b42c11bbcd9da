//! The plane of the diagram: learning rate across, noise upwards, both as logarithms.

use super::trace::Place;
use crate::model::{Model, Noise};
use crate::num::function::{exp, ln};
use crate::theory::bounds::worst_curvature;
use crate::theory::stretch;
use crate::units::LearningRate;
use std::cell::RefCell;
use std::collections::BTreeMap;

/// What the noise axis measures. It is the noise field of the model file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// `Δ` of a Langevin equation.
    Delta,
    /// Per-sample gradient variance of SGD, where it is a number.
    Variance,
    /// Factor of the per-sample gradient variance of SGD, where that is a formula of the place.
    Multiplier,
}

impl Measure {
    /// The measure for this model.
    pub fn of(model: &Model) -> Measure {
        match model.sgd() {
            None => Measure::Delta,
            Some(sgd) if sgd.variance.iter().any(|variance| variance.contains(model.coordinate())) => {
                Measure::Multiplier
            }
            Some(_) => Measure::Variance,
        }
    }

    /// A word for it.
    pub fn name(self) -> &'static str {
        match self {
            Measure::Delta => "delta",
            Measure::Variance => "variance",
            Measure::Multiplier => "variance-multiplier",
        }
    }

    /// What it means, in a sentence.
    pub fn meaning(self) -> &'static str {
        match self {
            Measure::Delta => {
                "noise is Delta of the Langevin equation (T = Delta/kappa); that equation has no learning rate: it enters only where the \
                 equation is stepped, w <- w - learning_rate*(grad L + xi), Cov xi = 2 Delta/learning_rate"
            }
            Measure::Variance => {
                "noise is the per-sample gradient variance C across the valley (the field `variance`): Delta = learning_rate*C/(2 batch_size); \
                 the variance along the floor follows in proportion"
            }
            Measure::Multiplier => {
                "noise multiplies the per-sample gradient variance of the file (1 is as written), which depends on the place; the variance \
                 along the floor follows in proportion"
            }
        }
    }

    /// The noise of the model as it stands.
    pub fn own(self, model: &Model) -> f64 {
        match model.noise() {
            Noise::Langevin { delta, .. } => *delta,
            Noise::Sgd(_) if self == Measure::Multiplier => 1.0,
            Noise::Sgd(sgd) => {
                let first = model.compile(std::slice::from_ref(&sgd.variance[0]));
                first.value(0.0) / model.sharp()[0].delta
            }
        }
    }
}

/// A window of the plane, and the model at each of its places.
#[derive(Clone, Debug)]
pub(super) struct Plane<'a> {
    model: &'a Model,
    pub measure: Measure,
    own: f64,
    learning_rate: (f64, f64),
    noise: (f64, f64),
    /// Worst curvatures that were worked out, by learning rate and noise: several bounds ask at the same places.
    worst: RefCell<BTreeMap<[u64; 2], Option<f64>>>,
}

/// `lower (upper/lower)^t`, the ends exactly.
fn between((lower, upper): (f64, f64), t: f64) -> f64 {
    if t == 0.0 {
        lower
    } else if t == 1.0 {
        upper
    } else {
        lower * exp(t * ln(upper / lower))
    }
}

impl<'a> Plane<'a> {
    pub fn new(model: &'a Model, learning_rate: (f64, f64), noise: (f64, f64)) -> Plane<'a> {
        let measure = Measure::of(model);
        Plane { model, measure, own: measure.own(model), learning_rate, noise, worst: RefCell::default() }
    }

    /// `[learning rate, noise]` at a place of the unit square (or beside it).
    pub fn values(&self, place: Place) -> Place {
        [between(self.learning_rate, place[0]), between(self.noise, place[1])]
    }

    /// Where in the unit square a learning rate lies.
    pub fn across(&self, learning_rate: f64) -> f64 {
        ln(learning_rate / self.learning_rate.0) / ln(self.learning_rate.1 / self.learning_rate.0)
    }

    /// Where in the unit square a noise lies.
    pub fn upwards(&self, noise: f64) -> f64 {
        ln(noise / self.noise.0) / ln(self.noise.1 / self.noise.0)
    }

    /// The model with this learning rate and noise.
    pub fn model(&self, [learning_rate, noise]: [f64; 2]) -> Model {
        match self.measure {
            Measure::Delta => self.model.with_delta(noise),
            _ => {
                let scaled = self.model.with_noise_scaled(noise / self.own);
                scaled.with_learning_rate(LearningRate(learning_rate))
            }
        }
    }

    /// The model at a place.
    pub fn at(&self, place: Place) -> Model {
        self.model(self.values(place))
    }

    /// The largest curvature of the stretch that is visited there.
    pub fn worst_visited(&self, values: [f64; 2]) -> Option<f64> {
        let key = values.map(f64::to_bits);
        if let Some(known) = self.worst.borrow().get(&key) {
            return *known;
        }
        let model = self.model(values);
        let found = stretch(&model).ok().and_then(|(a, b)| worst_curvature(&model, a, b)).map(|(worst, _)| worst);
        self.worst.borrow_mut().insert(key, found);
        found
    }

    /// The model as it was handed in.
    pub fn original(&self) -> &'a Model {
        self.model
    }
}
