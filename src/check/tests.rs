use super::*;
use crate::sim::Unwatched;

fn model(text: &str) -> Model {
    Model::read(text, &[]).expect("a model")
}

fn valley(curvature: &str, noise: &str) -> Model {
    model(&format!(
        "Model(name: \"valley\", floor: (coordinate: \"x\", domain: Interval(lower: -4, upper: 4), loss: \"x^2/2\"), \
         sharp: [(curvature: \"{curvature}\")], noise: {noise})"
    ))
}

#[track_caller]
fn verdicts(theory: &Model, solved: &Model, walked: &Model, effort: &Effort) -> Vec<(&'static str, Verdict)> {
    let report = examine(theory, solved, walked, effort, &Unwatched).expect("nobody stops it");
    report.checks.iter().map(|c| (c.claim, c.verdict)).collect()
}

#[track_caller]
fn verdict_of(verdicts: &[(&'static str, Verdict)], claim: &str) -> Verdict {
    verdicts.iter().find(|(c, _)| c.contains(claim)).unwrap_or_else(|| panic!("no claim about {claim}")).1
}

const SOFT: &str = "30*(1+sin(x)/2)";

/// κ + 10 %, 2Δ, and a dropped ½ of `½Δ ln λ` (a curvature squared).
fn wrong_valleys() -> [Model; 3] {
    [
        valley(SOFT, "Langevin(delta: 1, kappa: 3.3)"),
        valley(SOFT, "Langevin(delta: 2, kappa: 3)"),
        valley("(30*(1+sin(x)/2))^2/30", "Langevin(delta: 1, kappa: 3)"),
    ]
}

/// Chance that the right theory fails here: four simulated claims of 1e-6 each. Every wrong constant is caught whichever
/// witness has it: the theory, or the exact solve and with it all that simulation is held against.
#[test]
fn a_right_theory_passes_and_wrong_constants_fail_against_both_witnesses() {
    let effort = Effort { walkers: 1 << 14, ..Effort::quick() };
    let right = valley(SOFT, "Langevin(delta: 1, kappa: 3)");
    let seen = verdicts(&right, &right, &right, &effort);
    assert!(seen.iter().all(|(_, v)| !matches!(v, Verdict::Fail | Verdict::Undecided)), "{seen:?}");
    for wrong in wrong_valleys() {
        let seen = verdicts(&wrong, &right, &right, &effort);
        assert_eq!(verdict_of(&seen, "first-order density agrees with the exact"), Verdict::Fail, "{seen:?}");
        assert_eq!(verdict_of(&seen, "adiabatic density agrees with the exact"), Verdict::Fail, "{seen:?}");
        let seen = verdicts(&wrong, &wrong, &right, &effort);
        let objects = |(claim, verdict): &(&str, Verdict)| claim.starts_with("simulated") && *verdict == Verdict::Fail;
        assert!(seen.iter().any(objects), "{seen:?}");
        assert_eq!(verdict_of(&seen, "first-order density agrees with the exact"), Verdict::Pass, "{seen:?}");
    }
}

/// Chance that the right theory fails here: four claims of 1e-6. Caught: κ + 20 %, half the noise of a landscape (2Δ on a
/// floor that is not flat), and the continuous formula in place of that of the steps.
#[test]
fn the_laws_of_steps_pass_and_wrong_ones_fail() {
    let effort = Effort { walkers: 1 << 14, ..Effort::quick() };
    let noise = |kappa: f64, variance: f64| {
        format!("Sgd(learning_rate: 1, batch_size: 1, kappa: {kappa:?}, variance: \"{variance:?}\")")
    };
    let on = |loss: &str, noise: &str| {
        model(&format!(
            "Model(name: \"steps\", floor: (coordinate: \"x\", domain: Periodic(lower: 0, upper: 6.283185307179586), \
             loss: \"{loss}\"), sharp: [(curvature: \"0.9+0.5*cos(x)\")], noise: {noise})"
        ))
    };
    let right = on("0", &noise(5.0, 0.04));
    let seen = verdicts(&right, &right, &right, &effort);
    assert_eq!(verdict_of(&seen, "near the edge of stability"), Verdict::Pass, "{seen:?}");
    assert_eq!(verdict_of(&seen, "continuous formula fails"), Verdict::Pass, "{seen:?}");
    let right = on("0.008*cos(2*x)", &noise(3.0, 0.08));
    for (theory, verdict) in
        [(3.0, 0.08), (3.6, 0.08), (3.0, 0.16)].into_iter().zip([Verdict::Pass, Verdict::Fail, Verdict::Fail])
    {
        let theory = on("0.008*cos(2*x)", &noise(theory.0, theory.1));
        let seen = verdicts(&theory, &theory, &right, &effort);
        assert_eq!(verdict_of(&seen, "adiabatic law of the steps"), verdict, "{seen:?}");
        assert_eq!(verdict_of(&seen, "first-order law of the steps"), verdict, "{seen:?}");
    }
}
