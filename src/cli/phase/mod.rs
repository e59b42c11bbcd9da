//! `phase`: the diagram of learning rate and noise.

mod simulated;

use super::answer::{Answer, Failure, number};
use super::args::{Common, PhaseArgs};
use super::read_model;
use crate::model::Model;
use crate::num::function::{exp, ln};
use crate::report::diagram::{Places, draw};
use crate::report::picture::Curve;
use crate::report::table::{Cell, Table};
use crate::theory::phase::{Boundary, CriticalPoint, Diagram, Exponent, Line, Phase, diagram, phases, usual_window};
use serde_json::{Map, Value, json};
use simulated::Survey;

pub fn phase(asked: &PhaseArgs, common: &Common) -> Result<Answer, Failure> {
    let model = read_model(&asked.model, common)?;
    let usual = usual_window(&model);
    let window = (asked.learning_rate.unwrap_or(usual.0), asked.noise.unwrap_or(usual.1));
    let found = diagram(&model, window.0, window.1);
    let map = asked.points.map_or(Vec::new(), |n| labelled(&model, window, n));
    let walked = match asked.simulate {
        Some(n) => Some(simulated::survey(&model, window, n, asked, common)?),
        None if asked.resume.is_some() || asked.checkpoint.is_some() || asked.cost.is_some() => {
            return Err(Failure::bad("--cost, --checkpoint and --resume belong to --simulate N"));
        }
        None => None,
    };
    Ok(answer(&model, window, &found, &map, walked.as_ref()))
}

type Window = ((f64, f64), (f64, f64));
type Labelled = ([f64; 2], Option<Phase>);

/// `n` by `n` places of the window, learning rates first.
fn grid(window: Window, n: u16) -> Vec<[f64; 2]> {
    let at = |(low, high): (f64, f64), k: u16| low * exp(ln(high / low) * f64::from(k) / f64::from(n - 1));
    (0..n).flat_map(|j| (0..n).map(move |i| [at(window.0, i), at(window.1, j)])).collect()
}

/// The phases at `n` by `n` places of the window.
fn labelled(model: &Model, window: Window, n: u16) -> Vec<Labelled> {
    let places = grid(window, n);
    let found = phases(model, window.0, window.1, &places);
    places.into_iter().zip(found).collect()
}

/// What lies on the two sides of a boundary.
fn separates(boundary: &Boundary) -> Value {
    match boundary.line {
        Line::Mode { .. } => json!([Phase::Frozen.name(), Phase::Moved.name()]),
        Line::Divergence(_) if boundary.is_bound => json!(["stays", Phase::Diverged.name()]),
        Line::Divergence(_) => json!(["stable", "locally-unstable"]),
    }
}

fn exponent(found: Option<Exponent>) -> Value {
    found.map_or(
        Value::Null,
        |e| json!({"value": number(e.value), "interval": [number(e.interval.0), number(e.interval.1)]}),
    )
}

fn point(found: &CriticalPoint) -> Value {
    json!({
        "learning_rate": number(found.learning_rate), "noise": number(found.noise), "delta": found.delta.map_or(Value::Null, number),
        "method": found.method.name(), "transition": found.transition.name(),
        "places": [number(found.places.0), number(found.places.1)],
        "exponent": exponent(found.exponent), "flatness_exponent": exponent(found.flatness_exponent),
    })
}

fn answer(model: &Model, window: Window, found: &Diagram, map: &[Labelled], walked: Option<&Survey>) -> Answer {
    let mut table = Table::new(["kind", "learning rate", "noise"]);
    let mut boundaries = Vec::new();
    for boundary in &found.boundaries {
        for [rate, noise] in &boundary.points {
            table.row([boundary.line.name().into(), Cell::number(*rate, 6), Cell::number(*noise, 6)]);
        }
        let points: Vec<Value> = boundary.points.iter().map(|p| json!([number(p[0]), number(p[1])])).collect();
        boundaries.push(json!({
            "kind": boundary.line.name(), "points": points, "separates": separates(boundary), "is_bound": boundary.is_bound,
            "transition": boundary.transition.map(|t| t.name()), "status": boundary.status,
            "source": match boundary.line {
                Line::Mode { .. } => "modes of the stationary density; Yang, Tang, Tu 2023",
                Line::Divergence(kind) => kind.source(),
            },
        }));
    }
    for ([rate, noise], phase) in map {
        table.row([phase.map_or("-", Phase::name).into(), Cell::number(*rate, 6), Cell::number(*noise, 6)]);
    }
    for place in walked.iter().flat_map(|survey| &survey.places) {
        let phase = place.walked.phase.as_deref().unwrap_or("undecided");
        let name = format!("simulated {phase}");
        table.row([name.into(), Cell::number(place.learning_rate, 6), Cell::number(place.noise, 6)]);
    }
    let mut status = Map::new();
    for (line, why) in &found.missing {
        status.insert(line.name().into(), json!(why));
    }
    let all: Map<String, Value> = found.critical.iter().map(|(line, c)| (line.name().to_owned(), point(c))).collect();
    // The best one of the marginal density: with the first correction, where it is known.
    let of = |corrected: bool| {
        found.critical.iter().find(|(line, _)| {
            matches!(line, Line::Mode { density: crate::theory::phase::Density::Marginal, corrected: c } if *c == corrected)
        })
    };
    let best = of(true).or(of(false)).map(|(_, c)| c);
    let plain = of(false).map(|(_, c)| c).or(best);
    if best.is_none() {
        let why = status.get("marginal-mode").cloned().unwrap_or_default();
        status.insert("critical_point".into(), why);
    }
    if plain.and_then(|c| c.exponent).is_none() {
        let why = match plain {
            Some(_) => json!("the most likely place jumps, or was not followed: there is no exponent"),
            None => json!("there is no critical point"),
        };
        status.insert("exponent".into(), why);
    }
    let mut text = text(model, window, found, &status);
    if let Some(survey) = walked {
        text += &survey.text();
    }
    let map: Vec<Value> = map
        .iter()
        .map(|([rate, noise], phase)| json!({"learning_rate": number(*rate), "noise": number(*noise), "phase": phase.map(Phase::name)}))
        .collect();
    let entries = json!({
        "model": model.name(),
        "axes": {
            "learning_rate": [number(window.0.0), number(window.0.1)], "noise": [number(window.1.0), number(window.1.1)],
            "noise_measure": found.measure.name(), "noise_meaning": found.measure.meaning(),
        },
        "method": found.method.name(),
        "boundaries": boundaries,
        "critical_point": best.map_or(Value::Null, point),
        "exponent": plain.map_or(Value::Null, |c| exponent(c.exponent)),
        "flatness_exponent": plain.map_or(Value::Null, |c| exponent(c.flatness_exponent)),
        "critical_points": all,
        "phases": map,
        "simulated": walked.map(Survey::json),
        "status": status,
    });
    let picture = picture(model, window, found, &entries);
    let mut answer = Answer::new("phase", text, table, entries);
    answer.picture = picture;
    answer
}

fn text(model: &Model, window: Window, found: &Diagram, status: &Map<String, Value>) -> String {
    let ((a, b), (c, d)) = window;
    let mut text = format!(
        "Learning rate from {a:.4e} to {b:.4e}, noise from {c:.4e} to {d:.4e}: {}\n{}\n\n",
        model.name(),
        found.measure.meaning()
    );
    let mut critical =
        Table::new(["critical point", "law", "learning rate", "noise", "delta", "transition", "exponent"]);
    for (line, c) in &found.critical {
        critical.row([
            line.name().into(),
            c.method.name().into(),
            Cell::number(c.learning_rate, 5),
            Cell::number(c.noise, 7),
            Cell::optional(c.delta, 7),
            c.transition.name().into(),
            c.exponent
                .map_or("-".into(), |e| format!("{:.6} in [{:.6}, {:.6}]", e.value, e.interval.0, e.interval.1).into()),
        ]);
    }
    if !critical.is_empty() {
        text += &format!("{}\n", critical.to_text());
    }
    let mut curves = Table::new([
        "boundary",
        "points",
        "first learning rate",
        "first noise",
        "last learning rate",
        "last noise",
        "beyond it",
    ]);
    for boundary in &found.boundaries {
        let (Some(first), Some(last)) = (boundary.points.first(), boundary.points.last()) else { continue };
        curves.row([
            boundary.line.name().into(),
            Cell::from(boundary.points.len() as u64),
            Cell::number(first[0], 5),
            Cell::number(first[1], 5),
            Cell::number(last[0], 5),
            Cell::number(last[1], 5),
            boundary.status.clone().into(),
        ]);
    }
    if curves.is_empty() {
        text += "no boundary crosses the window\n";
    } else {
        text += &format!("{}all points in --format csv or json\n", curves.to_text());
    }
    for (what, why) in status {
        text += &format!("{what}: {}\n", why.as_str().unwrap_or_default());
    }
    text
}

fn picture(model: &Model, window: Window, found: &Diagram, entries: &Value) -> Option<String> {
    let curves: Vec<Curve> = found
        .boundaries
        .iter()
        .map(|b| Curve { name: b.line.name().to_owned(), points: b.points.iter().map(|p| (p[0], p[1])).collect() })
        .collect();
    let none = Vec::new();
    let labelled = entries["phases"].as_array().unwrap_or(&none);
    let walked = entries["simulated"]["places"].as_array().unwrap_or(&none);
    let kinds = [Phase::Frozen, Phase::Moved, Phase::Diverged];
    let places: Vec<Places> = kinds
        .iter()
        .map(|phase| (phase.name(), phase.name().to_owned(), labelled))
        .chain(kinds.iter().map(|phase| (phase.name(), format!("simulated: {}", phase.name()), walked)))
        .map(|(phase, name, all)| {
            let own = all.iter().filter(|p| p["phase"] == phase);
            let points = own.filter_map(|p| Some((p["learning_rate"].as_f64()?, p["noise"].as_f64()?))).collect();
            Places { name, points }
        })
        .filter(|places| !places.points.is_empty())
        .collect();
    let noise = format!("noise ({})", found.measure.name());
    draw(model.name(), ("learning rate", &noise), window, &curves, &places).ok()
}
