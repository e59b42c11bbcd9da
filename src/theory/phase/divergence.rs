//! The upper boundaries of the diagram: where the bounds of divergence are passed.
//!
//! Confinement depends on the noise strength only. The bounds of stability are `ηλ = u` with a number `u` of the mechanism and
//! the worst curvature `λ` of the floor; on a line of the stretch that is visited at that learning rate and noise.

use super::plane::{Measure, Plane};
use super::trace::Place;
use crate::model::{Domain, Model};
use crate::num::function::ln;
use crate::theory::bounds::confinement::{Cap, confinement};
use crate::theory::bounds::stability::{almost_sure, edge, mean_square};
use crate::theory::bounds::{Kind, worst_curvature};
use crate::theory::langevin;

/// A bound over the plane.
pub(super) struct Limit<'a> {
    pub kind: Kind,
    plane: &'a Plane<'a>,
    form: Form,
    /// Whether the dynamics diverge beyond it (else it is a warning).
    pub is_bound: bool,
    pub status: String,
}

enum Form {
    /// Noise strength over the model's own is below (above) this.
    Strength { cap: f64, above: bool },
    /// `ηλ` is below this at the worst curvature, which is the same everywhere in the plane.
    Steps { threshold: f64, worst: f64 },
    /// The same for the worst curvature of the visited stretch.
    Visited { threshold: f64 },
}

impl<'a> Limit<'a> {
    /// Whether evaluating it takes long: a density has to be formed.
    pub fn is_costly(&self) -> bool {
        matches!(self.form, Form::Visited { .. })
    }

    /// Negative where the bound holds, positive beyond it: a difference of logarithms. `None` where it cannot be said.
    pub fn excess(&self, place: Place) -> Option<f64> {
        let values = self.plane.values(place);
        let value = match self.form {
            Form::Strength { cap, above } => {
                let own = self.plane.original();
                let per_noise = values[1] / self.plane.measure.own(own);
                let per_rate = own.sgd().map_or(1.0, |sgd| values[0] / sgd.learning_rate.value());
                let excess = ln(per_noise * per_rate / cap);
                if above { -excess } else { excess }
            }
            Form::Steps { threshold, worst } => ln(values[0] * worst / threshold),
            Form::Visited { threshold } => ln(values[0] * self.plane.worst_visited(values)? / threshold),
        };
        value.is_finite().then_some(value)
    }
}

/// Every bound, and why some mechanisms have none.
pub(super) fn limits<'a>(plane: &'a Plane<'a>) -> (Vec<Limit<'a>>, Vec<(Kind, String)>) {
    let model = plane.original();
    let (mut found, mut none) = (Vec::new(), Vec::new());
    match confined(model) {
        Ok((form, status)) => found.push(Limit { kind: Kind::Confinement, plane, form, is_bound: true, status }),
        Err(why) => none.push((Kind::Confinement, why)),
    }
    let Some(sgd) = model.sgd() else {
        debug_assert_eq!(plane.measure, Measure::Delta);
        let status = "a warning: the Langevin equation itself has no such bound; the steps w <- w - learning_rate*(grad L + xi) that \
                      follow it are locally unstable beyond";
        match stepped(model, 2.0) {
            Some(form) => {
                let status = status.to_owned();
                found.push(Limit { kind: Kind::EdgeOfStability, plane, form, is_bound: false, status });
            }
            None => none.push((Kind::EdgeOfStability, "the curvature is not finite".into())),
        }
        return (found, none);
    };
    let varies = varies(model);
    for (kind, threshold) in
        [(Kind::MeanSquare, mean_square(sgd)), (Kind::AlmostSure, almost_sure(sgd)), (Kind::EdgeOfStability, edge(sgd))]
    {
        let form = threshold
            .map_err(|why| why.to_string())
            .and_then(|threshold| stepped(model, threshold).ok_or_else(|| "the curvature is not finite".to_owned()));
        match form {
            Ok(form) => {
                let warning = kind == Kind::EdgeOfStability && varies;
                let status = match (warning, &form) {
                    (true, _) => "a warning, not a bound: beyond it the worst place of the floor is locally unstable",
                    (false, Form::Visited { .. }) => "for the worst curvature of the visited stretch",
                    (false, _) if varies => "for the worst curvature of the floor",
                    (false, _) => "the curvature is the same everywhere",
                };
                found.push(Limit { kind, plane, form, is_bound: !warning, status: status.into() });
            }
            Err(why) => none.push((kind, why)),
        }
    }
    (found, none)
}

fn varies(model: &Model) -> bool {
    model.sharp().iter().any(|sharp| sharp.curvature.contains(model.coordinate()))
}

fn stepped(model: &Model, threshold: f64) -> Option<Form> {
    let ends = if varies(model) { model.domain().ends() } else { Some((0.0, 1.0)) };
    match ends {
        Some((a, b)) => worst_curvature(model, a, b).map(|(worst, _)| Form::Steps { threshold, worst }),
        None => Some(Form::Visited { threshold }),
    }
}

fn confined(model: &Model) -> Result<(Form, String), String> {
    if model.domain() != Domain::Line {
        return Err("a bounded domain has no confinement bound".into());
    }
    let langevin = langevin::noise(model).map_err(|why| why.to_string())?;
    match confinement(model, &langevin).cap {
        Cap::Below(cap) => {
            Ok((Form::Strength { cap, above: false }, "beyond it the density cannot be normalised".into()))
        }
        Cap::Above(cap) => {
            Ok((Form::Strength { cap, above: true }, "below it the density cannot be normalised".into()))
        }
        Cap::None => Err("every noise strength is confined".into()),
        Cap::Never => Err("no noise strength is confined: the whole window diverges".into()),
        Cap::Undecided => Err("undecided: neither the leading terms at infinity nor values far out could tell".into()),
    }
}
