//! `tune`: the best hyperparameters under the bounds, for a model or for a measured network.

use super::answer::{Answer, Failure, number};
use super::args::{Common, TuneArgs, is_archive};
use super::measured::read_network;
use super::{inside, read_model};
use crate::network;
use crate::num::function::exp;
use crate::report::table::{Cell, Table};
use crate::tune::{Advice, Infeasible, Objective, Question, beyond, tune as tuned};
use serde_json::{Value, json};
use std::path::Path;

pub fn tune(asked: &TuneArgs, common: &Common) -> Result<Answer, Failure> {
    if is_archive(&asked.input) {
        return of_network(asked);
    }
    let model = read_model(&asked.input, common)?;
    for (flag, place) in [("--from", asked.from), ("--to", asked.to)] {
        if let Some(place) = place {
            inside(&model, flag, place)?;
        }
    }
    let question = Question {
        objective: asked.minimize.into(),
        from: asked.from,
        to: asked.to,
        safety: asked.safety,
        batch_sizes: asked.batch_size,
    };
    match tuned(&model, &question) {
        Ok(advice) => Ok(advised(model.name(), &model, &question, &advice)),
        Err(reason @ (Infeasible::Safety(_) | Infeasible::NoBatch)) => Err(Failure::of_file(&asked.input, reason)),
        Err(reason) => {
            let text = format!("{}: nothing to advise: {reason}\n", model.name());
            let table = Table::new(["quantity", "value"]);
            let mut answer = Answer::new(
                "tune",
                text,
                table,
                json!({
                    "model": model.name(), "learning_rate": null, "batch_size": null, "objective": question.objective.name(),
                    "active_bound": null, "status": reason.to_string(),
                }),
            );
            answer.code = 3;
            Ok(answer)
        }
    }
}

fn advised(name: &str, model: &crate::model::Model, question: &Question, advice: &Advice) -> Answer {
    let langevin = model.sgd().is_none();
    let mut table = Table::new(["share of the bound", advice.quantity, question.objective.name(), "mean ln F gained"]);
    for point in &advice.front {
        table.row([
            Cell::number(point.share, 2),
            Cell::number(point.value, 5),
            Cell::number(point.cost, 5),
            Cell::number(point.flatness_gained.unwrap_or(f64::NAN), 3),
        ]);
    }
    let (kind, bound) = advice.bound;
    let unit = if langevin { "units of time" } else { "steps" };
    let active = match advice.active {
        Some(kind) => format!("the {} bound stops a better value", kind.name()),
        None => "the optimum lies below what the bounds allow".to_owned(),
    };
    let batch = advice.batch_size.map_or(String::new(), |b| format!(" at batch size {b}"));
    let slope = |s: Option<f64>| s.map_or("-".into(), |s| format!("{s:+.3}"));
    let text = format!(
        "{name}: best {} {:.6}{batch}\n\n\
         from {:.4} to {:.4} in {:.5e} {unit} ({} law); {active}\n\
         {} bound: {bound:.6}; used: {:.0} % of it (--safety {})\n\
         20 % beyond the bound: {}\n\
         one per cent more {} changes the {unit} by {} %{}\n\n{}\n",
        advice.quantity,
        advice.value,
        advice.way.0,
        advice.way.1,
        exp(advice.log_steps),
        advice.method.name(),
        kind.name(),
        100.0 * advice.value / bound,
        question.safety,
        beyond(kind, model.domain()),
        advice.quantity,
        slope(advice.sensitivities.0),
        advice.sensitivities.1.map_or(String::new(), |s| format!(", one per cent more batch size by {s:+.3} %")),
        table.to_text()
    );
    let front: Vec<Value> = advice
        .front
        .iter()
        .map(|p| json!({"share": p.share, advice.quantity: number(p.value), "cost": number(p.cost), "flatness_gained": p.flatness_gained.map(number)}))
        .collect();
    let bounds: Vec<Value> = advice
        .bounds
        .bounds
        .iter()
        .map(|b| json!({"kind": b.kind.name(), "quantity": b.quantity, "value": b.value.map(number), "status": b.status}))
        .collect();
    let value = number(advice.value);
    let entries = json!({
        "model": name,
        "learning_rate": if langevin { Value::Null } else { value.clone() },
        "delta": if langevin { value } else { Value::Null },
        "batch_size": advice.batch_size.map(number),
        "objective": question.objective.name(), "cost": number(exp(advice.log_cost)), "log_cost": number(advice.log_cost),
        "steps": number(exp(advice.log_steps)), "from": number(advice.way.0), "to": number(advice.way.1), "method": advice.method.name(),
        "safety": question.safety, "bound": {"kind": kind.name(), "value": number(bound)},
        "active_bound": advice.active.map(|kind| kind.name()), "bounds": bounds,
        "sensitivities": {advice.quantity: advice.sensitivities.0.map(number), "batch_size": advice.sensitivities.1.map(number)},
        "beyond": beyond(kind, model.domain()), "front": front,
        "status": if langevin { "a Langevin model has no learning rate: delta was chosen" } else { "" },
    });
    Answer::new("tune", text, table, entries)
}

/// The largest learning rate that stays in this valley, per batch size.
fn of_network(asked: &TuneArgs) -> Result<Answer, Failure> {
    let path: &Path = &asked.input;
    let failed = |e: &dyn std::fmt::Display| Failure::of_file(path, e);
    if !(asked.safety > 0.0 && asked.safety < 1.0) {
        return Err(failed(&Infeasible::Safety(asked.safety)));
    }
    if asked.from.is_some() || asked.to.is_some() {
        return Err(failed(
            &"--from and --to are places of a model; a network is asked for the largest learning rate that stays",
        ));
    }
    let network = read_network(path)?;
    if !network.knows_curvature_noise() {
        return Ok(unknown(path, &network));
    }
    let measured = network::report(&network).divergence;
    let batches: Vec<f64> = match asked.batch_size {
        Some((first, last)) => (first..=last).map(|b| b as f64).collect(),
        None if measured.is_empty() => vec![1.0],
        None => measured.iter().map(|d| d.batch_size).collect(),
    };
    let mut table = Table::new([
        "batch size",
        "learning rate",
        "mean-square bound",
        "measured, noise subtracted",
        "measured, leaves",
    ]);
    let (mut rows, mut best): (Vec<Value>, Option<(f64, f64)>) = (Vec::new(), None);
    let mut text = String::new();
    for batch in batches {
        let bound = network::mean_square_bound(&network, batch).map_err(|e| failed(&e))?;
        let rate = asked.safety * bound;
        let seen = measured.iter().find(|d| d.batch_size == batch);
        let (subtracted, leaves) = (seen.and_then(|d| d.noise_subtracted), seen.and_then(|d| d.leaves));
        let cell = |v: Option<f64>| Cell::number(v.unwrap_or(f64::NAN), 4);
        table.row([
            Cell::number(batch, 6),
            Cell::number(rate, 4),
            Cell::number(bound, 4),
            cell(subtracted),
            cell(leaves),
        ]);
        if let (Some(subtracted), Some(leaves)) = (subtracted, leaves) {
            text += &format!(
                "largest learning rate that stays in this valley at batch {batch}: {bound:.4} (mean-square); measured, noise-subtracted: {subtracted:.4}; the network itself leaves at {leaves:.4}\n"
            );
        }
        rows.push(json!({
            "batch_size": number(batch), "learning_rate": number(rate), "bound": number(bound), "active_bound": "mean-square",
            "noise_subtracted": subtracted.map(number), "leaves": leaves.map(number),
        }));
        // Least samples for a given progress along a slow direction: learning rate per batch size.
        if best.is_none_or(|(b, r)| rate / batch > r / b) {
            best = Some((batch, rate));
        }
    }
    let Some((batch_size, learning_rate)) = best else { return Err(failed(&"no batch size was asked for")) };
    let note = format!(
        "{:.0} % of the bound is advised (--safety {}); of these batch sizes {batch_size} makes the most of every sample: learning rate {learning_rate:.5}\n\
         linear theory bounds staying in the valley that was measured, for SGD with replacement; leaving it is a jump to a flatter place, not a loss of the run\n",
        100.0 * asked.safety,
        asked.safety
    );
    let entries = json!({
        "network": path.display().to_string(), "learning_rate": number(learning_rate), "batch_size": number(batch_size),
        "objective": "largest-learning-rate-that-stays", "safety": asked.safety, "active_bound": "mean-square", "by_batch_size": rows,
        "status": "linear theory on the measured directions, SGD with replacement; Adam, schedules and jumps to flatter places are not covered",
    });
    Ok(Answer::new("tune", format!("{}\n{text}{note}", table.to_text()), table, entries))
}

/// Without the curvature of samples there is an upper bound only, and nothing that could be called safe.
fn unknown(path: &Path, network: &network::Network) -> Answer {
    let edge = network::edge_of_stability(network);
    let status = "the file holds no curvature of samples (`sample_hessians` or `sample_jacobians`): the edge of stability is an upper bound, \
                  no learning rate is known to stay";
    let text = format!(
        "nothing to advise: {status}\nedge of stability: {}\n",
        edge.map_or("-".to_owned(), |e| format!("{e:.5}"))
    );
    let entries = json!({
        "network": path.display().to_string(), "learning_rate": null, "batch_size": null, "objective": "largest-learning-rate-that-stays",
        "active_bound": null, "edge_of_stability": edge.map(number), "status": status,
    });
    let mut answer = Answer::new("tune", text, Table::new(["quantity", "value"]), entries);
    answer.code = 3;
    answer
}

impl From<super::args::ObjectiveName> for Objective {
    fn from(name: super::args::ObjectiveName) -> Objective {
        match name {
            super::args::ObjectiveName::TimeToFlat => Objective::TimeToFlat,
            super::args::ObjectiveName::SamplesToFlat => Objective::SamplesToFlat,
        }
    }
}
