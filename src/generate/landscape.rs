//! Landscapes along the floor: polynomial, trigonometric, exponential and rational formulas of `x`, of positive curvature by their
//! form, and losses that confine where the domain does not.

use super::decimals;
use crate::model::Domain;
use proptest::prelude::*;

/// Formulas of a curvature of the size of `scale` (the formula itself is `scale` times a shape), positive everywhere on the domain.
/// On a line they stay between two positive numbers or grow as `x²`, so that every noise strength is confined by a quadratic loss.
/// On a circle of length 2π they are periodic.
pub fn curvatures(domain: Domain, scale: f64) -> BoxedStrategy<String> {
    let (part, wide, phase) = (decimals(5, 60, 2), decimals(5, 30, 1), decimals(-30, 30, 1));
    let times = 1u32..=2;
    match domain {
        Domain::Periodic { .. } => prop_oneof![
            (part.clone(), times.clone(), phase.clone())
                .prop_map(move |(a, k, p)| format!("{scale}*(1+{a}*sin({k}*x+{p}))")),
            (part.clone(), part.clone()).prop_map(move |(a, b)| format!("{scale}*(1+{a}*cos(x)^2+{b}*cos(x)^4)")),
            (part.clone(), phase.clone()).prop_map(move |(a, p)| format!("{scale}*exp({a}*cos(x+{p}))")),
            (part, times).prop_map(move |(a, k)| format!("{scale}/(1+{a}*sin({k}*x)^2)")),
        ]
        .boxed(),
        _ => prop_oneof![
            (part.clone(), wide.clone(), phase.clone())
                .prop_map(move |(a, w, p)| format!("{scale}*(1+{a}*sin(x/{w}+{p}))")),
            (part.clone(), decimals(-20, 20, 1)).prop_map(move |(a, m)| format!("{scale}*(1+{a}*(x-{m})^2)")),
            (part.clone(), wide.clone()).prop_map(move |(a, w)| format!("{scale}*exp({a}*tanh(x/{w}))")),
            (part, wide).prop_map(move |(a, w)| format!("{scale}*(1+{a}/(1+(x/{w})^2))")),
        ]
        .boxed(),
    }
}

/// Formulas of a loss along the floor, of the size of `scale`: confining on a line, periodic on a circle.
pub fn floors(domain: Domain, scale: f64) -> BoxedStrategy<String> {
    let (part, phase) = (decimals(5, 90, 2), decimals(-30, 30, 1));
    match domain {
        Domain::Line => prop_oneof![
            Just(format!("{scale}*x^2/2")),
            (part.clone(), phase.clone()).prop_map(move |(a, m)| format!("{scale}*((x-{m})^2/2+{a}*x^4/10)")),
            part.prop_map(move |a| format!("{scale}*(x^2/2+{a}*cos(x))")),
        ]
        .boxed(),
        Domain::Interval { .. } => prop_oneof![
            Just("0".to_owned()),
            phase.clone().prop_map(move |m| format!("{scale}*(x-{m})^2/2")),
            (part.clone(), phase).prop_map(move |(a, p)| format!("{scale}*{a}*cos(x+{p})")),
            part.clone().prop_map(move |a| format!("{scale}*x/(1+{a}*x^2)")),
            part.prop_map(move |a| format!("{scale}*exp(-{a}*x^2)")),
        ]
        .boxed(),
        Domain::Periodic { .. } => prop_oneof![
            Just("0".to_owned()),
            (part.clone(), 1u32..=3, phase.clone()).prop_map(move |(a, k, p)| format!("{scale}*{a}*cos({k}*x+{p})")),
            (part.clone(), phase).prop_map(move |(a, p)| format!("{scale}*exp({a}*sin(x+{p}))")),
            part.prop_map(move |a| format!("{scale}/(1+{a}*cos(x)^2)")),
        ]
        .boxed(),
    }
}
