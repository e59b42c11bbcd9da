//! Do the errors of the theory fall as they should where the sharp directions become faster?

use super::density::unsolved;
use super::verdict::{Check, Verdict, compared, without};
use super::witnesses::{LARGEST_SMALLNESS, Witnesses, total_variation};
use crate::fokker_planck;
use crate::model::{Domain, Model};
use crate::num::function::ln;
use crate::theory::{Method, stationary};

/// Distances to the exact solve at curvature 1 and 4: the fitted order in ε.
pub(super) fn order(model: &Model, nature: &Model, heard: &Witnesses, method: Method) -> Check {
    let (claim, expected) = match method {
        Method::Adiabatic => ("error of the adiabatic density is of first order in epsilon", 1.0),
        _ => ("error of the first-order density is of second order in epsilon", 2.0),
    };
    if !model.langevin().is_ok_and(|l| l.constant) {
        return without(
            claim,
            Verdict::NotApplicable,
            "the noise varies along the floor: it scales with the curvature",
        );
    }
    let own = match method {
        Method::Adiabatic => Ok(&heard.adiabatic),
        _ => heard.first_order.as_ref(),
    };
    let exact_here = match &heard.exact {
        Ok(exact) => exact,
        Err(reason) => return unsolved(claim, reason),
    };
    let Ok(own) = own else { return without(claim, Verdict::OutsideRegime, "the first correction does not apply") };
    if !(heard.smallness() <= 0.4 * LARGEST_SMALLNESS) {
        return without(
            claim,
            Verdict::OutsideRegime,
            format!("the smallness parameters reach {:.2}", heard.smallness()),
        );
    }
    let stiffer = model.with_curvature_scaled(4.0);
    let other = stationary(&stiffer, method).map(|p| p.density).map_err(|e| e.to_string());
    let (other, exact) =
        match (other, fokker_planck::solve(&nature.with_curvature_scaled(4.0)).map_err(|e| e.to_string())) {
            (Ok(other), Ok(exact)) => (other, exact),
            (Err(reason), _) | (_, Err(reason)) => return without(claim, Verdict::Undecided, reason),
        };
    let (here, there) = (total_variation(own, exact_here), total_variation(&other, &exact));
    if !(there > 3.0 * Witnesses::floor(exact_here)) {
        return without(claim, Verdict::NotApplicable, format!("the error is below what can be told ({there:.1e})"));
    }
    let fitted = ln(here / there) / ln(4.0);
    // At a reflecting wall where the curvature has a slope, a boundary layer lowers the second order to about 1.45, and less far from
    // the limit: 1.33 was seen. A first order is still told from it.
    let limit = match (method, nature.domain()) {
        (Method::Adiabatic, _) => 0.2,
        (_, Domain::Interval { .. }) => 0.85,
        _ => 0.65,
    };
    compared(
        claim,
        expected,
        fitted,
        limit,
        format!("total variation {here:.2e}, and {there:.2e} at four times the curvature"),
    )
}
