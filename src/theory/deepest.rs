//! Where is the effective loss least, and is there no lower place?

use super::{NotApplicable, loss, stretch};
use crate::model::Model;
use crate::num::interval::Interval;
use crate::optim::{Certified, certified_minimum};

/// How much lower another place may be, as a share of the range of the effective loss.
const SHARE: f64 = 1e-9;

/// The least effective loss between two places.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Deepest {
    /// The place and value, and what is known of others.
    pub found: Certified,
    /// The stretch: the domain; on a line what is visited.
    pub between: (f64, f64),
    /// What counts as lower: by more than this.
    pub smallest_difference: f64,
}

/// The global minimum of `L_eff = L0 + L_SGD`, certified by enclosures over the stretch.
///
/// # Errors
/// [`NotApplicable`], where there is no effective loss or no stretch; `None` where its values are not finite.
pub fn deepest(model: &Model) -> Result<Option<Deepest>, NotApplicable> {
    let formula = loss(model).effective?;
    let between = stretch(model)?;
    let tape = model.compile(&[formula]);
    let enclose = |x: Interval| {
        let found = tape.dual_intervals(&[x], 0)[0];
        (found.0, found.1)
    };
    let values: Vec<f64> = (0..=256)
        .map(|k| tape.value(between.0 + (between.1 - between.0) * f64::from(k) / 256.0))
        .filter(|value| value.is_finite())
        .collect();
    let range =
        values.iter().copied().fold(f64::NEG_INFINITY, f64::max) - values.iter().copied().fold(f64::INFINITY, f64::min);
    let smallest_difference = SHARE * range.max(f64::MIN_POSITIVE);
    let found = certified_minimum(&enclose, between.0, between.1, smallest_difference).ok();
    Ok(found.map(|found| Deepest { found, between, smallest_difference }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(loss: &str, flatness: &str, delta: f64) -> Model {
        let text = format!(
            r#"Model(name: "t", floor: (coordinate: "x", domain: Interval(lower: -4, upper: 4), loss: "{loss}"),
                sharp: [(flatness: "{flatness}")], noise: Langevin(delta: {delta}, kappa: 3))"#
        );
        Model::read(&text, &[]).expect("a valid model")
    }

    /// `L_eff = κ(L0 + Δ(1/κ − 1) ln F)`: for `L0 = x²/2`, `F = F0(1+x²)` it is least at 0 up to `Δ(1−1/κ)·2 = 1`, beyond at
    /// `x² = 2Δ(1−1/κ) − 1` on either side.
    #[test]
    fn it_leaves_the_minimum_of_the_floor_where_the_joint_mode_does() {
        for (delta, expected) in [(0.7, 0.0), (1.5, 1.0)] {
            let found = deepest(&model("x^2/2", "0.02*(1+x^2)", delta)).expect("applies").expect("finite");
            assert!((found.found.minimum.at.abs() - expected).abs() < 1e-5, "{found:?}");
            let none_below = found.found.none_below.expect("certified");
            assert!(found.found.minimum.value - none_below <= 1.001 * found.smallest_difference, "{found:?}");
        }
    }

    #[test]
    fn of_two_wells_the_flatter_one_wins_although_its_loss_is_higher() {
        let tilted = "(x^2-1)^2+0.02*x";
        let (level, noisy) = (model(tilted, "0.1+0.02*tanh(2*x)", 1e-4), model(tilted, "0.1+0.02*tanh(2*x)", 0.3));
        let place = |m: &Model| deepest(m).expect("applies").expect("finite").found;
        assert!(place(&level).minimum.at < -0.9 && place(&noisy).minimum.at > 0.9);
        assert!(place(&noisy).none_below.is_some());
    }
}
