//! What do simulated walkers do at one learning rate and noise of the phase diagram?
//!
//! All start at the least floor loss with `y = 0`, follow the steps `w ← w − η(∇L + ξ)` of that learning rate (for Langevin noise
//! `Cov ξ = 2Δ/η`), forget the start for as long as theory says, and are recorded. **diverged**: at least half of them left every
//! bound. **moved-to-flat**: some window of the floor is more likely than the one at the start, by four standard errors.
//! **frozen**: all are less likely, by three. Undecided otherwise, or where the cost does not reach that far.
//!
//! Of about 45 windows, each a normal deviate at worst, one exceeds four by chance at about 1 place of 700; one that is really as
//! likely falls three below by chance at about 1 of 700 too.

use crate::eval::Simd;
use crate::model::{Domain, Model};
use crate::sim::{Histogram, Plan, Scheme, SimError, Watch, run};
use crate::theory::phase::Phase;
use crate::theory::{Forgetting, Method, forgetting, stationary};

/// Standard errors by which another window must be more likely.
const SURE: f64 = 4.0;
/// Standard errors by which every other window must be less likely.
const ALSO_SURE: f64 = 3.0;
/// What neighbouring bins add to their errors by being visited by the same walkers.
const TOGETHER: f64 = 1.3;
/// Bins of the stretch that is looked at, and of a window.
const BINS: (usize, usize) = (48, 3);
/// Records of each walker, half a relaxation time apart.
const RECORDS: u64 = 64;
/// Walkers at most, and the fewest whose spread is known.
const WALKERS: (f64, f64) = (16384.0, 128.0);
/// Steps before the first record and between records where no theory says how long the start is remembered.
const BLIND: (f64, f64) = (4000.0, 200.0);
/// Steps at least, so that those who leave have left.
const LEAST: f64 = 1000.0;
/// Share of the walkers that must leave.
const HALF: f64 = 0.5;

/// What the walkers did.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Walked {
    /// `frozen`, `moved-to-flat`, `diverged`; `None`: undecided, see `status`.
    pub phase: Option<String>,
    /// Share of the walkers that left every bound.
    pub left: f64,
    /// Middle of the most likely window.
    pub mode: Option<f64>,
    /// By how many standard errors it is more likely than the window at the start.
    pub excess: Option<f64>,
    /// Walkers.
    pub walkers: usize,
    /// Steps of each.
    pub steps: u64,
    /// Why it is undecided, or what to know of it.
    pub status: String,
}

/// How much may be spent, and on what.
#[derive(Clone, Copy, Debug)]
pub struct Spending {
    /// Walker-steps.
    pub walker_steps: f64,
    /// Seed of the streams.
    pub seed: u64,
    /// Threads; 0: one per core.
    pub threads: usize,
    /// Instructions.
    pub simd: Simd,
}

/// Follows walkers of `model`, which is already at the noise asked for, with steps of `learning_rate`; `home` is where they start.
///
/// # Errors
/// [`SimError`], interruption among them.
pub fn walked(
    model: &Model,
    learning_rate: f64,
    home: f64,
    spending: Spending,
    watch: &dyn Watch,
) -> Result<Walked, SimError> {
    let mut plan = Plan::for_scheme(model, Scheme::EulerMaruyama, None)?;
    if model.sgd().is_none() {
        plan.dt = Some(learning_rate);
    }
    plan.start = Some(home);
    (plan.seed, plan.threads, plan.simd) = (spending.seed, spending.threads, spending.simd);
    let step = model.sgd().map_or(learning_rate, |sgd| sgd.step_time());
    let times = forgetting(model);
    let (before, between) = match times {
        Some(Forgetting { time, relaxation }) => {
            ((time / step).ceil().max(LEAST), (0.5 * relaxation / step).ceil().max(1.0))
        }
        None => BLIND,
    };
    let steps = before + between * RECORDS as f64;
    let affordable = spending.walker_steps / WALKERS.1;
    let reaches = steps <= affordable;
    // Where the cost does not reach the stationary law it is still seen whether walkers leave.
    let (before, between) = if reaches { (before, between) } else { (affordable.floor().max(1.0) - 1.0, 1.0) };
    let records = if reaches { RECORDS as f64 } else { 1.0 };
    let steps = before + between * records;
    plan.walkers = (spending.walker_steps / steps).clamp(WALKERS.1, WALKERS.0) as usize;
    (plan.steps, plan.burn_in, plan.every) = (steps as u64, before as u64, Some(between as u64));
    plan.edges = edges(model);
    let found = run(model, &plan, watch)?;
    let left = found.diverged.count as f64 / plan.walkers as f64;
    let mut walked = Walked {
        phase: None,
        left,
        mode: None,
        excess: None,
        walkers: plan.walkers,
        steps: plan.steps,
        status: String::new(),
    };
    if left >= HALF {
        walked.phase = Some(Phase::Diverged.name().to_owned());
        return Ok(walked);
    }
    let seen = found.histogram.as_ref().and_then(|h| highest(h, home, model.domain()));
    if let Some((mode, excess)) = seen {
        (walked.mode, walked.excess) = (Some(mode), Some(excess));
    }
    walked.status = if left > 0.0 {
        format!("{:.2} % of the walkers left: there is no stationary law to look at", 100.0 * left)
    } else if !reaches {
        "no walker left; the cost allowed does not reach the stationary law".to_owned()
    } else {
        match seen {
            None => "no window was visited enough".to_owned(),
            Some((_, excess)) if excess >= SURE => {
                walked.phase = Some(Phase::Moved.name().to_owned());
                String::new()
            }
            Some((_, excess)) if excess <= -ALSO_SURE => {
                walked.phase = Some(Phase::Frozen.name().to_owned());
                String::new()
            }
            Some((_, excess)) => {
                format!("whether another window is more likely cannot be told: it is by {excess:.1} standard errors")
            }
        }
    };
    if times.is_none() && walked.phase.is_some() {
        walked.status =
            format!("no theory says how long the start is remembered: recorded after {} steps", plan.burn_in);
    }
    Ok(walked)
}

/// Equal bins over the stretch that theory expects to be visited; `None`: chosen by the simulation.
fn edges(model: &Model) -> Option<Vec<f64>> {
    let (a, b) = match model.domain() {
        Domain::Periodic { lower, upper } => (lower, upper),
        other => match stationary(model, Method::Adiabatic) {
            Ok(prediction) => prediction.density.visited(1e-5),
            Err(_) => other.ends()?,
        },
    };
    let edge = |k: usize| if k == BINS.0 { b } else { a + (b - a) * k as f64 / BINS.0 as f64 };
    Some((0..=BINS.0).map(edge).collect())
}

/// The middle of the most likely window apart from the one at `home`, and by how many standard errors it is more likely; the window
/// at home itself with the (negative) excess of the second where that is the highest.
fn highest(histogram: &Histogram, home: f64, domain: Domain) -> Option<(f64, f64)> {
    let (bins, wide) = (histogram.p.len(), BINS.1);
    if bins < 3 * wide {
        return None;
    }
    let circle = domain.is_periodic();
    let edges = &histogram.edges;
    let at = edges.windows(2).position(|e| e[0] <= home && home <= e[1])?;
    // The window around the bin of the start, pushed inside at a wall.
    let first = |middle: usize| {
        if circle { middle + bins - wide / 2 } else { middle.saturating_sub(wide / 2).min(bins - wide) }
    };
    let sum = |from: usize| {
        let of = |list: &[f64], k: usize| list[(from + k) % bins] * (edges[1] - edges[0]);
        let mass: f64 = (0..wide).map(|k| of(&histogram.p, k)).sum();
        let square: f64 = (0..wide).map(|k| of(&histogram.standard_errors, k).powi(2)).sum();
        (mass, TOGETHER * square.sqrt())
    };
    let own = sum(first(at));
    let apart = |from: usize| {
        let distance = (from % bins).abs_diff(first(at) % bins);
        if circle { distance.min(bins - distance) >= wide } else { distance >= wide }
    };
    let candidates = (0..if circle { bins } else { bins - wide + 1 }).filter(|from| apart(*from));
    let excess = |from: usize| {
        let other = sum(from);
        let error = (own.1 * own.1 + other.1 * other.1).sqrt();
        if error > 0.0 { (other.0 - own.0) / error } else { f64::NEG_INFINITY }
    };
    let best = candidates.max_by(|a, b| excess(*a).total_cmp(&excess(*b)))?;
    let middle = edges[(best + wide / 2) % bins] + 0.5 * (edges[1] - edges[0]);
    let value = excess(best);
    value.is_finite().then_some((if value > 0.0 { middle } else { home }, value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::Unwatched;
    use crate::theory::phase::{home, model_at};

    fn spending(walker_steps: f64) -> Spending {
        Spending { walker_steps, seed: 7, threads: 0, simd: Simd::detect() }
    }

    /// `L0 = x²/2`, `F = F0(1+x²)`: the mode leaves at `Δ = ½`. Beyond `ηλ = 2` at the bottom the steps throw walkers to flatter places:
    /// no law is claimed there.
    #[test]
    fn the_landau_valley_is_seen_on_both_sides_of_its_transition() {
        let text = r#"Model(name: "landau", floor: (coordinate: "x", domain: Interval(lower: -4, upper: 4), loss: "x^2/2"),
            sharp: [(flatness: "0.2*(1+x^2)")], noise: Langevin(delta: 0.6, kappa: 3))"#;
        let model = Model::read(text, &[]).expect("a model");
        let home = home(&model).expect("a minimum");
        for (rate, noise, expected) in
            [(0.01, 0.25, Some("frozen")), (0.01, 1.5, Some("moved-to-flat")), (0.2, 0.25, None)]
        {
            let at = model_at(&model, [rate, noise]);
            let found = walked(&at, rate, home, spending(2e7), &Unwatched).expect("followed");
            assert_eq!(found.phase.as_deref(), expected, "{found:?}");
        }
    }

    #[test]
    fn beyond_the_edge_of_a_valley_that_is_as_sharp_everywhere_all_leave() {
        let text = r#"Model(name: "even", floor: (coordinate: "x", domain: Line, loss: "x^2/2"), sharp: [(curvature: "10")],
            noise: Sgd(learning_rate: 0.1, batch_size: 1, kappa: 3, variance: "0.1"))"#;
        let model = Model::read(text, &[]).expect("a model");
        for (rate, expected) in [(0.19, Some("frozen")), (0.21, Some("diverged"))] {
            let found = walked(&model_at(&model, [rate, 0.1]), rate, 0.0, spending(2e7), &Unwatched).expect("followed");
            assert_eq!(found.phase.as_deref(), expected, "{found:?}");
        }
    }

    #[test]
    fn too_little_is_not_taken_for_an_answer() {
        let text = r#"Model(name: "slow", floor: (coordinate: "x", domain: Interval(lower: -2, upper: 2), loss: "x^2/2"),
            sharp: [(flatness: "0.2*(1+x^2)")], noise: Sgd(learning_rate: 0.001, batch_size: 1, kappa: 3, variance: "1"))"#;
        let model = Model::read(text, &[]).expect("a model");
        let found = walked(&model, 0.001, 0.0, spending(1e4), &Unwatched).expect("followed");
        assert!(found.phase.is_none() && found.status.contains("does not reach"), "{found:?}");
    }
}
