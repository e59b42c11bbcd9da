//! What does this number measure? Quantities that must not be interchanged by accident, and the unit each is printed with.
//!
//! The unit of loss and the unit of weight `w` are the two base units; time is `w²/loss`, temperature and noise strength are loss.

use serde::{Deserialize, Serialize};

macro_rules! quantity {
    ($(#[$doc:meta])* $name:ident, $unit:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub f64);
        impl $name {
            /// The unit it is printed with.
            pub const UNIT: &'static str = $unit;
            /// The bare number.
            pub fn value(self) -> f64 { self.0 }
        }
    };
}

quantity!(
    /// Learning rate `η`: the time that one step takes.
    LearningRate, "w²/loss");
quantity!(
    /// Noise strength `Δ` (a diffusion coefficient) or floor temperature `T = Δ/κ`.
    Temperature, "loss");
quantity!(
    /// Continuous time `t = learning_rate * step`.
    Time, "w²/loss");
