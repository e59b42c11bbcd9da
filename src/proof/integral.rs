//! Integrals by certificate: a term whose derivative is the integrand, its values at the ends, and, for what is left of
//! Gaussian bells, `∫ exp(−u²) du = √π` over the line.

use super::Step;
use super::calculus::{Finding, Outcome};
use super::claim::{Assumption, Place, Symbols};
use super::condition::{Condition, Demand, Reason};
use super::element::Element;
use super::expand::{Approach, Expander};
use super::expansion::{Grown, Halt};
use super::limit::{DEPTHS, tends};
use super::nearby::conditions;
use super::polynomial::Generator;
use super::read::shortened;
use super::sign::Sign;
use super::tower::{Read, Tower};
use crate::expr::Expr;

/// The claim in parts.
pub(super) struct Integral<'a> {
    pub(super) integrand: &'a Expr,
    pub(super) variable: &'a str,
    pub(super) lower: &'a Place,
    pub(super) upper: &'a Place,
    pub(super) equals: &'a Expr,
    pub(super) antiderivative: Option<&'a Expr>,
}

/// Tries `∫ integrand d variable = equals` from `lower` to `upper`.
pub(super) fn attempt(symbols: &Symbols, integral: &Integral<'_>) -> Outcome {
    let Valued { tower, value, equals, steps } = match valued(symbols, integral) {
        Ok(valued) => valued,
        Err(halt) => return halt.into(),
    };
    match tower.same(&value, &equals) {
        Ok(true) => match conditions(&tower) {
            Ok(conditions) => Outcome::Agrees { conditions, steps },
            Err(why) => Outcome::Unknown(why),
        },
        Ok(false) => Outcome::Differs {
            tower: Box::new(tower),
            found: Finding::Value(value),
            claimed: Finding::Value(equals),
            what: "value".into(),
        },
        Err(refusal) => Outcome::Unknown(refusal.to_string()),
    }
}

/// The integral with a value that is certified.
struct Valued {
    tower: Tower,
    value: Element,
    equals: Element,
    steps: Vec<Step>,
}

/// Where the variable runs.
struct Range {
    /// `None`: without bound.
    lower: Option<Element>,
    upper: Option<Element>,
    /// Only that both ends lie in where everything is defined, not which is the greater.
    unordered: bool,
    /// The claim goes from the greater end to the lesser.
    reversed: bool,
}

fn valued(symbols: &Symbols, integral: &Integral<'_>) -> Grown<Valued> {
    let known = symbols.get(integral.variable);
    if !matches!(known, Some(Assumption::Real | Assumption::Positive)) {
        return Err(Halt::unsupported(format!("`{}` is not a real variable", integral.variable)));
    }
    // The variable ranges over the interval, whatever is assumed of the symbol elsewhere.
    let mut symbols = symbols.clone();
    symbols.insert(integral.variable.into(), Assumption::Real);
    let mut scratch = Tower::new(&symbols);
    let mut positive = true;
    for end in [integral.lower, integral.upper] {
        positive &= match end {
            Place::Infinity => true,
            Place::MinusInfinity => false,
            Place::At(term) => {
                let e = scratch.read(term)?;
                scratch.certain_sign(&e).is(Sign::NONNEGATIVE)
            }
        };
    }
    if positive {
        symbols.insert(integral.variable.into(), Assumption::Positive);
    } else if known == Some(&Assumption::Positive) {
        return Err(Halt::unsupported(format!("{} is positive, and the ends are not known to be", integral.variable)));
    }
    let mut tower = Tower::new(&symbols);
    let variable = tower.symbol(integral.variable)?;
    let range = Range::read(&mut tower, integral.lower, integral.upper, variable)?;
    let equals = tower.read(integral.equals)?;
    let integrand = tower.read(integral.integrand)?;
    tower.settle()?;
    let (equals, integrand) = (tower.reduce(&equals)?, tower.reduce(&integrand)?);
    // What the claim itself demands: of the other symbols, and along the interval.
    let demanded = std::mem::take(&mut tower.conditions);
    let (mut local, fixed): (Vec<Condition>, Vec<Condition>) =
        demanded.into_iter().partition(|c| tower.depends(&c.element, variable));
    let facts = tower.facts.clone();
    let (antiderivative, bells) = match integral.antiderivative {
        Some(term) => (tower.read(term)?, Vec::new()),
        None => match tower.antiderivative(&integrand, variable)? {
            Some(found) => (found.antiderivative, found.bells),
            None => return Err(Halt::unsupported("no antiderivative was found")),
        },
    };
    let mut slope = tower.derivative(&antiderivative, variable)?;
    for (factor, exponent) in &bells {
        let bell = tower.exp(exponent)?;
        slope = tower.add(&slope, &tower.mul(factor, &bell)?)?;
    }
    if !tower.same(&slope, &integrand)? {
        tower.settle()?;
        if !tower.same(&slope, &integrand)? {
            return Err(Halt::unsupported("the derivative of the antiderivative is not the integrand"));
        }
    }
    // What the certificate demands must follow: it is no part of what is claimed.
    for e in bells.iter().map(|(factor, _)| factor).chain([&antiderivative]) {
        demand_denominators(&mut tower, e);
    }
    for condition in std::mem::take(&mut tower.conditions) {
        if tower.depends(&condition.element, variable) {
            local.push(condition);
        } else {
            return Err(Halt::unsupported(format!("the antiderivative is there only where {}", condition.text)));
        }
    }
    tower.facts = facts;
    tower.conditions = fixed;
    holds_along(&tower, integral.variable, &range, &local)?;
    let mut steps = vec![certificate(&tower, integral, &antiderivative)];
    let mut value = Element::zero();
    for (end, side, sign) in [(&range.upper, -1, 1), (&range.lower, 1, -1)] {
        let side = if end.is_none() { sign } else { side };
        let at = value_at(&mut tower, &antiderivative, Approach { variable, place: end.clone(), side })?;
        steps.push(ends(&tower, integral, end, sign, &at));
        value = tower.add(&value, &tower.mul(&at, &Element::integer(sign))?)?;
    }
    for (factor, exponent) in &bells {
        let bell = gaussian(&mut tower, exponent, variable, &range)?;
        steps.push(Step {
            rule: "Gaussian",
            text: format!("the integral of exp({}) is {}", tower.text(exponent), tower.text(&bell)),
            latex: r"\int_{-\infty}^{\infty} e^{-u^2} \, du = \sqrt{\pi}".into(),
        });
        value = tower.add(&value, &tower.mul(factor, &bell)?)?;
    }
    if range.reversed {
        value = value.neg();
    }
    Ok(Valued { tower, value, equals, steps })
}

impl Range {
    fn read(tower: &mut Tower, lower: &Place, upper: &Place, variable: Generator) -> Grown<Range> {
        let mut end = |place: &Place, wrong: &Place| -> Grown<Option<Element>> {
            if place == wrong {
                return Err(Halt::unsupported("the ends are the wrong way round"));
            }
            let Place::At(term) = place else { return Ok(None) };
            let e = tower.read(term)?;
            if tower.depends(&e, variable) {
                return Err(Halt::unsupported("an end depends on the variable"));
            }
            Ok(Some(e))
        };
        let (lower, upper) = (end(lower, &Place::Infinity)?, end(upper, &Place::MinusInfinity)?);
        let order = match (&lower, &upper) {
            (Some(a), Some(b)) => tower.certain_sign(&tower.sub(b, a)?),
            _ => Sign::POSITIVE,
        };
        Ok(match order {
            Sign::NEGATIVE => Range { lower: upper, upper: lower, unordered: false, reversed: true },
            order => Range { lower, upper, unordered: order != Sign::POSITIVE, reversed: false },
        })
    }
}

/// What an antiderivative that was made up divides by or takes the logarithm of is not zero.
fn demand_denominators(tower: &mut Tower, e: &Element) {
    let mut wanted: Vec<Element> = e.factors.iter().map(|(f, _)| Element::polynomial((**f).clone())).collect();
    for g in e.generators() {
        if let super::tower::Kind::Ln(p) = tower.kind(g) {
            wanted.push(Element::polynomial((**p).clone()));
        }
    }
    for element in wanted {
        if !tower.certain_sign(&element).is(Sign::NONZERO) {
            let text = format!("{} ≠ 0", tower.text(&element));
            tower.conditions.push(Condition { demand: Demand::NonZero, element, reason: Reason::Sufficient, text });
        }
    }
}

/// Makes sure of conditions all along the open interval.
fn holds_along(tower: &Tower, name: &str, range: &Range, local: &[Condition]) -> Grown<()> {
    if range.unordered {
        let inside = |end: &Option<Element>| {
            let positive = tower.symbols.get(name) == Some(&Assumption::Positive);
            end.as_ref().is_some_and(|e| !positive || tower.certain_sign(e) == Sign::POSITIVE)
        };
        if !inside(&range.lower) || !inside(&range.upper) {
            return Err(Halt::unsupported("which end is the greater is not known"));
        }
    }
    if local.is_empty() {
        return Ok(());
    }
    let long = || Halt::Refused(super::tower::Refusal::TooLarge);
    let mut along = Along::new(tower, name, range).ok_or_else(long)?;
    for condition in local {
        let term = tower.expression(&condition.element).ok_or_else(long)?;
        if !along.holds(&term, condition.demand, 6)? {
            return Err(Halt::unsupported(format!("whether {} all along the interval is not known", condition.text)));
        }
    }
    Ok(())
}

/// An interval on which signs are asked for, written with a parameter above zero.
struct Along {
    symbols: Symbols,
    facts: Vec<(Expr, Sign)>,
    name: String,
    ends: Option<(Option<Expr>, Option<Expr>)>,
}

/// The parameter: no symbol of a claim has such a name.
const PARAMETER: &str = "along the interval";

impl Along {
    fn new(tower: &Tower, name: &str, range: &Range) -> Option<Along> {
        let mut symbols = tower.symbols.clone();
        symbols.insert(PARAMETER.into(), Assumption::Positive);
        let mut facts = Vec::new();
        for c in tower.conditions.iter().filter(|c| c.reason == Reason::Exact) {
            facts.push((tower.expression(&c.element)?, c.demand.sign()));
        }
        let write = |end: &Option<Element>| match end {
            Some(e) => tower.expression(e).map(Some),
            None => Some(None),
        };
        let ends = if range.unordered { None } else { Some((write(&range.lower)?, write(&range.upper)?)) };
        Some(Along { symbols, facts, name: name.into(), ends })
    }

    /// Whether the demand holds everywhere inside; numbers as ends may be halved.
    fn holds(&mut self, term: &Expr, demand: Demand, halvings: u32) -> Read<bool> {
        let s = Expr::symbol(PARAMETER);
        let inside = match &self.ends {
            None | Some((None, None)) => Expr::symbol(&self.name),
            Some((Some(a), None)) => a + &s,
            Some((None, Some(b))) => b - &s,
            Some((Some(a), Some(b))) => (a + b * &s) / (Expr::integer(1) + s),
        };
        if self.is(term, &inside, demand)? {
            return Ok(true);
        }
        let Some((Some(a), Some(b))) = self.ends.clone() else { return Ok(false) };
        let (Some(p), Some(q)) = (a.as_number(), b.as_number()) else { return Ok(false) };
        let middle = Expr::number((p + q) / crate::num::rational::Rational::from_integer(2.into()));
        if halvings == 0 || !self.is(term, &middle, demand)? {
            return Ok(false);
        }
        let mut both = true;
        for half in [(a, middle.clone()), (middle, b)] {
            let ends = self.ends.replace((Some(half.0), Some(half.1)));
            both = both && self.holds(term, demand, halvings - 1)?;
            self.ends = ends;
        }
        Ok(both)
    }

    fn is(&self, term: &Expr, inside: &Expr, demand: Demand) -> Read<bool> {
        let mut tower = Tower::new(&self.symbols);
        for (fact, sign) in &self.facts {
            let e = tower.read(fact)?;
            tower.assume(&e, *sign)?;
        }
        let known = tower.conditions.len();
        let term = term.substitute(&|name: &str| (name == self.name).then(|| inside.clone()));
        let e = tower.read(&term)?;
        Ok(tower.certain_sign(&e).is(demand.sign()) && tower.conditions.len() == known)
    }
}

/// The limit of an antiderivative at an end.
fn value_at(tower: &mut Tower, e: &Element, approach: Approach) -> Grown<Element> {
    for depth in DEPTHS {
        let expansion = Expander::new(tower, approach.clone(), depth).element(e);
        let found = match expansion {
            Ok(expansion) => tends(tower, &expansion),
            Err(halt) => Err(halt),
        };
        match found {
            Ok(Finding::Value(value)) => return Ok(value),
            Ok(Finding::Infinite(_)) => return Err(Halt::unsupported("the antiderivative is not bounded at an end")),
            Err(Halt::Shallow) => {}
            Err(refused) => return Err(refused),
        }
    }
    Err(Halt::Shallow)
}

/// `∫ exp(c − a (y − v)²) dy = √(π/a) exp(c)` over the line, half of it from `v` on.
fn gaussian(tower: &mut Tower, exponent: &Element, variable: Generator, range: &Range) -> Grown<Element> {
    let slope = tower.derivative(exponent, variable)?;
    let bend = tower.derivative(&slope, variable)?;
    let a = tower.mul(&bend, &Element::ratio(-1, 2))?;
    if tower.depends(&a, variable) || tower.certain_sign(&a) != Sign::POSITIVE {
        return Err(Halt::unsupported(format!("whether {} is above zero is not known", tower.text(&a))));
    }
    let y = Element::generator(variable);
    // E' = −2a (y − v)
    let shift = tower.div(&slope, &tower.mul(&a, &Element::integer(2))?)?;
    let v = tower.add(&y, &shift)?.lowest_terms(&tower.budget)?;
    let square = tower.mul(&a, &tower.powi(&shift, 2)?)?;
    let top = tower.add(exponent, &square)?.lowest_terms(&tower.budget)?;
    if tower.depends(&v, variable) || tower.depends(&top, variable) {
        return Err(Halt::unsupported("the exponent is not a polynomial of second degree"));
    }
    let portion = match (&range.lower, &range.upper) {
        (None, None) => Element::one(),
        (Some(end), None) | (None, Some(end)) if tower.same(end, &v)? => Element::ratio(1, 2),
        _ => return Err(Halt::unsupported("an incomplete Gaussian integral has no value in elementary terms")),
    };
    let pi = Element::generator(tower.pi()?);
    let under = tower.div(&pi, &a)?;
    let root = tower.sqrt(&under)?;
    let peak = tower.exp(&top)?;
    Ok(tower.mul(&portion, &tower.mul(&root, &peak)?)?)
}

fn certificate(tower: &Tower, integral: &Integral<'_>, antiderivative: &Element) -> Step {
    let y = integral.variable;
    let a = tower.expression(antiderivative);
    let latex = a.as_ref().map_or_else(String::new, |a| {
        format!(
            "\\frac{{d}}{{d{}}} \\left[ {} \\right] = {}",
            Expr::symbol(y).latex(),
            a.latex(),
            integral.integrand.latex()
        )
    });
    let a = a.map_or_else(|| "a long term".into(), |a| shortened(&a));
    Step { rule: "antiderivative", text: format!("diff({a}, {y}) = {}", shortened(integral.integrand)), latex }
}

fn ends(tower: &Tower, integral: &Integral<'_>, end: &Option<Element>, sign: i64, at: &Element) -> Step {
    let place = match end {
        Some(e) => tower.text(e),
        None => if sign > 0 { "inf" } else { "-inf" }.into(),
    };
    let latex = tower.expression(at).map_or_else(String::new, |e| e.latex());
    let text = format!("at {} -> {place} it tends to {}", integral.variable, tower.text(at));
    Step { rule: "end", text, latex }
}
