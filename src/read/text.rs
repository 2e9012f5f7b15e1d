//! Plain text: the characters XML allows, text on one line, character references, cuts. It knows no HTML
//! elements (see `html`) and makes nothing safe to display.

mod entity;
pub mod fold;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

pub use entity::unescape;
pub(crate) use entity::{character, paired};

/// True if XML 1.0 allows the character (production 2, `Char`).
pub fn is_xml_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}

/// The text without what XML 1.0 forbids: controls, U+FFFE and U+FFFF. Writers that do not check pass
/// them through, and one of them makes a whole document unreadable.
pub fn xml_legal(text: &str) -> Cow<'_, str> {
    // Every forbidden character is a control byte or begins with 0xEF 0xBF (U+FFFE, U+FFFF).
    let bytes = text.as_bytes();
    // Both folds read to the end, many bytes at once; `any` would look at one after the other.
    let control =
        bytes.iter().fold(false, |found, b| found | ((*b < 0x20) & !matches!(b, b'\t' | b'\n' | b'\r')));
    let pairs = bytes.iter().zip(bytes.get(1..).unwrap_or_default());
    let last = pairs.fold(false, |found, (a, b)| found | ((*a == 0xEF) & (*b == 0xBF)));
    if !(control || last) || text.chars().all(is_xml_char) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().filter(|c| is_xml_char(*c)).collect())
}

/// The text as it stands in XML or HTML, between tags or in an attribute between quotes of either kind.
/// Returns stay as they are: a reference to one is an error in HTML, and parsers make line feeds of them.
pub fn escape(text: &str) -> Cow<'_, str> {
    let text = xml_legal(text);
    if !text.contains(['&', '<', '>', '"', '\'']) {
        return text;
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// Writes text as it stands in HTML of ours, between tags or in an attribute between double quotes: single
/// ones stay, and what is not XML is taken out elsewhere.
pub(crate) fn push_escaped(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|b| matches!(b, b'&' | b'<' | b'>' | b'"')) {
        let (plain, special) = rest.split_at(at);
        out.push_str(plain);
        push_escaped_char(char::from(special.as_bytes()[0]), out);
        rest = &special[1..];
    }
    out.push_str(rest);
}

/// Writes a character as [`push_escaped`] does.
pub(crate) fn push_escaped_char(c: char, out: &mut String) {
    match c {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        '"' => out.push_str("&quot;"),
        c => out.push(c),
    }
}

/// True for characters without width: zero-width spaces, byte order marks, soft hyphens, bidi controls (which can
/// reverse the rest of a page).
///
/// U+200C and U+200D stay: Persian and emoji are spelled with them.
pub(crate) fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{AD}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}'
    )
}

/// A text on one line: runs of whitespace of any kind (U+3000 and NBSP too) become one space, none at
/// the ends; invisible and XML-illegal characters are gone.
pub fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    let mut blank = false;
    let mut push = |blank: &mut bool, run: &str| {
        if *blank && !line.is_empty() {
            line.push(' ');
        }
        *blank = false;
        line.push_str(run);
    };
    let mut rest = text;
    loop {
        // Most characters need no table: they are copied together.
        let (run, after) = rest.split_at(rest.find(|c| !is_plain(c)).unwrap_or(rest.len()));
        if !run.is_empty() {
            push(&mut blank, run);
        }
        let Some(c) = after.chars().next() else { return line };
        let (one, after) = after.split_at(c.len_utf8());
        if c.is_whitespace() {
            blank = true;
        } else if !is_invisible(c) && is_xml_char(c) && !c.is_control() {
            push(&mut blank, one);
        }
        rest = after;
    }
}

/// True for characters that are certainly visible: of ASCII, of Chinese, Japanese and Korean, and the wide forms.
fn is_plain(c: char) -> bool {
    matches!(c, '!'..='~' | '\u{3001}'..='\u{D7FF}' | '\u{FF01}'..='\u{FF5E}')
}

/// The first `n` characters at most, cut after a sentence if one ends in the last half, else between
/// words, else anywhere; `…` is the last of the `n` where something was cut.
pub fn truncate_chars(text: &str, n: usize) -> String {
    let Some((limit, _)) = text.char_indices().nth(n) else { return text.to_owned() };
    let Some(last) = n.checked_sub(1) else { return String::new() };
    let room = text.char_indices().nth(last).map_or(limit, |(at, _)| at);
    let head = &text[..room];
    let half = text.char_indices().nth(n / 2).map_or(0, |(at, _)| at);
    let sentence = head.char_indices().rev().find(|(at, c)| {
        let after = &text[at + c.len_utf8()..];
        matches!(c, '。' | '！' | '？' | '；' | '…')
            || (matches!(c, '.' | '!' | '?') && after.starts_with(char::is_whitespace))
    });
    if let Some((at, c)) = sentence
        && at >= half
    {
        return format!("{}…", &head[..at + c.len_utf8()]);
    }
    // Between two words of a script with blanks; Chinese may be cut anywhere.
    let inside_word = |at: usize| {
        let is_letter = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
        is_letter(text[..at].chars().next_back()) && is_letter(text[at..].chars().next())
    };
    let mut cut = room;
    if inside_word(cut) {
        cut = head
            .rfind(|c: char| !c.is_ascii_alphanumeric())
            .map_or(0, |at| at + head[at..].chars().next().map_or(0, char::len_utf8));
        if cut < half {
            cut = room;
        }
    }
    format!("{}…", text[..cut].trim_end_matches(|c: char| c.is_whitespace() || "，、,;：:（(".contains(c)))
}
