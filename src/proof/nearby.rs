//! Terms near a place that one of their symbols tends to: where they are defined, and their expansions there.

use super::claim::{Assumption, Place, Symbols};
use super::condition::{Condition, Demand, Reason};
use super::element::Element;
use super::expand::{Approach, Expander};
use super::expansion::{Expansion, Grown, Halt};
use super::polynomial::Generator;
use super::sign::Sign;
use super::size::Size;
use super::tower::{Refusal, Tower};
use crate::expr::Expr;
use crate::num::rational::Rational;
use num_traits::Zero;

/// Terms that were read, the place, and the sides it is come to from.
pub(super) struct Nearby {
    pub(super) tower: Tower,
    variable: Generator,
    name: String,
    /// `None`: beyond all bounds.
    place: Option<Element>,
    /// Which sides the claim is about.
    pub(super) sides: Vec<i64>,
    /// What must hold near the place, not only at it.
    local: Vec<Condition>,
}

impl Nearby {
    /// Reads terms, in order, where `variable` tends to `to`.
    pub(super) fn read(
        symbols: &Symbols,
        variable: &str,
        to: &Place,
        terms: &[&Expr],
    ) -> Grown<(Nearby, Vec<Element>)> {
        let known = symbols.get(variable);
        let mut tower = Tower::new(symbols);
        let generator = tower.symbol(variable)?;
        let place = match to {
            Place::At(term) => Some(tower.read(term)?),
            Place::Infinity | Place::MinusInfinity => None,
        };
        if place.as_ref().is_some_and(|p| tower.depends(p, generator)) {
            return Err(Halt::unsupported(format!("the place depends on {variable}")));
        }
        let nowhere = || Halt::Refused(Refusal::Nowhere(format!("{variable} does not come to this place")));
        let sides = match (known, &place, to) {
            (Some(Assumption::Real), None, Place::MinusInfinity) => vec![-1],
            (_, None, Place::MinusInfinity) => return Err(nowhere()),
            (_, None, _) => vec![1],
            (Some(Assumption::Real), Some(_), _) => vec![1, -1],
            (Some(Assumption::Positive), Some(place), _) => match tower.certain_sign(place) {
                Sign::ZERO => vec![1],
                Sign::POSITIVE => vec![1, -1],
                Sign::NEGATIVE => return Err(nowhere()),
                _ => return Err(Halt::unsupported(format!("whether {variable} comes to the place is not known"))),
            },
            _ => return Err(nowhere()),
        };
        let mut elements = Vec::new();
        for term in terms {
            elements.push(tower.read(term)?);
        }
        tower.settle()?;
        for e in &mut elements {
            *e = tower.reduce(e)?;
        }
        let conditions = std::mem::take(&mut tower.conditions);
        let (local, fixed) = conditions.into_iter().partition(|c| tower.depends(&c.element, generator));
        tower.conditions = fixed;
        Ok((Nearby { tower, variable: generator, name: variable.into(), place, sides, local }, elements))
    }

    /// Whether an element changes with the variable.
    pub(super) fn depends(&self, e: &Element) -> bool {
        self.tower.depends(e, self.variable)
    }

    /// Expansions from one side, once everything is known to be defined on that side near the place.
    pub(super) fn expand(&mut self, side: i64, depth: u32, elements: &[&Element]) -> Grown<Vec<Expansion>> {
        let approach = Approach { variable: self.variable, place: self.place.clone(), side };
        let local = self.local.clone();
        let mut expander = Expander::new(&mut self.tower, approach, depth);
        for condition in &local {
            let expansion = expander.element(&condition.element)?;
            holds(expander.tower, condition, &expansion)?;
        }
        elements.iter().map(|e| expander.element(e)).collect()
    }

    /// An expansion as text and in LaTeX.
    pub(super) fn written(&self, e: &Expansion, side: i64) -> Option<(String, String)> {
        let step = self.step(side)?;
        let mut terms = Vec::new();
        for (size, c) in e.terms.iter().take(12) {
            terms.push(self.tower.expression(c)? * self.size(size, &step)?);
        }
        let sum = Expr::sum(terms);
        let more = if e.terms.len() > 12 { " + …" } else { "" };
        Some(match &e.rest {
            None => (format!("{sum}{more}"), format!("{}{more}", sum.latex())),
            Some(rest) => {
                let rest = self.size(rest, &step)?;
                (
                    format!("{sum}{more} + O({rest})"),
                    format!("{}{more} + O\\left({}\\right)", sum.latex(), rest.latex()),
                )
            }
        })
    }

    /// A size as text.
    pub(super) fn size_text(&self, size: &Size, side: i64) -> String {
        let text = self.step(side).and_then(|step| self.size(size, &step));
        text.map_or_else(|| "a long term".into(), |e| e.to_string())
    }

    /// What `t` is.
    fn step(&self, side: i64) -> Option<Expr> {
        let variable = Expr::symbol(&self.name);
        Some(match &self.place {
            None => Expr::integer(side) / variable,
            Some(place) => Expr::integer(side) * (variable - self.tower.expression(place)?),
        })
    }

    fn size(&self, size: &Size, step: &Expr) -> Option<Expr> {
        let scale = |power: &Element, log: &Rational| -> Option<Expr> {
            let power = step.power(&self.tower.expression(power)?);
            let logarithm = (Expr::integer(1) / step.clone()).ln();
            Some(if log.is_zero() { power } else { power * logarithm.power(&Expr::number(log.clone())) })
        };
        let mut exponent = Vec::new();
        for (s, c) in &size.exponent {
            exponent.push(self.tower.expression(c)? * scale(&s.power, &s.log)?);
        }
        Some(scale(&size.scale.power, &size.scale.log)? * Expr::sum(exponent).exp())
    }
}

/// Makes sure of a condition near the place from the leading term of its element.
fn holds(tower: &mut Tower, condition: &Condition, expansion: &Expansion) -> Grown<()> {
    if expansion.is_exact_zero() && condition.demand == Demand::NonNegative {
        return Ok(());
    }
    let (_, c) = tower.leading(expansion)?;
    // What the facts on record say of the coefficient may rest on this very demand.
    let facts = std::mem::take(&mut tower.facts);
    let bare = tower.certain_sign(&c);
    tower.facts = facts;
    let wanted = if condition.demand == Demand::NonZero { Sign::NONZERO } else { Sign::POSITIVE };
    if bare.is(wanted) {
        return Ok(());
    }
    match (condition.demand, tower.certain_sign(&c)) {
        (Demand::Positive | Demand::NonNegative, Sign::NEGATIVE) => {
            let why = format!("{} does not hold near the place, on a side that counts", condition.text);
            Err(Halt::Refused(Refusal::Nowhere(why)))
        }
        // The term is defined nearby just where the leading coefficient, which is not zero, is positive.
        (_, known) if known.is(wanted) && condition.reason != Reason::Exact => Ok(()),
        _ if condition.reason == Reason::Exact => {
            let text = tower.text(&c);
            let (demand, words) = match condition.demand {
                Demand::NonZero => (Demand::NonZero, "≠ 0"),
                _ => (Demand::Positive, "> 0"),
            };
            tower.assume(&c, wanted)?;
            let text = format!("{text} {words}");
            if !tower.conditions.iter().any(|known| known.text == text && known.demand == demand) {
                tower.conditions.push(Condition { demand, element: c, reason: Reason::Exact, text });
            }
            Ok(())
        }
        _ => Err(Halt::unsupported(format!("whether {} near the place is not known", condition.text))),
    }
}

impl Nearby {
    /// What a proof here demands of the other symbols, once nothing is left open.
    pub(super) fn concluded(&self) -> Result<Vec<String>, String> {
        conditions(&self.tower)
    }
}

/// What a proof demands of the symbols that stay fixed, once nothing is left open.
///
/// A limit need not depend continuously on them: a condition that only suffices must follow from the others.
pub(super) fn conditions(tower: &Tower) -> Result<Vec<String>, String> {
    let open = |c: &&Condition| c.reason != Reason::Exact && !tower.certain_sign(&c.element).is(c.demand.sign());
    if let Some(condition) = tower.conditions.iter().find(open) {
        return Err(format!("only shown where {}, which nothing here shows to be enough", condition.text));
    }
    super::equal::concluded(tower, &[])
}
