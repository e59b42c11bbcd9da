//! What was found: the stationary density of the steps along the floor, a mixture of the Gaussians of the last step.

use super::kernel::{Kernel, Places};
use super::map::Map;
use crate::num::function::{erf, exp};
use crate::num::sum::Sum;
use std::rc::Rc;

/// The stationary law of the steps.
#[derive(Clone)]
pub struct Solution {
    /// Quadrature places along the floor, ascending.
    pub nodes: Vec<f64>,
    /// The density there.
    pub density: Vec<f64>,
    /// `<y²>` over the whole law.
    pub second_moment: f64,
    /// `<y²>` given the place, at the places.
    pub conditional: Vec<f64>,
    /// Own estimate of the error of the density, relative to its peak.
    pub error: f64,
    /// Probability current along the circle per unit of continuous time (`η` per step); 0 elsewhere.
    pub current: f64,
    /// Quadrature places, along and across.
    pub places: (usize, usize),
    /// `(mean, standard deviation, mass)` of each Gaussian.
    mixture: Rc<Vec<(f64, f64, f64)>>,
    along: Rc<Places>,
}

/// Masses below this share are left out of the mixture.
const NEGLIGIBLE: f64 = 1e-17;
/// Standard deviations beyond which a Gaussian is not added.
const FAR: f64 = 9.0;

impl Solution {
    /// From the masses of all places; `None` where they are not probabilities.
    pub(super) fn of(map: &Map, kernel: Kernel, masses: &[f64]) -> Option<Solution> {
        let (n, m) = kernel.shape();
        let total = masses.iter().copied().collect::<Sum>().value();
        if !(total > 0.0 && total.is_finite()) {
            return None;
        }
        let missed = kernel.missed(masses) / total;
        let mut mixture = Vec::new();
        let (mut second, mut drift) = (Sum::default(), Sum::default());
        let (mut density, mut conditional) = (Vec::with_capacity(n), Vec::with_capacity(n));
        for i in 0..n {
            let (mut here, mut spread) = (0.0, 0.0);
            for j in 0..m {
                let (mass, law) = (masses[i * m + j] / total, kernel.steps[i * m + j]);
                here += mass;
                spread += mass * kernel.ys[j] * kernel.ys[j];
                drift.add(mass * (law.mean.0 - kernel.places.nodes[i]));
                if mass > NEGLIGIBLE {
                    mixture.push((law.mean.0, law.variance.0.sqrt(), mass));
                }
            }
            second.add(spread);
            density.push(here / kernel.places.weights[i]);
            conditional.push(spread / here);
        }
        let current = match map.domain.ends() {
            Some((a, b)) if map.domain.is_periodic() => drift.value() / map.rate / (b - a),
            _ => 0.0,
        };
        Some(Solution {
            nodes: kernel.places.nodes.clone(),
            density,
            second_moment: second.value(),
            conditional,
            error: missed,
            current,
            places: (n, m),
            mixture: Rc::new(mixture),
            along: Rc::new(kernel.places),
        })
    }

    /// The density at `x`: one step of the law at the quadrature places, so as accurate between them. 0 outside an
    /// interval, wrapped on a circle, NaN at NaN.
    pub fn at(&self, x: f64) -> f64 {
        let norm = 1.0 / (2.0 * std::f64::consts::PI).sqrt();
        if x.is_nan() || !self.along.holds(x) {
            return if x.is_nan() { x } else { 0.0 };
        }
        let mut sum = 0.0;
        for (mean, deviation, mass) in self.mixture.iter() {
            self.along.each_image(x, *mean, FAR * deviation, &mut |apart| {
                let z = apart / deviation;
                sum += mass * norm / deviation * exp(-0.5 * z * z);
            });
        }
        sum
    }

    /// Probability between two places `a ≤ b` of the domain.
    pub fn between(&self, a: f64, b: f64) -> f64 {
        let mut sum = 0.0;
        for (mean, deviation, mass) in self.mixture.iter() {
            let scale = 1.0 / (deviation * std::f64::consts::SQRT_2);
            let width = b - a;
            self.along.each_image(a, *mean, FAR * deviation + width.abs(), &mut |apart| {
                sum += 0.5 * mass * (erf((apart + width) * scale) - erf(apart * scale));
            });
        }
        sum
    }

    /// `∫ f p dx` by the quadrature of the places.
    pub fn expectation(&self, f: &dyn Fn(f64) -> f64) -> f64 {
        let terms = self.nodes.iter().zip(&self.density).zip(&self.along.weights);
        terms.map(|((x, p), weight)| weight * p * f(*x)).collect::<Sum>().value()
    }

    /// Where the density is largest among the places.
    pub fn mode(&self) -> f64 {
        let best = (0..self.nodes.len()).max_by(|a, b| self.density[*a].total_cmp(&self.density[*b]));
        best.map_or(f64::NAN, |k| self.nodes[k])
    }

    /// Probability of the domain up to `x` (on a circle from its lower end).
    pub fn cdf(&self, x: f64) -> f64 {
        let widest = self.mixture.iter().map(|(_, deviation, _)| *deviation).fold(0.0, f64::max);
        let start = self.along.start().unwrap_or(self.nodes[0] - FAR * widest);
        if x <= start { 0.0 } else { self.between(start, x).clamp(0.0, 1.0) }
    }

    /// Largest difference to a coarser solution at its places, relative to the peak.
    pub(super) fn distance(&self, coarser: &Solution) -> f64 {
        let peak = self.density.iter().copied().fold(0.0, f64::max);
        let gap = |(x, p): (&f64, &f64)| (self.at(*x) - p).abs();
        coarser.nodes.iter().zip(&coarser.density).map(gap).fold(0.0, f64::max) / peak
    }
}
