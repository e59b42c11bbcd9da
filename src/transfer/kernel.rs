//! The transfer operator as transitions between quadrature places.

use super::Unsolved;
use super::map::{Map, Step};
use crate::model::Domain;
use crate::num::function::exp;
use gauss_quad::GaussLegendre;
use std::num::NonZeroUsize;

/// Standard deviations beyond which a step does not lead.
const REACH: f64 = 8.8;
/// Standard deviations across that are covered, at the coarsest quadrature.
const ACROSS: f64 = 8.5;
/// Transitions that can be held.
const MOST: f64 = 1.2e7;
/// Gauss points per panel between walls or on a line.
const POINTS: usize = 16;
/// How much denser than equal spacing Gauss points must lie on average.
const DENSER: f64 = 1.6;

/// Quadrature places along the floor.
pub(super) struct Places {
    pub nodes: Vec<f64>,
    pub weights: Vec<f64>,
    /// Reflecting walls: those ends of the stretch that are ends of the domain.
    walls: (Option<f64>, Option<f64>),
    period: Option<f64>,
}

impl Places {
    fn of(map: &Map, spacing: f64, level: usize) -> Places {
        let (a, b) = map.stretch;
        if let Domain::Periodic { lower, upper } = map.domain {
            let n = ((upper - lower) / (spacing * map.scatter.0)).ceil().clamp(8.0, 1e6) as usize;
            let step = (upper - lower) / n as f64;
            return Places {
                nodes: (0..n).map(|k| lower + step * k as f64).collect(),
                weights: vec![step; n],
                walls: (None, None),
                period: Some(upper - lower),
            };
        }
        // A little further, and further with every refinement: what is left out shows as a change.
        let room = (0.08 + 0.04 * level as f64) * (b - a) + 2.0 * map.scatter.0;
        let (mut a, mut b, mut walls) = (a - room, b + room, (None, None));
        if let Domain::Interval { lower, upper } = map.domain {
            if a <= lower {
                (a, walls.0) = (lower, Some(lower));
            }
            if b >= upper {
                (b, walls.1) = (upper, Some(upper));
            }
        }
        let per_panel = POINTS as f64 / DENSER * spacing * map.scatter.0;
        let panels = ((b - a) / per_panel).ceil().clamp(1.0, 1e5) as usize;
        let gauss = GaussLegendre::new(NonZeroUsize::new(POINTS).unwrap_or(NonZeroUsize::MIN));
        let mut rule: Vec<(f64, f64)> = gauss.iter().map(|(x, w)| (*x, *w)).collect();
        rule.sort_by(|one, other| one.0.total_cmp(&other.0));
        let half = 0.5 * (b - a) / panels as f64;
        let (mut nodes, mut weights) = (Vec::new(), Vec::new());
        for panel in 0..panels {
            let middle = a + half * (2 * panel + 1) as f64;
            nodes.extend(rule.iter().map(|(x, _)| middle + half * x));
            weights.extend(rule.iter().map(|(_, w)| half * w));
        }
        Places { nodes, weights, walls, period: None }
    }

    /// Where a Gaussian must stand, besides its own place, so that walls reflect it.
    pub fn images(&self, mean: f64, reach: f64) -> Vec<f64> {
        let mut images = vec![mean];
        match self.walls {
            (Some(a), Some(b)) => {
                // Every lap between the walls: 2a − m and m ± 2(b − a).
                let lap = 2.0 * (b - a);
                let laps = ((reach + (mean - a).abs()) / lap).ceil().min(100.0) as i64;
                for k in -laps..=laps {
                    let shift = lap * k as f64;
                    if k != 0 {
                        images.push(mean + shift);
                    }
                    images.push(2.0 * a - mean + shift);
                }
                images.retain(|m| a - reach <= *m && *m <= b + reach);
            }
            (Some(wall), None) if wall + reach >= mean => images.push(2.0 * wall - mean),
            (None, Some(wall)) if wall - reach <= mean => images.push(2.0 * wall - mean),
            _ => {}
        }
        images
    }

    /// Whether the ends are one place.
    pub fn is_circle(&self) -> bool {
        self.period.is_some()
    }

    /// The lower end of the domain, where it has one that matters.
    pub fn start(&self) -> Option<f64> {
        if self.is_circle() { self.nodes.first().copied() } else { self.walls.0 }
    }

    /// Whether a place is not beyond a wall.
    pub fn holds(&self, x: f64) -> bool {
        !(self.walls.0.is_some_and(|wall| x < wall) || self.walls.1.is_some_and(|wall| x > wall))
    }

    /// Hands over the distances from every image of `mean` that lies within `reach` to `x`.
    pub fn each_image(&self, x: f64, mean: f64, reach: f64, then: &mut dyn FnMut(f64)) {
        let Some(period) = self.period else {
            self.images(mean, reach).into_iter().for_each(|image| then(x - image));
            return;
        };
        let nearest = (x - mean) - period * ((x - mean) / period).round();
        let laps = (reach / period).ceil().min(100.0) as i64;
        (-laps..=laps).map(|k| nearest + period * k as f64).filter(|d| d.abs() <= reach).for_each(then);
    }

    /// `Σ` over the places within reach of `weight · N(place; mean, variance)`: its places and values.
    fn gaussian(&self, mean: f64, variance: f64, into: &mut Row) {
        let deviation = variance.sqrt();
        let reach = REACH * deviation;
        let norm = 1.0 / (deviation * (2.0 * std::f64::consts::PI).sqrt());
        let value = |x: f64| norm * exp(-0.5 * (x - mean) * (x - mean) / variance);
        into.places.clear();
        if let Some(period) = self.period {
            let step = self.weights[0];
            let (from, to) =
                (((mean - reach - self.nodes[0]) / step).ceil(), ((mean + reach - self.nodes[0]) / step).floor());
            // A step that leads round the circle many times is as good as anywhere.
            let (from, to) = (from.max(-1e7) as i64, to.min(1e7) as i64);
            let n = self.nodes.len() as i64;
            if to - from > 20 * n {
                into.places.extend((0..n).map(|k| (k as usize, step / period)));
                return;
            }
            into.places.extend((from..=to).map(|k| {
                let x = self.nodes[0] + step * k as f64;
                (k.rem_euclid(n) as usize, step * value(x))
            }));
            return;
        }
        for image in self.images(mean, reach) {
            let from = self.nodes.partition_point(|x| *x < image - reach);
            let to = self.nodes.partition_point(|x| *x <= image + reach);
            into.places.extend((from..to).map(|k| (k, self.weights[k] * value(self.nodes[k] - image + mean))));
        }
    }
}

/// Places and weights of one Gaussian.
#[derive(Clone, Debug, Default)]
struct Row {
    places: Vec<(usize, f64)>,
}

impl Row {
    /// Makes the weights sum to 1, and says how far they were from it.
    fn normalise(&mut self) -> f64 {
        let sum: f64 = self.places.iter().map(|place| place.1).sum();
        if sum > 0.0 {
            self.places.iter_mut().for_each(|place| place.1 /= sum);
        }
        (1.0 - sum).abs()
    }
}

/// Where the steps from one place lead.
struct Source {
    /// `(number across, weight, which row along)`
    across: Vec<(u32, f64, u32)>,
    /// Transitions along, one list per outcome across where the two are correlated, else one.
    along: Vec<Row>,
    /// What the quadrature misses of the whole.
    missed: f64,
}

/// All transitions.
pub(super) struct Kernel {
    pub places: Places,
    /// Places across, from the mirror at 0, and their weights.
    pub ys: Vec<f64>,
    pub y_weights: Vec<f64>,
    sources: Vec<Source>,
    pub steps: Vec<Step>,
}

impl Kernel {
    pub fn of(map: &Map, spacing: f64, level: usize) -> Result<Kernel, Unsolved> {
        let places = Places::of(map, spacing, level);
        let height = (ACROSS + 0.5 * level as f64) * map.spread;
        let step = spacing * map.scatter.1;
        let rows = (height / step).ceil().clamp(4.0, 1e6) as usize + 1;
        let states = places.nodes.len() * rows;
        let correlated = places.nodes.iter().any(|x| map.step(*x, map.spread).covariance != 0.0);
        let each = (2.0 * REACH / spacing).powi(2);
        if states as f64 * each > MOST {
            return Err(Unsolved::TooLarge { states, transitions: states as f64 * each });
        }
        let ys: Vec<f64> = (0..rows).map(|j| step * j as f64).collect();
        let y_weights = (0..rows).map(|j| if j == 0 { 0.5 * step } else { step }).collect();
        let mut kernel = Kernel { places, ys, y_weights, sources: Vec::with_capacity(states), steps: Vec::new() };
        for i in 0..kernel.places.nodes.len() {
            for j in 0..rows {
                let law = map.step(kernel.places.nodes[i], kernel.ys[j]);
                let sound = [law.mean.0, law.mean.1, law.variance.0, law.variance.1].iter().all(|v| v.is_finite());
                if !sound {
                    return Err(Unsolved::NotFinite { at: kernel.places.nodes[i] });
                }
                kernel.sources.push(kernel.source(&law, correlated));
                kernel.steps.push(law);
            }
        }
        Ok(kernel)
    }

    fn source(&self, law: &Step, correlated: bool) -> Source {
        let mut source = Source { across: Vec::new(), along: Vec::new(), missed: 0.0 };
        let deviation = law.variance.1.sqrt();
        let step = self.y_weights[1];
        let norm = step / (deviation * (2.0 * std::f64::consts::PI).sqrt());
        let (from, to) = ((law.mean.1 - REACH * deviation) / step, (law.mean.1 + REACH * deviation) / step);
        let last = self.ys.len() as i64 - 1;
        let mut sum = 0.0;
        for k in (from.ceil() as i64).max(-last)..=(to.floor() as i64).min(last) {
            let y = step * k as f64;
            let weight = norm * exp(-0.5 * (y - law.mean.1) * (y - law.mean.1) / law.variance.1);
            sum += weight;
            if correlated || source.along.is_empty() {
                let slope = law.covariance / law.variance.1;
                let mut row = Row::default();
                self.places.gaussian(
                    law.mean.0 + slope * (y - law.mean.1),
                    law.variance.0 - slope * law.covariance,
                    &mut row,
                );
                let missed = row.normalise();
                source.missed = source.missed.max(missed);
                source.along.push(row);
            }
            source.across.push((k.unsigned_abs() as u32, weight, source.along.len() as u32 - 1));
        }
        if sum > 0.0 {
            source.across.iter_mut().for_each(|target| target.1 /= sum);
        }
        source.missed += (1.0 - sum).abs();
        source
    }

    /// Transitions that one step follows, roughly.
    pub fn transitions(&self) -> f64 {
        let of = |source: &Source| {
            let along: usize = source.along.iter().map(|row| row.places.len()).sum();
            along as f64 * source.across.len() as f64 / source.along.len().max(1) as f64
        };
        self.sources.iter().map(of).sum()
    }

    /// Numbers of states along and across.
    pub fn shape(&self) -> (usize, usize) {
        (self.places.nodes.len(), self.ys.len())
    }

    /// What the quadrature misses of one step from the law `masses`.
    pub fn missed(&self, masses: &[f64]) -> f64 {
        self.sources.iter().zip(masses).map(|(source, mass)| mass * source.missed).sum()
    }

    /// The law after one step.
    pub fn apply(&self, masses: &[f64]) -> Vec<f64> {
        let (n, m) = self.shape();
        // Numbered across first, so that one row along is written in a run.
        let mut after = vec![0.0; n * m];
        for (source, mass) in self.sources.iter().zip(masses) {
            if *mass > 0.0 {
                for (j, weight, row) in &source.across {
                    let share = mass * weight;
                    let into = &mut after[*j as usize * n..(*j as usize + 1) * n];
                    source.along[*row as usize].places.iter().for_each(|(i, w)| into[*i] += share * w);
                }
            }
        }
        let mut turned = vec![0.0; n * m];
        for j in 0..m {
            for i in 0..n {
                turned[i * m + j] = after[j * n + i];
            }
        }
        turned
    }

    /// Probabilities of steps along the floor from place `i`, the law across being `across` (of any mass).
    pub fn along(&self, i: usize, across: &[f64]) -> Vec<f64> {
        let (n, m) = self.shape();
        let mut to = vec![0.0; n];
        let mass: f64 = across.iter().sum();
        for (source, share) in self.sources[i * m..(i + 1) * m].iter().zip(across) {
            if source.along.len() == 1 {
                source.along[0].places.iter().for_each(|(k, w)| to[*k] += share / mass * w);
                continue;
            }
            for (_, weight, row) in &source.across {
                let share = share / mass * weight;
                source.along[*row as usize].places.iter().for_each(|(k, w)| to[*k] += share * w);
            }
        }
        to
    }
}
