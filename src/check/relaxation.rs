//! How long until walkers have forgotten where they started?
//!
//! The slowest mode of the Fokker–Planck operator of a density `p` with diffusion `T`, `−(1/p)(T p u')' = u/τ`, by inverse
//! iteration: each application of the inverse is two sums. Reflecting ends, or a circle.

use crate::num::density::Density;

/// Cells along the floor.
const CELLS: usize = 512;
/// Iterations; the error of the rate falls by the squared ratio of the two slowest.
const ITERATIONS: usize = 40;
/// Probability left out at the ends of a line or before walls.
const BEYOND: f64 = 1e-6;
/// On a circle the density counts as at least this part of its mean, below which sums lose it. A barrier deeper than that
/// is not seen here; walkers from two sides of it do not agree.
const LEAST: f64 = 1e-9;

/// The relaxation time of the law along the floor, in units of `length²/T`; about a per cent accurate, infinite or NaN
/// where barriers are too high for the numbers.
pub(super) fn relaxation_time(density: &Density, temperature: &dyn Fn(f64) -> f64) -> f64 {
    let domain = density.domain();
    let ends = domain.ends().filter(|_| domain.is_periodic());
    let (lower, upper) = ends.unwrap_or_else(|| density.visited(BEYOND));
    let width = (upper - lower) / CELLS as f64;
    let place = |k: f64| lower + width * k;
    let least = LEAST / (upper - lower);
    let weight: Vec<f64> = (0..CELLS).map(|k| density.at(place(k as f64 + 0.5)).max(least) * width).collect();
    // Edge `k` lies to the right of cell `k`; the last one closes the circle.
    let ease: Vec<f64> = (1..=CELLS)
        .map(|k| {
            let x = domain.place(place(k as f64)).unwrap_or(upper);
            temperature(x) * density.at(x).max(least) / width
        })
        .collect();
    let edges = if domain.is_periodic() { CELLS } else { CELLS - 1 };
    let total: f64 = weight.iter().sum();
    let mean = |f: &[f64]| f.iter().zip(&weight).map(|(f, w)| f * w).sum::<f64>() / total;
    let inner = |f: &[f64], g: &[f64]| f.iter().zip(g).zip(&weight).map(|((f, g), w)| f * g * w).sum::<f64>();
    // Nothing symmetric: every mode has a part in it.
    let mut f: Vec<f64> = (0..CELLS).map(|k| ((k * k) % 97) as f64 / 97.0 + k as f64 / 40.0).collect();
    let mut time = f64::NAN;
    for _ in 0..ITERATIONS {
        let shift = mean(&f);
        f.iter_mut().for_each(|f| *f -= shift);
        let mut flux = Vec::with_capacity(CELLS);
        let mut sum = 0.0;
        for (f, w) in f.iter().zip(&weight) {
            sum -= f * w;
            flux.push(sum);
        }
        if domain.is_periodic() {
            let against: f64 = ease.iter().map(|e| 1.0 / e).sum();
            let around = flux.iter().zip(&ease).map(|(j, e)| j / e).sum::<f64>() / against;
            flux.iter_mut().for_each(|j| *j -= around);
        }
        let mut u = vec![0.0; CELLS];
        for k in 1..CELLS.min(edges + 1) {
            u[k] = u[k - 1] + flux[k - 1] / ease[k - 1];
        }
        let shift = mean(&u);
        u.iter_mut().for_each(|u| *u -= shift);
        time = inner(&f, &u) / inner(&f, &f);
        let size = inner(&u, &u).sqrt();
        f = u.iter().map(|u| u / size).collect();
    }
    time
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::num::domain::Domain;
    use crate::num::function::cos;
    use std::f64::consts::{PI, TAU};

    #[test]
    fn free_diffusion_and_a_harmonic_floor_have_their_rates() {
        let near = |time: f64, exact: f64| assert!((time / exact - 1.0).abs() < 0.01, "{time} against {exact}");
        let circle = Domain::Periodic { lower: 0.0, upper: TAU };
        near(relaxation_time(&Density::from_log(circle, &|_| 0.0).expect("flat"), &|_| 0.2), 5.0);
        let walls = Domain::Interval { lower: -1.0, upper: 2.0 };
        near(relaxation_time(&Density::from_log(walls, &|_| 0.0).expect("flat"), &|_| 0.5), 18.0 / (PI * PI));
        // exp(−c x²/(2T)): 1/c.
        let bowl = Density::from_log(Domain::Line, &|x| -1.5 * x * x / 0.6).expect("a bowl");
        near(relaxation_time(&bowl, &|_| 0.3), 1.0 / 1.5);
    }

    #[test]
    fn a_barrier_is_seen() {
        // Two wells on a circle, barrier h = 0.5, T = 0.05: Kramers' rate, within its own error of order T/h.
        let circle = Domain::Periodic { lower: 0.0, upper: TAU };
        let density = Density::from_log(circle, &|x| -0.25 * cos(2.0 * x) / 0.05).expect("wells");
        let time = relaxation_time(&density, &|_| 0.05);
        // Wells and tops have curvature 1; each well leaves either way and the rates of both wells add: 4·e^{−h/T}/2π.
        let kramers = TAU / (4.0 * (-10.0f64).exp());
        assert!((time / kramers - 1.0).abs() < 0.2, "{time} against {kramers}");
    }
}
