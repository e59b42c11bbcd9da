//! What the theory says of how things depend on each other.

use super::support::{claim, holds, near, places};
use crate::generate::{Derived, Kind, Posed, Recipe, decimals, derivations, hyperparameters, models, spd_pairs};
use thalweg::fokker_planck;
use thalweg::model::{Domain, Model};
use thalweg::proof::{Verdict, judge};
use thalweg::theory::bounds::{Kind as Bound, bounds};
use thalweg::theory::passage::{log_passage_time, log_spectral_gap};
use thalweg::theory::{Method, loss, stationary};
use thalweg::units::LearningRate;

/// L_SGD of one direction on a floor without loss, as a function of the place.
fn l_sgd(model: &Model) -> Option<impl Fn(f64) -> f64> {
    let tape = model.compile(&[loss(model).sgd.ok()?]);
    Some(move |x: f64| tape.value(x))
}

/// A valley without a loss along its floor.
fn degenerate(posed: &Posed) -> Result<Posed, String> {
    let mut recipe = posed.recipe();
    recipe.loss = "0".into();
    recipe.read()
}

const BOUNDED: Kind = Kind { line: false, ..Kind::VALLEY };

#[test]
fn l_sgd_falls_with_flatness_if_kappa_exceeds_one() {
    holds("law::l_sgd_falls_with_flatness_if_kappa_exceeds_one", 60, &models(BOUNDED), |posed| {
        let posed = degenerate(posed)?;
        let model = posed.model();
        let kappa = model.langevin().map_err(|e| e.to_string())?.kappa;
        let (Some(l), tape) = (l_sgd(model), model.compile(&[model.flatness(0).clone()])) else { return Ok(()) };
        let (a, b) = model.domain().ends().unwrap_or((-1.0, 1.0));
        for k in 0..40 {
            let (x, y) = (a + (b - a) * f64::from(k) / 41.0, a + (b - a) * f64::from((k * 17 + 5) % 41) / 41.0);
            let (flatter, deeper) = ((tape.value(x) - tape.value(y)).signum(), (l(x) - l(y)).signum());
            if (tape.value(x) / tape.value(y) - 1.0).abs() < 1e-9 {
                continue;
            }
            let expected = if kappa > 1.0 { -flatter } else { flatter };
            claim!(
                kappa == 1.0 || deeper == expected,
                "at {x} and {y}: flatter {flatter}, L_SGD {deeper}, kappa {kappa}"
            );
        }
        Ok(())
    });
}

#[test]
fn l_sgd_is_proportional_to_the_noise_on_a_degenerate_valley() {
    let cases = (models(BOUNDED), decimals(2, 60, 1));
    holds("law::l_sgd_is_proportional_to_the_noise_on_a_degenerate_valley", 40, &cases, |(posed, by)| {
        let posed = degenerate(posed)?;
        let louder = posed.model().with_noise_scaled(*by);
        let (Some(one), Some(other)) = (l_sgd(posed.model()), l_sgd(&louder)) else { return Ok(()) };
        let (x, y) = (0.3, 1.1);
        claim!(
            near(other(x) - other(y), by * (one(x) - one(y)), 1e-10, 1e-12),
            "{} and {}",
            other(x) - other(y),
            one(x) - one(y)
        );
        Ok(())
    });
}

#[test]
fn l_sgd_grows_with_kappa_and_vanishes_at_one() {
    holds("law::l_sgd_grows_with_kappa_and_vanishes_at_one", 40, &models(BOUNDED), |posed| {
        let posed = degenerate(posed)?;
        let (x, y) = (0.3, 1.1);
        let rise = |kappa: f64| posed.model().with_kappa(kappa).and_then(|m| l_sgd(&m).map(|l| l(x) - l(y)));
        let (Some(none), Some(two), Some(three)) = (rise(1.0), rise(2.0), rise(3.0)) else { return Ok(()) };
        claim!(none.abs() < 1e-12, "at kappa 1: {none}");
        // (κ − 1) in both.
        claim!(near(three, 2.0 * two, 1e-10, 1e-12), "{two} at 2, {three} at 3");
        Ok(())
    });
}

#[test]
fn the_potential_along_the_floor_does_not_know_kappa() {
    holds("law::the_potential_along_the_floor_does_not_know_kappa", 40, &models(Kind::LANGEVIN), |posed| {
        let Some(other) = posed.model().with_kappa(5.5) else { return Ok(()) };
        let (Ok(one), Ok(two)) = (loss(posed.model()).potential, loss(&other).potential) else { return Ok(()) };
        let (a, b) = (one.at(0.4) - one.at(0.9), two.at(0.4) - two.at(0.9));
        claim!(near(a, b, 1e-10, 1e-12), "{a} and {b}");
        Ok(())
    });
}

/// More noise across than along pushes towards flat places, in the exact law.
#[test]
fn noise_across_moves_the_exact_law_towards_flat_places() {
    holds("law::noise_across_moves_the_exact_law_towards_flat_places", 10, &models(Kind::CIRCLE), |posed| {
        let posed = degenerate(posed)?;
        let Ok(exact) = fokker_planck::solve(posed.model()) else { return Ok(()) };
        let tape = posed.model().compile(&[posed.model().flatness(0).clone()]);
        let flat = |x: f64| tape.value(x).ln();
        let even = (0..2000).map(|k| flat(std::f64::consts::TAU * f64::from(k) / 2000.0)).sum::<f64>() / 2000.0;
        let seen = exact.expectation(&|x| flat(posed.model().domain().place(x).unwrap_or(x)));
        claim!(seen > even - 1e-9, "<ln F> {seen}, of an even law {even}");
        Ok(())
    });
}

#[test]
fn time_is_inverse_to_the_noise_on_a_degenerate_valley() {
    let cases = (models(BOUNDED), decimals(2, 60, 1));
    holds("law::time_is_inverse_to_the_noise_on_a_degenerate_valley", 30, &cases, |(posed, by)| {
        let posed = degenerate(posed)?;
        let louder = posed.model().with_noise_scaled(*by);
        let time = |m: &Model| log_passage_time(m, Method::Adiabatic, 0.2, 0.9);
        let (Ok(one), Ok(other)) = (time(posed.model()), time(&louder)) else { return Ok(()) };
        claim!(near(one - by.ln(), other, 1e-7, 1e-7), "ln time {one} and {other}");
        let gap = |m: &Model| log_spectral_gap(m, Method::Adiabatic);
        let (Ok(one), Ok(other)) = (gap(posed.model()), gap(&louder)) else { return Ok(()) };
        claim!(near(one + by.ln(), other, 1e-5, 1e-5), "ln gap {one} and {other}");
        Ok(())
    });
}

/// On the way to `c` one passes `b`: times add where walls or confinement stand behind.
#[test]
fn times_of_stages_add() {
    let kind = Kind { circle: false, ..Kind::VALLEY };
    holds("law::times_of_stages_add", 30, &models(kind), |posed| {
        let Ok(law) = stationary(posed.model(), Method::Adiabatic) else { return Ok(()) };
        let at = places(&law.density, 3);
        for method in [Method::Adiabatic, Method::FirstOrder] {
            let time = |from: f64, to: f64| log_passage_time(posed.model(), method, from, to).map(f64::exp);
            let (Ok(first), Ok(second), Ok(both)) = (time(at[0], at[1]), time(at[1], at[2]), time(at[0], at[2])) else {
                continue;
            };
            claim!(near(first + second, both, 1e-6, 0.0), "{}: {first} and {second}, {both}", method.name());
        }
        Ok(())
    });
}

#[test]
fn bounds_of_stability_grow_with_the_batch() {
    let cases = (models(Kind::STEPS), decimals(1, 9, 1));
    holds("law::bounds_of_stability_grow_with_the_batch", 30, &cases, |(posed, c)| {
        let mut recipe = posed.recipe();
        recipe.noise = format!("{}, curvature_noise: {c})", recipe.noise.trim_end_matches(')'));
        let model = recipe.read()?;
        let mut before = 0.0;
        for batch in [1.0, 2.0, 5.0, 40.0, 1000.0] {
            let found = bounds(&model.model().with_batch_size(batch));
            let value = |kind: Bound| found.bounds.iter().find(|b| b.kind == kind).and_then(|b| b.value);
            let Some(bound) = value(Bound::MeanSquare) else { continue };
            claim!(bound >= before * (1.0 - 1e-9), "{bound} at batch {batch}, {before} before");
            if let Some(edge) = value(Bound::EdgeOfStability) {
                claim!(bound <= edge * (1.0 + 1e-9), "mean square {bound} above the edge {edge}");
            }
            before = bound;
        }
        Ok(())
    });
}

/// `η(λ² + c²λ²/B) = 2λ` at the sharpest place.
#[test]
fn the_mean_square_bound_is_that_of_the_sharpest_place() {
    let cases = (models(Kind::STEPS), decimals(1, 9, 1));
    holds("law::the_mean_square_bound_is_that_of_the_sharpest_place", 30, &cases, |(posed, c)| {
        let mut recipe = posed.recipe();
        recipe.noise = format!("{}, curvature_noise: {c})", recipe.noise.trim_end_matches(')'));
        let posed = recipe.read()?;
        let model = posed.model();
        let batch = model.sgd().map_or(f64::NAN, |s| s.batch_size);
        let tape = model.compile(&[model.curvature(0).clone()]);
        let (a, b) = model.domain().ends().unwrap_or((0.0, 0.0));
        let sharpest = (0..=20_000).map(|k| tape.value(a + (b - a) * f64::from(k) / 20_000.0)).fold(0.0, f64::max);
        let expected = 2.0 / (sharpest * (1.0 + c * c / batch));
        let found = bounds(model).bounds.into_iter().find(|b| b.kind == Bound::MeanSquare).and_then(|b| b.value);
        claim!(found.is_some_and(|f| near(f, expected, 1e-6, 0.0)), "{found:?} and {expected}");
        Ok(())
    });
}

/// `Δ* = κc/(κ + ½)` where loss and flatness grow as `c ln(1 + x²)` and `x²`.
#[test]
fn confinement_is_lost_where_the_law_stops_to_be_normalisable() {
    let cases = (decimals(5, 60, 1), decimals(5, 90, 1));
    holds("law::confinement_is_lost_where_the_law_stops_to_be_normalisable", 12, &cases, |(c, kappa)| {
        let recipe = Recipe {
            domain: Domain::Line,
            loss: format!("{c}*ln(1+x^2)"),
            sharp: vec![("900/(1+x^2)^2".into(), 1.0)],
            noise: format!("Langevin(delta: 0.05, kappa: {kappa:?})"),
        };
        let posed = recipe.read()?;
        let found =
            bounds(posed.model()).bounds.into_iter().find(|b| b.kind == Bound::Confinement).and_then(|b| b.value);
        let expected = c / (1.0 + 1.0 / (2.0 * kappa));
        claim!(found.is_some_and(|f| near(f, expected, 1e-6, 0.0)), "{found:?} and {expected}");
        let at = |part: f64| stationary(&posed.model().with_delta(part * expected), Method::Adiabatic);
        claim!(at(0.8).is_ok(), "no law below the bound");
        claim!(at(1.2).is_err(), "a law above the bound");
        Ok(())
    });
}

#[test]
fn a_circle_without_a_mirror_carries_a_current() {
    let cases = (decimals(3, 8, 1), decimals(15, 40, 2));
    holds("law::a_circle_without_a_mirror_carries_a_current", 6, &cases, |(a, b)| {
        let circle = |second: f64, phase: f64| -> Result<f64, String> {
            let recipe = Recipe {
                domain: Domain::Periodic { lower: 0.0, upper: std::f64::consts::TAU },
                loss: "0".into(),
                sharp: vec![(format!("6*exp({a}*sin(x)+{second}*sin(2*x+{phase}))"), 1.0)],
                noise: "Langevin(delta: 0.25, kappa: 5.0)".into(),
            };
            let posed = recipe.read()?;
            fokker_planck::solve(posed.model()).map(|s| s.current).map_err(|e| e.to_string())
        };
        // sin 2x shifted by π/2 is a cosine, which has the mirror of sin x.
        let (ratchet, still) = (circle(*b, 0.0)?, circle(*b, std::f64::consts::FRAC_PI_2)?);
        claim!(ratchet.abs() > 1e-6, "current {ratchet}");
        claim!(still.abs() < 1e-10, "current {still} in spite of the mirror");
        let turned = circle(-*b, 0.0)?;
        // x → π − x leaves sin x and turns sin 2x: the current turns round.
        claim!(near(turned, -ratchet, 1e-6, 1e-12), "{turned} and {ratchet}");
        Ok(())
    });
}

#[test]
fn hyperparameters_give_the_noise_strength_of_their_limit() {
    holds("law::hyperparameters_give_the_noise_strength_of_their_limit", 120, &hyperparameters(), |h| {
        let recipe = Recipe {
            domain: Domain::Periodic { lower: 0.0, upper: 1.0 },
            loss: "0".into(),
            sharp: vec![("1e-3".into(), 1.0)],
            noise: format!(
                "Sgd(learning_rate: {:?}, batch_size: {:?}, kappa: {:?}, variance: \"0.3\", momentum: {:?})",
                h.learning_rate, h.batch_size, h.kappa, h.momentum
            ),
        };
        let posed = recipe.read()?;
        let langevin = posed.model().langevin().map_err(|e| e.to_string())?;
        let expected = h.learning_rate * 0.3 / (2.0 * h.batch_size * (1.0 - h.momentum));
        let delta = langevin.delta.unwrap_or(f64::NAN);
        claim!(near(delta, expected, 1e-12, 0.0), "{delta} and {expected}");
        let temperature = posed.model().compile(&[langevin.temperature]).value(0.5);
        claim!(near(temperature, expected / h.kappa, 1e-12, 0.0), "{temperature}");
        Ok(())
    });
}

/// `HΣ + ΣH = 2D`, solved in the eigenbasis of `H`: what comes out is symmetric and positive, and its trace against `H` is that of `D`.
#[test]
fn the_stationary_covariance_of_a_quadratic_valley_is_positive() {
    holds("law::the_stationary_covariance_of_a_quadratic_valley_is_positive", 60, &spd_pairs(5), |pair| {
        let n = pair.hessian.len();
        let matrix = |a: &[Vec<f64>]| nalgebra::DMatrix::from_fn(n, n, |i, j| a[i][j]);
        let (h, c) = (matrix(&pair.hessian), matrix(&pair.covariance));
        let eigen = h.clone().symmetric_eigen();
        let (q, l) = (eigen.eigenvectors, eigen.eigenvalues);
        claim!(l.iter().all(|l| *l > 0.0), "the Hessian has the eigenvalue {}", l.min());
        claim!(
            c.clone().cholesky().is_some() || c.clone().symmetric_eigen().eigenvalues.min() > -1e-9 * c.norm(),
            "covariance"
        );
        let turned = q.transpose() * &c * &q;
        let sigma = nalgebra::DMatrix::from_fn(n, n, |i, j| 2.0 * turned[(i, j)] / (l[i] + l[j]));
        let sigma = &q * sigma * q.transpose();
        let residual = (&h * &sigma + &sigma * &h - 2.0 * &c).norm();
        claim!(residual <= 1e-9 * (c.norm() + h.norm() * sigma.norm()), "residual {residual}");
        let (trace, expected) = ((&h * &sigma).trace(), c.trace());
        claim!(near(trace, expected, 1e-8, 1e-9 * c.norm()), "{trace} and {expected}");
        Ok(())
    });
}

#[test]
fn true_identities_are_proved_and_false_ones_refuted() {
    holds("law::true_identities_are_proved_and_false_ones_refuted", 60, &derivations(), |derived: &Derived| {
        let read = thalweg::derivation::Derivation::read(&derived.text).map_err(|e| e.to_string())?;
        claim!(
            matches!(judge(read.symbols(), read.claim(), read.steps()), Verdict::Proved(_)),
            "the claim is not proved"
        );
        for wrong in read.mutants() {
            claim!(matches!(judge(read.symbols(), wrong, &[]), Verdict::Refuted(_)), "the mutant is not refuted");
        }
        Ok(())
    });
}

#[test]
fn a_larger_learning_rate_leaves_the_bound_where_it_is() {
    holds("law::a_larger_learning_rate_leaves_the_bound_where_it_is", 30, &models(Kind::STEPS), |posed| {
        let value =
            |m: &Model| bounds(m).bounds.into_iter().find(|b| b.kind == Bound::MeanSquare).and_then(|b| b.value);
        let (here, there) = (value(posed.model()), value(&posed.model().with_learning_rate(LearningRate(0.01))));
        let (Some(here), Some(there)) = (here, there) else { return Ok(()) };
        claim!(near(here, there, 1e-9, 0.0), "{here} and {there}");
        Ok(())
    });
}
