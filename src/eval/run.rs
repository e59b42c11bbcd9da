//! Running a tape: on numbers, blocks of numbers, dual numbers and intervals.

use super::{Op, Simd, Tape};
use crate::expr::Function;
use crate::num::function as f;
use crate::num::interval::Interval;

/// Points of one chunk of a block: the registers of a tape stay in the nearest cache.
const CHUNK: usize = 256;

pub(super) fn value_of(function: Function, x: f64) -> f64 {
    match function {
        Function::Exp => f::exp(x),
        Function::Ln => f::ln(x),
        Function::Sqrt => x.sqrt(),
        Function::Sin => f::sin(x),
        Function::Cos => f::cos(x),
        Function::Tan => f::tan(x),
        Function::Sinh => f::sinh(x),
        Function::Cosh => f::cosh(x),
        Function::Tanh => f::tanh(x),
        Function::Atan => f::atan(x),
        Function::Abs => x.abs(),
    }
}

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
    fn registers(&self, inputs: &[f64]) -> Vec<f64> {
        let mut r: Vec<f64> = Vec::with_capacity(self.code.len());
        for op in &self.code {
            let value = match *op {
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
            r.push(value);
        }
        r
    }

    /// All outputs at one point; `inputs` in the order of the variables.
    pub fn at(&self, inputs: &[f64]) -> Vec<f64> {
        let r = self.registers(inputs);
        self.results.iter().map(|place| r[*place]).collect()
    }

    /// The first output as a function of the only variable.
    pub fn value(&self, x: f64) -> f64 {
        self.registers(&[x])[self.results[0]]
    }

    /// All outputs at one point, into `outputs`.
    pub fn at_into(&self, inputs: &[f64], outputs: &mut [f64]) {
        let r = self.registers(inputs);
        for (output, place) in outputs.iter_mut().zip(&self.results) {
            *output = r[*place];
        }
    }

    /// Value and derivative (with respect to input number `variable`) of every output. At 0 the slope of `abs` is 0.
    pub fn duals(&self, inputs: &[f64], variable: usize) -> Vec<(f64, f64)> {
        let values = self.registers(inputs);
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
                    let exponent = if d(b) == 0.0 { 0.0 } else { v(number) * f::ln(v(a)) * d(b) };
                    base + exponent
                }
                Op::Call(function, a) => {
                    let (x, y) = (v(a), v(number));
                    let slope = match function {
                        Function::Exp => y,
                        Function::Ln => 1.0 / x,
                        Function::Sqrt => 0.5 / y,
                        Function::Sin => f::cos(x),
                        Function::Cos => -f::sin(x),
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

    /// Enclosures of every output over a box.
    pub fn intervals(&self, inputs: &[Interval]) -> Vec<Interval> {
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
        self.results.iter().map(|place| r[*place]).collect()
    }

    /// Every output at every point of a block: `inputs[v][k]`, `outputs[o][k]`; the same bits as [`Tape::at`].
    /// `scratch` is lent and grows as needed.
    pub fn block(&self, simd: Simd, inputs: &[&[f64]], outputs: &mut [&mut [f64]], scratch: &mut Vec<f64>) {
        // One kernel serves all levels so far.
        let _ = simd;
        let points = outputs.first().map_or(0, |o| o.len());
        scratch.resize(self.code.len() * CHUNK, 0.0);
        let mut start = 0;
        while start < points {
            let n = CHUNK.min(points - start);
            for (number, op) in self.code.iter().enumerate() {
                let (before, rest) = scratch.split_at_mut(number * CHUNK);
                let out = &mut rest[..n];
                let r = |i: usize| &before[i * CHUNK..i * CHUNK + n];
                let binary = |out: &mut [f64], a: usize, b: usize, with: fn(f64, f64) -> f64| {
                    for ((o, x), y) in out.iter_mut().zip(r(a)).zip(r(b)) {
                        *o = with(*x, *y);
                    }
                };
                match *op {
                    Op::Constant(value, _) => out.fill(value),
                    Op::Input(input) => out.copy_from_slice(&inputs[input][start..start + n]),
                    Op::Add(a, b) => binary(out, a, b, |x, y| x + y),
                    Op::Subtract(a, b) => binary(out, a, b, |x, y| x - y),
                    Op::Multiply(a, b) => binary(out, a, b, |x, y| x * y),
                    Op::Divide(a, b) => binary(out, a, b, |x, y| x / y),
                    Op::Power(a, b) => binary(out, a, b, f::powf),
                    Op::Negate(a) => out.iter_mut().zip(r(a)).for_each(|(o, x)| *o = -x),
                    Op::Whole(a, n) => out.iter_mut().zip(r(a)).for_each(|(o, x)| *o = whole_power(*x, n)),
                    Op::Call(function, a) => {
                        out.iter_mut().zip(r(a)).for_each(|(o, x)| *o = value_of(function, *x));
                    }
                }
            }
            for (output, place) in outputs.iter_mut().zip(&self.results) {
                output[start..start + n].copy_from_slice(&scratch[place * CHUNK..place * CHUNK + n]);
            }
            start += n;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::{Names, parse};

    const FORMULAS: [&str; 9] = [
        "x^2/2 - 3*x + 1/3",
        "20*(1 + sin(x)/2)",
        "exp(-x^2)*cos(3*x) + ln(1 + x^2)",
        "1/(1 + x^4)^1.5",
        "tanh(x)*atan(x)/cosh(x) + sinh(x/3)",
        "abs(x - 0.1) + sqrt(2 + sin(x))",
        "(2 + cos(x))^sin(x)",
        "diff(exp(sin(x))*x^3, x, 2)",
        "tan(x/4)^-2 + pi",
    ];

    fn compile(text: &str) -> Tape {
        let formula = parse(text, &Names::of(["x"])).expect(text);
        Tape::compile(&[formula], &["x"], &|_| None).expect(text)
    }

    #[test]
    fn blocks_give_the_bits_of_single_points() {
        let xs: Vec<f64> = (0..1000).map(|k| -3.0 + 0.006_1 * f64::from(k)).collect();
        for text in FORMULAS {
            let tape = compile(text);
            let (mut out, mut scratch) = (vec![0.0; xs.len()], Vec::new());
            tape.block(Simd::detect(), &[&xs], &mut [&mut out], &mut scratch);
            for (x, y) in xs.iter().zip(&out) {
                assert_eq!(y.to_bits(), tape.value(*x).to_bits(), "{text} at {x}");
            }
        }
    }

    #[test]
    fn slopes_agree_with_symbolic_derivatives_and_differences() {
        for text in FORMULAS {
            let tape = compile(text);
            let formula = parse(text, &Names::of(["x"])).expect(text);
            let slope = Tape::compile(&[formula.derivative("x")], &["x"], &|_| None).expect(text);
            for k in 0..40 {
                let x = -2.9 + 0.147 * f64::from(k);
                let (dual, symbolic) = (tape.duals(&[x], 0)[0].1, slope.value(x));
                assert!((dual - symbolic).abs() < 1e-10 * (1.0 + dual.abs()), "{text} at {x}: {dual} {symbolic}");
                let h = 1e-5;
                let difference = (tape.value(x + h) - tape.value(x - h)) / (2.0 * h);
                assert!((dual - difference).abs() < 1e-3 * (1.0 + dual.abs()), "{text} at {x}: {dual} {difference}");
            }
        }
    }

    #[test]
    fn enclosures_contain_the_values() {
        for text in FORMULAS {
            let tape = compile(text);
            for k in 0..40 {
                let (a, w) = (-2.9 + 0.147 * f64::from(k), 0.02);
                let enclosure = tape.intervals(&[Interval::new(a, a + w)])[0];
                for j in 0..=10 {
                    let value = tape.value(a + w * f64::from(j) / 10.0);
                    assert!(enclosure.contains(value), "{text} on [{a}, +{w}]: {value} outside {enclosure:?}");
                }
            }
        }
    }

    #[test]
    fn a_decimal_is_enclosed_although_it_is_no_float() {
        let enclosure = compile("0*x + 0.1").intervals(&[Interval::point(0.0)])[0];
        assert!(enclosure.lower < 0.1 && 0.1 < enclosure.upper);
    }
}
