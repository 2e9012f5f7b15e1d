//! Detects if the content of an entry changed.

use crate::model::entry::{Body, ParsedEntry};
use crate::model::identity::Fingerprint;
use crate::read::{html, link, text};

/// What makes an update when it changes: the title, the words of the summary and of the content, and the
/// page's address in canonical form.
///
/// Not the dates, which many publishers renew at each fetch, nor authors, categories, enclosures and
/// markup, whose changes (a counter, an advertisement, a new lazy loader) are no news to a reader.
#[must_use]
pub fn fingerprint(entry: &ParsedEntry) -> Fingerprint {
    let page = entry.page().map(link::canonical).unwrap_or_default();
    of_words(entry, &page, &words(entry.summary.as_ref()), &words(entry.content.as_ref()))
}

/// The same of what was read of the entry already: its page in canonical form, and its words.
pub(super) fn of_words(entry: &ParsedEntry, page: &str, summary: &str, content: &str) -> Fingerprint {
    let title = text::one_line(entry.title.as_deref().unwrap_or_default());
    Fingerprint::of(&[title.as_bytes(), page.as_bytes(), summary.as_bytes(), content.as_bytes()])
}

/// The words of a body, blanks folded.
#[must_use]
pub fn words(body: Option<&Body>) -> String {
    match body {
        Some(Body::Text(plain)) => text::one_line(plain),
        Some(Body::Html(markup)) => text::one_line(&html::to_text(markup)),
        None => String::new(),
    }
}
