//! A place where a claim is defined: a claim that is defined nowhere must not be proved.
//!
//! Conditions are on record in the order in which the terms were read, inner ones first, so at a point where all of
//! them hold, strictly, every term is defined, and stays so nearby. Values of an uninterpreted function and of its
//! derivatives may be chosen at will at different places, because some smooth function takes them.

use super::claim::Assumption;
use super::condition::Demand;
use super::element::Element;
use super::polynomial::{Generator, Monomial, Polynomial};
use super::tower::{Kind, Tower};
use crate::num::enclosure::Enclosure;
use crate::num::rational::Rational;
use num_bigint::BigInt;
use num_traits::{One, ToPrimitive};
use std::collections::HashMap;

/// Points tried.
const TRIALS: u64 = 300;
/// Bits of the enclosures.
const BITS: u32 = 96;
/// Values tried for symbols and functions; the first ones are tried first.
const VALUES: [(i64, i64); 16] = [
    (1, 1),
    (2, 1),
    (1, 2),
    (3, 1),
    (1, 10),
    (5, 3),
    (10, 1),
    (2, 7),
    (7, 2),
    (1, 100),
    (9, 11),
    (4, 1),
    (30, 1),
    (3, 2),
    (100, 1),
    (1, 3),
];

/// Values at one point.
struct Place<'a> {
    tower: &'a Tower,
    trial: u64,
    known: HashMap<Generator, Option<Enclosure>>,
    /// Functions that have been given values, and where.
    taken: Vec<(String, Vec<Enclosure>, Generator)>,
}

impl Tower {
    /// Whether a point is found where every condition holds and the given elements are not zero.
    pub(super) fn defined_somewhere(&self, nonzero: &[Element]) -> bool {
        self.conditions.is_empty() && nonzero.is_empty() || (0..TRIALS).any(|trial| self.is_defined_at(trial, nonzero))
    }

    fn is_defined_at(&self, trial: u64, nonzero: &[Element]) -> bool {
        let mut place = Place { tower: self, trial, known: HashMap::new(), taken: Vec::new() };
        let holds = self.conditions.iter().all(|c| {
            place.element(&c.element).is_some_and(|value| match c.demand {
                Demand::NonZero => !value.contains_zero(),
                Demand::Positive | Demand::NonNegative => value.is_positive(),
            })
        });
        holds && nonzero.iter().all(|e| place.element(e).is_some_and(|value| !value.contains_zero()))
    }
}

impl Place<'_> {
    fn element(&mut self, e: &Element) -> Option<Enclosure> {
        let mut below = Enclosure::of(&Rational::from_integer(e.scale.to_big()), BITS);
        for (factor, power) in &e.factors {
            below = below.times(&self.polynomial(factor)?.power_of(u64::from(*power), BITS), BITS);
        }
        self.polynomial(&e.numerator)?.over(&below, BITS).ok()
    }

    fn polynomial(&mut self, p: &Polynomial) -> Option<Enclosure> {
        let mut sum = Enclosure::whole(0);
        for (m, c) in p.terms() {
            let mut product = Enclosure::of(&Rational::from_integer(c.to_big()), BITS);
            for (g, power) in m.powers() {
                product = product.times(&self.generator(g)?.power_of(u64::from(power), BITS), BITS);
            }
            sum = sum.plus(&product, BITS);
        }
        Some(sum)
    }

    fn generator(&mut self, g: Generator) -> Option<Enclosure> {
        if let Some(known) = self.known.get(&g) {
            return known.clone();
        }
        let value = self.evaluated(g);
        self.known.insert(g, value.clone());
        value
    }

    fn evaluated(&mut self, g: Generator) -> Option<Enclosure> {
        match self.tower.kind(g) {
            Kind::Symbol(name) => Some(Enclosure::of(&self.symbol(g, name)?, BITS)),
            Kind::Pi => Some(Enclosure::pi(BITS)),
            Kind::Function { name, orders, arguments } => {
                let at = arguments.iter().map(|a| self.element(a)).collect::<Option<Vec<_>>>()?;
                // Two places must be told apart, or the values might contradict each other.
                for (other, known, h) in &self.taken {
                    let apart = known.iter().zip(&at).any(|(a, b)| a.is_disjoint_from(b));
                    if other == name && !apart && !self.same_place(g, *h) {
                        return None;
                    }
                }
                self.taken.push((name.clone(), at, g));
                let positive = matches!(self.tower.symbols.get(name), Some(Assumption::PositiveFunction(_)))
                    && orders.iter().all(|o| *o == 0);
                Some(Enclosure::of(&self.chosen(g, positive), BITS))
            }
            Kind::Exp(t) => Some(self.element(t)?.exp(BITS)),
            Kind::Ln(p) => self.polynomial(p)?.abs().ln(BITS).ok(),
            Kind::Root { of, index } => self.polynomial(of)?.abs().root(*index, BITS).ok(),
            Kind::Power { of, exponent } => {
                let exponent = self.natural(exponent)? - 1;
                self.polynomial(of)?.integer_power(&exponent, BITS).ok()
            }
            Kind::Alternating(m) => Enclosure::whole(-1).integer_power(&self.natural(m)?, BITS).ok(),
            Kind::Side { base, .. } => self.element(base)?.is_positive().then(|| Enclosure::whole(1)),
            Kind::Cos(t) => Some(self.element(t)?.cos(BITS)),
            Kind::Sin(t) => Some(self.element(t)?.sin(BITS)),
            Kind::Atan(t) => Some(self.element(t)?.atan(BITS)),
        }
    }

    /// Whether two applications of a function are at the same arguments, as terms.
    fn same_place(&self, g: Generator, h: Generator) -> bool {
        let (Kind::Function { arguments: a, .. }, Kind::Function { arguments: b, .. }) =
            (self.tower.kind(g), self.tower.kind(h))
        else {
            return false;
        };
        a.len() == b.len() && a.iter().zip(b).all(|(x, y)| self.tower.same(x, y).unwrap_or(false))
    }

    fn natural(&self, m: &Monomial) -> Option<BigInt> {
        let mut product = BigInt::one();
        for (g, power) in m.powers() {
            let Kind::Symbol(name) = self.tower.kind(g) else { return None };
            product *= self.symbol(g, name)?.to_integer().pow(power);
        }
        product.to_u64().filter(|p| *p <= 100_000).map(BigInt::from)
    }

    fn symbol(&self, g: Generator, name: &str) -> Option<Rational> {
        match self.tower.symbols.get(name)? {
            Assumption::Natural => Some(Rational::from_integer(self.chosen(g, true).to_integer() % 7 + 1)),
            Assumption::Positive => Some(self.chosen(g, true)),
            Assumption::Real => Some(self.chosen(g, false)),
            Assumption::Function(_) | Assumption::PositiveFunction(_) => None,
        }
    }

    /// A value for a symbol or function: each takes its own way through the list.
    fn chosen(&self, g: Generator, positive: bool) -> Rational {
        let mut mixed = (self.trial + 1)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .wrapping_add(u64::from(g).wrapping_mul(0xbf58_476d_1ce4_e5b9));
        mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 32;
        // The first points keep to small numbers, different for different symbols, all above zero.
        let (at, negative) = if self.trial < 4 {
            ((u64::from(g) + self.trial) % VALUES.len() as u64, self.trial == 3)
        } else {
            (mixed % VALUES.len() as u64, mixed >> 20 & 1 == 1)
        };
        let (a, b) = VALUES[at as usize];
        let value = Rational::new(a.into(), b.into());
        if negative && !positive { -value } else { value }
    }
}
