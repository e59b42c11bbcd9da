//! Samples from the stationary law of a model, drawn by simulation: when they are trusted, and what they are worth.

use super::effort::{Effort, FALSE_ALARM, Interrupted, Refusal, Stage};
use super::pace::Pace;
use super::relaxation::relaxation_time;
use super::verdict::{Check, Verdict, compared, without};
use crate::model::{Model, Noise};
use crate::num::density::Density;
use crate::num::function::ln;
use crate::sim::{Plan, Run, Watch};
use crate::stats::{Estimate, mean_total_variation, total_variation_limit_of_paths};
use std::cell::OnceCell;

/// Relaxation times that walkers are followed before they are believed: what is left of the start is `e⁻⁸`.
const PATIENCE: f64 = 8.0;
/// Relaxation times between two records of a walker, and records: so many more are worth [`KEPT`] draws each.
const BETWEEN: f64 = 2.0;
const RECORDS: u64 = 8;
/// Draws that a further record is worth at least. Two relaxation times leave a correlation of `e⁻²`, so that it is worth
/// 0.76; a relaxation time that is a third longer than expected would leave 0.64.
const KEPT: f64 = 0.6;
/// The fewest walkers that are worth a sample.
const FEWEST: usize = 512;
/// Where the fewest walkers cost more than the effort, up to so many times as much is spent.
const OVERDRAFT: u64 = 3;
/// Independent draws that a comparison of two strengths of noise wants: what `TELLING` of `strength` asks of a part of the
/// potential of a third of the temperature.
pub(super) const ENOUGH: f64 = 60_000.0;
/// Bins of equal probability in which histograms are compared.
pub(super) const BINS: usize = 24;
/// Probability that walkers fail to look relaxed though they are.
const RELAXED_FALSE_ALARM: f64 = 1e-6;

/// Places of walkers, or recorded ones.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Sample {
    /// Places along the floor, in the domain.
    pub x: Vec<f64>,
    /// `y_i` of the same, per direction.
    pub y: Vec<Vec<f64>>,
    /// Records of each walker, one after the other in the lists; 1: all values are draws of their own, or of a correlation
    /// that `effective` holds.
    pub records: usize,
    /// How many independent draws it is worth.
    pub effective: f64,
    /// Walkers that diverged: they are nowhere.
    pub diverged: usize,
    /// Where it comes from, in words.
    pub about: String,
}

impl Sample {
    /// Mean of a function of the place, and its standard error.
    pub fn mean(&self, f: &dyn Fn(f64) -> f64) -> (f64, f64) {
        let mean = self.mean_of(&self.x.iter().map(|x| f(*x)).collect::<Vec<f64>>());
        (mean.value, mean.standard_error)
    }

    /// Mean of one value per record. Of walkers that were recorded several times, the error is that of their own means.
    pub fn mean_of(&self, values: &[f64]) -> Estimate {
        if self.records > 1 {
            let part = 1.0 / self.records as f64;
            let own: Vec<f64> = values.chunks_exact(self.records).map(|v| v.iter().sum::<f64>() * part).collect();
            return crate::stats::mean(&own);
        }
        let mean = crate::stats::mean(values);
        let worth = (values.len() as f64 / self.effective).sqrt();
        Estimate { value: mean.value, standard_error: mean.standard_error * worth }
    }

    /// Values of walkers that diverged.
    fn lost(&self) -> f64 {
        (self.diverged * self.records) as f64
    }

    /// The share in each bin between ascending inner edges; walkers that diverged are in none.
    pub fn shares(&self, edges: &[f64]) -> Vec<f64> {
        let mut counts = vec![0u64; edges.len() + 1];
        for x in &self.x {
            counts[edges.partition_point(|e| e <= x)] += 1;
        }
        let total = self.x.len() as f64 + self.lost();
        counts.into_iter().map(|c| c as f64 / total).collect()
    }

    /// Total variation to a law whose probability below each edge is known, and how far chance alone takes it.
    pub fn distance(&self, edges: &[f64], cdf: &dyn Fn(f64) -> f64, false_alarm: f64) -> (f64, f64) {
        let law = probabilities(edges, cdf);
        let seen = self.shares(edges);
        let independent = if self.records > 1 { (self.x.len() / self.records) as f64 } else { self.effective };
        let limit = total_variation_limit_of_paths(&law, self.effective, independent, false_alarm);
        (half_sum(&law, &seen, self), limit)
    }
}

/// `½ Σ |p − q|`, with what diverged as one more bin.
fn half_sum(law: &[f64], seen: &[f64], sample: &Sample) -> f64 {
    let lost = sample.lost() / (sample.x.len() as f64 + sample.lost());
    0.5 * (law.iter().zip(seen).map(|(p, q)| (p - q).abs()).sum::<f64>() + lost)
}

/// Probabilities of the bins between inner edges.
pub(super) fn probabilities(edges: &[f64], cdf: &dyn Fn(f64) -> f64) -> Vec<f64> {
    let below: Vec<f64> = edges.iter().map(|e| cdf(*e).clamp(0.0, 1.0)).collect();
    let upper = below.iter().copied().chain([1.0]);
    let lower = std::iter::once(0.0).chain(below.iter().copied());
    upper.zip(lower).map(|(b, a)| (b - a).max(0.0)).collect()
}

/// Inner edges of bins that are equally likely under `law`.
pub(super) fn edges(law: &Density, bins: usize) -> Vec<f64> {
    (1..bins).map(|k| law.quantile(k as f64 / bins as f64)).collect()
}

/// The samples of one model: a screen, and the fresh one that decides. Drawn when first asked for.
pub(super) struct Ensembles<'a> {
    nature: Model,
    /// What is drawn, in words that a reason ends with.
    effort: &'a Effort,
    watch: &'a dyn Watch,
    purpose: u64,
    /// Independent draws that the claims about it need.
    wanted: f64,
    plan: Result<Chain, String>,
    drawn: [OnceCell<Result<Sample, Refusal>>; 2],
}

/// How the chain is run.
#[derive(Clone, Debug)]
struct Chain {
    /// Until the first record.
    steps: u64,
    /// From one record to the next.
    between: u64,
    /// Part of a variance that the time step may add or take.
    bias: f64,
    starts: [f64; 2],
    edges: Vec<f64>,
    plan: Plan,
}

impl<'a> Ensembles<'a> {
    /// Samples of `nature`, whose law is expected to be `law`: it tells where to start and how long to wait. They are worth
    /// `wanted` independent draws as far as the effort reaches.
    pub fn new(
        nature: Model,
        law: &Density,
        (purpose, wanted): (u64, f64),
        effort: &'a Effort,
        watch: &'a dyn Watch,
    ) -> Ensembles<'a> {
        let plan = Chain::of(&nature, law);
        Ensembles { nature, effort, watch, purpose, wanted, plan, drawn: Default::default() }
    }

    /// The sample of a stage.
    pub fn sample(&self, stage: Stage) -> Result<&Sample, Refusal> {
        self.drawn[stage as usize].get_or_init(|| self.draw(stage)).as_ref().map_err(Clone::clone)
    }

    /// Part by which the time step of a Langevin path may change a variance.
    pub fn step_bias(&self) -> f64 {
        self.plan.as_ref().map_or(0.0, |chain| chain.bias)
    }

    fn draw(&self, stage: Stage) -> Result<Sample, Refusal> {
        let chain = self.plan.as_ref().map_err(|reason| Refusal::Undecided(reason.clone()))?;
        // Each learner of a walker is stepped on its own.
        let learners = self.nature.sgd().and_then(|s| s.learners.as_ref()).map_or(1, |l| l.count() as u64);
        let steps = chain.steps + (RECORDS - 1) * chain.between;
        let each = steps.saturating_mul(learners).max(1);
        if (self.effort.walker_steps.saturating_mul(OVERDRAFT) / each) < FEWEST as u64 {
            return Err(Refusal::TooSlow(format!(
                "the walkers need {} steps to forget their start, which is more than is spent on a check",
                chain.steps
            )));
        }
        let worth = 1.0 + KEPT * (RECORDS - 1) as f64;
        let wanted = (self.wanted / worth).ceil().min(self.effort.walkers as f64) as usize;
        let affordable = (self.effort.walker_steps / each) as usize;
        // What hardly costs anything is drawn though nobody needs it.
        let cheap = (affordable / 5).min(self.effort.walkers);
        let more = if stage == Stage::Decide { 4 } else { 1 };
        let walkers = wanted.max(cheap).min(affordable).max(FEWEST) * more;
        let seed = self.effort.seed_for(self.purpose, stage);
        let records = RECORDS as usize;
        let mut pooled = Sample {
            x: Vec::new(),
            y: vec![Vec::new(); self.nature.directions()],
            records,
            effective: 0.0,
            diverged: 0,
            about: format!("{walkers} walkers, {steps} steps, {records} records each, seed {seed}"),
        };
        let mut shares = Vec::new();
        for (half, start) in chain.starts.into_iter().enumerate() {
            let plan = Plan {
                walkers: walkers / 2,
                steps: chain.steps.saturating_sub(chain.between) + RECORDS * chain.between,
                every: Some(chain.between),
                burn_in: chain.steps.saturating_sub(chain.between),
                start: Some(start),
                seed: seed.wrapping_add(half as u64),
                threads: self.effort.threads,
                simd: self.effort.simd,
                ..chain.plan.clone()
            };
            let one = self.followed(&plan)?;
            // Only what was recorded first is as old as the start asks for.
            let first = Sample { x: one.x.iter().copied().step_by(records).collect(), records: 1, ..one.clone() };
            shares.push(first.shares(&chain.edges));
            pooled.diverged += one.diverged;
            pooled.x.extend(one.x);
            pooled.y.iter_mut().zip(one.y).for_each(|(all, own)| all.extend(own));
        }
        pooled.effective = (pooled.x.len() / records) as f64 * worth;
        if pooled.x.is_empty() {
            return Err(Refusal::Undecided(format!("all {walkers} walkers diverged")));
        }
        // Both halves follow one law if they have forgotten where they started.
        let apart = 0.5 * shares[0].iter().zip(&shares[1]).map(|(a, b)| (a - b).abs()).sum::<f64>();
        let each = 0.5 * (pooled.x.len() / records) as f64;
        let both: Vec<f64> = shares[0].iter().zip(&shares[1]).map(|(a, b)| 0.5 * (a + b)).collect();
        // Each half moves the distance by at most 1/m per walker: McDiarmid over 2m walkers.
        let chance = std::f64::consts::SQRT_2 * mean_total_variation(&both, each);
        let limit = chance + (-ln(RELAXED_FALSE_ALARM) / each).sqrt();
        if !(apart <= limit) && pooled.diverged == 0 {
            return Err(Refusal::Undecided(format!(
                "not relaxed: walkers from {:.3} and from {:.3} are a total variation of {apart:.3} apart after {} steps",
                chain.starts[0], chain.starts[1], chain.steps
            )));
        }
        Ok(pooled)
    }

    /// The records of every walker that did not diverge.
    fn followed(&self, plan: &Plan) -> Result<Sample, Refusal> {
        let mut run = Run::new(&self.nature, plan)?;
        run.keep_records();
        let mut records: Vec<Vec<f64>> = Vec::new();
        let size = run.numbers_per_record();
        while !run.is_done() {
            records.extend(run.advance(u64::MAX, self.watch)?.chunks_exact(size).map(<[f64]>::to_vec));
        }
        let found = run.finish(self.watch)?;
        let mut sound = vec![true; plan.walkers];
        found.diverged.falls.iter().for_each(|fall| sound[fall.walker] = false);
        let of = |quantity: usize| -> Vec<f64> {
            let kept = (0..plan.walkers).filter(|k| sound[*k]);
            kept.flat_map(|k| records.iter().map(move |r| r[quantity * plan.walkers + k])).collect()
        };
        let y = (1..=self.nature.directions()).map(of).collect();
        let count = records.len();
        Ok(Sample { x: of(0), y, records: count, effective: 0.0, diverged: found.diverged.count, about: String::new() })
    }
}

impl Chain {
    fn of(nature: &Model, law: &Density) -> Result<Chain, String> {
        let langevin = nature.langevin().map_err(|e| e.to_string())?;
        let temperature = nature.compile(std::slice::from_ref(&langevin.temperature));
        let slow = relaxation_time(law, &|x| temperature.value(x));
        let (a, b) = law.visited(1e-6);
        let domain = nature.domain();
        let pace = Pace::of(nature, &langevin);
        let places = (0..=400).filter_map(|k| domain.place(a + (b - a) * f64::from(k) / 400.0));
        let least = places.flat_map(|x| pace.curvatures(x)).fold(f64::INFINITY, f64::min);
        let time = PATIENCE * slow.max(0.5 / least);
        let mut plan = Plan::for_model(nature, None).map_err(|e| e.to_string())?;
        let mut bias = 0.0;
        let (step, more) = match nature.noise() {
            Noise::Langevin { .. } => {
                let chosen = plan.dt.unwrap_or(f64::NAN);
                let (dt, change) = pace.stride(law, (a, b), domain, chosen);
                bias = change;
                plan.dt = Some(dt);
                (dt, 0.0)
            }
            Noise::Sgd(sgd) => {
                // Learners that hardly mix forget their own start last.
                let second = sgd.learners.as_ref().and_then(|l| l.eigenvalues.get(1)).copied().unwrap_or(0.0);
                (sgd.step_time(), PATIENCE / (1.0 - second.abs()))
            }
        };
        let steps = (time / step + more).ceil();
        if !(steps > 0.0 && steps < 1e12) {
            return Err("the relaxation time of the law could not be found, or is beyond reach".to_owned());
        }
        plan.steps = (steps as u64).max(64);
        let between = ((BETWEEN / PATIENCE * time / step).ceil() as u64).max(1);
        let starts = [law.quantile(0.15), law.quantile(0.85)].map(|x| domain.place(x).unwrap_or(x));
        Ok(Chain { steps: plan.steps, between, bias, starts, edges: edges(law, BINS), plan })
    }
}

/// What a claim says of one sample.
pub(super) struct Outcome {
    pub expected: f64,
    pub observed: f64,
    pub limit: f64,
    pub reason: String,
    /// The verdict where the sample does not object but could not have: what a wrong law would look like too.
    pub blind: Option<Verdict>,
}

impl Outcome {
    /// One that could object.
    pub fn seen(expected: f64, observed: f64, limit: f64, reason: String) -> Outcome {
        Outcome { expected, observed, limit, reason, blind: None }
    }
}

/// Holds a claim against the first sample and, where that objects, against a second one which decides.
pub(super) fn in_two_stages(
    claim: &'static str,
    judge: &dyn Fn(Stage) -> Result<Outcome, Refusal>,
) -> Result<Check, Interrupted> {
    at_most_twice(claim, &|stage| {
        let outcome = judge(stage)?;
        let mut found = compared(claim, outcome.expected, outcome.observed, outcome.limit, outcome.reason);
        if let (Verdict::Pass, Some(blind)) = (found.verdict, outcome.blind) {
            found.verdict = blind;
        }
        Ok(found)
    })
}

/// The same for claims that come to their verdict in a way of their own.
pub(super) fn at_most_twice(
    claim: &'static str,
    judge: &dyn Fn(Stage) -> Result<Check, Refusal>,
) -> Result<Check, Interrupted> {
    let refused = |refusal: Refusal| match refusal {
        Refusal::Interrupted => Err(Interrupted),
        Refusal::Pointless(reason) => Ok(without(claim, Verdict::NotApplicable, reason)),
        Refusal::Undecided(reason) | Refusal::TooSlow(reason) => Ok(without(claim, Verdict::Undecided, reason)),
    };
    match judge(Stage::Screen) {
        Ok(found) if found.verdict != Verdict::Fail => Ok(found),
        Err(refusal) => refused(refusal),
        Ok(_) => match judge(Stage::Decide) {
            Ok(found) => Ok(Check { reason: format!("{}; a smaller sample had objected", found.reason), ..found }),
            Err(refusal) => refused(refusal),
        },
    }
}

/// Standard deviations that chance exceeds, either way, with probability [`FALSE_ALARM`].
pub(super) fn deviations() -> f64 {
    crate::stats::quantile_of_normal(1.0 - 0.5 * FALSE_ALARM)
}
