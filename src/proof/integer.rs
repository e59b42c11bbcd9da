//! Whole numbers of any size, with those of one machine word kept out of the heap: coefficients are nearly always small.

use num_bigint::BigInt;
use num_traits::{Signed, ToPrimitive, Zero};
use std::cmp::Ordering;

/// A whole number; `Big` never holds one that fits `Small`, so equality is that of the parts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Int {
    Small(i64),
    Big(Box<BigInt>),
}

impl Int {
    pub(super) const ZERO: Int = Int::Small(0);
    pub(super) const ONE: Int = Int::Small(1);

    pub(super) fn from_big(value: BigInt) -> Int {
        value.to_i64().map_or_else(|| Int::Big(Box::new(value)), Int::Small)
    }

    fn from_wide(value: i128) -> Int {
        i64::try_from(value).map_or_else(|_| Int::Big(Box::new(BigInt::from(value))), Int::Small)
    }

    pub(super) fn to_big(&self) -> BigInt {
        match self {
            Int::Small(a) => BigInt::from(*a),
            Int::Big(a) => (**a).clone(),
        }
    }

    pub(super) fn is_zero(&self) -> bool {
        matches!(self, Int::Small(0))
    }

    pub(super) fn is_one(&self) -> bool {
        matches!(self, Int::Small(1))
    }

    pub(super) fn is_negative(&self) -> bool {
        match self {
            Int::Small(a) => *a < 0,
            Int::Big(a) => a.is_negative(),
        }
    }

    pub(super) fn bits(&self) -> u64 {
        match self {
            Int::Small(a) => u64::from(64 - a.unsigned_abs().leading_zeros()),
            Int::Big(a) => a.bits(),
        }
    }

    pub(super) fn neg(&self) -> Int {
        match self {
            Int::Small(a) => Int::from_wide(-i128::from(*a)),
            Int::Big(a) => Int::from_big(-&**a),
        }
    }

    pub(super) fn abs(&self) -> Int {
        if self.is_negative() { self.neg() } else { self.clone() }
    }

    pub(super) fn add(&self, other: &Int) -> Int {
        match (self, other) {
            (Int::Small(a), Int::Small(b)) => Int::from_wide(i128::from(*a) + i128::from(*b)),
            _ => Int::from_big(self.to_big() + other.to_big()),
        }
    }

    pub(super) fn mul(&self, other: &Int) -> Int {
        match (self, other) {
            (Int::Small(a), Int::Small(b)) => Int::from_wide(i128::from(*a) * i128::from(*b)),
            _ => Int::from_big(self.to_big() * other.to_big()),
        }
    }

    /// `self / other` where that is whole.
    pub(super) fn divided(&self, other: &Int) -> Option<Int> {
        match (self, other) {
            (_, Int::Small(0)) => None,
            (_, Int::Small(1)) => Some(self.clone()),
            (Int::Small(a), Int::Small(b)) => {
                let (a, b) = (i128::from(*a), i128::from(*b));
                (a % b == 0).then(|| Int::from_wide(a / b))
            }
            _ => {
                let (a, b) = (self.to_big(), other.to_big());
                (&a % &b).is_zero().then(|| Int::from_big(a / b))
            }
        }
    }

    /// The greatest common divisor, never negative.
    pub(super) fn gcd(&self, other: &Int) -> Int {
        match (self, other) {
            (Int::Small(a), Int::Small(b)) => {
                let (mut a, mut b) = (a.unsigned_abs(), b.unsigned_abs());
                while b != 0 {
                    (a, b) = (b, a % b);
                }
                Int::from_wide(i128::from(a))
            }
            _ => {
                let (mut a, mut b) = (self.to_big(), other.to_big());
                while !b.is_zero() {
                    let rest = &a % &b;
                    (a, b) = (b, rest);
                }
                Int::from_big(a.abs())
            }
        }
    }

    /// The remainder in `0..modulus`.
    pub(super) fn modulo(&self, modulus: u64) -> u64 {
        match self {
            Int::Small(a) => i128::from(*a).rem_euclid(i128::from(modulus)) as u64,
            Int::Big(a) => {
                let modulus = BigInt::from(modulus);
                let rest = &**a % &modulus;
                let rest = if rest.is_negative() { rest + modulus } else { rest };
                rest.to_u64().unwrap_or(0)
            }
        }
    }

    pub(super) fn pow(&self, exponent: u32) -> Int {
        match self {
            Int::Small(0 | 1) if exponent > 0 => self.clone(),
            _ if exponent == 0 => Int::ONE,
            _ => Int::from_big(self.to_big().pow(exponent)),
        }
    }

    /// The prime factors below `limit` with their powers, and what is left (1, or a number without such factors).
    pub(super) fn small_factors(&self, limit: u64) -> (Vec<(u64, u32)>, Int) {
        let (mut rest, mut found, mut candidate) = (self.abs(), Vec::new(), 2_u64);
        while candidate < limit && !rest.is_one() {
            if let Int::Small(left) = &rest
                && u128::from(candidate) * u128::from(candidate) > u128::from(left.unsigned_abs())
                && left.unsigned_abs() < limit
            {
                found.push((left.unsigned_abs(), 1));
                return (found, Int::ONE);
            }
            let divisor = Int::Small(candidate as i64);
            let mut times = 0;
            while let Some(quotient) = rest.divided(&divisor) {
                (rest, times) = (quotient, times + 1);
            }
            if times > 0 {
                found.push((candidate, times));
            }
            candidate += if candidate == 2 { 1 } else { 2 };
        }
        (found, rest)
    }
}

impl PartialOrd for Int {
    fn partial_cmp(&self, other: &Int) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Int {
    fn cmp(&self, other: &Int) -> Ordering {
        match (self, other) {
            (Int::Small(a), Int::Small(b)) => a.cmp(b),
            _ => self.to_big().cmp(&other.to_big()),
        }
    }
}
impl From<i64> for Int {
    fn from(value: i64) -> Int {
        Int::Small(value)
    }
}
impl std::fmt::Display for Int {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Int::Small(a) => write!(f, "{a}"),
            Int::Big(a) => write!(f, "{a}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn every_operation_is_that_of_big_numbers(a in any::<i64>(), b in any::<i64>(), shift in 0_u32..3) {
            let wide = |v: i64| BigInt::from(v) << (40 * shift);
            let (x, y) = (wide(a), wide(b));
            let (i, j) = (Int::from_big(x.clone()), Int::from_big(y.clone()));
            prop_assert_eq!(i.add(&j).to_big(), &x + &y);
            prop_assert_eq!(i.add(&j.neg()), Int::from_big(&x - &y));
            prop_assert_eq!(i.mul(&j), Int::from_big(&x * &y));
            let g = i.gcd(&j);
            prop_assert!(g.is_zero() || (i.divided(&g).is_some() && j.divided(&g).is_some()));
            if let (Some(p), Some(q)) = (i.divided(&g), j.divided(&g)) {
                prop_assert_eq!(p.gcd(&q), Int::ONE);
            }
            prop_assert_eq!(i.cmp(&j), x.cmp(&y));
            prop_assert_eq!(i.neg().neg(), i.clone());
            if !y.is_zero() {
                prop_assert_eq!(i.mul(&j).divided(&j), Some(i.clone()));
                prop_assert_eq!(i.divided(&j).is_some(), (&x % &y).is_zero());
            }
            prop_assert_eq!((BigInt::from(i.modulo(1_000_003)) - &x) % 1_000_003, BigInt::zero());
        }
    }

    #[test]
    fn small_factors_multiply_back() {
        for n in [1_i64, 2, 12, 97, 9_999_991, 9_409, 1 << 40, 1_000_000_007 * 6] {
            let (found, rest) = Int::from(n).small_factors(1000);
            let product = found.iter().fold(rest, |p, (q, k)| p.mul(&Int::from(*q as i64).pow(*k)));
            assert_eq!(product, Int::from(n));
        }
        assert_eq!(Int::from(9_409).small_factors(1000).0, vec![(97, 2)]);
    }
}
