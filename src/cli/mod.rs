//! What was asked, and how did it end? The only room that prints and opens files.
//!
//! Results go to standard output, messages to standard error. Exit codes: 0 done, 1 a check fails, 2 bad input or usage
//! (nothing on standard output), 3 undecided.

mod answer;
mod args;
mod commands;
mod derivations_page;
mod measured;
mod prove;
mod time;
mod verify;

use crate::model::Model;
use answer::{Answer, Failure};
use args::{Cli, Command, Common};
use clap::Parser;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

/// Runs the program on the arguments of the process.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // A closed pipe is not a crash.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    match run(&cli) {
        Ok((text, code)) => {
            let mut out = std::io::stdout().lock();
            let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
            ExitCode::from(code)
        }
        Err(failure) => {
            let _ = write!(std::io::stderr(), "{failure}");
            ExitCode::from(2)
        }
    }
}

fn run(cli: &Cli) -> Result<(String, u8), Failure> {
    let answer = match &cli.command {
        Command::Verify { models, data } => verify::verify(models, data.as_deref(), &cli.common)?,
        Command::Density(asked) => commands::density(asked, &cli.common)?,
        Command::Loss { model, places } => commands::loss(model, places, &cli.common)?,
        Command::Bounds { input, batch_size } => commands::bounds(input, *batch_size, &cli.common)?,
        Command::Cite { models } => commands::cite(models, &cli.common)?,
        Command::Simulate(asked) => measured::simulate(asked, &cli.common)?,
        Command::Network { network } => measured::network(network)?,
        Command::Time(asked) => time::time(asked, &cli.common)?,
        Command::Tune(_) => return Err(Failure::NotBuilt("`tune`")),
        Command::Phase(_) => return Err(Failure::NotBuilt("`phase`")),
        Command::Fit(_) => return Err(Failure::NotBuilt("`fit`")),
        Command::Prove(asked) => prove::prove(asked, &cli.common)?,
    };
    finish(answer, &cli.common)
}

fn finish(answer: Answer, common: &Common) -> Result<(String, u8), Failure> {
    let text = answer.printed(common.format)?;
    if let Some(folder) = &common.report {
        answer.write(folder)?;
    }
    Ok((text, answer.code))
}

/// Largest model file that is read.
const LARGEST_FILE: u64 = 4 << 20;

/// Reads the text of a RON file.
fn read_text(path: &Path, what: &str) -> Result<String, Failure> {
    let shown = path.display();
    let unreadable = |e: std::io::Error| Failure::bad(format!("{shown}: cannot be read: {e}"));
    let length = std::fs::metadata(path).map_err(unreadable)?.len();
    if length > LARGEST_FILE {
        return Err(Failure::bad(format!("{shown}: {length} bytes are too many for a {what} file")));
    }
    let bytes = std::fs::read(path).map_err(unreadable)?;
    String::from_utf8(bytes).map_err(|e| {
        let at = e.utf8_error().valid_up_to();
        Failure::bad(format!("{shown}: not text: byte {at} is not UTF-8; a {what} file is RON"))
    })
}

/// Reads a model file; its warnings go to standard error.
fn read_model(path: &Path, common: &Common) -> Result<Model, Failure> {
    let shown = path.display();
    let text = read_text(path, "model")?;
    let model = Model::read(&text, &common.set)
        .map_err(|errors| Failure::Bad(errors.0.iter().map(|error| format!("{shown}:{error}")).collect()))?;
    if !common.quiet {
        for warning in model.warnings() {
            let _ = writeln!(std::io::stderr(), "warning: {shown}: {warning}");
        }
    }
    Ok(model)
}
