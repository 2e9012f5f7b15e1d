//! Detects if the content of an entry changed.

use crate::model::entry::{Body, ParsedEntry};
use crate::model::identity::Fingerprint;
use crate::read::{html, link, text};

/// The fingerprint of an entry, which an update changes. It is made from the title, the words of the summary and of
/// the content, and the page's address in canonical form.
///
/// Not from the dates, which many publishers renew at each fetch, nor authors, categories, enclosures and
/// markup, whose changes (a counter, an advertisement, a new lazy loader) are no news to a reader.
pub fn fingerprint(entry: &ParsedEntry) -> Fingerprint {
    let page = entry.page().map(link::canonical).unwrap_or_default();
    of_words(entry, &page, &words(entry.summary.as_ref()), &words(entry.content.as_ref()))
}

/// As [`fingerprint`], from the page in canonical form and the words that were read already.
pub(super) fn of_words(entry: &ParsedEntry, page: &str, summary: &str, content: &str) -> Fingerprint {
    let title = text::one_line(entry.title.as_deref().unwrap_or_default());
    Fingerprint::of(&[title.as_bytes(), page.as_bytes(), summary.as_bytes(), content.as_bytes()])
}

/// The words of a body, blanks folded.
pub fn words(body: Option<&Body>) -> String {
    match body {
        Some(Body::Text(plain)) => text::one_line(plain),
        Some(Body::Html(markup)) => text::one_line(&html::to_text(markup)),
        None => String::new(),
    }
}
