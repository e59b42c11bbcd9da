//! From terms to a tape: every distinct term once, constants folded.

use super::enclose::image_of;
use super::point::{value_of, whole_power};
use super::program::Program;
use super::{Op, Tape};
use crate::expr::{Expr, Function, Node};
use crate::num::interval::Interval;
use crate::num::rational::to_f64;
use std::collections::HashMap;
use thiserror::Error;

/// Why formulas could not be compiled.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum CompileError {
    /// A symbol is neither a variable nor bound to a number.
    #[error("`{0}` has no value")]
    Unbound(String),
    /// An uninterpreted function has no value.
    #[error("the function `{0}` has no value")]
    Uninterpreted(String),
}

impl Tape {
    /// Compiles `outputs` as functions of `variables`; other symbols take their value from `constants`.
    ///
    /// # Errors
    /// A symbol without value, or an uninterpreted function.
    pub fn compile(
        outputs: &[Expr],
        variables: &[&str],
        constants: &dyn Fn(&str) -> Option<f64>,
    ) -> Result<Tape, CompileError> {
        let mut compiler = Compiler { code: Vec::new(), places: HashMap::new(), variables, constants };
        let results = outputs.iter().map(|e| compiler.place_deep(e)).collect::<Result<Vec<_>, _>>()?;
        let (code, results) = without_unused(&compiler.code, &results);
        let program = Program::of(&code, &results);
        Ok(Tape { code, results, program })
    }
}

struct Compiler<'a> {
    code: Vec<Op>,
    places: HashMap<Expr, usize>,
    variables: &'a [&'a str],
    constants: &'a dyn Fn(&str) -> Option<f64>,
}

/// The code without instructions that no result needs, such as operands of folded constants.
fn without_unused(code: &[Op], results: &[usize]) -> (Vec<Op>, Vec<usize>) {
    let mut used = vec![false; code.len()];
    results.iter().for_each(|r| used[*r] = true);
    for (number, op) in code.iter().enumerate().rev() {
        if used[number] {
            op.operands().for_each(|a| used[a] = true);
        }
    }
    let mut moved = vec![0; code.len()];
    let mut kept = Vec::new();
    for (number, op) in code.iter().enumerate().filter(|(number, _)| used[*number]) {
        moved[number] = kept.len();
        kept.push(op.with_operands(|a| moved[a]));
    }
    (kept, results.iter().map(|r| moved[*r]).collect())
}

impl Compiler<'_> {
    /// Places the parts of a term before the term, so that its depth does not use up the stack.
    fn place_deep(&mut self, e: &Expr) -> Result<usize, CompileError> {
        let mut open = vec![e.clone()];
        while let Some(top) = open.last().cloned() {
            let before = open.len();
            open.extend(top.children().into_iter().filter(|part| !self.places.contains_key(part)));
            if open.len() == before {
                self.place(&top)?;
                open.pop();
            }
        }
        self.place(e)
    }

    /// Places a term whose parts are placed.
    fn place(&mut self, e: &Expr) -> Result<usize, CompileError> {
        if let Some(place) = self.places.get(e) {
            return Ok(*place);
        }
        let place = match e.node() {
            Node::Number(n) => {
                let value = to_f64(n);
                let exact = crate::num::rational::Rational::from_float(value).is_some_and(|v| v == *n);
                let enclosure =
                    if exact { Interval::point(value) } else { Interval::new(value.next_down(), value.next_up()) };
                self.push(Op::Constant(value, enclosure))
            }
            Node::Pi => {
                let pi = std::f64::consts::PI;
                self.push(Op::Constant(pi, Interval::new(pi, pi.next_up())))
            }
            Node::Symbol(name) => match self.variables.iter().position(|v| **v == **name) {
                Some(number) => self.push(Op::Input(number)),
                None => match (self.constants)(name) {
                    Some(value) => self.push(Op::Constant(value, Interval::point(value))),
                    None => return Err(CompileError::Unbound(name.to_string())),
                },
            },
            Node::Sum(terms) => {
                let mut total = None;
                for term in terms {
                    let next = match (total, term.node()) {
                        (None, _) => self.place(term)?,
                        (Some(sum), Node::Negative(inner)) => {
                            let inner = self.place(inner)?;
                            self.push(Op::Subtract(sum, inner))
                        }
                        (Some(sum), _) => {
                            let next = self.place(term)?;
                            self.push(Op::Add(sum, next))
                        }
                    };
                    total = Some(next);
                }
                total.unwrap_or_else(|| self.push(Op::Constant(0.0, Interval::point(0.0))))
            }
            Node::Product(factors) => {
                let mut total = None;
                for factor in factors {
                    let next = self.place(factor)?;
                    total = Some(match total {
                        None => next,
                        Some(product) => self.push(Op::Multiply(product, next)),
                    });
                }
                total.unwrap_or_else(|| self.push(Op::Constant(1.0, Interval::point(1.0))))
            }
            Node::Negative(a) => {
                let a = self.place(a)?;
                self.push(Op::Negate(a))
            }
            Node::Quotient(a, b) => {
                let (a, b) = (self.place(a)?, self.place(b)?);
                self.push(Op::Divide(a, b))
            }
            Node::Power(a, b) => {
                let (a, b) = (self.place(a)?, self.place(b)?);
                self.power(a, b)
            }
            Node::Call(function, a) => {
                let a = self.place(a)?;
                self.push(Op::Call(*function, a))
            }
            Node::Apply { function, .. } => return Err(CompileError::Uninterpreted(function.to_string())),
            Node::Derivative { of, variable, order } => {
                let carried_out = (0..*order).fold(of.clone(), |inner, _| inner.derivative(variable));
                self.place(&carried_out)?
            }
        };
        self.places.insert(e.clone(), place);
        Ok(place)
    }

    /// Whole powers by multiplication, the power ½ as a square root.
    fn power(&mut self, a: usize, b: usize) -> usize {
        if let Op::Constant(p, enclosure) = self.code[b]
            && enclosure.width() == 0.0
        {
            if p.fract() == 0.0 && p.abs() <= 64.0 {
                return self.push(Op::Whole(a, p as i32));
            }
            if p == 0.5 {
                return self.push(Op::Call(Function::Sqrt, a));
            }
        }
        self.push(Op::Power(a, b))
    }

    fn push(&mut self, op: Op) -> usize {
        let op = self.folded(op).unwrap_or(op);
        self.code.push(op);
        self.code.len() - 1
    }

    /// An instruction on constants is a constant, with the value that running it would give.
    fn folded(&self, op: Op) -> Option<Op> {
        let constant = |i: usize| match self.code[i] {
            Op::Constant(v, e) => Some((v, e)),
            _ => None,
        };
        let (value, enclosure) = match op {
            Op::Constant(..) | Op::Input(_) => return None,
            Op::Add(a, b) => {
                let ((a, i), (b, j)) = (constant(a)?, constant(b)?);
                (a + b, i + j)
            }
            Op::Subtract(a, b) => {
                let ((a, i), (b, j)) = (constant(a)?, constant(b)?);
                (a - b, i - j)
            }
            Op::Multiply(a, b) => {
                let ((a, i), (b, j)) = (constant(a)?, constant(b)?);
                (a * b, i * j)
            }
            Op::Divide(a, b) => {
                let ((a, i), (b, j)) = (constant(a)?, constant(b)?);
                (a / b, i / j)
            }
            Op::Negate(a) => {
                let (a, i) = constant(a)?;
                (-a, -i)
            }
            Op::Whole(a, n) => {
                let (a, i) = constant(a)?;
                (whole_power(a, n), i.powi(n))
            }
            Op::Power(a, b) => {
                let ((a, i), (b, j)) = (constant(a)?, constant(b)?);
                (crate::num::function::powf(a, b), i.powf(j))
            }
            Op::Call(function, a) => {
                let (a, i) = constant(a)?;
                (value_of(function, a), image_of(function, i))
            }
        };
        Some(Op::Constant(value, enclosure))
    }
}
