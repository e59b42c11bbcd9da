//! Adiabatic law of a Langevin valley, or of SGD in the limit of small learning rate.
//!
//! Symbols: `L0` floor loss, `λ_i` curvatures, `Δ_i` noise across, `T` along, a prime is d/dx. Itô:
//! - `Φ' = L0' + ½ Σ_i Δ_i λ_i'/λ_i`, in closed form `Φ = L0 + ½ Σ_i Δ_i ln λ_i` where all `Δ_i` are constant;
//! - `p ∝ (1/T) exp(−∫ Φ'/T dx)`, that is `p'/p = −(Φ' + T')/T`.
//!
//! On a circle where `T` varies, `∮ Φ'/T dx` need not vanish; then there is a current, `p' = −(Φ' + T')p/T − J/T`.
//! Error of the adiabatic law: `O(ε)`, see [`super::regime()`].

use super::NotApplicable;
use super::law::{Condition, Law};
use crate::expr::Expr;
use crate::model::{Langevin, Model};

/// The Langevin equation of the model.
pub(super) fn noise(model: &Model) -> Result<Langevin, NotApplicable> {
    // The only reason for which a model has no white-noise limit.
    model.langevin().map_err(|_| NotApplicable::Epoch)
}

/// `Φ = L0 + ½ Σ Δ_i ln λ_i`, up to a constant, where the `Δ_i` do not depend on the coordinate.
pub(super) fn potential(model: &Model, langevin: &Langevin) -> Option<Expr> {
    let x = model.coordinate();
    let constant = (0..model.directions()).all(|i| !langevin.noise[i].contains(x) || !model.curvature(i).contains(x));
    constant.then(|| {
        let sharp = (0..model.directions()).map(|i| Expr::ratio(1, 2) * &langevin.noise[i] * model.curvature(i).ln());
        Expr::sum(std::iter::once(model.floor_loss().clone()).chain(sharp))
    })
}

/// `Φ' = L0' + ½ Σ Δ_i λ_i'/λ_i`.
pub(super) fn force(model: &Model, langevin: &Langevin) -> Expr {
    let x = model.coordinate();
    let sharp = (0..model.directions()).map(|i| {
        let curvature = model.curvature(i);
        Expr::ratio(1, 2) * &langevin.noise[i] * curvature.derivative(x) / curvature
    });
    Expr::sum(std::iter::once(model.floor_loss().derivative(x)).chain(sharp))
}

/// The adiabatic law.
pub(super) fn law(model: &Model) -> Result<Law, NotApplicable> {
    let langevin = noise(model)?;
    Ok(law_at(model, force(model, &langevin), potential(model, &langevin), langevin.temperature, Vec::new()))
}

/// The law of a potential at a temperature, either of which may vary.
pub(super) fn law_at(
    model: &Model,
    force: Expr,
    potential: Option<Expr>,
    temperature: Expr,
    mut conditions: Vec<Condition>,
) -> Law {
    let x = model.coordinate();
    // A curvature that depends on x only in appearance may leave a potential closed though the noise varies: the closed
    // form needs a constant T.
    let log = potential.filter(|_| !temperature.contains(x)).map(|potential| -(potential / &temperature));
    conditions.push(Condition::new(temperature.clone(), |at, _| NotApplicable::NoTemperature { at }));
    Law { force: force + temperature.derivative(x), diffusion: temperature, log, conditions }
}
