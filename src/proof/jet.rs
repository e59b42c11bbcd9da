//! Truncated Taylor polynomials in several directions: `u(ε) = Σ c_α ε^α`, `α_i ≤ orders_i`.
//!
//! The value of a derivative as written is a coefficient of such a polynomial. Nothing is rewritten on the way, so that
//! a derivative is defined only where the term itself is defined and smooth.

use super::value::Value;
use crate::expr::Function;
use crate::num::enclosure::Undefined;
use crate::num::rational::Rational;
use num_bigint::BigInt;
use num_traits::{One, Signed};

/// Most coefficients of one polynomial.
pub(super) const MOST_COEFFICIENTS: usize = 4096;

/// Directions, with the highest power kept of each, and the precision.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    pub(super) orders: Vec<u32>,
    pub(super) bits: u32,
}

/// One coefficient where the term does not depend on any direction, else one for each `α`, the first direction slowest.
#[derive(Clone, Debug)]
pub(super) struct Jet(pub(super) Vec<Value>);

type Made = Result<Jet, Undefined>;

impl Jet {
    pub(super) fn constant(value: Value) -> Jet {
        Jet(vec![value])
    }

    /// The value at the point.
    pub(super) fn value(&self) -> &Value {
        &self.0[0]
    }

    /// Whether no direction moves it.
    pub(super) fn is_constant(&self) -> bool {
        self.0.len() == 1
    }

    fn map(&self, f: impl Fn(&Value) -> Value) -> Jet {
        Jet(self.0.iter().map(f).collect())
    }

    pub(super) fn negative(&self) -> Jet {
        self.map(Value::negative)
    }
}

impl Shape {
    pub(super) fn size(&self) -> usize {
        self.orders.iter().fold(1, |size, &n| size.saturating_mul(n as usize + 1))
    }

    /// Total degree of the highest coefficient.
    fn degree(&self) -> u32 {
        self.orders.iter().sum()
    }

    /// This shape with one more direction in front.
    pub(super) fn with(&self, order: u32) -> Result<Shape, Undefined> {
        let mut orders = vec![order];
        orders.extend(&self.orders);
        let shape = Shape { orders, bits: self.bits };
        if shape.size() > MOST_COEFFICIENTS { Err(Undefined::Possibly) } else { Ok(shape) }
    }

    /// A polynomial of the shape without the first direction, in this one; `moved`: plus the first direction itself.
    pub(super) fn lifted(&self, jet: &Jet, moved: bool) -> Jet {
        let inner = self.size() / (self.orders[0] as usize + 1);
        if jet.is_constant() && !moved {
            return jet.clone();
        }
        let mut coefficients = jet.0.clone();
        coefficients.resize(self.size(), Value::whole(0));
        if moved && self.orders[0] > 0 {
            coefficients[inner] = Value::whole(1);
        }
        Jet(coefficients)
    }

    /// The derivative of that order in the first direction, in the shape without it.
    pub(super) fn extracted(&self, jet: &Jet, order: u32) -> Jet {
        if order == 0 && jet.is_constant() {
            return jet.clone();
        }
        if jet.is_constant() {
            return Jet::constant(Value::whole(0));
        }
        let inner = self.size() / (self.orders[0] as usize + 1);
        let factorial = (1..=u64::from(order)).fold(BigInt::one(), |product, k| product * k);
        let factorial = Value::Exact(Rational::from_integer(factorial));
        let from = order as usize * inner;
        Jet(jet.0[from..from + inner].iter().map(|c| c.times(&factorial, self.bits)).collect())
    }

    pub(super) fn plus(&self, a: &Jet, b: &Jet) -> Jet {
        let (long, short) = if a.0.len() >= b.0.len() { (a, b) } else { (b, a) };
        let mut sum = long.clone();
        for (c, d) in sum.0.iter_mut().zip(&short.0) {
            *c = c.plus(d, self.bits);
        }
        sum
    }

    pub(super) fn times(&self, a: &Jet, b: &Jet) -> Jet {
        match (a.is_constant(), b.is_constant()) {
            (true, _) => return b.map(|c| c.times(a.value(), self.bits)),
            (_, true) => return a.map(|c| c.times(b.value(), self.bits)),
            _ => {}
        }
        let mut product = vec![Value::whole(0); self.size()];
        for (i, c) in a.0.iter().enumerate().filter(|(_, c)| !c.is_zero()) {
            for (j, d) in b.0.iter().enumerate().filter(|(_, d)| !d.is_zero()) {
                if self.fits(i, j) {
                    product[i + j] = product[i + j].plus(&c.times(d, self.bits), self.bits);
                }
            }
        }
        Jet(product)
    }

    /// Whether the powers of two coefficients add up to one that is kept.
    fn fits(&self, mut i: usize, mut j: usize) -> bool {
        self.orders.iter().rev().all(|&order| {
            let n = order as usize + 1;
            let kept = i % n + j % n < n;
            i /= n;
            j /= n;
            kept
        })
    }

    /// `Σ f_k v^k` with `v = u − u(0)` and the Taylor coefficients `f_k` of a function at `u(0)`.
    fn composed(&self, u: &Jet, taylor: &[Value]) -> Jet {
        let mut v = u.clone();
        v.0[0] = Value::whole(0);
        let Some((last, rest)) = taylor.split_last() else { return Jet::constant(Value::whole(0)) };
        let mut sum = Jet::constant(last.clone());
        for f in rest.iter().rev() {
            sum = self.times(&sum, &v);
            sum = self.plus(&sum, &Jet::constant(f.clone()));
        }
        // A polynomial of degree zero would otherwise pass for a constant.
        sum.0.resize(self.size(), Value::whole(0));
        sum
    }

    pub(super) fn over(&self, a: &Jet, b: &Jet) -> Made {
        if b.is_constant() {
            let mut quotient = Vec::with_capacity(a.0.len());
            for c in &a.0 {
                quotient.push(c.over(b.value(), self.bits)?);
            }
            return Ok(Jet(quotient));
        }
        let mut taylor = vec![Value::whole(1).over(b.value(), self.bits)?];
        for k in 0..self.degree() as usize {
            taylor.push(taylor[k].over(b.value(), self.bits)?.negative());
        }
        Ok(self.times(a, &self.composed(b, &taylor)))
    }

    pub(super) fn power(&self, a: &Jet, b: &Jet) -> Made {
        if a.is_constant() && b.is_constant() {
            return Ok(Jet::constant(a.value().power(b.value(), self.bits)?));
        }
        if !b.is_constant() {
            let logarithm = self.call(Function::Ln, a)?;
            return self.call(Function::Exp, &self.times(b, &logarithm));
        }
        // Σ binom(p, k) u^(p−k) v^k
        let (base, p) = (a.value(), b.value());
        let whole = match p {
            Value::Exact(p) if p.is_integer() => Some(p.numer().clone()),
            _ => None,
        };
        if whole.is_none() && !base.is_positive() {
            return Err(Undefined::Possibly);
        }
        if whole.as_ref().is_some_and(|n| !n.is_positive()) && base.may_be_zero() {
            return Err(Undefined::Possibly);
        }
        let mut binomial = Value::whole(1);
        let mut taylor = Vec::new();
        for k in 0..=i64::from(self.degree()) {
            let coefficient = match &whole {
                Some(n) if !n.is_negative() && *n < BigInt::from(k) => Value::whole(0),
                Some(n) if *n == BigInt::from(k) => binomial.clone(),
                Some(n) => binomial.times(&base.integer_power(&(n - k), self.bits)?, self.bits),
                None => {
                    let exponent = p.plus(&Value::whole(-k), self.bits);
                    binomial.times(&base.power(&exponent, self.bits)?, self.bits)
                }
            };
            taylor.push(coefficient);
            let next = p.plus(&Value::whole(-k), self.bits);
            binomial = binomial.times(&next, self.bits).over(&Value::whole(k + 1), self.bits)?;
        }
        Ok(self.composed(a, &taylor))
    }

    pub(super) fn call(&self, function: Function, u: &Jet) -> Made {
        if u.is_constant() {
            return Ok(Jet::constant(u.value().call(function, self.bits)?));
        }
        let taylor = self.taylor(function, u.value())?;
        Ok(self.composed(u, &taylor))
    }

    /// Taylor coefficients of an elementary function at `u`, where it is smooth.
    fn taylor(&self, function: Function, u: &Value) -> Result<Vec<Value>, Undefined> {
        let bits = self.bits;
        let highest = self.degree() as usize;
        let at = |f: Function| u.call(f, bits);
        // Derivatives that come round after `cycle.len()`, over k!.
        let cyclic = |cycle: &[Value]| -> Result<Vec<Value>, Undefined> {
            let mut factorial = Value::whole(1);
            let mut taylor = Vec::new();
            for k in 0..=highest {
                taylor.push(cycle[k % cycle.len()].over(&factorial, bits)?);
                factorial = factorial.times(&Value::whole(k as i64 + 1), bits);
            }
            Ok(taylor)
        };
        let over = |a: &Value, k: usize| a.over(&Value::whole(k as i64), bits);
        match function {
            Function::Exp => cyclic(&[at(Function::Exp)?]),
            Function::Sin | Function::Cos => {
                let (sine, cosine) = (at(Function::Sin)?, at(Function::Cos)?);
                let (back, flat) = (sine.negative(), cosine.negative());
                match function {
                    Function::Sin => cyclic(&[sine, cosine, back, flat]),
                    _ => cyclic(&[cosine, back, flat, sine]),
                }
            }
            Function::Sinh => cyclic(&[at(Function::Sinh)?, at(Function::Cosh)?]),
            Function::Cosh => cyclic(&[at(Function::Cosh)?, at(Function::Sinh)?]),
            Function::Ln => {
                let mut taylor = vec![at(Function::Ln)?];
                let mut power = Value::whole(-1);
                for k in 1..=highest {
                    power = power.over(u, bits)?.negative();
                    taylor.push(over(&power, k)?);
                }
                Ok(taylor)
            }
            Function::Sqrt => {
                if !u.is_positive() {
                    return Err(if u.is_negative() { Undefined::Everywhere } else { Undefined::Possibly });
                }
                // f_(k+1) = f_k (1/2 − k) / ((k+1) u)
                let mut taylor = vec![at(Function::Sqrt)?];
                for k in 0..highest {
                    let factor = Value::Exact(Rational::new((1 - 2 * k as i64).into(), (2 * k as i64 + 2).into()));
                    taylor.push(taylor[k].times(&factor, bits).over(u, bits)?);
                }
                Ok(taylor)
            }
            // t' = 1 ± t²
            Function::Tan | Function::Tanh => {
                let mut taylor = vec![at(function)?];
                for k in 0..highest {
                    let mut slope = Value::whole(0);
                    for i in 0..=k {
                        slope = slope.plus(&taylor[i].times(&taylor[k - i], bits), bits);
                    }
                    if function == Function::Tanh {
                        slope = slope.negative();
                    }
                    if k == 0 {
                        slope = slope.plus(&Value::whole(1), bits);
                    }
                    taylor.push(over(&slope, k + 1)?);
                }
                Ok(taylor)
            }
            // a' = 1/(1+x²), whose coefficients r_k obey (1+u²) r_k + 2u r_(k−1) + r_(k−2) = 0.
            Function::Atan => {
                let mut taylor = vec![at(function)?];
                let square = u.integer_power(&BigInt::from(2), bits).unwrap_or_else(|_| Value::whole(0));
                let under = Value::whole(1).plus(&square, bits);
                let double = u.times(&Value::whole(2), bits);
                let (mut before, mut last) = (Value::whole(0), Value::whole(0));
                for k in 0..highest {
                    let next = match k {
                        0 => Value::whole(1).over(&under, bits)?,
                        _ => double.times(&last, bits).plus(&before, bits).negative().over(&under, bits)?,
                    };
                    taylor.push(over(&next, k + 1)?);
                    before = std::mem::replace(&mut last, next);
                }
                Ok(taylor)
            }
            Function::Abs => {
                let sign = match (u.is_positive(), u.is_negative()) {
                    (true, _) => 1,
                    (_, true) => -1,
                    _ => return Err(Undefined::Possibly),
                };
                Ok(vec![at(Function::Abs)?, Value::whole(sign)].into_iter().take(highest + 1).collect())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(orders: &[u32]) -> Shape {
        Shape { orders: orders.to_vec(), bits: 96 }
    }

    #[test]
    fn powers_of_a_polynomial_are_exact() {
        // (2 + ε)^3 and its second derivative 6·2
        let shape = shape(&[]).with(2).expect("small");
        let x = shape.lifted(&Jet::constant(Value::whole(2)), true);
        let cube = shape.power(&x, &Jet::constant(Value::whole(3))).expect("defined");
        assert_eq!(shape.extracted(&cube, 2).value().text(9), "12");
        let inverse = shape.over(&Jet::constant(Value::whole(1)), &x).expect("defined");
        assert_eq!(shape.extracted(&inverse, 2).value().text(9), "1/4");
        assert_eq!(shape.extracted(&inverse, 0).value().text(9), "1/2");
    }

    #[test]
    fn constants_stay_constant_and_what_moves_is_known_to_move() {
        let shape = shape(&[]).with(1).expect("small");
        let zero = shape.lifted(&Jet::constant(Value::whole(0)), true);
        assert!(shape.call(Function::Abs, &zero).is_err());
        assert!(shape.call(Function::Sqrt, &zero).is_err());
        assert!(shape.call(Function::Sqrt, &Jet::constant(Value::whole(0))).is_ok());
        // x − x moves as far as anybody can tell.
        let nothing = shape.plus(&zero, &zero.negative());
        assert!(!nothing.is_constant() && shape.call(Function::Abs, &nothing).is_err());
    }
}
