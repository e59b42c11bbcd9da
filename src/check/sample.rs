//! Samples from the stationary law of a model, drawn by simulation: when they are trusted, and what they are worth.

use super::effort::{Effort, FALSE_ALARM, Interrupted, Refusal, Stage};
use super::pace::Pace;
use super::relaxation::relaxation_time;
use super::verdict::{Check, Verdict, compared, without};
use crate::model::{Model, Noise};
use crate::num::density::Density;
use crate::num::function::ln;
use crate::sim::{Plan, Watch, run};
use crate::stats::{mean_total_variation, total_variation_limit};
use std::cell::OnceCell;

/// Relaxation times that walkers are followed before they are believed: what is left of the start is `e⁻⁸`.
const PATIENCE: f64 = 8.0;
/// The fewest walkers that are worth a sample.
const FEWEST: usize = 2048;
/// Where the fewest walkers cost more than the effort, up to so many times as much is spent.
const OVERDRAFT: u64 = 5;
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
        let values: Vec<f64> = self.x.iter().map(|x| f(*x)).collect();
        let mean = crate::stats::mean(&values);
        (mean.value, mean.standard_error * (values.len() as f64 / self.effective).sqrt())
    }

    /// The share in each bin between ascending inner edges; walkers that diverged are in none.
    pub fn shares(&self, edges: &[f64]) -> Vec<f64> {
        let mut counts = vec![0u64; edges.len() + 1];
        for x in &self.x {
            counts[edges.partition_point(|e| e <= x)] += 1;
        }
        let total = (self.x.len() + self.diverged) as f64;
        counts.into_iter().map(|c| c as f64 / total).collect()
    }

    /// Total variation to a law whose probability below each edge is known, and how far chance alone takes it.
    pub fn distance(&self, edges: &[f64], cdf: &dyn Fn(f64) -> f64, false_alarm: f64) -> (f64, f64) {
        let law = probabilities(edges, cdf);
        let seen = self.shares(edges);
        (half_sum(&law, &seen, self), total_variation_limit(&law, self.effective, false_alarm))
    }
}

/// `½ Σ |p − q|`, with what diverged as one more bin.
fn half_sum(law: &[f64], seen: &[f64], sample: &Sample) -> f64 {
    let lost = sample.diverged as f64 / (sample.x.len() + sample.diverged) as f64;
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
    plan: Result<Chain, String>,
    drawn: [OnceCell<Result<Sample, Refusal>>; 2],
}

/// How the chain is run.
#[derive(Clone, Debug)]
struct Chain {
    steps: u64,
    /// Part of a variance that the time step may add or take.
    bias: f64,
    starts: [f64; 2],
    edges: Vec<f64>,
    plan: Plan,
}

impl<'a> Ensembles<'a> {
    /// Samples of `nature`, whose law is expected to be `law`: it tells where to start and how long to wait.
    pub fn new(nature: Model, law: &Density, purpose: u64, effort: &'a Effort, watch: &'a dyn Watch) -> Ensembles<'a> {
        let plan = Chain::of(&nature, law);
        Ensembles { nature, effort, watch, purpose, plan, drawn: Default::default() }
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
        let each = chain.steps.saturating_mul(learners).max(1);
        let affordable = (self.effort.walker_steps / each) as usize;
        if (self.effort.walker_steps.saturating_mul(OVERDRAFT) / each) < FEWEST as u64 {
            return Err(Refusal::TooSlow(format!(
                "the walkers need {} steps to forget their start, which is more than is spent on a check",
                chain.steps
            )));
        }
        let more = if stage == Stage::Decide { 4 } else { 1 };
        let walkers = self.effort.walkers.min(affordable).max(FEWEST.min(self.effort.walkers)) * more;
        let seed = self.effort.seed_for(self.purpose, stage);
        let mut halves = Vec::new();
        for (half, start) in chain.starts.into_iter().enumerate() {
            let plan = Plan {
                walkers: walkers / 2,
                start: Some(start),
                seed: seed.wrapping_add(half as u64),
                threads: self.effort.threads,
                simd: self.effort.simd,
                ..chain.plan.clone()
            };
            halves.push(run(&self.nature, &plan, self.watch)?);
        }
        let mut pooled = Sample {
            x: Vec::new(),
            y: vec![Vec::new(); self.nature.directions()],
            effective: 0.0,
            diverged: halves.iter().map(|h| h.diverged.count).sum(),
            about: format!("{walkers} walkers, {} steps, seed {seed}", chain.steps),
        };
        let mut shares = Vec::new();
        for half in halves {
            let one = Sample { x: half.x, y: half.y, effective: 0.0, diverged: 0, about: String::new() };
            shares.push(one.shares(&chain.edges));
            pooled.x.extend(one.x);
            pooled.y.iter_mut().zip(one.y).for_each(|(all, own)| all.extend(own));
        }
        pooled.effective = pooled.x.len() as f64;
        if pooled.x.is_empty() {
            return Err(Refusal::Undecided(format!("all {walkers} walkers diverged")));
        }
        // Both halves follow one law if they have forgotten where they started.
        let apart = 0.5 * shares[0].iter().zip(&shares[1]).map(|(a, b)| (a - b).abs()).sum::<f64>();
        let each = 0.5 * pooled.effective;
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
        let starts = [law.quantile(0.15), law.quantile(0.85)].map(|x| domain.place(x).unwrap_or(x));
        Ok(Chain { steps: plan.steps, bias, starts, edges: edges(law, BINS), plan })
    }
}

/// What a claim says of one sample.
pub(super) struct Outcome {
    pub expected: f64,
    pub observed: f64,
    pub limit: f64,
    pub reason: String,
}

/// Holds a claim against the first sample and, where that objects, against a second one which decides.
pub(super) fn in_two_stages(
    claim: &'static str,
    judge: &dyn Fn(Stage) -> Result<Outcome, Refusal>,
) -> Result<Check, Interrupted> {
    let mut check = None;
    for stage in [Stage::Screen, Stage::Decide] {
        let outcome = match judge(stage) {
            Ok(outcome) => outcome,
            Err(Refusal::Interrupted) => return Err(Interrupted),
            Err(Refusal::Undecided(reason) | Refusal::TooSlow(reason)) => {
                return Ok(without(claim, Verdict::Undecided, reason));
            }
        };
        let objected = if stage == Stage::Decide { "; a smaller sample had objected" } else { "" };
        let reason = format!("{}{objected}", outcome.reason);
        let found = compared(claim, outcome.expected, outcome.observed, outcome.limit, reason);
        let done = found.verdict != Verdict::Fail;
        check = Some(found);
        if done {
            break;
        }
    }
    Ok(check.unwrap_or_else(|| without(claim, Verdict::Undecided, "no sample")))
}

/// Standard deviations that chance exceeds, either way, with probability [`FALSE_ALARM`].
pub(super) fn deviations() -> f64 {
    crate::stats::quantile_of_normal(1.0 - 0.5 * FALSE_ALARM)
}
