//! Derivatives, substitution and counts, each visiting every distinct term once.

use super::{Expr, Function, Node};
use std::collections::{BTreeSet, HashMap, HashSet};

impl Expr {
    /// Partial derivative with respect to the symbol `variable`. `abs` is differentiated as `abs(a)/a`, undefined at 0.
    pub fn derivative(&self, variable: &str) -> Expr {
        // Without a limit there is always an answer.
        self.derivative_within(variable, usize::MAX).unwrap_or_else(|| Expr::integer(0))
    }

    /// The derivative, unless writing it down takes more than about `work` operands.
    pub(super) fn derivative_within(&self, variable: &str, work: usize) -> Option<Expr> {
        let mut derivative = Derivative { variable, known: HashMap::new(), left: Some(work) };
        let done = derivative.of(self);
        derivative.left.map(|_| done)
    }

    /// Every symbol for which `with` has an answer replaced by it, as it stands: an abbreviation is written out, also
    /// inside a derivative that is not carried out. The variable of such a derivative is never replaced.
    pub fn substitute(&self, with: &dyn Fn(&str) -> Option<Expr>) -> Expr {
        fn go(e: &Expr, with: &dyn Fn(&str) -> Option<Expr>, known: &mut HashMap<Expr, Expr>) -> Expr {
            if let Some(done) = known.get(e) {
                return done.clone();
            }
            let done = match e.node() {
                Node::Number(_) | Node::Pi => e.clone(),
                Node::Symbol(name) => with(name).unwrap_or_else(|| e.clone()),
                Node::Sum(terms) => Expr::raw_sum(terms.iter().map(|t| go(t, with, known)).collect()),
                Node::Product(factors) => Expr::raw_product(factors.iter().map(|t| go(t, with, known)).collect()),
                Node::Negative(a) => Expr::raw_negative(go(a, with, known)),
                Node::Quotient(a, b) => Expr::raw_quotient(go(a, with, known), go(b, with, known)),
                Node::Power(a, b) => Expr::raw_power(go(a, with, known), go(b, with, known)),
                Node::Call(f, a) => go(a, with, known).call(*f),
                Node::Apply { function, orders, arguments } => {
                    Expr::apply(function, orders.clone(), arguments.iter().map(|a| go(a, with, known)).collect())
                }
                Node::Derivative { of, variable, order } => {
                    go(of, with, known).unevaluated_derivative(variable, *order)
                }
            };
            known.insert(e.clone(), done.clone());
            done
        }
        go(self, with, &mut HashMap::new())
    }

    /// The names of all symbols in it.
    pub fn symbols(&self) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        self.visit(&mut |e| {
            if let Node::Symbol(name) = e.node() {
                names.insert(name.to_string());
            }
        });
        names
    }

    /// Whether the symbol `name` occurs in it.
    pub fn contains(&self, name: &str) -> bool {
        self.symbols().contains(name)
    }

    /// Number of distinct terms in it, counted up to `limit`, and its depth.
    pub fn size(&self, limit: usize) -> (usize, usize) {
        let mut seen = HashSet::new();
        let mut pending = vec![self];
        while let Some(e) = pending.pop() {
            if seen.len() < limit && seen.insert(e) {
                pending.extend(e.node().parts());
            }
        }
        (seen.len(), self.depth())
    }

    /// The terms directly below.
    pub fn children(&self) -> Vec<Expr> {
        self.node().parts().cloned().collect()
    }

    pub(super) fn visit(&self, see: &mut dyn FnMut(&Expr)) {
        let mut seen = HashSet::new();
        let mut pending = vec![self.clone()];
        while let Some(e) = pending.pop() {
            if seen.insert(e.clone()) {
                see(&e);
                pending.extend(e.children());
            }
        }
    }
}

impl Node {
    /// The terms directly below.
    pub(super) fn parts(&self) -> impl Iterator<Item = &Expr> {
        let (many, first, second): (&[Expr], _, _) = match self {
            Node::Number(_) | Node::Pi | Node::Symbol(_) => (&[], None, None),
            Node::Sum(parts) | Node::Product(parts) | Node::Apply { arguments: parts, .. } => (parts, None, None),
            Node::Negative(a) | Node::Call(_, a) | Node::Derivative { of: a, .. } => (&[], Some(a), None),
            Node::Quotient(a, b) | Node::Power(a, b) => (&[], Some(a), Some(b)),
        };
        many.iter().chain(first).chain(second)
    }
}

struct Derivative<'a> {
    variable: &'a str,
    known: HashMap<Expr, Expr>,
    /// Operands that may still be written; `None` once they ran out and all else is given up.
    left: Option<usize>,
}

impl Derivative<'_> {
    fn of(&mut self, e: &Expr) -> Expr {
        if let Some(done) = self.known.get(e) {
            return done.clone();
        }
        if self.left.is_none() {
            return Expr::integer(0);
        }
        let done = self.rule(e);
        self.spend(&done);
        self.known.insert(e.clone(), done.clone());
        done
    }

    /// Takes the operands of a term just written, and of the terms directly below it, from what is left.
    fn spend(&mut self, done: &Expr) {
        let work: usize = 1 + done.node().parts().map(|part| 1 + part.node().parts().count()).sum::<usize>();
        self.left = self.left.and_then(|left| left.checked_sub(work));
    }

    fn rule(&mut self, e: &Expr) -> Expr {
        match e.node() {
            Node::Number(_) | Node::Pi => Expr::integer(0),
            Node::Symbol(name) => Expr::integer(i64::from(&**name == self.variable)),
            Node::Sum(terms) => Expr::sum(terms.iter().map(|t| self.of(t)).collect::<Vec<_>>()),
            Node::Product(factors) => self.product(factors),
            Node::Negative(a) => -self.of(a),
            Node::Quotient(a, b) => {
                let (da, db) = (self.of(a), self.of(b));
                if db.is_zero() { da / b } else { (da * b - a * db) / b.powi(2) }
            }
            Node::Power(a, b) => {
                let (da, db) = (self.of(a), self.of(b));
                if db.is_zero() {
                    // (a^b)' = b a^(b−1) a'
                    b * a.power(&(b - Expr::integer(1))) * da
                } else if da.is_zero() {
                    e * a.ln() * db
                } else {
                    e * (db * a.ln() + b * da / a)
                }
            }
            Node::Call(function, a) => {
                let da = self.of(a);
                if da.is_zero() { da } else { slope(*function, a, e) * da }
            }
            Node::Apply { function, orders, arguments } => {
                let terms: Vec<Expr> = (0..arguments.len())
                    .map(|i| {
                        let mut raised = orders.clone();
                        raised[i] += 1;
                        self.of(&arguments[i]) * Expr::apply(function, raised, arguments.clone())
                    })
                    .collect();
                Expr::sum(terms)
            }
            Node::Derivative { of, variable, order } => {
                let mut inner = of.clone();
                for _ in 0..*order {
                    inner = inner.derivative(variable);
                }
                self.of(&inner)
            }
        }
    }

    /// The product rule; long products are split in halves, which keeps the result of order `n ln n`.
    fn product(&mut self, factors: &[Expr]) -> Expr {
        if factors.len() > 8 {
            let (left, right) = factors.split_at(factors.len() / 2);
            let (dl, dr) = (self.product(left), self.product(right));
            let whole = |part: &[Expr]| Expr::raw_product(part.to_vec());
            let parts = [(dl, whole(right)), (dr, whole(left))].into_iter().filter(|(d, _)| !d.is_zero());
            let mut terms: Vec<Expr> = parts.map(|(d, rest)| Expr::raw_product(vec![d, rest])).collect();
            return match terms.len() {
                0 => Expr::integer(0),
                1 => terms.swap_remove(0),
                _ => Expr::raw_sum(terms),
            };
        }
        let slopes: Vec<Expr> = factors.iter().map(|f| self.of(f)).collect();
        let mut terms = Vec::new();
        for (i, slope) in slopes.iter().enumerate().filter(|(_, slope)| !slope.is_zero()) {
            if self.left.is_none() {
                break;
            }
            let term = Expr::product((0..factors.len()).map(|j| if i == j { slope } else { &factors[j] }.clone()));
            self.spend(&term);
            terms.push(term);
        }
        Expr::sum(terms)
    }
}

/// `f'(a)`, where `e = f(a)`.
fn slope(function: Function, a: &Expr, e: &Expr) -> Expr {
    let one = Expr::integer(1);
    match function {
        Function::Exp => e.clone(),
        Function::Ln => one / a,
        Function::Sqrt => one / (Expr::integer(2) * e),
        Function::Sin => a.call(Function::Cos),
        Function::Cos => -a.call(Function::Sin),
        Function::Tan => one + e.powi(2),
        Function::Sinh => a.call(Function::Cosh),
        Function::Cosh => a.call(Function::Sinh),
        Function::Tanh => one - e.powi(2),
        Function::Atan => one.clone() / (one + a.powi(2)),
        Function::Abs => e / a,
    }
}
