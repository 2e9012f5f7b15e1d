//! A document that was read, and its form.

use serde::Serialize;

use crate::model::entry::ParsedFeed;
use crate::read::page::JsonRules;

/// A feed that a page links to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FeedLink {
    pub url: String,
    pub title: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    /// RSS, Atom, RDF or JSON Feed.
    Feed,
    ListPage,
    /// A JSON document of any shape, read by these rules.
    Json(Box<JsonRules>),
}

impl Form {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Feed => "feed",
            Self::ListPage => "list-page",
            Self::Json(_) => "json",
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    pub form: Form,
    pub feed: ParsedFeed,
    /// The following page of a list.
    pub next: Option<String>,
    /// Feeds that the page links to. Only looked for if any document is expected.
    pub feeds: Vec<FeedLink>,
    /// As in [`PollState::body_hash`](crate::model::poll_state::PollState::body_hash).
    pub body_hash: String,
    /// [`closing`](super::closing) of its body.
    pub closing: String,
    /// False if it breaks off and its rest may hold entries.
    pub whole: bool,
    /// True if it breaks off, whole or not.
    pub broken: bool,
}
