//! From term to text, such that [`super::parse()`] reads back the very same term.

use super::{Expr, Node};
use crate::num::rational::Rational;
use num_bigint::BigInt;
use num_traits::{One, Zero};
use std::fmt::{Display, Formatter, Result};

/// How tightly the surroundings bind: what may stand without parentheses.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Level {
    Sum,
    Product,
    Factor,
    Atom,
}

impl Display for Expr {
    /// Text that [`super::parse()`] reads back as the same term.
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write(self, Level::Sum, f)
    }
}

fn level(e: &Expr) -> Level {
    match e.node() {
        Node::Sum(_) | Node::Negative(_) => Level::Sum,
        Node::Product(_) | Node::Quotient(..) => Level::Product,
        Node::Power(..) => Level::Factor,
        Node::Number(_) | Node::Pi | Node::Symbol(_) | Node::Call(..) => Level::Atom,
        Node::Apply { .. } | Node::Derivative { .. } => Level::Atom,
    }
}

fn write(e: &Expr, least: Level, f: &mut Formatter<'_>) -> Result {
    if level(e) < least {
        f.write_str("(")?;
        write(e, Level::Sum, f)?;
        return f.write_str(")");
    }
    match e.node() {
        Node::Number(n) => f.write_str(&decimal(n)),
        Node::Pi => f.write_str("pi"),
        Node::Symbol(name) => f.write_str(name),
        Node::Sum(terms) => {
            for (i, term) in terms.iter().enumerate() {
                match term.node() {
                    Node::Negative(inner) => {
                        f.write_str(if i == 0 { "-" } else { " - " })?;
                        write(inner, Level::Product, f)?;
                    }
                    _ => {
                        f.write_str(if i == 0 { "" } else { " + " })?;
                        write(term, Level::Product, f)?;
                    }
                }
            }
            Ok(())
        }
        Node::Negative(inner) => {
            f.write_str("-")?;
            write(inner, Level::Product, f)
        }
        Node::Product(factors) => {
            for (i, factor) in factors.iter().enumerate() {
                // Only the first factor may be a fraction: `a/b*c` is `(a/b)*c`.
                if i > 0 {
                    f.write_str("*")?;
                }
                let least =
                    if i == 0 && matches!(factor.node(), Node::Quotient(..)) { Level::Product } else { Level::Factor };
                write(factor, least, f)?;
            }
            Ok(())
        }
        Node::Quotient(a, b) => {
            write(a, Level::Product, f)?;
            f.write_str("/")?;
            write(b, Level::Factor, f)
        }
        Node::Power(a, b) => {
            write(a, Level::Atom, f)?;
            f.write_str("^")?;
            match b.node() {
                Node::Negative(inner) if level(inner) >= Level::Factor => {
                    f.write_str("-")?;
                    write(inner, Level::Factor, f)
                }
                _ => write(b, Level::Factor, f),
            }
        }
        Node::Call(function, a) => {
            f.write_str(function.name())?;
            f.write_str("(")?;
            write(a, Level::Sum, f)?;
            f.write_str(")")
        }
        Node::Apply { function, orders, arguments } => {
            f.write_str(function)?;
            if orders.iter().any(|n| *n > 0) {
                let marks: Vec<String> = orders.iter().map(u32::to_string).collect();
                write!(f, "[{}]", marks.join(","))?;
            }
            f.write_str("(")?;
            for (i, argument) in arguments.iter().enumerate() {
                f.write_str(if i == 0 { "" } else { ", " })?;
                write(argument, Level::Sum, f)?;
            }
            f.write_str(")")
        }
        Node::Derivative { of, variable, order } => {
            f.write_str("diff(")?;
            write(of, Level::Sum, f)?;
            if *order == 1 { write!(f, ", {variable})") } else { write!(f, ", {variable}, {order})") }
        }
    }
}

/// Digits `d` and exponent `k` with `n = d * 10^k`, no trailing zero in `d`.
pub(super) fn digits(n: &Rational) -> (String, i64) {
    // A terminating decimal: the power of ten that clears the twos and fives of the denominator.
    let twos = n.denom().trailing_zeros().unwrap_or(0);
    let (mut rest, mut fives) = (n.denom() >> twos, 0);
    while !rest.is_one() && (&rest % 5u8).is_zero() {
        rest /= 5u8;
        fives += 1;
    }
    let places = twos.max(fives);
    let numer = n.numer() * BigInt::from(10).pow(places as u32) / n.denom();
    let mut exponent = -(places as i64);
    let mut digits = numer.to_string();
    while digits.len() > 1 && digits.ends_with('0') {
        digits.pop();
        exponent += 1;
    }
    (digits, exponent)
}

/// Plain notation where that is short, scientific notation elsewhere.
fn decimal(n: &Rational) -> String {
    if n.is_zero() {
        return "0".into();
    }
    let (digits, exponent) = digits(n);
    let point = digits.len() as i64 + exponent;
    if exponent >= 0 && point <= 15 {
        return digits + &"0".repeat(exponent as usize);
    }
    if exponent < 0 && point > 0 {
        let (whole, fraction) = digits.split_at(point as usize);
        return format!("{whole}.{fraction}");
    }
    if exponent < 0 && point > -5 {
        return format!("0.{}{digits}", "0".repeat((-point) as usize));
    }
    let (first, rest) = digits.split_at(1);
    let mark = if rest.is_empty() { "" } else { "." };
    format!("{first}{mark}{rest}e{}", point - 1)
}
