//! One poll from end to end: what to ask, the exchange, reading on a blocking thread, the decision what
//! is new, and handing it to the recorder. Whatever happens to one source stays with that source.

mod asking;
mod fingerprint;
mod holds;
mod reading;
mod reports;
mod tally;
mod turns;
mod visits;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;

use super::clock::Clock;
use super::recorder::{RecordError, Recorder};
use crate::config::{Config, Kind, Polling, RetryAfter, Source};
use crate::decide::derive;
use crate::decide::diff::{Draft, Findings};
use crate::decide::poll::{self, Circumstances};
use crate::decide::rules::Rules;
use crate::fetch::{ACCEPT_FEED, ACCEPT_JSON, ACCEPT_PAGE, FetchRequest, FetchSetupError, Fetcher};
use crate::ledger::Fact;
use crate::ledger::store::{Store, StoreError};
use crate::model::exchange::{Exchange, FetchFault, Validators};
use crate::model::outcome::Outcome;
use crate::model::poll_state::PollState;
use crate::model::record::PollRecord;
use crate::model::source::{SourceDef, SourceId};
use crate::model::state::{SourceState, State};
use crate::model::time::Time;
pub use asking::fetch_options;
use asking::{Fetchers, fetchers, request};
use holds::still_waiting;
use reading::Read;
use reports::ByHand;
pub use tally::Tally;
use turns::Turns;

/// Threads that may parse at once. A parse cannot be cancelled; more of them than cores only costs
/// memory.
const PARSERS: usize = 4;

/// Polls that waited for the disk are spread over this.
const AFTER_A_STALL: Duration = Duration::from_secs(60);

/// A publisher whose answer could not be recorded is asked again no sooner than its schedule would, nor
/// later than this: a source that is polled once a day should not lose one to a full disk.
const LONGEST_UNTIL_AGAIN: Duration = Duration::from_secs(6 * 3600);

/// How a poll went, for whoever asked for it.
#[derive(Clone, Debug)]
pub struct Report {
    /// The source.
    pub source: SourceId,
    /// How it ended.
    pub outcome: Outcome,
    /// How the poll before it ended.
    pub before: Option<Outcome>,
    /// How long it took, waiting for the host's turn included.
    pub elapsed: Duration,
    /// What the next poll starts from.
    pub state: PollState,
}

/// Why a poll has no outcome.
#[derive(Debug, thiserror::Error)]
pub enum PollError {
    /// The config has no such source.
    #[error("there is no source {0:?} in the config")]
    Unknown(String),
    /// Nothing can be recorded at present, so nothing was asked.
    #[error(transparent)]
    Stalled(RecordError),
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What was learned cannot be recorded.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// What it would have found is overtaken by what is stored now: the source was polled by hand while a poll by
    /// schedule waited for its turn, or its configuration changed.
    #[error("it was polled by hand, or its configuration changed meanwhile")]
    Overtaken(Box<SourceState>),
    /// Comparing it with the store broke off.
    #[error("{0}")]
    Broken(String),
}

/// Polls sources.
pub struct Worker {
    sources: BTreeMap<SourceId, Source>,
    fetchers: Fetchers,
    rules: Arc<Rules>,
    recorder: Recorder,
    clock: Arc<dyn Clock>,
    parsers: Arc<Semaphore>,
    polling: Polling,
    /// How far freshness may delay a poll.
    patience: Duration,
    /// What polls by hand found, until the scheduler has heard of it.
    by_hand: Arc<ByHand>,
    /// How the polls of the last hour ended.
    tally: Arc<Tally>,
    /// One poll of a source at a time, whoever asks for it.
    turns: BTreeMap<SourceId, Arc<Turns>>,
}

impl Worker {
    /// A worker for the sources of a configuration.
    ///
    /// # Errors
    /// When the HTTP client cannot be built from it.
    pub fn new(
        config: &Config,
        rules: Arc<Rules>,
        recorder: Recorder,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, FetchSetupError> {
        let sources = sources(config);
        Ok(Self {
            by_hand: Arc::default(),
            tally: Arc::default(),
            turns: sources.keys().map(|id| (id.clone(), Arc::default())).collect(),
            sources,
            fetchers: fetchers(config, None)?,
            rules,
            recorder,
            clock,
            parsers: Arc::new(Semaphore::new(PARSERS)),
            polling: config.polling.clone(),
            patience: config.polling.freshness,
        })
    }

    /// The worker that goes on where `before` was, which ran under the configuration `old`: a source is still
    /// polled once at a time, and a host still asked as seldom.
    ///
    /// # Errors
    /// When the HTTP client cannot be built.
    pub fn after(
        before: &Self,
        old: &Config,
        config: &Config,
        rules: Arc<Rules>,
    ) -> Result<Self, FetchSetupError> {
        let sources = sources(config);
        let turns = |source: &Source| {
            let mut ids = std::iter::once(&source.def.id).chain(&source.was);
            ids.find_map(|id| before.turns.get(id)).cloned().unwrap_or_default()
        };
        Ok(Self {
            by_hand: Arc::clone(&before.by_hand),
            tally: Arc::clone(&before.tally),
            turns: sources.iter().map(|(id, source)| (id.clone(), turns(source))).collect(),
            sources,
            fetchers: fetchers(config, Some((old, &before.fetchers)))?,
            rules,
            recorder: before.recorder.clone(),
            clock: Arc::clone(&before.clock),
            parsers: Arc::clone(&before.parsers),
            polling: config.polling.clone(),
            patience: config.polling.freshness,
        })
    }

    /// Polls a source once and records what it learned. `scheduled` is the instant of the schedule, or
    /// `None` for a poll that was asked for, which leaves the schedule's phase as it is.
    ///
    /// # Errors
    /// When there is no such source, or the state directory refuses. How the publisher behaved is an
    /// outcome.
    pub async fn poll(&self, id: &SourceId, scheduled: Option<Time>) -> Result<Report, PollError> {
        let unknown = || PollError::Unknown(id.to_string());
        if let Some(stall) = self.recorder.stall() {
            // Whatever the publisher said could not be kept.
            return Err(PollError::Stalled(stall));
        }
        let source = self.sources.get(id).ok_or_else(unknown)?;
        let turn = self.turns.get(id).ok_or_else(unknown)?.next().await;
        let started = tokio::time::Instant::now();
        let mut stored = self.stored(id).await?;
        if let Some(stored) = self.overtaken(source, stored.as_ref())? {
            // Another address is the one to be asked.
            return Err(PollError::Overtaken(Box::new(stored)));
        }
        if let Some(stored) = stored.take_if(|_| scheduled.is_some() && turn.overtaken) {
            // The publisher is not to be asked again at once.
            return Err(PollError::Overtaken(Box::new(stored)));
        }
        let last = stored.as_ref().and_then(|stored| stored.outcome.clone());
        let mut before = stored.as_ref().map(|s| s.poll.clone()).unwrap_or_default();
        poll::read_by(&mut before, fingerprint::of(source, self.polling.max_entries));
        if let Some(stored) = &mut stored {
            stored.poll = before.clone();
        }
        let asked = poll::address(&source.def.url, &before).to_owned();
        if let Some(outcome) =
            stored.as_ref().and_then(|stored| still_waiting(stored, &asked, self.clock.now(), self.patience))
        {
            let elapsed = started.elapsed();
            return Ok(Report { source: id.clone(), outcome, before: last, elapsed, state: before });
        }
        let sent = match scheduled {
            _ if !source.conditional => Validators::default(),
            None if poll::is_unread_list(&before) => Validators::default(),
            _ => poll::validators(&before, self.clock.now()),
        };
        // What a redirect asked to wait for is over.
        let waited = matches!(last, Some(Outcome::Throttled { status: 300..400 }));
        let exchange = self.exchange(source, &asked, sent.clone(), waited).await;
        if scheduled.is_none()
            && let Exchange::Failed(fault @ FetchFault::Held { .. }) = &exchange
        {
            // Nothing was learned, so nothing is recorded: a longer wait of the source's own stays, and one
            // that is gone stays gone.
            let (outcome, elapsed) = (Outcome::Held { why: fault.to_string() }, started.elapsed());
            return Ok(Report { source: id.clone(), outcome, before: last, elapsed, state: before });
        }
        let at = self.clock.now();
        let Read { reading, findings, waiting, holds } =
            self.read(source, stored.as_ref(), &exchange, at).await?;
        let draw = draw(id, before.failures);
        let poll = Circumstances {
            at,
            scheduled: scheduled.or(before.scheduled).or(Some(at)),
            configured: &source.def.url,
            asked: &asked,
            sent: &sent,
            draw,
            patience: self.patience,
            silent: stored.as_ref().is_some_and(|stored| stored.habits.is_silent(at)),
        };
        let (outcome, mut state) = poll::conclude(&before, poll, &exchange, reading);
        if let Some(waiting) = waiting {
            state.waiting = waiting;
        }
        // Reading may have taken minutes: pages were told of a Retry-After meanwhile, and other sources were
        // recorded. What is recorded is seen from now on.
        let at = self.clock.now();
        poll::hold(&mut state, holds, &asked, at);
        if source.retry_after == RetryAfter::Host {
            self.hold_hosts(&state, Some(at), at);
        }
        let record = PollRecord { at, source: id.clone(), outcome: outcome.clone(), state: state.clone() };
        let Findings { feed, new, changed, .. } = findings;
        let draft = Draft { poll: record, feed, new, changed, sketches: Vec::new() };
        let draft = self.sketched(draft, source, stored.as_ref()).await?;
        if let Some(stored) = self.overtaken(source, self.stored(id).await?.as_ref())? {
            // A failure, a redirect or an end of the old address is none of the new one, and entries that are
            // stored under another id by now looked new.
            return Err(PollError::Overtaken(Box::new(stored)));
        }
        let recorder = self.recorder.clone();
        // A poll that is given up here keeps its turn: the next one must see what this one recorded.
        let recording = tokio::spawn(async move {
            let recorded = recorder.record(Fact::Poll(Box::new(draft))).await;
            if recorded.is_ok() {
                turn.recorded();
            }
            drop(turn);
            recorded
        });
        recording.await.unwrap_or(Err(RecordError::Stopped))?;
        let report = Report { source: id.clone(), outcome, before: last, elapsed: started.elapsed(), state };
        self.tally.note(at, report.outcome.name());
        log(&report);
        if scheduled.is_none() {
            self.by_hand.tell(id, self.past_of(&report));
        }
        Ok(report)
    }

    /// Polls once recording works; again, if it failed meanwhile, but where the publisher was asked no
    /// sooner than its schedule would. Polls that had to wait do not go all at once, but each at its own
    /// place in a minute.
    async fn poll_when_possible(&self, id: &SourceId, mut scheduled: Time) -> Result<Report, PollError> {
        loop {
            if self.recorder.ready().await {
                tokio::time::sleep(AFTER_A_STALL.mul_f64(draw(id, 0))).await;
                // The floor counts from here: its regular turn may be near.
                scheduled = self.clock.now();
            }
            let asked = tokio::time::Instant::now();
            match self.poll(id, Some(scheduled)).await {
                Err(PollError::Stalled(_)) => {}
                Err(PollError::Record(_)) if self.recorder.stall().is_some() => {
                    tokio::time::sleep_until(asked + self.gap(id)).await;
                    scheduled = self.clock.now();
                }
                polled => return polled,
            }
        }
    }

    /// How the polls of the last hour ended.
    #[must_use]
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    fn gap(&self, id: &SourceId) -> Duration {
        let plan = self.sources.get(id).map(|source| source.plan(&self.polling));
        let gap = plan.and_then(|plan| plan.shortest_gap().to_std().ok());
        gap.unwrap_or(LONGEST_UNTIL_AGAIN).min(LONGEST_UNTIL_AGAIN)
    }

    /// Asks for the source's document; for a page only if its publisher lets programs.
    async fn exchange(&self, source: &Source, asked: &str, validators: Validators, waited: bool) -> Exchange {
        let fetcher = self.fetcher(source);
        if let (Kind::Page(_), None) = (&source.kind, fetcher.held(asked)) {
            let (verdict, put_off) = fetcher.admission(asked).await;
            if let Some(head) = put_off {
                return Exchange::Throttled(head);
            }
            if !verdict.allowed {
                return Exchange::Failed(fetcher.refusal(asked, verdict.why, false).await);
            }
        }
        let accept = match source.kind {
            Kind::Feed => ACCEPT_FEED,
            Kind::Page(_) => ACCEPT_PAGE,
            Kind::Json(_) => ACCEPT_JSON,
        };
        fetcher.get(&FetchRequest { waited, ..request(source, asked, validators, accept) }).await
    }

    fn fetcher(&self, source: &Source) -> &Fetcher {
        let proxy = source.proxy.as_ref().map(|secret| secret.expose().to_owned());
        self.fetchers.get(&proxy).expect("one was built for every source's proxy")
    }

    /// Makes the sketches by which the stories of a draft's entries are told, on a blocking thread: the
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
        self.blocking(work).await.map_err(PollError::Broken)
    }

    /// What is stored of a source. A store that cannot be read is built anew first: nobody was asked yet, so
    /// nothing is lost by going on.
    async fn stored(&self, id: &SourceId) -> Result<Option<SourceState>, PollError> {
        let store = self.recorder.store().load_full();
        let error = match store.source(id) {
            Ok(stored) => return Ok(stored),
            Err(error) => error,
        };
        match self.heal(store, error).await {
            PollError::Store(_) => Ok(self.recorder.store().load().source(id)?),
            PollError::Record(stall) if self.recorder.stall().is_some() => Err(PollError::Stalled(stall)),
            in_the_way => Err(in_the_way),
        }
    }

    /// What is stored of a source, if the configuration by which it is polled here is over: in the one that is
    /// recorded it has another address or another id, or is not in it.
    fn overtaken(
        &self,
        source: &Source,
        stored: Option<&SourceState>,
    ) -> Result<Option<SourceState>, PollError> {
        let SourceDef { id, url, .. } = &source.def;
        if let Some(stored) = stored {
            return Ok((stored.gone || stored.def.url != *url).then(|| stored.clone()));
        }
        let store = self.recorder.store().load_full();
        if store.meta()?.is_none_or(|meta| meta.config.is_empty()) {
            return Ok(None);
        }
        // Whatever is configured is stored, if not under this id.
        let mut sources = store.sources()?.into_values();
        let renamed = sources.find(|stored| !stored.gone && stored.def.url == *url);
        renamed.map(Some).ok_or_else(|| PollError::Unknown(id.to_string()))
    }

    /// A store that cannot be read is rebuilt, so that whoever reads next finds it well. Returns what failed,
    /// or what is in the way.
    async fn heal(&self, store: Arc<Store>, error: StoreError) -> PollError {
        let recorder = self.recorder.clone();
        let healing = tokio::task::spawn_blocking(move || (recorder.replace(&store, &error), error));
        match healing.await {
            Ok((Ok(()), error)) => PollError::Store(error),
            Ok((Err(error), _)) => PollError::Record(error),
            Err(_) => PollError::Record(RecordError::Stopped),
        }
    }
}

fn sources(config: &Config) -> BTreeMap<SourceId, Source> {
    config.sources.iter().map(|source| (source.def.id.clone(), source.clone())).collect()
}

/// One line a poll: what a person wants to see go by. Trouble is told when it begins and when it ends,
/// not with every poll between.
fn log(report: &Report) {
    let Report { source, outcome, before, elapsed, .. } = report;
    let elapsed_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
    let was_good = before.as_ref().is_none_or(Outcome::is_good);
    if outcome.is_good() {
        let ended = before.as_ref().filter(|_| !was_good).map(Outcome::name);
        tracing::info!(source.id = %source, elapsed_ms, ended, "{outcome}");
        return;
    }
    let until = report.state.not_before.map_or_else(|| "-".to_owned(), |t| t.to_rfc3339());
    if before.as_ref().map(Outcome::name) == Some(outcome.name()) {
        tracing::debug!(source.id = %source, elapsed_ms, not_before = %until, "still {outcome}");
    } else {
        tracing::warn!(source.id = %source, elapsed_ms, not_before = %until, "{outcome}");
    }
}

/// A draw that is the same for the same failure of the same source: spread without randomness.
fn draw(id: &SourceId, failures: u32) -> f64 {
    let hash = Sha256::digest(format!("{id} {failures}"));
    f64::from(u16::from_be_bytes([hash[0], hash[1]])) / 65_536.0
}

#[cfg(test)]
mod tests;
