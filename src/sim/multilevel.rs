//! Means at a small time step for little more than the price of a large one: many coarse paths, few fine ones that correct them.
//!
//! `E P_L = E P_0 + Σ_l E(P_l − P_{l−1})` (Heinrich 2001; Giles 2008), `P_l` a function of the final place of Euler–Maruyama
//! with time step `2^{−l} dt_0`. The two paths of a difference share their noise: one coarse increment is the sum of two fine
//! ones, so that the difference has little variance. Levels are independent of each other. What is estimated is the mean at the
//! finest step, without any further error but that of chance.

use super::block::{Block, blocks};
use super::gather::place;
use super::problem::{Kind, Problem};
use super::run::Counter;
use super::{Estimate, Plan, Scheme, SimError, Watch, langevin};
use crate::eval::lanes::{Kernel, Lanes, on_lanes};
use crate::model::Model;
use rayon::prelude::*;

/// Walkers that tell how much a level varies.
const PILOT: usize = 2048;
/// The most walkers of one level.
const MOST: usize = 1 << 24;
/// Walkers whose blocks are held at once.
const TOGETHER: usize = 1 << 17;

/// One level of an estimate.
#[derive(Clone, Debug, PartialEq)]
pub struct Level {
    /// Time step of its fine paths.
    pub dt: f64,
    /// Walkers.
    pub walkers: usize,
    /// Variance of the difference in `x²` (on the first level of `x²` itself).
    pub variance: f64,
    /// Steps of one walker, fine and coarse ones.
    pub steps: u64,
}

/// Means at the finest step.
#[derive(Clone, Debug, PartialEq)]
pub struct Multilevel {
    /// `<x>`
    pub x: Estimate,
    /// `<x²>`
    pub x2: Estimate,
    /// `<y_i²>` per direction.
    pub y2: Vec<Estimate>,
    /// From the coarsest to the finest.
    pub levels: Vec<Level>,
    /// Walker-steps that were taken, the pilots' included.
    pub walker_steps: u64,
    /// Walker-steps that the finest level alone would have needed for the same error of `x²`.
    pub walker_steps_of_one_level: f64,
}

/// Follows coupled ensembles of Euler–Maruyama paths from `plan.dt` (the coarsest step, which must be stable) over `plan.steps`
/// coarse steps, down to `2^{−levels}` of that step, with as many walkers on each level as bring the standard error of `<x²>` to
/// `error` at the least cost (Giles 2008). Scheme, number of walkers and records of the plan are not looked at.
///
/// # Errors
/// Those of [`run`](super::run()); [`SimError::OnlyLangevin`] for SGD; [`SimError::Tolerance`] for an error that is not positive or
/// would take more than 2²⁴ walkers; [`SimError::Fallen`] where a walker diverged, since means over the others would be biased.
pub fn multilevel(
    model: &Model,
    plan: &Plan,
    levels: u32,
    error: f64,
    watch: &dyn Watch,
) -> Result<Multilevel, SimError> {
    if model.sgd().is_some() {
        return Err(SimError::OnlyLangevin);
    }
    if !(error > 0.0 && error.is_finite()) {
        return Err(SimError::Tolerance { error });
    }
    let plan = Plan { scheme: Scheme::EulerMaruyama, every: None, burn_in: 0, walkers: PILOT, ..plan.clone() };
    let coarsest = Problem::of(model, &plan)?;
    plan.check(&coarsest)?;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(plan.threads).build().map_err(|_| SimError::Threads)?;
    let mut pairs = Vec::new();
    let mut coarse = None;
    for level in 0..=levels.min(30) {
        let dt = coarsest.dt / f64::from(1u32 << level);
        let fine = Problem::of(model, &Plan { dt: Some(dt), ..plan.clone() })?;
        let again = Problem::of(model, &Plan { dt: Some(dt), ..plan.clone() })?;
        pairs.push(Pair { level, coarse: coarse.replace(again), fine, steps: plan.steps << level });
    }
    let mut done = 0;
    let mut follow = |pair: &Pair, from: usize, walkers: usize| -> Result<Sums, SimError> {
        done += walkers as u64 * pair.cost();
        pool.install(|| pair.follow(&plan, from, walkers, watch))
    };
    let mut sums: Vec<Sums> = pairs.iter().map(|pair| follow(pair, 0, PILOT)).collect::<Result<_, _>>()?;
    // Least cost for the sum of variances: walkers as the root of variance over cost.
    let weight: f64 = pairs.iter().zip(&sums).map(|(pair, s)| (s.variance(1) * pair.cost() as f64).sqrt()).sum();
    for (pair, sums) in pairs.iter().zip(&mut sums) {
        let wanted = weight * (sums.variance(1) / pair.cost() as f64).sqrt() / (error * error);
        if !(wanted <= MOST as f64) {
            return Err(SimError::Tolerance { error });
        }
        let mut from = PILOT;
        while from < wanted.ceil() as usize {
            let now = (wanted.ceil() as usize - from).min(TOGETHER).next_multiple_of(super::block::LANES);
            sums.add(&follow(pair, from, now)?);
            from += now;
        }
    }
    let estimate = |quantity: usize| Estimate {
        value: sums.iter().map(|s| s.mean(quantity)).sum(),
        standard_error: sums.iter().map(|s| s.variance(quantity) / s.walkers as f64).sum::<f64>().sqrt(),
    };
    let x2 = estimate(1);
    let finest = sums.last().map_or(f64::NAN, |s| s.of_fine / s.walkers as f64 - (s.fine / s.walkers as f64).powi(2));
    let steps = plan.steps << levels.min(30);
    Ok(Multilevel {
        x: estimate(0),
        y2: (0..coarsest.directions()).map(|i| estimate(2 + i)).collect(),
        levels: pairs
            .iter()
            .zip(&sums)
            .map(|(p, s)| Level { dt: p.fine.dt, walkers: s.walkers, variance: s.variance(1), steps: p.cost() })
            .collect(),
        walker_steps: done,
        walker_steps_of_one_level: finest / (x2.standard_error * x2.standard_error) * steps as f64,
        x2,
    })
}

/// A level: fine paths, and the coarse ones that share their noise; none on the first.
struct Pair {
    level: u32,
    fine: Problem,
    coarse: Option<Problem>,
    steps: u64,
}

/// Sums over walkers of `P_l − P_{l−1}` and of its square, for every quantity, and of fine `x²` alone.
struct Sums {
    walkers: usize,
    first: Vec<f64>,
    second: Vec<f64>,
    fine: f64,
    of_fine: f64,
}

impl Sums {
    fn new(quantities: usize) -> Sums {
        Sums { walkers: 0, first: vec![0.0; quantities], second: vec![0.0; quantities], fine: 0.0, of_fine: 0.0 }
    }
    fn add(&mut self, other: &Sums) {
        self.walkers += other.walkers;
        self.first.iter_mut().zip(&other.first).for_each(|(a, b)| *a += b);
        self.second.iter_mut().zip(&other.second).for_each(|(a, b)| *a += b);
        self.fine += other.fine;
        self.of_fine += other.of_fine;
    }
    fn mean(&self, quantity: usize) -> f64 {
        self.first[quantity] / self.walkers as f64
    }
    fn variance(&self, quantity: usize) -> f64 {
        let n = self.walkers as f64;
        ((self.second[quantity] - self.first[quantity] * self.first[quantity] / n) / (n - 1.0)).max(0.0)
    }
}

impl Pair {
    /// Steps of one walker.
    fn cost(&self) -> u64 {
        if self.coarse.is_some() { self.steps + self.steps / 2 } else { self.steps }
    }

    /// Walkers `from…from + walkers` of this level; streams depend on their numbers only.
    fn follow(&self, plan: &Plan, from: usize, walkers: usize, watch: &dyn Watch) -> Result<Sums, SimError> {
        // Levels and pieces are seeded apart.
        let seed = plan.seed ^ (u64::from(self.level) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ ((from as u64) << 20);
        let counted = Plan { walkers, steps: self.steps, ..plan.clone() };
        let counter = Counter::new(&counted, 0, watch);
        let mut fine = blocks(&self.fine, walkers, seed);
        let mut coarse = self.coarse.as_ref().map(|problem| blocks(problem, walkers, seed)).unwrap_or_default();
        coarse.resize_with(fine.len(), || blocks(&self.fine, 1, 0).remove(0));
        let quantities = 2 + self.fine.directions();
        let found: Vec<Option<Sums>> = fine
            .par_iter_mut()
            .zip(&mut coarse)
            .map(|(fine, coarse)| {
                let lanes = fine.lanes();
                counter.advance(lanes as u64, self.steps, |steps| match &self.coarse {
                    None => fine.advance(&self.fine, steps),
                    Some(problem) => {
                        on_lanes(plan.simd, Together { fine, coarse, problems: [&self.fine, problem], steps });
                    }
                })?;
                let mut sums = Sums::new(quantities);
                sums.walkers = lanes;
                for lane in 0..lanes {
                    let values = |block: &Block, problem: &Problem| {
                        let x = place(block, problem, lane);
                        let y = (0..quantities - 2).map(|i| block.y(i, lane).powi(2));
                        [x, x * x].into_iter().chain(y).collect::<Vec<f64>>()
                    };
                    let mut difference = values(fine, &self.fine);
                    sums.fine += difference[1];
                    sums.of_fine += difference[1] * difference[1];
                    if let Some(problem) = &self.coarse {
                        difference.iter_mut().zip(values(coarse, problem)).for_each(|(f, c)| *f -= c);
                    }
                    for (k, d) in difference.into_iter().enumerate() {
                        sums.first[k] += d;
                        sums.second[k] += d * d;
                    }
                }
                Some(sums)
            })
            .collect();
        let fallen = fine.iter().map(|b| b.falls.len()).sum::<usize>()
            + if self.coarse.is_some() { coarse.iter().map(|b| b.falls.len()).sum() } else { 0 };
        if fallen > 0 {
            return Err(SimError::Fallen { count: fallen, dt: self.coarse.as_ref().unwrap_or(&self.fine).dt });
        }
        let mut total = Sums::new(quantities);
        for sums in found {
            total.add(&sums.ok_or(SimError::Interrupted { done: counter.done() })?);
        }
        Ok(total)
    }
}

/// Fine steps, an even number of them, and half as many coarse ones with their noise.
struct Together<'a> {
    fine: &'a mut Block,
    coarse: &'a mut Block,
    problems: [&'a Problem; 2],
    steps: u64,
}

impl Kernel for Together<'_> {
    type Output = ();
    #[inline(always)]
    fn run<L: Lanes>(self) {
        let Together { fine, coarse, problems: [own, other], steps } = self;
        let root = L::splat(std::f64::consts::FRAC_1_SQRT_2);
        for _ in 0..steps / 2 {
            fine.stream.fill::<L>(&mut fine.work.kick);
            coarse.work.kick.copy_from_slice(&fine.work.kick);
            step::<L>(fine, own);
            fine.stream.fill::<L>(&mut fine.work.kick);
            for (sum, second) in coarse.work.kick.iter_mut().zip(&fine.work.kick) {
                ((L::load(sum) + L::load(second)) * root).store(sum);
            }
            step::<L>(fine, own);
            step::<L>(coarse, other);
        }
    }
}

/// One Euler–Maruyama step with the noise that stands ready.
#[inline(always)]
fn step<L: Lanes>(block: &mut Block, problem: &Problem) {
    if let Kind::Langevin { floor_kick, kicks, full, .. } = &problem.kind {
        block.step += 1;
        let sound = langevin::euler::<L>(block, problem, *floor_kick, kicks, full);
        block.settle::<L>(problem, sound, true);
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Unwatched, run};
    use super::*;

    fn model(noise: &str) -> Model {
        let text = format!(
            r#"Model(name: "m", floor: (coordinate: "x", domain: Line, loss: "x^2/2"),
            sharp: [(curvature: "2*(1+sin(x)/2)")], noise: {noise})"#
        );
        Model::read(&text, &[]).unwrap_or_else(|_| panic!("{text}"))
    }

    fn plan(model: &Model) -> Plan {
        let plan = Plan::for_model(model, Some(1.0)).expect("a plan");
        Plan { steps: 8, dt: Some(0.25), start: Some(0.5), seed: 5, ..plan }
    }

    /// The mean is that of the finest level, to five standard errors of both, at a fraction of its cost; the error is the one
    /// that was asked for; and it is not the mean of the coarsest level.
    #[test]
    fn the_mean_of_the_finest_level_costs_a_fraction() {
        let model = model("Langevin(delta: 1.0, kappa: 3.0)");
        let plan = plan(&model);
        let found = multilevel(&model, &plan, 5, 1e-3, &Unwatched).expect("follows");
        let alone = |steps, dt, walkers| {
            let plan = Plan { scheme: Scheme::EulerMaruyama, walkers, steps, dt: Some(dt), ..plan.clone() };
            run(&model, &plan, &Unwatched).expect("follows").moments.expect("some")
        };
        let (fine, coarse) = (alone(256, 0.25 / 32.0, 100_000), alone(8, 0.25, 400_000));
        for (a, b) in [(found.x, fine.x), (found.x2, fine.x2), (found.y2[0], fine.y2[0])] {
            assert!((a.value - b.value).abs() < 5.0 * a.standard_error.hypot(b.standard_error), "{a:?} {b:?}");
        }
        assert!(
            (found.y2[0].value - coarse.y2[0].value).abs() > 10.0 * found.y2[0].standard_error,
            "{found:?} {coarse:?}"
        );
        assert!((0.8e-3..1.1e-3).contains(&found.x2.standard_error), "{found:?}");
        assert!((found.walker_steps as f64) < 0.4 * found.walker_steps_of_one_level, "{found:?}");
        // Coupled paths: the variance of the difference falls with the step.
        let variances: Vec<f64> = found.levels.iter().map(|l| l.variance).collect();
        assert!(variances[1..].windows(2).all(|w| w[1] < 0.7 * w[0]), "{variances:?}");
        let threads = Plan { threads: 1, ..plan };
        assert_eq!(multilevel(&model, &threads, 5, 1e-3, &Unwatched).expect("follows"), found);
    }

    #[test]
    fn what_has_no_levels_is_refused() {
        let langevin = model("Langevin(delta: 1.0, kappa: 3.0)");
        let chosen = plan(&langevin);
        let refusal =
            |model: &Model, plan: &Plan, error| multilevel(model, plan, 2, error, &Unwatched).expect_err("refused");
        assert!(matches!(refusal(&langevin, &chosen, f64::NAN), SimError::Tolerance { .. }));
        assert!(matches!(refusal(&langevin, &chosen, 1e-9), SimError::Tolerance { .. }));
        let unstable = Plan { dt: Some(1.5), steps: 2000, ..chosen.clone() };
        assert!(matches!(refusal(&langevin, &unstable, 0.1), SimError::Fallen { .. }));
        let sgd = model(r#"Sgd(learning_rate: 0.1, batch_size: 1, kappa: 5.0, variance: "0.02")"#);
        assert_eq!(refusal(&sgd, &Plan { dt: None, ..chosen }, 0.1), SimError::OnlyLangevin);
    }
}
