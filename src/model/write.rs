//! A model as the text of a model file.

use super::{Domain, Model, Noise, Sampling};
use std::fmt::Write;

/// Text in quotes, as RON reads it.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

impl Model {
    /// The canonical text of a model file that reads back as this model. Numbers keep every digit; formulas are
    /// printed anew, with `diff` carried out.
    pub fn to_ron(&self) -> String {
        // Writing to a string does not fail.
        self.written().unwrap_or_default()
    }

    fn written(&self) -> Result<String, std::fmt::Error> {
        let mut out = String::new();
        writeln!(out, "Model(\n    name: {},", quoted(&self.name))?;
        if let Some(about) = &self.about {
            writeln!(out, "    about: {},", quoted(about))?;
        }
        if !self.parameters.is_empty() {
            let entries: Vec<String> = self.parameters.iter().map(|(n, v)| format!("{}: {v:?}", quoted(n))).collect();
            writeln!(out, "    parameters: {{ {} }},", entries.join(", "))?;
        }
        let domain = match self.domain {
            Domain::Line => "Line".to_string(),
            Domain::Interval { lower, upper } => format!("Interval(lower: {lower:?}, upper: {upper:?})"),
            Domain::Periodic { lower, upper } => format!("Periodic(lower: {lower:?}, upper: {upper:?})"),
        };
        let (coordinate, loss) = (quoted(&self.coordinate), quoted(&self.floor_loss.to_string()));
        writeln!(out, "    floor: (coordinate: {coordinate}, domain: {domain}, loss: {loss}),\n    sharp: [")?;
        for sharp in &self.sharp {
            let (field, formula) = match sharp.flatness_was_given {
                true => ("flatness", &sharp.flatness),
                false => ("curvature", &sharp.curvature),
            };
            write!(out, "        ({field}: {}", quoted(&formula.to_string()))?;
            if sharp.delta != 1.0 {
                write!(out, ", delta: {:?}", sharp.delta)?;
            }
            writeln!(out, "),")?;
        }
        writeln!(out, "    ],")?;
        match &self.noise {
            Noise::Langevin { delta, kappa } => {
                writeln!(out, "    noise: Langevin(delta: {delta:?}, kappa: {kappa:?}),")?
            }
            Noise::Sgd(sgd) => {
                writeln!(out, "    noise: Sgd(")?;
                writeln!(out, "        learning_rate: {:?},", sgd.learning_rate.value())?;
                writeln!(out, "        batch_size: {:?},\n        kappa: {:?},", sgd.batch_size, sgd.kappa)?;
                writeln!(out, "        variance: {},", quoted(&sgd.variance_as_written.to_string()))?;
                if let Some(formula) = &sgd.floor_variance_as_written {
                    writeln!(out, "        floor_variance: {},", quoted(&formula.to_string()))?;
                }
                if sgd.momentum != 0.0 {
                    writeln!(out, "        momentum: {:?},", sgd.momentum)?;
                }
                if sgd.curvature_noise != 0.0 {
                    writeln!(out, "        curvature_noise: {:?},", sgd.curvature_noise)?;
                }
                match sgd.sampling {
                    Sampling::WithReplacement => {}
                    Sampling::FreshWithoutReplacement => writeln!(out, "        sampling: FreshWithoutReplacement,")?,
                    Sampling::Epoch => writeln!(out, "        sampling: Epoch,")?,
                }
                if let Some(n) = sgd.dataset_size {
                    writeln!(out, "        dataset_size: {n:?},")?;
                }
                if let Some(learners) = &sgd.learners {
                    let (count, matrix) = (learners.matrix.len(), &learners.matrix);
                    writeln!(out, "        learners: (count: {count}, mixing: Matrix({matrix:?})),")?;
                }
                writeln!(out, "    ),")?;
            }
        }
        out.push_str(")\n");
        Ok(out)
    }
}
