//! What is the formula? Terms, parser, printers and symbolic derivatives.
//!
//! An [`Expr`] is an interned, immutable term: equal terms are one allocation, so that repeated differentiation stays
//! small and equality is a pointer comparison.

mod build;
mod derive;
mod intern;
mod latex;
#[cfg(test)]
mod laws;
mod lexer;
mod parse;
mod print;

pub use parse::{Names, ParseError, parse};

use crate::num::rational::Rational;
use std::sync::Arc;

/// An interned term. Cloning is cheap; equality and hashing go by identity.
#[derive(Clone, Debug)]
pub struct Expr(Arc<Term>);

/// A node with what is asked of it again and again.
#[derive(Debug)]
struct Term {
    node: Node,
    /// Terms on the longest way down, itself included.
    depth: usize,
}

/// What a term is made of.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Node {
    /// A terminating decimal, never negative: other ratios are a quotient of two of them, negative ones a [`Node::Negative`].
    Number(Rational),
    /// The circle constant.
    Pi,
    /// A named variable or parameter.
    Symbol(Box<str>),
    /// A sum of two or more terms, in the order written.
    Sum(Vec<Expr>),
    /// A product of two or more factors, in the order written.
    Product(Vec<Expr>),
    /// `-a`
    Negative(Expr),
    /// `a / b`
    Quotient(Expr, Expr),
    /// `a ^ b`
    Power(Expr, Expr),
    /// An elementary function.
    Call(Function, Expr),
    /// A partial derivative (`orders`, one count per argument, all zero for the function itself) of an
    /// uninterpreted function at `arguments`. Derivation files use it, model files do not.
    Apply {
        /// Name of the uninterpreted function.
        function: Box<str>,
        /// Order of differentiation with respect to each argument.
        orders: Vec<u32>,
        /// Where it is taken.
        arguments: Vec<Expr>,
    },
    /// `diff(of, variable, order)` as written, not carried out: derivation files keep it, so that what was claimed is
    /// what is judged; in model files it is replaced by the derivative as it is read.
    Derivative {
        /// What is differentiated.
        of: Expr,
        /// The symbol it is differentiated by.
        variable: Box<str>,
        /// How often.
        order: u32,
    },
}

/// The elementary functions of the formula language; `log` is read as `ln`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Function {
    /// Exponential.
    Exp,
    /// Natural logarithm.
    Ln,
    /// Square root.
    Sqrt,
    /// Sine.
    Sin,
    /// Cosine.
    Cos,
    /// Tangent.
    Tan,
    /// Hyperbolic sine.
    Sinh,
    /// Hyperbolic cosine.
    Cosh,
    /// Hyperbolic tangent.
    Tanh,
    /// Arc tangent.
    Atan,
    /// Absolute value.
    Abs,
}

impl Expr {
    /// The node of this term.
    pub fn node(&self) -> &Node {
        &self.0.node
    }

    /// Terms on the longest way down, itself included: what a recursive walk needs of the stack.
    pub fn depth(&self) -> usize {
        self.0.depth
    }
}
impl PartialEq for Expr {
    fn eq(&self, other: &Expr) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}
impl Eq for Expr {}
impl std::hash::Hash for Expr {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        (Arc::as_ptr(&self.0) as usize).hash(state)
    }
}

impl Function {
    /// All functions, with the name each is written with.
    pub const ALL: [(Function, &'static str); 11] = [
        (Function::Exp, "exp"),
        (Function::Ln, "ln"),
        (Function::Sqrt, "sqrt"),
        (Function::Sin, "sin"),
        (Function::Cos, "cos"),
        (Function::Tan, "tan"),
        (Function::Sinh, "sinh"),
        (Function::Cosh, "cosh"),
        (Function::Tanh, "tanh"),
        (Function::Atan, "atan"),
        (Function::Abs, "abs"),
    ];

    /// The name it is written with.
    pub fn name(self) -> &'static str {
        Function::ALL.iter().find(|(f, _)| *f == self).map_or("", |(_, name)| name)
    }

    /// The function of that name (`log` is `ln`).
    pub fn named(name: &str) -> Option<Function> {
        if name == "log" {
            return Some(Function::Ln);
        }
        Function::ALL.iter().find(|(_, n)| *n == name).map(|(f, _)| *f)
    }
}
