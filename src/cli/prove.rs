//! `prove`: derivation files in, verdicts out.

use super::answer::{Answer, Failure, number};
use super::args::{Common, ProveArgs};
use super::derivations_page::page;
use super::failure::Complaint;
use super::input;
use crate::derivation::Derivation;
use crate::proof::{Claim, Verdict, Witness, judge};
use crate::report::table::{Cell, Table};
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use rayon::prelude::*;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Room for walks over the deepest formulas that are read.
const STACK: usize = 64 << 20;

/// A derivation and what became of its claim and its mutants.
pub struct Judged {
    pub file: PathBuf,
    pub derivation: Derivation,
    pub verdict: Verdict,
    pub mutants: Vec<Verdict>,
    seconds: f64,
}

pub fn prove(asked: &ProveArgs, common: &Common) -> Result<Answer, Failure> {
    if !common.set.is_empty() {
        return Err(Failure::bad("--set: a derivation has no parameters to set"));
    }
    let mut read = read_all(&files(&asked.paths)?)?;
    if let Some(id) = &asked.explain {
        read.retain(|(_, derivation)| derivation.id() == id);
        if read.is_empty() {
            return Err(Failure::bad(format!("--explain {id}: no derivation with this id in the files given")));
        }
    }
    let judged = judge_all(read, common)?;
    let mut table = Table::new(["id", "part", "verdict", "holds", "detail", "file"]);
    let mut own = Table::new(["id", "claim", "mutants refuted"]);
    let mut notes = String::new();
    for j in &judged {
        let id = j.derivation.id();
        let refuted = j.mutants.iter().filter(|m| is_refuted(m)).count();
        own.row([Cell::from(id), name(&j.verdict).into(), format!("{refuted} of {}", j.mutants.len()).into()]);
        for (part, verdict, holds) in parts(j) {
            let detail = detail(verdict);
            if !holds {
                notes += &format!("{id}: {part} {}: {detail}\n", name(verdict));
            }
            table.row([
                Cell::from(id),
                part.into(),
                name(verdict).into(),
                if holds { "yes" } else { "no" }.into(),
                detail.into(),
                j.file.display().to_string().into(),
            ]);
        }
    }
    let count = |wanted: &str| judged.iter().filter(|j| name(&j.verdict) == wanted).count();
    let mutants: usize = judged.iter().map(|j| j.mutants.len()).sum();
    let dead: usize = judged.iter().flat_map(|j| &j.mutants).filter(|m| is_refuted(m)).count();
    let summary = format!(
        "{} derivations: {} proved, {} refuted, {} unknown; {dead} of {mutants} mutants refuted\n",
        judged.len(),
        count("proved"),
        count("refuted"),
        count("unknown"),
    );
    let explained = asked.explain.is_some();
    let text = if explained {
        judged.iter().map(explanation).collect()
    } else {
        let gap = if notes.is_empty() { "" } else { "\n" };
        format!("{}\n{notes}{gap}{summary}", own.to_text())
    };
    let entries = json!({
        "derivations": judged.iter().map(|j| as_json(j, explained)).collect::<Vec<_>>(),
        "summary": {"proved": count("proved"), "refuted": count("refuted"), "unknown": count("unknown"),
                    "mutants": mutants, "mutants_refuted": dead},
    });
    let mut answer = Answer::new("prove", text, table, entries);
    answer.junit = junit(&judged);
    answer.markdown = Some(page(&judged));
    answer.code = if count("refuted") > 0 || dead < mutants {
        1
    } else if count("unknown") > 0 {
        3
    } else {
        0
    };
    Ok(answer)
}

/// The files themselves, and every `.ron` file below the folders, each once, in order.
fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let unreadable = |path: &Path, e: &std::io::Error| Failure::of_file(path, format!("cannot be read: {e}"));
    let mut found = Vec::new();
    for path in paths {
        if !std::fs::metadata(path).map_err(|e| unreadable(path, &e))?.is_dir() {
            found.push(path.clone());
            continue;
        }
        let before = found.len();
        let mut folders = vec![path.clone()];
        let mut below = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder).map_err(|e| unreadable(&folder, &e))? {
                let entry = entry.map_err(|e| unreadable(&folder, &e))?;
                let here = entry.path();
                // A link to a folder is not followed: it may lead back up.
                if entry.file_type().map_err(|e| unreadable(&here, &e))?.is_dir() {
                    folders.push(here);
                } else if here.extension().is_some_and(|e| e == "ron") && !here.is_dir() {
                    below.push(here);
                }
            }
        }
        below.sort();
        found.extend(below);
        if found.len() == before {
            return Err(Failure::of_file(path, "no derivation files (*.ron) in this folder"));
        }
    }
    let mut known = HashSet::new();
    found.retain(|path| known.insert(path.canonicalize().unwrap_or_else(|_| path.clone())));
    Ok(found)
}

fn read_all(files: &[PathBuf]) -> Result<Vec<(PathBuf, Derivation)>, Failure> {
    let mut complaints = Vec::new();
    let mut read = Vec::new();
    let mut ids: HashMap<String, &PathBuf> = HashMap::new();
    for file in files {
        let text = match input::text(file, "a derivation file") {
            Ok(text) => text,
            Err(Failure::Bad(more)) => {
                complaints.extend(more);
                continue;
            }
            Err(other) => return Err(other),
        };
        match Derivation::read(&text) {
            Ok(derivation) => match ids.insert(derivation.id().to_owned(), file) {
                None => read.push((file.clone(), derivation)),
                Some(first) => {
                    let (id, first) = (derivation.id(), first.display());
                    let message = format!("id: `{id}` is the id of {first} already: every derivation has its own");
                    complaints.push(Complaint::of_file(file, message));
                }
            },
            Err(faults) => complaints.extend(Complaint::of_faults(file, &text, &faults)),
        }
    }
    if complaints.is_empty() { Ok(read) } else { Err(Failure::Bad(complaints)) }
}

fn judge_all(read: Vec<(PathBuf, Derivation)>, common: &Common) -> Result<Vec<Judged>, Failure> {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(common.threads.map_or(0, usize::from))
        .stack_size(STACK)
        .build()
        .map_err(|e| Failure::bad(format!("--threads: {e}")))?;
    // One task per claim and per mutant, so that a slow file does not hold up the rest.
    let tasks: Vec<(&Derivation, &Claim)> = read
        .iter()
        .flat_map(|(_, d)| std::iter::once(d.claim()).chain(d.mutants()).map(move |claim| (d, claim)))
        .collect();
    let verdicts: Vec<(Verdict, f64)> = pool.install(|| {
        tasks
            .par_iter()
            .map(|(derivation, claim)| {
                let clock = Instant::now();
                let steps = if *claim == derivation.claim() { derivation.steps() } else { &[] };
                let verdict = judge(derivation.symbols(), claim, steps);
                (verdict, clock.elapsed().as_secs_f64())
            })
            .collect()
    });
    let mut verdicts = verdicts.into_iter();
    let mut judged = Vec::new();
    for (file, derivation) in read {
        let Some((verdict, mut seconds)) = verdicts.next() else { break };
        let mut mutants = Vec::new();
        for (mutant, spent) in verdicts.by_ref().take(derivation.mutants().len()) {
            mutants.push(mutant);
            seconds += spent;
        }
        judged.push(Judged { file, derivation, verdict, mutants, seconds });
    }
    Ok(judged)
}

/// The claim and each mutant, with its verdict and whether that is the verdict it should have.
fn parts(j: &Judged) -> impl Iterator<Item = (String, &Verdict, bool)> {
    let claim = ("claim".to_owned(), &j.verdict, matches!(j.verdict, Verdict::Proved(_)));
    let mutants = j.mutants.iter().enumerate().map(|(k, m)| (format!("mutant {}", k + 1), m, is_refuted(m)));
    std::iter::once(claim).chain(mutants)
}

fn is_refuted(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Refuted(_))
}

/// The verdict in one word.
pub fn name(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Proved(_) => "proved",
        Verdict::Refuted(_) => "refuted",
        Verdict::Unknown(_) => "unknown",
    }
}

fn assignments(values: &BTreeMap<String, String>, between: &str) -> Vec<String> {
    values.iter().map(|(name, value)| format!("{name}{between}{value}")).collect()
}

/// What the verdict rests on, in one line.
fn detail(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Proved(theorem) if theorem.conditions().is_empty() => format!("{} steps", theorem.steps().len()),
        Verdict::Proved(theorem) => {
            format!("{} steps, where {}", theorem.steps().len(), theorem.conditions().join(", "))
        }
        Verdict::Refuted(Witness { point, functions, left, right }) => {
            let mut place = assignments(point, " = ");
            place.extend(assignments(functions, ": "));
            let place = if place.is_empty() { "everywhere".into() } else { format!("at {}", place.join(", ")) };
            format!("{place}: {left} against {right}")
        }
        Verdict::Unknown(reason) => reason.clone(),
    }
}

fn witness(verdict: &Verdict) -> Value {
    match verdict {
        Verdict::Refuted(w) => json!({"point": w.point, "functions": w.functions, "left": w.left, "right": w.right}),
        Verdict::Proved(_) | Verdict::Unknown(_) => Value::Null,
    }
}

fn reason(verdict: &Verdict) -> Value {
    match verdict {
        Verdict::Unknown(reason) => json!(reason),
        Verdict::Proved(_) | Verdict::Refuted(_) => Value::Null,
    }
}

fn as_json(j: &Judged, with_proof: bool) -> Value {
    let d = &j.derivation;
    let (conditions, steps) = match &j.verdict {
        Verdict::Proved(theorem) => (theorem.conditions(), theorem.steps()),
        Verdict::Refuted(_) | Verdict::Unknown(_) => (&[][..], &[][..]),
    };
    let mutants: Vec<Value> =
        j.mutants.iter().map(|m| json!({"verdict": name(m), "witness": witness(m), "reason": reason(m)})).collect();
    let mut entry = json!({
        "id": d.id(), "title": d.title(), "file": j.file.display().to_string(), "source": d.source().to_string(),
        "verdict": name(&j.verdict), "witness": witness(&j.verdict), "reason": reason(&j.verdict),
        "mutants": mutants, "conditions": conditions, "steps": steps.len(), "seconds": number(j.seconds),
    });
    if with_proof {
        let steps: Vec<Value> =
            steps.iter().map(|s| json!({"rule": s.rule, "text": s.text, "latex": s.latex})).collect();
        entry["proof"] = Value::Array(steps);
    }
    entry
}

fn explanation(j: &Judged) -> String {
    let d = &j.derivation;
    let mut text = format!("{}\n{}\nSource: {}\nVerdict: {}\n", d.id(), d.title(), d.source(), name(&j.verdict));
    match &j.verdict {
        Verdict::Proved(theorem) => {
            for condition in theorem.conditions() {
                text += &format!("Where: {condition}\n");
            }
            for (k, step) in theorem.steps().iter().enumerate() {
                text += &format!("\n{}. {}\n   {}\n   $ {} $\n", k + 1, step.rule, step.text, step.latex);
            }
        }
        other => text += &format!("{}\n", detail(other)),
    }
    for (k, mutant) in j.mutants.iter().enumerate() {
        text += &format!("\nMutant {}: {}: {}\n", k + 1, name(mutant), detail(mutant));
    }
    text
}

fn junit(judged: &[Judged]) -> Option<String> {
    let mut file = Report::new("thalweg prove");
    for j in judged {
        let mut suite = TestSuite::new(j.derivation.id());
        for (part, verdict, holds) in parts(j) {
            let mut status = match verdict {
                _ if holds => TestCaseStatus::success(),
                Verdict::Unknown(_) if part == "claim" => TestCaseStatus::non_success(NonSuccessKind::Error),
                _ => TestCaseStatus::non_success(NonSuccessKind::Failure),
            };
            status.set_message(format!("{}: {}", name(verdict), detail(verdict)));
            suite.add_test_case(TestCase::new(part, status));
        }
        file.add_test_suite(suite);
    }
    file.to_string().ok()
}
