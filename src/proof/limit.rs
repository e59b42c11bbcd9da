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
    for depth in DEPTHS {
        let attempt = Nearby::read(symbols, variable, to, &terms)
            .and_then(|(nearby, elements)| compared(nearby, &elements, equals, depth));
        match attempt {
            Ok(outcome) => return outcome,
            Err(Halt::Shallow) => {}
            Err(halt) => return halt.into(),
        }
    }
    Halt::Shallow.into()
}

fn compared(mut nearby: Nearby, elements: &[Element], equals: &Place, depth: u32) -> Grown<Outcome> {
    let Some(of) = elements.last() else { return Err(Halt::unsupported("a side is missing")) };
    let claimed = match (equals, elements.first()) {
        (Place::Infinity, _) => Finding::Infinite(1),
        (Place::MinusInfinity, _) => Finding::Infinite(-1),
        (Place::At(_), Some(claimed)) if !nearby.depends(claimed) => Finding::Value(claimed.clone()),
        _ => return Err(Halt::unsupported("the limit depends on the variable")),
    };
    let mut steps = Vec::new();
    for side in nearby.sides.clone() {
        let expansions = nearby.expand(side, depth, &[of])?;
        let Some(expansion) = expansions.first() else { return Err(Halt::Shallow) };
        let found = tends(&nearby.tower, expansion)?;
        let agree = match (&found, &claimed) {
            (Finding::Value(value), Finding::Value(claimed)) => nearby.tower.same(value, claimed)?,
            (Finding::Infinite(sign), Finding::Infinite(claimed)) => sign == claimed,
            _ => false,
        };
        if !agree {
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
