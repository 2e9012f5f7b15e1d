//! The text form of a hash that is used as an id or a tag.

/// The first 16 octets of a hash in hexadecimal: enough that no two collide.
#[must_use]
pub fn hex16(hash: &[u8]) -> String {
    hash.iter().take(16).map(|b| format!("{b:02x}")).collect()
}
