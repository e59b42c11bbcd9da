//! What is claimed, and by whom? Derivation files, from the text as written to a sealed [`Derivation`].

mod draft;
mod latex;
mod meaning;
mod read;
mod size;
mod terms;
#[cfg(test)]
mod tests;

pub use crate::document::{Fault as DerivationError, Faults as DerivationErrors};
pub use latex::claim_latex;

use crate::expr::Expr;
use crate::proof::{Claim, Symbols};

/// A claim with its source, its symbols and the wrong variants that must be refuted. Every formula uses the symbols only.
#[derive(Clone, Debug, PartialEq)]
pub struct Derivation {
    id: String,
    title: String,
    about: Option<String>,
    source: Source,
    symbols: Symbols,
    definitions: Vec<(String, Expr)>,
    stated: Claim,
    claim: Claim,
    steps: Vec<Expr>,
    mutants: Vec<Claim>,
}

/// Who claims it, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Authors and year, or what kind of source it is.
    pub reference: String,
    /// Number on arXiv.
    pub arxiv: Option<String>,
    /// The equation there.
    pub equation: Option<String>,
    /// Digital object identifier.
    pub doi: Option<String>,
    /// How the claim was taken from the source.
    pub note: Option<String>,
}

impl Derivation {
    /// From the text of a derivation file.
    ///
    /// # Errors
    /// Everything found wrong with it, each with its place. Text that is not RON or has unknown, missing or repeated
    /// fields gives one error, the first.
    pub fn read(text: &str) -> Result<Derivation, DerivationErrors> {
        read::read(text)
    }
    /// Its name in the library.
    pub fn id(&self) -> &str {
        &self.id
    }
    /// What it says, in words.
    pub fn title(&self) -> &str {
        &self.title
    }
    /// What else is to be known about it.
    pub fn about(&self) -> Option<&str> {
        self.about.as_deref()
    }
    /// Who claims it.
    pub fn source(&self) -> &Source {
        &self.source
    }
    /// Every symbol and what is known of it.
    pub fn symbols(&self) -> &Symbols {
        &self.symbols
    }
    /// Abbreviations as written, in order; each may use those before it.
    pub fn definitions(&self) -> &[(String, Expr)] {
        &self.definitions
    }
    /// The abbreviations that the stated claim uses, also by way of others.
    pub fn definitions_used(&self) -> Vec<&(String, Expr)> {
        let mut used = terms::symbols(&self.stated);
        let mut found = Vec::new();
        for definition in self.definitions.iter().rev() {
            if used.contains(&definition.0) {
                used.extend(definition.1.symbols());
                found.push(definition);
            }
        }
        found.reverse();
        found
    }
    /// The claim as stated, with abbreviations.
    pub fn stated(&self) -> &Claim {
        &self.stated
    }
    /// The claim, abbreviations written out: what is judged.
    pub fn claim(&self) -> &Claim {
        &self.claim
    }
    /// Terms between the two sides of an equality, abbreviations written out.
    pub fn steps(&self) -> &[Expr] {
        &self.steps
    }
    /// Wrong variants of the claim, abbreviations written out.
    pub fn mutants(&self) -> &[Claim] {
        &self.mutants
    }
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.reference)?;
        if let Some(arxiv) = &self.arxiv {
            write!(f, ", arXiv:{arxiv}")?;
        }
        if let Some(doi) = &self.doi {
            write!(f, ", doi:{doi}")?;
        }
        if let Some(equation) = &self.equation {
            write!(f, ", Eq. {equation}")?;
        }
        match &self.note {
            Some(note) => write!(f, " ({note})"),
            None => Ok(()),
        }
    }
}
