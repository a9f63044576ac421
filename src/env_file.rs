//! Reads env files: `NAME=value` lines, as `docker --env-file` and the dotenv libraries take them. Pure, and never touches
//! the environment of the process. The text comes from `text_file`, without byte-order mark and with LF as line end.
//!
//! - Blank lines and lines that begin with `#` are skipped, and `export` before a name is allowed.
//! - A value without quotes ends with the line, or before ` #`; blanks around it are dropped.
//! - A value in single quotes is taken as it is; one in double quotes has the escapes `\n`, `\r`, `\t`, `\"`, `\'`, `\\`,
//!   `\$` and `` \` ``. Both may span lines, and only a comment may follow them.
//! - `$NAME` is not replaced: values that hold a `$` are passed on as they are.
//!
//! The crate `dotenvy` is not used: its errors have no line number and repeat the line, which may hold a secret, and it
//! replaces `$NAME` from the environment of the process.

use std::iter::Peekable;
use std::str::Chars;

use crate::error::Cause;

/// A mistake in an env file. It never repeats a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct EnvFileError {
    /// The line, counted from 1.
    pub line: usize,
    pub message: String,
}

impl From<EnvFileError> for Cause {
    fn from(error: EnvFileError) -> Cause {
        Cause::new(error)
    }
}

/// Returns the variables of an env file, in its order.
///
/// # Errors
/// A line that is not `NAME=value`, a quote that is not closed, an unknown escape, or text after a closing quote.
pub fn parse(text: &str) -> Result<Vec<(String, String)>, EnvFileError> {
    let mut reader = EnvReader { rest: text.chars().peekable(), line: 1 };
    let mut variables = Vec::new();
    while reader.skip_to_assignment() {
        variables.push(reader.assignment()?);
    }
    Ok(variables)
}

struct EnvReader<'a> {
    rest: Peekable<Chars<'a>>,
    line: usize,
}

impl EnvReader<'_> {
    fn next(&mut self) -> Option<char> {
        let next = self.rest.next()?;
        self.line += usize::from(next == '\n');
        Some(next)
    }

    fn error(&self, message: impl Into<String>) -> EnvFileError {
        EnvFileError { line: self.line, message: message.into() }
    }

    /// Skips blank lines and comments; returns whether anything follows.
    fn skip_to_assignment(&mut self) -> bool {
        while let Some(next) = self.rest.peek() {
            match next {
                '#' => self.skip_comment(),
                next if next.is_whitespace() => {
                    self.next();
                }
                _ => return true,
            }
        }
        false
    }

    /// Skips what is left of a line, but its end.
    fn skip_comment(&mut self) {
        while self.rest.next_if(|next| *next != '\n').is_some() {}
    }

    fn skip_blanks(&mut self) {
        while self.rest.next_if(|next| *next != '\n' && next.is_whitespace()).is_some() {}
    }

    fn assignment(&mut self) -> Result<(String, String), EnvFileError> {
        let name = self.name()?;
        self.skip_blanks();
        let value = match self.rest.peek() {
            Some(quote @ ('"' | '\'')) => {
                let quote = *quote;
                self.quoted(quote)?
            }
            _ => self.unquoted(),
        };
        Ok((name, value))
    }

    /// Reads a name and the `=` after it.
    fn name(&mut self) -> Result<String, EnvFileError> {
        let mut text = String::new();
        while let Some(next) = self.rest.next_if(|next| *next != '=' && *next != '\n') {
            text.push(next);
        }
        if self.rest.next_if_eq(&'=').is_none() {
            return Err(self.error("not `NAME=value`"));
        }
        let name = text.trim();
        let exported = name.strip_prefix("export").filter(|name| name.starts_with(char::is_whitespace));
        let name = exported.unwrap_or(name).trim();
        if name.is_empty() || name.contains(|next: char| next.is_whitespace() || "\"'`#$".contains(next)) {
            return Err(self.error("not `NAME=value`"));
        }
        Ok(name.to_owned())
    }

    /// Reads a value without quotes: up to the end of the line or a comment.
    fn unquoted(&mut self) -> String {
        let mut value = String::new();
        while let Some(next) = self.rest.next_if(|next| *next != '\n') {
            if next == '#' && (value.is_empty() || value.ends_with(char::is_whitespace)) {
                self.skip_comment();
                break;
            }
            value.push(next);
        }
        value.trim().to_owned()
    }

    /// Reads a value in quotes, and checks that nothing but a comment follows it.
    fn quoted(&mut self, quote: char) -> Result<String, EnvFileError> {
        let opened = self.line;
        self.next();
        let mut value = String::new();
        loop {
            match self.next() {
                None => {
                    let message = format!("the quote {quote} is not closed");
                    return Err(EnvFileError { line: opened, message });
                }
                Some(next) if next == quote => break,
                Some('\\') if quote == '"' => value.push(self.escaped()?),
                Some(next) => value.push(next),
            }
        }
        self.skip_blanks();
        match self.rest.peek() {
            None | Some('\n') => Ok(value),
            Some('#') => {
                self.skip_comment();
                Ok(value)
            }
            Some(_) => Err(self.error(format!("unexpected text after the closing quote {quote}"))),
        }
    }

    fn escaped(&mut self) -> Result<char, EnvFileError> {
        match self.rest.peek() {
            Some('n') => Ok(self.replace_by('\n')),
            Some('r') => Ok(self.replace_by('\r')),
            Some('t') => Ok(self.replace_by('\t')),
            Some(same @ ('"' | '\'' | '\\' | '$' | '`')) => {
                let same = *same;
                Ok(self.replace_by(same))
            }
            _ => Err(self.error("unknown escape after `\\` in double quotes; write `\\\\` for a backslash")),
        }
    }

    fn replace_by(&mut self, character: char) -> char {
        self.next();
        character
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> String {
        let variables = parse(text).unwrap();
        let [(name, value)] = variables.as_slice() else { panic!("{variables:?}") };
        assert_eq!(name, "A");
        value.clone()
    }

    fn error(text: &str) -> String {
        parse(text).unwrap_err().to_string()
    }

    #[test]
    fn a_file_has_names_values_comments_and_quotes() {
        let variables = parse("# c\nA=1\nexport B=\"x y\"\n\nC='#z'\nD=a=b\n").unwrap();
        let expected = [("A", "1"), ("B", "x y"), ("C", "#z"), ("D", "a=b")];
        assert_eq!(variables, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }

    #[test]
    fn export_and_blanks_are_no_part_of_a_value() {
        let variables = parse("export\tB = 2 \nexporter=3\n").unwrap();
        let expected = [("B", "2"), ("exporter", "3")];
        assert_eq!(variables, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }

    #[test]
    fn a_comment_needs_a_blank_before_it() {
        assert_eq!(one("A=x # y"), "x");
        assert_eq!(one("A=x#y"), "x#y");
        assert_eq!(one("A= # y"), "");
        assert_eq!(one("A='x' # y"), "x");
        assert_eq!(one("A="), "");
    }

    #[test]
    fn escapes_count_in_double_quotes_only() {
        assert_eq!(one(r#"A="a\n\t\"b\" \\ \$c""#), "a\n\t\"b\" \\ $c");
        assert_eq!(one(r"A='a\n$c'"), r"a\n$c");
        assert_eq!(one(r"A=C:\new"), r"C:\new");
        assert_eq!(one(r#"A={"a": "$b"}"#), r#"{"a": "$b"}"#);
    }

    #[test]
    fn values_in_quotes_may_span_lines() {
        assert_eq!(one("A=\"-----BEGIN\nx=y\n-----END\"\n"), "-----BEGIN\nx=y\n-----END");
        assert_eq!(one("A='1\n# 2\n'"), "1\n# 2\n");
        assert_eq!(parse("A='1\n2'\nB=3\n").unwrap()[1], ("B".to_owned(), "3".to_owned()));
    }

    #[test]
    fn a_mistake_has_its_line_and_no_value() {
        assert_eq!(error("A=1\nsecret\n"), "line 2: not `NAME=value`");
        assert_eq!(error("A=1\n=secret\n"), "line 2: not `NAME=value`");
        assert_eq!(error("A='1\n2'\nB=\"secret\n\n"), "line 3: the quote \" is not closed");
        assert_eq!(error("A=\"secret\"x"), "line 1: unexpected text after the closing quote \"");
        let unknown = "unknown escape after `\\` in double quotes; write `\\\\` for a backslash";
        assert_eq!(error("A=\"\n\\d\""), format!("line 2: {unknown}"));
    }
}
