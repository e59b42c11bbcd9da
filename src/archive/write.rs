//! Writing an archive: the same arrays give the same bytes.

use super::ArchiveError;
use std::io::{Cursor, Write as _};
use zip::write::SimpleFileOptions;

/// Most axes of an array, as in numpy 1.
const AXES: usize = 32;

/// An array to be written: `f64`, C order, little endian.
#[derive(Clone, Copy, Debug)]
pub struct ArrayRef<'a> {
    /// Length along each axis; empty for a scalar.
    pub shape: &'a [usize],
    /// The elements, last index fastest.
    pub values: &'a [f64],
}

/// The bytes of an `.npz` file holding `arrays` in the order given, deflated, with a fixed date in place of the
/// clock's: equal arrays give equal bytes.
///
/// # Errors
/// [`ArchiveError::Shape`] where a shape does not hold as many elements as there are values,
/// [`ArchiveError::Duplicate`] for a name given twice, [`ArchiveError::Damaged`] where the zip writer refuses.
pub fn write(arrays: &[(&str, ArrayRef)]) -> Result<Vec<u8>, ArchiveError> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default()
        .compression_method(zip::CompressionMethod::Deflated)
        .last_modified_time(zip::DateTime::default());
    for (at, (name, array)) in arrays.iter().enumerate() {
        if arrays[..at].iter().any(|(other, _)| other == name) {
            return Err(ArchiveError::Duplicate { name: (*name).to_owned() });
        }
        let count = array.shape.iter().try_fold(1_usize, |n, &k| n.checked_mul(k));
        if count != Some(array.values.len()) || array.shape.len() > AXES {
            let expected = format!("at most {AXES} axes that hold {} values", array.values.len());
            return Err(ArchiveError::Shape { name: (*name).to_owned(), found: array.shape.to_vec(), expected });
        }
        let refused = |reason: String| ArchiveError::Damaged { name: (*name).to_owned(), reason };
        zip.start_file(format!("{name}.npy"), options).map_err(|e| refused(e.to_string()))?;
        zip.write_all(&member(*array)).map_err(|e| refused(e.to_string()))?;
    }
    let done = zip
        .finish()
        .map_err(|e| ArchiveError::Damaged { name: "(end of archive)".to_owned(), reason: e.to_string() })?;
    Ok(done.into_inner())
}

/// Version 1.0 of the format: header padded with spaces so that the data begin at a multiple of 64.
fn member(array: ArrayRef) -> Vec<u8> {
    let lengths: String = array.shape.iter().map(|n| format!("{n},")).collect();
    let mut header = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': ({lengths}), }}");
    while (10 + header.len() + 1) % 64 != 0 {
        header.push(' ');
    }
    header.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    for value in array.values {
        bytes.extend(value.to_le_bytes());
    }
    bytes
}
