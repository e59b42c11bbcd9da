//! Steps of a Langevin equation over the vectors of a block.

use super::block::{Block, Work, locate};
use super::problem::Problem;
use crate::eval::fused::{Fused, Row};
use crate::eval::lanes::{Eight, Lanes};
use crate::num::domain::Domain;
use std::cell::Cell;

fn cells(row: &mut [Eight]) -> &[Cell<Eight>] {
    Cell::from_mut(row).as_slice_of_cells()
}

/// `x += (−L0' − ½ Σ λ_i' y_i²) dt + sqrt(2T dt) ξ₀`, `y_i += −λ_i y_i dt + sqrt(2Δ_i dt) ξ_i`, all at the old place.
#[inline(always)]
pub(super) fn euler<L: Lanes>(block: &mut Block, problem: &Problem, floor_kick: f64, kicks: &[f64], full: &Fused) {
    let d = block.y.len();
    if !problem.rewrap {
        locate::<L>(problem, &block.x[0], &mut block.work.place, &mut block.work.sign);
    }
    let Work { before, place, kick, space, force, .. } = &mut block.work;
    block.stream.fill::<L>(kick);
    let here = cells(&mut block.x[0]);
    let vectors = here.len();
    // Positions are brought back into the domain after each step; a first passage leaves laps of a circle in them.
    let inputs = [if problem.rewrap { here } else { cells(place) }];
    let space = cells(space);
    full.run::<L>(&inputs, space);
    let row = |output: usize| full.row(output, &inputs, space);
    let (dt, half, floor_kick) = (L::splat(problem.dt), L::splat(0.5), L::splat(floor_kick));
    let (floor_kicks, sharp_kicks) = kick.split_at(vectors);
    let floor = row(0);
    for (i, y) in block.y.iter_mut().enumerate() {
        let (steepness, curvature, spread) = (row(1 + i), row(1 + d + i), L::splat(kicks[i]));
        let noise = &sharp_kicks[i * vectors..][..vectors];
        for (k, ((y, noise), force)) in y.iter_mut().zip(noise).zip(force.iter_mut()).enumerate() {
            let (old, xi) = (L::load(y), L::load(noise));
            let rest: L = if i == 0 { floor.get(k) } else { L::load(force) };
            steepness.get::<L>(k).mul_add(old * (old * half), rest).store(force);
            (curvature.get::<L>(k) * dt).neg_mul_add(old, xi.mul_add(spread, old)).store(y);
        }
    }
    for (k, (new, noise)) in before[0].iter_mut().zip(floor_kicks).enumerate() {
        let force: L = if d == 0 { floor.get(k) } else { L::load(&force[k]) };
        let moved = L::load(noise).mul_add(floor_kick, L::load(&here[k].get()));
        force.neg_mul_add(dt, moved).store(new);
    }
    std::mem::swap(&mut block.x[0], &mut before[0]);
}

/// `y ← a y + s ξ` with `a`, `s` of the formulas, which begin at output number `from`.
#[inline(always)]
pub(super) fn relax<L: Lanes>(block: &mut Block, problem: &Problem, tape: &Fused, from: usize) {
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
    for (i, y) in block.y.iter_mut().enumerate() {
        let (decay, spread) = (tape.row(from + i, &inputs, space), tape.row(from + d + i, &inputs, space));
        for (k, (y, xi)) in y.iter_mut().zip(&kick[i * vectors..]).enumerate() {
            let kicked = spread.get::<L>(k) * L::load(xi);
            decay.get::<L>(k).mul_add(L::load(y), kicked).store(y);
        }
    }
}

/// `y` by its exact law for half a step (two halves in a row are one whole), `x` by Heun's method at frozen `y`.
#[inline(always)]
pub(super) fn strang<L: Lanes>(
    block: &mut Block,
    problem: &Problem,
    floor_kick: f64,
    [force, full, half]: [&Fused; 3],
) {
    let d = block.y.len();
    if block.owed {
        relax::<L>(block, problem, full, 1 + d);
    } else {
        relax::<L>(block, problem, half, 0);
        let inputs = [if problem.rewrap { cells(&mut block.x[0]) } else { cells(&mut block.work.place) }];
        full.run::<L>(&inputs, cells(&mut block.work.space));
    }
    let Work { before, place, sign, force: slopes, kick, space, trial, .. } = &mut block.work;
    let x = &mut block.x[0];
    let vectors = x.len();
    let kick = &mut kick[..vectors];
    block.stream.fill::<L>(kick);
    let (dt, half_dt, floor_kick) = (L::splat(problem.dt), L::splat(0.5 * problem.dt), L::splat(floor_kick));
    {
        let inputs = [if problem.rewrap { cells(x) } else { cells(place) }];
        let space = cells(space);
        slope::<L>(d, |output| full.row(output, &inputs, space), &block.y, slopes);
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
    slope::<L>(d, |output| force.row(output, &inputs, trial), &block.y, &mut before[0]);
    let walls = matches!(problem.domain, Domain::Interval { .. });
    for (k, new) in before[0].iter_mut().enumerate() {
        let (here, there) = (L::load(&slopes[k]), L::load(new));
        let sum = if walls { L::load(&sign[k]).mul_add(there, here) } else { here + there };
        sum.neg_mul_add(half_dt, L::load(&x[k]) + L::load(&kick[k])).store(new);
    }
    std::mem::swap(x, &mut before[0]);
    block.owed = true;
}

/// `L0' + ½ Σ λ_i' y_i²` from outputs that begin `[L0', λ_i'…]`.
#[inline(always)]
fn slope<'a, L: Lanes>(d: usize, row: impl Fn(usize) -> Row<'a>, y: &[Vec<Eight>], slope: &mut [Eight]) {
    let (floor, half) = (row(0), L::splat(0.5));
    if d == 0 {
        slope.iter_mut().enumerate().for_each(|(k, s)| floor.get::<L>(k).store(s));
    }
    for (i, y) in y.iter().enumerate() {
        let steepness = row(1 + i);
        for (k, (y, slope)) in y.iter().zip(slope.iter_mut()).enumerate() {
            let (y, rest): (L, L) = (L::load(y), if i == 0 { floor.get(k) } else { L::load(slope) });
            steepness.get::<L>(k).mul_add(y * (y * half), rest).store(slope);
        }
    }
}
