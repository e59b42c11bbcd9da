//! What is its value, slope and enclosure, over a block of points? Formulas compiled to straight-line tapes.

use crate::expr::Expr;
use crate::num::interval::Interval;
use thiserror::Error;

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
        Simd::Portable
    }
    /// Whether this machine has it.
    pub fn is_available(self) -> bool {
        self == Simd::Portable
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

/// Why formulas could not be compiled.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum CompileError {
    /// A symbol is neither a variable nor bound to a number.
    #[error("`{0}` has no value")]
    Unbound(String),
    /// An uninterpreted function has no value.
    #[error("the function `{0}` has no value")]
    Uninterpreted(String),
}

/// One or several formulas as straight-line code with shared subexpressions.
#[derive(Clone, Debug)]
pub struct Tape {}

impl Tape {
    /// Compiles `outputs` as functions of `variables`; other symbols take their value from `constants`.
    pub fn compile(
        outputs: &[Expr],
        variables: &[&str],
        constants: &dyn Fn(&str) -> Option<f64>,
    ) -> Result<Tape, CompileError> {
        let _ = (outputs, variables, constants);
        todo!()
    }
    /// Number of instructions.
    pub fn len(&self) -> usize {
        todo!()
    }
    /// Whether it has no instruction.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// Number of outputs.
    pub fn outputs(&self) -> usize {
        todo!()
    }
    /// All outputs at one point.
    pub fn at(&self, inputs: &[f64]) -> Vec<f64> {
        let _ = inputs;
        todo!()
    }
    /// The first output as a function of the only variable.
    pub fn value(&self, x: f64) -> f64 {
        let _ = x;
        todo!()
    }
    /// All outputs at one point, into `outputs`; no allocation for tapes of ordinary length.
    pub fn at_into(&self, inputs: &[f64], outputs: &mut [f64]) {
        let _ = (inputs, outputs);
        todo!()
    }
    /// Value and derivative (with respect to input number `variable`) of every output.
    pub fn duals(&self, inputs: &[f64], variable: usize) -> Vec<(f64, f64)> {
        let _ = (inputs, variable);
        todo!()
    }
    /// Enclosures of every output over a box.
    pub fn intervals(&self, inputs: &[Interval]) -> Vec<Interval> {
        let _ = inputs;
        todo!()
    }
    /// Every output at every point of a block: `inputs[v][k]`, `outputs[o][k]`. `scratch` is lent and grows as needed.
    pub fn block(&self, simd: Simd, inputs: &[&[f64]], outputs: &mut [&mut [f64]], scratch: &mut Vec<f64>) {
        let _ = (simd, inputs, outputs, scratch);
        todo!()
    }
}
