//! Maintains the lists of feeds: the rank of each entry, and the state of a feed that changed.

use super::{Work, overlaid};
use crate::model::feed_key::FeedKey;
use crate::model::left::Left;
use crate::model::region::RegionId;
use crate::model::source::SourceNo;
use crate::model::source::{RegionRule, SourceId};
use crate::model::state::{BacklogKey, FeedState, Listing, ListingKey, Rank, SourceState, State};
use crate::model::stored::{Entry, EntryNo};
use crate::model::time::Time;

impl<S: State> Work<'_, S> {
    /// What lists say of an entry besides its place.
    pub(super) fn place(&self, source: SourceNo, entry: &Entry, story: Option<EntryNo>) -> Listing {
        Listing { source, backlog: entry.backlog, story }
    }

    pub(super) fn list(
        &mut self,
        feed: FeedKey,
        no: EntryNo,
        entry: &Entry,
        place: Listing,
    ) -> Result<(), S::Error> {
        // A clock that was set back brings new entries to a month that was over.
        let late = entry.first_seen < self.meta.newest_at;
        let updated = Some(entry.updated);
        let state =
            if late { self.revise(feed.clone(), updated)? } else { self.touch(feed.clone(), updated)? };
        state.entries += 1;
        self.put_on_list(feed, no, entry, place)
    }

    /// Lists an entry without marking the feed as changed.
    pub(super) fn put_on_list(
        &mut self,
        feed: FeedKey,
        no: EntryNo,
        entry: &Entry,
        place: Listing,
    ) -> Result<(), S::Error> {
        if entry.backlog.is_some() {
            let key = backlog_key(&feed, entry);
            let mut numbers = self.backlog(&key)?;
            if let Err(at) = numbers.binary_search(&no) {
                numbers.insert(at, no);
            }
            self.changes.backlogs.insert(key, numbers);
        }
        self.changes.places.insert(place_key(feed, no, entry), Some(place));
        Ok(())
    }

    pub(super) fn unlist(&mut self, feed: &FeedKey, no: EntryNo, entry: &Entry) -> Result<(), S::Error> {
        let state = self.revise(feed.clone(), None)?;
        state.entries = state.entries.saturating_sub(1);
        state.left.note(entry.first_seen);
        if entry.backlog.is_some() {
            let key = backlog_key(feed, entry);
            let mut numbers = self.backlog(&key)?;
            numbers.retain(|other| *other != no);
            self.changes.backlogs.insert(key, numbers);
        }
        self.changes.places.insert(place_key(feed.clone(), no, entry), None);
        Ok(())
    }

    fn backlog(&self, key: &BacklogKey) -> Result<Vec<EntryNo>, S::Error> {
        overlaid(&self.changes.backlogs, key, || self.state.backlog(key))
    }

    /// The feed's own title and rights stand in every entry of it: every feed that may list one has
    /// changed.
    pub(super) fn touch_source(&mut self, id: &SourceId, source: &SourceState) -> Result<(), S::Error> {
        let regions: Vec<RegionId> = match &source.def.region {
            RegionRule::Fixed(ids) => ids.clone(),
            RegionRule::Routed(_) | RegionRule::Auto => self.rules.regions().cloned().collect(),
        };
        let feeds = [FeedKey::Source(id.clone()), FeedKey::All, FeedKey::National];
        for feed in feeds.into_iter().chain(regions.into_iter().map(FeedKey::Region)) {
            if self.feed(&feed)?.is_some() {
                self.revise(feed, None)?;
            }
        }
        Ok(())
    }

    /// The feed's state, marked as changed by this line in what it already showed.
    pub(super) fn revise(
        &mut self,
        feed: FeedKey,
        updated: Option<Time>,
    ) -> Result<&mut FeedState, S::Error> {
        let state = self.touch(feed, updated)?;
        (state.revised_at, state.revised_seq) = (state.changed_at, state.changed_seq);
        Ok(state)
    }

    /// The feed's state, marked as changed by this line.
    pub(super) fn touch(&mut self, feed: FeedKey, updated: Option<Time>) -> Result<&mut FeedState, S::Error> {
        let (at, seq, said) = (self.at, self.seq, self.said);
        if self.feed(&feed)?.is_none() {
            let fresh = FeedState {
                updated: Time::UNIX_EPOCH,
                changed_at: at,
                changed_seq: seq,
                revised_at: Time::UNIX_EPOCH,
                revised_seq: 0,
                entries: 0,
                left: Left::default(),
            };
            self.changes.feeds.insert(feed.clone(), fresh);
        }
        let state = self.changes.feeds.get_mut(&feed).expect("it was inserted");
        if state.changed_seq != seq {
            state.changed_at = super::clock::dated_after(at, said, state.changed_at);
            state.changed_seq = seq;
        }
        if let Some(updated) = updated {
            state.updated = state.updated.max(updated);
        }
        Ok(state)
    }

    /// The feed's state, about to be changed; `None` for one that never had an entry.
    pub(super) fn feed(&mut self, feed: &FeedKey) -> Result<Option<&mut FeedState>, S::Error> {
        if !self.changes.feeds.contains_key(feed)
            && let Some(state) = self.state.feed(feed)?
        {
            self.changes.feeds.insert(feed.clone(), state);
        }
        Ok(self.changes.feeds.get_mut(feed))
    }
}

fn place_key(feed: FeedKey, no: EntryNo, entry: &Entry) -> ListingKey {
    ListingKey { feed, backlog: entry.backlog.is_some(), rank: Rank::of(no, entry) }
}

fn backlog_key(feed: &FeedKey, entry: &Entry) -> BacklogKey {
    BacklogKey { feed: feed.clone(), first_seen: entry.first_seen, seq: entry.seq }
}
