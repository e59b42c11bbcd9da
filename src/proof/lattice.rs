//! Which rational multiples of given terms add up to another: how exponents and angles are measured against each other.

use super::element::Element;
use super::integer::Int;
use super::polynomial::{Budget, Monomial, Polynomial, TooLarge};
use crate::num::rational::Rational;
use num_traits::Zero;
use std::collections::BTreeMap;

/// Rational `q` with `target = Σ q_j basis_j`, where there are any.
pub(super) fn combination(
    target: &Element,
    basis: &[Element],
    budget: &Budget,
) -> Result<Option<Vec<Rational>>, TooLarge> {
    if basis.is_empty() {
        return Ok(target.numerator.is_zero().then(Vec::new));
    }
    let (mut scale, mut factors) = (target.scale.clone(), target.factors.clone());
    for b in basis {
        (scale, factors) = Element { numerator: Polynomial::zero(), scale, factors }.common_denominator(b);
    }
    let columns = basis.iter().map(|b| b.over(&scale, &factors, budget)).collect::<Result<Vec<_>, _>>()?;
    let right = target.over(&scale, &factors, budget)?;
    // One equation per monomial.
    let mut rows: BTreeMap<&Monomial, Vec<Rational>> = BTreeMap::new();
    for (j, column) in columns.iter().chain([&right]).enumerate() {
        for (m, c) in column.terms() {
            let row = rows.entry(m).or_insert_with(|| vec![Rational::zero(); columns.len() + 1]);
            row[j] = whole(c);
        }
    }
    budget.spend((rows.len() * columns.len() * columns.len()) as u64)?;
    Ok(solve(rows.into_values().collect(), columns.len()))
}

fn whole(c: &Int) -> Rational {
    Rational::from_integer(c.to_big())
}

/// Gauss elimination; the last entry of a row is its right side.
fn solve(mut rows: Vec<Vec<Rational>>, unknowns: usize) -> Option<Vec<Rational>> {
    let (mut done, mut pivots) = (0, Vec::new());
    for column in 0..unknowns {
        let Some(at) = (done..rows.len()).find(|r| !rows[*r][column].is_zero()) else { continue };
        rows.swap(done, at);
        let lead = rows[done][column].clone();
        for entry in &mut rows[done] {
            *entry /= &lead;
        }
        let pivot = rows[done].clone();
        for (r, row) in rows.iter_mut().enumerate() {
            if r != done && !row[column].is_zero() {
                let by = row[column].clone();
                for (entry, p) in row.iter_mut().zip(&pivot) {
                    *entry -= &by * p;
                }
            }
        }
        pivots.push((column, done));
        done += 1;
    }
    if rows[done..].iter().any(|row| !row[unknowns].is_zero()) {
        return None;
    }
    let mut solution = vec![Rational::zero(); unknowns];
    for (column, row) in pivots {
        solution[column] = rows[row][unknowns].clone();
    }
    Some(solution)
}
