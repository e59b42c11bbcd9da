//! Whether the problem is well posed on the whole domain: finite, positive, periodic; and what is doubtful about it.

mod positivity;

use super::resolve::Reader;
use super::{Model, Noise, Sampling};
use crate::document::{Path, Step};
use crate::eval::Tape;
use crate::expr::Expr;
use positivity::{Answer, Wanted, decide, samples, short};

/// Tape instructions spent on enclosures of one model, all formulas together: about a tenth of a second.
const WORK: usize = 4_000_000;
/// Relative accuracy to which values and slopes must agree where a circle closes.
const PERIODIC_VALUES: f64 = 1e-12;
const PERIODIC_SLOPES: f64 = 1e-9;

/// One formula of the model and what is asked of it.
struct Part {
    path: Path,
    what: String,
    formula: Expr,
    wanted: Wanted,
}

fn parts(model: &Model) -> Vec<Part> {
    let several = model.directions() > 1;
    let mut parts = vec![Part {
        path: Path::of(&["floor", "loss"]),
        what: "loss".into(),
        formula: model.floor_loss.clone(),
        wanted: Wanted::Finite,
    }];
    for (k, sharp) in model.sharp.iter().enumerate() {
        let (field, formula) = match sharp.flatness_was_given {
            true => ("flatness", &sharp.flatness),
            false => ("curvature", &sharp.curvature),
        };
        let path = Path::of(&["sharp"]).then(Step::Item(k)).field(field);
        parts.push(Part { path, what: field.into(), formula: formula.clone(), wanted: Wanted::Positive });
    }
    if let Noise::Sgd(sgd) = &model.noise {
        // Without `lambda` the directions differ by constant factors only.
        let different = if sgd.variance_as_written.contains("lambda") { sgd.variance.len() } else { 1 };
        for (k, formula) in sgd.variance.iter().take(different).enumerate() {
            let what = if several { format!("variance in direction {}", k + 1) } else { "variance".into() };
            let path = Path::of(&["noise", "variance"]);
            parts.push(Part { path, what, formula: formula.clone(), wanted: Wanted::Positive });
        }
        if sgd.floor_variance_as_written.is_some() {
            parts.push(Part {
                path: Path::of(&["noise", "floor_variance"]),
                what: "floor variance".into(),
                formula: sgd.floor_variance.clone(),
                wanted: Wanted::Positive,
            });
        }
    }
    parts
}

/// Records what is wrong, and puts into the model's warnings what could not be decided.
pub(super) fn check(model: &mut Model, reader: &mut Reader<'_>) {
    let parts = parts(model);
    let mut warnings = Vec::new();
    for part in &parts {
        let bind = model.bind();
        let work = WORK / parts.len();
        match decide(&part.formula, &model.coordinate, &bind, model.domain, part.wanted, work) {
            Answer::Certified => {}
            Answer::Refuted(reason) => {
                let must = match part.wanted {
                    Wanted::Finite => "it must be finite on the whole domain",
                    Wanted::Positive => "it must be positive and finite on the whole domain",
                };
                reader.wrong(&part.path, None, format!("the {} {reason}; {must}", part.what), None);
                continue;
            }
            Answer::Undecided(at) => {
                let must = match part.wanted {
                    Wanted::Finite => "finite",
                    Wanted::Positive => "positive",
                };
                let (what, coordinate, at) = (&part.what, &model.coordinate, short(at));
                warnings.push(format!(
                    "whether the {what} ({}) is {must} on the whole domain is undecided near {coordinate} = {at}",
                    part.path
                ));
            }
        }
        if model.domain.is_periodic()
            && let Some(reason) = not_periodic(model, &part.formula)
        {
            let help = "write the ends with all their digits, such as 6.283185307179586";
            reader.wrong(&part.path, None, format!("the {} is not periodic: {reason}", part.what), Some(help.into()));
        }
    }
    warnings.extend(doubts(model));
    model.warnings = warnings;
}

/// How a formula fails to close on the circle, if it does.
fn not_periodic(model: &Model, formula: &Expr) -> Option<String> {
    let (lower, upper) = model.domain.ends()?;
    let tape = model.compile(std::slice::from_ref(formula));
    let (mut size, mut steepness) = (0.0f64, 0.0f64);
    for x in samples(model.domain, 65) {
        let (value, slope) = tape.duals(&[x], 0)[0];
        size = size.max(value.abs());
        steepness = steepness.max(slope.abs());
    }
    let ends = [lower, upper].map(|x| tape.duals(&[x], 0)[0]);
    // An end that is not a decimal, such as 2 pi, is off by its last digit.
    let slack = 4.0 * f64::EPSILON * lower.abs().max(upper.abs());
    let differ = |a: f64, b: f64, tolerance: f64| !((a - b).abs() <= tolerance);
    if differ(ends[0].0, ends[1].0, PERIODIC_VALUES * size + slack * steepness) {
        return Some(format!("it is {} at the lower end and {} at the upper", ends[0].0, ends[1].0));
    }
    let floor = size / (upper - lower);
    if differ(ends[0].1, ends[1].1, PERIODIC_SLOPES * steepness.max(floor)) {
        return Some(format!("its slope is {} at the lower end and {} at the upper", ends[0].1, ends[1].1));
    }
    None
}

/// What is legal and doubtful.
fn doubts(model: &Model) -> Vec<String> {
    let Noise::Sgd(sgd) = &model.noise else { return Vec::new() };
    let mut doubts = Vec::new();
    let limit = 2.0 * (1.0 + sgd.momentum);
    let (rate, coordinate) = (sgd.learning_rate.value(), &model.coordinate);
    for (k, sharp) in model.sharp.iter().enumerate() {
        let tape: Tape = model.compile(std::slice::from_ref(&sharp.curvature));
        let beyond = samples(model.domain, 513)
            .into_iter()
            .filter(|x| rate * tape.value(*x) >= limit)
            .min_by(|a, b| a.abs().total_cmp(&b.abs()));
        if let Some(x) = beyond {
            doubts.push(format!(
                "learning rate times curvature of direction {} is {} at {coordinate} = {}: from {limit} on the valley is unstable there",
                k + 1,
                short(rate * tape.value(x)),
                short(x)
            ));
        }
    }
    if model.directions() > 1 && sgd.floor_variance_as_written.is_none() && sgd.variance_as_written.contains("lambda") {
        doubts.push(
            "the variance depends on lambda and there are several directions: the floor variance was taken from the first".into(),
        );
    }
    if sgd.sampling == Sampling::Epoch
        && let Some(n) = sgd.dataset_size
        && (n / sgd.batch_size).fract() != 0.0
    {
        doubts.push(format!("a data set of {n} is not a whole number of batches of {}", sgd.batch_size));
    }
    doubts
}
