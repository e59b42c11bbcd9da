//! Random questions for tests: valid models, hyperparameters, matrices, formulas and derivations, as strategies of `proptest`.
//!
//! Everything generated is text that the readers of this crate accept, so that whatever a test fails on can be saved, read and
//! run again: [`Saved::to_ron`] is a model file, a derivation file, or a RON value. Numbers are decimals of two or three figures
//! and shrink towards simple ones.
//!
//! ```
//! use proptest::prelude::*;
//! use thalweg::generate::{Kind, models};
//!
//! proptest!(|(posed in models(Kind::ANY))| {
//!     assert!(posed.model().directions() >= 1, "{posed:?}");
//! });
//! ```

mod derivation;
mod formula;
mod landscape;
mod matrix;
mod noise;
mod posed;
mod saved;

pub use derivation::{Derived, derivations};
pub use formula::{Formula, Shape, formulas};
pub use landscape::{curvatures, floors};
pub use matrix::{SpdPair, spd_pairs};
pub use noise::{Hyperparameters, hyperparameters};
pub use posed::{Kind, Posed, Recipe, models};
pub use saved::Saved;

use proptest::prelude::*;

/// A decimal between two others, of so many places: `(150, 900, 2)` is 1.50 to 9.00. It shrinks towards the lower end.
pub fn decimals(from: i64, to: i64, places: i32) -> impl Strategy<Value = f64> + Clone {
    (from..=to).prop_map(move |n| n as f64 / 10f64.powi(places))
}

/// A number of two figures between `10^from` and `10^to`, evenly over the decades.
pub fn decades(from: i32, to: i32) -> impl Strategy<Value = f64> + Clone {
    (from..to, 10u32..100).prop_map(|(exponent, figures)| format!("{figures}e{}", exponent - 1).parse().unwrap_or(1.0))
}
