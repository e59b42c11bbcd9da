//! Stronger noise arrives sooner, until the bound: first-passage times against noise strength and batch size.

use super::Method;
use super::bounds::{Kind, bounds};
use super::passage::log_passage_time;
use crate::model::{Model, Noise};
use crate::num::function::ln;

/// Shares of the bound; the last one lies beyond it.
const SHARES: [f64; 8] = [0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 0.95, 1.05];
/// Where there is no bound: multiples of what the model has, the same for its batch size.
const MULTIPLES: [f64; 5] = [0.25, 0.5, 1.0, 2.0, 4.0];

/// One row.
#[derive(Clone, Debug, PartialEq)]
pub struct Pace {
    /// Learning rate, `Δ` or batch size.
    pub value: f64,
    /// Share of the bound there, if there is one.
    pub share: Option<f64>,
    /// `ln` of the mean first-passage time in the units of the model.
    pub log_time: Option<f64>,
    /// `ln` of the number of steps; `None` for Langevin noise, and where there is no time.
    pub log_steps: Option<f64>,
    /// Why there is no time.
    pub status: Option<String>,
}

/// Times against one quantity.
#[derive(Clone, Debug, PartialEq)]
pub struct Paces {
    /// `learning_rate`, `delta` or `batch_size`.
    pub quantity: &'static str,
    /// The binding bound, of learning rate or `Δ`; not for batch sizes, each of which has its own.
    pub bound: Option<(Kind, f64)>,
    /// Law the times come from.
    pub method: Method,
    /// Rising in the value.
    pub rows: Vec<Pace>,
}

fn row(model: &Model, method: Method, value: f64, bound: Option<f64>, at: f64, way: (f64, f64)) -> Pace {
    // Beyond the bound formulas may still have values, but nothing stays to arrive.
    let time = if bound.is_some_and(|bound| at > bound) {
        Err("beyond the bound".to_owned())
    } else {
        log_passage_time(model, method, way.0, way.1).map_err(|why| why.to_string())
    };
    let step = model.sgd().map(|sgd| ln(sgd.step_time()));
    let log_time = time.as_ref().ok().copied();
    let log_steps = log_time.zip(step).map(|(time, step)| time - step);
    Pace { value, share: bound.map(|bound| at / bound), log_time, log_steps, status: time.err() }
}

fn law(model: &Model) -> Method {
    if model.sgd().is_some() { Method::Discrete } else { Method::Adiabatic }
}

/// Mean first-passage times between two places for rising noise: learning rate of SGD, `Δ` of a Langevin equation.
pub fn against_noise(model: &Model, from: f64, to: f64) -> Paces {
    let found = bounds(model);
    let bound =
        found.binding.and_then(|kind| found.value().map(|value| (kind, value))).filter(|(_, value)| *value > 0.0);
    let (quantity, own) = match model.noise() {
        Noise::Langevin { delta, .. } => ("delta", *delta),
        Noise::Sgd(sgd) => ("learning_rate", sgd.learning_rate.value()),
    };
    let values: Vec<f64> = match bound {
        Some((_, bound)) => SHARES.iter().map(|share| share * bound).collect(),
        None => MULTIPLES.iter().map(|multiple| multiple * own).collect(),
    };
    let rows = values
        .into_iter()
        .map(|value| row(&model.with_strength(value), law(model), value, bound.map(|b| b.1), value, (from, to)));
    Paces { quantity, bound, method: law(model), rows: rows.collect() }
}

/// The same against the batch size at the model's own learning rate; `None` for Langevin noise. The share is that of the bound at the
/// batch size of the row.
pub fn against_batch_size(model: &Model, from: f64, to: f64) -> Option<Paces> {
    let sgd = model.sgd()?;
    let (rate, own) = (sgd.learning_rate.value(), sgd.batch_size);
    let sizes: Vec<f64> = MULTIPLES.iter().map(|multiple| (multiple * own).round()).filter(|b| *b >= 1.0).collect();
    let fits = |b: &f64| sgd.dataset_size.is_none_or(|n| *b <= n);
    let mut sizes: Vec<f64> = sizes.into_iter().filter(fits).collect();
    sizes.dedup();
    let rows = sizes.into_iter().map(|batch| {
        let at = model.with_batch_size(batch);
        row(&at, law(model), batch, bounds(&at).value(), rate, (from, to))
    });
    Some(Paces { quantity: "batch_size", bound: None, method: law(model), rows: rows.collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(noise: &str) -> Model {
        let text = format!(
            r#"Model(name: "t", floor: (coordinate: "x", domain: Periodic(lower: 0, upper: 6.283185307179586), loss: "0"),
                sharp: [(curvature: "0.9+0.5*cos(x)")], noise: {noise})"#
        );
        Model::read(&text, &[]).expect("a valid model")
    }

    /// On a level floor of SGD steps fall as `1/η²` at small rates, and rise as `B`; beyond the bound there is no time.
    #[test]
    fn stronger_noise_is_faster_until_the_bound() {
        let model = model(r#"Sgd(learning_rate: 0.01, batch_size: 8, kappa: 5, variance: "0.02")"#);
        let found = against_noise(&model, 0.0, std::f64::consts::PI);
        let (kind, bound) = found.bound.expect("a bound");
        assert_eq!(kind, Kind::MeanSquare);
        assert!((bound - 2.0 / 1.4).abs() < 1e-9);
        let steps: Vec<f64> = found.rows.iter().filter_map(|row| row.log_steps).collect();
        assert_eq!(steps.len(), SHARES.len() - 1, "{found:?}");
        assert!(steps.windows(2).all(|pair| pair[1] < pair[0]), "{steps:?}");
        let slope = (steps[1] - steps[0]) / std::f64::consts::LN_2;
        assert!((-2.1..-1.99).contains(&slope), "{slope}");
        assert!(found.rows.last().is_some_and(|row| row.log_time.is_none() && row.status.is_some()));
        let by_batch = against_batch_size(&model, 0.0, std::f64::consts::PI).expect("steps");
        let first: Vec<f64> = by_batch.rows.iter().filter_map(|row| row.log_steps).collect();
        assert!(first.windows(2).all(|pair| (pair[1] - pair[0] - std::f64::consts::LN_2).abs() < 1e-6), "{first:?}");
    }

    #[test]
    fn without_a_bound_the_models_own_noise_is_the_measure() {
        let model = model("Langevin(delta: 0.1, kappa: 5)");
        let found = against_noise(&model, 0.0, std::f64::consts::PI);
        assert_eq!((found.quantity, found.bound), ("delta", None));
        let values: Vec<f64> = found.rows.iter().map(|row| row.value).collect();
        assert_eq!(values, [0.025, 0.05, 0.1, 0.2, 0.4]);
        // Time of a level floor is one over the noise.
        let times: Vec<f64> = found.rows.iter().map(|row| row.log_time.expect("a time")).collect();
        assert!(times.windows(2).all(|pair| (pair[0] - pair[1] - std::f64::consts::LN_2).abs() < 1e-6), "{times:?}");
        assert!(against_batch_size(&model, 0.0, 1.0).is_none());
    }
}
