//! The text form of a hash that is used as an id or a tag.

/// The first 16 octets of a hash in hexadecimal: enough that no two collide.
pub fn hex16(hash: &[u8]) -> String {
    hash.iter().take(16).map(|b| format!("{b:02x}")).collect()
}

/// A short hash of a text (FNV-1a), the same on every machine: for texts that are compared with a few others, where a
/// collision does little harm.
pub fn short(text: &str) -> u32 {
    text.bytes().fold(0x811C_9DC5, |hash, octet| (hash ^ u32::from(octet)).wrapping_mul(0x0100_0193))
}
