//! Reads a body when any document is expected: owns the order in which the readers are tried.

use url::Url;

use super::form::{Document, FeedLink, Form};
use super::{Answer, json};
use crate::model::entry::ParsedFeed;
use crate::read::decode::decode;
use crate::read::feed::{self, FeedInput};
use crate::read::json as json_text;
use crate::read::page::{self, ListRules, PageError};

/// Entries below this do not make a page a list: any page links to a few dated addresses.
const FEW: usize = 5;

type Read = (Form, ParsedFeed, Option<String>, Vec<FeedLink>);

/// A feed has marks of its own, so it is tried first; then a challenge, which is a page too; then JSON, which is no
/// page; and a page last.
pub(super) fn read(input: &FeedInput<'_>) -> Result<Read, Answer<Box<Document>>> {
    if let Ok(feed) = feed::read(input) {
        return Ok((Form::Feed, feed, None, Vec::new()));
    }
    let host = Url::parse(input.url).ok().and_then(|url| url.host_str().map(str::to_owned));
    let decoded = decode(input.bytes, input.content_type, host.as_deref());
    let text = &*decoded.text;
    if text.trim_start().starts_with(['{', '[']) {
        return read_json(input, text);
    }
    if let Some(wall) = page::is_challenge(text) {
        return Err(Answer::of_page(&PageError::Challenge(wall)));
    }
    read_page(input)
}

fn read_page(input: &FeedInput<'_>) -> Result<Read, Answer<Box<Document>>> {
    let links = page::feed_links(input).into_iter();
    let feeds: Vec<FeedLink> = links.map(|link| FeedLink { url: link.href, title: link.title }).collect();
    let not_a_feed = |why: String| Err(Answer::NotAFeed(why));
    match page::list(input, &ListRules::default()) {
        Ok(list) if list.feed.entries.len() >= FEW => Ok((Form::ListPage, list.feed, list.next, feeds)),
        _ if !feeds.is_empty() => Err(Answer::PageWithFeeds(feeds)),
        Ok(list) => {
            let n = list.feed.entries.len();
            not_a_feed(format!("a page with {n} links that could be entries: too few for a list"))
        }
        Err(PageError::Empty) => not_a_feed("a page without links that could be entries".to_owned()),
        Err(error) => not_a_feed(error.to_string()),
    }
}

fn read_json(input: &FeedInput<'_>, text: &str) -> Result<Read, Answer<Box<Document>>> {
    let value = match json_text::read(text) {
        Ok(document) => document.value,
        Err(error) => return Err(Answer::NotAFeed(format!("it begins as JSON does, but: {error}"))),
    };
    let Some(rules) = json::rules(&value) else {
        return Err(Answer::NotAFeed("JSON, but no list in it has titles".to_owned()));
    };
    match page::json(input, &rules) {
        Ok(feed) => Ok((Form::Json(Box::new(rules)), feed, None, Vec::new())),
        Err(error) => Err(Answer::of_page(&error)),
    }
}
