//! Taking up a run: flags that are left out are those of its checkpoint, flags that contradict it are refused.

use super::super::args::{Common, SimdChoice, SimulateArgs};
use super::super::failure::Failure;
use super::keeping::{Keeping, read};
use super::records::Records;
use super::simd;
use crate::model::Model;
use crate::sim::{Checkpoint, CheckpointError, Plan, Run};
use std::path::{Path, PathBuf};

pub fn resumed<'a>(
    model: &Model,
    path: &Path,
    asked: &'a SimulateArgs,
    common: &'a Common,
) -> Result<(Run, Plan, Keeping<'a>), Failure> {
    let failed = |e: CheckpointError| Failure::of_file(path, e);
    let checkpoint = read(path)?;
    let plan = Plan::for_model(model, None).map_err(|e| Failure::of_file(&asked.model, e))?;
    let mut plan = plan.taken_up(&checkpoint).map_err(failed)?;
    contradictions(model, &checkpoint, path, asked, common)?;
    plan.threads = common.threads.map_or(0, usize::from);
    if !plan.simd.is_available() {
        let level = plan.simd.name();
        return Err(Failure::of_file(
            path,
            format!("the run uses {level} instructions, which this machine does not have"),
        ));
    }
    let run = Run::resume(model, &plan, &checkpoint).map_err(failed)?;
    let mut keeping = Keeping::of(model, &plan, run.dt(), asked, common);
    records(&mut keeping, &checkpoint, &plan, path)?;
    Ok((run, plan, keeping))
}

/// Whether what was asked for is what the checkpoint says.
fn contradictions(
    model: &Model,
    checkpoint: &Checkpoint,
    path: &Path,
    asked: &SimulateArgs,
    common: &Common,
) -> Result<(), Failure> {
    let scheme = asked.scheme.map(|s| s.scheme().name().to_owned());
    // A start is compared as the place that it is.
    let start = asked.start.and_then(|x| model.domain().place(x)).map(|x| x.to_string());
    let level = if common.simd == SimdChoice::Auto { None } else { Some(simd(common)?.name().to_owned()) };
    for (flag, name, asked) in [
        ("--walkers", "walkers", asked.walkers.map(|n| n.to_string())),
        ("--steps", "steps", asked.steps.map(|n| n.to_string())),
        ("--dt", "dt", asked.dt.map(|n| n.to_string())),
        ("--scheme", "scheme", scheme),
        ("--start", "start", start),
        ("--every", "every", asked.every.map(|n| n.to_string())),
        ("--seed", "seed", common.seed_given.then(|| common.seed.to_string())),
        ("--simd", "simd", level),
    ] {
        let written = checkpoint.said(name).unwrap_or_default();
        if let Some(value) = asked.filter(|value| value != written) {
            let written = if written.is_empty() { "run without it" } else { written };
            return Err(Failure::bad(format!(
                "{flag} {value}: {} is of a run with {written}; left out, flags are those of the checkpoint",
                path.display()
            )));
        }
    }
    Ok(())
}

/// Where records go on.
fn records(keeping: &mut Keeping, checkpoint: &Checkpoint, plan: &Plan, path: &Path) -> Result<(), Failure> {
    let damaged = || Failure::of_file(path, CheckpointError::Damaged);
    let number = |name: &str| checkpoint.note(name).and_then(|text| text.parse().ok()).ok_or_else(damaged);
    keeping.seconds = checkpoint.note("seconds").and_then(|text| text.parse().ok()).ok_or_else(damaged)?;
    let noted = checkpoint.note("out").map(PathBuf::from);
    let Some(out) = keeping.out.take().or_else(|| noted.clone()) else { return Ok(()) };
    keeping.out = Some(out.clone());
    if plan.every.is_none() {
        return Ok(());
    }
    match noted {
        None => {
            let (out, path) = (out.display(), path.display());
            return Err(Failure::bad(format!("--out {out}: the run of {path} has not recorded its states so far")));
        }
        Some(noted) if noted != out => {
            let (out, noted) = (out.display(), noted.display());
            return Err(Failure::bad(format!("--out {out}: the run records into {noted}")));
        }
        Some(_) => {}
    }
    keeping.published = checkpoint.note("published") == Some("true");
    if keeping.published {
        return if out.is_file() {
            Ok(())
        } else {
            Err(Failure::of_file(path, format!("the run is over, and {}, which it wrote, is gone", out.display())))
        };
    }
    let beside = checkpoint.note("records").map(PathBuf::from).ok_or_else(damaged)?;
    keeping.records = Some(Records::reopen(beside, number("bytes")?, number("sum")?)?);
    Ok(())
}
