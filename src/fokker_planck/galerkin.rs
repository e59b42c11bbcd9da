//! How do the Hermite modes hang together? One panel's equations, condensed to its ends, and the chain of panels.
//!
//! With `p_k = ρ a_k/√k!` and flux `c_k = ρ T δ_k/√k!` (THEORY of the room: see [`super`]),
//! `δ = a' + C a`, `C = Σ_i (h_iV_i/T)(wA_i − 1) + (V_i'/2V_i) G_i − mean`, where `A` multiplies by `u²`, `G` is the
//! change of the Hermite functions with the width, and `w` widens the normal law that carries them: `u = y/√(wV)`. A mixture of
//! widths is a convergent series only if none exceeds `2w`. Tested with `v/(ρT)`, flux conservation reads, for every `k ≠ 0`,
//! `∫ (v' − τ v) δ_k + v (Σ_i −(V_i'/2V_i) G_i δ)_k + v (Σ_i (λ_i/T) R_i a)_k = [v δ_k]`, `R` the diagonal of `G` plus `1−1/w` of
//! its rest, and walls (`δ = 0`) are natural. For
//! `k = 0` it integrates to `ρ T δ_0 = c_0`, imposed against every polynomial of degree below the panel's: multiplying wells
//! by their tiny exchange is thereby avoided.

use super::linear;
use super::mesh::{Mesh, Panel};
use super::rule::Rule;
use crate::num::function::{exp, ln};
use nalgebra::{DMatrix, DVector};
use rayon::prelude::*;

/// A direction is never taken to die out faster than this, in units of the slowest.
const FASTEST: f64 = 4.0;

/// The even Hermite modes kept, of degrees `(k_1, k_2)`, the first `(0, 0)`.
#[derive(Clone, Debug)]
pub(super) struct Modes {
    pub index: Vec<[usize; 2]>,
    directions: usize,
    /// Variance of the normal law that carries the modes, in units of `V_i`.
    pub widening: f64,
}

impl Modes {
    /// Modes for `directions` (0, 1 or 2) with `Σ_i weights_i k_i ≤ 2 half_degree`.
    pub fn new(directions: usize, half_degree: usize, weights: [f64; 2], widening: f64) -> Modes {
        let mut index = Vec::new();
        for total in 0..=half_degree {
            match directions {
                0 if total == 0 => index.push([0, 0]),
                1 => index.push([2 * total, 0]),
                2 => index.extend((0..=total).map(|second| [2 * (total - second), 2 * second])),
                _ => {}
            }
        }
        let weight = |k: &[usize; 2]| weights[0] * k[0] as f64 + weights[1] * k[1] as f64;
        index.retain(|k| weight(k) <= 2.0 * half_degree as f64 + 1e-9);
        Modes { index, directions, widening }
    }

    /// How much sooner than the slowest direction each one's modes die out, from the sizes of all modes relative to the
    /// density: the weights for more of them.
    pub fn decay(&self, sizes: &[f64]) -> [f64; 2] {
        let rate = |i: usize| {
            let (last, size) = (self.index.iter().zip(sizes))
                .filter(|(k, _)| k[i] > 0 && k[1 - i] == 0)
                .map(|(k, size)| (k[i], *size))
                .max_by_key(|(k, _)| *k)?;
            let rate = -ln(size) / last as f64;
            (rate > 0.0 && rate.is_finite()).then_some(rate)
        };
        match (self.directions, rate(0), rate(1)) {
            (2, Some(a), Some(b)) => [(a / a.min(b)).min(FASTEST), (b / a.min(b)).min(FASTEST)],
            _ => [1.0, 1.0],
        }
    }

    /// Number of modes.
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// Position of the mode with degree `k` in direction `i`, else as `of`.
    fn neighbour(&self, of: usize, i: usize, k: usize) -> Option<usize> {
        let mut wanted = self.index[of];
        wanted[i] = k;
        self.index.iter().position(|index| *index == wanted)
    }

    /// Position of the second mode of direction `i`.
    pub fn second(&self, i: usize) -> Option<usize> {
        self.neighbour(0, i, 2)
    }

    /// `(A − 1, G)` of direction `i`.
    fn matrices(&self, i: usize) -> (DMatrix<f64>, DMatrix<f64>) {
        let m = self.len();
        let (mut a, mut g) = (DMatrix::zeros(m, m), DMatrix::zeros(m, m));
        for row in 0..m {
            let k = self.index[row][i];
            a[(row, row)] = 2.0 * k as f64;
            g[(row, row)] = k as f64;
            if k >= 2
                && let Some(column) = self.neighbour(row, i, k - 2)
            {
                let s = ((k * (k - 1)) as f64).sqrt();
                (a[(row, column)], a[(column, row)], g[(row, column)]) = (s, s, s);
            }
        }
        (a, g)
    }
}

/// Equations of a stretch `[l, r]` in the modes at its ends: `matrix · (a_l, a_r) = flux · c_0`. The rows are the
/// flux into `l` for every mode but the first, then the first mode's balance, then the flux into `r`.
#[derive(Clone, Debug)]
struct Stretch {
    matrix: DMatrix<f64>,
    flux: DVector<f64>,
}

/// A panel's stretch, and its interior in terms of its ends.
#[derive(Clone, Debug)]
pub(super) struct Condensed {
    stretch: Stretch,
    /// Interior modes (node by node) `= inner · (a_l, a_r) + inner_flux · c_0`.
    inner: DMatrix<f64>,
    inner_flux: DVector<f64>,
}

/// The equations of one panel. `log_gauge` is `ln ρ` at its nodes (its least value over the circle taken off), `None`
/// where there is no current. `None` where they are singular.
pub(super) fn condense(
    panel: &Panel,
    modes: &Modes,
    rule: &Rule,
    mean: f64,
    log_gauge: Option<&[f64]>,
) -> Option<Condensed> {
    let (m, n, q) = (modes.len(), rule.degree + 1, rule.points.len());
    let matrices: Vec<_> = (0..modes.directions).map(|i| modes.matrices(i)).collect();
    let half = 0.5 * panel.width;
    let wide = modes.widening;
    // Coefficients at the points: δ = a' + C a, tested by v' + E v, with relaxation L.
    let mut at_points = Vec::with_capacity(q);
    for a in 0..q {
        let mut c = DMatrix::<f64>::from_diagonal_element(m, m, -mean);
        let mut e = DMatrix::<f64>::from_diagonal_element(m, m, -(panel.drift[a] - mean));
        for (i, (u2, g)) in matrices.iter().enumerate() {
            let s = panel.couplings[i][a];
            for (entry, (u2, g)) in u2.iter().zip(g.iter()).enumerate() {
                // Added at once, so that they cancel to the last bit where κ = 1.
                c[entry] += wide * s.push * u2 - s.narrowing * g;
                e[entry] += s.narrowing * g;
            }
            for k in 0..m {
                c[(k, k)] += (wide - 1.0) * s.push;
            }
        }
        let mut ec = &e * &c;
        for (i, (_, g)) in matrices.iter().enumerate() {
            let relaxation = panel.couplings[i][a].relaxation;
            for k in 0..m {
                for l in 0..m {
                    // The widened normal law relaxes towards the narrower one: that feeds every mode from the one below.
                    ec[(k, l)] += relaxation * g[(k, l)] * if k == l { 1.0 } else { 1.0 - 1.0 / wide };
                }
            }
        }
        at_points.push((c, e, ec));
    }
    // Unknown number of node j, mode k, and the row of its equation: ends first, so that the interior is a block.
    let inner = (n - 2) * m;
    let column = |j: usize, k: usize| match j {
        0 => inner + k,
        j if j == n - 1 => inner + m + k,
        j => (j - 1) * m + k,
    };
    let row = |j: usize, k: usize| match j {
        0 => inner + k - 1,
        j if j == n - 1 => inner + m + k - 1,
        j => (j - 1) * m + k,
    };
    let first_row = |degree: usize| if degree == 0 { inner + m - 1 } else { (degree - 1) * m };
    let mut matrix = DMatrix::<f64>::zeros(inner + 2 * m - 1, inner + 2 * m);
    let mut flux = DVector::<f64>::zeros(inner + 2 * m - 1);
    let (mut along, mut across) = (DMatrix::<f64>::zeros(q, n), DMatrix::<f64>::zeros(q, n));
    for k in 1..m {
        for l in 0..m {
            let coupled =
                k == l || at_points.iter().any(|(c, e, ec)| c[(k, l)] != 0.0 || e[(k, l)] != 0.0 || ec[(k, l)] != 0.0);
            if !coupled {
                continue;
            }
            let same = if k == l { 1.0 } else { 0.0 };
            for (a, (c, e, ec)) in at_points.iter().enumerate() {
                let w = rule.weights[a];
                for j in 0..n {
                    let (slope, value) = (rule.slopes[(a, j)] / half, rule.values[(a, j)]);
                    along[(a, j)] = w * (same * slope + c[(k, l)] * value);
                    across[(a, j)] = w * half * (e[(k, l)] * slope + ec[(k, l)] * value);
                }
            }
            let block = rule.slopes.tr_mul(&along) + rule.values.tr_mul(&across);
            for i in 0..n {
                for j in 0..n {
                    matrix[(row(i, k), column(j, l))] += block[(i, j)];
                }
            }
        }
    }
    // The first mode: ∫ P_degree (δ_0 − c_0/(ρT)) = 0.
    for degree in 0..n - 1 {
        let r = first_row(degree);
        for (a, (c, _, _)) in at_points.iter().enumerate() {
            let p = rule.legendre[(degree, a)] / (degree as f64 + 0.5);
            for j in 0..n {
                matrix[(r, column(j, 0))] += p * rule.slopes[(a, j)];
                for l in 0..m {
                    matrix[(r, column(j, l))] += half * p * c[(0, l)] * rule.values[(a, j)];
                }
            }
            if let Some(logs) = log_gauge {
                let log = rule.interpolate(logs, rule.points[a]);
                flux[r] += half * p * exp(-log) / panel.temperature[a];
            }
        }
    }
    let mut right = DMatrix::<f64>::zeros(inner, 2 * m + 1);
    right.columns_mut(0, 2 * m).copy_from(&matrix.view((0, inner), (inner, 2 * m)));
    right.column_mut(2 * m).copy_from(&flux.rows(0, inner));
    let right = linear::solve(matrix.view((0, 0), (inner, inner)).into_owned(), right)?;
    let below = matrix.view((inner, 0), (2 * m - 1, inner));
    let inner_flux = right.column(2 * m).into_owned();
    let inner_ends = -right.columns(0, 2 * m).into_owned();
    let stretch = Stretch {
        matrix: matrix.view((inner, inner), (2 * m - 1, 2 * m)) + below * &inner_ends,
        flux: flux.rows(inner, 2 * m - 1) - below * &inner_flux,
    };
    let sound = stretch.matrix.iter().chain(stretch.flux.iter()).all(|v| v.is_finite());
    sound.then_some(Condensed { stretch, inner: inner_ends, inner_flux })
}

/// Two stretches with a common end as one; the common modes are `(from · (a_l, a_r), from_flux · c_0)`.
fn join(first: &Stretch, second: &Stretch, m: usize) -> Option<(Stretch, DMatrix<f64>, DVector<f64>)> {
    let mut common = DMatrix::<f64>::zeros(m, m);
    let mut right = DMatrix::<f64>::zeros(m, 2 * m + 1);
    for r in 0..m {
        // The first mode's balance of the first stretch, then the fluxes that must meet.
        let (a, b) = if r == 0 { (m - 1, None) } else { (m - 1 + r, Some(r - 1)) };
        for k in 0..m {
            common[(r, k)] = first.matrix[(a, m + k)] + b.map_or(0.0, |b| second.matrix[(b, k)]);
            right[(r, k)] = -first.matrix[(a, k)];
            right[(r, m + k)] = -b.map_or(0.0, |b| second.matrix[(b, m + k)]);
        }
        right[(r, 2 * m)] = first.flux[a] + b.map_or(0.0, |b| second.flux[b]);
    }
    if !common.lu().solve_mut(&mut right) {
        return None;
    }
    let from = right.columns(0, 2 * m).into_owned();
    let from_flux = right.column(2 * m).into_owned();
    let mut joined = Stretch { matrix: DMatrix::zeros(2 * m - 1, 2 * m), flux: DVector::zeros(2 * m - 1) };
    for r in 0..2 * m - 1 {
        // Fluxes into the left end come from the first stretch, everything else from the second.
        let (source, common, own, to) = if r < m - 1 { (first, m, 0, 0) } else { (second, 0, m, m) };
        joined.flux[r] = source.flux[r];
        for k in 0..m {
            joined.matrix[(r, to + k)] += source.matrix[(r, own + k)];
        }
        for k in 0..m {
            let factor = source.matrix[(r, common + k)];
            joined.flux[r] -= factor * from_flux[k];
            for l in 0..2 * m {
                joined.matrix[(r, l)] += factor * from[(k, l)];
            }
        }
    }
    Some((joined, from, from_flux))
}

/// The modes at every node of every panel, up to a common factor, and `c_0`.
#[derive(Clone, Debug)]
pub(super) struct Coefficients {
    /// `a[panel][mode][node]`
    pub a: Vec<Vec<Vec<f64>>>,
    /// `c_0`, minus the current, in the same units.
    pub flux: f64,
}

/// Solves the chain; `cache` holds the panels' equations and is filled where empty.
pub(super) fn solve(
    mesh: &Mesh,
    modes: &Modes,
    rule: &Rule,
    log_gauge: &[Vec<f64>],
    cache: &mut [Option<Condensed>],
) -> Option<Coefficients> {
    let m = modes.len();
    // The flux is measured in units in which the rarest place of the circle has 1/ρ = 1: nothing overflows.
    let least = log_gauge.iter().flatten().fold(f64::INFINITY, |a, b| a.min(*b));
    cache.par_iter_mut().enumerate().for_each(|(index, slot)| {
        if slot.is_none() {
            let logs: Option<Vec<f64>> =
                mesh.periodic.then(|| log_gauge[index].iter().map(|log| log - least).collect());
            *slot = condense(&mesh.panels[index], modes, rule, mesh.mean, logs.as_deref());
        }
    });
    let panels: Vec<&Condensed> = cache.iter().map(|slot| slot.as_ref()).collect::<Option<_>>()?;
    let mut whole = panels.first()?.stretch.clone();
    let mut commons = Vec::with_capacity(panels.len());
    for panel in &panels[1..] {
        let (joined, from, from_flux) = join(&whole, &panel.stretch, m)?;
        whole = joined;
        commons.push((from, from_flux));
    }
    let (ends, flux) = close(&whole, m, mesh.periodic)?;
    // Back through the chain: `right` is known, the left end of the whole is fixed.
    let mut at_ends = vec![DVector::<f64>::zeros(m); panels.len() + 1];
    at_ends[0] = ends.rows(0, m).into_owned();
    at_ends[panels.len()] = ends.rows(m, m).into_owned();
    for index in (1..panels.len()).rev() {
        let (from, from_flux) = &commons[index - 1];
        at_ends[index] = from.columns(0, m) * &at_ends[0] + from.columns(m, m) * &at_ends[index + 1] + from_flux * flux;
    }
    let n = rule.degree + 1;
    let a = panels
        .iter()
        .enumerate()
        .map(|(index, panel)| {
            let (l, r) = (&at_ends[index], &at_ends[index + 1]);
            let inner = panel.inner.columns(0, m) * l + panel.inner.columns(m, m) * r + &panel.inner_flux * flux;
            (0..m)
                .map(|k| {
                    let node = |j: usize| match j {
                        0 => l[k],
                        j if j == n - 1 => r[k],
                        j => inner[(j - 1) * m + k],
                    };
                    (0..n).map(node).collect()
                })
                .collect()
        })
        .collect();
    let coefficients = Coefficients { a, flux: flux * exp(least) };
    coefficients.a.iter().flatten().flatten().all(|v| v.is_finite()).then_some(coefficients)
}

/// The modes at both ends and the flux of the whole stretch, with `a_0 = 1` at the left end.
fn close(whole: &Stretch, m: usize, periodic: bool) -> Option<(DVector<f64>, f64)> {
    if periodic {
        let mut matrix = DMatrix::<f64>::zeros(m + 1, m + 1);
        for r in 0..m {
            for k in 0..m {
                // Row 0: the first mode's balance; the others: fluxes meet where the circle closes.
                let entry = |row: usize| whole.matrix[(row, k)] + whole.matrix[(row, m + k)];
                matrix[(r, k)] = if r == 0 { entry(m - 1) } else { entry(r - 1) + entry(m - 1 + r) };
            }
            matrix[(r, m)] = if r == 0 { -whole.flux[m - 1] } else { -whole.flux[r - 1] - whole.flux[m - 1 + r] };
        }
        // Only here may the flux be scaled: its unit is that of the column.
        let unit = matrix.column(m).amax();
        if !(unit > 0.0) {
            return None;
        }
        matrix.column_mut(m).scale_mut(1.0 / unit);
        matrix[(m, 0)] = 1.0;
        let mut right = DVector::<f64>::zeros(m + 1);
        right[m] = 1.0;
        let solved = matrix.lu().solve(&right)?;
        let ends = DVector::from_fn(2 * m, |k, _| solved[k % m]);
        Some((ends, solved[m] / unit))
    } else {
        let mut matrix = DMatrix::<f64>::zeros(2 * m, 2 * m);
        matrix.rows_mut(0, 2 * m - 1).copy_from(&whole.matrix);
        matrix[(2 * m - 1, 0)] = 1.0;
        let mut right = DVector::<f64>::zeros(2 * m);
        right[2 * m - 1] = 1.0;
        Some((matrix.lu().solve(&right)?, 0.0))
    }
}
