//! Closed intervals of `f64` with outward rounding.
//!
//! Basic operations are rounded outwards by one unit in the last place; elementary functions assume that `libm` is
//! within one unit and go outwards by two.

use super::function as f;

/// All real numbers `x` with `lower <= x <= upper`; the ends may be infinite, never NaN.
///
/// `defined` tells whether the value certainly exists and is finite at every point that was enclosed; where it is
/// false the ends hold only for the points at which the value exists.
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

    /// `[lower, upper]`; [`Interval::ENTIRE`] where that is not an interval.
    pub fn new(lower: f64, upper: f64) -> Interval {
        if lower <= upper { Interval { lower, upper, defined: true } } else { Interval::ENTIRE }
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

    /// A number in the middle.
    pub fn midpoint(self) -> f64 {
        0.5 * self.lower + 0.5 * self.upper
    }

    /// Ends moved outwards by `ulps`; undefined where `defined` is false or an operand was.
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

    fn hull_of(values: [f64; 4], defined: bool) -> Interval {
        // 0 * inf is 0 here: an infinite end is a bound that is never attained.
        let clean = values.map(|v| if v.is_nan() { 0.0 } else { v });
        let lower = clean.iter().copied().fold(f64::INFINITY, f64::min);
        let upper = clean.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        Interval::outward(lower, upper, 1, defined)
    }

    /// `self ^ n` for a whole `n`, tight for even powers.
    pub fn powi(self, n: i32) -> Interval {
        if n == 0 {
            return Interval { defined: self.defined, ..Interval::point(1.0) };
        }
        if n < 0 {
            return Interval { defined: self.defined, ..Interval::point(1.0) } / self.powi(n.saturating_neg());
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

    /// `self ^ exponent` for a base that is positive.
    pub fn powf(self, exponent: Interval) -> Interval {
        if exponent.lower == exponent.upper && exponent.lower > 0.0 && self.lower >= 0.0 {
            let p = exponent.lower;
            let power =
                Interval::outward(f::powf(self.lower, p), f::powf(self.upper, p), 2, self.defined && exponent.defined);
            return Interval { lower: power.lower.max(0.0), ..power };
        }
        (exponent * self.ln()).exp()
    }

    fn increasing(self, with: fn(f64) -> f64) -> Interval {
        Interval::outward(with(self.lower), with(self.upper), 2, self.defined)
    }

    fn clamped(self, lower: f64, upper: f64) -> Interval {
        Interval { lower: self.lower.clamp(lower, upper), upper: self.upper.clamp(lower, upper), ..self }
    }

    /// Square root.
    pub fn sqrt(self) -> Interval {
        let defined = self.defined && self.lower >= 0.0;
        Interval { defined, ..self.clamped(0.0, f64::INFINITY) }.increasing(f64::sqrt).clamped(0.0, f64::INFINITY)
    }

    /// Exponential.
    pub fn exp(self) -> Interval {
        self.increasing(f::exp).clamped(0.0, f64::INFINITY)
    }

    /// Natural logarithm.
    pub fn ln(self) -> Interval {
        if !(self.upper > 0.0) {
            return Interval::ENTIRE;
        }
        let defined = self.defined && self.lower > 0.0;
        Interval { defined, ..self.clamped(0.0, f64::INFINITY) }.increasing(f::ln)
    }

    /// Hyperbolic sine.
    pub fn sinh(self) -> Interval {
        self.increasing(f::sinh)
    }

    /// Hyperbolic tangent.
    pub fn tanh(self) -> Interval {
        self.increasing(f::tanh).clamped(-1.0, 1.0)
    }

    /// Arc tangent.
    pub fn atan(self) -> Interval {
        self.increasing(f::atan)
    }

    /// Absolute value.
    pub fn abs(self) -> Interval {
        let high = self.lower.abs().max(self.upper.abs());
        let low = if self.contains(0.0) { 0.0 } else { self.lower.abs().min(self.upper.abs()) };
        Interval { lower: low, upper: high, defined: self.defined }
    }

    /// Hyperbolic cosine.
    pub fn cosh(self) -> Interval {
        self.abs().increasing(f::cosh).clamped(1.0, f64::INFINITY)
    }

    /// Cosine.
    pub fn cos(self) -> Interval {
        const TAU: f64 = std::f64::consts::TAU;
        let all = Interval {
            lower: -1.0,
            upper: 1.0,
            defined: self.defined && self.lower.is_finite() && self.upper.is_finite(),
        };
        // Beyond this the position within the period is not known well enough.
        if !(self.lower.abs() < 1e8 && self.upper.abs() < 1e8 && self.width() < TAU) {
            return all;
        }
        let slack = 1e-15 * (1.0 + self.lower.abs().max(self.upper.abs()));
        // Whether some k with phase + 2πk lies in the interval.
        let holds = |phase: f64| {
            let k = ((self.lower - slack - phase) / TAU).ceil();
            phase + k * TAU <= self.upper + slack
        };
        let (a, b) = (f::cos(self.lower), f::cos(self.upper));
        let lower = if holds(std::f64::consts::PI) { -1.0 } else { a.min(b) };
        let upper = if holds(0.0) { 1.0 } else { a.max(b) };
        Interval::outward(lower, upper, 2, self.defined).clamped(-1.0, 1.0)
    }

    /// Sine.
    pub fn sin(self) -> Interval {
        (self - Interval::outward(std::f64::consts::FRAC_PI_2, std::f64::consts::FRAC_PI_2, 1, true)).cos()
    }

    /// Tangent.
    pub fn tan(self) -> Interval {
        self.sin() / self.cos()
    }
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
        Interval::outward(self.lower + b.lower, self.upper + b.upper, 1, self.defined && b.defined)
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
        let products = [self.lower * b.lower, self.lower * b.upper, self.upper * b.lower, self.upper * b.upper];
        Interval::hull_of(products, self.defined && b.defined)
    }
}
impl std::ops::Div for Interval {
    type Output = Interval;
    fn div(self, b: Interval) -> Interval {
        if b.lower > 0.0 || b.upper < 0.0 {
            let ratios = [self.lower / b.lower, self.lower / b.upper, self.upper / b.lower, self.upper / b.upper];
            return Interval::hull_of(ratios, self.defined && b.defined);
        }
        // One-sided: 1/[0, b] is [1/b, inf].
        if b.lower == 0.0 && b.upper > 0.0 && self.lower >= 0.0 {
            let low = self.lower / b.upper;
            return Interval { lower: low.next_down().max(0.0), upper: f64::INFINITY, defined: false };
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
}
