//! Addresses of servers on this machine. Never connects to one.

/// Returns whether an address is one of a server on this machine, which may do without TLS.
pub fn is_local_http(address: &str) -> bool {
    ["http://127.0.0.1:", "http://localhost:", "http://[::1]:"].iter().any(|local| address.starts_with(local))
}
