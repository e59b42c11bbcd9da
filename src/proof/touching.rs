//! Inequalities that fail at one point only, which is no ratio: the place where they hold by least, looked at as a root,
//! a multiple of `pi`, a logarithm or the like of a simple ratio. There both sides are compared exactly.

use super::Witness;
use super::assignment::Assignment;
use super::claim::{Assumption, Range, Symbols};
use super::descent::simplest;
use super::equal::vanishes;
use super::sign::Sign;
use super::tower::Tower;
use super::value::Value;
use crate::expr::{Expr, Function};
use crate::num::rational::Rational;
use num_bigint::BigInt;
use num_traits::{One, Zero};
use std::collections::BTreeMap;

/// Bits of what is computed on the way.
const BITS: u32 = 96;
/// How close to its closed form a coordinate is found, in decimals, and the largest denominator of a simple ratio.
const DECIMALS: u32 = 6;
const LARGEST_DENOMINATOR: u32 = 200;
/// Most symbols, and most closed forms of all symbols taken together.
const MOST_SYMBOLS: usize = 2;
const MOST_POINTS: usize = 40;

/// A point near `here` where `smaller < larger` fails since both sides are equal there, or the wrong way round.
pub(super) fn touched(
    here: &Assignment,
    names: &BTreeMap<&str, &Assumption>,
    over: &BTreeMap<String, Range>,
    [smaller, larger]: [&Expr; 2],
) -> Option<Witness> {
    if !here.functions.is_empty() || !here.naturals.is_empty() || here.symbols.len() > MOST_SYMBOLS {
        return None;
    }
    let mut points: Vec<BTreeMap<String, Expr>> = vec![BTreeMap::new()];
    for (name, value) in &here.symbols {
        let forms: Vec<Expr> = closed_forms(value)
            .into_iter()
            .filter(|form| is_within(form, names.get(name.as_str()), over.get(name)))
            .collect();
        let longer = |point: &BTreeMap<String, Expr>, form: &Expr| {
            let mut point = point.clone();
            point.insert(name.clone(), form.clone());
            point
        };
        points = points.iter().flat_map(|point| forms.iter().map(move |form| longer(point, form))).collect();
    }
    points.into_iter().take(MOST_POINTS).find_map(|point| failing(&point, smaller, larger))
}

/// Simple terms close to a number.
fn closed_forms(value: &Rational) -> Vec<Expr> {
    let v = Expr::number(value.clone());
    let root = |n: i64| move |r: Expr| if n == 2 { r.sqrt() } else { r.power(&Expr::ratio(1, n)) };
    let negative = value < &Rational::zero();
    let size = if negative { -v.clone() } else { v.clone() };
    let signed = move |e: Expr| if negative { -e } else { e };
    // What is a simple ratio, and the number when it is.
    let mut forms = Vec::new();
    let mut look = |of: Expr, back: &dyn Fn(Expr) -> Expr| {
        if let Some(r) = simple(&of) {
            let form = back(Expr::number(r));
            if !forms.contains(&form) {
                forms.push(form);
            }
        }
    };
    look(v.clone(), &|r| r);
    for n in [2, 3, 4] {
        look(size.powi(n), &|r| signed(root(n)(r)));
    }
    look(&v / Expr::pi(), &|r| r * Expr::pi());
    look(&v * Expr::pi(), &|r| r / Expr::pi());
    look(v.exp(), &|r| r.ln());
    look(size.ln(), &|r| signed(r.exp()));
    look(v.call(Function::Tan), &|r| r.call(Function::Atan));
    // (1 ± √r)/2 and the like: a shift by halves.
    for halves in [-3_i64, -2, -1, 1, 2, 3] {
        let shifted = &v - Expr::ratio(halves, 2);
        let below = shifted.as_number().is_some_and(|q| q < Rational::zero());
        look(shifted.powi(2), &|r| Expr::ratio(halves, 2) + if below { -r.sqrt() } else { r.sqrt() });
    }
    forms
}

/// The simple ratio that a number is close to.
fn simple(of: &Expr) -> Option<Rational> {
    let value = Assignment::default().values(&[of], BITS).pop()?.ok()?;
    let (middle, _) = Value::within(value.enclosure(BITS)).decimal(20)?;
    let room = Rational::new(BigInt::one(), BigInt::from(10).pow(DECIMALS));
    let found = simplest(&(&middle - &room), &(&middle + &room));
    (*found.denom() <= BigInt::from(LARGEST_DENOMINATOR)).then_some(found)
}

/// Whether a number is certainly one that the symbol may be.
fn is_within(form: &Expr, known: Option<&&Assumption>, range: Option<&Range>) -> bool {
    let Some(Ok(value)) = Assignment::default().values(&[form], BITS).pop() else { return false };
    let above = |end: &Rational| value.plus(&Value::Exact(-end), BITS).is_positive();
    let below = |end: &Rational| value.plus(&Value::Exact(-end), BITS).is_negative();
    let assumed = match known {
        Some(Assumption::Real) => true,
        Some(Assumption::Positive) => value.is_positive(),
        _ => false,
    };
    assumed && range.is_none_or(|(a, b)| a.as_ref().is_none_or(above) && b.as_ref().is_none_or(below))
}

/// What the two sides are at the point, if both are certainly defined and the claim certainly fails.
fn failing(point: &BTreeMap<String, Expr>, smaller: &Expr, larger: &Expr) -> Option<Witness> {
    let at = |term: &Expr| term.substitute(&|name: &str| point.get(name).cloned());
    let mut tower = Tower::new(&Symbols::new());
    let (left, right) = (tower.read(&at(smaller)).ok()?, tower.read(&at(larger)).ok()?);
    let gap = tower.sub(&right, &left).ok()?;
    let fails = vanishes(&mut tower, &left, &right).ok()? || tower.certain_sign(&gap).is(Sign::NONNEGATIVE.negative());
    let facts = std::mem::take(&mut tower.facts);
    let met = tower.conditions.iter().all(|c| tower.certain_sign(&c.element).is(c.demand.sign()));
    tower.facts = facts;
    (fails && met).then(|| Witness {
        point: point.iter().map(|(name, form)| (name.clone(), form.to_string())).collect(),
        functions: BTreeMap::new(),
        left: tower.text(&left),
        right: tower.text(&right),
    })
}

#[cfg(test)]
mod tests {
    use super::super::claim::Claim;
    use super::super::witness::refute;
    use crate::expr::parse;
    use std::collections::BTreeMap;

    fn found(text: &str, x: (i64, i64)) -> Option<String> {
        let (symbols, names) = super::super::tests::symbols("x:R y:R");
        let (smaller, larger) = text.split_once(" < ").expect("an inequality");
        let term = |text: &str| parse(text, &names).expect(text);
        let end = |n: i64| Some(crate::num::rational::Rational::from_integer(n.into()));
        let over = BTreeMap::from([("x".to_owned(), (end(x.0), end(x.1)))]);
        let claim = Claim::Less { smaller: term(smaller), larger: term(larger), over };
        Some(refute(&symbols, &claim)?.point["x"].clone())
    }

    #[test]
    fn the_point_where_both_sides_meet_is_found() {
        for (text, x, expected) in [
            ("0 < (x^2-2)^2", (0, 2), "sqrt(2)"),
            ("0 < x^4-6*x^2+9", (-9, 0), "-sqrt(3)"),
            ("0 < (x^3-2)^2", (0, 2), "2^(1/3)"),
            ("sin(x) < 1", (0, 3), "pi/2"),
            ("cos(x) < 1/2+(x-pi/3)^2-(x-pi/3)*sqrt(3)/2", (0, 3), "pi/3"),
            ("-x*ln(x) < exp(-1)", (0, 1), "exp(-1)"),
            ("2*x+2-2*ln(2) < exp(x)", (0, 3), "ln(2)"),
            ("0 < (x^2-x-1)^2", (1, 2), ""),
        ] {
            let point = found(text, x);
            assert!(point.is_some(), "{text}");
            assert!(expected.is_empty() || point.as_deref() == Some(expected), "{text}: {point:?}");
        }
    }

    #[test]
    fn what_holds_by_little_or_touches_outside_is_left_alone() {
        for (text, x) in [
            ("0 < (x^2-2)^2+1e-30", (0, 2)),
            ("0 < (x^2-2)^2", (2, 3)),
            ("sin(x) < 1", (2, 4)),
            ("sin(x) < 1+1e-25", (0, 3)),
            ("0 < (x^2-2)^2+0*ln(x-sqrt(2))", (0, 2)),
        ] {
            assert_eq!(found(text, x), None, "{text}");
        }
    }
}
