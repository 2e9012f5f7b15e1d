//! The description of a document in a report: its dialect, its encoding, its relative links.

use url::Url;

use super::Subject;
use crate::decide::answer::{Answer, Document, Form};
use crate::model::exchange::{Exchange, Response};
use crate::read::decode::{Decoded, decode};

pub(super) struct Text<'a>(Decoded<'a>);

impl<'a> Text<'a> {
    /// The body of an answer, if one came in full.
    pub(super) fn of(exchange: &'a Exchange) -> Option<Self> {
        let Exchange::Body(Response { head, body }) = exchange else { return None };
        let host = Url::parse(&head.final_url).ok().and_then(|url| url.host_str().map(str::to_owned));
        Some(Self(decode(body, head.content_type.as_deref(), host.as_deref())))
    }

    /// The encoding, and what it was found by.
    pub(super) fn encoding(&self) -> String {
        let lie = if self.0.mislabelled { "; its label says another" } else { "" };
        format!("{}, {}{lie}", self.0.encoding, self.0.by)
    }

    /// Links of a feed that are not absolute.
    pub(super) fn relative_links(&self) -> usize {
        self.0.text.matches("<link>/").count() + self.0.text.matches("<link><![CDATA[/").count()
    }

    /// The dialect of a feed, by its first mark.
    fn dialect(&self) -> &'static str {
        const MARKS: [(&str, &str); 3] = [("<rss", "RSS"), ("<feed", "Atom"), ("<rdf:rdf", "RSS 1.0 (RDF)")];
        /// The first element stands near the beginning, behind stylesheets and comments.
        const WINDOW: usize = 4096;
        let text = &*self.0.text;
        if text.trim_start().starts_with('{') {
            return "JSON Feed";
        }
        let start = text[..text.floor_char_boundary(WINDOW)].to_ascii_lowercase();
        let found = MARKS.iter().filter_map(|(mark, name)| Some((start.find(mark)?, *name))).min();
        found.map_or("a feed", |(_, name)| name)
    }
}

/// One line that says what decided the answer.
pub(super) fn because(subject: &Subject<'_>, text: Option<&Text<'_>>) -> String {
    subject.answer.describe(|document| {
        let entries = document.feed.entries.len();
        match &document.form {
            Form::Feed => format!("{}, {entries} entries", text.map_or("a feed", Text::dialect)),
            Form::ListPage => format!("{entries} entries"),
            Form::Json(rules) => format!("{entries} entries at {:?}", rules.entries.as_str()),
        }
    })
}

/// The document of an answer, if it is one.
pub(super) fn document(answer: &Answer<Box<Document>>) -> Option<&Document> {
    match answer {
        Answer::Document(document) => Some(document),
        _ => None,
    }
}
