//! Reads a body as the document that the source expects, bounds it, and decides which entries of a body that breaks
//! off count. Follows no link to a next page and compares nothing with the store.

use chrono_tz::Tz;
use sha2::{Digest, Sha256};

use super::form::{Document, Form};
use super::{Answer, any};
use crate::decide::robots::{AGENT, page_directives};
use crate::model::entry::{Ending, ParsedFeed};
use crate::model::exchange::{FetchFault, Response};
use crate::model::hash::hex16;
use crate::model::poll_state::PollState;
use crate::model::time::Time;
use crate::read::bound;
use crate::read::decode::decode;
use crate::read::feed::{self, FeedInput, ReadError};
use crate::read::page::{self, JsonRules, ListRules, PageError};

/// The document that a source or an operator expects.
#[derive(Clone, Debug)]
pub enum Expected {
    /// Nobody said: it is read as whatever it is.
    Any,
    Feed,
    Page(Box<ListRules>),
    Json(Box<JsonRules>),
}

/// State of the source that says if a body is new and whole.
#[derive(Clone, Debug, Default)]
pub struct EarlierBody {
    /// As in [`PollState::body_hash`].
    pub body_hash: Option<String>,
    /// As in [`PollState::cut_hash`].
    pub cut_hash: Option<String>,
    /// As in [`PollState::grows_at_end`].
    pub grows_at_end: Option<bool>,
}

impl EarlierBody {
    pub fn of(state: &PollState) -> Self {
        let PollState { body_hash, cut_hash, grows_at_end, .. } = state;
        Self { body_hash: body_hash.clone(), cut_hash: cut_hash.clone(), grows_at_end: *grows_at_end }
    }
}

#[derive(Clone, Debug)]
pub struct BodyReader {
    pub expected: Expected,
    /// The zone of dates that name none.
    pub zone: Tz,
    /// Time at which the answer was complete.
    pub at: Time,
    /// The most entries taken of one document.
    pub max_entries: usize,
    pub known: EarlierBody,
}

/// Hash of the last octets of a body. Two bodies that break off and end with the same octets were not cut, or their
/// publisher always cuts there. What comes before may differ (the time, a count of visits), so the hash is not of
/// the whole body. 256 octets hold most of an entry of a list, so two bodies that were cut anywhere do not end alike.
pub fn closing(body: &[u8]) -> String {
    const END: usize = 256;
    hex16(&Sha256::digest(&body[body.len().saturating_sub(END)..]))
}

impl BodyReader {
    /// A response as readers of octets want it.
    pub fn input<'a>(&self, response: &'a Response) -> FeedInput<'a> {
        FeedInput {
            bytes: &response.body,
            url: &response.head.final_url,
            content_type: response.head.content_type.as_deref(),
            zone: self.zone,
            fetched_at: self.at,
        }
    }

    /// The meaning of a body. One that is not complete ended before its announced length.
    pub(super) fn read(&self, response: &Response, is_complete: bool) -> Answer<Box<Document>> {
        let body_hash = hex16(&Sha256::digest(&response.body));
        if self.known.body_hash.as_ref() == Some(&body_hash) {
            return Answer::SameBytes;
        }
        let closing = closing(&response.body);
        let cut_short = |why: String| Answer::CutShort { why, closing: closing.clone() };
        let incomplete = || cut_short(FetchFault::Truncated { came: None }.to_string());
        // A body that ended so before is all there is.
        let came_before = self.known.cut_hash.as_ref() == Some(&closing);
        let mut document = match self.document(response, came_before) {
            Ok(document) => document,
            Err(_) if !is_complete => return incomplete(),
            Err(answer) => return answer,
        };
        let ends_well = document.feed.ending == Ending::Whole;
        if !(is_complete || came_before && ends_well) {
            return incomplete();
        }
        document.whole = came_before || ends_well;
        document.broken = !is_complete || !ends_well;
        // Only a source is polled again, and then gets the cut entry in full.
        let is_of_a_source = !matches!(self.expected, Expected::Any);
        if is_of_a_source && !document.whole && !drop_cut_entry(&mut document.feed) {
            return cut_short(ReadError::CutShort.to_string());
        }
        document.body_hash = body_hash;
        Answer::Document(Box::new(document))
    }

    /// Reads a body into a document, wherever it ends, or says what it is instead. A body that `came_before` was not
    /// cut. The hash of the whole body is left out: a further page of a list needs none.
    pub fn document(
        &self,
        response: &Response,
        came_before: bool,
    ) -> Result<Document, Answer<Box<Document>>> {
        let input = self.input(response);
        let closing = closing(input.bytes);
        let (form, mut feed, next, feeds) = match &self.expected {
            Expected::Any => any::read(&input)?,
            Expected::Feed => {
                let feed = feed::read(&input).map_err(|why| no_feed(&input, &why, closing.clone()))?;
                (Form::Feed, feed, None, Vec::new())
            }
            Expected::Page(rules) => {
                let breaks_off = !came_before && page::breaks_off(input.bytes);
                let list =
                    page::list(&input, rules).map_err(|why| no_list(&why, breaks_off, closing.clone()))?;
                (Form::ListPage, list.feed, list.next, Vec::new())
            }
            Expected::Json(rules) => {
                let feed = page::json(&input, rules).map_err(|why| no_list(&why, false, closing.clone()))?;
                (Form::Json(rules.clone()), feed, None, Vec::new())
            }
        };
        let header = response.head.x_robots_tag.as_deref();
        feed.nofollow |= page_directives(header, AGENT).nofollow;
        if bound::newest(&mut feed.entries, self.max_entries, self.known.grows_at_end) {
            feed.repairs.push(format!("only the newest {} entries were taken", feed.entries.len()));
        }
        if bound::feed(&mut feed) {
            feed.repairs.push("texts that are too long were cut".to_owned());
        }
        let broken = feed.ending != Ending::Whole;
        Ok(Document { form, feed, next, feeds, body_hash: String::new(), closing, whole: !broken, broken })
    }
}

/// Drops the entry in whose middle the document was cut: the next poll has it in full. False if none is left.
fn drop_cut_entry(feed: &mut ParsedFeed) -> bool {
    if feed.ending == Ending::InEntry {
        feed.entries.pop();
    }
    !feed.entries.is_empty()
}

/// The answer that came instead of a feed.
fn no_feed(input: &FeedInput<'_>, error: &ReadError, closing: String) -> Answer<Box<Document>> {
    match page::is_challenge(&decode(input.bytes, input.content_type, None).text) {
        Some(wall) => Answer::Blocked(format!("a wall stands before the feed: {wall}")),
        None if *error == ReadError::CutShort => Answer::CutShort { why: error.to_string(), closing },
        None => Answer::NotAFeed(error.to_string()),
    }
}

/// The answer that came instead of a list. What is missing on a page that breaks off may stand in its rest.
fn no_list(error: &PageError, breaks_off: bool, closing: String) -> Answer<Box<Document>> {
    let why = error.to_string();
    match error {
        PageError::CutShort => Answer::CutShort { why, closing },
        PageError::Challenge(_) => Answer::Blocked(why),
        _ if breaks_off => {
            let why = format!("it breaks off, and as far as it goes: {why}");
            Answer::CutShort { why, closing }
        }
        _ => Answer::of_page(error),
    }
}
