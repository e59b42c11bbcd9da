//! What is the formula? Terms, parser, printers and symbolic derivatives.
//!
//! An [`Expr`] is an interned, immutable term: equal terms are one allocation, so that repeated differentiation stays
//! small and equality is a pointer comparison.

use crate::num::rational::Rational;
use std::sync::Arc;

/// An interned term. Cloning is cheap; equality and hashing go by identity.
#[derive(Clone, Debug)]
pub struct Expr(Arc<Node>);

/// What a term is made of.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Node {
    /// An exact constant, never negative when it comes from the parser.
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
        &self.0
    }
    /// An exact constant.
    pub fn number(value: Rational) -> Expr {
        let _ = value;
        todo!()
    }
    /// A whole number.
    pub fn integer(value: i64) -> Expr {
        let _ = value;
        todo!()
    }
    /// `numerator / denominator`, exact.
    pub fn ratio(numerator: i64, denominator: i64) -> Expr {
        let _ = (numerator, denominator);
        todo!()
    }
    /// The exact decimal that prints as `value` does (`0.1` is 1/10); `None` where `value` is not finite.
    pub fn from_f64(value: f64) -> Option<Expr> {
        let _ = value;
        todo!()
    }
    /// A variable or parameter.
    pub fn symbol(name: &str) -> Expr {
        let _ = name;
        todo!()
    }
    /// `f(self)`.
    pub fn call(&self, function: Function) -> Expr {
        let _ = function;
        todo!()
    }
    /// Natural logarithm.
    pub fn ln(&self) -> Expr {
        self.call(Function::Ln)
    }
    /// Exponential.
    pub fn exp(&self) -> Expr {
        self.call(Function::Exp)
    }
    /// Square root.
    pub fn sqrt(&self) -> Expr {
        self.call(Function::Sqrt)
    }
    /// `self ^ exponent`.
    pub fn power(&self, exponent: &Expr) -> Expr {
        let _ = exponent;
        todo!()
    }
    /// `self ^ exponent` with a whole exponent.
    pub fn powi(&self, exponent: i64) -> Expr {
        self.power(&Expr::integer(exponent))
    }
    /// Partial derivative with respect to the symbol `variable`.
    pub fn derivative(&self, variable: &str) -> Expr {
        let _ = variable;
        todo!()
    }
    /// Every symbol for which `with` has an answer replaced by it.
    pub fn substitute(&self, with: &dyn Fn(&str) -> Option<Expr>) -> Expr {
        let _ = with;
        todo!()
    }
    /// The names of all symbols in it.
    pub fn symbols(&self) -> std::collections::BTreeSet<String> {
        todo!()
    }
    /// Whether the symbol `name` occurs in it.
    pub fn contains(&self, name: &str) -> bool {
        self.symbols().contains(name)
    }
    /// LaTeX that a person would write by hand.
    pub fn latex(&self) -> String {
        todo!()
    }
}
impl std::fmt::Display for Expr {
    /// Text that [`parse`] reads back as the same term.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let _ = f;
        todo!()
    }
}
macro_rules! operator {
    ($($trait:ident $method:ident;)*) => {$(
        impl std::ops::$trait<&Expr> for &Expr {
            type Output = Expr;
            fn $method(self, other: &Expr) -> Expr { let _ = other; todo!() }
        }
        impl std::ops::$trait<Expr> for Expr {
            type Output = Expr;
            fn $method(self, other: Expr) -> Expr { (&self).$method(&other) }
        }
        impl std::ops::$trait<&Expr> for Expr {
            type Output = Expr;
            fn $method(self, other: &Expr) -> Expr { (&self).$method(other) }
        }
        impl std::ops::$trait<Expr> for &Expr {
            type Output = Expr;
            fn $method(self, other: Expr) -> Expr { self.$method(&other) }
        }
    )*};
}
operator! { Add add; Sub sub; Mul mul; Div div; }
impl std::ops::Neg for &Expr {
    type Output = Expr;
    fn neg(self) -> Expr {
        todo!()
    }
}
impl std::ops::Neg for Expr {
    type Output = Expr;
    fn neg(self) -> Expr {
        -&self
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

/// The names that a formula may use.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// Variables and parameters.
    pub symbols: Vec<String>,
    /// Uninterpreted functions with their number of arguments (derivations only).
    pub functions: Vec<(String, usize)>,
}

/// Why a formula could not be read, and where.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct ParseError {
    /// What is wrong, in one sentence.
    pub message: String,
    /// What is accepted there, or what was probably meant.
    pub help: Option<String>,
    /// Bytes of the formula that are at fault.
    pub span: std::ops::Range<usize>,
}

/// Reads a formula.
pub fn parse(text: &str, names: &Names) -> Result<Expr, ParseError> {
    let _ = (text, names);
    todo!()
}
