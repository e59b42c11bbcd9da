//! What was asked, and how did it end? The only room that prints and opens files.
//!
//! Results go to standard output, messages to standard error. Exit codes: 0 done, 1 a check fails, 2 bad input or usage
//! (nothing on standard output), 3 undecided.

mod answer;
mod args;
mod commands;
mod density;
mod derivations_page;
mod failure;
mod fit;
mod histogram;
mod input;
mod measured;
mod output;
mod phase;
mod prove;
mod simulate;
mod time;
mod tune;
mod verify;
mod watch;

use crate::model::Model;
use crate::theory::stretch;
use answer::{Answer, Failure};
use args::{Cli, Color, Command, Common, Format, Places};
use clap::{CommandFactory, FromArgMatches};
use std::ffi::OsString;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Runs the program on the arguments of the process.
pub fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let wanted = Color::in_arguments(&arguments);
    let clap_choice = match wanted {
        Color::Auto => clap::ColorChoice::Auto,
        Color::Always => clap::ColorChoice::Always,
        Color::Never => clap::ColorChoice::Never,
    };
    let parsed = Cli::command().color(clap_choice).try_get_matches_from(arguments);
    let parsed = parsed.and_then(|matches| {
        let mut cli = Cli::from_arg_matches(&matches)?;
        let deepest = matches.subcommand().map_or(&matches, |(_, own)| own);
        cli.common.seed_given = deepest.value_source("seed") == Some(clap::parser::ValueSource::CommandLine);
        Ok(cli)
    });
    let cli = match parsed {
        Ok(cli) => cli,
        Err(error) => {
            // A closed pipe is not a crash.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    watch::listen();
    match run(&cli) {
        Ok((text, code)) => {
            let mut out = std::io::stdout().lock();
            let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
            ExitCode::from(code)
        }
        Err(failure) => {
            let colour = cli.common.color.on(std::io::stderr().is_terminal());
            let _ = std::io::stderr().write_all(failure.page(colour).as_bytes());
            ExitCode::from(failure.code())
        }
    }
}

fn run(cli: &Cli) -> Result<(String, u8), Failure> {
    if cli.common.format == Format::Junit && !matches!(cli.command, Command::Verify { .. } | Command::Prove(_)) {
        return Err(Failure::bad("--format junit exists for `verify` and `prove` only"));
    }
    if cli.common.format == Format::Markdown && !matches!(cli.command, Command::Prove(_)) {
        return Err(Failure::bad("--format markdown exists for `prove` only"));
    }
    if !cli.common.set.is_empty() && cli.command.reads_no_model() {
        return Err(Failure::bad("--set changes a model file, and this command reads none"));
    }
    if let Some(folder) = &cli.common.report {
        output::check_folder("--report", folder)?;
    }
    let answer = match &cli.command {
        Command::Verify { models, data, quick } => verify::verify(models, data.as_deref(), *quick, &cli.common)?,
        Command::Density(asked) => density::density(asked, &cli.common)?,
        Command::Loss { model, places } => commands::loss(model, places, &cli.common)?,
        Command::Bounds { input, batch_size, network } => commands::bounds(input, *batch_size, network, &cli.common)?,
        Command::Cite { models } => commands::cite(models, &cli.common)?,
        Command::Simulate(asked) => simulate::simulate(asked, &cli.common)?,
        Command::Network { network, tails } => measured::network(network, *tails, &cli.common)?,
        Command::Time(asked) => time::time(asked, &cli.common)?,
        Command::Tune(asked) => tune::tune(asked, &cli.common)?,
        Command::Phase(asked) => phase::phase(asked, &cli.common)?,
        Command::Fit(asked) => fit::fit(asked)?,
        Command::Prove(asked) => prove::prove(asked, &cli.common)?,
    };
    finish(answer, &cli.common)
}

fn finish(answer: Answer, common: &Common) -> Result<(String, u8), Failure> {
    let text = answer.printed(common.format)?;
    if let Some(folder) = &common.report {
        let names = answer.write(folder)?;
        if !common.quiet {
            let _ = writeln!(std::io::stderr(), "wrote {} into {}", names.join(", "), folder.display());
        }
    }
    Ok((text, answer.code))
}

/// Reads a model file; its warnings go to standard error.
fn read_model(path: &Path, common: &Common) -> Result<Model, Failure> {
    let text = input::text(path, "a model file")?;
    let model = Model::read(&text, &common.set).map_err(|faults| Failure::of_faults(path, &text, &faults))?;
    if !common.quiet {
        for warning in model.warnings() {
            let _ = writeln!(std::io::stderr(), "{}: warning: {warning}", path.display());
        }
    }
    Ok(model)
}

/// Reads model files; what is wrong with any of them is told at once.
fn read_models(paths: &[PathBuf], common: &Common) -> Result<Vec<Model>, Failure> {
    let (mut models, mut complaints) = (Vec::new(), Vec::new());
    for path in paths {
        match read_model(path, common) {
            Ok(model) => models.push(model),
            Err(Failure::Bad(more)) => complaints.extend(more),
            Err(other) => return Err(other),
        }
    }
    if complaints.is_empty() { Ok(models) } else { Err(Failure::Bad(complaints)) }
}

/// Whether a place that a flag names is in the domain.
fn inside(model: &Model, flag: &str, x: f64) -> Result<(), Failure> {
    if model.domain().place(x).is_some() {
        return Ok(());
    }
    let accepted = model.domain().ends().map_or("a finite number".into(), |(a, b)| format!("from {a} to {b}"));
    let (name, coordinate) = (model.name(), model.coordinate());
    Err(Failure::bad(format!("{flag} {x}: outside the domain of `{name}`: accepted for {coordinate} is {accepted}")))
}

/// The places asked for, inside the domain.
fn places(model: &Model, asked: &Places) -> Result<Vec<f64>, Failure> {
    if let Some(at) = &asked.at {
        at.iter().try_for_each(|x| inside(model, "--at", *x))?;
        return Ok(at.clone());
    }
    let n = asked.points.unwrap_or(201);
    let (a, b) = stretch(model)
        .map_err(|reason| Failure::bad(format!("no places along an unbounded floor without --at: {reason}")))?;
    let last = f64::from(n - 1);
    Ok((0..n).map(|k| if k + 1 == n { b } else { a + (b - a) * f64::from(k) / last }).collect())
}
