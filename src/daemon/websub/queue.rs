//! The queue of feeds to tell the hub. A feed that fails waits by itself and delays no other. If several feeds fail in
//! a row, the hub itself fails, and all wait.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use crate::decide::backoff;

/// The longest delay after failures: every reader behind the hub gets the news late.
const LONGEST: Duration = Duration::from_secs(3600);

/// The digests of the feeds, and those that the hub knows. It has no more rows than there are feeds.
pub(super) struct PingQueue {
    now: BTreeMap<String, String>,
    pinged: BTreeMap<String, String>,
    failing: BTreeMap<String, Failing>,
}

/// The failures of a feed since its last success.
struct Failing {
    times: u32,
    not_before: Instant,
    /// True if no feed has succeeded since.
    in_row: bool,
}

impl PingQueue {
    /// A queue whose hub knows these feeds: paths and digests.
    pub(super) fn knowing(feeds: Vec<(String, String)>) -> Self {
        let feeds: BTreeMap<_, _> = feeds.into_iter().collect();
        Self { now: feeds.clone(), pinged: feeds, failing: BTreeMap::new() }
    }

    pub(super) fn changed(&mut self, feeds: Vec<(String, String)>) {
        self.now.extend(feeds);
    }

    /// Time at which the next feed is due, no sooner than `hub`; `None` if none is pending.
    pub(super) fn due(&self, hub: Instant) -> Option<Instant> {
        let waits = self.pending().map(|(path, _)| self.failing.get(path).map(|failing| failing.not_before));
        waits.min().map(|earliest| earliest.map_or(hub, |earliest| earliest.max(hub)))
    }

    /// The next feed to tell: those that failed least go first.
    pub(super) fn next(&self, at: Instant) -> Option<(String, String)> {
        let failing = |path: &str| self.failing.get(path);
        let ready = self
            .pending()
            .filter(|(path, _)| failing(path).is_none_or(|failing| failing.not_before <= at))
            .min_by_key(|(path, _)| failing(path).map_or(0, |failing| failing.times));
        ready.map(|(path, digest)| (path.clone(), digest.clone()))
    }

    /// Feeds whose digest differs from the one that the hub knows.
    fn pending(&self) -> impl Iterator<Item = (&String, &String)> {
        self.now.iter().filter(|(path, digest)| self.pinged.get(*path) != Some(*digest))
    }

    /// The hub knows this digest, or refused the feed.
    pub(super) fn pinged(&mut self, path: String, digest: String) {
        self.failing.remove(&path);
        self.failing.values_mut().for_each(|failing| failing.in_row = false);
        self.pinged.insert(path, digest);
    }

    /// The hub failed at this feed. Returns the delay for all feeds: the backoff for as many failures as there are feeds
    /// that failed in a row. A feed that always fails delays the others by `base` at most, and is itself tried once
    /// in `LONGEST`.
    pub(super) fn failed(&mut self, path: String, base: Duration, at: Instant) -> Duration {
        let wait = |times: u32| backoff::delay(times, base, 0.0).min(LONGEST);
        let failing = self.failing.entry(path).or_insert(Failing { times: 0, not_before: at, in_row: true });
        failing.times = failing.times.saturating_add(1);
        failing.not_before = at + wait(failing.times);
        failing.in_row = true;
        let row = self.failing.values().filter(|failing| failing.in_row).count();
        wait(u32::try_from(row).unwrap_or(u32::MAX))
    }
}

#[cfg(test)]
mod tests;
