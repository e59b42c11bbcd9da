//! What was generated, as a file: written when a test fails on it, read when it is to fail again.

/// A value that a file holds completely.
pub trait Saved: Sized {
    /// The file.
    fn to_ron(&self) -> String;

    /// The value of a file.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    fn from_ron(text: &str) -> Result<Self, String>;
}

/// Parts of a pair stand one after the other; both are files of their own.
const BETWEEN: &str = "\n// ---- and ----\n";

impl<A: Saved, B: Saved> Saved for (A, B) {
    fn to_ron(&self) -> String {
        format!("{}{BETWEEN}{}", self.0.to_ron(), self.1.to_ron())
    }

    fn from_ron(text: &str) -> Result<(A, B), String> {
        let (first, second) = text.split_once(BETWEEN).ok_or("two parts were expected")?;
        Ok((A::from_ron(first)?, B::from_ron(second)?))
    }
}

impl Saved for f64 {
    fn to_ron(&self) -> String {
        format!("{self:?}")
    }

    fn from_ron(text: &str) -> Result<f64, String> {
        text.trim().parse().map_err(|_| format!("`{text}` is not a number"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_come_back() {
        let pair = (0.1, -2.5e-300);
        assert_eq!(<(f64, f64)>::from_ron(&pair.to_ron()), Ok(pair));
        assert!(<(f64, f64)>::from_ron("1").is_err() && f64::from_ron("one").is_err());
    }
}
