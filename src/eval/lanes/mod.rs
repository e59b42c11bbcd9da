//! Eight numbers at once: one vector type per level of instructions, and code that is generic over them.
//!
//! A kernel is written once over [`Lanes`], compiled for every level and picked at run time. AVX2 works on pairs of
//! registers, so that eight lanes are eight lanes everywhere: with the same operations, fused alike, AVX2 and AVX-512 give the same bits. The portable level does not fuse and differs from them by rounding.

/// Methods of one level whose body is one `unsafe` expression; its file says why it is sound.
#[cfg(target_arch = "x86_64")]
macro_rules! methods {
    ($(fn $name:ident $(<const $n:ident: u32>)? ($($argument:ident: $type:ty),*) -> $out:ty $body:block)*) => {$(
        #[inline(always)]
        fn $name $(<const $n: u32>)? ($($argument: $type),*) -> $out {
            // SAFETY: as the file says above.
            unsafe { $body }
        }
    )*};
}

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod functions;
mod portable;
mod raw;
#[cfg(test)]
mod tests;

pub(crate) use functions::{LARGE, sin_cos_of_small};
pub(crate) use raw::{Kernel, PairTable, Raw};

use super::Simd;
use std::ops::{Add, Div, Mul, Neg, Sub};

/// Numbers of one vector.
pub const WIDTH: usize = 8;

/// One vector in memory.
pub(crate) type Eight = [f64; WIDTH];

/// A vector of eight `f64`, with arithmetic and elementary functions lane by lane.
///
/// Code that is generic over it runs at every level of instructions; each of its functions must be `#[inline(always)]`,
/// or it is compiled without them. The functions are accurate to about 1e-15: `exp`, `ln`, `sin` to four units in the last
/// place (`sin` next to multiples of π to 1e-27); `cos` to 5e-16 absolutely. At NaN, infinities and zeros they give what `libm` gives.
/// The trait cannot be implemented outside this crate.
pub trait Lanes:
    Raw + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self> + Neg<Output = Self>
{
    /// The same number in every lane.
    fn splat(x: f64) -> Self;
    /// `self · b + c`, rounded once at levels that have the instruction, twice at the portable one.
    fn mul_add(self, b: Self, c: Self) -> Self;
    /// `c − self · b`, rounded like [`Lanes::mul_add`].
    fn neg_mul_add(self, b: Self, c: Self) -> Self;
    /// Square root.
    fn sqrt(self) -> Self;
    /// Absolute value.
    fn abs(self) -> Self;
    /// The lesser; `other` where either is NaN.
    fn min(self, other: Self) -> Self;
    /// The greater; `other` where either is NaN.
    fn max(self, other: Self) -> Self;

    /// Exponential.
    #[inline(always)]
    fn exp(self) -> Self {
        functions::exp(self)
    }
    /// Natural logarithm.
    #[inline(always)]
    fn ln(self) -> Self {
        functions::ln(self)
    }
    /// Sine.
    #[inline(always)]
    fn sin(self) -> Self {
        functions::sin_cos(self).0
    }
    /// Cosine.
    #[inline(always)]
    fn cos(self) -> Self {
        functions::sin_cos(self).1
    }
    /// Sine and cosine of the same argument, hardly dearer than one of them.
    #[inline(always)]
    fn sin_cos(self) -> (Self, Self) {
        functions::sin_cos(self)
    }
    /// Another function, lane by lane on single numbers.
    #[inline(always)]
    fn each(self, of: impl Fn(f64) -> f64) -> Self {
        let mut numbers = [0.0; WIDTH];
        self.store(&mut numbers);
        numbers.iter_mut().for_each(|x| *x = of(*x));
        Self::load(&numbers)
    }
}

/// Runs a kernel at a level; one that this machine lacks is replaced by the portable one.
pub(crate) fn on_lanes<K: Kernel>(simd: Simd, kernel: K) -> K::Output {
    match simd {
        // SAFETY: the machine has the instructions, as was just asked.
        #[cfg(target_arch = "x86_64")]
        Simd::Avx512 if simd.is_available() => unsafe { with_avx512(kernel) },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Simd::Avx2 if simd.is_available() => unsafe { with_avx2(kernel) },
        _ => kernel.run::<portable::Eights>(),
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512dq,avx512vl,fma")]
fn with_avx512<K: Kernel>(kernel: K) -> K::Output {
    kernel.run::<avx512::Eights>()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn with_avx2<K: Kernel>(kernel: K) -> K::Output {
    kernel.run::<avx2::Eights>()
}
