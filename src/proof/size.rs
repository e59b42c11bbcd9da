//! How fast things grow or vanish: `exp(Σ c s) · t^power · L^log · ln(L)^loglog` with `L = ln(1/t)`, as `t` falls to zero.

use super::element::Element;
use super::sign::Sign;
use super::tower::{Read, Refusal, Tower};
use crate::num::rational::Rational;
use num_traits::{ToPrimitive, Zero};
use std::cmp::Ordering;

/// `t^power · L^log · ln(L)^loglog`
#[derive(Clone, Debug)]
pub(super) struct Scale {
    pub(super) power: Element,
    pub(super) log: Rational,
    pub(super) loglog: Rational,
}

/// `exp(Σ coefficient · scale) · scale`; every scale of the exponent is larger than `ln(L)` and not `L` itself, the
/// largest comes first.
#[derive(Clone, Debug)]
pub(super) struct Size {
    pub(super) exponent: Vec<(Scale, Element)>,
    pub(super) scale: Scale,
}

impl Scale {
    pub(super) fn one() -> Scale {
        Scale { power: Element::zero(), log: Rational::zero(), loglog: Rational::zero() }
    }

    /// `L`
    fn logarithm() -> Scale {
        Scale { log: Rational::from_integer(1.into()), ..Scale::one() }
    }

    /// Whether it is `L` itself.
    pub(super) fn is_logarithm(&self) -> bool {
        self.power.numerator.is_zero() && self.log == Rational::from_integer(1.into()) && self.loglog.is_zero()
    }

    /// Whether it is a power of `ln(L)`.
    pub(super) fn is_of_loglog(&self) -> bool {
        self.power.numerator.is_zero() && self.log.is_zero()
    }

    fn by_logarithms(&self, other: &Scale) -> Ordering {
        self.log.cmp(&other.log).then_with(|| self.loglog.cmp(&other.loglog))
    }
}

impl Size {
    /// 1
    pub(super) fn one() -> Size {
        Size::of(Scale::one())
    }

    pub(super) fn of(scale: Scale) -> Size {
        Size { exponent: Vec::new(), scale }
    }

    /// `t^power`
    pub(super) fn power(power: Element) -> Size {
        Size::of(Scale { power, ..Scale::one() })
    }

    /// `L = ln(1/t)`
    pub(super) fn logarithm() -> Size {
        Size::of(Scale::logarithm())
    }

    /// `ln(L)`
    pub(super) fn loglogarithm() -> Size {
        Size::of(Scale { loglog: Rational::from_integer(1.into()), ..Scale::one() })
    }

    /// How many powers of it stay above `t^depth`; a few where it is no power of `t`.
    pub(super) fn steps(&self, depth: u32) -> u32 {
        let few = depth.clamp(2, 10);
        let power = self.scale.power.as_rational().filter(|p| self.exponent.is_empty() && *p > Rational::zero());
        match power {
            Some(p) => (Rational::from_integer(depth.into()) / p).to_integer().to_u32().unwrap_or(few).clamp(1, 64),
            None => few,
        }
    }
}

impl Tower {
    /// Which of two scales is larger for small `t`.
    pub(super) fn compare_scales(&self, a: &Scale, b: &Scale) -> Read<Ordering> {
        let gap = match (a.power.as_rational(), b.power.as_rational()) {
            (Some(p), Some(q)) => return Ok(q.cmp(&p).then_with(|| a.by_logarithms(b))),
            _ => self.sub(&a.power, &b.power)?,
        };
        if gap.numerator.is_zero() {
            return Ok(a.by_logarithms(b));
        }
        match self.certain_sign(&gap) {
            Sign::POSITIVE => Ok(Ordering::Less),
            Sign::NEGATIVE => Ok(Ordering::Greater),
            Sign::ZERO => Ok(a.by_logarithms(b)),
            _ => Err(Refusal::Unsupported(format!(
                "the sign of {}, which decides what is larger, is not known",
                self.text(&gap)
            ))),
        }
    }

    /// The sum of two lists of terms, the largest first.
    fn merged(&self, a: &[(Scale, Element)], b: &[(Scale, Element)]) -> Read<Vec<(Scale, Element)>> {
        let mut sum = a.to_vec();
        for (scale, c) in b {
            let mut at = 0;
            loop {
                let Some((other, d)) = sum.get(at) else {
                    sum.push((scale.clone(), c.clone()));
                    break;
                };
                match self.compare_scales(scale, other)? {
                    Ordering::Greater => {
                        sum.insert(at, (scale.clone(), c.clone()));
                        break;
                    }
                    Ordering::Equal => {
                        let total = self.add(c, d)?;
                        if total.numerator.is_zero() {
                            sum.remove(at);
                        } else {
                            sum[at].1 = total;
                        }
                        break;
                    }
                    Ordering::Less => at += 1,
                }
            }
        }
        Ok(sum)
    }

    /// Which of two sizes is larger for small `t`.
    pub(super) fn compare_sizes(&self, a: &Size, b: &Size) -> Read<Ordering> {
        if a.exponent.is_empty() && b.exponent.is_empty() {
            return self.compare_scales(&a.scale, &b.scale);
        }
        let minus: Vec<(Scale, Element)> = b.exponent.iter().map(|(s, c)| (s.clone(), c.neg())).collect();
        let gap = self.merged(&a.exponent, &minus)?;
        let Some((scale, c)) = gap.first() else { return self.compare_scales(&a.scale, &b.scale) };
        // t^p = exp(−p L): what grows slower than L in the exponent counts after the power of t.
        if self.compare_scales(scale, &Scale::logarithm())? == Ordering::Less {
            let bare = |scale: &Scale| Scale { power: scale.power.clone(), ..Scale::one() };
            let powers = self.compare_scales(&bare(&a.scale), &bare(&b.scale))?;
            if powers != Ordering::Equal {
                return Ok(powers);
            }
        }
        match self.certain_sign(c) {
            Sign::POSITIVE => Ok(Ordering::Greater),
            Sign::NEGATIVE => Ok(Ordering::Less),
            _ => Err(Refusal::Unsupported(format!(
                "the sign of {}, which decides what grows, is not known",
                self.text(c)
            ))),
        }
    }

    pub(super) fn times_size(&self, a: &Size, b: &Size) -> Read<Size> {
        let scale = Scale {
            power: self.add(&a.scale.power, &b.scale.power)?,
            log: &a.scale.log + &b.scale.log,
            loglog: &a.scale.loglog + &b.scale.loglog,
        };
        Ok(Size { exponent: self.merged(&a.exponent, &b.exponent)?, scale })
    }

    /// The size to a real power.
    pub(super) fn size_to(&self, a: &Size, power: &Element) -> Read<Size> {
        let (log, loglog) = match power.as_rational() {
            Some(q) => (&a.scale.log * &q, &a.scale.loglog * &q),
            None if a.scale.log.is_zero() && a.scale.loglog.is_zero() => (Rational::zero(), Rational::zero()),
            None => return Err(Refusal::Unsupported("a symbolic power of a logarithm".into())),
        };
        let mut exponent = Vec::new();
        if !power.numerator.is_zero() {
            for (s, c) in &a.exponent {
                exponent.push((s.clone(), self.mul(c, power)?));
            }
        }
        Ok(Size { exponent, scale: Scale { power: self.mul(&a.scale.power, power)?, log, loglog } })
    }
}
