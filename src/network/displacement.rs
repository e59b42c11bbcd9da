//! How far the effective loss moves the mean position, to first order and without a fit.
//!
//! Direction `l` moves by `−½ Σ_k V_k D³L[v_k,v_k,v_l] (1−exp(−ηλ_l t))/λ_l` with `V_k = ηC_k/(Bλ_k(2−ηλ_k))` and
//! `t = burn_in + steps/2`; the prediction is the norm over all directions. Sampling does not enter.

use super::read::{AllDirections, Network, Run, Sampling};
use crate::num::function::exp_m1;

/// Predicted and measured distance of a run's mean position from the minimum.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Displacement {
    /// Learning rate η.
    pub learning_rate: f64,
    /// Batch size B.
    pub batch_size: f64,
    /// How batches were drawn.
    pub sampling: Sampling,
    /// First-order prediction; `None` with a status where it cannot be computed.
    pub predicted: Option<f64>,
    /// Measured distance; `None` with a status where there is none.
    pub measured: Option<f64>,
    /// Measured over predicted.
    pub ratio: Option<f64>,
    /// Why a number is missing, or what is known of a disagreement.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
}

/// One entry per run of the file.
pub(super) fn displacements(network: &Network) -> Vec<Displacement> {
    network.runs.iter().map(|run| displacement(network, run)).collect()
}

fn displacement(network: &Network, run: &Run) -> Displacement {
    let predicted = predict(network.all.as_ref(), run);
    let measured = run.distance_of_mean.filter(|_| !run.diverged);
    let ratio = predicted.as_ref().ok().zip(measured).map(|(p, m)| m / p).filter(|r| r.is_finite());
    let mut status = Vec::new();
    if let Err(reason) = &predicted {
        status.push(format!("predicted: {reason}"));
    }
    if measured.is_none() {
        status.push("measured: the run diverged or `run_distance_of_mean` is missing".to_owned());
    }
    if let (Ok(p), Some(m)) = (&predicted, measured) {
        if m < 0.03 && m > 1.1 * p {
            status.push("small displacement: a finite run wanders further at random".to_owned());
        } else if *p > 1.2 * m {
            status.push("first order over-predicts far out: curvature and noise have changed on the way".to_owned());
        } else if m > 1.2 * p {
            status.push("measured beyond the prediction: not explained".to_owned());
        }
    }
    Displacement {
        learning_rate: run.learning_rate,
        batch_size: run.batch_size,
        sampling: run.sampling,
        predicted: predicted.ok(),
        measured,
        ratio,
        status: (!status.is_empty()).then(|| status.join("; ")),
    }
}

fn predict(all: Option<&AllDirections>, run: &Run) -> Result<f64, String> {
    let all = all.ok_or("needs `hessian_eigenvalues_all`, `noise_variance_all` and `curvature_slope_all`")?;
    let (Some(steps), Some(burn_in)) = (run.steps, run.burn_in) else {
        return Err("needs `run_steps` and `run_burn_in`".to_owned());
    };
    let (eta, time) = (run.learning_rate, burn_in + steps / 2.0);
    let mut pull = vec![0.0; all.eigenvalues.len()];
    for (k, slopes) in all.slopes.chunks_exact(all.eigenvalues.len().max(1)).enumerate() {
        let (lambda, noise) = (all.eigenvalues[k], all.noise_variance[k]);
        if !(lambda > 0.0 && eta * lambda < 2.0) {
            return Err(format!("direction {k} has no stationary variance: ηλ = {:.4} is not in (0, 2)", eta * lambda));
        }
        let variance = eta * noise / (run.batch_size * lambda * (2.0 - eta * lambda));
        for (sum, slope) in pull.iter_mut().zip(slopes) {
            *sum += variance * slope;
        }
    }
    let mut square = 0.0;
    for (lambda, pull) in all.eigenvalues.iter().zip(&pull) {
        // (1 − exp(−ηλt))/λ, which is ηt for a flat direction
        let reach = if *lambda == 0.0 { eta * time } else { -exp_m1(-eta * lambda * time) / lambda };
        square += (0.5 * pull * reach) * (0.5 * pull * reach);
    }
    let distance = square.sqrt();
    if distance.is_finite() { Ok(distance) } else { Err("not finite".to_owned()) }
}
