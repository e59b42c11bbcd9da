//! Derivatives by the chain rule over the generators.

use super::claim::Assumption;
use super::element::Element;
use super::elementary::less_one;
use super::integer::Int;
use super::polynomial::{Generator, Polynomial};
use super::sign::Sign;
use super::tower::{Kind, Read, Refusal, Tower};

impl Tower {
    /// The generator of a variable that may be differentiated by.
    pub(super) fn variable(&mut self, name: &str) -> Read<Generator> {
        match self.symbols.get(name) {
            Some(Assumption::Real | Assumption::Positive) => self.symbol(name),
            _ => Err(Refusal::Unsupported(format!("`{name}` is not a real variable to differentiate by"))),
        }
    }

    /// The partial derivative by a variable.
    pub(super) fn derivative(&mut self, e: &Element, v: Generator) -> Read<Element> {
        let e = self.reduce(e)?;
        let above = self.derivative_of_polynomial(&e.numerator, v)?;
        let under = Element { numerator: Polynomial::one(), scale: e.scale.clone(), factors: e.factors.clone() };
        let mut sum = self.mul(&above, &under)?;
        for (factor, power) in &e.factors {
            let change = self.derivative_of_polynomial(factor, v)?;
            if !change.numerator.is_zero() {
                let inverse = Element {
                    numerator: Polynomial::constant(Int::from(-i64::from(*power))),
                    scale: Int::ONE,
                    factors: vec![(factor.clone(), 1)],
                };
                let term = self.mul(&self.mul(&e, &inverse)?, &change)?;
                sum = self.add(&sum, &term)?;
            }
        }
        Ok(sum)
    }

    /// The derivative of `p^(m−1)` is read as `(m−1) p^(m−1) p'/p`. As long as `p` cancels, what is differentiated was
    /// made of whole powers above zero, and the rule holds at `p = 0` too; elsewhere it is left out.
    fn demand_powers_smooth(&mut self, p: &Polynomial, change: &Element, v: Generator) -> Read<()> {
        let divided = change.factors.iter().any(|(f, _)| self.sign_of_polynomial(f).may_be(Sign::ZERO));
        for g in if divided { p.generators() } else { Vec::new() } {
            let Kind::Power { of, .. } = self.kind(g).clone() else { continue };
            if !self.derivative_of_polynomial(&of, v)?.numerator.is_zero() {
                let of = Element::polynomial((*of).clone());
                let text = self.text(&of);
                self.demand_away_from_zero(&of, &|| text.clone())?;
            }
        }
        Ok(())
    }

    fn derivative_of_polynomial(&mut self, p: &Polynomial, v: Generator) -> Read<Element> {
        let mut sum = Element::zero();
        for g in p.generators() {
            let change = self.derivative_of_generator(g, v)?;
            if !change.numerator.is_zero() {
                let term = self.mul(&Element::polynomial(p.derivative(g)), &change)?;
                sum = self.add(&sum, &term)?;
            }
        }
        self.demand_powers_smooth(p, &sum, v)?;
        Ok(sum)
    }

    fn derivative_of_generator(&mut self, g: Generator, v: Generator) -> Read<Element> {
        if g == v {
            return Ok(Element::one());
        }
        if let Some(known) = self.derivatives.get(&(g, v)) {
            return Ok(known.clone());
        }
        let own = Element::generator(g);
        let change = match self.kind(g).clone() {
            // Signs do not change where they are not zero.
            Kind::Symbol(_) | Kind::Pi | Kind::Alternating(_) | Kind::Side { .. } => Element::zero(),
            Kind::Function { name, orders, arguments } => {
                let mut sum = Element::zero();
                for (i, argument) in arguments.iter().enumerate() {
                    let inner = self.derivative(argument, v)?;
                    if !inner.numerator.is_zero() {
                        let mut orders = orders.clone();
                        orders[i] += 1;
                        let outer = self.function(&name, &orders, &arguments)?;
                        sum = self.add(&sum, &self.mul(&outer, &inner)?)?;
                    }
                }
                sum
            }
            Kind::Exp(t) => {
                let inner = self.derivative(&t, v)?;
                self.mul(&own, &inner)?
            }
            Kind::Ln(p) => self.logarithmic(&p, v)?,
            Kind::Root { of, index } => {
                let change = self.derivative_of_polynomial(&of, v)?;
                if change.numerator.is_zero() {
                    change
                } else {
                    let of = Element::polynomial((*of).clone());
                    if self.sign(&of).may_be(Sign::ZERO) {
                        self.demand_smooth(&of, &change, index)?;
                    }
                    let slope = self.div(&self.mul(&own, &change)?, &of)?;
                    self.mul(&slope, &Element::ratio(1, i64::from(index)))?
                }
            }
            Kind::Power { of, exponent } => {
                let change = self.derivative_of_polynomial(&of, v)?;
                if change.numerator.is_zero() {
                    change
                } else {
                    let of = Element::polynomial((*of).clone());
                    let slope = self.div(&self.mul(&own, &change)?, &of)?;
                    self.mul(&slope, &less_one(&exponent))?
                }
            }
            Kind::Cos(t) => {
                let (_, sin) = self.turn(&t)?;
                let inner = self.derivative(&t, v)?;
                self.mul(&sin, &inner)?.neg()
            }
            Kind::Sin(t) => {
                let (cos, _) = self.turn(&t)?;
                let inner = self.derivative(&t, v)?;
                self.mul(&cos, &inner)?
            }
            Kind::Atan(t) => {
                let inner = self.derivative(&t, v)?;
                let under = self.add(&Element::one(), &self.powi(&t, 2)?)?;
                self.div(&inner, &under)?
            }
        };
        self.derivatives.insert((g, v), change.clone());
        Ok(change)
    }

    /// `p'/p`
    fn logarithmic(&mut self, p: &Polynomial, v: Generator) -> Read<Element> {
        let change = self.derivative_of_polynomial(p, v)?;
        self.div(&change, &Element::polynomial(p.clone()))
    }
}
