//! Formulas for stepping: few instructions over vectors that stay in the nearest cache.
//!
//! A [`Fused`] program is made of a [`Tape`]. What is linear in an earlier value is carried along as `p v + q` and costs
//! nothing until it is needed; products that are added become fused multiply-adds; sine and cosine of one argument are
//! one instruction. Values differ from those of [`Tape::at`] by rounding only, so they serve where both would do: along
//! paths of walkers. Bits depend on whether multiply-adds are fused, hence are equal at AVX2 and AVX-512.

mod lower;
mod run;
#[cfg(test)]
mod tests;

use super::Tape;
use super::lanes::Eight;
use crate::expr::Function;
use std::cell::Cell;

/// Number of an instruction whose value is meant.
type Value = usize;

/// One instruction over values of earlier ones.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Step {
    Input(usize),
    Number(f64),
    /// `p a + q`
    Affine(Value, f64, f64),
    Add(Value, Value),
    Subtract(Value, Value),
    Multiply(Value, Value),
    Divide(Value, Value),
    /// `a b + c`
    MultiplyAdd(Value, Value, Value),
    /// `c − a b`
    NegateMultiplyAdd(Value, Value, Value),
    /// `p a + b`
    Weighted(Value, f64, Value),
    /// `p / a`
    Over(f64, Value),
    Whole(Value, i32),
    Power(Value, Value),
    Call(Function, Value),
}

impl Step {
    fn operands(self) -> impl Iterator<Item = Value> {
        let list = match self {
            Step::Input(_) | Step::Number(_) => [None; 3],
            Step::Affine(a, ..) | Step::Over(_, a) | Step::Whole(a, _) | Step::Call(_, a) => [Some(a), None, None],
            Step::Add(a, b)
            | Step::Subtract(a, b)
            | Step::Multiply(a, b)
            | Step::Divide(a, b)
            | Step::Weighted(a, _, b)
            | Step::Power(a, b) => [Some(a), Some(b), None],
            Step::MultiplyAdd(a, b, c) | Step::NegateMultiplyAdd(a, b, c) => [Some(a), Some(b), Some(c)],
        };
        list.into_iter().flatten()
    }
}

/// Where a value lies while the program runs.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Place {
    Register(usize),
    Input(usize),
}

/// An instruction with the places of its operands.
#[derive(Clone, Copy, Debug)]
enum Action {
    /// To the first register, and for sine with cosine to the second.
    One(Step, [Place; 3], usize),
    SineCosine(Place, usize, usize),
}

/// Where an output is found.
#[derive(Clone, Copy, Debug)]
enum Output {
    /// `p v + q` of the value there.
    At(Place, f64, f64),
    /// In the list of numbers.
    Number(usize),
}

/// A program over vectors.
#[derive(Clone, Debug)]
pub(crate) struct Fused {
    actions: Vec<Action>,
    outputs: Vec<Output>,
    registers: usize,
    numbers: Vec<f64>,
}

/// An output over all vectors.
#[derive(Clone, Copy)]
pub(crate) struct Row<'a> {
    cells: &'a [Cell<Eight>],
    /// 0 for the same number everywhere.
    mask: usize,
    /// What is read is `p v + q`, where it is not the value itself.
    form: Option<(f64, f64)>,
}

impl Fused {
    /// The program of a tape.
    pub(crate) fn of(tape: &Tape) -> Fused {
        lower::lower(tape)
    }

    /// Number of instructions.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.actions.len()
    }

    /// Space that it needs over so many vectors.
    pub(crate) fn space(&self, vectors: usize) -> usize {
        self.registers * vectors + self.numbers.len()
    }

    /// An output after a run over the same inputs and space.
    #[inline(always)]
    pub(crate) fn row<'a>(&self, output: usize, inputs: &[&'a [Cell<Eight>]], space: &'a [Cell<Eight>]) -> Row<'a> {
        let vectors = inputs.first().map_or(0, |i| i.len());
        let row = |cells, p: f64, q: f64| {
            let plain = p == 1.0 && q == 0.0;
            Row { cells, mask: usize::MAX, form: (!plain).then_some((p, q)) }
        };
        match self.outputs[output] {
            Output::At(Place::Input(k), p, q) => row(inputs[k], p, q),
            Output::At(Place::Register(r), p, q) => row(&space[r * vectors..][..vectors], p, q),
            Output::Number(k) => Row { cells: &space[self.registers * vectors + k..][..1], mask: 0, form: None },
        }
    }
}
