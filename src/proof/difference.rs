//! `larger − smaller` with its variables: symbols, values of uninterpreted functions, and other terms that stand for
//! any number in their span.

use super::claim::{Assumption, Range};
use super::enclose::Place;
use super::span::{Span, Variable};
use super::value::{Open, Value};
use crate::expr::{Expr, Node};
use crate::num::enclosure::Undefined;
use crate::num::rational::Rational;
use num_traits::{One, Zero};
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// Bits of the enclosures.
const BITS: u32 = 64;

/// `Σ plus − Σ minus`, where the terms `defined` must be defined too.
pub(super) struct Difference {
    pub(super) plus: Vec<Expr>,
    pub(super) minus: Vec<Expr>,
    pub(super) defined: Vec<Expr>,
    naturals: BTreeSet<String>,
}

impl Difference {
    pub(super) fn of(smaller: &Expr, larger: &Expr, naturals: BTreeSet<String>) -> Difference {
        let parts = |side: &Expr| match side.node() {
            Node::Sum(terms) => terms.clone(),
            _ => vec![side.clone()],
        };
        let (mut plus, mut minus) = (parts(larger), parts(smaller));
        let mut defined = Vec::new();
        // A summand of both sides only has to be defined.
        plus.retain(|term| match minus.iter().position(|other| other == term) {
            Some(at) => {
                defined.push(minus.swap_remove(at));
                false
            }
            None => true,
        });
        let mut difference = Difference { plus, minus, defined, naturals };
        // The value of an uninterpreted function may be any, but only where its arguments have values.
        let arguments = difference.arguments();
        difference.defined.extend(arguments);
        difference
    }

    /// Arguments of uninterpreted functions that are more than a symbol.
    fn arguments(&self) -> Vec<Expr> {
        let mut arguments = Vec::new();
        let mut seen = HashSet::new();
        let mut pending: Vec<Expr> = self.terms().cloned().collect();
        while let Some(e) = pending.pop() {
            if !seen.insert(e.clone()) {
                continue;
            }
            let below = e.children();
            if let Node::Apply { .. } = e.node() {
                arguments.extend(below.iter().filter(|a| !matches!(a.node(), Node::Symbol(_))).cloned());
            }
            pending.extend(below);
        }
        arguments
    }

    pub(super) fn terms(&self) -> impl Iterator<Item = &Expr> {
        self.plus.iter().chain(&self.minus).chain(&self.defined)
    }

    /// Symbols, and values of uninterpreted functions, with their spans.
    pub(super) fn variables(
        &self,
        known: &BTreeMap<&str, &Assumption>,
        over: &BTreeMap<String, Range>,
    ) -> Result<Vec<Variable>, String> {
        let mut variables = Vec::new();
        let mut seen = HashSet::new();
        let mut pending: Vec<Expr> = self.terms().cloned().collect();
        while let Some(e) = pending.pop() {
            if !seen.insert(e.clone()) {
                continue;
            }
            match e.node() {
                Node::Symbol(name) => {
                    let range = over.get(&**name).cloned().unwrap_or((None, None));
                    let span = match known.get(&**name) {
                        Some(Assumption::Real) => Span::open(range.0, range.1),
                        Some(Assumption::Positive) => Span::open(Some(at_least(range.0, Rational::zero())), range.1),
                        Some(Assumption::Natural) => naturals_in(&range),
                        _ => return Err(format!("nothing is known of {name}")),
                    };
                    variables.push(Variable { term: e.clone(), span });
                }
                Node::Apply { function, orders, .. } => {
                    let positive = matches!(known.get(&**function), Some(Assumption::PositiveFunction(_)));
                    let floor = (positive && orders.iter().all(|n| *n == 0)).then(Rational::zero);
                    variables.push(Variable { term: e.clone(), span: Span::open(floor, None) });
                }
                // The derivative of an uninterpreted function of plain symbols may be any number.
                Node::Derivative { of, .. } if is_plain(of) => {
                    variables.push(Variable { term: e.clone(), span: Span::open(None, None) });
                    continue;
                }
                _ => {}
            }
            pending.extend(e.children());
        }
        variables.sort_by_cached_key(|v| v.term.to_string());
        Ok(variables)
    }

    /// The same with one term under a function, such as the `a*x` of `exp(a*x)`, as a variable of its own.
    pub(super) fn relaxations(&self, variables: &[Variable]) -> Vec<Vec<Variable>> {
        let mut terms: Vec<Expr> = Vec::new();
        let mut seen = HashSet::new();
        let mut pending: Vec<Expr> = self.terms().cloned().collect();
        while let Some(e) = pending.pop() {
            if !seen.insert(e.clone()) {
                continue;
            }
            if let Node::Call(_, a) = e.node() {
                // The `a*x` of `exp(-a*x)`.
                let a = if let Node::Negative(inner) = a.node() { inner } else { a };
                let plain = matches!(a.node(), Node::Number(_) | Node::Pi | Node::Symbol(_) | Node::Apply { .. });
                if !plain && !terms.contains(a) {
                    terms.push(a.clone());
                }
            }
            pending.extend(e.children());
        }
        terms.sort_by_cached_key(|t| t.to_string());
        let mut relaxed = Vec::new();
        for term in terms.into_iter().take(4) {
            let value = self.at(variables, |place| place.values(&[&term]).pop());
            let Some(Ok(value)) = value else { continue };
            let Some(span) = Span::around(&value) else { continue };
            let mut more = vec![Variable { term: term.clone(), span }];
            // Symbols that are left only inside it no longer count.
            more.extend(variables.iter().filter(|v| self.depends_on(&v.term, &term)).cloned());
            relaxed.push(more);
        }
        relaxed
    }

    /// Whether `variable` occurs outside of `hidden`.
    fn depends_on(&self, variable: &Expr, hidden: &Expr) -> bool {
        let mut seen = HashSet::new();
        let mut pending: Vec<Expr> = self.terms().cloned().collect();
        while let Some(e) = pending.pop() {
            if e == *variable {
                return true;
            }
            if e != *hidden && seen.insert(e.clone()) {
                pending.extend(e.children());
            }
        }
        false
    }

    pub(super) fn at<T>(&self, variables: &[Variable], f: impl FnOnce(&Place<'_>) -> T) -> T {
        let (mut symbols, mut atoms) = (BTreeMap::new(), Vec::new());
        for variable in variables {
            let value = variable.span.value(BITS);
            match variable.term.node() {
                Node::Symbol(name) => {
                    symbols.insert(name.to_string(), value);
                }
                _ => atoms.push((variable.term.clone(), value)),
            }
        }
        let functions = BTreeMap::new();
        f(&Place { symbols: &symbols, functions: &functions, naturals: &self.naturals, atoms: &atoms, bits: BITS })
    }

    /// The difference over a box.
    pub(super) fn value(&self, variables: &[Variable]) -> Result<Value, Undefined> {
        let terms: Vec<&Expr> = self.terms().collect();
        let values = self.at(variables, |place| place.values(&terms));
        let mut sum = Value::whole(0);
        for (index, value) in values.into_iter().enumerate() {
            let value = value?;
            if index < self.plus.len() {
                sum = sum.plus(&value, BITS);
            } else if index < self.plus.len() + self.minus.len() {
                sum = sum.plus(&value.negative(), BITS);
            }
        }
        Ok(sum)
    }

    /// Derivatives by one variable over a box, orders 0 to `highest`.
    pub(super) fn derivatives(&self, variables: &[Variable], by: usize, highest: u32) -> Option<Vec<Value>> {
        let parts = [&self.plus[..], &self.minus[..], &self.defined[..]];
        self.at(variables, |place| place.derivatives(parts, &variables[by].term, highest)).ok()
    }
}

/// Whether the term is an uninterpreted function of symbols, each its own.
fn is_plain(term: &Expr) -> bool {
    let Node::Apply { arguments, .. } = term.node() else { return false };
    arguments.iter().all(|a| matches!(a.node(), Node::Symbol(_)))
}

fn at_least(lower: Option<Rational>, floor: Rational) -> Rational {
    lower.map_or(floor.clone(), |a| a.max(floor))
}

/// From the first to the last natural number of a range, and all between.
fn naturals_in((lower, upper): &Range) -> Span {
    let one = Rational::one();
    let first = lower.as_ref().map_or(one.clone(), |a| (a.floor() + &one).max(one.clone()));
    Span { lower: Some(first), upper: upper.as_ref().map(|b| b.ceil() - one), open: Open::default() }
}
