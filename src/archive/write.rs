//! Writing an archive, at once or piece by piece: the same arrays give the same bytes.

use super::ArchiveError;
use std::io::{Cursor, Seek, Write};
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

/// Writes an archive piece by piece, for arrays that do not fit into memory: stored as they are, since numbers with noise in
/// their last digits do not pack.
pub struct Writer<W: Write + Seek> {
    zip: zip::ZipWriter<W>,
    names: Vec<String>,
}

impl<W: Write + Seek> Writer<W> {
    /// An archive without arrays.
    pub fn new(into: W) -> Writer<W> {
        Writer { zip: zip::ZipWriter::new(into), names: Vec::new() }
    }

    /// Begins an array whose elements come by [`Writer::values`], the *first* index fastest (numpy reads both orders).
    ///
    /// # Errors
    /// A name given twice, and whatever keeps the bytes from being written.
    pub fn begin(&mut self, name: &str, shape: &[usize]) -> std::io::Result<()> {
        if self.names.iter().any(|other| other == name) {
            return Err(std::io::Error::other(format!("array `{name}` occurs twice")));
        }
        self.names.push(name.to_owned());
        let options = SimpleFileOptions::default()
            .compression_method(zip::CompressionMethod::Stored)
            .last_modified_time(zip::DateTime::default())
            // Beyond 4 GiB lengths take another form, which is to be known beforehand.
            .large_file(shape.iter().map(|n| *n as u64).fold(8, u64::saturating_mul) > u64::from(u32::MAX) - 4096);
        self.zip.start_file(format!("{name}.npy"), options)?;
        self.zip.write_all(&header(shape, "True"))
    }

    /// More elements of the array begun last.
    ///
    /// # Errors
    /// Whatever keeps the bytes from being written.
    pub fn values(&mut self, values: &[f64]) -> std::io::Result<()> {
        let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        self.zip.write_all(&bytes)
    }

    /// Ends the archive and hands back what it was written into.
    ///
    /// # Errors
    /// Whatever keeps the bytes from being written.
    pub fn finish(self) -> std::io::Result<W> {
        Ok(self.zip.finish()?)
    }
}

/// Version 1.0 of the format: the header padded with spaces so that the data begin at a multiple of 64.
fn header(shape: &[usize], first_index_fastest: &str) -> Vec<u8> {
    let lengths: String = shape.iter().map(|n| format!("{n},")).collect();
    let mut header = format!("{{'descr': '<f8', 'fortran_order': {first_index_fastest}, 'shape': ({lengths}), }}");
    while (10 + header.len() + 1) % 64 != 0 {
        header.push(' ');
    }
    header.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes
}

fn member(array: ArrayRef) -> Vec<u8> {
    let mut bytes = header(array.shape, "False");
    for value in array.values {
        bytes.extend(value.to_le_bytes());
    }
    bytes
}
