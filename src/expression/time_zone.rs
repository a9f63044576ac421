//! Looks up time zones by name in the tz database that is compiled in, so that the result is the same on every machine.

use super::{ExpressionError, TextSlice};
use crate::document::problem::most_similar;
use jiff::tz::{TimeZone, TimeZoneDatabase};

/// Returns the time zone with a name of the tz database.
///
/// # Errors
/// A name that is not in the database in exactly this spelling: AWS may not accept another one.
pub fn time_zone(name: &str) -> Result<TimeZone, ExpressionError> {
    let database = TimeZoneDatabase::bundled();
    let known: Vec<String> = database.available().map(|name| name.to_string()).collect();
    match known.iter().any(|known| known == name).then(|| database.get(name).ok()).flatten() {
        Some(zone) => Ok(zone),
        None => Err(unknown_zone_error(name, &known)),
    }
}

fn unknown_zone_error(name: &str, known: &[String]) -> ExpressionError {
    let wrong = TextSlice { text: name, offset: 0 }.error(match name {
        "" => "the name of the time zone is empty".to_owned(),
        name => format!("no time zone named `{name}` in the tz database"),
    });
    if let Some(hint) = similar_zone(name, known) {
        return wrong.with_hint(format!("did you mean `{hint}`?"));
    }
    let offset = name.contains(['+', '-']) && name.contains(|letter: char| letter.is_ascii_digit());
    if offset {
        wrong.with_hint("use the name of a place instead of an offset, such as `Asia/Tokyo`, or `UTC`")
    } else {
        wrong.with_hint("use the name of a place, such as `Asia/Tokyo`, or `UTC`")
    }
}

/// Returns the name to suggest: one that differs in case or spaces, one with the given city, one for a common
/// abbreviation, or the most similar one.
fn similar_zone<'a>(name: &str, known: &'a [String]) -> Option<&'a str> {
    const SHORT: [(&str, &str); 10] = [
        ("JST", "Asia/Tokyo"),
        ("KST", "Asia/Seoul"),
        ("SGT", "Asia/Singapore"),
        ("AEST", "Australia/Sydney"),
        ("CEST", "Europe/Berlin"),
        ("BST", "Europe/London"),
        ("EDT", "America/New_York"),
        ("CDT", "America/Chicago"),
        ("PST", "America/Los_Angeles"),
        ("PDT", "America/Los_Angeles"),
    ];
    let plain = name.trim().replace(' ', "_");
    let same = |known: &&String| known.eq_ignore_ascii_case(&plain);
    let city =
        |known: &&String| known.rsplit('/').next().is_some_and(|city| city.eq_ignore_ascii_case(&plain));
    let short = SHORT.iter().find(|(short, _)| *short == plain).map(|(_, zone)| *zone);
    let listed = |zone: &str| known.iter().find(|known| *known == zone);
    let found =
        known.iter().find(same).or_else(|| short.and_then(listed)).or_else(|| known.iter().find(city));
    found.map(String::as_str).or_else(|| most_similar(&plain, known.iter().map(String::as_str)))
}
