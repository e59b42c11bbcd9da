//! Limits, by the leading term of an expansion.

use super::Step;
use super::calculus::{Finding, Outcome};
use super::claim::{Place, Symbols};
use super::element::Element;
use super::expansion::{Expansion, Grown, Halt};
use super::nearby::Nearby;
use super::sign::Sign;
use super::size::Size;
use super::tower::Tower;
use crate::expr::Expr;
use std::cmp::Ordering;

/// Depths of expansion, one after the other.
pub(super) const DEPTHS: [u32; 4] = [2, 5, 10, 20];

/// The limit that an expansion shows.
pub(super) fn tends(tower: &Tower, e: &Expansion) -> Grown<Finding> {
    let one = Size::one();
    let Some((size, c)) = e.terms.first() else {
        return match &e.rest {
            None => Ok(Finding::Value(Element::zero())),
            Some(rest) if tower.compare_sizes(rest, &one)? == Ordering::Less => Ok(Finding::Value(Element::zero())),
            Some(_) => Err(Halt::Shallow),
        };
    };
    match tower.compare_sizes(size, &one)? {
        Ordering::Less => Ok(Finding::Value(Element::zero())),
        Ordering::Equal => Ok(Finding::Value(c.clone())),
        Ordering::Greater => match tower.certain_sign(c) {
            Sign::POSITIVE => Ok(Finding::Infinite(1)),
            Sign::NEGATIVE => Ok(Finding::Infinite(-1)),
            _ => Err(Halt::unsupported(format!("the sign of {} is not known", tower.text(c)))),
        },
    }
}

/// Tries `of → equals` as `variable → to`.
pub(super) fn attempt(symbols: &Symbols, of: &Expr, (variable, to): (&str, &Place), equals: &Place) -> Outcome {
    let mut terms = Vec::new();
    if let Place::At(value) = equals {
        terms.push(value);
    }
    terms.push(of);
    let found = deepened(|depth| {
        let (nearby, elements) = Nearby::read(symbols, variable, to, &terms)?;
        compared(nearby, &elements, equals, depth)
    });
    found.unwrap_or_else(Outcome::from)
}

/// That the term goes up and down for ever, so that it has no such limit, if that is found.
pub(super) fn without_end(
    symbols: &Symbols,
    of: &Expr,
    (variable, to): (&str, &Place),
    equals: &Place,
) -> Option<Outcome> {
    let terms: Vec<&Expr> = match equals {
        Place::At(value) => vec![value, of],
        _ => vec![of],
    };
    PHASES.into_iter().find_map(|phase| {
        let along = deepened(|depth| {
            let (nearby, elements) = Nearby::read(symbols, variable, to, &terms)?;
            in_phase(nearby, &elements, equals, phase, depth)
        });
        along.ok().flatten()
    })
}

/// What is found at the first depth that is enough.
fn deepened<T>(mut found: impl FnMut(u32) -> Grown<T>) -> Grown<T> {
    for depth in DEPTHS {
        match found(depth) {
            Err(Halt::Shallow) => {}
            done => return done,
        }
    }
    Err(Halt::Shallow)
}

/// Cosines and sines, in fifths, of the places along which an angle beyond all bounds is looked at.
pub(super) const PHASES: [(i64, i64); 5] = [(5, 0), (-5, 0), (0, 5), (0, -5), (3, 4)];

/// Whether the term tends to something else, or to nothing, along places where the one angle that goes beyond all bounds
/// has the given cosine and sine: it has then no such limit.
fn in_phase(
    mut nearby: Nearby,
    elements: &[Element],
    equals: &Place,
    (cos, sin): (i64, i64),
    depth: u32,
) -> Grown<Option<Outcome>> {
    let Some(of) = elements.last() else { return Ok(None) };
    let claimed = claimed(&nearby, elements, equals)?;
    for side in nearby.sides.clone() {
        let turn = (Element::ratio(cos, 5), Element::ratio(sin, 5));
        let Some((expansions, angle)) = nearby.expand_in_phase(side, depth, &[of], turn)? else { return Ok(None) };
        let Some(expansion) = expansions.first() else { return Err(Halt::Shallow) };
        let found = tends(&nearby.tower, expansion)?;
        if !agree(&nearby.tower, &found, &claimed)? {
            let angle = nearby.tower.text(&angle);
            let what = format!("limit along places where cos({angle}) = {cos}/5 and sin({angle}) = {sin}/5");
            return Ok(Some(Outcome::Differs { found, claimed, what, tower: Box::new(nearby.tower) }));
        }
    }
    Ok(None)
}

fn claimed(nearby: &Nearby, elements: &[Element], equals: &Place) -> Grown<Finding> {
    Ok(match (equals, elements.first()) {
        (Place::Infinity, _) => Finding::Infinite(1),
        (Place::MinusInfinity, _) => Finding::Infinite(-1),
        (Place::At(_), Some(claimed)) if !nearby.depends(claimed) => Finding::Value(claimed.clone()),
        _ => return Err(Halt::unsupported("the limit depends on the variable")),
    })
}

fn agree(tower: &Tower, found: &Finding, claimed: &Finding) -> Grown<bool> {
    Ok(match (found, claimed) {
        (Finding::Value(value), Finding::Value(claimed)) => tower.same(value, claimed)?,
        (Finding::Infinite(sign), Finding::Infinite(claimed)) => sign == claimed,
        _ => false,
    })
}

fn compared(mut nearby: Nearby, elements: &[Element], equals: &Place, depth: u32) -> Grown<Outcome> {
    let Some(of) = elements.last() else { return Err(Halt::unsupported("a side is missing")) };
    let claimed = claimed(&nearby, elements, equals)?;
    let mut steps = Vec::new();
    for side in nearby.sides.clone() {
        let expansions = nearby.expand(side, depth, &[of])?;
        let Some(expansion) = expansions.first() else { return Err(Halt::Shallow) };
        let found = tends(&nearby.tower, expansion)?;
        if !agree(&nearby.tower, &found, &claimed)? {
            let what = match (nearby.sides.len(), side) {
                (1, _) => "limit",
                (_, 1) => "limit from above",
                _ => "limit from below",
            };
            return Ok(Outcome::Differs { found, claimed, what: what.into(), tower: Box::new(nearby.tower) });
        }
        if let Some((text, latex)) = nearby.written(expansion, side)
            && steps.is_empty()
        {
            steps.push(Step { rule: "expansion", text, latex });
        }
        let (text, latex) = (text(&nearby.tower, &found), latex(&nearby.tower, &found));
        steps.push(Step { rule: "leading term", text, latex });
    }
    steps.dedup();
    Ok(match nearby.concluded() {
        Ok(conditions) => Outcome::Agrees { conditions, steps },
        Err(why) => Outcome::Unknown(why),
    })
}

fn text(tower: &Tower, tends: &Finding) -> String {
    match tends {
        Finding::Value(value) => tower.text(value),
        Finding::Infinite(sign) => if *sign > 0 { "inf" } else { "-inf" }.into(),
    }
}

fn latex(tower: &Tower, tends: &Finding) -> String {
    match tends {
        Finding::Value(value) => tower.expression(value).map_or_else(String::new, |e| e.latex()),
        Finding::Infinite(sign) => if *sign > 0 { "\\infty" } else { "-\\infty" }.into(),
    }
}
