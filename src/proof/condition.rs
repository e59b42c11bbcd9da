//! What the terms of a claim demand to be defined.
//!
//! Most demands are exact: the term is defined just where they hold, so they may be used as facts. Some only suffice
//! (a derivative of `|t|` where `t ≠ 0`): these are never used as facts, and [`Tower::unmet`] asks at the end whether
//! what was proved away from them holds everywhere.

use super::claim::Assumption;
use super::element::Element;
use super::polynomial::{Generator, Polynomial};
use super::sign::Sign;
use super::tower::{Kind, Read, Refusal, Tower};

/// What must hold of an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Demand {
    NonZero,
    Positive,
    NonNegative,
}

/// How a demand relates to where the term is defined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    /// The term is defined just where it holds.
    Exact,
    /// The term may be defined elsewhere too, and is continuous there.
    Continuous,
    /// The term is defined and continuous elsewhere too; only the way it is read asks for it.
    Removable,
    /// The base of a power: elsewhere the term is defined where the exponent is a whole number, and read rightly save
    /// where the base is zero; it is continuous there.
    Lenient,
    /// The term may be defined elsewhere too.
    Sufficient,
}

/// A demand on record.
#[derive(Clone, Debug)]
pub(super) struct Condition {
    pub(super) demand: Demand,
    pub(super) element: Element,
    pub(super) reason: Reason,
    pub(super) text: String,
}

impl Demand {
    pub(super) fn sign(self) -> Sign {
        match self {
            Demand::NonZero => Sign::NONZERO,
            Demand::Positive => Sign::POSITIVE,
            Demand::NonNegative => Sign::NONNEGATIVE,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Demand::NonZero => "≠ 0",
            Demand::Positive => "> 0",
            Demand::NonNegative => "≥ 0",
        }
    }
}

impl Tower {
    fn demand(&mut self, demand: Demand, e: &Element, reason: Reason, text: &dyn Fn() -> String) -> Read<()> {
        let sign = self.sign(e);
        if sign.is(demand.sign()) {
            return Ok(());
        }
        let unless = if reason == Reason::Lenient { ", or a whole exponent" } else { "" };
        let text = format!("{} {}{unless}", text(), demand.words());
        if !sign.may_be(demand.sign()) {
            return Err(Refusal::Nowhere(format!("{text} does not hold")));
        }
        if reason == Reason::Exact {
            self.assume(e, demand.sign())?;
        }
        self.conditions.push(Condition { demand, element: e.clone(), reason, text });
        Ok(())
    }

    pub(super) fn demand_nonzero(&mut self, e: &Element, text: &dyn Fn() -> String) -> Read<()> {
        self.demand(Demand::NonZero, e, Reason::Exact, text)
    }

    pub(super) fn demand_positive(&mut self, e: &Element, text: &dyn Fn() -> String) -> Read<()> {
        self.demand(Demand::Positive, e, Reason::Exact, text)
    }

    pub(super) fn demand_nonnegative(&mut self, e: &Element, text: &dyn Fn() -> String) -> Read<()> {
        self.demand(Demand::NonNegative, e, Reason::Exact, text)
    }

    /// The base of a power whose exponent may be a whole number at some points: there the base may be negative, or zero.
    /// Only zero is left out, which does no harm where the exponent stays as it is around the zeros of the base.
    pub(super) fn demand_positive_base(
        &mut self,
        base: &Element,
        exponent: &Element,
        text: &dyn Fn() -> String,
    ) -> Read<()> {
        let within = self.below(exponent);
        // As a polynomial in one variable that the exponent lacks, its leading coefficient a number, the base has only
        // finitely many zeros whatever the other variables are.
        let p = self.inside(&base.numerator);
        let moves = p
            .generators()
            .into_iter()
            .filter(|g| !within.contains(g))
            .any(|g| p.coefficients(g).last().is_some_and(|(power, c)| *power > 0 && c.as_constant().is_some()));
        let reason = if moves { Reason::Lenient } else { Reason::Sufficient };
        self.demand(Demand::Positive, base, reason, text)
    }

    /// Every generator that an element depends on, inside of others too.
    fn below(&self, e: &Element) -> Vec<Generator> {
        let (mut found, mut pending) = (Vec::new(), e.generators());
        while let Some(g) = pending.pop() {
            if found.contains(&g) {
                continue;
            }
            found.push(g);
            pending.extend(self.made_of(g).iter().flat_map(Element::generators));
        }
        found
    }

    /// The derivative of `|of|^(1/index)` is taken away from zero.
    pub(super) fn demand_smooth(&mut self, of: &Element, change: &Element, index: u32) -> Read<()> {
        let text = self.text(of);
        let side = self.sign(of).side();
        let exact = index > 1 && side.is_some() && !self.sign(change).may_be(Sign::ZERO);
        let reason = match (exact, index) {
            // At a zero where the inside grows, the outside would be undefined beside it.
            (true, _) => Reason::Exact,
            (false, 1) => Reason::Continuous,
            _ => Reason::Sufficient,
        };
        self.demand(Demand::NonZero, of, reason, &|| text.clone())
    }

    /// A term that is read as if its base were not zero, though it is defined and continuous there.
    pub(super) fn demand_away_from_zero(&mut self, e: &Element, text: &dyn Fn() -> String) -> Read<()> {
        self.demand(Demand::NonZero, e, Reason::Removable, text)
    }

    /// The first demand that only suffices and that nothing shows to be harmless.
    ///
    /// It is harmless where it follows from exact ones; and, for continuous terms, where it leaves out only the zeros of
    /// a polynomial in real variables while every exact demand is open: both sides are then continuous and agree on a
    /// dense set.
    pub(super) fn unmet(&self) -> Option<&Condition> {
        let open = self.conditions.iter().all(|c| c.reason != Reason::Exact || c.demand != Demand::NonNegative);
        self.conditions.iter().find(|c| {
            let follows = self.sign(&c.element).is(c.demand.sign());
            let continuous = matches!(c.reason, Reason::Continuous | Reason::Removable | Reason::Lenient);
            let thin = open && continuous && self.is_in_real_variables(self.inside(&c.element.numerator));
            c.reason != Reason::Exact && !follows && !thin
        })
    }

    /// The polynomial whose zeros are those of an absolute value or root.
    fn inside<'a>(&'a self, p: &'a Polynomial) -> &'a Polynomial {
        match p.as_generator().map(|g| self.kind(g)) {
            Some(Kind::Root { of, .. }) => self.inside(of),
            _ => p,
        }
    }

    fn is_in_real_variables(&self, p: &Polynomial) -> bool {
        p.generators().into_iter().all(|g| match self.kind(g) {
            Kind::Symbol(name) => {
                matches!(self.symbols.get(name), Some(Assumption::Real | Assumption::Positive))
            }
            _ => false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::parse;

    fn tower() -> Tower {
        Tower::new(&super::super::tests::symbols("x:R y:R a:P F:+x").0)
    }

    fn read(tower: &mut Tower, text: &str) -> Element {
        let (_, names) = super::super::tests::symbols("x:R y:R a:P F:+x");
        tower.read(&parse(text, &names).expect(text)).expect(text)
    }

    type Known = (Demand, &'static str, Reason);

    /// Whether conditions on record are all met or harmless.
    fn is_met(conditions: &[Known]) -> bool {
        let mut tower = tower();
        for (demand, text, reason) in conditions {
            let element = read(&mut tower, text);
            tower.conditions.push(Condition { demand: *demand, element, reason: *reason, text: (*text).into() });
        }
        tower.unmet().is_none()
    }

    #[test]
    fn zeros_left_out_are_harmless_only_for_continuous_terms_on_open_sets() {
        let closed = (Demand::NonNegative, "x", Reason::Exact);
        let open = (Demand::Positive, "x", Reason::Exact);
        for reason in [Reason::Continuous, Reason::Removable, Reason::Lenient] {
            let left_out = (Demand::NonZero, "x", reason);
            assert!(is_met(&[left_out]) && is_met(&[open, left_out]), "{reason:?}");
            assert!(!is_met(&[closed, left_out]), "{reason:?}");
        }
        assert!(!is_met(&[(Demand::NonZero, "x", Reason::Sufficient)]));
        // Not a polynomial in real variables: it may vanish on a whole stretch.
        assert!(!is_met(&[(Demand::NonZero, "exp(x)-1", Reason::Removable)]));
        assert!(is_met(&[(Demand::NonZero, "x^2+1", Reason::Sufficient)]));
        assert!(is_met(&[(Demand::NonZero, "x", Reason::Exact)]));
    }

    #[test]
    fn a_base_is_lenient_only_where_the_exponent_stays_as_it_is_around_its_zeros() {
        let reason = |base: &str, exponent: &str| {
            let mut tower = tower();
            let (b, e) = (read(&mut tower, base), read(&mut tower, exponent));
            tower.demand_positive_base(&b, &e, &|| "b".into()).expect("it may hold");
            tower.conditions[0].reason
        };
        assert_eq!(reason("x", "y"), Reason::Lenient);
        assert_eq!(reason("x+y", "y"), Reason::Lenient);
        assert_eq!(reason("x", "x"), Reason::Sufficient);
        assert_eq!(reason("x", "y+exp(x)"), Reason::Sufficient);
        assert_eq!(reason("x*y", "a"), Reason::Sufficient);
        assert_eq!(reason("F(x)-1", "y"), Reason::Lenient);
    }

    #[test]
    fn roots_are_smooth_away_from_zero_and_only_known_demands_are_exact() {
        let reason = |of: &str, change: &str, index: u32| {
            let mut tower = tower();
            let (of, change) = (read(&mut tower, of), read(&mut tower, change));
            tower.demand_smooth(&of, &change, index).expect("it may hold");
            tower.conditions.first().map(|c| c.reason)
        };
        assert_eq!(reason("x", "1", 1), Some(Reason::Continuous));
        assert_eq!(reason("x", "1", 2), Some(Reason::Sufficient));
        assert_eq!(reason("x^2", "2*x", 2), Some(Reason::Sufficient));
        assert_eq!(reason("x^2", "a", 2), Some(Reason::Exact));
        assert_eq!(reason("x^2+a", "1", 2), None);
        let mut tower = tower();
        let x = read(&mut tower, "x");
        tower.demand_away_from_zero(&x, &|| "x".into()).expect("it may hold");
        assert_eq!((tower.conditions.len(), tower.facts.len()), (1, 0));
        assert_eq!(tower.conditions[0].reason, Reason::Removable);
    }

    #[test]
    fn what_cannot_hold_is_defined_nowhere() {
        let mut tower = tower();
        let (zero, a) = (Element::zero(), read(&mut tower, "-a"));
        assert!(matches!(tower.demand_nonzero(&zero, &|| "0".into()), Err(Refusal::Nowhere(_))));
        assert!(matches!(tower.demand_positive(&a, &|| "-a".into()), Err(Refusal::Nowhere(_))));
        assert!(matches!(tower.demand_nonnegative(&a, &|| "-a".into()), Err(Refusal::Nowhere(_))));
        assert!(tower.conditions.is_empty());
        let x = read(&mut tower, "x");
        tower.demand_nonnegative(&x, &|| "x".into()).expect("it may hold");
        assert!(tower.sign(&x).is(Sign::NONNEGATIVE) && tower.conditions.len() == 1);
    }
}
