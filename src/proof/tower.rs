//! The generators that terms are polynomials in, and the relations between them.
//!
//! Each generator is a real function of the symbols, defined wherever the terms read so far are defined. A relation
//! `g^n = …` holds there too, and an [`Element`] has the value of the term it was read from at each such point: sums,
//! products, exact division and relations keep that true point by point. So a difference that reduces to zero is zero
//! wherever both sides are defined; nothing rests on generators being independent.

use super::claim::{Assumption, Symbols};
use super::condition::Condition;
use super::element::Element;
use super::factor::Piece;
use super::integer::Int;
use super::polynomial::{Budget, Generator, Monomial, Polynomial, TooLarge};
use super::sign::Sign;
use crate::expr::Expr;
use std::collections::HashMap;
use std::rc::Rc;

/// Work that one claim may take, in products of terms.
const WORK: u64 = 4_000_000;
/// Most generators of one claim.
const MOST_GENERATORS: usize = 400;
/// Deepest nesting of functions in each other.
const DEEPEST: u32 = 60;

/// Why a term cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refusal {
    /// It would take too much.
    #[error("the terms grow too large to be decided")]
    TooLarge,
    /// It has a value at no point.
    #[error("the claim is defined nowhere: {0}")]
    Nowhere(String),
    /// The kernel has no rule for it.
    #[error("{0}")]
    Unsupported(String),
}
impl From<TooLarge> for Refusal {
    fn from(_: TooLarge) -> Refusal {
        Refusal::TooLarge
    }
}

pub(super) type Read<T> = Result<T, Refusal>;

/// What a generator stands for.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    Symbol(String),
    Pi,
    /// A partial derivative of an uninterpreted function at a place.
    Function {
        name: String,
        orders: Vec<u32>,
        arguments: Vec<Element>,
    },
    Exp(Element),
    /// `ln|p|`
    Ln(Rc<Polynomial>),
    /// `|p|^(1/index)`
    Root {
        of: Rc<Polynomial>,
        index: u32,
    },
    /// `p^(m−1)` with `m` a product of natural numbers.
    Power {
        of: Rc<Polynomial>,
        exponent: Monomial,
    },
    /// `(−1)^m` with `m` a product of natural numbers.
    Alternating(Monomial),
    /// `sign(base)^exponent`, where the base is above zero or the exponent a whole number.
    Side {
        base: Element,
        exponent: Element,
    },
    Cos(Element),
    Sin(Element),
    Atan(Element),
}

/// A generator with what is known of it.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) kind: Kind,
    /// `g^n = value`
    pub(super) relation: Option<(u32, Element)>,
    /// Functions nested in each other.
    depth: u32,
}

/// An exponent or angle and the fraction of it that a generator stands for.
#[derive(Debug)]
pub(super) struct Measure {
    pub(super) whole: Element,
    pub(super) parts: u32,
    /// `exp(whole/parts)`, or its cosine.
    pub(super) first: Generator,
    /// The sine.
    pub(super) second: Generator,
}

/// The generators of one claim.
#[derive(Debug)]
pub(super) struct Tower {
    pub(super) symbols: Symbols,
    pub(super) entries: Vec<Entry>,
    /// Generators with a relation.
    related: Vec<Generator>,
    pub(super) pieces: Vec<Piece>,
    pub(super) exponents: Vec<Measure>,
    pub(super) angles: Vec<Measure>,
    pub(super) facts: Vec<(Polynomial, Sign)>,
    pub(super) conditions: Vec<Condition>,
    pub(super) read: HashMap<Expr, Element>,
    pub(super) derivatives: HashMap<(Generator, Generator), Element>,
    pub(super) budget: Budget,
}

impl Tower {
    pub(super) fn new(symbols: &Symbols) -> Tower {
        Tower {
            symbols: symbols.clone(),
            entries: Vec::new(),
            related: Vec::new(),
            pieces: Vec::new(),
            exponents: Vec::new(),
            angles: Vec::new(),
            facts: Vec::new(),
            conditions: Vec::new(),
            read: HashMap::new(),
            derivatives: HashMap::new(),
            budget: Budget::new(WORK),
        }
    }

    pub(super) fn kind(&self, generator: Generator) -> &Kind {
        &self.entries[generator as usize].kind
    }

    /// The elements that a generator is a function of.
    pub(super) fn made_of(&self, g: Generator) -> Vec<Element> {
        let monomial = |m: &Monomial| Element::polynomial(Polynomial::term(m.clone(), Int::ONE));
        match self.kind(g) {
            Kind::Symbol(_) | Kind::Pi => Vec::new(),
            Kind::Function { arguments, .. } => arguments.clone(),
            Kind::Exp(t) | Kind::Cos(t) | Kind::Sin(t) | Kind::Atan(t) => vec![t.clone()],
            Kind::Ln(p) | Kind::Root { of: p, .. } => vec![Element::polynomial((**p).clone())],
            Kind::Power { of, exponent } => vec![Element::polynomial((**of).clone()), monomial(exponent)],
            Kind::Alternating(m) => vec![monomial(m)],
            Kind::Side { base, exponent } => vec![base.clone(), exponent.clone()],
        }
    }

    fn depth_of(&self, e: &Element) -> u32 {
        e.generators().iter().map(|g| self.entries[*g as usize].depth).max().unwrap_or(0)
    }

    /// A new generator.
    pub(super) fn push(&mut self, kind: Kind, relation: Option<(u32, Element)>) -> Read<Generator> {
        let depth = match &kind {
            Kind::Symbol(_) | Kind::Pi | Kind::Alternating(_) => 0,
            Kind::Side { base, exponent } => 1 + self.depth_of(base).max(self.depth_of(exponent)),
            Kind::Function { arguments, .. } => 1 + arguments.iter().map(|a| self.depth_of(a)).max().unwrap_or(0),
            Kind::Exp(e) | Kind::Cos(e) | Kind::Sin(e) | Kind::Atan(e) => 1 + self.depth_of(e),
            Kind::Ln(p) | Kind::Root { of: p, .. } | Kind::Power { of: p, .. } => {
                1 + self.depth_of(&Element::polynomial((**p).clone()))
            }
        };
        if self.entries.len() >= MOST_GENERATORS || depth > DEEPEST {
            return Err(Refusal::TooLarge);
        }
        self.entries.push(Entry { kind, relation: None, depth });
        let generator = (self.entries.len() - 1) as Generator;
        if let Some((n, value)) = relation {
            self.relate(generator, n, value);
        }
        Ok(generator)
    }

    /// Sets `generator^n = value`.
    pub(super) fn relate(&mut self, generator: Generator, n: u32, value: Element) {
        self.entries[generator as usize].relation = Some((n, value));
        if !self.related.contains(&generator) {
            self.related.push(generator);
            self.related.sort_unstable();
        }
    }

    /// The generator of a symbol.
    pub(super) fn symbol(&mut self, name: &str) -> Read<Generator> {
        let known = self.entries.iter().position(|e| matches!(&e.kind, Kind::Symbol(n) if n == name));
        if let Some(known) = known {
            return Ok(known as Generator);
        }
        match self.symbols.get(name) {
            Some(Assumption::Real | Assumption::Positive | Assumption::Natural) => {
                self.push(Kind::Symbol(name.to_owned()), None)
            }
            _ => Err(Refusal::Unsupported(format!("`{name}` is not a variable of this claim"))),
        }
    }

    pub(super) fn pi(&mut self) -> Read<Generator> {
        match self.entries.iter().position(|e| matches!(e.kind, Kind::Pi)) {
            Some(known) => Ok(known as Generator),
            None => self.push(Kind::Pi, None),
        }
    }

    /// The relation that applies to a polynomial, of the last generator that has one.
    fn applicable(&self, p: &Polynomial) -> Option<Generator> {
        if self.related.is_empty() {
            return None;
        }
        let applies =
            |g: &&Generator| self.entries[**g as usize].relation.as_ref().is_some_and(|(n, _)| p.degree(**g) >= *n);
        self.related.iter().rev().find(applies).copied()
    }

    /// The same value with every relation applied.
    pub(super) fn reduce(&self, e: &Element) -> Read<Element> {
        let mut e = e.clone();
        while let Some(g) = self.applicable(&e.numerator) {
            self.budget.spend(1)?;
            let Some((n, value)) = &self.entries[g as usize].relation else { break };
            let mut sum = Element::zero();
            let mut at = 0;
            // Horner's scheme, from the highest power of the relation down.
            let mut groups: Vec<(u32, Polynomial)> = Vec::new();
            for (power, c) in e.numerator.coefficients(g) {
                let c = c.times_term(&Monomial::of(g, power % n), &Int::ONE)?;
                match groups.last_mut() {
                    Some((q, p)) if *q == power / n => *p = p.add(&c),
                    _ => groups.push((power / n, c)),
                }
            }
            for (q, c) in groups.into_iter().rev() {
                if !sum.numerator.is_zero() {
                    sum = sum.mul(&value.powi(at - q, &self.budget)?, &self.budget)?;
                }
                sum = sum.add(&Element::polynomial(c), &self.budget)?;
                at = q;
            }
            sum = sum.mul(&value.powi(at, &self.budget)?, &self.budget)?;
            let under = Element { numerator: Polynomial::one(), scale: e.scale, factors: e.factors };
            e = sum.mul(&under, &self.budget)?;
        }
        if let Some(at) = e.factors.iter().position(|(f, _)| self.applicable(f).is_some()) {
            let (factor, power) = e.factors.remove(at);
            let value = self.reduce(&Element::polynomial((*factor).clone()))?;
            if value.numerator.is_zero() {
                return Err(Refusal::Nowhere("a denominator is zero".into()));
            }
            let inverse = value.inverse(&self.budget)?.powi(power, &self.budget)?;
            return self.reduce(&e.mul(&inverse, &self.budget)?);
        }
        Ok(e)
    }

    pub(super) fn add(&self, a: &Element, b: &Element) -> Read<Element> {
        // Sums of reduced terms over one denominator are reduced; others gain factors.
        self.reduce(&a.add(b, &self.budget)?)
    }

    pub(super) fn sub(&self, a: &Element, b: &Element) -> Read<Element> {
        self.add(a, &b.neg())
    }

    pub(super) fn mul(&self, a: &Element, b: &Element) -> Read<Element> {
        self.reduce(&a.mul(b, &self.budget)?)
    }

    /// A quotient; the caller answers for the denominator not being zero.
    pub(super) fn div(&self, a: &Element, b: &Element) -> Read<Element> {
        let b = self.reduce(b)?;
        if b.numerator.is_zero() {
            return Err(Refusal::Nowhere("a denominator is zero".into()));
        }
        self.mul(a, &b.inverse(&self.budget)?)
    }

    /// A whole power; of a negative one the caller answers for the base not being zero.
    pub(super) fn powi(&self, a: &Element, exponent: i64) -> Read<Element> {
        let power = u32::try_from(exponent.unsigned_abs()).map_err(|_| TooLarge)?;
        let base = if exponent < 0 { self.div(&Element::one(), a)? } else { a.clone() };
        // A relation may keep the powers of a sum small: reduce on the way.
        if self.related.is_empty() || base.numerator.terms().len() <= 1 {
            return self.reduce(&base.powi(power, &self.budget)?);
        }
        let (mut result, mut square, mut left) = (Element::one(), base, power);
        while left > 0 {
            if left % 2 == 1 {
                result = self.mul(&result, &square)?;
            }
            left /= 2;
            if left > 0 {
                square = self.mul(&square, &square)?;
            }
        }
        Ok(result)
    }

    /// Whether the element reduces to zero; `false` says nothing.
    pub(super) fn is_zero(&self, e: &Element) -> Read<bool> {
        Ok(self.reduce(e)?.numerator.is_zero())
    }

    /// Whether two elements have the same value; `false` says nothing.
    pub(super) fn same(&self, a: &Element, b: &Element) -> Read<bool> {
        self.is_zero(&a.add(&b.neg(), &self.budget)?)
    }

    /// An uninterpreted function, differentiated `orders` times, at a place.
    pub(super) fn function(&mut self, name: &str, orders: &[u32], arguments: &[Element]) -> Read<Element> {
        for (g, entry) in self.entries.iter().enumerate() {
            let Kind::Function { name: n, orders: o, arguments: known } = &entry.kind else { continue };
            if n != name || o != orders || known.len() != arguments.len() {
                continue;
            }
            let mut same = true;
            for (a, b) in known.iter().zip(arguments) {
                same = same && self.same(a, b)?;
            }
            if same {
                return self.reduce(&Element::generator(g as Generator));
            }
        }
        let expected = match self.symbols.get(name) {
            Some(Assumption::Function(names) | Assumption::PositiveFunction(names)) => names.len(),
            _ => return Err(Refusal::Unsupported(format!("`{name}` is not a function of this claim"))),
        };
        if expected != arguments.len() || expected != orders.len() {
            return Err(Refusal::Unsupported(format!("`{name}` takes {expected} arguments")));
        }
        let kind = Kind::Function { name: name.to_owned(), orders: orders.to_vec(), arguments: arguments.to_vec() };
        Ok(Element::generator(self.push(kind, None)?))
    }
}
