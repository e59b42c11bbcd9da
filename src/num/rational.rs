//! Exact rational numbers, shared by formulas and (later) by the proof kernel.

use num_traits::ToPrimitive;

/// An exact ratio of big integers.
pub type Rational = num_rational::BigRational;

/// The nearest `f64` (infinite where the ratio is beyond the range).
pub fn to_f64(ratio: &Rational) -> f64 {
    ratio.to_f64().unwrap_or(f64::NAN)
}
