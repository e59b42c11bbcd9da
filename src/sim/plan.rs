//! What is to be followed, for how long, and how it is chosen where nobody says.

use super::SimError;
use super::checkpoint::{Checkpoint, CheckpointError};
use super::problem::{Kind, Problem};
use crate::eval::Simd;
use crate::model::Model;
use crate::num::domain::Domain;

/// How a Langevin equation is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// `y` by its exact Ornstein–Uhlenbeck law at frozen `x` for half a step, `x` by Heun's method at frozen `y` for a
    /// whole step, `y` again for half a step. Weak order 2.
    Strang,
    /// `x += (−L0' − ½Σλ_i'y_i²)dt + sqrt(2T dt)ξ₀`, `y_i += −λ_i y_i dt + sqrt(2Δ_i dt)ξ_i` at the old place. Weak order 1.
    EulerMaruyama,
    /// Euler–Maruyama with `ξ = ±1`, each with probability ½, in the place of normal numbers: bounded, and a sixth of the work.
    /// Weak order 1 still, since that asks for the moments of an increment up to the third, to order `dt²` (Kloeden and Platen
    /// 1992, §14.1); single paths and the finest features of the law are not those of normal noise.
    TwoPoint,
}

impl Scheme {
    const ALL: [Scheme; 3] = [Scheme::Strang, Scheme::EulerMaruyama, Scheme::TwoPoint];

    /// `strang`, `euler-maruyama` or `two-point`.
    pub fn name(self) -> &'static str {
        match self {
            Scheme::Strang => "strang",
            Scheme::EulerMaruyama => "euler-maruyama",
            Scheme::TwoPoint => "two-point",
        }
    }
}

/// What is to be followed. Nothing in it depends on the outcome.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Walkers, all independent.
    pub walkers: usize,
    /// All steps, burn-in included.
    pub steps: u64,
    /// Time step of a Langevin equation (`None`: chosen from the model); must be `None` for SGD.
    pub dt: Option<f64>,
    /// Scheme of a Langevin equation; SGD has its own steps.
    pub scheme: Scheme,
    /// Where walkers start with `y = 0`; `None`: the least floor loss.
    pub start: Option<f64>,
    /// Record every so many steps after the burn-in; `None`: the final states only.
    pub every: Option<u64>,
    /// Steps before the first record.
    pub burn_in: u64,
    /// Seed of all streams.
    pub seed: u64,
    /// Threads; 0: one per core.
    pub threads: usize,
    /// Instructions that formulas may use.
    pub simd: Simd,
    /// Edges of the histogram; `None`: 64 equal bins over the domain, on a line over the range of the walkers.
    pub edges: Option<Vec<f64>>,
}

/// The most numbers that are held at once.
const LIMIT: u64 = 1 << 28;
/// The most steps that are chosen without being asked for.
const MOST_STEPS: f64 = 100_000.0;

impl Plan {
    /// 8192 walkers of seed 0 for ten relaxation times, at most 100 000 steps, final states only.
    ///
    /// `relaxation_time` is best handed in by somebody who knows the spectrum. Without it: `1/L0''` at the start where
    /// that is positive and the floor holds the walkers (a line, or `8 sqrt(T/L0'')` shorter than the domain), else
    /// `length²/(π²T)` of the domain, on a line of the stretch on which the floor loss is within `20 max(T, ΣΔ_i)` of its
    /// least. Barriers are not seen.
    pub fn for_model(model: &Model, relaxation_time: Option<f64>) -> Result<Plan, SimError> {
        Plan::for_scheme(model, Scheme::Strang, relaxation_time)
    }

    /// The same for a scheme, whose time step is its own (SGD has its own steps whatever is given).
    pub fn for_scheme(model: &Model, scheme: Scheme, relaxation_time: Option<f64>) -> Result<Plan, SimError> {
        let mut plan = Plan {
            walkers: 8192,
            steps: 1,
            dt: None,
            scheme,
            start: None,
            every: None,
            burn_in: 0,
            seed: 0,
            threads: 0,
            simd: Simd::detect(),
            edges: None,
        };
        let problem = Problem::of(model, &plan)?;
        let time = relaxation_time.filter(|t| *t > 0.0).unwrap_or_else(|| problem.relaxation_time());
        let steps = (10.0 * time / problem.dt).ceil();
        plan.steps = if steps >= 1.0 { steps.min(MOST_STEPS) as u64 } else { MOST_STEPS as u64 };
        if let Kind::Langevin { .. } = problem.kind {
            plan.dt = Some(problem.dt);
        }
        Ok(plan)
    }

    /// All that the bytes of a run depend on, in words; the model without what it says about itself.
    pub(super) fn describe(&self, problem: &Problem, model: &Model) -> Vec<(String, String)> {
        let meaning = |text: String| {
            text.lines().filter(|line| !line.trim_start().starts_with("about:")).collect::<Vec<_>>().join("\n")
        };
        let listed = |edges: &Vec<f64>| edges.iter().map(f64::to_string).collect::<Vec<_>>().join(" ");
        let scheme = match problem.kind {
            Kind::Langevin { scheme, .. } => scheme.name(),
            Kind::Sgd { .. } => "sgd",
        };
        let described = [
            ("program", env!("CARGO_PKG_VERSION").to_owned()),
            ("walkers", self.walkers.to_string()),
            ("steps", self.steps.to_string()),
            ("dt", problem.dt.to_string()),
            ("scheme", scheme.to_owned()),
            ("start", problem.start.to_string()),
            ("every", self.every.map_or_else(String::new, |every| every.to_string())),
            ("burn_in", self.burn_in.to_string()),
            ("seed", self.seed.to_string()),
            ("simd", self.simd.name().to_owned()),
            ("edges", self.edges.as_ref().map(listed).unwrap_or_default()),
            ("model", meaning(model.to_ron())),
        ];
        described.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// This plan with what `checkpoint` says of walkers, steps, time step, scheme, start, records, seed and instructions.
    pub fn taken_up(&self, checkpoint: &Checkpoint) -> Result<Plan, CheckpointError> {
        fn read<T: std::str::FromStr>(text: &str) -> Result<T, CheckpointError> {
            text.parse().map_err(|_| CheckpointError::Damaged)
        }
        let said = |name: &str| checkpoint.said(name).ok_or(CheckpointError::Damaged);
        let some = |name: &str| said(name).map(|text| Some(text).filter(|t| !t.is_empty()));
        let scheme = said("scheme")?;
        let simd = said("simd")?;
        let levels = [Simd::Avx512, Simd::Avx2, Simd::Portable];
        Ok(Plan {
            walkers: read(said("walkers")?)?,
            steps: read(said("steps")?)?,
            dt: if scheme == "sgd" { None } else { Some(read(said("dt")?)?) },
            scheme: Scheme::ALL.into_iter().find(|s| s.name() == scheme).unwrap_or(self.scheme),
            start: Some(read(said("start")?)?),
            every: some("every")?.map(read).transpose()?,
            burn_in: read(said("burn_in")?)?,
            seed: read(said("seed")?)?,
            threads: self.threads,
            simd: levels.into_iter().find(|l| l.name() == simd).ok_or(CheckpointError::Damaged)?,
            edges: some("edges")?.map(|list| list.split(' ').map(read).collect()).transpose()?,
        })
    }

    pub(super) fn check(&self, problem: &Problem) -> Result<(), SimError> {
        if self.walkers == 0 {
            return Err(SimError::NoWalkers);
        }
        if self.steps == 0 {
            return Err(SimError::NoSteps);
        }
        let bins = match (&self.edges, self.every) {
            (_, None) => 0,
            (Some(edges), Some(_)) => edges.len(),
            (None, Some(_)) => 64,
        };
        let per_walker = 4 * problem.learners() as u64 * (1 + problem.directions() as u64) + bins as u64;
        let values = (self.walkers as u64).saturating_mul(per_walker);
        if values > LIMIT {
            return Err(SimError::TooLarge { values, limit: LIMIT });
        }
        if let Some(every) = self.every {
            if every == 0 {
                return Err(SimError::EveryZero);
            }
            if self.burn_in.saturating_add(every) > self.steps {
                return Err(SimError::NothingRecorded { steps: self.steps, burn_in: self.burn_in, every });
            }
        }
        if let Some(edges) = &self.edges {
            let sound =
                edges.len() >= 2 && edges.iter().all(|e| e.is_finite()) && edges.windows(2).all(|w| w[0] < w[1]);
            if !sound {
                return Err(SimError::Edges);
            }
        }
        Ok(())
    }
}

impl Problem {
    /// Ten times this is long enough where nobody knows better.
    fn relaxation_time(&self) -> f64 {
        let (_, floor_noise) = self.temperatures(self.start);
        let curvature = self.floor_curvature(self.start);
        let (lower, upper) = self.stretch;
        let length = upper - lower;
        let width = (floor_noise / curvature).sqrt();
        if curvature > 0.0 && (self.domain == Domain::Line || 8.0 * width < length) {
            return 1.0 / curvature;
        }
        length * length / (std::f64::consts::PI * std::f64::consts::PI * floor_noise)
    }
}
