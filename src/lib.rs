//! `thalweg`: what stochastic gradient descent does in a valley of the loss.
//!
//! A thalweg is the line that follows the lowest points of a valley. A model file goes in, a verdict comes out, and
//! every step between can be read, replayed and doubted. The rooms of the house and the arrows between them are drawn
//! in `docs/ARCHITECTURE.md`; a room may use the rooms below it and never those above.
#![warn(missing_docs)]

pub mod archive;
pub mod check;
pub mod derivation;
pub mod document;
pub mod eval;
pub mod expr;
pub mod finite_volume;
pub mod fit;
pub mod fokker_planck;
pub mod model;
pub mod network;
pub mod num;
pub mod optim;
pub mod proof;
pub mod report;
pub mod sim;
pub mod stats;
pub mod theory;
pub mod transfer;
pub mod tune;
pub mod units;

#[cfg(feature = "cli")]
pub mod cli;
#[cfg(feature = "generators")]
pub mod generate;
