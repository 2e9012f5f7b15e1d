//! The verdict that our own network is down, and the order of the tries until it is back. Knows hosts and sources by
//! name, and time as a duration since any fixed instant.
//!
//! One host that gives no answer is down itself. If several give none in a row and no other answers, the cause is ours:
//! no route, no resolver, or a captive portal. An installation with one host cannot tell, and never gets the verdict.

mod evidence;
mod sign;
mod tries;

use std::collections::BTreeSet;
use std::time::Duration;

use crate::model::source::SourceId;
use evidence::Evidence;
pub use sign::{Sign, sign};
use tries::Tries;
pub use tries::Turn;

/// Polls that waited for the network are spread over a second for each, but no longer than this.
const LONGEST_SPREAD: Duration = Duration::from_secs(60);

/// A change of the verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    Down,
    Up,
    /// Nobody has answered for so long that the hosts count as down themselves.
    GivenUp,
}

/// One way to publishers: the network, or a proxy.
#[derive(Clone, Debug, Default)]
pub struct Network {
    evidence: Evidence,
    /// The tries, while it is down.
    tries: Option<Tries>,
    /// The number of polls that waited when it came back.
    waited: u32,
}

impl Network {
    /// Takes in a poll of `host`. `hosts` are all hosts that are polled by this way.
    pub fn note(
        &mut self,
        host: &str,
        sign: Sign,
        hosts: &BTreeSet<String>,
        now: Duration,
    ) -> Option<Change> {
        if let Some(tries) = &self.tries {
            let change = match sign {
                Sign::Answer => Change::Up,
                Sign::Silence | Sign::Stranger(_) if tries.are_in_vain(now) => Change::GivenUp,
                Sign::Silence | Sign::Stranger(_) | Sign::Nothing => return None,
            };
            self.waited = tries.waiting();
            self.tries = None;
            match change {
                Change::GivenUp => self.evidence.give_up(hosts),
                // Else the same hosts would be called an outage again, and their failures never count.
                Change::Up | Change::Down => self.evidence.take(host, sign),
            }
            return Some(change);
        }
        self.evidence.take(host, sign);
        if !self.evidence.is_conclusive(hosts) {
            return None;
        }
        self.tries = Some(Tries::new(now));
        Some(Change::Down)
    }

    pub fn is_down(&self) -> bool {
        self.tries.is_some()
    }

    /// True if the silence of a host is held for a sign that the network may be down.
    pub fn suspects(&self, host: &str) -> bool {
        self.evidence.has(host)
    }

    /// The turn of a source that is due. While the network is down, the source is among the waiting ones from now on.
    pub fn turn(&mut self, host: &str, source: &SourceId, now: Duration) -> Turn {
        self.tries.as_mut().map_or(Turn::Free, |tries| tries.turn(host, source, now))
    }

    /// The source does not wait any more.
    pub fn leave(&mut self, host: &str, source: &SourceId) {
        self.tries.iter_mut().for_each(|tries| tries.leave(host, source));
    }

    /// A try has ended. If it was answered, [`note`](Self::note) has ended the outage before.
    pub fn tried(&mut self, now: Duration) {
        self.tries.iter_mut().for_each(|tries| tries.tried(now));
    }

    /// The number of polls that waited in the last outage.
    pub fn waited(&self) -> u32 {
        self.waited
    }

    /// The time over which the polls that waited are spread.
    pub fn spread(&self) -> Duration {
        LONGEST_SPREAD.min(Duration::from_secs(self.waited.into()))
    }
}

#[cfg(test)]
mod tests;
