//! Somebody may sit at the terminal: how far the work is, and whether it is still wanted.
//!
//! Ctrl-C while somebody watches sets a flag at which the work stops, and what is done is told; at any other time, or
//! the second time, the program ends at once. Either way the exit code is 130.

use super::args::Common;
use crate::sim::Watch;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

/// Exit code of an interrupted program.
pub const INTERRUPTED: u8 = 130;

static ASKED_TO_STOP: AtomicBool = AtomicBool::new(false);
/// How many parts of the program look at the flag now.
static WATCHING: AtomicUsize = AtomicUsize::new(0);

/// From now on Ctrl-C is heard. Without a handler (no permission, or one that exists) it ends the program as ever.
pub fn listen() {
    let _ = ctrlc::set_handler(|| {
        let again = ASKED_TO_STOP.swap(true, Ordering::SeqCst);
        if again || WATCHING.load(Ordering::SeqCst) == 0 {
            std::process::exit(i32::from(INTERRUPTED));
        }
        let _ = writeln!(std::io::stderr(), "interrupted: finishing what is under way; once more to end at once");
    });
}

/// Looks on while something is done, with a bar on standard error where that is a terminal and talk is wanted.
pub struct Onlooker {
    bar: ProgressBar,
}

impl Onlooker {
    /// `what` is done from now on until this is dropped.
    pub fn of(what: &str, common: &Common) -> Onlooker {
        WATCHING.fetch_add(1, Ordering::SeqCst);
        let shown = !common.quiet && std::io::stderr().is_terminal();
        let target = if shown { ProgressDrawTarget::stderr_with_hz(8) } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(None, target).with_message(what.to_owned());
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed}") {
            bar.set_style(style);
        }
        if shown {
            bar.enable_steady_tick(Duration::from_millis(200));
        }
        Onlooker { bar }
    }
}

impl Watch for Onlooker {
    fn progress(&self, done: u64, total: u64) {
        if self.bar.length() != Some(total) {
            self.bar.set_length(total);
            if let Ok(style) = ProgressStyle::with_template("{msg} [{wide_bar}] {percent}%, {rate}, {eta} left") {
                let rate = |state: &ProgressState, out: &mut dyn std::fmt::Write| {
                    // A bar that cannot be drawn is no loss.
                    let _ = write!(out, "{:.1e} walker-steps/s", state.per_sec());
                };
                self.bar.set_style(style.progress_chars("=> ").with_key("rate", rate));
            }
        }
        self.bar.set_position(done);
    }
    fn stop(&self) -> bool {
        ASKED_TO_STOP.load(Ordering::SeqCst)
    }
}

impl Drop for Onlooker {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
        WATCHING.fetch_sub(1, Ordering::SeqCst);
    }
}
