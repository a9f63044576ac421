//! Parses `at(…)`: one date and time, without a time zone. The seconds may be left out.

use super::{ExpressionError, TextSlice};
use jiff::civil::DateTime;

/// Parses the text between the brackets.
pub(super) fn parse(inside: TextSlice<'_>) -> Result<DateTime, ExpressionError> {
    let with_seconds = format!("{}:00", inside.text);
    let full = if has_time_shape(&with_seconds) { &with_seconds } else { inside.text };
    if has_time_shape(full) {
        parse_time(full)
            .ok_or_else(|| inside.error(format!("`{}` is not a valid date and time", inside.text)))
    } else {
        Err(shape_error(inside))
    }
}

fn has_time_shape(text: &str) -> bool {
    let like = |(byte, like): (u8, u8)| if like == b'0' { byte.is_ascii_digit() } else { byte == like };
    text.len() == 19 && text.bytes().zip("0000-00-00T00:00:00".bytes()).all(like)
}

fn parse_time(text: &str) -> Option<DateTime> {
    // jiff accepts a leap second; AWS does not.
    text.parse().ok().filter(|_| has_time_shape(text) && !text.ends_with(":60"))
}

/// Returns the error for a time of another form, with a hint if the right form can be guessed.
fn shape_error(inside: TextSlice<'_>) -> ExpressionError {
    let text = inside.text;
    let wrong = inside.error(format!("{} in `at`: expected yyyy-mm-ddThh:mm:ss", inside.quoted_or_nothing()));
    if let Some(bare) = text.get(..19).filter(|bare| parse_time(bare).is_some()) {
        return wrong.with_hint(format!("write `at({bare})`, and set the time zone with `timezone:`"));
    }
    let joined = text.trim().replacen(' ', "T", 1);
    let fixes = [joined.clone(), format!("{joined}:00"), format!("{joined}T00:00:00")];
    match fixes.iter().find(|fix| parse_time(fix).is_some()) {
        Some(fix) => wrong.with_hint(format!("write `at({fix})`")),
        None => wrong,
    }
}
