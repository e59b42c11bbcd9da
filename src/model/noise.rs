//! From the noise as posed to a Langevin equation: the limit of small learning rate.

use super::{Langevin, Learners, Model, NoLangevin, Noise, Sampling, Sgd};
use crate::expr::Expr;
use crate::num::rational::Rational;
use num_traits::One;

impl Sgd {
    /// `p̂`, so that the noise of a batch has variance `p̂ C`: `1/B`, or `(N−B)/(B(N−1))` for fresh batches without
    /// replacement. For epochs it is the one-step variance, as without replacement.
    pub fn batch_factor(&self) -> f64 {
        match (self.sampling, self.dataset_size) {
            (Sampling::FreshWithoutReplacement | Sampling::Epoch, Some(n)) => {
                (n - self.batch_size) / (self.batch_size * (n - 1.0))
            }
            _ => 1.0 / self.batch_size,
        }
    }

    /// Continuous time of one step, `η/(1−β)`: momentum makes `1/(1−β)` of every push.
    pub fn step_time(&self) -> f64 {
        self.learning_rate.value() / (1.0 - self.momentum)
    }

    /// `η p̂ / (2 (1−β) n)`, exact in the decimals written: what turns a per-sample variance into a temperature.
    fn temperature_of_variance(&self) -> Option<Rational> {
        let exact = |value: f64| Expr::from_f64(value).and_then(|e| e.as_number());
        let one = Rational::one();
        let batch = exact(self.batch_size)?;
        let factor = match (self.sampling, self.dataset_size) {
            (Sampling::FreshWithoutReplacement | Sampling::Epoch, Some(n)) => {
                let n = exact(n)?;
                (&n - &batch) / (batch * (n - &one))
            }
            _ => one.clone() / batch,
        };
        let learners = self.learners.as_ref().map_or(1, |l| l.matrix.len());
        let over = Rational::from_integer((2 * learners).into()) * (one - exact(self.momentum)?);
        Some(exact(self.learning_rate.value())? * factor / over)
    }

    /// Puts the curvatures where the variances as written say `lambda`.
    pub(super) fn apply_curvatures(&mut self, curvatures: &[Expr], deltas: &[f64]) {
        let with = |formula: &Expr, curvature: &Expr| {
            formula.substitute(&|name| (name == "lambda").then(|| curvature.clone()))
        };
        self.variance = curvatures
            .iter()
            .zip(deltas)
            .map(|(curvature, delta)| with(&self.variance_as_written, curvature) * decimal(*delta))
            .collect();
        self.floor_variance = match &self.floor_variance_as_written {
            Some(formula) => with(formula, &curvatures[0]),
            None => with(&self.variance_as_written, &curvatures[0]) / decimal(self.kappa),
        };
    }
}

impl Learners {
    /// Number of learners.
    pub fn count(&self) -> usize {
        self.matrix.len()
    }
}

/// The decimal written.
fn decimal(value: f64) -> Expr {
    Expr::from_f64(value).expect("numbers of a valid model are finite")
}

impl Model {
    /// The Langevin model: as posed, or the limit of small learning rate.
    pub fn langevin(&self) -> Result<Langevin, NoLangevin> {
        let sgd = match &self.noise {
            Noise::Langevin { delta, kappa } => {
                return Ok(Langevin {
                    noise: self.sharp.iter().map(|s| decimal(s.delta) * decimal(*delta)).collect(),
                    temperature: decimal(*delta) / decimal(*kappa),
                    constant: true,
                    delta: Some(*delta),
                    kappa: *kappa,
                });
            }
            Noise::Sgd(sgd) => sgd,
        };
        if sgd.sampling == Sampling::Epoch {
            return Err(NoLangevin::Epoch);
        }
        let factor = sgd
            .temperature_of_variance()
            .expect("numbers of a valid model are finite and a batch is smaller than its data set");
        let factor = Expr::number(factor);
        let noise: Vec<Expr> = sgd.variance.iter().map(|c| &factor * c).collect();
        let temperature = &factor * &sgd.floor_variance;
        let varies = |e: &Expr| e.contains(&self.coordinate);
        let constant = !noise.iter().any(varies) && !varies(&temperature);
        let (mut delta, mut kappa) = (None, sgd.kappa);
        if constant {
            let first = &noise[0] / decimal(self.sharp[0].delta);
            let at = self.compile(&[first, temperature.clone()]).at(&[0.0]);
            delta = Some(at[0]);
            if sgd.floor_variance_as_written.is_some() {
                kappa = at[0] / at[1];
            }
        }
        Ok(Langevin { noise, temperature, constant, delta, kappa })
    }

    /// The same model with its noise multiplied by `factor`, across the valley and along the floor: `Δ` of Langevin noise, the
    /// per-sample variances of SGD.
    ///
    /// # Panics
    /// If `factor` is not positive and finite.
    pub fn with_noise_scaled(&self, factor: f64) -> Model {
        assert!(factor > 0.0 && factor.is_finite(), "noise is scaled by a positive number, not {factor}");
        let mut model = self.clone();
        let by = decimal(factor);
        match &mut model.noise {
            Noise::Langevin { delta, .. } => *delta *= factor,
            Noise::Sgd(sgd) => {
                sgd.variance.iter_mut().for_each(|variance| *variance = &*variance * &by);
                sgd.floor_variance = &sgd.floor_variance * &by;
                sgd.variance_as_written = &sgd.variance_as_written * &by;
                sgd.floor_variance_as_written = sgd.floor_variance_as_written.as_ref().map(|floor| floor * &by);
            }
        }
        model
    }

    /// The same model with every curvature multiplied by `factor`. The noise stays as written: a variance that was
    /// given as a formula in `lambda` follows the new curvature.
    ///
    /// # Panics
    /// If `factor` is not positive and finite.
    pub fn with_curvature_scaled(&self, factor: f64) -> Model {
        assert!(factor > 0.0 && factor.is_finite(), "a curvature is scaled by a positive number, not {factor}");
        let mut model = self.clone();
        let factor = decimal(factor);
        for sharp in &mut model.sharp {
            sharp.curvature = &sharp.curvature * &factor;
            sharp.flatness = &sharp.flatness / factor.sqrt();
        }
        let curvatures: Vec<Expr> = model.sharp.iter().map(|s| s.curvature.clone()).collect();
        let deltas: Vec<f64> = model.sharp.iter().map(|s| s.delta).collect();
        if let Noise::Sgd(sgd) = &mut model.noise {
            sgd.apply_curvatures(&curvatures, &deltas);
        }
        model
    }
}
