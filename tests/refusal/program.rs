//! The program refuses what is wrong: exit code 2, nothing on standard output, a message that names the place, no
//! panic, and soon. One row per way of being wrong.

use assert_cmd::Command;
use std::collections::BTreeMap;
use std::io::{Cursor, Write};
use std::path::PathBuf;
use std::time::{Duration, Instant};
use thalweg::archive::{Archive, ArrayRef, write};

const MODEL: &str = "models/yang-tang-tu-2023.ron";
const SGD: &str = "models/sgd-plain.ron";
const NETWORK: &str = "data/digits_mlp16.npz";
/// The promise to a user.
const PATIENCE: Duration = Duration::from_secs(5);

/// What is wrong, or the first thing in which the program fell short.
fn refused(arguments: &[&str], says: &[&str]) -> Result<(), String> {
    let clock = Instant::now();
    let mut command = Command::cargo_bin("thalweg").expect("the program is built");
    command.current_dir(env!("CARGO_MANIFEST_DIR")).env_remove("NO_COLOR").timeout(PATIENCE).args(arguments);
    let output = command.output().map_err(|e| e.to_string())?;
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    let shown: String = message.chars().take(600).collect();
    let told = format!("{arguments:?}: code {:?}: {shown}", output.status.code());
    let short = |what: &str| Err(format!("{what}: {told}"));
    if clock.elapsed() >= PATIENCE {
        return short("too slow");
    }
    if output.status.code() != Some(2) {
        return short("not code 2");
    }
    if !output.stdout.is_empty() {
        return short("something on standard output");
    }
    if message.contains("panicked") || message.contains('\u{1b}') {
        return short("a panic, or colour in a pipe");
    }
    match says.iter().find(|piece| !message.contains(**piece)) {
        Some(piece) => short(&format!("does not say {piece:?}")),
        None => Ok(()),
    }
}

fn all_refused(rows: &[(Vec<&str>, Vec<&str>)]) {
    let wrong: Vec<String> = rows.iter().filter_map(|(arguments, says)| refused(arguments, says).err()).collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), rows.len(), wrong.join("\n"));
}

#[test]
fn usage() {
    let folder = tempfile::tempdir().expect("a folder");
    let blocked = folder.path().join("file");
    std::fs::write(&blocked, "").expect("written");
    let blocked_deep = blocked.join("deep").display().to_string();
    let blocked = blocked.display().to_string();
    let rows: Vec<(Vec<&str>, Vec<&str>)> = vec![
        (vec![], vec!["Usage"]),
        (vec!["--format", "json"], vec!["Usage"]),
        (vec!["nonsense"], vec!["nonsense"]),
        (vec!["verify"], vec!["MODEL"]),
        (vec!["density", MODEL, "--nonsense"], vec!["--nonsense"]),
        (vec!["density", MODEL, "--method", "magic"], vec!["magic", "first-order", "simulation"]),
        (vec!["density", MODEL, "--format", "yaml"], vec!["yaml", "json"]),
        (vec!["density", MODEL, "--format", "junit"], vec!["junit", "verify"]),
        (vec!["network", NETWORK, "--format", "junit"], vec!["junit", "verify"]),
        (vec!["density", MODEL, "--at", "nan"], vec!["--at", "NaN"]),
        (vec!["density", MODEL, "--at", "1,,2"], vec!["--at"]),
        (vec!["density", MODEL, "--at", "99"], vec!["--at 99", "7.85"]),
        (vec!["loss", MODEL, "--at", "-99"], vec!["--at -99", "7.85"]),
        (vec!["density", "models/harmonic-line.ron", "--at", "inf"], vec!["--at inf", "finite"]),
        (vec!["density", MODEL, "--points", "1"], vec!["--points", "2"]),
        (vec!["density", MODEL, "--points", "-5"], vec!["--points"]),
        (vec!["density", MODEL, "--points", "3", "--at", "0"], vec!["--points", "--at"]),
        (vec!["density", MODEL, "--set", "nonsense=1"], vec!["nonsense", "noise.delta", "noise.kappa"]),
        (vec!["loss", SGD, "--set", "noise.delta=1"], vec!["noise.delta", "noise.learning_rate"]),
        (vec!["density", MODEL, "--set", "noise.delta"], vec!["--set", "NAME=VALUE"]),
        (vec!["density", MODEL, "--set", "noise.delta=nan"], vec!["noise.delta", "nan"]),
        (vec!["density", MODEL, "--set", "noise.delta=inf"], vec!["noise.delta", "inf"]),
        (vec!["density", MODEL, "--set", "noise.delta=1e999"], vec!["noise.delta", "1e999"]),
        (vec!["density", MODEL, "--set", "noise.delta=-1"], vec!["noise.delta", "-1", "positive"]),
        (vec!["network", NETWORK, "--set", "noise.delta=1"], vec!["--set"]),
        (vec!["bounds", NETWORK, "--set", "noise.delta=1"], vec!["--set"]),
        (vec!["density", MODEL, "--seed", "-1"], vec!["--seed", "-1"]),
        (vec!["density", MODEL, "--seed", "18446744073709551616"], vec!["--seed"]),
        (vec!["density", MODEL, "--threads", "0"], vec!["--threads", "0"]),
        (vec!["density", MODEL, "--simd", "mmx"], vec!["--simd", "avx2"]),
        (vec!["bounds", SGD, "--batch-size", "0"], vec!["--batch-size", "at least 1"]),
        (vec!["bounds", SGD, "--batch-size", "8..2"], vec!["--batch-size", "8..2"]),
        (vec!["bounds", SGD, "--batch-size", "1..99999999999"], vec!["--batch-size"]),
        (vec!["bounds", MODEL, "--batch-size", "4"], vec!["--batch-size", "Langevin"]),
        (vec!["simulate", MODEL, "--dt", "0"], vec!["--dt", "positive"]),
        (vec!["simulate", MODEL, "--dt", "-0.1"], vec!["--dt", "positive"]),
        (vec!["simulate", MODEL, "--dt", "nan"], vec!["--dt", "nan"]),
        (vec!["simulate", SGD, "--dt", "0.1"], vec!["--dt", "Langevin"]),
        (vec!["simulate", SGD, "--scheme", "strang"], vec!["--scheme", "Langevin"]),
        (vec!["simulate", MODEL, "--scheme", "milstein"], vec!["milstein", "euler-maruyama"]),
        (vec!["simulate", MODEL, "--walkers", "0"], vec!["--walkers"]),
        (vec!["simulate", MODEL, "--walkers", "99999999999999"], vec!["limit"]),
        (vec!["simulate", MODEL, "--steps", "0"], vec!["--steps"]),
        (vec!["simulate", MODEL, "--every", "0"], vec!["--every"]),
        (vec!["simulate", MODEL, "--every", "7", "--steps", "8"], vec!["every 7"]),
        (vec!["simulate", MODEL, "--start", "99"], vec!["--start 99", "7.85"]),
        (vec!["simulate", MODEL, "--start", "nan"], vec!["--start NaN"]),
        (vec!["simulate", MODEL, "--out", "/no/such/folder/a.npz"], vec!["--out", "/no/such/folder"]),
        (vec!["simulate", MODEL, "--out", "a.txt"], vec!["--out", ".npz"]),
        (vec!["simulate", MODEL, "--out", "models"], vec!["--out", ".npz"]),
        (vec!["simulate", MODEL, "--report", &blocked], vec!["--report", "not a folder"]),
        (vec!["verify", MODEL, "--report", &blocked_deep], vec!["--report", "not a folder"]),
    ];
    all_refused(&rows);
}

fn model(loss: &str, curvature: &str, noise: &str) -> String {
    format!(
        "Model(\n    name: \"m\",\n    floor: (coordinate: \"x\", domain: Interval(lower: -1, upper: 1), loss: \"{loss}\"),\n    \
         sharp: [(curvature: \"{curvature}\")],\n    noise: {noise},\n)\n"
    )
}

/// Every command that reads a model refuses the same files, with file, line and column where there are any.
#[test]
fn model_files() {
    let folder = tempfile::tempdir().expect("a folder");
    let noise = "Langevin(delta: 1, kappa: 2)";
    let deep = "(".repeat(100_000) + "x" + &")".repeat(100_000);
    let files: Vec<(&str, Vec<u8>, Vec<&str>)> = vec![
        ("empty", vec![], vec![":1:1: error"]),
        ("blank", b"\n  \n".to_vec(), vec![": error"]),
        ("half", b"Model(".to_vec(), vec![":1:"]),
        ("garbage", (0..=255).cycle().take(5000).collect(), vec!["UTF-8", ":2:118: error"]),
        ("zeros", vec![0; 5000], vec![":1:1: error"]),
        ("utf16", b"\xff\xfeM\0o\0d\0e\0l\0(\0".to_vec(), vec![":1:1: error", "UTF-8"]),
        ("large", vec![b' '; 10_000_000], vec!["10000000 bytes"]),
        ("archive", std::fs::read(NETWORK).unwrap_or_default(), vec!["UTF-8"]),
        ("early", model("x^2 +", "1", noise).into(), vec![":3:", "floor.loss", "ends too early", "x^2 +"]),
        ("name", model("y^2", "1", noise).into(), vec![":3:", "unknown name", "known names: x"]),
        ("deep", model(&deep, "1", noise).into(), vec![":3:", "nested deeper"]),
        ("deep-file", "(".repeat(100_000).into_bytes(), vec![":1:"]),
        ("power", model("x^1e999", "1", noise).into(), vec![":3:", "floor.loss"]),
        ("huge", model("1e999999999*x", "1", noise).into(), vec![":3:", "floor.loss"]),
        ("pole", model("1/(x-0.3)", "1", noise).into(), vec![":3:", "floor.loss", "0.3"]),
        ("negative", model("x^2", "x", noise).into(), vec![":4:", "curvature"]),
        ("delta", model("x^2", "1", "Langevin(delta: -1, kappa: 2)").into(), vec![":5:28: error: noise.delta", "Δ"]),
        ("kappa", model("x^2", "1", "Langevin(delta: 1, kappa: 0)").into(), vec![":5:", "noise.kappa"]),
        ("nan", model("x^2", "1", "Langevin(delta: 1, kappa: NaN)").into(), vec![":5:", "noise.kappa"]),
        ("infinite", model("x^2", "1", "Langevin(delta: 1e999, kappa: 1)").into(), vec![":5:", "noise.delta"]),
        ("field", model("x^2", "1", "Langevin(delta: 1, kapa: 2)").into(), vec![":5:", "kapa"]),
        ("twice", model("x^2", "1", "Langevin(delta: 1, delta: 1, kappa: 2)").into(), vec![":5:", "delta"]),
        ("missing", b"Model(name: \"m\")".to_vec(), vec!["floor"]),
        ("other", b"Derivation(id: \"a\")".to_vec(), vec!["Model"]),
        ("several", model("x^2 + q", "-1", "Langevin(delta: -1, kappa: 2)").into(), vec![":3:", ":5:", "q", "delta"]),
    ];
    let mut rows = Vec::new();
    let paths: Vec<(String, &Vec<&str>)> = files
        .iter()
        .map(|(name, bytes, says)| {
            let path = folder.path().join(format!("{name}.ron"));
            std::fs::write(&path, bytes).expect("written");
            (path.display().to_string(), says)
        })
        .collect();
    let commands = ["verify", "density", "loss", "bounds", "simulate", "cite"];
    for (k, (path, says)) in paths.iter().enumerate() {
        // Two commands and a format for each, so that every command meets every kind in turn.
        for (command, format) in [(commands[k % 6], "text"), (commands[(k + 1 + k / 6) % 6], "json")] {
            let says = says.iter().copied().chain([path.as_str()]).collect();
            rows.push((vec![command, path.as_str(), "--format", format], says));
        }
    }
    rows.push((vec!["density", "no-such-file.ron"], vec!["no-such-file.ron", "cannot be read"]));
    rows.push((vec!["density", "models"], vec!["models", "folder"]));
    rows.push((vec!["verify", "no-such-file.ron", "models", MODEL], vec!["no-such-file.ron", "models: error"]));
    all_refused(&rows);
}

/// A pipe that nobody writes to, a device that never ends, a file that may not be read.
#[cfg(unix)]
#[test]
fn what_is_not_an_ordinary_file() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a folder");
    let fifo = folder.path().join("pipe.ron");
    let made = std::process::Command::new("mkfifo").arg(&fifo).status();
    let fifo = fifo.display().to_string();
    let locked = folder.path().join("locked.ron");
    std::fs::write(&locked, "Model()").expect("written");
    std::fs::set_permissions(&locked, std::fs::Permissions::from_mode(0o000)).expect("changed");
    // The superuser reads everything; then the file is refused for what is in it.
    let locked = locked.display().to_string();
    let mut rows = vec![
        (vec!["density", "/dev/zero"], vec!["/dev/zero", "device"]),
        (vec!["network", "/dev/zero"], vec!["/dev/zero", "device"]),
        (vec!["verify", "/dev/null"], vec!["/dev/null", "device"]),
        (vec!["loss", locked.as_str()], vec!["locked.ron"]),
    ];
    if made.is_ok_and(|status| status.success()) {
        rows.push((vec!["density", fifo.as_str()], vec!["pipe.ron", "pipe"]));
        rows.push((vec!["network", fifo.as_str()], vec!["pipe.ron", "pipe"]));
    }
    all_refused(&rows);
}

type Arrays = BTreeMap<String, (Vec<usize>, Vec<f64>)>;

/// The measured network with something changed.
fn network(change: impl Fn(&mut Arrays)) -> Vec<u8> {
    let archive = Archive::read(&std::fs::read(NETWORK).expect("the data")).expect("an archive");
    let needed = |name: &&str| {
        name.starts_with("run_") || ["hessian_eigenvalues", "noise_covariance", "sample_hessians"].contains(name)
    };
    let mut arrays: Arrays = archive
        .names()
        .filter(needed)
        .map(|name| archive.f64(name).expect("an array"))
        .map(|a| (a.name().to_owned(), (a.shape().to_vec(), a.values().to_vec())))
        .collect();
    change(&mut arrays);
    let list: Vec<(&str, ArrayRef)> =
        arrays.iter().map(|(n, (s, v))| (n.as_str(), ArrayRef { shape: s, values: v })).collect();
    write(&list).expect("shapes fit")
}

/// An archive of one member with this header and this much data.
fn one_array(name: &str, header: &str, data: &[u8]) -> Vec<u8> {
    let mut member = b"\x93NUMPY\x01\x00".to_vec();
    member.extend((header.len() as u16).to_le_bytes());
    member.extend(header.as_bytes());
    member.extend(data);
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file(format!("{name}.npy"), zip::write::SimpleFileOptions::default())
        .expect("an empty archive takes one");
    zip.write_all(&member).expect("memory takes bytes");
    zip.finish().expect("memory takes bytes").into_inner()
}

#[test]
fn network_files() {
    let folder = tempfile::tempdir().expect("a folder");
    let whole = std::fs::read(NETWORK).expect("the data");
    let set = |name: &'static str, at: usize, value: f64| {
        network(move |arrays| {
            if let Some(v) = arrays.get_mut(name).and_then(|(_, values)| values.get_mut(at)) {
                *v = value;
            }
        })
    };
    let eigenvalues = "hessian_eigenvalues";
    let files: Vec<(&str, Vec<u8>, Vec<&str>)> = vec![
        ("empty", vec![], vec!["not an .npz archive"]),
        ("text", b"x,y\n1,2\n".to_vec(), vec!["not an .npz archive"]),
        ("only-pk", b"PK".to_vec(), vec!["not an .npz archive"]),
        ("truncated", whole[..whole.len() / 2].to_vec(), vec!["not an .npz archive"]),
        ("tail-only", whole[whole.len() / 2..].to_vec(), vec!["not an .npz archive"]),
        ("missing", network(|a| drop(a.remove("noise_covariance"))), vec!["noise_covariance", "missing"]),
        (
            "one-axis",
            network(|a| {
                if let Some((shape, values)) = a.get_mut("noise_covariance") {
                    *shape = vec![values.len()];
                }
            }),
            vec!["noise_covariance", "shape"],
        ),
        (
            "short",
            network(|a| {
                if let Some((shape, values)) = a.get_mut("run_batch_size") {
                    values.pop();
                    *shape = vec![values.len()];
                }
            }),
            vec!["run_batch_size", "shape"],
        ),
        (
            "no-directions",
            network(|a| drop(a.insert("noise_covariance".into(), (vec![0, 0], vec![])))),
            vec![": error: "],
        ),
        ("nan", set("noise_covariance", 5, f64::NAN), vec!["noise_covariance", "finite"]),
        ("infinite", set(eigenvalues, 0, f64::INFINITY), vec![eigenvalues, "finite"]),
        ("asymmetric", set("noise_covariance", 1, 1e9), vec!["noise_covariance"]),
        ("negative-rate", set("run_learning_rate", 2, -0.1), vec!["run_learning_rate", "-0.1"]),
        ("zero-batch", set("run_batch_size", 2, 0.0), vec!["run_batch_size", "0"]),
        (
            "objects",
            one_array(eigenvalues, "{'descr': '|O', 'fortran_order': False, 'shape': (2,), }\n", b"(lp0\n."),
            vec![eigenvalues],
        ),
        (
            "strings",
            one_array(eigenvalues, "{'descr': '<U4', 'fortran_order': False, 'shape': (1,), }\n", &[0; 16]),
            vec![eigenvalues, "dtype"],
        ),
        (
            "complex",
            one_array(eigenvalues, "{'descr': '<c16', 'fortran_order': False, 'shape': (1,), }\n", &[0; 16]),
            vec![eigenvalues, "dtype"],
        ),
        (
            "claims-much",
            one_array(
                eigenvalues,
                "{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999, 99999), }\n",
                &[0; 8],
            ),
            vec![eigenvalues, "too large"],
        ),
        (
            "claims-more",
            one_array(eigenvalues, "{'descr': '<f8', 'fortran_order': False, 'shape': (100,), }\n", &[0; 8]),
            vec![eigenvalues, "800"],
        ),
        ("no-header", one_array(eigenvalues, "", &[]), vec![eigenvalues]),
    ];
    let paths: Vec<(PathBuf, &Vec<&str>)> = files
        .iter()
        .map(|(name, bytes, says)| {
            let path = folder.path().join(format!("{name}.npz"));
            std::fs::write(&path, bytes).expect("written");
            (path, says)
        })
        .collect();
    let mut rows = Vec::new();
    for (k, (path, says)) in paths.iter().enumerate() {
        let path = path.to_str().expect("a plain name");
        let command = if k % 3 == 2 { "bounds" } else { "network" };
        let says = says.iter().copied().chain([path]).collect();
        rows.push((vec![command, path, "--format", if k % 2 == 0 { "json" } else { "text" }], says));
    }
    all_refused(&rows);
    // The unchanged copy is accepted, so the rows above are refused for what was changed.
    let path = folder.path().join("same.npz");
    std::fs::write(&path, network(|_| ())).expect("written");
    let mut command = Command::cargo_bin("thalweg").expect("the program is built");
    command.arg("network").arg(&path).assert().success();
}

/// A byte-order mark and the line ends of another system change nothing.
#[test]
fn what_editors_add_is_accepted() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = std::fs::read_to_string(MODEL).expect("the model");
    let answers: Vec<Vec<u8>> = [text.clone(), format!("\u{feff}{text}"), text.replace('\n', "\r\n")]
        .iter()
        .map(|text| {
            let path = folder.path().join("m.ron");
            std::fs::write(&path, text).expect("written");
            let mut command = Command::cargo_bin("thalweg").expect("the program is built");
            command.args(["loss", "--at", "1"]).arg(&path).assert().success().get_output().stdout.clone()
        })
        .collect();
    assert!(answers.iter().all(|answer| *answer == answers[0]));
}
