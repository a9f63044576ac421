//! Decides who may call the sandbox: which hosts and origins a request may name, and who may use the control endpoints.
//!
//! A page in a browser reaches loopback too, under a name of its own that resolves to 127.0.0.1. It cannot choose what the
//! browser sends as `Host` and `Origin`.

use std::hash::{BuildHasher, RandomState};
use std::net::{Ipv4Addr, Ipv6Addr};

use hyper::header::{AUTHORIZATION, HOST, ORIGIN};
use hyper::http::uri::Authority;
use hyper::{HeaderMap, Uri};

/// The secret that the control endpoints require.
#[derive(Clone)]
pub(crate) struct Token(String);

impl Token {
    /// Returns the given token, or else a random one of 128 bits.
    pub(crate) fn new(given: Option<&str>) -> Token {
        match given {
            Some(given) => Token(given.to_owned()),
            None => Token(random_token()),
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns whether a text is this token, in a time that does not depend on where they differ.
    fn is(&self, text: &str) -> bool {
        let difference = self.0.bytes().zip(text.bytes()).fold(0, |seen, (own, other)| seen | (own ^ other));
        self.0.len() == text.len() && difference == 0
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(hidden)")
    }
}

/// Returns 128 random bits as text: two values of the keyed hash of the standard library, whose key comes from the random
/// source of the operating system.
fn random_token() -> String {
    let hasher = RandomState::new();
    format!("{:016x}{:016x}", hasher.hash_one(0_u8), hasher.hash_one(1_u8))
}

/// Refuses a request that names a host other than loopback, or comes from a page of another origin.
///
/// # Errors
/// With the reason.
pub(super) fn check_origin(uri: &Uri, headers: &HeaderMap) -> Result<(), String> {
    let mut hosts: Vec<&str> = headers.get_all(HOST).iter().filter_map(|host| host.to_str().ok()).collect();
    // A request to a proxy has its host in the URI too.
    hosts.extend(uri.authority().map(Authority::as_str));
    if hosts.is_empty() {
        return Err("the request has no `Host` header".to_owned());
    }
    if let Some(host) = hosts.iter().find(|host| !is_loopback(host) && !is_sts(host)) {
        return Err(format!("host `{host}` is not a name of loopback such as `127.0.0.1` or `localhost`"));
    }
    if headers.contains_key(ORIGIN)
        && !headers.get_all(ORIGIN).iter().all(|origin| origin.to_str().is_ok_and(is_loopback_origin))
    {
        return Err("the request comes from a page of another origin".to_owned());
    }
    Ok(())
}

/// Refuses a control request without the token in `Authorization: Bearer`.
///
/// # Errors
/// With the reason.
pub(super) fn check_token(token: &Token, headers: &HeaderMap) -> Result<(), String> {
    let given = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    if given.is_some_and(|given| token.is(given)) {
        return Ok(());
    }
    Err("the control endpoints require the sandbox's token: `Authorization: Bearer TOKEN`".to_owned())
}

/// Returns whether an origin such as `http://localhost:3000` is on loopback.
fn is_loopback_origin(origin: &str) -> bool {
    let uri: Option<Uri> = origin.parse().ok();
    uri.is_some_and(|uri| uri.scheme().is_some() && uri.authority().is_some_and(|a| is_loopback(a.as_str())))
}

/// Returns whether a host is `sts.REGION.amazonaws.com`: a presigned request has it in its signature. Only AWS decides where
/// such a name resolves to, so that no page of others is behind it.
fn is_sts(host: &str) -> bool {
    let region = host.strip_prefix("sts.").and_then(|rest| rest.strip_suffix(".amazonaws.com"));
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    region.is_some_and(|region| !region.is_empty() && region.chars().all(is_plain))
}

/// Returns whether the host of an authority, with or without a port, is a name or an address of loopback.
fn is_loopback(authority: &str) -> bool {
    let Ok(authority) = authority.parse::<Authority>() else { return false };
    let host = authority.host().to_ascii_lowercase();
    if let Some(address) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return address.parse::<Ipv6Addr>().is_ok_and(|address| address.is_loopback());
    }
    if let Ok(address) = host.parse::<Ipv4Addr>() {
        return address.is_loopback();
    }
    // Names below `localhost` are loopback everywhere (RFC 6761).
    let name = host.strip_suffix('.').unwrap_or(&host);
    name == "localhost" || name.ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_and_addresses_of_loopback_are_hosts() {
        for host in [
            "127.0.0.1",
            "127.0.0.1:4510",
            "127.8.0.1",
            "localhost:1",
            "LOCALHOST",
            "a.localhost.",
            "[::1]:80",
        ] {
            assert!(is_loopback(host), "{host}");
        }
        for host in [
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "localhost@evil.example",
            "0.0.0.0:4510",
            "169.254.169.254",
            "[::]:80",
            "notlocalhost",
            "",
        ] {
            assert!(!is_loopback(host), "{host}");
        }
    }

    #[test]
    fn sts_is_the_only_other_host() {
        assert!(is_sts("sts.us-east-1.amazonaws.com"));
        for host in [
            "sts.amazonaws.com",
            "sts.a.b.amazonaws.com",
            "ecs.us-east-1.amazonaws.com",
            "sts.x.amazonaws.com.evil.example",
        ] {
            assert!(!is_sts(host), "{host}");
        }
    }

    #[test]
    fn only_pages_of_loopback_are_origins() {
        assert!(is_loopback_origin("http://localhost:3000"));
        assert!(is_loopback_origin("https://127.0.0.1"));
        for origin in
            ["null", "https://evil.example", "http://localhost.evil.example:80", "localhost", "file://"]
        {
            assert!(!is_loopback_origin(origin), "{origin}");
        }
    }

    #[test]
    fn a_token_is_compared_whole() {
        let token = Token::new(Some("secret"));
        assert!(token.is("secret"));
        for other in ["", "secre", "secrets", "Secret"] {
            assert!(!token.is(other), "{other}");
        }
    }

    #[test]
    fn a_random_token_is_another_each_time_and_not_printed() {
        let (first, second) = (Token::new(None), Token::new(None));
        assert_ne!(first.as_str(), second.as_str());
        assert_eq!(first.as_str().len(), 32);
        assert!(!format!("{first:?}").contains(first.as_str()));
    }
}
