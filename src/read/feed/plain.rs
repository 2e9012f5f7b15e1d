//! True if feed-rs and our own reader must find the same in a document: well-formed RSS 2.0 or Atom 1.0 that holds only
//! elements which feed-rs keeps whole. Everything else is for our reader. Must not read values.
//!
//! feed-rs has no place for a guid's `isPermaLink`, `rdf:about`, the language and base of one entry, dates that name only
//! a day, skip hours, the order of several values for one thing, or what stands inside an author's line.

use super::attributes::raw;
use super::repair::Repairs;
use super::token::{Token, Tokens};
use super::{MAX_ENTRIES, entities};

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
    /// An element that holds text only; true if that is written as every reader takes it.
    Leaf(fn(&str) -> bool),
}

use Place::{Channel, Entry, Feed, Image, Item, Leaf, Person, Rss};

/// The namespaces that a document may declare: a prefix, and what both readers know by it.
const NAMESPACES: [(&str, &str); 4] = [
    ("xmlns", "http://www.w3.org/2005/Atom"),
    ("xmlns:atom", "http://www.w3.org/2005/Atom"),
    ("xmlns:content", "http://purl.org/rss/1.0/modules/content/"),
    ("xmlns:dc", "http://purl.org/dc/elements/1.1/"),
];

/// The longest language tag taken; our own reader drops longer ones, and feed-rs writes all in lower case.
const MAX_LANGUAGE: usize = 35;

/// The most fields of one channel or entry that are told apart; a plain one has about ten.
const MAX_FIELDS: usize = 32;

/// An open element.
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
    let mut root: Option<&str> = None;
    let mut root_attrs = "";
    let mut entries = 0;
    while let Some(token) = tokens.next("", &mut repairs) {
        match token {
            Token::Start { name, attrs, empty } => {
                if stack.is_empty() && root.is_some() {
                    return None;
                }
                let place = place(stack.last().map(|open| open.place), name)?;
                if root.is_none() {
                    // The prolog stays behind: it may name an encoding that the text no longer has.
                    root_attrs = attrs;
                    root = text.get(name.as_ptr() as usize - text.as_ptr() as usize - 1..);
                }
                // An undeclared prefix is a repair.
                if let Some((prefix, _)) = name.split_once(':')
                    && !raw(root_attrs).any(|(key, _)| key.strip_prefix("xmlns:") == Some(prefix))
                {
                    return None;
                }
                entries += usize::from(matches!(place, Item | Entry));
                let may_repeat =
                    matches!(name, "item" | "entry" | "link" | "atom:link" | "category" | "author")
                        && !(name == "link" && matches!(stack.last()?.place, Channel | Item));
                if let Some(parent) = stack.last_mut().filter(|_| !may_repeat) {
                    if parent.fields.contains(&name) || parent.fields.len() == MAX_FIELDS {
                        return None;
                    }
                    parent.fields.push(name);
                }
                if !attributes(place, name, attrs) || entries > MAX_ENTRIES {
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
                _ if raw.bytes().all(|b| b.is_ascii_whitespace()) => {}
                _ => return None,
            },
            Token::CData(raw) => match stack.last()?.place {
                Leaf(fits) if fits(raw) => {}
                _ => return None,
            },
            Token::Doctype(_) => return None,
        }
    }
    (stack.is_empty() && repairs.is_none()).then_some(root).flatten()
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
        (
            Some(Channel),
            "title" | "link" | "description" | "copyright" | "atom:link" | "generator" | "docs",
        ) => Leaf(any),
        (Some(Channel), "pubDate" | "lastBuildDate") => Leaf(any),
        (Some(Image), "title" | "url" | "link" | "width" | "height" | "description") => Leaf(any),
        (Some(Item), "title" | "link" | "guid" | "description" | "content:encoded" | "pubDate") => Leaf(any),
        (Some(Item), "category" | "comments") => Leaf(any),
        (Some(Item), "author" | "dc:creator") => Leaf(is_name),
        (Some(Feed), "entry") => Entry,
        (Some(Feed), "title" | "subtitle" | "id" | "updated" | "link" | "rights" | "generator") => Leaf(any),
        (Some(Entry), "title" | "id" | "updated" | "published" | "link" | "category") => Leaf(any),
        (Some(Entry), "summary" | "content" | "rights") => Leaf(any),
        (Some(Feed | Entry), "author") => Person,
        (Some(Person), "name" | "email" | "uri") => Leaf(any),
        _ => return None,
    })
}

/// Whether an element has only attributes that both readers take in the same way.
fn attributes(place: Place, name: &str, attrs: &str) -> bool {
    if attrs.is_empty() {
        return !matches!(place, Rss | Feed);
    }
    // The version of RSS, or the namespace of Atom.
    let mut is_marked = false;
    let known = raw(attrs).all(|(key, value)| {
        let plain = match (place, name, key) {
            (Rss, _, "version") => {
                is_marked = true;
                value == "2.0"
            }
            (Rss | Feed, _, _) if key.starts_with("xmlns") => {
                let known = NAMESPACES.contains(&(key, value));
                is_marked |= key == "xmlns" && matches!(place, Feed);
                known && (key != "xmlns" || matches!(place, Feed))
            }
            (Feed, _, "xml:lang") => is_language(value),
            (Leaf(_), "guid", "isPermaLink")
            | (Leaf(_), "category", "domain" | "term" | "scheme" | "label") => true,
            (Leaf(_), "link" | "atom:link", "href" | "rel" | "type" | "title" | "length" | "hreflang") => {
                true
            }
            (Leaf(_), "title" | "subtitle" | "summary" | "content" | "rights", "type") => {
                matches!(value, "text" | "html")
            }
            (Leaf(_), "generator", "uri" | "version") => true,
            _ => false,
        };
        plain && references(value)
    });
    known && (is_marked || !matches!(place, Rss | Feed))
}

/// Whether all `&` of a text begin references that need no document type and no guessing.
fn references(text: &str) -> bool {
    text.match_indices('&').all(|(at, _)| {
        let Some((name, _)) = text[at + 1..].split_once(';') else { return false };
        let number = match name.strip_prefix('#') {
            None => return matches!(name, "amp" | "lt" | "gt" | "quot" | "apos"),
            Some(number) => number,
        };
        let code = match number.strip_prefix('x') {
            Some(hex) if hex.bytes().all(|b| b.is_ascii_hexdigit()) => u32::from_str_radix(hex, 16).ok(),
            None if number.bytes().all(|b| b.is_ascii_digit()) => number.parse().ok(),
            _ => None,
        };
        // 128 to 159 are windows-1252 to us, and controls to feed-rs.
        let sign = code.filter(|code| !(0x7f..0xa0).contains(code)).and_then(char::from_u32);
        sign.is_some_and(entities::is_xml_char)
    })
}

fn any(_: &str) -> bool {
    true
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.len() <= 9 && text.bytes().all(|b| b.is_ascii_digit())
}

fn is_language(text: &str) -> bool {
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=MAX_LANGUAGE).contains(&text.len()) && text.bytes().all(fits)
}

/// Whether a line names a person and nothing else: feed-rs cuts an address out of it in another way than we do.
fn is_name(text: &str) -> bool {
    !text.contains(['@', '&'])
}
