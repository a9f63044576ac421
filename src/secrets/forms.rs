//! The forms of secrets: what its issuer marks, tokens, keys, random strings, and the credentials in a URL.

/// Prefixes of credentials, as their issuers document them, with the minimum length of the value.
const ISSUED: &[(&str, usize)] = &[
    ("ghp_", 36),
    ("github_pat_", 40),
    ("glpat-", 20),
    ("xoxb-", 20),
    ("xoxp-", 20),
    ("sk_live_", 20),
    ("rk_live_", 20),
    ("sk-ant-", 20),
    ("SG.", 40),
    ("AIza", 39),
    ("dop_v1_", 64),
    ("shpat_", 38),
    ("shpss_", 38),
    ("hvs.", 24),
    ("npm_", 36),
    ("pypi-", 60),
    ("xapp-", 20),
    ("whsec_", 32),
    ("gho_", 36),
    ("ghu_", 36),
    ("ghs_", 36),
    ("ecsail-approval-1.", 80),
];
/// Addresses whose paths are credentials: who has one can post.
const WEBHOOKS: &[&str] = &[
    "https://hooks.slack.com/services/",
    "https://hooks.slack.com/workflows/",
    "https://discord.com/api/webhooks/",
    "https://discordapp.com/api/webhooks/",
];
/// The minimum length of a random value, and its minimum entropy in bits per character.
const RANDOM: (usize, f64) = (24, 4.0);

/// Returns how long the credential at the beginning of a text is: a JWT, an access key id, or a token that its issuer marks.
pub(super) fn credential(text: &str) -> Option<usize> {
    jwt(text).or_else(|| access_key(text)).or_else(|| issued(text))
}

/// Returns whether a value is a credential by its form, wherever it stands.
pub(super) fn is_credential(value: &str) -> bool {
    credential(value).is_some() || webhook(value).is_some() || value.contains("PRIVATE KEY-----")
}

/// Returns how long a token at the beginning of a text is that its issuer marks.
fn issued(text: &str) -> Option<usize> {
    let (_, least) = ISSUED.iter().find(|(start, _)| text.starts_with(start))?;
    let is_token = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    let length = text.find(|c| !is_token(c)).unwrap_or(text.len());
    (length >= *least).then_some(length)
}

/// Returns the length of the address of a webhook at the beginning of a text.
pub(super) fn webhook(text: &str) -> Option<usize> {
    let start = WEBHOOKS.iter().find(|start| text.starts_with(**start))?;
    let is_path = |c: char| c.is_ascii_alphanumeric() || "_-/.".contains(c);
    let length = start.len() + text[start.len()..].find(|c| !is_path(c)).unwrap_or(text.len() - start.len());
    (length > start.len()).then_some(length)
}

/// Returns the length of a JWT at the beginning of a text: `eyJ….….…`.
fn jwt(text: &str) -> Option<usize> {
    let text = text.strip_prefix("eyJ").map(|_| text)?;
    let part = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let end = text.find(|c: char| !part(c) && c != '.').unwrap_or(text.len());
    let parts: Vec<&str> = text[..end].split('.').collect();
    (parts.len() >= 3 && parts[0].len() >= 10 && parts[1].len() >= 8).then_some(end)
}

/// Returns the length of an access key id at the beginning of a text.
fn access_key(text: &str) -> Option<usize> {
    let id = text.get(..20).filter(|id| id.starts_with("AKIA") || id.starts_with("ASIA"))?;
    let form = id.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    let ends = !text[20..].starts_with(|c: char| c.is_ascii_alphanumeric());
    (form && ends).then_some(20)
}

/// Returns the length of the credentials at the beginning of a URL without its scheme.
pub(super) fn credentials(url: &str) -> Option<usize> {
    let authority = &url[..url.find(['/', '?', '#']).unwrap_or(url.len())];
    let open =
        authority.split_once(':').is_some_and(|(_, port)| !port.bytes().all(|byte| byte.is_ascii_digit()));
    match authority.rfind('@') {
        Some(_) if open => url.rfind('@').filter(|at| *at >= authority.len()).or(authority.rfind('@')),
        Some(at) => Some(at),
        None if open => url.rfind('@'),
        None => None,
    }
}

/// Returns whether a value is `scheme://user:password@host`.
pub(super) fn has_credentials(value: &str) -> bool {
    value.split_once("://").is_some_and(|(_, url)| user_and_password(url).is_some())
}

/// Returns how long `user:password` at the beginning of a URL without its scheme is; the password may hold a comma or a quote.
pub(super) fn user_and_password(url: &str) -> Option<usize> {
    let authority = url.split(['/', '?', '#', ' ', '\t', '\n']).next().unwrap_or_default();
    let at = authority.rfind('@')?;
    let (_, password) = authority[..at].split_once(':')?;
    (!password.is_empty()).then_some(at)
}

/// Returns whether a value is a long string of random letters and digits.
pub(super) fn is_random(value: &str) -> bool {
    let (length, bits) = RANDOM;
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=_-".contains(&byte);
    let count = |wanted: fn(&u8) -> bool| value.bytes().filter(wanted).count();
    value.len() >= length
        && value.bytes().all(allowed)
        && count(u8::is_ascii_uppercase) >= 3
        && count(u8::is_ascii_lowercase) >= 3
        && count(u8::is_ascii_digit) >= 3
        && entropy(value) >= bits
}

/// Returns the Shannon entropy in bits per byte.
fn entropy(value: &str) -> f64 {
    let mut counts = [0_u32; 256];
    value.bytes().for_each(|byte| counts[usize::from(byte)] += 1);
    let length = value.len() as f64;
    let share = |count: &u32| f64::from(*count) / length;
    counts.iter().filter(|count| **count > 0).map(share).map(|share| -share * share.log2()).sum()
}
