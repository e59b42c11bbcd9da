//! Products of random matrices `Π (I − ηH_B)`: what a typical run does, and how heavy its tails are.
//!
//! - **Lyapunov exponent** `lim (1/n) ln|Π v|`: almost every run of the linearised dynamics leaves where it is positive. This is a larger
//!   learning rate than the mean-square bound, which the rarest runs decide.
//! - **Tail index** `α` with `lim (1/n) ln E|Π v|^α = 0` (Kesten 1973; Gürbüzbalaban, Şimşekli, Zhu 2021): moments of order `α` and above are
//!   infinite; `α = 2` at the mean-square bound. The expectation is taken by a population that is redrawn in proportion to
//!   `|Gv|^α` in every step, since a plain mean is ruled by products too rare to be drawn.
//!
//! Both are simulated: independent groups give the standard errors. Batches are drawn with replacement from a pool made once.

use super::samples::Samples;
use nalgebra::{DMatrix, DVector};
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

/// Independent groups.
const GROUPS: u64 = 8;
/// Batches in the pool of a group.
const POOL: usize = 1000;
/// Steps of a path whose growth is measured, and those before it counts.
const PATH: (usize, usize) = (6000, 500);
/// Walkers of a population, steps that count, and those before.
const POPULATION: (usize, usize, usize) = (250, 200, 100);
/// 97.5 % quantile of Student's t with `GROUPS − 1 = 7` degrees of freedom.
const STUDENT: f64 = 2.3646;
/// Tails lighter than this are not told apart: their moments are ruled by batches that the pool need not hold.
pub const LIGHTEST: f64 = 12.0;

/// A simulated number with its 95 % confidence interval.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Simulated {
    /// Mean over the groups.
    pub value: f64,
    /// From Student's t over the groups.
    pub interval: (f64, f64),
}

impl Simulated {
    fn of(values: &[f64]) -> Simulated {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let variance = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / (n - 1.0);
        let half = STUDENT * (variance / n).sqrt();
        Simulated { value: mean, interval: (mean - half, mean + half) }
    }
}

/// Mean Hessians of batches drawn from the samples, one pool per group.
pub(super) struct Batches {
    pools: Vec<Vec<DMatrix<f64>>>,
    size: usize,
    seed: u64,
}

impl Batches {
    /// Draws the pools. `batch` is rounded to a whole number.
    pub fn draw(samples: &Samples, batch: f64, seed: u64) -> Batches {
        let all: Vec<DMatrix<f64>> = (0..samples.count()).map(|i| samples.hessian(i)).collect();
        let size = all[0].nrows();
        let members = batch.round().clamp(1.0, 1e6) as usize;
        let pool = |group: u64| {
            let mut random = generator(seed, group, 0);
            let one = |random: &mut Xoshiro256PlusPlus| {
                let mut sum = DMatrix::zeros(size, size);
                for _ in 0..members {
                    sum += &all[random.random_range(0..all.len())];
                }
                sum / members as f64
            };
            (0..POOL).map(|_| one(&mut random)).collect()
        };
        Batches { pools: (0..GROUPS).map(pool).collect(), size, seed }
    }

    /// `(1/n) ln|Π v|` at learning rate `eta`, per group.
    fn growth(&self, eta: f64, group: usize) -> f64 {
        let mut random = generator(self.seed, group as u64, 1);
        let mut v = self.beginning(&mut random);
        let mut sum = 0.0;
        for step in 0..PATH.0 + PATH.1 {
            let h = &self.pools[group][random.random_range(0..POOL)];
            v.gemv(-eta, h, &v.clone(), 1.0);
            let size = v.norm();
            if !(size > 0.0 && size.is_finite()) {
                return f64::NEG_INFINITY;
            }
            v /= size;
            if step >= PATH.1 {
                sum += crate::num::function::ln(size);
            }
        }
        sum / PATH.0 as f64
    }

    /// `(1/n) ln E|Π v|^order` at learning rate `eta`, by a population.
    fn moment(&self, eta: f64, order: f64, group: usize) -> f64 {
        let mut random = generator(self.seed, group as u64, 2);
        let (walkers, counted, before) = POPULATION;
        let mut all: Vec<DVector<f64>> = (0..walkers).map(|_| self.beginning(&mut random)).collect();
        let mut sum = 0.0;
        for step in 0..counted + before {
            let mut weights = Vec::with_capacity(walkers);
            for v in &mut all {
                let h = &self.pools[group][random.random_range(0..POOL)];
                v.gemv(-eta, h, &v.clone(), 1.0);
                let size = v.norm().max(f64::MIN_POSITIVE);
                *v /= size;
                weights.push(order * crate::num::function::ln(size));
            }
            let largest = weights.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            weights.iter_mut().for_each(|w| *w = crate::num::function::exp(*w - largest));
            let total: f64 = weights.iter().sum();
            if step >= before {
                sum += largest + crate::num::function::ln(total / walkers as f64);
            }
            // Systematic redrawing: walker k of the new population stands at (k + shift)/walkers of the weights.
            let shift: f64 = random.random();
            let (mut passed, mut from, mut next) = (weights[0], 0, Vec::with_capacity(walkers));
            for k in 0..walkers {
                let place = (k as f64 + shift) / walkers as f64 * total;
                while passed < place && from + 1 < walkers {
                    from += 1;
                    passed += weights[from];
                }
                next.push(all[from].clone());
            }
            all = next;
        }
        sum / counted as f64
    }

    fn beginning(&self, random: &mut Xoshiro256PlusPlus) -> DVector<f64> {
        DVector::from_fn(self.size, |_, _| random.random::<f64>() - 0.5).normalize()
    }

    /// The learning rate at which the Lyapunov exponent passes zero, between `low` and `high`; `None` where it does not.
    pub fn almost_sure(&self, low: f64, high: f64) -> Option<Simulated> {
        let found: Option<Vec<f64>> =
            (0..self.pools.len()).map(|group| crossing(&|eta| self.growth(eta, group), low, high, 1e-4)).collect();
        found.map(|values| Simulated::of(&values))
    }

    /// The tail index at `eta`; `Err` says on which side of what can be told it lies.
    pub fn tail_index(&self, eta: f64) -> Result<Simulated, &'static str> {
        let mut values = Vec::with_capacity(self.pools.len());
        for group in 0..self.pools.len() {
            if !(self.growth(eta, group) < 0.0) {
                return Err("almost every run of the linearised dynamics leaves: there is no stationary law");
            }
            // Divided by the order the growth rises from the Lyapunov exponent: one zero.
            let rise = |order: f64| self.moment(eta, order, group) / order;
            if !(rise(LIGHTEST) > 0.0) {
                return Err("the tail index is above 12: too light to be told");
            }
            let found = crossing(&rise, 0.05, LIGHTEST, 1e-2);
            values.push(found.ok_or("the tail index is below 0.05: too heavy to be told")?);
        }
        Ok(Simulated::of(&values))
    }
}

/// Where a function rises through zero, by halving to a share `within`; `None` where the ends do not hold it.
fn crossing(f: &dyn Fn(f64) -> f64, mut low: f64, mut high: f64, within: f64) -> Option<f64> {
    if !(f(low) < 0.0 && f(high) > 0.0) {
        return None;
    }
    while high - low > within * high {
        let middle = 0.5 * (low + high);
        if f(middle) < 0.0 { low = middle } else { high = middle }
    }
    Some(0.5 * (low + high))
}

fn generator(seed: u64, group: u64, purpose: u64) -> Xoshiro256PlusPlus {
    Xoshiro256PlusPlus::seed_from_u64(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ (group << 8) ^ purpose)
}

#[cfg(test)]
mod tests {
    use super::*;
    use nalgebra::dmatrix;

    /// One direction, `h = 1 ± s` by the toss of a coin: `E ln|1−ηh|` and `E|1−ηh|^α` are sums of two terms.
    #[test]
    fn of_one_direction_both_are_known() {
        let s = 0.9;
        let samples = Samples::Hessians(vec![dmatrix![1.0 + s], dmatrix![1.0 - s]]);
        let batches = Batches::draw(&samples, 1.0, 5);
        let sizes = |eta: f64| [(1.0 - eta * (1.0 + s)).abs(), (1.0 - eta * (1.0 - s)).abs()];
        let lyapunov = |eta: f64| sizes(eta).iter().map(|a| a.ln()).sum::<f64>();
        let edge = crossing(&lyapunov, 0.7, 3.0, 1e-12).expect("rises");
        let found = batches.almost_sure(0.7, 3.0).expect("rises");
        assert!(found.interval.0 < edge && edge < found.interval.1, "{found:?} {edge}");
        assert!((found.value / edge - 1.0).abs() < 0.02, "{found:?} {edge}");
        let eta = 1.1;
        let moment = |q: f64| (sizes(eta).iter().map(|a| a.powf(q)).sum::<f64>() / 2.0).ln() / q;
        let index = crossing(&moment, 0.1, 50.0, 1e-12).expect("rises");
        let found = batches.tail_index(eta).expect("heavy");
        assert!((found.value / index - 1.0).abs() < 0.1, "{found:?} {index}");
    }

    #[test]
    fn at_the_mean_square_bound_the_index_is_two() {
        // Two coupled directions; the bound from the sides of the operator, which shares nothing with the population.
        let turned = |h: f64, angle: f64| {
            let (s, c) = angle.sin_cos();
            let r = dmatrix![c, -s; s, c];
            &r * dmatrix![h, 0.0; 0.0, 0.3] * r.transpose()
        };
        let samples =
            Samples::Hessians((0..8).map(|i| turned(0.2 + 0.5 * f64::from(i), 0.3 * f64::from(i % 3))).collect());
        let sides = super::super::operator::enclose(&samples, 1.0, None).expect("curved");
        let found = Batches::draw(&samples, 1.0, 3).tail_index(sides.lower).expect("heavy");
        assert!((found.value - 2.0).abs() < 0.15, "{found:?}");
    }

    #[test]
    fn no_curvature_noise_no_tails() {
        let samples = Samples::Hessians(vec![dmatrix![1.0, 0.0; 0.0, 0.5]; 3]);
        let batches = Batches::draw(&samples, 2.0, 1);
        assert!(batches.tail_index(1.0).is_err());
        assert!(batches.tail_index(2.5).is_err_and(|why| why.contains("almost every run")));
        let edge = batches.almost_sure(1.0, 3.0).expect("the edge");
        assert!((edge.value - 2.0).abs() < 1e-3, "{edge:?}");
    }
}
