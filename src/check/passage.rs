//! How long until the flat place is reached, and how that follows the noise.

use super::effort::{Effort, Interrupted, Refusal, Stage};
use super::flat::log_flatness;
use super::law::Law;
use super::pace::Pace;
use super::sample::{Outcome, deviations, in_two_stages};
use super::verdict::{Check, Verdict, without};
use crate::model::{Model, Noise};
use crate::num::domain::Domain;
use crate::num::function::exp;
use crate::sim::{Passage, Plan, Watch, first_passage};
use crate::theory::Method;
use crate::theory::passage::log_passage_time;
use std::cell::OnceCell;

const SCALES: &str = "time to the flat place is inverse to the noise on a degenerate valley";
const TIME: &str = "simulated time to the flat place agrees with its formula";

/// Mean times after which nobody is followed any further: one walker in 10⁹ is late if times are exponential.
const HORIZON: f64 = 22.0;
/// A block of walkers is followed until its last one has arrived: about so many mean times.
const LAST: f64 = 6.5;
/// Walkers that tell a time to 3 % with what chance takes.
const MOST: u64 = 12_000;
/// The fewest walkers worth a mean.
const FEWEST: u64 = 512;
/// Siegmund's mean overshoot of a Gaussian walk beyond a boundary, in steps.
const OVERSHOOT: f64 = 0.5826;

/// One strength of noise.
struct Journey<'a> {
    walked: Model,
    from: f64,
    to: f64,
    /// Mean time of the theory, and its error as a part of it.
    time: f64,
    bar: f64,
    /// Part by which looking at steps only delays the arrival.
    delay: f64,
    dt: f64,
    purpose: u64,
    effort: &'a Effort,
    watch: &'a dyn Watch,
    made: [OnceCell<Result<(Passage, String), Refusal>>; 2],
}

pub(super) fn checks(
    model: &Model,
    walked: &Model,
    effort: &Effort,
    watch: &dyn Watch,
) -> Result<Vec<Check>, Interrupted> {
    let none = |verdict, reason: &str| Ok(vec![without(SCALES, verdict, reason)]);
    let x = model.coordinate();
    if model.floor_loss().contains(x) || model.domain() == Domain::Line {
        return none(Verdict::NotApplicable, "the floor is not degenerate");
    }
    let Ok(langevin) = model.langevin() else { return none(Verdict::NotApplicable, "the noise is not white") };
    if langevin.temperature.contains(x) {
        return none(Verdict::NotApplicable, "the noise varies along the floor");
    }
    if model.sgd().is_some_and(|s| s.learners.is_some()) {
        return none(Verdict::NotApplicable, "of several learners only the mean arrives");
    }
    let Some((from, to)) = ends(model) else {
        return none(Verdict::NotApplicable, "the curvature is the same everywhere: no place is flatter");
    };
    let (stronger, walked_stronger) = match (model.noise(), walked.noise()) {
        (Noise::Langevin { delta, .. }, Noise::Langevin { delta: own, .. }) => {
            (model.with_delta(2.0 * delta), walked.with_delta(2.0 * own))
        }
        (Noise::Sgd(sgd), _) => {
            let batch = super::discrete::batch_of(sgd, 0.5);
            (model.with_batch_size(batch), walked.with_batch_size(batch))
        }
        _ => return none(Verdict::NotApplicable, "the noise is of another kind"),
    };
    let journey = |model: &Model, walked: Model, purpose: u64| -> Result<Journey, String> {
        Journey::of(model, walked, (from, to), purpose, effort, watch)
    };
    let (weak, strong) = match (journey(model, walked.clone(), 7), journey(&stronger, walked_stronger, 8)) {
        (Ok(weak), Ok(strong)) => (weak, strong),
        (Err(reason), _) | (_, Err(reason)) => return none(Verdict::OutsideRegime, &reason),
    };
    if !(strong.bar + weak.bar < 0.25) {
        return none(
            Verdict::OutsideRegime,
            "the theory's own error is too large to tell how the time follows the noise",
        );
    }
    if weak.walkers().is_none() {
        return none(Verdict::Undecided, "the journey takes more steps than are spent on a check");
    }
    let own = in_two_stages(TIME, &|stage| {
        let (mean, error, about) = weak.made(stage)?;
        let chance = deviations() * error;
        let slack = weak.time * (weak.bar + weak.delay);
        Ok(Outcome {
            expected: weak.time,
            observed: mean,
            limit: slack + chance,
            reason: format!(
                "from {from:.3} to {to:.3}; limit: chance {chance:.1e} (1 in 1000), theory {:.1e} and looking at steps only {:.1e} of the time; {about}",
                weak.bar, weak.delay
            ),
            blind: None,
        })
    })?;
    let ratio = in_two_stages(SCALES, &|stage| {
        let ((slow, a, about), (fast, b, other)) = (weak.made(stage)?, strong.made(stage)?);
        let chance = deviations() * 2.0 * ((a / slow) * (a / slow) + (b / fast) * (b / fast)).sqrt();
        let slack = 2.0 * (weak.bar + strong.bar + (strong.delay - weak.delay).abs());
        Ok(Outcome {
            expected: 2.0,
            observed: slow / fast,
            limit: chance + slack,
            reason: format!(
                "mean times from {from:.3} to {to:.3} at once and twice the noise; limit: chance {chance:.1e} (1 in 1000), theory and looking at steps only {slack:.1e}; {about} and {other}"
            ),
            blind: None,
        })
    })?;
    Ok(vec![own, ratio])
}

/// The sharpest and the flattest place.
fn ends(model: &Model) -> Option<(f64, f64)> {
    let (lower, upper) = model.domain().ends()?;
    let tape = model.compile(&[log_flatness(model)]);
    let all: Vec<(f64, f64)> = (0..=720)
        .map(|k| lower + (upper - lower) * f64::from(k) / 720.0)
        .filter_map(|x| model.domain().place(x))
        .map(|x| (x, tape.value(x)))
        .collect();
    let flat = all.iter().max_by(|a, b| a.1.total_cmp(&b.1))?;
    let sharp = all.iter().min_by(|a, b| a.1.total_cmp(&b.1))?;
    (flat.1 > sharp.1 + 1e-3).then_some((sharp.0, flat.0))
}

impl<'a> Journey<'a> {
    fn of(
        model: &Model,
        walked: Model,
        (from, to): (f64, f64),
        purpose: u64,
        effort: &'a Effort,
        watch: &'a dyn Watch,
    ) -> Result<Journey<'a>, String> {
        let law = Law::of(model)?;
        let langevin = model.langevin().map_err(|e| e.to_string())?;
        let (method, corrected) = match model.sgd() {
            None => (Method::Adiabatic, Some(Method::FirstOrder)),
            Some(_) => (Method::Discrete, None),
        };
        let log = log_passage_time(model, method, from, to).map_err(|e| e.to_string())?;
        let apart = corrected.and_then(|c| log_passage_time(model, c, from, to).ok()).map(|c| (c - log).abs());
        let bar = apart.map_or(law.small, |apart| apart * (1.0 + (10.0 * law.small).min(1.0)));
        let (dt, delay) = match walked.noise() {
            Noise::Langevin { .. } => {
                let chosen = Plan::for_model(&walked, None).map_err(|e| e.to_string())?.dt.unwrap_or(f64::NAN);
                let visited = law.adiabatic.visited(1e-6);
                let (dt, bias) = Pace::of(&walked, &langevin).stride(&law.adiabatic, visited, model.domain(), chosen);
                (dt, bias)
            }
            Noise::Sgd(sgd) => {
                let dt = sgd.step_time();
                let temperature = model.compile(&[langevin.temperature]).value(from);
                let width = model.domain().ends().map_or(f64::NAN, |(a, b)| {
                    let along = (to - from).abs();
                    if model.domain().is_periodic() { along.min(b - a - along) } else { along }
                });
                (dt, 2.0 * OVERSHOOT * (2.0 * temperature * dt).sqrt() / width)
            }
        };
        let journey = Journey {
            walked,
            from,
            to,
            time: exp(log),
            bar,
            delay,
            dt,
            purpose,
            effort,
            watch,
            made: Default::default(),
        };
        if journey.time / dt > 0.0 && journey.time / dt < 1e12 && bar.is_finite() && delay.is_finite() {
            Ok(journey)
        } else {
            Err("the time to the flat place is beyond reach".to_owned())
        }
    }

    /// How many walkers the effort pays for.
    fn walkers(&self) -> Option<u64> {
        let each = (LAST * self.time / self.dt).ceil() as u64;
        let affordable = self.effort.walker_steps / each.max(1);
        (affordable >= FEWEST).then_some(affordable.min(MOST).min(self.effort.walkers as u64 / 4).max(FEWEST))
    }

    /// Mean, standard error, and in words.
    fn made(&self, stage: Stage) -> Result<(f64, f64, String), Refusal> {
        let made = self.made[stage as usize].get_or_init(|| self.walk(stage));
        let (passage, about) = made.as_ref().map_err(Clone::clone)?;
        let mean = passage.mean.ok_or_else(|| {
            Refusal::Undecided(format!(
                "{} walkers had not arrived after {HORIZON} mean times, {} diverged",
                passage.censored, passage.diverged.count
            ))
        })?;
        Ok((mean.value, mean.standard_error, about.clone()))
    }

    fn walk(&self, stage: Stage) -> Result<(Passage, String), Refusal> {
        let more = if stage == Stage::Decide { 4 } else { 1 };
        let walkers = self.walkers().unwrap_or(FEWEST) * more;
        let seed = self.effort.seed_for(self.purpose, stage);
        let plan = Plan {
            walkers: walkers as usize,
            start: Some(self.from),
            dt: self.walked.sgd().is_none().then_some(self.dt),
            seed,
            threads: self.effort.threads,
            simd: self.effort.simd,
            ..Plan::for_model(&self.walked, None)?
        };
        let limit = (HORIZON * self.time / self.dt).ceil() as u64;
        let passage = first_passage(&self.walked, &plan, self.to, limit, self.watch)?;
        let scale = self.dt / passage.dt;
        // A step with momentum is a time η/(1−β).
        let mut passage = passage;
        if let Some(mean) = &mut passage.mean {
            mean.value *= scale;
            mean.standard_error *= scale;
        }
        Ok((passage, format!("{walkers} walkers, seed {seed}")))
    }
}
