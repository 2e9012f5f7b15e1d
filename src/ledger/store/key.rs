//! The layout of keys. The first byte says what a key is; numbers are big-endian, so that the order of
//! bytes is the order of values.
//!
//! | byte | then | value |
//! |---|---|---|
//! | 1 | | the record about the whole |
//! | 2 | source id | a source |
//! | 3 | entry number (8) | an entry |
//! | 4 | any key, part number (2) | a further part of that key's value |
//! | 5 | source id, 0, identity key (16) | entry number |
//! | 6 | SHA-256 of a published id, cut to 16 | entry number |
//! | 7 | feed | a feed |
//! | 8 | feed, surfaced (8), published (8), entry number (8) | nothing: a place on a list, of an entry first seen when it surfaced |
//! | 9 | entry number (8) | what it is compared by |
//! | 10 | story key of a link (14), entry number (8) | number of its story's founder |
//! | 11 | founder's number (8), entry number (8) | nothing: it joined that story |
//! | 12 | feed, when (8), entry number (8) | published id of an entry that was withdrawn then |
//! | 13 | feed, first seen (8), entry number (8) | nothing: it is among the backlog on that feed's list since then |
//! | 14 | feed, surfaced (8), published (8), entry number (8) | nothing: a place on a list, of a backlog |
//! | 15 | era (2), entry number (8) | number of its story's founder, and the story keys it is filed under |
//!
//! A feed is `a` (all), `n` (national), `r` and a region's id, or `s` and a source's, then a 0.
//!
//! Few rows an entry: each is a page that sled writes anew every few batches.

use chrono::DateTime;
use sha2::{Digest, Sha256};

use super::{StoreError, value};
use crate::core::identity::IdentityKey;
use crate::core::region::RegionId;
use crate::core::source::SourceId;
use crate::core::state::{EntryNo, FeedKey, Rank};
use crate::core::story::{Lookup, StoryKey};
use crate::core::time::Time;

pub(super) const META: u8 = 1;
pub(super) const SOURCE: u8 = 2;
pub(super) const ENTRY: u8 = 3;
pub(super) const PART: u8 = 4;
pub(super) const KNOWN: u8 = 5;
pub(super) const OWNER: u8 = 6;
pub(super) const FEED: u8 = 7;
pub(super) const LISTED: u8 = 8;
pub(super) const SKETCH: u8 = 9;
pub(super) const FILED: u8 = 10;
pub(super) const JOINED: u8 = 11;
pub(super) const WITHDRAWN: u8 = 12;
pub(super) const SEEN: u8 = 13;
pub(super) const BACKLOG: u8 = 14;
pub(super) const FILING: u8 = 15;

pub(super) fn meta() -> Vec<u8> {
    vec![META]
}

pub(super) fn source(id: &SourceId) -> Vec<u8> {
    tagged(SOURCE, id.as_str().as_bytes())
}

pub(super) fn source_id(key: &[u8]) -> Result<SourceId, StoreError> {
    let text = key.get(1..).and_then(|rest| std::str::from_utf8(rest).ok());
    text.map(SourceId::new).ok_or_else(|| value::damaged(key, "it is not the id of a source"))
}

/// The range of all sources.
pub(super) fn sources() -> (Vec<u8>, Vec<u8>) {
    (vec![SOURCE], vec![SOURCE + 1])
}

pub(super) fn entry(no: EntryNo) -> Vec<u8> {
    tagged(ENTRY, &no.to_be_bytes())
}

pub(super) fn entry_no(key: &[u8]) -> Result<EntryNo, StoreError> {
    let bytes = key.get(1..).and_then(|rest| <[u8; 8]>::try_from(rest).ok());
    bytes.map(EntryNo::from_be_bytes).ok_or_else(|| value::damaged(key, "it is no entry's key"))
}

/// The end of the range of all entries.
pub(super) fn entries_end() -> Vec<u8> {
    vec![ENTRY + 1]
}

pub(super) fn part(of: &[u8], n: u16) -> Vec<u8> {
    let mut key = tagged(PART, of);
    key.extend(n.to_be_bytes());
    key
}

pub(super) fn known(source: &SourceId, identity: &IdentityKey) -> Vec<u8> {
    let mut key = tagged(KNOWN, source.as_str().as_bytes());
    key.push(0);
    key.extend(identity.as_bytes());
    key
}

pub(super) fn owner(published_id: &str) -> Vec<u8> {
    tagged(OWNER, &Sha256::digest(published_id.as_bytes())[..16])
}

pub(super) fn feed(feed: &FeedKey) -> Vec<u8> {
    let mut key = vec![FEED];
    push_feed(&mut key, feed);
    key
}

/// The range of all feeds.
pub(super) fn feeds() -> (Vec<u8>, Vec<u8>) {
    (vec![FEED], vec![FEED + 1])
}

/// The feed of a feed's key.
pub(super) fn feed_key(key: &[u8]) -> Result<FeedKey, StoreError> {
    let text = key.get(1..).and_then(|rest| std::str::from_utf8(rest.strip_suffix(&[0])?).ok());
    let feed = text.and_then(|text| match text.split_at_checked(1)? {
        ("a", "") => Some(FeedKey::All),
        ("n", "") => Some(FeedKey::National),
        ("r", id) => Some(FeedKey::Region(RegionId::new(id))),
        ("s", id) => Some(FeedKey::Source(SourceId::new(id))),
        _ => None,
    });
    feed.ok_or_else(|| value::damaged(key, "it is no feed's key"))
}

/// The rows that say an entry is on a feed's list, and since when: one, but for a backlog, which
/// surfaces at its own dates.
pub(super) fn places(feed: &FeedKey, rank: Rank, first_seen: Time) -> Vec<Vec<u8>> {
    if rank.surfaced == first_seen {
        return vec![place(LISTED, feed, rank)];
    }
    vec![place(BACKLOG, feed, rank), seen(feed, first_seen, rank.no)]
}

fn place(list: u8, feed: &FeedKey, rank: Rank) -> Vec<u8> {
    let mut key = vec![list];
    push_feed(&mut key, feed);
    push_time(&mut key, rank.surfaced);
    push_time(&mut key, rank.published);
    key.extend(rank.no.to_be_bytes());
    key
}

pub(super) fn sketch(no: EntryNo) -> Vec<u8> {
    tagged(SKETCH, &no.to_be_bytes())
}

pub(super) fn filed(story: &StoryKey, no: EntryNo) -> Vec<u8> {
    let mut key = tagged(FILED, &story.0);
    key.extend(no.to_be_bytes());
    key
}

pub(super) fn filing(era: u16, no: EntryNo) -> Vec<u8> {
    let mut key = tagged(FILING, &era.to_be_bytes());
    key.extend(no.to_be_bytes());
    key
}

/// The range of everything filed in an era.
pub(super) fn era_range(era: u16) -> (Vec<u8>, Vec<u8>) {
    let mut to = filing(era, EntryNo::MAX);
    to.push(0);
    (filing(era, 0), to)
}

/// The entry of a `filing` key.
pub(super) fn filing_no(key: &[u8]) -> Result<EntryNo, StoreError> {
    let bytes = key.get(3..).and_then(|rest| <[u8; 8]>::try_from(rest).ok());
    bytes.map(EntryNo::from_be_bytes).ok_or_else(|| value::damaged(key, "it is no key of the story index"))
}

/// The ranges of a lookup: at or before its point, and after it.
pub(super) fn lookup_ranges(lookup: &Lookup) -> [(Vec<u8>, Vec<u8>); 2] {
    let behind = |story: &StoryKey| {
        let mut key = filed(story, EntryNo::MAX);
        key.push(0);
        key
    };
    let middle = behind(&lookup.at);
    [(filed(&lookup.from, 0), middle.clone()), (middle, behind(&lookup.to))]
}

pub(super) fn joined(founder: EntryNo, no: EntryNo) -> Vec<u8> {
    let mut key = tagged(JOINED, &founder.to_be_bytes());
    key.extend(no.to_be_bytes());
    key
}

/// The range of everything that joined a story: entries are numbered from 1.
pub(super) fn joined_range(founder: EntryNo) -> (Vec<u8>, Vec<u8>) {
    (joined(founder, 0), joined(founder, EntryNo::MAX))
}

/// The entry that a `joined` key is about.
pub(super) fn joined_no(key: &[u8]) -> Result<EntryNo, StoreError> {
    let bytes = key.get(9..).and_then(|rest| <[u8; 8]>::try_from(rest).ok());
    bytes.map(EntryNo::from_be_bytes).ok_or_else(|| value::damaged(key, "it is no member of a story"))
}

pub(super) fn withdrawn(feed: &FeedKey, at: Time, no: EntryNo) -> Vec<u8> {
    let mut key = vec![WITHDRAWN];
    push_feed(&mut key, feed);
    push_time(&mut key, at);
    key.extend(no.to_be_bytes());
    key
}

/// The range of what was withdrawn from a feed at or after a time.
pub(super) fn withdrawn_since(feed: &FeedKey, since: Time) -> (Vec<u8>, Vec<u8>) {
    let mut to = vec![WITHDRAWN];
    push_feed(&mut to, feed);
    *to.last_mut().expect("a feed ends with a 0") = 1;
    (withdrawn(feed, since, 0), to)
}

/// When the entry of a `withdrawn` key was withdrawn.
pub(super) fn withdrawn_at(key: &[u8]) -> Result<Time, StoreError> {
    let bytes = key.len().checked_sub(16).and_then(|at| <[u8; 8]>::try_from(&key[at..at + 8]).ok());
    let time = bytes.and_then(|bytes| DateTime::from_timestamp_millis(unshift(u64::from_be_bytes(bytes))));
    time.ok_or_else(|| value::damaged(key, "it is no withdrawal"))
}

pub(super) fn seen(feed: &FeedKey, first_seen: Time, no: EntryNo) -> Vec<u8> {
    let mut key = vec![SEEN];
    push_feed(&mut key, feed);
    push_time(&mut key, first_seen);
    key.extend(no.to_be_bytes());
    key
}

/// The range of what a feed lists that was first seen from one time on and before another.
pub(super) fn seen_range(feed: &FeedKey, from: Time, before: Time) -> (Vec<u8>, Vec<u8>) {
    (seen(feed, from, 0), seen(feed, before, 0))
}

/// When the entry of a `seen` key was first seen, and its number.
pub(super) fn seen_parts(key: &[u8]) -> Result<(Time, EntryNo), StoreError> {
    let number = |at: usize| <[u8; 8]>::try_from(key.get(at..at + 8)?).ok().map(u64::from_be_bytes);
    let parts = key
        .len()
        .checked_sub(16)
        .and_then(|at| Some((DateTime::from_timestamp_millis(unshift(number(at)?))?, number(at + 8)?)));
    parts.ok_or_else(|| value::damaged(key, "it does not say when an entry was first seen"))
}

/// The range of what a feed lists that surfaced when it was first seen, from one time on and before
/// another.
pub(super) fn surfaced_range(feed: &FeedKey, from: Time, before: Time) -> (Vec<u8>, Vec<u8>) {
    let from_time = |time| {
        let mut key = vec![LISTED];
        push_feed(&mut key, feed);
        push_time(&mut key, time);
        key
    };
    (from_time(from), from_time(before))
}

/// The range of one of a feed's two lists from behind a place on (or from its start) to its end.
pub(super) fn list_range(list: u8, feed: &FeedKey, after: Option<Rank>) -> (Vec<u8>, Vec<u8>) {
    let mut from = vec![list];
    push_feed(&mut from, feed);
    let to = match after {
        Some(rank) => place(list, feed, rank),
        None => {
            // The last byte of a feed is its 0, and nothing else of this feed starts with a 1.
            let mut to = from.clone();
            *to.last_mut().expect("a feed ends with a 0") = 1;
            to
        }
    };
    (from, to)
}

pub(super) fn rank(key: &[u8]) -> Result<Rank, StoreError> {
    let bad = || value::damaged(key, "it is not a place on a list");
    let at = key.len().checked_sub(24).filter(|at| *at > 1).ok_or_else(bad)?;
    let number = |from: usize| {
        let bytes: [u8; 8] = key[from..from + 8].try_into().expect("eight bytes of a slice of eight");
        u64::from_be_bytes(bytes)
    };
    let time = |from: usize| DateTime::from_timestamp_millis(unshift(number(from))).ok_or_else(bad);
    Ok(Rank { surfaced: time(at)?, published: time(at + 8)?, no: number(at + 16) })
}

fn tagged(tag: u8, rest: &[u8]) -> Vec<u8> {
    let mut key = Vec::with_capacity(rest.len() + 24);
    key.push(tag);
    key.extend(rest);
    key
}

fn push_feed(key: &mut Vec<u8>, feed: &FeedKey) {
    match feed {
        FeedKey::All => key.push(b'a'),
        FeedKey::National => key.push(b'n'),
        FeedKey::Region(id) => {
            key.push(b'r');
            key.extend(id.as_str().as_bytes());
        }
        FeedKey::Source(id) => {
            key.push(b's');
            key.extend(id.as_str().as_bytes());
        }
    }
    key.push(0);
}

/// Milliseconds, shifted so that times before 1970 sort before those after.
fn push_time(key: &mut Vec<u8>, time: Time) {
    key.extend((time.timestamp_millis().cast_unsigned() ^ (1 << 63)).to_be_bytes());
}

fn unshift(number: u64) -> i64 {
    (number ^ (1 << 63)).cast_signed()
}
