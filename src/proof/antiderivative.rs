//! Looks for an antiderivative: an ansatz with unknown constant coefficients, and linear equations for them.
//!
//! Nothing rests on how it is found: whoever uses it differentiates it and compares.

use super::element::Element;
use super::integer::Int;
use super::polynomial::{Generator, Monomial, Polynomial};
use super::sign::Sign;
use super::tower::{Kind, Read, Tower};
use num_traits::Zero;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Most terms of an ansatz.
const MOST_CANDIDATES: usize = 72;

/// `integrand = antiderivative' + Σ bells`
#[derive(Debug)]
pub(super) struct Found {
    pub(super) antiderivative: Element,
    pub(super) bells: Vec<Bell>,
}

/// `factor · exp(exponent)`, perhaps times the cosine or sine of an angle; the exponent is of second degree in the
/// variable, the angle of first.
#[derive(Clone, Debug)]
pub(super) struct Bell {
    pub(super) factor: Element,
    pub(super) exponent: Element,
    pub(super) wave: Option<Wave>,
}

/// The cosine or sine of an angle.
#[derive(Clone, Debug)]
pub(super) struct Wave {
    pub(super) angle: Element,
    pub(super) is_sine: bool,
}

/// A monomial in what changes with the variable, over powers of other such things.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Shape {
    above: Monomial,
    below: Vec<(Rc<Polynomial>, u32)>,
}

impl Shape {
    fn element(&self) -> Element {
        Element {
            numerator: Polynomial::term(self.above.clone(), Int::ONE),
            scale: Int::ONE,
            factors: self.below.iter().filter(|(_, p)| *p > 0).cloned().collect(),
        }
    }
}

struct Search<'a> {
    tower: &'a mut Tower,
    variable: Generator,
    candidates: Vec<Element>,
}

impl Tower {
    /// An antiderivative of an element by a variable, perhaps up to Gaussian bells.
    pub(super) fn antiderivative(&mut self, f: &Element, variable: Generator) -> Read<Option<Found>> {
        let f = self.reduce(f)?.lowest_terms(&self.budget)?;
        let f = self.with_pieces(f, variable)?;
        if f.numerator.is_zero() {
            return Ok(Some(Found { antiderivative: Element::zero(), bells: Vec::new() }));
        }
        let mut search = Search { tower: self, variable, candidates: Vec::new() };
        let bells = search.collect(&f)?;
        search.solved(&f, bells)
    }
}

impl Tower {
    /// The same element, what changes in its denominator split into factors without squares.
    fn with_pieces(&mut self, f: Element, variable: Generator) -> Read<Element> {
        let mut split = Element { numerator: f.numerator.clone(), scale: f.scale.clone(), factors: Vec::new() };
        for (factor, power) in &f.factors {
            let whole = Element::polynomial((**factor).clone());
            if factor.as_generator().is_some() || !self.depends(&whole, variable) {
                split = self.mul(&split, &self.powi(&whole, -i64::from(*power))?)?;
                continue;
            }
            let product = self.factor(&whole)?;
            split = self.mul(&split, &Element::integer(if power % 2 == 0 { 1 } else { product.sign }))?;
            for (piece, times) in product.pieces {
                let piece = Element::polynomial((*self.piece(piece)).clone());
                let times = times.checked_mul(i64::from(*power)).ok_or(super::tower::Refusal::TooLarge)?;
                for _ in 0..times.min(20) {
                    split = self.mul(&split, &self.powi(&piece, -1)?)?;
                }
            }
        }
        Ok(if self.same(&split, &f)? { split } else { f })
    }
}

impl Search<'_> {
    fn depends(&self, g: Generator) -> bool {
        self.tower.generator_depends(g, self.variable)
    }

    fn changing(&self, p: &Polynomial) -> bool {
        p.generators().into_iter().any(|g| self.depends(g))
    }

    /// The part of a monomial that changes, and the rest.
    fn parted(&self, m: &Monomial) -> (Monomial, Monomial) {
        let mut rest = m.clone();
        for (g, _) in m.powers() {
            if self.depends(g) {
                rest = rest.without(g);
            }
        }
        (m.over(&rest).unwrap_or_default(), rest)
    }

    fn push(&mut self, e: Element) {
        if self.candidates.len() < MOST_CANDIDATES && !self.candidates.iter().any(|known| same_form(known, &e)) {
            self.candidates.push(e);
        }
    }

    /// Candidates for the terms of the antiderivative; returns exponents of bells.
    fn collect(&mut self, f: &Element) -> Read<Vec<(Element, Bell)>> {
        let y = self.variable;
        let below: Vec<(Rc<Polynomial>, u32)> = f.factors.iter().filter(|(p, _)| self.changing(p)).cloned().collect();
        let is_exp =
            |tower: &Tower, p: &Polynomial| p.as_generator().is_some_and(|g| matches!(tower.kind(g), Kind::Exp(_)));
        let less: Vec<(Rc<Polynomial>, u32)> = below
            .iter()
            .map(|(p, power)| (p.clone(), if is_exp(self.tower, p) { *power } else { power - 1 }))
            .collect();
        let only_exp: Vec<(Rc<Polynomial>, u32)> =
            below.iter().filter(|(p, _)| is_exp(self.tower, p)).cloned().collect();
        let is_root = |tower: &Tower, p: &Polynomial| {
            p.as_generator().is_some_and(|g| matches!(tower.kind(g), Kind::Root { index: 2, .. }))
        };
        // The square of a root is a polynomial: such powers go down by two.
        let rooted: Vec<(Rc<Polynomial>, u32)> = below
            .iter()
            .map(|(p, power)| (p.clone(), if is_root(self.tower, p) { power.saturating_sub(2) } else { *power }))
            .collect();
        // Monomials without the variable itself, each with the highest power of the variable beside it.
        let mut parts: Vec<(Monomial, u32)> = Vec::new();
        for (m, _) in f.numerator.terms() {
            let (changing, _) = self.parted(m);
            let degree = changing.power(y);
            for part in self.variants(&changing.without(y), &below)? {
                match parts.iter_mut().find(|(known, _)| *known == part) {
                    Some((_, known)) => *known = (*known).max(degree),
                    None => parts.push((part, degree)),
                }
            }
        }
        let mut bells = Vec::new();
        for (part, degree) in &parts {
            if let Some(bell) = self.bell(part, &only_exp)? {
                bells.push(bell);
            }
            for power in (0..=degree + 1).rev() {
                let above = part.times(&Monomial::of(y, power))?;
                for below in [&less, &below, &only_exp, &rooted] {
                    let shape = Shape { above: above.clone(), below: below.clone() };
                    let e = shape.element().cancelled(&self.tower.budget)?;
                    let e = self.tower.reduce(&e)?;
                    if e.generators().into_iter().any(|g| self.depends(g)) {
                        self.push(e);
                    }
                }
            }
        }
        self.push(Element::generator(y));
        for (p, _) in &below {
            self.logarithms(p)?;
        }
        for g in f.generators().into_iter().filter(|g| self.depends(*g)).collect::<Vec<_>>() {
            match self.tower.kind(g).clone() {
                Kind::Ln(p) => self.logarithms(&p)?,
                Kind::Atan(t) => {
                    let under = self.tower.add(&Element::one(), &self.tower.powi(&t, 2)?)?;
                    let ln = self.tower.ln(&under)?;
                    self.push(ln);
                }
                Kind::Root { index: 2, .. } => {
                    // The square of the root, which is not below zero.
                    if let Some((2, square)) = self.tower.entries[g as usize].relation.clone() {
                        self.arc_sine(&square)?;
                    }
                }
                _ => {}
            }
        }
        Ok(bells)
    }

    /// A monomial with what its derivative, or that of something like it, may turn into it.
    fn variants(&mut self, m: &Monomial, below: &[(Rc<Polynomial>, u32)]) -> Read<Vec<Monomial>> {
        let mut found = vec![m.clone()];
        for (g, power) in m.powers() {
            let bare = m.without(g);
            match self.tower.kind(g).clone() {
                Kind::Ln(_) => {
                    for k in (0..=power + 1).filter(|k| *k != power) {
                        found.push(bare.times(&Monomial::of(g, k))?);
                    }
                }
                Kind::Atan(_) => found.push(bare),
                Kind::Exp(_) if below.iter().any(|(f, _)| f.as_generator().is_none() && f.degree(g) > 0) => {
                    for k in 0..power {
                        found.push(bare.times(&Monomial::of(g, k))?);
                    }
                }
                Kind::Function { name, orders, arguments } => {
                    found.push(bare.clone());
                    found.push(m.times(&Monomial::of(g, 1))?);
                    for (i, order) in orders.iter().enumerate().filter(|(_, order)| **order > 0) {
                        let mut lower = orders.clone();
                        lower[i] = order - 1;
                        let h = self.tower.function(&name, &lower, &arguments)?;
                        if let Some(h) = h.numerator.as_generator() {
                            for k in 1..=2 {
                                let less = m.over(&Monomial::of(g, 1)).unwrap_or_default();
                                found.push(less.times(&Monomial::of(h, k))?);
                            }
                        }
                    }
                }
                _ => {}
            }
        }
        let angles: Vec<(Generator, Generator)> = self.tower.angles.iter().map(|a| (a.first, a.second)).collect();
        for (cos, sin) in angles {
            for base in found.clone() {
                let total = base.power(cos) + base.power(sin);
                if total == 0 || total > 8 {
                    continue;
                }
                let bare = base.without(cos).without(sin);
                for n in 0..=total {
                    let mut turn = bare.times(&Monomial::of(cos, n))?;
                    if (total - n) % 2 == 1 {
                        turn = turn.times(&Monomial::of(sin, 1))?;
                    }
                    found.push(turn);
                }
            }
        }
        let mut distinct = Vec::new();
        for m in found {
            if !distinct.contains(&m) {
                distinct.push(m);
            }
        }
        Ok(distinct)
    }

    /// A product of exponentials whose exponents add up to a polynomial of second degree, perhaps with a wave, and the
    /// bell that it is. Powers `cos^n` and `cos^n sin` stand for the cosine and sine of `n` and `n + 1` times the angle:
    /// lower powers are looked at on their own.
    fn bell(&mut self, part: &Monomial, below: &[(Rc<Polynomial>, u32)]) -> Read<Option<(Element, Bell)>> {
        let (mut exponent, mut waves, mut plain) = (Element::zero(), Vec::new(), part.clone());
        let above = part.powers().map(|(g, p)| (g, i64::from(p)));
        let under = below.iter().filter_map(|(f, p)| Some((f.as_generator()?, -i64::from(*p))));
        for (g, power) in above.chain(under) {
            match self.tower.kind(g).clone() {
                Kind::Exp(t) => {
                    exponent = self.tower.add(&exponent, &self.tower.mul(&t, &Element::integer(power))?)?;
                }
                Kind::Cos(angle) if power > 0 => {
                    plain = plain.without(g);
                    waves.push((angle, power, false));
                }
                Kind::Sin(angle) if power == 1 => {
                    plain = plain.without(g);
                    waves.push((angle, 1, true));
                }
                _ => return Ok(None),
            }
        }
        let first = self.tower.derivative(&exponent, self.variable)?;
        let second = self.tower.derivative(&first, self.variable)?;
        if second.numerator.is_zero() || self.tower.depends(&second, self.variable) {
            return Ok(None);
        }
        let mut element = Shape { above: plain, below: below.to_vec() }.element();
        let Some((angle, _, _)) = waves.first().cloned() else {
            return Ok(Some((element, Bell { factor: Element::one(), exponent, wave: None })));
        };
        let mut times = 0;
        for (own, power, _) in &waves {
            let slope = self.tower.derivative(own, self.variable)?;
            if self.tower.depends(&slope, self.variable) || !self.tower.same(own, &angle)? {
                return Ok(None);
            }
            times += power;
        }
        let angle = self.tower.mul(&angle, &Element::integer(times))?;
        let is_sine = waves.iter().any(|(_, _, is_sine)| *is_sine);
        let (cos, sin) = self.tower.turn(&angle)?;
        element = self.tower.mul(&element, if is_sine { &sin } else { &cos })?;
        Ok(Some((element, Bell { factor: Element::one(), exponent, wave: Some(Wave { angle, is_sine }) })))
    }

    /// `ln|p|`, and the arc tangent that goes with a polynomial of second degree without zeros.
    fn logarithms(&mut self, p: &Polynomial) -> Read<()> {
        if !p.as_generator().is_some_and(|g| matches!(self.tower.kind(g), Kind::Exp(_))) {
            let ln = self.tower.ln(&Element::polynomial(p.clone()))?;
            self.push(ln);
        }
        let quadratic = |g: &Generator| self.depends(*g) && p.degree(*g) == 2;
        let generators: Vec<Generator> = p.generators().into_iter().filter(quadratic).collect();
        for g in generators {
            let part = |n: u32| {
                let found = p.coefficients(g).into_iter().find(|(power, _)| *power == n);
                found.map_or_else(Polynomial::zero, |(_, c)| c)
            };
            let (a, b, c) = (part(2), part(1), part(0));
            if [&a, &b, &c].into_iter().any(|q| self.changing(q)) {
                continue;
            }
            let budget = &self.tower.budget;
            let gap = a.mul(&c, budget)?.scaled(&Int::from(4)).sub(&b.pow(2, budget)?);
            let gap = Element::polynomial(gap);
            let inner = a.scaled(&Int::from(2)).mul(&Polynomial::generator(g), &self.tower.budget)?.add(&b);
            let inner = Element::polynomial(inner);
            match self.tower.certain_sign(&gap) {
                Sign::POSITIVE => {
                    let root = self.tower.sqrt(&gap)?;
                    let inner = self.tower.div(&inner, &root)?;
                    let atan = self.tower.atan(&inner)?;
                    self.push(atan);
                }
                Sign::NEGATIVE => {
                    let root = self.tower.sqrt(&gap.neg())?;
                    for linear in [self.tower.add(&inner, &root)?, self.tower.sub(&inner, &root)?] {
                        let ln = self.tower.ln(&linear)?;
                        self.push(ln);
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// `√(c² − y²)` comes from the arc sine, an arc tangent of `y/√(c² − y²)`.
    fn arc_sine(&mut self, whole: &Element) -> Read<()> {
        let slope = self.tower.derivative(whole, self.variable)?;
        let bend = self.tower.derivative(&slope, self.variable)?;
        if self.tower.depends(&bend, self.variable) || self.tower.certain_sign(&bend) != Sign::NEGATIVE {
            return Ok(());
        }
        let under = self.tower.mul(&self.tower.mul(&bend, &Element::integer(-2))?, whole)?;
        let under = self.tower.sqrt(&under)?;
        let inner = self.tower.div(&slope.neg(), &under)?;
        let atan = self.tower.atan(&inner)?;
        self.push(atan);
        Ok(())
    }

    /// Coefficients of the candidates, from linear equations: one for each monomial of the derivative.
    fn solved(&mut self, f: &Element, bells: Vec<(Element, Bell)>) -> Read<Option<Found>> {
        let candidates = std::mem::take(&mut self.candidates);
        let mut columns = Vec::new();
        for candidate in &candidates {
            columns.push(self.tower.derivative(candidate, self.variable)?);
        }
        columns.extend(bells.iter().map(|(bell, _)| bell.clone()));
        columns.push(f.clone());
        let (mut scale, mut factors) = (Int::ONE, Vec::new());
        for column in &mut columns {
            *column = self.tower.reduce(column)?;
            (scale, factors) = Element { numerator: Polynomial::zero(), scale, factors }.common_denominator(column);
        }
        let mut rows: BTreeMap<Monomial, Vec<Element>> = BTreeMap::new();
        for (k, column) in columns.iter().enumerate() {
            let over = Element::polynomial(column.over(&scale, &factors, &self.tower.budget)?);
            let over = self.tower.reduce(&over)?;
            if !over.factors.is_empty() {
                return Ok(None);
            }
            for (m, c) in over.numerator.terms() {
                let (changing, rest) = self.parted(m);
                let row = rows.entry(changing).or_insert_with(|| vec![Element::zero(); columns.len()]);
                let term = Element {
                    numerator: Polynomial::term(rest, c.clone()),
                    scale: over.scale.clone(),
                    factors: Vec::new(),
                };
                row[k] = self.tower.add(&row[k], &term)?;
            }
        }
        let Some(solution) = self.eliminated(rows.into_values().collect(), columns.len() - 1)? else {
            return Ok(None);
        };
        let mut antiderivative = Element::zero();
        for (candidate, x) in candidates.iter().zip(&solution) {
            if !x.numerator.is_zero() {
                antiderivative = self.tower.add(&antiderivative, &self.tower.mul(candidate, x)?)?;
            }
        }
        let factors = solution.into_iter().skip(candidates.len());
        let bells = bells.into_iter().zip(factors).filter(|(_, x)| !x.numerator.is_zero());
        Ok(Some(Found { antiderivative, bells: bells.map(|((_, bell), factor)| Bell { factor, ..bell }).collect() }))
    }

    /// Gauss elimination; unknowns that stay free are zero.
    fn eliminated(&mut self, mut rows: Vec<Vec<Element>>, unknowns: usize) -> Read<Option<Vec<Element>>> {
        let (mut done, mut pivots) = (0, Vec::new());
        for column in 0..unknowns {
            let rank = |tower: &Tower, e: &Element| match e.as_rational() {
                Some(q) if q.is_zero() => None,
                Some(_) => Some(0),
                None if e.numerator.is_zero() => None,
                None if tower.certain_sign(e).is(Sign::NONZERO) => Some(1),
                None => Some(2),
            };
            let best = (done..rows.len()).filter_map(|r| Some((rank(self.tower, &rows[r][column])?, r))).min();
            let Some((_, at)) = best else { continue };
            rows.swap(done, at);
            let over = self.tower.div(&Element::one(), &rows[done][column])?;
            for k in column..=unknowns {
                if !rows[done][k].numerator.is_zero() {
                    rows[done][k] = self.tower.mul(&rows[done][k], &over)?;
                }
            }
            let pivot = rows[done].clone();
            for (r, row) in rows.iter_mut().enumerate() {
                if r != done && !row[column].numerator.is_zero() {
                    let by = row[column].clone();
                    for k in column..=unknowns {
                        if !pivot[k].numerator.is_zero() {
                            let term = self.tower.mul(&by, &pivot[k])?;
                            row[k] = self.tower.sub(&row[k], &term)?.cancelled(&self.tower.budget)?;
                        }
                    }
                }
            }
            pivots.push((column, done));
            done += 1;
        }
        if rows[done..].iter().any(|row| !row[unknowns].numerator.is_zero()) {
            return Ok(None);
        }
        let mut solution = vec![Element::zero(); unknowns];
        for (column, row) in pivots {
            solution[column] = rows[row][unknowns].clone();
        }
        Ok(Some(solution))
    }
}

fn same_form(a: &Element, b: &Element) -> bool {
    a.numerator == b.numerator && a.scale == b.scale && a.factors == b.factors
}
