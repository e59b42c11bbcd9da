//! What is claimed, and about which symbols: terms only, nothing carried out.

use crate::expr::Expr;
use crate::num::rational::Rational;
use std::collections::BTreeMap;

/// What is known of a symbol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Assumption {
    /// Any real number.
    Real,
    /// A real number above zero.
    Positive,
    /// One of 1, 2, 3, …
    Natural,
    /// An arbitrary smooth real function of the named symbols, defined everywhere.
    Function(Vec<String>),
    /// The same, with positive values.
    PositiveFunction(Vec<String>),
}

/// Every symbol a claim may use, by name.
pub type Symbols = BTreeMap<String, Assumption>;

/// A point of the extended line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// `-inf`
    MinusInfinity,
    /// A term.
    At(Expr),
    /// `inf`
    Infinity,
}

/// An open interval with exact ends; `None`: unbounded on that side.
pub type Range = (Option<Rational>, Option<Rational>);

/// A statement about terms. It is claimed wherever both sides are defined and the assumptions hold.
///
/// Terms are as written, abbreviations written out, with [`crate::expr::Node::Derivative`] not carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// `left = right`
    Equal {
        /// One side.
        left: Expr,
        /// The other.
        right: Expr,
    },
    /// `of → equals` as `variable → to`; one-sided where the variable is positive and `to` is 0.
    Limit {
        /// The term whose limit is taken.
        of: Expr,
        /// Its variable.
        variable: String,
        /// Where the variable goes.
        to: Place,
        /// What the term tends to.
        equals: Place,
    },
    /// `of = equals + O((variable − about)^(order+1))`
    Series {
        /// The term.
        of: Expr,
        /// Its variable.
        variable: String,
        /// The point of expansion.
        about: Expr,
        /// The last order that must agree.
        order: u32,
        /// What it must agree with.
        equals: Expr,
    },
    /// `∫ integrand d variable = equals` from `lower` to `upper`
    Integral {
        /// The integrand.
        integrand: Expr,
        /// The variable of integration.
        variable: String,
        /// Lower end.
        lower: Place,
        /// Upper end.
        upper: Place,
        /// The value.
        equals: Expr,
        /// A certificate: its derivative is the integrand.
        antiderivative: Option<Expr>,
    },
    /// `expression > 0` on the box
    Positive {
        /// The term.
        expression: Expr,
        /// Ranges of symbols; those not named range over their assumption.
        over: BTreeMap<String, Range>,
    },
    /// `smaller < larger` on the box
    Less {
        /// The smaller term.
        smaller: Expr,
        /// The larger term.
        larger: Expr,
        /// Ranges of symbols; those not named range over their assumption.
        over: BTreeMap<String, Range>,
    },
    /// `−Σ ∂ᵢ(drift_i p) + Σ ∂ᵢ∂ⱼ(diffusion_ij p) = 0` (Itô)
    Stationary {
        /// `p`
        density: Expr,
        /// One term per variable.
        drift: Vec<Expr>,
        /// A square matrix, one row per variable.
        diffusion: Vec<Vec<Expr>>,
        /// The variables.
        variables: Vec<String>,
    },
}
