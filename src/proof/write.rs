//! From element back to a term, for a reader: nothing that is proved rests on it.

use super::element::Element;
use super::elementary::less_one;
use super::integer::Int;
use super::polynomial::{Generator, Monomial, Polynomial};
use super::read::shortened;
use super::tower::{Kind, Tower};
use crate::expr::{Expr, Function};
use crate::num::rational::Rational;

/// Terms of a polynomial that are written out.
const MOST_WRITTEN: usize = 60;

impl Tower {
    /// The element as a term; `None` where it is too long to be of use.
    pub(super) fn expression(&self, e: &Element) -> Option<Expr> {
        let above = self.written(&e.numerator)?;
        let mut below = vec![Expr::number(Rational::from_integer(e.scale.to_big()))];
        for (factor, power) in &e.factors {
            below.push(self.written(factor)?.powi(i64::from(*power)));
        }
        Some(above / Expr::product(below))
    }

    fn written(&self, p: &Polynomial) -> Option<Expr> {
        if p.terms().len() > MOST_WRITTEN {
            return None;
        }
        let terms = p.terms().iter().map(|(m, c)| {
            let number = Expr::number(Rational::from_integer(c.to_big()));
            Some(Expr::product([number, self.written_monomial(m)?]))
        });
        Some(Expr::sum(terms.collect::<Option<Vec<_>>>()?))
    }

    fn written_monomial(&self, m: &Monomial) -> Option<Expr> {
        let factors = m.powers().map(|(g, power)| Some(self.written_generator(g)?.powi(i64::from(power))));
        // Symbols come first.
        let mut factors = factors.collect::<Option<Vec<_>>>()?;
        factors.reverse();
        Some(Expr::product(factors))
    }

    fn written_generator(&self, g: Generator) -> Option<Expr> {
        Some(match self.kind(g) {
            Kind::Symbol(name) => Expr::symbol(name),
            Kind::Pi => Expr::pi(),
            Kind::Function { name, orders, arguments } => {
                let arguments = arguments.iter().map(|a| self.expression(a)).collect::<Option<Vec<_>>>()?;
                Expr::apply(name, orders.clone(), arguments)
            }
            Kind::Exp(t) => self.expression(t)?.exp(),
            Kind::Ln(p) => self.absolute(p)?.ln(),
            Kind::Root { of, index } => {
                let inside = self.absolute(of)?;
                if *index == 1 { inside } else { inside.power(&Expr::ratio(1, i64::from(*index))) }
            }
            Kind::Power { of, exponent } => self.written(of)?.power(&self.expression(&less_one(exponent))?),
            Kind::Alternating(m) => {
                let exponent = self.written(&Polynomial::term(m.clone(), Int::ONE))?;
                Expr::integer(-1).power(&exponent)
            }
            Kind::Side { base, exponent } => {
                let base = self.expression(base)?;
                (base.clone() / base.call(Function::Abs)).power(&self.expression(exponent)?)
            }
            Kind::Cos(t) => self.expression(t)?.call(Function::Cos),
            Kind::Sin(t) => self.expression(t)?.call(Function::Sin),
            Kind::Atan(t) => self.expression(t)?.call(Function::Atan),
        })
    }

    fn absolute(&self, p: &Polynomial) -> Option<Expr> {
        let inside = self.written(p)?;
        Some(if self.sign_of_polynomial(p).side() == Some(1) { inside } else { inside.call(Function::Abs) })
    }

    /// The element as text, not longer than a line.
    pub(super) fn text(&self, e: &Element) -> String {
        self.expression(e).map_or_else(|| "a long term".into(), |e| shortened(&e))
    }
}

#[cfg(test)]
mod tests {
    use super::super::assignment::{assignment, used};
    use super::super::tests::{ALL, TRUE, symbols};
    use super::super::value::Value;
    use super::*;
    use crate::expr::parse;
    use std::collections::BTreeMap;

    /// What a reader is shown is the term that was read: as a term, and as text that is parsed again.
    #[test]
    fn what_is_written_has_the_value_of_what_was_read() {
        const BITS: u32 = 128;
        let (symbols, names) = symbols(ALL);
        let (mut looked_at, mut parsed_again) = (0, 0);
        for text in TRUE.iter().flat_map(|(left, right)| [left, right]) {
            let term = parse(text, &names).expect(text);
            let mut tower = Tower::new(&symbols);
            let Some(written) = tower.read(&term).ok().and_then(|e| tower.expression(&e)) else { continue };
            let again = parse(&written.to_string(), &names).ok();
            let used = used(&symbols, &[&term, &written], &[]);
            for index in 0..8 {
                let Some(place) = assignment(&used, &BTreeMap::new(), index) else { continue };
                let value = |e: &Expr| place.values(&[e], BITS).pop().and_then(Result::ok);
                let (Some(own), Some(shown)) = (value(&term), value(&written)) else { continue };
                assert!(!own.differs_from(&shown, BITS), "{text} was written {written}: {place:?}");
                looked_at += 1;
                if let Some(read) = again.as_ref().and_then(&value) {
                    assert!(!Value::differs_from(&own, &read, BITS), "{text} was printed {written}: {place:?}");
                    parsed_again += 1;
                }
            }
        }
        assert!(looked_at > 600 && parsed_again > 500, "{looked_at} {parsed_again}");
    }
}
