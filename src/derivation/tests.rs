//! Derivations read, written out and refused.

use super::*;
use crate::proof::{Assumption, Place};

const FLUX: &str = r#"// the paper's density
Derivation(
    id: "adiabatic-zero-flux",
    title: "No flux",
    source: (reference: "Yang, Tang, Tu 2023", arxiv: "2206.01246", equation: "7"),
    symbols: { "x": Real, "Delta": Positive, "kappa": Positive, "F": PositiveFunction(["x"]), "L0": Function(["x"]) },
    definitions: [("U", "L0(x)/Delta"), ("p", "F(x)^kappa*exp(-kappa*U)")],
    claim: Equal("(diff(L0(x),x) - Delta*diff(F(x),x)/F(x))*p + Delta/kappa*diff(p,x)", "0"),
    steps: ["0*p"],
    mutants: [Equal("diff(p,x)", "0"), Less(smaller: "Delta", larger: "kappa", over: {"x": (-0.1, inf), "kappa": (0, 2e-3)})],
)
"#;

fn read(text: &str) -> Derivation {
    Derivation::read(text).unwrap_or_else(|e| panic!("{e}"))
}

/// The file with `from` replaced, which must be refused: where, which field, and what is said.
fn refused(from: &str, to: &str) -> DerivationError {
    assert_eq!(FLUX.matches(from).count(), 1, "{from}");
    let text = FLUX.replace(from, to);
    let mut errors = Derivation::read(&text).expect_err(&format!("{from} replaced by {to}")).0;
    let first = errors.remove(0);
    assert!(errors.is_empty(), "one mistake, one error: {first} {errors:?}");
    first
}

#[test]
fn abbreviations_are_written_out_also_inside_derivatives() {
    let d = read(FLUX);
    let Claim::Equal { left, .. } = d.claim() else { panic!("{:?}", d.claim()) };
    let p = "F(x)^kappa*exp(-(kappa*L0(x)/Delta))";
    let printed = left.to_string();
    assert!(printed.contains("diff(F(x)^kappa*exp("), "{printed} {p}");
    assert!(!left.contains("p") && !left.contains("U"));
    let Claim::Equal { left, .. } = d.stated() else { panic!("{:?}", d.stated()) };
    assert!(left.contains("p"));
    assert_eq!(d.steps()[0].to_string().matches("L0(x)").count(), 1);
    assert_eq!(d.symbols()["F"], Assumption::PositiveFunction(vec!["x".into()]));
    assert_eq!((d.id(), d.mutants().len(), d.definitions().len()), ("adiabatic-zero-flux", 2, 2));
    assert_eq!(d.source().to_string(), "Yang, Tang, Tu 2023, arXiv:2206.01246, Eq. 7");
}

#[test]
fn a_reader_is_shown_the_abbreviations_of_the_claim_only() {
    let d = read(&FLUX.replace("[(\"U\"", "[(\"W\", \"2*x\"), (\"U\"").replace("\"diff(p,x)\"", "\"W\""));
    let names: Vec<&str> = d.definitions_used().iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!((names, d.definitions().len()), (vec!["U", "p"], 3));
}

#[test]
fn ends_of_ranges_are_the_decimals_written() {
    let d = read(FLUX);
    let Claim::Less { over, .. } = &d.mutants()[1] else { panic!("{:?}", d.mutants()) };
    let exact = |n: i64, m: i64| Some(num_rational::BigRational::new(n.into(), m.into()));
    assert_eq!(over["x"], (exact(-1, 10), None));
    assert_eq!(over["kappa"], (exact(0, 1), exact(2, 1000)));
}

#[test]
fn a_range_of_naturals_holds_one() {
    let read = |range: &str| {
        let over = format!("\"n\": {range}");
        Derivation::read(
            &FLUX.replace("\"x\": Real", "\"x\": Real, \"n\": Natural").replace("\"kappa\": (0, 2e-3)", &over),
        )
    };
    for range in ["(0, 1.5)", "(-3, 1.1)", "(1, 2.5)", "(-inf, inf)", "(0.5, 1.5)"] {
        assert!(read(range).is_ok(), "{range}");
    }
    for range in ["(0, 1)", "(1, 2)", "(1.5, 1.9)", "(-3, 0)"] {
        assert!(read(range).is_err(), "{range}");
    }
}

#[test]
fn infinity_stands_in_limits_and_integrals_only() {
    let limit = r#"Limit(of: "1/Delta", variable: "Delta", to: "inf", equals: "-inf")"#;
    let d = read(&FLUX.replace("Equal(\"diff(p,x)\", \"0\")", limit));
    let Claim::Limit { to, equals, .. } = &d.mutants()[0] else { panic!("{:?}", d.mutants()) };
    assert_eq!((to, equals), (&Place::Infinity, &Place::MinusInfinity));
    let error = refused("\"0*p\"", "\"inf\"");
    assert_eq!((error.label.as_str(), error.line), ("steps[0]", 9));
}

#[test]
fn what_cannot_be_meant_is_refused_with_its_place() {
    for (from, to, label, said) in [
        ("\"adiabatic-zero-flux\"", "\"two words\"", "id", "not a name"),
        ("\"No flux\"", "\" \"", "title", "empty"),
        ("(reference: \"Yang, Tang, Tu 2023\", ", "(", "source", "reference"),
        ("equation: \"7\"", "page: \"7\"", "source", "page"),
        ("title: ", "title: \"a\", title: ", "", "title"),
        ("\"x\": Real", "\"x\": Complex", "symbols.x", "Complex"),
        ("\"x\": Real", "\"x\": Real, \"x\": Real", "symbols.x", "given twice"),
        ("\"x\": Real", "\"x\": Real, \"pi\": Real", "symbols.pi", "something else"),
        ("\"x\": Real", "\"x\": Real, \"inf\": Real", "symbols.inf", "something else"),
        ("\"x\": Real", "\"x\": Real, \"sqrt\": Real", "symbols.sqrt", "something else"),
        ("\"x\": Real", "\"x\": Real, \"2x\": Real", "symbols.2x", "not a name"),
        ("\"x\": Real", "\"x\": Real, \"G\": Function([])", "symbols.G", "one to eight"),
        ("\"x\": Real", "\"x\": Real, \"G\": Function([\"a\", \"a\"])", "symbols.G", "one to eight"),
        ("(\"U\", ", "(\"kappa\", \"1\"), (\"U\", ", "definitions[0][0]", "a symbol already"),
        ("(\"U\", ", "(\"F\", \"1\"), (\"U\", ", "definitions[0][0]", "a symbol already"),
        ("(\"U\", ", "(\"exp\", \"1\"), (\"U\", ", "definitions[0][0]", "something else"),
        ("(\"U\", ", "(\"U\", \"1\"), (\"U\", ", "definitions[1][0]", "defined already"),
        ("(\"U\", \"L0(x)/Delta\")", "(\"U\", \"L0(x)/p\")", "definitions[0][1]", "unknown name `p`"),
        ("Equal(\"diff(p,x)\", \"0\")", "Equal(\"diff(x,p)\", \"0\")", "mutants[0][0]", "abbreviation"),
        ("Equal(\"diff(p,x)\", \"0\")", "Equal(\"diff(p,x)\")", "mutants[0]", ""),
        ("Equal(\"diff(p,x)\", \"0\")", "Equal(\"diff(p,x)\", \"q\")", "mutants[0][1]", "unknown name `q`"),
        ("Equal(\"diff(p,x)\", \"0\")", "Equal(\"F\", \"0\")", "mutants[0][0]", "arguments are missing"),
        ("{\"x\": (-0.1, inf), ", "{\"x\": (inf, 1), ", "mutants[1].over.x[0]", "not accepted"),
        ("{\"x\": (-0.1, inf), ", "{\"x\": (NaN, 1), ", "mutants[1].over.x[0]", "not accepted"),
        ("{\"x\": (-0.1, inf), ", "{\"x\": (1, 1), ", "mutants[1].over.x", "no value"),
        ("\"kappa\": (0, 2e-3)", "\"kappa\": (-2, 0)", "mutants[1].over.kappa", "no value"),
        ("{\"x\": (-0.1, inf), ", "{\"F\": (0, 1), ", "mutants[1].over.F", "range"),
    ] {
        let error = refused(from, to);
        assert_eq!(error.label, label, "{to}: {error}");
        assert!(error.message.contains(said), "{to}: {error}");
        assert!(error.help.is_some() && error.span.is_some(), "{to}: {error}");
    }
}

#[test]
fn claims_of_every_kind_are_held_to_their_shape() {
    let claim = |text: &str| Derivation::read(&FLUX.replace("Equal(\"diff(p,x)\", \"0\")", text));
    for (text, said) in [
        (r#"Limit(of: "x", variable: "y", to: "0", equals: "0")"#, "not a symbol"),
        (r#"Limit(of: "x", variable: "F", to: "0", equals: "0")"#, "a function"),
        (r#"Limit(of: "x", variable: "x", to: "x", equals: "0")"#, "may not depend"),
        (r#"Limit(of: "x", variable: "x", to: "0", equals: "U")"#, "may not depend"),
        (r#"Series(of: "x", variable: "x", about: "0", order: 99, equals: "x")"#, "order 99"),
        (r#"Series(of: "x", variable: "x", about: "0", order: -1, equals: "x")"#, ""),
        (r#"Integral(integrand: "x", variable: "x", lower: "0", upper: "x", equals: "1")"#, "may not depend"),
        (r#"Integral(integrand: "x", variable: "x", lower: "0", upper: "1", equals: "inf")"#, "unknown name"),
        (r#"Positive(expression: "x", over: {"q": (0, 1)})"#, "range"),
        (r#"Positive(expression: "x", above: {"x": (0, 1)})"#, "above"),
        (r#"Stationary(density: "x", drift: [], diffusion: [], variables: [])"#, "one to eight"),
        (r#"Stationary(density: "x", drift: [], diffusion: [["1"]], variables: ["x"])"#, "0 entries"),
        (r#"Stationary(density: "x", drift: ["1"], diffusion: [["1", "1"]], variables: ["x"])"#, "1 by 1"),
        (r#"Stationary(density: "x", drift: ["1"], diffusion: [["1"]], variables: ["F"])"#, "a function"),
    ] {
        let errors = claim(text).expect_err(text).0;
        assert!(errors.len() == 1 && errors[0].message.contains(said), "{text}: {errors:?}");
    }
    for text in [
        r#"Limit(of: "x", variable: "x", to: "-inf", equals: "-inf")"#,
        r#"Series(of: "x", variable: "x", about: "0", order: 0, equals: "x")"#,
        r#"Integral(integrand: "x", variable: "x", lower: "0", upper: "inf", equals: "1")"#,
        r#"Integral(integrand: "x", variable: "x", lower: "0", upper: "1", equals: "1/2", antiderivative: "x^2/2")"#,
        r#"Positive(expression: "exp(x)")"#,
        r#"Stationary(density: "p", drift: ["-x"], diffusion: [["Delta"]], variables: ["x"])"#,
    ] {
        let read = claim(text).unwrap_or_else(|e| panic!("{text}: {e}"));
        assert!(!claim_latex(&read.mutants()[0]).is_empty());
    }
    let error = refused(
        "claim: Equal(\"(diff(L0(x),x) - Delta*diff(F(x),x)/F(x))*p + Delta/kappa*diff(p,x)\", \"0\")",
        "claim: Positive(expression: \"exp(x)\")",
    );
    assert_eq!(error.label, "steps");
}

#[test]
fn abbreviations_that_explode_are_refused() {
    let mut definitions = String::from("(\"a0\", \"x\")");
    for k in 1..40 {
        definitions += &format!(", (\"a{k}\", \"a{0}+a{0}\")", k - 1);
    }
    let errors =
        Derivation::read(&FLUX.replace("(\"U\", ", &format!("{definitions}, (\"U\", "))).expect_err("too large");
    assert!(errors.0[0].message.contains("too large"), "{errors}");
    let nested = FLUX.replace("\"0*p\"", "\"diff(diff(p,x,9),kappa,8)\"");
    assert!(Derivation::read(&nested).expect_err("too many derivatives").0[0].message.contains("17 derivatives"));
    let long = FLUX.replace("No flux", &"x".repeat(1 << 20));
    assert!(Derivation::read(&long).expect_err("too long").0[0].message.contains("too many"));
    let many = FLUX.replace("\"0*p\"", &"\"0\",".repeat(300));
    assert!(Derivation::read(&many).expect_err("too many").0[0].message.contains("too many"));
}

use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_damage_to_a_file_makes_the_reader_panic(
        at in any::<prop::sample::Index>(), length in 0usize..12, piece in "[ -~]{0,6}|λ|\\\\|\"|r#\"",
    ) {
        let chars: Vec<char> = FLUX.chars().collect();
        let at = at.index(chars.len());
        let text: String = chars[..at].iter().copied().chain(piece.chars()).chain(chars.iter().copied().skip(at + length)).collect();
        match Derivation::read(&text) {
            Ok(read) => prop_assert!(!claim_latex(read.claim()).is_empty()),
            Err(errors) => for error in &errors.0 {
                let span = error.span.clone().unwrap_or(0..0);
                prop_assert!(text.get(span.clone()).is_some() && error.line >= 1 && error.column >= 1, "{span:?}");
            },
        }
    }
}
