//! A reversible diffusion on a stretch of line: how long until it arrives, and how fast it forgets.
//!
//! Symbols: `w` the density without flux (any normalisation), `D` the diffusion, generator `G f = (D w f')'/w`,
//! `P(y) = ∫_a^y w`, `Q(y) = ∫_y^b w`, `S(y) = ∫_a^y 1/(D w)`. Everything is a sum of positive terms, carried in
//! logarithms from panel to panel, so that times of `e^400` and rates of `e^-400` keep their relative accuracy.

use super::function::{exp, ln};
use super::piecewise::{Panel, Piecewise};
use gauss_quad::GaussLegendre;
use thiserror::Error;

/// Nodes of a panel.
const NODES: usize = 16;
/// Largest change of `ln w` and `ln D` across a panel: their exponentials stay polynomials of low degree.
const LARGEST_CHANGE: f64 = 2.0;
/// The slowest rate is given when two successive estimates of it agree to this.
const AGREEMENT: f64 = 1e-13;
/// Rounds of inverse iteration; two rates within a factor `1 + 1e-2` of each other are told apart within these.
const MOST_ROUNDS: usize = 4000;

/// Why there is no number.
#[derive(Clone, Copy, Debug, PartialEq, Error)]
pub enum DiffusionError {
    /// The density or the diffusion is not a positive number there.
    #[error("the density without flux or the diffusion is not defined at {at}")]
    Undefined {
        /// The place.
        at: f64,
    },
    /// The panels did not resolve the functions.
    #[error("the density without flux is not resolved near {at}")]
    Unresolved {
        /// The place.
        at: f64,
    },
    /// Inverse iteration did not settle: several slow rates lie too close together.
    #[error("the slowest rates lie too close together to be told apart")]
    NotSettled,
}

/// A diffusion between `a` and `b`, cut into panels.
#[derive(Clone, Debug)]
pub struct Diffusion {
    panels: Vec<(f64, f64)>,
    rule: Rule,
    /// `w` at the nodes
    weight: Scaled,
    /// `1/(D w)`
    resistance: Scaled,
    /// `P`
    left: Scaled,
    /// `Q`
    right: Scaled,
}

/// A positive function at the nodes of every panel, as `exp(offset) * values`.
#[derive(Clone, Debug)]
struct Scaled {
    offset: Vec<f64>,
    values: Vec<[f64; NODES]>,
}

/// Gauss–Legendre on `[-1, 1]`, and integrals from `-1` up to each node.
#[derive(Clone, Debug)]
struct Rule {
    nodes: [f64; NODES],
    weights: [f64; NODES],
    partial: [[f64; NODES]; NODES],
}

impl Rule {
    fn new() -> Rule {
        let (mut nodes, mut weights) = ([0.0; NODES], [0.0; NODES]);
        let degree = std::num::NonZeroUsize::new(NODES).unwrap_or(std::num::NonZeroUsize::MIN);
        let mut pairs: Vec<(f64, f64)> = GaussLegendre::new(degree).into_node_weight_pairs().into_iter().collect();
        pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
        for (k, (node, weight)) in pairs.into_iter().enumerate() {
            (nodes[k], weights[k]) = (node, weight);
        }
        // ℓ_k = Σ_m (2m+1)/2 w_k P_m(t_k) P_m, and ∫_{-1}^t P_m = (P_{m+1} − P_{m−1})/(2m+1).
        let mut partial = [[0.0; NODES]; NODES];
        for i in 0..NODES {
            let at = legendre(nodes[i]);
            for k in 0..NODES {
                let own = legendre(nodes[k]);
                let sum = (1..NODES).map(|m| 0.5 * own[m] * (at[m + 1] - at[m - 1])).sum::<f64>();
                partial[i][k] = weights[k] * (0.5 * (nodes[i] + 1.0) + sum);
            }
        }
        Rule { nodes, weights, partial }
    }
}

/// `P_0(t) … P_N(t)`
fn legendre(t: f64) -> [f64; NODES + 1] {
    let mut values = [1.0; NODES + 1];
    values[1] = t;
    for m in 1..NODES {
        let k = m as f64;
        values[m + 1] = ((2.0 * k + 1.0) * t * values[m] - k * values[m - 1]) / (k + 1.0);
    }
    values
}

/// `ln(e^a + e^b)`
fn log_sum(a: f64, b: f64) -> f64 {
    let (low, high) = if a < b { (a, b) } else { (b, a) };
    if low == f64::NEG_INFINITY { high } else { high + super::function::ln_1p(exp(low - high)) }
}

impl Scaled {
    fn product(parts: &[&Scaled]) -> Scaled {
        let panels = parts.first().map_or(0, |part| part.offset.len());
        let mut out = Scaled { offset: vec![0.0; panels], values: vec![[1.0; NODES]; panels] };
        for part in parts {
            for j in 0..panels {
                out.offset[j] += part.offset[j];
                for i in 0..NODES {
                    out.values[j][i] *= part.values[j][i];
                }
            }
        }
        out.rescaled()
    }

    /// With the largest value of each panel moved into its offset.
    fn rescaled(mut self) -> Scaled {
        for (offset, values) in self.offset.iter_mut().zip(&mut self.values) {
            let size = values.iter().fold(0.0_f64, |m, v| m.max(*v));
            if size > 0.0 {
                *offset += ln(size);
                values.iter_mut().for_each(|v| *v /= size);
            }
        }
        self
    }

    fn sum(&self, other: &Scaled) -> Scaled {
        let mut out = self.clone();
        for j in 0..out.offset.len() {
            let offset = self.offset[j].max(other.offset[j]);
            let (a, b) = (exp(self.offset[j] - offset), exp(other.offset[j] - offset));
            for i in 0..NODES {
                out.values[j][i] = a * self.values[j][i] + b * other.values[j][i];
            }
            out.offset[j] = offset;
        }
        out.rescaled()
    }
}

impl Diffusion {
    /// The diffusion with `ln w` and `ln D` given, between the first and the last of `cuts` (ascending), which become ends
    /// of panels; times are asked between cuts.
    ///
    /// # Errors
    /// [`DiffusionError::Undefined`], [`DiffusionError::Unresolved`]
    pub fn new(
        log_weight: &dyn Fn(f64) -> f64,
        log_diffusion: &dyn Fn(f64) -> f64,
        cuts: &[f64],
    ) -> Result<Diffusion, DiffusionError> {
        let fits = |panel: &Panel| {
            let values = [0.0, 0.25, 0.5, 0.75, 1.0].map(|t| panel.at(panel.a + t * (panel.b - panel.a)));
            let (low, high) = values.iter().fold((f64::MAX, f64::MIN), |(l, h), v| (l.min(*v), h.max(*v)));
            high - low <= LARGEST_CHANGE
        };
        let mut panels = Vec::new();
        for stretch in cuts.windows(2).filter(|stretch| stretch[1] > stretch[0]) {
            for log in [log_weight, log_diffusion] {
                let pieces = Piecewise::new(log, stretch[0], stretch[1], 1e-12, &fits)
                    .map_err(|at| DiffusionError::Undefined { at })?;
                if let Some(at) = pieces.unresolved() {
                    return Err(DiffusionError::Unresolved { at });
                }
                panels.push(pieces.panels().iter().map(|panel| (panel.a, panel.b)).collect::<Vec<_>>());
            }
        }
        let rule = Rule::new();
        let panels = merged(panels);
        let mut weight = Scaled { offset: Vec::new(), values: Vec::new() };
        let mut resistance = weight.clone();
        for &(a, b) in &panels {
            let (mut w, mut r) = ([0.0; NODES], [0.0; NODES]);
            for i in 0..NODES {
                let x = 0.5 * (a + b) + 0.5 * (b - a) * rule.nodes[i];
                (w[i], r[i]) = (log_weight(x), log_diffusion(x));
                if !(w[i].is_finite() && r[i].is_finite()) {
                    return Err(DiffusionError::Undefined { at: x });
                }
            }
            let middle = w[NODES / 2];
            let against = -w[NODES / 2] - r[NODES / 2];
            weight.offset.push(middle);
            resistance.offset.push(against);
            resistance.values.push(std::array::from_fn(|i| exp(-w[i] - r[i] - against)));
            weight.values.push(w.map(|value| exp(value - middle)));
        }
        let mut new = Diffusion { left: weight.clone(), right: weight.clone(), panels, rule, weight, resistance };
        new.left = new.up_to(&new.weight);
        new.right = new.beyond(&new.weight);
        Ok(new)
    }

    /// `∫_a^y g` at the nodes.
    fn up_to(&self, g: &Scaled) -> Scaled {
        let mut out = g.clone();
        let mut before = f64::NEG_INFINITY;
        for (j, &(a, b)) in self.panels.iter().enumerate() {
            let scale = g.offset[j] + ln(0.5 * (b - a));
            let offset = before.max(scale);
            let (carried, own) = (exp(before - offset), exp(scale - offset));
            for i in 0..NODES {
                let partial: f64 = (0..NODES).map(|k| self.rule.partial[i][k] * g.values[j][k]).sum();
                out.values[j][i] = carried + own * partial.max(0.0);
            }
            out.offset[j] = offset;
            before = log_sum(before, scale + ln(self.whole(&g.values[j])));
        }
        out
    }

    /// `∫_y^b g` at the nodes.
    fn beyond(&self, g: &Scaled) -> Scaled {
        let mut out = g.clone();
        let mut after = f64::NEG_INFINITY;
        for (j, &(a, b)) in self.panels.iter().enumerate().rev() {
            let scale = g.offset[j] + ln(0.5 * (b - a));
            let offset = after.max(scale);
            let (carried, own) = (exp(after - offset), exp(scale - offset));
            let whole = self.whole(&g.values[j]);
            for i in 0..NODES {
                let partial: f64 = (0..NODES).map(|k| self.rule.partial[i][k] * g.values[j][k]).sum();
                out.values[j][i] = carried + own * (whole - partial).max(0.0);
            }
            out.offset[j] = offset;
            after = log_sum(after, scale + ln(whole));
        }
        out
    }

    fn whole(&self, values: &[f64; NODES]) -> f64 {
        self.rule.weights.iter().zip(values).map(|(w, v)| w * v).sum()
    }

    /// `ln ∫_from^to g`, both ends being cuts.
    fn log_integral(&self, g: &Scaled, from: f64, to: f64) -> f64 {
        let mut total = f64::NEG_INFINITY;
        for (j, &(a, b)) in self.panels.iter().enumerate() {
            if a >= from && b <= to {
                total = log_sum(total, g.offset[j] + ln(0.5 * (b - a)) + ln(self.whole(&g.values[j])));
            }
        }
        total
    }

    /// Logarithm of the mean time until first arrival at `to` from `from`, reflecting at the end behind `from`:
    /// `∫_from^to P/(D w)` upwards, `∫_to^from Q/(D w)` downwards. Both places are cuts.
    pub fn log_passage_time(&self, from: f64, to: f64) -> f64 {
        if from <= to {
            self.log_integral(&Scaled::product(&[&self.left, &self.resistance]), from, to)
        } else {
            self.log_integral(&Scaled::product(&[&self.right, &self.resistance]), to, from)
        }
    }

    /// Logarithm of the mean time until first arrival at either end, from the cut `from`:
    /// `[(S_b − S_x) ∫_a^x S w + S_x ∫_x^b (S_b − S) w] / S_b`.
    pub fn log_time_to_either_end(&self, from: f64) -> f64 {
        let (a, b) = self.ends();
        let (below, above) = (self.up_to(&self.resistance), self.beyond(&self.resistance));
        let (s_below, s_above) =
            (self.log_integral(&self.resistance, a, from), self.log_integral(&self.resistance, from, b));
        let left = s_above + self.log_integral(&Scaled::product(&[&below, &self.weight]), a, from);
        let right = s_below + self.log_integral(&Scaled::product(&[&above, &self.weight]), from, b);
        log_sum(left, right) - log_sum(s_below, s_above)
    }

    /// Both ends.
    pub fn ends(&self) -> (f64, f64) {
        (self.panels.first().map_or(0.0, |p| p.0), self.panels.last().map_or(0.0, |p| p.1))
    }

    /// Logarithm of the smallest positive eigenvalue of `−G` with both ends reflecting: the spectral gap.
    ///
    /// Inverse iteration on the flux `φ = −∫_a w f` of the eigenfunction,
    /// `(Kφ)(y) = Q(y) ∫_a^y P φ/(Dw) + P(y) ∫_y^b Q φ/(Dw)`, in which no term is subtracted: relative accuracy about 1e-11
    /// however small the rate.
    ///
    /// # Errors
    /// [`DiffusionError::NotSettled`]
    pub fn log_slowest_rate(&self) -> Result<f64, DiffusionError> {
        let (a, b) = self.ends();
        let log_mass = self.log_integral(&self.weight, a, b);
        let mut flux = Scaled::product(&[&self.left, &self.right]);
        let mut before = f64::NAN;
        for _ in 0..MOST_ROUNDS {
            let current = Scaled::product(&[&flux, &self.resistance]);
            let from_left = self.up_to(&Scaled::product(&[&current, &self.left]));
            let from_right = self.beyond(&Scaled::product(&[&current, &self.right]));
            let next = Scaled::product(&[&self.right, &from_left]).sum(&Scaled::product(&[&self.left, &from_right]));
            let own = self.log_integral(&Scaled::product(&[&current, &flux]), a, b);
            let with_next = self.log_integral(&Scaled::product(&[&current, &next]), a, b);
            let rate = own - with_next + log_mass;
            if (rate - before).abs() <= AGREEMENT * (1.0 + rate.abs()) {
                return Ok(rate);
            }
            before = rate;
            // Only the shape matters.
            let size = next.offset.iter().fold(f64::NEG_INFINITY, |m, o| m.max(*o));
            flux = next;
            flux.offset.iter_mut().for_each(|offset| *offset -= size);
        }
        Err(DiffusionError::NotSettled)
    }
}

/// A function of either sign at the nodes of every panel, as `exp(offset) * values`.
struct Signed {
    offset: Vec<f64>,
    values: Vec<[f64; NODES]>,
}

impl Signed {
    fn of(scaled: &Scaled) -> Signed {
        Signed { offset: scaled.offset.clone(), values: scaled.values.clone() }
    }

    fn times(&self, other: &Scaled) -> Signed {
        let offset = self.offset.iter().zip(&other.offset).map(|(a, b)| a + b).collect();
        let product = |(a, b): (&[f64; NODES], &[f64; NODES])| std::array::from_fn(|i| a[i] * b[i]);
        let values = self.values.iter().zip(&other.values).map(product).collect();
        Signed { offset, values }.rescaled()
    }

    fn times_signed(&self, other: &Signed) -> Signed {
        self.times(&Scaled { offset: other.offset.clone(), values: other.values.clone() })
    }

    fn plus(&self, other: &Signed) -> Signed {
        let offset: Vec<f64> = self.offset.iter().zip(&other.offset).map(|(a, b)| a.max(*b)).collect();
        let values = (0..offset.len())
            .map(|j| {
                let (a, b) = (exp(self.offset[j] - offset[j]), exp(other.offset[j] - offset[j]));
                std::array::from_fn(|i| a * self.values[j][i] + b * other.values[j][i])
            })
            .collect();
        Signed { offset, values }.rescaled()
    }

    /// Minus `exp(log) * sign`, everywhere.
    fn minus(&self, sign: f64, log: f64) -> Signed {
        if sign == 0.0 {
            return Signed { offset: self.offset.clone(), values: self.values.clone() };
        }
        self.plus(&Signed { offset: vec![log; self.offset.len()], values: vec![[-sign; NODES]; self.offset.len()] })
    }

    fn rescaled(mut self) -> Signed {
        for (offset, values) in self.offset.iter_mut().zip(&mut self.values) {
            let size = values.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
            if size > 0.0 {
                *offset += ln(size);
                values.iter_mut().for_each(|v| *v /= size);
            } else {
                *offset = f64::MIN;
            }
        }
        self
    }
}

/// Sums of terms of either sign on a circle, which is cut open where it is hardest to pass.
impl Diffusion {
    /// `∫_a^y g` at the nodes, or `∫_y^b g`, and the whole as sign and logarithm of its size.
    fn sums(&self, g: &Signed, upwards: bool) -> (Signed, (f64, f64)) {
        let panels = self.panels.len();
        let mut out = Signed { offset: vec![0.0; panels], values: vec![[0.0; NODES]; panels] };
        let (mut carry, mut at) = (0.0, f64::MIN);
        for step in 0..panels {
            let j = if upwards { step } else { panels - 1 - step };
            let (a, b) = self.panels[j];
            let scale = g.offset[j] + ln(0.5 * (b - a));
            let offset = at.max(scale);
            let (before, own) = (carry * exp(at - offset), exp(scale - offset));
            let whole = self.whole(&g.values[j]);
            for i in 0..NODES {
                let partial: f64 = (0..NODES).map(|k| self.rule.partial[i][k] * g.values[j][k]).sum();
                out.values[j][i] = before + own * if upwards { partial } else { whole - partial };
            }
            out.offset[j] = offset;
            let total = before + own * whole;
            if total != 0.0 {
                (carry, at) = (total.signum(), offset + ln(total.abs()));
            } else {
                (carry, at) = (0.0, f64::MIN);
            }
        }
        (out.rescaled(), (carry, at))
    }

    /// Logarithm of the smallest positive eigenvalue of `−G` where both ends are one place and `w` and `D` are periodic.
    ///
    /// Inverse iteration on the flux as between walls, with the constant taken off that makes the eigenfunction single-valued:
    /// `φ ← M − ∮ M/(Dw) / ∮ 1/(Dw)`, `M = Q ∫_a^y P φ/(Dw) + P ∫_y^b Q φ/(Dw)`. The ends should lie where `Dw` is least: there
    /// the constant is small beside `M`, so that rates far below the others keep their relative accuracy.
    ///
    /// # Errors
    /// [`DiffusionError::NotSettled`]
    pub fn log_slowest_rate_around(&self) -> Result<f64, DiffusionError> {
        let (a, b) = self.ends();
        let log_mass = self.log_integral(&self.weight, a, b);
        let log_resistance = self.log_integral(&self.resistance, a, b);
        let closed = |m: &Signed| {
            let (sign, log) = self.sums(&m.times(&self.resistance), true).1;
            m.minus(sign, log - log_resistance)
        };
        // Nothing symmetric: every mode has a part in it.
        let mut flux = closed(&Signed::of(&Scaled::product(&[&self.left, &self.left, &self.right])));
        let mut before = f64::NAN;
        for _ in 0..MOST_ROUNDS {
            let current = flux.times(&self.resistance);
            let from_left = self.sums(&current.times(&self.left), true).0;
            let from_right = self.sums(&current.times(&self.right), false).0;
            let next = closed(&from_left.times(&self.right).plus(&from_right.times(&self.left)));
            let own = self.sums(&current.times_signed(&flux), true).1;
            let with_next = self.sums(&current.times_signed(&next), true).1;
            if !(own.0 > 0.0 && with_next.0 > 0.0) {
                return Err(DiffusionError::NotSettled);
            }
            let rate = own.1 - with_next.1 + log_mass;
            if (rate - before).abs() <= AGREEMENT * (1.0 + rate.abs()) {
                return Ok(rate);
            }
            before = rate;
            let size = next.offset.iter().fold(f64::MIN, |m, o| m.max(*o));
            flux = next;
            flux.offset.iter_mut().filter(|offset| **offset > f64::MIN).for_each(|offset| *offset -= size);
        }
        Err(DiffusionError::NotSettled)
    }
}

/// The common refinement of two partitions of every stretch.
fn merged(partitions: Vec<Vec<(f64, f64)>>) -> Vec<(f64, f64)> {
    let mut ends: Vec<f64> = partitions.into_iter().flatten().flat_map(|(a, b)| [a, b]).collect();
    ends.sort_by(f64::total_cmp);
    ends.dedup();
    ends.windows(2).map(|w| (w[0], w[1])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::num::function::sin;

    fn double_well(temperature: f64) -> Diffusion {
        let potential = |x: f64| (x * x - 1.0) * (x * x - 1.0) + 0.5 * ln(1.0 + 0.5 * sin(x));
        Diffusion::new(&|x| -potential(x) / temperature, &|_| ln(temperature), &[-2.2, -1.0, 0.0, 1.0, 2.2])
            .expect("smooth")
    }

    #[test]
    fn a_harmonic_well_forgets_at_its_stiffness_and_arrives_as_the_series_says() {
        // D = 1, w = exp(-x²/2): gap 1 (up to what is cut off at ±9).
        let well = Diffusion::new(&|x| -0.5 * x * x, &|_| 0.0, &[-9.0, 0.0, 1.0, 9.0]).expect("smooth");
        assert!(well.log_slowest_rate().expect("settles").abs() < 1e-11);
        // Mean time from 0 to 1: √(π/2) ∫_0^1 e^{y²/2} (1 + erf(y/√2)) dy = 2.0934066496782…
        assert!((exp(well.log_passage_time(0.0, 1.0)) - 2.093_406_649_678_23).abs() < 1e-11);
        // By symmetry the same downwards.
        let mirrored = Diffusion::new(&|x| -0.5 * x * x, &|_| 0.0, &[-9.0, -1.0, 0.0, 9.0]).expect("smooth");
        assert!((mirrored.log_passage_time(0.0, -1.0) - well.log_passage_time(0.0, 1.0)).abs() < 1e-12);
    }

    #[test]
    fn rates_around_a_circle_are_those_of_the_free_circle_and_of_two_barriers() {
        let turn = std::f64::consts::TAU;
        let free = Diffusion::new(&|_| 1.0, &|_| ln(0.2), &[0.5, 0.5 + turn]).expect("constant");
        assert!((exp(free.log_slowest_rate_around().expect("settles")) - 0.2).abs() < 1e-11);
        // Two equal wells and two equal barriers: by symmetry the mode that is odd about a barrier is level at the wells' middles,
        // that is, the circle behaves as the stretch from barrier to barrier seen twice: the rate between the walls 0 and π of
        // the odd half, found by reflecting at the bottoms.
        for temperature in [0.3, 0.02, 0.004] {
            let log = |x: f64| -crate::num::function::cos(2.0 * x) / temperature;
            let constant = |_: f64| ln(temperature);
            let circle = Diffusion::new(&log, &constant, &[0.0, 0.5 * turn, turn]).expect("smooth");
            let half = Diffusion::new(&log, &constant, &[-0.25 * turn, 0.0, 0.25 * turn]).expect("smooth");
            let (around, between) =
                (circle.log_slowest_rate_around().expect("settles"), half.log_slowest_rate().expect("settles"));
            assert!((around - between).abs() < 1e-10, "{temperature}: {around} against {between}");
        }
    }

    #[test]
    fn free_diffusion_between_walls_has_the_textbook_times() {
        let free = Diffusion::new(&|_| 3.0, &|_| ln(0.5), &[0.0, 1.0, 4.0]).expect("constant");
        // τ = (L² − x²)/(2D) from x to L, x(L−x)/(2D) to either end, gap Dπ²/L².
        assert!((exp(free.log_passage_time(1.0, 4.0)) - 15.0).abs() < 1e-11);
        assert!((exp(free.log_time_to_either_end(1.0)) - 3.0).abs() < 1e-12);
        let gap = 0.5 * std::f64::consts::PI.powi(2) / 16.0;
        assert!((exp(free.log_slowest_rate().expect("settles")) / gap - 1.0).abs() < 1e-11);
    }

    #[test]
    fn gaps_below_the_reach_of_eigensolvers_keep_their_digits() {
        // 1.2373848e-11, by extrapolated finite volumes and by passage times alike.
        let gap = exp(double_well(1.0 / 30.0).log_slowest_rate().expect("settles"));
        assert!((gap / 1.237_384_8e-11 - 1.0).abs() < 5e-8, "{gap:e}");
        for temperature in [1.0 / 30.0, 1.0 / 330.0] {
            let well = double_well(temperature);
            // Two deep wells: the gap is the sum of both escape rates, to a relative error of the gap over the next rate.
            let there = well.log_passage_time(-1.0, 1.0);
            let back = well.log_passage_time(1.0, -1.0);
            let gap = well.log_slowest_rate().expect("settles");
            assert!((gap - log_sum(-there, -back)).abs() < 1e-9, "{temperature}: {gap}");
        }
        assert!(double_well(1.0 / 330.0).log_slowest_rate().expect("settles") < -231.0);
    }

    #[test]
    fn what_is_undefined_is_said() {
        let hole = Diffusion::new(&|x| ln(x), &|_| 0.0, &[-1.0, 1.0]).map(|_| ());
        assert!(matches!(hole, Err(DiffusionError::Undefined { at }) if at < 0.0), "{hole:?}");
    }
}
