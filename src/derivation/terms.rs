//! The terms of a claim, whatever its kind.

use crate::expr::Expr;
use crate::proof::{Claim, Place};
use std::cell::RefCell;
use std::collections::BTreeSet;

/// The names of all symbols in it.
pub(super) fn symbols(claim: &Claim) -> BTreeSet<String> {
    let names = RefCell::new(BTreeSet::new());
    with_terms(claim, &|term| {
        names.borrow_mut().extend(term.symbols());
        term.clone()
    });
    names.into_inner()
}

/// The claim with every term replaced.
pub(super) fn with_terms(claim: &Claim, f: &dyn Fn(&Expr) -> Expr) -> Claim {
    let place = |p: &Place| match p {
        Place::At(e) => Place::At(f(e)),
        other => other.clone(),
    };
    match claim {
        Claim::Equal { left, right } => Claim::Equal { left: f(left), right: f(right) },
        Claim::Limit { of, variable, to, equals } => {
            Claim::Limit { of: f(of), variable: variable.clone(), to: place(to), equals: place(equals) }
        }
        Claim::Series { of, variable, about, order, equals } => {
            Claim::Series { of: f(of), variable: variable.clone(), about: f(about), order: *order, equals: f(equals) }
        }
        Claim::Integral { integrand, variable, lower, upper, equals, antiderivative } => Claim::Integral {
            integrand: f(integrand),
            variable: variable.clone(),
            lower: place(lower),
            upper: place(upper),
            equals: f(equals),
            antiderivative: antiderivative.as_ref().map(f),
        },
        Claim::Positive { expression, over } => Claim::Positive { expression: f(expression), over: over.clone() },
        Claim::Less { smaller, larger, over } => {
            Claim::Less { smaller: f(smaller), larger: f(larger), over: over.clone() }
        }
        Claim::Stationary { density, drift, diffusion, variables } => Claim::Stationary {
            density: f(density),
            drift: drift.iter().map(f).collect(),
            diffusion: diffusion.iter().map(|row| row.iter().map(f).collect()).collect(),
            variables: variables.clone(),
        },
    }
}
