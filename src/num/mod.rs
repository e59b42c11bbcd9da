//! How is this computed without losing it? Exact ratios, enclosures, portable functions, piecewise polynomials,
//! quadrature, sums and seeded streams.
//!
//! This is the only room that may call an elementary function of the platform; everybody else takes
//! them from [`function`], which gives the same bits on every machine.

pub mod chain;
pub mod density;
pub mod diffusion;
pub mod domain;
pub mod enclosure;
pub mod function;
pub mod interval;
pub mod piecewise;
pub mod rational;
pub mod sum;
mod survey;
