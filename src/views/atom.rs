//! A feed as Atom (RFC 4287). The only place that names `atom_syndication`. The crate does not remove control
//! characters, so this module does.

mod history;
mod tombstones;

use std::collections::BTreeMap;

use atom_syndication as atom;
use atom_syndication::extension::ExtensionMap;

use super::document::{EntryDoc, FeedDoc, SourceDoc};
use super::format::Rendering;
use crate::model::entry::{Category, Link, Person};
use crate::model::time::Time;
use crate::read::text::xml_legal;

/// The media type of [`render`]'s bytes.
pub const MEDIA_TYPE: &str = "application/atom+xml; charset=utf-8";

pub fn render(rendering: &Rendering<'_>) -> Vec<u8> {
    let doc = rendering.doc;
    let feed = atom::Feed {
        title: atom::Text::plain(legal(&doc.title)),
        id: legal(&doc.id),
        updated: date(doc.updated),
        generator: Some(atom::Generator {
            value: "dibao".to_owned(),
            uri: None,
            version: Some(env!("CARGO_PKG_VERSION").to_owned()),
        }),
        links: links(rendering),
        rights: doc.rights.as_deref().map(|r| atom::Text::plain(legal(r))),
        entries: doc.entries.iter().map(entry).collect(),
        lang: Some("zh".to_owned()),
        namespaces: namespaces(doc),
        extensions: extensions(doc),
        ..atom::Feed::default()
    };
    let config = atom::WriteConfig { write_document_declaration: true, indent_size: Some(1) };
    feed.write_with_config(Vec::new(), config).expect("writing to memory does not fail")
}

/// The other formats are alternates of other types (RFC 4287 section 4.1.1). An archive has the page for people
/// alone.
fn links(rendering: &Rendering<'_>) -> Vec<atom::Link> {
    let Rendering { doc, format, .. } = rendering;
    let media_type = Some(format.bare_type());
    let archived = |rel: &str, month| link(rel, &doc.archive(month), media_type);
    let own = doc.issues.month.map_or_else(|| rendering.address(), |month| doc.archive(month));
    let mut links = vec![link("self", &own, media_type)];
    let others = rendering.others().filter(|other| doc.issues.month.is_none() || !other.is_feed);
    links.extend(others.map(|other| link("alternate", &doc.address(other.ending), Some(other.bare_type()))));
    if doc.issues.month.is_some() {
        // RFC 5005 section 4: back to the document that is subscribed to.
        links.push(link("current", &rendering.address(), media_type));
    } else {
        links.extend(doc.hub.as_deref().map(|hub| link("hub", hub, None)));
    }
    links.extend(doc.issues.prev.map(|month| archived("prev-archive", month)));
    links.extend(doc.issues.next.map(|month| archived("next-archive", month)));
    links
}

fn namespaces(doc: &FeedDoc) -> BTreeMap<String, String> {
    tombstones::namespace(doc).into_iter().chain(history::namespace(doc)).collect()
}

fn extensions(doc: &FeedDoc) -> ExtensionMap {
    tombstones::extensions(doc).into_iter().chain(history::extensions(doc)).collect()
}

fn entry(doc: &EntryDoc) -> atom::Entry {
    // xml:lang stands on the texts: the crate has none on the entry itself.
    let lang = doc.language.as_deref().map(legal);
    atom::Entry {
        title: atom::Text { lang: lang.clone(), ..atom::Text::plain(legal(&doc.title)) },
        id: legal(&doc.id),
        updated: date(doc.updated),
        authors: doc.authors.iter().map(person).collect(),
        categories: doc.categories.iter().map(category).collect(),
        contributors: doc.contributors.iter().map(person).collect(),
        links: doc.links.iter().map(entry_link).collect(),
        published: Some(date(doc.published)),
        rights: doc.rights.as_deref().map(|r| atom::Text::plain(legal(r))),
        source: Some(source(&doc.source)),
        summary: doc
            .counted_summary()
            .map(|s| atom::Text { lang: lang.clone(), ..atom::Text::plain(legal(&s)) }),
        content: content(doc, lang),
        ..atom::Entry::default()
    }
}

/// The full text. An entry without content must have a page (RFC 4287 section 4.1.2); if it has none, the summary or
/// title is its content.
fn content(doc: &EntryDoc, lang: Option<String>) -> Option<atom::Content> {
    let has_page = doc.links.iter().any(|link| link.rel == "alternate");
    let summary = doc.counted_summary();
    let (kind, text) = match &doc.content {
        Some(html) => ("html", html.as_str()),
        None if has_page => return None,
        None => ("text", summary.as_deref().unwrap_or(&doc.title)),
    };
    Some(atom::Content {
        lang,
        value: Some(legal(text)),
        content_type: Some(kind.to_owned()),
        ..atom::Content::default()
    })
}

fn source(doc: &SourceDoc) -> atom::Source {
    let mut links = vec![link("self", &doc.self_url, None)];
    links.extend(doc.home_url.as_deref().map(|home| link("alternate", home, None)));
    atom::Source {
        title: atom::Text::plain(legal(&doc.title)),
        id: legal(&doc.id),
        updated: date(doc.updated),
        links,
        authors: vec![person(&doc.author)],
        rights: doc.rights.as_deref().map(|r| atom::Text::plain(legal(r))),
        ..atom::Source::default()
    }
}

fn person(person: &Person) -> atom::Person {
    atom::Person {
        name: legal(&person.name),
        email: person.email.as_deref().map(legal),
        uri: person.uri.as_deref().map(legal),
        ..atom::Person::default()
    }
}

fn category(category: &Category) -> atom::Category {
    atom::Category {
        term: legal(&category.term),
        scheme: category.scheme.as_deref().map(legal),
        label: category.label.as_deref().map(legal),
    }
}

fn entry_link(from: &Link) -> atom::Link {
    atom::Link {
        href: legal(&from.href),
        rel: legal(&from.rel),
        hreflang: None,
        mime_type: from.media_type.as_deref().map(legal),
        title: from.title.as_deref().map(legal),
        length: from.length.map(|n| n.to_string()),
    }
}

fn link(rel: &str, href: &str, media_type: Option<&str>) -> atom::Link {
    atom::Link {
        href: legal(href),
        rel: rel.to_owned(),
        mime_type: media_type.map(str::to_owned),
        ..atom::Link::default()
    }
}

fn legal(text: &str) -> String {
    xml_legal(text).into_owned()
}

/// Whole seconds: readers compare dates as text, and publishers give no more.
fn date(time: Time) -> atom::FixedDateTime {
    chrono::DateTime::from_timestamp(time.timestamp(), 0).unwrap_or_default().fixed_offset()
}
