//! Tapes against independent evaluations of the same formulas.

use super::*;
use crate::expr::{Expr, Names, Node, parse};

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

/// The value by walking through the term, with `libm`'s functions and powers.
fn walked(e: &Expr, x: f64) -> f64 {
    use crate::num::function as f;
    match e.node() {
        Node::Number(n) => crate::num::rational::to_f64(n),
        Node::Pi => std::f64::consts::PI,
        Node::Symbol(_) => x,
        Node::Sum(terms) => terms.iter().map(|t| walked(t, x)).sum(),
        Node::Product(factors) => factors.iter().map(|t| walked(t, x)).product(),
        Node::Negative(a) => -walked(a, x),
        Node::Quotient(a, b) => walked(a, x) / walked(b, x),
        Node::Power(a, b) => f::powf(walked(a, x), walked(b, x)),
        Node::Call(function, a) => {
            let with = match function {
                Function::Exp => f::exp,
                Function::Ln => f::ln,
                Function::Sqrt => f64::sqrt,
                Function::Sin => f::sin,
                Function::Cos => f::cos,
                Function::Tan => f::tan,
                Function::Sinh => f::sinh,
                Function::Cosh => f::cosh,
                Function::Tanh => f::tanh,
                Function::Atan => f::atan,
                Function::Abs => f64::abs,
            };
            with(walked(a, x))
        }
        Node::Apply { .. } | Node::Derivative { .. } => f64::NAN,
    }
}

#[test]
fn values_are_those_of_walking_through_the_term() {
    for text in FORMULAS {
        let tape = compile(text);
        let formula = parse(text, &Names::of(["x"])).expect(text);
        for k in 0..400 {
            let x = -2.9 + 0.0147 * f64::from(k);
            let (value, witness) = (tape.value(x), walked(&formula, x));
            assert!((value - witness).abs() < 1e-13 * (1.0 + witness.abs()), "{text} at {x}: {value} {witness}");
        }
    }
}

/// Same bits, where any NaN is like another.
fn same(a: f64, b: f64) -> bool {
    a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())
}

#[test]
fn blocks_give_the_bits_of_single_points_at_every_level() {
    let mut xs: Vec<f64> = (0..1003).map(|k| -3.0 + 0.006_1 * f64::from(k)).collect();
    for (k, x) in [0.0, -0.0, 1e6, -1e300, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 5e-324, 1e-310, 720.0, -745.0]
        .into_iter()
        .enumerate()
    {
        xs[k * 83 + 5] = x;
    }
    let more = ["x^3 + x^4 + x^-1 + x^-2 + x^5 + x^-7 + x^64", "cos(1000*x)", "ln(x)", "exp(x)", "sin(x)/x", "x", "2"];
    for text in FORMULAS.into_iter().chain(more) {
        let tape = compile(text);
        for simd in [Simd::Portable, Simd::Avx2, Simd::Avx512] {
            let (mut out, mut scratch) = (vec![0.0; xs.len()], Vec::new());
            tape.block(simd, &[&xs], &mut [&mut out], &mut scratch);
            for (x, y) in xs.iter().zip(&out) {
                assert!(same(*y, tape.value(*x)), "{text} at {x} ({}): {y} {}", simd.name(), tape.value(*x));
            }
        }
    }
    assert!(Simd::detect().is_available() && Simd::Portable.is_available());
}

#[test]
fn several_outputs_of_several_inputs_share_registers_without_harm() {
    let names = Names::of(["x", "y", "a"]);
    let texts = ["a*x*sin(y) + exp(x - y)/(1 + x^2*y^2)", "x", "x - y", "(x - y)^2*sin(y) + exp(x - y)", "a"];
    let formulas: Vec<Expr> = texts.iter().map(|t| parse(t, &names).expect(t)).collect();
    let tape = Tape::compile(&formulas, &["x", "y"], &|name| (name == "a").then_some(0.3)).expect("bound");
    let xs: Vec<f64> = (0..600).map(|k| 0.01 * f64::from(k)).collect();
    let ys: Vec<f64> = (0..600).map(|k| 2.0 - 0.003 * f64::from(k)).collect();
    let mut rows = vec![vec![0.0; xs.len()]; texts.len()];
    let mut outputs: Vec<&mut [f64]> = rows.iter_mut().map(|r| r.as_mut_slice()).collect();
    // Scratch with old contents must not matter.
    tape.block(Simd::detect(), &[&xs, &ys], &mut outputs, &mut vec![f64::NAN; 5]);
    for (k, (x, y)) in xs.iter().zip(&ys).enumerate() {
        let single = tape.at(&[*x, *y]);
        let witness = [
            0.3 * x * libm::sin(*y) + libm::exp(x - y) / (1.0 + x * x * y * y),
            *x,
            x - y,
            (x - y) * (x - y) * libm::sin(*y) + libm::exp(x - y),
            0.3,
        ];
        for (o, row) in rows.iter().enumerate() {
            assert!(same(row[k], single[o]), "output {o} at point {k}");
            assert!((row[k] - witness[o]).abs() < 1e-13 * (1.0 + witness[o].abs()), "output {o} at point {k}");
        }
    }
    assert!(tape.program.registers <= 6 && tape.program.steps.len() >= 12, "{:?}", tape.program);
    assert_eq!(tape.outputs(), 5);
}

#[test]
fn what_has_no_value_is_named() {
    let names = Names::of(["x", "b"]);
    let formula = parse("x + b", &names).expect("a sum");
    assert_eq!(Tape::compile(&[formula], &["x"], &|_| None).unwrap_err(), CompileError::Unbound("b".into()));
    let unknown = Expr::apply("g", vec![0], vec![Expr::symbol("x")]);
    assert_eq!(Tape::compile(&[unknown], &["x"], &|_| None).unwrap_err(), CompileError::Uninterpreted("g".into()));
}

#[test]
fn constants_are_folded_and_roots_and_depth_are_harmless() {
    assert_eq!(compile("2*3 + 1/2").len(), 1);
    // A root is a root however its exponent is written.
    assert_eq!(compile("x^(1/2)").value(2.0), 2f64.sqrt());
    // Deep terms: sin(sin(…)).
    let deep = (0..5000).fold(Expr::symbol("x"), |e, _| e.call(Function::Sin));
    let tape = Tape::compile(&[deep], &["x"], &|_| None).expect("bound");
    assert_eq!(tape.len(), 5001);
    assert!((tape.value(1.0) - (3.0f64 / 5000.0).sqrt()).abs() < 1e-4, "{}", tape.value(1.0));
}

#[test]
fn slope_enclosures_contain_slopes_and_are_tight() {
    for text in FORMULAS {
        let tape = compile(text);
        for k in 0..40 {
            let (a, w) = (-2.9 + 0.147 * f64::from(k), 0.002);
            let (value, slope) = tape.dual_intervals(&[Interval::new(a, a + w)], 0)[0];
            assert_eq!(value, tape.intervals(&[Interval::new(a, a + w)])[0]);
            assert!(value.defined && slope.defined, "{text} on [{a}, +{w}]");
            for j in 1..10 {
                let (y, dy) = tape.duals(&[a + w * f64::from(j) / 10.0], 0)[0];
                assert!(value.contains(y), "{text} on [{a}, +{w}]: {y} outside {value:?}");
                assert!(slope.contains(dy), "{text} on [{a}, +{w}]: {dy} outside {slope:?}");
            }
            let point = tape.dual_intervals(&[Interval::point(a)], 0)[0].1;
            assert!(point.width() < 1e-11 * (1.0 + point.upper.abs()), "{text} at {a}: {point:?}");
        }
    }
    let kink = compile("abs(x)").dual_intervals(&[Interval::new(-1.0, 2.0)], 0)[0].1;
    assert!(kink.lower == -1.0 && kink.upper == 1.0);
    assert!(!compile("sqrt(x)").dual_intervals(&[Interval::new(0.0, 2.0)], 0)[0].1.defined);
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
