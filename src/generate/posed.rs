//! Random valid models.

use super::landscape::{Drawn, drawn};
use super::{Saved, decimals};
use crate::model::{Domain, Model};
use proptest::prelude::*;
use std::f64::consts::TAU;
use std::fmt::{Debug, Formatter, Result as Written};

/// The most sharp directions.
const MOST: usize = 4;

/// Which models are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// On a line.
    pub line: bool,
    /// Between walls.
    pub interval: bool,
    /// On a circle.
    pub circle: bool,
    /// Langevin noise.
    pub langevin: bool,
    /// Steps of SGD.
    pub sgd: bool,
    /// The most sharp directions.
    pub directions: usize,
}

impl Kind {
    /// Every domain, both kinds of noise, one to four sharp directions.
    pub const ANY: Kind = Kind { line: true, interval: true, circle: true, langevin: true, sgd: true, directions: 4 };
    /// Langevin models of one direction: the exact solve takes milliseconds.
    pub const VALLEY: Kind = Kind { sgd: false, directions: 1, ..Kind::ANY };
    /// Langevin models of one to four directions.
    pub const LANGEVIN: Kind = Kind { sgd: false, ..Kind::ANY };
    /// Langevin models on a circle, of one direction: no wall spoils an order of convergence.
    pub const CIRCLE: Kind = Kind { line: false, interval: false, ..Kind::VALLEY };
    /// Steps of SGD on bounded domains, of one direction.
    pub const STEPS: Kind = Kind { line: false, langevin: false, directions: 1, ..Kind::ANY };
}

/// The parts of a model as text, before it is read: what symmetries act on.
#[derive(Clone, Debug, PartialEq)]
pub struct Recipe {
    /// Where the coordinate lives.
    pub domain: Domain,
    /// Loss along the floor.
    pub loss: String,
    /// Curvatures and `Δ_i/Δ`.
    pub sharp: Vec<(String, f64)>,
    /// The noise as written in a file.
    pub noise: String,
}

/// A valid model, with the recipe it was read from unless it was read from a file.
#[derive(Clone)]
pub struct Posed {
    recipe: Option<Recipe>,
    text: String,
    model: Model,
}

impl Debug for Posed {
    fn fmt(&self, f: &mut Formatter) -> Written {
        f.write_str(&self.text)
    }
}

impl Recipe {
    /// The model file.
    pub fn text(&self) -> String {
        let domain = match self.domain {
            Domain::Line => "Line".to_owned(),
            Domain::Interval { lower, upper } => format!("Interval(lower: {lower:?}, upper: {upper:?})"),
            Domain::Periodic { lower, upper } => format!("Periodic(lower: {lower:?}, upper: {upper:?})"),
        };
        let sharp: Vec<String> = self
            .sharp
            .iter()
            .map(|(curvature, delta)| format!("(curvature: \"{curvature}\", delta: {delta:?})"))
            .collect();
        format!(
            "Model(\n    name: \"generated\",\n    floor: (coordinate: \"x\", domain: {domain}, loss: \"{}\"),\n    sharp: [{}],\n    noise: {},\n)\n",
            self.loss,
            sharp.join(", "),
            self.noise
        )
    }

    /// The model.
    ///
    /// # Errors
    /// What the reader says where the parts do not make a valid model.
    pub fn read(self) -> Result<Posed, String> {
        let text = self.text();
        let model = Model::read(&text, &[]).map_err(|e| e.to_string())?;
        Ok(Posed { recipe: Some(self), text, model })
    }

    /// The same with `x` replaced by a formula of `x` everywhere, on the domain that follows.
    pub fn with_x(&self, by: &str, domain: Domain) -> Recipe {
        let own = |text: &str| replaced(text, by);
        Recipe {
            domain,
            loss: own(&self.loss),
            sharp: self.sharp.iter().map(|(curvature, delta)| (own(curvature), *delta)).collect(),
            noise: self.noise.clone(),
        }
    }
}

/// `x` where it stands alone, in parentheses and by another formula.
fn replaced(text: &str, by: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let part = |k: Option<&char>| k.is_some_and(|c| c.is_alphanumeric() || *c == '_');
    let mut out = String::new();
    for (k, c) in letters.iter().enumerate() {
        let alone = *c == 'x' && !part(k.checked_sub(1).and_then(|k| letters.get(k))) && !part(letters.get(k + 1));
        if alone {
            out += &format!("({by})");
        } else {
            out.push(*c);
        }
    }
    out
}

impl Posed {
    /// The model.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// The model file.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Its parts; of a model that was read from a file, as printed by the model.
    pub fn recipe(&self) -> Recipe {
        self.recipe.clone().unwrap_or_else(|| {
            let noise = self.model.to_ron();
            let noise =
                noise.split_once("noise: ").map_or("", |(_, rest)| rest.trim_end().trim_end_matches(')').trim_end());
            Recipe {
                domain: self.model.domain(),
                loss: self.model.floor_loss().to_string(),
                sharp: self.model.sharp().iter().map(|s| (s.curvature.to_string(), s.delta)).collect(),
                noise: noise.trim_end_matches(',').to_owned(),
            }
        })
    }
}

impl Saved for Posed {
    fn to_ron(&self) -> String {
        self.text.clone()
    }

    fn from_ron(text: &str) -> Result<Posed, String> {
        let model = Model::read(text, &[]).map_err(|e| e.to_string())?;
        Ok(Posed { recipe: None, text: text.to_owned(), model })
    }
}

/// Valid models of a kind. Curvatures are 20 to 400 times the scale of the loss (for SGD `ηλ` is at most 1.6 on a circle), noise
/// strengths lie over a decade and a half, `κ` between 0.5 and 8: the theory applies to most, the exact solve converges.
pub fn models(kind: Kind) -> BoxedStrategy<Posed> {
    let domains: Vec<u8> =
        [(kind.circle, 0), (kind.interval, 1), (kind.line, 2)].into_iter().filter(|d| d.0).map(|d| d.1).collect();
    let noises: Vec<bool> =
        [(kind.langevin, false), (kind.sgd, true)].into_iter().filter(|n| n.0).map(|n| n.1).collect();
    let ends = (decimals(10, 30, 1), decimals(10, 30, 1));
    let domain = (prop::sample::select(domains), ends).prop_map(|(which, (a, b))| match which {
        0 => Domain::Periodic { lower: 0.0, upper: TAU },
        1 => Domain::Interval { lower: -a, upper: b },
        _ => Domain::Line,
    });
    let directions = 1..=kind.directions.clamp(1, MOST);
    let sharp = prop::array::uniform4((drawn(), 20u32..400, decimals(5, 15, 1)));
    let numbers = (decimals(5, 20, 1), decimals(1, 12, 1), decimals(5, 80, 1), decimals(5, 10, 1), 1u32..40, 1u32..64);
    (directions, prop::sample::select(noises), domain, drawn(), sharp, numbers)
        .prop_filter_map("a valid model", |(directions, sgd, domain, floor, sharp, numbers)| {
            let (size, delta, kappa, rate, loud, batch) = numbers;
            // The noise of a batch does not depend on its size: S is 0.001 to 0.04.
            let variance = f64::from(loud * batch) / 1000.0;
            let (noise, size) = if sgd {
                let kappa = kappa.max(1.0);
                let fields =
                    format!("learning_rate: {rate:?}, batch_size: {batch}, kappa: {kappa:?}, variance: \"{variance}\"");
                (format!("Sgd({fields})"), 0.01)
            } else {
                (format!("Langevin(delta: {delta:?}, kappa: {kappa:?})"), size)
            };
            // Steps of SGD need curvatures of about a half.
            let scale = |own: u32| if sgd { f64::from(30 + own % 30) / 100.0 } else { f64::from(own) };
            let of = |(k, (drawn, own, delta)): (usize, &(Drawn, u32, f64))| {
                (drawn.curvature(domain, scale(*own)), if k == 0 { 1.0 } else { *delta })
            };
            let sharp = sharp.iter().take(directions).enumerate().map(of).collect();
            Recipe { domain, loss: floor.floor(domain, size), sharp, noise }.read().ok()
        })
        .boxed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_coordinate_is_replaced() {
        assert_eq!(replaced("exp(x)*x^2+max", "-x"), "exp((-x))*(-x)^2+max");
    }

    #[test]
    fn what_is_read_from_a_file_has_the_same_parts() {
        let text = "Model(name: \"m\", floor: (coordinate: \"x\", domain: Line, loss: \"x^2\"), sharp: [(curvature: \"2\")], \
                    noise: Langevin(delta: 1.0, kappa: 3.0))";
        let posed = Posed::from_ron(text).expect("a model");
        let again = posed.recipe().read().expect("a model");
        assert_eq!(again.model().to_ron().replace("generated", "m"), posed.model().to_ron());
        assert!(Posed::from_ron("Model()").is_err());
    }
}
