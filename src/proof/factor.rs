//! Pieces: pairwise coprime polynomials that terms are products of.
//!
//! `ln|p|`, `|p|^(1/n)` and `|p|` of a product are those of its factors at every point where they are defined, whatever
//! the signs, so pieces may be split later: what was built on the whole is then rewritten in the parts.

use super::element::Element;
use super::gcd::{content_in, gcd};
use super::integer::Int;
use super::polynomial::{Budget, Generator, Monomial, Polynomial, TooLarge};
use super::tower::{Read, Refusal, Tower};
use std::rc::Rc;

/// Trial division goes up to here; what is left of a number is one piece.
const LARGEST_PRIME: u64 = 1000;

/// A polynomial without square factors, coprime to the other pieces; a prime, a generator or a sum.
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) polynomial: Rc<Polynomial>,
    /// The generator `ln|p|`.
    pub(super) ln: Option<Generator>,
    /// The generator `|p|^(1/index)` with that index.
    pub(super) root: Option<(Generator, u32)>,
    /// The generators `p^m`.
    pub(super) powers: Vec<(Monomial, Generator)>,
    /// Whether it was split, or is a product of pieces: its parts are pieces of their own.
    pub(super) split: bool,
}

/// An element as `sign · Π piece^power`.
#[derive(Clone, Debug)]
pub(super) struct Product {
    /// 1, −1, or 0.
    pub(super) sign: i64,
    /// Pieces and their powers, which are not zero.
    pub(super) pieces: Vec<(usize, i64)>,
}

impl Tower {
    /// Cosines and sines of one angle that no relation has replaced.
    fn turns(&self) -> Vec<(Generator, Generator)> {
        let free = |g: Generator| self.entries[g as usize].relation.is_none();
        self.angles.iter().map(|m| (m.first, m.second)).filter(|(cos, _)| free(*cos)).collect()
    }

    pub(super) fn piece(&self, at: usize) -> Rc<Polynomial> {
        self.pieces[at].polynomial.clone()
    }

    fn new_piece(&mut self, p: Polynomial) -> usize {
        let polynomial = Rc::new(p);
        self.pieces.push(Piece { polynomial, ln: None, root: None, powers: Vec::new(), split: false });
        self.pieces.len() - 1
    }

    fn piece_of(&mut self, p: Polynomial) -> usize {
        match self.pieces.iter().position(|known| !known.split && *known.polynomial == p) {
            Some(at) => at,
            None => self.new_piece(p),
        }
    }

    /// A product of pieces that is treated as one, because only its sign is known.
    pub(super) fn group_of(&mut self, p: Polynomial) -> usize {
        match self.pieces.iter().position(|known| known.split && *known.polynomial == p) {
            Some(at) => at,
            None => {
                let at = self.new_piece(p);
                self.pieces[at].split = true;
                at
            }
        }
    }

    /// Factors an element into pieces.
    pub(super) fn factor(&mut self, e: &Element) -> Read<Product> {
        let e = self.reduce(e)?.lowest_terms(&self.budget)?;
        if e.numerator.is_zero() {
            return Ok(Product { sign: 0, pieces: Vec::new() });
        }
        let mut product = Product { sign: 1, pieces: Vec::new() };
        self.factor_polynomial(&e.numerator, 1, &mut product)?;
        self.factor_number(&e.scale, -1, &mut product)?;
        for (f, power) in &e.factors {
            self.factor_polynomial(f, -i64::from(*power), &mut product)?;
        }
        product.pieces.retain(|(_, power)| *power != 0);
        product.pieces.sort_unstable();
        Ok(product)
    }

    fn factor_number(&mut self, n: &Int, power: i64, into: &mut Product) -> Read<()> {
        let (primes, rest) = n.small_factors(LARGEST_PRIME);
        for (prime, times) in primes {
            let piece = self.piece_of(Polynomial::constant(Int::from(prime as i64)));
            add(into, piece, power * i64::from(times));
        }
        if !rest.is_one() {
            let piece = self.piece_of(Polynomial::constant(rest));
            add(into, piece, power);
        }
        Ok(())
    }

    fn factor_polynomial(&mut self, p: &Polynomial, power: i64, into: &mut Product) -> Read<()> {
        let (content, monomial) = (p.content(), p.monomial_content());
        if content.is_negative() && power % 2 != 0 {
            into.sign = -into.sign;
        }
        self.factor_number(&content, power, into)?;
        for (g, times) in monomial.powers() {
            let piece = self.piece_of(Polynomial::generator(g));
            add(into, piece, power * i64::from(times));
        }
        let mut rest = p.stripped(&content, &monomial).ok_or(Refusal::TooLarge)?;
        // c² − 1 is −s².
        for (cos, sin) in self.turns() {
            let square = Polynomial::term(Monomial::of(cos, 2), Int::ONE).sub(&Polynomial::one());
            while rest.degree(cos) >= 2 {
                let Some(quotient) = rest.divided(&square, &self.budget)? else { break };
                rest = quotient;
                if power % 2 != 0 {
                    into.sign = -into.sign;
                }
                let piece = self.piece_of(Polynomial::generator(sin));
                add(into, piece, 2 * power);
            }
        }
        if rest.is_one() {
            return Ok(());
        }
        if let Some(known) = self.pieces.iter().position(|q| !q.split && *q.polynomial == rest) {
            add(into, known, power);
            return Ok(());
        }
        for (part, times) in square_free(&rest, &self.budget)? {
            self.refine(part, power * i64::from(times), into)?;
        }
        Ok(())
    }

    /// Splits a polynomial against the pieces that are known, and these against it.
    fn refine(&mut self, p: Polynomial, power: i64, into: &mut Product) -> Read<()> {
        let mut left = vec![p];
        'parts: while let Some(mut p) = left.pop() {
            if p.is_one() {
                continue;
            }
            for at in 0..self.pieces.len() {
                let known = self.piece(at);
                if self.pieces[at].split || known.terms().len() < 2 {
                    continue;
                }
                let shared = gcd(&p, &known, &self.budget)?;
                if shared.is_one() {
                    continue;
                }
                let rest = p.divided(&shared, &self.budget)?.ok_or(Refusal::TooLarge)?;
                if shared == *known {
                    add(into, at, power);
                    p = rest;
                    continue;
                }
                let other = known.divided(&shared, &self.budget)?.ok_or(Refusal::TooLarge)?;
                let parts = [self.new_piece(shared.clone()), self.new_piece(other)];
                self.pieces[at].split = true;
                for (piece, times) in std::mem::take(&mut into.pieces) {
                    if piece == at {
                        add(into, parts[0], times);
                        add(into, parts[1], times);
                    } else {
                        add(into, piece, times);
                    }
                }
                self.rewrite_split(at, parts)?;
                left.push(rest);
                left.push(shared);
                continue 'parts;
            }
            if !p.is_one() {
                let piece = self.piece_of(p);
                add(into, piece, power);
            }
        }
        Ok(())
    }

    /// What was built on a piece, in terms of its two parts.
    fn rewrite_split(&mut self, at: usize, parts: [usize; 2]) -> Read<()> {
        if let Some(g) = self.pieces[at].ln {
            let (a, b) = (self.ln_of_piece(parts[0])?, self.ln_of_piece(parts[1])?);
            let sum = self.add(&a, &b)?;
            self.relate(g, 1, sum);
        }
        if let Some((g, index)) = self.pieces[at].root {
            let a = self.absolute_power(parts[0], 1, i64::from(index))?;
            let b = self.absolute_power(parts[1], 1, i64::from(index))?;
            let product = self.mul(&a, &b)?;
            self.relate(g, 1, product);
        }
        for (exponent, g) in self.pieces[at].powers.clone() {
            let a = self.power_less_one(parts[0], &exponent)?;
            let b = self.power_less_one(parts[1], &exponent)?;
            let product = self.mul(&a, &b)?;
            self.relate(g, 1, product);
        }
        Ok(())
    }
}

fn add(into: &mut Product, piece: usize, power: i64) {
    match into.pieces.iter_mut().find(|(p, _)| *p == piece) {
        Some((_, known)) => *known += power,
        None => into.pieces.push((piece, power)),
    }
}

/// Factors without squares, each with its multiplicity, of a polynomial that no number and no monomial divides.
fn square_free(p: &Polynomial, budget: &Budget) -> Result<Vec<(Polynomial, u32)>, TooLarge> {
    let Some(main) = p.generators().into_iter().min_by_key(|g| p.degree(*g)) else {
        return Ok(Vec::new());
    };
    let content = content_in(p, main, budget)?;
    let mut found = if content.is_one() { Vec::new() } else { square_free(&content, budget)? };
    let Some(primitive) = p.divided(&content, budget)? else { return Ok(vec![(p.clone(), 1)]) };
    if primitive.degree(main) == 1 {
        found.push((primitive, 1));
        return Ok(found);
    }
    // Yun: w holds each factor once, c the factors as often as they are left over.
    let mut c = gcd(&primitive, &primitive.derivative(main), budget)?;
    let Some(mut w) = primitive.divided(&c, budget)? else { return Ok(vec![(p.clone(), 1)]) };
    let mut times = 1;
    while !w.is_one() {
        let next = gcd(&w, &c, budget)?;
        let (Some(once), Some(rest)) = (w.divided(&next, budget)?, c.divided(&next, budget)?) else {
            return Ok(vec![(p.clone(), 1)]);
        };
        if !once.is_one() {
            found.push((once, times));
        }
        (w, c, times) = (next, rest, times + 1);
    }
    // Whatever the divisors were, p = found · w^times · c held at each turn.
    if !c.is_one() {
        found.push((c, 1));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::super::polynomial::tests::polynomials;
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn square_free_factors_multiply_back(a in polynomials(), b in polynomials()) {
            let budget = Budget::new(1 << 30);
            let p = a.mul(&b, &budget).and_then(|ab| ab.mul(&b, &budget)).expect("small");
            let p = p.stripped(&p.content(), &p.monomial_content()).unwrap_or_default();
            if p.as_constant().is_none() {
                let mut product = Polynomial::one();
                for (f, times) in square_free(&p, &budget).expect("small") {
                    product = product.mul(&f.pow(times, &budget).expect("small"), &budget).expect("small");
                }
                prop_assert!(product == p || product == p.neg());
            }
        }
    }
}
