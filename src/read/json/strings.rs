//! The strings of a broken document: controls and escapes put right, and quotes that nobody escaped.

use super::{Level, Mender};

/// Bytes behind a quote that are read to decide if it ends its string: some lines of indentation,
/// and a key.
const LOOK_AHEAD: usize = 512;

/// The longest name that is taken for a key, in bytes; those of feeds have under 20.
const LONGEST_KEY: usize = 64;

impl Mender<'_> {
    /// Writes the string whose opening quote is `quote`, up to its end. The quotes of a key are never in doubt.
    pub(super) fn string(&mut self, quote: char, is_key: bool) {
        self.at += 1;
        self.write("\"");
        while let Some(c) = self.rest().chars().next() {
            self.at += c.len_utf8();
            match c {
                c if c == quote && (is_key || self.ends_here()) => {
                    self.write("\"");
                    return;
                }
                '"' => self.write("\\\""),
                '\\' => self.escape(),
                '\n' => self.write("\\n"),
                '\r' => self.write("\\r"),
                '\t' => self.write("\\t"),
                c if c < ' ' => {}
                c => self.write(c.encode_utf8(&mut [0; 4])),
            }
        }
        self.write("\"");
    }

    /// Takes what follows a backslash. One that begins no escape is dropped.
    fn escape(&mut self) {
        let rest = self.rest();
        let Some(c) = rest.chars().next() else { return };
        self.at += c.len_utf8();
        match c {
            '"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't' => {
                self.write("\\");
                self.write(c.encode_utf8(&mut [0; 4]));
            }
            'u' => match unit(&rest[1..]) {
                Some(unit) => self.unit(unit),
                None => self.write("u"),
            },
            // JavaScript's.
            'x' if unit_of(&rest[1..], 2).is_some() => {
                let code = unit_of(&rest[1..], 2).unwrap_or_default();
                self.at += 2;
                self.write(&format!("\\u{code:04x}"));
            }
            // A line that goes on.
            '\n' => {}
            c => self.write(c.encode_utf8(&mut [0; 4])),
        }
    }

    /// Writes a UTF-16 unit. Half of a character without the other half is U+FFFD.
    fn unit(&mut self, first: u16) {
        self.at += 4;
        let second = self.rest().strip_prefix("\\u").and_then(unit);
        let units = [first, second.unwrap_or_default()];
        match first {
            0xd800..=0xdbff
                if second.is_some() && char::decode_utf16(units).next().is_some_and(|c| c.is_ok()) =>
            {
                self.at += 6;
                self.write(&format!("\\u{:04x}\\u{:04x}", units[0], units[1]));
            }
            0xd800..=0xdfff => self.write("\u{fffd}"),
            _ => self.write(&format!("\\u{first:04x}")),
        }
    }

    /// True if the quote that was just read ends its string: the text behind it can follow a value.
    fn ends_here(&self) -> bool {
        let rest = self.rest();
        let ahead = rest[..rest.floor_char_boundary(LOOK_AHEAD)].trim_start();
        let in_list = self.open.last().is_none_or(|(level, _)| *level == Level::List);
        if ahead.is_empty() || ahead.starts_with("//") || ahead.starts_with("/*") {
            return true;
        }
        match (ahead.strip_prefix(','), in_list) {
            // `}` where the list was never closed.
            (None, true) => ahead.starts_with([']', '}', '"']),
            (None, false) => ahead.starts_with('}') || begins_with_key(ahead),
            (Some(after), true) => {
                let begins = |c: char| {
                    c.is_ascii_digit() || matches!(c, '"' | '{' | '[' | ']' | '-' | 't' | 'f' | 'n')
                };
                after.trim_start().starts_with(begins)
            }
            (Some(after), false) => {
                let after = after.trim_start();
                after.is_empty() || after.starts_with(['}', '/']) || begins_with_key(after)
            }
        }
    }
}

/// True if a text begins with a key: in quotes or without, and a colon behind it.
fn begins_with_key(text: &str) -> bool {
    let (name, rest) = match text.chars().next() {
        Some(quote @ ('"' | '\'')) => match text[1..].split_once(quote) {
            Some(parts) => parts,
            // It is no key, or the text ends within it.
            None => return text.len() < LONGEST_KEY,
        },
        _ => {
            text.split_at(text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(text.len()))
        }
    };
    let rest = rest.trim_start();
    (1..=LONGEST_KEY).contains(&name.len()) && (rest.is_empty() || rest.starts_with(':'))
}

fn unit(text: &str) -> Option<u16> {
    unit_of(text, 4)
}

fn unit_of(text: &str, digits: usize) -> Option<u16> {
    let hex = text.get(..digits).filter(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()))?;
    u16::from_str_radix(hex, 16).ok()
}
