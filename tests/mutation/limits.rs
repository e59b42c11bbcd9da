//! Series, limits and integrals in floats: by smaller and smaller steps, and by a quadrature of double exponentials.

use super::numbers::{Along, Numbers, end_of};
use thalweg::expr::Expr;
use thalweg::num::interval::Interval;
use thalweg::proof::{Assumption, Place, Symbols};

/// Sets of values for the other symbols.
const SETS: u64 = 4;

fn mid(v: Interval) -> f64 {
    0.5 * (v.lower + v.upper)
}

/// Whether the sets of values agree, none differs, and enough of them speak.
fn together(verdicts: Vec<Numbers>) -> Numbers {
    if let Some(differ) = verdicts.iter().find(|v| matches!(v, Numbers::Differ(_))) {
        return differ.clone();
    }
    if verdicts.contains(&Numbers::Agree) { Numbers::Agree } else { Numbers::Silent }
}

/// `of − equals` over `h^order` must shrink with `h`.
pub fn series(symbols: &Symbols, [of, equals, about]: [&Expr; 3], variable: &str, order: u32) -> Numbers {
    let along = |seed| {
        let terms = Along::new(&[of.clone(), equals.clone(), about.clone()], symbols, variable, seed);
        let start = Along::new(std::slice::from_ref(about), symbols, variable, seed).at(1.0);
        let Some(start) = start.map(|v| mid(v[0])) else { return Numbers::Silent };
        let mut ratios: Vec<(f64, f64)> = Vec::new();
        for k in 3..24 {
            let h = 0.5_f64.powi(k);
            let Some(v) = terms.at(start + h) else { continue };
            let gap = v[0] - v[1];
            let by = h.powi(order as i32);
            ratios.push((mid(gap) / by, 0.5 * gap.width() / by));
        }
        let sharp = |(value, error): &(f64, f64)| value.abs() > 4.0 * error;
        let last = ratios.windows(2).rev().find(|pair| sharp(&pair[0]) && sharp(&pair[1]));
        match last {
            Some(pair) if (pair[1].0 / pair[0].0).abs() < 0.75 => Numbers::Agree,
            Some(pair) => Numbers::Differ(format!("{pair:?} at {}", terms.place())),
            None if ratios.iter().any(|(value, error)| value.abs() + error < 1e-6) => Numbers::Agree,
            None => Numbers::Silent,
        }
    };
    together((0..SETS).map(along).collect())
}

/// The distance from the claimed limit must fall as the variable goes there.
pub fn limit(symbols: &Symbols, of: &Expr, variable: &str, to: &Place, equals: &Place) -> Numbers {
    let one_sided = symbols.get(variable) != Some(&Assumption::Real) || !matches!(to, Place::At(_));
    let along = |seed: u64| {
        let terms = Along::new(&[of.clone(), end_of(equals), end_of(to)], symbols, variable, seed / 2);
        let side = if seed.is_multiple_of(2) || one_sided { 1.0 } else { -1.0 };
        let Some(start) = Along::new(&[end_of(to)], symbols, variable, seed / 2).at(1.0) else {
            return Numbers::Silent;
        };
        let mut gaps = Vec::new();
        for k in 2..30 {
            let x = match to {
                Place::At(_) => mid(start[0]) + side * 0.5_f64.powi(k),
                Place::Infinity => 2.0_f64.powi(k).floor(),
                Place::MinusInfinity => -2.0_f64.powi(k),
            };
            let Some(v) = terms.at(x) else { continue };
            let gap = match equals {
                Place::At(_) => v[0] - v[1],
                Place::Infinity => Interval::point(1.0) / v[0],
                Place::MinusInfinity => Interval::point(-1.0) / v[0],
            };
            if gap.width() < 0.01 * (mid(gap).abs() + 1e-3) {
                gaps.push(mid(gap));
            }
        }
        let (Some(first), Some(last)) = (gaps.first(), gaps.last()) else { return Numbers::Silent };
        if gaps.len() < 8 {
            return Numbers::Silent;
        }
        let negative = !matches!(equals, Place::At(_)) && *last < 0.0;
        let half = gaps[gaps.len() / 2];
        match last.abs() {
            _ if negative => Numbers::Differ(format!("{gaps:?} at {}", terms.place())),
            gap if gap < 1e-4 * (1.0 + first.abs()) => Numbers::Agree,
            gap if gap > 0.95 * half.abs() => Numbers::Differ(format!("{gaps:?} at {}", terms.place())),
            _ => Numbers::Silent,
        }
    };
    together((0..2 * SETS).map(along).collect())
}

/// Nodes of the quadrature on either side of its middle.
const NODES: i32 = 200;

/// `x = φ(sinh t)` with steps of `h`: the sum and whether every node had a value.
fn quadrature(f: &dyn Fn(f64) -> Option<f64>, ends: (Option<f64>, Option<f64>), h: f64) -> Option<f64> {
    let mut sum = 0.0;
    for k in -NODES..=NODES {
        let t = h * f64::from(k);
        let (u, du) = (std::f64::consts::FRAC_PI_2 * t.sinh(), std::f64::consts::FRAC_PI_2 * t.cosh());
        let (x, dx) = match ends {
            (Some(a), Some(b)) => {
                let half = 0.5 * (b - a);
                (0.5 * (a + b) + half * u.tanh(), half * du / u.cosh().powi(2))
            }
            (Some(a), None) => (a + u.exp(), u.exp() * du),
            (None, Some(b)) => (b - u.exp(), u.exp() * du),
            (None, None) => (u.sinh(), u.cosh() * du),
        };
        if dx.abs() < 1e-280 || !dx.is_finite() || ends.0.is_some_and(|a| x <= a) || ends.1.is_some_and(|b| x >= b) {
            continue;
        }
        // Beyond what floats reach the integrand must have died out.
        if let Some(value) = f(x) {
            sum += h * value * dx;
        } else if x.abs() < 30.0 {
            return None;
        }
    }
    Some(sum)
}

/// The integral by quadrature with two step widths, against the claimed value.
pub fn integral(
    symbols: &Symbols,
    integrand: &Expr,
    variable: &str,
    [lower, upper]: [&Place; 2],
    equals: &Expr,
) -> Numbers {
    let along = |seed| {
        let inner = Along::new(std::slice::from_ref(integrand), symbols, variable, seed);
        let outer = Along::new(&[end_of(lower), end_of(upper), equals.clone()], symbols, variable, seed);
        let Some(values) = outer.at(1.0) else { return Numbers::Silent };
        let end = |place: &Place, at: usize| matches!(place, Place::At(_)).then(|| mid(values[at]));
        let (a, b) = (end(lower, 0), end(upper, 1));
        let (a, b, sign) = match (a, b) {
            (Some(a), Some(b)) if a > b => (Some(b), Some(a), -1.0),
            ends => (ends.0, ends.1, if matches!(lower, Place::Infinity) { -1.0 } else { 1.0 }),
        };
        // Far out a product of a huge and a tiny number is not resolved.
        let sharp = |v: &Interval, x: f64| mid(*v).is_finite() && (x.abs() < 30.0 || v.width() < 1e-6 * mid(*v).abs());
        let value = |x: f64| inner.at(x).filter(|v| sharp(&v[0], x)).map(|v| mid(v[0]));
        let (Some(coarse), Some(fine)) = (quadrature(&value, (a, b), 0.04), quadrature(&value, (a, b), 0.02)) else {
            return Numbers::Silent;
        };
        let claimed = mid(values[2]);
        let size = 1e-3 + fine.abs().max(claimed.abs());
        match (coarse - fine).abs() < 1e-8 * size {
            true if (sign * fine - claimed).abs() < 1e-6 * size => Numbers::Agree,
            true => Numbers::Differ(format!("{fine} against {claimed} at {}", outer.place())),
            false => Numbers::Silent,
        }
    };
    together((0..SETS).map(along).collect())
}
