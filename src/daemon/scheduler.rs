//! The scheduler: one task that owns every deadline. It waits for the next due poll, starts it, and
//! works out the one after from its result. It knows no HTTP and no store, so it can be tested in
//! paused time.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::clock::Clock;
use super::dues::Dues;
use crate::decide::schedule::{Due, Plan};
use crate::model::skip::Skip;
use crate::model::source::SourceId;
use crate::model::time::Time;

/// The clock of the machine may be set while we sleep: look again at least this often.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);

/// Less than this a clock is corrected by all the time.
const SLEW: TimeDelta = TimeDelta::minutes(1);

/// The scheduler looks at the clock every [`LONGEST_SLEEP`]: more than this between two looks is a jump.
const JUMP: TimeDelta = TimeDelta::seconds(90);

/// What the scheduler has to know of a source's past.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Past {
    /// The scheduled instant of its last poll.
    pub scheduled: Option<Time>,
    /// When it was last polled, by schedule or by hand.
    pub polled: Option<Time>,
    /// No poll before this.
    pub not_before: Option<Time>,
    /// When its publisher says it has nothing new.
    pub skip: Skip,
    /// How far that may delay a poll.
    pub patience: Duration,
    /// It said that it is gone: it is not asked again by schedule.
    pub gone: bool,
}

/// Polls a source, for the instant it was scheduled for, and says what to know next time.
pub trait Poller: Send + Sync + 'static {
    /// One poll.
    fn poll(&self, source: SourceId, scheduled: Time) -> Pin<Box<dyn Future<Output = Past> + Send>>;

    /// The next source that was polled by hand, and what to know of that: when it is due next hangs on it as on
    /// a poll by schedule.
    fn polled_by_hand(&self) -> Pin<Box<dyn Future<Output = (SourceId, Past)> + Send + '_>> {
        Box::pin(std::future::pending())
    }
}

/// One source to be scheduled.
pub struct Scheduled {
    /// Its id.
    pub id: SourceId,
    /// When it is polled.
    pub plan: Plan,
    /// What is known of earlier polls.
    pub past: Past,
}

/// The first poll of a source at or after `now`.
///
/// A source that was never polled, or whose turn came while nothing ran, has its turn now, at its own
/// place within the jitter: nobody waits a day for a daily source because the machine was down, and not
/// everything starts at once. `None` for a source that is gone.
#[must_use]
pub fn first_due(plan: &Plan, past: Past, now: Time) -> Option<Due> {
    if past.gone {
        return None;
    }
    let due = match past.scheduled {
        // A clock that was set back: its plan has the rule for that.
        Some(last) if last > now => held(plan.next_due(Some(last), now), past),
        Some(last) => {
            let due = plan.next_due(Some(last), last);
            let just_now = past.polled.is_some_and(|at| at + plan.floor() > now);
            match due.at > now {
                true => held(due, past),
                // Polled by hand while nothing ran: its missed turn has been made up for.
                false if just_now => held(plan.next_due(Some(last), now), past),
                // What its publisher may delay it by counts from when it was due.
                false => delayed(now_due(plan, now), due.at, past),
            }
        }
        None => held(now_due(plan, now), past),
    };
    Some(due)
}

/// The poll after one that was made.
#[must_use]
pub fn following(plan: &Plan, past: Past, now: Time) -> Option<Due> {
    (!past.gone).then(|| held(plan.next_due(past.scheduled, now), past))
}

/// The next turn of a source whose plan changed: the first one by the new plan, but none that would have been before
/// the change.
fn next_turn(plan: &Plan, past: Past, now: Time) -> Option<Due> {
    match past.scheduled {
        Some(last) if plan.next_due(Some(last), last).at <= now => following(plan, past, now),
        _ => first_due(plan, past, now),
    }
}

fn now_due(plan: &Plan, now: Time) -> Due {
    Due { scheduled: now, at: now + plan.offset() }
}

/// A hold moves the poll, not the instant it was scheduled for: the phase is kept.
fn held(due: Due, past: Past) -> Due {
    delayed(due, due.at, past)
}

/// The same, of a poll that was first due at `first`. Skipped hours delay it no further than [`Past::patience`]
/// from then on, whatever else delays it: freshness has had its part of that, and a poll that waits longer for a
/// failure or a Retry-After comes right after it.
fn delayed(due: Due, first: Time, past: Past) -> Due {
    let at = past.not_before.map_or(due.at, |hold| hold.max(due.at));
    let latest = TimeDelta::from_std(past.patience).ok().and_then(|limit| first.checked_add_signed(limit));
    let left = latest.and_then(|latest| (latest - at).to_std().ok()).unwrap_or_default();
    Due { at: past.skip.postpone(at, left), ..due }
}

/// Another configuration to schedule by.
pub struct Change {
    /// The sources that are polled from now on.
    pub sources: Vec<Scheduled>,
    /// Those of them for which nothing has changed.
    pub kept: BTreeSet<SourceId>,
    /// The new ids of those that had another one.
    pub renamed: BTreeMap<SourceId, SourceId>,
    /// Who polls them.
    pub poller: Arc<dyn Poller>,
    /// Where it is written down when each is due.
    pub dues: Arc<Dues>,
}

/// Runs until dropped, and writes down what is due when. At most one poll of a source is under way at a time.
pub async fn run(sources: Vec<Scheduled>, poller: Arc<dyn Poller>, clock: Arc<dyn Clock>, dues: Arc<Dues>) {
    let (_, never) = mpsc::channel(1);
    run_changing(sources, poller, clock, dues, never).await;
}

/// The same, under another configuration after each change. Polls under way go on to their end.
pub async fn run_changing(
    sources: Vec<Scheduled>,
    mut poller: Arc<dyn Poller>,
    clock: Arc<dyn Clock>,
    dues: Arc<Dues>,
    mut changes: mpsc::Receiver<Change>,
) {
    let mut agenda = Agenda::new(sources, dues, clock.now());
    let mut under_way: JoinSet<Past> = JoinSet::new();
    let mut names: BTreeMap<_, (SourceId, Time)> = BTreeMap::new();
    loop {
        while let Some((id, scheduled)) = agenda.pop_due(clock.now()) {
            let poller = Arc::clone(&poller);
            let handle = under_way.spawn({
                let id = id.clone();
                async move { poller.poll(id, scheduled).await }
            });
            names.insert(handle.id(), (id, scheduled));
        }
        tokio::select! {
            () = tokio::time::sleep(agenda.wait(clock.now()).min(LONGEST_SLEEP)) => {}
            (id, past) = poller.polled_by_hand() => agenda.polled_by_hand(id, past, clock.now()),
            Some(change) = changes.recv() => {
                poller = Arc::clone(&change.poller);
                names.values_mut().for_each(|(id, _)| *id = new_id(&change.renamed, id.clone()));
                agenda.change(change, clock.now());
            }
            Some(ended) = under_way.join_next_with_id() => {
                let task = ended.as_ref().map_or_else(tokio::task::JoinError::id, |(task, _)| *task);
                let Some((id, scheduled)) = names.remove(&task) else { continue };
                let past = ended.map(|(_, past)| past).unwrap_or_else(|error| {
                    // A poll that panicked is over; its source has its next turn as usual.
                    tracing::error!(source = %id, %error, "a poll ended in a panic");
                    Past { scheduled: Some(scheduled), ..Past::default() }
                });
                agenda.ended(id, past, clock.now());
            }
        }
    }
}

/// What is due when.
struct Agenda {
    queue: BinaryHeap<Reverse<(Time, SourceId, Time)>>,
    sources: BTreeMap<SourceId, (Plan, Past)>,
    /// The polls under way, and what polls by hand of the same sources found meanwhile.
    under_way: BTreeMap<SourceId, Option<Past>>,
    /// Those of the last change: a poll by hand that began before it is told under the old id.
    renamed: BTreeMap<SourceId, SourceId>,
    /// The latest look at the clock.
    seen: Time,
    dues: Arc<Dues>,
}

impl Agenda {
    fn new(sources: Vec<Scheduled>, dues: Arc<Dues>, now: Time) -> Self {
        let sources = sources.into_iter().map(|s| (s.id, (s.plan, s.past))).collect();
        let (queue, under_way, renamed) = Default::default();
        let mut agenda = Self { queue, sources, under_way, renamed, seen: now, dues };
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

    /// Goes on under another configuration. What did not change keeps its deadline; a changed schedule has its next
    /// turn when it says so, and none because it changed.
    fn change(&mut self, change: Change, now: Time) {
        self.look(now);
        let renamed = &change.renamed;
        let before = under_new_ids(std::mem::take(&mut self.sources), renamed);
        let queue = std::mem::take(&mut self.queue).into_iter();
        let queue = queue.map(|Reverse((at, id, scheduled))| (id, Due { at, scheduled }));
        let mut queued = under_new_ids(queue, renamed);
        self.under_way = under_new_ids(std::mem::take(&mut self.under_way), renamed);
        self.dues = change.dues;
        for Scheduled { id, plan, past } in change.sources {
            let known = before.get(&id).map(|(_, past)| *past);
            let kept = known.filter(|_| change.kept.contains(&id));
            let due = match (kept, known) {
                // The poll under way tells when the next one is.
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
        self.queue.extend(due.map(|due| Reverse((due.at, id, due.scheduled))));
    }

    fn pop_due(&mut self, now: Time) -> Option<(SourceId, Time)> {
        self.look(now);
        let Reverse((at, ..)) = self.queue.peek()?;
        if *at > now {
            return None;
        }
        let Reverse((_, id, scheduled)) = self.queue.pop()?;
        self.under_way.insert(id.clone(), None);
        Some((id, scheduled))
    }

    fn wait(&self, now: Time) -> Duration {
        self.queue.peek().map_or(LONGEST_SLEEP, |Reverse((at, ..))| until(*at, now))
    }

    fn ended(&mut self, id: SourceId, past: Past, now: Time) {
        let by_hand = self.under_way.remove(&id).flatten().filter(|by_hand| by_hand.polled > past.polled);
        self.learned(id, by_hand.unwrap_or(past), now);
    }

    fn polled_by_hand(&mut self, id: SourceId, past: Past, now: Time) {
        let id = if self.sources.contains_key(&id) { id } else { new_id(&self.renamed, id) };
        if let Some(heard) = self.under_way.get_mut(&id) {
            // It is not in the queue. Which of the two came last shows when it ends.
            *heard = Some(past);
            return;
        }
        self.queue.retain(|Reverse((_, queued, _))| *queued != id);
        self.learned(id, past, now);
    }

    /// Works out the next poll from what the last one left.
    fn learned(&mut self, id: SourceId, past: Past, now: Time) {
        self.look(now);
        let Some((plan, known)) = self.sources.get_mut(&id) else { return };
        *known = past;
        let due = following(plan, past, now);
        self.push(id, due);
    }

    /// A clock that was set back leaves every deadline in its old future: they are worked out anew, or
    /// nothing would be polled until it comes round again. One that was set forward, or a machine that
    /// slept, leaves many of them in the past: each has its turn at its own place within the jitter, as
    /// after a restart, rather than all at once.
    fn look(&mut self, now: Time) {
        let back = self.seen - now;
        self.seen = now;
        if -back > JUMP {
            tracing::warn!(seconds = -back.num_seconds(), "the clock was set forward, or the machine slept");
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
        let queued = std::mem::take(&mut self.queue).into_iter().map(|Reverse((_, id, _))| id);
        self.queue_first(queued.collect(), now);
    }

    /// The overdue keep the instants they were scheduled for, and so their phase.
    fn spread_overdue(&mut self, now: Time) {
        let queue = std::mem::take(&mut self.queue).into_iter().map(|Reverse((at, id, scheduled))| {
            let offset = self.sources.get(&id).map_or(TimeDelta::zero(), |(plan, _)| plan.offset());
            let at = if at <= now { now + offset } else { at };
            self.dues.set(&id, Some(at));
            Reverse((at, id, scheduled))
        });
        self.queue = queue.collect();
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
