//! Series, limits and integrals: a proof, or a place of the other symbols where what is found is not what is claimed.

use super::assignment::{Assignment, assignment, is_admissible, used};
use super::claim::{Assumption, Claim, Place, Symbols};
use super::condition::Demand;
use super::element::Element;
use super::expansion::Halt;
use super::integral::Integral;
use super::tower::Tower;
use super::value::Value;
use super::{Step, Theorem, Verdict, Witness, quadrature};
use crate::expr::Expr;
use crate::num::rational::Rational;
use std::collections::BTreeMap;

/// Places where a difference is looked at.
const PLACES: u64 = 64;
/// Places where a claim is looked at with numbers for its symbols.
const NUMBERS: u64 = 6;
/// Places where an integral without a certificate is enclosed.
const QUADRATURES: u64 = 3;
/// Precisions of the enclosures.
const BITS: [u32; 3] = [64, 256, 1024];
/// Digits shown: as many of these as tell the sides apart.
const DIGITS: [u32; 3] = [20, 40, 80];

/// What an attempt finds on one side of a claim.
#[derive(Clone, Debug)]
pub(super) enum Finding {
    Value(Element),
    /// `inf` or `-inf`.
    Infinite(i64),
}

/// What became of an attempt.
pub(super) enum Outcome {
    Agrees {
        conditions: Vec<String>,
        steps: Vec<Step>,
    },
    /// The two sides are not the same term; where they differ in value the claim fails, if the demands hold there.
    Differs {
        tower: Box<Tower>,
        found: Finding,
        claimed: Finding,
        what: String,
    },
    Unknown(String),
}
impl From<Halt> for Outcome {
    fn from(halt: Halt) -> Outcome {
        Outcome::Unknown(match halt {
            Halt::Refused(refusal) => refusal.to_string(),
            Halt::Shallow => "an expansion does not reach far enough".into(),
        })
    }
}

/// Judges a claim about a series, a limit or an integral.
pub(super) fn judge(symbols: &Symbols, claim: &Claim) -> Verdict {
    match judged(symbols, forwards(claim).as_ref().unwrap_or(claim)) {
        Verdict::Proved(theorem) => Verdict::Proved(Theorem { claim: claim.clone(), ..theorem }),
        other => other,
    }
}

/// An integral from infinity or to its negative, written the other way round.
fn forwards(claim: &Claim) -> Option<Claim> {
    let Claim::Integral { integrand, variable, lower, upper, equals, antiderivative } = claim else { return None };
    (*lower == Place::Infinity || *upper == Place::MinusInfinity).then(|| Claim::Integral {
        integrand: -integrand,
        variable: variable.clone(),
        lower: upper.clone(),
        upper: lower.clone(),
        equals: equals.clone(),
        antiderivative: antiderivative.as_ref().map(|term| -term),
    })
}

fn judged(symbols: &Symbols, claim: &Claim) -> Verdict {
    let Some((variable, terms)) = parts(claim) else { return Verdict::Unknown("not decided yet".into()) };
    let mut others = symbols.clone();
    others.remove(variable);
    let used = used(&others, &terms, &[]);
    let tried = match attempted(symbols, claim) {
        Outcome::Agrees { conditions, steps } => {
            return Verdict::Proved(Theorem::new(claim, conditions, steps));
        }
        Outcome::Differs { tower, found, claimed, what } => {
            for index in 0..if used.is_empty() { 1 } else { PLACES } {
                let Some(place) = assignment(&used, &BTreeMap::new(), index) else { break };
                if is_admissible(&place, &used, &BTreeMap::new())
                    && let Some(sides) = apart(&tower, &place, &found, &claimed)
                {
                    return Verdict::Refuted(witness(&place, sides, &what));
                }
            }
            match &found {
                Finding::Value(value) => format!("found {} ({what})", tower.text(value)),
                Finding::Infinite(sign) => format!("found {} ({what})", infinite(*sign)),
            }
        }
        Outcome::Unknown(why) => why,
    };
    for place in numbers(&used) {
        let (symbols, claim) = (only(symbols, variable), with_numbers(claim, &place));
        if is_admissible(&place, &used, &BTreeMap::new())
            && let Outcome::Differs { tower, found, claimed, what } = attempt(&symbols, &claim)
            && let nowhere = Assignment::default()
            && let Some(sides) = apart(&tower, &nowhere, &found, &claimed)
        {
            return Verdict::Refuted(witness(&place, sides, &what));
        }
    }
    if let Claim::Integral { integrand, variable, lower, upper, equals, .. } = claim {
        let integral = Integral { integrand, variable, lower, upper, equals, antiderivative: None };
        for index in 0..if used.is_empty() { 1 } else { QUADRATURES } {
            if let Some(place) = assignment(&used, &BTreeMap::new(), index)
                && is_admissible(&place, &used, &BTreeMap::new())
                && let Some((found, claimed)) = quadrature::apart(&integral, &place)
            {
                let texts = |digits: u32| (found.text(digits), claimed.text(digits));
                let sides = DIGITS.into_iter().map(texts).find(|(a, b)| a != b).unwrap_or_else(|| texts(DIGITS[2]));
                return Verdict::Refuted(witness(&place, sides, "value"));
            }
        }
    }
    Verdict::Unknown(format!("{tried}; no place was found where it fails"))
}

/// An attempt; without a value, a limit or integral may be found to have none, for all values of the other symbols: one
/// that has none for some says nothing there.
fn attempted(symbols: &Symbols, claim: &Claim) -> Outcome {
    let outcome = attempt(symbols, claim);
    let Outcome::Unknown(_) = outcome else { return outcome };
    let none = match claim {
        Claim::Limit { of, variable, to, equals } => super::limit::without_end(symbols, of, (variable, to), equals),
        Claim::Integral { integrand, variable, lower, upper, equals, .. } => {
            let integral = Integral { integrand, variable, lower, upper, equals, antiderivative: None };
            let diverges = super::divergence::found(symbols, &integral);
            diverges.or_else(|| super::integral::without_end(symbols, &integral))
        }
        _ => None,
    };
    none.unwrap_or(outcome)
}

fn attempt(symbols: &Symbols, claim: &Claim) -> Outcome {
    match claim {
        Claim::Series { of, variable, about, order, equals } => {
            super::series::attempt(symbols, of, (variable, about, *order), equals)
        }
        Claim::Limit { of, variable, to, equals } => super::limit::attempt(symbols, of, (variable, to), equals),
        Claim::Integral { integrand, variable, lower, upper, equals, antiderivative } => {
            let antiderivative = antiderivative.as_ref();
            let parts = Integral { integrand, variable, lower, upper, equals, antiderivative };
            super::integral::attempt(symbols, &parts)
        }
        _ => Outcome::Unknown("not decided yet".into()),
    }
}

/// The bound variable of a claim and its terms; a certificate is no part of what is claimed.
fn parts(claim: &Claim) -> Option<(&str, Vec<&Expr>)> {
    fn term(place: &Place) -> Option<&Expr> {
        match place {
            Place::At(term) => Some(term),
            _ => None,
        }
    }
    Some(match claim {
        Claim::Series { of, variable, about, equals, .. } => (variable, vec![of, about, equals]),
        Claim::Limit { of, variable, to, equals } => {
            (variable, [Some(of), term(to), term(equals)].into_iter().flatten().collect())
        }
        Claim::Integral { integrand, variable, lower, upper, equals, .. } => {
            (variable, [Some(integrand), term(lower), term(upper), Some(equals)].into_iter().flatten().collect())
        }
        _ => return None,
    })
}

fn only(symbols: &Symbols, variable: &str) -> Symbols {
    symbols.iter().filter(|(name, _)| *name == variable).map(|(n, a)| (n.clone(), a.clone())).collect()
}

/// Places of numbers alone, among them some at zero and one, where leading terms may vanish.
fn numbers(used: &BTreeMap<&str, &Assumption>) -> Vec<Assignment> {
    if used.is_empty()
        || used.values().any(|known| matches!(known, Assumption::Function(_) | Assumption::PositiveFunction(_)))
    {
        return Vec::new();
    }
    let mut places: Vec<Assignment> =
        (0..NUMBERS).filter_map(|index| assignment(used, &BTreeMap::new(), index)).collect();
    let reals = used.iter().filter(|(_, known)| ***known == Assumption::Real);
    for (name, _) in reals.take(4) {
        for special in [0, 1, -1] {
            if let Some(mut place) = assignment(used, &BTreeMap::new(), 0) {
                place.symbols.insert((*name).to_owned(), Rational::from_integer(special.into()));
                places.push(place);
            }
        }
    }
    places
}

fn with_numbers(claim: &Claim, place: &Assignment) -> Claim {
    let value = |name: &str| place.symbols.get(name).map(|q| Expr::number(q.clone()));
    let term = |e: &Expr| e.substitute(&value);
    let end = |p: &Place| match p {
        Place::At(e) => Place::At(term(e)),
        infinite => infinite.clone(),
    };
    match claim {
        Claim::Series { of, variable, about, order, equals } => Claim::Series {
            of: term(of),
            variable: variable.clone(),
            about: term(about),
            order: *order,
            equals: term(equals),
        },
        Claim::Limit { of, variable, to, equals } => {
            Claim::Limit { of: term(of), variable: variable.clone(), to: end(to), equals: end(equals) }
        }
        Claim::Integral { integrand, variable, lower, upper, equals, antiderivative } => Claim::Integral {
            integrand: term(integrand),
            variable: variable.clone(),
            lower: end(lower),
            upper: end(upper),
            equals: term(equals),
            antiderivative: antiderivative.as_ref().map(term),
        },
        other => other.clone(),
    }
}

/// The two sides as text, where everything is certainly defined at the place and they are certainly different there.
fn apart(tower: &Tower, place: &Assignment, found: &Finding, claimed: &Finding) -> Option<(String, String)> {
    let mut demands = Vec::new();
    for c in &tower.conditions {
        demands.push((tower.expression(&c.element)?, c.demand));
    }
    let term = |side: &Finding| match side {
        Finding::Value(e) => tower.expression(e).map(Some),
        Finding::Infinite(_) => Some(None),
    };
    let (left, right) = (term(found)?, term(claimed)?);
    for bits in BITS {
        let value = |e: &Expr| place.values(&[e], bits).pop().and_then(Result::ok);
        let met = demands.iter().all(|(e, demand)| {
            value(e).is_some_and(|v| match demand {
                Demand::NonZero => !v.may_be_zero(),
                Demand::Positive => v.is_positive(),
                Demand::NonNegative => v.is_positive() || v.is_zero(),
            })
        });
        if !met {
            continue;
        }
        let text = |side: &Finding, v: &Option<Value>, digits: u32| match (side, v) {
            (Finding::Infinite(sign), _) => Some(infinite(*sign).to_owned()),
            (_, Some(v)) => Some(v.text(digits)),
            _ => None,
        };
        let (a, b) = (left.as_ref().and_then(value), right.as_ref().and_then(value));
        let different = match (found, claimed, &a, &b) {
            (Finding::Infinite(s), Finding::Infinite(t), _, _) => s != t,
            (Finding::Infinite(_), _, _, Some(_)) | (_, Finding::Infinite(_), Some(_), _) => true,
            (_, _, Some(a), Some(b)) => a.differs_from(b, bits),
            _ => false,
        };
        if different {
            let texts = |digits: u32| Some((text(found, &a, digits)?, text(claimed, &b, digits)?));
            return DIGITS.into_iter().filter_map(texts).find(|(a, b)| a != b).or_else(|| texts(DIGITS[2]));
        }
    }
    None
}

fn infinite(sign: i64) -> &'static str {
    if sign > 0 { "inf" } else { "-inf" }
}

fn witness(place: &Assignment, (left, right): (String, String), what: &str) -> Witness {
    let left = format!("{left} ({what})");
    Witness { point: place.point_text(), functions: place.functions_text(), left, right }
}
