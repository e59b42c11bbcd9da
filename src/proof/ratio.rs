//! Terms as quotients of polynomials in symbols and in parts that are not rational, each standing for any number in its
//! span; with derivatives, of which the parts' own are again such quotients.

use super::enclose::Place;
use super::orthant::{Polynomial, is_positive};
use super::parts::derivative_of_part;
use super::span::{Span, Variable};
use crate::expr::{Expr, Function, Node};
use crate::num::rational::Rational;
use num_traits::{One, Signed, ToPrimitive};
use std::collections::{HashMap, HashSet};

/// Largest whole exponent that is written out.
const LARGEST_EXPONENT: u32 = 24;
/// Most variables, parts that are not rational among them.
const MOST_VARIABLES: usize = 14;

/// `over / under`, where `under` has one sign on the whole box.
#[derive(Clone, Debug)]
pub(super) struct Ratio {
    pub(super) over: Polynomial,
    pub(super) under: Polynomial,
    pub(super) positive: bool,
}

/// Reads terms on a box; variables are added as they are met.
pub(super) struct Reader<'a> {
    place: &'a Place<'a>,
    pub(super) variables: Vec<Variable>,
    /// How many of the variables are there from the start, each free in its span.
    pub(super) free: usize,
    /// Square roots among the variables, with what they are roots of.
    pub(super) roots: Vec<(usize, Polynomial)>,
    known: HashMap<Expr, Ratio>,
    pub(super) budget: usize,
}

impl Ratio {
    pub(super) fn of(over: Polynomial) -> Ratio {
        Ratio { over, under: Polynomial::constant(Rational::one()), positive: true }
    }

    pub(super) fn whole(n: i64) -> Ratio {
        Ratio::of(Polynomial::constant(Rational::from_integer(n.into())))
    }

    pub(super) fn is_zero(&self) -> bool {
        self.over.0.is_empty()
    }

    /// A polynomial with its sign.
    pub(super) fn signed(&self) -> Polynomial {
        if self.positive { self.over.clone() } else { self.over.negative() }
    }

    pub(super) fn negative(&self) -> Ratio {
        Ratio { over: self.over.negative(), ..self.clone() }
    }

    pub(super) fn plus(&self, other: &Ratio) -> Option<Ratio> {
        if self.is_zero() {
            return Some(other.clone());
        }
        if other.is_zero() {
            return Some(self.clone());
        }
        if self.under == other.under && self.positive == other.positive {
            return Some(Ratio { over: self.over.plus(&other.over), ..self.clone() });
        }
        Some(Ratio {
            over: self.over.times(&other.under)?.plus(&other.over.times(&self.under)?),
            under: self.under.times(&other.under)?,
            positive: self.positive == other.positive,
        })
    }

    pub(super) fn times(&self, other: &Ratio) -> Option<Ratio> {
        Some(Ratio {
            over: self.over.times(&other.over)?,
            under: self.under.times(&other.under)?,
            positive: self.positive == other.positive,
        })
    }

    pub(super) fn power(&self, n: u32) -> Option<Ratio> {
        Some(Ratio {
            over: self.over.power(n)?,
            under: self.under.power(n)?,
            positive: self.positive || n.is_multiple_of(2),
        })
    }
}

impl<'a> Reader<'a> {
    pub(super) fn new(variables: &[Variable], place: &'a Place<'a>, budget: usize) -> Reader<'a> {
        let known = variables.iter().enumerate();
        Reader {
            place,
            variables: variables.to_vec(),
            free: variables.len(),
            roots: Vec::new(),
            known: known.map(|(index, v)| (v.term.clone(), Ratio::of(Polynomial::variable(index)))).collect(),
            budget,
        }
    }

    /// A polynomial with the sign of `Σ plus − Σ minus` on the box, on which all terms, `defined` too, are defined.
    pub(super) fn difference(&mut self, [plus, minus, defined]: [&[Expr]; 3]) -> Option<Polynomial> {
        let mut sum = Ratio::whole(0);
        for term in defined {
            self.read(term)?;
        }
        for term in plus {
            sum = sum.plus(&self.read(term)?)?;
        }
        for term in minus {
            sum = sum.plus(&self.read(term)?.negative())?;
        }
        Some(sum.signed())
    }

    /// Whether `p > 0` on the box.
    pub(super) fn is_positive(&mut self, p: &Polynomial) -> bool {
        let spans: Vec<Span> = self.variables.iter().map(|v| v.span.clone()).collect();
        self.is_positive_on(p, &spans)
    }

    /// Whether `p > 0` where each variable is in its span: as it stands, or with one square root moved to the other
    /// side: `P + Q√B > 0` where `P > 0` and `P² > Q² B`, and where `Q > 0` and `Q² B > P²`.
    pub(super) fn is_positive_on(&mut self, p: &Polynomial, spans: &[Span]) -> bool {
        if is_positive(p, spans, &mut self.budget) {
            return true;
        }
        for (root, radicand) in self.roots.clone() {
            let Some((even, odd)) = p.split_by_root(root, &radicand) else { continue };
            if odd.0.is_empty() {
                continue;
            }
            let squares = (even.times(&even), odd.times(&odd).and_then(|q| q.times(&radicand)));
            let (Some(even_square), Some(odd_square)) = squares else { continue };
            let apart = even_square.plus(&odd_square.negative());
            if is_positive(&even, spans, &mut self.budget) && is_positive(&apart, spans, &mut self.budget) {
                return true;
            }
            if is_positive(&odd, spans, &mut self.budget) && is_positive(&apart.negative(), spans, &mut self.budget) {
                return true;
            }
        }
        false
    }

    pub(super) fn inverse(&mut self, a: &Ratio) -> Option<Ratio> {
        let positive = match self.is_positive(&a.over) {
            true => true,
            false if self.is_positive(&a.over.negative()) => false,
            false => return None,
        };
        // 1/(p/q) has the numerator q, which has no zero either.
        Some(Ratio { over: a.under.clone(), under: a.over.clone(), positive })
    }

    pub(super) fn read(&mut self, term: &Expr) -> Option<Ratio> {
        if let Some(known) = self.known.get(term) {
            return Some(known.clone());
        }
        let read = self.fresh(term)?;
        self.known.insert(term.clone(), read.clone());
        Some(read)
    }

    fn fresh(&mut self, term: &Expr) -> Option<Ratio> {
        match term.node() {
            Node::Number(value) => Some(Ratio::of(Polynomial::constant(value.clone()))),
            Node::Sum(parts) => {
                let mut sum = Ratio::whole(0);
                for part in parts {
                    sum = sum.plus(&self.read(part)?)?;
                }
                Some(sum)
            }
            Node::Product(parts) => {
                let mut product = Ratio::whole(1);
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
                _ => self.part(term),
            },
            // π/2 times a number between −1 and 1: so it can be held against π.
            Node::Call(Function::Atan, _) => {
                let quarter = Expr::product([Expr::integer(2), term.clone()]) / Expr::pi();
                let pi = self.read(&Expr::pi())?;
                let half = Ratio::of(Polynomial::constant(Rational::new(1.into(), 2.into())));
                let index = self.variables.len();
                let own = self.part(&quarter)?;
                let one = || Some(Rational::one());
                self.variables[index].span =
                    self.variables[index].span.within(&Span::open(one().map(|v| -v), one()))?;
                self.known.insert(quarter, own.clone());
                own.times(&pi)?.times(&half)
            }
            Node::Call(Function::Sqrt, a) => {
                let radicand = self.read(a)?;
                let index = self.variables.len();
                let own = self.part(term)?;
                if radicand.under == Polynomial::constant(Rational::one()) && radicand.positive {
                    self.roots.push((index, radicand.over));
                }
                Some(own)
            }
            Node::Derivative { of, variable, order } => {
                let by = self.variables[..self.free]
                    .iter()
                    .position(|v| matches!(v.term.node(), Node::Symbol(name) if name == variable))?;
                // A variable that stands for a term with the symbol in it would not be held.
                let moved = |v: &Variable| !matches!(v.term.node(), Node::Symbol(_)) && v.term.contains(variable);
                if self.variables[..self.free].iter().any(|v| moved(v) && occurs(&v.term, of)) {
                    return None;
                }
                let mut value = self.read(of)?;
                for _ in 0..*order {
                    value = self.derivative(&value, by)?;
                }
                Some(value)
            }
            _ => self.part(term),
        }
    }

    /// A part that is not rational, defined on the whole box: any number that its enclosure allows.
    fn part(&mut self, term: &Expr) -> Option<Ratio> {
        if self.variables.len() >= MOST_VARIABLES {
            return None;
        }
        let value = self.place.values(&[term]).pop()?.ok()?;
        self.variables.push(Variable { term: term.clone(), span: Span::around(&value)? });
        Some(Ratio::of(Polynomial::variable(self.variables.len() - 1)))
    }

    /// The derivative by a free variable, all other free ones held.
    pub(super) fn derivative(&mut self, a: &Ratio, by: usize) -> Option<Ratio> {
        let over = self.derivative_of(&a.over, by)?;
        if a.under.0.keys().all(Vec::is_empty) {
            return Ratio { over: Polynomial::constant(Rational::one()), ..a.clone() }.times(&over);
        }
        let under = self.derivative_of(&a.under, by)?;
        let (p, q) = (Ratio::of(a.over.clone()), Ratio::of(a.under.clone()));
        let top = over.times(&q)?.plus(&p.times(&under)?.negative())?;
        let square = a.under.times(&a.under)?;
        top.times(&Ratio { over: Polynomial::constant(Rational::one()), under: square, positive: true })
    }

    /// `Σ ∂p/∂X_i · X_i'`
    pub(super) fn derivative_of(&mut self, p: &Polynomial, by: usize) -> Option<Ratio> {
        let mut sum = Ratio::whole(0);
        for index in p.variables() {
            let own = if index < self.free {
                Ratio::whole(i64::from(index == by))
            } else {
                derivative_of_part(self, index, by)?
            };
            if !own.is_zero() {
                sum = sum.plus(&Ratio::of(p.derivative(index)).times(&own)?)?;
            }
        }
        Some(sum)
    }

    /// Spans of all variables where the free ones are in the given ones; `None` where a part is not defined there.
    pub(super) fn spans_on(&self, free: &[Span], place: &Place<'_>) -> Option<Vec<Span>> {
        let parts: Vec<&Expr> = self.variables[self.free..].iter().map(|v| &v.term).collect();
        let mut spans = free.to_vec();
        for (value, variable) in place.values(&parts).into_iter().zip(&self.variables[self.free..]) {
            let value = value.ok()?;
            let found = Span::around(&value)?;
            // An angle is within (−π/2, π/2) wherever it is taken; other parts may reach the ends of what they are inside.
            spans.push(match variable.term.node() {
                Node::Quotient(..) => found.within(&unit()).unwrap_or(found),
                _ => found,
            });
        }
        Some(spans)
    }
}

/// (−1, 1)
fn unit() -> Span {
    Span::open(Some(-Rational::one()), Some(Rational::one()))
}

/// Whether `part` occurs in `term`.
fn occurs(part: &Expr, term: &Expr) -> bool {
    let mut seen = HashSet::new();
    let mut pending = vec![term.clone()];
    while let Some(e) = pending.pop() {
        if e == *part {
            return true;
        }
        if seen.insert(e.clone()) {
            pending.extend(e.children());
        }
    }
    false
}
