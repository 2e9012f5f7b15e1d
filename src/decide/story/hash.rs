//! The hashes that keys and samples are made of. They are part of the decision, which must be the same on
//! every machine: no `std` hasher, whose result may change between releases. A letter is the 16 bits that `fold`
//! makes of a character.

/// A bijective mix of 64 bits (the finaliser of `SplitMix64`).
pub(super) const fn mix(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

pub(super) fn of_codes(codes: impl IntoIterator<Item = u32>) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for code in codes {
        hash = (hash ^ u64::from(code)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    mix(hash)
}

/// Hashes a text as it stands.
pub(in crate::decide) fn of_text(text: &str) -> u64 {
    of_codes(text.chars().map(u32::from))
}

pub(super) fn of_letters(letters: &[u16]) -> u64 {
    of_codes(letters.iter().map(|letter| u32::from(*letter)))
}

/// Hashes three neighbouring letters; no two runs collide before they are cut.
pub(super) fn of_gram(a: u16, b: u16, c: u16) -> u64 {
    mix((u64::from(a) << 42) | (u64::from(b) << 21) | u64::from(c))
}
