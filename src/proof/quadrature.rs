//! The value of an integral over a bounded interval, enclosed: Taylor polynomials on cells, with enclosed rests.

use super::assignment::Assignment;
use super::claim::Place as End;
use super::enclose::Place;
use super::integral::Integral;
use super::substitution::is_differentiated;
use super::value::Value;
use crate::expr::Expr;
use crate::num::enclosure::{Enclosure, End as Width};
use crate::num::rational::Rational;
use num_traits::{One, Zero};
use std::collections::BTreeMap;

/// Precision in bits.
const BITS: u32 = 128;
/// Order of the Taylor polynomials: even.
const ORDER: u32 = 8;
/// Most cells.
const MOST_CELLS: usize = 96;

/// A part of the interval from 0 to 1, with the enclosed integral over it and how wide that is.
struct Cell {
    ends: (Rational, Rational),
    part: Enclosure,
    width: Width,
}

/// The value found and the value claimed, where they certainly differ at a place of the other symbols.
pub(super) fn apart(integral: &Integral<'_>, place: &Assignment) -> Option<(Value, Value)> {
    let (End::At(lower), End::At(upper)) = (integral.lower, integral.upper) else { return None };
    if is_differentiated(integral.integrand, integral.variable) {
        return None;
    }
    let claimed = place.values(&[integral.equals], BITS).pop()?.ok()?;
    // y = a + (b − a) s, with s between 0 and 1
    let length = upper - lower;
    let inside = lower + &length * Expr::symbol(integral.variable);
    let with = |name: &str| (name == integral.variable).then(|| inside.clone());
    let scaled = Scaled { term: integral.integrand.substitute(&with) * length, variable: integral.variable, place };
    let mut cells = scaled.cell((Rational::zero(), Rational::one()), 12)?;
    while cells.len() <= MOST_CELLS {
        let total = cells.iter().fold(Enclosure::whole(0), |sum, cell| sum.plus(&cell.part, BITS));
        let total = Value::within(total);
        if total.differs_from(&claimed, BITS) {
            return Some((total, claimed));
        }
        // The wider half of the cells is halved.
        cells.sort_by(|a, b| a.width.cmp(&b.width));
        for cell in cells.split_off(cells.len() / 2) {
            let middle = middle(&cell.ends);
            cells.extend(scaled.cell((cell.ends.0, middle.clone()), 6)?);
            cells.extend(scaled.cell((middle, cell.ends.1), 6)?);
        }
    }
    None
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

impl Scaled<'_> {
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
