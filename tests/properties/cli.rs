//! The program says what the library says.

use super::golden::answer;
use super::support::{claim, holds, near};
use crate::generate::{Kind, models};
use serde_json::Value;
use thalweg::theory::bounds::bounds;
use thalweg::theory::{Method, stationary};

#[test]
fn the_program_prints_the_densities_of_the_library() {
    holds("cli::the_program_prints_the_densities_of_the_library", 6, &models(Kind::ANY), |posed| {
        let (code, found) = answer("density", posed, &["--at", "0.25,0.5,-0.75", "--method", "adiabatic"])
            .map_err(|e| e.to_string())?;
        if posed.model().domain().place(-0.75).is_none() {
            claim!(code == 2, "a place outside is answered with {code}");
            return Ok(());
        }
        let found = found.ok_or("no JSON")?;
        let Ok(law) = stationary(posed.model(), Method::Adiabatic) else { return Ok(()) };
        for (x, p) in
            [0.25, 0.5, -0.75].into_iter().zip(found["densities"]["adiabatic"].as_array().ok_or("no densities")?)
        {
            let (own, told) = (law.density.at(x), p.as_f64().unwrap_or(f64::NAN));
            claim!(near(own, told, 1e-12, 0.0), "at {x}: {own} and {told}");
        }
        Ok(())
    });
}

#[test]
fn the_program_prints_the_bounds_of_the_library() {
    holds("cli::the_program_prints_the_bounds_of_the_library", 6, &models(Kind::STEPS), |posed| {
        let (code, found) = answer("bounds", posed, &[])?;
        let found = found.ok_or("no JSON")?;
        claim!(code == 0, "exit code {code}");
        let told = found["bounds"].as_array().ok_or("no bounds")?;
        for bound in bounds(posed.model()).bounds {
            let row =
                told.iter().find(|row| row["kind"] == bound.kind.name()).ok_or(format!("no {}", bound.kind.name()))?;
            let same = match (bound.value, row["value"].as_f64()) {
                (Some(own), Some(told)) => near(own, told, 1e-12, 0.0),
                (own, told) => own.is_none() && told.is_none() && row["status"].is_string(),
            };
            claim!(same, "{}: {:?} and {}", bound.kind.name(), bound.value, row["value"]);
        }
        Ok(())
    });
}

#[test]
fn a_simulation_by_the_program_is_the_same_for_any_threads() {
    holds("cli::a_simulation_by_the_program_is_the_same_for_any_threads", 4, &models(Kind::ANY), |posed| {
        let run =
            |threads: &str| answer("simulate", posed, &["--walkers", "50", "--steps", "20", "--threads", threads]);
        let ((a, one), (b, two)) = (run("1")?, run("2")?);
        claim!(a == b, "exit codes {a} and {b}");
        let bare = |v: Option<Value>| v.map(|v| (v["moments"].clone(), v["density"].clone()));
        claim!(bare(one) == bare(two), "other bytes with two threads");
        Ok(())
    });
}
