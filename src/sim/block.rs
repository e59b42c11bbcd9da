//! A block of walkers, one lane each: what they are, how many steps they take, who left.

use super::normal::{Stream, streams};
use super::problem::{Kind, Problem};
use super::{Scheme, langevin, sgd};
use crate::eval::lanes::{Eight, Kernel, Lanes, WIDTH, on_lanes};
use crate::num::domain::Domain;

/// Walkers per block: their numbers and the registers of a formula lie in the nearest cache.
pub(crate) const LANES: usize = 256;

/// A walker that diverged: number, step, last sound place.
pub(crate) type Fall = (usize, u64, f64);

pub(crate) struct Block {
    pub(super) first: usize,
    pub(super) stream: Stream,
    pub(super) step: u64,
    /// `[learner][vector]`; lanes beyond the last walker are followed like others and never looked at.
    pub(super) x: Vec<Vec<Eight>>,
    /// `[learner · directions + direction][vector]`
    pub(super) y: Vec<Vec<Eight>>,
    /// Velocities, for SGD.
    pub(super) x_velocity: Vec<Vec<Eight>>,
    pub(super) y_velocity: Vec<Vec<Eight>>,
    /// Sums of the noise so far in this epoch, `[learner · (directions + 1) + component][vector]`.
    pub(super) epoch_sums: Vec<Vec<Eight>>,
    pub alive: Vec<bool>,
    pub falls: Vec<Fall>,
    /// Where the path went in the last step, before walls folded it or a period was taken off.
    pub raw: Vec<f64>,
    /// Half a step of `y` is owed (Strang): two halves in a row at the same place are one whole.
    pub(super) owed: bool,
    pub(super) work: Work,
}

/// Space for one step; nothing in it outlives the step.
pub(super) struct Work {
    /// `x` one step ago.
    pub before: Vec<Vec<Eight>>,
    /// Where formulas are taken.
    pub place: Vec<Eight>,
    pub sign: Vec<Eight>,
    pub force: Vec<Eight>,
    /// Normal numbers, `[component · vectors + vector]`.
    pub kick: Vec<Eight>,
    pub zeta: Vec<Eight>,
    /// Registers of the formulas at the place and at the trial place.
    pub space: Vec<Eight>,
    pub trial: Vec<Eight>,
    pub old: Vec<Vec<Eight>>,
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
            let vectors = lanes.div_ceil(WIDTH);
            let row = |value: f64| vec![[value; WIDTH]; vectors];
            let zeros = |count: usize| vec![row(0.0); count];
            let (space, trial) = problem.space(vectors);
            Block {
                first,
                stream,
                step: 0,
                x: vec![row(problem.start); learners],
                y: zeros(learners * d),
                x_velocity: zeros(learners),
                y_velocity: zeros(learners * d),
                epoch_sums: zeros(learners * (d + 1)),
                alive: vec![true; lanes],
                falls: Vec::new(),
                raw: vec![problem.start; lanes],
                owed: false,
                work: Work {
                    before: vec![row(problem.start); learners],
                    place: row(problem.start),
                    sign: row(1.0),
                    force: row(0.0),
                    kick: vec![[0.0; WIDTH]; vectors * (1 + d)],
                    zeta: row(0.0),
                    space: vec![[0.0; WIDTH]; space],
                    trial: vec![[0.0; WIDTH]; trial],
                    old: Vec::new(),
                },
            }
        })
        .collect()
}

/// A number of steps at one level of instructions.
struct Advance<'a> {
    block: &'a mut Block,
    problem: &'a Problem,
    steps: u64,
}

impl Kernel for Advance<'_> {
    type Output = ();
    #[inline(always)]
    fn run<L: Lanes>(self) {
        let Advance { block, problem, steps } = self;
        for left in (0..steps).rev() {
            block.step += 1;
            let sound = match &problem.kind {
                Kind::Langevin { scheme: Scheme::Strang, floor_kick, force, full, half, .. } => {
                    langevin::strang::<L>(block, problem, *floor_kick, [force, full, half])
                }
                Kind::Langevin { scheme, floor_kick, kicks, full, .. } => {
                    let noise = &mut block.work.kick;
                    match scheme {
                        Scheme::TwoPoint => block.stream.fill_signs::<L>(noise),
                        _ => block.stream.fill::<L>(noise),
                    }
                    langevin::euler::<L>(block, problem, *floor_kick, kicks, full)
                }
                Kind::Sgd { .. } => {
                    sgd::step::<L>(block, problem);
                    block.is_sound::<L>(problem)
                }
            };
            block.settle::<L>(problem, sound, left == 0);
        }
    }
}

/// The half step of `y` that is owed.
struct Complete<'a>(&'a mut Block, &'a Problem);

impl Kernel for Complete<'_> {
    type Output = ();
    #[inline(always)]
    fn run<L: Lanes>(self) {
        let Complete(block, problem) = self;
        if let Kind::Langevin { half, .. } = &problem.kind {
            langevin::relax::<L>(block, problem, half, 0);
        }
    }
}

/// Number `lane` of a row.
fn at(row: &[Eight], lane: usize) -> f64 {
    row.as_flattened()[lane]
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
        self.x.iter().map(|x| at(x, lane)).sum::<f64>() / self.x.len() as f64
    }

    /// Mean over learners of `y_i`.
    pub fn y(&self, direction: usize, lane: usize) -> f64 {
        let d = self.y.len() / self.x.len();
        (0..self.x.len()).map(|l| at(&self.y[l * d + direction], lane)).sum::<f64>() / self.x.len() as f64
    }

    pub fn uniform(&mut self) -> f64 {
        self.stream.uniform()
    }

    pub fn advance(&mut self, problem: &Problem, steps: u64) {
        match &problem.compiled {
            Some(stepper) => stepper.advance(self, problem, steps),
            None => on_lanes(problem.simd, Advance { block: self, problem, steps }),
        }
    }

    /// Takes the half step of `y` that is owed.
    pub fn complete(&mut self, problem: &Problem) {
        if self.owed {
            match &problem.compiled {
                Some(stepper) => stepper.complete(self, problem),
                None => on_lanes(problem.simd, Complete(self, problem)),
            }
            self.owed = false;
        }
    }

    /// Whether sums of squares show that no walker is beyond its bounds.
    #[inline(always)]
    fn is_sound<L: Lanes>(&self, problem: &Problem) -> bool {
        let mut sound = true;
        for x in &self.x {
            sound &= is_within::<L>(sum_of_squares(x), problem.x_limit);
        }
        for (row, y) in self.y.iter().enumerate() {
            sound &= is_within::<L>(sum_of_squares(y), problem.y_limits[row % problem.directions()]);
        }
        sound
    }

    /// Finds the walkers that diverged unless the step was `sound`, folds at walls and wraps on circles. `last`: nobody looks
    /// at the path before that.
    #[inline(always)]
    pub(super) fn settle<L: Lanes>(&mut self, problem: &Problem, sound: bool, last: bool) {
        if !sound {
            self.remove_the_fallen(problem);
        }
        if last {
            for lane in 0..self.lanes() {
                self.raw[lane] = self.x(lane);
            }
        }
        match problem.domain {
            Domain::Line => {}
            Domain::Interval { lower, upper } => {
                for (row, velocities) in self.x.iter_mut().zip(&mut self.x_velocity) {
                    for (x, velocity) in row.iter_mut().zip(velocities) {
                        if !is_between::<L>(x, lower, upper) {
                            for (x, velocity) in x.iter_mut().zip(velocity) {
                                let (place, sign) = problem.locate(*x);
                                *x = place;
                                *velocity *= sign;
                            }
                        }
                    }
                }
            }
            Domain::Periodic { lower, upper } if problem.rewrap => {
                for vector in 0..self.x[0].len() {
                    if !is_between::<L>(&self.x[0][vector], lower, upper) {
                        for lane in 0..WIDTH {
                            // All learners of a walker are shifted alike: mixing needs their differences.
                            let first = self.x[0][vector][lane];
                            let shift = problem.locate(first).0 - first;
                            self.x.iter_mut().for_each(|x| x[vector][lane] += shift);
                        }
                    }
                }
            }
            Domain::Periodic { .. } => {}
        }
    }

    /// Some lane is beyond its bounds or undefined: its walker is recorded, and the lane goes on from the start
    /// harmlessly and is never looked at again.
    #[cold]
    fn remove_the_fallen(&mut self, problem: &Problem) {
        let (learners, d) = (self.x.len(), problem.directions());
        for lane in 0..self.x[0].len() * WIDTH {
            let mut sound = self.x.iter().all(|x| at(x, lane).abs() <= problem.x_limit);
            for (row, y) in self.y.iter().enumerate() {
                sound &= at(y, lane).abs() <= problem.y_limits[row % d];
            }
            if sound {
                continue;
            }
            if self.alive.get(lane) == Some(&true) {
                self.alive[lane] = false;
                let place = self.work.before.iter().map(|x| at(x, lane)).sum::<f64>() / learners as f64;
                let place = problem.domain.place(place).unwrap_or(place);
                self.falls.push((self.first + lane, self.step, place));
            }
            self.x.iter_mut().for_each(|x| x.as_flattened_mut()[lane] = problem.start);
            for numbers in [&mut self.y, &mut self.x_velocity, &mut self.y_velocity, &mut self.epoch_sums] {
                numbers.iter_mut().for_each(|n| n.as_flattened_mut()[lane] = 0.0);
            }
        }
    }
}

/// Lane by lane.
#[inline(always)]
fn sum_of_squares<L: Lanes>(row: &[Eight]) -> L {
    let mut sums = [L::splat(0.0); 4];
    let (fours, rest) = row.as_chunks::<4>();
    for four in fours {
        for (sum, numbers) in sums.iter_mut().zip(four) {
            let v = L::load(numbers);
            *sum = v.mul_add(v, *sum);
        }
    }
    for numbers in rest {
        let v = L::load(numbers);
        sums[0] = v.mul_add(v, sums[0]);
    }
    (sums[0] + sums[1]) + (sums[2] + sums[3])
}

/// Whether a sum of squares shows that no number in it is beyond the limit. Where it says no, look closer.
#[inline(always)]
pub(super) fn is_within<L: Lanes>(squares: L, limit: f64) -> bool {
    // Infinite and undefined sums are greater than any finite bound, or not comparable.
    let within = squares.less_or_equal(L::splat((limit * limit).min(f64::MAX)));
    let beyond = L::select(within, L::splat(0.0), L::splat(1.0));
    !L::any(L::splat(0.5).less(beyond))
}

#[inline(always)]
fn is_between<L: Lanes>(x: &Eight, lower: f64, upper: f64) -> bool {
    let x = L::load(x);
    !L::any(L::either(x.less(L::splat(lower)), L::splat(upper).less(x)))
}

/// Where formulas are taken for paths at `x`, and the signs with which slopes act there.
#[inline(always)]
pub(super) fn locate<L: Lanes>(problem: &Problem, x: &[Eight], place: &mut [Eight], sign: &mut [Eight]) {
    let (lower, upper) = problem.domain.ends().unwrap_or((f64::NEG_INFINITY, f64::INFINITY));
    for ((x, place), sign) in x.iter().zip(place).zip(sign) {
        (*place, *sign) = (*x, [1.0; WIDTH]);
        if !is_between::<L>(x, lower, upper) {
            for lane in 0..WIDTH {
                (place[lane], sign[lane]) = problem.locate(x[lane]);
            }
        }
    }
}
