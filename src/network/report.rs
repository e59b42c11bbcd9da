//! Everything computed for a network, in the layout of the JSON output.

use super::bound::{MeanSquare, Setting, almost_sure_bound, mean_square, mean_square_bound, tail_index, value};
use super::displacement::{Displacement, displacements};
use super::edge_of_stability;
use super::epoch;
use super::explain::explain;
use super::flattening::{Flattening, flattening};
use super::products::Simulated;
use super::read::{Network, Run, Sampling};
use serde::Serialize;
use std::collections::BTreeMap;

/// Predicted variances of one direction by each method; `None` where it does not apply (see the direction's `status`).
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Predictions {
    /// `ηC_ii/(Bλ_i(2−ηλ_i))`: independent batches, exact curvature.
    pub plain_discrete: Option<f64>,
    /// With the fluctuation of the Hessian between batches, `Cov(H_i)`, in the measured directions.
    pub curvature_noise: Option<f64>,
    /// The exact epoch map of the direction; epoch-wise runs only.
    pub epoch: Option<f64>,
}

/// One direction of one run.
#[derive(Clone, Debug, Serialize)]
pub struct Direction {
    /// Hessian eigenvalue at the minimum.
    pub eigenvalue: f64,
    /// `ηC_ii/(Bλ_i(2−ηλ_i))`, in every run whatever its sampling.
    pub predicted_variance: Option<f64>,
    /// All predictions.
    pub predictions: Predictions,
    /// Measured variance.
    pub measured_variance: Option<f64>,
    /// Its standard error.
    pub standard_error: Option<f64>,
    /// Why a number is missing.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub status: BTreeMap<&'static str, String>,
}

/// Measured over predicted across the directions.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Ratio {
    /// Median.
    pub median: f64,
    /// Smallest.
    pub min: f64,
    /// Largest.
    pub max: f64,
    /// In the first, sharpest direction.
    pub top: f64,
}

/// The ratios to each prediction; `None` where some direction lacks one.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Ratios {
    /// To `plain_discrete`.
    pub plain_discrete: Option<Ratio>,
    /// To `curvature_noise`.
    pub curvature_noise: Option<Ratio>,
    /// To `epoch`.
    pub epoch: Option<Ratio>,
}

/// One run.
#[derive(Clone, Debug, Serialize)]
pub struct RunReport {
    /// Learning rate η.
    pub learning_rate: f64,
    /// Batch size B.
    pub batch_size: f64,
    /// How batches were drawn.
    pub sampling: Sampling,
    /// Recorded steps.
    pub steps: Option<f64>,
    /// Whether it diverged.
    pub diverged: bool,
    /// η over the mean-square bound at this batch size.
    pub fraction_of_bound: Option<f64>,
    /// The K directions, sharpest first.
    pub directions: Vec<Direction>,
    /// Measured over predicted.
    pub ratios: Ratios,
    /// Moments of this order and above are infinite, for batches with replacement; only where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tail_index: Option<Simulated>,
    /// Agreement or disagreement and the reason known for it.
    pub notes: Vec<String>,
}

/// Bounds and measured divergence at one batch size.
#[derive(Clone, Debug, Serialize)]
pub struct DivergenceReport {
    /// Batch size B.
    pub batch_size: f64,
    /// Mean-square bound in the K directions, sampling with replacement.
    pub mean_square_bound: Option<f64>,
    /// 95 % interval of it, from the finite number of samples.
    pub mean_square_interval: Option<(f64, f64)>,
    /// The same bound where every batch is drawn afresh without replacement.
    pub without_replacement: Option<f64>,
    /// Where almost every run of the linearised dynamics leaves; only where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub almost_sure: Option<Simulated>,
    /// Measured threshold of the noise-subtracted dynamics, which tests the bound itself.
    pub noise_subtracted: Option<f64>,
    /// Its spread over seeds.
    pub noise_subtracted_spread: Option<f64>,
    /// Measured learning rate at which the network leaves altogether.
    pub leaves: Option<f64>,
    /// Its spread over seeds.
    pub spread: Option<f64>,
    /// `noise_subtracted / mean_square_bound`.
    pub noise_subtracted_ratio: Option<f64>,
    /// `leaves / mean_square_bound`.
    pub leaves_ratio: Option<f64>,
    /// Why numbers are missing, and how to read those that are there.
    pub status: Vec<String>,
}

/// The whole report.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Number of samples N.
    pub samples: usize,
    /// Number of measured directions K.
    pub directions: usize,
    /// `2/λ_max`.
    pub edge_of_stability: Option<f64>,
    /// One entry per run of the file.
    pub runs: Vec<RunReport>,
    /// One entry per batch size.
    pub divergence: Vec<DivergenceReport>,
    /// One entry per run of the file.
    pub displacement: Option<Vec<Displacement>>,
    /// `None` with a status where the file holds nothing on it.
    pub flattening: Option<Flattening>,
    /// Why a whole part is missing.
    pub status: BTreeMap<&'static str, String>,
    /// Optional arrays that the file lacks.
    pub missing: Vec<String>,
    /// What concerns the whole file.
    pub notes: Vec<String>,
}

/// Computes everything the file allows.
pub fn report(network: &Network) -> Report {
    let mut status = BTreeMap::new();
    let flattening = flattening(network);
    if flattening.is_none() {
        status.insert("flattening", "the drift_* and rate_* arrays are missing".to_owned());
    }
    Report {
        samples: network.samples,
        directions: network.directions(),
        edge_of_stability: edge_of_stability(network),
        runs: runs(network),
        divergence: divergence(network),
        displacement: Some(displacements(network)),
        flattening,
        status,
        missing: network.missing.clone(),
        notes: notes(network),
    }
}

/// Adds to `report` what is simulated: where almost every run leaves, and the tail index of every run that drew with replacement.
/// `go_on` is asked between them; whether all was done.
pub fn add_tails(network: &Network, report: &mut Report, seed: u64, go_on: &mut dyn FnMut() -> bool) -> bool {
    for at in &mut report.divergence {
        match almost_sure_bound(network, at.batch_size, seed) {
            Ok(found) => at.almost_sure = Some(found),
            Err(why) => at.status.push(format!("almost_sure: {why}")),
        }
        if !go_on() {
            return false;
        }
    }
    for run in report.runs.iter_mut().filter(|run| run.sampling == Sampling::WithReplacement) {
        match tail_index(network, run.learning_rate, run.batch_size, seed) {
            Ok(found) => run.tail_index = Some(found),
            Err(why) => run.notes.push(format!("tail index: {why}")),
        }
        if !go_on() {
            return false;
        }
    }
    true
}

fn notes(network: &Network) -> Vec<String> {
    let mut notes = vec![
        "predictions use the Hessian, the gradient covariance and the sample Hessians measured at the minimum, no fit"
            .to_owned(),
        format!(
            "curvature noise is seen in the {} measured directions only: at small batches the mean-square bound in all \
             directions is lower",
            network.directions()
        ),
    ];
    let recorded = nalgebra::DMatrix::from_diagonal(&nalgebra::DVector::from_column_slice(&network.eigenvalues));
    let scale = recorded.amax();
    let mean = network.moments.as_ref().map(|moments| &moments.mean);
    let apart = mean.map_or(0.0, |mean| (mean - recorded).amax() / scale);
    if !(apart <= 1e-3) {
        notes.push(format!(
            "the mean of `sample_hessians` differs from `hessian_eigenvalues` by {apart:.1e} of the largest: the bound and \
             the curvature-noise variances use the former, the plain formula the latter"
        ));
    }
    notes
}

fn runs(network: &Network) -> Vec<RunReport> {
    let mut bounds: Vec<(f64, Option<f64>)> = Vec::new();
    network
        .runs
        .iter()
        .map(|run| {
            let known = bounds.iter().find(|(batch, _)| *batch == run.batch_size).map(|(_, bound)| *bound);
            let bound = known.unwrap_or_else(|| {
                let bound = mean_square_bound(network, run.batch_size).ok();
                bounds.push((run.batch_size, bound));
                bound
            });
            run_report(network, run, bound)
        })
        .collect()
}

fn run_report(network: &Network, run: &Run, bound: Option<f64>) -> RunReport {
    let (eta, batch) = (run.learning_rate, run.batch_size);
    let with_curvature = match &network.moments {
        Some(moments) => moments.stationary(eta, batch, &network.noise_covariance),
        None if network.curvatures.is_some() => Err("solved for at most 40 directions".to_owned()),
        None => Err("the file holds no curvature of samples".to_owned()),
    };
    let directions: Vec<Direction> = (0..network.directions())
        .map(|i| {
            let (lambda, noise) = (network.eigenvalues[i], network.noise_covariance[(i, i)]);
            let mut status = BTreeMap::new();
            let mut keep = |name: &'static str, value: Result<f64, String>| match value {
                Ok(value) if value.is_finite() => Some(value),
                Ok(_) => {
                    status.insert(name, "not finite".to_owned());
                    None
                }
                Err(reason) => {
                    status.insert(name, reason);
                    None
                }
            };
            let plain = keep("predicted_variance", plain(eta, batch, lambda, noise));
            let curvature_noise = keep("curvature_noise", with_curvature.as_ref().map(|v| v[i]).map_err(String::clone));
            let epoch = match run.sampling {
                Sampling::Epoch => keep("epoch", epoch::variance(eta, lambda, noise, batch, network.samples)),
                _ => None,
            };
            let measured = if run.diverged {
                keep("measured_variance", Err("the run diverged".to_owned()))
            } else {
                keep("measured_variance", Ok(run.variance[i]))
            };
            let standard_error =
                run.standard_error.as_ref().map(|e| e[i]).filter(|e| measured.is_some() && e.is_finite());
            Direction {
                eigenvalue: lambda,
                predicted_variance: plain,
                predictions: Predictions { plain_discrete: plain, curvature_noise, epoch },
                measured_variance: measured,
                standard_error,
                status,
            }
        })
        .collect();
    let ratios = Ratios {
        plain_discrete: ratio(&directions, |d| d.predictions.plain_discrete),
        curvature_noise: ratio(&directions, |d| d.predictions.curvature_noise),
        epoch: ratio(&directions, |d| d.predictions.epoch),
    };
    let fraction = bound.map(|b| eta / b);
    RunReport {
        learning_rate: eta,
        batch_size: batch,
        sampling: run.sampling,
        steps: run.steps,
        diverged: run.diverged,
        fraction_of_bound: fraction,
        directions,
        notes: explain(network, run, &ratios, fraction),
        ratios,
        tail_index: None,
    }
}

/// `ηC/(Bλ(2−ηλ))`.
fn plain(eta: f64, batch: f64, lambda: f64, noise: f64) -> Result<f64, String> {
    if !(lambda > 0.0) {
        return Err(format!("the eigenvalue {lambda:e} is not positive: no stationary variance"));
    }
    if !(eta * lambda < 2.0) {
        return Err(format!("ηλ = {:.4} is not below 2: no stationary variance", eta * lambda));
    }
    Ok(eta * noise / (batch * lambda * (2.0 - eta * lambda)))
}

/// Over all directions, or `None` where one of them has no ratio.
fn ratio(directions: &[Direction], prediction: fn(&Direction) -> Option<f64>) -> Option<Ratio> {
    let ratios: Option<Vec<f64>> = directions
        .iter()
        .map(|d| d.measured_variance.zip(prediction(d)).map(|(m, p)| m / p).filter(|r| r.is_finite()))
        .collect();
    let ratios = ratios?;
    let top = *ratios.first()?;
    let mut sorted = ratios;
    sorted.sort_by(f64::total_cmp);
    let n = sorted.len();
    Some(Ratio { median: 0.5 * (sorted[(n - 1) / 2] + sorted[n / 2]), min: sorted[0], max: sorted[n - 1], top })
}

/// Batch sizes reported where the file measured none; those up to N, and N.
const BATCHES: [f64; 7] = [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0];

fn divergence(network: &Network) -> Vec<DivergenceReport> {
    if !network.divergence.is_empty() {
        return network
            .divergence
            .iter()
            .map(|d| divergence_at(network, d.batch_size, d.noise_subtracted, d.leaves))
            .collect();
    }
    let all = network.samples as f64;
    let smaller = BATCHES.into_iter().filter(|&b| b < all);
    smaller.chain([all]).map(|batch| divergence_at(network, batch, None, None)).collect()
}

type Measured = Option<(f64, Option<f64>)>;

fn divergence_at(network: &Network, batch: f64, subtracted: Measured, leaves: Measured) -> DivergenceReport {
    let mut status = Vec::new();
    let setting = Setting::plain(batch);
    let found = mean_square(network, setting).map_err(|e| status.push(format!("mean_square_bound: {e}"))).ok();
    let bound = found.map(|found: MeanSquare| found.value);
    let without = value(network, Setting { without_replacement: true, ..setting }).ok();
    let over_bound = |measured: Measured| measured.zip(bound).map(|((m, _), b)| m / b);
    let (subtracted_ratio, leaves_ratio) = (over_bound(subtracted), over_bound(leaves));
    match subtracted_ratio {
        None if subtracted.is_none() => {
            status.push("noise_subtracted: not measured (`tangent_learning_rate`)".to_owned())
        }
        Some(ratio) if ratio < 0.98 => status.push(format!(
            "the noise-subtracted dynamics leaves at {ratio:.3} of the bound: curvature noise reaches beyond the \
             measured directions"
        )),
        Some(ratio) if ratio > 1.02 => status.push(format!(
            "the noise-subtracted dynamics stays up to {ratio:.3} of the bound: a second moment may grow while typical \
             runs of finite length stay"
        )),
        _ => {}
    }
    match leaves_ratio {
        None if leaves.is_none() => status.push("leaves: not measured (`divergence_learning_rate`)".to_owned()),
        Some(ratio) if ratio > 1.1 => status.push(format!(
            "the network leaves altogether at {ratio:.2} of the bound: the bound is for staying in this valley, beyond \
             it SGD is thrown to a flatter place"
        )),
        _ => {}
    }
    DivergenceReport {
        batch_size: batch,
        mean_square_bound: bound,
        mean_square_interval: found.map(|found| found.interval),
        without_replacement: without,
        almost_sure: None,
        noise_subtracted: subtracted.map(|m| m.0),
        noise_subtracted_spread: subtracted.and_then(|m| m.1),
        leaves: leaves.map(|m| m.0),
        spread: leaves.and_then(|m| m.1),
        noise_subtracted_ratio: subtracted_ratio,
        leaves_ratio,
        status,
    }
}
