//! How much is simulated, with which random numbers, and who may stop it. Fixed before a path is drawn.

use crate::eval::Simd;
use crate::sim::SimError;
use thiserror::Error;

/// How much may be simulated, and from which seed.
#[derive(Clone, Debug, PartialEq)]
pub struct Effort {
    /// The most walkers of a screening sample; the sample that decides has four times as many.
    pub walkers: usize,
    /// The most walker-steps of a screening sample: where the chain needs more steps, there are fewer walkers. Spent only as
    /// far as the wanted power asks for them.
    pub walker_steps: u64,
    /// Seed from which the seeds of all samples derive.
    pub seed: u64,
    /// Threads; 0: one per core. Results do not depend on it.
    pub threads: usize,
    /// Instructions that formulas may use. Results do not depend on it.
    pub simd: Simd,
}

impl Default for Effort {
    /// Seconds per model on two cores.
    fn default() -> Effort {
        Effort { walkers: 1 << 16, walker_steps: 500_000_000, seed: 0, threads: 0, simd: Simd::detect() }
    }
}

impl Effort {
    /// Smaller samples: a part of the time and of the power.
    pub fn quick() -> Effort {
        Effort { walkers: 1 << 13, walker_steps: 60_000_000, ..Effort::default() }
    }

    /// The seed of a sample: a different one for every purpose and stage (SplitMix64's finaliser).
    pub(super) fn seed_for(&self, purpose: u64, stage: Stage) -> u64 {
        let mut z = self.seed ^ (2 * purpose + stage as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

/// A claim fails only if two independent samples object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// The first sample. Its objection is not believed yet.
    Screen = 0,
    /// A fresh, four times larger sample of another seed; drawn where the first objects.
    Decide = 1,
}

/// Chance that one sample objects to a true claim. Both must: 10⁻⁶ for a claim, 3·10⁻⁴ for 300 claims of a suite.
pub(super) const FALSE_ALARM: f64 = 1e-3;

/// Whoever looked on asked for an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("interrupted")]
pub struct Interrupted;

/// Why there is no sample.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Refusal {
    /// Somebody stopped it.
    Interrupted,
    /// The chain is too slow for the effort.
    TooSlow(String),
    /// There is nothing to be told.
    Pointless(String),
    /// It cannot be had, or not trusted.
    Undecided(String),
}

impl From<SimError> for Refusal {
    fn from(error: SimError) -> Refusal {
        match error {
            SimError::Interrupted { .. } => Refusal::Interrupted,
            other => Refusal::Undecided(other.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_purpose_and_stage_has_its_own_seed() {
        let mut seeds: Vec<u64> = (0..200)
            .flat_map(|purpose| {
                [Stage::Screen, Stage::Decide]
                    .map(|stage| Effort { seed: 3, ..Effort::default() }.seed_for(purpose, stage))
            })
            .collect();
        seeds.sort_unstable();
        seeds.dedup();
        assert_eq!(seeds.len(), 400);
        assert_ne!(Effort::default().seed_for(1, Stage::Screen), seeds[0]);
    }
}
