//! `fit`: which noise made this path?

use super::answer::{Answer, Failure, number};
use super::args::{FitArgs, is_archive};
use super::input;
use crate::archive::{Archive, ArchiveError};
use crate::fit::{CONFIDENCE, Fit, Interval, NotIdentifiable, Trajectory, UNLIKELY, fit as fitted};
use crate::report::table::{Cell, Table};
use serde_json::{Map, Value, json};
use std::path::Path;

/// Columns of a trajectory as text.
const COLUMNS: &str = "columns are time or step, x, and optionally y and walker";
/// Recorded times may be rounded by so much of an interval.
const ROUNDED: f64 = 1e-6;

/// A trajectory as it lies in a file.
struct Recorded {
    x: Vec<f64>,
    y: Option<Vec<f64>>,
    times: usize,
    interval: Option<f64>,
    learning_rate: Option<f64>,
}

pub fn fit(asked: &FitArgs) -> Result<Answer, Failure> {
    let path = &asked.trajectory;
    let failed = |e: &dyn std::fmt::Display| Failure::of_file(path, e);
    let recorded = if is_archive(path) { from_archive(path)? } else { from_table(path)? };
    let learning_rate = asked.learning_rate.or(recorded.learning_rate);
    let interval = asked.interval.or(recorded.interval).or(learning_rate.map(|_| 1.0));
    let Some(interval) = interval else {
        return Err(failed(
            &"the time between records is not known: give the scalar `interval` in the file, or --interval; for steps of SGD `learning_rate` or --learning-rate",
        ));
    };
    let trajectory =
        Trajectory::new(recorded.x, recorded.y, recorded.times, interval, learning_rate).map_err(|e| failed(&e))?;
    Ok(answer(path, &fitted(&trajectory), interval, learning_rate))
}

fn answer(path: &Path, found: &Fit, interval: f64, learning_rate: Option<f64>) -> Answer {
    let mut status = Map::new();
    let mut table = Table::new(["quantity", "value", "lower", "upper"]);
    let mut entries = Map::new();
    entries.insert("trajectory".into(), json!(path.display().to_string()));
    entries.insert("interval".into(), number(interval));
    entries.insert("learning_rate".into(), learning_rate.map_or(Value::Null, number));
    let shown = |interval: &Interval| json!({"value": number(interval.value), "interval": [number(interval.lower), number(interval.upper)], "confidence": CONFIDENCE});
    let row = |table: &mut Table, name: String, interval: &Interval| {
        table.row([
            name.into(),
            Cell::number(interval.value, 5),
            Cell::number(interval.lower, 5),
            Cell::number(interval.upper, 5),
        ]);
    };
    for (name, estimate) in [("delta", &found.delta), ("kappa", &found.kappa), ("temperature", &found.temperature)] {
        match estimate {
            Ok(interval) => {
                row(&mut table, name.into(), interval);
                entries.insert(name.into(), shown(interval));
            }
            Err(reason) => unknown(&mut entries, &mut status, name, reason),
        }
    }
    match &found.curvature {
        Ok(curvature) => {
            for (x, interval) in curvature.places.iter().zip(&curvature.values).step_by(5) {
                row(&mut table, format!("curvature at {x:.4}"), interval);
            }
            let list =
                |pick: fn(&Interval) -> f64| Value::Array(curvature.values.iter().map(|v| number(pick(v))).collect());
            entries.insert("curvature".into(), json!({
                "x": curvature.places, "value": list(|v| v.value), "lower": list(|v| v.lower), "upper": list(|v| v.upper),
                "degree_of_log": curvature.degree, "confidence": CONFIDENCE,
            }));
        }
        Err(reason) => unknown(&mut entries, &mut status, "curvature", reason),
    }
    let describes = found.goodness.map(|g| g.p_value >= UNLIKELY);
    let goodness = found.goodness.map_or(Value::Null, |g| {
        json!({
            "p_value": number(g.p_value), "distance_across": g.across.map(number), "distance_along": number(g.along),
            "tested": g.tested, "describes_the_rest": describes,
        })
    });
    entries.insert("goodness_of_fit".into(), goodness);
    entries.insert("increments".into(), json!(found.increments));
    entries.insert("jumps_left_out".into(), json!(found.jumps));
    let mut text = format!(
        "Noise of {} from {} increments ({} jumps left out), intervals at {}\n\n{}\n",
        path.display(),
        found.increments,
        found.jumps,
        CONFIDENCE,
        table.to_text()
    );
    for (what, reason) in &status {
        text += &format!("{what}: {}\n", reason.as_str().unwrap_or_default());
    }
    if let Some(g) = found.goodness {
        let verdict = if describes == Some(true) { "described" } else { "not described" };
        text += &format!(
            "the last fifth of the path, held out, is {verdict} by the fit to the rest: p = {:.2e}\n",
            g.p_value
        );
    }
    entries.insert("status".into(), Value::Object(status));
    let mut answer = Answer::new("fit", text, table, Value::Object(entries));
    answer.code = match (describes, found.is_identified()) {
        (Some(false), _) => 1,
        (_, false) => 3,
        _ => 0,
    };
    answer
}

fn unknown(entries: &mut Map<String, Value>, status: &mut Map<String, Value>, name: &str, reason: &NotIdentifiable) {
    entries.insert(name.into(), Value::Null);
    status.insert(name.into(), json!(reason.to_string()));
}

fn from_archive(path: &Path) -> Result<Recorded, Failure> {
    let failed = |e: ArchiveError| Failure::of_file(path, e);
    let bytes = input::bytes(path, input::LARGEST_ARCHIVE, "an archive of arrays (.npz)")?;
    let archive = Archive::read(&bytes).map_err(failed)?;
    let x = archive.f64("x").map_err(failed)?;
    let times = match x.shape() {
        [times] | [_, times] => *times,
        other => {
            let message = format!("array `x` has {} axes; accepted are (times) and (walkers, times)", other.len());
            return Err(Failure::of_file(path, message));
        }
    };
    let y = archive.optional("y").map_err(failed)?;
    if let Some(y) = y.as_ref().filter(|y| y.shape() != x.shape()) {
        let message =
            format!("array `y` has shape {:?} and `x` has {:?}: they must have the same", y.shape(), x.shape());
        return Err(Failure::of_file(path, message));
    }
    let scalar = |name: &str| -> Result<Option<f64>, Failure> {
        archive.optional(name).map_err(failed)?.map(|array| array.scalar().map_err(failed)).transpose()
    };
    Ok(Recorded {
        times,
        interval: scalar("interval")?,
        learning_rate: scalar("learning_rate")?,
        x: x.into_values(),
        y: y.map(|y| y.into_values()),
    })
}

/// A table with a header line: walkers one after the other, all with the same times, equally spaced.
fn from_table(path: &Path) -> Result<Recorded, Failure> {
    let text = input::text(path, "a trajectory (.npz, or .csv with a header line)")?;
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
    let bad = |line: u64, message: String| Failure::of_file(path, format!("line {line}: {message}"));
    let header = reader.headers().map_err(|e| Failure::of_file(path, e))?.clone();
    let column = |name: &str| header.iter().position(|h| h == name);
    let (Some(x_at), Some(clock_at)) = (column("x"), column("time").or(column("step"))) else {
        return Err(bad(1, format!("the header is `{}`; {COLUMNS}", header.iter().collect::<Vec<_>>().join(","))));
    };
    let (y_at, walker_at) = (column("y"), column("walker"));
    let (mut x, mut y, mut clock, mut starts) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut walker: Option<String> = None;
    for record in reader.records() {
        let record = record.map_err(|e| Failure::of_file(path, e))?;
        let line = record.position().map_or(0, csv::Position::line);
        let value = |at: usize| -> Result<f64, Failure> {
            let text = record.get(at).unwrap_or_default();
            text.parse().map_err(|_| bad(line, format!("`{text}` is not a number; {COLUMNS}")))
        };
        let this = walker_at.and_then(|at| record.get(at)).unwrap_or_default();
        if walker.as_deref() != Some(this) {
            walker = Some(this.to_owned());
            starts.push(x.len());
        }
        x.push(value(x_at)?);
        clock.push(value(clock_at)?);
        if let Some(at) = y_at {
            y.push(value(at)?);
        }
    }
    let times = starts.get(1).copied().unwrap_or(x.len());
    if times < 2 || starts.iter().enumerate().any(|(k, start)| *start != k * times) || x.len() != starts.len() * times {
        return Err(Failure::of_file(path, "every walker must have the same number of records, at least two"));
    }
    let interval = clock[1] - clock[0];
    for (k, pair) in clock.windows(2).enumerate().filter(|(k, _)| (k + 1) % times != 0) {
        if !((pair[1] - pair[0] - interval).abs() <= ROUNDED * interval.abs()) {
            return Err(bad(k as u64 + 3, "records must be equally spaced in time".into()));
        }
    }
    Ok(Recorded { x, y: y_at.map(|_| y), times, interval: Some(interval), learning_rate: None })
}
