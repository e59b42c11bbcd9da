//! Laws that hold for every term, tried on random ones against an evaluator of their own.

use super::build::bits;
use super::{Expr, Function, Names, Node, parse};
use num_dual::{Dual64, DualNum};
use num_traits::Zero;
use proptest::prelude::*;

/// The value and slope of a term at `x`, by dual numbers; the witness for every rewriting.
fn value(e: &Expr, x: Dual64) -> Dual64 {
    match e.node() {
        Node::Number(n) => Dual64::from(crate::num::rational::to_f64(n)),
        Node::Pi => Dual64::from(std::f64::consts::PI),
        Node::Symbol(name) if &**name == "x" => x,
        Node::Symbol(_) | Node::Apply { .. } | Node::Derivative { .. } => Dual64::from(0.7),
        Node::Sum(terms) => terms.iter().fold(Dual64::zero(), |sum, t| sum + value(t, x)),
        Node::Product(factors) => factors.iter().fold(Dual64::from(1.0), |product, t| product * value(t, x)),
        Node::Negative(a) => -value(a, x),
        Node::Quotient(a, b) => value(a, x) / value(b, x),
        Node::Power(a, b) => match b.as_number() {
            Some(p) if p.is_integer() && bits(&p) < 31 => {
                value(a, x).powi(num_traits::ToPrimitive::to_i32(&p).expect("small"))
            }
            Some(p) => value(a, x).powf(crate::num::rational::to_f64(&p)),
            None => (value(a, x).ln() * value(b, x)).exp(),
        },
        Node::Call(function, a) => {
            let a = value(a, x);
            match function {
                Function::Exp => a.exp(),
                Function::Ln => a.ln(),
                Function::Sqrt => a.sqrt(),
                Function::Sin => a.sin(),
                Function::Cos => a.cos(),
                Function::Tan => a.tan(),
                Function::Sinh => a.sinh(),
                Function::Cosh => a.cosh(),
                Function::Tanh => a.tanh(),
                Function::Atan => a.atan(),
                Function::Abs => a * a.re.signum(),
            }
        }
    }
}

fn names() -> Names {
    Names { symbols: vec!["x".into(), "kappa".into()], functions: vec![("F".into(), 1)], keep_derivatives: false }
}

/// Terms of every shape: as written (`raw`) and as the operators fold them.
fn term(raw: bool) -> impl Strategy<Value = Expr> {
    let leaf = prop_oneof![
        3 => Just(Expr::symbol("x")),
        1 => Just(Expr::symbol("kappa")),
        1 => Just(Expr::pi()),
        2 => (-4_i64..9).prop_map(Expr::integer),
        1 => (1_i64..9, 1_i64..9).prop_map(|(a, b)| Expr::ratio(a, b)),
        1 => (1_u32..4000, -12_i32..3).prop_map(|(m, e)| Expr::from_f64(format!("{m}e{e}").parse().expect("float")).expect("finite")),
    ];
    leaf.prop_recursive(6, 60, 4, move |inner| {
        let many = prop::collection::vec(inner.clone(), 2..5);
        prop_oneof![
            many.clone().prop_map(move |v| if raw { Expr::raw_sum(v) } else { Expr::sum(v) }),
            many.prop_map(move |v| if raw { Expr::raw_product(v) } else { Expr::product(v) }),
            inner.clone().prop_map(move |a| if raw { Expr::raw_negative(a) } else { -a }),
            (inner.clone(), inner.clone()).prop_map(move |(a, b)| if raw { Expr::raw_quotient(a, b) } else { a / b }),
            (inner.clone(), inner.clone()).prop_map(move |(a, b)| if raw {
                Expr::raw_power(a, b)
            } else {
                a.power(&b)
            }),
            (inner.clone(), -3_i64..5).prop_map(move |(a, n)| {
                let n = Expr::integer(n);
                if raw { Expr::raw_power(a, n) } else { a.power(&n) }
            }),
            (inner, 0..Function::ALL.len()).prop_map(|(a, f)| a.call(Function::ALL[f].0)),
        ]
    })
}

/// The same term put together again by the operators.
fn folded(e: &Expr) -> Expr {
    match e.node() {
        Node::Sum(terms) => Expr::sum(terms.iter().map(folded).collect::<Vec<_>>()),
        Node::Product(factors) => Expr::product(factors.iter().map(folded).collect::<Vec<_>>()),
        Node::Negative(a) => -folded(a),
        Node::Quotient(a, b) => folded(a) / folded(b),
        Node::Power(a, b) => folded(a).power(&folded(b)),
        Node::Call(f, a) => folded(a).call(*f),
        _ => e.clone(),
    }
}

/// Whether no part of the term is so large or so small that the rest drowns in its rounding.
fn tame(e: &Expr, x: f64) -> bool {
    let mut tame = true;
    e.visit(&mut |part| {
        let v = value(part, Dual64::from_re(x).derivative());
        tame &= v.re.abs() < 1e4 && v.eps.abs() < 1e4 && (v.re == 0.0 || v.re.abs() > 1e-4);
    });
    tame
}

/// Whether two values agree, as far as the rounding of the larger terms inside (`scale`) allows; non-finite values and
/// ill-conditioned places say nothing.
fn agree(e: &Expr, other: f64, own: f64, x: f64, derive: bool) -> bool {
    let near = |x: f64| {
        let v = value(e, Dual64::from_re(x).derivative());
        if derive { v.eps } else { v.re }
    };
    let spread = (near(x * (1.0 + 1e-10)) - own).abs() + (near(x * (1.0 - 1e-10)) - own).abs();
    !spread.is_finite() || !other.is_finite() || (own - other).abs() <= 1e-7 * (1.0 + own.abs()) + 10.0 * spread
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn text_reads_back_as_the_same_term(e in prop_oneof![term(true), term(false)]) {
        let text = e.to_string();
        prop_assert_eq!(parse(&text, &names()).map_err(|e| e.to_string()), Ok(e), "{}", text);
    }

    #[test]
    fn derivatives_read_back_too(e in prop_oneof![term(true), term(false)]) {
        let slope = e.derivative("x");
        let text = slope.to_string();
        prop_assert_eq!(parse(&text, &names()).map_err(|e| e.to_string()), Ok(slope), "{}", text);
    }

    #[test]
    fn folding_keeps_the_value(e in term(true), x in 0.3_f64..2.0) {
        let own = value(&e, Dual64::from_re(x)).re;
        let other = value(&folded(&e), Dual64::from_re(x)).re;
        if tame(&e, x) {
            prop_assert!(other.is_finite(), "{e} = {own} became {} = {other}", folded(&e));
            prop_assert!(agree(&e, other, own, x, false), "{e} = {own} became {} = {other}", folded(&e));
        }
    }

    #[test]
    fn slopes_are_those_of_dual_numbers(e in prop_oneof![term(true), term(false)], x in 0.3_f64..2.0) {
        let own = value(&e, Dual64::from_re(x).derivative()).eps;
        let slope = e.derivative("x");
        let other = value(&slope, Dual64::from_re(x)).re;
        if tame(&e, x) {
            prop_assert!(agree(&e, other, own, x, true), "({e})' = {own}, not {slope} = {other}");
        }
    }

    #[test]
    fn no_text_makes_the_parser_panic(bytes in prop::collection::vec(any::<u8>(), 0..60), text in "[-+*/^(),.0-9eExsincdf p]{0,40}") {
        for text in [String::from_utf8_lossy(&bytes).into_owned(), text] {
            match parse(&text, &names()) {
                Ok(e) => {
                    e.latex();
                    prop_assert_eq!(parse(&e.to_string(), &names()), Ok(e), "{}", text);
                }
                Err(error) => prop_assert!(text.get(error.span.clone()).is_some(), "{text:?}: {:?}", error.span),
            }
        }
    }
}

#[test]
fn depth_hidden_in_long_fractions_is_refused() {
    let long = (0..190).fold("x".to_owned(), |inner, _| format!("sin({inner}{})", "/x".repeat(190)));
    assert!(parse(&long, &names()).is_err());
}

#[test]
fn derivatives_that_explode_are_refused_or_stay_of_readable_size() {
    let chain = |n: usize| format!("{}x{}", "sin(".repeat(n), ")".repeat(n));
    let product = |n: usize| (1..n).map(|i| format!("sin(x+{i})")).collect::<Vec<_>>().join("*");
    for text in [
        format!("diff({}, x, 16)", chain(150)),
        format!("diff({}, x, 16)", product(5000)),
        format!("diff({}x, x)", "1e-300*".repeat(20_000)),
        format!("diff(1/({}), x)", product(5000)),
        "diff(x^x^x^x^x, x, 16)".to_owned(),
        format!("diff(x^(1e-300{})*x, x, 3)", "*1e-300".repeat(6)),
        "diff(1e300*x*1e300, x)".to_owned(),
        format!("diff(x{}, x)", (3..9000).map(|i| format!("+x/{}", 2 * i + 1)).collect::<String>()),
    ] {
        let Ok(e) = parse(&text, &names()) else { continue };
        let printed = e.to_string();
        assert!(printed.len() < 4_000_000, "{} characters from {}", printed.len(), &text[..40.min(text.len())]);
        if let Ok(again) = parse(&printed, &names()) {
            assert_eq!(again, e);
        }
    }
}
