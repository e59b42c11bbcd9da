//! A derivation file as written: its fields, read from RON and not yet understood.

use crate::document::Entries;
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(rename = "Derivation", deny_unknown_fields)]
pub(super) struct Draft {
    pub id: String,
    pub title: String,
    pub about: Option<String>,
    pub source: Source,
    pub symbols: Entries<Assumption>,
    #[serde(default)]
    pub definitions: Vec<(String, String)>,
    pub claim: Claim,
    #[serde(default)]
    pub steps: Vec<String>,
    #[serde(default)]
    pub mutants: Vec<Claim>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Source {
    pub reference: String,
    pub arxiv: Option<String>,
    pub equation: Option<String>,
    pub doi: Option<String>,
    pub note: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) enum Assumption {
    Real,
    Positive,
    Natural,
    Function(Vec<String>),
    PositiveFunction(Vec<String>),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) enum Claim {
    Equal(String, String),
    Limit {
        of: String,
        variable: String,
        to: String,
        equals: String,
    },
    Series {
        of: String,
        variable: String,
        about: String,
        order: u32,
        equals: String,
    },
    Integral {
        integrand: String,
        variable: String,
        lower: String,
        upper: String,
        equals: String,
        antiderivative: Option<String>,
    },
    Positive {
        expression: String,
        #[serde(default)]
        over: Entries<(f64, f64)>,
    },
    Less {
        smaller: String,
        larger: String,
        #[serde(default)]
        over: Entries<(f64, f64)>,
    },
    Stationary {
        density: String,
        drift: Vec<String>,
        diffusion: Vec<Vec<String>>,
        variables: Vec<String>,
    },
}
