//! Random pairs of symmetric matrices: a Hessian and the covariance of the noise.

use super::{Saved, decades, decimals};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

/// Two symmetric positive definite matrices of one size.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SpdPair {
    /// Its eigenvalues lie within six decades.
    pub hessian: Vec<Vec<f64>>,
    /// The covariance of a gradient.
    pub covariance: Vec<Vec<f64>>,
}

/// Pairs of a size between 1 and `largest`: each matrix is `Q diag Qᵀ` with eigenvalues over decades and `Q` a product of rotations in
/// the planes of neighbours.
pub fn spd_pairs(largest: usize) -> impl Strategy<Value = SpdPair> {
    (1..=largest.max(1))
        .prop_flat_map(|n| (spd(n), spd(n)).prop_map(|(hessian, covariance)| SpdPair { hessian, covariance }))
}

fn spd(n: usize) -> impl Strategy<Value = Vec<Vec<f64>>> {
    let values = prop::collection::vec(decades(-3, 3), n);
    let angles = prop::collection::vec(decimals(0, 62, 1), n.saturating_sub(1));
    (values, angles).prop_map(|(values, angles)| {
        let n = values.len();
        let mut a: Vec<Vec<f64>> =
            (0..n).map(|i| (0..n).map(|j| if i == j { values[i] } else { 0.0 }).collect()).collect();
        for (i, angle) in angles.iter().enumerate() {
            let (s, c) = (crate::num::function::sin(*angle), crate::num::function::cos(*angle));
            for row in &mut a {
                (row[i], row[i + 1]) = (c * row[i] - s * row[i + 1], s * row[i] + c * row[i + 1]);
            }
            for k in 0..n {
                (a[i][k], a[i + 1][k]) = (c * a[i][k] - s * a[i + 1][k], s * a[i][k] + c * a[i + 1][k]);
            }
        }
        // The same number on both sides of the diagonal.
        for i in 0..n {
            for j in 0..i {
                a[i][j] = a[j][i];
            }
        }
        a
    })
}

impl Saved for SpdPair {
    fn to_ron(&self) -> String {
        format!("{self:?}")
    }

    fn from_ron(text: &str) -> Result<SpdPair, String> {
        ron::from_str(text).map_err(|e| e.to_string())
    }
}
