//! The learning rates up to which SGD stays in the measured valley: by the mean square, for almost every run, and from partial data.

use super::interval::{bootstrap, jackknife};
use super::moment::Limit;
use super::products::{Batches, Simulated};
use super::read::{Network, NetworkError};
use super::{edge_of_stability, operator};

/// What SGD is asked about.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Setting {
    /// Batch size B.
    pub batch_size: f64,
    /// Heavy-ball momentum β, from 0 to below 1.
    pub momentum: f64,
    /// Whether every batch is drawn afresh without replacement; with replacement otherwise.
    pub without_replacement: bool,
}

impl Setting {
    /// Plain SGD with replacement.
    pub fn plain(batch_size: f64) -> Setting {
        Setting { batch_size, momentum: 0.0, without_replacement: false }
    }

    /// Share `p` of the samples' covariance that the mean of a batch has: `1/B`, or `(N−B)/(B(N−1))` without replacement.
    fn share(&self, samples: usize) -> Result<f64, NetworkError> {
        let (b, n) = (self.batch_size, samples as f64);
        let range = |name: &str, value, accepted| Err(NetworkError::Range { name: name.to_owned(), value, accepted });
        if !(b >= 1.0 && b.is_finite()) {
            return range("batch size", b, "at least 1");
        }
        if !(self.momentum >= 0.0 && self.momentum < 1.0) {
            return range("momentum", self.momentum, "from 0 to below 1");
        }
        if !self.without_replacement {
            return Ok(1.0 / b);
        }
        if b > n {
            return range("batch size", b, "at most the number of samples, without replacement");
        }
        Ok(if n > 1.0 { (n - b) / (b * (n - 1.0)) } else { 0.0 })
    }
}

/// The mean-square bound with what is known of its error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MeanSquare {
    /// Largest learning rate at which the second moments contract.
    pub value: f64,
    /// Two sides of it from a computation apart (Collatz–Wielandt), to rounding; `None` with momentum.
    pub enclosure: Option<(f64, f64)>,
    /// 95 % interval from the finite number of samples, to first order.
    pub interval: (f64, f64),
}

fn limit(network: &Network, p: f64, momentum: f64) -> Result<Limit, NetworkError> {
    let no_bound = |reason: String| NetworkError::NoBound { reason };
    if let Some(moments) = &network.moments {
        return moments.limit(p, momentum).map_err(no_bound);
    }
    let samples = network.curvatures.as_ref().ok_or_else(|| no_bound(ABSENT.to_owned()))?;
    if momentum > 0.0 {
        return Err(no_bound("with momentum at most 40 directions are solved".to_owned()));
    }
    let sides = operator::enclose(samples, p, None).map_err(no_bound)?;
    Ok(Limit { value: 0.5 * (sides.lower + sides.upper), shape: sides.shape })
}

const ABSENT: &str =
    "the file has neither `sample_hessians` nor `sample_jacobians`: the noise of the curvature is not known";

/// The mean-square bound of SGD in the measured directions: the largest learning rate `η` at which
/// `V ↦ (I−ηH)V(I−ηH) + η²p mean(H_i V H_i − H V H)` still contracts, `p` the share of the samples' covariance in a batch; with
/// momentum the same for the recursion of second order.
///
/// It is `2/λ_max(A⁻¹M)` with `A = ½(H⊗I + I⊗H)` and `M = (1−p) H⊗H + p mean(H_i⊗H_i)` on symmetric matrices, `H` the mean of the
/// sample Hessians. Curvature noise outside the measured directions is not seen, so it is an upper bound of the threshold in all
/// directions. Up to 40 directions by a dense eigenvalue, to rounding; up to 200 between two sides that are iterated together.
///
/// # Errors
/// [`NetworkError::Range`] for a setting out of range, [`NetworkError::NoBound`] where a direction has negative curvature, or none
/// whose samples are not flat as well, or where the file holds no curvature of samples.
pub fn mean_square(network: &Network, setting: Setting) -> Result<MeanSquare, NetworkError> {
    let p = setting.share(network.samples)?;
    let found = limit(network, p, setting.momentum)?;
    let no_bound = |reason: String| NetworkError::NoBound { reason };
    let samples = network.curvatures.as_ref().ok_or_else(|| no_bound(ABSENT.to_owned()))?;
    let enclosure = if setting.momentum > 0.0 {
        None
    } else {
        let sides = operator::enclose(samples, p, Some(&found.shape)).map_err(no_bound)?;
        Some((sides.lower, sides.upper))
    };
    let interval = jackknife(samples, &found, p, setting.momentum);
    Ok(MeanSquare { value: found.value, enclosure, interval })
}

/// Only the value of [`mean_square`], for plain SGD with replacement.
///
/// # Errors
/// As [`mean_square`].
pub fn mean_square_bound(network: &Network, batch_size: f64) -> Result<f64, NetworkError> {
    value(network, Setting::plain(batch_size))
}

/// Only the value of [`mean_square`].
pub(super) fn value(network: &Network, setting: Setting) -> Result<f64, NetworkError> {
    limit(network, setting.share(network.samples)?, setting.momentum).map(|found| found.value)
}

/// 95 % intervals of [`mean_square`] for each setting, all of one momentum, from `redraws` bootstrap samples; `None` where too many
/// of them have no bound. Same seed, same numbers, for any number of threads.
///
/// # Errors
/// As [`mean_square`]; [`NetworkError::NoBound`] beyond 40 directions.
pub fn mean_square_bootstrap(
    network: &Network,
    settings: &[Setting],
    redraws: usize,
    seed: u64,
) -> Result<Vec<Option<(f64, f64)>>, NetworkError> {
    let no_bound = |reason: &str| NetworkError::NoBound { reason: reason.to_owned() };
    let samples = network.curvatures.as_ref().ok_or_else(|| no_bound(ABSENT))?;
    if network.moments.is_none() {
        return Err(no_bound("the bootstrap redraws at most 40 directions"));
    }
    let ps: Vec<f64> = settings.iter().map(|s| s.share(network.samples)).collect::<Result<_, _>>()?;
    let momentum = settings.first().map_or(0.0, |s| s.momentum);
    Ok(bootstrap(samples, &ps, momentum, redraws, seed))
}

/// The learning rate beyond which almost every run of the linearised dynamics leaves, simulated; above the mean-square bound, which
/// the rarest runs decide. Plain SGD with replacement.
///
/// # Errors
/// [`NetworkError::NoBound`] where no sample Hessians are known or the exponent does not pass zero up to three times the edge of
/// stability; [`NetworkError::Range`].
pub fn almost_sure_bound(network: &Network, batch_size: f64, seed: u64) -> Result<Simulated, NetworkError> {
    let no_bound = |reason: &str| NetworkError::NoBound { reason: reason.to_owned() };
    let lower = mean_square_bound(network, batch_size)?;
    let samples = network.curvatures.as_ref().ok_or_else(|| no_bound(ABSENT))?;
    let upper = edge_of_stability(network).ok_or_else(|| no_bound("no direction has curvature"))?;
    let batches = Batches::draw(samples, batch_size, seed);
    batches
        .almost_sure(0.5 * lower, 3.0 * upper.max(lower))
        .ok_or_else(|| no_bound("the Lyapunov exponent does not pass zero up to three times the edge of stability"))
}

/// The tail index of the displacement at a learning rate: moments of this order and above are infinite. Plain SGD with replacement,
/// linearised, in the measured directions; simulated.
///
/// # Errors
/// The reason why there is none.
pub fn tail_index(network: &Network, learning_rate: f64, batch_size: f64, seed: u64) -> Result<Simulated, String> {
    let samples = network.curvatures.as_ref().ok_or(ABSENT)?;
    Setting::plain(batch_size).share(network.samples).map_err(|e| e.to_string())?;
    Batches::draw(samples, batch_size, seed).tail_index(learning_rate).map_err(str::to_owned)
}

/// What the eigenvalues of the mean Hessian alone suggest for the mean-square bound: exact for a linear model of one output with Gaussian
/// inputs, where `mean(H_i V H_i) = 2HVH + tr(HV) H`, hence `p Σ_j ηλ_j/(2 − η(1+p)λ_j) = 1` (Horowitz, Senne 1981). An estimate, no
/// bound: real features are not Gaussian. All recorded eigenvalues count.
pub fn gaussian_estimate(network: &Network, setting: Setting) -> Result<f64, NetworkError> {
    let p = setting.share(network.samples)?;
    let curved: Vec<f64> = network.spectrum.iter().copied().filter(|l| *l > 0.0).collect();
    let largest = curved.iter().copied().fold(0.0, f64::max);
    let none = |reason: &str| NetworkError::NoBound { reason: reason.to_owned() };
    if !(largest > 0.0) {
        return Err(none("no direction has curvature"));
    }
    if setting.momentum > 0.0 {
        return Err(none("the estimate is for SGD without momentum"));
    }
    let pole = 2.0 / ((1.0 + p) * largest);
    let excess = |eta: f64| p * curved.iter().map(|l| eta * l / (2.0 - eta * (1.0 + p) * l)).sum::<f64>() - 1.0;
    // It rises from −1 to infinity at the pole.
    let (mut low, mut high) = (0.0, pole);
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if excess(middle) < 0.0 { low = middle } else { high = middle }
    }
    Ok(0.5 * (low + high))
}
