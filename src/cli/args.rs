//! What was asked: the flags of every command, as written on the command line.

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Computes, proves and cross-validates what stochastic gradient descent does in a valley of the loss.
#[derive(Debug, Parser)]
#[command(name = "thalweg", version, propagate_version = true, max_term_width = 110)]
#[command(
    after_help = "Exit codes: 0 every check holds, 1 a check fails, 2 bad input or usage, 3 undecided, 130 interrupted."
)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
    #[command(flatten)]
    pub common: Common,
}

/// Flags that every command understands.
#[derive(Debug, Args)]
pub struct Common {
    /// Form of the answer on standard output
    #[arg(long, value_enum, default_value_t = Format::Text, global = true)]
    pub format: Format,
    /// Also write the answer, as JSON, CSV, pictures and one page, into this folder
    #[arg(long, value_name = "DIR", global = true)]
    pub report: Option<PathBuf>,
    /// Give a parameter or a noise field (`noise.delta`) another value; may be repeated
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = override_value, allow_hyphen_values = true, global = true)]
    pub set: Vec<(String, f64)>,
    /// Seed of every random number
    #[arg(long, value_name = "N", default_value_t = 0, allow_negative_numbers = true, global = true)]
    pub seed: u64,
    /// Whether the seed is that of the command line.
    #[arg(skip)]
    pub seed_given: bool,
    /// Threads to use; results do not depend on it [default: all cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024), allow_negative_numbers = true, global = true)]
    pub threads: Option<u16>,
    /// Instructions for the inner loops; results do not depend on it
    #[arg(long, value_enum, default_value_t = SimdChoice::Auto, global = true)]
    pub simd: SimdChoice,
    /// No progress and no notes on standard error
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// Colour on standard error and in tables; NO_COLOR is respected
    #[arg(long, value_enum, default_value_t = Color::Auto, global = true)]
    pub color: Color,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Tables for people
    Text,
    /// One JSON object
    Json,
    /// Comma-separated values with a header line
    Csv,
    /// JUnit XML, for `verify` and `prove`
    Junit,
    /// One page for readers, for `prove`
    Markdown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SimdChoice {
    Auto,
    Avx512,
    Avx2,
    Portable,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    Auto,
    Always,
    Never,
}

impl Color {
    /// What the command line asks for, before it is known to be well-formed: its errors want colour, too.
    pub fn in_arguments(arguments: &[std::ffi::OsString]) -> Color {
        let words: Vec<&str> = arguments.iter().filter_map(|a| a.to_str()).take_while(|a| *a != "--").collect();
        let values = words.windows(2).filter(|w| w[0] == "--color").map(|w| w[1]);
        let value = values.chain(words.iter().filter_map(|w| w.strip_prefix("--color="))).last();
        value.and_then(|v| Color::from_str(v, false).ok()).unwrap_or(Color::Auto)
    }

    /// Whether to colour a stream that is a terminal, or is not.
    pub fn on(self, terminal: bool) -> bool {
        let set = |name: &str| std::env::var_os(name).is_some_and(|v| !v.is_empty());
        match self {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => terminal && !set("NO_COLOR") && std::env::var_os("TERM").is_none_or(|t| t != "dumb"),
        }
    }
}

impl Command {
    /// Whether `--set` has nothing to change.
    pub fn reads_no_model(&self) -> bool {
        match self {
            Command::Network { .. } | Command::Prove(_) | Command::Fit(_) => true,
            Command::Bounds { input, .. } | Command::Tune(TuneArgs { input, .. }) => is_archive(input),
            Command::Cite { models } => models.is_empty(),
            _ => false,
        }
    }
}

/// Whether the name is that of an archive of arrays, not of a model.
pub fn is_archive(path: &std::path::Path) -> bool {
    path.extension().is_some_and(|e| e.eq_ignore_ascii_case("npz"))
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Check every claim of the theory for a model against the exact solve and simulation
    Verify {
        /// Model files
        #[arg(required = true, value_name = "MODEL")]
        models: Vec<PathBuf>,
        /// Recorded samples (arrays x and optionally y) to stand where simulation stood
        #[arg(long, value_name = "SAMPLES.npz")]
        data: Option<PathBuf>,
        /// Smaller samples: a tenth of the time, a third of the power
        #[arg(long)]
        quick: bool,
    },
    /// Stationary density along the floor by each method
    Density(DensityArgs),
    /// Floor loss, SGD loss, effective loss and marginal potential: numbers, formula, LaTeX
    Loss {
        /// Model file
        model: PathBuf,
        #[command(flatten)]
        places: Places,
    },
    /// Divergence bounds of a model or of a measured network, and which one binds
    Bounds {
        /// Model file (.ron) or network file (.npz)
        input: PathBuf,
        /// One batch size, or a range A..B (both ends included) for a curve
        #[arg(long, value_name = "B|A..B", value_parser = batch_range)]
        batch_size: Option<(u64, u64)>,
        #[command(flatten)]
        network: OfNetwork,
    },
    /// Paths, moments and histograms of the SDE or of SGD steps
    Simulate(SimulateArgs),
    /// Predicted against measured variances and bounds of a real network
    Network {
        /// Network file (.npz), laid out as data/README.md says
        network: PathBuf,
        /// Simulate the linearised dynamics too: where almost every run leaves, and how heavy the tails of every run are
        #[arg(long)]
        tails: bool,
    },
    /// BibTeX of the sources behind what is computed
    Cite {
        /// Model files; none: every source
        #[arg(value_name = "MODEL")]
        models: Vec<PathBuf>,
    },
    /// Mean first-passage time between two places of the floor, and the spectral gap
    Time(TimeArgs),
    /// Best hyperparameters under the bounds, of a model or a measured network
    Tune(TuneArgs),
    /// Diagram of learning rate and noise: where the most likely place stays, moves to a flatter one, or is lost
    Phase(PhaseArgs),
    /// Noise strength, anisotropy and curvature from a recorded trajectory, with confidence intervals
    Fit(FitArgs),
    /// Check derivations: claims proved, their wrong variants refuted
    Prove(ProveArgs),
}

/// What is asked of the bounds of a network only; a model says it in its file.
#[derive(Debug, Args)]
pub struct OfNetwork {
    /// Heavy-ball momentum, for a network
    #[arg(long, value_name = "BETA", allow_hyphen_values = true)]
    pub momentum: Option<f64>,
    /// Batches drawn afresh without replacement, for a network [default: with replacement]
    #[arg(long)]
    pub without_replacement: bool,
    /// Redraw the samples this often for the interval of the bound, for a network [default: to first order, without redrawing]
    #[arg(long, value_name = "REDRAWS", value_parser = clap::value_parser!(u32).range(40..=100_000))]
    pub bootstrap: Option<u32>,
}

impl OfNetwork {
    /// Whether anything was asked.
    pub fn asks(&self) -> bool {
        self.momentum.is_some() || self.without_replacement || self.bootstrap.is_some()
    }
}

#[derive(Debug, Args)]
pub struct TuneArgs {
    /// Model file (.ron) or network file (.npz)
    pub input: PathBuf,
    /// What is to be small
    #[arg(long, value_enum, default_value_t = ObjectiveName::TimeToFlat)]
    pub minimize: ObjectiveName,
    /// Where the walk along the floor starts [default: the least floor loss, or the sharpest place of a level floor]
    #[arg(long, value_name = "X", allow_hyphen_values = true)]
    pub from: Option<f64>,
    /// Where it is to arrive [default: the flattest place]
    #[arg(long, value_name = "X", allow_hyphen_values = true)]
    pub to: Option<f64>,
    /// Share of the bound that may be used, between 0 and 1
    #[arg(long, value_name = "SHARE", default_value_t = 0.8, allow_hyphen_values = true)]
    pub safety: f64,
    /// Batch sizes to choose from, one or A..B [default: the model's own; those measured on the network]
    #[arg(long, value_name = "B|A..B", value_parser = batch_range)]
    pub batch_size: Option<(u64, u64)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ObjectiveName {
    /// Steps until the flattest place
    TimeToFlat,
    /// Steps times batch size
    SamplesToFlat,
}

#[derive(Debug, Args)]
pub struct FitArgs {
    /// Trajectory (.npz with x, optionally y, interval, learning_rate; or .csv with time or step, x, y, walker)
    pub trajectory: PathBuf,
    /// Time between records, or steps where there is a learning rate [default: as the file says; one step]
    #[arg(long, value_name = "H")]
    pub interval: Option<f64>,
    /// Learning rate: the records are steps of SGD [default: as the file says; continuous time]
    #[arg(long, value_name = "RATE")]
    pub learning_rate: Option<f64>,
}

#[derive(Debug, Args)]
pub struct TimeArgs {
    /// Model file
    pub model: PathBuf,
    /// Where the coordinate starts
    #[arg(long, value_name = "X", allow_hyphen_values = true)]
    pub from: f64,
    /// Where it is to arrive
    #[arg(long, value_name = "X", allow_hyphen_values = true)]
    pub to: f64,
    /// Walkers of the simulation, however long it takes [default: 2048 where that is quick, else none]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(2..))]
    pub walkers: Option<u64>,
}

#[derive(Debug, Args)]
#[command(after_help = PHASE_HELP)]
pub struct PhaseArgs {
    /// Model file
    pub model: PathBuf,
    /// Learning rates, lower end and upper end [default: a thirtieth to thirty times the model's own; for Langevin noise, of
    /// the steps of that size, up to three times their edge of stability]
    #[arg(long, value_name = "A..B", value_parser = window, allow_hyphen_values = true)]
    pub learning_rate: Option<(f64, f64)>,
    /// Noises, lower end and upper end (see below) [default: a thirtieth to thirty times the model's own]
    #[arg(long, value_name = "A..B", value_parser = window, allow_hyphen_values = true)]
    pub noise: Option<(f64, f64)>,
    /// Also name the phase at N by N places of the window
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(2..=200))]
    pub points: Option<u16>,
    /// Also let walkers go at N by N places of the window, and say what they did
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(2..=200))]
    pub simulate: Option<u16>,
    /// Walker-steps to spend on it, all places together [default: 3e7 per place]
    #[arg(long, value_name = "WALKER_STEPS", value_parser = positive, allow_hyphen_values = true)]
    pub cost: Option<f64>,
    /// Write the places that are done to this file as they come (.ron)
    #[arg(long, value_name = "FILE")]
    pub checkpoint: Option<PathBuf>,
    /// Go on from such a file, and write it further
    #[arg(long, value_name = "FILE", conflicts_with = "checkpoint")]
    pub resume: Option<PathBuf>,
}

/// What the noise axis is, told below the flags of `phase`.
const PHASE_HELP: &str = "\
Noise is the noise field of the model file.
  Langevin   Delta. The equation itself has no learning rate; it enters where the equation is stepped,
             w <- w - learning_rate*(grad L + xi) with Cov xi = 2 Delta/learning_rate (a warning, not a bound).
  Sgd        the per-sample gradient variance across the valley, Delta = learning_rate*noise/(2 batch_size);
             where the file's variance is a formula of the place, a factor of it (1 is as written).
             The variance along the floor follows in proportion.
A lower end of 0 is read as a ten-thousandth of the upper end: both axes are logarithms.";

/// Where along the floor numbers are wanted.
#[derive(Debug, Args)]
pub struct Places {
    /// Places along the floor, separated by commas
    #[arg(long, value_name = "X,…", value_delimiter = ',', allow_hyphen_values = true, conflicts_with = "points")]
    pub at: Option<Vec<f64>>,
    /// Number of equally spaced places, ends included [default: 201]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(2..=1_000_000), allow_negative_numbers = true)]
    pub points: Option<u32>,
}

#[derive(Debug, Args)]
pub struct DensityArgs {
    /// Model file
    pub model: PathBuf,
    #[command(flatten)]
    pub places: Places,
    /// Methods, separated by commas: adiabatic, first-order, discrete, discrete-first-order, fokker-planck, finite-volumes, transfer, simulation, all
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub method: Option<Vec<MethodName>>,
    /// Also the joint density P(x, y) on a grid
    #[arg(long)]
    pub joint: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum MethodName {
    Adiabatic,
    FirstOrder,
    Discrete,
    DiscreteFirstOrder,
    FokkerPlanck,
    FiniteVolumes,
    Transfer,
    Simulation,
    All,
}

#[derive(Debug, Args)]
pub struct ProveArgs {
    /// Derivation files (.ron), or folders of them, which are searched to the bottom
    #[arg(required = true, value_name = "FILE|DIR")]
    pub paths: Vec<PathBuf>,
    /// Judge this derivation only, and print its proof step by step
    #[arg(long, value_name = "ID")]
    pub explain: Option<String>,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Memory: about 450 bytes per walker and 90 more per sharp direction (times learners), a fifth more while a checkpoint is written; recorded states are never held."
)]
pub struct SimulateArgs {
    /// Model file
    pub model: PathBuf,
    /// Independent walkers [default: 8192]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), allow_negative_numbers = true)]
    pub walkers: Option<u64>,
    /// Steps in all [default: chosen from the model]
    #[arg(long, value_name = "M", value_parser = clap::value_parser!(u64).range(1..), allow_negative_numbers = true)]
    pub steps: Option<u64>,
    /// Time step (not for SGD noise, where one step is one step) [default: chosen from the model]
    #[arg(long, value_name = "DT", value_parser = positive, allow_hyphen_values = true)]
    pub dt: Option<f64>,
    /// Scheme for Langevin noise (SGD has its own steps)
    #[arg(long, value_enum)]
    pub scheme: Option<SchemeName>,
    /// Where along the floor the walkers start [default: the minimum of the floor loss]
    #[arg(long, value_name = "X", allow_hyphen_values = true)]
    pub start: Option<f64>,
    /// Average over every K-th step of the second half, instead of the final state only
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u64).range(1..), allow_negative_numbers = true)]
    pub every: Option<u64>,
    /// Write the final states, or with --every all recorded ones, to this file (.npz or .csv), without holding them in memory
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Most that recorded states may take
    #[arg(long, value_name = "GIB", value_parser = positive, allow_hyphen_values = true, default_value_t = 16.0)]
    pub out_limit: f64,
    /// Write checkpoints to this file: at the start, as it goes, at Ctrl-C and at the end
    #[arg(long, value_name = "FILE")]
    pub checkpoint: Option<PathBuf>,
    /// Seconds between checkpoints [default: 60]
    #[arg(long, value_name = "SECONDS", value_parser = positive, allow_hyphen_values = true, requires = "checkpoint")]
    pub checkpoint_every: Option<f64>,
    /// Means at the time step halved so many times, from coupled Euler-Maruyama paths at all steps from DT down
    #[arg(long, value_name = "LEVELS", value_parser = clap::value_parser!(u32).range(1..=20), allow_negative_numbers = true)]
    pub multilevel: Option<u32>,
    /// Standard error of <x^2> for which --multilevel chooses its walkers [default: 1e-3]
    #[arg(long, value_name = "ERROR", value_parser = positive, allow_hyphen_values = true, requires = "multilevel")]
    pub error: Option<f64>,
    /// Go on from a checkpoint, to the same bytes as without the break; flags left out are taken from it
    #[arg(long, value_name = "FILE")]
    pub resume: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SchemeName {
    /// Exact across the valley, Heun along it, split symmetrically: weak order 2
    Strang,
    /// Weak order 1
    EulerMaruyama,
    /// Euler-Maruyama with increments of two values instead of normal ones: bounded, weak order 1 still
    TwoPoint,
}

fn positive(text: &str) -> Result<f64, String> {
    match text.trim().parse::<f64>() {
        Ok(number) if number > 0.0 && number.is_finite() => Ok(number),
        _ => Err(format!("`{text}` is not a positive, finite number")),
    }
}

fn override_value(text: &str) -> Result<(String, f64), String> {
    let (name, value) = text.split_once('=').ok_or("expected NAME=VALUE, for example noise.delta=0.5")?;
    let number: f64 = value.trim().parse().map_err(|_| format!("`{value}` is not a number"))?;
    if !number.is_finite() {
        return Err(format!("`{value}` is not a finite number"));
    }
    Ok((name.trim().to_owned(), number))
}

/// A range of positive numbers; zero at the lower end stands for something small beside the upper end.
fn window(text: &str) -> Result<(f64, f64), String> {
    let (first, last) = text.split_once("..").ok_or_else(|| format!("`{text}` is not a range A..B, like 0.01..1"))?;
    let number = |s: &str| match s.trim_start_matches('=').trim().parse::<f64>() {
        Ok(number) if number >= 0.0 && number.is_finite() => Ok(number),
        _ => Err(format!("`{s}` is not a finite number of at least 0")),
    };
    let (first, last) = (number(first)?, number(last)?);
    let first = if first == 0.0 { 1e-4 * last } else { first };
    if !(first > 0.0 && last / first >= 1.0 + 1e-6 && last / first <= 1e12) {
        return Err(format!(
            "the range {text} must rise from its lower end to its upper end, by a factor from 1.000001 to 1e12"
        ));
    }
    Ok((first, last))
}

fn batch_range(text: &str) -> Result<(u64, u64), String> {
    let number = |s: &str| -> Result<u64, String> {
        match s.trim().parse::<u64>() {
            Ok(n) if n >= 1 => Ok(n),
            _ => Err(format!("`{s}` is not a batch size (a whole number of at least 1)")),
        }
    };
    let (first, last) = match text.split_once("..") {
        Some((a, b)) => (number(a)?, number(b.trim_start_matches('='))?),
        None => (number(text)?, number(text)?),
    };
    if first > last {
        return Err(format!("the range {text} is empty: its first end is above its last"));
    }
    if last - first >= 100_000 {
        return Err(format!("the range {text} has more than 100000 batch sizes"));
    }
    Ok((first, last))
}
