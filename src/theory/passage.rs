//! How long the coordinate takes along the floor: mean first-passage times and the slowest rate of relaxation.
//!
//! Symbols: `w` the density without flux, `D` the diffusion along the floor. From `x0` up to `x1`, reflecting below,
//! `τ = ∫_{x0}^{x1} dy/(D w) ∫^y w dz`, and the mirror image downwards; the spectral gap is the smallest positive eigenvalue of
//! `−(1/w) d/dx (D w d/dx)`.
//! - adiabatic: `D = T`, `w ∝ (1/T) exp(−∫ Φ'/T dx)`; on a degenerate valley `τ ∝ 1/Δ`;
//! - discrete: the same with the `Φ` of the steps at their finite learning rate;
//! - first order, one sharp direction and constant noise: `w` corrected, and `D = T(1+θε)/(1+ε/κ)`.
//!
//! Time is continuous: one step of SGD is a time `η`, with momentum `η/(1−β)`. Error of the adiabatic time `O(ε)`, of the
//! corrected one `O(ε²)`; of the quadrature about 1e-11 relative.

use super::{Method, NotApplicable, discrete, first_order, langevin, stationary};
use crate::eval::Tape;
use crate::expr::Expr;
use crate::model::{Domain, Model};
use crate::num::density::Density;
use crate::num::diffusion::{Diffusion, DiffusionError};
use crate::num::function::{exp, ln};
use crate::num::piecewise::Piecewise;
use thiserror::Error;

/// Depth of `ln w` below its largest value at which a line is cut.
const DEEP: f64 = 45.0;
/// Depth of a second, shallower cut: a gap that depends on the cut is none.
const SHALLOW: f64 = 25.0;
/// Relative change of the gap between the two cuts that is still called a gap.
const SETTLED: f64 = 1e-4;
/// Doublings of the step outwards.
const FARTHEST: usize = 120;

/// Why there is no time or no rate.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum NoTime {
    /// The law behind it does not apply.
    #[error("{0}")]
    Law(NotApplicable),
    /// A place outside the domain.
    #[error("{0} is outside the domain")]
    Outside(f64),
    /// The corrected diffusion is known for one sharp direction with constant noise.
    #[error("no corrected diffusion along the floor has been derived for {0}")]
    NoCorrectedRate(&'static str),
    /// Nothing confines the coordinate behind the start.
    #[error("nothing confines the coordinate towards {0}: the mean time is infinite")]
    Unconfined(f64),
    /// The time could not be computed.
    #[error("{0}")]
    Diffusion(DiffusionError),
    /// Rates accumulate at zero.
    #[error("there is no spectral gap: the slowest rate vanishes as the domain is followed outwards")]
    Continuous,
    /// The corrected law is known where the coordinate goes, not far beyond.
    #[error("{0} lies beyond the places that the coordinate visits, where the corrected law is not known")]
    Unvisited(f64),
    /// A circle without mirror symmetry.
    #[error(
        "the density carries a current around this circle: its rates of relaxation are complex and are not computed"
    )]
    Current,
}

/// Where `ln w` comes from.
enum LogWeight {
    /// A formula.
    Closed(Tape),
    /// The integral of `w'/w = −force/diffusion`.
    Integrated(Tape),
    /// A density that exists already: on the line the corrected law is continued beyond the places that matter.
    Known,
}

/// `w` and `D` along the floor.
struct Floor {
    domain: Domain,
    weight: LogWeight,
    diffusion: Tape,
    /// On the line only: where the coordinate goes.
    density: Option<Density>,
}

impl Floor {
    fn new(model: &Model, method: Method) -> Result<Floor, NoTime> {
        let law = match method {
            Method::Adiabatic => langevin::law(model),
            Method::Discrete => discrete::law(model),
            Method::FirstOrder => first_order::law(model),
            Method::DiscreteFirstOrder => return Err(NoTime::NoCorrectedRate("steps at a finite learning rate")),
        }
        .map_err(NoTime::Law)?;
        let density = match model.domain().ends() {
            Some((lower, upper)) => law.check(model, lower, upper).map(|()| None),
            None => stationary(model, method).map(|prediction| Some(prediction.density)),
        }
        .map_err(NoTime::Law)?;
        let diffusion = match method {
            Method::FirstOrder => corrected_diffusion(model, &law.diffusion)?,
            _ => law.diffusion.clone(),
        };
        let weight = match law.log {
            Some(log) => LogWeight::Closed(model.compile(&[log])),
            None if method == Method::FirstOrder && density.is_some() => LogWeight::Known,
            None => LogWeight::Integrated(model.compile(&[law.force, law.diffusion])),
        };
        Ok(Floor { domain: model.domain(), weight, diffusion: model.compile(&[diffusion]), density })
    }

    /// Ends of the stretch with `places` among them: the walls, or where the density has fallen by `deep` on the line.
    fn cuts(&self, places: &[f64], deep: f64) -> Result<Vec<f64>, NoTime> {
        let mut cuts = places.to_vec();
        match (&self.density, &self.weight) {
            (None, _) => cuts.extend(self.domain.ends().map(|(lower, upper)| [lower, upper]).into_iter().flatten()),
            (Some(density), LogWeight::Known) => {
                let (lower, upper) = density.visited(exp(-0.75 * deep));
                if let Some(place) = places.iter().find(|x| !(lower < **x && **x < upper)) {
                    return Err(NoTime::Unvisited(*place));
                }
                cuts.extend([lower, upper]);
            }
            (Some(density), _) => {
                let (lower, upper) = density.visited(0.5);
                cuts.extend([lower, upper]);
                let low = cuts.iter().copied().fold(f64::INFINITY, f64::min);
                let high = cuts.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                cuts.extend(self.outwards(low, 0.125 * (lower - upper), deep)?);
                cuts.extend(self.outwards(high, 0.125 * (upper - lower), deep)?);
            }
        }
        cuts.sort_by(f64::total_cmp);
        cuts.dedup();
        Ok(cuts)
    }

    /// Places outwards from `start` in growing steps until the mass of a step has stayed `deep` below the largest.
    fn outwards(&self, start: f64, first: f64, deep: f64) -> Result<Vec<f64>, NoTime> {
        let (mut places, mut at, mut step) = (Vec::new(), start, first);
        let (mut log, mut largest, mut below) = (0.0, 0.0_f64, 0);
        for _ in 0..FARTHEST {
            let next = at + step;
            log += self.rise(at, next)?;
            places.push(next);
            let mass = log + ln(step / first);
            largest = largest.max(mass);
            below = if mass < largest - deep { below + 1 } else { 0 };
            if below == 2 {
                return Ok(places);
            }
            (at, step) = (next, 1.25 * step);
        }
        Err(NoTime::Unconfined(f64::INFINITY.copysign(first)))
    }

    /// `ln p(x)` of the density that exists already.
    fn known(&self, x: f64) -> f64 {
        self.density.as_ref().map_or(f64::NAN, |density| density.ln_at(x))
    }

    /// `ln w(b) − ln w(a)`
    fn rise(&self, a: f64, b: f64) -> Result<f64, NoTime> {
        match &self.weight {
            LogWeight::Closed(log) => Ok(log.value(b) - log.value(a)),
            LogWeight::Known => Ok(self.known(b) - self.known(a)),
            LogWeight::Integrated(slope) if a <= b => Ok(antiderivative(slope, a, b)?.at(b)),
            LogWeight::Integrated(slope) => Ok(-antiderivative(slope, b, a)?.at(a)),
        }
    }

    fn diffusion(&self, cuts: &[f64]) -> Result<Diffusion, NoTime> {
        let log_diffusion = |x: f64| ln(self.diffusion.value(x));
        let between = |log: &dyn Fn(f64) -> f64| Diffusion::new(log, &log_diffusion, cuts).map_err(NoTime::Diffusion);
        match &self.weight {
            LogWeight::Closed(log) => between(&|x| log.value(x)),
            LogWeight::Known => between(&|x| self.known(x)),
            LogWeight::Integrated(slope) => {
                let (mut ends, mut pieces, mut before) = (Vec::new(), Vec::new(), 0.0);
                for stretch in cuts.windows(2) {
                    let piece = antiderivative(slope, stretch[0], stretch[1])?;
                    let rise = piece.at(stretch[1]);
                    ends.push(stretch[1]);
                    pieces.push(piece.shifted(before));
                    before += rise;
                }
                between(&|x| pieces.get(ends.partition_point(|end| *end < x)).map_or(f64::NAN, |piece| piece.at(x)))
            }
        }
    }

    /// Logarithm of the spectral gap between the cuts of that depth.
    fn log_gap(&self, deep: f64) -> Result<f64, NoTime> {
        self.diffusion(&self.cuts(&[], deep)?)?.log_slowest_rate().map_err(NoTime::Diffusion)
    }
}

/// Places around a circle among which the one is sought that is hardest to pass.
const AROUND: u32 = 512;
/// Change of `ln w` once around that is still rounding, relative to its range.
const CLOSES: f64 = 1e-9;

impl Floor {
    /// Logarithm of the spectral gap of a circle, cut open where it is hardest to pass.
    fn log_gap_around(&self, lower: f64, upper: f64) -> Result<f64, NoTime> {
        let period = upper - lower;
        let (mut log, mut worst, mut range) = (0.0, (f64::INFINITY, lower), 0.0_f64);
        let place = |k: u32| lower + period * f64::from(k) / f64::from(AROUND);
        for k in 0..AROUND {
            let ease = log + ln(self.diffusion.value(place(k)));
            if ease < worst.0 {
                worst = (ease, place(k));
            }
            range = range.max(log.abs());
            log += self.rise(place(k), place(k + 1))?;
        }
        if !(log.abs() <= CLOSES * (1.0 + range)) {
            return Err(NoTime::Current);
        }
        let open = self.diffusion(&[worst.1, worst.1 + 0.5 * period, worst.1 + period])?;
        open.log_slowest_rate_around().map_err(NoTime::Diffusion)
    }
}

/// `∫_a −force/diffusion`
fn antiderivative(slope: &Tape, a: f64, b: f64) -> Result<Piecewise, NoTime> {
    let value = |x: f64| {
        let values = slope.at(&[x]);
        -values[0] / values[1]
    };
    let piece = Piecewise::new(&value, a, b, 1e-14, &|_| true)
        .map_err(|at| NoTime::Diffusion(DiffusionError::Undefined { at }))?;
    match piece.unresolved() {
        Some(at) => Err(NoTime::Diffusion(DiffusionError::Unresolved { at })),
        None => Ok(piece.integral()),
    }
}

/// `T(1+θε)/(1+ε/κ)`, given its numerator; `ε/κ = Δg²/λ`.
pub(super) fn corrected_diffusion(model: &Model, numerator: &Expr) -> Result<Expr, NoTime> {
    let langevin = langevin::noise(model).map_err(NoTime::Law)?;
    if !langevin.constant {
        return Err(NoTime::NoCorrectedRate("noise that varies along the floor"));
    }
    let [noise] = langevin.noise.as_slice() else {
        return Err(NoTime::NoCorrectedRate("several sharp directions"));
    };
    let curvature = model.curvature(0);
    let g = Expr::ratio(1, 2) * curvature.derivative(model.coordinate()) / curvature;
    Ok(numerator / (Expr::integer(1) + noise * &g * &g / curvature))
}

/// Natural logarithm of the mean time from `from` until the first arrival at `to`, reflecting behind `from` (the wall, or
/// far away on the line); on a circle the first arrival either way round.
///
/// # Errors
/// [`NoTime`]; a mean time that is infinite is [`NoTime::Unconfined`] or [`NoTime::Law`].
pub fn log_passage_time(model: &Model, method: Method, from: f64, to: f64) -> Result<f64, NoTime> {
    let place = |x: f64| model.domain().place(x).ok_or(NoTime::Outside(x));
    let (from, to) = (place(from)?, place(to)?);
    if from == to {
        return Ok(f64::NEG_INFINITY);
    }
    let floor = Floor::new(model, method)?;
    if let Domain::Periodic { lower, upper } = model.domain() {
        // The circle, cut open at the target.
        let around = to + (upper - lower);
        let start = if from > to { from } else { from + (upper - lower) };
        return Ok(floor.diffusion(&[to, start, around])?.log_time_to_either_end(start));
    }
    Ok(floor.diffusion(&floor.cuts(&[from, to], DEEP)?)?.log_passage_time(from, to))
}

/// Natural logarithm of the spectral gap: the rate at which the law along the floor forgets where it started.
///
/// # Errors
/// [`NoTime`]; [`NoTime::Continuous`] where there is no gap, as in a valley whose floor loss grows like `ln|x|`.
pub fn log_spectral_gap(model: &Model, method: Method) -> Result<f64, NoTime> {
    let floor = Floor::new(model, method)?;
    if let Domain::Periodic { lower, upper } = model.domain() {
        return floor.log_gap_around(lower, upper);
    }
    let gap = floor.log_gap(DEEP)?;
    if model.domain() == Domain::Line {
        let nearer = floor.log_gap(SHALLOW)?;
        if !((gap - nearer).abs() < SETTLED) {
            return Err(NoTime::Continuous);
        }
    }
    Ok(gap)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(floor: &str, sharp: &str, noise: &str) -> Model {
        let text = format!("Model(name: \"t\", floor: ({floor}), sharp: [({sharp})], noise: {noise})");
        Model::read(&text, &[]).expect("a valid model")
    }

    #[test]
    fn on_a_degenerate_valley_the_time_is_inverse_to_the_noise() {
        let at = |delta: f64| {
            let m = model(
                "coordinate: \"x\", domain: Interval(lower: 0.0, upper: 3.14159), loss: \"0\"",
                "curvature: \"6*(1+0.6*cos(x))\"",
                &format!("Langevin(delta: {delta}, kappa: 5)"),
            );
            log_passage_time(&m, Method::Adiabatic, 0.0, 3.0).expect("a time")
        };
        assert!((at(0.5) - at(1.0) - ln(2.0)).abs() < 1e-11);
        // Two nested quadratures in twenty digits.
        assert!((exp(at(1.0)) / 9.052_213_157_132_444 - 1.0).abs() < 1e-9, "{}", exp(at(1.0)));
    }

    #[test]
    fn on_the_line_it_is_that_of_the_harmonic_well_and_a_logarithmic_valley_has_no_gap() {
        let well = model(
            "coordinate: \"x\", domain: Line, loss: \"x^2/2\"",
            "curvature: \"40\"",
            "Langevin(delta: 1, kappa: 1)",
        );
        for method in [Method::Adiabatic, Method::FirstOrder] {
            let time = exp(log_passage_time(&well, method, 0.0, 1.0).expect("a time"));
            assert!((time - 2.093_406_649_678_23).abs() < 1e-9, "{method:?} {time}");
            assert!(log_spectral_gap(&well, method).expect("a gap").abs() < 1e-7, "{method:?}");
        }
        let flat = model(
            "coordinate: \"x\", domain: Line, loss: \"3*ln(1+x^2)\"",
            "curvature: \"40\"",
            "Langevin(delta: 1, kappa: 1)",
        );
        assert_eq!(log_spectral_gap(&flat, Method::Adiabatic), Err(NoTime::Continuous));
        assert!(log_passage_time(&flat, Method::Adiabatic, 0.0, 2.0).is_ok());
    }

    #[test]
    fn a_circle_is_reached_either_way_round() {
        let free = model(
            "coordinate: \"x\", domain: Periodic(lower: 0, upper: 1), loss: \"0\"",
            "curvature: \"9\"",
            "Langevin(delta: 1, kappa: 4)",
        );
        // x(L − x)/(2T)
        for (from, to) in [(0.25, 0.75), (0.9, 0.4), (0.0, 0.5)] {
            let time = exp(log_passage_time(&free, Method::Adiabatic, from, to).expect("a time"));
            assert!((time - 0.5).abs() < 1e-12, "{from} {to} {time}");
        }
        // T (2π/L)²
        let gap = exp(log_spectral_gap(&free, Method::Adiabatic).expect("a gap"));
        assert!((gap / (0.25 * std::f64::consts::TAU.powi(2)) - 1.0).abs() < 1e-11, "{gap}");
    }

    #[test]
    fn a_circle_with_a_current_has_no_real_gap_and_one_without_has_that_of_its_halves() {
        let circle = |curvature: &str| {
            model(
                "coordinate: \"x\", domain: Periodic(lower: -3.141592653589793, upper: 3.141592653589793), loss: \"0\"",
                &format!("curvature: \"{curvature}\""),
                "Langevin(delta: 0.5, kappa: 5)",
            )
        };
        let ratchet = circle("6*exp(0.7*sin(x)+0.25*sin(2*x))");
        assert!(log_spectral_gap(&ratchet, Method::Adiabatic).is_ok());
        assert_eq!(log_spectral_gap(&ratchet, Method::FirstOrder), Err(NoTime::Current));
        // Symmetric about 0 and π: the odd mode of the circle vanishes at both, the even one is that between walls; the gap is the
        // smaller of the two, hence not above the latter.
        let symmetric = circle("6*(1+0.6*cos(x))");
        let half = model(
            "coordinate: \"x\", domain: Interval(lower: 0, upper: 3.141592653589793), loss: \"0\"",
            "curvature: \"6*(1+0.6*cos(x))\"",
            "Langevin(delta: 0.5, kappa: 5)",
        );
        for method in [Method::Adiabatic, Method::FirstOrder] {
            let around = log_spectral_gap(&symmetric, method).expect("a gap");
            let even = log_spectral_gap(&half, method).expect("a gap");
            assert!(around <= even + 1e-10, "{method:?} {around} {even}");
        }
    }

    #[test]
    fn noise_that_varies_along_the_floor_is_integrated() {
        // T(x) = ησ²λ/(2Bκ) with λ = 1 + x²: compared with constant noise of the same strength at λ = 1.
        let label = |curvature: &str| {
            model(
                "coordinate: \"x\", domain: Interval(lower: -1, upper: 1), loss: \"x^2/4\"",
                &format!("curvature: \"{curvature}\""),
                "Sgd(learning_rate: 0.1, batch_size: 10, kappa: 2, variance: \"lambda\")",
            )
        };
        let constant = exp(log_passage_time(&label("1"), Method::Adiabatic, -0.5, 0.5).expect("a time"));
        let varying = exp(log_passage_time(&label("1+x^2"), Method::Adiabatic, -0.5, 0.5).expect("a time"));
        assert!((constant / 52_139_592_522.020_62 - 1.0).abs() < 1e-9, "{constant}");
        assert!((varying / 5_437_779_976.178_507 - 1.0).abs() < 1e-9, "{varying}");
    }
}
