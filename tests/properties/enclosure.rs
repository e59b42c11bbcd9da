//! Intervals hold what they promise, and not much more.

use super::support::{claim, holds, near};
use crate::generate::{Formula, Kind, formulas, models};
use thalweg::eval::Tape;
use thalweg::expr::{Names, parse};
use thalweg::num::domain::Domain;
use thalweg::num::interval::Interval;

fn tape(formula: &Formula) -> Result<Tape, String> {
    let term = parse(&formula.text, &Names::of(["x"])).map_err(|e| e.message)?;
    Tape::compile(&[term.clone(), term.derivative("x")], &["x"], &|_| None).map_err(|e| e.to_string())
}

#[test]
fn an_enclosure_holds_every_value_inside() {
    holds("enclosure::an_enclosure_holds_every_value_inside", 300, &formulas(4), |formula| {
        let tape = tape(formula)?;
        for (a, b) in [(-2.0, 1.5), (0.25, 0.75), (-0.125, 0.0), (3.0, 9.0)] {
            let found = tape.intervals(&[Interval::new(a, b)]);
            for k in 0..=40 {
                let x = a + (b - a) * f64::from(k) / 40.0;
                let values = tape.at(&[x]);
                for (value, enclosure) in values.iter().zip(&found) {
                    // Values are rounded, enclosures are outward: a value may lie on the edge by its own rounding.
                    let slack = 1e-12 * (1.0 + value.abs());
                    let wide = Interval::new(enclosure.lower - slack, enclosure.upper + slack);
                    claim!(value.is_nan() || wide.contains(*value), "{value} at {x} outside {enclosure:?}");
                }
            }
        }
        Ok(())
    });
}

#[test]
fn the_enclosure_of_a_point_is_tight() {
    holds("enclosure::the_enclosure_of_a_point_is_tight", 300, &formulas(3), |formula| {
        let tape = tape(formula)?;
        for x in [-1.7, -0.3, 0.4, 2.2] {
            let value = tape.at(&[x])[0];
            let found = tape.intervals(&[Interval::point(x)])[0];
            if value.abs() < 1e3 {
                claim!(found.width() <= 1e-9 * (1.0 + value.abs()), "width {} at {x}", found.width());
            }
        }
        Ok(())
    });
}

/// The width falls in proportion to that of the box: natural enclosures are of first order.
#[test]
fn enclosures_shrink_with_their_box() {
    holds("enclosure::enclosures_shrink_with_their_box", 200, &formulas(3), |formula| {
        let tape = tape(formula)?;
        for x in [-0.9, 0.35] {
            let width = |r: f64| tape.intervals(&[Interval::new(x - r, x + r)])[0].width();
            let (wide, narrow) = (width(1e-2), width(1e-3));
            if wide.is_finite() && wide < 10.0 {
                claim!(narrow <= 0.2 * wide + 1e-12, "{narrow} in a box a tenth of that of {wide}");
            }
        }
        Ok(())
    });
}

#[test]
fn enclosed_slopes_hold_the_slopes() {
    holds("enclosure::enclosed_slopes_hold_the_slopes", 200, &formulas(3), |formula| {
        let tape = tape(formula)?;
        let (a, b) = (-0.6, 0.9);
        let (_, slopes) = tape.dual_intervals(&[Interval::new(a, b)], 0)[0];
        for k in 0..=20 {
            let (_, slope) = tape.duals(&[a + (b - a) * f64::from(k) / 20.0], 0)[0];
            let slack = 1e-11 * (1.0 + slope.abs());
            let held = slope.is_nan() || (slopes.lower - slack <= slope && slope <= slopes.upper + slack);
            claim!(held, "{slope} outside {slopes:?}");
        }
        Ok(())
    });
}

/// What the reader of models certified is so, at ten thousand places.
#[test]
fn certified_curvatures_are_positive() {
    holds("enclosure::certified_curvatures_are_positive", 60, &models(Kind::ANY), |posed| {
        let model = posed.model();
        let doubts = model.warnings().iter().find(|w| w.contains("positive"));
        claim!(doubts.is_none(), "{doubts:?}");
        let formulas: Vec<_> = model.sharp().iter().map(|s| s.curvature.clone()).collect();
        let tape = model.compile(&formulas);
        let (a, b) = model.domain().ends().unwrap_or((-50.0, 50.0));
        for k in 0..=10_000 {
            let values = tape.at(&[(a + (b - a) * f64::from(k) / 10_000.0).min(b)]);
            claim!(values.iter().all(|v| *v > 0.0), "{values:?}");
        }
        Ok(())
    });
}

#[test]
fn periodic_landscapes_close() {
    let kind = Kind { line: false, interval: false, ..Kind::ANY };
    holds("enclosure::periodic_landscapes_close", 60, &models(kind), |posed| {
        let model = posed.model();
        let Domain::Periodic { lower, upper } = model.domain() else { return Err("no circle".into()) };
        let mut formulas: Vec<_> = model.sharp().iter().map(|s| s.curvature.clone()).collect();
        formulas.push(model.floor_loss().clone());
        let tape = model.compile(&formulas);
        for (a, b) in tape.at(&[lower]).iter().zip(tape.at(&[upper])) {
            claim!(near(*a, b, 1e-11, 1e-11), "{a} at one end, {b} at the other");
        }
        Ok(())
    });
}
