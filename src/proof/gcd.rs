//! Greatest common divisors of polynomials, by primitive remainder sequences.
//!
//! Nothing that is proved rests on a divisor being the greatest: whatever is divided by one is divided exactly, with a
//! check. A divisor that is missed costs a proof, never a wrong one.

use super::integer::Int;
use super::polynomial::{Budget, Generator, Monomial, Polynomial, TooLarge};

/// A prime near 2^31, so that products of residues fit a word.
const PRIME: u64 = 2_147_483_647;

/// The greatest common divisor, with a positive leading coefficient.
pub(super) fn gcd(a: &Polynomial, b: &Polynomial, budget: &Budget) -> Result<Polynomial, TooLarge> {
    if a.is_zero() {
        return Ok(positive(b));
    }
    if b.is_zero() || a == b {
        return Ok(positive(a));
    }
    let (ca, cb, ma, mb) = (a.content(), b.content(), a.monomial_content(), b.monomial_content());
    let (content, monomial) = (ca.gcd(&cb), ma.common(&mb));
    let (Some(pa), Some(pb)) = (a.stripped(&ca, &ma), b.stripped(&cb, &mb)) else { return Ok(Polynomial::one()) };
    primitive(&pa, &pb, budget)?.times_term(&monomial, &content)
}

fn positive(a: &Polynomial) -> Polynomial {
    if a.content().is_negative() { a.neg() } else { a.clone() }
}

/// The divisor of two that no integer and no monomial divides.
fn primitive(a: &Polynomial, b: &Polynomial, budget: &Budget) -> Result<Polynomial, TooLarge> {
    if a.as_constant().is_some() || b.as_constant().is_some() {
        return Ok(Polynomial::one());
    }
    if a == b {
        return Ok(a.clone());
    }
    let (ga, gb) = (a.generators(), b.generators());
    // A generator that one of them lacks is not in the divisor: only the coefficients of its powers matter.
    for (p, q, lacking) in [(a, b, &gb), (b, a, &ga)] {
        if let Some(g) = p.generators().into_iter().find(|g| !lacking.contains(g)) {
            return gcd(&content_in(p, g, budget)?, q, budget);
        }
    }
    for (p, q) in [(a, b), (b, a)] {
        if p.terms().len() <= q.terms().len() && q.divided(p, budget)?.is_some() {
            return Ok(positive(p));
        }
    }
    let Some(main) = ga.iter().copied().min_by_key(|g| a.degree(*g).max(b.degree(*g))) else {
        return Ok(Polynomial::one());
    };
    let (ca, cb) = (content_in(a, main, budget)?, content_in(b, main, budget)?);
    let content = gcd(&ca, &cb, budget)?;
    let (Some(pa), Some(pb)) = (a.divided(&ca, budget)?, b.divided(&cb, budget)?) else { return Ok(content) };
    if coprime_modulo_prime(&pa, &pb, main, &ga) {
        return Ok(content);
    }
    let divisor = remainders(pa, pb, main, budget)?;
    content.mul(&divisor, budget)
}

/// The greatest common divisor of the coefficients of the powers of a generator.
pub(super) fn content_in(a: &Polynomial, generator: Generator, budget: &Budget) -> Result<Polynomial, TooLarge> {
    let mut coefficients: Vec<Polynomial> = a.coefficients(generator).into_iter().map(|(_, c)| c).collect();
    coefficients.sort_by_key(|c| c.terms().len());
    let mut content = Polynomial::zero();
    for c in &coefficients {
        content = gcd(&content, c, budget)?;
        if content.is_one() {
            break;
        }
    }
    Ok(content)
}

/// Whether the images in one generator modulo a prime, the others at fixed values, have no common factor: then the
/// polynomials, free of content in that generator, have none. `false` says nothing.
fn coprime_modulo_prime(a: &Polynomial, b: &Polynomial, main: Generator, all: &[Generator]) -> bool {
    let value =
        |g: Generator| all.iter().position(|h| *h == g).map_or(0, |i| 1_000_003 + 7_919 * (i as u64 * i as u64 + 1));
    let (Some(mut x), Some(mut y)) = (image(a, main, &value), image(b, main, &value)) else { return false };
    if x.len() > 400 || y.len() > 400 {
        return false;
    }
    while y.len() > 1 {
        // x becomes the remainder of x by y.
        let Some(inverse) = y.last().map(|lead| power(*lead, PRIME - 2)) else { return false };
        while x.len() >= y.len() {
            let shift = x.len() - y.len();
            let factor = x.last().map_or(0, |lead| lead * inverse % PRIME);
            for (i, c) in y.iter().enumerate() {
                x[shift + i] = (x[shift + i] + PRIME - c * factor % PRIME) % PRIME;
            }
            trim(&mut x);
        }
        std::mem::swap(&mut x, &mut y);
    }
    y.len() == 1
}

/// Coefficients modulo the prime, powers rising; `None` where the leading one vanishes or the degree is high.
fn image(a: &Polynomial, main: Generator, value: &dyn Fn(Generator) -> u64) -> Option<Vec<u64>> {
    let degree = a.degree(main);
    if degree > 400 {
        return None;
    }
    let mut out = vec![0; degree as usize + 1];
    for (m, c) in a.terms() {
        let mut product = c.modulo(PRIME);
        for (g, p) in m.powers().filter(|(g, _)| *g != main) {
            product = product * power(value(g) % PRIME, u64::from(p)) % PRIME;
        }
        let at = m.power(main) as usize;
        out[at] = (out[at] + product) % PRIME;
    }
    (*out.last()? != 0).then_some(out)
}

fn power(base: u64, exponent: u64) -> u64 {
    let (mut result, mut square, mut left) = (1, base % PRIME, exponent);
    while left > 0 {
        if left % 2 == 1 {
            result = result * square % PRIME;
        }
        square = square * square % PRIME;
        left /= 2;
    }
    result
}

fn trim(a: &mut Vec<u64>) {
    while a.last() == Some(&0) {
        a.pop();
    }
}

/// The last remainder that is not zero, each made free of content.
fn remainders(a: Polynomial, b: Polynomial, main: Generator, budget: &Budget) -> Result<Polynomial, TooLarge> {
    let (mut a, mut b) = if a.degree(main) >= b.degree(main) { (a, b) } else { (b, a) };
    loop {
        let rest = pseudo_remainder(&a, &b, main, budget)?;
        if rest.is_zero() {
            return Ok(positive(&b));
        }
        if rest.degree(main) == 0 {
            return Ok(Polynomial::one());
        }
        let content = content_in(&rest, main, budget)?;
        let Some(rest) = rest.divided(&content, budget)? else { return Ok(Polynomial::one()) };
        (a, b) = (b, rest);
    }
}

/// What is left of a multiple of `a` when multiples of `b` are taken away.
fn pseudo_remainder(a: &Polynomial, b: &Polynomial, main: Generator, budget: &Budget) -> Result<Polynomial, TooLarge> {
    let degree = b.degree(main);
    let Some((_, lead)) = b.coefficients(main).pop() else { return Ok(Polynomial::zero()) };
    let mut rest = a.clone();
    while !rest.is_zero() && rest.degree(main) >= degree {
        let Some((power, top)) = rest.coefficients(main).pop() else { break };
        let shift = Monomial::of(main, power - degree);
        let common = gcd(&lead, &top, budget)?;
        let (Some(by), Some(top)) = (lead.divided(&common, budget)?, top.divided(&common, budget)?) else {
            return Err(TooLarge);
        };
        rest = rest.mul(&by, budget)?.sub(&b.mul(&top, budget)?.times_term(&shift, &Int::ONE)?);
    }
    Ok(rest)
}

#[cfg(test)]
mod tests {
    use super::super::polynomial::tests::polynomials;
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn a_common_factor_is_found_and_nothing_is_left(a in polynomials(), b in polynomials(), f in polynomials()) {
            let budget = Budget::new(1 << 30);
            let (p, q) = (a.mul(&f, &budget).expect("small"), b.mul(&f, &budget).expect("small"));
            let g = gcd(&p, &q, &budget).expect("small");
            if !g.is_zero() {
                prop_assert!(f.is_zero() || g.divided(&f, &budget).expect("small").is_some(), "{f:?} is not in {g:?}");
                let cofactors = (p.divided(&g, &budget).expect("small"), q.divided(&g, &budget).expect("small"));
                let (Some(x), Some(y)) = cofactors else { return Err(TestCaseError::fail("no divisor")) };
                prop_assert!(gcd(&x, &y, &budget).expect("small").is_one());
            }
        }
    }
}
