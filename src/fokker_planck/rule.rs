//! The reference panel `[-1, 1]`: where a polynomial is stored, where it is integrated, and how one goes to the other.

use crate::num::function::cos;
use gauss_quad::GaussLegendre;
use nalgebra::DMatrix;
use std::num::NonZeroUsize;

/// A panel of polynomials of one degree: values at Chebyshev–Lobatto nodes, integrals at Gauss–Legendre points.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    /// Degree of the polynomials.
    pub degree: usize,
    /// Chebyshev–Lobatto nodes, ascending, `degree + 1` of them.
    pub nodes: Vec<f64>,
    /// Gauss–Legendre points.
    pub points: Vec<f64>,
    /// Their weights, which sum to 2.
    pub weights: Vec<f64>,
    /// Nodes to points.
    pub values: DMatrix<f64>,
    /// Nodes to the derivative at the points.
    pub slopes: DMatrix<f64>,
    /// Points to the integral from −1 to each node.
    pub integral: DMatrix<f64>,
    /// Points to nodes.
    pub to_nodes: DMatrix<f64>,
    /// Points to Legendre coefficients, one row per degree `0..points`.
    pub legendre: DMatrix<f64>,
    barycentric: Vec<f64>,
}

/// `P_0(x) … P_n(x)`.
fn legendre(n: usize, x: f64) -> Vec<f64> {
    let mut p = vec![1.0, x];
    for m in 1..n {
        let k = m as f64;
        p.push(((2.0 * k + 1.0) * x * p[m] - k * p[m - 1]) / (k + 1.0));
    }
    p.truncate(n + 1);
    p
}

impl Rule {
    /// Polynomials of `degree` (at least 4), with two more points than nodes.
    pub fn new(degree: usize) -> Rule {
        let degree = degree.max(4);
        let (n, q) = (degree + 1, degree + 3);
        let nodes: Vec<f64> = (0..n).map(|j| -cos(std::f64::consts::PI * j as f64 / degree as f64)).collect();
        let barycentric: Vec<f64> = (0..n)
            .map(|j| {
                let sign = if j % 2 == 0 { 1.0 } else { -1.0 };
                if j == 0 || j == degree { 0.5 * sign } else { sign }
            })
            .collect();
        let gauss = GaussLegendre::new(NonZeroUsize::new(q).unwrap_or(NonZeroUsize::MIN));
        let mut pairs: Vec<(f64, f64)> = gauss.iter().map(|(x, w)| (*x, *w)).collect();
        pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (points, weights): (Vec<f64>, Vec<f64>) = pairs.into_iter().unzip();
        // Lagrange polynomials at the points; no point is a node, since both ends and the numbers differ
        // (a coincidence at 0 is handled by `cardinal`).
        let mut rule = Rule {
            degree,
            values: DMatrix::zeros(q, n),
            slopes: DMatrix::zeros(q, n),
            integral: DMatrix::zeros(n, q),
            to_nodes: DMatrix::zeros(n, q),
            legendre: DMatrix::zeros(q, q),
            nodes,
            points,
            weights,
            barycentric,
        };
        // The derivative at the nodes first, then both carried to the points.
        let mut derivative = DMatrix::zeros(n, n);
        for i in 0..n {
            for j in 0..n {
                if i != j {
                    let d = rule.barycentric[j] / rule.barycentric[i] / (rule.nodes[i] - rule.nodes[j]);
                    derivative[(i, j)] = d;
                    derivative[(i, i)] -= d;
                }
            }
        }
        for a in 0..q {
            for (j, value) in rule.cardinal(rule.points[a]).into_iter().enumerate() {
                rule.values[(a, j)] = value;
            }
        }
        rule.slopes = &rule.values * derivative;
        for a in 0..q {
            for (m, value) in legendre(q - 1, rule.points[a]).into_iter().enumerate() {
                rule.legendre[(m, a)] = (m as f64 + 0.5) * rule.weights[a] * value;
            }
        }
        let (mut at_nodes, mut integrated) = (DMatrix::zeros(n, q), DMatrix::zeros(n, q));
        for j in 0..n {
            let p = legendre(q, rule.nodes[j]);
            for m in 0..q {
                at_nodes[(j, m)] = p[m];
                // ∫_{-1}^x P_m = (P_{m+1} − P_{m−1}) / (2m+1), and x + 1 for m = 0.
                integrated[(j, m)] =
                    if m == 0 { rule.nodes[j] + 1.0 } else { (p[m + 1] - p[m - 1]) / (2 * m + 1) as f64 };
            }
        }
        rule.to_nodes = at_nodes * &rule.legendre;
        rule.integral = integrated * &rule.legendre;
        rule
    }

    /// Values of the Lagrange polynomials of the nodes at `x` of the reference panel.
    pub fn cardinal(&self, x: f64) -> Vec<f64> {
        if let Some(j) = self.nodes.iter().position(|node| *node == x) {
            return (0..self.nodes.len()).map(|i| if i == j { 1.0 } else { 0.0 }).collect();
        }
        let mut c: Vec<f64> = self.nodes.iter().zip(&self.barycentric).map(|(node, b)| b / (x - node)).collect();
        let sum: f64 = c.iter().sum();
        c.iter_mut().for_each(|c| *c /= sum);
        c
    }

    /// The interpolant of values at the nodes.
    pub fn interpolate(&self, values: &[f64], x: f64) -> f64 {
        if let Some(j) = self.nodes.iter().position(|node| *node == x) {
            return values[j];
        }
        let (mut above, mut below) = (0.0, 0.0);
        for ((node, b), value) in self.nodes.iter().zip(&self.barycentric).zip(values) {
            let c = b / (x - node);
            above += c * value;
            below += c;
        }
        above / below
    }

    /// Size of the two highest Legendre coefficients that values at the points have.
    pub fn unresolved(&self, at_points: &[f64]) -> f64 {
        self.coefficients(at_points, self.points.len() - 2..self.points.len())
    }

    /// Size of the two highest Legendre coefficients of the polynomial with these values at the nodes.
    pub fn unresolved_at_nodes(&self, at_nodes: &[f64]) -> f64 {
        let at_points: Vec<f64> = (0..self.points.len())
            .map(|a| (0..at_nodes.len()).map(|j| self.values[(a, j)] * at_nodes[j]).sum())
            .collect();
        self.coefficients(&at_points, self.degree - 1..self.degree + 1)
    }

    fn coefficients(&self, at_points: &[f64], degrees: std::ops::Range<usize>) -> f64 {
        degrees.map(|m| (0..at_points.len()).map(|a| self.legendre[(m, a)] * at_points[a]).sum::<f64>().abs()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::Rule;
    use crate::num::function::{cos, exp, sin};

    #[test]
    fn smooth_functions_are_interpolated_differentiated_and_integrated() {
        let rule = Rule::new(18);
        let at_nodes: Vec<f64> = rule.nodes.iter().map(|x| sin(2.0 * x + 0.3)).collect();
        assert!((rule.interpolate(&at_nodes, 0.37) - sin(1.04)).abs() < 1e-13);
        for (a, x) in rule.points.iter().enumerate() {
            let slope: f64 = (0..at_nodes.len()).map(|j| rule.slopes[(a, j)] * at_nodes[j]).sum();
            assert!((slope - 2.0 * cos(2.0 * x + 0.3)).abs() < 1e-11);
        }
        for (j, x) in rule.nodes.iter().enumerate() {
            let integral: f64 = (0..rule.points.len()).map(|a| rule.integral[(j, a)] * exp(rule.points[a])).sum();
            let value: f64 = (0..rule.points.len()).map(|a| rule.to_nodes[(j, a)] * exp(rule.points[a])).sum();
            assert!((integral - (exp(*x) - exp(-1.0))).abs() < 2e-14 && (value - exp(*x)).abs() < 2e-13);
        }
        assert!(rule.unresolved_at_nodes(&at_nodes) < 1e-12);
    }
}
