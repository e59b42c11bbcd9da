//! `loss`, `bounds` and `cite`: one model in, one answer out.

use super::answer::{Answer, Failure, number, numbers};
use super::args::{Common, OfNetwork, Places, is_archive};
use super::density::rows_for_people;
use super::{places, read_model, read_models};
use crate::report::picture::{Curve, draw};
use crate::report::table::{Cell, Table};
use crate::theory::bounds::{Tails, bounds as all_bounds, curve, tails};
use crate::theory::derived::{Quantity, derivations};
use crate::theory::{all_sources, deepest, loss as losses, sources};
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};

pub fn loss(path: &Path, asked: &Places, common: &Common) -> Result<Answer, Failure> {
    let model = read_model(path, common)?;
    let xs = places(&model, asked)?;
    let found = losses(&model);
    let evaluate = |formula: &crate::expr::Expr| {
        let tape = model.compile(std::slice::from_ref(formula));
        xs.iter().map(|x| tape.value(model.domain().place(*x).unwrap_or(*x))).collect::<Vec<_>>()
    };
    let typeset = |formula: &crate::expr::Expr| json!({"text": formula.to_string(), "latex": formula.latex()});
    /// Name, values or the reason why there are none, typeset formula, formula for people.
    type Row = (&'static str, Result<Vec<f64>, String>, Option<Value>, String);
    let mut rows: Vec<Row> = Vec::new();
    for (name, formula) in [
        ("floor_loss", Ok(&found.floor)),
        ("sgd_loss", found.sgd.as_ref()),
        ("effective_loss", found.effective.as_ref()),
    ] {
        rows.push(match formula {
            Ok(f) => (name, Ok(evaluate(f)), Some(typeset(f)), f.to_string()),
            Err(reason) => (name, Err(reason.to_string()), None, reason.to_string()),
        });
    }
    for (name, potential) in
        [("marginal_potential", &found.potential), ("discrete_potential", &found.discrete_potential)]
    {
        rows.push(match potential {
            Ok(p) => {
                let values = xs.iter().map(|x| p.at(model.domain().place(*x).unwrap_or(*x))).collect();
                let shown = p.formula.as_ref().map_or("by quadrature".into(), ToString::to_string);
                (name, Ok(values), p.formula.as_ref().map(typeset), shown)
            }
            Err(reason) => (name, Err(reason.to_string()), None, reason.to_string()),
        });
    }
    let (mut entries, mut formulas, mut status, mut behind) = (Map::new(), Map::new(), Map::new(), Map::new());
    entries.insert("model".into(), json!(model.name()));
    entries.insert("x".into(), numbers(&xs));
    let mut text = format!("Losses along the floor of {} (only differences mean anything)\n\n", model.name());
    let mut columns = Vec::new();
    for (name, values, formula, shown) in rows {
        let ids = match name {
            "sgd_loss" | "effective_loss" => derivations(&model, Quantity::SgdLoss),
            "marginal_potential" => derivations(&model, Quantity::Potential),
            "discrete_potential" => derivations(&model, Quantity::DiscretePotential),
            _ => Vec::new(),
        };
        text += &format!("{name} = {shown}\n");
        if values.is_ok() && !ids.is_empty() {
            text += &format!("    derivation: {}\n", ids.join(", "));
            behind.insert(name.into(), json!(ids));
        }
        formulas.insert(name.into(), formula.unwrap_or(Value::Null));
        match values {
            Ok(values) => {
                entries.insert(name.into(), numbers(&values));
                columns.push((name, values));
            }
            Err(reason) => {
                entries.insert(name.into(), Value::Null);
                status.insert(name.into(), json!(reason));
            }
        }
    }
    entries.insert("formula".into(), Value::Object(formulas));
    entries.insert("derivations".into(), Value::Object(behind));
    match deepest(&model) {
        Ok(Some(least)) => {
            let (found, (a, b)) = (least.found, least.between);
            let sure = match found.none_below {
                Some(_) => {
                    format!("no place from {a:.4} to {b:.4} is lower by more than {:.1e}", least.smallest_difference)
                }
                None => "not certified: enclosures did not become narrow enough".to_owned(),
            };
            text += &format!("effective_loss is least at {} = {:.8}; {sure}\n", model.coordinate(), found.minimum.at);
            entries.insert("minimum".into(), json!({
                "of": "effective_loss", "at": number(found.minimum.at), "value": number(found.minimum.value),
                "certified": found.none_below.is_some(), "none_below": found.none_below.map(number), "between": [number(a), number(b)],
            }));
        }
        Ok(None) => {
            entries.insert("minimum".into(), Value::Null);
            status.insert("minimum".into(), json!("the effective loss is not finite everywhere"));
        }
        Err(reason) => {
            entries.insert("minimum".into(), Value::Null);
            status.insert("minimum".into(), json!(reason.to_string()));
        }
    }
    entries.insert("status".into(), Value::Object(status));
    let mut table =
        Table::new(std::iter::once(model.coordinate().to_owned()).chain(columns.iter().map(|(n, _)| (*n).to_owned())));
    for (k, x) in xs.iter().enumerate() {
        table.row(std::iter::once(Cell::number(*x, 6)).chain(columns.iter().map(|(_, v)| Cell::number(v[k], 7))));
    }
    let rows = rows_for_people(&model, asked, &xs);
    text += &format!("\n{}", table.only(&rows).to_text());
    if rows.len() < xs.len() {
        text += &format!("{} more places in --format csv or json\n", xs.len() - rows.len());
    }
    let curves: Vec<Curve> = columns
        .iter()
        .map(|(name, v)| Curve {
            name: (*name).to_owned(),
            points: xs.iter().copied().zip(v.iter().copied()).collect(),
        })
        .collect();
    let mut answer = Answer::new("loss", text, table, Value::Object(entries));
    answer.picture = draw(model.name(), model.coordinate(), "loss (up to constants)", &curves, None).ok();
    Ok(answer)
}

pub fn bounds(
    path: &Path,
    batches: Option<(u64, u64)>,
    network: &OfNetwork,
    common: &Common,
) -> Result<Answer, Failure> {
    if is_archive(path) {
        return super::measured::network_bounds(path, batches, network, common);
    }
    if network.asks() {
        let text = "--momentum, --without-replacement and --bootstrap are asked of a network file; a model says so in its noise";
        return Err(Failure::bad(text));
    }
    let mut model = read_model(path, common)?;
    if batches.is_some() && model.sgd().is_none() {
        return Err(Failure::bad("--batch-size is asked of SGD noise; this model has Langevin noise"));
    }
    if let Some((first, last)) = batches
        && first == last
    {
        model = model.with_batch_size(first as f64);
    }
    let found = all_bounds(&model);
    let mut table = Table::new(["bound", "quantity", "value", "status"]);
    let list: Vec<Value> = found
        .bounds
        .iter()
        .map(|b| {
            table.row([b.kind.name().into(), b.quantity.into(), Cell::optional(b.value, 7), b.status.clone().into()]);
            json!({"kind": b.kind.name(), "quantity": b.quantity, "value": b.value.map_or(Value::Null, number),
                   "status": b.status, "source": b.kind.source()})
        })
        .collect();
    let curve: Vec<Value> = batches
        .map(|(first, last)| curve(&model, first, last))
        .unwrap_or_default()
        .into_iter()
        .map(|p| {
            json!({"batch_size": p.batch_size, "learning_rate": p.learning_rate.map_or(Value::Null, number),
                   "binding": p.binding.map(|k| k.name())})
        })
        .collect();
    let binds = found.binding.map_or("none".to_owned(), |k| k.name().to_owned());
    let mut text = format!("Divergence bounds of {}\n\n{}\nbinding: {binds}\n", model.name(), table.to_text());
    for point in &curve {
        text += &format!(
            "batch size {}: learning rate {} ({})\n",
            point["batch_size"], point["learning_rate"], point["binding"]
        );
    }
    let beyond = tails(&model);
    if let Some(beyond) = &beyond {
        text += &heavy(beyond);
    }
    let mut entries =
        json!({"model": model.name(), "bounds": list, "binding": found.binding.map(|k| k.name()), "curve": curve});
    if let (Some(beyond), Value::Object(entries)) = (&beyond, &mut entries) {
        entries.extend(heavy_entries(&model, beyond));
    }
    let points = entries["curve"].as_array().into_iter().flatten();
    let points = points.filter_map(|p| Some((p["batch_size"].as_f64()?, p["learning_rate"].as_f64()?))).collect();
    let stays = Curve { name: "largest learning rate".into(), points };
    let mut answer = Answer::new("bounds", text, table, entries);
    if stays.points.len() > 1 {
        answer.picture = draw(model.name(), "batch size", "learning rate", &[stays], None).ok();
    }
    Ok(answer)
}

/// Tails and moments, for people.
fn heavy(found: &Tails) -> String {
    let mut text = match &found.index {
        Ok(tail) => format!(
            "tail index of the sharp direction: {:.6} (moments of this order and above are infinite), heaviest at learning rate * curvature = {:.4}\n",
            tail.index, tail.at
        ),
        Err(why) => format!("tail index of the sharp direction: {why}\n"),
    };
    if let Ok(exponent) = found.lyapunov {
        text += &format!("Lyapunov exponent per step where the curvature is largest: {exponent:.8}\n");
    }
    for (order, threshold) in &found.moments {
        if let Ok(threshold) = threshold {
            text += &format!("moment of order {order}: finite below learning rate {threshold:.7}\n");
        }
    }
    if let Ok(batch) = found.critical_batch {
        text += &format!(
            "critical batch size: {batch:.4} (there the noise of the curvature halves the mean-square bound)\n"
        );
    }
    text
}

/// Tails and moments, for files.
fn heavy_entries(model: &crate::model::Model, found: &Tails) -> Map<String, Value> {
    const KESTEN: &str = "Kesten 1973; Gurbuzbalaban, Simsekli, Zhu 2021";
    let rate = model.sgd().map_or(Value::Null, |sgd| number(sgd.learning_rate.value()));
    let moments: Vec<Value> = found
        .moments
        .iter()
        .map(|(order, threshold)| {
            json!({
                "order": order, "quantity": "learning_rate", "value": threshold.as_ref().map_or(Value::Null, |t| number(*t)),
                "status": threshold.as_ref().err().map(ToString::to_string).unwrap_or_else(|| {
                    "the moment across the valley is finite below this, where the curvature is largest".into()
                }),
                "source": KESTEN,
            })
        })
        .collect();
    let why = |e: Option<String>, fine: &str| e.unwrap_or_else(|| fine.to_owned());
    let mut entries = Map::new();
    entries.insert(
        "tail_index".into(),
        json!({
            "value": found.index.as_ref().map_or(Value::Null, |t| number(t.index)), "learning_rate": rate,
            "learning_rate_times_curvature": found.index.as_ref().map_or(Value::Null, |t| number(t.at)),
            "status": why(found.index.as_ref().err().map(ToString::to_string),
                "the heaviest tail over the floor, Gaussian curvature noise; moments of this order and above are infinite"),
            "source": KESTEN,
        }),
    );
    entries.insert(
        "lyapunov_exponent".into(),
        json!({
            "value": found.lyapunov.as_ref().map_or(Value::Null, |l| number(*l)), "error": 1e-11, "learning_rate": rate,
            "curvature": number(found.curvatures.1),
            "status": why(found.lyapunov.as_ref().err().map(ToString::to_string),
                "per step, where the curvature is largest; almost every path forgets its start where it is negative"),
            "source": "E ln|1 - u(1 + c z)|",
        }),
    );
    entries.insert("moments".into(), json!(moments));
    entries.insert(
        "critical_batch".into(),
        json!({
            "value": found.critical_batch.as_ref().map_or(Value::Null, |b| number(*b)),
            "status": why(found.critical_batch.as_ref().err().map(ToString::to_string),
                "there the noise of the curvature halves the mean-square bound; well above it the bound saturates at the edge of stability"),
            "source": "Wu, Ma, E 2018; Ma, Ying 2021",
        }),
    );
    entries
}

pub fn cite(models: &[PathBuf], common: &Common) -> Result<Answer, Failure> {
    let mut cited = Vec::new();
    if models.is_empty() {
        cited = all_sources();
    }
    for model in read_models(models, common)? {
        for source in sources(&model) {
            if !cited.iter().any(|known| known.key == source.key) {
                cited.push(source);
            }
        }
    }
    let mut table = Table::new(["key", "used for", "bibtex"]);
    let mut text = String::new();
    let list: Vec<Value> = cited
        .iter()
        .map(|s| {
            table.row([s.key.into(), s.used_for.into(), s.bibtex.into()]);
            text += &format!("% {}\n{}\n\n", s.used_for, s.bibtex.trim());
            json!({"key": s.key, "used_for": s.used_for, "bibtex": s.bibtex})
        })
        .collect();
    Ok(Answer::new("cite", text, table, json!({"sources": list})))
}
