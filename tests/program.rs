//! The program as a stranger meets it: answers and exit codes. What it refuses is in `refusal/program.rs`.

use assert_cmd::Command;
use predicates::prelude::*;
use serde_json::Value;
use std::io::Write;

fn thalweg() -> Command {
    let mut command = Command::cargo_bin("thalweg").expect("the program is built");
    command.current_dir(env!("CARGO_MANIFEST_DIR"));
    command
}

fn json(arguments: &[&str]) -> Value {
    let output = thalweg().args(arguments).args(["--format", "json"]).assert().success().get_output().stdout.clone();
    serde_json::from_slice(&output).expect("one JSON object")
}

fn model_file(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::Builder::new().suffix(".ron").tempfile().expect("a file");
    file.write_all(text.as_bytes()).expect("written");
    file
}

#[test]
fn the_main_job_passes() {
    let report = json(&["verify", "models/yang-tang-tu-2023.ron"]);
    assert_eq!(report["verdict"], "pass");
    assert!(report["checks"].as_array().is_some_and(|c| c.len() >= 7));
}

/// One direction, κ = 3, Δ = 1: L_SGD = −2 ln F + 2 L0, and the law is normalised.
#[test]
fn losses_and_densities_have_the_keys_and_values_promised() {
    let loss = json(&["loss", "models/yang-tang-tu-2023.ron", "--at", "-1.5,0,0.7"]);
    for (k, x) in [-1.5_f64, 0.0, 0.7].into_iter().enumerate() {
        let curvature = 20.0 * (1.0 + 0.5 * x.sin());
        let expected = -2.0 * (-0.5 * curvature.ln()) + 2.0 * 0.5 * x * x;
        let value = loss["sgd_loss"][k].as_f64().expect("a number");
        assert!((value - expected).abs() < 1e-9, "{value} {expected}");
    }
    let density = json(&["density", "models/yang-tang-tu-2023.ron"]);
    let x = density["x"].as_array().expect("places");
    let step = x[1].as_f64().expect("x") - x[0].as_f64().expect("x");
    for method in ["adiabatic", "first-order", "fokker-planck"] {
        let mass: f64 = density["densities"][method].as_array().expect("values").iter().filter_map(Value::as_f64).sum();
        assert!((mass * step - 1.0).abs() < 1e-6, "{method}: {}", mass * step);
    }
    assert!(density["regime"]["epsilon_max"].as_f64().is_some());
}

/// A flat floor between walls with constant curvature: τ = (b − x)²-differences over 2T, gap Tπ²/L², and steps of SGD.
#[test]
fn times_along_a_flat_floor_are_those_of_free_diffusion() {
    let model = |noise: &str| {
        model_file(&format!(
            r#"Model(name: "flat", floor: (coordinate: "x", domain: Interval(lower: 0, upper: 2), loss: "0"),
                sharp: [(curvature: "1.5")], noise: {noise})"#
        ))
    };
    let ask = |file: &tempfile::NamedTempFile| {
        json(&["time", file.path().to_str().expect("a path"), "--from", "0.5", "--to", "1.5"])
    };
    let free = ask(&model("Langevin(delta: 0.2, kappa: 2)"));
    let value = |v: &Value| v.as_f64().expect("a number");
    // T = 0.1
    assert!((value(&free["mean_first_passage_time"]) - (1.5_f64.powi(2) - 0.25) / 0.2).abs() < 1e-9);
    assert!((value(&free["spectral_gap"]) - 0.1 * std::f64::consts::PI.powi(2) / 4.0).abs() < 1e-9);
    let simulated = &free["methods"]["simulation"];
    let (mean, error) = (value(&simulated["mean_first_passage_time"]), value(&simulated["standard_error"]));
    // 4.5 standard errors: a false alarm in 1.5e5 runs; the seed is the default one.
    assert!((mean - 10.0).abs() < 4.5 * error && error < 0.5, "{mean} {error}");
    // T = ηC/(2Bκ(1−β)) = 0.1 again, and one step is a time η/(1−β) = 0.2.
    let sgd = ask(&model("Sgd(learning_rate: 0.1, batch_size: 1, kappa: 2, variance: \"2\", momentum: 0.5)"));
    assert!((value(&sgd["mean_first_passage_time"]) - 10.0).abs() < 1e-9);
    assert!((value(&sgd["steps"]) - 50.0).abs() < 1e-8);
    thalweg()
        .args(["time", "models/yang-tang-tu-2023.ron", "--from", "-9", "--to", "1"])
        .assert()
        .code(2)
        .stdout("")
        .stderr(predicate::str::contains("--from -9: outside the domain"));
}

/// 4000 steps of SGD with η = 0.1, λ = 2, S = 0.08, κ = 4 from a fixed stream: Δ = ηS/2 = 0.004. The interval is nine standard
/// errors wide on either side before the test fails.
#[test]
fn a_recorded_path_gives_its_noise_back() {
    use rand::SeedableRng;
    use rand_distr::{Distribution, StandardNormal};
    let mut stream = rand_xoshiro::Xoshiro256PlusPlus::seed_from_u64(0);
    let mut normal = || -> f64 { StandardNormal.sample(&mut stream) };
    let (mut x, mut y) = (0.0, 0.0);
    let mut text = String::from("step,x,y\n");
    for step in 0..4000 {
        text += &format!("{step},{x},{y}\n");
        x -= 0.1 * (0.3 * x + (0.08_f64 / 4.0).sqrt() * normal());
        y -= 0.1 * (2.0 * y + 0.08_f64.sqrt() * normal());
    }
    let mut file = tempfile::Builder::new().suffix(".csv").tempfile().expect("a file");
    file.write_all(text.as_bytes()).expect("written");
    let path = file.path().to_str().expect("a path");
    let found = json(&["fit", path, "--learning-rate", "0.1"]);
    for (name, truth) in [("delta", 0.004), ("kappa", 4.0)] {
        let value = found[name]["value"].as_f64().expect("a number");
        let (lower, upper) = (&found[name]["interval"][0], &found[name]["interval"][1]);
        let half = (upper.as_f64().expect("upper") / lower.as_f64().expect("lower")).ln() / 2.0;
        assert!((value / truth).ln().abs() < 4.5 * half && half < 0.2, "{name} {value}");
    }
    assert_eq!(found["goodness_of_fit"]["describes_the_rest"], true);
    // Without y the noise across cannot be told: undecided. Without an interval: bad input.
    let alone: String =
        text.lines().map(|line| line.rsplit_once(',').map_or("", |(rest, _)| rest).to_owned() + "\n").collect();
    std::fs::write(file.path(), alone).expect("written");
    thalweg()
        .args(["fit", path, "--format", "json"])
        .assert()
        .code(3)
        .stdout(predicate::str::contains("leaves no trace"));
    std::fs::write(file.path(), "step,x\n0,1\n1,nan\n").expect("written");
    thalweg().args(["fit", path]).assert().code(2).stdout("");
}

/// A degenerate circle: the time falls with the learning rate, so that `safety` times 2/λ_max is best; infeasible is undecided.
#[test]
fn advice_stays_below_the_bound_and_explains_itself() {
    let advice = json(&["tune", "models/sgd-plain.ron", "--safety", "0.7"]);
    assert_eq!(advice["active_bound"], "mean-square");
    let (rate, bound) = (&advice["learning_rate"], &advice["bound"]["value"]);
    let (rate, bound) = (rate.as_f64().expect("a rate"), bound.as_f64().expect("a bound"));
    assert!((rate - 0.7 * bound).abs() < 1e-9 * bound);
    thalweg()
        .args(["tune", "models/degenerate.ron", "--format", "json"])
        .assert()
        .code(3)
        .stdout(predicate::str::contains("no finite bound is known"));
    let network = json(&["tune", "data/digits_mlp16.npz", "--batch-size", "10", "--safety", "0.5"]);
    let row = &network["by_batch_size"][0];
    let (rate, bound) = (row["learning_rate"].as_f64().expect("a rate"), row["bound"].as_f64().expect("a bound"));
    assert!((bound - 0.0949).abs() < 5e-5 && (2.0 * rate - bound).abs() < 1e-12);
    assert_eq!(network["batch_size"], 10.0);
}

/// L0 = c ln(1+x²/w²), F = F0(1+x²/w²): normalisable iff Δ < c/(1 + 1/(2κ)).
#[test]
fn the_confinement_bound_of_a_logarithmic_valley_is_exact() {
    let file = model_file(
        r#"Model(name: "log", floor: (coordinate: "x", domain: Line, loss: "1.3*ln(1+x^2/4)"),
            sharp: [(flatness: "0.2*(1+x^2/4)")], noise: Langevin(delta: 0.4, kappa: 2.5))"#,
    );
    let bounds = json(&["bounds", file.path().to_str().expect("a path")]);
    let value = bounds["bounds"][0]["value"].as_f64().expect("a bound");
    assert!((value - 1.3 / (1.0 + 1.0 / 5.0)).abs() < 1e-9, "{value}");
    assert_eq!(bounds["binding"], "confinement");
    let beyond = ["density", file.path().to_str().expect("a path"), "--set", "noise.delta=1.2"];
    thalweg().args(beyond).assert().code(2).stdout("").stderr(predicate::str::contains("normalised"));
}

#[test]
fn a_wrong_kappa_or_noise_strength_is_noticed() {
    // The recorded truth is the exact solve at κ; a theory at κ+10 % or 2Δ differs by far more than the stated limit.
    let right = json(&["density", "models/yang-tang-tu-2023.ron", "--points", "801"]);
    let limit =
        json(&["verify", "--quick", "models/yang-tang-tu-2023.ron"])["checks"][0]["limit"].as_f64().expect("a limit");
    let values = |v: &Value, method: &str| -> Vec<f64> {
        v["densities"][method].as_array().expect("values").iter().filter_map(Value::as_f64).collect()
    };
    let step = right["x"][1].as_f64().expect("x") - right["x"][0].as_f64().expect("x");
    for wrong in ["noise.kappa=3.3", "noise.delta=2", "noise.delta=0.5"] {
        let other = json(&["density", "models/yang-tang-tu-2023.ron", "--points", "801", "--set", wrong]);
        let distance: f64 = values(&right, "fokker-planck")
            .iter()
            .zip(values(&other, "adiabatic"))
            .map(|(p, q)| 0.5 * (p - q).abs() * step)
            .sum();
        assert!(distance > 2.0 * limit, "{wrong}: {distance} against the limit {limit}");
    }
}

#[test]
fn every_model_of_the_zoo_passes() {
    let zoo: Vec<String> = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/models"))
        .expect("the zoo")
        .map(|entry| format!("models/{}", entry.expect("an entry").file_name().to_string_lossy()))
        .collect();
    assert!(zoo.len() >= 14);
    let mut arguments = vec!["verify", "--quiet", "--quick", "--format", "json"];
    arguments.extend(zoo.iter().map(String::as_str));
    // Small samples may lack the power to tell, and then say so; nothing fails.
    let output = thalweg().args(&arguments).output().expect("it runs");
    let report: Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
    let models = report["models"].as_array().expect("one report per model");
    assert_eq!(models.len(), zoo.len());
    let mut undecided = Vec::new();
    for check in models.iter().flat_map(|model| model["checks"].as_array().expect("checks")) {
        assert_ne!(check["verdict"], "fail", "{check}");
        if check["verdict"] == "undecided" {
            assert!(check["reason"].as_str().is_some_and(|why| why.contains("would be noticed")), "{check}");
            undecided.push(check);
        }
    }
    assert_eq!(output.status.code(), Some(if undecided.is_empty() { 0 } else { 3 }));
    assert!(undecided.len() <= zoo.len() / 3, "{undecided:?}");
}

/// Samples of the program's own paths stand where simulation stood: the right model passes, another temperature does not.
#[test]
fn recorded_samples_are_held_against_the_law() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("samples.npz");
    let path = file.to_str().expect("a path");
    let model = "models/yang-tang-tu-2023.ron";
    json(&["simulate", model, "--walkers", "30000", "--out", path]);
    let report = json(&["verify", model, "--data", path]);
    assert_eq!(report["verdict"], "pass", "{report}");
    for wrong in ["noise.kappa=3.3", "noise.delta=2"] {
        thalweg().args(["verify", model, "--data", path, "--set", wrong]).assert().code(1);
    }
    std::fs::write(&file, b"not an archive").expect("written");
    thalweg().args(["verify", model, "--data", path]).assert().code(2).stdout("");
}

/// A published figure: the mean-square bound of the measured network at batch size 10 is 0.0949.
#[test]
fn a_measured_network_is_reported() {
    let report = json(&["network", "data/digits_mlp16.npz"]);
    let bounds = report["divergence"].as_array().expect("bounds");
    let at_ten = bounds.iter().find(|b| b["batch_size"].as_f64() == Some(10.0)).expect("batch size 10");
    assert!((at_ten["mean_square_bound"].as_f64().expect("a bound") - 0.0949).abs() < 5e-5);
    assert_eq!(report["runs"].as_array().map(Vec::len), Some(19));
}

/// The histogram of the walkers is the exact density within its standard errors, and not that of another kappa.
#[test]
fn the_density_of_the_simulated_ensemble_has_honest_errors() {
    let model = ["density", "models/yang-tang-tu-2023.ron", "--points", "61", "--method", "fokker-planck,simulation"];
    let found = json(&model);
    let other = json(&["density", "models/yang-tang-tu-2023.ron", "--points", "61", "--set", "noise.kappa=4"]);
    let list = |v: &Value| -> Vec<f64> { v.as_array().expect("a list").iter().filter_map(Value::as_f64).collect() };
    let (simulated, errors) = (list(&found["densities"]["simulation"]), list(&found["standard_errors"]["simulation"]));
    let far = |exact: &[f64]| {
        let central = (0..61).filter(|k| exact[*k] > 0.02);
        let squares: Vec<f64> = central.map(|k| ((simulated[k] - exact[k]) / errors[k]).powi(2)).collect();
        squares.iter().sum::<f64>() / squares.len() as f64
    };
    let right = far(&list(&found["densities"]["fokker-planck"]));
    let wrong = far(&list(&other["densities"]["fokker-planck"]));
    assert!(right < 3.0 && wrong > 10.0, "{right} {wrong}");
    let mut again = model.to_vec();
    again.extend(["--threads", "1"]);
    assert_eq!(json(&again)["densities"], found["densities"]);
}

/// What cannot be simulated to its stationary law is null with a reason.
#[test]
fn a_law_that_is_reached_too_slowly_is_not_simulated() {
    let found = json(&["density", "models/logarithmic-confinement.ron", "--at", "0", "--method", "all"]);
    assert!(found["densities"]["simulation"].is_null() && found["densities"]["adiabatic"].is_array());
    assert!(found["status"]["simulation"].as_str().is_some_and(|s| s.contains("spectral gap")));
}

/// Ctrl-C ends with code 130; what is done is told whole, and no file is left half-written.
#[cfg(unix)]
#[test]
fn an_interrupted_program_tells_what_is_done() {
    use std::process::{Command as Process, Stdio};
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out.npz");
    let interrupted = |arguments: &[&str]| {
        let child = Process::new(assert_cmd::cargo::cargo_bin("thalweg"))
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("started");
        std::thread::sleep(std::time::Duration::from_millis(1500));
        let sent = Process::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill exists");
        assert!(sent.success());
        let clock = std::time::Instant::now();
        let output = child.wait_with_output().expect("ended");
        assert!(clock.elapsed().as_secs() < 10);
        assert_eq!(output.status.code(), Some(130), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(String::from_utf8_lossy(&output.stderr).contains("interrupted"));
        output.stdout
    };
    let path = out.to_str().expect("a path");
    let long = ["simulate", "models/yang-tang-tu-2023.ron", "--steps", "1000000000", "--threads", "1", "--out", path];
    assert!(interrupted(&long).is_empty());
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0);
    let slow =
        ["density", "models/three-directions.ron", "--at", "1", "--method", "adiabatic,simulation", "--threads", "1"];
    let told = interrupted(&[&slow[..], &["--format", "json"]].concat());
    let told: Value = serde_json::from_slice(&told).expect("one whole object");
    assert!(told["densities"]["adiabatic"][0].as_f64().is_some() && told["densities"]["simulation"].is_null());
    assert!(told["status"]["simulation"].as_str().is_some_and(|s| s.contains("interrupted")));
}

/// `--report` makes the folder and writes whole files, and says on standard error which.
#[test]
fn a_report_is_a_folder_of_whole_files() {
    let folder = tempfile::tempdir().expect("a folder");
    let reports: [&[&str]; 4] = [
        &["loss", "models/degenerate.ron"],
        &["bounds", "models/sgd-plain.ron", "--batch-size", "1..8"],
        &["simulate", "models/harmonic-line.ron", "--steps", "20"],
        &["density", "models/harmonic-line.ron"],
    ];
    for arguments in reports {
        let into = folder.path().join("deep").join(arguments[0]);
        let told = thalweg().args(arguments).args(["--format", "json", "--report"]).arg(&into).assert().success();
        let told = told.get_output().clone();
        assert_eq!(std::fs::read(into.join("answer.json")).expect("written"), told.stdout);
        for name in ["answer.csv", "answer.md", "picture.svg"] {
            assert!(!std::fs::read(into.join(name)).expect(name).is_empty(), "{arguments:?}: {name}");
            assert!(String::from_utf8_lossy(&told.stderr).contains(name));
        }
        assert_eq!(std::fs::read_dir(&into).expect("a folder").count(), 4);
    }
}
