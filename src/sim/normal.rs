//! Streams of random words and standard normal numbers, eight lanes at a time, the same bits at AVX2 and AVX-512.
//!
//! Words are those of xoshiro256+ (Blackman, Vigna), one generator per lane. Its lowest bits are the weak ones: a radius is
//! made of all 64 bits rounded to 53, an angle of the lower 52, of which the weak ones count least, and the one sign that is
//! drawn besides of the highest bit.

use super::checkpoint::Exchange;
use crate::eval::lanes::{Eight, Kernel, Lanes, PairTable, WIDTH};

/// The random numbers of one block: one generator per lane and one for single numbers.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Stream {
    /// `[word of the state][lane]`
    lanes: [[u64; WIDTH]; 4],
    single: [u64; 4],
}

/// `count` streams of nine generators each; no two generators meet within 2^128 numbers.
pub(crate) fn streams(seed: u64, count: usize) -> Vec<Stream> {
    let mut next = seeded(seed);
    let mut own = || {
        let own = next;
        jump(&mut next);
        own
    };
    let stream = |_| {
        let lanes: [[u64; 4]; WIDTH] = std::array::from_fn(|_| own());
        Stream { lanes: std::array::from_fn(|word| lanes.map(|state| state[word])), single: own() }
    };
    (0..count).map(stream).collect()
}

/// The state that SplitMix64 gives.
fn seeded(seed: u64) -> [u64; 4] {
    let mut state = seed;
    std::array::from_fn(|_| {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    })
}

fn step(s: &mut [u64; 4]) -> u64 {
    let word = s[0].wrapping_add(s[3]);
    let shifted = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = s[3].rotate_left(45);
    word
}

/// 2^128 steps.
fn jump(s: &mut [u64; 4]) {
    const POLYNOMIAL: [u64; 4] =
        [0x180e_c6d3_3cfd_0aba, 0xd5a6_1266_f0c9_392c, 0xa958_2618_e03f_c9aa, 0x39ab_dc45_29b1_661c];
    let mut sum = [0; 4];
    for word in POLYNOMIAL {
        for bit in 0..64 {
            if word >> bit & 1 == 1 {
                sum.iter_mut().zip(*s).for_each(|(sum, s)| *sum ^= s);
            }
            step(s);
        }
    }
    *s = sum;
}

impl Stream {
    /// Where the stream stands.
    pub(super) fn exchange(&mut self, with: &mut dyn Exchange) {
        self.lanes.as_flattened_mut().iter_mut().chain(&mut self.single).for_each(|word| with.word(word));
    }

    /// Words that every lane has drawn on the way to `later`.
    #[cfg(test)]
    pub(super) fn words_to(&self, later: &Stream) -> usize {
        let first = |stream: &Stream| -> [u64; 4] { std::array::from_fn(|word| stream.lanes[word][0]) };
        let mut state = first(self);
        (0..100_000).find(|_| state == first(later) || (step(&mut state), false).1).unwrap_or(usize::MAX)
    }

    /// Uniform in `[0, 1)`, a multiple of 2^-53.
    pub(crate) fn uniform(&mut self) -> f64 {
        (step(&mut self.single) >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// Fills with standard normal numbers.
    #[inline(always)]
    pub(crate) fn fill<L: Lanes>(&mut self, out: &mut [Eight]) {
        L::apart(Fill(self, out));
    }

    /// Fills with ±1.
    #[inline(always)]
    pub(crate) fn fill_signs<L: Lanes>(&mut self, out: &mut [Eight]) {
        L::apart(FillSigns(self, out));
    }

    /// The lanes taken out for drawing; give them back by [`Stream::put`].
    #[inline(always)]
    pub(crate) fn take<L: Lanes>(&self) -> Generators<L> {
        let [a, b, c, d] = &self.lanes;
        Generators([L::load_bits(a), L::load_bits(b), L::load_bits(c), L::load_bits(d)])
    }

    #[inline(always)]
    pub(crate) fn put<L: Lanes>(&mut self, generators: Generators<L>) {
        for (bits, words) in generators.0.into_iter().zip(&mut self.lanes) {
            L::store_bits(bits, words);
        }
    }
}

/// Signs that are taken from one word: its upper half.
pub(crate) const SIGNS: usize = 32;

/// Eight generators in registers.
pub(crate) struct Generators<L: Lanes>([L::Bits; 4]);

impl<L: Lanes> Generators<L> {
    #[inline(always)]
    pub(crate) fn words(&mut self) -> L::Bits {
        let [a, b, c, d] = self.0;
        let last = L::xor(d, b);
        let third = L::xor3(c, a, L::shift_left::<17>(b));
        self.0 = [L::xor(a, last), L::xor3(c, a, b), third, L::rotate_left::<45>(last)];
        L::plus(a, d)
    }

    /// Two independent vectors of standard normal numbers.
    #[inline(always)]
    pub(crate) fn normals(&mut self) -> (L, L) {
        let radius = self.words();
        box_muller(radius, self.words())
    }
}

/// Fills with ±1.
struct FillSigns<'a>(&'a mut Stream, &'a mut [Eight]);

impl Kernel for FillSigns<'_> {
    type Output = ();
    #[inline(always)]
    fn run<L: Lanes>(self) {
        let mut random: Generators<L> = self.0.take();
        for several in self.1.chunks_mut(SIGNS) {
            let mut word = random.words();
            for out in several {
                L::splat(1.0).flip(word).store(out);
                word = L::plus(word, word);
            }
        }
        self.0.put(random);
    }
}

/// Fills with standard normal numbers.
struct Fill<'a>(&'a mut Stream, &'a mut [Eight]);

impl Kernel for Fill<'_> {
    type Output = ();
    #[inline(always)]
    fn run<L: Lanes>(self) {
        let mut random: Generators<L> = self.0.take();
        let (first, second) = self.1.split_at_mut(self.1.len().div_ceil(2));
        let (pairs, odd) = first.split_at_mut(second.len());
        for (a, b) in pairs.iter_mut().zip(second) {
            let (x, y) = random.normals();
            x.store(a);
            y.store(b);
        }
        if let [last] = odd {
            random.normals().0.store(last);
        }
        self.0.put(random);
    }
}

/// `2 ln 2` to 47 bits: its products with exponents are exact. 2.7e-15 too large relatively.
const TWO_LN2: f64 = 1.386_294_361_119_894_3;

/// Near the middle of each sixteenth of `[1, 2)`: `c ≈ 1/m` and `128 ln 2 + 2 ln c`; each `c` was chosen among 6000
/// neighbours so that the logarithm falls on an `f64` to 4e-18. The last one is exact, so that digits survive next to 1.
static LOGARITHMS: PairTable = PairTable::new(
    [
        0.9696967824129388,
        0.9142858814448118,
        0.8648653469281271,
        0.8205131022259593,
        0.7804877199232578,
        0.7441864866996184,
        0.7111113570863381,
        0.6808506638044491,
        0.6530608257744461,
        0.6274509158683941,
        0.6037731183459982,
        0.5818189267301932,
        0.5614030143478885,
        0.5423723949352279,
        0.5245904832845554,
        0.5,
    ],
    [
        88.66129540806638,
        88.54361515995436,
        88.43247620675523,
        88.32718831168906,
        88.22716656616741,
        88.13191186889044,
        88.04098662953726,
        87.9540145387778,
        87.8706690999853,
        87.79065944615454,
        87.71372554468897,
        87.63964710744115,
        87.56820662021717,
        87.4992342357841,
        87.43256440644807,
        87.33654475055334,
    ],
);

/// `−2 ln(1 + t)/t` for `|t| ≤ 1/32`, to 2e-17.
const LOGARITHM: [f64; 9] = [
    -2.0,
    0.9999999999999986,
    -0.6666666666666654,
    0.5000000000466408,
    -0.40000000004240177,
    0.3333330945651252,
    -0.28571406864738447,
    0.2503910625335326,
    -0.22257773974013506,
];

/// `sin(π sqrt w)/sqrt w` for `w ≤ ¼`, to 2e-16, and `cos(π sqrt w)`, to 6e-17.
const SINE: [f64; 8] = [
    3.1415926535897927,
    -5.1677127800497855,
    2.5501640398618677,
    -0.599264528825224,
    0.08214587881631043,
    -0.0073703643265304155,
    0.0004659870158043378,
    -2.113362735205297e-05,
];
const COSINE: [f64; 9] = [
    1.0,
    -4.934802200544679,
    4.058712126416736,
    -1.3352627688518803,
    0.2353306302721577,
    -0.02580689002587539,
    0.001929562652479866,
    -0.00010458286368326585,
    4.166399462726949e-06,
];

/// The transform of Box and Muller, `sqrt(−2 ln u) (±cos πz, sin πz)` with `u = (r | 1)/2^64` and `z` in [−½, ½) of the
/// lower 52 bits of the second word, the sign of its highest bit. Radii reach from 0 to `sqrt(128 ln 2) = 9.42`.
#[inline(always)]
pub(crate) fn box_muller<L: Lanes>(radius: L::Bits, angle: L::Bits) -> (L, L) {
    let (m, e) = L::mantissa_and_exponent(L::or(radius, L::bits(1)));
    let (c, l) = L::pairs_at::<48>(m.to_bits(), &LOGARITHMS);
    let z = L::from_bits(L::or(L::and(angle, L::bits(u64::MAX >> 12)), L::bits(1023 << 52))) - L::splat(1.5);
    let w = z * z;
    // One rounding where there is a fused instruction; else m c is split so that the difference from 1 is exact.
    let t = if L::FUSED { m.mul_add(c, L::splat(-1.0)) } else { product_less_one(m, c) };
    // The three polynomials in step: none of them waits for its own last operation.
    let mut logarithm = L::splat(LOGARITHM[8]);
    let (mut sine, mut cosine) = (L::splat(SINE[7]), L::splat(COSINE[8]));
    let mut k = 8;
    while k > 0 {
        k -= 1;
        logarithm = logarithm.mul_add(t, L::splat(LOGARITHM[k]));
        cosine = cosine.mul_add(w, L::splat(COSINE[k]));
        if k < 7 {
            sine = sine.mul_add(w, L::splat(SINE[k]));
        }
    }
    let r = t.mul_add(logarithm, e.neg_mul_add(L::splat(TWO_LN2), l)).sqrt();
    (r * cosine.flip(angle), r * (z * sine))
}

/// `m c − 1` without the rounding of the product, for `m` in [1, 2) and `c` in [½, 1].
#[inline(always)]
fn product_less_one<L: Lanes>(m: L, c: L) -> L {
    let high = L::from_bits(L::and(m.to_bits(), L::bits(u64::MAX << 26)));
    let c_high = L::from_bits(L::and(c.to_bits(), L::bits(u64::MAX << 26)));
    let rest = (m - high) * c + high * (c - c_high);
    (high * c_high - L::splat(1.0)) + rest
}

#[cfg(test)]
mod tests {
    use super::super::checkpoint::{Reader, Writer};
    use super::*;
    use crate::eval::Simd;
    use crate::eval::lanes::on_lanes;
    use crate::num::function as f;
    use rand_xoshiro::Xoshiro256Plus;
    use rand_xoshiro::rand_core::{Rng, SeedableRng};

    const LEVELS: [Simd; 3] = [Simd::Portable, Simd::Avx2, Simd::Avx512];

    struct Words<'a>(&'a mut Stream, usize);
    impl Kernel for Words<'_> {
        type Output = Vec<[u64; WIDTH]>;
        #[inline(always)]
        fn run<L: Lanes>(self) -> Self::Output {
            let mut random: Generators<L> = self.0.take();
            let mut words = vec![[0; WIDTH]; self.1];
            words.iter_mut().for_each(|w| L::store_bits(random.words(), w));
            self.0.put(random);
            words
        }
    }

    struct Transform<'a>(&'a [([u64; WIDTH], [u64; WIDTH])]);
    impl Kernel for Transform<'_> {
        type Output = Vec<[Eight; 2]>;
        #[inline(always)]
        fn run<L: Lanes>(self) -> Self::Output {
            let run = |(radius, angle): &([u64; WIDTH], [u64; WIDTH])| {
                let (a, b) = box_muller::<L>(L::load_bits(radius), L::load_bits(angle));
                let mut out = [[0.0; WIDTH]; 2];
                a.store(&mut out[0]);
                b.store(&mut out[1]);
                out
            };
            self.0.iter().map(run).collect()
        }
    }

    #[test]
    fn every_lane_is_a_stream_of_the_reference_generator() {
        for simd in LEVELS {
            let mut reference = Xoshiro256Plus::seed_from_u64(7);
            for mut stream in streams(7, 2) {
                let words = on_lanes(simd, Words(&mut stream, 50));
                let more = on_lanes(simd, Words(&mut stream, 3));
                for lane in 0..WIDTH {
                    let mut own = reference.clone();
                    reference.jump();
                    for word in words.iter().chain(&more) {
                        assert_eq!(word[lane], own.next_u64());
                    }
                }
                let mut own = reference.clone();
                reference.jump();
                assert_eq!(stream.uniform(), (own.next_u64() >> 11) as f64 / (1u64 << 53) as f64);
            }
        }
    }

    /// Extreme and other words against `libm`. Where the word of the radius rounds to `u = 1` the radius is not quite 0.
    #[test]
    fn transforms_of_extreme_words_are_those_of_libm() {
        let mut words = vec![0, 1, 2, 3, u64::MAX, u64::MAX - 1];
        for k in 1..64 {
            let power = 1u64 << k;
            words.extend([
                power - 1,
                power,
                power + 1,
                power | power >> 1,
                power.wrapping_neg(),
                power.wrapping_neg() - 1,
            ]);
        }
        // Next to the ends of each sixteenth, and 9.4 sigma.
        words.extend((0..64).flat_map(|k| [(k << 58) - u64::from(k > 0), (k << 58) + 1, k << 54 | 1 << 53]));
        let mut pairs = Vec::new();
        for (k, radius) in words.iter().enumerate() {
            for shift in [0, 7, 31, 100] {
                pairs.push(([*radius; WIDTH], std::array::from_fn(|lane| words[(k + shift + 3 * lane) % words.len()])));
            }
        }
        let mut farthest: f64 = 0.0;
        for simd in LEVELS {
            for ((radius, angle), out) in pairs.iter().zip(on_lanes(simd, Transform(&pairs))) {
                for lane in 0..WIDTH {
                    let u = (radius[lane] | 1) as f64 * (1.0 / 18_446_744_073_709_551_616.0);
                    let r = (-2.0 * f::ln(u)).sqrt();
                    let z = (angle[lane] << 12 >> 12) as f64 * (1.0 / 4_503_599_627_370_496.0) - 0.5;
                    let sign = if angle[lane] >> 63 == 1 { -1.0 } else { 1.0 };
                    let turn = z * std::f64::consts::PI;
                    let limit = if u < 1.0 { 1e-13 } else { 1e-7 };
                    for (value, exact) in [(out[0][lane], sign * r * f::cos(turn)), (out[1][lane], r * f::sin(turn))] {
                        let at = format!("{:x} {:x} {}", radius[lane], angle[lane], simd.name());
                        assert!((value - exact).abs() <= limit, "{value} {exact} at {at}");
                        farthest = farthest.max(value.abs());
                    }
                }
            }
        }
        assert!((9.4..9.43).contains(&farthest), "{farthest}");
    }

    #[test]
    fn avx2_and_avx512_give_the_same_numbers() {
        if !(Simd::Avx2.is_available() && Simd::Avx512.is_available()) {
            return;
        }
        let numbers = |simd| {
            let mut numbers = vec![[0.0; WIDTH]; 1001];
            on_lanes(simd, Fill(&mut streams(3, 1)[0], &mut numbers));
            numbers
        };
        assert_eq!(numbers(Simd::Avx2), numbers(Simd::Avx512));
    }

    /// 10⁷ numbers: moments to order 8, fractions beyond 1 to 5.5 sigma, independence of the two of a pair and of
    /// successive ones. Each of 27 checks is at five standard errors: a right program fails for one seed in 60 000. Other
    /// counts on demand: `THALWEG_CASES=1000000000 cargo test --lib numbers_are_normal`, last done for 10⁹.
    ///
    /// Ledger: normal numbers are normal and independent (27 checks) | independent normal draws | moments, tails, products | 10 000 000 |
    /// 11 | 1.6e-5 | a moment off by five standard errors, 2e-3 of itself
    #[test]
    fn ten_million_numbers_are_normal() {
        let rows = 64;
        let asked = std::env::var("THALWEG_CASES").ok().and_then(|n| n.parse().ok());
        let rounds = asked.unwrap_or(0).max(10_000_000) / (rows * WIDTH) + 1;
        let mut stream = streams(11, 1).remove(0);
        let mut numbers = vec![[0.0; WIDTH]; rows];
        let (mut moments, mut beyond) = ([0.0f64; 9], [0u32; 14]);
        let (mut pair, mut squares, mut next, mut next_squares) = (0.0, 0.0, 0.0, 0.0);
        let limits = [1.0, 2.0, 3.0, 4.0, 4.5, 5.0, 5.5];
        for _ in 0..rounds {
            on_lanes(Simd::detect(), Fill(&mut stream, &mut numbers));
            for z in numbers.as_flattened() {
                let mut power = 1.0;
                for moment in &mut moments {
                    *moment += power;
                    power *= z;
                }
                for (k, limit) in limits.iter().enumerate() {
                    beyond[2 * k] += u32::from(z > limit);
                    beyond[2 * k + 1] += u32::from(*z < -limit);
                }
            }
            let (first, second) = numbers.split_at(rows / 2);
            for (a, b) in first.as_flattened().iter().zip(second.as_flattened()) {
                pair += a * b;
                squares += (a * a - 1.0) * (b * b - 1.0);
            }
            for (a, b) in first.iter().zip(&first[1..]).flat_map(|(a, b)| a.iter().zip(b)) {
                next += a * b;
                next_squares += (a * a - 1.0) * (b * b - 1.0);
            }
        }
        let n = moments[0];
        let double_factorial = |k: i32| (1..=k).rev().step_by(2).map(f64::from).product::<f64>();
        for k in 1..=8 {
            let mean = if k % 2 == 0 { double_factorial(k - 1) } else { 0.0 };
            let error = ((double_factorial(2 * k - 1) - mean * mean) / n).sqrt();
            let moment = moments[k as usize] / n;
            assert!((moment - mean).abs() < 5.0 * error, "moment {k}: {moment}, not {mean} ± {error}");
        }
        for (k, limit) in limits.iter().enumerate() {
            let expected = n * 0.5 * f::erfc(limit / std::f64::consts::SQRT_2);
            for side in [0, 1] {
                let count = f64::from(beyond[2 * k + side]);
                // Beyond 5.5 sigma 0.19 are expected: one more than five standard errors is still likely there.
                assert!(
                    (count - expected).abs() < 5.0 * expected.sqrt() + 2.0,
                    "{count} beyond {limit}, not {expected}"
                );
            }
        }
        let steps = rounds as f64 * ((rows / 2 - 1) * WIDTH) as f64;
        for (sum, count, deviation) in
            [(pair, n / 2.0, 1.0), (squares, n / 2.0, 2.0), (next, steps, 1.0), (next_squares, steps, 2.0)]
        {
            assert!(sum.abs() < 5.0 * deviation * count.sqrt(), "{} per number", sum / count);
        }
    }

    #[test]
    fn a_stream_goes_on_where_it_was_written() {
        let mut stream = streams(3, 2).remove(1);
        on_lanes(Simd::Portable, Fill(&mut stream, &mut [[0.0; WIDTH]; 5]));
        stream.uniform();
        let mut writer = Writer::default();
        stream.exchange(&mut writer);
        let mut other = streams(0, 1).remove(0);
        let mut reader = Reader::of(&writer.0);
        other.exchange(&mut reader);
        assert!(reader.is_done());
        assert_eq!(stream, other);
    }
}
