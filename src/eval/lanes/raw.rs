//! What kernels of this crate need of a vector besides arithmetic.

use super::{Eight, Lanes, WIDTH};

/// What a level has besides arithmetic. It has no name outside, nor have the types that implement it.
pub trait Raw: Copy {
    /// The same vector as whole numbers of 64 bits.
    type Bits: Copy;
    /// One truth value per lane.
    type Mask: Copy;
    /// Whether `mul_add` rounds once.
    const FUSED: bool;

    /// Runs a kernel at this level in a function of its own: a large one is then compiled once, not once for each use.
    fn apart<K: Kernel>(kernel: K) -> K::Output;

    fn load(from: &Eight) -> Self;
    fn store(self, to: &mut Eight);
    /// The larger of `self`, which is not negative, and `|other|`; `self` where `other` is NaN or else either of them.
    fn max_abs(self, other: Self) -> Self;
    /// `self · 2^k` for whole `k` in −1080…1030, rounded once, for `self` within a factor 2 of 1.
    fn scaled(self, k: Self) -> Self;
    fn less(self, other: Self) -> Self::Mask;
    fn less_or_equal(self, other: Self) -> Self::Mask;
    fn either(a: Self::Mask, b: Self::Mask) -> Self::Mask;
    fn any(mask: Self::Mask) -> bool;
    fn select(mask: Self::Mask, yes: Self, no: Self) -> Self;

    fn to_bits(self) -> Self::Bits;
    fn from_bits(bits: Self::Bits) -> Self;
    /// With the sign turned where the top bit of `bits` is set.
    fn flip(self, bits: Self::Bits) -> Self;
    fn bits(word: u64) -> Self::Bits;
    fn load_bits(from: &[u64; WIDTH]) -> Self::Bits;
    fn store_bits(bits: Self::Bits, to: &mut [u64; WIDTH]);
    fn shift_left<const N: u32>(bits: Self::Bits) -> Self::Bits;
    fn shift_right<const N: u32>(bits: Self::Bits) -> Self::Bits;
    fn rotate_left<const N: u32>(bits: Self::Bits) -> Self::Bits;
    fn and(a: Self::Bits, b: Self::Bits) -> Self::Bits;
    fn or(a: Self::Bits, b: Self::Bits) -> Self::Bits;
    fn xor(a: Self::Bits, b: Self::Bits) -> Self::Bits;
    fn xor3(a: Self::Bits, b: Self::Bits, c: Self::Bits) -> Self::Bits;
    fn plus(a: Self::Bits, b: Self::Bits) -> Self::Bits;
    /// Words, not zero, rounded to `m 2^e` with `m` in [1, 2): `(m, e)`.
    fn mantissa_and_exponent(words: Self::Bits) -> (Self, Self);
    /// The pairs of the table that the four binary digits above the lowest `SHIFT` of each word number.
    fn pairs_at<const SHIFT: u32>(words: Self::Bits, table: &PairTable) -> (Self, Self);
}

/// Sixteen pairs, also as two lists: levels look them up in different ways.
#[repr(align(64))]
pub struct PairTable {
    pub(super) first: [f64; 16],
    pub(super) second: [f64; 16],
    pub(super) pairs: [[f64; 2]; 16],
}

impl PairTable {
    pub(crate) const fn new(first: [f64; 16], second: [f64; 16]) -> PairTable {
        let mut pairs = [[0.0; 2]; 16];
        let mut k = 0;
        while k < 16 {
            pairs[k] = [first[k], second[k]];
            k += 1;
        }
        PairTable { first, second, pairs }
    }
}

/// Something that can be done at any level of instructions.
pub trait Kernel {
    /// What comes out.
    type Output;
    /// Must be `#[inline(always)]`, as must everything generic that it calls.
    fn run<L: Lanes>(self) -> Self::Output;
}
