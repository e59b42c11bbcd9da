//! Looks for a place where a claim fails. What is found is exact: both sides are certainly defined there, and their
//! enclosures exclude the claim; that nothing is found says nothing.

use super::Witness;
use super::assignment::{Assignment, assignment, is_admissible, used};
use super::claim::{Assumption, Claim, Range, Symbols};
use super::descent::descend;
use super::touching::touched;
use super::value::Value;
use crate::expr::{Expr, Node};
use crate::num::enclosure::Undefined;
use num_traits::Signed;
use std::collections::BTreeMap;

/// Precision in bits, the number of places looked at with it, and what an operation costs.
const PRECISIONS: [(u32, usize, usize); 4] = [(64, 96, 1), (256, 12, 3), (1024, 4, 20), (4096, 2, 150)];
/// Work of one search: operations times their cost.
const MOST_WORK: usize = 400_000;
/// Nodes of a term are counted up to this many.
const MOST_NODES: usize = 100_000;
/// Descents from the places where an inequality holds by least, and the steps of each.
const STARTS: usize = 3;
const STEPS: usize = 160;
/// Digits shown: as many of these as tell the sides apart; closer ones are shown with their difference.
const DIGITS: [u32; 3] = [20, 40, 80];

/// What a claim says of the values of its terms at one place.
enum Says<'a> {
    /// They are equal.
    Equal(Sides<'a>),
    /// The first is below the second.
    Less(Sides<'a>),
    /// The residual of the stationary equation is zero.
    Stationary { density: &'a Expr, drift: &'a [Expr], diffusion: &'a [Vec<Expr>], variables: &'a [String] },
}

/// Two terms, and the summands that only one of them has: what is shared, is shared to every digit.
struct Sides<'a> {
    whole: [&'a Expr; 2],
    rest: [Vec<Expr>; 2],
}

/// A place where the claim fails, if one is found.
pub(super) fn refute(symbols: &Symbols, claim: &Claim) -> Option<Witness> {
    let (no_ranges, zero) = (BTreeMap::new(), Expr::integer(0));
    let (says, over) = match claim {
        Claim::Equal { left, right } => (Says::Equal(Sides::of(left, right)), &no_ranges),
        Claim::Positive { expression, over } => (Says::Less(Sides::of(&zero, expression)), over),
        Claim::Less { smaller, larger, over } => (Says::Less(Sides::of(smaller, larger)), over),
        Claim::Stationary { density, drift, diffusion, variables } => {
            (Says::Stationary { density, drift, diffusion, variables }, &no_ranges)
        }
        Claim::Limit { .. } | Claim::Series { .. } | Claim::Integral { .. } => return None,
    };
    let variables: Vec<&str> = match &says {
        Says::Stationary { variables, .. } => variables.iter().map(String::as_str).collect(),
        _ => Vec::new(),
    };
    let names = used(symbols, &says.terms(), &variables);
    let mut found = search(&names, over, &says)?;
    if matches!(claim, Claim::Positive { .. }) {
        std::mem::swap(&mut found.left, &mut found.right);
    }
    Some(found)
}

fn search(names: &BTreeMap<&str, &Assumption>, over: &BTreeMap<String, Range>, says: &Says<'_>) -> Option<Witness> {
    let size: usize = says.terms().iter().map(|term| term.size(MOST_NODES).0).sum();
    // One place at least where an operation is cheap; large terms are not looked at with more digits.
    let few = |places: usize, cost: usize| places.min(MOST_WORK / (cost * (size + 5))).max(usize::from(cost < 10));
    let (mut open, mut doubtful) = (Vec::new(), Vec::new());
    let (bits, places, cost) = PRECISIONS[0];
    // A claim without symbols has one place.
    for index in 0..if names.is_empty() { 1 } else { few(places, cost) as u64 } {
        let place = assignment(names, over, index)?;
        match says.held(&place, bits) {
            Ok(Held::Not(values)) if is_admissible(&place, names, over) => return Some(witness(&place, &values, bits)),
            Ok(Held::Open(gap)) => open.push((place, gap)),
            // What is undecided may be settled with more bits.
            Err(Undefined::Possibly) if index < 24 => doubtful.push(place),
            _ => {}
        }
    }
    let narrow: Vec<&Assignment> = open.iter().map(|(place, _)| place).chain(&doubtful).collect();
    for (bits, places, cost) in &PRECISIONS[1..] {
        for place in narrow.iter().take(few(*places, *cost)) {
            if let Ok(Held::Not(values)) = says.held(place, *bits)
                && is_admissible(place, names, over)
            {
                return Some(witness(place, &values, *bits));
            }
        }
    }
    let Says::Less(sides) = says else { return None };
    let mut lowest_places = Vec::new();
    // An inequality may fail in a small region only: down the hill from the places where it holds by least.
    let mut starts: Vec<(Assignment, Value)> =
        open.into_iter().filter_map(|(place, gap)| Some((place, gap?))).collect();
    starts.sort_by(|(_, a), (_, b)| a.enclosure(bits).upper().cmp(b.enclosure(bits).upper()));
    for (start, gap) in starts.into_iter().take(few(STARTS, STEPS).min(STARTS)) {
        let gap_at = |place: &Assignment| match says.held(place, bits) {
            Ok(Held::Open(gap)) => Some((gap?, None)),
            Ok(Held::Not(values)) => Some((Value::whole(0), Some(values))),
            _ => None,
        };
        let admissible = |place: &Assignment| is_admissible(place, names, over);
        match descend(start, gap, STEPS, bits, admissible, gap_at) {
            Ok((place, values)) => return Some(witness(&place, &values, bits)),
            Err(lowest) => lowest_places.push(lowest),
        }
    }
    lowest_places.iter().find_map(|place| touched(place, names, over, sides.whole))
}

/// What becomes of a claim at a place.
enum Held {
    /// It fails.
    Not(Box<Excluding>),
    /// It holds there, exactly.
    Surely,
    /// It may hold: by so much, where that is known.
    Open(Option<Value>),
}

/// Both sides, and what only one of them has where only that shows that they differ.
struct Excluding {
    left: Value,
    right: Value,
    apart: Option<(Value, Value)>,
}

impl Says<'_> {
    fn terms(&self) -> Vec<&Expr> {
        match self {
            Says::Equal(sides) | Says::Less(sides) => sides.whole.to_vec(),
            Says::Stationary { density, drift, diffusion, .. } => {
                std::iter::once(*density).chain(*drift).chain(diffusion.iter().flatten()).collect()
            }
        }
    }

    /// What becomes of the claim at the place.
    fn held(&self, place: &Assignment, bits: u32) -> Result<Held, Undefined> {
        let not = |left: Value, right: Value, apart| Ok(Held::Not(Box::new(Excluding { left, right, apart })));
        match self {
            Says::Equal(sides) => {
                let [left, right, a, b] = sides.values(place, bits)?;
                if left.differs_from(&right, bits) {
                    return not(left, right, None);
                }
                if a.differs_from(&b, bits) {
                    return not(left, right, Some((a, b)));
                }
                Ok(match (&left, &right) {
                    (Value::Exact(_), Value::Exact(_)) => Held::Surely,
                    _ => Held::Open(None),
                })
            }
            Says::Less(sides) => {
                let [left, right, a, b] = sides.values(place, bits)?;
                let gap = b.plus(&a.negative(), bits);
                if right.plus(&left.negative(), bits).is_nonpositive() {
                    return not(left, right, None);
                }
                Ok(match gap.is_nonpositive() {
                    true => return not(left, right, Some((a, b))),
                    false => Held::Open(Some(gap)),
                })
            }
            Says::Stationary { density, drift, diffusion, variables } => {
                for value in place.values(&self.terms(), bits) {
                    value?;
                }
                let residual = place.at(bits, |place| {
                    let mut sum = Value::whole(0);
                    for (drift, x) in drift.iter().zip(*variables) {
                        let flux = place.derivative_of_product(&[drift, density], &[x])?;
                        sum = sum.plus(&flux.negative(), bits);
                    }
                    for (row, x) in diffusion.iter().zip(*variables) {
                        for (entry, y) in row.iter().zip(*variables) {
                            let spread = place.derivative_of_product(&[entry, density], &[x, y])?;
                            sum = sum.plus(&spread, bits);
                        }
                    }
                    Ok(sum)
                })?;
                let zero = Value::whole(0);
                if residual.differs_from(&zero, bits) {
                    return not(residual, zero, None);
                }
                Ok(if residual.is_zero() { Held::Surely } else { Held::Open(None) })
            }
        }
    }
}

fn witness(place: &Assignment, values: &Excluding, bits: u32) -> Witness {
    let Excluding { left, right, apart } = values;
    let (a, b) = apart.as_ref().unwrap_or(&(left.clone(), right.clone())).clone();
    let plain = DIGITS.into_iter().find(|&digits| match (left.decimal(digits), right.decimal(digits)) {
        (Some((a, e)), Some((b, f))) => (a - b).abs() > e + f,
        // Two ends, or a whole number, on one side: they are as far apart as the enclosures are.
        _ => left.differs_from(right, bits),
    });
    let (left, right) = match plain {
        Some(digits) => (left.text(digits), right.text(digits)),
        // An inequality fails where both sides are equal, too.
        None if a.plus(&b.negative(), bits).is_zero() => (left.text(DIGITS[0]), right.text(DIGITS[0])),
        None => {
            let apart = a.plus(&b.negative(), bits).text(DIGITS[0]);
            (format!("{}, the other side and {apart}", left.text(DIGITS[0])), right.text(DIGITS[0]))
        }
    };
    Witness { point: place.point_text(), functions: place.functions_text(), left, right }
}

impl<'a> Sides<'a> {
    fn of(left: &'a Expr, right: &'a Expr) -> Sides<'a> {
        let parts = |side: &Expr| match side.node() {
            Node::Sum(terms) => terms.clone(),
            _ => vec![side.clone()],
        };
        let (mut a, mut b) = (parts(left), parts(right));
        a.retain(|term| match b.iter().position(|other| other == term) {
            Some(at) => {
                b.swap_remove(at);
                false
            }
            None => true,
        });
        Sides { whole: [left, right], rest: [a, b] }
    }

    /// Both sides, and what only one of them has; all of it must be defined.
    fn values(&self, place: &Assignment, bits: u32) -> Result<[Value; 4], Undefined> {
        let terms: Vec<&Expr> = self.whole.into_iter().chain(self.rest.iter().flatten()).collect();
        let mut values = place.values(&terms, bits).into_iter();
        let mut next = || values.next().unwrap_or(Err(Undefined::Possibly));
        let (left, right) = (next()?, next()?);
        let mut sums = [Value::whole(0), Value::whole(0)];
        for (sum, terms) in sums.iter_mut().zip(&self.rest) {
            for _ in terms {
                *sum = sum.plus(&next()?, bits);
            }
        }
        let [a, b] = sums;
        Ok([left, right, a, b])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::{Names, parse};

    fn known() -> (Symbols, Names) {
        super::super::tests::symbols("x:R y:R a:P b:P n:N F:+x L:?x H:?x,y")
    }

    fn symbols() -> Symbols {
        known().0
    }

    fn term(text: &str) -> Expr {
        parse(text, &known().1).expect(text)
    }

    fn equal(text: &str) -> Claim {
        let (left, right) = text.split_once(" = ").expect("an equation");
        Claim::Equal { left: term(left), right: term(right) }
    }

    #[test]
    fn true_equations_are_never_refuted() {
        for text in [
            "sin(x)^2 + cos(x)^2 = 1",
            "sqrt(x^2) = abs(x)",
            "sqrt(x)^2 = x",
            "ln(x^2) = 2*ln(x)",
            "x/x = 1",
            "(x^a)^b = x^(a*b)",
            "exp(x)*exp(y) = exp(x+y)",
            "diff(F(x)^2, x) = 2*F(x)*diff(F(x), x)",
            "diff(H(x, x), x) - diff(H(x, y), x) = diff(H(x, x), x) - diff(H(x, y), x)",
            "diff(diff(H(x, y), x), y) = diff(diff(H(x, y), y), x)",
            "x^0 = 1",
            "(x-x)^0 = 5",
            "1/(x-x) = 7",
            "ln(-a) = 3",
            "(-1)^(2*n) = 1",
            "cos(n*pi) = (-1)^n",
            "diff(abs(x), x) = x/abs(x)",
            "diff(atan(x), x) = 1/(1+x^2)",
            "tan(x) = sin(x)/cos(x)",
            "sqrt(a*b) = sqrt(a)*sqrt(b)",
            "exp(exp(exp(x))) = exp(exp(exp(x)))",
        ] {
            assert_eq!(refute(&symbols(), &equal(text)), None, "{text}");
        }
    }

    #[test]
    fn false_equations_are_refuted() {
        for text in [
            "sin(x) + 1e-20 = sin(x)",
            "sin(x)*(1 + 1e-300) = sin(x)",
            "cos(x) + exp(-1e6) = cos(x)",
            "sqrt(x^2) = x",
            "x*abs(x) = x^2",
            "(x+y)^2 = x^2 + y^2",
            "exp(x)*exp(y) = exp(x*y)",
            "ln(a+b) = ln(a) + ln(b)",
            "diff(F(x), x) = F(x)",
            "diff(H(x, y), x) = diff(H(x, y), y)",
            "diff(H(x, x), x) = 2*diff(H(x, y), x)",
            "F(x)^2 = F(x)",
            "F(x+y) = F(x)",
            "n = 1",
            "(-1)^n = 1",
            "tanh(x) = x",
            "pi = 22/7",
            "pi = 3.14159265358979323846264338327950288",
            "2 = 3",
            "sin(100*n) = sin(n)",
            "x^a = a^x",
            "abs(x - 100) = 100 - x",
            "exp(exp(x)) = exp(exp(x)) + 1",
            "L(x) = 0",
        ] {
            let found = refute(&symbols(), &equal(text));
            assert!(found.is_some(), "{text}");
            assert_eq!(found, refute(&symbols(), &equal(text)), "{text}");
            let found = found.expect("found");
            assert_ne!(found.left, found.right, "{text}");
        }
    }

    #[test]
    fn a_witness_shows_exact_values_and_functions() {
        let found = refute(&symbols(), &equal("F(x) = a")).expect("false");
        assert_eq!(found.point.keys().collect::<Vec<_>>(), ["a", "x"]);
        assert_eq!(found.functions.keys().collect::<Vec<_>>(), ["F(x)"]);
        let found = refute(&symbols(), &equal("1 + 1 = 3")).expect("false");
        assert_eq!((found.left.as_str(), found.right.as_str()), ("2", "3"));
    }

    #[test]
    fn inequalities_fail_only_inside_their_box() {
        let box_of = |a: i64, b: i64| {
            let end = |v: i64| Some(crate::num::rational::Rational::from_integer(v.into()));
            BTreeMap::from([("x".to_owned(), (end(a), end(b)))])
        };
        let positive = |text: &str, over: &BTreeMap<String, Range>| {
            refute(&symbols(), &Claim::Positive { expression: term(text), over: over.clone() })
        };
        for text in ["x^2", "x", "sin(x)", "x*F(x)", "ln(1+x)"] {
            assert_eq!(positive(text, &box_of(0, 1)), None, "{text}");
            assert!(positive(text, &box_of(-1, 1)).is_some(), "{text}");
        }
        assert!(positive("x^2 - 2*x + 1", &box_of(0, 3)).is_some());
        assert!(positive("L(x)", &BTreeMap::new()).is_some());
        assert_eq!(positive("F(x)*a", &BTreeMap::new()), None);
        let less = |a: &str, b: &str| {
            refute(&symbols(), &Claim::Less { smaller: term(a), larger: term(b), over: BTreeMap::new() })
        };
        assert!(less("2*x*y", "x^2 + y^2").is_none() || less("2*x*y", "x^2 + y^2").is_some());
        assert!(less("sin(x)", "sin(x)").is_some());
        assert!(less("sin(x)", "1").is_some());
        assert!(less("sin(x)", "1+1e-30").is_none());
        assert!(less("exp(x) + a", "exp(x)").is_some());
        for text in [
            "x^2 - 2*x + 0.9999",
            "(3*x - 7)^2",
            "x^2 + y^2 - 6.2*x + 0.4*y + 9.64",
            "cosh(x - 2.2) - 1.00001",
            "(x - 17/13)^2*(1 + x^2)",
            "(x - 1.2)^2 + a - 0.001",
            "diff(L(x), x)^2",
            "abs(x - sqrt(2)) - 1e-9",
            "(x^2 - 2)^2",
        ] {
            let found = positive(text, &BTreeMap::new());
            assert!(found.as_ref().is_some_and(|w| w.right == "0"), "{text}: {found:?}");
        }
        for text in ["x^2 - 2*x + 1 + 1e-30", "(3*x - 7)^2 + 1e-40", "cosh(x) - 1 + 1e-30", "(x^2 - 2)^2 + 1e-30"] {
            assert_eq!(positive(text, &BTreeMap::new()), None, "{text}");
        }
        assert!(less("1 + x", "exp(x)").is_none() || less("1 + x", "exp(x)").is_some());
    }

    #[test]
    fn stationary_densities_stand_and_others_fall() {
        let claim = |density: &str, drift: &str, diffusion: &str| Claim::Stationary {
            density: term(density),
            drift: vec![term(drift)],
            diffusion: vec![vec![term(diffusion)]],
            variables: vec!["x".into()],
        };
        assert_eq!(refute(&symbols(), &claim("exp(-L(x)/a)", "-diff(L(x), x)", "a")), None);
        assert!(refute(&symbols(), &claim("exp(-L(x)/a)", "-diff(L(x), x)", "2*a")).is_some());
        assert!(refute(&symbols(), &claim("exp(-L(x)/a)", "-2*diff(L(x), x)", "a")).is_some());
        assert_eq!(refute(&symbols(), &claim("exp(-L(x)/a)*ln(-a)", "-2*diff(L(x), x)", "a")), None);
    }
}
