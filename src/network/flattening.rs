//! How fast SGD flattens the network, against `η² B⁻¹`.

use super::read::{Drift, Network, Rates};
use crate::num::function::ln;
use nalgebra::{Cholesky, Matrix3, Vector3};

/// A fitted exponent beside the theory's.
#[derive(Clone, Copy, Debug, serde::Serialize)]
pub struct Exponent {
    /// Least-squares value.
    pub value: f64,
    /// Its standard error from the scatter of the runs.
    pub standard_error: f64,
    /// What the effective loss predicts at weak noise.
    pub theory: f64,
}

/// The exponents of the learning rate and of the batch size.
#[derive(Clone, Copy, Debug, serde::Serialize)]
pub struct Exponents {
    /// Of η; theory 2.
    pub learning_rate: Exponent,
    /// Of B; theory −1.
    pub batch_size: Exponent,
}

/// Change of the largest curvature in repeated runs of one setting.
#[derive(Clone, Debug, serde::Serialize)]
pub struct MeasuredDrift {
    /// Learning rate η.
    pub learning_rate: f64,
    /// Batch size B.
    pub batch_size: f64,
    /// `ηt` at which it was measured.
    pub time: f64,
    /// Mean over the seeds of `ln(λ_max/λ_max(0))`.
    pub log_lambda_max: Option<f64>,
    /// Its standard error.
    pub standard_error: Option<f64>,
    /// First-order prediction as recorded in the file: its slopes at that minimum are not in the file, so it is
    /// not computed here.
    pub recorded_prediction: Option<f64>,
}

/// What the runs from a sharper minimum say.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Flattening {
    /// Fit of `ln rate = a + b ln η + c ln B`; `None` with a status where the runs do not support it.
    pub exponents: Option<Exponents>,
    /// Why there are no exponents.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// The runs that were eligible: not diverged, `ηλ_max < 1` at the start.
    pub runs_eligible: usize,
    /// Those of them that flattened and so entered the fit.
    pub runs_flattening: usize,
    /// Largest `|rate|` of the full-batch control runs: no noise, no flattening.
    pub control_rate: Option<f64>,
    /// How the runs were selected.
    pub selection: String,
    /// Measured drifts of short repeated runs.
    pub measured: Vec<MeasuredDrift>,
}

/// `None` where the file holds neither `drift_*` nor `rate_*`.
pub(super) fn flattening(network: &Network) -> Option<Flattening> {
    if network.drift.is_none() && network.rates.is_none() {
        return None;
    }
    let mut found = Flattening {
        exponents: None,
        status: Some("the drift_* arrays are missing".to_owned()),
        runs_eligible: 0,
        runs_flattening: 0,
        control_rate: None,
        selection: "SGD runs that did not diverge, ηλ_max < 1 at the start, rate > 0".to_owned(),
        measured: network.rates.as_ref().map(measured).unwrap_or_default(),
    };
    if let Some(drift) = &network.drift {
        exponents(drift, &mut found);
    }
    Some(found)
}

/// Least share of the eligible runs that must flatten before a power law is fitted to them: where half of them go
/// either way, the logarithm of the positive half would be a fit to the noise.
const SHARE: f64 = 0.8;

fn exponents(drift: &Drift, found: &mut Flattening) {
    let sharpest = drift.start_eigenvalues.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut rows = Vec::new();
    for (i, &rate) in drift.rate.iter().enumerate() {
        if drift.diverged[i] != 0.0 || !rate.is_finite() {
            continue;
        }
        if drift.sampling[i] == 2.0 {
            found.control_rate = Some(found.control_rate.unwrap_or(0.0).max(rate.abs()));
            continue;
        }
        if !(drift.learning_rate[i] * sharpest < 1.0) {
            continue;
        }
        found.runs_eligible += 1;
        if rate > 0.0 {
            rows.push((ln(drift.learning_rate[i]), ln(drift.batch_size[i]), ln(rate)));
        }
    }
    found.runs_flattening = rows.len();
    if (rows.len() as f64) < SHARE * found.runs_eligible as f64 {
        let (n, of) = (rows.len(), found.runs_eligible);
        found.status =
            Some(format!("no clean flattening: only {n} of {of} runs flattened; the claim is not supported"));
        return;
    }
    match plane(&rows) {
        Some(fit) => {
            found.exponents = Some(fit);
            found.status = None;
        }
        None => found.status = Some("too few different learning rates and batch sizes for a fit".to_owned()),
    }
}

/// Least squares of `z = a + b x + c y`, errors from the residuals.
fn plane(rows: &[(f64, f64, f64)]) -> Option<Exponents> {
    if rows.len() < 5 {
        return None;
    }
    let n = rows.len() as f64;
    let centre = |of: fn(&(f64, f64, f64)) -> f64| rows.iter().map(of).sum::<f64>() / n;
    let (x0, y0) = (centre(|r| r.0), centre(|r| r.1));
    let (mut normal, mut right) = (Matrix3::zeros(), Vector3::zeros());
    for &(x, y, z) in rows {
        let row = Vector3::new(1.0, x - x0, y - y0);
        normal += row * row.transpose();
        right += row * z;
    }
    // A plane through points on a line is not determined.
    let spread = normal[(1, 1)] * normal[(2, 2)];
    if !(spread - normal[(1, 2)] * normal[(1, 2)] > 1e-9 * spread) {
        return None;
    }
    let inverse = Cholesky::new(normal)?.inverse();
    let fit = inverse * right;
    let residual: f64 =
        rows.iter().map(|&(x, y, z)| z - fit.dot(&Vector3::new(1.0, x - x0, y - y0))).map(|r| r * r).sum();
    let scatter = residual / (n - 3.0);
    let exponent = |at: usize, theory: f64| Exponent {
        value: fit[at],
        standard_error: (scatter * inverse[(at, at)]).sqrt(),
        theory,
    };
    let both = Exponents { learning_rate: exponent(1, 2.0), batch_size: exponent(2, -1.0) };
    (both.learning_rate.value.is_finite() && both.batch_size.value.is_finite()).then_some(both)
}

fn measured(rates: &Rates) -> Vec<MeasuredDrift> {
    let Some(last) = rates.time.len().checked_sub(1) else { return Vec::new() };
    let (seeds, times) = (rates.log_lambda_max.shape()[1], rates.time.len());
    let logs = rates.log_lambda_max.values();
    (0..rates.learning_rate.len())
        .map(|setting| {
            let seen: Vec<f64> = (0..seeds)
                .map(|seed| logs[(setting * seeds + seed) * times + last])
                .filter(|v| v.is_finite())
                .collect();
            let n = seen.len() as f64;
            let mean = seen.iter().sum::<f64>() / n;
            let square: f64 = seen.iter().map(|v| (v - mean) * (v - mean)).sum();
            let recorded = rates.recorded_prediction.as_ref().map(|p| p[setting * times + last]);
            MeasuredDrift {
                learning_rate: rates.learning_rate[setting],
                batch_size: rates.batch_size[setting],
                time: rates.time[last],
                log_lambda_max: (!seen.is_empty()).then_some(mean),
                standard_error: (seen.len() > 1).then(|| (square / (n - 1.0) / n).sqrt()),
                recorded_prediction: recorded.filter(|p| p.is_finite()),
            }
        })
        .collect()
}
