//! Schedule expressions of EventBridge: `cron(…)`, `rate(…)`, `at(…)`. Owns what is well formed, what is wrong and where,
//! the time zones, and when an expression runs next. Pure: no clock, no IO, the time zones are those in the binary.
//!
//! The sandbox has a reader of its own, on purpose: neither can share a mistake with the other.

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

/// What an expression is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A rule of an event bus: no `at(…)`, a rate's unit agrees with its number, and times are UTC.
    Rule,
    /// A schedule of EventBridge Scheduler, with a time zone of its own.
    Scheduler,
}

/// What is wrong with an expression or the name of a time zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// What was found and what is expected, as one sentence without a full stop.
    pub message: String,
    /// What to write instead, where that is known.
    pub hint: Option<String>,
    /// Where in the text it is, in bytes.
    pub range: Range<usize>,
}

/// An expression that is well formed.
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
    /// Returns the expression that the text is, or the first thing that is wrong with it.
    pub fn parse(text: &str, kind: Kind) -> Result<Self, Wrong> {
        let (name, inside) = split(Piece { text, at: 0 }, kind)?;
        let form = match (name.text, kind) {
            ("cron", _) => Form::Cron(cron::read(inside)?),
            ("rate", _) => Form::Rate(rate::read(inside, kind)?),
            ("at", Kind::Scheduler) => Form::At(at::read(inside)?),
            ("at", Kind::Rule) => {
                return Err(name
                    .wrong("a rule has no `at(…)`")
                    .hint("only a schedule of EventBridge Scheduler runs once"));
            }
            _ => return Err(unknown(name, inside)),
        };
        Ok(Self { text: text.to_owned(), kind, form })
    }

    /// Returns the text of the expression, as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl std::fmt::Display for Expression {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

/// Returns the name before the bracket and what stands between the brackets.
fn split(whole: Piece<'_>, kind: Kind) -> Result<(Piece<'_>, Piece<'_>), Wrong> {
    let trimmed = whole.text.trim();
    if trimmed.is_empty() {
        return Err(whole.wrong("the expression is empty").hint(FORMS));
    }
    if trimmed.len() < whole.text.len() {
        return Err(whole.wrong("there is white space around the expression").hint(format!("`{trimmed}`")));
    }
    let Some((name, rest)) = whole.halves('(') else { return Err(bare::wrong(whole, kind)) };
    let Some(close) = rest.text.rfind(')') else {
        let end = Piece { text: "", at: whole.text.len() };
        return Err(end.wrong("the closing bracket is missing").hint(format!("`{trimmed})`")));
    };
    let after = rest.from(close + 1);
    if !after.text.is_empty() {
        return Err(after.wrong(format!("`{}` stands after the closing bracket", after.text)));
    }
    Ok((name, rest.to(close)))
}

const FORMS: &str =
    "`cron(minutes hours day-of-month month day-of-week year)`, `rate(number unit)` or `at(time)`";

/// Returns what is wrong with the name of a form that is none.
fn unknown(name: Piece<'_>, inside: Piece<'_>) -> Wrong {
    let lower = name.text.trim().to_ascii_lowercase();
    let near = crate::document::problem::nearest(&lower, NAMES);
    let hint =
        near.map_or_else(|| FORMS.to_owned(), |near| format!("did you mean `{near}({})`?", inside.text));
    let message = match name.text {
        "" => "nothing stands before the bracket: expected `cron`, `rate` or `at`".to_owned(),
        text => {
            format!("`{text}` stands before the bracket: expected `cron`, `rate` or `at`, right before it")
        }
    };
    name.wrong(message).hint(hint)
}

impl Wrong {
    /// Returns the same with a hint.
    fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// A part of a text, with its place in it.
#[derive(Clone, Copy, Debug)]
struct Piece<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Piece<'a> {
    /// Returns the part from the byte `index` on.
    fn from(self, index: usize) -> Piece<'a> {
        Piece { text: &self.text[index..], at: self.at + index }
    }

    /// Returns the part before the byte `index`.
    fn to(self, index: usize) -> Piece<'a> {
        Piece { text: &self.text[..index], at: self.at }
    }

    /// Returns what stands before and after the first `mark`.
    fn halves(self, mark: char) -> Option<(Piece<'a>, Piece<'a>)> {
        let index = self.text.find(mark)?;
        Some((self.to(index), self.from(index + mark.len_utf8())))
    }

    /// Returns the parts between the marks.
    fn list(self, mark: char) -> Vec<Piece<'a>> {
        let mut next = self.at;
        let place = |text: &'a str| {
            let at = next;
            next += text.len() + mark.len_utf8();
            Piece { text, at }
        };
        self.text.split(mark).map(place).collect()
    }

    /// Returns the words, which white space separates.
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

    /// Returns the text in quotes, or that there is none.
    fn quoted(self) -> String {
        if self.text.is_empty() { "nothing".to_owned() } else { format!("`{}`", self.text) }
    }

    fn wrong(self, message: impl Into<String>) -> Wrong {
        Wrong { message: message.into(), hint: None, range: self.at..self.at + self.text.len() }
    }
}

#[cfg(test)]
mod tests;
