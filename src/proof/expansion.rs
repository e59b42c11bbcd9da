//! Expansions as `t` falls to zero: finitely many terms, the largest first, and a bound for the rest.
//!
//! What an expansion says: for each value of the other symbols there are a constant `C` and a neighbourhood of `t = 0+`
//! on which the function is defined and differs from the sum of the terms by at most `C` times the size of the rest.
//! A rest of `None` is no rest: the terms are the function.

use super::element::Element;
use super::polynomial::TooLarge;
use super::sign::Sign;
use super::size::Size;
use super::tower::{Refusal, Tower};
use std::cmp::Ordering;

/// Most terms of an expansion.
const MOST_TERMS: usize = 120;

/// Why there is no expansion.
#[derive(Clone, Debug)]
pub(super) enum Halt {
    /// More terms are needed.
    Shallow,
    /// There is none, or no rule for it.
    Refused(Refusal),
}
impl From<Refusal> for Halt {
    fn from(refusal: Refusal) -> Halt {
        Halt::Refused(refusal)
    }
}
impl From<TooLarge> for Halt {
    fn from(_: TooLarge) -> Halt {
        Halt::Refused(Refusal::TooLarge)
    }
}
impl Halt {
    pub(super) fn unsupported(why: impl Into<String>) -> Halt {
        Halt::Refused(Refusal::Unsupported(why.into()))
    }
}

pub(super) type Grown<T> = Result<T, Halt>;

/// `Σ coefficient · size + O(rest)`
#[derive(Clone, Debug, Default)]
pub(super) struct Expansion {
    pub(super) terms: Vec<(Size, Element)>,
    pub(super) rest: Option<Size>,
}

impl Expansion {
    pub(super) fn constant(c: Element) -> Expansion {
        Expansion::term(Size::one(), c)
    }

    pub(super) fn term(size: Size, c: Element) -> Expansion {
        Expansion { terms: if c.numerator.is_zero() { Vec::new() } else { vec![(size, c)] }, rest: None }
    }

    /// Something of at most this size.
    pub(super) fn bounded(rest: Size) -> Expansion {
        Expansion { terms: Vec::new(), rest: Some(rest) }
    }

    pub(super) fn is_exact_zero(&self) -> bool {
        self.terms.is_empty() && self.rest.is_none()
    }

    pub(super) fn negative(&self) -> Expansion {
        Expansion { terms: self.terms.iter().map(|(s, c)| (s.clone(), c.neg())).collect(), rest: self.rest.clone() }
    }

    /// The size that bounds it.
    fn bound(&self) -> Option<&Size> {
        self.terms.first().map(|(s, _)| s).or(self.rest.as_ref())
    }
}

/// Large terms, the constant, and what tends to zero.
type Split = (Vec<(Size, Element)>, Element, Expansion);

impl Tower {
    fn larger(&self, a: Option<Size>, b: Option<Size>) -> Grown<Option<Size>> {
        Ok(match (a, b) {
            (Some(a), Some(b)) => Some(if self.compare_sizes(&a, &b)? == Ordering::Less { b } else { a }),
            (a, b) => a.or(b),
        })
    }

    /// Adds a term where it belongs.
    fn insert(&self, terms: &mut Vec<(Size, Element)>, size: Size, c: Element) -> Grown<()> {
        let mut at = terms.len();
        while at > 0 {
            match self.compare_sizes(&size, &terms[at - 1].0)? {
                Ordering::Less => break,
                Ordering::Greater => at -= 1,
                Ordering::Equal => {
                    let total = self.add(&c, &terms[at - 1].1)?;
                    if total.numerator.is_zero() {
                        terms.remove(at - 1);
                    } else {
                        terms[at - 1].1 = total;
                    }
                    return Ok(());
                }
            }
        }
        terms.insert(at, (size, c));
        if terms.len() > MOST_TERMS { Err(TooLarge.into()) } else { Ok(()) }
    }

    /// Leaves out the terms that the rest covers.
    pub(super) fn trimmed(&self, mut e: Expansion) -> Grown<Expansion> {
        if let Some(rest) = &e.rest {
            while let Some((size, _)) = e.terms.last() {
                if self.compare_sizes(size, rest)? == Ordering::Greater {
                    break;
                }
                e.terms.pop();
            }
        }
        Ok(e)
    }

    pub(super) fn plus(&self, a: &Expansion, b: &Expansion) -> Grown<Expansion> {
        let mut terms = a.terms.clone();
        for (size, c) in &b.terms {
            self.insert(&mut terms, size.clone(), c.clone())?;
        }
        let rest = self.larger(a.rest.clone(), b.rest.clone())?;
        self.trimmed(Expansion { terms, rest })
    }

    /// The product; terms that are not above `limit` go into the rest.
    pub(super) fn product(&self, a: &Expansion, b: &Expansion, limit: Option<&Size>) -> Grown<Expansion> {
        if a.is_exact_zero() || b.is_exact_zero() {
            return Ok(Expansion::default());
        }
        let mut rest = None;
        for (x, y) in [(a, b), (b, a)] {
            if let (Some(r), Some(bound)) = (&x.rest, y.bound()) {
                rest = self.larger(rest, Some(self.times_size(r, bound)?))?;
            }
        }
        let mut terms = Vec::new();
        for (s, c) in &a.terms {
            for (u, d) in &b.terms {
                let size = self.times_size(s, u)?;
                let covered = |bound: &Size| Ok::<_, Halt>(self.compare_sizes(&size, bound)? != Ordering::Greater);
                if let Some(r) = &rest
                    && covered(r)?
                {
                    break;
                }
                if let Some(l) = limit
                    && covered(l)?
                {
                    rest = self.larger(rest, Some(size))?;
                    break;
                }
                self.insert(&mut terms, size, self.mul(c, d)?)?;
            }
        }
        self.trimmed(Expansion { terms, rest })
    }

    pub(super) fn scaled(&self, a: &Expansion, by: &Element) -> Grown<Expansion> {
        let mut terms = Vec::new();
        for (size, c) in &a.terms {
            let c = self.mul(c, by)?;
            if !c.numerator.is_zero() {
                terms.push((size.clone(), c));
            }
        }
        Ok(Expansion { terms, rest: a.rest.clone() })
    }

    /// `a · size`
    pub(super) fn shifted(&self, a: &Expansion, size: &Size) -> Grown<Expansion> {
        let mut terms = Vec::new();
        for (s, c) in &a.terms {
            terms.push((self.times_size(s, size)?, c.clone()));
        }
        let rest = a.rest.as_ref().map(|r| self.times_size(r, size)).transpose()?;
        Ok(Expansion { terms, rest })
    }

    /// `Σ c_n small^n` from the first coefficients of a Taylor series; `small` tends to zero.
    pub(super) fn composed(&self, coefficients: &[Element], small: &Expansion) -> Grown<Expansion> {
        let first = coefficients.first().cloned().unwrap_or_else(Element::zero);
        let Some(bound) = small.bound() else { return Ok(Expansion::constant(first)) };
        let limit = self.size_to(bound, &Element::integer(coefficients.len() as i64))?;
        let small = &self.trimmed(Expansion {
            terms: small.terms.clone(),
            rest: self.larger(small.rest.clone(), Some(limit.clone()))?,
        })?;
        let mut sum = Expansion::default();
        for c in coefficients.iter().rev() {
            sum = self.product(&sum, small, Some(&limit))?;
            sum = self.plus(&sum, &Expansion::constant(c.clone()))?;
        }
        let rest = self.larger(sum.rest, Some(limit))?;
        self.trimmed(Expansion { terms: sum.terms, rest })
    }

    /// The leading term, whose coefficient is certainly not zero.
    pub(super) fn leading(&self, a: &Expansion) -> Grown<(Size, Element)> {
        let Some((size, c)) = a.terms.first() else {
            return Err(if a.rest.is_some() {
                Halt::Shallow
            } else {
                Halt::unsupported("what must not be zero is zero")
            });
        };
        if !self.certain_sign(c).is(Sign::NONZERO) {
            return Err(Halt::unsupported(format!("whether {} is zero is not known", self.text(c))));
        }
        Ok((size.clone(), c.clone()))
    }

    /// `a = c · size · (1 + small)`
    pub(super) fn normalised(&self, a: &Expansion) -> Grown<(Size, Element, Expansion)> {
        let (size, c) = self.leading(a)?;
        let (under, over) = (self.size_to(&size, &Element::integer(-1))?, self.div(&Element::one(), &c)?);
        let small = Expansion { terms: a.terms[1..].to_vec(), rest: a.rest.clone() };
        let small = self.shifted(&self.scaled(&small, &over)?, &under)?;
        Ok((size, c, small))
    }

    /// Large terms, the constant and what tends to zero.
    pub(super) fn split(&self, a: &Expansion) -> Grown<Split> {
        let one = Size::one();
        if let Some(rest) = &a.rest
            && self.compare_sizes(rest, &one)? != Ordering::Less
        {
            return Err(Halt::Shallow);
        }
        let (mut large, mut constant) = (Vec::new(), Element::zero());
        let mut small = Expansion { terms: Vec::new(), rest: a.rest.clone() };
        for (size, c) in &a.terms {
            match self.compare_sizes(size, &one)? {
                Ordering::Greater => large.push((size.clone(), c.clone())),
                Ordering::Equal => constant = c.clone(),
                Ordering::Less => small.terms.push((size.clone(), c.clone())),
            }
        }
        Ok((large, constant, small))
    }
}
