//! The token of an approval: the parts of a signed request to AWS STS, from which the verifier builds the request again.
//! It has no address, no header and no query, so that it can make no other call.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;

use super::TOKEN_VALIDITY;

/// What a token begins with: the format, and its version.
const PREFIX: &str = "ecsail-approval-1.";
/// Session tokens have no fixed length; AWS's are below 4 kB.
const MAX_LENGTH: usize = 8192;
/// How far the clock of the approver may be ahead.
const TOLERATED_OFFSET: Duration = Duration::from_mins(5);

/// The parts of a signed request. They prove an identity to anyone who has them, for as long as AWS takes the signature.
#[derive(Clone, PartialEq, Eq)]
pub struct ApprovalToken {
    pub region: String,
    pub access_key: String,
    /// The time of the signature: `20261130T120000Z`.
    pub date: String,
    pub signature: String,
    pub session_token: Option<String>,
}

impl fmt::Debug for ApprovalToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApprovalToken").field("date", &self.date).finish_non_exhaustive()
    }
}

impl ApprovalToken {
    /// Reads a token; `None` for any text that has another form in any part.
    pub fn parse(text: &str) -> Option<ApprovalToken> {
        if text.len() > MAX_LENGTH {
            return None;
        }
        let parts: Vec<&str> = text.strip_prefix(PREFIX)?.splitn(5, '.').collect();
        let [region, access_key, date, signature, session] = parts[..] else { return None };
        let is_region = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let is_key = |c: char| c.is_ascii_alphanumeric();
        let is_hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
        let is_base64 = |c: char| c.is_ascii_alphanumeric() || "+/=_-".contains(c);
        let has_form = (2..=32).contains(&region.len())
            && region.chars().all(is_region)
            && !region.starts_with('-')
            && !region.ends_with('-')
            && (8..=128).contains(&access_key.len())
            && access_key.chars().all(is_key)
            && time(date).is_some()
            && signature.len() == 64
            && signature.chars().all(is_hex)
            && session.chars().all(is_base64);
        has_form.then(|| ApprovalToken {
            region: region.to_owned(),
            access_key: access_key.to_owned(),
            date: date.to_owned(),
            signature: signature.to_owned(),
            session_token: Some(session.to_owned()).filter(|token| !token.is_empty()),
        })
    }

    /// Returns the text of the token, in one line.
    pub fn to_text(&self) -> String {
        let ApprovalToken { region, access_key, date, signature, session_token } = self;
        let session = session_token.as_deref().unwrap_or_default();
        format!("{PREFIX}{region}.{access_key}.{date}.{signature}.{session}")
    }

    /// Returns for how long it is still good; `None` once it has expired, and before its time.
    pub fn time_left(&self, now: Timestamp) -> Option<Duration> {
        let age = now.as_second() - time(&self.date)?.as_second();
        let validity = TOKEN_VALIDITY.as_secs().cast_signed();
        if age < -(TOLERATED_OFFSET.as_secs().cast_signed()) || age > validity {
            return None;
        }
        u64::try_from(validity - age.max(0)).ok().map(Duration::from_secs)
    }

    /// Returns when it expires, as RFC 3339.
    pub fn expires_at(&self) -> String {
        let end = time(&self.date).and_then(|signed| signed.checked_add(TOKEN_VALIDITY).ok());
        end.map(|end| end.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()).unwrap_or_default()
    }
}

fn time(date: &str) -> Option<Timestamp> {
    let is_plain = date.len() == 16 && date.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let signed = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", date).ok().filter(|_| is_plain)?;
    jiff::tz::TimeZone::UTC.to_timestamp(signed).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token() -> ApprovalToken {
        ApprovalToken {
            region: "eu-west-1".to_owned(),
            access_key: "ASIAEXAMPLE".to_owned(),
            date: "20261130T120000Z".to_owned(),
            signature: "0f".repeat(32),
            session_token: Some("abc+/=".to_owned()),
        }
    }

    #[test]
    fn a_token_is_read_as_it_was_written() {
        let without = ApprovalToken { session_token: None, ..token() };
        for token in [token(), without] {
            assert_eq!(ApprovalToken::parse(&token.to_text()), Some(token));
        }
    }

    #[test]
    fn any_other_form_is_no_token() {
        let text = token().to_text();
        for (from, to) in [
            ("approval-1", "approval-2"),
            ("eu-west-1", "eu-west-1/evil"),
            ("eu-west-1", "evil.example"),
            ("eu-west-1", "EU"),
            ("ASIAEXAMPLE", "ASIA/EXAMPLE"),
            ("ASIAEXAMPLE", "A"),
            ("20261130T120000Z", "20261130T120000"),
            ("20261130T120000Z", "20261330T120000Z"),
            ("0f0f", "0F0F"),
            ("0f0f", "0f"),
            ("abc+/=", "abc&Action=AssumeRole"),
            ("abc+/=", "abc\r\nHost: evil.example"),
        ] {
            assert_eq!(ApprovalToken::parse(&text.replacen(from, to, 1)), None, "{from} → {to}");
        }
        assert_eq!(ApprovalToken::parse(&format!("{text}{}", "a".repeat(MAX_LENGTH))), None);
    }

    #[test]
    fn a_token_is_good_for_fifteen_minutes() {
        let left = |seconds: i64| {
            let signed: Timestamp = "2026-11-30T12:00:00Z".parse().expect("a time");
            let now = Timestamp::from_second(signed.as_second() + seconds).expect("a time");
            token().time_left(now).map(|left| left.as_secs())
        };
        assert_eq!((left(0), left(60), left(900)), (Some(900), Some(840), Some(0)));
        assert_eq!((left(901), left(-300), left(-301)), (None, Some(900), None));
        assert_eq!(token().expires_at(), "2026-11-30T12:15:00Z");
    }
}
