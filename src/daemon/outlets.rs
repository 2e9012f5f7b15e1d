//! Where views go besides HTTP: rendered in advance, written as files, told to a hub, when a burst of polls is
//! over. Each in a task of its own, so that a slow disk or a dead hub keeps no reader waiting.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;

use super::engine::Engine;
use super::publisher::Publisher;
use super::static_files::StaticFiles;
use super::websub::Pinger;
use super::worker::fetch_options;
use crate::fetch::{FetchOptions, FetchSetupError, Fetcher};
use crate::ledger::store::StoreError;

/// Files are written at most this often: a file and its companions are three syncs of the disk.
const GATHER: Duration = Duration::from_secs(1);

/// The hub is left alone this long after its first failure: longer than it takes to restart one.
const HUB_PATIENCE: Duration = Duration::from_secs(30);

type Files = Arc<Mutex<StaticFiles>>;

/// The tasks; they end when this is dropped.
pub struct Outlets {
    tasks: JoinSet<()>,
    publisher: Arc<Publisher>,
    files: Option<Files>,
}

impl Outlets {
    /// Starts those that the configuration asks for, with who tells its hub.
    #[must_use]
    pub fn start(engine: &Engine, hub: Option<Pinger>) -> Self {
        // Files are brought up to the views at once.
        let (settled, on_settled) = watch::channel(0);
        settled.send_modify(|times| *times += 1);
        let publisher = Arc::clone(&engine.publisher);
        let publish = &engine.config.publish;
        let mut tasks = JoinSet::new();
        let files = publish.static_dir.clone().map(|dir| Arc::new(Mutex::new(StaticFiles::new(dir))));
        if let Some(files) = &files {
            tasks.spawn(keep_files(Arc::clone(files), Arc::clone(&publisher), on_settled.clone()));
        }
        if let Some(pinger) = hub {
            let publisher = Arc::clone(&publisher);
            tasks.spawn(async move { pinger.watch(publisher).await.run(on_settled).await });
        }
        tasks.spawn(render(Arc::clone(&publisher), settled));
        Self { tasks, publisher, files }
    }

    /// Ends the tasks, then writes what is not written yet: the files are to stand in for the daemon.
    pub async fn finish(mut self) {
        self.tasks.shutdown().await;
        if let Some(files) = &self.files {
            write(Arc::clone(files), Arc::clone(&self.publisher)).await;
        }
    }
}

/// Who tells the hub of a configuration, if it has one.
///
/// # Errors
/// When the HTTP client for it cannot be built.
pub fn hub(engine: &Engine) -> Result<Option<Pinger>, FetchSetupError> {
    let Some(hub) = &engine.config.publish.websub_hub else { return Ok(None) };
    Ok(Some(Pinger {
        hub: hub.clone(),
        public_url: engine.config.server.public_url.clone(),
        fetcher: Fetcher::new(options(engine))?,
        clock: Arc::clone(&engine.clock),
        patience: HUB_PATIENCE,
    }))
}

/// How the hub is spoken to.
fn options(engine: &Engine) -> FetchOptions {
    let proxy = engine.config.polling.proxy.as_ref().map(|proxy| proxy.expose().to_owned());
    fetch_options(&engine.config, proxy)
}

/// Renders what most ask for, then, after each burst of polls, what somebody has asked for.
async fn render(publisher: Arc<Publisher>, settled: watch::Sender<u64>) {
    let mut work: fn(&Publisher) -> Result<(), StoreError> = Publisher::warm;
    loop {
        let task = Arc::clone(&publisher);
        match tokio::task::spawn_blocking(move || work(&task)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(%error, "views cannot be rendered in advance"),
            Err(error) => tracing::error!(%error, "rendering views ended in a panic"),
        }
        publisher.settled().await;
        // Files and the hub take what they need by themselves.
        settled.send_modify(|times| *times += 1);
        work = Publisher::refresh;
    }
}

async fn keep_files(files: Files, publisher: Arc<Publisher>, mut settled: watch::Receiver<u64>) {
    while settled.changed().await.is_ok() {
        write(Arc::clone(&files), Arc::clone(&publisher)).await;
        tokio::time::sleep(GATHER).await;
    }
}

async fn write(files: Files, publisher: Arc<Publisher>) {
    let written = tokio::task::spawn_blocking(move || {
        let mut files = files.lock().unwrap_or_else(PoisonError::into_inner);
        let paths = publisher.paths().map_err(|error| error.to_string())?;
        let synced = files.sync(&paths, &*publisher, &|path| publisher.version_of(path));
        synced.map_err(|error| error.to_string())
    });
    match written.await {
        Ok(Ok(0)) => {}
        Ok(Ok(count)) => tracing::debug!(files = count, "views are written"),
        Ok(Err(error)) => tracing::error!(%error, "views cannot be written to publish.static_dir"),
        Err(error) => tracing::error!(%error, "writing views ended in a panic"),
    }
}
