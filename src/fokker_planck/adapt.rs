//! How many panels and modes are enough? Both grow until the density no longer changes.

use super::Unsolved;
use super::galerkin::{self, Coefficients, Condensed, Modes};
use super::mesh::{self, Direction, Fields, Mesh, Panel};
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
    /// Size of the last coefficients of a resolved landscape: its error does not show in the estimate, so it is kept small.
    pub landscape: f64,
}

/// Higher degrees take fewer panels, but each costs its cube: 8 to 14 were found to take equally long.
pub(super) const USUAL: Effort = Effort { degree: 10, resolved: 2e-11, converged: 1e-10, landscape: 3e-13 };

impl Effort {
    /// Just enough for an error of this part of the peak; never more than [`USUAL`].
    pub fn to(accuracy: f64) -> Effort {
        let accuracy = if accuracy > 1e-10 { accuracy.min(0.5 * WORST) } else { return USUAL };
        Effort { degree: USUAL.degree, resolved: 0.2 * accuracy, converged: 0.4 * accuracy, landscape: 3e-3 * accuracy }
    }
}

/// An error estimate above this is no solution.
const WORST: f64 = 1e-5;
/// With two coupled directions the number of modes grows as the square of the degree: a change this small ends the climb,
/// though the error is then below it.
const CONVERGED_IN_TWO: f64 = 1e-8;
/// An error that is not worth a wider law across, by the number of coupled directions.
const GOOD: [f64; 3] = [WORST, 1e-6, WORST];
/// More modes than this take too long.
const MOST_MODES: usize = 60;
/// Half degree from which the modes kept follow how fast they die out.
const WEIGHED: usize = 4;

/// The number of coupled directions that can be solved.
pub(super) const MOST_COUPLED: usize = 2;

/// Numbers of half degrees tried in turn.
fn ladder(directions: usize) -> &'static [usize] {
    match directions {
        0 => &[0],
        1 => &[2, 3, 4, 6, 8, 11, 15, 20, 25, 32, 40],
        _ => &[2, 3, 4, 5, 6, 8, 10, 12],
    }
}

/// Widths of the normal law across, tried in turn until the modes converge: the adiabatic one first, wider ones where
/// sharp directions relax so slowly that places with different widths mix.
const WIDENINGS: [f64; 3] = [1.0, 1.8, 3.0];

/// A change between numbers of modes that is not below this share of the least one so far is no progress.
const PROGRESS: f64 = 0.7;

/// One attempt: coefficients scaled so that the density is normalised, and what is known of their error.
#[derive(Clone)]
struct Attempt {
    coefficients: Coefficients,
    log: Vec<Vec<f64>>,
    peak: f64,
    unresolved: f64,
    /// Largest value of every mode, in units of the peak.
    sizes: Vec<f64>,
}

/// Solves the landscape; `across[i]` says for every direction whether it is solved (by its place among the coupled ones).
pub(super) fn solve(
    domain: Domain,
    fields: Fields,
    coupled: usize,
    across: Vec<Across>,
    effort: &Effort,
) -> Result<Solution, Unsolved> {
    if let Domain::Periodic { lower, upper } = domain
        && let Some(cut) = mesh::far_side(lower, upper, fields)
    {
        // Nothing gets round: the circle is as good as an interval that ends where nobody comes.
        let period = upper - lower;
        let wrapped = |x: f64| fields(if x < upper { x } else { x - period });
        let interval = Domain::Interval { lower: cut, upper: cut + period };
        let solution = solve(interval, &wrapped, coupled, across, effort)?;
        let at = solution.peak.0;
        let peak = (if at < upper { at } else { at - period }, solution.peak.1);
        return Ok(Solution { domain, peak, ..solution });
    }
    let rule = Rule::new(effort.degree);
    let problem = Problem { domain, fields, coupled, across, rule: &rule, effort };
    let mut reach = 1.0;
    if domain == Domain::Line {
        // A few modes tell how far out the line must be followed.
        let few = &ladder(coupled)[..1];
        while reach < 64.0 && mass_beyond(&problem.climb(reach, WIDENINGS[0], few)?.solution) > NOTHING {
            reach *= 2.0;
        }
    }
    loop {
        let solved = problem.widen(reach).and_then(|solution| {
            let beyond = if domain == Domain::Line { mass_beyond(&solution) } else { 0.0 };
            finish(solution, beyond)
        });
        match solved {
            // Far out the modes may outgrow the numbers; what is left out nearer in is part of the error.
            Err(Unsolved::Singular | Unsolved::NotResolved { .. }) if reach > 1.0 => reach *= 0.5,
            other => return other,
        }
    }
}

/// Mass beyond the ends that does not matter.
const NOTHING: f64 = 1e-13;

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

/// What is solved, and how hard.
struct Problem<'a> {
    domain: Domain,
    fields: Fields<'a>,
    coupled: usize,
    across: Vec<Across>,
    rule: &'a Rule,
    effort: &'a Effort,
}

/// The best attempt, and whether more modes no longer changed it.
struct Climbed {
    solution: Solution,
    converged: bool,
}

impl Problem<'_> {
    /// The best that the widths across give.
    fn widen(&self, reach: f64) -> Result<Solution, Unsolved> {
        let mut best: Option<Solution> = None;
        for widening in WIDENINGS {
            match self.climb(reach, widening, ladder(self.coupled)) {
                Ok(climbed) => {
                    if best.as_ref().is_none_or(|best| climbed.solution.error < best.error) {
                        best = Some(climbed.solution);
                    }
                    let good = best.as_ref().is_some_and(|best| best.error <= GOOD[self.coupled]);
                    if climbed.converged || good {
                        break;
                    }
                }
                Err(Unsolved::Singular) => {}
                Err(other) => return Err(other),
            }
        }
        best.ok_or(Unsolved::Singular)
    }

    /// More and more modes, until they change nothing or get worse.
    fn climb(&self, reach: f64, widening: f64, ladder: &[usize]) -> Result<Climbed, Unsolved> {
        let mut mesh = Mesh::new(self.domain, self.fields, self.rule, reach, self.effort.landscape)?;
        let mut before: Option<Attempt> = None;
        let mut best: Option<(Attempt, Mesh, Modes, f64)> = None;
        let (mut least, mut idle, mut converged) = (f64::INFINITY, 0, false);
        let mut weights = [1.0; 2];
        for half_degree in ladder {
            let modes = Modes::new(self.coupled, *half_degree, weights, widening);
            if modes.len() > MOST_MODES && best.is_some() {
                break;
            }
            let attempt = match resolve(&mut mesh, &modes, self.rule, self.effort, self.fields, &mut before) {
                Some(attempt) => attempt,
                None if best.is_some() => break,
                None => return Err(Unsolved::Singular),
            };
            let change = match &before {
                _ if self.coupled == 0 => 0.0,
                Some(before) => distance(before, &attempt),
                None => f64::INFINITY,
            };
            if *half_degree >= WEIGHED {
                weights = modes.decay(&attempt.sizes);
            }
            let rounding = 2e-15 * (mesh.panels.len() as f64).sqrt();
            let error = change + 3.0 * attempt.unresolved + rounding;
            let before_best = best.as_ref().map_or(f64::INFINITY, |best| best.3);
            let next = attempt.clone();
            if best.is_none() || error < before_best {
                best = Some((attempt, mesh.clone(), modes, error));
            }
            let enough =
                if self.coupled > 1 { self.effort.converged.max(CONVERGED_IN_TWO) } else { self.effort.converged };
            if change <= enough {
                converged = true;
                break;
            }
            idle = if change < PROGRESS * least { 0 } else { idle + 1 };
            least = least.min(change);
            if idle > 2 {
                break;
            }
            before = Some(next);
        }
        let (attempt, mesh, modes, error) = best.ok_or(Unsolved::NotResolved { error: f64::INFINITY })?;
        let solution = assemble(self.domain, mesh, attempt, &modes, error, self.across.clone(), self.rule);
        Ok(Climbed { solution, converged })
    }
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
        let weights: Vec<f64> =
            attempt.log.iter().map(|log| exp(log.iter().fold(f64::NEG_INFINITY, |a, b| a.max(*b)))).collect();
        // Every mode is resolved relative to its own size where it is larger than the density.
        let mut sizes = vec![0.0_f64; modes.len()];
        for (a, weight) in attempt.coefficients.a.iter().zip(&weights) {
            for (values, size) in a.iter().zip(&mut sizes) {
                *size = values.iter().fold(*size, |size, value| size.max(weight * value.abs()));
            }
        }
        let unresolved: Vec<f64> = attempt
            .coefficients
            .a
            .iter()
            .zip(&weights)
            .map(|(a, weight)| {
                let tails = a
                    .iter()
                    .zip(&sizes)
                    .map(|(values, size)| rule.unresolved_at_nodes(values) / size.max(attempt.peak));
                weight * tails.fold(0.0, f64::max)
            })
            .collect();
        let worst = unresolved.iter().fold(0.0, |a: f64, b| a.max(*b));
        let split: Vec<bool> = unresolved.iter().map(|u| *u > effort.resolved).collect();
        let last = worst <= effort.resolved || round == 14 || mesh.panels.len() > super::mesh::MOST_PANELS;
        if last {
            sizes.iter_mut().for_each(|size| *size /= attempt.peak);
            return Some(Attempt { unresolved: worst, sizes, ..attempt });
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
    (peak > 0.0).then_some(Attempt { coefficients, log, peak, unresolved: f64::INFINITY, sizes: Vec::new() })
}

fn assemble(
    domain: Domain,
    mesh: Mesh,
    attempt: Attempt,
    modes: &Modes,
    error: f64,
    across: Vec<Across>,
    rule: &Rule,
) -> Solution {
    let mut before = 0.0;
    let mut pieces: Vec<Piece> = Vec::with_capacity(mesh.panels.len());
    let mut peak = (mesh.panels[0].left, 0.0);
    let coupled = mesh.panels[0].couplings.len();
    let wide = modes.widening;
    for ((panel, a), log) in mesh.panels.iter().zip(&attempt.coefficients.a).zip(attempt.log) {
        let second = (0..coupled)
            .map(|i| {
                let variance =
                    nalgebra::DVector::from_iterator(rule.points.len(), panel.couplings[i].iter().map(|c| c.variance));
                let variance = &rule.to_nodes * variance;
                let two = modes.second(i).map_or(&a[0], |k| &a[k]);
                // <u²> = 1 + √2 a_2/a_0 in normalised Hermite functions, u² = y²/(wV).
                (0..a[0].len()).map(|j| wide * variance[j] * (a[0][j] + std::f64::consts::SQRT_2 * two[j])).collect()
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
        modes: modes.len(),
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
