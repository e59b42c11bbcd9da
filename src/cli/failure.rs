//! Why a command could not answer, as a page that points at the place.
//!
//! The first line of each complaint is `file:line:column: error: field: message`, so that editors can jump there; below
//! it the line at fault, underlined, and what is accepted.

use super::watch::INTERRUPTED;
use crate::document::{Fault, Faults};
use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents, SourceCode,
    SourceSpan, SpanContents, ThemeCharacters, ThemeStyles,
};
use std::fmt;
use std::ops::Range;
use std::path::Path;

/// Why there is no answer: nothing on standard output.
#[derive(Debug)]
pub enum Failure {
    /// Bad input or usage.
    Bad(Vec<Complaint>),
    /// Somebody pressed Ctrl-C before there was anything to tell.
    Interrupted(String),
    /// Somebody pressed Ctrl-C, and a checkpoint was written.
    Kept(String),
}

/// One thing that is wrong.
#[derive(Debug)]
pub struct Complaint {
    /// One line: the place, if it is known, and what is wrong there.
    line: String,
    help: Option<String>,
    excerpt: Option<Excerpt>,
}

/// Longest line or help that is shown; a formula of a megabyte is not a message.
const LONGEST: usize = 2_000;
/// Columns at which help is wrapped.
const WIDTH: usize = 100;

impl Failure {
    /// One complaint without a place in a file.
    pub fn bad(message: impl Into<String>) -> Failure {
        Failure::Bad(vec![Complaint { line: plain(&format!("error: {}", message.into())), help: None, excerpt: None }])
    }

    /// One complaint about a whole file.
    pub fn of_file(path: &Path, message: impl fmt::Display) -> Failure {
        Failure::Bad(vec![Complaint::of_file(path, message)])
    }

    /// One complaint about a place of a file.
    pub fn bad_at(path: &Path, line: usize, column: usize, message: impl fmt::Display) -> Failure {
        let line = plain(&format!("{}:{line}:{column}: error: {message}", path.display()));
        Failure::Bad(vec![Complaint { line, help: None, excerpt: None }])
    }

    /// Everything found wrong with the text of a file.
    pub fn of_faults(path: &Path, text: &str, faults: &Faults) -> Failure {
        Failure::Bad(Complaint::of_faults(path, text, faults))
    }

    /// Exit code.
    pub fn code(&self) -> u8 {
        match self {
            Failure::Bad(_) => 2,
            Failure::Interrupted(_) | Failure::Kept(_) => INTERRUPTED,
        }
    }

    /// The page, with or without colour.
    pub fn page(&self, colour: bool) -> String {
        match self {
            Failure::Bad(complaints) => complaints.iter().map(|c| c.page(colour)).collect::<Vec<_>>().join("\n"),
            Failure::Kept(what) => format!("{what}\n"),
            Failure::Interrupted(what) => format!("{what}: nothing was written\n"),
        }
    }
}

impl Complaint {
    /// A complaint about a whole file.
    pub fn of_file(path: &Path, message: impl fmt::Display) -> Complaint {
        Complaint { line: plain(&format!("{}: error: {message}", path.display())), help: None, excerpt: None }
    }

    /// Everything found wrong with the text of a file.
    pub fn of_faults(path: &Path, text: &str, faults: &Faults) -> Vec<Complaint> {
        faults.0.iter().map(|fault| Complaint::of_fault(path, text, fault)).collect()
    }

    fn of_fault(path: &Path, text: &str, fault: &Fault) -> Complaint {
        let label = if fault.label.is_empty() { String::new() } else { format!("{}: ", fault.label) };
        let place = if fault.span.is_some() { format!(":{}:{}", fault.line, fault.column) } else { String::new() };
        Complaint {
            line: plain(&format!("{}{place}: error: {label}{}", path.display(), fault.message)),
            help: fault.help.as_deref().map(plain),
            excerpt: fault.span.as_ref().map(|span| Excerpt::of(text, span, fault.line)),
        }
    }

    fn page(&self, colour: bool) -> String {
        let theme = GraphicalTheme {
            characters: ThemeCharacters::unicode(),
            styles: if colour { ThemeStyles::ansi() } else { ThemeStyles::none() },
        };
        let handler = GraphicalReportHandler::new_themed(theme).with_width(WIDTH).with_links(false);
        let mut below = String::new();
        // The header would be wrapped and indented: it is replaced by a line that tools can read.
        let _ = handler.render_report(&mut below, self);
        let below = below.split_once('\n').map_or("", |(_, rest)| rest);
        let line =
            if colour { self.line.replacen("error:", "\u{1b}[1;31merror:\u{1b}[0m", 1) } else { self.line.clone() };
        format!("{line}\n{below}")
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("-")
    }
}

impl std::error::Error for Complaint {}

impl Diagnostic for Complaint {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }
    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.excerpt.as_ref().map(|e| e as &dyn SourceCode)
    }
    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let excerpt = self.excerpt.as_ref()?;
        let label = LabeledSpan::new_primary_with_span(None, excerpt.marked.clone());
        Some(Box::new(std::iter::once(label)))
    }
}

/// A line of a file around the place at fault, cut where it is too long for a page.
#[derive(Debug)]
struct Excerpt {
    text: String,
    marked: Range<usize>,
    /// From 1.
    line: usize,
}

/// Characters shown before the place, of the place and after it.
const BEFORE: usize = 60;
const MARKED: usize = 60;
const AFTER: usize = 40;

impl Excerpt {
    fn of(text: &str, span: &Range<usize>, line: usize) -> Excerpt {
        let from = text[..span.start].rfind('\n').map_or(0, |n| n + 1);
        let to = text[span.start..].find('\n').map_or(text.len(), |n| span.start + n);
        let (left, rest) = (&text[from..span.start], &text[span.start..to]);
        let (marked, right) = rest.split_at(span.end.min(to) - span.start);
        let skipped = left.chars().count().saturating_sub(BEFORE);
        let mut shown = if skipped > 0 { "…".to_owned() } else { String::new() };
        shown.extend(left.chars().skip(skipped).map(visible));
        let start = shown.len();
        shown.extend(marked.chars().take(MARKED).map(visible));
        let whole = marked.chars().count() <= MARKED;
        let mut end = shown.len();
        if whole {
            let right = right.trim_end();
            shown.extend(right.chars().take(AFTER).map(visible));
            if right.chars().count() > AFTER {
                shown.push('…');
            }
        } else {
            shown.push('…');
        }
        if end == start {
            // Something is missing here: the mark needs a character to stand below.
            if end == shown.len() {
                shown.push(' ');
            }
            end = start + shown[start..].chars().next().map_or(1, char::len_utf8);
        }
        Excerpt { text: shown, marked: start..end, line }
    }
}

impl SourceCode for Excerpt {
    fn read_span<'a>(
        &'a self,
        _: &SourceSpan,
        _: usize,
        _: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let whole = SourceSpan::from(0..self.text.len());
        Ok(Box::new(MietteSpanContents::new(self.text.as_bytes(), whole, self.line - 1, 0, 1)))
    }
}

/// Nothing of a file may steer the terminal.
fn visible(c: char) -> char {
    match c {
        '\t' => ' ',
        c if c.is_control() => '\u{fffd}',
        c => c,
    }
}

/// One line of bounded length.
fn plain(message: &str) -> String {
    let mut line: String = message.chars().take(LONGEST).map(|c| if c == '\n' { ' ' } else { visible(c) }).collect();
    if message.chars().nth(LONGEST).is_some() {
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(text: &str, span: Range<usize>) -> String {
        let line = text[..span.start].matches('\n').count() + 1;
        let fault = Fault {
            message: "wrong".into(),
            help: Some("say it otherwise".into()),
            span: Some(span),
            line,
            column: 3,
            label: "noise.kappa".into(),
        };
        Failure::of_faults(Path::new("m.ron"), text, &Faults(vec![fault])).page(false)
    }

    #[test]
    fn the_place_is_underlined_below_a_line_that_tools_can_read() {
        let text = "Model(\n  λ: 30,\r\n)";
        let at = text.find("30").expect("is there");
        let page = page(text, at..at + 2);
        let lines: Vec<&str> = page.lines().collect();
        assert_eq!(lines[0], "m.ron:2:3: error: noise.kappa: wrong");
        let source = lines.iter().position(|l| l.contains("λ: 30,")).expect("the line");
        assert!(lines[source].starts_with(" 2 "), "{page}");
        let column = |line: &str, piece: &str| line.find(piece).map(|n| line[..n].chars().count());
        assert_eq!(column(lines[source], "30"), column(lines[source + 1], "─"), "{page}");
        assert!(page.contains("help: say it otherwise"));
        assert!(!page.contains('\u{1b}') && !page.contains('\r'));
    }

    #[test]
    fn long_lines_are_cut_and_control_characters_shown_as_such() {
        let text = format!("{}\u{1b}[2J{}", "(".repeat(100_000), ")".repeat(100_000));
        for span in [0..1, 100_000..100_001, 99_999..200_004, 200_004..200_004] {
            let page = page(&text, span.clone());
            assert!(page.len() < 2_000 && !page.contains('\u{1b}'), "{span:?}: {page}");
        }
        assert!(page("", 0..0).contains("m.ron:1:3"));
    }
}
