//! Equalities: two terms agree wherever both are defined.

use super::cases::agree_by_cases;
use super::claim::{Claim, Symbols};
use super::condition::Reason;
use super::element::Element;
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
    let conditions = agree(symbols, left, right)?;
    // The sides are equal already; each link of the chain between them must hold on its own.
    if !steps.is_empty() {
        let terms: Vec<&Expr> = [left].into_iter().chain(steps).chain([right]).collect();
        for (i, pair) in terms.windows(2).enumerate() {
            agree(symbols, pair[0], pair[1]).map_err(|why| format!("step {}: {why}", i + 1))?;
        }
    }
    Ok(Theorem::of_terms(symbols, claim, steps, conditions))
}

/// Proves the same where [`prove`] does not, symbol by symbol above zero, at zero and below.
///
/// # Errors
/// Why it is not proved.
pub(super) fn prove_by_cases(
    symbols: &Symbols,
    claim: &Claim,
    left: &Expr,
    right: &Expr,
    between: &[Expr],
) -> Result<Theorem, String> {
    let mut steps: Vec<Step> = Vec::new();
    let conditions = agree_by_cases(symbols, left, right, &mut steps)?;
    if !between.is_empty() {
        let terms: Vec<&Expr> = [left].into_iter().chain(between).chain([right]).collect();
        for (i, pair) in terms.windows(2).enumerate() {
            agree_by_cases(symbols, pair[0], pair[1], &mut steps).map_err(|why| format!("step {}: {why}", i + 1))?;
        }
    }
    Ok(Theorem::new(claim, conditions, steps))
}

/// What two terms demand to be defined, where they agree.
pub(super) fn agree(symbols: &Symbols, left: &Expr, right: &Expr) -> Result<Vec<String>, String> {
    let mut tower = Tower::new(symbols);
    let both = |tower: &mut Tower| -> Read<bool> {
        let (a, b) = (tower.read(left)?, tower.read(right)?);
        vanishes(tower, &a, &b)
    };
    let equal = match both(&mut tower) {
        // Once more in the light of all that the two sides demand.
        Ok(false) => both(&mut tower),
        known => known,
    };
    match equal {
        Ok(true) => concluded(&tower, &[]),
        Ok(false) => Err("the difference of the two sides does not reduce to zero".into()),
        Err(refusal) => Err(refusal.to_string()),
    }
}

/// Whether two elements agree, with all that is demanded for them to be defined.
pub(super) fn vanishes(tower: &mut Tower, a: &Element, b: &Element) -> Read<bool> {
    if tower.same(a, b)? {
        return Ok(true);
    }
    tower.settle()?;
    if tower.same(a, b)? {
        return Ok(true);
    }
    let gap = tower.sub(a, b)?;
    tower.is_hidden_zero(&gap)
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
