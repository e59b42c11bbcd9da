//! Quotients of polynomials, with the denominator kept in factors.

use super::gcd::gcd;
use super::integer::Int;
use super::polynomial::{Budget, Generator, Monomial, Polynomial, TooLarge};
use crate::num::rational::Rational;
use std::rc::Rc;

/// `numerator / (scale · Π factor^power)`; factors are primitive, with a positive leading coefficient, and either a single
/// generator or free of monomials. Equal values may be written differently: equality is that a difference is zero.
#[derive(Clone, Debug)]
pub(super) struct Element {
    pub(super) numerator: Polynomial,
    /// Above zero.
    pub(super) scale: Int,
    pub(super) factors: Vec<(Rc<Polynomial>, u32)>,
}

impl Element {
    pub(super) fn zero() -> Element {
        Element::polynomial(Polynomial::zero())
    }

    pub(super) fn one() -> Element {
        Element::polynomial(Polynomial::one())
    }

    pub(super) fn polynomial(numerator: Polynomial) -> Element {
        Element { numerator, scale: Int::ONE, factors: Vec::new() }
    }

    pub(super) fn generator(generator: Generator) -> Element {
        Element::polynomial(Polynomial::generator(generator))
    }

    pub(super) fn integer(value: i64) -> Element {
        Element::polynomial(Polynomial::constant(Int::from(value)))
    }

    pub(super) fn rational(value: &Rational) -> Element {
        Element {
            numerator: Polynomial::constant(Int::from_big(value.numer().clone())),
            scale: Int::from_big(value.denom().clone()),
            factors: Vec::new(),
        }
    }

    pub(super) fn ratio(numerator: i64, denominator: i64) -> Element {
        Element::rational(&Rational::new(numerator.into(), denominator.into()))
    }

    /// The value, where no generator occurs.
    pub(super) fn as_rational(&self) -> Option<Rational> {
        if !self.factors.is_empty() {
            return None;
        }
        Some(Rational::new(self.numerator.as_constant()?.to_big(), self.scale.to_big()))
    }

    /// Generators that occur.
    pub(super) fn generators(&self) -> Vec<Generator> {
        let mut found = self.numerator.generators();
        for (factor, _) in &self.factors {
            found.extend(factor.generators());
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    pub(super) fn neg(&self) -> Element {
        Element { numerator: self.numerator.neg(), scale: self.scale.clone(), factors: self.factors.clone() }
    }

    fn power_of(&self, factor: &Polynomial) -> u32 {
        self.factors.iter().find(|(f, _)| **f == *factor).map_or(0, |(_, power)| *power)
    }

    /// Factors of both denominators, each as often as it occurs more often.
    fn common_factors(&self, other: &Element) -> Vec<(Rc<Polynomial>, u32)> {
        let mut common = self.factors.clone();
        for (factor, power) in &other.factors {
            match common.iter_mut().find(|(f, _)| Rc::ptr_eq(f, factor) || f == factor) {
                Some((_, p)) => *p = (*p).max(*power),
                None => common.push((factor.clone(), *power)),
            }
        }
        common
    }

    /// The numerator over another denominator that this one divides.
    pub(super) fn over(
        &self,
        scale: &Int,
        factors: &[(Rc<Polynomial>, u32)],
        budget: &Budget,
    ) -> Result<Polynomial, TooLarge> {
        let by = scale.divided(&self.scale).ok_or(TooLarge)?;
        let mut numerator = self.numerator.scaled(&by);
        for (factor, power) in factors {
            let missing = power.checked_sub(self.power_of(factor)).ok_or(TooLarge)?;
            if missing > 0 {
                numerator = numerator.mul(&factor.pow(missing, budget)?, budget)?;
            }
        }
        Ok(numerator)
    }

    /// A common denominator: its number and its factors.
    pub(super) fn common_denominator(&self, other: &Element) -> (Int, Vec<(Rc<Polynomial>, u32)>) {
        let shared = self.scale.gcd(&other.scale);
        let scale = self.scale.mul(&other.scale.divided(&shared).unwrap_or(Int::ONE));
        (scale, self.common_factors(other))
    }

    pub(super) fn add(&self, other: &Element, budget: &Budget) -> Result<Element, TooLarge> {
        if self.numerator.is_zero() {
            return Ok(other.clone());
        }
        if other.numerator.is_zero() {
            return Ok(self.clone());
        }
        let (scale, factors) = self.common_denominator(other);
        let sum = self.over(&scale, &factors, budget)?.add(&other.over(&scale, &factors, budget)?);
        Element { numerator: sum, scale, factors }.cancelled(budget)
    }

    pub(super) fn mul(&self, other: &Element, budget: &Budget) -> Result<Element, TooLarge> {
        if self.numerator.is_zero() || other.numerator.is_zero() {
            return Ok(Element::zero());
        }
        let mut factors = self.factors.clone();
        for (factor, power) in &other.factors {
            match factors.iter_mut().find(|(f, _)| Rc::ptr_eq(f, factor) || f == factor) {
                Some((_, p)) => *p = p.checked_add(*power).ok_or(TooLarge)?,
                None => factors.push((factor.clone(), *power)),
            }
        }
        // What cancels does so before the product is written out.
        let (mut a, mut b) = (self.numerator.clone(), other.numerator.clone());
        cancel(&mut a, &mut factors, budget)?;
        cancel(&mut b, &mut factors, budget)?;
        let scale = self.scale.mul(&other.scale);
        Ok(Element { numerator: a.mul(&b, budget)?, scale, factors }.reduced_numbers())
    }

    /// Common factors of numerator and denominator taken out, as far as they divide.
    pub(super) fn cancelled(mut self, budget: &Budget) -> Result<Element, TooLarge> {
        if self.numerator.is_zero() {
            return Ok(Element::zero());
        }
        cancel(&mut self.numerator, &mut self.factors, budget)?;
        Ok(self.reduced_numbers())
    }

    fn reduced_numbers(mut self) -> Element {
        if !self.scale.is_one() {
            let common = self.numerator.content().gcd(&self.scale);
            if !common.is_one()
                && let (Some(n), Some(s)) =
                    (self.numerator.stripped(&common, &Monomial::default()), self.scale.divided(&common))
            {
                (self.numerator, self.scale) = (n, s);
            }
        }
        self
    }

    /// One over it; the numerator must not be zero.
    pub(super) fn inverse(&self, budget: &Budget) -> Result<Element, TooLarge> {
        let mut numerator = Polynomial::constant(self.scale.clone());
        for (factor, power) in &self.factors {
            numerator = numerator.mul(&factor.pow(*power, budget)?, budget)?;
        }
        let (content, monomial) = (self.numerator.content(), self.numerator.monomial_content());
        let rest = self.numerator.stripped(&content, &monomial).ok_or(TooLarge)?;
        let mut factors: Vec<(Rc<Polynomial>, u32)> =
            monomial.powers().map(|(g, p)| (Rc::new(Polynomial::generator(g)), p)).collect();
        if !rest.is_one() {
            factors.push((Rc::new(rest), 1));
        }
        let (scale, numerator) =
            if content.is_negative() { (content.neg(), numerator.neg()) } else { (content, numerator) };
        Element { numerator, scale, factors }.cancelled(budget)
    }

    pub(super) fn powi(&self, exponent: u32, budget: &Budget) -> Result<Element, TooLarge> {
        if exponent == 0 {
            return Ok(Element::one());
        }
        let numerator = self.numerator.pow(exponent, budget)?;
        let scale = Polynomial::constant(self.scale.clone()).pow(exponent, budget)?.as_constant().ok_or(TooLarge)?;
        let factors = self.factors.iter().map(|(f, p)| Some((f.clone(), p.checked_mul(exponent)?)));
        let factors = factors.collect::<Option<Vec<_>>>().ok_or(TooLarge)?;
        if factors.iter().any(|(_, p)| *p > 1_000_000) {
            return Err(TooLarge);
        }
        Ok(Element { numerator, scale, factors })
    }

    /// The same value with what numerator and denominator share taken out, however it is hidden.
    pub(super) fn lowest_terms(&self, budget: &Budget) -> Result<Element, TooLarge> {
        let mut reduced = Element { numerator: self.numerator.clone(), scale: self.scale.clone(), factors: Vec::new() };
        for (factor, power) in &self.factors {
            let mut left = vec![(factor.as_ref().clone(), *power)];
            while let Some((f, p)) = left.pop() {
                let shared = if p > 0 { gcd(&reduced.numerator, &f, budget)? } else { Polynomial::one() };
                let (Some(n), Some(rest)) = (reduced.numerator.divided(&shared, budget)?, f.divided(&shared, budget)?)
                else {
                    return Ok(self.clone());
                };
                if shared.is_one() {
                    if p > 0 && !f.is_one() {
                        reduced.factors.push((Rc::new(f), p));
                    }
                    continue;
                }
                reduced.numerator = n;
                left.push((shared, p - 1));
                left.push((rest, p));
            }
        }
        Ok(reduced)
    }
}

/// Takes out of a polynomial and a list of factors what divides both.
fn cancel(a: &mut Polynomial, factors: &mut Vec<(Rc<Polynomial>, u32)>, budget: &Budget) -> Result<(), TooLarge> {
    if factors.is_empty() {
        return Ok(());
    }
    let monomial = a.monomial_content();
    let mut out = Vec::new();
    for (factor, power) in factors.iter_mut() {
        if let Some(g) = factor.as_generator() {
            let shared = monomial.power(g).min(*power);
            if shared > 0 {
                out.push((g, shared));
                *power -= shared;
            }
            continue;
        }
        while *power > 0 {
            let Some(quotient) = a.divided(factor, budget)? else { break };
            (*a, *power) = (quotient, *power - 1);
        }
    }
    for (g, shared) in out {
        if let Some(quotient) = a.stripped(&Int::ONE, &Monomial::of(g, shared)) {
            *a = quotient;
        }
    }
    factors.retain(|(_, power)| *power > 0);
    Ok(())
}
