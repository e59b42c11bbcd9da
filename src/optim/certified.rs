//! A least value with a certificate: enclosures show that nowhere is there a lower one.

use super::{Minimum, OptimError, global_minimum};
use crate::num::interval::Interval;

/// Places that are scanned for the candidate.
const SCANNED: usize = 2000;
/// Pieces that are enclosed before it is given up.
const PIECES: usize = 200_000;

/// A least value, and how much lower another could be at most.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Certified {
    /// The candidate, found by a scan and polished.
    pub minimum: Minimum,
    /// No value on the stretch is below this; `None` where the pieces did not become small enough.
    pub none_below: Option<f64>,
}

/// The least value between `lower` and `upper` of the function whose values and slopes over a piece `enclose` encloses; no other place is
/// lower by more than `tolerance`, if that can be shown.
///
/// Pieces are cut in halves until each is shown to hold no lower value: by its enclosure, by that of the mean-value form, or because the
/// function is monotone on it and its ends belong to neighbours.
///
/// # Errors
/// [`OptimError`] of the search for the candidate.
pub fn certified_minimum(
    enclose: &dyn Fn(Interval) -> (Interval, Interval),
    lower: f64,
    upper: f64,
    tolerance: f64,
) -> Result<Certified, OptimError> {
    let value = |x: f64| {
        let (value, _) = enclose(Interval::point(x));
        if value.defined { value.midpoint() } else { f64::NAN }
    };
    let mut minimum = global_minimum(&value, lower, upper, SCANNED)?;
    let mut pieces = vec![(lower, upper)];
    let mut none_below = f64::INFINITY;
    let mut left = PIECES;
    while let Some((a, b)) = pieces.pop() {
        if left == 0 {
            return Ok(Certified { minimum, none_below: None });
        }
        left -= 1;
        let whole = Interval::new(a, b);
        let (values, slopes) = enclose(whole);
        let middle = whole.midpoint();
        let bound = match (values.defined, slopes.defined) {
            (false, _) => f64::NEG_INFINITY,
            (true, false) => values.lower,
            (true, true) => {
                let at = |x: f64| enclose(Interval::point(x)).0.lower;
                let straight = (enclose(Interval::point(middle)).0 + slopes * (whole - Interval::point(middle))).lower;
                let monotone = match (slopes.lower >= 0.0, slopes.upper <= 0.0) {
                    (true, _) => at(a),
                    (_, true) => at(b),
                    _ => f64::NEG_INFINITY,
                };
                [straight, monotone].into_iter().filter(|x| !x.is_nan()).fold(values.lower, f64::max)
            }
        };
        if bound >= minimum.value - tolerance {
            none_below = none_below.min(bound);
            continue;
        }
        if !(a < middle && middle < b) {
            return Ok(Certified { minimum, none_below: None });
        }
        let here = value(middle);
        if here < minimum.value {
            minimum = Minimum { at: middle, value: here };
        }
        pieces.extend([(a, middle), (middle, b)]);
    }
    Ok(Certified { minimum, none_below: Some(none_below) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sine_in_a_bowl(x: Interval) -> (Interval, Interval) {
        let (tenth, twenty) = (Interval::point(0.1), Interval::point(20.0));
        let value = tenth * x * x + (twenty * x).sin();
        (value, Interval::point(0.2) * x + twenty * (twenty * x).cos())
    }

    #[test]
    fn of_many_wells_the_deepest_is_found_and_none_is_lower() {
        let found = certified_minimum(&sine_in_a_bowl, -3.0, 4.0, 1e-9).expect("finite");
        // Wells lie 2π/20 apart; the deepest is the one nearest to zero, at −π/40 to first order.
        let near = -std::f64::consts::PI / 40.0;
        assert!((found.minimum.at - near).abs() < 1e-3, "{found:?}");
        let none_below = found.none_below.expect("certified");
        assert!(none_below <= found.minimum.value && found.minimum.value - none_below <= 1.0001e-9, "{found:?}");
    }

    #[test]
    fn a_needle_that_a_scan_misses_is_found_by_cutting() {
        // −2 exp(−((x−c)/w)²) on a slope, w far below the distance of scanned places.
        let (c, w) = (0.314_159, 1e-6);
        let needle = |x: Interval| {
            let u = (x - Interval::point(c)) / Interval::point(w);
            let bell = (-(u * u)).exp();
            let value = x - Interval::point(2.0) * bell;
            (value, Interval::point(1.0) + Interval::point(4.0 / w) * u * bell)
        };
        let found = certified_minimum(&needle, 0.0, 1.0, 1e-9).expect("finite");
        assert!((found.minimum.at - c).abs() < 1e-5 && found.minimum.value < -1.6, "{found:?}");
    }

    #[test]
    fn what_cannot_be_shown_is_not_claimed() {
        let vague = |x: Interval| (Interval::new(x.lower - 1.0, x.upper + 1.0), Interval::new(-9.0, 9.0));
        assert_eq!(certified_minimum(&vague, 0.0, 1.0, 1e-9).expect("finite").none_below, None);
    }
}
