//! The work after each burst of polls: rendering views in advance, writing them as files, telling a hub. Each has
//! a task of its own, so that a slow disk or a dead hub delays no reader.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::engine::Engine;
use super::renderer::Renderer;
use super::static_files::StaticFiles;
use super::websub::Pinger;
use crate::ask::fetch_options;
use crate::fetch::{FetchOptions, FetchSetupError, Fetcher};
use crate::ledger::store::StoreError;

/// The least time between two writes of the files: a file and its compressed copies need three disk syncs.
const GATHER: Duration = Duration::from_secs(1);

/// The first delay after the hub fails: longer than a hub takes to restart.
const HUB_BACKOFF: Duration = Duration::from_secs(30);

/// The longest time to write the files of the old configuration before those of the new one.
const LAST_FILES: Duration = Duration::from_secs(10);

/// The directory of files, and the renderer of their views. One writer at a time, and each writes the current
/// views: a write that outlives its task cannot bring back an older configuration.
struct FileSync {
    shown: ArcSwap<Renderer>,
    files: Mutex<(StaticFiles, Arc<Renderer>)>,
}

impl FileSync {
    fn new(dir: PathBuf, renderer: &Arc<Renderer>) -> Self {
        let files = Mutex::new((StaticFiles::new(dir), Arc::clone(renderer)));
        Self { shown: ArcSwap::new(Arc::clone(renderer)), files }
    }

    /// Returns how many files were written or removed. Blocks.
    fn sync(&self) -> Result<usize, String> {
        let mut held = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        let (files, of) = &mut *held;
        let renderer = self.shown.load_full();
        if !Arc::ptr_eq(of, &renderer) {
            files.forget();
            of.clone_from(&renderer);
        }
        let paths = renderer.paths().map_err(|error| error.to_string())?;
        let synced = files.sync(&paths, &*renderer, &|path| renderer.version_of(path));
        synced.map_err(|error| error.to_string())
    }
}

/// The settings that the tasks depend on besides the views.
#[derive(PartialEq, Eq)]
struct Settings {
    static_dir: Option<PathBuf>,
    hub: Option<(String, String)>,
}

impl Settings {
    fn of(engine: &Engine) -> Self {
        let publish = &engine.config.publish;
        let hub = publish.websub_hub.clone();
        Self {
            static_dir: publish.static_dir.clone(),
            hub: hub.map(|hub| (hub, format!("{:?}", options(engine)))),
        }
    }
}

/// The tasks; they end when this is dropped.
pub struct Outlets {
    tasks: JoinSet<()>,
    renderer: Arc<Renderer>,
    settings: Settings,
    files: Option<Arc<FileSync>>,
}

impl Outlets {
    /// Starts the tasks that the configuration asks for.
    pub fn start(engine: &Engine, hub: Option<Pinger>) -> Self {
        let dir = engine.config.publish.static_dir.clone();
        let files = dir.map(|dir| Arc::new(FileSync::new(dir, &engine.renderer)));
        Self::with(engine, hub, files)
    }

    /// Goes on under another configuration. If nothing that the tasks use has changed they keep running, and pending
    /// notices to the hub are not lost.
    pub async fn follow(mut self, engine: &Engine, hub: Option<Pinger>) -> Self {
        let settings = Settings::of(engine);
        if Arc::ptr_eq(&self.renderer, &engine.renderer) && self.settings == settings {
            return self;
        }
        if self.settings.static_dir != settings.static_dir {
            let _ = tokio::time::timeout(LAST_FILES, self.finish()).await;
            return Self::start(engine, hub);
        }
        self.tasks.shutdown().await;
        if let Some(files) = &self.files {
            files.shown.store(Arc::clone(&engine.renderer));
        }
        Self::with(engine, hub, self.files)
    }

    fn with(engine: &Engine, hub: Option<Pinger>, files: Option<Arc<FileSync>>) -> Self {
        // The files are brought up to date at once.
        let (settled, on_settled) = watch::channel(0);
        settled.send_modify(|times| *times += 1);
        let renderer = Arc::clone(&engine.renderer);
        let mut tasks = JoinSet::new();
        if let Some(files) = &files {
            tasks.spawn(keep_files(Arc::clone(files), on_settled.clone()));
        }
        if let Some(pinger) = hub {
            let renderer = Arc::clone(&renderer);
            tasks.spawn(async move { pinger.watch(renderer).await.run(on_settled).await });
        }
        tasks.spawn(render(Arc::clone(&renderer), settled));
        Self { tasks, renderer, settings: Settings::of(engine), files }
    }

    /// Ends the tasks, then writes the remaining files: a web server serves them while the daemon is down.
    pub async fn finish(mut self) {
        self.tasks.shutdown().await;
        if let Some(files) = &self.files {
            write(Arc::clone(files)).await;
        }
    }
}

/// The client of the configured hub, if there is one.
pub fn hub(engine: &Engine) -> Result<Option<Pinger>, FetchSetupError> {
    let Some(hub) = &engine.config.publish.websub_hub else { return Ok(None) };
    Ok(Some(Pinger {
        hub: hub.clone(),
        public_url: engine.config.server.public_url.clone(),
        fetcher: Fetcher::new(options(engine))?,
        clock: Arc::clone(&engine.clock),
        backoff: HUB_BACKOFF,
    }))
}

fn options(engine: &Engine) -> FetchOptions {
    let proxy = engine.config.polling.proxy.as_ref().map(|proxy| proxy.expose().to_owned());
    fetch_options(&engine.config, proxy)
}

/// Renders the common views, then after each burst of polls the views that clients have asked for.
async fn render(renderer: Arc<Renderer>, settled: watch::Sender<u64>) {
    let mut work: fn(&Renderer) -> Result<(), StoreError> = Renderer::warm;
    loop {
        let task = Arc::clone(&renderer);
        match tokio::task::spawn_blocking(move || work(&task)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(%error, "views cannot be rendered in advance"),
            Err(error) => tracing::error!(%error, "rendering views ended in a panic"),
        }
        renderer.settled().await;
        // The tasks of files and hub then read the views they need.
        settled.send_modify(|times| *times += 1);
        work = Renderer::refresh;
    }
}

async fn keep_files(files: Arc<FileSync>, mut settled: watch::Receiver<u64>) {
    while settled.changed().await.is_ok() {
        write(Arc::clone(&files)).await;
        tokio::time::sleep(GATHER).await;
    }
}

async fn write(files: Arc<FileSync>) {
    let written = tokio::task::spawn_blocking(move || files.sync());
    match written.await {
        Ok(Ok(0)) => {}
        Ok(Ok(count)) => tracing::debug!(files = count, "views are written"),
        Ok(Err(error)) => tracing::error!(%error, "views cannot be written to publish.static_dir"),
        Err(error) => tracing::error!(%error, "writing views ended in a panic"),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::{Config, Env, load};
    use crate::daemon::clock::SystemClock;

    /// A configuration with this public address, that many sources at a time being asked.
    fn config(dir: &Path, public_url: &str, concurrency: u32) -> Arc<Config> {
        let path = dir.join("dibao.toml");
        let text = format!(
            "[server]\npublic_url = \"{public_url}\"\n[state]\ndir = \"state\"\n[polling]\n\
             concurrency = {concurrency}\n[publish]\nstatic_dir = \"static\"\n\
             [[source]]\nid = \"a\"\nurl = \"https://paper.example/\"\nregion = \"henan\"\n"
        );
        std::fs::write(&path, text).expect("it is written");
        Arc::new(load(&path, &Env::default()).unwrap_or_else(|faults| panic!("{faults}")))
    }

    #[tokio::test]
    async fn they_go_on_where_nothing_of_theirs_changed_and_files_have_one_writer() {
        let dir = tempfile::tempdir().expect("a directory");
        let opened = Engine::open(config(dir.path(), "http://news.example", 8), Arc::new(SystemClock)).await;
        let (engine, _) = opened.expect("it opens");
        let mut outlets = Outlets::start(&engine, None);
        let task = outlets.tasks.spawn(std::future::pending());
        let files = Arc::clone(outlets.files.as_ref().expect("there is a directory"));

        let other = engine.under(config(dir.path(), "http://news.example", 9)).await.expect("there is room");
        let outlets = outlets.follow(&other, None).await;
        assert!(!task.is_finished(), "readers are shown the same");

        let other = other.under(config(dir.path(), "http://moved.example", 9)).await.expect("there is room");
        let outlets = outlets.follow(&other, None).await;
        assert!(task.is_finished());
        assert!(Arc::ptr_eq(&files, outlets.files.as_ref().expect("there is a directory")));
        // Whoever writes late writes what is shown now.
        files.sync().expect("written");
        let text = std::fs::read_to_string(dir.path().join("static/feeds.opml")).expect("it is there");
        assert!(text.contains("http://moved.example"), "{text}");
        outlets.finish().await;
        engine.close().await.expect("closed");
    }
}
