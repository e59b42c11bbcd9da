//! What is wrong with a file, and where.

use std::fmt;
use std::ops::Range;
use thiserror::Error;

/// One thing that is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub struct Fault {
    /// What is wrong, in one sentence.
    pub message: String,
    /// What is accepted there, or what was probably meant.
    pub help: Option<String>,
    /// Bytes of the file at fault; `None` where the value did not come from the file.
    pub span: Option<Range<usize>>,
    /// Line of the start of `span`, from 1 (1 without a span).
    pub line: usize,
    /// Column in characters, from 1 (1 without a span).
    pub column: usize,
    /// The field at fault, such as `noise.kappa` or `sharp[1].curvature`; empty where no field can be named.
    pub label: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.span.is_some() {
            write!(f, "{}:{}: ", self.line, self.column)?;
        }
        if !self.label.is_empty() {
            write!(f, "{}: ", self.label)?;
        }
        f.write_str(&self.message)?;
        match &self.help {
            Some(help) => write!(f, " ({help})"),
            None => Ok(()),
        }
    }
}

/// Everything found wrong with a file, in the order of the file; never empty.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub struct Faults(pub Vec<Fault>);

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (k, error) in self.0.iter().enumerate() {
            if k > 0 {
                f.write_str("\n")?;
            }
            error.fmt(f)?;
        }
        Ok(())
    }
}

impl Fault {
    /// The same fault of a value that replaced the one in the file: it has no place.
    pub fn from_outside(self) -> Fault {
        let help = self.help.map(|help| format!("replaced from outside the file; {help}"));
        Fault { help, span: None, line: 1, column: 1, ..self }
    }
}

impl Faults {
    /// These faults, in the order of the file; those without a place first.
    pub fn in_order(mut faults: Vec<Fault>) -> Faults {
        faults.sort_by_key(|e| e.span.as_ref().map(|s| s.start));
        Faults(faults)
    }
}

/// Line and column (both from 1, the column in characters) of byte `at` of `text`.
pub(super) fn line_and_column(text: &str, at: usize) -> (usize, usize) {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    let before = &text[..at];
    let line_start = before.rfind('\n').map_or(0, |n| n + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

/// Byte of `text` at that line and column; its end where it has no such place.
pub(super) fn byte_at(text: &str, line: usize, column: usize) -> usize {
    let mut start = 0;
    for _ in 1..line {
        match text[start..].find('\n') {
            Some(n) => start += n + 1,
            None => return text.len(),
        }
    }
    let rest = &text[start..];
    let rest = &rest[..rest.find('\n').unwrap_or(rest.len())];
    start + rest.char_indices().nth(column.saturating_sub(1)).map_or(rest.len(), |(n, _)| n)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_come_back() {
        let text = "ab\nλx = 3\n";
        let at = text.find('x').expect("there is one");
        assert_eq!(line_and_column(text, at), (2, 2));
        assert_eq!(byte_at(text, 2, 2), at);
        assert_eq!(byte_at(text, 9, 1), text.len());
        assert_eq!(line_and_column(text, 999), (3, 1));
    }
}
