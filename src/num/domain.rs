//! The stretch of floor on which a problem lives.

/// Where the coordinate along the floor may be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Domain {
    /// The whole real line.
    Line,
    /// Between two reflecting walls.
    Interval {
        /// Left wall.
        lower: f64,
        /// Right wall.
        upper: f64,
    },
    /// A circle: `lower` and `upper` are the same place.
    Periodic {
        /// Start of the period.
        lower: f64,
        /// End of the period.
        upper: f64,
    },
}

impl Domain {
    /// Both ends, where there are any.
    pub fn ends(self) -> Option<(f64, f64)> {
        match self {
            Domain::Line => None,
            Domain::Interval { lower, upper } | Domain::Periodic { lower, upper } => Some((lower, upper)),
        }
    }

    /// Whether the two ends are one place.
    pub fn is_periodic(self) -> bool {
        matches!(self, Domain::Periodic { .. })
    }

    /// `x` as a place of the domain: wrapped into `[lower, upper)` on a circle, `None` outside an interval (whose
    /// walls belong to it) or where `x` is not finite.
    pub fn place(self, x: f64) -> Option<f64> {
        if !x.is_finite() {
            return None;
        }
        match self {
            Domain::Line => Some(x),
            Domain::Interval { lower, upper } => (lower <= x && x <= upper).then_some(x),
            Domain::Periodic { lower, upper } if lower <= x && x < upper => Some(x),
            Domain::Periodic { lower, upper } => {
                let wrapped = lower + (x - lower).rem_euclid(upper - lower);
                Some(if wrapped < upper { wrapped } else { lower })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Domain;

    #[test]
    fn places_are_wrapped_on_a_circle_and_refused_outside_walls() {
        let circle = Domain::Periodic { lower: -1.0, upper: 3.0 };
        assert_eq!(circle.place(3.0), Some(-1.0));
        assert_eq!(circle.place(-1.5), Some(2.5));
        assert_eq!(circle.place(-1.0 - 1e-17), Some(-1.0));
        let walls = Domain::Interval { lower: 0.0, upper: 1.0 };
        assert_eq!((walls.place(1.0), walls.place(1.0 + 1e-15), walls.place(f64::NAN)), (Some(1.0), None, None));
        assert_eq!(Domain::Line.place(f64::INFINITY), None);
    }
}
