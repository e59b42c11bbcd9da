//! Elementary functions without branches, so that a block of points runs through them in vectors.
//!
//! The methods and coefficients are those of fdlibm (Cody–Waite reduction, minimax polynomials). No fused
//! multiply-add and no table: one point and a vector of points give the same bits at every level of instructions.
//! Against `libm` they differ by at most two units in the last place; at NaN, infinities, zeros and subnormals they
//! give what `libm` gives.

// Coefficients keep the digits with which they are published.
#![allow(clippy::excessive_precision)]

use crate::num::function as f;

/// `1.5 * 2^52`: adding it rounds to the nearest whole number and leaves that in the low bits.
const ROUND: f64 = 6_755_399_441_055_744.0;

/// Up to here [`sine_nearby`] and [`cosine_nearby`] reduce their argument without loss.
pub(super) const NEARBY: f64 = 1e5;

/// Exponential.
#[inline(always)]
pub(super) fn exp(x: f64) -> f64 {
    const LN2_HIGH: f64 = 6.931_471_803_691_238_164_90e-01;
    const LN2_LOW: f64 = 1.908_214_929_270_587_700_02e-10;
    const P1: f64 = 1.666_666_666_666_660_190_37e-01;
    const P2: f64 = -2.777_777_777_701_559_338_42e-03;
    const P3: f64 = 6.613_756_321_437_934_361_17e-05;
    const P4: f64 = -1.653_390_220_546_525_153_90e-06;
    const P5: f64 = 4.138_136_797_057_238_460_39e-08;
    // Beyond these the result is infinite or zero; NaN passes both comparisons.
    let x = if x > 710.0 { 710.0 } else { x };
    let x = if x < -746.0 { -746.0 } else { x };
    let k = (x * std::f64::consts::LOG2_E + ROUND) - ROUND;
    let (high, low) = (x - k * LN2_HIGH, k * LN2_LOW);
    let r = high - low;
    let square = r * r;
    let c = r - square * (P1 + square * (P2 + square * (P3 + square * (P4 + square * P5))));
    let y = 1.0 + ((r * c / (2.0 - c) - low) + high);
    // 2^k in two factors: a subnormal result is rounded once, by the last product.
    let half = (k * 0.5 + ROUND) - ROUND;
    (y * power_of_two(half)) * power_of_two(k - half)
}

/// `2^k` for a whole `k` in the range of normal exponents.
#[inline(always)]
fn power_of_two(k: f64) -> f64 {
    f64::from_bits(((k + ROUND).to_bits() << 52).wrapping_add(1023 << 52))
}

/// Natural logarithm.
#[inline(always)]
pub(super) fn ln(x: f64) -> f64 {
    const LN2_HIGH: f64 = 6.931_471_803_691_238_164_90e-01;
    const LN2_LOW: f64 = 1.908_214_929_270_587_700_02e-10;
    const L1: f64 = 6.666_666_666_666_735_130e-01;
    const L2: f64 = 3.999_999_999_940_941_908e-01;
    const L3: f64 = 2.857_142_874_366_239_149e-01;
    const L4: f64 = 2.222_219_843_214_978_396e-01;
    const L5: f64 = 1.818_357_216_161_805_012e-01;
    const L6: f64 = 1.531_383_769_920_937_332e-01;
    const L7: f64 = 1.479_819_860_511_658_591e-01;
    /// High word of √½: the mantissa is taken between it and √2.
    const ROOT_HALF: u64 = 0x3fe6_a09e << 32;
    const ONE: u64 = 0x3ff0_0000 << 32;
    /// `2^52`, whose low bits count units.
    const UNITS: f64 = 4_503_599_627_370_496.0;
    let subnormal = x < f64::MIN_POSITIVE;
    let scaled = if subnormal { x * 18_014_398_509_481_984.0 } else { x };
    let bits = scaled.to_bits().wrapping_add(ONE - ROOT_HALF);
    let exponent = f64::from_bits(UNITS.to_bits() | (bits >> 52)) - UNITS;
    let k = exponent - if subnormal { 1023.0 + 54.0 } else { 1023.0 };
    let mantissa = f64::from_bits((bits & (u64::MAX >> 12)).wrapping_add(ROOT_HALF));
    let g = mantissa - 1.0;
    let half_square = 0.5 * g * g;
    let s = g / (2.0 + g);
    let z = s * s;
    let w = z * z;
    let even = w * (L2 + w * (L4 + w * L6));
    let odd = z * (L1 + w * (L3 + w * (L5 + w * L7)));
    let y = s * (half_square + (odd + even)) + k * LN2_LOW - half_square + g + k * LN2_HIGH;
    // Written so that NaN takes the branch of NaN.
    let y = if x > 0.0 { y } else { f64::NAN };
    let y = if x == 0.0 { f64::NEG_INFINITY } else { y };
    if x == f64::INFINITY { x } else { y }
}

/// Sine.
#[inline(always)]
pub(super) fn sin(x: f64) -> f64 {
    if x.abs() <= NEARBY { sine_nearby(x) } else { f::sin(x) }
}

/// Cosine.
#[inline(always)]
pub(super) fn cos(x: f64) -> f64 {
    if x.abs() <= NEARBY { cosine_nearby(x) } else { f::cos(x) }
}

/// Sine of an argument up to [`NEARBY`].
#[inline(always)]
pub(super) fn sine_nearby(x: f64) -> f64 {
    let (quarter, high, low) = reduced(x);
    turned(quarter, high, low)
}

/// Cosine of an argument up to [`NEARBY`].
#[inline(always)]
pub(super) fn cosine_nearby(x: f64) -> f64 {
    let (quarter, high, low) = reduced(x);
    turned(quarter.wrapping_add(1), high, low)
}

/// `x - n π/2` within ±π/4 as a sum of two, and a number whose low bits are those of `n`.
#[inline(always)]
fn reduced(x: f64) -> (u64, f64, f64) {
    // π/2 in three parts of 33 bits and the rest: products with n up to 2^20 are exact.
    const PART_1: f64 = 1.570_796_326_734_125_614_17e+00;
    const PART_2: f64 = 6.077_100_506_303_965_976_60e-11;
    const PART_3: f64 = 2.022_266_248_711_166_455_80e-21;
    const REST: f64 = 8.478_427_660_368_899_569_97e-32;
    let rounded = x * std::f64::consts::FRAC_2_PI + ROUND;
    let n = rounded - ROUND;
    let first = x - n * PART_1;
    let (second, lost_2) = difference(first, n * PART_2);
    let (third, lost_3) = difference(second, n * PART_3);
    let rest = n * REST - (lost_2 + lost_3);
    let high = third - rest;
    (rounded.to_bits(), high, (third - high) - rest)
}

/// `a - b` rounded, and what rounding lost.
#[inline(always)]
fn difference(a: f64, b: f64) -> (f64, f64) {
    let rounded = a - b;
    (rounded, (a - rounded) - b)
}

/// `sin(high + low + quarter π/2)` for an angle within ±π/4.
#[inline(always)]
fn turned(quarter: u64, high: f64, low: f64) -> f64 {
    const S1: f64 = -1.666_666_666_666_663_243_48e-01;
    const S2: f64 = 8.333_333_333_322_489_461_24e-03;
    const S3: f64 = -1.984_126_982_985_794_931_34e-04;
    const S4: f64 = 2.755_731_370_707_006_767_89e-06;
    const S5: f64 = -2.505_076_025_340_686_341_95e-08;
    const S6: f64 = 1.589_690_995_211_550_102_21e-10;
    const C1: f64 = 4.166_666_666_666_660_190_37e-02;
    const C2: f64 = -1.388_888_888_887_410_957_49e-03;
    const C3: f64 = 2.480_158_728_947_672_941_78e-05;
    const C4: f64 = -2.755_731_435_139_066_330_35e-07;
    const C5: f64 = 2.087_572_321_298_174_827_90e-09;
    const C6: f64 = -1.135_964_755_778_819_482_65e-11;
    let z = high * high;
    let w = z * z;
    let v = z * high;
    let r = S2 + z * (S3 + z * S4) + z * w * (S5 + z * S6);
    let sine = high - ((z * (0.5 * low - v * r) - low) - v * S1);
    let r = z * (C1 + z * (C2 + z * C3)) + w * w * (C4 + z * (C5 + z * C6));
    let half = 0.5 * z;
    let most = 1.0 - half;
    let cosine = most + (((1.0 - most) - half) + (z * r - high * low));
    let value = if quarter & 1 == 0 { sine } else { cosine };
    f64::from_bits(value.to_bits() ^ ((quarter & 2) << 62))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Units in the last place between two numbers of one sign; 0 for two NaN.
    fn apart(a: f64, b: f64) -> u64 {
        if a.is_nan() && b.is_nan() {
            return 0;
        }
        if a.is_sign_negative() != b.is_sign_negative() {
            return u64::MAX;
        }
        a.to_bits().abs_diff(b.to_bits())
    }

    const SPECIAL: [f64; 18] = [
        0.0,
        -0.0,
        1.0,
        -1.0,
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::MAX,
        f64::MIN,
        f64::MIN_POSITIVE,
        5e-324,
        -5e-324,
        1e-310,
        1e-20,
        -1e-20,
        1e5,
        1e22,
        -1e22,
    ];

    fn worst(points: impl Iterator<Item = f64>, own: fn(f64) -> f64, other: fn(f64) -> f64) -> u64 {
        points.chain(SPECIAL).map(|x| apart(own(x), other(x))).max().unwrap_or(u64::MAX)
    }

    /// Points from `lower` to `upper`, with no short period in their digits.
    fn between(lower: f64, upper: f64) -> impl Iterator<Item = f64> {
        let count = 200_000;
        (0..=count).map(move |k| lower + (upper - lower) * (f64::from(k) / f64::from(count)))
    }

    #[test]
    fn they_agree_with_libm_to_two_units_and_at_special_arguments() {
        for (lower, upper) in [(-1.0, 1.0), (-50.0, 50.0), (-760.0, 720.0), (-1e-8, 1e-8), (-745.2, -708.0)] {
            assert!(worst(between(lower, upper), exp, f::exp) <= 2, "exp on [{lower}, {upper}]");
        }
        for (lower, upper) in [(0.0, 2.0), (0.999, 1.001), (0.0, 1e6), (0.0, 1e-306), (1.0, 1e300), (-1.0, 0.0)] {
            assert!(worst(between(lower, upper), ln, f::ln) <= 2, "ln on [{lower}, {upper}]");
        }
        for (lower, upper) in [(-1.0, 1.0), (-10.0, 10.0), (-1000.0, 1000.0), (-1.2e5, 1.2e5), (-1e-3, 1e-3)] {
            assert!(worst(between(lower, upper), sin, f::sin) <= 2, "sin on [{lower}, {upper}]");
            assert!(worst(between(lower, upper), cos, f::cos) <= 2, "cos on [{lower}, {upper}]");
        }
    }

    /// The floats next to multiples of π/2, where reducing the argument cancels nearly all digits.
    #[test]
    fn digits_survive_next_to_multiples_of_a_quarter_turn() {
        let quarters = (1..63_000).map(|n| f64::from(n) * std::f64::consts::FRAC_PI_2);
        let near = || quarters.clone().flat_map(|x| [x.next_down(), x, x.next_up(), -x]);
        assert!(worst(near(), sin, f::sin) <= 2);
        assert!(worst(near(), cos, f::cos) <= 2);
    }
}
