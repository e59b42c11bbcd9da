//! Signs of numbers: where the rules for signs do not tell, an enclosure may.

use super::assignment::Assignment;
use super::element::Element;
use super::polynomial::{Generator, Polynomial};
use super::sign::Sign;
use super::tower::{Kind, Tower};

/// Precisions of the enclosures.
const BITS: [u32; 2] = [96, 512];

impl Tower {
    pub(super) fn is_number(&self, g: Generator) -> bool {
        let polynomial = |p: &Polynomial| p.generators().into_iter().all(|g| self.is_number(g));
        match self.kind(g) {
            Kind::Pi => true,
            Kind::Symbol(_) | Kind::Function { .. } | Kind::Alternating(_) | Kind::Side { .. } => false,
            Kind::Exp(t) | Kind::Cos(t) | Kind::Sin(t) | Kind::Atan(t) => {
                t.generators().into_iter().all(|g| self.is_number(g))
            }
            Kind::Ln(p) | Kind::Root { of: p, .. } => polynomial(p),
            Kind::Power { of, exponent } => polynomial(of) && exponent.powers().all(|(g, _)| self.is_number(g)),
        }
    }

    /// The signs an element may have; of a number it is found by enclosures where rules do not tell.
    pub(super) fn certain_sign(&self, e: &Element) -> Sign {
        let sign = self.sign(e);
        if sign.is(Sign::ZERO) || sign.is(Sign::POSITIVE) || sign.is(Sign::NEGATIVE) {
            return sign;
        }
        if !e.generators().into_iter().all(|g| self.is_number(g)) {
            return self.sign_by_facts(e, sign);
        }
        let Some(term) = self.expression(e) else { return sign };
        let nowhere = Assignment::default();
        for bits in BITS {
            match nowhere.values(&[&term], bits).pop() {
                Some(Ok(value)) if value.is_positive() => return Sign::POSITIVE,
                Some(Ok(value)) if value.negative().is_positive() => return Sign::NEGATIVE,
                _ => {}
            }
        }
        sign
    }

    /// The sign of a product with a factor that a fact is known of.
    fn sign_by_facts(&self, e: &Element, sign: Sign) -> Sign {
        for (factor, known) in &self.facts {
            if factor.terms().len() < 2 || known.may_be(Sign::ZERO) {
                continue;
            }
            if let Ok(Some(rest)) = e.numerator.divided(factor, &self.budget)
                && !rest.is_zero()
            {
                let rest = Element { numerator: rest, scale: e.scale.clone(), factors: e.factors.clone() };
                return sign.and(self.certain_sign(&rest).times(*known));
            }
        }
        sign
    }
}
