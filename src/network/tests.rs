//! The measured networks of `data/` against the figures of its README, and small networks with known answers.

use super::*;
use crate::archive::{ArrayRef, write};
use proptest::prelude::*;

fn measured(name: &str) -> Report {
    let path = format!("{}/data/digits_{name}.npz", env!("CARGO_MANIFEST_DIR"));
    let bytes = std::fs::read(path).expect("the measured networks are part of the repository");
    report(&read(&bytes).expect("they are well formed"))
}

fn near(found: Option<f64>, expected: f64, within: f64) {
    assert!(found.is_some_and(|f| (f - expected).abs() <= within), "{found:?}, expected {expected} within {within}");
}

fn bounds(report: &Report, expected: &[f64]) {
    assert_eq!(report.divergence.len(), expected.len());
    for (found, &expected) in report.divergence.iter().zip(expected) {
        near(found.mean_square_bound, expected, 0.5e-4);
    }
}

/// Medians over the directions of measured over (plain, curvature noise), in the order of the README's table.
fn medians(report: &Report, expected: &[(f64, f64)]) {
    for (run, &(plain, moment)) in report.runs.iter().zip(expected) {
        // The table shows two decimals, or none beyond 100.
        let within = |x: f64| if x >= 100.0 { 0.51 } else { 0.0051 };
        near(run.ratios.plain_discrete.map(|r| r.median), plain, within(plain));
        near(run.ratios.curvature_noise.map(|r| r.median), moment, within(moment));
    }
}

#[test]
fn squared_error_network() {
    let report = measured("mlp16");
    bounds(&report, &[0.0739, 0.0878, 0.0937, 0.0949, 0.0952, 0.0954, 0.0954, 0.0955]);
    near(report.divergence[0].noise_subtracted_ratio, 0.857, 5e-4);
    near(report.divergence[4].leaves_ratio, 2.22, 5e-3);
    let table = [(1.02, 1.01), (1.12, 1.04), (1.61, 1.14), (1.52, 0.84), (1.00, 1.00), (1.01, 1.01), (1.04, 1.01)];
    medians(&report, &table);
    // What shuffling does is in the epoch map, not in the formula for independent batches.
    let (plain, epoch) = ([0.63, 0.84, 0.08, 0.48], [1.02, 1.05, 1.00, 1.02]);
    let shuffled: Vec<&RunReport> = report.runs.iter().filter(|r| r.sampling == Sampling::Epoch).collect();
    assert_eq!(shuffled.len(), 4);
    for (i, run) in shuffled.iter().enumerate() {
        near(run.ratios.plain_discrete.map(|r| r.median), plain[i], 0.0051);
        near(run.ratios.epoch.map(|r| r.median), epoch[i], 0.0051);
    }
    let moved = report.displacement.as_deref().expect("one entry per run");
    for (at, predicted, seen) in [(0, 0.184, 0.187), (5, 0.160, 0.140), (11, 0.115, 0.102), (6, 0.98, 0.58)] {
        near(moved[at].predicted, predicted, 0.6e-3 * if predicted > 0.9 { 10.0 } else { 1.0 });
        near(moved[at].measured, seen, 0.6e-3 * if predicted > 0.9 { 10.0 } else { 1.0 });
    }
    let fit = report.flattening.and_then(|f| f.exponents).expect("this network flattens");
    near(Some(fit.learning_rate.value), 2.25, 0.005);
    near(Some(fit.learning_rate.standard_error), 0.10, 0.005);
    near(Some(fit.batch_size.value), -1.09, 0.005);
    near(Some(fit.batch_size.standard_error), 0.04, 0.005);
    assert_eq!(report.missing, Vec::<String>::new());
}

#[test]
fn cross_entropy_network() {
    let report = measured("xent16");
    bounds(&report, &[0.2068, 0.3857, 0.7934, 1.2011, 1.5773, 1.8959, 2.0185, 2.1213]);
    medians(&report, &[(1.06, 1.02), (1.38, 1.16), (3.72, 2.14), (15.13, 5.15), (1.04, 1.02), (1.18, 1.07)]);
    assert!(report.runs[3].notes.iter().any(|n| n.starts_with("cross-entropy")), "{:?}", report.runs[3].notes);
    let flattening = report.flattening.expect("the arrays are there");
    assert!(flattening.exponents.is_none() && flattening.status.is_some_and(|s| s.contains("not supported")));
}

#[test]
fn predictions_agree_with_those_recorded_when_measuring() {
    let bytes =
        std::fs::read(format!("{}/data/digits_mlp16.npz", env!("CARGO_MANIFEST_DIR"))).expect("in the repository");
    let archive = crate::archive::Archive::read(&bytes).expect("well formed");
    let recorded = archive.f64("run_variance_moment").expect("recorded").into_values();
    let report = report(&read(&bytes).expect("well formed"));
    for (at, run) in report.runs.iter().enumerate() {
        for (i, direction) in run.directions.iter().enumerate() {
            let expected = recorded[at * 20 + i];
            near(direction.predictions.curvature_noise, expected, 1e-5 * expected);
        }
    }
}

/// A named array with its shape.
type Named = (&'static str, Vec<usize>, Vec<f64>);

/// Four samples with Hessians diag(λ ± σ, 2): one noisy direction, one without curvature noise.
fn small(lambda: f64, sigma: f64) -> Vec<Named> {
    let hessians: Vec<f64> = [1.0, -1.0, 1.0, -1.0].iter().flat_map(|s| [lambda + s * sigma, 0.0, 0.0, 2.0]).collect();
    let hundredth = |n: usize| (1..=n).map(|i| i as f64 / 100.0).collect::<Vec<f64>>();
    vec![
        ("hessian_eigenvalues", vec![2], vec![lambda, 2.0]),
        ("noise_covariance", vec![2, 2], vec![1.0, 0.2, 0.2, 0.5]),
        ("sample_hessians", vec![4, 2, 2], hessians),
        ("sample_count", vec![], vec![4.0]),
        ("run_learning_rate", vec![3], vec![0.05, 0.1, 1.5]),
        ("run_batch_size", vec![3], vec![2.0, 2.0, 1.0]),
        ("run_sampling", vec![3], vec![0.0, 1.0, 0.0]),
        ("run_variance", vec![3, 2], vec![0.01, 0.02, 0.01, 0.02, f64::NAN, f64::NAN]),
        ("run_variance_stderr", vec![3, 2], hundredth(6)),
        ("run_steps", vec![3], vec![1000.0; 3]),
        ("run_burn_in", vec![3], vec![100.0; 3]),
        ("run_diverged", vec![3], vec![0.0, 0.0, 1.0]),
        ("run_lambda_max_mean", vec![3], vec![3.0, 3.0, f64::NAN]),
        ("run_distance_of_mean", vec![3], vec![0.1, 0.2, f64::NAN]),
        ("divergence_batch_size", vec![2], vec![1.0, 4.0]),
        ("divergence_learning_rate", vec![2], vec![0.9, 1.0]),
        ("divergence_spread", vec![2], vec![0.1, f64::NAN]),
        ("tangent_learning_rate", vec![2], vec![0.4, 0.5]),
        ("tangent_spread", vec![2], vec![0.1, f64::NAN]),
        ("hessian_eigenvalues_all", vec![3], vec![lambda, 2.0, 1e-3]),
        ("noise_variance_all", vec![3], vec![1.0, 0.5, 0.0]),
        ("curvature_slope_all", vec![2, 3], hundredth(6)),
        ("loss_kind", vec![3], vec![109.0, 115.0, 101.0]),
        ("drift_learning_rate", vec![6], vec![0.01, 0.02, 0.04, 0.01, 0.02, 0.04]),
        ("drift_batch_size", vec![6], vec![1.0, 1.0, 1.0, 4.0, 4.0, 4.0]),
        ("drift_sampling", vec![6], vec![0.0; 6]),
        ("drift_diverged", vec![6], vec![0.0; 6]),
        ("drift_rate", vec![6], vec![4e-4, 16e-4, 64e-4, 1e-4, 4e-4, 16e-4]),
        ("drift_start_eigenvalues", vec![2], vec![5.0, 1.0]),
        ("rate_time", vec![2], vec![1.0, 2.0]),
        ("rate_learning_rate", vec![1], vec![0.01]),
        ("rate_batch_size", vec![1], vec![1.0]),
        ("rate_log_lambda_max", vec![1, 2, 2], vec![-0.1, -0.2, -0.1, -0.4]),
        ("rate_log_lambda_max_predicted", vec![1, 2], vec![-0.1, -0.3]),
    ]
}

fn bytes_of(arrays: &[Named]) -> Vec<u8> {
    let arrays: Vec<(&str, ArrayRef)> =
        arrays.iter().map(|(name, shape, values)| (*name, ArrayRef { shape, values })).collect();
    write(&arrays).expect("shapes fit")
}

proptest! {
    /// One noisy direction: `η* = 2λ/(λ²+σ²/B)`, and the variance `ηC/(B(2λ − η(λ²+σ²/B)))`.
    #[test]
    fn bound_and_variance_in_closed_form(lambda in 2.5..9.0_f64, sigma in 0.0..9.0_f64, batch in 1.0..50.0_f64) {
        let network = read(&bytes_of(&small(lambda, sigma))).expect("well formed");
        let scalar = |l: f64, s: f64| 2.0 * l / (l * l + s * s / batch);
        // Off the diagonal λ₁λ₂ is not noisy, since the second direction is not: bound (λ₁+λ₂)/(λ₁λ₂).
        let expected = scalar(lambda, sigma).min(1.0).min((lambda + 2.0) / (2.0 * lambda));
        let bound = mean_square_bound(&network, batch).expect("positive curvature");
        prop_assert!((bound / expected - 1.0).abs() < 1e-9, "{bound} {expected}");
        let beta = 0.7;
        let slow = mean_square(&network, Setting { momentum: beta, ..Setting::plain(batch) }).expect("positive curvature").value;
        let noise = sigma * sigma / batch / (1.0 - beta);
        let pair = 2.0 * lambda - beta * (lambda * lambda + 4.0 - 4.0 * beta * lambda) / (1.0 - beta * beta);
        let coupled = if pair > 0.0 { (1.0 - beta) * (lambda + 2.0) / pair } else { f64::INFINITY };
        let expected = (2.0 * lambda / (lambda * lambda / (1.0 + beta) + noise)).min(1.0 + beta).min(coupled);
        prop_assert!((slow / expected - 1.0).abs() < 1e-9, "{slow} {expected}");
        for (share, stays) in [(0.9, true), (1.1, false)] {
            let eta = share * bound;
            let found = network.moments.as_ref().expect("dense").stationary(eta, batch, &network.noise_covariance);
            prop_assert_eq!(found.is_ok(), stays);
            if let Ok(v) = found {
                let exact = eta / (batch * (2.0 * lambda - eta * (lambda * lambda + sigma * sigma / batch)));
                prop_assert!((v[0] / exact - 1.0).abs() < 1e-7, "{} {exact}", v[0]);
            }
        }
    }
}

#[test]
fn exponents_of_an_exact_power_law_are_recovered() {
    let report = report(&read(&bytes_of(&small(3.0, 1.0))).expect("well formed"));
    assert_eq!(report.missing, ["kconv_*", "traj_*", "sweep_*"]);
    let fit = report.flattening.and_then(|f| f.exponents).expect("six exact rates");
    near(Some(fit.learning_rate.value), 2.0, 1e-9);
    near(Some(fit.batch_size.value), -1.0, 1e-9);
    let third = &report.runs[2].directions[0];
    assert_eq!((third.predicted_variance, third.measured_variance), (None, None));
    assert!(third.status["predicted_variance"].contains("not below 2"), "{:?}", third.status);
}

#[test]
fn each_optional_array_may_be_absent_and_is_named() {
    let whole = small(3.0, 1.0);
    let required = ["hessian_eigenvalues", "noise_covariance"];
    let of_runs = ["run_learning_rate", "run_batch_size", "run_sampling", "run_variance"];
    for (at, (name, ..)) in whole.iter().enumerate() {
        let mut arrays = whole.clone();
        arrays.remove(at);
        let network = read(&bytes_of(&arrays));
        if required.contains(name) || of_runs.contains(name) {
            assert_eq!(network.expect_err("required").to_string(), format!("array `{name}` is missing"));
        } else {
            let report = report(&network.unwrap_or_else(|e| panic!("without {name}: {e}")));
            assert!(report.missing.iter().any(|m| m == name), "{name} not among {:?}", report.missing);
            assert_eq!((report.runs.len(), report.runs[0].directions.len()), (3, 2));
            let text = serde_json::to_string(&report).expect("plain data");
            assert!(!text.contains("NaN") && !text.contains("inf"), "{text}");
        }
    }
}

#[test]
fn wrong_shapes_and_numbers_are_refused_by_name() {
    for (at, (name, shape, _)) in small(3.0, 1.0).into_iter().enumerate() {
        if name == "loss_kind" || name.ends_with("eigenvalues") {
            continue; // any length will do
        }
        let mut arrays = small(3.0, 1.0);
        let longer: Vec<usize> = shape.iter().map(|n| n + 1).chain([3]).collect();
        arrays[at].2 = vec![1.0; longer.iter().product()];
        arrays[at].1 = longer;
        let error = read(&bytes_of(&arrays)).expect_err(name).to_string();
        assert!(error.contains(&format!("array `{name}` has shape")), "{name}: {error}");
    }
    let cases: [(&str, usize, f64, &str); 7] = [
        ("noise_covariance", 0, f64::NAN, "`noise_covariance`: element 0 is not finite"),
        ("noise_covariance", 0, -9.0, "`noise_covariance` is not a covariance"),
        ("noise_covariance", 1, 0.9, "`noise_covariance` is not symmetric"),
        ("sample_hessians", 1, 0.9, "`sample_hessians` is not symmetric"),
        ("sample_hessians", 0, 1e200, "`sample_hessians` holds"),
        ("run_sampling", 1, 7.0, "`run_sampling` holds 7"),
        ("run_learning_rate", 1, 0.0, "`run_learning_rate` holds 0"),
    ];
    for (name, element, value, message) in cases {
        let mut arrays = small(3.0, 1.0);
        let array = arrays.iter_mut().find(|a| a.0 == name).expect("among the arrays");
        array.2[element] = value;
        let error = read(&bytes_of(&arrays)).expect_err(name).to_string();
        assert!(error.contains(message), "{error}");
    }
}

#[test]
fn without_curvature_there_is_no_bound() {
    let mut arrays = small(3.0, 1.0);
    arrays[2].2 = [-1.0, 0.0, 0.0, 2.0].repeat(4);
    let network = read(&bytes_of(&arrays)).expect("legal, if no minimum");
    assert!(matches!(mean_square_bound(&network, 2.0), Err(NetworkError::NoBound { .. })));
    assert!(matches!(mean_square_bound(&network, 0.5), Err(NetworkError::Range { .. })));
    assert!(matches!(mean_square_bound(&network, f64::NAN), Err(NetworkError::Range { .. })));
    let report = report(&network);
    assert!(report.notes.iter().any(|n| n.contains("differs from `hessian_eigenvalues`")));
    assert!(report.divergence.iter().all(|d| d.mean_square_bound.is_none() && !d.status.is_empty()));
}

#[test]
fn the_dense_bound_lies_between_the_sides_of_the_operator() {
    for name in ["mlp16", "xent16"] {
        let path = format!("{}/data/digits_{name}.npz", env!("CARGO_MANIFEST_DIR"));
        let network = read(&std::fs::read(path).expect("in the repository")).expect("well formed");
        for batch in [1.0, 10.0] {
            let found = mean_square(&network, Setting::plain(batch)).expect("a minimum");
            let (lower, upper) = found.enclosure.expect("without momentum");
            assert!(upper / lower - 1.0 < 1e-6, "{name}, {batch}: {lower} {upper}");
            assert!(lower <= found.value * (1.0 + 1e-10) && found.value <= upper * (1.0 + 1e-10), "{found:?}");
            assert!(found.interval.0 < found.value && found.value < found.interval.1);
        }
    }
}

/// Full batches without replacement carry no noise at all; one sample is one sample.
#[test]
fn without_replacement_the_noise_ends_at_the_whole_set() {
    let network = read(&bytes_of(&small(3.0, 1.0))).expect("well formed");
    let of = |batch_size| {
        let setting = Setting { without_replacement: true, ..Setting::plain(batch_size) };
        mean_square(&network, setting).map(|found| found.value)
    };
    near(of(1.0).ok(), mean_square_bound(&network, 1.0).expect("a minimum"), 1e-12);
    near(of(4.0).ok(), 2.0 / 3.0, 1e-9);
    // (N−B)/(B(N−1)) = 1/3 at B = 2 of N = 4: as with replacement at B = 3.
    near(of(2.0).ok(), mean_square_bound(&network, 3.0).expect("a minimum"), 1e-12);
    assert!(matches!(of(5.0), Err(NetworkError::Range { .. })));
}

#[test]
fn partial_files_give_an_upper_bound_and_an_estimate() {
    let keep = ["hessian_eigenvalues", "noise_covariance", "sample_count"];
    let arrays: Vec<Named> = small(3.0, 1.0).into_iter().filter(|a| keep.contains(&a.0)).collect();
    let network = read(&bytes_of(&arrays)).expect("enough for an upper bound");
    assert!(!network.knows_curvature_noise());
    assert!(matches!(mean_square_bound(&network, 1.0), Err(NetworkError::NoBound { .. })));
    near(edge_of_stability(&network), 2.0 / 3.0, 1e-15);
    // 3η/(2−6η) + 2η/(2−4η) = 1: 3η(1−2η) + 2η(1−3η) = 2(1−3η)(1−2η), so 24η² − 15η + 2 = 0.
    let by_hand = (15.0 - 33.0_f64.sqrt()) / 48.0;
    near(gaussian_estimate(&network, Setting::plain(1.0)).ok(), by_hand, 1e-12);
    let whole = report(&network);
    assert!(whole.runs.is_empty() && whole.divergence.iter().all(|d| d.mean_square_bound.is_none()));
    let without_count: Vec<Named> = arrays.into_iter().filter(|a| a.0 != "sample_count").collect();
    assert!(read(&bytes_of(&without_count)).expect_err("N is needed").to_string().contains("`sample_count`"));
}

/// Factors stand for the Hessians they make: `J_i = (a_i, b_i)`, one output.
#[test]
fn factors_give_the_bound_of_their_hessians() {
    let factors: Vec<[f64; 2]> =
        (0..6).map(|i| [2.0 + (f64::from(i) * 1.3).sin(), (f64::from(i) * 0.7).cos()]).collect();
    let decay = 0.2;
    let hessians = factors.iter().flat_map(|[a, b]| [a * a + decay, a * b, a * b, b * b + decay]).collect();
    let mut with = small(3.0, 1.0);
    with.retain(|a| a.0 != "sample_hessians" && a.0 != "sample_count");
    let mut other = with.clone();
    with.push(("sample_hessians", vec![6, 2, 2], hessians));
    other.push(("sample_jacobians", vec![6, 1, 2], factors.concat()));
    other.push(("weight_decay", vec![1], vec![decay]));
    let of = |arrays: &[Named]| {
        mean_square(&read(&bytes_of(arrays)).expect("well formed"), Setting::plain(2.0)).expect("curved")
    };
    let (a, b) = (of(&with), of(&other));
    assert!((a.value / b.value - 1.0).abs() < 1e-12 && (a.interval.0 / b.interval.0 - 1.0).abs() < 1e-9, "{a:?} {b:?}");
}

/// More directions than are solved densely: a rotated copy of a diagonal network, whose bound is known.
#[test]
fn fifty_directions_go_between_sides() {
    let (k, n) = (50, 60);
    let angle = |i: usize| 0.3 + i as f64;
    let rotation = nalgebra::DMatrix::<f64>::from_fn(k, k, |i, j| (angle(i) * (j + 1) as f64).sin()).qr().q();
    let curvature =
        |sample: usize, a: usize| (1.0 + a as f64 / 10.0) * (1.0 + 0.8 * (angle(sample) * (a + 2) as f64).cos());
    let mut hessians = Vec::new();
    for sample in 0..n {
        let h = nalgebra::DMatrix::from_diagonal(&nalgebra::DVector::from_fn(k, |a, _| curvature(sample, a)));
        let turned = &rotation * h * rotation.transpose();
        hessians.extend(turned.transpose().iter().copied());
    }
    let p = 0.5;
    let mean = |f: &dyn Fn(usize) -> f64| (0..n).map(f).sum::<f64>() / n as f64;
    let mut radius = 0.0_f64;
    for a in 0..k {
        for b in 0..=a {
            let (ha, hb) = (mean(&|s| curvature(s, a)), mean(&|s| curvature(s, b)));
            let both = mean(&|s| curvature(s, a) * curvature(s, b));
            radius = radius.max(2.0 * ((1.0 - p) * ha * hb + p * both) / (ha + hb));
        }
    }
    let identity = nalgebra::DMatrix::<f64>::identity(k, k);
    let arrays = vec![
        ("hessian_eigenvalues", vec![k], vec![1.0; k]),
        ("noise_covariance", vec![k, k], identity.as_slice().to_vec()),
        ("sample_hessians", vec![n, k, k], hessians),
    ];
    let network = read(&bytes_of(&arrays)).expect("well formed");
    let found = mean_square(&network, Setting::plain(2.0)).expect("curved");
    let (lower, upper) = found.enclosure.expect("without momentum");
    let exact = 2.0 / radius;
    assert!(lower <= exact * (1.0 + 1e-9) && exact <= upper * (1.0 + 1e-9), "{lower} {exact} {upper}");
    assert!((found.value / exact - 1.0).abs() < 1e-3, "{found:?} {exact}");
    assert!(mean_square_bootstrap(&network, &[Setting::plain(2.0)], 40, 0).is_err());
}
