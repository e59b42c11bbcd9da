//! Laws of refutation on random terms: a true equation is never refuted, a slightly wrong one is.

use super::claim::{Claim, Symbols};
use super::witness::refute;
use crate::expr::{Expr, Names, parse};
use std::collections::BTreeMap;

/// Equations that hold for all terms `A` and `B`, wherever both sides are defined.
const LAWS: [&str; 44] = [
    "sin(A)^2 + cos(A)^2 = 1",
    "cosh(A)^2 - sinh(A)^2 = 1",
    "exp(A)*exp(B) = exp(A+B)",
    "exp(A)/exp(B) = exp(A-B)",
    "ln(A*B) = ln(A) + ln(B)",
    "ln(A/B) = ln(A) - ln(B)",
    "ln(exp(A)) = A",
    "exp(ln(A)) = A",
    "sqrt(A^2) = abs(A)",
    "sqrt(A)^2 = A",
    "A^(1/2)*A^(1/2) = A",
    "(A^2)^(1/2) = abs(A)",
    "abs(A)*abs(B) = abs(A*B)",
    "(A+B)^2 = A^2 + 2*A*B + B^2",
    "(A+B)^3 = A^3 + 3*A^2*B + 3*A*B^2 + B^3",
    "A/B*B = A",
    "1/(1/A) = A",
    "A^(-2)*A^3 = A",
    "A^a*A^b = A^(a+b)",
    "(A*B)^a = A^a*B^a",
    "(A^a)^b = A^(a*b)",
    "A^B = exp(B*ln(A))",
    "tan(A) = sin(A)/cos(A)",
    "tanh(A) = sinh(A)/cosh(A)",
    "sinh(A) = (exp(A) - exp(-A))/2",
    "sin(A+B) = sin(A)*cos(B) + cos(A)*sin(B)",
    "cos(2*A) = 1 - 2*sin(A)^2",
    "tan(A+B) = (tan(A) + tan(B))/(1 - tan(A)*tan(B))",
    "tan(atan(A)) = A",
    "(-1)^(2*n)*A = A",
    "cos(n*pi)*A = (-1)^n*A",
    "A^n*A = A^(n+1)",
    "diff(A*B, x) = diff(A, x)*B + A*diff(B, x)",
    "diff(A/B, x) = (diff(A, x)*B - A*diff(B, x))/B^2",
    "diff(sin(A), x) = cos(A)*diff(A, x)",
    "diff(exp(A), x) = exp(A)*diff(A, x)",
    "diff(ln(A), x) = diff(A, x)/A",
    "diff(sqrt(A), x) = diff(A, x)/(2*sqrt(A))",
    "diff(A^3, x) = 3*A^2*diff(A, x)",
    "diff(A^a, x) = a*A^(a-1)*diff(A, x)",
    "diff(atan(A), x) = diff(A, x)/(1+A^2)",
    "diff(tanh(A), x) = (1-tanh(A)^2)*diff(A, x)",
    "diff(abs(A), x) = A/abs(A)*diff(A, x)",
    "diff(A+B, x, 2) = diff(A, x, 2) + diff(B, x, 2)",
];

fn known() -> (Symbols, Names) {
    super::tests::symbols("x:R y:R a:P b:P n:N F:+x H:?x,y")
}

fn symbols() -> Symbols {
    known().0
}

fn term(text: &str) -> Expr {
    parse(text, &known().1).expect(text)
}

/// A fixed stream of choices.
struct Choices(u64);

impl Choices {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % n
    }

    fn term(&mut self, depth: usize) -> String {
        const LEAVES: [&str; 12] = ["x", "y", "a", "b", "n", "F(x)", "H(x,y)", "2", "0.3", "pi", "x", "F(y)"];
        const FUNCTIONS: [&str; 11] = ["exp", "ln", "sqrt", "sin", "cos", "tan", "sinh", "cosh", "tanh", "atan", "abs"];
        if depth == 0 || self.below(5) == 0 {
            return LEAVES[self.below(LEAVES.len())].to_owned();
        }
        let mut next = || self.term(depth - 1);
        let (p, q) = (next(), next());
        match self.below(9) {
            0 | 1 => format!("({p}+{q})"),
            2 => format!("({p}-{q})"),
            3 | 4 => format!("({p}*{q})"),
            5 => format!("({p}/({q}))"),
            6 => format!("({p})^{}", ["2", "3", "(-1)", "a", "(1/2)", "n", "(3/2)"][self.below(7)]),
            7 => format!("{}({p})", FUNCTIONS[self.below(FUNCTIONS.len())]),
            _ if self.below(3) == 0 => format!("diff({p}, x)"),
            _ => format!("(-{p})"),
        }
    }
}

/// Both sides of a law for random terms.
fn sides(choices: &mut Choices, law: &str) -> (String, String) {
    let (a, b) = (choices.term(2), choices.term(2));
    let put = |side: &str| side.replace('A', &format!("({a})")).replace('B', &format!("({b})"));
    let (left, right) = law.split_once(" = ").expect("an equation");
    (put(left), put(right))
}

#[test]
fn true_equations_between_random_terms_are_never_refuted() {
    let mut choices = Choices(1);
    for round in 0..7 {
        for law in LAWS {
            let (left, right) = sides(&mut choices, law);
            let claim = Claim::Equal { left: term(&left), right: term(&right) };
            assert_eq!(refute(&symbols(), &claim), None, "round {round}: {left} = {right}");
        }
    }
}

#[test]
fn slightly_wrong_ones_are() {
    let mut choices = Choices(2);
    let (mut found, mut all) = (0, 0);
    for law in LAWS {
        for wrong in ["(S) + 1e-25", "(S)*(1 + 1e-40)", "(S) + 1e-3*x"] {
            let (left, right) = sides(&mut choices, law);
            let left = wrong.replace('S', &left);
            let claim = Claim::Equal { left: term(&left), right: term(&right) };
            all += 1;
            found += usize::from(refute(&symbols(), &claim).is_some());
        }
    }
    // What is defined nowhere, and zero times a little, cannot be.
    assert!(found * 10 >= all * 8, "{found} of {all}");
}

#[test]
fn inequalities_that_hold_are_never_refuted() {
    let mut choices = Choices(3);
    for round in 0..6 {
        for law in [
            "2*(A)*(B) < (A)^2 + (B)^2 + 1e-9",
            "0 < exp(A)",
            "0 < cosh(A) - 0.999999",
            "0 < (A)^2 + a",
            "sin(A) < 1 + 1e-12",
            "abs(tanh(A)) < 1 + 1e-12",
            "A < A + b",
            "A < exp(A)",
        ] {
            let (a, b) = (choices.term(2), choices.term(2));
            let text = law.replace('A', &format!("({a})")).replace('B', &format!("({b})"));
            let (smaller, larger) = text.split_once(" < ").expect("an inequality");
            let claim = Claim::Less { smaller: term(smaller), larger: term(larger), over: BTreeMap::new() };
            assert_eq!(refute(&symbols(), &claim), None, "round {round}: {text}");
        }
    }
}

#[test]
fn refuting_is_quick() {
    let claims: Vec<Claim> = ["(x+y)^2 = x^2 + y^2", "sin(x)^2 + cos(x)^2 = 1 + 1e-9", "diff(F(x), x) = F(x)*a"]
        .iter()
        .map(|text| {
            let (left, right) = text.split_once(" = ").expect("an equation");
            Claim::Equal { left: term(left), right: term(right) }
        })
        .collect();
    let start = std::time::Instant::now();
    for _ in 0..100 {
        for claim in &claims {
            assert!(refute(&symbols(), claim).is_some());
        }
    }
    println!("{:?} for a refutation", start.elapsed() / 300);
    assert!(start.elapsed().as_secs() < 20);
}
