//! Reads the text files of a user: the manifest, definitions, env files. Text is UTF-8, at most 1 MiB; a byte-order mark is
//! dropped, and CRLF becomes LF.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::error::{Cause, ErrorKind, Failure};

/// The maximum size of a file in bytes: sixteen times the size that ECS allows for a definition.
const LARGEST: usize = 1024 * 1024;

/// Why a text file could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("it is larger than 1 MiB")]
    TooLarge,
    #[error("it is UTF-16 text; save it as UTF-8")]
    Utf16,
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

fn decode(bytes: Vec<u8>) -> Result<String, ReadError> {
    if bytes.len() > LARGEST {
        return Err(ReadError::TooLarge);
    }
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(ReadError::Utf16);
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        place(&String::from_utf8_lossy(error.as_bytes().get(..valid).unwrap_or_default()))
    })?;
    let text = text.strip_prefix('\u{FEFF}').map(str::to_owned).unwrap_or(text);
    Ok(if text.contains("\r\n") { text.replace("\r\n", "\n") } else { text })
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
        assert_eq!(decode(b"a\rb".to_vec()).unwrap(), "a\rb");
        assert_eq!(decode(Vec::new()).unwrap(), "");
    }

    #[test]
    fn what_is_not_utf8_is_refused_with_its_place() {
        let error = decode(b"a: 1\nb: \xc3\xbc\xff".to_vec()).unwrap_err();
        assert_eq!(error.to_string(), "it is not UTF-8 text (line 2, column 5)");
        let error = decode(b"\xff\xfea\0".to_vec()).unwrap_err();
        assert_eq!(error.to_string(), "it is UTF-16 text; save it as UTF-8");
    }

    #[test]
    fn a_file_of_more_than_a_mebibyte_is_refused() {
        assert!(decode(vec![b'a'; LARGEST]).is_ok());
        assert!(matches!(decode(vec![b'a'; LARGEST + 1]), Err(ReadError::TooLarge)));
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
