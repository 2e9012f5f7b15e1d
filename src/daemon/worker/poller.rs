//! The worker as the scheduler sees it: what it tells of polls that the scheduler started, and of polls by hand.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use super::{PollError, PollReport, Worker, draw};
use crate::daemon::scheduler::{Past, Poller};
use crate::decide::poll;
use crate::model::outcome::Outcome;
use crate::model::poll_state::PollState;
use crate::model::source::SourceId;
use crate::model::state::{SourceState, State as _};
use crate::model::time::Time;

/// Polls that waited for the disk are spread over this.
const AFTER_A_STALL: Duration = Duration::from_secs(60);

/// A publisher whose answer could not be recorded is asked again no sooner than its schedule would, and no later than
/// this: a source that is polled once a day should not lose a day to a full disk.
const LONGEST_UNTIL_AGAIN: Duration = Duration::from_secs(6 * 3600);

/// The newest poll by hand of each source that the scheduler was not told of. Bounded by the number of sources, also
/// where nobody schedules polls.
#[derive(Default)]
pub(super) struct ByHand {
    pending: Mutex<BTreeMap<SourceId, Past>>,
    added: Notify,
}

impl ByHand {
    pub(super) fn tell(&self, source: &SourceId, past: Past) {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner).insert(source.clone(), past);
        self.added.notify_one();
    }

    async fn next(&self) -> (SourceId, Past) {
        loop {
            let first = self.pending.lock().unwrap_or_else(PoisonError::into_inner).pop_first();
            match first {
                Some(first) => return first,
                None => self.added.notified().await,
            }
        }
    }
}

impl Worker {
    pub fn past(&self, stored: Option<&SourceState>) -> Past {
        stored.map_or_else(Past::default, |s| {
            let outcome = s.outcome.as_ref();
            let past = past(&s.poll, outcome, s.polled_at, self.freshness_limit, self.clock.now());
            // A poll that was held asked nobody: it is no reason to skip a turn that was missed.
            let is_held = matches!(outcome, Some(Outcome::Held { .. }));
            Past { polled: past.polled.filter(|_| !is_held), ..past }
        })
    }

    /// Polls once recording works and the network is up. If recording fails after the publisher was asked, polls again,
    /// but no sooner than the schedule would. Polls that had to wait are spread over a minute. Ends with
    /// [`PollError::Replaced`] before it waits for the network or asks if another configuration is in use.
    async fn poll_when_possible(&self, id: &SourceId, mut scheduled: Time) -> Result<PollReport, PollError> {
        loop {
            if self.recorder.ready().await {
                tokio::time::sleep(AFTER_A_STALL.mul_f64(draw(id, 0))).await;
                // The floor counts from here: its regular turn may be near.
                scheduled = self.clock.now();
            }
            // Kept until the poll has ended: the next try follows.
            let permit = self.network_turn(id).await?;
            if permit.waited {
                scheduled = self.clock.now();
            }
            let asked = tokio::time::Instant::now();
            match self.poll(id, Some(scheduled)).await {
                Err(PollError::Stalled(_) | PollError::NoNetwork(_)) => {}
                Err(PollError::Record(_)) if self.recorder.stall().is_some() => {
                    drop(permit);
                    tokio::time::sleep_until(asked + self.gap(id)).await;
                    scheduled = self.clock.now();
                }
                polled => return polled,
            }
        }
    }

    fn gap(&self, id: &SourceId) -> Duration {
        let plan = self.sources.get(id).map(|source| source.plan(&self.polling));
        let gap = plan.and_then(|plan| plan.shortest_gap().to_std().ok());
        gap.unwrap_or(LONGEST_UNTIL_AGAIN).min(LONGEST_UNTIL_AGAIN)
    }

    /// The past of a source after a poll: as it was stored, if that counts more failures. A record that could not be
    /// applied counts as a failure, and its source backs off.
    pub(super) fn past_of(&self, report: &PollReport) -> Past {
        let now = self.clock.now();
        let stored = self.recorder.store().load().source(&report.source).ok().flatten();
        match stored.filter(|stored| stored.poll.failures > report.state.failures) {
            Some(stored) => self.past(Some(&stored)),
            None => past(&report.state, Some(&report.outcome), Some(now), self.freshness_limit, now),
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
                Err(PollError::Replaced) => {
                    let stored = worker.recorder.store().load().source(&id).ok().flatten();
                    Past { again: true, ..worker.past(stored.as_ref()) }
                }
                Err(error) => {
                    tracing::error!(source.id = %id, %error, "poll not recorded");
                    Past { scheduled: Some(scheduled), ..Past::default() }
                }
            }
        })
    }

    fn replaced(&self) {
        self.replaced.send_replace(true);
    }

    fn started(&self, lag: Duration) {
        self.recorder.meter().started(lag);
    }

    fn polled_by_hand(&self) -> Pin<Box<dyn Future<Output = (SourceId, Past)> + Send + '_>> {
        Box::pin(self.by_hand.next())
    }
}

pub(super) fn past(
    state: &PollState,
    outcome: Option<&Outcome>,
    polled: Option<Time>,
    freshness_limit: Duration,
    now: Time,
) -> Past {
    Past {
        skip: state.skip,
        max_delay: freshness_limit,
        scheduled: state.scheduled,
        polled,
        not_before: poll::not_before(state, polled, now, freshness_limit),
        gone: matches!(outcome, Some(Outcome::Gone)),
        again: false,
    }
}
