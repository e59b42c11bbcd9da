//! Integrals that have no value: near an end, or near a zero of a denominator inside, the integrand is of one sign and
//! no smaller than `1/t` with `t` the distance (than `1/y`, where `y` is beyond all bounds).

use super::calculus::{Finding, Outcome};
use super::claim::{Assumption, Place, Symbols};
use super::element::Element;
use super::expansion::{Grown, Halt};
use super::integral::Integral;
use super::limit::DEPTHS;
use super::nearby::Nearby;
use super::polynomial::{Generator, Polynomial};
use super::sign::Sign;
use super::size::Size;
use super::tower::{Kind, Tower};
use std::cmp::Ordering;

/// A place where the integrand may be too large, with the side of it that belongs to the interval.
struct Edge {
    place: Place,
    side: i64,
    name: String,
}

/// That the integral diverges wherever it is defined next to some place, if that is found.
pub(super) fn found(symbols: &Symbols, integral: &Integral<'_>) -> Option<Outcome> {
    let mut symbols = symbols.clone();
    symbols.insert(integral.variable.into(), Assumption::Real);
    for edge in edges(&symbols, integral).ok()? {
        for depth in DEPTHS {
            match at_edge(&symbols, integral, &edge, depth) {
                Ok(Some(outcome)) => return Some(outcome),
                Err(Halt::Shallow) => {}
                _ => break,
            }
        }
    }
    None
}

fn at_edge(symbols: &Symbols, integral: &Integral<'_>, edge: &Edge, depth: u32) -> Grown<Option<Outcome>> {
    let (mut nearby, elements) =
        Nearby::read(symbols, integral.variable, &edge.place, &[integral.equals, integral.integrand])?;
    let [equals, integrand] = elements.as_slice() else { return Ok(None) };
    if nearby.depends(equals) {
        return Ok(None);
    }
    let expansions = nearby.expand(edge.side, depth, &[integrand])?;
    let Some(expansion) = expansions.first() else { return Ok(None) };
    let (size, c) = nearby.tower.leading(expansion)?;
    let sign = match nearby.tower.certain_sign(&c) {
        Sign::POSITIVE => 1,
        Sign::NEGATIVE => -1,
        _ => return Ok(None),
    };
    let least = if matches!(edge.place, Place::At(_)) { -1 } else { 1 };
    if nearby.tower.compare_sizes(&size, &Size::power(Element::integer(least)))? == Ordering::Less {
        return Ok(None);
    }
    Ok(Some(Outcome::Differs {
        found: Finding::Infinite(sign),
        claimed: Finding::Value(equals.clone()),
        what: format!("the part near {}", edge.name),
        tower: Box::new(nearby.tower),
    }))
}

/// Zeros of a cosine or sine are looked at up to this many half turns away.
const MOST_TURNS: i64 = 12;

/// Both ends, and the zeros inside of what is linear or quadratic in the variable, or the cosine or sine
/// of something linear, and must not vanish.
fn edges(symbols: &Symbols, integral: &Integral<'_>) -> Grown<Vec<Edge>> {
    let mut tower = Tower::new(symbols);
    let name = integral.variable;
    let variable = tower.symbol(name)?;
    let (mut lower, mut upper) = (integral.lower, integral.upper);
    let mut read = |place: &Place| match place {
        Place::At(term) => tower.read(term).map(Some),
        _ => Ok(None),
    };
    let (mut a, mut b) = (read(lower)?, read(upper)?);
    if let (Some(first), Some(last)) = (&a, &b) {
        match tower.certain_sign(&tower.sub(last, first)?) {
            Sign::POSITIVE => {}
            Sign::NEGATIVE => {
                (lower, upper) = (upper, lower);
                (a, b) = (b, a);
            }
            _ => return Ok(Vec::new()),
        }
    }
    let edge = |place: &Place, side: i64| {
        let text = match place {
            Place::At(term) => term.to_string(),
            Place::Infinity => "inf".into(),
            Place::MinusInfinity => "-inf".into(),
        };
        let side = match place {
            Place::Infinity => 1,
            Place::MinusInfinity => -1,
            Place::At(_) => side,
        };
        Edge { place: place.clone(), side, name: format!("{name} = {text}") }
    };
    let mut edges = vec![edge(lower, 1), edge(upper, -1)];
    let known = tower.conditions.len();
    tower.read(integral.integrand)?;
    for condition in tower.conditions.split_off(known) {
        for (piece, _) in tower.factor(&condition.element)?.pieces {
            let p = tower.piece(piece);
            let p = match p.as_generator().map(|g| tower.kind(g)) {
                Some(Kind::Root { of, .. }) => of.clone(),
                _ => p,
            };
            let zeros = match p.as_generator().map(|g| tower.kind(g).clone()) {
                Some(Kind::Cos(angle)) => turns(&mut tower, &angle, variable, 1)?,
                Some(Kind::Sin(angle)) => turns(&mut tower, &angle, variable, 0)?,
                _ if p.degree(variable) == 2 => quadratic_zeros(&mut tower, &p, variable)?,
                _ => linear_zero(&tower, &Element::polynomial((*p).clone()), variable)?.into_iter().collect(),
            };
            for zero in zeros {
                let above = |end: &Element, other: &Element| Ok::<_, Halt>(tower.certain_sign(&tower.sub(other, end)?));
                let inside = match (&a, &b) {
                    (Some(a), Some(b)) => above(a, &zero)? == Sign::POSITIVE && above(&zero, b)? == Sign::POSITIVE,
                    (Some(a), None) => above(a, &zero)? == Sign::POSITIVE,
                    (None, Some(b)) => above(&zero, b)? == Sign::POSITIVE,
                    (None, None) => true,
                };
                if let (true, Some(term)) = (inside, tower.expression(&zero)) {
                    edges.extend([edge(&Place::At(term.clone()), 1), edge(&Place::At(term), -1)]);
                }
            }
        }
    }
    Ok(edges)
}

/// The zero of a term that is linear in the variable.
fn linear_zero(tower: &Tower, e: &Element, variable: Generator) -> Grown<Option<Element>> {
    if !e.factors.is_empty() || e.numerator.degree(variable) != 1 {
        return Ok(None);
    }
    let part = |n: u32| {
        let found = e.numerator.coefficients(variable).into_iter().find(|(power, _)| *power == n);
        found.map_or_else(Element::zero, |(_, c)| Element::polynomial(c))
    };
    let (constant, slope) = (part(0), part(1));
    if tower.depends(&slope, variable) || tower.depends(&constant, variable) || !is_nonzero(tower, &slope) {
        return Ok(None);
    }
    Ok(Some(tower.div(&constant.neg(), &slope)?))
}

/// The zeros of a polynomial of second degree, where there are two.
fn quadratic_zeros(tower: &mut Tower, p: &Polynomial, variable: Generator) -> Grown<Vec<Element>> {
    let part = |n: u32| {
        let found = p.coefficients(variable).into_iter().find(|(power, _)| *power == n);
        found.map_or_else(Element::zero, |(_, c)| Element::polynomial(c))
    };
    let (a, b, c) = (part(2), part(1), part(0));
    let product = tower.mul(&tower.mul(&a, &c)?, &Element::integer(4))?;
    let gap = tower.sub(&tower.powi(&b, 2)?, &product)?;
    if [&a, &b, &c].iter().any(|e| tower.depends(e, variable))
        || !is_nonzero(tower, &a)
        || tower.certain_sign(&gap) != Sign::POSITIVE
    {
        return Ok(Vec::new());
    }
    let (root, under) = (tower.sqrt(&gap)?, tower.mul(&a, &Element::integer(2))?);
    let zeros = [tower.sub(&root, &b)?, tower.add(&root, &b)?.neg()];
    zeros.iter().map(|zero| Ok(tower.div(zero, &under)?)).collect()
}

/// Where an angle that is linear in the variable is a whole number of half turns, and `halves` more halves of one.
fn turns(tower: &mut Tower, angle: &Element, variable: Generator, halves: i64) -> Grown<Vec<Element>> {
    let pi = Element::generator(tower.pi()?);
    let mut zeros = Vec::new();
    for k in -MOST_TURNS..=MOST_TURNS {
        let turns = tower.mul(&pi, &Element::ratio(2 * k + halves, 2))?;
        zeros.extend(linear_zero(tower, &tower.sub(angle, &turns)?, variable)?);
    }
    Ok(zeros)
}

fn is_nonzero(tower: &Tower, e: &Element) -> bool {
    tower.certain_sign(e).is(Sign::NONZERO)
}
