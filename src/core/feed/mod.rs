//! Bytes of a feed to a [`ParsedFeed`]: decoding, dialects, repair, feed-rs. The only place that names
//! `feed_rs`.

use chrono_tz::Tz;

use super::entry::ParsedFeed;
use super::time::Time;

/// What a fetch hands to the reader.
#[derive(Clone, Copy, Debug)]
pub struct FeedInput<'a> {
    /// The body, decompressed.
    pub bytes: &'a [u8],
    /// The address it came from, after redirects; relative links resolve against it.
    pub url: &'a str,
    /// The Content-Type header's value, if any.
    pub content_type: Option<&'a str>,
    /// The time zone of dates that name none.
    pub zone: Tz,
    /// When it was fetched: the bound of every date, and the year of dates without one.
    pub fetched_at: Time,
}

/// Why bytes are not a feed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// Nothing in it looks like RSS, Atom, RDF or JSON Feed.
    #[error("not a feed: {0}")]
    NotAFeed(String),
    /// The parser gave up on it by panicking; the input is kept from doing more harm than that.
    #[error("the parser panicked on it: {0}")]
    Panicked(String),
}

/// Reads a feed.
///
/// # Errors
/// [`ReadError`] when the bytes are no feed.
pub fn read(_input: &FeedInput<'_>) -> Result<ParsedFeed, ReadError> {
    Err(ReadError::NotAFeed("not read yet".to_owned()))
}
