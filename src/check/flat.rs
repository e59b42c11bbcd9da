//! Which way the noise pushes: towards flat places, and the further the stronger it is.

use super::density::unsolved;
use super::verdict::{Check, Verdict, without};
use super::witnesses::{LARGEST_SMALLNESS, Witnesses};
use crate::expr::Expr;
use crate::model::Model;
use crate::num::density::Density;

/// `Σ_i (Δ_i/Δ) ln F_i`: what the noise across pays for.
pub(super) fn log_flatness(model: &Model) -> Expr {
    Expr::sum(model.sharp().iter().filter_map(|s| Expr::from_f64(s.delta).map(|weight| weight * s.flatness.ln())))
}

pub(super) fn towards_flat(model: &Model, heard: &Witnesses) -> Check {
    let claim = "noise favours flat places";
    let exact = match &heard.exact {
        Ok(exact) => exact,
        Err(reason) => return unsolved(claim, reason),
    };
    let Some(langevin) = model.langevin().ok().filter(|l| l.constant) else {
        return without(claim, Verdict::NotApplicable, "the noise varies along the floor");
    };
    if !model.sharp().iter().any(|s| s.curvature.contains(model.coordinate())) {
        return without(claim, Verdict::NotApplicable, "the curvature is the same everywhere");
    }
    let tape = model.compile(&[model.floor_loss() / &langevin.temperature, log_flatness(model)]);
    let Ok(without_noise_across) = Density::from_log(model.domain(), &|x| -tape.at(&[x])[0]) else {
        return without(claim, Verdict::NotApplicable, "the floor loss alone has no stationary density");
    };
    let flat = |x: f64| tape.at(&[x])[1];
    let expected = without_noise_across.expectation(&flat);
    let observed = exact.expectation(&flat);
    let gained = observed - expected;
    Check {
        claim,
        expected: Some(expected),
        observed: Some(observed),
        distance: Some(gained),
        limit: Some(0.0),
        verdict: match gained > 0.0 {
            true => Verdict::Pass,
            false if heard.smallness() <= LARGEST_SMALLNESS => Verdict::Fail,
            false => Verdict::OutsideRegime,
        },
        reason: "mean of ln F in the exact density, above its mean in exp(-L0/T), where the noise across is left out"
            .into(),
    }
}
