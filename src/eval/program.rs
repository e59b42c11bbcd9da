//! A tape as instructions on few registers, for blocks of points.

use super::Op;
use crate::expr::Function;
use std::collections::HashMap;

/// Where a value is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Operand {
    Register(usize),
    Input(usize),
    Number(f64),
}

/// What is done with the operands.
#[derive(Clone, Copy, Debug)]
pub(super) enum Action {
    Add(Operand, Operand),
    Subtract(Operand, Operand),
    Multiply(Operand, Operand),
    Divide(Operand, Operand),
    Power(Operand, Operand),
    Negate(Operand),
    Whole(Operand, i32),
    Call(Function, Operand),
}

/// Instructions in order, each with the register that it writes; that is never one that it reads.
#[derive(Clone, Debug)]
pub(super) struct Program {
    pub(super) steps: Vec<(usize, Action)>,
    pub(super) results: Vec<Operand>,
    pub(super) registers: usize,
}

impl Program {
    /// Gives every instruction a register and takes it back after the last use.
    pub(super) fn of(code: &[Op], results: &[usize]) -> Program {
        let mut last_use: HashMap<usize, usize> = HashMap::new();
        for (number, op) in code.iter().enumerate() {
            op.operands().for_each(|a| {
                last_use.insert(a, number);
            });
        }
        results.iter().for_each(|r| {
            last_use.insert(*r, code.len());
        });
        let (mut free, mut registers) = (Vec::new(), 0);
        let mut places: Vec<Operand> = Vec::with_capacity(code.len());
        let mut steps = Vec::new();
        for (number, op) in code.iter().enumerate() {
            let p = |i: usize| places[i];
            let action = match *op {
                Op::Constant(value, _) => {
                    places.push(Operand::Number(value));
                    continue;
                }
                Op::Input(input) => {
                    places.push(Operand::Input(input));
                    continue;
                }
                Op::Add(a, b) => Action::Add(p(a), p(b)),
                Op::Subtract(a, b) => Action::Subtract(p(a), p(b)),
                Op::Multiply(a, b) => Action::Multiply(p(a), p(b)),
                Op::Divide(a, b) => Action::Divide(p(a), p(b)),
                Op::Power(a, b) => Action::Power(p(a), p(b)),
                Op::Negate(a) => Action::Negate(p(a)),
                Op::Whole(a, n) => Action::Whole(p(a), n),
                Op::Call(function, a) => Action::Call(function, p(a)),
            };
            let register = free.pop().unwrap_or_else(|| {
                registers += 1;
                registers - 1
            });
            for a in op.operands().filter(|a| last_use.get(a) == Some(&number)) {
                if let Operand::Register(done) = places[a]
                    && !free.contains(&done)
                {
                    free.push(done);
                }
            }
            places.push(Operand::Register(register));
            steps.push((register, action));
        }
        Program { steps, results: results.iter().map(|r| places[*r]).collect(), registers }
    }
}
