//! How long does each room take? `cargo bench`; see `benches/README.md`.

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use rand::SeedableRng;
use rand_distr::{Distribution, StandardNormal};
use rand_xoshiro::Xoshiro256PlusPlus;
use std::hint::black_box;
use std::time::Duration;
use thalweg::eval::Simd;
use thalweg::model::Model;
use thalweg::sim::{Plan, Scheme, Unwatched};
use thalweg::theory::{Method, bounds::bounds, stationary};

const PAPER: &str = include_str!("../models/yang-tang-tu-2023.ron");
const TWO: &str = include_str!("../models/two-directions.ron");
const CIRCLE: &str = include_str!("../models/asymmetric-circle.ron");
const STEPS: &str = include_str!("../models/sgd-plain.ron");
/// A sharp direction that relaxes more slowly than the floor: the exact solve needs many modes.
const SLOW: &str = r#"Model(name: "slow", floor: (coordinate: "x", domain: Line, loss: "0.5*x^2"),
    sharp: [(flatness: "0.2*(1+x^2)")], noise: Langevin(delta: 0.3, kappa: 0.3))"#;

fn read(text: &str) -> Model {
    Model::read(text, &[]).expect("a model of the repository")
}

fn densities(c: &mut Criterion) {
    let mut group = c.benchmark_group("density");
    let (paper, steps) = (read(PAPER), read(STEPS));
    for method in Method::ALL {
        let model = if matches!(method, Method::Adiabatic | Method::FirstOrder) { &paper } else { &steps };
        group.bench_function(method.name(), |b| b.iter(|| stationary(black_box(model), method)));
    }
    group.bench_function("bounds", |b| b.iter(|| bounds(black_box(&steps))));
    group.finish();
}

fn exact(c: &mut Criterion) {
    let mut group = c.benchmark_group("exact solve");
    group.sample_size(10);
    for (name, text) in [("one direction", PAPER), ("circle", CIRCLE), ("slow valley", SLOW), ("two directions", TWO)] {
        let model = read(text);
        group.bench_function(name, |b| b.iter(|| thalweg::fokker_planck::solve(black_box(&model))));
    }
    group.finish();
}

fn formulas(c: &mut Criterion) {
    let mut group = c.benchmark_group("formula");
    let model = read(PAPER);
    let tape = model.compile(&[model.curvature(0).clone()]);
    let places: Vec<f64> = (0..4096).map(|k| -7.8 + 15.6 * f64::from(k) / 4096.0).collect();
    group.throughput(Throughput::Elements(places.len() as u64));
    group.bench_function("point by point", |b| {
        b.iter(|| black_box(&places).iter().map(|x| tape.value(*x)).sum::<f64>())
    });
    group.bench_function("in blocks", |b| {
        let (mut values, mut scratch) = (vec![0.0; places.len()], Vec::new());
        b.iter(|| tape.block(Simd::detect(), &[black_box(&places)], &mut [&mut values], &mut scratch));
    });
    group.bench_function("peer: plain Rust with libm", |b| {
        b.iter(|| black_box(&places).iter().map(|x| 20.0 * (1.0 + 0.5 * libm::sin(*x))).sum::<f64>())
    });
    group.finish();
}

/// One thread, 256 walkers, Euler–Maruyama steps in the paper's valley.
fn paths(c: &mut Criterion) {
    let mut group = c.benchmark_group("walker-step");
    let (walkers, steps, dt) = (256_usize, 256_u64, 1e-3);
    group.throughput(Throughput::Elements(walkers as u64 * steps));
    let model = read(PAPER);
    for scheme in [Scheme::EulerMaruyama, Scheme::Strang] {
        let mut plan = Plan::for_model(&model, Some(1.0)).expect("a plan");
        (plan.walkers, plan.steps, plan.dt, plan.scheme, plan.threads) = (walkers, steps, Some(dt), scheme, 1);
        group.bench_function(scheme.name(), |b| b.iter(|| thalweg::sim::run(&model, black_box(&plan), &Unwatched)));
    }
    group.bench_function("peer: scalar Euler-Maruyama", |b| {
        b.iter_batched(
            || Xoshiro256PlusPlus::seed_from_u64(1),
            |mut random| {
                let (along, across) = ((2.0 * dt / 3.0_f64).sqrt(), (2.0 * dt).sqrt());
                let wall = 2.5 * std::f64::consts::PI;
                let mut sum = 0.0;
                for _ in 0..walkers {
                    let (mut x, mut y) = (0.0_f64, 0.0_f64);
                    for _ in 0..steps {
                        let force = x + 0.5 * 10.0 * libm::cos(x) * y * y;
                        let curvature = 20.0 * (1.0 + 0.5 * libm::sin(x));
                        let (a, b): (f64, f64) =
                            (StandardNormal.sample(&mut random), StandardNormal.sample(&mut random));
                        x += -force * dt + along * a;
                        y += -curvature * y * dt + across * b;
                        if x > wall {
                            x = 2.0 * wall - x;
                        } else if x < -wall {
                            x = -2.0 * wall - x;
                        }
                    }
                    sum += x;
                }
                sum
            },
            BatchSize::SmallInput,
        )
    });
    group.finish();
}

criterion_group! {
    name = rooms;
    config = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(2));
    targets = densities, exact, formulas, paths
}
criterion_main!(rooms);
