//! Stability of the steps themselves: how large a learning rate a curvature allows (THEORY 5.2, 5.3).
//!
//! Symbols: `η` learning rate, `λ` curvature, `β` momentum, `c² = c₁² p̂` relative variance of one batch's curvature,
//! `w_min` the least eigenvalue of the learners' mixing matrix. Every threshold is written as the largest `u = ηλ`.

use crate::model::{Sampling, Sgd};
use crate::num::function::{exp, ln, ln_gamma};
use crate::optim::{OptimError, root};

/// Why a mechanism has no threshold that could be computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoThreshold {
    /// Noise of epoch-wise batches is anticorrelated in time.
    #[error("not known for epoch-wise sampling, whose noise is anticorrelated in time")]
    Epoch,
    /// Not derived for this combination.
    #[error("not derived for learners whose curvature is noisy")]
    NoisyLearners,
    /// Not derived for this combination.
    #[error("not derived for learners with momentum")]
    LearnersWithMomentum,
    /// A product of random matrices has no closed Lyapunov exponent.
    #[error("not derived with momentum and noisy curvature: the Lyapunov exponent of a product of random matrices")]
    LyapunovWithMomentum,
    /// The curvature is not noisy.
    #[error(
        "the curvature has no noise: every moment is finite up to the edge of stability, at every batch size alike"
    )]
    NoCurvatureNoise,
    /// No stationary law.
    #[error("almost every path diverges: there is no stationary law, and no tail of it")]
    NotStationary,
    /// Not told from a Gaussian tail.
    #[error("the tail index is above 100000: moments of every order that matters are finite")]
    Light,
    /// The root search failed.
    #[error("the Lyapunov exponent has no sign change in the range searched")]
    NoRoot,
}

/// Relative variance `c²` of the curvature that one batch sees.
pub fn curvature_variance(sgd: &Sgd) -> f64 {
    sgd.curvature_noise * sgd.curvature_noise * sgd.batch_factor()
}

/// Deterministic stability of the mean: `ηλ < 2(1+β)`; with learners `ηλ < 1 + w_min`.
pub fn edge(sgd: &Sgd) -> Result<f64, NoThreshold> {
    match &sgd.learners {
        None => Ok(2.0 * (1.0 + sgd.momentum)),
        Some(_) if sgd.momentum > 0.0 => Err(NoThreshold::LearnersWithMomentum),
        Some(learners) => Ok(1.0 + learners.eigenvalues.iter().copied().fold(1.0, f64::min)),
    }
}

/// Mean-square stability: `ηλ < 2(1−β)(1+β)/[(1−β) + (1+β)c²]`, which is `2/(1+c²)` without momentum and `2(1+β)`
/// without curvature noise. The variance of `y` has a stationary value exactly below it.
pub fn mean_square(sgd: &Sgd) -> Result<f64, NoThreshold> {
    let (beta, c2) = (sgd.momentum, curvature_variance(sgd));
    if sgd.sampling == Sampling::Epoch {
        return Err(NoThreshold::Epoch);
    }
    if sgd.learners.is_some() {
        return if c2 > 0.0 { Err(NoThreshold::NoisyLearners) } else { edge(sgd) };
    }
    Ok(2.0 * (1.0 - beta) * (1.0 + beta) / ((1.0 - beta) + (1.0 + beta) * c2))
}

/// Almost-sure stability under Gaussian curvature noise: the root of `E ln|1 − u(1 + cζ)| = 0`.
pub fn almost_sure(sgd: &Sgd) -> Result<f64, NoThreshold> {
    let c2 = curvature_variance(sgd);
    if sgd.sampling == Sampling::Epoch {
        return Err(NoThreshold::Epoch);
    }
    if c2 == 0.0 {
        return edge(sgd);
    }
    if sgd.learners.is_some() {
        return Err(NoThreshold::NoisyLearners);
    }
    if sgd.momentum > 0.0 {
        return Err(NoThreshold::LyapunovWithMomentum);
    }
    let c = c2.sqrt();
    // At u = 2/(1+c²) the mean square is marginal, hence (Jensen) the exponent is negative; it grows like ln u.
    let lower = 2.0 / (1.0 + c2);
    let exponent = |u: f64| mean_log_abs(1.0 - u, u * c);
    let mut upper = 2.0 * lower;
    while !(exponent(upper) > 0.0) {
        upper *= 2.0;
        if upper > 1e6 * (1.0 + lower) {
            return Err(NoThreshold::NoRoot);
        }
    }
    root(&exponent, lower, upper, 1e-13 * upper).map_err(|_: OptimError| NoThreshold::NoRoot)
}

/// `E ln|m + sζ|` for a standard normal `ζ`, to 1e-12.
///
/// `(m + sζ)²/s²` is noncentral chi-squared with one degree of freedom: a Poisson mixture of central ones, whose mean
/// logarithm is `ψ(½ + j) + ln 2`. Far from zero (`m² > 10⁴ s²`) the expansion in `s/m` is exact to rounding.
pub(super) fn mean_log_abs(m: f64, s: f64) -> f64 {
    let half = 0.5 * (m / s) * (m / s);
    if half > 5e3 {
        let r2 = 0.5 / half;
        return ln(m.abs()) - r2 * (0.5 + r2 * (0.75 + r2 * (2.5 + r2 * 13.125)));
    }
    const EULER_GAMMA: f64 = 0.577_215_664_901_532_9;
    let mut digamma = -EULER_GAMMA - 2.0 * std::f64::consts::LN_2;
    let last = (half + 12.0 * half.sqrt() + 40.0) as u32;
    let (mut sum, mut weights) = (0.0, 0.0);
    for j in 0..=last {
        let n = f64::from(j);
        let log_weight = if half > 0.0 { n * ln(half) - half - ln_gamma(n + 1.0) } else { -1e3 * n };
        let weight = exp(log_weight);
        sum += weight * digamma;
        weights += weight;
        digamma += 1.0 / (0.5 + n);
    }
    ln(s) + 0.5 * (sum / weights + std::f64::consts::LN_2)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::model::Model;

    fn sgd(momentum: f64, c: f64) -> Sgd {
        with(&format!("momentum: {momentum:?}, curvature_noise: {c:?}"))
    }

    /// Steps of learning rate and batch size 1 with these fields.
    pub fn with(fields: &str) -> Sgd {
        let text = format!(
            "Model(name: \"m\", floor: (coordinate: \"x\", domain: Interval(lower: -1, upper: 1), loss: \"0\"), \
             sharp: [(curvature: \"1e-3\")], \
             noise: Sgd(learning_rate: 1, batch_size: 1, kappa: 1, variance: \"1\", {fields}))"
        );
        Model::read(&text, &[]).expect("a model").sgd().expect("steps").clone()
    }

    /// Second moments of (y, v) under one step with momentum and noisy curvature, iterated: the spectral radius is 1.
    #[test]
    fn mean_square_threshold_is_where_second_moments_stop_decaying() {
        for (beta, c) in [(0.0, 0.0), (0.0, 0.7), (0.5, 0.3), (0.9, 0.1), (0.3, 1.5)] {
            let u = mean_square(&sgd(beta, c)).expect("has a threshold");
            let rate = |u: f64| {
                // v' = βv + λ_t y, y' = y − v' with ηλ_t = u(1 + cζ), moments of (yy, yv, vv) in units of η.
                let (m2, mut s) = (u * u * (1.0 + c * c), [1.0, 0.3, 0.5]);
                let mut growth = 0.0;
                for _ in 0..4000 {
                    let [yy, yv, vv] = s;
                    let vv1 = beta * beta * vv + 2.0 * beta * u * yv + m2 * yy;
                    let yv1 = beta * yv + u * yy - vv1;
                    let yy1 = yy - 2.0 * (beta * yv + u * yy) + vv1;
                    let size = yy1.abs() + yv1.abs() + vv1.abs();
                    growth = size;
                    s = [yy1 / size, yv1 / size, vv1 / size];
                }
                growth
            };
            assert!(rate(u * 0.999) < 1.0, "below the bound {u} at β = {beta}, c = {c}");
            assert!(rate(u * 1.001) > 1.0, "above the bound {u} at β = {beta}, c = {c}");
        }
    }

    /// `E f(|m + s z|)` by the midpoint rule in a variable that clusters points at the zero of the argument: z = z0 + t³.
    pub fn expectation(m: f64, s: f64, f: impl Fn(f64) -> f64) -> f64 {
        let (z0, n) = (-m / s, 400_000);
        let (a, b) = (-(14.0 + z0).abs().cbrt(), (14.0 - z0).abs().cbrt());
        let h = (b - a) / f64::from(n);
        let terms = (0..n).map(|i| {
            let t: f64 = a + (f64::from(i) + 0.5) * h;
            let z: f64 = z0 + t * t * t;
            f(s * (t * t * t).abs()) * (-0.5 * z * z).exp() * 3.0 * t * t * h
        });
        terms.sum::<f64>() / (2.0 * std::f64::consts::PI).sqrt()
    }

    #[test]
    fn mean_logarithm_agrees_with_quadrature() {
        for (m, s) in [(-1.0_f64, 1.0_f64), (0.0, 1.0), (-2.0, 0.5)] {
            let (value, numeric) = (mean_log_abs(m, s), expectation(m, s, f64::ln));
            assert!((value - numeric).abs() < 1e-8, "E ln|{m} + {s} z| = {numeric}, got {value}");
        }
        let (near, far) = (mean_log_abs(1.0, 0.010_000_1), mean_log_abs(1.0, 0.009_999_9));
        assert!((near - far).abs() < 1e-8, "both expansions meet: {near} {far}");
    }

    #[test]
    fn at_the_almost_sure_bound_a_step_keeps_the_mean_logarithm() {
        for c in [0.5, 0.8, 1.7] {
            let u = almost_sure(&sgd(0.0, c)).expect("bound");
            let rate = expectation(1.0 - u, u * c, f64::ln);
            assert!(rate.abs() < 1e-8, "E ln|1 - u(1 + c z)| = {rate} at u = {u}, c = {c}");
        }
    }

    #[test]
    fn without_curvature_noise_all_mechanisms_meet_at_the_edge() {
        assert_eq!(almost_sure(&sgd(0.0, 0.0)), Ok(2.0));
        assert_eq!(mean_square(&sgd(0.9, 0.0)), edge(&sgd(0.9, 0.0)));
        let noisy = sgd(0.0, 0.8);
        let (strict, weak) = (mean_square(&noisy).expect("bound"), almost_sure(&noisy).expect("bound"));
        assert!(strict < weak, "{strict} {weak}");
    }

    #[test]
    fn learners_are_limited_by_their_least_mixed_mode() {
        let many = with("learners: Learners(count: 4, mixing: Complete(0.3))");
        assert!((mean_square(&many).expect("bound") - 1.7).abs() < 1e-12);
        let many = with("curvature_noise: 0.1, learners: Learners(count: 4, mixing: Complete(0.3))");
        assert_eq!(mean_square(&many), Err(NoThreshold::NoisyLearners));
    }
}
