//! A recorded path, checked.

use thiserror::Error;

/// Fewest increments that are worth a fit.
const FEWEST: usize = 50;
/// An increment this many times the median one is the closing of a circle, not a step.
const JUMP: f64 = 12.0;

/// What is wrong with a trajectory.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum TrajectoryError {
    /// `x` and `y` differ in shape.
    #[error("`y` has {y} values and `x` has {x}: they must have the same shape")]
    Shapes {
        /// Values of `x`.
        x: usize,
        /// Values of `y`.
        y: usize,
    },
    /// Too short.
    #[error("{0} increments are too few for a fit: at least {FEWEST} are needed")]
    TooShort(usize),
    /// A number that is none.
    #[error("`{name}` is not a finite number at walker {walker}, time {time} (counted from 0)")]
    NotFinite {
        /// Which coordinate.
        name: &'static str,
        /// Which walker.
        walker: usize,
        /// Which record.
        time: usize,
    },
    /// A scalar out of range.
    #[error("`{name}` must be a finite number above zero, not {value}")]
    NotPositive {
        /// Which scalar.
        name: &'static str,
        /// Its value.
        value: f64,
    },
    /// Steps are counted in whole numbers.
    #[error("with a learning rate, `interval` counts steps and must be a whole number, not {0}")]
    NotWhole(f64),
}

/// Paths of one or more walkers, recorded at equal intervals.
#[derive(Clone, Debug, PartialEq)]
pub struct Trajectory {
    x: Vec<f64>,
    y: Option<Vec<f64>>,
    times: usize,
    clock: Clock,
}

/// The time between two records.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Clock {
    /// Continuous time.
    Time(f64),
    /// Steps of SGD.
    Steps {
        /// Learning rate.
        rate: f64,
        /// Steps between two records.
        steps: f64,
    },
}

/// Increments of all walkers, one after the other.
pub(super) struct Increments {
    pub clock: Clock,
    pub x: Vec<f64>,
    pub x_next: Vec<f64>,
    /// `(y, y_next)`; empty where `y` was not recorded.
    pub y: Vec<(f64, f64)>,
    pub jumps: usize,
}

impl Clock {
    /// Continuous time between two records.
    pub(super) fn time(self) -> f64 {
        match self {
            Clock::Time(h) => h,
            Clock::Steps { rate, steps } => rate * steps,
        }
    }
}

impl Trajectory {
    /// Paths `x` and, where recorded, `y`, walker after walker with `times` records each. `interval` counts steps where a
    /// `learning_rate` is given, and is a time otherwise.
    ///
    /// # Errors
    /// [`TrajectoryError`]
    pub fn new(
        x: Vec<f64>,
        y: Option<Vec<f64>>,
        times: usize,
        interval: f64,
        learning_rate: Option<f64>,
    ) -> Result<Trajectory, TrajectoryError> {
        let positive = |name, value: f64| {
            if value > 0.0 && value.is_finite() { Ok(value) } else { Err(TrajectoryError::NotPositive { name, value }) }
        };
        let interval = positive("interval", interval)?;
        let clock = match learning_rate {
            None => Clock::Time(interval),
            Some(_) if interval.fract() != 0.0 => return Err(TrajectoryError::NotWhole(interval)),
            Some(rate) => Clock::Steps { rate: positive("learning_rate", rate)?, steps: interval },
        };
        if let Some(y) = y.as_ref().filter(|y| y.len() != x.len()) {
            return Err(TrajectoryError::Shapes { x: x.len(), y: y.len() });
        }
        let walkers = x.len() / times.max(1);
        let increments = walkers * times.saturating_sub(1);
        if increments < FEWEST {
            return Err(TrajectoryError::TooShort(increments));
        }
        for (name, values) in [("x", Some(&x)), ("y", y.as_ref())] {
            if let Some(k) = values.and_then(|values| values.iter().position(|v| !v.is_finite())) {
                return Err(TrajectoryError::NotFinite { name, walker: k / times, time: k % times });
            }
        }
        Ok(Trajectory { x, y, times, clock })
    }

    /// The increments between the shares `from` and `to` of every path.
    pub(super) fn increments(&self, from: f64, to: f64) -> Increments {
        let last = self.times - 1;
        let (first, end) = ((from * last as f64).round() as usize, (to * last as f64).round() as usize);
        let mut sizes: Vec<f64> =
            self.x.chunks(self.times).flat_map(|path| path.windows(2).map(|w| (w[1] - w[0]).abs())).collect();
        let middle = sizes.len() / 2;
        let (_, median, _) = sizes.select_nth_unstable_by(middle, f64::total_cmp);
        let largest = JUMP * *median;
        let mut out = Increments { clock: self.clock, x: Vec::new(), x_next: Vec::new(), y: Vec::new(), jumps: 0 };
        for (walker, path) in self.x.chunks(self.times).enumerate() {
            for k in first..end {
                if largest > 0.0 && (path[k + 1] - path[k]).abs() > largest {
                    out.jumps += 1;
                    continue;
                }
                out.x.push(path[k]);
                out.x_next.push(path[k + 1]);
                if let Some(y) = &self.y {
                    let at = walker * self.times + k;
                    out.y.push((y[at], y[at + 1]));
                }
            }
        }
        out
    }
}
