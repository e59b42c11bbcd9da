//! The loss that SGD seems to descend.
//!
//! Symbols: `Δ` noise strength of the model, `Δ_i` of direction `i`, `T` along the floor, `κ = Δ/T`, `F_i = λ_i^(−1/2)`.
//! `L_SGD = (κ−1) L0 + Σ_i (Δ − κΔ_i) ln F_i`; in one direction `Δ(1−κ) ln F + (κ−1) L0` (Yang, Tang, Tu 2023, Eqs. 7 and 11,
//! read with the loss of the floor). `L_eff = L0 + L_SGD` on the floor. No constant is added: only differences mean anything.

use super::potential::{self, Potential};
use super::{NotApplicable, langevin};
use crate::expr::Expr;
use crate::model::{Model, Sharp};

/// Losses along the floor.
#[derive(Clone, Debug)]
pub struct Loss {
    /// `L0(x)`
    pub floor: Expr,
    /// `L_SGD(x)`
    pub sgd: Result<Expr, NotApplicable>,
    /// `L0 + L_SGD`
    pub effective: Result<Expr, NotApplicable>,
    /// Marginal potential `Φ` of the Langevin model.
    pub potential: Result<Potential, NotApplicable>,
    /// Marginal potential of the steps at their finite learning rate.
    pub discrete_potential: Result<Potential, NotApplicable>,
}

/// The general law as LaTeX, for one sharp direction.
pub const GENERAL_LATEX: &str = r"L_{\mathrm{SGD}} = \Delta (1 - \kappa) \ln F + (\kappa - 1) L_0";
/// The general law as LaTeX, for several sharp directions.
pub const GENERAL_LATEX_SEVERAL: &str =
    r"L_{\mathrm{SGD}} = (\kappa - 1) L_0 + \sum_i (\Delta - \kappa \Delta_i) \ln F_i";

/// The floor loss, the effective loss and the marginal potential of `model`, in units of loss.
///
/// Assumes the adiabatic limit. `sgd` is a [`NotApplicable`] where the noise varies along the floor or is correlated.
pub fn loss(model: &Model) -> Loss {
    let floor = model.floor_loss().clone();
    let sgd = sgd_loss(model);
    let effective = sgd.as_ref().map(|sgd| &floor + sgd).map_err(Clone::clone);
    Loss {
        floor,
        sgd,
        effective,
        potential: potential::marginal(model),
        discrete_potential: potential::of_steps(model),
    }
}

fn sgd_loss(model: &Model) -> Result<Expr, NotApplicable> {
    let noise = langevin::noise(model)?;
    let varies = || NotApplicable::NoiseVaries(model.coordinate().to_owned());
    let delta = noise.delta.filter(|_| noise.constant).ok_or_else(varies)?;
    let temperature = model.compile(std::slice::from_ref(&noise.temperature)).value(0.0);
    let ratio = delta / temperature;
    // The model's own κ where T is its default, exactly as written.
    let kappa = if (ratio - noise.kappa).abs() <= 1e-13 * noise.kappa { noise.kappa } else { ratio };
    let (Some(strength), Some(kappa)) = (short(delta), short(kappa)) else {
        return Err(NotApplicable::NoTemperature { at: 0.0 });
    };
    Ok(formula(model.floor_loss(), model.sharp(), &strength, &kappa))
}

fn formula(floor: &Expr, sharp: &[Sharp], delta: &Expr, kappa: &Expr) -> Expr {
    let one = Expr::integer(1);
    let barrier = (kappa - &one) * floor;
    if let [direction] = sharp
        && direction.delta == 1.0
    {
        return delta * (&one - kappa) * ln_flatness(direction) + barrier;
    }
    let terms = sharp.iter().map(|direction| {
        let own = short(direction.delta).map_or_else(|| delta.clone(), |factor| delta * factor);
        (delta - kappa * own) * ln_flatness(direction)
    });
    Expr::sum(std::iter::once(barrier).chain(terms))
}

/// `ln F`, in the quantity that the file gave.
fn ln_flatness(direction: &Sharp) -> Expr {
    if direction.flatness_was_given { direction.flatness.ln() } else { Expr::ratio(-1, 2) * direction.curvature.ln() }
}

/// `value` as a decimal, without the last digit of rounding (`0.1·0.3/2` is 0.015); `None` where it is not finite.
fn short(value: f64) -> Option<Expr> {
    let rounded: f64 = format!("{value:.14e}").parse().ok()?;
    let near = (rounded - value).abs() <= 4.0 * f64::EPSILON * value.abs();
    Expr::from_f64(if near { rounded } else { value })
}
