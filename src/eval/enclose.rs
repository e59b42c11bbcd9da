//! Running a tape on intervals: enclosures of values and slopes.

use super::{Op, Tape};
use crate::expr::Function;
use crate::num::interval::Interval;

pub(super) fn image_of(function: Function, x: Interval) -> Interval {
    match function {
        Function::Exp => x.exp(),
        Function::Ln => x.ln(),
        Function::Sqrt => x.sqrt(),
        Function::Sin => x.sin(),
        Function::Cos => x.cos(),
        Function::Tan => x.tan(),
        Function::Sinh => x.sinh(),
        Function::Cosh => x.cosh(),
        Function::Tanh => x.tanh(),
        Function::Atan => x.atan(),
        Function::Abs => x.abs(),
    }
}

/// Enclosure of the derivative of `function` at `x`, where `y` encloses its value.
fn slope_of(function: Function, x: Interval, y: Interval) -> Interval {
    let one = Interval::point(1.0);
    match function {
        Function::Exp => y,
        Function::Ln => one / x,
        Function::Sqrt => Interval::point(0.5) / y,
        Function::Sin => x.cos(),
        Function::Cos => -x.sin(),
        Function::Tan => one + y.powi(2),
        Function::Sinh => x.cosh(),
        Function::Cosh => x.sinh(),
        Function::Tanh => one / x.cosh().powi(2),
        Function::Atan => one / (one + x.powi(2)),
        Function::Abs => {
            let lower = if x.lower > 0.0 { 1.0 } else { -1.0 };
            let upper = if x.upper < 0.0 { -1.0 } else { 1.0 };
            Interval { defined: x.defined, ..Interval::new(lower, upper) }
        }
    }
}

impl Tape {
    fn images(&self, inputs: &[Interval]) -> Vec<Interval> {
        let mut r: Vec<Interval> = Vec::with_capacity(self.code.len());
        for op in &self.code {
            let value = match *op {
                Op::Constant(_, enclosure) => enclosure,
                Op::Input(number) => inputs[number],
                Op::Add(a, b) => r[a] + r[b],
                Op::Subtract(a, b) => r[a] - r[b],
                Op::Multiply(a, b) if a == b => r[a].powi(2),
                Op::Multiply(a, b) => r[a] * r[b],
                Op::Divide(a, b) => r[a] / r[b],
                Op::Negate(a) => -r[a],
                Op::Whole(a, n) => r[a].powi(n),
                Op::Power(a, b) => r[a].powf(r[b]),
                Op::Call(function, a) => image_of(function, r[a]),
            };
            r.push(value);
        }
        r
    }

    /// Enclosures of every output over a box: of the exact values of the formulas, decimals and π included.
    pub fn intervals(&self, inputs: &[Interval]) -> Vec<Interval> {
        let r = self.images(inputs);
        self.results.iter().map(|place| r[*place]).collect()
    }

    /// Enclosures of value and derivative (with respect to input number `variable`) of every output over a box.
    ///
    /// The second is `defined` where the output is certainly differentiable, except that over a zero of `abs` its slope
    /// is `[-1, 1]`: difference quotients of the output lie in it all the same.
    pub fn dual_intervals(&self, inputs: &[Interval], variable: usize) -> Vec<(Interval, Interval)> {
        let zero = Interval::point(0.0);
        let values = self.images(inputs);
        let mut slopes: Vec<Interval> = Vec::with_capacity(self.code.len());
        for (number, op) in self.code.iter().enumerate() {
            let v = |i: usize| values[i];
            let d = |i: usize| slopes[i];
            let slope = match *op {
                Op::Constant(..) => zero,
                Op::Input(input) => Interval::point(f64::from(u8::from(input == variable))),
                Op::Add(a, b) => d(a) + d(b),
                Op::Subtract(a, b) => d(a) - d(b),
                Op::Multiply(a, b) if a == b => Interval::point(2.0) * v(a) * d(a),
                Op::Multiply(a, b) => d(a) * v(b) + v(a) * d(b),
                Op::Divide(a, b) => (d(a) - v(number) * d(b)) / v(b),
                Op::Negate(a) => -d(a),
                Op::Whole(_, 0) => zero,
                Op::Whole(a, n) => Interval::point(f64::from(n)) * v(a).powi(n - 1) * d(a),
                // A constant exponent needs no logarithm, a constant base no power.
                Op::Power(a, b) => {
                    let base = |()| v(b) * v(a).powf(v(b) - Interval::point(1.0)) * d(a);
                    let exponent = |()| v(number) * v(a).ln() * d(b);
                    match (d(a) == zero, d(b) == zero) {
                        (true, true) => zero,
                        (false, true) => base(()),
                        (true, false) => exponent(()),
                        (false, false) => base(()) + exponent(()),
                    }
                }
                Op::Call(_, a) if d(a) == zero => zero,
                Op::Call(function, a) => slope_of(function, v(a), v(number)) * d(a),
            };
            // Where there is no value there is no slope.
            slopes.push(Interval { defined: slope.defined && values[number].defined, ..slope });
        }
        self.results.iter().map(|place| (values[*place], slopes[*place])).collect()
    }
}
