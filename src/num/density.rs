//! A probability density along the floor: normalised, evaluated and integrated in log space.
//!
//! The logarithm itself is resolved by piecewise polynomials, so a peak cannot be missed because it is narrow, and
//! nothing overflows however small the temperature. A line is mapped by `x = c + w sinh(s)`, in which algebraic tails
//! become exponential ones; it is cut where the density of `s` has fallen by `e^-50`.

use super::domain::Domain;
use super::function::{cosh, exp, exp_m1, ln, ln_1p};
use super::piecewise::{Panel, Piecewise};
use super::sum::Sum;
use super::survey::{Chart, Rough, survey};
use gauss_quad::GaussLegendre;
use std::sync::OnceLock;
use thiserror::Error;

/// Why there is no density.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum DensityError {
    /// The mass beyond every cut stays above the tolerance.
    #[error("the density cannot be normalised: its mass does not converge towards {end}")]
    NotNormalisable {
        /// `-inf` or `inf`.
        end: f64,
    },
    /// The log-density or its slope is not a number there.
    #[error("the density is not defined at {at}")]
    Undefined {
        /// The place.
        at: f64,
    },
    /// On a circle without flux the logarithm does not come back to where it began.
    #[error("the logarithm of the density rises by {rise} around the circle: there is a current")]
    Circulates {
        /// By how much.
        rise: f64,
    },
    /// The panels did not resolve the function.
    #[error("the density is not resolved to the accuracy wanted near {at}")]
    Unresolved {
        /// The place.
        at: f64,
    },
}

/// Relative size below which a rise around a circle is rounding.
const CLOSED: f64 = 1e-9;

/// A normalised probability density on a [`Domain`].
#[derive(Clone, Debug)]
pub struct Density {
    domain: Domain,
    chart: Chart,
    /// Logarithm of the density of `s`, normalised.
    log: Piecewise,
    /// Probability up to the end of each panel.
    cumulative: Vec<f64>,
    range: (f64, f64),
}

/// Nodes and weights on `[-1, 1]`.
fn rule() -> &'static [(f64, f64)] {
    static RULE: OnceLock<Vec<(f64, f64)>> = OnceLock::new();
    RULE.get_or_init(|| {
        let degree = std::num::NonZeroUsize::new(24).unwrap_or(std::num::NonZeroUsize::MIN);
        GaussLegendre::new(degree).into_node_weight_pairs().into_iter().collect()
    })
}

/// `∫_a^b f`
pub(super) fn quadrature(f: impl Fn(f64) -> f64, a: f64, b: f64) -> f64 {
    let (middle, half) = (0.5 * (a + b), 0.5 * (b - a));
    half * rule().iter().map(|(t, w)| w * f(middle + half * t)).collect::<Sum>().value()
}

impl Density {
    /// `p ∝ exp(log(x))`, to 1e-12 relative where `log` is smooth and below 1e3 in size (beyond, its own rounding
    /// limits it), on every domain.
    ///
    /// # Errors
    /// [`DensityError`]
    pub fn from_log(domain: Domain, log: &dyn Fn(f64) -> f64) -> Result<Density, DensityError> {
        let (chart, range) = match domain.ends() {
            Some(ends) => (Chart::Identity, ends),
            None => survey(log)?,
        };
        Density::build(domain, chart, range, &|s| log(chart.x(s)) + chart.ln_stretch(s))
    }

    /// `p'/p = slope(x)` without flux. On a circle the slope must integrate to zero over the period.
    ///
    /// # Errors
    /// [`DensityError`]
    pub fn from_slope(domain: Domain, slope: &dyn Fn(f64) -> f64) -> Result<Density, DensityError> {
        match domain.ends() {
            Some((a, b)) => {
                let log = antiderivative(slope, Chart::Identity, (a, b))?;
                let size = log.panels().iter().fold(1.0, |size: f64, p| size.max(log.at(p.b).abs()));
                if domain.is_periodic() && !(log.at(b).abs() <= CLOSED * size) {
                    return Err(DensityError::Circulates { rise: log.at(b) });
                }
                Density::build(domain, Chart::Identity, (a, b), &|s| log.at(s))
            }
            None => {
                // The survey needs the logarithm only roughly: trapezia between places far and near.
                let rough = Rough::new(slope);
                let (chart, range) = survey(&|x| rough.at(x))?;
                let log = antiderivative(slope, chart, range)?;
                Density::build(domain, chart, range, &|s| log.at(s) + chart.ln_stretch(s))
            }
        }
    }

    /// `p'/p = slope(x)` without flux, over the stretch that `guide` occupies.
    ///
    /// # Errors
    /// [`DensityError`]
    pub fn from_slope_like(guide: &Density, slope: &dyn Fn(f64) -> f64) -> Result<Density, DensityError> {
        let log = antiderivative(slope, guide.chart, guide.range)?;
        Density::build(guide.domain, guide.chart, guide.range, &|s| log.at(s) + guide.chart.ln_stretch(s))
    }

    /// On a circle, `p' = slope(x) p − J/diffusion(x)` with `J` from periodicity and normalisation; returns `J` too
    /// (positive towards larger `x`).
    ///
    /// # Errors
    /// [`DensityError`]
    pub fn with_current(
        domain: Domain,
        slope: &dyn Fn(f64) -> f64,
        diffusion: &dyn Fn(f64) -> f64,
    ) -> Result<(Density, f64), DensityError> {
        let Some((a, b)) = domain.ends() else { return Ok((Density::from_slope(domain, slope)?, 0.0)) };
        // p ∝ ∫_x^{x+L} e^{A(x)−A(y)}/D(y) dy: a sum of positive terms, kept as logarithms, so that neither a steep tilt
        // nor high barriers cancel or overflow. Past the period's end A has risen by the tilt A(L).
        let log = antiderivative(slope, Chart::Identity, (a, b))?;
        let tilt = log.at(b);
        let places = Resistance::new(&|x| -log.at(x) - ln(diffusion(x)), a, b)?;
        let ln_rest = |x: f64| {
            let (before, after) = places.ln_sides(x);
            ln_sum(after, before - tilt)
        };
        let unnormalised = |x: f64| log.at(x) + ln_rest(x);
        let density = Density::build(domain, Chart::Identity, (a, b), &unnormalised)?;
        let middle = 0.5 * (a + b);
        let ln_norm = density.ln_at(middle) - unnormalised(middle);
        // J = norm (1 − e^{−A(L)})
        let ln_share = if tilt < -40.0 { -tilt } else { ln(exp_m1(-tilt).abs()) };
        let current = exp(ln_norm + ln_share);
        Ok((density, if tilt < 0.0 { -current } else { current }))
    }

    fn build(
        domain: Domain,
        chart: Chart,
        range: (f64, f64),
        log: &dyn Fn(f64) -> f64,
    ) -> Result<Density, DensityError> {
        let undefined = |s: f64| DensityError::Undefined { at: chart.x(s) };
        let highest =
            |p: &Panel| (0..=8).map(|k| p.at(p.a + (p.b - p.a) * f64::from(k) / 8.0)).fold(f64::NEG_INFINITY, f64::max);
        let first = Piecewise::new(log, range.0, range.1, 3e-14, &|_| true).map_err(undefined)?;
        let top = first.panels().iter().map(highest).fold(f64::NEG_INFINITY, f64::max);
        // Quadrature needs panels over which the density itself is tame, where it matters. Between samples the
        // logarithm may rise by an eighth of its second difference: no peak hides there.
        let tame = |p: &Panel| {
            let values: Vec<f64> = (0..=32).map(|k| p.at(p.a + (p.b - p.a) * f64::from(k) / 32.0)).collect();
            let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let low = values.iter().copied().fold(f64::INFINITY, f64::min);
            let bend = values.windows(3).map(|v| (v[0] - 2.0 * v[1] + v[2]).abs()).fold(0.0, f64::max);
            high + 0.25 * bend < top - 60.0 || high - low < 8.0
        };
        let pieces = Piecewise::new(log, range.0, range.1, 3e-14, &tame).map_err(undefined)?;
        if let Some(at) = pieces.unresolved() {
            return Err(DensityError::Unresolved { at: chart.x(at) });
        }
        let top = pieces.panels().iter().map(highest).fold(f64::NEG_INFINITY, f64::max);
        let mut sum = Sum::default();
        let masses: Vec<f64> = pieces
            .panels()
            .iter()
            .map(|p| {
                sum.add(quadrature(|s| exp(p.at(s) - top), p.a, p.b));
                sum.value()
            })
            .collect();
        let total = sum.value();
        if !(total > 0.0 && total.is_finite()) {
            return Err(DensityError::Unresolved { at: chart.x(range.0) });
        }
        let shift = top + ln(total);
        let log = pieces.shifted(-shift);
        let cumulative = masses.iter().map(|m| m / total).collect();
        Ok(Density { domain, chart, log, cumulative, range })
    }

    /// Where it lives.
    pub fn domain(&self) -> Domain {
        self.domain
    }

    /// `p(x)`; zero outside the domain, wrapped on a circle.
    pub fn at(&self, x: f64) -> f64 {
        exp(self.ln_at(x))
    }

    /// `ln p(x)`; minus infinity outside the domain and beyond the cut of a line.
    pub fn ln_at(&self, x: f64) -> f64 {
        let Some(x) = self.domain.place(x) else { return f64::NEG_INFINITY };
        let s = self.chart.s(x);
        if !(self.range.0 <= s && s <= self.range.1) {
            return f64::NEG_INFINITY;
        }
        self.log.at(s) - self.chart.ln_stretch(s)
    }

    /// Probability between the left end of the domain and `x`.
    pub fn cdf(&self, x: f64) -> f64 {
        let s = self.chart.s(x).clamp(self.range.0, self.range.1);
        let number = self.log.index(s);
        let before = if number == 0 { 0.0 } else { self.cumulative[number - 1] };
        let panel = &self.log.panels()[number];
        (before + quadrature(|s| exp(panel.at(s)), panel.a, s)).clamp(0.0, 1.0)
    }

    /// The place below which the probability is `q`.
    pub fn quantile(&self, q: f64) -> f64 {
        let number = self.cumulative.partition_point(|c| *c < q).min(self.cumulative.len() - 1);
        let before = if number == 0 { 0.0 } else { self.cumulative[number - 1] };
        let panel = &self.log.panels()[number];
        // Newton's method between bisections: the density is the slope.
        let (mut low, mut high, mut at) = (panel.a, panel.b, 0.5 * (panel.a + panel.b));
        for _ in 0..60 {
            let excess = before + quadrature(|s| exp(panel.at(s)), panel.a, at) - q;
            if excess < 0.0 {
                low = at
            } else {
                high = at
            }
            let next = at - excess / exp(panel.at(at));
            let next = if low < next && next < high { next } else { 0.5 * (low + high) };
            if (next - at).abs() <= f64::EPSILON * (panel.b - panel.a) {
                break;
            }
            at = next;
        }
        self.chart.x(at)
    }

    /// `∫ f p dx`.
    pub fn expectation(&self, f: &dyn Fn(f64) -> f64) -> f64 {
        self.log
            .panels()
            .iter()
            .map(|p| quadrature(|s| exp(p.at(s)) * f(self.chart.x(s)), p.a, p.b))
            .collect::<Sum>()
            .value()
    }

    /// `½ ∫ |p − q| dx`, to about 1e-5 of its value.
    pub fn total_variation(&self, other: &Density) -> f64 {
        let over = |one: &Density, two: &Density, f: &dyn Fn(f64, f64) -> f64| {
            let mut sum = Sum::default();
            for p in one.log.panels() {
                let pieces = 8;
                let cut = |k: i32| p.a + (p.b - p.a) * f64::from(k) / f64::from(pieces);
                for k in 0..pieces {
                    let integrand = |s: f64| {
                        let (own, x) = (exp(p.at(s)), one.chart.x(s));
                        let ratio = exp(two.ln_at(x) + one.chart.ln_stretch(s) - p.at(s));
                        own * f(1.0, ratio)
                    };
                    let difference = |s: f64| p.at(s) - one.chart.ln_stretch(s) - two.ln_at(one.chart.x(s));
                    let (a, b) = (cut(k), cut(k + 1));
                    if difference(a) * difference(b) < 0.0 {
                        // The densities cross here.
                        let (mut low, mut high) = (a, b);
                        for _ in 0..50 {
                            let middle = 0.5 * (low + high);
                            if difference(a) * difference(middle) > 0.0 { low = middle } else { high = middle }
                        }
                        sum.add(quadrature(integrand, a, low));
                        sum.add(quadrature(integrand, low, b));
                    } else {
                        sum.add(quadrature(integrand, a, b));
                    }
                }
            }
            sum.value()
        };
        // ∫ (p − q)⁺ and ∫ (q − p)⁺, each over the panels of the larger one.
        0.5 * (over(self, other, &|p, q| (p - q).max(0.0)) + over(other, self, &|q, p| (q - p).max(0.0)))
    }

    /// The shortest interval that holds all but `missing` of the probability (on a circle it may reach past `upper`).
    pub fn visited(&self, missing: f64) -> (f64, f64) {
        let ends = self.domain.ends();
        let quantile = |t: f64| match ends {
            Some((a, b)) if self.domain.is_periodic() && t >= 1.0 => self.quantile(t - 1.0) + (b - a),
            Some((a, _)) if t <= 0.0 => a,
            Some((_, b)) if t >= 1.0 => b,
            _ => self.quantile(t),
        };
        let last = if self.domain.is_periodic() { 1.0 } else { missing };
        let width = |t: f64| quantile(t + (1.0 - missing)) - quantile(t);
        // Beside equal steps of probability, places: what is left out of a circle may be a wide gap of hardly any mass.
        let mut starts: Vec<f64> = (0..=40).map(|k| last * f64::from(k) / 40.0).collect();
        for p in self.log.panels() {
            starts.extend((0..4).map(|k| self.cdf(self.chart.x(p.a + 0.25 * f64::from(k) * (p.b - p.a)))));
        }
        starts.retain(|t| *t <= last);
        starts.sort_by(f64::total_cmp);
        // Where there is an end, starts that leave nearly the same share on either side tell nothing new.
        let same = if self.domain.is_periodic() { 0.0 } else { last / 200.0 };
        starts.dedup_by(|a, b| *a - *b <= same);
        let widths: Vec<f64> = starts.iter().map(|t| width(*t)).collect();
        let best = (0..starts.len()).min_by(|a, b| widths[*a].total_cmp(&widths[*b])).unwrap_or(0);
        let (mut low, mut high) = (starts[best.saturating_sub(1)], starts[(best + 1).min(starts.len() - 1)]);
        for _ in 0..60 {
            let (a, b) = (low + 0.382 * (high - low), low + 0.618 * (high - low));
            if width(a) <= width(b) { high = b } else { low = a }
        }
        let middle = 0.5 * (low + high);
        let start = if width(middle) <= widths[best] { middle } else { starts[best] };
        let (from, to) = (quantile(start), quantile(start + (1.0 - missing)));
        // On a circle the end of the period is its start.
        match ends {
            Some((a, b)) if self.domain.is_periodic() && from >= b => (from - (b - a), to - (b - a)),
            _ => (from, to),
        }
    }

    /// The most likely place.
    pub fn mode(&self) -> f64 {
        let value = |s: f64| self.log.at(s) - self.chart.ln_stretch(s);
        let mut best = (f64::NEG_INFINITY, self.range.0);
        for p in self.log.panels() {
            for k in 0..=16 {
                let s = p.a + (p.b - p.a) * f64::from(k) / 16.0;
                if value(s) > best.0 {
                    best = (value(s), s);
                }
            }
        }
        let panel = &self.log.panels()[self.log.index(best.1)];
        let step = (panel.b - panel.a) / 16.0;
        let (mut low, mut high) = ((best.1 - step).max(self.range.0), (best.1 + step).min(self.range.1));
        for _ in 0..80 {
            let (a, b) = (low + 0.382 * (high - low), low + 0.618 * (high - low));
            if value(a) >= value(b) { high = b } else { low = a }
        }
        self.chart.x(0.5 * (low + high))
    }
}

/// `ln(e^a + e^b)`
fn ln_sum(a: f64, b: f64) -> f64 {
    let (low, high) = if a < b { (a, b) } else { (b, a) };
    if low == f64::NEG_INFINITY { high } else { high + ln_1p(exp(low - high)) }
}

/// `∫ e^log` between the ends of a stretch and any place of it, as logarithms.
struct Resistance {
    log: Piecewise,
    /// `ln ∫` from the left end to the start of each panel, and from its end to the right end.
    before: Vec<f64>,
    after: Vec<f64>,
}

impl Resistance {
    fn new(log: &dyn Fn(f64) -> f64, a: f64, b: f64) -> Result<Resistance, DensityError> {
        // Every panel counts however deep it lies, so all are made tame for the quadrature.
        let tame = |p: &Panel| {
            let values = (0..=16).map(|k| p.at(p.a + (p.b - p.a) * f64::from(k) / 16.0));
            let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
            high - low < 8.0
        };
        let log = resolved(Piecewise::new(log, a, b, 3e-14, &tame))?;
        let parts: Vec<f64> = log.panels().iter().map(|p| Resistance::ln_part(p, p.a, p.b)).collect();
        let mut before = vec![f64::NEG_INFINITY; parts.len()];
        let mut after = before.clone();
        for i in 1..parts.len() {
            before[i] = ln_sum(before[i - 1], parts[i - 1]);
            let j = parts.len() - 1 - i;
            after[j] = ln_sum(after[j + 1], parts[j + 1]);
        }
        Ok(Resistance { log, before, after })
    }

    fn ln_part(panel: &Panel, from: f64, to: f64) -> f64 {
        let level = panel.at(0.5 * (from + to));
        level + ln(quadrature(|x| exp(panel.at(x) - level), from, to))
    }

    /// `ln ∫` on the left and on the right of `x`.
    fn ln_sides(&self, x: f64) -> (f64, f64) {
        let i = self.log.index(x);
        let panel = &self.log.panels()[i];
        let left = ln_sum(self.before[i], Resistance::ln_part(panel, panel.a, x));
        (left, ln_sum(self.after[i], Resistance::ln_part(panel, x, panel.b)))
    }
}

fn resolved(pieces: Result<Piecewise, f64>) -> Result<Piecewise, DensityError> {
    let pieces = pieces.map_err(|at| DensityError::Undefined { at })?;
    match pieces.unresolved() {
        Some(at) => Err(DensityError::Unresolved { at }),
        None => Ok(pieces),
    }
}

/// `∫ slope dx` as a function of the chart's variable.
fn antiderivative(slope: &dyn Fn(f64) -> f64, chart: Chart, range: (f64, f64)) -> Result<Piecewise, DensityError> {
    let integrand = |s: f64| match chart {
        Chart::Identity => slope(s),
        Chart::Line { width, .. } => slope(chart.x(s)) * width * cosh(s),
    };
    resolved(Piecewise::new(&integrand, range.0, range.1, 1e-14, &|_| true)).map(|p| p.integral())
}

#[cfg(test)]
mod tests {
    use super::*;
    const CIRCLE: Domain = Domain::Periodic { lower: 0.0, upper: std::f64::consts::TAU };

    #[test]
    fn gaussians_of_every_scale_are_normalised_on_the_line() {
        for (mean, sd) in [(0.0, 1.0), (3.0, 1e-3), (-1e3, 1e-2), (1e-3, 1e3), (0.0, 1e-6)] {
            let d = Density::from_log(Domain::Line, &|x| -0.5 * ((x - mean) / sd) * ((x - mean) / sd)).expect("normal");
            for z in [-3.0, -0.5, 0.0, 1.0, 4.0] {
                let x: f64 = mean + sd * z;
                let z: f64 = (x - mean) / sd;
                let exact = (-0.5 * z * z).exp() / (sd * (2.0 * std::f64::consts::PI).sqrt());
                assert!(
                    (d.at(x) / exact - 1.0).abs() < 1e-11 + 1e-15 * mean.abs() / sd,
                    "{mean} {sd} {z}: {} {exact}",
                    d.at(x)
                );
            }
            assert!((d.expectation(&|x| x) - mean).abs() < 1e-12 * (mean.abs() + sd) * 10.0);
            assert!((d.expectation(&|x| (x - mean) * (x - mean)) / (sd * sd) - 1.0).abs() < 1e-11);
            let (a, b) = d.visited(0.05);
            assert!(((b - a) / sd - 2.0 * 1.959_963_984_540_054).abs() < 1e-5, "{a} {b}");
            assert!((d.cdf(d.quantile(0.3)) - 0.3).abs() < 1e-10);
            assert!((d.mode() - mean).abs() < 1e-6 * sd + 1e-9 * mean.abs());
        }
    }

    #[test]
    fn algebraic_tails_are_counted_and_heavier_ones_refused() {
        // Student's t: 1/(1+x²)^((1+δ)/2), ∫ = B(1/2, δ/2).
        for delta in [0.2, 1.0, 5.0] {
            let d = Density::from_log(Domain::Line, &|x| -0.5 * (1.0 + delta) * (x * x).ln_1p()).expect("normal");
            let beta = libm::tgamma(0.5) * libm::tgamma(0.5 * delta) / libm::tgamma(0.5 + 0.5 * delta);
            assert!((d.at(0.0) * beta - 1.0).abs() < 1e-10, "{delta}: {}", d.at(0.0) * beta - 1.0);
        }
        for exponent in [-1.0, -0.6, 0.0, 1.0] {
            let heavy = Density::from_log(Domain::Line, &|x| 0.5 * exponent * (x * x).ln_1p());
            assert!(matches!(heavy, Err(DensityError::NotNormalisable { .. })), "{exponent}: {:?}", heavy.err());
        }
    }

    #[test]
    fn two_distant_wells_share_the_probability() {
        let d = Density::from_log(Domain::Line, &|x| -50.0 * (x * x - 100.0) * (x * x - 100.0)).expect("normal");
        assert!((d.cdf(0.0) - 0.5).abs() < 1e-9, "{}", d.cdf(0.0));
        let variance = 1.0 / (50.0 * 2.0 * 400.0);
        assert!((d.expectation(&|x| (x.abs() - 10.0) * (x.abs() - 10.0)) / variance - 1.0).abs() < 1e-2);
    }

    #[test]
    fn slopes_and_logs_give_the_same_density() {
        let walls = Domain::Interval { lower: -2.0, upper: 5.0 };
        for domain in [walls, Domain::Line] {
            let a = Density::from_log(domain, &|x| -40.0 * (0.5 * x * x + x.sin())).expect("normal");
            let b = Density::from_slope(domain, &|x| -40.0 * (x + x.cos())).expect("normal");
            for x in [-1.5, -0.7, 0.0, 0.4] {
                let gap = (a.at(x) - b.at(x)).abs() / a.at(a.mode());
                assert!(gap < 1e-9, "{domain:?} {x}: {gap}");
            }
            assert!(a.total_variation(&b) < 1e-9);
        }
    }

    #[test]
    fn total_variation_of_shifted_gaussians_is_known() {
        let normal = |m: f64| Density::from_log(Domain::Line, &|x| -0.5 * (x - m) * (x - m)).expect("normal");
        let exact = libm::erf(0.5 * 0.3 / std::f64::consts::SQRT_2);
        assert!((normal(0.0).total_variation(&normal(0.3)) / exact - 1.0).abs() < 1e-6);
    }

    /// A tilted washboard: constant slope on a circle has the uniform density and the current D f / L.
    #[test]
    fn a_constant_drive_carries_a_constant_current() {
        let (d, current) = Density::with_current(CIRCLE, &|_| 0.7, &|_| 1.3).expect("normal");
        let uniform = 1.0 / std::f64::consts::TAU;
        assert!((d.at(1.0) / uniform - 1.0).abs() < 1e-10);
        assert!((current / (0.7 * 1.3 * uniform) - 1.0).abs() < 1e-10, "{current}");
        let (_, none) = Density::with_current(CIRCLE, &|x| x.cos(), &|_| 1.0).expect("normal");
        assert!(none.abs() < 1e-14);
    }

    /// A strong drive either way: the density stays uniform and the current exact although `e^{A(L)}` overflows.
    #[test]
    fn a_steep_tilt_neither_cancels_nor_overflows() {
        for drive in [-300.0, -5.0, 5.0, 300.0] {
            let (d, current) = Density::with_current(CIRCLE, &|_| drive, &|_| 0.5).expect("normal");
            let uniform = 1.0 / std::f64::consts::TAU;
            for x in [0.0, 0.1, 3.0, std::f64::consts::TAU] {
                assert!((d.at(x) / uniform - 1.0).abs() < 1e-10, "{drive} {x}: {}", d.at(x) / uniform);
            }
            assert!((current / (drive * 0.5 * uniform) - 1.0).abs() < 1e-10, "{drive}: {current}");
        }
    }

    #[test]
    fn a_slope_that_does_not_close_is_refused() {
        assert!(Density::from_slope(CIRCLE, &|x| -3.0 * x.sin()).is_ok());
        let refused = Density::from_slope(CIRCLE, &|x| 1e-3 - 3.0 * x.sin());
        assert!(matches!(refused, Err(DensityError::Circulates { .. })), "{refused:?}");
    }

    /// The well lies off the middle, so that the gap left out is at no round quantile.
    #[test]
    fn a_visited_stretch_starts_inside_the_period() {
        let lower = 0.0;
        let upper = std::f64::consts::TAU;
        let d = Density::from_log(Domain::Periodic { lower, upper }, &|x| -2.0 * x.cos()).expect("a density");
        let (a, b) = d.visited(1e-6);
        assert!(lower <= a && a < upper && b - a < upper, "{a} {b}");
    }

    #[test]
    fn a_well_on_a_circle_is_visited_without_its_far_side() {
        let well = |x: f64| 200.0 * (x - 0.9).cos() + 20.0 * (2.0 * x).sin();
        let d = Density::from_log(CIRCLE, &well).expect("normal");
        let (a, b) = d.visited(1e-6);
        assert!(b - a < 1.0, "{a} {b}");
        // The shortest interval has equal density at its ends.
        assert!((d.ln_at(a) - d.ln_at(b)).abs() < 1e-4, "{} {}", d.ln_at(a), d.ln_at(b));
        let line = Density::from_log(Domain::Line, &|x| -x.exp() + 0.3 * x).expect("normal");
        let (a, b) = line.visited(1e-6);
        assert!((line.ln_at(a) - line.ln_at(b)).abs() < 1e-4, "{a} {b}");
    }

    /// The flux D(f p − p') is the same everywhere and equals the current.
    #[test]
    fn the_current_is_the_flux() {
        let (f, diffusion) = (|x: f64| 0.4 + 2.0 * x.cos(), |x: f64| 1.0 + 0.3 * x.sin());
        let (d, current) = Density::with_current(CIRCLE, &f, &diffusion).expect("normal");
        for x in [0.5, 2.0, 3.5, 5.0] {
            let h = 1e-4;
            let slope = (d.at(x + h) - d.at(x - h)) / (2.0 * h);
            assert!((diffusion(x) * (f(x) * d.at(x) - slope) - current).abs() < 1e-7, "{x}");
        }
        assert!((d.at(0.0) - d.at(std::f64::consts::TAU - 1e-12)).abs() < 1e-9);
    }
}
