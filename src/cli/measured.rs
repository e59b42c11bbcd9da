//! `network`, and `bounds` of a network: what a real network did.

use super::answer::{Answer, Failure, number};
use super::input;
use crate::network::{self, Network};
use crate::report::table::{Cell, Table};
use serde_json::{Value, json};
use std::path::Path;

/// Reads a network file.
pub fn read_network(path: &Path) -> Result<Network, Failure> {
    let failed = |e: &dyn std::fmt::Display| Failure::of_file(path, e);
    let bytes = input::bytes(path, input::LARGEST_ARCHIVE, "an archive of arrays (.npz)")?;
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
    let failed = |e: &dyn std::fmt::Display| Failure::of_file(path, e);
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
