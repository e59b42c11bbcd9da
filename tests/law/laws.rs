//! The laws.

use super::Law;
use rand::{RngExt, SeedableRng};
use rand_distr::{Distribution, StandardNormal};
use rand_xoshiro::Xoshiro256PlusPlus;
use statrs::distribution::{ChiSquared, ContinuousCDF};
use thalweg::model::Model;
use thalweg::num::function::{erfc, exp};
use thalweg::sim::{Ensemble, Plan, Unwatched, first_passage, run};
use thalweg::stats::{chi_squared, kolmogorov_smirnov, mean, mean_of_path, mean_total_variation};

/// All of them.
pub const LAWS: &[Law] = &[
    Law {
        id: "first_step_along_the_floor",
        claim: "a Langevin step moves along the floor with the variance 2T dt",
        null: "squares of Gaussian draws",
        statistic: "sum of squares over the stated variance, chi-squared",
        n: 8000,
        seed: 101,
        wrong: "kappa + 10 %",
        power: 0.99,
        exact: true,
        p: |n, seed, wrong| {
            let found = followed(HARMONIC, n, 1, Some(1e-3), seed);
            let t = if wrong { 0.25 / 1.1 } else { 0.25 };
            let middle = 0.3 * (1.0 - 1e-3 + 0.5e-6);
            variance_is(found.x.iter().map(|x| x - middle), 2.0 * t * 1e-3)
        },
    },
    Law {
        id: "first_step_across_the_valley",
        claim: "a Langevin step spreads across the valley by Delta/lambda (1 - exp(-2 lambda dt))",
        null: "squares of Gaussian draws",
        statistic: "sum of squares over the stated variance, chi-squared",
        n: 8000,
        seed: 103,
        wrong: "Delta + 10 %",
        power: 0.99,
        exact: true,
        p: |n, seed, wrong| {
            let found = followed(HARMONIC, n, 1, Some(1e-3), seed);
            let delta = if wrong { 0.55 } else { 0.5 };
            variance_is(found.y[0].iter().copied(), delta / 5.0 * (1.0 - exp(-2.0 * 5.0 * 1e-3)))
        },
    },
    Law {
        id: "exact_spread_at_any_time_step",
        claim: "splitting keeps the spread Delta/lambda at time steps beyond 1/lambda",
        null: "squares of Gaussian draws",
        statistic: "sum of squares over the stated variance, chi-squared",
        n: 4000,
        seed: 105,
        wrong: "Euler's spread, Delta/(lambda (1 - lambda dt/2))",
        power: 0.99,
        exact: true,
        p: |n, seed, wrong| {
            let found = followed(HARMONIC, n, 20, Some(0.3), seed);
            let factor = if wrong { 1.0 / (1.0 - 0.75) } else { 1.0 };
            variance_is(found.y[0].iter().copied(), factor * 0.1)
        },
    },
    Law {
        id: "spread_of_sgd_at_a_finite_step",
        claim: "steps of SGD spread by eta S/(lambda (2 - eta lambda))",
        null: "squares of Gaussian draws",
        statistic: "sum of squares over the stated variance, chi-squared",
        n: 4000,
        seed: 107,
        wrong: "the continuous spread Delta/lambda",
        power: 0.99,
        exact: true,
        p: |n, seed, wrong| {
            let found = followed(STEPS, n, 15, None, seed);
            let variance = if wrong { 0.02 / 1.2 } else { 0.04 / (1.2 * 0.8) };
            variance_is(found.y[0].iter().copied(), variance)
        },
    },
    Law {
        id: "shape_of_the_spread_of_sgd",
        claim: "the law across of steps with Gaussian noise is Gaussian",
        null: "independent draws from the normal law",
        statistic: "distance of Kolmogorov and Smirnov",
        n: 20_000,
        seed: 109,
        wrong: "a logistic law of the same variance",
        power: 0.95,
        exact: true,
        p: |n, seed, wrong| {
            let found = followed(STEPS, n, 15, None, seed);
            let deviation = (0.04f64 / (1.2 * 0.8)).sqrt();
            let mut z: Vec<f64> = found.y[0].iter().map(|y| y / deviation).collect();
            z.sort_by(f64::total_cmp);
            let law =
                |z: f64| if wrong { 1.0 / (1.0 + exp(-z * std::f64::consts::PI / 3f64.sqrt())) } else { normal(z) };
            kolmogorov_smirnov(&z, &law).expect("samples in order").p_value
        },
    },
    Law {
        id: "spread_with_momentum",
        claim: "momentum spreads by (1+beta) eta S/((1-beta) lambda (2(1+beta) - eta lambda))",
        null: "squares of Gaussian draws",
        statistic: "sum of squares over the stated variance, chi-squared",
        n: 4000,
        seed: 111,
        wrong: "1 - beta and 1 + beta interchanged",
        power: 0.99,
        exact: true,
        p: |n, seed, wrong| {
            let text = STEPS.replace("variance: \"0.04\"", "variance: \"0.04\", momentum: 0.4");
            let found = followed(&text, n, 50, None, seed);
            let beta: f64 = if wrong { -0.4 } else { 0.4 };
            let variance = (1.0 + beta) * 0.04 / ((1.0 - beta) * 1.2 * (2.0 * (1.0 + beta) - 1.2));
            variance_is(found.y[0].iter().copied(), variance.abs())
        },
    },
    Law {
        id: "spread_of_the_mean_of_learners",
        claim: "the mean of n learners has the noise of one over n",
        null: "squares of Gaussian draws",
        statistic: "sum of squares over the stated variance, chi-squared",
        n: 4000,
        seed: 113,
        wrong: "n + 1 for n",
        power: 0.99,
        exact: true,
        p: |n, seed, wrong| {
            let text =
                STEPS.replace("variance: \"0.04\"", "variance: \"0.04\", learners: (count: 4, mixing: Complete(0.3))");
            let found = followed(&text, n, 15, None, seed);
            let learners = if wrong { 5.0 } else { 4.0 };
            variance_is(found.y[0].iter().copied(), 0.04 / (learners * 1.2 * 0.8))
        },
    },
    Law {
        id: "width_on_a_quadratic_floor",
        claim: "steps of SGD along a floor of curvature c are eta S/(kappa c (2 - eta c)) wide",
        null: "squares of Gaussian draws",
        statistic: "sum of squares over the stated variance, chi-squared",
        n: 4000,
        seed: 115,
        wrong: "the continuous width T/c",
        power: 0.99,
        exact: true,
        p: |n, seed, wrong| {
            let found = followed(FLOOR, n, 25, None, seed);
            let variance = if wrong { 0.02 / (5.0 * 0.6) } else { 0.04 / (5.0 * 0.6 * 1.4) };
            variance_is(found.x.iter().copied(), variance)
        },
    },
    Law {
        id: "uniform_between_walls",
        claim: "walls reflect: a floor without a force fills evenly",
        null: "independent draws into bins of known probability",
        statistic: "total variation in 12 bins, McDiarmid's tail",
        n: 10_000,
        seed: 117,
        wrong: "a law that falls by 40 % from wall to wall",
        power: 0.95,
        exact: false,
        p: |n, seed, wrong| {
            let found = followed(WALLED, n, 20, Some(0.1), seed);
            let mut seen = [0.0; 12];
            found.x.iter().for_each(|x| seen[((x * 12.0) as usize).min(11)] += 1.0 / n as f64);
            let tilt = if wrong { 0.5 } else { 0.0 };
            let law: Vec<f64> = (0..12).map(|k| (1.0 + tilt * (5.5 - f64::from(k)) / 11.0) / 12.0).collect();
            let apart = 0.5 * seen.iter().zip(&law).map(|(a, b)| (a - b).abs()).sum::<f64>();
            let beyond = apart - mean_total_variation(&law, n as f64);
            if beyond <= 0.0 { 1.0 } else { exp(-2.0 * n as f64 * beyond * beyond) }
        },
    },
    Law {
        id: "time_between_walls",
        claim: "first passage of a length l from a wall takes l^2/(2T)",
        null: "mean of independent times of arrival",
        statistic: "mean less l^2/(2T) in standard errors, normal",
        n: 1000,
        seed: 119,
        wrong: "T + 20 %",
        power: 0.95,
        exact: true,
        p: |n, seed, wrong| {
            let model = read(WALLED);
            let plan = Plan { walkers: n, dt: Some(0.004), start: Some(1e-9), seed, ..planned(&model) };
            let found = first_passage(&model, &plan, 0.8, 20_000, &Unwatched).expect("followed");
            let time = found.mean.expect("everybody arrives");
            let t = if wrong { 0.6 } else { 0.5 };
            two_sided((time.value - 0.64 / (2.0 * t)) / time.standard_error)
        },
    },
    Law {
        id: "error_of_a_correlated_mean",
        claim: "the standard error of the mean of a path accounts for its memory",
        null: "mean of an autoregressive path with correlation 0.8",
        statistic: "mean in standard errors, normal",
        n: 20_000,
        seed: 121,
        wrong: "a mean of a fifth of a standard deviation",
        power: 0.9,
        exact: true,
        p: |n, seed, wrong| {
            let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
            let normal: f64 = StandardNormal.sample(&mut rng);
            let mut x = normal;
            let path: Vec<f64> = (0..n)
                .map(|_| {
                    let normal: f64 = StandardNormal.sample(&mut rng);
                    x = 0.8 * x + 0.6 * normal;
                    x + if wrong { 0.2 } else { 0.0 }
                })
                .collect();
            let (estimate, _) = mean_of_path(&path);
            two_sided(estimate.value / estimate.standard_error)
        },
    },
    Law {
        id: "distance_of_kolmogorov",
        claim: "p-values of Kolmogorov and Smirnov's test are uniform under the null",
        null: "independent even draws",
        statistic: "distance of Kolmogorov and Smirnov",
        n: 400,
        seed: 123,
        wrong: "draws squeezed towards one end by a power of 1.4",
        power: 0.95,
        exact: true,
        p: |n, seed, wrong| {
            let mut draws = even(n, seed);
            draws.sort_by(f64::total_cmp);
            kolmogorov_smirnov(&draws, &|u| if wrong { u.powf(1.4) } else { u }).expect("in order").p_value
        },
    },
    Law {
        id: "pearson_of_bins",
        claim: "p-values of Pearson's test are uniform under the null",
        null: "independent draws into ten even bins",
        statistic: "Pearson's chi-squared with nine degrees of freedom",
        n: 2000,
        seed: 125,
        wrong: "a tenth of one bin's probability moved to the next, in every pair",
        power: 0.3,
        exact: true,
        p: |n, seed, wrong| {
            let mut seen = [0.0; 10];
            even(n, seed).iter().for_each(|u| seen[(u * 10.0) as usize] += 1.0);
            let part = |k: usize| if wrong { if k.is_multiple_of(2) { 0.87 } else { 1.13 } } else { 1.0 };
            let law: Vec<f64> = (0..10).map(|k| n as f64 / 10.0 * part(k)).collect();
            chi_squared(&seen, &law).expect("ten bins").p_value
        },
    },
];

const HARMONIC: &str = "Model(name: \"harmonic\", floor: (coordinate: \"x\", domain: Line, loss: \"x^2/2\"), \
                        sharp: [(curvature: \"5\")], noise: Langevin(delta: 0.5, kappa: 2))";
const STEPS: &str = "Model(name: \"steps\", floor: (coordinate: \"x\", domain: Periodic(lower: 0, upper: 1), loss: \"0\"), \
                     sharp: [(curvature: \"1.2\")], noise: Sgd(learning_rate: 1, batch_size: 1, kappa: 5, variance: \"0.04\"))";
const FLOOR: &str = "Model(name: \"floor\", floor: (coordinate: \"x\", domain: Line, loss: \"0.3*x^2\"), \
                     sharp: [(curvature: \"1.2\")], noise: Sgd(learning_rate: 1, batch_size: 1, kappa: 5, variance: \"0.04\"))";
const WALLED: &str = "Model(name: \"walled\", floor: (coordinate: \"x\", domain: Interval(lower: 0, upper: 1), loss: \"0\"), \
                      sharp: [(curvature: \"5\")], noise: Langevin(delta: 1, kappa: 2))";

fn read(text: &str) -> Model {
    Model::read(text, &[]).expect("a valid model")
}

fn planned(model: &Model) -> Plan {
    Plan { threads: 1, ..Plan::for_model(model, Some(1.0)).expect("a plan") }
}

/// Walkers from 0.3 along the floor (from its middle where steps start on a line).
fn followed(text: &str, walkers: usize, steps: u64, dt: Option<f64>, seed: u64) -> Ensemble {
    let model = read(text);
    let start = if text.contains("0.3*x^2") { 0.0 } else { 0.3 };
    let plan = Plan { walkers, steps, dt, start: Some(start), seed, ..planned(&model) };
    run(&model, &plan, &Unwatched).expect("followed")
}

fn even(n: usize, seed: u64) -> Vec<f64> {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    (0..n).map(|_| rng.random()).collect()
}

fn normal(z: f64) -> f64 {
    0.5 * erfc(-z / std::f64::consts::SQRT_2)
}

fn two_sided(z: f64) -> f64 {
    erfc(z.abs() / std::f64::consts::SQRT_2)
}

/// p-value of Gaussian draws around zero against a variance.
fn variance_is(draws: impl Iterator<Item = f64>, variance: f64) -> f64 {
    let squares: Vec<f64> = draws.map(|v| v * v / variance).collect();
    let n = squares.len() as f64;
    let law = ChiSquared::new(n).expect("draws");
    let sum = n * mean(&squares).value;
    2.0 * law.cdf(sum).min(law.sf(sum))
}
