//! Equalities in cases: a real symbol is above zero, zero, or below; and `a = b` where `exp(a) = exp(b)`.

use super::Step;
use super::assignment::used;
use super::claim::{Assumption, Symbols};
use super::equal::agree;
use super::read::shortened;
use super::sign::Sign;
use super::substitution::is_differentiated;
use super::tower::Tower;
use crate::expr::{Expr, Function, Node};
use std::collections::{BTreeSet, HashSet};

/// Symbols that are looked at in cases, one inside of the other.
const MOST_SYMBOLS: usize = 2;

/// What two terms demand to be defined, where they agree in every case.
pub(super) fn agree_by_cases(
    symbols: &Symbols,
    left: &Expr,
    right: &Expr,
    steps: &mut Vec<Step>,
) -> Result<Vec<String>, String> {
    match agree_or_so(symbols, left, right) {
        Ok(conditions) => {
            steps.push(step("equal", left, right));
            return Ok(conditions);
        }
        Err(why) if !has_kinks(left) && !has_kinks(right) => return Err(why),
        Err(_) => {}
    }
    let known = used(symbols, &[left, right], &[]);
    let reals = known.iter().filter(|(_, known)| ***known == Assumption::Real).map(|(name, _)| *name);
    let split: Vec<&str> =
        reals.filter(|name| !is_differentiated(left, name) && !is_differentiated(right, name)).collect();
    if split.is_empty() || split.len() > MOST_SYMBOLS {
        return Err("there are no cases, or too many, to look at".into());
    }
    let mut conditions = BTreeSet::new();
    if !in_cases(symbols, (left, right), &split, "", steps, &mut conditions)? {
        return Err("no point was found where both sides are defined".into());
    }
    Ok(conditions.into_iter().collect())
}

/// Whether the terms are defined somewhere; an error where they were not shown to agree in some case.
fn in_cases(
    symbols: &Symbols,
    (left, right): (&Expr, &Expr),
    split: &[&str],
    before: &str,
    steps: &mut Vec<Step>,
    conditions: &mut BTreeSet<String>,
) -> Result<bool, String> {
    let Some((name, more)) = split.split_first() else {
        return match agree_or_so(symbols, left, right) {
            Ok(found) => {
                let within = |text: String| if before.is_empty() { text } else { format!("{text} ({before})") };
                conditions.extend(found.into_iter().map(within));
                let Step { rule, text, latex } = step("case", left, right);
                steps.push(Step { rule, text: format!("{before}: {text}"), latex });
                Ok(true)
            }
            Err(_) if is_nowhere(symbols, left) || is_nowhere(symbols, right) => {
                let text = format!("{before}: not both sides are defined");
                steps.push(Step { rule: "case", text, latex: String::new() });
                Ok(false)
            }
            Err(why) => Err(format!("{before}: {why}")),
        };
    };
    let mut somewhere = false;
    let x = Expr::symbol(name);
    for (words, by) in [
        (format!("{name} > 0"), x.clone()),
        (format!("{name} = 0"), Expr::integer(0)),
        (format!("{name} < 0, written -{name}"), -x),
    ] {
        let mut narrowed = symbols.clone();
        narrowed.insert((*name).to_owned(), Assumption::Positive);
        let within = |term: &Expr| term.substitute(&|own: &str| (own == *name).then(|| by.clone()));
        let words = if before.is_empty() { words } else { format!("{before}, {words}") };
        somewhere |= in_cases(&narrowed, (&within(left), &within(right)), more, &words, steps, conditions)?;
    }
    Ok(somewhere)
}

/// Agreement of the terms or, as the exponential takes no value twice, of their exponentials.
fn agree_or_so(symbols: &Symbols, left: &Expr, right: &Expr) -> Result<Vec<String>, String> {
    let known = agree(symbols, left, right);
    if known.is_err() && (contains(left, &[Function::Ln]) || contains(right, &[Function::Ln])) {
        return agree(symbols, &left.exp(), &right.exp()).or(known);
    }
    known
}

/// Whether the sign of a symbol may matter to how a term is read.
fn has_kinks(term: &Expr) -> bool {
    contains(term, &[Function::Abs, Function::Atan, Function::Sqrt])
}

fn contains(term: &Expr, functions: &[Function]) -> bool {
    parts(term).iter().any(|e| matches!(e.node(), Node::Call(f, _) if functions.contains(f)))
}

/// Every part of a term, itself included.
fn parts(term: &Expr) -> Vec<Expr> {
    let (mut seen, mut list, mut pending) = (HashSet::new(), Vec::new(), vec![term.clone()]);
    while let Some(e) = pending.pop() {
        if seen.insert(e.clone()) {
            pending.extend(e.children());
            list.push(e);
        }
    }
    list
}

/// Whether a part of the term has a value at no point: a quotient by zero, a logarithm or root of what is too small.
fn is_nowhere(symbols: &Symbols, term: &Expr) -> bool {
    let sign = |e: &Expr| {
        let mut tower = Tower::new(symbols);
        let read = tower.read(e).ok()?;
        // What is read only away from some points says nothing there.
        tower.conditions.is_empty().then(|| tower.certain_sign(&read))
    };
    let is = |e: &Expr, wanted: Sign| sign(e).is_some_and(|sign| sign.is(wanted));
    parts(term).iter().any(|e| match e.node() {
        Node::Quotient(_, under) => is(under, Sign::ZERO),
        Node::Call(Function::Ln, a) => is(a, Sign::NONNEGATIVE.negative()),
        Node::Call(Function::Sqrt, a) => is(a, Sign::NEGATIVE),
        _ => false,
    })
}

fn step(rule: &'static str, left: &Expr, right: &Expr) -> Step {
    let text = format!("{} = {}", shortened(left), shortened(right));
    Step { rule, text, latex: format!("{} = {}", left.latex(), right.latex()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::parse;

    fn judged(left: &str, right: &str) -> Result<Vec<String>, String> {
        let (symbols, names) = super::super::tests::symbols(super::super::tests::ALL);
        let read = |text: &str| parse(text, &names).expect(text);
        agree_by_cases(&symbols, &read(left), &read(right), &mut Vec::new())
    }

    #[test]
    fn signs_of_real_symbols_are_looked_at_one_by_one() {
        for (left, right) in [
            ("atan(x)+atan(1/x)", "pi/2*x/abs(x)"),
            ("exp(abs(x))+exp(-abs(x))", "2*cosh(x)"),
            ("ln(cosh(x))", "abs(x)+ln(1+exp(-2*abs(x)))-ln(2)"),
            ("ln(x+sqrt(1+x^2))", "-ln(sqrt(1+x^2)-x)"),
            ("atan(1/(x*y))+atan(x*y)", "pi/2*x*y/abs(x*y)"),
            ("ln(abs(x))+abs(x)/x", "ln(abs(x))+x/abs(x)"),
            // Defined at zero only.
            ("sqrt(-abs(x))+cos(x)", "1"),
        ] {
            judged(left, right).unwrap_or_else(|why| panic!("{left} = {right}: {why}"));
        }
    }

    #[test]
    fn one_case_that_fails_is_enough_to_refuse() {
        for (left, right) in [
            ("atan(x)+atan(1/x)", "pi/2"),
            ("exp(abs(x))", "exp(x)"),
            ("sqrt(x^2)+0^abs(x)", "abs(x)"),
            ("1/abs(x)-1/abs(x)", "1/(x-x)"),
            ("ln(-abs(x))", "1"),
            ("sqrt(-abs(x))+cos(x)", "2"),
            ("abs(x)", "x"),
            ("atan(x*y)+atan(1/(x*y))", "pi/2*x/abs(x)"),
            // They differ at zero only.
            ("abs(x)*exp(x-x)+cos(abs(x))^2+sin(x)^2", "abs(x)+abs(x)/x*(x/abs(x))+1e-9"),
        ] {
            assert!(judged(left, right).is_err(), "{left} = {right}");
        }
    }
}
