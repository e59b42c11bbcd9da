//! A network file checked into a [`Network`].

use super::moment::Moments;
use super::samples::Samples;
use crate::archive::{Archive, ArchiveError, Array};
use nalgebra::DMatrix;

/// Most directions accepted.
const DIRECTIONS: usize = 200;
/// Most directions whose moment equation, of `K(K+1)/2` unknowns, is solved densely.
const DENSE: usize = 40;

/// Largest element accepted in the matrices, so that their squares stay finite.
const MAGNITUDE: f64 = 1e100;

/// Prefixes of the optional groups of arrays.
const GROUPS: [&str; 6] = ["kconv_", "drift_", "traj_", "sweep_", "rate_", "run_"];

/// What can be wrong with a network file.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum NetworkError {
    /// The archive or one of its arrays.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// An element that must be a number is not.
    #[error("array `{name}`: element {at} is not finite")]
    NotFinite {
        /// The name of the array.
        name: String,
        /// Position of the element, counted from 0 with the last index fastest.
        at: usize,
    },
    /// A number outside what it may be.
    #[error("`{name}` holds {value}; accepted: {accepted}")]
    Range {
        /// The name of the array or argument.
        name: String,
        /// The number.
        value: f64,
        /// What is accepted.
        accepted: &'static str,
    },
    /// A matrix that must be symmetric is not.
    #[error("array `{name}` is not symmetric: its halves differ by {difference:.1e} of its largest element")]
    Asymmetric {
        /// The name of the array.
        name: String,
        /// Largest difference over the largest element.
        difference: f64,
    },
    /// A covariance with a negative eigenvalue.
    #[error("array `{name}` is not a covariance: its smallest eigenvalue is {smallest:e}")]
    Indefinite {
        /// The name of the array.
        name: String,
        /// The smallest eigenvalue.
        smallest: f64,
    },
    /// More directions than are accepted.
    #[error("the file measures {found} directions; 1 to {DIRECTIONS} are accepted")]
    Directions {
        /// How many there are.
        found: usize,
    },
    /// The file measures no sample.
    #[error("array `sample_hessians` holds no sample")]
    NoSamples,
    /// The mean-square bound does not exist.
    #[error("no mean-square bound: {reason}")]
    NoBound {
        /// Why.
        reason: String,
    },
}

/// How a run drew its batches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sampling {
    /// Every sample of a batch drawn independently.
    WithReplacement,
    /// A fresh shuffle per epoch, cut into batches.
    Epoch,
    /// All samples in every step: no noise.
    FullBatch,
}

/// One run of SGD and what was measured on it.
#[derive(Clone, Debug)]
pub struct Run {
    /// Learning rate η.
    pub learning_rate: f64,
    /// Batch size B.
    pub batch_size: f64,
    /// How batches were drawn.
    pub sampling: Sampling,
    /// Recorded steps, after the burn-in.
    pub steps: Option<f64>,
    /// Steps before recording began.
    pub burn_in: Option<f64>,
    /// Whether the run diverged.
    pub diverged: bool,
    /// Variance along each of the K directions; NaN where nothing was measured.
    pub variance: Vec<f64>,
    /// Standard errors of the variances.
    pub standard_error: Option<Vec<f64>>,
    /// Largest Hessian eigenvalue, averaged over snapshots of the run.
    pub lambda_max_mean: Option<f64>,
    /// Distance of the mean position from the minimum.
    pub distance_of_mean: Option<f64>,
}

/// Measured divergence at one batch size.
#[derive(Clone, Copy, Debug)]
pub struct Divergence {
    /// Batch size B.
    pub batch_size: f64,
    /// Learning rate at which the network leaves, and its spread over seeds.
    pub leaves: Option<(f64, Option<f64>)>,
    /// The same for the noise-subtracted dynamics.
    pub noise_subtracted: Option<(f64, Option<f64>)>,
}

/// Arrays along all `P` eigenvectors of the Hessian.
#[derive(Clone, Debug)]
pub(super) struct AllDirections {
    pub(super) eigenvalues: Vec<f64>,
    pub(super) noise_variance: Vec<f64>,
    /// Row `k` holds `D³L[v_k, v_k, v_l]` for all `l`.
    pub(super) slopes: Vec<f64>,
}

/// Runs that started from a sharper minimum.
#[derive(Clone, Debug)]
pub(super) struct Drift {
    pub(super) learning_rate: Vec<f64>,
    pub(super) batch_size: Vec<f64>,
    pub(super) sampling: Vec<f64>,
    pub(super) diverged: Vec<f64>,
    /// Slope of `−ln tr H` per step.
    pub(super) rate: Vec<f64>,
    pub(super) start_eigenvalues: Vec<f64>,
}

/// `ln(λ_max/λ_max(0))` of repeated short runs at given times `ηt`.
#[derive(Clone, Debug)]
pub(super) struct Rates {
    pub(super) time: Vec<f64>,
    pub(super) learning_rate: Vec<f64>,
    pub(super) batch_size: Vec<f64>,
    /// (setting, seed, time)
    pub(super) log_lambda_max: Array,
    /// (setting, time); the prediction recorded in the file.
    pub(super) recorded_prediction: Option<Vec<f64>>,
}

/// A measured network. See `data/README.md` for the meaning of each array.
#[derive(Clone, Debug)]
pub struct Network {
    /// Number of samples N.
    pub samples: usize,
    /// All recorded Hessian eigenvalues at the minimum, largest first.
    pub(super) spectrum: Vec<f64>,
    /// The K largest Hessian eigenvalues at the minimum, as recorded.
    pub eigenvalues: Vec<f64>,
    /// Covariance C of the per-sample gradients along the K eigenvectors.
    pub noise_covariance: DMatrix<f64>,
    /// The runs, in the order of the file.
    pub runs: Vec<Run>,
    /// Measured divergence, one entry per batch size; empty where the file has none.
    pub divergence: Vec<Divergence>,
    /// `mse`, `xent` or whatever the file says.
    pub loss_kind: Option<String>,
    /// Optional arrays the file lacks.
    pub missing: Vec<String>,
    /// `None` where the file holds no curvature of samples, or more directions than are solved densely.
    pub(super) moments: Option<Moments>,
    /// `None` where the file holds no curvature of samples.
    pub(super) curvatures: Option<Samples>,
    pub(super) all: Option<AllDirections>,
    pub(super) drift: Option<Drift>,
    pub(super) rates: Option<Rates>,
}

impl Network {
    /// Number of measured directions K.
    pub fn directions(&self) -> usize {
        self.noise_covariance.nrows()
    }

    /// Whether the file holds the curvature of samples, without which there is no mean-square bound.
    pub fn knows_curvature_noise(&self) -> bool {
        self.curvatures.is_some()
    }
}

/// The archive, and what was looked for in vain.
struct Source {
    archive: Archive,
    missing: Vec<String>,
}

impl Source {
    fn optional(&mut self, name: &str) -> Result<Option<Array>, NetworkError> {
        let array = self.archive.optional(name)?;
        if array.is_none() {
            self.missing.push(name.to_owned());
        }
        Ok(array)
    }

    fn optional_of(&mut self, name: &str, symbols: &str, shape: &[usize]) -> Result<Option<Vec<f64>>, NetworkError> {
        let array = self.optional(name)?;
        array.map(|a| Ok(a.expect_shape(symbols, shape)?.into_values())).transpose()
    }

    /// What is missing: whole groups by their prefix, other arrays by name.
    fn summary(self) -> Vec<String> {
        let absent = |prefix: &&str| !self.archive.names().any(|name| name.starts_with(*prefix));
        let groups: Vec<&str> = GROUPS.into_iter().filter(absent).collect();
        let alone = |name: &String| !groups.iter().any(|prefix| name.starts_with(*prefix));
        let mut missing: Vec<String> = self.missing.iter().filter(|name| alone(name)).cloned().collect();
        missing.extend(groups.iter().map(|prefix| format!("{prefix}*")));
        missing
    }

    fn required_of(&self, name: &str, symbols: &str, shape: &[usize]) -> Result<Vec<f64>, NetworkError> {
        Ok(self.archive.f64(name)?.expect_shape(symbols, shape)?.into_values())
    }
}

/// Reads a network file.
///
/// `hessian_eigenvalues` and `noise_covariance` must be there, and `sample_count` where neither `sample_hessians` nor
/// `sample_jacobians` is; of the runs all of `run_learning_rate`, `run_batch_size`, `run_sampling` and `run_variance`, or no array at
/// all. Of the others those absent are listed in [`Network::missing`].
///
/// # Errors
/// A file that is no archive; a required array absent; an array of the wrong type or shape; numbers that are not finite
/// or out of range; a covariance that is none. Every message names the array.
pub fn read(bytes: &[u8]) -> Result<Network, NetworkError> {
    let mut source = Source { archive: Archive::read(bytes)?, missing: Vec::new() };
    let spectrum = source.archive.f64("hessian_eigenvalues")?.expect_axes("(at least K,)", 1)?;
    let covariance = source.archive.f64("noise_covariance")?.expect_axes("(K, K)", 2)?;
    let k = covariance.shape()[0];
    let covariance = covariance.expect_shape("(K, K)", &[k, k])?;
    if k == 0 || k > DIRECTIONS {
        return Err(NetworkError::Directions { found: k });
    }
    if spectrum.shape()[0] < k {
        let wrong = spectrum.expect_shape("at least (K,)", &[k]);
        return Err(wrong.expect_err("a shorter array has another shape").into());
    }
    moderate("hessian_eigenvalues", spectrum.values())?;
    moderate("noise_covariance", covariance.values())?;
    let eigenvalues = spectrum.values()[..k].to_vec();
    let noise_covariance = DMatrix::from_row_slice(k, k, covariance.values());
    check_covariance(&noise_covariance)?;
    let curvatures = read_curvatures(&mut source, k)?;
    let moments = curvatures.as_ref().filter(|_| k <= DENSE).map(|samples| {
        let all: Vec<DMatrix<f64>> = (0..samples.count()).map(|i| samples.hessian(i)).collect();
        Moments::new(&all)
    });
    let samples = read_count(&mut source, curvatures.as_ref().map(Samples::count))?;
    let runs = read_runs(&mut source, k, samples)?;
    let divergence = read_divergence(&mut source)?;
    let all = read_all(&mut source)?;
    let drift = read_drift(&mut source)?;
    let rates = read_rates(&mut source)?;
    let loss_kind = source.optional("loss_kind")?.map(|text| {
        let bytes: Vec<u8> = text.values().iter().map(|&b| b as u8).collect();
        String::from_utf8_lossy(&bytes).into_owned()
    });
    let missing = source.summary();
    Ok(Network {
        samples,
        spectrum: spectrum.into_values(),
        eigenvalues,
        noise_covariance,
        runs,
        divergence,
        loss_kind,
        missing,
        moments,
        curvatures,
        all,
        drift,
        rates,
    })
}

/// The Hessians of the samples, `sample_hessians` of shape (N, K, K), or else the factors `sample_jacobians` of shape (N, r, K) with
/// `weight_decay`; `None` where the file has neither.
fn read_curvatures(source: &mut Source, k: usize) -> Result<Option<Samples>, NetworkError> {
    let factors = source.archive.optional("sample_jacobians")?;
    let hessians = if factors.is_none() {
        source.optional("sample_hessians")?
    } else {
        source.archive.optional("sample_hessians")?
    };
    let matrices = |name: &str, values: &[f64], rows: usize| -> Result<Vec<DMatrix<f64>>, NetworkError> {
        moderate(name, values)?;
        Ok(values.chunks_exact(rows * k).map(|h| DMatrix::from_row_slice(rows, k, h)).collect())
    };
    let read = match (hessians, factors) {
        (Some(hessians), _) => {
            let hessians = hessians.expect_axes("(N, K, K)", 3)?;
            let count = hessians.shape()[0];
            let hessians = hessians.expect_shape("(N, K, K)", &[count, k, k])?;
            Samples::Hessians(symmetrised(matrices("sample_hessians", hessians.values(), k)?)?)
        }
        (None, Some(factors)) => {
            let factors = factors.expect_axes("(N, r, K)", 3)?;
            let (count, rows) = (factors.shape()[0], factors.shape()[1]);
            let factors = factors.expect_shape("(N, r, K)", &[count, rows, k])?;
            if rows == 0 {
                return Err(NetworkError::NoSamples);
            }
            let decay = source.optional("weight_decay")?.map(|w| w.scalar()).transpose()?.unwrap_or(0.0);
            moderate("weight_decay", &[decay])?;
            Samples::Factors(matrices("sample_jacobians", factors.values(), rows)?, decay)
        }
        (None, None) => return Ok(None),
    };
    if read.count() == 0 { Err(NetworkError::NoSamples) } else { Ok(Some(read)) }
}

/// Number of samples: of the recorded curvatures, or `sample_count`, which must not contradict them.
fn read_count(source: &mut Source, recorded: Option<usize>) -> Result<usize, NetworkError> {
    let (name, range) =
        ("sample_count".to_owned(), |name, value, accepted| NetworkError::Range { name, value, accepted });
    let Some(recorded) = recorded else {
        let value = source.archive.f64(&name)?.scalar()?;
        let whole = (1.0..=1e15).contains(&value) && value.fract() == 0.0;
        return if whole { Ok(value as usize) } else { Err(range(name, value, "a whole number from 1")) };
    };
    match source.optional(&name)? {
        Some(count) if count.scalar()? != recorded as f64 => {
            Err(range(name, count.scalar()?, "the first length of `sample_hessians`"))
        }
        _ => Ok(recorded),
    }
}

fn finite(name: &str, values: &[f64]) -> Result<(), NetworkError> {
    match values.iter().position(|v| !v.is_finite()) {
        Some(at) => Err(NetworkError::NotFinite { name: name.to_owned(), at }),
        None => Ok(()),
    }
}

fn moderate(name: &str, values: &[f64]) -> Result<(), NetworkError> {
    finite(name, values)?;
    match values.iter().find(|v| v.abs() > MAGNITUDE) {
        Some(&value) => Err(NetworkError::Range { name: name.to_owned(), value, accepted: "magnitudes up to 1e100" }),
        None => Ok(()),
    }
}

fn positive(name: &str, values: &[f64], least: f64, accepted: &'static str) -> Result<(), NetworkError> {
    finite(name, values)?;
    match values.iter().find(|&&v| !(v >= least && v > 0.0)) {
        Some(&value) => Err(NetworkError::Range { name: name.to_owned(), value, accepted }),
        None => Ok(()),
    }
}

fn check_covariance(c: &DMatrix<f64>) -> Result<(), NetworkError> {
    let name = || "noise_covariance".to_owned();
    let difference = (c - c.transpose()).amax() / c.amax().max(f64::MIN_POSITIVE);
    if !(difference <= 1e-6) {
        return Err(NetworkError::Asymmetric { name: name(), difference });
    }
    let spectrum = ((c + c.transpose()) * 0.5).symmetric_eigenvalues();
    let smallest = spectrum.min();
    if !(smallest >= -1e-6 * spectrum.amax()) {
        return Err(NetworkError::Indefinite { name: name(), smallest });
    }
    Ok(())
}

/// Single precision leaves the halves a little apart; anything more is an error.
fn symmetrised(hessians: Vec<DMatrix<f64>>) -> Result<Vec<DMatrix<f64>>, NetworkError> {
    let largest = hessians.iter().map(|h| h.amax()).fold(f64::MIN_POSITIVE, f64::max);
    let difference = hessians.iter().map(|h| (h - h.transpose()).amax()).fold(0.0, f64::max) / largest;
    if !(difference <= 1e-4) {
        return Err(NetworkError::Asymmetric { name: "sample_hessians".to_owned(), difference });
    }
    Ok(hessians.into_iter().map(|h| (&h + h.transpose()) * 0.5).collect())
}

fn read_runs(source: &mut Source, k: usize, samples: usize) -> Result<Vec<Run>, NetworkError> {
    let none = !source.archive.names().any(|name| name.starts_with("run_"));
    if none {
        return Ok(Vec::new());
    }
    let rates = source.archive.f64("run_learning_rate")?.expect_axes("(R,)", 1)?.into_values();
    let r = rates.len();
    positive("run_learning_rate", &rates, 0.0, "positive numbers")?;
    let batches = source.required_of("run_batch_size", "(R,)", &[r])?;
    positive("run_batch_size", &batches, 1.0, "at least 1")?;
    let codes = source.required_of("run_sampling", "(R,)", &[r])?;
    let variance = source.required_of("run_variance", "(R, K)", &[r, k])?;
    let errors = source.optional_of("run_variance_stderr", "(R, K)", &[r, k])?;
    let mut column = |name: &str| source.optional_of(name, "(R,)", &[r]);
    let (steps, burn_in) = (column("run_steps")?, column("run_burn_in")?);
    let diverged = column("run_diverged")?;
    let (sharpest, distance) = (column("run_lambda_max_mean")?, column("run_distance_of_mean")?);
    let at = |values: &Option<Vec<f64>>, i: usize| values.as_ref().map(|v| v[i]).filter(|v| v.is_finite() && *v >= 0.0);
    let sampling = |i: usize| match codes[i] {
        0.0 => Ok(Sampling::WithReplacement),
        1.0 if batches[i] <= samples as f64 => Ok(Sampling::Epoch),
        1.0 => Err(NetworkError::Range {
            name: "run_batch_size".to_owned(),
            value: batches[i],
            accepted: "at most the number of samples for epoch-wise sampling",
        }),
        2.0 => Ok(Sampling::FullBatch),
        value => Err(NetworkError::Range {
            name: "run_sampling".to_owned(),
            value,
            accepted: "0 (with replacement), 1 (epoch-wise) or 2 (full batch)",
        }),
    };
    (0..r)
        .map(|i| {
            Ok(Run {
                learning_rate: rates[i],
                batch_size: batches[i],
                sampling: sampling(i)?,
                steps: at(&steps, i),
                burn_in: at(&burn_in, i),
                diverged: diverged.as_ref().is_some_and(|d| d[i] != 0.0),
                variance: variance[i * k..(i + 1) * k].to_vec(),
                standard_error: errors.as_ref().map(|e| e[i * k..(i + 1) * k].to_vec()),
                lambda_max_mean: at(&sharpest, i),
                distance_of_mean: at(&distance, i),
            })
        })
        .collect()
}

fn read_divergence(source: &mut Source) -> Result<Vec<Divergence>, NetworkError> {
    let names = ["divergence_learning_rate", "divergence_spread", "tangent_learning_rate", "tangent_spread"];
    let Some(batches) = source.optional("divergence_batch_size")? else {
        for name in names {
            if !source.archive.contains(name) {
                source.missing.push(name.to_owned());
            }
        }
        return Ok(Vec::new());
    };
    let batches = batches.expect_axes("(batch sizes,)", 1)?.into_values();
    positive("divergence_batch_size", &batches, 1.0, "at least 1")?;
    let mut column = |name: &str| source.optional_of(name, "(batch sizes,)", &[batches.len()]);
    let (leaves, spread) = (column(names[0])?, column(names[1])?);
    let (tangent, tangent_spread) = (column(names[2])?, column(names[3])?);
    let at = |v: &Option<Vec<f64>>, i: usize| v.as_ref().map(|v| v[i]).filter(|v| v.is_finite() && *v >= 0.0);
    Ok((0..batches.len())
        .map(|i| Divergence {
            batch_size: batches[i],
            leaves: at(&leaves, i).map(|value| (value, at(&spread, i))),
            noise_subtracted: at(&tangent, i).map(|value| (value, at(&tangent_spread, i))),
        })
        .collect())
}

fn read_all(source: &mut Source) -> Result<Option<AllDirections>, NetworkError> {
    let eigenvalues = source.optional("hessian_eigenvalues_all")?;
    let noise = source.optional("noise_variance_all")?;
    let slopes = source.optional("curvature_slope_all")?;
    let (Some(eigenvalues), Some(noise), Some(slopes)) = (eigenvalues, noise, slopes) else { return Ok(None) };
    let eigenvalues = eigenvalues.expect_axes("(P,)", 1)?.into_values();
    let p = eigenvalues.len();
    let noise_variance = noise.expect_shape("(P,)", &[p])?.into_values();
    let slopes = slopes.expect_axes("(at most P, P)", 2)?;
    let rows = slopes.shape()[0].min(p);
    let slopes = slopes.expect_shape("(at most P, P)", &[rows, p])?.into_values();
    finite("hessian_eigenvalues_all", &eigenvalues)?;
    finite("noise_variance_all", &noise_variance)?;
    finite("curvature_slope_all", &slopes)?;
    Ok(Some(AllDirections { eigenvalues, noise_variance, slopes }))
}

fn read_drift(source: &mut Source) -> Result<Option<Drift>, NetworkError> {
    let rates = source.optional("drift_learning_rate")?;
    let Some(rates) = rates else { return Ok(None) };
    let learning_rate = rates.expect_axes("(drift runs,)", 1)?.into_values();
    let n = [learning_rate.len()];
    let mut column = |name: &str| source.optional_of(name, "(drift runs,)", &n);
    let (batch_size, sampling) = (column("drift_batch_size")?, column("drift_sampling")?);
    let (diverged, rate) = (column("drift_diverged")?, column("drift_rate")?);
    let start = source.optional("drift_start_eigenvalues")?;
    let start = start.map(|s| s.expect_axes("(eigenvalues,)", 1)).transpose()?;
    let (Some(batch_size), Some(sampling), Some(diverged), Some(rate), Some(start)) =
        (batch_size, sampling, diverged, rate, start)
    else {
        return Ok(None);
    };
    positive("drift_learning_rate", &learning_rate, 0.0, "positive numbers")?;
    positive("drift_batch_size", &batch_size, 1.0, "at least 1")?;
    let start_eigenvalues = start.into_values();
    finite("drift_start_eigenvalues", &start_eigenvalues)?;
    Ok(Some(Drift { learning_rate, batch_size, sampling, diverged, rate, start_eigenvalues }))
}

fn read_rates(source: &mut Source) -> Result<Option<Rates>, NetworkError> {
    let (time, rates) = (source.optional("rate_time")?, source.optional("rate_learning_rate")?);
    let (batches, logs) = (source.optional("rate_batch_size")?, source.optional("rate_log_lambda_max")?);
    let recorded = source.optional("rate_log_lambda_max_predicted")?;
    let (Some(time), Some(rates), Some(batches), Some(logs)) = (time, rates, batches, logs) else { return Ok(None) };
    let time = time.expect_axes("(times,)", 1)?.into_values();
    let learning_rate = rates.expect_axes("(settings,)", 1)?.into_values();
    let settings = learning_rate.len();
    let batch_size = batches.expect_shape("(settings,)", &[settings])?.into_values();
    let log_lambda_max = logs.expect_axes("(settings, seeds, times)", 3)?;
    let seeds = log_lambda_max.shape()[1];
    let log_lambda_max = log_lambda_max.expect_shape("(settings, seeds, times)", &[settings, seeds, time.len()])?;
    let shape = [settings, time.len()];
    let recorded = recorded.map(|a| a.expect_shape("(settings, times)", &shape)).transpose()?.map(Array::into_values);
    finite("rate_time", &time)?;
    positive("rate_learning_rate", &learning_rate, 0.0, "positive numbers")?;
    positive("rate_batch_size", &batch_size, 1.0, "at least 1")?;
    Ok(Some(Rates { time, learning_rate, batch_size, log_lambda_max, recorded_prediction: recorded }))
}
