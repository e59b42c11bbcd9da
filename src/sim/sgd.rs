//! Steps of SGD over the vectors of a block.

use super::block::{Block, Work, locate};
use super::normal::Stream;
use super::problem::{Kind, Problem};
use crate::eval::lanes::{Eight, Lanes};
use std::cell::Cell;

/// `v ← β v + ∇L + ξ`, then learners are mixed, `w ← w − η v`; `x` and `y` together at the old place.
#[inline(always)]
pub(super) fn step<L: Lanes>(block: &mut Block, problem: &Problem) {
    let Kind::Sgd { momentum, curvature, epoch, mixing, tape } = &problem.kind else { return };
    let (d, step) = (problem.directions(), block.step);
    let (beta, c, one, half) = (L::splat(*momentum), L::splat(*curvature), L::splat(1.0), L::splat(0.5));
    let Work { before, place, sign, force, kick, zeta, space, old, .. } = &mut block.work;
    let kick = &mut kick[..place.len()];
    for learner in 0..block.x.len() {
        before[learner].copy_from_slice(&block.x[learner]);
        locate::<L>(problem, &block.x[learner], place, sign);
        let inputs = [Cell::from_mut(place.as_mut_slice()).as_slice_of_cells()];
        let space = Cell::from_mut(space.as_mut_slice()).as_slice_of_cells();
        tape.run::<L>(&inputs, space);
        let row = |output: usize| tape.row(output, &inputs, space);
        let floor = row(0);
        for (k, force) in force.iter_mut().enumerate() {
            floor.get::<L>(k).store(force);
        }
        for i in 0..d {
            if *curvature > 0.0 {
                block.stream.fill::<L>(zeta);
            }
            noise::<L>(&mut block.stream, *epoch, step, &mut block.epoch_sums[learner * (d + 1) + i], kick);
            let (steepness, lambda, spread) = (row(1 + i), row(1 + d + i), row(1 + 2 * d + i));
            let y = &block.y[learner * d + i];
            let velocity = &mut block.y_velocity[learner * d + i];
            for (k, (y, velocity)) in y.iter().zip(velocity).enumerate() {
                let y = L::load(y);
                let scaled = if *curvature > 0.0 { c.mul_add(L::load(&zeta[k]), one) * y } else { y };
                steepness.get::<L>(k).mul_add(half * (scaled * y), L::load(&force[k])).store(&mut force[k]);
                let pull = spread.get::<L>(k).mul_add(L::load(&kick[k]), lambda.get::<L>(k) * scaled);
                beta.mul_add(L::load(velocity), pull).store(velocity);
            }
        }
        noise::<L>(&mut block.stream, *epoch, step, &mut block.epoch_sums[learner * (d + 1) + d], kick);
        let spread = row(1 + 3 * d);
        for (k, velocity) in block.x_velocity[learner].iter_mut().enumerate() {
            let pull = spread.get::<L>(k).mul_add(L::load(&kick[k]), L::load(&force[k]));
            beta.mul_add(L::load(velocity), pull).store(velocity);
        }
    }
    mix(mixing, &mut block.x, 1, old);
    mix(mixing, &mut block.y, d, old);
    let eta = L::splat(problem.dt);
    for (places, velocities) in [(&mut block.x, &block.x_velocity), (&mut block.y, &block.y_velocity)] {
        for (place, velocity) in places.iter_mut().zip(velocities) {
            for (place, velocity) in place.iter_mut().zip(velocity) {
                L::load(velocity).neg_mul_add(eta, L::load(place)).store(place);
            }
        }
    }
}

/// Standard normal noise of one step. With epochs of `M` steps it is exchangeable and sums to zero over the epoch, with
/// unit variance and covariance `−1/(M−1)` as batches without replacement have: a Gaussian surrogate, drawn as the
/// increments of a Brownian bridge so that no epoch need be held.
#[inline(always)]
fn noise<L: Lanes>(stream: &mut Stream, epoch: Option<u64>, step: u64, sums: &mut [Eight], kick: &mut [Eight]) {
    stream.fill::<L>(kick);
    let Some(length) = epoch else { return };
    if length == 1 {
        kick.fill([0.0; 8]);
        return;
    }
    let left = (length - (step - 1) % length) as f64;
    let scale = L::splat((length as f64 / (length - 1) as f64).sqrt());
    let spread = L::splat(((left - 1.0) / left).sqrt());
    let share = L::splat(left);
    for (xi, sum) in kick.iter_mut().zip(sums) {
        let so_far = L::load(sum);
        let increment = spread * L::load(xi) - so_far / share;
        let now = if left > 1.0 { so_far + increment } else { L::splat(0.0) };
        now.store(sum);
        (scale * increment).store(xi);
    }
}

/// `w_j ← Σ_k W_jk w_k` for every one of `components` interleaved coordinates.
#[inline(always)]
fn mix(mixing: &[Vec<f64>], numbers: &mut [Vec<Eight>], components: usize, old: &mut Vec<Vec<Eight>>) {
    if mixing.len() < 2 {
        return;
    }
    old.resize_with(numbers.len().max(old.len()), Vec::new);
    for (old, numbers) in old.iter_mut().zip(numbers.iter()) {
        old.clear();
        old.extend_from_slice(numbers);
    }
    for (j, row) in mixing.iter().enumerate() {
        for i in 0..components {
            let target = numbers[j * components + i].as_flattened_mut();
            target.fill(0.0);
            for (k, weight) in row.iter().enumerate() {
                let from = old[k * components + i].as_flattened();
                target.iter_mut().zip(from).for_each(|(t, o)| *t += weight * o);
            }
        }
    }
}
