//! Eight lanes as eight numbers, for machines without the wider instructions.

use super::{Eight, Kernel, Lanes, PairTable, Raw, WIDTH, functions};
use std::array::from_fn;
use std::ops::{Add, Div, Mul, Neg, Sub};

#[derive(Clone, Copy)]
pub struct Eights(Eight);

type Words = [u64; WIDTH];

macro_rules! arithmetic {
    ($($operation:ident $method:ident $sign:tt;)*) => {$(
        impl $operation for Eights {
            type Output = Eights;
            #[inline(always)]
            fn $method(self, other: Eights) -> Eights {
                Eights(from_fn(|k| self.0[k] $sign other.0[k]))
            }
        }
    )*};
}

arithmetic! {
    Add add +;
    Sub sub -;
    Mul mul *;
    Div div /;
}

impl Neg for Eights {
    type Output = Eights;
    #[inline(always)]
    fn neg(self) -> Eights {
        Eights(self.0.map(|x| -x))
    }
}

impl Raw for Eights {
    type Bits = Words;
    type Mask = [bool; WIDTH];
    const FUSED: bool = false;

    #[inline(never)]
    fn apart<K: Kernel>(kernel: K) -> K::Output {
        kernel.run::<Eights>()
    }

    #[inline(always)]
    fn load(from: &Eight) -> Eights {
        Eights(*from)
    }
    #[inline(always)]
    fn store(self, to: &mut Eight) {
        *to = self.0;
    }
    #[inline(always)]
    fn max_abs(self, other: Eights) -> Eights {
        other.abs().max(self)
    }
    #[inline(always)]
    fn scaled(self, k: Eights) -> Eights {
        // In two factors: a subnormal result is rounded once, by the last product.
        let round = Eights::splat(functions::ROUND);
        let half = (k * Eights::splat(0.5) + round) - round;
        (self * functions::power_of_two(half)) * functions::power_of_two(k - half)
    }
    #[inline(always)]
    fn less(self, other: Eights) -> [bool; WIDTH] {
        from_fn(|k| self.0[k] < other.0[k])
    }
    #[inline(always)]
    fn less_or_equal(self, other: Eights) -> [bool; WIDTH] {
        from_fn(|k| self.0[k] <= other.0[k])
    }
    #[inline(always)]
    fn either(a: [bool; WIDTH], b: [bool; WIDTH]) -> [bool; WIDTH] {
        from_fn(|k| a[k] | b[k])
    }
    #[inline(always)]
    fn any(mask: [bool; WIDTH]) -> bool {
        mask.iter().fold(false, |any, m| any | m)
    }
    #[inline(always)]
    fn select(mask: [bool; WIDTH], yes: Eights, no: Eights) -> Eights {
        Eights(from_fn(|k| if mask[k] { yes.0[k] } else { no.0[k] }))
    }
    #[inline(always)]
    fn to_bits(self) -> Words {
        self.0.map(f64::to_bits)
    }
    #[inline(always)]
    fn from_bits(bits: Words) -> Eights {
        Eights(bits.map(f64::from_bits))
    }
    #[inline(always)]
    fn flip(self, bits: Words) -> Eights {
        Eights(from_fn(|k| f64::from_bits(self.0[k].to_bits() ^ (bits[k] & (1 << 63)))))
    }
    #[inline(always)]
    fn bits(word: u64) -> Words {
        [word; WIDTH]
    }
    #[inline(always)]
    fn load_bits(from: &Words) -> Words {
        *from
    }
    #[inline(always)]
    fn store_bits(bits: Words, to: &mut Words) {
        *to = bits;
    }
    #[inline(always)]
    fn shift_left<const N: u32>(bits: Words) -> Words {
        bits.map(|b| b << N)
    }
    #[inline(always)]
    fn shift_right<const N: u32>(bits: Words) -> Words {
        bits.map(|b| b >> N)
    }
    #[inline(always)]
    fn rotate_left<const N: u32>(bits: Words) -> Words {
        bits.map(|b| b.rotate_left(N))
    }
    #[inline(always)]
    fn and(a: Words, b: Words) -> Words {
        from_fn(|k| a[k] & b[k])
    }
    #[inline(always)]
    fn or(a: Words, b: Words) -> Words {
        from_fn(|k| a[k] | b[k])
    }
    #[inline(always)]
    fn xor(a: Words, b: Words) -> Words {
        from_fn(|k| a[k] ^ b[k])
    }
    #[inline(always)]
    fn plus(a: Words, b: Words) -> Words {
        from_fn(|k| a[k].wrapping_add(b[k]))
    }
    #[inline(always)]
    fn mantissa_and_exponent(words: Words) -> (Eights, Eights) {
        let bits = words.map(|w| (w as f64).to_bits());
        let one = 1.0f64.to_bits();
        let mantissa = bits.map(|b| f64::from_bits((b & (u64::MAX >> 12)) | one));
        (Eights(mantissa), Eights(bits.map(|b| (b >> 52) as f64 - 1023.0)))
    }
    #[inline(always)]
    fn xor3(a: Words, b: Words, c: Words) -> Words {
        Self::xor(Self::xor(a, b), c)
    }
    #[inline(always)]
    fn pairs_at<const SHIFT: u32>(words: Words, table: &PairTable) -> (Eights, Eights) {
        let place = words.map(|w| (w >> SHIFT) as usize & 15);
        (Eights(place.map(|p| table.pairs[p][0])), Eights(place.map(|p| table.pairs[p][1])))
    }
}

impl Lanes for Eights {
    #[inline(always)]
    fn splat(x: f64) -> Eights {
        Eights([x; WIDTH])
    }
    #[inline(always)]
    fn mul_add(self, b: Eights, c: Eights) -> Eights {
        Eights(from_fn(|k| self.0[k] * b.0[k] + c.0[k]))
    }
    #[inline(always)]
    fn neg_mul_add(self, b: Eights, c: Eights) -> Eights {
        Eights(from_fn(|k| c.0[k] - self.0[k] * b.0[k]))
    }
    #[inline(always)]
    fn sqrt(self) -> Eights {
        Eights(self.0.map(f64::sqrt))
    }
    #[inline(always)]
    fn abs(self) -> Eights {
        Eights(self.0.map(f64::abs))
    }
    #[inline(always)]
    fn min(self, other: Eights) -> Eights {
        Eights(from_fn(|k| if self.0[k] < other.0[k] { self.0[k] } else { other.0[k] }))
    }
    #[inline(always)]
    fn max(self, other: Eights) -> Eights {
        Eights(from_fn(|k| if self.0[k] > other.0[k] { self.0[k] } else { other.0[k] }))
    }
}
