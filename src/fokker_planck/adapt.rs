//! How many panels and modes are enough? Both grow until the density no longer changes.

use super::Unsolved;
use super::galerkin::{self, Coefficients, Condensed, Modes};
use super::mesh::{Direction, Fields, Mesh, Panel};
use super::rule::Rule;
use super::solution::{Across, Piece, Solution};
use crate::num::domain::Domain;
use crate::num::function::exp;

/// How hard to try.
#[derive(Clone, Copy, Debug)]
pub(super) struct Effort {
    /// Degree of the panels.
    pub degree: usize,
    /// Size, relative to the peak, of the last coefficients of a resolved mode.
    pub resolved: f64,
    /// Change, relative to the peak, between numbers of modes that is small enough.
    pub converged: f64,
}

/// Higher degrees take fewer panels, but each costs its cube: 8 to 14 were found to take equally long.
pub(super) const USUAL: Effort = Effort { degree: 10, resolved: 2e-11, converged: 1e-10 };

/// An error estimate above this is no solution.
const WORST: f64 = 1e-2;

/// The number of coupled directions that can be solved.
pub(super) const MOST_COUPLED: usize = 2;

/// Numbers of half degrees tried in turn.
fn ladder(directions: usize) -> &'static [usize] {
    match directions {
        0 => &[0],
        1 => &[2, 3, 4, 6, 8, 11, 15, 20, 25],
        _ => &[2, 3, 4, 5, 6, 7],
    }
}

/// One attempt: coefficients scaled so that the density is normalised, and what is known of their error.
struct Attempt {
    coefficients: Coefficients,
    log: Vec<Vec<f64>>,
    peak: f64,
    unresolved: f64,
}

/// Solves the landscape; `across[i]` says for every direction whether it is solved (by its place among the coupled ones).
pub(super) fn solve(
    domain: Domain,
    fields: Fields,
    coupled: usize,
    across: Vec<Across>,
    effort: &Effort,
) -> Result<Solution, Unsolved> {
    let rule = Rule::new(effort.degree);
    let mut reach = 1.0;
    loop {
        let solution = solve_within(domain, fields, coupled, across.clone(), &rule, effort, reach)?;
        let beyond = if domain == Domain::Line { mass_beyond(&solution) } else { 0.0 };
        if beyond <= 1e-13 || reach >= 64.0 {
            return finish(solution, beyond);
        }
        reach *= 2.0;
    }
}

/// Mass left out at the two ends of a line, from the slope of the density there.
fn mass_beyond(solution: &Solution) -> f64 {
    let (lower, upper) = solution.visited;
    let step = 1e-4 * (upper - lower);
    [(lower, step), (upper, -step)]
        .into_iter()
        .map(|(end, step)| {
            // Taken a little inside: the artificial wall disturbs its neighbourhood.
            let (outer, inner) = (solution.at(end + 10.0 * step), solution.at(end + 20.0 * step));
            let distance = (end - solution.peak.0).abs();
            // A power law has at least this mass if it falls by `inner/outer` over the step.
            let power = (inner / outer - 1.0) * distance / (10.0 * step.abs());
            if outer <= 0.0 {
                0.0
            } else if power > 1.0 {
                outer * distance / (power - 1.0)
            } else {
                outer * distance
            }
        })
        .sum()
}

fn finish(mut solution: Solution, beyond: f64) -> Result<Solution, Unsolved> {
    solution.error += beyond;
    if !(solution.error <= WORST) {
        return Err(Unsolved::NotResolved { error: solution.error });
    }
    Ok(solution)
}

fn solve_within(
    domain: Domain,
    fields: Fields,
    coupled: usize,
    across: Vec<Across>,
    rule: &Rule,
    effort: &Effort,
    reach: f64,
) -> Result<Solution, Unsolved> {
    let mut mesh = Mesh::new(domain, fields, rule, reach)?;
    let mut before: Option<Attempt> = None;
    let mut best: Option<(Attempt, Mesh, usize, f64)> = None;
    for half_degree in ladder(coupled) {
        let modes = Modes::new(coupled, *half_degree);
        let attempt = match resolve(&mut mesh, &modes, rule, effort, fields, &mut before) {
            Some(attempt) => attempt,
            None if best.is_some() => break,
            None => return Err(Unsolved::Singular),
        };
        let change =
            if coupled == 0 { 0.0 } else { before.as_ref().map_or(f64::INFINITY, |before| distance(before, &attempt)) };
        let rounding = 2e-15 * (mesh.panels.len() as f64).sqrt();
        let error = change + 3.0 * attempt.unresolved + rounding;
        let before_best = best.as_ref().map_or(f64::INFINITY, |best| best.3);
        let next = Attempt { coefficients: attempt.coefficients.clone(), log: attempt.log.clone(), ..attempt };
        if !(before_best <= error) {
            best = Some((attempt, mesh.clone(), modes.len(), error));
        }
        if change <= effort.converged {
            break;
        }
        before = Some(next);
    }
    let (attempt, mesh, modes, error) = best.ok_or(Unsolved::NotResolved { error: f64::INFINITY })?;
    Ok(assemble(domain, mesh, attempt, modes, error, across, rule))
}

/// Largest difference between the densities of two attempts on the same mesh, relative to the peak.
fn distance(a: &Attempt, b: &Attempt) -> f64 {
    let mut largest = 0.0_f64;
    for ((first, second), log) in a.coefficients.a.iter().zip(&b.coefficients.a).zip(&b.log) {
        for ((first, second), log) in first[0].iter().zip(&second[0]).zip(log) {
            largest = largest.max(exp(*log) * (first - second).abs());
        }
    }
    largest / b.peak
}

/// Solves with these modes, bisecting panels until every mode is resolved. The attempt before is carried to the new mesh.
fn resolve(
    mesh: &mut Mesh,
    modes: &Modes,
    rule: &Rule,
    effort: &Effort,
    fields: Fields,
    before: &mut Option<Attempt>,
) -> Option<Attempt> {
    let mut cache: Vec<Option<Condensed>> = vec![None; mesh.panels.len()];
    for round in 0.. {
        let log = mesh.log_gauge(rule);
        let coefficients = galerkin::solve(mesh, modes, rule, &log, &mut cache)?;
        let attempt = normalise(mesh, rule, coefficients, log)?;
        let unresolved: Vec<f64> = (0..mesh.panels.len())
            .map(|index| {
                let weight = attempt.log[index].iter().fold(f64::NEG_INFINITY, |a, b| a.max(*b));
                let tail = attempt.coefficients.a[index]
                    .iter()
                    .map(|values| rule.unresolved_at_nodes(values))
                    .fold(0.0, f64::max);
                exp(weight) * tail / attempt.peak
            })
            .collect();
        let worst = unresolved.iter().fold(0.0, |a: f64, b| a.max(*b));
        let split: Vec<bool> = unresolved.iter().map(|u| *u > effort.resolved).collect();
        let last = worst <= effort.resolved || round == 14 || mesh.panels.len() > super::mesh::MOST_PANELS;
        if last {
            return Some(Attempt { unresolved: worst, ..attempt });
        }
        bisect(mesh, &split, rule, fields, &mut cache, before)?;
    }
    None
}

fn bisect(
    mesh: &mut Mesh,
    split: &[bool],
    rule: &Rule,
    fields: Fields,
    cache: &mut Vec<Option<Condensed>>,
    before: &mut Option<Attempt>,
) -> Option<()> {
    let old: Vec<Panel> = std::mem::take(&mut mesh.panels);
    let old_cache = std::mem::take(cache);
    let (mut a, mut log) = (Vec::new(), Vec::new());
    for (index, (panel, condensed)) in old.into_iter().zip(old_cache).enumerate() {
        let halves = if split[index] {
            let width = 0.5 * panel.width;
            vec![(panel.left, width, -1.0, 0.0), (panel.left + width, panel.right() - panel.left - width, 0.0, 1.0)]
        } else {
            vec![(panel.left, panel.width, -1.0, 1.0)]
        };
        if let Some(before) = before.as_ref() {
            for (_, _, from, to) in &halves {
                let carry = |values: &Vec<f64>| -> Vec<f64> {
                    if !split[index] {
                        return values.clone();
                    }
                    let place = |node: &f64| from + 0.5 * (1.0 + node) * (to - from);
                    rule.nodes.iter().map(|node| rule.interpolate(values, place(node))).collect()
                };
                a.push(before.coefficients.a[index].iter().map(carry).collect::<Vec<_>>());
                log.push(carry(&before.log[index]));
            }
        }
        if split[index] {
            for (left, width, _, _) in halves {
                mesh.panels.push(Panel::new(left, width, rule, fields).ok()?);
                cache.push(None);
            }
        } else {
            mesh.panels.push(panel);
            cache.push(condensed);
        }
    }
    if let Some(before) = before.as_mut() {
        (before.coefficients.a, before.log) = (a, log);
    }
    Some(())
}

/// Scales the coefficients so that the mass is 1.
fn normalise(mesh: &Mesh, rule: &Rule, mut coefficients: Coefficients, log: Vec<Vec<f64>>) -> Option<Attempt> {
    let mut mass = 0.0;
    for ((panel, a), log) in mesh.panels.iter().zip(&coefficients.a).zip(&log) {
        for (point, weight) in rule.points.iter().zip(&rule.weights) {
            let density = exp(rule.interpolate(log, *point)) * rule.interpolate(&a[0], *point);
            mass += 0.5 * panel.width * weight * density;
        }
    }
    if !(mass.abs() > 0.0 && mass.is_finite()) {
        return None;
    }
    let scale = 1.0 / mass;
    if !scale.is_finite() {
        return None;
    }
    coefficients.a.iter_mut().flatten().flatten().for_each(|a| *a *= scale);
    coefficients.flux *= scale;
    let mut peak = 0.0_f64;
    for (a, log) in coefficients.a.iter().zip(&log) {
        for (a, log) in a[0].iter().zip(log) {
            peak = peak.max(exp(*log) * a);
        }
    }
    (peak > 0.0).then_some(Attempt { coefficients, log, peak, unresolved: f64::INFINITY })
}

fn assemble(
    domain: Domain,
    mesh: Mesh,
    attempt: Attempt,
    modes: usize,
    error: f64,
    across: Vec<Across>,
    rule: &Rule,
) -> Solution {
    let mut before = 0.0;
    let mut pieces: Vec<Piece> = Vec::with_capacity(mesh.panels.len());
    let mut peak = (mesh.panels[0].left, 0.0);
    let coupled = mesh.panels[0].couplings.len();
    let named = Modes::new(coupled, 1);
    for ((panel, a), log) in mesh.panels.iter().zip(&attempt.coefficients.a).zip(attempt.log) {
        let second = (0..coupled)
            .map(|i| {
                let variance =
                    nalgebra::DVector::from_iterator(rule.points.len(), panel.couplings[i].iter().map(|c| c.variance));
                let variance = &rule.to_nodes * variance;
                let two = named.second(i).map_or(&a[0], |k| &a[k]);
                // <u²> = 1 + √2 a_2/a_0 in normalised Hermite functions.
                (0..a[0].len()).map(|j| variance[j] * (a[0][j] + std::f64::consts::SQRT_2 * two[j])).collect()
            })
            .collect();
        let piece = Piece { left: panel.left, width: panel.width, log, ratio: a[0].clone(), second, before };
        before += piece.integral(rule, &piece.ratio, 1.0, &|_| 1.0);
        for t in rule.points.iter().chain(&rule.nodes) {
            let p = piece.weighted(rule, &piece.ratio, *t);
            if p > peak.1 {
                peak = (piece.left + 0.5 * piece.width * (1.0 + t), p);
            }
        }
        pieces.push(piece);
    }
    let visited = (pieces[0].left, mesh.panels[mesh.panels.len() - 1].right());
    Solution {
        current: if mesh.periodic { -attempt.coefficients.flux } else { 0.0 },
        error,
        modes,
        panels: pieces.len(),
        degree: rule.degree,
        visited,
        domain,
        rule: rule.clone(),
        pieces,
        directions: across,
        peak,
    }
}

/// A direction from its curvature and noise with their slopes.
pub(super) fn direction(curvature: f64, curvature_slope: f64, noise: f64, noise_slope: f64) -> Direction {
    Direction { curvature, curvature_slope, noise, noise_slope }
}
