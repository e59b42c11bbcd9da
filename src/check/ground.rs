//! Further witnesses: finite volumes beside the exact solve, and the transfer operator of SGD beside the laws of its steps.
//!
//! Neither draws a random number, and each states its own error: limits are made of these alone, with the error bar of the
//! theory where the theory is on trial.

use super::effort::{FALSE_ALARM, Interrupted};
use super::law::Law;
use super::sample::{BINS, Ensembles, Outcome, edges, in_two_stages};
use super::verdict::{Check, Verdict, compared, without};
use super::witnesses::Witnesses;
use crate::finite_volume;
use crate::model::Model;
use crate::num::density::Density;
use crate::transfer;

const SOLVES: &str = "exact solve agrees with finite volumes";
const STEPS: &str = "adiabatic law of the steps agrees with their transfer operator";
const CORRECTED: &str = "first-order law of the steps agrees with their transfer operator";
const PATHS: &str = "density of SGD steps agrees with their transfer operator";

/// Cells that leave more than this of the peak uncertain are no witness: their errors are not yet of the order that the
/// estimate assumes.
const COARSE: f64 = 1e-3;
/// What is left of the start of the walkers, see `sample`.
const START: f64 = 4e-4;

/// The density by Hermite modes, `heard`, against finite volumes of `model`.
pub(super) fn solves(model: &Model, heard: &Witnesses) -> Check {
    let exact = match &heard.exact {
        Ok(exact) => exact,
        Err(reason) => return without(SOLVES, Verdict::NotApplicable, reason.to_string()),
    };
    let cells = match finite_volume::solve(model) {
        Ok(cells) => cells,
        Err(reason) => return without(SOLVES, Verdict::NotApplicable, reason.to_string()),
    };
    if !(cells.error <= COARSE) {
        let reason = format!("finite volumes leave {:.1e} of the peak uncertain", cells.error);
        return without(SOLVES, Verdict::NotApplicable, reason);
    }
    let gap = |(x, p): (&f64, &f64)| (p - exact.at(*x)).abs();
    let apart =
        cells.nodes.iter().zip(&cells.density).map(gap).fold(0.0, |a: f64, b| if b >= a { b } else { a.max(b) });
    let apart = apart / exact.peak().1;
    compared(
        SOLVES,
        0.0,
        apart,
        cells.error + Witnesses::floor(exact),
        format!(
            "largest difference, in units of the peak; limit: stated errors {:.1e} of {} by {} cells, {:.1e} of {} modes",
            cells.error, cells.cells.0, cells.cells.1, exact.error, exact.modes
        ),
    )
}

/// The transfer operator of the steps of a model, where there are steps and it can be solved.
pub(super) struct Operator(Result<transfer::Solution, transfer::Unsolved>);

impl Operator {
    pub fn of(model: &Model) -> Operator {
        Operator(transfer::solve(model))
    }

    /// The law of the steps by their operator, where it was found.
    pub fn solution(&self) -> Option<&transfer::Solution> {
        self.0.as_ref().ok()
    }

    /// The laws derived for the steps of `model`.
    pub fn laws(&self, model: &Model) -> Vec<Check> {
        let steps = match &self.0 {
            Ok(steps) => steps,
            Err(transfer::Unsolved::NoSteps) => return Vec::new(),
            Err(reason) => return vec![without(STEPS, Verdict::NotApplicable, reason.to_string())],
        };
        let law = match Law::of(model) {
            Ok(law) => law,
            Err(reason) => return vec![without(STEPS, Verdict::OutsideRegime, reason)],
        };
        let held = |claim, density: &Density, (bar, made_of): (f64, String)| {
            compared(
                claim,
                0.0,
                total_variation(density, steps),
                bar + steps.error,
                format!(
                    "total variation, no random numbers; limit: {made_of}, stated error {:.1e} of the operator",
                    steps.error
                ),
            )
        };
        let mut checks = vec![held(STEPS, &law.adiabatic, law.bar())];
        checks.push(match &law.corrected {
            Some(corrected) => held(CORRECTED, corrected, law.corrected_bar(corrected)),
            None => without(CORRECTED, Verdict::NotApplicable, "no first correction is known for this kind of step"),
        });
        checks
    }

    /// Paths of the steps, whose start and bins the law of `model` gives.
    pub fn paths(&self, model: &Model, base: &Ensembles) -> Result<Vec<Check>, Interrupted> {
        let (Ok(steps), Ok(law)) = (&self.0, Law::of(model)) else { return Ok(Vec::new()) };
        let inner = edges(&law.adiabatic, BINS);
        in_two_stages(PATHS, &|stage| {
            let sample = base.sample(stage)?;
            let (distance, chance) = sample.distance(&inner, &|x| steps.cdf(x), FALSE_ALARM);
            Ok(Outcome {
                expected: 0.0,
                observed: distance,
                limit: chance + steps.error + START,
                reason: format!(
                    "total variation in {BINS} bins; limit: chance {chance:.1e} (1 in 1000), what is left of the start; {}",
                    sample.about
                ), blind: None })
        })
        .map(|check| vec![check])
    }
}

/// `½ ∫ |p − q| dx`
fn total_variation(p: &Density, q: &transfer::Solution) -> f64 {
    p.expectation(&|x| (1.0 - q.at(x) / p.at(x)).max(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theory::{Method, stationary};

    fn steps(variance: f64) -> Model {
        let text = format!(
            "Model(name: \"steps\", floor: (coordinate: \"x\", domain: Periodic(lower: 0, upper: 6.283185307179586), \
             loss: \"{}*cos(2*x)\"), sharp: [(curvature: \"0.9+0.5*cos(x)\")], \
             noise: Sgd(learning_rate: 1, batch_size: 1, kappa: 5, variance: \"{variance}\"))",
            0.05 * variance
        );
        Model::read(&text, &[]).expect("a model")
    }

    /// No chance. `S` is proportional to every small parameter. Caught: any wrong term of either order.
    #[test]
    fn the_laws_of_the_steps_err_by_their_orders() {
        let variances = [0.04, 0.02, 0.01];
        let errors: Vec<[f64; 2]> = variances
            .into_iter()
            .map(|variance| {
                let model = steps(variance);
                let exact = transfer::solve(&model).expect("solved");
                [Method::Discrete, Method::DiscreteFirstOrder]
                    .map(|method| total_variation(&stationary(&model, method).expect("a law").density, &exact))
            })
            .collect();
        for (k, expected) in [1.0, 2.0].into_iter().enumerate() {
            let order = 0.5 * (errors[0][k] / errors[2][k]).log2();
            assert!((order - expected).abs() < 0.15, "{order} for {expected}: {errors:?}");
        }
    }

    /// Caught: a curvature that is one tenth off, in either witness.
    #[test]
    fn a_wrong_solve_fails_against_the_other() {
        let valley = |curvature: &str| {
            let text = format!(
                "Model(name: \"valley\", floor: (coordinate: \"x\", domain: Interval(lower: -4, upper: 4), loss: \"x^2/2\"), \
                 sharp: [(curvature: \"{curvature}\")], noise: Langevin(delta: 1, kappa: 3))"
            );
            Model::read(&text, &[]).expect("a model")
        };
        let right = valley("20*(1+0.50*sin(x))");
        let wrong = valley("20*(1+0.51*sin(x))");
        let heard = Witnesses::hear(&right, &right).expect("heard");
        assert_eq!(solves(&right, &heard).verdict, Verdict::Pass);
        assert_eq!(solves(&wrong, &heard).verdict, Verdict::Fail);
        assert!(Operator::of(&right).laws(&right).is_empty());
    }

    /// Caught by the laws: the learning rate's factor `1 − ηλ/2` left out, `κ` off by a twentieth.
    #[test]
    fn a_wrong_law_of_the_steps_fails_against_the_operator() {
        let model = steps(0.02);
        let operator = Operator::of(&model);
        let checks = operator.laws(&model);
        assert!(checks.len() == 2 && checks.iter().all(|c| c.verdict == Verdict::Pass), "{checks:?}");
        let continuous = stationary(&model, Method::Adiabatic).expect("a law").density;
        let Operator(Ok(exact)) = &operator else { panic!("not solved") };
        assert!(total_variation(&continuous, exact) > 3.0 * checks[0].limit.unwrap_or(0.0));
        let other = Model::read(
            "Model(name: \"steps\", floor: (coordinate: \"x\", domain: Periodic(lower: 0, upper: 6.283185307179586), \
             loss: \"0.001*cos(2*x)\"), sharp: [(curvature: \"0.9+0.5*cos(x)\")], \
             noise: Sgd(learning_rate: 1, batch_size: 1, kappa: 5.25, variance: \"0.02\"))",
            &[],
        );
        let checks = operator.laws(&other.expect("a model"));
        assert!(checks.iter().any(|c| c.verdict == Verdict::Fail), "{checks:?}");
    }
}
