//! OPML: outlines with an address are feeds, those around them are folders. Reads what feed readers write, Miniflux
//! and FreshRSS among them, also with attributes in other letters and with undeclared entities.

use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

use super::{NoList, Subscription, Subscriptions};
use crate::read::text::unescape;

/// Outlines open at once. Feed readers write one or two; deeper ones hold feeds all the same, and name no folder.
const MAX_DEPTH: usize = 32;
/// Attributes read of one outline. FreshRSS writes up to about twenty.
const MAX_ATTRIBUTES: usize = 64;

pub(super) fn read(text: &str, list: &mut Subscriptions) -> Result<(), NoList> {
    let mut reader = Reader::from_str(text);
    let config = reader.config_mut();
    (config.check_end_names, config.allow_unmatched_ends, config.allow_dangling_amp) = (false, true, true);
    // The folders around, outermost first; `None` for an outline that is a feed itself.
    let (mut folders, mut depth): (Vec<Option<String>>, usize) = (Vec::new(), 0);
    loop {
        match reader.read_event() {
            Ok(Event::Eof) => return Ok(()),
            Ok(Event::Empty(element)) if is_outline(&element) => {
                let outline = Outline::of(&element);
                take(outline, &folders, list)?;
            }
            Ok(Event::Start(element)) if is_outline(&element) => {
                let outline = Outline::of(&element);
                let folder = outline.feed.is_none().then(|| outline.name.clone()).flatten();
                take(outline, &folders, list)?;
                depth += 1;
                if depth <= MAX_DEPTH {
                    folders.push(folder);
                }
            }
            Ok(Event::End(element)) if element.name().as_ref().eq_ignore_ascii_case("outline") => {
                depth = depth.saturating_sub(1);
                folders.truncate(depth);
            }
            Ok(_) => {}
            Err(error) => {
                return Err(NoList::Xml { at: reader.error_position(), why: error.to_string() });
            }
        }
    }
}

fn is_outline(element: &BytesStart<'_>) -> bool {
    element.name().as_ref().eq_ignore_ascii_case("outline")
}

#[derive(Default)]
struct Outline {
    name: Option<String>,
    feed: Option<String>,
    kind: Option<String>,
    tags: Option<String>,
}

impl Outline {
    fn of(element: &BytesStart<'_>) -> Self {
        let (mut outline, mut title) = (Self::default(), None);
        let mut attributes = element.attributes();
        for attribute in attributes.with_checks(false).flatten().take(MAX_ATTRIBUTES) {
            let raw = attribute.value;
            let value = || Some(unescape(&raw).trim().to_owned()).filter(|value| !value.is_empty());
            match attribute.key.as_ref().to_ascii_lowercase().as_str() {
                "text" => outline.name = value(),
                "title" => title = value(),
                "xmlurl" => outline.feed = Some(address(&raw).trim().to_owned()),
                "type" => outline.kind = value(),
                "category" => outline.tags = value(),
                _ => {}
            }
        }
        outline.name = title.or(outline.name);
        outline.feed = outline.feed.filter(|url| !url.is_empty());
        outline
    }
}

/// An address without its references. Only numbers and the names of XML that end in `;` are references there: a bare
/// `&copy=` is a parameter.
fn address(raw: &str) -> String {
    let (mut out, mut rest) = (String::with_capacity(raw.len()), raw);
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let reference = rest.find(';').map(|end| &rest[..=end]).filter(|reference| {
            let name = &reference[1..reference.len() - 1];
            let number =
                name.strip_prefix('#').map(|number| number.strip_prefix(['x', 'X']).unwrap_or(number));
            number.map_or(matches!(name, "amp" | "lt" | "gt" | "quot" | "apos"), |number| {
                !number.is_empty() && number.len() <= 6 && number.bytes().all(|b| b.is_ascii_hexdigit())
            })
        });
        match reference {
            Some(reference) => out.push_str(&unescape(reference)),
            None => out.push('&'),
        }
        rest = &rest[reference.map_or(1, str::len)..];
    }
    out.push_str(rest);
    out
}

fn take(outline: Outline, folders: &[Option<String>], list: &mut Subscriptions) -> Result<(), NoList> {
    let Some(url) = outline.feed else { return Ok(()) };
    let tags = outline.tags.unwrap_or_default();
    // OPML 2.0 writes a category as a path, "/Regions/Henan", and several with commas.
    let tags = tags.split(',').filter_map(|tag| tag.rsplit('/').find(|part| !part.trim().is_empty()));
    let around = folders.iter().rev().flatten().cloned();
    list.take(Subscription {
        url,
        title: outline.name,
        folders: around.chain(tags.map(str::to_owned)).collect(),
        note: outline.kind.as_deref().and_then(no_feed),
    })
}

/// FreshRSS reads pages and JSON as well, and says so in `type`.
fn no_feed(kind: &str) -> Option<&'static str> {
    match kind.split('+').next().unwrap_or_default().to_ascii_lowercase().as_str() {
        "html" | "xml" => Some("FreshRSS reads this page by XPath"),
        "json" if !kind.eq_ignore_ascii_case("jsonfeed") => {
            Some("FreshRSS reads this JSON document by paths")
        }
        _ => None,
    }
}
