//! The law that steps leave unchanged: places along the floor are solved for, the law across is stepped, in turn.
//!
//! Iterative aggregation and disaggregation (Koury, McAllister and Stewart 1984): the slow exchange along the floor is solved
//! exactly for the present law across, which relaxes within a few steps. Probabilities stay positive throughout.

use super::Unsolved;
use super::kernel::Kernel;
use super::map::Map;
use super::solution::Solution;
use crate::num::chain::Chain;
use crate::num::function::exp;

/// Change, relative to the largest, between two rounds that is none.
const SETTLED: f64 = 3e-13;
/// Rounds after which it is given up, and transitions followed: some seconds.
const ROUNDS: usize = 400;
const PATIENCE: f64 = 2e9;
/// Steps of the whole law in a round.
const STEPS: usize = 4;

pub(super) fn settle(map: &Map, kernel: Kernel) -> Result<Solution, Unsolved> {
    let (n, m) = kernel.shape();
    let mut masses = Vec::with_capacity(n * m);
    for _ in 0..n {
        masses.extend(kernel.ys.iter().map(|y| exp(-0.5 * (y / map.spread) * (y / map.spread)) / (n * m) as f64));
    }
    let mut marginal = vec![0.0; n];
    let mut change = f64::INFINITY;
    let affordable = PATIENCE / (kernel.transitions() * (STEPS + 1) as f64);
    for _ in 0..ROUNDS.min(affordable as usize) {
        let along = solve_along(&kernel, &masses).ok_or(Unsolved::NotSettled { change })?;
        for (i, row) in masses.chunks_mut(m).enumerate() {
            let sum: f64 = row.iter().sum();
            row.iter_mut().for_each(|mass| *mass *= along[i] / sum);
        }
        let largest = along.iter().copied().fold(0.0, f64::max);
        change = along.iter().zip(&marginal).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max) / largest;
        marginal = along;
        for _ in 0..STEPS {
            masses = kernel.apply(&masses);
        }
        if change <= SETTLED {
            return Solution::of(map, kernel, &masses).ok_or(Unsolved::NotSettled { change });
        }
    }
    Err(Unsolved::NotSettled { change })
}

/// The stationary law of the places along the floor, the law across at each being what it is.
fn solve_along(kernel: &Kernel, masses: &[f64]) -> Option<Vec<f64>> {
    let (n, m) = kernel.shape();
    let rows: Vec<Vec<f64>> = masses.chunks(m).enumerate().map(|(i, across)| kernel.along(i, across)).collect();
    // On a circle neighbours stay close if it is folded.
    let place = |i: usize| match kernel.places.is_circle() {
        true if 2 * i < n => 2 * i,
        true => 2 * (n - 1 - i) + 1,
        false => i,
    };
    let reached = |row: &[f64], i: usize| {
        row.iter().enumerate().filter(|(_, p)| **p > 0.0).map(|(k, _)| place(k).abs_diff(place(i))).max().unwrap_or(0)
    };
    let band = rows.iter().enumerate().map(|(i, row)| reached(row, i)).max().unwrap_or(0);
    let mut chain = Chain::new(n, band);
    for (i, row) in rows.iter().enumerate() {
        for (k, p) in row.iter().enumerate().filter(|(_, p)| **p > 0.0) {
            chain.add(place(i), place(k), *p);
        }
    }
    let law = chain.stationary()?;
    Some((0..n).map(|i| law[place(i)]).collect())
}
