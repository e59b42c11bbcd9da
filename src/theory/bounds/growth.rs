//! How a formula grows at the ends of an unbounded floor: its leading term as `x → ±∞`.
//!
//! A small calculus of orders of growth, enough for the landscapes people write: powers, logarithms, exponentials and
//! bounded oscillations. It never guesses: where leading terms cancel, or where an oscillation is multiplied by
//! something that grows, the answer is [`Growth::Unknown`] and the caller falls back to numbers (and says so).

use crate::expr::{Expr, Function, Node};
use crate::num::function::{atan, cos, cosh, exp, ln, powf, sin, sinh, tan, tanh};
use crate::num::rational::to_f64;

/// The leading behaviour of a formula at one end, as the distance `|x|` goes to infinity.
#[derive(Clone, Debug, PartialEq)]
pub enum Growth {
    /// `coefficient * |x|^power * (ln |x|)^log`, up to a factor that tends to 1. A coefficient of zero is exactly zero.
    Term(Term),
    /// `sign * exp(exponent * (1 + o(1)))` with an exponent that goes to plus or minus infinity.
    Exponential {
        /// Sign of the whole.
        sign: f64,
        /// Leading term of the exponent.
        exponent: Term,
    },
    /// Stays between two numbers without (known) limit, like `sin(x)`.
    Bounded(f64, f64),
    /// Cannot be told by this calculus.
    Unknown,
}

/// `coefficient * |x|^power * (ln |x|)^log`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Term {
    /// Factor, with its sign.
    pub coefficient: f64,
    /// Power of `|x|`.
    pub power: f64,
    /// Power of `ln |x|`.
    pub log: f64,
}

/// Which end of the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// `x → -∞`
    Minus,
    /// `x → +∞`
    Plus,
}

impl End {
    /// `-1` or `1`.
    pub fn sign(self) -> f64 {
        match self {
            End::Minus => -1.0,
            End::Plus => 1.0,
        }
    }
}

impl Term {
    /// A constant.
    pub fn constant(coefficient: f64) -> Term {
        Term { coefficient, power: 0.0, log: 0.0 }
    }

    /// Whether the term has a finite, non-zero limit.
    pub fn is_constant(self) -> bool {
        self.power == 0.0 && self.log == 0.0
    }

    /// Whether its absolute value goes to infinity.
    pub fn diverges(self) -> bool {
        self.coefficient != 0.0 && (self.power > 0.0 || (self.power == 0.0 && self.log > 0.0))
    }

    /// Compares orders of growth, coefficients left out.
    pub fn order(self, other: Term) -> std::cmp::Ordering {
        self.power.total_cmp(&other.power).then(self.log.total_cmp(&other.log))
    }
}

use Growth::{Bounded, Exponential, Unknown};

/// Leading behaviour of `formula` in `coordinate` at `end`; `bound` gives the parameters' values.
pub fn growth(formula: &Expr, coordinate: &str, bound: &dyn Fn(&str) -> Option<f64>, end: End) -> Growth {
    let of = |e: &Expr| growth(e, coordinate, bound, end);
    match formula.node() {
        Node::Number(value) => constant(to_f64(value)),
        Node::Pi => constant(std::f64::consts::PI),
        Node::Symbol(name) if &**name == coordinate => {
            Growth::Term(Term { coefficient: end.sign(), power: 1.0, log: 0.0 })
        }
        Node::Symbol(name) => bound(name).map_or(Unknown, constant),
        Node::Sum(terms) => terms.iter().map(of).reduce(add).unwrap_or(constant(0.0)),
        Node::Product(factors) => factors.iter().map(of).reduce(multiply).unwrap_or(constant(1.0)),
        Node::Negative(a) => multiply(constant(-1.0), of(a)),
        Node::Quotient(a, b) => multiply(of(a), power(of(b), -1.0)),
        Node::Power(a, b) => match of(b) {
            Growth::Term(t) if t.is_constant() || t.coefficient == 0.0 => power(of(a), t.coefficient),
            exponent => exponential(multiply(exponent, logarithm(of(a)))),
        },
        Node::Call(function, a) => call(*function, of(a)),
        Node::Apply { .. } | Node::Derivative { .. } => Unknown,
    }
}

fn constant(value: f64) -> Growth {
    if value.is_finite() { Growth::Term(Term::constant(value)) } else { Unknown }
}

fn add(a: Growth, b: Growth) -> Growth {
    match (a, b) {
        (Growth::Term(a), b) if a.coefficient == 0.0 => b,
        (a, Growth::Term(b)) if b.coefficient == 0.0 => a,
        (Growth::Term(a), Growth::Term(b)) => match a.order(b) {
            std::cmp::Ordering::Greater => Growth::Term(a),
            std::cmp::Ordering::Less => Growth::Term(b),
            std::cmp::Ordering::Equal => {
                let coefficient = a.coefficient + b.coefficient;
                let scale = a.coefficient.abs().max(b.coefficient.abs());
                if coefficient.abs() > 1e-12 * scale { Growth::Term(Term { coefficient, ..a }) } else { Unknown }
            }
        },
        // An exponential beats every term, or vanishes beside it.
        (Exponential { sign, exponent }, other) | (other, Exponential { sign, exponent }) => {
            let grows = exponent.coefficient > 0.0;
            match other {
                Exponential { sign: s, exponent: e } => add_exponentials((sign, exponent), (s, e)),
                Unknown => Unknown,
                other if !grows => match other {
                    Bounded(..) => other,
                    Growth::Term(_) => other,
                    _ => Unknown,
                },
                _ => Exponential { sign, exponent },
            }
        }
        (Bounded(l, u), Growth::Term(t)) | (Growth::Term(t), Bounded(l, u)) => {
            if t.diverges() {
                Growth::Term(t)
            } else if t.is_constant() {
                Bounded(l + t.coefficient, u + t.coefficient)
            } else {
                // A term that tends to zero: the bounds hold up to an o(1), which the caller may not rely on.
                Bounded(l, u)
            }
        }
        (Bounded(l, u), Bounded(m, v)) => Bounded(l + m, u + v),
        (Unknown, _) | (_, Unknown) => Unknown,
    }
}

fn add_exponentials((sign, exponent): (f64, Term), (other_sign, other): (f64, Term)) -> Growth {
    let larger = |a: Term, b: Term| match a.order(b) {
        // The one whose exponent has the higher order decides: by its sign.
        std::cmp::Ordering::Greater => Some(a.coefficient > 0.0),
        std::cmp::Ordering::Less => Some(b.coefficient < 0.0),
        std::cmp::Ordering::Equal if a.coefficient > b.coefficient => Some(true),
        std::cmp::Ordering::Equal if a.coefficient < b.coefficient => Some(false),
        std::cmp::Ordering::Equal => None,
    };
    match larger(exponent, other) {
        Some(true) => Exponential { sign, exponent },
        Some(false) => Exponential { sign: other_sign, exponent: other },
        // Equal leading exponents: the sum keeps them unless the two cancel.
        None if sign == other_sign => Exponential { sign, exponent },
        None => Unknown,
    }
}

fn multiply(a: Growth, b: Growth) -> Growth {
    match (a, b) {
        (Growth::Term(t), _) | (_, Growth::Term(t)) if t.coefficient == 0.0 => constant(0.0),
        (Growth::Term(a), Growth::Term(b)) => Growth::Term(Term {
            coefficient: a.coefficient * b.coefficient,
            power: a.power + b.power,
            log: a.log + b.log,
        }),
        (Exponential { sign, exponent }, Exponential { sign: s, exponent: e }) => {
            match add(Growth::Term(exponent), Growth::Term(e)) {
                Growth::Term(t) if t.diverges() => Exponential { sign: sign * s, exponent: t },
                _ => Unknown,
            }
        }
        (Exponential { sign, exponent }, Growth::Term(t)) | (Growth::Term(t), Exponential { sign, exponent }) => {
            // A power of x is exp(power * ln x): absorbed when the exponent outgrows ln x.
            let outgrows = t.is_constant() || exponent.power > 0.0 || exponent.log > 1.0;
            if outgrows { Exponential { sign: sign * t.coefficient.signum(), exponent } } else { Unknown }
        }
        (Exponential { sign, exponent }, Bounded(l, u)) | (Bounded(l, u), Exponential { sign, exponent }) => {
            if l > 0.0 {
                Exponential { sign, exponent }
            } else if u < 0.0 {
                Exponential { sign: -sign, exponent }
            } else {
                Unknown
            }
        }
        (Bounded(l, u), Growth::Term(t)) | (Growth::Term(t), Bounded(l, u)) => {
            if t.is_constant() {
                let (p, q) = (l * t.coefficient, u * t.coefficient);
                Bounded(p.min(q), p.max(q))
            } else {
                Unknown
            }
        }
        (Bounded(l, u), Bounded(m, v)) => {
            let products = [l * m, l * v, u * m, u * v];
            Bounded(
                products.iter().copied().fold(f64::INFINITY, f64::min),
                products.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            )
        }
        (Unknown, _) | (_, Unknown) => Unknown,
    }
}

fn power(a: Growth, exponent: f64) -> Growth {
    if exponent == 0.0 {
        return constant(1.0);
    }
    let whole = exponent.fract() == 0.0;
    match a {
        Growth::Term(t) if t.coefficient > 0.0 || (whole && t.coefficient != 0.0) => {
            let size = powf(t.coefficient.abs(), exponent);
            let odd = whole && (exponent % 2.0).abs() == 1.0;
            let coefficient = if t.coefficient < 0.0 && odd { -size } else { size };
            Growth::Term(Term { coefficient, power: t.power * exponent, log: t.log * exponent })
        }
        Growth::Term(t) if t.coefficient == 0.0 && exponent > 0.0 => Growth::Term(t),
        Exponential { sign, exponent: e } if sign > 0.0 || whole => {
            let odd = whole && (exponent % 2.0).abs() == 1.0;
            let sign = if sign < 0.0 && odd { -1.0 } else { 1.0 };
            Exponential { sign, exponent: Term { coefficient: e.coefficient * exponent, ..e } }
        }
        Bounded(l, u) if l > 0.0 => {
            let (p, q) = (powf(l, exponent), powf(u, exponent));
            Bounded(p.min(q), p.max(q))
        }
        Bounded(l, u) if whole && exponent > 0.0 => {
            let m = powf(l.abs().max(u.abs()), exponent);
            Bounded(-m, m)
        }
        _ => Unknown,
    }
}

fn logarithm(a: Growth) -> Growth {
    match a {
        Growth::Term(t) if !(t.coefficient > 0.0) => Unknown,
        Growth::Term(t) if t.power != 0.0 => Growth::Term(Term { coefficient: t.power, power: 0.0, log: 1.0 }),
        // ln of a power of ln x is of lower order than this calculus writes down.
        Growth::Term(t) if t.log != 0.0 => Unknown,
        Growth::Term(t) if t.coefficient == 1.0 => Unknown,
        Growth::Term(t) => constant(ln(t.coefficient)),
        Exponential { sign, exponent } if sign > 0.0 => Growth::Term(exponent),
        Bounded(l, u) if l > 0.0 => Bounded(ln(l), ln(u)),
        _ => Unknown,
    }
}

fn exponential(a: Growth) -> Growth {
    match a {
        Growth::Term(t) if t.diverges() => Exponential { sign: 1.0, exponent: t },
        Growth::Term(t) if t.is_constant() => constant(exp(t.coefficient)),
        Growth::Term(_) => constant(1.0),
        Exponential { exponent, .. } if exponent.coefficient < 0.0 => constant(1.0),
        Bounded(l, u) => Bounded(exp(l), exp(u)),
        _ => Unknown,
    }
}

fn call(function: Function, a: Growth) -> Growth {
    let limit = match &a {
        Growth::Term(t) if t.is_constant() => Some(t.coefficient),
        _ => None,
    };
    let negative = || multiply(constant(-1.0), a.clone());
    match function {
        Function::Exp => exponential(a),
        Function::Ln => logarithm(a),
        Function::Sqrt => power(a, 0.5),
        Function::Sin => limit.map_or(oscillation(&a), |v| constant(sin(v))),
        Function::Cos => limit.map_or(oscillation(&a), |v| constant(cos(v))),
        Function::Tan => limit.map_or(Unknown, |v| constant(tan(v))),
        Function::Sinh => limit.map_or_else(
            || {
                let minus = multiply(constant(-0.5), exponential(negative()));
                add(multiply(constant(0.5), exponential(a.clone())), minus)
            },
            |v| constant(sinh(v)),
        ),
        Function::Cosh => limit.map_or_else(
            || {
                let minus = multiply(constant(0.5), exponential(negative()));
                add(multiply(constant(0.5), exponential(a.clone())), minus)
            },
            |v| constant(cosh(v)),
        ),
        Function::Tanh => saturating(a, limit.map(tanh), 1.0),
        Function::Atan => saturating(a, limit.map(atan), std::f64::consts::FRAC_PI_2),
        Function::Abs => match a {
            Growth::Term(t) => Growth::Term(Term { coefficient: t.coefficient.abs(), ..t }),
            Exponential { exponent, .. } => Exponential { sign: 1.0, exponent },
            Bounded(l, u) => Bounded(if l > 0.0 || u < 0.0 { l.abs().min(u.abs()) } else { 0.0 }, l.abs().max(u.abs())),
            Unknown => Unknown,
        },
    }
}

fn oscillation(a: &Growth) -> Growth {
    if matches!(a, Unknown) { Unknown } else { Bounded(-1.0, 1.0) }
}

fn saturating(a: Growth, at_limit: Option<f64>, ceiling: f64) -> Growth {
    match (a, at_limit) {
        (_, Some(value)) => constant(value),
        (Growth::Term(t), None) if t.diverges() => constant(ceiling * t.coefficient.signum()),
        (Growth::Term(t), None) => Growth::Term(t),
        (Exponential { sign, exponent }, None) if exponent.coefficient > 0.0 => constant(ceiling * sign),
        (Exponential { sign, exponent }, None) => Exponential { sign, exponent },
        (Bounded(..), None) => Bounded(-ceiling, ceiling),
        (Unknown, None) => Unknown,
    }
}
