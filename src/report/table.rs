//! Aligned tables for people, and the same rows as comma-separated values.

use std::fmt::Write as _;

/// A table: headings (with their unit, if any) over rows of cells.
#[derive(Clone, Debug, Default)]
pub struct Table {
    headings: Vec<String>,
    rows: Vec<Vec<Cell>>,
}

/// One cell: a text, or a number with the significant digits that its accuracy warrants.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Left-aligned words.
    Text(String),
    /// A number and how many significant digits people are shown; files get all of them.
    Number(f64, usize),
    /// A number and how many decimals people are shown; files get all of it.
    Decimals(f64, usize),
    /// A whole number.
    Count(u64),
    /// No number: a dash for people, nothing in files.
    Missing,
}

impl From<&str> for Cell {
    fn from(text: &str) -> Cell {
        Cell::Text(text.to_owned())
    }
}
impl From<String> for Cell {
    fn from(text: String) -> Cell {
        Cell::Text(text)
    }
}
impl From<u64> for Cell {
    fn from(count: u64) -> Cell {
        Cell::Count(count)
    }
}

impl Cell {
    /// A number shown with `digits` significant digits; missing where it is not finite.
    pub fn number(value: f64, digits: usize) -> Cell {
        if value.is_finite() { Cell::Number(value, digits) } else { Cell::Missing }
    }

    /// A number that may not be there.
    pub fn optional(value: Option<f64>, digits: usize) -> Cell {
        value.map_or(Cell::Missing, |v| Cell::number(v, digits))
    }

    /// A number whose error or spread is of the size of `scale`, shown to `digits` digits of that.
    pub fn to_scale(value: f64, scale: f64, digits: usize) -> Cell {
        if !(scale > 0.0 && value.abs() < 1e6) {
            return Cell::number(value, digits);
        }
        match digits as i32 - 1 - exponent_of(scale) {
            decimals @ 0..=9 => Cell::Decimals(value, decimals as usize),
            _ => Cell::number(value, digits),
        }
    }

    fn shown(&self) -> String {
        match self {
            Cell::Text(text) => text.clone(),
            Cell::Number(value, digits) => significant(*value, *digits),
            // The sign of a rounded zero says nothing.
            Cell::Decimals(value, decimals) => {
                let text = format!("{value:.decimals$}");
                let zero = text.bytes().all(|b| matches!(b, b'-' | b'0' | b'.'));
                if zero { text.trim_start_matches('-').to_owned() } else { text }
            }
            Cell::Count(count) => count.to_string(),
            Cell::Missing => "-".to_owned(),
        }
    }

    fn exact(&self) -> String {
        match self {
            Cell::Text(text) => text.clone(),
            Cell::Number(value, _) | Cell::Decimals(value, _) => format!("{value:?}"),
            Cell::Count(count) => count.to_string(),
            Cell::Missing => String::new(),
        }
    }
}

/// Decimal exponent of a finite number, as it is written with all its digits.
fn exponent_of(value: f64) -> i32 {
    format!("{value:e}").split_once('e').and_then(|(_, e)| e.parse().ok()).unwrap_or(0)
}

/// `value` with `digits` significant digits, in plain notation where that is short and in scientific notation
/// elsewhere: `0.04380`, `1.25e-7`.
pub fn significant(value: f64, digits: usize) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    if !value.is_finite() {
        return "-".to_owned();
    }
    let digits = digits.clamp(1, 17);
    let scientific = format!("{value:.*e}", digits - 1);
    let exponent: i32 = scientific.split_once('e').and_then(|(_, e)| e.parse().ok()).unwrap_or(0);
    if (-4..=5).contains(&exponent) {
        let decimals = (digits as i32 - 1 - exponent).max(0) as usize;
        format!("{value:.decimals$}")
    } else {
        scientific
    }
}

impl Table {
    /// A table with these column headings.
    pub fn new<S: Into<String>>(headings: impl IntoIterator<Item = S>) -> Table {
        Table { headings: headings.into_iter().map(Into::into).collect(), rows: Vec::new() }
    }

    /// Adds a row; it has as many cells as there are headings.
    pub fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        let cells: Vec<Cell> = cells.into_iter().collect();
        debug_assert_eq!(cells.len(), self.headings.len());
        self.rows.push(cells);
    }

    /// The same table with these rows only; rows that are not there are left out.
    pub fn only(&self, rows: &[usize]) -> Table {
        let rows = rows.iter().filter_map(|k| self.rows.get(*k).cloned()).collect();
        Table { headings: self.headings.clone(), rows }
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Aligned text: words to the left, numbers to the right, two spaces between columns.
    pub fn to_text(&self) -> String {
        let shown: Vec<Vec<String>> = self.rows.iter().map(|r| r.iter().map(Cell::shown).collect()).collect();
        let width = |column: usize| {
            let cells = shown.iter().map(|r| r[column].chars().count());
            cells.chain([self.headings[column].chars().count()]).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.headings.len()).map(width).collect();
        let words: Vec<bool> = (0..self.headings.len())
            .map(|c| self.rows.iter().any(|r| matches!(r[c], Cell::Text(_))) || self.rows.is_empty())
            .collect();
        let mut text = String::new();
        let mut line = |cells: &[String]| {
            let mut row = String::new();
            for (column, cell) in cells.iter().enumerate() {
                let gap = if column == 0 { "" } else { "  " };
                let space = " ".repeat(widths[column] - cell.chars().count());
                let _ =
                    if words[column] { write!(row, "{gap}{cell}{space}") } else { write!(row, "{gap}{space}{cell}") };
            }
            text.push_str(row.trim_end());
            text.push('\n');
        };
        line(&self.headings);
        line(&widths.iter().map(|&w| "-".repeat(w)).collect::<Vec<_>>());
        shown.iter().for_each(|row| line(row));
        text
    }

    /// Comma-separated values with a header line; numbers with all their digits.
    pub fn to_csv(&self) -> String {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let written = writer
            .write_record(&self.headings)
            .and_then(|()| self.rows.iter().try_for_each(|row| writer.write_record(row.iter().map(Cell::exact))));
        debug_assert!(written.is_ok());
        writer.into_inner().map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_significant_digits() {
        assert_eq!(significant(0.0438, 4), "0.04380");
        assert_eq!(significant(-123456.7, 3), "-123457");
        assert_eq!(significant(1.25e-7, 3), "1.25e-7");
        assert_eq!(significant(0.00019, 2), "0.00019");
        assert_eq!(significant(9.9999, 3), "10.0");
    }

    #[test]
    fn what_is_far_below_the_spread_is_zero_for_people() {
        assert_eq!(Cell::to_scale(-6.5e-17, 0.8, 4).shown(), "0.0000");
        assert_eq!(Cell::to_scale(-12.3456, 3.0, 3).shown(), "-12.35");
        assert_eq!(Cell::to_scale(1.5e-12, 1e-11, 3).shown(), "1.50e-12");
        assert_eq!(Cell::to_scale(f64::NAN, 1.0, 3).shown(), "-");
        assert_eq!(Cell::to_scale(1.0 / 3.0, 1.0, 3).exact(), "0.3333333333333333");
    }

    #[test]
    fn columns_align_and_files_keep_every_digit() {
        let mut table = Table::new(["claim", "value"]);
        table.row(["a".into(), Cell::number(1.0 / 3.0, 3)]);
        table.row(["long, with comma".into(), Cell::Missing]);
        assert_eq!(
            table.to_text(),
            "claim             value\n----------------  -----\na                 0.333\nlong, with comma      -\n"
        );
        assert_eq!(table.to_csv(), "claim,value\na,0.3333333333333333\n\"long, with comma\",\n");
    }
}
