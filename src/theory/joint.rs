//! The joint law of floor and sharp directions.
//!
//! `P(x, y) = p(x) Π_i N(y_i; 0, Σ_i(x))` with the variance of `y_i` at frozen `x`: `Δ_i/λ_i` for the Langevin model, `Σ_i` of
//! [`super::discrete`] for steps. In one direction the first is `P ∝ F^{κ−1} exp(−[κL0 + ½λy²]/Δ)` (Yang, Tang, Tu 2023).

use super::{Method, NotApplicable, Prediction, discrete, langevin, stationary};
use crate::eval::Tape;
use crate::expr::Expr;
use crate::model::Model;
use crate::num::function::{exp, ln};

/// A joint density of the floor and the sharp directions.
#[derive(Clone, Debug)]
pub struct Joint {
    /// The law along the floor.
    pub floor: Prediction,
    /// `Σ_i(x)`, per direction.
    pub variances: Vec<Expr>,
    tape: Tape,
}

/// The joint density by an adiabatic method ([`Method::Adiabatic`] or [`Method::Discrete`]); for the corrected methods the
/// corrected `p(x)` with the adiabatic law across, whose own correction is of the same order.
///
/// # Errors
/// As [`stationary`].
pub fn joint(model: &Model, method: Method) -> Result<Joint, NotApplicable> {
    let floor = stationary(model, method)?;
    let variances: Vec<Expr> = match method {
        Method::Adiabatic | Method::FirstOrder => {
            let noise = langevin::noise(model)?.noise;
            noise.iter().enumerate().map(|(i, noise)| noise / model.curvature(i)).collect()
        }
        Method::Discrete | Method::DiscreteFirstOrder => {
            discrete::across(model, discrete::steps(model)?)?.into_iter().map(|across| across.variance).collect()
        }
    };
    let tape = model.compile(&variances);
    Ok(Joint { floor, variances, tape })
}

impl Joint {
    /// `P(x, y)`, in units of one over the product of all coordinates'; zero outside the domain. `y` has one entry per
    /// direction; NaN if it does not.
    pub fn at(&self, x: f64, y: &[f64]) -> f64 {
        if y.len() != self.variances.len() {
            return f64::NAN;
        }
        let Some(x) = self.floor.density.domain().place(x) else { return 0.0 };
        let across: f64 = self
            .tape
            .at(&[x])
            .iter()
            .zip(y)
            .map(|(variance, y)| -0.5 * (y * y / variance + ln(std::f64::consts::TAU * variance)))
            .sum();
        self.floor.density.at(x) * exp(across)
    }

    /// `Σ_i(x)`, per direction: the variances of `y` at frozen `x`.
    pub fn variances_at(&self, x: f64) -> Vec<f64> {
        self.tape.at(&[x])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The joint density integrates over `y` to the density along the floor, and its second moment there is `Δ_i/λ_i`:
    /// by the trapezoidal rule, which is exact for Gaussians to rounding.
    #[test]
    fn across_the_valley_it_is_the_gaussian_of_the_model() {
        let text = r#"Model(name: "valley", floor: (coordinate: "x", domain: Interval(lower: -2, upper: 3), loss: "x^2/2"),
            sharp: [(curvature: "5*(1+x^2)", delta: 1.5)], noise: Langevin(delta: 0.4, kappa: 3))"#;
        let model = Model::read(text, &[]).expect("a valid model");
        let joint = joint(&model, Method::Adiabatic).expect("it has a joint density");
        for x in [-1.5, 0.0, 0.7, 2.9] {
            let variance = 1.5 * 0.4 / (5.0 * (1.0 + x * x));
            let step = 0.1 * f64::sqrt(variance);
            let moment = |power: i32| -> f64 {
                (-120..=120).map(|k| f64::from(k) * step).map(|y| y.powi(power) * joint.at(x, &[y]) * step).sum()
            };
            let marginal = joint.floor.density.at(x);
            assert!((moment(0) - marginal).abs() < 1e-12 * marginal, "mass at {x}");
            assert!((moment(2) - variance * marginal).abs() < 1e-12 * variance * marginal, "variance at {x}");
            assert!((joint.variances_at(x)[0] - variance).abs() < 1e-14 * variance, "{x}");
        }
    }
}
