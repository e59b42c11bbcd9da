//! One step from a place: where it leads on average, and how it scatters.

use super::Unsolved;
use crate::eval::Tape;
use crate::expr::Expr;
use crate::model::{Domain, Model, Sampling};
use crate::num::density::Density;

/// Probability of the adiabatic law of the steps beyond the ends of the stretch covered.
const BEYOND: f64 = 1e-13;

/// The steps of one model.
pub(super) struct Map {
    pub domain: Domain,
    pub rate: f64,
    /// `p̂`
    factor: f64,
    /// `c²` of a batch.
    curvature_noise: f64,
    /// `[L0', λ, λ', C, C_floor]`
    tape: Tape,
    /// The stretch covered before it is widened, and the standard deviations across in it.
    pub stretch: (f64, f64),
    /// Least standard deviations of one step in the stretch, along and across.
    pub scatter: (f64, f64),
    /// Largest standard deviation across.
    pub spread: f64,
}

/// The landscape at one place.
struct Local {
    slope: f64,
    curvature: f64,
    curvature_slope: f64,
    /// `S` across and along.
    noise: (f64, f64),
}

/// The Gaussian law of one step from `(x, y)`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    pub mean: (f64, f64),
    pub variance: (f64, f64),
    pub covariance: f64,
}

impl Map {
    pub fn of(model: &Model) -> Result<Map, Unsolved> {
        let sgd = model.sgd().ok_or(Unsolved::NoSteps)?;
        let coordinate = model.coordinate();
        let slope = |formula: &Expr| formula.derivative(coordinate);
        // A direction of constant curvature does not push along the floor.
        let coupled: Vec<usize> =
            (0..model.directions()).filter(|i| model.curvature(*i).contains(coordinate)).collect();
        let learners = sgd.learners.as_ref().map_or(1, |l| l.count());
        let positions = (1 + coupled.len().max(1)) * learners;
        let too_many = |dimensions, because| Err(Unsolved::TooManyDimensions { dimensions, because });
        if sgd.sampling == Sampling::Epoch {
            return too_many(positions + 2, "epochs remember the noise so far");
        }
        if sgd.momentum != 0.0 {
            return too_many(2 * positions, "momentum adds the velocities");
        }
        if learners > 1 {
            return too_many(positions, "every learner has a place of its own");
        }
        if coupled.len() > 1 {
            return too_many(positions, "several sharp directions vary along the floor");
        }
        let direction = coupled.first().copied().unwrap_or(0);
        let curvature = model.curvature(direction);
        let tape = model.compile(&[
            slope(model.floor_loss()),
            curvature.clone(),
            slope(curvature),
            sgd.variance[direction].clone(),
            sgd.floor_variance.clone(),
            slope(&sgd.floor_variance),
        ]);
        let factor = sgd.batch_factor();
        let mut map = Map {
            domain: model.domain(),
            rate: sgd.learning_rate.value(),
            factor,
            curvature_noise: sgd.curvature_noise * sgd.curvature_noise * factor,
            tape,
            stretch: (0.0, 0.0),
            scatter: (f64::INFINITY, f64::INFINITY),
            spread: 0.0,
        };
        map.stretch = match model.domain() {
            Domain::Periodic { lower, upper } => (lower, upper),
            domain => map.expected(domain)?,
        };
        for k in 0..=400 {
            let x = map.stretch.0 + (map.stretch.1 - map.stretch.0) * f64::from(k) / 400.0;
            let local = map.local(x);
            let variance = map.variance(&local);
            let (across, along) = (local.noise.0.sqrt() * map.rate, local.noise.1.sqrt() * map.rate);
            if !(across > 0.0 && along > 0.0 && (across + along + local.slope + local.curvature_slope).is_finite()) {
                return Err(Unsolved::NotFinite { at: x });
            }
            if !(variance > 0.0 && variance.is_finite()) {
                return Err(Unsolved::Unstable { at: x });
            }
            map.scatter = (map.scatter.0.min(along), map.scatter.1.min(across));
            map.spread = map.spread.max(variance.sqrt());
        }
        Ok(map)
    }

    fn local(&self, x: f64) -> Local {
        let mut v = [0.0; 6];
        self.tape.at_into(&[x], &mut v);
        Local { slope: v[0], curvature: v[1], curvature_slope: v[2], noise: (self.factor * v[3], self.factor * v[4]) }
    }

    /// Variance across while the place along the floor is held: it only says how far the grid must reach.
    fn variance(&self, local: &Local) -> f64 {
        let decay = 1.0 - self.rate * local.curvature;
        let multiplied = decay * decay + self.curvature_noise * (self.rate * local.curvature).powi(2);
        self.rate * self.rate * local.noise.0 / (1.0 - multiplied)
    }

    /// The stretch that the adiabatic law of the steps occupies.
    fn expected(&self, domain: Domain) -> Result<(f64, f64), Unsolved> {
        let slope = |x: f64| {
            let mut v = [0.0; 6];
            self.tape.at_into(&[x], &mut v);
            let variance = self.variance(&self.local(x));
            let temperature = 0.5 * self.rate * self.factor;
            -(v[0] + 0.5 * v[2] * variance + temperature * v[5]) / (temperature * v[4])
        };
        let law = Density::from_slope(domain, &slope).map_err(|e| Unsolved::Unconfined(e.to_string()))?;
        Ok(law.visited(BEYOND))
    }

    /// The law of the step from `(x, y)`.
    pub fn step(&self, x: f64, y: f64) -> Step {
        let local = self.local(x);
        // Push along and pull back across, each carried by the curvature of the batch.
        let push = 0.5 * self.rate * local.curvature_slope * y * y;
        let pull = self.rate * local.curvature * y;
        let square = self.rate * self.rate;
        Step {
            mean: (x - self.rate * local.slope - push, y - pull),
            variance: (
                square * local.noise.1 + self.curvature_noise * push * push,
                square * local.noise.0 + self.curvature_noise * pull * pull,
            ),
            covariance: self.curvature_noise * push * pull,
        }
    }
}
