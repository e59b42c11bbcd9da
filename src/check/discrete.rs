//! Steps of SGD at their finite learning rate against the laws derived for them.

use super::effort::{Effort, FALSE_ALARM, Interrupted, Refusal, Stage};
use super::sample::{BINS, Ensembles, Outcome, edges, in_two_stages, probabilities};
use super::spread::smallness_of_steps;
use super::verdict::{Check, Verdict, without};
use crate::model::{Model, Sampling, Sgd};
use crate::num::density::Density;
use crate::sim::Watch;
use crate::theory::bounds::{Kind, bounds};
use crate::theory::{Method, stationary};

const STEPS: &str = "density of SGD steps agrees with the adiabatic law of the steps";
const CORRECTED: &str = "density of SGD steps agrees with the first-order law of the steps";
const EDGE: &str = "the law of the steps holds near the edge of stability";
const CONTINUOUS: &str = "the continuous formula fails near the edge of stability";

/// Part of the bound of stability at which the steps are followed once more.
const NEAR_THE_EDGE: f64 = 0.9;
/// Smallness to which the noise is reduced there.
const SMALL: f64 = 0.03;
/// Total variation that the adiabatic law of the steps is off, per smallness: 0.17 to 0.25 were measured for plain steps,
/// momentum, curvature noise, label noise and learners.
const PER_SMALLNESS: f64 = 0.4;
/// Beyond this smallness the laws of the steps are not expected to hold.
const LARGEST: f64 = 0.3;

pub(super) fn checks(
    model: &Model,
    nature: &Model,
    effort: &Effort,
    watch: &dyn Watch,
) -> Result<Vec<Check>, Interrupted> {
    let Some(sgd) = model.sgd() else {
        return Ok(vec![without(STEPS, Verdict::NotApplicable, "the noise is Langevin: there are no steps")]);
    };
    let mut checks = at_its_learning_rate(model, nature, effort, watch)?;
    checks.extend(near_the_edge(model, nature, sgd, effort, watch)?);
    Ok(checks)
}

/// A law of the steps and the error that it states.
struct Law {
    density: Density,
    bar: f64,
    made_of: String,
}

/// The adiabatic law, and the corrected one where it exists.
fn laws(model: &Model) -> Result<(Law, Option<Law>), String> {
    let adiabatic = stationary(model, Method::Discrete).map_err(|e| e.to_string())?.density;
    let small = smallness_of_steps(model).map_err(|e| e.to_string())?;
    if !(small <= LARGEST) {
        return Err(format!("the smallness of the steps reaches {small:.2}"));
    }
    let corrected = stationary(model, Method::DiscreteFirstOrder).ok().map(|p| p.density);
    let between = corrected.as_ref().map(|c| adiabatic.total_variation(c));
    let bar = match between {
        Some(between) => between * (1.0 + 5.0 * small),
        None => PER_SMALLNESS * small,
    };
    let made_of = match between {
        Some(_) => format!("distance between the two orders {bar:.1e}"),
        None => format!("{PER_SMALLNESS} times the smallness {small:.1e}"),
    };
    let first = corrected.zip(between).map(|(density, between)| Law {
        density,
        bar: between * (5.0 * small).min(1.0),
        made_of: format!("five times the smallness {small:.1e} times the first correction {between:.1e}"),
    });
    Ok((Law { density: adiabatic, bar, made_of }, first))
}

fn at_its_learning_rate(
    model: &Model,
    nature: &Model,
    effort: &Effort,
    watch: &dyn Watch,
) -> Result<Vec<Check>, Interrupted> {
    let (adiabatic, corrected) = match laws(model) {
        Ok(laws) => laws,
        Err(reason) => return Ok(vec![without(STEPS, Verdict::OutsideRegime, reason)]),
    };
    let ensembles = Ensembles::new(nature.clone(), &adiabatic.density, 2, effort, watch);
    let mut checks = vec![in_two_stages(STEPS, &|stage| follows(&adiabatic, &ensembles, stage))?];
    checks.push(match corrected {
        Some(corrected) => in_two_stages(CORRECTED, &|stage| follows(&corrected, &ensembles, stage))?,
        None => without(CORRECTED, Verdict::NotApplicable, "no first correction is known for this kind of step"),
    });
    Ok(checks)
}

fn follows(law: &Law, ensembles: &Ensembles, stage: Stage) -> Result<Outcome, Refusal> {
    let sample = ensembles.sample(stage)?;
    let (distance, chance) = sample.distance(&edges(&law.density, BINS), &|x| law.density.cdf(x), FALSE_ALARM);
    Ok(Outcome {
        expected: 0.0,
        observed: distance,
        limit: law.bar + chance,
        reason: format!(
            "total variation in {BINS} bins; limit: {}, chance {chance:.1e} (1 in 1000); {}",
            law.made_of, sample.about
        ),
    })
}

/// The same landscape so steep that the learning rate is close to the bound, the noise so weak that `y` follows at once.
fn near_the_edge(
    model: &Model,
    nature: &Model,
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
    let nature = nature.with_batch_size(batch).with_curvature_scaled(factor);
    let law = match laws(&steep) {
        Ok((adiabatic, _)) => adiabatic,
        Err(reason) => return none(Verdict::OutsideRegime, &reason),
    };
    let ensembles = Ensembles::new(nature, &law.density, 3, effort, watch);
    let place =
        format!("at {NEAR_THE_EDGE} of the bound, curvature times {factor:.3}, noise variance over {weaker:.3}; ");
    if let Err(Refusal::TooSlow(reason)) = ensembles.sample(Stage::Screen) {
        return none(Verdict::NotApplicable, &reason);
    }
    let holds = in_two_stages(EDGE, &|stage| {
        follows(&law, &ensembles, stage).map(|o| Outcome { reason: format!("{place}{}", o.reason), ..o })
    })?;
    let continuous = match stationary(&steep, Method::Adiabatic) {
        Ok(continuous) => continuous.density,
        Err(reason) => return Ok(vec![holds, without(CONTINUOUS, Verdict::NotApplicable, reason.to_string())]),
    };
    let inner = edges(&law.density, BINS);
    let (right, wrong) =
        (probabilities(&inner, &|x| law.density.cdf(x)), probabilities(&inner, &|x| continuous.cdf(x)));
    let foretold = 0.5 * right.iter().zip(&wrong).map(|(p, q)| (p - q).abs()).sum::<f64>();
    let seen = |stage: Stage| -> Result<(f64, f64, String), Refusal> {
        let sample = ensembles.sample(stage)?;
        let (distance, chance) = sample.distance(&inner, &|x| continuous.cdf(x), FALSE_ALARM);
        Ok((distance, chance + law.bar, format!("{place}{}", sample.about)))
    };
    let (distance, limit, about) = match seen(Stage::Screen) {
        Ok(seen) => seen,
        Err(Refusal::Interrupted) => return Err(Interrupted),
        Err(Refusal::Undecided(reason) | Refusal::TooSlow(reason)) => {
            return Ok(vec![holds, without(CONTINUOUS, Verdict::Undecided, reason)]);
        }
    };
    if !(foretold > 2.0 * limit) {
        let reason = format!(
            "the two formulas are only {foretold:.1e} apart there, too little to be told at the limit {limit:.1e}"
        );
        return Ok(vec![holds, without(CONTINUOUS, Verdict::NotApplicable, reason)]);
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
fn batch_of(sgd: &Sgd, weaker: f64) -> f64 {
    let factor = sgd.batch_factor() / weaker;
    match (sgd.sampling, sgd.dataset_size) {
        // (N − B)/(B(N − 1)) solved for B.
        (Sampling::FreshWithoutReplacement | Sampling::Epoch, Some(n)) => n / (1.0 + factor * (n - 1.0)),
        _ => 1.0 / factor,
    }
}
