//! Whether an entry's content changed.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::key::{digest, read_hex, write_hex};
use crate::core::entry::{Body, ParsedEntry};
use crate::core::{html, link, text};

/// Version of what is in a fingerprint.
const VERSION: u8 = 1;

/// The content of an entry in 16 bytes, the first of them the version. Fingerprints of different
/// versions say nothing about each other. Written as 32 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint([u8; 16]);

impl Fingerprint {
    /// Whether both are of one version and of different contents: the entry was changed.
    #[must_use]
    pub fn differs(&self, other: &Self) -> bool {
        self.0[0] == other.0[0] && self.0 != other.0
    }

    /// The bytes, for an index.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

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
    let hash = digest(&[title.as_bytes(), page.as_bytes(), summary.as_bytes(), content.as_bytes()]);
    let mut bytes = [0; 16];
    bytes[0] = VERSION;
    bytes[1..].copy_from_slice(&hash[..15]);
    Fingerprint(bytes)
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

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(&self.0, f)
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(&self.0, f)
    }
}

impl Serialize for Fingerprint {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Fingerprint {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        read_hex(&text).map(Self).ok_or_else(|| de::Error::custom("a fingerprint is 32 hexadecimal digits"))
    }
}
