//! The meaning of a publisher's answer: one enum for the poll, for `dibao check --online` and for `dibao probe`.
//! Derives it from an exchange, names it, describes it to people, and turns it into the outcome that the journal
//! keeps. Fetches nothing and knows no stored entry.

mod any;
mod body;
mod form;
mod json;

use serde::{Serialize, Serializer};

use crate::model::exchange::{Exchange, FetchFault};
use crate::model::outcome::Outcome;
use crate::read::page::PageError;
pub use body::{BodyReader, EarlierBody, Expected, closing};
pub use form::{Document, FeedLink, Form};

/// The meaning of an answer. `D` is the knowledge of a document that was read: the [`Document`] itself, the result of
/// comparing it with the store, or only its [`Form`].
#[derive(Clone, Debug, PartialEq)]
pub enum Answer<D> {
    /// A document with entries, or a feed without any.
    Document(D),
    /// 200 with the octets of the last poll.
    SameBytes,
    /// 304.
    NotModified,
    /// 410 from the configured address itself.
    Gone,
    /// 429, 503 with Retry-After, or a redirect with it. `retry_after` is the header as sent.
    Throttled {
        status: u16,
        retry_after: Option<String>,
    },
    /// Not asked: the host asked another source to wait.
    Held(String),
    /// 401, 403, 412, 451, robots.txt, or a page that runs a script to tell people from programs.
    Blocked(String),
    /// A page that lists no entries and links to feeds. Only looked for if any document is expected.
    PageWithFeeds(Vec<FeedLink>),
    /// A list page on which nothing could be an entry.
    Emptied(String),
    /// A list page that the source's selectors no longer fit.
    SelectorsStopped(String),
    NotAFeed(String),
    /// A body that breaks off before anything of it can be taken. `closing` is the hash of its end: when the next
    /// body ends so too, it was not cut.
    CutShort {
        why: String,
        closing: String,
    },
    Failed(String),
}

/// True if the configured address itself says that it is gone. The target of a redirect, of today or remembered,
/// may go while the source stays.
pub fn is_gone(exchange: &Exchange, asked: &str, configured: &str) -> bool {
    matches!(exchange, Exchange::Gone(head) if asked == configured && head.hops.is_empty())
}

/// The meaning of an exchange with the address `asked`, for a source of the address `configured`.
pub fn of(exchange: &Exchange, asked: &str, configured: &str, reader: &BodyReader) -> Answer<Box<Document>> {
    match exchange {
        Exchange::Body(response) => reader.read(response, true),
        // A body that ended before its announced length is incomplete (RFC 9112 section 8) until it came twice, and
        // its document ends as one should. Only a feed shows that.
        Exchange::Failed(FetchFault::Truncated { came: Some(part) })
            if matches!(reader.expected, Expected::Feed) =>
        {
            reader.read(part, false)
        }
        other => Answer::without_body(other, asked, configured),
    }
}

/// True if an exchange brought octets, so that its meaning takes time to work out.
pub fn has_body(exchange: &Exchange) -> bool {
    matches!(exchange, Exchange::Body(_) | Exchange::Failed(FetchFault::Truncated { came: Some(_) }))
}

impl<D> Answer<D> {
    /// The meaning of an exchange whose body is not read, as far as the exchange alone shows it.
    pub fn without_body(exchange: &Exchange, asked: &str, configured: &str) -> Self {
        match exchange {
            Exchange::Body(_) => Self::NotAFeed("it was not read".to_owned()),
            Exchange::NotModified(_) => Self::NotModified,
            Exchange::Gone(_) if is_gone(exchange, asked, configured) => Self::Gone,
            Exchange::Gone(_) => Self::Failed("the address it leads to is gone (status 410)".to_owned()),
            Exchange::Throttled(head) => {
                Self::Throttled { status: head.status, retry_after: head.retry_after.clone() }
            }
            Exchange::Blocked { head, why } => Self::Blocked(format!("status {}: {why}", head.status)),
            Exchange::Status(head) => Self::Failed(format!("status {}", head.status)),
            Exchange::Failed(fault @ FetchFault::Held { .. }) => Self::Held(fault.to_string()),
            Exchange::Failed(fault @ FetchFault::Robots { .. }) => Self::Blocked(fault.to_string()),
            Exchange::Failed(fault) => Self::Failed(fault.to_string()),
        }
    }

    /// The answer when reading a page or JSON document fails and the body is not cut.
    fn of_page(error: &PageError) -> Self {
        let why = error.to_string();
        match error {
            PageError::Challenge(_) => Self::Blocked(why),
            PageError::Empty => Self::Emptied(why),
            PageError::SelectorsMatchNothing { .. } => Self::SelectorsStopped(why),
            PageError::NotHtml(_)
            | PageError::LooksLikeFeed(_)
            | PageError::NotJson(_)
            | PageError::CutShort => Self::NotAFeed(why),
        }
    }

    /// The same answer with something else known of its document.
    pub fn map<E>(self, change: impl FnOnce(D) -> E) -> Answer<E> {
        match self {
            Self::Document(document) => Answer::Document(change(document)),
            Self::SameBytes => Answer::SameBytes,
            Self::NotModified => Answer::NotModified,
            Self::Gone => Answer::Gone,
            Self::Throttled { status, retry_after } => Answer::Throttled { status, retry_after },
            Self::Held(why) => Answer::Held(why),
            Self::Blocked(why) => Answer::Blocked(why),
            Self::PageWithFeeds(feeds) => Answer::PageWithFeeds(feeds),
            Self::Emptied(why) => Answer::Emptied(why),
            Self::SelectorsStopped(why) => Answer::SelectorsStopped(why),
            Self::NotAFeed(why) => Answer::NotAFeed(why),
            Self::CutShort { why, closing } => Answer::CutShort { why, closing },
            Self::Failed(why) => Answer::Failed(why),
        }
    }

    /// One line for people: the cause, and what to do. `document` describes a document that was read.
    pub fn describe(&self, document: impl FnOnce(&D) -> String) -> String {
        match self {
            Self::Document(read) => document(read),
            Self::SameBytes => "the same octets as at the last poll".to_owned(),
            Self::NotModified => "not modified since the last poll".to_owned(),
            Self::Gone => "the publisher says that it is gone for good".to_owned(),
            Self::Throttled { status, retry_after } => {
                let said =
                    retry_after.as_ref().map_or(String::new(), |said| format!(" (Retry-After: {said})"));
                format!("status {status}, asked to wait{said}")
            }
            Self::PageWithFeeds(feeds) => format!("{} feeds, and no list of entries", feeds.len()),
            Self::Held(why)
            | Self::Blocked(why)
            | Self::Emptied(why)
            | Self::SelectorsStopped(why)
            | Self::NotAFeed(why)
            | Self::CutShort { why, .. }
            | Self::Failed(why) => why.clone(),
        }
    }

    /// The outcome that the journal keeps. `fetched` makes that of a document.
    pub fn outcome(&self, fetched: impl FnOnce(&D) -> Outcome) -> Outcome {
        match self {
            Self::Document(read) => fetched(read),
            Self::SameBytes => Outcome::Unchanged,
            Self::NotModified => Outcome::NotModified,
            Self::Gone => Outcome::Gone,
            Self::Throttled { status, .. } => Outcome::Throttled { status: *status },
            Self::Held(why) => Outcome::Held { why: why.clone() },
            Self::Blocked(why) => Outcome::Blocked { why: why.clone() },
            Self::Emptied(why) => Outcome::Emptied { why: why.clone() },
            Self::SelectorsStopped(why) => Outcome::SelectorsStopped { why: why.clone() },
            Self::NotAFeed(why) => Outcome::NotAFeed { why: why.clone() },
            Self::PageWithFeeds(_) => Outcome::NotAFeed { why: self.describe(|_| String::new()) },
            Self::CutShort { why, .. } | Self::Failed(why) => Outcome::Failed { why: why.clone() },
        }
    }
}

impl Answer<Box<Document>> {
    /// The same answer with no more of its document than its form.
    pub fn form(&self) -> Answer<Form> {
        match self {
            Self::Document(document) => Answer::Document(document.form.clone()),
            other => other.clone().map(|document| document.form),
        }
    }
}

impl Answer<Form> {
    /// One word for it: the form of a document, else as in [`Outcome::name`].
    pub fn name(&self) -> &'static str {
        match self {
            Self::Document(form) => form.name(),
            Self::PageWithFeeds(_) => "page-with-feeds",
            other => other.outcome(|_| Outcome::NotModified).name(),
        }
    }
}

impl Serialize for Answer<Form> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.name())
    }
}
