//! Expansions of elements, generator by generator, where a symbol tends to a place.

use super::element::Element;
use super::elementary::less_one;
use super::expansion::{Expansion, Grown, Halt};
use super::polynomial::{Generator, Polynomial};
use super::sign::Sign;
use super::size::Size;
use super::tower::{Kind, Refusal, Tower};
use num_traits::Zero;
use std::cmp::Ordering;
use std::collections::HashMap;

/// How a symbol tends to its place: `place + side · t`, or `side / t`, with `t` falling to zero.
#[derive(Clone, Debug)]
pub(super) struct Approach {
    pub(super) variable: Generator,
    /// `None`: beyond all bounds.
    pub(super) place: Option<Element>,
    pub(super) side: i64,
}

/// Expands elements along one approach.
pub(super) struct Expander<'a> {
    pub(super) tower: &'a mut Tower,
    pub(super) approach: Approach,
    /// Expansions go up to about `t^depth` beside their leading term.
    pub(super) depth: u32,
    known: HashMap<Generator, Expansion>,
    /// Looks only at places where the one angle that goes beyond all bounds has this cosine and sine.
    phase: Option<Phase>,
}

/// A cosine and a sine, and the angle that has them.
struct Phase {
    turn: (Element, Element),
    angle: Option<Element>,
}

impl Tower {
    /// Whether the value of a generator changes with a symbol.
    pub(super) fn generator_depends(&self, g: Generator, variable: Generator) -> bool {
        g == variable || self.made_of(g).iter().any(|e| self.depends(e, variable))
    }

    pub(super) fn depends(&self, e: &Element, variable: Generator) -> bool {
        e.generators().into_iter().any(|g| self.generator_depends(g, variable))
    }
}

impl<'a> Expander<'a> {
    pub(super) fn new(tower: &'a mut Tower, approach: Approach, depth: u32) -> Expander<'a> {
        Expander { tower, approach, depth, known: HashMap::new(), phase: None }
    }

    /// The same, only along the places where the angle that goes beyond all bounds has this cosine and sine: as the angle
    /// is continuous, it comes by each infinitely often.
    pub(super) fn in_phase(self, turn: (Element, Element)) -> Expander<'a> {
        Expander { phase: Some(Phase { turn, angle: None }), ..self }
    }

    /// The angle that went beyond all bounds, if one did.
    pub(super) fn unbounded_angle(self) -> Option<Element> {
        self.phase.and_then(|phase| phase.angle)
    }

    fn depends(&self, g: Generator) -> bool {
        self.tower.generator_depends(g, self.approach.variable)
    }

    /// The expansion of an element.
    pub(super) fn element(&mut self, e: &Element) -> Grown<Expansion> {
        let e = self.tower.reduce(e)?;
        let mut result = self.polynomial(&e.numerator)?;
        let scale = Element::one().numerator;
        let scale = Element { numerator: scale, scale: e.scale.clone(), factors: Vec::new() };
        result = self.tower.scaled(&result, &scale)?;
        for (factor, power) in &e.factors {
            let below = self.polynomial(factor)?;
            let inverse = self.real_power(&below, &Element::integer(-i64::from(*power)))?;
            result = self.tower.product(&result, &inverse, None)?;
        }
        Ok(result)
    }

    fn polynomial(&mut self, p: &Polynomial) -> Grown<Expansion> {
        let changing: Vec<Generator> = p.generators().into_iter().filter(|g| self.depends(*g)).collect();
        let Some(g) = changing.last().copied() else {
            let constant = self.tower.reduce(&Element::polynomial(p.clone()))?;
            return Ok(Expansion::constant(constant));
        };
        let own = self.generator(g)?;
        let (mut sum, mut at) = (Expansion::default(), None::<u32>);
        for (power, c) in p.coefficients(g).into_iter().rev() {
            if let Some(at) = at {
                let step = self.whole_power(&own, at - power)?;
                sum = self.tower.product(&sum, &step, None)?;
            }
            let c = self.polynomial(&c)?;
            sum = self.tower.plus(&sum, &c)?;
            at = Some(power);
        }
        let last = self.whole_power(&own, at.unwrap_or(0))?;
        self.tower.product(&sum, &last, None)
    }

    fn whole_power(&mut self, a: &Expansion, power: u32) -> Grown<Expansion> {
        if power > 64 {
            return if a.terms.len() == 1 && a.rest.is_none() {
                let (size, c) = &a.terms[0];
                let size = self.tower.size_to(size, &Element::integer(i64::from(power)))?;
                Ok(Expansion::term(size, self.tower.powi(c, i64::from(power))?))
            } else {
                self.real_power(a, &Element::integer(i64::from(power)))
            };
        }
        let mut result = Expansion::constant(Element::one());
        for _ in 0..power {
            result = self.tower.product(&result, a, None)?;
        }
        Ok(result)
    }

    fn generator(&mut self, g: Generator) -> Grown<Expansion> {
        if let Some(known) = self.known.get(&g) {
            return Ok(known.clone());
        }
        self.tower.budget.spend(1)?;
        let expansion = match self.tower.kind(g).clone() {
            Kind::Symbol(_) | Kind::Pi => self.variable()?,
            Kind::Function { name, orders, arguments } => {
                let mut parts = Vec::new();
                for argument in &arguments {
                    let inner = self.element(argument)?;
                    let (large, constant, small) = self.tower.split(&inner)?;
                    if !large.is_empty() {
                        return Err(Halt::unsupported(format!("{name} far away is not known")));
                    }
                    parts.push((constant, small));
                }
                self.taylor(&name, &orders, &parts, 0)?
            }
            Kind::Exp(t) => {
                let inner = self.element(&t)?;
                self.exp(&inner)?
            }
            Kind::Ln(p) => {
                let inner = self.polynomial(&p)?;
                self.ln(&inner)?
            }
            Kind::Root { of, index } => {
                let inner = self.polynomial(&of)?;
                let (size, c, small) = self.tower.normalised(&inner)?;
                let product = self.tower.factor(&c)?;
                let c = self.tower.absolute_powers(&product, 1, i64::from(index))?;
                self.powered(&size, &c, &small, &Element::ratio(1, i64::from(index)))?
            }
            Kind::Power { of, exponent } => {
                let growing = exponent.powers().any(|(g, _)| self.depends(g));
                let (of_exponent, exponent) = (exponent.clone(), less_one(&exponent));
                let inner = self.polynomial(&of)?;
                let (size, c, small) = self.tower.normalised(&inner)?;
                if growing {
                    let side = match self.tower.certain_sign(&c) {
                        Sign::POSITIVE => Element::one(),
                        Sign::NEGATIVE => self.tower.alternating(&of_exponent)?.neg(),
                        _ => return Err(Halt::unsupported("a growing power of what has no certain sign")),
                    };
                    let (ln, times) = (self.ln(&inner)?, self.element(&exponent)?);
                    let product = self.tower.product(&times, &ln, None)?;
                    let expansion = self.exp(&product)?;
                    let expansion = self.tower.scaled(&expansion, &side)?;
                    self.known.insert(g, expansion.clone());
                    return Ok(expansion);
                }
                let text = self.tower.text(&c);
                let c = self.tower.power(&c, &exponent, &|| text.clone())?;
                self.powered(&size, &c, &small, &exponent)?
            }
            // It may cancel; where it stays, it is seen as a coefficient that depends on the variable.
            Kind::Alternating(_) => Expansion::constant(Element::generator(g)),
            Kind::Side { base, .. } => {
                let inner = self.element(&base)?;
                let (_, c) = self.tower.leading(&inner)?;
                if self.tower.certain_sign(&c) != Sign::POSITIVE {
                    return Err(Halt::unsupported("a power whose base may be negative"));
                }
                Expansion::constant(Element::one())
            }
            Kind::Cos(t) => self.turn(&t)?.0,
            Kind::Sin(t) => self.turn(&t)?.1,
            Kind::Atan(t) => {
                let inner = self.element(&t)?;
                self.atan(&inner)?
            }
        };
        self.known.insert(g, expansion.clone());
        Ok(expansion)
    }

    fn variable(&self) -> Grown<Expansion> {
        let side = Element::integer(self.approach.side);
        match &self.approach.place {
            None => Ok(Expansion::term(Size::power(Element::integer(-1)), side)),
            Some(place) => {
                let step = Expansion::term(Size::power(Element::one()), side);
                self.tower.plus(&Expansion::constant(place.clone()), &step)
            }
        }
    }

    /// `∂^orders f` at `constant + small` in each argument: Taylor's theorem, one argument after the other.
    fn taylor(&mut self, name: &str, orders: &[u32], parts: &[(Element, Expansion)], at: usize) -> Grown<Expansion> {
        let Some((_, small)) = parts.get(at) else {
            let constants: Vec<Element> = parts.iter().map(|(c, _)| c.clone()).collect();
            return Ok(Expansion::constant(self.tower.function(name, orders, &constants)?));
        };
        if small.is_exact_zero() {
            return self.taylor(name, orders, parts, at + 1);
        }
        let Some(bound) = small.terms.first().map(|(s, _)| s).or(small.rest.as_ref()) else {
            return self.taylor(name, orders, parts, at + 1);
        };
        let last = bound.steps(self.depth);
        let rest = self.tower.size_to(bound, &Element::integer(i64::from(last) + 1))?;
        let mut sum = Expansion::bounded(rest.clone());
        let (mut power, mut factorial) = (Expansion::constant(Element::one()), Element::one());
        for n in 0..=last {
            let mut orders = orders.to_vec();
            orders[at] += n;
            let outer = self.taylor(name, &orders, parts, at + 1)?;
            let term = self.tower.product(&self.tower.scaled(&outer, &factorial)?, &power, Some(&rest))?;
            sum = self.tower.plus(&sum, &term)?;
            power = self.tower.product(&power, small, Some(&rest))?;
            factorial = self.tower.mul(&factorial, &Element::ratio(1, i64::from(n) + 1))?;
        }
        Ok(sum)
    }

    /// Coefficients of a Taylor series, as many as the depth asks for.
    fn series(
        &self,
        small: &Expansion,
        coefficient: &mut dyn FnMut(&Tower, u32) -> Grown<Element>,
    ) -> Grown<Vec<Element>> {
        let bound = small.terms.first().map(|(s, _)| s).or(small.rest.as_ref());
        let last = bound.map_or(0, |b| b.steps(self.depth));
        (0..=last).map(|n| coefficient(self.tower, n)).collect()
    }

    /// `exp`: large terms of the exponent make a size of their own.
    fn exp(&mut self, inner: &Expansion) -> Grown<Expansion> {
        let (large, constant, small) = self.tower.split(inner)?;
        let mut size = Size::one();
        for (s, c) in large {
            if !s.exponent.is_empty() {
                return Err(Halt::unsupported("an exponential of an exponential grows beyond what is compared here"));
            }
            // exp(c L) = t^(-c), exp(c ln L) = L^c
            if s.scale.is_logarithm() {
                size.scale.power = self.tower.sub(&size.scale.power, &c)?;
            } else if s.scale.is_of_loglog() {
                let whole = s.scale.loglog == num_traits::One::one();
                match c.as_rational().filter(|_| whole) {
                    Some(q) => size.scale.log += q,
                    None => return Err(Halt::unsupported("a symbolic power of a logarithm")),
                }
            } else {
                size.exponent.push((s.scale, c));
            }
        }
        let front = self.tower.exp(&constant)?;
        let mut factorial = Element::one();
        let coefficients = self.series(&small, &mut |tower, n| {
            if n > 0 {
                factorial = tower.mul(&factorial, &Element::ratio(1, i64::from(n)))?;
            }
            Ok(factorial.clone())
        })?;
        let sum = self.tower.composed(&coefficients, &small)?;
        self.tower.shifted(&self.tower.scaled(&sum, &front)?, &size)
    }

    /// `ln|c size (1 + small)|`
    fn ln(&mut self, inner: &Expansion) -> Grown<Expansion> {
        let (size, c, small) = self.tower.normalised(inner)?;
        if !size.scale.loglog.is_zero() {
            return Err(Halt::unsupported("a logarithm of a logarithm of a logarithm"));
        }
        let coefficients = self.series(&small, &mut |_, n| {
            let n = i64::from(n);
            Ok(if n == 0 { Element::zero() } else { Element::ratio(if n % 2 == 0 { -1 } else { 1 }, n) })
        })?;
        let mut sum = self.tower.composed(&coefficients, &small)?;
        let constant = self.tower.ln(&c)?;
        sum = self.tower.plus(&sum, &Expansion::constant(constant))?;
        let logarithm = Expansion::term(Size::logarithm(), size.scale.power.neg());
        sum = self.tower.plus(&sum, &logarithm)?;
        let loglogarithm = Expansion::term(Size::loglogarithm(), Element::rational(&size.scale.log));
        sum = self.tower.plus(&sum, &loglogarithm)?;
        for (scale, c) in size.exponent {
            sum = self.tower.plus(&sum, &Expansion::term(Size::of(scale), c))?;
        }
        Ok(sum)
    }

    fn real_power(&mut self, a: &Expansion, power: &Element) -> Grown<Expansion> {
        let (size, c, small) = self.tower.normalised(a)?;
        let whole = power.as_rational().and_then(|q| num_traits::ToPrimitive::to_i64(&q.to_integer()));
        let c = self.tower.powi(&c, whole.ok_or(Refusal::TooLarge)?)?;
        self.powered(&size, &c, &small, power)
    }

    /// `c · size^power · (1 + small)^power`
    fn powered(&mut self, size: &Size, c: &Element, small: &Expansion, power: &Element) -> Grown<Expansion> {
        let mut binomial = Element::one();
        let coefficients = self.series(small, &mut |tower, n| {
            if n > 0 {
                let n = i64::from(n);
                let factor = tower.sub(power, &Element::integer(n - 1))?;
                binomial = tower.mul(&tower.mul(&binomial, &factor)?, &Element::ratio(1, n))?;
            }
            Ok(binomial.clone())
        })?;
        let sum = self.tower.composed(&coefficients, small)?;
        let size = self.tower.size_to(size, power)?;
        self.tower.shifted(&self.tower.scaled(&sum, c)?, &size)
    }

    /// Cosine and sine; of an angle beyond all bounds no more is known than that they are bounded.
    fn turn(&mut self, t: &Element) -> Grown<(Expansion, Expansion)> {
        let inner = self.element(t)?;
        let (large, constant, small) = self.tower.split(&inner)?;
        if !large.is_empty() {
            let Some(phase) = &mut self.phase else {
                return Ok((Expansion::bounded(Size::one()), Expansion::bounded(Size::one())));
            };
            self.tower.leading(&inner)?;
            if !self.tower.same(phase.angle.get_or_insert_with(|| t.clone()), t)? {
                return Err(Halt::unsupported("two angles go beyond all bounds"));
            }
            let (cos, sin) = phase.turn.clone();
            return Ok((Expansion::constant(cos), Expansion::constant(sin)));
        }
        let (cos, sin) = self.tower.turn(&constant)?;
        let of = |first: &Element, second: &Element| -> Grown<Expansion> {
            // Derivatives in turn: first, second, −first, −second.
            let mut factorial = Element::one();
            let coefficients = self.series(&small, &mut |tower, n| {
                if n > 0 {
                    factorial = tower.mul(&factorial, &Element::ratio(1, i64::from(n)))?;
                }
                let value = if n % 2 == 0 { first } else { second };
                let value = if n % 4 < 2 { value.clone() } else { value.neg() };
                Ok(tower.mul(&value, &factorial)?)
            })?;
            self.tower.composed(&coefficients, &small)
        };
        Ok((of(&cos, &sin.neg())?, of(&sin, &cos)?))
    }

    fn atan(&mut self, inner: &Expansion) -> Grown<Expansion> {
        let bound = inner.terms.first().map(|(s, _)| s.clone());
        if let Some(bound) = bound
            && self.tower.compare_sizes(&bound, &Size::one())? == Ordering::Greater
        {
            // atan u = ± π/2 − atan(1/u)
            let (_, c) = self.tower.leading(inner)?;
            let side = match self.tower.certain_sign(&c) {
                Sign::POSITIVE => 1,
                Sign::NEGATIVE => -1,
                _ => return Err(Halt::unsupported(format!("the sign of {} is not known", self.tower.text(&c)))),
            };
            let inverse = self.real_power(inner, &Element::integer(-1))?;
            let pi = Element::generator(self.tower.pi()?);
            let quarter = self.tower.mul(&pi, &Element::ratio(side, 2))?;
            let rest = self.atan(&inverse)?;
            return self.tower.plus(&Expansion::constant(quarter), &rest.negative());
        }
        let (_, constant, small) = self.tower.split(inner)?;
        let value = self.tower.atan(&constant)?;
        // The derivative is 1/(1 + a² + 2 a s + s²) = Σ d_n s^n.
        let below = self.tower.add(&Element::one(), &self.tower.powi(&constant, 2)?)?;
        let over = self.tower.div(&Element::one(), &below)?;
        let twice = self.tower.mul(&constant, &Element::integer(-2))?;
        let (mut before, mut last) = (Element::zero(), Element::zero());
        let coefficients = self.series(&small, &mut |tower, n| {
            if n == 0 {
                return Ok(value.clone());
            }
            let next = if n == 1 {
                over.clone()
            } else {
                tower.mul(&tower.sub(&tower.mul(&twice, &last)?, &before)?, &over)?
            };
            before = std::mem::replace(&mut last, next.clone());
            Ok(tower.mul(&next, &Element::ratio(1, i64::from(n)))?)
        })?;
        self.tower.composed(&coefficients, &small)
    }
}
