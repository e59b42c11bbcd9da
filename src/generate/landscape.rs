//! Landscapes along the floor: polynomial, trigonometric, exponential and rational formulas of `x`, of positive curvature by their
//! form, and losses that confine where the domain does not.
//!
//! A landscape is drawn as a few numbers that do not depend on each other, so that each of them shrinks on its own.

use super::decimals;
use crate::model::Domain;
use proptest::prelude::*;

/// The numbers of one formula: which form it has, two parts of one, a width, a phase and how many waves.
#[derive(Clone, Copy, Debug)]
pub(super) struct Drawn {
    form: usize,
    a: f64,
    b: f64,
    wide: f64,
    phase: f64,
    times: u32,
}

/// The numbers of a formula.
pub(super) fn drawn() -> impl Strategy<Value = Drawn> + Clone {
    (0..5usize, decimals(5, 60, 2), decimals(5, 60, 2), decimals(5, 30, 1), decimals(-30, 30, 1), 1u32..=2)
        .prop_map(|(form, a, b, wide, phase, times)| Drawn { form, a, b, wide, phase, times })
}

impl Drawn {
    /// A curvature of the size of `scale`, positive everywhere: periodic with 2π on a circle, between two positive numbers or growing
    /// as `x²` elsewhere, so that every noise strength is confined by a quadratic loss.
    pub(super) fn curvature(&self, domain: Domain, scale: f64) -> String {
        let Drawn { form, a, b, wide, phase, times } = self;
        match (domain.is_periodic(), form % 4) {
            (true, 0) => format!("{scale}*(1+{a}*sin({times}*x+{phase}))"),
            (true, 1) => format!("{scale}*(1+{a}*cos(x)^2+{b}*cos(x)^4)"),
            (true, 2) => format!("{scale}*exp({a}*cos(x+{phase}))"),
            (true, _) => format!("{scale}/(1+{a}*sin({times}*x)^2)"),
            (false, 0) => format!("{scale}*(1+{a}*sin(x/{wide}+{phase}))"),
            (false, 1) => format!("{scale}*(1+{a}*(x-({}))^2)", 0.5 * phase),
            (false, 2) => format!("{scale}*exp({a}*tanh(x/{wide}))"),
            (false, _) => format!("{scale}*(1+{a}/(1+(x/{wide})^2))"),
        }
    }

    /// A loss along the floor of the size of `scale`: confining on a line, periodic with 2π on a circle.
    pub(super) fn floor(&self, domain: Domain, scale: f64) -> String {
        let Drawn { form, a, phase, times, .. } = self;
        match (domain, form) {
            (Domain::Line, 0 | 3) => format!("{scale}*x^2/2"),
            (Domain::Line, 1) => format!("{scale}*((x-({phase}))^2/2+{a}*x^4/10)"),
            (Domain::Line, _) => format!("{scale}*(x^2/2+{a}*cos(x))"),
            (_, 0) => "0".to_owned(),
            (Domain::Interval { .. }, 1) => format!("{scale}*(x-({phase}))^2/2"),
            (Domain::Interval { .. }, 2) => format!("{scale}*{a}*cos(x+{phase})"),
            (Domain::Interval { .. }, 3) => format!("{scale}*x/(1+{a}*x^2)"),
            (Domain::Interval { .. }, _) => format!("{scale}*exp(-{a}*x^2)"),
            (Domain::Periodic { .. }, 1) => format!("{scale}*{a}*cos({times}*x+{phase})"),
            (Domain::Periodic { .. }, 2) => format!("{scale}*exp({a}*sin(x+{phase}))"),
            (Domain::Periodic { .. }, _) => format!("{scale}/(1+{a}*cos(x)^2)"),
        }
    }
}

/// Formulas of a curvature of the size of `scale`, positive everywhere on the domain (a circle has length 2π).
pub fn curvatures(domain: Domain, scale: f64) -> BoxedStrategy<String> {
    drawn().prop_map(move |d| d.curvature(domain, scale)).boxed()
}

/// Formulas of a loss along the floor, of the size of `scale`: confining on a line, periodic on a circle of length 2π.
pub fn floors(domain: Domain, scale: f64) -> BoxedStrategy<String> {
    drawn().prop_map(move |d| d.floor(domain, scale)).boxed()
}
