//! feed-rs, and its model to ours. The only file that names `feed_rs`. Must not repair: what reaches it is in
//! the canonical dialect.

use std::panic::{AssertUnwindSafe, catch_unwind};

use feed_rs::model as theirs;

use super::ReadError;
use super::canonical::Canonical;
use crate::model::entry::{Body, Link, ParsedEntry, ParsedFeed};
use crate::read::{html, text};

/// Reads a canonical document.
///
/// feed-rs 3.0 has panicked on remote input at four places. None can be reached from the canonical dialect,
/// but a daemon must not depend on that, so the call is fenced.
pub(super) fn read(canonical: Canonical, url: &str) -> Result<ParsedFeed, ReadError> {
    let Canonical { text, beside } = canonical;
    let parse = || {
        feed_rs::parser::Builder::new()
            .base_uri(url::Url::parse(url).ok())
            .id_generator(|_, _, _| String::new())
            .sanitize_content(false)
            .build()
            .parse(text.as_bytes())
    };
    match catch_unwind(AssertUnwindSafe(parse)) {
        // What stands beside belongs to the entries by their order, so none may be missing.
        Ok(Ok(feed)) if feed.entries.len() != beside.len() => {
            Err(ReadError::NotAFeed("the parser left entries out".to_owned()))
        }
        Ok(Ok(feed)) => Ok(parsed(feed, beside)),
        Ok(Err(error)) => Err(ReadError::NotAFeed(error.to_string())),
        Err(panic) => Err(ReadError::Panicked(message(panic.as_ref()))),
    }
}

pub(super) fn message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|s| (*s).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_owned())
}

fn parsed(feed: theirs::Feed, beside: Vec<ParsedEntry>) -> ParsedFeed {
    ParsedFeed {
        id: Some(feed.id).filter(|id| !id.is_empty()),
        title: feed.title.and_then(one_line),
        subtitle: feed.description.and_then(one_line),
        links: feed.links.into_iter().map(link).collect(),
        rights: feed.rights.and_then(one_line),
        language: feed.language,
        entries: feed.entries.into_iter().zip(beside).map(|(texts, rest)| entry(texts, rest)).collect(),
        ..ParsedFeed::default()
    }
}

/// An entry: its texts, and what stood beside the document.
fn entry(texts: theirs::Entry, rest: ParsedEntry) -> ParsedEntry {
    ParsedEntry {
        id: Some(texts.id).filter(|id| !id.is_empty()),
        title: texts.title.and_then(one_line),
        summary: texts.summary.map(|t| body(t.content_type.as_str(), t.content)),
        content: texts.content.and_then(|c| c.body.map(|b| body(c.content_type.as_str(), b))),
        rights: texts.rights.and_then(one_line),
        ..rest
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

fn link(link: theirs::Link) -> Link {
    Link {
        href: link.href,
        rel: link.rel.unwrap_or_else(|| "alternate".to_owned()),
        media_type: link.media_type,
        title: link.title,
        length: link.length,
    }
}
