//! One poll from end to end: what to ask, asking, the decision what is new, and handing it to the recorder. Whatever
//! happens to one source stays with that source.

mod articles;
mod compare;
mod fingerprint;
mod lock;
mod logging;
mod network;
mod networks;
mod poller;
mod recent;
mod retry_after;
mod stored;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest, Sha256};
use tokio::sync::watch;

use super::clock::Clock;
use super::recorder::{RecordError, Recorder};
use crate::ask::{Asked, Asker, Question};
use crate::config::{Config, Polling, RetryAfter, Source};
use crate::decide::answer::{Answer, EarlierBody};
use crate::decide::derive;
use crate::decide::diff::{Draft, Findings};
use crate::decide::outage::Sign;
use crate::decide::poll::{self, Circumstances};
use crate::decide::rules::Rules;
use crate::decide::turn;
use crate::fetch::FetchSetupError;
use crate::ledger::Fact;
use crate::ledger::store::StoreError;
use crate::model::exchange::Validators;
use crate::model::outcome::Outcome;
use crate::model::poll_state::PollState;
use crate::model::record::PollRecord;
use crate::model::source::SourceId;
use crate::model::state::SourceState;
use crate::model::time::Time;
use articles::PagesRead;
use compare::{PolledSource, Read};
use lock::{SourceGuard, SourceLock};
pub use logging::Failing;
pub use network::Outages;
use networks::{Networks, Suspect};
use poller::ByHand;
pub use recent::RecentOutcomes;
use retry_after::still_waiting;

/// How a poll went, for whoever asked for it.
#[derive(Clone, Debug)]
pub struct PollReport {
    pub source: SourceId,
    pub outcome: Outcome,
    /// How the poll before it ended.
    pub before: Option<Outcome>,
    /// The failures before it, if the source was failing.
    pub failing: Option<Failing>,
    /// Waiting for the host's turn is included.
    pub elapsed: Duration,
    pub state: PollState,
}

#[derive(Debug, thiserror::Error)]
pub enum PollError {
    #[error("there is no source {0:?} in the config")]
    Unknown(String),
    /// Nothing can be recorded at present, so nothing was asked.
    #[error(transparent)]
    Stalled(RecordError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The source was polled by hand while a poll by schedule waited, or its configuration changed. What is stored of it
    /// now.
    #[error("it was polled by hand, or its configuration changed meanwhile")]
    Overtaken(Box<SourceState>),
    /// Another configuration is in use, under which the source may have another way. Nobody was asked.
    #[error("its configuration changed while it waited")]
    Replaced,
    /// Nobody answered, because our own network is down. Nothing is recorded of the poll.
    #[error("{0}")]
    NoNetwork(String),
    /// Comparing it with the store broke off.
    #[error("{0}")]
    Broken(String),
}

pub struct Worker {
    sources: BTreeMap<SourceId, Source>,
    asker: Asker,
    rules: Arc<Rules>,
    recorder: Recorder,
    clock: Arc<dyn Clock>,
    polling: Polling,
    /// The longest time by which a publisher's freshness may delay a poll.
    freshness_limit: Duration,
    by_hand: Arc<ByHand>,
    recent: Arc<RecentOutcomes>,
    networks: Arc<Networks>,
    /// True if the scheduler has the worker of another configuration.
    replaced: watch::Sender<bool>,
    locks: BTreeMap<SourceId, Arc<SourceLock>>,
}

/// A poll under way: what it starts from.
struct Poll<'a> {
    source: &'a Source,
    /// As in [`Worker::poll`].
    scheduled: Option<Time>,
    started: tokio::time::Instant,
    stored: Option<SourceState>,
    /// How the poll before it ended.
    last: Option<Outcome>,
    before: PollState,
    address: String,
}

impl Poll<'_> {
    /// The report, with the state that was left if it is not the one of before.
    fn report(self, outcome: Outcome, state: Option<PollState>) -> PollReport {
        let (source, elapsed) = (self.source.def.id.clone(), self.started.elapsed());
        let polled = self.stored.as_ref().and_then(|stored| stored.polled_at);
        let failing = Failing::of(&self.before, polled);
        PollReport {
            source,
            outcome,
            before: self.last,
            failing,
            elapsed,
            state: state.unwrap_or(self.before),
        }
    }
}

impl Worker {
    /// A worker for the sources of a configuration.
    pub fn new(
        config: &Config,
        rules: Arc<Rules>,
        recorder: Recorder,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, FetchSetupError> {
        let sources = sources(config);
        Ok(Self {
            by_hand: Arc::default(),
            recent: Arc::default(),
            networks: Arc::default(),
            replaced: watch::Sender::default(),
            locks: sources.keys().map(|id| (id.clone(), Arc::default())).collect(),
            sources,
            asker: Asker::new(config)?,
            rules,
            recorder,
            clock,
            polling: config.polling.clone(),
            freshness_limit: config.polling.freshness,
        })
    }

    /// The worker that goes on where `before` was, which ran under the configuration `old`: a source is still
    /// polled once at a time, and a host still asked as seldom.
    pub fn after(
        before: &Self,
        old: &Config,
        config: &Config,
        rules: Arc<Rules>,
    ) -> Result<Self, FetchSetupError> {
        let sources = sources(config);
        let lock = |source: &Source| {
            let mut ids = std::iter::once(&source.def.id).chain(&source.was);
            ids.find_map(|id| before.locks.get(id)).cloned().unwrap_or_default()
        };
        Ok(Self {
            by_hand: Arc::clone(&before.by_hand),
            recent: Arc::clone(&before.recent),
            networks: Arc::clone(&before.networks),
            replaced: watch::Sender::default(),
            locks: sources.iter().map(|(id, source)| (id.clone(), lock(source))).collect(),
            sources,
            asker: before.asker.reloaded(old, config)?,
            rules,
            recorder: before.recorder.clone(),
            clock: Arc::clone(&before.clock),
            polling: config.polling.clone(),
            freshness_limit: config.polling.freshness,
        })
    }

    /// Polls a source once and records what it learned. `scheduled` is the instant of the schedule, or `None` for a
    /// poll by hand, which leaves the schedule's phase as it is. Fails if there is no such source, or the state
    /// directory refuses. How the publisher behaved is an outcome.
    pub async fn poll(&self, id: &SourceId, scheduled: Option<Time>) -> Result<PollReport, PollError> {
        let unknown = || PollError::Unknown(id.to_string());
        if let Some(stall) = self.recorder.stall() {
            // Whatever the publisher said could not be kept.
            return Err(PollError::Stalled(stall));
        }
        let source = self.sources.get(id).ok_or_else(unknown)?;
        let guard = self.locks.get(id).ok_or_else(unknown)?.lock().await;
        let poll = self.begin(source, scheduled, &guard).await?;
        let until = poll
            .stored
            .as_ref()
            .and_then(|stored| still_waiting(stored, &poll.address, self.clock.now(), self.freshness_limit));
        if let Some(outcome) = until {
            return Ok(unrecorded(poll, outcome));
        }
        let validators = self.validators(&poll);
        // The wait that a redirect asked for is over.
        let waited = matches!(poll.last, Some(Outcome::Throttled { status: 300..400 }));
        let (url, known) = (poll.address.clone(), EarlierBody::of(&poll.before));
        let question = Question { url, validators: validators.clone(), waited, known };
        let asked = self.asker.ask(source, question, || self.clock.now()).await;
        if let (None, Answer::Held(why)) = (scheduled, &asked.answer) {
            // Nothing was learned, so nothing is recorded: a longer wait of the source's own stays, and one
            // that is gone stays gone.
            return Ok(unrecorded(poll, Outcome::Held { why: why.clone() }));
        }
        let octets = asked.exchange.octets();
        let place = self.place(source);
        let (sign, suspects) = self.note_network(&place, &poll.address, &asked);
        if let Some(outage) = self.networks.outage(&place.way)
            && !matches!(asked.answer, Answer::Held(_))
        {
            drop(guard);
            self.take_back(suspects).await;
            let why =
                format!("{outage}; {}", asked.answer.describe(|_| "the answer came too late".to_owned()));
            return match scheduled {
                Some(_) => Err(PollError::NoNetwork(why)),
                None => Ok(unrecorded(poll, Outcome::Failed { why })),
            };
        }
        let (draft, at, pages) = self.conclude(&poll, asked, &validators).await?;
        let PollRecord { outcome, state, .. } = draft.poll.clone();
        self.record(&poll, draft, guard).await?;
        let suspect = matches!(sign, Sign::Silence | Sign::Stranger(_)).then(|| Suspect {
            source: id.clone(),
            before: poll.before.clone(),
            failed: state.clone(),
            is_scheduled: scheduled.is_some(),
        });
        let report = poll.report(outcome, Some(state));
        self.recent.note(at, &source.def.id, &report.outcome);
        self.recorder.meter().polled(report.outcome.name(), report.elapsed, octets);
        logging::log(&report, at, scheduled.is_none());
        logging::log_pages(id, pages.odd);
        self.recorder.meter().read_odd_pages(pages.lacks.values().sum::<usize>() as u64);
        if scheduled.is_none() {
            self.by_hand.tell(id, self.past_of(&report));
        }
        // What is taken back is told after the failure.
        let taken_back = suspect.and_then(|suspect| self.networks.suspect(&place, suspect));
        self.take_back(taken_back.into_iter().collect()).await;
        Ok(report)
    }

    /// The state from which a poll starts.
    async fn begin<'a>(
        &self,
        source: &'a Source,
        scheduled: Option<Time>,
        guard: &SourceGuard,
    ) -> Result<Poll<'a>, PollError> {
        let started = tokio::time::Instant::now();
        let mut stored = self.stored(&source.def.id).await?;
        if let Some(stored) = self.overtaken(source, stored.as_ref())? {
            // Another address is the one to be asked.
            return Err(PollError::Overtaken(Box::new(stored)));
        }
        if let Some(stored) = stored.take_if(|_| scheduled.is_some() && guard.overtaken) {
            // The publisher is not to be asked again at once.
            return Err(PollError::Overtaken(Box::new(stored)));
        }
        let last = stored.as_ref().and_then(|stored| stored.outcome.clone());
        let mut before = stored.as_ref().map(|s| s.poll.clone()).unwrap_or_default();
        poll::read_by(&mut before, fingerprint::of(source, self.polling.max_entries));
        if let Some(stored) = &mut stored {
            stored.poll = before.clone();
        }
        let address = poll::address(&source.def.url, &before).to_owned();
        Ok(Poll { source, scheduled, started, stored, last, before, address })
    }

    fn validators(&self, poll: &Poll<'_>) -> Validators {
        match poll.scheduled {
            _ if !poll.source.conditional => Validators::default(),
            None if poll::is_unread_list(&poll.before) => Validators::default(),
            _ => poll::validators(&poll.before, self.clock.now()),
        }
    }

    /// Makes the line that is recorded of an answer, and says when it was made and of the article pages that were read.
    async fn conclude(
        &self,
        poll: &Poll<'_>,
        asked: Asked,
        sent: &Validators,
    ) -> Result<(Draft, Time, PagesRead), PollError> {
        let Poll { source, stored, before, address, .. } = poll;
        let (at, exchange) = (asked.at, asked.exchange.clone());
        let polled = PolledSource { source, stored: stored.as_ref(), at };
        let Read { answer, findings, waiting, holds, mut pages } = self.compare(polled, asked).await?;
        let circumstances = Circumstances {
            at,
            scheduled: poll.scheduled.or(before.scheduled).or(Some(at)),
            configured: &source.def.url,
            asked: address,
            sent,
            draw: draw(&source.def.id, before.failures),
            freshness_limit: self.freshness_limit,
            silent: stored.as_ref().is_some_and(|stored| stored.habits.is_silent(at)),
        };
        let (outcome, mut state) = poll::conclude(before, circumstances, &exchange, answer);
        if let Some(waiting) = waiting {
            state.waiting = waiting;
        }
        // Reading may have taken minutes: pages may have answered with Retry-After, and other sources were
        // recorded. What is recorded is seen from now on.
        let at = self.clock.now();
        poll::hold(&mut state, holds, address, at);
        if source.retry_after == RetryAfter::Host {
            self.hold_hosts(&state, Some(at), at);
        }
        let taught = std::mem::take(&mut pages.traits);
        let mut record =
            PollRecord { at, source: source.def.id.clone(), outcome, state, turn: None, pages: taught };
        let Findings { feed, new, changed, .. } = findings;
        let dates = new.iter().map(|new| derive::dated(&new.entry, at));
        record.turn = turn::turn(stored.as_ref(), &record, dates);
        let draft = Draft { poll: record, feed, new, changed, sketches: Vec::new() };
        Ok((self.sketched(draft, source, stored.as_ref()).await?, at, pages))
    }

    /// Records a poll, unless another configuration was recorded meanwhile.
    async fn record(&self, poll: &Poll<'_>, draft: Draft, guard: SourceGuard) -> Result<(), PollError> {
        let stored = self.stored(&poll.source.def.id).await?;
        if let Some(stored) = self.overtaken(poll.source, stored.as_ref())? {
            // A failure, a redirect or an end of the old address is none of the new one, and entries that are
            // stored under another id by now looked new.
            return Err(PollError::Overtaken(Box::new(stored)));
        }
        let recorder = self.recorder.clone();
        // A poll that is given up here keeps its lock: the next one must see what this one recorded.
        let recording = tokio::spawn(async move {
            let recorded = recorder.record(Fact::Poll(Box::new(draft))).await;
            if recorded.is_ok() {
                guard.recorded();
            }
            drop(guard);
            recorded
        });
        Ok(recording.await.unwrap_or(Err(RecordError::Stopped))?)
    }

    pub fn recent(&self) -> &RecentOutcomes {
        &self.recent
    }

    /// Makes the sketches by which the stories of a draft's entries are found, on a blocking thread: the
    /// recorder has but one.
    async fn sketched(
        &self,
        mut draft: Draft,
        source: &Source,
        stored: Option<&SourceState>,
    ) -> Result<Draft, PollError> {
        if draft.new.is_empty() && draft.changed.is_empty() {
            return Ok(draft);
        }
        let said = draft.feed.as_ref().or(stored.map(|stored| &stored.facts));
        let title = source.def.title.as_ref().or(said.and_then(|facts| facts.title.as_ref()));
        let outlet = title.map_or_else(|| source.def.id.to_string(), Clone::clone);
        let (rules, rule) = (Arc::clone(&self.rules), source.def.region.clone());
        let work = move || {
            let bodies = draft.new.iter().map(|new| &new.entry).chain(draft.changed.iter().map(|c| &c.entry));
            draft.sketches =
                bodies.map(|body| derive::sketch(&rules, &rule, &outlet, body, draft.poll.at)).collect();
            draft
        };
        self.asker.blocking(work).await.map_err(PollError::Broken)
    }
}

/// The report of a poll that left nothing.
fn unrecorded(poll: Poll<'_>, outcome: Outcome) -> PollReport {
    let by_hand = poll.scheduled.is_none();
    let report = poll.report(outcome, None);
    if by_hand {
        logging::log_unrecorded(&report);
    }
    report
}

fn sources(config: &Config) -> BTreeMap<SourceId, Source> {
    config.sources.iter().map(|source| (source.def.id.clone(), source.clone())).collect()
}

/// A draw that is the same for the same failure of the same source: spread without randomness.
fn draw(id: &SourceId, failures: u32) -> f64 {
    let hash = Sha256::digest(format!("{id} {failures}"));
    f64::from(u16::from_be_bytes([hash[0], hash[1]])) / 65_536.0
}

#[cfg(test)]
mod tests;
