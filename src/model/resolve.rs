//! From a draft to a model: what was written becomes what it means, and nobody validates again.

use super::draft::{self, Draft};
use super::learners::{MOST_LEARNERS, complete, learners, ring};
use super::{Domain, Learners, Model, ModelError, ModelErrors, Noise, Sampling, Sgd, Sharp};
use crate::document::{Document, Path, Step, is_identifier};
use crate::expr::{Expr, Function, Names, parse};
use crate::units::LearningRate;
use std::ops::Range;

/// Reads a model file: `text` in RON, then `overrides` in order (a parameter by its name, a number of the noise as
/// `noise.delta`), then validation.
///
/// # Errors
/// Everything found wrong with the text, the overrides or the problem posed, each with its place in `text`. Text that
/// is not RON or has unknown, missing or repeated fields gives one error, the first.
pub fn read(text: &str, overrides: &[(String, f64)]) -> Result<Model, ModelErrors> {
    let document = Document::of(text);
    let mut draft: Draft = document.read(meaning).map_err(|e| ModelErrors(vec![e]))?;
    let mut reader = Reader { document, overridden: Vec::new(), errors: Vec::new() };
    for (name, value) in overrides {
        reader.replace(&mut draft, name, *value);
    }
    let model = reader.resolve(draft);
    match model {
        Some(mut model) if reader.errors.is_empty() => {
            super::validity::check(&mut model, &mut reader);
            if reader.errors.is_empty() { Ok(model) } else { Err(reader.finish()) }
        }
        _ => Err(reader.finish()),
    }
}

pub(super) struct Reader<'a> {
    document: Document<'a>,
    overridden: Vec<Path>,
    errors: Vec<ModelError>,
}

/// What a field means and what it accepts.
fn meaning(path: &Path) -> &'static str {
    let last = path.0.iter().rev().find_map(|s| match s {
        Step::Field(name) => Some(name.as_str()),
        Step::Key(_) => Some("parameter"),
        Step::Value(_) => Some("value"),
        Step::Item(_) => None,
    });
    match last.unwrap_or("") {
        "name" => "the model's name: text in quotes, not empty",
        "about" => "what is known about the model: text in quotes",
        "parameters" => "names and their values, such as {\"s\": 20.0}",
        "parameter" => {
            "a parameter's name: letters, digits and _, not the coordinate, a function, pi, lambda, diff or inf"
        }
        "value" => "a parameter's value: a finite number",
        "floor" => "the floor: (coordinate: \"x\", domain: …, loss: \"…\")",
        "coordinate" => "the name of the coordinate along the floor: letters, digits and _",
        "domain" => "Line, Interval(lower: …, upper: …) or Periodic(lower: …, upper: …)",
        "lower" => "the lower end of the domain: a finite number below the upper end",
        "upper" => "the upper end of the domain: a finite number above the lower end",
        "loss" => "the loss along the floor, L0: a formula in the coordinate and the parameters",
        "sharp" => "one or more sharp directions, such as [(curvature: \"…\")] or [(flatness: \"…\")]",
        "curvature" => "the curvature λ across the valley: a formula, positive on the whole domain",
        "flatness" => "the flatness F = λ^(-1/2): a formula, positive on the whole domain",
        "noise" => "Langevin(delta: …, kappa: …) or Sgd(learning_rate: …, batch_size: …, kappa: …, variance: \"…\")",
        "delta" if path.0.first() == Some(&Step::Field("sharp".into())) => {
            "this direction's noise in units of the model's: a positive number"
        }
        "delta" => "the noise strength Δ across the valley: a positive number",
        "kappa" => "the anisotropy κ, noise across over noise along: a positive number",
        "learning_rate" => "the learning rate η: a positive number",
        "batch_size" => "samples in a batch B: a number from 1",
        "variance" => {
            "per-sample gradient variance across the valley: a formula in the coordinate, the parameters and lambda, positive"
        }
        "floor_variance" => {
            "per-sample gradient variance along the floor: a formula in the coordinate, the parameters and lambda, positive"
        }
        "momentum" => "the momentum β: a number from 0 to below 1",
        "curvature_noise" => "per-sample relative standard deviation of the curvature: a number from 0",
        "sampling" => "WithReplacement, FreshWithoutReplacement or Epoch",
        "dataset_size" => "samples in the data set N: a number above the batch size",
        "learners" => "decentralised learners: (count: n, mixing: Complete(m) or Ring(m) or Matrix([[…]]))",
        "count" => "how many learners: a whole number from 1 to 512",
        "mixing" => "Complete(m) or Ring(m) with m from 0 to 1, or Matrix([[…]]) symmetric with rows that sum to 1",
        _ => "a model file is Model(name: \"…\", floor: (…), sharp: […], noise: …)",
    }
}

/// What `--set` may change in the noise, by kind.
const LANGEVIN_NUMBERS: [&str; 2] = ["noise.delta", "noise.kappa"];
const SGD_NUMBERS: [&str; 8] = [
    "noise.learning_rate",
    "noise.batch_size",
    "noise.kappa",
    "noise.variance",
    "noise.floor_variance",
    "noise.momentum",
    "noise.curvature_noise",
    "noise.dataset_size",
];

fn is_reserved(name: &str) -> bool {
    matches!(name, "pi" | "lambda" | "diff" | "inf") || Function::named(name).is_some()
}

impl Reader<'_> {
    /// Records that the value at `path` is wrong, or the piece `inner` of the string there.
    pub(super) fn wrong(&mut self, path: &Path, inner: Option<&Range<usize>>, message: String, help: Option<String>) {
        let replaced = self.overridden.contains(path);
        let help = help.unwrap_or_else(|| meaning(path).to_string());
        let error = self.document.fault(path, inner, message, help);
        self.errors.push(if replaced { error.from_outside() } else { error });
    }

    fn finish(self) -> ModelErrors {
        ModelErrors::in_order(self.errors)
    }

    /// Applies one override.
    fn replace(&mut self, draft: &mut Draft, name: &str, value: f64) {
        let path = match name.strip_prefix("noise.") {
            Some(field) => Path::of(&["noise", field]),
            None => Path::of(&["parameters"]).then(Step::Value(name.to_string())),
        };
        let known = if let Some(entry) = draft.parameters.0.iter_mut().find(|(n, _)| n == name) {
            entry.1 = value;
            true
        } else {
            match (&mut draft.noise, name) {
                (draft::Noise::Langevin { delta, .. }, "noise.delta") => set(delta, value),
                (draft::Noise::Langevin { kappa, .. } | draft::Noise::Sgd { kappa, .. }, "noise.kappa") => {
                    set(kappa, value)
                }
                (draft::Noise::Sgd { learning_rate, .. }, "noise.learning_rate") => set(learning_rate, value),
                (draft::Noise::Sgd { batch_size, .. }, "noise.batch_size") => set(batch_size, value),
                (draft::Noise::Sgd { variance, .. }, "noise.variance") => set(variance, format!("{value:?}")),
                (draft::Noise::Sgd { floor_variance, .. }, "noise.floor_variance") => {
                    set(floor_variance, Some(format!("{value:?}")))
                }
                (draft::Noise::Sgd { momentum, .. }, "noise.momentum") => set(momentum, Some(value)),
                (draft::Noise::Sgd { curvature_noise, .. }, "noise.curvature_noise") => {
                    set(curvature_noise, Some(value))
                }
                (draft::Noise::Sgd { dataset_size, .. }, "noise.dataset_size") => set(dataset_size, Some(value)),
                _ => false,
            }
        };
        self.overridden.push(path.clone());
        if !known {
            let noise: &[&str] = match draft.noise {
                draft::Noise::Langevin { .. } => &LANGEVIN_NUMBERS,
                draft::Noise::Sgd { .. } => &SGD_NUMBERS,
            };
            let names: Vec<&str> =
                draft.parameters.0.iter().map(|(n, _)| n.as_str()).chain(noise.iter().copied()).collect();
            self.errors.push(ModelError {
                message: format!("`{name}` cannot be set in this model"),
                help: Some(format!("what can be set: {}", names.join(", "))),
                span: None,
                line: 1,
                column: 1,
                label: name.to_string(),
            });
        } else if !value.is_finite() {
            self.wrong(&path, None, format!("{name} is {value}, not a finite number"), None);
        }
    }

    /// Whether a number satisfies `accept`; records an error where not.
    fn number(&mut self, path: &Path, value: f64, accept: impl Fn(f64) -> bool) -> bool {
        let fine = value.is_finite() && accept(value);
        let reported = || self.errors.iter().any(|e| e.label == path.to_string());
        if !fine && !(self.overridden.contains(path) && reported()) {
            self.wrong(path, None, format!("{value} is not accepted here"), None);
        }
        fine
    }

    fn formula(&mut self, path: &Path, text: &str, names: &Names) -> Option<Expr> {
        match parse(text, names) {
            Ok(formula) => Some(formula),
            Err(error) => {
                let help = error.help.map(|h| format!("{h}; {}", meaning(path)));
                self.wrong(path, Some(&error.span), error.message, help);
                None
            }
        }
    }

    fn resolve(&mut self, draft: Draft) -> Option<Model> {
        if draft.name.trim().is_empty() {
            self.wrong(&Path::of(&["name"]), None, "the name is empty".into(), None);
        }
        let coordinate = draft.floor.coordinate.clone();
        let place = Path::of(&["floor", "coordinate"]);
        if !is_identifier(&coordinate) {
            self.wrong(&place, None, format!("`{coordinate}` is not a name"), None);
        } else if is_reserved(&coordinate) {
            self.wrong(&place, None, format!("`{coordinate}` means something else in formulas"), None);
        }
        for (name, value) in &draft.parameters.0 {
            let key = Path::of(&["parameters"]).then(Step::Key(name.clone()));
            if !is_identifier(name) {
                self.wrong(&key, None, format!("`{name}` is not a name"), None);
            } else if is_reserved(name) {
                self.wrong(&key, None, format!("`{name}` means something else in formulas"), None);
            } else if *name == coordinate {
                self.wrong(&key, None, format!("`{name}` is the coordinate already"), None);
            }
            self.number(&Path::of(&["parameters"]).then(Step::Value(name.clone())), *value, |_| true);
        }
        let mut names = Names::of(draft.parameters.0.iter().map(|(n, _)| n.clone()).chain([coordinate.clone()]));
        let domain = self.domain(&draft.floor.domain);
        let floor_loss = self.formula(&Path::of(&["floor", "loss"]), &draft.floor.loss, &names);
        let sharp = self.sharp(&draft.sharp, &names);
        names.symbols.push("lambda".into());
        let noise = self.noise(&draft.noise, &names, &sharp);
        Some(Model {
            name: draft.name,
            about: draft.about,
            parameters: draft.parameters.0,
            coordinate,
            domain: domain?,
            floor_loss: floor_loss?,
            sharp,
            noise: noise?,
            warnings: Vec::new(),
        })
    }

    fn domain(&mut self, written: &draft::Domain) -> Option<Domain> {
        let (lower, upper, domain) = match *written {
            draft::Domain::Line => return Some(Domain::Line),
            draft::Domain::Interval { lower, upper } => (lower, upper, Domain::Interval { lower, upper }),
            draft::Domain::Periodic { lower, upper } => (lower, upper, Domain::Periodic { lower, upper }),
        };
        let place = Path::of(&["floor", "domain"]);
        let finite = [("lower", lower), ("upper", upper)].map(|(n, v)| self.number(&place.field(n), v, |_| true));
        if finite != [true, true] {
            return None;
        }
        if !(lower < upper && (upper - lower).is_finite()) {
            let message = format!("the domain from {lower} to {upper} is empty, turned round or too wide");
            self.wrong(&place, None, message, Some("lower must be below upper".into()));
            return None;
        }
        Some(domain)
    }

    fn sharp(&mut self, written: &[draft::Direction], names: &Names) -> Vec<Sharp> {
        if written.is_empty() {
            self.wrong(&Path::of(&["sharp"]), None, "there is no sharp direction".into(), None);
        }
        let mut sharp = Vec::new();
        for (k, direction) in written.iter().enumerate() {
            let place = Path::of(&["sharp"]).then(Step::Item(k));
            let delta = direction.delta.unwrap_or(1.0);
            self.number(&place.field("delta"), delta, |d| d > 0.0);
            let one = || Expr::integer(1);
            match (&direction.curvature, &direction.flatness) {
                (Some(text), None) => {
                    if let Some(curvature) = self.formula(&place.field("curvature"), text, names) {
                        let flatness = one() / curvature.sqrt();
                        sharp.push(Sharp { curvature, flatness, flatness_was_given: false, delta });
                    }
                }
                (None, Some(text)) => {
                    if let Some(flatness) = self.formula(&place.field("flatness"), text, names) {
                        let curvature = one() / flatness.powi(2);
                        sharp.push(Sharp { curvature, flatness, flatness_was_given: true, delta });
                    }
                }
                (Some(_), Some(_)) => {
                    self.wrong(
                        &place,
                        None,
                        "both curvature and flatness are given".into(),
                        Some("give one of them".into()),
                    );
                }
                (None, None) => {
                    let message = "neither curvature nor flatness is given".into();
                    self.wrong(&place, None, message, Some("give one of them".into()));
                }
            }
        }
        sharp
    }

    fn noise(&mut self, written: &draft::Noise, names: &Names, sharp: &[Sharp]) -> Option<Noise> {
        let place = Path::of(&["noise"]);
        let before = self.errors.len();
        let positive = |v: f64| v > 0.0;
        match written {
            draft::Noise::Langevin { delta, kappa } => {
                self.number(&place.field("delta"), *delta, positive);
                self.number(&place.field("kappa"), *kappa, positive);
                Some(Noise::Langevin { delta: *delta, kappa: *kappa })
            }
            draft::Noise::Sgd {
                learning_rate,
                batch_size,
                kappa,
                variance,
                floor_variance,
                momentum,
                curvature_noise,
                sampling,
                dataset_size,
                learners,
            } => {
                self.number(&place.field("learning_rate"), *learning_rate, positive);
                self.number(&place.field("batch_size"), *batch_size, |b| b >= 1.0);
                self.number(&place.field("kappa"), *kappa, positive);
                let momentum = momentum.unwrap_or(0.0);
                self.number(&place.field("momentum"), momentum, |m| (0.0..1.0).contains(&m));
                let curvature_noise = curvature_noise.unwrap_or(0.0);
                self.number(&place.field("curvature_noise"), curvature_noise, |c| c >= 0.0);
                let sampling = match sampling {
                    None | Some(draft::Sampling::WithReplacement) => Sampling::WithReplacement,
                    Some(draft::Sampling::FreshWithoutReplacement) => Sampling::FreshWithoutReplacement,
                    Some(draft::Sampling::Epoch) => Sampling::Epoch,
                };
                if sampling != Sampling::WithReplacement {
                    match dataset_size {
                        None => {
                            let message = "this sampling needs the size of the data set".into();
                            let help = Some("add dataset_size: N, above the batch size".into());
                            self.wrong(&place.field("sampling"), None, message, help);
                        }
                        Some(n) if n.is_finite() && batch_size.is_finite() && n <= batch_size => {
                            let message = format!("a data set of {n} leaves no noise in batches of {batch_size}");
                            self.wrong(&place.field("dataset_size"), None, message, None);
                        }
                        Some(_) => {}
                    }
                }
                if let Some(n) = dataset_size {
                    self.number(&place.field("dataset_size"), *n, |n| n >= 1.0);
                }
                let mixing = learners.as_ref().map(|l| self.learners(&place.field("learners"), l));
                let variance = self.formula(&place.field("variance"), variance, names);
                let floor = floor_variance.as_ref().map(|f| self.formula(&place.field("floor_variance"), f, names));
                if self.errors.len() > before || sharp.is_empty() {
                    return None;
                }
                let mut sgd = Sgd {
                    learning_rate: LearningRate(*learning_rate),
                    batch_size: *batch_size,
                    kappa: *kappa,
                    variance: Vec::new(),
                    floor_variance: Expr::integer(0),
                    momentum,
                    curvature_noise,
                    sampling,
                    dataset_size: *dataset_size,
                    learners: mixing.flatten(),
                    variance_as_written: variance?,
                    floor_variance_as_written: floor.flatten(),
                };
                let curvatures: Vec<Expr> = sharp.iter().map(|s| s.curvature.clone()).collect();
                let deltas: Vec<f64> = sharp.iter().map(|s| s.delta).collect();
                if deltas.iter().all(|d| d.is_finite()) {
                    sgd.apply_curvatures(&curvatures, &deltas);
                }
                Some(Noise::Sgd(Box::new(sgd)))
            }
        }
    }

    fn learners(&mut self, place: &Path, written: &draft::Learners) -> Option<Learners> {
        let count = written.count;
        if !(1..=MOST_LEARNERS).contains(&count) {
            self.wrong(&place.field("count"), None, format!("{count} learners are not accepted"), None);
            return None;
        }
        let mixing = place.field("mixing");
        let matrix = match &written.mixing {
            draft::Mixing::Complete(m) | draft::Mixing::Ring(m) if !(0.0..=1.0).contains(m) => {
                self.wrong(&mixing, None, format!("{m} is not accepted here"), None);
                return None;
            }
            draft::Mixing::Complete(m) => complete(count, *m),
            draft::Mixing::Ring(m) => ring(count, *m),
            draft::Mixing::Matrix(matrix) => matrix.clone(),
        };
        match learners(count, matrix) {
            Ok(learners) => Some(learners),
            Err(message) => {
                self.wrong(&mixing, None, message, None);
                None
            }
        }
    }
}

/// Sets a field, which is then known.
fn set<T>(field: &mut T, value: T) -> bool {
    *field = value;
    true
}
