//! Is a formula finite, or positive, on the whole domain? Certified by enclosure, refuted at a place, or undecided.
//!
//! The domain is cut in two until the enclosure of every piece decides. A refutation is always a place at which the
//! value was computed and its enclosure agrees, or a place towards which the values grow without bound.

use crate::eval::Tape;
use crate::expr::{Expr, Function, Node};
use crate::model::Domain;
use crate::num::interval::Interval;
use std::collections::HashSet;

/// What is asked of a formula.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Defined and finite.
    Finite,
    /// Finite and above zero.
    Positive,
}

/// The answer.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Answer {
    /// Proved, as far as `libm` is within its assumed accuracy.
    Certified,
    /// Wrong, such as `is -0.5 at x = 2.1`.
    Refuted(String),
    /// The enclosures did not decide near this place.
    Undecided(f64),
}

/// Sizes below this are taken for underflow on a line, where `exp(-x^2)` is positive and computes to zero.
const UNDERFLOW: f64 = 1e-290;
/// Undecided pieces after which the search ends.
const MOST_UNDECIDED: usize = 8;
/// On a line pieces are enclosed out to this distance (a power of 4), and samples taken beyond.
const REACH: f64 = 1_048_576.0;

struct Question<'a> {
    formula: &'a Expr,
    tape: Tape,
    coordinate: &'a str,
    bind: &'a dyn Fn(&str) -> Option<f64>,
    domain: Domain,
    wanted: Wanted,
}

/// Decides about `formula` on `domain` with about `work` tape instructions.
pub(super) fn decide(
    formula: &Expr,
    coordinate: &str,
    bind: &dyn Fn(&str) -> Option<f64>,
    domain: Domain,
    wanted: Wanted,
    work: usize,
) -> Answer {
    let tape = Tape::compile(std::slice::from_ref(formula), &[coordinate], bind)
        .expect("formulas were parsed with these names only");
    let evaluations = (work / tape.len().max(1)).clamp(100, 40_000);
    let question = Question { formula, tape, coordinate, bind, domain, wanted };
    let samples = samples(domain, (evaluations / 8).clamp(33, 1001));
    if let Some(reason) = samples.iter().find_map(|&x| question.refuted_at(x)) {
        return Answer::Refuted(reason);
    }
    question.enclose(evaluations)
}

/// Places to try first, 0 and the ends among them.
pub(super) fn samples(domain: Domain, count: usize) -> Vec<f64> {
    let mut places = Vec::with_capacity(count + 1);
    match domain.ends() {
        Some((lower, upper)) => {
            let step = (upper - lower) / (count - 1) as f64;
            places.extend((0..count).map(|k| if k + 1 == count { upper } else { lower + k as f64 * step }));
            if lower <= 0.0 && 0.0 <= upper {
                places.push(0.0);
            }
        }
        None => {
            places.push(0.0);
            let half = count / 2;
            for k in 1..=half {
                // Evenly spaced near 0, geometric far out, to about a million.
                let x = crate::num::function::sinh(14.5 * k as f64 / half as f64);
                places.extend([x, -x]);
            }
            let mut far = 4.0 * REACH;
            while far < 1e300 {
                places.extend([far, -far]);
                far *= 64.0;
            }
        }
    }
    places
}

/// A number for a reader: six digits.
pub(super) fn short(x: f64) -> String {
    match format!("{x:.5e}").parse::<f64>() {
        Ok(rounded) if (1e-4..1e7).contains(&rounded.abs()) || rounded == 0.0 => format!("{rounded}"),
        Ok(rounded) => format!("{rounded:e}"),
        Err(_) => format!("{x}"),
    }
}

impl Question<'_> {
    fn value(&self, x: f64) -> f64 {
        self.tape.value(x)
    }

    fn line(&self) -> bool {
        self.domain == Domain::Line
    }

    /// What is certainly wrong at `x`, if anything.
    fn refuted_at(&self, x: f64) -> Option<String> {
        let value = self.value(x);
        let place = format!("at {} = {}", self.coordinate, short(x));
        if !value.is_finite() {
            // Far out on a line values may overflow; inside walls that is of no use to anybody.
            return (!self.line() || self.undefined_without_overflow(x)).then(|| match value.is_nan() {
                true => format!("is undefined {place}"),
                false => format!("is not finite {place}"),
            });
        }
        if self.wanted == Wanted::Finite || value > 0.0 {
            return None;
        }
        let enclosure = self.tape.intervals(&[Interval::point(x)])[0];
        if !enclosure.defined {
            return None;
        }
        let exactly_zero = enclosure.lower == 0.0 && enclosure.upper == 0.0;
        let zero = value == 0.0 && enclosure.lower >= -UNDERFLOW && enclosure.upper <= UNDERFLOW;
        let aside = 1e-3 * x.abs().max(1.0);
        let isolated = || [x - aside, x + aside].iter().any(|&near| self.value(near) > 1e-200);
        let wrong = enclosure.upper < 0.0 || exactly_zero || zero && (!self.line() || isolated());
        wrong.then(|| format!("is {} {place}", short(value)))
    }

    /// Whether the first part of the formula that is not finite at `x` is undefined or a pole, not merely too large.
    fn undefined_without_overflow(&self, x: f64) -> bool {
        let parts = parts_of(self.formula);
        let Ok(tape) = Tape::compile(&parts, &[self.coordinate], self.bind) else { return false };
        let values = tape.at(&[x]);
        let value_of = |part: &Expr| parts.iter().position(|p| p == part).map_or(f64::NAN, |k| values[k]);
        for (part, value) in parts.iter().zip(&values) {
            if value.is_finite() {
                continue;
            }
            return match part.node() {
                Node::Quotient(_, below) => value_of(below) == 0.0,
                Node::Power(base, _) => value.is_nan() || value_of(base) == 0.0,
                Node::Call(Function::Ln, _) => true,
                _ => value.is_nan(),
            };
        }
        false
    }

    /// Cuts the domain until every piece is decided or `evaluations` are used up.
    fn enclose(&self, mut evaluations: usize) -> Answer {
        let mut pieces: Vec<(f64, f64)> = match self.domain.ends() {
            Some(ends) => vec![ends],
            None => {
                let mut pieces = vec![(-1.0, 1.0)];
                let mut from = 1.0;
                while from < REACH {
                    pieces.extend([(from, 4.0 * from), (-4.0 * from, -from)]);
                    from *= 4.0;
                }
                pieces.reverse();
                pieces
            }
        };
        let scale = self.domain.ends().map_or(1.0, |(lower, upper)| upper - lower);
        let (mut undecided, mut first) = (0, None);
        while let Some((lower, upper)) = pieces.pop() {
            let middle = 0.5 * lower + 0.5 * upper;
            if evaluations == 0 {
                return Answer::Undecided(first.unwrap_or(middle));
            }
            evaluations -= 1;
            let enclosure = self.tape.intervals(&[Interval::new(lower, upper)])[0];
            let enough = self.wanted == Wanted::Finite || enclosure.lower > 0.0;
            let underflow = || enclosure.upper < UNDERFLOW && enclosure.lower > -UNDERFLOW;
            if enclosure.defined && (enough || self.line() && underflow()) {
                continue;
            }
            if let Some(reason) = self.refuted_at(middle) {
                return Answer::Refuted(reason);
            }
            if upper - lower > 1e-13 * middle.abs().max(scale) && lower < middle && middle < upper {
                pieces.extend([(middle, upper), (lower, middle)]);
                continue;
            }
            // As small as it gets.
            let candidates = [lower, upper, simplest(lower, upper)];
            if let Some(reason) = candidates.iter().find_map(|&x| self.refuted_at(x)) {
                return Answer::Refuted(reason);
            }
            if !enclosure.defined && self.grows_towards(lower, upper) {
                let place = short(simplest(lower, upper));
                return Answer::Refuted(format!("is undefined or unbounded near {} = {place}", self.coordinate));
            }
            undecided += 1;
            first.get_or_insert(middle);
            if undecided == MOST_UNDECIDED {
                break;
            }
        }
        first.map_or(Answer::Certified, Answer::Undecided)
    }

    /// Whether values grow at least like the inverse root of the distance to the piece, over four decades.
    fn grows_towards(&self, lower: f64, upper: f64) -> bool {
        let width = upper - lower;
        [(upper, width), (lower, -width)].iter().any(|&(end, step)| {
            let sizes = [4.0, 400.0, 40_000.0].map(|n| self.value(end + n * step).abs());
            sizes[0] > 9.0 * sizes[1] && sizes[1] > 9.0 * sizes[2]
        })
    }
}

/// All distinct parts of a formula, each after those it is made of.
fn parts_of(formula: &Expr) -> Vec<Expr> {
    fn visit(e: &Expr, known: &mut HashSet<Expr>, parts: &mut Vec<Expr>) {
        if known.insert(e.clone()) {
            e.children().iter().for_each(|child| visit(child, known, parts));
            parts.push(e.clone());
        }
    }
    let (mut known, mut parts) = (HashSet::new(), Vec::new());
    visit(formula, &mut known, &mut parts);
    parts
}

/// The number with the fewest digits in `[lower, upper]`: places that people write down.
fn simplest(lower: f64, upper: f64) -> f64 {
    let middle = 0.5 * lower + 0.5 * upper;
    if lower <= 0.0 && 0.0 <= upper {
        return 0.0;
    }
    (0..17)
        .filter_map(|digits| format!("{middle:.digits$e}").parse::<f64>().ok())
        .find(|x| lower <= *x && *x <= upper)
        .unwrap_or(middle)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::{Names, parse};

    fn answer(text: &str, domain: Domain, wanted: Wanted) -> Answer {
        let formula = parse(text, &Names::of(["x"])).expect("a formula");
        decide(&formula, "x", &|_| None, domain, wanted, 1_000_000)
    }

    const WALLS: Domain = Domain::Interval { lower: -1.3, upper: 2.0 };

    #[test]
    fn positive_curvatures_are_certified() {
        for text in
            ["20*(1+sin(x)/2)", "1e-9+x^2", "exp(-x^2)", "1/(1+x^2)", "6*exp(0.7*sin(x)+0.25*sin(2*x))", "2-tanh(x)"]
        {
            for domain in [WALLS, Domain::Line] {
                assert_eq!(answer(text, domain, Wanted::Positive), Answer::Certified, "{text} on {domain:?}");
            }
        }
        for text in ["x^4-x^2", "exp(x^2)-exp(x)", "ln(1+x^2)", "cosh(x)"] {
            assert_eq!(answer(text, Domain::Line, Wanted::Finite), Answer::Certified, "{text}");
        }
    }

    #[test]
    fn wrong_ones_are_refuted_with_the_place() {
        let cases = [
            ("x^2", Wanted::Positive, "at x = 0"),
            ("0", Wanted::Positive, "is 0"),
            ("-3", Wanted::Positive, "is -3"),
            ("1-x^2", Wanted::Positive, "at x = "),
            ("(x-0.7000001)^2-1e-12", Wanted::Positive, "x = 0.7"),
            ("ln(x)", Wanted::Finite, "at x = "),
            ("1/x", Wanted::Finite, "at x = 0"),
            ("sin(x)/x", Wanted::Finite, "undefined at x = 0"),
            ("1/(x-0.3)", Wanted::Finite, "x = 0.3"),
            ("1/(3*x-1)", Wanted::Finite, "x = 0.333333"),
            ("1/(3*x-1)^2", Wanted::Positive, "x = 0.333333"),
            ("sqrt(x-1)", Wanted::Finite, "undefined"),
            ("tan(x)", Wanted::Finite, "x = 1.5708"),
        ];
        for (text, wanted, place) in cases {
            for domain in [WALLS, Domain::Line] {
                match answer(text, domain, wanted) {
                    Answer::Refuted(reason) if domain == Domain::Line => drop(reason),
                    Answer::Refuted(reason) => assert!(reason.contains(place), "{text}: {reason}"),
                    other => panic!("{text} on {domain:?}: {other:?}"),
                }
            }
        }
        assert!(matches!(answer("1-1e-14*x^2", Domain::Line, Wanted::Positive), Answer::Refuted(_)));
    }

    #[test]
    fn what_enclosures_cannot_see_is_undecided_and_never_certified() {
        for text in ["sin(x)^2+cos(x)^2-1+1e-12", "sin(x)^2+cos(x)^2-1"] {
            assert!(matches!(answer(text, WALLS, Wanted::Positive), Answer::Undecided(_)), "{text}");
        }
    }
}
