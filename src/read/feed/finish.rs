//! Turns builders into what the reader hands out: texts on one line, bodies as HTML or text, addresses in one spelling. Must not
//! choose between values: the builder has.

use super::builder::{EntryBuilder, Head, Prose};
use super::names::Role;
use crate::model::entry::{Body, Link, ParsedEntry, ParsedFeed, Person};
use crate::read::{html, text};

/// A feed: what it says of itself, and its entries.
pub(super) fn feed(head: Head, entries: Vec<ParsedEntry>) -> ParsedFeed {
    ParsedFeed {
        id: head.id.into_inner(),
        title: head.title.get().and_then(one_line),
        subtitle: head.subtitle.get().and_then(one_line),
        links: head.links.into_iter().map(normal).collect(),
        rights: head.rights.as_ref().and_then(one_line),
        ttl_minutes: head.rhythm.minutes(),
        skip: head.rhythm.skip(),
        language: head.language,
        ending: head.ending,
        entries,
        ..ParsedFeed::default()
    }
}

pub(super) fn entry(mut builder: EntryBuilder) -> ParsedEntry {
    let (contributors, authors): (Vec<_>, Vec<_>) =
        std::mem::take(&mut builder.people).into_iter().partition(|(role, _)| *role == Role::Contributor);
    let people = |list: Vec<(Role, Person)>| list.into_iter().map(|(_, person)| person).collect();
    let links = builder.take_links().into_iter().map(normal).collect();
    let title = builder.title.get().and_then(one_line);
    let (summary, content) = builder.take_bodies();
    ParsedEntry {
        id: builder.id.into_inner().filter(|id| !id.is_empty()),
        title,
        links,
        published: builder.published.into_inner(),
        updated: builder.updated.into_inner(),
        summary: summary.and_then(body),
        content: content.and_then(body),
        authors: people(authors),
        contributors: people(contributors),
        categories: builder.categories,
        rights: builder.rights.as_ref().and_then(one_line),
        language: builder.language,
        base: builder.base,
    }
}

/// Plain text on one line, whatever the publisher wrote it in; nothing if nothing is left.
fn one_line(prose: &Prose) -> Option<String> {
    let line = match prose.html {
        true => text::one_line(&html::to_text(prose.text.trim())),
        false => text::one_line(&prose.text),
    };
    Some(line).filter(|line| !line.is_empty())
}

fn body(prose: Prose) -> Option<Body> {
    let trimmed = prose.text.trim();
    let value = if trimmed.len() == prose.text.len() { prose.text } else { trimmed.to_owned() };
    let body = if prose.html { Body::Html } else { Body::Text };
    (!value.is_empty()).then(|| body(value))
}

/// A link with its address as URL parsers write it, so that one page has one spelling.
fn normal(mut link: Link) -> Link {
    if let Ok(url) = url::Url::parse(&link.href) {
        link.href = url.into();
    }
    link
}
