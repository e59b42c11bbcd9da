//! Chebyshev series over the recorded range.

/// Largest degree.
pub(super) const MOST: usize = 8;

/// The range of places that were recorded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Range {
    lower: f64,
    upper: f64,
}

impl Range {
    pub(super) fn of(places: &[f64]) -> Range {
        let lower = places.iter().copied().fold(f64::INFINITY, f64::min);
        let upper = places.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        Range { lower, upper }
    }

    pub(super) fn is_a_point(self) -> bool {
        !(self.upper > self.lower)
    }

    pub(super) fn holds(self, x: f64) -> bool {
        self.lower <= x && x <= self.upper
    }

    /// The place at the share `t` of the range.
    pub(super) fn at(self, t: f64) -> f64 {
        self.lower + t * (self.upper - self.lower)
    }

    /// `T_0(t) … T_degree(t)` with `t = −1 … 1` over the range, held at the ends beyond it.
    pub(super) fn values(self, x: f64, degree: usize) -> [f64; MOST + 1] {
        let t = self.scaled(x);
        let mut values = [0.0; MOST + 1];
        values[0] = 1.0;
        if degree > 0 {
            values[1] = t;
        }
        for k in 2..=degree {
            values[k] = 2.0 * t * values[k - 1] - values[k - 2];
        }
        values
    }

    /// Their derivatives with respect to `x`, `k U_{k−1}`.
    pub(super) fn slopes(self, x: f64, degree: usize) -> [f64; MOST + 1] {
        let t = self.scaled(x);
        let per_place = 2.0 / (self.upper - self.lower);
        let (mut slopes, mut before, mut second) = ([0.0; MOST + 1], 0.0, 1.0);
        for k in 1..=degree {
            slopes[k] = k as f64 * second * per_place;
            (before, second) = (second, 2.0 * t * second - before);
        }
        slopes
    }

    fn scaled(self, x: f64) -> f64 {
        if self.is_a_point() {
            return 0.0;
        }
        ((2.0 * x - self.lower - self.upper) / (self.upper - self.lower)).clamp(-1.0, 1.0)
    }
}

/// `Σ c_k values_k`
pub(super) fn combined(coefficients: &[f64], values: &[f64]) -> f64 {
    coefficients.iter().zip(values).map(|(c, v)| c * v).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slopes_are_those_of_the_polynomials() {
        let range = Range::of(&[3.0, -1.0, 0.5]);
        for x in [-0.9, 0.3, 2.7] {
            let (up, down) = (range.values(x + 1e-6, MOST), range.values(x - 1e-6, MOST));
            let slopes = range.slopes(x, MOST);
            for k in 0..=MOST {
                assert!((slopes[k] - (up[k] - down[k]) / 2e-6).abs() < 1e-7, "{k} at {x}");
            }
        }
        // T_5(cos θ) = cos 5θ
        let angle: f64 = 0.7;
        let x = range.at(0.5 + 0.5 * angle.cos());
        assert!((range.values(x, MOST)[5] - (5.0 * angle).cos()).abs() < 1e-14);
    }
}
