//! The text form of a hash that is used as an id or a tag.

/// The first 16 octets of a hash in hexadecimal: enough that no two collide.
pub fn hex16(hash: &[u8]) -> String {
    hash.iter().take(16).map(|b| format!("{b:02x}")).collect()
}

/// A short hash of a text, the same on every machine: for texts that are compared with a few others, where a collision
/// does little harm. Takes eight octets at a time, as whole articles are hashed.
pub fn short(text: &str) -> u32 {
    const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;
    let mix = |hash: u64, word: u64| (hash ^ word).wrapping_mul(FACTOR).rotate_left(29);
    let words = text.as_bytes().chunks(8).map(|chunk| {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        u64::from_le_bytes(word)
    });
    let hash = mix(words.fold(text.len() as u64, mix), 1);
    (hash >> 32) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_hash_stays_what_it_is_and_tells_texts_apart() {
        // The journal keeps them.
        assert_eq!(
            [short(""), short("河南"), short("dibao 邸报")],
            [803_819_394, 2_188_166_107, 3_407_297_716]
        );
        let hashes: std::collections::HashSet<u32> =
            (0..10_000).map(|n| short(&format!("第{n}条"))).collect();
        assert!(hashes.len() >= 9_999);
    }
}
