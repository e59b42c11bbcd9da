//! Where is a function smallest, and is it positive everywhere? A scan with a polish, and enclosures that leave no gap
//! between its places, for conditions that must hold along the floor.

use crate::eval::Tape;
use crate::num::interval::Interval;
use std::collections::VecDeque;

/// Places of the scan: fine enough for the formulas of model files, whose features are not narrower than 1e-3 of the domain.
const SAMPLES: u32 = 4096;
const GOLDEN: f64 = 0.618_033_988_749_894_9;

/// The smallest value of `f` on `[lower, upper]` and its place; NaN counts as smaller than every number.
pub(super) fn smallest(f: &dyn Fn(f64) -> f64, lower: f64, upper: f64) -> (f64, f64) {
    let place = |k: u32| if k == SAMPLES { upper } else { lower + (upper - lower) * f64::from(k) / f64::from(SAMPLES) };
    let mut best = (0, f64::INFINITY);
    for k in 0..=SAMPLES {
        let value = f(place(k));
        if value.is_nan() {
            return (place(k), f64::NAN);
        }
        if value < best.1 {
            best = (k, value);
        }
    }
    let (mut a, mut b) = (place(best.0.saturating_sub(1)), place((best.0 + 1).min(SAMPLES)));
    let mut found = (place(best.0), best.1);
    for _ in 0..60 {
        let (left, right) = (b - GOLDEN * (b - a), a + GOLDEN * (b - a));
        let (at_left, at_right) = (f(left), f(right));
        if at_left.is_nan() || at_right.is_nan() {
            return (if at_left.is_nan() { left } else { right }, f64::NAN);
        }
        for (x, value) in [(left, at_left), (right, at_right)] {
            if value < found.1 {
                found = (x, value);
            }
        }
        if at_left < at_right { b = right } else { a = left }
    }
    found
}

/// The largest value of `f` on `[lower, upper]`; NaN where `f` is not a number somewhere.
pub(super) fn largest(f: &dyn Fn(f64) -> f64, lower: f64, upper: f64) -> f64 {
    -smallest(&|x| -f(x), lower, upper).1
}

/// Pieces that are cut in two before the search for a failure ends.
const MOST_PIECES: usize = 20_000;

/// A place of `[lower, upper]` where the only output of `tape` is not above zero, if enclosures lead to one. `None` where they
/// prove that there is none, or where a value that comes close to zero needs more pieces than are spent.
pub(super) fn failure(tape: &Tape, lower: f64, upper: f64) -> Option<f64> {
    let mut pending = VecDeque::from([(lower, upper)]);
    for _ in 0..MOST_PIECES {
        let (a, b) = pending.pop_front()?;
        let (middle, piece) = (0.5 * a + 0.5 * b, Interval::new(a, b));
        let (value, slope) = tape.dual_intervals(&[piece], 0)[0];
        if value.defined && value.lower > 0.0 {
            continue;
        }
        let centre = Interval::point(middle);
        let mean_value = tape.intervals(&[centre])[0] + slope * (piece - centre);
        if mean_value.defined && mean_value.lower > 0.0 {
            continue;
        }
        if !(tape.value(middle) > 0.0) {
            return Some(middle);
        }
        if a < middle && middle < b {
            pending.extend([(a, middle), (middle, b)]);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{failure, largest, smallest};
    use crate::eval::Tape;
    use crate::expr::{Names, parse};

    #[test]
    fn minima_inside_and_at_the_ends_are_found() {
        let (at, value) = smallest(&|x| (x - 0.3) * (x - 0.3) - 2.0, -1.0, 1.0);
        assert!((at - 0.3).abs() < 1e-7 && (value + 2.0).abs() < 1e-14, "{at} {value}");
        assert_eq!(smallest(&|x| x, -1.0, 1.0), (-1.0, -1.0));
        assert_eq!(largest(&|x| x, -1.0, 1.0), 1.0);
        assert!(smallest(&|x| if x > 0.5 { f64::NAN } else { x }, 0.0, 1.0).1.is_nan());
    }

    #[test]
    fn a_dip_between_the_places_of_the_scan_is_found() {
        let of = |text: &str| {
            let formula = parse(text, &Names::of(["x"])).expect("a formula of the test");
            Tape::compile(&[formula], &["x"], &|_| None).expect("only x occurs")
        };
        let dip = of("1-1.1*exp(-(1e6*(x-0.30001))^2)");
        assert!(smallest(&|x| dip.value(x), -1.0, 1.0).1 > 0.0, "the scan was meant to miss it");
        let at = failure(&dip, -1.0, 1.0).expect("a place");
        assert!((at - 0.30001).abs() < 1e-6, "{at}");
        for text in ["1-0.9*exp(-(1e6*(x-0.30001))^2)", "2+sin(x)-x^2/10", "1e-3+x^2"] {
            assert_eq!(failure(&of(text), -1.0, 1.0), None, "{text}");
        }
    }
}
