//! How strong may the noise, how large the learning rate be? Every mechanism of divergence with its bound (THEORY 5).

pub mod confinement;
pub mod growth;
pub mod stability;
pub mod tail;

use super::{Method, stationary};
use crate::model::{Model, Noise, Sgd};
use crate::num::domain::Domain;
use crate::optim::{global_minimum, root};
use crate::theory::NotApplicable;
use crate::units::LearningRate;
use confinement::{Cap, Means, confinement};
use stability::{NoThreshold, almost_sure, edge, mean_square};

/// How the dynamics diverge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The stationary law cannot be normalised.
    Confinement,
    /// The variance across the valley has no stationary value.
    MeanSquare,
    /// Almost every path leaves.
    AlmostSure,
    /// The mean across the valley oscillates with growing size.
    EdgeOfStability,
}

impl Kind {
    /// The name it is reported by.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Confinement => "confinement",
            Kind::MeanSquare => "mean-square",
            Kind::AlmostSure => "almost-sure",
            Kind::EdgeOfStability => "edge-of-stability",
        }
    }

    /// Where the bound comes from.
    pub fn source(self) -> &'static str {
        match self {
            Kind::Confinement => "normalisability of the adiabatic stationary density",
            Kind::MeanSquare => "Wu, Ma, E 2018; Ma, Ying 2021",
            Kind::AlmostSure => "Lyapunov exponent of y, E ln|1 - u(1 + c z)| = 0",
            Kind::EdgeOfStability => "linear stability of the mean",
        }
    }
}

/// One bound.
#[derive(Clone, Debug, PartialEq)]
pub struct Bound {
    /// Mechanism.
    pub kind: Kind,
    /// `delta` for Langevin noise, `learning_rate` for SGD.
    pub quantity: &'static str,
    /// Divergence beyond this value; `None`: no finite bound, or none known (see `status`).
    pub value: Option<f64>,
    /// What the value means, or why there is none.
    pub status: String,
    /// Whether it is a bound, not only a warning.
    pub is_bound: bool,
}

/// All bounds of a model.
#[derive(Clone, Debug, PartialEq)]
pub struct Bounds {
    /// One entry per mechanism.
    pub bounds: Vec<Bound>,
    /// The smallest one that is a bound.
    pub binding: Option<Kind>,
}

impl Bounds {
    /// Value of the binding bound.
    pub fn value(&self) -> Option<f64> {
        let binding = self.binding?;
        self.bounds.iter().find(|b| b.kind == binding).and_then(|b| b.value)
    }
}

/// The bounds of `model`: noise strength `Δ` for Langevin noise, learning rate for SGD (at its batch size).
pub fn bounds(model: &Model) -> Bounds {
    let mut bounds = match model.noise() {
        Noise::Langevin { delta, .. } => vec![confined(model, "delta", *delta)],
        Noise::Sgd(sgd) => {
            let confined = confined(model, "learning_rate", sgd.learning_rate.value());
            let ceiling = confined.value;
            let mut all = vec![confined];
            for (kind, threshold) in [
                (Kind::MeanSquare, mean_square(sgd)),
                (Kind::AlmostSure, almost_sure(sgd)),
                (Kind::EdgeOfStability, edge(sgd)),
            ] {
                all.push(stable(model, sgd, kind, threshold, ceiling));
            }
            all
        }
    };
    // Mean-square first where values tie: it is the stricter statement.
    let rank = |b: &Bound| u8::from(b.kind != Kind::MeanSquare);
    let binding = bounds
        .iter()
        .filter(|b| b.is_bound)
        .filter_map(|b| b.value.map(|v| (v, rank(b), b.kind)))
        .min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)))
        .map(|(_, _, kind)| kind);
    bounds.iter_mut().filter(|b| Some(b.kind) == binding).for_each(|b| b.status.push_str("; binds"));
    Bounds { bounds, binding }
}

/// What the noise of the curvature does beyond the mean square, at the model's own learning rate.
#[derive(Clone, Debug, PartialEq)]
pub struct Tails {
    /// The least tail index over the floor.
    pub index: Result<tail::Tail, NoThreshold>,
    /// `E ln|A|` per step where the curvature is largest.
    pub lyapunov: Result<f64, NoThreshold>,
    /// Order `q`, and the learning rate below which `E|y|^q` is finite where the curvature is largest.
    pub moments: Vec<(f64, Result<f64, NoThreshold>)>,
    /// Batch size at which curvature noise halves the mean-square bound.
    pub critical_batch: Result<f64, NoThreshold>,
    /// Least and largest curvature of the floor (on a line, of the stretch that is visited).
    pub curvatures: (f64, f64),
}

/// Orders of the moments whose thresholds are reported.
const ORDERS: [f64; 4] = [1.0, 2.0, 3.0, 4.0];

/// Tails of the steps of `model`; `None` for Langevin noise, or where the stretch that is visited is not known.
pub fn tails(model: &Model) -> Option<Tails> {
    let sgd = model.sgd()?;
    let (a, b) = super::stretch(model).ok()?;
    let (largest, _) = worst_curvature(model, a, b)?;
    let formulas: Vec<_> = model.sharp().iter().map(|s| s.curvature.clone()).collect();
    let tape = model.compile(&formulas);
    let place = |x: f64| model.domain().place(x).unwrap_or(x);
    let least = |x: f64| tape.at(&[place(x)]).into_iter().fold(f64::INFINITY, f64::min);
    let least = global_minimum(&least, a, b, 2000).ok()?.value;
    let rate = sgd.learning_rate.value();
    Some(Tails {
        index: tail::tail_index(sgd, rate * least, rate * largest),
        lyapunov: tail::lyapunov(sgd, rate * largest),
        moments: ORDERS.iter().map(|q| (*q, tail::moment_threshold(sgd, *q).map(|u| u / largest))).collect(),
        critical_batch: tail::critical_batch(sgd),
        curvatures: (least, largest),
    })
}

fn confined(model: &Model, quantity: &'static str, present: f64) -> Bound {
    let none =
        |status: &str| Bound { kind: Kind::Confinement, quantity, value: None, status: status.into(), is_bound: false };
    if model.domain() != Domain::Line {
        return none("a bounded domain has no confinement bound");
    }
    let langevin = match model.langevin() {
        Ok(langevin) => langevin,
        Err(reason) => return none(&reason.to_string()),
    };
    let found = confinement(model, &langevin);
    let means = match found.means {
        Means::Symbolic => "decided by the leading terms of the formulas at infinity",
        Means::Numerical => "decided by values of the formulas far out",
    };
    let bound = |value: f64, what: &str| Bound {
        kind: Kind::Confinement,
        quantity,
        value: Some(value),
        status: format!("{what}; {means}"),
        is_bound: true,
    };
    match found.cap {
        Cap::Below(multiple) => bound(multiple * present, "the density can be normalised below this"),
        Cap::Never => bound(0.0, "no noise strength is confined"),
        Cap::None => none(&format!("every noise strength is confined; {means}")),
        Cap::Above(multiple) => {
            let least = multiple * present;
            none(&format!("confined only above {quantity} = {least}, without an upper bound; {means}"))
        }
        Cap::Undecided => none("undecided: neither the leading terms at infinity nor values far out could tell"),
    }
}

/// Largest curvature of all directions between two places, and where it is.
pub(in crate::theory) fn worst_curvature(model: &Model, lower: f64, upper: f64) -> Option<(f64, f64)> {
    let formulas: Vec<_> = model.sharp().iter().map(|s| s.curvature.clone()).collect();
    let tape = model.compile(&formulas);
    let place = |x: f64| model.domain().place(x).unwrap_or(x);
    let negative = |x: f64| -tape.at(&[place(x)]).into_iter().fold(f64::NEG_INFINITY, f64::max);
    global_minimum(&negative, lower, upper, 2000).ok().map(|m| (-m.value, place(m.at)))
}

fn stable(model: &Model, sgd: &Sgd, kind: Kind, threshold: Result<f64, NoThreshold>, ceiling: Option<f64>) -> Bound {
    let of = |value: Option<f64>, status: String, is_bound: bool| Bound {
        kind,
        quantity: "learning_rate",
        value,
        status,
        is_bound,
    };
    let threshold = match threshold {
        Ok(threshold) => threshold,
        Err(reason) => return of(None, reason.to_string(), false),
    };
    let varies = model.sharp().iter().any(|s| s.curvature.contains(model.coordinate()));
    let found = match (model.domain().ends(), varies) {
        (_, false) => worst_curvature(model, 0.0, 1.0)
            .map(|(worst, at)| (threshold / worst, at))
            .ok_or("the curvature is not finite"),
        (Some((a, b)), true) => {
            worst_curvature(model, a, b).map(|(worst, at)| (threshold / worst, at)).ok_or("the curvature is not finite")
        }
        (None, true) => on_line(model, sgd, threshold, ceiling),
    };
    let (value, at) = match found {
        Ok(found) => found,
        Err(reason) => return of(None, reason.into(), false),
    };
    if !varies {
        return of(Some(value), "the curvature is the same everywhere".into(), true);
    }
    let region = if model.domain() == Domain::Line { "visited region" } else { "floor" };
    if kind == Kind::EdgeOfStability {
        let status = format!(
            "a warning, not a bound: beyond it the valley is locally unstable at {} = {at:.6}, the worst place of the {region}",
            model.coordinate()
        );
        return of(Some(value), status, false);
    }
    of(Some(value), format!("for the worst curvature of the {region}, at {} = {at:.6}", model.coordinate()), true)
}

/// On a line the visited region grows with the learning rate: the bound is where `η` times the worst curvature visited
/// at `η` reaches the threshold.
fn on_line(model: &Model, sgd: &Sgd, threshold: f64, ceiling: Option<f64>) -> Result<(f64, f64), &'static str> {
    let visited = |eta: f64| -> Result<(f64, f64), NotApplicable> {
        let at = model.with_learning_rate(LearningRate(eta));
        stationary(&at, Method::Adiabatic).map(|p| p.density.visited(1e-6))
    };
    let product = |eta: f64| -> f64 {
        match visited(eta) {
            Ok((a, b)) => worst_curvature(model, a, b).map_or(f64::NAN, |(worst, _)| eta * worst),
            // Not confined: everything is visited.
            Err(reason) if reason.is_not_normalisable() => f64::INFINITY,
            Err(_) => f64::NAN,
        }
    };
    let excess = |eta: f64| (product(eta) - threshold).clamp(-1e300, 1e300);
    let mut low = sgd.learning_rate.value();
    for _ in 0..200 {
        if excess(low) < 0.0 {
            break;
        }
        low *= 0.5;
    }
    if !(excess(low) < 0.0) {
        return Err("no stable learning rate was found");
    }
    let mut high = low;
    for _ in 0..200 {
        high *= 2.0;
        if let Some(ceiling) = ceiling
            && high >= ceiling
        {
            high = ceiling * (1.0 - 1e-9);
            if !(excess(high) > 0.0) {
                return Err("stable up to the confinement bound");
            }
        }
        if excess(high) >= 0.0 {
            break;
        }
    }
    let eta = root(&excess, low, high, 1e-12 * high)
        .map_err(|_| "no bound was found: the visited region could not be computed")?;
    let (a, b) = visited(eta).map_err(|_| "the visited region could not be computed")?;
    let (_, at) = worst_curvature(model, a, b).ok_or("the curvature is not finite")?;
    Ok((eta, at))
}

/// A point of the curve of largest learning rate against batch size.
#[derive(Clone, Debug, PartialEq)]
pub struct CurvePoint {
    /// Batch size `B`.
    pub batch_size: u64,
    /// Binding learning rate.
    pub learning_rate: Option<f64>,
    /// Which bound binds.
    pub binding: Option<Kind>,
}

/// The binding bound for every batch size from `first` to `last`; empty for Langevin noise.
pub fn curve(model: &Model, first: u64, last: u64) -> Vec<CurvePoint> {
    if model.sgd().is_none() {
        return Vec::new();
    }
    (first..=last)
        .map(|batch_size| {
            let at = bounds(&model.with_batch_size(batch_size as f64));
            CurvePoint { batch_size, learning_rate: at.value(), binding: at.binding }
        })
        .collect()
}
