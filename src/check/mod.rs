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
mod order;
mod pace;
mod potential;
mod relaxation;
mod sample;
mod simulation;
mod spread;
#[cfg(test)]
mod tests;
mod verdict;
mod witnesses;

pub use effort::{Effort, Interrupted};
pub use verdict::{Check, Report, Verdict};

use crate::model::Model;
use crate::sim::Watch;
use crate::theory::Method;
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
        Err(reason) => {
            let check = without("the stationary density along the floor", Verdict::Undecided, reason.to_string());
            return Ok(Report { model: model.name().to_owned(), checks: vec![check] });
        }
    };
    let mut checks = vec![
        density::adiabatic(&heard),
        density::first_order(&heard),
        order::order(model, solved, &heard, Method::Adiabatic),
        order::order(model, solved, &heard, Method::FirstOrder),
        flat::towards_flat(model, &heard),
        potential::proportional(model, solved, &heard),
        potential::boltzmann(model, solved),
    ];
    checks.extend(simulation::checks(model, walked, &heard, effort, watch)?);
    checks.extend(discrete::checks(model, walked, effort, watch)?);
    Ok(Report { model: model.name().to_owned(), checks })
}
