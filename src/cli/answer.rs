//! How a command ended: what it prints in each format, and its exit code.

use super::args::Format;
pub use super::failure::Failure;
use super::output;
use crate::report::table::Table;
use serde_json::{Map, Value, json};
use std::path::Path;

/// What a command has found.
pub struct Answer {
    /// For people.
    pub text: String,
    /// Rows for `--format csv`.
    pub table: Table,
    /// The object of `--format json`.
    pub json: Map<String, Value>,
    /// JUnit XML, where the command has it.
    pub junit: Option<String>,
    /// One page in Markdown, where the command has it.
    pub markdown: Option<String>,
    /// A picture, written with `--report`.
    pub picture: Option<String>,
    /// Exit code.
    pub code: u8,
}

impl Answer {
    /// An answer with these entries, version and schema first.
    pub fn new(schema: &str, text: String, table: Table, entries: Value) -> Answer {
        let mut json = Map::new();
        json.insert("thalweg".into(), json!(env!("CARGO_PKG_VERSION")));
        json.insert("schema".into(), json!(format!("{schema}/1")));
        if let Value::Object(entries) = entries {
            json.extend(entries);
        }
        Answer { text, table, json, junit: None, markdown: None, picture: None, code: 0 }
    }

    /// The bytes for standard output.
    pub fn printed(&self, format: Format) -> Result<String, Failure> {
        match format {
            Format::Text => Ok(self.text.clone()),
            Format::Csv => Ok(self.table.to_csv()),
            Format::Json => Ok(self.as_json()),
            Format::Markdown => {
                self.markdown.clone().ok_or_else(|| Failure::bad("--format markdown exists for `prove` only"))
            }
            Format::Junit => {
                self.junit.clone().ok_or_else(|| Failure::bad("--format junit exists for `verify` and `prove` only"))
            }
        }
    }

    fn as_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(&self.json).unwrap_or_default();
        text.push('\n');
        text
    }

    /// Writes everything into a folder, which is made if need be; the names of what was written.
    pub fn write(&self, folder: &Path) -> Result<Vec<String>, Failure> {
        std::fs::create_dir_all(folder).map_err(|e| Failure::of_file(folder, e))?;
        let mut files = vec![("answer.csv", self.table.to_csv()), ("answer.json", self.as_json())];
        files.extend(self.picture.clone().map(|svg| ("picture.svg", svg)));
        files.extend(self.junit.clone().map(|xml| ("junit.xml", xml)));
        files.push(("answer.md", self.page()));
        files.iter().try_for_each(|(name, content)| output::write(&folder.join(name), content.as_bytes()))?;
        Ok(files.into_iter().map(|(name, _)| name.to_owned()).collect())
    }

    /// One page: that of the command, or what people are told with the picture below it.
    fn page(&self) -> String {
        let picture = if self.picture.is_some() { "\n![picture](picture.svg)\n" } else { "" };
        match &self.markdown {
            Some(page) => format!("{page}{picture}"),
            None => {
                let name = self.json["schema"].as_str().and_then(|s| s.split('/').next()).unwrap_or("answer");
                let version = env!("CARGO_PKG_VERSION");
                format!("# thalweg {version}: {name}\n\n```text\n{}\n```\n{picture}", self.text.trim_end())
            }
        }
    }
}

/// A number, or null where it is not finite.
pub fn number(value: f64) -> Value {
    serde_json::Number::from_f64(value).map_or(Value::Null, Value::Number)
}

/// A list of numbers.
pub fn numbers(values: &[f64]) -> Value {
    Value::Array(values.iter().map(|v| number(*v)).collect())
}
