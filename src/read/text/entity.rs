//! HTML character references. The names are the WHATWG table that html5ever carries (`web_atoms`).

use std::borrow::Cow;

use web_atoms::NAMED_ENTITIES;

/// The longest name of the table is `CounterClockwiseContourIntegral;`.
const LONGEST_NAME: usize = 32;

/// Resolves character references once, as a browser does in text: names (the old ones also without
/// `;`), decimal and hexadecimal numbers, numbers 128 to 159 read as windows-1252. What is no reference
/// stays; references to nothing that may be shown (NUL, surrogates) become U+FFFD. The result is not
/// looked at again, so `&amp;lt;` gives `&lt;`.
pub fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let used = match rest.as_bytes().get(1) {
            Some(b'#') => numeric(rest, &mut out),
            Some(b) if b.is_ascii_alphabetic() => named(rest, &mut out),
            _ => None,
        };
        let used = used.unwrap_or_else(|| {
            out.push('&');
            1
        });
        rest = &rest[used..];
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// Reads `&#…` at the head of `text`; how many bytes it took.
fn numeric(text: &str, out: &mut String) -> Option<usize> {
    let (value, used) = number(text)?;
    if let Some((c, more)) = paired(value, &text[used..]) {
        out.push(c);
        return Some(used + more);
    }
    out.push(character(value).filter(|c| *c != '\0').unwrap_or('\u{FFFD}'));
    Some(used)
}

/// The number of the reference at the head of `text`, and its length.
fn number(text: &str) -> Option<(u32, usize)> {
    let bytes = text.strip_prefix("&#")?.as_bytes();
    let hex = matches!(bytes.first(), Some(b'x' | b'X'));
    let start = 2 + usize::from(hex);
    let is_digit = |b: &&u8| if hex { b.is_ascii_hexdigit() } else { b.is_ascii_digit() };
    let digits = text.as_bytes()[start..].iter().take_while(is_digit).count();
    if digits == 0 {
        return None;
    }
    let radix = if hex { 16 } else { 10 };
    // Too many digits is as good as too large a number.
    let value = u32::from_str_radix(&text[start..start + digits], radix).unwrap_or(u32::MAX);
    let end = start + digits;
    Some((value, end + usize::from(text.as_bytes().get(end) == Some(&b';'))))
}

/// The character that two references name together, each with one half of its UTF-16: `&#55357;&#56832;` is 😀.
/// Programs that count in UTF-16 write emoji so. `high` is the first number, `rest` the text behind its reference;
/// the result says how much of `rest` the second reference takes.
pub(crate) fn paired(high: u32, rest: &str) -> Option<(char, usize)> {
    let high = u16::try_from(high).ok().filter(|high| (0xD800..=0xDBFF).contains(high))?;
    let (low, used) = number(rest)?;
    let c = char::decode_utf16([high, u16::try_from(low).ok()?]).next()?.ok()?;
    Some((c, used))
}

/// The character of a reference's number. 128 to 159 are read as windows-1252, as HTML does and as publishers mean them.
pub(crate) fn character(value: u32) -> Option<char> {
    match u8::try_from(value) {
        Ok(byte @ 0x80..=0x9F) => encoding_rs::WINDOWS_1252.decode(&[byte]).0.chars().next(),
        _ => char::from_u32(value),
    }
}

/// Reads a name at the head of `text`; how many bytes it took. The longest name that fits, with or
/// without `;`, except that one without is no reference before a letter, digit or `=`: titles are full
/// of addresses (`?a=1&copy=2`).
fn named(text: &str, out: &mut String) -> Option<usize> {
    let bytes = text.as_bytes();
    let letters = bytes[1..].iter().take(LONGEST_NAME).take_while(|b| b.is_ascii_alphanumeric()).count();
    if bytes.get(1 + letters) == Some(&b';')
        && let Some(used) = push_name(&text[1..letters + 2], out)
    {
        return Some(used + 1);
    }
    if matches!(bytes.get(1 + letters), Some(b'=')) {
        return None;
    }
    push_name(&text[1..=letters], out).map(|used| used + 1)
}

fn push_name(name: &str, out: &mut String) -> Option<usize> {
    // The table holds every prefix of a name too, as (0, 0).
    let (first, second) = NAMED_ENTITIES.get(name).filter(|(first, _)| *first != 0)?;
    out.extend([*first, *second].into_iter().filter(|c| *c != 0).filter_map(char::from_u32));
    Some(name.len())
}
