//! What the scheduler hears of polls: those it started, and those that were made by hand.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use super::{PollError, Report, Worker};
use crate::daemon::scheduler::{Past, Poller};
use crate::decide::poll;
use crate::model::outcome::Outcome;
use crate::model::poll_state::PollState;
use crate::model::source::SourceId;
use crate::model::state::{SourceState, State as _};
use crate::model::time::Time;

/// The newest of each source's polls by hand that the scheduler has not heard of: no more than there are
/// sources, also where nobody schedules polls.
#[derive(Default)]
pub(super) struct ByHand {
    untold: Mutex<BTreeMap<SourceId, Past>>,
    told: Notify,
}

impl ByHand {
    pub(super) fn tell(&self, source: &SourceId, past: Past) {
        self.untold.lock().unwrap_or_else(PoisonError::into_inner).insert(source.clone(), past);
        self.told.notify_one();
    }

    async fn next(&self) -> (SourceId, Past) {
        loop {
            let first = self.untold.lock().unwrap_or_else(PoisonError::into_inner).pop_first();
            match first {
                Some(first) => return first,
                None => self.told.notified().await,
            }
        }
    }
}

impl Worker {
    /// What the scheduler has to know of a source's past.
    #[must_use]
    pub fn past(&self, stored: Option<&SourceState>) -> Past {
        stored.map_or_else(Past::default, |s| {
            past(&s.poll, s.outcome.as_ref(), s.polled_at, self.patience, self.clock.now())
        })
    }

    /// What the scheduler has to know of a poll: what was stored of it, where that is worse than what it was.
    /// A record that could not be applied counts as a failure, and its source waits like any that fails.
    pub(super) fn past_of(&self, report: &Report) -> Past {
        let now = self.clock.now();
        let stored = self.recorder.store().load().source(&report.source).ok().flatten();
        match stored.filter(|stored| stored.poll.failures > report.state.failures) {
            Some(stored) => self.past(Some(&stored)),
            None => past(&report.state, Some(&report.outcome), Some(now), self.patience, now),
        }
    }
}

impl Poller for Arc<Worker> {
    fn poll(&self, id: SourceId, scheduled: Time) -> Pin<Box<dyn Future<Output = Past> + Send>> {
        let worker = Arc::clone(self);
        Box::pin(async move {
            match worker.poll_when_possible(&id, scheduled).await {
                Ok(report) => worker.past_of(&report),
                Err(PollError::Overtaken(stored)) => worker.past(Some(&stored)),
                Err(error) => {
                    tracing::error!(source = %id, %error, "poll not recorded");
                    Past { scheduled: Some(scheduled), ..Past::default() }
                }
            }
        })
    }

    fn polled_by_hand(&self) -> Pin<Box<dyn Future<Output = (SourceId, Past)> + Send + '_>> {
        Box::pin(self.by_hand.next())
    }
}

fn past(
    state: &PollState,
    outcome: Option<&Outcome>,
    polled: Option<Time>,
    patience: Duration,
    now: Time,
) -> Past {
    Past {
        skip: state.skip,
        max_delay: patience,
        scheduled: state.scheduled,
        polled,
        not_before: poll::not_before(state, polled, now, patience),
        gone: matches!(outcome, Some(Outcome::Gone)),
    }
}
