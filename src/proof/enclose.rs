//! The value of a term where its symbols have given values and its uninterpreted functions are given terms.
//!
//! The term is taken as written: a part that is not defined makes the whole undefined, a derivative is defined where
//! what it is taken of is smooth. `x^p` needs `x > 0` unless `p` is a whole number whatever its symbols are: where `p`
//! only happens to be whole, the power has no value here, so that no answer hangs on how that is read.

use super::jet::{Jet, Shape};
use super::value::Value;
use crate::expr::{Expr, Node};
use crate::num::enclosure::{Enclosure, Undefined};
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// Most coefficients that one evaluation may write.
const MOST_WORK: usize = 200_000;

/// A concrete function in place of an uninterpreted one.
#[derive(Clone, Debug)]
pub(super) struct Concrete {
    /// Its arguments.
    pub(super) parameters: Vec<String>,
    /// Its value, a term in them.
    pub(super) body: Expr,
}

/// Values of symbols and functions, and the precision of what is computed from them.
pub(super) struct Place<'a> {
    pub(super) symbols: &'a BTreeMap<String, Value>,
    pub(super) functions: &'a BTreeMap<String, Concrete>,
    /// Symbols that stand for natural numbers.
    pub(super) naturals: &'a BTreeSet<String>,
    /// Terms with a value of their own, whatever they are made of; a derivative as written does not look at them.
    pub(super) atoms: &'a [(Expr, Value)],
    pub(super) bits: u32,
}

/// One set of directions, with the symbols' Taylor polynomials in them and what is known already.
struct Frame {
    shape: Shape,
    symbols: HashMap<String, Jet>,
    atoms: Vec<(Expr, Jet)>,
    known: HashMap<Expr, Result<Jet, Undefined>>,
}

struct Walk<'a> {
    functions: &'a BTreeMap<String, Concrete>,
    naturals: &'a BTreeSet<String>,
    left: Cell<usize>,
}

impl Place<'_> {
    fn frame(&self) -> (Walk<'_>, Frame) {
        let symbols = self.symbols.iter().map(|(name, value)| (name.clone(), Jet::constant(value.clone()))).collect();
        let shape = Shape { orders: Vec::new(), bits: self.bits };
        let walk = Walk { functions: self.functions, naturals: self.naturals, left: Cell::new(MOST_WORK) };
        let atoms = self.atoms.iter().map(|(term, value)| (term.clone(), Jet::constant(value.clone()))).collect();
        (walk, Frame::new(shape, symbols, atoms))
    }

    /// Values of several terms, as far as each is defined.
    pub(super) fn values(&self, terms: &[&Expr]) -> Vec<Result<Value, Undefined>> {
        let (walk, mut frame) = self.frame();
        terms.iter().map(|term| Ok(walk.jet(term, &mut frame)?.value().clone())).collect()
    }

    /// The value of `∂…∂ (Π factors)`, one derivative for each of `variables`; the factors must be smooth there.
    pub(super) fn derivative_of_product(&self, factors: &[&Expr], variables: &[&str]) -> Result<Value, Undefined> {
        let (walk, frame) = self.frame();
        let mut frames = vec![frame];
        for variable in variables {
            if let Some(last) = frames.last() {
                frames.push(last.moved(variable, 1)?);
            }
        }
        let Some(mut inner) = frames.pop() else { return Err(Undefined::Possibly) };
        let mut product = Jet::constant(Value::whole(1));
        for factor in factors {
            let factor = walk.jet(factor, &mut inner)?;
            product = inner.shape.times(&product, &factor);
        }
        let mut shape = inner.shape;
        for outer in frames.into_iter().rev() {
            product = shape.extracted(&product, 1);
            shape = outer.shape;
        }
        Ok(product.value().clone())
    }

    /// Derivatives of `Σ plus − Σ minus` by one symbol or atom, orders 0 to `highest`, as enclosed at the place; the
    /// terms `defined` must have a value, and be as smooth.
    pub(super) fn derivatives(
        &self,
        [plus, minus, defined]: [&[Expr]; 3],
        variable: &Expr,
        highest: u32,
    ) -> Result<Vec<Value>, Undefined> {
        let (walk, frame) = self.frame();
        let mut inner = frame.along(variable, highest)?;
        for term in defined {
            walk.jet(term, &mut inner)?;
        }
        let mut sum = Jet::constant(Value::whole(0));
        for (terms, negative) in [(plus, false), (minus, true)] {
            for term in terms {
                let jet = walk.jet(term, &mut inner)?;
                sum = inner.shape.plus(&sum, &if negative { jet.negative() } else { jet });
            }
        }
        Ok((0..=highest).map(|order| inner.shape.extracted(&sum, order).value().clone()).collect())
    }
}

impl Frame {
    fn new(shape: Shape, symbols: HashMap<String, Jet>, atoms: Vec<(Expr, Jet)>) -> Frame {
        let known = atoms.iter().map(|(term, jet)| (term.clone(), Ok(jet.clone()))).collect();
        Frame { shape, symbols, atoms, known }
    }

    /// This frame with one more direction, along a symbol or an atom, all others held.
    fn along(&self, variable: &Expr, order: u32) -> Result<Frame, Undefined> {
        let shape = self.shape.with(order)?;
        let atoms = self.atoms.iter().map(|(term, jet)| (term.clone(), shape.lifted(jet, term == variable))).collect();
        let moved = |name: &str| matches!(variable.node(), Node::Symbol(own) if **own == *name);
        let lift = |(name, jet): (&String, &Jet)| (name.clone(), shape.lifted(jet, moved(name)));
        let symbols = self.symbols.iter().map(lift).collect();
        Ok(Frame::new(shape, symbols, atoms))
    }

    /// This frame with one more direction, along `variable`.
    fn moved(&self, variable: &str, order: u32) -> Result<Frame, Undefined> {
        let shape = self.shape.with(order)?;
        if !self.symbols.contains_key(variable) {
            return Err(Undefined::Possibly);
        }
        let lift = |(name, jet): (&String, &Jet)| (name.clone(), shape.lifted(jet, name == variable));
        let symbols = self.symbols.iter().map(lift).collect();
        Ok(Frame::new(shape, symbols, Vec::new()))
    }
}

impl Walk<'_> {
    fn jet(&self, term: &Expr, frame: &mut Frame) -> Result<Jet, Undefined> {
        if let Some(known) = frame.known.get(term) {
            return known.clone();
        }
        let made = self.fresh(term, frame);
        let written = made.as_ref().map_or(1, |jet| jet.0.len().saturating_mul(jet.0.len().min(64)));
        self.left.set(self.left.get().checked_sub(written).ok_or(Undefined::Possibly)?);
        frame.known.insert(term.clone(), made.clone());
        made
    }

    fn fresh(&self, term: &Expr, frame: &mut Frame) -> Result<Jet, Undefined> {
        Ok(match term.node() {
            Node::Number(value) => Jet::constant(Value::Exact(value.clone())),
            Node::Pi => Jet::constant(Value::within(Enclosure::pi(frame.shape.bits))),
            Node::Symbol(name) => frame.symbols.get(&**name).cloned().ok_or(Undefined::Possibly)?,
            Node::Sum(terms) => {
                let mut sum = Jet::constant(Value::whole(0));
                for part in terms {
                    let part = self.jet(part, frame)?;
                    sum = frame.shape.plus(&sum, &part);
                }
                sum
            }
            Node::Product(factors) => {
                let mut product = Jet::constant(Value::whole(1));
                for part in factors {
                    let part = self.jet(part, frame)?;
                    product = frame.shape.times(&product, &part);
                }
                product
            }
            Node::Negative(a) => self.jet(a, frame)?.negative(),
            Node::Quotient(a, b) => {
                let (a, b) = (self.jet(a, frame)?, self.jet(b, frame)?);
                frame.shape.over(&a, &b)?
            }
            Node::Power(a, p) => {
                let (a, b) = (self.jet(a, frame)?, self.jet(p, frame)?);
                if !a.value().is_positive() && !is_whole(p, self.naturals) {
                    return Err(Undefined::Possibly);
                }
                frame.shape.power(&a, &b)?
            }
            Node::Call(function, a) => {
                let a = self.jet(a, frame)?;
                frame.shape.call(*function, &a)?
            }
            Node::Derivative { of, variable, order } => {
                let mut inner = frame.moved(variable, *order)?;
                let jet = self.jet(of, &mut inner)?;
                inner.shape.extracted(&jet, *order)
            }
            Node::Apply { function, orders, arguments } => self.applied(function, orders, arguments, frame)?,
        })
    }

    /// `∂^orders F` at the arguments: the body of `F` in a frame whose symbols are the arguments, each moved along a
    /// direction of its own where it is differentiated.
    fn applied(&self, function: &str, orders: &[u32], arguments: &[Expr], frame: &mut Frame) -> Result<Jet, Undefined> {
        let concrete = self.functions.get(function).ok_or(Undefined::Possibly)?;
        if concrete.parameters.len() != arguments.len() || orders.len() != arguments.len() {
            return Err(Undefined::Possibly);
        }
        let mut symbols = HashMap::new();
        for (name, argument) in concrete.parameters.iter().zip(arguments) {
            symbols.insert(name.clone(), self.jet(argument, frame)?);
        }
        let mut frames = vec![Frame::new(frame.shape.clone(), symbols, Vec::new())];
        let taken: Vec<(&String, u32)> =
            concrete.parameters.iter().zip(orders.iter().copied()).filter(|(_, order)| *order > 0).collect();
        for (name, order) in &taken {
            if let Some(last) = frames.last() {
                frames.push(last.moved(name, *order)?);
            }
        }
        let Some(mut inner) = frames.pop() else { return Err(Undefined::Possibly) };
        let mut jet = self.jet(&concrete.body, &mut inner)?;
        let mut shape = inner.shape;
        for ((_, order), outer) in taken.iter().zip(&frames).rev() {
            jet = shape.extracted(&jet, *order);
            shape = outer.shape.clone();
        }
        Ok(jet)
    }
}

/// Whether the term is a whole number whatever natural numbers its symbols are; for one without symbols, the value
/// decides where it is used.
fn is_whole(term: &Expr, naturals: &BTreeSet<String>) -> bool {
    let mut seen = HashSet::new();
    let mut pending = vec![term.clone()];
    let mut whole = true;
    let mut symbols = false;
    while let Some(e) = pending.pop() {
        if !seen.insert(e.clone()) {
            continue;
        }
        match e.node() {
            Node::Number(value) => whole &= value.is_integer(),
            Node::Symbol(name) => {
                symbols = true;
                whole &= naturals.contains(&**name);
            }
            Node::Sum(_) | Node::Product(_) | Node::Negative(_) => {}
            Node::Power(_, b) => whole &= matches!(b.node(), Node::Number(_) | Node::Symbol(_)),
            Node::Apply { .. } | Node::Derivative { .. } => {
                symbols = true;
                whole = false;
            }
            Node::Pi | Node::Quotient(..) | Node::Call(..) => whole = false,
        }
        pending.extend(e.children());
    }
    whole || !symbols
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::{Names, parse};
    use crate::num::rational::Rational;

    fn value(text: &str, x: (i64, i64), y: (i64, i64)) -> Result<String, Undefined> {
        let names = Names {
            symbols: vec!["x".into(), "y".into(), "n".into()],
            functions: vec![("F".into(), 1), ("G".into(), 2)],
            keep_derivatives: true,
        };
        let ratio = |(a, b): (i64, i64)| Value::Exact(Rational::new(a.into(), b.into()));
        let symbols =
            BTreeMap::from([("x".to_owned(), ratio(x)), ("y".to_owned(), ratio(y)), ("n".to_owned(), Value::whole(3))]);
        let body = |text: &str| parse(text, &names).expect("a term");
        let functions = BTreeMap::from([
            ("F".to_owned(), Concrete { parameters: vec!["x".into()], body: body("1+x^3") }),
            ("G".to_owned(), Concrete { parameters: vec!["x".into(), "y".into()], body: body("x^2*y^3") }),
        ]);
        let naturals = BTreeSet::from(["n".to_owned()]);
        let place = Place { symbols: &symbols, functions: &functions, naturals: &naturals, atoms: &[], bits: 128 };
        place.values(&[&body(text)]).remove(0).map(|v| v.text(12))
    }

    #[test]
    fn values_are_exact_as_long_as_they_can_be() {
        for (text, expected) in [
            ("1/3 + x/y", "1"),
            ("x^(-2)", "1/4"),
            ("4^(1/2) + sqrt(9/4)", "7/2"),
            ("(-8)^(2*n - n^2)", "-1/512"),
            ("(-8)^(6/2)", "-512"),
            ("exp(x-2) + abs(-y)", "4"),
            ("diff(x^3*y, x)", "36"),
            ("diff(diff(x^3*y^2, x), y)", "72"),
            ("diff(x^3*y^2, y, 2)", "16"),
            ("diff(F(x), x)", "12"),
            ("diff(F(x*y), x)", "324"),
            ("diff(F(F(x)), x)", "2916"),
            ("diff(G(x, y), y)", "108"),
            ("diff(G(y, x), y)", "48"),
            ("diff(diff(G(x, x), x), x)", "160"),
            ("diff(diff(G(x+y, y), x), y)", "324"),
            ("diff(x, y)", "0"),
        ] {
            assert_eq!(value(text, (2, 1), (3, 1)), Ok(expected.into()), "{text}");
        }
    }

    #[test]
    fn derivatives_are_those_of_mpmath() {
        // mpmath.diff at x = 0.7, y = 1.3
        for (text, expected) in TABLE {
            let found = value(text, (7, 10), (13, 10)).expect(text);
            let parts: Vec<f64> = found.split([' ', '/']).map_while(|t| t.parse().ok()).collect();
            let number = if found.contains('/') { parts[0] / parts[1] } else { parts[0] };
            assert!((number - expected).abs() <= 1e-11 * expected.abs(), "{text}: {found}, not {expected}");
        }
    }

    #[rustfmt::skip]
    const TABLE: [(&str, f64); 17] = [
        ("diff(exp(x*y), x, 3)", 5.458056605846),
        ("diff(ln(x+y^2), y, 4)", 1.379878655286),
        ("diff(diff(sin(x*y)*cos(x), x, 2), y)", -2.319011693709),
        ("diff(tan(x), x, 5)", 276.1312312135),
        ("diff(tanh(x*y), x, 4)", 3.478961026593),
        ("diff(atan(x^2), x, 5)", 133.7585280047),
        ("diff(sqrt(x+y), x, 4)", -0.0828640759203),
        ("diff(x^y, x, 3)", -0.5006059175691),
        ("diff(diff(x^y, y), x)", 0.4818984040938),
        ("diff(x^x, x, 3)", 0.7654552712144),
        ("diff(sinh(x)/cosh(x*y), x, 3)", 1.133353020489),
        ("diff(x^(-3/2), x, 3)", -65.33684088927),
        ("diff(abs(x-y)^3, x, 2)", 3.6),
        ("diff(2^x, x, 2)", 0.7804982237833),
        ("diff(x^pi, x, 2)", 4.477667094721),
        ("diff((-x)^5, x, 2)", -6.86),
        ("diff(exp(exp(sin(x))), x, 6)", -294.7799271674),
    ];

    #[test]
    fn what_is_not_defined_has_no_value() {
        for text in [
            "1/(x-x)",
            "0/(x-x)",
            "0*ln(x-x)",
            "ln(-x)",
            "sqrt(-x)",
            "(-x)^y",
            "(-x)^(1/3)",
            "(x-x)^0",
            "(x-x)^(-1)",
            "(-x)^(sin(pi))",
            "diff(abs(x-2), x)",
            "diff(sqrt(x-2), x)",
            "diff(ln(x-3), x)",
            "diff(0*ln(-x), x)",
            "diff((x-2)^0, x)",
            "diff((x-2)^(1/3), x)",
            "diff((-x)^x, x)",
            "(x-x)^(1/2)",
            "diff(1/(x-2), y)",
            "diff(sqrt(-1), x)",
            "tan(ln(-1))",
        ] {
            assert!(value(text, (2, 1), (1, 2)).is_err(), "{text}: {:?}", value(text, (2, 1), (1, 2)));
        }
        for text in ["sqrt(x-2)", "diff(abs(x-2), y)", "(x-2)^2", "diff((x-2)^2, x)", "(-x)^n", "diff((x-2)^1, x)"] {
            assert!(value(text, (2, 1), (1, 2)).is_ok(), "{text}");
        }
    }
}
