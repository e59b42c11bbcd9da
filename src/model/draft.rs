//! A model file as written: its fields, read from RON and not yet understood.

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use std::fmt;

#[derive(Clone, Debug, Deserialize)]
#[serde(rename = "Model", deny_unknown_fields)]
pub(super) struct Draft {
    pub name: String,
    pub about: Option<String>,
    #[serde(default)]
    pub parameters: Parameters,
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

/// Parameters in the order written; a name given twice is refused.
#[derive(Clone, Debug, Default)]
pub(super) struct Parameters(pub Vec<(String, f64)>);

impl<'de> Deserialize<'de> for Parameters {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Parameters, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = Parameters;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map from names to numbers, such as {\"s\": 20.0}")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Parameters, A::Error> {
                let mut entries: Vec<(String, f64)> = Vec::new();
                while let Some(name) = map.next_key::<String>()? {
                    if entries.iter().any(|(known, _)| *known == name) {
                        return Err(A::Error::custom(format!("the parameter `{name}` is given twice")));
                    }
                    entries.push((name, map.next_value()?));
                }
                Ok(Parameters(entries))
            }
        }
        deserializer.deserialize_map(Entries)
    }
}

/// Reads the fields; `Some` may be left out.
pub(super) fn read(text: &str) -> Result<Draft, ron::error::SpannedError> {
    ron::Options::default().with_default_extension(ron::extensions::Extensions::IMPLICIT_SOME).from_str(text)
}
