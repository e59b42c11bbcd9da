//! Exact linear laws, the limit of small steps, the theory's orders, and simulation.

use super::*;
use crate::fokker_planck;
use crate::model::Model;

fn circle(loss: &str, curvature: &str, noise: &str) -> Model {
    posed("Periodic(lower: 0, upper: 6.283185307179586)", loss, curvature, noise)
}

fn posed(domain: &str, loss: &str, curvature: &str, noise: &str) -> Model {
    let text = format!(
        "Model(name: \"steps\", floor: (coordinate: \"x\", domain: {domain}, loss: \"{loss}\"), \
         sharp: [(curvature: \"{curvature}\")], noise: Sgd(batch_size: 2, {noise}))"
    );
    Model::read(&text, &[]).unwrap_or_else(|e| panic!("{text}: {e:?}"))
}

#[test]
fn linear_steps_have_their_exact_variances() {
    // x: c = 0.6, y: λ = 1.3, η = 0.7, C = 0.5, B = 2.
    let noise = "learning_rate: 0.7, kappa: 2.5, variance: \"0.5\"";
    let law = solve(&posed("Line", "0.3*x^2", "1.3", noise)).expect("solved");
    let variance = |rate: f64, curvature: f64, c: f64| rate * c / (2.0 * curvature * (2.0 - rate * curvature));
    assert!((law.second_moment / variance(0.7, 1.3, 0.5) - 1.0).abs() < 1e-9, "{}", law.second_moment);
    let exact = variance(0.7, 0.6, 0.2);
    for x in [0.0, 0.2, -0.45, 0.9] {
        let density = crate::num::function::exp(-0.5 * x * x / exact) / (2.0 * std::f64::consts::PI * exact).sqrt();
        assert!((law.at(x) - density).abs() < 1e-9, "{x} {} {density}", law.at(x));
    }
    assert!((law.expectation(&|x| x * x) / exact - 1.0).abs() < 1e-9 && law.mode().abs() < 0.1);
    assert!((law.cdf(0.3) - law.between(-9.0, 0.3)).abs() < 1e-12);
    assert!((law.between(-9.0, 0.0) - 0.5).abs() < 1e-10 && law.error < 1e-8, "{}", law.error);
    // With curvature noise c² = 0.09/2: ηS/(2λ − ηλ²(1+c²)).
    let noise = "learning_rate: 0.7, kappa: 2.5, variance: \"0.5\", curvature_noise: 0.3";
    let law = solve(&posed("Line", "0.3*x^2", "1.3", noise)).expect("solved");
    let exact = 0.7 * 0.25 / (2.0 * 1.3 - 0.7 * 1.69 * (1.0 + 0.045));
    assert!((law.second_moment / exact - 1.0).abs() < 1e-7, "{} {exact}", law.second_moment);
}

/// Walls reflect: in a box without forces the law is uniform.
#[test]
fn walls_reflect_and_keep_the_mass() {
    let noise = "learning_rate: 0.5, kappa: 1, variance: \"0.5\"";
    let law = solve(&posed("Interval(lower: -1, upper: 2)", "0", "1", noise)).expect("solved");
    for x in [-1.0, -0.3, 0.5, 2.0] {
        assert!((law.at(x) - 1.0 / 3.0).abs() < 1e-9, "{x} {}", law.at(x));
    }
    assert!((law.between(-1.0, 2.0) - 1.0).abs() < 1e-9 && law.at(2.1) == 0.0);
}

/// `Δ = ηS/2` held fixed: the distance to the Langevin law is of first order in the learning rate.
#[test]
fn small_steps_follow_the_langevin_law() {
    let distances: Vec<f64> = [0.4, 0.2, 0.1]
        .into_iter()
        .map(|rate: f64| {
            let noise = format!("learning_rate: {rate}, kappa: 2, variance: \"{}\"", 2.0 * 2.0 * 0.3 / rate);
            let model = circle("0.2*cos(x)", "1.5+0.6*sin(x)", &noise);
            let steps = solve(&model).expect("solved");
            let flow = fokker_planck::solve(&model).expect("solved");
            steps.nodes.iter().zip(&steps.density).map(|(x, p)| (p - flow.at(*x)).abs()).fold(0.0, f64::max)
        })
        .collect();
    let order = 0.5 * (distances[0] / distances[2]).log2();
    assert!((order - 1.0).abs() < 0.2, "{order} {distances:?}");
}

#[test]
fn what_is_too_large_says_so() {
    let read = |text: &str| Model::read(text, &[]).expect("a model");
    let refused = |text: &str| solve(&read(text)).err().expect("refused");
    let dimensions = |text: &str| match refused(text) {
        Unsolved::TooManyDimensions { dimensions, .. } => dimensions,
        other => panic!("{other}"),
    };
    assert_eq!(dimensions(include_str!("../../models/sgd-momentum.ron")), 4);
    assert_eq!(dimensions(include_str!("../../models/sgd-learners.ron")), 8);
    assert_eq!(refused(include_str!("../../models/degenerate.ron")), Unsolved::NoSteps);
    let tiny = circle("0", "1+0.5*cos(x)", "learning_rate: 1e-4, kappa: 1, variance: \"1\"");
    assert!(matches!(solve(&tiny), Err(Unsolved::TooLarge { .. })));
    let steep = circle("0", "2.5+cos(x)", "learning_rate: 1, kappa: 1, variance: \"1\"");
    assert!(matches!(solve(&steep), Err(Unsolved::Unstable { .. })));
}

#[test]
fn the_zoo_is_solved() {
    for text in [
        include_str!("../../models/sgd-plain.ron"),
        include_str!("../../models/sgd-fresh-batches.ron"),
        include_str!("../../models/sgd-label-noise.ron"),
        include_str!("../../models/sgd-large-step.ron"),
        include_str!("../../models/sgd-curvature-noise.ron"),
    ] {
        let model = Model::read(text, &[]).expect("a model");
        let law = solve(&model).unwrap_or_else(|e| panic!("{}: {e}", model.name()));
        assert!(law.error < 1e-7 && law.current.abs() < 1e-9);
    }
}
