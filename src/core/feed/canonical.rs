//! The one dialect that reaches feed-rs: Atom 1.0, in CDATA, with dates in RFC 3339. Its Atom reader is its
//! best, and nothing here can meet its errors or panics. Must not choose between values: drafts have.

use std::fmt::Write as _;

use chrono::SecondsFormat;

use super::draft::{Draft, Head, Prose};
use super::names::Role;
use super::token::cdata_end;
use crate::core::entry::{Category, Link, Person};
use crate::core::time::{Precision, Stamp};

/// Fractions of a second mean nothing in a feed, so one nanosecond carries "the day alone is known" through
/// feed-rs, whose dates are bare instants.
pub(super) const DAY_MARK: u32 = 1;

/// A document in the canonical dialect, as it is written.
#[derive(Debug)]
pub(super) struct Canonical(String);

impl Canonical {
    pub(super) fn new(capacity: usize) -> Self {
        let mut out = String::with_capacity(capacity);
        out.push_str("<feed xmlns=\"http://www.w3.org/2005/Atom\">");
        Self(out)
    }

    pub(super) fn entry(&mut self, draft: &Draft) {
        let out = &mut self.0;
        out.push_str("<entry>");
        if let Some(id) = draft.id.get() {
            element(out, "id", id);
        }
        prose(out, "title", draft.title.get());
        draft.ordered_links(|l| link(out, l));
        stamp(out, "published", draft.published.get());
        stamp(out, "updated", draft.updated.get());
        for (role, who) in &draft.people {
            person(out, if *role == Role::Contributor { "contributor" } else { "author" }, who);
        }
        draft.categories.iter().for_each(|c| category(out, c));
        let (summary, content) = draft.bodies();
        prose(out, "summary", summary);
        body(out, draft, content);
        prose(out, "rights", draft.rights.as_ref());
        out.push_str("</entry>");
    }

    /// Writes what the feed says of itself and ends the document.
    pub(super) fn finish(mut self, head: &Head) -> String {
        let out = &mut self.0;
        if let Some(id) = head.id.get() {
            element(out, "id", id);
        }
        prose(out, "title", head.title.get());
        prose(out, "subtitle", head.subtitle.get());
        prose(out, "rights", head.rights.as_ref());
        head.links.iter().for_each(|l| link(out, l));
        out.push_str("</feed>");
        self.0
    }
}

/// feed-rs takes an entry's language and base from its content, so one stands here even where there is no
/// full text: an empty one that points nowhere.
fn body(out: &mut String, draft: &Draft, content: Option<&Prose>) {
    if content.is_none() && draft.language.is_none() && draft.base.is_none() {
        return;
    }
    out.push_str("<content");
    attribute(out, "xml:lang", draft.language.as_deref());
    attribute(out, "xml:base", draft.base.as_deref());
    match content {
        Some(prose) => {
            out.push_str(if prose.html { " type=\"html\">" } else { " type=\"text\">" });
            cdata(out, &prose.text);
            out.push_str("</content>");
        }
        None => out.push_str(" src=\"\"/>"),
    }
}

fn prose(out: &mut String, name: &str, value: Option<&Prose>) {
    // An empty text element is an error to feed-rs.
    let Some(prose) = value.filter(|p| !p.text.trim().is_empty()) else { return };
    tag(out, "<", name, if prose.html { " type=\"html\">" } else { " type=\"text\">" });
    cdata(out, &prose.text);
    tag(out, "</", name, ">");
}

fn stamp(out: &mut String, name: &str, value: Option<&Stamp>) {
    let Some(stamp) = value else { return };
    let mark = if stamp.precision == Precision::Day { ".000000001" } else { "" };
    let at = stamp.at.to_rfc3339_opts(SecondsFormat::Secs, true);
    _ = write!(out, "<{name}>{}{mark}Z</{name}>", at.trim_end_matches('Z'));
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

fn person(out: &mut String, name: &str, person: &Person) {
    tag(out, "<", name, ">");
    element(out, "name", &person.name);
    if let Some(email) = &person.email {
        element(out, "email", email);
    }
    if let Some(uri) = &person.uri {
        element(out, "uri", uri);
    }
    tag(out, "</", name, ">");
}

fn category(out: &mut String, category: &Category) {
    out.push_str("<category");
    attribute(out, "term", Some(&category.term));
    attribute(out, "scheme", category.scheme.as_deref());
    attribute(out, "label", category.label.as_deref());
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
