//! From term to LaTeX, as a person would write it by hand.

use super::print::digits;
use super::{Expr, Function, Node};
use num_traits::{One, Zero};

/// What binds how tightly.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Level {
    Sum,
    Product,
    Power,
    Atom,
}

impl Expr {
    /// LaTeX that a person would write by hand.
    pub fn latex(&self) -> String {
        tex(self, Level::Sum)
    }
}

fn level(e: &Expr) -> Level {
    match e.node() {
        Node::Sum(_) | Node::Negative(_) => Level::Sum,
        Node::Product(_) => Level::Product,
        Node::Call(Function::Sqrt | Function::Abs, _) => Level::Atom,
        // `\sin x` beside other factors reads well, raised to a power it does not.
        Node::Call(..) | Node::Power(..) | Node::Quotient(..) => Level::Power,
        Node::Number(n) if !n.is_zero() && scientific(e) => Level::Power,
        Node::Number(_) | Node::Pi | Node::Symbol(_) | Node::Apply { .. } => Level::Atom,
        Node::Derivative { .. } => Level::Power,
    }
}

fn braces(inner: String) -> String {
    format!("\\left({inner}\\right)")
}

fn tex(e: &Expr, least: Level) -> String {
    if level(e) < least {
        return braces(tex(e, Level::Sum));
    }
    match e.node() {
        Node::Number(_) => number(e),
        Node::Pi => "\\pi".into(),
        Node::Symbol(name) => symbol(name),
        Node::Sum(terms) => {
            let mut text = String::new();
            for (i, term) in terms.iter().enumerate() {
                let (sign, body) = match term.node() {
                    Node::Negative(inner) => (if i == 0 { "-" } else { " - " }, tex(inner, Level::Product)),
                    _ => (if i == 0 { "" } else { " + " }, tex(term, Level::Product)),
                };
                text += sign;
                text += &body;
            }
            text
        }
        Node::Negative(inner) => format!("-{}", tex(inner, Level::Product)),
        Node::Product(factors) => {
            let mut text = String::new();
            for (i, factor) in factors.iter().enumerate() {
                let next = tex(factor, Level::Power);
                if i > 0 {
                    // Juxtaposition, except where two numbers would run together.
                    let numeric = next.starts_with(|c: char| c.is_ascii_digit()) || next.starts_with("\\frac{1}");
                    let letters = text.ends_with(|c: char| c.is_ascii_digit())
                        && next.starts_with(|c: char| c.is_ascii_alphabetic() || c == '\\' || c == 'e');
                    text += if numeric {
                        " \\cdot "
                    } else if letters && !next.starts_with('\\') {
                        ""
                    } else {
                        " "
                    };
                }
                // A function without parentheses would swallow the factors after it.
                let open = i + 1 < factors.len()
                    && (is_word(factor) || matches!(factor.node(), Node::Power(a, p) if is_word(a) && is_count(p)))
                    && !next.ends_with(')');
                text += &if open { braces(next) } else { next };
            }
            text
        }
        Node::Quotient(a, b) => format!("\\frac{{{}}}{{{}}}", tex(a, Level::Sum), tex(b, Level::Sum)),
        Node::Power(a, b) => power(a, b),
        Node::Call(function, a) => call(*function, a, None),
        Node::Apply { function, orders, arguments } => {
            let name = symbol(function);
            let inside: Vec<String> = arguments.iter().map(|a| tex(a, Level::Sum)).collect();
            let inside = inside.join(", ");
            let primes = match orders.as_slice() {
                [n @ 1..=3] => "'".repeat(*n as usize),
                all if all.iter().all(|n| *n == 0) => String::new(),
                all => {
                    let all: Vec<String> = all.iter().map(u32::to_string).collect();
                    format!("^{{({})}}", all.join(","))
                }
            };
            format!("{name}{primes}\\left({inside}\\right)")
        }
        Node::Derivative { of, variable, order } => {
            let power = if *order == 1 { String::new() } else { format!("^{{{order}}}") };
            let by = format!("\\partial {}{power}", symbol(variable));
            match of.node() {
                // Above the line it cannot be read as the derivative of the factors that follow.
                Node::Symbol(_) | Node::Apply { .. } => {
                    format!("\\frac{{\\partial{power} {}}}{{{by}}}", tex(of, Level::Atom))
                }
                _ => format!("\\frac{{\\partial{power}}}{{{by}}} {}", tex(of, Level::Atom)),
            }
        }
    }
}

/// A function written as a word before its argument.
fn is_word(e: &Expr) -> bool {
    matches!(e.node(), Node::Call(f, _) if !matches!(f, Function::Sqrt | Function::Abs | Function::Exp))
}

/// A positive whole number: as an exponent it may stand on the name of a function.
fn is_count(e: &Expr) -> bool {
    e.as_number().is_some_and(|p| p.is_integer() && p > Zero::zero())
}

fn power(a: &Expr, b: &Expr) -> String {
    if let Some(p) = b.as_number()
        && *p.numer() == One::one()
        && *p.denom() == 2.into()
    {
        return format!("\\sqrt{{{}}}", tex(a, Level::Sum));
    }
    let exponent = tex(b, Level::Sum);
    match a.node() {
        Node::Call(f, inner) if is_word(a) && is_count(b) => call(*f, inner, Some(&exponent)),
        _ => {
            let script = if exponent.chars().count() == 1 { exponent } else { format!("{{{exponent}}}") };
            format!("{}^{script}", tex(a, Level::Atom))
        }
    }
}

fn call(function: Function, a: &Expr, exponent: Option<&str>) -> String {
    let name = match function {
        Function::Exp => {
            let inner = tex(a, Level::Sum);
            return if inner.contains("\\frac") && inner.len() > 24 {
                format!("\\exp{}", braces(inner))
            } else {
                format!("e^{{{inner}}}")
            };
        }
        Function::Sqrt => return format!("\\sqrt{{{}}}", tex(a, Level::Sum)),
        Function::Abs => return format!("\\left|{}\\right|", tex(a, Level::Sum)),
        Function::Ln => "\\ln",
        Function::Sin => "\\sin",
        Function::Cos => "\\cos",
        Function::Tan => "\\tan",
        Function::Sinh => "\\sinh",
        Function::Cosh => "\\cosh",
        Function::Tanh => "\\tanh",
        Function::Atan => "\\arctan",
    };
    let name = exponent.map_or(name.to_owned(), |p| format!("{name}^{{{p}}}"));
    if is_simple(a) {
        format!("{name} {}", tex(a, Level::Sum))
    } else {
        format!("{name}{}", braces(tex(a, Level::Sum)))
    }
}

/// A letter, a number, or a number times a letter: an argument that needs no parentheses.
fn is_simple(a: &Expr) -> bool {
    match a.node() {
        Node::Number(_) => !scientific(a),
        Node::Pi | Node::Symbol(_) => true,
        Node::Product(factors) => {
            factors.len() == 2
                && matches!(factors[0].node(), Node::Number(_))
                && matches!(factors[1].node(), Node::Symbol(_) | Node::Pi)
        }
        _ => false,
    }
}

fn scientific(e: &Expr) -> bool {
    let Node::Number(n) = e.node() else { return false };
    let (digits, exponent) = digits(n);
    let point = digits.len() as i64 + exponent;
    !(-3..=15).contains(&point)
}

fn number(e: &Expr) -> String {
    if !scientific(e) {
        return e.to_string();
    }
    let Node::Number(n) = e.node() else { return e.to_string() };
    let (digits, exponent) = digits(n);
    let power = digits.len() as i64 + exponent - 1;
    let (first, rest) = digits.split_at(1);
    match (first, rest) {
        ("1", "") => format!("10^{{{power}}}"),
        (_, "") => format!("{first} \\cdot 10^{{{power}}}"),
        _ => format!("{first}.{rest} \\cdot 10^{{{power}}}"),
    }
}

/// A letter with its index; Greek names as Greek letters, longer names upright.
fn symbol(name: &str) -> String {
    const GREEK: [&str; 34] = [
        "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu",
        "xi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega", "Gamma", "Delta", "Theta", "Lambda",
        "Xi", "Pi", "Sigma", "Upsilon", "Phi", "Psi", "Omega", "pi",
    ];
    let (stem, index) = match name.split_once('_') {
        Some((stem, index)) if !stem.is_empty() => (stem, index),
        _ => {
            let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
            if stem.is_empty() { (name, "") } else { (stem, &name[stem.len()..]) }
        }
    };
    let body = if GREEK.contains(&stem) {
        format!("\\{stem}")
    } else if stem.len() == 1 {
        stem.to_owned()
    } else {
        format!("\\mathrm{{{}}}", stem.replace('_', "\\_"))
    };
    match index.len() {
        0 => body,
        1 => format!("{body}_{index}"),
        _ => format!("{body}_{{\\mathrm{{{}}}}}", index.replace('_', "\\_")),
    }
}
