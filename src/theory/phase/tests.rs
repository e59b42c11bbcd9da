//! The diagram against what is known in closed form.

use super::*;

fn model(domain: &str, loss: &str, sharp: &str, noise: &str) -> Model {
    let text = format!(
        "Model(name: \"t\", floor: (coordinate: \"x\", domain: {domain}, loss: \"{loss}\"), sharp: [({sharp})], noise: {noise})"
    );
    Model::read(&text, &[]).expect("a valid model")
}

fn of(diagram: &Diagram, name: &str) -> CriticalPoint {
    let found = diagram.critical.iter().find(|(line, _)| line.name() == name);
    found.unwrap_or_else(|| panic!("no {name}: {:?}", diagram.missing)).1.clone()
}

fn close(a: f64, b: f64, relative: f64) {
    assert!((a - b).abs() <= relative * b.abs(), "{a} is not {b}");
}

/// `Δ_c = ½cw²`, with the first correction `½cw²(1+θcF0²)`, joint `½cw²κ/(κ−1)`; exponent ½ of the distance, 1 of the flatness.
#[test]
fn the_quadratic_floor_has_its_critical_points() {
    let (c, w, f0, kappa) = (1.7, 0.8, 0.1, 3.0);
    let valley = model(
        "Interval(lower: -5, upper: 5)",
        &format!("{c}*x^2/2"),
        &format!("flatness: \"{f0}*(1+x^2/{w}^2)\""),
        &format!("Langevin(delta: 0.3, kappa: {kappa:?})"),
    );
    let found = diagram(&valley, (1e-3, 1.0), (0.1, 5.0));
    let plain = 0.5 * c * w * w;
    let marginal = of(&found, "marginal-mode");
    close(marginal.noise, plain, 1e-10);
    assert_eq!((marginal.delta, marginal.transition), (Some(marginal.noise), Transition::Continuous));
    // First order in `cF0²` (here 0.017): the rest is of second order.
    let corrected = of(&found, "marginal-mode-first-order");
    close(corrected.noise, plain * (1.0 + (1.0 - 1.0 / kappa) * c * f0 * f0), 3.0 * (c * f0 * f0) * (c * f0 * f0));
    assert!(corrected.noise > marginal.noise * (1.0 + 0.5 * c * f0 * f0));
    close(of(&found, "joint-mode").noise, plain * kappa / (kappa - 1.0), 1e-10);
    for (exponent, exact) in [(marginal.exponent, 0.5), (marginal.flatness_exponent, 1.0), (corrected.exponent, 0.5)] {
        let exponent = exponent.expect("an exponent");
        assert!(exponent.interval.0 <= exact && exact <= exponent.interval.1, "{exponent:?} against {exact}");
        assert!(exponent.interval.1 - exponent.interval.0 < 1e-3, "{exponent:?}");
    }
    // The curve is there at every learning rate.
    let curve = found.boundaries.iter().find(|b| b.line.name() == "marginal-mode").expect("a curve");
    assert!(curve.points.iter().all(|p| (p[1] / plain - 1.0).abs() < 1e-9));
    assert!(curve.points.iter().any(|p| p[0] == 1e-3) && curve.points.iter().any(|p| p[0] == 1.0));
}

/// Steps: the mode of the discrete law leaves where `c = −½λ''V` at 0, `V = ηS/(λ(2−ηλ))`; the mean square at `ηλ = 2`.
#[test]
fn steps_have_a_curved_boundary_that_ends_at_the_edge() {
    let valley = model(
        "Interval(lower: -3, upper: 3)",
        "0.02*x^2/2",
        "flatness: \"1+x^2\"",
        "Sgd(learning_rate: 0.5, batch_size: 4, kappa: 5, variance: \"0.1\")",
    );
    let found = diagram(&valley, (0.05, 5.0), (0.01, 100.0));
    let curve = found.boundaries.iter().find(|b| b.line.name() == "marginal-mode").expect("a curve");
    assert!(curve.points.len() > 30);
    for [rate, noise] in &curve.points {
        // λ = (1+x²)^−2: λ(0) = 1, λ''(0) = −4.
        let exact = 4.0 * 0.02 / 2.0 * (2.0 - rate) / rate;
        close(*noise, exact, 1e-8);
        assert!(*rate < 2.0);
    }
    for name in ["mean-square", "almost-sure", "edge-of-stability"] {
        let edge = found.boundaries.iter().find(|b| b.line.name() == name).expect("an edge");
        assert!(edge.points.iter().all(|p| (p[0] / 2.0 - 1.0).abs() < 1e-9), "{name}");
    }
    let asked = [[0.5, 0.01], [0.5, 1.0], [2.1, 0.01]];
    let said = phases(&valley, (0.05, 5.0), (0.01, 100.0), &asked);
    assert_eq!(said, [Some(Phase::Frozen), Some(Phase::Moved), Some(Phase::Diverged)]);
}

/// `L0 = c ln(1+x²/w²)`, `F = F0(1+x²/w²)`: normalisable iff `Δ < c/(1+1/(2κ))`.
#[test]
fn the_logarithmic_valley_diverges_at_its_cap() {
    let valley = model(
        "Line",
        "2*ln(1+x^2)",
        "flatness: \"0.05*(1+x^2)\"",
        "Sgd(learning_rate: 0.001, batch_size: 10, kappa: 2, variance: \"100\")",
    );
    let plane = Plane::new(&valley, (1e-4, 1e-2), (1.0, 1e6));
    let (limits, _) = divergence::limits(&plane);
    let confined = limits.iter().find(|limit| limit.kind == Kind::Confinement).expect("a cap");
    let found = curves(&|place| confined.excess(place), LINES.0, LINES.1);
    assert_eq!(found.len(), 1);
    for place in &found[0] {
        let [rate, noise] = plane.values(*place);
        close(rate * noise / 20.0, 2.0 / 1.25, 1e-9);
    }
}

/// Two wells, the flatter one higher by `h`: they are equally likely where `½Δ ln(λ₁/λ₂) = h`.
#[test]
fn a_jump_is_where_two_places_are_equally_likely() {
    // λ falls from 9 to 1 across the barrier and is level at both minima, which a tilt of 0.2x keeps unequal.
    let valley = model(
        "Interval(lower: -2, upper: 2)",
        "4*(x^2-1)^2+0.2*x",
        "curvature: \"5-4*tanh(40*x)\"",
        "Langevin(delta: 0.1, kappa: 4)",
    );
    let found = diagram(&valley, (1e-3, 1e-1), (0.02, 2.0));
    let jump = of(&found, "marginal-mode");
    assert_eq!((jump.transition, jump.exponent), (Transition::Jump, None));
    // Minima of the quartic near ±1: the difference of the floor loss, by Newton's method here.
    let at = |mut x: f64| {
        for _ in 0..50 {
            x -= (16.0 * x * (x * x - 1.0) + 0.2) / (48.0 * x * x - 16.0);
        }
        x
    };
    let loss = |x: f64| 4.0 * (x * x - 1.0).powi(2) + 0.2 * x;
    let (left, right) = (at(-1.0), at(1.0));
    close(jump.noise, (loss(right) - loss(left)) / (0.5 * 9f64.ln()), 1e-9);
    close(jump.places.0, left, 1e-9);
    close(jump.places.1, right, 1e-9);
}

#[test]
fn what_is_not_there_is_said() {
    let level = model(
        "Periodic(lower: 0, upper: 6.283185307179586)",
        "0",
        "curvature: \"2+cos(x)\"",
        "Langevin(delta: 0.1, kappa: 4)",
    );
    let found = diagram(&level, (1e-2, 1.0), (0.1, 1.0));
    assert!(found.critical.is_empty());
    assert!(found.missing.iter().any(|(line, why)| line.name() == "marginal-mode" && why.contains("level")));
    let gradual = model(
        "Interval(lower: -3, upper: 3)",
        "0.1*x^2",
        "curvature: \"5-2*tanh(x)\"",
        "Langevin(delta: 0.1, kappa: 4)",
    );
    let found = diagram(&gradual, (1e-2, 1.0), (0.1, 1.0));
    assert!(found.missing.iter().any(|(_, why)| why.contains("gradually")), "{:?}", found.missing);
}
