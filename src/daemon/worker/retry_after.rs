//! Retry-After: while the daemon runs, the queues of hosts keep it. The journal keeps it too, for polls by hand and for
//! the time after a restart.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Worker;
use crate::config::RetryAfter;
use crate::decide::poll;
use crate::model::exchange::FetchFault;
use crate::model::outcome::Outcome;
use crate::model::poll_state::PollState;
use crate::model::source::SourceId;
use crate::model::state::SourceState;
use crate::model::time::Time;
use crate::read::link;

impl Worker {
    /// Holds the hosts whose Retry-After of before the last stop is not over.
    pub fn resume_holds(&self, stored: &BTreeMap<SourceId, SourceState>) {
        let now = self.clock.now();
        for (id, stored) in stored {
            if self.sources.get(id).is_some_and(|source| source.retry_after == RetryAfter::Host) {
                self.hold_hosts(&stored.poll, stored.polled_at, now);
            }
        }
    }

    pub(super) fn hold_hosts(&self, state: &PollState, polled: Option<Time>, now: Time) {
        if let Some(address) = &state.asked_by {
            self.hold(address, poll::not_before(state, polled, now, self.freshness_limit), now);
        }
        for hold in &state.holds {
            self.hold(&hold.address, poll::held_until(state, &hold.address, now), now);
        }
    }

    fn hold(&self, url: &str, until: Option<Time>, now: Time) {
        let Some(wait) = until.and_then(|until| (until - now).to_std().ok()) else { return };
        self.asker.hold(url, wait);
    }
}

/// The outcome while a Retry-After is not over: nobody is asked (RFC 9110 section 10.2.3), by schedule or by hand.
pub(super) fn still_waiting(
    stored: &SourceState,
    asked: &str,
    now: Time,
    freshness_limit: Duration,
) -> Option<Outcome> {
    let waits = |outcome: &Outcome| matches!(outcome, Outcome::Throttled { .. } | Outcome::Held { .. });
    let as_before = stored.outcome.clone().filter(waits);
    // After the clock was set back, only the scheduler waits: nobody knows when the wait began.
    let set_back = stored.polled_at.is_some_and(|polled| poll::lies_ahead(polled, now));
    let all = poll::not_before(&stored.poll, stored.polled_at, now, freshness_limit)
        .filter(|until| !set_back && *until > now && (as_before.is_some() || stored.poll.asked_by.is_some()));
    let until = all.max(poll::held_until(&stored.poll, asked, now))?;
    let held = || FetchFault::Held {
        host: link::server(asked).unwrap_or_default(),
        wait: (until - now).to_std().unwrap_or_default(),
    };
    Some(as_before.unwrap_or_else(|| Outcome::Held { why: held().to_string() }))
}
