//! `simulate --multilevel`: means at a small step from coupled ensembles at larger ones.

use super::super::answer::{Answer, Failure, number};
use super::super::args::{Common, SchemeName, SimulateArgs};
use super::super::watch::Onlooker;
use super::planned;
use crate::model::Model;
use crate::report::table::{Cell, Table};
use crate::sim::{Estimate, SimError, multilevel};
use serde_json::json;

/// Standard error of `<x²>` where nobody says.
const ERROR: f64 = 1e-3;

pub fn by_levels(model: &Model, levels: u32, asked: &SimulateArgs, common: &Common) -> Result<Answer, Failure> {
    let others = [
        ("--walkers", asked.walkers.is_some()),
        ("--every", asked.every.is_some()),
        ("--out", asked.out.is_some()),
        ("--checkpoint", asked.checkpoint.is_some()),
        ("--resume", asked.resume.is_some()),
    ];
    if let Some((flag, _)) = others.iter().find(|(_, given)| *given) {
        return Err(Failure::bad(format!(
            "{flag}: has no meaning with --multilevel, which chooses its walkers itself"
        )));
    }
    if !matches!(asked.scheme, None | Some(SchemeName::EulerMaruyama)) {
        return Err(Failure::bad("--scheme: levels are coupled for euler-maruyama only"));
    }
    let plan = planned(model, asked, common)?;
    let watch = Onlooker::of("walker-steps", common);
    let found = multilevel(model, &plan, levels, asked.error.unwrap_or(ERROR), &watch).map_err(|e| match e {
        SimError::Interrupted { .. } => Failure::Interrupted(e.to_string()),
        e => Failure::of_file(&asked.model, e),
    })?;
    drop(watch);
    let mut moments = Table::new(["moment", "value", "standard error"]);
    let mut row = |name: String, e: &Estimate| {
        moments.row([name.into(), Cell::number(e.value, 6), Cell::number(e.standard_error, 2)]);
    };
    row("x".into(), &found.x);
    row("x2".into(), &found.x2);
    found.y2.iter().enumerate().for_each(|(i, e)| row(format!("y2[{}]", i + 1), e));
    let mut table = Table::new(["dt", "walkers", "steps", "variance"]);
    for l in &found.levels {
        let steps = Cell::number(l.steps as f64, 6);
        table.row([Cell::number(l.dt, 6), Cell::number(l.walkers as f64, 9), steps, Cell::number(l.variance, 3)]);
    }
    let finest = found.levels.last().map_or(f64::NAN, |l| l.dt);
    let text = format!(
        "{}: euler-maruyama at a time step of {finest}, by {} levels\n\n{}\n{}\n{:.3e} walker-steps; the finest level alone would need {:.3e}\n",
        model.name(),
        found.levels.len(),
        moments.to_text(),
        table.to_text(),
        found.walker_steps as f64,
        found.walker_steps_of_one_level,
    );
    let both = |pick: fn(&Estimate) -> f64| {
        json!({"x": number(pick(&found.x)), "x2": number(pick(&found.x2)),
            "y2": found.y2.iter().map(|e| number(pick(e))).collect::<Vec<_>>()})
    };
    let levels: Vec<_> = (found.levels.iter())
        .map(|l| json!({"dt": number(l.dt), "walkers": l.walkers, "steps": l.steps, "variance": number(l.variance)}))
        .collect();
    let entries = json!({
        "model": model.name(), "scheme": "euler-maruyama", "dt": number(finest), "seed": plan.seed,
        "simd": plan.simd.name(), "moments": both(|e| e.value), "standard_errors": both(|e| e.standard_error),
        "levels": levels, "walker_steps": found.walker_steps,
        "walker_steps_of_one_level": number(found.walker_steps_of_one_level),
    });
    Ok(Answer::new("simulate-multilevel", text, table, entries))
}
