//! The tries while the network is down: one source at a time, and one host after the other.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use crate::model::source::SourceId;

/// First delay before a try; doubles after each that fails. A lost connection is back within seconds as a rule.
const FIRST: Duration = Duration::from_secs(5);
/// The longest delay: polls go on so soon after the network is back. As hosts take turns, one of two is asked once a
/// minute.
const LONGEST: Duration = Duration::from_secs(30);
/// After this time the delay doubles again: an outage of hours is no lost connection, and the hosts may be down.
const LONG: Duration = Duration::from_secs(3600);
const LONGEST_IN_A_LONG_OUTAGE: Duration = Duration::from_secs(15 * 60);
/// After this time the outage is given up: two publishers that closed for ever look the same.
const IN_VAIN: Duration = Duration::from_secs(24 * 3600);

/// What a source that is due may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// The network is up.
    Free,
    /// It is the one that tries.
    Try,
    /// It waits, and asks again after this time or when something has changed.
    Wait(Duration),
}

#[derive(Clone, Debug)]
pub(super) struct Tries {
    /// The sources that wait, by host, in the order in which the hosts are tried.
    waiting: VecDeque<(String, BTreeSet<SourceId>)>,
    is_under_way: bool,
    since: Duration,
    due: Duration,
    delay: Duration,
}

impl Tries {
    pub(super) fn new(now: Duration) -> Self {
        Self { waiting: VecDeque::new(), is_under_way: false, since: now, due: now + FIRST, delay: FIRST }
    }

    /// The number of sources that wait, or try.
    pub(super) fn waiting(&self) -> u32 {
        let count = self.waiting.iter().map(|(_, sources)| sources.len()).sum::<usize>();
        u32::try_from(count).unwrap_or(u32::MAX).saturating_add(self.is_under_way.into())
    }

    pub(super) fn turn(&mut self, host: &str, source: &SourceId, now: Duration) -> Turn {
        self.join(host, source);
        if self.is_under_way {
            return Turn::Wait(LONGEST);
        }
        if now < self.due {
            return Turn::Wait(self.due - now);
        }
        let next = self.waiting.iter().position(|(_, sources)| !sources.is_empty());
        let Some(mut next) = next.and_then(|at| self.waiting.remove(at)) else { return Turn::Wait(LONGEST) };
        if next.1.first() != Some(source) {
            self.waiting.push_front(next);
            return Turn::Wait(LONGEST);
        }
        self.is_under_way = true;
        next.1.remove(source);
        self.waiting.push_back(next);
        Turn::Try
    }

    fn join(&mut self, host: &str, source: &SourceId) {
        match self.waiting.iter_mut().find(|(waiting, _)| waiting == host) {
            Some((_, sources)) => drop(sources.insert(source.clone())),
            None => self.waiting.push_back((host.to_owned(), BTreeSet::from([source.clone()]))),
        }
    }

    pub(super) fn leave(&mut self, host: &str, source: &SourceId) {
        if let Some((_, sources)) = self.waiting.iter_mut().find(|(waiting, _)| waiting == host) {
            sources.remove(source);
        }
    }

    pub(super) fn tried(&mut self, now: Duration) {
        self.is_under_way = false;
        let is_long = now.saturating_sub(self.since) >= LONG;
        let longest = if is_long { LONGEST_IN_A_LONG_OUTAGE } else { LONGEST };
        self.delay = longest.min(self.delay * 2);
        self.due = now + self.delay;
    }

    /// True if the outage has lasted so long that it is none.
    pub(super) fn are_in_vain(&self, now: Duration) -> bool {
        now.saturating_sub(self.since) >= IN_VAIN
    }
}
