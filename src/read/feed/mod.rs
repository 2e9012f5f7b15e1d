//! Bytes of a feed to a [`ParsedFeed`]: decoding, dialects, repair, feed-rs. The only place that names
//! `feed_rs`.
//!
//! bytes ─decode─▶ text ─▶ builders ─`finish`─▶ [`ParsedFeed`]
//!
//! Builders come from feed-rs (`model`) if the document is plain RSS 2.0 or Atom 1.0, else from `xml` or `json`. A feed that
//! breaks for one poll and is mended at the next must read the same both times, so `plain` lets through only what both
//! readers take in the same way, and a test holds them to it. Must not sanitise bodies, and must not make up ids or dates.

mod attributes;
mod builder;
mod entities;
mod fields;
mod finish;
mod json;
mod markup;
mod model;
mod mojibake;
mod names;
mod people;
mod person;
mod plain;
mod repair;
mod syndication;
#[cfg(test)]
mod tests;
mod token;
mod xml;

use std::borrow::Cow;

use chrono_tz::Tz;
use url::Url;

use self::repair::{Repair, Repairs};
use crate::model::entry::ParsedFeed;
use crate::model::time::Time;
use crate::read::date::DateContext;
use crate::read::decode::decode;
use crate::read::json::without_marks;

/// Entries read of one feed. The largest seen hold some ten thousand; past this the rest is left out and
/// [`ParsedFeed::repairs`] says so.
pub const MAX_ENTRIES: usize = 100_000;

/// What a fetch hands to the reader.
#[derive(Clone, Copy, Debug)]
pub struct FeedInput<'a> {
    pub bytes: &'a [u8],
    /// The address it came from, after redirects; relative links resolve against it.
    pub url: &'a str,
    pub content_type: Option<&'a str>,
    /// The time zone of dates that name none.
    pub zone: Tz,
    /// When it was fetched: the bound of every date, and the year of dates without one.
    pub fetched_at: Time,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    #[error("not a feed: {0}")]
    NotAFeed(String),
    /// It ends before it says what it is: a connection that broke, or a server that ran out of something.
    #[error("the document ends before its first entry")]
    CutShort,
}

/// What dialects need to know of where a document came from.
#[derive(Debug)]
struct Context {
    url: Option<Url>,
    dates: DateContext,
}

/// Reads a feed.
pub fn read(input: &FeedInput<'_>) -> Result<ParsedFeed, ReadError> {
    let mut repairs = Repairs::default();
    let context = Context {
        url: Url::parse(input.url).ok(),
        dates: DateContext { zone: input.zone, seen: input.fetched_at, near: None },
    };
    let host = context.url.as_ref().and_then(Url::host_str);
    let decoded = decode(input.bytes, input.content_type, host);
    if decoded.lossy {
        repairs.note(Repair::BadBytes);
    }
    if decoded.mislabelled {
        repairs.note(Repair::LyingLabel);
    }
    let text = legal(&decoded.text, &mut repairs);
    let read = match without_marks(&text).starts_with('{') {
        true => json::read(&text, &context, repairs)?,
        false => match model::read(&text, &context, repairs) {
            Some(read) => read,
            None => xml::read(&text, &context, repairs).or_else(|no_xml| {
                let Some(at) = buried_json(&text) else { return Err(no_xml) };
                repairs.note(Repair::Junk);
                json::read(&text[at..], &context, repairs)
            })?,
        },
    };
    let mut feed = finish::feed(read.head, read.entries);
    feed.repairs = read.repairs.notes();
    Ok(feed)
}

/// Where a JSON Feed begins behind something else: a script's complaint, or the name of a callback. Its `version` tells
/// it from an object in the scripts of a page.
fn buried_json(text: &str) -> Option<usize> {
    /// Publishers write `version` first; a title may stand before it.
    const HEAD: usize = 512;
    let version = text.find("jsonfeed.org/version")?;
    let head = &text[text.floor_char_boundary(version.saturating_sub(HEAD))..version];
    Some(version - head.len() + head.find('{')?)
}

/// The text without characters that XML 1.0 forbids: they would reach titles and from there our own feeds.
fn legal<'a>(text: &'a str, repairs: &mut Repairs) -> Cow<'a, str> {
    if !needs_mending(text.as_bytes()) {
        return Cow::Borrowed(text);
    }
    let legal = crate::read::text::xml_legal(text);
    if legal.len() != text.len() {
        repairs.note(Repair::ControlCharacters);
    }
    match mojibake::without_c1(&legal) {
        Cow::Borrowed(_) => legal,
        Cow::Owned(mended) => {
            repairs.note(Repair::ControlCharacters);
            Cow::Owned(mended)
        }
    }
}

/// Whether UTF-8 may hold anything that [`legal`] would change: a control, a C1 control (C2 80 to C2 9F),
/// U+FFFE or U+FFFF (EF BF BE, EF BF BF) or one of their neighbours. One pass over every byte of every feed, so
/// it looks at bytes, and at all of them without a branch: compilers make that sixteen at a time.
fn needs_mending(bytes: &[u8]) -> bool {
    let control = |b: u8| (b < 0x20) & (b != b'\t') & (b != b'\n') & (b != b'\r');
    let pairs = bytes.iter().zip(bytes.iter().skip(1));
    let found = pairs.fold(0_u8, |found, (&b, &next)| {
        let sequence = ((b == 0xc2) & (next < 0xa0)) | ((b == 0xef) & (next == 0xbf));
        found | u8::from(control(b) | sequence)
    });
    found != 0 || bytes.last().is_some_and(|b| control(*b))
}
