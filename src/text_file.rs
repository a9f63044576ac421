//! Reads the text files of a user: the manifest, definitions and what they include, env files. Text is UTF-8, at most 1 MiB;
//! a byte-order mark is dropped, and the line ends of Windows (CRLF) and of old systems (CR) become LF.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::error::{Cause, ErrorKind, Failure};

/// The maximum size of a file in bytes: sixteen times the size that ECS allows for a definition.
const LARGEST: usize = 1024 * 1024;

/// The number of pairs of bytes that are inspected to recognise UTF-16 without a byte-order mark.
const SAMPLED_PAIRS: usize = 256;

/// Why a text file could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("it is no regular file")]
    NotRegular,
    #[error("it is larger than 1 MiB")]
    TooLarge,
    #[error("it is {0} text; save it as UTF-8")]
    OtherEncoding(&'static str),
    #[error("it is a binary file: it contains a NUL byte")]
    Binary,
    /// The place of the first byte that is not UTF-8, counted from 1.
    #[error("it is not UTF-8 text (line {line}, column {column})")]
    NotUtf8 { line: usize, column: usize },
}

impl From<ReadError> for Cause {
    fn from(error: ReadError) -> Cause {
        Cause::new(error)
    }
}

impl ReadError {
    /// Returns the failure to read a file: its path is wrong, or its contents are.
    pub fn of(self, path: &Path) -> Failure {
        let kind = if matches!(self, ReadError::Io(_)) { ErrorKind::Usage } else { ErrorKind::Error };
        Failure::new(kind, format!("failed to read `{}`", path.display())).with_cause(self)
    }
}

/// Returns the text of a file.
///
/// # Errors
/// The file cannot be read, is too large, or is not UTF-8 text.
pub fn read(path: &Path) -> Result<String, ReadError> {
    let mut bytes = Vec::new();
    // One byte more than is taken: a pipe or a device has no size to ask for.
    File::open(path)?.take(LARGEST as u64 + 1).read_to_end(&mut bytes)?;
    decode(bytes)
}

/// Returns the text of a regular file: one that another file names. A pipe or a device could block, and has no end.
///
/// # Errors
/// As [`read`], and for anything but a regular file.
pub fn read_regular(path: &Path) -> Result<String, ReadError> {
    // Opening a pipe would wait for a writer.
    if !path.metadata()?.is_file() {
        return Err(ReadError::NotRegular);
    }
    read(path)
}

fn decode(bytes: Vec<u8>) -> Result<String, ReadError> {
    if bytes.len() > LARGEST {
        return Err(ReadError::TooLarge);
    }
    if let Some(name) = other_encoding(&bytes) {
        return Err(ReadError::OtherEncoding(name));
    }
    if bytes.contains(&0) {
        return Err(ReadError::Binary);
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        place(&String::from_utf8_lossy(error.as_bytes().get(..valid).unwrap_or_default()))
    })?;
    let text = text.strip_prefix('\u{FEFF}').map(str::to_owned).unwrap_or(text);
    Ok(if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n") } else { text })
}

/// Returns the name of an encoding of Unicode other than UTF-8, by its byte-order mark or by its zero bytes: text of which
/// most is ASCII has one in each pair of bytes.
fn other_encoding(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => return Some("UTF-32"),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => return Some("UTF-16"),
        _ => {}
    }
    let pairs = bytes.chunks_exact(2).take(SAMPLED_PAIRS);
    let is_half_zero = |index: usize| {
        let zeros = pairs.clone().filter(|pair| pair[index] == 0 && pair[1 - index] != 0).count();
        zeros > 1 && zeros * 2 > pairs.len()
    };
    (is_half_zero(0) || is_half_zero(1)).then_some("UTF-16")
}

/// Returns the error of a byte that is not UTF-8, behind the text before it.
fn place(before: &str) -> ReadError {
    let last = before.rsplit('\n').next().unwrap_or_default();
    ReadError::NotUtf8 { line: before.matches('\n').count() + 1, column: last.chars().count() + 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_order_mark_is_dropped_and_line_ends_become_one() {
        assert_eq!(decode(b"\xef\xbb\xbfa: 1\r\nb: 2\n".to_vec()).unwrap(), "a: 1\nb: 2\n");
        assert_eq!(decode(b"a\rb\r\nc".to_vec()).unwrap(), "a\nb\nc");
        assert_eq!(decode(Vec::new()).unwrap(), "");
    }

    #[test]
    fn what_is_not_utf8_is_refused_with_its_place() {
        let error = decode(b"a: 1\nb: \xc3\xbc\xff".to_vec()).unwrap_err();
        assert_eq!(error.to_string(), "it is not UTF-8 text (line 2, column 5)");
    }

    #[test]
    fn other_encodings_of_unicode_are_recognised_and_named() {
        let utf16: [&[u8]; 4] = [b"\xff\xfea\0", b"\xfe\xff\0a", b"e\0c\0s\0:\0", b"\0e\0c\0s\0:"];
        for bytes in utf16 {
            let error = decode(bytes.to_vec()).unwrap_err();
            assert_eq!(error.to_string(), "it is UTF-16 text; save it as UTF-8", "{bytes:?}");
        }
        let error = decode(b"\xff\xfe\0\0e\0\0\0".to_vec()).unwrap_err();
        assert_eq!(error.to_string(), "it is UTF-32 text; save it as UTF-8");
        assert!(matches!(decode(b"a: 1\0".to_vec()), Err(ReadError::Binary)));
    }

    #[test]
    fn a_file_of_more_than_a_mebibyte_is_refused() {
        assert!(decode(vec![b'a'; LARGEST]).is_ok());
        assert!(matches!(decode(vec![b'a'; LARGEST + 1]), Err(ReadError::TooLarge)));
    }

    #[test]
    fn what_is_no_regular_file_is_refused_before_it_is_opened() {
        assert!(matches!(read_regular(Path::new(".")), Err(ReadError::NotRegular)));
        #[cfg(unix)]
        assert!(matches!(read_regular(Path::new("/dev/zero")), Err(ReadError::NotRegular)));
    }

    #[test]
    fn a_path_that_is_wrong_is_an_error_of_the_command_line() {
        let path = Path::new("no such folder/web.yml");
        let failure = read(path).unwrap_err().of(path);
        assert_eq!(
            (failure.kind, failure.message.as_str()),
            (ErrorKind::Usage, "failed to read `no such folder/web.yml`")
        );
        assert_eq!(ReadError::TooLarge.of(path).kind, ErrorKind::Error);
    }
}
