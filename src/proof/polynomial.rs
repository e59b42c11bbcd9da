//! Sparse polynomials in generators, with whole coefficients.
//!
//! A monomial is its powers, generators falling: the order of the vectors is then the lexical order of monomials, which
//! products respect, so that exact division goes by leading terms. Sizes are bounded by a [`Budget`]; what would be too
//! large is refused instead of computed.

use super::integer::Int;
use std::cell::Cell;
use std::cmp::Ordering;

/// Number of a generator.
pub(super) type Generator = u32;

/// Largest power of a generator.
const HIGHEST_POWER: u64 = 1_000_000;
/// Most terms of a polynomial.
const MOST_TERMS: usize = 5_000;
/// Most bits of a coefficient.
const MOST_BITS: u64 = 8_000;

/// A computation would grow beyond what the kernel allows itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the terms grow too large")]
pub(super) struct TooLarge;

/// Work that may still be done, in products of terms.
#[derive(Debug)]
pub(super) struct Budget(Cell<u64>);

impl Budget {
    pub(super) fn new(work: u64) -> Budget {
        Budget(Cell::new(work))
    }

    pub(super) fn spend(&self, work: u64) -> Result<(), TooLarge> {
        self.0.set(self.0.get().checked_sub(work).ok_or(TooLarge)?);
        Ok(())
    }
}

/// Powers of generators, each `generator << 32 | power`, generators falling, powers above zero.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Monomial(Vec<u64>);

fn packed(generator: Generator, power: u64) -> u64 {
    u64::from(generator) << 32 | power
}

impl Monomial {
    pub(super) fn of(generator: Generator, power: u32) -> Monomial {
        Monomial(if power == 0 { Vec::new() } else { vec![packed(generator, u64::from(power))] })
    }

    pub(super) fn is_one(&self) -> bool {
        self.0.is_empty()
    }

    /// Generators with their powers, generators falling.
    pub(super) fn powers(&self) -> impl Iterator<Item = (Generator, u32)> {
        self.0.iter().map(|p| ((p >> 32) as Generator, *p as u32))
    }

    pub(super) fn power(&self, generator: Generator) -> u32 {
        self.powers().find(|(g, _)| *g == generator).map_or(0, |(_, p)| p)
    }

    pub(super) fn without(&self, generator: Generator) -> Monomial {
        Monomial(self.0.iter().copied().filter(|p| (p >> 32) as Generator != generator).collect())
    }

    fn merged(&self, other: &Monomial, both: impl Fn(u64, u64) -> Option<u64>) -> Option<Monomial> {
        let (a, b) = (&self.0, &other.0);
        let (mut i, mut j, mut out) = (0, 0, Vec::with_capacity(a.len() + b.len()));
        while i < a.len() || j < b.len() {
            let g = |v: &Vec<u64>, k: usize| v.get(k).map(|p| p >> 32);
            let (take_a, take_b) = match (g(a, i), g(b, j)) {
                (Some(x), Some(y)) => (x >= y, y >= x),
                (x, _) => (x.is_some(), x.is_none()),
            };
            let generator = if take_a { a[i] >> 32 } else { b[j] >> 32 };
            let power = |v: &Vec<u64>, k: usize, take: bool| if take { v[k] & 0xffff_ffff } else { 0 };
            let power = both(power(a, i, take_a), power(b, j, take_b))?;
            if power > 0 {
                out.push(generator << 32 | power);
            }
            (i, j) = (i + usize::from(take_a), j + usize::from(take_b));
        }
        Some(Monomial(out))
    }

    pub(super) fn times(&self, other: &Monomial) -> Result<Monomial, TooLarge> {
        if self.is_one() {
            return Ok(other.clone());
        }
        if other.is_one() {
            return Ok(self.clone());
        }
        self.merged(other, |x, y| (x + y <= HIGHEST_POWER).then_some(x + y)).ok_or(TooLarge)
    }

    pub(super) fn over(&self, other: &Monomial) -> Option<Monomial> {
        if other.is_one() {
            return Some(self.clone());
        }
        self.merged(other, u64::checked_sub)
    }

    pub(super) fn common(&self, other: &Monomial) -> Monomial {
        self.merged(other, |x, y| Some(x.min(y))).unwrap_or_default()
    }
}

/// A polynomial: terms in falling order, no coefficient zero.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Polynomial {
    terms: Vec<(Monomial, Int)>,
}

impl Polynomial {
    pub(super) fn zero() -> Polynomial {
        Polynomial::default()
    }

    pub(super) fn one() -> Polynomial {
        Polynomial::constant(Int::ONE)
    }

    pub(super) fn constant(value: Int) -> Polynomial {
        Polynomial::term(Monomial::default(), value)
    }

    pub(super) fn generator(generator: Generator) -> Polynomial {
        Polynomial::term(Monomial::of(generator, 1), Int::ONE)
    }

    pub(super) fn term(monomial: Monomial, coefficient: Int) -> Polynomial {
        Polynomial { terms: if coefficient.is_zero() { Vec::new() } else { vec![(monomial, coefficient)] } }
    }

    /// Sums terms that come in any order.
    pub(super) fn collect(mut terms: Vec<(Monomial, Int)>) -> Polynomial {
        terms.sort_by(|a, b| b.0.cmp(&a.0));
        let mut out: Vec<(Monomial, Int)> = Vec::with_capacity(terms.len());
        for (monomial, coefficient) in terms {
            match out.last_mut() {
                Some((last, sum)) if *last == monomial => *sum = sum.add(&coefficient),
                _ => {
                    if out.last().is_some_and(|(_, c)| c.is_zero()) {
                        out.pop();
                    }
                    out.push((monomial, coefficient));
                }
            }
        }
        out.retain(|(_, c)| !c.is_zero());
        Polynomial { terms: out }
    }

    pub(super) fn terms(&self) -> &[(Monomial, Int)] {
        &self.terms
    }

    pub(super) fn is_zero(&self) -> bool {
        self.terms.is_empty()
    }

    pub(super) fn is_one(&self) -> bool {
        self.as_constant().is_some_and(|c| c.is_one())
    }

    pub(super) fn as_constant(&self) -> Option<Int> {
        match self.terms.as_slice() {
            [] => Some(Int::ZERO),
            [(monomial, c)] if monomial.is_one() => Some(c.clone()),
            _ => None,
        }
    }

    /// The generator, where the polynomial is just that.
    pub(super) fn as_generator(&self) -> Option<Generator> {
        match self.terms.as_slice() {
            [(monomial, c)] if c.is_one() => {
                let mut powers = monomial.powers();
                match (powers.next(), powers.next()) {
                    (Some((g, 1)), None) => Some(g),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    pub(super) fn leading(&self) -> Option<&(Monomial, Int)> {
        self.terms.first()
    }

    /// Generators that occur, rising.
    pub(super) fn generators(&self) -> Vec<Generator> {
        let mut found: Vec<Generator> = self.terms.iter().flat_map(|(m, _)| m.powers().map(|(g, _)| g)).collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    pub(super) fn degree(&self, generator: Generator) -> u32 {
        self.terms.iter().map(|(m, _)| m.power(generator)).max().unwrap_or(0)
    }

    pub(super) fn neg(&self) -> Polynomial {
        Polynomial { terms: self.terms.iter().map(|(m, c)| (m.clone(), c.neg())).collect() }
    }

    pub(super) fn add(&self, other: &Polynomial) -> Polynomial {
        let (a, b) = (&self.terms, &other.terms);
        let (mut i, mut j, mut out) = (0, 0, Vec::with_capacity(a.len() + b.len()));
        while i < a.len() && j < b.len() {
            match a[i].0.cmp(&b[j].0) {
                Ordering::Greater => {
                    out.push(a[i].clone());
                    i += 1;
                }
                Ordering::Less => {
                    out.push(b[j].clone());
                    j += 1;
                }
                Ordering::Equal => {
                    let sum = a[i].1.add(&b[j].1);
                    if !sum.is_zero() {
                        out.push((a[i].0.clone(), sum));
                    }
                    (i, j) = (i + 1, j + 1);
                }
            }
        }
        out.extend_from_slice(&a[i..]);
        out.extend_from_slice(&b[j..]);
        Polynomial { terms: out }
    }

    pub(super) fn sub(&self, other: &Polynomial) -> Polynomial {
        self.add(&other.neg())
    }

    pub(super) fn scaled(&self, by: &Int) -> Polynomial {
        if by.is_one() {
            return self.clone();
        }
        let terms = self.terms.iter().map(|(m, c)| (m.clone(), c.mul(by))).filter(|(_, c)| !c.is_zero());
        Polynomial { terms: terms.collect() }
    }

    pub(super) fn times_term(&self, monomial: &Monomial, by: &Int) -> Result<Polynomial, TooLarge> {
        if by.is_zero() {
            return Ok(Polynomial::zero());
        }
        let terms = self.terms.iter().map(|(m, c)| Ok((m.times(monomial)?, c.mul(by))));
        Ok(Polynomial { terms: terms.collect::<Result<_, TooLarge>>()? })
    }

    pub(super) fn mul(&self, other: &Polynomial, budget: &Budget) -> Result<Polynomial, TooLarge> {
        let (few, many) = if self.terms.len() < other.terms.len() { (self, other) } else { (other, self) };
        match few.terms.as_slice() {
            [] => return Ok(Polynomial::zero()),
            [(monomial, c)] => return many.checked(budget)?.times_term(monomial, c),
            _ => {}
        }
        budget.spend((few.terms.len() * many.terms.len()) as u64 * (few.words() + many.words()))?;
        let mut terms = Vec::with_capacity(few.terms.len() * many.terms.len());
        for (m, c) in &few.terms {
            for (n, d) in &many.terms {
                terms.push((m.times(n)?, c.mul(d)));
            }
        }
        Polynomial::collect(terms).bounded()
    }

    /// Machine words of the longest coefficient: what a product of two costs.
    fn words(&self) -> u64 {
        1 + self.terms.iter().map(|(_, c)| c.bits()).max().unwrap_or(0) / 64
    }

    /// Refuses what has grown too large.
    fn bounded(self) -> Result<Polynomial, TooLarge> {
        let fits = self.terms.len() <= MOST_TERMS && self.terms.iter().all(|(_, c)| c.bits() <= MOST_BITS);
        if fits { Ok(self) } else { Err(TooLarge) }
    }

    fn checked(&self, budget: &Budget) -> Result<&Polynomial, TooLarge> {
        budget.spend(self.terms.len() as u64 * self.words())?;
        let fits = self.terms.iter().all(|(_, c)| c.bits() <= MOST_BITS);
        if fits { Ok(self) } else { Err(TooLarge) }
    }

    pub(super) fn pow(&self, exponent: u32, budget: &Budget) -> Result<Polynomial, TooLarge> {
        if let [(monomial, c)] = self.terms.as_slice() {
            let small = c.abs().is_one();
            if !small && c.bits().saturating_mul(u64::from(exponent)) > MOST_BITS {
                return Err(TooLarge);
            }
            let powers = monomial.powers().map(|(g, p)| {
                let power = u64::from(p) * u64::from(exponent);
                if power > HIGHEST_POWER { Err(TooLarge) } else { Ok(packed(g, power)) }
            });
            let monomial = if exponent == 0 { Vec::new() } else { powers.collect::<Result<Vec<_>, _>>()? };
            let sign = if c.is_negative() && exponent % 2 == 1 { Int::from(-1) } else { Int::ONE };
            let coefficient = if small { sign } else { c.pow(exponent) };
            return Ok(Polynomial::term(Monomial(monomial), coefficient));
        }
        // A power of a sum has at least exponent + 1 terms.
        if !self.is_zero() && exponent as usize >= MOST_TERMS {
            return Err(TooLarge);
        }
        let (mut result, mut square, mut left) = (Polynomial::one(), self.clone(), exponent);
        while left > 0 {
            if left % 2 == 1 {
                result = result.mul(&square, budget)?;
            }
            left /= 2;
            if left > 0 {
                square = square.mul(&square, budget)?;
            }
        }
        Ok(result)
    }

    /// `self / other` where that is a polynomial with whole coefficients.
    pub(super) fn divided(&self, other: &Polynomial, budget: &Budget) -> Result<Option<Polynomial>, TooLarge> {
        let Some((lead, by)) = other.leading() else { return Ok(None) };
        if other.terms.len() == 1 {
            if lead.is_one() && by.is_one() {
                return Ok(Some(self.clone()));
            }
            let quotients = self.terms.iter().map(|(m, c)| Some((m.over(lead)?, c.divided(by)?)));
            return Ok(quotients.collect::<Option<Vec<_>>>().map(|terms| Polynomial { terms }));
        }
        // What a generator is missing from is not a multiple of what has it; the ends must divide too.
        if let (Some(a), Some(b)) = (self.terms.last(), other.terms.last())
            && (a.0.over(&b.0).is_none() || a.1.divided(&b.1).is_none())
        {
            return Ok(None);
        }
        let words = self.words() + other.words();
        let (mut rest, mut quotient) = (self.clone(), Vec::new());
        while let Some((m, c)) = rest.leading() {
            let (Some(monomial), Some(coefficient)) = (m.over(lead), c.divided(by)) else { return Ok(None) };
            budget.spend(other.terms.len() as u64 * words + rest.terms.len() as u64 / 8)?;
            rest = rest.sub(&other.times_term(&monomial, &coefficient)?);
            quotient.push((monomial, coefficient));
            if quotient.len() > MOST_TERMS {
                return Err(TooLarge);
            }
        }
        Ok(Some(Polynomial { terms: quotient }))
    }

    /// The greatest common divisor of the coefficients, with the sign of the leading one.
    pub(super) fn content(&self) -> Int {
        let mut content = Int::ZERO;
        for (_, c) in &self.terms {
            content = content.gcd(c);
            if content.is_one() {
                break;
            }
        }
        if self.leading().is_some_and(|(_, c)| c.is_negative()) { content.neg() } else { content }
    }

    /// The largest monomial that divides every term.
    pub(super) fn monomial_content(&self) -> Monomial {
        let mut terms = self.terms.iter();
        let Some((first, _)) = terms.next() else { return Monomial::default() };
        let mut common = first.clone();
        for (m, _) in terms {
            if common.is_one() {
                break;
            }
            common = common.common(m);
        }
        common
    }

    /// Every coefficient divided by a common divisor, every monomial by a common one; `None` where they do not divide.
    pub(super) fn stripped(&self, content: &Int, monomial: &Monomial) -> Option<Polynomial> {
        let terms = self.terms.iter().map(|(m, c)| Some((m.over(monomial)?, c.divided(content)?)));
        Some(Polynomial { terms: terms.collect::<Option<_>>()? })
    }

    /// Coefficients as a polynomial in one generator, by power, powers rising.
    pub(super) fn coefficients(&self, generator: Generator) -> Vec<(u32, Polynomial)> {
        let mut found: Vec<(u32, Polynomial)> = Vec::new();
        for (m, c) in &self.terms {
            let power = m.power(generator);
            let term = (if power > 0 { m.without(generator) } else { m.clone() }, c.clone());
            match found.binary_search_by_key(&power, |(p, _)| *p) {
                // Terms of equal power keep their order when that power is taken out.
                Ok(at) => found[at].1.terms.push(term),
                Err(at) => found.insert(at, (power, Polynomial { terms: vec![term] })),
            }
        }
        found
    }

    /// The partial derivative by one generator.
    pub(super) fn derivative(&self, generator: Generator) -> Polynomial {
        let terms = self.terms.iter().filter_map(|(m, c)| {
            let power = m.power(generator);
            let lower = m.over(&Monomial::of(generator, 1))?;
            Some((lower, c.mul(&Int::from(i64::from(power)))))
        });
        Polynomial { terms: terms.collect() }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Small random polynomials in three generators.
    pub(in super::super) fn polynomials() -> impl Strategy<Value = Polynomial> {
        proptest::collection::vec((-4_i64..5, 0_u32..3, 0_u32..3, 0_u32..2), 0..5).prop_map(|terms| {
            let terms = terms.into_iter().map(|(c, x, y, z)| {
                let powers = [(2, z), (1, y), (0, x)];
                let monomial = powers.iter().filter(|(_, p)| *p > 0).map(|(g, p)| packed(*g, u64::from(*p)));
                (Monomial(monomial.collect()), Int::from(c))
            });
            Polynomial::collect(terms.collect())
        })
    }

    /// The value modulo a prime: a check that shares nothing with the arithmetic on terms.
    fn value(p: &Polynomial, at: [u64; 3]) -> u64 {
        const PRIME: u64 = 1_000_000_007;
        p.terms().iter().fold(0, |sum, (m, c)| {
            let product = m
                .powers()
                .fold(c.modulo(PRIME), |v, (g, power)| (0..power).fold(v, |v, _| v * (at[g as usize] % PRIME) % PRIME));
            (sum + product) % PRIME
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn arithmetic_has_the_values_it_should(a in polynomials(), b in polynomials(), x in 0_u64..1000, y in 0_u64..1000, z in 0_u64..1000) {
            let (at, budget, prime) = ([x, y, z], Budget::new(1 << 30), 1_000_000_007);
            let product = a.mul(&b, &budget).expect("small");
            prop_assert_eq!(value(&product, at), value(&a, at) * value(&b, at) % prime);
            prop_assert_eq!(value(&a.add(&b), at), (value(&a, at) + value(&b, at)) % prime);
            prop_assert_eq!(value(&a.pow(3, &budget).expect("small"), at), (0..3).fold(1, |v, _| v * value(&a, at) % prime));
            if !b.is_zero() {
                prop_assert_eq!(product.divided(&b, &budget).expect("small"), Some(a.clone()));
            }
            if let Some(q) = a.divided(&b, &budget).expect("small") {
                prop_assert_eq!(q.mul(&b, &budget).expect("small"), a.clone());
            }
            let back = a.coefficients(1).into_iter().fold(Polynomial::zero(), |sum, (power, c)| {
                sum.add(&c.times_term(&Monomial::of(1, power), &Int::ONE).expect("small"))
            });
            prop_assert_eq!(back, a);
        }
    }

    #[test]
    fn what_would_be_large_is_refused() {
        let budget = Budget::new(1 << 20);
        let (x, y) = (Polynomial::generator(0), Polynomial::generator(1));
        assert!(x.pow(1_000_000, &budget).is_ok());
        assert_eq!(x.pow(1_000_001, &budget), Err(TooLarge));
        assert_eq!(x.add(&y).pow(5000, &budget), Err(TooLarge));
        assert_eq!(Polynomial::constant(Int::from(2)).pow(1_000_000, &budget), Err(TooLarge));
    }
}
