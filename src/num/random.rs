//! Seeded streams of random numbers.
