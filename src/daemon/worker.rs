//! One poll from end to end: what to ask, the exchange, reading on a blocking thread, the decision what
//! is new, and handing it to the recorder. Whatever happens to one source stays with that source.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest, Sha256};
use tokio::sync::{Mutex, Semaphore};

use super::clock::Clock;
use super::recorder::{self, RecordError, Recorder};
use super::scheduler::{Past, Poller};
use crate::config::{Config, Source};
use crate::core::diff::{self, Draft, Findings};
use crate::core::exchange::{Exchange, Response, Validators};
use crate::core::feed::{self, FeedInput};
use crate::core::outcome::Outcome;
use crate::core::poll::{self, Circumstances, Reading};
use crate::core::record::{PollRecord, PollState};
use crate::core::rules::hex16;
use crate::core::source::SourceId;
use crate::core::state::{SourceState, State};
use crate::core::time::Time;
use crate::fetch::{ACCEPT_FEED, FetchLimits, FetchOptions, FetchRequest, FetchSetupError, Fetcher};
use crate::store::{Store, StoreError};

/// Threads that may parse at once. A parse cannot be cancelled; more of them than cores only costs
/// memory.
const PARSERS: usize = 4;

/// How a poll went, for whoever asked for it.
#[derive(Clone, Debug)]
pub struct Report {
    /// The source.
    pub source: SourceId,
    /// How it ended.
    pub outcome: Outcome,
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
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What was learned cannot be recorded.
    #[error(transparent)]
    Record(#[from] RecordError),
}

/// Polls sources.
pub struct Worker {
    sources: BTreeMap<SourceId, Source>,
    fetchers: HashMap<Option<String>, Fetcher>,
    recorder: Recorder,
    clock: Arc<dyn Clock>,
    parsers: Arc<Semaphore>,
    max_entries: usize,
    /// One poll of a source at a time, whoever asks for it.
    turns: BTreeMap<SourceId, Arc<Mutex<()>>>,
}

impl Worker {
    /// A worker for the sources of a configuration.
    ///
    /// # Errors
    /// When the HTTP client cannot be built from it.
    pub fn new(config: &Config, recorder: Recorder, clock: Arc<dyn Clock>) -> Result<Self, FetchSetupError> {
        let mut fetchers = HashMap::new();
        for source in &config.sources {
            let proxy = source.proxy.as_ref().map(|secret| secret.expose().to_owned());
            if !fetchers.contains_key(&proxy) {
                fetchers.insert(proxy.clone(), Fetcher::new(fetch_options(config, proxy))?);
            }
        }
        let sources: BTreeMap<_, _> =
            config.sources.iter().map(|source| (source.def.id.clone(), source.clone())).collect();
        Ok(Self {
            turns: sources.keys().map(|id| (id.clone(), Arc::default())).collect(),
            sources,
            fetchers,
            recorder,
            clock,
            parsers: Arc::new(Semaphore::new(PARSERS)),
            max_entries: config.polling.max_entries,
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
        let source = self.sources.get(id).ok_or_else(unknown)?;
        let turn = Arc::clone(self.turns.get(id).ok_or_else(unknown)?).lock_owned().await;
        let started = tokio::time::Instant::now();
        let store = self.recorder.store().load_full();
        let stored = match store.source(id) {
            Ok(stored) => stored,
            Err(error) => return Err(self.heal(store, error).await),
        };
        let before = stored.as_ref().map(|s| s.poll.clone()).unwrap_or_default();
        if let Some(outcome) = stored.as_ref().and_then(|stored| still_waiting(stored, self.clock.now())) {
            return Ok(Report { source: id.clone(), outcome, elapsed: started.elapsed(), state: before });
        }
        let asked = poll::address(&source.def.url, &before).to_owned();
        let exchange = self.exchange(source, &asked, before.validators.clone()).await;
        let at = self.clock.now();
        let (reading, findings) = match &exchange {
            Exchange::Body(response) => self.read(source, stored, &before, response.clone(), at).await?,
            _ => (None, Findings::default()),
        };
        let draw = draw(id, before.failures);
        let poll =
            Circumstances { at, scheduled: scheduled.or(before.scheduled).or(Some(at)), asked: &asked, draw };
        let (outcome, state) = poll::conclude(&before, poll, &exchange, reading);
        let record = PollRecord { at, source: id.clone(), outcome: outcome.clone(), state: state.clone() };
        let Findings { feed, new, changed } = findings;
        let draft = Draft { poll: record, feed, new, changed };
        let recorder = self.recorder.clone();
        // A poll that is given up here keeps its turn: the next one must see what this one recorded.
        let recording = tokio::spawn(async move {
            let recorded = recorder.record(recorder::Fact::Poll(Box::new(draft))).await;
            drop(turn);
            recorded
        });
        recording.await.unwrap_or(Err(RecordError::Stopped))?;
        Ok(Report { source: id.clone(), outcome, elapsed: started.elapsed(), state })
    }

    async fn exchange(&self, source: &Source, asked: &str, validators: Validators) -> Exchange {
        let proxy = source.proxy.as_ref().map(|secret| secret.expose().to_owned());
        let fetcher = self.fetchers.get(&proxy).expect("one was built for every source's proxy");
        let headers = source.headers.iter().map(|(name, value)| (name.clone(), value.expose().to_owned()));
        let request = FetchRequest {
            url: asked.to_owned(),
            validators,
            headers: headers.collect(),
            accept: ACCEPT_FEED.to_owned(),
        };
        fetcher.get(&request).await
    }

    /// Reads a body on a blocking thread, unless it is the one of last time.
    async fn read(
        &self,
        source: &Source,
        stored: Option<SourceState>,
        before: &PollState,
        response: Response,
        at: Time,
    ) -> Result<(Option<Reading>, Findings), PollError> {
        let body_hash = hex16(&Sha256::digest(&response.body));
        if before.body_hash.as_ref() == Some(&body_hash) {
            return Ok((Some(Reading::SameBytes), Findings::default()));
        }
        let permit = Arc::clone(&self.parsers).acquire_owned().await;
        let (id, zone) = (source.def.id.clone(), source.zone);
        let store = self.recorder.store();
        let max_entries = self.max_entries;
        let task = tokio::task::spawn_blocking(move || {
            // Its slot counts until the parse really ends, even if nobody waits for it any more.
            let _permit = permit;
            let input = FeedInput {
                bytes: &response.body,
                url: &response.head.final_url,
                content_type: response.head.content_type.as_deref(),
                zone,
                fetched_at: at,
            };
            let mut parsed = match feed::read(&input) {
                Ok(parsed) => parsed,
                Err(why) => return Ok((Some(Reading::NotAFeed(why.to_string())), Findings::default())),
            };
            if parsed.entries.len() > max_entries {
                parsed.repairs.push(format!("only the first {max_entries} entries were taken"));
                parsed.entries.truncate(max_entries);
            }
            let store = store.load_full();
            let findings = diff::findings(&*store, &id, stored.as_ref(), &parsed, input.url)
                .map_err(|error| (store, error))?;
            let reading = Reading::Feed {
                entries: count(parsed.entries.len()),
                new: count(findings.new.len()),
                changed: count(findings.changed.len()),
                repairs: parsed.repairs,
                body_hash,
                ttl_minutes: parsed.ttl_minutes,
            };
            Ok((Some(reading), findings))
        });
        match task.await {
            Ok(Ok(read)) => Ok(read),
            Ok(Err((store, error))) => Err(self.heal(store, error).await),
            Err(panic) => {
                let why = format!("reading it ended in a panic ({panic})");
                Ok((Some(Reading::NotAFeed(why)), Findings::default()))
            }
        }
    }

    /// A store that cannot be read is rebuilt, so that the next poll finds it well.
    async fn heal(&self, store: Arc<Store>, error: StoreError) -> PollError {
        let recorder = self.recorder.clone();
        let healing = tokio::task::spawn_blocking(move || (recorder.heal(&store, &error), error));
        match healing.await {
            Ok((Ok(()), error)) => PollError::Store(error),
            Ok((Err(error), _)) => PollError::Record(error),
            Err(_) => PollError::Record(RecordError::Stopped),
        }
    }

    /// What the scheduler has to know of a source's past.
    #[must_use]
    pub fn past(stored: Option<&SourceState>) -> Past {
        stored
            .map_or_else(Past::default, |s| Past { polled: s.polled_at, ..past(&s.poll, s.outcome.as_ref()) })
    }
}

impl Poller for Arc<Worker> {
    fn poll(&self, id: SourceId, scheduled: Time) -> std::pin::Pin<Box<dyn Future<Output = Past> + Send>> {
        let worker = Arc::clone(self);
        Box::pin(async move {
            match Worker::poll(&worker, &id, Some(scheduled)).await {
                Ok(report) => {
                    log(&report);
                    past(&report.state, Some(&report.outcome))
                }
                Err(error) => {
                    tracing::error!(source = %id, %error, "poll not recorded");
                    Past { scheduled: Some(scheduled), ..Past::default() }
                }
            }
        })
    }
}

/// The outcome that stands while a publisher has asked for patience: nothing is asked before that time is
/// over (RFC 9110 section 10.2.3), by schedule or by hand.
fn still_waiting(stored: &SourceState, now: Time) -> Option<Outcome> {
    let throttled = stored.outcome.clone().filter(|outcome| matches!(outcome, Outcome::Throttled { .. }));
    throttled.filter(|_| stored.poll.not_before.is_some_and(|until| until > now))
}

fn past(state: &PollState, outcome: Option<&Outcome>) -> Past {
    Past {
        scheduled: state.scheduled,
        polled: None,
        not_before: state.not_before,
        gone: matches!(outcome, Some(Outcome::Gone)),
    }
}

/// One line a poll: what a person wants to see go by.
fn log(report: &Report) {
    let Report { source, outcome, elapsed, .. } = report;
    let elapsed_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
    if outcome.is_good() {
        tracing::info!(source.id = %source, elapsed_ms, "{outcome}");
    } else {
        let until = report.state.not_before.map_or_else(|| "-".to_owned(), |t| t.to_rfc3339());
        tracing::warn!(source.id = %source, elapsed_ms, not_before = %until, "{outcome}");
    }
}

/// How the configuration wants hosts to be asked.
pub(super) fn fetch_options(config: &Config, proxy: Option<String>) -> FetchOptions {
    let polling = &config.polling;
    FetchOptions {
        limits: FetchLimits {
            timeout: polling.timeout,
            max_body: polling.max_body,
            ..FetchLimits::default()
        },
        user_agent: UserAgent(polling.contact.as_deref()).to_string(),
        allow_networks: polling.allow_networks.clone(),
        proxy,
        per_host: polling.per_host,
        host_delay: polling.host_delay,
        concurrency: polling.concurrency,
    }
}

/// `dibao/0.1.0 (+https://example.org/about)`: who asks, and where to complain (RFC 9110 section 10.1.5).
struct UserAgent<'a>(Option<&'a str>);

impl fmt::Display for UserAgent<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "dibao/{}", env!("CARGO_PKG_VERSION"))?;
        self.0.map_or(Ok(()), |contact| write!(f, " (+{contact})"))
    }
}

/// A draw that is the same for the same failure of the same source: spread without randomness.
fn draw(id: &SourceId, failures: u32) -> f64 {
    let hash = Sha256::digest(format!("{id} {failures}"));
    f64::from(u16::from_be_bytes([hash[0], hash[1]])) / 65_536.0
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
