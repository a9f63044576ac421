//! Generates task ids, deployment ids and digests from a counter, so that the same calls give the same ids
//! in every run. Never random.

use serde::{Deserialize, Serialize};

const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Ids {
    counter: u64,
}

impl Ids {
    fn next(&mut self) -> u64 {
        self.counter += 1;
        mix(self.counter)
    }

    /// Returns `length` hexadecimal digits.
    pub(crate) fn hex(&mut self, length: usize) -> String {
        let mut out = String::with_capacity(length + 16);
        while out.len() < length {
            out.push_str(&format!("{:016x}", self.next()));
        }
        out.truncate(length);
        out
    }

    /// Returns the 19 digits of a deployment or service revision.
    pub(crate) fn number(&mut self) -> String {
        (1_000_000_000_000_000_000 + self.next() % 8_000_000_000_000_000_000).to_string()
    }

    /// Returns `length` characters of base64url, as in the id of a service deployment.
    pub(crate) fn word(&mut self, length: usize) -> String {
        let pick = |n: u64| char::from(ALPHABET[(n % ALPHABET.len() as u64) as usize]);
        (0..length).map(|_| pick(self.next())).collect()
    }

    /// Returns a version 4 UUID.
    pub(crate) fn uuid(&mut self) -> String {
        let h = self.hex(32);
        format!("{}-{}-4{}-a{}-{}", &h[..8], &h[8..12], &h[13..16], &h[17..20], &h[20..])
    }
}

/// Returns a digest in the form of a sha256; the same text always gives the same digest.
pub(crate) fn digest_of(text: &str) -> String {
    let seed = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let parts: String = (1..=4).map(|n| format!("{:016x}", mix(seed.wrapping_add(n)))).collect();
    format!("sha256:{parts}")
}

/// One round of splitmix64, which spreads a counter over all 64 bits.
fn mix(n: u64) -> u64 {
    let mut z = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
