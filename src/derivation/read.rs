//! From a draft to a derivation: names resolved, abbreviations written out, sizes bounded.

use super::draft::{self, Draft};
use super::meaning::meaning;
use super::size::small_enough;
use super::terms::with_terms;
use super::{Derivation, DerivationError, DerivationErrors, Source};
use crate::document::{Document, Entries, Path, Step, is_identifier};
use crate::expr::{Expr, Function, Names, Node, parse};
use crate::num::rational::{Rational, parse_decimal, to_f64};
use crate::proof::{Assumption, Claim, Place, Range, Symbols};
use num_traits::{One, Signed};
use std::collections::{BTreeMap, HashMap, HashSet};

/// Longest text that is read, in bytes.
const LONGEST_TEXT: usize = 1 << 20;
/// Most symbols, definitions, steps or mutants of one derivation.
const MOST_ENTRIES: usize = 256;
/// Highest order of a series.
const HIGHEST_ORDER: u32 = 32;

pub(super) fn read(text: &str) -> Result<Derivation, DerivationErrors> {
    let document = Document::of(if text.len() > LONGEST_TEXT { "" } else { text });
    if text.len() > LONGEST_TEXT {
        let message = format!("{} bytes are too many for a derivation file", text.len());
        let help = format!("at most {LONGEST_TEXT} bytes are read");
        return Err(DerivationErrors(vec![document.fault(&Path::default(), None, message, help)]));
    }
    let draft: Draft = document.read(meaning).map_err(|e| DerivationErrors(vec![e]))?;
    let mut reader = Reader { document, symbols: Symbols::new(), definitions: Vec::new(), faults: Vec::new() };
    match reader.resolve(draft) {
        Some(derivation) if reader.faults.is_empty() => Ok(derivation),
        _ => Err(DerivationErrors::in_order(reader.faults)),
    }
}

/// An abbreviation as written and written out.
struct Definition {
    name: String,
    stated: Expr,
    written_out: Expr,
}

struct Reader<'a> {
    document: Document<'a>,
    symbols: Symbols,
    definitions: Vec<Definition>,
    faults: Vec<DerivationError>,
}

fn is_reserved(name: &str) -> bool {
    matches!(name, "pi" | "inf" | "diff") || Function::named(name).is_some()
}

impl Reader<'_> {
    fn wrong(&mut self, path: &Path, inner: Option<&std::ops::Range<usize>>, message: String, help: Option<String>) {
        let help = help.unwrap_or_else(|| meaning(path).to_string());
        self.faults.push(self.document.fault(path, inner, message, help));
    }

    fn resolve(&mut self, draft: Draft) -> Option<Derivation> {
        self.texts(&draft);
        self.few_enough("symbols", draft.symbols.0.len());
        self.few_enough("definitions", draft.definitions.len());
        self.few_enough("steps", draft.steps.len());
        self.few_enough("mutants", draft.mutants.len());
        if !self.faults.is_empty() {
            return None;
        }
        self.name_symbols(draft.symbols);
        self.define(&draft.definitions);
        let stated = self.claim(&Path::of(&["claim"]), &draft.claim);
        if !draft.steps.is_empty() && !matches!(draft.claim, draft::Claim::Equal(..)) {
            self.wrong(&Path::of(&["steps"]), None, "only an Equal claim has steps between its sides".into(), None);
        }
        let numbered = |field: &str, k| Path::of(&[field]).then(Step::Item(k));
        let steps: Vec<Option<Expr>> =
            draft.steps.iter().enumerate().map(|(k, s)| self.formula(&numbered("steps", k), s)).collect();
        let mutants: Vec<Option<Claim>> =
            draft.mutants.iter().enumerate().map(|(k, m)| self.claim(&numbered("mutants", k), m)).collect();
        let stated = stated?;
        let out = |e: &Expr| self.written_out(e);
        Some(Derivation {
            id: draft.id,
            title: draft.title,
            about: draft.about,
            source: Source {
                reference: draft.source.reference,
                arxiv: draft.source.arxiv,
                equation: draft.source.equation,
                doi: draft.source.doi,
                note: draft.source.note,
            },
            claim: with_terms(&stated, &out),
            steps: steps.into_iter().flatten().map(|s| out(&s)).collect(),
            mutants: mutants.into_iter().flatten().map(|m| with_terms(&m, &out)).collect(),
            definitions: self.definitions.iter().map(|d| (d.name.clone(), d.stated.clone())).collect(),
            symbols: std::mem::take(&mut self.symbols),
            stated,
        })
    }

    fn texts(&mut self, draft: &Draft) {
        let id = &draft.id;
        let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if id.is_empty() || id.len() > 200 || !id.chars().all(fine) {
            self.wrong(&Path::of(&["id"]), None, "this is not a name for a derivation".into(), None);
        }
        for (path, text) in [(["title"].as_slice(), &draft.title), (&["source", "reference"], &draft.source.reference)]
        {
            if text.trim().is_empty() {
                self.wrong(&Path::of(path), None, "the text is empty".into(), None);
            }
        }
    }

    fn few_enough(&mut self, field: &str, count: usize) {
        if count > MOST_ENTRIES {
            self.wrong(
                &Path::of(&[field]),
                None,
                format!("{count} entries are too many: at most {MOST_ENTRIES}"),
                None,
            );
        }
    }

    /// Whether `name` may be given to something new.
    fn is_free(&mut self, path: &Path, name: &str) -> bool {
        let what = if !is_identifier(name) {
            "is not a name"
        } else if is_reserved(name) {
            "means something else in a formula"
        } else if self.symbols.contains_key(name) {
            "is a symbol already"
        } else if self.definitions.iter().any(|d| d.name == name) {
            "is defined already"
        } else {
            return true;
        };
        self.wrong(path, None, format!("`{name}` {what}"), None);
        false
    }

    fn name_symbols(&mut self, written: Entries<draft::Assumption>) {
        let field = Path::of(&["symbols"]);
        for (name, assumption) in written.0 {
            if !self.is_free(&field.then(Step::Key(name.clone())), &name) {
                continue;
            }
            let known = match assumption {
                draft::Assumption::Real => Assumption::Real,
                draft::Assumption::Positive => Assumption::Positive,
                draft::Assumption::Natural => Assumption::Natural,
                draft::Assumption::Function(of) => Assumption::Function(of),
                draft::Assumption::PositiveFunction(of) => Assumption::PositiveFunction(of),
            };
            if let Assumption::Function(of) | Assumption::PositiveFunction(of) = &known {
                let distinct: HashSet<&String> = of.iter().collect();
                let named = of.iter().all(|a| is_identifier(a) && !is_reserved(a));
                if of.is_empty() || of.len() > 8 || distinct.len() < of.len() || !named {
                    let message = "a function has one to eight arguments with names of their own".into();
                    self.wrong(&field.then(Step::Value(name.clone())), None, message, None);
                }
            }
            self.symbols.insert(name, known);
        }
    }

    fn define(&mut self, written: &[(String, String)]) {
        for (k, (name, text)) in written.iter().enumerate() {
            let place = Path::of(&["definitions"]).then(Step::Item(k));
            let free = self.is_free(&place.then(Step::Item(0)), name);
            let stated = self.formula(&place.then(Step::Item(1)), text);
            if !free {
                continue;
            }
            // Where the formula is wrong the name is known all the same: one mistake, one error.
            let stated = stated.unwrap_or_else(|| Expr::integer(1));
            let written_out = self.written_out(&stated);
            self.definitions.push(Definition { name: name.clone(), stated, written_out });
        }
    }

    fn written_out(&self, formula: &Expr) -> Expr {
        let known: HashMap<&str, &Expr> = self.definitions.iter().map(|d| (d.name.as_str(), &d.written_out)).collect();
        formula.substitute(&|name| known.get(name).map(|e| (*e).clone()))
    }

    /// A formula in the symbols and the definitions so far.
    fn formula(&mut self, path: &Path, text: &str) -> Option<Expr> {
        let mut names = Names { keep_derivatives: true, ..Names::default() };
        for (name, known) in &self.symbols {
            match known {
                Assumption::Real | Assumption::Positive | Assumption::Natural => names.symbols.push(name.clone()),
                Assumption::Function(of) | Assumption::PositiveFunction(of) => {
                    names.functions.push((name.clone(), of.len()));
                }
            }
        }
        names.symbols.extend(self.definitions.iter().map(|d| d.name.clone()));
        let formula = match parse(text, &names) {
            Ok(formula) => formula,
            Err(error) => {
                self.wrong(path, Some(&error.span), error.message, error.help);
                return None;
            }
        };
        if let Some(name) = self.differentiates_by_definition(&formula) {
            let message = format!("`{name}` is an abbreviation: derivatives are taken by symbols");
            self.wrong(path, None, message, None);
            return None;
        }
        let whole = self.written_out(&formula);
        if let Err(excess) = small_enough(&whole) {
            self.wrong(path, None, excess.to_string(), Some(excess.accepted()));
            return None;
        }
        Some(formula)
    }

    fn differentiates_by_definition(&self, formula: &Expr) -> Option<String> {
        let mut seen = HashSet::new();
        let mut pending = vec![formula.clone()];
        while let Some(e) = pending.pop() {
            if let Node::Derivative { variable, .. } = e.node()
                && self.definitions.iter().any(|d| *d.name == **variable)
            {
                return Some(variable.to_string());
            }
            pending.extend(e.children().into_iter().filter(|c| seen.insert(c.clone())));
        }
        None
    }

    fn place(&mut self, path: &Path, text: &str) -> Option<Place> {
        match text.trim() {
            "inf" | "+inf" => Some(Place::Infinity),
            "-inf" => Some(Place::MinusInfinity),
            _ => self.formula(path, text).map(Place::At),
        }
    }

    /// The variable of a claim; `continuous`: the natural numbers are not enough.
    fn variable(&mut self, path: &Path, name: &str, continuous: bool) -> Option<String> {
        let message = match self.symbols.get(name) {
            Some(Assumption::Natural) if continuous => format!("`{name}` is a natural number: it cannot vary smoothly"),
            Some(Assumption::Real | Assumption::Positive | Assumption::Natural) => return Some(name.to_string()),
            Some(_) => format!("`{name}` is a function"),
            None => format!("`{name}` is not a symbol"),
        };
        self.wrong(path, None, message, None);
        None
    }

    /// Records an error where a term that may not depend on the variable does.
    fn free_of(&mut self, path: &Path, place: &Place, variable: &str) {
        if let Place::At(term) = place
            && self.written_out(term).contains(variable)
        {
            self.wrong(path, None, format!("this may not depend on the variable `{variable}`"), None);
        }
    }

    fn claim(&mut self, path: &Path, written: &draft::Claim) -> Option<Claim> {
        match written {
            draft::Claim::Equal(left, right) => {
                let left = self.formula(&path.then(Step::Item(0)), left);
                let right = self.formula(&path.then(Step::Item(1)), right);
                Some(Claim::Equal { left: left?, right: right? })
            }
            draft::Claim::Limit { of, variable, to, equals } => {
                let of = self.formula(&path.field("of"), of);
                let variable = self.variable(&path.field("variable"), variable, false);
                let to = self.place(&path.field("to"), to);
                let equals = self.place(&path.field("equals"), equals);
                let (of, variable, to, equals) = (of?, variable?, to?, equals?);
                self.free_of(&path.field("to"), &to, &variable);
                self.free_of(&path.field("equals"), &equals, &variable);
                Some(Claim::Limit { of, variable, to, equals })
            }
            draft::Claim::Series { of, variable, about, order, equals } => {
                let of = self.formula(&path.field("of"), of);
                let variable = self.variable(&path.field("variable"), variable, true);
                let about = self.formula(&path.field("about"), about);
                let equals = self.formula(&path.field("equals"), equals);
                if *order > HIGHEST_ORDER {
                    self.wrong(&path.field("order"), None, format!("order {order} is not accepted"), None);
                }
                let (of, variable, about, equals) = (of?, variable?, about?, equals?);
                self.free_of(&path.field("about"), &Place::At(about.clone()), &variable);
                Some(Claim::Series { of, variable, about, order: *order, equals })
            }
            draft::Claim::Integral { integrand, variable, lower, upper, equals, antiderivative } => {
                let integrand = self.formula(&path.field("integrand"), integrand);
                let variable = self.variable(&path.field("variable"), variable, true);
                let lower = self.place(&path.field("lower"), lower);
                let upper = self.place(&path.field("upper"), upper);
                let equals = self.formula(&path.field("equals"), equals);
                let antiderivative = antiderivative
                    .as_ref()
                    .map(|a| self.formula(&path.field("antiderivative"), a).ok_or(()))
                    .transpose();
                let (integrand, variable, lower, upper) = (integrand?, variable?, lower?, upper?);
                let (equals, antiderivative) = (equals?, antiderivative.ok()?);
                for (field, place) in [("lower", &lower), ("upper", &upper), ("equals", &Place::At(equals.clone()))] {
                    self.free_of(&path.field(field), place, &variable);
                }
                Some(Claim::Integral { integrand, variable, lower, upper, equals, antiderivative })
            }
            draft::Claim::Positive { expression, over } => {
                let expression = self.formula(&path.field("expression"), expression);
                let over = self.ranges(&path.field("over"), over);
                Some(Claim::Positive { expression: expression?, over: over? })
            }
            draft::Claim::Less { smaller, larger, over } => {
                let smaller = self.formula(&path.field("smaller"), smaller);
                let larger = self.formula(&path.field("larger"), larger);
                let over = self.ranges(&path.field("over"), over);
                Some(Claim::Less { smaller: smaller?, larger: larger?, over: over? })
            }
            draft::Claim::Stationary { density, drift, diffusion, variables } => {
                self.stationary(path, density, drift, diffusion, variables)
            }
        }
    }

    fn stationary(
        &mut self,
        path: &Path,
        density: &str,
        drift: &[String],
        diffusion: &[Vec<String>],
        variables: &[String],
    ) -> Option<Claim> {
        let n = variables.len();
        let item = |field: &str, k: usize| path.field(field).then(Step::Item(k));
        let distinct: HashSet<&String> = variables.iter().collect();
        if n == 0 || n > 8 || distinct.len() < n {
            let message = "a density has one to eight variables, each named once".into();
            self.wrong(&path.field("variables"), None, message, None);
            return None;
        }
        if drift.len() != n {
            self.wrong(&path.field("drift"), None, format!("{} entries for {n} variables", drift.len()), None);
            return None;
        }
        if diffusion.len() != n || diffusion.iter().any(|row| row.len() != n) {
            let message = format!("the matrix is not {n} by {n}, as the variables are");
            self.wrong(&path.field("diffusion"), None, message, None);
            return None;
        }
        let density = self.formula(&path.field("density"), density);
        let named: Vec<Option<String>> =
            variables.iter().enumerate().map(|(k, v)| self.variable(&item("variables", k), v, true)).collect();
        let drift: Vec<Option<Expr>> =
            drift.iter().enumerate().map(|(k, f)| self.formula(&item("drift", k), f)).collect();
        let mut rows = Vec::new();
        for (i, row) in diffusion.iter().enumerate() {
            let place = item("diffusion", i);
            let row: Vec<Option<Expr>> =
                row.iter().enumerate().map(|(k, d)| self.formula(&place.then(Step::Item(k)), d)).collect();
            rows.push(row.into_iter().collect::<Option<Vec<Expr>>>());
        }
        Some(Claim::Stationary {
            density: density?,
            drift: drift.into_iter().collect::<Option<_>>()?,
            diffusion: rows.into_iter().collect::<Option<_>>()?,
            variables: named.into_iter().collect::<Option<_>>()?,
        })
    }

    fn ranges(&mut self, path: &Path, written: &Entries<(f64, f64)>) -> Option<BTreeMap<String, Range>> {
        let mut ranges = BTreeMap::new();
        let before = self.faults.len();
        for (name, (lower, upper)) in &written.0 {
            let known = match self.symbols.get(name) {
                Some(known @ (Assumption::Real | Assumption::Positive | Assumption::Natural)) => known.clone(),
                _ => {
                    let message = format!("`{name}` is not a symbol that has a range");
                    self.wrong(&path.then(Step::Key(name.clone())), None, message, None);
                    continue;
                }
            };
            let place = path.then(Step::Value(name.clone()));
            let ends = (
                self.end(&place.then(Step::Item(0)), *lower, f64::NEG_INFINITY),
                self.end(&place.then(Step::Item(1)), *upper, f64::INFINITY),
            );
            let (Some(lower), Some(upper)) = ends else { continue };
            if !leaves_values(&known, lower.as_ref(), upper.as_ref()) {
                self.wrong(&place, None, format!("no value of `{name}` lies in this range"), None);
            }
            ranges.insert(name.clone(), (lower, upper));
        }
        (self.faults.len() == before).then_some(ranges)
    }

    /// The exact decimal that is written at `path`; `Some(None)` for the infinity that the end may be.
    fn end(&mut self, path: &Path, value: f64, infinity: f64) -> Option<Option<Rational>> {
        let written = self.document.written(path).map(|text| text.replace('_', "")).unwrap_or_default();
        let exact = match written.strip_prefix('-') {
            Some(rest) => parse_decimal(rest).map(|n| -n),
            None => parse_decimal(written.strip_prefix('+').unwrap_or(&written)),
        };
        match exact {
            // The reader and the walk over the text have found the same number.
            Some(exact) if to_f64(&exact) == value => Some(Some(exact)),
            None if value == infinity => Some(None),
            _ => {
                self.wrong(path, None, format!("`{written}` is not accepted as an end of a range"), None);
                None
            }
        }
    }
}

/// Whether a symbol of this kind has values strictly between the ends.
fn leaves_values(known: &Assumption, lower: Option<&Rational>, upper: Option<&Rational>) -> bool {
    let Some(upper) = upper else { return true };
    match known {
        Assumption::Natural => {
            let first = lower.map_or(Rational::one(), |a| (a.floor() + Rational::one()).max(Rational::one()));
            first < *upper
        }
        Assumption::Positive => upper.is_positive() && lower.is_none_or(|a| a < upper),
        _ => lower.is_none_or(|a| a < upper),
    }
}
