//! How far from adiabatic are steps of SGD? The diffusion that fluctuations of the sharp force add along the floor.
//!
//! The force `½λ'(y²−Σ)` forgets itself by a factor `r` per step, so that it adds the diffusion
//! `τ h² Σ² (1+r)/(1−r)` with `h = λ'/2` and `τ = η/(1−β)` the time of a step; its share of the temperature is the small
//! parameter of the law of the steps. `r` is the factor by which the variance of `y` relaxes: `(1−ηλ)² + η²λ²c²`, with
//! momentum the square of the larger root of `z² − (1+β−ηλ)z + β`; of `n` learners each mode `m` has its own
//! `(w_m−ηλ)²` and variance, and the share of the mean is `Σ_m Σ_m² … /n²`.

use crate::expr::Expr;
use crate::model::{Model, Sgd};
use crate::theory::{self, Method, NotApplicable, joint};

/// Places at which the maximum is looked for.
const PLACES: u32 = 1000;

/// The largest share over the region that the adiabatic law of the steps visits.
///
/// # Errors
/// Where there is no adiabatic law of the steps.
pub(super) fn smallness_of_steps(model: &Model) -> Result<f64, NotApplicable> {
    let law = joint(model, Method::Discrete)?;
    let sgd = model.sgd().ok_or(NotApplicable::NoLearningRate)?;
    let langevin = model.langevin().map_err(|_| NotApplicable::Epoch)?;
    let x = model.coordinate();
    let mut formulas: Vec<Expr> = model.sharp().iter().map(|s| s.curvature.clone()).collect();
    formulas.extend(model.sharp().iter().map(|s| s.curvature.derivative(x)));
    formulas.push(langevin.temperature.clone());
    let tape = model.compile(&formulas);
    let directions = model.directions();
    let (a, b) = law.floor.density.visited(1e-6);
    let mut most = 0.0;
    for k in 0..=PLACES {
        let place = a + (b - a) * f64::from(k) / f64::from(PLACES);
        let place = model.domain().place(place).unwrap_or(place);
        let values = tape.at(&[place]);
        let variances = law.variances_at(place);
        let added: f64 = (0..directions)
            .map(|i| {
                let pull = 0.5 * values[directions + i];
                pull * pull * memory(sgd, values[i], variances[i])
            })
            .sum();
        let share = added / values[2 * directions];
        if !(share <= most) {
            most = share;
        }
    }
    Ok(most)
}

/// Part by which steps of finite length widen the law along the floor, at most: `½ηΦ''/(1+β)`, exact on a quadratic floor. The laws
/// without a first correction leave it out.
pub(super) fn widening_of_steps(model: &Model) -> f64 {
    let (Some(sgd), Ok(law)) = (model.sgd(), joint(model, Method::Discrete)) else { return 0.0 };
    let Ok(potential) = theory::loss(model).discrete_potential else { return f64::NAN };
    let bend = model.compile(&[potential.slope.derivative(model.coordinate())]);
    let (a, b) = law.floor.density.visited(1e-6);
    let per_bend = 0.5 * sgd.learning_rate.value() / (1.0 + sgd.momentum);
    let mut most = 0.0;
    for k in 0..=PLACES {
        let place = a + (b - a) * f64::from(k) / f64::from(PLACES);
        let part = (per_bend * bend.value(model.domain().place(place).unwrap_or(place))).abs();
        if !(part <= most) {
            most = part;
        }
    }
    most
}

/// `τ Σ² (1+r)/(1−r)` at curvature `λ` and variance `Σ` (of learners: the mean of theirs).
fn memory(sgd: &Sgd, curvature: f64, variance: f64) -> f64 {
    let rate = sgd.learning_rate.value();
    let u = rate * curvature;
    let kept = |r: f64| (1.0 + r) / (1.0 - r);
    if let Some(learners) = &sgd.learners {
        let n = learners.eigenvalues.len() as f64;
        let of = |w: f64| 1.0 / (1.0 - (w - u) * (w - u));
        // All modes have the noise of one learner: its size from the mean of the variances.
        let noise = variance * n / learners.eigenvalues.iter().map(|w| of(*w)).sum::<f64>();
        let sum: f64 =
            learners.eigenvalues.iter().map(|w| (noise * of(*w)) * (noise * of(*w)) * kept((w - u) * (w - u))).sum();
        return rate * sum / (n * n);
    }
    let beta = sgd.momentum;
    let noisy = u * u * sgd.curvature_noise * sgd.curvature_noise * sgd.batch_factor();
    let middle = 0.5 * (1.0 + beta - u);
    let discriminant = middle * middle - beta;
    let root = if discriminant > 0.0 { middle.abs() + discriminant.sqrt() } else { beta.sqrt() };
    rate / (1.0 - beta) * variance * variance * kept(root * root + noisy)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn smallness(fields: &str) -> f64 {
        let text = format!(
            "Model(name: \"m\", floor: (coordinate: \"x\", domain: Periodic(lower: 0, upper: 6.283185307179586), loss: \"0\"), \
             sharp: [(curvature: \"0.9+0.5*cos(x)\")], noise: Sgd(batch_size: 1, kappa: 5, {fields}))"
        );
        smallness_of_steps(&Model::read(&text, &[]).expect("a model")).expect("applies")
    }

    #[test]
    fn grows_with_the_noise_and_is_that_of_langevin_at_a_small_learning_rate() {
        // ε/… of Langevin: h²(Δ/λ)²/(λT) = κΔ g²/λ with Δ = ηS/2.
        let small = smallness("learning_rate: 1e-4, variance: \"100\"");
        let epsilon = (0..10_000)
            .map(|k| {
                let x = f64::from(k) * 6.283185e-4;
                let (l, slope) = (0.9 + 0.5 * x.cos(), -0.5 * x.sin());
                5.0 * 0.005 * (slope / (2.0 * l)).powi(2) / l
            })
            .fold(0.0, f64::max);
        assert!((small / epsilon - 1.0).abs() < 1e-3, "{small} {epsilon}");
        let (one, two) =
            (smallness("learning_rate: 1, variance: \"0.02\""), smallness("learning_rate: 1, variance: \"0.04\""));
        assert!((two / one - 2.0).abs() < 1e-6);
        let momentum = smallness("learning_rate: 1, variance: \"0.02\", momentum: 0.5");
        assert!(momentum > 3.0 * one, "{momentum} {one}");
        // A floor of curvature 0.1: ½η·0.1, less the bend of the entropic part.
        let text = "Model(name: \"m\", floor: (coordinate: \"x\", domain: Line, loss: \"x^2/20\"), sharp: [(curvature: \"0.5\")], \
                    noise: Sgd(learning_rate: 0.6, batch_size: 4, kappa: 3, variance: \"0.2\", momentum: 0.5))";
        let widened = widening_of_steps(&Model::read(text, &[]).expect("a model"));
        assert!((widened - 0.02).abs() < 1e-12, "{widened}");
        // Learners that are one.
        let alone = smallness("learning_rate: 1, variance: \"0.02\", learners: (count: 1, mixing: Matrix([[1.0]]))");
        assert!((alone / one - 1.0).abs() < 1e-9);
    }
}
