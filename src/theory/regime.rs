//! Does the theory hold here? Its small parameters, and the distance between its orders.
//!
//! Symbols: `g_i = λ_i'/(2λ_i)`. The adiabatic law is `O(ε)`, the first correction `O(ε²)`, where all four are small:
//! `ε = Σ_i g_i²Δ_i²/(λ_iT)` (one direction: `κΔg²/λ`), `ε/κ² = Tg²/λ`, `T|g'|/λ`, `|L0''|/λ`. The distance between the two
//! orders is the error bar of the theory.

use super::scan::largest;
use super::{Method, NotApplicable, langevin, stationary};
use crate::expr::{Expr, Function};
use crate::model::Model;
use crate::num::density::Density;

/// The small parameters over the visited region.
#[derive(Clone, Debug, PartialEq)]
pub struct Regime {
    /// The shortest interval that holds all but 1e-6 of the adiabatic probability (on a circle it may pass the end).
    pub visited: (f64, f64),
    /// Maximum of `ε`.
    pub epsilon_max: f64,
    /// Maximum of `ε/κ² = Tg²/λ` (of the largest over the directions).
    pub epsilon_over_kappa2_max: f64,
    /// Maximum of `T|g'|/λ` (of the largest over the directions).
    pub tg_over_lambda_max: f64,
    /// Maximum of `|L0''|/λ` (of the largest over the directions).
    pub curvature_ratio_max: f64,
    /// Total variation between the adiabatic and the first-order density.
    pub total_variation_between_orders: Result<f64, NotApplicable>,
    /// The same between the adiabatic and the corrected law of the steps at their finite learning rate.
    pub total_variation_between_discrete_orders: Result<f64, NotApplicable>,
}

/// The regime of `model`. Maxima to about 1e-9 relative, over a scan with polish.
///
/// # Errors
/// [`NotApplicable`], where there is no adiabatic density.
pub fn regime(model: &Model) -> Result<Regime, NotApplicable> {
    let adiabatic = stationary(model, Method::Adiabatic)?.density;
    let (lower, upper) = adiabatic.visited(1e-6);
    let langevin = langevin::noise(model)?;
    let x = model.coordinate();
    let temperature = &langevin.temperature;
    let second = model.floor_loss().derivative(x).derivative(x).call(Function::Abs);
    let mut epsilon = Vec::new();
    let mut rest: [Vec<Expr>; 3] = Default::default();
    for (i, noise) in langevin.noise.iter().enumerate() {
        let curvature = model.curvature(i);
        let g = Expr::ratio(1, 2) * curvature.derivative(x) / curvature;
        epsilon.push(&g * &g * noise * noise / (curvature * temperature));
        rest[0].push(temperature * &g * &g / curvature);
        rest[1].push(temperature * g.derivative(x).call(Function::Abs) / curvature);
        rest[2].push(&second / curvature);
    }
    let maximum = |formulas: &[Expr]| {
        let tape = model.compile(formulas);
        let most = |x: f64| tape.at(&[x]).into_iter().fold(f64::NEG_INFINITY, |a, b| if a >= b { a } else { b });
        largest(&most, lower, upper)
    };
    let between = |first: &Density, second: Method| -> Result<f64, NotApplicable> {
        Ok(first.total_variation(&stationary(model, second)?.density))
    };
    let steps = stationary(model, Method::Discrete);
    Ok(Regime {
        visited: (lower, upper),
        epsilon_max: maximum(&[Expr::sum(epsilon)]),
        epsilon_over_kappa2_max: maximum(&rest[0]),
        tg_over_lambda_max: maximum(&rest[1]),
        curvature_ratio_max: maximum(&rest[2]),
        total_variation_between_orders: between(&adiabatic, Method::FirstOrder),
        total_variation_between_discrete_orders: steps
            .and_then(|steps| between(&steps.density, Method::DiscreteFirstOrder)),
    })
}
