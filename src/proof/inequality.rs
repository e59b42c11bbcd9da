//! Proofs of `expression > 0` and `smaller < larger` on open boxes.
//!
//! Values of uninterpreted functions, and terms under a function where that helps, become variables of their own in
//! spans that hold all they can be: what holds for all of these holds for the claim. Then, in this order: the enclosure
//! over the whole box; polynomials with exact coefficients in symbols and in parts that are not rational; the same with
//! slopes, from an end; cells with derivatives enclosed. A proof shows on the way that both sides are defined on the
//! whole box.

use super::Step;
use super::assignment::used;
use super::cells::Rule;
use super::claim::{Assumption, Claim, Symbols};
use super::difference::Difference;
use super::ratio::Reader;
use super::sign::Sign;
use super::slopes::Slopes;
use super::span::Variable;
use super::tower::Tower;
use crate::expr::{Expr, Function, Node};
use crate::num::rational::Rational;
use num_traits::Zero;

/// Work for polynomials, in terms.
const MOST_TERMS: usize = 6000;
/// Variables of a cell.
const MOST_VARIABLES: usize = 8;

/// Proves an inequality, or says what was tried.
pub(super) fn prove(symbols: &Symbols, claim: &Claim) -> Result<Vec<Step>, String> {
    let tried = match prove_as_written(symbols, claim) {
        Ok(steps) => return Ok(steps),
        Err(tried) => tried,
    };
    if let Some(step) = reduced(symbols, claim) {
        return Ok(vec![step]);
    }
    in_logarithms(symbols, claim).ok_or(tried)
}

/// The difference, reduced, is of one sign whatever its symbols are, and nothing has to hold for it to be defined.
fn reduced(symbols: &Symbols, claim: &Claim) -> Option<Step> {
    let zero = Expr::integer(0);
    let (smaller, larger, over) = match claim {
        Claim::Positive { expression, over } => (&zero, expression, over),
        Claim::Less { smaller, larger, over } => (smaller, larger, over),
        _ => return None,
    };
    let mut known = symbols.clone();
    for (name, (lower, upper)) in over {
        let empty = lower.as_ref().zip(upper.as_ref()).is_some_and(|(a, b)| a >= b);
        let positive = symbols.get(name) == Some(&Assumption::Positive);
        if empty || positive && upper.as_ref().is_some_and(|b| *b <= Rational::zero()) {
            return None;
        }
        if symbols.get(name) == Some(&Assumption::Real) && lower.as_ref().is_some_and(|a| *a >= Rational::zero()) {
            known.insert(name.clone(), Assumption::Positive);
        }
    }
    let mut tower = Tower::new(&known);
    let (a, b) = (tower.read(smaller).ok()?, tower.read(larger).ok()?);
    let gap = tower.sub(&b, &a).ok()?;
    if !tower.conditions.is_empty() || tower.certain_sign(&gap) != Sign::POSITIVE {
        return None;
    }
    let text = format!("{smaller} < {larger}: the difference is {}, which is above zero", tower.text(&gap));
    Some(Step { rule: "reduced difference", text, latex: format!("{} < {}", smaller.latex(), larger.latex()) })
}

/// `a < exp(g)` where `a > 0` and `ln(a) < g`; `exp(g) < b` where `b > 0` and `g < ln(b)`.
fn in_logarithms(symbols: &Symbols, claim: &Claim) -> Option<Vec<Step>> {
    let Claim::Less { smaller, larger, over } = claim else { return None };
    let (other, ends) = match (smaller.node(), larger.node()) {
        (_, Node::Call(Function::Exp, g)) => (smaller, (smaller.ln(), g.clone())),
        (Node::Call(Function::Exp, g), _) => (larger, (g.clone(), larger.ln())),
        _ => return None,
    };
    let positive = Claim::Positive { expression: other.clone(), over: over.clone() };
    let mut steps = prove_as_written(symbols, &positive).ok()?;
    let less = Claim::Less { smaller: ends.0, larger: ends.1, over: over.clone() };
    steps.extend(prove_as_written(symbols, &less).ok()?);
    let text = format!("{smaller} < {larger}: the logarithm grows");
    steps.push(Step { rule: "monotony", text, latex: format!("{} < {}", smaller.latex(), larger.latex()) });
    Some(steps)
}

fn prove_as_written(symbols: &Symbols, claim: &Claim) -> Result<Vec<Step>, String> {
    let zero = Expr::integer(0);
    let (smaller, larger, over) = match claim {
        Claim::Positive { expression, over } => (&zero, expression, over),
        Claim::Less { smaller, larger, over } => (smaller, larger, over),
        _ => return Err("it is not an inequality".into()),
    };
    let known = used(symbols, &[smaller, larger], &[]);
    let naturals = known.iter().filter(|(_, k)| ***k == Assumption::Natural).map(|(name, _)| (*name).to_owned());
    let difference = Difference::of(smaller, larger, naturals.collect());
    let variables = difference.variables(&known, over)?;
    if variables.iter().any(|v| v.span.is_empty()) {
        return Err("the box is empty".into());
    }
    let text = format!("{smaller} < {larger}");
    let latex = format!("{} < {}", smaller.latex(), larger.latex());
    let step = |rule, how: String| Step { rule, text: format!("{text}: {how}"), latex: latex.clone() };

    let mut relaxed = vec![variables.clone()];
    relaxed.extend(difference.relaxations(&variables));
    for variables in &relaxed {
        let names = listed(variables);
        if difference.value(variables).is_ok_and(|v| v.is_positive()) {
            return Ok(vec![step("enclosure of the difference on the box", names)]);
        }
    }
    // Of a rational difference, everything is known that slopes and cells could find out.
    let mut rational = false;
    for variables in &relaxed {
        let shown = difference.at(variables, |place| {
            let mut reader = Reader::new(variables, place, MOST_TERMS);
            let polynomial = reader.difference([&difference.plus, &difference.minus, &difference.defined])?;
            if reader.is_positive(&polynomial) {
                return Some((0, reader.variables));
            }
            if reader.variables.len() == reader.free {
                rational = true;
                return None;
            }
            let all = reader.variables.clone();
            let cells = Slopes::new(&difference, reader, polynomial).cells()?;
            Some((cells, all))
        });
        match shown {
            Some((0, all)) => {
                return Ok(vec![step("polynomial with exact coefficients that is positive on the box", listed(&all))]);
            }
            Some((cells, all)) => {
                let how = format!("{}; cells: {cells}", listed(&all));
                return Ok(vec![step("exact polynomials that are not negative at an end and grow from there", how)]);
            }
            None => {}
        }
    }
    for variables in relaxed.iter().filter(|v| !rational && v.len() <= MOST_VARIABLES) {
        if let Some(cells) = difference.settled(variables) {
            let count = |rule: Rule| cells.iter().filter(|own| **own == rule).count();
            let parts = [
                ("its enclosure", count(Rule::Enclosed)),
                ("derivatives of one sign from an end", count(Rule::Taylor)),
                ("monotony, from an end", count(Rule::Monotone)),
                ("monotony towards values that are not negative", count(Rule::Falling)),
            ];
            let parts = parts.iter().filter(|(_, n)| *n > 0).map(|(how, n)| format!("{n} by {how}"));
            let how = format!("{}; cells: {}", listed(variables), parts.collect::<Vec<_>>().join(", "));
            return Ok(vec![step("every cell of the box is settled", how)]);
        }
    }
    Err("enclosures over the box, polynomials with exact coefficients, their slopes, and cells with derivatives at their \
         ends did not show it"
        .into())
}

fn listed(variables: &[Variable]) -> String {
    let list: Vec<String> = variables.iter().map(|v| format!("{} in {}", v.term, v.span)).collect();
    if list.is_empty() { "a number".into() } else { list.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::super::witness::refute;
    use super::*;
    use crate::expr::{Names, parse};
    use std::collections::BTreeMap;

    fn known() -> (Symbols, Names) {
        super::super::tests::symbols("x:R y:R a:P b:P n:N F:+x L:?x")
    }

    fn symbols() -> Symbols {
        known().0
    }

    fn term(text: &str) -> Expr {
        parse(text, &known().1).expect(text)
    }

    /// `smaller < larger`, with `x` between two decimals.
    fn less(text: &str, x: (&str, &str)) -> Claim {
        let (smaller, larger) = text.split_once(" < ").expect("an inequality");
        let end = |text: &str| match text {
            "inf" | "-inf" => None,
            _ => term(text).as_number(),
        };
        let over = BTreeMap::from([("x".to_owned(), (end(x.0), end(x.1)))]);
        Claim::Less { smaller: term(smaller), larger: term(larger), over }
    }

    const ALL: (&str, &str) = ("-inf", "inf");

    #[test]
    fn true_inequalities_are_proved() {
        let mut missed = Vec::new();
        for (text, x) in [
            ("0 < x", ("0", "1")),
            ("sin(x) < x", ("0", "1")),
            ("sin(x) < x", ("0", "inf")),
            ("x - x^3/6 < sin(x)", ("0", "3")),
            ("1 - x^2/2 < cos(x)", ("0", "3.2")),
            ("1 + x < exp(x)", ("0", "inf")),
            ("1 + x < exp(x)", ("-inf", "0")),
            ("1 + x + x^2/2 < exp(x)", ("0", "inf")),
            ("ln(1+x) < x", ("0", "inf")),
            ("ln(1+x) < x", ("-1", "0")),
            ("x/(1+x) < ln(1+x)", ("0", "inf")),
            ("tanh(x) < x", ("0", "inf")),
            ("tanh(x) < 1", ALL),
            ("x < tan(x)", ("0", "1.5")),
            ("atan(x) < x", ("0", "inf")),
            ("atan(x) < pi/2", ALL),
            ("x < sinh(x)", ("0", "inf")),
            ("0 < cosh(x)", ALL),
            ("1 < cosh(x)", ("0", "inf")),
            ("0 < x^2 - x + 1", ALL),
            ("0 < x^4 + x^3 + 1", ALL),
            ("0 < 1/(x^2 - x + 1)", ALL),
            ("2*x*y < x^2 + y^2 + 1", ALL),
            ("sqrt(a*b) < a + b", ALL),
            ("0 < F(x)^a*exp(-a*L(x)/b)", ALL),
            ("0 < a*F(x) + b*x^2", ALL),
            ("a < a + F(x)", ALL),
            ("1 + a*x < exp(a*x)", ("0", "inf")),
            ("1 - exp(-a*b) < a*b", ALL),
            ("0 < 1 - exp(-a*b)", ALL),
            ("a*b/(a + b) < a", ALL),
            ("0 < diff(L(x), x)^2 + a", ALL),
            ("exp(-x^2) < 1/(1+x^2)", ("0", "inf")),
            ("x < sqrt(1 + x^2)", ALL),
            ("0 < x - sin(x)*cos(x)", ("0", "2")),
            ("2*x/pi < sin(x)", ("0", "1.57")),
            ("0 < n", ALL),
            ("0 < F(1/x)", ("0", "1")),
            ("0 < 2*n - 1", ALL),
            ("0 < 2^n", ALL),
            ("x^x < 1", ("0", "1")),
            ("0 < x*ln(x) + 1", ("0", "inf")),
            ("0 < (2 - x)*a", ("0", "1.5")),
            ("1 < 2", ALL),
            ("3 < pi", ALL),
            ("pi < 22/7", ALL),
            ("0 < exp(x) - x", ALL),
            ("0 < x - 1 - ln(x)", ("1", "inf")),
            ("0 < x - 1 - ln(x)", ("0", "1")),
            ("ln(x) < x/2", ("0", "inf")),
            ("cosh(x) < exp(x^2/2)", ("0", "inf")),
            ("exp(x/(1+x)) < 1+x", ("0", "inf")),
            ("1/cosh(x)^2 < 1.001-tanh(x)^2", ALL),
            ("sin(x)^2 < 1-cos(x)^2+a", ALL),
        ] {
            let claim = less(text, x);
            assert_eq!(refute(&symbols(), &claim), None, "{text}");
            if let Err(tried) = prove(&symbols(), &claim) {
                missed.push(format!("{text} on {x:?}: {tried}"));
            }
        }
        assert!(missed.is_empty(), "{}", missed.join("\n"));
    }

    #[test]
    fn false_or_undefined_inequalities_are_not_proved() {
        for (text, x) in [
            ("0 < x", ("-1", "1")),
            ("0 < x^2", ("-1", "1")),
            ("0 < x", ALL),
            ("2*x*y < x^2 + y^2", ALL),
            ("sin(x) < x", ("-1", "1")),
            ("sin(x) < 1", ("0", "2")),
            ("0 < x^2 - 2*x + 1", ("0", "3")),
            ("0 < x^2 - 2", ("0", "3")),
            ("0 < (x^2 - 2)^2", ("0", "3")),
            ("1 + x < exp(x)", ALL),
            ("x < x", ALL),
            ("0 < ln(x)", ("-2", "-1")),
            ("0 < 1/x", ("-1", "1")),
            ("0 < sqrt(x - 1) + 1", ("0", "3")),
            ("0 < 1 + x/x", ("-1", "1")),
            ("0 < L(x)", ALL),
            ("F(x) < a", ALL),
            ("0 < diff(F(x), x)", ALL),
            ("0 < 1 + abs(x)/x", ("0", "-1")),
            ("x^a < 1", ("-1", "1")),
            ("0 < tan(x) + 10", ("0", "3")),
            ("0 < 1 + diff(abs(x), x)/2", ("-1", "1")),
            ("1e-30 < x", ("0", "1")),
            ("0 < n - 1", ALL),
            ("0 < F(ln(x)) + 1", ("-1", "1")),
            ("0 < F(ln(-1)) + 1", ALL),
            ("0 < F(1/x)", ("-1", "1")),
            ("exp(x) < 1e30", ALL),
            ("x < 1e30", ALL),
            ("0 < 1e-11 + x*(x - 2e-5)", ("0", "1")),
            ("1/cosh(x)^2 < 1-tanh(x)^2", ALL),
            ("-1 < x/x", ALL),
            ("sin(x)^2 < 1-cos(x)^2+a", ("1", "0")),
            ("-exp(x) < exp(x-1)*abs(x)/abs(x)", ALL),
            ("x < exp(ln(x))+a", ALL),
            ("1 < exp(x)", ALL),
            ("cosh(x) < exp(x^2/2)", ("-1", "1")),
        ] {
            assert!(prove(&symbols(), &less(text, x)).is_err(), "{text} on {x:?}");
        }
    }

    #[test]
    fn steps_say_how() {
        let steps = prove(&symbols(), &less("sin(x) < x", ("0", "1"))).expect("a proof");
        assert!(steps.iter().all(|s| !s.rule.is_empty() && s.text.contains("sin(x) < x") && s.latex.contains("\\sin")));
    }
}
