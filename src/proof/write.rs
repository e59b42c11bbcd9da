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
