//! Confinement: up to which noise strength the stationary law can be normalised on an unbounded floor (THEORY 5.1).
//!
//! Write `s` for the noise strength (`Δ`, or the learning rate to which `Δ` and `T` are proportional). The adiabatic law is
//! `p ∝ exp(−U)` with `U = A + (s₀/s) C`: `C = ∫L0'/T dx` is the confining part at the present strength `s₀`, and
//! `A = ln T + ½ Σ ∫Δ_i λ_i'/(λ_i T) dx` does not depend on the strength. With `U ~ m ln|x|` the law is normalisable
//! iff `m > 1`; where `U` grows faster, iff it grows upwards. The threshold of the adiabatic law is exact (the true
//! tail's exponent crosses one at the same place), its tail exponent is not.
//!
//! The resummed first correction must never be asked: its tail is always normalisable.

use super::growth::{End, Growth, Term, growth};
use crate::expr::Expr;
use crate::model::{Langevin, Model};
use crate::num::function::ln;

/// Which noise strengths an end of the floor can hold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cap {
    /// Every noise strength is confined.
    None,
    /// Confined below this multiple of the present noise strength.
    Below(f64),
    /// Confined only above this multiple of the present noise strength.
    Above(f64),
    /// No noise strength is confined.
    Never,
    /// Neither the leading terms nor numbers far out could tell.
    Undecided,
}

/// How a cap was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Means {
    /// From the leading terms of the formulas at infinity.
    Symbolic,
    /// From values of the formulas far out.
    Numerical,
}

/// The cap at both ends of a line: the tighter one, how it was found, and at which end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Confinement {
    /// The cap, as a multiple of the present noise strength.
    pub cap: Cap,
    /// How it was found.
    pub means: Means,
    /// The end of the floor that decides.
    pub end: End,
}

/// The part of `U` that depends on the strength and the part that does not, as formulas.
struct Tails {
    /// Formula whose growth is compared with `ln|x|` (a potential) or with 1 (a slope times `x`).
    fixed: Expr,
    confining: Expr,
    /// True: the two are potentials; false: slopes times `x`.
    potentials: bool,
}

/// The confinement of `model` on a line under the white noise `langevin`.
pub fn confinement(model: &Model, langevin: &Langevin) -> Confinement {
    let tails = tails(model, langevin);
    let at = |end: End| {
        let bound = model.bind();
        let of = |e: &Expr| growth(e, model.coordinate(), &bound, end);
        let unit = if tails.potentials { Term { coefficient: 1.0, power: 0.0, log: 1.0 } } else { Term::constant(1.0) };
        match decide(Class::of(of(&tails.fixed), unit), Class::of(of(&tails.confining), unit)) {
            Cap::Undecided => (numerical(model, &tails, end), Means::Numerical),
            cap => (cap, Means::Symbolic),
        }
    };
    let (plus, minus) = (at(End::Plus), at(End::Minus));
    let tighter = if severity(minus.0) > severity(plus.0) { (minus, End::Minus) } else { (plus, End::Plus) };
    let ((cap, means), end) = tighter;
    Confinement { cap, means, end }
}

fn severity(cap: Cap) -> f64 {
    match cap {
        Cap::None => 0.0,
        Cap::Below(value) => 1.0 / (1.0 + value),
        Cap::Undecided => 2.0,
        Cap::Above(value) => 3.0 + value,
        Cap::Never => f64::INFINITY,
    }
}

fn tails(model: &Model, langevin: &Langevin) -> Tails {
    let x = model.coordinate();
    let temperature = &langevin.temperature;
    let half = Expr::ratio(1, 2);
    let directions = 0..model.directions();
    if langevin.constant {
        let fixed = directions
            .map(|i| &half * &langevin.noise[i] * model.curvature(i).ln() / temperature)
            .fold(Expr::integer(0), |sum, term| sum + term);
        return Tails { fixed, confining: model.floor_loss() / temperature, potentials: true };
    }
    let place = Expr::symbol(x);
    let slopes = directions
        .map(|i| {
            let curvature = model.curvature(i);
            &half * &langevin.noise[i] * curvature.derivative(x) / (curvature * temperature)
        })
        .fold(temperature.derivative(x) / temperature, |sum, term| sum + term);
    let confining = &place * model.floor_loss().derivative(x) / temperature;
    Tails { fixed: place * slopes, confining, potentials: false }
}

/// Growth measured against the unit of the comparison.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Class {
    /// Outgrows the unit, with this leading term.
    Diverges(Term),
    /// Outgrows every power, with this sign.
    Exponential(f64),
    /// This multiple of the unit (zero where it is of lower order).
    Multiple(f64),
    Unknown,
}

impl Class {
    fn of(growth: Growth, unit: Term) -> Class {
        match growth {
            Growth::Term(term) if term.coefficient == 0.0 => Class::Multiple(0.0),
            Growth::Term(term) => match term.order(unit) {
                std::cmp::Ordering::Greater => Class::Diverges(term),
                std::cmp::Ordering::Equal => Class::Multiple(term.coefficient),
                std::cmp::Ordering::Less => Class::Multiple(0.0),
            },
            Growth::Exponential { exponent, .. } if exponent.coefficient < 0.0 => Class::Multiple(0.0),
            Growth::Exponential { sign, .. } => Class::Exponential(sign),
            Growth::Bounded(..) if unit.diverges() => Class::Multiple(0.0),
            Growth::Bounded(..) | Growth::Unknown => Class::Unknown,
        }
    }
}

/// For which `k = s₀/s` the sum `A + k C` exceeds one unit, as a cap on `s/s₀`.
fn decide(fixed: Class, confining: Class) -> Cap {
    let by_sign = |sign: f64| if sign > 0.0 { Cap::None } else { Cap::Never };
    match (fixed, confining) {
        (Class::Unknown, _) | (_, Class::Unknown) | (Class::Exponential(_), Class::Exponential(_)) => Cap::Undecided,
        (Class::Exponential(sign), _) | (_, Class::Exponential(sign)) => by_sign(sign),
        (Class::Diverges(a), Class::Diverges(c)) => match a.order(c) {
            std::cmp::Ordering::Greater => by_sign(a.coefficient),
            std::cmp::Ordering::Less => by_sign(c.coefficient),
            std::cmp::Ordering::Equal => balance(a.coefficient, c.coefficient, 0.0),
        },
        (Class::Diverges(a), Class::Multiple(_)) => by_sign(a.coefficient),
        (Class::Multiple(_), Class::Diverges(c)) => by_sign(c.coefficient),
        (Class::Multiple(a), Class::Multiple(c)) => balance(a, c, 1.0),
    }
}

/// `a + k c > threshold` with `k = s₀/s > 0`.
fn balance(a: f64, c: f64, threshold: f64) -> Cap {
    let missing = threshold - a;
    if c > 0.0 {
        if missing > 0.0 { Cap::Below(c / missing) } else { Cap::None }
    } else if missing >= 0.0 {
        Cap::Never
    } else if c < 0.0 {
        Cap::Above(c / missing)
    } else {
        Cap::None
    }
}

/// The same comparison from values at `|x|` = 1e6, 1e12 and 1e24: growth per `ln|x|` that has settled is a multiple of
/// the unit; growth that keeps rising decides by its sign.
fn numerical(model: &Model, tails: &Tails, end: End) -> Cap {
    let tape = model.compile(&[tails.fixed.clone(), tails.confining.clone()]);
    let places = [1e6, 1e12, 1e24];
    let values: Vec<Vec<f64>> = places.iter().map(|r| tape.at(&[end.sign() * r])).collect();
    let class = |k: usize| {
        let v = |i: usize| values[i][k];
        let (early, late) = if tails.potentials {
            let per = |i: usize| (v(i + 1) - v(i)) / (ln(places[i + 1]) - ln(places[i]));
            (per(0), per(1))
        } else {
            (v(1), v(2))
        };
        if !(early.is_finite() && late.is_finite()) {
            return match v(0) {
                first if first.is_finite() && first.abs() > 1e3 => Class::Exponential(first.signum()),
                _ => Class::Unknown,
            };
        }
        if (late - early).abs() <= 1e-6 * (1.0 + late.abs()) {
            Class::Multiple(late)
        } else if late.abs() > 10.0 * early.abs() && late.abs() > 1e3 {
            let power = ln(late.abs() / early.abs()) / (ln(places[2]) - ln(places[1]));
            Class::Diverges(Term { coefficient: late.signum(), power, log: 0.0 })
        } else {
            Class::Unknown
        }
    };
    match (class(0), class(1)) {
        // The orders of two numerical divergences can be compared, their coefficients cannot.
        (Class::Diverges(a), Class::Diverges(c))
            if (a.power - c.power).abs() < 0.05 && a.coefficient != c.coefficient =>
        {
            Cap::Undecided
        }
        (a, c) => decide(a, c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In `L0 = ln(1+x²)`, `λ = 1/(1+x²)` the density falls as `|x|^-(2κ/Δ - κ)`: it has a mass where `Δ < 2κ/(1+κ)`.
    #[test]
    fn a_logarithmic_valley_confines_below_its_exact_noise() {
        for (delta, kappa) in [(0.5, 3.0), (0.5, 1.0), (4.0, 0.25)] {
            let text = format!(
                "Model(name: \"tail\", floor: (coordinate: \"x\", domain: Line, loss: \"ln(1+x^2)\"), \
                 sharp: [(curvature: \"1/(1+x^2)\")], noise: Langevin(delta: {delta:?}, kappa: {kappa:?}))"
            );
            let model = Model::read(&text, &[]).expect("a valid model");
            let found = confinement(&model, &model.langevin().expect("Langevin noise"));
            let Cap::Below(factor) = found.cap else { panic!("{found:?}") };
            let exact = 2.0 * kappa / (1.0 + kappa);
            assert!((factor * delta - exact).abs() < 1e-12, "{} for {exact}", factor * delta);
        }
    }
}
