//! What was found: the stationary density along the floor, and the spread across it.

use super::rule::Rule;
use crate::num::domain::Domain;
use crate::num::function::exp;

/// The exact stationary law of a Langevin model: its marginal along the floor, with the second moments across.
#[derive(Clone, Debug)]
pub struct Solution {
    /// Probability current along the circle, per unit of time; 0 elsewhere.
    pub current: f64,
    /// Own estimate of the error of the density, relative to its peak.
    pub error: f64,
    /// Hermite modes kept, the zeroth included.
    pub modes: usize,
    /// Panels along the floor.
    pub panels: usize,
    /// Degree of the polynomials on them.
    pub degree: usize,
    /// Between these ends the density was solved; beyond them it is below the tolerance and taken as 0.
    pub visited: (f64, f64),
    pub(super) domain: Domain,
    pub(super) rule: Rule,
    pub(super) pieces: Vec<Piece>,
    /// Variances of the directions that do not depend on the coordinate.
    pub(super) directions: Vec<Across>,
    pub(super) peak: (f64, f64),
}

/// Where the second moment of a direction comes from.
#[derive(Clone, Debug)]
pub(super) enum Across {
    /// Its constant variance.
    Constant(f64),
    /// This one of the pieces' second moments.
    Solved(usize),
}

/// One panel of the solution.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    pub left: f64,
    pub width: f64,
    /// `ln ρ` at the nodes, normalisation included.
    pub log: Vec<f64>,
    /// `p/ρ` at the nodes.
    pub ratio: Vec<f64>,
    /// `<y_i²>` given the coordinate, times `p/ρ`, at the nodes, per solved direction.
    pub second: Vec<Vec<f64>>,
    /// Probability to the left of it.
    pub before: f64,
}

impl Piece {
    pub fn reference(&self, x: f64) -> f64 {
        (2.0 * (x - self.left) / self.width - 1.0).clamp(-1.0, 1.0)
    }
    pub fn weighted(&self, rule: &Rule, values: &[f64], t: f64) -> f64 {
        exp(rule.interpolate(&self.log, t)) * rule.interpolate(values, t)
    }
    /// `∫ f p dx` from its left end to the reference place `t`.
    pub fn integral(&self, rule: &Rule, values: &[f64], t: f64, f: &dyn Fn(f64) -> f64) -> f64 {
        let half = 0.5 * (t + 1.0);
        let mut sum = 0.0;
        for (point, weight) in rule.points.iter().zip(&rule.weights) {
            let s = half * (1.0 + point) - 1.0;
            sum += weight * self.weighted(rule, values, s) * f(self.left + 0.5 * self.width * (1.0 + s));
        }
        0.5 * self.width * half * sum
    }
}

impl Solution {
    /// The place in the stretch that was solved, which on a circle may reach past the upper end.
    fn place(&self, x: f64) -> Option<f64> {
        let place = self.domain.place(x)?;
        match self.domain {
            Domain::Periodic { lower, upper } if place < self.visited.0 => Some(place + (upper - lower)),
            _ => Some(place),
        }
    }

    fn piece(&self, x: f64) -> Option<&Piece> {
        let x = self.place(x)?;
        if !(self.visited.0 <= x && x <= self.visited.1) {
            return None;
        }
        let index = self.pieces.partition_point(|piece| piece.left <= x);
        self.pieces.get(index.saturating_sub(1))
    }

    /// The density at `x`: wrapped on a circle, 0 outside the domain and beyond [`Solution::visited`]; NaN at NaN.
    pub fn at(&self, x: f64) -> f64 {
        if x.is_nan() {
            return x;
        }
        let place = self.place(x).unwrap_or(x);
        self.piece(x).map_or(0.0, |piece| piece.weighted(&self.rule, &piece.ratio, piece.reference(place)))
    }

    /// Probability of the domain to the left of `x` (on a circle: from its lower end to the place of `x`).
    pub fn cdf(&self, x: f64) -> f64 {
        if x.is_nan() {
            return x;
        }
        if let Domain::Periodic { lower, .. } = self.domain
            && self.visited.0 > lower
        {
            let part = self.mass_before(x) - self.mass_before(lower);
            let wraps = self.place(x) < self.place(lower);
            return (if wraps { 1.0 + part } else { part }).clamp(0.0, 1.0);
        }
        self.mass_before(x)
    }

    /// Probability of the stretch that was solved, to the left of the place of `x`.
    fn mass_before(&self, x: f64) -> f64 {
        let place = self.place(x).unwrap_or(x);
        match self.piece(x) {
            Some(piece) => {
                let part = piece.integral(&self.rule, &piece.ratio, piece.reference(place), &|_| 1.0);
                (piece.before + part).clamp(0.0, 1.0)
            }
            None if place < self.visited.0 => 0.0,
            None => 1.0,
        }
    }

    /// `∫ f p dx`, by Gauss–Legendre on the panels: as accurate as `f` is smooth.
    pub fn expectation(&self, f: &dyn Fn(f64) -> f64) -> f64 {
        let wrapped = |x: f64| match self.domain {
            Domain::Periodic { lower, upper } if x > upper => f(x - (upper - lower)),
            _ => f(x),
        };
        self.pieces.iter().map(|piece| piece.integral(&self.rule, &piece.ratio, 1.0, &wrapped)).sum()
    }

    /// `<y_i²>` over the whole law; `None` where there is no such direction.
    pub fn second_moment(&self, direction: usize) -> Option<f64> {
        Some(match self.directions.get(direction)? {
            Across::Constant(variance) => *variance,
            Across::Solved(i) => {
                self.pieces.iter().map(|piece| piece.integral(&self.rule, &piece.second[*i], 1.0, &|_| 1.0)).sum()
            }
        })
    }

    /// `<y_i²>` given the coordinate; `None` where there is no such direction or the density is 0.
    pub fn conditional_second_moment(&self, direction: usize, x: f64) -> Option<f64> {
        let piece = self.piece(x)?;
        let t = piece.reference(self.place(x)?);
        Some(match self.directions.get(direction)? {
            Across::Constant(variance) => *variance,
            Across::Solved(i) => self.rule.interpolate(&piece.second[*i], t) / self.rule.interpolate(&piece.ratio, t),
        })
    }

    /// Where the density is largest, and its value there: `(x, p)`, to a panel's nodes and points.
    pub fn peak(&self) -> (f64, f64) {
        self.peak
    }
}
