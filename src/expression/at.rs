//! `at(…)`: one time, without a zone.

use super::{Piece, Wrong};
use jiff::civil::DateTime;

/// Returns the time that stands between the brackets.
pub(super) fn read(inside: Piece<'_>) -> Result<DateTime, Wrong> {
    match shaped(inside.text) {
        true => time(inside.text)
            .ok_or_else(|| inside.wrong(format!("there is no date and time `{}`", inside.text))),
        false => Err(misshapen(inside)),
    }
}

fn shaped(text: &str) -> bool {
    let like = |(byte, like): (u8, u8)| if like == b'0' { byte.is_ascii_digit() } else { byte == like };
    text.len() == 19 && text.bytes().zip("0000-00-00T00:00:00".bytes()).all(like)
}

fn time(text: &str) -> Option<DateTime> {
    // jiff takes a leap second, which no clock of AWS shows.
    text.parse().ok().filter(|_| shaped(text) && !text.ends_with(":60"))
}

/// Returns what is wrong with a time of another shape.
fn misshapen(inside: Piece<'_>) -> Wrong {
    let text = inside.text;
    let wrong = inside.wrong(format!("{} in `at`: expected yyyy-mm-ddThh:mm:ss", inside.quoted()));
    if let Some(bare) = text.get(..19).filter(|bare| time(bare).is_some()) {
        return wrong.hint(format!("`at({bare})`: the zone is given beside the expression"));
    }
    let joined = text.trim().replacen(' ', "T", 1);
    let fixes = [joined.clone(), format!("{joined}:00"), format!("{joined}T00:00:00")];
    match fixes.iter().find(|fix| time(fix).is_some()) {
        Some(fix) => wrong.hint(format!("`at({fix})`")),
        None => wrong,
    }
}
