//! Entries as one parse of a source gives them ([`ParsedEntry`]), and the parts that the parsed and the stored form
//! share.

use serde::{Deserialize, Serialize};

use crate::model::skip::Skip;
use crate::model::time::Stamp;

/// The number of a stored entry: dense, in the order of the journal.
pub type EntryNo = u64;

/// A link of an entry or a feed (RFC 4287 section 4.2.7), its `href` absolute.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Link {
    /// Absolute IRI.
    pub href: String,
    /// The relation; `alternate` when the publisher named none.
    pub rel: String,
    /// Media type, if said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// Title, plain text, if said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Length in octets, if said (enclosures).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length: Option<u64>,
}

/// A person or outlet (RFC 4287 section 3.2).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Person {
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Home page, absolute, if said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
}

/// A category (RFC 4287 section 4.2.2).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Category {
    pub term: String,
    /// The scheme's IRI, if said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheme: Option<String>,
    /// A label for people, if said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
}

/// A text of an entry's body, and what it is written in.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "type", content = "value", rename_all = "lowercase")]
pub enum Body {
    /// Plain text: no markup, no entity references.
    Text(String),
    /// HTML. As parsed it is the publisher's; once in an observation it has been sanitised.
    Html(String),
}

impl Body {
    pub fn as_str(&self) -> &str {
        match self {
            Self::Text(s) | Self::Html(s) => s,
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ending {
    /// As it should.
    #[default]
    Whole,
    /// Before its end. What it would have said may be missing.
    Early,
    /// Within its last entry, of which something may be missing too.
    InEntry,
}

/// The result of one parse of a feed or page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParsedFeed {
    pub id: Option<String>,
    pub title: Option<String>,
    pub subtitle: Option<String>,
    /// Its links (home page, self, hub), absolute.
    pub links: Vec<Link>,
    pub rights: Option<String>,
    /// Its language (BCP 47), if said.
    pub language: Option<String>,
    /// Update interval in minutes, if given: RSS `ttl` or `sy:updatePeriod`, the longer.
    pub ttl_minutes: Option<u32>,
    /// Hours and days without polls: RSS `skipHours` and `skipDays`.
    #[serde(default, skip_serializing_if = "Skip::is_none")]
    pub skip: Skip,
    pub entries: Vec<ParsedEntry>,
    /// Repairs that the octets needed before they could be read; empty for a well-made feed.
    pub repairs: Vec<String>,
    #[serde(skip)]
    pub ending: Ending,
    /// True if it asks robots not to follow its links.
    #[serde(skip)]
    pub nofollow: bool,
}

/// One entry as a publisher gave it: texts are XML-legal, links absolute, dates read, nothing decided.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParsedEntry {
    /// The id or guid as given, trimmed; never one that a parser made up.
    pub id: Option<String>,
    /// Title, plain text on one line.
    pub title: Option<String>,
    /// Links, absolute; the first `alternate` is the entry's page. Enclosures have `rel="enclosure"`.
    pub links: Vec<Link>,
    pub published: Option<Stamp>,
    /// Date of the last change, if given.
    pub updated: Option<Stamp>,
    pub authors: Vec<Person>,
    pub contributors: Vec<Person>,
    pub categories: Vec<Category>,
    pub summary: Option<Body>,
    /// The full text, where the feed carries one.
    pub content: Option<Body>,
    /// A rights notice of its own, plain text.
    pub rights: Option<String>,
    /// Language of its own (BCP 47).
    pub language: Option<String>,
    /// The absolute IRI that relative references in its bodies resolve against, where the publisher set
    /// one with `xml:base`; otherwise the feed's address does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
}

impl ParsedEntry {
    /// The address of the entry's page: the first `alternate` link.
    pub fn page(&self) -> Option<&str> {
        self.links.iter().find(|l| l.rel == "alternate").map(|l| l.href.as_str())
    }
}
