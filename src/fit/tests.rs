//! Paths from an integrator of the tests' own, and what is found in them.

use super::*;
use crate::stats::binomial_interval;
use rand::SeedableRng;
use rand_distr::{Distribution, StandardNormal};
use rand_xoshiro::Xoshiro256PlusPlus;
use rayon::prelude::*;

/// The valley of the tests: `L0 = x²/40`, `λ = s exp(x/4)`.
fn curvature(scale: f64, x: f64) -> f64 {
    scale * (0.25 * x).exp()
}

struct Path {
    x: Vec<f64>,
    y: Vec<f64>,
}

/// SGD steps (`dt` the learning rate) or Euler's steps of the Langevin equation, every `every`-th recorded after a burn-in.
fn path(scale: f64, dt: f64, delta: f64, kappa: f64, every: usize, records: usize, seed: u64) -> Path {
    let mut stream = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut normal = || -> f64 { StandardNormal.sample(&mut stream) };
    let (mut x, mut y) = (0.0, 0.0);
    let mut out = Path { x: Vec::new(), y: Vec::new() };
    for step in 0..every * records + 400 {
        let stiff = curvature(scale, x);
        let force = -0.05 * x - 0.125 * stiff * y * y;
        (x, y) = (
            x + dt * force + (2.0 * delta / kappa * dt).sqrt() * normal(),
            y - dt * stiff * y + (2.0 * delta * dt).sqrt() * normal(),
        );
        if step >= 400 && (step - 400) % every == 0 {
            out.x.push(x);
            out.y.push(y);
        }
    }
    out
}

fn holds(interval: &Interval, truth: f64) -> bool {
    interval.lower <= truth && truth <= interval.upper
}

/// 2000 fits of 800 steps each. Null: every interval holds the truth with probability 0.95; the count is tested with a
/// binomial interval at 1e-4, so that three tests raise a false alarm in 3e-4 of all choices of seeds. Coverage of 0.92 would be
/// noticed with probability 0.96. Seeds 0 to 1999.
///
/// Ledger: intervals of a fit hold the truth in 95 of 100 cases (three) | they do | binomial interval at 1e-4 | 2000 fits | 0 to 1999 | 3e-4 |
/// coverage of 0.92: caught with probability 0.96
#[test]
fn intervals_hold_the_truth_as_often_as_they_say() {
    let (delta, kappa, scale, rate) = (0.02, 4.0, 0.6, 0.5);
    let held: Vec<[bool; 3]> = (0..2000_u64)
        .into_par_iter()
        .map(|seed| {
            let path = path(scale, rate, delta, kappa, 1, 801, seed);
            let trajectory = Trajectory::new(path.x, Some(path.y), 801, 1.0, Some(rate)).expect("valid");
            let all = trajectory.increments(0.0, 1.0);
            let range = Range::of(&all.x);
            let across = across::fit(&all, range).expect("identified");
            let along = along::fit(&all, range, Some(&across)).expect("identified");
            let found = Interval::of_log(across.delta, across.error_of_log_delta());
            let error = (across.error_of_log_delta().powi(2) + along.error_of_log().powi(2)).sqrt();
            let ratio = Interval::of_log(across.delta / along.temperature, error);
            let middle = all.x.iter().sum::<f64>() / all.x.len() as f64;
            let stiff = Interval::of_log(across.curvature(middle), across.error_of_log_curvature(middle));
            [holds(&found, delta), holds(&ratio, kappa), holds(&stiff, curvature(scale, middle))]
        })
        .collect();
    for (k, name) in ["delta", "kappa", "curvature"].into_iter().enumerate() {
        let count = held.iter().filter(|h| h[k]).count() as u64;
        let (lower, upper) = binomial_interval(count, 2000, 1.0 - 1e-4);
        assert!(lower <= CONFIDENCE && CONFIDENCE <= upper, "{name}: {count} of 2000 intervals hold the truth");
    }
}

/// Records every 20th of the integrator's steps of 0.002; truth within 4.5 standard errors (7e-6 each).
///
/// Ledger: a recorded path gives its noise back (three numbers) | the truth | 4.5 standard errors | 20 000 records | 7 | 2e-5 | a tenth more
/// noise: ten standard errors
#[test]
fn a_continuous_path_gives_its_noise_and_its_curvature_back() {
    let (delta, kappa, scale) = (0.3, 3.0, 10.0);
    let path = path(scale, 0.002, delta, kappa, 20, 20_001, 7);
    let trajectory = Trajectory::new(path.x, Some(path.y), 20_001, 0.04, None).expect("valid");
    let found = fit(&trajectory);
    let near = |interval: &Interval, truth: f64| {
        let error = (interval.upper / interval.lower).ln() / (2.0 * 1.96);
        assert!((interval.value / truth).ln().abs() < 4.5 * error, "{interval:?} {truth}");
        assert!(error < 0.05, "{interval:?}");
    };
    near(found.delta.as_ref().expect("identified"), delta);
    near(found.kappa.as_ref().expect("identified"), kappa);
    let found_curvature = found.curvature.as_ref().expect("identified");
    near(&found_curvature.values[10], curvature(scale, found_curvature.places[10]));
    assert!(found.goodness.expect("judged").p_value > UNLIKELY);
}

#[test]
fn a_path_of_another_model_is_called_one() {
    // Twice the noise after four fifths of the path.
    let (mut first, second) = (path(0.6, 0.5, 0.02, 4.0, 1, 8001, 1), path(0.6, 0.5, 0.04, 4.0, 1, 2001, 2));
    first.x.extend(&second.x[1..]);
    first.y.extend(&second.y[1..]);
    let trajectory = Trajectory::new(first.x, Some(first.y), 10_001, 1.0, Some(0.5)).expect("valid");
    assert!(fit(&trajectory).goodness.expect("judged").p_value < UNLIKELY);
}

#[test]
fn what_cannot_be_told_is_not_told() {
    let far = path(10.0, 0.002, 0.3, 3.0, 2000, 1001, 3);
    let trajectory = |y: Option<Vec<f64>>| Trajectory::new(far.x.clone(), y, 1001, 4.0, None).expect("valid");
    assert_eq!(fit(&trajectory(Some(far.y.clone()))).delta, Err(NotIdentifiable::MemoryLost));
    let alone = fit(&trajectory(None));
    assert_eq!(alone.delta, Err(NotIdentifiable::NoAcross));
    assert!(alone.temperature.is_ok() && !alone.is_identified());
    assert_eq!(fit(&trajectory(Some(vec![0.0; 1001]))).kappa, Err(NotIdentifiable::Still("y")));
    let still = Trajectory::new(vec![1.0; 200], None, 200, 1.0, None).expect("valid");
    assert_eq!(fit(&still).temperature, Err(NotIdentifiable::Still("x")));
    let short = Trajectory::new(vec![0.0; 20], None, 20, 1.0, None);
    assert_eq!(short, Err(TrajectoryError::TooShort(19)));
    let broken = Trajectory::new([vec![0.5; 70], vec![f64::NAN; 70]].concat(), None, 70, 1.0, None);
    assert_eq!(broken, Err(TrajectoryError::NotFinite { name: "x", walker: 1, time: 0 }));
    assert_eq!(Trajectory::new(vec![0.5; 100], None, 100, 1.5, Some(0.1)), Err(TrajectoryError::NotWhole(1.5)));
}
