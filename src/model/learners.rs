//! Decentralised learners: the matrix by which they mix.

use super::Learners;
use nalgebra::{DMatrix, SymmetricEigen};

/// More learners than this are refused: their matrix is dense.
pub(super) const MOST_LEARNERS: usize = 512;

/// Accuracy to which a matrix as written must be symmetric with rows that sum to 1.
const ROW_TOLERANCE: f64 = 1e-9;

/// Everybody with everybody: `(1−m) I + (m/n) 1 1ᵀ`, eigenvalues `1, 1−m, …`.
pub(super) fn complete(count: usize, mixing: f64) -> Vec<Vec<f64>> {
    let share = mixing / count as f64;
    let entry = |i: usize, j: usize| if i == j { 1.0 - mixing + share } else { share };
    (0..count).map(|i| (0..count).map(|j| entry(i, j)).collect()).collect()
}

/// Each keeps `1−m` and takes `m/2` from either neighbour, eigenvalues `1 − m(1 − cos 2πk/n)`. Where both neighbours
/// are one learner, or the learner itself, it counts twice.
pub(super) fn ring(count: usize, mixing: f64) -> Vec<Vec<f64>> {
    let mut matrix = vec![vec![0.0; count]; count];
    for (i, row) in matrix.iter_mut().enumerate() {
        row[i] += 1.0 - mixing;
        row[(i + 1) % count] += mixing / 2.0;
        row[(i + count - 1) % count] += mixing / 2.0;
    }
    matrix
}

/// Checks the matrix and finds its eigenvalues; `Err` says what is wrong.
pub(super) fn learners(count: usize, mut matrix: Vec<Vec<f64>>) -> Result<Learners, String> {
    if matrix.len() != count || matrix.iter().any(|row| row.len() != count) {
        return Err(format!("the matrix must have {count} rows of {count} numbers, one for each learner"));
    }
    for i in 0..count {
        if let Some(j) = (0..count).find(|&j| !matrix[i][j].is_finite()) {
            return Err(format!("entry ({i}, {j}) of the matrix is not a finite number"));
        }
        let sum: f64 = matrix[i].iter().sum();
        if !((sum - 1.0).abs() <= ROW_TOLERANCE) {
            return Err(format!("row {i} of the matrix sums to {sum}, not to 1"));
        }
        if let Some(j) = (0..i).find(|&j| !((matrix[i][j] - matrix[j][i]).abs() <= ROW_TOLERANCE)) {
            return Err(format!("the matrix is not symmetric at ({i}, {j})"));
        }
    }
    for i in 0..count {
        for j in 0..i {
            matrix[i][j] = matrix[j][i];
        }
    }
    let dense = DMatrix::from_fn(count, count, |i, j| matrix[i][j]);
    let Some(spectrum) = SymmetricEigen::try_new(dense, f64::EPSILON, 10_000) else {
        return Err("the eigenvalues of the matrix could not be found".into());
    };
    let mut eigenvalues: Vec<f64> = spectrum.eigenvalues.iter().copied().collect();
    eigenvalues.sort_by(|a, b| b.total_cmp(a));
    if let Some(worst) = eigenvalues.iter().find(|w| !(**w > -1.0 + ROW_TOLERANCE && **w <= 1.0 + ROW_TOLERANCE)) {
        return Err(format!("the matrix has the eigenvalue {worst}; they must lie above -1 and not above 1"));
    }
    Ok(Learners { matrix, eigenvalues })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spectra_of_complete_and_ring_are_the_known_ones() {
        let of = |matrix: Vec<Vec<f64>>| learners(matrix.len(), matrix).expect("valid").eigenvalues;
        for (found, expected) in of(complete(4, 0.3)).iter().zip([1.0, 0.7, 0.7, 0.7]) {
            assert!((found - expected).abs() < 1e-14);
        }
        // cos of 2π/5 and 4π/5 from the golden ratio.
        let golden = 5f64.sqrt();
        let (c1, c2) = ((golden - 1.0) / 4.0, -(golden + 1.0) / 4.0);
        let expected = [1.0, 0.4 + 0.6 * c1, 0.4 + 0.6 * c1, 0.4 + 0.6 * c2, 0.4 + 0.6 * c2];
        for (found, expected) in of(ring(5, 0.6)).iter().zip(expected) {
            assert!((found - expected).abs() < 1e-14);
        }
        assert_eq!(of(ring(1, 0.5)), [1.0]);
    }

    #[test]
    fn matrices_that_do_not_mix_are_refused() {
        for matrix in [
            vec![vec![0.0, 1.0], vec![1.0, 0.0]],
            vec![vec![0.6, 0.4], vec![0.5, 0.5]],
            vec![vec![0.5, 0.4], vec![0.4, 0.5]],
            vec![vec![2.0, -1.0], vec![-1.0, 2.0]],
            vec![vec![f64::NAN, 0.4], vec![0.4, 0.5]],
            vec![vec![1.0], vec![1.0]],
        ] {
            assert!(learners(2, matrix.clone()).is_err(), "{matrix:?}");
        }
    }
}
