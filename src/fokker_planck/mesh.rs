//! Where must the coordinate be resolved? Panels on which the landscape and the adiabatic density are polynomials.
//!
//! Everything is stored relative to a gauge `ρ` with `(ln ρ)' = −(L0' + Σ h_i V_i + T')/T − mean` (`h = λ'/2`,
//! `V = Δ/λ`): the adiabatic density, made periodic on a circle. `τ = (ln ρ)' + T'/T` carries the test functions.

use super::Unsolved;
use super::rule::Rule;
use crate::num::domain::Domain;
use crate::num::function::{ln_1p, sinh};

/// The landscape at one place.
#[derive(Clone, Debug, Default)]
pub(super) struct Local {
    /// `L0'`
    pub loss_slope: f64,
    /// `T`
    pub temperature: f64,
    /// `T'`
    pub temperature_slope: f64,
    /// The sharp directions that depend on the coordinate.
    pub sharp: Vec<Direction>,
}

/// One sharp direction at one place.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Direction {
    /// `λ`
    pub curvature: f64,
    /// `λ'`
    pub curvature_slope: f64,
    /// `Δ`
    pub noise: f64,
    /// `Δ'`
    pub noise_slope: f64,
}

/// The landscape as a function of the coordinate.
pub(super) type Fields<'a> = &'a (dyn Fn(f64) -> Local + 'a);

/// What enters the equations of one direction: all per unit of `T`.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Coupling {
    /// `h V / T`: push of the fluctuations along the floor.
    pub push: f64,
    /// `−V'/(2V)`: relative narrowing of the valley.
    pub narrowing: f64,
    /// `λ/T`: relaxation.
    pub relaxation: f64,
    /// `V`: variance across, at frozen coordinate.
    pub variance: f64,
}

/// One panel, with what the equations need at its points.
#[derive(Clone, Debug)]
pub(super) struct Panel {
    /// Its left end.
    pub left: f64,
    /// Its width.
    pub width: f64,
    /// `τ` at the points, before the mean is taken off.
    pub drift: Vec<f64>,
    /// `(ln ρ)'` at the points, before the mean is taken off.
    pub slope: Vec<f64>,
    /// `T` at the points.
    pub temperature: Vec<f64>,
    /// `couplings[i][point]`
    pub couplings: Vec<Vec<Coupling>>,
}

/// Panels that cover the part of the domain that matters.
#[derive(Clone, Debug)]
pub(super) struct Mesh {
    /// The panels, from left to right.
    pub panels: Vec<Panel>,
    /// The mean taken off `(ln ρ)'` (circles only).
    pub mean: f64,
    /// Whether the last panel joins the first.
    pub periodic: bool,
}

/// Panels never exceed this number.
pub(super) const MOST_PANELS: usize = 3000;
/// `ln` of the density, relative to its peak, below which a place does not matter.
const NEGLIGIBLE: f64 = -42.0;
/// Largest change of `ln ρ` over a panel that matters; elsewhere [`STEEP`].
const GENTLE: f64 = 5.0;
const STEEP: f64 = 25.0;

impl Panel {
    /// The panel `[left, left + width]`.
    pub fn new(left: f64, width: f64, rule: &Rule, fields: Fields) -> Result<Panel, Unsolved> {
        let mut panel =
            Panel { left, width, drift: Vec::new(), slope: Vec::new(), temperature: Vec::new(), couplings: Vec::new() };
        for point in &rule.points {
            let x = left + 0.5 * width * (1.0 + point);
            let local = fields(x);
            let t = local.temperature;
            let mut force = local.loss_slope;
            let mut sound = t > 0.0 && t.is_finite() && local.temperature_slope.is_finite();
            panel.couplings.resize(local.sharp.len(), Vec::new());
            for (i, s) in local.sharp.iter().enumerate() {
                let variance = s.noise / s.curvature;
                let coupling = Coupling {
                    push: 0.5 * s.curvature_slope * variance / t,
                    narrowing: 0.5 * (s.curvature_slope / s.curvature - s.noise_slope / s.noise),
                    relaxation: s.curvature / t,
                    variance,
                };
                sound &= s.curvature > 0.0 && variance > 0.0 && coupling.relaxation.is_finite();
                sound &= coupling.push.is_finite() && coupling.narrowing.is_finite() && variance.is_finite();
                force += 0.5 * s.curvature_slope * variance;
                panel.couplings[i].push(coupling);
            }
            let drift = -force / t;
            if !(sound && drift.is_finite()) {
                return Err(Unsolved::NotFinite { at: x });
            }
            panel.drift.push(drift);
            panel.slope.push(drift - local.temperature_slope / t);
            panel.temperature.push(t);
        }
        Ok(panel)
    }

    /// Its right end.
    pub fn right(&self) -> f64 {
        self.left + self.width
    }

    /// Change of `ln ρ` across it, before the mean is taken off.
    pub fn change(&self, rule: &Rule) -> f64 {
        0.5 * self.width * self.slope.iter().zip(&rule.weights).map(|(s, w)| s * w).sum::<f64>()
    }

    /// Whether the landscape on it is a polynomial: the size of its last coefficients is `resolved`.
    fn is_resolved(&self, rule: &Rule, resolved: f64) -> bool {
        let smooth = |values: &[f64]| {
            let largest = values.iter().fold(0.0, |a: f64, b| a.max(b.abs())) * self.width;
            rule.unresolved(values) * self.width <= resolved * largest.max(1.0)
        };
        let part = |pick: fn(&Coupling) -> f64| {
            self.couplings.iter().all(|c| smooth(&c.iter().map(pick).collect::<Vec<f64>>()))
        };
        let scaled = |pick: fn(&Coupling) -> f64| {
            self.couplings.iter().all(|c| {
                let values: Vec<f64> = c.iter().map(pick).collect();
                let largest = values.iter().fold(0.0, |a: f64, b| a.max(b.abs()));
                rule.unresolved(&values) <= 10.0 * resolved * largest
            })
        };
        smooth(&self.slope)
            && smooth(&self.drift)
            && part(|c| c.push)
            && part(|c| c.narrowing)
            && scaled(|c| c.relaxation)
            && scaled(|c| c.variance)
    }
}

/// A coarse look at `ln ρ`: places and values, and where it is largest.
struct Survey {
    x: Vec<f64>,
    log: Vec<f64>,
    peak: usize,
}

fn log_slope(fields: Fields, x: f64) -> f64 {
    let local = fields(x);
    let force: f64 =
        local.loss_slope + local.sharp.iter().map(|s| 0.5 * s.curvature_slope * s.noise / s.curvature).sum::<f64>();
    -(force + local.temperature_slope) / local.temperature
}

impl Survey {
    /// Looks at ascending places; those beyond the first without a finite value, on either side of `centre`, are dropped.
    fn new(places: impl Iterator<Item = f64>, centre: f64, fields: Fields) -> Option<Survey> {
        let all: Vec<(f64, f64)> = places.map(|x| (x, log_slope(fields, x))).collect();
        let middle = all.partition_point(|(x, _)| *x < centre).min(all.len() - 1);
        let sound = |slope: f64| slope.abs() < 1e250;
        let first = (0..=middle).rev().find(|k| !sound(all[*k].1)).map_or(0, |k| k + 1);
        let last = (middle..all.len()).find(|k| !sound(all[*k].1)).unwrap_or(all.len());
        if first >= last {
            return None;
        }
        let all = &all[first..last];
        // Summed outwards from the middle: from one far end the sum would lose what matters to rounding.
        let middle = (middle - first).min(all.len() - 1);
        let mut log = vec![0.0; all.len()];
        let step =
            |a: (f64, f64), b: (f64, f64)| (b.0 - a.0) * (a.1 + 4.0 * log_slope(fields, 0.5 * (a.0 + b.0)) + b.1) / 6.0;
        for k in middle + 1..all.len() {
            log[k] = log[k - 1] + step(all[k - 1], all[k]);
        }
        for k in (0..middle).rev() {
            log[k] = log[k + 1] - step(all[k], all[k + 1]);
        }
        if !log.iter().all(|log| log.is_finite()) {
            return None;
        }
        let x = all.iter().map(|(x, _)| *x).collect();
        let peak = (0..log.len()).max_by(|a, b| log[*a].total_cmp(&log[*b]))?;
        Some(Survey { x, log, peak })
    }

    /// Indices of the outermost places that matter; far places weigh by their distance in units of `scale`.
    fn hull(&self, centre: f64, scale: f64) -> (usize, usize) {
        let matters =
            |k: &usize| self.log[*k] - self.log[self.peak] + ln_1p((self.x[*k] - centre).abs() / scale) > NEGLIGIBLE;
        let n = self.x.len();
        ((0..n).find(matters).unwrap_or(0), (0..n).rev().find(matters).unwrap_or(n - 1))
    }

    /// Width of the peak: where `ln ρ` has fallen by one half.
    fn width(&self) -> f64 {
        let near = |k: &usize| self.log[*k] - self.log[self.peak] > -0.5;
        let left = (0..self.peak).rev().take_while(near).last().unwrap_or(self.peak);
        let right = (self.peak..self.x.len()).take_while(near).last().unwrap_or(self.peak);
        let (a, b) = (left.saturating_sub(1), (right + 1).min(self.x.len() - 1));
        0.5 * (self.x[b] - self.x[a])
    }
}

const SURVEYED: usize = 1200;

/// The part of the domain that matters, and its centre: `(lower, centre, upper)`.
fn extent(domain: Domain, fields: Fields, reach: f64) -> Result<(f64, f64, f64), Unsolved> {
    let (mut centre, mut scale, span) = match domain {
        Domain::Periodic { lower, upper } => return Ok((lower, lower, upper)),
        Domain::Interval { lower, upper } => (0.5 * (lower + upper), 0.25 * (upper - lower), 5.0),
        Domain::Line => (0.0, 1.0, 40.0),
    };
    let (lower, upper) = domain.ends().unwrap_or((f64::NEG_INFINITY, f64::INFINITY));
    let mut found = (lower, centre, upper);
    for look in 0..4 {
        // Distances grow geometrically away from the centre, so that narrow peaks and far tails are both seen.
        let span = if look == 0 { span } else { 36.0 };
        let places = (0..=SURVEYED)
            .map(|k| centre + scale * sinh(span * (2.0 * k as f64 / SURVEYED as f64 - 1.0)))
            .filter(|x| lower < *x && *x < upper);
        let mut places: Vec<f64> = places.collect();
        for wall in [lower, upper] {
            if wall.is_finite() {
                places.push(wall);
            }
        }
        places.sort_by(f64::total_cmp);
        places.dedup();
        let survey = Survey::new(places.into_iter(), centre, fields).ok_or(Unsolved::NotFinite { at: centre })?;
        let width = survey.width();
        let (a, b) = survey.hull(survey.x[survey.peak], width);
        found = (survey.x[a.saturating_sub(1)], survey.x[survey.peak], survey.x[(b + 1).min(survey.x.len() - 1)]);
        if domain == Domain::Line {
            for (end, at) in [(0, a), (survey.x.len() - 1, b)] {
                // Mass beyond the last place seen is finite only where ρ falls faster than 1/|x|.
                let x = survey.x[end];
                if end == at && !(log_slope(fields, x) * (x - found.1) < -1.0 - 1e-6) {
                    return Err(Unsolved::NotConfined { towards: x });
                }
            }
        }
        centre = found.1;
        if look > 0 && width > 0.2 * scale && width < 5.0 * scale {
            break;
        }
        scale = width;
    }
    if domain == Domain::Line {
        found.0 = centre - (centre - found.0) * reach;
        found.2 = centre + (found.2 - centre) * reach;
    }
    Ok(found)
}

/// Depth at which a circle may be cut: what crosses is `e^-82` of what stays.
const UNREACHABLE: f64 = -82.0;

/// The least likely place of a circle, where one stretch alone matters and its far side is as good as a wall.
pub(super) fn far_side(lower: f64, upper: f64, fields: Fields) -> Option<f64> {
    let look = |n: usize, from: f64| {
        // Midpoints and Simpson's rule between neighbours.
        let step = (upper - lower) / n as f64;
        let place = |x: f64| if x < upper { x } else { x - (upper - lower) };
        let slopes: Vec<f64> = (0..=2 * n).map(|k| log_slope(fields, place(from + 0.5 * step * k as f64))).collect();
        let mut log = vec![0.0; n + 1];
        for k in 0..n {
            log[k + 1] = log[k] + (slopes[2 * k] + 4.0 * slopes[2 * k + 1] + slopes[2 * k + 2]) * step / 6.0;
        }
        let highest = log.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        log.iter_mut().for_each(|value| *value -= highest);
        log
    };
    let lowest = |log: &[f64]| log.iter().copied().fold(f64::INFINITY, f64::min);
    if !(lowest(&look(512, lower)) < 1.5 * UNREACHABLE) {
        return None;
    }
    let n = 8192;
    let log = look(n, lower);
    let least = (0..n).min_by(|a, b| log[*a].total_cmp(&log[*b]))?;
    let cut = lower + (upper - lower) * least as f64 / n as f64;
    let log = look(n, cut);
    // A drive round the circle must be too weak to lift another stretch; samples must show every peak.
    let gentle = (log[n] - log[0]).abs() < 20.0
        && log.windows(3).all(|v| v[1] < 2.0 * UNREACHABLE || (v[0] - 2.0 * v[1] + v[2]).abs() < 20.0);
    let first = log.iter().position(|value| *value > 0.5 * UNREACHABLE)?;
    let last = log.iter().rposition(|value| *value > 0.5 * UNREACHABLE)?;
    // Wells of the stretch exchange walkers much sooner than anything crosses the cut.
    let alone = log[first..=last].iter().all(|value| *value > 0.5 * UNREACHABLE);
    let walls = log[0].max(log[n]) < UNREACHABLE;
    (gentle && alone && walls && log.iter().all(|value| value.is_finite())).then_some(cut)
}

impl Mesh {
    /// Panels for a landscape, on which the size of its last coefficients is `resolved`. `reach` (at least 1) multiplies
    /// how far out an unbounded domain is followed.
    pub fn new(domain: Domain, fields: Fields, rule: &Rule, reach: f64, resolved: f64) -> Result<Mesh, Unsolved> {
        let (lower, centre, upper) = extent(domain, fields, reach)?;
        let (mut log, mut highest) = (0.0_f64, 0.0_f64);
        let mut walk = |to: f64, mut width: f64| -> Result<Vec<Panel>, Unsolved> {
            let (mut x, mut panels) = (centre, Vec::new());
            log = 0.0;
            let sign = if to < centre { -1.0 } else { 1.0 };
            while (to - x) * sign > 0.0 {
                let rest = (to - x) * sign;
                width = (2.0 * width).min(rest);
                let panel = loop {
                    if rest < 1.2 * width {
                        width = rest;
                    }
                    let next = if width == rest { to } else { x + sign * width };
                    let panel = Panel::new(x.min(next), (next - x).abs(), rule, fields)?;
                    let change = sign * panel.change(rule);
                    let steep = if log.max(log + change) < highest + NEGLIGIBLE { STEEP } else { GENTLE };
                    // A kink is never resolved: below this width it is accepted, and the error estimate tells.
                    let least = 1e-9 * (upper - lower).min(x.abs().max((x - centre).abs()).max(1e-3 * (upper - lower)));
                    if (panel.is_resolved(rule, resolved) && change.abs() <= steep) || width <= least {
                        log += change;
                        highest = highest.max(log);
                        x = next;
                        break panel;
                    }
                    width *= 0.5;
                };
                panels.push(panel);
                if panels.len() > MOST_PANELS {
                    return Err(Unsolved::TooManyPanels { most: MOST_PANELS });
                }
            }
            Ok(panels)
        };
        let start = (upper - lower) / 32.0;
        let mut panels = walk(lower, start)?;
        panels.reverse();
        panels.extend(walk(upper, start)?);
        let periodic = domain.is_periodic();
        let length: f64 = upper - lower;
        let total: f64 = panels.iter().map(|p| p.change(rule)).sum();
        Ok(Mesh { panels, mean: if periodic { total / length } else { 0.0 }, periodic })
    }

    /// `ln ρ` at the nodes of every panel, its largest value 0.
    pub fn log_gauge(&self, rule: &Rule) -> Vec<Vec<f64>> {
        let mut at_left = 0.0;
        let mut logs: Vec<Vec<f64>> = self
            .panels
            .iter()
            .map(|panel| {
                let slopes = nalgebra::DVector::from_iterator(
                    rule.points.len(),
                    panel.slope.iter().map(|s| 0.5 * panel.width * (s - self.mean)),
                );
                let log: Vec<f64> = (&rule.integral * slopes).iter().map(|change| at_left + change).collect();
                at_left = log[rule.degree];
                log
            })
            .collect();
        let highest = logs.iter().flatten().fold(f64::NEG_INFINITY, |a, b| a.max(*b));
        logs.iter_mut().flatten().for_each(|log| *log -= highest);
        logs
    }
}
