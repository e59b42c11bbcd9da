//! A run under way: it advances in legs, and between two legs all walkers stand at the same step.

use super::block::{self, Block};
use super::checkpoint::{Checkpoint, CheckpointError, Exchange, Reader, Writer};
use super::gather::{self, Gather};
use super::problem::Problem;
use super::{Ensemble, Plan, SimError, Watch};
use crate::model::Model;
use rayon::prelude::*;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// An ensemble that is followed leg by leg. How long the legs are changes no byte of what is found.
pub struct Run {
    problem: Problem,
    plan: Plan,
    pool: rayon::ThreadPool,
    blocks: Vec<Block>,
    gathered: Vec<Gather>,
    /// Of the histogram, once recording has begun.
    edges: Option<Vec<f64>>,
    step: u64,
    /// Says all that the bytes depend on.
    description: Vec<(String, String)>,
    keeps_records: bool,
}

impl Run {
    /// All walkers at the start.
    ///
    /// # Errors
    /// What is wrong with the plan, or with the plan for this model.
    pub fn new(model: &Model, plan: &Plan) -> Result<Run, SimError> {
        let mut run = Run::of(Problem::of(model, plan)?, plan)?;
        run.description = plan.describe(&run.problem, model);
        Ok(run)
    }

    pub(super) fn of(problem: Problem, plan: &Plan) -> Result<Run, SimError> {
        plan.check(&problem)?;
        let pool = rayon::ThreadPoolBuilder::new().num_threads(plan.threads).build().map_err(|_| SimError::Threads)?;
        let blocks = block::blocks(&problem, plan.walkers, plan.seed);
        let gathered =
            blocks.iter().map(|b| Gather::new(b.lanes(), problem.directions(), &[], plan.every.is_none())).collect();
        Ok(Run {
            problem,
            plan: plan.clone(),
            pool,
            blocks,
            gathered,
            edges: None,
            step: 0,
            description: Vec::new(),
            keeps_records: false,
        })
    }

    /// The run that wrote `checkpoint`, where it stood.
    ///
    /// # Errors
    /// A plan that cannot be followed, a checkpoint of another model or plan, or one that is damaged.
    pub fn resume(model: &Model, plan: &Plan, checkpoint: &Checkpoint) -> Result<Run, CheckpointError> {
        let mut run = Run::new(model, plan)?;
        checkpoint.fits(&run.description)?;
        let mut reader = Reader::of(checkpoint.state());
        reader.word(&mut run.step);
        let mut edges = 0;
        reader.word(&mut edges);
        if edges > 0 {
            let mut list = vec![0.0; reader.bounded(edges - 1)];
            reader.numbers(&mut list);
            run.gathered = run.gatherers(&list);
            run.edges = Some(list);
        }
        run.blocks.iter_mut().for_each(|b| b.restore(&mut reader));
        run.gathered.iter_mut().for_each(|g| g.exchange(&mut reader));
        let sound = reader.is_done() && run.step <= plan.steps && run.blocks.iter().all(|b| b.step() == run.step);
        if sound { Ok(run) } else { Err(CheckpointError::Damaged) }
    }

    /// Where all walkers stand now, to be resumed from; `notes` come back as they were given.
    pub fn checkpoint(&mut self, notes: Vec<(String, String)>) -> Checkpoint {
        let mut writer = Writer::default();
        writer.word(&mut self.step);
        match &mut self.edges {
            None => writer.word(&mut 0),
            Some(edges) => {
                writer.word(&mut (edges.len() as u64 + 1));
                writer.numbers(edges);
            }
        }
        self.blocks.iter_mut().for_each(|b| b.save(&mut writer));
        self.gathered.iter_mut().for_each(|g| g.exchange(&mut writer));
        Checkpoint::new(self.description.clone(), notes, writer.0)
    }

    /// From now on [`Run::advance`] hands out the states that are recorded.
    pub fn keep_records(&mut self) {
        self.keeps_records = true;
    }

    /// Steps done by every walker.
    pub fn step(&self) -> u64 {
        self.step
    }

    /// Whether all steps are done.
    pub fn is_done(&self) -> bool {
        self.step == self.plan.steps
    }

    /// Numbers of one record, see [`Run::advance`].
    pub fn numbers_per_record(&self) -> usize {
        self.plan.walkers * (1 + self.problem.directions())
    }

    /// Time per step: `dt`, or the learning rate.
    pub fn dt(&self) -> f64 {
        self.problem.dt
    }

    /// Takes at most `steps` steps; fewer at the end and where recording begins. Where records are kept, those of this leg,
    /// one after the other: `x` of all walkers, then each `y_i` of all walkers, whatever those that diverged stand at.
    ///
    /// # Errors
    /// Interrupted by the one who looks on: the run is then of no further use, since its walkers stand at different steps.
    pub fn advance(&mut self, steps: u64, watch: &dyn Watch) -> Result<Vec<f64>, SimError> {
        let burn_in = self.plan.burn_in;
        let mut to = self.step.saturating_add(steps).min(self.plan.steps);
        if self.plan.every.is_some() {
            if self.step < burn_in {
                to = to.min(burn_in);
            } else if self.edges.is_none() {
                self.begin_recording();
            }
        }
        let (problem, plan, from) = (&self.problem, &self.plan, self.step);
        let edges = self.edges.as_deref().unwrap_or_default();
        let every = plan.every.filter(|_| from >= burn_in).unwrap_or(u64::MAX);
        let first = burn_in.saturating_add(((from.max(burn_in) - burn_in) / every + 1).saturating_mul(every));
        let keeps = self.keeps_records;
        let counter = Counter::new(plan, from, watch);
        let (blocks, gathered) = (&mut self.blocks, &mut self.gathered);
        let leg = |(b, gather): (&mut Block, &mut Gather)| {
            let (lanes, mut next, mut kept) = (b.lanes() as u64, first, Vec::new());
            while next <= to {
                counter.advance(lanes, next - b.step(), |steps| b.advance(problem, steps))?;
                gather.record(b, problem, edges);
                if keeps {
                    kept.push(states(b, problem));
                }
                next = next.saturating_add(every);
            }
            counter.advance(lanes, to - b.step(), |steps| b.advance(problem, steps))?;
            Some(kept)
        };
        let kept: Option<Vec<_>> =
            self.pool.install(|| blocks.par_iter_mut().zip(gathered.par_iter_mut()).map(leg).collect());
        let Some(kept) = kept else {
            return Err(SimError::Interrupted { done: counter.done() });
        };
        self.step = to;
        Ok(one_by_one(&kept))
    }

    /// What the walkers did.
    ///
    /// # Errors
    /// Those of [`Run::advance`], by which the steps that are left are taken.
    pub fn finish(mut self, watch: &dyn Watch) -> Result<Ensemble, SimError> {
        while !self.is_done() {
            self.advance(u64::MAX, watch)?;
        }
        if self.plan.every.is_none() {
            self.begin_recording();
            let edges = self.edges.as_deref().unwrap_or_default();
            self.blocks.iter_mut().zip(&mut self.gathered).for_each(|(b, g)| g.record(b, &self.problem, edges));
        }
        self.blocks.iter_mut().for_each(|b| b.complete(&self.problem));
        let threads = self.pool.current_num_threads();
        let edges = self.edges.unwrap_or_default();
        Ok(gather::ensemble(&self.problem, &self.plan, threads, &self.blocks, &self.gathered, edges))
    }

    fn begin_recording(&mut self) {
        if self.plan.every.is_some() {
            self.blocks.iter_mut().for_each(|b| b.complete(&self.problem));
        }
        let edges = gather::edges(&self.problem, &self.plan, &self.blocks);
        self.gathered = self.gatherers(&edges);
        self.edges = Some(edges);
    }

    fn gatherers(&self, edges: &[f64]) -> Vec<Gather> {
        let once = self.plan.every.is_none();
        self.blocks.iter().map(|b| Gather::new(b.lanes(), self.problem.directions(), edges, once)).collect()
    }
}

/// `x`, then each `y_i`, of the walkers of a block: `[quantity][lane]`.
fn states(block: &Block, problem: &Problem) -> Vec<Vec<f64>> {
    let lanes = 0..block.lanes();
    let x = lanes.clone().map(|lane| gather::place(block, problem, lane)).collect();
    let y = (0..problem.directions()).map(|i| lanes.clone().map(|lane| block.y(i, lane)).collect());
    std::iter::once(x).chain(y).collect()
}

/// From `[block][record][quantity][lane]` to record, quantity, walker.
fn one_by_one(kept: &[Vec<Vec<Vec<f64>>>]) -> Vec<f64> {
    let records = kept.first().map_or(0, Vec::len);
    let mut all = Vec::new();
    for record in 0..records {
        for quantity in 0..kept[0][record].len() {
            kept.iter().for_each(|block| all.extend(&block[record][quantity]));
        }
    }
    all
}

/// Steps between two looks at the stop flag.
const LEAP: u64 = 64;

/// Counts walker-steps for the one who looks on.
pub(super) struct Counter<'a> {
    done: AtomicU64,
    total: u64,
    stopped: AtomicBool,
    watch: &'a dyn Watch,
}

impl<'a> Counter<'a> {
    /// After `step` steps of every walker.
    pub fn new(plan: &Plan, step: u64, watch: &'a dyn Watch) -> Counter<'a> {
        let total = (plan.walkers as u64).saturating_mul(plan.steps);
        let done = AtomicU64::new((plan.walkers as u64).saturating_mul(step));
        Counter { done, total, stopped: AtomicBool::new(false), watch }
    }

    pub fn stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    pub fn done(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }

    /// Takes `steps` in leaps; `None` where it was told to stop.
    pub fn advance(&self, lanes: u64, steps: u64, mut leap: impl FnMut(u64)) -> Option<()> {
        let mut left = steps;
        while left > 0 {
            if self.stopped() || self.watch.stop() {
                self.stopped.store(true, Ordering::Relaxed);
                return None;
            }
            let now = left.min(LEAP);
            leap(now);
            left -= now;
            let done = self.done.fetch_add(now * lanes, Ordering::Relaxed) + now * lanes;
            self.watch.progress(done, self.total);
        }
        Some(())
    }
}
