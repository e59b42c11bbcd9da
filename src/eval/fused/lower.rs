//! From a tape to a program.

use super::{Action, Fused, Output, Place, Step, Value};
use crate::eval::{Op, Tape};
use crate::expr::Function;
use std::collections::HashMap;

/// `p v + q`, or the number `q` alone.
#[derive(Clone, Copy)]
struct Form {
    of: Option<Value>,
    p: f64,
    q: f64,
}

impl Form {
    fn number(q: f64) -> Form {
        Form { of: None, p: 0.0, q }
    }
    fn value(of: Value) -> Form {
        Form { of: Some(of), p: 1.0, q: 0.0 }
    }
    /// The same with other coefficients, unless they leave the range in which products of numbers are precise.
    fn with(self, p: f64, q: f64) -> Option<Form> {
        let sound = match self.of {
            Some(_) => p.is_normal() && (q == 0.0 || q.is_normal()),
            None => true,
        };
        sound.then_some(Form { of: self.of, p, q })
    }
}

#[derive(Default)]
struct Lowering {
    steps: Vec<Step>,
    known: HashMap<(u8, [usize; 3], [u64; 2]), Value>,
}

pub(super) fn lower(tape: &Tape) -> Fused {
    let mut lowering = Lowering::default();
    let mut forms: Vec<Form> = Vec::with_capacity(tape.code.len());
    for op in &tape.code {
        let form = lowering.form(*op, &forms);
        forms.push(form);
    }
    // Outputs stay forms: whoever reads them applies `p v + q`, often together with factors of their own.
    let results: Vec<Form> = tape.results.iter().map(|r| forms[*r]).collect();
    let mut steps = lowering.steps;
    contract(&mut steps, &results);
    place(&steps, &results)
}

impl Lowering {
    fn push(&mut self, step: Step) -> Value {
        let (kind, numbers) = match step {
            Step::Input(k) => (0, [k as u64, 0]),
            Step::Number(x) => (1, [x.to_bits(), 0]),
            Step::Affine(_, p, q) => (2, [p.to_bits(), q.to_bits()]),
            Step::Add(..) => (3, [0; 2]),
            Step::Subtract(..) => (4, [0; 2]),
            Step::Multiply(..) => (5, [0; 2]),
            Step::Divide(..) => (6, [0; 2]),
            Step::MultiplyAdd(..) => (7, [0; 2]),
            Step::NegateMultiplyAdd(..) => (8, [0; 2]),
            Step::Weighted(_, p, _) => (9, [p.to_bits(), 0]),
            Step::Over(p, _) => (10, [p.to_bits(), 0]),
            Step::Whole(_, n) => (11, [n.unsigned_abs().into(), u64::from(n < 0)]),
            Step::Power(..) => (12, [0; 2]),
            Step::Call(function, _) => (13, [function as u64, 0]),
        };
        let mut operands = [usize::MAX; 3];
        operands.iter_mut().zip(step.operands()).for_each(|(o, a)| *o = a);
        if let Step::Add(a, b) | Step::Multiply(a, b) = step {
            operands = [a.min(b), a.max(b), usize::MAX];
        }
        *self.known.entry((kind, operands, numbers)).or_insert_with(|| {
            self.steps.push(step);
            self.steps.len() - 1
        })
    }

    fn made(&mut self, step: Step) -> Form {
        Form::value(self.push(step))
    }

    /// The form as a value of its own.
    fn value(&mut self, form: Form) -> Value {
        match form.of {
            None => self.push(Step::Number(form.q)),
            Some(v) if form.p == 1.0 && form.q == 0.0 => v,
            Some(v) => self.push(Step::Affine(v, form.p, form.q)),
        }
    }

    fn form(&mut self, op: Op, forms: &[Form]) -> Form {
        match op {
            Op::Constant(value, _) => Form::number(value),
            Op::Input(k) => self.made(Step::Input(k)),
            Op::Add(a, b) => self.sum(forms[a], forms[b], 1.0),
            Op::Subtract(a, b) => self.sum(forms[a], forms[b], -1.0),
            Op::Negate(a) => Form { p: -forms[a].p, q: -forms[a].q, ..forms[a] },
            Op::Multiply(a, b) => self.product(forms[a], forms[b]),
            Op::Divide(a, b) => self.quotient(forms[a], forms[b]),
            Op::Whole(a, 1) => forms[a],
            Op::Whole(a, 2) => self.product(forms[a], forms[a]),
            Op::Whole(a, -1) => self.quotient(Form::number(1.0), forms[a]),
            Op::Whole(a, n) => {
                let a = self.value(forms[a]);
                self.made(Step::Whole(a, n))
            }
            Op::Power(a, b) => {
                let (a, b) = (self.value(forms[a]), self.value(forms[b]));
                self.made(Step::Power(a, b))
            }
            Op::Call(function @ (Function::Sin | Function::Cos), a) => {
                let a = self.value(forms[a]);
                // Both side by side; one that nobody uses is dropped.
                let (sine, cosine) = (self.push(Step::Call(Function::Sin, a)), self.push(Step::Call(Function::Cos, a)));
                Form::value(if function == Function::Sin { sine } else { cosine })
            }
            Op::Call(function, a) => {
                let a = self.value(forms[a]);
                self.made(Step::Call(function, a))
            }
        }
    }

    /// `a + sign b`
    fn sum(&mut self, a: Form, b: Form, sign: f64) -> Form {
        let b = Form { p: sign * b.p, q: sign * b.q, ..b };
        let q = a.q + b.q;
        let merged = match (a.of, b.of) {
            (None, _) => b.with(b.p, q),
            (_, None) => a.with(a.p, q),
            (Some(v), Some(w)) if v == w => a.with(a.p + b.p, q),
            (Some(v), Some(w)) if a.p == b.p => self.made(Step::Add(v, w)).with(a.p, q),
            (Some(v), Some(w)) if a.p == -b.p => self.made(Step::Subtract(v, w)).with(a.p, q),
            // One of the two keeps its factor if it has none.
            (Some(v), Some(w)) if a.p == 1.0 => self.made(Step::Weighted(w, b.p, v)).with(1.0, q),
            (Some(v), Some(w)) => {
                let ratio = a.p / b.p;
                if ratio.is_normal() { self.made(Step::Weighted(v, ratio, w)).with(b.p, q) } else { None }
            }
        };
        merged.unwrap_or_else(|| {
            let (a, b) = (self.value(a), self.value(b));
            self.made(Step::Add(a, b))
        })
    }

    fn product(&mut self, a: Form, b: Form) -> Form {
        let merged = match (a.of, b.of) {
            (None, _) => b.with(a.q * b.p, a.q * b.q),
            (_, None) => a.with(a.p * b.q, a.q * b.q),
            (Some(v), Some(w)) if a.q == 0.0 && b.q == 0.0 => self.made(Step::Multiply(v, w)).with(a.p * b.p, 0.0),
            (Some(v), Some(_)) if a.q == 0.0 => {
                let w = self.value(b);
                self.made(Step::Multiply(v, w)).with(a.p, 0.0)
            }
            (Some(_), Some(w)) if b.q == 0.0 => {
                let v = self.value(a);
                self.made(Step::Multiply(v, w)).with(b.p, 0.0)
            }
            _ => None,
        };
        merged.unwrap_or_else(|| {
            let (a, b) = (self.value(a), self.value(b));
            self.made(Step::Multiply(a, b))
        })
    }

    fn quotient(&mut self, a: Form, b: Form) -> Form {
        let merged = match (a.of, b.of) {
            (_, None) => a.with(a.p / b.q, a.q / b.q),
            (None, Some(w)) if b.q == 0.0 && (a.q / b.p).is_normal() => Some(self.made(Step::Over(a.q / b.p, w))),
            (None, Some(_)) => {
                let w = self.value(b);
                Some(self.made(Step::Over(a.q, w)))
            }
            (Some(v), Some(w)) if a.q == 0.0 && b.q == 0.0 => self.made(Step::Divide(v, w)).with(a.p / b.p, 0.0),
            (Some(v), Some(_)) if a.q == 0.0 => {
                let w = self.value(b);
                self.made(Step::Divide(v, w)).with(a.p, 0.0)
            }
            _ => None,
        };
        merged.unwrap_or_else(|| {
            let (a, b) = (self.value(a), self.value(b));
            self.made(Step::Divide(a, b))
        })
    }
}

/// How often every value is used, by steps that are used themselves and by results.
fn uses(steps: &[Step], results: &[Form]) -> Vec<usize> {
    let mut uses = vec![0; steps.len()];
    results.iter().filter_map(|r| r.of).for_each(|r| uses[r] += 1);
    for (number, step) in steps.iter().enumerate().rev() {
        if uses[number] > 0 {
            step.operands().for_each(|a| uses[a] += 1);
        }
    }
    uses
}

/// Products that are only added become part of the addition.
fn contract(steps: &mut [Step], results: &[Form]) {
    let uses = uses(steps, results);
    for number in 0..steps.len() {
        let product = |v: Value| match steps[v] {
            Step::Multiply(a, b) if uses[v] == 1 => Some((a, b)),
            _ => None,
        };
        steps[number] = match steps[number] {
            Step::Add(v, w) => match (product(v), product(w)) {
                (Some((a, b)), _) => Step::MultiplyAdd(a, b, w),
                (_, Some((a, b))) => Step::MultiplyAdd(a, b, v),
                _ => Step::Add(v, w),
            },
            Step::Subtract(v, w) => match product(w) {
                Some((a, b)) => Step::NegateMultiplyAdd(a, b, v),
                None => Step::Subtract(v, w),
            },
            step => step,
        };
    }
}

/// Gives every used value a register, which is taken back after its last use.
fn place(steps: &[Step], results: &[Form]) -> Fused {
    let uses = uses(steps, results);
    let mut last = vec![0; steps.len()];
    for (number, step) in steps.iter().enumerate().filter(|(number, _)| uses[*number] > 0) {
        step.operands().for_each(|a| last[a] = number);
    }
    results.iter().filter_map(|r| r.of).for_each(|r| last[r] = steps.len());
    let (mut free, mut registers) = (Vec::new(), 0);
    let mut places = vec![Place::Input(0); steps.len()];
    let mut actions = Vec::new();
    for (number, step) in steps.iter().enumerate().filter(|(number, _)| uses[*number] > 0) {
        if let Step::Input(k) = step {
            places[number] = Place::Input(*k);
            continue;
        }
        let mut operands = [Place::Input(0); 3];
        operands.iter_mut().zip(step.operands()).for_each(|(o, a)| *o = places[a]);
        // The cosine of an argument stands behind its sine and is made with it.
        let before = number.checked_sub(1).filter(|before| uses[*before] > 0).map(|before| steps[before]);
        let with_sine = match (*step, before) {
            (Step::Call(Function::Cos, a), Some(Step::Call(Function::Sin, b))) => a == b,
            _ => false,
        };
        for a in step.operands().filter(|a| last[*a] == number) {
            if let Place::Register(done) = places[a]
                && !free.contains(&done)
            {
                free.push(done);
            }
        }
        let register = free.pop().unwrap_or_else(|| {
            registers += 1;
            registers - 1
        });
        places[number] = Place::Register(register);
        if with_sine && let Some(Action::One(_, argument, to)) = actions.pop() {
            actions.push(Action::SineCosine(argument[0], to, register));
        } else {
            actions.push(Action::One(*step, operands, register));
        }
    }
    let mut numbers = Vec::new();
    let outputs = results
        .iter()
        .map(|form| match form.of {
            Some(value) => Output::At(places[value], form.p, form.q),
            None => {
                numbers.push(form.q);
                Output::Number(numbers.len() - 1)
            }
        })
        .collect();
    Fused { actions, outputs, registers, numbers }
}
