//! Running a tape over many points, instruction by instruction in chunks that stay in the nearest cache.
//!
//! The loops are plain. They are compiled once for every level of vector instructions and give the same bits at each:
//! no operation is reordered or fused.

use super::point::{value_of, whole_power};
use super::program::{Action, Operand, Program};
use super::{Simd, Tape, kernels};
use crate::expr::Function;
use crate::num::function as f;

/// Points of one chunk.
const CHUNK: usize = 256;

/// Points whose whole powers are taken together.
const TOGETHER: usize = 8;

/// An operand over a chunk.
#[derive(Clone, Copy)]
enum Lanes<'a> {
    Each(&'a [f64]),
    All(f64),
}

impl Tape {
    /// Every output at every point of a block: `inputs[v][k]`, `outputs[o][k]`; the same bits as [`Tape::at`].
    /// `scratch` is lent and grows as needed. A level that this machine lacks is replaced by the portable one.
    ///
    /// # Panics
    /// Where an input is shorter than the first output, or an output is.
    pub fn block(&self, simd: Simd, inputs: &[&[f64]], outputs: &mut [&mut [f64]], scratch: &mut Vec<f64>) {
        let needed = self.program.registers * CHUNK;
        if scratch.len() < needed {
            scratch.resize(needed, 0.0);
        }
        match simd {
            // SAFETY: the machine has the instructions, as was just asked.
            #[cfg(target_arch = "x86_64")]
            Simd::Avx512 if simd.is_available() => unsafe { with_avx512(&self.program, inputs, outputs, scratch) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Simd::Avx2 if simd.is_available() => unsafe { with_avx2(&self.program, inputs, outputs, scratch) },
            _ => run(&self.program, inputs, outputs, scratch),
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512dq,avx512vl")]
fn with_avx512(program: &Program, inputs: &[&[f64]], outputs: &mut [&mut [f64]], scratch: &mut [f64]) {
    run(program, inputs, outputs, scratch);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn with_avx2(program: &Program, inputs: &[&[f64]], outputs: &mut [&mut [f64]], scratch: &mut [f64]) {
    run(program, inputs, outputs, scratch);
}

#[inline(always)]
fn run(program: &Program, inputs: &[&[f64]], outputs: &mut [&mut [f64]], scratch: &mut [f64]) {
    let points = outputs.first().map_or(0, |o| o.len());
    let mut start = 0;
    while start < points {
        let end = points.min(start + CHUNK);
        for (register, action) in &program.steps {
            let (before, rest) = scratch.split_at_mut(register * CHUNK);
            let (out, after) = rest.split_at_mut(CHUNK);
            let out = &mut out[..end - start];
            let lanes = |operand: Operand| match operand {
                Operand::Number(value) => Lanes::All(value),
                Operand::Input(input) => Lanes::Each(&inputs[input][start..end]),
                Operand::Register(r) if r < *register => Lanes::Each(&before[r * CHUNK..][..end - start]),
                Operand::Register(r) => Lanes::Each(&after[(r - register - 1) * CHUNK..][..end - start]),
            };
            match *action {
                Action::Add(a, b) => pairs(out, lanes(a), lanes(b), |x, y| x + y),
                Action::Subtract(a, b) => pairs(out, lanes(a), lanes(b), |x, y| x - y),
                Action::Multiply(a, b) => pairs(out, lanes(a), lanes(b), |x, y| x * y),
                Action::Divide(a, b) => pairs(out, lanes(a), lanes(b), |x, y| x / y),
                Action::Power(a, b) => pairs(out, lanes(a), lanes(b), f::powf),
                Action::Negate(a) => each(out, lanes(a), |x| -x),
                Action::Whole(a, n) => powers(out, lanes(a), n),
                Action::Call(function, a) => call(out, lanes(a), function),
            }
        }
        for (output, result) in outputs.iter_mut().zip(&program.results) {
            let output = &mut output[start..end];
            match *result {
                Operand::Number(value) => output.fill(value),
                Operand::Input(input) => output.copy_from_slice(&inputs[input][start..end]),
                Operand::Register(r) => output.copy_from_slice(&scratch[r * CHUNK..][..end - start]),
            }
        }
        start = end;
    }
}

#[inline(always)]
fn each(out: &mut [f64], a: Lanes, with: impl Fn(f64) -> f64) {
    match a {
        Lanes::Each(a) => out.iter_mut().zip(a).for_each(|(o, x)| *o = with(*x)),
        Lanes::All(x) => out.fill(with(x)),
    }
}

#[inline(always)]
fn pairs(out: &mut [f64], a: Lanes, b: Lanes, with: impl Fn(f64, f64) -> f64) {
    match (a, b) {
        (Lanes::Each(a), Lanes::Each(b)) => {
            out.iter_mut().zip(a.iter().zip(b)).for_each(|(o, (x, y))| *o = with(*x, *y))
        }
        (Lanes::Each(a), Lanes::All(y)) => out.iter_mut().zip(a).for_each(|(o, x)| *o = with(*x, y)),
        (Lanes::All(x), Lanes::Each(b)) => out.iter_mut().zip(b).for_each(|(o, y)| *o = with(x, *y)),
        (Lanes::All(x), Lanes::All(y)) => out.fill(with(x, y)),
    }
}

/// A kernel over a chunk. Written out, since a kernel that is handed over as a value is too large to be inlined, and
/// then runs on single numbers.
macro_rules! kernel_over {
    ($out:expr, $a:expr, $kernel:path) => {
        match $a {
            Lanes::Each(a) => {
                for (o, x) in $out.iter_mut().zip(a) {
                    *o = $kernel(*x);
                }
            }
            Lanes::All(x) => $out.fill($kernel(x)),
        }
    };
}

#[inline(always)]
fn call(out: &mut [f64], a: Lanes, function: Function) {
    match function {
        Function::Exp => kernel_over!(out, a, kernels::exp),
        Function::Ln => kernel_over!(out, a, kernels::ln),
        Function::Sin => {
            kernel_over!(out, a, kernels::sine_nearby);
            far_away(out, a, f::sin);
        }
        Function::Cos => {
            kernel_over!(out, a, kernels::cosine_nearby);
            far_away(out, a, f::cos);
        }
        Function::Sqrt => each(out, a, |x| x.sqrt()),
        Function::Abs => each(out, a, |x| x.abs()),
        _ => each(out, a, |x| value_of(function, x)),
    }
}

/// Does the points again that are too large for a kernel.
#[inline(always)]
fn far_away(out: &mut [f64], a: Lanes, with: fn(f64) -> f64) {
    let is_far = |x: f64| !(x.abs() <= kernels::NEARBY);
    match a {
        Lanes::Each(a) => {
            if a.iter().fold(false, |any, x| any | is_far(*x)) {
                out.iter_mut().zip(a).filter(|(_, x)| is_far(**x)).for_each(|(o, x)| *o = with(*x));
            }
        }
        Lanes::All(x) if is_far(x) => out.fill(with(x)),
        Lanes::All(_) => {}
    }
}

/// [`whole_power`] over a chunk, a few points at a time so that its loop over the bits of `n` runs on vectors.
#[inline(always)]
fn powers(out: &mut [f64], a: Lanes, n: i32) {
    let a = match a {
        Lanes::Each(a) => a,
        Lanes::All(x) => return out.fill(whole_power(x, n)),
    };
    match n {
        2 => return each(out, Lanes::Each(a), |x| x * x),
        3 => return each(out, Lanes::Each(a), |x| x * (x * x)),
        4 => return each(out, Lanes::Each(a), |x| (x * x) * (x * x)),
        -1 => return each(out, Lanes::Each(a), |x| 1.0 / x),
        -2 => return each(out, Lanes::Each(a), |x| 1.0 / (x * x)),
        _ => {}
    }
    let (groups, rest) = out.as_chunks_mut::<TOGETHER>();
    let (of, of_rest) = a.as_chunks::<TOGETHER>();
    for (o, x) in groups.iter_mut().zip(of) {
        let (mut power, mut square, mut left) = ([1.0; TOGETHER], *x, n.unsigned_abs());
        while left > 0 {
            for k in 0..TOGETHER {
                power[k] *= if left & 1 == 1 { square[k] } else { 1.0 };
                square[k] *= square[k];
            }
            left >>= 1;
        }
        *o = if n < 0 { power.map(|p| 1.0 / p) } else { power };
    }
    rest.iter_mut().zip(of_rest).for_each(|(o, x)| *o = whole_power(*x, n));
}
