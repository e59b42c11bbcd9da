//! One member: numpy's `.npy` format, checked before it is decoded.

use super::{ArchiveError, ELEMENTS};
use npyz::{DType, NpyFile, NpyHeader, Order, TypeChar};

/// Longest header accepted; numpy's own limit is 10 000.
const HEADER_BYTES: usize = 1 << 16;
/// Deepest nesting of brackets in a header; the parser below recurses.
const NESTING: usize = 16;

/// Shape and elements (C order) of the `.npy` file in `bytes`; `name` is for the messages.
pub(super) fn decode(name: &str, bytes: &[u8]) -> Result<(Vec<usize>, Vec<f64>), ArchiveError> {
    let not_an_array = |reason: String| ArchiveError::NotAnArray { name: name.to_owned(), reason };
    let too_large = || ArchiveError::TooLarge { what: format!("array `{name}`") };
    let data_at = check_header(bytes).map_err(|e| match e {
        HeaderError::Malformed(reason) => not_an_array(reason.to_owned()),
        HeaderError::TooLarge => too_large(),
    })?;
    let header = NpyHeader::from_reader(&bytes[..data_at]).map_err(|e| not_an_array(e.to_string()))?;
    let shape: Vec<usize> =
        header.shape().iter().map(|&n| usize::try_from(n)).collect::<Result<_, _>>().map_err(|_| too_large())?;
    let count = shape.iter().try_fold(1_usize, |n, &k| n.checked_mul(k)).ok_or_else(too_large)?;
    if count > ELEMENTS {
        return Err(too_large());
    }
    let dtype = header.dtype();
    let wrong_type = || ArchiveError::Type { name: name.to_owned(), dtype: dtype.descr() };
    let DType::Plain(element) = &dtype else { return Err(wrong_type()) };
    let (kind, width) = (element.type_char(), element.size_field());
    let known = matches!(
        (kind, width),
        (TypeChar::Float, 4 | 8) | (TypeChar::Int | TypeChar::Uint, 1 | 2 | 4 | 8) | (TypeChar::Bool, 1)
    );
    if !known {
        return Err(wrong_type());
    }
    let expected = count as u64 * width; // at most 2^27 elements of 8 bytes
    let held = (bytes.len() - data_at) as u64;
    if held != expected {
        return Err(not_an_array(format!("it holds {held} bytes of data, its shape needs {expected}")));
    }
    let order = header.order();
    let file = NpyFile::with_header(header, &bytes[data_at..]);
    let unreadable = |e: std::io::Error| not_an_array(e.to_string());
    let values: Vec<f64> = match (kind, width) {
        (TypeChar::Float, 4) => file.into_vec::<f32>().map_err(unreadable)?.into_iter().map(f64::from).collect(),
        (TypeChar::Float, _) => file.into_vec::<f64>().map_err(unreadable)?,
        (TypeChar::Int, 1) => file.into_vec::<i8>().map_err(unreadable)?.into_iter().map(f64::from).collect(),
        (TypeChar::Int, 2) => file.into_vec::<i16>().map_err(unreadable)?.into_iter().map(f64::from).collect(),
        (TypeChar::Int, 4) => file.into_vec::<i32>().map_err(unreadable)?.into_iter().map(f64::from).collect(),
        (TypeChar::Int, _) => {
            let whole = file.into_vec::<i64>().map_err(unreadable)?;
            whole.into_iter().map(|n| exact(name, n.unsigned_abs(), n as f64)).collect::<Result<_, _>>()?
        }
        (TypeChar::Uint, 1) => file.into_vec::<u8>().map_err(unreadable)?.into_iter().map(f64::from).collect(),
        (TypeChar::Uint, 2) => file.into_vec::<u16>().map_err(unreadable)?.into_iter().map(f64::from).collect(),
        (TypeChar::Uint, 4) => file.into_vec::<u32>().map_err(unreadable)?.into_iter().map(f64::from).collect(),
        (TypeChar::Uint, _) => {
            let whole = file.into_vec::<u64>().map_err(unreadable)?;
            whole.into_iter().map(|n| exact(name, n, n as f64)).collect::<Result<_, _>>()?
        }
        _ => file.into_vec::<bool>().map_err(unreadable)?.into_iter().map(|b| f64::from(u8::from(b))).collect(),
    };
    let values = if order == Order::Fortran { to_c_order(&shape, &values) } else { values };
    Ok((shape, values))
}

fn exact(name: &str, magnitude: u64, value: f64) -> Result<f64, ArchiveError> {
    if magnitude <= 1 << 53 {
        Ok(value)
    } else {
        Err(ArchiveError::Inexact { name: name.to_owned(), value: format!("a whole number near {value:e}") })
    }
}

enum HeaderError {
    Malformed(&'static str),
    TooLarge,
}

/// Where the data begin. The header is a Python literal for which `npyz` has a recursive parser and unchecked products
/// of the lengths, so depth and size are bounded here, before it sees the text.
fn check_header(bytes: &[u8]) -> Result<usize, HeaderError> {
    use HeaderError::{Malformed, TooLarge};
    let cut_short = Malformed("it is cut short");
    if !bytes.starts_with(b"\x93NUMPY") {
        return Err(Malformed("it does not begin with \\x93NUMPY"));
    }
    let (start, length) = match bytes.get(6) {
        Some(1) => match bytes.get(8..10) {
            Some(n) => (10, usize::from(u16::from_le_bytes([n[0], n[1]]))),
            None => return Err(cut_short),
        },
        Some(2 | 3) => match bytes.get(8..12) {
            Some(n) => (12, u32::from_le_bytes([n[0], n[1], n[2], n[3]]) as usize),
            None => return Err(cut_short),
        },
        _ => return Err(Malformed("its version is not 1, 2 or 3")),
    };
    if length > HEADER_BYTES {
        return Err(Malformed("its header is too long"));
    }
    let text = bytes.get(start..start + length).ok_or(cut_short)?;
    let text = std::str::from_utf8(text).map_err(|_| Malformed("its header is not text"))?;
    let mut depth = 0_usize;
    for c in text.chars() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            '\\' => return Err(Malformed("its header holds a backslash")),
            _ => {}
        }
        if depth > NESTING {
            return Err(Malformed("its header is nested too deeply"));
        }
    }
    // numpy writes decimal lengths only; other notations would escape the check of the product below.
    let mut places = text.match_indices("shape");
    let (Some((at, _)), None) = (places.next(), places.next()) else {
        return Err(Malformed("its header does not name one shape"));
    };
    let lengths = text[at..].split_once('(').and_then(|(_, rest)| rest.split_once(')')).map(|(inner, _)| inner);
    let lengths = lengths.ok_or(Malformed("its shape is not a tuple"))?;
    let mut product = 1_u64;
    for length in lengths.split(',').map(str::trim).filter(|length| !length.is_empty()) {
        let digits = length.strip_suffix('L').unwrap_or(length);
        if !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(Malformed("a length in its shape is not a whole number"));
        }
        // An empty axis makes the whole empty, but the strides are products of the others.
        let n = digits.parse::<u64>().map_err(|_| TooLarge)?.max(1);
        product = product.checked_mul(n).filter(|&p| p <= ELEMENTS as u64).ok_or(TooLarge)?;
    }
    // The tuple read here must be the value of the key, or the parser would meet another one.
    if !text[at..].trim_start_matches("shape").trim_start_matches(['\'', '"', ' ', ':']).starts_with('(') {
        return Err(Malformed("its shape is not a tuple"));
    }
    Ok(start + length)
}

/// Reorders elements stored first index fastest.
fn to_c_order(shape: &[usize], stored: &[f64]) -> Vec<f64> {
    let mut index = vec![0_usize; shape.len()];
    let mut values = Vec::with_capacity(stored.len());
    for _ in 0..stored.len() {
        let at = shape.iter().zip(&index).rev().fold(0, |at, (&n, &i)| at * n + i);
        values.push(stored[at]);
        for axis in (0..shape.len()).rev() {
            index[axis] += 1;
            if index[axis] < shape[axis] {
                break;
            }
            index[axis] = 0;
        }
    }
    values
}
