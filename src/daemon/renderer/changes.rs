//! The changes since views were rendered, and the end of a burst of changes.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use chrono::NaiveDate;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::paths::{PageKey, ViewKey};
use crate::model::feed_key::FeedKey;
use crate::model::month::Month;
use crate::model::source::SourceId;
use crate::model::state::FeedState;
use crate::model::time::Time;

/// The version of a view's input: a count of changes to everything, the journal position of the last record that
/// touched the view, and the days and month that ageing counts by.
pub type Version = (u64, u64, Option<Age>);

/// The day (of UTC), the month and the date (of the zone) of the newest poll.
pub(super) type Age = (Time, Month, NaiveDate);

/// A burst is over after this long without a record: polls of one schedule end one after another, and touch the
/// same feeds.
const QUIET: Duration = Duration::from_millis(100);

/// The longest time from the first change of a burst to the rendering in advance.
const BURST: Duration = Duration::from_secs(1);

/// While the recorder is busy, a view younger than this is not rendered again. Each group of a burst touches most
/// views, and a view that everybody asks for is rendered four times a second.
pub(super) const EXCUSED: Duration = Duration::from_millis(250);

#[derive(Default)]
pub(super) struct FeedChanges {
    revisions: RwLock<Revisions>,
    /// Observations that wait to be recorded.
    waiting: AtomicUsize,
    news: Notify,
}

#[derive(Default)]
struct Revisions {
    /// Counts changes that may touch any view.
    everything: u64,
    /// The last record that touched a feed, and the last that revised it.
    feeds: HashMap<FeedKey, (u64, u64)>,
    /// The last change of a source's state.
    turned: HashMap<SourceId, u64>,
    newest: u64,
    age: Option<Age>,
}

impl FeedChanges {
    /// No changes since the store had this age.
    pub(super) fn since(age: Option<Age>) -> Self {
        Self { revisions: RwLock::new(Revisions { age, ..Revisions::default() }), ..Self::default() }
    }

    /// These feeds have changed. A poll without news changes none and wakes nobody.
    pub(super) fn touched(&self, feeds: &[(FeedKey, FeedState)], age: Option<Age>) {
        let mut revisions = self.revisions.write().unwrap_or_else(PoisonError::into_inner);
        for (feed, state) in feeds {
            revisions.feeds.insert(feed.clone(), (state.changed_seq, state.revised_seq));
            revisions.newest = revisions.newest.max(state.changed_seq);
        }
        let is_news = !feeds.is_empty() || revisions.age != age;
        revisions.age = age;
        drop(revisions);
        if is_news {
            self.news.notify_one();
        }
    }

    /// The states of these sources have changed with these lines.
    pub(super) fn turned(&self, sources: &[(SourceId, u64)]) {
        if !sources.is_empty() {
            let mut revisions = self.revisions.write().unwrap_or_else(PoisonError::into_inner);
            revisions.turned.extend(sources.iter().cloned());
        }
    }

    pub(super) fn everything(&self, age: Option<Age>) {
        let mut revisions = self.revisions.write().unwrap_or_else(PoisonError::into_inner);
        revisions.everything += 1;
        revisions.age = age;
        drop(revisions);
        self.news.notify_one();
    }

    /// The version of a view's input now.
    pub(super) fn version(&self, view: &ViewKey) -> Version {
        let revisions = self.revisions.read().unwrap_or_else(PoisonError::into_inner);
        let of = |feed| revisions.feeds.get(feed).copied().unwrap_or_default();
        let none = NaiveDate::default();
        let by_day = revisions.age.map(|(day, month, _)| (day, month, none));
        let everything = revisions.everything;
        match view {
            ViewKey::Page(PageKey::Home, _) => (everything, revisions.newest, revisions.age),
            ViewKey::Feeds | ViewKey::Sources | ViewKey::Search(..) => (everything, revisions.newest, by_day),
            ViewKey::Asset(_) | ViewKey::OpenSearch | ViewKey::Robots => (everything, 0, None),
            ViewKey::Feed(feed, _) => (everything, of(feed).0, by_day),
            // Its bars end on the day of the newest poll, and it tells the state of its source.
            ViewKey::Page(PageKey::Feed(feed @ FeedKey::Source(id)), _) => {
                let turned = revisions.turned.get(id).copied().unwrap_or_default();
                (everything, of(feed).0.max(turned), revisions.age)
            }
            ViewKey::Page(PageKey::Feed(feed) | PageKey::Day(feed, _) | PageKey::Month(feed, _), _) => {
                (everything, of(feed).0, by_day)
            }
            // Whatever joins its story touches the feed of everything.
            ViewKey::Page(PageKey::Entry(_), _) => (everything, of(&FeedKey::All).0, by_day),
            // A month that is over does not age by days.
            ViewKey::Archive(feed, _) => {
                let by_month = by_day.map(|(_, month, _)| (Time::UNIX_EPOCH, month, none));
                (everything, of(feed).1, by_month)
            }
        }
    }

    pub(super) fn set_waiting(&self, facts: usize) {
        self.waiting.store(facts, Ordering::Release);
    }

    /// True while observations wait to be recorded.
    pub(super) fn is_busy(&self) -> bool {
        self.waiting.load(Ordering::Acquire) > 0
    }

    /// True if a view rendered at this time may be served though it is stale.
    pub(super) fn excuse(&self, rendered: Instant) -> bool {
        self.is_busy() && rendered.elapsed() < EXCUSED
    }

    /// Returns when something has changed since the last call and the burst is over, or has taken longer than
    /// [`BURST`].
    pub(super) async fn settled(&self) {
        self.news.notified().await;
        let latest = Instant::now() + BURST;
        loop {
            tokio::select! {
                biased;
                () = sleep_until(latest) => return,
                () = self.news.notified() => {}
                () = tokio::time::sleep(QUIET) => if !self.is_busy() { return },
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The time from the first change until `settled` returns, with further changes in these steps.
    async fn settles_after(changes: &FeedChanges, steps: &[u64]) -> Duration {
        let began = Instant::now();
        let tell = async {
            for step in steps {
                changes.everything(None);
                tokio::time::sleep(Duration::from_millis(*step)).await;
            }
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = changes.settled() => began.elapsed(),
            () = tell => unreachable!("it never ends"),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_is_over_when_nothing_more_comes_or_it_takes_too_long() {
        let changes = FeedChanges::default();
        assert_eq!(settles_after(&changes, &[0]).await, QUIET, "one change");
        assert_eq!(settles_after(&changes, &[40, 40, 40]).await, Duration::from_millis(80) + QUIET);
        assert_eq!(settles_after(&changes, &[50; 60]).await, BURST, "an endless one");
        // The burst goes on, and its later changes are no less of one.
        assert_eq!(settles_after(&changes, &[50; 60]).await, BURST);
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_is_not_over_while_the_recorder_is_busy() {
        let changes = FeedChanges::default();
        changes.set_waiting(3);
        assert_eq!(settles_after(&changes, &[0]).await, BURST);
        changes.set_waiting(0);
        assert_eq!(settles_after(&changes, &[0]).await, QUIET);
    }

    #[tokio::test(start_paused = true)]
    async fn a_poll_that_brings_nothing_wakes_nobody() {
        let changes = FeedChanges::default();
        changes.touched(&[], None);
        let woken = tokio::time::timeout(Duration::from_secs(60), changes.settled()).await;
        assert!(woken.is_err());
    }
}
