//! A probability density along the floor: normalised, evaluated and integrated in log space.

use super::domain::Domain;
use thiserror::Error;

/// Why there is no density.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum DensityError {
    /// The mass beyond every cut stays above the tolerance.
    #[error("the density cannot be normalised: its mass does not converge towards {end}")]
    NotNormalisable {
        /// `-inf` or `inf`, or the place of a singularity.
        end: f64,
    },
    /// The log-density or its slope is not a number there.
    #[error("the density is not defined at {at}")]
    Undefined {
        /// The place.
        at: f64,
    },
    /// The panels did not resolve the function.
    #[error("the density is not resolved to the accuracy wanted near {at}")]
    Unresolved {
        /// The place.
        at: f64,
    },
}

/// A normalised probability density on a [`Domain`].
#[derive(Clone, Debug)]
pub struct Density {
    domain: Domain,
}

impl Density {
    /// `p ∝ exp(log(x))`. Relative accuracy 1e-12 where `log` is smooth, also on [`Domain::Line`].
    pub fn from_log(domain: Domain, log: &dyn Fn(f64) -> f64) -> Result<Density, DensityError> {
        let _ = (domain, log);
        todo!()
    }
    /// `p'/p = slope(x)`, zero flux.
    pub fn from_slope(domain: Domain, slope: &dyn Fn(f64) -> f64) -> Result<Density, DensityError> {
        let _ = (domain, slope);
        todo!()
    }
    /// On a circle, `p' = slope(x) p − J/diffusion(x)` with `J` from periodicity and normalisation; returns `J` too.
    pub fn with_current(
        domain: Domain,
        slope: &dyn Fn(f64) -> f64,
        diffusion: &dyn Fn(f64) -> f64,
    ) -> Result<(Density, f64), DensityError> {
        let _ = (domain, slope, diffusion);
        todo!()
    }
    /// Where it lives.
    pub fn domain(&self) -> Domain {
        self.domain
    }
    /// `p(x)`; zero outside the domain, wrapped on a circle.
    pub fn at(&self, x: f64) -> f64 {
        let _ = x;
        todo!()
    }
    /// `ln p(x)`.
    pub fn ln_at(&self, x: f64) -> f64 {
        let _ = x;
        todo!()
    }
    /// Probability below `x`.
    pub fn cdf(&self, x: f64) -> f64 {
        let _ = x;
        todo!()
    }
    /// The place below which the probability is `q`.
    pub fn quantile(&self, q: f64) -> f64 {
        let _ = q;
        todo!()
    }
    /// `∫ f p dx`.
    pub fn expectation(&self, f: &dyn Fn(f64) -> f64) -> f64 {
        let _ = f;
        todo!()
    }
    /// `½ ∫ |p − q| dx`.
    pub fn total_variation(&self, other: &Density) -> f64 {
        let _ = other;
        todo!()
    }
    /// The shortest interval that holds all but `missing` of the probability (on a circle it may reach past `upper`).
    pub fn visited(&self, missing: f64) -> (f64, f64) {
        let _ = missing;
        todo!()
    }
    /// The most likely place.
    pub fn mode(&self) -> f64 {
        todo!()
    }
}
