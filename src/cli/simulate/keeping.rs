//! A run that may be long: checkpoints as it goes, records on their way to a file, and an end at any time.

use super::super::args::{Common, SimulateArgs};
use super::super::failure::Failure;
use super::super::watch::Onlooker;
use super::super::{input, output};
use super::records::{Course, Records};
use crate::archive::ELEMENTS;
use crate::model::Model;
use crate::sim::{Checkpoint, Ensemble, Plan, Run, SimError, Watch};
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Largest checkpoint that is read.
const LARGEST: u64 = 16 << 30;
/// Seconds between checkpoints where nobody says.
pub const PERIOD: f64 = 60.0;
/// A leg takes about so long: nobody waits longer for Ctrl-C to be heard.
const LEG: Duration = Duration::from_millis(250);
/// Numbers that the records of one leg may hold.
const HELD: u64 = 1 << 21;
/// Between two lines of progress where no terminal shows a bar.
const LINE: Duration = Duration::from_secs(30);

/// Reads a checkpoint.
pub fn read(path: &Path) -> Result<Checkpoint, Failure> {
    let bytes = input::bytes(path, LARGEST, "a checkpoint")?;
    Checkpoint::read(&bytes).map_err(|e| Failure::of_file(path, e))
}

/// What a run leaves behind as it goes.
pub struct Keeping<'a> {
    pub asked: &'a SimulateArgs,
    pub common: &'a Common,
    pub course: Course,
    every: Option<u64>,
    /// Where states are to be.
    pub out: Option<PathBuf>,
    /// Where those recorded are meanwhile.
    pub records: Option<Records>,
    /// The file of records is whole: an interrupted program had only its answer left to give.
    pub published: bool,
    /// Seconds that steps took, those before the checkpoint included.
    pub seconds: f64,
}

impl<'a> Keeping<'a> {
    /// Nothing is kept yet of a run with time step `dt`.
    pub fn of(model: &Model, plan: &Plan, dt: f64, asked: &'a SimulateArgs, common: &'a Common) -> Keeping<'a> {
        let course = Course {
            walkers: plan.walkers,
            directions: model.directions(),
            steps: plan.steps,
            burn_in: plan.burn_in,
            every: plan.every.unwrap_or(1),
            dt,
            learning_rate: model.sgd().map(|_| dt),
        };
        let out = asked.out.as_ref().map(|out| std::path::absolute(out).unwrap_or_else(|_| out.clone()));
        Keeping { asked, common, course, every: plan.every, out, records: None, published: false, seconds: 0.0 }
    }

    /// Whether all files can be written, asked before the long work starts, and the file of records.
    pub fn prepare(&mut self, run: &mut Run) -> Result<(), Failure> {
        let asked = self.asked;
        let same = |one: &Path, other: &Path| std::path::absolute(one).ok() == std::path::absolute(other).ok();
        if let Some(path) = &asked.checkpoint {
            output::check_file("--checkpoint", path, &[])?;
            if same(path, &asked.model) || self.out.as_deref().is_some_and(|out| same(path, out)) {
                return Err(Failure::bad(format!(
                    "--checkpoint {}: is the name of another file of this run",
                    path.display()
                )));
            }
        }
        let Some(out) = &self.out else { return Ok(()) };
        output::check_file("--out", out, &["npz", "csv"])?;
        let Some(every) = self.every else { return Ok(()) };
        if self.records.is_none() && !self.published {
            let records = (self.course.steps - self.course.burn_in) / every;
            let numbers = (run.numbers_per_record() as u64).saturating_mul(records);
            let size = 8.0 * numbers as f64 / f64::from(1 << 30);
            if size > asked.out_limit {
                return Err(Failure::bad(format!(
                    "--out {}: {records} records of {} walkers are {size:.1} GiB, more than the {} of --out-limit",
                    out.display(),
                    self.course.walkers,
                    asked.out_limit
                )));
            }
            if !self.common.quiet {
                let note = if numbers > ELEMENTS as u64 { "; more than `fit` and `verify` read" } else { "" };
                let out = out.display();
                let _ = writeln!(
                    std::io::stderr(),
                    "{records} records of {} walkers: {size:.3} GiB for {out}, and as much beside it until the end{note}",
                    self.course.walkers
                );
            }
            self.records = Some(Records::create(out, asked.checkpoint.is_some())?);
        }
        run.keep_records();
        Ok(())
    }

    /// Takes all steps that are left.
    pub fn follow(&mut self, mut run: Run) -> Result<Ensemble, Failure> {
        let watch = Onlooker::of("walker-steps", self.common);
        let listening = Deaf(&watch);
        let failed = |e: SimError| Failure::of_file(&self.asked.model, e);
        let most = HELD / (run.numbers_per_record() as u64).max(1);
        let most = if self.records.is_some() { self.course.every.saturating_mul(most.max(1)) } else { u64::MAX };
        let period =
            Duration::try_from_secs_f64(self.asked.checkpoint_every.unwrap_or(PERIOD)).unwrap_or(Duration::MAX);
        let (mut leg, mut kept, mut told) = (1, Instant::now(), Instant::now());
        let (began, first) = (Instant::now(), run.step());
        if !self.published {
            self.keep(&mut run)?;
        }
        while !run.is_done() {
            if watch.stop() {
                drop(watch);
                return Err(self.interrupted(&mut run));
            }
            let (clock, before) = (Instant::now(), run.step());
            let records = run.advance(leg, &listening).map_err(failed)?;
            let took = clock.elapsed();
            self.seconds += took.as_secs_f64();
            if let Some(file) = &mut self.records {
                file.append(&records)?;
            }
            // At most twice as long as before: the first legs say little of the later ones.
            let done = run.step() - before;
            let fits = done as f64 * LEG.as_secs_f64() / took.as_secs_f64().max(1e-9);
            leg = (fits as u64).clamp(1, leg.saturating_mul(2)).min(most);
            if kept.elapsed() >= period {
                self.keep(&mut run)?;
                kept = Instant::now();
            }
            if told.elapsed() >= LINE {
                self.tell(&run, run.step() - first, began.elapsed());
                told = Instant::now();
            }
        }
        let clock = Instant::now();
        // What is written last is written before the run is used up.
        let kept = self.asked.checkpoint.as_ref().filter(|_| !self.published);
        let last = kept.map(|path| (path, run.checkpoint(self.notes(true)).to_bytes()));
        let found = run.finish(&listening).map_err(failed)?;
        self.seconds += clock.elapsed().as_secs_f64();
        drop(watch);
        if let (Some(file), Some(out)) = (&mut self.records, &self.out) {
            file.publish(out, &self.course, &found)?;
        }
        if let Some((path, bytes)) = last {
            output::rewrite(path, &bytes)?;
        }
        if let Some(file) = self.records.take() {
            file.remove();
        }
        Ok(found)
    }

    fn notes(&self, published: bool) -> Vec<(String, String)> {
        let mut notes = vec![("seconds".to_owned(), self.seconds.to_string())];
        if let Some(out) = &self.out {
            notes.push(("out".to_owned(), out.display().to_string()));
        }
        if let Some(file) = &self.records {
            notes.extend([
                ("records".to_owned(), file.path().display().to_string()),
                ("bytes".to_owned(), file.bytes.to_string()),
                ("sum".to_owned(), file.sum.to_string()),
                ("published".to_owned(), published.to_string()),
            ]);
        }
        notes
    }

    /// Writes a checkpoint, if one was asked for.
    fn keep(&self, run: &mut Run) -> Result<(), Failure> {
        let Some(path) = &self.asked.checkpoint else { return Ok(()) };
        if let Some(file) = &self.records {
            file.sync()?;
        }
        output::rewrite(path, &run.checkpoint(self.notes(self.published)).to_bytes())
    }

    fn interrupted(&self, run: &mut Run) -> Failure {
        let done = format!("interrupted after {} of {} steps", run.step(), self.course.steps);
        let Some(path) = &self.asked.checkpoint else { return Failure::Interrupted(done) };
        match self.keep(run) {
            Ok(()) => {
                let mut again = format!("thalweg simulate {}", self.asked.model.display());
                self.common.set.iter().for_each(|(name, value)| again += &format!(" --set {name}={value}"));
                again += &format!(" --resume {0} --checkpoint {0}", path.display());
                Failure::Kept(format!("{done}; {} was written. To go on:\n{again}", path.display()))
            }
            Err(failure) => failure,
        }
    }

    /// One line of progress, for those who read a log.
    fn tell(&self, run: &Run, steps: u64, time: Duration) {
        if self.common.quiet || std::io::stderr().is_terminal() {
            return;
        }
        let per_second = steps as f64 / time.as_secs_f64().max(1e-9);
        let left = (self.course.steps - run.step()) as f64 / per_second.max(1e-9);
        let _ = writeln!(
            std::io::stderr(),
            "step {} of {}, {:.2e} walker-steps per second, about {left:.0} s left",
            run.step(),
            self.course.steps,
            per_second * self.course.walkers as f64
        );
    }
}

/// Shows progress and does not stop: a leg is taken to its end, where all walkers stand at the same step.
struct Deaf<'a>(&'a Onlooker);

impl Watch for Deaf<'_> {
    fn progress(&self, done: u64, total: u64) {
        self.0.progress(done, total);
    }
}
