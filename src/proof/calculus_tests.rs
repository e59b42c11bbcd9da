//! Series, limits and integrals that must be proved, and others that must not.

use super::tests::symbols;
use super::*;
use crate::expr::{Names, parse};

fn term(text: &str, names: &Names) -> Expr {
    parse(text, names).unwrap_or_else(|e| panic!("{text}: {e}"))
}

fn place(text: &str, names: &Names) -> Place {
    match text {
        "inf" => Place::Infinity,
        "-inf" => Place::MinusInfinity,
        _ => Place::At(term(text, names)),
    }
}

/// One letter for a verdict: `p`, `r`, `u`, with what is said.
fn verdict(symbols: &Symbols, claim: &Claim) -> (char, String) {
    match judge(symbols, claim, &[]) {
        Verdict::Proved(theorem) => ('p', format!("{:?} {:?}", theorem.conditions, theorem.steps)),
        Verdict::Refuted(witness) => ('r', format!("{witness:?}")),
        Verdict::Unknown(why) => ('u', why),
    }
}

const ALL: &str = "z:R x:P r:R t:P a:P b:P c:P d:R n:N F:+x G:?x H:?x,y";

fn check(table: &[(&str, String, (char, String))]) {
    let failed: Vec<String> = table
        .iter()
        .filter(|(wanted, _, (found, _))| !wanted.contains(*found))
        .map(|(wanted, claim, (found, why))| format!("{wanted} but {found}: {claim}: {why}"))
        .collect();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// Wanted verdicts, term, variable, place, order, other side.
const SERIES: &[(&str, &str, &str, &str, u32, &str)] = &[
    ("p", "exp(z)", "z", "0", 4, "1+z+z^2/2+z^3/6+z^4/24"),
    ("r", "exp(z)", "z", "0", 4, "1+z+z^2/2+z^3/6+z^4/25"),
    ("p", "exp(z)", "z", "0", 3, "1+z+z^2/2+z^3/6+z^4/25"),
    ("p", "sin(z)", "z", "0", 6, "z-z^3/6+z^5/120"),
    ("p", "cos(a*z)", "z", "0", 4, "1-a^2*z^2/2+a^4*z^4/24"),
    ("p", "1/(1-z)", "z", "0", 5, "1+z+z^2+z^3+z^4+z^5"),
    ("p", "1/(a+z)", "z", "0", 2, "1/a-z/a^2+z^2/a^3"),
    ("p", "1/(d+z)", "z", "0", 2, "1/d-z/d^2+z^2/d^3"),
    ("p", "ln(1+z)", "z", "0", 4, "z-z^2/2+z^3/3-z^4/4"),
    ("r", "ln(1+z)", "z", "0", 4, "z-z^2/2+z^3/3+z^4/4"),
    ("p", "sqrt(1+z)", "z", "0", 3, "1+z/2-z^2/8+z^3/16"),
    ("p", "(1+z)^d", "z", "0", 2, "1+d*z+d*(d-1)*z^2/2"),
    ("p", "(1+z)^(-1/2)", "z", "0", 2, "1-z/2+3*z^2/8"),
    ("p", "tanh(z)", "z", "0", 5, "z-z^3/3+2*z^5/15"),
    ("p", "tan(z)", "z", "0", 5, "z+z^3/3+2*z^5/15"),
    ("p", "atan(z)", "z", "0", 7, "z-z^3/3+z^5/5-z^7/7"),
    ("p", "atan(1+z)", "z", "0", 2, "pi/4+z/2-z^2/4"),
    ("p", "sinh(z)/z", "z", "0", 3, "1+z^2/6"),
    ("p", "z/(exp(z)-1)", "z", "0", 4, "1-z/2+z^2/12-z^4/720"),
    ("p", "1/sin(z)", "z", "0", 1, "1/z+z/6"),
    ("p", "1/z^2+exp(z)/z", "z", "0", 0, "1/z^2+1/z+1"),
    ("p", "F(a+z)", "z", "0", 1, "F(a)+z*diff(F(a),a)"),
    ("p", "G(r+z)", "z", "0", 2, "G(r)+z*diff(G(r),r)+z^2*diff(G(r),r,2)/2"),
    ("r", "G(r+z)", "z", "0", 2, "G(r)+z*diff(G(r),r)+z^2*diff(G(r),r,2)"),
    ("p", "ln(F(a+z))", "z", "0", 1, "ln(F(a))+z*diff(F(a),a)/F(a)"),
    ("p", "H(z,r+2*z)", "z", "0", 1, "H(0,r)+z*diff(H(z,r),z)+2*z*diff(H(z,r),r)"),
    ("p", "exp(r)", "r", "z", 2, "exp(z)*(1+(r-z)+(r-z)^2/2)"),
    ("p", "ln(x)", "x", "a", 2, "ln(a)+(x-a)/a-(x-a)^2/(2*a^2)"),
    ("p", "diff(exp(a*z)/z,z)", "z", "0", 0, "-1/z^2+a^2/2"),
    ("u", "sqrt(x)*exp(x)", "x", "0", 1, "sqrt(x)"),
    ("r", "sqrt(x)*exp(x)", "x", "0", 2, "sqrt(x)"),
    ("u", "x*ln(x)*exp(x)", "x", "0", 1, "x*ln(x)"),
    ("p", "exp(-1/x)", "x", "0", 6, "0"),
    ("r", "exp(-1/z)", "z", "0", 6, "0"),
    ("u", "sqrt(z)", "z", "0", 1, "sqrt(z)"),
    ("r", "abs(z)", "z", "0", 1, "z"),
    ("p", "abs(z)", "z", "0", 2, "abs(z)"),
    ("p", "abs(x)", "x", "0", 1, "x"),
    ("u", "sin(1/z)", "z", "0", 0, "0"),
    ("r", "sqrt(d^2+z)", "z", "0", 1, "d+z/(2*d)"),
    ("p", "sqrt(d^2+z)", "z", "0", 1, "abs(d)+z*abs(d)/(2*d^2)"),
    ("r", "(1+z)^n", "z", "0", 2, "1+n*z+n^2*z^2/2"),
    ("p", "(1+z)^n", "z", "0", 2, "1+n*z+n*(n-1)*z^2/2"),
    ("r", "ln(z)", "z", "0", 2, "z"),
    ("r", "ln(d+z)", "z", "0", 1, "ln(d)+z/d+z^2+1/z"),
    ("p", "ln(d+z)", "z", "0", 1, "ln(d)+z/d"),
    ("r", "1/(d+z)", "z", "0", 0, "d"),
    ("p", "b/(1-(1-a*z)^2)", "z", "0", 0, "b/(2*a*z)+b/4"),
    ("p", "-ln(1-a*z/2)/z", "z", "0", 1, "a/2+a^2*z/8"),
    ("p", "(1-a*z)^(b/z)", "z", "0", 0, "exp(-a*b)"),
    ("r", "(1-a*z)^(b/z)", "z", "0", 1, "exp(-a*b)"),
    ("p", "z^3+r", "z", "0", 16, "r+z^3"),
];

#[test]
fn series_are_judged() {
    let (symbols, names) = symbols(ALL);
    let judged = SERIES.iter().map(|(wanted, of, variable, about, order, equals)| {
        let claim = Claim::Series {
            of: term(of, &names),
            variable: (*variable).into(),
            about: term(about, &names),
            order: *order,
            equals: term(equals, &names),
        };
        (*wanted, format!("{of} = {equals} to {order} in {variable} about {about}"), verdict(&symbols, &claim))
    });
    check(&judged.collect::<Vec<_>>());
}

/// Wanted verdicts, term, variable, place, limit.
const LIMITS: &[(&str, &str, &str, &str, &str)] = &[
    // Zero, however hidden, is not above zero.
    ("ru", "x*(sqrt(3+2*sqrt(2))-1-sqrt(2))", "x", "inf", "inf"),
    ("p", "sin(z)/z", "z", "0", "1"),
    ("r", "sin(z)/z", "z", "0", "2"),
    ("p", "(1+1/x)^x", "x", "inf", "exp(1)"),
    ("p", "(1-a*z)^(1/z)", "z", "0", "exp(-a)"),
    ("p", "x^n*exp(-x)", "x", "inf", "0"),
    ("p", "x^d*exp(-a*x)", "x", "inf", "0"),
    ("r", "x^d*exp(-d*x)", "x", "inf", "0"),
    ("p", "ln(x)/x^a", "x", "inf", "0"),
    ("p", "ln(x)^5/x^a", "x", "inf", "0"),
    ("p", "x^a*ln(x)", "x", "0", "0"),
    ("p", "tanh(x)", "x", "inf", "1"),
    ("p", "tanh(z)", "z", "-inf", "-1"),
    ("p", "tanh(a*z)", "z", "inf", "1"),
    ("r", "tanh(d*x)", "x", "inf", "1"),
    ("r", "tanh(z)", "z", "-inf", "1"),
    ("p", "atan(z)", "z", "-inf", "-pi/2"),
    ("p", "atan(x)", "x", "inf", "pi/2"),
    ("p", "sin(x)/x", "x", "inf", "0"),
    ("p", "z*sin(1/z)", "z", "0", "0"),
    ("r", "sin(1/z)", "z", "0", "0"),
    ("r", "sin(x)", "x", "inf", "0"),
    ("r", "1/z", "z", "0", "inf"),
    ("p", "1/x", "x", "0", "inf"),
    ("p", "1/z^2", "z", "0", "inf"),
    ("r", "1/z^2", "z", "0", "0"),
    ("r", "abs(z)/z", "z", "0", "1"),
    ("p", "abs(z)", "z", "0", "0"),
    ("p", "abs(x)/x", "x", "0", "1"),
    ("r", "exp(-d^2*x)", "x", "inf", "0"),
    ("p", "exp(-a^2*x)", "x", "inf", "0"),
    ("p", "(x^2+1)/(2*x^2-3*x)", "x", "inf", "1/2"),
    ("p", "x*(sqrt(x^2+a)-x)", "x", "inf", "a/2"),
    ("p", "x^(1/x)", "x", "inf", "1"),
    ("p", "x^x", "x", "0", "1"),
    ("u", "z*ln(z)", "z", "0", "0"),
    ("p", "exp(x)/x^100", "x", "inf", "inf"),
    ("p", "exp(x^2)/exp(100*x)", "x", "inf", "inf"),
    ("p", "x^2*(tanh(x)-1)", "x", "inf", "0"),
    ("p", "exp(2*x)*(tanh(x)-1)", "x", "inf", "-2"),
    ("p", "exp(-1/x)/x^3", "x", "0", "0"),
    ("p", "F(z)", "z", "0", "F(0)"),
    ("p", "(G(r+z)-G(r))/z", "z", "0", "diff(G(r),r)"),
    ("p", "(G(r+z)-2*G(r)+G(r-z))/z^2", "z", "0", "diff(G(r),r,2)"),
    ("r", "(G(r+z)-2*G(r)+G(r-z))/z^2", "z", "0", "2*diff(G(r),r,2)"),
    ("u", "G(1/x)*x^2", "x", "0", "0"),
    ("p", "(x^2-1)/(x-1)", "x", "1", "2"),
    ("p", "(x^2-a^2)/(x-a)", "x", "a", "2*a"),
    ("p", "a*b/(1-(1-a*z)^2)*z", "z", "0", "b/2"),
    ("p", "n*ln(1+a/n)", "n", "inf", "a"),
    ("p", "(1+a/n)^n", "n", "inf", "exp(a)"),
    ("u", "(-1)^n", "n", "inf", "0"),
    ("u", "sqrt(-x)", "x", "inf", "0"),
    ("p", "ln(ln(x))/ln(x)", "x", "inf", "0"),
    ("r", "ln(ln(x))/ln(x)", "x", "inf", "1"),
    ("p", "ln(ln(x)^2/x)+ln(x)-2*ln(ln(x))", "x", "inf", "0"),
    ("p", "exp(sqrt(ln(x)))/x", "x", "inf", "0"),
    ("p", "exp(ln(x)^2)/x^50", "x", "inf", "inf"),
    ("p", "exp(-sqrt(ln(x)))*ln(x)^3", "x", "inf", "0"),
    ("p", "x*exp(-sqrt(ln(x)))", "x", "inf", "inf"),
    ("u", "ln(ln(ln(x)))", "x", "inf", "inf"),
    ("r", "cos(x)", "x", "inf", "1"),
    ("r", "x*sin(x)", "x", "inf", "inf"),
    ("p", "sin(x)/x", "x", "inf", "0"),
    ("r", "cos(x)^2+sin(x)^2+cos(x^2)*0", "x", "inf", "2*G(0)"),
    ("u", "sin(x)+sin(x^2)", "x", "inf", "0"),
    ("u", "sin(n)", "n", "inf", "0"),
    ("r", "cos(d*x)", "x", "inf", "0"),
    ("p", "(1-d/n)^n", "n", "inf", "exp(-d)"),
    ("u", "(-1)^n*n", "n", "inf", "inf"),
    ("p", "(-1)^n/n*(-1)^n*n", "n", "inf", "1"),
    ("p", "d", "z", "0", "d"),
    ("u", "1/(z-z)", "z", "0", "0"),
    ("r", "(1+d)*z/((1-d)*(2*(1+d)-z)*z)", "z", "0", "1/(2*(1-d))"),
    ("p", "(1+a)*z/((1-a)*(2*(1+a)-z)*z)", "z", "0", "1/(2*(1-a))"),
    ("p", "ln(1+exp(x))-x", "x", "inf", "0"),
    ("p", "ln(cosh(z))-abs(z)", "z", "-inf", "-ln(2)"),
    ("r", "tan(z)", "z", "pi/2", "inf"),
    ("r", "d*z/(d*z+z^2)", "z", "0", "1"),
    ("r", "x^(d^2)", "x", "inf", "inf"),
    ("r", "1/(d*x+1)", "x", "inf", "0"),
    ("r", "exp(x*sin(x))", "x", "inf", "inf"),
    ("u", "atan(G(z)/z)", "z", "0", "pi/2"),
    ("u", "G(x)*exp(-x)", "x", "inf", "0"),
    ("u", "z*sin(1/z)/sin(1/z)", "z", "0", "0"),
    ("r", "diff(abs(z),z)", "z", "0", "1"),
    ("u", "exp(-G(a)*x)", "x", "inf", "0"),
    ("p", "exp(-F(a)*x)", "x", "inf", "0"),
    ("u", "ln(d*x)", "x", "inf", "0*ln(-d)"),
];

#[test]
fn limits_are_judged() {
    let (symbols, names) = symbols(ALL);
    let judged = LIMITS.iter().map(|(wanted, of, variable, to, equals)| {
        let claim = Claim::Limit {
            of: term(of, &names),
            variable: (*variable).into(),
            to: place(to, &names),
            equals: place(equals, &names),
        };
        (*wanted, format!("{of} -> {equals} for {variable} -> {to}"), verdict(&symbols, &claim))
    });
    check(&judged.collect::<Vec<_>>());
}

type Row = (&'static str, &'static str, &'static str, [&'static str; 2], &'static str, &'static str);

/// Wanted verdicts, integrand, variable, ends, value, antiderivative.
const INTEGRALS: &[Row] = &[
    ("p", "x^2", "x", ["0", "1"], "1/3", ""),
    ("r", "x^2", "x", ["0", "1"], "1/2", ""),
    ("p", "x^2", "x", ["0", "1"], "1/3", "x^3/3"),
    ("p", "x^2", "x", ["0", "1"], "1/3", "x^3/4"),
    ("r", "x^2", "x", ["0", "1"], "1/4", "x^3/4"),
    ("ru", "1/sqrt(abs(z-1))^3", "z", ["0", "2"], "-4", "-2*(z-1)/sqrt(abs(z-1))^3"),
    ("p", "z^2", "z", ["r", "d"], "(d^3-r^3)/3", ""),
    ("p", "exp(-a*x)", "x", ["0", "inf"], "1/a", ""),
    ("u", "exp(-d*x)", "x", ["0", "inf"], "1/d", ""),
    ("p", "exp(-d*x)", "x", ["0", "1"], "(1-exp(-d))/d", ""),
    ("p", "x^5*exp(-a*x)", "x", ["0", "inf"], "120/a^6", ""),
    ("r", "x^n*exp(-a*x)", "x", ["0", "inf"], "0", ""),
    ("p", "exp(-z^2)", "z", ["-inf", "inf"], "sqrt(pi)", ""),
    ("p", "exp(-x^2)", "x", ["0", "inf"], "sqrt(pi)/2", ""),
    ("p", "exp(-a*z^2/2)", "z", ["-inf", "inf"], "sqrt(2*pi/a)", ""),
    ("r", "exp(-a*z^2/2)", "z", ["-inf", "inf"], "sqrt(pi/a)", ""),
    ("p", "z^2*exp(-a*z^2/(2*b))/sqrt(2*pi*b/a)", "z", ["-inf", "inf"], "b/a", ""),
    ("p", "z^4*exp(-a*z^2/(2*b))/sqrt(2*pi*b/a)", "z", ["-inf", "inf"], "3*b^2/a^2", ""),
    ("p", "z*exp(-z^2)", "z", ["-inf", "inf"], "0", ""),
    ("p", "exp(-a*z^2+d*z+r)", "z", ["-inf", "inf"], "sqrt(pi/a)*exp(r+d^2/(4*a))", ""),
    ("p", "(z-d)^2*exp(-(z-d)^2/(2*a))", "z", ["-inf", "inf"], "a*sqrt(2*pi*a)", ""),
    ("p", "exp(r*z)*exp(-(z-d)^2/(2*a))", "z", ["-inf", "inf"], "sqrt(2*pi*a)*exp(r*d+r^2*a/2)", ""),
    ("p", "exp(-r*z^2)", "z", ["-inf", "inf"], "sqrt(pi/r)", ""),
    ("r", "exp(-r*z^2)", "z", ["-inf", "inf"], "sqrt(pi)", ""),
    ("p", "1/z", "z", ["a", "b"], "ln(b/a)", ""),
    ("u", "1/z", "z", ["d", "b"], "ln(b/d)", ""),
    ("r", "1/z^2", "z", ["-1", "1"], "-2", ""),
    ("r", "1/(z-1/3)", "z", ["0", "1"], "ln(2)", ""),
    ("r", "1/x", "x", ["1", "inf"], "1", ""),
    ("r", "exp(x)", "x", ["0", "inf"], "-1", ""),
    ("r", "z/(1+z^2)", "z", ["-inf", "inf"], "0", ""),
    ("r", "1/(a*x)", "x", ["0", "b"], "1", ""),
    ("r", "1/(d*x)^d", "x", ["0", "1"], "1", ""),
    ("r", "1/z^2", "z", ["-1", "1"], "-2", "-1/z"),
    ("p", "1/z^2", "z", ["1", "inf"], "1", ""),
    ("p", "1/(1+z^2)", "z", ["-inf", "inf"], "pi", ""),
    ("p", "1/(a^2+z^2)", "z", ["-inf", "inf"], "pi/a", ""),
    ("p", "1/(z^2-4)", "z", ["-1", "1"], "-ln(3)/2", ""),
    ("r", "1/(z^2-4)", "z", ["-1", "3"], "-ln(15)/4", ""),
    ("r", "1/(z^2-z-1)", "z", ["0", "2"], "0", ""),
    ("r", "1/(z^2-d)", "z", ["0", "2"], "0", ""),
    ("p", "1/sqrt(1-z^2)*z", "z", ["0", "1"], "1", ""),
    ("p", "x^a", "x", ["0", "1"], "1/(a+1)", ""),
    ("p", "x^(a-1)", "x", ["0", "b"], "b^a/a", ""),
    ("u", "x^d", "x", ["0", "1"], "1/(d+1)", ""),
    ("p", "ln(x)", "x", ["0", "1"], "-1", ""),
    ("p", "x*ln(x)", "x", ["0", "1"], "-1/4", ""),
    ("p", "ln(x)/x", "x", ["1", "b"], "ln(b)^2/2", ""),
    ("p", "sin(z)", "z", ["0", "pi"], "2", ""),
    ("p", "sin(z)^2", "z", ["0", "2*pi"], "pi", ""),
    ("p", "z*cos(a*z)", "z", ["0", "1"], "sin(a)/a+cos(a)/a^2-1/a^2", ""),
    ("p", "exp(-a*x)*cos(b*x)", "x", ["0", "inf"], "a/(a^2+b^2)", ""),
    ("p", "tanh(z)", "z", ["0", "a"], "ln(cosh(a))", ""),
    ("p", "1/cosh(z)^2", "z", ["-inf", "inf"], "2", ""),
    ("p", "1/cosh(z)", "z", ["-inf", "inf"], "pi", ""),
    ("p", "diff(G(z),z)", "z", ["r", "d"], "G(d)-G(r)", ""),
    ("p", "diff(G(z),z)*exp(-G(z))", "z", ["r", "d"], "exp(-G(r))-exp(-G(d))", ""),
    ("p", "diff(F(z),z)/F(z)", "z", ["r", "d"], "ln(F(d)/F(r))", ""),
    ("u", "diff(G(z),z)", "z", ["0", "inf"], "-G(0)", ""),
    ("p", "G(r)*z", "z", ["0", "1"], "G(r)/2", ""),
    ("p", "z/(1+z^2)^2", "z", ["0", "inf"], "1/2", ""),
    ("r", "1/x", "x", ["0", "1"], "1", ""),
    ("r", "z", "z", ["-inf", "inf"], "0", ""),
    ("p", "abs(z)", "z", ["-1", "1"], "1", "z*abs(z)/2"),
    ("r", "sin(x)", "x", ["0", "inf"], "1", ""),
    ("r", "sin(d*x)", "x", ["0", "inf"], "1/d", ""),
    ("p", "exp(-a*z^2)*cos(d*z)", "z", ["-inf", "inf"], "sqrt(pi/a)*exp(-d^2/(4*a))", ""),
    ("r", "exp(-a*z^2)*cos(d*z)", "z", ["-inf", "inf"], "sqrt(pi/a)*exp(-d^2/(2*a))", ""),
    ("p", "exp(-a*z^2)*cos(d*z)", "z", ["0", "inf"], "sqrt(pi/a)*exp(-d^2/(4*a))/2", ""),
    ("r", "exp(-a*z^2)*sin(d*z)", "z", ["0", "inf"], "0", ""),
    ("p", "exp(-a*(z-d)^2)*sin(b*z)", "z", ["-inf", "inf"], "sqrt(pi/a)*exp(-b^2/(4*a))*sin(b*d)", ""),
    ("p", "z^2*exp(-a*z^2)*cos(d*z)", "z", ["-inf", "inf"], "sqrt(pi/a)*exp(-d^2/(4*a))*(1/(2*a)-d^2/(4*a^2))", ""),
    ("p", "exp(-z^2)*cos(d*z)^2", "z", ["-inf", "inf"], "sqrt(pi)/2*(1+exp(-d^2))", ""),
    ("p", "exp(-z^2)*cos(z)*sin(z)^2", "z", ["-inf", "inf"], "sqrt(pi)/4*(exp(-1/4)-exp(-9/4))", ""),
    ("r", "exp(-z^2)*sin(d*z)^2", "z", ["-inf", "inf"], "sqrt(pi)/2*(1+exp(-d^2))", ""),
    ("p", "exp(-ln(z)^2/2)/z", "z", ["0", "inf"], "sqrt(2*pi)", ""),
    ("p", "exp(-z-exp(-z))", "z", ["-inf", "inf"], "1", ""),
    ("p", "exp(-z)", "z", ["inf", "0"], "-1", ""),
    ("u", "x", "x", ["-1", "1"], "0", ""),
    ("r", "exp(-z)", "z", ["inf", "0"], "1", ""),
    ("p", "tan(z)", "z", ["0", "1"], "-ln(cos(1))", ""),
    ("r", "tan(z)", "z", ["0", "2"], "-ln(abs(cos(2)))", ""),
    ("p", "1/(z*ln(z)^2)", "z", ["2", "inf"], "1/ln(2)", ""),
    ("u", "1/(z*ln(z)^2)", "z", ["1/2", "inf"], "1/ln(2)", ""),
    ("r", "exp(-z^4)", "z", ["-inf", "inf"], "sqrt(pi)", ""),
    ("u", "exp(-z^4)", "z", ["-inf", "inf"], "1.8128049541109541", ""),
    ("r", "1/(1+z^4)", "z", ["-inf", "inf"], "pi/2", ""),
    ("r", "exp(-z)*ln(z)", "z", ["0", "inf"], "-1/2", ""),
    ("r", "sin(z)/z", "z", ["0", "1"], "1", ""),
    ("p", "x/(x+a)", "x", ["0", "a"], "a*(1-ln(2))", ""),
    ("p", "2*z", "z", ["1", "0"], "-1", ""),
    ("r", "exp(sin(z))", "z", ["0", "1"], "1.63186", ""),
    ("r", "exp(sin(z))", "z", ["0", "1"], "1.631869608418051", "exp(z)"),
    ("r", "1/(1+z^12)", "z", ["1", "0"], "0.93", ""),
    ("r", "exp(-G(z)^2)", "z", ["0", "1"], "2", ""),
    ("r", "exp(-a*z^2)", "z", ["0", "pi"], "sqrt(pi/a)/2", ""),
    ("u", "1/sqrt(abs(sin(x)))", "x", ["0", "1"], "1", ""),
    ("p", "exp(-abs(z))", "z", ["-inf", "inf"], "2", ""),
    ("r", "exp(-abs(z))", "z", ["-inf", "inf"], "1", ""),
    ("p", "exp(-a*abs(z-d))", "z", ["-inf", "inf"], "2/a", ""),
    ("r", "z*abs(z)", "z", ["-inf", "inf"], "0", ""),
    ("r", "1/z", "z", ["-1", "1"], "0", ""),
    ("r", "1/abs(z)", "z", ["-1", "1"], "0", ""),
    ("p", "1/sqrt(abs(z))", "z", ["-1", "1"], "4", ""),
    ("p", "exp(-x)/sqrt(x)", "x", ["0", "inf"], "sqrt(pi)", ""),
    ("p", "1/sqrt(1-z^2)", "z", ["-1", "1"], "pi", ""),
    ("p", "sqrt(a^2-z^2)", "z", ["-a", "a"], "pi*a^2/2", ""),
    ("p", "1/(1+z^2)^2", "z", ["-inf", "inf"], "pi/2", ""),
    ("p", "atan(x)", "x", ["0", "1"], "pi/4-ln(2)/2", ""),
    ("p", "1/(1+exp(x))", "x", ["0", "inf"], "ln(2)", ""),
    ("r", "tan(z)", "z", ["0", "pi"], "0", ""),
    ("r", "1/cos(z)^2", "z", ["0", "pi"], "0", "tan(z)"),
    ("u", "diff(atan(1/z),z)", "z", ["-1", "1"], "pi/2", "atan(1/z)"),
    ("ru", "exp(1/z)/z^2", "z", ["-1", "1"], "exp(-1)-exp(1)", ""),
    ("u", "1/(a-x)", "x", ["0", "b"], "-ln(abs(1-b/a))", ""),
    ("u", "exp(d*x)", "x", ["0", "inf"], "-1/d", ""),
    ("r", "1/(1+z^2)", "z", ["d", "-d"], "2*atan(d)", ""),
    ("u", "1/(d+x)^2", "x", ["0", "inf"], "1/d", ""),
    ("p", "1/z", "z", ["2", "1"], "-ln(2)", ""),
];

#[test]
fn integrals_are_judged() {
    let (symbols, names) = symbols(ALL);
    let judged = INTEGRALS.iter().map(|(wanted, integrand, variable, [lower, upper], equals, antiderivative)| {
        let claim = Claim::Integral {
            integrand: term(integrand, &names),
            variable: (*variable).into(),
            lower: place(lower, &names),
            upper: place(upper, &names),
            equals: term(equals, &names),
            antiderivative: (!antiderivative.is_empty()).then(|| term(antiderivative, &names)),
        };
        (*wanted, format!("{integrand} from {lower} to {upper} = {equals}"), verdict(&symbols, &claim))
    });
    check(&judged.collect::<Vec<_>>());
}
