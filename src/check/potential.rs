//! The noise's part of the potential: proportional to the noise, and absent where noise is equal everywhere.

use super::density::unsolved;
use super::verdict::{Check, Verdict, compared, without};
use super::witnesses::{LARGEST_SMALLNESS, Witnesses, total_variation};
use crate::fokker_planck::{self, Solution};
use crate::model::{Model, Noise};
use crate::num::density::Density;
use crate::num::function::ln;

/// `−T ln p − L0` between two places, at `Δ` and `Δ/2`.
pub(super) fn proportional(model: &Model, nature: &Model, heard: &Witnesses) -> Check {
    let claim = "the noise's part of the potential is proportional to delta";
    let Noise::Langevin { delta, kappa } = *model.noise() else {
        return without(claim, Verdict::NotApplicable, "asked of Langevin models");
    };
    let exact = match &heard.exact {
        Ok(exact) => exact,
        Err(reason) => return unsolved(claim, reason),
    };
    if !(heard.smallness() <= LARGEST_SMALLNESS) {
        return without(
            claim,
            Verdict::OutsideRegime,
            format!("the smallness parameters reach {:.2}", heard.smallness()),
        );
    }
    let halved = match fokker_planck::solve(&nature.with_delta(0.5 * delta)) {
        Ok(halved) => halved,
        Err(reason) => return without(claim, Verdict::Undecided, reason.to_string()),
    };
    let tape = model.compile(&[model.floor_loss().clone(), model.curvature(0).clone()]);
    // The steepest contrast of curvature in the middle of the visited region, where the density is large.
    let (a, b) = (heard.adiabatic.quantile(0.02), heard.adiabatic.quantile(0.98));
    let places: Vec<f64> = (0..=200).map(|k| a + (b - a) * f64::from(k) / 200.0).collect();
    let curvature = |x: &f64| tape.at(&[*x])[1];
    let by = |x: &&f64, y: &&f64| curvature(x).total_cmp(&curvature(y));
    let (Some(low), Some(high)) = (places.iter().min_by(by), places.iter().max_by(by)) else {
        return without(claim, Verdict::Undecided, "no visited place");
    };
    if !(curvature(high) > 1.001 * curvature(low)) {
        return without(claim, Verdict::NotApplicable, "the curvature hardly changes where the density is large");
    }
    let rise = |solution: &Solution, delta: f64| {
        let potential = |x: f64| -delta / kappa * ln(solution.at(x)) - tape.at(&[x])[0];
        potential(*high) - potential(*low)
    };
    let ratio = rise(exact, delta) / rise(&halved, 0.5 * delta);
    let limit = 4.0 * heard.smallness() + 1e-6;
    compared(
        claim,
        2.0,
        ratio,
        limit,
        "ratio between delta and delta/2 of -T ln p - L0; limit: four times the smallness".into(),
    )
}

/// At `κ = 1` with equal noise everywhere the exact law is Boltzmann's: no SGD loss.
pub(super) fn boltzmann(model: &Model, nature: &Model) -> Check {
    let claim = "no SGD loss at kappa = 1: the exact density is Boltzmann's";
    let equal = model.sharp().iter().all(|s| s.delta == 1.0);
    let Some(isotropic) = model.with_kappa(1.0).filter(|_| equal) else {
        return without(claim, Verdict::NotApplicable, "asked of Langevin models with equal noise across");
    };
    let solved =
        fokker_planck::solve(&nature.with_kappa(1.0).unwrap_or_else(|| nature.clone())).map_err(|e| e.to_string());
    let langevin = isotropic.langevin().map_err(|e| e.to_string());
    let (exact, langevin) = match (solved, langevin) {
        (Ok(exact), Ok(langevin)) => (exact, langevin),
        (Err(reason), _) | (_, Err(reason)) => return without(claim, Verdict::NotApplicable, reason),
    };
    let mut formulas = vec![isotropic.floor_loss().clone(), langevin.temperature];
    formulas.extend(isotropic.sharp().iter().map(|s| s.curvature.clone()));
    let tape = isotropic.compile(&formulas);
    let log = |x: f64| {
        let v = tape.at(&[x]);
        -v[0] / v[1] - 0.5 * v[2..].iter().map(|l| ln(*l)).sum::<f64>()
    };
    let Ok(expected) = Density::from_log(isotropic.domain(), &log) else {
        return without(claim, Verdict::NotApplicable, "not confined at kappa = 1");
    };
    let distance = total_variation(&expected, &exact);
    let limit = 1e-9 + 10.0 * exact.error;
    compared(
        claim,
        0.0,
        distance,
        limit,
        "total variation to exp(-L/delta); limit: rounding, and ten times the error of the exact solve".into(),
    )
}
