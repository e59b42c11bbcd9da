//! Where is a function smallest? A scan with a polish, for conditions that must hold along the floor.

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

#[cfg(test)]
mod tests {
    use super::{largest, smallest};

    #[test]
    fn minima_inside_and_at_the_ends_are_found() {
        let (at, value) = smallest(&|x| (x - 0.3) * (x - 0.3) - 2.0, -1.0, 1.0);
        assert!((at - 0.3).abs() < 1e-7 && (value + 2.0).abs() < 1e-14, "{at} {value}");
        assert_eq!(smallest(&|x| x, -1.0, 1.0), (-1.0, -1.0));
        assert_eq!(largest(&|x| x, -1.0, 1.0), 1.0);
        assert!(smallest(&|x| if x > 0.5 { f64::NAN } else { x }, 0.0, 1.0).1.is_nan());
    }
}
