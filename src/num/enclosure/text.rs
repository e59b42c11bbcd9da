//! Enclosures as decimals that enclose them.

use super::{Enclosure, End};
use crate::num::rational::Rational;
use num_bigint::BigInt;
use num_traits::{One, Signed, Zero};
use std::fmt;

/// Numbers with more bits before or after the point are written as powers of two.
const MOST_BITS: i64 = 20_000;

impl Enclosure {
    /// A decimal with an error, such as `0.8414709848 ± 1e-10`, that encloses all of it, with at most `digits`
    /// significant digits; two ends where it is too wide for that.
    pub fn text(&self, digits: u32) -> String {
        match self.places(digits) {
            Some((mid, places)) => format!("{} ± 1e{}", decimal(&mid, places), -places),
            None => self.whole_number().unwrap_or_else(|| self.ends()),
        }
    }

    /// What [`Enclosure::text`] says: the decimal and its error; `None` where it gives two ends or one whole number.
    pub fn decimal(&self, digits: u32) -> Option<(Rational, Rational)> {
        let (mid, places) = self.places(digits)?;
        Some(((mid / tenth_to(places)).round() * tenth_to(places), tenth_to(places)))
    }

    fn whole_number(&self) -> Option<String> {
        let lower = self.lower.exact(64)?;
        (self.is_point() && lower.is_integer() && lower.numer().bits() < 64).then(|| lower.to_string())
    }

    /// The mid, and decimal places so that the mid rounded to them is off by less than one unit of the
    /// last from every number in it.
    fn places(&self, digits: u32) -> Option<(Rational, i64)> {
        if self.whole_number().is_some() {
            return None;
        }
        let (lower, upper) = (self.lower.exact(MOST_BITS)?, self.upper.exact(MOST_BITS)?);
        let two = Rational::from_integer(2.into());
        let (mid, radius) = ((&lower + &upper) / &two, (&upper - &lower) / &two);
        let size = mid.abs();
        // As many as the width allows, and no more than asked for.
        let mut places = i64::from(digits) - 1 - if size.is_zero() { 0 } else { magnitude(&size) };
        if !radius.is_zero() {
            places = places.min(-magnitude(&radius) - 1);
        }
        // The mid rounded is off by half a unit of the last place, and so is every number of the enclosure from the mid.
        if &radius * &two > tenth_to(places) {
            places -= 1;
        }
        (size.is_zero() || places >= -magnitude(&size)).then_some((mid, places))
    }

    fn ends(&self) -> String {
        format!("[{}, {}]", end(&self.lower, false), end(&self.upper, true))
    }
}

/// ⌊log₁₀⌋ of a positive ratio.
fn magnitude(value: &Rational) -> i64 {
    // log₁₀ 2 = 0.30103: right to within one, then set right.
    let mut guess = (value.numer().bits() as i64 - value.denom().bits() as i64) * 30_103 / 100_000;
    while *value < tenth_to(-guess) {
        guess -= 1;
    }
    while *value >= tenth_to(-guess - 1) {
        guess += 1;
    }
    guess
}

/// 10^−places
fn tenth_to(places: i64) -> Rational {
    let power = BigInt::from(10).pow(places.unsigned_abs().min(1 << 20) as u32);
    if places >= 0 { Rational::new(BigInt::one(), power) } else { Rational::from_integer(power) }
}

/// `value` rounded to `places` decimals, in plain or scientific notation.
fn decimal(value: &Rational, places: i64) -> String {
    let whole = (value / tenth_to(places)).round().to_integer();
    let sign = if whole.is_negative() { "-" } else { "" };
    let digits = whole.abs().to_string();
    let point = digits.len() as i64 - places;
    if whole.is_zero() {
        return "0".into();
    }
    let text = if (-5..=0).contains(&point) {
        format!("0.{}{digits}", "0".repeat(-point as usize))
    } else if point > 0 && point < 40 && places >= 0 {
        let (before, after) = digits.split_at(point as usize);
        if after.is_empty() { before.to_owned() } else { format!("{before}.{after}") }
    } else {
        let (before, after) = digits.split_at(1);
        let dot = if after.is_empty() { "" } else { "." };
        format!("{before}{dot}{after}e{}", point - 1)
    };
    format!("{sign}{text}")
}

/// An end to some digits, rounded outwards.
fn end(value: &End, up: bool) -> String {
    match value {
        End::MinusInfinity => "-inf".into(),
        End::Infinity => "inf".into(),
        End::At(m, _) if m.is_zero() => "0".into(),
        End::At(m, e) => match value.exact(MOST_BITS) {
            Some(exact) => {
                let size = if exact.is_negative() { -exact.clone() } else { exact.clone() };
                let places = 9 - magnitude(&size);
                let scaled = &exact / tenth_to(places);
                let rounded = if up { scaled.ceil() } else { scaled.floor() };
                // An end is exact: zeros after the point say nothing.
                let text = decimal(&(rounded * tenth_to(places)), places);
                match text.split_once('e') {
                    Some(_) => text,
                    None if text.contains('.') => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
                    None => text,
                }
            }
            // A power of two on the outer side.
            None => {
                let top = m.bits() as i64 + e;
                match (m.is_negative(), up != m.is_negative()) {
                    (true, outer) => format!("-2^{}", if outer { top } else { top - 1 }),
                    (false, outer) => format!("2^{}", if outer { top } else { top - 1 }),
                }
            }
        },
    }
}

impl fmt::Display for Enclosure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(20))
    }
}
