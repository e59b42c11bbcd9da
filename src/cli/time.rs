//! `time`: how long until the coordinate arrives, and how fast it forgets.

use super::answer::{Answer, Failure, number};
use super::args::{Common, TimeArgs};
use super::watch::Onlooker;
use super::{inside, read_model, simulate};
use crate::model::{Model, Sgd};
use crate::num::function::exp;
use crate::report::table::{Cell, Table};
use crate::sim::{Passage, Plan, SimError, first_passage};
use crate::theory::Method;
use crate::theory::pace::{Paces, against_batch_size, against_noise};
use crate::theory::passage::{NoTime, log_passage_time, log_spectral_gap};
use serde_json::{Map, Value, json};

/// Walkers of the simulation, where nobody says.
const WALKERS: u64 = 2048;
/// Walker-steps that are spent without being asked for.
const UNASKED: f64 = 3e8;
/// Walkers are followed in blocks until the last has arrived: about so many mean times.
const LAST_OF_BLOCK: f64 = 5.0;
/// Nobody is followed longer than this many mean times.
const PATIENCE: f64 = 20.0;

/// What one method says.
struct Said {
    log_time: Result<f64, NoTime>,
    log_gap: Result<f64, NoTime>,
}

fn entry(said: &Said, step: Option<f64>) -> Value {
    let (time, gap) = (said.log_time.as_ref().ok(), said.log_gap.as_ref().ok());
    let plain = |log: Option<&f64>| log.map_or(Value::Null, |log| number(exp(*log)));
    let log = |log: Option<&f64>| log.map_or(Value::Null, |log| number(*log));
    json!({
        "mean_first_passage_time": plain(time), "log_mean_first_passage_time": log(time),
        "steps": step.zip(time).map_or(Value::Null, |(step, time)| number(exp(*time) / step)),
        "spectral_gap": plain(gap), "log_spectral_gap": log(gap),
    })
}

pub fn time(asked: &TimeArgs, common: &Common) -> Result<Answer, Failure> {
    let model = read_model(&asked.model, common)?;
    for (flag, x) in [("--from", asked.from), ("--to", asked.to)] {
        inside(&model, flag, x)?;
    }
    let step = model.sgd().map(Sgd::step_time);
    let methods: &[Method] = match step {
        Some(_) => &[Method::Adiabatic, Method::FirstOrder, Method::Discrete],
        None => &[Method::Adiabatic, Method::FirstOrder],
    };
    let (mut entries, mut status) = (Map::new(), Map::new());
    let mut table = Table::new(["method", "mean time", "steps", "spectral gap", "relaxation time"]);
    let mut first = None;
    for method in methods {
        let said = Said {
            log_time: log_passage_time(&model, *method, asked.from, asked.to),
            log_gap: log_spectral_gap(&model, *method),
        };
        let name = method.name();
        if let Err(reason) = &said.log_time {
            status.insert(name.into(), json!(reason.to_string()));
        } else if said.log_time.as_ref().is_ok_and(|log| !exp(*log).is_finite()) {
            status.insert(name.into(), json!("the mean time is beyond the range of numbers: see its logarithm"));
        }
        if let Err(reason) = &said.log_gap {
            status.insert(format!("{name} spectral gap"), json!(reason.to_string()));
        }
        let cell = |log: &Result<f64, NoTime>, times: f64| {
            log.as_ref().map_or(Cell::number(f64::NAN, 6), |log| Cell::number(exp(*log) * times, 6))
        };
        let relaxation = said.log_gap.as_ref().map_or(Cell::number(f64::NAN, 6), |log| Cell::number(exp(-log), 6));
        let steps = step.map_or(Cell::number(f64::NAN, 6), |step| cell(&said.log_time, 1.0 / step));
        table.row([name.into(), cell(&said.log_time, 1.0), steps, cell(&said.log_gap, 1.0), relaxation]);
        entries.insert(name.into(), entry(&said, step));
        first.get_or_insert(said);
    }
    let Some(adiabatic) = first else { return Err(Failure::bad("no method was asked for")) };
    let expected = adiabatic.log_time.as_ref().ok().map(|log| exp(*log));
    let mut sure = String::new();
    match simulated(&model, asked, common, expected)? {
        Ok((passage, walkers)) => {
            // The simulation counts a step of SGD as a time η, whatever the momentum.
            let unit = step.map_or(1.0, |step| step / passage.dt);
            let mean = passage.mean.as_ref().map(|m| (m.value * unit, m.standard_error * unit));
            let steps = step.zip(mean).map(|(step, mean)| mean.0 / step);
            if let Some((_, error)) = mean {
                sure = format!("simulation: {walkers} walkers, standard error of the mean time {error:.2}\n");
            } else {
                let message = format!(
                    "{} of {walkers} walkers had not arrived after {} units of time",
                    passage.censored, passage.horizon
                );
                status.insert("simulation".into(), json!(message));
            }
            let shown = |v: Option<f64>| Cell::number(v.unwrap_or(f64::NAN), 4);
            let empty = || Cell::number(f64::NAN, 4);
            table.row(["simulation".into(), shown(mean.map(|m| m.0)), shown(steps), empty(), empty()]);
            entries.insert("simulation".into(), json!({
                "mean_first_passage_time": mean.map(|m| number(m.0)), "standard_error": mean.map(|m| number(m.1)),
                "steps": steps.map(number), "walkers": walkers, "seed": common.seed, "dt": number(passage.dt), "arrived": passage.times.len(),
                "censored": passage.censored, "diverged": passage.diverged.count,
            }));
        }
        Err(reason) => {
            entries.insert("simulation".into(), Value::Null);
            status.insert("simulation".into(), json!(reason));
        }
    }
    let top = entry(&adiabatic, step);
    let unit = if step.is_some() { " (one step is a time of the learning rate, over 1 - momentum)" } else { "" };
    let mut text = format!(
        "Time along the floor of {} from {} to {}{unit}\n\n{}\n",
        model.name(),
        asked.from,
        asked.to,
        table.to_text()
    );
    text += &sure;
    let by_noise = against_noise(&model, asked.from, asked.to);
    let by_batch = against_batch_size(&model, asked.from, asked.to);
    text += &paced_text(&by_noise);
    text += &by_batch.as_ref().map_or(String::new(), paced_text);
    for (what, reason) in &status {
        text += &format!("{what}: {}\n", reason.as_str().unwrap_or_default());
    }
    let mut json = json!({"model": model.name(), "from": asked.from, "to": asked.to});
    if let (Value::Object(json), Value::Object(top)) = (&mut json, top) {
        json.extend(top);
        json.insert("methods".into(), Value::Object(entries));
        json.insert("by_noise".into(), paced(&by_noise));
        json.insert("by_batch_size".into(), by_batch.as_ref().map_or(Value::Null, paced));
        json.insert("status".into(), Value::Object(status));
    }
    Ok(Answer::new("time", text, table, json))
}

/// Times against noise or batch size, as data.
fn paced(found: &Paces) -> Value {
    let rows: Vec<Value> = found
        .rows
        .iter()
        .map(|row| {
            json!({
                found.quantity: number(row.value), "share_of_bound": row.share.map(number),
                "mean_first_passage_time": row.log_time.map(|log| number(exp(log))), "log_mean_first_passage_time": row.log_time.map(number),
                "steps": row.log_steps.map(|log| number(exp(log))), "status": row.status,
            })
        })
        .collect();
    let bound = found.bound.map(|(kind, value)| json!({"kind": kind.name(), "value": number(value)}));
    json!({"quantity": found.quantity, "method": found.method.name(), "bound": bound, "rows": rows})
}

/// The same for people.
fn paced_text(found: &Paces) -> String {
    let mut table = Table::new([found.quantity, "share of the bound", "mean time", "steps"]);
    for row in &found.rows {
        let or_missing = |value: Option<f64>, digits| Cell::number(value.unwrap_or(f64::NAN), digits);
        let time = match &row.status {
            Some(why) => Cell::from(why.clone()),
            None => or_missing(row.log_time.map(exp), 6),
        };
        let steps = or_missing(row.log_steps.map(exp), 6);
        table.row([Cell::number(row.value, 5), or_missing(row.share, 3), time, steps]);
    }
    let bound = found.bound.map_or(String::new(), |(kind, value)| format!(", {} bound {value:.6}", kind.name()));
    format!("\nby {} ({} law{bound})\n\n{}", found.quantity.replace('_', " "), found.method.name(), table.to_text())
}

type Simulated = Result<(Passage, u64), String>;

/// First passages of simulated walkers, where they are asked for or cheap.
fn simulated(model: &Model, asked: &TimeArgs, common: &Common, expected: Option<f64>) -> Result<Simulated, Failure> {
    let Some(expected) = expected.filter(|time| time.is_finite() && *time > 0.0) else {
        return Ok(Err("no finite mean time is expected".into()));
    };
    let failed = |e: SimError| match e {
        SimError::Interrupted { .. } => Failure::Interrupted(e.to_string()),
        other => Failure::of_file(&asked.model, other),
    };
    let mut plan = Plan::for_model(model, Some(expected)).map_err(failed)?;
    let walkers = asked.walkers.unwrap_or(WALKERS);
    let dt = plan.dt.or(model.sgd().map(|sgd| sgd.learning_rate.value())).unwrap_or(f64::INFINITY);
    let steps = expected / dt;
    if asked.walkers.is_none() && LAST_OF_BLOCK * steps * walkers as f64 > UNASKED {
        return Ok(Err(format!("about {steps:.1e} steps per walker are needed: ask for it with --walkers")));
    }
    plan.walkers = usize::try_from(walkers).map_err(|_| Failure::bad("--walkers: too many"))?;
    plan.start = Some(asked.from);
    simulate::apply(&mut plan, common)?;
    let limit = (PATIENCE * steps).ceil().clamp(1.0, 1e12) as u64;
    first_passage(model, &plan, asked.to, limit, &Onlooker::of("first passages", common))
        .map(|passage| Ok((passage, walkers)))
        .map_err(failed)
}
