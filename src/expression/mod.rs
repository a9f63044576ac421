//! Schedule expressions of EventBridge: `cron(…)`, `rate(…)` and `at(…)`.
//!
//! Parses an expression, locates the error in an invalid one, looks up time zones, and computes the next runs. Uses no
//! clock and does no IO; the time zone database is compiled in.
//!
//! What is accepted follows the user guides ("Cron expressions", "Schedule types") and what AWS was seen to do where they are
//! silent or wrong. `tests/cli/schedule_expressions.tsv` has each case with its source.
//!
//! The sandbox has a separate implementation on purpose, so that the two cannot share a mistake.

use std::ops::Range;

mod at;
mod cron;
mod days;
mod field;
mod next;
mod rate;
mod suggestion;
mod time_zone;

pub use next::{NextRuns, RunWindow};
pub use time_zone::time_zone;

/// The AWS service that an expression is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExpressionKind {
    /// An EventBridge rule: no `at(…)`, the unit of a rate agrees with its number, and times are in UTC.
    Rule,
    /// An EventBridge Scheduler schedule, which has its own time zone.
    Scheduler,
}

/// The error in an expression or in the name of a time zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpressionError {
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
    kind: ExpressionKind,
    form: ExpressionForm,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum ExpressionForm {
    Cron(cron::Cron),
    Rate(rate::Rate),
    At(jiff::civil::DateTime),
}

const FORM_NAMES: [&str; 3] = ["cron", "rate", "at"];

impl Expression {
    /// Parses an expression.
    ///
    /// # Errors
    /// The first error in the text.
    pub fn parse(text: &str, kind: ExpressionKind) -> Result<Self, ExpressionError> {
        let (name, inside) = split_form(TextSlice { text, offset: 0 }, kind)?;
        // EventBridge Scheduler takes the names in any case; of rules that is not known.
        let lower = name.text.to_ascii_lowercase();
        let known = if kind == ExpressionKind::Scheduler { lower.as_str() } else { name.text };
        let form = match (known, kind) {
            ("cron", _) => ExpressionForm::Cron(cron::parse(inside, kind)?),
            ("rate", _) => ExpressionForm::Rate(rate::parse(inside, kind)?),
            ("at", ExpressionKind::Scheduler) => ExpressionForm::At(at::parse(inside)?),
            ("at", ExpressionKind::Rule) => {
                return Err(name
                    .error("a rule cannot use `at(…)`")
                    .with_hint("remove `via: rule`: only EventBridge Scheduler can run a schedule once"));
            }
            _ => return Err(unknown_form_error(name, inside)),
        };
        Ok(Self { text: text.to_owned(), kind, form })
    }

    /// Returns whether every run is before or after the years that EventBridge documents. It takes such an expression.
    pub fn is_outside_documented_years(&self) -> bool {
        match &self.form {
            ExpressionForm::Cron(cron) => {
                cron.years.iter().all(|year| !field::DOCUMENTED_YEARS.contains(year))
            }
            ExpressionForm::Rate(_) | ExpressionForm::At(_) => false,
        }
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
fn split_form(
    whole: TextSlice<'_>,
    kind: ExpressionKind,
) -> Result<(TextSlice<'_>, TextSlice<'_>), ExpressionError> {
    let trimmed = whole.text.trim();
    if trimmed.is_empty() {
        return Err(whole.error("the expression is empty").with_hint(FORMS_HINT));
    }
    if trimmed.len() < whole.text.len() {
        return Err(whole.error("white space around the expression").with_hint(format!("write `{trimmed}`")));
    }
    let Some((name, rest)) = whole.split_once('(') else {
        return Err(suggestion::missing_bracket_error(whole, kind));
    };
    let Some(close) = rest.text.rfind(')') else {
        let end = TextSlice { text: "", offset: whole.text.len() };
        return Err(end.error("the closing bracket is missing").with_hint(format!("write `{trimmed})`")));
    };
    let after = rest.slice_from(close + 1);
    if !after.text.is_empty() {
        return Err(after.error(format!("unexpected `{}` after the closing bracket", after.text)));
    }
    Ok((name, rest.slice_to(close)))
}

const FORMS_HINT: &str =
    "write `cron(minutes hours day-of-month month day-of-week year)`, `rate(number unit)` or `at(time)`";

/// Returns the error for an unknown name before the bracket.
fn unknown_form_error(name: TextSlice<'_>, inside: TextSlice<'_>) -> ExpressionError {
    let lower = name.text.trim().to_ascii_lowercase();
    let near = crate::document::problem::most_similar(&lower, FORM_NAMES);
    let hint =
        near.map_or_else(|| FORMS_HINT.to_owned(), |near| format!("did you mean `{near}({})`?", inside.text));
    let message = match name.text {
        "" => "nothing before the bracket: expected `cron`, `rate` or `at`".to_owned(),
        text => {
            format!("unexpected `{text}` before the bracket: expected `cron`, `rate` or `at`")
        }
    };
    name.error(message).with_hint(hint)
}

impl ExpressionError {
    /// Returns the error with a hint.
    fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// A part of a text, with its byte offset.
#[derive(Clone, Copy, Debug)]
struct TextSlice<'a> {
    text: &'a str,
    offset: usize,
}

impl<'a> TextSlice<'a> {
    /// Returns the part that begins at the byte `index`.
    fn slice_from(self, index: usize) -> TextSlice<'a> {
        TextSlice { text: &self.text[index..], offset: self.offset + index }
    }

    /// Returns the part before the byte `index`.
    fn slice_to(self, index: usize) -> TextSlice<'a> {
        TextSlice { text: &self.text[..index], offset: self.offset }
    }

    /// Returns the parts before and after the first `mark`.
    fn split_once(self, mark: char) -> Option<(TextSlice<'a>, TextSlice<'a>)> {
        let index = self.text.find(mark)?;
        Some((self.slice_to(index), self.slice_from(index + mark.len_utf8())))
    }

    /// Returns the parts separated by `mark`.
    fn split(self, mark: char) -> Vec<TextSlice<'a>> {
        let mut next = self.offset;
        let place = |text: &'a str| {
            let at = next;
            next += text.len() + mark.len_utf8();
            TextSlice { text, offset: at }
        };
        self.text.split(mark).map(place).collect()
    }

    /// Returns the parts separated by white space.
    fn words(self) -> Vec<TextSlice<'a>> {
        let mut left = self;
        let mut words = Vec::new();
        while let Some(start) = left.text.find(|letter: char| !letter.is_whitespace()) {
            left = left.slice_from(start);
            let end = left.text.find(char::is_whitespace).unwrap_or(left.text.len());
            words.push(left.slice_to(end));
            left = left.slice_from(end);
        }
        words
    }

    /// Returns the text in backticks, or `nothing` if it is empty.
    fn quoted_or_nothing(self) -> String {
        if self.text.is_empty() { "nothing".to_owned() } else { format!("`{}`", self.text) }
    }

    fn error(self, message: impl Into<String>) -> ExpressionError {
        ExpressionError {
            message: message.into(),
            hint: None,
            range: self.offset..self.offset + self.text.len(),
        }
    }
}

#[cfg(test)]
mod tests;
