//! Values of terms: an exact ratio as long as it can be, else an enclosure.

use crate::expr::Function;
use crate::num::enclosure::{Enclosure, Undefined};
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
    Within(Enclosure),
}

impl Value {
    pub(super) fn whole(n: i64) -> Value {
        Value::Exact(Rational::from_integer(n.into()))
    }

    pub(super) fn enclosure(&self, bits: u32) -> Enclosure {
        match self {
            Value::Exact(value) => Enclosure::of(value, bits),
            Value::Within(within) => within.clone(),
        }
    }

    /// Whether it is the number zero, known exactly.
    pub(super) fn is_zero(&self) -> bool {
        match self {
            Value::Exact(value) => value.is_zero(),
            Value::Within(within) => within.contains_zero() && within.is_point(),
        }
    }

    pub(super) fn may_be_zero(&self) -> bool {
        match self {
            Value::Exact(value) => value.is_zero(),
            Value::Within(within) => within.contains_zero(),
        }
    }

    pub(super) fn is_positive(&self) -> bool {
        match self {
            Value::Exact(value) => value.is_positive(),
            Value::Within(within) => within.is_positive(),
        }
    }

    pub(super) fn is_negative(&self) -> bool {
        match self {
            Value::Exact(value) => value.is_negative(),
            Value::Within(within) => within.is_negative(),
        }
    }

    pub(super) fn is_nonpositive(&self) -> bool {
        match self {
            Value::Exact(value) => !value.is_positive(),
            Value::Within(within) => within.is_nonpositive(),
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
        if bits(&value) <= MOST_BITS { Value::Exact(value) } else { Value::Within(Enclosure::of(&value, precision)) }
    }

    pub(super) fn negative(&self) -> Value {
        match self {
            Value::Exact(value) => Value::Exact(-value),
            Value::Within(within) => Value::Within(within.negative()),
        }
    }

    pub(super) fn plus(&self, other: &Value, bits: u32) -> Value {
        match (self, other) {
            (Value::Exact(a), Value::Exact(b)) => Value::exact(a + b, bits),
            _ => Value::Within(self.enclosure(bits).plus(&other.enclosure(bits), bits)),
        }
    }

    pub(super) fn times(&self, other: &Value, bits: u32) -> Value {
        match (self, other) {
            (Value::Exact(a), Value::Exact(b)) => Value::exact(a * b, bits),
            // What is here is defined: zero times it is zero.
            (Value::Exact(zero), _) | (_, Value::Exact(zero)) if zero.is_zero() => Value::whole(0),
            (Value::Exact(one), rest) | (rest, Value::Exact(one)) if one.is_one() => rest.clone(),
            _ => Value::Within(self.enclosure(bits).times(&other.enclosure(bits), bits)),
        }
    }

    pub(super) fn over(&self, other: &Value, bits: u32) -> Result<Value, Undefined> {
        match (self, other) {
            (_, Value::Exact(b)) if b.is_zero() => Err(Undefined::Everywhere),
            (Value::Exact(a), Value::Exact(b)) => Ok(Value::exact(a / b, bits)),
            _ => Ok(Value::Within(self.enclosure(bits).over(&other.enclosure(bits), bits)?)),
        }
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
        Ok(Value::Within(self.enclosure(precision).integer_power(n, precision)?))
    }

    /// `self ^ exponent`: any base but zero for an exponent that is known to be whole, else a positive one.
    pub(super) fn power(&self, exponent: &Value, precision: u32) -> Result<Value, Undefined> {
        let Value::Exact(p) = exponent else {
            return if self.is_positive() {
                Ok(Value::Within(self.enclosure(precision).power(&exponent.enclosure(precision), precision)?))
            } else {
                // The exponent may be whole.
                Err(Undefined::Possibly)
            };
        };
        if p.is_integer() {
            return self.integer_power(p.numer(), precision);
        }
        if !self.is_positive() {
            return Err(if self.is_nonpositive() { Undefined::Everywhere } else { Undefined::Possibly });
        }
        match p.denom().to_u32() {
            Some(n) if n <= 64 => {
                let root = self.root(n, precision)?;
                root.integer_power(p.numer(), precision)
            }
            _ => Ok(Value::Within(self.enclosure(precision).power(&Enclosure::of(p, precision + 64), precision)?)),
        }
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
        Ok(Value::Within(self.enclosure(precision).root(n, precision)?))
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
        let x = self.enclosure(bits + 8);
        Ok(Value::Within(match function {
            Function::Exp => x.exp(bits),
            Function::Ln => x.ln(bits)?,
            Function::Sqrt => x.sqrt(bits)?,
            Function::Sin => x.sin(bits),
            Function::Cos => x.cos(bits),
            Function::Tan => x.tan(bits)?,
            Function::Sinh => x.sinh(bits),
            Function::Cosh => x.cosh(bits),
            Function::Tanh => x.tanh(bits),
            Function::Atan => x.atan(bits),
            Function::Abs => x.abs(),
        }))
    }
}

/// Bits that numerator and denominator take together.
fn bits(value: &Rational) -> u64 {
    value.numer().bits() + value.denom().bits()
}
