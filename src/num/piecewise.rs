//! Functions of one variable as piecewise Chebyshev polynomials, refined until their coefficients have decayed.

use super::function::cos;

/// Points per panel: enough for fast decay, few enough to make bisection cheap.
const POINTS: usize = 20;
/// A function that needs more panels has a singularity; what is there is kept and reported as unresolved.
const MOST_PANELS: usize = 40_000;

/// One polynomial.
#[derive(Clone, Debug)]
pub struct Panel {
    /// Left end.
    pub a: f64,
    /// Right end.
    pub b: f64,
    coefficients: Vec<f64>,
}

/// A function on `[start, end]`, panel by panel from left to right.
#[derive(Clone, Debug)]
pub struct Piecewise {
    panels: Vec<Panel>,
    unresolved: Option<f64>,
}

impl Panel {
    fn sample(f: &dyn Fn(f64) -> f64, a: f64, b: f64) -> Result<Panel, f64> {
        let mut values = [0.0; POINTS];
        for (k, value) in values.iter_mut().enumerate() {
            let t = cos(std::f64::consts::PI * (k as f64 + 0.5) / POINTS as f64);
            let x = 0.5 * (a + b) + 0.5 * (b - a) * t;
            *value = f(x);
            if !value.is_finite() {
                return Err(x);
            }
        }
        Ok(Panel { a, b, coefficients: transform(&values) })
    }

    /// The polynomial at `x` (Clenshaw's recurrence).
    pub fn at(&self, x: f64) -> f64 {
        let t = (2.0 * x - self.a - self.b) / (self.b - self.a);
        let (mut next, mut after) = (0.0, 0.0);
        for c in self.coefficients.iter().skip(1).rev() {
            (next, after) = (c + 2.0 * t * next - after, next);
        }
        self.coefficients[0] + t * next - after
    }

    /// Size of the last coefficients, and of the largest one.
    fn decay(&self) -> (f64, f64) {
        let size = |part: &[f64]| part.iter().fold(0.0_f64, |m, c| m.max(c.abs()));
        (size(&self.coefficients[POINTS - 3..]), size(&self.coefficients))
    }

    /// An antiderivative that vanishes at the left end.
    fn integral(&self) -> Panel {
        let c = |k: usize| self.coefficients.get(k).copied().unwrap_or(0.0);
        let half = 0.5 * (self.b - self.a);
        let mut out = vec![0.0; self.coefficients.len() + 1];
        out[1] = half * (c(0) - 0.5 * c(2));
        for (k, value) in out.iter_mut().enumerate().skip(2) {
            *value = half * (c(k - 1) - c(k + 1)) / (2.0 * k as f64);
        }
        out[0] = out.iter().enumerate().skip(1).map(|(k, v)| if k % 2 == 1 { *v } else { -*v }).sum();
        Panel { a: self.a, b: self.b, coefficients: out }
    }
}

/// Values at the Chebyshev points of the first kind to coefficients.
fn transform(values: &[f64; POINTS]) -> Vec<f64> {
    let n = POINTS as f64;
    (0..POINTS)
        .map(|k| {
            let sum: f64 = values
                .iter()
                .enumerate()
                .map(|(j, v)| v * cos(std::f64::consts::PI * k as f64 * (j as f64 + 0.5) / n))
                .sum();
            if k == 0 { sum / n } else { 2.0 * sum / n }
        })
        .collect()
}

impl Piecewise {
    /// `f` on `[a, b]`, bisected until the last coefficients are below `tolerance` times the largest or times one,
    /// and `fits` accepts the panel.
    ///
    /// # Errors
    /// The place where `f` is not finite.
    pub fn new(
        f: &dyn Fn(f64) -> f64,
        a: f64,
        b: f64,
        tolerance: f64,
        fits: &dyn Fn(&Panel) -> bool,
    ) -> Result<Piecewise, f64> {
        let smallest = 1e-13 * (b - a);
        let (mut panels, mut unresolved) = (Vec::new(), None);
        // A first division in eight keeps a symmetric function from looking resolved by accident.
        let cuts: Vec<f64> = (0..=8).map(|k| a + (b - a) * f64::from(k) / 8.0).collect();
        let mut pending: Vec<(f64, f64, f64)> = cuts.windows(2).rev().map(|w| (w[0], w[1], f64::INFINITY)).collect();
        while let Some((left, right, before)) = pending.pop() {
            let panel = Panel::sample(f, left, right)?;
            let (tail, size) = panel.decay();
            // Where bisection no longer helps, what is left is the rounding of `f` itself.
            let noise = tail <= 1e-11 * size.max(1.0) && tail > 0.1 * before;
            let resolved = (tail <= tolerance * size.max(1.0) || noise) && fits(&panel);
            if resolved || right - left < smallest || panels.len() + pending.len() > MOST_PANELS {
                if !resolved && right - left >= smallest {
                    unresolved = Some(0.5 * (left + right));
                }
                panels.push(panel);
            } else {
                let middle = 0.5 * (left + right);
                pending.push((middle, right, tail));
                pending.push((left, middle, tail));
            }
        }
        Ok(Piecewise { panels, unresolved })
    }

    /// The function plus a constant.
    pub fn shifted(mut self, by: f64) -> Piecewise {
        self.panels.iter_mut().for_each(|p| p.coefficients[0] += by);
        self
    }

    /// Where bisection gave up, if it did.
    pub fn unresolved(&self) -> Option<f64> {
        self.unresolved
    }

    /// The panels.
    pub fn panels(&self) -> &[Panel] {
        &self.panels
    }

    /// The value at `x`, which lies between the ends.
    pub fn at(&self, x: f64) -> f64 {
        self.panels[self.index(x)].at(x)
    }

    /// Number of the panel that holds `x`.
    pub fn index(&self, x: f64) -> usize {
        self.panels.partition_point(|p| p.b < x).min(self.panels.len() - 1)
    }

    /// The antiderivative that vanishes at the left end.
    pub fn integral(&self) -> Piecewise {
        let mut sum = super::sum::Sum::default();
        let panels = self
            .panels
            .iter()
            .map(|panel| {
                let mut piece = panel.integral();
                let step = piece.at(piece.b);
                piece.coefficients[0] += sum.value();
                sum.add(step);
                piece
            })
            .collect();
        Piecewise { panels, unresolved: self.unresolved }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_and_integrals_are_exact_to_rounding() {
        let f = |x: f64| (3.0 * x).sin() * (0.2 * x).exp() + 1.0 / (1.0 + 25.0 * x * x);
        let p = Piecewise::new(&f, -2.0, 3.0, 1e-14, &|_| true).expect("finite");
        for k in 0..=500 {
            let x = -2.0 + 0.01 * f64::from(k);
            assert!((p.at(x) - f(x)).abs() < 1e-13, "{x}");
        }
        let arc = Piecewise::new(&|x| 1.0 / (1.0 + x * x), -3.0, 4.0, 1e-14, &|_| true).expect("finite").integral();
        assert!((arc.at(2.5) - (2.5_f64.atan() + 3.0_f64.atan())).abs() < 1e-14);
        assert_eq!(
            Piecewise::new(&|x| 1.0 / x.max(0.0), -1.0, 1.0, 1e-14, &|_| true).err().map(|x| x < 0.0),
            Some(true)
        );
    }
}
