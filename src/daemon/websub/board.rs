//! What the hub has still to be told. A feed that the hub fails at waits for itself and keeps no other from
//! being told; that several fail in a row says that it is the hub, and then all wait.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use crate::decide::backoff;

/// The longest a hub that fails is left alone: what it is told late is late for all of its readers.
const LONGEST: Duration = Duration::from_secs(3600);

/// What the feeds are, and what the hub was told they are. It has no more rows than there are feeds.
pub(super) struct Board {
    now: BTreeMap<String, String>,
    told: BTreeMap<String, String>,
    failing: BTreeMap<String, Failing>,
}

/// A feed that the hub failed at, since it last took it.
struct Failing {
    times: u32,
    not_before: Instant,
    /// Whether the hub has taken no other since.
    in_row: bool,
}

impl Board {
    /// One whose hub knows these feeds as they are: paths and digests.
    pub(super) fn knowing(feeds: Vec<(String, String)>) -> Self {
        let feeds: BTreeMap<_, _> = feeds.into_iter().collect();
        Self { now: feeds.clone(), told: feeds, failing: BTreeMap::new() }
    }

    /// These feeds are so now.
    pub(super) fn changed(&mut self, feeds: Vec<(String, String)>) {
        self.now.extend(feeds);
    }

    /// When the next feed is to be told, no sooner than `hub`; never, where there is none.
    pub(super) fn due(&self, hub: Instant) -> Option<Instant> {
        let waits = self.pending().map(|(path, _)| self.failing.get(path).map(|failing| failing.not_before));
        waits.min().map(|earliest| earliest.map_or(hub, |earliest| earliest.max(hub)))
    }

    /// A feed to tell: those that failed least go first.
    pub(super) fn next(&self, at: Instant) -> Option<(String, String)> {
        let failing = |path: &str| self.failing.get(path);
        let ready = self
            .pending()
            .filter(|(path, _)| failing(path).is_none_or(|failing| failing.not_before <= at))
            .min_by_key(|(path, _)| failing(path).map_or(0, |failing| failing.times));
        ready.map(|(path, digest)| (path.clone(), digest.clone()))
    }

    /// Feeds that the hub takes for what they no longer are. A feed that is again what it was is none.
    fn pending(&self) -> impl Iterator<Item = (&String, &String)> {
        self.now.iter().filter(|(path, digest)| self.told.get(*path) != Some(*digest))
    }

    /// The hub knows this feed so, or does not want to.
    pub(super) fn told(&mut self, path: String, digest: String) {
        self.failing.remove(&path);
        self.failing.values_mut().for_each(|failing| failing.in_row = false);
        self.told.insert(path, digest);
    }

    /// The hub could not be told of this feed. How long it is to be left alone altogether: as long as after as
    /// many failures as there are feeds that it failed at in a row. One that it always fails at puts off the
    /// others by `patience` at most, and is itself tried once in `LONGEST`.
    pub(super) fn failed(&mut self, path: String, patience: Duration, at: Instant) -> Duration {
        let wait = |times: u32| backoff::delay(times, patience, 0.0).min(LONGEST);
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
