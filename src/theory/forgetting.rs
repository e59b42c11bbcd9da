//! How long does the law take to forget where it started?

use super::passage::{log_passage_time, log_spectral_gap};
use super::{Method, stationary};
use crate::model::Model;
use crate::num::function::exp;

/// Relaxation times after which a start is forgotten.
const RELAXATIONS: f64 = 8.0;
/// The same in mean times to a place drawn from the law, which are from one relaxation time to about three.
const ARRIVALS: f64 = 5.0;
/// Places drawn from the law.
const PLACES: u32 = 32;

/// Times, in the units of the model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Forgetting {
    /// After this the start is forgotten: what is left of it is below `e^−5`.
    pub time: f64,
    /// The slowest relaxation time, or an estimate between one and a third of it.
    pub relaxation: f64,
}

/// From the spectral gap; on a circle whose density carries a current, which has no real gap, from the mean time to a place that is
/// drawn from the law, which is the sum of all relaxation times wherever one starts. `None` where there is no law, or no gap.
pub fn forgetting(model: &Model) -> Option<Forgetting> {
    let method = if model.sgd().is_some() { Method::Discrete } else { Method::Adiabatic };
    if let Ok(gap) = log_spectral_gap(model, method).or_else(|_| log_spectral_gap(model, Method::Adiabatic)) {
        return Some(Forgetting { time: RELAXATIONS * exp(-gap), relaxation: exp(-gap) });
    }
    if !model.domain().is_periodic() {
        return None;
    }
    let law = stationary(model, Method::Adiabatic).ok()?.density;
    let start = law.mode();
    let places = (0..PLACES).map(|k| law.quantile((f64::from(k) + 0.5) / f64::from(PLACES)));
    let times: Vec<f64> = places.filter_map(|y| log_passage_time(model, method, start, y).ok()).map(exp).collect();
    let sum: f64 = times.iter().sum::<f64>() / times.len() as f64;
    (sum > 0.0 && sum.is_finite()).then_some(Forgetting { time: ARRIVALS * sum, relaxation: 0.3 * sum })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(rest: &str) -> Model {
        Model::read(&format!("Model(name: \"m\", {rest})"), &[]).expect("a model")
    }

    #[test]
    fn bowls_and_circles_forget_at_their_own_rates() {
        let noise = "noise: Langevin(delta: 0.3, kappa: 3)";
        let bowl = model(&format!(
            "floor: (coordinate: \"x\", domain: Line, loss: \"2*x^2\"), sharp: [(curvature: \"50\")], {noise}"
        ));
        let found = forgetting(&bowl).expect("a gap");
        assert!(
            (found.relaxation * 4.0 - 1.0).abs() < 1e-6 && (found.time * 4.0 - RELAXATIONS).abs() < 1e-5,
            "{found:?}"
        );
        // Free diffusion once around: 1/T.
        let circle = "floor: (coordinate: \"x\", domain: Periodic(lower: -3.141592653589793, upper: 3.141592653589793), loss: \"0\")";
        let found = forgetting(&model(&format!("{circle}, sharp: [(curvature: \"50\")], {noise}"))).expect("a gap");
        assert!((found.relaxation * 0.1 - 1.0).abs() < 1e-6, "{found:?}");
        // Noise along the floor that varies carries a current: the mean time to a place drawn from the law stands in.
        let steps = "noise: Sgd(learning_rate: 0.1, batch_size: 1, kappa: 5, variance: \"0.1*(1+0.5*sin(x+1))\")";
        let tilted = model(&format!("{circle}, sharp: [(curvature: \"2+sin(x)\")], {steps}"));
        let found = forgetting(&tilted).expect("arrivals");
        assert!(found.relaxation.is_finite() && found.time > found.relaxation, "{found:?}");
    }
}
