//! Models read, refused, turned into Langevin equations and written back.

use super::*;

const PAPER: &str = include_str!("../../models/yang-tang-tu-2023.ron");
const PLAIN: &str = include_str!("../../models/sgd-plain.ron");

fn model(text: &str) -> Model {
    Model::read(text, &[]).unwrap_or_else(|e| panic!("{e}"))
}

#[test]
fn a_model_is_read_as_written() {
    let model = model(PAPER);
    assert_eq!(model.domain(), Domain::Interval { lower: -7.853981633974483, upper: 7.853981633974483 });
    let tape = model.compile(&[model.curvature(0).clone(), model.flatness(0).clone(), model.floor_loss().clone()]);
    let at = tape.at(&[0.0]);
    assert_eq!(at, [20.0, 1.0 / 20f64.sqrt(), 0.0]);
    let langevin = model.langevin().expect("it is one");
    assert_eq!((langevin.delta, langevin.kappa, langevin.constant), (Some(1.0), 3.0, true));
    assert_eq!(model.compile(&[langevin.temperature]).value(0.0), 1.0 / 3.0);
}

#[test]
fn overrides_come_before_validation() {
    let set = |name: &str, value| Model::read(PAPER, &[(name.to_string(), value)]);
    assert_eq!(set("s", 5.0).expect("valid").parameters(), [("s".to_string(), 5.0)]);
    assert!(matches!(set("noise.kappa", 1.0).expect("valid").noise(), Noise::Langevin { kappa: 1.0, .. }));
    let errors = set("noise.kappa", -1.0).expect_err("negative");
    assert_eq!((errors.0.len(), errors.0[0].label.as_str(), &errors.0[0].span), (1, "noise.kappa", &None));
    let errors = set("noise.variance", 1.0).expect_err("a Langevin model has none");
    assert!(errors.0[0].help.as_ref().is_some_and(|h| h.contains("s, noise.delta, noise.kappa")));
    assert!(set("s", f64::NAN).is_err());
}

#[test]
fn the_limit_of_small_learning_rate_is_exact_in_the_decimals() {
    // eta = 0.1, S = 0.3·(N−B)/(B(N−1)) = 0.3·8/(2·9), momentum 0.5, four learners: Delta = eta S/2/(1−0.5)/4.
    let text = r#"(name: "a", floor: (coordinate: "x", domain: Line, loss: "x^2"), parameters: {"c": 0.3},
        sharp: [(curvature: "2+x^2"), (flatness: "1/(3+x^2)", delta: 0.5)],
        noise: Sgd(learning_rate: 0.1, batch_size: 2, kappa: 4, variance: "c", momentum: 0.5,
            sampling: FreshWithoutReplacement, dataset_size: 10, learners: (count: 4, mixing: Complete(0.3))))"#;
    let m = model(text);
    let langevin = m.langevin().expect("not epochs");
    let delta = 0.1 * 0.3 * 8.0 / 18.0 / 2.0 / 0.5 / 4.0;
    let near = |a: f64, b: f64| (a / b - 1.0).abs() < 1e-14;
    assert!(near(langevin.delta.expect("constant"), delta));
    let tape = m.compile(&[langevin.noise[0].clone(), langevin.noise[1].clone(), langevin.temperature]);
    let at = tape.at(&[0.7]);
    assert!(near(at[0], delta) && near(at[1], delta / 2.0) && near(at[2], delta / 4.0), "{at:?}");
    assert!(near(m.sgd().expect("SGD").batch_factor(), 8.0 / 18.0));
}

#[test]
fn a_variance_in_lambda_follows_the_curvature() {
    let text = PLAIN.replace("variance: \"0.04\"", "variance: \"0.02*lambda\", floor_variance: \"0.1\"");
    let m = model(&text);
    let langevin = m.langevin().expect("not epochs");
    assert_eq!((langevin.constant, langevin.delta), (false, None));
    let noise = |m: &Model| m.compile(&[m.langevin().expect("not epochs").noise[0].clone()]).value(0.3);
    let (one, two) = (noise(&m), noise(&m.with_curvature_scaled(2.0)));
    assert!((two / one - 2.0).abs() < 1e-14);
    let scaled = m.with_curvature_scaled(2.0);
    let tape = scaled.compile(&[scaled.curvature(0).clone(), scaled.flatness(0).clone()]);
    let at = tape.at(&[0.3]);
    assert!((at[0] * at[1] * at[1] - 1.0).abs() < 1e-14);
    let epochs = PLAIN.replace("variance: \"0.04\"", "variance: \"0.04\", sampling: Epoch, dataset_size: 50");
    assert_eq!(model(&epochs).langevin().map(|_| ()), Err(NoLangevin::Epoch));
    let own = model(&PLAIN.replace("variance: \"0.04\"", "variance: \"0.04\", floor_variance: \"0.01\""));
    assert!((own.langevin().expect("not epochs").kappa - 4.0).abs() < 1e-14);
}

#[test]
fn the_text_of_a_model_reads_back_equal() {
    for text in [PAPER, PLAIN] {
        let once = model(text);
        let twice = model(&once.to_ron());
        assert_eq!(once.to_ron(), twice.to_ron());
        assert_eq!(
            (once.parameters(), once.domain(), once.about()),
            (twice.parameters(), twice.domain(), twice.about())
        );
    }
}

#[test]
fn every_model_of_the_repository_is_valid() {
    let mut count = 0;
    for entry in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/models")).expect("there are models") {
        let path = entry.expect("readable").path();
        if path.extension().is_some_and(|e| e == "ron") {
            let text = std::fs::read_to_string(&path).expect("readable");
            let m = Model::read(&text, &[]).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
            assert_eq!(path.file_stem().and_then(|s| s.to_str()), Some(m.name()));
            assert!(m.about().is_some() && m.warnings().is_empty(), "{}: {:?}", m.name(), m.warnings());
            assert_eq!(m.to_ron(), model(&m.to_ron()).to_ron());
            count += 1;
        }
    }
    assert!(count >= 14, "{count}");
}

#[test]
fn doubts_are_said() {
    let warned = |from: &str, to: &str, what: &str| {
        assert!(PLAIN.contains(from));
        let m = model(&PLAIN.replace(from, to));
        assert!(m.warnings().iter().any(|w| w.contains(what)), "{:?}", m.warnings());
    };
    warned("0.9+0.5*cos(x)", "1.7+0.5*cos(x)", "unstable");
    warned("0.9+0.5*cos(x)", "sin(x)^2+cos(x)^2-1+1e-12", "undecided");
    warned("variance: \"0.04\"", "variance: \"0.04\", sampling: Epoch, dataset_size: 2.5", "whole number");
}

/// Heavy ball under a constant slope of one moves by the time of a step, once it has its speed.
#[test]
fn a_step_with_momentum_lasts_as_long_as_it_goes_far() {
    let text = r#"Model(name: "m", floor: (coordinate: "x", domain: Interval(lower: -1, upper: 1), loss: "0"),
        sharp: [(curvature: "1")],
        noise: Sgd(learning_rate: 0.1, batch_size: 1, kappa: 1, variance: "1", momentum: 0.6))"#;
    let model = Model::read(text, &[]).expect("a valid model");
    let (mut velocity, mut before, mut x) = (0.0, 0.0, 0.0);
    for _ in 0..200 {
        before = x;
        velocity = 0.6 * velocity + 1.0;
        x -= 0.1 * velocity;
    }
    assert!((model.sgd().expect("steps").step_time() - (before - x)).abs() < 1e-12);
}
