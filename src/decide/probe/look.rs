//! What came back: a feed, a page, a wall, nothing. Owns the order in which readings are tried.

use serde::Serialize;
use url::Url;

use super::{Reader, Subject, suggest};
use crate::model::entry::ParsedFeed;
use crate::model::exchange::{Block, Exchange, Response};
use crate::read::decode::{Decoded, decode};
use crate::read::feed::{self, FeedInput};
use crate::read::json as core_json;
use crate::read::page::{self, JsonRules, ListRules, PageError};

/// Entries below this do not make a page a list: any page links to a few dated addresses.
const FEW: usize = 5;

/// What an address is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// RSS, Atom, RDF or JSON Feed.
    Feed,
    /// A page that links to feeds.
    PageWithFeeds,
    /// A page that lists entries.
    ListPage,
    /// A JSON document that lists entries.
    Json,
    /// A list page without anything that could be an entry.
    Empty,
    /// A list page that the source's selectors do not fit.
    SelectorsStopped,
    /// A page that runs a script to tell people from programs.
    Challenge,
    /// It is kept from this program.
    Blocked,
    /// Asked to wait.
    Throttled,
    /// Gone for good.
    Gone,
    /// Something else.
    NotNews,
    /// No usable answer.
    Failed,
}

/// A feed that a page links to.
#[derive(Clone, Debug, Serialize)]
pub struct FeedLink {
    /// Its address.
    pub url: String,
    /// Its title, if the page says one.
    pub title: Option<String>,
}

/// What was seen.
#[derive(Debug)]
pub(super) struct Look {
    pub(super) what: What,
    pub(super) because: String,
    pub(super) encoding: Option<String>,
    pub(super) feed: ParsedFeed,
    pub(super) feeds: Vec<FeedLink>,
    /// How to read a JSON document, where that was made out.
    pub(super) json: Option<JsonRules>,
    /// Links of a feed that were not absolute.
    pub(super) relative_links: usize,
}

impl Look {
    fn plain(what: What, because: impl Into<String>) -> Self {
        Self {
            what,
            because: because.into(),
            encoding: None,
            feed: ParsedFeed::default(),
            feeds: Vec::new(),
            json: None,
            relative_links: 0,
        }
    }

    pub(super) fn is_feed(&self) -> bool {
        self.what == What::Feed
    }
}

/// Looks at how an exchange ended.
pub(super) fn look(subject: &Subject<'_>) -> Look {
    match subject.exchange {
        Exchange::Body(response) => body(subject, response),
        Exchange::NotModified(_) => Look::plain(What::Failed, "not modified, though nothing was known of it"),
        Exchange::Gone(_) => Look::plain(What::Gone, "the publisher says that it is gone for good"),
        Exchange::Throttled(head) => {
            let wait =
                head.retry_after.as_deref().map_or(String::new(), |wait| format!(" (Retry-After: {wait})"));
            Look::plain(What::Throttled, format!("status {}: it asks to wait{wait}", head.status))
        }
        Exchange::Blocked { head, why: Block::Challenge } => {
            Look::plain(What::Challenge, format!("status {}: {}", head.status, Block::Challenge))
        }
        Exchange::Blocked { head, why } => {
            Look::plain(What::Blocked, format!("status {}: {why}", head.status))
        }
        Exchange::Status(head) => Look::plain(What::Failed, format!("status {}", head.status)),
        Exchange::Failed(fault) => Look::plain(What::Failed, fault.to_string()),
    }
}

fn body(subject: &Subject<'_>, response: &Response) -> Look {
    let head = &response.head;
    let host = Url::parse(&head.final_url).ok().and_then(|url| url.host_str().map(str::to_owned));
    let decoded = decode(&response.body, head.content_type.as_deref(), host.as_deref());
    let input = FeedInput {
        bytes: &response.body,
        url: &head.final_url,
        content_type: head.content_type.as_deref(),
        zone: subject.zone,
        fetched_at: subject.at,
    };
    let mut look = read(subject.reader, &input, &decoded.text);
    look.encoding = Some(encoding(&decoded));
    look
}

fn encoding(decoded: &Decoded<'_>) -> String {
    let lie = if decoded.mislabelled { "; its label says another" } else { "" };
    format!("{}, {}{lie}", decoded.encoding, decoded.by)
}

fn read(reader: Reader<'_>, input: &FeedInput<'_>, text: &str) -> Look {
    match reader {
        Reader::Any => any(input, text),
        Reader::Feed => match feed::read(input) {
            Ok(read) => of_feed(read, text),
            Err(error) => not_a_feed(&error, text),
        },
        Reader::Page(rules) => match page::list(input, rules) {
            Ok(list) => of_list(list.feed),
            Err(error) => of_error(&error),
        },
        Reader::Json(rules) => match page::json(input, rules) {
            Ok(read) => of_json(read, rules.clone()),
            Err(error) => of_error(&error),
        },
    }
}

/// A feed is told by its own marks, so it is tried first; then a wall, which is a page too; then JSON, which
/// is none; and last a page.
fn any(input: &FeedInput<'_>, text: &str) -> Look {
    let error = match feed::read(input) {
        Ok(read) => return of_feed(read, text),
        Err(error) => error,
    };
    if text.trim_start().starts_with(['{', '[']) {
        return json(input, text);
    }
    if page::is_challenge(text).is_some() {
        return not_a_feed(&error, text);
    }
    let feeds: Vec<FeedLink> = page::feed_links(input)
        .into_iter()
        .map(|link| FeedLink { url: link.href, title: link.title })
        .collect();
    let list = page::list(input, &ListRules::default());
    match (list, feeds.is_empty()) {
        (Ok(list), _) if list.feed.entries.len() >= FEW => Look { feeds, ..of_list(list.feed) },
        (_, false) => Look {
            what: What::PageWithFeeds,
            because: format!("{} feeds, and no list of entries", feeds.len()),
            feeds,
            ..Look::plain(What::PageWithFeeds, "")
        },
        (Ok(list), true) => {
            let n = list.feed.entries.len();
            Look::plain(
                What::NotNews,
                format!("a page with {n} links that could be entries: too few for a list"),
            )
        }
        (Err(PageError::Empty), true) => {
            Look::plain(What::NotNews, "a page without links that could be entries")
        }
        (Err(error), true) => Look::plain(What::NotNews, error.to_string()),
    }
}

fn of_feed(read: ParsedFeed, text: &str) -> Look {
    let because = format!("{}, {} entries", dialect(text), read.entries.len());
    let relative_links = text.matches("<link>/").count() + text.matches("<link><![CDATA[/").count();
    Look { feed: read, relative_links, ..Look::plain(What::Feed, because) }
}

fn of_list(read: ParsedFeed) -> Look {
    let because = format!("{} entries", read.entries.len());
    Look { feed: read, ..Look::plain(What::ListPage, because) }
}

fn of_json(read: ParsedFeed, rules: JsonRules) -> Look {
    let because = format!("{} entries at {:?}", read.entries.len(), rules.entries.as_str());
    Look { feed: read, json: Some(rules), ..Look::plain(What::Json, because) }
}

fn of_error(error: &PageError) -> Look {
    let what = match error {
        PageError::Challenge(_) => What::Challenge,
        PageError::Empty => What::Empty,
        PageError::SelectorsMatchNothing { .. } => What::SelectorsStopped,
        PageError::NotHtml(_) | PageError::LooksLikeFeed(_) | PageError::NotJson(_) | PageError::CutShort => {
            What::NotNews
        }
    };
    Look::plain(what, error.to_string())
}

fn not_a_feed(error: &feed::ReadError, text: &str) -> Look {
    match page::is_challenge(text) {
        Some(wall) => of_error(&PageError::Challenge(wall)),
        None => Look::plain(What::NotNews, error.to_string()),
    }
}

fn json(input: &FeedInput<'_>, text: &str) -> Look {
    let value = match core_json::read(text) {
        Ok(document) => document.value,
        Err(error) => return Look::plain(What::NotNews, format!("it begins as JSON does, but: {error}")),
    };
    let Some(rules) = suggest::json_rules(&value) else {
        return Look::plain(What::NotNews, "JSON, but no list in it has titles");
    };
    match page::json(input, &rules) {
        Ok(read) => of_json(read, rules),
        Err(error) => of_error(&error),
    }
}

/// The dialect of a feed, by its first mark.
fn dialect(text: &str) -> &'static str {
    const MARKS: [(&str, &str); 3] = [("<rss", "RSS"), ("<feed", "Atom"), ("<rdf:rdf", "RSS 1.0 (RDF)")];
    /// A document's first element stands near its beginning; stylesheets and comments come before.
    const WINDOW: usize = 4096;
    if text.trim_start().starts_with('{') {
        return "JSON Feed";
    }
    let start = text[..text.floor_char_boundary(WINDOW)].to_ascii_lowercase();
    let found = MARKS.iter().filter_map(|(mark, name)| Some((start.find(mark)?, *name))).min();
    found.map_or("a feed", |(_, name)| name)
}
