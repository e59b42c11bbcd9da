//! Down the hill: from a place where an inequality holds to one where it holds by less, in exact steps, until it fails.

use super::assignment::Assignment;
use super::value::Value;
use crate::num::rational::Rational;
use num_bigint::BigInt;
use num_traits::{One, Signed, Zero};

/// Steps below this part of a coordinate are not taken.
const SMALLEST: i64 = 1 << 40;

/// A place found from `start`, with what `gap_at` says of it beside the gap: how much the inequality holds by, and
/// whether it fails; else the place where it holds by least.
pub(super) fn descend<T>(
    start: Assignment,
    gap: Value,
    steps: usize,
    bits: u32,
    admissible: impl Fn(&Assignment) -> bool,
    gap_at: impl Fn(&Assignment) -> Option<(Value, Option<T>)>,
) -> Result<(Assignment, T), Assignment> {
    let names: Vec<String> = start.symbols.keys().filter(|name| !start.naturals.contains(*name)).cloned().collect();
    let two = Rational::from_integer(2.into());
    let mut reach: Vec<Rational> =
        names.iter().map(|name| (start.symbols[name].abs() + Rational::new(1.into(), 8.into())) / &two).collect();
    let (mut here, mut least) = (start, gap);
    let mut left = steps;
    let mut at = 0;
    while left > 0 && !names.is_empty() {
        let turn = at % names.len();
        at += 1;
        let mut better = false;
        for sign in [1, -1] {
            let mut there = here.clone();
            if let Some(value) = there.symbols.get_mut(&names[turn]) {
                *value += &reach[turn] * Rational::from_integer(sign.into());
            }
            if !admissible(&there) {
                continue;
            }
            left = left.saturating_sub(1);
            match gap_at(&there) {
                Some((_, Some(found))) => return Ok((there, found)),
                Some((gap, None)) if gap.enclosure(bits).upper() < least.enclosure(bits).upper() => {
                    (here, least, better) = (there, gap, true);
                    break;
                }
                _ => {}
            }
        }
        if !better {
            // Steps stay short to write: halves of halves.
            reach[turn] /= &two;
            let size = here.symbols[&names[turn]].abs() + Rational::one();
            if &reach[turn] * Rational::from_integer(SMALLEST.into()) < size {
                break;
            }
        }
    }
    // The inequality may fail at one point only: the simplest ratios close by.
    for decimals in [1_u32, 2, 4, 6] {
        let mut there = here.clone();
        for name in &names {
            if let Some(value) = there.symbols.get_mut(name) {
                let room = Rational::new(BigInt::one(), BigInt::from(10).pow(decimals));
                *value = simplest(&(&*value - &room), &(&*value + &room));
            }
        }
        if admissible(&there)
            && let Some((_, Some(found))) = gap_at(&there)
        {
            return Ok((there, found));
        }
    }
    Err(here)
}

/// The ratio with the smallest denominator between two others.
pub(super) fn simplest(a: &Rational, b: &Rational) -> Rational {
    if a.is_negative() && b.is_negative() {
        return -simplest(&-b, &-a);
    }
    if !a.is_positive() {
        return Rational::zero();
    }
    // Continued fractions of both ends, as long as they agree.
    let (mut low, mut high) = (a.clone(), b.clone());
    let mut digits = Vec::new();
    loop {
        let whole = low.floor();
        if low.is_integer() || whole < high.floor() || digits.len() > 60 {
            digits.push(low.ceil());
            break;
        }
        digits.push(whole.clone());
        (low, high) = ((high - &whole).recip(), (low - whole).recip());
    }
    let mut value = Rational::zero();
    for (index, digit) in digits.into_iter().rev().enumerate() {
        value = if index == 0 { digit } else { digit + value.recip() };
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_simplest_ratio_is_found() {
        let ratio = |a: i64, b: i64| Rational::new(a.into(), b.into());
        for (a, b, expected) in [
            (ratio(23_332, 10_000), ratio(23_334, 10_000), ratio(7, 3)),
            (ratio(-1, 2), ratio(1, 3), ratio(0, 1)),
            (ratio(-34, 100), ratio(-33, 100), ratio(-1, 3)),
            (ratio(314, 100), ratio(315, 100), ratio(22, 7)),
            (ratio(19, 10), ratio(21, 10), ratio(2, 1)),
        ] {
            assert_eq!(simplest(&a, &b), expected);
        }
    }
}
