//! What is known of the sign of a term, from the assumptions and from what its definition demands.

use super::claim::Assumption;
use super::element::Element;
use super::integer::Int;
use super::polynomial::{Generator, Monomial, Polynomial};
use super::tower::{Kind, Read, Tower};

/// The signs a value may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sign(u8);

impl Sign {
    pub(super) const NEGATIVE: Sign = Sign(1);
    pub(super) const ZERO: Sign = Sign(2);
    pub(super) const POSITIVE: Sign = Sign(4);
    pub(super) const NONNEGATIVE: Sign = Sign(6);
    pub(super) const NONZERO: Sign = Sign(5);
    pub(super) const ANY: Sign = Sign(7);

    pub(super) fn of(value: &Int) -> Sign {
        if value.is_zero() {
            Sign::ZERO
        } else if value.is_negative() {
            Sign::NEGATIVE
        } else {
            Sign::POSITIVE
        }
    }

    /// Whether every sign it may have is one of the other's.
    pub(super) fn is(self, other: Sign) -> bool {
        self.0 & !other.0 == 0
    }

    pub(super) fn may_be(self, other: Sign) -> bool {
        self.0 & other.0 != 0
    }

    /// Known to be on one closed side of zero: `1` or `-1`.
    pub(super) fn side(self) -> Option<i64> {
        if self.is(Sign::NONNEGATIVE) {
            Some(1)
        } else if self.is(Sign::NONNEGATIVE.negative()) {
            Some(-1)
        } else {
            None
        }
    }

    pub(super) fn negative(self) -> Sign {
        Sign(self.0 & 2 | (self.0 & 1) << 2 | (self.0 & 4) >> 2)
    }

    /// Both hold. Contradictory knowledge is kept as it was: nothing follows from it here.
    pub(super) fn and(self, other: Sign) -> Sign {
        if self.0 & other.0 == 0 { self } else { Sign(self.0 & other.0) }
    }

    fn parts(self) -> impl Iterator<Item = Sign> {
        [1, 2, 4].into_iter().filter(move |b| self.0 & b != 0).map(Sign)
    }

    fn table(self, other: Sign, rule: impl Fn(Sign, Sign) -> Sign) -> Sign {
        Sign(self.parts().flat_map(|a| other.parts().map(move |b| (a, b))).fold(0, |s, (a, b)| s | rule(a, b).0))
    }

    pub(super) fn plus(self, other: Sign) -> Sign {
        self.table(other, |a, b| match (a, b) {
            (Sign::ZERO, s) | (s, Sign::ZERO) => s,
            (a, b) if a == b => a,
            _ => Sign::ANY,
        })
    }

    pub(super) fn times(self, other: Sign) -> Sign {
        self.table(other, |a, b| match (a, b) {
            (Sign::ZERO, _) | (_, Sign::ZERO) => Sign::ZERO,
            (a, b) if a == b => Sign::POSITIVE,
            _ => Sign::NEGATIVE,
        })
    }

    pub(super) fn power(self, exponent: u32) -> Sign {
        match exponent {
            0 => Sign::POSITIVE,
            n if n % 2 == 1 => self,
            _ => self.parts().fold(Sign(0), |s, p| Sign(s.0 | p.times(p).0)),
        }
    }
}

impl Tower {
    fn sign_of_generator(&self, g: Generator) -> Sign {
        let own = match self.kind(g) {
            Kind::Symbol(name) => match self.symbols.get(name) {
                Some(Assumption::Positive | Assumption::Natural) => Sign::POSITIVE,
                _ => Sign::ANY,
            },
            Kind::Pi | Kind::Exp(_) => Sign::POSITIVE,
            Kind::Function { name, orders, .. } => match self.symbols.get(name) {
                Some(Assumption::PositiveFunction(_)) if orders.iter().all(|o| *o == 0) => Sign::POSITIVE,
                _ => Sign::ANY,
            },
            // Of a prime or of pi.
            Kind::Ln(p) => {
                let large =
                    p.as_constant().is_some() || p.as_generator().is_some_and(|g| matches!(self.kind(g), Kind::Pi));
                if large { Sign::POSITIVE } else { Sign::ANY }
            }
            Kind::Root { of, .. } => {
                if self.sign_of_polynomial(of).may_be(Sign::ZERO) {
                    Sign::NONNEGATIVE
                } else {
                    Sign::POSITIVE
                }
            }
            Kind::Power { of, .. } => {
                let base = self.sign_of_polynomial(of);
                if base.is(Sign::NONNEGATIVE) {
                    base
                } else if base.is(Sign::NONZERO) {
                    Sign::NONZERO
                } else {
                    Sign::ANY
                }
            }
            Kind::Atan(t) => self.sign(t),
            Kind::Alternating(_) | Kind::Side { .. } => Sign::NONZERO,
            Kind::Cos(_) | Kind::Sin(_) => Sign::ANY,
        };
        self.fact(&Polynomial::generator(g), own)
    }

    /// What a fact on record adds.
    fn fact(&self, p: &Polynomial, known: Sign) -> Sign {
        self.facts.iter().filter(|(q, _)| q == p).fold(known, |s, (_, t)| s.and(*t))
    }

    fn sign_of_monomial(&self, m: &Monomial) -> Sign {
        m.powers().fold(Sign::POSITIVE, |s, (g, p)| s.times(self.sign_of_generator(g).power(p)))
    }

    /// Term by term.
    fn sign_of_terms(&self, p: &Polynomial) -> Sign {
        let mut sign = Sign::ZERO;
        for (m, c) in p.terms() {
            sign = sign.plus(self.sign_of_monomial(m).times(Sign::of(c)));
            if sign == Sign::ANY {
                break;
            }
        }
        sign
    }

    pub(super) fn sign_of_polynomial(&self, p: &Polynomial) -> Sign {
        self.sign_within(p, 3)
    }

    fn sign_within(&self, p: &Polynomial, effort: u32) -> Sign {
        if p.is_zero() {
            return Sign::ZERO;
        }
        if self.budget.spend(1).is_err() {
            return Sign::ANY;
        }
        let (content, monomial) = (p.content(), p.monomial_content());
        let front = self.sign_of_monomial(&monomial).times(Sign::of(&content));
        let Some(rest) = p.stripped(&content, &monomial) else { return Sign::ANY };
        if rest.is_one() {
            return self.fact_of_product(p, front);
        }
        let mut sign = self.fact(&rest, self.sign_of_terms(&rest));
        if sign == Sign::ANY {
            sign = self.sign_of_shifted(&rest);
        }
        if sign == Sign::ANY && effort > 0 && rest.terms().len() <= 30 {
            sign = self.sign_of_square(&rest, effort);
        }
        sign = self.fact(&rest, sign);
        // A fact may be about the product.
        self.fact_of_product(p, front.times(sign))
    }

    fn fact_of_product(&self, p: &Polynomial, known: Sign) -> Sign {
        let content = p.content();
        let Some(q) = p.stripped(&content, &Monomial::default()) else { return known };
        let fact = self.fact(&q, Sign::ANY);
        known.and(if content.is_negative() { fact.negative() } else { fact })
    }

    /// Natural numbers written as one more than what is never negative.
    fn sign_of_shifted(&self, p: &Polynomial) -> Sign {
        let natural = |g: &Generator| matches!(self.kind(*g), Kind::Symbol(name) if self.symbols.get(name) == Some(&Assumption::Natural));
        let naturals: Vec<Generator> = p.generators().into_iter().filter(natural).collect();
        if naturals.is_empty() || naturals.iter().any(|g| p.degree(*g) > 8) {
            return Sign::ANY;
        }
        let mut shifted = p.clone();
        for g in &naturals {
            let more = Polynomial::generator(*g).add(&Polynomial::one());
            let mut sum = Polynomial::zero();
            for (power, c) in shifted.coefficients(*g) {
                let term = more.pow(power, &self.budget).and_then(|m| m.mul(&c, &self.budget));
                let Ok(term) = term else { return Sign::ANY };
                sum = sum.add(&term);
            }
            shifted = sum;
        }
        shifted.terms().iter().fold(Sign::ZERO, |s, (m, c)| {
            let monomial = m.powers().fold(Sign::POSITIVE, |s, (g, p)| {
                let own = if naturals.contains(&g) { Sign::NONNEGATIVE } else { self.sign_of_generator(g) };
                s.times(own.power(p))
            });
            s.plus(monomial.times(Sign::of(c)))
        })
    }

    /// Completes a square: `4a(a v² + b v + c) = (2a v + b)² + (4ac − b²)`.
    fn sign_of_square(&self, p: &Polynomial, effort: u32) -> Sign {
        for v in p.generators().into_iter().filter(|v| p.degree(*v) == 2) {
            let part = |n: u32| {
                p.coefficients(v).into_iter().find(|(power, _)| *power == n).map_or_else(Polynomial::zero, |(_, c)| c)
            };
            let (a, b, c) = (part(2), part(1), part(0));
            let lead = self.sign_within(&a, effort - 1);
            if lead != Sign::POSITIVE && lead != Sign::NEGATIVE {
                continue;
            }
            let (Ok(square), Ok(product)) = (b.pow(2, &self.budget), a.mul(&c, &self.budget)) else { continue };
            let gap = self.sign_within(&product.scaled(&Int::from(4)).sub(&square), effort - 1);
            let gap = Sign::NONNEGATIVE.plus(gap);
            if gap != Sign::ANY {
                return gap.times(lead);
            }
        }
        Sign::ANY
    }

    /// The signs that the value of an element may have.
    pub(super) fn sign(&self, e: &Element) -> Sign {
        let below = e
            .factors
            .iter()
            .fold(Sign::POSITIVE, |s, (f, power)| s.times(self.sign_of_polynomial(f).and(Sign::NONZERO).power(*power)));
        self.sign_of_polynomial(&e.numerator).times(below)
    }

    /// Records what must hold of the sign of an element.
    pub(super) fn assume(&mut self, e: &Element, sign: Sign) -> Read<()> {
        // The sign of a quotient is that of the product of its parts.
        let mut product = e.numerator.clone();
        for (f, power) in &e.factors {
            self.assume_of_polynomial(f, Sign::NONZERO);
            if power % 2 == 1 {
                product = product.mul(f, &self.budget)?;
            }
        }
        self.assume_of_polynomial(&product, sign);
        // What is not zero has no factor that is; factors whose sign is known are left out.
        let open = !sign.may_be(Sign::ZERO);
        let (content, monomial) = (product.content(), product.monomial_content());
        let Some(mut rest) = product.stripped(&content, &monomial) else { return Ok(()) };
        let mut left = if content.is_negative() { sign.negative() } else { sign };
        for (g, power) in monomial.powers() {
            if open {
                self.assume_of_polynomial(&Polynomial::generator(g), Sign::NONZERO);
            }
            match self.sign_of_generator(g).power(power) {
                Sign::POSITIVE => {}
                Sign::NEGATIVE => left = left.negative(),
                _ => rest = rest.times_term(&Monomial::of(g, if open { 1 } else { power }), &Int::ONE)?,
            }
        }
        self.assume_of_polynomial(&rest, left);
        Ok(())
    }

    pub(super) fn assume_of_polynomial(&mut self, p: &Polynomial, sign: Sign) {
        let content = p.content();
        let Some(q) = p.stripped(&content, &Monomial::default()) else { return };
        if q.as_constant().is_some() {
            return;
        }
        let sign = if content.is_negative() { sign.negative() } else { sign };
        // A root is zero just where what is under it is.
        if !sign.may_be(Sign::ZERO)
            && let Some(Kind::Root { of, .. }) = q.as_generator().map(|g| self.kind(g))
        {
            let of = of.clone();
            self.assume_of_polynomial(&of, Sign::NONZERO);
        }
        match self.facts.iter_mut().find(|(known, _)| *known == q) {
            Some((_, known)) => *known = known.and(sign),
            None => self.facts.push((q, sign)),
        }
    }
}
