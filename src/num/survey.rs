//! Where on the line is the probability? A look at every decade, and the chart in which panels are laid.

use super::density::{DensityError, quadrature};
use super::function::{asinh, cosh, exp, ln, sinh};

/// Beyond this the hyperbolic sine overflows.
const FARTHEST: f64 = 640.0;
/// Beyond this the squares of places overflow.
const FARTHEST_PLACE: f64 = 1e150;
/// Depth below the peak, in units of the logarithm, at which a line is cut.
const DEEP: f64 = 50.0;

/// How places are mapped to the variable in which panels are laid.
#[derive(Clone, Copy, Debug)]
pub(super) enum Chart {
    Identity,
    /// `x = centre + width * sinh(s)`
    Line {
        centre: f64,
        width: f64,
    },
}

impl Chart {
    pub fn x(self, s: f64) -> f64 {
        match self {
            Chart::Identity => s,
            Chart::Line { centre, width } => centre + width * sinh(s),
        }
    }
    pub fn s(self, x: f64) -> f64 {
        match self {
            Chart::Identity => x,
            Chart::Line { centre, width } => asinh((x - centre) / width),
        }
    }
    /// `ln dx/ds`
    pub fn ln_stretch(self, s: f64) -> f64 {
        match self {
            Chart::Identity => 0.0,
            Chart::Line { width, .. } => ln(width) + ln(cosh(s)),
        }
    }
}

/// Places from -1e14 to 1e14, dense in every decade.
fn decades() -> Vec<f64> {
    let positive: Vec<f64> = (0..=1100).map(|k| exp(std::f64::consts::LN_10 * (f64::from(k) / 50.0 - 8.0))).collect();
    positive.iter().rev().map(|x| -x).chain([0.0]).chain(positive.iter().copied()).collect()
}

/// A rough antiderivative of a slope over all decades.
pub(super) struct Rough {
    places: Vec<f64>,
    values: Vec<f64>,
}

impl Rough {
    pub fn new(slope: &dyn Fn(f64) -> f64) -> Rough {
        let places = decades();
        // From the middle outwards: what is summed far out is too coarse to come back from.
        let middle = places.len() / 2;
        let mut values = vec![0.0; places.len()];
        let step = |a: f64, b: f64| {
            let step = quadrature(slope, a, b);
            if step.is_finite() { step } else { 0.0 }
        };
        for i in middle + 1..places.len() {
            values[i] = values[i - 1] + step(places[i - 1], places[i]);
        }
        for i in (0..middle).rev() {
            values[i] = values[i + 1] - step(places[i], places[i + 1]);
        }
        Rough { places, values }
    }

    pub fn at(&self, x: f64) -> f64 {
        let last = self.places.len() - 1;
        let i = self.places.partition_point(|p| *p < x).clamp(1, last);
        let (a, b) = (self.places[i - 1], self.places[i]);
        // Beyond the last place, as straight in ln|x|.
        if x < a || x > b {
            let (near, far) = if x < a { (b, a) } else { (a, b) };
            let (v_near, v_far) =
                if x < a { (self.values[i], self.values[i - 1]) } else { (self.values[i - 1], self.values[i]) };
            let per = (v_far - v_near) / (ln(far.abs()) - ln(near.abs()));
            return v_far + per * (ln(x.abs()) - ln(far.abs()));
        }
        let t = (x - a) / (b - a);
        self.values[i - 1] * (1.0 - t) + self.values[i] * t
    }
}

/// Finds where on the line the probability is: a chart around the highest peak and the range of its variable.
pub(super) fn survey(log: &dyn Fn(f64) -> f64) -> Result<(Chart, (f64, f64)), DensityError> {
    let places = decades();
    let raw: Vec<f64> = places.iter().map(|x| log(*x)).collect();
    // Formulas overflow far out: what lies beyond the first place without a finite value, seen from the highest finite
    // one, is not looked at.
    let finite = (0..places.len()).filter(|k| raw[*k].is_finite()).max_by(|a, b| raw[*a].total_cmp(&raw[*b]));
    let Some(best) = finite else { return Err(DensityError::Undefined { at: 0.0 }) };
    let first = (0..best).rev().find(|k| !raw[*k].is_finite());
    let last = (best..places.len()).find(|k| !raw[*k].is_finite());
    let (lower, upper) = (first.map_or(f64::NEG_INFINITY, |k| places[k]), last.map_or(f64::INFINITY, |k| places[k]));
    let clean = |x: f64| {
        let value = if lower < x && x < upper { log(x) } else { f64::NEG_INFINITY };
        if value.is_finite() { value } else { f64::NEG_INFINITY }
    };
    let values: Vec<f64> = places.iter().map(|x| clean(*x)).collect();
    // Golden section between the neighbours.
    let (mut low, mut high) = (places[best.saturating_sub(1)], places[(best + 1).min(places.len() - 1)]);
    for _ in 0..100 {
        let (a, b) = (low + 0.382 * (high - low), low + 0.618 * (high - low));
        if clean(a) >= clean(b) { high = b } else { low = a }
    }
    let centre = 0.5 * (low + high);
    let top = clean(centre).max(values[best]);
    // Width: where the logarithm has fallen by one on the nearer side.
    let falls = |r: f64| clean(centre + r) < top - 1.0 || clean(centre - r) < top - 1.0;
    let width = (0..=1400)
        .map(|k| exp(std::f64::consts::LN_10 * (f64::from(k) / 50.0 - 14.0)))
        .find(|r| falls(*r))
        .ok_or(DensityError::NotNormalisable { end: f64::INFINITY })?;
    let chart = Chart::Line { centre, width };
    let in_s = |s: f64| clean(chart.x(s)) + chart.ln_stretch(s);
    let top = (-400..=400).map(|k| in_s(f64::from(k) / 10.0)).fold(f64::NEG_INFINITY, f64::max);
    let mut range = (-1.0_f64, 1.0_f64);
    for s in (-400..=400).map(|k| f64::from(k) / 10.0).filter(|s| in_s(*s) > top - DEEP) {
        range = (range.0.min(s), range.1.max(s));
    }
    // Everything that the decades showed to matter lies inside.
    for (x, v) in places.iter().zip(&values) {
        let s = chart.s(*x);
        if *v + chart.ln_stretch(s) > top - DEEP {
            range = (range.0.min(s), range.1.max(s));
        }
    }
    let extend = |start: f64, sign: f64| -> Result<f64, DensityError> {
        let (mut s, mut outside) = (start.abs(), 0);
        // Two units in a row below the cut, so that one dip of an oscillating landscape does not end the search.
        while outside < 8 {
            s += 0.25;
            let value = in_s(sign * s);
            let lost = outside == 0 && value == f64::NEG_INFINITY;
            if lost || s > FARTHEST || chart.x(sign * s).abs() > FARTHEST_PLACE {
                // Numbers end here: the decay so far decides.
                let (last, earlier) = (in_s(sign * (s - 0.5)), in_s(sign * (s - 10.5)));
                return if !(last < earlier - 1e-5) {
                    Err(DensityError::NotNormalisable { end: sign * f64::INFINITY })
                } else if last > top - 34.0 {
                    Err(DensityError::Unresolved { at: chart.x(sign * s) })
                } else {
                    Ok(sign * (s - 0.5))
                };
            }
            outside = if value < top - DEEP { outside + 1 } else { 0 };
        }
        Ok(sign * (s - 1.75))
    };
    Ok((chart, (extend(range.0, -1.0)?, extend(range.1, 1.0)?)))
}
