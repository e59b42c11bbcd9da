//! Places to look for a witness: exact values of the symbols and concrete functions, in an order that never changes.

use super::claim::{Assumption, Range, Symbols};
use super::enclose::{Concrete, Place};
use super::value::Value;
use crate::expr::{Expr, Node};
use crate::num::enclosure::Undefined;
use crate::num::rational::Rational;
use num_bigint::BigInt;
use num_traits::{One, Signed, Zero};
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// One place: exact numbers for symbols, terms for functions.
#[derive(Clone, Debug, Default)]
pub(super) struct Assignment {
    pub(super) symbols: BTreeMap<String, Rational>,
    pub(super) functions: BTreeMap<String, Concrete>,
    /// Symbols that stand for natural numbers, whatever their values.
    pub(super) naturals: BTreeSet<String>,
}

impl Assignment {
    /// Values of terms at the place, as far as each is defined there.
    pub(super) fn values(&self, terms: &[&Expr], bits: u32) -> Vec<Result<Value, Undefined>> {
        self.at(bits, |place| place.values(terms))
    }

    /// What `f` finds at the place.
    pub(super) fn at<T>(&self, bits: u32, f: impl FnOnce(&Place<'_>) -> T) -> T {
        let symbols = self.symbols.iter().map(|(name, value)| (name.clone(), Value::Exact(value.clone()))).collect();
        f(&Place { symbols: &symbols, functions: &self.functions, naturals: &self.naturals, atoms: &[], bits })
    }

    /// The values of the symbols, exact.
    pub(super) fn point_text(&self) -> BTreeMap<String, String> {
        self.symbols.iter().map(|(name, value)| (name.clone(), value.to_string())).collect()
    }

    /// The functions, such as `F(x)` with `1 + x^2`.
    pub(super) fn functions_text(&self) -> BTreeMap<String, String> {
        let call = |name: &str, f: &Concrete| format!("{name}({})", f.parameters.join(", "));
        self.functions.iter().map(|(name, f)| (call(name, f), f.body.to_string())).collect()
    }
}

/// The symbols and functions that occur in terms, with what is known of them; variables of derivatives count.
pub(super) fn used<'a>(symbols: &'a Symbols, terms: &[&Expr], more: &[&str]) -> BTreeMap<&'a str, &'a Assumption> {
    let mut names: BTreeSet<String> = more.iter().map(|name| (*name).to_owned()).collect();
    let mut seen = HashSet::new();
    let mut pending: Vec<Expr> = terms.iter().map(|e| (*e).clone()).collect();
    while let Some(e) = pending.pop() {
        if !seen.insert(e.clone()) {
            continue;
        }
        match e.node() {
            Node::Symbol(name) | Node::Derivative { variable: name, .. } | Node::Apply { function: name, .. } => {
                names.insert(name.to_string());
            }
            _ => {}
        }
        pending.extend(e.children());
    }
    symbols.iter().filter(|(name, _)| names.contains(*name)).map(|(name, known)| (name.as_str(), known)).collect()
}

/// Place number `index`, the same for every run: small numbers and plain functions first, then wider ones.
///
/// `over` narrows the ranges of symbols; a symbol with an empty range has no place.
pub(super) fn assignment(
    used: &BTreeMap<&str, &Assumption>,
    over: &BTreeMap<String, Range>,
    index: u64,
) -> Option<Assignment> {
    // The streams of two places start far apart.
    let mut dice = Dice(Dice(index).next());
    let open = (None, None);
    let mut symbols = BTreeMap::new();
    let mut functions = BTreeMap::new();
    for (turn, (name, known)) in (0..).zip(used) {
        let range = over.get(*name).unwrap_or(&open);
        let value = match known {
            Assumption::Real => within(range, None, index, turn, &mut dice)?,
            Assumption::Positive => within(range, Some(Rational::zero()), index, turn, &mut dice)?,
            Assumption::Natural => natural(range, index, &mut dice)?,
            Assumption::Function(parameters) | Assumption::PositiveFunction(parameters) => {
                let positive = matches!(known, Assumption::PositiveFunction(_));
                let body = function(parameters, positive, index, &mut dice);
                functions.insert((*name).to_owned(), Concrete { parameters: parameters.clone(), body });
                continue;
            }
        };
        symbols.insert((*name).to_owned(), value);
    }
    let naturals = used.iter().filter(|(_, known)| **known == &Assumption::Natural).map(|(name, _)| (*name).to_owned());
    Some(Assignment { symbols, functions, naturals: naturals.collect() })
}

/// A value in the open range, and above `floor` where there is one. `turn` keeps symbols from being equal.
fn within(range: &Range, floor: Option<Rational>, index: u64, turn: u64, dice: &mut Dice) -> Option<Rational> {
    let lower = match (&range.0, floor) {
        (Some(a), Some(b)) => Some(a.clone().max(b)),
        (a, b) => a.clone().or(b),
    };
    let inside = |v: &Rational| lower.as_ref().is_none_or(|a| a < v) && range.1.as_ref().is_none_or(|b| v < b);
    let size = size(index, dice);
    // Simple numbers first, zero among them: claims fail there exactly.
    let mut simple = match dice.below(16) {
        _ if index < SIMPLE.len() as u64 => {
            let stride = [1, 5, 7, 11, 13, 17, 19, 23][turn as usize % 8];
            let (a, b) = SIMPLE[((index * stride + 7 * turn) % SIMPLE.len() as u64) as usize];
            Rational::new(a.into(), b.into())
        }
        0 => Rational::zero(),
        1..8 => size.clone(),
        _ => -size.clone(),
    };
    if !inside(&simple) {
        simple = -simple;
    }
    if inside(&simple) && (index < SIMPLE.len() as u64 || dice.below(3) > 0) {
        return Some(simple);
    }
    Some(match (lower, &range.1) {
        (Some(a), Some(b)) if a >= *b => return None,
        // size/(1 + size) is anywhere in (0, 1), now and then close to an end.
        (Some(a), Some(b)) => {
            let part = &size / (&size + Rational::one());
            &a + (b - &a) * part
        }
        (Some(a), None) => a + size,
        (None, Some(b)) => b - size,
        (None, None) => simple,
    })
}

/// The first values; their number and the strides through them have no common factor.
const SIMPLE: [(i64, i64); 24] = [
    (2, 1),
    (1, 2),
    (-1, 1),
    (3, 1),
    (-3, 2),
    (1, 1),
    (-2, 1),
    (1, 3),
    (5, 2),
    (0, 1),
    (4, 1),
    (-1, 2),
    (-3, 1),
    (3, 2),
    (5, 1),
    (2, 3),
    (-4, 1),
    (1, 4),
    (7, 1),
    (-5, 2),
    (6, 1),
    (-1, 3),
    (3, 4),
    (10, 1),
];

/// A positive ratio: small ones first, later from ever more decades.
fn size(index: u64, dice: &mut Dice) -> Rational {
    let ratio = |a: u64, b: u64| Rational::new(BigInt::from(a), BigInt::from(b));
    match index {
        0..12 => ratio(1 + dice.below(6), 1 + dice.below(3)),
        12..40 => ratio(1 + dice.below(40), 1 + dice.below(30)),
        _ => {
            let spread = if index < 64 { 3 } else { 9 };
            let decades = dice.below(2 * spread + 1) as i32 - spread as i32;
            ratio(1 + dice.below(99), 10 + dice.below(90)) * Rational::from_integer(10.into()).pow(decades)
        }
    }
}

fn natural(range: &Range, index: u64, dice: &mut Dice) -> Option<Rational> {
    let one = BigInt::one();
    let first = range.0.as_ref().map_or(one.clone(), |a| (a.floor().to_integer() + 1_i32).max(one.clone()));
    let most = match index {
        0..12 => 5,
        12..48 => 20,
        _ => 300,
    };
    let step = BigInt::from(dice.below(most));
    let value = match &range.1 {
        Some(b) => {
            let last: BigInt = b.ceil().to_integer() - 1_i32;
            if last < first {
                return None;
            }
            &first + step % (last - &first + 1_i32)
        }
        None => first + step,
    };
    Some(Rational::from_integer(value))
}

/// A smooth function of the parameters, defined for all of them: polynomials up to cubic with small coefficients,
/// sines and exponentials of them; positive ones are made so.
fn function(parameters: &[String], positive: bool, index: u64, dice: &mut Dice) -> Expr {
    // Now and then a constant: derivatives that vanish are found exactly.
    if index % 16 == 5 {
        return Expr::ratio(1 + dice.below(7) as i64, 2)
            * Expr::integer(if positive { 1 } else { 1 - 2 * dice.below(2) as i64 });
    }
    let kind = dice.below(4);
    // Exponentials of cubics reach sizes that no precision resolves.
    let degree = if positive && kind < 2 { 2 } else { 3 };
    let inner = polynomial(parameters, degree, dice);
    let whole = Expr::integer;
    if positive {
        let base = whole(1 + dice.below(3) as i64);
        return match kind {
            0 if index < 48 => (Expr::ratio(1, 3) * inner).exp(),
            1 => base + inner.clone() * inner,
            2 => base + whole(1) + inner.call(crate::expr::Function::Sin),
            _ => base / (whole(1) + inner.powi(2)),
        };
    }
    match kind {
        0 => inner.call(crate::expr::Function::Sin),
        1 if index < 48 => (polynomial(parameters, 1, dice) / whole(3)).exp() + polynomial(parameters, 2, dice),
        _ => inner,
    }
}

fn polynomial(parameters: &[String], degree: u64, dice: &mut Dice) -> Expr {
    let coefficient = |dice: &mut Dice| {
        let size = Expr::ratio(1 + dice.below(5) as i64, 1 + dice.below(2) as i64);
        if dice.below(2) == 0 { size } else { -size }
    };
    let mut sum = coefficient(dice);
    for (at, name) in parameters.iter().enumerate() {
        let x = Expr::symbol(name);
        for power in 1..=degree as i64 {
            sum = sum + coefficient(dice) * x.powi(power);
        }
        for other in &parameters[..at] {
            sum = sum + coefficient(dice) * x.clone() * Expr::symbol(other);
        }
    }
    sum
}

/// A fixed stream of numbers (splitmix64): the search is the same from run to run.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n.max(1)
    }
}

/// Whether the values are as the assumptions and the ranges say: nothing else may be a witness.
pub(super) fn is_admissible(
    assignment: &Assignment,
    used: &BTreeMap<&str, &Assumption>,
    over: &BTreeMap<String, Range>,
) -> bool {
    used.iter().all(|(name, known)| {
        let Some(value) = assignment.symbols.get(*name) else { return assignment.functions.contains_key(*name) };
        let in_range = over
            .get(*name)
            .is_none_or(|(a, b)| a.as_ref().is_none_or(|a| a < value) && b.as_ref().is_none_or(|b| value < b));
        in_range
            && match known {
                Assumption::Positive => value.is_positive(),
                Assumption::Natural => value.is_positive() && value.is_integer(),
                _ => true,
            }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_keep_to_assumptions_and_ranges_and_never_change() {
        let symbols = Symbols::from([
            ("x".into(), Assumption::Real),
            ("a".into(), Assumption::Positive),
            ("n".into(), Assumption::Natural),
            ("F".into(), Assumption::PositiveFunction(vec!["x".into()])),
        ]);
        let names: Vec<Expr> = ["x", "a", "n"].iter().map(|n| Expr::symbol(n)).collect();
        let term = Expr::apply("F", vec![0], vec![Expr::symbol("x")]);
        let terms: Vec<&Expr> = names.iter().chain([&term]).collect();
        let used = used(&symbols, &terms, &[]);
        assert_eq!(used.len(), 4);
        let half = Rational::new(1.into(), 2.into());
        let ranges = [
            BTreeMap::new(),
            BTreeMap::from([
                ("x".to_owned(), (Some(-half.clone()), Some(half.clone()))),
                ("a".to_owned(), (Some(-half.clone()), Some(half.clone()))),
                ("n".to_owned(), (Some(half.clone()), Some(Rational::from_integer(3.into())))),
            ]),
        ];
        for over in &ranges {
            let mut signs = BTreeSet::new();
            for index in 0..200 {
                let place = assignment(&used, over, index).expect("a place");
                assert!(is_admissible(&place, &used, over), "{place:?}");
                let again = assignment(&used, over, index).expect("a place");
                assert_eq!((place.point_text(), place.functions_text()), (again.point_text(), again.functions_text()));
                signs.insert(place.symbols["x"].is_positive());
                assert!(place.values(&[&term], 64)[0].as_ref().is_ok_and(Value::is_positive), "{place:?}");
            }
            assert_eq!(signs.len(), 2);
        }
        let none = BTreeMap::from([("n".to_owned(), (Some(half), Some(Rational::one())))]);
        assert!(assignment(&used, &none, 0).is_none());
    }
}
