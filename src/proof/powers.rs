//! Powers: rational, natural and symbolic exponents, and what each demands of the base.

use super::claim::Assumption;
use super::element::Element;
use super::elementary::small_ratio;
use super::integer::Int;
use super::lattice::combination;
use super::polynomial::{Generator, Monomial, Polynomial};
use super::sign::Sign;
use super::tower::{Kind, Read, Refusal, Tower};
use crate::num::rational::Rational;
use num_traits::Zero;

impl Tower {
    /// The exponent as whole multiples of products of natural numbers, where it is that: a whole number at every point.
    fn natural_exponent(&self, exponent: &Element) -> Option<Vec<(Monomial, Int)>> {
        let natural = |g: Generator| matches!(self.kind(g), Kind::Symbol(name) if self.symbols.get(name) == Some(&Assumption::Natural));
        let whole = exponent.factors.is_empty() && exponent.scale.is_one();
        (whole && exponent.numerator.generators().into_iter().all(natural)).then(|| exponent.numerator.terms().to_vec())
    }

    /// `base^exponent`, with what it demands; `text` is the base as written.
    pub(super) fn power(&mut self, base: &Element, exponent: &Element, text: &dyn Fn() -> String) -> Read<Element> {
        let (base, exponent) = (self.reduce(base)?, self.reduce(exponent)?);
        if let Some(q) = exponent.as_rational() {
            let (a, b) = small_ratio(&q)?;
            if b == 1 {
                if a < 0 {
                    self.demand_nonzero(&base, text)?;
                }
                return self.powi(&base, a);
            }
            self.demand_positive(&base, text)?;
            let product = self.factor(&base)?;
            self.assume_together(&product, true);
            return self.absolute_powers(&product, a, b);
        }
        let mut side = Element::one();
        if self.sign(&base) != Sign::POSITIVE {
            match self.natural_exponent(&exponent) {
                Some(terms) => return self.natural_power(&base, &exponent, &terms, text),
                // Rational terms in pi are no whole number.
                None if exponent.generators().iter().all(|g| matches!(self.kind(*g), Kind::Pi)) => {
                    self.demand_positive(&base, text)?;
                }
                None => {
                    self.demand_positive_base(&base, &exponent, text)?;
                    side = self.side_power(&base, &exponent)?;
                }
            }
        }
        let ln = self.ln(&base)?;
        let size = self.exp(&self.mul(&exponent, &ln)?)?;
        self.mul(&side, &size)
    }

    /// `sign(base)^exponent`, which is 1 where the base is above zero; elsewhere the exponent must be a whole number for
    /// the power to be defined, and so must the other exponents that this base has been given. Zeros of the base are
    /// left out by the demand on it.
    fn side_power(&mut self, base: &Element, exponent: &Element) -> Read<Element> {
        if self.sign(base).is(Sign::NONNEGATIVE) {
            return Ok(Element::one());
        }
        let (mut known, mut basis) = (Vec::new(), vec![Element::one()]);
        for g in 0..self.entries.len() as Generator {
            let Kind::Side { base: other, exponent } = self.kind(g).clone() else { continue };
            if self.same(&other, base)? {
                known.push(g);
                basis.push(self.reduce(&exponent)?);
            }
        }
        if let Some(q) = combination(exponent, &basis, &self.budget)?
            && q.iter().all(Rational::is_integer)
        {
            let odd = |q: &Rational| !(q.numer() % 2u8).is_zero();
            let mut result = Element::one();
            if odd(&q[0]) {
                let size = self.abs(base)?;
                result = self.div(base, &size)?;
            }
            for (g, q) in known.iter().zip(&q[1..]) {
                if odd(q) {
                    result = self.mul(&result, &Element::generator(*g))?;
                }
            }
            return Ok(result);
        }
        let kind = Kind::Side { base: base.clone(), exponent: exponent.clone() };
        Ok(Element::generator(self.push(kind, Some((2, Element::one())))?))
    }

    /// A power whose exponent is a whole number at every point; the base may have any sign.
    fn natural_power(
        &mut self,
        base: &Element,
        exponent: &Element,
        terms: &[(Monomial, Int)],
        text: &dyn Fn() -> String,
    ) -> Read<Element> {
        let sign = self.sign(exponent);
        if !sign.may_be(Sign::NONNEGATIVE) {
            self.demand_nonzero(base, text)?;
        }
        let product = self.factor(base)?;
        if product.sign == 0 {
            let zero = sign == Sign::POSITIVE;
            return if zero { Ok(Element::zero()) } else { Err(Refusal::Unsupported("a power of 0".into())) };
        }
        // Powers are built from p^(m−1) and p: a negative power of p divides only where these do not make up for it.
        let lowest = terms.iter().fold(Int::ZERO, |sum, (_, c)| sum.add(c));
        let divides = lowest.is_negative() || terms.iter().any(|(m, c)| !m.is_one() && c.is_negative());
        if divides && sign.may_be(Sign::NONNEGATIVE) {
            self.demand_away_from_zero(base, text)?;
        }
        let mut result = Element::one();
        for (m, c) in terms {
            let Int::Small(times) = c else { return Err(Refusal::TooLarge) };
            if product.sign < 0 {
                let factor = self.alternating(m)?;
                result = self.mul(&result, &self.powi(&factor, times.rem_euclid(2))?)?;
            }
            for (piece, power) in &product.pieces {
                let factor = self.whole_power(*piece, m)?;
                let power = power.checked_mul(*times).ok_or(Refusal::TooLarge)?;
                result = self.mul(&result, &self.powi(&factor, power)?)?;
            }
        }
        Ok(result)
    }

    /// `(−1)^m` with `m` a product of natural numbers.
    pub(super) fn alternating(&mut self, m: &Monomial) -> Read<Element> {
        // n^k is odd where n is.
        let m = m.powers().try_fold(Monomial::default(), |odd, (g, _)| odd.times(&Monomial::of(g, 1)))?;
        if m.is_one() {
            return Ok(Element::integer(-1));
        }
        let known = self.entries.iter().position(|e| matches!(&e.kind, Kind::Alternating(exponent) if *exponent == m));
        let g = match known {
            Some(g) => g as Generator,
            None => self.push(Kind::Alternating(m), Some((2, Element::one())))?,
        };
        self.reduce(&Element::generator(g))
    }

    /// `p^m` of a piece, with `m` a product of natural numbers.
    fn whole_power(&mut self, at: usize, m: &Monomial) -> Read<Element> {
        let p = self.piece(at);
        let e = self.reduce(&Element::polynomial((*p).clone()))?;
        if m.is_one() {
            return Ok(e);
        }
        let sign = self.sign_of_polynomial(&p);
        if sign == Sign::POSITIVE || sign == Sign::NEGATIVE {
            let ln = self.ln_of_piece(at)?;
            let size = self.exp(&self.mul(&ln, &Element::polynomial(Polynomial::term(m.clone(), Int::ONE)))?)?;
            let side = if sign == Sign::NEGATIVE { self.alternating(m)? } else { Element::one() };
            return self.mul(&size, &side);
        }
        let lower = self.power_less_one(at, m)?;
        self.mul(&lower, &e)
    }

    /// `p^(m−1)` of a piece, defined everywhere.
    pub(super) fn power_less_one(&mut self, at: usize, m: &Monomial) -> Read<Element> {
        let p = self.piece(at);
        let e = self.reduce(&Element::polynomial((*p).clone()))?;
        let sign = self.sign_of_polynomial(&p);
        if sign == Sign::POSITIVE || sign == Sign::NEGATIVE {
            let whole = self.whole_power(at, m)?;
            return self.div(&whole, &e);
        }
        if let Some(g) = p.as_generator()
            && let Kind::Power { of, exponent } = self.kind(g).clone()
        {
            // (p^(k−1))^(m−1) = p^(k m − m)/p^(k−1) away from zero.
            let base = Element::polynomial((*of).clone());
            let text = self.text(&base);
            self.demand_away_from_zero(&base, &|| text.clone())?;
            let product = self.factor(&base)?;
            let both = exponent.times(m)?;
            let mut result = self.div(&Element::one(), &e)?;
            for (m, times) in [(&both, 1), (m, -1)] {
                if product.sign < 0 {
                    let side = self.alternating(m)?;
                    result = self.mul(&result, &side)?;
                }
                for (piece, power) in &product.pieces {
                    let factor = self.whole_power(*piece, m)?;
                    result = self.mul(&result, &self.powi(&factor, power * times)?)?;
                }
            }
            return Ok(result);
        }
        if let Some((_, g)) = self.pieces[at].powers.iter().find(|(known, _)| known == m) {
            return self.reduce(&Element::generator(*g));
        }
        // The square of |p|^(m−1) is that of p^(m−1).
        let mut relation = None;
        if let Some(g) = p.as_generator()
            && let Kind::Root { of, index: 1 } = self.kind(g).clone()
        {
            let mut square = Element::one();
            for (piece, power) in self.factor(&Element::polynomial((*of).clone()))?.pieces {
                let factor = self.power_less_one(piece, m)?;
                square = self.mul(&square, &self.powi(&factor, 2 * power)?)?;
            }
            relation = Some((2, square));
        }
        let g = self.push(Kind::Power { of: p, exponent: m.clone() }, relation)?;
        self.pieces[at].powers.push((m.clone(), g));
        Ok(Element::generator(g))
    }
}
