//! Eight lanes in two registers.
//!
//! SAFETY, for every `unsafe` here: [`Eights`] is named only by `with_avx2`, which runs only where the machine has AVX2
//! and FMA; pointers are to arrays of two, four or eight numbers that are borrowed for the call.

use super::{Eight, Kernel, Lanes, PairTable, Raw, WIDTH};
use std::arch::x86_64::*;
use std::ops::{Add, Div, Mul, Neg, Sub};

#[derive(Clone, Copy)]
pub struct Eights(__m256d, __m256d);

#[derive(Clone, Copy)]
pub struct Words(__m256i, __m256i);

/// `2^52`, whose low bits count units; `2^84`, whose low bits count `2^32`; and their sum.
const UNITS: f64 = 4_503_599_627_370_496.0;
const HIGH_UNITS: f64 = 19_342_813_113_834_066_795_298_816.0;
const BOTH: f64 = 19_342_813_118_337_666_422_669_312.0;

/// Applies an expression over single registers to both halves.
macro_rules! halves {
    ($make:ident, $($half:ident = $whole:expr),* => $body:expr) => {{
        let one = { $(let $half = $whole.0;)* $body };
        let two = { $(let $half = $whole.1;)* $body };
        $make(one, two)
    }};
}

macro_rules! arithmetic {
    ($($operation:ident $method:ident $intrinsic:ident;)*) => {$(
        impl $operation for Eights {
            type Output = Eights;
            #[inline(always)]
            fn $method(self, other: Eights) -> Eights {
                // SAFETY: see above.
                unsafe { halves!(Eights, a = self, b = other => $intrinsic(a, b)) }
            }
        }
    )*};
}

arithmetic! {
    Add add _mm256_add_pd;
    Sub sub _mm256_sub_pd;
    Mul mul _mm256_mul_pd;
    Div div _mm256_div_pd;
}

impl Neg for Eights {
    type Output = Eights;
    #[inline(always)]
    fn neg(self) -> Eights {
        // SAFETY: see above.
        unsafe { halves!(Eights, a = self => _mm256_xor_pd(a, _mm256_set1_pd(-0.0))) }
    }
}

impl Raw for Eights {
    type Bits = Words;
    type Mask = Eights;
    const FUSED: bool = true;

    #[inline(always)]
    fn apart<K: Kernel>(kernel: K) -> K::Output {
        // SAFETY: see above.
        unsafe { super::with_avx2(kernel) }
    }

    #[inline(always)]
    fn store(self, to: &mut Eight) {
        // SAFETY: see above.
        unsafe {
            _mm256_storeu_pd(to.as_mut_ptr(), self.0);
            _mm256_storeu_pd(to.as_mut_ptr().add(4), self.1);
        }
    }
    #[inline(always)]
    fn max_abs(self, other: Eights) -> Eights {
        // Of a NaN and a number this takes the second operand.
        other.abs().max(self)
    }
    #[inline(always)]
    fn scaled(self, k: Eights) -> Eights {
        // In two factors: a subnormal result is rounded once, by the last product.
        let round = Eights::splat(super::functions::ROUND);
        let half = (k * Eights::splat(0.5) + round) - round;
        (self * super::functions::power_of_two(half)) * super::functions::power_of_two(k - half)
    }
    #[inline(always)]
    fn less(self, other: Eights) -> Eights {
        // SAFETY: see above.
        unsafe { halves!(Eights, a = self, b = other => _mm256_cmp_pd::<_CMP_LT_OQ>(a, b)) }
    }
    #[inline(always)]
    fn less_or_equal(self, other: Eights) -> Eights {
        // SAFETY: see above.
        unsafe { halves!(Eights, a = self, b = other => _mm256_cmp_pd::<_CMP_LE_OQ>(a, b)) }
    }
    #[inline(always)]
    fn to_bits(self) -> Words {
        // SAFETY: see above.
        unsafe { halves!(Words, a = self => _mm256_castpd_si256(a)) }
    }
    #[inline(always)]
    fn flip(self, bits: Words) -> Eights {
        Self::from_bits(Self::xor(self.to_bits(), Self::and(bits, Self::bits(1 << 63))))
    }
    #[inline(always)]
    fn xor3(a: Words, b: Words, c: Words) -> Words {
        Self::xor(Self::xor(a, b), c)
    }
    #[inline(always)]
    fn pairs_at<const SHIFT: u32>(bits: Words, table: &PairTable) -> (Eights, Eights) {
        let mut words = [0; WIDTH];
        Self::store_bits(bits, &mut words);
        // Loads of pairs and a transposition: no slower than gathering here, and faster elsewhere. Macros, since a closure
        // might be compiled apart and then without the instructions.
        macro_rules! pair {
            ($lane:expr) => {
                _mm_loadu_pd(table.pairs[(words[$lane] >> SHIFT) as usize & 15].as_ptr())
            };
        }
        macro_rules! four {
            ($k:expr) => {{
                // SAFETY: see above.
                unsafe {
                    let even = _mm256_set_m128d(pair!($k + 2), pair!($k));
                    let odd = _mm256_set_m128d(pair!($k + 3), pair!($k + 1));
                    (_mm256_unpacklo_pd(even, odd), _mm256_unpackhi_pd(even, odd))
                }
            }};
        }
        let (low, high) = (four!(0), four!(4));
        (Eights(low.0, high.0), Eights(low.1, high.1))
    }

    methods! {
        fn load(from: &Eight) -> Eights {
            Eights(_mm256_loadu_pd(from.as_ptr()), _mm256_loadu_pd(from.as_ptr().add(4)))
        }
        fn either(a: Eights, b: Eights) -> Eights { halves!(Eights, a = a, b = b => _mm256_or_pd(a, b)) }
        fn any(mask: Eights) -> bool { _mm256_movemask_pd(_mm256_or_pd(mask.0, mask.1)) != 0 }
        fn select(mask: Eights, yes: Eights, no: Eights) -> Eights {
            halves!(Eights, m = mask, y = yes, n = no => _mm256_blendv_pd(n, y, m))
        }
        fn from_bits(bits: Words) -> Eights { halves!(Eights, b = bits => _mm256_castsi256_pd(b)) }
        fn bits(word: u64) -> Words {
            let one = _mm256_set1_epi64x(word.cast_signed());
            Words(one, one)
        }
        fn load_bits(from: &[u64; WIDTH]) -> Words {
            Words(_mm256_loadu_si256(from.as_ptr().cast()), _mm256_loadu_si256(from.as_ptr().add(4).cast()))
        }
        fn store_bits(bits: Words, to: &mut [u64; WIDTH]) -> () {
            _mm256_storeu_si256(to.as_mut_ptr().cast(), bits.0);
            _mm256_storeu_si256(to.as_mut_ptr().add(4).cast(), bits.1);
        }
        fn shift_left<const N: u32>(bits: Words) -> Words {
            halves!(Words, b = bits => _mm256_sllv_epi64(b, _mm256_set1_epi64x(i64::from(N))))
        }
        fn shift_right<const N: u32>(bits: Words) -> Words {
            halves!(Words, b = bits => _mm256_srlv_epi64(b, _mm256_set1_epi64x(i64::from(N))))
        }
        fn rotate_left<const N: u32>(bits: Words) -> Words {
            let (left, right) = (_mm256_set1_epi64x(i64::from(N)), _mm256_set1_epi64x(i64::from(64 - N)));
            halves!(Words, b = bits => _mm256_or_si256(_mm256_sllv_epi64(b, left), _mm256_srlv_epi64(b, right)))
        }
        fn and(a: Words, b: Words) -> Words { halves!(Words, a = a, b = b => _mm256_and_si256(a, b)) }
        fn or(a: Words, b: Words) -> Words { halves!(Words, a = a, b = b => _mm256_or_si256(a, b)) }
        fn xor(a: Words, b: Words) -> Words { halves!(Words, a = a, b = b => _mm256_xor_si256(a, b)) }
        fn plus(a: Words, b: Words) -> Words { halves!(Words, a = a, b = b => _mm256_add_epi64(a, b)) }
        fn mantissa_and_exponent(words: Words) -> (Eights, Eights) {
            let (units, high_units) = (_mm256_set1_pd(UNITS), _mm256_castpd_si256(_mm256_set1_pd(HIGH_UNITS)));
            // The upper 32 bits exactly, then the lower ones in the one addition that rounds.
            let value = halves!(Eights, w = words => {
                let high = _mm256_castsi256_pd(_mm256_or_si256(_mm256_srli_epi64::<32>(w), high_units));
                let low = _mm256_castsi256_pd(_mm256_blend_epi16::<0xcc>(w, _mm256_castpd_si256(units)));
                _mm256_add_pd(_mm256_sub_pd(high, _mm256_set1_pd(BOTH)), low)
            });
            let mantissa = halves!(Eights, v = value => {
                let digits = _mm256_castsi256_pd(_mm256_set1_epi64x((u64::MAX >> 12).cast_signed()));
                _mm256_or_pd(_mm256_and_pd(v, digits), _mm256_set1_pd(1.0))
            });
            let exponent = halves!(Eights, v = value => {
                let biased = _mm256_or_si256(
                    _mm256_srli_epi64::<52>(_mm256_castpd_si256(v)),
                    _mm256_castpd_si256(units),
                );
                _mm256_sub_pd(_mm256_castsi256_pd(biased), _mm256_set1_pd(UNITS + 1023.0))
            });
            (mantissa, exponent)
        }
    }
}

impl Lanes for Eights {
    #[inline(always)]
    fn mul_add(self, b: Eights, c: Eights) -> Eights {
        // SAFETY: see above.
        unsafe { halves!(Eights, a = self, b = b, c = c => _mm256_fmadd_pd(a, b, c)) }
    }
    #[inline(always)]
    fn neg_mul_add(self, b: Eights, c: Eights) -> Eights {
        // SAFETY: see above.
        unsafe { halves!(Eights, a = self, b = b, c = c => _mm256_fnmadd_pd(a, b, c)) }
    }
    #[inline(always)]
    fn sqrt(self) -> Eights {
        // SAFETY: see above.
        unsafe { halves!(Eights, a = self => _mm256_sqrt_pd(a)) }
    }
    #[inline(always)]
    fn abs(self) -> Eights {
        // SAFETY: see above.
        unsafe { halves!(Eights, a = self => _mm256_andnot_pd(_mm256_set1_pd(-0.0), a)) }
    }
    #[inline(always)]
    fn min(self, other: Eights) -> Eights {
        // SAFETY: see above.
        unsafe { halves!(Eights, a = self, b = other => _mm256_min_pd(a, b)) }
    }
    #[inline(always)]
    fn max(self, other: Eights) -> Eights {
        // SAFETY: see above.
        unsafe { halves!(Eights, a = self, b = other => _mm256_max_pd(a, b)) }
    }

    methods! {
        fn splat(x: f64) -> Eights {
            let one = _mm256_set1_pd(x);
            Eights(one, one)
        }
    }
}
