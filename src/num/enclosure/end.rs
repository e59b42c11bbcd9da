//! Ends of enclosures: `mantissa · 2^exponent` or an infinity, every operation rounded to a number of bits towards a
//! chosen side.

use super::super::rational::Rational;
use num_bigint::{BigInt, Sign};
use num_traits::{One, Signed, Zero};
use std::cmp::Ordering;

/// Sizes stay between `2^−LARGEST` and `2^LARGEST`; beyond, they are rounded to zero, these powers or infinity.
const LARGEST: i64 = 1 << 40;

/// Where an exact result is rounded to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Not above the exact result.
    Below,
    /// Not below it.
    Above,
}

impl Side {
    fn other(self) -> Side {
        match self {
            Side::Below => Side::Above,
            Side::Above => Side::Below,
        }
    }
}

/// A number `m · 2^e`, or an infinity.
#[derive(Clone, Debug)]
pub enum End {
    /// Below every number.
    MinusInfinity,
    /// `m · 2^e`
    At(BigInt, i64),
    /// Above every number.
    Infinity,
}

impl PartialEq for End {
    fn eq(&self, other: &End) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}
impl Eq for End {}
impl PartialOrd for End {
    fn partial_cmp(&self, other: &End) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for End {
    fn cmp(&self, other: &End) -> Ordering {
        match (self, other) {
            (End::MinusInfinity, End::MinusInfinity) | (End::Infinity, End::Infinity) => Ordering::Equal,
            (End::MinusInfinity, _) | (_, End::Infinity) => Ordering::Less,
            (_, End::MinusInfinity) | (End::Infinity, _) => Ordering::Greater,
            (End::At(m, e), End::At(n, f)) => {
                let signs = m.sign().cmp(&n.sign());
                if signs != Ordering::Equal || m.is_zero() {
                    return signs;
                }
                let tops = (top(m, *e)).cmp(&top(n, *f));
                if tops != Ordering::Equal {
                    return if m.is_negative() { tops.reverse() } else { tops };
                }
                // Equal tops: the exponents differ by no more than the lengths of the mantissas do.
                if e >= f { (m << (e - f) as u64).cmp(n) } else { m.cmp(&(n << (f - e) as u64)) }
            }
        }
    }
}

/// `|m · 2^e| < 2^top`, and not below half of it.
fn top(m: &BigInt, e: i64) -> i64 {
    m.bits() as i64 + e
}

impl End {
    /// The number 0.
    pub fn zero() -> End {
        End::At(BigInt::zero(), 0)
    }

    /// A whole number, exact.
    pub fn whole(n: i64) -> End {
        End::At(BigInt::from(n), 0)
    }

    /// `m · 2^e` rounded to `bits` significant bits.
    pub fn rounded(m: BigInt, e: i64, bits: u32, side: Side) -> End {
        if m.is_zero() {
            return End::zero();
        }
        let length = m.bits() as i64;
        if length + e > LARGEST {
            return match (m.is_positive(), side) {
                (true, Side::Above) => End::Infinity,
                (true, Side::Below) => End::At(BigInt::one(), LARGEST - 1),
                (false, Side::Above) => End::At(-BigInt::one(), LARGEST - 1),
                (false, Side::Below) => End::MinusInfinity,
            };
        }
        if length + e < -LARGEST {
            return match (m.is_positive(), side) {
                (true, Side::Above) => End::At(BigInt::one(), -LARGEST),
                (false, Side::Below) => End::At(-BigInt::one(), -LARGEST),
                _ => End::zero(),
            };
        }
        let excess = length - i64::from(bits);
        if excess <= 0 {
            return End::At(m, e);
        }
        let m = match side {
            // A shift to the right rounds towards −∞, for both signs.
            Side::Below => m >> excess as u64,
            Side::Above => -((-m) >> excess as u64),
        };
        End::At(m, e + excess)
    }

    /// `ratio` rounded to `bits` bits.
    pub fn of(ratio: &Rational, bits: u32, side: Side) -> End {
        if ratio.is_integer() {
            return End::rounded(ratio.numer().clone(), 0, bits, side);
        }
        quotient((ratio.numer(), 0), (ratio.denom(), 0), bits, side)
    }

    /// The exact value; `None` for an infinity or where it would take more than `bits` bits to write.
    pub fn exact(&self, bits: i64) -> Option<Rational> {
        let End::At(m, e) = self else { return None };
        if e.abs() > bits {
            return None;
        }
        let power = BigInt::one() << e.unsigned_abs();
        Some(if *e >= 0 { Rational::from_integer(m * power) } else { Rational::new(m.clone(), power) })
    }

    /// Its sign: −1, 0 or 1.
    pub fn sign(&self) -> i32 {
        match self {
            End::MinusInfinity => -1,
            End::Infinity => 1,
            End::At(m, _) => match m.sign() {
                Sign::Minus => -1,
                Sign::NoSign => 0,
                Sign::Plus => 1,
            },
        }
    }

    /// `t` with `2^(t−1) ≤ |self| < 2^t`; `None` for zero and the infinities.
    pub fn top(&self) -> Option<i64> {
        match self {
            End::At(m, e) if !m.is_zero() => Some(top(m, *e)),
            _ => None,
        }
    }

    /// `−self`, exact.
    pub fn negative(&self) -> End {
        match self {
            End::MinusInfinity => End::Infinity,
            End::Infinity => End::MinusInfinity,
            End::At(m, e) => End::At(-m, *e),
        }
    }

    /// `|self|`, exact.
    pub fn abs(&self) -> End {
        if self.sign() < 0 { self.negative() } else { self.clone() }
    }

    /// `self · 2^n`.
    pub fn scaled(&self, n: i64, side: Side) -> End {
        match self {
            End::At(m, e) => End::rounded(m.clone(), e.saturating_add(n), u32::MAX, side),
            _ => self.clone(),
        }
    }

    /// `self + other`; opposite infinities give the infinity of `side`.
    pub fn plus(&self, other: &End, bits: u32, side: Side) -> End {
        let (m, e, n, f) = match (self, other) {
            (End::At(m, e), End::At(n, f)) => (m, *e, n, *f),
            (End::MinusInfinity, End::Infinity) | (End::Infinity, End::MinusInfinity) => {
                return if side == Side::Below { End::MinusInfinity } else { End::Infinity };
            }
            (End::At(..), infinite) | (infinite, _) => return infinite.clone(),
        };
        if m.is_zero() {
            return End::rounded(n.clone(), f, bits, side);
        }
        if n.is_zero() {
            return End::rounded(m.clone(), e, bits, side);
        }
        let ((m, e), (n, f)) = if top(m, e) >= top(n, f) { ((m, e), (n, f)) } else { ((n, f), (m, e)) };
        // The larger one, with more bits than are kept; a smaller one below its last bit only says where to round.
        let room = (i64::from(bits) + 2 - m.bits() as i64).max(0);
        if top(n, f) <= e - room {
            let large = m << room as u64;
            let nudged = match (side, n.is_positive()) {
                (Side::Below, false) => large - 1,
                (Side::Above, true) => large + 1,
                _ => large,
            };
            return End::rounded(nudged, e - room, bits, side);
        }
        let sum = match e >= f {
            true => (m << (e - f) as u64) + n,
            false => m + (n << (f - e) as u64),
        };
        End::rounded(sum, e.min(f), bits, side)
    }

    /// `self · other`, with `0 · ∞ = 0`.
    pub fn times(&self, other: &End, bits: u32, side: Side) -> End {
        match (self, other) {
            (End::At(m, e), End::At(n, f)) => End::rounded(m * n, e + f, bits, side),
            _ => match self.sign() * other.sign() {
                0 => End::zero(),
                1 => End::Infinity,
                _ => End::MinusInfinity,
            },
        }
    }

    /// `self / other` for `other ≠ 0`, with `a / ∞ = 0` for every `a`.
    pub fn over(&self, other: &End, bits: u32, side: Side) -> End {
        match (self, other) {
            (_, End::Infinity | End::MinusInfinity) => End::zero(),
            (End::At(m, e), End::At(n, f)) => quotient((m, *e), (n, *f), bits, side),
            _ if self.sign() * other.sign() > 0 => End::Infinity,
            _ => End::MinusInfinity,
        }
    }

    /// The `n`-th root of `self ≥ 0`, `n ≥ 1`.
    pub fn root(&self, n: u32, bits: u32, side: Side) -> End {
        let End::At(m, e) = self else { return self.clone() };
        if !m.is_positive() {
            return End::zero();
        }
        let n = n.max(1);
        let wanted = (i64::from(bits) + 2) * i64::from(n);
        let mut shift = (wanted - m.bits() as i64).max(0);
        shift += (e - shift).rem_euclid(i64::from(n));
        let scaled = m << shift as u64;
        let root = scaled.nth_root(n);
        let exponent = (e - shift) / i64::from(n);
        if root.pow(n) == scaled {
            return End::rounded(root, exponent, bits, side);
        }
        // One more bit says that the root goes on.
        End::rounded((root << 1_u32) + 1, exponent - 1, bits, side)
    }

    /// `self ^ n` for `self ≥ 0`.
    pub fn power(&self, n: u64, bits: u32, side: Side) -> End {
        let mut result = End::whole(1);
        let mut base = self.clone();
        let mut n = n;
        while n > 0 {
            if n & 1 == 1 {
                result = result.times(&base, bits, side);
            }
            n >>= 1;
            if n > 0 {
                base = base.times(&base, bits, side);
            }
        }
        result
    }

    /// The whole number not above it, where it is below `2^8192` in size.
    pub fn floor(&self) -> Option<BigInt> {
        match self {
            End::At(m, e) if top(m, *e) <= 8192 => Some(if *e >= 0 { m << *e as u64 } else { m >> e.unsigned_abs() }),
            _ => None,
        }
    }
}

fn quotient((m, e): (&BigInt, i64), (n, f): (&BigInt, i64), bits: u32, side: Side) -> End {
    let shift = (i64::from(bits) + 2 + n.bits() as i64 - m.bits() as i64).max(0);
    let (over, under) = (m.abs() << shift as u64, n.abs());
    let size = &over / &under;
    let negative = m.is_negative() != n.is_negative();
    let signed = |size: BigInt| if negative { -size } else { size };
    if &size * &under == over {
        return End::rounded(signed(size), e - f - shift, bits, side);
    }
    // One more bit says that the quotient goes on.
    End::rounded(signed((size << 1_u32) + 1), e - f - shift - 1, bits, side)
}

/// The least and the greatest of two ends.
pub(super) fn ordered(a: End, b: End) -> (End, End) {
    if a <= b { (a, b) } else { (b, a) }
}

/// A pair of ends around the value of a function at one end, as `f(side)` gives it.
pub(super) fn both(f: impl Fn(Side) -> End) -> (End, End) {
    (f(Side::Below), f(Side::Below.other()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn rounding_is_outward_and_close(a in any::<i64>(), e in -150_i64..150, b in any::<i64>(), f in -150_i64..150, bits in 4_u32..80) {
            prop_assume!(b != 0);
            let (x, y) = (End::At(a.into(), e), End::At(b.into(), f));
            let (p, q) = (x.exact(400).expect("small"), y.exact(400).expect("small"));
            let close = Rational::new(1.into(), BigInt::one() << (bits - 1));
            for (exact, (low, high)) in [
                (&p + &q, both(|s| x.plus(&y, bits, s))),
                (&p * &q, both(|s| x.times(&y, bits, s))),
                (&p / &q, both(|s| x.over(&y, bits, s))),
            ] {
                let (low, high) = (low.exact(9000).expect("finite"), high.exact(9000).expect("finite"));
                prop_assert!(low <= exact && exact <= high, "{low} {exact} {high}");
                prop_assert!((high - low).abs() <= exact.abs() * close.clone() * Rational::from_integer(2.into()));
            }
            let (low, high) = both(|s| x.abs().root(3, bits, s));
            let cube = |v: End| v.exact(9000).expect("finite").pow(3);
            prop_assert!(cube(low) <= p.abs() && p.abs() <= cube(high));
            prop_assert_eq!(x.cmp(&y), p.cmp(&q));
        }
    }

    #[test]
    fn sizes_are_bounded_and_far_apart_numbers_add_at_once() {
        let huge = End::whole(2).power(1_000_000_000, 64, Side::Below);
        assert_eq!(huge, End::At(BigInt::one(), 1_000_000_000));
        let (low, high) = both(|s| huge.plus(&End::whole(-1), 64, s));
        assert!(low < huge && high == huge);
        let (low, high) = both(|s| huge.power(1 << 20, 64, s));
        assert_eq!((low, high), (End::At(BigInt::one(), LARGEST - 1), End::Infinity));
        let tiny = End::whole(1).over(&huge, 64, Side::Above).power(1 << 20, 64, Side::Above);
        assert_eq!(tiny, End::At(BigInt::one(), -LARGEST));
    }
}
