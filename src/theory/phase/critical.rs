//! The critical point of a transition, and how the most likely place leaves beyond it.
//!
//! With `t = noise/critical noise − 1`, at a fixed learning rate: `|x* − x0| ∝ t^β` and `F(x*)/F(x0) − 1 ∝ t^γ`.

use super::modes::Density;
use super::trace::{Place, crossing};
use super::transition::{Met, NoTransition, Transition, Watch};
use crate::num::function::{exp, ln};
use crate::theory::{Method, stretch};

/// Distances from the critical point at which the exponent is fitted: from `FIRST` over `DECADES` decades.
const FIRST: f64 = 1e-5;
const DECADES: f64 = 3.0;
const POINTS: usize = 19;
/// The 97.5 % point of Student's law with `POINTS − 3` degrees of freedom.
const STUDENT: f64 = 2.12;
/// Relative accuracy of the critical noise.
const KNOWN_TO: f64 = 1e-12;

/// An exponent and its interval: 95 % of the fit, the change when the farther half is left out, and the accuracy of the critical
/// point, added.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Exponent {
    /// The exponent.
    pub value: f64,
    /// Where it lies.
    pub interval: (f64, f64),
}

/// A critical point at one learning rate.
#[derive(Clone, Debug, PartialEq)]
pub struct CriticalPoint {
    /// The law it was found in.
    pub method: Method,
    /// Of which density.
    pub density: Density,
    /// Learning rate.
    pub learning_rate: f64,
    /// Noise, as the axis measures it.
    pub noise: f64,
    /// `Δ` there, where it is the same everywhere on the floor.
    pub delta: Option<f64>,
    /// How the most likely place leaves.
    pub transition: Transition,
    /// Most likely place just before and just beyond.
    pub places: (f64, f64),
    /// `β` of the distance; `None` at a jump.
    pub exponent: Option<Exponent>,
    /// `γ` of the flatness gained; `None` at a jump.
    pub flatness_exponent: Option<Exponent>,
}

/// The critical point at `across`, or at another learning rate of the window where there is none at that one.
pub(super) fn critical(watch: &Watch, across: f64) -> Result<CriticalPoint, NoTransition> {
    let mut first = None;
    for t in [across, 0.5, 0.0, 0.25, 0.75, 1.0] {
        match watch.met(t) {
            Ok(met) => return Ok(at(watch, met)),
            Err(why) => {
                first.get_or_insert(why);
            }
        }
        // A Langevin equation is the same at every learning rate.
        if watch.plane.original().sgd().is_none() {
            break;
        }
    }
    Err(first.unwrap_or(NoTransition::Beyond))
}

fn at(watch: &Watch, met: Met) -> CriticalPoint {
    let [across, guess] = met.place;
    let solved = match met.transition {
        Transition::Continuous => watch.exactly(across, guess),
        Transition::Jump => {
            let gap = watch.gap(met.modes);
            let value = |t: f64| gap([across, t]);
            let (low, high) = (guess - 1e-4, guess + 1e-4);
            value(guess).and_then(|_| crossing(&value, (low, value(low)?), (high, value(high)?)))
        }
    };
    let place = [across, solved.unwrap_or(guess)];
    let values = watch.plane.values(place);
    let model = watch.plane.model(values);
    let exponents = match met.transition {
        Transition::Continuous => exponents(watch, place),
        Transition::Jump => None,
    };
    CriticalPoint {
        method: watch.method,
        density: watch.density,
        learning_rate: values[0],
        noise: values[1],
        delta: model.langevin().ok().and_then(|langevin| langevin.delta),
        transition: met.transition,
        places: match met.transition {
            Transition::Continuous => (watch.home.at(), watch.home.at()),
            Transition::Jump => met.modes,
        },
        exponent: exponents.map(|both| both.0),
        flatness_exponent: exponents.and_then(|both| both.1),
    }
}

fn exponents(watch: &Watch, place: Place) -> Option<(Exponent, Option<Exponent>)> {
    let [rate, noise] = watch.plane.values(place);
    let (a, b) = stretch(&watch.plane.model([rate, noise * 1.01])).ok()?;
    let home = watch.home.at();
    let original = watch.plane.original();
    let flatness = original.compile(&[original.flatness(0).ln()]);
    let at_home = flatness.value(home);
    let (mut distances, mut gains) = (Vec::new(), Vec::new());
    for k in 0..POINTS {
        let t = FIRST * exp(std::f64::consts::LN_10 * DECADES * k as f64 / (POINTS - 1) as f64);
        let found = watch.beyond_home([rate, noise * (1.0 + t)], b - a)?;
        distances.push((t, (found - home).abs()));
        gains.push((t, crate::num::function::exp_m1(flatness.value(found) - at_home)));
    }
    Some((fitted(&distances)?, fitted(&gains)))
}

/// The exponent of `y ∝ t^β (1 + c t)`.
fn fitted(points: &[(f64, f64)]) -> Option<Exponent> {
    let (all, error) = slope(points)?;
    let (near, _) = slope(&points[..points.len() / 2 + 2])?;
    let half = STUDENT * error + (all - near).abs() + KNOWN_TO / FIRST;
    half.is_finite().then_some(Exponent { value: all, interval: (all - half, all + half) })
}

/// Least squares of `ln y = a + β ln t + c t`: `β` and its standard error.
fn slope(points: &[(f64, f64)]) -> Option<(f64, f64)> {
    if points.iter().any(|(t, y)| !(*t > 0.0 && *y > 0.0 && y.is_finite())) {
        return None;
    }
    let n = points.len() as f64;
    // Centred, the other two regressors leave `ln t` what is its own.
    let centred = |values: Vec<f64>| {
        let mean = values.iter().sum::<f64>() / n;
        values.into_iter().map(|v| v - mean).collect::<Vec<f64>>()
    };
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let logs = centred(points.iter().map(|p| ln(p.0)).collect());
    let linear = centred(points.iter().map(|p| p.0).collect());
    let values = centred(points.iter().map(|p| ln(p.1)).collect());
    let without = |v: &[f64]| {
        let share = dot(v, &linear) / dot(&linear, &linear);
        v.iter().zip(&linear).map(|(v, l)| v - share * l).collect::<Vec<f64>>()
    };
    let (own, left) = (without(&logs), without(&values));
    let size = dot(&own, &own);
    let beta = dot(&own, &left) / size;
    let rest: f64 = own.iter().zip(&left).map(|(o, l)| (l - beta * o) * (l - beta * o)).sum();
    let error = (rest / (n - 3.0) / size).sqrt();
    (beta.is_finite() && error.is_finite()).then_some((beta, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exponent_is_found_beside_its_correction_and_its_interval_holds_it() {
        let points: Vec<(f64, f64)> = (0..POINTS)
            .map(|k| 1e-5 * 10f64.powf(DECADES * k as f64 / (POINTS - 1) as f64))
            .map(|t| (t, 3.0 * t.powf(0.5) * (1.0 + 2.0 * t + 5.0 * t * t)))
            .collect();
        let found = fitted(&points).expect("an exponent");
        assert!((found.value - 0.5).abs() < 1e-4, "{found:?}");
        assert!(found.interval.0 < 0.5 && 0.5 < found.interval.1, "{found:?}");
        assert!(found.interval.1 - found.interval.0 < 1e-3, "{found:?}");
        assert_eq!(fitted(&[(1.0, 0.0); 19]), None);
    }
}
