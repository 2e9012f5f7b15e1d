//! The documents of feeds and of their archives, read from the store.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::removed::Removed;
use super::selection::{self, FeedStories};
use crate::ledger::store::{Store, StoreError};
use crate::model::feed_key::FeedKey;
use crate::model::month::Month;
use crate::model::source::SourceId;
use crate::model::state::{Meta, SourceState, State};
use crate::model::stored::EntryNo;
use crate::model::time::{Time, start_of};
use crate::views::document::{self, DocumentInput, FeedDoc, Issues, Shown};
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

/// A feed, and the state from which its documents are read.
#[derive(Clone, Copy)]
pub(super) struct FeedSource<'a> {
    pub(super) site: &'a Site,
    pub(super) store: &'a Store,
    pub(super) meta: &'a Meta,
    pub(super) feed: &'a FeedKey,
}

impl FeedSource<'_> {
    pub(super) fn current(self, removed: &Removed) -> Result<FeedDoc, StoreError> {
        let Self { site, store, meta, feed } = self;
        let open = Month::of(meta.newest_at, site.zone).start(site.zone);
        let mut issues = Issues { all: self.months()?, ..Issues::default() };
        let mut stories = FeedStories::new(site, store, removed, feed);
        let mut shown = selection::window(&mut stories)?;
        if let Some(prev) = issues.all.first() {
            let since =
                store.seen_between(feed, open, chrono::DateTime::<chrono::Utc>::MAX_UTC, OPEN_MONTH + 1)?;
            if since.len() <= OPEN_MONTH {
                issues.prev = Some(*prev);
                selection::add(&mut stories, &mut shown, &since)?;
            }
        }
        let entries = selection::in_order(shown);
        let withdrawn = store.withdrawn(feed, document::withdrawn_since(meta), ANNOUNCED)?;
        self.document(&entries, &withdrawn, issues)
    }

    /// The document of an archive with at most `most` entries; `None` if no entry of its month is stored.
    pub(super) fn archive(
        self,
        removed: &Removed,
        month: Month,
        most: usize,
    ) -> Result<Option<FeedDoc>, StoreError> {
        let Self { site, store, feed, .. } = self;
        let mut seen = self.seen_in(month, most + 1)?;
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
            next: store.first_seen_from(feed, to)?.map(of).filter(|next| self.is_closed(*next)),
            all: Vec::new(),
        };
        let mut stories = FeedStories::archived(site, store, removed, feed);
        let mut shown = Vec::new();
        selection::add(&mut stories, &mut shown, &seen)?;
        let entries = selection::in_order(shown);
        self.document(&entries, &[], issues).map(Some)
    }

    pub(super) fn has_archive(self, month: Month) -> Result<bool, StoreError> {
        Ok(!self.seen_in(month, 1)?.is_empty())
    }

    /// The entries of a month, at most `most`; none if the month is not over.
    fn seen_in(self, month: Month, most: usize) -> Result<Vec<EntryNo>, StoreError> {
        if !self.is_closed(month) {
            return Ok(Vec::new());
        }
        let zone = self.site.zone;
        self.store.seen_between(self.feed, month.start(zone), month.next().start(zone), most)
    }

    /// True if a month is over: no new entries come to it.
    fn is_closed(self, month: Month) -> bool {
        month < Month::of(self.meta.newest_at, self.site.zone)
    }

    /// The months of the feed that are over, the newest first.
    pub(super) fn months(self) -> Result<Vec<Month>, StoreError> {
        let zone = self.site.zone;
        let mut before = Month::of(self.meta.newest_at, zone).start(zone);
        let mut months = Vec::new();
        while months.len() < MONTHS
            && let Some(seen) = self.store.last_seen_before(self.feed, before)?
        {
            let month = Month::of(seen, zone);
            before = month.start(zone);
            months.push(month);
        }
        Ok(months)
    }

    /// The document of a day with at most `most` entries; `None` if nothing surfaced on it that is stored.
    pub(super) fn day(
        self,
        removed: &Removed,
        day: NaiveDate,
        most: usize,
    ) -> Result<Option<FeedDoc>, StoreError> {
        let Self { site, store, feed, .. } = self;
        let (from, to) = self.hours(day);
        let mut places = store.surfaced_between(feed, from, to, most + 1)?;
        if places.is_empty() {
            return Ok(None);
        }
        let cut = (places.len() > most).then_some(most);
        places.truncate(most);
        let numbers: Vec<_> = places.into_iter().map(|(rank, _)| rank.no).collect();
        let mut stories = FeedStories::archived(site, store, removed, feed);
        let mut shown = Vec::new();
        selection::add(&mut stories, &mut shown, &numbers)?;
        let issues = Issues { month: Some(Month::of(from, site.zone)), cut, ..Issues::default() };
        self.document(&selection::in_order(shown), &[], issues).map(Some)
    }

    /// The days of a month on which something surfaced, the first first, with the number of entries that are shown of
    /// each. Counts the newest [`ARCHIVE`].
    pub(super) fn days(self, removed: &Removed, month: Month) -> Result<Vec<(NaiveDate, usize)>, StoreError> {
        let Self { site, store, feed, .. } = self;
        let (from, to) = (month.start(site.zone), month.next().start(site.zone));
        let mut stories = FeedStories::archived(site, store, removed, feed);
        let mut days: BTreeMap<NaiveDate, usize> = BTreeMap::new();
        for (rank, place) in store.surfaced_between(feed, from, to, ARCHIVE)? {
            let counts = !removed.has_number(place.source) && stories.shows(rank.no, place.story)?;
            *days.entry(self.date(rank.surfaced)).or_default() += usize::from(counts);
        }
        Ok(days.into_iter().collect())
    }

    /// The months in which something surfaced, the newest first.
    pub(super) fn surfaced_months(self) -> Result<Vec<Month>, StoreError> {
        let zone = self.site.zone;
        let (mut before, mut months) = (Time::MAX_UTC, Vec::new());
        while months.len() < MONTHS
            && let Some(surfaced) = self.store.last_surfaced_before(self.feed, before)?
        {
            let month = Month::of(surfaced, zone);
            before = month.start(zone);
            months.push(month);
        }
        Ok(months)
    }

    /// The day before and the day after the time between two instants, on which something surfaced.
    pub(super) fn around(
        self,
        from: Time,
        to: Time,
    ) -> Result<(Option<NaiveDate>, Option<NaiveDate>), StoreError> {
        let before = self.store.last_surfaced_before(self.feed, from)?;
        let after = self.store.first_surfaced_from(self.feed, to)?;
        Ok((before.map(|at| self.date(at)), after.map(|at| self.date(at))))
    }

    /// The first instant of a day, and the first behind it.
    pub(super) fn hours(self, day: NaiveDate) -> (Time, Time) {
        let zone = self.site.zone;
        (start_of(day, zone), start_of(day.succ_opt().unwrap_or(NaiveDate::MAX), zone))
    }

    fn date(self, at: Time) -> NaiveDate {
        at.with_timezone(&self.site.zone).date_naive()
    }

    fn document(
        self,
        entries: &[Shown],
        withdrawn: &[(String, Time)],
        issues: Issues,
    ) -> Result<FeedDoc, StoreError> {
        let Self { site, store, meta, feed } = self;
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
        let input = DocumentInput { feed, state, meta, entries, withdrawn, sources: &sources, issues };
        Ok(document::feed(site, &input))
    }
}
