//! The potential `Φ` along the floor, up to a constant: a formula where it is closed, a quadrature of `Φ'` elsewhere.

use super::{NotApplicable, discrete, langevin};
use crate::eval::Tape;
use crate::expr::Expr;
use crate::model::Model;
use gauss_quad::GaussLegendre;

/// Nodes of one panel.
const NODES: usize = 16;
/// A panel is split until its halves agree with it to this, relative to the size of the integrand.
const AGREEMENT: f64 = 1e-13;
const DEEPEST: u32 = 24;

/// A potential along the floor; only differences mean anything.
#[derive(Clone, Debug)]
pub struct Potential {
    /// `Φ(x)`, where it has a closed form.
    pub formula: Option<Expr>,
    /// `Φ'(x)`
    pub slope: Expr,
    values: Tape,
    slopes: Tape,
    origin: f64,
    rule: Vec<(f64, f64)>,
}

impl Potential {
    fn new(model: &Model, formula: Option<Expr>, slope: Expr) -> Potential {
        let rule = NODES
            .try_into()
            .map(GaussLegendre::new)
            .map(|rule| rule.as_node_weight_pairs().to_vec())
            .unwrap_or_default();
        Potential {
            values: model.compile(std::slice::from_ref(formula.as_ref().unwrap_or(&slope))),
            slopes: model.compile(std::slice::from_ref(&slope)),
            origin: model.domain().ends().map_or(0.0, |(lower, _)| lower),
            formula,
            slope,
            rule,
        }
    }

    /// `Φ(x)` in units of loss. Without a formula it is zero at the left end of the domain (at the origin of the line) and
    /// accurate to about 1e-12 of `∫|Φ'|`. The coordinate is taken as it is, not wrapped.
    pub fn at(&self, x: f64) -> f64 {
        if self.formula.is_some() { self.values.value(x) } else { self.integral(self.origin, x) }
    }

    fn integral(&self, from: f64, to: f64) -> f64 {
        let whole = self.panel(from, to);
        self.refined(from, to, whole, DEEPEST).0
    }

    /// The rule's `(∫Φ', ∫|Φ'|)`.
    fn panel(&self, from: f64, to: f64) -> (f64, f64) {
        let (middle, half) = (0.5 * (from + to), 0.5 * (to - from));
        self.rule.iter().fold((0.0, 0.0), |(sum, size), (node, weight)| {
            let value = self.slopes.value(middle + half * node);
            (sum + half * weight * value, size + (half * weight * value).abs())
        })
    }

    fn refined(&self, from: f64, to: f64, whole: (f64, f64), depth: u32) -> (f64, f64) {
        let middle = 0.5 * (from + to);
        let (left, right) = (self.panel(from, middle), self.panel(middle, to));
        let sum = left.0 + right.0;
        let size = left.1 + right.1;
        if (sum - whole.0).abs() <= AGREEMENT * size || depth == 0 || !sum.is_finite() {
            return (sum, size);
        }
        let (left, right) = (self.refined(from, middle, left, depth - 1), self.refined(middle, to, right, depth - 1));
        (left.0 + right.0, left.1 + right.1)
    }
}

/// The marginal potential `Φ` of the Langevin model: `Φ' = L0' + ½ Σ Δ_i λ_i'/λ_i`.
pub fn marginal(model: &Model) -> Result<Potential, NotApplicable> {
    let noise = langevin::noise(model)?;
    Ok(Potential::new(model, langevin::potential(model, &noise), langevin::force(model, &noise)))
}

/// The marginal potential of the steps at their finite learning rate: `Φ' = L0' + ½ Σ λ_i' Σ_i`.
///
/// # Errors
/// A Langevin model, epoch-wise sampling, several learners together with momentum or curvature noise.
pub fn of_steps(model: &Model) -> Result<Potential, NotApplicable> {
    let across = discrete::across(model, discrete::steps(model)?)?;
    let (slope, formula) = discrete::potential(model, &across);
    Ok(Potential::new(model, formula, slope))
}
