//! The most likely places along the floor.
//!
//! Symbols: `p'/p = −f/D` of a law; of the joint density on the line `y = 0`, `P(x,0) = p(x) Π (2πV_i)^{−1/2}`, it is
//! `−f/D − ½ Σ V_i'/V_i`. A place is likely where `G := f + ½ D Σ V_i'/V_i` (joint) or `G := f` (marginal) rises through zero.

use crate::eval::Tape;
use crate::expr::Expr;
use crate::model::{Domain, Model};
use crate::num::function::sinh;
use crate::num::piecewise::Piecewise;
use crate::theory::law::{Condition, Law};
use crate::theory::{Method, NotApplicable, discrete, first_order, langevin, stationary};

/// Which density is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Density {
    /// Of the place along the floor, whatever the sharp directions do.
    Marginal,
    /// Of floor and sharp directions together, at the bottom of the valley: where `L_eff` is least.
    Joint,
}

/// Places that are looked at on each side of the start.
const SIDE: i32 = 256;
/// On a line they are `sinh` apart: this much denser at the start than at the ends.
const DENSE: f64 = 6.0;
/// Probability beyond the places that are looked at on a line, at each end.
const UNVISITED: f64 = 1e-7;
/// Share of the distance between two places by which the cut of a circle is moved.
const CUT: f64 = 0.381_966;
/// Change of `ln p` once around a circle that is more than rounding: there the density has a current.
const AROUND: f64 = 1e-8;
/// A mode counts as higher than another if its logarithm is by this much.
const HIGHER: f64 = 1e-9;

/// A mode and how likely it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Mode {
    pub at: f64,
    /// `ln p` there, up to a constant common to all.
    pub log: f64,
}

/// The slopes of a density at one learning rate and one noise.
pub(super) struct Landscape {
    model: Model,
    /// `G`, `D`, and the variances' part of the logarithm.
    tape: Tape,
    conditions: Tape,
    limits: Vec<(f64, Condition)>,
}

impl Landscape {
    pub fn new(model: Model, method: Method, density: Density) -> Result<Landscape, NotApplicable> {
        let law: Law = match method {
            Method::Adiabatic => langevin::law(&model)?,
            Method::FirstOrder => first_order::law(&model)?,
            Method::Discrete => discrete::law(&model)?,
            Method::DiscreteFirstOrder => first_order::law_of_steps(&model)?,
        };
        let x = model.coordinate();
        let variances: Vec<Expr> = match (density, method) {
            (Density::Marginal, _) => Vec::new(),
            (Density::Joint, Method::Adiabatic | Method::FirstOrder) => {
                let noise = langevin::noise(&model)?.noise;
                noise.iter().enumerate().map(|(i, noise)| noise / model.curvature(i)).collect()
            }
            (Density::Joint, _) => {
                discrete::across(&model, discrete::steps(&model)?)?.into_iter().map(|across| across.variance).collect()
            }
        };
        let spread = variances.iter().map(|v| Expr::ratio(1, 2) * v.derivative(x) / v);
        let slope = &law.force + &law.diffusion * Expr::sum(spread);
        let tape = model.compile(&[slope, law.diffusion]);
        let positive: Vec<Expr> = law.conditions.iter().map(|condition| condition.positive.clone()).collect();
        let conditions = model.compile(&positive);
        let limits = law.conditions.into_iter().map(|condition| (condition.limit, condition)).collect();
        Ok(Landscape { model, tape, conditions, limits })
    }

    /// Why the law does not hold at `x`, if it does not.
    pub fn fails(&self, x: f64) -> Option<NotApplicable> {
        let values = self.conditions.at(&[x]);
        let first = values.iter().position(|value| !(*value > 0.0))?;
        self.limits.get(first).map(|(limit, condition)| (condition.else_because)(x, *limit))
    }

    /// `G(x)`
    pub fn slope(&self, x: f64) -> f64 {
        self.tape.at(&[x])[0]
    }

    /// `G'(x)`
    pub fn stiffness(&self, x: f64) -> f64 {
        self.tape.duals(&[x], 0)[0].1
    }

    /// The law's value of `ln p(b) − ln p(a)`.
    pub fn rise(&self, a: f64, b: f64) -> Option<f64> {
        if a > b {
            return self.rise(b, a).map(|rise| -rise);
        }
        if a == b {
            return Some(0.0);
        }
        let slope = |x: f64| {
            let values = self.tape.at(&[x]);
            -values[0] / values[1]
        };
        let pieces = Piecewise::new(&slope, a, b, 1e-13, &|_| true).ok()?;
        pieces.unresolved().is_none().then(|| pieces.integral().at(b))
    }

    /// The mode that Newton's method reaches from `guess`, if it stays near.
    pub fn polished(&self, guess: f64, reach: f64) -> Option<f64> {
        let mut x = guess;
        for _ in 0..60 {
            let (value, slope) = self.tape.duals(&[x], 0)[0];
            let step = -value / slope;
            if !(step.is_finite() && (x + step - guess).abs() <= reach) {
                return None;
            }
            x += step;
            if step.abs() <= 4.0 * f64::EPSILON * (x.abs() + reach) {
                return (slope > 0.0).then_some(x);
            }
        }
        None
    }

    /// All modes, from left to right, and how likely each is. `start` is where places lie densest.
    pub fn modes(&self, start: f64) -> Result<Vec<Mode>, NotApplicable> {
        let places = self.places(start)?;
        if let Some(reason) = places.iter().find_map(|x| self.fails(*x)) {
            return Err(reason);
        }
        let values: Vec<f64> = places.iter().map(|x| self.slope(*x)).collect();
        let last = places.len() - 1;
        let walls = matches!(self.model.domain(), Domain::Interval { .. });
        if self.model.domain().is_periodic() {
            let around = self.rise(places[0], places[last]).ok_or(NotApplicable::Diffusion { at: start })?;
            if !(around.abs() <= AROUND) {
                return Err(NotApplicable::Current);
            }
        }
        let mut found = Vec::new();
        if walls && values[0] > 0.0 {
            found.push(places[0]);
        }
        for k in 0..last {
            if values[k] < 0.0 && values[k + 1] >= 0.0 {
                found.push(self.zero(places[k], places[k + 1]));
            }
        }
        if walls && values[last] < 0.0 {
            found.push(places[last]);
        }
        let mut modes: Vec<Mode> = Vec::new();
        for at in found {
            let log = match modes.last() {
                None => 0.0,
                Some(before) => before.log + self.rise(before.at, at).ok_or(NotApplicable::Diffusion { at })?,
            };
            modes.push(Mode { at, log });
        }
        Ok(modes)
    }

    /// Where `G` changes sign, by halving: nothing can go wrong.
    fn zero(&self, mut a: f64, mut b: f64) -> f64 {
        loop {
            let middle = 0.5 * (a + b);
            if !(a < middle && middle < b) {
                return b;
            }
            if self.slope(middle) >= 0.0 { b = middle } else { a = middle }
        }
    }

    /// The places that are looked at.
    fn places(&self, start: f64) -> Result<Vec<f64>, NotApplicable> {
        let n = 2 * SIDE;
        Ok(match self.model.domain() {
            Domain::Interval { lower, upper } => (0..=2 * n)
                .map(|k| if k == 2 * n { upper } else { lower + (upper - lower) * f64::from(k) / f64::from(2 * n) })
                .collect(),
            Domain::Periodic { lower, upper } => {
                // Off any symmetric place, so that a mode is never where the circle is cut.
                let period = upper - lower;
                let first = start - (0.5 - CUT / f64::from(2 * n)) * period;
                (0..=2 * n).map(|k| first + period * f64::from(k) / f64::from(2 * n)).collect()
            }
            Domain::Line => {
                let density = stationary(&self.model, Method::Adiabatic)?.density;
                let (a, b) = (density.quantile(UNVISITED), density.quantile(1.0 - UNVISITED));
                let reach = (b - start).max(start - a);
                (-SIDE..=SIDE)
                    .map(|k| start + reach * sinh(DENSE * f64::from(k) / f64::from(SIDE)) / sinh(DENSE))
                    .collect()
            }
        })
    }
}

/// The highest of several modes; the one nearest to `home` where others are not higher.
pub(super) fn highest(modes: &[Mode], home: f64) -> Option<(Mode, Mode)> {
    let near = modes.iter().min_by(|a, b| (a.at - home).abs().total_cmp(&(b.at - home).abs()))?;
    let best = modes.iter().max_by(|a, b| a.log.total_cmp(&b.log))?;
    Some((*near, if best.log > near.log + HIGHER { *best } else { *near }))
}
