//! Equalities: two terms agree wherever both are defined.

use super::claim::{Claim, Symbols};
use super::condition::Reason;
use super::element::Element;
use super::read::shortened;
use super::tower::{Read, Tower};
use super::{Step, Theorem};
use crate::expr::Expr;

/// Proves `left = right`, and each of `steps` between them equal to the next.
///
/// # Errors
/// Why it is not proved, with what was tried.
pub(super) fn prove(
    symbols: &Symbols,
    claim: &Claim,
    left: &Expr,
    right: &Expr,
    steps: &[Expr],
) -> Result<Theorem, String> {
    let mut tower = Tower::new(symbols);
    let attempt = |tower: &mut Tower| -> Read<Option<Vec<Step>>> {
        let mut log = Vec::new();
        let (a, b) = (tower.read(left)?, tower.read(right)?);
        log.push(reading(tower, left, &a));
        log.push(reading(tower, right, &b));
        Ok(vanishes(tower, &a, &b)?.then_some(log))
    };
    let mut log = match attempt(&mut tower) {
        Ok(Some(log)) => log,
        Ok(None) => return Err("the difference of the two sides does not reduce to zero".into()),
        Err(refusal) => return Err(refusal.to_string()),
    };
    let conditions = concluded(&tower, &[])?;
    log.push(difference());
    chain(symbols, left, right, steps, &mut log)?;
    Ok(Theorem { claim: claim.clone(), conditions, steps: log })
}

/// Each term of a chain equal to the next; the sides themselves are proved equal already.
fn chain(symbols: &Symbols, left: &Expr, right: &Expr, steps: &[Expr], log: &mut Vec<Step>) -> Result<(), String> {
    let terms: Vec<&Expr> = [left].into_iter().chain(steps).chain([right]).collect();
    if steps.is_empty() {
        return Ok(());
    }
    for (i, pair) in terms.windows(2).enumerate() {
        let mut tower = Tower::new(symbols);
        let equal = tower.read(pair[0]).and_then(|a| {
            let b = tower.read(pair[1])?;
            vanishes(&mut tower, &a, &b)
        });
        match equal {
            Ok(true) => concluded(&tower, &[]).map_err(|why| format!("step {}: {why}", i + 1))?,
            Ok(false) => return Err(format!("step {} does not follow: the difference does not reduce to zero", i + 1)),
            Err(refusal) => return Err(format!("step {}: {refusal}", i + 1)),
        };
        log.push(Step {
            rule: "chain",
            text: format!("{} = {}", shortened(pair[0]), shortened(pair[1])),
            latex: format!("{} = {}", pair[0].latex(), pair[1].latex()),
        });
    }
    Ok(())
}

/// Whether two elements agree, with all that is demanded for them to be defined.
pub(super) fn vanishes(tower: &mut Tower, a: &Element, b: &Element) -> Read<bool> {
    if tower.same(a, b)? {
        return Ok(true);
    }
    tower.settle()?;
    tower.same(a, b)
}

/// What the proof demands, once nothing is left open.
pub(super) fn concluded(tower: &Tower, nonzero: &[Element]) -> Result<Vec<String>, String> {
    if let Some(condition) = tower.unmet() {
        return Err(format!("the two sides agree where {}, which nothing here shows to be enough", condition.text));
    }
    if !tower.defined_somewhere(nonzero) {
        let demands: Vec<&str> = tower.conditions.iter().map(|c| c.text.as_str()).collect();
        return Err(format!("no point was found where both sides are defined: {}", demands.join(", ")));
    }
    let listed = tower.conditions.iter().filter(|c| c.reason != Reason::Removable);
    let mut texts: Vec<String> = listed.map(|c| c.text.clone()).collect();
    texts.sort();
    texts.dedup();
    Ok(texts)
}

pub(super) fn reading(tower: &Tower, term: &Expr, e: &Element) -> Step {
    let (text, latex) = match tower.expression(e) {
        Some(normal) => {
            (format!("{} = {}", shortened(term), shortened(&normal)), format!("{} = {}", term.latex(), normal.latex()))
        }
        None => (shortened(term), term.latex()),
    };
    Step { rule: "normal form", text, latex }
}

pub(super) fn difference() -> Step {
    Step {
        rule: "zero",
        text: "over a common denominator the difference has the numerator 0".into(),
        latex: "0 = 0".into(),
    }
}
