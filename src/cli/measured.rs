//! `network`, and `bounds` of a network: what a real network did.

use super::answer::{Answer, Failure, number};
use super::args::{Common, OfNetwork};
use super::input;
use super::watch::Onlooker;
use crate::network::{self, MeanSquare, Network, Setting};
use crate::report::table::{Cell, Table};
use crate::sim::Watch as _;
use serde_json::{Value, json};
use std::path::Path;

/// Reads a network file.
pub fn read_network(path: &Path) -> Result<Network, Failure> {
    let failed = |e: &dyn std::fmt::Display| Failure::of_file(path, e);
    let bytes = input::bytes(path, input::LARGEST_ARCHIVE, "an archive of arrays (.npz)")?;
    network::read(&bytes).map_err(|e| failed(&e))
}

pub fn network(path: &Path, tails: bool, common: &Common) -> Result<Answer, Failure> {
    let network = read_network(path)?;
    let mut report = network::report(&network);
    if tails {
        let onlooker = Onlooker::of("tails", common);
        if !network::add_tails(&network, &mut report, common.seed, &mut || !onlooker.stop()) {
            return Err(Failure::Interrupted(path.display().to_string()));
        }
    }
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
    let mut bounds = Table::new([
        "batch size",
        "mean-square bound",
        "from",
        "to (95 %)",
        "almost every run",
        "noise subtracted",
        "network leaves",
    ]);
    for b in list("divergence") {
        bounds.row([
            cell(&b["batch_size"], 4),
            cell(&b["mean_square_bound"], 4),
            cell(&b["mean_square_interval"][0], 4),
            cell(&b["mean_square_interval"][1], 4),
            cell(&b["almost_sure"]["value"], 4),
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

/// `bounds` of a network: mean-square per batch size, the edge of stability, and where almost every run leaves.
pub fn network_bounds(
    path: &Path,
    batches: Option<(u64, u64)>,
    asked: &OfNetwork,
    common: &Common,
) -> Result<Answer, Failure> {
    let network = read_network(path)?;
    let failed = |e: &dyn std::fmt::Display| Failure::of_file(path, e);
    let (first, last) = batches.unwrap_or((1, 1));
    let momentum = asked.momentum.unwrap_or(0.0);
    let setting = |b: u64| Setting { batch_size: b as f64, momentum, without_replacement: asked.without_replacement };
    if !network.knows_curvature_noise() {
        return partial(path, &network, (first..=last).map(setting).collect());
    }
    let settings: Vec<Setting> = (first..=last).map(setting).collect();
    let found: Vec<MeanSquare> = settings
        .iter()
        .map(|s| network::mean_square(&network, *s))
        .collect::<Result<_, _>>()
        .map_err(|e| failed(&e))?;
    let (intervals, by) = match asked.bootstrap {
        Some(redraws) => {
            let _onlooker = Onlooker::of("bootstrap", common);
            let redrawn = network::mean_square_bootstrap(&network, &settings, redraws as usize, common.seed);
            (redrawn.map_err(|e| failed(&e))?, format!("{redraws} bootstrap samples"))
        }
        None => {
            (found.iter().map(|f| Some(f.interval)).collect(), "the spread over samples, to first order".to_owned())
        }
    };
    let mut table = Table::new(["batch size", "mean-square bound (learning rate)", "from", "to (95 %)"]);
    let mut curve = Vec::new();
    for ((at, bound), interval) in settings.iter().zip(&found).zip(&intervals) {
        let (from, to) =
            interval.map_or((Cell::Missing, Cell::Missing), |(a, b)| (Cell::number(a, 5), Cell::number(b, 5)));
        table.row([Cell::number(at.batch_size, 6), Cell::number(bound.value, 5), from, to]);
        curve.push(
            json!({"batch_size": at.batch_size as u64, "learning_rate": number(bound.value), "binding": "mean-square",
            "interval": interval.map(|(a, b)| json!([number(a), number(b)]))}),
        );
    }
    let edge = network::edge_of_stability(&network).map(|e| e * (1.0 + momentum));
    let plain = momentum == 0.0 && !asked.without_replacement;
    let almost = if plain {
        network::almost_sure_bound(&network, first as f64, common.seed).map_err(|e| e.to_string())
    } else {
        Err("simulated for sampling with replacement without momentum only".to_owned())
    };
    let status = format!(
        "linear theory on the measured directions at batch size {first}: bounds staying in this valley; interval from {by}"
    );
    let pair = |(a, b): (f64, f64)| json!([number(a), number(b)]);
    let entries = json!({
        "bounds": [
            {"kind": "mean-square", "quantity": "learning_rate", "value": number(found[0].value),
             "enclosure": found[0].enclosure.map(pair), "interval": intervals[0].map(pair),
             "status": status, "source": "Wu, Ma, E 2018; Ma, Ying 2021"},
            {"kind": "almost-sure", "quantity": "learning_rate", "value": almost.as_ref().map_or(Value::Null, |a| number(a.value)),
             "interval": almost.as_ref().ok().map(|a| pair(a.interval)),
             "status": almost.as_ref().err().cloned().unwrap_or("simulated: beyond it almost every run of the linearised dynamics leaves".into()),
             "source": "Lyapunov exponent of the products of I - eta*H"},
            {"kind": "edge-of-stability", "quantity": "learning_rate", "value": edge.map_or(Value::Null, number),
             "status": "2 (1 + momentum) over the largest eigenvalue of the Hessian", "source": "linear stability of the mean"},
        ],
        "binding": "mean-square", "curve": curve, "momentum": momentum, "without_replacement": asked.without_replacement,
    });
    let almost = almost.map_or_else(
        |why| format!("- ({why})"),
        |a| format!("{:.5} in [{:.5}, {:.5}] at batch size {first}, simulated", a.value, a.interval.0, a.interval.1),
    );
    let text = format!(
        "{}\n95 % intervals from {by}\nalmost every run leaves beyond: {almost}\nedge of stability: {}\n",
        table.to_text(),
        edge.map_or("-".into(), |e| format!("{e:.5}"))
    );
    Ok(Answer::new("bounds", text, table, entries))
}

/// What the eigenvalues alone allow, labelled as what it is: an upper bound that no noise of the curvature enters, and an estimate.
fn partial(path: &Path, network: &Network, settings: Vec<Setting>) -> Result<Answer, Failure> {
    let edge = network::edge_of_stability(network)
        .ok_or_else(|| Failure::of_file(path, "no measured direction has positive curvature: no bound"))?;
    let mut table = Table::new(["batch size", "edge of stability (upper bound)", "estimate for Gaussian features"]);
    let (mut curve, mut estimates) = (Vec::new(), Vec::new());
    for setting in settings {
        let estimate = network::gaussian_estimate(network, setting).map_err(|e| e.to_string());
        let edge = edge * (1.0 + setting.momentum);
        let shown = estimate.as_ref().map_or(Cell::Missing, |e| Cell::number(*e, 5));
        table.row([Cell::number(setting.batch_size, 6), Cell::number(edge, 5), shown]);
        curve.push(json!({"batch_size": setting.batch_size as u64, "learning_rate": number(edge), "binding": "edge-of-stability",
            "gaussian_estimate": estimate.as_ref().map_or(Value::Null, |e| number(*e))}));
        estimates.push((edge, estimate));
    }
    let Some((edge, estimate)) = estimates.into_iter().next() else {
        return Err(Failure::of_file(path, "no batch size was asked for"));
    };
    let status = "partial data: the file holds no curvature of samples (`sample_hessians` or `sample_jacobians`), so curvature noise is not \
                  known; the edge of stability is an upper bound only";
    let entries = json!({
        "bounds": [
            {"kind": "mean-square", "quantity": "learning_rate", "value": Value::Null, "status": status, "source": "Wu, Ma, E 2018; Ma, Ying 2021"},
            {"kind": "edge-of-stability", "quantity": "learning_rate", "value": number(edge),
             "status": "2 (1 + momentum) over the largest eigenvalue of the Hessian; an upper bound", "source": "linear stability of the mean"},
            {"kind": "gaussian-estimate", "quantity": "learning_rate", "value": estimate.as_ref().map_or(Value::Null, |e| number(*e)),
             "status": estimate.err().unwrap_or("an estimate, no bound: the mean-square bound if the features were Gaussian and the output one number".into()),
             "source": "Horowitz, Senne 1981"},
        ],
        "binding": "edge-of-stability", "curve": curve, "partial": true,
    });
    Ok(Answer::new("bounds", format!("{}\n{status}\n", table.to_text()), table, entries))
}
