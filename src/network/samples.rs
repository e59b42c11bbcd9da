//! The Hessians of the samples: as recorded, or as products `H_i = J_iᵀJ_i + w I` of factors that are far smaller.

use nalgebra::DMatrix;

/// Curvature of every sample's loss along the `K` recorded directions.
#[derive(Clone, Debug)]
pub(super) enum Samples {
    /// `K × K` each.
    Hessians(Vec<DMatrix<f64>>),
    /// `r × K` each, and the weight decay `w`.
    Factors(Vec<DMatrix<f64>>, f64),
}

impl Samples {
    /// Number of samples.
    pub fn count(&self) -> usize {
        match self {
            Samples::Hessians(all) | Samples::Factors(all, _) => all.len(),
        }
    }

    /// The Hessian of sample `i`.
    pub fn hessian(&self, i: usize) -> DMatrix<f64> {
        match self {
            Samples::Hessians(all) => all[i].clone(),
            Samples::Factors(all, decay) => {
                let size = all[i].ncols();
                all[i].tr_mul(&all[i]) + DMatrix::from_diagonal_element(size, size, *decay)
            }
        }
    }

    /// Their mean.
    pub fn mean(&self) -> DMatrix<f64> {
        let count = self.count();
        let mut sum = self.hessian(0);
        for i in 1..count {
            sum += self.hessian(i);
        }
        sum / count as f64
    }

    /// `mean(H_i V H_i)`, never with a matrix larger than `K × K`; `mean` is the mean Hessian.
    pub fn sandwich(&self, v: &DMatrix<f64>, mean: &DMatrix<f64>) -> DMatrix<f64> {
        let size = v.nrows();
        let mut sum = DMatrix::zeros(size, size);
        let count = self.count() as f64;
        match self {
            Samples::Hessians(all) => {
                for h in all {
                    sum += h * v * h;
                }
                sum / count
            }
            Samples::Factors(all, decay) => {
                for j in all {
                    let small = j * v * j.transpose();
                    sum += j.tr_mul(&(small * j));
                }
                let linear = mean - DMatrix::from_diagonal_element(size, size, *decay);
                sum / count + (&linear * v + v * &linear) * *decay + v * (decay * decay)
            }
        }
    }
}
