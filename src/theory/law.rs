//! From a formula for `p'/p` to a density.
//!
//! Symbols: `p'/p = −force/diffusion` (zero flux), with a current `p' = −(force/diffusion) p − J/diffusion`.

use super::scan::{failure, smallest};
use super::{Method, NotApplicable, Prediction};
use crate::expr::Expr;
use crate::model::{Domain, Model};
use crate::num::density::Density;

/// Probability that may lie where a condition fails, on the line.
const NEGLIGIBLE: f64 = 1e-12;
/// Probability that a corrected law has where the adiabatic one has nearly all of its own.
const FAMILIAR: f64 = 0.5;
/// Points of the trapezoidal rule around a circle (spectrally accurate for smooth formulas).
const AROUND: u32 = 4096;
/// Relative size below which the circulation of `p'/p` is rounding.
const CIRCULATION: f64 = 1e-11;

/// What must be positive for a formula to apply.
#[derive(Clone, Debug)]
pub(super) struct Condition {
    pub positive: Expr,
    pub else_because: fn(f64, f64) -> NotApplicable,
    /// Handed to the reason (the limit that is passed).
    pub limit: f64,
}

impl Condition {
    pub(super) fn new(positive: Expr, else_because: fn(f64, f64) -> NotApplicable) -> Condition {
        Condition { positive, else_because, limit: 0.0 }
    }
}

/// A stationary law along the floor as formulas in the coordinate.
#[derive(Clone, Debug)]
pub(super) struct Law {
    pub force: Expr,
    pub diffusion: Expr,
    /// `ln p` up to a constant, where it is known in closed form.
    pub log: Option<Expr>,
    pub conditions: Vec<Condition>,
}

impl Law {
    /// The density. `reference` tells where on the line the conditions are needed.
    pub(super) fn solve(
        &self,
        model: &Model,
        method: Method,
        reference: Option<&Density>,
    ) -> Result<Prediction, NotApplicable> {
        let domain = model.domain();
        let region = domain.ends().or_else(|| reference.map(|density| density.visited(NEGLIGIBLE)));
        if let Some((lower, upper)) = region {
            self.check(model, lower, upper)?;
        }
        let tape = model.compile(&[self.force.clone(), self.diffusion.clone()]);
        let both = |x: f64| {
            let mut out = [0.0; 2];
            tape.at_into(&[x], &mut out);
            out
        };
        let slope = |x: f64| {
            let [force, diffusion] = both(x);
            -force / diffusion
        };
        // Where a condition fails beyond the places that matter, the tails are continued as exponentials.
        let kept = region.filter(|&(a, b)| {
            domain == Domain::Line && self.fails_beyond(model, a, b) && slope(a) > 0.0 && slope(b) < 0.0
        });
        let inside = |x: f64| kept.map_or(x, |(a, b)| x.clamp(a, b));
        let still = |density| Prediction { method, density, current: 0.0 };
        let refused = |error| NotApplicable::Density(error);
        if let Some(log) = &self.log {
            let log = model.compile(std::slice::from_ref(log));
            let continued = |x: f64| {
                let at = inside(x);
                if at == x { log.value(x) } else { log.value(at) + slope(at) * (x - at) }
            };
            return Density::from_log(domain, &continued).map(still).map_err(refused);
        }
        if let Domain::Periodic { lower, upper } = domain
            && circulates(&slope, lower, upper)
        {
            let (density, current) = Density::with_current(domain, &slope, &|x| both(x)[1]).map_err(refused)?;
            return Ok(Prediction { method, density, current });
        }
        let slope = |x: f64| slope(inside(x));
        match reference {
            // The tail of a corrected law may be heavier than that of the adiabatic one, which is not the place to cut it; but
            // where the formula leaves its ground far out it is followed only as far as the adiabatic law reaches.
            Some(guide) if domain == Domain::Line => match Density::from_slope(domain, &slope) {
                Ok(density) if region.is_some_and(|(a, b)| density.cdf(b) - density.cdf(a) > FAMILIAR) => Ok(density),
                _ => Density::from_slope_like(guide, &slope),
            },
            _ => Density::from_slope(domain, &slope),
        }
        .map(still)
        .map_err(refused)
    }

    /// Whether a condition fails somewhere on the line outside `[lower, upper]`.
    fn fails_beyond(&self, model: &Model, lower: f64, upper: f64) -> bool {
        let conditions: Vec<Expr> = self.conditions.iter().map(|condition| condition.positive.clone()).collect();
        let tape = model.compile(&conditions);
        let mut reach = (upper - lower) / 64.0;
        (0..50).any(|_| {
            reach *= 2.0;
            [lower - reach, upper + reach].iter().any(|&x| tape.at(&[x]).iter().any(|&value| !(value > 0.0)))
        })
    }

    /// Whether every condition holds between two places.
    pub(super) fn check(&self, model: &Model, lower: f64, upper: f64) -> Result<(), NotApplicable> {
        for condition in &self.conditions {
            let tape = model.compile(std::slice::from_ref(&condition.positive));
            let (at, value) = smallest(&|x| tape.value(x), lower, upper);
            // The scan finds the worst place; enclosures look between its places.
            let fails = if value > 0.0 { failure(&tape, lower, upper) } else { Some(at) };
            if let Some(at) = fails {
                return Err((condition.else_because)(at, condition.limit));
            }
        }
        Ok(())
    }
}

/// Whether `∮ slope dx` is more than rounding: without a mirror symmetry there is a current.
fn circulates(slope: &dyn Fn(f64) -> f64, lower: f64, upper: f64) -> bool {
    let (mut sum, mut size) = (0.0, 0.0);
    for k in 0..AROUND {
        let value = slope(lower + (upper - lower) * f64::from(k) / f64::from(AROUND));
        sum += value;
        size += value.abs();
    }
    sum.abs() > CIRCULATION * size
}

#[cfg(test)]
mod tests {
    use super::circulates;
    use crate::num::function::{cos, sin};

    #[test]
    fn only_a_circle_without_mirror_symmetry_circulates() {
        let period = std::f64::consts::TAU;
        assert!(!circulates(&|x| sin(x) * (1.0 + 0.5 * cos(x)), 0.0, period));
        assert!(!circulates(&|_| 0.0, 0.0, period));
        assert!(circulates(&|x| sin(x) + 1e-6, 0.0, period));
    }
}
