//! Do the witnesses agree, and how surely? The only room where theory and the exact solve meet.
//!
//! Every limit is the error that the theory states for itself, so that a theory with a wrong constant is refused although
//! it may look close: the distance between the adiabatic and the first-order density is the error bar of the former, and
//! that distance times the smallness parameters is the error bar of the latter.

use crate::fokker_planck::{self, Solution};
use crate::model::{Model, Noise};
use crate::num::density::Density;
use crate::num::function::ln;
use crate::theory::{Method, Regime, regime, stationary};

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The distance is within the limit.
    Pass,
    /// It is not.
    Fail,
    /// A witness could not be heard.
    Undecided,
    /// The theory does not claim to hold here.
    OutsideRegime,
    /// The claim says nothing about this model.
    NotApplicable,
}

impl Verdict {
    /// The name it is reported by.
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Pass => "pass",
            Verdict::Fail => "fail",
            Verdict::Undecided => "undecided",
            Verdict::OutsideRegime => "outside-regime",
            Verdict::NotApplicable => "not-applicable",
        }
    }
}

/// One claim, held against a witness.
#[derive(Clone, Debug)]
pub struct Check {
    /// What is claimed.
    pub claim: &'static str,
    /// What the theory expects.
    pub expected: Option<f64>,
    /// What the witness says.
    pub observed: Option<f64>,
    /// How far apart they are.
    pub distance: Option<f64>,
    /// How far apart they may be.
    pub limit: Option<f64>,
    /// The verdict.
    pub verdict: Verdict,
    /// One line: what the limit is made of, or why there is no verdict.
    pub reason: String,
}

/// All checks of one model.
#[derive(Clone, Debug)]
pub struct Report {
    /// Name of the model.
    pub model: String,
    /// Every claim.
    pub checks: Vec<Check>,
}

impl Report {
    /// The verdict of the whole: fails if one check fails, undecided if one is, passes otherwise.
    pub fn verdict(&self) -> Verdict {
        let any = |v: Verdict| self.checks.iter().any(|c| c.verdict == v);
        if any(Verdict::Fail) {
            Verdict::Fail
        } else if any(Verdict::Undecided) || !any(Verdict::Pass) {
            Verdict::Undecided
        } else {
            Verdict::Pass
        }
    }
}

/// Beyond this the first correction is not expected to hold.
const LARGEST_SMALLNESS: f64 = 0.25;
/// Distances below this are rounding of the solvers, not physics.
const ROUNDING: f64 = 1e-8;

/// Holds every claim against the exact solve of `model`.
pub fn verify(model: &Model) -> Report {
    let checks = match Witnesses::hear(model) {
        Ok(heard) => vec![
            heard.adiabatic(),
            heard.first_order(),
            order(model, &heard, Method::Adiabatic),
            order(model, &heard, Method::FirstOrder),
            heard.towards_flat(model),
            proportional(model, &heard),
            boltzmann(model),
        ],
        Err(reason) => vec![Check {
            claim: "the stationary density along the floor",
            expected: None,
            observed: None,
            distance: None,
            limit: None,
            verdict: Verdict::Undecided,
            reason,
        }],
    };
    Report { model: model.name().to_owned(), checks }
}

struct Witnesses {
    adiabatic: Density,
    first_order: Result<Density, String>,
    exact: Solution,
    regime: Regime,
}

/// `½ ∫ |p − q| dx` as `∫ (p − q)⁺`: both are normalised.
fn total_variation(p: &Density, q: &Solution) -> f64 {
    p.expectation(&|x| (1.0 - q.at(x) / p.at(x)).max(0.0))
}

fn compared(claim: &'static str, expected: f64, observed: f64, limit: f64, reason: String) -> Check {
    let distance = (observed - expected).abs();
    let verdict = if distance <= limit { Verdict::Pass } else { Verdict::Fail };
    Check {
        claim,
        expected: Some(expected),
        observed: Some(observed),
        distance: Some(distance),
        limit: Some(limit),
        verdict: if distance.is_finite() { verdict } else { Verdict::Undecided },
        reason,
    }
}

fn without(claim: &'static str, verdict: Verdict, reason: impl Into<String>) -> Check {
    Check { claim, expected: None, observed: None, distance: None, limit: None, verdict, reason: reason.into() }
}

impl Witnesses {
    fn hear(model: &Model) -> Result<Witnesses, String> {
        let adiabatic = stationary(model, Method::Adiabatic).map_err(|e| e.to_string())?.density;
        let first_order = stationary(model, Method::FirstOrder).map(|p| p.density).map_err(|e| e.to_string());
        let exact = fokker_planck::solve(model).map_err(|e| e.to_string())?;
        let regime = regime(model).map_err(|e| e.to_string())?;
        Ok(Witnesses { adiabatic, first_order, exact, regime })
    }

    fn smallness(&self) -> f64 {
        let r = &self.regime;
        [r.epsilon_max, r.epsilon_over_kappa2_max, r.tg_over_lambda_max, r.curvature_ratio_max]
            .into_iter()
            .fold(0.0, f64::max)
    }

    /// Floor below which distances cannot be told.
    fn floor(&self) -> f64 {
        ROUNDING + 10.0 * self.exact.error
    }

    fn adiabatic(&self) -> Check {
        let claim = "adiabatic density agrees with the exact solve";
        let Ok(first) = &self.first_order else {
            return without(
                claim,
                Verdict::OutsideRegime,
                "the theory has no error bar: its first correction does not apply",
            );
        };
        if self.smallness() > LARGEST_SMALLNESS {
            return without(
                claim,
                Verdict::OutsideRegime,
                format!("the smallness parameters reach {:.2}", self.smallness()),
            );
        }
        let bar = self.adiabatic.total_variation(first);
        let limit = bar * (1.0 + 10.0 * self.smallness()).min(2.0) + self.floor();
        compared(
            claim,
            0.0,
            total_variation(&self.adiabatic, &self.exact),
            limit,
            format!(
                "total variation; limit: distance {bar:.2e} between the two orders of the theory, and its own uncertainty"
            ),
        )
    }

    fn first_order(&self) -> Check {
        let claim = "first-order density agrees with the exact solve";
        let first = match &self.first_order {
            Ok(first) => first,
            Err(reason) => return without(claim, Verdict::OutsideRegime, reason.clone()),
        };
        let small = self.smallness();
        if small > LARGEST_SMALLNESS {
            return without(claim, Verdict::OutsideRegime, format!("the smallness parameters reach {small:.2}"));
        }
        let bar = self.adiabatic.total_variation(first);
        let limit = bar * (10.0 * small).min(1.0) + self.floor();
        compared(
            claim,
            0.0,
            total_variation(first, &self.exact),
            limit,
            format!("total variation; limit: ten times the smallness {small:.1e} times the first correction {bar:.1e}"),
        )
    }

    fn towards_flat(&self, model: &Model) -> Check {
        let claim = "noise favours flat places";
        let Some(langevin) = model.langevin().ok().filter(|l| l.constant) else {
            return without(claim, Verdict::NotApplicable, "the noise varies along the floor");
        };
        if !model.sharp().iter().any(|s| s.curvature.contains(model.coordinate())) {
            return without(claim, Verdict::NotApplicable, "the curvature is the same everywhere");
        }
        let tape = model.compile(&[model.floor_loss() / &langevin.temperature, model.flatness(0).ln()]);
        let Ok(without_noise_across) = Density::from_log(model.domain(), &|x| -tape.at(&[x])[0]) else {
            return without(claim, Verdict::NotApplicable, "the floor loss alone has no stationary density");
        };
        let log_flatness = |x: f64| tape.at(&[x])[1];
        let expected = without_noise_across.expectation(&log_flatness);
        let observed = self.exact.expectation(&log_flatness);
        let gained = observed - expected;
        Check {
            claim,
            expected: Some(expected),
            observed: Some(observed),
            distance: Some(gained),
            limit: Some(0.0),
            verdict: if gained > 0.0 { Verdict::Pass } else { Verdict::Fail },
            reason:
                "mean of ln F in the exact density, above its mean in exp(-L0/T), where the noise across is left out"
                    .into(),
        }
    }
}

/// Distances to the exact solve at curvature 1 and 4: the fitted order in ε.
fn order(model: &Model, heard: &Witnesses, method: Method) -> Check {
    let (claim, expected) = match method {
        Method::Adiabatic => ("error of the adiabatic density is of first order in epsilon", 1.0),
        _ => ("error of the first-order density is of second order in epsilon", 2.0),
    };
    if !model.langevin().is_ok_and(|l| l.constant) {
        return without(
            claim,
            Verdict::NotApplicable,
            "the noise varies along the floor: it scales with the curvature",
        );
    }
    let own = match method {
        Method::Adiabatic => Ok(&heard.adiabatic),
        _ => heard.first_order.as_ref(),
    };
    let Ok(own) = own else { return without(claim, Verdict::OutsideRegime, "the first correction does not apply") };
    if heard.smallness() > 0.4 * LARGEST_SMALLNESS {
        return without(
            claim,
            Verdict::OutsideRegime,
            format!("the smallness parameters reach {:.2}", heard.smallness()),
        );
    }
    let stiffer = model.with_curvature_scaled(4.0);
    let other = stationary(&stiffer, method).map(|p| p.density).map_err(|e| e.to_string());
    let (other, exact) = match (other, fokker_planck::solve(&stiffer).map_err(|e| e.to_string())) {
        (Ok(other), Ok(exact)) => (other, exact),
        (Err(reason), _) | (_, Err(reason)) => return without(claim, Verdict::Undecided, reason),
    };
    let (here, there) = (total_variation(own, &heard.exact), total_variation(&other, &exact));
    if !(there > 3.0 * heard.floor()) {
        return without(claim, Verdict::NotApplicable, format!("the error is below what can be told ({there:.1e})"));
    }
    let fitted = ln(here / there) / ln(4.0);
    // At a reflecting wall where the curvature has a slope, a boundary layer lowers the second order to about 1.45.
    let limit = if method == Method::Adiabatic { 0.2 } else { 0.65 };
    compared(
        claim,
        expected,
        fitted,
        limit,
        format!("total variation {here:.2e}, and {there:.2e} at four times the curvature"),
    )
}

/// `−T ln p − L0` between two places, at `Δ` and `Δ/2`.
fn proportional(model: &Model, heard: &Witnesses) -> Check {
    let claim = "the noise's part of the potential is proportional to delta";
    let Noise::Langevin { delta, kappa } = *model.noise() else {
        return without(claim, Verdict::NotApplicable, "asked of Langevin models");
    };
    if heard.smallness() > LARGEST_SMALLNESS {
        return without(
            claim,
            Verdict::OutsideRegime,
            format!("the smallness parameters reach {:.2}", heard.smallness()),
        );
    }
    let halved = match fokker_planck::solve(&model.with_delta(0.5 * delta)) {
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
    let ratio = rise(&heard.exact, delta) / rise(&halved, 0.5 * delta);
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
fn boltzmann(model: &Model) -> Check {
    let claim = "no SGD loss at kappa = 1: the exact density is Boltzmann's";
    let equal = model.sharp().iter().all(|s| s.delta == 1.0);
    let Some(isotropic) = model.with_kappa(1.0).filter(|_| equal) else {
        return without(claim, Verdict::NotApplicable, "asked of Langevin models with equal noise across");
    };
    let solved = fokker_planck::solve(&isotropic).map_err(|e| e.to_string());
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
