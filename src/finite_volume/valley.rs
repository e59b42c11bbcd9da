//! The grid of a valley: how far along and across, and how fine.

use super::stationary::{Extrapolated, work};
use super::{Axis, Density2D, Grid, Problem, Unsolved, stationary};
use crate::expr::Expr;
use crate::model::{Domain, Model};
use crate::num::density::Density;
use crate::num::function::{exp, ln};

/// Probability of the adiabatic law beyond the ends of a grid that need not reach the walls.
const BEYOND: f64 = 1e-14;
/// Standard deviations that the grid reaches across.
const REACH: f64 = 8.5;
/// Error, relative to the peak, that is good enough.
const GOOD: f64 = 2e-6;
/// Work of the finest grid.
const MOST_WORK: f64 = 2e8;
/// An error above this is no solution.
const WORST: f64 = 1e-2;
/// Cells of the coarsest grid, along and across.
const COARSEST: (usize, usize) = (32, 6);

/// The law along the floor of a valley, from finite volumes.
#[derive(Clone, Debug)]
pub struct Solution {
    /// Places along the floor, ascending.
    pub nodes: Vec<f64>,
    /// The density there.
    pub density: Vec<f64>,
    /// `<y²>` times the density there, of the direction that varies; empty where none does.
    pub second: Vec<f64>,
    /// Own estimate of the error of the density, relative to its peak.
    pub error: f64,
    /// Probability current along the circle, per unit of time; 0 elsewhere.
    pub current: f64,
    /// Own estimate of its error.
    pub current_error: f64,
    /// Nodes of the finest grid, along and across.
    pub cells: (usize, usize),
    domain: Domain,
}

impl Solution {
    /// The density at `x`, by the logarithm of six nodes around it: wrapped on a circle, 0 outside the domain and beyond
    /// the nodes.
    pub fn at(&self, x: f64) -> f64 {
        if x.is_nan() {
            return x;
        }
        let Some(x) = self.domain.place(x) else { return 0.0 };
        let n = self.nodes.len();
        let (first, last) = (self.nodes[0], self.nodes[n - 1]);
        let period = match self.domain {
            Domain::Periodic { lower, upper } => Some(upper - lower),
            _ if !(first <= x && x <= last) => return 0.0,
            _ => None,
        };
        let after = self.nodes.partition_point(|node| *node <= x) as i64;
        let from = if period.is_some() { after - 3 } else { (after - 3).clamp(0, (n as i64 - 6).max(0)) };
        let places: Vec<(f64, f64)> = (from..from + 6.min(n as i64))
            .map(|k| {
                let index = k.rem_euclid(n as i64) as usize;
                let laps = k.div_euclid(n as i64) as f64;
                (self.nodes[index] + laps * period.unwrap_or(0.0), ln(self.density[index]))
            })
            .collect();
        let mut log = 0.0;
        for (k, (node, value)) in places.iter().enumerate() {
            let others = places.iter().enumerate().filter(|(l, _)| *l != k);
            log += value * others.map(|(_, (other, _))| (x - other) / (node - other)).product::<f64>();
        }
        exp(log)
    }
}

impl Solution {
    /// `∫ f p dx`, by Gauss–Legendre between the nodes.
    pub fn expectation(&self, f: &dyn Fn(f64) -> f64) -> f64 {
        self.cells().map(|(a, b)| self.part(a, b, f)).sum()
    }

    /// Probability of the domain to the left of `x` (on a circle: from its lower end).
    pub fn cdf(&self, x: f64) -> f64 {
        self.cells().take_while(|(a, _)| *a < x).map(|(a, b)| self.part(a, b.min(x), &|_| 1.0)).sum()
    }

    /// Where the density is largest among the nodes.
    pub fn mode(&self) -> f64 {
        let best = (0..self.nodes.len()).max_by(|a, b| self.density[*a].total_cmp(&self.density[*b]));
        best.map_or(f64::NAN, |k| self.nodes[k])
    }

    /// First and last place of the nodes; on a circle its ends.
    pub fn covered(&self) -> (f64, f64) {
        let n = self.nodes.len();
        self.domain.ends().filter(|_| self.domain.is_periodic()).unwrap_or((self.nodes[0], self.nodes[n - 1]))
    }

    fn cells(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        let last = self.covered().1;
        let ends = self.nodes[1..].iter().copied().chain(self.domain.is_periodic().then_some(last));
        self.nodes.iter().copied().zip(ends)
    }

    fn part(&self, a: f64, b: f64, f: &dyn Fn(f64) -> f64) -> f64 {
        let (middle, half) = (0.5 * (a + b), 0.5 * (b - a));
        let value = |x: f64| self.at(x) * f(x);
        let off = half * 0.6_f64.sqrt();
        half / 9.0 * (5.0 * value(middle - off) + 8.0 * value(middle) + 5.0 * value(middle + off))
    }
}

/// The stationary density of the Langevin model of a problem (for SGD noise: of its limit `η → 0`), for at most one sharp
/// direction that varies along the floor.
///
/// Accuracy: [`Solution::error`], as a rule 1e-5 of the peak or better. The adiabatic density decides how far the grid
/// reaches, and nothing else.
///
/// # Errors
/// See [`Unsolved`].
pub fn solve(model: &Model) -> Result<Solution, Unsolved> {
    let langevin = model.langevin()?;
    let coordinate = model.coordinate();
    let varies = |formula: &Expr| formula.contains(coordinate);
    let coupled: Vec<usize> =
        (0..model.directions()).filter(|i| varies(model.curvature(*i)) || varies(&langevin.noise[*i])).collect();
    if coupled.len() > 1 {
        return Err(Unsolved::TooManyDirections { directions: coupled.len() });
    }
    let (curvature, noise) = match coupled.first() {
        Some(i) => (model.curvature(*i).clone(), langevin.noise[*i].clone()),
        None => (Expr::integer(1), Expr::integer(1)),
    };
    let across = !coupled.is_empty();
    let slope = |formula: &Expr| formula.derivative(coordinate);
    let tape = model.compile(&[
        model.floor_loss().clone(),
        curvature.clone(),
        noise.clone(),
        langevin.temperature.clone(),
        slope(model.floor_loss()),
        slope(&curvature),
        slope(&langevin.temperature),
    ]);
    let at = |x: f64| {
        let mut v = [0.0; 7];
        tape.at_into(&[x], &mut v);
        v
    };
    let extent = Extent::of(model.domain(), &|x| {
        let [_, curvature, noise, temperature, loss_slope, curvature_slope, temperature_slope] = at(x);
        let pull = if across { 0.5 * curvature_slope * noise / curvature } else { 0.0 };
        -(loss_slope + pull + temperature_slope) / temperature
    })?;
    let widths = extent.range(&|x| (at(x)[2] / at(x)[1]).sqrt());
    let loss = |x: f64, y: f64| {
        let [floor, curvature, ..] = at(x);
        if across { floor + 0.5 * curvature * y * y } else { floor }
    };
    let problem = Problem { loss: &loss, along: &|x, _| at(x)[3], across: &|x, _| at(x)[2] };
    let grid = |level: u32| {
        let y = match across {
            true => Axis::half(REACH * widths.1, 2.0 * widths.0, COARSEST.1 << level),
            false => Axis::point(0.0),
        };
        Grid { x: extent.axis(COARSEST.0 << level), y }
    };
    refine(&problem, &grid, model.domain())
}

/// Finer and finer grids, until the extrapolated density no longer changes.
fn refine(problem: &Problem, grid: &dyn Fn(u32) -> Grid, domain: Domain) -> Result<Solution, Unsolved> {
    let mut levels: Vec<Density2D> = Vec::new();
    let mut best: Option<Extrapolated> = None;
    for level in 0.. {
        let next = grid(level);
        if work(&next) > MOST_WORK && best.is_some() {
            break;
        }
        levels.push(stationary(problem, &next)?);
        if let Some(three) = levels.last_chunk::<3>() {
            let found = Extrapolated::of(three);
            let better = best.as_ref().is_none_or(|best| found.error < best.error);
            let good = found.error <= GOOD;
            if better {
                best = Some(found);
            }
            if good {
                break;
            }
        }
    }
    let best = best.ok_or(Unsolved::NotResolved { error: f64::INFINITY })?;
    let error = best.error + best.finest.at_the_edge() + BEYOND;
    if !(error <= WORST) {
        return Err(Unsolved::NotResolved { error });
    }
    let across = best.finest.grid.y.len() > 1;
    Ok(Solution {
        nodes: best.nodes,
        density: best.density,
        second: if across { best.second } else { Vec::new() },
        error,
        current: if domain.is_periodic() { best.current } else { 0.0 },
        current_error: if domain.is_periodic() { best.current_error } else { 0.0 },
        cells: (best.finest.grid.x.len(), best.finest.grid.y.len()),
        domain,
    })
}

/// The stretch of floor that is covered.
enum Extent {
    Circle(f64, f64),
    Walls(f64, f64),
    Line { lower: f64, upper: f64, centre: f64, width: f64 },
}

impl Extent {
    /// From the slope of the logarithm of the adiabatic density.
    fn of(domain: Domain, slope: &dyn Fn(f64) -> f64) -> Result<Extent, Unsolved> {
        let adiabatic = || Density::from_slope(domain, slope).map_err(|e| Unsolved::Unconfined(e.to_string()));
        Ok(match domain {
            Domain::Periodic { lower, upper } => Extent::Circle(lower, upper),
            Domain::Interval { lower, upper } => {
                let (a, b) = adiabatic()?.visited(BEYOND);
                // A little further, for what the adiabatic law does not know.
                let room = 0.05 * (b - a);
                Extent::Walls((a - room).max(lower), (b + room).min(upper))
            }
            Domain::Line => {
                let law = adiabatic()?;
                let ((a, b), (c, d)) = (law.visited(BEYOND), law.visited(0.05));
                let room = 0.05 * (b - a);
                Extent::Line { lower: a - room, upper: b + room, centre: 0.5 * (c + d), width: d - c }
            }
        })
    }

    fn axis(&self, cells: usize) -> Axis {
        match *self {
            Extent::Circle(lower, upper) => Axis::circle(lower, upper, cells),
            Extent::Walls(lower, upper) => Axis::interval(lower, upper, cells),
            Extent::Line { lower, upper, centre, width } => Axis::graded(lower, upper, centre, width, cells),
        }
    }

    /// Least and largest value.
    fn range(&self, f: &dyn Fn(f64) -> f64) -> (f64, f64) {
        let axis = self.axis(400);
        axis.nodes().iter().fold((f64::INFINITY, 0.0), |(low, high), x| {
            let value = f(*x);
            (low.min(value), high.max(value))
        })
    }
}
