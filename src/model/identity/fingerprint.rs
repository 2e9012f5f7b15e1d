//! The fingerprint of an entry's content, 16 bytes.

use super::key::{digest, in_hex};

/// Version of what is in a fingerprint.
const VERSION: u8 = 1;

/// The content of an entry in 16 bytes, the first of them the version. Fingerprints of different
/// versions say nothing about each other. Written as 32 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint([u8; 16]);

impl Fingerprint {
    /// Of the parts of a content.
    pub fn of(parts: &[&[u8]]) -> Self {
        let mut bytes = [0; 16];
        bytes[0] = VERSION;
        bytes[1..].copy_from_slice(&digest(parts)[..15]);
        Self(bytes)
    }

    /// True if both are of one version and of different contents: the entry was changed.
    pub fn differs(&self, other: &Self) -> bool {
        self.0[0] == other.0[0] && self.0 != other.0
    }

    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

in_hex!(Fingerprint, "a fingerprint is 32 hexadecimal digits");
