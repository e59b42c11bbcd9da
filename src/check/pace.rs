//! How long a time step may be when only the stationary law is asked for.
//!
//! Strang splitting follows `y` by its exact law, so that a step may be longer than `1/λ`. What it then gets wrong is the
//! part of the diffusion along the floor that comes from fluctuations of the sharp force: they are held for a step `dt`,
//! which multiplies that part, `ε` of the temperature, by `z coth z` with `z = λ dt`. Heun's method along a floor of
//! curvature `c` changes a variance by the part `¼(c dt)²`.

use crate::eval::Tape;
use crate::model::{Langevin, Model};
use crate::num::density::Density;
use crate::num::domain::Domain;
use crate::num::function::exp;

/// Largest part of a variance that the time step may change where there is a choice.
const MOST_BIAS: f64 = 1e-3;
/// Largest `c dt` along the floor, and largest `(λ'/λ)² max(T, Δ) dt`: a walker sees a new curvature at every step.
const ALONG: f64 = 0.1;
const SIGHT: f64 = 0.02;
/// The dynamics of `y` beyond the diffusion it adds is of the same size.
const SAFETY: f64 = 2.0;

/// Rates of a model along its floor.
pub(super) struct Pace {
    /// `[L0'', T, λ_i…, λ_i'…, Δ_i…]`
    tape: Tape,
    directions: usize,
}

impl Pace {
    pub fn of(model: &Model, langevin: &Langevin) -> Pace {
        let x = model.coordinate();
        let mut formulas = vec![model.floor_loss().derivative(x).derivative(x), langevin.temperature.clone()];
        formulas.extend(model.sharp().iter().map(|s| s.curvature.clone()));
        formulas.extend(model.sharp().iter().map(|s| s.curvature.derivative(x)));
        formulas.extend(langevin.noise.iter().cloned());
        Pace { tape: model.compile(&formulas), directions: model.directions() }
    }

    /// `λ_i` there.
    pub fn curvatures(&self, x: f64) -> Vec<f64> {
        self.tape.at(&[x])[2..2 + self.directions].to_vec()
    }

    /// The longest of 8, 4, 2 and 1 times `dt` that changes variances by less than a thousandth, and by how much.
    pub fn stride(&self, law: &Density, visited: (f64, f64), domain: Domain, dt: f64) -> (f64, f64) {
        for longer in [8.0, 4.0, 2.0] {
            let bias = self.bias(law, visited, domain, longer * dt);
            if bias.is_some_and(|b| b <= MOST_BIAS) {
                return (longer * dt, bias.unwrap_or(0.0));
            }
        }
        (dt, self.bias(law, visited, domain, dt).unwrap_or(MOST_BIAS))
    }

    /// Part by which a variance changes; `None` where the step is too long along the floor.
    fn bias(&self, law: &Density, (a, b): (f64, f64), domain: Domain, dt: f64) -> Option<f64> {
        let (mut bent, mut weight, mut sum) = (0.0f64, 0.0, 0.0);
        let d = self.directions;
        for k in 0..=400 {
            let x = domain.place(a + (b - a) * f64::from(k) / 400.0)?;
            let v = self.tape.at(&[x]);
            bent = bent.max(v[0].abs());
            let temperature = v[1];
            let mut share = 0.0;
            for i in 0..d {
                let (curvature, noise) = (v[2 + i], v[2 + 2 * d + i]);
                let steepness = v[2 + d + i] / curvature;
                if !(steepness * steepness * temperature.max(noise) * dt <= SIGHT) {
                    return None;
                }
                let z = curvature * dt;
                let held = if z > 1e-3 { z * (1.0 + 2.0 / (exp(2.0 * z) - 1.0)) - 1.0 } else { z * z / 3.0 };
                let g2 = 0.25 * steepness * steepness;
                share += g2 * (noise * noise / temperature + temperature) / curvature * held;
            }
            let p = law.at(x);
            weight += p;
            sum += p * share;
        }
        let along = bent * dt;
        (along <= ALONG).then_some(0.25 * along * along + SAFETY * sum / weight)
    }
}
