//! A model made ready for stepping: tapes of its forces, numbers of its noise, and where walkers may be.

use super::compiled::Stepper;
use super::{Plan, Scheme, SimError};
use crate::eval::fused::Fused;
use crate::eval::{Simd, Tape};
use crate::expr::Expr;
use crate::model::{Model, Noise, Sampling};
use crate::num::domain::Domain;
use std::sync::Arc;

/// The posed problem in formulas and numbers.
pub(crate) struct Posed<'a> {
    pub coordinate: &'a str,
    pub bind: &'a dyn Fn(&str) -> Option<f64>,
    pub domain: Domain,
    pub floor: Expr,
    pub curvature: Vec<Expr>,
    pub noise: PosedNoise,
}

pub(crate) enum PosedNoise {
    Langevin {
        temperature: f64,
        delta: Vec<f64>,
    },
    Sgd {
        learning_rate: f64,
        /// `p̂`
        factor: f64,
        variance: Vec<Expr>,
        floor_variance: Expr,
        momentum: f64,
        /// `c₁`
        curvature_noise: f64,
        /// Steps per epoch, where batches are drawn epoch-wise.
        epoch: Option<u64>,
        /// `W`; empty: one learner.
        mixing: Vec<Vec<f64>>,
    },
}

/// Tapes and numbers of one kind of step.
pub(crate) enum Kind {
    Langevin {
        scheme: Scheme,
        /// `sqrt(2T dt)`
        floor_kick: f64,
        /// `sqrt(2Δ_i dt)`
        kicks: Vec<f64>,
        /// `[L0', λ_i'…]`
        force: Fused,
        /// `[L0', λ_i'…, a_i…, s_i…]` with `a = exp(−λ dt)`, `s² = Δ(1 − a²)/λ`; for Euler `λ_i` stands for `a_i`.
        full: Fused,
        /// `[a_i…, s_i…]` of half a step.
        half: Fused,
    },
    Sgd {
        momentum: f64,
        /// `c`
        curvature: f64,
        epoch: Option<u64>,
        mixing: Vec<Vec<f64>>,
        /// `[L0', λ_i'…, λ_i…, s_i…, s_x]`, `s` the standard deviations of the noise of one step.
        tape: Fused,
    },
}

pub(crate) struct Problem {
    pub domain: Domain,
    /// Whether positions are brought back into the period after each step.
    pub rewrap: bool,
    pub start: f64,
    pub dt: f64,
    pub simd: Simd,
    pub kind: Kind,
    /// Steps in the place of those of the formulas.
    pub compiled: Option<Arc<dyn Stepper>>,
    /// The domain, or on a line the stretch that walkers are expected to visit.
    pub stretch: (f64, f64),
    /// Beyond these a walker has diverged.
    pub x_limit: f64,
    pub y_limits: Vec<f64>,
    /// `[a_i…, s_i…]` of the half step of `y` that ends a step (Strang).
    pub last_half: Option<Tape>,
    directions: usize,
    /// `[L0, L0'', λ_i…, λ_i'…, Δ_i…, T]`
    survey: Tape,
    /// `[L0', λ_i'…, λ_i…]`
    forces: Tape,
}

/// Times the natural scale, at which a walker has diverged.
const FAR: f64 = 1e8;
/// Points at which the model is surveyed for a start and a time step.
const SURVEY: usize = 2001;

impl Problem {
    pub fn of(model: &Model, plan: &Plan) -> Result<Problem, SimError> {
        let noise = match model.noise() {
            Noise::Langevin { delta, kappa } => PosedNoise::Langevin {
                temperature: delta / kappa,
                delta: model.sharp().iter().map(|s| s.delta * delta).collect(),
            },
            Noise::Sgd(sgd) => PosedNoise::Sgd {
                learning_rate: sgd.learning_rate.value(),
                factor: sgd.batch_factor(),
                variance: sgd.variance.clone(),
                floor_variance: sgd.floor_variance.clone(),
                momentum: sgd.momentum,
                curvature_noise: sgd.curvature_noise,
                epoch: match (sgd.sampling, sgd.dataset_size) {
                    (Sampling::Epoch, Some(size)) => Some((size / sgd.batch_size).round().max(1.0) as u64),
                    _ => None,
                },
                mixing: sgd.learners.as_ref().map(|l| l.matrix.clone()).unwrap_or_default(),
            },
        };
        let posed = Posed {
            coordinate: model.coordinate(),
            bind: &model.bind(),
            domain: model.domain(),
            floor: model.floor_loss().clone(),
            curvature: model.sharp().iter().map(|s| s.curvature.clone()).collect(),
            noise,
        };
        Problem::new(posed, plan)
    }

    pub fn new(posed: Posed, plan: &Plan) -> Result<Problem, SimError> {
        let slope = |e: &Expr| e.derivative(posed.coordinate);
        let compile = |outputs: &[Expr]| {
            Tape::compile(outputs, &[posed.coordinate], posed.bind)
                .expect("formulas of a valid model use its names only")
        };
        let fused = |outputs: &[Expr]| Fused::of(&compile(outputs));
        let number = |value: f64| Expr::from_f64(value).ok_or(SimError::Undefined { at: value });
        let (mut deltas, temperature) = (
            Vec::new(),
            match &posed.noise {
                PosedNoise::Langevin { temperature, .. } => number(*temperature)?,
                PosedNoise::Sgd { learning_rate, factor, floor_variance, .. } => {
                    number(0.5 * learning_rate * factor)? * floor_variance
                }
            },
        );
        for direction in 0..posed.curvature.len() {
            deltas.push(match &posed.noise {
                PosedNoise::Langevin { delta, .. } => number(delta[direction])?,
                PosedNoise::Sgd { learning_rate, factor, variance, .. } => {
                    number(0.5 * learning_rate * factor)? * &variance[direction]
                }
            });
        }
        let slopes: Vec<Expr> = posed.curvature.iter().map(slope).collect();
        let mut survey = vec![posed.floor.clone(), slope(&slope(&posed.floor))];
        survey.extend(posed.curvature.iter().chain(&slopes).chain(&deltas).cloned());
        survey.push(temperature);
        let mut forces = vec![slope(&posed.floor)];
        forces.extend(slopes.iter().chain(&posed.curvature).cloned());
        let mut problem = Problem {
            domain: posed.domain,
            rewrap: true,
            start: 0.0,
            dt: 0.0,
            simd: plan.simd,
            compiled: None,
            // Replaced below, once the time step is known.
            kind: Kind::Sgd { momentum: 0.0, curvature: 0.0, epoch: None, mixing: Vec::new(), tape: fused(&[]) },
            stretch: (0.0, 0.0),
            x_limit: 0.0,
            y_limits: Vec::new(),
            last_half: None,
            directions: posed.curvature.len(),
            survey: compile(&survey),
            forces: compile(&forces),
        };
        problem.start = match plan.start {
            Some(place) => problem.domain.place(place).ok_or(SimError::Outside { place })?,
            None => problem.least_floor_loss().ok_or(SimError::NoStart)?,
        };
        if !problem.survey.at(&[problem.start]).iter().all(|v| v.is_finite()) {
            return Err(SimError::Undefined { at: problem.start });
        }
        problem.stretch = problem.expected_stretch();
        problem.dt = match (&posed.noise, plan.dt) {
            (PosedNoise::Sgd { .. }, Some(_)) => return Err(SimError::TimeStepOfSgd),
            (PosedNoise::Sgd { learning_rate, .. }, None) => *learning_rate,
            (PosedNoise::Langevin { .. }, None) => problem.time_step(plan.scheme),
            (PosedNoise::Langevin { .. }, Some(dt)) => dt,
        };
        if !(problem.dt > 0.0 && problem.dt.is_finite()) {
            return Err(SimError::TimeStep { dt: problem.dt });
        }
        problem.kind = match posed.noise {
            PosedNoise::Langevin { temperature, delta } => {
                let dt = problem.dt;
                let mut force = vec![slope(&posed.floor)];
                force.extend(slopes);
                let mut full = force.clone();
                let mut half = Vec::new();
                match plan.scheme {
                    Scheme::EulerMaruyama | Scheme::TwoPoint => full.extend(posed.curvature.iter().cloned()),
                    Scheme::Strang => {
                        full.extend(relaxation(&posed.curvature, &deltas, &number(dt)?));
                        half.extend(relaxation(&posed.curvature, &deltas, &number(0.5 * dt)?));
                    }
                }
                problem.last_half = (!half.is_empty()).then(|| compile(&half));
                Kind::Langevin {
                    scheme: plan.scheme,
                    floor_kick: (2.0 * temperature * dt).sqrt(),
                    kicks: delta.iter().map(|d| (2.0 * d * dt).sqrt()).collect(),
                    force: fused(&force),
                    full: fused(&full),
                    half: fused(&half),
                }
            }
            PosedNoise::Sgd { factor, variance, floor_variance, momentum, curvature_noise, epoch, mixing, .. } => {
                let factor_term = number(factor)?;
                let mut outputs = vec![slope(&posed.floor)];
                outputs.extend(slopes);
                outputs.extend(posed.curvature.iter().cloned());
                outputs.extend(variance.iter().chain([&floor_variance]).map(|v| (&factor_term * v).sqrt()));
                let curvature = curvature_noise * factor.sqrt();
                Kind::Sgd { momentum, curvature, epoch, mixing, tape: fused(&outputs) }
            }
        };
        problem.set_limits();
        Ok(problem)
    }

    /// Vectors of space that formulas need over so many vectors, at the place and at a trial place.
    pub fn space(&self, vectors: usize) -> (usize, usize) {
        match &self.kind {
            Kind::Langevin { force, full, half, .. } => {
                (full.space(vectors).max(half.space(vectors)), force.space(vectors))
            }
            Kind::Sgd { tape, .. } => (tape.space(vectors), 0),
        }
    }

    pub fn directions(&self) -> usize {
        self.directions
    }

    pub fn learners(&self) -> usize {
        match &self.kind {
            Kind::Sgd { mixing, .. } => mixing.len().max(1),
            Kind::Langevin { .. } => 1,
        }
    }

    /// `Δ_i` and `T` there.
    pub fn temperatures(&self, x: f64) -> (Vec<f64>, f64) {
        let values = self.survey.at(&[x]);
        let from = 2 + 2 * self.directions;
        (values[from..from + self.directions].to_vec(), values[from + self.directions])
    }

    /// `[L0', λ_i'…, λ_i…]` there.
    pub fn landscape(&self, x: f64) -> Vec<f64> {
        self.forces.at(&[x])
    }

    /// `L0''` there.
    pub fn floor_curvature(&self, x: f64) -> f64 {
        self.survey.at(&[x])[1]
    }

    fn floor(&self, x: f64) -> f64 {
        self.survey.at(&[x])[0]
    }

    /// The least floor loss: a scan, narrowed around its least place. On a line the scan widens tenfold from ±1 until
    /// the least place is inside it; on a flat floor the middle.
    fn least_floor_loss(&self) -> Option<f64> {
        match self.domain.ends() {
            Some((lower, upper)) => self.scan(lower, upper).map(|(at, _)| at),
            None => (0..12).find_map(|k| {
                let reach = 10f64.powi(k);
                self.scan(-reach, reach).filter(|(_, inside)| *inside).map(|(at, _)| at)
            }),
        }
    }

    fn scan(&self, lower: f64, upper: f64) -> Option<(f64, bool)> {
        let (mut from, mut to, mut inside) = (lower, upper, true);
        let mut best = 0.5 * (lower + upper);
        let mut least = self.floor(best);
        for round in 0..12 {
            let width = (to - from) / 40.0;
            for k in 0..=40 {
                let x = (from + width * f64::from(k)).clamp(lower, upper);
                let value = self.floor(x);
                if value < least || !least.is_finite() && value.is_finite() {
                    (best, least) = (x, value);
                }
            }
            if round == 0 {
                inside = best > lower + width && best < upper - width;
            }
            (from, to) = (best - 1.5 * width, best + 1.5 * width);
        }
        if least.is_finite() { Some((self.domain.place(best)?, inside)) } else { None }
    }

    /// On a line: outwards from the start by doubling until the floor loss is `20 max(T, ΣΔ_i)` above that of the start,
    /// at most to 1e6.
    fn expected_stretch(&self) -> (f64, f64) {
        if let Some(ends) = self.domain.ends() {
            return ends;
        }
        let (deltas, temperature) = self.temperatures(self.start);
        let rise = self.floor(self.start) + 20.0 * temperature.max(deltas.iter().sum());
        let reach = |sign: f64| {
            let mut distance = 1e-6;
            while distance < 1e6 && self.floor(self.start + sign * distance) < rise {
                distance *= 1.25;
            }
            self.start + sign * distance
        };
        (reach(-1.0), reach(1.0))
    }

    /// The time step of a Langevin equation. It resolves the fastest sharp direction (`λ dt ≤ ½` for Strang, 0.1 for
    /// Euler), the floor's own relaxation (`|L0''| dt ≤ 0.1`) and a diffusing walker's sight of a new curvature
    /// (`(λ'/λ)² max(T, Δ) dt ≤ 0.01`), Euler at half of the last two. Experience, not theorem.
    fn time_step(&self, scheme: Scheme) -> f64 {
        let (sharp, slow) = match scheme {
            Scheme::Strang => (0.5, 1.0),
            Scheme::EulerMaruyama | Scheme::TwoPoint => (0.1, 0.5),
        };
        let mut rate = 0.0f64;
        let (lower, upper) = self.stretch;
        let d = self.directions;
        for k in 0..SURVEY {
            let x = lower + (upper - lower) * k as f64 / (SURVEY - 1) as f64;
            let v = self.survey.at(&[x]);
            let temperature = v[2 + 3 * d];
            rate = rate.max(v[1].abs() / (0.1 * slow));
            for i in 0..d {
                let (curvature, steepness) = (v[2 + i], v[2 + d + i] / v[2 + i]);
                rate = rate.max(curvature / sharp);
                rate = rate.max(steepness * steepness * temperature.max(v[2 + 2 * d + i]) / (0.01 * slow));
            }
        }
        1.0 / rate
    }

    fn set_limits(&mut self) {
        let scale = match self.domain.ends() {
            Some((lower, upper)) => (upper - lower).max(lower.abs()).max(upper.abs()),
            None => self.start.abs().max(1.0),
        };
        self.x_limit = FAR * scale;
        let survey = self.survey.at(&[self.start]);
        let (deltas, _) = self.temperatures(self.start);
        self.y_limits = (0..self.directions)
            .map(|i| {
                let deviation = (deltas[i] / survey[2 + i]).sqrt();
                FAR * if deviation > 0.0 && deviation.is_finite() { deviation } else { 1.0 }
            })
            .collect();
    }

    /// The place of the domain at which formulas are taken for a path at `x`, and the sign with which slopes act: walls
    /// continue the landscape as in a mirror.
    pub fn locate(&self, x: f64) -> (f64, f64) {
        match self.domain {
            Domain::Line => (x, 1.0),
            Domain::Periodic { .. } => (self.domain.place(x).unwrap_or(x), 1.0),
            Domain::Interval { lower, upper } => {
                if lower <= x && x <= upper {
                    return (x, 1.0);
                }
                let length = upper - lower;
                let along = (x - lower).rem_euclid(2.0 * length);
                if along <= length {
                    ((lower + along).clamp(lower, upper), 1.0)
                } else {
                    ((upper - (along - length)).clamp(lower, upper), -1.0)
                }
            }
        }
    }
}

/// `[exp(−λ_i h)…, sqrt(Δ_i (1 − exp(−2λ_i h))/λ_i)…]`: the exact law of `y` after a time `h` at a frozen place.
fn relaxation(curvature: &[Expr], deltas: &[Expr], h: &Expr) -> Vec<Expr> {
    let decay: Vec<Expr> = curvature.iter().map(|l| (-(l * h)).exp()).collect();
    let one = Expr::integer(1);
    let spread = decay.iter().zip(curvature).zip(deltas).map(|((a, l), d)| (d * (&one - a * a) / l).sqrt());
    let spread: Vec<Expr> = spread.collect();
    decay.into_iter().chain(spread).collect()
}
