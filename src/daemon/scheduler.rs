//! The scheduler: one task that owns every deadline. It waits for the next due poll, starts it, and computes
//! the following deadline from the result. It knows no HTTP and no store, so tests run it in paused time.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::clock::Clock;
use super::dues::Dues;
use super::watchdog::Pulse;
use crate::decide::schedule::{Due, Plan};
use crate::model::skip::Skip;
use crate::model::source::SourceId;
use crate::model::time::Time;

/// The maximum sleep: somebody may set the machine's clock meanwhile.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);

/// Clock corrections up to this size are normal.
const SLEW: TimeDelta = TimeDelta::minutes(1);

/// The scheduler reads the clock every [`LONGEST_SLEEP`]. A longer step than this is a jump of the clock.
const JUMP: TimeDelta = TimeDelta::seconds(90);

/// The part of a source's poll history that its next deadline depends on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Past {
    /// The scheduled instant of the last poll.
    pub scheduled: Option<Time>,
    /// The time of the last poll, by schedule or by command.
    pub polled: Option<Time>,
    /// The backoff, Retry-After or freshness: no poll before this.
    pub not_before: Option<Time>,
    /// The hours and days in which the publisher has no news.
    pub skip: Skip,
    /// The maximum delay by `skip`.
    pub max_delay: Duration,
    /// The source answered 410: no more polls by schedule.
    pub gone: bool,
    /// Our own network was down, or the poll waited for that under another configuration: the source is due at once.
    pub again: bool,
}

pub trait Poller: Send + Sync + 'static {
    /// Polls a source once for its scheduled instant.
    fn poll(&self, source: SourceId, scheduled: Time) -> Pin<Box<dyn Future<Output = Past> + Send>>;

    /// A poll starts so long after it was due.
    fn started(&self, lag: Duration) {
        let _ = lag;
    }

    /// Another poller takes its place: polls that wait end, and their sources are due again.
    fn replaced(&self) {}

    /// Waits for the next source that a command has polled. Its next deadline depends on that poll as on a
    /// scheduled one.
    fn polled_by_hand(&self) -> Pin<Box<dyn Future<Output = (SourceId, Past)> + Send + '_>> {
        Box::pin(std::future::pending())
    }
}

pub struct Scheduled {
    pub id: SourceId,
    pub plan: Plan,
    pub past: Past,
}

/// The first poll of a source at or after `now`.
///
/// A source is due now if it was never polled, or if its deadline passed while dibao was stopped: a daily
/// source must not wait another day because the machine was down. Its jitter offset still applies, so that not
/// all polls start at once. `None` for a source that is gone.
pub fn first_due(plan: &Plan, past: Past, now: Time) -> Option<Due> {
    if past.gone {
        return None;
    }
    let due = match past.scheduled {
        // The clock was set back: `next_due` handles that.
        Some(last) if last > now => held(plan.next_due(Some(last), now), past),
        Some(last) => {
            let due = plan.next_due(Some(last), last);
            let just_now = past.polled.is_some_and(|at| at + plan.floor() > now);
            match due.at > now {
                true => held(due, past),
                // A command polled the source while the daemon was stopped, so no poll is missing.
                false if just_now => held(plan.next_due(Some(last), now), past),
                // The publisher's maximum delay counts from the missed deadline.
                false => delayed(now_due(plan, now), due.at, past),
            }
        }
        None => held(now_due(plan, now), past),
    };
    Some(due)
}

pub fn following(plan: &Plan, past: Past, now: Time) -> Option<Due> {
    let due = || if past.again { now_due(plan, now) } else { held(plan.next_due(past.scheduled, now), past) };
    (!past.gone).then(due)
}

/// The deadline of a source whose plan changed: the first by the new plan that is not before the change.
fn next_turn(plan: &Plan, past: Past, now: Time) -> Option<Due> {
    match past.scheduled {
        Some(last) if plan.next_due(Some(last), last).at <= now => following(plan, past, now),
        _ => first_due(plan, past, now),
    }
}

fn now_due(plan: &Plan, now: Time) -> Due {
    Due { scheduled: now, at: now + plan.offset() }
}

/// `not_before` and `skip` delay the poll but not its scheduled instant, so that the phase stays.
fn held(due: Due, past: Past) -> Due {
    delayed(due, due.at, past)
}

/// Like [`held`], for a poll that was first due at `first`. Skipped hours delay a poll to at most
/// [`Past::max_delay`] after `first`. `not_before` counts towards that limit, so that a poll which waited
/// longer for its backoff or a Retry-After comes right after it.
fn delayed(due: Due, first: Time, past: Past) -> Due {
    let at = past.not_before.map_or(due.at, |hold| hold.max(due.at));
    let latest = TimeDelta::from_std(past.max_delay).ok().and_then(|limit| first.checked_add_signed(limit));
    let left = latest.and_then(|latest| (latest - at).to_std().ok()).unwrap_or_default();
    Due { at: past.skip.postpone(at, left), ..due }
}

pub struct Change {
    /// The sources to poll from now on.
    pub sources: Vec<Scheduled>,
    /// The sources whose schedule has not changed.
    pub kept: BTreeSet<SourceId>,
    /// From old ids to new ones.
    pub renamed: BTreeMap<SourceId, SourceId>,
    pub poller: Arc<dyn Poller>,
    pub dues: Arc<Dues>,
}

/// Runs until dropped, and writes all deadlines to `dues`. A source has at most one running poll. After each change it
/// goes on with the new configuration; running polls end normally. `pulse` shows progress.
pub async fn run(
    sources: Vec<Scheduled>,
    mut poller: Arc<dyn Poller>,
    clock: Arc<dyn Clock>,
    dues: Arc<Dues>,
    mut changes: mpsc::Receiver<Change>,
    pulse: Pulse,
) {
    let mut agenda = Agenda::new(sources, dues, clock.now());
    let mut under_way: JoinSet<Past> = JoinSet::new();
    let mut names: BTreeMap<_, (SourceId, Time)> = BTreeMap::new();
    loop {
        pulse.beat();
        while let Some((id, Due { at, scheduled })) = agenda.pop_due(clock.now()) {
            let poller = Arc::clone(&poller);
            poller.started(until(clock.now(), at));
            let handle = under_way.spawn({
                let id = id.clone();
                async move { poller.poll(id, scheduled).await }
            });
            names.insert(handle.id(), (id, scheduled));
        }
        tokio::select! {
            () = tokio::time::sleep(agenda.wait(clock.now()).min(LONGEST_SLEEP)) => {}
            () = pulse.asked() => {}
            (id, past) = poller.polled_by_hand() => agenda.polled_by_hand(id, past, clock.now()),
            Some(change) = changes.recv() => {
                poller.replaced();
                poller = Arc::clone(&change.poller);
                names.values_mut().for_each(|(id, _)| *id = new_id(&change.renamed, id.clone()));
                agenda.change(change, clock.now());
            }
            Some(ended) = under_way.join_next_with_id() => {
                let task = ended.as_ref().map_or_else(tokio::task::JoinError::id, |(task, _)| *task);
                let Some((id, scheduled)) = names.remove(&task) else { continue };
                let past = ended.map(|(_, past)| past).unwrap_or_else(|error| {
                    // The source gets its next deadline as usual.
                    tracing::error!(source.id = %id, %error, "a poll ended in a panic");
                    Past { scheduled: Some(scheduled), ..Past::default() }
                });
                agenda.ended(id, past, clock.now());
            }
        }
    }
}

struct Agenda {
    /// The deadlines of the sources that wait for theirs.
    queue: BTreeSet<(Time, SourceId)>,
    /// The same by source.
    queued: BTreeMap<SourceId, Due>,
    sources: BTreeMap<SourceId, (Plan, Past)>,
    /// The running polls. The value is the result of a poll by command of the same source meanwhile.
    under_way: BTreeMap<SourceId, Option<Past>>,
    /// From the last change: a poll by command that began before it reports the old id.
    renamed: BTreeMap<SourceId, SourceId>,
    /// The last time read from the clock.
    seen: Time,
    dues: Arc<Dues>,
}

impl Agenda {
    fn new(sources: Vec<Scheduled>, dues: Arc<Dues>, now: Time) -> Self {
        let sources = sources.into_iter().map(|s| (s.id, (s.plan, s.past))).collect();
        let (queue, queued, under_way, renamed) = Default::default();
        let mut agenda = Self { queue, queued, sources, under_way, renamed, seen: now, dues };
        let ids: Vec<_> = agenda.sources.keys().cloned().collect();
        agenda.queue_first(ids, now);
        agenda
    }

    fn queue_first(&mut self, ids: Vec<SourceId>, now: Time) {
        for id in ids {
            let due = self.sources.get(&id).and_then(|(plan, past)| first_due(plan, *past, now));
            self.push(id, due);
        }
    }

    /// Takes over a new configuration. Unchanged sources keep their deadlines. A source with a changed schedule
    /// gets its next deadline by the new schedule, and no extra poll because of the change.
    fn change(&mut self, change: Change, now: Time) {
        self.check_clock(now);
        let renamed = &change.renamed;
        let before = under_new_ids(std::mem::take(&mut self.sources), renamed);
        self.queue.clear();
        let mut queued = under_new_ids(std::mem::take(&mut self.queued), renamed);
        self.under_way = under_new_ids(std::mem::take(&mut self.under_way), renamed);
        self.dues = change.dues;
        for Scheduled { id, plan, past } in change.sources {
            let known = before.get(&id).map(|(_, past)| *past);
            let kept = known.filter(|_| change.kept.contains(&id));
            let due = match (kept, known) {
                // The running poll's result gives the next deadline.
                _ if self.under_way.contains_key(&id) => Some(Due { at: now, scheduled: now }),
                (Some(_), _) => queued.remove(&id),
                (None, Some(_)) => next_turn(&plan, past, now),
                (None, None) => first_due(&plan, past, now),
            };
            self.sources.insert(id.clone(), (plan, kept.unwrap_or(past)));
            if self.under_way.contains_key(&id) {
                self.dues.set(&id, due.map(|due| due.at));
            } else {
                self.push(id, due);
            }
        }
        self.renamed = change.renamed;
    }

    fn push(&mut self, id: SourceId, due: Option<Due>) {
        self.dues.set(&id, due.map(|due| due.at));
        if let Some(due) = due {
            self.queue.insert((due.at, id.clone()));
            self.queued.insert(id, due);
        }
    }

    fn pop_due(&mut self, now: Time) -> Option<(SourceId, Due)> {
        self.check_clock(now);
        let (at, _) = self.queue.first()?;
        if *at > now {
            return None;
        }
        let (_, id) = self.queue.pop_first()?;
        let due = self.queued.remove(&id)?;
        self.under_way.insert(id.clone(), None);
        Some((id, due))
    }

    fn wait(&self, now: Time) -> Duration {
        self.queue.first().map_or(LONGEST_SLEEP, |(at, _)| until(*at, now))
    }

    fn ended(&mut self, id: SourceId, past: Past, now: Time) {
        // A failure may be taken back before its poll has ended here.
        let is_newer =
            |heard: &Past| heard.polled > past.polled || (heard.again && heard.scheduled == past.scheduled);
        let by_hand = self.under_way.remove(&id).flatten().filter(is_newer);
        self.learned(id, by_hand.unwrap_or(past), now);
    }

    fn polled_by_hand(&mut self, id: SourceId, past: Past, now: Time) {
        let id = if self.sources.contains_key(&id) { id } else { new_id(&self.renamed, id) };
        if let Some(heard) = self.under_way.get_mut(&id) {
            // The source is not in the queue. `ended` compares the times of the two polls.
            *heard = Some(past);
            return;
        }
        if let Some(due) = self.queued.remove(&id) {
            self.queue.remove(&(due.at, id.clone()));
        }
        self.learned(id, past, now);
    }

    /// Computes the next deadline after a poll.
    fn learned(&mut self, id: SourceId, past: Past, now: Time) {
        self.check_clock(now);
        let Some((plan, known)) = self.sources.get_mut(&id) else { return };
        *known = past;
        let due = following(plan, past, now);
        self.push(id, due);
    }

    /// Corrects all deadlines after a jump of the clock. If it was set back, the deadlines are too far ahead and
    /// nothing would be polled until the old time comes again, so they are computed again. If it was set
    /// forward, or the machine was suspended, many deadlines are past: their polls are spread over the jitter,
    /// as after a restart.
    fn check_clock(&mut self, now: Time) {
        let back = self.seen - now;
        self.seen = now;
        if -back > JUMP {
            tracing::warn!(
                seconds = -back.num_seconds(),
                "the clock was set forward, or the machine was suspended"
            );
            self.spread_overdue(now);
            return;
        }
        if back <= SLEW {
            return;
        }
        tracing::warn!(seconds = back.num_seconds(), "the clock was set back");
        for (_, past) in self.sources.values_mut() {
            past.not_before = past.not_before.map(|hold| hold - back);
        }
        self.queue.clear();
        let queued = std::mem::take(&mut self.queued).into_keys().collect();
        self.queue_first(queued, now);
    }

    /// Overdue polls keep their scheduled instants, and so their phase.
    fn spread_overdue(&mut self, now: Time) {
        self.queue.clear();
        for (id, due) in std::mem::take(&mut self.queued) {
            let offset = self.sources.get(&id).map_or(TimeDelta::zero(), |(plan, _)| plan.offset());
            let at = if due.at <= now { now + offset } else { due.at };
            self.push(id, Some(Due { at, ..due }));
        }
    }
}

fn new_id(renamed: &BTreeMap<SourceId, SourceId>, id: SourceId) -> SourceId {
    renamed.get(&id).cloned().unwrap_or(id)
}

fn under_new_ids<T>(
    of: impl IntoIterator<Item = (SourceId, T)>,
    renamed: &BTreeMap<SourceId, SourceId>,
) -> BTreeMap<SourceId, T> {
    of.into_iter().map(|(id, value)| (new_id(renamed, id), value)).collect()
}

fn until(at: Time, now: Time) -> Duration {
    (at - now).to_std().unwrap_or(Duration::ZERO)
}

#[cfg(test)]
mod tests;
