//! From term to element: each node by its rule, with what it demands.

use super::element::Element;
use super::tower::{Read, Refusal, Tower};
use crate::expr::{Expr, Function, Node};

/// Highest order of a derivative.
const HIGHEST_ORDER: u32 = 16;

impl Tower {
    /// The element of a term: it has the value of the term wherever the term is defined.
    ///
    /// What the term demands to be defined is on record afterwards, also what cancels.
    ///
    /// # Errors
    /// Terms that are defined nowhere, that the kernel has no rule for, or that grow too large.
    pub(super) fn read(&mut self, term: &Expr) -> Read<Element> {
        // Children first, without recursion: terms may be deep.
        let mut pending = vec![(term.clone(), false)];
        while let Some((e, ready)) = pending.pop() {
            if self.read.contains_key(&e) {
                continue;
            }
            if ready {
                let element = self.read_node(&e)?;
                self.read.insert(e, element);
            } else {
                let children = e.children();
                pending.push((e, true));
                pending.extend(children.into_iter().rev().map(|c| (c, false)));
            }
        }
        self.known(term)
    }

    fn known(&self, e: &Expr) -> Read<Element> {
        match self.read.get(e) {
            Some(element) => self.reduce(element),
            None => Err(Refusal::Unsupported("a part of a term was not read".into())),
        }
    }

    fn read_node(&mut self, e: &Expr) -> Read<Element> {
        self.budget.spend(1)?;
        match e.node() {
            Node::Number(n) => Ok(Element::rational(n)),
            Node::Pi => Ok(Element::generator(self.pi()?)),
            Node::Symbol(name) => Ok(Element::generator(self.symbol(name)?)),
            Node::Sum(terms) => {
                let mut sum = Element::zero();
                for term in terms {
                    sum = self.add(&sum, &self.known(term)?)?;
                }
                Ok(sum)
            }
            Node::Product(factors) => {
                let mut product = Element::one();
                for factor in factors {
                    product = self.mul(&product, &self.known(factor)?)?;
                }
                Ok(product)
            }
            Node::Negative(a) => Ok(self.known(a)?.neg()),
            Node::Quotient(a, b) => {
                let (above, below) = (self.known(a)?, self.known(b)?);
                self.demand_nonzero(&below, &|| shortened(b))?;
                self.div(&above, &below)
            }
            Node::Power(a, b) => {
                let (base, exponent) = (self.known(a)?, self.known(b)?);
                self.power(&base, &exponent, &|| shortened(a))
            }
            Node::Call(function, a) => {
                let inner = self.known(a)?;
                self.call(*function, &inner, a)
            }
            Node::Apply { function, orders, arguments } => {
                let arguments = arguments.iter().map(|a| self.known(a)).collect::<Read<Vec<_>>>()?;
                self.function(function, orders, &arguments)
            }
            Node::Derivative { of, variable, order } => {
                let v = self.variable(variable)?;
                if *order > HIGHEST_ORDER {
                    return Err(Refusal::TooLarge);
                }
                let mut element = self.known(of)?;
                for _ in 0..*order {
                    element = self.derivative(&element, v)?;
                }
                Ok(element)
            }
        }
    }

    fn call(&mut self, function: Function, t: &Element, written: &Expr) -> Read<Element> {
        match function {
            Function::Exp => self.exp(t),
            Function::Ln => {
                self.demand_positive(t, &|| shortened(written))?;
                self.ln(t)
            }
            Function::Sqrt => {
                self.demand_nonnegative(t, &|| shortened(written))?;
                self.sqrt(t)
            }
            Function::Abs => self.abs(t),
            Function::Sin => Ok(self.turn(t)?.1),
            Function::Cos => Ok(self.turn(t)?.0),
            Function::Tan => {
                let (cos, sin) = self.turn(t)?;
                self.demand_nonzero(&cos, &|| format!("cos({})", shortened(written)))?;
                self.div(&sin, &cos)
            }
            Function::Atan => self.atan(t),
            Function::Sinh | Function::Cosh | Function::Tanh => {
                let up = self.exp(t)?;
                let down = self.div(&Element::one(), &up)?;
                let (sum, difference) = (self.add(&up, &down)?, self.sub(&up, &down)?);
                match function {
                    Function::Sinh => self.mul(&difference, &Element::ratio(1, 2)),
                    Function::Cosh => self.mul(&sum, &Element::ratio(1, 2)),
                    // The sum of two exponentials is above zero.
                    _ => self.div(&difference, &sum),
                }
            }
        }
    }
}

/// A term as text, not longer than a line.
pub(super) fn shortened(e: &Expr) -> String {
    let text = e.to_string();
    if text.chars().count() <= 120 { text } else { text.chars().take(117).chain("...".chars()).collect() }
}
