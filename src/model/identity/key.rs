//! Identity keys: small, comparable, and stored in the journal for ever. So they carry a version.

use sha2::{Digest, Sha256};

/// Version of what the keys are made from. A change of the rules below is a new version.
const VERSION: u8 = 1;

/// The fact that a key is made from, in order of trust.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum KeyKind {
    /// The id or guid as given.
    Guid = 1,
    /// The canonical address of the entry's page.
    Link = 2,
    // 3 was address and date, which found nothing that title and date do not.
    /// Title (or, without one, text) and date.
    TitleDate = 4,
    /// A key of the above and the content: for a new entry under a reused guid or link, and for one that has no
    /// name of its own.
    Content = 5,
    /// Title and text: for an entry that has no guid and no page of its own.
    TitleText = 6,
}

/// A key of an entry within its source: version, kind, and 14 bytes of SHA-256, which make a chance
/// meeting of two among 2^40 keys less likely than one in 2^31. Written as 32 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdentityKey([u8; 16]);

impl IdentityKey {
    pub(crate) fn new(kind: KeyKind, parts: &[&[u8]]) -> Self {
        let digest = digest(parts);
        let mut bytes = [0; 16];
        bytes[0] = VERSION;
        bytes[1] = kind as u8;
        bytes[2..].copy_from_slice(&digest[..14]);
        Self(bytes)
    }

    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// The kind of fact that the key is made from; `None` for a key of another version.
    pub fn kind(&self) -> Option<KeyKind> {
        if self.0[0] != VERSION {
            return None;
        }
        [KeyKind::Guid, KeyKind::Link, KeyKind::TitleDate, KeyKind::Content, KeyKind::TitleText]
            .into_iter()
            .find(|kind| *kind as u8 == self.0[1])
    }
}

/// SHA-256 over parts, each with its length before it, so that no two lists of parts meet.
pub(super) fn digest(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

/// Writes 16 bytes as hexadecimal digits, for people, logs and JSON.
macro_rules! in_hex {
    ($name:ident, $wanted:literal) => {
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(self, f)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let bytes = super::key::read_hex(&String::deserialize(from)?);
                bytes.map(Self).ok_or_else(|| serde::de::Error::custom($wanted))
            }
        }
    };
}
in_hex!(IdentityKey, "an identity key is 32 hexadecimal digits");
pub(super) use in_hex;

pub(super) fn read_hex(text: &str) -> Option<[u8; 16]> {
    let digits = text.as_bytes();
    if digits.len() != 32 {
        return None;
    }
    let mut bytes = [0; 16];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let digit = |d: u8| char::from(d).to_digit(16);
        *byte = u8::try_from(digit(pair[0])? * 16 + digit(pair[1])?).ok()?;
    }
    Some(bytes)
}
