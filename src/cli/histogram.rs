//! The density of the simulated ensemble at places along the floor.

use super::args::Common;
use super::simulate::apply;
use super::watch::Onlooker;
use crate::model::Model;
use crate::sim::{Histogram, Plan, SimError, run};
use crate::stats::density_between_bins;
use crate::theory::{Forgetting, Method, forgetting, stationary};
use serde_json::{Value, json};

/// Equal bins over the domain, or over the stretch that is visited.
const BINS: u32 = 100;
/// Records of each walker, half a relaxation time apart.
const RECORDS: u64 = 16;
/// Walkers at most, and the fewest whose spread is still known well.
const WALKERS: (f64, f64) = (4096.0, 512.0);
/// Walker-steps that are spent without being asked for.
const MOST: f64 = 3e8;

/// What the walkers say.
pub struct Recorded {
    /// Density at each place; NaN where no walker is counted.
    pub values: Vec<f64>,
    /// Standard error of each.
    pub errors: Vec<f64>,
    /// Mean place.
    pub mean: f64,
    /// Bins for the picture.
    pub histogram: Histogram,
    /// The plan, for files.
    pub plan: Value,
    /// The plan, in a line for people.
    pub note: String,
    /// Why some values are missing.
    pub status: Option<String>,
}

impl Recorded {
    /// Place below which the share `q` of the counted walkers is, straight inside a bin.
    pub fn quantile(&self, q: f64) -> f64 {
        let h = &self.histogram;
        let masses = || h.p.iter().zip(h.edges.windows(2)).map(|(p, e)| p * (e[1] - e[0]));
        let wanted = q * masses().sum::<f64>();
        let mut below = 0.0;
        for (mass, edges) in masses().zip(h.edges.windows(2)) {
            if below + mass >= wanted && mass > 0.0 {
                return edges[0] + (edges[1] - edges[0]) * (wanted - below) / mass;
            }
            below += mass;
        }
        h.edges[h.edges.len() - 1]
    }
}

/// Why there is no density.
pub enum NotRecorded {
    /// In a sentence.
    Because(String),
    /// Somebody pressed Ctrl-C.
    Interrupted(String),
}

/// Follows an ensemble until it has forgotten its start, records it, and reads its density off at the places `xs`.
pub fn recorded(model: &Model, xs: &[f64], common: &Common) -> Result<Recorded, NotRecorded> {
    let because = |e: &dyn std::fmt::Display| NotRecorded::Because(e.to_string());
    let mut plan = Plan::for_model(model, None).map_err(|e| because(&e))?;
    apply(&mut plan, common).map_err(|e| because(&e.page(false)))?;
    let step = match model.sgd() {
        Some(sgd) => sgd.step_time(),
        None => plan.dt.ok_or_else(|| because(&"no time step was found"))?,
    };
    let Forgetting { time: before, relaxation } = match forgetting(model) {
        Some(times) => times,
        // Epoch-wise sampling has no law to ask: the simulation's own estimate, which is ten relaxation times.
        None if stationary(model, Method::Adiabatic).is_err() => {
            let time = plan.steps as f64 * step;
            Forgetting { time, relaxation: 0.1 * time }
        }
        None => return Err(because(&"there is no time after which the start is forgotten: the spectral gap is zero")),
    };
    let every = (0.5 * relaxation / step).ceil().max(1.0);
    let steps = (before / step).ceil().max(1.0) + every * RECORDS as f64;
    let walkers = (MOST / steps).min(WALKERS.0);
    if !(walkers >= WALKERS.1) {
        let message = format!(
            "about {steps:.1e} steps are needed to forget the start: more than {MOST:.0e} walker-steps for {} walkers",
            WALKERS.1
        );
        return Err(NotRecorded::Because(message));
    }
    plan.walkers = walkers as usize;
    plan.steps = steps as u64;
    plan.every = Some(every as u64);
    plan.burn_in = plan.steps - RECORDS * every as u64;
    let circle = model.domain().is_periodic();
    let visited = stationary(model, Method::Adiabatic).map(|law| law.density.visited(1e-6)).ok();
    let ends = if circle { model.domain().ends() } else { visited.or(model.domain().ends()) };
    plan.edges = ends.map(|(a, b)| {
        (0..=BINS).map(|k| if k == BINS { b } else { a + (b - a) * f64::from(k) / f64::from(BINS) }).collect()
    });
    let watch = Onlooker::of("density of the simulated ensemble", common);
    let found = run(model, &plan, &watch).map_err(|e| match e {
        SimError::Interrupted { .. } => NotRecorded::Interrupted(e.to_string()),
        other => because(&other),
    })?;
    drop(watch);
    if let Some((walker, at, x)) = found.diverged.first {
        let count = found.diverged.count;
        return Err(because(&format!(
            "{count} of {} walkers diverged (the first, number {walker}, at step {at} from {x:.4}): there is no stationary law",
            plan.walkers
        )));
    }
    let (Some(mut histogram), Some(moments)) = (found.histogram, found.moments) else {
        return Err(because(&"no walker is left"));
    };
    let (a, b) = (histogram.edges[0], histogram.edges[histogram.edges.len() - 1]);
    let bin = (b - a) / histogram.p.len() as f64;
    // An empty bin is not known to be empty: its error is that of one independent record, and records half a relaxation
    // time apart count as a quarter.
    let one = 4.0 / (plan.walkers as f64 * RECORDS as f64);
    for (p, error) in histogram.p.iter().zip(&mut histogram.standard_errors) {
        if *p == 0.0 {
            *error = one / bin;
        }
    }
    let h = &histogram;
    let at = |x: f64| {
        let x = model.domain().place(x).unwrap_or(x);
        let inside = density_between_bins(&h.edges, &h.p, &h.standard_errors, circle, x);
        // Between walls the rest is one bin.
        let rest = || {
            let width = model.domain().ends().map(|(lower, upper)| (upper - lower) - (b - a))?;
            Some((h.outside / width, h.outside.max(one) / width))
        };
        inside.or_else(rest).unwrap_or((f64::NAN, f64::NAN))
    };
    let (values, errors): (Vec<f64>, Vec<f64>) = xs.iter().map(|x| at(*x)).unzip();
    let outside = values.iter().any(|v| v.is_nan());
    Ok(Recorded {
        status: outside.then(|| format!("null outside of {a} to {b}, where walkers are counted")),
        note: format!(
            "simulation: {} walkers, {} steps of {:.4} ({}), {RECORDS} records each after {} steps, bins of width {bin:.3}\n",
            plan.walkers, plan.steps, found.dt, found.scheme, plan.burn_in
        ),
        plan: json!({
            "scheme": found.scheme, "walkers": plan.walkers, "steps": plan.steps, "dt": found.dt, "burn_in": plan.burn_in,
            "every": plan.every, "start": found.start, "seed": plan.seed, "bin_width": bin, "outside": h.outside,
            "interpolation": "the parabola that has the masses of the three nearest bins",
        }),
        values,
        errors,
        mean: moments.x.value,
        histogram,
    })
}
