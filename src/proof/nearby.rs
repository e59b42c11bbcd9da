//! Terms near a place that one of their symbols tends to: where they are defined, and their expansions there.

use super::claim::{Assumption, Place, Symbols};
use super::condition::{Condition, Demand, Reason};
use super::element::Element;
use super::expand::{Approach, Expander};
use super::expansion::{Expansion, Grown, Halt};
use super::polynomial::Generator;
use super::sign::Sign;
use super::size::{Scale, Size};
use super::tower::{Refusal, Tower};
use crate::expr::Expr;
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
        expanded(&mut expander, &local, elements)
    }

    /// Expansions only along the places where the one angle that goes beyond all bounds has this cosine and sine, with
    /// that angle; `None` where there is no such angle. The variable must be a real number.
    pub(super) fn expand_in_phase(
        &mut self,
        side: i64,
        depth: u32,
        elements: &[&Element],
        turn: (Element, Element),
    ) -> Grown<Option<(Vec<Expansion>, Element)>> {
        if !matches!(self.tower.symbols.get(&self.name), Some(Assumption::Real | Assumption::Positive)) {
            return Ok(None);
        }
        let approach = Approach { variable: self.variable, place: self.place.clone(), side };
        let local = self.local.clone();
        let mut expander = Expander::new(&mut self.tower, approach, depth).in_phase(turn);
        let expansions = expanded(&mut expander, &local, elements)?;
        Ok(expander.unbounded_angle().map(|angle| (expansions, angle)))
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
        let logarithm = (Expr::integer(1) / step.clone()).ln();
        let scale = |scale: &Scale| -> Option<Expr> {
            let mut product = step.power(&self.tower.expression(&scale.power)?);
            for (base, exponent) in [(logarithm.clone(), &scale.log), (logarithm.ln(), &scale.loglog)] {
                if !exponent.is_zero() {
                    product = product * base.power(&Expr::number(exponent.clone()));
                }
            }
            Some(product)
        };
        let mut exponent = Vec::new();
        for (s, c) in &size.exponent {
            exponent.push(self.tower.expression(c)? * scale(s)?);
        }
        Some(scale(&size.scale)? * Expr::sum(exponent).exp())
    }
}

/// Expansions, once all that is demanded is known to hold.
fn expanded(expander: &mut Expander<'_>, local: &[Condition], elements: &[&Element]) -> Grown<Vec<Expansion>> {
    for condition in local {
        let expansion = expander.element(&condition.element)?;
        holds(expander.tower, condition, &expansion)?;
    }
    let mut expansions = Vec::new();
    for e in elements {
        let expansion = expander.element(e)?;
        let variable = expander.approach.variable;
        if expansion.terms.iter().any(|(_, c)| expander.tower.depends(c, variable)) {
            return Err(Halt::unsupported("a coefficient alternates"));
        }
        expansions.push(expansion);
    }
    Ok(expansions)
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
