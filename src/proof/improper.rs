//! Bounds for the part of an integral that no cells reach: beyond a number, or next to an end where the integrand is not
//! smooth. A multiple of a power is shown to be larger than the integrand; or the integrand has one sign.

use super::assignment::Assignment;
use super::claim::{Assumption, Claim, Range, Symbols};
use super::majorant::{Beyond, Power};
use super::value::Value;
use crate::expr::Expr;
use crate::num::enclosure::{Enclosure, End, Side};
use crate::num::rational::Rational;
use num_traits::{One, Signed, Zero};
use std::collections::BTreeMap;

/// Bits of the enclosures.
const BITS: u32 = 128;

/// A term in one variable, all other symbols being numbers.
pub(super) struct Tail<'a> {
    pub(super) term: Expr,
    pub(super) variable: &'a str,
    /// Whether a bound on one side will do: the integral may then have no value.
    pub(super) one_sided: bool,
}

impl Tail<'_> {
    /// An enclosure of the integral from `from`, which is above zero, on: where `|f| ≤ C y^p` with `p < −1` it is below
    /// `C from^(p+1)/(−p−1)`.
    pub(super) fn beyond(&self, from: &Rational) -> Option<Enclosure> {
        let beyond = Beyond::new(self.variable, from)?;
        if let Some(Power { factor, power }) = beyond.size(&self.term)
            && power < -Rational::one()
        {
            let power = power + Rational::one();
            let whole = factor.times(&beyond.start_to(&power)?, BITS).over(&Enclosure::of(&-power, BITS), BITS).ok()?;
            return Some(whole.hull(&whole.negative()));
        }
        let (zero, least) = (End::zero(), beyond.least(&self.term).filter(|_| self.one_sided)?);
        Some(match least.negative {
            false => Enclosure::between(zero, End::Infinity),
            true => Enclosure::between(End::MinusInfinity, zero),
        })
    }

    /// An enclosure of the integral from 0 to `to`, which is below 1: that of `f(1/y)/y²` from `1/to` on, or `C to` where
    /// `|f| < C`.
    pub(super) fn beside(&self, to: &Rational) -> Option<Enclosure> {
        let inverse = Expr::integer(1) / Expr::symbol(self.variable);
        let with = |name: &str| (name == self.variable).then(|| inverse.clone());
        let term = self.term.substitute(&with) / Expr::symbol(self.variable).powi(2);
        let far = Tail { term, ..*self }.beyond(&to.recip());
        let bounded = |bound: &Enclosure| ![bound.lower(), bound.upper()].iter().any(|end| end.top().is_none());
        if far.as_ref().is_some_and(bounded) {
            return far;
        }
        let range = (Some(Rational::zero()), Some(to.clone()));
        let places = [to.clone(), to / Rational::from_integer(64.into())];
        match self.most(&places, &range) {
            Some(most) => {
                let whole = Enclosure::of(&(most * to), BITS);
                Some(whole.hull(&whole.negative()))
            }
            None => far,
        }
    }

    /// A `C` with `|f| < C`, guessed from two places and proved.
    fn most(&self, places: &[Rational; 2], range: &Range) -> Option<Rational> {
        let mut sizes = Vec::new();
        for place in places {
            let symbols = BTreeMap::from([(self.variable.to_owned(), place.clone())]);
            let place = Assignment { symbols, ..Assignment::default() };
            let size = place.values(&[&self.term], BITS).pop()?.ok()?.enclosure(BITS).abs();
            sizes.push(size.upper().exact(4000)?);
        }
        // What grows has no bound.
        let [near, far] = sizes.as_slice() else { return None };
        if !near.is_positive() || far > &(near * Rational::new(3.into(), 2.into())) {
            return None;
        }
        // A short number above twice what was seen.
        let most = near.max(far) * Rational::from_integer(2.into());
        let most = End::of(&most, 8, Side::Above).exact(4000)?;
        let bound = Expr::number(most.clone());
        let less = |smaller: &Expr, larger: &Expr| {
            self.proves(&Claim::Less { smaller: smaller.clone(), larger: larger.clone(), over: self.over(range) })
        };
        (less(&self.term, &bound) && less(&-bound.clone(), &self.term)).then_some(most)
    }

    fn over(&self, range: &Range) -> BTreeMap<String, Range> {
        BTreeMap::from([(self.variable.to_owned(), range.clone())])
    }

    fn proves(&self, claim: &Claim) -> bool {
        let symbols = Symbols::from([(self.variable.to_owned(), Assumption::Real)]);
        super::inequality::prove(&symbols, claim).is_ok()
    }
}

/// The sum of parts that may be unbounded on one side.
pub(super) fn total<'a>(parts: impl Iterator<Item = &'a Enclosure>) -> Value {
    Value::within(parts.fold(Enclosure::whole(0), |sum, part| sum.plus(part, BITS)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::parse;

    fn tail(text: &str) -> Tail<'static> {
        let (_, names) = super::super::tests::symbols("x:R");
        Tail { term: parse(text, &names).expect(text), variable: "x", one_sided: true }
    }

    fn ratio(a: i64, b: i64) -> Rational {
        Rational::new(a.into(), b.into())
    }

    fn holds(bound: &Enclosure, value: f64, width: f64) -> bool {
        let end = |end: &End| crate::num::rational::to_f64(&end.exact(4000).expect("bounded"));
        let (a, b) = (end(bound.lower()), end(bound.upper()));
        a <= value && value <= b && b - a <= 2.0 * width
    }

    /// The integrals are those of textbooks: `exp(−8)`, `1/8`, `π/2 − atan 8`, `2/√δ`, `1 − cos δ`, `δ ln δ − δ`.
    #[test]
    fn bounds_hold_the_integral_and_are_not_wide() {
        for (text, from, value, width) in [
            ("exp(-x)", 8, (-8.0_f64).exp(), 0.01),
            ("1/x^2", 8, 0.125, 0.6),
            ("1/(1+x^2)", 8, std::f64::consts::FRAC_PI_2 - 8.0_f64.atan(), 0.6),
            ("x^4*exp(-x^4)", 8, 0.0, 1e-9),
            ("x^4/(exp(x)-1)", 64, 0.0, 1e-7),
        ] {
            let bound = tail(text).beyond(&ratio(from, 1)).expect(text);
            assert!(holds(&bound, value, width), "{text}: {}", bound.text(10));
        }
        for (text, value, width) in [
            ("1/sqrt(x)", 0.25, 0.6),
            ("sin(x)/x", 1.0 / 64.0, 0.04),
            ("ln(x)", -0.0806, 0.3),
            ("x^4/(exp(x)-1)", 1.5e-8, 1e-5),
        ] {
            let bound = tail(text).beside(&ratio(1, 64)).expect(text);
            assert!(holds(&bound, value, width), "{text}: {}", bound.text(10));
        }
    }

    #[test]
    fn what_has_no_integral_has_no_bound_on_one_side() {
        for text in ["1/x", "x", "1", "1/(x+1)"] {
            let bound = tail(text).beyond(&ratio(8, 1)).expect(text);
            assert!(bound.is_nonnegative() && *bound.upper() == End::Infinity, "{text}");
        }
        let bound = tail("1/x").beside(&ratio(1, 2)).expect("of one sign");
        assert!(bound.is_nonnegative() && *bound.upper() == End::Infinity);
        assert!(tail("sin(x)").beyond(&ratio(8, 1)).is_none());
        assert!(tail("1/sin(1/x)").beside(&ratio(1, 8)).is_none());
    }
}
