//! Closed intervals of `f64` with outward rounding.

/// All real numbers `x` with `lower <= x <= upper`; the ends may be infinite, never NaN.
///
/// An operation whose result is undefined somewhere on the operands (division by an interval that holds zero, the
/// logarithm of one that reaches below zero) returns [`Interval::ENTIRE`] with `defined = false`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Lower end.
    pub lower: f64,
    /// Upper end.
    pub upper: f64,
    /// Whether the value is certainly defined and finite at every point that was enclosed.
    pub defined: bool,
}
