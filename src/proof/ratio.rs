//! Terms as quotients of polynomials in symbols and in parts that are not rational, each standing for any number in its
//! span.

use super::enclose::Place;
use super::orthant::{Polynomial, is_positive};
use super::span::{Span, Variable};
use crate::expr::{Expr, Node};
use crate::num::rational::Rational;
use num_traits::{One, Signed, ToPrimitive};

/// Largest whole exponent that is written out.
const LARGEST_EXPONENT: u32 = 24;

/// `over / under`, where `under` has the sign `sign` on the whole box.
#[derive(Clone)]
struct Ratio {
    over: Polynomial,
    under: Polynomial,
    positive: bool,
}

/// Reads terms; variables are added as they are met.
struct Reader<'a> {
    place: &'a Place<'a>,
    variables: Vec<Variable>,
    budget: &'a mut usize,
}

/// Whether `Σ plus − Σ minus > 0` on the box as a rational term; `None` where it could not be shown.
///
/// Every denominator is shown to keep its sign, every other part to be defined. Returned are the variables it was shown
/// in, of which parts that are not rational are some.
pub(super) fn shown_positive(
    [plus, minus, defined]: [&[Expr]; 3],
    variables: &[Variable],
    place: &Place<'_>,
    budget: &mut usize,
) -> Option<Vec<Variable>> {
    let mut reader = Reader { place, variables: variables.to_vec(), budget };
    let mut sum = Ratio::of(Polynomial::constant(Rational::from_integer(0.into())));
    for term in defined {
        reader.read(term)?;
    }
    for term in plus {
        sum = sum.plus(&reader.read(term)?)?;
    }
    for term in minus {
        sum = sum.plus(&reader.read(term)?.negative())?;
    }
    let over = if sum.positive { sum.over } else { sum.over.negative() };
    reader.is_positive(&over).then_some(reader.variables)
}

impl Ratio {
    fn of(over: Polynomial) -> Ratio {
        Ratio { over, under: Polynomial::constant(Rational::one()), positive: true }
    }

    fn negative(&self) -> Ratio {
        Ratio { over: self.over.negative(), ..self.clone() }
    }

    fn plus(&self, other: &Ratio) -> Option<Ratio> {
        if self.under == other.under && self.positive == other.positive {
            return Some(Ratio { over: self.over.plus(&other.over), ..self.clone() });
        }
        Some(Ratio {
            over: self.over.times(&other.under)?.plus(&other.over.times(&self.under)?),
            under: self.under.times(&other.under)?,
            positive: self.positive == other.positive,
        })
    }

    fn times(&self, other: &Ratio) -> Option<Ratio> {
        Some(Ratio {
            over: self.over.times(&other.over)?,
            under: self.under.times(&other.under)?,
            positive: self.positive == other.positive,
        })
    }

    fn power(&self, n: u32) -> Option<Ratio> {
        Some(Ratio {
            over: self.over.power(n)?,
            under: self.under.power(n)?,
            positive: self.positive || n.is_multiple_of(2),
        })
    }
}

impl Reader<'_> {
    fn is_positive(&mut self, p: &Polynomial) -> bool {
        let spans: Vec<Span> = self.variables.iter().map(|v| v.span.clone()).collect();
        is_positive(p, &spans, self.budget)
    }

    fn inverse(&mut self, a: &Ratio) -> Option<Ratio> {
        let positive = match self.is_positive(&a.over) {
            true => true,
            false if self.is_positive(&a.over.negative()) => false,
            false => return None,
        };
        // 1/(p/q) has the numerator q, which has no zero either.
        Some(Ratio { over: a.under.clone(), under: a.over.clone(), positive })
    }

    fn read(&mut self, term: &Expr) -> Option<Ratio> {
        if let Some(index) = self.variables.iter().position(|v| v.term == *term) {
            return Some(Ratio::of(Polynomial::variable(index)));
        }
        match term.node() {
            Node::Number(value) => Some(Ratio::of(Polynomial::constant(value.clone()))),
            Node::Sum(parts) => {
                let mut sum = Ratio::of(Polynomial::constant(Rational::from_integer(0.into())));
                for part in parts {
                    sum = sum.plus(&self.read(part)?)?;
                }
                Some(sum)
            }
            Node::Product(parts) => {
                let mut product = Ratio::of(Polynomial::constant(Rational::one()));
                for part in parts {
                    product = product.times(&self.read(part)?)?;
                }
                Some(product)
            }
            Node::Negative(a) => Some(self.read(a)?.negative()),
            Node::Quotient(a, b) => {
                let (a, b) = (self.read(a)?, self.read(b)?);
                a.times(&self.inverse(&b)?)
            }
            Node::Power(a, b) => match b.as_number().filter(Rational::is_integer) {
                Some(n) if n.is_positive() || n.is_negative() => {
                    let size = n.numer().magnitude().to_u32().filter(|n| *n <= LARGEST_EXPONENT)?;
                    let a = self.read(a)?;
                    if n.is_positive() { a.power(size) } else { self.inverse(&a)?.power(size) }
                }
                _ => self.opaque(term),
            },
            _ => self.opaque(term),
        }
    }

    /// A part that is not rational, defined on the whole box: any number that its enclosure allows.
    fn opaque(&mut self, term: &Expr) -> Option<Ratio> {
        if self.variables.len() >= 12 {
            return None;
        }
        let value = self.place.values(&[term]).pop()?.ok()?;
        self.variables.push(Variable { term: term.clone(), span: Span::around(&value)? });
        Some(Ratio::of(Polynomial::variable(self.variables.len() - 1)))
    }
}
