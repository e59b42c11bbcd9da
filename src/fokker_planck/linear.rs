//! Many right-hand sides of one dense system, eliminated in blocks: nearly all the work is products of matrices.

use nalgebra::DMatrix;

/// Columns eliminated together; 24 to 64 were found to take equally long.
const BLOCK: usize = 32;

/// Replaces `b` by `a⁻¹ b`, with row pivoting; `None` where `a` is singular to working accuracy.
pub(super) fn solve(mut a: DMatrix<f64>, mut b: DMatrix<f64>) -> Option<DMatrix<f64>> {
    let n = a.nrows();
    let mut start = 0;
    while start < n {
        let end = (start + BLOCK).min(n);
        for column in start..end {
            let pivot = (column..n).max_by(|i, j| a[(*i, column)].abs().total_cmp(&a[(*j, column)].abs()))?;
            if !(a[(pivot, column)].abs() > 0.0 && a[(pivot, column)].is_finite()) {
                return None;
            }
            a.swap_rows(pivot, column);
            b.swap_rows(pivot, column);
            let scale = 1.0 / a[(column, column)];
            for row in column + 1..n {
                a[(row, column)] *= scale;
            }
            // Within the block at once, beyond it as a product.
            for other in column + 1..end {
                let factor = a[(column, other)];
                if factor != 0.0 {
                    let (own, mut target) = a.columns_range_pair_mut(column, other);
                    target.rows_mut(column + 1, n - column - 1).axpy(
                        -factor,
                        &own.rows(column + 1, n - column - 1),
                        1.0,
                    );
                }
            }
        }
        let size = end - start;
        let lower = a.view((start, start), (size, size)).into_owned();
        let below = a.view((end, start), (n - end, size)).into_owned();
        let right = unit_lower(&lower, a.view((start, end), (size, n - end)).into_owned());
        a.view_mut((end, end), (n - end, n - end)).gemm(-1.0, &below, &right, 1.0);
        a.view_mut((start, end), (size, n - end)).copy_from(&right);
        let top = unit_lower(&lower, b.rows(start, size).into_owned());
        b.rows_mut(end, n - end).gemm(-1.0, &below, &top, 1.0);
        b.rows_mut(start, size).copy_from(&top);
        start = end;
    }
    // Upwards, block by block.
    let mut end = n;
    while end > 0 {
        let start = (end - 1) / BLOCK * BLOCK;
        let size = end - start;
        let mut own = b.rows(start, size).into_owned();
        for mut column in own.column_iter_mut() {
            for i in (0..size).rev() {
                column[i] /= a[(start + i, start + i)];
                let value = column[i];
                for k in 0..i {
                    column[k] -= a[(start + k, start + i)] * value;
                }
            }
        }
        b.rows_mut(start, size).copy_from(&own);
        let above = a.view((0, start), (start, size)).into_owned();
        b.rows_mut(0, start).gemm(-1.0, &above, &own, 1.0);
        end = start;
    }
    b.iter().all(|value| value.is_finite()).then_some(b)
}

/// `l⁻¹ b` where `l` is the strict lower part of a matrix, with ones on the diagonal.
fn unit_lower(l: &DMatrix<f64>, mut b: DMatrix<f64>) -> DMatrix<f64> {
    for mut column in b.column_iter_mut() {
        for i in 0..l.nrows() {
            let value = column[i];
            if value != 0.0 {
                for k in i + 1..l.nrows() {
                    column[k] -= l[(k, i)] * value;
                }
            }
        }
    }
    b
}

#[cfg(test)]
mod tests {
    use super::solve;
    use crate::num::function::sin;
    use nalgebra::DMatrix;

    #[test]
    fn systems_of_every_size_are_solved_and_singular_ones_refused() {
        for n in [1, 2, 31, 32, 33, 100] {
            // Small diagonals, so that rows must be exchanged.
            let a = DMatrix::from_fn(n, n, |i, j| {
                sin((1 + i * n + j) as f64 * 1.7) * if i == j { 1e-9 } else { 1.0 } + if n == 1 { 1.0 } else { 0.0 }
            });
            let x = DMatrix::from_fn(n, 3, |i, j| sin((i + 5 * j) as f64));
            let found = solve(a.clone(), &a * &x).expect("a regular matrix");
            assert!((found - &x).amax() < 1e-9, "{n}");
        }
        let mut a = DMatrix::from_fn(40, 40, |i, j| ((i * j) % 7) as f64 + if i == j { 5.0 } else { 0.0 });
        a.row_mut(3).fill(0.0);
        assert_eq!(solve(a, DMatrix::zeros(40, 1)), None);
    }
}
