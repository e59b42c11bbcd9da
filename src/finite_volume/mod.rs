//! What does the density do, for a loss of any form? Conservative finite volumes in two dimensions.
//!
//! A second ground truth beside [`crate::fokker_planck`], with which it shares no code and no idea: nothing is expanded, no
//! valley is assumed, and the unknowns are probabilities of cells. Fluxes fit exponentials (see [`Problem`]), so that the law is
//! positive, keeps its mass to rounding and is Boltzmann's exactly where there is one. Errors fall as the square of the
//! cells' size; three nested grids give a value of higher order with an estimate of its error.

mod axis;
mod evolve;
mod flux;
mod stationary;
#[cfg(test)]
mod tests;
mod valley;

pub use axis::{Axis, Ends, Grid};
pub use evolve::{Scheme, evolve};
pub use flux::{Problem, function_of};
pub use stationary::{Density2D, Extrapolated, extrapolated, stationary};
pub use valley::{Solution, solve};

use crate::model::NoLangevin;
use thiserror::Error;

/// Why there is no density on a grid, or none that can be trusted.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum Unsolved {
    /// The noise has no Langevin limit.
    #[error(transparent)]
    NoLangevin(#[from] NoLangevin),
    /// One more direction is one more dimension of the grid.
    #[error("{directions} sharp directions vary along the floor: that is a grid of {} dimensions, two can be solved", directions + 1)]
    TooManyDirections {
        /// Directions that vary.
        directions: usize,
    },
    /// The nodes do not ascend, or are too few.
    #[error("the nodes of the grid must ascend, at least three on an axis")]
    Grid,
    /// A loss or a diffusion that is not finite, or a diffusion that is not positive.
    #[error("the loss or the noise has no usable value at ({x}, {y})")]
    NotFinite {
        /// The place along the floor.
        x: f64,
        /// The place across.
        y: f64,
    },
    /// Where the probability is could not be told.
    #[error("the stretch of floor to be covered is not known: {0}")]
    Unconfined(String),
    /// The grid has more nodes than can be solved.
    #[error("the grid has {states} nodes with {band} between neighbours, more than can be solved")]
    TooLarge {
        /// Number of nodes.
        states: usize,
        /// Distance of neighbours in the order of elimination.
        band: usize,
    },
    /// The grid falls apart to working accuracy.
    #[error("the cells do not hang together to working accuracy")]
    Singular,
    /// No grid that can be solved is fine enough.
    #[error("the cells do not become fine enough: error {error:.1e} of the peak")]
    NotResolved {
        /// The error reached, relative to the peak.
        error: f64,
    },
    /// A time or a number of steps that is not positive.
    #[error("a time and the number of its steps must be positive, not {time} and {steps}")]
    Time {
        /// The time.
        time: f64,
        /// The steps.
        steps: usize,
    },
}
