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
    told: BTreeMap<String, String>,
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
        Self { now: feeds.clone(), told: feeds, failing: BTreeMap::new() }
    }

    /// Sets the current digests of feeds.
    pub(super) fn changed(&mut self, feeds: Vec<(String, String)>) {
        self.now.extend(feeds);
    }

    /// When the next feed is due, no sooner than `hub`; `None` if none is pending.
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
        self.now.iter().filter(|(path, digest)| self.told.get(*path) != Some(*digest))
    }

    /// The hub knows this digest, or refused the feed.
    pub(super) fn told(&mut self, path: String, digest: String) {
        self.failing.remove(&path);
        self.failing.values_mut().for_each(|failing| failing.in_row = false);
        self.told.insert(path, digest);
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
mod tests {
    use super::*;

    const BACKOFF: Duration = Duration::from_secs(30);

    fn feeds(all: &[(&str, &str)]) -> Vec<(String, String)> {
        all.iter().map(|(path, digest)| ((*path).to_owned(), (*digest).to_owned())).collect()
    }

    fn next(queue: &PingQueue, at: Instant) -> Option<String> {
        queue.next(at).map(|(path, digest)| format!("{path} {digest}"))
    }

    #[test]
    fn only_feeds_that_are_not_what_the_hub_was_told_are_told() {
        let at = Instant::now();
        let mut queue = PingQueue::knowing(feeds(&[("all.atom", "1"), ("henan.atom", "1")]));
        assert_eq!(next(&queue, at), None, "the first look is the baseline");
        assert_eq!(queue.due(at), None);
        queue.changed(feeds(&[("all.atom", "1"), ("henan.atom", "2")]));
        assert_eq!(next(&queue, at).as_deref(), Some("henan.atom 2"));
        queue.changed(feeds(&[("all.atom", "1"), ("henan.atom", "3")]));
        assert_eq!(next(&queue, at).as_deref(), Some("henan.atom 3"), "two changes are told once");
        queue.told("henan.atom".to_owned(), "3".to_owned());
        assert_eq!(next(&queue, at), None);
        queue.changed(feeds(&[("all.atom", "2")]));
        queue.changed(feeds(&[("all.atom", "1")]));
        assert_eq!(next(&queue, at), None, "what is again as it was is no news");
        queue.changed(feeds(&[("hubei.atom", "1")]));
        assert_eq!(next(&queue, at).as_deref(), Some("hubei.atom 1"), "a feed that is new is news");
    }

    /// Plays hours of a hub that `takes` some feeds, all of which change every ten minutes; how often it was
    /// asked for each, and the longest that any it takes had to wait.
    fn play(hours: u64, takes: impl Fn(&str) -> bool) -> (BTreeMap<String, u32>, Duration) {
        let paths = ["a.atom", "b.atom", "c.atom", "d.atom"];
        let start = Instant::now();
        let mut queue = PingQueue::knowing(Vec::new());
        let (mut asked, mut longest, mut hub) = (BTreeMap::<String, u32>::new(), Duration::ZERO, start);
        for round in 0..hours * 6 {
            let from = start + Duration::from_secs(round * 600);
            queue.changed(paths.iter().map(|path| ((*path).to_owned(), round.to_string())).collect());
            while let Some(at) = queue.due(hub.max(from)).filter(|at| *at < from + Duration::from_secs(600)) {
                let (path, digest) = queue.next(at).expect("it is due");
                *asked.entry(path.clone()).or_default() += 1;
                hub = at;
                if takes(&path) {
                    longest = longest.max(at - from);
                    queue.told(path, digest);
                } else {
                    hub += queue.failed(path, BACKOFF, at);
                }
            }
        }
        (asked, longest)
    }

    #[test]
    fn a_feed_that_the_hub_always_fails_at_keeps_no_other_from_being_told() {
        let (asked, longest) = play(24, |path| path != "a.atom");
        for path in ["b.atom", "c.atom", "d.atom"] {
            assert_eq!(asked[path], 24 * 6, "{path} once for each change");
        }
        assert!(longest <= BACKOFF, "{longest:?}");
        assert!((20..=32).contains(&asked["a.atom"]), "it is tried about hourly: {}", asked["a.atom"]);
    }

    #[test]
    fn a_hub_that_is_down_is_asked_ever_more_seldom_whatever_changes() {
        let (asked, _) = play(24, |_| false);
        let all: u32 = asked.values().sum();
        assert!((80..=130).contains(&all), "four feeds, hourly at last: {asked:?}");
        let mut queue = PingQueue::knowing(Vec::new());
        queue.changed((0..100).map(|n| (format!("{n}.atom"), String::new())).collect());
        let (start, mut at, mut pings) = (Instant::now(), Instant::now(), 0);
        while at < start + Duration::from_secs(24 * 3600) {
            let (path, _) = queue.next(at).expect("none of a hundred");
            let hub = at + queue.failed(path, BACKOFF, at);
            at = queue.due(hub).expect("there are more");
            pings += 1;
        }
        assert!(pings <= 32, "{pings} a day, whatever there is to tell");
    }

    #[test]
    fn a_feed_that_failed_is_told_once_it_may_be_and_then_starts_afresh() {
        let start = Instant::now();
        let mut queue = PingQueue::knowing(Vec::new());
        queue.changed(feeds(&[("a.atom", "1")]));
        for wait in [30, 60, 120] {
            assert_eq!(queue.failed("a.atom".to_owned(), BACKOFF, start), BACKOFF, "one feed is not the hub");
            assert_eq!(queue.due(start), Some(start + Duration::from_secs(wait)));
            assert_eq!(next(&queue, start), None);
        }
        assert_eq!(next(&queue, start + Duration::from_secs(120)).as_deref(), Some("a.atom 1"));
        queue.told("a.atom".to_owned(), "1".to_owned());
        queue.changed(feeds(&[("a.atom", "2")]));
        assert_eq!(queue.due(start), Some(start));
    }
}
