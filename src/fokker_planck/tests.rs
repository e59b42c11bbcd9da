//! The solve against closed forms, the table of the theory and independent solutions.

use super::Unsolved;
use super::adapt::{self, direction};
use super::mesh::Local;
use super::solution::{Across, Solution};
use crate::num::domain::Domain;
use crate::num::function::{cos, exp, ln, sin};

/// `λ, λ'` of one direction.
type Curvature<'a> = &'a dyn Fn(f64) -> (f64, f64);

/// One or two directions with constant noise.
fn landscape(
    domain: Domain,
    loss_slope: &dyn Fn(f64) -> f64,
    curvatures: &[(Curvature, f64)],
    temperature: f64,
) -> Result<Solution, Unsolved> {
    with_effort(domain, loss_slope, curvatures, temperature, &adapt::USUAL)
}

fn with_effort(
    domain: Domain,
    loss_slope: &dyn Fn(f64) -> f64,
    curvatures: &[(Curvature, f64)],
    temperature: f64,
    effort: &adapt::Effort,
) -> Result<Solution, Unsolved> {
    let fields = |x: f64| Local {
        loss_slope: loss_slope(x),
        temperature,
        temperature_slope: 0.0,
        sharp: curvatures
            .iter()
            .map(|(curvature, delta)| {
                let (value, slope) = curvature(x);
                direction(value, slope, *delta, 0.0)
            })
            .collect(),
    };
    let across = (0..curvatures.len()).map(Across::Solved).collect();
    adapt::solve(domain, &fields, curvatures.len(), across, effort)
}

/// Total variation to the density `exp(log)` up to a factor.
fn total_variation(solution: &Solution, log: &dyn Fn(f64) -> f64) -> f64 {
    let (a, b) = solution.visited;
    let n = 20_000;
    let places: Vec<f64> = (0..n).map(|k| a + (b - a) * (k as f64 + 0.5) / n as f64).collect();
    let mass: f64 = places.iter().map(|x| exp(log(*x))).sum::<f64>() * (b - a) / n as f64;
    0.5 * places.iter().map(|x| (exp(log(*x)) / mass - solution.at(*x)).abs()).sum::<f64>() * (b - a) / n as f64
}

fn sine(s: f64) -> impl Fn(f64) -> (f64, f64) {
    move |x| (s * (1.0 + 0.5 * sin(x)), 0.5 * s * cos(x))
}

const WALLS: Domain = Domain::Interval { lower: -2.5 * std::f64::consts::PI, upper: 2.5 * std::f64::consts::PI };

#[test]
fn without_anisotropy_the_law_is_boltzmanns_to_the_last_digits() {
    for domain in [WALLS, Domain::Line] {
        let curvature = sine(2.0);
        let solution = landscape(domain, &|x| x, &[(&curvature, 1.0)], 1.0).expect("solved");
        let log = |x: f64| -0.5 * x * x - 0.5 * ln(curvature(x).0);
        let peak = solution.peak();
        for k in 0..200 {
            let x = -7.0 + 0.07 * k as f64;
            let exact = peak.1 * exp(log(x) - log(peak.0));
            assert!((solution.at(x) - exact).abs() < 2e-13 * peak.1, "{x} {}", solution.at(x) - exact);
        }
        assert!(solution.error < 1e-12, "{solution:?}");
        let variance = solution.conditional_second_moment(0, 0.7).expect("a direction");
        assert!((variance * curvature(0.7).0 - 1.0).abs() < 1e-12);
    }
}

/// Distances to the adiabatic law and densities at −1, 0.3 and 2 of the sine valley, from a dense Chebyshev collocation of the
/// unscaled modes over the whole domain (281 points, 12 modes; another program).
#[test]
fn the_sine_valley_agrees_with_a_dense_collocation() {
    for (s, distance, expected) in [
        (80.0, 4.35544985e-4, [0.3073499887044, 0.4314747189698, 0.000859125470597]),
        (20.0, 1.64674036e-3, [0.3078204650273, 0.4321419731637, 0.0008638603543247]),
        (2.0, 1.05027752e-2, [0.3102351069495, 0.437076197859, 0.0009029500758561]),
    ] {
        let curvature = sine(s);
        let solution = landscape(WALLS, &|x| x, &[(&curvature, 1.0)], 1.0 / 3.0).expect("solved");
        let tv = total_variation(&solution, &|x| -3.0 * (0.5 * x * x + 0.5 * ln(curvature(x).0)));
        assert!((tv / distance - 1.0).abs() < 1e-5, "s = {s}: {tv:e}");
        for (x, p) in [-1.0, 0.3, 2.0].into_iter().zip(expected) {
            assert!((solution.at(x) - p).abs() < 2e-11 + 1e-9 / (s * s), "s = {s}, x = {x}: {} {p}", solution.at(x));
        }
        assert!(solution.error < 1e-8, "{}", solution.error);
        let (n, lower) = (4000, solution.visited.0);
        let step = (0.4 - lower) / n as f64;
        let sum: f64 = (0..n).map(|k| solution.at(lower + step * (k as f64 + 0.5)) * step).sum();
        assert!((solution.cdf(0.4) - sum).abs() < 1e-6, "{} {sum}", solution.cdf(0.4));
        assert!((solution.expectation(&|_| 1.0) - 1.0).abs() < 1e-13);
        assert!((solution.cdf(WALLS.ends().expect("walls").1) - 1.0).abs() < 1e-13);
    }
}

#[test]
fn nothing_across_gives_the_closed_form_of_a_varying_temperature() {
    // p ∝ exp(−∫ L0'/T)/T with T = 1 + sin²x …: L0' = T' + T x makes p ∝ exp(−x²/2)/T².
    let t = |x: f64| (1.0 + 0.3 * sin(x), 0.3 * cos(x));
    let fields = |x: f64| Local {
        loss_slope: t(x).1 + t(x).0 * x,
        temperature: t(x).0,
        temperature_slope: t(x).1,
        sharp: Vec::new(),
    };
    let solution = adapt::solve(Domain::Line, &fields, 0, vec![Across::Constant(0.7)], &adapt::USUAL).expect("solved");
    let p = |x: f64| exp(-0.5 * x * x) / (t(x).0 * t(x).0);
    for k in -40..40 {
        let x = 0.1 * k as f64;
        assert!((solution.at(x) / solution.at(0.0) * p(0.0) / p(x) - 1.0).abs() < 1e-11);
    }
    assert_eq!(solution.second_moment(0), Some(0.7));
    assert_eq!(solution.second_moment(1), None);
}

#[test]
fn a_narrow_peak_far_away_and_a_heavy_tail_are_found() {
    let flat = |_: f64| (3.0, 0.0);
    let solution = landscape(Domain::Line, &|x| 1e6 * (x - 53.21), &[(&flat, 1.0)], 0.5).expect("solved");
    assert!((solution.expectation(&|x| x) - 53.21).abs() < 1e-10);
    assert!((solution.at(53.21) / (1e6_f64 / (0.5 * 2.0 * std::f64::consts::PI)).sqrt() - 1.0).abs() < 1e-10);
    // p ∝ (1+x²)^(-3): the mass is 3π/8, the second moment 1/3.
    let solution = landscape(Domain::Line, &|x| 6.0 * x / (1.0 + x * x), &[(&flat, 1.0)], 1.0).expect("solved");
    assert!((solution.at(0.0) - 8.0 / (3.0 * std::f64::consts::PI)).abs() < 1e-11);
    assert!((solution.expectation(&|x| x * x) - 1.0 / 3.0).abs() < 1e-7);
    // Two wells of unequal depth, a barrier of 60 kT between them: L0' = 240 x (x²−1) + 1.
    let solution = landscape(Domain::Line, &|x| 240.0 * x * (x * x - 1.0) + 1.0, &[(&flat, 1.0)], 1.0).expect("solved");
    let log = |x: f64| -(60.0 * (x * x - 1.0) * (x * x - 1.0) + x);
    for x in [-1.0, 0.95, 1.1] {
        assert!((solution.at(x) / solution.at(-0.9) / exp(log(x) - log(-0.9)) - 1.0).abs() < 1e-11);
    }
}

#[test]
fn what_cannot_be_solved_is_refused() {
    let flat = |_: f64| (3.0, 0.0);
    for slope in [0.0, 1.0] {
        let refused = landscape(Domain::Line, &|x| slope * x / (1.0 + x * x), &[(&flat, 1.0)], 1.0);
        assert!(matches!(refused, Err(Unsolved::NotConfined { .. })), "{refused:?}");
    }
    let pole = |x: f64| (1.0 - x, -1.0);
    let refused = landscape(Domain::Interval { lower: 0.0, upper: 2.0 }, &|_| 0.0, &[(&pole, 1.0)], 1.0);
    assert!(matches!(refused, Err(Unsolved::NotFinite { .. })), "{refused:?}");
}

/// Less accuracy costs fewer modes, and the estimate still covers the error.
#[test]
fn a_solve_stops_at_the_accuracy_asked_for() {
    let curvature = sine(20.0);
    let valley = |effort| with_effort(WALLS, &|x| x, &[(&curvature, 1.0)], 1.0 / 3.0, &effort).expect("solved");
    let best = valley(adapt::USUAL);
    let mut modes = best.modes;
    for accuracy in [1e-8, 1e-6, 1e-5] {
        let found = valley(adapt::Effort::to(accuracy));
        let apart = (0..=400).map(|k| -4.0 + 0.02 * k as f64).map(|x| (found.at(x) - best.at(x)).abs());
        let apart = apart.fold(0.0, f64::max) / best.peak().1;
        assert!(
            apart <= found.error + best.error && found.error <= accuracy,
            "{accuracy}: {apart:e} {:e}",
            found.error
        );
        assert!(found.modes < modes, "{accuracy}: {} {modes}", found.modes);
        modes = found.modes;
    }
    assert_eq!(adapt::Effort::to(f64::NAN).converged, adapt::USUAL.converged);
}

/// Currents, densities at 0.5, 2 and 4.5 and `<y²>` from a dense Fourier collocation (121 points, 18 modes; another program).
#[test]
fn circles_carry_their_current() {
    let circle = Domain::Periodic { lower: 0.0, upper: 2.0 * std::f64::consts::PI };
    let lambda = |x: f64| {
        let l = 6.0 * exp(0.7 * sin(x) + 0.25 * sin(2.0 * x));
        (l, l * (0.7 * cos(x) + 0.5 * cos(2.0 * x)))
    };
    let agrees = |solution: &Solution, current: f64, density: [f64; 3]| {
        assert!((solution.current / current - 1.0).abs() < 1e-9, "{:e}", solution.current);
        for (x, p) in [0.5, 2.0, 4.5].into_iter().zip(density) {
            assert!((solution.at(x) - p).abs() < 1e-11, "{x}: {}", solution.at(x));
            assert!((solution.at(x + 4.0 * std::f64::consts::PI) - p).abs() < 1e-11);
        }
        assert!(solution.error < 1e-9);
    };
    let solution = landscape(circle, &|_| 0.0, &[(&lambda, 0.25)], 0.05).expect("solved");
    agrees(&solution, 3.64144458476e-5, [0.0218522491122, 0.0259513679444, 0.318172196736]);
    let varying = |x: f64| Local {
        loss_slope: 0.05 * cos(x),
        temperature: 0.1 * (1.0 + 0.4 * sin(x)),
        temperature_slope: 0.04 * cos(x),
        sharp: vec![direction(
            4.0 + sin(x) + 0.5 * cos(2.0 * x),
            cos(x) - sin(2.0 * x),
            0.3 * (1.0 + 0.3 * cos(x - 0.5)),
            -0.09 * sin(x - 0.5),
        )],
    };
    let solution = adapt::solve(circle, &varying, 1, vec![Across::Solved(0)], &adapt::USUAL).expect("solved");
    agrees(&solution, -4.55167882924e-4, [0.0361893484496, 0.0331838478469, 0.540193911005]);
    assert!((solution.second_moment(0).expect("a direction") - 0.0883274926769).abs() < 1e-12);
}

/// Densities at −1, 0.3 and 2 from a dense collocation in two directions (151 points, 15 modes; another program).
#[test]
fn two_directions_agree_with_a_dense_collocation() {
    let walls = Domain::Interval { lower: -1.5 * std::f64::consts::PI, upper: 1.5 * std::f64::consts::PI };
    let (first, s) = (sine(40.0), 40.0);
    let second = |x: f64| (2.0 * s * (1.0 - 0.4 * sin(x)), -0.8 * s * cos(x));
    let solution = landscape(walls, &|x| x, &[(&first, 1.0), (&second, 0.6)], 1.0 / 3.0).expect("solved");
    for (x, p) in [-1.0, 0.3, 2.0].into_iter().zip([0.245931789814, 0.501154995012, 0.00134102578769]) {
        assert!((solution.at(x) - p).abs() < 2e-11, "{x}: {}", solution.at(x));
    }
    assert!(solution.error < 1e-8);
}

/// A model file's text, solved.
#[test]
fn models_are_solved_from_their_text() {
    let text = r#"Model(
        name: "circle", parameters: { "s": 6.0 },
        floor: (coordinate: "x", domain: Periodic(lower: 0, upper: 6.283185307179586), loss: "0"),
        sharp: [(curvature: "s*exp(0.7*sin(x)+0.25*sin(2*x))"), (curvature: "3", delta: 2)],
        noise: Langevin(delta: 0.25, kappa: 5.0),
    )"#;
    let model = crate::model::Model::read(text, &[]).expect("a model");
    let solution = super::solve(&model).expect("solved");
    assert!((solution.current / 3.64144458476e-5 - 1.0).abs() < 1e-9);
    assert!((solution.second_moment(1).expect("a direction") - 0.5 / 3.0).abs() < 1e-15);
}

#[test]
fn the_error_estimate_covers_the_error() {
    let circle = Domain::Periodic { lower: 0.0, upper: 2.0 * std::f64::consts::PI };
    let short = Domain::Interval { lower: -3.0, upper: 3.0 };
    let (soft, bell) = (sine(2.0), |x: f64| {
        let f = 0.15 + 0.1 * exp(-(x - 1.0) * (x - 1.0));
        (1.0 / (f * f), 0.4 * (x - 1.0) * (f - 0.15) / (0.1 * f * f * f))
    });
    type Slope<'a> = &'a dyn Fn(f64) -> f64;
    let cases: [(Domain, Slope, Curvature, f64, f64); 4] = [
        (short, &|_| 0.0, &soft, 0.3, 0.03),
        (short, &|_| 0.0, &soft, 0.3, 1.0),
        (Domain::Line, &|x| 0.2 * x, &bell, 0.7, 0.14),
        (circle, &|x| 0.1 * cos(x), &soft, 0.2, 0.05),
    ];
    let finest = adapt::Effort { degree: 16, resolved: 1e-13, converged: 1e-13, landscape: 3e-13 };
    for (number, (domain, loss_slope, curvature, delta, temperature)) in cases.into_iter().enumerate() {
        let usual = landscape(domain, loss_slope, &[(curvature, delta)], temperature).expect("solved");
        let finest = with_effort(domain, loss_slope, &[(curvature, delta)], temperature, &finest).expect("solved");
        let (a, b) = usual.visited;
        let error = (0..500)
            .map(|k| a + (b - a) * (k as f64 + 0.5) / 500.0)
            .map(|x| (usual.at(x) - finest.at(x)).abs() / finest.peak().1)
            .fold(0.0, f64::max);
        assert!(error <= usual.error, "{number}: {error:e} > {:e}", usual.error);
        assert!(usual.error < 1e-8, "{number}: {:e}", usual.error);
    }
}

/// Sharp directions that relax more slowly than the floor: the series in normal laws of the adiabatic width diverges. From a
/// collocation of the first-order system in `p_k` and `c_k` with 40 modes 1.7 times as wide (another program).
#[test]
fn a_slow_valley_needs_a_wider_law_across() {
    let curvature = |x: f64| {
        let f = 0.2 * (1.0 + x * x);
        (1.0 / (f * f), -0.8 * x / (f * f * f))
    };
    let solution = landscape(Domain::Line, &|x| x, &[(&curvature, 0.3)], 1.0).expect("solved");
    for (x, p) in [(0.0, 0.33391994), (1.0, 0.25330008), (2.0, 0.07273071)] {
        assert!((solution.at(x) - p).abs() < 3e-7, "{x}: {}", solution.at(x));
    }
    assert!(solution.error < 2e-6, "{}", solution.error);
}

/// Without a way round a deep circle is solved where the walkers are, wherever its ends are drawn.
#[test]
fn a_cold_circle_is_solved_around_its_well() {
    let flat = |_: f64| (3.0, 0.0);
    for lower in [0.0, -1.0, 3.0] {
        let circle = Domain::Periodic { lower, upper: lower + 2.0 * std::f64::consts::PI };
        let solution = landscape(circle, &|x| -0.4 * sin(x), &[(&flat, 1.0)], 1e-5).expect("solved");
        let pi = std::f64::consts::PI;
        let log = |x: f64| -4e4 * (1.0 + cos(x));
        for x in [0.01, -0.004] {
            assert!((solution.at(pi + x) / solution.at(pi) / exp(log(pi + x)) - 1.0).abs() < 1e-8);
            assert!((solution.at(pi + x) - solution.at(x - pi)).abs() < 1e-9 * solution.peak().1);
        }
        assert!((solution.expectation(&|x| cos(x)) + 1.0 - 0.5e-5 / 0.4).abs() < 1e-9);
        let half = solution.cdf(pi) - solution.cdf(pi - 0.1);
        assert!((half - 0.5).abs() < 1e-9 || (half + 0.5).abs() < 1e-9, "{half}");
        assert!((solution.peak().0 - pi).abs() < 1e-3);
    }
}

/// Far out on the line the modes of this model outgrow the numbers: it is solved nearer in. Densities from a collocation of the
/// first-order system (28 modes, 80 panels; another program).
#[test]
fn a_line_is_followed_only_as_far_as_the_modes_can_be() {
    let first = |x: f64| {
        let d = 1.0 + 0.301 * x * x;
        (11.269 / d, -11.269 * 0.602 * x / (d * d))
    };
    let second = |x: f64| {
        let d = 1.0 + 0.224 * x * x;
        (19.789 / d, -19.789 * 0.448 * x / (d * d))
    };
    let slope = |x: f64| 1.526 * x - 1.098 * sin(3.0 * x);
    let sharp: [(Curvature, f64); 2] = [(&first, 1.25), (&second, 1.15)];
    let solution = landscape(Domain::Line, &slope, &sharp, 1.25 / 47.6).expect("solved");
    for (x, p) in [(0.0, 1.5268293e-5), (0.7, 1.4409912), (-1.0, 0.15925317)] {
        assert!((solution.at(x) - p).abs() < 2e-5, "{x}: {}", solution.at(x));
    }
    assert!(solution.error < 1e-5);
}
