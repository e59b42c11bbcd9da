//! Paths against closed forms. Seeds are fixed; where a comparison is statistical the limit is five standard errors,
//! which a right program exceeds for one seed in two million.

use super::gather::estimate;
use super::passage::{Between, arrive};
use super::problem::{Posed, PosedNoise, Problem};
use super::*;
use crate::eval::Simd;
use crate::expr::{Expr, Names, parse};
use crate::num::domain::Domain;
use crate::num::function as f;

const WALLS: Domain = Domain::Interval { lower: -1.0, upper: 2.0 };

fn formula(text: &str) -> Expr {
    parse(text, &Names::of(["x"])).expect(text)
}

fn plan(walkers: usize, steps: u64, dt: Option<f64>) -> Plan {
    Plan {
        walkers,
        steps,
        dt,
        scheme: Scheme::Strang,
        start: Some(0.0),
        every: None,
        burn_in: 0,
        seed: 7,
        threads: 2,
        simd: Simd::Portable,
        edges: None,
    }
}

fn posed(domain: Domain, floor: &str, curvature: &[&str], noise: PosedNoise, plan: &Plan) -> Result<Problem, SimError> {
    let curvature = curvature.iter().map(|c| formula(c)).collect();
    Problem::new(Posed { coordinate: "x", bind: &|_| None, domain, floor: formula(floor), curvature, noise }, plan)
}

fn langevin(temperature: f64, delta: &[f64]) -> PosedNoise {
    PosedNoise::Langevin { temperature, delta: delta.to_vec() }
}

/// `η = 0.75`, `p̂ = 0.5`, unit variances.
fn sgd(momentum: f64, curvature_noise: f64, epoch: Option<u64>, mixing: Vec<Vec<f64>>) -> PosedNoise {
    PosedNoise::Sgd {
        learning_rate: 0.75,
        factor: 0.5,
        variance: vec![formula("1")],
        floor_variance: formula("1"),
        momentum,
        curvature_noise,
        epoch,
        mixing,
    }
}

fn paths(domain: Domain, floor: &str, curvature: &[&str], noise: PosedNoise, plan: &Plan) -> Ensemble {
    follow(posed(domain, floor, curvature, noise, plan).expect("sound"), plan, &Unwatched).expect("follows")
}

/// Ledger: moments and times of paths have their closed forms (26 numbers) | the closed form | five standard errors | 2000 to 200 000 | 7 |
/// 1.5e-5 | variances 10 % off: most at ten standard errors and more
#[track_caller]
fn agrees(estimate: Estimate, exact: f64) {
    let z = (estimate.value - exact) / estimate.standard_error;
    assert!(z.abs() < 5.0, "{} ± {} against {exact}", estimate.value, estimate.standard_error);
}

#[test]
fn euler_in_a_gaussian_valley_has_its_discrete_variances() {
    let plan = Plan { scheme: Scheme::EulerMaruyama, ..plan(40_000, 60, Some(0.4)) };
    let noise = langevin(0.3, &[0.5, 1.0]);
    let moments = paths(Domain::Line, "x^2/2", &["2", "3"], noise, &plan).moments.expect("some");
    // 2D/(λ(2 − λ dt))
    agrees(moments.x, 0.0);
    agrees(moments.x2, 0.6 / (2.0 - 0.4));
    agrees(moments.y2[0], 1.0 / (2.0 * (2.0 - 0.8)));
    agrees(moments.y2[1], 2.0 / (3.0 * (2.0 - 1.2)));
}

/// `E x⁴` of `x ← a x + s ξ` from 0, by the recursion of its moments; `kurtosis = E ξ⁴`.
fn fourth(a: f64, s: f64, kurtosis: f64, steps: u64) -> f64 {
    let (mut two, mut four) = (0.0, 0.0);
    for _ in 0..steps {
        four = a.powi(4) * four + 6.0 * a * a * s * s * two + s.powi(4) * kurtosis;
        two = a * a * two + s * s;
    }
    four
}

/// Its own fourth moment at a coarse step, where it is not that of normal increments; that moment comes to that of the equation
/// to first order in `dt`, though not along paths; and second moments are those of Euler and Maruyama.
#[test]
fn two_point_increments_keep_weak_order_one() {
    let coarse = Plan { scheme: Scheme::TwoPoint, ..plan(200_000, 4, Some(0.25)) };
    let found = paths(Domain::Line, "x^2/2", &["2"], langevin(1.0, &[0.5]), &coarse);
    let (moments, kick) = (found.moments.expect("some"), 0.5f64.sqrt());
    agrees(moments.x2, (1.0 - 0.75f64.powi(8)) / (1.0 - 0.75f64.powi(2)) * 0.5);
    agrees(moments.y2[0], (1.0 - 0.5f64.powi(8)) / (1.0 - 0.25) * 0.25);
    agrees(moments.x, 0.0);
    let own = estimate(found.x.iter().map(|x| x.powi(4)));
    agrees(own, fourth(0.75, kick, 1.0, 4));
    assert!((own.value - fourth(0.75, kick, 3.0, 4)).abs() > 10.0 * own.standard_error);
    let exact = 3.0 * (1.0 - f::exp(-2.0)).powi(2);
    let error = |steps: u64| {
        let dt = 1.0 / steps as f64;
        (fourth(1.0 - dt, (2.0 * dt).sqrt(), 1.0, steps) - exact).abs()
    };
    let order = (error(256) / error(512)).log2();
    assert!((order - 1.0).abs() < 0.05, "{order}");
    // x and y are drawn apart.
    let product = estimate(found.x.iter().zip(&found.y[0]).map(|(x, y)| x * y));
    agrees(product, 0.0);
}

/// Counts are steadier than clocks: words drawn per walker and step.
#[test]
fn random_words_per_step_are_few() {
    let words = |scheme: Scheme, curvature: &[&str], noise: PosedNoise| {
        let sgd = matches!(noise, PosedNoise::Sgd { .. });
        let plan = Plan { scheme, ..plan(256, 8, (!sgd).then_some(0.01)) };
        let problem = posed(Domain::Line, "x^2/2", curvature, noise, &plan).expect("sound");
        let mut block = block::blocks(&problem, 256, 0).remove(0);
        let before = block.stream.clone();
        block.advance(&problem, 8);
        before.words_to(&block.stream) as f64 / (8.0 * 32.0)
    };
    let one = || langevin(1.0, &[1.0]);
    assert_eq!(words(Scheme::EulerMaruyama, &["1+x^2"], one()), 2.0);
    assert_eq!(words(Scheme::EulerMaruyama, &["1", "2"], langevin(1.0, &[1.0, 1.0])), 3.0);
    assert_eq!(words(Scheme::Strang, &["1+x^2"], one()), 2.0);
    assert_eq!(words(Scheme::TwoPoint, &["1+x^2"], one()), 2.0 / 32.0);
    assert_eq!(words(Scheme::Strang, &["1+x^2"], sgd(0.9, 0.0, None, Vec::new())), 2.0);
    assert_eq!(words(Scheme::Strang, &["1+x^2"], sgd(0.9, 0.3, None, Vec::new())), 3.0);
}

#[test]
fn strang_has_exact_sharp_variances_at_any_step_and_heun_along_a_quadratic_floor() {
    let plan = Plan { start: Some(1.0), ..plan(40_000, 3, Some(0.5)) };
    let moments = paths(Domain::Line, "x^2/2", &["0.2", "3"], langevin(0.3, &[0.5, 1.0]), &plan).moments.expect("some");
    agrees(moments.y2[0], 2.5 * (1.0 - f::exp(-0.6)));
    agrees(moments.y2[1], 1.0 / 3.0 * (1.0 - f::exp(-9.0)));
    // The spread of the last half step's draw is taken off: a⁴ is left once the start is forgotten.
    agrees(moments.y2_plain[1], 1.0 / 3.0 * (1.0 - f::exp(-9.0)));
    let left = (moments.y2[1].standard_error / moments.y2_plain[1].standard_error).powi(2);
    assert!((left / f::exp(-2.0 * 3.0 * 0.5) - 1.0).abs() < 0.1, "{left}");
    let (decay, kick): (f64, f64) = (1.0 - 0.5 + 0.125, 0.3 * (1.0 - 0.25) * (1.0 - 0.25));
    agrees(moments.x, decay.powi(3));
    agrees(moments.x2, decay.powi(6) + kick * (1.0 + decay.powi(2) + decay.powi(4)));
}

/// `<x²>` under `exp(−x²/2T)/sqrt(1+½sin x)` by the trapezoidal rule.
fn boltzmann(of: &dyn Fn(f64) -> f64) -> f64 {
    let (mut above, mut below) = (0.0, 0.0);
    for k in -4000..=4000 {
        let x = f64::from(k) * 0.002_5;
        let weight = f::exp(-0.5 * x * x) / (1.0 + 0.5 * f::sin(x)).sqrt();
        above += weight * of(x);
        below += weight;
    }
    above / below
}

#[test]
fn equal_temperatures_give_boltzmann_moments_whatever_the_separation_of_times() {
    let curvature = "2*(1+sin(x)/2)";
    for every in [None, Some(20)] {
        let (walkers, steps) = if every.is_some() { (2000, 1000) } else { (20_000, 150) };
        let plan = Plan { every, burn_in: 200, ..plan(walkers, steps, Some(0.05)) };
        let moments = paths(Domain::Line, "x^2/2", &[curvature], langevin(1.0, &[1.0]), &plan).moments.expect("some");
        agrees(moments.x, boltzmann(&|x| x));
        agrees(moments.x2, boltzmann(&|x| x * x));
        agrees(moments.y2[0], boltzmann(&|x| 1.0 / (2.0 + f::sin(x))));
    }
}

/// Seen here: −0.2396 and −0.0592 ± 0.003, ratio 4.05 (Strang); 0.114 and 0.055, ratio 2.09 (Euler).
#[test]
fn strang_is_of_weak_order_two_where_forces_are_nonlinear_and_euler_of_order_one() {
    let curvature = "2*(1+sin(x)/2)";
    let bias = |scheme: Scheme, dt: f64| {
        let steps = (6.4 / dt) as u64;
        let plan = Plan { scheme, threads: 0, ..plan(1 << 17, steps, Some(dt)) };
        let moments = paths(Domain::Line, "x^2/2", &[curvature], langevin(1.0, &[1.0]), &plan).moments.expect("some");
        (moments.x2.value - boltzmann(&|x| x * x), moments.x2.standard_error)
    };
    let ((coarse, error), (fine, _)) = (bias(Scheme::Strang, 0.8), bias(Scheme::Strang, 0.4));
    assert!(coarse.abs() > 20.0 * error, "{coarse} ± {error}");
    assert!(coarse / fine > 3.0, "{coarse} {fine}");
    let ((coarse, _), (fine, _)) = (bias(Scheme::EulerMaruyama, 0.2), bias(Scheme::EulerMaruyama, 0.1));
    assert!((1.5..2.8).contains(&(coarse / fine)), "{coarse} {fine}");
}

#[test]
fn sgd_has_its_variance_at_a_finite_learning_rate() {
    let plan = plan(40_000, 200, None);
    let moments = paths(Domain::Line, "x^2/2", &["2"], sgd(0.0, 0.0, None, vec![]), &plan).moments.expect("some");
    // ηS/(λ(2 − ηλ)) at ηλ = 1.5 and 0.75
    agrees(moments.y2[0], 0.375 / (2.0 * 0.5));
    agrees(moments.x2, 0.375 / 1.25);
}

#[test]
fn momentum_and_curvature_noise_have_their_variances() {
    let plan = plan(40_000, 300, None);
    let momentum = paths(Domain::Line, "x^2/2", &["2"], sgd(0.6, 0.0, None, vec![]), &plan).moments.expect("some");
    let exact = |l: f64| 1.6 * 0.375 / (0.4 * l * (3.2 - 0.75 * l));
    agrees(momentum.y2[0], exact(2.0));
    agrees(momentum.x2, exact(1.0));
    let noisy = paths(Domain::Line, "x^2/2", &["1.2"], sgd(0.0, 0.4, None, vec![]), &plan).moments.expect("some");
    // c² = c₁² p̂ = 0.08
    agrees(noisy.y2[0], 0.375 / (2.4 - 0.75 * 1.44 * 1.08));
}

#[test]
fn curvature_noise_acts_on_the_floor_through_the_same_draw() {
    // One step from (0, 0) leaves y = −η s ξ; in the second x moves by −η(½λ'(1+cζ)y²) and y by −ηλ(1+cζ)y.
    let plan = plan(200_000, 2, None);
    let noise = PosedNoise::Sgd {
        learning_rate: 0.75,
        factor: 1.0,
        variance: vec![formula("1")],
        floor_variance: formula("0"),
        momentum: 0.0,
        curvature_noise: 0.5,
        epoch: None,
        mixing: vec![],
    };
    let e = paths(Domain::Line, "0", &["1+x"], noise, &plan);
    let (eta, c) = (0.75f64, 0.5f64);
    let v = eta * eta;
    let moments = e.moments.as_ref().expect("some");
    agrees(moments.x, -0.5 * eta * v);
    agrees(moments.x2, 0.25 * eta * eta * 3.0 * v * v * (1.0 + c * c));
    // <x y²> = −½η <(1+cζ)y²[(1 − η(1+cζ))² y² + η²]> tells one ζ from two.
    let (a, b) = (1.0 - eta, eta * c);
    let third = 3.0 * v * v * (a * a + b * b - 2.0 * a * b * c) + v * v;
    agrees(gather::estimate(e.x.iter().zip(&e.y[0]).map(|(x, y)| x * y * y)), -0.5 * eta * third);
}

#[test]
fn the_mean_of_learners_has_its_variance_and_one_learner_is_plain_sgd() {
    let mixing = vec![vec![0.5, 0.25, 0.25], vec![0.25, 0.5, 0.25], vec![0.25, 0.25, 0.5]];
    let plan = plan(20_000, 200, None);
    // ηλ = 0.9: at 1.5 the second eigenvalue 0.25 of W would make differences between learners grow.
    let three = paths(Domain::Line, "x^2/2", &["1.2"], sgd(0.0, 0.0, None, mixing), &plan).moments.expect("some");
    agrees(three.y2[0], 0.375 / (1.2 * 1.1) / 3.0);
    agrees(three.x2, 0.375 / 1.25 / 3.0);
    let one = paths(Domain::Line, "x^2/2", &["2"], sgd(0.0, 0.0, None, vec![vec![1.0]]), &plan);
    assert_eq!(one, paths(Domain::Line, "x^2/2", &["2"], sgd(0.0, 0.0, None, vec![]), &plan));
}

#[test]
fn noise_of_an_epoch_sums_to_zero() {
    let length = 5u64;
    // Without any force the sum is the position: back at the start after whole epochs, not in between.
    let plan = plan(20_000, 10, None);
    let whole = paths(Domain::Line, "0", &["2"], sgd(0.0, 0.0, Some(length), vec![]), &plan);
    assert!(whole.x.iter().all(|x| x.abs() < 1e-12));
    // y after 13 steps: Σ_s a^(13−s) η ξ_s with variance S and covariance −S/(M−1) inside an epoch.
    let plan = Plan { steps: 13, ..plan };
    let part = paths(Domain::Line, "0", &["0.4"], sgd(0.0, 0.0, Some(length), vec![]), &plan).moments.expect("some");
    let weight = |s: u64| 0.7f64.powi(13 - s as i32);
    let mut exact = 0.0;
    for s in 1..=13 {
        for r in (1..=13).filter(|r| (r - 1) / length == (s - 1) / length) {
            exact += weight(s) * weight(r) * if r == s { 1.0 } else { -1.0 / (length - 1) as f64 };
        }
    }
    agrees(part.y2[0], 0.75 * 0.75 * 0.5 * exact);
}

#[test]
fn equal_plans_give_equal_bytes_for_any_number_of_threads() {
    let of = |threads: usize| {
        let plan = Plan { threads, every: Some(7), burn_in: 10, ..plan(3000, 60, Some(0.1)) };
        let e = paths(WALLS, "x^2/2", &["2+sin(x)", "3"], langevin(0.4, &[1.0, 0.3]), &plan);
        Ensemble { threads: 0, ..e }
    };
    let one = of(1);
    assert_eq!(one, of(2));
    assert_eq!(one, of(7));
}

#[test]
fn walls_fold_to_a_uniform_law_and_circles_wrap_to_one() {
    let circle = Domain::Periodic { lower: -1.0, upper: 2.0 };
    for domain in [WALLS, circle] {
        for every in [None, Some(50)] {
            let plan = Plan { every, burn_in: 100, ..plan(20_000, 200, Some(0.1)) };
            let e = paths(domain, "0", &["2"], langevin(1.0, &[1.0]), &plan);
            let histogram = e.histogram.expect("some");
            assert_eq!((histogram.outside, histogram.p.len()), (0.0, 64));
            for (p, error) in histogram.p.iter().zip(&histogram.standard_errors) {
                assert!((p - 1.0 / 3.0).abs() < 5.5 * error, "{p} ± {error}");
            }
            agrees(e.moments.expect("some").x2, 1.0);
        }
    }
}

#[test]
fn walkers_beyond_the_edge_of_stability_are_counted_and_leave_no_trace_in_numbers() {
    let plan = plan(300, 400, None);
    let e = paths(Domain::Line, "0", &["2.8"], sgd(0.0, 0.0, None, vec![]), &plan);
    assert_eq!((e.diverged.count, e.x.len(), e.moments, e.histogram), (300, 0, None, None));
    let (_, step, place) = e.diverged.first.expect("one");
    assert!(step > 50 && place.is_finite());
    // Half of the valley is unstable: the others stay.
    let noise = langevin(1e-4, &[1.0]);
    let plan = Plan { scheme: Scheme::EulerMaruyama, dt: Some(1.0), ..plan };
    let e = paths(Domain::Line, "-2e-3*x^4", &["1+x^2/1000"], noise, &Plan { start: Some(5.0), ..plan });
    assert!(e.x.iter().chain(&e.y[0]).all(|v| v.is_finite()));
    assert_eq!(e.x.len() + e.diverged.count, 300);
}

#[test]
fn first_passage_between_walls_takes_the_time_of_diffusion() {
    let domain = Domain::Interval { lower: 0.0, upper: 1.0 };
    let plan = plan(20_000, 1, Some(0.01));
    let problem = posed(domain, "0", &["50"], langevin(0.5, &[0.1]), &plan).expect("sound");
    let passage = arrive(problem, &plan, 1.0, 5_000, Between::Bridge, &Unwatched).expect("follows");
    assert_eq!((passage.censored, passage.times.len()), (0, 20_000));
    // L²/(2T)
    agrees(passage.mean.expect("all arrived"), 1.0);
    // Either way round a circle of length 3, from 0 to 1: ab/(2T) with a = 1, b = 2.
    let circle = Domain::Periodic { lower: -1.0, upper: 2.0 };
    let problem = posed(circle, "0", &["50"], langevin(0.5, &[0.1]), &plan).expect("sound");
    agrees(arrive(problem, &plan, 1.0, 10_000, Between::Bridge, &Unwatched).expect("follows").mean.expect("all"), 2.0);
    let problem = posed(circle, "0", &["50"], langevin(0.5, &[0.1]), &plan).expect("sound");
    let short = arrive(problem, &plan, 1.0, 50, Between::Bridge, &Unwatched).expect("follows");
    assert!(short.mean.is_none() && short.censored > 0 && short.restricted.expect("some").value < 0.5);
}

#[test]
fn refuses_what_cannot_be_followed() {
    let refusal = |noise: PosedNoise, plan: Plan| {
        let problem = posed(WALLS, "x^2/2", &["2"], noise, &plan);
        problem.and_then(|p| follow(p, &plan, &Unwatched)).expect_err("refused")
    };
    let langevin = || langevin(1.0, &[1.0]);
    let sound = plan(10, 10, Some(0.1));
    assert_eq!(refusal(langevin(), Plan { walkers: 0, ..sound.clone() }), SimError::NoWalkers);
    assert_eq!(refusal(langevin(), Plan { steps: 0, ..sound.clone() }), SimError::NoSteps);
    assert_eq!(refusal(langevin(), Plan { every: Some(0), ..sound.clone() }), SimError::EveryZero);
    assert_eq!(refusal(langevin(), Plan { start: Some(2.5), ..sound.clone() }), SimError::Outside { place: 2.5 });
    assert!(matches!(refusal(langevin(), Plan { start: Some(f64::NAN), ..sound.clone() }), SimError::Outside { .. }));
    assert_eq!(refusal(langevin(), Plan { dt: Some(-0.1), ..sound.clone() }), SimError::TimeStep { dt: -0.1 });
    assert!(matches!(refusal(langevin(), Plan { dt: Some(f64::NAN), ..sound.clone() }), SimError::TimeStep { .. }));
    assert_eq!(refusal(sgd(0.0, 0.0, None, vec![]), sound.clone()), SimError::TimeStepOfSgd);
    assert!(matches!(refusal(langevin(), Plan { walkers: usize::MAX, ..sound.clone() }), SimError::TooLarge { .. }));
    let edges = Some(vec![0.0, 0.0]);
    assert_eq!(refusal(langevin(), Plan { edges, ..sound.clone() }), SimError::Edges);
    let late = Plan { every: Some(5), burn_in: 8, ..sound.clone() };
    assert!(matches!(refusal(langevin(), late), SimError::NothingRecorded { .. }));
    struct Impatient;
    impl Watch for Impatient {
        fn stop(&self) -> bool {
            true
        }
    }
    let problem = posed(WALLS, "x^2/2", &["2"], langevin(), &sound).expect("sound");
    assert_eq!(follow(problem, &sound, &Impatient), Err(SimError::Interrupted { done: 0 }));
}

#[test]
fn start_and_time_step_are_chosen_from_the_model() {
    let unset = Plan { start: None, ..plan(1, 1, None) };
    let problem = posed(Domain::Line, "(x-37)^4+1", &["5"], langevin(1.0, &[1.0]), &unset).expect("sound");
    assert!((problem.start - 37.0).abs() < 1e-3, "{}", problem.start);
    assert!(problem.dt > 0.0 && problem.dt <= 0.1);
    let problem = posed(WALLS, "x", &["5"], langevin(1.0, &[1.0]), &unset).expect("sound");
    assert_eq!((problem.start, problem.dt), (-1.0, 0.1));
    let falling = posed(Domain::Line, "-x", &["5"], langevin(1.0, &[1.0]), &unset);
    assert_eq!(falling.err(), Some(SimError::NoStart));
}

#[test]
fn every_model_of_the_repository_can_be_followed_by_its_own_plan() {
    let mut count = 0;
    for entry in std::fs::read_dir("models").expect("there") {
        let path = entry.expect("readable").path();
        let text = std::fs::read_to_string(&path).expect("readable");
        let Ok(model) = Model::read(&text, &[]) else { panic!("{} is not a model", path.display()) };
        let chosen = Plan::for_model(&model, None).expect("a plan");
        let e = run(&model, &Plan { walkers: 512, steps: chosen.steps.min(300), ..chosen }, &Unwatched);
        let e = e.expect("follows");
        assert_eq!(e.x.len() + e.diverged.count, 512, "{}", path.display());
        assert!(e.x.iter().chain(e.y.iter().flatten()).all(|v| v.is_finite()));
        count += 1;
    }
    assert!(count >= 10);
}

/// Legs of 13 steps, written down and taken up twice, against one go; recorded states leg by leg.
#[test]
fn a_run_that_is_written_down_and_taken_up_gives_the_same_bytes() {
    // Half of the walkers leave here: what is known of them must come back, too.
    let epochs = r#"Model(name: "epochs", floor: (coordinate: "x", domain: Line, loss: "x^2/2-x^4/40"), sharp: [(curvature: "2+x^2")],
        noise: Sgd(learning_rate: 0.9, batch_size: 8, kappa: 1, variance: "2", momentum: 0.5, sampling: Epoch, dataset_size: 40))"#;
    for name in ["yang-tang-tu-2023", "three-directions", "epochs", "sgd-momentum", "sgd-learners", "harmonic-line"] {
        let file = std::fs::read_to_string(format!("models/{name}.ron"));
        let text = if name == "epochs" { epochs.to_owned() } else { file.expect(name) };
        let Ok(model) = Model::read(&text, &[]) else { panic!("{name}") };
        for every in [None, Some(7)] {
            let burn_in = every.map_or(0, |_| 30);
            let chosen = Plan::for_model(&model, None).expect("a plan");
            let plan = Plan { walkers: 300, steps: 101, every, burn_in, threads: 2, seed: 5, ..chosen };
            let whole = run(&model, &plan, &Unwatched).expect("follows");
            assert_eq!(whole.diverged.count > 0, name == "epochs", "{}", whole.diverged.count);
            let mut at_once = Run::new(&model, &plan).expect("sound");
            at_once.keep_records();
            let mut recorded = Vec::new();
            while !at_once.is_done() {
                recorded.extend(at_once.advance(101, &Unwatched).expect("follows"));
            }
            assert_eq!(recorded.len(), every.map_or(0, |_| 10 * 300 * (1 + model.directions())), "{name}");
            let mut again = Vec::new();
            let mut legs = Run::new(&model, &plan).expect("sound");
            legs.keep_records();
            while !legs.is_done() {
                again.extend(legs.advance(13, &Unwatched).expect("follows"));
                let file = legs.checkpoint(vec![("note".into(), "kept".into())]).to_bytes();
                let read = Checkpoint::read(&file).expect("whole");
                assert_eq!(read.note("note"), Some("kept"));
                let plan = Plan { threads: 1, ..plan.taken_up(&read).expect("said") };
                legs = Run::resume(&model, &plan, &read).expect("fits");
                legs.keep_records();
            }
            assert_eq!(recorded, again, "{name}");
            let found = legs.finish(&Unwatched).expect("follows");
            assert_eq!(found, Ensemble { threads: 1, ..whole }, "{name} {every:?}");
        }
    }
}

#[test]
fn a_checkpoint_of_another_run_is_refused() {
    let text = std::fs::read_to_string("models/harmonic-line.ron").expect("there");
    let read = |changes: &[(String, f64)]| match Model::read(&text, changes) {
        Ok(model) => model,
        Err(_) => panic!("a model"),
    };
    let model = read(&[]);
    let plan = Plan { walkers: 20, steps: 9, ..Plan::for_model(&model, None).expect("a plan") };
    let checkpoint = Run::new(&model, &plan).expect("sound").checkpoint(Vec::new());
    assert!(Run::resume(&model, &plan, &checkpoint).is_ok());
    let what = |model: &Model, plan: &Plan| match Run::resume(model, plan, &checkpoint).err() {
        Some(CheckpointError::Foreign { what, .. }) => what,
        other => panic!("{other:?}"),
    };
    let dt = plan.dt.map(|dt| 0.5 * dt);
    assert_eq!(what(&model, &Plan { dt, ..plan.clone() }), "dt");
    assert_eq!(what(&model, &Plan { seed: 1, ..plan.clone() }), "seed");
    assert_eq!(what(&model, &Plan { scheme: Scheme::EulerMaruyama, ..plan.clone() }), "scheme");
    assert_eq!(what(&model, &Plan { edges: Some(vec![0.0, 1.0]), ..plan.clone() }), "edges");
    assert_eq!(what(&read(&[("noise.kappa".into(), 3.5)]), &plan), "model");
    // What a model says about itself changes no path.
    let Ok(renamed) = Model::read(&text.replace("about: \"", "about: \"Well: "), &[]) else { panic!("a model") };
    assert!(Run::resume(&renamed, &plan, &checkpoint).is_ok());
}

/// `τ = (1/T) ∫_a^b exp(U(y)/T) ∫_−∞^y exp(−U(z)/T) dz dy` for `U = x²/2`, by the trapezoidal rule.
fn passage_over_a_parabola(temperature: f64, from: f64, to: f64) -> f64 {
    let step = 2e-4;
    let weight = |x: f64| f::exp(-0.5 * x * x / temperature);
    let (mut below, mut total, mut x) = (0.0, 0.0, -8.0);
    while x < to - 0.5 * step {
        let slope = |x: f64, below: f64| below / (temperature * weight(x));
        let before = below;
        below += 0.5 * step * (weight(x) + weight(x + step));
        if x > from - 0.5 * step {
            total += 0.5 * step * (slope(x, before) + slope(x + step, below));
        }
        x += step;
    }
    total
}

/// Seen here without the bridge: late by 0.29 and 0.15 of 2.35 at dt = 0.04 and 0.01.
#[test]
fn the_bridge_takes_the_error_of_order_root_dt_off_a_first_passage() {
    let exact = passage_over_a_parabola(0.5, -0.5, 0.5);
    let late = |between: Between, dt: f64| {
        let plan = Plan { start: Some(-0.5), threads: 0, ..plan(20_000, 1, Some(dt)) };
        let problem = posed(Domain::Line, "x^2/2", &["9"], langevin(0.5, &[0.1]), &plan).expect("sound");
        let limit = (60.0 / dt) as u64;
        let mean = arrive(problem, &plan, 0.5, limit, between, &Unwatched).expect("follows").mean.expect("all arrived");
        ((mean.value - exact) / exact, mean.standard_error / exact)
    };
    let ((coarse, error), (fine, _)) = (late(Between::Nothing, 0.04), late(Between::Nothing, 0.01));
    assert!(coarse > 12.0 * error, "{coarse} ± {error}");
    assert!((1.6..2.5).contains(&(coarse / fine)), "{coarse} {fine}");
    for dt in [0.04, 0.01] {
        let (bias, error) = late(Between::Bridge, dt);
        // What is left is of the order of dt.
        assert!(bias.abs() < 5.0 * error + 0.2 * dt, "{bias} ± {error} at {dt}");
    }
}
