//! Programs against the tapes that they are made of.

use super::*;
use crate::eval::Simd;
use crate::eval::lanes::{Kernel, Lanes, on_lanes};
use crate::expr::{Expr, Names, parse};

struct Run<'a> {
    program: &'a Fused,
    x: &'a mut [Eight],
    outputs: usize,
}

impl Kernel for Run<'_> {
    type Output = Vec<Vec<f64>>;
    #[inline(always)]
    fn run<L: Lanes>(self) -> Vec<Vec<f64>> {
        let x = Cell::from_mut(self.x).as_slice_of_cells();
        // Old contents must not matter.
        let mut space = vec![[f64::NAN; 8]; self.program.space(x.len())];
        let space = Cell::from_mut(space.as_mut_slice()).as_slice_of_cells();
        self.program.run::<L>(&[x], space);
        let row = |output| {
            let row = self.program.row(output, &[x], space);
            let mut values = vec![[0.0; 8]; x.len()];
            values.iter_mut().enumerate().for_each(|(k, v)| row.get::<L>(k).store(v));
            values.into_flattened()
        };
        (0..self.outputs).map(row).collect()
    }
}

fn tape(texts: &[&str]) -> Tape {
    let names = Names::of(["x", "s"]);
    let formulas: Vec<Expr> = texts.iter().map(|t| parse(t, &names).expect(t)).collect();
    Tape::compile(&formulas, &["x"], &|name| (name == "s").then_some(20.0)).expect("bound")
}

const FORMULAS: [&[&str]; 9] = [
    &["x", "2*x^2/2", "s*(1+sin(x)/2)", "diff(s*(1+sin(x)/2), x)", "7"],
    &["x*sin(x) + cos(x)*exp(x) - 3", "x^2*exp(x) - x*sin(x)", "sin(x)*cos(x)"],
    &["1/(1+x^2)^1.5", "3/x + 2/(5*x)", "(1+x)/(2-x)", "(x/3)/(4*exp(x))"],
    &["ln(1+x^2)", "sqrt(2+sin(3*x))", "abs(x-0.1)", "tanh(x)*atan(x)/cosh(x)", "2^x"],
    &["x^3 - x^5 + x^-3 + x^-4 + x^-1 + x^-2", "x^0*4", "x^12"],
    &["3*x - 2*cos(x) + 4*x", "(x+1)*(x-1)*(x+3)", "-(2-x)/7", "1e200*(1e200*(x*1e-250)*1e-160)"],
    &["exp(-0.001*s*(1+sin(x)/2))", "sqrt((1-exp(-0.002*s*(1+sin(x)/2)))/(s*(1+sin(x)/2)))"],
    &["sin(2*x)+sin(x)+cos(2*x)", "cos(cos(x))", "tan(x/4)^-2 + pi"],
    &["5", "x"],
];

#[test]
fn programs_have_the_values_of_their_tapes_at_every_level() {
    let mut x: Vec<f64> = (0..400).map(|k| -3.0 + 0.015_1 * f64::from(k)).collect();
    for simd in [Simd::Portable, Simd::Avx2, Simd::Avx512] {
        for texts in FORMULAS {
            let tape = tape(texts);
            let program = Fused::of(&tape);
            let run = Run { program: &program, x: x.as_chunks_mut::<8>().0, outputs: texts.len() };
            let rows = on_lanes(simd, run);
            for (k, x) in x.iter().enumerate() {
                for ((text, row), value) in texts.iter().zip(&rows).zip(tape.at(&[*x])) {
                    // Terms of up to 1e6 cancel in some.
                    let limit = 2e-15 * (1.0 + value.abs()).max(value.abs() * 50.0);
                    assert!((row[k] - value).abs() <= limit, "{text} at {x}, {}: {} {value}", simd.name(), row[k]);
                }
            }
        }
    }
}

#[test]
fn what_is_undefined_stays_so() {
    let mut x = [[-1.0, 0.0, f64::NAN, f64::INFINITY, 1e300, -1e300, 1e20, 1.0]];
    let tape = tape(&["ln(x)", "sqrt(x)", "sin(x)", "1/x", "x - x^2", "exp(x)"]);
    for simd in [Simd::Portable, Simd::Avx2, Simd::Avx512] {
        let rows = on_lanes(simd, Run { program: &Fused::of(&tape), x: &mut x, outputs: 6 });
        for (lane, x) in x[0].iter().enumerate() {
            for (row, value) in rows.iter().zip(tape.at(&[*x])) {
                let close = (row[lane] - value).abs() <= 3e-15 * value.abs();
                assert!(close || row[lane].to_bits() == value.to_bits() || row[lane].is_nan() && value.is_nan());
            }
        }
    }
}

/// Counts are steadier than clocks: the reference work, and the four outputs of its Strang step.
#[test]
fn instructions_per_step_are_few() {
    let curvature = "s*(1+sin(x)/2)";
    let steep = format!("diff({curvature}, x)");
    let decay = format!("exp(-({curvature})/1000)");
    let spread = format!("sqrt((1-exp(-({curvature})/1000)^2)/({curvature}))");
    let count = |texts: &[&str]| Fused::of(&tape(texts)).len();
    // sine with cosine: the linear forms of them are applied where they are read
    assert_eq!(count(&["diff(x^2/2, x)", &steep, curvature]), 1);
    // and the curvature, an exponent, its exponential, the square, one minus it, a division, a root
    assert_eq!(count(&["diff(x^2/2, x)", &steep, &decay, &spread]), 8);
    assert_eq!(count(&["x*sin(x) + 2*x*cos(x)"]), 4);
}
