//! Running a tape at one point: values and slopes.

use super::{Op, Tape, kernels};
use crate::expr::Function;
use crate::num::function as f;

/// Tapes up to this length are run without an allocation.
const SHORT: usize = 64;

#[inline]
pub(super) fn value_of(function: Function, x: f64) -> f64 {
    match function {
        Function::Exp => kernels::exp(x),
        Function::Ln => kernels::ln(x),
        Function::Sqrt => x.sqrt(),
        Function::Sin => kernels::sin(x),
        Function::Cos => kernels::cos(x),
        Function::Tan => f::tan(x),
        Function::Sinh => f::sinh(x),
        Function::Cosh => f::cosh(x),
        Function::Tanh => f::tanh(x),
        Function::Atan => f::atan(x),
        Function::Abs => x.abs(),
    }
}

/// `x^n` by repeated squaring.
pub(super) fn whole_power(x: f64, n: i32) -> f64 {
    let (mut power, mut square, mut left) = (1.0, x, n.unsigned_abs());
    while left > 0 {
        if left & 1 == 1 {
            power *= square;
        }
        square *= square;
        left >>= 1;
    }
    if n < 0 { 1.0 / power } else { power }
}

impl Tape {
    /// Runs it and hands over the value of every instruction.
    fn with_values<R>(&self, inputs: &[f64], then: impl FnOnce(&[f64]) -> R) -> R {
        let length = self.code.len();
        if length <= SHORT {
            let mut values = [0.0; SHORT];
            self.run(inputs, &mut values[..length]);
            then(&values[..length])
        } else {
            let mut values = vec![0.0; length];
            self.run(inputs, &mut values);
            then(&values)
        }
    }

    fn run(&self, inputs: &[f64], r: &mut [f64]) {
        for (number, op) in self.code.iter().enumerate() {
            r[number] = match *op {
                Op::Constant(value, _) => value,
                Op::Input(number) => inputs[number],
                Op::Add(a, b) => r[a] + r[b],
                Op::Subtract(a, b) => r[a] - r[b],
                Op::Multiply(a, b) => r[a] * r[b],
                Op::Divide(a, b) => r[a] / r[b],
                Op::Negate(a) => -r[a],
                Op::Whole(a, n) => whole_power(r[a], n),
                Op::Power(a, b) => f::powf(r[a], r[b]),
                Op::Call(function, a) => value_of(function, r[a]),
            };
        }
    }

    /// All outputs at one point; `inputs` in the order of the variables.
    pub fn at(&self, inputs: &[f64]) -> Vec<f64> {
        self.with_values(inputs, |values| self.results.iter().map(|place| values[*place]).collect())
    }

    /// The first output as a function of the only variable.
    pub fn value(&self, x: f64) -> f64 {
        self.with_values(&[x], |values| values[self.results[0]])
    }

    /// All outputs at one point, into `outputs`; tapes up to 64 instructions allocate nothing.
    pub fn at_into(&self, inputs: &[f64], outputs: &mut [f64]) {
        self.with_values(inputs, |values| {
            for (output, place) in outputs.iter_mut().zip(&self.results) {
                *output = values[*place];
            }
        })
    }

    /// Value and derivative (with respect to input number `variable`) of every output. At 0 the slope of `abs` is 0.
    pub fn duals(&self, inputs: &[f64], variable: usize) -> Vec<(f64, f64)> {
        self.with_values(inputs, |values| self.slopes(values, variable))
    }

    fn slopes(&self, values: &[f64], variable: usize) -> Vec<(f64, f64)> {
        let mut slopes: Vec<f64> = Vec::with_capacity(self.code.len());
        for (number, op) in self.code.iter().enumerate() {
            let v = |i: usize| values[i];
            let d = |i: usize| slopes[i];
            let slope = match *op {
                Op::Constant(..) => 0.0,
                Op::Input(input) => f64::from(u8::from(input == variable)),
                Op::Add(a, b) => d(a) + d(b),
                Op::Subtract(a, b) => d(a) - d(b),
                Op::Multiply(a, b) => d(a) * v(b) + v(a) * d(b),
                Op::Divide(a, b) => (d(a) - v(number) * d(b)) / v(b),
                Op::Negate(a) => -d(a),
                Op::Whole(_, 0) => 0.0,
                Op::Whole(a, n) => f64::from(n) * whole_power(v(a), n - 1) * d(a),
                Op::Power(a, b) => {
                    let base = if d(a) == 0.0 { 0.0 } else { v(b) * f::powf(v(a), v(b) - 1.0) * d(a) };
                    let exponent = if d(b) == 0.0 { 0.0 } else { v(number) * kernels::ln(v(a)) * d(b) };
                    base + exponent
                }
                Op::Call(function, a) => {
                    let (x, y) = (v(a), v(number));
                    let slope = match function {
                        Function::Exp => y,
                        Function::Ln => 1.0 / x,
                        Function::Sqrt => 0.5 / y,
                        Function::Sin => kernels::cos(x),
                        Function::Cos => -kernels::sin(x),
                        Function::Tan => 1.0 + y * y,
                        Function::Sinh => f::cosh(x),
                        Function::Cosh => f::sinh(x),
                        Function::Tanh => 1.0 - y * y,
                        Function::Atan => 1.0 / (1.0 + x * x),
                        Function::Abs if x == 0.0 => 0.0,
                        Function::Abs => x.signum(),
                    };
                    if d(a) == 0.0 { 0.0 } else { slope * d(a) }
                }
            };
            slopes.push(slope);
        }
        self.results.iter().map(|place| (values[*place], slopes[*place])).collect()
    }
}
