//! How sure is the mean-square bound, from a finite number of samples?
//!
//! The samples of the file stand for those that were not drawn. To first order the bound is a mean over the samples: moving the weight
//! of sample `i` moves `λ = 2(1−β)/η*` by `ψ_i = [⟨V, δ_i𝓜 V⟩ − λ⟨V, δ_i𝓐 V⟩]/⟨V, 𝓐V⟩` with the `V` that no longer contracts, so its standard error is
//! `√(Σψ_i²)/N` (the infinitesimal jackknife). Redrawing the samples (the bootstrap) makes no such approximation and costs a bound each.

use super::moment::{Limit, Moments};
use super::samples::Samples;
use nalgebra::DMatrix;
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use rayon::prelude::*;

/// 97.5 % quantile of the normal law.
const NORMAL: f64 = 1.959_963_984_540_054;

/// 95 % interval of the bound from the spread over samples, to first order.
pub(super) fn jackknife(samples: &Samples, limit: &Limit, p: f64, beta: f64) -> (f64, f64) {
    let (v, mean) = (&limit.shape, samples.mean());
    let lag = beta / (1.0 - beta * beta);
    let lambda = 2.0 * (1.0 - beta) / limit.value;
    let square = v * v;
    // What multiplies one sample's Hessian, and what multiplies it twice.
    let once = (v * &mean * v) * (2.0 * (1.0 - p + 2.0 * beta * lag))
        - (&mean * &square + &square * &mean) * (2.0 * lag)
        - &square * lambda;
    let whole = (&square * &mean).trace();
    let psi: Vec<f64> = (0..samples.count())
        .map(|i| {
            let h = samples.hessian(i);
            let through = &h * v;
            (p * (&through * &through).trace() + once.dot(&h)) / whole
        })
        .collect();
    let n = psi.len() as f64;
    let middle = psi.iter().sum::<f64>() / n;
    let error = psi.iter().map(|x| (x - middle) * (x - middle)).sum::<f64>().sqrt() / n;
    let share = crate::num::function::exp(NORMAL * error / lambda);
    (limit.value / share, limit.value * share)
}

/// 95 % interval of the bound for each share of curvature noise in `ps`, from `redraws` bootstrap samples; `None` where fewer than
/// 95 in 100 of them have a bound. The same for any number of threads.
pub(super) fn bootstrap(
    samples: &Samples,
    ps: &[f64],
    beta: f64,
    redraws: usize,
    seed: u64,
) -> Vec<Option<(f64, f64)>> {
    let all: Vec<DMatrix<f64>> = (0..samples.count()).map(|i| samples.hessian(i)).collect();
    let rows: Vec<Vec<Option<f64>>> = (0..redraws)
        .into_par_iter()
        .map(|redraw| {
            let mut random =
                Xoshiro256PlusPlus::seed_from_u64(seed ^ (redraw as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15));
            let drawn: Vec<DMatrix<f64>> =
                (0..all.len()).map(|_| all[random.random_range(0..all.len())].clone()).collect();
            let moments = Moments::new(&drawn);
            ps.iter().map(|p| moments.limit(*p, beta).ok().map(|limit| limit.value)).collect()
        })
        .collect();
    (0..ps.len())
        .map(|at| {
            let mut values: Vec<f64> = rows.iter().filter_map(|row| row[at]).collect();
            if values.is_empty() || values.len() * 100 < redraws * 95 {
                return None;
            }
            values.sort_by(f64::total_cmp);
            let quantile = |share: f64| values[(share * (values.len() - 1) as f64).round() as usize];
            Some((quantile(0.025), quantile(0.975)))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use nalgebra::dmatrix;

    /// `n` samples in two directions, from a fixed lattice of angles and sizes.
    fn lattice(n: usize) -> Samples {
        let one = |i: usize| {
            let (s, c) = (0.9 * ((i * 7 % n) as f64 / n as f64 - 0.5)).sin_cos();
            let r = dmatrix![c, -s; s, c];
            &r * dmatrix![2.0 + 3.0 * (i as f64 / n as f64), 0.0; 0.0, 0.8] * r.transpose()
        };
        Samples::Hessians((0..n).map(one).collect())
    }

    /// Against differences: a sample counted a little more moves the bound by its influence.
    #[test]
    fn influence_is_the_derivative_in_a_samples_weight() {
        let n = 40;
        let Samples::Hessians(all) = lattice(n) else { unreachable!("a lattice of Hessians") };
        for (p, beta) in [(1.0, 0.0), (0.2, 0.0), (0.5, 0.6)] {
            let bound = |copies: &[usize]| {
                let drawn: Vec<DMatrix<f64>> =
                    copies.iter().enumerate().flat_map(|(i, k)| std::iter::repeat_n(all[i].clone(), *k)).collect();
                Moments::new(&drawn).limit(p, beta).expect("curved").value
            };
            // Every sample a hundred times, one of them once more.
            let base = bound(&vec![100; n]);
            let influence: Vec<f64> = (0..n)
                .map(|i| {
                    let mut copies = vec![100; n];
                    copies[i] += 1;
                    (bound(&copies) - base) * (100 * n + 1) as f64
                })
                .collect();
            let spread = influence.iter().map(|x| x * x).sum::<f64>().sqrt() / n as f64;
            let samples = lattice(n);
            let limit = Moments::new(&all).limit(p, beta).expect("curved");
            let (low, high) = jackknife(&samples, &limit, p, beta);
            let half = 0.5 * (high / low).ln() * base / NORMAL;
            assert!((half / spread - 1.0).abs() < 0.02, "p {p} beta {beta}: {half} {spread}");
        }
    }

    #[test]
    fn bootstrap_and_influence_tell_the_same_width() {
        let samples = lattice(300);
        let ps = [1.0, 0.1];
        let redrawn = bootstrap(&samples, &ps, 0.0, 400, 1);
        for (p, found) in ps.iter().zip(redrawn) {
            let Samples::Hessians(all) = lattice(300) else { unreachable!("a lattice of Hessians") };
            let limit = Moments::new(&all).limit(*p, 0.0).expect("curved");
            let (low, high) = jackknife(&samples, &limit, *p, 0.0);
            let (from, to) = found.expect("every redraw has a bound");
            let share = (to - from) / (high - low);
            assert!((0.8..1.25).contains(&share), "{p}: {from} {to} beside {low} {high}");
            assert!(from < limit.value && limit.value < to);
        }
    }
}
