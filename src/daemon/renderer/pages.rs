//! Pages for people, made of the documents that feeds are made of.

use std::collections::BTreeMap;

use chrono::{NaiveDate, TimeDelta};

use super::Renderer;
use super::feeds::FeedSource;
use super::paths::{PageKey, ViewKey};
use super::selection::FeedStories;
use crate::ledger::store::StoreError;
use crate::model::entry_key::EntryKey;
use crate::model::feed_key::FeedKey;
use crate::model::month::Month;
use crate::model::source::SourceId;
use crate::model::state::{Meta, State};
use crate::model::stored::{Entry, EntryNo};
use crate::model::time::{Time, start_of};
use crate::serve::View;
use crate::views::document;
use crate::views::html::lang::Tongue;
use crate::views::html::{self, Around, EntryPage, FeedPage, MonthPage, Row, SourcePage};
use crate::views::page::Page;

/// The most entries of the page of a day: it then has about half a megabyte. It says if it is cut.
const DAY: usize = 1000;

/// The days that the bars of a source show.
const RHYTHM: i64 = 14;

/// The most entries that the bars of a source count: four hundred a day.
const COUNTED: usize = 6000;

impl Renderer {
    /// `None` if there is nothing at the page's address.
    pub(super) fn render_page(&self, page: &PageKey, tongue: Tongue) -> Result<Option<Page>, StoreError> {
        Ok(match page {
            PageKey::Home => Some(self.home(tongue)?),
            PageKey::Feed(FeedKey::Source(id)) => self.source_page(id, tongue)?,
            PageKey::Feed(feed) => Some(self.feed_page(feed, tongue)?),
            PageKey::Day(feed, day) => self.day_page(feed, *day, tongue)?,
            PageKey::Month(feed, month) => self.month_page(feed, *month, tongue)?,
            PageKey::Entry(key) => self.entry_page(*key, tongue)?,
        })
    }

    /// False if nothing is stored that a view would show. Renders nothing.
    pub(super) fn is_there(&self, view: &ViewKey) -> Result<bool, StoreError> {
        let surfaced = |feed: &FeedKey, from, to| -> Result<bool, StoreError> {
            Ok(!self.store.load().surfaced_between(feed, from, to, 1)?.is_empty())
        };
        let zone = self.site.zone;
        match view {
            ViewKey::Archive(feed, month) => self.has_archive(feed, *month),
            ViewKey::Page(PageKey::Day(feed, day), _) => {
                surfaced(feed, start_of(*day, zone), start_of(day.succ_opt().unwrap_or(*day), zone))
            }
            ViewKey::Page(PageKey::Month(feed, month), _) => {
                surfaced(feed, month.start(zone), month.next().start(zone))
            }
            ViewKey::Page(PageKey::Entry(key), _) => Ok(self.readable(*key)?.is_some()),
            _ => Ok(true),
        }
    }

    /// The answer for a page of which nothing is stored: it never was, or is gone.
    pub(super) fn no_page(&self, page: &PageKey) -> View {
        let zone = self.site.zone;
        let store = self.store.load();
        let left =
            |feed: &FeedKey, from, to| store.feed(feed).map(|s| s.is_some_and(|s| s.left.any_in(from, to)));
        let is_gone = match page {
            PageKey::Month(feed, month) => left(feed, month.start(zone), month.next().start(zone)),
            PageKey::Entry(key) => {
                self.stored(*key).map(|found| found.is_some_and(|(_, entry)| !entry.is_shown()))
            }
            // The store does not know on which days entries left.
            PageKey::Home | PageKey::Feed(_) | PageKey::Day(..) => Ok(false),
        };
        match is_gone {
            Ok(true) => View::Gone,
            Ok(false) => View::Missing,
            Err(error) => super::failed(&error),
        }
    }

    /// The answer for a month without stored entries: the archive never was, or is gone.
    pub(super) fn no_archive(&self, feed: &FeedKey, month: Month) -> View {
        let (from, to) = (month.start(self.site.zone), month.next().start(self.site.zone));
        match self.store.load().feed(feed) {
            // The open month has no archive yet, whatever has left it.
            Ok(Some(state)) if state.left.any_in(from, to) && self.is_over(month) => View::Gone,
            Ok(_) => View::Missing,
            Err(error) => super::failed(&error),
        }
    }

    fn is_over(&self, month: Month) -> bool {
        self.meta().is_ok_and(|meta| month < Month::of(meta.newest_at, self.site.zone))
    }

    /// The day of the newest poll, in the zone of the pages.
    fn today(&self, meta: &Meta) -> NaiveDate {
        meta.newest_at.with_timezone(&self.site.zone).date_naive()
    }

    /// Time at which a view last changed that shows a part of a feed.
    fn changed(&self, feed: &FeedKey) -> Result<Time, StoreError> {
        let (meta, state) = (self.meta()?, self.store.load().feed(feed)?);
        Ok(state.map_or(meta.config_at, |state| state.changed_at.max(meta.config_at)))
    }

    fn home(&self, tongue: Tongue) -> Result<Page, StoreError> {
        let doc = self.doc(&FeedKey::All)?;
        let newest = &doc.value.1;
        let store = self.store.load_full();
        let (removed, today) = (self.removed(&store)?, self.today(&self.meta()?));
        let midnight = start_of(today, self.site.zone);
        let (mut rows, mut modified) = (Vec::new(), newest.modified.max(midnight));
        for feed in self.site.standing() {
            let state = store.feed(&feed)?;
            modified = modified.max(state.as_ref().map_or(modified, |s| s.changed_at));
            let newest = FeedStories::new(&self.site, &store, &removed, &feed).newest()?;
            rows.push(Row { today: newest.is_some_and(|newest| newest >= midnight), feed });
        }
        Ok(Page::new(html::home(&self.site, tongue, today, &rows, newest), html::MEDIA_TYPE, modified))
    }

    fn feed_page(&self, feed: &FeedKey, tongue: Tongue) -> Result<Page, StoreError> {
        let doc = self.doc(feed)?;
        let doc = &doc.value.1;
        let (store, meta) = (self.store.load_full(), self.meta()?);
        let months = FeedSource { site: &self.site, store: &store, meta: &meta, feed }.surfaced_months()?;
        let bytes = html::feed(&self.site, tongue, &FeedPage { feed, doc, months: &months });
        Ok(Page::new(bytes, html::MEDIA_TYPE, doc.modified))
    }

    fn day_page(&self, feed: &FeedKey, day: NaiveDate, tongue: Tongue) -> Result<Option<Page>, StoreError> {
        let (store, meta) = (self.store.load_full(), self.meta()?);
        let removed = self.removed(&store)?;
        let source = FeedSource { site: &self.site, store: &store, meta: &meta, feed };
        let Some(doc) = source.day(&removed, day, DAY)? else { return Ok(None) };
        let (from, to) = source.hours(day);
        let (prev, next) = source.around(from, to)?;
        let around = Around { at: day, prev, next };
        let bytes = html::day(&self.site, tongue, feed, &doc, around);
        Ok(Some(Page::new(bytes, html::MEDIA_TYPE, self.changed(feed)?)))
    }

    fn month_page(&self, feed: &FeedKey, month: Month, tongue: Tongue) -> Result<Option<Page>, StoreError> {
        let (store, meta) = (self.store.load_full(), self.meta()?);
        let removed = self.removed(&store)?;
        let source = FeedSource { site: &self.site, store: &store, meta: &meta, feed };
        let days = source.days(&removed, month)?;
        if days.is_empty() {
            return Ok(None);
        }
        let title = self.doc(feed)?.value.1.title.clone();
        let zone = self.site.zone;
        let (prev, next) = source.around(month.start(zone), month.next().start(zone))?;
        let month_of = |day: Option<NaiveDate>| day.map(|day| Month::of(start_of(day, zone), zone));
        let around = Around { at: month, prev: month_of(prev), next: month_of(next) };
        let archive = self.has_archive(feed, month)?;
        let page = MonthPage { feed, title: &title, days: &days, around, archive };
        Ok(Some(Page::new(html::month(&self.site, tongue, &page), html::MEDIA_TYPE, self.changed(feed)?)))
    }

    /// The entry of a key, shown or not.
    fn stored(&self, key: EntryKey) -> Result<Option<(EntryNo, Entry)>, StoreError> {
        let store = self.store.load();
        let Some(no) = store.published(key)? else { return Ok(None) };
        Ok(store.entry(no)?.map(|entry| (no, entry)))
    }

    /// The entry of a key with a feed that may show it. What no feed shows has no page.
    fn readable(&self, key: EntryKey) -> Result<Option<(EntryNo, Entry, FeedKey)>, StoreError> {
        let Some((no, entry)) = self.stored(key)?.filter(|(_, entry)| entry.is_shown()) else {
            return Ok(None);
        };
        if !self.configured.contains(&entry.source) || document::too_old_at_first(&self.site, &entry) {
            return Ok(None);
        }
        let store = self.store.load_full();
        let removed = self.removed(&store)?;
        for feed in entry.feeds() {
            if FeedStories::new(&self.site, &store, &removed, &feed).admits(no)? {
                return Ok(Some((no, entry, feed)));
            }
        }
        Ok(None)
    }

    fn entry_page(&self, key: EntryKey, tongue: Tongue) -> Result<Option<Page>, StoreError> {
        let Some((no, entry, feed)) = self.readable(key)? else { return Ok(None) };
        let store = self.store.load_full();
        let removed = self.removed(&store)?;
        let Some(source) = store.source(&entry.source)? else { return Ok(None) };
        let founder = entry.story.as_ref().map_or(no, |story| story.founder);
        let mut stories = FeedStories::new(&self.site, &store, &removed, &feed);
        let shown = stories.with_reports(no, entry, Some(founder))?;
        let doc = document::entry(&self.site, &feed, &shown, &source);
        let was = self.former_title(&feed, &shown.entry, source.title());
        let page = EntryPage { doc: &doc, stored: &shown.entry, was: was.as_deref() };
        let bytes = html::entry(&self.site, tongue, &page);
        Ok(Some(Page::new(bytes, html::MEDIA_TYPE, self.changed(&FeedKey::All)?)))
    }

    /// The title that an entry had before, as the operator's rules let the feed show it; `None` if they do not.
    fn former_title(&self, feed: &FeedKey, entry: &Entry, outlet: &str) -> Option<String> {
        let was = entry.decision.as_ref()?.was.clone()?;
        let mut before = entry.clone();
        before.body.title = Some(was);
        let rules = &self.site.shown;
        let shows = rules.is_empty() || rules.shows(feed, &before, outlet, &self.site.regions);
        shows.then(|| rules.title(feed, &before).into_owned())
    }

    fn source_page(&self, id: &SourceId, tongue: Tongue) -> Result<Option<Page>, StoreError> {
        let feed = FeedKey::Source(id.clone());
        let doc = self.doc(&feed)?;
        let doc = &doc.value.1;
        let (store, meta) = (self.store.load_full(), self.meta()?);
        let Some(state) = store.source(id)? else { return Ok(None) };
        let today = self.today(&meta);
        let first = today - TimeDelta::days(RHYTHM - 1);
        let from = start_of(first, self.site.zone);
        let mut counts: BTreeMap<NaiveDate, usize> =
            (0..RHYTHM).map(|n| (first + TimeDelta::days(n), 0)).collect();
        for (rank, _) in store.surfaced_between(&feed, from, Time::MAX_UTC, COUNTED)? {
            let day = rank.surfaced.with_timezone(&self.site.zone).date_naive();
            counts.entry(day).and_modify(|count| *count += 1);
        }
        let days: Vec<(NaiveDate, usize)> = counts.into_iter().collect();
        let months =
            FeedSource { site: &self.site, store: &store, meta: &meta, feed: &feed }.surfaced_months()?;
        let page =
            SourcePage { feed: FeedPage { feed: &feed, doc, months: &months }, state: &state, days: &days };
        let turned = state.turns.last().map_or(doc.modified, |turn| turn.at);
        // The first good poll may bring nothing, and changes only what the page says of the state.
        let polled = state.polled_at.filter(|_| !state.seeded).unwrap_or(turned);
        let modified = doc.modified.max(turned).max(polled).max(start_of(today, self.site.zone));
        Ok(Some(Page::new(html::source(&self.site, tongue, &page), html::MEDIA_TYPE, modified)))
    }
}

#[cfg(test)]
mod tests;
