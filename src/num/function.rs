//! Elementary functions with the same bits on every machine: `libm`'s, never the platform's.

macro_rules! portable {
    ($($(#[$doc:meta])* $name:ident => $with:path;)*) => {
        $($(#[$doc])* #[inline] pub fn $name(x: f64) -> f64 { $with(x) })*
    };
}

portable! {
    /// Exponential.
    exp => libm::exp;
    /// `exp(x) - 1` without cancellation.
    exp_m1 => libm::expm1;
    /// Natural logarithm.
    ln => libm::log;
    /// `ln(1 + x)` without cancellation.
    ln_1p => libm::log1p;
    /// Sine.
    sin => libm::sin;
    /// Cosine.
    cos => libm::cos;
    /// Tangent.
    tan => libm::tan;
    /// Hyperbolic sine.
    sinh => libm::sinh;
    /// Hyperbolic cosine.
    cosh => libm::cosh;
    /// Hyperbolic tangent.
    tanh => libm::tanh;
    /// Inverse hyperbolic sine.
    asinh => libm::asinh;
    /// Arc tangent.
    atan => libm::atan;
    /// Error function.
    erf => libm::erf;
    /// Complementary error function.
    erfc => libm::erfc;
    /// Logarithm of the gamma function.
    ln_gamma => libm::lgamma;
}

/// `base^exponent`.
#[inline]
pub fn powf(base: f64, exponent: f64) -> f64 {
    libm::pow(base, exponent)
}
