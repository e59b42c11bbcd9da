//! Polynomials that are positive on a box, by exact means: with `x = (a + b t)/(1 + t)`, `x = a + t` or `x = b − t` the
//! box becomes `t ≥ 0`, and a polynomial whose coefficients are all non-negative there is positive wherever one term
//! of it is. Else the box is halved, or a square is completed.

use super::span::Span;
use crate::num::rational::Rational;
use num_traits::{One, Signed, Zero};
use std::collections::BTreeMap;

/// Most terms of a polynomial.
const MOST_TERMS: usize = 1500;
/// Highest degree in one variable.
const HIGHEST: u32 = 24;

/// Exponents, one for each variable, with their coefficients, none of them zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Polynomial(pub(super) BTreeMap<Vec<u32>, Rational>);

impl Polynomial {
    pub(super) fn constant(value: Rational) -> Polynomial {
        Polynomial(if value.is_zero() { BTreeMap::new() } else { BTreeMap::from([(Vec::new(), value)]) })
    }

    pub(super) fn variable(index: usize) -> Polynomial {
        let mut exponents = vec![0; index];
        exponents.push(1);
        Polynomial(BTreeMap::from([(exponents, Rational::one())]))
    }

    pub(super) fn negative(&self) -> Polynomial {
        Polynomial(self.0.iter().map(|(e, c)| (e.clone(), -c)).collect())
    }

    pub(super) fn plus(&self, other: &Polynomial) -> Polynomial {
        let mut sum = self.0.clone();
        for (exponents, c) in &other.0 {
            add(&mut sum, exponents.clone(), c.clone());
        }
        Polynomial(sum)
    }

    /// `None` where it gets too large.
    pub(super) fn times(&self, other: &Polynomial) -> Option<Polynomial> {
        if self.0.len().saturating_mul(other.0.len()) > 40 * MOST_TERMS {
            return None;
        }
        let mut product = BTreeMap::new();
        for (a, c) in &self.0 {
            for (b, d) in &other.0 {
                let (long, short) = if a.len() >= b.len() { (a, b) } else { (b, a) };
                let mut exponents = long.clone();
                for (e, f) in exponents.iter_mut().zip(short) {
                    *e += f;
                }
                if exponents.iter().any(|e| *e > HIGHEST) || c.numer().bits() + d.numer().bits() > 20_000 {
                    return None;
                }
                add(&mut product, exponents, c * d);
            }
        }
        (product.len() <= MOST_TERMS).then_some(Polynomial(product))
    }

    pub(super) fn power(&self, n: u32) -> Option<Polynomial> {
        let mut product = Polynomial::constant(Rational::one());
        for _ in 0..n {
            product = product.times(self)?;
        }
        Some(product)
    }

    /// Which variables occur.
    pub(super) fn variables(&self) -> Vec<usize> {
        let most = self.0.keys().map(Vec::len).max().unwrap_or(0);
        (0..most).filter(|&v| self.degree(v) > 0).collect()
    }

    /// The derivative by one variable, all others held.
    pub(super) fn derivative(&self, variable: usize) -> Polynomial {
        let mut sum = BTreeMap::new();
        for (exponents, c) in &self.0 {
            let power = exponent(exponents, variable);
            if power > 0 {
                let mut lower = exponents.clone();
                lower[variable] -= 1;
                add(&mut sum, lower, c * Rational::from_integer(power.into()));
            }
        }
        Polynomial(sum)
    }

    /// `P` and `Q` of `self = P + Q w`, where the variable `w` has the square `radicand`.
    pub(super) fn split_by_root(&self, w: usize, radicand: &Polynomial) -> Option<(Polynomial, Polynomial)> {
        let mut parts = [Polynomial(BTreeMap::new()), Polynomial(BTreeMap::new())];
        for (k, part) in self.coefficients(w).iter().enumerate() {
            let own = &mut parts[k % 2];
            *own = own.plus(&part.times(&radicand.power(k as u32 / 2)?)?);
        }
        let [even, odd] = parts;
        Some((even, odd))
    }

    fn degree(&self, variable: usize) -> u32 {
        self.0.keys().map(|e| exponent(e, variable)).max().unwrap_or(0)
    }

    /// The coefficient of each power of one variable.
    fn coefficients(&self, variable: usize) -> Vec<Polynomial> {
        let mut parts = vec![BTreeMap::new(); self.degree(variable) as usize + 1];
        for (exponents, c) in &self.0 {
            let mut rest = exponents.clone();
            let power = exponent(exponents, variable);
            if let Some(e) = rest.get_mut(variable) {
                *e = 0;
            }
            while rest.last() == Some(&0) {
                rest.pop();
            }
            add(&mut parts[power as usize], rest, c.clone());
        }
        parts.into_iter().map(Polynomial).collect()
    }

    /// `Σ c_k(rest) q_k(t)`, where `q_k` replaces the `k`-th power of one variable.
    fn replaced(&self, variable: usize, powers: &[Vec<Rational>]) -> Option<Polynomial> {
        let mut sum = BTreeMap::new();
        for (k, part) in self.coefficients(variable).iter().enumerate() {
            for (exponents, c) in &part.0 {
                for (n, q) in powers[k].iter().enumerate().filter(|(_, q)| !q.is_zero()) {
                    let mut moved = exponents.clone();
                    if moved.len() <= variable {
                        moved.resize(variable + 1, 0);
                    }
                    moved[variable] = n as u32;
                    add(&mut sum, moved, c * q);
                }
            }
            if sum.len() > MOST_TERMS {
                return None;
            }
        }
        Some(Polynomial(sum))
    }
}

fn exponent(exponents: &[u32], variable: usize) -> u32 {
    exponents.get(variable).copied().unwrap_or(0)
}

fn add(sum: &mut BTreeMap<Vec<u32>, Rational>, mut exponents: Vec<u32>, c: Rational) {
    while exponents.last() == Some(&0) {
        exponents.pop();
    }
    let entry = sum.entry(exponents).or_insert_with(Rational::zero);
    *entry += c;
    if entry.is_zero() {
        sum.retain(|_, c| !c.is_zero());
    }
}

/// Whether `p > 0` wherever each variable is in its span; `false` where that could not be shown.
pub(super) fn is_positive(p: &Polynomial, spans: &[Span], budget: &mut usize) -> bool {
    shown(p, spans, budget, 0)
}

/// Whether `p ≥ 0` wherever each variable is in its span, shown without halving it.
pub(super) fn is_nonnegative(p: &Polynomial, spans: &[Span], budget: &mut usize) -> bool {
    let cost = 1 + p.0.len() / 8;
    if *budget < cost {
        return false;
    }
    *budget -= cost;
    let Some(p) = reduced(p, spans) else { return false };
    let used = p.variables();
    if used.iter().any(|&v| spans[v].lower.is_none() && spans[v].upper.is_none()) {
        return false;
    }
    let moved = used.iter().try_fold(p, |p, &v| on_orthant(&p, v, &spans[v]));
    moved.is_some_and(|moved| moved.0.values().all(|c| c.is_positive()))
}

/// The polynomial with points put in, and without factors that are positive.
fn reduced(p: &Polynomial, spans: &[Span]) -> Option<Polynomial> {
    let mut p = p.clone();
    for (variable, span) in spans.iter().enumerate() {
        let degree = p.degree(variable);
        if degree == 0 {
            continue;
        }
        if let (Some(at), true) = (&span.lower, span.is_point()) {
            let powers: Vec<Vec<Rational>> = (0..=degree).map(|k| vec![at.pow(k as i32)]).collect();
            p = p.replaced(variable, &powers)?;
        } else if span.is_positive() {
            let least = p.0.keys().map(|e| exponent(e, variable)).min().unwrap_or(0);
            if least > 0 {
                let mut lowered = BTreeMap::new();
                for (mut e, c) in p.0 {
                    if let Some(own) = e.get_mut(variable) {
                        *own -= least;
                    }
                    add(&mut lowered, e, c);
                }
                p = Polynomial(lowered);
            }
        }
    }
    Some(p)
}

fn shown(p: &Polynomial, spans: &[Span], budget: &mut usize, depth: u32) -> bool {
    let cost = 1 + p.0.len() / 8;
    if *budget < cost || depth > 40 || p.0.is_empty() {
        return false;
    }
    *budget -= cost;
    let Some(p) = reduced(p, spans) else { return false };
    let used = p.variables();
    let moved = match used.iter().all(|&v| spans[v].lower.is_some() || spans[v].upper.is_some()) {
        true => used.iter().try_fold(p.clone(), |p, &v| on_orthant(&p, v, &spans[v])),
        false => None,
    };
    if let Some(moved) = &moved {
        if moved.0.values().all(|c| c.is_positive()) && some_term_everywhere(moved, &p, &used, spans) {
            return true;
        }
        // Coefficients that are all of the other sign leave nothing to hope for.
        if moved.0.values().all(|c| c.is_negative()) {
            return false;
        }
    }
    if used.iter().any(|&v| square_completed(&p, v, spans, budget, depth)) {
        return true;
    }
    // The whole line first, then the variable that was halved least: the one with the widest span of equal depth.
    let whole = used.iter().find(|&&v| spans[v].lower.is_none() && spans[v].upper.is_none());
    let next = whole.or_else(|| used.get(depth as usize % used.len().max(1)));
    let Some(&variable) = next else { return false };
    let Some((left, right)) = spans[variable].halves() else { return false };
    [left, right].into_iter().all(|half| {
        let mut spans = spans.to_vec();
        spans[variable] = half;
        shown(&p, &spans, budget, depth + 1)
    })
}

/// The polynomial in `t ≥ 0` that has the sign of `p` on the span of one variable, at `t = 0` at a finite end.
fn on_orthant(p: &Polynomial, variable: usize, span: &Span) -> Option<Polynomial> {
    let degree = p.degree(variable) as usize;
    let times = |a: &[Rational], b: &[Rational]| {
        let mut product = vec![Rational::zero(); a.len() + b.len() - 1];
        for (i, c) in a.iter().enumerate() {
            for (j, d) in b.iter().enumerate() {
                product[i + j] += c * d;
            }
        }
        product
    };
    let (line, under) = match (&span.lower, &span.upper) {
        (Some(a), Some(b)) => ([a.clone(), b.clone()], [Rational::one(), Rational::one()]),
        (Some(a), None) => ([a.clone(), Rational::one()], [Rational::one(), Rational::zero()]),
        (None, Some(b)) => ([b.clone(), -Rational::one()], [Rational::one(), Rational::zero()]),
        (None, None) => return None,
    };
    let powers = |base: &[Rational; 2]| {
        let mut list = vec![vec![Rational::one()]];
        for k in 0..degree {
            list.push(times(&list[k], base));
        }
        list
    };
    let (over, under) = (powers(&line), powers(&under));
    let replaced: Vec<Vec<Rational>> = (0..=degree).map(|k| times(&over[k], &under[degree - k])).collect();
    p.replaced(variable, &replaced)
}

/// Whether everywhere on the box, ends that belong to it included, some term is above zero.
///
/// `t = 0` is the finite end, or the lower of two; there only terms without `t` are left. Towards `t = ∞`, the upper of
/// two finite ends, only those with the full degree are.
fn some_term_everywhere(moved: &Polynomial, p: &Polynomial, used: &[usize], spans: &[Span]) -> bool {
    // Each variable is inside (0), at t = 0 (1) or at t = ∞ (2).
    let mut cases: Vec<Vec<u8>> = vec![Vec::new()];
    for &v in used {
        let span = &spans[v];
        let near = if span.lower.is_some() { !span.open.above } else { !span.open.below };
        let far = span.lower.is_some() && span.upper.is_some() && !span.open.below;
        let mut next = Vec::new();
        for case in &cases {
            for (at, there) in [(0, true), (1, near), (2, far)] {
                if there {
                    let mut longer = case.clone();
                    longer.push(at);
                    next.push(longer);
                }
            }
        }
        if next.len() > 800 {
            return false;
        }
        cases = next;
    }
    cases.iter().all(|case| {
        moved.0.keys().any(|exponents| {
            case.iter().zip(used).all(|(at, &v)| match at {
                0 => true,
                1 => exponent(exponents, v) == 0,
                _ => exponent(exponents, v) == p.degree(v),
            })
        })
    })
}

/// `A v² + B v + C` is above zero for every `v` where `A` and `4 A C − B²` are.
fn square_completed(p: &Polynomial, variable: usize, spans: &[Span], budget: &mut usize, depth: u32) -> bool {
    let parts = p.coefficients(variable);
    let [c, b, a] = parts.as_slice() else { return false };
    let four = Polynomial::constant(Rational::from_integer(4.into()));
    let product = four.times(a).and_then(|p| p.times(c));
    let (Some(product), Some(square)) = (product, b.times(b)) else { return false };
    // Each variable is left out once, so this comes to an end; it is worth little deep down.
    depth < 12
        && shown(a, spans, budget, depth + 6)
        && shown(&product.plus(&square.negative()), spans, budget, depth + 6)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ratio(a: i64) -> Rational {
        Rational::from_integer(a.into())
    }

    fn polynomial(terms: &[(i64, &[u32])]) -> Polynomial {
        let mut sum = BTreeMap::new();
        for (c, exponents) in terms {
            add(&mut sum, exponents.to_vec(), ratio(*c));
        }
        Polynomial(sum)
    }

    fn shown_on(terms: &[(i64, &[u32])], spans: &[Span]) -> bool {
        is_positive(&polynomial(terms), spans, &mut 3000)
    }

    #[test]
    fn positive_polynomials_are_shown_so_and_others_are_not() {
        let line = Span::open(None, None);
        let positive = Span::open(Some(ratio(0)), None);
        let unit = Span::open(Some(ratio(0)), Some(ratio(1)));
        let closed = Span { open: Default::default(), ..unit.clone() };
        let two = [line.clone(), line.clone()];
        for (terms, spans, expected) in [
            // x² − x + 1 and x² − 2x + 1
            (&[(1, &[2][..]), (-1, &[1]), (1, &[])][..], vec![line.clone()], true),
            (&[(1, &[2]), (-2, &[1]), (1, &[])], vec![line.clone()], false),
            // x on (0, 1), [0, 1], and 1 − x
            (&[(1, &[1])], vec![unit.clone()], true),
            (&[(1, &[1])], vec![closed.clone()], false),
            (&[(1, &[]), (-1, &[1])], vec![unit.clone()], true),
            (&[(1, &[]), (-1, &[1])], vec![closed.clone()], false),
            (&[(2, &[]), (-1, &[1])], vec![closed.clone()], true),
            (&[(1, &[]), (-1, &[1])], vec![positive.clone()], false),
            // (x − y)² + 1, (x − y)² and x² + y² + 1 − 2xy, 1 − xy on the unit square
            (&[(1, &[2]), (-2, &[1, 1]), (1, &[0, 2]), (1, &[])], two.to_vec(), true),
            (&[(1, &[2]), (-2, &[1, 1]), (1, &[0, 2])], two.to_vec(), false),
            (&[(1, &[]), (-1, &[1, 1])], vec![unit.clone(), unit.clone()], true),
            (&[(1, &[]), (-1, &[1, 1])], vec![unit.clone(), closed.clone()], true),
            (&[(1, &[]), (-1, &[1, 1])], vec![closed.clone(), closed.clone()], false),
            // Motzkin's polynomial plus a little; x⁴ + x³ + 1; x⁴ − 4x + 3.1 times 10
            (&[(1, &[4, 2]), (1, &[2, 4]), (-3, &[2, 2]), (2, &[])], two.to_vec(), true),
            (&[(1, &[4, 2]), (1, &[2, 4]), (-3, &[2, 2]), (1, &[])], two.to_vec(), false),
            (&[(1, &[4]), (1, &[3]), (1, &[])], vec![line.clone()], true),
            (&[(10, &[4]), (-40, &[1]), (31, &[])], vec![line.clone()], true),
            (&[(10, &[4]), (-40, &[1]), (29, &[])], vec![line.clone()], false),
            (&[], vec![line.clone()], false),
        ] {
            assert_eq!(shown_on(terms, &spans), expected, "{terms:?} on {}", spans[0]);
        }
    }
}
