//! The engine: an open state directory with a configuration. It polls, records and publishes. The daemon runs
//! one; a command without a daemon runs one while it works.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use chrono::TimeDelta;
use chrono_tz::Tz;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::clock::Clock;
use super::meter::Meter;

use super::recorder::{Observer, RecordError, Recorder};
use super::renderer::Renderer;
use super::worker::Worker;
use crate::config::{Config, Source, SourceKind};
use crate::decide::rules::Rules;
use crate::decide::schedule::Schedule;
use crate::fetch::FetchSetupError;
use crate::ledger::store::{Store, StoreError};
use crate::ledger::{DiskFault, Fact, Ledger, LedgerError, OpenNotes, StoreHandle};
use crate::model::hash::hex16;
use crate::model::record::ConfigRecord;
use crate::model::source::{SourceDef, SourceId};
use crate::model::state::{Meta, SourceState, State};
use crate::model::time::Time;
use crate::read::link;
use crate::search::Search;
use crate::serve::admin::ConfigInUse;
use crate::views::site::{Polled, Site};

/// The longest time to wait for merges of the search index at the end.
const INDEX_CLOSES: Duration = Duration::from_secs(1);

/// The parts that run on one state directory.
pub struct Engine {
    pub config: Arc<Config>,
    pub worker: Arc<Worker>,
    pub renderer: Arc<Renderer>,
    pub recorder: Recorder,
    pub clock: Arc<dyn Clock>,
    /// The time at which this configuration took effect.
    pub since: Time,
    current: Arc<ArcSwap<Renderer>>,
}

/// The error when an engine cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Fetch(#[from] FetchSetupError),
    #[error(transparent)]
    Record(#[from] RecordError),
    #[error("opening the state directory ended in a panic: {0}")]
    Panic(String),
}

impl StartError {
    /// The disk's fault, if it is the cause.
    pub fn disk_fault(&self) -> Option<DiskFault> {
        match self {
            Self::Ledger(error) => error.disk_fault(),
            Self::Record(RecordError::Ledger(error)) => error.disk_fault(),
            Self::Store(error) => error.disk_fault(),
            Self::Record(RecordError::Stopped) | Self::Fetch(_) | Self::Panic(_) => None,
        }
    }
}

/// An open state directory whose configuration is not recorded yet.
pub struct Opened {
    config: Arc<Config>,
    rules: Arc<Rules>,
    recorder: Recorder,
    renderer: Arc<Renderer>,
    current: Arc<ArcSwap<Renderer>>,
    clock: Arc<dyn Clock>,
}

impl Opened {
    /// Opens the state directory of a configuration.
    pub async fn open(config: Arc<Config>, clock: Arc<dyn Clock>) -> Result<(Self, OpenNotes), StartError> {
        let rules = Arc::new(rules(&config));
        let (dir, today) = (config.state_dir.clone(), clock.now().date_naive());
        let todays = Arc::clone(&rules);
        let opening = tokio::task::spawn_blocking(move || Ledger::open(&dir, todays, today));
        let (ledger, notes) = opening.await.map_err(|e| StartError::Panic(e.to_string()))??;
        Ok((Self::over(ledger, config, rules, clock), notes))
    }

    /// True if the present store can be served.
    pub fn is_readable(&self) -> bool {
        self.recorder.store().load().meta().is_ok_and(|meta| meta.is_some())
    }

    pub fn renderer(&self) -> Arc<Renderer> {
        Arc::clone(&self.renderer)
    }

    /// Builds the store if the opening found no usable one, and returns the number of lines applied. The present
    /// store may be served meanwhile. Counts the applied entries in `progress`. Fails on a disk error. The caller
    /// may retry.
    pub async fn settle(&self, progress: Arc<AtomicU64>) -> Result<u64, StartError> {
        let recorder = self.recorder.clone();
        let note = move |entries| progress.store(entries, Ordering::Relaxed);
        let settling = tokio::task::spawn_blocking(move || recorder.settle(&mut { note }));
        Ok(settling.await.map_err(|e| StartError::Panic(e.to_string()))??)
    }

    fn over(ledger: Ledger, config: Arc<Config>, rules: Arc<Rules>, clock: Arc<dyn Clock>) -> Self {
        let meter: Arc<Meter> = Arc::default();
        let search = search(&config);
        let renderer = renderer(&config, ledger.store()).counting(Arc::clone(&meter)).searching(search);
        let renderer = Arc::new(renderer);
        let current = Arc::new(ArcSwap::new(Arc::clone(&renderer)));
        let observer = Arc::clone(&current) as Arc<dyn Observer>;
        let recorder = Recorder::start_counting(ledger, Arc::clone(&clock), observer, meter);
        Self { config, rules, recorder, renderer, current, clock }
    }

    /// Makes an engine. Records the configuration first if it differs from the last recorded one. Fails with
    /// [`StartError`]. The caller may retry after a disk error.
    pub async fn start(&self) -> Result<Arc<Engine>, StartError> {
        let store = self.recorder.store();
        if let Some(change) = config_change(&self.config, &self.rules, &store.load(), &*self.clock)? {
            // A probe logs nothing. The recorder would log that feeds are served, which is not true yet.
            let recorder = self.recorder.clone();
            let probing = tokio::task::spawn_blocking(move || recorder.probe());
            probing.await.map_err(|e| StartError::Panic(e.to_string()))??;
            self.recorder.record(Fact::Config(change)).await?;
        }
        let worker = Worker::new(
            &self.config,
            Arc::clone(&self.rules),
            self.recorder.clone(),
            Arc::clone(&self.clock),
        )?;
        worker.resume_holds(&store.load().sources()?);
        Ok(Arc::new(Engine {
            config: Arc::clone(&self.config),
            worker: Arc::new(worker),
            renderer: Arc::clone(&self.renderer),
            recorder: self.recorder.clone(),
            clock: Arc::clone(&self.clock),
            since: self.clock.now(),
            current: Arc::clone(&self.current),
        }))
    }
}

impl Engine {
    /// Opens the state directory of a configuration.
    pub async fn open(
        config: Arc<Config>,
        clock: Arc<dyn Clock>,
    ) -> Result<(Arc<Self>, OpenNotes), StartError> {
        Self::open_showing(config, clock, Arc::default()).await
    }

    /// Like [`Engine::open`]. `built` gets the number of entries of a store that has to be built.
    pub async fn open_showing(
        config: Arc<Config>,
        clock: Arc<dyn Clock>,
        built: Arc<AtomicU64>,
    ) -> Result<(Arc<Self>, OpenNotes), StartError> {
        let (opened, notes) = Opened::open(config, clock).await?;
        opened.settle(built).await?;
        Ok((opened.start().await?, notes))
    }

    /// Makes an engine with another configuration for the same state directory. The new engine shares the recorder,
    /// the connections to publishers with their queues, and the publisher if its views stay the same. Readers see
    /// the new configuration after [`Engine::show`]. Fails on a disk error. The caller must then call
    /// [`Engine::roll_back`] on this engine.
    pub async fn under(&self, config: Arc<Config>) -> Result<Arc<Self>, StartError> {
        let rules = Arc::new(rules(&config));
        let worker = Worker::after(&self.worker, &self.config, &config, Arc::clone(&rules))?;
        self.adopt(&config, rules).await?;
        worker.resume_holds(&self.store().load().sources()?);
        let renderer = if shows_the_same(&self.config, &config) {
            Arc::clone(&self.renderer)
        } else {
            let renderer = renderer(&config, self.store()).counting(self.recorder.meter());
            Arc::new(renderer.searching(self.renderer.index()))
        };
        Ok(Arc::new(Self {
            config,
            worker: Arc::new(worker),
            renderer,
            recorder: self.recorder.clone(),
            clock: Arc::clone(&self.clock),
            since: self.clock.now(),
            current: Arc::clone(&self.current),
        }))
    }

    /// Gives the rules to the recorder, and records the configuration.
    async fn adopt(&self, config: &Config, rules: Arc<Rules>) -> Result<(), StartError> {
        let (recorder, adopted) = (self.recorder.clone(), Arc::clone(&rules));
        let adopting = tokio::task::spawn_blocking(move || recorder.adopt(adopted));
        if let Some(why) = adopting.await.map_err(|e| StartError::Panic(e.to_string()))?? {
            tracing::info!(why, "rebuilt the store from the journal");
        }
        let change = config_change(config, &rules, &self.store().load(), &*self.clock)?;
        if let Some(change) = change {
            self.recorder.record(Fact::Config(change)).await?;
        }
        Ok(())
    }

    pub fn show(&self) {
        self.current.store(Arc::clone(&self.renderer));
        // Other texts may be published.
        self.renderer.index().iter().for_each(|index| index.wake());
    }

    /// Restores this engine's configuration after [`Engine::under`] failed, at whatever point it failed.
    pub async fn roll_back(&self) {
        if let Err(error) = self.adopt(&self.config, Arc::new(rules(&self.config))).await {
            tracing::error!(%error, "cannot restore the previous configuration; restart dibao");
        }
    }

    pub fn running(&self) -> ConfigInUse {
        ConfigInUse { digest: self.config.digest.clone(), since: self.since }
    }

    pub fn store(&self) -> StoreHandle {
        self.recorder.store()
    }

    pub fn polled_sources(&self) -> impl Iterator<Item = &Source> {
        self.config.sources.iter().filter(|source| source.enabled)
    }

    /// Closes the state directory with everything durable.
    pub async fn close(&self) -> Result<(), StartError> {
        // The index first: with the ledger goes the lock that keeps other processes out.
        if let Some(index) = self.renderer.index() {
            let closing = tokio::task::spawn_blocking(move || index.close());
            match tokio::time::timeout(INDEX_CLOSES, closing).await {
                Ok(Ok(Ok(()))) => {}
                Ok(Ok(Err(error))) => tracing::warn!(%error, "the search index could not be closed"),
                Ok(Err(_)) | Err(_) => {
                    tracing::warn!("the search index takes too long to close; it goes on at the next start");
                }
            }
        }
        let recorder = self.recorder.clone();
        let closing = tokio::task::spawn_blocking(move || recorder.close());
        closing.await.map_err(|e| StartError::Panic(e.to_string()))??;
        Ok(())
    }
}

pub fn rules(config: &Config) -> Rules {
    let definitions = config.sources.iter().map(|source| source.def.clone());
    let renames = config.sources.iter().flat_map(|source| {
        source.was.iter().map(|old| (old.clone(), source.def.id.clone())).collect::<Vec<_>>()
    });
    Rules::new(&config.regions, config.rules.clone(), definitions, renames)
}

/// The index of the state directory, not opened yet. Without search there is none on the disk either.
fn search(config: &Config) -> Option<Arc<Search>> {
    if config.search {
        return Some(Arc::new(Search::new(&config.state_dir)));
    }
    if let Err(error) = Search::remove(&config.state_dir) {
        tracing::warn!(%error, "cannot remove the search index");
    }
    None
}

/// Disabled sources keep their feeds.
fn renderer(config: &Config, store: StoreHandle) -> Renderer {
    let configured = config.sources.iter().map(|source| source.def.id.clone()).collect();
    let former = config.sources.iter().flat_map(|source| source.was.iter().cloned()).collect();
    Renderer::new(site(config), store, configured).renaming(former)
}

/// True if both configurations give the same views. Also compares values that do not affect bytes: an
/// unnecessary rendering costs less than a list of those values.
fn shows_the_same(one: &Config, other: &Config) -> bool {
    let definitions = |config: &Config| {
        config.sources.iter().map(|source| (source.def.clone(), source.was.clone())).collect::<Vec<_>>()
    };
    format!("{:?}", site(one)) == format!("{:?}", site(other)) && definitions(one) == definitions(other)
}

fn site(config: &Config) -> Site {
    Site {
        public_url: config.server.public_url.clone(),
        regions: config.regions.clone(),
        entries: config.publish.entries,
        max_age: config.publish.max_age.and_then(|age| TimeDelta::from_std(age).ok()),
        rights: config.publish.rights.clone(),
        content: config.sources.iter().map(|s| (s.def.id.clone(), s.content)).collect(),
        default_content: config.publish.content,
        first_poll: config.publish.first_poll,
        zone: config.polling.timezone,
        delta: config.publish.delta,
        unread: unread(config),
        hub: config.publish.websub_hub.clone(),
        shown: config.shown.clone(),
        polled: polled(config),
        search: config.search,
    }
}

fn unread(config: &Config) -> BTreeSet<SourceId> {
    let pages = config.sources.iter().filter(|source| source.kind != SourceKind::Feed);
    pages.map(|source| source.def.id.clone()).collect()
}

/// The polling interval of each source, for display. Most sources share a schedule, so each is computed once.
fn polled(config: &Config) -> BTreeMap<SourceId, Polled> {
    let mut known: Vec<(&[Schedule], Tz, u32)> = Vec::new();
    let mut all = BTreeMap::new();
    for source in config.sources.iter().filter(|source| source.enabled) {
        let schedules = source.schedules.as_slice();
        let same = known.iter().find(|(s, zone, _)| *s == schedules && *zone == source.zone);
        let minutes = if let Some((.., minutes)) = same {
            *minutes
        } else {
            let gap = source.plan(&config.polling).shortest_gap();
            let minutes = u32::try_from(gap.num_minutes()).unwrap_or(u32::MAX).max(1);
            known.push((schedules, source.zone, minutes));
            minutes
        };
        all.insert(source.def.id.clone(), Polled { minutes, region: source.def.region.clone() });
    }
    all
}

/// The record of the configuration; `None` if it equals the last recorded one. The recorder must journal a
/// configuration that served bytes depend on before dibao polls or serves with it.
fn config_change(
    config: &Config,
    rules: &Rules,
    store: &Store,
    clock: &dyn Clock,
) -> Result<Option<ConfigRecord>, StoreError> {
    let meta = store.meta()?.unwrap_or_else(|| Meta::empty(""));
    let fingerprint = fingerprint(config, rules);
    if meta.config == fingerprint {
        return Ok(None);
    }
    let stored = store.sources()?;
    let now: BTreeMap<_, _> = config.sources.iter().map(|s| (&s.def.id, &s.def)).collect();
    #[expect(clippy::disallowed_methods, reason = "drawn once for an instance, and journalled")]
    let instance = if meta.instance.is_nil() { Uuid::new_v4() } else { meta.instance };
    for (new, old) in likely_renames(now.values().copied(), &stored) {
        tracing::warn!(
            source.id = %new,
            "has the address that {old} had: if it is the same source, add was = [\"{old}\"] before the first poll, or \
             dibao takes its entries for new ones"
        );
    }
    Ok(Some(ConfigRecord {
        at: clock.now(),
        instance,
        fingerprint,
        sources: now.values().copied().cloned().collect(),
        gone: stored
            .iter()
            .filter(|(id, s)| !s.gone && !now.contains_key(id))
            .map(|(id, _)| id.clone())
            .collect(),
    }))
}

/// New sources with the address of a removed one, each with the removed source's id.
fn likely_renames<'a>(
    now: impl Iterator<Item = &'a SourceDef> + Clone,
    stored: &'a BTreeMap<SourceId, SourceState>,
) -> Vec<(&'a SourceId, &'a SourceId)> {
    let ids: BTreeSet<_> = now.clone().map(|def| &def.id).collect();
    let gone = stored.iter().filter(|(id, state)| !ids.contains(*id) && state.entries > 0);
    let by_address: BTreeMap<_, _> = gone.map(|(id, state)| (link::canonical(&state.def.url), id)).collect();
    let new = now.filter(|def| !stored.contains_key(&def.id));
    new.filter_map(|def| Some((&def.id, *by_address.get(&link::canonical(&def.url))?))).collect()
}

/// Covers everything besides the journal that served bytes depend on.
fn fingerprint(config: &Config, rules: &Rules) -> String {
    let mut hash = Sha256::new();
    hash.update(env!("CARGO_PKG_VERSION"));
    hash.update(&rules.fingerprint);
    let site = site(config);
    hash.update(format!("{site:?}"));
    for source in &config.sources {
        hash.update(serde_json::to_vec(&source.def).expect("a definition is plain JSON"));
    }
    hex16(&hash.finalize())
}

#[cfg(test)]
mod tests;
