//! Steps of a Langevin equation over the vectors of a block.

use super::block::{Block, Work, is_within, locate};
use super::problem::Problem;
use crate::eval::fused::Fused;
use crate::eval::lanes::{Eight, Lanes};
use crate::num::domain::Domain;
use std::cell::Cell;

fn cells(row: &mut [Eight]) -> &[Cell<Eight>] {
    Cell::from_mut(row).as_slice_of_cells()
}

/// `x += (−L0' − ½ Σ λ_i' y_i²) dt + sqrt(2T dt) ξ₀`, `y_i += −λ_i y_i dt + sqrt(2Δ_i dt) ξ_i`, all at the old place, with
/// the noise that stands ready. Whether no walker is beyond its bounds, as far as sums of squares show.
#[inline(always)]
pub(super) fn euler<L: Lanes>(
    block: &mut Block,
    problem: &Problem,
    floor_kick: f64,
    kicks: &[f64],
    full: &Fused,
) -> bool {
    let d = block.y.len();
    if !problem.rewrap {
        locate::<L>(problem, &block.x[0], &mut block.work.place, &mut block.work.sign);
    }
    let Work { before, place, kick, space, force, .. } = &mut block.work;
    let here = cells(&mut block.x[0]);
    let vectors = here.len();
    // Positions are brought back into the domain after each step; a first passage leaves laps of a circle in them.
    let inputs = [if problem.rewrap { here } else { cells(place) }];
    let space = cells(space);
    full.run::<L>(&inputs, space);
    let zero = L::splat(0.0);
    let (floor_kicks, sharp_kicks) = kick.split_at(vectors);
    let floor = full.row(0, &inputs, space).times(-problem.dt);
    let (mut sound, mut farthest) = (true, zero);
    for (i, y) in block.y.iter_mut().enumerate() {
        let steepness = full.row(1 + i, &inputs, space).times(-0.5 * problem.dt);
        let curvature = full.row(1 + d + i, &inputs, space).times(-problem.dt);
        let (spread, floor_kick) = (L::splat(kicks[i]), L::splat(floor_kick));
        let noise = &sharp_kicks[i * vectors..][..vectors];
        let (first, last) = (i == 0, i + 1 == d);
        let mut squares = zero;
        for (k, (y, noise)) in y.iter_mut().zip(noise).enumerate() {
            let old = L::load(y);
            let square = old * old;
            let new = curvature.get::<L>(k).mul_add(old, L::load(noise).mul_add(spread, old));
            new.store(y);
            squares = new.mul_add(new, squares);
            let rest = if first { floor.get::<L>(k) } else { L::load(&force[k]) };
            let drift = steepness.get::<L>(k).mul_add(square, rest);
            if last {
                let x = L::load(&here[k].get());
                let new = drift + L::load(&floor_kicks[k]).mul_add(floor_kick, x);
                new.store(&mut before[0][k]);
                farthest = new.mul_add(new, farthest);
            } else {
                drift.store(&mut force[k]);
            }
        }
        sound &= is_within::<L>(squares, problem.y_limits[i]);
    }
    if d == 0 {
        let floor_kick = L::splat(floor_kick);
        for (k, (new, noise)) in before[0].iter_mut().zip(floor_kicks).enumerate() {
            let moved = L::load(noise).mul_add(floor_kick, L::load(&here[k].get()));
            let moved = floor.get::<L>(k) + moved;
            moved.store(new);
            farthest = moved.mul_add(moved, farthest);
        }
    }
    std::mem::swap(&mut block.x[0], &mut before[0]);
    sound && is_within::<L>(farthest, problem.x_limit)
}

/// `y ← a y + s ξ` with `a`, `s` of the formulas, which begin at output number `from`. Whether `y` is within its bounds.
#[inline(always)]
pub(super) fn relax<L: Lanes>(block: &mut Block, problem: &Problem, tape: &Fused, from: usize) -> bool {
    let d = block.y.len();
    if !problem.rewrap {
        locate::<L>(problem, &block.x[0], &mut block.work.place, &mut block.work.sign);
    }
    let Work { place, kick, space, .. } = &mut block.work;
    let x = &mut block.x[0];
    let vectors = x.len();
    let inputs = [if problem.rewrap { cells(x) } else { cells(place) }];
    let space = cells(space);
    tape.run::<L>(&inputs, space);
    let kick = &mut kick[..d * vectors];
    block.stream.fill::<L>(kick);
    let mut sound = true;
    for (i, y) in block.y.iter_mut().enumerate() {
        let mut squares = L::splat(0.0);
        let (decay, spread) = (tape.row(from + i, &inputs, space), tape.row(from + d + i, &inputs, space));
        for (k, (y, xi)) in y.iter_mut().zip(&kick[i * vectors..]).enumerate() {
            let kicked = spread.get::<L>(k) * L::load(xi);
            let new = decay.get::<L>(k).mul_add(L::load(y), kicked);
            new.store(y);
            squares = new.mul_add(new, squares);
        }
        sound &= is_within::<L>(squares, problem.y_limits[i]);
    }
    sound
}

/// `y` by its exact law for half a step (two halves in a row are one whole), `x` by Heun's method at frozen `y`. Whether no
/// walker is beyond its bounds, as far as sums of squares show.
#[inline(always)]
pub(super) fn strang<L: Lanes>(
    block: &mut Block,
    problem: &Problem,
    floor_kick: f64,
    [force, full, half]: [&Fused; 3],
) -> bool {
    let d = block.y.len();
    let sound = if block.owed {
        relax::<L>(block, problem, full, 1 + d)
    } else {
        let sound = relax::<L>(block, problem, half, 0);
        let inputs = [if problem.rewrap { cells(&mut block.x[0]) } else { cells(&mut block.work.place) }];
        full.run::<L>(&inputs, cells(&mut block.work.space));
        sound
    };
    let Work { before, place, sign, force: slopes, kick, space, trial, .. } = &mut block.work;
    let x = &mut block.x[0];
    let vectors = x.len();
    let kick = &mut kick[..vectors];
    block.stream.fill::<L>(kick);
    let (dt, half_dt, floor_kick) = (L::splat(problem.dt), L::splat(0.5 * problem.dt), L::splat(floor_kick));
    {
        let inputs = [if problem.rewrap { cells(x) } else { cells(place) }];
        let space = cells(space);
        slope::<L>(full, &inputs, space, &block.y, slopes);
    }
    for (k, kick) in kick.iter_mut().enumerate() {
        let kicked = L::load(kick) * floor_kick;
        kicked.store(kick);
        L::load(&slopes[k]).neg_mul_add(dt, L::load(&x[k]) + kicked).store(&mut before[0][k]);
    }
    locate::<L>(problem, &before[0], place, sign);
    let inputs = [cells(place)];
    let trial = cells(trial);
    force.run::<L>(&inputs, trial);
    // The trial place is not needed any more and takes the force there.
    slope::<L>(force, &inputs, trial, &block.y, &mut before[0]);
    let walls = matches!(problem.domain, Domain::Interval { .. });
    let mut farthest = L::splat(0.0);
    for (k, new) in before[0].iter_mut().enumerate() {
        let (here, there) = (L::load(&slopes[k]), L::load(new));
        let sum = if walls { L::load(&sign[k]).mul_add(there, here) } else { here + there };
        let moved = sum.neg_mul_add(half_dt, L::load(&x[k]) + L::load(&kick[k]));
        moved.store(new);
        farthest = moved.mul_add(moved, farthest);
    }
    std::mem::swap(x, &mut before[0]);
    block.owed = true;
    sound && is_within::<L>(farthest, problem.x_limit)
}

/// `L0' + ½ Σ λ_i' y_i²` from outputs of a program that begin `[L0', λ_i'…]`.
#[inline(always)]
fn slope<L: Lanes>(
    program: &Fused,
    inputs: &[&[Cell<Eight>]],
    space: &[Cell<Eight>],
    y: &[Vec<Eight>],
    slope: &mut [Eight],
) {
    let floor = program.row(0, inputs, space);
    if y.is_empty() {
        for (k, slope) in slope.iter_mut().enumerate() {
            floor.get::<L>(k).store(slope);
        }
    }
    for (i, y) in y.iter().enumerate() {
        let steepness = program.row(1 + i, inputs, space).times(0.5);
        for (k, (y, slope)) in y.iter().zip(slope.iter_mut()).enumerate() {
            let (y, rest): (L, L) = (L::load(y), if i == 0 { floor.get(k) } else { L::load(slope) });
            steepness.get::<L>(k).mul_add(y * y, rest).store(slope);
        }
    }
}
