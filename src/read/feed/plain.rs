//! True if feed-rs and our own reader must find the same in a document: well-formed RSS 2.0 or Atom 1.0 that holds only
//! elements which feed-rs keeps whole. Everything else is for our reader. Must not read values.
//!
//! feed-rs has no place for a guid's `isPermaLink`, `rdf:about`, the language and base of one entry, dates that name only
//! a day, skip hours, the order of several values for one thing, or what stands inside an author's line.

use super::MAX_ENTRIES;
use super::repair::Repairs;
use super::token::{Token, Tokens};

/// Where in a document a token stands.
#[derive(Clone, Copy)]
enum Place {
    Rss,
    Channel,
    Image,
    Item,
    Feed,
    Entry,
    Person,
    /// An element that holds text only; true if both readers take that text in the same way.
    Leaf(fn(&str) -> bool),
}

use Place::{Channel, Entry, Feed, Image, Item, Leaf, Person, Rss};

/// The prefixes that elements may have, and the namespace of each.
const PREFIXES: [(&str, &str); 3] = [
    ("atom", "http://www.w3.org/2005/Atom"),
    ("content", "http://purl.org/rss/1.0/modules/content/"),
    ("dc", "http://purl.org/dc/elements/1.1/"),
];

/// The longest language tag taken; our own reader drops longer ones, and feed-rs writes all in lower case.
const MAX_LANGUAGE: usize = 35;

/// The most fields of one channel or entry that are told apart; a plain one has about ten.
const MAX_FIELDS: usize = 32;

/// The most attributes of one element; our own reader reads 64.
const MAX_ATTRIBUTES: usize = 32;

/// The longest number of a character reference, with zeros before it. Our own reader looks at 64 bytes.
const MAX_REFERENCE: usize = 8;

struct Open<'a> {
    name: &'a str,
    place: Place,
    /// Fields seen in it that may stand there once.
    fields: Vec<&'a str>,
}

/// The part of the text from the root on, if the document is plain.
pub(super) fn document(text: &str) -> Option<&str> {
    let mut repairs = Repairs::default();
    let mut tokens = Tokens::new(text);
    let mut stack: Vec<Open<'_>> = Vec::new();
    let mut root: Option<(&str, &str)> = None;
    let mut entries = 0;
    while let Some(token) = tokens.next("", &mut repairs) {
        match token {
            Token::Start { name, attrs, empty } => {
                if stack.is_empty() {
                    if root.is_some() {
                        return None;
                    }
                    // The prolog stays behind: it may name an encoding that the text no longer has.
                    let start = name.as_ptr() as usize - text.as_ptr() as usize - 1;
                    root = Some((text.get(start..)?, attrs));
                }
                let place = place(stack.last().map(|open| open.place), name)?;
                let parent = stack.last().map(|open| open.place);
                if !attributes(parent, name, attrs) || !is_declared(name, root?.1) {
                    return None;
                }
                if let Some(parent) = stack.last_mut().filter(|parent| !may_repeat(parent.place, name)) {
                    if parent.fields.contains(&name) || parent.fields.len() == MAX_FIELDS {
                        return None;
                    }
                    parent.fields.push(name);
                }
                entries += usize::from(matches!(place, Item | Entry));
                if entries > MAX_ENTRIES {
                    return None;
                }
                if !empty {
                    stack.push(Open { name, place, fields: Vec::new() });
                }
            }
            Token::End(name) => {
                stack.pop().filter(|open| open.name == name)?;
            }
            Token::Text(raw) => match stack.last().map(|open| open.place) {
                Some(Leaf(fits)) if fits(raw) && references(raw) => {}
                None | Some(Rss | Channel | Image | Item | Feed | Entry | Person) if is_blank(raw) => {}
                _ => return None,
            },
            Token::CData(raw) => match stack.last()?.place {
                Leaf(fits) if fits(raw) => {}
                _ => return None,
            },
            Token::Doctype(_) => return None,
        }
    }
    let (document, _) = root?;
    (stack.is_empty() && repairs.is_none()).then_some(document)
}

/// Where the children of an element stand; `None` if it is not plain there.
fn place(parent: Option<Place>, name: &str) -> Option<Place> {
    Some(match (parent, name) {
        (None, "rss") => Rss,
        (None, "feed") => Feed,
        (Some(Rss), "channel") => Channel,
        (Some(Channel), "item") => Item,
        (Some(Channel), "image") => Image,
        (Some(Channel), "language") => Leaf(is_language),
        (Some(Channel), "ttl") => Leaf(is_number),
        (Some(Channel), "atom:link") | (Some(Feed | Entry), "link") => Leaf(is_blank),
        (Some(Channel), "title" | "link" | "description" | "copyright" | "generator" | "docs") => Leaf(any),
        (Some(Channel), "pubDate" | "lastBuildDate") => Leaf(any),
        (Some(Image), "title" | "url" | "link" | "width" | "height" | "description") => Leaf(any),
        (Some(Item), "title" | "link" | "guid" | "description" | "content:encoded" | "pubDate") => Leaf(any),
        (Some(Item), "category" | "comments") => Leaf(any),
        (Some(Item), "author" | "dc:creator") => Leaf(is_name),
        (Some(Feed), "entry") => Entry,
        (Some(Feed), "title" | "subtitle" | "id" | "updated" | "rights" | "generator") => Leaf(any),
        (Some(Entry), "title" | "id" | "updated" | "published") => Leaf(any),
        (Some(Entry), "summary" | "content" | "rights") => Leaf(any),
        (Some(Entry), "category") => Leaf(is_blank),
        (Some(Feed | Entry), "author") => Person,
        (Some(Person), "name" | "email" | "uri") => Leaf(any),
        _ => return None,
    })
}

/// True if both readers take several elements of that name.
fn may_repeat(parent: Place, name: &str) -> bool {
    match name {
        "item" | "entry" | "atom:link" | "category" | "author" => true,
        "link" => matches!(parent, Feed | Entry),
        _ => false,
    }
}

/// True if the prefix of a name is none, or is declared at the root.
fn is_declared(name: &str, root: &str) -> bool {
    let Some((prefix, _)) = name.split_once(':') else { return true };
    let mut rest = root;
    while let Some((key, _, behind)) = attribute(rest) {
        if key.strip_prefix("xmlns:") == Some(prefix) {
            return true;
        }
        rest = behind;
    }
    false
}

/// True if an element has only attributes that both readers take in the same way.
fn attributes(parent: Option<Place>, name: &str, attrs: &str) -> bool {
    // The version of RSS, or the namespace of Atom.
    let mut is_marked = parent.is_some();
    let mut rest = attrs;
    for _ in 0..MAX_ATTRIBUTES {
        if rest.is_empty() {
            return is_marked;
        }
        let Some((key, value, behind)) = attribute(rest) else { return false };
        let is_plain = match (parent, name, key) {
            (None, "rss", "version") => {
                is_marked = true;
                value == "2.0"
            }
            (None, "feed", "xmlns") => {
                is_marked = true;
                value == "http://www.w3.org/2005/Atom"
            }
            (None, "feed", "xml:lang") => is_language(value),
            (None, _, key) => key.strip_prefix("xmlns:").is_some_and(|prefix| {
                PREFIXES.iter().all(|(known, namespace)| *known != prefix || *namespace == value)
            }),
            (Some(Item), "guid", "isPermaLink")
            | (Some(Item), "category", "domain")
            | (Some(Entry), "category", "term" | "scheme" | "label")
            | (Some(Feed), "generator", "uri" | "version") => true,
            (Some(Channel), "atom:link", key) | (Some(Feed | Entry), "link", key) => match key {
                "length" => is_number(value),
                key => matches!(key, "href" | "rel" | "type" | "title" | "hreflang"),
            },
            (Some(Feed | Entry), "title" | "subtitle" | "summary" | "content" | "rights", "type") => {
                matches!(value, "text" | "html")
            }
            _ => false,
        };
        if !is_plain || !references(value) {
            return false;
        }
        rest = behind;
    }
    false
}

/// The first attribute of a start tag as XML wants it, its value on one line, and the text behind it.
fn attribute(text: &str) -> Option<(&str, &str, &str)> {
    let (key, rest) = text.split_once('=')?;
    let quote = rest.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    let (value, behind) = rest[1..].split_once(quote)?;
    let next = behind.trim_ascii_start();
    let is_apart = next.is_empty() || next.len() < behind.len();
    let is_key = key.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.:".contains(&b));
    let is_line = !value.bytes().any(|b| matches!(b, b'\n' | b'\r' | b'\t' | b'<'));
    (is_apart && is_key && is_line).then_some((key, value, next))
}

/// True if all `&` of a text begin references that need no document type and no guessing.
fn references(text: &str) -> bool {
    text.match_indices('&').all(|(at, _)| {
        let Some((name, _)) = text[at + 1..].split_once(';') else { return false };
        let number = match name.strip_prefix('#') {
            None => return matches!(name, "amp" | "lt" | "gt" | "quot" | "apos"),
            Some(number) if number.len() <= MAX_REFERENCE => number,
            Some(_) => return false,
        };
        let code = match number.strip_prefix('x') {
            Some(hex) if hex.bytes().all(|b| b.is_ascii_hexdigit()) => u32::from_str_radix(hex, 16).ok(),
            None if number.bytes().all(|b| b.is_ascii_digit()) => number.parse().ok(),
            _ => None,
        };
        // 128 to 159 are windows-1252 to us, and controls to feed-rs.
        let sign = code.filter(|code| !(0x7f..0xa0).contains(code)).and_then(char::from_u32);
        sign.is_some_and(crate::read::text::is_xml_char)
    })
}

fn any(_: &str) -> bool {
    true
}

fn is_blank(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_whitespace())
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.len() <= 9 && text.bytes().all(|b| b.is_ascii_digit())
}

fn is_language(text: &str) -> bool {
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=MAX_LANGUAGE).contains(&text.len()) && text.bytes().all(fits)
}

/// True if a line names a person and nothing else: feed-rs cuts an address out of it in another way than we do.
fn is_name(text: &str) -> bool {
    !text.contains(['@', '&'])
}
