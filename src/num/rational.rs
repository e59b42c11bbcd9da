//! Exact rational numbers, shared by formulas and (later) by the proof kernel.

/// An exact ratio of big integers.
pub type Rational = num_rational::BigRational;
