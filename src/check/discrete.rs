//! Steps of SGD at their finite learning rate against the laws derived for them.

use super::effort::{Effort, FALSE_ALARM, Interrupted, Refusal, Stage};
use super::flat::log_flatness;
use super::law::Law;
use super::sample::{BINS, ENOUGH, Ensembles, Outcome, deviations, edges, in_two_stages, probabilities};
use super::spread::smallness_of_steps;
use super::verdict::{Check, Verdict, without};
use crate::model::{Model, Sampling, Sgd};
use crate::num::density::Density;
use crate::sim::Watch;
use crate::theory::bounds::{Kind, bounds};
use crate::theory::{Method, stationary};

const STEPS: &str = "density of SGD steps agrees with the adiabatic law of the steps";
const CORRECTED: &str = "density of SGD steps agrees with the first-order law of the steps";
const FLATNESS: &str = "mean of ln F over SGD steps agrees with the adiabatic law of the steps";
const EDGE: &str = "the law of the steps holds near the edge of stability";
const CONTINUOUS: &str = "the continuous formula fails near the edge of stability";

/// Part of the bound of stability at which the steps are followed once more.
const NEAR_THE_EDGE: f64 = 0.9;
/// Two formulas that differ by less are not said to differ.
const APART: f64 = 0.06;
/// Smallness to which the noise is reduced there.
const SMALL: f64 = 0.03;
pub(super) fn checks(
    model: &Model,
    walked: &Model,
    base: &Ensembles,
    effort: &Effort,
    watch: &dyn Watch,
) -> Result<Vec<Check>, Interrupted> {
    let Some(sgd) = model.sgd() else {
        return Ok(vec![without(STEPS, Verdict::NotApplicable, "the noise is Langevin: there are no steps")]);
    };
    let mut checks = match Law::of(model) {
        Ok(law) => at_its_learning_rate(model, &law, base)?,
        Err(reason) => vec![without(STEPS, Verdict::OutsideRegime, reason)],
    };
    checks.extend(near_the_edge(model, walked, sgd, effort, watch)?);
    Ok(checks)
}

pub(super) fn at_its_learning_rate(model: &Model, law: &Law, base: &Ensembles) -> Result<Vec<Check>, Interrupted> {
    let mut checks = vec![in_two_stages(STEPS, &|stage| follows(&law.adiabatic, law.bar(), base, stage))?];
    checks.push(match &law.corrected {
        Some(corrected) => {
            in_two_stages(CORRECTED, &|stage| follows(corrected, law.corrected_bar(corrected), base, stage))?
        }
        None => without(CORRECTED, Verdict::NotApplicable, "no first correction is known for this kind of step"),
    });
    if model.sharp().iter().any(|s| s.curvature.contains(model.coordinate())) {
        let tape = model.compile(&[log_flatness(model)]);
        let (expected, bar) = law.mean(&|x| tape.value(x));
        checks.push(in_two_stages(FLATNESS, &|stage| {
            let sample = base.sample(stage)?;
            let (observed, error) = sample.mean(&|x| tape.value(x));
            let chance = deviations() * error;
            Ok(Outcome {
                expected,
                observed,
                limit: bar + chance,
                reason: format!(
                    "limit: {:.2} standard errors {chance:.1e} (1 in 1000), orders of the theory {bar:.1e}; {}",
                    deviations(),
                    sample.about
                ),
                blind: None,
            })
        })?);
    }
    Ok(checks)
}

fn follows(
    law: &Density,
    (bar, made_of): (f64, String),
    ensembles: &Ensembles,
    stage: Stage,
) -> Result<Outcome, Refusal> {
    let sample = ensembles.sample(stage)?;
    let (distance, chance) = sample.distance(&edges(law, BINS), &|x| law.cdf(x), FALSE_ALARM);
    Ok(Outcome {
        expected: 0.0,
        observed: distance,
        limit: bar + chance,
        reason: format!(
            "total variation in {BINS} bins; limit: {made_of}, chance {chance:.1e} (1 in 1000); {}",
            sample.about
        ),
        blind: None,
    })
}

/// The same landscape so steep that the learning rate is close to the bound, the noise so weak that `y` follows at once.
pub(super) fn near_the_edge(
    model: &Model,
    walked: &Model,
    sgd: &Sgd,
    effort: &Effort,
    watch: &dyn Watch,
) -> Result<Vec<Check>, Interrupted> {
    let none = |verdict, reason: &str| Ok(vec![without(EDGE, verdict, reason), without(CONTINUOUS, verdict, reason)]);
    if model.domain().ends().is_none() {
        return none(Verdict::NotApplicable, "on a line the worst curvature moves with the noise");
    }
    let bound = |m: &Model| {
        bounds(m)
            .bounds
            .into_iter()
            .find(|b| b.kind == Kind::MeanSquare)
            .and_then(|b| b.value)
            .map(|b| b / sgd.learning_rate.value())
    };
    // A weaker noise means larger batches, whose curvature is less noisy too: the bound is asked after it.
    let Ok(small) = smallness_of_steps(model) else {
        return none(Verdict::NotApplicable, "the law of the steps does not exist");
    };
    let mut weaker = 1.0f64.max(small / SMALL);
    let mut altered = None;
    for _ in 0..4 {
        let batch = batch_of(sgd, weaker);
        let quiet = model.with_batch_size(batch);
        let Some(room) = bound(&quiet) else {
            return none(Verdict::NotApplicable, "no bound of stability is known");
        };
        let factor = NEAR_THE_EDGE * room;
        let steep = quiet.with_curvature_scaled(factor);
        match smallness_of_steps(&steep) {
            Ok(small) if small <= 1.05 * SMALL => {
                altered = Some((steep, factor, batch));
                break;
            }
            Ok(small) => weaker *= small / SMALL,
            Err(reason) => return none(Verdict::NotApplicable, &reason.to_string()),
        }
    }
    let Some((steep, factor, batch)) = altered else {
        return none(Verdict::OutsideRegime, "no noise is weak enough there");
    };
    let nature = walked.with_batch_size(batch).with_curvature_scaled(factor);
    let law = match Law::of(&steep) {
        Ok(law) => law,
        Err(reason) => return none(Verdict::OutsideRegime, &reason),
    };
    let ensembles = Ensembles::new(nature, &law.adiabatic, (3, ENOUGH), effort, watch);
    let place =
        format!("at {NEAR_THE_EDGE} of the bound, curvature times {factor:.3}, noise variance over {weaker:.3}; ");
    if let Err(Refusal::TooSlow(reason)) = ensembles.sample(Stage::Screen) {
        return none(Verdict::Undecided, &reason);
    }
    let holds = in_two_stages(EDGE, &|stage| {
        follows(&law.adiabatic, law.bar(), &ensembles, stage)
            .map(|o| Outcome { reason: format!("{place}{}", o.reason), ..o })
    })?;
    let continuous = match stationary(&steep, Method::Adiabatic) {
        Ok(continuous) => continuous.density,
        Err(reason) => return Ok(vec![holds, without(CONTINUOUS, Verdict::NotApplicable, reason.to_string())]),
    };
    let inner = edges(&law.adiabatic, BINS);
    let (right, wrong) =
        (probabilities(&inner, &|x| law.adiabatic.cdf(x)), probabilities(&inner, &|x| continuous.cdf(x)));
    let foretold = 0.5 * right.iter().zip(&wrong).map(|(p, q)| (p - q).abs()).sum::<f64>();
    let seen = |stage: Stage| -> Result<(f64, f64, String), Refusal> {
        let sample = ensembles.sample(stage)?;
        let (distance, chance) = sample.distance(&inner, &|x| continuous.cdf(x), FALSE_ALARM);
        Ok((distance, chance + law.bar().0, format!("{place}{}", sample.about)))
    };
    let (distance, limit, about) = match seen(Stage::Screen) {
        Ok(seen) => seen,
        Err(Refusal::Interrupted) => return Err(Interrupted),
        Err(Refusal::Undecided(reason) | Refusal::TooSlow(reason) | Refusal::Pointless(reason)) => {
            return Ok(vec![holds, without(CONTINUOUS, Verdict::Undecided, reason)]);
        }
    };
    if !(foretold > 2.0 * limit) {
        let reason = format!(
            "the two formulas are only {foretold:.1e} apart there, too little to be told at the limit {limit:.1e}"
        );
        let verdict = if foretold > APART { Verdict::Undecided } else { Verdict::NotApplicable };
        return Ok(vec![holds, without(CONTINUOUS, verdict, reason)]);
    }
    let verdict = if distance > limit { Verdict::Pass } else { Verdict::Fail };
    let reason =
        format!("total variation to the continuous formula must exceed the limit (error bar and chance); {about}");
    let failing = Check {
        claim: CONTINUOUS,
        expected: Some(foretold),
        observed: Some(distance),
        distance: Some(distance),
        limit: Some(limit),
        verdict,
        reason,
    };
    Ok(vec![holds, failing])
}

/// The batch size at which the noise of a step has `weaker` times less variance.
pub(super) fn batch_of(sgd: &Sgd, weaker: f64) -> f64 {
    let factor = sgd.batch_factor() / weaker;
    match (sgd.sampling, sgd.dataset_size) {
        // (N − B)/(B(N − 1)) solved for B.
        (Sampling::FreshWithoutReplacement | Sampling::Epoch, Some(n)) => n / (1.0 + factor * (n - 1.0)),
        _ => 1.0 / factor,
    }
}
