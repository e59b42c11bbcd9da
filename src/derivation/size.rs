//! How large a formula may be, abbreviations written out.

use crate::expr::{Expr, Node};
use std::collections::HashMap;
use thiserror::Error;

/// Most terms of a formula, abbreviations written out and repeated terms counted each time.
const MOST_TERMS: u64 = 20_000;
/// Deepest formula, abbreviations written out.
const DEEPEST: usize = 400;
/// Most derivatives taken one of another, abbreviations written out.
const MOST_DERIVATIVES: u32 = 16;

/// What there is too much of in a formula.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(super) enum Excess {
    #[error("the formula is too large with its abbreviations written out: {0} terms")]
    Terms(u64),
    #[error("the formula is nested too deep with its abbreviations written out: {0} terms one in another")]
    Depth(usize),
    #[error("{0} derivatives are taken one of another")]
    Derivatives(u32),
}

impl Excess {
    /// What is accepted.
    pub(super) fn accepted(self) -> String {
        match self {
            Excess::Terms(_) => format!("at most {MOST_TERMS} terms, repeated ones counted each time"),
            Excess::Depth(_) => format!("at most {DEEPEST} terms one in another"),
            Excess::Derivatives(_) => format!("at most {MOST_DERIVATIVES}"),
        }
    }
}

/// Whether a formula, its abbreviations written out, is within what is read.
pub(super) fn small_enough(whole: &Expr) -> Result<(), Excess> {
    if whole.depth() > DEEPEST {
        return Err(Excess::Depth(whole.depth()));
    }
    let terms = terms_written(whole, &mut HashMap::new());
    if terms > MOST_TERMS {
        return Err(Excess::Terms(terms));
    }
    let derivatives = derivatives_nested(whole, &mut HashMap::new());
    if derivatives > MOST_DERIVATIVES { Err(Excess::Derivatives(derivatives)) } else { Ok(()) }
}

/// Terms of a formula as it would be written, repeated ones counted each time.
fn terms_written(e: &Expr, known: &mut HashMap<Expr, u64>) -> u64 {
    if let Some(count) = known.get(e) {
        return *count;
    }
    let count = e.children().iter().fold(1u64, |sum, c| sum.saturating_add(terms_written(c, known)));
    known.insert(e.clone(), count);
    count
}

/// Derivatives that are taken one of another, at most.
fn derivatives_nested(e: &Expr, known: &mut HashMap<Expr, u32>) -> u32 {
    if let Some(count) = known.get(e) {
        return *count;
    }
    let below = e.children().iter().map(|c| derivatives_nested(c, known)).max().unwrap_or(0);
    let count = match e.node() {
        Node::Derivative { order, .. } => below.saturating_add(*order),
        _ => below,
    };
    known.insert(e.clone(), count);
    count
}
