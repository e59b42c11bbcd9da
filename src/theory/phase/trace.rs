//! A curve `f = 0` in the unit square, followed by prediction along its tangent and correction across it.
//!
//! Nothing is laid out on a grid: the curve is entered where `f` changes sign on a few lines, and every point of it is solved.

/// A place in the unit square.
pub(super) type Place = [f64; 2];
/// A function that may not exist somewhere.
pub(super) type Field<'a> = &'a dyn Fn(Place) -> Option<f64>;

/// Longest and shortest step; a chord of the longest differs from the curve by less than a thousandth.
const LONGEST: f64 = 0.02;
const SHORTEST: f64 = 1e-5;
/// Largest angle between two steps, as a cosine.
const STRAIGHT: f64 = 0.99;
/// Step of differences.
const NEAR: f64 = 1e-6;
/// Corrections are solved to this.
const SOLVED: f64 = 1e-12;
/// Steps of a curve in one direction.
const MOST_STEPS: usize = 4000;
/// Curves that pass this close to a starting point are the same.
const SAME: f64 = 1.5 * LONGEST;

/// All pieces of the curve that cross `lines` horizontal or as many vertical lines, which are looked at in `samples` places.
pub(super) fn curves(f: Field, lines: usize, samples: usize) -> Vec<Vec<Place>> {
    let mut found: Vec<Vec<Place>> = Vec::new();
    let at = |k: usize, n: usize| k as f64 / n as f64;
    for across in [1, 0] {
        for line in 0..=lines {
            let place = |t: f64| if across == 1 { [at(line, lines), t] } else { [t, at(line, lines)] };
            let values: Vec<Option<f64>> = (0..=samples).map(|k| f(place(at(k, samples)))).collect();
            for k in 0..samples {
                let (Some(a), Some(b)) = (values[k], values[k + 1]) else { continue };
                if !(a * b <= 0.0 && a != b) {
                    continue;
                }
                let Some(t) = crossing(&|t| f(place(t)), (at(k, samples), a), (at(k + 1, samples), b)) else {
                    continue;
                };
                let start = place(t);
                if !found.iter().any(|curve| passes(curve, start)) {
                    found.push(follow(f, start));
                }
            }
        }
    }
    found
}

/// Euclidean length.
fn size(v: Place) -> f64 {
    (v[0] * v[0] + v[1] * v[1]).sqrt()
}

fn distance(a: Place, b: Place) -> f64 {
    size([a[0] - b[0], a[1] - b[1]])
}

fn passes(curve: &[Place], place: Place) -> bool {
    curve.iter().any(|point| distance(*point, place) < SAME)
}

/// A zero between two places where the signs differ: regula falsi of Illinois kind; `None` where the function ends or jumps.
pub(super) fn crossing(f: &dyn Fn(f64) -> Option<f64>, low: (f64, f64), high: (f64, f64)) -> Option<f64> {
    let ((mut a, mut fa), (mut b, mut fb)) = (low, high);
    let size = fa.abs().max(fb.abs());
    let mut side = 0;
    for step in 0..200 {
        if fa == 0.0 {
            return Some(a);
        }
        if fb == 0.0 {
            return Some(b);
        }
        let weighted = (a * fb - b * fa) / (fb - fa);
        let middle =
            if step % 4 == 3 || !(a.min(b) < weighted && weighted < a.max(b)) { 0.5 * (a + b) } else { weighted };
        let value = f(middle)?;
        if (b - a).abs() <= SOLVED * (1.0 + middle.abs()) || middle == a || middle == b {
            // A jump changes its sign without becoming small.
            return (fa.abs().min(fb.abs()).min(value.abs()) <= 1e-3 * size).then_some(middle);
        }
        if (value > 0.0) == (fa > 0.0) {
            (a, fa) = (middle, value);
            fb = if side == 1 { 0.5 * fb } else { fb };
            side = 1;
        } else {
            (b, fb) = (middle, value);
            fa = if side == 2 { 0.5 * fa } else { fa };
            side = 2;
        }
    }
    None
}

/// The unit tangent at a point of the curve.
fn tangent(f: Field, at: Place) -> Option<Place> {
    let slope = |axis: usize| {
        let moved = |by: f64| {
            let mut place = at;
            place[axis] += by;
            f(place)
        };
        match (moved(NEAR), moved(-NEAR)) {
            (Some(up), Some(down)) => Some((up - down) / (2.0 * NEAR)),
            (Some(up), None) => Some((up - f(at)?) / NEAR),
            (None, Some(down)) => Some((f(at)? - down) / NEAR),
            (None, None) => None,
        }
    };
    let gradient = [slope(0)?, slope(1)?];
    let size = size(gradient);
    (size > 0.0 && size.is_finite()).then(|| [-gradient[1] / size, gradient[0] / size])
}

/// The point of the curve on the line through `guess` across `along`, no farther than `reach`.
fn corrected(f: Field, guess: Place, along: Place, reach: f64) -> Option<Place> {
    let place = |s: f64| [guess[0] - s * along[1], guess[1] + s * along[0]];
    let value = |s: f64| f(place(s));
    let (mut before, mut s) = ((0.0, value(0.0)?), 1e-4 * reach);
    for _ in 0..30 {
        if before.1 == 0.0 {
            return Some(place(before.0));
        }
        let now = value(s)?;
        let slope = (now - before.1) / (s - before.0);
        let step = -now / slope;
        if now == 0.0 || step.abs() <= SOLVED {
            return Some(place(if step.is_finite() { s + step } else { s }));
        }
        if !(step.is_finite() && (s + step).abs() <= reach) {
            return None;
        }
        (before, s) = ((s, now), s + step);
    }
    None
}

/// The whole piece through `start`, from one end to the other: to the edge of the square, or to where `f` ends.
pub(super) fn follow(f: Field, start: Place) -> Vec<Place> {
    let Some(along) = tangent(f, start) else { return vec![start] };
    let (forward, closed) = half(f, start, along);
    if closed {
        return std::iter::once(start).chain(forward).chain([start]).collect();
    }
    let (backward, _) = half(f, start, [-along[0], -along[1]]);
    backward.into_iter().rev().chain([start]).chain(forward).collect()
}

fn inside(place: Place) -> bool {
    place.iter().all(|t| (0.0..=1.0).contains(t))
}

/// Points after `start` in one direction, and whether they came back to it.
fn half(f: Field, start: Place, mut along: Place) -> (Vec<Place>, bool) {
    let (mut points, mut at, mut step) = (Vec::new(), start, 0.25 * LONGEST);
    while points.len() < MOST_STEPS && step >= SHORTEST {
        let guess = [at[0] + step * along[0], at[1] + step * along[1]];
        let next = corrected(f, guess, along, step).and_then(|next| Some((next, tangent(f, next)?)));
        let Some((next, mut turned)) = next else {
            step *= 0.5;
            continue;
        };
        if turned[0] * along[0] + turned[1] * along[1] < 0.0 {
            turned = [-turned[0], -turned[1]];
        }
        if !(turned[0] * along[0] + turned[1] * along[1] >= STRAIGHT) {
            step *= 0.5;
            continue;
        }
        if !inside(next) {
            points.extend(edge(f, at, next));
            return (points, false);
        }
        points.push(next);
        if points.len() > 8 && distance(next, start) < step {
            return (points, true);
        }
        (at, along, step) = (next, turned, (1.6 * step).min(LONGEST));
    }
    (points, false)
}

/// Where the curve leaves the square between a point inside and one outside.
fn edge(f: Field, at: Place, outside: Place) -> Option<Place> {
    // Share of the chord at which each side is passed; the first that is passed counts.
    let passed = (0..2).filter_map(|axis| {
        let side = outside[axis].clamp(0.0, 1.0);
        (side != outside[axis]).then(|| ((side - at[axis]) / (outside[axis] - at[axis]), axis, side))
    });
    let (share, axis, side) = passed.min_by(|a, b| a.0.total_cmp(&b.0))?;
    let other = 1 - axis;
    let mut guess = at;
    guess[axis] = side;
    guess[other] = at[other] + share * (outside[other] - at[other]);
    let along = if axis == 0 { [1.0, 0.0] } else { [0.0, 1.0] };
    let mut found = corrected(f, guess, along, 2.0 * LONGEST)?;
    found[axis] = side;
    found[other] = found[other].clamp(0.0, 1.0);
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_circle_closes_and_every_point_is_on_it() {
        let f = |p: Place| Some((p[0] - 0.5).powi(2) + (p[1] - 0.4).powi(2) - 0.04);
        let found = curves(&f, 8, 16);
        assert_eq!(found.len(), 1);
        let curve = &found[0];
        assert!(curve.iter().all(|p| f(*p).is_some_and(|v| v.abs() < 1e-11)));
        assert!(distance(curve[0], curve[curve.len() - 1]) < 1e-12);
        let length: f64 = curve.windows(2).map(|w| distance(w[0], w[1])).sum();
        assert!((length / (0.4 * std::f64::consts::PI) - 1.0).abs() < 2e-3, "{length}");
    }

    #[test]
    fn pieces_end_at_the_edge_or_where_the_function_does() {
        let two = |p: Place| Some((p[1] - 0.3) * (p[1] - 0.7 - 0.1 * p[0]));
        let found = curves(&two, 4, 16);
        assert_eq!(found.len(), 2);
        for curve in &found {
            let (first, last) = (curve[0], curve[curve.len() - 1]);
            assert!((first[0] - last[0]).abs() == 1.0, "{first:?} {last:?}");
        }
        let ends = |p: Place| (p[0] < 0.5).then(|| p[1] - 0.25 - p[0] * p[0]);
        let curve = &curves(&ends, 4, 16)[0];
        let right = curve.iter().map(|p| p[0]).fold(0.0, f64::max);
        assert!(right > 0.4999 && right < 0.5, "{right}");
    }

    #[test]
    fn a_jump_is_no_crossing() {
        let jump = |t: f64| Some(if t < 0.3 { -1.0 } else { 1.0 });
        assert_eq!(crossing(&jump, (0.0, -1.0), (1.0, 1.0)), None);
        let cubic = |t: f64| Some(t * t * t - 0.2);
        let root = crossing(&cubic, (0.0, -0.2), (1.0, 0.8)).expect("a zero");
        assert!((root - 0.2_f64.cbrt()).abs() < 1e-11, "{root}");
    }
}
