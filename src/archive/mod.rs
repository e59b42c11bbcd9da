//! Archives of named arrays: the `.npz` files that numpy writes, read into `f64` arrays and written back.
//!
//! Reading is lazy: opening indexes the members, an array is unpacked when it is asked for. Sizes are bounded before
//! anything is allocated, so that a small hostile file cannot fill the memory.

mod npy;
mod write;

pub use write::{ArrayRef, Writer, write};

use std::collections::BTreeMap;
use std::io::{Cursor, Read as _};
use std::sync::Arc;

/// Most members an archive may have.
pub const MEMBERS: usize = 10_000;
/// Most bytes the members may declare or hold together once unpacked: 2 GiB.
pub const UNPACKED_BYTES: u64 = 1 << 31;
/// Most elements of one array (1 GiB once they are `f64`).
pub const ELEMENTS: usize = 1 << 27;

/// What can be wrong with an archive or an array in it.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ArchiveError {
    /// Not a zip file at all, or one cut short.
    #[error("not an .npz archive: {reason}")]
    NotAnArchive {
        /// What the zip reader said.
        reason: String,
    },
    /// More members than [`MEMBERS`].
    #[error("the archive has {members} members, at most {MEMBERS} are accepted")]
    TooManyMembers {
        /// How many there are.
        members: usize,
    },
    /// The unpacked size exceeds [`UNPACKED_BYTES`] or an array has more than [`ELEMENTS`] elements.
    #[error("{what} is too large once unpacked; at most {UNPACKED_BYTES} bytes and {ELEMENTS} elements are accepted")]
    TooLarge {
        /// The array, or the archive as a whole.
        what: String,
    },
    /// Two members carry the same name.
    #[error("array `{name}` occurs twice in the archive")]
    Duplicate {
        /// The name of the array.
        name: String,
    },
    /// There is no array of that name.
    #[error("array `{name}` is missing")]
    Missing {
        /// The name of the array.
        name: String,
    },
    /// The member cannot be unpacked: cut short, checksum wrong, an unsupported compression.
    #[error("array `{name}` cannot be unpacked: {reason}")]
    Damaged {
        /// The name of the array.
        name: String,
        /// What the reader said.
        reason: String,
    },
    /// The member is not an array in numpy's format.
    #[error("array `{name}` is not in numpy's .npy format: {reason}")]
    NotAnArray {
        /// The name of the array.
        name: String,
        /// What was wrong.
        reason: String,
    },
    /// Strings, objects, complex numbers, records, dates: not real numbers.
    #[error("array `{name}` has dtype {dtype}; accepted are real numbers: f4, f8, i1 to i8, u1 to u8, bool")]
    Type {
        /// The name of the array.
        name: String,
        /// numpy's name of the element type.
        dtype: String,
    },
    /// A whole number that `f64` cannot hold exactly.
    #[error("array `{name}` holds {value}, which is beyond 2^53 and not exact as a floating-point number")]
    Inexact {
        /// The name of the array.
        name: String,
        /// The number.
        value: String,
    },
    /// The shape is not what it must be.
    #[error("array `{name}` has shape {}, expected {expected}", tuple(.found))]
    Shape {
        /// The name of the array.
        name: String,
        /// Its shape.
        found: Vec<usize>,
        /// What was expected, in symbols and numbers.
        expected: String,
    },
}

/// A shape as numpy prints it: `()`, `(3,)`, `(3, 4)`.
fn tuple(shape: &[usize]) -> String {
    match shape {
        [one] => format!("({one},)"),
        _ => format!("({})", shape.iter().map(usize::to_string).collect::<Vec<_>>().join(", ")),
    }
}

/// A dense array of numbers in C order (last index fastest).
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    name: String,
    shape: Vec<usize>,
    values: Vec<f64>,
}

impl Array {
    /// The name it carries in the archive.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Length along each axis; empty for a scalar.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The elements, last index fastest.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The elements, handed over.
    pub fn into_values(self) -> Vec<f64> {
        self.values
    }

    /// The single number of an array of shape `()` or `(1,)`.
    ///
    /// # Errors
    /// [`ArchiveError::Shape`] for any other shape.
    pub fn scalar(&self) -> Result<f64, ArchiveError> {
        match (self.shape.as_slice(), self.values.as_slice()) {
            ([] | [1], [one]) => Ok(*one),
            _ => Err(self.shape_error("a scalar: () or (1,)".to_owned())),
        }
    }

    /// Requires a shape; `symbols` names its lengths in the message, as in `(K, K)`.
    ///
    /// # Errors
    /// [`ArchiveError::Shape`] where the shape differs.
    pub fn expect_shape(self, symbols: &str, shape: &[usize]) -> Result<Array, ArchiveError> {
        if self.shape == shape {
            Ok(self)
        } else {
            let expected = format!("{symbols} = {}", tuple(shape));
            Err(self.shape_error(expected))
        }
    }

    /// Requires a number of axes, each of any length.
    ///
    /// # Errors
    /// [`ArchiveError::Shape`] where the number of axes differs.
    pub fn expect_axes(self, symbols: &str, axes: usize) -> Result<Array, ArchiveError> {
        if self.shape.len() == axes { Ok(self) } else { Err(self.shape_error(symbols.to_owned())) }
    }

    fn shape_error(&self, expected: String) -> ArchiveError {
        ArchiveError::Shape { name: self.name.clone(), found: self.shape.clone(), expected }
    }
}

/// An opened archive; cheap to clone.
#[derive(Clone)]
pub struct Archive {
    zip: zip::ZipArchive<Cursor<Arc<[u8]>>>,
    /// Array name (without `.npy`) to position in the zip file.
    members: BTreeMap<String, usize>,
}

impl Archive {
    /// Opens an archive from the bytes of an `.npz` file.
    ///
    /// # Errors
    /// Not a zip file, a truncated one, one with duplicate names, or one whose declared sizes are beyond the limits.
    pub fn read(bytes: &[u8]) -> Result<Archive, ArchiveError> {
        let not_an_archive = |e: zip::result::ZipError| ArchiveError::NotAnArchive { reason: e.to_string() };
        // An empty zip is legal but so is every file that merely contains its end record; numpy's begin with a member.
        if !bytes.starts_with(b"PK") {
            return Err(ArchiveError::NotAnArchive { reason: "it does not begin like a zip file".to_owned() });
        }
        let mut zip = zip::ZipArchive::new(Cursor::new(Arc::<[u8]>::from(bytes))).map_err(not_an_archive)?;
        if zip.len() > MEMBERS {
            return Err(ArchiveError::TooManyMembers { members: zip.len() });
        }
        if zip.has_duplicate_names() {
            return Err(ArchiveError::Duplicate { name: "(a member's)".to_owned() });
        }
        let mut members = BTreeMap::new();
        let mut declared = 0_u64;
        for at in 0..zip.len() {
            let member = zip.by_index_raw(at).map_err(not_an_archive)?;
            let Some(name) = member.name().map_err(not_an_archive)?.strip_suffix(".npy").map(str::to_owned) else {
                continue; // numpy itself only looks at members so named
            };
            declared = declared.saturating_add(member.size());
            if declared > UNPACKED_BYTES {
                return Err(ArchiveError::TooLarge { what: "the archive".to_owned() });
            }
            if members.insert(name.clone(), at).is_some() {
                return Err(ArchiveError::Duplicate { name });
            }
        }
        Ok(Archive { zip, members })
    }

    /// The names of the arrays, in alphabetical order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.members.keys().map(String::as_str)
    }

    /// Whether there is an array of that name.
    pub fn contains(&self, name: &str) -> bool {
        self.members.contains_key(name)
    }

    /// The array of that name, its elements converted to `f64` without loss.
    ///
    /// # Errors
    /// Missing, damaged, too large, or not real numbers: each names the array.
    pub fn f64(&self, name: &str) -> Result<Array, ArchiveError> {
        let at = *self.members.get(name).ok_or_else(|| ArchiveError::Missing { name: name.to_owned() })?;
        let damaged = |reason: String| ArchiveError::Damaged { name: name.to_owned(), reason };
        let mut zip = self.zip.clone();
        let member = zip.by_index(at).map_err(|e| damaged(e.to_string()))?;
        let declared = member.size();
        let mut bytes = Vec::new();
        // Never more than was declared, whatever the compressed stream would unfold to.
        member.take(declared + 1).read_to_end(&mut bytes).map_err(|e| damaged(e.to_string()))?;
        if bytes.len() as u64 != declared {
            return Err(damaged("its size differs from the one declared".to_owned()));
        }
        let (shape, values) = npy::decode(name, &bytes)?;
        Ok(Array { name: name.to_owned(), shape, values })
    }

    /// Like [`Archive::f64`], but an absent array is `None`.
    ///
    /// # Errors
    /// As [`Archive::f64`], save for [`ArchiveError::Missing`].
    pub fn optional(&self, name: &str) -> Result<Option<Array>, ArchiveError> {
        if self.contains(name) { self.f64(name).map(Some) } else { Ok(None) }
    }
}

impl std::fmt::Debug for Archive {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Archive").field("members", &self.members).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
