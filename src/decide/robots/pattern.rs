//! Path patterns of robots.txt: `*`, `$` and percent-encoding (RFC 9309 section 2.2.2 and 2.2.3).

use std::fmt;

/// A pattern in normal form. ASCII only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern {
    /// Without the `$` at the end; `*` is the wildcard, and `%2A` a literal star.
    text: String,
    /// True if the pattern ended in `$`.
    anchored: bool,
}

impl Pattern {
    pub(super) fn new(written: &[u8]) -> Self {
        let (body, anchored) = match written.strip_suffix(b"$") {
            Some(body) => (body, true),
            None => (written, false),
        };
        Self { text: normal(body, b"$"), anchored }
    }

    /// robots.txt files write an empty pattern for "no restriction".
    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// The rule with the longest pattern is the most specific one.
    pub(super) fn octets(&self) -> usize {
        self.text.len() + usize::from(self.anchored)
    }

    /// True if the pattern matches the path's beginning, or the whole path if it is anchored. Searches the
    /// pieces between wildcards from left to right. The first match of a piece leaves the most room for the
    /// later ones, so the search never goes back and takes linear time.
    pub(super) fn matches(&self, path: &str) -> bool {
        let mut pieces = self.text.split('*');
        let Some(mut rest) = path.strip_prefix(pieces.next().unwrap_or_default()) else { return false };
        let mut pieces = pieces.peekable();
        if pieces.peek().is_none() {
            return !self.anchored || rest.is_empty();
        }
        while let Some(piece) = pieces.next() {
            if self.anchored && pieces.peek().is_none() {
                return rest.ends_with(piece);
            }
            let Some(at) = rest.find(piece) else { return false };
            rest = &rest[at + piece.len()..];
        }
        true
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.text, if self.anchored { "$" } else { "" })
    }
}

/// A path with its query in normal form. Unlike in a pattern, `*` and `$` are literal and are escaped.
pub(super) fn normal_path(path: &str) -> String {
    let path = if path.is_empty() { "/" } else { path };
    normal(path.as_bytes(), b"$*")
}

/// Normalises percent-encoding, so that each octet has one form: unreserved characters are plain; other
/// escapes stay, in upper case; non-ASCII octets and those in `escaped` become escapes.
fn normal(bytes: &[u8], escaped: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        let coded = (byte == b'%').then(|| coded(after)).flatten();
        match coded {
            Some(octet) => {
                rest = &after[2..];
                if octet.is_ascii_alphanumeric() || b"-._~".contains(&octet) {
                    out.push(char::from(octet));
                } else {
                    push_escaped(octet, &mut out);
                }
            }
            None if !byte.is_ascii() || escaped.contains(&byte) => push_escaped(byte, &mut out),
            None => out.push(char::from(byte)),
        }
    }
    out
}

fn coded(after: &[u8]) -> Option<u8> {
    let digit = |at: usize| after.get(at).and_then(|b| char::from(*b).to_digit(16));
    u8::try_from(digit(0)? * 16 + digit(1)?).ok()
}

fn push_escaped(octet: u8, out: &mut String) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    out.push('%');
    out.push(char::from(HEX[usize::from(octet >> 4)]));
    out.push(char::from(HEX[usize::from(octet & 15)]));
}
