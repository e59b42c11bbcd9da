//! Standard normal numbers, the same bits on every machine.

use crate::num::function;
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

/// A stream of random numbers of one block.
#[derive(Clone)]
pub(crate) struct Stream(Xoshiro256PlusPlus);

/// `count` streams that do not overlap within 2^128 numbers.
pub(crate) fn streams(seed: u64, count: usize) -> Vec<Stream> {
    let mut next = Xoshiro256PlusPlus::seed_from_u64(seed);
    (0..count)
        .map(|_| {
            let own = next.clone();
            next.jump();
            Stream(own)
        })
        .collect()
}

impl Stream {
    /// Uniform in `[0, 1)`, a multiple of 2^-53.
    pub(crate) fn uniform(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// Fills with independent standard normals by Marsaglia's polar method: one portable logarithm for two numbers.
    /// (The ziggurat of `rand_distr` calls the platform's `exp` in its tails.)
    pub(crate) fn normals(&mut self, out: &mut [f64]) {
        for pair in out.chunks_mut(2) {
            let (a, b, square) = loop {
                let (a, b) = (2.0 * self.uniform() - 1.0, 2.0 * self.uniform() - 1.0);
                let square = a * a + b * b;
                if square < 1.0 && square > 0.0 {
                    break (a, b, square);
                }
            };
            let radius = (-2.0 * function::ln(square) / square).sqrt();
            pair[0] = a * radius;
            if let Some(second) = pair.get_mut(1) {
                *second = b * radius;
            }
        }
    }
}
