//! Nanoseconds per walker-step, least of many short bursts: `cargo bench --bench steps -- [portable|avx2|avx512]`.
//!
//! Clocks of shared machines waver, so compare rows of one run, as `benches/peers/simulation.py` does.

use std::time::Instant;
use thalweg::eval::Simd;
use thalweg::eval::lanes::Lanes;
use thalweg::model::Model;
use thalweg::sim::{Landscape, Local, Plan, Scheme, Unwatched};

const WALKERS: usize = 2048;
const STEPS: u64 = 200;
const BURSTS: usize = 60;
const LANGEVIN: &str = r#"Model(name: "reference", parameters: {"s": 20.0},
    floor: (coordinate: "x", domain: Line, loss: "x^2/2"),
    sharp: [(curvature: "s*(1+sin(x)/2)")], noise: Langevin(delta: 1.0, kappa: 3.0))"#;

/// The same as code.
struct Valley;

impl Landscape<1> for Valley {
    #[inline(always)]
    fn at<L: Lanes>(&self, x: L) -> Local<L, 1> {
        let (sine, cosine) = x.sin_cos();
        let curvature = [sine.mul_add(L::splat(10.0), L::splat(20.0))];
        Local { floor_slope: x, curvature, steepness: [cosine * L::splat(10.0)] }
    }
}

/// SGD with momentum and curvature noise in so many directions.
fn sgd(directions: usize, momentum: f64, curvature_noise: f64) -> String {
    let sharp: Vec<String> = (0..directions).map(|i| format!("(curvature: \"{}*(1+sin(x)/2)\")", 2 + i)).collect();
    format!(
        r#"Model(name: "steps", floor: (coordinate: "x", domain: Line, loss: "x^2/2"), sharp: [{}],
        noise: Sgd(learning_rate: 0.01, batch_size: 1, kappa: 5.0, variance: "0.02", momentum: {momentum:?},
        curvature_noise: {curvature_noise:?}))"#,
        sharp.join(", ")
    )
}

/// Least time of a walker-step; what a short run takes is taken off, so that setting up does not count.
fn nanoseconds(model: &Model, plan: &Plan, compiled: bool) -> f64 {
    let time = |steps: u64| {
        let plan = Plan { steps, ..plan.clone() };
        let start = Instant::now();
        let followed = if compiled {
            thalweg::sim::run_compiled(model, Valley, &plan, &Unwatched)
        } else {
            thalweg::sim::run(model, &plan, &Unwatched)
        };
        assert!(followed.is_ok_and(|e| e.diverged.count == 0));
        start.elapsed().as_secs_f64()
    };
    let least = |steps: u64| (0..BURSTS).map(|_| time(steps)).fold(f64::INFINITY, f64::min);
    let short = plan.steps / 10;
    (least(plan.steps) - least(short)) * 1e9 / (WALKERS as u64 * (plan.steps - short)) as f64
}

fn main() {
    let level = std::env::args().nth(1).filter(|a| !a.starts_with("--"));
    let simd = match level.as_deref() {
        Some("portable") => Simd::Portable,
        Some("avx2") => Simd::Avx2,
        Some("avx512") => Simd::Avx512,
        _ => Simd::detect(),
    };
    let row = |name: &str, text: &str, scheme: Scheme, directions: usize, compiled: bool| {
        let model = Model::read(text, &[]).expect("a model");
        let mut plan = Plan::for_model(&model, Some(1.0)).expect("a plan");
        (plan.walkers, plan.steps, plan.scheme, plan.threads, plan.simd) = (WALKERS, STEPS, scheme, 1, simd);
        plan.dt = plan.dt.map(|_| 1e-3);
        let ns = nanoseconds(&model, &plan, compiled);
        println!(
            "{name:44} {:9} {ns:7.3} ns per walker-step, {:7.3} per direction",
            simd.name(),
            ns / directions as f64
        );
    };
    row("compiled in, Euler-Maruyama", LANGEVIN, Scheme::EulerMaruyama, 1, true);
    row("compiled in, Strang", LANGEVIN, Scheme::Strang, 1, true);
    row("formula, Euler-Maruyama", LANGEVIN, Scheme::EulerMaruyama, 1, false);
    row("formula, Strang", LANGEVIN, Scheme::Strang, 1, false);
    row("SGD", &sgd(1, 0.0, 0.0), Scheme::Strang, 1, false);
    row("SGD, momentum, curvature noise", &sgd(1, 0.9, 0.3), Scheme::Strang, 1, false);
    row("SGD, momentum, curvature noise, 4 directions", &sgd(4, 0.9, 0.3), Scheme::Strang, 4, false);
}
