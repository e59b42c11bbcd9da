//! A model file as written: its fields, read from RON and not yet understood.

use crate::document::Entries;
use serde::Deserialize;

#[derive(Clone, Debug, Deserialize)]
#[serde(rename = "Model", deny_unknown_fields)]
pub(super) struct Draft {
    pub name: String,
    pub about: Option<String>,
    #[serde(default)]
    pub parameters: Entries<f64>,
    pub floor: Floor,
    pub sharp: Vec<Direction>,
    pub noise: Noise,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Floor {
    pub coordinate: String,
    pub domain: Domain,
    pub loss: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) enum Domain {
    Line,
    Interval { lower: f64, upper: f64 },
    Periodic { lower: f64, upper: f64 },
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename = "Sharp", deny_unknown_fields)]
pub(super) struct Direction {
    pub curvature: Option<String>,
    pub flatness: Option<String>,
    pub delta: Option<f64>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) enum Noise {
    Langevin {
        delta: f64,
        kappa: f64,
    },
    Sgd {
        learning_rate: f64,
        batch_size: f64,
        kappa: f64,
        variance: String,
        floor_variance: Option<String>,
        momentum: Option<f64>,
        curvature_noise: Option<f64>,
        sampling: Option<Sampling>,
        dataset_size: Option<f64>,
        learners: Option<Learners>,
    },
}

#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) enum Sampling {
    WithReplacement,
    FreshWithoutReplacement,
    Epoch,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Learners {
    pub count: usize,
    pub mixing: Mixing,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) enum Mixing {
    Complete(f64),
    Ring(f64),
    Matrix(Vec<Vec<f64>>),
}
