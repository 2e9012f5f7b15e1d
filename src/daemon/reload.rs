//! Changes the configuration of a running daemon. It first checks the whole new configuration; one with faults
//! changes nothing. Unchanged parts go on: a reload drops no connection and causes no poll.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arc_swap::ArcSwap;
use tokio::sync::{Mutex, mpsc};

use super::dues::Dues;
use super::engine::{Engine, StartError};
use super::front::{Front, Reporter};
use super::outlets::{self, Outlets};
use super::scheduler::{Change, Scheduled};
use super::status::{self, Looks};
use super::systemd;
use super::websub::Pinger;
use crate::config::{Config, Faults, Source};
use crate::ledger::store::StoreError;
use crate::log;
use crate::model::source::SourceId;
use crate::model::state::State;
use crate::serve::Live;
use crate::views::page::Page;

/// Reads the configuration again. May block.
pub type Load = Box<dyn Fn() -> Result<Config, Faults> + Send + Sync>;

/// The running daemon, with the configuration of the last reload.
pub struct Daemon {
    engine: ArcSwap<Engine>,
    front: Arc<Front>,
    agenda: mpsc::Sender<Change>,
    /// Locked during a reload: one reload at a time.
    outlets: Mutex<Option<Outlets>>,
    load: Option<Load>,
    dues: ArcSwap<Dues>,
    looks: Looks,
}

impl Reporter for Daemon {
    fn trouble(&self) -> Option<String> {
        let engine = self.engine();
        status::progress(&engine, Some(&self.dues.load())).stops(engine.clock.now())
    }

    fn live(&self, what: Live) -> Option<Vec<u8>> {
        let live = self.looks.live(what, &self.engine(), &self.dues.load(), self.front.requests());
        live.inspect_err(unread).ok()
    }

    fn changes(&self) -> Option<Arc<Page>> {
        self.looks.changes(&self.engine()).inspect_err(unread).ok()
    }
}

fn unread(error: &StoreError) {
    tracing::error!(%error, "cannot read the status");
}

/// The error when a reload fails; the old configuration goes on.
#[derive(Debug, thiserror::Error)]
pub enum ReloadError {
    #[error("the configuration is not changed, because of these faults:\n{0}")]
    Faults(Faults),
    #[error("the configuration is not changed: {0}")]
    Engine(#[from] StartError),
    #[error("this daemon has no configuration file to read again")]
    NoFile,
    #[error("the configuration is not changed: reading it ended in a panic: {0}")]
    Panic(#[from] tokio::task::JoinError),
}

impl Daemon {
    pub fn new(
        engine: Arc<Engine>,
        front: Arc<Front>,
        agenda: mpsc::Sender<Change>,
        dues: Arc<Dues>,
        outlets: Outlets,
        load: Option<Load>,
    ) -> Self {
        let (engine, dues) = (ArcSwap::new(engine), ArcSwap::new(dues));
        let outlets = Mutex::new(Some(outlets));
        Self { engine, front, agenda, outlets, load, dues, looks: Looks::default() }
    }

    pub fn engine(&self) -> Arc<Engine> {
        self.engine.load_full()
    }

    pub fn dues(&self) -> Arc<Dues> {
        self.dues.load_full()
    }

    pub async fn finish(&self) {
        if let Some(outlets) = self.outlets.lock().await.take() {
            outlets.finish().await;
        }
    }

    /// Reads the configuration again and applies it. Returns a line about the changes. Logs that line, or all
    /// faults. Fails with [`ReloadError`]: then the old configuration goes on.
    pub async fn reload(self: &Arc<Self>) -> Result<String, ReloadError> {
        systemd::reloading();
        let reloaded = self.change().await;
        systemd::ready();
        match &reloaded {
            Ok(summary) => tracing::info!("{summary}"),
            Err(ReloadError::Faults(faults)) => {
                for fault in &faults.faults {
                    tracing::error!(%fault, "config");
                }
                tracing::error!(
                    faults = faults.faults.len(),
                    "the new configuration has faults; the old one stays in use"
                );
            }
            Err(error) => tracing::error!("{error}"),
        }
        reloaded
    }

    async fn change(self: &Arc<Self>) -> Result<String, ReloadError> {
        let mut outlets = self.outlets.lock().await;
        let daemon = Arc::clone(self);
        let loading = tokio::task::spawn_blocking(move || daemon.load.as_ref().map(|load| load()));
        let config = loading.await?.ok_or(ReloadError::NoFile)?.map_err(ReloadError::Faults)?;
        for warning in &config.warnings {
            tracing::warn!(%warning, "config");
        }
        let old = self.engine();
        let (config, fixed) = keep_fixed_keys(&old.config, config);
        let restart =
            fixed.iter().map(|key| format!("; {key} changes with the next start")).collect::<String>();
        if is_same(&old.config, &config) {
            return Ok(format!("nothing in the configuration has changed{restart}"));
        }
        // All steps that can fail come first.
        let (engine, sources, hub) = match prepare(&old, config).await {
            Ok(ready) => ready,
            Err(error) => {
                old.roll_back().await;
                return Err(error.into());
            }
        };
        engine.show();
        log::configure(&engine.config.log);
        let polled = engine.polled_sources().map(|source| source.def.id.clone());
        let dues = Arc::new(Dues::new(polled));
        self.front.open(Arc::clone(&engine.renderer), &engine.config, Arc::clone(&dues));
        self.dues.store(Arc::clone(&dues));
        let differences = Differences::between(&old.config, &engine.config);
        let change = Change {
            sources,
            kept: differences.kept.clone(),
            renamed: differences.renamed.clone(),
            poller: Arc::new(Arc::clone(&engine.worker)),
            dues,
        };
        // Fails only if the daemon is stopping, and then nothing needs scheduling.
        let _ = self.agenda.send(change).await;
        self.engine.store(Arc::clone(&engine));
        if let Some(before) = outlets.take() {
            *outlets = Some(before.follow(&engine, hub).await);
        }
        Ok(format!("the configuration was read again: {differences}{restart}"))
    }
}

/// Makes the engine, the scheduled sources and the WebSub pinger of a new configuration. They are not in use yet.
async fn prepare(
    old: &Engine,
    config: Config,
) -> Result<(Arc<Engine>, Vec<Scheduled>, Option<Pinger>), StartError> {
    let engine = old.under(Arc::new(config)).await?;
    let (sources, hub) = (scheduled(&engine)?, outlets::hub(&engine)?);
    Ok((engine, sources, hub))
}

/// The sources that an engine polls, with their stored poll history.
pub fn scheduled(engine: &Engine) -> Result<Vec<Scheduled>, StartError> {
    let store = engine.store().load_full();
    let mut scheduled = Vec::new();
    for source in engine.polled_sources() {
        let stored = store.source(&source.def.id)?;
        scheduled.push(Scheduled {
            id: source.def.id.clone(),
            plan: source.plan(&engine.config.polling),
            past: engine.worker.past(stored.as_ref()),
        });
    }
    Ok(scheduled)
}

/// Restores the old values of keys that cannot change while the daemon runs, and returns the names of those
/// that differed.
fn keep_fixed_keys(old: &Config, mut new: Config) -> (Config, Vec<&'static str>) {
    let mut fixed = Vec::new();
    if new.server.listen != old.server.listen {
        fixed.push("server.listen");
        new.server.listen.clone_from(&old.server.listen);
    }
    if new.server.admin_socket != old.server.admin_socket {
        fixed.push("server.admin_socket");
        new.server.admin_socket.clone_from(&old.server.admin_socket);
    }
    if new.state_dir != old.state_dir {
        fixed.push("state.dir");
        new.state_dir.clone_from(&old.state_dir);
    }
    if new.search != old.search {
        fixed.push("search.enabled");
        new.search = old.search;
    }
    (new, fixed)
}

/// Sources and polling are compared as values, because Debug output hides their secrets.
fn is_same(old: &Config, new: &Config) -> bool {
    let written = |config: &Config| format!("{config:?}");
    old.sources == new.sources && old.polling == new.polling && written(old) == written(new)
}

struct Differences {
    added: usize,
    removed: usize,
    changed: usize,
    kept: BTreeSet<SourceId>,
    /// From old ids to new ones.
    renamed: BTreeMap<SourceId, SourceId>,
}

impl Differences {
    fn between(old: &Config, new: &Config) -> Self {
        let before: BTreeMap<&SourceId, &Source> = old.sources.iter().map(|s| (&s.def.id, s)).collect();
        let after: BTreeSet<&SourceId> = new.sources.iter().map(|source| &source.def.id).collect();
        let mut differences = Self {
            added: 0,
            removed: 0,
            changed: 0,
            kept: BTreeSet::new(),
            renamed: renamed(&before, &after, new),
        };
        let left = before.keys().filter(|id| !after.contains(*id) && !differences.renamed.contains_key(*id));
        differences.removed = left.count();
        let old_ids: BTreeMap<_, _> = differences.renamed.iter().map(|(old, new)| (new, old)).collect();
        for source in &new.sources {
            let id = &source.def.id;
            let Some(was) = before.get(*old_ids.get(id).unwrap_or(&id)) else {
                differences.added += 1;
                continue;
            };
            differences.changed += usize::from(*was != source);
            // A new id gives another jitter offset. That alone does not change the schedule.
            let mut under_old_id = source.clone();
            under_old_id.def.id.clone_from(&was.def.id);
            let as_before = was.plan(&old.polling) == under_old_id.plan(&new.polling)
                && was.def.url == source.def.url
                && was.enabled == source.enabled;
            if as_before {
                differences.kept.insert(id.clone());
            }
        }
        differences
    }
}

/// Renamed sources, from the old id to the new one, by the key `was`.
fn renamed(
    before: &BTreeMap<&SourceId, &Source>,
    after: &BTreeSet<&SourceId>,
    new: &Config,
) -> BTreeMap<SourceId, SourceId> {
    let new = new.sources.iter().filter(|source| !before.contains_key(&source.def.id));
    let old = |source: &Source| {
        let mut ids = source.was.iter();
        ids.find(|id| before.contains_key(id) && !after.contains(id)).cloned()
    };
    new.filter_map(|source| Some((old(source)?, source.def.id.clone()))).collect()
}

impl std::fmt::Display for Differences {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { added, removed, changed, .. } = self;
        if added + removed + changed == 0 {
            return f.write_str("no source changed");
        }
        write!(f, "{added} sources added, {removed} removed, {changed} changed")
    }
}
