//! `simulate` and `network`: what paths do, and what a real network did.

use super::answer::{Answer, Failure, number, numbers};
use super::args::{Common, SimdChoice, SimulateArgs};
use super::read_model;
use crate::archive::{ArrayRef, write};
use crate::eval::Simd;
use crate::network::{self, Network};
use crate::report::table::{Cell, Table};
use crate::sim::{Ensemble, Estimate, Plan, Scheme, Unwatched, run};
use serde_json::{Value, json};
use std::path::Path;
use std::time::Instant;

pub fn simulate(asked: &SimulateArgs, common: &Common) -> Result<Answer, Failure> {
    if asked.checkpoint.is_some() || asked.checkpoint_every.is_some() || asked.resume.is_some() {
        return Err(Failure::NotBuilt("`simulate` with checkpoints"));
    }
    let model = read_model(&asked.model, common)?;
    let failed = |e: &dyn std::fmt::Display| Failure::bad(format!("{}: {e}", asked.model.display()));
    let mut plan = Plan::for_model(&model, None).map_err(|e| failed(&e))?;
    plan.scheme = match asked.scheme.as_deref() {
        None => plan.scheme,
        Some("strang") => Scheme::Strang,
        Some("euler-maruyama") => Scheme::EulerMaruyama,
        Some(other) => {
            return Err(Failure::bad(format!("--scheme {other}: the schemes are strang and euler-maruyama")));
        }
    };
    if model.sgd().is_some() && asked.scheme.is_some() {
        return Err(Failure::bad("--scheme is asked of Langevin noise; SGD has its own steps"));
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
    let clock = Instant::now();
    let found = run(&model, &plan, &Unwatched).map_err(|e| failed(&e))?;
    let seconds = clock.elapsed().as_secs_f64();
    if let Some(path) = &asked.out {
        save(path, &found)?;
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
    let first = found.diverged.first.map(|(walker, step, x)| json!({"walker": walker, "step": step, "x": number(x)}));
    let entries = json!({
        "model": model.name(), "scheme": found.scheme, "walkers": plan.walkers, "steps": found.steps, "dt": number(found.dt),
        "start": number(found.start), "burn_in": plan.burn_in, "seed": plan.seed, "threads": found.threads,
        "simd": plan.simd.name(), "seconds": number(seconds), "moments": value(|e| e.value),
        "standard_errors": value(|e| e.standard_error), "density": density,
        "diverged": {"count": found.diverged.count, "first": first},
    });
    Ok(Answer::new("simulate", text, table, entries))
}

/// Seed, threads and instructions as asked for.
pub fn apply(plan: &mut Plan, common: &Common) -> Result<(), Failure> {
    plan.seed = common.seed;
    plan.threads = common.threads.map_or(0, usize::from);
    plan.simd = match common.simd {
        SimdChoice::Auto => Simd::detect(),
        SimdChoice::Avx512 => Simd::Avx512,
        SimdChoice::Avx2 => Simd::Avx2,
        SimdChoice::Portable => Simd::Portable,
    };
    if !plan.simd.is_available() {
        return Err(Failure::bad(format!("--simd {}: this machine does not have it", plan.simd.name())));
    }
    Ok(())
}

/// Final places as `.npz` (arrays x, y1, y2, …) or `.csv`.
fn save(path: &Path, found: &Ensemble) -> Result<(), Failure> {
    let shown = path.display();
    let bytes = match path.extension().and_then(|e| e.to_str()) {
        Some("npz") => {
            let names: Vec<String> = (1..=found.y.len()).map(|i| format!("y{i}")).collect();
            let shape = [found.x.len()];
            let mut arrays = vec![("x", ArrayRef { shape: &shape, values: &found.x })];
            let shapes: Vec<[usize; 1]> = found.y.iter().map(|y| [y.len()]).collect();
            for ((name, y), shape) in names.iter().zip(&found.y).zip(&shapes) {
                arrays.push((name, ArrayRef { shape, values: y }));
            }
            write(&arrays).map_err(|e| Failure::bad(format!("{shown}: {e}")))?
        }
        Some("csv") => {
            let mut table =
                Table::new(std::iter::once("x".to_owned()).chain((1..=found.y.len()).map(|i| format!("y{i}"))));
            for (k, x) in found.x.iter().enumerate() {
                let rest = found.y.iter().map(|y| Cell::number(y.get(k).copied().unwrap_or(f64::NAN), 17));
                table.row(std::iter::once(Cell::number(*x, 17)).chain(rest));
            }
            table.to_csv().into_bytes()
        }
        _ => return Err(Failure::bad(format!("--out {shown}: the name ends in .npz or .csv"))),
    };
    std::fs::write(path, bytes).map_err(|e| Failure::bad(format!("{shown}: {e}")))
}

/// Reads a network file.
pub fn read_network(path: &Path) -> Result<Network, Failure> {
    let failed = |e: &dyn std::fmt::Display| Failure::bad(format!("{}: {e}", path.display()));
    let bytes = std::fs::read(path).map_err(|e| failed(&e))?;
    network::read(&bytes).map_err(|e| failed(&e))
}

pub fn network(path: &Path) -> Result<Answer, Failure> {
    let report = network::report(&read_network(path)?);
    let json = serde_json::to_value(&report).map_err(|e| Failure::bad(e.to_string()))?;
    let none = Vec::new();
    let list = |key: &str| json[key].as_array().unwrap_or(&none).clone();
    let cell = |v: &Value, digits: usize| v.as_f64().map_or(Cell::Missing, |n| Cell::number(n, digits));
    let word = |v: &Value| Cell::from(v.as_str().unwrap_or("-"));
    let mut runs = Table::new([
        "learning rate",
        "batch size",
        "sampling",
        "direction",
        "eigenvalue",
        "predicted variance",
        "measured",
        "standard error",
    ]);
    for run in list("runs") {
        for (i, d) in run["directions"].as_array().unwrap_or(&none).iter().enumerate() {
            runs.row([
                cell(&run["learning_rate"], 4),
                cell(&run["batch_size"], 4),
                word(&run["sampling"]),
                Cell::from(i as u64 + 1),
                cell(&d["eigenvalue"], 5),
                cell(&d["predicted_variance"], 4),
                cell(&d["measured_variance"], 4),
                cell(&d["standard_error"], 2),
            ]);
        }
    }
    let mut bounds = Table::new(["batch size", "mean-square bound", "noise subtracted", "network leaves"]);
    for b in list("divergence") {
        bounds.row([
            cell(&b["batch_size"], 4),
            cell(&b["mean_square_bound"], 4),
            cell(&b["noise_subtracted"], 4),
            cell(&b["leaves"], 4),
        ]);
    }
    let mut moved = Table::new(["learning rate", "batch size", "sampling", "predicted displacement", "measured"]);
    for d in list("displacement") {
        moved.row([
            cell(&d["learning_rate"], 4),
            cell(&d["batch_size"], 4),
            word(&d["sampling"]),
            cell(&d["predicted"], 3),
            cell(&d["measured"], 3),
        ]);
    }
    let text = format!(
        "Stationary variance per Hessian direction (w^2)\n\n{}\nLargest learning rate (w^2/loss)\n\n{}\nDisplacement of the mean (w)\n\n{}\n",
        runs.to_text(),
        bounds.to_text(),
        moved.to_text()
    );
    Ok(Answer::new("network", text, runs, json))
}

/// `bounds` of a network: mean-square per batch size, and the edge of stability.
pub fn network_bounds(path: &Path, batches: Option<(u64, u64)>) -> Result<Answer, Failure> {
    let network = read_network(path)?;
    let failed = |e: &dyn std::fmt::Display| Failure::bad(format!("{}: {e}", path.display()));
    let (first, last) = batches.unwrap_or((1, 1));
    let mut table = Table::new(["batch size", "mean-square bound (learning rate)"]);
    let mut curve = Vec::new();
    for b in first..=last {
        let bound = network::mean_square_bound(&network, b as f64).map_err(|e| failed(&e))?;
        table.row([Cell::from(b), Cell::number(bound, 5)]);
        curve.push((b, bound));
    }
    let edge = network::edge_of_stability(&network);
    let points: Vec<Value> = curve
        .iter()
        .map(|(b, bound)| json!({"batch_size": b, "learning_rate": number(*bound), "binding": "mean-square"}))
        .collect();
    let status =
        format!("linear theory on the measured directions at batch size {first}: bounds staying in this valley");
    let entries = json!({
        "bounds": [
            {"kind": "mean-square", "quantity": "learning_rate", "value": curve.first().map_or(Value::Null, |c| number(c.1)),
             "status": status, "source": "Wu, Ma, E 2018; Ma, Ying 2021"},
            {"kind": "edge-of-stability", "quantity": "learning_rate", "value": edge.map_or(Value::Null, number),
             "status": "2 over the largest eigenvalue of the Hessian", "source": "linear stability of the mean"},
        ],
        "binding": "mean-square", "curve": points,
    });
    let text = format!("{}\nedge of stability: {}\n", table.to_text(), edge.map_or("-".into(), |e| format!("{e:.5}")));
    Ok(Answer::new("bounds", text, table, entries))
}
