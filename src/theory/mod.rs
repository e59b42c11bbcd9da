//! What does the mathematics predict?
//!
//! Closed forms and first corrections for the law along the floor of a valley. Everything here is derived from formulas:
//! no path is simulated and no equation discretised; quadratures alone are numerical.

pub mod bounds;
mod deepest;
pub mod derived;
pub mod discrete;
pub mod first_order;
mod forgetting;
pub mod joint;
pub mod langevin;
mod law;
pub mod loss;
pub mod pace;
pub mod passage;
pub mod phase;
pub mod potential;
pub mod regime;
mod scan;
pub mod sources;

pub use deepest::{Deepest, deepest};
pub use forgetting::{Forgetting, forgetting};
pub use joint::{Joint, joint};
pub use loss::{Loss, loss};
pub use potential::Potential;
pub use regime::{Regime, regime};
pub use sources::{Source, all_sources, sources};

use crate::model::Model;
use crate::num::density::{Density, DensityError};
use thiserror::Error;

/// The orders of the theory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    /// Sharp directions follow at once; Langevin noise, or the limit of small learning rate.
    Adiabatic,
    /// With the first correction in the ratio of the two time scales, resummed.
    FirstOrder,
    /// Sharp directions follow at once; SGD at its finite learning rate.
    Discrete,
    /// SGD at its finite learning rate, with the first correction.
    DiscreteFirstOrder,
}

impl Method {
    /// All methods.
    pub const ALL: [Method; 4] = [Method::Adiabatic, Method::FirstOrder, Method::Discrete, Method::DiscreteFirstOrder];

    /// The name on the command line and in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Method::Adiabatic => "adiabatic",
            Method::FirstOrder => "first-order",
            Method::Discrete => "discrete",
            Method::DiscreteFirstOrder => "discrete-first-order",
        }
    }

    /// The method of that name.
    pub fn named(name: &str) -> Option<Method> {
        Method::ALL.into_iter().find(|method| method.name() == name)
    }
}

/// A stationary density along the floor.
#[derive(Clone, Debug)]
pub struct Prediction {
    /// The order of the theory.
    pub method: Method,
    /// `p(x)`, normalised over the domain.
    pub density: Density,
    /// Probability current along the floor, per unit of continuous time (for a `discrete` method: per time `η`,
    /// divided by `η`); zero except on an asymmetric circle.
    pub current: f64,
}

/// Why a formula does not apply to a model.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum NotApplicable {
    /// Noise that is correlated between steps.
    #[error("epoch-wise sampling is anticorrelated in time: no formula for its stationary law is known here")]
    Epoch,
    /// A question about steps put to a Langevin equation.
    #[error("the noise is Langevin: there is no learning rate")]
    NoLearningRate,
    /// Decentralised learners together with another extension.
    #[error("no formula has been derived for several learners together with {0}")]
    LearnersWith(&'static str),
    /// The first correction at finite learning rate is known for plain SGD with constant noise only.
    #[error("no first correction at finite learning rate has been derived for {0}")]
    NoFirstCorrection(&'static str),
    /// Noise whose strength changes along the floor.
    #[error("the noise strength depends on {0}: L_SGD is defined for constant noise only")]
    NoiseVaries(String),
    /// Beyond the edge of stability.
    #[error("a sharp direction is unstable at {at}: the learning rate times its curvature reaches {limit}")]
    EdgeOfStability {
        /// The place where the excess is largest.
        at: f64,
        /// `2`, or `2(1+β)`, or `1+w` of the least stable mode of several learners.
        limit: f64,
    },
    /// The variance across the valley grows without bound.
    #[error("the variance across the valley has no stationary value at {at}: the noise of the curvature amplifies it")]
    MeanSquare {
        /// The place where the excess is largest.
        at: f64,
    },
    /// The effective diffusion along the floor is not positive.
    #[error("the corrected diffusion along the floor is not positive at {at}")]
    Diffusion {
        /// The place where it is smallest.
        at: f64,
    },
    /// A step along the floor overshoots: `½ηΦ'' ≥ 1`.
    #[error(
        "a step along the floor overshoots at {at}: half the learning rate times the second derivative of the potential reaches one"
    )]
    Overshoot {
        /// The place where it overshoots most.
        at: f64,
    },
    /// A circle without mirror symmetry.
    #[error("the density carries a current around this circle: its most likely places are not where a force vanishes")]
    Current,
    /// There is no noise along the floor.
    #[error("there is no noise along the floor at {at}")]
    NoTemperature {
        /// The place.
        at: f64,
    },
    /// The density could not be formed.
    #[error("{0}")]
    Density(DensityError),
    /// The adiabatic law, which alone judges confinement, has no normalisation.
    #[error("the adiabatic law has no stationary density ({0})")]
    NotConfined(DensityError),
}

impl NotApplicable {
    /// Whether the reason is that the law has no normalisation: nothing confines the coordinate.
    pub fn is_not_normalisable(&self) -> bool {
        use DensityError::NotNormalisable;
        matches!(
            self,
            NotApplicable::Density(NotNormalisable { .. }) | NotApplicable::NotConfined(NotNormalisable { .. })
        )
    }
}

/// The stationary density of `model` along its floor by `method`.
///
/// Equation: `p'/p = −force/diffusion`, of [`langevin`], [`first_order`] or [`discrete`]; on a circle whose `∮ p'/p dx` does not
/// vanish, `p' = (p'/p) p − J/diffusion` with the current `J`.
///
/// # Errors
/// [`NotApplicable`], where the formula does not exist, does not apply, or has no normalisation.
///
/// # Accuracy
/// Of the quadrature: about 1e-10 relative to the peak. Of the theory: see [`regime()`].
pub fn stationary(model: &Model, method: Method) -> Result<Prediction, NotApplicable> {
    let adiabatic = langevin::law(model)?;
    if method == Method::Adiabatic {
        return adiabatic.solve(model, method, None);
    }
    let law = match method {
        Method::Adiabatic | Method::FirstOrder => first_order::law(model)?,
        Method::Discrete => discrete::law(model)?,
        Method::DiscreteFirstOrder => first_order::law_of_steps(model)?,
    };
    if model.domain().ends().is_some() {
        return law.solve(model, method, None);
    }
    // On the line the adiabatic law judges confinement, and tells where the formula is needed.
    match adiabatic.solve(model, Method::Adiabatic, None) {
        Ok(reference) => law.solve(model, method, Some(&reference.density)),
        Err(NotApplicable::Density(why @ DensityError::NotNormalisable { .. })) => Err(NotApplicable::NotConfined(why)),
        Err(error) => Err(error),
    }
}

/// The stretch of floor that matters: between the ends of the domain; on a line the shortest that holds all but 1e-6 of
/// the adiabatic probability.
///
/// # Errors
/// [`NotApplicable`], where there is no adiabatic density on a line.
pub fn stretch(model: &Model) -> Result<(f64, f64), NotApplicable> {
    match model.domain().ends() {
        Some(ends) => Ok(ends),
        None => stationary(model, Method::Adiabatic).map(|prediction| prediction.density.visited(1e-6)),
    }
}

#[cfg(test)]
mod tests;
