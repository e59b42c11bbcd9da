//! Exponentials and logarithms.
//!
//! `ln a = Σ k ln|p|` for `a = ± Π p^k`, wherever it is defined, whatever the signs of the factors; `exp` turns sums into
//! products, rational multiples of one exponent into powers of one generator, and `exp(q ln|p|)` into `|p|^q`.

use super::element::Element;
use super::integer::Int;
use super::lattice::combination;
use super::polynomial::{Generator, Monomial, Polynomial};
use super::tower::{Kind, Measure, Read, Refusal, Tower};
use crate::num::rational::Rational;
use num_bigint::BigInt;
use num_traits::{ToPrimitive, Zero};

/// Largest power or root that a rational exponent may ask for.
const LARGEST_EXPONENT: i64 = 1_000_000;

/// Numerator and denominator, where they are of modest size.
pub(super) fn small_ratio(q: &Rational) -> Read<(i64, i64)> {
    let small = |v: Option<i64>| v.filter(|v| v.abs() <= LARGEST_EXPONENT).ok_or(Refusal::TooLarge);
    Ok((small(q.numer().to_i64())?, small(q.denom().to_i64())?))
}

pub(super) fn common_multiple(a: u32, b: u32) -> Read<u32> {
    let (mut x, mut y) = (a, b);
    while y != 0 {
        (x, y) = (y, x % y);
    }
    a.checked_div(x)
        .and_then(|a| a.checked_mul(b))
        .filter(|m| i64::from(*m) <= LARGEST_EXPONENT)
        .ok_or(Refusal::TooLarge)
}

/// `m − 1`
pub(super) fn less_one(m: &Monomial) -> Element {
    Element::polynomial(Polynomial::term(m.clone(), Int::ONE).sub(&Polynomial::one()))
}

impl Tower {
    /// `ln|p|` of a piece.
    pub(super) fn ln_of_piece(&mut self, at: usize) -> Read<Element> {
        if let Some(g) = self.pieces[at].ln {
            return self.reduce(&Element::generator(g));
        }
        let p = self.piece(at);
        if let Some(g) = p.as_generator() {
            match self.kind(g).clone() {
                Kind::Exp(t) => return self.reduce(&t),
                Kind::Root { of, index } => {
                    let ln = self.ln(&Element::polynomial((*of).clone()))?;
                    return self.mul(&ln, &Element::ratio(1, i64::from(index)));
                }
                Kind::Power { of, exponent } => {
                    // 0^(m−1) is 1 where m = 1.
                    let base = Element::polynomial((*of).clone());
                    let text = self.text(&base);
                    self.demand_away_from_zero(&base, &|| text.clone())?;
                    let ln = self.ln(&Element::polynomial((*of).clone()))?;
                    return self.mul(&ln, &less_one(&exponent));
                }
                Kind::Alternating(_) | Kind::Side { .. } => return Ok(Element::zero()),
                _ => {}
            }
        }
        let g = self.push(Kind::Ln(p), None)?;
        self.pieces[at].ln = Some(g);
        Ok(Element::generator(g))
    }

    /// `ln|e|`, where `e` is not zero.
    pub(super) fn ln(&mut self, e: &Element) -> Read<Element> {
        let product = self.factor(e)?;
        if product.sign == 0 {
            return Err(Refusal::Nowhere("ln(0)".into()));
        }
        let mut sum = Element::zero();
        for (piece, power) in product.pieces {
            let ln = self.ln_of_piece(piece)?;
            sum = self.add(&sum, &self.mul(&ln, &Element::integer(power))?)?;
        }
        Ok(sum)
    }

    /// `exp(t)`
    pub(super) fn exp(&mut self, t: &Element) -> Read<Element> {
        let mut t = self.reduce(t)?;
        let mut result = Element::one();
        // Rational multiples of logarithms: exp(q ln|p|) = |p|^q.
        let mut powers: Vec<(usize, Rational)> = Vec::new();
        for g in t.numerator.generators() {
            let Kind::Ln(p) = self.kind(g).clone() else { continue };
            let q = self.rational_part(&t, g)?;
            if q.is_zero() {
                continue;
            }
            for (piece, times) in self.factor(&Element::polynomial((*p).clone()))?.pieces {
                let q = &q * BigInt::from(times);
                match powers.iter_mut().find(|(known, _)| *known == piece) {
                    Some((_, sum)) => *sum += q,
                    None => powers.push((piece, q)),
                }
            }
            t = self.sub(&t, &self.mul(&Element::generator(g), &Element::rational(&q))?)?;
        }
        if !powers.is_empty() {
            result = self.rational_powers(powers)?;
        }
        if t.numerator.is_zero() {
            return Ok(result);
        }
        for (at, q) in self.measured(&t, false)? {
            let (a, b) = small_ratio(&q)?;
            let parts = common_multiple(self.exponents[at].parts, u32::try_from(b).map_err(|_| Refusal::TooLarge)?)?;
            self.refine_exponent(at, parts)?;
            let power = a.checked_mul(i64::from(parts) / b).ok_or(Refusal::TooLarge)?;
            let g = self.exponents[at].first;
            result = self.mul(&result, &self.powi(&Element::generator(g), power)?)?;
        }
        Ok(result)
    }

    /// The number that a generator is multiplied by, other terms of its coefficient left aside; zero where it occurs
    /// otherwise than to the first power.
    pub(super) fn rational_part(&self, t: &Element, g: Generator) -> Read<Rational> {
        if t.numerator.degree(g) != 1 {
            return Ok(Rational::zero());
        }
        let found = t.numerator.coefficients(g).into_iter().find(|(power, _)| *power == 1);
        let c = found.map_or_else(Polynomial::zero, |(_, c)| c);
        let c = Element { numerator: c, scale: t.scale.clone(), factors: t.factors.clone() }.cancelled(&self.budget)?;
        let constant = match c.numerator.terms().last() {
            Some((m, c)) if m.is_one() => c.clone(),
            _ => Int::ZERO,
        };
        if !c.factors.is_empty() && c.as_rational().is_none() {
            return Ok(Rational::zero());
        }
        Ok(Rational::new(constant.to_big(), c.scale.to_big()))
    }

    /// An exponent or angle as rational multiples of those on record; one that is not is put on record.
    pub(super) fn measured(&mut self, t: &Element, angle: bool) -> Read<Vec<(usize, Rational)>> {
        let mut wholes = Vec::new();
        for at in 0..if angle { self.angles.len() } else { self.exponents.len() } {
            let measure = if angle { &mut self.angles[at] } else { &mut self.exponents[at] };
            let whole = std::mem::replace(&mut measure.whole, Element::zero());
            let whole = self.reduce(&whole)?;
            let measure = if angle { &mut self.angles[at] } else { &mut self.exponents[at] };
            measure.whole = whole.clone();
            wholes.push(whole);
        }
        if let Some(q) = combination(t, &wholes, &self.budget)? {
            return Ok(q.into_iter().enumerate().filter(|(_, q)| *q.numer() != 0.into()).collect());
        }
        let flip = t.numerator.content().is_negative();
        let whole = if flip { t.neg() } else { t.clone() };
        let measure = if angle { self.new_angle(whole)? } else { self.new_exponent(whole)? };
        let list = if angle { &mut self.angles } else { &mut self.exponents };
        list.push(measure);
        Ok(vec![(list.len() - 1, Rational::from_integer(if flip { -1 } else { 1 }.into()))])
    }

    fn new_exponent(&mut self, whole: Element) -> Read<Measure> {
        let first = self.push(Kind::Exp(whole.clone()), None)?;
        Ok(Measure { whole, parts: 1, first, second: first })
    }

    fn refine_exponent(&mut self, at: usize, parts: u32) -> Read<()> {
        let Measure { whole, parts: known, first, .. } = &self.exponents[at];
        if *known == parts {
            return Ok(());
        }
        let (old, times) = (*first, i64::from(parts / known));
        let part = self.mul(&whole.clone(), &Element::ratio(1, i64::from(parts)))?;
        let g = self.push(Kind::Exp(part), None)?;
        let power = self.powi(&Element::generator(g), times)?;
        self.relate(old, 1, power);
        (self.exponents[at].parts, self.exponents[at].first) = (parts, g);
        Ok(())
    }
}
