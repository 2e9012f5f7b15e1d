//! The one dialect that reaches feed-rs: Atom 1.0, in CDATA. Its Atom reader is its best, and nothing here
//! can meet its errors or panics. Must not choose between values: drafts have.
//!
//! An entry's texts go through feed-rs. What is already in its final form (dates with their precision, links,
//! people, categories) stands beside the document, one [`ParsedEntry`] for each entry in the same order:
//! writing those out only to read them back was half of the time of reading a feed.

use std::fmt::Write as _;

use super::draft::{Draft, Head, Prose};
use super::names::Role;
use super::token::cdata_end;
use crate::model::entry::{Link, ParsedEntry};

/// A feed in the canonical dialect, as it is written.
#[derive(Debug)]
pub(super) struct Canonical {
    pub(super) text: String,
    /// What feed-rs need not read of each entry.
    pub(super) beside: Vec<ParsedEntry>,
}

impl Canonical {
    pub(super) fn new(capacity: usize) -> Self {
        let mut out = String::with_capacity(capacity);
        out.push_str("<feed xmlns=\"http://www.w3.org/2005/Atom\">");
        Self { text: out, beside: Vec::new() }
    }

    pub(super) fn entry(&mut self, mut draft: Draft) {
        let out = &mut self.text;
        out.push_str("<entry>");
        if let Some(id) = draft.id.get() {
            element(out, "id", id);
        }
        prose(out, "title", draft.title.get());
        let (summary, content) = draft.bodies();
        prose(out, "summary", summary);
        prose(out, "content", content);
        prose(out, "rights", draft.rights.as_ref());
        out.push_str("</entry>");
        self.beside.push(beside(&mut draft));
    }

    /// Writes what the feed says of itself and ends the document.
    pub(super) fn finish(mut self, head: &Head) -> Self {
        let out = &mut self.text;
        if let Some(id) = head.id.get() {
            element(out, "id", id);
        }
        prose(out, "title", head.title.get());
        prose(out, "subtitle", head.subtitle.get());
        prose(out, "rights", head.rights.as_ref());
        head.links.iter().for_each(|l| link(out, l));
        out.push_str("</feed>");
        self
    }
}

/// The parts of an entry that are no texts.
fn beside(draft: &mut Draft) -> ParsedEntry {
    let (contributors, authors): (Vec<_>, Vec<_>) =
        std::mem::take(&mut draft.people).into_iter().partition(|(role, _)| *role == Role::Contributor);
    let people = |list: Vec<(Role, _)>| list.into_iter().map(|(_, person)| person).collect();
    ParsedEntry {
        links: draft.take_links().into_iter().map(normal).collect(),
        published: draft.published.get().copied(),
        updated: draft.updated.get().copied(),
        authors: people(authors),
        contributors: people(contributors),
        categories: std::mem::take(&mut draft.categories),
        language: draft.language.take(),
        base: draft.base.take(),
        ..ParsedEntry::default()
    }
}

/// A link with its address as URL parsers write it, so that one page has one spelling.
fn normal(mut link: Link) -> Link {
    if let Ok(url) = url::Url::parse(&link.href) {
        link.href = url.into();
    }
    link
}

fn prose(out: &mut String, name: &str, value: Option<&Prose>) {
    // An empty text element is an error to feed-rs.
    let Some(prose) = value.filter(|p| !p.text.trim().is_empty()) else { return };
    tag(out, "<", name, if prose.html { " type=\"html\">" } else { " type=\"text\">" });
    cdata(out, &prose.text);
    tag(out, "</", name, ">");
}

fn link(out: &mut String, link: &Link) {
    out.push_str("<link");
    attribute(out, "href", Some(&link.href));
    attribute(out, "rel", Some(&link.rel));
    attribute(out, "type", link.media_type.as_deref());
    attribute(out, "title", link.title.as_deref());
    if let Some(length) = link.length {
        _ = write!(out, " length=\"{length}\"");
    }
    out.push_str("/>");
}

fn element(out: &mut String, name: &str, text: &str) {
    if !text.is_empty() {
        tag(out, "<", name, ">");
        cdata(out, text);
        tag(out, "</", name, ">");
    }
}

fn tag(out: &mut String, open: &str, name: &str, close: &str) {
    out.push_str(open);
    out.push_str(name);
    out.push_str(close);
}

/// One CDATA section is one event to feed-rs; escaped markup would be thousands.
fn cdata(out: &mut String, text: &str) {
    out.push_str("<![CDATA[");
    let mut rest = text;
    while let Some(end) = cdata_end(rest) {
        out.push_str(&rest[..end]);
        out.push_str("]]]]><![CDATA[>");
        rest = &rest[end + 3..];
    }
    out.push_str(rest);
    out.push_str("]]>");
}

fn attribute(out: &mut String, name: &str, value: Option<&str>) {
    let Some(value) = value else { return };
    out.push(' ');
    out.push_str(name);
    out.push_str("=\"");
    if !value.contains(['&', '<', '"', '\n', '\r', '\t']) {
        out.push_str(value);
        out.push('"');
        return;
    }
    for c in value.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\r' | '\t' => out.push(' '),
            c => out.push(c),
        }
    }
    out.push('"');
}
