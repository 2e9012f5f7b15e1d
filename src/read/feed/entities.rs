//! References (`&amp;`, `&#x4e2d;`, `&nbsp;`, a document's own) to characters, within bounds. Must not know
//! elements.

use std::borrow::Cow;
use std::collections::HashMap;

use super::repair::{Repair, Repairs};
use crate::read::text::{self, is_xml_char};

/// The most entities a document may declare; entity lists copied from HTML have 253.
const MAX_ENTITIES: usize = 512;
/// The longest value an entity may have, in bytes. Real ones are a character or a short name.
const MAX_VALUE: usize = 1024;
/// All expansions of a document's own entities together, in bytes: enough for any real use, and a bound on
/// what a small document can be blown up to.
const MAX_EXPANSION: usize = 256 * 1024;
/// The longest name looked up; the longest in HTML has 31 characters.
const MAX_NAME: usize = 64;

#[derive(Debug, Default)]
pub(super) struct Entities {
    own: HashMap<String, String>,
    expanded: usize,
}

impl Entities {
    /// Takes the `<!ENTITY name "value">` declarations out of a document type declaration. A value that
    /// refers to another entity, or is external, is refused: nesting is what makes a bomb.
    pub(super) fn declare(&mut self, doctype: &str, repairs: &mut Repairs) {
        for declaration in doctype.split("<!ENTITY").skip(1) {
            if self.own.len() == MAX_ENTITIES {
                repairs.note(Repair::EntityBomb);
                return;
            }
            let Some((name, rest)) =
                declaration.trim_ascii_start().split_once(|c: char| c.is_ascii_whitespace())
            else {
                continue;
            };
            let rest = rest.trim_ascii_start();
            let Some(quote) = rest.chars().next().filter(|c| matches!(c, '"' | '\'')) else { continue };
            let Some((value, _)) = rest[1..].split_once(quote) else { continue };
            let plain = match value.contains('&') {
                true => characters_only(value),
                false => Some(value.to_owned()),
            };
            match plain.filter(|v| v.len() <= MAX_VALUE) {
                Some(value) => _ = self.own.entry(name.to_owned()).or_insert(value),
                None => repairs.note(Repair::EntityBomb),
            }
        }
    }

    /// The text with its references resolved; what is no reference stays as it is.
    pub(super) fn resolve<'a>(&mut self, text: &'a str, repairs: &mut Repairs) -> Cow<'a, str> {
        let Some(first) = text.find('&') else { return Cow::Borrowed(text) };
        let mut out = String::with_capacity(text.len());
        out.push_str(&text[..first]);
        let mut rest = &text[first..];
        while let Some(at) = rest.find('&') {
            out.push_str(&rest[..at]);
            rest = &rest[at..];
            rest = &rest[self.reference(rest, &mut out, repairs)..];
        }
        out.push_str(rest);
        Cow::Owned(out)
    }

    /// Resolves the reference `rest` begins with into `out`; the number of bytes it took.
    fn reference(&mut self, rest: &str, out: &mut String, repairs: &mut Repairs) -> usize {
        let name_end = rest[1..]
            .bytes()
            .take(MAX_NAME)
            .position(|b| !(b.is_ascii_alphanumeric() || b == b'#' || b == b'_' || b == b'-' || b == b'.'));
        let name = &rest[1..1 + name_end.unwrap_or_else(|| name_run(&rest[1..]))];
        let closed = rest[1 + name.len()..].starts_with(';');
        let taken = 1 + name.len() + usize::from(closed);
        if let Some(number) = name.strip_prefix('#') {
            if let Some(code) = code_of(number)
                && let Some((c, more)) = text::paired(code, &rest[taken..])
            {
                out.push(c);
                return taken + more;
            }
            // Half a character alone is none.
            if code_of(number).is_some_and(|code| (0xd800..=0xdfff).contains(&code)) {
                repairs.note(Repair::ControlCharacters);
                return taken;
            }
            if let Some(c) = character(number) {
                if !closed {
                    repairs.note(Repair::BareAmpersand);
                }
                match is_xml_char(c) {
                    true => out.push(c),
                    false => repairs.note(Repair::ControlCharacters),
                }
                return taken;
            }
        } else if closed {
            if let Some(text) = predefined(name) {
                out.push_str(text);
                return taken;
            }
            if let Some(value) = self.own.get(name) {
                if self.expanded + value.len() <= MAX_EXPANSION {
                    self.expanded += value.len();
                    out.push_str(value);
                    return taken;
                }
                repairs.note(Repair::EntityBomb);
            } else if let Some(text) = html(&rest[..taken]) {
                repairs.note(Repair::HtmlEntity);
                out.push_str(&text);
                return taken;
            }
        }
        repairs.note(Repair::BareAmpersand);
        out.push('&');
        1
    }
}

/// The length of a name that runs on past [`MAX_NAME`] or to the end of the text.
fn name_run(text: &str) -> usize {
    text.len().min(MAX_NAME)
}

fn predefined(name: &str) -> Option<&'static str> {
    match name {
        "amp" => Some("&"),
        "lt" => Some("<"),
        "gt" => Some(">"),
        "quot" => Some("\""),
        "apos" => Some("'"),
        _ => None,
    }
}

fn html(reference: &str) -> Option<String> {
    let text = text::unescape(reference);
    (text != reference).then(|| text.into_owned())
}

/// The value of an entity that is made of characters and character references alone.
fn characters_only(value: &str) -> Option<String> {
    let mut out = String::new();
    let mut rest = value;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        let (number, after) = rest[at..].strip_prefix("&#")?.split_once(';')?;
        out.push(character(number).filter(|c| is_xml_char(*c))?);
        rest = after;
    }
    out.push_str(rest);
    Some(out)
}

/// The character that a reference's number (`160`, `xA0`) names.
fn character(number: &str) -> Option<char> {
    text::character(code_of(number)?)
}

fn code_of(number: &str) -> Option<u32> {
    match number.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16).ok(),
        None => number.parse().ok(),
    }
}
