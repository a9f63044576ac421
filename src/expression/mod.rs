//! Schedule expressions of EventBridge: `cron(…)`, `rate(…)` and `at(…)`.
//!
//! Parses an expression, locates the error in an invalid one, looks up time zones, and computes the next runs. Uses no
//! clock and does no IO; the time zone database is compiled in.
//!
//! The sandbox has a separate implementation on purpose, so that the two cannot share a mistake.

use std::ops::Range;

mod at;
mod bare;
mod cron;
mod days;
mod field;
mod next;
mod rate;
mod zone;

pub use next::{Next, Window};
pub use zone::zone;

/// The AWS service that an expression is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An EventBridge rule: no `at(…)`, the unit of a rate agrees with its number, and times are in UTC.
    Rule,
    /// An EventBridge Scheduler schedule, which has its own time zone.
    Scheduler,
}

/// The error in an expression or in the name of a time zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// What was found and what was expected, as one sentence without a full stop.
    pub message: String,
    /// What to write instead, if that is known.
    pub hint: Option<String>,
    /// The place of the error in the text, in bytes.
    pub range: Range<usize>,
}

/// A valid schedule expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expression {
    text: String,
    kind: Kind,
    form: Form,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Form {
    Cron(cron::Cron),
    Rate(rate::Rate),
    At(jiff::civil::DateTime),
}

const NAMES: [&str; 3] = ["cron", "rate", "at"];

impl Expression {
    /// Parses an expression.
    ///
    /// # Errors
    /// The first error in the text.
    pub fn parse(text: &str, kind: Kind) -> Result<Self, Wrong> {
        let (name, inside) = split(Piece { text, at: 0 }, kind)?;
        let form = match (name.text, kind) {
            ("cron", _) => Form::Cron(cron::read(inside)?),
            ("rate", _) => Form::Rate(rate::read(inside, kind)?),
            ("at", Kind::Scheduler) => Form::At(at::read(inside)?),
            ("at", Kind::Rule) => {
                return Err(name
                    .wrong("a rule cannot use `at(…)`")
                    .hint("remove `via: rule`: only EventBridge Scheduler can run a schedule once"));
            }
            _ => return Err(unknown(name, inside)),
        };
        Ok(Self { text: text.to_owned(), kind, form })
    }

    /// Returns the text of the expression as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl std::fmt::Display for Expression {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

/// Returns the name before the opening bracket and the text between the brackets.
fn split(whole: Piece<'_>, kind: Kind) -> Result<(Piece<'_>, Piece<'_>), Wrong> {
    let trimmed = whole.text.trim();
    if trimmed.is_empty() {
        return Err(whole.wrong("the expression is empty").hint(FORMS));
    }
    if trimmed.len() < whole.text.len() {
        return Err(whole.wrong("white space around the expression").hint(format!("write `{trimmed}`")));
    }
    let Some((name, rest)) = whole.halves('(') else { return Err(bare::wrong(whole, kind)) };
    let Some(close) = rest.text.rfind(')') else {
        let end = Piece { text: "", at: whole.text.len() };
        return Err(end.wrong("the closing bracket is missing").hint(format!("write `{trimmed})`")));
    };
    let after = rest.from(close + 1);
    if !after.text.is_empty() {
        return Err(after.wrong(format!("unexpected `{}` after the closing bracket", after.text)));
    }
    Ok((name, rest.to(close)))
}

const FORMS: &str =
    "write `cron(minutes hours day-of-month month day-of-week year)`, `rate(number unit)` or `at(time)`";

/// Returns the error for an unknown name before the bracket.
fn unknown(name: Piece<'_>, inside: Piece<'_>) -> Wrong {
    let lower = name.text.trim().to_ascii_lowercase();
    let near = crate::document::problem::nearest(&lower, NAMES);
    let hint =
        near.map_or_else(|| FORMS.to_owned(), |near| format!("did you mean `{near}({})`?", inside.text));
    let message = match name.text {
        "" => "nothing before the bracket: expected `cron`, `rate` or `at`".to_owned(),
        text => {
            format!("unexpected `{text}` before the bracket: expected `cron`, `rate` or `at`")
        }
    };
    name.wrong(message).hint(hint)
}

impl Wrong {
    /// Returns the error with a hint.
    fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// A part of a text, with its byte offset.
#[derive(Clone, Copy, Debug)]
struct Piece<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Piece<'a> {
    /// Returns the part that begins at the byte `index`.
    fn from(self, index: usize) -> Piece<'a> {
        Piece { text: &self.text[index..], at: self.at + index }
    }

    /// Returns the part before the byte `index`.
    fn to(self, index: usize) -> Piece<'a> {
        Piece { text: &self.text[..index], at: self.at }
    }

    /// Returns the parts before and after the first `mark`.
    fn halves(self, mark: char) -> Option<(Piece<'a>, Piece<'a>)> {
        let index = self.text.find(mark)?;
        Some((self.to(index), self.from(index + mark.len_utf8())))
    }

    /// Returns the parts separated by `mark`.
    fn list(self, mark: char) -> Vec<Piece<'a>> {
        let mut next = self.at;
        let place = |text: &'a str| {
            let at = next;
            next += text.len() + mark.len_utf8();
            Piece { text, at }
        };
        self.text.split(mark).map(place).collect()
    }

    /// Returns the parts separated by white space.
    fn words(self) -> Vec<Piece<'a>> {
        let mut left = self;
        let mut words = Vec::new();
        while let Some(start) = left.text.find(|letter: char| !letter.is_whitespace()) {
            left = left.from(start);
            let end = left.text.find(char::is_whitespace).unwrap_or(left.text.len());
            words.push(left.to(end));
            left = left.from(end);
        }
        words
    }

    /// Returns the text in backticks, or `nothing` if it is empty.
    fn quoted(self) -> String {
        if self.text.is_empty() { "nothing".to_owned() } else { format!("`{}`", self.text) }
    }

    fn wrong(self, message: impl Into<String>) -> Wrong {
        Wrong { message: message.into(), hint: None, range: self.at..self.at + self.text.len() }
    }
}

#[cfg(test)]
mod tests;
