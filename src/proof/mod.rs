//! Is this step licensed?
//!
//! The kernel reads terms, never the simplifier, and answers a claim with proved, refuted or unknown.

mod claim;

pub use claim::{Assumption, Claim, Place, Range, Symbols};
