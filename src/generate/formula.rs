//! Random formulas, as trees of their own: what they are worth can be asked without the parser and the tapes that are on trial.

use super::{Saved, decimals};
use proptest::prelude::*;
use std::fmt::{Display, Formatter, Result as Written};

/// What a formula of `x` is made of.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// A decimal.
    Number(f64),
    /// The coordinate.
    X,
    /// `a + b`
    Sum(Box<Shape>, Box<Shape>),
    /// `a - b`
    Difference(Box<Shape>, Box<Shape>),
    /// `a * b`
    Product(Box<Shape>, Box<Shape>),
    /// `a / (1 + b^2)`: defined wherever both are.
    Quotient(Box<Shape>, Box<Shape>),
    /// `a ^ n`
    Power(Box<Shape>, u32),
    /// One of `sin cos tanh atan exp(tanh) ln(1+a^2) sqrt(1+a^2)`: smooth, and bounded or of slow growth.
    Call(&'static str, Box<Shape>),
}

/// Names of [`Shape::Call`]: `exp` is of the hyperbolic tangent, `ln` and `sqrt` of one plus the square.
pub const FUNCTIONS: [&str; 7] = ["sin", "cos", "tanh", "atan", "exp", "ln", "sqrt"];

/// A formula of `x`, smooth on the whole line. Its text is what the parser reads.
#[derive(Clone, PartialEq)]
pub struct Formula {
    /// Its tree; absent where it was read from a file.
    pub shape: Option<Shape>,
    /// Its text.
    pub text: String,
}

impl std::fmt::Debug for Formula {
    fn fmt(&self, f: &mut Formatter) -> Written {
        f.write_str(&self.text)
    }
}

impl Display for Shape {
    fn fmt(&self, f: &mut Formatter) -> Written {
        match self {
            Shape::Number(n) => write!(f, "{n}"),
            Shape::X => f.write_str("x"),
            Shape::Sum(a, b) => write!(f, "({a} + {b})"),
            Shape::Difference(a, b) => write!(f, "({a} - ({b}))"),
            Shape::Product(a, b) => write!(f, "({a})*({b})"),
            Shape::Quotient(a, b) => write!(f, "({a})/(1 + ({b})^2)"),
            Shape::Power(a, n) => write!(f, "({a})^{n}"),
            Shape::Call("exp", a) => write!(f, "exp(tanh({a}))"),
            Shape::Call("ln", a) => write!(f, "ln(1 + ({a})^2)"),
            Shape::Call("sqrt", a) => write!(f, "sqrt(1 + ({a})^2)"),
            Shape::Call(name, a) => write!(f, "{name}({a})"),
        }
    }
}

/// Formulas of at most so many levels.
pub fn formulas(depth: u32) -> impl Strategy<Value = Formula> {
    let leaf = prop_oneof![2 => Just(Shape::X), 1 => decimals(-30, 30, 1).prop_map(Shape::Number)];
    leaf.prop_recursive(depth, 40, 2, |inner| {
        let two = || (inner.clone().prop_map(Box::new), inner.clone().prop_map(Box::new));
        prop_oneof![
            two().prop_map(|(a, b)| Shape::Sum(a, b)),
            two().prop_map(|(a, b)| Shape::Difference(a, b)),
            two().prop_map(|(a, b)| Shape::Product(a, b)),
            two().prop_map(|(a, b)| Shape::Quotient(a, b)),
            (inner.clone(), 2u32..4).prop_map(|(a, n)| Shape::Power(Box::new(a), n)),
            (0..FUNCTIONS.len(), inner.clone()).prop_map(|(k, a)| Shape::Call(FUNCTIONS[k], Box::new(a))),
        ]
    })
    .prop_map(|shape| Formula { text: shape.to_string(), shape: Some(shape) })
}

impl Saved for Formula {
    fn to_ron(&self) -> String {
        format!("{:?}", self.text)
    }

    fn from_ron(text: &str) -> Result<Formula, String> {
        ron::from_str(text).map(|text| Formula { shape: None, text }).map_err(|e| e.to_string())
    }
}
