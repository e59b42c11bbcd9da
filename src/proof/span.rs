//! Boxes: one stretch of numbers for each variable of an inequality.

use super::value::{Open, Value};
use crate::expr::Expr;
use crate::num::enclosure::{Enclosure, End, Side};
use crate::num::rational::Rational;
use num_traits::{One, Signed, Zero};
use std::fmt;

/// Numbers between two exact ends, where there are any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) lower: Option<Rational>,
    pub(super) upper: Option<Rational>,
    /// Which ends do not belong to it.
    pub(super) open: Open,
}

/// A variable of an inequality: a symbol, or a term that stands for any number in its span.
#[derive(Clone, Debug)]
pub(super) struct Variable {
    pub(super) term: Expr,
    pub(super) span: Span,
}

impl Span {
    pub(super) fn open(lower: Option<Rational>, upper: Option<Rational>) -> Span {
        Span { lower, upper, open: Open { above: true, below: true } }
    }

    pub(super) fn point(at: Rational) -> Span {
        Span { lower: Some(at.clone()), upper: Some(at), open: Open::default() }
    }

    /// Whether no number is in it.
    pub(super) fn is_empty(&self) -> bool {
        let (Some(a), Some(b)) = (&self.lower, &self.upper) else { return false };
        a > b || a == b && (self.open.above || self.open.below)
    }

    pub(super) fn is_point(&self) -> bool {
        self.lower.is_some() && self.lower == self.upper
    }

    pub(super) fn value(&self, bits: u32) -> Value {
        if let (Some(a), true) = (&self.lower, self.is_point()) {
            return Value::Exact(a.clone());
        }
        let lower = self.lower.as_ref().map_or(End::MinusInfinity, |a| End::of(a, bits, Side::Below));
        let upper = self.upper.as_ref().map_or(End::Infinity, |b| End::of(b, bits, Side::Above));
        Value::Within(Enclosure::between(lower, upper), self.open)
    }

    /// Exact ends around a value; `None` where they would be too long to write.
    pub(super) fn around(value: &Value) -> Option<Span> {
        match value {
            Value::Exact(at) => Some(Span::point(at.clone())),
            Value::Within(within, open) => {
                let exact = |end: &End| match end {
                    End::At(..) => Some(Some(end.exact(4000)?)),
                    _ => Some(None),
                };
                Some(Span { lower: exact(within.lower())?, upper: exact(within.upper())?, open: *open })
            }
        }
    }

    /// What is in both; `None` where nothing is.
    pub(super) fn within(&self, other: &Span) -> Option<Span> {
        let mut both = self.clone();
        if let Some(a) = &other.lower
            && both.lower.as_ref().is_none_or(|own| own <= a)
        {
            both.open.above = other.open.above || both.open.above && both.lower.as_ref() == Some(a);
            both.lower = Some(a.clone());
        }
        if let Some(b) = &other.upper
            && both.upper.as_ref().is_none_or(|own| own >= b)
        {
            both.open.below = other.open.below || both.open.below && both.upper.as_ref() == Some(b);
            both.upper = Some(b.clone());
        }
        (!both.is_empty()).then_some(both)
    }

    pub(super) fn is_positive(&self) -> bool {
        self.lower.as_ref().is_some_and(|a| a.is_positive() || a.is_zero() && self.open.above)
    }

    /// Both halves; the number between them belongs to both.
    pub(super) fn halves(&self) -> Option<(Span, Span)> {
        let four = Rational::from_integer(4.into());
        let away = |end: Rational| if end < Rational::one() { Rational::one() } else { end * &four };
        let at = match (&self.lower, &self.upper) {
            (None, None) => Rational::zero(),
            (Some(a), None) if a.is_negative() => Rational::zero(),
            (Some(a), None) => away(a.clone()),
            (None, Some(b)) if b.is_positive() => Rational::zero(),
            (None, Some(b)) => -away(-b),
            (Some(a), Some(b)) if a < b => (a + b) / Rational::from_integer(2.into()),
            _ => return None,
        };
        let left = Span { upper: Some(at.clone()), open: Open { below: false, ..self.open }, ..self.clone() };
        let right = Span { lower: Some(at), open: Open { above: false, ..self.open }, ..self.clone() };
        Some((left, right))
    }
}

/// Both halves of a cell: across a whole line if it has one, else across each of its wide sides in turn as `depth` grows.
pub(super) fn halves(cell: &[Span], depth: usize) -> Option<[Vec<Span>; 2]> {
    let wide: Vec<usize> = (0..cell.len()).filter(|&v| !cell[v].is_point()).collect();
    let whole = wide.iter().find(|&&v| cell[v].lower.is_none() && cell[v].upper.is_none());
    let by = whole.copied().or_else(|| wide.get(depth % wide.len().max(1)).copied())?;
    let (a, b) = cell[by].halves()?;
    Some([a, b].map(|half| {
        let mut next = cell.to_vec();
        next[by] = half;
        next
    }))
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let left = if self.open.above || self.lower.is_none() { '(' } else { '[' };
        let right = if self.open.below || self.upper.is_none() { ')' } else { ']' };
        let end =
            |end: &Option<Rational>, infinity: &str| end.as_ref().map_or(infinity.to_owned(), Rational::to_string);
        write!(f, "{left}{}, {}{right}", end(&self.lower, "-inf"), end(&self.upper, "inf"))
    }
}
