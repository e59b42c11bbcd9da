//! `simulate`: what paths do.

mod keeping;
mod levels;
mod records;
mod resume;

use super::answer::{Answer, Failure, number, numbers};
use super::args::{Common, SchemeName, SimdChoice, SimulateArgs};
use super::{inside, output, read_model};
use crate::archive::{ArrayRef, write};
use crate::eval::Simd;
use crate::model::{Model, Sgd};
use crate::report::picture::{Bars, draw};
use crate::report::table::{Cell, Table};
use crate::sim::{Ensemble, Estimate, Fall, Plan, Run, Scheme};
use crate::theory::forgetting;
use keeping::Keeping;
use resume::resumed;
use serde_json::{Value, json};
use std::io::Write as _;
use std::path::Path;

/// Walkers that diverged and are listed one by one.
const SHOWN: usize = 100;

impl SchemeName {
    fn scheme(self) -> Scheme {
        match self {
            SchemeName::Strang => Scheme::Strang,
            SchemeName::EulerMaruyama => Scheme::EulerMaruyama,
            SchemeName::TwoPoint => Scheme::TwoPoint,
        }
    }
}

pub fn simulate(asked: &SimulateArgs, common: &Common) -> Result<Answer, Failure> {
    let model = read_model(&asked.model, common)?;
    let failed = |e: &dyn std::fmt::Display| Failure::of_file(&asked.model, e);
    if model.sgd().is_some() && asked.scheme.is_some() {
        return Err(Failure::bad("--scheme is asked of Langevin noise; SGD has its own steps"));
    }
    if model.sgd().is_some() && asked.dt.is_some() {
        return Err(Failure::bad("--dt is asked of Langevin noise; one step of SGD is one learning rate"));
    }
    if let Some(start) = asked.start {
        inside(&model, "--start", start)?;
    }
    if let Some(levels) = asked.multilevel {
        return levels::by_levels(&model, levels, asked, common);
    }
    let (mut run, plan, mut keeping) = match &asked.resume {
        Some(path) => resumed(&model, path, asked, common)?,
        None => {
            let plan = planned(&model, asked, common)?;
            let run = Run::new(&model, &plan).map_err(|e| failed(&e))?;
            let keeping = Keeping::of(&model, &plan, run.dt(), asked, common);
            (run, plan, keeping)
        }
    };
    keeping.prepare(&mut run)?;
    let found = keeping.follow(run)?;
    let seconds = keeping.seconds;
    if let (Some(path), None) = (&keeping.out, plan.every) {
        save(path, &found, model.sgd().is_some())?;
    }
    let moments = found.moments.as_ref();
    let value = |pick: fn(&Estimate) -> f64| {
        moments.map_or(Value::Null, |m| {
            json!({"x": number(pick(&m.x)), "x2": number(pick(&m.x2)), "y2": m.y2.iter().map(|e| number(pick(e))).collect::<Vec<_>>()})
        })
    };
    let mut table = Table::new(["moment", "value", "standard error"]);
    if let Some(m) = moments {
        let mut row = |name: String, e: &Estimate| {
            table.row([name.into(), Cell::number(e.value, 6), Cell::number(e.standard_error, 2)]);
        };
        row("x".into(), &m.x);
        row("x2".into(), &m.x2);
        m.y2.iter().enumerate().for_each(|(i, e)| row(format!("y2[{}]", i + 1), e));
    }
    let mut text = format!(
        "{}: {} walkers, {} steps of {} ({})\n\n{}\ndiverged: {}\n",
        model.name(),
        plan.walkers,
        found.steps,
        found.dt,
        found.scheme,
        table.to_text(),
        found.diverged.count
    );
    if plan.every.is_some() {
        text += &format!("averaged after {} steps\n", plan.burn_in);
    }
    let density = found.histogram.as_ref().map_or(
        Value::Null,
        |h| json!({"edges": numbers(&h.edges), "p": numbers(&h.p), "standard_errors": numbers(&h.standard_errors)}),
    );
    let gained = moments.map_or(Value::Null, |m| {
        let ratio = |(plain, own): (&Estimate, &Estimate)| number((plain.standard_error / own.standard_error).powi(2));
        json!({"y2": m.y2_plain.iter().zip(&m.y2).map(ratio).collect::<Vec<_>>()})
    });
    let pace = if model.sgd().is_some() { "learning_rate" } else { "dt" };
    let fall = |f: &Fall| json!({"walker": f.walker, "step": f.step, "time": number(f.step as f64 * found.dt), "x": number(f.x), pace: number(found.dt)});
    let falls: Vec<Value> = found.diverged.falls.iter().take(SHOWN).map(fall).collect();
    let entries = json!({
        "model": model.name(), "scheme": found.scheme, "walkers": plan.walkers, "steps": found.steps, "dt": number(found.dt),
        "start": number(found.start), "burn_in": plan.burn_in, "seed": plan.seed, "threads": found.threads,
        "simd": plan.simd.name(), "seconds": number(seconds), "moments": value(|e| e.value),
        "standard_errors": value(|e| e.standard_error), "variance_gained": gained, "density": density,
        "diverged": {"count": found.diverged.count, "first": falls.first(), "walkers": falls},
    });
    let bars =
        found.histogram.as_ref().map(|h| Bars { name: "walkers".into(), edges: h.edges.clone(), heights: h.p.clone() });
    let mut answer = Answer::new("simulate", text, table, entries);
    answer.picture = draw(model.name(), model.coordinate(), "probability density", &[], bars.as_ref()).ok();
    Ok(answer)
}

/// The plan of a new run.
fn planned(model: &Model, asked: &SimulateArgs, common: &Common) -> Result<Plan, Failure> {
    let usual = if asked.multilevel.is_some() { Scheme::EulerMaruyama } else { Scheme::Strang };
    let scheme = asked.scheme.map_or(usual, SchemeName::scheme);
    // Barriers are known to the spectrum, not to the curvature at the start.
    let relaxation = match (asked.steps, asked.multilevel) {
        (None, None) => forgetting(model).map(|times| times.relaxation),
        _ => None,
    };
    let mut plan = Plan::for_scheme(model, scheme, relaxation).map_err(|e| Failure::of_file(&asked.model, e))?;
    let step = model.sgd().map(Sgd::step_time).or(plan.dt);
    if let (Some(time), Some(step)) = (relaxation, step)
        && !common.quiet
        && !(4.0 * time / step <= plan.steps as f64)
    {
        let needed = 10.0 * time / step;
        let _ = writeln!(
            std::io::stderr(),
            "{}: warning: walkers remember their start: {} steps are taken where about {needed:.1e} would make them forget it (--steps)",
            asked.model.display(),
            plan.steps
        );
    }
    plan.walkers = match asked.walkers {
        Some(n) => usize::try_from(n).map_err(|_| Failure::bad("--walkers: too many"))?,
        None => plan.walkers,
    };
    plan.dt = asked.dt.or(plan.dt);
    plan.steps = asked.steps.unwrap_or(plan.steps);
    plan.start = asked.start;
    plan.every = asked.every;
    plan.burn_in = if asked.every.is_some() { plan.steps / 2 } else { 0 };
    apply(&mut plan, common)?;
    Ok(plan)
}

/// Seed, threads and instructions as asked for.
pub fn apply(plan: &mut Plan, common: &Common) -> Result<(), Failure> {
    plan.seed = common.seed;
    plan.threads = common.threads.map_or(0, usize::from);
    plan.simd = simd(common)?;
    Ok(())
}

/// The instructions asked for, if this machine has them.
pub fn simd(common: &Common) -> Result<Simd, Failure> {
    let simd = match common.simd {
        SimdChoice::Auto => Simd::detect(),
        SimdChoice::Avx512 => Simd::Avx512,
        SimdChoice::Avx2 => Simd::Avx2,
        SimdChoice::Portable => Simd::Portable,
    };
    if !simd.is_available() {
        return Err(Failure::bad(format!("--simd {}: this machine does not have it", simd.name())));
    }
    Ok(simd)
}

/// Final places as `.npz` (arrays x and y, or y1, y2, … for several directions, and the walkers that diverged) or `.csv` (those
/// that diverged in a table beside it).
fn save(path: &Path, found: &Ensemble, sgd: bool) -> Result<(), Failure> {
    let names = records::names(found.y.len());
    let bytes = match path.extension().and_then(|e| e.to_str()) {
        Some("npz") => {
            let shape = [found.x.len()];
            let mut arrays = vec![("x", ArrayRef { shape: &shape, values: &found.x })];
            let shapes: Vec<[usize; 1]> = found.y.iter().map(|y| [y.len()]).collect();
            for ((name, y), shape) in names.iter().zip(&found.y).zip(&shapes) {
                arrays.push((name, ArrayRef { shape, values: y }));
            }
            let diverged = records::diverged(found);
            let count = [found.diverged.count];
            arrays.extend(diverged.iter().map(|(name, values)| (*name, ArrayRef { shape: &count, values })));
            write(&arrays).map_err(|e| Failure::of_file(path, e))?
        }
        _ => {
            let mut table = Table::new(std::iter::once("x".to_owned()).chain(names));
            for (k, x) in found.x.iter().enumerate() {
                let rest = found.y.iter().map(|y| Cell::number(y.get(k).copied().unwrap_or(f64::NAN), 17));
                table.row(std::iter::once(Cell::number(*x, 17)).chain(rest));
            }
            records::save_diverged(path, found, sgd)?;
            table.to_csv().into_bytes()
        }
    };
    output::write(path, &bytes)
}
