//! The documents of feeds and of their archives, read from the store.

use std::collections::BTreeMap;

use super::removed::Removed;
use super::stories::{self, Stories};
use crate::ledger::store::{Store, StoreError};
use crate::model::feed_key::FeedKey;
use crate::model::month::Month;
use crate::model::source::SourceId;
use crate::model::state::{Meta, SourceState, State};
use crate::model::stored::EntryNo;
use crate::views::document::{self, FeedDoc, FeedInput, Issues, Shown};
use crate::views::site::Site;

/// The most withdrawals that a feed announces, the latest.
const ANNOUNCED: usize = 1000;

/// The most entries of the open month in the feed. It has to reach back to the newest archive, and readers fetch
/// all of it each time it changes: with summaries, a thousand are about a megabyte, a quarter of that compressed.
/// A busier feed is cut, and then does not link its archive as the previous one.
const OPEN_MONTH: usize = 1000;

/// The most entries of an archive: 300 a day. A larger document would take readers tens of megabytes. A cut archive
/// says so in its title, and the log tells the operator.
pub(super) const ARCHIVE: usize = 10_000;

/// The most months that are listed: twenty years.
const MONTHS: usize = 240;

/// The document of a feed.
pub(super) fn current(
    site: &Site,
    store: &Store,
    removed: &Removed,
    meta: &Meta,
    feed: &FeedKey,
) -> Result<FeedDoc, StoreError> {
    let open = Month::of(meta.newest_at, site.zone).start(site.zone);
    let mut issues = Issues { all: months(site, store, meta, feed)?, ..Issues::default() };
    let mut stories = Stories::new(site, store, removed, feed);
    let mut shown = stories::window(&mut stories)?;
    if let Some(prev) = issues.all.first() {
        let since =
            store.seen_between(feed, open, chrono::DateTime::<chrono::Utc>::MAX_UTC, OPEN_MONTH + 1)?;
        if since.len() <= OPEN_MONTH {
            issues.prev = Some(*prev);
            stories::add(&mut stories, &mut shown, &since)?;
        }
    }
    let entries = stories::in_order(shown);
    let withdrawn = store.withdrawn(feed, document::withdrawn_since(meta), ANNOUNCED)?;
    doc(site, store, meta, feed, &entries, &withdrawn, issues)
}

/// The document of an archive; `None` if no entry of its month is stored.
pub(super) fn archive(
    site: &Site,
    store: &Store,
    removed: &Removed,
    meta: &Meta,
    feed: &FeedKey,
    month: Month,
    most: usize,
) -> Result<Option<FeedDoc>, StoreError> {
    let mut seen = seen_in(site, store, meta, feed, month, most + 1)?;
    if seen.is_empty() {
        return Ok(None);
    }
    let (from, to) = (month.start(site.zone), month.next().start(site.zone));
    let of = |time| Month::of(time, site.zone);
    let cut = (seen.len() > most).then_some(most);
    if cut.is_some() {
        tracing::warn!(feed = %Site::path(feed), %month, most, "an archive leaves out the oldest entries of its month");
        seen.truncate(most);
    }
    let issues = Issues {
        month: Some(month),
        cut,
        prev: store.last_seen_before(feed, from)?.map(of),
        next: store.first_seen_from(feed, to)?.map(of).filter(|next| is_closed(site, meta, *next)),
        all: Vec::new(),
    };
    let mut stories = Stories::archived(site, store, removed, feed);
    let mut shown = Vec::new();
    stories::add(&mut stories, &mut shown, &seen)?;
    let entries = stories::in_order(shown);
    doc(site, store, meta, feed, &entries, &[], issues).map(Some)
}

/// True if there is an archive of a month.
pub(super) fn has_archive(
    site: &Site,
    store: &Store,
    meta: &Meta,
    feed: &FeedKey,
    month: Month,
) -> Result<bool, StoreError> {
    Ok(!seen_in(site, store, meta, feed, month, 1)?.is_empty())
}

/// The entries of a month, at most `most`; none if the month is not over.
fn seen_in(
    site: &Site,
    store: &Store,
    meta: &Meta,
    feed: &FeedKey,
    month: Month,
    most: usize,
) -> Result<Vec<EntryNo>, StoreError> {
    if !is_closed(site, meta, month) {
        return Ok(Vec::new());
    }
    store.seen_between(feed, month.start(site.zone), month.next().start(site.zone), most)
}

/// True if a month is over: no new entries come to it.
fn is_closed(site: &Site, meta: &Meta, month: Month) -> bool {
    month < Month::of(meta.newest_at, site.zone)
}

/// The months of a feed that are over, the newest first.
pub(super) fn months(
    site: &Site,
    store: &Store,
    meta: &Meta,
    feed: &FeedKey,
) -> Result<Vec<Month>, StoreError> {
    let mut before = Month::of(meta.newest_at, site.zone).start(site.zone);
    let mut months = Vec::new();
    while months.len() < MONTHS
        && let Some(seen) = store.last_seen_before(feed, before)?
    {
        let month = Month::of(seen, site.zone);
        before = month.start(site.zone);
        months.push(month);
    }
    Ok(months)
}

fn doc(
    site: &Site,
    store: &Store,
    meta: &Meta,
    feed: &FeedKey,
    entries: &[Shown],
    withdrawn: &[(String, crate::model::time::Time)],
    issues: Issues,
) -> Result<FeedDoc, StoreError> {
    let mut sources: BTreeMap<SourceId, SourceState> = BTreeMap::new();
    let own = if let FeedKey::Source(id) = feed { Some(id) } else { None };
    for id in entries.iter().map(|shown| &shown.entry.source).chain(own) {
        if !sources.contains_key(id)
            && let Some(source) = store.source(id)?
        {
            sources.insert(id.clone(), source);
        }
    }
    let state = store.feed(feed)?;
    let state = state.as_ref();
    let input = FeedInput { feed, state, meta, entries, withdrawn, sources: &sources, issues };
    Ok(document::feed(site, &input))
}
