//! Adiabatic law of SGD at a finite learning rate.
//!
//! Symbols: `η` learning rate, `p̂` batch factor, `S_i = p̂ C_i` noise of one step across the valley, `λ_i` curvatures, `β` momentum,
//! `c² = p̂ c₁²` relative variance of a batch's curvature, `n` learners whose mixing matrix has the eigenvalues `w_m`.
//! With the stationary variance `Σ_i(x)` of `y_i` at frozen `x`, for whatever noise gives it,
//! `Φ' = L0' + ½ Σ_i λ_i' Σ_i` and `p'/p = −(Φ' + T')/T`, `T = ηp̂C_floor/2` (over `1−β`; over `n` for the mean of `n` learners):
//!
//! | steps | `Σ_i` | `Φ − L0`, `S` constant |
//! |---|---|---|
//! | one learner | `ηS/(2(1−β)λ(1−bλ))`, `b = ½η[1/(1+β) + c²/(1−β)]` | `ηS/(4(1−β)) ln[λ/(1−bλ)]` |
//! | `n` learners | `(1/n) Σ_m η²S/(1−(w_m−ηλ)²)` | `ηS/(4n) Σ_m ln[(1−w_m+ηλ)/(1+w_m−ηλ)]` |
//!
//! The first row holds plain SGD (`ηS/(λ(2−ηλ))`), curvature noise (`ηS/(2λ−ηλ²(1+c²))`), momentum
//! (`(1+β)ηS/((1−β)λ(2(1+β)−ηλ))`) and both together. Assumes Gaussian noise, independent from step to step.

use super::NotApplicable;
use super::langevin::law_at;
use super::law::{Condition, Law};
use crate::expr::Expr;
use crate::model::{Model, Sampling, Sgd};

/// A finite number as the decimal it prints as.
pub(super) fn decimal(value: f64) -> Expr {
    Expr::from_f64(value).expect("the numbers of a valid model are finite")
}

/// The steps of a model whose noise is white.
pub(super) fn steps(model: &Model) -> Result<&Sgd, NotApplicable> {
    let sgd = model.sgd().ok_or(NotApplicable::NoLearningRate)?;
    if sgd.sampling == Sampling::Epoch {
        return Err(NotApplicable::Epoch);
    }
    Ok(sgd)
}

/// The variance across one direction, its potential, and when they hold.
pub(super) struct Across {
    /// `Σ_i(x)`
    pub variance: Expr,
    /// `½ ∫ λ' Σ dx`, where `S` is constant.
    pub potential: Option<Expr>,
    pub conditions: Vec<Condition>,
}

/// All directions.
pub(super) fn across(model: &Model, sgd: &Sgd) -> Result<Vec<Across>, NotApplicable> {
    let x = model.coordinate();
    let rate = decimal(sgd.learning_rate.value());
    let factor = decimal(sgd.batch_factor());
    let of = |i: usize| {
        let curvature = model.curvature(i);
        let noise = &factor * &sgd.variance[i];
        let constant = !noise.contains(x) || !curvature.contains(x);
        let mut direction = match &sgd.learners {
            None => one_learner(sgd, &rate, &factor, &noise, curvature),
            Some(learners) => several_learners(&learners.eigenvalues, &rate, &noise, curvature),
        };
        if !constant {
            direction.potential = None;
        }
        direction
    };
    if sgd.learners.is_some() {
        if sgd.momentum != 0.0 {
            return Err(NotApplicable::LearnersWith("momentum"));
        }
        if sgd.curvature_noise != 0.0 {
            return Err(NotApplicable::LearnersWith("curvature noise"));
        }
    }
    Ok((0..model.directions()).map(of).collect())
}

fn one_learner(sgd: &Sgd, rate: &Expr, factor: &Expr, noise: &Expr, curvature: &Expr) -> Across {
    let one = Expr::integer(1);
    let beta = decimal(sgd.momentum);
    let c1 = decimal(sgd.curvature_noise);
    let slowing = &one - &beta;
    let b = Expr::ratio(1, 2) * rate * (&one / (&one + &beta) + factor * &c1 * &c1 / &slowing);
    let room = &one - &b * curvature;
    let variance = rate * noise / (Expr::integer(2) * &slowing * curvature * &room);
    let potential = rate * noise / (Expr::integer(4) * &slowing) * (curvature / &room).ln();
    let condition = if sgd.curvature_noise == 0.0 {
        let limit = 2.0 * (1.0 + sgd.momentum);
        Condition { positive: room, else_because: |at, limit| NotApplicable::EdgeOfStability { at, limit }, limit }
    } else {
        Condition::new(room, |at, _| NotApplicable::MeanSquare { at })
    };
    Across { variance, potential: Some(potential), conditions: vec![condition] }
}

fn several_learners(eigenvalues: &[f64], rate: &Expr, noise: &Expr, curvature: &Expr) -> Across {
    let one = Expr::integer(1);
    let count = Expr::integer(eigenvalues.len() as i64);
    let step = rate * curvature;
    let mut conditions = Vec::new();
    let (mut inverse, mut log) = (Vec::new(), Vec::new());
    for (m, &eigenvalue) in eigenvalues.iter().enumerate() {
        // The first is 1 for every doubly stochastic matrix; its rounding would show where ηλ is small.
        let w = if m == 0 { one.clone() } else { decimal(eigenvalue) };
        let (below, above) = (&one - &w + &step, &one + &w - &step);
        inverse.push(&one / (&below * &above));
        log.push((&below / &above).ln());
        let unstable = |at, limit| NotApplicable::EdgeOfStability { at, limit };
        conditions.push(Condition { positive: above, else_because: unstable, limit: 1.0 + eigenvalue });
        if m > 0 {
            conditions.push(Condition { positive: below, else_because: unstable, limit: 1.0 + eigenvalue });
        }
    }
    let variance = rate * rate * noise / &count * Expr::sum(inverse);
    let potential = rate * noise / (Expr::integer(4) * &count) * Expr::sum(log);
    Across { variance, potential: Some(potential), conditions }
}

/// `T(x)` of the steps.
pub(super) fn temperature(sgd: &Sgd) -> Expr {
    let learners = sgd.learners.as_ref().map_or(1, |learners| learners.eigenvalues.len() as i64);
    let slowing = Expr::integer(1) - decimal(sgd.momentum);
    decimal(sgd.learning_rate.value()) * decimal(sgd.batch_factor()) * &sgd.floor_variance
        / (Expr::integer(2) * slowing * Expr::integer(learners))
}

/// `Φ' = L0' + ½ Σ λ_i' Σ_i`, and `Φ` where it is closed.
pub(super) fn potential(model: &Model, across: &[Across]) -> (Expr, Option<Expr>) {
    let x = model.coordinate();
    let sharp = across
        .iter()
        .enumerate()
        .map(|(i, direction)| Expr::ratio(1, 2) * model.curvature(i).derivative(x) * &direction.variance);
    let force = Expr::sum(std::iter::once(model.floor_loss().derivative(x)).chain(sharp));
    let closed: Option<Vec<Expr>> = across.iter().map(|direction| direction.potential.clone()).collect();
    let closed = closed.map(|terms| Expr::sum(std::iter::once(model.floor_loss().clone()).chain(terms)));
    (force, closed)
}

/// The law of the steps, adiabatic.
pub(super) fn law(model: &Model) -> Result<Law, NotApplicable> {
    let sgd = steps(model)?;
    let across = across(model, sgd)?;
    let (force, closed) = potential(model, &across);
    let conditions = across.into_iter().flat_map(|direction| direction.conditions).collect();
    Ok(law_at(model, force, closed, temperature(sgd), conditions))
}
