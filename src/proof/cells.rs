//! A difference is positive on a box that is cut into cells, each settled by its enclosure or by derivatives of one sign
//! from an end (Taylor's formula with the rest enclosed).

use super::difference::Difference;
use super::span::{Span, Variable, halves};
use super::value::{Open, Value};

/// Highest derivative looked at where the difference may vanish at an end of the box, and elsewhere.
const ORDERS: (u32, u32) = (6, 2);
/// Most cells, for a term of medium size.
const MOST_CELLS: usize = 80;

/// One cell of the box.
type Cell = Vec<Span>;

/// How a cell was settled.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    /// The enclosure of the difference is above zero.
    Enclosed,
    /// Taylor's formula from an end.
    Taylor,
    /// It is least on a face, which is settled on its own.
    Monotone,
    /// It falls, and is never negative.
    Falling,
}

impl Difference {
    /// How each cell was settled, if all were.
    pub(super) fn settled(&self, variables: &[Variable]) -> Option<Vec<Rule>> {
        let size: usize = self.terms().map(|t| t.size(4000).0).sum();
        let mut left = (MOST_CELLS * 40 / (20 + size)).min(2 * MOST_CELLS);
        let mut rules = Vec::new();
        let mut pending: Vec<(Cell, usize)> = vec![(variables.iter().map(|v| v.span.clone()).collect(), 0)];
        while let Some((cell, depth)) = pending.pop() {
            left = left.checked_sub(1)?;
            match self.settle(variables, &cell) {
                Settled::By(rule) => rules.push(rule),
                Settled::OnFace(face) => {
                    rules.push(Rule::Monotone);
                    pending.push((face, depth));
                }
                Settled::Not => {
                    let [a, b] = halves(&cell, depth)?;
                    pending.extend([(b, depth + 1), (a, depth + 1)]);
                }
            }
        }
        Some(rules)
    }

    fn settle(&self, variables: &[Variable], cell: &Cell) -> Settled {
        let with = |spans: &[Span]| -> Vec<Variable> {
            variables.iter().zip(spans).map(|(v, span)| Variable { term: v.term.clone(), span: span.clone() }).collect()
        };
        let direct = self.value(&with(cell)).ok();
        if direct.as_ref().is_some_and(Value::is_positive) {
            return Settled::By(Rule::Enclosed);
        }
        let mut face = None;
        for by in (0..cell.len()).filter(|&v| !cell[v].is_point()) {
            for low in [true, false] {
                let span = &cell[by];
                let (end, open) = match low {
                    true => (&span.lower, span.open.above),
                    false => (&span.upper, span.open.below),
                };
                let original = if low { &variables[by].span.lower } else { &variables[by].span.upper };
                let Some(end) = end else {
                    // Towards infinity there is no end to start from: falling values that stay ≥ 0 are > 0.
                    let Some(slopes) = self.derivatives(&with(cell), by, 1) else { continue };
                    let away = if low { slopes[1].is_positive() } else { slopes[1].is_negative() };
                    if away && direct.as_ref().is_some_and(Value::is_nonnegative) {
                        return Settled::By(Rule::Falling);
                    }
                    continue;
                };
                let highest = if original.as_ref() == Some(end) { ORDERS.0 } else { ORDERS.1 };
                let mut near = cell.clone();
                near[by] = if low {
                    Span { open: Open { above: false, ..span.open }, ..span.clone() }
                } else {
                    Span { open: Open { below: false, ..span.open }, ..span.clone() }
                };
                let Some(over) = self.derivatives(&with(&near), by, highest) else { continue };
                let mut at = cell.clone();
                at[by] = Span::point(end.clone());
                let Some(there) = self.derivatives(&with(&at), by, highest) else { continue };
                if taylor(&there, &over, low, open) {
                    return Settled::By(Rule::Taylor);
                }
                let inward = |slope: &Value| if low { slope.is_nonnegative() } else { slope.is_nonpositive() };
                if cell.len() > 1 && face.is_none() && inward(&over[1]) && !there[0].is_nonpositive() {
                    face = Some(at);
                }
            }
        }
        // With one variable, the face is a point, which Taylor's formula has looked at.
        match face {
            Some(face) if face.iter().any(|span| !span.is_point()) => Settled::OnFace(face),
            _ => Settled::Not,
        }
    }
}

enum Settled {
    By(Rule),
    /// It is least on this face.
    OnFace(Cell),
    Not,
}

/// Whether `g > 0` follows from its derivatives at one end (`there`) and over all the stretch from there (`over`).
///
/// `g(a+h) = Σ_{k<n} g⁽ᵏ⁾(a) hᵏ/k! + g⁽ⁿ⁾(ξ) hⁿ/n!`: no part may be negative, and one must be positive: at `h = 0`, where
/// the end belongs to the stretch, only the first counts. From an upper end odd derivatives change their sign.
fn taylor(there: &[Value], over: &[Value], low: bool, open: bool) -> bool {
    let signed = |k: usize, value: &Value| if low || k.is_multiple_of(2) { value.clone() } else { value.negative() };
    let mut some = false;
    for k in 0..over.len() {
        let rest = signed(k, &over[k]);
        if k > 0 && rest.is_nonnegative() && (some || open && rest.is_positive()) {
            return true;
        }
        let own = signed(k, &there[k]);
        if !own.is_nonnegative() {
            return false;
        }
        some |= own.is_positive() && (k == 0 || open);
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::num::enclosure::{Enclosure, End};

    fn between(a: i64, b: i64) -> Value {
        Value::within(Enclosure::between(End::whole(a), End::whole(b)))
    }

    /// `g` is above zero on `(0, h]` where its first derivatives at 0 are not below zero and one of them is above.
    #[test]
    fn derivatives_of_one_sign_are_asked_for_one_by_one() {
        let (zero, one, any) = (Value::whole(0), Value::whole(1), between(-1, 1));
        let list = |values: &[&Value]| values.iter().map(|v| (*v).clone()).collect::<Vec<_>>();
        for (there, over, low, open, wanted) in [
            ([&zero, &zero], [&any, &one], true, true, true),
            ([&zero, &zero], [&any, &one], true, false, false),
            ([&one, &zero], [&any, &between(0, 1)], true, false, true),
            ([&any, &zero], [&any, &one], true, true, false),
            ([&zero, &zero], [&any, &between(0, 1)], true, true, false),
            ([&zero, &zero], [&any, &one], false, true, false),
            ([&zero, &zero], [&any, &between(-2, -1)], false, true, true),
            ([&zero, &zero], [&any, &any], true, true, false),
            ([&between(0, 1), &zero], [&any, &between(0, 1)], true, true, false),
        ] {
            assert_eq!(taylor(&list(&there), &list(&over), low, open), wanted, "{there:?} {over:?} {low} {open}");
        }
        let (there, over) = ([zero.clone(), any.clone(), zero.clone()], [any.clone(), any, one]);
        assert!(!taylor(&there, &over, true, true));
    }
}
