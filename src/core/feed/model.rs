//! feed-rs, and its model to ours. The only file that names `feed_rs`. Must not repair: what reaches it is in
//! the canonical dialect.

use std::panic::{AssertUnwindSafe, catch_unwind};

use chrono::{DateTime, Timelike as _, Utc};
use feed_rs::model as theirs;

use super::ReadError;
use super::canonical::DAY_MARK;
use crate::core::entry::{Body, Category, Link, ParsedEntry, ParsedFeed, Person};
use crate::core::time::Stamp;
use crate::core::{html, text};

/// Reads a canonical document.
///
/// feed-rs 3.0 has panicked on remote input at four places. None can be reached from the canonical dialect,
/// but a daemon must not depend on that, so the call is fenced.
pub(super) fn read(canonical: &str, url: &str) -> Result<ParsedFeed, ReadError> {
    let parse = || {
        feed_rs::parser::Builder::new()
            .base_uri(url::Url::parse(url).ok())
            .id_generator(|_, _, _| String::new())
            .sanitize_content(false)
            .timestamp_parser(instant)
            .build()
            .parse(canonical.as_bytes())
    };
    match catch_unwind(AssertUnwindSafe(parse)) {
        Ok(Ok(feed)) => Ok(parsed(feed)),
        Ok(Err(error)) => Err(ReadError::NotAFeed(error.to_string())),
        Err(panic) => Err(ReadError::Panicked(message(panic.as_ref()))),
    }
}

pub(super) fn message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|s| (*s).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_owned())
}

fn instant(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text).ok().map(|t| t.to_utc())
}

fn parsed(feed: theirs::Feed) -> ParsedFeed {
    ParsedFeed {
        id: Some(feed.id).filter(|id| !id.is_empty()),
        title: feed.title.and_then(one_line),
        subtitle: feed.description.and_then(one_line),
        links: feed.links.into_iter().map(link).collect(),
        rights: feed.rights.and_then(one_line),
        language: feed.language,
        entries: feed.entries.into_iter().map(entry).collect(),
        ..ParsedFeed::default()
    }
}

fn entry(entry: theirs::Entry) -> ParsedEntry {
    ParsedEntry {
        id: Some(entry.id).filter(|id| !id.is_empty()),
        title: entry.title.and_then(one_line),
        links: entry.links.into_iter().map(link).collect(),
        published: entry.published.map(stamp),
        updated: entry.updated.map(stamp),
        authors: entry.authors.into_iter().map(person).collect(),
        contributors: entry.contributors.into_iter().map(person).collect(),
        categories: entry.categories.into_iter().map(category).collect(),
        summary: entry.summary.map(|t| body(t.content_type.as_str(), t.content)),
        content: entry.content.and_then(|c| c.body.map(|b| body(c.content_type.as_str(), b))),
        rights: entry.rights.and_then(one_line),
        language: entry.language,
        base: entry.base,
    }
}

/// Plain text on one line, whatever the publisher wrote it in; nothing if nothing is left.
fn one_line(value: theirs::Text) -> Option<String> {
    let line = match value.content_type.as_str() {
        "text/plain" => text::one_line(&value.content),
        _ => text::one_line(&html::to_text(&value.content)),
    };
    Some(line).filter(|line| !line.is_empty())
}

fn body(media_type: &str, value: String) -> Body {
    let value = match value.trim() {
        trimmed if trimmed.len() == value.len() => value,
        trimmed => trimmed.to_owned(),
    };
    if media_type == "text/plain" { Body::Text(value) } else { Body::Html(value) }
}

fn stamp(at: DateTime<Utc>) -> Stamp {
    if at.nanosecond() == DAY_MARK {
        return Stamp::day(at.with_nanosecond(0).unwrap_or(at));
    }
    Stamp::second(at)
}

fn link(link: theirs::Link) -> Link {
    Link {
        href: link.href,
        rel: link.rel.unwrap_or_else(|| "alternate".to_owned()),
        media_type: link.media_type,
        title: link.title,
        length: link.length,
    }
}

fn person(person: theirs::Person) -> Person {
    Person { name: person.name.unwrap_or_default(), email: person.email, uri: person.uri }
}

fn category(category: theirs::Category) -> Category {
    Category { term: category.term, scheme: category.scheme, label: category.label }
}
