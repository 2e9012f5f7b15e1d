//! Which entries a feed shows: one a story. The one that became visible first stays, whatever comes
//! later; the others are linked from it.

use std::cmp::Reverse;

use crate::core::state::{Entry, EntryNo, FeedKey, Rank, State};
use crate::core::story::MAX_MEMBERS;
use crate::store::{Store, StoreError};
use crate::views::document::{Related, Shown};

/// Places of the list read to fill a feed: when nine of ten entries repeat others, a feed is shorter
/// rather than its rendering unbounded.
const LOOK: usize = 10;

/// The first entries of a feed to be shown, at most `limit`.
pub(super) fn shown(store: &Store, feed: &FeedKey, limit: usize) -> Result<Vec<Shown>, StoreError> {
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
            shown.extend(leading(store, feed, rank)?);
        }
        if last_page {
            break;
        }
    }
    Ok(shown)
}

/// The entry at a place, if it is the one that tells its story in this feed.
fn leading(store: &Store, feed: &FeedKey, rank: Rank) -> Result<Option<Shown>, StoreError> {
    let (no, entry) = store.listed_entry(rank)?;
    let founder = entry.story.as_ref().map_or(no, |story| story.founder);
    let joined = store.joined(founder, MAX_MEMBERS)?;
    if joined.is_empty() {
        return Ok(Some(Shown { entry, related: Vec::new() }));
    }
    let mut others = Vec::with_capacity(joined.len());
    for other in [founder].into_iter().chain(joined).filter(|other| *other != no) {
        others.extend(store.entry(other)?.filter(|e| e.withdrawn.is_none()).map(|entry| (other, entry)));
    }
    let place = precedence(store, no, &entry)?;
    for (other, theirs) in &others {
        if theirs.feeds().contains(feed) && precedence(store, *other, theirs)? < place {
            return Ok(None);
        }
    }
    let mut related = Vec::with_capacity(others.len());
    for (_, other) in others {
        let Some(href) = other.body.page() else { continue };
        let outlet = store.source(&other.source)?;
        let outlet = outlet.as_ref().map_or(other.source.as_str(), |source| source.title());
        related.push(Related { title: format!("{outlet}：{}", other.title()), href: href.to_owned() });
    }
    Ok(Some(Shown { entry, related }))
}

type Precedence = (u64, Reverse<i32>, EntryNo);

/// Earlier publish rounds come first; within a round, the source the operator prefers.
fn precedence(store: &Store, no: EntryNo, entry: &Entry) -> Result<Precedence, StoreError> {
    let priority = store.source(&entry.source)?.map_or(0, |source| source.def.priority);
    Ok((entry.round, Reverse(priority), no))
}
