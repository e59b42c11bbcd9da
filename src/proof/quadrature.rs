//! The value of an integral, enclosed: Taylor polynomials on cells, with enclosed rests, and bounds beyond the cells.

use super::assignment::Assignment;
use super::claim::Place as End;
use super::enclose::Place;
use super::improper::{Tail, total};
use super::integral::Integral;
use super::substitution::is_differentiated;
use super::value::Value;
use crate::expr::Expr;
use crate::num::enclosure::{Enclosure, End as Width, Side};
use crate::num::rational::Rational;
use num_traits::{One, Zero};
use std::collections::BTreeMap;

/// Precision in bits.
const BITS: u32 = 128;
/// Order of the Taylor polynomials: even.
const ORDER: u32 = 8;
/// Most cells.
const MOST_CELLS: usize = 128;

/// A part of the interval from 0 to 1, with the enclosed integral over it and how wide that is.
struct Cell {
    ends: (Rational, Rational),
    part: Enclosure,
    width: Width,
}

/// How far the cells go where an end is beyond all bounds, one after the other.
const REACHES: [i64; 3] = [8, 48, 400];
/// The part next to an end that is left to a bound where the integrand is not smooth there: `2^-SLICE` of the whole.
const SLICE: i32 = 16;

/// The value found and the value claimed, where they certainly differ at a place of the other symbols.
pub(super) fn apart(integral: &Integral<'_>, place: &Assignment) -> Option<(Value, Value)> {
    if is_differentiated(integral.integrand, integral.variable) {
        return None;
    }
    let claimed = place.values(&[integral.equals], BITS).pop()?.ok()?;
    match (integral.lower, integral.upper) {
        (End::At(lower), End::At(upper)) => {
            differing(&Scaled::new(integral, place, lower.clone(), upper - lower), &claimed, &[])
        }
        _ => REACHES.iter().find_map(|reach| with_tails(integral, place, *reach, &claimed)),
    }
    .map(|found| (found, claimed))
}

/// The same where an end is beyond all bounds: cells as far as `reach`, and bounds for the rest.
fn with_tails(integral: &Integral<'_>, place: &Assignment, reach: i64, claimed: &Value) -> Option<Value> {
    let numbers = |name: &str| place.symbols.get(name).map(|q| Expr::number(q.clone()));
    let integrand = integral.integrand.substitute(&numbers);
    let y = Expr::symbol(integral.variable);
    let far = Expr::integer(reach);
    let one_sided = is_alone(place);
    let tail = |by: Expr| {
        let with = |name: &str| (name == integral.variable).then(|| by.clone());
        let tail = Tail { term: integrand.substitute(&with), variable: integral.variable, one_sided };
        tail.beyond(&Rational::from_integer(reach.into()))
    };
    let (start, length, tails) = match (integral.lower, integral.upper) {
        (End::At(a), End::Infinity) => (a.clone(), far, vec![tail(a.substitute(&numbers) + y)?]),
        (End::MinusInfinity, End::At(b)) => (b - &far, far, vec![tail(b.substitute(&numbers) - y)?]),
        (End::MinusInfinity, End::Infinity) => {
            (-far.clone(), Expr::integer(2) * far, vec![tail(y.clone())?, tail(-y)?])
        }
        _ => return None,
    };
    differing(&Scaled::new(integral, place, start, length), claimed, &tails)
}

/// The sum of all parts, made narrower until it certainly differs from what is claimed.
fn differing(scaled: &Scaled<'_>, claimed: &Value, more: &[Enclosure]) -> Option<Value> {
    let slice = Rational::from_integer(2.into()).pow(-SLICE);
    let mut ends = (Rational::zero(), Rational::one());
    let mut more = more.to_vec();
    if scaled.derivatives(Value::whole(0), ORDER).is_none() {
        more.push(scaled.beside(&Expr::symbol(scaled.variable), &slice)?);
        ends.0 = slice.clone();
    }
    if scaled.derivatives(Value::whole(1), ORDER).is_none() {
        more.push(scaled.beside(&(Expr::integer(1) - Expr::symbol(scaled.variable)), &slice)?);
        ends.1 = Rational::one() - slice;
    }
    let mut cells = scaled.cell(ends, 20)?;
    while cells.len() <= MOST_CELLS {
        let sum = total(cells.iter().map(|cell| &cell.part).chain(&more));
        if sum.differs_from(claimed, BITS) {
            return Some(sum);
        }
        // Cells not much narrower than the widest are halved.
        let widest = cells.iter().map(|cell| &cell.width).max()?;
        let limit = widest.scaled(-3, Side::Below);
        let (wide, narrow) = cells.into_iter().partition::<Vec<Cell>, _>(|cell| cell.width >= limit);
        cells = narrow;
        for cell in wide {
            let middle = middle(&cell.ends);
            cells.extend(scaled.cell((cell.ends.0, middle.clone()), 6)?);
            cells.extend(scaled.cell((middle, cell.ends.1), 6)?);
        }
    }
    None
}

/// Whether there are no other symbols: for some of their values an integral may have no value, which says nothing.
fn is_alone(place: &Assignment) -> bool {
    place.symbols.is_empty() && place.functions.is_empty()
}

fn middle(ends: &(Rational, Rational)) -> Rational {
    (&ends.0 + &ends.1) / Rational::from_integer(2.into())
}

/// The integrand, stretched to run from 0 to 1.
struct Scaled<'a> {
    term: Expr,
    variable: &'a str,
    place: &'a Assignment,
}

impl<'a> Scaled<'a> {
    /// With `y = start + length · s` and `s` between 0 and 1.
    fn new(integral: &'a Integral<'_>, place: &'a Assignment, start: Expr, length: Expr) -> Scaled<'a> {
        let inside = start + &length * Expr::symbol(integral.variable);
        let with = |name: &str| (name == integral.variable).then(|| inside.clone());
        Scaled { term: integral.integrand.substitute(&with) * length, variable: integral.variable, place }
    }

    /// A bound for the part from one end, which is where `by` is 0 for 0, as far as `to`.
    fn beside(&self, by: &Expr, to: &Rational) -> Option<Enclosure> {
        let with = |name: &str| match self.place.symbols.get(name) {
            Some(q) => Some(Expr::number(q.clone())),
            None => (name == self.variable).then(|| by.clone()),
        };
        Tail { term: self.term.substitute(&with), variable: self.variable, one_sided: is_alone(self.place) }.beside(to)
    }

    fn derivatives(&self, at: Value, highest: u32) -> Option<Vec<Enclosure>> {
        let mut symbols: BTreeMap<String, Value> =
            self.place.symbols.iter().map(|(name, value)| (name.clone(), Value::Exact(value.clone()))).collect();
        symbols.insert(self.variable.into(), at);
        let (functions, naturals) = (&self.place.functions, &self.place.naturals);
        let place = Place { symbols: &symbols, functions, naturals, atoms: &[], bits: BITS };
        let terms = std::slice::from_ref(&self.term);
        let values = place.derivatives([terms, &[], &[]], &Expr::symbol(self.variable), highest).ok()?;
        Some(values.iter().map(|v| v.enclosure(BITS)).collect())
    }

    /// The cell, or its halves where the integrand is not enclosed on the whole.
    fn cell(&self, ends: (Rational, Rational), halvings: u32) -> Option<Vec<Cell>> {
        let middle = middle(&ends);
        if let Some(part) = self.part(&ends, &middle) {
            let width = part.width(BITS);
            return Some(vec![Cell { ends, part, width }]);
        }
        let halvings = halvings.checked_sub(1)?;
        let mut both = self.cell((ends.0, middle.clone()), halvings)?;
        both.extend(self.cell((middle, ends.1), halvings)?);
        Some(both)
    }

    /// `Σ f^(k)(m) 2 h^(k+1)/(k+1)!` over even `k`, the last derivative taken over the whole cell.
    fn part(&self, ends: &(Rational, Rational), middle: &Rational) -> Option<Enclosure> {
        let whole = Enclosure::of(&ends.0, BITS).hull(&Enclosure::of(&ends.1, BITS));
        let at_middle = self.derivatives(Value::Exact(middle.clone()), ORDER - 1)?;
        let over = self.derivatives(Value::within(whole), ORDER)?;
        let half = (&ends.1 - &ends.0) / Rational::from_integer(2.into());
        let (mut sum, mut weight) = (Enclosure::whole(0), Rational::from_integer(2.into()) * &half);
        for k in (0..=ORDER as usize).step_by(2) {
            if k > 0 {
                weight = weight * &half * &half / Rational::from_integer(((k + 1) * k).into());
            }
            let derivative = if k == ORDER as usize { over.get(k)? } else { at_middle.get(k)? };
            sum = sum.plus(&derivative.times(&Enclosure::of(&weight, BITS), BITS), BITS);
        }
        let bounded = [sum.lower(), sum.upper()].into_iter().all(|end| matches!(end, Width::At(..)));
        bounded.then_some(sum)
    }
}
