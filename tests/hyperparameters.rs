//! Questions of hyperparameters as a stranger asks them: the diagram, tails and moments, gaps on circles, a network of one's own.

use assert_cmd::Command;
use serde_json::Value;
use std::io::Write;

fn thalweg() -> Command {
    let mut command = Command::cargo_bin("thalweg").expect("the program is built");
    command.current_dir(env!("CARGO_MANIFEST_DIR"));
    command
}

fn json(arguments: &[&str]) -> Value {
    let output = thalweg().args(arguments).args(["--format", "json", "--quiet"]).assert().success();
    serde_json::from_slice(&output.get_output().stdout).expect("one JSON object")
}

fn model_file(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::Builder::new().suffix(".ron").tempfile().expect("a file");
    file.write_all(text.as_bytes()).expect("written");
    file
}

fn close(found: &Value, exact: f64, relative: f64) {
    let value = found.as_f64().unwrap_or_else(|| panic!("{found} is no number"));
    assert!((value - exact).abs() <= relative * exact.abs(), "{value} is not {exact}");
}

/// `L0 = x²/2`, `F = F0(1+x²)`, `κ = 3`: the mode leaves at `Δ = ½`, jointly at `¾`.
#[test]
fn the_diagram_has_the_keys_and_values_promised() {
    let folder = tempfile::tempdir().expect("a folder");
    let report = folder.path().to_str().expect("a path").to_owned();
    let window = ["--learning-rate", "1e-4..1e-2", "--noise", "0.1..2"];
    let file = model_file(
        r#"Model(name: "landau", floor: (coordinate: "x", domain: Interval(lower: -4, upper: 4), loss: "x^2/2"),
            sharp: [(flatness: "0.02*(1+x^2)")], noise: Langevin(delta: 0.6, kappa: 3))"#,
    );
    let path = file.path().to_str().expect("a path");
    let diagram = json(&[&["phase", path, "--report", &report], &window[..]].concat());
    close(&diagram["critical_point"]["noise"], 0.5 * (1.0 + 2.0 / 3.0 * 0.0004), 1e-6);
    close(&diagram["critical_points"]["marginal-mode"]["delta"], 0.5, 1e-9);
    close(&diagram["critical_points"]["joint-mode"]["delta"], 0.75, 1e-9);
    close(&diagram["exponent"]["value"], 0.5, 1e-5);
    let interval = &diagram["exponent"]["interval"];
    assert!(interval[0].as_f64() <= Some(0.5) && Some(0.5) <= interval[1].as_f64(), "{interval}");
    for boundary in diagram["boundaries"].as_array().expect("boundaries") {
        let exact = match boundary["kind"].as_str() {
            Some("marginal-mode") => 0.5,
            Some("joint-mode") => 0.75,
            _ => continue,
        };
        let points = boundary["points"].as_array().expect("points");
        assert!(points.len() > 20);
        points.iter().for_each(|point| close(&point[1], exact, 1e-9));
    }
    let picture = std::fs::read_to_string(folder.path().join("picture.svg")).expect("a picture");
    assert!(picture.contains("marginal-mode") && picture.contains("learning rate"));
    let level = json(&[&["phase", "models/degenerate.ron"], &window[..]].concat());
    assert!(level["critical_point"].is_null() && level["exponent"].is_null());
    assert!(level["status"]["critical_point"].as_str().is_some_and(|why| why.contains("level")));
    for bad in ["1..0.1", "-1..1", "nan..1", "1", "0..0"] {
        thalweg().args(["phase", "models/degenerate.ron", "--noise", bad]).assert().code(2).stdout("");
    }
}

/// Tail index, Lyapunov exponent, thresholds of moments of order 1 to 4: by the trapezoidal rule elsewhere.
#[test]
fn tails_and_moments_are_those_of_another_calculation() {
    type Row = (f64, f64, f64, f64, [f64; 6]);
    let rows: [Row; 5] = [
        (0.1, 4.0, 2.0, 8.0, [3.289765539, -0.82739780, 0.153950226, 0.125, 0.1051140994, 0.0877899122]),
        (0.5, 1.0, 0.7, 1.5, [7.563729567, -1.17031820, 1.052509182, 0.8948545861, 0.7944604371, 0.7196919771]),
        (0.05, 2.0, 3.0, 4.0, [3.273534750, -0.41205662, 0.137635958, 0.0909090909, 0.0563693808, 0.0381436470]),
        (0.3, 8.0, 1.0, 4.0, [12.190574506, -1.38546567, 0.4866852305, 0.4444444444, 0.4152795529, 0.3930170399]),
        (0.02, 1.0, 1.2, 30.0, [3.349765100, -0.81698666, 0.0347930203, 0.0273224044, 0.0218019367, 0.0167768475]),
    ];
    for (rate, batch, noise, curvature, exact) in rows {
        let file = model_file(&format!(
            r#"Model(name: "noisy", floor: (coordinate: "x", domain: Interval(lower: 0, upper: 1), loss: "x"),
                sharp: [(curvature: "{curvature}")], noise: Sgd(learning_rate: {rate}, batch_size: {batch}, kappa: 2,
                variance: "0.01", curvature_noise: {noise}))"#
        ));
        let bounds = json(&["bounds", file.path().to_str().expect("a path")]);
        close(&bounds["tail_index"]["value"], exact[0], 1e-6);
        close(&bounds["lyapunov_exponent"]["value"], exact[1], 1e-6);
        for (moment, exact) in bounds["moments"].as_array().expect("moments").iter().zip(&exact[2..]) {
            close(&moment["value"], *exact, 1e-6);
        }
        close(&bounds["critical_batch"]["value"], noise * noise, 1e-12);
    }
    let plain = json(&["bounds", "models/sgd-plain.ron"]);
    assert!(plain["tail_index"]["value"].is_null() && plain["tail_index"]["status"].is_string());
}

/// Free diffusion around a circle of length 2 forgets at the rate `T π²`.
#[test]
fn a_free_circle_has_its_gap() {
    let file = model_file(
        r#"Model(name: "free", floor: (coordinate: "x", domain: Periodic(lower: -1, upper: 1), loss: "0"),
            sharp: [(curvature: "5")], noise: Langevin(delta: 0.3, kappa: 2))"#,
    );
    let time = json(&["time", file.path().to_str().expect("a path"), "--from", "-0.5", "--to", "0.5"]);
    close(&time["spectral_gap"], 0.15 * std::f64::consts::PI.powi(2), 1e-9);
}

/// The recipe of `contrib/` makes a file that is read, and whose bound is the one it works out for itself.
#[test]
fn a_network_recorded_with_numpy_is_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("tiny.npz");
    let has_numpy = std::process::Command::new("python3").args(["-c", "import numpy"]).output();
    if !has_numpy.is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: a_network_recorded_with_numpy_is_read needs python3 with numpy");
        return;
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/contrib/record_network.py");
    let said = std::process::Command::new("python3").arg(script).arg(&file).output().expect("python ran");
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    let of = |batch: &str| -> f64 {
        let line = said.lines().find(|line| line.contains(&format!("batch {batch}:"))).expect("a line");
        line.rsplit(' ').next().and_then(|number| number.parse().ok()).expect("a number")
    };
    let path = file.to_str().expect("a path");
    let bounds = json(&["bounds", path, "--batch-size", "1..10"]);
    close(&bounds["curve"][0]["learning_rate"], of("1"), 1e-9);
    close(&bounds["curve"][9]["learning_rate"], of("10"), 1e-9);
    let network = json(&["network", path]);
    let first = &network["runs"][0]["directions"][0];
    close(&first["measured_variance"], first["predicted_variance"].as_f64().expect("a prediction"), 0.2);
}

#[test]
fn bounds_of_a_network_say_how_sure_they_are() {
    let network = "data/digits_mlp16.npz";
    let plain = json(&["bounds", network, "--batch-size", "10"]);
    let bound = &plain["bounds"][0];
    close(&bound["value"], 0.09486, 1e-4);
    let value = bound["value"].as_f64().expect("a number");
    for pair in ["enclosure", "interval"] {
        let (low, high) = (bound[pair][0].as_f64().expect("low"), bound[pair][1].as_f64().expect("high"));
        assert!(low <= value * (1.0 + 1e-9) && value <= high * (1.0 + 1e-9), "{pair}: {bound}");
    }
    // Almost every run leaves only later, and the measured noise-subtracted dynamics, 0.0955, lies between.
    assert!(plain["bounds"][1]["value"].as_f64().expect("simulated") > 0.0955, "{plain}");
    let fresh = json(&["bounds", network, "--batch-size", "500", "--without-replacement"]);
    close(&fresh["bounds"][0]["value"], fresh["bounds"][2]["value"].as_f64().expect("the edge"), 1e-5);
    let heavy = json(&["bounds", network, "--momentum", "0.9", "--batch-size", "500"]);
    assert!(
        heavy["bounds"][0]["value"].as_f64() > plain["bounds"][2]["value"].as_f64(),
        "momentum delays the edge: {heavy}"
    );
    thalweg().args(["bounds", network, "--momentum", "1"]).assert().code(2);
    thalweg().args(["bounds", "models/sgd-plain.ron", "--momentum", "0.5"]).assert().code(2);
}

/// The largest eigenvalue and the covariance of the gradients alone: an upper bound, called that, and no advice.
#[test]
fn partial_data_are_labelled() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("partial.npz");
    let arrays = [
        ("hessian_eigenvalues", vec![2], vec![4.0, 1.0]),
        ("noise_covariance", vec![2, 2], vec![1.0, 0.0, 0.0, 1.0]),
        ("sample_count", vec![1], vec![100.0]),
    ];
    let arrays: Vec<_> =
        arrays.iter().map(|(name, shape, values)| (*name, thalweg::archive::ArrayRef { shape, values })).collect();
    std::fs::write(&path, thalweg::archive::write(&arrays).expect("shapes fit")).expect("written");
    let path = path.to_str().expect("a path");
    let found = json(&["bounds", path]);
    assert!(
        found["bounds"][0]["value"].is_null()
            && found["bounds"][0]["status"].as_str().is_some_and(|s| s.contains("partial data"))
    );
    close(&found["bounds"][1]["value"], 0.5, 1e-15);
    thalweg().args(["tune", path]).assert().code(3);
    json(&["network", path]);
}

/// Walkers beside theory at the same places, kept and taken up again to the same bytes.
#[test]
fn the_simulated_diagram_goes_on_where_it_was_left() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = model_file(
        r#"Model(name: "landau", floor: (coordinate: "x", domain: Interval(lower: -4, upper: 4), loss: "x^2/2"),
            sharp: [(flatness: "0.2*(1+x^2)")], noise: Langevin(delta: 0.6, kappa: 3))"#,
    );
    let (model, kept) = (file.path().to_str().expect("a path"), folder.path().join("kept.ron"));
    let kept = kept.to_str().expect("a path");
    let asked =
        ["phase", model, "--simulate", "3", "--cost", "9e7", "--learning-rate", "0.02..0.03", "--noise", "0.1..1.5"];
    let whole = json(&[&asked[..], &["--checkpoint", kept]].concat());
    let simulated = &whole["simulated"];
    assert_eq!(simulated["places"].as_array().map(Vec::len), Some(9));
    // The middle row, at 0.39, lies near the transition; the others are far from it.
    let of = |k: usize| simulated["places"][k]["phase"].as_str();
    assert!((0..3).all(|k| of(k) == Some("frozen")) && (6..9).all(|k| of(k) == Some("moved-to-flat")), "{simulated}");
    // The file with its last places struck out, as if stopped there.
    let text = std::fs::read_to_string(kept).expect("written");
    let cut = text
        .match_indices("learning_rate")
        .nth(4)
        .map(|(at, _)| text[..at].rfind('(').expect("a place"))
        .expect("five places");
    std::fs::write(kept, format!("{}], )", &text[..cut])).expect("cut");
    let resumed = json(&[&asked[..], &["--resume", kept, "--threads", "1"]].concat());
    assert_eq!(resumed["simulated"], *simulated);
    assert_eq!(std::fs::read_to_string(kept).expect("written again"), text);
    let other = [&asked[..], &["--resume", kept, "--seed", "5"]].concat();
    let refused = thalweg().args(other).assert().code(2);
    let told = String::from_utf8_lossy(&refused.get_output().stderr).into_owned();
    assert!(told.contains("is of another seed"), "{told}");
    thalweg().args(["phase", model, "--cost", "1e6"]).assert().code(2);
}
