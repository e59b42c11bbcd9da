//! Second moments of linearised SGD with noisy curvature, on symmetric matrices.
//!
//! For a small displacement `V ↦ V − 2ηA V + η²M V + η²C/B` in a step, with `A = ½(H⊗I + I⊗H)` and
//! `M = (1−p) H⊗H + p mean(H_i⊗H_i)`, `p = 1/B`. The map carries positive matrices to positive matrices and is symmetric, so
//! its largest eigenvalue is its spectral radius: it contracts exactly where `2A − ηM` is positive definite. All is
//! written in the orthonormal basis `E_ab = (e_a e_bᵀ + e_b e_aᵀ)/√2`, `E_aa = e_a e_aᵀ` of symmetric matrices, in the
//! eigenvectors of the mean Hessian, where `A` is diagonal.
//!
//! With momentum `β` the moments of `y` and of the last step obey a linear recursion whose noise is `η²p mean((H_i−H) V (H_i−H))`.
//! Solved for one pair of directions, two autoregressions of second order driven by the same noise, it contracts exactly where
//! `((1−β)/η)(h_a+h_b) + q_ab − p C` is positive definite, `C` the covariance of the sample Hessians and
//! `q_ab = −h_a h_b + β (h_a² + h_b² − 2βh_a h_b)/(1−β²)`. At `β = 0` this is `(2A − ηM)/η`.

use nalgebra::{Cholesky, DMatrix, DVector, SymmetricEigen};

/// What the sample Hessians say, batch size and learning rate apart.
#[derive(Clone, Debug)]
pub(super) struct Moments {
    /// Eigenvectors of the mean Hessian as columns; those kept.
    rotation: DMatrix<f64>,
    /// Its eigenvalues, all positive unless `refused`.
    curvatures: Vec<f64>,
    /// `mean(H_i⊗H_i)` in the basis above.
    second: DMatrix<f64>,
    /// The mean Hessian along the recorded directions, to be compared with the recorded eigenvalues.
    pub(super) mean: DMatrix<f64>,
    refused: Option<String>,
}

/// Places of the pairs `a ≤ b` in the basis.
fn pairs(k: usize) -> Vec<(usize, usize)> {
    (0..k).flat_map(|a| (a..k).map(move |b| (a, b))).collect()
}

/// Place of the unordered pair among [`pairs`].
fn place(k: usize, a: usize, b: usize) -> usize {
    let (a, b) = if a <= b { (a, b) } else { (b, a) };
    a * (2 * k - a + 1) / 2 + (b - a)
}

/// The largest learning rate whose second moments contract, and the moments that do not at it.
#[derive(Clone, Debug)]
pub(super) struct Limit {
    pub value: f64,
    /// `V` along the recorded directions, of Frobenius norm about 1.
    pub shape: DMatrix<f64>,
}

impl Moments {
    /// From the symmetric Hessians of all samples; there is at least one.
    pub(super) fn new(hessians: &[DMatrix<f64>]) -> Moments {
        let size = hessians[0].nrows();
        let count = hessians.len() as f64;
        let mut mean = DMatrix::zeros(size, size);
        for h in hessians {
            mean += h;
        }
        mean /= count;
        let Some(eigen) = SymmetricEigen::try_new(mean.clone(), f64::EPSILON, 100_000) else {
            let refused = Some("the eigenvalue iteration of the mean Hessian did not end".to_owned());
            let (rotation, second) = (DMatrix::zeros(size, 0), DMatrix::zeros(0, 0));
            return Moments { rotation, curvatures: Vec::new(), second, mean, refused };
        };
        let sharpest = eigen.eigenvalues.amax();
        // Directions in which every sample is flat are no part of the valley's wall; others with no curvature are fatal.
        let negligible = 1e-9 * sharpest;
        let mut refused = (!(sharpest > 0.0)).then(|| "no direction has curvature".to_owned());
        let mut kept = Vec::new();
        for a in 0..size {
            let (curvature, direction) = (eigen.eigenvalues[a], eigen.eigenvectors.column(a));
            if curvature > negligible {
                kept.push(a);
            } else if curvature < -negligible {
                refused = Some(format!("the mean of the sample Hessians has the negative eigenvalue {curvature:e}"));
            } else if hessians.iter().any(|h| (h * direction).amax() > 1e-6 * sharpest) {
                refused = Some("a direction without mean curvature has curvature in some samples".to_owned());
            }
        }
        let rotation = eigen.eigenvectors.select_columns(&kept);
        let curvatures: Vec<f64> = kept.iter().map(|&a| eigen.eigenvalues[a]).collect();
        let second = second_moment(hessians, &rotation);
        Moments { rotation, curvatures, second, mean, refused }
    }

    /// `(A, M)` for the share `p` of curvature noise, `A` as its diagonal.
    fn operators(&self, p: f64) -> (DVector<f64>, DMatrix<f64>) {
        let h = &self.curvatures;
        let pairs = pairs(h.len());
        let a = DVector::from_iterator(pairs.len(), pairs.iter().map(|&(i, j)| 0.5 * (h[i] + h[j])));
        let mut m = &self.second * p;
        for (at, &(i, j)) in pairs.iter().enumerate() {
            m[(at, at)] += (1.0 - p) * h[i] * h[j];
        }
        (a, m)
    }

    /// Largest learning rate with contracting second moments, for the share `p` of curvature noise and momentum `beta`.
    pub(super) fn limit(&self, p: f64, beta: f64) -> Result<Limit, String> {
        if let Some(reason) = &self.refused {
            return Err(reason.clone());
        }
        let (a, mut m) = self.operators(p);
        let h = &self.curvatures;
        let pairs = pairs(h.len());
        let lag = beta / (1.0 - beta * beta);
        for (at, &(i, j)) in pairs.iter().enumerate() {
            m[(at, at)] -= lag * (h[i] * h[i] + h[j] * h[j] - 2.0 * beta * h[i] * h[j]);
        }
        for i in 0..a.len() {
            for j in 0..a.len() {
                m[(i, j)] /= (a[i] * a[j]).sqrt();
            }
        }
        if m.iter().any(|x| !x.is_finite()) {
            return Err("the squares of the sample Hessians are beyond floating point".to_owned());
        }
        let eigen = SymmetricEigen::try_new(m, f64::EPSILON, 100_000).ok_or("the eigenvalue iteration did not end")?;
        let top = eigen.eigenvalues.imax();
        let largest = eigen.eigenvalues[top];
        if !(largest > 0.0) {
            return Err("the curvature is zero".to_owned());
        }
        let mut shape = DMatrix::zeros(h.len(), h.len());
        for (at, &(i, j)) in pairs.iter().enumerate() {
            let entry = eigen.eigenvectors[(at, top)] / a[at].sqrt();
            let entry = if i == j { entry } else { entry * std::f64::consts::FRAC_1_SQRT_2 };
            shape[(i, j)] = entry;
            shape[(j, i)] = entry;
        }
        let shape = &self.rotation * shape * self.rotation.transpose();
        let size = shape.norm();
        Ok(Limit { value: 2.0 * (1.0 - beta) / largest, shape: shape / size })
    }

    /// Stationary variances along the recorded directions for learning rate `eta`, batch size `batch` and gradient
    /// covariance `c`: the diagonal of the solution of `(2A − ηM) V = (η/B) C`.
    pub(super) fn stationary(&self, eta: f64, batch: f64, c: &DMatrix<f64>) -> Result<Vec<f64>, String> {
        if let Some(reason) = &self.refused {
            return Err(reason.clone());
        }
        let k = self.curvatures.len();
        if k < c.nrows() {
            return Err("a flat direction has no stationary variance".to_owned());
        }
        let (a, m) = self.operators(1.0 / batch);
        let mut system = m * -eta;
        for i in 0..a.len() {
            system[(i, i)] += 2.0 * a[i];
        }
        let c = self.rotation.transpose() * c * &self.rotation;
        let pairs = pairs(k);
        let weight = |(a, b): (usize, usize)| if a == b { 1.0 } else { std::f64::consts::SQRT_2 };
        let right = DVector::from_iterator(
            pairs.len(),
            pairs.iter().map(|&(a, b)| weight((a, b)) * 0.5 * (c[(a, b)] + c[(b, a)]) * eta / batch),
        );
        let beyond = || "the learning rate is beyond the mean-square bound".to_owned();
        let solution = Cholesky::new(system).ok_or_else(beyond)?.solve(&right);
        let mut v = DMatrix::zeros(k, k);
        for (at, &(a, b)) in pairs.iter().enumerate() {
            v[(a, b)] = solution[at] / weight((a, b));
            v[(b, a)] = v[(a, b)];
        }
        let v = &self.rotation * v * self.rotation.transpose();
        let diagonal: Vec<f64> = v.diagonal().iter().copied().collect();
        if diagonal.iter().all(|x| x.is_finite()) { Ok(diagonal) } else { Err(beyond()) }
    }
}

/// `<E_ab, mean(H_i E_cd H_i)>`, from the covariance of the elements of the rotated Hessians.
fn second_moment(hessians: &[DMatrix<f64>], rotation: &DMatrix<f64>) -> DMatrix<f64> {
    let k = rotation.ncols();
    let pairs = pairs(k);
    let mut elements = DMatrix::zeros(pairs.len(), hessians.len());
    for (sample, h) in hessians.iter().enumerate() {
        let h = rotation.transpose() * h * rotation;
        for (at, &(a, b)) in pairs.iter().enumerate() {
            elements[(at, sample)] = 0.5 * (h[(a, b)] + h[(b, a)]);
        }
    }
    let products = &elements * elements.transpose() / hessians.len() as f64;
    let norm = |(a, b): (usize, usize)| if a == b { 0.5 } else { std::f64::consts::FRAC_1_SQRT_2 };
    DMatrix::from_fn(pairs.len(), pairs.len(), |row, column| {
        let ((a, b), (c, d)) = (pairs[row], pairs[column]);
        let of = |p, q, r, s| products[(place(k, p, q), place(k, r, s))];
        2.0 * norm((a, b)) * norm((c, d)) * (of(a, c, b, d) + of(a, d, b, c))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use nalgebra::dmatrix;

    /// Spectral radius of `mean(G⊗G)` over two sample Hessians with independent half weights in the batch, `G` the step of
    /// (place, last step): nothing of it is in eigenvectors or on symmetric matrices.
    fn radius(hessians: &[DMatrix<f64>], eta: f64, beta: f64) -> f64 {
        let k = hessians[0].nrows();
        let step = |h: &DMatrix<f64>| {
            DMatrix::from_fn(2 * k, 2 * k, |i, j| {
                let unit = f64::from(u8::from(i % k == j % k));
                let pull = if j < k { -eta * h[(i % k, j)] } else { beta * unit };
                if i < k && j < k { unit + pull } else { pull }
            })
        };
        let mut mean = DMatrix::zeros(4 * k * k, 4 * k * k);
        for h in hessians {
            let g = step(h);
            mean += g.kronecker(&g);
        }
        mean /= hessians.len() as f64;
        mean.complex_eigenvalues().iter().map(|z| z.norm()).fold(0.0, f64::max)
    }

    #[test]
    fn the_limit_is_where_the_radius_of_the_whole_recursion_is_one() {
        let hessians = [dmatrix![2.0, 0.3; 0.3, 0.5], dmatrix![4.0, -0.8; -0.8, 1.5], dmatrix![0.5, 0.2; 0.2, 0.6]];
        let moments = Moments::new(&hessians);
        for beta in [0.0, 0.3, 0.9] {
            let bound = moments.limit(1.0, beta).expect("curved").value;
            let (inside, outside) = (radius(&hessians, 0.999 * bound, beta), radius(&hessians, 1.001 * bound, beta));
            assert!(inside < 1.0 && outside > 1.0, "beta {beta}: {bound} {inside} {outside}");
        }
    }
}
