//! What a sample says of the noise itself, and whether it would have noticed another one.
//!
//! A temperature `T/c` in the place of `T` turns `p` into `(Tp)^c/T`, up to its norm: `ln(Tp)` is the score of `κ` at fixed `Δ`, for
//! every noise model, and no statistic of the places tells `κ` better. Its mean moves by its variance per unit of `ln κ`, so that
//! the mean over a sample reads `κ` off. In the same way `L0/T` is the score of the strength of the noise at fixed `κ`, where
//! only places are known; where `y` is known too, `y²` over the variance that the law gives it at its place says more.

use super::effort::FALSE_ALARM;
use super::reference::Reference;
use super::sample::{Outcome, Sample};
use super::simulation::Held;
use super::verdict::Verdict;
use crate::eval::Tape;
use crate::expr::Expr;
use crate::model::Model;
use crate::num::density::Density;
use crate::num::domain::Domain;
use crate::num::function::ln;
use crate::stats::quantile_of_normal;
use crate::theory::{Method, joint};

/// `κ`, over the one stated.
pub(super) const KAPPA: &str = "kappa read off the law along the floor is the stated one";
/// `Δ`, over the one stated.
pub(super) const STRENGTH: &str = "noise strength read off the spread across the valley is the stated one";
/// The same from places alone.
pub(super) const STRENGTH_ALONG: &str = "noise strength read off the law along the floor is the stated one";

/// The error in `ln κ` and `ln Δ` that must not go by unnoticed: ten per cent.
const NOTICED: f64 = 0.0953;
/// Chance that it does.
const MISSED: f64 = 0.01;
/// A law with a smaller standard deviation of the score hardly depends on the parameter: ten per cent of it move the law by a
/// total variation below 0.005.
const HARDLY: f64 = 0.13;
/// The same for a record, which is all that is known: below it no record of any size would do.
const NOT_AT_ALL: f64 = 1e-3;
/// Stretches of the table of a score.
const STRETCHES: usize = 2000;

/// A function of the place, tabled over the visited stretch and constant beyond it.
pub(super) struct Score {
    domain: Domain,
    from: f64,
    width: f64,
    values: Vec<f64>,
}

impl Score {
    fn of(guide: &Density, f: &dyn Fn(f64) -> f64) -> Option<Score> {
        let (from, to) = guide.visited(1e-6);
        let width = (to - from) / STRETCHES as f64;
        let domain = guide.domain();
        let inside = |k: usize| {
            let x = (from + width * k as f64).clamp(from, to);
            f(domain.place(x).unwrap_or(x))
        };
        let mut values: Vec<f64> = (0..=STRETCHES).map(inside).collect();
        let middle = values.iter().sum::<f64>() / values.len() as f64;
        values.iter_mut().for_each(|v| *v -= middle);
        values.iter().all(|v| v.is_finite()).then_some(Score { domain, from, width, values })
    }

    /// `ln(Tp)`
    pub fn of_kappa(model: &Model, guide: &Density) -> Option<Score> {
        let temperature = model.compile(&[model.langevin().ok()?.temperature]);
        Score::of(guide, &|x| ln(temperature.value(x)) + guide.ln_at(x))
    }

    /// `L0/T`, for a temperature that is the same everywhere.
    fn of_strength(model: &Model, guide: &Density) -> Option<Score> {
        let temperature = model.langevin().ok()?.temperature;
        if temperature.contains(model.coordinate()) {
            return None;
        }
        let tape = model.compile(&[model.floor_loss() / &temperature]);
        Score::of(guide, &|x| tape.value(x))
    }

    pub fn at(&self, x: f64) -> f64 {
        let mut place = x;
        if let (Domain::Periodic { lower, upper }, true) = (self.domain, x < self.from) {
            place += upper - lower;
        }
        let at = ((place - self.from) / self.width).clamp(0.0, STRETCHES as f64);
        let k = (at as usize).min(STRETCHES - 1);
        self.values[k] + (at - k as f64) * (self.values[k + 1] - self.values[k])
    }

    /// Its standard deviation under a law.
    fn spread(&self, mean: impl Fn(&dyn Fn(f64) -> f64) -> f64) -> f64 {
        let middle = mean(&|x| self.at(x));
        mean(&|x| (self.at(x) - middle) * (self.at(x) - middle)).max(0.0).sqrt()
    }
}

/// Independent draws by which the histogram would tell `κ` from ten per cent more of it nearly always: its limit is
/// `3.75/√n`, and the two laws are `0.4` standard deviations of the score times 0.0953 apart.
pub(super) fn wanted(model: &Model, law: &Density) -> f64 {
    let spread = Score::of_kappa(model, law).map_or(0.0, |s| s.spread(|f| law.expectation(f)));
    let apart = 0.4 * NOTICED * spread;
    (5.6 / apart) * (5.6 / apart)
}

impl Held<'_> {
    /// `κ` over the stated one; `None` where the law does not depend on it.
    pub fn kappa(&self, sample: &Sample) -> Option<Outcome> {
        self.scored(sample, &Score::of_kappa(self.model, self.reference.guide())?)
    }

    /// The strength of the noise over the stated one, by places alone.
    pub fn strength_along(&self, sample: &Sample) -> Option<Outcome> {
        if !self.model.floor_loss().contains(self.model.coordinate()) {
            return None;
        }
        self.scored(sample, &Score::of_strength(self.model, self.reference.guide())?)
    }

    fn scored(&self, sample: &Sample, score: &Score) -> Option<Outcome> {
        let spread = score.spread(|f| self.reference.mean(f));
        if !(spread > NOT_AT_ALL) {
            return None;
        }
        let variance = spread * spread;
        let expected = self.reference.mean(&|x| score.at(x));
        let (observed, error) = sample.mean(&|x| score.at(x));
        let bar = (self.reference.mean_bar(&|x| score.at(x) - expected) + self.step * spread) / variance;
        Some(self.read((observed - expected) / variance, error / variance, bar, spread, &sample.about))
    }

    /// The strength of the noise over the stated one, by `y²`.
    pub fn strength(&self, sample: &Sample) -> Option<Outcome> {
        let method = if self.model.sgd().is_some() { Method::Discrete } else { Method::Adiabatic };
        let law = joint(self.model, method).ok()?;
        let (expected, bar) = self.reference.relative_variance(self.model, &|x| law.variances_at(x))?;
        let tape: Tape = self.model.compile(&law.variances);
        let part = 1.0 / sample.y.len() as f64;
        let ratios: Vec<f64> = sample
            .x
            .iter()
            .enumerate()
            .map(|(k, x)| tape.at(&[*x]).iter().zip(&sample.y).map(|(v, y)| y[k] * y[k] / v * part).sum())
            .collect();
        let seen = sample.mean_of(&ratios);
        let error = seen.standard_error / expected;
        Some(self.read(seen.value / expected - 1.0, error, bar + self.step, 1.0, &sample.about))
    }

    fn read(&self, off: f64, error: f64, bar: f64, spread: f64, about: &str) -> Outcome {
        let z = quantile_of_normal(1.0 - 0.5 * self.false_alarm);
        let chance = z * error;
        let noticed = chance + bar + error * quantile_of_normal(1.0 - MISSED);
        let blind = match noticed <= NOTICED {
            true => None,
            false if self.false_alarm != FALSE_ALARM => Some(Verdict::Undecided),
            false if spread < HARDLY => Some(Verdict::NotApplicable),
            false if bar > 0.5 * NOTICED => Some(Verdict::OutsideRegime),
            false => Some(Verdict::Undecided),
        };
        let why = match blind {
            None => "",
            Some(Verdict::NotApplicable) => "; the law hardly depends on it",
            Some(Verdict::OutsideRegime) => "; the law is not known well enough to tell ten per cent",
            Some(_) => "; too few to tell ten per cent",
        };
        let limit = chance + bar;
        let reason = format!(
            "over the stated value; an error of {:.1} % would be noticed in {:.0} of 100 such samples{why}; limit: {z:.2} standard errors {chance:.1e}, law and time step {bar:.0e}; {about}",
            100.0 * noticed,
            100.0 * (1.0 - MISSED)
        );
        Outcome { expected: 1.0, observed: 1.0 + off, limit, reason, blind }
    }
}

impl Reference<'_> {
    /// The mean over the law of `y_i²/v_i(x)`, averaged over directions, and what part of it may be wrong; `None` where the
    /// theory has none of the samples' kind.
    fn relative_variance(&self, model: &Model, variances: &dyn Fn(f64) -> Vec<f64>) -> Option<(f64, f64)> {
        if model.sgd().is_some_and(|s| s.learners.is_some()) {
            return None;
        }
        Some(match self {
            Reference::Exact(exact, _) => {
                let ratio = |x: f64| {
                    let v = variances(x);
                    let own = |i: usize| exact.conditional_second_moment(i, x).map_or(1.0, |m| m / v[i]);
                    (0..v.len()).map(own).sum::<f64>() / v.len() as f64
                };
                (exact.expectation(&ratio), super::witnesses::Witnesses::floor(exact))
            }
            Reference::Steps(steps, _) => {
                let own = |x: f64| {
                    let k = steps.nodes.partition_point(|node| *node < x).min(steps.nodes.len() - 1);
                    steps.conditional[k] / variances(x)[0]
                };
                (steps.expectation(&own), steps.error)
            }
            Reference::Theory(law) => (1.0, law.small.min(1.0)),
        })
    }
}

/// Whether a formula changes along the floor.
pub(super) fn varies(model: &Model, formula: &Expr) -> bool {
    formula.contains(model.coordinate())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theory::stationary;

    fn model(kappa: f64) -> Model {
        let text = format!(
            "Model(name: \"m\", floor: (coordinate: \"x\", domain: Interval(lower: -3, upper: 3), loss: \"x^2/3\"), \
             sharp: [(curvature: \"90*(1+sin(x)/2)\")], noise: Langevin(delta: 0.8, kappa: {kappa:?}))"
        );
        Model::read(&text, &[]).expect("a model")
    }

    /// The mean of the score under the law of another κ is its variance times the difference of `ln κ`.
    #[test]
    fn the_score_reads_kappa_off_the_law() {
        let law = |kappa: f64| stationary(&model(kappa), Method::Adiabatic).expect("a law").density;
        let (here, there) = (law(3.0), law(3.06));
        let score = Score::of_kappa(&model(3.0), &here).expect("a score");
        let spread = score.spread(|f| here.expectation(f));
        let moved = there.expectation(&|x| score.at(x)) - here.expectation(&|x| score.at(x));
        let read = moved / (spread * spread);
        assert!((read / 1.02f64.ln() - 1.0).abs() < 0.03, "{read}");
        // 0.4 is sqrt(1/2π): two laws that differ by a Gaussian score.
        let apart = here.total_variation(&law(3.3));
        assert!((apart / (0.4 * NOTICED * spread) - 1.0).abs() < 0.15, "{apart} {spread}");
        let wanted = wanted(&model(3.0), &here);
        assert!((wanted * apart * apart / (5.6 * 5.6) - 1.0).abs() < 0.3, "{wanted}");
    }

    #[test]
    fn where_nothing_depends_on_kappa_no_sample_is_large_enough() {
        let text = "Model(name: \"m\", floor: (coordinate: \"x\", domain: Periodic(lower: 0, upper: 1), loss: \"0\"), \
                    sharp: [(curvature: \"9\")], noise: Langevin(delta: 1, kappa: 2))";
        let flat = Model::read(text, &[]).expect("a model");
        let law = stationary(&flat, Method::Adiabatic).expect("a law").density;
        assert!(wanted(&flat, &law) > 1e12);
    }
}
