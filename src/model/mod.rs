//! What problem was posed, and is it well posed? Model files, from the text as written to a sealed [`Model`].

mod draft;
mod learners;
mod noise;
mod resolve;
mod validity;
mod write;

#[cfg(test)]
mod tests;

pub use crate::document::{Fault as ModelError, Faults as ModelErrors};
pub use crate::num::domain::Domain;
pub use resolve::read;

use crate::eval::Tape;
use crate::expr::Expr;
use crate::units::LearningRate;
use thiserror::Error;

/// A valid model. Every formula is in the coordinate and the parameters; [`Model::compile`] binds the parameters.
#[derive(Clone, Debug)]
pub struct Model {
    name: String,
    about: Option<String>,
    parameters: Vec<(String, f64)>,
    coordinate: String,
    domain: Domain,
    floor_loss: Expr,
    sharp: Vec<Sharp>,
    noise: Noise,
    warnings: Vec<String>,
}

/// One sharp direction.
#[derive(Clone, Debug)]
pub struct Sharp {
    /// Curvature `λ(x)`.
    pub curvature: Expr,
    /// Flatness `F(x) = λ^(-1/2)`.
    pub flatness: Expr,
    /// Whether the file gave the flatness (else the curvature).
    pub flatness_was_given: bool,
    /// `Δ_i/Δ`.
    pub delta: f64,
}

/// The noise as posed.
#[derive(Clone, Debug)]
pub enum Noise {
    /// Langevin equation: `Δ` across, `Δ/κ` along.
    Langevin {
        /// Noise strength `Δ`.
        delta: f64,
        /// Anisotropy `κ`.
        kappa: f64,
    },
    /// Steps of SGD.
    Sgd(Box<Sgd>),
}

/// Steps of stochastic gradient descent at a finite learning rate.
#[derive(Clone, Debug)]
pub struct Sgd {
    /// `η`
    pub learning_rate: LearningRate,
    /// `B`
    pub batch_size: f64,
    /// `κ`
    pub kappa: f64,
    /// Per-sample gradient variance `C_i(x)` across the valley, one per direction, `delta_i` included, `lambda` replaced.
    pub variance: Vec<Expr>,
    /// Per-sample gradient variance along the floor, defaults applied.
    pub floor_variance: Expr,
    /// `β`
    pub momentum: f64,
    /// Per-sample relative standard deviation `c₁` of the curvature.
    pub curvature_noise: f64,
    /// How batches are drawn.
    pub sampling: Sampling,
    /// `N`
    pub dataset_size: Option<f64>,
    /// Decentralised learners.
    pub learners: Option<Learners>,
    /// The variance as the file gives it: it may use `lambda`, and holds for a direction with `delta` 1.
    variance_as_written: Expr,
    /// The floor's variance as the file gives it, if it does; its `lambda` is the first direction's.
    floor_variance_as_written: Option<Expr>,
}

/// How batches are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sampling {
    /// Every batch from the whole set.
    WithReplacement,
    /// A fresh batch without repetition at every step.
    FreshWithoutReplacement,
    /// A shuffled pass through the set.
    Epoch,
}

/// Decentralised learners `y_j ← Σ_k W_jk y_k − η grad_j(y_j)`.
#[derive(Clone, Debug)]
pub struct Learners {
    /// The mixing matrix `W`, symmetric and doubly stochastic.
    pub matrix: Vec<Vec<f64>>,
    /// Its eigenvalues, descending; the first is 1.
    pub eigenvalues: Vec<f64>,
}

/// The Langevin model of a problem: as posed, or the limit `η → 0` of its SGD steps.
///
/// `Δ_i = η p̂ C_i / 2` and `T = η p̂ C_floor / 2`; with momentum both over `1 − β`; with `n` learners (the law of their
/// mean) both over `n`.
#[derive(Clone, Debug)]
pub struct Langevin {
    /// `Δ_i(x)` per direction.
    pub noise: Vec<Expr>,
    /// Floor temperature `T(x)`.
    pub temperature: Expr,
    /// Whether neither depends on the coordinate.
    pub constant: bool,
    /// The model's `Δ` (`Δ_i` is `delta_i` times it) where it is constant.
    pub delta: Option<f64>,
    /// The model's `κ`.
    pub kappa: f64,
}

/// Why there is no Langevin model.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum NoLangevin {
    /// Epoch-wise sampling is anticorrelated in time.
    #[error("epoch-wise sampling is anticorrelated in time: it has no white-noise limit")]
    Epoch,
}

impl Model {
    /// From the text of a model file, see [`read`].
    ///
    /// # Errors
    /// Everything found wrong with the text, the overrides or the problem posed.
    pub fn read(text: &str, overrides: &[(String, f64)]) -> Result<Model, ModelErrors> {
        read(text, overrides)
    }
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }
    /// What the file says about it.
    pub fn about(&self) -> Option<&str> {
        self.about.as_deref()
    }
    /// Parameters and their values.
    pub fn parameters(&self) -> &[(String, f64)] {
        &self.parameters
    }
    /// Name of the coordinate along the floor.
    pub fn coordinate(&self) -> &str {
        &self.coordinate
    }
    /// Where the coordinate lives.
    pub fn domain(&self) -> Domain {
        self.domain
    }
    /// `L0(x)`
    pub fn floor_loss(&self) -> &Expr {
        &self.floor_loss
    }
    /// All sharp directions.
    pub fn sharp(&self) -> &[Sharp] {
        &self.sharp
    }
    /// Number of sharp directions.
    pub fn directions(&self) -> usize {
        self.sharp.len()
    }
    /// `λ_i(x)`
    pub fn curvature(&self, direction: usize) -> &Expr {
        &self.sharp[direction].curvature
    }
    /// `F_i(x)`
    pub fn flatness(&self, direction: usize) -> &Expr {
        &self.sharp[direction].flatness
    }
    /// The noise as posed.
    pub fn noise(&self) -> &Noise {
        &self.noise
    }
    /// The SGD steps, if that is the noise.
    pub fn sgd(&self) -> Option<&Sgd> {
        match &self.noise {
            Noise::Sgd(sgd) => Some(sgd),
            Noise::Langevin { .. } => None,
        }
    }
    /// What validation could not decide, or found doubtful.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }
    /// Values of the parameters, by name.
    pub fn bind(&self) -> impl Fn(&str) -> Option<f64> + '_ {
        |name| self.parameters.iter().find(|(n, _)| n == name).map(|(_, v)| *v)
    }
    /// Formulas in the coordinate and the parameters as a tape with one input, the coordinate.
    ///
    /// # Panics
    /// If a formula uses another symbol: formulas of a valid model do not.
    pub fn compile(&self, formulas: &[Expr]) -> Tape {
        Tape::compile(formulas, &[&self.coordinate], &self.bind())
            .expect("formulas of a valid model use its names only")
    }
    /// The same model at another learning rate (SGD noise only; a Langevin model is returned as it is).
    pub fn with_learning_rate(&self, learning_rate: LearningRate) -> Model {
        let mut model = self.clone();
        if let Noise::Sgd(sgd) = &mut model.noise {
            sgd.learning_rate = learning_rate;
        }
        model
    }
    /// The same model at another batch size (SGD noise only).
    pub fn with_batch_size(&self, batch_size: f64) -> Model {
        let mut model = self.clone();
        if let Noise::Sgd(sgd) = &mut model.noise {
            sgd.batch_size = batch_size;
        }
        model
    }
    /// The same model at another anisotropy; `None` for SGD noise.
    pub fn with_kappa(&self, value: f64) -> Option<Model> {
        let mut model = self.clone();
        match &mut model.noise {
            Noise::Langevin { kappa, .. } => *kappa = value,
            Noise::Sgd(_) => return None,
        }
        Some(model)
    }
    /// The same model at another learning rate of SGD, or another `Δ` of a Langevin equation: what bounds limit.
    pub fn with_strength(&self, value: f64) -> Model {
        match self.noise() {
            Noise::Langevin { .. } => self.with_delta(value),
            Noise::Sgd(_) => self.with_learning_rate(LearningRate(value)),
        }
    }

    /// The same model at another noise strength (Langevin noise only).
    pub fn with_delta(&self, value: f64) -> Model {
        let mut model = self.clone();
        if let Noise::Langevin { delta, .. } = &mut model.noise {
            *delta = value;
        }
        model
    }
}
