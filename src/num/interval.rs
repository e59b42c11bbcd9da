//! Closed intervals of `f64` with outward rounding.
//!
//! Basic operations are exact where the result is a float and else end at the float next to the exact result, found
//! from the sign of the rounding error. `sqrt` is rounded correctly and goes outwards by one unit; `exp`, `ln`, `pow`,
//! `sin`, `cos`, `atan` assume that `libm` is within one unit in the last place and go outwards by two; `tan`, `sinh`,
//! `cosh`, `tanh` assume two units and go outwards by four.

use super::function as f;

/// All real numbers `x` with `lower <= x <= upper`; the ends may be infinite, never NaN.
///
/// `defined` tells whether the value certainly exists and is finite at every point that was enclosed; where it is
/// false the ends hold only for the points at which the value exists. It speaks of real numbers: a value beyond the
/// range of `f64` is defined and its end is infinite.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Lower end.
    pub lower: f64,
    /// Upper end.
    pub upper: f64,
    /// Whether the value is certainly defined and finite at every point that was enclosed.
    pub defined: bool,
}

impl Interval {
    /// The whole line, nothing known.
    pub const ENTIRE: Interval = Interval { lower: f64::NEG_INFINITY, upper: f64::INFINITY, defined: false };

    /// `[lower, upper]`; [`Interval::ENTIRE`] where no real number is in it.
    pub fn new(lower: f64, upper: f64) -> Interval {
        let holds_a_number = lower <= upper && lower < f64::INFINITY && upper > f64::NEG_INFINITY;
        if holds_a_number { Interval { lower, upper, defined: true } } else { Interval::ENTIRE }
    }

    /// One number.
    pub fn point(x: f64) -> Interval {
        Interval::new(x, x)
    }

    /// Whether `x` lies in it.
    pub fn contains(self, x: f64) -> bool {
        self.lower <= x && x <= self.upper
    }

    /// `upper - lower`.
    pub fn width(self) -> f64 {
        self.upper - self.lower
    }

    /// The smallest interval that holds both.
    pub fn hull(self, other: Interval) -> Interval {
        Interval {
            lower: self.lower.min(other.lower),
            upper: self.upper.max(other.upper),
            defined: self.defined && other.defined,
        }
    }

    /// A finite number of it, in the middle where both ends are finite.
    pub fn midpoint(self) -> f64 {
        0.5 * self.lower.max(-f64::MAX) + 0.5 * self.upper.min(f64::MAX)
    }

    /// Ends moved outwards by `ulps`.
    fn outward(lower: f64, upper: f64, ulps: u32, defined: bool) -> Interval {
        let (mut lower, mut upper) = (lower, upper);
        if lower.is_nan() || upper.is_nan() {
            return Interval::ENTIRE;
        }
        for _ in 0..ulps {
            lower = lower.next_down();
            upper = upper.next_up();
        }
        Interval { lower, upper, defined }
    }

    /// The hull of four products or quotients of ends, each given by the floats that enclose it.
    fn hull_of(ends: [(f64, f64); 4], defined: bool) -> Interval {
        let lower = ends.iter().map(|e| e.0).fold(f64::INFINITY, f64::min);
        let upper = ends.iter().map(|e| e.1).fold(f64::NEG_INFINITY, f64::max);
        Interval { lower, upper, defined }
    }

    /// `self ^ n` for a whole `n`, tight for even powers.
    pub fn powi(self, n: i32) -> Interval {
        if n == 0 {
            return Interval { defined: self.defined, ..Interval::point(1.0) };
        }
        if n < 0 {
            return Interval { defined: self.defined, ..Interval::point(1.0) } / self.powi(n.saturating_neg());
        }
        if n == 1 {
            return self;
        }
        if n == 2 {
            let size = self.abs();
            let (lower, upper) = (product(size.lower, size.lower).0, product(size.upper, size.upper).1);
            return Interval { lower, upper, defined: self.defined };
        }
        let size = |x: f64| f::powf(x.abs(), f64::from(n));
        if n % 2 == 1 {
            let signed = |x: f64| if x < 0.0 { -size(x) } else { size(x) };
            return Interval::outward(signed(self.lower), signed(self.upper), 2, self.defined);
        }
        let (low, high) = (self.lower.abs().min(self.upper.abs()), self.lower.abs().max(self.upper.abs()));
        if self.contains(0.0) {
            let upper = Interval::outward(0.0, size(high), 2, self.defined);
            return Interval { lower: 0.0, ..upper };
        }
        let around = Interval::outward(size(low), size(high), 2, self.defined);
        Interval { lower: around.lower.max(0.0), ..around }
    }

    /// `self ^ exponent`: a whole power for a whole exponent, else for a base that is not negative.
    pub fn powf(self, exponent: Interval) -> Interval {
        let defined = self.defined && exponent.defined;
        let p = exponent.lower;
        if p == exponent.upper {
            if p.fract() == 0.0 && p.abs() <= f64::from(i32::MAX) {
                return Interval { defined, ..self }.powi(p as i32);
            }
            if self.upper < 0.0 {
                return Interval::ENTIRE;
            }
            let base = self.clamped(0.0, f64::INFINITY);
            let (low, high) = (f::powf(base.lower, p), f::powf(base.upper, p));
            let defined = defined && (self.lower > 0.0 || (self.lower == 0.0 && p > 0.0));
            return Interval::outward(low.min(high), low.max(high), 2, defined).clamped(0.0, f64::INFINITY);
        }
        // A negative base has a value at the whole exponents.
        if self.lower < 0.0 {
            return Interval::ENTIRE;
        }
        let power = (exponent * self.ln()).exp();
        // ln 0 has no end, yet 0^p is 0 or 1 or has no value.
        if self.lower == 0.0 { power.hull(Interval::new(0.0, 1.0)) } else { power }
    }

    fn increasing(self, ulps: u32, with: fn(f64) -> f64) -> Interval {
        Interval::outward(with(self.lower), with(self.upper), ulps, self.defined)
    }

    fn clamped(self, lower: f64, upper: f64) -> Interval {
        Interval { lower: self.lower.clamp(lower, upper), upper: self.upper.clamp(lower, upper), ..self }
    }

    /// Square root.
    pub fn sqrt(self) -> Interval {
        if self.upper < 0.0 {
            return Interval::ENTIRE;
        }
        let defined = self.defined && self.lower >= 0.0;
        let root = Interval { defined, ..self.clamped(0.0, f64::INFINITY) }.increasing(1, f64::sqrt);
        root.clamped(0.0, f64::INFINITY)
    }

    /// Exponential.
    pub fn exp(self) -> Interval {
        self.increasing(2, f::exp).clamped(0.0, f64::INFINITY)
    }

    /// Natural logarithm.
    pub fn ln(self) -> Interval {
        if self.upper <= 0.0 {
            return Interval::ENTIRE;
        }
        let defined = self.defined && self.lower > 0.0;
        Interval { defined, ..self.clamped(0.0, f64::INFINITY) }.increasing(2, f::ln)
    }

    /// Hyperbolic sine.
    pub fn sinh(self) -> Interval {
        self.increasing(4, f::sinh)
    }

    /// Hyperbolic tangent.
    pub fn tanh(self) -> Interval {
        self.increasing(4, f::tanh).clamped(-1.0, 1.0)
    }

    /// Arc tangent.
    pub fn atan(self) -> Interval {
        self.increasing(2, f::atan)
    }

    /// Absolute value.
    pub fn abs(self) -> Interval {
        let high = self.lower.abs().max(self.upper.abs());
        let low = if self.contains(0.0) { 0.0 } else { self.lower.abs().min(self.upper.abs()) };
        Interval { lower: low, upper: high, defined: self.defined }
    }

    /// Hyperbolic cosine.
    pub fn cosh(self) -> Interval {
        self.abs().increasing(4, f::cosh).clamped(1.0, f64::INFINITY)
    }

    /// A function of period 2π with values in [-1, 1], monotone between its greatest value at the phase `top` and
    /// its least at `bottom`.
    fn periodic(self, with: fn(f64) -> f64, top: f64, bottom: f64) -> Interval {
        const TAU: f64 = std::f64::consts::TAU;
        // Beyond this the position within the period is not known well enough.
        if !(self.lower.abs() < 1e8 && self.upper.abs() < 1e8 && self.width() < TAU) {
            return Interval { lower: -1.0, upper: 1.0, defined: self.defined };
        }
        let slack = 1e-15 * (1.0 + self.lower.abs().max(self.upper.abs()));
        // Whether some k with phase + 2πk lies in the interval, or may.
        let holds = |phase: f64| {
            let k = ((self.lower - slack - phase) / TAU).ceil();
            phase + k * TAU <= self.upper + slack
        };
        let (a, b) = (with(self.lower), with(self.upper));
        let lower = if holds(bottom) { -1.0 } else { a.min(b) };
        let upper = if holds(top) { 1.0 } else { a.max(b) };
        Interval::outward(lower, upper, 2, self.defined).clamped(-1.0, 1.0)
    }

    /// Cosine; `[-1, 1]` for arguments beyond 1e8.
    pub fn cos(self) -> Interval {
        self.periodic(f::cos, 0.0, std::f64::consts::PI)
    }

    /// Sine; `[-1, 1]` for arguments beyond 1e8.
    pub fn sin(self) -> Interval {
        self.periodic(f::sin, std::f64::consts::FRAC_PI_2, -std::f64::consts::FRAC_PI_2)
    }

    /// Tangent; not defined where the cosine may vanish.
    pub fn tan(self) -> Interval {
        if self.cos().contains(0.0) { Interval::ENTIRE } else { self.increasing(4, f::tan) }
    }
}

/// The floats that enclose the number which was rounded to `rounded`, given the sign of exact minus rounded if known.
fn around(rounded: f64, error: Option<f64>) -> (f64, f64) {
    let (lower, upper) = match error {
        Some(0.0) => (rounded, rounded),
        Some(e) if e > 0.0 => (rounded, rounded.next_up()),
        Some(e) if e < 0.0 => (rounded.next_down(), rounded),
        _ => (rounded.next_down(), rounded.next_up()),
    };
    // What underflows keeps its sign.
    match rounded == 0.0 {
        true if rounded.is_sign_negative() => (lower, 0.0),
        true => (0.0, upper),
        false => (lower, upper),
    }
}

fn sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let part = sum - a;
    around(sum, Some((a - (sum - part)) + (b - part)))
}

/// Exact product minus `product`, by splitting the factors in halves; `None` where that may over- or underflow.
fn error_of_product(a: f64, b: f64, product: f64) -> Option<f64> {
    if a == 0.0 || b == 0.0 {
        return Some(0.0);
    }
    if !(a.abs() < 1e150 && b.abs() < 1e150 && product.abs() > 1e-250) {
        return None;
    }
    let halves = |x: f64| {
        let shifted = 134_217_729.0 * x;
        let high = shifted - (shifted - x);
        (high, x - high)
    };
    let ((p, q), (r, s)) = (halves(a), halves(b));
    Some(((p * r - product) + p * s + q * r) + q * s)
}

/// The product of two ends; an infinite end is a bound that is never attained, so that zero times it is zero.
fn product(a: f64, b: f64) -> (f64, f64) {
    if a == 0.0 || b == 0.0 {
        return (0.0, 0.0);
    }
    let product = a * b;
    around(product, error_of_product(a, b, product))
}

/// The quotient of two ends; what two infinite ends leave open is between the other quotients.
fn quotient(a: f64, b: f64) -> (f64, f64) {
    let quotient = a / b;
    if a == 0.0 || quotient.is_nan() {
        return (0.0, 0.0);
    }
    let back = quotient * b;
    let rest = if quotient == 0.0 { None } else { error_of_product(quotient, b, back).map(|e| (a - back) - e) };
    around(quotient, rest.map(|rest| rest * b.signum()))
}

impl std::ops::Neg for Interval {
    type Output = Interval;
    fn neg(self) -> Interval {
        Interval { lower: -self.upper, upper: -self.lower, defined: self.defined }
    }
}
impl std::ops::Add for Interval {
    type Output = Interval;
    fn add(self, b: Interval) -> Interval {
        let (lower, upper) = (sum(self.lower, b.lower).0, sum(self.upper, b.upper).1);
        if lower.is_nan() || upper.is_nan() {
            return Interval::ENTIRE;
        }
        Interval { lower, upper, defined: self.defined && b.defined }
    }
}
impl std::ops::Sub for Interval {
    type Output = Interval;
    fn sub(self, b: Interval) -> Interval {
        self + -b
    }
}
impl std::ops::Mul for Interval {
    type Output = Interval;
    fn mul(self, b: Interval) -> Interval {
        let ends = [(self.lower, b.lower), (self.lower, b.upper), (self.upper, b.lower), (self.upper, b.upper)];
        Interval::hull_of(ends.map(|(x, y)| product(x, y)), self.defined && b.defined)
    }
}
impl std::ops::Div for Interval {
    type Output = Interval;
    fn div(self, b: Interval) -> Interval {
        if b.lower > 0.0 || b.upper < 0.0 {
            let ends = [(self.lower, b.lower), (self.lower, b.upper), (self.upper, b.lower), (self.upper, b.upper)];
            return Interval::hull_of(ends.map(|(x, y)| quotient(x, y)), self.defined && b.defined);
        }
        // One-sided: 1/[0, b] is [1/b, inf].
        if b.lower == 0.0 && b.upper > 0.0 && self.lower >= 0.0 {
            return Interval { lower: quotient(self.lower, b.upper).0.max(0.0), upper: f64::INFINITY, defined: false };
        }
        Interval::ENTIRE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Images of points lie in the image of the interval, and the image is not much wider than needed.
    #[test]
    fn images_contain_the_values_and_are_tight() {
        type Case = (fn(f64) -> f64, fn(Interval) -> Interval);
        let cases: [Case; 11] = [
            (f::exp, Interval::exp),
            (f::sin, Interval::sin),
            (f::cos, Interval::cos),
            (f::tanh, Interval::tanh),
            (f::atan, Interval::atan),
            (f::sinh, Interval::sinh),
            (f::cosh, Interval::cosh),
            (f64::abs, Interval::abs),
            (|x| x * x, |i| i.powi(2)),
            (|x| x * x * x, |i| i.powi(3)),
            (|x| 1.0 / (x * x + 1.0), |i| Interval::point(1.0) / (i.powi(2) + Interval::point(1.0))),
        ];
        for (number, (value, image)) in cases.into_iter().enumerate() {
            for (a, b) in [(-1.0, 2.0), (0.3, 0.4), (-7.0, -3.0), (3.0, 3.3), (5.0, 12.0), (-0.1, 0.0)] {
                let enclosure = image(Interval::new(a, b));
                assert!(enclosure.defined);
                let samples: Vec<f64> = (0..=1000).map(|k| value(a + (b - a) * f64::from(k) / 1000.0)).collect();
                let (low, high) =
                    samples.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(*v), h.max(*v)));
                assert!(
                    enclosure.lower <= low && high <= enclosure.upper,
                    "case {number} on [{a}, {b}]: {enclosure:?}"
                );
                let spare = (enclosure.width() - (high - low)) / (1.0 + high.abs());
                assert!(spare < 1e-3, "case {number} on [{a}, {b}] is {spare} too wide");
            }
        }
    }

    #[test]
    fn what_may_be_undefined_says_so() {
        let around = Interval::new(-1.0, 1.0);
        for image in [Interval::point(1.0) / around, around.ln(), around.sqrt(), Interval::new(1.0, 2.0).tan()] {
            assert!(!image.defined, "{image:?}");
        }
        assert!(Interval::new(1.0, 1.5).tan().defined);
    }

    /// Points lie in the image up to the last digit, which plain rounding would lose.
    #[test]
    fn exact_results_stay_points_and_others_end_at_the_neighbour() {
        let point = Interval::point;
        for (image, exact) in [
            (point(1.0) / point(2.0), 0.5),
            (point(0.75) * point(-4.0), -3.0),
            (point(1e16) + point(2.0), 1e16 + 2.0),
            (point(3.0) - point(3.0), 0.0),
            (point(0.0) * Interval::ENTIRE, 0.0),
        ] {
            assert!((image.lower, image.upper) == (exact, exact), "{image:?} is not {exact}");
        }
        let third = point(1.0) / point(3.0);
        assert_eq!(third.lower.next_up(), third.upper);
        // 3 * (1/3) = 1 needs both ends; 1e16 + 1 is no float.
        assert!((third * point(3.0)).contains(1.0));
        let odd = point(1e16) + point(1.0);
        assert!(odd.lower == 1e16 && odd.upper == 1e16 + 2.0);
        let tiny = point(1e-300) * point(1e-300);
        assert!(tiny.lower == 0.0 && tiny.upper > 0.0 && tiny.defined);
        let huge = point(1e300) * point(1e300);
        assert!(huge.lower == f64::MAX && huge.upper == f64::INFINITY && huge.defined);
    }

    #[test]
    fn powers_keep_what_a_negative_base_has() {
        let around = Interval::new(-3.0, 2.0);
        let even = around.powf(Interval::point(100.0));
        assert!(even.defined && even.lower == 0.0 && even.contains(f::powf(3.0, 100.0)));
        assert_eq!(Interval::new(-1.0, 1.0).powi(2).lower, 0.0);
        let root = Interval::new(0.25, 4.0).powf(Interval::point(-0.5));
        assert!(root.defined && root.contains(0.5) && root.contains(2.0) && root.width() < 1.5 + 1e-14);
        assert!(!around.powf(Interval::point(0.5)).defined);
        assert!(!Interval::new(0.0, 1.0).powf(Interval::point(-0.5)).defined);
        assert!(Interval::point(0.0).sin() == Interval::new(0.0f64.next_down().next_down(), 1e-323));
        assert!(!Interval::point(f64::INFINITY).defined && !Interval::point(f64::NAN).defined);
    }

    proptest::proptest! {
        /// Sums, products and quotients of rationals lie where exact arithmetic says.
        #[test]
        fn basic_operations_contain_the_exact_result(a in -1e6f64..1e6, b in -1e6f64..1e6, shift in -60i32..60) {
            use crate::num::rational::Rational;
            let b = b * 2f64.powi(shift);
            let exact = |x: f64| Rational::from_float(x).expect("a finite number");
            let (x, y) = (Interval::point(a), Interval::point(b));
            let mut cases = vec![(x + y, exact(a) + exact(b)), (x - y, exact(a) - exact(b)), (x * y, exact(a) * exact(b))];
            if b != 0.0 {
                cases.push((x / y, exact(a) / exact(b)));
            }
            for (image, value) in cases {
                proptest::prop_assert!(exact(image.lower) <= value && value <= exact(image.upper));
                proptest::prop_assert!(image.upper <= image.lower.next_up());
            }
        }
    }
}
