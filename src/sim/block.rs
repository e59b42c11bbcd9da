//! A block of walkers, one lane each, and the steps they take.

use super::Scheme;
use super::normal::{Stream, streams};
use super::problem::{Kind, Problem};
use crate::eval::Tape;
use crate::num::domain::Domain;

/// Walkers per block: the registers of a tape for that many lie in the nearest cache.
pub(crate) const LANES: usize = 256;

/// A walker that diverged: number, step, last sound place.
pub(crate) type Fall = (usize, u64, f64);

pub(crate) struct Block {
    pub(super) first: usize,
    pub(super) stream: Stream,
    pub(super) step: u64,
    /// `[learner][lane]`
    pub(super) x: Vec<Vec<f64>>,
    /// `[learner · directions + direction][lane]`
    pub(super) y: Vec<Vec<f64>>,
    /// Velocities, for SGD.
    pub(super) x_velocity: Vec<Vec<f64>>,
    pub(super) y_velocity: Vec<Vec<f64>>,
    /// Sums of the noise so far in this epoch, `[learner · (directions + 1) + component][lane]`.
    pub(super) epoch_sums: Vec<Vec<f64>>,
    pub alive: Vec<bool>,
    pub falls: Vec<Fall>,
    /// Where the path went in the last step, before walls folded it or a period was taken off.
    pub raw: Vec<f64>,
    /// Half a step of `y` is owed (Strang): two halves in a row at the same place are one whole.
    pub(super) owed: bool,
    work: Work,
}

/// Space for one evaluation.
#[derive(Default)]
struct Work {
    before: Vec<f64>,
    place: Vec<f64>,
    sign: Vec<f64>,
    force: Vec<f64>,
    kick: Vec<f64>,
    zeta: Vec<f64>,
    outputs: Vec<Vec<f64>>,
    trial: Vec<Vec<f64>>,
    scratch: Vec<f64>,
    old: Vec<Vec<f64>>,
}

fn evaluate(tape: &Tape, problem: &Problem, place: &[f64], outputs: &mut Vec<Vec<f64>>, scratch: &mut Vec<f64>) {
    outputs.resize_with(tape.outputs(), Vec::new);
    outputs.iter_mut().for_each(|o| o.resize(place.len(), 0.0));
    let mut slices: Vec<&mut [f64]> = outputs.iter_mut().map(Vec::as_mut_slice).collect();
    tape.block(problem.simd, &[place], &mut slices, scratch);
}

/// All walkers at the start, in blocks.
pub(crate) fn blocks(problem: &Problem, walkers: usize, seed: u64) -> Vec<Block> {
    let (learners, d) = (problem.learners(), problem.directions());
    streams(seed, walkers.div_ceil(LANES))
        .into_iter()
        .enumerate()
        .map(|(number, stream)| {
            let first = number * LANES;
            let lanes = LANES.min(walkers - first);
            let zeros = |count: usize| vec![vec![0.0; lanes]; count];
            Block {
                first,
                stream,
                step: 0,
                x: vec![vec![problem.start; lanes]; learners],
                y: zeros(learners * d),
                x_velocity: zeros(learners),
                y_velocity: zeros(learners * d),
                epoch_sums: zeros(learners * (d + 1)),
                alive: vec![true; lanes],
                falls: Vec::new(),
                raw: vec![problem.start; lanes],
                owed: false,
                work: Work {
                    before: vec![0.0; lanes],
                    place: vec![problem.start; lanes],
                    sign: vec![1.0; lanes],
                    force: vec![0.0; lanes],
                    kick: vec![0.0; lanes],
                    zeta: vec![0.0; lanes],
                    ..Work::default()
                },
            }
        })
        .collect()
}

impl Block {
    pub fn lanes(&self) -> usize {
        self.alive.len()
    }

    pub fn step(&self) -> u64 {
        self.step
    }

    /// Mean over learners of the position; not yet wrapped.
    pub fn x(&self, lane: usize) -> f64 {
        self.x.iter().map(|x| x[lane]).sum::<f64>() / self.x.len() as f64
    }

    /// Mean over learners of `y_i`.
    pub fn y(&self, direction: usize, lane: usize) -> f64 {
        let d = self.y.len() / self.x.len();
        (0..self.x.len()).map(|l| self.y[l * d + direction][lane]).sum::<f64>() / self.x.len() as f64
    }

    pub fn uniform(&mut self) -> f64 {
        self.stream.uniform()
    }

    pub fn advance(&mut self, problem: &Problem, steps: u64) {
        for _ in 0..steps {
            for lane in 0..self.lanes() {
                self.work.before[lane] = self.x(lane);
            }
            self.step += 1;
            match &problem.kind {
                Kind::Langevin { scheme: Scheme::Strang, floor_kick, force, full, half, .. } => {
                    self.strang(problem, *floor_kick, force, full, half)
                }
                Kind::Langevin { scheme: Scheme::EulerMaruyama, floor_kick, kicks, full, .. } => {
                    self.euler(problem, *floor_kick, kicks, full)
                }
                Kind::Sgd { .. } => self.sgd(problem),
            }
            self.settle(problem);
        }
    }

    /// Takes the half step of `y` that is owed.
    pub fn complete(&mut self, problem: &Problem) {
        if let (true, Kind::Langevin { half, .. }) = (self.owed, &problem.kind) {
            self.relax(problem, half, 0);
            self.owed = false;
        }
    }

    /// Where formulas are taken for the present positions (a first passage leaves laps of a circle in them).
    fn locate(&mut self, problem: &Problem) {
        for (place, x) in self.work.place.iter_mut().zip(&self.x[0]) {
            *place = problem.locate(*x).0;
        }
    }

    /// `y ← a y + s ξ` with `a`, `s` of the tape, which begin at output number `from`.
    fn relax(&mut self, problem: &Problem, tape: &Tape, from: usize) {
        let d = self.y.len();
        self.locate(problem);
        let w = &mut self.work;
        evaluate(tape, problem, &w.place, &mut w.outputs, &mut w.scratch);
        for (i, y) in self.y.iter_mut().enumerate() {
            self.stream.normals(&mut w.kick);
            let (decay, spread) = (&w.outputs[from + i], &w.outputs[from + d + i]);
            for (((y, a), s), xi) in y.iter_mut().zip(decay).zip(spread).zip(&w.kick) {
                *y = a * *y + s * xi;
            }
        }
    }

    fn strang(&mut self, problem: &Problem, floor_kick: f64, force: &Tape, full: &Tape, half: &Tape) {
        let d = self.y.len();
        if self.owed {
            self.relax(problem, full, 1 + d);
        } else {
            self.relax(problem, half, 0);
            let w = &mut self.work;
            evaluate(full, problem, &w.place, &mut w.outputs, &mut w.scratch);
        }
        let (w, dt) = (&mut self.work, problem.dt);
        slope(&w.outputs, &self.y, &mut w.force);
        self.stream.normals(&mut w.kick);
        for lane in 0..w.kick.len() {
            w.kick[lane] *= floor_kick;
            let trial = self.x[0][lane] - dt * w.force[lane] + w.kick[lane];
            (w.place[lane], w.sign[lane]) = problem.locate(trial);
        }
        evaluate(force, problem, &w.place, &mut w.trial, &mut w.scratch);
        // The force of the trial place is borrowed into `place`, which is not needed any more.
        slope(&w.trial, &self.y, &mut w.place);
        for (lane, x) in self.x[0].iter_mut().enumerate() {
            *x += w.kick[lane] - 0.5 * dt * (w.force[lane] + w.sign[lane] * w.place[lane]);
        }
        self.owed = true;
    }

    fn euler(&mut self, problem: &Problem, floor_kick: f64, kicks: &[f64], full: &Tape) {
        self.locate(problem);
        let (w, dt, d) = (&mut self.work, problem.dt, self.y.len());
        evaluate(full, problem, &w.place, &mut w.outputs, &mut w.scratch);
        slope(&w.outputs, &self.y, &mut w.force);
        self.stream.normals(&mut w.kick);
        for (lane, x) in self.x[0].iter_mut().enumerate() {
            *x += floor_kick * w.kick[lane] - dt * w.force[lane];
        }
        for (i, y) in self.y.iter_mut().enumerate() {
            self.stream.normals(&mut w.kick);
            for ((y, curvature), xi) in y.iter_mut().zip(&w.outputs[1 + d + i]).zip(&w.kick) {
                *y += kicks[i] * xi - dt * curvature * *y;
            }
        }
    }

    fn sgd(&mut self, problem: &Problem) {
        let Kind::Sgd { momentum, curvature, epoch, mixing, tape } = &problem.kind else { return };
        let d = problem.directions();
        for learner in 0..self.x.len() {
            let w = &mut self.work;
            for (place, x) in w.place.iter_mut().zip(&self.x[learner]) {
                *place = problem.locate(*x).0;
            }
            evaluate(tape, problem, &w.place, &mut w.outputs, &mut w.scratch);
            w.force.copy_from_slice(&w.outputs[0]);
            for i in 0..d {
                if *curvature > 0.0 {
                    self.stream.normals(&mut w.zeta);
                }
                let sums = &mut self.epoch_sums[learner * (d + 1) + i];
                noise(&mut self.stream, *epoch, self.step, sums, &mut w.kick);
                let y = &self.y[learner * d + i];
                let velocity = &mut self.y_velocity[learner * d + i];
                for lane in 0..y.len() {
                    let factor = 1.0 + curvature * w.zeta[lane];
                    w.force[lane] += 0.5 * factor * w.outputs[1 + i][lane] * y[lane] * y[lane];
                    let gradient = factor * w.outputs[1 + d + i][lane] * y[lane];
                    let xi = w.outputs[1 + 2 * d + i][lane] * w.kick[lane];
                    velocity[lane] = momentum * velocity[lane] + gradient + xi;
                }
            }
            let sums = &mut self.epoch_sums[learner * (d + 1) + d];
            noise(&mut self.stream, *epoch, self.step, sums, &mut w.kick);
            for (lane, velocity) in self.x_velocity[learner].iter_mut().enumerate() {
                *velocity = momentum * *velocity + w.force[lane] + w.outputs[1 + 3 * d][lane] * w.kick[lane];
            }
        }
        mix(mixing, &mut self.x, 1, &mut self.work.old);
        mix(mixing, &mut self.y, d, &mut self.work.old);
        for (places, velocities) in [(&mut self.x, &self.x_velocity), (&mut self.y, &self.y_velocity)] {
            for (place, velocity) in places.iter_mut().zip(velocities) {
                place.iter_mut().zip(velocity).for_each(|(p, v)| *p -= problem.dt * v);
            }
        }
    }

    /// Finds the walkers that diverged, folds at walls and wraps on circles.
    fn settle(&mut self, problem: &Problem) {
        let (learners, d) = (self.x.len(), problem.directions());
        for lane in 0..self.lanes() {
            let mut sound = true;
            for l in 0..learners {
                sound &= self.x[l][lane].abs() <= problem.x_limit;
                for i in 0..d {
                    sound &= self.y[l * d + i][lane].abs() <= problem.y_limits[i];
                }
            }
            if !sound {
                if self.alive[lane] {
                    self.alive[lane] = false;
                    let place = self.work.before[lane];
                    let place = problem.domain.place(place).unwrap_or(place);
                    self.falls.push((self.first + lane, self.step, place));
                }
                // Its lane goes on harmlessly and is never looked at again.
                self.x.iter_mut().for_each(|x| x[lane] = problem.start);
                for numbers in [&mut self.y, &mut self.x_velocity, &mut self.y_velocity, &mut self.epoch_sums] {
                    numbers.iter_mut().for_each(|n| n[lane] = 0.0);
                }
            }
            self.raw[lane] = self.x(lane);
            if let Domain::Interval { .. } = problem.domain {
                for l in 0..learners {
                    let (place, sign) = problem.locate(self.x[l][lane]);
                    self.x[l][lane] = place;
                    self.x_velocity[l][lane] *= sign;
                }
            } else if let (true, Domain::Periodic { lower, upper }) = (problem.rewrap, problem.domain) {
                // All learners of a walker are shifted alike: mixing needs their differences.
                let first = self.x[0][lane];
                if !(lower <= first && first < upper) {
                    let shift = problem.locate(first).0 - first;
                    self.x.iter_mut().for_each(|x| x[lane] += shift);
                }
            }
        }
    }
}

/// `L0' + ½ Σ λ_i' y_i²` from outputs that begin `[L0', λ_i'…]`.
fn slope(outputs: &[Vec<f64>], y: &[Vec<f64>], slope: &mut [f64]) {
    slope.copy_from_slice(&outputs[0]);
    for (steepness, y) in outputs[1..].iter().zip(y) {
        for ((s, l), y) in slope.iter_mut().zip(steepness).zip(y) {
            *s += 0.5 * l * y * y;
        }
    }
}

/// Standard normal noise of one step. With epochs of `M` steps it is exchangeable and sums to zero over the epoch, with
/// unit variance and covariance `−1/(M−1)` as batches without replacement have: a Gaussian surrogate, drawn as the
/// increments of a Brownian bridge so that no epoch need be held.
fn noise(stream: &mut Stream, epoch: Option<u64>, step: u64, sums: &mut [f64], kick: &mut [f64]) {
    stream.normals(kick);
    let Some(length) = epoch else { return };
    if length == 1 {
        kick.fill(0.0);
        return;
    }
    let left = (length - (step - 1) % length) as f64;
    let scale = (length as f64 / (length - 1) as f64).sqrt();
    let spread = ((left - 1.0) / left).sqrt();
    for (xi, sum) in kick.iter_mut().zip(sums) {
        let increment = spread * *xi - *sum / left;
        *sum = if left > 1.0 { *sum + increment } else { 0.0 };
        *xi = scale * increment;
    }
}

/// `w_j ← Σ_k W_jk w_k` for every one of `components` interleaved coordinates.
fn mix(mixing: &[Vec<f64>], numbers: &mut [Vec<f64>], components: usize, old: &mut Vec<Vec<f64>>) {
    if mixing.len() < 2 {
        return;
    }
    old.clear();
    old.extend(numbers.iter().cloned());
    for (j, row) in mixing.iter().enumerate() {
        for i in 0..components {
            let target = &mut numbers[j * components + i];
            target.fill(0.0);
            for (k, weight) in row.iter().enumerate() {
                target.iter_mut().zip(&old[k * components + i]).for_each(|(t, o)| *t += weight * o);
            }
        }
    }
}
