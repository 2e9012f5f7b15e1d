//! The short form of a published id, by which the store finds an entry and by which its page has its address.

use std::fmt;

use sha2::{Digest, Sha256};

/// Octets of a key: two of the id's start, so that the ids of one publisher stand together, and twelve of the whole.
pub const OCTETS: usize = 14;

/// A hash of a published id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryKey([u8; OCTETS]);

impl EntryKey {
    pub fn of(published_id: &str) -> Self {
        let start = published_id.rfind(['/', ':', '=']).map_or(0, |at| at + 1);
        let mut key = [0; OCTETS];
        key[..2].copy_from_slice(&Sha256::digest(&published_id.as_bytes()[..start])[..2]);
        key[2..].copy_from_slice(&Sha256::digest(published_id.as_bytes())[..12]);
        Self(key)
    }

    /// Reads what [`fmt::Display`] writes: 28 hexadecimal digits in lower case, so that an entry has one address.
    pub fn parse(text: &str) -> Option<Self> {
        let is_digit = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        if text.len() != 2 * OCTETS || !text.bytes().all(is_digit) {
            return None;
        }
        let mut key = [0; OCTETS];
        for (octet, at) in key.iter_mut().zip((0..).step_by(2)) {
            *octet = u8::from_str_radix(&text[at..at + 2], 16).ok()?;
        }
        Some(Self(key))
    }

    pub fn octets(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for EntryKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|octet| write!(out, "{octet:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Stores have these octets, and addresses of pages too: they never change.
    #[test]
    fn the_key_of_an_id_stays() {
        let key = EntryKey::of("https://paper.example/2026/1.html");
        assert_eq!(key.to_string(), "f033c363cafb2585c1f72d4b7c76");
        assert_eq!(EntryKey::parse(&key.to_string()), Some(key));
    }

    #[test]
    fn ids_of_one_place_begin_alike_and_are_not_the_same() {
        let (one, other) = (EntryKey::of("urn:x:1"), EntryKey::of("urn:x:2"));
        assert_eq!(one.octets()[..2], other.octets()[..2]);
        assert_ne!(one, other);
    }

    #[test]
    fn a_key_has_one_spelling() {
        let key = EntryKey::of("a").to_string();
        for text in [&key[1..], &format!("{key}0"), &key.to_uppercase(), "", &"g".repeat(28), &"é".repeat(14)]
        {
            assert_eq!(EntryKey::parse(text), None, "{text}");
        }
    }
}
