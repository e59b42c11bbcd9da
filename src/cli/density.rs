//! `density`: the stationary density along the floor by each method, side by side.

use super::answer::{Answer, Failure, number, numbers};
use super::args::{Common, DensityArgs, MethodName, Places};
use super::histogram::{NotRecorded, Recorded, recorded};
use super::watch::INTERRUPTED;
use super::{places, read_model};
use crate::finite_volume;
use crate::fokker_planck::{self, Solution};
use crate::model::Model;
use crate::report::picture::{Bars, Curve, draw};
use crate::report::table::{Cell, Table, significant};
use crate::theory::{Method, NotApplicable, Prediction, joint, regime, stationary};
use crate::transfer;
use serde_json::{Map, Value, json};

/// More rows than these are summed up for people; files have all.
const MANY: usize = 41;
/// Rows shown of many.
const SHOWN: usize = 21;

/// What a method found.
enum Law {
    Theory(Prediction),
    Exact(Box<Solution>),
    Cells(Box<finite_volume::Solution>),
    Steps(Box<transfer::Solution>),
    Recorded(Recorded),
}

/// Where a distribution function passes `q`.
fn bisect(cdf: &dyn Fn(f64) -> f64, (mut low, mut high): (f64, f64), q: f64) -> f64 {
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if cdf(middle) < q { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}

impl Law {
    fn values(&self, xs: &[f64]) -> Vec<f64> {
        match self {
            Law::Theory(p) => xs.iter().map(|x| p.density.at(*x)).collect(),
            Law::Exact(s) => xs.iter().map(|x| s.at(*x)).collect(),
            Law::Cells(s) => xs.iter().map(|x| s.at(*x)).collect(),
            Law::Steps(s) => xs.iter().map(|x| s.at(*x)).collect(),
            Law::Recorded(r) => r.values.clone(),
        }
    }

    fn mode(&self) -> f64 {
        match self {
            Law::Theory(p) => p.density.mode(),
            Law::Exact(s) => s.peak().0,
            Law::Cells(s) => s.mode(),
            Law::Steps(s) => s.mode(),
            Law::Recorded(r) => {
                let h = &r.histogram;
                let best = (0..h.p.len()).max_by(|a, b| h.p[*a].total_cmp(&h.p[*b])).unwrap_or(0);
                0.5 * (h.edges[best] + h.edges[best + 1])
            }
        }
    }

    fn mean(&self) -> f64 {
        match self {
            Law::Theory(p) => p.density.expectation(&|x| x),
            Law::Exact(s) => s.expectation(&|x| x),
            Law::Cells(s) => s.expectation(&|x| x),
            Law::Steps(s) => s.expectation(&|x| x),
            Law::Recorded(r) => r.mean,
        }
    }

    fn quantile(&self, q: f64) -> f64 {
        match self {
            Law::Theory(p) => p.density.quantile(q),
            Law::Exact(s) => bisect(&|x| s.cdf(x), s.visited, q),
            Law::Cells(s) => bisect(&|x| s.cdf(x), s.covered(), q),
            Law::Steps(s) => bisect(&|x| s.cdf(x), (s.nodes[0], s.nodes[s.nodes.len() - 1]), q),
            Law::Recorded(r) => r.quantile(q),
        }
    }

    fn current(&self) -> Option<f64> {
        match self {
            Law::Theory(p) => Some(p.current),
            Law::Exact(s) => Some(s.current),
            Law::Cells(s) => Some(s.current),
            Law::Steps(s) => Some(s.current),
            Law::Recorded(_) => None,
        }
    }

    /// Total variation to the exact solve, and what sampling alone would make of it.
    fn distance(&self, exact: &Solution, circle: bool) -> Option<(f64, f64)> {
        match self {
            // Half the integral of |p − q| is that of the positive part of p − q.
            Law::Theory(p) => Some((p.density.expectation(&|x| (1.0 - exact.at(x) / p.density.at(x)).max(0.0)), 0.0)),
            Law::Exact(_) => None,
            Law::Cells(s) => Some((s.expectation(&|x| (1.0 - exact.at(x) / s.at(x)).max(0.0)), 0.0)),
            Law::Steps(s) => Some((s.expectation(&|x| (1.0 - exact.at(x) / s.at(x)).max(0.0)), 0.0)),
            Law::Recorded(r) => {
                let h = &r.histogram;
                let (mut found, mut noise) = (0.0, 0.0);
                for (k, edges) in h.edges.windows(2).enumerate() {
                    // On a circle the last edge is the first place again.
                    let upper = if circle && k + 1 == h.p.len() { 1.0 } else { exact.cdf(edges[1]) };
                    let expected = upper - exact.cdf(edges[0]);
                    let width = edges[1] - edges[0];
                    found += 0.5 * (h.p[k] * width - expected).abs();
                    // The mean of |z| of a normal z is sqrt(2/π) standard deviations.
                    noise += 0.5 * h.standard_errors[k] * width * std::f64::consts::FRAC_2_PI.sqrt();
                }
                Some((found, noise))
            }
        }
    }
}

fn wanted(asked: &DensityArgs, model: &Model) -> Vec<MethodName> {
    use MethodName::{
        Adiabatic, All, Discrete, DiscreteFirstOrder, FiniteVolumes, FirstOrder, FokkerPlanck, Simulation, Transfer,
    };
    let mut methods = vec![];
    for method in asked.method.iter().flatten() {
        match method {
            All => {
                methods.extend([Adiabatic, FirstOrder, FokkerPlanck, FiniteVolumes]);
                methods.extend([Discrete, DiscreteFirstOrder, Transfer, Simulation]);
            }
            one => methods.push(*one),
        }
    }
    if asked.method.is_none() {
        methods.extend([Adiabatic, FirstOrder, FokkerPlanck]);
        if model.sgd().is_some() {
            methods.extend([Discrete, DiscreteFirstOrder]);
        }
    }
    let mut once = Vec::new();
    methods.retain(|m| {
        let new = !once.contains(m);
        once.push(*m);
        new
    });
    methods
}

pub fn density(asked: &DensityArgs, common: &Common) -> Result<Answer, Failure> {
    let model = read_model(&asked.model, common)?;
    super::simulate::simd(common)?;
    // A law that does not exist is an error here, and an answer of `bounds`.
    if let Err(reason) = stationary(&model, Method::Adiabatic)
        && reason.is_not_normalisable()
    {
        return Err(Failure::of_file(&asked.model, format!("{reason}; see `thalweg bounds`")));
    }
    let xs = places(&model, &asked.places)?;
    let (mut laws, mut status, mut interrupted) = (Vec::new(), Map::new(), false);
    for method in wanted(asked, &model) {
        let theory = |method: Method| {
            (method.name(), stationary(&model, method).map(Law::Theory).map_err(|e: NotApplicable| e.to_string()))
        };
        let (name, law) = match method {
            MethodName::FokkerPlanck => (
                "fokker-planck",
                fokker_planck::solve(&model).map(|s| Law::Exact(Box::new(s))).map_err(|e| e.to_string()),
            ),
            MethodName::FiniteVolumes => (
                "finite-volumes",
                finite_volume::solve(&model).map(|s| Law::Cells(Box::new(s))).map_err(|e| e.to_string()),
            ),
            MethodName::Transfer => {
                ("transfer", transfer::solve(&model).map(|s| Law::Steps(Box::new(s))).map_err(|e| e.to_string()))
            }
            MethodName::Simulation => (
                "simulation",
                recorded(&model, &xs, common).map(Law::Recorded).map_err(|e| match e {
                    NotRecorded::Because(reason) => reason,
                    NotRecorded::Interrupted(reason) => {
                        interrupted = true;
                        reason
                    }
                }),
            ),
            MethodName::FirstOrder => theory(Method::FirstOrder),
            MethodName::Discrete => theory(Method::Discrete),
            MethodName::DiscreteFirstOrder => theory(Method::DiscreteFirstOrder),
            MethodName::Adiabatic | MethodName::All => theory(Method::Adiabatic),
        };
        if let Err(reason) = &law {
            status.insert(name.into(), json!(reason));
        } else if let Ok(Law::Recorded(Recorded { status: Some(reason), .. })) = &law {
            status.insert(name.into(), json!(reason));
        }
        laws.push((name, law.ok()));
    }
    let mut answer = told(&model, asked, &xs, &laws, status);
    if interrupted {
        answer.code = INTERRUPTED;
    }
    Ok(answer)
}

type Laws = [(&'static str, Option<Law>)];

fn told(model: &Model, asked: &DensityArgs, xs: &[f64], laws: &Laws, status: Map<String, Value>) -> Answer {
    let circle = model.domain().is_periodic();
    let exact = laws.iter().find_map(|(_, law)| match law {
        Some(Law::Exact(s)) => Some(s),
        _ => None,
    });
    let (mut densities, mut errors, mut summary, mut currents) = (Map::new(), Map::new(), Map::new(), Map::new());
    let mut sums =
        Table::new(["method", "mean", "mode", "5 %", "25 %", "50 %", "75 %", "95 %", "distance to fokker-planck"]);
    let mut bounds = Map::new();
    let (mut columns, mut notes): (Vec<(String, Vec<f64>)>, String) = (Vec::new(), String::new());
    let (mut curves, mut bars) = (Vec::new(), None);
    for (name, law) in laws {
        let Some(law) = law else {
            densities.insert((*name).into(), Value::Null);
            continue;
        };
        let values = law.values(xs);
        densities.insert((*name).into(), numbers(&values));
        let along = |value: f64| if circle { f64::NAN } else { value };
        let quantiles = [0.05, 0.25, 0.5, 0.75, 0.95].map(|q| along(law.quantile(q)));
        let spread = if circle { law.mode().abs() } else { quantiles[4] - quantiles[0] };
        let distance = exact.and_then(|exact| law.distance(exact, circle));
        let row = std::iter::once(along(law.mean())).chain([law.mode()]).chain(quantiles);
        sums.row(
            std::iter::once(Cell::from(*name))
                .chain(row.map(|v| Cell::to_scale(v, spread, 4)))
                .chain([Cell::optional(distance.map(|d| d.0), 3)]),
        );
        summary.insert(
            (*name).into(),
            json!({"mean": number(along(law.mean())), "mode": number(law.mode()),
                   "quantiles": {"0.05": number(quantiles[0]), "0.25": number(quantiles[1]), "0.5": number(quantiles[2]),
                                 "0.75": number(quantiles[3]), "0.95": number(quantiles[4])},
                   "total_variation_to_fokker_planck": distance.map(|d| number(d.0))}),
        );
        let stated = match law {
            Law::Exact(s) => Some(s.error),
            Law::Cells(s) => Some(s.error),
            Law::Steps(s) => Some(s.error),
            Law::Theory(_) | Law::Recorded(_) => None,
        };
        if let Some(error) = stated {
            bounds.insert((*name).into(), number(error));
        }
        if let Some(current) = law.current() {
            currents.insert((*name).into(), number(current));
        }
        columns.push(((*name).to_owned(), values.clone()));
        if let Law::Recorded(r) = law {
            errors.insert((*name).into(), numbers(&r.errors));
            columns.push(("standard error".into(), r.errors.clone()));
            notes += &r.note;
            if let Some((_, noise)) = distance {
                notes += &format!("simulation: sampling alone makes a distance of about {}\n", significant(noise, 2));
            }
            bars = Some(Bars {
                name: "simulation".into(),
                edges: r.histogram.edges.clone(),
                heights: r.histogram.p.clone(),
            });
        } else {
            let points = xs.iter().copied().zip(values.iter().copied()).collect();
            curves.push(Curve { name: (*name).to_owned(), points });
        }
    }
    for (name, current) in &currents {
        // Below this it is rounding of a flux that vanishes.
        if let Some(current) = current.as_f64().filter(|j| j.abs() > 1e-12) {
            notes += &format!("{name}: probability current {} per unit of time\n", significant(current, 3));
        }
    }
    let (regime, note) = regime_of(model);
    notes += &note;
    for (name, reason) in &status {
        notes += &format!("{name}: {}\n", reason.as_str().unwrap_or_default());
    }
    let headings = || std::iter::once(model.coordinate().to_owned()).chain(columns.iter().map(|(n, _)| n.clone()));
    let row_of = |k: usize, digits: usize| {
        let cells =
            columns.iter().map(move |(n, v)| Cell::number(v[k], if n == "standard error" { 2 } else { digits }));
        std::iter::once(Cell::number(xs[k], digits)).chain(cells)
    };
    let mut table = Table::new(headings());
    (0..xs.len()).for_each(|k| table.row(row_of(k, 7)));
    let mut shown = Table::new(headings());
    let rows = rows_for_people(model, &asked.places, xs);
    rows.iter().for_each(|k| shown.row(row_of(*k, 5)));
    let left_out = xs.len() - rows.len();
    let more = if left_out > 0 { format!("{left_out} more places in --format csv or json\n") } else { String::new() };
    let text = format!(
        "Stationary density along the floor of {}\n\n{}\n{notes}\n{}{more}",
        model.name(),
        sums.to_text(),
        shown.to_text()
    );
    let mut entries = json!({
        "model": model.name(), "x": numbers(xs), "densities": densities, "standard_errors": errors,
        "errors": bounds, "status": status,
        "regime": regime, "summary": summary, "current": currents, "warnings": model.warnings(),
    });
    if let Some(Law::Recorded(r)) = laws.iter().find_map(|(n, law)| law.as_ref().filter(|_| *n == "simulation")) {
        entries["simulation"] = r.plan.clone();
    }
    if asked.joint {
        entries["joint"] = joint_grid(model, xs);
    }
    let mut answer = Answer::new("density", text, table, entries);
    answer.picture = draw(model.name(), model.coordinate(), "probability density", &curves, bars.as_ref()).ok();
    answer
}

/// All places that were named; of many equally spaced ones some, where the probability is.
pub fn rows_for_people(model: &Model, asked: &Places, xs: &[f64]) -> Vec<usize> {
    if asked.at.is_some() || xs.len() <= MANY {
        return (0..xs.len()).collect();
    }
    let visited = match stationary(model, Method::Adiabatic) {
        Ok(law) if !model.domain().is_periodic() => law.density.visited(1e-6),
        _ => (f64::NEG_INFINITY, f64::INFINITY),
    };
    let inside: Vec<usize> = (0..xs.len()).filter(|k| visited.0 <= xs[*k] && xs[*k] <= visited.1).collect();
    if inside.len() <= SHOWN {
        return inside;
    }
    (0..SHOWN).map(|k| inside[(k * (inside.len() - 1) + (SHOWN - 1) / 2) / (SHOWN - 1)]).collect()
}

fn regime_of(model: &Model) -> (Value, String) {
    match regime(model) {
        Ok(r) => {
            let between = r.total_variation_between_orders.clone();
            let json = json!({
                "epsilon_max": number(r.epsilon_max),
                "total_variation_between_orders": between.as_ref().map_or(Value::Null, |v| number(*v)),
                "visited": [r.visited.0, r.visited.1],
                "floor_epsilon_max": number(r.epsilon_over_kappa2_max),
                "flatness_gradient_max": number(r.tg_over_lambda_max),
                "curvature_ratio_max": number(r.curvature_ratio_max),
                "status": between.as_ref().err().map(ToString::to_string),
            });
            let bar = between.map_or_else(|e| e.to_string(), |v| significant(v, 3));
            let largest = significant(r.epsilon_max, 3);
            let (a, b) = (significant(r.visited.0, 4), significant(r.visited.1, 4));
            let where_ = format!("from {a} to {b}, all but a millionth of the probability");
            (json, format!("regime: largest epsilon {largest} ({where_})\ndistance between the two orders: {bar}\n"))
        }
        Err(reason) => {
            let json =
                json!({"epsilon_max": null, "total_variation_between_orders": null, "status": reason.to_string()});
            (json, format!("regime: {reason}\n"))
        }
    }
}

/// `P(x, y)` of the adiabatic law for one sharp direction, at 81 places across, up to four standard deviations.
fn joint_grid(model: &Model, xs: &[f64]) -> Value {
    if model.directions() != 1 {
        return json!({"status": "the joint density is given for one sharp direction"});
    }
    match joint(model, Method::Adiabatic) {
        Err(reason) => json!({"status": reason.to_string()}),
        Ok(law) => {
            let widest = xs.iter().flat_map(|x| law.variances_at(*x)).fold(0.0, f64::max).sqrt();
            let ys: Vec<f64> = (-40..=40).map(|k| 0.1 * f64::from(k) * widest).collect();
            let rows: Vec<Value> =
                xs.iter().map(|x| numbers(&ys.iter().map(|y| law.at(*x, &[*y])).collect::<Vec<_>>())).collect();
            json!({"y": numbers(&ys), "density": rows})
        }
    }
}
