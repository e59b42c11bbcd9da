//! The mean-square bound between two sides, without ever forming the matrix of the map.
//!
//! `2/η* = ρ`, the spectral radius of `V ↦ 𝓐⁻¹𝓜V` with `𝓐V = ½(HV + VH)`, `𝓜V = (1−p) HVH + p mean(H_i V H_i)`. Both `𝓜` and `𝓐⁻¹` carry
//! positive matrices to positive ones, hence for every positive definite `V`, with `W = 𝓐⁻¹𝓜V`,
//! `λ_min(V⁻¹W) ≤ ρ ≤ λ_max(V⁻¹W)` (Collatz, Wielandt; Krein, Rutman), and `⟨V,𝓜V⟩/⟨V,𝓐V⟩ ≤ ρ` since the pair is symmetric.
//! Iterating `V ← W` brings the sides together.

use super::samples::Samples;
use nalgebra::{Cholesky, DMatrix, SymmetricEigen};

/// The sides are brought this close, relatively, if they come so close.
const CLOSE: f64 = 1e-9;
/// Iterations at most.
const MOST: usize = 400;
/// Share of the identity that keeps `V` positive definite.
const FLOOR: f64 = 1e-12;
/// Directions flatter than this share of the sharpest are no part of the valley's wall.
const FLAT: f64 = 1e-9;

/// The largest learning rate between two sides, and the `V` they were found with.
#[derive(Clone, Debug)]
pub(super) struct Sides {
    pub lower: f64,
    pub upper: f64,
    /// Along the recorded directions, of Frobenius norm 1.
    pub shape: DMatrix<f64>,
}

/// Two-sided bound of the largest learning rate, to rounding; `start`: a guess of `V`.
pub(super) fn enclose(samples: &Samples, p: f64, start: Option<&DMatrix<f64>>) -> Result<Sides, String> {
    let mean = samples.mean();
    let eigen = SymmetricEigen::try_new(mean.clone(), f64::EPSILON, 100_000)
        .ok_or("the eigenvalue iteration of the mean Hessian did not end")?;
    let sharpest = eigen.eigenvalues.amax();
    if eigen.eigenvalues.iter().any(|h| *h < -FLAT * sharpest) {
        return Err("the mean of the sample Hessians has a negative eigenvalue".to_owned());
    }
    let kept: Vec<usize> = (0..mean.nrows()).filter(|&a| eigen.eigenvalues[a] > FLAT * sharpest).collect();
    if kept.is_empty() {
        return Err("no direction has curvature".to_owned());
    }
    let basis = eigen.eigenvectors.select_columns(&kept);
    let curvature: Vec<f64> = kept.iter().map(|&a| eigen.eigenvalues[a]).collect();
    let k = kept.len();
    let forward = |v: &DMatrix<f64>| {
        let whole = &basis * v * basis.transpose();
        let noisy = basis.transpose() * samples.sandwich(&whole, &mean) * &basis;
        DMatrix::from_fn(k, k, |i, j| (1.0 - p) * curvature[i] * curvature[j] * v[(i, j)] + p * noisy[(i, j)])
    };
    let halves = |i: usize, j: usize| 0.5 * (curvature[i] + curvature[j]);
    let identity = DMatrix::identity(k, k);
    let mut v = start.map_or_else(|| identity.clone(), |v| basis.transpose() * v * &basis);
    // A guess of either sign stands for the same direction.
    if v.trace() < 0.0 {
        v.neg_mut();
    }
    let (mut lower, mut upper) = (0.0_f64, f64::INFINITY);
    for _ in 0..MOST {
        v = (&v + v.transpose()) * 0.5;
        let size = v.amax();
        if !(size > 0.0 && size.is_finite()) {
            return Err("the iteration of the moments left the range of floating point".to_owned());
        }
        v /= size;
        let Some(root) = definite(&mut v, &identity) else { return Err("the moments lost their sign".to_owned()) };
        let moved = forward(&v);
        let rayleigh = moved.dot(&v) / DMatrix::from_fn(k, k, |i, j| halves(i, j) * v[(i, j)]).dot(&v);
        let w = DMatrix::from_fn(k, k, |i, j| moved[(i, j)] / halves(i, j));
        let Some(ratio) =
            root.l().solve_lower_triangular(&w).and_then(|x| root.l().solve_lower_triangular(&x.transpose()))
        else {
            return Err("the moments lost their sign".to_owned());
        };
        let ratios = ((&ratio + ratio.transpose()) * 0.5).symmetric_eigenvalues();
        lower = lower.max(rayleigh).max(ratios.min());
        upper = upper.min(ratios.max());
        if upper - lower <= CLOSE * upper {
            break;
        }
        v = w;
    }
    if !(lower > 0.0 && upper.is_finite()) {
        return Err("the curvature is zero".to_owned());
    }
    let shape = &basis * &v * basis.transpose();
    let size = shape.norm();
    // The radius from above bounds the learning rate from below.
    Ok(Sides { lower: 2.0 / upper, upper: 2.0 / lower, shape: shape / size })
}

/// Makes `v` positive definite by as little of the identity as it takes.
fn definite(v: &mut DMatrix<f64>, identity: &DMatrix<f64>) -> Option<Cholesky<f64, nalgebra::Dyn>> {
    let mut share = FLOOR;
    while share < 1.0 {
        *v += identity * share;
        if let Some(root) = Cholesky::new(v.clone()) {
            return Some(root);
        }
        share *= 10.0;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hessians that are diagonal: every entry of `V` is on its own, and the radius is the largest of
    /// `2(h_a h_b + p cov(h_a, h_b))/(h_a + h_b)`.
    #[test]
    fn sides_close_on_a_radius_in_closed_form() {
        let samples: Vec<[f64; 3]> = vec![[4.0, 1.0, 0.5], [2.0, 3.0, 0.5], [9.0, 2.0, 0.1], [1.0, 1.0, 0.9]];
        let mean = |f: &dyn Fn(&[f64; 3]) -> f64| samples.iter().map(f).sum::<f64>() / 4.0;
        let p = 0.4;
        let mut radius = 0.0_f64;
        for a in 0..3 {
            for b in 0..3 {
                let (ha, hb) = (mean(&|h| h[a]), mean(&|h| h[b]));
                radius = radius.max(((1.0 - p) * ha * hb + p * mean(&|h| h[a] * h[b])) / (0.5 * (ha + hb)));
            }
        }
        let diagonal = |h: &[f64; 3]| DMatrix::from_diagonal(&nalgebra::DVector::from_column_slice(h));
        let recorded = Samples::Hessians(samples.iter().map(diagonal).collect());
        let Sides { lower, upper, .. } = enclose(&recorded, p, None).expect("positive curvature");
        let exact = 2.0 / radius;
        assert!(lower <= exact * (1.0 + 1e-12) && exact <= upper * (1.0 + 1e-12), "{lower} {exact} {upper}");
        assert!(upper / lower - 1.0 < 1e-6, "{lower} {upper}");
    }

    #[test]
    fn factors_are_as_good_as_the_matrices_they_make() {
        let factor = |s: f64| DMatrix::from_fn(2, 5, |i, j| ((i * 5 + j) as f64 * 1.7 + s).sin());
        let factors = Samples::Factors((0..12).map(|s| factor(f64::from(s) * 0.9)).collect(), 0.3);
        let whole = Samples::Hessians((0..12).map(|i| factors.hessian(i)).collect());
        for p in [0.0, 0.2, 1.0] {
            let (a, b) = (enclose(&factors, p, None).expect("curved"), enclose(&whole, p, None).expect("curved"));
            assert!((a.lower / b.lower - 1.0).abs() < 1e-9 && (a.upper / b.upper - 1.0).abs() < 1e-9, "{a:?} {b:?}");
            assert!(a.lower <= a.upper * (1.0 + 1e-12) && a.upper / a.lower - 1.0 < 1e-6, "{a:?}");
        }
    }
}
