//! Agreement and disagreement of a run with the predicted variances, in words, with the reason known for its regime.

use super::read::{Network, Run, Sampling};
use super::report::Ratios;

/// Agreement of medians: within five per cent.
const CLOSE: f64 = 0.05;

/// What to say about a run. `fraction` is η over the mean-square bound at its batch size.
pub(super) fn explain(network: &Network, run: &Run, ratios: &Ratios, fraction: Option<f64>) -> Vec<String> {
    let Some(plain) = ratios.plain_discrete else {
        let why = if run.diverged { "the run diverged" } else { "no variance was measured or predicted" };
        return vec![format!("nothing to compare: {why}")];
    };
    let mut words = Vec::new();
    let close = |ratio: f64| (ratio - 1.0).abs() <= CLOSE;
    let (near_bound, beyond) = (fraction.is_some_and(|f| f > 0.55), fraction.is_some_and(|f| f >= 1.0));
    let cross_entropy = network.loss_kind.as_deref() == Some("xent");
    if beyond {
        words.push("the learning rate is beyond the mean-square bound: linear theory does not apply".to_owned());
    }
    if run.sampling == Sampling::Epoch {
        match ratios.epoch {
            Some(epoch) if (epoch.median - 1.0).abs() < (plain.median - 1.0).abs() => words.push(format!(
                "shuffled batches are anticorrelated, which damps directions slower than an epoch: measured over the \
                 epoch map {:.2} where the formula for independent batches gives {:.2}",
                epoch.median, plain.median
            )),
            Some(epoch) => words.push(format!(
                "epoch-wise sampling, but the epoch map does not repair the disagreement ({:.2} against {:.2})",
                epoch.median, plain.median
            )),
            None => words.push("epoch-wise sampling, and the epoch map does not apply".to_owned()),
        }
    }
    let best = if run.sampling == Sampling::Epoch { ratios.epoch.unwrap_or(plain) } else { plain };
    if close(best.median) && (best.top - 1.0).abs() <= 0.07 {
        words.push(format!("agreement: median ratio {:.2}, top direction {:.2}", best.median, best.top));
    } else {
        disagreement(run, ratios, best, near_bound, cross_entropy, network, &mut words);
    }
    if let Some(steps) = run.steps {
        let slow = network.eigenvalues.iter().filter(|&&l| l > 0.0 && l * run.learning_rate * steps < 1.0).count();
        if slow > 0 {
            words.push(format!("{slow} directions with λ < 1/(η·steps) are not equilibrated"));
        }
    }
    words
}

fn disagreement(
    run: &Run,
    ratios: &Ratios,
    best: super::report::Ratio,
    near_bound: bool,
    cross_entropy: bool,
    network: &Network,
    words: &mut Vec<String>,
) {
    let before = words.len();
    let judged = run.sampling != Sampling::Epoch && (best.median - 1.0).abs() > CLOSE;
    if let (true, Some(curvature)) = (judged, ratios.curvature_noise)
        && (curvature.median - 1.0).abs() < 0.7 * (best.median - 1.0).abs()
    {
        words.push(format!(
            "the curvature of the batch fluctuates: with Cov(H_i) the median ratio is {:.2} instead of {:.2}",
            curvature.median, best.median
        ));
    }
    let remaining = match ratios.curvature_noise {
        Some(curvature) if run.sampling != Sampling::Epoch => curvature.median.min(best.median),
        _ => best.median,
    };
    let sharpest = network.eigenvalues.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let flatter = run.lambda_max_mean.filter(|&l| l < 0.95 * sharpest);
    if cross_entropy && remaining > 1.0 + 2.0 * CLOSE {
        words.push(
            "cross-entropy: the run bursts far from the minimum, where the linear theory does not hold".to_owned(),
        );
    } else if let Some(lambda) = flatter {
        let how =
            if best.top < 0.95 { "so the pole at ηλ = 2 is not reached" } else { "so H and C are not the minimum's" };
        words.push(format!("noise moved the network to a flatter place (λ_max {lambda:.4} from {sharpest:.4}), {how}"));
    } else if near_bound {
        words.push("near the bound place, Hessian and noise change along the run".to_owned());
    }
    if words.len() == before {
        words.push(format!("not explained: median ratio {:.2}, top direction {:.2}", best.median, best.top));
    }
}
