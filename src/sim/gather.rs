//! From walkers to moments and histograms, with errors from the spread between walkers.

use super::block::Block;
use super::checkpoint::Exchange;
use super::problem::{Kind, Problem};
use super::{Diverged, Ensemble, Estimate, Histogram, Moments, Plan};
use crate::num::domain::Domain;

/// Bins where nobody asks for others.
const BINS: usize = 64;

/// Sums over the records of each walker of a block.
pub(crate) struct Gather {
    records: u64,
    /// `x`, `x²`, then `y_i²`, then the conditional means of `y_i²`: `[quantity][lane]`
    sums: Vec<Vec<f64>>,
    tally: Tally,
}

/// What the histogram is made of.
enum Tally {
    /// How often each walker was in each bin, `[lane · bins + bin]`: the spread between walkers needs them apart.
    Many(Vec<u32>),
    /// Of final states only: the one bin of each walker, from 1; 0 for none.
    Once(Vec<u32>),
}

impl Gather {
    pub fn new(lanes: usize, directions: usize, edges: &[f64], once: bool) -> Gather {
        let bins = edges.len().saturating_sub(1);
        let tally = if once { Tally::Once(vec![0; lanes]) } else { Tally::Many(vec![0; lanes * bins]) };
        Gather { records: 0, sums: vec![vec![0.0; lanes]; 2 + 2 * directions], tally }
    }

    /// Everything found so far.
    pub fn exchange(&mut self, with: &mut dyn Exchange) {
        with.word(&mut self.records);
        self.sums.iter_mut().for_each(|sums| with.numbers(sums));
        let (Tally::Many(counts) | Tally::Once(counts)) = &mut self.tally;
        for count in counts {
            let mut word = u64::from(*count);
            with.word(&mut word);
            *count = word as u32;
        }
    }

    /// Ends the step of the block and records where its walkers are.
    pub fn record(&mut self, block: &mut Block, problem: &Problem, edges: &[f64]) {
        let expected = squares_to_come(block, problem);
        block.complete(problem);
        self.records += 1;
        let bins = edges.len().saturating_sub(1);
        let directions = problem.directions();
        for lane in 0..block.lanes() {
            let x = place(block, problem, lane);
            self.sums[0][lane] += x;
            self.sums[1][lane] += x * x;
            for i in 0..directions {
                let y = block.y(i, lane);
                self.sums[2 + i][lane] += y * y;
                self.sums[2 + directions + i][lane] += expected.as_ref().map_or(y * y, |e| e[i][lane]);
            }
            if let Some(bin) = bin_of(edges, x) {
                match &mut self.tally {
                    Tally::Many(counts) => counts[lane * bins + bin] += 1,
                    Tally::Once(places) => places[lane] = bin as u32 + 1,
                }
            }
        }
    }

    /// Share of the records of a walker that lie in a bin.
    fn share(&self, lane: usize, bin: usize, bins: usize) -> f64 {
        match &self.tally {
            Tally::Many(counts) => f64::from(counts[lane * bins + bin]) / self.records as f64,
            Tally::Once(places) => f64::from(u8::from(places[lane] as usize == bin + 1)),
        }
    }

    /// Records of a walker that lie in any bin.
    fn inside(&self, lane: usize, bins: usize) -> u64 {
        match &self.tally {
            Tally::Many(counts) => counts[lane * bins..(lane + 1) * bins].iter().map(|c| u64::from(*c)).sum(),
            Tally::Once(places) => u64::from(places[lane] > 0),
        }
    }
}

/// `a² y_i² + s²` where the half step `y_i ← a y_i + s ξ` is still owed: the mean of `y_i²` after it, given all that was drawn
/// before. Its mean is that of `y_i²`, and its spread lacks that of the last draw. `None` where nothing is owed.
fn squares_to_come(block: &Block, problem: &Problem) -> Option<Vec<Vec<f64>>> {
    let tape = problem.last_half.as_ref().filter(|_| block.owed)?;
    let (directions, lanes) = (problem.directions(), block.lanes());
    let places: Vec<f64> = (0..lanes).map(|lane| problem.locate(block.x(lane)).0).collect();
    let mut outputs = vec![vec![0.0; lanes]; tape.outputs()];
    let mut slices: Vec<&mut [f64]> = outputs.iter_mut().map(Vec::as_mut_slice).collect();
    tape.block(problem.simd, &[&places], &mut slices, &mut Vec::new());
    let square = |i: usize, lane: usize| {
        let (decayed, spread) = (outputs[i][lane] * block.y(i, lane), outputs[directions + i][lane]);
        decayed * decayed + spread * spread
    };
    Some((0..directions).map(|i| (0..lanes).map(|lane| square(i, lane)).collect()).collect())
}

/// The bin that holds `x`; the last edge belongs to the last bin.
fn bin_of(edges: &[f64], x: f64) -> Option<usize> {
    let bins = edges.len().checked_sub(1)?;
    if !(edges[0] <= x && x <= edges[bins]) {
        return None;
    }
    Some((edges.partition_point(|e| *e <= x) - 1).min(bins - 1))
}

/// The recorded place of a walker.
pub(crate) fn place(block: &Block, problem: &Problem, lane: usize) -> f64 {
    let x = block.x(lane);
    problem.domain.place(x).unwrap_or(x)
}

/// The edges of the plan, or equal bins: over the domain; on a line over the range of the walkers now, widened by half
/// on each side where recording has yet to begin.
pub(crate) fn edges(problem: &Problem, plan: &Plan, blocks: &[Block]) -> Vec<f64> {
    if let Some(edges) = &plan.edges {
        return edges.clone();
    }
    let (mut lower, mut upper) = match problem.domain {
        Domain::Interval { lower, upper } | Domain::Periodic { lower, upper } => (lower, upper),
        Domain::Line => {
            let (mut lower, mut upper) = (f64::INFINITY, f64::NEG_INFINITY);
            for block in blocks {
                for lane in (0..block.lanes()).filter(|lane| block.alive[*lane]) {
                    (lower, upper) = (lower.min(block.x(lane)), upper.max(block.x(lane)));
                }
            }
            if plan.every.is_some() {
                // Walkers that have hardly moved yet say nothing of where they will be.
                lower = lower.min(problem.stretch.0);
                upper = upper.max(problem.stretch.1);
                let margin = 0.5 * (upper - lower);
                (lower - margin, upper + margin)
            } else {
                (lower, upper)
            }
        }
    };
    if !(lower.is_finite() && upper.is_finite()) {
        return Vec::new();
    }
    // A single walker, or none that moved: a bin must have a width.
    let least = 1e-9 * lower.abs().max(upper.abs()).max(1e-9);
    if upper - lower <= least {
        (lower, upper) = (lower - least, upper + least);
    }
    (0..=BINS).map(|k| if k == BINS { upper } else { lower + (upper - lower) * k as f64 / BINS as f64 }).collect()
}

/// Mean and standard error of independent numbers.
pub(crate) fn estimate(samples: impl Iterator<Item = f64> + Clone) -> Estimate {
    let n = samples.clone().count() as f64;
    let value = samples.clone().sum::<f64>() / n;
    let squares: f64 = samples.map(|s| (s - value) * (s - value)).sum();
    let standard_error = if n > 1.0 { (squares / ((n - 1.0) * n)).sqrt() } else { f64::INFINITY };
    Estimate { value, standard_error }
}

pub(crate) fn ensemble(
    problem: &Problem,
    plan: &Plan,
    threads: usize,
    blocks: &[Block],
    gathered: &[Gather],
    edges: Vec<f64>,
) -> Ensemble {
    let alive: Vec<(usize, usize)> = blocks
        .iter()
        .enumerate()
        .flat_map(|(b, block)| (0..block.lanes()).filter(|lane| block.alive[*lane]).map(move |lane| (b, lane)))
        .collect();
    let mean = |quantity: usize| {
        estimate(alive.iter().map(|(b, lane)| gathered[*b].sums[quantity][*lane] / gathered[*b].records as f64))
    };
    let directions = problem.directions();
    let some = !alive.is_empty();
    let moments = some.then(|| Moments {
        x: mean(0),
        x2: mean(1),
        y2: (0..directions).map(|i| mean(2 + directions + i)).collect(),
        y2_plain: (0..directions).map(|i| mean(2 + i)).collect(),
    });
    let bins = edges.len().saturating_sub(1);
    let histogram = (some && bins > 0).then(|| {
        let fraction = |bin: usize| estimate(alive.iter().map(|(b, lane)| gathered[*b].share(*lane, bin, bins)));
        let fractions: Vec<Estimate> = (0..bins).map(fraction).collect();
        let width = |bin: usize| edges[bin + 1] - edges[bin];
        let total: u64 = alive.iter().map(|(b, lane)| gathered[*b].inside(*lane, bins)).sum();
        let records = gathered[0].records * alive.len() as u64;
        Histogram {
            p: fractions.iter().enumerate().map(|(bin, f)| f.value / width(bin)).collect(),
            standard_errors: fractions.iter().enumerate().map(|(bin, f)| f.standard_error / width(bin)).collect(),
            outside: (records - total) as f64 / records as f64,
            edges,
        }
    });
    let scheme = match &problem.kind {
        Kind::Langevin { scheme, .. } => scheme.name(),
        Kind::Sgd { .. } => "sgd",
    };
    Ensemble {
        scheme,
        dt: problem.dt,
        start: problem.start,
        steps: plan.steps,
        threads,
        x: alive.iter().map(|(b, lane)| place(&blocks[*b], problem, *lane)).collect(),
        y: (0..directions).map(|i| alive.iter().map(|(b, lane)| blocks[*b].y(i, *lane)).collect()).collect(),
        moments,
        histogram,
        diverged: Diverged::of(blocks.iter().flat_map(|b| b.falls.iter().copied())),
    }
}
