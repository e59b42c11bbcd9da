//! Zeros that no relation shows: nested roots, by squaring, and sums of arc tangents, by adding angles.

use super::assignment::Assignment;
use super::element::Element;
use super::elementary::common_multiple;
use super::polynomial::Generator;
use super::tower::{Kind, Read, Tower};
use super::value::Value;
use crate::num::rational::Rational;
use num_traits::{Signed, ToPrimitive, Zero};

/// Roots that are squared away, one after the other.
const MOST_SQUARES: u32 = 4;
/// Largest common denominator of the coefficients of arc tangents.
const LARGEST_DENOMINATOR: u32 = 12;
/// Precision in bits that tells a number from the next whole turn.
const BITS: u32 = 64;

impl Tower {
    /// Whether an element that does not reduce to zero is zero all the same; `false` says nothing.
    pub(super) fn is_hidden_zero(&mut self, e: &Element) -> Read<bool> {
        Ok(self.is_zero_by_squares(e, MOST_SQUARES)? || self.is_zero_by_turns(e)?)
    }

    /// `A + B r = 0` with a root `r ≥ 0`, where `A` and `B` are on opposite sides of zero and `A² = B² r²`.
    fn is_zero_by_squares(&mut self, e: &Element, squares: u32) -> Read<bool> {
        let e = self.reduce(e)?;
        if e.numerator.is_zero() {
            return Ok(true);
        }
        if squares == 0 {
            return Ok(false);
        }
        for g in e.numerator.generators().into_iter().rev() {
            let (Kind::Root { .. }, Some((2, square))) = (self.kind(g), self.entries[g as usize].relation.clone())
            else {
                continue;
            };
            let part = |n: u32| {
                let found = e.numerator.coefficients(g).into_iter().find(|(power, _)| *power == n);
                found.map_or_else(Element::zero, |(_, c)| Element::polynomial(c))
            };
            let (a, b) = (part(0), part(1));
            let (left, right) = (self.certain_sign(&a).side(), self.certain_sign(&b).side());
            if let (Some(left), Some(right)) = (left, right)
                && left == -right
            {
                let under = self.mul(&self.powi(&b, 2)?, &square)?;
                let gap = self.sub(&self.powi(&a, 2)?, &under)?;
                if self.is_zero_by_squares(&gap, squares - 1)? {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// A sum of arc tangents and `pi` with rational coefficients: a whole multiple of it has cosine 1 and sine 0, and is
    /// less than a whole turn.
    fn is_zero_by_turns(&mut self, e: &Element) -> Read<bool> {
        let e = self.reduce(e)?;
        let Some(terms) = self.angles_in(&e) else { return Ok(false) };
        let mut common = 1;
        for (_, q) in &terms {
            let Some(denominator) = q.denom().to_u32() else { return Ok(false) };
            common = common_multiple(common, denominator)?;
        }
        let tangents = terms.iter().any(|(g, _)| matches!(self.kind(*g), Kind::Atan(_)));
        if !tangents || common > LARGEST_DENOMINATOR || !self.is_within_a_turn(&e, &terms, common) {
            return Ok(false);
        }
        let (mut cos, mut sin) = (Element::one(), Element::zero());
        for (g, q) in &terms {
            let Some(times) = (q * Rational::from_integer(common.into())).to_integer().to_i64() else {
                return Ok(false);
            };
            let once = self.turn(&Element::generator(*g))?;
            (cos, sin) = self.turned(&(cos, sin), &self.multiple(&once, times)?)?;
        }
        Ok(self.is_zero_by_squares(&sin, MOST_SQUARES)?
            && self.is_zero_by_squares(&self.sub(&cos, &Element::one())?, MOST_SQUARES)?)
    }

    /// Arc tangents and `pi`, each with its coefficient, where there is nothing else.
    fn angles_in(&self, e: &Element) -> Option<Vec<(Generator, Rational)>> {
        let mut found = Vec::new();
        for (m, c) in e.numerator.terms() {
            let mut powers = m.powers();
            let (Some((g, 1)), None) = (powers.next(), powers.next()) else { return None };
            if !matches!(self.kind(g), Kind::Pi | Kind::Atan(_)) {
                return None;
            }
            found.push((g, Rational::new(c.to_big(), e.scale.to_big())));
        }
        e.factors.is_empty().then_some(found)
    }

    /// Whether `common · e` lies strictly between a whole turn and its negative.
    fn is_within_a_turn(&self, e: &Element, terms: &[(Generator, Rational)], common: u32) -> bool {
        let common = Rational::from_integer(common.into());
        // Of a number, its enclosure tells; else each arc tangent is between right angles, on the side of its argument.
        if let Some(value) = self.number(e) {
            let size = Value::within(value.enclosure(BITS).abs());
            let turn = Rational::from_integer(6.into()) / common;
            return size.plus(&Value::Exact(-turn), BITS).is_negative();
        }
        // In right angles: an arc tangent never reaches its ends.
        let (mut low, mut high) = (Rational::zero(), Rational::zero());
        for (g, q) in terms {
            let (least, most) = match self.kind(*g) {
                Kind::Pi => (2, 2),
                Kind::Atan(t) => match self.certain_sign(t).side() {
                    Some(1) => (0, 1),
                    Some(_) => (-1, 0),
                    None => (-1, 1),
                },
                _ => return false,
            };
            let (a, b) = (q * Rational::from_integer(least.into()), q * Rational::from_integer(most.into()));
            let (a, b) = if q.is_negative() { (b, a) } else { (a, b) };
            low += a;
            high += b;
        }
        let turn = Rational::from_integer(4.into()) / common;
        -&turn < low && high < turn
    }

    /// The enclosure of an element that is a number.
    fn number(&self, e: &Element) -> Option<Value> {
        if !e.generators().into_iter().all(|g| self.is_number(g)) {
            return None;
        }
        let term = self.expression(e)?;
        Assignment::default().values(&[&term], BITS).pop()?.ok()
    }
}
