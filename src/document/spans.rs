//! Where each field stands in the text of a RON file.
//!
//! RON's deserializer forgets places once it has succeeded. This walk over the same text remembers them; it never
//! judges, and where it loses the thread a field simply has no place.

use std::fmt;
use std::iter::Peekable;
use std::ops::Range;
use std::str::CharIndices;

/// One step from a value to a value inside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A field of a struct.
    Field(String),
    /// An element of a list or tuple.
    Item(usize),
    /// A key of a map: the key itself.
    Key(String),
    /// The value behind a key of a map.
    Value(String),
}

/// The way from the whole file to a value, printed as `sharp[1].curvature`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Path(pub Vec<Step>);

impl Path {
    /// A field inside fields, such as `["noise", "kappa"]`.
    pub fn of(fields: &[&str]) -> Path {
        Path(fields.iter().map(|f| Step::Field(f.to_string())).collect())
    }
    /// One step further.
    pub fn then(&self, step: Step) -> Path {
        let mut steps = self.0.clone();
        steps.push(step);
        Path(steps)
    }
    /// A field of this value.
    pub fn field(&self, name: &str) -> Path {
        self.then(Step::Field(name.into()))
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (k, step) in self.0.iter().enumerate() {
            match step {
                Step::Item(n) => write!(f, "[{n}]")?,
                Step::Field(name) | Step::Key(name) | Step::Value(name) => {
                    if k > 0 {
                        f.write_str(".")?;
                    }
                    f.write_str(name)?;
                }
            }
        }
        Ok(())
    }
}

#[derive(Debug)]
enum Shape {
    Fields(Vec<(String, Located)>),
    Items(Vec<Located>),
    Entries(Vec<(Located, Located)>),
    /// A string: its value, and the byte of the file behind each of its bytes (and behind its end).
    Text(String, Vec<usize>),
    Atom,
}

#[derive(Debug)]
struct Located {
    span: Range<usize>,
    shape: Shape,
}

/// The places of all values of a file.
#[derive(Debug)]
pub(super) struct Places {
    root: Option<Located>,
}

impl Places {
    /// Walks over the text.
    pub fn of(text: &str) -> Places {
        let mut walk = Walk { text, chars: text.char_indices().peekable(), depth: 0 };
        Places { root: walk.file() }
    }

    fn find(&self, path: &Path) -> Option<&Located> {
        let mut here = self.root.as_ref()?;
        for step in &path.0 {
            here = match (step, &here.shape) {
                (Step::Field(name), Shape::Fields(fields)) => &fields.iter().find(|(n, _)| n == name)?.1,
                (Step::Item(k), Shape::Items(items)) => items.get(*k)?,
                (Step::Key(name), Shape::Entries(entries)) => &entries.iter().find(|(k, _)| k.is_text(name))?.0,
                (Step::Value(name), Shape::Entries(entries)) => &entries.iter().find(|(k, _)| k.is_text(name))?.1,
                _ => return None,
            };
        }
        Some(here)
    }

    /// Bytes of the value, if it is in the file.
    pub fn exact(&self, path: &Path) -> Option<Range<usize>> {
        self.find(path).map(|l| l.span.clone())
    }

    /// Bytes of the value, or of the closest value around it that is in the file.
    pub fn span(&self, path: &Path) -> Option<Range<usize>> {
        (0..=path.0.len()).rev().find_map(|n| self.find(&Path(path.0[..n].to_vec()))).map(|l| l.span.clone())
    }

    /// Bytes of the file behind the bytes `inner` of the string at `path`.
    pub fn inside(&self, path: &Path, inner: &Range<usize>) -> Option<Range<usize>> {
        match self.find(path) {
            Some(Located { shape: Shape::Text(_, behind), .. }) => {
                let start = *behind.get(inner.start)?;
                let end = *behind.get(inner.end)?;
                Some(start..end.max(start))
            }
            _ => self.span(path),
        }
    }

    /// The innermost value that holds byte `at`, and its bytes if nothing lies inside it.
    pub fn around(&self, at: usize) -> (Path, Option<Range<usize>>) {
        let (mut path, mut leaf) = (Path::default(), None);
        let mut here = self.root.as_ref();
        while let Some(located) = here {
            let holds = |l: &Located| l.span.start <= at && at < l.span.end.max(l.span.start + 1);
            let inner = match &located.shape {
                Shape::Fields(fields) => {
                    fields.iter().find(|(_, l)| holds(l)).map(|(n, l)| (Step::Field(n.clone()), l))
                }
                Shape::Items(items) => {
                    items.iter().enumerate().find(|(_, l)| holds(l)).map(|(k, l)| (Step::Item(k), l))
                }
                Shape::Entries(entries) => entries.iter().find_map(|(k, l)| match &k.shape {
                    Shape::Text(name, _) if holds(l) => Some((Step::Value(name.clone()), l)),
                    Shape::Text(name, _) if holds(k) => Some((Step::Key(name.clone()), k)),
                    _ => None,
                }),
                Shape::Text(..) | Shape::Atom => {
                    leaf = Some(located.span.clone());
                    None
                }
            };
            here = inner.map(|(step, l)| {
                path.0.push(step);
                l
            });
        }
        (path, leaf)
    }
}

impl Located {
    fn is_text(&self, wanted: &str) -> bool {
        matches!(&self.shape, Shape::Text(text, _) if text == wanted)
    }
}

/// Deeper values have no place of their own (our files need seven levels).
const DEEPEST: usize = 64;

struct Walk<'a> {
    text: &'a str,
    chars: Peekable<CharIndices<'a>>,
    depth: usize,
}

impl Walk<'_> {
    fn at(&mut self) -> usize {
        self.chars.peek().map_or(self.text.len(), |(n, _)| *n)
    }
    fn peek(&mut self) -> Option<char> {
        self.chars.peek().map(|(_, c)| *c)
    }
    fn eat(&mut self, wanted: char) -> bool {
        self.chars.next_if(|(_, c)| *c == wanted).is_some()
    }
    fn rest(&mut self) -> &str {
        let at = self.at();
        &self.text[at..]
    }

    /// Skips spaces and comments.
    fn space(&mut self) {
        loop {
            while self.chars.next_if(|(_, c)| c.is_whitespace()).is_some() {}
            if self.rest().starts_with("//") {
                while self.chars.next_if(|(_, c)| *c != '\n').is_some() {}
            } else if self.rest().starts_with("/*") {
                let mut open = 0usize;
                loop {
                    let rest = self.rest();
                    let (opens, closes) = (rest.starts_with("/*"), rest.starts_with("*/"));
                    if self.chars.next().is_none() {
                        return;
                    }
                    if opens || closes {
                        self.chars.next();
                        open = if opens { open + 1 } else { open - 1 };
                        if open == 0 {
                            break;
                        }
                    }
                }
            } else {
                return;
            }
        }
    }

    fn file(&mut self) -> Option<Located> {
        self.space();
        while self.rest().starts_with("#!") {
            while self.chars.next_if(|(_, c)| *c != ']').is_some() {}
            self.chars.next();
            self.space();
        }
        self.value()
    }

    fn word(&mut self) -> Range<usize> {
        let start = self.at();
        while self.chars.next_if(|(_, c)| c.is_alphanumeric() || matches!(c, '_' | '.' | '+' | '-')).is_some() {}
        start..self.at()
    }

    fn value(&mut self) -> Option<Located> {
        if self.depth == DEEPEST {
            return None;
        }
        self.depth += 1;
        let value = self.value_here();
        self.depth -= 1;
        value
    }

    fn value_here(&mut self) -> Option<Located> {
        self.space();
        let start = self.at();
        let shape = match self.peek()? {
            '"' => self.string()?,
            '[' => {
                self.chars.next();
                self.items(']')?
            }
            '{' => {
                self.chars.next();
                self.entries()?
            }
            '(' => {
                self.chars.next();
                self.members()?
            }
            'r' if self.rest().starts_with("r\"") || self.rest().starts_with("r#") => self.raw_string()?,
            _ => {
                let word = self.word();
                if word.is_empty() {
                    return None;
                }
                let end = word.end;
                // A name may stand before its parenthesis, with space between.
                let mut ahead = Walk { text: self.text, chars: self.chars.clone(), depth: self.depth };
                ahead.space();
                if !ahead.eat('(') {
                    return Some(Located { span: start..end, shape: Shape::Atom });
                }
                self.chars = ahead.chars;
                let shape = self.members()?;
                match shape {
                    Shape::Items(mut items) if &self.text[word] == "Some" && items.len() == 1 => {
                        return items.pop();
                    }
                    shape => shape,
                }
            }
        };
        Some(Located { span: start..self.at(), shape })
    }

    fn items(&mut self, close: char) -> Option<Shape> {
        let mut items = Vec::new();
        loop {
            self.space();
            if self.eat(close) {
                return Some(Shape::Items(items));
            }
            items.push(self.value()?);
            self.space();
            self.eat(',');
        }
    }

    fn entries(&mut self) -> Option<Shape> {
        let mut entries = Vec::new();
        loop {
            self.space();
            if self.eat('}') {
                return Some(Shape::Entries(entries));
            }
            let key = self.value()?;
            self.space();
            if !self.eat(':') {
                return None;
            }
            entries.push((key, self.value()?));
            self.space();
            self.eat(',');
        }
    }

    /// Behind an opening parenthesis: `name: value, …` or `value, …`.
    fn members(&mut self) -> Option<Shape> {
        let mut ahead = Walk { text: self.text, chars: self.chars.clone(), depth: self.depth };
        ahead.space();
        let named = !ahead.word().is_empty() && {
            ahead.space();
            ahead.eat(':')
        };
        if !named {
            return self.items(')');
        }
        let mut fields = Vec::new();
        loop {
            self.space();
            if self.eat(')') {
                return Some(Shape::Fields(fields));
            }
            let name = self.word();
            self.space();
            if name.is_empty() || !self.eat(':') {
                return None;
            }
            fields.push((self.text[name].to_string(), self.value()?));
            self.space();
            self.eat(',');
        }
    }

    fn string(&mut self) -> Option<Shape> {
        self.chars.next();
        let (mut text, mut behind) = (String::new(), Vec::new());
        loop {
            let (at, c) = self.chars.next()?;
            let c = match c {
                '"' => {
                    behind.push(at);
                    return Some(Shape::Text(text, behind));
                }
                '\\' => match self.chars.next()?.1 {
                    'n' => '\n',
                    'r' => '\r',
                    't' => '\t',
                    '0' => '\0',
                    'x' => {
                        let digits: String = (0..2).filter_map(|_| self.chars.next().map(|(_, c)| c)).collect();
                        char::from_u32(u32::from_str_radix(&digits, 16).ok()?)?
                    }
                    'u' => {
                        self.eat('{');
                        let mut digits = String::new();
                        while let Some((_, c)) = self.chars.next_if(|(_, c)| c.is_ascii_hexdigit()) {
                            digits.push(c);
                        }
                        self.eat('}');
                        char::from_u32(u32::from_str_radix(&digits, 16).ok()?)?
                    }
                    other => other,
                },
                c => c,
            };
            text.push(c);
            behind.resize(text.len(), at);
            if !text.is_empty() && self.text[at..].starts_with(c) {
                // A character written as itself: its bytes have places of their own.
                let first = text.len() - c.len_utf8();
                (0..c.len_utf8()).for_each(|k| behind[first + k] = at + k);
            }
        }
    }

    fn raw_string(&mut self) -> Option<Shape> {
        self.chars.next();
        let mut hashes = 0;
        while self.eat('#') {
            hashes += 1;
        }
        if !self.eat('"') {
            return None;
        }
        let start = self.at();
        let close = format!("\"{}", "#".repeat(hashes));
        let end = start + self.text[start..].find(&close)?;
        while self.at() < end + close.len() {
            self.chars.next();
        }
        Some(Shape::Text(self.text[start..end].to_string(), (start..=end).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r##"#![enable(implicit_some)]
// a comment with "quotes" and (
Model( /* nested /* comment */ : */ name: "a\u{3bb}b", parameters: {"s": 20.0, "t" : -1e-3},
    floor: (coordinate: "x", domain: Interval (lower: -1, upper: 2.5)),
    sharp: [(curvature: r#"1+"2""#), (flatness: Some("tab\tq"), delta: 2)],
    noise: Langevin(delta: 1.0, kappa: 3.0),
)"##;

    #[test]
    fn every_value_is_found_where_it_stands() {
        let places = Places::of(FILE);
        let piece = |path: &Path| places.span(path).map(|s| &FILE[s]);
        assert_eq!(piece(&Path::of(&["noise", "kappa"])), Some("3.0"));
        assert_eq!(piece(&Path::of(&["floor", "domain", "lower"])), Some("-1"));
        assert_eq!(piece(&Path::of(&["parameters"]).then(Step::Value("t".into()))), Some("-1e-3"));
        assert_eq!(piece(&Path::of(&["parameters"]).then(Step::Key("s".into()))), Some("\"s\""));
        let second = Path::of(&["sharp"]).then(Step::Item(1));
        assert_eq!(piece(&second.field("flatness")), Some("\"tab\\tq\""));
        assert_eq!(piece(&second.field("delta")), Some("2"));
        assert_eq!(piece(&second.field("curvature")), Some("(flatness: Some(\"tab\\tq\"), delta: 2)"));
        assert_eq!(second.field("delta").to_string(), "sharp[1].delta");
        let at = FILE.find("kappa: 3").expect("is there") + 7;
        assert_eq!(places.around(at + 1).0.to_string(), "noise.kappa");
        assert_eq!(places.around(at + 1).1, Some(at..at + 3));
    }

    #[test]
    fn places_inside_strings_know_escapes() {
        let places = Places::of(FILE);
        let name = Path::of(&["name"]);
        let inside = |path: &Path, range: Range<usize>| places.inside(path, &range).map(|s| &FILE[s]);
        // The value is `aλb`: λ takes two bytes.
        assert_eq!(inside(&name, 3..4), Some("b"));
        assert_eq!(inside(&name, 1..3), Some("\\u{3bb}"));
        let sharp = Path::of(&["sharp"]);
        assert_eq!(inside(&sharp.then(Step::Item(0)).field("curvature"), 3..4), Some("2"));
        assert_eq!(inside(&sharp.then(Step::Item(1)).field("flatness"), 4..5), Some("q"));
    }

    #[test]
    fn a_torn_text_has_no_places() {
        for text in ["", "(", "Model(name: \"a", "r#\"", "{\"a\"}", "/* /*", "#!["] {
            assert_eq!(Places::of(text).span(&Path::of(&["name"])), None, "{text}");
        }
    }
}
