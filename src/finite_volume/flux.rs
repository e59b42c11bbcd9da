//! How fast does probability pass from a cell to its neighbour? Fluxes that are exact wherever there is none.
//!
//! Over a link of length `d` the flux `−(q' + w'q)`, `q = D p`, `w' = ∂L/D`, with its ends' values is
//! `[B(w) q_1 − B(−w) q_2]/d`, `B(w) = w/(e^w − 1)`, `w` the exact difference of the loss over the diffusion half way
//! (Scharfetter and Gummel 1969; Chang and Cooper 1970). It vanishes for `q ∝ e^{−w}`: with one constant temperature the
//! discrete law is Boltzmann's to rounding, on every grid.

use super::{Grid, Unsolved};
use crate::eval::{CompileError, Tape};
use crate::expr::Expr;
use crate::num::function::exp_m1;

/// `∂p/∂t = ∂x(p ∂xL + ∂x(T p)) + ∂y(p ∂yL + ∂y(Δ p))` (Itô; for constant `T`, `Δ` the usual form).
pub struct Problem<'a> {
    /// `L(x, y)`, of any form.
    pub loss: &'a dyn Fn(f64, f64) -> f64,
    /// `T(x, y)`, diffusion along `x`.
    pub along: &'a dyn Fn(f64, f64) -> f64,
    /// `Δ(x, y)`, diffusion along `y`.
    pub across: &'a dyn Fn(f64, f64) -> f64,
}

/// A formula in two variables as a function, such as a [`Problem`] takes; `constants` binds its other symbols.
///
/// # Errors
/// A symbol without value, or an uninterpreted function.
pub fn function_of(
    formula: &Expr,
    x: &str,
    y: &str,
    constants: &dyn Fn(&str) -> Option<f64>,
) -> Result<impl Fn(f64, f64) -> f64 + use<>, CompileError> {
    let tape = Tape::compile(std::slice::from_ref(formula), &[x, y], constants)?;
    Ok(move |x: f64, y: f64| {
        let mut value = [0.0];
        tape.at_into(&[x, y], &mut value);
        value[0]
    })
}

/// `w/(e^w − 1)`
fn bernoulli(w: f64) -> f64 {
    if w.abs() < 1e-5 { 1.0 - 0.5 * w + w * w / 12.0 } else { w / exp_m1(w) }
}

/// Transitions of probability from one node to another, per unit of time.
pub(super) struct Transitions {
    /// `(from, to, rate)` between numbers of nodes.
    pub rates: Vec<(usize, usize, f64)>,
    /// The links along `x` that begin at the nodes of one value of `x`, by position in `rates`: there and back.
    pub along: Vec<Vec<usize>>,
}

impl Transitions {
    pub fn of(problem: &Problem, grid: &Grid) -> Result<Transitions, Unsolved> {
        grid.x.check()?;
        grid.y.check()?;
        let (xs, ys) = (grid.x.nodes(), grid.y.nodes());
        let values = |f: &dyn Fn(f64, f64) -> f64| -> Vec<Vec<f64>> {
            xs.iter().map(|x| ys.iter().map(|y| f(*x, *y)).collect()).collect()
        };
        let (loss, along, across) = (values(problem.loss), values(problem.along), values(problem.across));
        for (i, x) in xs.iter().enumerate() {
            for (j, y) in ys.iter().enumerate() {
                let sound = loss[i][j].is_finite() && usable(along[i][j]) && usable(across[i][j]);
                if !sound {
                    return Err(Unsolved::NotFinite { x: *x, y: *y });
                }
            }
        }
        let (x_widths, y_widths) = (grid.x.widths(), grid.y.widths());
        let mut transitions = Transitions { rates: Vec::with_capacity(4 * grid.states()), along: Vec::new() };
        for (i, next, distance) in grid.x.links() {
            let mut links = Vec::with_capacity(ys.len());
            for (j, y) in ys.iter().enumerate() {
                let middle = (problem.along)(xs[i] + 0.5 * distance, *y);
                if !usable(middle) {
                    return Err(Unsolved::NotFinite { x: xs[i] + 0.5 * distance, y: *y });
                }
                let w = (loss[next][j] - loss[i][j]) / middle;
                let (from, to) = (grid.number(i, j), grid.number(next, j));
                links.push(transitions.rates.len());
                transitions.rates.push((from, to, bernoulli(w) * along[i][j] / (distance * x_widths[i])));
                transitions.rates.push((to, from, bernoulli(-w) * along[next][j] / (distance * x_widths[next])));
            }
            transitions.along.push(links);
        }
        for (j, next, distance) in grid.y.links() {
            for (i, x) in xs.iter().enumerate() {
                let middle = (problem.across)(*x, ys[j] + 0.5 * distance);
                if !usable(middle) {
                    return Err(Unsolved::NotFinite { x: *x, y: ys[j] + 0.5 * distance });
                }
                let w = (loss[i][next] - loss[i][j]) / middle;
                let (from, to) = (grid.number(i, j), grid.number(i, next));
                transitions.rates.push((from, to, bernoulli(w) * across[i][j] / (distance * y_widths[j])));
                transitions.rates.push((to, from, bernoulli(-w) * across[i][next] / (distance * y_widths[next])));
            }
        }
        // A loss that overflows between two nodes.
        if transitions.rates.iter().any(|(_, _, rate)| !(*rate >= 0.0 && rate.is_finite())) {
            return Err(Unsolved::Singular);
        }
        Ok(transitions)
    }
}

fn usable(diffusion: f64) -> bool {
    diffusion > 0.0 && diffusion.is_finite()
}

#[cfg(test)]
mod tests {
    use super::bernoulli;

    #[test]
    fn the_weights_balance_and_neither_overflow_nor_cancel() {
        for w in [-700.0, -3.0, -1.1e-5, -0.9e-5, 0.0, 1e-9, 0.9e-5, 1.1e-5, 0.4, 30.0] {
            let w: f64 = w;
            assert!((bernoulli(-w) - bernoulli(w) - w).abs() <= 1e-14 * w.abs().max(1.0), "{w}");
            assert!((bernoulli(w) / bernoulli(-w) / (-w).exp() - 1.0).abs() < 1e-13, "{w}");
        }
        assert_eq!((bernoulli(1e4), bernoulli(-1e4), bernoulli(f64::INFINITY).is_nan()), (0.0, 1e4, true));
    }
}
