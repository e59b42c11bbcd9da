//! Series: two terms agree up to an order, by expanding both.

use super::Step;
use super::calculus::{Finding, Outcome};
use super::claim::{Place, Symbols};
use super::element::Element;
use super::expansion::{Expansion, Grown, Halt};
use super::nearby::Nearby;
use super::size::Size;
use crate::expr::Expr;
use std::cmp::Ordering;

/// Tries `of = equals + O((variable − about)^(order + 1))`.
pub(super) fn attempt(
    symbols: &Symbols,
    of: &Expr,
    (variable, about, order): (&str, &Expr, u32),
    equals: &Expr,
) -> Outcome {
    let place = Place::At(about.clone());
    for depth in [order + 1, order + 4, order + 10, 2 * order + 24] {
        let attempt = Nearby::read(symbols, variable, &place, &[equals, of])
            .and_then(|(nearby, elements)| compared(nearby, &elements, order, depth));
        match attempt {
            Ok(outcome) => return outcome,
            Err(Halt::Shallow) => {}
            Err(halt) => return halt.into(),
        }
    }
    Halt::Shallow.into()
}

fn compared(mut nearby: Nearby, elements: &[Element], order: u32, depth: u32) -> Grown<Outcome> {
    let [equals, of] = elements else { return Err(Halt::unsupported("a side is missing")) };
    let last = Size::power(Element::integer(i64::from(order)));
    let next = Size::power(Element::integer(i64::from(order) + 1));
    let mut steps = Vec::new();
    for side in nearby.sides.clone() {
        let expansions = nearby.expand(side, depth, &[equals, of])?;
        let [right, left] = expansions.as_slice() else { return Err(Halt::Shallow) };
        let gap = nearby.tower.plus(left, &right.negative())?;
        if let Some((size, _)) = gap.terms.first()
            && nearby.tower.compare_sizes(size, &next)? == Ordering::Greater
        {
            if nearby.tower.compare_sizes(size, &last)? == Ordering::Less {
                return Err(Halt::unsupported("a term of the difference lies between the last order and the next"));
            }
            let coefficient = |e: &Expansion| -> Grown<Element> {
                for (other, c) in &e.terms {
                    if nearby.tower.compare_sizes(other, size)? == Ordering::Equal {
                        return Ok(c.clone());
                    }
                }
                Ok(Element::zero())
            };
            let (found, claimed) = (coefficient(left)?, coefficient(right)?);
            let what = format!("coefficient of {}", nearby.size_text(size, side));
            return Ok(Outcome::Differs {
                found: Finding::Value(found),
                claimed: Finding::Value(claimed),
                what,
                tower: Box::new(nearby.tower),
            });
        }
        if let Some(rest) = &gap.rest
            && nearby.tower.compare_sizes(rest, &next)? == Ordering::Greater
        {
            return Err(Halt::Shallow);
        }
        if side == 1 || steps.is_empty() {
            steps.extend(step(&nearby, left, side));
        }
    }
    steps.push(Step {
        rule: "coefficients",
        text: format!("up to order {order} every coefficient of the difference is 0"),
        latex: format!("O\\left(t^{{{}}}\\right)", order + 1),
    });
    Ok(match nearby.concluded() {
        Ok(conditions) => Outcome::Agrees { conditions, steps },
        Err(why) => Outcome::Unknown(why),
    })
}

fn step(nearby: &Nearby, expansion: &Expansion, side: i64) -> Option<Step> {
    let (text, latex) = nearby.written(expansion, side)?;
    Some(Step { rule: "expansion", text, latex })
}
