//! Real numbers between two exact ends, to any precision: `x ∈ [lower, upper]`, every operation rounded outwards.
//!
//! Nothing here uses floating point. The precision `bits` of an operation is the number of significant bits that each
//! end keeps; sizes beyond `2^(2^40)` become infinite ends, and angles beyond `2^4096` are not reduced, so that no
//! argument takes long.

mod end;
mod series;
mod text;

pub use end::{End, Side};

use super::rational::Rational;
use num_bigint::BigInt;
use num_traits::{Signed, ToPrimitive, Zero};

/// All numbers between two ends, both included where finite; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enclosure {
    lower: End,
    upper: End,
}

/// Why a function has no enclosure on the given one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Undefined {
    /// It is defined nowhere on it.
    #[error("it is not defined there")]
    Everywhere,
    /// Somewhere on it, it may not be defined; a narrower one may tell.
    #[error("it cannot be told whether it is defined there")]
    Possibly,
}

impl Enclosure {
    /// All reals.
    pub const ALL: Enclosure = Enclosure { lower: End::MinusInfinity, upper: End::Infinity };

    /// The numbers between two ends, given in either order.
    pub fn between(a: End, b: End) -> Enclosure {
        let (lower, upper) = end::ordered(a, b);
        Enclosure { lower, upper }
    }

    /// One whole number.
    pub fn whole(n: i64) -> Enclosure {
        Enclosure { lower: End::whole(n), upper: End::whole(n) }
    }

    /// One exact ratio, rounded outwards to `bits` bits.
    pub fn of(ratio: &Rational, bits: u32) -> Enclosure {
        Enclosure { lower: End::of(ratio, bits, Side::Below), upper: End::of(ratio, bits, Side::Above) }
    }

    /// π
    pub fn pi(bits: u32) -> Enclosure {
        let (lower, upper) = series::pi(bits);
        Enclosure { lower, upper }
    }

    /// The lower end.
    pub fn lower(&self) -> &End {
        &self.lower
    }

    /// The upper end.
    pub fn upper(&self) -> &End {
        &self.upper
    }

    pub(self) fn into_ends(self) -> (End, End) {
        (self.lower, self.upper)
    }

    /// Whether every number in it is above zero.
    pub fn is_positive(&self) -> bool {
        self.lower.sign() > 0
    }

    /// Whether every number in it is below zero.
    pub fn is_negative(&self) -> bool {
        self.upper.sign() < 0
    }

    /// Whether no number in it is below zero.
    pub fn is_nonnegative(&self) -> bool {
        self.lower.sign() >= 0
    }

    /// Whether no number in it is above zero.
    pub fn is_nonpositive(&self) -> bool {
        self.upper.sign() <= 0
    }

    /// Whether zero is in it.
    pub fn contains_zero(&self) -> bool {
        self.lower.sign() <= 0 && self.upper.sign() >= 0
    }

    /// Whether it is one number.
    pub fn is_point(&self) -> bool {
        self.lower == self.upper
    }

    /// Whether the ratio is in it.
    pub fn contains(&self, ratio: &Rational) -> bool {
        // Rounding an exact ratio to ever more bits would not end; a comparison by cross-multiplication does.
        let above = |end: &End| match end {
            End::MinusInfinity => true,
            End::Infinity => false,
            End::At(m, e) => {
                let (left, right) = (m * ratio.denom(), ratio.numer());
                End::At(left, *e) <= End::At(right.clone(), 0)
            }
        };
        let below = |end: &End| match end {
            End::MinusInfinity => false,
            End::Infinity => true,
            End::At(m, e) => End::At(ratio.numer().clone(), 0) <= End::At(m * ratio.denom(), *e),
        };
        above(&self.lower) && below(&self.upper)
    }

    /// Whether all of `other` is in it.
    pub fn includes(&self, other: &Enclosure) -> bool {
        self.lower <= other.lower && other.upper <= self.upper
    }

    /// Whether no number is in both.
    pub fn is_disjoint_from(&self, other: &Enclosure) -> bool {
        self.upper < other.lower || other.upper < self.lower
    }

    /// The least enclosure of both.
    pub fn hull(&self, other: &Enclosure) -> Enclosure {
        Enclosure {
            lower: self.lower.clone().min(other.lower.clone()),
            upper: self.upper.clone().max(other.upper.clone()),
        }
    }

    /// What is in both, where anything is.
    pub fn intersection(&self, other: &Enclosure) -> Option<Enclosure> {
        let lower = self.lower.clone().max(other.lower.clone());
        let upper = self.upper.clone().min(other.upper.clone());
        (lower <= upper).then_some(Enclosure { lower, upper })
    }

    /// Ends rounded outwards to `bits` bits.
    pub fn widened(self, bits: u32) -> Enclosure {
        let zero = End::zero();
        Enclosure { lower: self.lower.plus(&zero, bits, Side::Below), upper: self.upper.plus(&zero, bits, Side::Above) }
    }

    /// `upper − lower`, rounded up.
    pub fn width(&self, bits: u32) -> End {
        self.upper.plus(&self.lower.negative(), bits, Side::Above)
    }

    /// `self · 2^n`
    pub fn scaled(&self, n: i64) -> Enclosure {
        Enclosure { lower: self.lower.scaled(n, Side::Below), upper: self.upper.scaled(n, Side::Above) }
    }

    /// `−self`
    pub fn negative(&self) -> Enclosure {
        Enclosure { lower: self.upper.negative(), upper: self.lower.negative() }
    }

    /// `|self|`
    pub fn abs(&self) -> Enclosure {
        if self.is_nonnegative() {
            self.clone()
        } else if self.is_nonpositive() {
            self.negative()
        } else {
            Enclosure { lower: End::zero(), upper: self.upper.clone().max(self.lower.negative()) }
        }
    }

    /// `self + other`
    pub fn plus(&self, other: &Enclosure, bits: u32) -> Enclosure {
        Enclosure {
            lower: self.lower.plus(&other.lower, bits, Side::Below),
            upper: self.upper.plus(&other.upper, bits, Side::Above),
        }
    }

    /// `self − other`
    pub fn minus(&self, other: &Enclosure, bits: u32) -> Enclosure {
        self.plus(&other.negative(), bits)
    }

    /// `self · other`
    pub fn times(&self, other: &Enclosure, bits: u32) -> Enclosure {
        let (a, b) = (self, other);
        let down = |x: &End, y: &End| x.times(y, bits, Side::Below);
        let up = |x: &End, y: &End| x.times(y, bits, Side::Above);
        let (lower, upper) = if a.is_nonnegative() {
            if b.is_nonnegative() {
                (down(&a.lower, &b.lower), up(&a.upper, &b.upper))
            } else if b.is_nonpositive() {
                (down(&a.upper, &b.lower), up(&a.lower, &b.upper))
            } else {
                (down(&a.upper, &b.lower), up(&a.upper, &b.upper))
            }
        } else if a.is_nonpositive() || b.is_nonnegative() || b.is_nonpositive() {
            if a.is_nonpositive() {
                return a.negative().times(b, bits).negative();
            }
            return b.times(a, bits);
        } else {
            (down(&a.lower, &b.upper).min(down(&a.upper, &b.lower)), up(&a.lower, &b.lower).max(up(&a.upper, &b.upper)))
        };
        Enclosure { lower, upper }
    }

    /// `self / other`
    ///
    /// # Errors
    /// Where zero is in `other`.
    pub fn over(&self, other: &Enclosure, bits: u32) -> Result<Enclosure, Undefined> {
        if other.contains_zero() {
            return Err(if other.is_point() { Undefined::Everywhere } else { Undefined::Possibly });
        }
        if other.is_negative() {
            return self.negative().over(&other.negative(), bits);
        }
        let lower = if self.lower.sign() >= 0 { &other.upper } else { &other.lower };
        let upper = if self.upper.sign() >= 0 { &other.lower } else { &other.upper };
        Ok(Enclosure {
            lower: self.lower.over(lower, bits, Side::Below),
            upper: self.upper.over(upper, bits, Side::Above),
        })
    }

    /// `self ^ n` for a whole `n ≥ 0`, `x^0 = 1`.
    pub fn power_of(&self, n: u64, bits: u32) -> Enclosure {
        // Each squaring may lose a bit.
        let fine = bits + 2 * (64 - n.leading_zeros());
        let raised = if n % 2 == 1 && !self.is_nonnegative() {
            let size = |end: &End, inward: Side, outward: Side| match end.sign() {
                -1 => end.negative().power(n, fine, inward).negative(),
                _ => end.power(n, fine, outward),
            };
            Enclosure {
                lower: size(&self.lower, Side::Above, Side::Below),
                upper: size(&self.upper, Side::Below, Side::Above),
            }
        } else {
            let size = self.abs();
            Enclosure { lower: size.lower.power(n, fine, Side::Below), upper: size.upper.power(n, fine, Side::Above) }
        };
        raised.widened(bits)
    }

    /// `self ^ n` for any whole `n`.
    ///
    /// # Errors
    /// Where `n < 0` and zero is in `self`.
    pub fn integer_power(&self, n: &BigInt, bits: u32) -> Result<Enclosure, Undefined> {
        let fine = bits + 4;
        let size = match n.abs().to_u64() {
            Some(size) => self.power_of(size, fine),
            // Beyond 2^64 only the sizes of the ends matter; a sign may flip.
            None if self.contains_zero() => Enclosure::ALL,
            None => {
                let exponent = Enclosure::of(&Rational::from_integer(n.abs()), fine);
                let size = self.abs().power(&exponent, fine)?;
                if self.is_positive() { size } else { size.hull(&size.negative()) }
            }
        };
        if n.is_negative() { Enclosure::whole(1).over(&size, bits) } else { Ok(size.widened(bits)) }
    }

    /// `self ^ exponent = exp(exponent · ln(self))` for a positive base.
    ///
    /// # Errors
    /// Where the base is not positive.
    pub fn power(&self, exponent: &Enclosure, bits: u32) -> Result<Enclosure, Undefined> {
        // The exponential turns an absolute error of its argument into a relative one.
        let fine = bits + 8;
        let logarithm = self.ln(fine)?;
        let large = logarithm.times(exponent, fine).abs().upper.top().unwrap_or(0).clamp(0, 64) as u32;
        Ok(self.ln(fine + large)?.times(exponent, fine + large).exp(bits))
    }

    /// `√self`
    ///
    /// # Errors
    /// Where `self` may be below zero.
    pub fn sqrt(&self, bits: u32) -> Result<Enclosure, Undefined> {
        self.root(2, bits)
    }

    /// The `n`-th root, `n ≥ 1`, of numbers that are not negative.
    ///
    /// # Errors
    /// Where `self` may be below zero.
    pub fn root(&self, n: u32, bits: u32) -> Result<Enclosure, Undefined> {
        if self.is_negative() {
            return Err(Undefined::Everywhere);
        }
        if !self.is_nonnegative() {
            return Err(Undefined::Possibly);
        }
        Ok(Enclosure { lower: self.lower.root(n, bits, Side::Below), upper: self.upper.root(n, bits, Side::Above) })
    }

    /// A function that grows: its values at the ends.
    fn growing(&self, at_minus: End, at_plus: End, f: impl Fn(&BigInt, i64) -> (End, End)) -> Enclosure {
        if let (End::At(m, e), true) = (&self.lower, self.is_point()) {
            let (lower, upper) = f(m, *e);
            return Enclosure { lower, upper };
        }
        let lower = match &self.lower {
            End::At(m, e) => f(m, *e).0,
            _ => at_minus,
        };
        let upper = match &self.upper {
            End::At(m, e) => f(m, *e).1,
            _ => at_plus,
        };
        Enclosure { lower, upper }
    }

    /// eˣ
    pub fn exp(&self, bits: u32) -> Enclosure {
        self.growing(End::zero(), End::Infinity, |m, e| series::exp(m, e, bits))
    }

    /// Natural logarithm.
    ///
    /// # Errors
    /// Where `self` may not be positive.
    pub fn ln(&self, bits: u32) -> Result<Enclosure, Undefined> {
        if self.is_nonpositive() {
            return Err(Undefined::Everywhere);
        }
        if !self.is_positive() {
            return Err(Undefined::Possibly);
        }
        Ok(self.growing(End::MinusInfinity, End::Infinity, |m, e| series::ln(m, e, bits)))
    }

    /// Arc tangent.
    pub fn atan(&self, bits: u32) -> Enclosure {
        let right = series::pi(bits).1.scaled(-1, Side::Above);
        self.growing(right.negative(), right, |m, e| series::atan(m, e, bits))
    }

    /// Hyperbolic sine.
    pub fn sinh(&self, bits: u32) -> Enclosure {
        self.growing(End::MinusInfinity, End::Infinity, |m, e| series::sinh(m, e, bits))
    }

    /// Hyperbolic cosine.
    pub fn cosh(&self, bits: u32) -> Enclosure {
        self.abs().growing(End::whole(1), End::Infinity, |m, e| series::cosh(m, e, bits))
    }

    /// Hyperbolic tangent.
    pub fn tanh(&self, bits: u32) -> Enclosure {
        self.growing(End::whole(-1), End::whole(1), |m, e| series::tanh(m, e, bits))
    }

    /// The whole numbers `n` for which `(n + quarter/2)·π` may be in it; `None`: too many or too large.
    fn turns(&self, quarter: i64, bits: u32) -> Option<(BigInt, BigInt)> {
        let large = self.lower.top().max(self.upper.top()).unwrap_or(0).clamp(0, 8192) as u32;
        let fine = bits + large + 8;
        let shift = Enclosure::whole(quarter).scaled(-1);
        let turns = self.over(&Enclosure::pi(fine), fine).ok()?.minus(&shift, fine);
        let (low, high) = (turns.lower.negative().floor()?, turns.upper.floor()?);
        // −⌊−a⌋ is a rounded up.
        Some((-low, high))
    }

    /// sin(self + quarter·π/2)
    fn wave(&self, quarter: i64, bits: u32) -> Enclosure {
        let all = Enclosure { lower: End::whole(-1), upper: End::whole(1) };
        let (End::At(m, e), End::At(n, f)) = (&self.lower, &self.upper) else { return all };
        let (lower, upper) = series::sin(m, *e, quarter, bits);
        let left = Enclosure { lower, upper };
        if self.is_point() {
            return left;
        }
        // Its extremes are at (n + (1 − quarter)/2)·π: 1 for even n, −1 for odd.
        let Some((first, last)) = self.turns(1 - quarter, bits) else { return all };
        if &last - &first >= BigInt::from(1) {
            return all;
        }
        let (lower, upper) = series::sin(n, *f, quarter, bits);
        let ends = left.hull(&Enclosure { lower, upper });
        if first > last {
            return ends;
        }
        if (&first % 2_i32).is_zero() {
            Enclosure { upper: End::whole(1), ..ends }
        } else {
            Enclosure { lower: End::whole(-1), ..ends }
        }
    }

    /// Sine.
    pub fn sin(&self, bits: u32) -> Enclosure {
        self.wave(0, bits)
    }

    /// Cosine.
    pub fn cos(&self, bits: u32) -> Enclosure {
        self.wave(1, bits)
    }

    /// Tangent.
    ///
    /// # Errors
    /// Where a pole may be in `self`.
    pub fn tan(&self, bits: u32) -> Result<Enclosure, Undefined> {
        let (End::At(m, e), End::At(n, f)) = (&self.lower, &self.upper) else { return Err(Undefined::Possibly) };
        let at = |m: &BigInt, e: i64| {
            let (lower, upper) = series::sin(m, e, 0, bits + 4);
            let sine = Enclosure { lower, upper };
            let (lower, upper) = series::sin(m, e, 1, bits + 4);
            sine.over(&Enclosure { lower, upper }, bits)
        };
        if self.is_point() {
            return at(m, *e).map_err(|_| Undefined::Possibly);
        }
        match self.turns(1, bits) {
            Some((first, last)) if first > last => {
                let left = at(m, *e).map_err(|_| Undefined::Possibly)?;
                let right = at(n, *f).map_err(|_| Undefined::Possibly)?;
                Ok(Enclosure { lower: left.lower, upper: right.upper })
            }
            _ => Err(Undefined::Possibly),
        }
    }
}

#[cfg(test)]
mod tests;
