//! Claims checked in floats and float intervals, which the kernel never uses: what it proves must hold here too.

use std::collections::BTreeMap;
use thalweg::eval::Tape;
use thalweg::expr::{Expr, Names, Node, parse};
use thalweg::num::interval::Interval;
use thalweg::num::rational::to_f64;
use thalweg::proof::{Assumption, Claim, Place, Range, Symbols};

/// What floats say of a claim.
#[derive(Clone, Debug, PartialEq)]
pub enum Numbers {
    /// It holds at the places looked at.
    Agree,
    /// It fails, and where.
    Differ(String),
    /// They cannot tell.
    Silent,
}

/// Places that a claim is looked at.
const PLACES: usize = 160;
/// Places at which it must be seen to hold.
const ENOUGH: usize = 6;

/// A fixed stream of numbers (splitmix64).
pub struct Dice(pub u64);

impl Dice {
    pub fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as usize % n.max(1)
    }

    fn unit(&mut self) -> f64 {
        self.below(1 << 40) as f64 / (1u64 << 40) as f64
    }
}

/// Terms with concrete functions in place of arbitrary ones and derivatives carried out, as functions of the symbols.
struct Concrete<'a> {
    names: Vec<&'a str>,
    tape: Tape,
    terms: usize,
}

/// Bodies for the functions of the claim: smooth everywhere, the positive ones above zero.
fn bodies(symbols: &Symbols, dice: &mut Dice) -> BTreeMap<String, (Vec<String>, Expr)> {
    let mut bodies = BTreeMap::new();
    for (name, known) in symbols {
        let (Assumption::Function(of) | Assumption::PositiveFunction(of)) = known else { continue };
        let mut number = |least: f64| format!("{:.3}", least + dice.unit());
        let linear: Vec<String> = of.iter().map(|x| format!("{}*{x}", number(0.4))).collect();
        let inner = linear.join("+");
        let product = of.join("*");
        let text = match known {
            Assumption::PositiveFunction(_) => {
                format!("{}+{}*sin({inner}+{})+{}*({inner})^2", number(1.5), number(0.2), number(0.0), number(0.1))
            }
            _ => format!(
                "{}*sin({inner}-{})+{}*({inner})^2-{}*{product}",
                number(0.3),
                number(0.0),
                number(-0.4),
                number(0.1)
            ),
        };
        let body = parse(&text, &Names::of(of.clone())).expect("a formula");
        bodies.insert(name.clone(), (of.clone(), body));
    }
    bodies
}

/// The term with bodies put in and derivatives carried out. What a derivative is taken of must be defined: it is added
/// to `parts`.
fn concrete(e: &Expr, bodies: &BTreeMap<String, (Vec<String>, Expr)>, parts: &mut Vec<Expr>) -> Expr {
    let mut all = |terms: &[Expr]| terms.iter().map(|t| concrete(t, bodies, parts)).collect::<Vec<_>>();
    match e.node() {
        Node::Number(_) | Node::Pi | Node::Symbol(_) => e.clone(),
        Node::Sum(terms) => Expr::sum(all(terms)),
        Node::Product(factors) => Expr::product(all(factors)),
        Node::Negative(a) => -concrete(a, bodies, parts),
        Node::Quotient(a, b) => {
            // What cancels must be defined all the same.
            let under = concrete(b, bodies, parts);
            parts.push(Expr::integer(1) / under.clone());
            concrete(a, bodies, parts) / under
        }
        Node::Power(a, b) => {
            let power = concrete(a, bodies, parts).power(&concrete(b, bodies, parts));
            parts.push(power.clone());
            power
        }
        Node::Call(f, a) => {
            let value = concrete(a, bodies, parts).call(*f);
            parts.push(value.clone());
            value
        }
        Node::Apply { function, orders, arguments } => {
            let arguments = all(arguments);
            let (parameters, body) = &bodies[&**function];
            let mut body = body.clone();
            for (parameter, order) in parameters.iter().zip(orders) {
                body = (0..*order).fold(body, |body, _| body.derivative(parameter));
            }
            body.substitute(&|name| parameters.iter().position(|p| p == name).map(|at| arguments[at].clone()))
        }
        Node::Derivative { of, variable, order } => {
            let of = concrete(of, bodies, parts);
            parts.push(of.clone());
            (0..*order).fold(of, |of, _| of.derivative(variable))
        }
    }
}

impl<'a> Concrete<'a> {
    fn of(terms: &[Expr], symbols: &'a Symbols, bodies: &BTreeMap<String, (Vec<String>, Expr)>) -> Concrete<'a> {
        let mut parts = Vec::new();
        let mut outputs: Vec<Expr> = terms.iter().map(|t| concrete(t, bodies, &mut parts)).collect();
        outputs.extend(parts);
        let function = |known: &Assumption| matches!(known, Assumption::Function(_) | Assumption::PositiveFunction(_));
        let names: Vec<&str> =
            symbols.iter().filter(|(_, known)| !function(known)).map(|(name, _)| name.as_str()).collect();
        let tape = Tape::compile(&outputs, &names, &|_| None).expect("every symbol is a variable");
        Concrete { names, tape, terms: terms.len() }
    }

    /// Enclosures of the terms; `None` unless every part is certainly defined.
    fn at(&self, point: &BTreeMap<&str, f64>) -> Option<Vec<Interval>> {
        let inputs: Vec<Interval> = self.names.iter().map(|name| Interval::point(point[name])).collect();
        let mut values = self.tape.intervals(&inputs);
        if !values.iter().all(|v| v.defined) {
            return None;
        }
        values.truncate(self.terms);
        Some(values)
    }
}

fn place<'a>(symbols: &'a Symbols, over: &BTreeMap<String, Range>, dice: &mut Dice) -> BTreeMap<&'a str, f64> {
    let mut point = BTreeMap::new();
    for (name, known) in symbols {
        let end = |end: Option<&num_rational::BigRational>| end.map(to_f64);
        let range = over.get(name);
        let (lower, upper) = (end(range.and_then(|r| r.0.as_ref())), end(range.and_then(|r| r.1.as_ref())));
        let size = (3.0 * dice.unit() - 1.5).exp();
        let floor = if matches!(known, Assumption::Real) { lower } else { Some(lower.unwrap_or(0.0).max(0.0)) };
        let value = match (known, floor, upper) {
            (Assumption::Function(_) | Assumption::PositiveFunction(_), ..) => continue,
            (Assumption::Natural, ..) => {
                (floor.unwrap_or(0.0).floor() + 1.0 + dice.below(4) as f64).min(upper.unwrap_or(9.0))
            }
            (_, Some(a), Some(b)) => a + (b - a) * dice.unit(),
            (_, Some(a), None) => a + size,
            (_, None, Some(b)) => b - size,
            (_, None, None) => size * if dice.below(2) == 0 { 1.0 } else { -1.0 },
        };
        point.insert(name.as_str(), value);
    }
    point
}

/// What floats say of the claim.
pub fn numbers(symbols: &Symbols, claim: &Claim) -> Numbers {
    let everywhere = BTreeMap::new();
    match claim {
        Claim::Equal { left, right } => at_places(symbols, &everywhere, &[left.clone(), right.clone()], &equal),
        Claim::Stationary { density, drift, diffusion, variables } => {
            let terms = residual(density, drift, diffusion, variables);
            at_places(symbols, &everywhere, &terms, &equal)
        }
        Claim::Positive { expression, over } => {
            at_places(symbols, over, &[Expr::integer(0), expression.clone()], &below)
        }
        Claim::Less { smaller, larger, over } => at_places(symbols, over, &[smaller.clone(), larger.clone()], &below),
        Claim::Series { of, variable, about, order, equals } => {
            super::limits::series(symbols, [of, equals, about], variable, *order)
        }
        Claim::Limit { of, variable, to, equals } => super::limits::limit(symbols, of, variable, to, equals),
        Claim::Integral { integrand, variable, lower, upper, equals, .. } => {
            super::limits::integral(symbols, integrand, variable, [lower, upper], equals)
        }
    }
}

/// The two halves of the Fokker–Planck residual, derivatives as written.
fn residual(density: &Expr, drift: &[Expr], diffusion: &[Vec<Expr>], variables: &[String]) -> [Expr; 2] {
    let (mut flux, mut spread) = (Vec::new(), Vec::new());
    for (f, x) in drift.iter().zip(variables) {
        flux.push((f.clone() * density.clone()).unevaluated_derivative(x, 1));
    }
    for (row, x) in diffusion.iter().zip(variables) {
        for (d, y) in row.iter().zip(variables) {
            let inner = (d.clone() * density.clone()).unevaluated_derivative(y, 1);
            spread.push(inner.unevaluated_derivative(x, 1));
        }
    }
    [Expr::sum(flux), Expr::sum(spread)]
}

/// `Some(true)` where two enclosures agree closely, `Some(false)` where they exclude each other.
fn equal(a: Interval, b: Interval) -> Option<bool> {
    if a.upper < b.lower || b.upper < a.lower {
        return Some(false);
    }
    let size = a.upper.abs().max(b.upper.abs()).max(1e-3);
    (a.width().max(b.width()) < 1e-6 * size).then_some(true)
}

/// The same for the first being below the second.
fn below(a: Interval, b: Interval) -> Option<bool> {
    if a.lower >= b.upper {
        return Some(false);
    }
    (a.upper < b.lower).then_some(true)
}

fn at_places(
    symbols: &Symbols,
    over: &BTreeMap<String, Range>,
    terms: &[Expr],
    judge: &dyn Fn(Interval, Interval) -> Option<bool>,
) -> Numbers {
    let mut seen = 0;
    for round in 0..3 {
        let mut dice = Dice(7 + round);
        let terms = Concrete::of(terms, symbols, &bodies(symbols, &mut dice));
        for _ in 0..PLACES / 3 {
            let point = place(symbols, over, &mut dice);
            let Some(values) = terms.at(&point) else { continue };
            match judge(values[0], values[1]) {
                Some(false) => return Numbers::Differ(format!("{:?} against {:?} at {point:?}", values[0], values[1])),
                Some(true) => seen += 1,
                None => {}
            }
        }
    }
    if seen >= ENOUGH { Numbers::Agree } else { Numbers::Silent }
}

/// Terms at a place of the other symbols, as functions of one: for limits, series and integrals.
pub struct Along<'a> {
    terms: Concrete<'a>,
    point: BTreeMap<&'a str, f64>,
    variable: &'a str,
}

impl<'a> Along<'a> {
    pub fn new(terms: &[Expr], symbols: &'a Symbols, variable: &str, seed: u64) -> Along<'a> {
        let mut dice = Dice(100 + seed);
        let terms = Concrete::of(terms, symbols, &bodies(symbols, &mut dice));
        let point = place(symbols, &BTreeMap::new(), &mut dice);
        let (variable, _) = symbols.get_key_value(variable).expect("a symbol");
        Along { terms, point, variable }
    }

    /// Enclosures of the terms where the variable has this value.
    pub fn at(&self, value: f64) -> Option<Vec<Interval>> {
        let mut point = self.point.clone();
        point.insert(self.variable, value);
        self.terms.at(&point)
    }

    /// The place of the other symbols, for a report.
    pub fn place(&self) -> String {
        format!("{:?}", self.point)
    }
}

/// Where a limit goes, or an integral ends; terms in the other symbols have a value of their own.
pub fn end_of(place: &Place) -> Expr {
    match place {
        Place::At(e) => e.clone(),
        Place::MinusInfinity | Place::Infinity => Expr::integer(0),
    }
}
