//! Exponentials, logarithms, powers, roots and absolute values.
//!
//! `ln a = Σ k ln|p|` and `√a = Π |p|^(k/2)` for `a = ± Π p^k`, wherever the left sides are defined, whatever the signs of
//! the factors; `exp` turns sums into products, rational multiples of one exponent into powers of one generator, and
//! `exp(q ln|p|)` into `|p|^q`.

use super::claim::Assumption;
use super::element::Element;
use super::factor::Product;
use super::integer::Int;
use super::lattice::combination;
use super::polynomial::{Generator, Monomial, Polynomial};
use super::sign::Sign;
use super::tower::{Kind, Measure, Read, Refusal, Tower};
use crate::num::rational::Rational;
use num_traits::{ToPrimitive, Zero};
use std::rc::Rc;

/// Largest power or root that a rational exponent may ask for.
const LARGEST_EXPONENT: i64 = 1_000_000;

/// Numerator and denominator, where they are of modest size.
pub(super) fn small_ratio(q: &Rational) -> Read<(i64, i64)> {
    let small = |v: Option<i64>| v.filter(|v| v.abs() <= LARGEST_EXPONENT).ok_or(Refusal::TooLarge);
    Ok((small(q.numer().to_i64())?, small(q.denom().to_i64())?))
}

fn common_multiple(a: u32, b: u32) -> Read<u32> {
    let (mut x, mut y) = (a, b);
    while y != 0 {
        (x, y) = (y, x % y);
    }
    a.checked_div(x)
        .and_then(|a| a.checked_mul(b))
        .filter(|m| i64::from(*m) <= LARGEST_EXPONENT)
        .ok_or(Refusal::TooLarge)
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
                    let ln = self.ln(&Element::polynomial((*of).clone()))?;
                    return self.mul(&ln, &Element::polynomial(Polynomial::term(exponent, Int::ONE)));
                }
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

    /// `|p|^(a/b)` of a piece, which is not zero where `a < 0`.
    pub(super) fn absolute_power(&mut self, at: usize, a: i64, b: i64) -> Read<Element> {
        let (a, b) = small_ratio(&Rational::new(a.into(), b.into()))?;
        let p = self.piece(at);
        let e = self.reduce(&Element::polynomial((*p).clone()))?;
        if b == 1 {
            if a % 2 == 0 {
                return self.powi(&e, a);
            }
            if let Some(side) = self.sign_of_polynomial(&p).side() {
                return self.powi(&self.mul(&e, &Element::integer(side))?, a);
            }
        }
        if let Some(g) = p.as_generator() {
            match self.kind(g).clone() {
                Kind::Exp(t) => return self.exp(&self.mul(&t, &Element::ratio(a, b))?),
                Kind::Root { of, index } => {
                    let product = self.factor(&Element::polynomial((*of).clone()))?;
                    return self.absolute_powers(&product, a, b * i64::from(index));
                }
                Kind::Power { of, exponent } if !self.sign_of_polynomial(&of).may_be(Sign::ZERO) => {
                    let ln = self.ln(&Element::polynomial((*of).clone()))?;
                    let times = Element::polynomial(Polynomial::term(exponent, Int::ONE));
                    let exponent = self.mul(&self.mul(&ln, &times)?, &Element::ratio(a, b))?;
                    return self.exp(&exponent);
                }
                _ => {}
            }
        }
        let parts = u32::try_from(b).map_err(|_| Refusal::TooLarge)?;
        let index = common_multiple(self.pieces[at].root.map_or(1, |(_, index)| index), parts)?;
        let g = self.root_of_piece(at, index)?;
        self.powi(&Element::generator(g), a * (i64::from(index) / b))
    }

    /// `Π |p|^(k a/b)`
    pub(super) fn absolute_powers(&mut self, product: &Product, a: i64, b: i64) -> Read<Element> {
        let mut result = Element::one();
        for (piece, power) in &product.pieces {
            let a = a.checked_mul(*power).ok_or(Refusal::TooLarge)?;
            let factor = self.absolute_power(*piece, a, b)?;
            result = self.mul(&result, &factor)?;
        }
        Ok(result)
    }

    /// The generator `|p|^(1/index)`; an earlier one of another index becomes a power of it.
    fn root_of_piece(&mut self, at: usize, index: u32) -> Read<Generator> {
        let earlier = self.pieces[at].root;
        if let Some((g, known)) = earlier
            && known == index
        {
            return Ok(g);
        }
        let p = self.piece(at);
        let relation = self.root_relation(&p, index)?;
        let g = self.push(Kind::Root { of: p, index }, Some(relation))?;
        self.pieces[at].root = Some((g, index));
        if let Some((old, known)) = earlier {
            let power = self.powi(&Element::generator(g), i64::from(index / known))?;
            self.relate(old, 1, power);
        }
        Ok(g)
    }

    /// `|p|^(n/n) = ± p` where the sign is known, `|p|^(2n/n) = p²` elsewhere.
    fn root_relation(&self, p: &Rc<Polynomial>, index: u32) -> Read<(u32, Element)> {
        let e = self.reduce(&Element::polynomial((**p).clone()))?;
        Ok(match self.sign_of_polynomial(p).side() {
            Some(side) => (index, self.mul(&e, &Element::integer(side))?),
            None => (2 * index, self.powi(&e, 2)?),
        })
    }

    /// Applies what has since become known of signs to roots and absolute values.
    pub(super) fn settle(&mut self) -> Read<()> {
        for at in 0..self.pieces.len() {
            if let Some((g, index)) = self.pieces[at].root {
                let piece = self.piece(at);
                let waits = self.entries[g as usize].relation.as_ref().is_some_and(|(n, _)| *n == 2 * index);
                if waits && self.sign_of_polynomial(&piece).side().is_some() {
                    let (n, value) = self.root_relation(&piece, index)?;
                    self.relate(g, n, value);
                }
            }
        }
        for at in 0..self.pieces.len() {
            let sign = self.sign_of_polynomial(&self.pieces[at].polynomial);
            if sign == Sign::POSITIVE || sign == Sign::NEGATIVE {
                for (exponent, g) in std::mem::take(&mut self.pieces[at].powers) {
                    let value = self.whole_power(at, &exponent)?;
                    self.relate(g, 1, value);
                }
            }
        }
        for g in 0..self.entries.len() as Generator {
            let Kind::Root { of, index } = self.kind(g).clone() else { continue };
            let single = self.pieces.iter().any(|p| p.root.is_some_and(|(known, _)| known == g));
            let alias = self.entries[g as usize].relation.as_ref().is_some_and(|(n, _)| *n == 1);
            if single || alias {
                continue;
            }
            let product = self.factor(&Element::polynomial((*of).clone()))?;
            if self.unsigned_pieces(&product).is_empty() {
                let value = self.absolute_powers(&product, 1, i64::from(index))?;
                self.relate(g, 1, value);
            }
        }
        Ok(())
    }

    /// Pieces to an odd power whose sign is not known.
    fn unsigned_pieces(&self, product: &Product) -> Vec<usize> {
        let unknown = |piece: usize| self.sign_of_polynomial(&self.pieces[piece].polynomial).side().is_none();
        product.pieces.iter().filter(|(p, k)| k % 2 != 0 && unknown(*p)).map(|(p, _)| *p).collect()
    }

    /// `√e`, where `e ≥ 0`.
    pub(super) fn sqrt(&mut self, e: &Element) -> Read<Element> {
        let product = self.factor(e)?;
        if product.sign == 0 {
            return Ok(Element::zero());
        }
        if self.unsigned_pieces(&product).is_empty() {
            return self.absolute_powers(&product, 1, 2);
        }
        // √|K M| = √|K| √|M| always; (√|M|)² is ± M where K has a sign and is not zero, because e ≥ 0.
        let (mut side, mut outside) = (product.sign, Product { sign: 1, pieces: Vec::new() });
        let mut inside = Polynomial::one();
        for (piece, power) in product.pieces {
            let p = self.piece(piece);
            let sign = self.sign_of_polynomial(&p);
            // What is divided by is not zero.
            let nonzero = power < 0 || !sign.may_be(Sign::ZERO);
            if nonzero && (power % 2 == 0 || sign.side().is_some()) {
                outside.pieces.push((piece, power));
                if power % 2 != 0 && sign.side() == Some(-1) {
                    side = -side;
                }
                continue;
            }
            // p^-3 = p · p^-4, and |p|^(-4/2) is taken outside.
            let stays = if power > 0 { power } else { 1 };
            if power != stays {
                outside.pieces.push((piece, power - stays));
            }
            let stays = u32::try_from(stays).map_err(|_| Refusal::TooLarge)?;
            inside = inside.mul(&p.pow(stays, &self.budget)?, &self.budget)?;
        }
        let outside = self.absolute_powers(&outside, 1, 2)?;
        let known = self.entries.iter().position(|entry| match (&entry.kind, &entry.relation) {
            (Kind::Root { of, index: 2 }, Some((2, _))) => **of == inside,
            _ => false,
        });
        let g = match known {
            Some(g) => g as Generator,
            None => {
                let square = self.mul(&Element::polynomial(inside.clone()), &Element::integer(side))?;
                self.push(Kind::Root { of: Rc::new(inside), index: 2 }, Some((2, square)))?
            }
        };
        self.mul(&outside, &Element::generator(g))
    }

    /// `|e|`
    pub(super) fn abs(&mut self, e: &Element) -> Read<Element> {
        let e = self.reduce(e)?;
        if let Some(side) = self.sign(&e).side() {
            return self.mul(&e, &Element::integer(side));
        }
        let product = self.factor(&e)?;
        self.absolute_powers(&product, 1, 1)
    }

    /// `exp(t)`
    pub(super) fn exp(&mut self, t: &Element) -> Read<Element> {
        let (mut t, mut result) = (self.reduce(t)?, Element::one());
        // Rational multiples of logarithms: exp(q ln|p|) = |p|^q.
        let mut inside = Element::one();
        for g in t.numerator.generators() {
            let Kind::Ln(p) = self.kind(g).clone() else { continue };
            let q = self.rational_part(&t, g)?;
            if q.is_zero() {
                continue;
            }
            let (a, b) = small_ratio(&q)?;
            let p = Element::polynomial((*p).clone());
            if b == 1 {
                inside = self.mul(&inside, &self.powi(&p, a)?)?;
            } else {
                let product = self.factor(&p)?;
                let power = self.absolute_powers(&product, a, b)?;
                result = self.mul(&result, &power)?;
            }
            t = self.sub(&t, &self.mul(&Element::generator(g), &Element::rational(&q))?)?;
        }
        // The sign of a product may be known where those of its factors are not.
        let inside = self.abs(&inside)?;
        result = self.mul(&result, &inside)?;
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
            return self.absolute_powers(&product, a, b);
        }
        if self.sign(&base) != Sign::POSITIVE {
            match self.natural_exponent(&exponent) {
                Some(terms) => return self.natural_power(&base, &exponent, &terms, text),
                // Rational terms in pi are no whole number.
                None if exponent.generators().iter().all(|g| matches!(self.kind(*g), Kind::Pi)) => {
                    self.demand_positive(&base, text)?;
                }
                None => self.demand_positive_base(&base, text)?,
            }
        }
        let ln = self.ln(&base)?;
        self.exp(&self.mul(&exponent, &ln)?)
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
        } else if terms.iter().any(|(_, c)| c.is_negative()) && self.sign(base).may_be(Sign::ZERO) {
            // x^(n−1) is x^n/x save where x = 0.
            self.demand_away_from_zero(base, text)?;
        }
        let product = self.factor(base)?;
        if product.sign == 0 {
            let zero = sign == Sign::POSITIVE;
            return if zero { Ok(Element::zero()) } else { Err(Refusal::Unsupported("a power of 0".into())) };
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
    fn alternating(&mut self, m: &Monomial) -> Read<Element> {
        if m.is_one() {
            return Ok(Element::integer(-1));
        }
        let minus_one = Polynomial::constant(Int::from(-1));
        let known = self.entries.iter().position(|e| match &e.kind {
            Kind::Power { of, exponent } => **of == minus_one && exponent == m,
            _ => false,
        });
        let g = match known {
            Some(g) => g as Generator,
            None => {
                let kind = Kind::Power { of: Rc::new(minus_one), exponent: m.clone() };
                self.push(kind, Some((2, Element::one())))?
            }
        };
        self.reduce(&Element::generator(g))
    }

    /// `p^m` of a piece, with `m` a product of natural numbers.
    pub(super) fn whole_power(&mut self, at: usize, m: &Monomial) -> Read<Element> {
        let p = self.piece(at);
        let e = self.reduce(&Element::polynomial((*p).clone()))?;
        if m.is_one() {
            return Ok(e);
        }
        if let Some(g) = p.as_generator()
            && let Kind::Power { of, exponent } = self.kind(g).clone()
        {
            // (p^k)^m = p^(k m) for whole numbers above zero.
            let (of, exponent) = (Element::polynomial((*of).clone()), exponent.times(m)?);
            let product = self.factor(&of)?;
            let mut result = if product.sign < 0 { self.alternating(&exponent)? } else { Element::one() };
            for (piece, power) in product.pieces {
                let factor = self.whole_power(piece, &exponent)?;
                result = self.mul(&result, &self.powi(&factor, power)?)?;
            }
            return Ok(result);
        }
        let sign = self.sign_of_polynomial(&p);
        if sign == Sign::POSITIVE || sign == Sign::NEGATIVE {
            let ln = self.ln_of_piece(at)?;
            let size = self.exp(&self.mul(&ln, &Element::polynomial(Polynomial::term(m.clone(), Int::ONE)))?)?;
            let side = if sign == Sign::NEGATIVE { self.alternating(m)? } else { Element::one() };
            return self.mul(&size, &side);
        }
        if let Some((_, g)) = self.pieces[at].powers.iter().find(|(known, _)| known == m) {
            return self.reduce(&Element::generator(*g));
        }
        let g = self.push(Kind::Power { of: p, exponent: m.clone() }, None)?;
        self.pieces[at].powers.push((m.clone(), g));
        Ok(Element::generator(g))
    }
}
