//! Is this step licensed?
//!
//! The kernel reads terms, never the simplifier, and answers a claim with proved, refuted or unknown. [`judge`] is the
//! front door: a proof is tried first, then a refutation, and whatever neither settles is unknown, with what was tried.

mod along;
mod antiderivative;
mod assignment;
mod calculus;
mod cases;
mod cells;
mod claim;
mod condition;
mod constant;
mod derivation;
mod descent;
mod difference;
mod divergence;
mod element;
mod elementary;
mod enclose;
mod equal;
mod expand;
mod expansion;
mod explain;
mod factor;
mod gcd;
mod hidden;
mod improper;
mod inequality;
mod integer;
mod integral;
mod jet;
mod lattice;
mod limit;
mod majorant;
mod nearby;
mod orthant;
mod parts;
mod place;
mod polynomial;
mod powers;
mod quadrature;
mod ratio;
mod read;
mod roots;
mod series;
mod sign;
mod size;
mod slopes;
mod span;
mod stationary;
mod substitution;
mod touching;
mod tower;
mod trigonometry;
mod value;
mod witness;
mod write;

pub use claim::{Assumption, Claim, Place, Range, Symbols};

use crate::expr::Expr;
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// A claim that the kernel has proved. Only this room can make one.
#[derive(Clone, Debug)]
pub struct Theorem {
    claim: Claim,
    conditions: Vec<String>,
    steps: OnceLock<Vec<Step>>,
    /// What the steps are written from when they are asked for: most theorems are never read.
    source: (Symbols, Vec<Expr>),
}

impl Theorem {
    /// A theorem whose steps are at hand.
    fn new(claim: &Claim, conditions: Vec<String>, steps: Vec<Step>) -> Theorem {
        let source = (Symbols::new(), Vec::new());
        Theorem { claim: claim.clone(), conditions, steps: OnceLock::from(steps), source }
    }

    /// An equality or a stationary density, whose steps can be written from the claim and the terms between its sides.
    fn of_terms(symbols: &Symbols, claim: &Claim, between: &[Expr], conditions: Vec<String>) -> Theorem {
        let source = (symbols.clone(), between.to_vec());
        Theorem { claim: claim.clone(), conditions, steps: OnceLock::new(), source }
    }

    /// What is proved.
    pub fn claim(&self) -> &Claim {
        &self.claim
    }

    /// Where it holds, beyond the assumptions on the symbols: what must hold for both sides to be defined.
    pub fn conditions(&self) -> &[String] {
        &self.conditions
    }

    /// The steps of the proof, in order.
    pub fn steps(&self) -> &[Step] {
        self.steps.get_or_init(|| explain::steps(&self.source.0, &self.claim, &self.source.1))
    }
}

/// One step of a proof, for a reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The rule that licenses it.
    pub rule: &'static str,
    /// What it gives, as text.
    pub text: String,
    /// The same in LaTeX.
    pub latex: String,
}

/// A place where a claim fails, with enclosures that exclude it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witness {
    /// Exact values of the symbols.
    pub point: BTreeMap<String, String>,
    /// The functions that stand for the uninterpreted ones.
    pub functions: BTreeMap<String, String>,
    /// The enclosed left side (or coefficient, limit, value).
    pub left: String,
    /// The enclosed right side.
    pub right: String,
}

/// What became of a claim.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// The kernel proved it.
    Proved(Theorem),
    /// A witness excludes it.
    Refuted(Witness),
    /// Neither, with what was tried.
    Unknown(String),
}

/// Judges a claim about `symbols`: proof first, then refutation.
///
/// `steps` are terms between the two sides of an equality; each is proved equal to the next. What is proved holds
/// wherever both sides are defined; a claim that is defined nowhere is unknown.
pub fn judge(symbols: &Symbols, claim: &Claim, steps: &[Expr]) -> Verdict {
    let attempt = match claim {
        Claim::Equal { left, right } => equal::prove(symbols, claim, left, right, steps),
        Claim::Stationary { density, drift, diffusion, variables } => {
            if let Some(fault) = stationary::fault(drift, diffusion, variables) {
                return Verdict::Unknown(fault);
            }
            stationary::prove(symbols, claim, density, drift, diffusion, variables)
        }
        // A place is found sooner than an inequality is proved.
        Claim::Positive { .. } | Claim::Less { .. } => match witness::refute(symbols, claim) {
            Some(witness) => return Verdict::Refuted(witness),
            None => inequality::prove(symbols, claim).map(|steps| Theorem::new(claim, Vec::new(), steps)),
        },
        Claim::Series { .. } | Claim::Limit { .. } | Claim::Integral { .. } => return calculus::judge(symbols, claim),
    };
    let tried = match attempt {
        Ok(theorem) => return Verdict::Proved(theorem),
        Err(tried) => tried,
    };
    let sought = matches!(claim, Claim::Positive { .. } | Claim::Less { .. });
    if let Some(witness) = if sought { None } else { witness::refute(symbols, claim) } {
        return Verdict::Refuted(witness);
    }
    // Cases are many: they are looked at where nothing else is left.
    if let Claim::Equal { left, right } = claim
        && let Ok(theorem) = equal::prove_by_cases(symbols, claim, left, right, steps)
    {
        return Verdict::Proved(theorem);
    }
    Verdict::Unknown(format!("{tried}; no place was found where it fails"))
}

#[cfg(test)]
mod calculus_laws;
#[cfg(test)]
mod calculus_tests;
#[cfg(test)]
mod domain_tests;
#[cfg(test)]
mod laws;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod witness_laws;
