//! What has probability become after a long time? One grid, and three nested ones.

use super::flux::Transitions;
use super::{Grid, Problem, Unsolved};
use crate::num::chain::Chain;
use crate::num::sum::Sum;

/// Part of the change from one extrapolated value to the next that is given as the error of the latter.
const CHANGE: f64 = 0.25;
/// Nodes times squared band above which an elimination takes too long.
const MOST_WORK: f64 = 4e9;

/// A density on the nodes of a grid, of unit mass.
#[derive(Clone, Debug)]
pub struct Density2D {
    /// Its grid.
    pub grid: Grid,
    /// `p(x_i, y_j)` at `i · (nodes along y) + j`; none is negative (after [`super::Scheme::TrBdf2`] steps it may be).
    pub values: Vec<f64>,
    /// Probability current along `x`, per unit of time, mean over the links: 0 but for rounding between walls.
    pub current: f64,
}

impl Density2D {
    /// From values at the nodes, normalised; `None` where they have no positive mass or are not numbers.
    pub fn of(grid: Grid, density: &dyn Fn(f64, f64) -> f64) -> Option<Density2D> {
        let nodes = grid.y.nodes().to_vec();
        let values: Vec<f64> =
            grid.x.nodes().iter().flat_map(|x| nodes.iter().map(|y| density(*x, *y)).collect::<Vec<_>>()).collect();
        let mut found = Density2D { grid, values, current: 0.0 };
        let mass = found.mass();
        (mass > 0.0 && mass.is_finite()).then(|| {
            found.values.iter_mut().for_each(|p| *p /= mass);
            found
        })
    }

    /// From the mass of every numbered node.
    pub(super) fn of_masses(grid: &Grid, masses: &[f64], transitions: &Transitions) -> Density2D {
        let (x_widths, y_widths, copies) = (grid.x.widths(), grid.y.widths(), grid.x.copies() * grid.y.copies());
        let mut values = Vec::with_capacity(grid.states());
        for (i, width) in x_widths.iter().enumerate() {
            for (j, height) in y_widths.iter().enumerate() {
                values.push(masses[grid.number(i, j)] / (width * height * copies));
            }
        }
        let flux = |place: &usize| {
            let ((from, to, rate), (_, _, back)) = (transitions.rates[*place], transitions.rates[place + 1]);
            masses[from] * rate - masses[to] * back
        };
        let links = transitions.along.len().max(1) as f64;
        let current = transitions.along.iter().flatten().map(flux).collect::<Sum>().value() / links;
        Density2D { grid: grid.clone(), values, current }
    }

    /// The mass of every node, by number.
    pub(super) fn masses(&self) -> Vec<f64> {
        let (x_widths, y_widths) = (self.grid.x.widths(), self.grid.y.widths());
        let copies = self.grid.x.copies() * self.grid.y.copies();
        let mut masses = vec![0.0; self.grid.states()];
        for (i, width) in x_widths.iter().enumerate() {
            for (j, height) in y_widths.iter().enumerate() {
                masses[self.grid.number(i, j)] = self.values[i * y_widths.len() + j] * width * height * copies;
            }
        }
        masses
    }

    /// `Σ p · cell`
    pub fn mass(&self) -> f64 {
        self.masses().into_iter().collect::<Sum>().value()
    }

    /// `∫ p dy` at the nodes along `x`.
    pub fn marginal(&self) -> Vec<f64> {
        self.across(&|_| 1.0)
    }

    /// `∫ f(y) p dy` at the nodes along `x`.
    pub fn across(&self, f: &dyn Fn(f64) -> f64) -> Vec<f64> {
        let weights: Vec<f64> = (self.grid.y.widths().iter().zip(self.grid.y.nodes()))
            .map(|(width, y)| width * self.grid.y.copies() * f(*y))
            .collect();
        self.values.chunks(weights.len()).map(|row| row.iter().zip(&weights).map(|(p, w)| p * w).sum()).collect()
    }

    /// The largest share that the outermost nodes across have of any marginal density, per standard deviation: what a grid
    /// that is too narrow leaves out.
    pub fn at_the_edge(&self) -> f64 {
        let n = self.grid.y.len();
        if n < 2 {
            return 0.0;
        }
        let marginal = self.marginal();
        let peak = marginal.iter().copied().fold(0.0, f64::max);
        let spread = self.across(&|y| y * y);
        let lower = self.grid.y.copies() == 1.0;
        (0..self.grid.x.len())
            .map(|i| {
                let outer = self.values[i * n + n - 1] + if lower { self.values[i * n] } else { 0.0 };
                if marginal[i] > 0.0 { outer * (spread[i] / marginal[i]).sqrt() / peak } else { 0.0 }
            })
            .fold(0.0, f64::max)
    }
}

/// The stationary density on one grid.
///
/// Accuracy: second order in the size of the cells where they change smoothly; exact at the nodes, up to the rounding, where
/// the density is `exp(−L/Δ)`.
///
/// # Errors
/// [`Unsolved`]
pub fn stationary(problem: &Problem, grid: &Grid) -> Result<Density2D, Unsolved> {
    let (states, band) = (grid.states(), grid.band());
    if work(grid) > MOST_WORK {
        return Err(Unsolved::TooLarge { states, band });
    }
    let transitions = Transitions::of(problem, grid)?;
    let mut chain = Chain::new(states, band);
    transitions.rates.iter().for_each(|(from, to, rate)| chain.add(*from, *to, *rate));
    let masses = chain.stationary().ok_or(Unsolved::Singular)?;
    Ok(Density2D::of_masses(grid, &masses, &transitions))
}

/// Number of multiplications of an elimination, roughly.
pub(super) fn work(grid: &Grid) -> f64 {
    grid.states() as f64 * (grid.band() as f64).powi(2)
}

/// The marginal along `x` of three nested grids, extrapolated to cells of no size.
#[derive(Clone, Debug)]
pub struct Extrapolated {
    /// The nodes of the middle grid.
    pub nodes: Vec<f64>,
    /// `p(x)` there, of fourth order in the size of the cells where that falls as its square.
    pub density: Vec<f64>,
    /// `∫ y² p dy` there.
    pub second: Vec<f64>,
    /// A quarter of the largest difference between this value and that of the same kind one grid coarser, relative to the
    /// peak. At fourth order the error is a fifteenth of the difference.
    pub error: f64,
    /// Probability current along `x`, per unit of time.
    pub current: f64,
    /// Error of the current, likewise.
    pub current_error: f64,
    /// The solution on the finest grid.
    pub finest: Density2D,
}

/// Solves on `grid`, on every other node of it and on every fourth.
///
/// # Errors
/// [`Unsolved`]; [`Unsolved::Grid`] where the grid cannot be made coarser twice.
pub fn extrapolated(problem: &Problem, grid: &Grid) -> Result<Extrapolated, Unsolved> {
    let middle = grid.coarser().ok_or(Unsolved::Grid)?;
    let coarse = middle.coarser().ok_or(Unsolved::Grid)?;
    let all = [stationary(problem, &coarse)?, stationary(problem, &middle)?, stationary(problem, grid)?];
    Ok(Extrapolated::of(&all))
}

impl Extrapolated {
    /// From the solutions on three nested grids, coarsest first.
    pub(super) fn of([coarse, middle, fine]: &[Density2D; 3]) -> Extrapolated {
        let square = |y: f64| y * y;
        let better = |fine: &[f64], coarse: &[f64]| -> Vec<f64> {
            fine.iter().step_by(2).zip(coarse).map(|(f, c)| f + (f - c) / 3.0).collect()
        };
        let marginals = [coarse.marginal(), middle.marginal(), fine.marginal()];
        let density = better(&marginals[2], &marginals[1]);
        let before = better(&marginals[1], &marginals[0]);
        let peak = density.iter().copied().fold(0.0, f64::max);
        let change = density.iter().step_by(2).zip(&before).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        let currents = [coarse.current, middle.current, fine.current];
        let (now, then) =
            (currents[2] + (currents[2] - currents[1]) / 3.0, currents[1] + (currents[1] - currents[0]) / 3.0);
        Extrapolated {
            nodes: middle.grid.x.nodes().to_vec(),
            second: better(&fine.across(&square), &middle.across(&square)),
            density,
            error: CHANGE * change / peak,
            current: now,
            current_error: CHANGE * (now - then).abs(),
            finest: fine.clone(),
        }
    }
}
