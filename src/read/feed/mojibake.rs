//! Characters that went through windows-1252 on their way: UTF-8 taken for it and encoded once more
//! (`â€¦` for `…`), and its upper controls passed off as Unicode's (U+0092 for `’`).

use std::borrow::Cow;

use encoding_rs::WINDOWS_1252;

/// The text as it was before it was encoded twice; `None` if it was not.
///
/// Every character beyond ASCII must be one that windows-1252 has, and the bytes they stand for must be
/// UTF-8. Text that was meant as it stands does not do that: `Â` and `Ã` would have to precede signs only.
pub(super) fn encoded_once(text: &str) -> Option<String> {
    // The first byte of a UTF-8 sequence, read as windows-1252, is one of U+00C2 to U+00F4: in UTF-8, C3 and more.
    if !text.as_bytes().contains(&0xc3) {
        return None;
    }
    let mut bytes = Vec::with_capacity(text.len());
    for c in text.chars() {
        bytes.push(byte(c)?);
    }
    let once = String::from_utf8(bytes).ok()?;
    (once.len() < text.len()).then_some(once)
}

fn byte(c: char) -> Option<u8> {
    match u32::from(c) {
        // The C1 controls too: windows-1252 leaves five of its bytes undefined.
        code @ 0..=0xff => u8::try_from(code).ok(),
        _ => {
            let mut buffer = [0; 4];
            let (bytes, _, unmappable) = WINDOWS_1252.encode(c.encode_utf8(&mut buffer));
            if unmappable { None } else { bytes.first().copied() }
        }
    }
}

/// The text with C1 controls, which nobody means, read as the windows-1252 signs that they were.
pub(super) fn without_c1(text: &str) -> Cow<'_, str> {
    let is_c1 = |c: char| ('\u{80}'..='\u{9f}').contains(&c);
    let suspect = text.as_bytes().windows(2).any(|w| w[0] == 0xc2 && w[1] < 0xa0);
    if !suspect {
        return Cow::Borrowed(text);
    }
    let read = |c: char| match u8::try_from(u32::from(c)) {
        Ok(b) if is_c1(c) => WINDOWS_1252.decode(&[b]).0.chars().next().unwrap_or(c),
        _ => c,
    };
    Cow::Owned(text.chars().map(read).collect())
}
