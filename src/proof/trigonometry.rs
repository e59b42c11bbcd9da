//! Sine, cosine and arc tangent: angles are whole multiples of few, by the addition theorems.

use super::claim::Assumption;
use super::element::Element;
use super::integer::Int;
use super::polynomial::{Generator, Monomial, Polynomial};
use super::tower::{Kind, Measure, Read, Refusal, Tower};
use crate::num::rational::Rational;
use num_traits::ToPrimitive;

/// Largest multiple of one angle that is written out.
const LARGEST_MULTIPLE: i64 = 60;

/// A cosine and a sine.
pub(super) type Turn = (Element, Element);

impl Tower {
    /// `cos t` and `sin t`.
    pub(super) fn turn(&mut self, t: &Element) -> Read<Turn> {
        let mut t = self.reduce(t)?;
        let mut result = (Element::one(), Element::zero());
        if let Some(pi) = self.entries.iter().position(|e| matches!(e.kind, Kind::Pi)) {
            let pi = pi as Generator;
            let q = self.rational_part(&t, pi)?;
            if let Some(twelfths) = (q.clone() * Rational::from_integer(12.into())).to_integer().to_i64()
                && Rational::new(twelfths.into(), 12.into()) == q
            {
                t = self.sub(&t, &self.mul(&Element::generator(pi), &Element::rational(&q))?)?;
                result = self.twelfths(twelfths)?;
            }
        }
        for (m, times) in self.half_turns(&t) {
            let half = Element { numerator: Polynomial::term(m.clone(), times), ..t.clone() };
            t = self.sub(&t, &half)?;
            if self.is_odd(&half)? {
                let side = self.side_of_turns(&m)?;
                result = (self.mul(&result.0, &side)?, self.mul(&result.1, &side)?);
            }
        }
        for g in t.numerator.generators() {
            let Kind::Atan(_) = self.kind(g) else { continue };
            let q = self.rational_part(&t, g)?;
            let once = Element::generator(g);
            if let Some(times) = q.to_integer().to_i64().filter(|times| q.is_integer() && *times != 0)
                && !self.same(&t, &once)?
            {
                t = self.sub(&t, &self.mul(&once, &Element::integer(times))?)?;
                let turn = self.turn(&once)?;
                result = self.turned(&result, &self.multiple(&turn, times)?)?;
            }
        }
        if t.numerator.is_zero() {
            return Ok(result);
        }
        for (at, q) in self.measured(&t, true)? {
            let (a, b) = super::elementary::small_ratio(&q)?;
            let known = i64::from(self.angles[at].parts);
            if known % b != 0 {
                let (mut x, mut y) = (known, b);
                while y != 0 {
                    (x, y) = (y, x % y);
                }
                self.refine_angle(at, known / x * b)?;
            }
            let Measure { parts, first, second, .. } = self.angles[at];
            let times = a * (i64::from(parts) / b);
            let turn = (Element::generator(first), Element::generator(second));
            let turn = self.multiple(&turn, times)?;
            result = self.turned(&result, &turn)?;
        }
        Ok(result)
    }

    /// The terms of an angle that are whole multiples of `pi` times natural numbers.
    fn half_turns(&self, t: &Element) -> Vec<(Monomial, Int)> {
        let natural = |g: Generator| {
            matches!(self.kind(g), Kind::Pi)
                || matches!(self.kind(g), Kind::Symbol(name) if self.symbols.get(name) == Some(&Assumption::Natural))
        };
        let pi = |g: Generator| matches!(self.kind(g), Kind::Pi);
        let whole = |m: &Monomial, c: &Int| {
            m.powers().all(|(g, power)| natural(g) && (!pi(g) || power == 1))
                && m.powers().any(|(g, _)| pi(g))
                && m.powers().any(|(g, _)| !pi(g))
                && c.divided(&t.scale).is_some()
        };
        let terms = if t.factors.is_empty() { t.numerator.terms() } else { &[] };
        terms.iter().filter(|(m, c)| whole(m, c)).cloned().collect()
    }

    /// Whether the number of a term is odd: its other factors are `pi` and natural numbers.
    fn is_odd(&self, term: &Element) -> Read<bool> {
        let half = term.numerator.content().divided(&term.scale.mul(&Int::from(2)));
        Ok(half.is_none())
    }

    /// `(−1)^m`, where `pi m` is half a turn or a whole one.
    fn side_of_turns(&mut self, m: &Monomial) -> Read<Element> {
        let m = m
            .powers()
            .filter(|(g, _)| !matches!(self.kind(*g), Kind::Pi))
            .try_fold(Monomial::default(), |m, (g, power)| m.times(&Monomial::of(g, power)))?;
        self.alternating(&m)
    }

    /// Addition of angles.
    pub(super) fn turned(&self, a: &Turn, b: &Turn) -> Read<Turn> {
        let cos = self.sub(&self.mul(&a.0, &b.0)?, &self.mul(&a.1, &b.1)?)?;
        let sin = self.add(&self.mul(&a.1, &b.0)?, &self.mul(&a.0, &b.1)?)?;
        Ok((cos, sin))
    }

    /// Cosine and sine of a whole multiple of an angle.
    pub(super) fn multiple(&self, a: &Turn, times: i64) -> Read<Turn> {
        if times.abs() > LARGEST_MULTIPLE {
            return Err(Refusal::TooLarge);
        }
        let mut result = (Element::one(), Element::zero());
        let step = if times < 0 { (a.0.clone(), a.1.neg()) } else { a.clone() };
        for _ in 0..times.abs() {
            result = self.turned(&result, &step)?;
        }
        Ok(result)
    }

    /// Cosine and sine of whole multiples of `pi/12`, from `cos(pi/12) = (√6+√2)/4` and `sin(pi/12) = (√6−√2)/4`.
    fn twelfths(&mut self, times: i64) -> Read<Turn> {
        let times = times.rem_euclid(24);
        let exact = match times {
            0 => Some((1, 0)),
            6 => Some((0, 1)),
            12 => Some((-1, 0)),
            18 => Some((0, -1)),
            _ => None,
        };
        if let Some((cos, sin)) = exact {
            return Ok((Element::integer(cos), Element::integer(sin)));
        }
        let (two, three) = (self.sqrt(&Element::integer(2))?, self.sqrt(&Element::integer(3))?);
        let six = self.mul(&two, &three)?;
        let quarter = Element::ratio(1, 4);
        let cos = self.mul(&self.add(&six, &two)?, &quarter)?;
        let sin = self.mul(&self.sub(&six, &two)?, &quarter)?;
        self.multiple(&(cos, sin), times)
    }

    /// A cosine and a sine of their own: `s² = 1 − c²`; of an arc tangent they are algebraic.
    fn new_turn(&mut self, angle: &Element) -> Read<(Generator, Generator)> {
        // cos²(t) = (1 + cos(2t))/2, where 2t is made of half turns.
        let twice = self.mul(angle, &Element::integer(2))?;
        let halves = self.half_turns(&twice);
        let double = match halves.len() == twice.numerator.terms().len() {
            true => Some(self.turn(&twice)?.0),
            false => None,
        };
        let cos = self.push(Kind::Cos(angle.clone()), None)?;
        if let Some(double) = double {
            let square = self.mul(&self.add(&Element::one(), &double)?, &Element::ratio(1, 2))?;
            self.relate(cos, 2, square);
        }
        let square = Polynomial::term(Monomial::of(cos, 2), Int::ONE);
        let relation = Element::polynomial(Polynomial::one().sub(&square));
        let sin = self.push(Kind::Sin(angle.clone()), Some((2, relation)))?;
        if angle.factors.is_empty()
            && angle.scale.is_one()
            && let Some(g) = angle.numerator.as_generator()
            && let Kind::Atan(t) = self.kind(g).clone()
        {
            let square = self.add(&Element::one(), &self.powi(&t, 2)?)?;
            let length = self.sqrt(&square)?;
            let cosine = self.div(&Element::one(), &length)?;
            let sine = self.mul(&t, &cosine)?;
            self.relate(cos, 1, cosine);
            self.relate(sin, 1, sine);
        }
        Ok((cos, sin))
    }

    pub(super) fn new_angle(&mut self, whole: Element) -> Read<Measure> {
        let (first, second) = self.new_turn(&whole)?;
        Ok(Measure { whole, parts: 1, first, second })
    }

    fn refine_angle(&mut self, at: usize, parts: i64) -> Read<()> {
        let Measure { whole, parts: known, first, second } = &self.angles[at];
        let (old, times) = ((*first, *second), parts / i64::from(*known));
        let part = self.mul(&whole.clone(), &Element::ratio(1, parts))?;
        let (cos, sin) = self.new_turn(&part)?;
        let (cosine, sine) = self.multiple(&(Element::generator(cos), Element::generator(sin)), times)?;
        self.relate(old.0, 1, cosine);
        self.relate(old.1, 1, sine);
        let parts = u32::try_from(parts).map_err(|_| Refusal::TooLarge)?;
        (self.angles[at].parts, self.angles[at].first, self.angles[at].second) = (parts, cos, sin);
        Ok(())
    }

    /// `atan t`, an odd function.
    pub(super) fn atan(&mut self, t: &Element) -> Read<Element> {
        let t = self.reduce(t)?;
        if t.numerator.is_zero() {
            return Ok(t);
        }
        for (value, fourths) in [(1, 1), (-1, -1)] {
            if self.same(&t, &Element::integer(value))? {
                let pi = self.pi()?;
                return self.mul(&Element::generator(pi), &Element::ratio(fourths, 4));
            }
        }
        for g in 0..self.entries.len() {
            let Kind::Atan(known) = &self.entries[g].kind else { continue };
            if self.same(known, &t)? {
                return Ok(Element::generator(g as Generator));
            }
            if self.same(known, &t.neg())? {
                return Ok(Element::generator(g as Generator).neg());
            }
        }
        let flip = t.numerator.content().is_negative();
        let g = self.push(Kind::Atan(if flip { t.neg() } else { t }), None)?;
        Ok(if flip { Element::generator(g).neg() } else { Element::generator(g) })
    }
}
