//! Other ways to write an integral: in two parts at a kink, or in a new variable, its square root, logarithm or
//! exponential.

use super::Step;
use super::claim::{Assumption, Place, Symbols};
use super::expansion::Grown;
use super::integral::{Integral, Piece, is_positive};
use super::read::shortened;
use super::sign::Sign;
use super::tower::Tower;
use crate::expr::{Expr, Function, Node};
use std::collections::HashSet;

/// Sums of integrals with the value of the claimed one, to be tried in turn.
pub(super) fn other_ways(symbols: &Symbols, integral: &Integral<'_>) -> Grown<Vec<Vec<Piece>>> {
    let mut ways = Vec::new();
    let inner = inside(integral.integrand, integral.variable);
    if inner.differentiated {
        return Ok(ways);
    }
    if let [inside] = inner.absolute.as_slice()
        && let Some(pieces) = halves(symbols, integral, inside)?
    {
        ways.push(pieces);
    }
    if let Some(piece) = squared(symbols, integral)? {
        ways.push(vec![piece]);
    }
    if inner.logarithm
        && let Some(piece) = in_logarithm(symbols, integral)?
    {
        ways.push(vec![piece]);
    }
    if inner.exponential {
        ways.extend([1, -1].map(|sign| vec![in_exponential(integral, sign)]));
    }
    Ok(ways)
}

/// What absolute values are taken of, and whether something is differentiated by the variable, whether its logarithm
/// or an exponential occurs.
struct Inside {
    absolute: Vec<Expr>,
    differentiated: bool,
    logarithm: bool,
    exponential: bool,
}

fn inside(term: &Expr, variable: &str) -> Inside {
    let mut found = Inside { absolute: Vec::new(), differentiated: false, logarithm: false, exponential: false };
    let (mut seen, mut pending) = (HashSet::new(), vec![term.clone()]);
    while let Some(e) = pending.pop() {
        if !seen.insert(e.clone()) {
            continue;
        }
        match e.node() {
            Node::Call(Function::Abs, u) if u.contains(variable) => found.absolute.push(u.clone()),
            Node::Call(Function::Ln, u) if u.contains(variable) => found.logarithm = true,
            Node::Call(Function::Exp, u) if u.contains(variable) => found.exponential = true,
            Node::Derivative { variable: v, .. } if **v == *variable => found.differentiated = true,
            _ => {}
        }
        pending.extend(e.children());
    }
    found
}

/// Whether something in a term is differentiated by a variable.
pub(super) fn is_differentiated(term: &Expr, variable: &str) -> bool {
    inside(term, variable).differentiated
}

fn replaced(term: &Expr, variable: &str, by: &Expr) -> Expr {
    term.substitute(&|name: &str| (name == variable).then(|| by.clone()))
}

/// Two parts, left and right of the zero of something linear: with `y = c − s` and `y = c + s`, both in `s > 0`.
fn halves(symbols: &Symbols, integral: &Integral<'_>, inside: &Expr) -> Grown<Option<Vec<Piece>>> {
    let mut tower = Tower::new(symbols);
    let variable = tower.symbol(integral.variable)?;
    let u = tower.read(inside)?;
    let slope = tower.derivative(&u, variable)?;
    if tower.depends(&slope, variable) || !tower.certain_sign(&slope).is(Sign::NONZERO) {
        return Ok(None);
    }
    let y = super::element::Element::generator(variable);
    let zero = tower.sub(&y, &tower.div(&u, &slope)?)?.lowest_terms(&tower.budget)?;
    let Some(c) = tower.expression(&zero).filter(|c| !c.contains(integral.variable)) else { return Ok(None) };
    let y = Expr::symbol(integral.variable);
    let mut pieces = Vec::new();
    for (end, place, way) in [(integral.lower, c.clone() - &y, -1), (integral.upper, c.clone() + &y, 1)] {
        let upper = match end {
            Place::At(end) => {
                let length = Expr::integer(way) * (end.clone() - &c);
                let gap = tower.read(&length)?;
                if tower.certain_sign(&gap) != Sign::POSITIVE {
                    return Ok(None);
                }
                Place::At(length)
            }
            Place::Infinity if way == 1 => Place::Infinity,
            Place::MinusInfinity if way == -1 => Place::Infinity,
            _ => return Ok(None),
        };
        pieces.push(Piece {
            integrand: replaced(integral.integrand, integral.variable, &place),
            lower: Place::At(Expr::integer(0)),
            upper,
            antiderivative: None,
            step: Some(step(integral.variable, &place)),
        });
    }
    Ok(Some(pieces))
}

/// `y = u²` where `y` is above zero.
fn squared(symbols: &Symbols, integral: &Integral<'_>) -> Grown<Option<Piece>> {
    let y = Expr::symbol(integral.variable);
    let square = y.powi(2);
    let end = |place: &Place| match place {
        Place::At(end) if end.is_zero() => place.clone(),
        Place::At(end) => Place::At(end.sqrt()),
        infinite => infinite.clone(),
    };
    let piece = Piece {
        integrand: replaced(integral.integrand, integral.variable, &square) * Expr::integer(2) * y,
        lower: integral.lower.clone(),
        upper: integral.upper.clone(),
        antiderivative: None,
        step: Some(step(integral.variable, &square)),
    };
    let mut known = symbols.clone();
    known.insert(integral.variable.into(), Assumption::Real);
    if !is_positive(&known, &piece)? {
        return Ok(None);
    }
    Ok(Some(Piece { lower: end(&piece.lower), upper: end(&piece.upper), ..piece }))
}

/// `y = exp(u)` where `y` is above zero.
fn in_logarithm(symbols: &Symbols, integral: &Integral<'_>) -> Grown<Option<Piece>> {
    let mut known = symbols.clone();
    known.insert(integral.variable.into(), Assumption::Real);
    let mut tower = Tower::new(&known);
    let mut ends = Vec::new();
    for end in [integral.lower, integral.upper] {
        ends.push(match end {
            Place::Infinity => Place::Infinity,
            Place::MinusInfinity => return Ok(None),
            Place::At(term) => {
                let e = tower.read(term)?;
                match tower.certain_sign(&e) {
                    Sign::ZERO => Place::MinusInfinity,
                    Sign::POSITIVE => Place::At(term.ln()),
                    _ => return Ok(None),
                }
            }
        });
    }
    let by = Expr::symbol(integral.variable).exp();
    let (Some(upper), Some(lower)) = (ends.pop(), ends.pop()) else { return Ok(None) };
    Ok(Some(Piece {
        integrand: replaced(integral.integrand, integral.variable, &by) * by.clone(),
        lower,
        upper,
        antiderivative: None,
        step: Some(step(integral.variable, &by)),
    }))
}

/// `y = ±ln(u)` with `u` above zero.
fn in_exponential(integral: &Integral<'_>, sign: i64) -> Piece {
    let u = Expr::symbol(integral.variable);
    let end = |place: &Place| match (place, sign) {
        (Place::At(end), _) => Place::At((Expr::integer(sign) * end).exp()),
        (Place::Infinity, 1) | (Place::MinusInfinity, -1) => Place::Infinity,
        _ => Place::At(Expr::integer(0)),
    };
    let (mut lower, mut upper) = (end(integral.lower), end(integral.upper));
    if sign < 0 {
        (lower, upper) = (upper, lower);
    }
    let by = Expr::integer(sign) * u.ln();
    Piece {
        integrand: replaced(integral.integrand, integral.variable, &by) / u,
        lower,
        upper,
        antiderivative: None,
        step: Some(step(integral.variable, &by)),
    }
}

fn step(variable: &str, by: &Expr) -> Step {
    let latex = format!("{} \\to {}", Expr::symbol(variable).latex(), by.latex());
    Step { rule: "substitution", text: format!("{variable} -> {}", shortened(by)), latex }
}
