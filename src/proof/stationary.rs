//! Stationary densities: the Fokker–Planck residual, Itô, is zero.

use super::Theorem;
use super::claim::{Claim, Symbols};
use super::element::Element;
use super::equal::{concluded, vanishes};
use super::tower::{Read, Refusal, Tower};
use crate::expr::Expr;

/// What is wrong with the shape of the claim: such a one says nothing, so that it is neither proved nor refuted.
pub(super) fn fault(drift: &[Expr], diffusion: &[Vec<Expr>], variables: &[String]) -> Option<String> {
    let n = variables.len();
    if n == 0 || drift.len() != n || diffusion.len() != n || diffusion.iter().any(|row| row.len() != n) {
        return Some(format!("{n} variables need {n} drifts and a matrix of {n} by {n} diffusions"));
    }
    (1..n).any(|i| variables[..i].contains(&variables[i])).then(|| "a variable is named twice".into())
}

/// Proves `−Σ ∂ᵢ(drift_i p) + Σ ∂ᵢ∂ⱼ(diffusion_ij p) = 0` for a density `p` that is not zero throughout.
///
/// # Errors
/// Why it is not proved, with what was tried.
pub(super) fn prove(
    symbols: &Symbols,
    claim: &Claim,
    density: &Expr,
    drift: &[Expr],
    diffusion: &[Vec<Expr>],
    variables: &[String],
) -> Result<Theorem, String> {
    let mut tower = Tower::new(symbols);
    let attempt = residual(&mut tower, density, drift, diffusion, variables).and_then(|(p, parts)| {
        let sum = parts.iter().try_fold(Element::zero(), |sum, part| tower.add(&sum, part))?;
        Ok((vanishes(&mut tower, &sum, &Element::zero())?, p))
    });
    match attempt {
        Ok((true, p)) => Ok(Theorem::of_terms(symbols, claim, &[], concluded(&tower, &[p])?)),
        Ok((false, _)) => Err("the Fokker-Planck residual does not reduce to zero".into()),
        Err(refusal) => Err(refusal.to_string()),
    }
}

/// The density and the parts of the residual.
pub(super) fn residual(
    tower: &mut Tower,
    density: &Expr,
    drift: &[Expr],
    diffusion: &[Vec<Expr>],
    variables: &[String],
) -> Read<(Element, Vec<Element>)> {
    let p = tower.read(density)?;
    if tower.is_zero(&p)? {
        return Err(Refusal::Unsupported("the density is zero throughout".into()));
    }
    let generators = variables.iter().map(|v| tower.variable(v)).collect::<Read<Vec<_>>>()?;
    let mut parts = Vec::new();
    for (f, v) in drift.iter().zip(&generators) {
        let flux = tower.read(f).and_then(|f| tower.mul(&f, &p))?;
        parts.push(tower.derivative(&flux, *v)?.neg());
    }
    for (row, v) in diffusion.iter().zip(&generators) {
        for (d, w) in row.iter().zip(&generators) {
            let spread = tower.read(d).and_then(|d| tower.mul(&d, &p))?;
            let once = tower.derivative(&spread, *v)?;
            parts.push(tower.derivative(&once, *w)?);
        }
    }
    Ok((p, parts))
}
