//! What the noise adds to the landscape, read off paths: L_SGD, how it follows the noise, and where that moves the walkers.

use super::effort::{Effort, FALSE_ALARM, Interrupted, Refusal, Stage};
use super::flat::log_flatness;
use super::law::Law;
use super::sample::{BINS, ENOUGH, Ensembles, Outcome, Sample, deviations, in_two_stages};
use super::verdict::{Check, Verdict, compared, without};
use super::witnesses::Witnesses;
use crate::expr::Expr;
use crate::fokker_planck;
use crate::model::{Model, Noise};
use crate::num::density::Density;
use crate::num::function::{erfc, exp, ln};
use crate::sim::Watch;
use crate::theory;
use crate::units::LearningRate;

const READ: &str = "L_SGD read off simulated paths agrees with its formula";
pub(super) const DELTA: &str = "the noise's part of the simulated potential is proportional to delta";
const RATE: &str = "the noise's part of the simulated potential follows the learning rate";
const BATCH: &str = "the noise's part of the simulated potential is proportional to one over the batch size";
const GROWS: &str = "mean flatness grows with the noise (exact solve)";
const GROWS_SEEN: &str = "mean flatness grows with the noise (simulation)";

/// A relative error beyond which a ratio of two would not be told from one.
const TELLING: f64 = 0.5;
/// A part of the potential below this part of the temperature hardly bends the law.
const SLIGHT: f64 = 0.33;
/// So is a rise of the mean of `ln F` by less than this part of its own spread.
const SLIGHT_RISE: f64 = 0.05;

/// A flat and a sharp stretch of the floor.
struct Stretches {
    flat: (f64, f64),
    sharp: (f64, f64),
}

/// Of stretches of equal probability the highest and the lowest (`ln F`: the flattest and the sharpest); `None` where the
/// curvature is the same everywhere, or the height hardly changes.
fn stretches(model: &Model, law: &Density, height: &Expr) -> Option<Stretches> {
    if !model.sharp().iter().any(|s| s.curvature.contains(model.coordinate())) {
        return None;
    }
    let tape = model.compile(std::slice::from_ref(height));
    let ends = model.domain().ends().unwrap_or((f64::NEG_INFINITY, f64::INFINITY));
    let edge = |k: usize| match k {
        0 => ends.0,
        k if k == BINS => ends.1,
        k => law.quantile(k as f64 / BINS as f64),
    };
    // The outermost ones reach to infinity on a line, and to walls where nobody is elsewhere.
    let inner = if model.domain().is_periodic() { 0..BINS } else { 1..BINS - 1 };
    let all: Vec<((f64, f64), f64)> =
        inner.map(|k| ((edge(k), edge(k + 1)), tape.value(law.quantile((k as f64 + 0.5) / BINS as f64)))).collect();
    let flat = all.iter().max_by(|a, b| a.1.total_cmp(&b.1))?;
    let sharp = all.iter().min_by(|a, b| a.1.total_cmp(&b.1))?;
    (flat.1 > sharp.1 + 1e-3).then_some(Stretches { flat: flat.0, sharp: sharp.0 })
}

impl Sample {
    /// `ln` of the ratio of the counts in two boxes and its standard error.
    fn log_ratio(&self, one: &dyn Fn(usize) -> bool, other: &dyn Fn(usize) -> bool) -> (f64, f64) {
        let count = |of: &dyn Fn(usize) -> bool| (0..self.x.len()).filter(|k| of(*k)).count() as f64;
        let (a, b) = (count(one), count(other));
        let worth = self.x.len() as f64 / self.effective;
        (ln(a / b), ((1.0 / a + 1.0 / b) * worth).sqrt())
    }

    fn along(&self, stretch: (f64, f64)) -> impl Fn(usize) -> bool + '_ {
        move |k| stretch.0 <= self.x[k] && self.x[k] < stretch.1
    }
}

/// All claims about the strength of the noise.
pub(super) fn checks(
    model: &Model,
    solved: &Model,
    walked: &Model,
    base: &Ensembles,
    effort: &Effort,
    watch: &dyn Watch,
) -> Result<Vec<Check>, Interrupted> {
    let law = match Law::of(model) {
        Ok(law) => law,
        Err(reason) => {
            return Ok([READ, GROWS_SEEN].map(|claim| without(claim, Verdict::OutsideRegime, reason.as_str())).into());
        }
    };
    match *model.noise() {
        Noise::Langevin { delta, .. } => {
            let mut checks = vec![read(model, &law, base)?];
            let doubled = model.with_delta(2.0 * delta);
            let factor = if Law::of(&doubled).is_ok() { 2.0 } else { 0.5 };
            let other = model.with_delta(factor * delta);
            let other_law = match Law::of(&other) {
                Ok(other) => other,
                Err(reason) => {
                    checks.push(without(DELTA, Verdict::OutsideRegime, reason));
                    return Ok(checks);
                }
            };
            let Noise::Langevin { delta: walked_delta, .. } = *walked.noise() else { return Ok(checks) };
            let others = Ensembles::new(
                walked.with_delta(factor * walked_delta),
                &other_law.adiabatic,
                (4, ENOUGH),
                effort,
                watch,
            );
            let (here, there) = ((model, &law, base), (&other, &other_law, &others));
            let (weak, strong) = if factor > 1.0 { (here, there) } else { (there, here) };
            checks.push(follows(DELTA, strong, weak)?);
            checks.push(grows_exactly(solved, factor, (weak.0, weak.1), (strong.0, strong.1)));
            checks.push(grows(strong, weak)?);
            Ok(checks)
        }
        Noise::Sgd(ref sgd) => {
            let mut checks = vec![without(READ, Verdict::NotApplicable, "Eq. 7 is that of Langevin noise")];
            let rate = LearningRate(0.5 * sgd.learning_rate.value());
            let batch = super::discrete::batch_of(sgd, 2.0);
            let variants = [
                (RATE, 5, model.with_learning_rate(rate), walked.with_learning_rate(rate)),
                (BATCH, 4, model.with_batch_size(batch), walked.with_batch_size(batch)),
            ];
            for (claim, purpose, weaker, walked) in variants {
                let weaker_law = match Law::of(&weaker) {
                    Ok(law) => law,
                    Err(reason) => {
                        checks.push(without(claim, Verdict::OutsideRegime, reason));
                        continue;
                    }
                };
                let others = Ensembles::new(walked, &weaker_law.adiabatic, (purpose, ENOUGH), effort, watch);
                checks.push(follows(claim, (model, &law, base), (&weaker, &weaker_law, &others))?);
                if claim == BATCH {
                    checks.push(grows((model, &law, base), (&weaker, &weaker_law, &others))?);
                }
            }
            Ok(checks)
        }
    }
}

/// `L_SGD = −Δ ln P − L` between boxes around the floor at a flat and at a sharp stretch, from counts.
pub(super) fn read(model: &Model, law: &Law, base: &Ensembles) -> Result<Check, Interrupted> {
    let none = |verdict, reason: &str| Ok(without(READ, verdict, reason));
    let (Ok(langevin), Ok(joint), Ok(formula)) =
        (model.langevin(), theory::joint(model, theory::Method::Adiabatic), theory::loss(model).sgd)
    else {
        return none(Verdict::NotApplicable, "no L_SGD is defined");
    };
    // Where L_SGD is lowest and highest; where it is the same everywhere (kappa = 1), the flattest and the sharpest place.
    let places =
        stretches(model, &law.adiabatic, &-&formula).or_else(|| stretches(model, &law.adiabatic, &log_flatness(model)));
    let Some(places) = places else {
        return none(Verdict::NotApplicable, "the curvature is the same everywhere, or hardly changes");
    };
    let Some(delta) = langevin.delta else { return none(Verdict::NotApplicable, "no L_SGD is defined") };
    // Boxes of two thirds of the least spread across, so that many walkers are in them.
    let middle = |s: (f64, f64)| 0.5 * (s.0 + s.1);
    let widths: Vec<f64> = joint
        .variances_at(middle(places.sharp))
        .iter()
        .zip(joint.variances_at(middle(places.flat)))
        .map(|(a, b)| 0.67 * a.min(b).sqrt())
        .collect();
    let inside = |x: f64| -> f64 {
        let root = std::f64::consts::SQRT_2;
        joint.variances_at(x).iter().zip(&widths).map(|(v, w)| 1.0 - erfc(w / (root * v.sqrt()))).product()
    };
    // The probability of a box: across by the error function, along by the midpoint rule.
    let weight = |s: (f64, f64)| along(s, &|x| inside(x) * law.adiabatic.at(x));
    let foretold = ln(weight(places.flat) / weight(places.sharp));
    let (_, bar) = law.log_ratio(places.flat, places.sharp);
    // The law across is off by the small parameters too.
    let bar = delta * (bar + law.small.min(1.0) * 0.5);
    let tape = model.compile(&[formula]);
    let mean = |s: (f64, f64)| along(s, &|x| tape.value(x) * law.adiabatic.at(x)) / along(s, &|x| law.adiabatic.at(x));
    let expected = mean(places.flat) - mean(places.sharp);
    in_two_stages(READ, &|stage| {
        let sample = base.sample(stage)?;
        let low = |k: usize| sample.y.iter().zip(&widths).all(|(y, w)| y[k].abs() < *w);
        let (flat, sharp) = (sample.along(places.flat), sample.along(places.sharp));
        let (seen, error) = sample.log_ratio(&|k| flat(k) && low(k), &|k| sharp(k) && low(k));
        let chance = delta * deviations() * error;
        Ok(Outcome {
            expected,
            observed: expected - delta * (seen - foretold),
            limit: bar + chance,
            reason: format!(
                "-Delta ln P - L of the joint density near y = 0, at {:.3} less at {:.3}; limit: chance {chance:.1e} (1 in 1000), orders of the theory {bar:.1e}; {}",
                middle(places.flat),
                middle(places.sharp),
                sample.about
            ),
            blind: None,
        })
    })
}

/// `∫ f dx` over a stretch, by the midpoint rule.
fn along((lower, upper): (f64, f64), f: &dyn Fn(f64) -> f64) -> f64 {
    let width = (upper - lower) / 64.0;
    (0..64).map(|k| f(lower + width * (f64::from(k) + 0.5))).sum::<f64>() * width
}

/// A model, its law and samples of it.
pub(super) type Posed<'a> = (&'a Model, &'a Law, &'a Ensembles<'a>);

/// `−T ln p − L0` between a flat and a sharp stretch, at a strong and at a weak noise: their ratio.
pub(super) fn follows(claim: &'static str, strong: Posed, weak: Posed) -> Result<Check, Interrupted> {
    let none = |verdict, reason: String| Ok(without(claim, verdict, reason));
    let Some(places) = stretches(strong.0, &strong.1.adiabatic, &log_flatness(strong.0)) else {
        return none(Verdict::NotApplicable, "the curvature is the same everywhere, or hardly changes".into());
    };
    let (Some(strong_part), Some(weak_part)) = (Part::of(strong, &places), Part::of(weak, &places)) else {
        return none(Verdict::NotApplicable, "the floor's noise varies along the floor".into());
    };
    let ratio = strong_part.value / weak_part.value;
    let bar = ratio.abs() * (strong_part.bar / strong_part.value.abs() + weak_part.bar / weak_part.value.abs());
    let judge = |stage: Stage| -> Result<Outcome, Refusal> {
        let (one, other) = (strong.2.sample(stage)?, weak.2.sample(stage)?);
        let (a, da) = strong_part.seen(one, &places);
        let (b, db) = weak_part.seen(other, &places);
        let chance = deviations() * ratio.abs() * (da * da / (a * a) + db * db / (b * b)).sqrt();
        Ok(Outcome {
            expected: ratio,
            observed: a / b,
            limit: bar + chance,
            reason: format!(
                "ratio of -T ln p - L0 of the marginal, averaged around {:.3} and {:.3}; limit: chance {chance:.1e} (1 in 1000), orders of the theory {bar:.1e}; {} and {}",
                0.5 * (places.flat.0 + places.flat.1),
                0.5 * (places.sharp.0 + places.sharp.1),
                one.about,
                other.about
            ),
            blind: None,
        })
    };
    match judge(Stage::Screen) {
        Ok(outcome) if !(outcome.limit < TELLING * ratio.abs()) => {
            let part = (weak_part.value / weak_part.temperature).abs();
            let reason = format!("the ratio would be known to {:.1e} only, of a part of {part:.2} T", outcome.limit);
            let verdict = match () {
                () if !(part > SLIGHT) => Verdict::NotApplicable,
                () if bar > 0.5 * TELLING * ratio.abs() => Verdict::OutsideRegime,
                () => Verdict::Undecided,
            };
            return none(verdict, reason);
        }
        _ => {}
    }
    in_two_stages(claim, &judge)
}

/// The noise's part of the potential between two stretches: `−T [ln(p_A/p_B) − ln(∫_A e^{−L0/T}/∫_B e^{−L0/T})]`.
struct Part {
    temperature: f64,
    /// `ln(∫_A e^{−L0/T}/∫_B e^{−L0/T})`
    floor: f64,
    value: f64,
    bar: f64,
}

impl Part {
    fn of((model, law, _): Posed, places: &Stretches) -> Option<Part> {
        let langevin = model.langevin().ok()?;
        if langevin.temperature.contains(model.coordinate()) {
            return None;
        }
        let tape = model.compile(&[langevin.temperature, model.floor_loss().clone()]);
        let origin = tape.at(&[places.flat.0])[1];
        let temperature = tape.at(&[places.flat.0])[0];
        let weight = |s: (f64, f64)| along(s, &|x| exp((origin - tape.at(&[x])[1]) / temperature));
        let floor = ln(weight(places.flat) / weight(places.sharp));
        let (log, bar) = law.log_ratio(places.flat, places.sharp);
        let part = Part { temperature, floor, value: -temperature * (log - floor), bar: temperature * bar };
        (part.value.is_finite() && part.bar.is_finite()).then_some(part)
    }

    fn seen(&self, sample: &Sample, places: &Stretches) -> (f64, f64) {
        let (log, error) = sample.log_ratio(&sample.along(places.flat), &sample.along(places.sharp));
        (-self.temperature * (log - self.floor), self.temperature * error)
    }
}

/// What the theory says of the growth of `<ln F>`: `(growth, error)` where it can be told.
fn growth(weak: (&Model, &Law), strong: (&Model, &Law)) -> Result<(f64, f64), &'static str> {
    let (model, _) = weak;
    let varies = |e: &crate::expr::Expr| e.contains(model.coordinate());
    if !varies(model.floor_loss()) {
        return Err("the floor is flat: its law does not depend on the strength of the noise");
    }
    if !model.sharp().iter().any(|s| varies(&s.curvature)) {
        return Err("the curvature is the same everywhere");
    }
    let tape = model.compile(&[log_flatness(model)]);
    let (a, da) = weak.1.mean(&|x| tape.value(x));
    let (b, db) = strong.1.mean(&|x| tape.value(x));
    if !(b - a > 2.0 * (da + db)) {
        return Err("the theory foretells no growth that exceeds its error");
    }
    Ok((b - a, da + db))
}

fn grows_exactly(solved: &Model, factor: f64, weak: (&Model, &Law), strong: (&Model, &Law)) -> Check {
    let (expected, bar) = match growth(weak, strong) {
        Ok(growth) => growth,
        Err(reason) => return without(GROWS, Verdict::NotApplicable, reason),
    };
    let Noise::Langevin { delta, .. } = *solved.noise() else {
        return without(GROWS, Verdict::NotApplicable, "asked of Langevin noise");
    };
    let tape = weak.0.compile(&[log_flatness(weak.0)]);
    let mean =
        |model: &Model| fokker_planck::solve(model).map(|s| (s.expectation(&|x| tape.value(x)), Witnesses::floor(&s)));
    match (mean(solved), mean(&solved.with_delta(factor * delta))) {
        (Ok((here, a)), Ok((there, b))) => {
            let observed = if factor > 1.0 { there - here } else { here - there };
            let reason = "rise of <ln F> when the noise is doubled; limit: distance between the orders of the theory";
            compared(GROWS, expected, observed, bar + a + b, reason.into())
        }
        (Err(reason), _) | (_, Err(reason)) => super::density::unsolved(GROWS, &reason),
    }
}

fn grows(strong: Posed, weak: Posed) -> Result<Check, Interrupted> {
    let (expected, bar) = match growth((weak.0, weak.1), (strong.0, strong.1)) {
        Ok(growth) => growth,
        Err(reason) => return Ok(without(GROWS_SEEN, Verdict::NotApplicable, reason)),
    };
    let tape = weak.0.compile(&[log_flatness(weak.0)]);
    let judge = |stage: Stage| -> Result<Outcome, Refusal> {
        let (one, other) = (strong.2.sample(stage)?, weak.2.sample(stage)?);
        let ((a, da), (b, db)) = (one.mean(&|x| tape.value(x)), other.mean(&|x| tape.value(x)));
        let chance = deviations() * (da * da + db * db).sqrt();
        Ok(Outcome {
            expected,
            observed: a - b,
            limit: bar + chance,
            reason: format!(
                "rise of <ln F> when the noise is doubled; limit: chance {chance:.1e} (1 in {:.0}), orders of the theory {bar:.1e}; {} and {}",
                1.0 / FALSE_ALARM,
                one.about,
                other.about
            ),
            blind: None,
        })
    };
    match judge(Stage::Screen) {
        Ok(outcome) if !(outcome.limit < expected) => {
            let reason = format!("a rise of {expected:.1e} is too small to be told at the limit {:.1e}", outcome.limit);
            let mean = weak.1.mean(&|x| tape.value(x)).0;
            let square = weak.1.mean(&|x| (tape.value(x) - mean) * (tape.value(x) - mean)).0;
            let verdict = match () {
                () if !(expected > SLIGHT_RISE * square.max(0.0).sqrt()) => Verdict::NotApplicable,
                () if bar > 0.5 * expected => Verdict::OutsideRegime,
                () => Verdict::Undecided,
            };
            return Ok(without(GROWS_SEEN, verdict, reason));
        }
        _ => {}
    }
    in_two_stages(GROWS_SEEN, &judge)
}
