use super::*;
use proptest::prelude::*;
use std::io::Write as _;

/// An archive of one raw member.
fn archive_of(name: &str, member: &[u8]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file(name, zip::write::SimpleFileOptions::default()).expect("an empty archive takes a member");
    zip.write_all(member).expect("memory takes bytes");
    zip.finish().expect("memory takes bytes").into_inner()
}

fn npy(header: &str, data: &[u8]) -> Vec<u8> {
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(data);
    bytes
}

fn read_one(header: &str, data: &[u8]) -> Result<Array, ArchiveError> {
    Archive::read(&archive_of("a.npy", &npy(header, data))).and_then(|archive| archive.f64("a"))
}

#[test]
fn arrays_come_back_as_written_and_the_bytes_are_the_same() {
    let (x, s) = ([1.5, -0.0, f64::INFINITY, 1e-300, 7.0, 8.0], [3.25]);
    let arrays = [("x", ArrayRef { shape: &[2, 3], values: &x }), ("s", ArrayRef { shape: &[], values: &s })];
    let bytes = write(&arrays).expect("shapes fit");
    assert_eq!(bytes, write(&arrays).expect("shapes fit"));
    let archive = Archive::read(&bytes).expect("own archive");
    assert_eq!(archive.names().collect::<Vec<_>>(), ["s", "x"]);
    let back = archive.f64("x").expect("written");
    assert_eq!((back.shape(), back.values()), (&[2_usize, 3][..], &x[..]));
    assert!(back.values()[1].is_sign_negative());
    assert_eq!(archive.f64("s").and_then(|a| a.scalar()), Ok(3.25));
    assert_eq!(archive.optional("t"), Ok(None));
    assert_eq!(archive.f64("t").unwrap_err().to_string(), "array `t` is missing");
    let message = back.expect_shape("(K, K)", &[3, 3]).unwrap_err().to_string();
    assert_eq!(message, "array `x` has shape (2, 3), expected (K, K) = (3, 3)");
}

#[test]
fn every_real_type_in_both_byte_orders() {
    let cases: [(&str, &[u8], f64); 12] = [
        ("<f8", &(-1.25_f64).to_le_bytes(), -1.25),
        (">f8", &(-1.25_f64).to_be_bytes(), -1.25),
        (">f4", &0.5_f32.to_be_bytes(), 0.5),
        ("|i1", &[0xff], -1.0),
        (">i2", &(-300_i16).to_be_bytes(), -300.0),
        ("<i4", &(-70_000_i32).to_le_bytes(), -70_000.0),
        (">i8", &(-5_000_000_000_i64).to_be_bytes(), -5e9),
        ("|u1", &[200], 200.0),
        ("<u2", &60_000_u16.to_le_bytes(), 60_000.0),
        (">u4", &4_000_000_000_u32.to_be_bytes(), 4e9),
        ("<u8", &(1_u64 << 53).to_le_bytes(), 9_007_199_254_740_992.0),
        ("|b1", &[1], 1.0),
    ];
    for (dtype, data, value) in cases {
        let header = format!("{{'descr': '{dtype}', 'fortran_order': False, 'shape': (1,), }}\n");
        assert_eq!(read_one(&header, data).and_then(|a| a.scalar()), Ok(value), "{dtype}");
    }
    let header = "{'descr': '<u8', 'fortran_order': False, 'shape': (), }";
    assert!(matches!(read_one(header, &u64::MAX.to_le_bytes()), Err(ArchiveError::Inexact { .. })));
}

#[test]
fn fortran_order_is_turned_round() {
    // numpy: asfortranarray([[1, 2, 3], [4, 5, 6]]) stores 1 4 2 5 3 6.
    let header = "{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3), }";
    assert_eq!(read_one(header, &[1, 4, 2, 5, 3, 6]).expect("legal").values(), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
}

#[test]
fn what_is_not_a_real_array_is_refused_by_name() {
    for dtype in ["'<U3'", "'|S4'", "'|O'", "'<c16'", "'<M8[s]'", "[('p', '<f8'), ('q', '<i4')]", "'<f2'"] {
        let header = format!("{{'descr': {dtype}, 'fortran_order': False, 'shape': (1,), }}");
        let error = read_one(&header, &[0; 16]).unwrap_err();
        assert!(matches!(error, ArchiveError::Type { .. }), "{dtype}: {error}");
        assert!(error.to_string().starts_with("array `a` has dtype"), "{error}");
    }
    let head = |shape: &str| format!("{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}");
    assert!(matches!(read_one(&head("(2,)"), &[0; 8]), Err(ArchiveError::NotAnArray { .. })));
    assert!(matches!(read_one(&head("(0, 4611686018427387904, 8)"), &[]), Err(ArchiveError::TooLarge { .. })));
    assert!(matches!(read_one(&head("(0xffffffffffff, 0xffffffffffff)"), &[]), Err(ArchiveError::NotAnArray { .. })));
    assert!(matches!(read_one(&head(&"(".repeat(20_000)), &[]), Err(ArchiveError::NotAnArray { .. })));
    assert!(matches!(read_one("{}", &[]), Err(ArchiveError::NotAnArray { .. })));
    assert!(matches!(
        Archive::read(&archive_of("a.npy", b"plain")).and_then(|a| a.f64("a")),
        Err(ArchiveError::NotAnArray { .. })
    ));
}

#[test]
fn truncated_and_foreign_files_are_refused() {
    let values = vec![1.0; 500];
    let bytes = write(&[("x", ArrayRef { shape: &[500], values: &values })]).expect("shapes fit");
    for length in [0, 1, 30, bytes.len() / 2, bytes.len() - 1] {
        assert!(matches!(Archive::read(&bytes[..length]), Err(ArchiveError::NotAnArchive { .. })), "{length}");
    }
    assert!(matches!(Archive::read(b"\x93NUMPY\x01\x00"), Err(ArchiveError::NotAnArchive { .. })));
    let mut damaged = bytes.clone();
    damaged[45] ^= 0x55;
    let read = Archive::read(&damaged).and_then(|a| a.f64("x"));
    assert!(read.is_err(), "a flipped byte went unnoticed");
}

proptest! {
    #[test]
    fn arbitrary_members_never_panic(data in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Archive::read(&data);
        let _ = npy::decode("a", &data);
        let mut member = b"\x93NUMPY\x01\x00\x40\x00".to_vec();
        member.extend(&data);
        let _ = npy::decode("a", &member);
    }

    #[test]
    fn plausible_headers_never_panic(header in "\\{('descr': '[<>|][a-zA-Z][0-9]{1,20}', |'fortran_order': (True|False), |'shape': \\(([0-9]{1,22}L?, ?){0,4}\\), ){0,4}\\}") {
        let _ = read_one(&header, &[0; 24]);
    }

    #[test]
    fn flipped_bytes_never_panic(at in 0_usize..400, with in 1_u8..) {
        let values: Vec<f64> = (0..20).map(f64::from).collect();
        let mut bytes = write(&[("x", ArrayRef { shape: &[4, 5], values: &values })]).expect("shapes fit");
        let at = at % bytes.len();
        bytes[at] ^= with;
        if let Ok(archive) = Archive::read(&bytes) {
            for name in archive.names() {
                let _ = archive.f64(name);
            }
        }
    }
}

#[test]
fn an_archive_written_piece_by_piece_is_read_in_the_usual_order() {
    let mut writer = Writer::new(Cursor::new(Vec::new()));
    writer.begin("x", &[2, 3]).expect("memory");
    for column in [[1.0, 4.0], [2.0, 5.0], [3.0, 6.0]] {
        writer.values(&column).expect("memory");
    }
    writer.begin("s", &[]).expect("memory");
    writer.values(&[0.5]).expect("memory");
    assert!(writer.begin("x", &[1]).is_err());
    let archive = Archive::read(&writer.finish().expect("memory").into_inner()).expect("own archive");
    let x = archive.f64("x").expect("written");
    assert_eq!((x.shape(), x.values()), (&[2_usize, 3][..], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0][..]));
    assert_eq!(archive.f64("s").and_then(|s| s.scalar()), Ok(0.5));
}
