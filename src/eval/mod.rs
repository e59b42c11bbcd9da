//! What is its value, slope and enclosure, over a block of points? Formulas compiled to straight-line tapes.

mod compile;
mod run;

pub use compile::CompileError;

use crate::expr::Function;
use crate::num::interval::Interval;

/// Instructions that the block evaluation may use. Results are the same bits at every level.
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
            Simd::Avx2 => std::arch::is_x86_feature_detected!("avx2"),
            #[cfg(target_arch = "x86_64")]
            Simd::Avx512 => {
                std::arch::is_x86_feature_detected!("avx512f")
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

/// One or several formulas as straight-line code with shared subexpressions.
///
/// Values follow `f64` arithmetic: where a formula is undefined they are NaN or infinite, which callers check.
#[derive(Clone, Debug)]
pub struct Tape {
    code: Vec<Op>,
    results: Vec<usize>,
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
