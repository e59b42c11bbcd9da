//! What no choice of units, origin or handedness may change, and rows of the theory that contain each other.

use super::support::{Held, claim, holds, image, near, places};
use crate::generate::{Kind, Posed, Recipe, decimals, models};
use thalweg::model::Noise;
use thalweg::theory::bounds::bounds;
use thalweg::theory::passage::log_passage_time;
use thalweg::theory::{Method, loss, stationary};

const BOTH: [Method; 2] = [Method::Adiabatic, Method::FirstOrder];

/// Densities of two models agree, where the place `x` of the first is `to(x)` of the second and densities differ by `jacobian`.
fn same_law(a: &Posed, b: &Posed, methods: &[Method], to: impl Fn(f64) -> f64, jacobian: f64) -> Held {
    for method in methods {
        match (stationary(a.model(), *method), stationary(b.model(), *method)) {
            (Ok(one), Ok(other)) => {
                for x in places(&one.density, 9) {
                    let (p, q) = (one.density.at(x), other.density.at(to(x)) * jacobian);
                    claim!(near(p, q, 1e-6, 0.0), "{} at {x}: {p} and {q}", method.name());
                }
            }
            (Err(_), Err(_)) => {}
            (one, other) => return Err(format!("{}: {:?} but {:?}", method.name(), one.err(), other.err())),
        }
    }
    Ok(())
}

#[test]
fn the_mirror_image_has_the_mirrored_law() {
    holds("invariance::the_mirror_image_has_the_mirrored_law", 30, &models(Kind::ANY), |posed| {
        let recipe = posed.recipe();
        let mirrored = recipe.with_x("-x", image(recipe.domain, -1.0, 0.0)).read()?;
        same_law(posed, &mirrored, &Method::ALL, |x| -x, 1.0)
    });
}

#[test]
fn a_shift_of_the_floor_shifts_the_law() {
    let cases = (models(Kind { line: false, ..Kind::ANY }), decimals(-30, 30, 1));
    holds("invariance::a_shift_of_the_floor_shifts_the_law", 30, &cases, |(posed, by)| {
        let recipe = posed.recipe();
        let shifted = recipe.with_x(&format!("x-({by})"), image(recipe.domain, 1.0, *by)).read()?;
        same_law(posed, &shifted, &Method::ALL, |x| x + by, 1.0)
    });
}

/// Lengths in another unit, along and across: curvatures over the square, the same noise.
#[test]
fn another_unit_of_length_stretches_the_law() {
    let cases = (models(Kind::LANGEVIN), decimals(2, 40, 1));
    holds("invariance::another_unit_of_length_stretches_the_law", 30, &cases, |(posed, unit)| {
        let recipe = posed.recipe();
        let mut scaled = recipe.with_x(&format!("x/{unit}"), image(recipe.domain, *unit, 0.0));
        scaled.sharp.iter_mut().for_each(|(curvature, _)| *curvature = format!("({curvature})/{unit}^2"));
        let scaled = scaled.read()?;
        same_law(posed, &scaled, &BOTH, |x| x * unit, *unit)?;
        // Time is length² over noise.
        let at = |p: &Posed| stationary(p.model(), Method::Adiabatic).ok().map(|l| places(&l.density, 3));
        let (Some(here), Some(_)) = (at(posed), at(&scaled)) else { return Ok(()) };
        for method in BOTH {
            let time = |p: &Posed, from: f64, to: f64| log_passage_time(p.model(), method, from, to);
            let (Ok(own), Ok(other)) = (time(posed, here[0], here[2]), time(&scaled, unit * here[0], unit * here[2]))
            else {
                continue;
            };
            claim!(near(own + 2.0 * unit.ln(), other, 1e-6, 1e-6), "{}: ln time {own} and {other}", method.name());
        }
        Ok(())
    });
}

#[test]
fn a_constant_added_to_the_loss_changes_nothing() {
    let cases = (models(Kind::ANY), decimals(-90, 90, 1));
    holds("invariance::a_constant_added_to_the_loss_changes_nothing", 30, &cases, |(posed, by)| {
        let mut raised = posed.recipe();
        raised.loss = format!("{}+({by})", raised.loss);
        same_law(posed, &raised.read()?, &Method::ALL, |x| x, 1.0)
    });
}

fn louder(recipe: &Recipe, model: &thalweg::model::Model, by: f64) -> Result<Posed, String> {
    let mut other = recipe.clone();
    other.loss = format!("{by}*({})", other.loss);
    other.sharp.iter_mut().for_each(|(curvature, _)| *curvature = format!("{by}*({curvature})"));
    let Noise::Langevin { delta, kappa } = model.noise() else { return Err("asked of Langevin noise".into()) };
    other.noise = format!("Langevin(delta: {:?}, kappa: {kappa:?})", delta * by);
    other.read()
}

/// Loss in another unit, the noise with it: the law stays, L_SGD is multiplied, times are divided.
#[test]
fn another_unit_of_loss_changes_no_law() {
    let cases = (models(Kind::LANGEVIN), decimals(2, 60, 1));
    holds("invariance::another_unit_of_loss_changes_no_law", 30, &cases, |(posed, unit)| {
        let other = louder(&posed.recipe(), posed.model(), *unit)?;
        same_law(posed, &other, &BOTH, |x| x, 1.0)?;
        let Ok(law) = stationary(posed.model(), Method::Adiabatic) else { return Ok(()) };
        let at = places(&law.density, 3);
        if let (Ok(own), Ok(louder)) = (loss(posed.model()).sgd, loss(other.model()).sgd) {
            let (own, louder) = (posed.model().compile(&[own]), other.model().compile(&[louder]));
            let rise = |tape: &thalweg::eval::Tape| tape.value(at[2]) - tape.value(at[0]);
            claim!(near(rise(&louder), unit * rise(&own), 1e-9, 1e-9), "{} and {}", rise(&louder), rise(&own));
        }
        let time = |p: &Posed| log_passage_time(p.model(), Method::Adiabatic, at[0], at[2]);
        if let (Ok(own), Ok(louder)) = (time(posed), time(&other)) {
            claim!(near(own - unit.ln(), louder, 1e-6, 1e-6), "ln time {own} and {louder}");
        }
        Ok(())
    });
}

/// The bound of confinement has the unit of loss.
#[test]
fn bounds_follow_the_unit_of_loss() {
    let cases = (decimals(5, 30, 1), decimals(2, 60, 1));
    holds("invariance::bounds_follow_the_unit_of_loss", 12, &cases, |(depth, unit)| {
        let recipe = Recipe {
            domain: thalweg::model::Domain::Line,
            loss: format!("{depth}*ln(1+x^2)"),
            sharp: vec![("400/(1+x^2)^2".into(), 1.0)],
            noise: "Langevin(delta: 0.1, kappa: 2.0)".into(),
        };
        let one = recipe.clone().read()?;
        let other = louder(&recipe, one.model(), *unit)?;
        let value = |p: &Posed| bounds(p.model()).value().unwrap_or(f64::NAN);
        let expected = depth / (1.0 + 1.0 / 4.0);
        claim!(near(value(&one), expected, 1e-6, 0.0), "{} and {expected}", value(&one));
        claim!(near(value(&other), unit * expected, 1e-6, 0.0), "{} and {}", value(&other), unit * expected);
        Ok(())
    });
}

/// A field added to the noise of a model.
fn with(posed: &Posed, fields: &str) -> Result<Posed, String> {
    let mut recipe = posed.recipe();
    let bare = recipe.noise.trim_end_matches(')').to_owned();
    recipe.noise = format!("{bare}, {fields})");
    recipe.read()
}

#[test]
fn no_momentum_is_plain_sgd() {
    holds("invariance::no_momentum_is_plain_sgd", 20, &models(Kind::STEPS), |posed| {
        same_law(posed, &with(posed, "momentum: 0.0")?, &Method::ALL, |x| x, 1.0)?;
        // And in the limit.
        same_law(posed, &with(posed, "momentum: 1e-9")?, &[Method::Discrete], |x| x, 1.0)
    });
}

#[test]
fn no_curvature_noise_is_plain_sgd() {
    holds("invariance::no_curvature_noise_is_plain_sgd", 20, &models(Kind::STEPS), |posed| {
        same_law(posed, &with(posed, "curvature_noise: 1e-5")?, &[Method::Discrete], |x| x, 1.0)
    });
}

#[test]
fn one_learner_is_plain_sgd() {
    holds("invariance::one_learner_is_plain_sgd", 20, &models(Kind::STEPS), |posed| {
        let alone = with(posed, "learners: (count: 1, mixing: Matrix([[1.0]]))")?;
        same_law(posed, &alone, &[Method::Discrete], |x| x, 1.0)
    });
}

#[test]
fn learners_that_mix_completely_have_the_noise_of_their_mean() {
    holds("invariance::learners_that_mix_completely_have_the_noise_of_their_mean", 20, &models(Kind::STEPS), |posed| {
        // All take the mean at every step: the law along the floor of one learner, T over n and Σ/n with Σ of w = 1 and w = 0.
        let many = with(posed, "learners: (count: 3, mixing: Complete(1.0))")?;
        let (Ok(law), Ok(own)) =
            (stationary(many.model(), Method::Discrete), stationary(posed.model(), Method::Discrete))
        else {
            return Ok(());
        };
        let spread = |l: &thalweg::theory::Prediction| {
            let mean = l.density.expectation(&|x| x);
            l.density.expectation(&|x| (x - mean) * (x - mean))
        };
        if posed.model().domain().is_periodic() {
            return Ok(());
        }
        // A third of the temperature never widens a law of one well by much.
        claim!(spread(&law) < 3.0 * spread(&own), "{} and {}", spread(&law), spread(&own));
        Ok(())
    });
}

#[test]
fn a_large_data_set_is_drawn_from_with_replacement() {
    holds("invariance::a_large_data_set_is_drawn_from_with_replacement", 20, &models(Kind::STEPS), |posed| {
        let fresh = with(posed, "sampling: FreshWithoutReplacement, dataset_size: 1e12")?;
        same_law(posed, &fresh, &[Method::Adiabatic, Method::Discrete, Method::DiscreteFirstOrder], |x| x, 1.0)
    });
}

/// `η → 0` at `Δ = ηS/2` kept: the laws of the steps are those of the Langevin equation.
#[test]
fn small_steps_are_a_langevin_equation() {
    holds("invariance::small_steps_are_a_langevin_equation", 20, &models(Kind::STEPS), |posed| {
        let Noise::Sgd(sgd) = posed.model().noise() else { return Ok(()) };
        let mut recipe = posed.recipe();
        let (variance, rate) = (posed.model().compile(&[sgd.variance[0].clone()]).value(0.5), 1e-7);
        let louder = variance * sgd.learning_rate.value() / rate;
        recipe.noise = format!(
            "Sgd(learning_rate: {rate:?}, batch_size: {:?}, kappa: {:?}, variance: \"{louder}\")",
            sgd.batch_size, sgd.kappa
        );
        let small = recipe.read()?;
        for (steps, limit) in [(Method::Discrete, Method::Adiabatic), (Method::DiscreteFirstOrder, Method::FirstOrder)]
        {
            let (Ok(a), Ok(b)) = (stationary(small.model(), steps), stationary(posed.model(), limit)) else { continue };
            for x in places(&a.density, 9) {
                claim!(near(a.density.at(x), b.density.at(x), 1e-5, 0.0), "{} at {x}", steps.name());
            }
        }
        Ok(())
    });
}

#[test]
fn flatness_and_curvature_say_the_same() {
    holds("invariance::flatness_and_curvature_say_the_same", 30, &models(Kind::ANY), |posed| {
        let recipe = posed.recipe();
        let mut text = recipe.text();
        for (curvature, _) in &recipe.sharp {
            text = text.replace(&format!("curvature: \"{curvature}\""), &format!("flatness: \"1/sqrt({curvature})\""));
        }
        let flat = <Posed as crate::generate::Saved>::from_ron(&text)?;
        same_law(posed, &flat, &Method::ALL, |x| x, 1.0)
    });
}
