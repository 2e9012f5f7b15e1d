//! The hashes that keys and samples are made of. They are written to disk, so they are fixed for ever
//! by `sketch::VERSION`: no `std` hasher, whose result may change between releases.

/// A bijective mix of 64 bits (the finaliser of `SplitMix64`).
pub(super) const fn mix(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Hashes a run of characters.
pub(super) fn of_chars(chars: impl IntoIterator<Item = char>) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for c in chars {
        hash = (hash ^ u64::from(c as u32)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    mix(hash)
}

/// Hashes a text as it stands.
pub(super) fn of_text(text: &str) -> u64 {
    of_chars(text.chars())
}

/// Hashes three neighbouring characters without a collision: 21 bits hold any one of them.
pub(super) fn of_gram(a: char, b: char, c: char) -> u64 {
    mix((u64::from(a as u32) << 42) | (u64::from(b as u32) << 21) | u64::from(c as u32))
}
