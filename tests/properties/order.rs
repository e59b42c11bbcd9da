//! Errors fall at the rate that the theory states: exact solves, no random numbers.

use super::support::{claim, holds};
use crate::generate::{Kind, models};
use thalweg::fokker_planck::{self, Solution};
use thalweg::model::Model;
use thalweg::num::density::Density;
use thalweg::theory::{Method, regime, stationary};

fn total_variation(p: &Density, q: &Solution) -> f64 {
    p.expectation(&|x| (1.0 - q.at(x) / p.at(x)).max(0.0))
}

/// The largest of the small parameters at the curvature of the model times `stiffer`.
fn small(model: &Model) -> f64 {
    regime(model).map_or(f64::NAN, |r| {
        r.epsilon_max.max(r.epsilon_over_kappa2_max).max(r.tg_over_lambda_max).max(r.curvature_ratio_max)
    })
}

/// Orders by curvatures so stiff that the next order of the expansion is below a hundredth.
fn fitted(model: &Model, method: Method) -> Option<f64> {
    let mut stiffer = 1.0;
    while !(small(&model.with_curvature_scaled(stiffer)) <= 0.01) {
        stiffer *= 2.0;
        if stiffer > 1e4 {
            return None;
        }
    }
    let distance = |factor: f64| -> Option<(f64, f64)> {
        let model = model.with_curvature_scaled(factor);
        let law = stationary(&model, method).ok()?.density;
        let exact = fokker_planck::solve_to(&model, 1e-12).ok()?;
        Some((total_variation(&law, &exact), exact.error))
    };
    let (one, _) = distance(stiffer)?;
    let (four, error) = distance(4.0 * stiffer)?;
    // Below this the distance is that of the solver.
    (four > 1e-9 + 100.0 * error).then(|| (one / four).ln() / 4.0f64.ln())
}

#[test]
fn the_adiabatic_error_is_of_first_order_in_epsilon() {
    holds("order::the_adiabatic_error_is_of_first_order_in_epsilon", 8, &models(Kind::CIRCLE), |posed| {
        if let Some(order) = fitted(posed.model(), Method::Adiabatic) {
            claim!((order - 1.0).abs() < 0.15, "order {order}");
        }
        Ok(())
    });
}

#[test]
fn the_first_order_error_is_of_second_order_in_epsilon() {
    holds("order::the_first_order_error_is_of_second_order_in_epsilon", 8, &models(Kind::CIRCLE), |posed| {
        if let Some(order) = fitted(posed.model(), Method::FirstOrder) {
            claim!((order - 2.0).abs() < 0.15, "order {order}");
        }
        Ok(())
    });
}

#[test]
fn the_correction_is_nearer_where_the_theory_claims_to_hold() {
    holds("order::the_correction_is_nearer_where_the_theory_claims_to_hold", 8, &models(Kind::CIRCLE), |posed| {
        let model = posed.model();
        let (Ok(one), Ok(two)) = (stationary(model, Method::Adiabatic), stationary(model, Method::FirstOrder)) else {
            return Ok(());
        };
        let Ok(exact) = fokker_planck::solve(model) else { return Ok(()) };
        let (far, close) = (total_variation(&one.density, &exact), total_variation(&two.density, &exact));
        if small(model) < 0.05 && far > 1e-7 + 100.0 * exact.error {
            claim!(close < 0.6 * far, "first order {close}, adiabatic {far}");
        }
        Ok(())
    });
}
