//! The densities of the theory against the exact solve: the distance between its two orders is its error bar.

use super::verdict::{Check, Verdict, compared, without};
use super::witnesses::{LARGEST_SMALLNESS, Witnesses, total_variation};
use crate::fokker_planck::Unsolved;

/// There is no exact solve: whose fault is it?
pub(super) fn unsolved(claim: &'static str, reason: &Unsolved) -> Check {
    let verdict = match reason {
        Unsolved::TooManyDirections { .. } => Verdict::NotApplicable,
        _ => Verdict::Undecided,
    };
    without(claim, verdict, reason.to_string())
}

pub(super) fn adiabatic(heard: &Witnesses) -> Check {
    let claim = "adiabatic density agrees with the exact solve";
    let exact = match &heard.exact {
        Ok(exact) => exact,
        Err(reason) => return unsolved(claim, reason),
    };
    let Ok(first) = &heard.first_order else {
        return without(
            claim,
            Verdict::OutsideRegime,
            "the theory has no error bar: its first correction does not apply",
        );
    };
    let small = heard.smallness();
    if !(small <= LARGEST_SMALLNESS) {
        return without(claim, Verdict::OutsideRegime, format!("the smallness parameters reach {small:.2}"));
    }
    let bar = heard.adiabatic.total_variation(first);
    let limit = bar * (1.0 + 10.0 * small).min(2.0) + Witnesses::floor(exact);
    compared(
        claim,
        0.0,
        total_variation(&heard.adiabatic, exact),
        limit,
        format!(
            "total variation; limit: distance {bar:.2e} between the two orders of the theory, and its own uncertainty"
        ),
    )
}

pub(super) fn first_order(heard: &Witnesses) -> Check {
    let claim = "first-order density agrees with the exact solve";
    let exact = match &heard.exact {
        Ok(exact) => exact,
        Err(reason) => return unsolved(claim, reason),
    };
    let first = match &heard.first_order {
        Ok(first) => first,
        Err(reason) => return without(claim, Verdict::OutsideRegime, reason.to_string()),
    };
    let small = heard.smallness();
    if !(small <= LARGEST_SMALLNESS) {
        return without(claim, Verdict::OutsideRegime, format!("the smallness parameters reach {small:.2}"));
    }
    let bar = heard.adiabatic.total_variation(first);
    let limit = bar * (10.0 * small).min(1.0) + Witnesses::floor(exact);
    compared(
        claim,
        0.0,
        total_variation(first, exact),
        limit,
        format!("total variation; limit: ten times the smallness {small:.1e} times the first correction {bar:.1e}"),
    )
}
