//! What is its value, slope and enclosure, over a block of points? Formulas compiled to straight-line tapes.

mod block;
mod compile;
mod enclose;
pub(crate) mod fused;
mod kernels;
pub mod lanes;
mod point;
mod program;
#[cfg(test)]
mod tests;

pub use compile::CompileError;

use crate::expr::Function;
use crate::num::interval::Interval;
use program::Program;

/// Instructions that may be used. A [`Tape`] gives the same bits at every level. Steps of walkers give the same at AVX2 and
/// AVX-512; the portable level has no fused multiply-add and differs from them by rounding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Simd {
    /// What every machine of the target has.
    Portable,
    /// 256-bit vectors.
    Avx2,
    /// 512-bit vectors.
    Avx512,
}

impl Simd {
    /// The best level of this machine.
    pub fn detect() -> Simd {
        [Simd::Avx512, Simd::Avx2].into_iter().find(|level| level.is_available()).unwrap_or(Simd::Portable)
    }

    /// Whether this machine has it.
    pub fn is_available(self) -> bool {
        match self {
            Simd::Portable => true,
            #[cfg(target_arch = "x86_64")]
            Simd::Avx2 => std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma"),
            #[cfg(target_arch = "x86_64")]
            Simd::Avx512 => {
                std::arch::is_x86_feature_detected!("avx512f")
                    && std::arch::is_x86_feature_detected!("fma")
                    && std::arch::is_x86_feature_detected!("avx512dq")
                    && std::arch::is_x86_feature_detected!("avx512vl")
            }
            #[cfg(not(target_arch = "x86_64"))]
            _ => false,
        }
    }

    /// `portable`, `avx2` or `avx512`.
    pub fn name(self) -> &'static str {
        match self {
            Simd::Portable => "portable",
            Simd::Avx2 => "avx2",
            Simd::Avx512 => "avx512",
        }
    }
}

/// One instruction; operands are the numbers of earlier instructions.
#[derive(Clone, Copy, Debug)]
enum Op {
    /// A constant and its enclosure (a decimal need not be an `f64`).
    Constant(f64, Interval),
    Input(usize),
    Add(usize, usize),
    Subtract(usize, usize),
    Multiply(usize, usize),
    Divide(usize, usize),
    Negate(usize),
    /// A whole power, by repeated multiplication.
    Whole(usize, i32),
    Power(usize, usize),
    Call(Function, usize),
}

impl Op {
    /// The instructions whose results it uses.
    fn operands(self) -> impl Iterator<Item = usize> {
        let (a, b) = match self {
            Op::Constant(..) | Op::Input(_) => (None, None),
            Op::Add(a, b) | Op::Subtract(a, b) | Op::Multiply(a, b) | Op::Divide(a, b) | Op::Power(a, b) => {
                (Some(a), Some(b))
            }
            Op::Negate(a) | Op::Whole(a, _) | Op::Call(_, a) => (Some(a), None),
        };
        a.into_iter().chain(b)
    }

    /// The same with other operands.
    fn with_operands(self, moved: impl Fn(usize) -> usize) -> Op {
        match self {
            Op::Constant(..) | Op::Input(_) => self,
            Op::Add(a, b) => Op::Add(moved(a), moved(b)),
            Op::Subtract(a, b) => Op::Subtract(moved(a), moved(b)),
            Op::Multiply(a, b) => Op::Multiply(moved(a), moved(b)),
            Op::Divide(a, b) => Op::Divide(moved(a), moved(b)),
            Op::Power(a, b) => Op::Power(moved(a), moved(b)),
            Op::Negate(a) => Op::Negate(moved(a)),
            Op::Whole(a, n) => Op::Whole(moved(a), n),
            Op::Call(function, a) => Op::Call(function, moved(a)),
        }
    }
}

/// One or several formulas as straight-line code with shared subexpressions.
///
/// Values follow `f64` arithmetic: where a formula is undefined they are NaN or infinite, which callers check. Whole
/// powers up to 64 are products; `exp`, `ln`, `sin`, `cos` are within two units in the last place of `libm`'s, other
/// functions are `libm`'s. Values have the same bits from every method, at every [`Simd`] level and on every machine
/// (the sign and payload of a NaN excepted).
///
/// Methods panic where `inputs` is shorter than the list of variables.
#[derive(Clone, Debug)]
pub struct Tape {
    code: Vec<Op>,
    results: Vec<usize>,
    program: Program,
}

impl Tape {
    /// Number of instructions.
    pub fn len(&self) -> usize {
        self.code.len()
    }

    /// Whether it has no instruction.
    pub fn is_empty(&self) -> bool {
        self.code.is_empty()
    }

    /// Number of outputs.
    pub fn outputs(&self) -> usize {
        self.results.len()
    }
}
