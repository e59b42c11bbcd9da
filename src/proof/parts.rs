//! Derivatives of the parts of a term that are not rational, as quotients of polynomials in them.
//!
//! Every rule is the textbook's. Where a part is defined on the box it is differentiable there, but for the root of
//! zero, which the division by the root itself excludes, and the absolute value, which has no rule.

use super::ratio::{Ratio, Reader};
use crate::expr::{Expr, Function, Node};
use crate::num::rational::Rational;

/// The derivative of variable number `index`, a part that is not rational, by the free variable number `by`.
pub(super) fn derivative_of_part(reader: &mut Reader<'_>, index: usize, by: usize) -> Option<Ratio> {
    let term = reader.variables[index].term.clone();
    let own = Ratio::of(super::orthant::Polynomial::variable(index));
    match term.node() {
        Node::Pi => Some(Ratio::whole(0)),
        Node::Call(function, a) => {
            let inner = reader.read(a)?;
            let slope = reader.derivative(&inner, by)?;
            if slope.is_zero() {
                return Some(slope);
            }
            let one = Ratio::whole(1);
            let outer = match function {
                Function::Exp => own,
                Function::Ln => reader.inverse(&inner)?,
                Function::Sqrt => reader.inverse(&own.times(&Ratio::whole(2))?)?,
                Function::Sin => reader.read(&a.call(Function::Cos))?,
                Function::Cos => reader.read(&a.call(Function::Sin))?.negative(),
                Function::Sinh => reader.read(&a.call(Function::Cosh))?,
                Function::Cosh => reader.read(&a.call(Function::Sinh))?,
                Function::Tan => one.plus(&own.power(2)?)?,
                Function::Tanh => one.plus(&own.power(2)?.negative())?,
                Function::Atan | Function::Abs => return None,
            };
            slope.times(&outer)
        }
        // A base that is not positive has no value here.
        Node::Power(a, p) => {
            let (base, exponent) = (reader.read(a)?, reader.read(p)?);
            let (down, up) = (reader.derivative(&base, by)?, reader.derivative(&exponent, by)?);
            let mut sum = Ratio::whole(0);
            if !down.is_zero() {
                sum = exponent.times(&down)?.times(&reader.inverse(&base)?)?;
            }
            if !up.is_zero() {
                sum = sum.plus(&up.times(&reader.read(&a.call(Function::Ln))?)?)?;
            }
            sum.times(&own)
        }
        // 2 atan(u)/π, as it is read.
        Node::Quotient(..) => {
            let argument = angle(&term)?;
            let inner = reader.read(&argument)?;
            let slope = reader.derivative(&inner, by)?;
            let under = Ratio::whole(1).plus(&inner.power(2)?)?;
            let under = reader.read(&Expr::pi())?.times(&under)?;
            slope.times(&Ratio::whole(2))?.times(&reader.inverse(&under)?)
        }
        _ => None,
    }
}

/// The `u` of `2 atan(u)/π`.
fn angle(term: &Expr) -> Option<Expr> {
    let Node::Quotient(over, under) = term.node() else { return None };
    let (Node::Product(factors), Node::Pi) = (over.node(), under.node()) else { return None };
    match factors.as_slice() {
        [two, atan] if two.as_number() == Some(Rational::from_integer(2.into())) => match atan.node() {
            Node::Call(Function::Atan, u) => Some(u.clone()),
            _ => None,
        },
        _ => None,
    }
}
