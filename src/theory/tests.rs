//! The densities against known laws, against each other, and against numbers of an independent program (mpmath with 40
//! digits: derivatives by finite differences, variances from the moment equations, integrals by Chebyshev series).

use super::{Method, NotApplicable, joint, loss, regime, stationary};
use crate::model::Model;
use crate::num::function::{cos, exp, ln, sin};

/// `p` at -2, 0.5, 2.5: momentum and curvature noise, the variance from the three moment equations.
const REF_A: [f64; 3] = [6.969742107425966e-6, 0.2089106033530165, 3.7828803587672824e-10];
/// `p` at -0.5, 0.3, 1.7: label noise, steps.
const REF_D: [f64; 3] = [0.5489245661939472, 0.6877214553413535, 9.049292437187124e-6];
/// The same for small learning rate.
const REF_D_ADIABATIC: [f64; 3] = [0.5519792260697594, 0.6730926522966055, 1.5137831551841393e-5];
/// `p` at 0.5, 2, 4: the mean of four learners.
const REF_E: [f64; 3] = [3.251035597424968e-4, 0.056850510513990204, 0.16103741537467325];
/// `p` at 0.5, 2, 3: steps with the first correction.
const REF_F: [f64; 3] = [3.8502011444154017e-3, 0.17960275885210303, 0.49881238066389];
/// `p` at 0.5, 2, 4 and the current: an asymmetric circle with the first correction.
const REF_C: [f64; 3] = [0.022368813531363243, 0.026155670683313634, 0.15479080299776785];
const REF_C_CURRENT: f64 = 4.473168679801565e-5;
/// `p` at -1, 0, 1.5: two directions with the first correction.
const REF_G: [f64; 3] = [0.24649360253979902, 0.6283266713709829, 0.018698534237530973];
/// Places and `p`: a corrected law whose tail is heavier than the adiabatic one's.
const REF_H: [(f64, f64); 5] = [
    (0.0, 1.42132423955217),
    (0.5, 0.282313235390778),
    (-1.0, 0.0269179045615916),
    (2.0, 1.67868970676481e-3),
    (10.0, 8.38743293413998e-6),
];

fn model(domain: &str, floor: &str, sharp: &str, noise: &str) -> Model {
    let text = format!(
        "Model(name: \"t\", floor: (coordinate: \"x\", domain: {domain}, loss: \"{floor}\"), sharp: [{sharp}], noise: {noise})"
    );
    match Model::read(&text, &[]) {
        Ok(model) => model,
        Err(errors) => panic!("{errors:?}"),
    }
}

const CIRCLE: &str = "Periodic(lower: 0.0, upper: 6.283185307179586)";

fn densities(model: &Model, method: Method, at: &[f64]) -> Vec<f64> {
    let density = stationary(model, method).expect("the formula applies").density;
    at.iter().map(|&x| density.at(x)).collect()
}

fn compare(found: &[f64], expected: &[f64], tolerance: f64) {
    for (a, b) in found.iter().zip(expected) {
        assert!((a - b).abs() <= tolerance * b.abs(), "{found:?} is not {expected:?}");
    }
}

#[test]
fn a_constant_curvature_leaves_the_gaussian_of_the_floor() {
    let m = model("Line", "x^2/2", "(curvature: \"40\")", "Langevin(delta: 0.5, kappa: 2.0)");
    let normal = |x: f64, variance: f64| exp(-0.5 * x * x / variance) / (std::f64::consts::TAU * variance).sqrt();
    for method in [Method::Adiabatic, Method::FirstOrder] {
        compare(&densities(&m, method, &[0.0, 0.5, -1.3]), &[0.0, 0.5, -1.3].map(|x| normal(x, 0.25)), 1e-10);
    }
    // The map x ← (1−ηc)x − ηξ has the variance ηS/(c(2−ηc)), which the corrected law of the steps knows.
    let noise = "Sgd(learning_rate: 0.5, batch_size: 4.0, kappa: 2.0, variance: \"0.8\")";
    let m = model("Line", "0.6*x^2", "(curvature: \"1\")", noise);
    let variance = 0.5 * 0.1 / (1.2 * (2.0 - 0.5 * 1.2));
    let at = [0.0, 0.2, -0.4];
    compare(&densities(&m, Method::DiscreteFirstOrder, &at), &at.map(|x| normal(x, variance)), 1e-10);
}

#[test]
fn isotropic_noise_is_boltzmann_at_both_orders() {
    let sharp = "(curvature: \"3+sin(x)\"), (curvature: \"2+cos(x)\")";
    let m = model("Interval(lower: -2.0, upper: 3.0)", "x^2/4", sharp, "Langevin(delta: 0.7, kappa: 1.0)");
    let (p, q) =
        (stationary(&m, Method::Adiabatic).unwrap().density, stationary(&m, Method::FirstOrder).unwrap().density);
    assert!(p.total_variation(&q) < 1e-12);
    let log = |x: f64| -(x * x / 4.0 + 0.35 * ln(3.0 + sin(x)) + 0.35 * ln(2.0 + cos(x))) / 0.7;
    assert!((p.ln_at(1.5) - p.ln_at(-1.0) - (log(1.5) - log(-1.0))).abs() < 1e-11);
}

#[test]
fn the_distance_between_orders_is_the_adiabatic_error() {
    // Total variation between the adiabatic law and the exact solve: 4.38e-4, 1.66e-3, 1.05e-2 for s = 80, 20, 2.
    for (s, epsilon, adiabatic) in [(80.0, 0.0044, 4.38e-4), (20.0, 0.018, 1.66e-3)] {
        let m = model(
            "Interval(lower: -7.853981633974483, upper: 7.853981633974483)",
            "x^2/2",
            &format!("(curvature: \"{s}*(1+sin(x)/2)\")"),
            "Langevin(delta: 1.0, kappa: 3.0)",
        );
        let r = regime(&m).expect("a regime");
        let distance = r.total_variation_between_orders.expect("both orders");
        assert!((distance - adiabatic).abs() < 0.15 * adiabatic, "{distance} {adiabatic}");
        assert!((r.epsilon_max - epsilon).abs() < 0.05 * epsilon, "{}", r.epsilon_max);
        // T = Delta/kappa: with kappa = 3, T g²/λ is epsilon over 9.
        assert!((9.0 * r.epsilon_over_kappa2_max - r.epsilon_max).abs() < 1e-12, "{}", r.epsilon_over_kappa2_max);
    }
}

#[test]
fn laws_agree_with_an_independent_program() {
    let noise =
        "Sgd(learning_rate: 0.2, batch_size: 4.0, kappa: 5.0, variance: \"0.3\", momentum: 0.5, curvature_noise: 0.4)";
    let m = model("Interval(lower: -3.0, upper: 3.0)", "0.01*x^2", "(curvature: \"1+sin(x)/2\")", noise);
    compare(&densities(&m, Method::Discrete, &[-2.0, 0.5, 2.5]), &REF_A, 1e-10);

    let noise = "Sgd(learning_rate: 0.5, batch_size: 2.0, kappa: 4.0, variance: \"0.2*lambda\")";
    let m = model("Interval(lower: -1.0, upper: 2.0)", "0.01*x^4", "(curvature: \"1+x^2/4\")", noise);
    compare(&densities(&m, Method::Discrete, &[-0.5, 0.3, 1.7]), &REF_D, 1e-10);
    compare(&densities(&m, Method::Adiabatic, &[-0.5, 0.3, 1.7]), &REF_D_ADIABATIC, 1e-10);

    let noise = "Sgd(learning_rate: 0.8, batch_size: 1.0, kappa: 3.0, variance: \"0.1\", learners: Learners(count: 4, mixing: Complete(0.3)))";
    let m = model(CIRCLE, "0", "(curvature: \"0.8+0.4*cos(x)\")", noise);
    compare(&densities(&m, Method::Discrete, &[0.5, 2.0, 4.0]), &REF_E, 1e-10);

    let noise = "Sgd(learning_rate: 1.0, batch_size: 1.0, kappa: 5.0, variance: \"0.04\")";
    let m = model(CIRCLE, "0.002*cos(2*x)", "(curvature: \"0.9+0.5*cos(x)\")", noise);
    compare(&densities(&m, Method::DiscreteFirstOrder, &[0.5, 2.0, 3.0]), &REF_F, 1e-9);

    let sharp = "(curvature: \"20*(1+sin(x)/2)\"), (curvature: \"40*(1-0.4*sin(x))\", delta: 0.6)";
    let m = model("Interval(lower: -4.0, upper: 4.0)", "x^2/2", sharp, "Langevin(delta: 1.0, kappa: 3.0)");
    compare(&densities(&m, Method::FirstOrder, &[-1.0, 0.0, 1.5]), &REF_G, 1e-10);
}

#[test]
fn an_asymmetric_circle_is_a_ratchet() {
    let m = model(CIRCLE, "0", "(curvature: \"6*exp(0.7*sin(x)+0.25*sin(2*x))\")", "Langevin(delta: 0.25, kappa: 5.0)");
    let p = stationary(&m, Method::FirstOrder).expect("a density");
    compare(&[0.5, 2.0, 4.0].map(|x| p.density.at(x)), &REF_C, 1e-9);
    compare(&[p.current], &[REF_C_CURRENT], 1e-7);
    assert!((p.current - 4.5e-5).abs() < 0.1e-5, "{}", p.current);
    assert_eq!(stationary(&m, Method::Adiabatic).expect("a density").current, 0.0);
    // The period may start anywhere.
    let turned = model(
        "Periodic(lower: 1.0, upper: 7.283185307179586)",
        "0",
        "(curvature: \"6*exp(0.7*sin(x)+0.25*sin(2*x))\")",
        "Langevin(delta: 0.25, kappa: 5.0)",
    );
    let q = stationary(&turned, Method::FirstOrder).expect("a density");
    compare(&[q.density.at(0.5), q.current], &[p.density.at(0.5), p.current], 1e-8);
}

#[test]
fn each_row_tends_to_the_simpler_one() {
    let at = [-2.0, 0.1, 2.5];
    let of = |noise: &str, method| {
        densities(
            &model("Interval(lower: -3.0, upper: 3.0)", "0.01*x^2", "(curvature: \"1+sin(x)/2\")", noise),
            method,
            &at,
        )
    };
    let plain = of("Sgd(learning_rate: 0.2, batch_size: 4.0, kappa: 5.0, variance: \"0.3\")", Method::Discrete);
    for extra in [
        "momentum: 1e-10",
        "curvature_noise: 1e-6",
        "learners: Learners(count: 1, mixing: Complete(0.3))",
        "floor_variance: \"0.06\"",
        "sampling: FreshWithoutReplacement, dataset_size: 1000000000000",
    ] {
        let noise = format!("Sgd(learning_rate: 0.2, batch_size: 4.0, kappa: 5.0, variance: \"0.3\", {extra})");
        compare(&of(&noise, Method::Discrete), &plain, 1e-8);
    }
    let slow = "Sgd(learning_rate: 1e-9, batch_size: 4.0, kappa: 5.0, variance: \"1.5e8\")";
    compare(&of(slow, Method::Discrete), &of(slow, Method::Adiabatic), 1e-7);
    compare(&of(slow, Method::DiscreteFirstOrder), &of(slow, Method::FirstOrder), 1e-6);
}

#[test]
fn what_does_not_apply_says_why() {
    let sharp = "(curvature: \"1+sin(x)/2\")";
    let of = |noise: &str| model("Interval(lower: -3.0, upper: 3.0)", "0.01*x^2", sharp, noise);
    let epoch = of(
        "Sgd(learning_rate: 0.2, batch_size: 4.0, kappa: 5.0, variance: \"0.3\", sampling: Epoch, dataset_size: 100)",
    );
    for method in Method::ALL {
        assert_eq!(stationary(&epoch, method).err(), Some(NotApplicable::Epoch));
    }
    let langevin = of("Langevin(delta: 0.5, kappa: 2.0)");
    assert_eq!(stationary(&langevin, Method::Discrete).err(), Some(NotApplicable::NoLearningRate));
    let fast = of("Sgd(learning_rate: 1.4, batch_size: 4.0, kappa: 5.0, variance: \"0.3\")");
    match stationary(&fast, Method::Discrete) {
        Err(NotApplicable::EdgeOfStability { at, limit }) => {
            assert!((at - std::f64::consts::FRAC_PI_2).abs() < 1e-4 && limit == 2.0, "{at} {limit}");
        }
        other => panic!("{other:?}"),
    }
    let heavy = of("Sgd(learning_rate: 0.2, batch_size: 4.0, kappa: 5.0, variance: \"0.3\", momentum: 0.5)");
    assert!(matches!(stationary(&heavy, Method::DiscreteFirstOrder), Err(NotApplicable::NoFirstCorrection(_))));
    let small_kappa =
        model("Interval(lower: -3.0, upper: 3.0)", "0", "(flatness: \"1+x^2\")", "Langevin(delta: 1.0, kappa: 0.2)");
    assert!(matches!(stationary(&small_kappa, Method::FirstOrder), Err(NotApplicable::Diffusion { .. })));
    let escaping = model("Line", "ln(1+x^2)", "(flatness: \"1+x^2\")", "Langevin(delta: 1.0, kappa: 5.0)");
    for method in [Method::Adiabatic, Method::FirstOrder] {
        let refused = stationary(&escaping, method).expect_err("not confined");
        assert!(matches!(refused, NotApplicable::Density(_) | NotApplicable::NotConfined(_)), "{refused:?}");
    }
}

#[test]
fn steps_on_a_line_need_stability_only_where_the_walkers_are() {
    let noise = "Sgd(learning_rate: 0.5, batch_size: 10.0, kappa: 5.0, variance: \"0.1\")";
    let m = model("Line", "x^2/2", "(curvature: \"1+x^2\")", noise);
    let p = stationary(&m, Method::Discrete).expect("visited places are stable").density;
    // p ∝ exp(−L0/T) [λ/(1−ηλ/2)]^(−κ/2)
    let log = |x: f64| -0.5 * x * x / 5e-4 - 2.5 * ln((1.0 + x * x) / (1.0 - 0.25 * (1.0 + x * x)));
    assert!((p.ln_at(0.05) - p.ln_at(0.0) - (log(0.05) - log(0.0))).abs() < 1e-10);
    assert!(stationary(&m, Method::DiscreteFirstOrder).is_ok());
}

#[test]
fn the_effective_loss_is_the_papers() {
    let m = model(
        "Interval(lower: -3.0, upper: 3.0)",
        "x^2/4",
        "(flatness: \"1+x^2/9\")",
        "Langevin(delta: 0.5, kappa: 3.0)",
    );
    let l = loss(&m);
    let sgd = l.sgd.expect("constant noise");
    let value = m.compile(std::slice::from_ref(&sgd)).value(1.5);
    assert!((value - (0.5 * (1.0 - 3.0) * ln(1.25) + 2.0 * 0.5625)).abs() < 1e-14, "{sgd}: {value}");
    // P(x, 0) ∝ exp(−L_eff/Δ)
    let effective = m.compile(&[l.effective.expect("constant noise")]);
    let j = joint(&m, Method::Adiabatic).expect("a joint law");
    let ratio = ln(j.at(1.5, &[0.0])) - ln(j.at(-0.5, &[0.0]));
    assert!((ratio + (effective.value(1.5) - effective.value(-0.5)) / 0.5).abs() < 1e-11);
    let phi = l.potential.expect("a potential");
    assert!((phi.at(1.5) - phi.at(0.0) - (0.5625 - 0.5 * ln(1.25))).abs() < 1e-14);

    let two = "(curvature: \"2+sin(x)\"), (flatness: \"1+x^2/9\", delta: 0.6)";
    let noise = "Sgd(learning_rate: 0.1, batch_size: 2.0, kappa: 4.0, variance: \"0.3\", floor_variance: \"0.1\")";
    let m = model("Interval(lower: -3.0, upper: 3.0)", "x^2/4", two, noise);
    let value = m.compile(&[loss(&m).sgd.expect("constant noise")]).value(1.0);
    // Δ = 0.1·0.3/(2·2), κ = 3.
    let expected = 2.0 * 0.25 + 0.0075 * ((1.0 - 3.0) * -0.5 * ln(2.0 + sin(1.0)) + (1.0 - 1.8) * ln(1.0 + 1.0 / 9.0));
    assert!((value - expected).abs() < 1e-14, "{value} {expected}");

    let label = "Sgd(learning_rate: 0.5, batch_size: 2.0, kappa: 4.0, variance: \"0.2*lambda\")";
    let m = model("Interval(lower: -1.0, upper: 2.0)", "0.01*x^4", "(curvature: \"1+x^2/4\")", label);
    let l = loss(&m);
    assert!(matches!(l.sgd, Err(NotApplicable::NoiseVaries(_))));
    // Label noise: Φ − L0 = −½σ² ln(1 − ηλ/2) for the steps, ησ²λ/4 for small learning rate.
    let (steps, limit) = (l.discrete_potential.expect("steps"), l.potential.expect("a potential"));
    let curvature = |x: f64| 1.0 + x * x / 4.0;
    let closed = |x: f64| 0.01 * x * x * x * x - 0.05 * ln(1.0 - 0.25 * curvature(x));
    assert!((steps.at(1.7) - steps.at(-0.4) - (closed(1.7) - closed(-0.4))).abs() < 1e-13);
    let closed = |x: f64| 0.01 * x * x * x * x + 0.0125 * curvature(x);
    assert!((limit.at(1.7) - limit.at(-0.4) - (closed(1.7) - closed(-0.4))).abs() < 1e-13);
}

#[test]
fn a_formula_that_overflows_far_out_does_not_hide_the_density() {
    // The curvature underflows beyond x = -2400, where its logarithm is infinite.
    let m = model("Line", "x^2/2", "(curvature: \"4*exp(0.3*x)\")", "Langevin(delta: 0.05, kappa: 0.5)");
    // p ∝ exp(−x²/(2T) − κ·0.15x): a Gaussian of variance T = 0.1 and mean −0.15 κ T.
    let normal = |x: f64| exp(-0.5 * (x + 0.0075) * (x + 0.0075) / 0.1) / (std::f64::consts::TAU * 0.1).sqrt();
    compare(&densities(&m, Method::Adiabatic, &[0.0, 0.5, -1.0]), &[0.0, 0.5, -1.0].map(normal), 1e-10);
    assert!(stationary(&m, Method::FirstOrder).is_ok());
}

/// From an independent quadrature of the resummed slope out to where it is below `e^-46` of its peak: beyond the adiabatic
/// cut lie 1e-5 of the probability.
#[test]
fn a_corrected_tail_is_followed_beyond_the_adiabatic_one() {
    let m = model("Line", "3*ln(1+x^2)", "(flatness: \"0.3*(1+x^2)\")", "Langevin(delta: 1.2, kappa: 5.0)");
    compare(&densities(&m, Method::FirstOrder, &REF_H.map(|(x, _)| x)), &REF_H.map(|(_, p)| p), 1e-8);
}
