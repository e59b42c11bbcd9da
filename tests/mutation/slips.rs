//! Slips of the pen on the tree of a term: every one that a careless reader might make, one at a time.

use thalweg::expr::{Expr, Function, Node};
use thalweg::proof::{Assumption, Symbols};

/// What goes wrong at one node.
enum Slip {
    /// A sign in front of it.
    Negated,
    /// The part of this number left out.
    Dropped(usize),
    /// Plus and minus mistaken for the part of this number.
    Flipped(usize),
    /// Written in its place.
    Instead(String),
}

/// Writes a term with one slip.
struct Pen<'a> {
    symbols: &'a Symbols,
    /// Symbols that the claim uses: what one may be mistaken for.
    used: &'a [String],
    /// How many slips are passed before one is made.
    left: usize,
    made: bool,
}

/// How many slips a term offers.
pub fn count(term: &Expr, symbols: &Symbols, used: &[String]) -> usize {
    let mut pen = Pen { symbols, used, left: usize::MAX, made: false };
    pen.write(term);
    usize::MAX - pen.left
}

/// The term with slip number `at`, as text.
pub fn slipped(term: &Expr, symbols: &Symbols, used: &[String], at: usize) -> Option<String> {
    let mut pen = Pen { symbols, used, left: at, made: false };
    let text = pen.write(term);
    pen.made.then_some(text)
}

impl Pen<'_> {
    fn write(&mut self, e: &Expr) -> String {
        if !self.made {
            for slip in self.slips(e) {
                if self.left == 0 {
                    self.made = true;
                    return written(e, slip);
                }
                self.left -= 1;
            }
        }
        let joined = |parts: Vec<String>, sign: &str| format!("({})", parts.join(sign));
        match e.node() {
            Node::Number(_) | Node::Pi | Node::Symbol(_) => e.to_string(),
            Node::Sum(parts) => joined(parts.iter().map(|p| self.write(p)).collect(), "+"),
            Node::Product(parts) => joined(parts.iter().map(|p| self.write(p)).collect(), "*"),
            Node::Negative(a) => format!("(-{})", self.write(a)),
            Node::Quotient(a, b) => format!("({}/{})", self.write(a), self.write(b)),
            Node::Power(a, b) => format!("({}^{})", self.write(a), self.write(b)),
            Node::Call(function, a) => format!("{}({})", function.name(), self.write(a)),
            Node::Apply { function, orders, arguments } if orders.iter().all(|order| *order == 0) => {
                let arguments: Vec<String> = arguments.iter().map(|a| self.write(a)).collect();
                format!("{function}({})", arguments.join(","))
            }
            Node::Apply { .. } => e.to_string(),
            Node::Derivative { of, variable, order } => format!("diff({},{variable},{order})", self.write(of)),
        }
    }

    fn slips(&self, e: &Expr) -> Vec<Slip> {
        let instead = |text: String| Slip::Instead(text);
        let mut slips = Vec::new();
        match e.node() {
            Node::Number(_) => {
                let forms = [format!("({e}+1)"), format!("({e}-1)"), format!("({e}*2)"), format!("({e}/2)")];
                slips.extend(forms.into_iter().take(if e.is_zero() { 2 } else { 4 }).map(instead));
                return slips;
            }
            Node::Pi => return vec![instead("(2*pi)".into()), instead("(pi/2)".into())],
            Node::Symbol(name) => {
                slips.extend(self.peers(name).map(instead));
                if self.symbols.get(&**name) == Some(&Assumption::Positive) {
                    slips.push(instead(format!("(1/{name})")));
                }
                return slips;
            }
            Node::Sum(parts) => {
                slips.extend((0..parts.len()).map(Slip::Dropped));
                slips.extend((0..parts.len()).map(Slip::Flipped));
            }
            Node::Product(parts) => slips.extend((0..parts.len()).map(Slip::Dropped)),
            Node::Negative(a) => return vec![instead(a.to_string())],
            Node::Quotient(a, b) => {
                slips.push(instead(format!("(({b})/({a}))")));
                slips.push(instead(format!("({a})")));
            }
            Node::Power(a, b) => {
                slips.push(instead(format!("(({a})^(({b})+1))")));
                slips.push(instead(format!("(({a})^(({b})-1))")));
                slips.push(instead(format!("({a})")));
            }
            Node::Call(function, a) => {
                slips.push(instead(format!("({a})")));
                slips.push(instead(format!("{}(-({a}))", function.name())));
                slips.extend(other(*function).map(|f| instead(format!("{}({a})", f.name()))));
            }
            Node::Apply { .. } => {}
            Node::Derivative { of, variable, order } => {
                slips.push(instead(format!("diff({of},{variable},{})", order + 1)));
                slips.push(match order {
                    1 => instead(format!("({of})")),
                    _ => instead(format!("diff({of},{variable},{})", order - 1)),
                });
                slips.extend(self.peers(variable).map(|other| instead(format!("diff({of},{other},{order})"))));
            }
        }
        slips.push(Slip::Negated);
        slips
    }

    /// Symbols of the same kind that it may be mistaken for.
    fn peers<'s>(&'s self, name: &'s str) -> impl Iterator<Item = String> + 's {
        let same = move |other: &&String| *other != name && self.symbols.get(*other) == self.symbols.get(name);
        self.used.iter().filter(same).cloned()
    }
}

fn written(e: &Expr, slip: Slip) -> String {
    let parts = match e.node() {
        Node::Sum(parts) | Node::Product(parts) => parts.as_slice(),
        _ => &[],
    };
    let sign = if matches!(e.node(), Node::Sum(_)) { "+" } else { "*" };
    let join = |parts: Vec<String>| format!("({})", parts.join(sign));
    match slip {
        Slip::Negated => format!("(-({e}))"),
        Slip::Dropped(at) => join((0..parts.len()).filter(|i| *i != at).map(|i| format!("({})", parts[i])).collect()),
        Slip::Flipped(at) => {
            let signed = |i| if i == at { format!("(-({}))", parts[i]) } else { format!("({})", parts[i]) };
            join((0..parts.len()).map(signed).collect())
        }
        Slip::Instead(text) => text,
    }
}

fn other(function: Function) -> Option<Function> {
    Some(match function {
        Function::Sin => Function::Cos,
        Function::Cos => Function::Sin,
        Function::Sinh => Function::Cosh,
        Function::Cosh => Function::Sinh,
        Function::Tanh => Function::Tan,
        Function::Tan => Function::Tanh,
        _ => return None,
    })
}
