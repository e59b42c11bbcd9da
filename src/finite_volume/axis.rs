//! Where are the nodes? One axis of the grid, and the grid of two.

use super::Unsolved;
use crate::num::function::{asinh, sinh};

/// How an axis ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Ends {
    /// Both ends reflect: no flux.
    Walls,
    /// The axis closes after this period.
    Circle {
        /// Its length.
        period: f64,
    },
    /// The first node is a mirror: the other half is not stored, but counted.
    Mirror,
}

/// Nodes in ascending order; each owns the stretch up to half way to its neighbours.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    nodes: Vec<f64>,
    ends: Ends,
}

impl Axis {
    /// Equal cells between two walls (or the ends of a truncated line).
    pub fn interval(lower: f64, upper: f64, cells: usize) -> Axis {
        let step = (upper - lower) / cells as f64;
        let node = |k: usize| if k == cells { upper } else { lower + step * k as f64 };
        Axis { nodes: (0..=cells).map(node).collect(), ends: Ends::Walls }
    }

    /// Equal cells on a circle.
    pub fn circle(lower: f64, upper: f64, cells: usize) -> Axis {
        let step = (upper - lower) / cells as f64;
        Axis {
            nodes: (0..cells).map(|k| lower + step * k as f64).collect(),
            ends: Ends::Circle { period: upper - lower },
        }
    }

    /// From `lower` to `upper` with `x = centre + width sinh s`, equal in `s`: equal cells near the centre, growing in
    /// proportion to the distance beyond `width`.
    pub fn graded(lower: f64, upper: f64, centre: f64, width: f64, cells: usize) -> Axis {
        let (from, to) = (asinh((lower - centre) / width), asinh((upper - centre) / width));
        let place = |k: usize| centre + width * sinh(from + (to - from) * k as f64 / cells as f64);
        let mut nodes: Vec<f64> = (0..=cells).map(place).collect();
        nodes[0] = lower;
        nodes[cells] = upper;
        Axis { nodes, ends: Ends::Walls }
    }

    /// The upper half of an axis with the mirror at 0, graded as [`Axis::graded`] around 0.
    pub fn half(upper: f64, width: f64, cells: usize) -> Axis {
        Axis { ends: Ends::Mirror, ..Axis::graded(0.0, upper, 0.0, width, cells) }
    }

    /// One place of width 1: nothing happens along this axis.
    pub fn point(at: f64) -> Axis {
        Axis { nodes: vec![at], ends: Ends::Walls }
    }

    /// The nodes.
    pub fn nodes(&self) -> &[f64] {
        &self.nodes
    }

    /// How it ends.
    pub fn ends(&self) -> Ends {
        self.ends
    }

    /// Number of nodes.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Every other node; `None` where the number of cells is odd or too small.
    pub fn coarser(&self) -> Option<Axis> {
        let cells = if matches!(self.ends, Ends::Circle { .. }) { self.len() } else { self.len().saturating_sub(1) };
        if self.len() == 1 {
            return Some(self.clone());
        }
        (cells % 2 == 0 && cells >= 6)
            .then(|| Axis { nodes: self.nodes.iter().copied().step_by(2).collect(), ends: self.ends })
    }

    /// Neighbours `(k, next, distance)`.
    pub(super) fn links(&self) -> Vec<(usize, usize, f64)> {
        let n = self.len();
        let mut links: Vec<_> = (1..n).map(|k| (k - 1, k, self.nodes[k] - self.nodes[k - 1])).collect();
        if let Ends::Circle { period } = self.ends
            && n > 2
        {
            links.push((n - 1, 0, self.nodes[0] + period - self.nodes[n - 1]));
        }
        links
    }

    /// Length that each node owns (at a mirror: on its own side).
    pub(super) fn widths(&self) -> Vec<f64> {
        if self.len() == 1 {
            return vec![1.0];
        }
        let mut widths = vec![0.0; self.len()];
        for (one, other, distance) in self.links() {
            widths[one] += 0.5 * distance;
            widths[other] += 0.5 * distance;
        }
        widths
    }

    /// How often a stored place stands for one.
    pub(super) fn copies(&self) -> f64 {
        if self.ends == Ends::Mirror { 2.0 } else { 1.0 }
    }

    pub(super) fn check(&self) -> Result<(), Unsolved> {
        let enough = self.len() == 1 || self.len() >= 3;
        let ascending = self.links().iter().all(|link| link.2 > 0.0 && link.2.is_finite());
        if enough && ascending && self.nodes.iter().all(|x| x.is_finite()) { Ok(()) } else { Err(Unsolved::Grid) }
    }
}

/// The product of two axes.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    /// Along the floor.
    pub x: Axis,
    /// Across it.
    pub y: Axis,
}

impl Grid {
    /// Number of nodes.
    pub fn states(&self) -> usize {
        self.x.len() * self.y.len()
    }

    /// Every other node of both axes.
    pub fn coarser(&self) -> Option<Grid> {
        Some(Grid { x: self.x.coarser()?, y: self.y.coarser()? })
    }

    /// How far numbers of neighbouring nodes are apart at most.
    pub(super) fn band(&self) -> usize {
        match self.x.ends() {
            Ends::Circle { .. } => 2 * self.y.len(),
            _ => self.y.len(),
        }
    }

    /// Number of a node. A circle is folded, so that its neighbours stay close.
    pub(super) fn number(&self, i: usize, j: usize) -> usize {
        let n = self.x.len();
        let column = match self.x.ends() {
            Ends::Circle { .. } if 2 * i < n => 2 * i,
            Ends::Circle { .. } => 2 * (n - 1 - i) + 1,
            _ => i,
        };
        column * self.y.len() + j
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_own_the_whole_axis_and_coarser_ones_are_among_the_finer() {
        for (axis, length) in [
            (Axis::interval(-1.0, 2.0, 12), 3.0),
            (Axis::circle(0.5, 4.5, 12), 4.0),
            (Axis::graded(-3.0, 50.0, 0.2, 0.7, 12), 53.0),
            (Axis::half(9.0, 2.0, 12), 9.0),
        ] {
            assert!((axis.widths().iter().sum::<f64>() - length).abs() < 1e-13, "{axis:?}");
            let coarse = axis.coarser().expect("even");
            assert!(coarse.nodes().iter().all(|x| axis.nodes().contains(x)) && coarse.coarser().is_some());
            assert_eq!(coarse.coarser().expect("even").coarser(), None);
        }
        assert_eq!(Axis::interval(1.0, 0.0, 8).check(), Err(Unsolved::Grid));
        assert_eq!(Axis::interval(0.0, f64::NAN, 8).check(), Err(Unsolved::Grid));
    }

    #[test]
    fn neighbours_on_a_folded_circle_stay_within_the_band() {
        for cells in [6, 7] {
            let grid = Grid { x: Axis::circle(0.0, 1.0, cells), y: Axis::interval(0.0, 1.0, 3) };
            let mut seen: Vec<usize> =
                (0..grid.x.len()).flat_map(|i| (0..4).map(move |j| (i, j))).map(|(i, j)| grid.number(i, j)).collect();
            seen.sort_unstable();
            assert_eq!(seen, (0..grid.states()).collect::<Vec<_>>());
            for (i, next, _) in grid.x.links() {
                assert!(grid.number(i, 0).abs_diff(grid.number(next, 0)) <= grid.band());
            }
        }
    }
}
