//! Where the most likely place leaves the minimum of the floor loss.
//!
//! At weak noise it lies at the minimum `x0`. It may leave it continuously, where `x0` stops being a maximum of the density
//! (`G'(x0) = 0` at a place that symmetry holds, `G = 0` at a wall), or by a jump, where another maximum becomes as high. Where it
//! moves gradually there is no transition, and no exponent.

use super::modes::{Density, Landscape, Mode, highest};
use super::plane::Plane;
use super::trace::{Place, crossing};
use crate::model::{Domain, Model};
use crate::num::function::{exp, ln};
use crate::optim::global_minimum;
use crate::theory::{Method, NotApplicable, stretch};
use std::cell::Cell;
use thiserror::Error;

/// Noises that are looked at inside the window, and below it to know where the most likely place comes from.
const NOISES: u32 = 24;
const BELOW: u32 = 9;
/// How far below the window one looks, as a logarithm.
const DEPTH: f64 = 9.0;
/// Halvings of the stretch of noise that holds a transition.
const HALVINGS: usize = 26;
/// Share of the visited stretch within which symmetry is looked for.
const ASIDE: f64 = 0.02;
/// Relative size of a slope that symmetry makes vanish.
const VANISHES: f64 = 1e-9;

/// Why there is no transition.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum NoTransition {
    /// No law.
    #[error("{0}")]
    Law(NotApplicable),
    /// The floor is level.
    #[error("the floor is level: the most likely place is the same at every noise, nothing holds it elsewhere")]
    Level,
    /// The least floor loss could not be found.
    #[error("the minimum of the floor loss was not found")]
    NoMinimum,
    /// It follows the noise.
    #[error(
        "the most likely place moves gradually with the noise, from {from:.6} to {to:.6}: a crossover without a transition"
    )]
    Gradual {
        /// At the weakest noise of the window.
        from: f64,
        /// At the strongest.
        to: f64,
    },
    /// It stays.
    #[error("the most likely place stays at {0:.6} throughout")]
    Stays(f64),
    /// It has left before.
    #[error("the whole window lies beyond the transition")]
    Beyond,
}

/// How the most likely place leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transition {
    /// Its distance grows from zero.
    Continuous,
    /// Another place becomes as likely.
    Jump,
}

impl Transition {
    /// The name it is reported by.
    pub fn name(self) -> &'static str {
        match self {
            Transition::Continuous => "continuous",
            Transition::Jump => "jump",
        }
    }
}

/// What holds the most likely place at weak noise.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Home {
    /// `G(x0) = 0` at every noise.
    Centre(f64),
    /// A wall, and the direction into the domain.
    Wall(f64, f64),
    /// Nothing: it moves with the noise.
    Loose(f64),
}

impl Home {
    pub fn at(self) -> f64 {
        match self {
            Home::Centre(at) | Home::Wall(at, _) | Home::Loose(at) => at,
        }
    }
}

/// One kind of most likely place over the plane.
pub(super) struct Watch<'a> {
    pub plane: &'a Plane<'a>,
    pub method: Method,
    pub density: Density,
    pub home: Home,
}

/// A transition that was met on the way up at one learning rate.
#[derive(Clone, Copy, Debug)]
pub(super) struct Met {
    pub place: Place,
    pub transition: Transition,
    /// Most likely place before and after.
    pub modes: (f64, f64),
}

/// Where the floor loss is least, to rounding.
pub(super) fn minimum(model: &Model) -> Result<f64, NoTransition> {
    if !model.floor_loss().contains(model.coordinate()) {
        return Err(NoTransition::Level);
    }
    let weaker = |k: i32| stretch(&model.with_noise_scaled(exp(-2.0 * f64::from(k))));
    let (lower, upper) = (0..12).find_map(|k| weaker(k).ok()).ok_or(NoTransition::NoMinimum)?;
    let tape = model.compile(std::slice::from_ref(model.floor_loss()));
    let found = global_minimum(&|x| tape.value(x), lower, upper, 2000).map_err(|_| NoTransition::NoMinimum)?;
    let slope = model.compile(&[model.floor_loss().derivative(model.coordinate())]);
    let mut x = found.at;
    for _ in 0..50 {
        let (value, stiffness) = slope.duals(&[x], 0)[0];
        let step = -value / stiffness;
        if !(stiffness > 0.0 && (x + step - found.at).abs() <= 1e-4 * (upper - lower)) {
            return Ok(found.at);
        }
        x += step;
        if step.abs() <= 2.0 * f64::EPSILON * x.abs() {
            break;
        }
    }
    Ok(if lower <= x && x <= upper { x } else { found.at })
}

impl<'a> Watch<'a> {
    /// Watches the most likely place that starts from the minimum `x0` of the floor loss.
    pub fn new(plane: &'a Plane<'a>, method: Method, density: Density, x0: f64) -> Result<Watch<'a>, NoTransition> {
        let watch = Watch { plane, method, density, home: Home::Loose(x0) };
        let domain = plane.original().domain();
        if let Domain::Interval { lower, upper } = domain {
            if x0 == lower {
                return Ok(Watch { home: Home::Wall(x0, 1.0), ..watch });
            }
            if x0 == upper {
                return Ok(Watch { home: Home::Wall(x0, -1.0), ..watch });
            }
        }
        let mut reason = None;
        let mut still = 0;
        for place in [[0.1, 0.0], [0.1, 0.5], [0.5, 0.2], [0.9, 0.1], [0.0, 0.0]] {
            let model = plane.at(place);
            let reach = stretch(&model).map(|(a, b)| b - a).map_err(NoTransition::Law);
            let landscape = Landscape::new(model, method, density).map_err(NoTransition::Law);
            match (reach, landscape) {
                (Ok(reach), Ok(landscape)) if landscape.fails(x0).is_none() => {
                    let aside = ASIDE * reach;
                    let around = landscape.slope(x0 - aside).abs() + landscape.slope(x0 + aside).abs();
                    if !(landscape.slope(x0).abs() <= VANISHES * around) {
                        return Ok(watch);
                    }
                    still += 1;
                }
                (Err(why), _) | (_, Err(why)) => reason = Some(why),
                (_, Ok(landscape)) => reason = landscape.fails(x0).map(NoTransition::Law),
            }
        }
        match reason {
            Some(reason) if still == 0 => Err(reason),
            _ => Ok(Watch { home: Home::Centre(x0), ..watch }),
        }
    }

    /// Whether the law has the first correction.
    pub fn is_corrected(&self) -> bool {
        matches!(self.method, Method::FirstOrder | Method::DiscreteFirstOrder)
    }

    fn landscape(&self, place: Place) -> Result<Landscape, NotApplicable> {
        Landscape::new(self.plane.at(place), self.method, self.density)
    }

    /// Positive while the home is a maximum of the density; its zero is a continuous transition. `None` where there is no
    /// law, or nothing holds the most likely place.
    pub fn hold(&self, place: Place) -> Option<f64> {
        let landscape = self.landscape(place).ok()?;
        let at = self.home.at();
        if landscape.fails(at).is_some() {
            return None;
        }
        let value = match self.home {
            Home::Centre(at) => landscape.stiffness(at),
            Home::Wall(at, inwards) => inwards * landscape.slope(at),
            Home::Loose(_) => return None,
        };
        value.is_finite().then_some(value)
    }

    /// Modes at a place, the one that is at home (nearest to `near`) and the highest.
    fn state(&self, place: Place, near: f64) -> Result<(Mode, Mode), NotApplicable> {
        let modes = self.landscape(place)?.modes(self.home.at())?;
        // Without a mode there is no law that could be seen.
        highest(&modes, near).ok_or(NotApplicable::Diffusion { at: near })
    }

    /// Whether the most likely place is at home, and where it is.
    fn at_home(&self, place: Place, near: f64) -> Result<(bool, Mode, Mode), NotApplicable> {
        let held = match self.home {
            Home::Loose(_) => true,
            _ => self.hold(place).is_some_and(|hold| hold > 0.0),
        };
        let near = if matches!(self.home, Home::Loose(_)) { near } else { self.home.at() };
        let (own, best) = self.state(place, near)?;
        Ok((held && own == best, own, best))
    }

    /// Whether the most likely place has left, at this place of the plane; `near` is where it was last.
    pub fn moved(&self, place: Place, near: f64) -> Option<bool> {
        self.at_home(place, near).ok().map(|(home, ..)| !home)
    }

    /// The first transition on the way up at `across`.
    pub fn met(&self, across: f64) -> Result<Met, NoTransition> {
        let span = ln(self.plane.values([0.0, 1.0])[1] / self.plane.values([0.0, 0.0])[1]);
        let below = (0..BELOW).map(|k| -DEPTH / span * (1.0 - f64::from(k) / f64::from(BELOW)));
        let inside = (0..=NOISES).map(|k| f64::from(k) / f64::from(NOISES));
        let mut last: Option<(f64, f64)> = None;
        let (mut first_inside, mut end) = (None, None);
        for t in below.chain(inside) {
            let near = last.map_or(self.home.at(), |(_, at)| at);
            match self.at_home([across, t], near) {
                Ok((true, own, _)) => {
                    last = Some((t, own.at));
                    if t >= 0.0 {
                        first_inside.get_or_insert(own.at);
                        end = Some(own.at);
                    }
                }
                Ok((false, ..)) => {
                    let Some((from, near)) = last else { return Err(NoTransition::Beyond) };
                    let met = self.narrowed(across, from, t, near);
                    return if met.place[1] < 0.0 { Err(NoTransition::Beyond) } else { Ok(met) };
                }
                // Stronger noise has no law either.
                Err(why) if last.is_none() => return Err(NoTransition::Law(why)),
                Err(_) => break,
            }
        }
        match (first_inside, end) {
            (Some(from), Some(to)) if matches!(self.home, Home::Loose(_)) && from != to => {
                Err(NoTransition::Gradual { from, to })
            }
            (Some(_), _) => Err(NoTransition::Stays(self.home.at())),
            _ => Err(NoTransition::Law(NotApplicable::NoTemperature { at: self.home.at() })),
        }
    }

    fn narrowed(&self, across: f64, mut low: f64, mut high: f64, mut near: f64) -> Met {
        let mut after = near;
        for _ in 0..HALVINGS {
            let middle = 0.5 * (low + high);
            match self.at_home([across, middle], near) {
                Ok((true, own, _)) => (low, near) = (middle, own.at),
                Ok((false, _, best)) => (high, after) = (middle, best.at),
                Err(_) => break,
            }
        }
        let held = self.hold([across, high]);
        let transition = if held.is_some_and(|hold| hold <= 0.0) { Transition::Continuous } else { Transition::Jump };
        Met { place: [across, high], transition, modes: (near, after) }
    }

    /// How much less likely the second of two modes is, as a logarithm; the modes are followed from place to place.
    pub fn gap<'s>(&'s self, modes: (f64, f64)) -> impl Fn(Place) -> Option<f64> + 's {
        let followed = Cell::new(modes);
        move |place| {
            let landscape = self.landscape(place).ok()?;
            let (one, two) = followed.get();
            let reach = 0.2 * (two - one).abs();
            let fixed = |at: f64| match self.home {
                Home::Centre(home) | Home::Wall(home, _) if at == home => Some(at),
                _ => landscape.polished(at, reach),
            };
            let (one, two) = (fixed(one)?, fixed(two)?);
            if landscape.fails(one).is_some() || landscape.fails(two).is_some() {
                return None;
            }
            followed.set((one, two));
            landscape.rise(one, two).map(|rise| -rise)
        }
    }

    /// The noise of a continuous transition at `across`, to rounding, between two places on the way up.
    pub fn exactly(&self, across: f64, guess: f64) -> Option<f64> {
        let value = |t: f64| self.hold([across, t]);
        let mut width = 1e-6;
        while width < 0.1 {
            let (low, high) = (guess - width, guess + width);
            if let (Some(a), Some(b)) = (value(low), value(high))
                && a * b <= 0.0
            {
                return crossing(&value, (low, a), (high, b));
            }
            width *= 4.0;
        }
        None
    }

    /// The most likely place beyond home, closest to it, in a landscape where home is no maximum any more.
    pub fn beyond_home(&self, values: [f64; 2], reach: f64) -> Option<f64> {
        let landscape = Landscape::new(self.plane.model(values), self.method, self.density).ok()?;
        let home = self.home.at();
        let sides: &[f64] = match self.home {
            Home::Wall(_, inwards) if inwards < 0.0 => &[-1.0],
            Home::Wall(..) => &[1.0],
            _ => &[1.0, -1.0],
        };
        let on = |side: f64| {
            let slope = |r: f64| Some(side * landscape.slope(home + side * r)).filter(|v| v.is_finite());
            let (mut low, mut r) = (None, 1e-9 * reach);
            while r <= reach {
                let value = slope(r)?;
                if value > 0.0 {
                    return low.and_then(|before: (f64, f64)| crossing(&slope, before, (r, value)));
                }
                low = Some((r, value));
                r *= 1.1;
            }
            None
        };
        let found = sides.iter().filter_map(|side| on(*side).map(|r| (r, home + side * r)));
        found.min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, at)| at)
    }
}
