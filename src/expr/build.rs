//! Building terms: raw constructors keep the shape as written, operators fold what is plainly foldable.
//!
//! Folding only ever enlarges the set where a term is defined: `0 * a` becomes `0`, `a/(b/c)` becomes `a*c/b`.

use super::intern::intern;
use super::{Expr, Function, Node};
use crate::num::rational::{MOST_DIGITS, Rational};
use num_bigint::BigInt;
use num_traits::{One, Signed, ToPrimitive, Zero};
use std::collections::HashMap;

/// Sums, products and powers of numbers are taken exactly only up to this many bits: beyond, they would leave the range of floats.
const LARGEST_EXACT: u64 = 1000;

impl Expr {
    /// An exact constant: a decimal, a quotient of two whole numbers, or the negative of one of these.
    pub fn number(value: Rational) -> Expr {
        if value.is_negative() {
            return Expr::raw_negative(Expr::number(-value));
        }
        // Decimals longer than the parser reads are written as fractions.
        if is_decimal(&value) && (bits(&value) < 300 || super::print::digits(&value).0.len() <= MOST_DIGITS) {
            return intern(Node::Number(value));
        }
        let whole = |n: &BigInt| intern(Node::Number(Rational::from_integer(n.clone())));
        intern(Node::Quotient(whole(value.numer()), whole(value.denom())))
    }

    /// A whole number.
    pub fn integer(value: i64) -> Expr {
        Expr::number(Rational::from_integer(value.into()))
    }

    /// `numerator / denominator`, exact; the denominator is not zero.
    pub fn ratio(numerator: i64, denominator: i64) -> Expr {
        Expr::number(Rational::new(numerator.into(), denominator.into()))
    }

    /// The exact decimal that prints as `value` does (`0.1` is 1/10); `None` where `value` is not finite.
    pub fn from_f64(value: f64) -> Option<Expr> {
        if !value.is_finite() {
            return None;
        }
        crate::num::rational::parse_decimal(&format!("{:e}", value.abs()))
            .map(|exact| Expr::number(if value < 0.0 { -exact } else { exact }))
    }

    /// A variable or parameter.
    pub fn symbol(name: &str) -> Expr {
        intern(Node::Symbol(name.into()))
    }

    /// The circle constant.
    pub fn pi() -> Expr {
        intern(Node::Pi)
    }

    /// `f(self)`.
    pub fn call(&self, function: Function) -> Expr {
        intern(Node::Call(function, self.clone()))
    }

    /// Natural logarithm.
    pub fn ln(&self) -> Expr {
        if self.as_number().is_some_and(|n| n.is_one()) { Expr::integer(0) } else { self.call(Function::Ln) }
    }

    /// Exponential.
    pub fn exp(&self) -> Expr {
        if self.is_zero() { Expr::integer(1) } else { self.call(Function::Exp) }
    }

    /// Square root.
    pub fn sqrt(&self) -> Expr {
        self.call(Function::Sqrt)
    }

    /// `self ^ exponent`; numbers are folded while they stay small.
    pub fn power(&self, exponent: &Expr) -> Expr {
        let Some(p) = exponent.as_number() else { return Expr::raw_power(self.clone(), exponent.clone()) };
        if p.is_zero() {
            return Expr::integer(1);
        }
        if p.is_one() {
            return self.clone();
        }
        if p.is_integer()
            && let Some(n) = p.to_i32()
        {
            if let Some(base) = self.as_number()
                && bits(&base).saturating_mul(u64::from(n.unsigned_abs())) <= LARGEST_EXACT
                && !(n < 0 && base.is_zero())
            {
                return Expr::number(base.pow(n));
            }
            // (a^q)^n = a^(qn) for whole q and n of one sign: defined at the same places.
            if let Node::Power(a, q) = self.node()
                && let Some(q) = q.as_number()
                && q.is_integer()
                && q.is_positive() == p.is_positive()
            {
                return a.power(&Expr::number(q * p));
            }
            if let Node::Negative(a) = self.node() {
                let size = a.power(exponent);
                return if n % 2 == 0 { size } else { -size };
            }
        }
        Expr::raw_power(self.clone(), exponent.clone())
    }

    /// `self ^ exponent` with a whole exponent.
    pub fn powi(&self, exponent: i64) -> Expr {
        self.power(&Expr::integer(exponent))
    }

    /// An uninterpreted function, differentiated `orders` times with respect to its arguments.
    pub fn apply(function: &str, orders: Vec<u32>, arguments: Vec<Expr>) -> Expr {
        intern(Node::Apply { function: function.into(), orders, arguments })
    }

    /// `diff(self, variable, order)`, not carried out.
    pub fn unevaluated_derivative(&self, variable: &str, order: u32) -> Expr {
        intern(Node::Derivative { of: self.clone(), variable: variable.into(), order })
    }

    /// The exact value, if the term is a constant written without `pi` or functions.
    pub fn as_number(&self) -> Option<Rational> {
        match self.node() {
            Node::Number(n) => Some(n.clone()),
            Node::Negative(a) => a.as_number().map(|n| -n),
            Node::Quotient(a, b) => match (a.node(), b.node()) {
                (Node::Number(a), Node::Number(b)) if !b.is_zero() => Some(a / b),
                _ => None,
            },
            _ => None,
        }
    }

    /// Whether the term is exactly the number zero.
    pub fn is_zero(&self) -> bool {
        matches!(self.node(), Node::Number(n) if n.is_zero())
    }

    fn is_one(&self) -> bool {
        matches!(self.node(), Node::Number(n) if n.is_one())
    }

    pub(super) fn raw_negative(a: Expr) -> Expr {
        intern(Node::Negative(a))
    }
    pub(super) fn raw_power(a: Expr, b: Expr) -> Expr {
        intern(Node::Power(a, b))
    }
    pub(super) fn raw_quotient(a: Expr, b: Expr) -> Expr {
        intern(Node::Quotient(a, b))
    }
    pub(super) fn raw_sum(terms: Vec<Expr>) -> Expr {
        intern(Node::Sum(terms))
    }
    pub(super) fn raw_product(factors: Vec<Expr>) -> Expr {
        intern(Node::Product(factors))
    }

    /// A sum, folded: nested sums are flattened, equal terms collected, numbers added up.
    pub fn sum(terms: impl IntoIterator<Item = Expr>) -> Expr {
        let mut collected: Vec<(Rational, Expr)> = Vec::new();
        let mut index: HashMap<Expr, usize> = HashMap::new();
        let mut constant = Rational::zero();
        // Numbers whose exact sum would grow without bound stay apart.
        let mut loose = Vec::new();
        let mut pending: Vec<(bool, Expr)> = terms.into_iter().map(|t| (false, t)).collect();
        pending.reverse();
        while let Some((negative, term)) = pending.pop() {
            match term.node() {
                Node::Sum(inner) => pending.extend(inner.iter().rev().map(|t| (negative, t.clone()))),
                Node::Negative(inner) => pending.push((!negative, inner.clone())),
                _ => {
                    let (mut factor, rest) = term.split_factor();
                    if negative {
                        factor = -factor;
                    }
                    match rest {
                        None if bits(&(&constant + &factor)) <= LARGEST_EXACT => constant += factor,
                        None => loose.push(Expr::number(factor)),
                        Some(rest) => match index.get(&rest) {
                            Some(&at) if bits(&(&collected[at].0 + &factor)) <= LARGEST_EXACT => {
                                collected[at].0 += factor
                            }
                            Some(_) => collected.push((factor, rest)),
                            None => {
                                index.insert(rest.clone(), collected.len());
                                collected.push((factor, rest));
                            }
                        },
                    }
                }
            }
        }
        let mut terms: Vec<Expr> = collected
            .into_iter()
            .filter(|(factor, _)| !factor.is_zero())
            .map(|(factor, rest)| rest.times(factor))
            .collect();
        if !constant.is_zero() {
            terms.push(Expr::number(constant));
        }
        terms.extend(loose);
        match terms.len() {
            0 => Expr::integer(0),
            1 => terms.swap_remove(0),
            _ => Expr::raw_sum(terms),
        }
    }

    /// Numeric factor and the rest (`None`: a mere number).
    fn split_factor(&self) -> (Rational, Option<Expr>) {
        if let Some(n) = self.as_number() {
            return (n, None);
        }
        match self.node() {
            Node::Negative(a) => {
                let (factor, rest) = a.split_factor();
                (-factor, rest)
            }
            Node::Product(factors) => match factors[0].as_number() {
                Some(n) if factors.len() == 2 => (n, Some(factors[1].clone())),
                Some(n) => (n, Some(Expr::raw_product(factors[1..].to_vec()))),
                None => (Rational::one(), Some(self.clone())),
            },
            Node::Quotient(a, b) => {
                // The numeric factor of a fraction is its numerator's over its denominator's.
                let (over, top) = a.split_factor();
                let (under, bottom) = b.split_factor();
                if under.is_zero() {
                    return (Rational::one(), Some(self.clone()));
                }
                let factor = over / under;
                match (top, bottom) {
                    (top, Some(bottom)) => {
                        let top = top.unwrap_or_else(|| Expr::integer(1));
                        (factor, Some(Expr::raw_quotient(top, bottom)))
                    }
                    (Some(top), None) => (factor, Some(top)),
                    (None, None) => (factor, None),
                }
            }
            _ => (Rational::one(), Some(self.clone())),
        }
    }

    /// `factor * self` for a term without numeric factor of its own.
    fn times(self, factor: Rational) -> Expr {
        if factor.is_negative() {
            return Expr::raw_negative(self.times(-factor));
        }
        if factor.is_one() {
            return self;
        }
        if let Node::Quotient(a, b) = self.node() {
            let whole = |n: &BigInt| Rational::from_integer(n.clone());
            if is_decimal(&factor) && !factor.is_integer() && factor.numer().bits() > 16 {
                return Expr::raw_quotient(a.clone().times_plain(factor), b.clone());
            }
            let (top, bottom) = (whole(factor.numer()), whole(factor.denom()));
            return Expr::raw_quotient(a.clone().times_plain(top), b.clone().times_plain(bottom));
        }
        if !factor.is_integer() && factor.numer().is_one() && factor.denom().bits() < 8 {
            return Expr::raw_quotient(self, Expr::number(Rational::from_integer(factor.denom().clone())));
        }
        self.times_plain(factor)
    }

    fn times_plain(self, factor: Rational) -> Expr {
        if factor.is_one() {
            return self;
        }
        if self.is_one() {
            return Expr::number(factor);
        }
        let number = Expr::number(factor);
        match self.node() {
            Node::Product(factors) => {
                Expr::raw_product(std::iter::once(number).chain(factors.iter().cloned()).collect())
            }
            _ => Expr::raw_product(vec![number, self]),
        }
    }

    /// A product, folded: numbers come first, powers of one base are collected, fractions are one fraction.
    pub fn product(factors: impl IntoIterator<Item = Expr>) -> Expr {
        let mut constant = Rational::one();
        let (mut top, mut bottom) = (Vec::<(Expr, Expr)>::new(), Vec::new());
        let mut pending: Vec<(bool, Expr)> = factors.into_iter().map(|t| (false, t)).collect();
        pending.reverse();
        while let Some((under, factor)) = pending.pop() {
            if let Some(n) = factor.as_number()
                && !(under && n.is_zero())
            {
                let folded = if under { &constant / &n } else { &constant * &n };
                if bits(&folded) <= LARGEST_EXACT {
                    constant = folded;
                    continue;
                }
                // Beyond the range of numbers: it stays a factor, as written.
                if let Node::Number(_) = factor.node() {
                    if under { &mut bottom } else { &mut top }.push((factor, Expr::integer(1)));
                    continue;
                }
            }
            match factor.node() {
                Node::Product(inner) => pending.extend(inner.iter().rev().map(|t| (under, t.clone()))),
                Node::Negative(inner) => {
                    constant = -constant;
                    pending.push((under, inner.clone()));
                }
                Node::Quotient(a, b) => {
                    pending.push((!under, b.clone()));
                    pending.push((under, a.clone()));
                }
                node => {
                    let (base, exponent) = match node {
                        Node::Power(a, b) if b.as_number().is_some_and(|n| n.is_positive() && n.is_integer()) => {
                            (a.clone(), b.clone())
                        }
                        _ => (factor.clone(), Expr::integer(1)),
                    };
                    let side = if under { &mut bottom } else { &mut top };
                    match side.iter_mut().find(|(b, _)| *b == base) {
                        Some((_, total)) => *total = Expr::sum([total.clone(), exponent]),
                        None => side.push((base, exponent)),
                    }
                }
            }
        }
        if constant.is_zero() {
            return Expr::integer(0);
        }
        let assemble = |side: Vec<(Expr, Expr)>| {
            let mut parts: Vec<Expr> = side.into_iter().map(|(base, exponent)| base.power(&exponent)).collect();
            match parts.len() {
                0 => Expr::integer(1),
                1 => parts.swap_remove(0),
                _ => Expr::raw_product(parts),
            }
        };
        let (top, bottom) = (assemble(top), assemble(bottom));
        if bottom.is_one() {
            if top.is_one() { Expr::number(constant) } else { top.times(constant) }
        } else {
            Expr::raw_quotient(top, bottom).times(constant)
        }
    }
}

/// Bits of the larger of numerator and denominator.
pub(super) fn bits(value: &Rational) -> u64 {
    value.numer().bits().max(value.denom().bits())
}

/// Whether the decimal expansion ends: no prime but 2 and 5 in the denominator.
fn is_decimal(value: &Rational) -> bool {
    let mut rest = value.denom().clone();
    for prime in [2u8, 5] {
        let prime = BigInt::from(prime);
        while (&rest % &prime).is_zero() {
            rest /= &prime;
        }
    }
    rest.is_one()
}

macro_rules! operator {
    ($($trait:ident $method:ident |$a:ident, $b:ident| $body:expr;)*) => {$(
        impl std::ops::$trait<&Expr> for &Expr {
            type Output = Expr;
            fn $method(self, other: &Expr) -> Expr {
                let ($a, $b) = (self, other);
                $body
            }
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
operator! {
    Add add |a, b| Expr::sum([a.clone(), b.clone()]);
    Sub sub |a, b| Expr::sum([a.clone(), Expr::raw_negative(b.clone())]);
    Mul mul |a, b| Expr::product([a.clone(), b.clone()]);
    Div div |a, b| Expr::product([a.clone(), Expr::raw_quotient(Expr::integer(1), b.clone())]);
}

impl std::ops::Neg for &Expr {
    type Output = Expr;
    fn neg(self) -> Expr {
        match self.node() {
            Node::Negative(a) => a.clone(),
            Node::Number(n) if n.is_zero() => self.clone(),
            _ => Expr::raw_negative(self.clone()),
        }
    }
}
impl std::ops::Neg for Expr {
    type Output = Expr;
    fn neg(self) -> Expr {
        -&self
    }
}
