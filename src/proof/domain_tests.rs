//! What a proof says of where it holds: each demand of a term is on record, with its words.

use super::claim::Claim;
use super::condition::Reason;
use super::sign::Sign;
use super::tower::Tower;
use super::{Verdict, judge};
use crate::expr::{Expr, parse};

fn read(text: &str) -> Expr {
    parse(text, &super::tests::symbols(super::tests::ALL).1).expect(text)
}

/// The conditions of `term = term`.
fn conditions(text: &str) -> Vec<String> {
    let (symbols, _) = super::tests::symbols(super::tests::ALL);
    let term = read(text);
    match judge(&symbols, &Claim::Equal { left: term.clone(), right: term }, &[]) {
        Verdict::Proved(theorem) => theorem.conditions().to_vec(),
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn every_demand_is_told() {
    for (text, expected) in [
        ("1/x", &["x ≠ 0"][..]),
        ("x/(x-y)", &["x - y ≠ 0"]),
        ("x^(-2)", &["x ≠ 0"]),
        ("tan(x)", &["cos(x) ≠ 0"]),
        ("ln(x)", &["x > 0"]),
        ("sqrt(x)", &["x ≥ 0"]),
        ("x^(1/2)", &["x > 0"]),
        ("x^(-1/3)", &["x > 0"]),
        ("x^pi", &["x > 0"]),
        ("x^y", &["x > 0, or a whole exponent"]),
        ("diff(ln(x),x)", &["x > 0"]),
        ("1/a+ln(b)+sqrt(c)+a^x", &[]),
        ("x^2+x^n+exp(x)+atan(x)+tanh(x)+abs(x)", &[]),
        ("x^(-n)", &["x ≠ 0"]),
        ("F(1/x)", &["x ≠ 0"]),
        ("0*ln(x)", &["x > 0"]),
        ("x/x", &["x ≠ 0"]),
    ] {
        assert_eq!(conditions(text), expected, "{text}");
    }
}

#[test]
fn what_is_read_away_from_zero_says_so() {
    let (symbols, _) = super::tests::symbols(super::tests::ALL);
    for (text, removable) in
        [("x^(n-2)", true), ("x^n", false), ("x^(n+1)", false), ("(x^n)^m", true), ("a^(n-2)", false)]
    {
        let mut tower = Tower::new(&symbols);
        tower.read(&read(text)).expect(text);
        let found = tower.conditions.iter().any(|c| c.reason == Reason::Removable);
        assert_eq!(found, removable, "{text}");
    }
}

#[test]
fn signs_are_no_surer_than_they_are() {
    let (symbols, _) = super::tests::symbols(super::tests::ALL);
    for (text, expected) in [
        ("x", Sign::ANY),
        ("a", Sign::POSITIVE),
        ("n", Sign::POSITIVE),
        ("n-1", Sign::NONNEGATIVE),
        ("abs(x)", Sign::NONNEGATIVE),
        ("sqrt(x^2+y^2)", Sign::NONNEGATIVE),
        ("sqrt(x^2+a)", Sign::POSITIVE),
        ("x^2", Sign::NONNEGATIVE),
        ("-x^2", Sign::NONNEGATIVE.negative()),
        ("x^2-2*x*y+y^2", Sign::NONNEGATIVE),
        ("x^2-2*x*y+2*y^2+a", Sign::POSITIVE),
        ("-x^2-a", Sign::NEGATIVE),
        ("-x^2+2*x*y-2*y^2-a", Sign::NEGATIVE),
        ("x^3", Sign::ANY),
        ("ln(a)", Sign::ANY),
        ("ln(3)", Sign::POSITIVE),
        ("F(x)", Sign::POSITIVE),
        ("diff(F(x),x)", Sign::ANY),
        ("G(x)", Sign::ANY),
        ("exp(x)", Sign::POSITIVE),
        ("atan(x)", Sign::ANY),
        ("atan(a)", Sign::POSITIVE),
        ("sin(x)", Sign::ANY),
        ("a-b", Sign::ANY),
    ] {
        let mut tower = Tower::new(&symbols);
        let e = tower.read(&read(text)).expect(text);
        assert_eq!(tower.sign(&e), expected, "{text}");
    }
}

#[test]
fn a_fact_about_a_term_is_one_about_its_multiples() {
    let (symbols, _) = super::tests::symbols(super::tests::ALL);
    let mut tower = Tower::new(&symbols);
    let known = tower.read(&read("x-y")).expect("a difference");
    tower.assume(&known, Sign::POSITIVE).expect("it may hold");
    for (text, expected) in
        [("x-y", Sign::POSITIVE), ("y-x", Sign::NEGATIVE), ("3*y-3*x", Sign::NEGATIVE), ("x+y", Sign::ANY)]
    {
        let e = tower.read(&read(text)).expect(text);
        assert_eq!(tower.sign(&e), expected, "{text}");
    }
}
