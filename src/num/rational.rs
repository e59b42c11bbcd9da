//! Exact rational numbers, shared by formulas and (later) by the proof kernel.

use num_bigint::BigInt;
use num_traits::{One, ToPrimitive};

/// An exact ratio of big integers.
pub type Rational = num_rational::BigRational;

/// Decimals with a longer digit string are refused.
pub const MOST_DIGITS: usize = 400;
/// Decimals with a larger exponent, of either sign, are refused.
const LARGEST_EXPONENT: i64 = 400;

/// The nearest `f64`, ties to even (infinite where the ratio is beyond the range).
pub fn to_f64(ratio: &Rational) -> f64 {
    ratio.to_f64().unwrap_or(f64::NAN)
}

/// The exact value of an unsigned decimal such as `12`, `.5`, `2.`, `1.5e-3`; `None` where the text is not one, or has
/// more than 400 digits or an exponent beyond ±400.
pub fn parse_decimal(text: &str) -> Option<Rational> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    if digits.is_empty() || digits.len() > MOST_DIGITS || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    if exponent.unsigned_abs() > LARGEST_EXPONENT as u64 {
        return None;
    }
    let shift = exponent - fraction.len() as i64;
    let power = BigInt::from(10).pow(shift.unsigned_abs() as u32);
    // The place of the first digit is bounded too, so that every decimal read can be written as one.
    let significant = digits.trim_start_matches('0').len() as i64;
    if significant > 0 && !(-LARGEST_EXPONENT..=LARGEST_EXPONENT).contains(&(significant + shift - 1)) {
        return None;
    }
    let digits: BigInt = digits.parse().ok()?;
    Some(if shift >= 0 { Rational::new(digits * power, BigInt::one()) } else { Rational::new(digits, power) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_exact_and_come_back_as_the_same_float() {
        for text in [
            "0.1",
            "1e-6",
            "123.456e7",
            "1.7976931348623157e308",
            "4.9e-324",
            "2.2250738585072014e-308",
            "9007199254740993",
        ] {
            let exact = parse_decimal(text).expect("a decimal");
            assert_eq!(to_f64(&exact), text.parse::<f64>().expect("a float"), "{text}");
        }
        assert_eq!(parse_decimal(".5"), parse_decimal("0.50"));
        assert_eq!(parse_decimal("2."), parse_decimal("2"));
        for text in ["", ".", "e5", "1e", "1e999999999999", "1e401", "0.01e-399", "-1", "1.2.3", "0x1"] {
            assert_eq!(parse_decimal(text), None, "{text}");
        }
    }
}
#[cfg(test)]
mod laws {
    use super::*;
    use proptest::prelude::*;
    proptest! {
        #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn rounding_is_that_of_the_standard_library(bits in any::<u64>(), extra in 0_u32..3, digits in "[0-9]{1,40}", e in -380_i32..320) {
            let near = f64::from_bits(bits & !(1 << 63));
            if near.is_finite() {
                // Half way to the neighbour, exactly, and a little to either side of it.
                let exact = |v: f64| Rational::from_float(v).expect("finite");
                if near.next_up().is_finite() {
                    let half = (exact(near) + exact(near.next_up())) / BigInt::from(2);
                    let even = if bits & 1 == 0 { near } else { near.next_up() };
                    prop_assert_eq!(to_f64(&half), even);
                    let tiny = exact(near.next_up() - near) / (BigInt::from(1) << (90 + extra));
                    prop_assert_eq!(to_f64(&(&half + &tiny)), near.next_up());
                    prop_assert_eq!(to_f64(&(&half - &tiny)), near);
                    prop_assert_eq!(to_f64(&-(&half - &tiny)), -near);
                }
            }
            let text = format!("{digits}e{e}");
            prop_assert_eq!(to_f64(&parse_decimal(&text).expect("decimal")), text.parse::<f64>().expect("float"));
        }
        #[test]
        fn subnormals_are_rounded_once(bits in 0_u64..(1 << 53), digits in "[0-9]{1,40}", e in -380_i32..-300) {
            let near = f64::from_bits(bits);
            let exact = |v: f64| Rational::from_float(v).expect("finite");
            let half = (exact(near) + exact(near.next_up())) / BigInt::from(2);
            prop_assert_eq!(to_f64(&half), if bits & 1 == 0 { near } else { near.next_up() });
            let text = format!("{digits}e{e}");
            prop_assert_eq!(to_f64(&parse_decimal(&text).expect("decimal")), text.parse::<f64>().expect("float"));
        }
    }
}
