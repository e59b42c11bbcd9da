//! What theory and the exact solve say of a model, heard once for all claims.

use crate::fokker_planck::{self, Solution, Unsolved};
use crate::model::Model;
use crate::num::density::Density;
use crate::theory::{Method, NotApplicable, Regime, regime, stationary};

/// Beyond this the first correction is not expected to hold.
pub(super) const LARGEST_SMALLNESS: f64 = 0.25;
/// Distances below this are rounding of the solvers, not physics.
const ROUNDING: f64 = 1e-8;

pub(super) struct Witnesses {
    pub adiabatic: Density,
    pub first_order: Result<Density, NotApplicable>,
    pub exact: Result<Solution, Unsolved>,
    pub regime: Regime,
}

/// `½ ∫ |p − q| dx` as `∫ (p − q)⁺`: both are normalised.
pub(super) fn total_variation(p: &Density, q: &Solution) -> f64 {
    p.expectation(&|x| (1.0 - q.at(x) / p.at(x)).max(0.0))
}

impl Witnesses {
    /// The theory of `model` beside the exact solve of `nature`, which is the same model unless the theory is put on trial.
    pub fn hear(model: &Model, nature: &Model) -> Result<Witnesses, NotApplicable> {
        let adiabatic = stationary(model, Method::Adiabatic)?.density;
        let first_order = stationary(model, Method::FirstOrder).map(|p| p.density);
        Ok(Witnesses { adiabatic, first_order, exact: fokker_planck::solve(nature), regime: regime(model)? })
    }

    /// The largest of the four small parameters of the theory.
    pub fn smallness(&self) -> f64 {
        smallness(&self.regime)
    }

    /// The best law that is known: the exact one's place is taken by the theory where there is none.
    pub fn expected(&self) -> &Density {
        self.first_order.as_ref().unwrap_or(&self.adiabatic)
    }

    /// Below this, distances to the exact solve cannot be told.
    pub fn floor(exact: &Solution) -> f64 {
        ROUNDING + 10.0 * exact.error
    }
}

/// The largest of the four small parameters; NaN passes on.
pub(super) fn smallness(r: &Regime) -> f64 {
    [r.epsilon_max, r.epsilon_over_kappa2_max, r.tg_over_lambda_max, r.curvature_ratio_max]
        .into_iter()
        .fold(0.0, |a, b| if a.is_nan() || a >= b { a } else { b })
}
