//! The first correction in the ratio of the time scales, resummed.
//!
//! **Langevin.** Symbols: `V_i = Δ_i/λ_i`, `h_i = λ_i'/2`, `v_i = −V_i'/(2V_i)`, `q_i = h_i V_i − v_i T`, `Φ' = L0' + Σ h_i V_i`:
//! `p'/p = −[Φ' + T' + Σ (h_iV_i/λ_i)(q_i' − 2v_iq_i)] / (T + Σ h_iV_iq_i/λ_i)`.
//! It follows from the Hermite modes 0 and 2 of `y_i` with the frozen-x variance `V_i`: mode 2 is fed by `q_i p` and decays at
//! the rate `2λ_i`; its effect on mode 0 is the sum. With constant noise `v_i = g_i = λ_i'/(2λ_i)`, `q_i = g_i(Δ_i − T)`; in one
//! direction, with `ε = κΔg²/λ` and `θ = 1 − 1/κ`, it reads `p'/p = −[Φ'/T + θ(ε'/2 − gε)]/(1 + θε)`. Error `O(ε²)`.
//!
//! **Steps** of plain SGD with constant `S_i` and `T`: `V_i = ηS_i/(λ_i(2−ηλ_i))`, `a_i = 1−ηλ_i`, `q_i = h_iV_ia_i² − v_iT`,
//! `b_i = 2h_iV_iη/(1−a_i²)`, `z = ½ηΦ''`, `m = Tz/(1−z) + ηΣ h_i²V_i²`:
//! `p'/p = −[Φ' + Σ b_i(q_i' − 2v_iq_i) + m'] / (T + Σ b_iq_i + m)`.
//! Error `O(S²)` for Gaussian noise. Derivatives are taken symbolically.

use super::law::{Condition, Law};
use super::{NotApplicable, discrete, langevin};
use crate::expr::Expr;
use crate::model::{Langevin, Model};

/// Force and diffusion of a Langevin valley `(λ_i, Δ_i)` at the temperature `T`, all formulas in `x`.
fn resummed(x: &str, floor_loss: &Expr, directions: &[(Expr, Expr)], temperature: &Expr) -> (Expr, Expr) {
    let half = Expr::ratio(1, 2);
    let two = Expr::integer(2);
    let mut force = vec![floor_loss.derivative(x), temperature.derivative(x)];
    let mut diffusion = vec![temperature.clone()];
    for (curvature, noise) in directions {
        let variance = noise / curvature;
        let pull = &half * curvature.derivative(x) * &variance;
        let v = &half * (curvature.derivative(x) / curvature - noise.derivative(x) / noise);
        let q = &pull - &v * temperature;
        let weight = &pull / curvature;
        force.push(&weight * (q.derivative(x) - &two * &v * &q));
        force.push(pull);
        diffusion.push(weight * q);
    }
    (Expr::sum(force), Expr::sum(diffusion))
}

fn directions(model: &Model, langevin: &Langevin) -> Vec<(Expr, Expr)> {
    (0..model.directions()).map(|i| (model.curvature(i).clone(), langevin.noise[i].clone())).collect()
}

fn corrected(force: Expr, diffusion: Expr, temperature: Expr, mut conditions: Vec<Condition>) -> Law {
    conditions.push(Condition::new(temperature, |at, _| NotApplicable::NoTemperature { at }));
    conditions.push(Condition::new(diffusion.clone(), |at, _| NotApplicable::Diffusion { at }));
    Law { force, diffusion, log: None, conditions }
}

/// The corrected law of the Langevin model.
pub(super) fn law(model: &Model) -> Result<Law, NotApplicable> {
    let langevin = langevin::noise(model)?;
    let (force, diffusion) =
        resummed(model.coordinate(), model.floor_loss(), &directions(model, &langevin), &langevin.temperature);
    Ok(corrected(force, diffusion, langevin.temperature, Vec::new()))
}

/// The corrected law of plain SGD with constant noise.
pub(super) fn law_of_steps(model: &Model) -> Result<Law, NotApplicable> {
    let x = model.coordinate();
    let sgd = discrete::steps(model)?;
    let refuse = |what| Err(NotApplicable::NoFirstCorrection(what));
    if sgd.learners.is_some() {
        return refuse("several learners");
    }
    if sgd.momentum != 0.0 {
        return refuse("momentum");
    }
    if sgd.curvature_noise != 0.0 {
        return refuse("curvature noise");
    }
    if sgd.floor_variance.contains(x) || sgd.variance.iter().any(|variance| variance.contains(x)) {
        return refuse("noise that varies along the floor");
    }
    let across = discrete::across(model, sgd)?;
    let variances: Vec<(Expr, Expr)> =
        across.iter().enumerate().map(|(i, a)| (model.curvature(i).clone(), a.variance.clone())).collect();
    let temperature = discrete::temperature(sgd);
    let rate = discrete::decimal(sgd.learning_rate.value());
    let steps = resummed_steps(x, model.floor_loss(), &variances, &temperature, &rate);
    let mut conditions: Vec<Condition> = across.into_iter().flat_map(|direction| direction.conditions).collect();
    conditions.push(Condition::new(steps.room, |at, _| NotApplicable::Overshoot { at }));
    Ok(corrected(steps.force, steps.diffusion, temperature, conditions))
}

struct Steps {
    force: Expr,
    diffusion: Expr,
    /// `1 − z`
    room: Expr,
}

/// Force and diffusion of the steps of plain SGD, `(λ_i, V_i)` and `T` given.
fn resummed_steps(x: &str, floor_loss: &Expr, directions: &[(Expr, Expr)], temperature: &Expr, rate: &Expr) -> Steps {
    let (one, two, half) = (Expr::integer(1), Expr::integer(2), Expr::ratio(1, 2));
    let pulls: Vec<Expr> =
        directions.iter().map(|(curvature, variance)| &half * curvature.derivative(x) * variance).collect();
    let plain = Expr::sum(std::iter::once(floor_loss.derivative(x)).chain(pulls.iter().cloned()));
    let z = &half * rate * plain.derivative(x);
    let room = &one - &z;
    let squares = Expr::sum(pulls.iter().map(|pull| pull * pull));
    let m = temperature * &z / &room + rate * squares;
    let mut force = vec![plain, m.derivative(x)];
    let mut diffusion = vec![temperature.clone(), m];
    for ((curvature, variance), pull) in directions.iter().zip(&pulls) {
        let a = &one - rate * curvature;
        let v = -(variance.derivative(x) / (&two * variance));
        let q = pull * &a * &a - &v * temperature;
        // 1 − a² = ηλ(2 − ηλ)
        let b = &two * pull / (curvature * (&two - rate * curvature));
        force.push(&b * (q.derivative(x) - &two * &v * &q));
        diffusion.push(b * q);
    }
    Steps { force: Expr::sum(force), diffusion: Expr::sum(diffusion), room }
}

#[cfg(test)]
mod tests {
    use super::{resummed, resummed_steps};
    use crate::eval::Tape;
    use crate::expr::{Expr, Names, parse};

    fn read(text: &str) -> Expr {
        parse(text, &Names::of(["x"])).expect("a formula of the test")
    }

    fn values(formulas: &[Expr], x: f64) -> Vec<f64> {
        Tape::compile(formulas, &["x"], &|_| None).expect("only x occurs").at(&[x])
    }

    fn ratio((force, diffusion): (Expr, Expr), x: f64) -> f64 {
        let v = values(&[force, diffusion], x);
        -v[0] / v[1]
    }

    fn close(a: f64, b: f64, tolerance: f64) {
        assert!((a - b).abs() <= tolerance * b.abs().max(1e-300), "{a} is not {b}");
    }

    #[test]
    fn one_direction_is_the_formula_in_epsilon_and_theta() {
        let (curvature, floor) = (read("2*(1+sin(x)/2)"), read("x^2/2"));
        let (delta, kappa) = (Expr::ratio(7, 10), Expr::integer(3));
        let temperature = &delta / &kappa;
        let g = curvature.derivative("x") / (Expr::integer(2) * &curvature);
        let epsilon = &kappa * &delta * &g * &g / &curvature;
        let theta = Expr::integer(1) - Expr::integer(1) / &kappa;
        let slope = (floor.derivative("x") + &delta * &g) / &temperature;
        let force = slope + &theta * (epsilon.derivative("x") / Expr::integer(2) - &g * &epsilon);
        let denominator = Expr::integer(1) + &theta * &epsilon;
        for x in [-2.0, -0.3, 0.0, 1.1, 4.0] {
            let here = ratio(resummed("x", &floor, &[(curvature.clone(), delta.clone())], &temperature), x);
            close(here, ratio((force.clone(), denominator.clone()), x), 1e-13);
        }
    }

    #[test]
    fn isotropic_noise_needs_no_correction() {
        let two = [(read("1+x^2"), Expr::ratio(1, 2)), (read("exp(sin(x))"), Expr::ratio(1, 2))];
        for x in [-1.0, 0.2, 2.0] {
            let here = ratio(resummed("x", &read("x^4"), &two, &Expr::ratio(1, 2)), x);
            let v = values(&[read("4*x^3 + x/(2*(1+x^2)) + cos(x)/4")], x);
            close(here, -2.0 * v[0], 1e-13);
        }
    }

    #[test]
    fn steps_tend_to_the_langevin_law_and_have_the_exact_bias_of_a_quadratic_floor() {
        let (curvature, floor) = (read("0.9+0.5*cos(x)"), read("0.1*x^2"));
        let (delta, temperature) = (read("0.02"), read("0.004"));
        let langevin = resummed("x", &floor, &[(curvature.clone(), delta.clone())], &temperature);
        let rate = read("1e-7");
        // V = ηS/(λ(2−ηλ)) with Δ = ηS/2 held fixed.
        let variance = &delta / (&curvature * (Expr::integer(1) - &rate * &curvature / Expr::integer(2)));
        let steps = resummed_steps("x", &floor, &[(curvature, variance)], &temperature, &rate);
        close(ratio((steps.force, steps.diffusion), 0.7), ratio(langevin, 0.7), 1e-6);
        // λ constant: x ← (1 − ηc)x − ηξ has variance ηS/(c(2 − ηc)) = T/(c(1 − ηc/2)).
        let (rate, temperature) = (read("0.5"), read("0.03"));
        let flat = resummed_steps("x", &read("0.6*x^2"), &[(read("1"), read("0.1"))], &temperature, &rate);
        close(ratio((flat.force, flat.diffusion), 1.0), -1.2 * (1.0 - 0.5 * 0.5 * 1.2) / 0.03, 1e-14);
    }
}
