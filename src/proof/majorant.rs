//! How large and how small a term of one variable is from some number on: `|f| ≤ C y^p`, or `|f| ≥ c y^p` with a sign, for
//! all `y ≥ start`, by rules for each part of it.

use super::assignment::Assignment;
use crate::expr::{Expr, Function, Node};
use crate::num::enclosure::Enclosure;
use crate::num::rational::Rational;
use num_traits::{One, Signed, ToPrimitive, Zero};

/// Bits of the enclosures.
const BITS: u32 = 128;
/// Most parts of a term that are looked at.
const MOST_PARTS: u32 = 400;
/// Largest power that an exponential is compared with.
const LARGEST_POWER: i64 = 60;

/// `factor · y^power`
#[derive(Clone, Debug)]
pub(super) struct Power {
    pub(super) factor: Enclosure,
    pub(super) power: Rational,
}

/// A bound from below for the size of what has one sign.
#[derive(Clone, Debug)]
pub(super) struct Least {
    pub(super) negative: bool,
    pub(super) size: Power,
}

/// The variable, from `start ≥ 1` on.
pub(super) struct Beyond<'a> {
    variable: &'a str,
    start: Enclosure,
    left: std::cell::Cell<u32>,
}

impl Power {
    fn constant(factor: Enclosure) -> Power {
        Power { factor, power: Rational::zero() }
    }

    fn times(&self, other: &Power) -> Power {
        Power { factor: self.factor.times(&other.factor, BITS), power: &self.power + &other.power }
    }

    fn over(&self, other: &Power) -> Option<Power> {
        Some(Power { factor: self.factor.over(&other.factor, BITS).ok()?, power: &self.power - &other.power })
    }

    fn to(&self, exponent: &Rational) -> Option<Power> {
        let factor = self.factor.power(&Enclosure::of(exponent, BITS), BITS).ok()?;
        Some(Power { factor, power: &self.power * exponent })
    }
}

impl<'a> Beyond<'a> {
    pub(super) fn new(variable: &'a str, start: &Rational) -> Option<Beyond<'a>> {
        let left = std::cell::Cell::new(MOST_PARTS);
        (*start >= Rational::one()).then(|| Beyond { variable, start: Enclosure::of(start, BITS), left })
    }

    /// `y^power` where the variable starts.
    pub(super) fn start_to(&self, power: &Rational) -> Option<Enclosure> {
        self.start.power(&Enclosure::of(power, BITS), BITS).ok()
    }

    /// The same bound with a larger power: `y^p ≤ start^(p−q) y^q` for `p ≤ q`.
    fn raised(&self, bound: &Power, power: &Rational) -> Option<Power> {
        let factor = bound.factor.times(&self.start_to(&(&bound.power - power))?, BITS);
        Some(Power { factor, power: power.clone() })
    }

    /// The value of a term without the variable.
    fn number(&self, e: &Expr) -> Option<Enclosure> {
        if e.contains(self.variable) {
            return None;
        }
        Some(Assignment::default().values(&[e], BITS).pop()?.ok()?.enclosure(BITS))
    }

    /// A bound from above for `|e|`; `None` where none is found. The term is then defined all along.
    pub(super) fn size(&self, e: &Expr) -> Option<Power> {
        self.left.set(self.left.get().checked_sub(1)?);
        if let Some(value) = self.number(e) {
            return Some(Power::constant(value.abs()));
        }
        match e.node() {
            Node::Symbol(name) if **name == *self.variable => {
                Some(Power { factor: Enclosure::whole(1), power: Rational::one() })
            }
            Node::Negative(a) => self.size(a),
            Node::Sum(terms) => {
                let terms = terms.iter().filter(|term| !term.is_zero());
                let sizes: Vec<Power> = terms.map(|term| self.size(term)).collect::<Option<_>>()?;
                let top = sizes.iter().map(|size| size.power.clone()).max()?;
                let mut sum = Power { factor: Enclosure::whole(0), power: top.clone() };
                for size in &sizes {
                    sum.factor = sum.factor.plus(&self.raised(size, &top)?.factor, BITS);
                }
                Some(sum)
            }
            Node::Product(factors) => {
                let one = Power::constant(Enclosure::whole(1));
                factors.iter().try_fold(one, |product, factor| Some(product.times(&self.size(factor)?)))
            }
            Node::Quotient(a, b) => self.size(a)?.over(&self.least(b)?.size),
            Node::Power(a, b) => {
                let exponent = b.as_number()?;
                if !exponent.is_integer() && self.least(a)?.negative {
                    return None;
                }
                match exponent.is_negative() {
                    false => self.size(a)?.to(&exponent),
                    true => self.least(a)?.size.to(&exponent),
                }
            }
            Node::Call(function, u) => self.size_of_call(*function, u),
            _ => None,
        }
    }

    fn size_of_call(&self, function: Function, u: &Expr) -> Option<Power> {
        let one = Power::constant(Enclosure::whole(1));
        let small = |inner: &Power| inner.power.is_negative();
        // The largest size of what does not grow.
        let most = || {
            let inner = self.size(u)?;
            (!inner.power.is_positive()).then(|| self.raised(&inner, &Rational::zero())).flatten()
        };
        match function {
            Function::Exp => match self.least(u) {
                // exp(−v) ≤ k!/v^k
                Some(Least { negative: true, size }) if size.power.is_positive() => {
                    let (k, factorial) = self.close_power(&size)?;
                    Power::constant(factorial).over(&size.to(&Rational::from_integer(k.into()))?)
                }
                Some(Least { negative: true, .. }) => Some(one),
                _ => Some(Power::constant(most()?.factor.exp(BITS))),
            },
            Function::Ln => {
                let (least, size) = (self.least(u)?, self.size(u)?);
                if least.negative {
                    return None;
                }
                // |ln u| ≤ |ln c| + |ln C| + r ln y, and ln y < 3 y^(1/8).
                let logs = least.size.factor.ln(BITS).ok()?.abs().plus(&size.factor.ln(BITS).ok()?.abs(), BITS);
                let rate = least.size.power.abs().max(size.power.abs()) * Rational::from_integer(3.into());
                let factor = logs.plus(&Enclosure::of(&rate, BITS), BITS);
                Some(Power { factor, power: Rational::new(1.into(), 8.into()) })
            }
            Function::Sqrt => {
                (!self.least(u)?.negative).then(|| self.size(u)?.to(&Rational::new(1.into(), 2.into()))).flatten()
            }
            Function::Sin | Function::Tanh | Function::Atan | Function::Cos => {
                let inner = self.size(u);
                // What is not defined has no size.
                if inner.is_none() && self.least(u).is_none() {
                    return None;
                }
                let bound = if function == Function::Atan { 2 } else { 1 };
                let inner = inner.filter(|inner| small(inner) && function != Function::Cos);
                Some(inner.unwrap_or(Power::constant(Enclosure::whole(bound))))
            }
            Function::Cosh => Some(Power::constant(most()?.factor.cosh(BITS))),
            Function::Sinh => {
                let inner = self.size(u).filter(small)?;
                Some(Power { factor: inner.factor.times(&most()?.factor.cosh(BITS), BITS), ..inner })
            }
            Function::Abs => self.size(u),
            Function::Tan => None,
        }
    }

    /// A power that `exp(v) ≥ v^k/k!` is close to equality with where the variable starts, and `k!`.
    fn close_power(&self, v: &Power) -> Option<(i64, Enclosure)> {
        let at_start = v.factor.times(&self.start_to(&v.power)?, BITS);
        let (middle, _) = at_start.decimal(6)?;
        let k = middle.to_integer().to_i64().unwrap_or(LARGEST_POWER).clamp(2, LARGEST_POWER);
        let factorial = (1..=k).fold(Enclosure::whole(1), |product, n| product.times(&Enclosure::whole(n), BITS));
        Some((k, factorial))
    }

    /// A bound from below for `|e|`, and the sign of `e`; `None` where none is found.
    pub(super) fn least(&self, e: &Expr) -> Option<Least> {
        self.left.set(self.left.get().checked_sub(1)?);
        let found = self.least_of(e)?;
        found.size.factor.is_positive().then_some(found)
    }

    fn least_of(&self, e: &Expr) -> Option<Least> {
        let positive = |size: Power| Least { negative: false, size };
        if let Some(value) = self.number(e) {
            let negative = value.is_negative();
            return (negative || value.is_positive()).then(|| Least { negative, size: Power::constant(value.abs()) });
        }
        match e.node() {
            Node::Symbol(name) if **name == *self.variable => {
                Some(positive(Power { factor: Enclosure::whole(1), power: Rational::one() }))
            }
            Node::Negative(a) => self.least(a).map(|a| Least { negative: !a.negative, ..a }),
            Node::Sum(terms) => self.least_of_sum(terms),
            Node::Product(factors) => {
                let mut product = positive(Power::constant(Enclosure::whole(1)));
                for factor in factors {
                    let factor = self.least(factor)?;
                    product.negative ^= factor.negative;
                    product.size = product.size.times(&factor.size);
                }
                Some(product)
            }
            Node::Quotient(a, b) => {
                let (above, below) = (self.least(a)?, self.least(b)?);
                Some(Least { negative: above.negative ^ below.negative, size: above.size.over(&self.size(b)?)? })
            }
            Node::Power(a, b) => {
                let (base, exponent) = (self.least(a)?, b.as_number()?);
                if base.negative && !exponent.is_integer() {
                    return None;
                }
                let odd = !(exponent.numer() % 2u8).is_zero();
                let size = if exponent.is_negative() { self.size(a)? } else { base.size };
                Some(Least { negative: base.negative && odd, size: size.to(&exponent)? })
            }
            Node::Call(function, u) => self.least_of_call(*function, u),
            _ => None,
        }
    }

    /// The terms with the sign of the one that grows fastest, less all others.
    fn least_of_sum(&self, terms: &[Expr]) -> Option<Least> {
        let known: Vec<Option<Least>> = terms.iter().map(|term| self.least(term)).collect();
        let lead = known.iter().flatten().max_by(|a, b| a.size.power.cmp(&b.size.power))?.clone();
        let mut sum = Power { factor: Enclosure::whole(0), power: lead.size.power.clone() };
        for (term, own) in terms.iter().zip(&known) {
            match own {
                Some(own) if own.negative == lead.negative => {
                    if own.size.power == sum.power {
                        sum.factor = sum.factor.plus(&own.size.factor, BITS);
                    }
                    // What else has this sign does no harm, as long as it is defined.
                }
                _ => {
                    let size = self.size(term)?;
                    if size.power > sum.power {
                        return None;
                    }
                    let size = self.raised(&size, &sum.power)?;
                    sum.factor = sum.factor.minus(&size.factor, BITS);
                }
            }
        }
        Some(Least { negative: lead.negative, size: sum })
    }

    fn least_of_call(&self, function: Function, u: &Expr) -> Option<Least> {
        let positive = |size: Power| Some(Least { negative: false, size });
        match function {
            Function::Exp | Function::Cosh => {
                let half = if function == Function::Cosh { 2 } else { 1 };
                match self.least(u) {
                    Some(Least { negative, size }) if size.power.is_positive() && (!negative || half == 2) => {
                        let (k, factorial) = self.close_power(&size)?;
                        let grown = size.to(&Rational::from_integer(k.into()))?;
                        positive(grown.over(&Power::constant(factorial.times(&Enclosure::whole(half), BITS)))?)
                    }
                    _ => {
                        let inner = self.size(u)?;
                        let most = self.raised(&inner, &Rational::zero()).filter(|_| !inner.power.is_positive())?;
                        positive(Power::constant(most.factor.negative().exp(BITS)))
                    }
                }
            }
            Function::Sqrt => {
                let inner = self.least(u).filter(|inner| !inner.negative)?;
                positive(inner.size.to(&Rational::new(1.into(), 2.into()))?)
            }
            Function::Abs => positive(self.least(u)?.size),
            // An odd function that grows: its value at the least size, where that does not fall.
            Function::Tanh | Function::Atan | Function::Sinh => {
                let inner = self.least(u).filter(|inner| !inner.size.power.is_negative())?;
                let least = inner.size.factor.times(&self.start_to(&inner.size.power)?, BITS);
                let value = match function {
                    Function::Tanh => least.tanh(BITS),
                    Function::Atan => least.atan(BITS),
                    _ => least.sinh(BITS),
                };
                Some(Least { negative: inner.negative, size: Power::constant(value) })
            }
            Function::Ln => {
                let inner = self.least(u).filter(|inner| !inner.negative && !inner.size.power.is_negative())?;
                let least = inner.size.factor.times(&self.start_to(&inner.size.power)?, BITS);
                positive(Power::constant(least.ln(BITS).ok()?))
            }
            Function::Sin | Function::Cos | Function::Tan => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::parse;
    use crate::num::rational::to_f64;

    fn value(e: &Expr, x: i64) -> f64 {
        let symbols = std::collections::BTreeMap::from([("x".to_owned(), Rational::from_integer(x.into()))]);
        let place = Assignment { symbols, ..Assignment::default() };
        let value = place.values(&[e], BITS).pop().expect("one").expect("defined").enclosure(BITS);
        to_f64(&value.lower().exact(4000).expect("bounded"))
    }

    /// `C y^p`, with the end of the factor that counts.
    fn at(bound: &Power, y: f64, upper: bool) -> f64 {
        let end = if upper { bound.factor.upper() } else { bound.factor.lower() };
        let factor = to_f64(&end.exact(4000).unwrap_or_else(|| panic!("{bound:?}")));
        factor * crate::num::function::powf(y, to_f64(&bound.power))
    }

    #[test]
    fn bounds_are_on_the_right_side_of_values() {
        let (_, names) = super::super::tests::symbols("x:R");
        for text in [
            "x",
            "-3*x^2+x",
            "x^4-x^3+1",
            "1/(1+x^2)",
            "exp(-x)",
            "exp(-x^2/2+x)",
            "1/cosh(x)",
            "x^4/(exp(x)-1)",
            "ln(x)",
            "ln(1+x^2)/x^2",
            "sqrt(x^2+1)",
            "(1+x^2)^(-3/2)",
            "atan(x)/x",
            "tanh(x)",
            "exp(1/x)",
            "sinh(1/x)",
            "cosh(1/x)",
            "sin(1/x)",
            "x*sin(1/x)",
            "cos(x)*exp(-x)",
            "-ln(1/x)",
            "exp(-1/x)-2",
            "abs(1-x)",
            "1-exp(-x)",
            "atan(1/x)",
            "ln(2)*x",
            "(1/x)^(1/3)",
            "cosh(-x)",
            "-exp(x/4)",
            "sinh(x/9)",
            "(2-x)^3",
            "(2-x)^(-2)",
            "3-tanh(x)",
        ] {
            let e = parse(text, &names).expect(text);
            let beyond = Beyond::new("x", &Rational::from_integer(8.into())).expect("far");
            let (size, least) = (beyond.size(&e), beyond.least(&e));
            assert!(size.is_some() || least.is_some(), "{text}");
            for x in [8, 9, 12, 30] {
                let found = value(&e, x);
                if let Some(size) = &size {
                    assert!(found.abs() <= at(size, x as f64, true) * (1.0 + 1e-9), "{text} at {x}: {size:?}");
                }
                if let Some(Least { negative, size }) = &least {
                    assert_eq!(*negative, found < 0.0, "{text} at {x}");
                    assert!(found.abs() >= at(size, x as f64, false) * (1.0 - 1e-9), "{text} at {x}: {size:?}");
                }
            }
        }
    }

    #[test]
    fn what_is_not_known_or_not_defined_has_no_bound() {
        let (_, names) = super::super::tests::symbols("x:R y:R F:+x");
        let beyond = Beyond::new("x", &Rational::from_integer(8.into())).expect("far");
        for text in [
            "y*x",
            "F(x)",
            "ln(-x)",
            "sqrt(5-x)",
            "(3-x)^(1/2)",
            "1/sin(x)",
            "tan(x)",
            "exp(x)",
            "x^x",
            "1/(x-20)",
            "ln(9-x)",
            "1/(exp(-x)-exp(-x))",
            "cos(ln(5-x))",
            "1/(sin(x)+1)",
        ] {
            assert!(beyond.size(&parse(text, &names).expect(text)).is_none(), "{text}");
        }
        for text in ["sin(x)", "x-x", "x-20", "9-x", "ln(x-8)", "sin(x)+1/2", "0*x", "cos(x)-exp(-x)"] {
            assert!(beyond.least(&parse(text, &names).expect(text)).is_none(), "{text}");
        }
        assert!(Beyond::new("x", &Rational::new(1.into(), 2.into())).is_none());
    }
}
