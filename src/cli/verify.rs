//! `verify`: every claim of the theory for each model, as a table, JSON or JUnit.

use super::answer::{Answer, Failure, number};
use super::args::Common;
use super::watch::{INTERRUPTED, Onlooker};
use super::{input, read_models};
use crate::archive::Archive;
use crate::check::{self, Effort, Recorded, Report, Verdict};
use crate::report::table::{Cell, Table};
use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

pub fn verify(paths: &[PathBuf], data: Option<&Path>, quick: bool, common: &Common) -> Result<Answer, Failure> {
    let models = read_models(paths, common)?;
    let (mut reports, mut interrupted): (Vec<Report>, _) = (Vec::new(), None);
    if let Some(file) = data {
        if quick {
            return Err(Failure::bad("--quick asks for smaller simulations, and with --data nothing is simulated"));
        }
        let record = record(file)?;
        for model in &models {
            reports.push(check::verify_recorded(model, &record).map_err(|e| Failure::of_file(file, e))?);
        }
    } else {
        let effort = Effort {
            seed: common.seed,
            threads: common.threads.map_or(0, usize::from),
            simd: super::simulate::simd(common)?,
            ..if quick { Effort::quick() } else { Effort::default() }
        };
        for model in &models {
            match check::verify(model, &effort, &Onlooker::of(model.name(), common)) {
                Ok(report) => reports.push(report),
                Err(reason) => {
                    interrupted = Some(reason);
                    break;
                }
            }
        }
    }
    if let Some(reason) = interrupted.as_ref().filter(|_| reports.is_empty()) {
        return Err(Failure::Interrupted(reason.to_string()));
    }
    let mut table = Table::new(["model", "claim", "expected", "observed", "distance", "limit", "verdict"]);
    let mut text = String::new();
    for report in &reports {
        let mut own = Table::new(["claim", "expected", "observed", "distance", "limit", "verdict"]);
        let mut notes = String::new();
        for (number, c) in report.checks.iter().enumerate() {
            let cells = |digits: usize| {
                [
                    Cell::from(c.claim),
                    Cell::optional(c.expected, digits),
                    Cell::optional(c.observed, digits),
                    Cell::optional(c.distance, digits),
                    Cell::optional(c.limit, 2),
                    c.verdict.name().into(),
                ]
            };
            own.row(cells(3));
            table.row(std::iter::once(Cell::from(report.model.clone())).chain(cells(7)));
            notes += &format!("  {}. {}\n", number + 1, c.reason);
        }
        text += &format!("{}: {}\n\n{}\n{notes}\n", report.model, report.verdict().name(), own.to_text());
    }
    let any = |v: Verdict| reports.iter().any(|r| r.verdict() == v);
    let worst = [Verdict::Fail, Verdict::Undecided].into_iter().find(|v| any(*v)).unwrap_or(Verdict::Pass);
    let whole = if interrupted.is_some() && worst == Verdict::Pass { Verdict::Undecided } else { worst };
    let as_json = |r: &Report| {
        let checks: Vec<Value> = r
            .checks
            .iter()
            .map(|c| {
                let value = |v: Option<f64>| v.map_or(Value::Null, number);
                json!({"claim": c.claim, "expected": value(c.expected), "observed": value(c.observed),
                       "distance": value(c.distance), "limit": value(c.limit), "verdict": c.verdict.name(), "reason": c.reason})
            })
            .collect();
        json!({"model": r.model, "verdict": r.verdict().name(), "checks": checks})
    };
    let mut entries = match reports.as_slice() {
        [one] if models.len() == 1 => as_json(one),
        many => json!({"verdict": whole.name(), "models": many.iter().map(as_json).collect::<Vec<_>>()}),
    };
    if let Some(reason) = &interrupted {
        text += &format!("{reason}: {} of {} models were examined\n", reports.len(), models.len());
        entries["status"] = json!(reason.to_string());
    }
    let mut answer = Answer::new("verify", text, table, entries);
    answer.junit = junit(&reports);
    answer.code = match whole {
        _ if interrupted.is_some() => INTERRUPTED,
        Verdict::Fail => 1,
        Verdict::Undecided => 3,
        _ => 0,
    };
    Ok(answer)
}

/// Arrays `x`, and `y` or `y1`, `y2`, …: shape (n) for independent samples, (walkers, times) for paths.
fn record(file: &Path) -> Result<Recorded, Failure> {
    let bad = |e: &dyn std::fmt::Display| Failure::of_file(file, e);
    let bytes = input::bytes(file, input::LARGEST_ARCHIVE, "an archive of arrays (.npz)")?;
    let archive = Archive::read(&bytes).map_err(|e| bad(&e))?;
    let x = archive.f64("x").map_err(|e| bad(&e))?;
    let shape = x.shape().to_vec();
    let walkers = match shape.as_slice() {
        [_] => None,
        [walkers, _] => Some(*walkers),
        _ => return Err(bad(&format!("array `x` has {} axes; accepted are (n) and (walkers, times)", shape.len()))),
    };
    let mut y = Vec::new();
    let names: Vec<String> = match archive.contains("y") {
        true => vec!["y".to_owned()],
        false => (1..).map(|i| format!("y{i}")).take_while(|name| archive.contains(name)).collect(),
    };
    for name in names {
        let own = archive.f64(&name).map_err(|e| bad(&e))?;
        y.push(own.expect_shape("the shape of x", &shape).map_err(|e| bad(&e))?.into_values());
    }
    Ok(Recorded { x: x.into_values(), y, walkers })
}

fn junit(reports: &[Report]) -> Option<String> {
    let mut file = quick_junit::Report::new("thalweg verify");
    for report in reports {
        let mut suite = TestSuite::new(report.model.as_str());
        for c in &report.checks {
            let mut status = match c.verdict {
                Verdict::Pass => TestCaseStatus::success(),
                Verdict::Fail => TestCaseStatus::non_success(NonSuccessKind::Failure),
                Verdict::Undecided => TestCaseStatus::non_success(NonSuccessKind::Error),
                Verdict::OutsideRegime | Verdict::NotApplicable => TestCaseStatus::skipped(),
            };
            status.set_message(c.reason.as_str());
            suite.add_test_case(TestCase::new(c.claim, status));
        }
        file.add_test_suite(suite);
    }
    file.to_string().ok()
}
