//! Which entries a feed shows: one a story. The one that became visible first stays, whatever comes
//! later; the others are linked from it.

use std::cmp::Reverse;
use std::collections::HashMap;

use crate::core::state::{Entry, EntryNo, FeedKey, Rank, State};
use crate::store::{Store, StoreError};
use crate::views::document::{Related, Shown};

/// Places of the list read to fill a feed: when nine of ten entries repeat others, a feed is shorter
/// rather than its rendering unbounded.
const LOOK: usize = 10;
/// The most reports of a story that are looked at. A report beyond them is taken for a repetition.
const REPORTS: usize = 512;
/// The most of them that are linked from the one that is shown.
const LINKED: usize = 16;

/// The first entries of a feed to be shown, at most `limit`.
pub(super) fn shown(store: &Store, feed: &FeedKey, limit: usize) -> Result<Vec<Shown>, StoreError> {
    let mut stories = Stories { store, feed, told: HashMap::new() };
    let mut shown = Vec::with_capacity(limit);
    let mut after: Option<Rank> = None;
    for _ in 0..LOOK {
        let ranks = store.list(feed, after, limit)?;
        after = ranks.last().copied();
        let last_page = ranks.len() < limit;
        for rank in ranks {
            if shown.len() == limit {
                return Ok(shown);
            }
            shown.extend(stories.shown(rank)?);
        }
        if last_page {
            break;
        }
    }
    Ok(shown)
}

/// The stories of a feed, each looked at once however many reports of it are listed.
struct Stories<'a> {
    store: &'a Store,
    feed: &'a FeedKey,
    told: HashMap<EntryNo, Story>,
}

/// A story in one feed.
struct Story {
    /// The report that is shown.
    leader: Option<EntryNo>,
    /// How many tell it, in whatever feed.
    told: usize,
    /// The first reports, to be linked.
    reports: Vec<(EntryNo, Related)>,
}

/// Earlier publish rounds come first; within a round, the source the operator prefers.
type Precedence = (u64, Reverse<i32>, EntryNo);

impl Stories<'_> {
    /// The entry at a place, if it is the one that tells its story here.
    fn shown(&mut self, rank: Rank) -> Result<Option<Shown>, StoreError> {
        let (no, entry) = self.store.listed_entry(rank)?;
        let founder = entry.story.as_ref().map_or(no, |story| story.founder);
        if founder == no && self.store.joined(founder, 1)?.is_empty() {
            return Ok(Some(Shown { entry, related: Vec::new(), others: 0 }));
        }
        if !self.told.contains_key(&founder) {
            let story = self.look(founder)?;
            self.told.insert(founder, story);
        }
        let story = &self.told[&founder];
        if story.leader != Some(no) {
            return Ok(None);
        }
        let others = story.reports.iter().filter(|(other, _)| *other != no);
        let related = others.take(LINKED).map(|(_, related)| related.clone()).collect();
        Ok(Some(Shown { entry, related, others: story.told - 1 }))
    }

    fn look(&self, founder: EntryNo) -> Result<Story, StoreError> {
        let mut leader: Option<Precedence> = None;
        let (mut told, mut reports) = (0, Vec::new());
        for no in [founder].into_iter().chain(self.store.joined(founder, REPORTS)?) {
            let Some(entry) = self.store.entry(no)?.filter(Entry::is_shown) else {
                continue;
            };
            told += 1;
            let source = self.store.source(&entry.source)?;
            if entry.feeds().contains(self.feed) {
                let priority = source.as_ref().map_or(0, |source| source.def.priority);
                let place = (entry.round, Reverse(priority), no);
                leader = Some(leader.map_or(place, |best| best.min(place)));
            }
            if reports.len() <= LINKED {
                let outlet = source.as_ref().map_or(entry.source.as_str(), |source| source.title());
                reports.extend(related(&entry, outlet).map(|related| (no, related)));
            }
        }
        Ok(Story { leader: leader.map(|(_, _, no)| no), told, reports })
    }
}

fn related(entry: &Entry, outlet: &str) -> Option<Related> {
    let href = entry.body.page()?.to_owned();
    Some(Related { title: format!("{outlet}：{}", entry.title()), href })
}
