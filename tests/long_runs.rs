//! Long runs from outside: killed, interrupted and taken up again, to the same bytes; what does not fit is refused.

use assert_cmd::Command;
use predicates::prelude::*;
use serde_json::Value;
use std::path::Path;
use std::process::{Child, Command as Process, Stdio};
use std::time::{Duration, Instant};

const MODEL: &str = "models/yang-tang-tu-2023.ron";

fn thalweg() -> Command {
    let mut command = Command::cargo_bin("thalweg").expect("the program");
    command.current_dir(env!("CARGO_MANIFEST_DIR"));
    command
}

fn simulate(arguments: &[&str]) -> Command {
    let mut command = thalweg();
    command.args(["simulate", "--format", "json", "--quiet"]).args(arguments);
    command
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path")
}

/// The answer without what may differ.
fn answer(stdout: &[u8]) -> Value {
    let mut answer: Value = serde_json::from_slice(stdout).expect("one object");
    let object = answer.as_object_mut().expect("one object");
    assert!(object.remove("seconds").is_some() && object.remove("threads").is_some());
    answer
}

fn ask(arguments: &[&str]) -> Value {
    answer(&simulate(arguments).assert().success().get_output().stdout)
}

fn started(arguments: &[&str]) -> Child {
    Process::new(assert_cmd::cargo::cargo_bin("thalweg"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["simulate", "--format", "json"])
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("started")
}

/// Waits until the checkpoint says that more than so many bytes were recorded, or the program has ended.
fn wait_for(child: &mut Child, checkpoint: &Path, bytes: u64) -> u64 {
    let clock = Instant::now();
    loop {
        let file = std::fs::read(checkpoint).unwrap_or_default();
        let text = String::from_utf8_lossy(&file[..file.len().min(4096)]).into_owned();
        let said = text.split("\"bytes\":\"").nth(1).and_then(|rest| rest.split('"').next()?.parse().ok());
        if let Some(recorded) = said.filter(|n| *n > bytes) {
            return recorded;
        }
        assert!(child.try_wait().expect("known").is_none(), "it ended before it could be stopped");
        assert!(clock.elapsed() < Duration::from_secs(60), "no progress");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Killed, taken up, interrupted by Ctrl-C, taken up: the answer and the recorded states are those of a run in one go.
#[cfg(unix)]
#[test]
fn a_killed_run_goes_on_to_the_same_bytes() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str| folder.path().join(name);
    let (whole, out, checkpoint) = (file("whole.npz"), file("out.npz"), file("run.checkpoint"));
    // As many steps as this machine needs a second for: it must be met while it runs.
    let (mut steps, mut expected, mut clock) = (15_000_u64, Value::Null, Instant::now());
    let mut counts = (String::new(), String::new());
    while expected.is_null() || clock.elapsed() < Duration::from_secs(1) {
        steps *= 4;
        counts = (steps.to_string(), (steps / 1000).to_string());
        clock = Instant::now();
        let run = ["--walkers", "300", "--steps", &counts.0, "--every", &counts.1, "--seed", "3"];
        expected = ask(&[&[MODEL, "--out", text(&whole)], &run[..]].concat());
    }
    let run = ["--walkers", "300", "--steps", &counts.0, "--every", &counts.1, "--seed", "3"];

    let kept = ["--checkpoint", text(&checkpoint), "--checkpoint-every", "0.02"];
    let mut child = started(&[&[MODEL, "--out", text(&out), "--threads", "1"], &run[..], &kept].concat());
    let killed_at = wait_for(&mut child, &checkpoint, 0);
    child.kill().expect("killed");
    let output = child.wait_with_output().expect("ended");
    assert!(output.stdout.is_empty() && !out.exists());

    let resume = ["--resume", text(&checkpoint)];
    let mut child = started(&[&[MODEL, "--threads", "2"], &resume[..], &kept].concat());
    wait_for(&mut child, &checkpoint, killed_at);
    let sent = Process::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill exists");
    assert!(sent.success());
    let output = child.wait_with_output().expect("ended");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(130), "{told}");
    assert!(output.stdout.is_empty() && !out.exists());
    assert!(told.contains("interrupted after") && told.contains("--resume"), "{told}");

    let found = ask(&[&[MODEL, "--threads", "7", "--out", text(&out)], &resume[..], &kept[..2]].concat());
    assert_eq!(found, expected);
    assert_eq!(std::fs::read(&out).expect("written"), std::fs::read(&whole).expect("written"));
    // What is over is told again; nothing but what was asked for is left.
    assert_eq!(ask(&[&[MODEL], &resume[..]].concat()), expected);
    let mut left: Vec<_> =
        std::fs::read_dir(folder.path()).expect("a folder").map(|e| e.expect("an entry").file_name()).collect();
    left.sort();
    assert_eq!(left, ["out.npz", "run.checkpoint", "whole.npz"]);
}

#[test]
fn equal_seeds_give_equal_bytes_for_any_number_of_threads() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = |threads: &str| {
        let out = folder.path().join(format!("{threads}.npz"));
        let arguments =
            ["--walkers", "700", "--steps", "60", "--every", "7", "--threads", threads, "--out", text(&out)];
        (ask(&[&["models/sgd-learners.ron"], &arguments[..]].concat()), std::fs::read(&out).expect("written"))
    };
    let one = run("1");
    assert!(one == run("2") && one == run("7"));
}

#[test]
fn a_checkpoint_that_does_not_fit_is_refused_with_the_reason() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str| folder.path().join(name);
    let (checkpoint, other, out) = (file("run"), file("other"), file("out.csv"));
    let run = ["--walkers", "30", "--steps", "20", "--seed", "5", "--checkpoint", text(&checkpoint)];
    let expected = ask(&[&[MODEL], &run[..]].concat());
    assert_eq!(ask(&[MODEL, "--resume", text(&checkpoint)]), expected);
    assert_eq!(ask(&[MODEL, "--resume", text(&checkpoint), "--walkers", "30", "--seed", "5"]), expected);
    let refused = |arguments: &[&str], says: &str| {
        simulate(arguments).assert().code(2).stdout("").stderr(predicate::str::contains(says));
    };
    for (flags, says) in [
        (&["--walkers", "31"][..], "--walkers 31: "),
        (&["--seed", "0"], "--seed 0: "),
        (&["--steps", "40"], "--steps 40: "),
        (&["--every", "2"], "--every 2: "),
        (&["--scheme", "euler-maruyama"], "--scheme euler-maruyama: "),
        (&["--dt", "0.1"], "--dt 0.1: "),
        (&["--start", "1"], "--start 1: "),
        (&["--set", "noise.kappa=2"], "another run: its model is"),
        (&["--set", "s=21"], "another run: its model is"),
    ] {
        refused(&[&[MODEL, "--resume", text(&checkpoint)], flags].concat(), says);
    }
    refused(&["models/harmonic-line.ron", "--resume", text(&checkpoint)], "another run");
    let bytes = std::fs::read(&checkpoint).expect("written");
    let mut changed = bytes.clone();
    let middle = bytes.len() / 2;
    changed[middle] ^= 1;
    for (content, says) in [
        (&bytes[..middle], "cut short or damaged"),
        (&changed, "cut short or damaged"),
        (b"", "not a checkpoint"),
        (b"Model()", "not a checkpoint"),
    ] {
        std::fs::write(&other, content).expect("written");
        refused(&[MODEL, "--resume", text(&other)], says);
    }
    refused(&[MODEL, "--resume", text(&file("none"))], "cannot be read");
    refused(&[MODEL, "--checkpoint-every", "1"], "--checkpoint");
    refused(&[MODEL, "--checkpoint", text(folder.path())], "is a folder");
    refused(&[MODEL, "--out", text(&out), "--checkpoint", text(&out)], "another file of this run");
    let large = ["--walkers", "1000000", "--steps", "1000000", "--every", "1", "--out", text(&out)];
    refused(&[&[MODEL], &large[..]].concat(), "--out-limit");
    assert!(!out.exists());
}

/// Records of another run, or none, beside a checkpoint: never mixed.
#[test]
fn recorded_states_belong_to_their_checkpoint() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str| folder.path().join(name);
    let (checkpoint, out) = (file("run"), file("out.csv"));
    let long =
        ["--walkers", "300", "--steps", "100000000", "--every", "100", "--out", text(&out), "--out-limit", "1000"];
    let kept = ["--checkpoint", text(&checkpoint), "--checkpoint-every", "0.02"];
    let mut child = started(&[&[MODEL], &long[..], &kept].concat());
    while !checkpoint.exists() {
        std::thread::sleep(Duration::from_millis(2));
    }
    child.kill().expect("killed");
    child.wait().expect("ended");
    let resume = [MODEL, "--resume", text(&checkpoint)];
    let refused = |more: &[&str], says: &str| {
        let told = predicate::str::contains(says);
        simulate(&[&resume[..], more].concat()).assert().code(2).stdout("").stderr(told);
    };
    refused(&["--out", text(&file("elsewhere.csv"))], "records into");
    std::fs::remove_file(file("out.csv.records")).expect("there");
    refused(&[], "cannot be read");
}

/// A table and an archive hold the same numbers, and `fit` reads both.
#[test]
fn recorded_states_are_trajectories() {
    let folder = tempfile::tempdir().expect("a folder");
    let fitted: Vec<Value> = ["csv", "npz"]
        .iter()
        .map(|ending| {
            let out = folder.path().join(format!("out.{ending}"));
            let flags = ["--walkers", "40", "--steps", "800", "--every", "2", "--dt", "0.02", "--out", text(&out)];
            ask(&[&["models/harmonic-line.ron"], &flags[..]].concat());
            let told = thalweg().args(["fit", text(&out), "--format", "json"]).assert().get_output().clone();
            let fit: Value = serde_json::from_slice(&told.stdout).expect("one object");
            assert!((fit["interval"].as_f64().expect("known") - 0.04).abs() < 1e-9);
            fit["delta"].clone()
        })
        .collect();
    let value = |k: usize| fitted[k]["value"].as_f64().expect("a number");
    assert!((value(0) - value(1)).abs() < 1e-6 * value(0), "{fitted:?}");
}

/// Without a checkpoint nobody could take up the records of a killed run: they leave with it.
#[cfg(unix)]
#[test]
fn a_killed_run_without_checkpoint_leaves_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out.npz");
    let flags =
        ["--walkers", "300", "--steps", "100000000", "--every", "100", "--out", text(&out), "--out-limit", "1000"];
    let mut child = started(&[&[MODEL], &flags[..]].concat());
    std::thread::sleep(Duration::from_millis(300));
    child.kill().expect("killed");
    child.wait().expect("ended");
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0);
}

/// A table of final states has those that left in a table beside it, and only while there are any.
#[test]
fn tables_name_the_walkers_that_diverged() {
    let folder = tempfile::tempdir().expect("a folder");
    let (out, fallen) = (folder.path().join("out.csv"), folder.path().join("out.diverged.csv"));
    let flags = ["models/sgd-plain.ron", "--walkers", "30", "--steps", "400", "--out", text(&out)];
    ask(&[&flags[..], &["--set", "noise.learning_rate=6"]].concat());
    let table = std::fs::read_to_string(&fallen).expect("written");
    assert!(table.starts_with("walker,step,time,x,learning_rate\n") && table.lines().count() == 31, "{table}");
    ask(&flags);
    assert!(!fallen.exists());
}

/// Means by levels reach the error that was asked for at the step that was asked for; what they would pass over is refused.
#[test]
fn levels_give_means_at_the_finest_step() {
    let flags = ["models/harmonic-line.ron", "--dt", "0.02", "--steps", "50", "--multilevel", "3", "--error", "0.02"];
    let found: Value =
        serde_json::from_slice(&simulate(&flags).assert().success().get_output().stdout).expect("one object");
    assert_eq!((found["dt"].as_f64(), found["levels"].as_array().map(Vec::len)), (Some(0.0025), Some(4)));
    assert!(found["standard_errors"]["x2"].as_f64().is_some_and(|e| e < 0.023), "{found}");
    for more in [["--walkers", "10"], ["--every", "5"], ["--scheme", "strang"], ["--out", "a.csv"]] {
        let told = predicate::str::contains(more[0]);
        simulate(&[&flags[..], &more[..]].concat()).assert().code(2).stdout("").stderr(told);
    }
}

/// Beyond the edge of stability walkers leave: each is told with its step, place and learning rate.
#[test]
fn walkers_that_diverge_are_listed() {
    let found = ask(&["models/sgd-plain.ron", "--walkers", "150", "--steps", "400", "--set", "noise.learning_rate=6"]);
    let diverged = &found["diverged"];
    let listed = diverged["walkers"].as_array().expect("a list");
    assert_eq!((diverged["count"].as_u64(), listed.len()), (Some(150), 100));
    assert_eq!(diverged["first"], listed[0]);
    assert!(listed.windows(2).all(|w| w[0]["step"].as_u64() <= w[1]["step"].as_u64()));
    for walker in listed {
        assert_eq!(walker["learning_rate"].as_f64(), Some(6.0));
        let (step, time) = (walker["step"].as_f64().expect("a step"), walker["time"].as_f64().expect("a time"));
        assert!((time - 6.0 * step).abs() < 1e-9 && walker["x"].is_f64());
    }
}
