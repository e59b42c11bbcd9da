//! What was generated yesterday is generated today, and answers keep their keys.

use super::support::{claim, holds};
use crate::generate::{Kind, Posed, models};
use assert_cmd::Command;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::Value;
use std::io::Write;

/// The first cases of a seed, simplified: a saved case of an older version still means the same.
#[test]
fn a_seed_is_a_model() {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(Config { failure_persistence: None, ..Config::default() }, rng);
    let draw = |runner: &mut TestRunner| models(Kind::VALLEY).new_tree(runner).expect("a model");
    let mut tree = draw(&mut runner);
    let first = tree.current();
    let mut again = TestRunner::new_with_rng(
        Config { failure_persistence: None, ..Config::default() },
        TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]),
    );
    assert_eq!(draw(&mut again).current().text(), first.text());
    // Made as simple as it can be, it is a circle (or what comes first), with the least numbers.
    while tree.simplify() {}
    let simple = tree.current();
    assert!(simple.text().len() <= first.text().len() && simple.text().contains("loss: \"0\""), "{}", simple.text());
}

/// The program's JSON on a model.
pub fn answer(command: &str, posed: &Posed, more: &[&str]) -> Result<(i32, Option<Value>), String> {
    let mut file = tempfile::Builder::new().suffix(".ron").tempfile().map_err(|e| e.to_string())?;
    file.write_all(posed.text().as_bytes()).map_err(|e| e.to_string())?;
    let mut program = Command::cargo_bin("thalweg").map_err(|e| e.to_string())?;
    let ran = program.arg(command).arg(file.path()).args(more).args(["--format", "json", "--quiet"]).output();
    let ran = ran.map_err(|e| e.to_string())?;
    let code = ran.status.code().ok_or("killed")?;
    Ok((code, serde_json::from_slice(&ran.stdout).ok()))
}

#[test]
fn densities_keep_their_keys() {
    holds("golden::densities_keep_their_keys", 6, &models(Kind::ANY), |posed| {
        let (code, found) = answer("density", posed, &["--points", "5", "--method", "adiabatic,first-order"])?;
        let found = found.ok_or("no JSON")?;
        claim!(code == 0, "exit code {code}");
        for key in ["thalweg", "schema", "model", "x", "densities", "regime"] {
            claim!(found.get(key).is_some(), "`{key}` is missing");
        }
        for method in ["adiabatic", "first-order"] {
            let told = &found["densities"][method];
            let reason = found["status"][method].is_string();
            let full = told.as_array().is_some_and(|p| p.len() == 5 && p.iter().all(Value::is_number));
            claim!(full || reason, "{method} is neither there nor explained");
        }
        Ok(())
    });
}

#[test]
fn losses_keep_their_keys() {
    holds("golden::losses_keep_their_keys", 6, &models(Kind::ANY), |posed| {
        let (code, found) = answer("loss", posed, &["--at", "0.25,0.5"])?;
        let found = found.ok_or("no JSON")?;
        claim!(code == 0, "exit code {code}");
        for key in ["x", "floor_loss", "sgd_loss", "effective_loss", "marginal_potential", "formula"] {
            claim!(found.get(key).is_some(), "`{key}` is missing");
        }
        Ok(())
    });
}
