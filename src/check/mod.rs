//! Do the witnesses agree, and how surely? The only room where theory, the exact solve and simulation meet.
//!
//! Every limit is the error that the theory states for itself, so that a theory with a wrong constant is refused although
//! it may look close: the distance between the adiabatic and the first-order density is the error bar of the former, and
//! that distance times the smallness parameters is the error bar of the latter. Where a witness is a sample, the limit also
//! holds what chance does to it: a claim fails only if two independent samples, each with a chance of a thousandth to
//! object wrongly, both object.

mod density;
mod discrete;
mod effort;
mod flat;
mod ground;
mod kick;
mod law;
mod order;
mod pace;
mod passage;
pub mod phase;
mod potential;
mod reading;
mod recorded;
mod reference;
mod relaxation;
mod sample;
mod simulation;
mod spread;
mod stability;
mod strength;
#[cfg(test)]
mod tests;
mod verdict;
mod witnesses;

pub use effort::{Effort, Interrupted};
pub use recorded::{RecordError, Recorded};
pub use verdict::{Check, Report, Verdict};

use crate::model::Model;
use crate::sim::Watch;
use crate::theory::Method;
use ground::Operator;
use law::Law;
use sample::Ensembles;
use verdict::without;
use witnesses::Witnesses;

/// Holds every claim of the theory of `model` against the exact solve and simulation.
///
/// The plan is fixed before a path is drawn: sample sizes come from `effort` and the model alone. `watch` sees the
/// progress of each ensemble.
///
/// # Errors
/// [`Interrupted`], where `watch` asked for it.
pub fn verify(model: &Model, effort: &Effort, watch: &dyn Watch) -> Result<Report, Interrupted> {
    examine(model, model, model, effort, watch)
}

/// Holds the theory of `model` against the exact solve of `solved` and the paths of `walked`: all the same model, unless one of
/// the three witnesses is put on trial.
fn examine(
    model: &Model,
    solved: &Model,
    walked: &Model,
    effort: &Effort,
    watch: &dyn Watch,
) -> Result<Report, Interrupted> {
    let heard = match Witnesses::hear(model, solved) {
        Ok(heard) => heard,
        Err(reason) => return Ok(unheard(model, &reason.to_string())),
    };
    let mut checks = solved_claims(model, solved, &heard);
    let law = match model.sgd() {
        None => heard.expected().clone(),
        Some(_) => Law::of(model).map_or_else(|_| heard.expected().clone(), |law| law.adiabatic),
    };
    let wanted = reading::wanted(model, &law).max(sample::ENOUGH);
    let base = Ensembles::new(walked.clone(), &law, (1, wanted), effort, watch);
    let operator = Operator::of(solved);
    checks.extend(simulation::checks(model, &heard, operator.solution(), &base)?);
    checks.extend(kick::checks(model, walked, &law, effort, watch)?);
    checks.extend(operator.laws(model));
    checks.extend(operator.paths(model, &base)?);
    checks.extend(discrete::checks(model, walked, &base, effort, watch)?);
    checks.extend(strength::checks(model, solved, walked, &base, effort, watch)?);
    checks.extend(passage::checks(model, walked, effort, watch)?);
    checks.extend(stability::checks(model, walked, effort, watch)?);
    Ok(Report { model: model.name().to_owned(), checks })
}

/// Holds every claim of the theory of `model` against the exact solve, and the law against what was recorded.
///
/// # Errors
/// [`RecordError`], where the record is not one of this model.
pub fn verify_recorded(model: &Model, record: &Recorded) -> Result<Report, RecordError> {
    let heard = match Witnesses::hear(model, model) {
        Ok(heard) => heard,
        Err(reason) => return Ok(unheard(model, &reason.to_string())),
    };
    let mut checks = solved_claims(model, model, &heard);
    let operator = Operator::of(model);
    checks.extend(operator.laws(model));
    checks.extend(recorded::checks(model, &heard, operator.solution(), record)?);
    Ok(Report { model: model.name().to_owned(), checks })
}

fn unheard(model: &Model, reason: &str) -> Report {
    let check = without("the stationary density along the floor", Verdict::Undecided, reason);
    Report { model: model.name().to_owned(), checks: vec![check] }
}

/// The claims that the exact solve alone can judge.
fn solved_claims(model: &Model, solved: &Model, heard: &Witnesses) -> Vec<Check> {
    vec![
        density::adiabatic(heard),
        density::first_order(heard),
        order::order(model, solved, heard, Method::Adiabatic),
        order::order(model, solved, heard, Method::FirstOrder),
        flat::towards_flat(model, heard),
        potential::proportional(model, solved, heard),
        potential::boltzmann(model, solved),
        ground::solves(model, heard),
    ]
}
