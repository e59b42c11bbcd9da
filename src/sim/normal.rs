//! Standard normal numbers, the same bits on every machine.

use super::checkpoint::Exchange;
use crate::num::function;
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};
use serde::{Deserialize, Serialize};

/// A stream of random numbers of one block.
#[derive(Clone)]
pub(crate) struct Stream(Xoshiro256PlusPlus);

/// The words of a generator, which keeps them to itself but for this way out.
#[derive(Default, Serialize, Deserialize)]
struct State {
    s: [u64; 4],
}

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
    /// Where the stream stands.
    pub(super) fn exchange(&mut self, with: &mut dyn Exchange) {
        let mut state = State::deserialize(serde_json::to_value(&self.0).unwrap_or_default()).unwrap_or_default();
        state.s.iter_mut().for_each(|word| with.word(word));
        if let Some(stream) = serde_json::to_value(&state).ok().and_then(|v| serde_json::from_value(v).ok()) {
            self.0 = stream;
        }
    }

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

#[cfg(test)]
mod tests {
    use super::super::checkpoint::{Reader, Writer};
    use super::*;

    #[test]
    fn a_stream_goes_on_where_it_was_written() {
        let mut stream = streams(3, 2).remove(1);
        stream.normals(&mut [0.0; 5]);
        let mut writer = Writer::default();
        stream.exchange(&mut writer);
        let mut other = streams(0, 1).remove(0);
        let mut reader = Reader::of(&writer.0);
        other.exchange(&mut reader);
        assert!(reader.is_done());
        let (mut one, mut two) = ([0.0; 8], [0.0; 8]);
        stream.normals(&mut one);
        other.normals(&mut two);
        assert_eq!(one, two);
    }
}
