//! A polynomial in symbols and in parts that are not rational is positive where it is not negative at an end and grows
//! from there; and the same is asked of its slope. The box is cut into cells where that takes it.

use super::difference::Difference;
use super::orthant::{Polynomial, is_nonnegative};
use super::ratio::Reader;
use super::span::{Span, Variable, halves};
use super::value::Open;
use std::collections::BTreeMap;

/// Most derivatives in a row.
const MOST_SLOPES: usize = 4;
/// Most cells.
const MOST_CELLS: usize = 60;

/// A polynomial with the sign of the difference, or of a slope of another one.
struct Link {
    polynomial: Polynomial,
    /// By each variable, once asked for.
    slopes: BTreeMap<usize, Option<usize>>,
}

/// The difference and its slopes.
pub(super) struct Slopes<'a> {
    difference: &'a Difference,
    reader: Reader<'a>,
    links: Vec<Link>,
}

impl<'a> Slopes<'a> {
    pub(super) fn new(difference: &'a Difference, reader: Reader<'a>, polynomial: Polynomial) -> Slopes<'a> {
        Slopes { difference, reader, links: vec![Link { polynomial, slopes: BTreeMap::new() }] }
    }

    /// The number of cells that it took to show that the difference is positive on the box.
    pub(super) fn cells(&mut self) -> Option<usize> {
        let whole: Vec<Span> = self.reader.variables[..self.reader.free].iter().map(|v| v.span.clone()).collect();
        let (mut pending, mut shown, mut left) = (vec![(whole, 0)], 0, MOST_CELLS);
        while let Some((cell, depth)) = pending.pop() {
            left = left.checked_sub(1)?;
            if self.shown(0, false, &cell, 0) {
                shown += 1;
                continue;
            }
            let [a, b] = halves(&cell, depth)?;
            pending.extend([(b, depth + 1), (a, depth + 1)]);
        }
        Some(shown)
    }

    /// The spans of all variables on a cell, parts that are not rational enclosed anew.
    fn spans(&self, cell: &[Span]) -> Option<Vec<Span>> {
        let free = &self.reader.variables[..self.reader.free];
        let variables: Vec<Variable> =
            free.iter().zip(cell).map(|(v, span)| Variable { term: v.term.clone(), span: span.clone() }).collect();
        self.difference.at(&variables, |place| self.reader.spans_on(cell, place))
    }

    fn slope(&mut self, link: usize, by: usize) -> Option<usize> {
        if let Some(known) = self.links[link].slopes.get(&by) {
            return *known;
        }
        let polynomial = self.links[link].polynomial.clone();
        let made = self.reader.derivative_of(&polynomial, by).map(|slope| {
            self.links.push(Link { polynomial: slope.signed(), slopes: BTreeMap::new() });
            self.links.len() - 1
        });
        self.links[link].slopes.insert(by, made);
        made
    }

    fn polynomial(&self, link: usize, negative: bool) -> Polynomial {
        let own = &self.links[link].polynomial;
        if negative { own.negative() } else { own.clone() }
    }

    /// Whether the polynomial, or its negative, is above zero on the cell.
    fn shown(&mut self, link: usize, negative: bool, cell: &[Span], depth: usize) -> bool {
        let Some(spans) = self.spans(cell) else { return false };
        let own = self.polynomial(link, negative);
        if self.reader.is_positive_on(&own, &spans) {
            return true;
        }
        if depth >= MOST_SLOPES {
            return false;
        }
        for by in (0..cell.len()).filter(|&v| !cell[v].is_point()) {
            let Some(slope) = self.slope(link, by) else { continue };
            for low in [true, false] {
                let span = cell[by].clone();
                // What must be positive for it to grow away from this end.
                let inward = negative == low;
                let (end, open) = match low {
                    true => (&span.lower, span.open.above),
                    false => (&span.upper, span.open.below),
                };
                let Some(end) = end else {
                    // It falls towards infinity and is never negative.
                    if is_nonnegative(&own, &spans, &mut self.reader.budget)
                        && self.shown(slope, inward, cell, depth + 1)
                    {
                        return true;
                    }
                    continue;
                };
                let mut face = cell.to_vec();
                face[by] = Span::point(end.clone());
                let mut near = cell.to_vec();
                near[by].open = match low {
                    true => Open { above: false, ..span.open },
                    false => Open { below: false, ..span.open },
                };
                // It is continuous up to the end where all parts have values there.
                let (Some(face_spans), Some(near_spans)) = (self.spans(&face), self.spans(&near)) else { continue };
                let above = is_nonnegative(&own, &face_spans, &mut self.reader.budget);
                if above && open && self.shown(slope, inward, cell, depth + 1) {
                    return true;
                }
                let growing = self.polynomial(slope, inward);
                if is_nonnegative(&growing, &near_spans, &mut self.reader.budget)
                    && self.shown(link, negative, &face, depth + 1)
                {
                    return true;
                }
            }
        }
        false
    }
}
