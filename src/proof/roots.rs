//! Roots and absolute values: `|a|^q = Π |p|^(k q)` for `a = ± Π p^k`, whatever the signs of the factors.
//!
//! Where the sign of a product is known but not those of its factors, as below a root, the product is kept as one.

use super::element::Element;
use super::elementary::{common_multiple, less_one, small_ratio};
use super::factor::Product;
use super::polynomial::{Generator, Polynomial};
use super::sign::Sign;
use super::tower::{Kind, Read, Refusal, Tower};
use crate::num::rational::Rational;
use num_bigint::BigInt;
use num_traits::Zero;
use std::rc::Rc;

impl Tower {
    /// `|p|^(a/b)` of a piece, which is not zero where `a < 0`.
    pub(super) fn absolute_power(&mut self, at: usize, a: i64, b: i64) -> Read<Element> {
        let (a, b) = small_ratio(&Rational::new(a.into(), b.into()))?;
        let p = self.piece(at);
        let e = self.reduce(&Element::polynomial((*p).clone()))?;
        if b == 1 {
            if a % 2 == 0 {
                return self.powi(&e, a);
            }
            if let Some(side) = self.sign_of_polynomial(&p).side() {
                return self.powi(&self.mul(&e, &Element::integer(side))?, a);
            }
        }
        if let Some(g) = p.as_generator() {
            match self.kind(g).clone() {
                Kind::Exp(t) => return self.exp(&self.mul(&t, &Element::ratio(a, b))?),
                Kind::Root { of, index } => {
                    let product = self.factor(&Element::polynomial((*of).clone()))?;
                    return self.absolute_powers(&product, a, b * i64::from(index));
                }
                Kind::Power { of, exponent } if !self.sign_of_polynomial(&of).may_be(Sign::ZERO) => {
                    let ln = self.ln(&Element::polynomial((*of).clone()))?;
                    let exponent = self.mul(&self.mul(&ln, &less_one(&exponent))?, &Element::ratio(a, b))?;
                    return self.exp(&exponent);
                }
                Kind::Alternating(_) | Kind::Side { .. } => return Ok(Element::one()),
                _ => {}
            }
        }
        let parts = u32::try_from(b).map_err(|_| Refusal::TooLarge)?;
        let index = common_multiple(self.pieces[at].root.map_or(1, |(_, index)| index), parts)?;
        let g = self.root_of_piece(at, index)?;
        self.powi(&Element::generator(g), a * (i64::from(index) / b))
    }

    /// `Π |p|^(k a/b)`
    pub(super) fn absolute_powers(&mut self, product: &Product, a: i64, b: i64) -> Read<Element> {
        let q = Rational::new(a.into(), b.into());
        let powers: Vec<(usize, Rational)> = product.pieces.iter().map(|(p, k)| (*p, &q * BigInt::from(*k))).collect();
        self.rational_powers(powers)
    }

    /// `Π |p|^q`; where only the sign of a product of pieces is known, that product is taken as one.
    pub(super) fn rational_powers(&mut self, mut powers: Vec<(usize, Rational)>) -> Read<Element> {
        let even = |q: &Rational| q.is_integer() && (q.numer() % 2u8).is_zero();
        let open = |tower: &Tower, p: usize| tower.sign_of_polynomial(&tower.pieces[p].polynomial).side().is_none();
        let unsigned: Vec<usize> = powers.iter().filter(|(p, q)| !even(q) && open(self, *p)).map(|(p, _)| *p).collect();
        let mut result = Element::one();
        if unsigned.len() > 1 {
            let mut together = Polynomial::one();
            for p in &unsigned {
                together = together.mul(&self.piece(*p), &self.budget)?;
            }
            // The least power of them, so that none is left below zero: a factor may be zero.
            let least = powers.iter().filter(|(p, _)| unsigned.contains(p)).map(|(_, q)| q.clone()).min();
            if let Some(common) = least.filter(|_| self.sign_of_polynomial(&together).side().is_some()) {
                let group = self.group_of(together);
                let (a, b) = small_ratio(&common)?;
                result = self.absolute_power(group, a, b)?;
                for (p, q) in &mut powers {
                    if unsigned.contains(p) {
                        *q -= &common;
                    }
                }
            }
        }
        for (piece, q) in powers {
            let (a, b) = small_ratio(&q)?;
            let factor = self.absolute_power(piece, a, b)?;
            result = self.mul(&result, &factor)?;
        }
        Ok(result)
    }

    /// Puts on record what the sign of a product says of its factors of unknown sign, taken together; `false` where
    /// factors that may be zero are in the way. `open`: the product is above zero, elsewhere it may be zero.
    pub(super) fn assume_together(&mut self, product: &Product, open: bool) -> bool {
        let (mut side, mut together, mut found) = (product.sign, Polynomial::one(), false);
        for (piece, power) in &product.pieces {
            let p = self.piece(*piece);
            let sign = self.sign_of_polynomial(&p);
            // What is divided by is not zero.
            let nonzero = open || *power < 0 || !sign.may_be(Sign::ZERO);
            match sign.side() {
                _ if power % 2 == 0 && nonzero => {}
                Some(known) if nonzero => side *= known,
                None if power % 2 != 0 => {
                    found = true;
                    match together.mul(&p, &self.budget) {
                        Ok(product) => together = product,
                        Err(_) => return false,
                    }
                }
                _ => return false,
            }
        }
        if found {
            let sign = if open { Sign::POSITIVE } else { Sign::NONNEGATIVE };
            self.assume_of_polynomial(&together, if side < 0 { sign.negative() } else { sign });
        }
        true
    }

    /// The generator `|p|^(1/index)`; an earlier one of another index becomes a power of it.
    fn root_of_piece(&mut self, at: usize, index: u32) -> Read<Generator> {
        let earlier = self.pieces[at].root;
        if let Some((g, known)) = earlier
            && known == index
        {
            return Ok(g);
        }
        let p = self.piece(at);
        let relation = self.root_relation(&p, index)?;
        let g = self.push(Kind::Root { of: p, index }, Some(relation))?;
        self.pieces[at].root = Some((g, index));
        if let Some((old, known)) = earlier {
            let power = self.powi(&Element::generator(g), i64::from(index / known))?;
            self.relate(old, 1, power);
        }
        Ok(g)
    }

    /// `|p|^(n/n) = ± p` where the sign is known, `|p|^(2n/n) = p²` elsewhere.
    fn root_relation(&self, p: &Rc<Polynomial>, index: u32) -> Read<(u32, Element)> {
        let e = self.reduce(&Element::polynomial((**p).clone()))?;
        Ok(match self.sign_of_polynomial(p).side() {
            Some(side) => (index, self.mul(&e, &Element::integer(side))?),
            None => (2 * index, self.powi(&e, 2)?),
        })
    }

    /// Applies what has since become known of signs to roots and absolute values.
    pub(super) fn settle(&mut self) -> Read<()> {
        for at in 0..self.pieces.len() {
            if let Some((g, index)) = self.pieces[at].root {
                let piece = self.piece(at);
                let waits = self.entries[g as usize].relation.as_ref().is_some_and(|(n, _)| *n == 2 * index);
                if waits && self.sign_of_polynomial(&piece).side().is_some() {
                    let (n, value) = self.root_relation(&piece, index)?;
                    self.relate(g, n, value);
                }
            }
        }
        for at in 0..self.pieces.len() {
            let sign = self.sign_of_polynomial(&self.pieces[at].polynomial);
            if sign == Sign::POSITIVE || sign == Sign::NEGATIVE {
                for (exponent, g) in std::mem::take(&mut self.pieces[at].powers) {
                    let value = self.power_less_one(at, &exponent)?;
                    self.relate(g, 1, value);
                }
            }
        }
        for at in 0..self.pieces.len() {
            let Some((g, index)) = self.pieces[at].root.filter(|_| self.pieces[at].split) else { continue };
            if self.entries[g as usize].relation.as_ref().is_some_and(|(n, _)| *n == 1) {
                continue;
            }
            let product = self.factor(&Element::polynomial((*self.piece(at)).clone()))?;
            if self.unsigned_pieces(&product).is_empty() {
                let value = self.absolute_powers(&product, 1, i64::from(index))?;
                self.relate(g, 1, value);
            }
        }
        for g in 0..self.entries.len() as Generator {
            if let Kind::Side { base, .. } = self.kind(g).clone()
                && self.sign(&base) == Sign::POSITIVE
            {
                self.relate(g, 1, Element::one());
            }
        }
        // Terms are read again in the light of this.
        self.read.clear();
        self.derivatives.clear();
        Ok(())
    }

    /// Pieces to an odd power whose sign is not known.
    fn unsigned_pieces(&self, product: &Product) -> Vec<usize> {
        let unknown = |piece: usize| self.sign_of_polynomial(&self.pieces[piece].polynomial).side().is_none();
        product.pieces.iter().filter(|(p, k)| k % 2 != 0 && unknown(*p)).map(|(p, _)| *p).collect()
    }

    /// `√e`, where `e ≥ 0`.
    pub(super) fn sqrt(&mut self, e: &Element) -> Read<Element> {
        let product = self.factor(e)?;
        if product.sign == 0 {
            return Ok(Element::zero());
        }
        if self.unsigned_pieces(&product).is_empty() || self.assume_together(&product, false) {
            return self.absolute_powers(&product, 1, 2);
        }
        // √|K M| = √|K| √|M| always; (√|M|)² is ± M where K has a sign and is not zero, because e ≥ 0.
        let (mut side, mut outside) = (product.sign, Product { sign: 1, pieces: Vec::new() });
        let mut inside = Polynomial::one();
        for (piece, power) in product.pieces {
            let p = self.piece(piece);
            let sign = self.sign_of_polynomial(&p);
            // What is divided by is not zero.
            let nonzero = power < 0 || !sign.may_be(Sign::ZERO);
            if nonzero && (power % 2 == 0 || sign.side().is_some()) {
                outside.pieces.push((piece, power));
                if power % 2 != 0 && sign.side() == Some(-1) {
                    side = -side;
                }
                continue;
            }
            // p^-3 = p · p^-4, and |p|^(-4/2) is taken outside.
            let stays = if power > 0 { power } else { 1 };
            if power != stays {
                outside.pieces.push((piece, power - stays));
            }
            let stays = u32::try_from(stays).map_err(|_| Refusal::TooLarge)?;
            inside = inside.mul(&p.pow(stays, &self.budget)?, &self.budget)?;
        }
        let known = if side < 0 { Sign::NONNEGATIVE.negative() } else { Sign::NONNEGATIVE };
        self.assume_of_polynomial(&inside, known);
        let group = self.group_of(inside);
        let (root, outside) = (self.absolute_power(group, 1, 2)?, self.absolute_powers(&outside, 1, 2)?);
        self.mul(&outside, &root)
    }

    /// `|e|`
    pub(super) fn abs(&mut self, e: &Element) -> Read<Element> {
        let e = self.reduce(e)?;
        if let Some(side) = self.sign(&e).side() {
            return self.mul(&e, &Element::integer(side));
        }
        let product = self.factor(&e)?;
        self.absolute_powers(&product, 1, 1)
    }
}
