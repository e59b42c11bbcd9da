//! The diagram as walkers see it: place by place, kept as it goes.

use super::super::answer::{Failure, number};
use super::super::args::{Common, PhaseArgs};
use super::super::simulate::simd;
use super::super::watch::Onlooker;
use super::super::{input, output};
use super::{Window, grid};
use crate::check::phase::{Spending, Walked, walked};
use crate::model::Model;
use crate::report::table::{Cell, Table};
use crate::sim::{SimError, Watch};
use crate::theory::phase::{Phase, home, model_at, phases};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::path::Path;
use std::time::{Duration, Instant};

/// Walker-steps spent on each place unless another sum is asked for.
const EACH: f64 = 3e7;
/// Between two writings of the file.
const PERIOD: Duration = Duration::from_secs(5);

/// One place and what walkers did there.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Place {
    pub learning_rate: f64,
    pub noise: f64,
    pub walked: Walked,
}

/// All places, and what the file says of them.
pub struct Survey {
    pub places: Vec<Place>,
    /// What theory says of the same places.
    theory: Vec<Option<Phase>>,
    cost: f64,
}

/// What is kept: all that the numbers depend on, and the places done.
#[derive(Serialize, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Asked {
    program: String,
    model: String,
    window: Window,
    points: u16,
    cost: f64,
    seed: u64,
    simd: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    asked: Asked,
    places: Vec<Place>,
}

/// One place of many looks on as a part of the whole.
struct Part<'a> {
    all: &'a Onlooker,
    before: f64,
    each: f64,
    total: f64,
}

impl Watch for Part<'_> {
    fn progress(&self, done: u64, total: u64) {
        let share = if total > 0 { done as f64 / total as f64 } else { 1.0 };
        self.all.progress((self.before + share * self.each) as u64, self.total as u64);
    }
    fn stop(&self) -> bool {
        self.all.stop()
    }
}

/// Lets walkers go at `n` by `n` places.
pub fn survey(model: &Model, window: Window, n: u16, asked: &PhaseArgs, common: &Common) -> Result<Survey, Failure> {
    let failed = |e: &dyn std::fmt::Display| Failure::of_file(&asked.model, e);
    let at = grid(window, n);
    let cost = asked.cost.unwrap_or(EACH * at.len() as f64);
    let each = cost / at.len() as f64;
    let start = home(model).map_err(|e| failed(&e))?;
    let level = simd(common)?;
    let mut kept = Kept {
        asked: Asked {
            program: env!("CARGO_PKG_VERSION").to_owned(),
            model: model.to_ron(),
            window,
            points: n,
            cost,
            seed: common.seed,
            simd: level.name().to_owned(),
        },
        places: Vec::new(),
    };
    if let Some(path) = &asked.resume {
        kept.places = resumed(path, &kept.asked, &at)?;
    }
    let file = asked.resume.as_deref().or(asked.checkpoint.as_deref());
    if let Some(path) = file {
        output::check_file("--checkpoint", path, &["ron"])?;
    }
    let onlooker = Onlooker::of("walkers over the diagram", common);
    let mut written = Instant::now();
    for (index, place) in at.iter().enumerate().skip(kept.places.len()) {
        let part = Part { all: &onlooker, before: index as f64 * each, each, total: cost };
        let spending = Spending {
            walker_steps: each,
            seed: common.seed ^ (index as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15),
            threads: common.threads.map_or(0, usize::from),
            simd: level,
        };
        match walked(&model_at(model, *place), place[0], start, spending, &part) {
            Ok(walked) => kept.places.push(Place { learning_rate: place[0], noise: place[1], walked }),
            Err(SimError::Interrupted { .. }) => {
                drop(onlooker);
                return Err(interrupted(file, &kept, at.len())?);
            }
            Err(e) => return Err(failed(&e)),
        }
        if let Some(path) = file
            && written.elapsed() >= PERIOD
        {
            write(path, &kept)?;
            written = Instant::now();
        }
    }
    drop(onlooker);
    if let Some(path) = file {
        write(path, &kept)?;
    }
    let theory = phases(model, window.0, window.1, &at);
    Ok(Survey { places: kept.places, theory, cost })
}

fn write(path: &Path, kept: &Kept) -> Result<(), Failure> {
    let text = ron::ser::to_string_pretty(kept, ron::ser::PrettyConfig::new().depth_limit(2))
        .map_err(|e| Failure::of_file(path, e))?;
    output::rewrite(path, text.as_bytes())
}

/// What is told when somebody stops it.
fn interrupted(file: Option<&Path>, kept: &Kept, all: usize) -> Result<Failure, Failure> {
    let done = format!("{} of {all} places are done", kept.places.len());
    let Some(path) = file else { return Ok(Failure::Interrupted(format!("{done}, without --checkpoint"))) };
    write(path, kept)?;
    Ok(Failure::Kept(format!("{done}; {} was written: --resume {} goes on", path.display(), path.display())))
}

/// The places of a file that answers the same question.
fn resumed(path: &Path, asked: &Asked, at: &[[f64; 2]]) -> Result<Vec<Place>, Failure> {
    let text = input::text(path, "a file that `phase --checkpoint` wrote")?;
    let kept: Kept = ron::from_str(&text)
        .map_err(|e| Failure::of_file(path, format!("is not a file that `phase --checkpoint` wrote: {e}")))?;
    if kept.asked != *asked {
        let what = [
            ("program", kept.asked.program != asked.program),
            ("model", kept.asked.model != asked.model),
            ("window", kept.asked.window != asked.window),
            ("number of places", kept.asked.points != asked.points),
            ("cost", kept.asked.cost != asked.cost),
            ("seed", kept.asked.seed != asked.seed),
            ("instructions (--simd)", kept.asked.simd != asked.simd),
        ];
        let other: Vec<&str> = what.iter().filter(|(_, differs)| *differs).map(|(name, _)| *name).collect();
        return Err(Failure::of_file(path, format!("is of another {}: ask as then, or start anew", other.join(", "))));
    }
    let fits = kept.places.len() <= at.len()
        && kept.places.iter().zip(at).all(|(place, at)| place.learning_rate == at[0] && place.noise == at[1]);
    if fits {
        Ok(kept.places)
    } else {
        Err(Failure::of_file(path, "is damaged: its places are not those of the window"))
    }
}

impl Survey {
    /// Places where walkers and theory both say something, and where they say the same.
    fn agreement(&self) -> (usize, usize) {
        let both = self
            .places
            .iter()
            .zip(&self.theory)
            .filter_map(|(place, theory)| Some((place.walked.phase.as_deref()?, theory.as_ref()?.name())));
        both.fold((0, 0), |(said, same), (a, b)| (said + 1, same + usize::from(a == b)))
    }

    pub fn json(&self) -> Value {
        let (said, same) = self.agreement();
        let places: Vec<Value> = self
            .places
            .iter()
            .zip(&self.theory)
            .map(|(place, theory)| {
                let walked = &place.walked;
                json!({
                    "learning_rate": number(place.learning_rate), "noise": number(place.noise), "phase": walked.phase,
                    "theory": theory.map(Phase::name), "left": number(walked.left), "mode": walked.mode.map(number),
                    "excess": walked.excess.map(number), "walkers": walked.walkers, "steps": walked.steps, "status": walked.status,
                })
            })
            .collect();
        json!({"places": places, "walker_steps": number(self.cost), "decided_by_both": said, "agree": same})
    }

    pub fn text(&self) -> String {
        let mut table = Table::new(["simulated", "places", "theory says the same", "another", "nothing"]);
        for name in [Some(Phase::Frozen.name()), Some(Phase::Moved.name()), Some(Phase::Diverged.name()), None] {
            let own =
                || self.places.iter().zip(&self.theory).filter(|(place, _)| place.walked.phase.as_deref() == name);
            let of = |f: &dyn Fn(Option<&str>) -> bool| {
                Cell::from(own().filter(|(_, t)| f(t.map(Phase::name))).count() as u64)
            };
            table.row([
                name.unwrap_or("undecided").into(),
                Cell::from(own().count() as u64),
                of(&|theory| theory.is_some() && theory == name),
                of(&|theory| theory.is_some() && theory != name),
                of(&|theory| theory.is_none()),
            ]);
        }
        let (said, same) = self.agreement();
        format!(
            "\n{}\nwalkers, {:.1e} walker-steps: where both say something, {same} of {said} places agree; all places in --format csv or json\n",
            table.to_text(),
            self.cost
        )
    }
}
