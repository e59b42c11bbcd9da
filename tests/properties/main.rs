//! Claims that hold for every model, tried on random ones.
//!
//! Each test is named after its claim and stands in the file of its kind. A case that fails is made as simple as it can be, saved as
//! a file under `target/failures/`, and the message says the one command that runs it again.

// The room of generators as it stands in the source: the feature that exports it need not be on. It finds the rooms below it here.
#[allow(dead_code, unused_imports)]
#[path = "../../src/generate/mod.rs"]
mod generate;
#[allow(unused_imports)]
use thalweg::{model, num};

mod cli;
mod enclosure;
mod golden;
mod identity;
mod invariance;
mod law;
mod order;
mod refusal;
mod stream;
mod support;
