//! A formula as tokens, each with the bytes it stands on.

use super::parse::ParseError;
use crate::num::rational::{Rational, parse_decimal, to_f64};
use std::ops::Range;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Number(Rational),
    Name(String),
    Plus,
    Minus,
    Star,
    Slash,
    Caret,
    Open,
    Close,
    Comma,
}

/// Longest formula, in bytes.
const LONGEST: usize = 1_000_000;

pub(super) fn tokens(text: &str) -> Result<Vec<(Token, Range<usize>)>, ParseError> {
    if text.len() > LONGEST {
        return Err(ParseError::new(format!("the formula is longer than {LONGEST} bytes"), 0..0));
    }
    let mut tokens = Vec::new();
    let mut rest = text.char_indices().peekable();
    while let Some(&(start, c)) = rest.peek() {
        if c.is_ascii_digit() || c == '.' {
            let (number, end) = number(text, start)?;
            tokens.push((Token::Number(number), start..end));
            while rest.next_if(|(i, _)| *i < end).is_some() {}
            continue;
        }
        if c.is_ascii_alphabetic() || c == '_' {
            let end = text[start..]
                .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
                .map_or(text.len(), |length| start + length);
            tokens.push((Token::Name(text[start..end].to_owned()), start..end));
            while rest.next_if(|(i, _)| *i < end).is_some() {}
            continue;
        }
        rest.next();
        let token = match c {
            _ if c.is_whitespace() => continue,
            '+' => Token::Plus,
            '-' => Token::Minus,
            '*' if text[start..].starts_with("**") => {
                return Err(ParseError::new("`**` is not an operator".into(), start..start + 2)
                    .with_help("powers are written with `^`".into()));
            }
            '*' => Token::Star,
            '/' => Token::Slash,
            '^' => Token::Caret,
            '(' => Token::Open,
            ')' => Token::Close,
            ',' => Token::Comma,
            other => {
                let hint = match other {
                    '[' | ']' | '{' | '}' => "use round parentheses",
                    '−' | '–' => "use the hyphen `-` for minus",
                    '·' | '×' => "use `*`",
                    'π' => "write `pi`",
                    _ => "formulas are made of numbers, names, `+ - * / ^`, parentheses and commas",
                };
                return Err(ParseError::new(
                    format!("unexpected character `{}`", other.escape_debug()),
                    start..start + other.len_utf8(),
                )
                .with_help(hint.into()));
            }
        };
        tokens.push((token, start..start + 1));
    }
    Ok(tokens)
}

fn number(text: &str, start: usize) -> Result<(Rational, usize), ParseError> {
    let bytes = text.as_bytes();
    let digits = |mut at: usize| {
        while at < bytes.len() && bytes[at].is_ascii_digit() {
            at += 1;
        }
        at
    };
    let mut end = digits(start);
    if bytes.get(end) == Some(&b'.') {
        end = digits(end + 1);
    }
    // An `e` belongs to the number only if digits follow: `2exp(x)` is a missing operator.
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let after = digits(end + 1 + sign);
        if after > end + 1 + sign {
            end = after;
        }
    }
    if bytes.get(end) == Some(&b'.') {
        return Err(ParseError::new("a number has two decimal points".into(), start..end + 1));
    }
    let written = &text[start..end];
    let value = parse_decimal(written).ok_or_else(|| {
        ParseError::new("not a number".into(), start..end)
            .with_help("decimals such as 2, 0.5 or 1.5e-3, of at most 400 digits and an exponent within ±400".into())
    })?;
    if !to_f64(&value).is_finite() {
        return Err(ParseError::new("the number is too large".into(), start..end)
            .with_help("numbers go up to about 1.8e308".into()));
    }
    Ok((value, end))
}
