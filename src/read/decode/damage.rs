//! Texts of which some bytes are broken. Each run of them costs one U+FFFD. Chooses no encoding.

use encoding_rs::Encoding;

/// The text with one U+FFFD for each run of bytes that fit nothing.
pub(super) fn with_runs_replaced(encoding: &'static Encoding, bytes: &[u8]) -> String {
    let mut text = encoding.decode_without_bom_handling(bytes).0.into_owned();
    let mut in_run = false;
    text.retain(|c| {
        let is_first = !std::mem::replace(&mut in_run, c == char::REPLACEMENT_CHARACTER);
        c != char::REPLACEMENT_CHARACTER || is_first
    });
    text
}

/// The text of UTF-8 with some bytes broken, and whether anything of it was lost. Each run of broken bytes is one
/// U+FFFD, but for two that are each half of one character: programs that count in UTF-16 write emoji so (CESU-8).
///
/// `None` unless there are more whole sequences than stray bytes, where a sequence of three bytes, which other
/// encodings rarely make by chance, counts as three. GBK or Latin-1 read as UTF-8 is mostly stray.
pub(super) fn damaged_utf8(bytes: &[u8]) -> Option<(String, bool)> {
    let (mut whole, mut stray) = (0_usize, 0_usize);
    let mut text = String::with_capacity(bytes.len());
    let mut rest = bytes;
    // Each step takes at least one byte.
    while let Some(chunk) = rest.utf8_chunks().next() {
        let (valid, invalid) = (chunk.valid(), chunk.invalid());
        for b in valid.bytes() {
            whole += match b {
                0xe0.. => 3,
                0xc0.. => 1,
                _ => 0,
            };
        }
        text.push_str(valid);
        rest = &rest[valid.len()..];
        if invalid.is_empty() {
            break;
        }
        if let Some(c) = surrogates(rest) {
            whole += 3;
            text.push(c);
            rest = &rest[6..];
            continue;
        }
        stray += 1;
        if !(valid.is_empty() && text.ends_with(char::REPLACEMENT_CHARACTER)) {
            text.push(char::REPLACEMENT_CHARACTER);
        }
        rest = &rest[invalid.len()..];
    }
    (whole > stray * 4).then_some((text, stray > 0))
}

/// The character that six bytes name, each half of it in three as UTF-8 would have it.
fn surrogates(bytes: &[u8]) -> Option<char> {
    let half = |three: &[u8]| match *three {
        [0xed, second @ 0xa0..=0xbf, third @ 0x80..=0xbf] => {
            Some(0xd000 | u16::from(second & 0x3f) << 6 | u16::from(third & 0x3f))
        }
        _ => None,
    };
    let (high, low) = bytes.get(..6)?.split_at(3);
    char::decode_utf16([half(high)?, half(low)?]).next()?.ok()
}
