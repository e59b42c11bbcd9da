//! The steps of a proof, written for a reader once it is done: nothing that is proved rests on them.

use super::Step;
use super::claim::{Claim, Symbols};
use super::element::Element;
use super::read::shortened;
use super::stationary::residual;
use super::tower::Tower;
use crate::expr::{Expr, Node};
use std::collections::HashSet;

/// Most derivatives that are written out.
const MOST_DERIVATIVES: usize = 12;

/// The steps behind an equality, with the terms between its sides, or behind a stationary density.
pub(super) fn steps(symbols: &Symbols, claim: &Claim, between: &[Expr]) -> Vec<Step> {
    let mut tower = Tower::new(symbols);
    let mut log = Vec::new();
    match claim {
        Claim::Equal { left, right } => {
            for (rule, term) in [("left side", left), ("right side", right)] {
                derivatives(&mut tower, term, &mut log);
                reading(&mut tower, rule, term, &mut log);
            }
            let terms: Vec<&Expr> = [left].into_iter().chain(between).chain([right]).collect();
            for pair in terms.windows(2).filter(|_| !between.is_empty()) {
                log.push(equation("chain", pair[0], pair[1]));
            }
            log.push(Step {
                rule: "zero",
                text: "over a common denominator the numerator of the difference is 0".into(),
                latex: format!("{} - \\left({}\\right) = 0", left.latex(), right.latex()),
            });
        }
        Claim::Stationary { density, drift, diffusion, variables } => {
            reading(&mut tower, "density", density, &mut log);
            if let Ok((_, parts)) = residual(&mut tower, density, drift, diffusion, variables) {
                for part in parts {
                    if let Some(term) = tower.expression(&part).filter(|t| !t.is_zero()) {
                        log.push(Step { rule: "part of the residual", text: shortened(&term), latex: term.latex() });
                    }
                }
            }
            log.push(Step {
                rule: "zero",
                text: "over a common denominator the numerator of their sum is 0".into(),
                latex: r"-\sum_i \partial_i(f_i p) + \sum_{ij} \partial_i\partial_j(D_{ij} p) = 0".into(),
            });
        }
        _ => {}
    }
    log
}

fn equation(rule: &'static str, left: &Expr, right: &Expr) -> Step {
    Step {
        rule,
        text: format!("{} = {}", shortened(left), shortened(right)),
        latex: format!("{} = {}", left.latex(), right.latex()),
    }
}

/// A term and what it is read as.
fn reading(tower: &mut Tower, rule: &'static str, term: &Expr, log: &mut Vec<Step>) {
    let normal = tower.read(term).ok().and_then(|e| tower.expression(&e));
    match normal {
        Some(normal) if normal != *term => log.push(equation(rule, term, &normal)),
        _ => log.push(Step { rule, text: shortened(term), latex: term.latex() }),
    }
}

/// Each derivative that a term holds, carried out; inner ones first.
fn derivatives(tower: &mut Tower, term: &Expr, log: &mut Vec<Step>) {
    let (mut pending, mut found, mut seen) = (vec![term.clone()], Vec::new(), HashSet::new());
    while let Some(e) = pending.pop() {
        if seen.insert(e.clone()) {
            pending.extend(e.children());
            if matches!(e.node(), Node::Derivative { .. }) {
                found.push(e);
            }
        }
    }
    for e in found.iter().rev().take(MOST_DERIVATIVES) {
        let value: Option<Element> = tower.read(e).ok();
        if let Some(normal) = value.and_then(|value| tower.expression(&value))
            && !matches!(normal.node(), Node::Apply { .. })
        {
            let step = equation("derivative", e, &normal);
            if !log.contains(&step) {
                log.push(step);
            }
        }
    }
}
