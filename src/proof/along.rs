//! Conditions all along the open interval of an integral.

use super::assignment::Assignment;
use super::claim::{Assumption, Claim, Place, Symbols};
use super::condition::{Condition, Demand, Reason};
use super::element::Element;
use super::expansion::{Grown, Halt};
use super::polynomial::Generator;
use super::sign::Sign;
use super::span::Span;
use super::tower::{Read, Refusal, Tower};
use crate::expr::Expr;
use crate::num::rational::Rational;
use std::collections::BTreeMap;

/// Bits of enclosed ends.
const BITS: u32 = 64;

/// Where the variable runs.
pub(super) struct Range {
    /// `None`: without bound.
    pub(super) lower: Option<Element>,
    pub(super) upper: Option<Element>,
    /// Only that both ends lie in where everything is defined, not which is the greater.
    pub(super) unordered: bool,
    /// The claim goes from the greater end to the lesser.
    pub(super) reversed: bool,
}

impl Range {
    pub(super) fn read(tower: &mut Tower, lower: &Place, upper: &Place, variable: Generator) -> Grown<Range> {
        let mut end = |place: &Place, wrong: &Place| -> Grown<Option<Element>> {
            if place == wrong {
                return Err(Halt::unsupported("the ends are the wrong way round"));
            }
            let Place::At(term) = place else { return Ok(None) };
            let e = tower.read(term)?;
            if tower.depends(&e, variable) {
                return Err(Halt::unsupported("an end depends on the variable"));
            }
            Ok(Some(e))
        };
        let (lower, upper) = (end(lower, &Place::Infinity)?, end(upper, &Place::MinusInfinity)?);
        let order = match (&lower, &upper) {
            (Some(a), Some(b)) => tower.certain_sign(&tower.sub(b, a)?),
            _ => Sign::POSITIVE,
        };
        Ok(match order {
            Sign::NEGATIVE => Range { lower: upper, upper: lower, unordered: false, reversed: true },
            order => Range { lower, upper, unordered: order != Sign::POSITIVE, reversed: false },
        })
    }
}

/// Makes sure of conditions all along the open interval.
pub(super) fn holds_along(tower: &Tower, name: &str, range: &Range, local: &[Condition]) -> Grown<()> {
    if range.unordered {
        let inside = |end: &Option<Element>| {
            let positive = tower.symbols.get(name) == Some(&Assumption::Positive);
            end.as_ref().is_some_and(|e| !positive || tower.certain_sign(e) == Sign::POSITIVE)
        };
        if !inside(&range.lower) || !inside(&range.upper) {
            return Err(Halt::unsupported("which end is the greater is not known"));
        }
    }
    if local.is_empty() {
        return Ok(());
    }
    let long = || Halt::Refused(Refusal::TooLarge);
    let along = Along::new(tower, name, range).ok_or_else(long)?;
    for condition in local {
        let term = tower.expression(&condition.element).ok_or_else(long)?;
        // Halving may ask for angles that are too fine to be written out.
        if !along.holds(&along.ends, &term, condition.demand, 6).unwrap_or(false)
            && !along.is_shown(&term, condition.demand)
        {
            return Err(Halt::unsupported(format!("whether {} all along the interval is not known", condition.text)));
        }
    }
    Ok(())
}

/// An interval on which signs are asked for, written with a parameter above zero.
struct Along {
    symbols: Symbols,
    facts: Vec<(Expr, Sign)>,
    name: String,
    ends: Option<Ends>,
}

/// `None`: without bound.
type Ends = (Option<Expr>, Option<Expr>);

/// The parameter: no symbol of a claim has such a name.
const PARAMETER: &str = "along the interval";

impl Along {
    fn new(tower: &Tower, name: &str, range: &Range) -> Option<Along> {
        let mut symbols = tower.symbols.clone();
        symbols.insert(PARAMETER.into(), Assumption::Positive);
        let mut facts = Vec::new();
        for c in tower.conditions.iter().filter(|c| c.reason == Reason::Exact) {
            facts.push((tower.expression(&c.element)?, c.demand.sign()));
        }
        let write = |end: &Option<Element>| match end {
            Some(e) => tower.expression(e).map(Some),
            None => Some(None),
        };
        let ends = if range.unordered { None } else { Some((write(&range.lower)?, write(&range.upper)?)) };
        Some(Along { symbols, facts, name: name.into(), ends })
    }

    /// Whether the demand holds everywhere between the ends; numbers as ends may be halved.
    fn holds(&self, ends: &Option<Ends>, term: &Expr, demand: Demand, halvings: u32) -> Read<bool> {
        let s = Expr::symbol(PARAMETER);
        let inside = match ends {
            None | Some((None, None)) => Expr::symbol(&self.name),
            Some((Some(a), None)) => a + &s,
            Some((None, Some(b))) => b - &s,
            Some((Some(a), Some(b))) => (a + b * &s) / (Expr::integer(1) + s),
        };
        if self.is(term, &inside, demand)? {
            return Ok(true);
        }
        let Some((Some(a), Some(b))) = ends else { return Ok(false) };
        let (Some(p), Some(q)) = (a.as_number(), b.as_number()) else { return Ok(false) };
        let middle = Expr::number((p + q) / Rational::from_integer(2.into()));
        if halvings == 0 || !self.is(term, &middle, demand)? {
            return Ok(false);
        }
        for half in [(a.clone(), middle.clone()), (middle, b.clone())] {
            if !self.holds(&Some((Some(half.0), Some(half.1))), term, demand, halvings - 1)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether the demand is shown as an inequality, on an interval with numbers as ends; others are enclosed.
    fn is_shown(&self, term: &Expr, demand: Demand) -> bool {
        let Some((lower, upper)) = &self.ends else { return false };
        let number = |end: &Option<Expr>, upper: bool| -> Option<Option<Rational>> {
            let Some(end) = end else { return Some(None) };
            if let Some(q) = end.as_number() {
                return Some(Some(q));
            }
            let around = Span::around(Assignment::default().values(&[end], BITS).pop()?.as_ref().ok()?)?;
            Some(Some(if upper { around.upper? } else { around.lower? }))
        };
        let (Some(a), Some(b)) = (number(lower, false), number(upper, true)) else { return false };
        let over = BTreeMap::from([(self.name.clone(), (a, b))]);
        let mut symbols = self.symbols.clone();
        symbols.insert(self.name.clone(), Assumption::Real);
        let positive = |expression: Expr| {
            let claim = Claim::Positive { expression, over: over.clone() };
            super::inequality::prove(&symbols, &claim).is_ok()
        };
        positive(term.clone()) || demand == Demand::NonZero && positive(-term.clone())
    }

    fn is(&self, term: &Expr, inside: &Expr, demand: Demand) -> Read<bool> {
        let mut tower = Tower::new(&self.symbols);
        for (fact, sign) in &self.facts {
            let e = tower.read(fact)?;
            tower.assume(&e, *sign)?;
        }
        let known = tower.conditions.len();
        let term = term.substitute(&|name: &str| (name == self.name).then(|| inside.clone()));
        let e = tower.read(&term)?;
        Ok(tower.certain_sign(&e).is(demand.sign()) && tower.conditions.len() == known)
    }
}
