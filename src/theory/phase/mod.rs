//! The diagram of learning rate and noise: where the most likely place stays, moves to a flatter one, or is lost (THEORY 7).
//!
//! Every boundary is a curve `f = 0` that is followed by prediction and correction, not a level line of a grid:
//! - **mode**: where the most likely place leaves the minimum of the floor loss, of the marginal density (with and without the
//!   first correction) and of the joint one, which differ;
//! - **divergence**: where a bound of [`super::bounds`] is passed.
//!
//! For `L0 = ½cx²`, `F = F0(1+x²/w²)` the marginal leaves at `Δ = ½cw²`, with the first correction at `½cw²(1+θcF0²)`, `θ = 1−1/κ`,
//! the joint density at `½cw²κ/(κ−1)`, all with the exponent ½.

mod critical;
mod divergence;
mod modes;
mod plane;
mod trace;
mod transition;

pub use critical::{CriticalPoint, Exponent};
pub use modes::Density;
pub use plane::Measure;
pub use transition::{NoTransition, Transition};

use super::bounds::{Kind, worst_curvature};
use super::{Method, stretch};
use crate::model::Model;
use divergence::Limit;
use plane::Plane;
use trace::{Place, curves};
use transition::Watch;

/// Lines that are searched for curves, and places on each.
const LINES: (usize, usize) = (5, 20);
/// The same where every value costs a density.
const FEW_LINES: (usize, usize) = (3, 12);

/// What separates two regions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// The most likely place leaves; `corrected`: in the law with the first correction.
    Mode {
        /// Of which density.
        density: Density,
        /// Whether with the first correction.
        corrected: bool,
    },
    /// A bound is passed.
    Divergence(Kind),
}

impl Line {
    /// The name it is reported by.
    pub fn name(self) -> &'static str {
        match self {
            Line::Mode { density: Density::Marginal, corrected: false } => "marginal-mode",
            Line::Mode { density: Density::Marginal, corrected: true } => "marginal-mode-first-order",
            Line::Mode { density: Density::Joint, corrected: false } => "joint-mode",
            Line::Mode { density: Density::Joint, corrected: true } => "joint-mode-first-order",
            Line::Divergence(kind) => kind.name(),
        }
    }
}

/// One piece of a boundary.
#[derive(Clone, Debug, PartialEq)]
pub struct Boundary {
    /// What it separates.
    pub line: Line,
    /// `[learning rate, noise]`, in order along the curve.
    pub points: Vec<[f64; 2]>,
    /// How the most likely place leaves; `None` for bounds of divergence.
    pub transition: Option<Transition>,
    /// Whether the dynamics diverge beyond it.
    pub is_bound: bool,
    /// What it means.
    pub status: String,
}

/// The whole diagram.
#[derive(Clone, Debug)]
pub struct Diagram {
    /// What the noise axis measures.
    pub measure: Measure,
    /// The law of the most likely places.
    pub method: Method,
    /// Every boundary that crosses the window.
    pub boundaries: Vec<Boundary>,
    /// Boundaries that do not cross it, and why.
    pub missing: Vec<(Line, String)>,
    /// Critical points: marginal, marginal with the first correction, joint; those that exist.
    pub critical: Vec<(Line, CriticalPoint)>,
}

/// The diagram of `model` for learning rates and noises between these ends (positive, the first below the second).
///
/// # Accuracy
/// Every point solves its equation to about 1e-11 of the window; between points the curve is within a thousandth of it.
pub fn diagram(model: &Model, learning_rate: (f64, f64), noise: (f64, f64)) -> Diagram {
    let plane = Plane::new(model, learning_rate, noise);
    let (limits, none) = divergence::limits(&plane);
    let mut diagram = Diagram {
        measure: plane.measure,
        method: if model.sgd().is_some() { Method::Discrete } else { Method::Adiabatic },
        boundaries: Vec::new(),
        missing: none.into_iter().map(|(kind, why)| (Line::Divergence(kind), why)).collect(),
        critical: Vec::new(),
    };
    let corrected = if model.sgd().is_some() { Method::DiscreteFirstOrder } else { Method::FirstOrder };
    let marginal = |corrected| Line::Mode { density: Density::Marginal, corrected };
    let joint = Line::Mode { density: Density::Joint, corrected: false };
    for (line, method, density) in [
        (marginal(false), diagram.method, Density::Marginal),
        (marginal(true), corrected, Density::Marginal),
        (joint, diagram.method, Density::Joint),
    ] {
        let found = transition::minimum(model)
            .and_then(|x0| Watch::new(&plane, method, density, x0))
            .and_then(|watch| leaves(&watch, &limits));
        match found {
            Ok((curves, transition, critical)) => {
                for points in curves {
                    diagram.boundaries.push(Boundary {
                        line,
                        points: points.into_iter().map(|place| plane.values(place)).collect(),
                        transition: Some(transition),
                        is_bound: false,
                        status: match transition {
                            Transition::Continuous => "beyond it the most likely place moves away continuously",
                            Transition::Jump => "beyond it another place is the most likely one",
                        }
                        .into(),
                    });
                }
                diagram.critical.push((line, critical));
            }
            Err(why) => diagram.missing.push((line, why.to_string())),
        }
    }
    for limit in &limits {
        let line = Line::Divergence(limit.kind);
        let (lines, samples) = if limit.is_costly() { FEW_LINES } else { LINES };
        let found = curves(&|place| limit.excess(place), lines, samples);
        if found.is_empty() {
            diagram.missing.push((line, nowhere(limit)));
        }
        for points in found {
            diagram.boundaries.push(Boundary {
                line,
                points: points.into_iter().map(|place| plane.values(place)).collect(),
                transition: None,
                is_bound: limit.is_bound,
                status: limit.status.clone(),
            });
        }
    }
    diagram
}

/// Why a bound does not cross the window.
fn nowhere(limit: &Limit) -> String {
    let corners = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]].map(|corner| limit.excess(corner));
    let said: Vec<f64> = corners.into_iter().flatten().collect();
    let where_it_is = if said.is_empty() {
        "cannot be said in this window"
    } else if said.iter().all(|excess| *excess < 0.0) {
        "the whole window is within it"
    } else if said.iter().all(|excess| *excess > 0.0) {
        "the whole window is beyond it"
    } else {
        "no curve was found in this window"
    };
    format!("{where_it_is} ({})", limit.status)
}

type Left = (Vec<Vec<Place>>, Transition, CriticalPoint);

/// The curves where the most likely place leaves, within the bounds of divergence.
fn leaves(watch: &Watch, limits: &[Limit]) -> Result<Left, NoTransition> {
    let own = watch.plane.original().sgd().map_or(0.5, |sgd| watch.plane.across(sgd.learning_rate.value()));
    let across = if (0.0..=1.0).contains(&own) { own } else { 0.5 };
    let critical = critical::critical(watch, across)?;
    let start = [watch.plane.across(critical.learning_rate), watch.plane.upwards(critical.noise)];
    let pieces = match critical.transition {
        // A correction that has grown too large has zeros of its own: only the curve through the critical point is kept.
        Transition::Continuous if watch.is_corrected() => vec![trace::follow(&|place| watch.hold(place), start)],
        Transition::Continuous => curves(&|place| watch.hold(place), LINES.0, LINES.1),
        Transition::Jump => vec![trace::follow(&watch.gap(critical.places), start)],
    };
    let stays = |place: &Place| !limits.iter().any(|l| l.is_bound && l.excess(*place).is_some_and(|e| e > 0.0));
    let kept = pieces.iter().flat_map(|piece| piece.split(|place| !stays(place))).map(<[Place]>::to_vec);
    let kept: Vec<Vec<Place>> = kept.filter(|piece| piece.len() > 1).collect();
    Ok((kept, critical.transition, critical))
}

/// A window `(learning rates, noises)` around the model as it stands: a thirtieth to thirty times its own. For Langevin noise,
/// which has no learning rate, that of steps up to three times their edge of stability at the sharpest place.
pub fn usual_window(model: &Model) -> ((f64, f64), (f64, f64)) {
    let around = |value: f64| (value / 30.0, value * 30.0);
    let rate = match model.sgd() {
        Some(sgd) => around(sgd.learning_rate.value()),
        None => {
            let sharpest = stretch(model).ok().and_then(|(a, b)| worst_curvature(model, a, b));
            let edge = 2.0 / sharpest.map_or(1.0, |(worst, _)| worst);
            (edge / 100.0, edge * 3.0)
        }
    };
    (rate, around(Measure::of(model).own(model)))
}

/// The place from which the most likely one starts at weak noise: where the floor loss is least.
///
/// # Errors
/// [`NoTransition::Level`] where the floor is level, [`NoTransition::NoMinimum`] where none was found.
pub fn home(model: &Model) -> Result<f64, NoTransition> {
    transition::minimum(model)
}

/// `model` at a learning rate and a noise of the diagram; for Langevin noise the learning rate changes nothing in it.
pub fn model_at(model: &Model, [learning_rate, noise]: [f64; 2]) -> Model {
    Plane::new(model, (learning_rate, learning_rate), (noise, noise)).model([learning_rate, noise])
}

/// What happens at one learning rate and noise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The most likely place is at the minimum of the floor loss (or follows it gradually).
    Frozen,
    /// It has left for a flatter one.
    Moved,
    /// A bound is passed.
    Diverged,
}

impl Phase {
    /// The name it is reported by.
    pub fn name(self) -> &'static str {
        match self {
            Phase::Frozen => "frozen",
            Phase::Moved => "moved-to-flat",
            Phase::Diverged => "diverged",
        }
    }
}

/// Phases at places of the window, by the law without correction; `None` where it does not apply.
pub fn phases(model: &Model, learning_rate: (f64, f64), noise: (f64, f64), at: &[[f64; 2]]) -> Vec<Option<Phase>> {
    let plane = Plane::new(model, learning_rate, noise);
    let (limits, _) = divergence::limits(&plane);
    let method = if model.sgd().is_some() { Method::Discrete } else { Method::Adiabatic };
    let watch = transition::minimum(model).and_then(|x0| Watch::new(&plane, method, Density::Marginal, x0));
    at.iter()
        .map(|values| {
            let place = [plane.across(values[0]), plane.upwards(values[1])];
            if limits.iter().any(|l| l.is_bound && l.excess(place).is_some_and(|excess| excess > 0.0)) {
                return Some(Phase::Diverged);
            }
            let moved = match &watch {
                Ok(watch) => watch.moved(place, watch.home.at())?,
                Err(NoTransition::Level) => true,
                Err(_) => return None,
            };
            Some(if moved { Phase::Moved } else { Phase::Frozen })
        })
        .collect()
}

#[cfg(test)]
mod tests;
