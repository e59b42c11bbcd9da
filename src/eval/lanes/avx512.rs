//! Eight lanes in one register.
//!
//! SAFETY, for every `unsafe` here: [`Eights`] is named only by `with_avx512`, which runs only where the machine has
//! AVX-512 F, DQ and VL; pointers are to arrays of eight or sixteen numbers that are borrowed for the call.

use super::{Eight, Kernel, Lanes, PairTable, Raw, WIDTH};
use std::arch::x86_64::*;
use std::ops::{Add, Div, Mul, Neg, Sub};

#[derive(Clone, Copy)]
pub struct Eights(__m512d);

macro_rules! arithmetic {
    ($($operation:ident $method:ident $intrinsic:ident;)*) => {$(
        impl $operation for Eights {
            type Output = Eights;
            #[inline(always)]
            fn $method(self, other: Eights) -> Eights {
                // SAFETY: see above.
                Eights(unsafe { $intrinsic(self.0, other.0) })
            }
        }
    )*};
}

arithmetic! {
    Add add _mm512_add_pd;
    Sub sub _mm512_sub_pd;
    Mul mul _mm512_mul_pd;
    Div div _mm512_div_pd;
}

impl Neg for Eights {
    type Output = Eights;
    #[inline(always)]
    fn neg(self) -> Eights {
        // SAFETY: see above.
        Eights(unsafe { _mm512_xor_pd(self.0, _mm512_set1_pd(-0.0)) })
    }
}

impl Raw for Eights {
    type Bits = __m512i;
    type Mask = __mmask8;
    const FUSED: bool = true;

    #[inline(always)]
    fn apart<K: Kernel>(kernel: K) -> K::Output {
        // SAFETY: see above.
        unsafe { super::with_avx512(kernel) }
    }

    #[inline(always)]
    fn max_abs(self, other: Eights) -> Eights {
        // SAFETY: see above. The greater of the absolute values; where one operand is NaN the other one.
        Eights(unsafe { _mm512_range_pd::<0b1011>(self.0, other.0) })
    }
    #[inline(always)]
    fn scaled(self, k: Eights) -> Eights {
        // SAFETY: see above.
        Eights(unsafe { _mm512_scalef_pd(self.0, k.0) })
    }
    #[inline(always)]
    fn store(self, to: &mut Eight) {
        // SAFETY: see above.
        unsafe { _mm512_storeu_pd(to.as_mut_ptr(), self.0) }
    }
    #[inline(always)]
    fn less(self, other: Eights) -> __mmask8 {
        // SAFETY: see above.
        unsafe { _mm512_cmp_pd_mask::<_CMP_LT_OQ>(self.0, other.0) }
    }
    #[inline(always)]
    fn less_or_equal(self, other: Eights) -> __mmask8 {
        // SAFETY: see above.
        unsafe { _mm512_cmp_pd_mask::<_CMP_LE_OQ>(self.0, other.0) }
    }
    #[inline(always)]
    fn either(a: __mmask8, b: __mmask8) -> __mmask8 {
        a | b
    }
    #[inline(always)]
    fn any(mask: __mmask8) -> bool {
        mask != 0
    }
    #[inline(always)]
    fn to_bits(self) -> __m512i {
        // SAFETY: see above.
        unsafe { _mm512_castpd_si512(self.0) }
    }
    #[inline(always)]
    fn flip(self, bits: __m512i) -> Eights {
        // SAFETY: see above. `self ^ (bits & sign)`
        Self::from_bits(unsafe { _mm512_ternarylogic_epi64::<0x78>(self.to_bits(), bits, _mm512_set1_epi64(i64::MIN)) })
    }
    #[inline(always)]
    fn xor3(a: __m512i, b: __m512i, c: __m512i) -> __m512i {
        // SAFETY: see above.
        unsafe { _mm512_ternarylogic_epi64::<0x96>(a, b, c) }
    }
    #[inline(always)]
    fn pairs_at<const SHIFT: u32>(words: __m512i, table: &PairTable) -> (Eights, Eights) {
        let places = if SHIFT == 0 { words } else { Self::shift_right::<SHIFT>(words) };
        let look_up = |list: &[f64; 16]| {
            // SAFETY: see above. The permutation takes the low four bits of each index.
            Eights(unsafe {
                let (low, high) = (_mm512_loadu_pd(list.as_ptr()), _mm512_loadu_pd(list.as_ptr().add(WIDTH)));
                _mm512_permutex2var_pd(low, places, high)
            })
        };
        (look_up(&table.first), look_up(&table.second))
    }

    methods! {
        fn load(from: &Eight) -> Eights { Eights(_mm512_loadu_pd(from.as_ptr())) }
        fn select(mask: __mmask8, yes: Eights, no: Eights) -> Eights { Eights(_mm512_mask_blend_pd(mask, no.0, yes.0)) }
        fn from_bits(bits: __m512i) -> Eights { Eights(_mm512_castsi512_pd(bits)) }
        fn bits(word: u64) -> __m512i { _mm512_set1_epi64(word.cast_signed()) }
        fn load_bits(from: &[u64; WIDTH]) -> __m512i { _mm512_loadu_si512(from.as_ptr().cast()) }
        fn store_bits(bits: __m512i, to: &mut [u64; WIDTH]) -> () { _mm512_storeu_si512(to.as_mut_ptr().cast(), bits) }
        fn shift_left<const N: u32>(bits: __m512i) -> __m512i { _mm512_slli_epi64::<N>(bits) }
        fn shift_right<const N: u32>(bits: __m512i) -> __m512i { _mm512_srli_epi64::<N>(bits) }
        fn rotate_left<const N: u32>(bits: __m512i) -> __m512i {
            // The compiler makes one rotation of the two shifts.
            let (left, right) = (_mm512_set1_epi64(i64::from(N)), _mm512_set1_epi64(i64::from(64 - N)));
            _mm512_or_si512(_mm512_sllv_epi64(bits, left), _mm512_srlv_epi64(bits, right))
        }
        fn and(a: __m512i, b: __m512i) -> __m512i { _mm512_and_si512(a, b) }
        fn or(a: __m512i, b: __m512i) -> __m512i { _mm512_or_si512(a, b) }
        fn xor(a: __m512i, b: __m512i) -> __m512i { _mm512_xor_si512(a, b) }
        fn plus(a: __m512i, b: __m512i) -> __m512i { _mm512_add_epi64(a, b) }
        fn mantissa_and_exponent(words: __m512i) -> (Eights, Eights) {
            let value = _mm512_cvtepu64_pd(words);
            (Eights(_mm512_getmant_pd::<0, 0>(value)), Eights(_mm512_getexp_pd(value)))
        }
    }
}

impl Lanes for Eights {
    #[inline(always)]
    fn mul_add(self, b: Eights, c: Eights) -> Eights {
        // SAFETY: see above.
        Eights(unsafe { _mm512_fmadd_pd(self.0, b.0, c.0) })
    }
    #[inline(always)]
    fn neg_mul_add(self, b: Eights, c: Eights) -> Eights {
        // SAFETY: see above.
        Eights(unsafe { _mm512_fnmadd_pd(self.0, b.0, c.0) })
    }
    #[inline(always)]
    fn sqrt(self) -> Eights {
        // SAFETY: see above.
        Eights(unsafe { _mm512_sqrt_pd(self.0) })
    }
    #[inline(always)]
    fn abs(self) -> Eights {
        // SAFETY: see above.
        Eights(unsafe { _mm512_abs_pd(self.0) })
    }
    #[inline(always)]
    fn min(self, other: Eights) -> Eights {
        // SAFETY: see above.
        Eights(unsafe { _mm512_min_pd(self.0, other.0) })
    }
    #[inline(always)]
    fn max(self, other: Eights) -> Eights {
        // SAFETY: see above.
        Eights(unsafe { _mm512_max_pd(self.0, other.0) })
    }

    methods! {
        fn splat(x: f64) -> Eights { Eights(_mm512_set1_pd(x)) }
    }
}
