//! A density at a place, from the masses of bins.

/// Density and its standard error at `x`, from mean densities `p` over equal bins and their standard errors.
///
/// The parabola whose means over three neighbouring bins are theirs: with `t` in bin widths from the middle of the three,
/// `p₀ + t(p₊ − p₋)/2 + (t² − 1/12)(p₊ + p₋ − 2p₀)/2`. Bias `O(h³ p‴)`; exact in mass. At walls the three nearest bins,
/// on a circle those around. Errors of neighbouring bins are taken as independent. Where the parabola is negative, or a
/// bin is empty, the height of the bin itself. `None` outside the edges, or where `p` has fewer than three bins.
pub fn density_between_bins(edges: &[f64], p: &[f64], errors: &[f64], circle: bool, x: f64) -> Option<(f64, f64)> {
    let bins = p.len();
    if bins < 3 || edges.len() != bins + 1 || errors.len() != bins || !(edges[0] <= x && x <= edges[bins]) {
        return None;
    }
    let own = (edges.partition_point(|e| *e <= x).max(1) - 1).min(bins - 1);
    let middle = if circle { own } else { own.clamp(1, bins - 2) };
    let (before, after) = ((middle + bins - 1) % bins, (middle + 1) % bins);
    let width = edges[middle + 1] - edges[middle];
    let t = (x - 0.5 * (edges[middle] + edges[middle + 1])) / width;
    let bend = 0.5 * (t * t - 1.0 / 12.0);
    let weights = [(before, bend - 0.5 * t), (middle, 1.0 - 2.0 * bend), (after, bend + 0.5 * t)];
    let value: f64 = weights.iter().map(|(k, w)| w * p[*k]).sum();
    if weights.iter().any(|(k, _)| !(p[*k] > 0.0)) || !(value > 0.0) {
        return Some((p[own], errors[own]));
    }
    let variance: f64 = weights.iter().map(|(k, w)| (w * errors[*k]) * (w * errors[*k])).sum();
    Some((value, variance.sqrt()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Means over bins of a density given by its integral.
    fn means(integral: impl Fn(f64) -> f64, edges: &[f64]) -> Vec<f64> {
        edges.windows(2).map(|e| (integral(e[1]) - integral(e[0])) / (e[1] - e[0])).collect()
    }

    fn edges(lower: f64, upper: f64, bins: usize) -> Vec<f64> {
        (0..=bins).map(|k| lower + (upper - lower) * k as f64 / bins as f64).collect()
    }

    #[test]
    fn parabolas_are_exact_up_to_the_walls() {
        let edges = edges(-1.0, 2.0, 7);
        let p = means(|x| 3.0 * x + x * x - x * x * x / 5.0, &edges);
        for x in [-1.0, -0.9, 0.0, 0.3, 1.77, 2.0] {
            let (value, error) = density_between_bins(&edges, &p, &[0.1; 7], false, x).expect("inside");
            assert!((value - (3.0 + 2.0 * x - 0.6 * x * x)).abs() < 1e-12, "{x}: {value}");
            assert!(error > 0.05 && error < 0.3, "{x}: {error}");
        }
        assert_eq!(density_between_bins(&edges, &p, &[0.1; 7], false, 2.1), None);
        assert_eq!(density_between_bins(&edges, &p, &[0.1; 7], false, f64::NAN), None);
    }

    #[test]
    fn on_a_circle_the_error_is_of_third_order() {
        let worst = |bins: usize| {
            let edges = edges(0.0, std::f64::consts::TAU, bins);
            let p = means(|x| x - 0.8 * x.cos(), &edges);
            let errors = vec![0.0; bins];
            (0..=97)
                .map(|k| f64::from(k) * std::f64::consts::TAU / 97.0)
                .map(|x| {
                    let (value, _) = density_between_bins(&edges, &p, &errors, true, x).expect("inside");
                    (value - (1.0 + 0.8 * x.sin())).abs()
                })
                .fold(0.0, f64::max)
        };
        let (coarse, fine) = (worst(20), worst(40));
        assert!(fine < 4e-4 && (coarse / fine).log2() > 2.7, "{coarse} {fine}");
    }

    #[test]
    fn empty_bins_keep_their_own_height() {
        let edges = edges(0.0, 4.0, 4);
        let (value, error) =
            density_between_bins(&edges, &[0.0, 1.0, 0.0, 0.0], &[0.01; 4], false, 0.9).expect("inside");
        assert_eq!((value, error), (0.0, 0.01));
    }
}
