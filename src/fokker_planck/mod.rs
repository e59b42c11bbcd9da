//! What does the density do? The exact stationary density along the floor, by Hermite modes across it.
//!
//! `P(x, y) = Σ_k p_k(x) Π_i He_{k_i}(y_i/√V_i) N(y_i; 0, V_i)` with `V_i = Δ_i/λ_i` and even `k_i`; the Fokker–Planck
//! equation becomes
//! `c_k = L0' p_k + Σ_i h_iV_i (p_{k−2e_i} + (2k_i+1) p_k + (k_i+2)(k_i+1) p_{k+2e_i}) + (𝒟(T p))_k`,
//! `(𝒟c)_k = Σ_i k_iλ_i p_k`, `(𝒟p)_k = p_k' + Σ_i (V_i'/2V_i)(k_i p_k + p_{k−2e_i})`, `h_i = λ_i'/2`, with `c_k = 0` at walls
//! and `c_0 = −J` on a circle. Nothing is assumed adiabatic. Along the floor the ratio of every mode to the adiabatic density
//! is a polynomial on panels that adapt themselves, so that deep wells and thin tails keep their relative accuracy.

mod adapt;
mod galerkin;
mod linear;
mod mesh;
mod rule;
mod solution;
#[cfg(test)]
mod tests;

pub use solution::Solution;

use crate::expr::Expr;
use crate::model::{Model, NoLangevin};
use mesh::Local;
use solution::Across;
use thiserror::Error;

/// Why there is no stationary density, or none that can be trusted.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum Unsolved {
    /// The noise has no Langevin limit.
    #[error(transparent)]
    NoLangevin(#[from] NoLangevin),
    /// The Hermite modes of many coupled directions are too many.
    #[error("{directions} sharp directions vary along the floor; the exact solve takes at most {most}")]
    TooManyDirections {
        /// Directions that vary.
        directions: usize,
        /// Directions that can be solved.
        most: usize,
    },
    /// The landscape or the noise is not finite and positive there.
    #[error("the landscape has no usable value at {at}")]
    NotFinite {
        /// The place.
        at: f64,
    },
    /// The adiabatic density does not decay fast enough to have a finite mass.
    #[error("nothing confines the coordinate towards {towards}: no stationary density")]
    NotConfined {
        /// Direction in which it escapes.
        towards: f64,
    },
    /// The landscape has too many features.
    #[error("the landscape needs more than {most} panels")]
    TooManyPanels {
        /// The limit.
        most: usize,
    },
    /// The equations are singular to working accuracy.
    #[error("the equations of the modes are singular")]
    Singular,
    /// The modes do not converge.
    #[error("the Hermite modes do not converge: error {error:.1e} of the peak")]
    NotResolved {
        /// The error reached, relative to the peak.
        error: f64,
    },
}

/// The exact stationary density of the Langevin model of a problem (for SGD noise: of its limit `η → 0`).
///
/// Accuracy: [`Solution::error`], as a rule below 1e-10 of the peak on smooth landscapes. Directions whose curvature and noise
/// do not depend on the coordinate decouple and cost nothing.
///
/// # Errors
/// See [`Unsolved`].
pub fn solve(model: &Model) -> Result<Solution, Unsolved> {
    solve_with(model, &adapt::USUAL)
}

/// The same, stopped where an error of `accuracy` of the peak is reached: between 5e-6 and 1e-10; what lies beyond counts as the
/// nearer, what is no number as 1e-10. The estimate stays that of what was done: [`Solution::error`].
///
/// # Errors
/// See [`Unsolved`].
pub fn solve_to(model: &Model, accuracy: f64) -> Result<Solution, Unsolved> {
    solve_with(model, &adapt::Effort::to(accuracy))
}

fn solve_with(model: &Model, effort: &adapt::Effort) -> Result<Solution, Unsolved> {
    let langevin = model.langevin()?;
    let coordinate = model.coordinate();
    let varies = |formula: &Expr| formula.contains(coordinate);
    let (mut coupled, mut constant) = (Vec::new(), Vec::new());
    let mut across = Vec::new();
    for (i, noise) in langevin.noise.iter().enumerate() {
        let curvature = model.curvature(i);
        if varies(curvature) || varies(noise) {
            across.push(Across::Solved(coupled.len()));
            coupled.push((curvature.clone(), noise.clone()));
        } else {
            // Its number is read off below, once the formulas are bound.
            across.push(Across::Constant(f64::NAN));
            constant.push((i, noise / curvature));
        }
    }
    if coupled.len() > adapt::MOST_COUPLED {
        return Err(Unsolved::TooManyDirections { directions: coupled.len(), most: adapt::MOST_COUPLED });
    }
    let anywhere = model.domain().ends().map_or(0.0, |ends| 0.5 * (ends.0 + ends.1));
    for (i, variance) in constant {
        across[i] = Across::Constant(model.compile(&[variance]).value(anywhere));
    }
    let slope = |formula: &Expr| formula.derivative(coordinate);
    let mut formulas = vec![slope(model.floor_loss()), langevin.temperature.clone(), slope(&langevin.temperature)];
    for (curvature, noise) in &coupled {
        formulas.extend([curvature.clone(), slope(curvature), noise.clone(), slope(noise)]);
    }
    let tape = model.compile(&formulas);
    let fields = |x: f64| {
        let mut v = [0.0; 3 + 4 * adapt::MOST_COUPLED];
        tape.at_into(&[x], &mut v[..formulas.len()]);
        if v.iter().any(|value| value.is_nan()) {
            // A slope has no value at a kink (`abs(x)` at 0): that of its right side stands for it.
            tape.at_into(&[x + 1e-12 * x.abs().max(1e-3)], &mut v[..formulas.len()]);
        }
        Local {
            loss_slope: v[0],
            temperature: v[1],
            temperature_slope: v[2],
            sharp: v[3..formulas.len()].chunks_exact(4).map(|d| adapt::direction(d[0], d[1], d[2], d[3])).collect(),
        }
    };
    adapt::solve(model.domain(), &fields, coupled.len(), across, effort)
}
