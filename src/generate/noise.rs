//! Random hyperparameters.

use super::{Saved, decades};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

/// Hyperparameters of a run of SGD.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hyperparameters {
    /// `η`, 1e-5 to 10.
    pub learning_rate: f64,
    /// `B`, 1 to 10 000.
    pub batch_size: f64,
    /// `β`, 0 to 0.99.
    pub momentum: f64,
    /// `κ`, 0.1 to 100.
    pub kappa: f64,
}

/// Hyperparameters over decades.
pub fn hyperparameters() -> impl Strategy<Value = Hyperparameters> {
    let momentum = prop_oneof![Just(0.0), (1u32..100).prop_map(|n| f64::from(n) / 100.0)];
    (decades(-5, 1), decades(0, 4), momentum, decades(-1, 2)).prop_map(
        |(learning_rate, batch_size, momentum, kappa)| Hyperparameters {
            learning_rate,
            batch_size: batch_size.round(),
            momentum,
            kappa,
        },
    )
}

impl Saved for Hyperparameters {
    fn to_ron(&self) -> String {
        format!("{self:?}")
    }

    fn from_ron(text: &str) -> Result<Hyperparameters, String> {
        ron::from_str(text).map_err(|e| e.to_string())
    }
}
