//! How heavy are the tails across the valley? Under noisy curvature `y ← (1 − ηλ_t) y − ηξ` is Kesten's equation.
//!
//! Symbols: `u = ηλ`, `c² = c₁² p̂` the relative variance of a batch's curvature, `ζ` standard normal, `A = 1 − u(1 + cζ)`.
//! - **Moments**: `E|y|^q` is finite if and only if `E|A|^q < 1`.
//! - **Tail index**: `P(|y| > r) ~ r^{−α}` with `E|A|^α = 1` (Kesten 1973; Gürbüzbalaban, Şimşekli, Zhu 2021). `ln E|A|^q` is convex in `q`
//!   and zero at `q = 0`, hence there is one `α > 0`, and there is one exactly where `E ln|A| < 0`.
//! - **Lyapunov exponent**: `E ln|A|` per step; almost every path forgets where it started if it is negative.
//!
//! `(A/(uc))²` is noncentral chi-squared, a Poisson mixture of central ones, whose moments are ratios of gamma functions: sums of
//! positive terms, to about 1e-11. The curvature noise is taken as Gaussian.

use super::stability::{NoThreshold, curvature_variance, mean_log_abs};
use crate::model::{Sampling, Sgd};
use crate::num::function::{exp, ln, ln_gamma};
use crate::optim::{global_minimum, root};

/// Tails lighter than this are not told apart.
const LIGHTEST: f64 = 1e5;
/// Depth below the largest term at which a sum ends.
const DEEP: f64 = 45.0;
/// Values of `u` that are looked at before the worst is polished.
const SAMPLES: usize = 48;

/// `c`, if Kesten's equation is what the steps are.
fn noisy(sgd: &Sgd) -> Result<f64, NoThreshold> {
    if sgd.sampling == Sampling::Epoch {
        return Err(NoThreshold::Epoch);
    }
    let c2 = curvature_variance(sgd);
    if !(c2 > 0.0) {
        return Err(NoThreshold::NoCurvatureNoise);
    }
    if sgd.learners.is_some() {
        return Err(NoThreshold::NoisyLearners);
    }
    if sgd.momentum > 0.0 {
        return Err(NoThreshold::LyapunovWithMomentum);
    }
    Ok(c2.sqrt())
}

/// `ln E|m + sζ|^q`, `s > 0`, `q > 0`.
fn log_moment(m: f64, s: f64, q: f64) -> f64 {
    let half = 0.5 * (m / s) * (m / s);
    let log_half = ln(half.max(f64::MIN_POSITIVE));
    let term = |j: f64| -half + j * log_half - ln_gamma(j + 1.0) + ln_gamma(0.5 + j + 0.5 * q) - ln_gamma(0.5 + j);
    // The largest term: where `half (½ + j + q/2) = (j + 1)(½ + j)`, near enough.
    let b = 0.5 - half;
    let top = (0.5 * (-b + (b * b + 2.0 * half * (1.0 + q)).sqrt())).floor().max(0.0);
    let largest = term(top).max(term((top - 1.0).max(0.0))).max(term(top + 1.0));
    let mut sum = 0.0;
    let mut j = top;
    loop {
        let log = term(j);
        sum += exp(log - largest);
        if log < largest - DEEP || j == 0.0 {
            break;
        }
        j -= 1.0;
    }
    j = top + 1.0;
    loop {
        let log = term(j);
        sum += exp(log - largest);
        if log < largest - DEEP {
            break;
        }
        j += 1.0;
    }
    q * (ln(s) + 0.5 * std::f64::consts::LN_2) + largest + ln(sum)
}

/// The largest `u` below which the moment of order `q ≥ 1` across the valley is finite: the root of `E|1 − u(1 + cζ)|^q = 1`; for
/// `q = 2` it is `2/(1 + c²)`.
///
/// # Errors
/// [`NoThreshold`]: without curvature noise all moments are finite up to the edge of stability.
pub fn moment_threshold(sgd: &Sgd, order: f64) -> Result<f64, NoThreshold> {
    let c = noisy(sgd)?;
    let excess = |u: f64| log_moment(1.0 - u, u * c, order);
    let (mut low, mut high) = (1e-3, 2.0);
    while !(excess(low) < 0.0) {
        low *= 0.1;
        if low < 1e-12 {
            return Err(NoThreshold::NoRoot);
        }
    }
    while !(excess(high) > 0.0) {
        high *= 2.0;
    }
    root(&excess, low, high, 1e-13 * high).map_err(|_| NoThreshold::NoRoot)
}

/// A tail index, and the `u` between the ends at which it is least.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tail {
    /// `α`: moments of order `α` and above are infinite.
    pub index: f64,
    /// `ηλ` at which the tail is this heavy.
    pub at: f64,
}

/// The least tail index for `u = ηλ` from `lower` to `upper`, the range of the floor's curvatures times the learning rate.
///
/// # Errors
/// [`NoThreshold`]; [`NoThreshold::NotStationary`] where almost every path diverges, [`NoThreshold::Light`] where the index is
/// above `1e5`.
pub fn tail_index(sgd: &Sgd, lower: f64, upper: f64) -> Result<Tail, NoThreshold> {
    let c = noisy(sgd)?;
    let of = |u: f64| index(u, c);
    if !(lower < upper) {
        return of(upper).map(|index| Tail { index, at: upper });
    }
    // A place without a stationary law decides; a light tail is no candidate for the heaviest.
    for k in 0..=SAMPLES {
        let u = lower + (upper - lower) * k as f64 / SAMPLES as f64;
        if of(u) == Err(NoThreshold::NotStationary) {
            return Err(NoThreshold::NotStationary);
        }
    }
    let value = |u: f64| of(u).unwrap_or(LIGHTEST);
    let least = global_minimum(&value, lower, upper, SAMPLES).map_err(|_| NoThreshold::NoRoot)?;
    if least.value < LIGHTEST { Ok(Tail { index: least.value, at: least.at }) } else { Err(NoThreshold::Light) }
}

fn index(u: f64, c: f64) -> Result<f64, NoThreshold> {
    if !(mean_log_abs(1.0 - u, u * c) < 0.0) {
        return Err(NoThreshold::NotStationary);
    }
    // Divided by the order, the logarithm rises from the Lyapunov exponent: one zero.
    let excess = |order: f64| log_moment(1.0 - u, u * c, order) / order;
    let mut low = 1e-6;
    let mut high = 1.0;
    while !(excess(high) > 0.0) {
        low = high;
        high *= 2.0;
        if high > LIGHTEST {
            return Err(NoThreshold::Light);
        }
    }
    root(&excess, low, high, 1e-12 * high).map_err(|_| NoThreshold::NoRoot)
}

/// `E ln|1 − u(1 + cζ)|` per step, to about 1e-12; without curvature noise the logarithm of the larger size of the roots of
/// `z² − (1 + β − u) z + β`.
///
/// # Errors
/// [`NoThreshold`]
pub fn lyapunov(sgd: &Sgd, u: f64) -> Result<f64, NoThreshold> {
    match noisy(sgd) {
        Ok(c) => Ok(mean_log_abs(1.0 - u, u * c)),
        Err(NoThreshold::NoCurvatureNoise) if sgd.learners.is_none() => {
            let (trace, beta) = (1.0 + sgd.momentum - u, sgd.momentum);
            let inside = 0.25 * trace * trace - beta;
            let size = if inside < 0.0 { beta.sqrt() } else { 0.5 * trace.abs() + inside.sqrt() };
            Ok(ln(size))
        }
        Err(NoThreshold::NoCurvatureNoise) => Err(NoThreshold::NoisyLearners),
        Err(why) => Err(why),
    }
}

/// The batch size at which the mean-square bound is half of what it is without curvature noise: below it the noise of the
/// curvature, above it the edge of stability limits the learning rate. `p̂ c₁² = (1−β)/(1+β)`.
///
/// # Errors
/// [`NoThreshold::NoCurvatureNoise`]: then the bound does not depend on the batch size.
pub fn critical_batch(sgd: &Sgd) -> Result<f64, NoThreshold> {
    if sgd.sampling == Sampling::Epoch {
        return Err(NoThreshold::Epoch);
    }
    if !(sgd.curvature_noise > 0.0) {
        return Err(NoThreshold::NoCurvatureNoise);
    }
    if sgd.learners.is_some() {
        return Err(NoThreshold::NoisyLearners);
    }
    let share = (1.0 - sgd.momentum) / (1.0 + sgd.momentum) / (sgd.curvature_noise * sgd.curvature_noise);
    Ok(match (sgd.sampling, sgd.dataset_size) {
        (Sampling::FreshWithoutReplacement, Some(n)) => n / (1.0 + share * (n - 1.0)),
        _ => 1.0 / share,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theory::bounds::stability::tests::{expectation, with as sgd};

    #[test]
    fn moments_are_those_of_quadrature_and_of_the_normal_law() {
        for (m, s, q) in [(0.3, 0.8, 1.0), (-0.4, 0.5, 2.7), (0.9, 0.2, 6.0), (0.0, 1.3, 0.4)] {
            let found = exp(log_moment(m, s, q));
            assert!((found / expectation(m, s, |size| size.powf(q)) - 1.0).abs() < 1e-8, "{m} {s} {q}: {found}");
        }
        let fourth = |m: f64, s: f64| m.powi(4) + 6.0 * m * m * s * s + 3.0 * s.powi(4);
        assert!((exp(log_moment(-0.7, 0.01, 4.0)) / fourth(0.7, 0.01) - 1.0).abs() < 1e-9);
    }

    #[test]
    fn the_index_is_two_at_the_mean_square_bound_and_falls_to_zero_at_the_almost_sure_one() {
        for c in [0.5, 1.0, 2.0] {
            let noisy = sgd(&format!("curvature_noise: {c:?}"));
            let square = 2.0 / (1.0 + c * c);
            assert!((moment_threshold(&noisy, 2.0).expect("a bound") / square - 1.0).abs() < 1e-10);
            assert!((tail_index(&noisy, square, square).expect("a tail").index - 2.0).abs() < 1e-7, "{c}");
            let fourth = moment_threshold(&noisy, 4.0).expect("a bound");
            assert!((tail_index(&noisy, fourth, fourth).expect("a tail").index - 4.0).abs() < 1e-7, "{c}");
            let sure = super::super::stability::almost_sure(&noisy).expect("a bound");
            let near = tail_index(&noisy, 0.999 * sure, 0.999 * sure).expect("a tail").index;
            assert!(near > 0.0 && near < 0.05, "{c} {near}");
            assert_eq!(tail_index(&noisy, 1.01 * sure, 1.01 * sure), Err(NoThreshold::NotStationary));
            assert!(lyapunov(&noisy, sure).expect("an exponent").abs() < 1e-10);
        }
        assert_eq!(tail_index(&sgd("momentum: 0"), 1.0, 1.0), Err(NoThreshold::NoCurvatureNoise));
    }

    #[test]
    fn a_range_has_its_heaviest_tail_and_momentum_its_own_rate() {
        let noisy = sgd("curvature_noise: 1.0");
        let found = tail_index(&noisy, 0.1, 0.8).expect("a tail");
        let brute = (0..=700).map(|k| index(0.1 + 0.001 * f64::from(k), 1.0).expect("a tail")).fold(f64::MAX, f64::min);
        assert!((found.index - brute).abs() < 1e-6, "{found:?} {brute}");
        // v ← βv + y, y ← y − uv.
        let (beta, u) = (0.9f64, 0.3f64);
        let (mut y, mut v, mut log) = (1.0f64, 0.2f64, 0.0f64);
        for _ in 0..20_000 {
            v = beta * v + y;
            y -= u * v;
            let size = y.abs() + v.abs();
            (y, v, log) = (y / size, v / size, log + size.ln());
        }
        let found = lyapunov(&sgd("momentum: 0.9"), u).expect("a rate");
        assert!((found - log / 20_000.0).abs() < 1e-3, "{found}");
    }

    #[test]
    fn the_critical_batch_halves_the_bound() {
        use super::super::stability::{edge, mean_square};
        for fields in ["curvature_noise: 3.0", "curvature_noise: 3.0, momentum: 0.5"] {
            let mut at = sgd(fields);
            at.batch_size = critical_batch(&at).expect("a batch size");
            let share = mean_square(&at).expect("a bound") / edge(&at).expect("an edge");
            assert!((share - 0.5).abs() < 1e-12, "{fields}: {share}");
        }
        let mut at = sgd("curvature_noise: 3.0, sampling: FreshWithoutReplacement, dataset_size: 50");
        at.batch_size = critical_batch(&at).expect("a batch size");
        assert!((mean_square(&at).expect("a bound") - 1.0).abs() < 1e-12);
    }
}
