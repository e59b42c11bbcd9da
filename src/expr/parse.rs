//! From text to term: precedence climbing with spans, bounded in depth and size.
//!
//! ```text
//! sum     = ["-"] product (("+" | "-") product)*
//! product = unary (("*" | "/") unary)*
//! unary   = "-" unary | "+" unary | power
//! power   = atom ["^" exponent]          right-associative; binds tighter than unary minus
//! exponent = "-" exponent | power
//! atom    = number | "pi" | name | name "(" sum ("," sum)* ")" | "(" sum ")"
//! ```
//! Terms keep the shape they are written in; `diff(e, x, n)` is replaced by the derivative.

use super::intern::intern;
use super::lexer::{Token, tokens};
use super::{Expr, Function, Node};
use num_traits::ToPrimitive;
use std::ops::Range;

/// Deepest nesting of parentheses, signs, functions and exponents.
const DEEPEST: usize = 200;
/// Deepest term; a recursive walk of it fits the stack of a thread.
const DEEPEST_TERM: usize = 800;
/// Most operands that writing a derivative down may take.
const MOST_WORK: usize = 300_000;
/// Most nodes of a formula, its derivatives written out.
const MOST_NODES: usize = 100_000;
/// Highest order of `diff`.
const HIGHEST_ORDER: u32 = 16;

/// The names that a formula may use.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// Variables and parameters.
    pub symbols: Vec<String>,
    /// Uninterpreted functions with their number of arguments (derivations only).
    pub functions: Vec<(String, usize)>,
    /// Whether `diff` stays as written ([`Node::Derivative`]) instead of being carried out.
    pub keep_derivatives: bool,
}

impl Names {
    /// Variables and parameters only.
    pub fn of<S: Into<String>>(symbols: impl IntoIterator<Item = S>) -> Names {
        Names { symbols: symbols.into_iter().map(Into::into).collect(), functions: Vec::new(), keep_derivatives: false }
    }
}

/// Why a formula could not be read, and where.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct ParseError {
    /// What is wrong, in one sentence.
    pub message: String,
    /// What is accepted there, or what was probably meant.
    pub help: Option<String>,
    /// Bytes of the formula that are at fault.
    pub span: Range<usize>,
}

impl ParseError {
    pub(super) fn new(message: String, span: Range<usize>) -> ParseError {
        ParseError { message, help: None, span }
    }
    pub(super) fn with_help(mut self, help: String) -> ParseError {
        self.help = Some(help);
        self
    }
}

/// Reads a formula that may use `names`.
///
/// # Errors
/// Anything that is not a formula, unknown names, and formulas nested deeper than 200 or larger than 100 000 nodes.
pub fn parse(text: &str, names: &Names) -> Result<Expr, ParseError> {
    let mut parser = Parser { tokens: tokens(text)?, at: 0, depth: 0, nodes: 0, names, end: text.len() };
    if parser.tokens.is_empty() {
        return Err(ParseError::new("the formula is empty".into(), 0..text.len()));
    }
    let formula = parser.sum()?;
    match parser.peek() {
        None => Ok(formula),
        Some(_) => Err(parser.unexpected()),
    }
}

struct Parser<'a> {
    tokens: Vec<(Token, Range<usize>)>,
    at: usize,
    depth: usize,
    nodes: usize,
    names: &'a Names,
    end: usize,
}

type Parsed = Result<Expr, ParseError>;

impl Parser<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at).map(|(token, _)| token)
    }

    fn eat(&mut self, token: &Token) -> bool {
        let found = self.peek() == Some(token);
        self.at += usize::from(found);
        found
    }

    /// Bytes of the next token, or the end of the text.
    fn here(&self) -> Range<usize> {
        self.tokens.get(self.at).map_or(self.end..self.end, |(_, span)| span.clone())
    }

    fn nested(&mut self, inner: impl FnOnce(&mut Self) -> Parsed) -> Parsed {
        if self.depth == DEEPEST {
            return Err(ParseError::new(format!("the formula is nested deeper than {DEEPEST}"), self.here()));
        }
        self.depth += 1;
        let parsed = inner(self);
        self.depth -= 1;
        parsed
    }

    fn count(&mut self, nodes: usize) -> Result<(), ParseError> {
        self.nodes += nodes;
        if self.nodes > MOST_NODES {
            return Err(ParseError::new(format!("the formula has more than {MOST_NODES} parts"), self.here()));
        }
        Ok(())
    }

    fn sum(&mut self) -> Parsed {
        let negative = self.eat(&Token::Minus);
        let first = self.product()?;
        let mut terms = vec![if negative { Expr::raw_negative(first) } else { first }];
        loop {
            if self.eat(&Token::Plus) {
                terms.push(self.product()?);
            } else if self.eat(&Token::Minus) {
                let term = self.product()?;
                terms.push(Expr::raw_negative(term));
            } else {
                break;
            }
            self.count(1)?;
        }
        Ok(if terms.len() == 1 { terms.swap_remove(0) } else { Expr::raw_sum(terms) })
    }

    fn product(&mut self) -> Parsed {
        let mut factors = vec![self.unary()?];
        loop {
            if self.eat(&Token::Star) {
                factors.push(self.unary()?);
            } else if self.eat(&Token::Slash) {
                let over = Self::joined(std::mem::take(&mut factors));
                factors.push(Expr::raw_quotient(over, self.unary()?));
                // a/b/c/… nests to the left: as deep as it is long, whatever the parentheses say.
                if factors[0].depth() > DEEPEST_TERM {
                    return Err(ParseError::new("the formula divides too often in a row".into(), self.here())
                        .with_help("write a/(b*c) for a/b/c".into()));
                }
            } else {
                break;
            }
            self.count(1)?;
        }
        Ok(Self::joined(factors))
    }

    fn joined(mut factors: Vec<Expr>) -> Expr {
        if factors.len() == 1 { factors.swap_remove(0) } else { Expr::raw_product(factors) }
    }

    fn unary(&mut self) -> Parsed {
        if self.eat(&Token::Minus) {
            self.count(1)?;
            return Ok(Expr::raw_negative(self.nested(Self::unary)?));
        }
        if self.eat(&Token::Plus) {
            return self.nested(Self::unary);
        }
        self.power()
    }

    fn power(&mut self) -> Parsed {
        let base = self.atom()?;
        if !self.eat(&Token::Caret) {
            return Ok(base);
        }
        self.count(1)?;
        let exponent = self.nested(Self::exponent)?;
        Ok(Expr::raw_power(base, exponent))
    }

    fn exponent(&mut self) -> Parsed {
        if self.eat(&Token::Minus) {
            self.count(1)?;
            return Ok(Expr::raw_negative(self.nested(Self::exponent)?));
        }
        self.power()
    }

    fn atom(&mut self) -> Parsed {
        self.count(1)?;
        let span = self.here();
        let Some(token) = self.peek().cloned() else {
            return Err(ParseError::new("the formula ends too early".into(), span)
                .with_help("a number, a name, a function or `(` is expected".into()));
        };
        match token {
            Token::Number(value) => {
                self.at += 1;
                Ok(Expr::number(value))
            }
            Token::Open => {
                self.at += 1;
                let inner = self.nested(Self::sum)?;
                self.close(span)?;
                Ok(inner)
            }
            Token::Name(name) => {
                self.at += 1;
                self.name(&name, span)
            }
            _ => Err(self.unexpected()),
        }
    }

    fn close(&mut self, opened: Range<usize>) -> Result<(), ParseError> {
        if self.eat(&Token::Close) {
            return Ok(());
        }
        match self.peek() {
            None => Err(ParseError::new("this parenthesis is never closed".into(), opened)),
            Some(_) => Err(self.unexpected()),
        }
    }

    fn unexpected(&self) -> ParseError {
        let span = self.here();
        let after_value =
            self.at > 0 && matches!(self.tokens[self.at - 1].0, Token::Number(_) | Token::Name(_) | Token::Close);
        match self.peek() {
            None => ParseError::new("the formula ends too early".into(), span),
            Some(Token::Close) => ParseError::new("unexpected `)`".into(), span),
            Some(Token::Comma) => ParseError::new("unexpected `,`".into(), span)
                .with_help("decimals are written with a point; commas stand between the arguments of diff".into()),
            Some(Token::Number(_) | Token::Name(_) | Token::Open) if after_value => {
                ParseError::new("an operator is missing here".into(), span)
                    .with_help("products are written with `*`".into())
            }
            Some(_) => ParseError::new("an operand is missing here".into(), span)
                .with_help("a number, a name, a function or `(` is expected".into()),
        }
    }

    fn name(&mut self, name: &str, span: Range<usize>) -> Parsed {
        let called = self.peek() == Some(&Token::Open);
        if name == "diff" && called {
            return self.diff(span);
        }
        if let Some(function) = Function::named(name) {
            if !called {
                return Err(ParseError::new(format!("`{name}` is a function: its argument is missing"), span)
                    .with_help(format!("write `{name}(…)`")));
            }
            let mut arguments = self.arguments()?;
            if arguments.len() != 1 {
                let count = arguments.len();
                return Err(ParseError::new(format!("`{name}` takes one argument, not {count}"), span));
            }
            return Ok(arguments.swap_remove(0).call(function));
        }
        if let Some((_, expected)) = self.names.functions.iter().find(|(known, _)| known == name) {
            if !called {
                return Err(ParseError::new(format!("`{name}` is a function: its arguments are missing"), span));
            }
            let expected = *expected;
            let arguments = self.arguments()?;
            if arguments.len() != expected {
                let message = format!("`{name}` takes {expected} arguments, not {}", arguments.len());
                return Err(ParseError::new(message, span));
            }
            return Ok(Expr::apply(name, vec![0; expected], arguments));
        }
        let known = name == "pi" || self.names.symbols.iter().any(|symbol| symbol == name);
        if !known {
            return Err(self.unknown(name, span));
        }
        if called {
            return Err(ParseError::new(format!("`{name}` is not a function"), span)
                .with_help("products are written with `*`".into()));
        }
        Ok(if name == "pi" { intern(Node::Pi) } else { Expr::symbol(name) })
    }

    fn arguments(&mut self) -> Result<Vec<Expr>, ParseError> {
        let opened = self.here();
        self.at += 1;
        let mut arguments = Vec::new();
        loop {
            arguments.push(self.nested(Self::sum)?);
            if !self.eat(&Token::Comma) {
                break;
            }
        }
        self.close(opened)?;
        Ok(arguments)
    }

    fn diff(&mut self, span: Range<usize>) -> Parsed {
        let opened = self.here();
        self.at += 1;
        let inner = self.nested(Self::sum)?;
        let usage = "diff(formula, variable) or diff(formula, variable, order)";
        let wrong = |message: &str, span| ParseError::new(message.into(), span).with_help(usage.into());
        if !self.eat(&Token::Comma) {
            return Err(wrong("`diff` needs the variable to differentiate by", span));
        }
        let place = self.here();
        let variable = match self.peek().cloned() {
            Some(Token::Name(name)) if self.names.symbols.contains(&name) => name,
            Some(Token::Name(name)) => return Err(self.unknown(&name, place)),
            _ => return Err(wrong("`diff` needs the name of a variable here", place)),
        };
        self.at += 1;
        let mut order = 1;
        if self.eat(&Token::Comma) {
            let place = self.here();
            order = match self.peek() {
                Some(Token::Number(n)) if n.is_integer() => n.to_u32().filter(|n| *n <= HIGHEST_ORDER),
                _ => None,
            }
            .ok_or_else(|| wrong(&format!("the order of `diff` is a whole number from 0 to {HIGHEST_ORDER}"), place))?;
            self.at += 1;
        }
        self.close(opened)?;
        if self.names.keep_derivatives {
            return Ok(inner.unevaluated_derivative(&variable, order));
        }
        let mut formula = inner;
        for _ in 0..order {
            formula = formula
                .derivative_within(&variable, MOST_WORK)
                .filter(|derivative| derivative.depth() <= DEEPEST_TERM && derivative.size(MOST_NODES).0 < MOST_NODES)
                .ok_or_else(|| ParseError::new("the derivative is too large".into(), span.clone()))?;
        }
        self.count(formula.size(MOST_NODES).0)?;
        Ok(formula)
    }

    fn unknown(&self, name: &str, span: Range<usize>) -> ParseError {
        let error = ParseError::new(format!("unknown name `{name}`"), span);
        if matches!(name.to_lowercase().as_str(), "inf" | "infinity" | "nan") {
            return error.with_help("formulas are made of finite numbers".into());
        }
        let functions = Function::ALL.iter().map(|(_, name)| *name).chain(["diff", "pi"]);
        let known: Vec<&str> = self
            .names
            .symbols
            .iter()
            .map(String::as_str)
            .chain(self.names.functions.iter().map(|(name, _)| name.as_str()))
            .chain(functions)
            .collect();
        let nearest = known.iter().map(|k| (distance(name, k), *k)).min();
        let named = self.names.symbols.iter().chain(self.names.functions.iter().map(|(name, _)| name));
        let symbols = named.map(String::as_str).collect::<Vec<_>>().join(", ");
        let accepted = format!("known names: {symbols}; pi; exp ln sqrt sin cos tan sinh cosh tanh atan abs diff");
        error.with_help(match nearest {
            Some((d, k)) if d <= 1 + name.len() / 4 && d < name.len() => format!("did you mean `{k}`? {accepted}"),
            _ => accepted,
        })
    }
}

/// Edit distance, for suggestions.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.to_lowercase().chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, c) in a.to_lowercase().chars().take(64).enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, d) in b.iter().enumerate() {
            let cost = diagonal + usize::from(c != *d);
            diagonal = row[j + 1];
            row[j + 1] = cost.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Names {
        Names {
            symbols: vec!["x".into(), "kappa".into(), "L0".into()],
            functions: vec![("F".into(), 1)],
            keep_derivatives: false,
        }
    }

    #[test]
    fn a_derivative_may_stay_as_it_is_written() {
        let keep = Names { keep_derivatives: true, ..names() };
        for text in ["diff(F(x)*x, x)", "1/diff(x^2, x, 3)^2", "diff(diff(F(x), kappa), x) - 1"] {
            let kept = parse(text, &keep).expect(text);
            assert_eq!(kept.to_string(), text);
            assert_eq!(parse(&kept.to_string(), &keep).expect(text), kept);
            let carried_out = parse(text, &names()).expect(text);
            assert_eq!(kept.derivative("x"), carried_out.derivative("x"), "{text}");
        }
        let kept = parse("x*diff(kappa^2*x, x)", &keep).expect("read");
        let power = kept.substitute(&|name| (name == "kappa").then(|| Expr::symbol("x")));
        assert_eq!(power.to_string(), "x*diff(x^2*x, x)");
        assert_eq!(kept.latex(), "x \\frac{\\partial}{\\partial x} \\left(\\kappa^2x\\right)");
        let kept = parse("diff(F(x), x, 2)*x", &keep).expect("read");
        assert_eq!(kept.latex(), "\\frac{\\partial^{2} F\\left(x\\right)}{\\partial x^{2}} x");
    }

    #[test]
    fn what_is_printed_reads_back_as_the_same_term() {
        for text in [
            "x",
            "-x",
            "1/3",
            "0.1",
            "1e-300",
            "1.5e-7*x",
            "-x^2",
            "2^3^2",
            "x^-2",
            "x^-x^2",
            "(-x)^2",
            "-(x + 1)*2",
            "x - (1 - x)",
            "x/kappa/2*x",
            "x/(kappa*2)",
            "-(-x)",
            "x*(-kappa)",
            "(x + 1) + x",
            "exp(-x^2/2)",
            "F(x + 1)*F(x)",
            "(x/2)^(1/2)",
            "diff(exp(sin(x))*F(x)/x, x, 3)",
            "diff(abs(x)^kappa, x)",
            "sqrt(1 + x^2)",
            "2*pi*x - 1",
            "(x*kappa)*x",
            "x*(kappa/x)",
        ] {
            let term = parse(text, &names()).expect(text);
            let printed = term.to_string();
            if printed.contains('[') {
                continue; // a derivative of an uninterpreted function has no spelling of its own
            }
            assert_eq!(parse(&printed, &names()).as_ref(), Ok(&term), "{text} printed as {printed}");
        }
    }

    #[test]
    fn operators_bind_as_in_mathematics() {
        let same = |a: &str, b: &str| assert_eq!(parse(a, &names()), parse(b, &names()), "{a} is {b}");
        same("-x^2", "-(x^2)");
        same("2^3^2", "2^(3^2)");
        same("x - 1 - 2", "(x) - (1) - (2)");
        same("log(x)", "ln(x)");
        same("diff(x^3, x)", "3*x^2");
    }

    #[test]
    fn errors_name_the_place_and_what_is_accepted() {
        for (text, span, message) in [
            ("", 0..0, "empty"),
            ("x +", 3..3, "ends too early"),
            ("x + kapa", 4..8, "unknown name `kapa`"),
            ("2x", 1..2, "operator is missing"),
            ("x ** 2", 2..4, "`**`"),
            ("(x", 0..1, "never closed"),
            ("x)", 1..2, "unexpected `)`"),
            ("sin x", 0..3, "argument is missing"),
            ("sin(x, x)", 0..3, "one argument"),
            ("F(x, x)", 0..1, "takes 1"),
            ("x² + 1", 1..3, "unexpected character"),
            ("1e400", 0..5, "number"),
            ("1e999999999999", 0..14, "not a number"),
            ("inf", 0..3, "unknown name"),
            ("diff(x)", 0..4, "variable"),
            ("diff(x, 2)", 8..9, "name of a variable"),
            ("diff(x, x, 99)", 11..13, "order"),
            ("x * * 2", 4..5, "operand"),
            ("1.2.3", 0..4, "decimal points"),
            ("x, 2", 1..2, "unexpected `,`"),
        ] {
            let error = parse(text, &names()).expect_err(text);
            assert!(error.message.contains(message), "{text}: {}", error.message);
            assert_eq!(error.span, span, "{text}: {}", error.message);
        }
        let help = parse("kapa", &names()).expect_err("unknown").help.expect("help");
        assert!(help.contains("did you mean `kappa`"), "{help}");
    }

    #[test]
    fn deep_or_huge_formulas_are_refused_not_survived_by_luck() {
        let deep = |open: &str, close: &str, n: usize| format!("{}x{}", open.repeat(n), close.repeat(n));
        for text in [
            deep("(", ")", 90_000),
            deep("-", "", 90_000),
            deep("1/", "", 90_000),
            deep("2^", "", 90_000),
            deep("sin(", ")", 30_000),
            deep("diff(", ", x)", 20_000),
            "x/".repeat(60_000) + "x",
            "x*".repeat(150_000) + "x",
        ] {
            assert!(parse(&text, &names()).is_err());
        }
        assert!(parse(&deep("(", ")", 150), &names()).is_ok());
    }

    #[test]
    fn latex_is_what_a_person_would_write() {
        for (text, latex) in [
            ("x^2/2", "\\frac{x^2}{2}"),
            ("20*(1 + sin(x)/2)", "20 \\left(1 + \\frac{\\sin x}{2}\\right)"),
            ("-2*ln(kappa)", "-2 \\ln \\kappa"),
            ("sin(x)^2*kappa", "\\left(\\sin^{2} x\\right) \\kappa"),
            ("sin(2*x)^2", "\\sin^{2} 2x"),
            ("exp(-x^2)", "e^{-x^2}"),
            ("L0 - 1e-6*x", "L_0 - 10^{-6} x"),
            ("sqrt(1 + x^2)", "\\sqrt{1 + x^2}"),
        ] {
            assert_eq!(parse(text, &names()).expect(text).latex(), latex);
        }
    }
}
