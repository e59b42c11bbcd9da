//! Files from outside: ordinary ones, of a size that is expected, and text where text is expected.

use super::failure::Failure;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Largest model or derivation file that is read.
pub const LARGEST_TEXT: u64 = 4 << 20;
/// Largest archive of arrays that is read.
pub const LARGEST_ARCHIVE: u64 = 2 << 30;

/// The bytes of an ordinary file; a pipe or a device might never end and is refused. `what` names what is expected.
pub fn bytes(path: &Path, largest: u64, what: &str) -> Result<Vec<u8>, Failure> {
    let unreadable = |e: std::io::Error| Failure::of_file(path, format!("cannot be read: {e}"));
    let metadata = std::fs::metadata(path).map_err(unreadable)?;
    if metadata.is_dir() {
        return Err(Failure::of_file(path, format!("is a folder; expected is {what}")));
    }
    if !metadata.is_file() {
        return Err(Failure::of_file(path, format!("is a pipe or a device; expected is {what}, an ordinary file")));
    }
    let too_large = |length: u64| {
        Failure::of_file(path, format!("{length} bytes are too many for {what}; at most {largest} are accepted"))
    };
    if metadata.len() > largest {
        return Err(too_large(metadata.len()));
    }
    let mut found = Vec::new();
    let file = File::open(path).map_err(unreadable)?;
    file.take(largest + 1).read_to_end(&mut found).map_err(unreadable)?;
    // It may have grown meanwhile.
    if found.len() as u64 > largest {
        return Err(too_large(found.len() as u64));
    }
    Ok(found)
}

/// The text of an ordinary file, without the byte-order mark that some editors put in front.
pub fn text(path: &Path, what: &str) -> Result<String, Failure> {
    let bytes = bytes(path, LARGEST_TEXT, what)?;
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").map_or(bytes.clone(), <[u8]>::to_vec);
    String::from_utf8(bytes).map_err(|e| {
        let good = e.utf8_error().valid_up_to();
        let before = &e.as_bytes()[..good];
        let line = before.iter().filter(|b| **b == b'\n').count() + 1;
        let start = before.iter().rposition(|b| *b == b'\n').map_or(0, |n| n + 1);
        let column = String::from_utf8_lossy(&before[start..]).chars().count() + 1;
        Failure::bad_at(
            path,
            line,
            column,
            format!("byte {good} is not UTF-8 text; expected is {what}, written in RON"),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_order_mark_is_left_out_and_other_bytes_are_placed() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("a.ron");
        std::fs::write(&file, b"\xef\xbb\xbfModel(").expect("written");
        assert_eq!(text(&file, "a model file").expect("text"), "Model(");
        std::fs::write(&file, b"Model(\n  a\xff").expect("written");
        let page = text(&file, "a model file").expect_err("not text").page(false);
        assert!(page.contains("a.ron:2:4: error: byte 10 is not UTF-8"), "{page}");
        let page = text(folder.path(), "a model file").expect_err("a folder").page(false);
        assert!(page.contains("is a folder"), "{page}");
    }
}
