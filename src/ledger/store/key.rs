//! The layout of keys. The first octet says what a key is; numbers are big-endian, so that the order of
//! octets is the order of values.
//!
//! | octet | then | value |
//! |---|---|---|
//! | 1 | | the record about the whole |
//! | 2 | source id | a source |
//! | 3 | entry number (5) | an entry |
//! | 4 | any key, part number (2) | a further part of that key's value |
//! | 5 | source id, 0, place among its runs (2) | a run of identity keys with entry numbers, see `KnownKeys` |
//! | 6 | hash of a published id (14) | entry number |
//! | 7 | feed | a feed |
//! | 8 | feed, surfaced (6), published (6), entry number (5) | what a list says of an entry, see `Listing` |
//! | 9 | feed, surfaced (6), published (6), entry number (5) | the same, of an entry of a first poll |
//! | 10 | feed, first seen (6), line (6) | numbers of the entries of a first poll |
//! | 11 | founder's number (5), entry number (5) | a member of that story |
//! | 12 | feed, when (6), entry number (5) | published id of an entry that was withdrawn then |
//! | 13 | | where the journal stands |
//!
//! A feed is `a` (all), `n` (national), `r` and a region's id, or `s` and a source's, then a 0.
//!
//! Few rows an entry: sled keeps sixteen in a page, and writes the page anew after ten changes of it.
//! Keys of one source, feed or day stand together, so that the rows of one poll are on few pages.

use chrono::DateTime;
use smallvec::SmallVec;

use super::{StoreError, value};
use crate::model::entry_key::EntryKey;
use crate::model::feed_key::FeedKey;
use crate::model::region::RegionId;
use crate::model::source::SourceId;
use crate::model::state::{BacklogKey, ListingKey, Rank};
use crate::model::stored::EntryNo;
use crate::model::time::Time;

pub(super) const META: u8 = 1;
pub(super) const SOURCE: u8 = 2;
pub(super) const ENTRY: u8 = 3;
pub(super) const PART: u8 = 4;
pub(super) const KNOWN: u8 = 5;
pub(super) const OWNER: u8 = 6;
pub(super) const FEED: u8 = 7;
pub(super) const LISTED: u8 = 8;
pub(super) const BACKLOG: u8 = 9;
pub(super) const SEEN: u8 = 10;
pub(super) const MEMBER: u8 = 11;
pub(super) const WITHDRAWN: u8 = 12;
pub(super) const POSITION: u8 = 13;

/// Before every key, and behind every key.
pub(super) const ALL: ([u8; 1], [u8; 1]) = ([0], [0xff]);

/// A key on the stack: the id of a source is at most 64 octets long.
pub(super) type Key = SmallVec<[u8; 96]>;

/// From a first key to the first behind the last.
pub(super) type Range = (Key, Key);

/// Octets of a number. More entries than it can say would need some hundred terabytes.
const NUMBER: usize = 5;
/// Octets of a time: milliseconds, from 2,490 years before our era to 6429. What is beyond stands at the end.
const TIME: usize = 6;
const LINE: usize = 6;
/// Octets of a place after its feed.
pub(super) const RANK: usize = 2 * TIME + NUMBER;
/// Added to milliseconds since 1970, so that times before 1970 sort first.
const SHIFT: i64 = 1 << (8 * TIME - 1);

pub(super) fn meta() -> Key {
    tagged(META, &[])
}

pub(super) fn position() -> Key {
    tagged(POSITION, &[])
}

pub(super) fn source(id: &SourceId) -> Key {
    tagged(SOURCE, id.as_str().as_bytes())
}

pub(super) fn source_id(key: &[u8]) -> Result<SourceId, StoreError> {
    let text = key.get(1..).and_then(|rest| std::str::from_utf8(rest).ok());
    text.map(SourceId::new).ok_or_else(|| value::damaged(key, "it is not the id of a source"))
}

pub(super) fn sources() -> Range {
    (tagged(SOURCE, &[]), tagged(SOURCE + 1, &[]))
}

pub(super) fn entry(no: EntryNo) -> Key {
    let mut key = tagged(ENTRY, &[]);
    push_number(&mut key, no);
    key
}

pub(super) fn entry_no(key: &[u8]) -> Result<EntryNo, StoreError> {
    let no = key.get(1..).filter(|rest| rest.len() == NUMBER).map(big);
    no.ok_or_else(|| value::damaged(key, "it is no entry's key"))
}

pub(super) fn entries_from(first: EntryNo) -> Range {
    (entry(first), tagged(ENTRY + 1, &[]))
}

pub(super) fn part(of: &[u8], n: u16) -> Key {
    let mut key = tagged(PART, of);
    key.extend_from_slice(&n.to_be_bytes());
    key
}

/// The key whose value a part belongs to, and which part it is.
pub(super) fn part_of(key: &[u8]) -> Result<(&[u8], u16), StoreError> {
    let parts = key.get(1..).and_then(|rest| rest.split_last_chunk::<2>());
    let parts = parts.map(|(of, n)| (of, u16::from_be_bytes(*n)));
    parts.ok_or_else(|| value::damaged(key, "it is no part's key"))
}

/// A run of a source's identity keys; the one at place 0 is the oldest.
pub(super) fn known(source: &SourceId, place: u16) -> Key {
    let mut key = tagged(KNOWN, source.as_str().as_bytes());
    key.push(0);
    key.extend(place.to_be_bytes());
    key
}

pub(super) fn known_runs(source: &SourceId) -> Range {
    let mut behind = tagged(KNOWN, source.as_str().as_bytes());
    behind.push(1);
    (known(source, 0), behind)
}

/// The source of a run of identity keys, and its place.
pub(super) fn known_key(key: &[u8]) -> Result<(SourceId, u16), StoreError> {
    let parts = key.get(1..).and_then(|rest| rest.split_last_chunk::<2>());
    let parts = parts.and_then(|(id, place)| {
        let id = std::str::from_utf8(id.strip_suffix(&[0])?).ok()?;
        Some((SourceId::new(id), u16::from_be_bytes(*place)))
    });
    parts.ok_or_else(|| value::damaged(key, "it names no source"))
}

/// By the directory of the id, then by the whole of it: the ids of one poll mostly share theirs.
pub(super) fn owner(published_id: &str) -> Key {
    published(EntryKey::of(published_id))
}

/// The key of the row of a published id by its hash.
pub(super) fn published(id: EntryKey) -> Key {
    tagged(OWNER, id.octets())
}

pub(super) fn feed(feed: &FeedKey) -> Key {
    of_feed(FEED, feed)
}

pub(super) fn feeds() -> Range {
    (tagged(FEED, &[]), tagged(FEED + 1, &[]))
}

pub(super) fn feed_key(key: &[u8]) -> Result<FeedKey, StoreError> {
    feed_before(key, 0)
}

/// The feed of a key that has so many octets behind it.
fn feed_before(key: &[u8], behind: usize) -> Result<FeedKey, StoreError> {
    let end = key.len().checked_sub(behind);
    let text = end.and_then(|end| std::str::from_utf8(key.get(1..end)?.strip_suffix(&[0])?).ok());
    let feed = text.and_then(|text| match text.split_at_checked(1)? {
        ("a", "") => Some(FeedKey::All),
        ("n", "") => Some(FeedKey::National),
        ("r", id) => Some(FeedKey::Region(RegionId::new(id))),
        ("s", id) => Some(FeedKey::Source(SourceId::new(id))),
        _ => None,
    });
    feed.ok_or_else(|| value::damaged(key, "it names no feed"))
}

pub(super) fn place(place: &ListingKey) -> Key {
    listed(if place.backlog { BACKLOG } else { LISTED }, &place.feed, place.rank)
}

pub(super) fn place_key(key: &[u8]) -> Result<ListingKey, StoreError> {
    Ok(ListingKey { feed: feed_before(key, RANK)?, backlog: key[0] == BACKLOG, rank: rank(key)? })
}

fn listed(list: u8, feed: &FeedKey, rank: Rank) -> Key {
    let mut key = of_feed(list, feed);
    push_time(&mut key, rank.surfaced);
    push_time(&mut key, rank.published);
    push_number(&mut key, rank.no);
    key
}

pub(super) fn rank(key: &[u8]) -> Result<Rank, StoreError> {
    let parts = key.len().checked_sub(RANK).and_then(|at| {
        let (surfaced, published) = (&key[at..at + TIME], &key[at + TIME..at + 2 * TIME]);
        Some(Rank { surfaced: time(surfaced)?, published: time(published)?, no: big(&key[at + 2 * TIME..]) })
    });
    parts.ok_or_else(|| value::damaged(key, "it is not a place on a list"))
}

/// The range of one of a feed's two lists from behind a place on (or from its start) to its end: the
/// first comes last.
pub(super) fn list_range(list: u8, feed: &FeedKey, after: Option<Rank>) -> Range {
    (of_feed(list, feed), after.map_or_else(|| behind_feed(list, feed), |rank| listed(list, feed, rank)))
}

/// The range of what one of a feed's two lists has that surfaced from one time on and before another.
pub(super) fn surfaced_range(list: u8, feed: &FeedKey, from: Time, before: Time) -> Range {
    (at_time(list, feed, from), at_time(list, feed, before))
}

pub(super) fn seen(backlog: &BacklogKey) -> Key {
    let mut key = at_time(SEEN, &backlog.feed, backlog.first_seen);
    let line = backlog.seq.min((1 << (8 * LINE)) - 1).to_be_bytes();
    key.extend_from_slice(&line[8 - LINE..]);
    key
}

/// Reads a `seen` key.
pub(super) fn seen_key(key: &[u8]) -> Result<BacklogKey, StoreError> {
    let feed = feed_before(key, TIME + LINE)?;
    let (before, seq) = key.split_at(key.len() - LINE);
    let first_seen = time(&before[before.len() - TIME..]);
    let first_seen = first_seen.ok_or_else(|| value::damaged(key, "it has no time"))?;
    Ok(BacklogKey { feed, first_seen, seq: big(seq) })
}

/// The range of the first polls that a feed lists entries of, from one time on and before another.
pub(super) fn seen_range(feed: &FeedKey, from: Time, before: Time) -> Range {
    (at_time(SEEN, feed, from), at_time(SEEN, feed, before))
}

pub(super) fn member(founder: EntryNo, no: EntryNo) -> Key {
    let mut key = tagged(MEMBER, &[]);
    push_number(&mut key, founder);
    push_number(&mut key, no);
    key
}

/// The range of the members of a story.
pub(super) fn members(founder: EntryNo) -> Range {
    (member(founder, 0), member(founder, EntryNo::MAX))
}

/// The story and the member of a `member` key.
pub(super) fn member_key(key: &[u8]) -> Result<(EntryNo, EntryNo), StoreError> {
    let numbers = key.get(1..).filter(|rest| rest.len() == 2 * NUMBER);
    let numbers = numbers.map(|rest| (big(&rest[..NUMBER]), big(&rest[NUMBER..])));
    numbers.ok_or_else(|| value::damaged(key, "it is no member of a story"))
}

pub(super) fn withdrawn(feed: &FeedKey, at: Time, no: EntryNo) -> Key {
    let mut key = at_time(WITHDRAWN, feed, at);
    push_number(&mut key, no);
    key
}

/// The range of what was withdrawn from a feed at or after a time.
pub(super) fn withdrawn_since(feed: &FeedKey, since: Time) -> Range {
    (at_time(WITHDRAWN, feed, since), behind_feed(WITHDRAWN, feed))
}

/// The feed of a `withdrawn` key, when it was, and which entry.
pub(super) fn withdrawn_key(key: &[u8]) -> Result<(FeedKey, Time, EntryNo), StoreError> {
    let feed = feed_before(key, TIME + NUMBER)?;
    let (before, no) = key.split_at(key.len() - NUMBER);
    let at = time(&before[before.len() - TIME..]).ok_or_else(|| value::damaged(key, "it has no time"))?;
    Ok((feed, at, big(no)))
}

fn tagged(tag: u8, rest: &[u8]) -> Key {
    let mut key = Key::new();
    key.push(tag);
    key.extend_from_slice(rest);
    key
}

fn of_feed(tag: u8, feed: &FeedKey) -> Key {
    let (kind, id) = match feed {
        FeedKey::All => (b'a', ""),
        FeedKey::National => (b'n', ""),
        FeedKey::Region(id) => (b'r', id.as_str()),
        FeedKey::Source(id) => (b's', id.as_str()),
    };
    let mut key = tagged(tag, &[kind]);
    key.extend_from_slice(id.as_bytes());
    key.push(0);
    key
}

/// The first key behind all of a feed: its last octet is its 0, and no id has an octet 1.
fn behind_feed(tag: u8, feed: &FeedKey) -> Key {
    let mut key = of_feed(tag, feed);
    *key.last_mut().expect("a feed ends with a 0") = 1;
    key
}

fn at_time(tag: u8, feed: &FeedKey, at: Time) -> Key {
    let mut key = of_feed(tag, feed);
    push_time(&mut key, at);
    key
}

fn push_time(key: &mut Key, time: Time) {
    let millis = time.timestamp_millis().clamp(-SHIFT, SHIFT - 1) + SHIFT;
    key.extend_from_slice(&millis.to_be_bytes()[8 - TIME..]);
}

fn time(octets: &[u8]) -> Option<Time> {
    DateTime::from_timestamp_millis(big(octets).cast_signed() - SHIFT)
}

fn push_number(key: &mut Key, no: EntryNo) {
    key.extend_from_slice(&no.min((1 << (8 * NUMBER)) - 1).to_be_bytes()[8 - NUMBER..]);
}

/// A number of at most eight octets.
fn big(octets: &[u8]) -> u64 {
    octets.iter().fold(0, |n, octet| n << 8 | u64::from(*octet))
}

#[cfg(test)]
mod tests;
