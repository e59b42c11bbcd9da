//! Elementary functions at one number, as two ends around the value: argument reduction, then a Taylor series in whole
//! numbers of `2^−w` ("units"), each division rounded down. The bound on the error stands beside each series.

use super::Enclosure;
use super::end::{End, Side, both, ordered};
use num_bigint::BigInt;
use num_traits::{One, Signed, Zero};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// Arguments of sine and cosine beyond `2^4096` are not reduced: the answer is `[−1, 1]`.
const LARGEST_ANGLE: i64 = 4096;

/// `(mid ± error)·2^−w` as two ends.
fn ends(mid: &BigInt, error: &BigInt, exponent: i64, bits: u32) -> (End, End) {
    #[cfg(test)]
    tests::LAST.with(|last| *last.borrow_mut() = Some((mid.clone(), error.clone(), exponent)));
    (End::rounded(mid - error, exponent, bits, Side::Below), End::rounded(mid + error, exponent, bits, Side::Above))
}

/// The whole part (rounded down) of `m·2^(e+w)`.
fn units(m: &BigInt, e: i64, w: i64) -> BigInt {
    shifted(m, e + w)
}

/// `m·2^n`, rounded down.
fn shifted(m: &BigInt, n: i64) -> BigInt {
    if n >= 0 { m << n as u64 } else { m >> n.unsigned_abs() }
}

/// Quotient rounded down, and what is left, for a positive divisor.
fn divided(a: &BigInt, b: &BigInt) -> (BigInt, BigInt) {
    let (q, r) = (a / b, a % b);
    if r.is_negative() { (q - 1, r + b) } else { (q, r) }
}

/// `Σ s^j / ((2j+1) n^(2j+1))` in units of `2^−w`, `s = −1` (arc tangent of `1/n`) or `1` (its hyperbolic cousin).
///
/// Each power is rounded down from the one before: below the true one by less than `1/(1−1/n²) < 2` units; the term
/// by less than 3. The last power left out is below 2 units, the rest of the series below 4. With at most `w` terms
/// the sum is off by less than `3w + 4` units.
fn of_inverse(n: i64, alternating: bool, w: i64) -> BigInt {
    let mut power = (BigInt::one() << w as u64) / n;
    let mut sum = power.clone();
    let mut j = 0_i64;
    while !power.is_zero() {
        power /= n * n;
        j += 1;
        let term = &power / (2 * j + 1);
        if alternating && j % 2 == 1 { sum -= term } else { sum += term }
    }
    sum
}

/// Kinds of constants, each kept at every precision asked for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Constant {
    Pi,
    Ln2,
}

thread_local! {
    static KEPT: RefCell<BTreeMap<(Constant, i64), BigInt>> = const { RefCell::new(BTreeMap::new()) };
}

/// The constant in units of `2^−w`, off by less than 2 units.
///
/// π = 16 atan(1/5) − 4 atan(1/239) (Machin); ln 2 = 18 atanh(1/26) − 2 atanh(1/4801) + 8 atanh(1/8749). They are
/// summed in units of `2^−(w+40)`, where the error is below `28 (3w + 160) < 2^39` for `w < 2^32`.
fn constant(which: Constant, w: i64) -> BigInt {
    let rounded = (w + 127) / 128 * 128;
    let kept = KEPT.with(|k| k.borrow().get(&(which, rounded)).cloned());
    let fine = kept.unwrap_or_else(|| {
        let v = rounded + 40;
        let value: BigInt = match which {
            Constant::Pi => of_inverse(5, true, v) * 16 - of_inverse(239, true, v) * 4,
            Constant::Ln2 => {
                of_inverse(26, false, v) * 18 - of_inverse(4801, false, v) * 2 + of_inverse(8749, false, v) * 8
            }
        };
        KEPT.with(|k| k.borrow_mut().insert((which, rounded), value.clone()));
        value
    });
    fine >> (rounded + 40 - w) as u64
}

/// π
pub(super) fn pi(bits: u32) -> (End, End) {
    let w = i64::from(bits) + 4;
    ends(&constant(Constant::Pi, w), &BigInt::from(2), -w, bits)
}

/// exp(x)
///
/// `x = k ln 2 + r`, `0 ≤ r < ln 2`, and `exp(r) = exp(r/2^h)^(2^h)`. The terms `T_n = ⌊⌊T_{n−1} r'⌋/n⌋` with
/// `r' ≤ 1/2` obey `e_n ≤ e_{n−1}/2 + 2`, so each is below the true one by at most 4 units; the terms left out, the
/// first of which is at most 4, add up to at most 8. `r'` is off by at most 3 units, which moves the value by at most 6.
pub(super) fn exp(m: &BigInt, e: i64, bits: u32) -> (End, End) {
    let top = m.bits() as i64 + e;
    if m.is_zero() {
        return (End::whole(1), End::whole(1));
    }
    if top > 41 {
        let huge = End::At(BigInt::one(), 1 << 41);
        let size = |side| huge.scaled(0, side);
        return if m.is_positive() {
            both(size)
        } else {
            both(|side| End::At(BigInt::one(), -(1 << 41)).scaled(0, side))
        };
    }
    let h = 2 + i64::from(bits.isqrt()) / 3;
    let w = i64::from(bits) + h + 24;
    let v = w + top.max(0) + 4;
    let (k, r) = divided(&units(m, e, v), &constant(Constant::Ln2, v));
    // Off by 1 + 2|k| < 2^(top+3) units of 2^−v, hence by less than one of 2^−w, and one more for the shift.
    let r: BigInt = r >> (v - w + h) as u64;
    let mut term = BigInt::one() << w as u64;
    let mut sum = term.clone();
    let mut n = 0_i64;
    while !term.is_zero() {
        n += 1;
        term = ((term * &r) >> w as u64) / n;
        sum += &term;
    }
    let mut error = BigInt::from(4 * n + 14);
    for _ in 0..h {
        // (V + e)² − V² = 2Ve + e², both rounded up, and one unit for the square rounded down.
        error = ((&sum * &error * 2 + &error * &error) >> w as u64) + 2;
        sum = (&sum * &sum) >> w as u64;
    }
    // |k| < 2^42, as |x| < 2^41.
    let k = i64::try_from(k).unwrap_or(0);
    ends(&sum, &error, k - w, bits)
}

/// ln(x) for x > 0
///
/// `x = f·2^k` with `3/4 ≤ f < 3/2`; `ln f = 2 atanh(z)`, `z = (f−1)/(f+1)`, `|z| ≤ 1/5`. The powers of `z` are off by
/// `e_j ≤ 0.04 e_{j−1} + 1.3 < 2` units, the terms by less than 2, what is left out by less than 3, `z` itself by one,
/// which moves the sum by less than 2: twice `2N + 5`; and `k ln 2` is off by `2|k|`.
pub(super) fn ln(m: &BigInt, e: i64, bits: u32) -> (End, End) {
    let length = m.bits() as i64;
    let upper_half = length >= 2 && m.bit(length as u64 - 2);
    let k = if upper_half { length + e } else { length + e - 1 };
    let one = BigInt::one() << (k - e) as u64;
    let (over, under) = (m - &one, m + &one);
    if over.is_zero() && k == 0 {
        return (End::zero(), End::zero());
    }
    // Near 1 the result is as small as z.
    let small = if k == 0 { under.bits() as i64 - over.bits() as i64 } else { 0 };
    let w = i64::from(bits) + 24 + small;
    let z = (over.abs() << w as u64) / under;
    let square: BigInt = (&z * &z) >> w as u64;
    let mut power = z.clone();
    let mut sum = z;
    let mut j = 0_i64;
    while !power.is_zero() {
        j += 1;
        power = (power * &square) >> w as u64;
        sum += &power / (2 * j + 1);
    }
    if over.is_negative() {
        sum = -sum;
    }
    let mid = sum * 2 + constant(Constant::Ln2, w) * k;
    ends(&mid, &BigInt::from(4 * j + 14 + 2 * k.abs()), -w, bits)
}

/// sin(x + quarter·π/2)
///
/// `x = q·π/2 + r`, `|r| < 0.79`, and the series of sine or cosine of `|r|`. Terms are off by `e ≤ 0.32 e + 2 < 3`
/// units, the alternating rest by its first term, at most 3 units; `r` by at most 2.
pub(super) fn sin(m: &BigInt, e: i64, quarter: i64, bits: u32) -> (End, End) {
    let top = m.bits() as i64 + e;
    if m.is_zero() {
        let value = [0, 1, 0, -1][quarter.rem_euclid(4) as usize];
        return (End::whole(value), End::whole(value));
    }
    if top > LARGEST_ANGLE {
        return (End::whole(-1), End::whole(1));
    }
    if quarter == 0 && 2 * top < -i64::from(bits) - 4 {
        return odd_and_tiny(m, e, -6, bits);
    }
    // Only a sine that is not moved can be as small as its argument.
    let small = if quarter == 0 { (-top).max(0) } else { 0 };
    let w = i64::from(bits) + 24 + small;
    let v = w + top.max(0) + 4;
    let half = constant(Constant::Pi, v) >> 1_u32;
    let (q, r) = divided(&(units(m, e, v) + (&half >> 1_u32)), &half);
    let r: BigInt = (r - (&half >> 1_u32)) >> (v - w) as u64;
    let (negative, r) = (r.is_negative(), r.abs());
    let (_, q) = divided(&(q + quarter), &BigInt::from(4));
    let q = i64::try_from(q).unwrap_or(0);
    let square: BigInt = (&r * &r) >> w as u64;
    let odd = q % 2 == 0;
    let mut term = if odd { r } else { BigInt::one() << w as u64 };
    let mut sum = term.clone();
    let mut n = if odd { 1_i64 } else { 0 };
    let mut add = false;
    let mut terms = 1_i64;
    while !term.is_zero() {
        term = ((term * &square) >> w as u64) / ((n + 1) * (n + 2));
        if add {
            sum += &term
        } else {
            sum -= &term
        }
        add = !add;
        n += 2;
        terms += 1;
    }
    if (odd && negative) != (q >= 2) {
        sum = -sum;
    }
    let (low, high) = ends(&sum, &BigInt::from(3 * terms + 8), -w, bits);
    (low.max(End::whole(-1)), high.min(End::whole(1)))
}

/// Between `x` and `x + x³/d` (`d` of either sign): odd functions at tiny arguments.
///
/// sin: `x − x³/6 < sin x < x`; atan and tanh: `x − x³/3 < f(x) < x`; sinh: `x < sinh x < x + x³/5`, all for
/// `0 < x < 1`, as the next terms of the series have the other sign or are smaller.
fn odd_and_tiny(m: &BigInt, e: i64, d: i64, bits: u32) -> (End, End) {
    let x = End::At(m.abs(), e);
    let side = if d > 0 { Side::Above } else { Side::Below };
    // The cube is rounded up: it is added or taken away whole.
    let cube = x.power(3, bits, Side::Above).over(&End::whole(d.abs()), bits, Side::Above);
    let moved = x.plus(&if d > 0 { cube } else { cube.negative() }, bits, side);
    let near = x.plus(&End::zero(), bits, if d > 0 { Side::Below } else { Side::Above });
    let (low, high) = ordered(near, moved);
    if m.is_negative() { (high.negative(), low.negative()) } else { (low, high) }
}

/// atan(x)
///
/// `atan x = π/2 − atan(1/x)` above 1; `atan x = 2 atan(x/(1+√(1+x²)))`, a map with slope at most 1/2, so that the
/// argument, off by one unit and rounded twice each time, stays within 4 units. The terms of the series are off by
/// less than 2 units each, the alternating rest by less than 3.
pub(super) fn atan(m: &BigInt, e: i64, bits: u32) -> (End, End) {
    let top = m.bits() as i64 + e;
    if m.is_zero() {
        return (End::zero(), End::zero());
    }
    if 2 * top < -i64::from(bits) - 4 {
        return odd_and_tiny(m, e, -3, bits);
    }
    let halvings = 2 + (i64::from(bits) / 256).min(8);
    let w = i64::from(bits) + halvings + 24 + (-top).max(0);
    let size = m.abs();
    let large = top > 1;
    let mut x = match large {
        true if top > w => BigInt::zero(),
        true => (BigInt::one() << (w - e) as u64) / size,
        false => units(&size, e, w),
    };
    let one = BigInt::one() << w as u64;
    for _ in 0..halvings {
        let hypotenuse = ((&one << w as u64) + &x * &x).sqrt();
        x = (x << w as u64) / (&one + hypotenuse);
    }
    let square: BigInt = (&x * &x) >> w as u64;
    let mut power = x.clone();
    let mut sum = x;
    let mut j = 0_i64;
    while !power.is_zero() {
        j += 1;
        power = (power * &square) >> w as u64;
        let term = &power / (2 * j + 1);
        if j % 2 == 1 { sum -= term } else { sum += term }
    }
    let mut mid: BigInt = sum << halvings as u64;
    let error: BigInt = BigInt::from(2 * j + 8) << halvings as u64;
    if large {
        mid = (constant(Constant::Pi, w) >> 1_u32) - mid;
    }
    if m.is_negative() {
        mid = -mid;
    }
    ends(&mid, &(error + 2), -w, bits)
}

/// sinh(x), from `(eˣ − e⁻ˣ)/2` with as many more bits as are lost in the difference.
pub(super) fn sinh(m: &BigInt, e: i64, bits: u32) -> (End, End) {
    let top = m.bits() as i64 + e;
    if m.is_zero() || 2 * top < -i64::from(bits) - 4 {
        return odd_and_tiny(m, e, 5, bits);
    }
    let fine = bits + 8 + (-top).max(0) as u32;
    let grows = around(exp(m, e, fine));
    let Ok(decays) = Enclosure::whole(1).over(&grows, fine) else { return (End::MinusInfinity, End::Infinity) };
    grows.minus(&decays, fine).scaled(-1).widened(bits).into_ends()
}

/// cosh(x), from `(eˣ + e⁻ˣ)/2`.
pub(super) fn cosh(m: &BigInt, e: i64, bits: u32) -> (End, End) {
    let grows = around(exp(&m.abs(), e, bits + 8));
    let Ok(decays) = Enclosure::whole(1).over(&grows, bits + 8) else { return (End::whole(1), End::Infinity) };
    let (low, high) = grows.plus(&decays, bits + 8).scaled(-1).widened(bits).into_ends();
    (low.max(End::whole(1)), high)
}

/// tanh(x), from `1 − 2/(e²ˣ + 1)` with as many more bits as are lost in the difference.
pub(super) fn tanh(m: &BigInt, e: i64, bits: u32) -> (End, End) {
    let top = m.bits() as i64 + e;
    if m.is_zero() || 2 * top < -i64::from(bits) - 4 {
        return odd_and_tiny(m, e, -3, bits);
    }
    let fine = bits + 8 + (-top).max(0) as u32;
    let one = Enclosure::whole(1);
    let Ok(rest) = Enclosure::whole(2).over(&around(exp(&m.abs(), e + 1, fine)).plus(&one, fine), fine) else {
        return (End::whole(-1), End::whole(1));
    };
    let (low, high) = one.minus(&rest, fine).widened(bits).into_ends();
    let (low, high) = (low.max(End::zero()), high.min(End::whole(1)));
    if m.is_negative() { (high.negative(), low.negative()) } else { (low, high) }
}

fn around((lower, upper): (End, End)) -> Enclosure {
    Enclosure::between(lower, upper)
}

#[cfg(test)]
mod tests {
    use super::*;

    thread_local! {
        /// Middle, error and unit of the last value, before it was rounded: guard bits would hide a wrong error.
        pub(super) static LAST: RefCell<Option<(BigInt, BigInt, i64)>> = const { RefCell::new(None) };
    }

    type Ends = fn(&BigInt, i64, u32) -> (End, End);

    fn last(f: Ends, m: &BigInt, e: i64, bits: u32) -> Option<(BigInt, BigInt, i64)> {
        LAST.with(|last| *last.borrow_mut() = None);
        f(m, e, bits);
        LAST.with(|last| last.borrow_mut().take())
    }

    /// The error stated beside each series is as large as what many more bits show it to be.
    #[test]
    fn stated_errors_hold_before_rounding() {
        let functions: [(&str, Ends, bool); 7] = [
            ("exp", exp, true),
            ("ln", ln, false),
            ("sin", |m, e, bits| sin(m, e, 0, bits), true),
            ("cos", |m, e, bits| sin(m, e, 1, bits), true),
            ("-sin", |m, e, bits| sin(m, e, 2, bits), true),
            ("-cos", |m, e, bits| sin(m, e, 3, bits), true),
            ("atan", atan, true),
        ];
        let mut state = 0x2545_f491_4f6c_dd1d_u64;
        let mut roll = |below: u64| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 11) % below
        };
        for (name, f, signed) in functions {
            let mut seen = 0;
            for _ in 0..150 {
                let m = BigInt::from(1 + roll(1 << 40)) * if signed && roll(2) == 0 { -1 } else { 1 };
                let (e, bits) = (roll(50) as i64 - 46, 4 + roll(400) as u32);
                let (Some((mid, error, unit)), Some((fine_mid, fine_error, fine_unit))) =
                    (last(f, &m, e, bits), last(f, &m, e, bits + 200))
                else {
                    continue;
                };
                let up = (unit - fine_unit) as u64;
                let apart = ((mid << up) - fine_mid).abs();
                assert!(apart <= (error << up) + fine_error, "{name} of {m}*2^{e} with {bits} bits");
                seen += 1;
            }
            assert!(seen > 100, "{name}: {seen}");
        }
        for which in [Constant::Pi, Constant::Ln2] {
            for w in [20, 100, 127, 128, 129, 500] {
                let fine = constant(which, w + 300);
                assert!(((constant(which, w) << 300_u32) - fine).abs() <= BigInt::one() << 301_u32, "{w}");
            }
        }
    }

    /// `x` a little beside a power of two, where the cube decides to which side it is rounded.
    #[test]
    fn tiny_arguments_are_bounded_by_their_cube() {
        let p = -40_i64;
        let beside = |by: i64| ((BigInt::one() << (-2 * p + 3) as u64) + by, 3 * p - 3);
        let cases: [(&str, Ends, i64); 4] =
            [("sin", |m, e, bits| sin(m, e, 0, bits), 1), ("atan", atan, 2), ("tanh", tanh, 2), ("sinh", sinh, -1)];
        for (name, f, by) in cases {
            // x = p + by p³/8
            let (m, e) = beside(by);
            for m in [m.clone(), -m] {
                let (coarse, fine) = (around(f(&m, e, 60)), around(f(&m, e, 400)));
                assert!(coarse.includes(&fine), "{name}: {coarse:?} {fine:?}");
            }
        }
    }
}
