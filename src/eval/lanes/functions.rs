//! Elementary functions over vectors, without branches but for arguments that are too large for them.
//!
//! Polynomials by interpolation at Chebyshev nodes (mpmath, 200 bits), rounded to `f64`; the logarithm after fdlibm.

// Coefficients keep the digits with which they were computed.
#![allow(clippy::excessive_precision)]

use super::{Lanes, PairTable, WIDTH};
use crate::num::function as f;

/// `1.5 * 2^52`: adding it rounds to the nearest whole number and leaves that in the low bits.
pub(super) const ROUND: f64 = 6_755_399_441_055_744.0;

/// Sine and cosine of the multiples of π/8.
static EIGHTHS: PairTable = {
    const ONE: f64 = 0.382_683_432_365_089_8;
    const TWO: f64 = std::f64::consts::FRAC_1_SQRT_2;
    const THREE: f64 = 0.923_879_532_511_286_7;
    PairTable::new(
        [0.0, ONE, TWO, THREE, 1.0, THREE, TWO, ONE, 0.0, -ONE, -TWO, -THREE, -1.0, -THREE, -TWO, -ONE],
        [1.0, THREE, TWO, ONE, 0.0, -ONE, -TWO, -THREE, -1.0, -THREE, -TWO, -ONE, 0.0, ONE, TWO, THREE],
    )
};

/// `sin(sqrt w)/sqrt w` for `w` up to (π/16)², to 8e-18.
const SINE: [f64; 5] = [
    1.0,
    -0.166_666_666_666_661_27,
    0.008_333_333_332_212_454,
    -0.000_198_412_617_001_918_52,
    2.753_318_298_103_937e-06,
];

/// `cos(sqrt w)` there, to 9e-17.
const COSINE: [f64; 5] = [
    1.0,
    -0.499_999_999_999_940_6,
    0.041_666_666_654_338_31,
    -0.001_388_887_993_456_534_8,
    2.477_503_937_276_646_3e-05,
];

/// `(exp r − 1 − r)/r²` for `|r|` up to ½ ln 2, to 2e-17.
const EXPONENTIAL: [f64; 10] = [
    0.500_000_000_000_000_1,
    0.166_666_666_666_666_69,
    0.041_666_666_666_624_13,
    0.008_333_333_333_330_062,
    0.001_388_888_891_721_371_7,
    0.000_198_412_698_630_536_18,
    2.480_152_129_595_437_6e-5,
    2.755_726_845_999_706_4e-6,
    2.762_008_844_540_974_6e-7,
    2.510_038_549_551_032e-8,
];

/// `Σ c_k x^k`
#[inline(always)]
fn polynomial<L: Lanes, const N: usize>(x: L, coefficients: &[f64; N]) -> L {
    let mut value = L::splat(coefficients[N - 1]);
    let mut k = N - 1;
    while k > 0 {
        k -= 1;
        value = value.mul_add(x, L::splat(coefficients[k]));
    }
    value
}

/// `2^k` for a whole `k` in the range of normal exponents.
#[inline(always)]
pub(super) fn power_of_two<L: Lanes>(k: L) -> L {
    let shifted = L::shift_left::<52>((k + L::splat(ROUND)).to_bits());
    L::from_bits(L::plus(shifted, L::bits(1023 << 52)))
}

#[inline(always)]
pub(super) fn exp<L: Lanes>(x: L) -> L {
    const LN2_HIGH: f64 = 6.931_471_803_691_238_164_90e-01;
    const LN2_LOW: f64 = 1.908_214_929_270_587_700_02e-10;
    // Beyond these the result is infinite or zero; NaN passes both.
    let x = L::splat(-746.0).max(L::splat(710.0).min(x));
    let k = x.mul_add(L::splat(std::f64::consts::LOG2_E), L::splat(ROUND)) - L::splat(ROUND);
    let r = k.neg_mul_add(L::splat(LN2_LOW), k.neg_mul_add(L::splat(LN2_HIGH), x));
    let rest = polynomial(r, &EXPONENTIAL);
    ((r * r).mul_add(rest, r) + L::splat(1.0)).scaled(k)
}

#[inline(always)]
pub(super) fn ln<L: Lanes>(x: L) -> L {
    const LN2_HIGH: f64 = 6.931_471_803_691_238_164_90e-01;
    const LN2_LOW: f64 = 1.908_214_929_270_587_700_02e-10;
    const EVEN: [f64; 3] =
        [3.999_999_999_940_941_908e-01, 2.222_219_843_214_978_396e-01, 1.531_383_769_920_937_332e-01];
    const ODD: [f64; 4] = [
        6.666_666_666_666_735_130e-01,
        2.857_142_874_366_239_149e-01,
        1.818_357_216_161_805_012e-01,
        1.479_819_860_511_658_591e-01,
    ];
    /// High word of √½: the mantissa is taken between it and √2.
    const ROOT_HALF: u64 = 0x3fe6_a09e << 32;
    const ONE: u64 = 0x3ff0_0000 << 32;
    /// `2^52`, whose low bits count units.
    const UNITS: f64 = 4_503_599_627_370_496.0;
    let (zero, one) = (L::splat(0.0), L::splat(1.0));
    let subnormal = x.less(L::splat(f64::MIN_POSITIVE));
    let scaled = L::select(subnormal, x * L::splat(18_014_398_509_481_984.0), x);
    let bits = L::plus(scaled.to_bits(), L::bits(ONE - ROOT_HALF));
    let exponent = L::from_bits(L::or(L::shift_right::<52>(bits), L::bits(UNITS.to_bits()))) - L::splat(UNITS);
    let k = exponent - L::select(subnormal, L::splat(1023.0 + 54.0), L::splat(1023.0));
    let mantissa = L::from_bits(L::plus(L::and(bits, L::bits(u64::MAX >> 12)), L::bits(ROOT_HALF)));
    let g = mantissa - one;
    let half_square = L::splat(0.5) * g * g;
    let s = g / (L::splat(2.0) + g);
    let z = s * s;
    let w = z * z;
    let rest = z * polynomial(w, &ODD) + w * polynomial(w, &EVEN);
    let small = s.mul_add(half_square + rest, k * L::splat(LN2_LOW)) - half_square + g;
    let y = k.mul_add(L::splat(LN2_HIGH), small);
    // Written so that NaN takes the branch of NaN.
    let y = L::select(zero.less(x), y, L::splat(f64::NAN));
    let y = L::select(zero.less(x.abs()), y, L::select(x.abs().less_or_equal(zero), L::splat(f64::NEG_INFINITY), y));
    L::select(L::splat(f64::INFINITY).less_or_equal(x), x, y)
}

/// Arguments of sine and cosine up to here are reduced without loss: where products are rounded, and where they are fused.
pub(crate) const LARGE: [f64; 2] = [1e5, 5e14];

/// `x − kπ/8` within ±π/16, and a word that ends in the binary digits of `k`.
#[inline(always)]
fn eighths<L: Lanes>(x: L) -> (L, L::Bits) {
    // π/8 in two parts, where products are not rounded; in parts of 33 bits, whose products with k are exact, elsewhere.
    const TWO: [f64; 2] = [std::f64::consts::FRAC_PI_8, 1.530_808_498_934_191_5e-17];
    const FOUR: [f64; 4] = [
        0.25 * 1.570_796_326_734_125_614_17e+00,
        0.25 * 6.077_100_506_303_965_976_60e-11,
        0.25 * 2.022_266_248_711_166_455_80e-21,
        0.25 * 8.478_427_660_368_899_569_97e-32,
    ];
    let rounded = x.mul_add(L::splat(8.0 * std::f64::consts::FRAC_1_PI), L::splat(ROUND));
    let k = rounded - L::splat(ROUND);
    let less = |t: L, part: f64| k.neg_mul_add(L::splat(part), t);
    let t = if L::FUSED {
        less(less(x, TWO[0]), TWO[1])
    } else {
        less(less(less(less(x, FOUR[0]), FOUR[1]), FOUR[2]), FOUR[3])
    };
    (t, rounded.to_bits())
}

#[inline(always)]
pub(super) fn sin_cos<L: Lanes>(x: L) -> (L, L) {
    if L::any(L::splat(LARGE[usize::from(L::FUSED)]).less(x.abs())) {
        return (far(x, f::sin), far(x, f::cos));
    }
    sin_cos_of_small(x)
}

/// Sine and cosine of arguments up to [`LARGE`]; of others anything but a panic.
#[inline(always)]
pub(crate) fn sin_cos_of_small<L: Lanes>(x: L) -> (L, L) {
    let (t, k) = eighths(x);
    let (s, c) = L::pairs_at::<0>(k, &EIGHTHS);
    let w = t * t;
    let (sine, cosine) = (t * polynomial(w, &SINE), polynomial(w, &COSINE));
    (c.mul_add(sine, s * cosine), s.neg_mul_add(sine, c * cosine))
}

/// Large arguments, one by one.
#[inline(always)]
fn far<L: Lanes>(x: L, of: fn(f64) -> f64) -> L {
    let mut numbers = [0.0; WIDTH];
    x.store(&mut numbers);
    one_by_one(&mut numbers, of);
    L::load(&numbers)
}

#[cold]
#[inline(never)]
fn one_by_one(numbers: &mut [f64; WIDTH], of: fn(f64) -> f64) {
    numbers.iter_mut().for_each(|x| *x = of(*x));
}
