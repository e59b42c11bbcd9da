//! Running a program over the vectors of a block.

use super::{Action, Fused, Place, Row, Step};
use crate::eval::lanes::{Eight, Kernel, LARGE, Lanes, sin_cos_of_small};
use crate::eval::point::{value_of, whole_power};
use crate::expr::Function;
use crate::num::function as f;
use std::cell::Cell;

#[inline(always)]
fn load<L: Lanes>(cell: &Cell<Eight>) -> L {
    L::load(&cell.get())
}

#[inline(always)]
fn store<L: Lanes>(value: L, cell: &Cell<Eight>) {
    let mut numbers = [0.0; 8];
    value.store(&mut numbers);
    cell.set(numbers);
}

impl<'a> Row<'a> {
    /// Vector number `k`.
    #[inline(always)]
    pub(crate) fn get<L: Lanes>(&self, k: usize) -> L {
        let value: L = load(&self.cells[k & self.mask]);
        match self.form {
            Some((p, q)) => value.mul_add(L::splat(p), L::splat(q)),
            None => value,
        }
    }

    /// The row times a number.
    #[inline(always)]
    pub(crate) fn times(self, factor: f64) -> Row<'a> {
        let (p, q) = self.form.unwrap_or((1.0, 0.0));
        Row { form: Some((factor * p, factor * q)), ..self }
    }
}

/// A function over a row, or over two or three side by side. Macros, since closures may be compiled apart and are then without
/// the instructions of the level.
macro_rules! over {
    ($out:expr, $of:expr, $value:ident => $result:expr) => {
        for (o, a) in $out.iter().zip($of) {
            let $value: L = load(a);
            store($result, o);
        }
    };
    ($out:expr, $one:expr, $two:expr, ($a:ident, $b:ident) => $result:expr) => {
        for (o, (a, b)) in $out.iter().zip($one.iter().zip($two)) {
            let ($a, $b): (L, L) = (load(a), load(b));
            store($result, o);
        }
    };
    ($out:expr, $one:expr, $two:expr, $three:expr, ($a:ident, $b:ident, $c:ident) => $result:expr) => {
        for ((o, (a, b)), c) in $out.iter().zip($one.iter().zip($two)).zip($three) {
            let ($a, $b, $c): (L, L, L) = (load(a), load(b), load(c));
            store($result, o);
        }
    };
}

impl Fused {
    /// Runs it over the vectors of the inputs, in `space` of the length that [`Fused::space`] names.
    #[inline(always)]
    pub(crate) fn run<L: Lanes>(&self, inputs: &[&[Cell<Eight>]], space: &[Cell<Eight>]) {
        L::apart(Run { program: self, inputs, space });
    }
}

/// One run of a program.
struct Run<'a> {
    program: &'a Fused,
    inputs: &'a [&'a [Cell<Eight>]],
    space: &'a [Cell<Eight>],
}

impl Kernel for Run<'_> {
    type Output = ();
    #[inline(always)]
    fn run<L: Lanes>(self) {
        let Run { program, inputs, space } = self;
        let vectors = inputs.first().map_or(0, |i| i.len());
        for (number, cell) in program.numbers.iter().zip(&space[program.registers * vectors..]) {
            cell.set([*number; 8]);
        }
        let at = |place: Place| match place {
            Place::Register(r) => &space[r * vectors..][..vectors],
            Place::Input(k) => inputs[k],
        };
        let register = |r: usize| at(Place::Register(r));
        for action in &program.actions {
            let (step, places, out) = match *action {
                Action::One(step, places, out) => (step, places, register(out)),
                Action::SineCosine(a, sine, cosine) => {
                    // One look at all arguments instead of one at each; infinity is large, NaN passes through both ways.
                    let mut farthest = L::splat(0.0);
                    for a in at(a) {
                        farthest = farthest.max_abs(load(a));
                    }
                    let small = !L::any(L::splat(LARGE[usize::from(L::FUSED)]).less(farthest));
                    for ((s, c), a) in register(sine).iter().zip(register(cosine)).zip(at(a)) {
                        let x: L = load(a);
                        let (sine, cosine) = if small { sin_cos_of_small(x) } else { x.sin_cos() };
                        store(sine, s);
                        store(cosine, c);
                    }
                    continue;
                }
            };
            let [a, b, c] = places.map(at);
            match step {
                Step::Input(_) => {}
                Step::Number(number) => out.iter().for_each(|o| o.set([number; 8])),
                Step::Affine(_, p, q) => {
                    let (p, q) = (L::splat(p), L::splat(q));
                    over!(out, a, a => a.mul_add(p, q));
                }
                Step::Add(..) => over!(out, a, b, (a, b) => a + b),
                Step::Subtract(..) => over!(out, a, b, (a, b) => a - b),
                Step::Multiply(..) => over!(out, a, b, (a, b) => a * b),
                Step::Divide(..) => over!(out, a, b, (a, b) => a / b),
                Step::MultiplyAdd(..) => {
                    over!(out, a, b, c, (a, b, c) => a.mul_add(b, c));
                }
                Step::NegateMultiplyAdd(..) => {
                    over!(out, a, b, c, (a, b, c) => a.neg_mul_add(b, c));
                }
                Step::Weighted(_, p, _) => {
                    let p = L::splat(p);
                    over!(out, a, b, (a, b) => a.mul_add(p, b));
                }
                Step::Over(p, _) => {
                    let p = L::splat(p);
                    over!(out, a, a => p / a);
                }
                Step::Whole(_, n) => over!(out, a, a => power(a, n)),
                Step::Power(..) => {
                    for (o, (a, b)) in out.iter().zip(a.iter().zip(b)) {
                        let (a, b) = (a.get(), b.get());
                        o.set(std::array::from_fn(|k| f::powf(a[k], b[k])));
                    }
                }
                Step::Call(function, _) => match function {
                    Function::Exp => over!(out, a, a => a.exp()),
                    Function::Ln => over!(out, a, a => a.ln()),
                    Function::Sin => over!(out, a, a => a.sin()),
                    Function::Cos => over!(out, a, a => a.cos()),
                    Function::Sqrt => over!(out, a, a => a.sqrt()),
                    Function::Abs => over!(out, a, a => a.abs()),
                    _ => out.iter().zip(a).for_each(|(o, a)| o.set(a.get().map(|x| value_of(function, x)))),
                },
            }
        }
    }
}

/// [`whole_power`] over a vector.
#[inline(always)]
fn power<L: Lanes>(x: L, n: i32) -> L {
    if n == 0 {
        return L::splat(whole_power(1.0, n));
    }
    let (mut square, mut left) = (x, n.unsigned_abs());
    while left & 1 == 0 {
        square = square * square;
        left >>= 1;
    }
    let mut power = square;
    left >>= 1;
    while left > 0 {
        square = square * square;
        if left & 1 == 1 {
            power = power * square;
        }
        left >>= 1;
    }
    if n < 0 { L::splat(1.0) / power } else { power }
}
