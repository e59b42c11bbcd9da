//! Values of terms: an exact ratio as long as it can be, else an enclosure.

use crate::expr::Function;
use crate::num::enclosure::{Enclosure, End, Side, Undefined};
use crate::num::rational::Rational;
use num_bigint::BigInt;
use num_traits::{One, Signed, ToPrimitive, Zero};

/// Exact ratios with more bits are enclosed instead.
const MOST_BITS: u64 = 2048;

/// A real number, exactly or between two ends.
#[derive(Clone, Debug)]
pub(super) enum Value {
    /// The number itself.
    Exact(Rational),
    /// A number, or all numbers, in here.
    Within(Enclosure, Open),
}

/// Ends that are known not to be reached: what lets `x > 0` stay positive down to the end of an open box.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Open {
    /// Everything is above the lower end.
    pub(super) above: bool,
    /// Everything is below the upper end.
    pub(super) below: bool,
}

impl Open {
    fn swapped(self) -> Open {
        Open { above: self.below, below: self.above }
    }
}

impl Value {
    /// Anything between the ends, these included.
    pub(super) fn within(enclosure: Enclosure) -> Value {
        Value::Within(enclosure, Open::default())
    }

    fn ends(&self, bits: u32) -> (Enclosure, Open) {
        match self {
            Value::Exact(value) => (Enclosure::of(value, bits), Open::default()),
            Value::Within(within, open) => (within.clone(), *open),
        }
    }

    pub(super) fn whole(n: i64) -> Value {
        Value::Exact(Rational::from_integer(n.into()))
    }

    pub(super) fn enclosure(&self, bits: u32) -> Enclosure {
        match self {
            Value::Exact(value) => Enclosure::of(value, bits),
            Value::Within(within, _) => within.clone(),
        }
    }

    /// Whether it is the number zero, known exactly.
    pub(super) fn is_zero(&self) -> bool {
        match self {
            Value::Exact(value) => value.is_zero(),
            Value::Within(within, _) => within.contains_zero() && within.is_point(),
        }
    }

    pub(super) fn may_be_zero(&self) -> bool {
        !self.is_positive() && !self.is_negative()
    }

    pub(super) fn is_positive(&self) -> bool {
        match self {
            Value::Exact(value) => value.is_positive(),
            Value::Within(within, open) => within.is_positive() || within.is_nonnegative() && open.above,
        }
    }

    pub(super) fn is_negative(&self) -> bool {
        match self {
            Value::Exact(value) => value.is_negative(),
            Value::Within(within, open) => within.is_negative() || within.is_nonpositive() && open.below,
        }
    }

    pub(super) fn is_nonpositive(&self) -> bool {
        match self {
            Value::Exact(value) => !value.is_positive(),
            Value::Within(within, _) => within.is_nonpositive(),
        }
    }

    pub(super) fn is_nonnegative(&self) -> bool {
        match self {
            Value::Exact(value) => !value.is_negative(),
            Value::Within(within, _) => within.is_nonnegative(),
        }
    }

    /// Whether the two are certainly different numbers.
    pub(super) fn differs_from(&self, other: &Value, bits: u32) -> bool {
        match (self, other) {
            (Value::Exact(a), Value::Exact(b)) => a != b,
            _ => self.enclosure(bits).is_disjoint_from(&other.enclosure(bits)),
        }
    }

    /// For a reader: the ratio itself where it is short, else a decimal with its error.
    pub(super) fn text(&self, digits: u32) -> String {
        match self {
            Value::Exact(value) if bits(value) <= 128 => value.to_string(),
            _ => self.enclosure(4 * digits + 64).text(digits),
        }
    }

    /// A ratio and an error that [`Value::text`] stands for; `None` where it gives two ends.
    pub(super) fn decimal(&self, digits: u32) -> Option<(Rational, Rational)> {
        match self {
            Value::Exact(value) if bits(value) <= 128 => Some((value.clone(), Rational::zero())),
            _ => self.enclosure(4 * digits + 64).decimal(digits),
        }
    }

    fn exact(value: Rational, precision: u32) -> Value {
        if bits(&value) <= MOST_BITS { Value::Exact(value) } else { Value::within(Enclosure::of(&value, precision)) }
    }

    pub(super) fn negative(&self) -> Value {
        match self {
            Value::Exact(value) => Value::Exact(-value),
            Value::Within(within, open) => Value::Within(within.negative(), open.swapped()),
        }
    }

    pub(super) fn plus(&self, other: &Value, bits: u32) -> Value {
        if let (Value::Exact(a), Value::Exact(b)) = (self, other) {
            return Value::exact(a + b, bits);
        }
        let ((a, p), (b, q)) = (self.ends(bits), other.ends(bits));
        Value::Within(a.plus(&b, bits), Open { above: p.above || q.above, below: p.below || q.below })
    }

    pub(super) fn times(&self, other: &Value, bits: u32) -> Value {
        match (self, other) {
            (Value::Exact(a), Value::Exact(b)) => return Value::exact(a * b, bits),
            // What is here is defined: zero times it is zero.
            (Value::Exact(zero), _) | (_, Value::Exact(zero)) if zero.is_zero() => return Value::whole(0),
            (Value::Exact(one), rest) | (rest, Value::Exact(one)) if one.is_one() => return rest.clone(),
            _ => {}
        }
        if self.is_zero() || other.is_zero() {
            return Value::whole(0);
        }
        if self.is_nonpositive() {
            return self.negative().times(other, bits).negative();
        }
        if other.is_nonpositive() {
            return self.times(&other.negative(), bits).negative();
        }
        let ((a, p), (b, q)) = (self.ends(bits), other.ends(bits));
        let product = a.times(&b, bits);
        if !a.is_nonnegative() || !b.is_nonnegative() {
            return Value::within(product);
        }
        // x > a and y > 0 give x y > a y ≥ a b; x < A and 0 ≤ y ≤ B with B > 0 give x y < A B.
        let above = p.above && other.is_positive() || q.above && self.is_positive();
        Value::Within(product, Open { above, below: p.below || q.below })
    }

    pub(super) fn over(&self, other: &Value, bits: u32) -> Result<Value, Undefined> {
        match (self, other) {
            (_, Value::Exact(b)) if b.is_zero() => return Err(Undefined::Everywhere),
            (Value::Exact(a), Value::Exact(b)) => return Ok(Value::exact(a / b, bits)),
            _ => {}
        }
        if other.is_negative() {
            return self.negative().over(&other.negative(), bits);
        }
        let ((a, p), (b, q)) = (self.ends(bits), other.ends(bits));
        if [p, q] == [Open::default(); 2] && *b.upper() != End::Infinity {
            return Ok(Value::within(a.over(&b, bits)?));
        }
        if !other.is_positive() {
            return Err(Undefined::Possibly);
        }
        let lower = End::whole(1).over(b.upper(), bits, Side::Below);
        let upper = match b.is_positive() {
            true => End::whole(1).over(b.lower(), bits, Side::Above),
            false => End::Infinity,
        };
        let open = Open { above: q.below || *b.upper() == End::Infinity, below: q.above };
        Ok(self.times(&Value::Within(Enclosure::between(lower, upper), open), bits))
    }

    /// `self ^ n` for a whole `n`. `0^0` is left undefined: no claim shall hang on it.
    pub(super) fn integer_power(&self, n: &BigInt, precision: u32) -> Result<Value, Undefined> {
        if n.is_zero() {
            return if self.may_be_zero() { Err(Undefined::Possibly) } else { Ok(Value::whole(1)) };
        }
        if let Value::Exact(base) = self {
            if base.is_zero() && n.is_negative() {
                return Err(Undefined::Everywhere);
            }
            if let Some(n) = n.to_i32()
                && bits(base).saturating_mul(u64::from(n.unsigned_abs())) <= 2 * MOST_BITS
            {
                return Ok(Value::exact(base.pow(n), precision));
            }
        }
        if n.is_negative() {
            return Value::whole(1).over(&self.integer_power(&-n, precision)?, precision);
        }
        let (base, open) = self.ends(precision);
        let even = !n.bit(0);
        let open = match (base.is_nonnegative(), base.is_nonpositive(), even) {
            (true, _, _) | (_, _, false) => open,
            (_, true, true) => open.swapped(),
            _ => Open::default(),
        };
        Ok(Value::Within(base.integer_power(n, precision)?, open))
    }

    /// `self ^ exponent`: any base but zero for an exponent that is known to be whole, else a positive one.
    pub(super) fn power(&self, exponent: &Value, precision: u32) -> Result<Value, Undefined> {
        if let Value::Exact(p) = exponent
            && p.is_integer()
        {
            return self.integer_power(p.numer(), precision);
        }
        if !self.is_positive() {
            let surely = matches!(exponent, Value::Exact(_)) && self.is_nonpositive();
            return Err(if surely { Undefined::Everywhere } else { Undefined::Possibly });
        }
        if let Value::Exact(p) = exponent
            && let Some(n) = p.denom().to_u32()
            && n <= 64
        {
            return self.root(n, precision)?.integer_power(p.numer(), precision);
        }
        let ((base, open), (p, _)) = (self.ends(precision), exponent.ends(precision + 64));
        if open == Open::default() && base.is_positive() {
            return Ok(Value::within(base.power(&p, precision)?));
        }
        let logarithm = self.call(Function::Ln, precision + 8)?;
        logarithm.times(exponent, precision + 8).call(Function::Exp, precision)
    }

    fn root(&self, n: u32, precision: u32) -> Result<Value, Undefined> {
        if let Value::Exact(value) = self
            && !value.is_negative()
        {
            let (over, under) = (value.numer().nth_root(n), value.denom().nth_root(n));
            if over.pow(n) == *value.numer() && under.pow(n) == *value.denom() {
                return Ok(Value::Exact(Rational::new(over, under)));
            }
        }
        let (x, open) = self.ends(precision);
        Ok(Value::Within(x.root(n, precision)?, open))
    }

    pub(super) fn call(&self, function: Function, bits: u32) -> Result<Value, Undefined> {
        if let Value::Exact(value) = self {
            let known = match function {
                Function::Exp | Function::Cos | Function::Cosh if value.is_zero() => Some(1),
                Function::Sin | Function::Tan | Function::Sinh | Function::Tanh | Function::Atan if value.is_zero() => {
                    Some(0)
                }
                Function::Ln if value.is_one() => Some(0),
                _ => None,
            };
            if let Some(known) = known {
                return Ok(Value::whole(known));
            }
            if function == Function::Abs {
                return Ok(Value::Exact(value.abs()));
            }
        }
        if function == Function::Sqrt {
            return self.root(2, bits);
        }
        let (x, open) = self.ends(bits + 8);
        // Functions that grow keep ends that are not reached, and never reach what they tend to.
        let kept = Open {
            above: open.above || *x.lower() == End::MinusInfinity,
            below: open.below || *x.upper() == End::Infinity,
        };
        let size = || if x.is_nonpositive() { open.swapped() } else { open };
        let mixed = !x.is_nonnegative() && !x.is_nonpositive();
        Ok(match function {
            Function::Exp => Value::Within(x.exp(bits), kept),
            Function::Ln if x.is_nonnegative() && !x.is_positive() && open.above => {
                let upper = Enclosure::between(x.upper().clone(), x.upper().clone()).ln(bits)?;
                Value::Within(Enclosure::between(End::MinusInfinity, upper.upper().clone()), kept)
            }
            Function::Ln => Value::Within(x.ln(bits)?, kept),
            Function::Sqrt => Value::within(x.sqrt(bits)?),
            Function::Sin => Value::within(x.sin(bits)),
            Function::Cos => Value::within(x.cos(bits)),
            Function::Tan => Value::within(x.tan(bits)?),
            Function::Sinh => Value::Within(x.sinh(bits), kept),
            Function::Tanh => Value::Within(x.tanh(bits), kept),
            Function::Atan => Value::Within(x.atan(bits), kept),
            Function::Cosh => Value::Within(x.cosh(bits), if mixed { Open::default() } else { size() }),
            Function::Abs => Value::Within(x.abs(), if mixed { Open::default() } else { size() }),
        })
    }
}

/// Bits that numerator and denominator take together.
fn bits(value: &Rational) -> u64 {
    value.numer().bits() + value.denom().bits()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(a: i64, b: i64) -> Value {
        Value::Within(Enclosure::between(End::whole(a), End::whole(b)), Open { above: true, below: true })
    }

    #[test]
    fn open_ends_stay_open_and_closed_ones_closed() {
        let unit = open(0, 1);
        let positive = Value::Within(Enclosure::between(End::zero(), End::Infinity), Open { above: true, below: true });
        let closed = Value::within(Enclosure::between(End::zero(), End::whole(1)));
        let all = Value::within(Enclosure::ALL);
        let one = Value::whole(1);
        assert!(unit.is_positive() && !closed.is_positive() && !open(-1, 1).is_positive());
        assert!(unit.times(&positive, 64).is_positive());
        assert!(!unit.times(&closed, 64).is_positive());
        let zero = Value::within(Enclosure::whole(0));
        assert!(unit.times(&zero, 64).is_zero() && zero.times(&all, 64).is_zero());
        assert!(unit.plus(&closed, 64).is_positive());
        assert!(one.over(&unit, 64).is_ok_and(|v| v.plus(&Value::whole(-1), 64).is_positive()));
        let left = Value::Within(Enclosure::between(End::zero(), End::whole(2)), Open { above: true, below: false });
        assert!(left.negative().is_negative() && !left.negative().plus(&Value::whole(2), 64).is_positive());
        let half = Value::Exact(Rational::new((-1).into(), 2.into()));
        assert!(one.over(&left, 64).is_ok_and(|v| !v.plus(&half, 64).is_positive()));
        assert!(one.over(&open(0, 2), 64).is_ok_and(|v| v.plus(&half, 64).is_positive()));
        assert!(one.over(&positive, 64).is_ok_and(|v| v.is_positive()));
        assert!(one.over(&positive.negative(), 64).is_ok_and(|v| v.is_negative()));
        assert!(one.over(&closed, 64).is_err() && one.over(&all, 64).is_err());
        assert!(all.call(Function::Exp, 64).is_ok_and(|v| v.is_positive()));
        assert!(all.call(Function::Tanh, 64).is_ok_and(|v| one.plus(&v.negative(), 64).is_positive()));
        assert!(unit.call(Function::Ln, 64).is_ok_and(|v| v.is_negative()));
        assert!(closed.call(Function::Ln, 64).is_err());
        assert!(unit.power(&Value::Exact(Rational::new(5.into(), 2.into())), 64).is_ok_and(|v| v.is_positive()));
        assert!(unit.power(&positive, 64).is_ok_and(|v| v.is_positive()));
        assert!(closed.power(&positive, 64).is_err());
        assert!(open(-1, 0).integer_power(&BigInt::from(2), 64).is_ok_and(|v| v.is_positive()));
        assert!(open(-1, 0).integer_power(&BigInt::from(-3), 64).is_ok_and(|v| v.is_negative()));
        assert!(!open(-1, 1).integer_power(&BigInt::from(2), 64).is_ok_and(|v| v.is_positive()));
        assert!(!open(-1, 1).call(Function::Abs, 64).is_ok_and(|v| v.is_positive()));
        assert!(open(-1, 0).call(Function::Abs, 64).is_ok_and(|v| v.is_positive()));
        assert!(!open(-1, 1).call(Function::Cosh, 64).is_ok_and(|v| v.plus(&Value::whole(-1), 64).is_positive()));
        assert!(open(-1, 0).call(Function::Cosh, 64).is_ok_and(|v| v.plus(&Value::whole(-1), 64).is_positive()));
        assert!(!open(0, 4).call(Function::Sin, 64).is_ok_and(|v| v.is_positive()));
    }
}
