//! Where in the file does it stand? RON files whose every value has a place, and errors that point at it.
//!
//! The rules are those of all files that the program reads: `Some` may be left out, integers stand for floats, unknown
//! fields, repeated fields and repeated keys are errors.

mod entries;
mod fault;
mod spans;

pub use entries::Entries;
pub use fault::{Fault, Faults};
pub use spans::{Path, Step};

use fault::{byte_at, line_and_column};
use ron::extensions::Extensions;
use serde::de::DeserializeOwned;
use spans::Places;
use std::ops::Range;

/// A text with the places of its values.
#[derive(Debug)]
pub struct Document<'a> {
    text: &'a str,
    places: Places,
}

impl<'a> Document<'a> {
    /// Walks over the text; a text that is not RON has no places.
    pub fn of(text: &'a str) -> Document<'a> {
        Document { text, places: Places::of(text) }
    }

    /// The fields; `meaning` says what is accepted at a path.
    ///
    /// # Errors
    /// The first thing that is not RON, or an unknown, missing or repeated field.
    pub fn read<T: DeserializeOwned>(&self, meaning: impl Fn(&Path) -> &'static str) -> Result<T, Fault> {
        let options = ron::Options::default().with_default_extension(Extensions::IMPLICIT_SOME);
        options.from_str(self.text).map_err(|error| self.not_read(&error, meaning))
    }

    /// The value at `path` is wrong, or the bytes `inner` of the string there.
    pub fn fault(&self, path: &Path, inner: Option<&Range<usize>>, message: String, help: String) -> Fault {
        let span = match inner {
            Some(inner) => self.places.inside(path, inner),
            None => self.places.span(path),
        };
        let (line, column) = span.as_ref().map_or((1, 1), |s| line_and_column(self.text, s.start));
        Fault { message, help: Some(help), span, line, column, label: path.to_string() }
    }

    /// The value at `path` as it is written; `None` where the file has none there.
    pub fn written(&self, path: &Path) -> Option<&'a str> {
        self.places.exact(path).map(|span| &self.text[span])
    }

    fn not_read(&self, error: &ron::error::SpannedError, meaning: impl Fn(&Path) -> &'static str) -> Fault {
        let start = byte_at(self.text, error.span.start.line, error.span.start.col);
        let end = byte_at(self.text, error.span.end.line, error.span.end.col).max(start);
        // The reader's start may lie on the space before the value.
        let skip = self.text[start..end].len() - self.text[start..end].trim_start().len();
        let start = start + skip;
        let (path, leaf) = self.places.around(start);
        // Of a number, a name or a string the whole is shown.
        let (start, end) = leaf.map_or((start, end), |l| (l.start, l.end));
        let (line, column) = line_and_column(self.text, start);
        Fault {
            message: error.code.to_string(),
            help: Some(meaning(&path).to_string()),
            span: Some(start..end),
            line,
            column,
            label: path.to_string(),
        }
    }
}

/// Whether a text can name a symbol: a letter or `_`, then letters, digits and `_`.
pub fn is_identifier(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}
