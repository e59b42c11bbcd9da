//! What does probability become in a given time? Implicit steps with one factorisation.

use super::flux::Transitions;
use super::{Density2D, Grid, Problem, Unsolved};

/// How a step of time is taken. Both keep the mass to rounding and are stable for every step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// First order; no probability ever becomes negative.
    ImplicitEuler,
    /// Trapezoidal rule and second backward difference: second order, damps what is fast. Steps much longer than the
    /// fastest relaxation may make tiny negative probabilities of steep fronts.
    TrBdf2,
}

/// The density after `time`, in `steps` equal steps, from a density on the same grid.
///
/// # Errors
/// [`Unsolved`]
pub fn evolve(
    problem: &Problem,
    start: &Density2D,
    time: f64,
    steps: usize,
    scheme: Scheme,
) -> Result<Density2D, Unsolved> {
    let step = time / steps as f64;
    if !(step > 0.0 && step.is_finite()) {
        return Err(Unsolved::Time { time, steps });
    }
    let grid = &start.grid;
    let transitions = Transitions::of(problem, grid)?;
    let implicit = match scheme {
        Scheme::ImplicitEuler => step,
        Scheme::TrBdf2 => (1.0 - std::f64::consts::FRAC_1_SQRT_2) * step,
    };
    let factors = Factors::of(grid, &transitions, implicit).ok_or(Unsolved::Singular)?;
    let mut masses = start.masses();
    for _ in 0..steps {
        match scheme {
            Scheme::ImplicitEuler => factors.solve(&mut masses),
            Scheme::TrBdf2 => {
                // γ = 2 − √2: both stages have the matrix of γ/2 steps.
                let gamma = 2.0 - std::f64::consts::SQRT_2;
                let mut stage = masses.clone();
                transitions.flow(&masses, &mut stage, implicit);
                factors.solve(&mut stage);
                let whole = gamma * (2.0 - gamma);
                for (mass, half) in masses.iter_mut().zip(&stage) {
                    *mass = (half - (1.0 - gamma) * (1.0 - gamma) * *mass) / whole;
                }
                factors.solve(&mut masses);
            }
        }
    }
    if masses.iter().any(|mass| !mass.is_finite()) {
        return Err(Unsolved::Singular);
    }
    Ok(Density2D::of_masses(grid, &masses, &transitions))
}

impl Transitions {
    /// `into += time · d masses/dt`
    fn flow(&self, masses: &[f64], into: &mut [f64], time: f64) {
        for (from, to, rate) in &self.rates {
            let moved = time * rate * masses[*from];
            into[*from] -= moved;
            into[*to] += moved;
        }
    }
}

/// `L U` of `1 − τA`, banded. Its columns sum to 1 with a dominant diagonal: no rows are exchanged.
struct Factors {
    band: usize,
    rows: Vec<f64>,
}

impl Factors {
    fn of(grid: &Grid, transitions: &Transitions, time: f64) -> Option<Factors> {
        let (n, band) = (grid.states(), grid.band().min(grid.states() - 1));
        let width = 2 * band + 1;
        let mut rows = vec![0.0; n * width];
        (0..n).for_each(|i| rows[i * width + band] = 1.0);
        for (from, to, rate) in &transitions.rates {
            rows[from * width + band] += time * rate;
            rows[to * width + from + band - to] -= time * rate;
        }
        for k in 0..n {
            let (done, below) = rows.split_at_mut((k + 1) * width);
            let pivot = &done[k * width + band..(k + 1) * width];
            if !(pivot[0] > 0.0 && pivot[0].is_finite()) {
                return None;
            }
            for i in k + 1..(k + band + 1).min(n) {
                let row = &mut below[(i - k - 1) * width..(i - k) * width];
                let place = k + band - i;
                if row[place] != 0.0 {
                    row[place] /= pivot[0];
                    let factor = row[place];
                    row[place + 1..].iter_mut().zip(&pivot[1..]).for_each(|(r, p)| *r -= factor * p);
                }
            }
        }
        Some(Factors { band, rows })
    }

    fn solve(&self, b: &mut [f64]) {
        let (n, band, width) = (b.len(), self.band, 2 * self.band + 1);
        for i in 0..n {
            let first = i.saturating_sub(band);
            let row = &self.rows[i * width + first + band - i..i * width + band];
            let known: f64 = row.iter().zip(&b[first..i]).map(|(l, x)| l * x).sum();
            b[i] -= known;
        }
        for i in (0..n).rev() {
            let row = &self.rows[i * width + band..(i + 1) * width];
            let known: f64 = row[1..].iter().zip(&b[i + 1..]).map(|(u, x)| u * x).sum();
            b[i] = (b[i] - known) / row[0];
        }
    }
}
