//! Integrals by certificate: a term whose derivative is the integrand, its values at the ends, and, for what is left of
//! Gaussian bells, `∫ exp(−u²) du = √π` over the line.

use super::Step;
use super::along::{Range, holds_along};
use super::antiderivative::{Bell, Wave};
use super::calculus::{Finding, Outcome};
use super::claim::{Assumption, Place, Symbols};
use super::condition::{Condition, Demand, Reason};
use super::element::Element;
use super::expand::{Approach, Expander};
use super::expansion::{Grown, Halt};
use super::limit::{DEPTHS, PHASES, tends};
use super::nearby::conditions;
use super::polynomial::Generator;
use super::read::shortened;
use super::sign::Sign;
use super::tower::{Kind, Tower};
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

/// An antiderivative that goes up and down for ever: along places where it has another value than is claimed.
pub(super) fn without_end(symbols: &Symbols, integral: &Integral<'_>) -> Option<Outcome> {
    for phase in PHASES {
        let (tower, found, claimed) = match summed(symbols, integral, vec![piece(integral)], Some(phase)) {
            Ok(Valued { tower, value, equals, .. }) => (tower, value, equals),
            Err(_) => continue,
        };
        if !tower.same(&found, &claimed).unwrap_or(true) {
            let what = format!("value where the cosine at an end is {}/5 and the sine {}/5", phase.0, phase.1);
            let (found, claimed) = (Finding::Value(found), Finding::Value(claimed));
            return Some(Outcome::Differs { tower: Box::new(tower), found, claimed, what });
        }
    }
    None
}

/// The integral with a value that is certified.
struct Valued {
    tower: Tower,
    value: Element,
    equals: Element,
    steps: Vec<Step>,
}

/// One way to write the integral: a sum of integrals in the same variable.
type Pieces = Vec<Piece>;

/// An integral of the sum.
pub(super) struct Piece {
    pub(super) integrand: Expr,
    pub(super) lower: Place,
    pub(super) upper: Place,
    pub(super) antiderivative: Option<Expr>,
    /// How it came from the claim.
    pub(super) step: Option<Step>,
}

fn valued(symbols: &Symbols, integral: &Integral<'_>) -> Grown<Valued> {
    let known = symbols.get(integral.variable);
    if !matches!(known, Some(Assumption::Real | Assumption::Positive)) {
        return Err(Halt::unsupported(format!("`{}` is not a real variable", integral.variable)));
    }
    // The variable ranges over the interval, whatever is assumed of the symbol elsewhere.
    let mut symbols = symbols.clone();
    let given = known == Some(&Assumption::Positive);
    symbols.insert(integral.variable.into(), Assumption::Real);
    let as_claimed = piece(integral);
    if given && !is_positive(&symbols, &as_claimed)? {
        return Err(Halt::unsupported(format!("{} is positive, and the ends are not known to be", integral.variable)));
    }
    let own = Piece { antiderivative: None, ..piece(integral) };
    let first = match summed(&symbols, integral, vec![as_claimed], None) {
        Err(halt) => halt,
        done => return done,
    };
    // A certificate that does not hold says nothing about the claim.
    if integral.antiderivative.is_some()
        && let Ok(done) = summed(&symbols, integral, vec![own], None)
    {
        return Ok(done);
    }
    for pieces in super::substitution::other_ways(&symbols, integral)? {
        if let Ok(done) = summed(&symbols, integral, pieces, None) {
            return Ok(done);
        }
    }
    Err(first)
}

/// The integral as it is claimed.
fn piece(integral: &Integral<'_>) -> Piece {
    Piece {
        integrand: integral.integrand.clone(),
        lower: integral.lower.clone(),
        upper: integral.upper.clone(),
        antiderivative: integral.antiderivative.cloned(),
        step: None,
    }
}

/// Whether the variable is above zero all along.
pub(super) fn is_positive(symbols: &Symbols, piece: &Piece) -> Grown<bool> {
    let mut scratch = Tower::new(symbols);
    for end in [&piece.lower, &piece.upper] {
        match end {
            Place::Infinity => {}
            Place::MinusInfinity => return Ok(false),
            Place::At(term) => {
                let e = scratch.read(term)?;
                if !scratch.certain_sign(&e).is(Sign::NONNEGATIVE) {
                    return Ok(false);
                }
            }
        }
    }
    Ok(true)
}

/// The sum of integrals, each by its certificate; with a phase, along places at infinite ends where the one angle that
/// goes beyond all bounds has that cosine and sine, in fifths.
fn summed(symbols: &Symbols, integral: &Integral<'_>, pieces: Pieces, phase: Option<(i64, i64)>) -> Grown<Valued> {
    let mut symbols = symbols.clone();
    let mut positive = true;
    for piece in &pieces {
        positive = positive && is_positive(&symbols, piece)?;
    }
    let kept = if positive { Assumption::Positive } else { Assumption::Real };
    symbols.insert(integral.variable.into(), kept);
    let mut tower = Tower::new(&symbols);
    let variable = tower.symbol(integral.variable)?;
    let equals = tower.read(integral.equals)?;
    let (mut value, mut steps) = (Element::zero(), Vec::new());
    for piece in &pieces {
        steps.extend(piece.step.clone());
        let part = certified(&mut tower, (integral.variable, variable), piece, phase, &mut steps)?;
        value = tower.add(&value, &part)?;
    }
    let equals = tower.reduce(&equals)?;
    if tower.depends(&equals, variable) {
        return Err(Halt::unsupported("the value depends on the variable"));
    }
    Ok(Valued { tower, value, equals, steps })
}

/// The value of an integral from an antiderivative, given or found.
fn certified(
    tower: &mut Tower,
    (name, variable): (&str, Generator),
    piece: &Piece,
    phase: Option<(i64, i64)>,
    steps: &mut Vec<Step>,
) -> Grown<Element> {
    let range = Range::read(tower, &piece.lower, &piece.upper, variable)?;
    let integrand = tower.read(&piece.integrand)?;
    tower.settle()?;
    let integrand = tower.reduce(&integrand)?;
    // What the claim itself demands: of the other symbols, and along the interval.
    let demanded = std::mem::take(&mut tower.conditions);
    let (mut local, fixed): (Vec<Condition>, Vec<Condition>) =
        demanded.into_iter().partition(|c| tower.depends(&c.element, variable));
    let facts = tower.facts.clone();
    let (antiderivative, bells) = match &piece.antiderivative {
        Some(term) => (tower.read(term)?, Vec::new()),
        None => match tower.antiderivative(&integrand, variable)? {
            Some(found) => (found.antiderivative, found.bells),
            None => return Err(Halt::unsupported("no antiderivative was found")),
        },
    };
    let mut slope = tower.derivative(&antiderivative, variable)?;
    for Bell { factor, exponent, wave } in &bells {
        let mut bell = tower.exp(exponent)?;
        if let Some(Wave { angle, is_sine }) = wave {
            let (cos, sin) = tower.turn(angle)?;
            bell = tower.mul(&bell, if *is_sine { &sin } else { &cos })?;
        }
        slope = tower.add(&slope, &tower.mul(factor, &bell)?)?;
    }
    if !tower.same(&slope, &integrand)? {
        tower.settle()?;
        if !tower.same(&slope, &integrand)? {
            return Err(Halt::unsupported("the derivative of the antiderivative is not the integrand"));
        }
    }
    // What the certificate demands must follow: it is no part of what is claimed.
    let angles = bells.iter().filter_map(|bell| Some(&bell.wave.as_ref()?.angle));
    let made_up = bells.iter().flat_map(|bell| [&bell.factor, &bell.exponent]).chain(angles).chain([&antiderivative]);
    for e in made_up {
        demand_denominators(tower, e);
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
    holds_along(tower, name, &range, &local)?;
    steps.push(certificate(tower, name, &piece.integrand, &antiderivative));
    let mut value = Element::zero();
    for (end, side, sign) in [(&range.upper, -1, 1), (&range.lower, 1, -1)] {
        let side = if end.is_none() { sign } else { side };
        let at = value_at(tower, &antiderivative, Approach { variable, place: end.clone(), side }, phase)?;
        steps.push(ends(tower, name, end, sign, &at));
        value = tower.add(&value, &tower.mul(&at, &Element::integer(sign))?)?;
    }
    for bell in &bells {
        let whole = gaussian(tower, bell, variable, &range)?;
        let latex = match bell.wave {
            None => r"\int_{-\infty}^{\infty} e^{-u^2} \, du = \sqrt{\pi}",
            Some(_) => r"\int_{-\infty}^{\infty} e^{-u^2} \cos(2 b u) \, du = \sqrt{\pi} \, e^{-b^2}",
        };
        let wave = bell.wave.as_ref().map_or_else(String::new, |wave| {
            format!(" {}({})", if wave.is_sine { "sin" } else { "cos" }, tower.text(&wave.angle))
        });
        steps.push(Step {
            rule: "Gaussian",
            text: format!("the integral of exp({}){wave} is {}", tower.text(&bell.exponent), tower.text(&whole)),
            latex: latex.into(),
        });
        value = tower.add(&value, &tower.mul(&bell.factor, &whole)?)?;
    }
    Ok(if range.reversed { value.neg() } else { value })
}

/// What an antiderivative that was made up divides by or takes the logarithm of is not zero.
fn demand_denominators(tower: &mut Tower, e: &Element) {
    let (mut pending, mut wanted) = (vec![e.clone()], Vec::new());
    while let Some(e) = pending.pop() {
        wanted.extend(e.factors.iter().map(|(f, _)| Element::polynomial((**f).clone())));
        for g in e.generators() {
            let inside = tower.made_of(g);
            if matches!(tower.kind(g), Kind::Ln(_)) {
                wanted.extend(inside.iter().cloned());
            }
            pending.extend(inside);
        }
    }
    for element in wanted {
        if !tower.certain_sign(&element).is(Sign::NONZERO) {
            let text = format!("{} ≠ 0", tower.text(&element));
            tower.conditions.push(Condition { demand: Demand::NonZero, element, reason: Reason::Sufficient, text });
        }
    }
}

/// The limit of an antiderivative at an end.
fn value_at(tower: &mut Tower, e: &Element, approach: Approach, phase: Option<(i64, i64)>) -> Grown<Element> {
    let phase = phase.filter(|_| approach.place.is_none());
    for depth in DEPTHS {
        let mut expander = Expander::new(tower, approach.clone(), depth);
        if let Some((cos, sin)) = phase {
            expander = expander.in_phase((Element::ratio(cos, 5), Element::ratio(sin, 5)));
        }
        let expansion = expander.element(e);
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

/// `∫ exp(c − a (y − v)²) dy = √(π/a) exp(c)` over the line, half of it from `v` on; with a wave of angle
/// `θ + b (y − v)`, over the line, `√(π/a) exp(c − b²/(4a))` times the cosine or sine of `θ`.
fn gaussian(tower: &mut Tower, bell: &Bell, variable: Generator, range: &Range) -> Grown<Element> {
    let exponent = &bell.exponent;
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
    let mut top = tower.add(exponent, &square)?.lowest_terms(&tower.budget)?;
    if tower.depends(&v, variable) || tower.depends(&top, variable) {
        return Err(Halt::unsupported("the exponent is not a polynomial of second degree"));
    }
    let mut factor = Element::one();
    if let Some(Wave { angle, is_sine }) = &bell.wave {
        let rate = tower.derivative(angle, variable)?;
        // −shift = y − v
        let at_top = tower.add(angle, &tower.mul(&rate, &shift)?)?.lowest_terms(&tower.budget)?;
        if tower.depends(&rate, variable) || tower.depends(&at_top, variable) {
            return Err(Halt::unsupported("the angle is not a polynomial of first degree"));
        }
        let damping = tower.div(&tower.powi(&rate, 2)?, &tower.mul(&a, &Element::integer(4))?)?;
        top = tower.sub(&top, &damping)?;
        let (cos, sin) = tower.turn(&at_top)?;
        factor = if *is_sine { sin } else { cos };
    }
    let portion = match (&range.lower, &range.upper) {
        (None, None) => Element::one(),
        // The sine of what is odd about v has no such half.
        (Some(end), None) | (None, Some(end))
            if tower.same(end, &v)? && (bell.wave.is_none() || tower.same(&factor, &Element::one())?) =>
        {
            Element::ratio(1, 2)
        }
        _ => return Err(Halt::unsupported("an incomplete Gaussian integral has no value in elementary terms")),
    };
    let pi = Element::generator(tower.pi()?);
    let under = tower.div(&pi, &a)?;
    let root = tower.sqrt(&under)?;
    let peak = tower.exp(&top)?;
    Ok(tower.mul(&tower.mul(&portion, &factor)?, &tower.mul(&root, &peak)?)?)
}

fn certificate(tower: &Tower, name: &str, integrand: &Expr, antiderivative: &Element) -> Step {
    let a = tower.expression(antiderivative);
    let latex = a.as_ref().map_or_else(String::new, |a| {
        format!("\\frac{{d}}{{d{}}} \\left[ {} \\right] = {}", Expr::symbol(name).latex(), a.latex(), integrand.latex())
    });
    let a = a.map_or_else(|| "a long term".into(), |a| shortened(&a));
    Step { rule: "antiderivative", text: format!("diff({a}, {name}) = {}", shortened(integrand)), latex }
}

fn ends(tower: &Tower, name: &str, end: &Option<Element>, sign: i64, at: &Element) -> Step {
    let place = match end {
        Some(e) => tower.text(e),
        None => if sign > 0 { "inf" } else { "-inf" }.into(),
    };
    let latex = tower.expression(at).map_or_else(String::new, |e| e.latex());
    Step { rule: "end", text: format!("at {name} -> {place} it tends to {}", tower.text(at)), latex }
}
