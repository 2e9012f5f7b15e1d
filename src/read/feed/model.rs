//! feed-rs, and its model to builders. The only file that names `feed_rs`. Must not repair: a document that is not plain
//! (`plain`), or that feed-rs takes otherwise than our own reader would, is left to that.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use feed_rs::model as theirs;
use feed_rs::parser::{Builder, Parser};

use super::builder::{Document, EntryBuilder, Head, Prose, add_link, alternate};
use super::fields::{is_plain, is_web, relation};
use super::markup::{looks_like_html, without_cdata};
use super::mojibake::encoded_once;
use super::names::{Field, Role};
use super::repair::Repairs;
use super::{Context, finish, plain};
use crate::model::entry::{Category, Link, Person};
use crate::model::time::{Precision, Stamp};
use crate::read::date::{self, DateContext};
use crate::read::text::one_line;

/// Reads a plain document with feed-rs; `None` if our own reader must do it.
///
/// feed-rs 3.0 has panicked on remote input at four places. None can be reached from a plain document,
/// but a daemon must not depend on that, so the call is fenced.
pub(super) fn read(text: &str, context: &Context, repairs: Repairs) -> Option<Document> {
    let document = plain::document(text)?;
    let is_odd = Arc::new(AtomicBool::new(false));
    let parser = parser(context.dates, Arc::clone(&is_odd));
    let feed = catch_unwind(AssertUnwindSafe(|| parser.parse(document.as_bytes()))).ok()?.ok()?;
    if is_odd.load(Ordering::Relaxed) {
        return None;
    }
    let kind = Dialect { is_atom: feed.feed_type == theirs::FeedType::Atom };
    let mut head = Head { language: feed.language.clone(), ..Head::default() };
    if let Some(title) = kind.prose(feed.title, false)? {
        head.title.offer(0, 0, title);
    }
    if let Some(subtitle) = kind.prose(feed.description, true)? {
        head.subtitle.offer(0, 0, subtitle);
    }
    head.rights = kind.prose(feed.rights, false)?;
    head.rhythm.ttl_minutes = feed.ttl;
    if kind.is_atom && !feed.id.trim().is_empty() {
        head.id.offer(0, 0, one_line(&feed.id));
    }
    head.links = links(feed.links)?;
    let entries = feed.entries.into_iter().map(|entry| kind.entry(entry).map(finish::entry));
    Some(Document { entries: entries.collect::<Option<_>>()?, head, repairs })
}

/// feed-rs with our dates. It has no place for a day without a time and asks nothing of an address, so a date of
/// which that matters makes the document odd.
fn parser(dates: DateContext, is_odd: Arc<AtomicBool>) -> Parser {
    Builder::new()
        .id_generator(|_, _, _| String::new())
        .timestamp_parser(move |text| {
            let text = text.trim();
            let stamp = date::parse(text, &dates).filter(|stamp| stamp.precision == Precision::Second);
            if stamp.is_none() || date::needs_near(text, &dates) {
                is_odd.store(true, Ordering::Relaxed);
            }
            stamp.map(|stamp| stamp.at)
        })
        .sanitize_content(false)
        .build()
}

#[derive(Clone, Copy)]
struct Dialect {
    is_atom: bool,
}

impl Dialect {
    fn entry(self, entry: theirs::Entry) -> Option<EntryBuilder> {
        let mut builder = EntryBuilder { links: links(entry.links)?, ..EntryBuilder::default() };
        // Without a page, the id may stand in for one, and that hangs on an attribute which feed-rs drops.
        builder.page()?;
        let id = one_line(&entry.id);
        if !id.is_empty() {
            builder.id.offer(0, 0, id);
        }
        if let Some(title) = self.prose(entry.title, false)? {
            builder.title.offer(0, 0, title);
        }
        if let Some(summary) = self.prose(entry.summary, true)? {
            builder.add_summary(Field::Summary, 0, summary);
        }
        if let Some(content) = entry.content {
            let text = theirs_text(content);
            builder.contents.extend(self.prose(text, true)?);
        }
        builder.rights = self.prose(entry.rights, false)?;
        if let Some(at) = entry.published {
            builder.published.offer(0, 0, Stamp::second(at));
        }
        // feed-rs copies an RSS entry's date there.
        if let Some(at) = entry.updated.filter(|_| self.is_atom) {
            builder.updated.offer(0, 0, Stamp::second(at));
        }
        for person in entry.authors {
            builder.add_person(Role::Author, self::person(person)?);
        }
        for category in entry.categories {
            builder.add_category(self.category(category));
        }
        Some(builder)
    }

    /// A text, and nothing where it is blank. The outer `None` is one that was encoded twice: our reader mends it.
    fn prose(self, text: Option<theirs::Text>, is_body: bool) -> Option<Option<Prose>> {
        let Some(text) = text.filter(|text| !text.content.trim().is_empty()) else { return Some(None) };
        if encoded_once(&text.content).is_some() {
            return None;
        }
        let declared = if self.is_atom { text.content_type.as_str() != "text/plain" } else { is_body };
        let text = text.content;
        Some(Some(match declared {
            true => Prose { html: true, text: without_cdata(text) },
            false => Prose { html: !self.is_atom && looks_like_html(&text), text },
        }))
    }

    fn category(self, category: theirs::Category) -> Category {
        let present = |value: Option<String>| value.filter(|value| !value.trim().is_empty());
        let scheme = present(category.scheme);
        Category {
            term: one_line(&category.term),
            scheme: if self.is_atom { scheme.map(|s| s.trim().to_owned()) } else { scheme },
            label: present(category.label).map(|label| one_line(&label)),
        }
    }
}

fn theirs_text(content: theirs::Content) -> Option<theirs::Text> {
    let theirs::Content { body, content_type, .. } = content;
    body.map(|content| theirs::Text { content_type, src: None, content })
}

/// The links of a feed or entry; `None` if one is no plain address or stands there twice.
fn links(all: Vec<theirs::Link>) -> Option<Vec<Link>> {
    let mut links = Vec::new();
    let said = |value: Option<String>| value.filter(|value| !value.trim().is_empty());
    // A link with a target of its own is one to the entry's comments.
    for (at, link) in all.into_iter().filter(|link| link.target.is_none()).enumerate() {
        if !is_web(&link.href) || url::Url::parse(&link.href).is_err() {
            return None;
        }
        let rel = said(link.rel).map_or_else(|| "alternate".to_owned(), |rel| relation(&rel));
        let media_type = said(link.media_type).map(|kind| kind.trim().to_ascii_lowercase());
        let title = said(link.title).map(|title| one_line(&title));
        add_link(&mut links, Link { rel, media_type, title, length: link.length, ..alternate(link.href) });
        if links.len() != at + 1 {
            return None;
        }
    }
    Some(links)
}

/// A person with a name; `None` for one whose page is no plain address.
fn person(person: theirs::Person) -> Option<Person> {
    let line = |value: Option<String>| value.map(|value| one_line(&value)).filter(|value| !value.is_empty());
    let uri = line(person.uri);
    if uri.as_deref().is_some_and(|uri| !is_plain(uri)) {
        return None;
    }
    let name = line(person.name)?;
    Some(Person { name, email: line(person.email), uri })
}
