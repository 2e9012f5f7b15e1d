//! The daemon itself: config → engine → listeners and scheduler → drain. Shutdown is a future handed
//! in, and the addresses are reported, so a test can bind port 0 and stop at will.

mod cause;
mod patience;

use std::fs;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, UnixListener};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::clock::Clock;
use super::dues::Dues;
use super::engine::{Engine, Opened, StartError};
use super::front::Front;
use super::keeper;
use super::outlets::Outlets;
use super::scheduler::{self, Scheduled};
use super::systemd;
use super::vault::OpenNotes;
use crate::config::Config;
use crate::core::state::State;
use crate::serve;
use cause::Cause;
use patience::patiently;

/// How long requests and commands may go on after a stop was asked for; closing has the rest of the
/// five seconds that a stop may take.
const DRAIN: Duration = Duration::from_secs(2);

/// Connections that wait to be accepted, as many as Linux allows unless told otherwise: a client that finds
/// the queue full tries again after a second at the earliest.
const QUEUE: u32 = 4096;

/// Due polls shown at the start.
const SHOWN: usize = 5;

/// Why the daemon does not run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The engine does not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// A listener cannot be opened.
    #[error("cannot listen on {at}: {source}; is another dibao running?")]
    Listen {
        /// The address or path.
        at: String,
        /// The cause.
        source: io::Error,
    },
    /// The disk does not take the admin socket.
    #[error("{path}: cannot make the admin socket: {source}")]
    Socket {
        /// Where it would be.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
}

/// Runs the daemon until `shutdown`. `ready` is called with the public address once everything is up. While
/// the disk refuses for a cause that passes, it is waited for.
///
/// # Errors
/// [`RunError`], when it cannot start, or cannot close with everything durable.
pub async fn run(
    config: Arc<Config>,
    clock: Arc<dyn Clock>,
    ready: impl FnOnce(SocketAddr),
    shutdown: impl Future<Output = ()>,
) -> Result<(), RunError> {
    let mut shutdown = pin!(shutdown);
    let (engine, listener, socket) = tokio::select! {
        biased;
        // What is under way is left where it is, as by a kill, which may come at any moment.
        () = &mut shutdown => {
            tracing::info!("stopped while starting; the next start begins anew");
            return Ok(());
        }
        opened = open(&config, &clock) => opened?,
    };
    let address = listener.local_addr().map_err(listen_error(&config.server.listen))?;
    let (stop, stopped) = watch::channel(false);
    let dues = Arc::new(Dues::new(engine.polled_sources().map(|source| source.def.id.clone())));
    let front =
        Arc::new(Front::new(engine.publisher.clone(), &engine.config, Arc::clone(&dues), Arc::clone(&clock)));
    let public = spawn_public(listener, Arc::clone(&front), stopped.clone());
    let admin = spawn_admin(socket.listener, &engine, stopped);
    let scheduled = scheduled(&engine)?;
    report_next(&scheduled, &*clock);
    let polling = tokio::spawn(scheduler::run(scheduled, Arc::new(Arc::clone(&engine.worker)), clock, dues));
    let outlets = Outlets::start(&engine, front).map_err(StartError::from)?;
    let keeping = tokio::spawn(keeper::run(Arc::clone(&engine)));
    tracing::info!(%address, public_url = %config.server.public_url, "listening");
    ready(address);

    shutdown.await;
    tracing::info!("stopping");
    polling.abort();
    keeping.abort();
    let _ = stop.send(true);
    let late = [public.abort_handle(), admin.abort_handle()];
    if tokio::time::timeout(DRAIN, async { tokio::join!(public, admin) }).await.is_err() {
        late.iter().for_each(tokio::task::AbortHandle::abort);
    }
    if tokio::time::timeout(DRAIN, outlets.finish()).await.is_err() {
        tracing::warn!("publish.static_dir takes too long; what changed last is written at the next start");
    }
    let _ = fs::remove_file(&socket.path);
    engine.close().await?;
    tracing::info!("stopped; everything is durable");
    Ok(())
}

/// Everything that may have to be waited for.
async fn open(
    config: &Arc<Config>,
    clock: &Arc<dyn Clock>,
) -> Result<(Arc<Engine>, TcpListener, AdminSocket), RunError> {
    systemd::starting("opening the state directory");
    let dir = &config.state_dir;
    let (opened, notes) =
        patiently(dir, || async { Ok(Opened::open(Arc::clone(config), Arc::clone(clock)).await?) }).await?;
    let engine = patiently(dir, || async { Ok(opened.start().await?) }).await?;
    report_opening(&engine, &notes);
    let socket = patiently(dir, || async { AdminSocket::bind(&config.server.admin_socket) }).await?;
    // Last: whoever connects is answered.
    let listener = listen(config.server.listen)?;
    Ok((engine, listener, socket))
}

fn listen(at: SocketAddr) -> Result<TcpListener, RunError> {
    let bind = || {
        let socket = if at.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        // A restart need not wait for connections of the last run to be forgotten.
        socket.set_reuseaddr(true)?;
        socket.bind(at)?;
        socket.listen(QUEUE)
    };
    bind().map_err(listen_error(&at))
}

fn listen_error<'a>(at: &'a dyn ToString) -> impl FnOnce(io::Error) -> RunError + 'a {
    move |source| RunError::Listen { at: at.to_string(), source }
}

struct AdminSocket {
    listener: UnixListener,
    path: PathBuf,
}

impl AdminSocket {
    /// The state directory's lock is held, so a socket that is there is one a killed daemon left.
    fn bind(path: &Path) -> Result<Self, RunError> {
        let bind = || {
            if let Some(dir) = path.parent() {
                fs::create_dir_all(dir)?;
            }
            // Anything else that stands there is somebody's file, named by mistake: binding fails then.
            if path.symlink_metadata().is_ok_and(|found| found.file_type().is_socket()) {
                fs::remove_file(path)?;
            }
            let listener = UnixListener::bind(path)?;
            fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
            Ok(Self { listener, path: path.to_owned() })
        };
        bind().map_err(|source| match Cause::of_io(&source) {
            Some(Cause::Room | Cause::Quota) => RunError::Socket { path: path.to_owned(), source },
            // The state directory takes what is written: another place that does not is a wrong path, or one
            // that the service may not write to.
            _ => RunError::Listen { at: path.display().to_string(), source },
        })
    }
}

type Server = JoinHandle<()>;

fn spawn_public(listener: TcpListener, views: Arc<Front>, stopped: watch::Receiver<bool>) -> Server {
    let descriptors = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    let limits = serve::listener::Limits::default().within(descriptors);
    tokio::spawn(serve::listener::serve(listener, views, limits, until(stopped)))
}

fn spawn_admin(listener: UnixListener, engine: &Arc<Engine>, stopped: watch::Receiver<bool>) -> Server {
    let routes = serve::admin::admin(engine.clone());
    tokio::spawn(async move {
        let server = axum::serve(listener, routes).with_graceful_shutdown(until(stopped));
        if let Err(error) = server.await {
            tracing::error!(%error, "the admin socket failed");
        }
    })
}

async fn until(mut stopped: watch::Receiver<bool>) {
    // An error means that the sender is gone, which is a stop too.
    let _ = stopped.wait_for(|stop| *stop).await;
}

fn scheduled(engine: &Engine) -> Result<Vec<Scheduled>, StartError> {
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

/// One line for what the operator should know of how the last run ended.
fn report_opening(engine: &Engine, notes: &OpenNotes) {
    let (journal, replayed) = (&notes.journal, notes.replayed);
    if notes.unclean {
        tracing::warn!("the last run did not stop in good order; going on from the journal");
    }
    // What ailed a damaged journal, and what became of it, was told when it was healed.
    if journal.cut > 0 && notes.wound.is_none() {
        tracing::warn!(octets = journal.cut, "the journal ended in the middle of a write; cut that off");
    }
    match &notes.rebuilt {
        Some(why) => tracing::warn!(%why, replayed, "built the store anew from the journal"),
        None if replayed > 0 => tracing::info!(replayed, "brought the store up to the journal"),
        None => {}
    }
    let entries = engine.store().load().meta().ok().flatten().map_or(0, |m| m.entries);
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        config = %engine.config.path.display(),
        state = %engine.config.state_dir.display(),
        sources = engine.polled_sources().count(),
        regions = engine.config.regions.len(),
        entries,
        "dibao starts"
    );
}

fn report_next(scheduled: &[Scheduled], clock: &dyn Clock) {
    let now = clock.now();
    let due = |s: &Scheduled| Some((scheduler::first_due(&s.plan, s.past, now)?.at, s.id.clone()));
    let mut next: Vec<_> = scheduled.iter().filter_map(due).collect();
    next.sort();
    for (at, source) in next.iter().take(SHOWN) {
        tracing::info!(source.id = %source, at = %at.to_rfc3339(), "next poll");
    }
    if next.len() > SHOWN {
        tracing::info!(sources = next.len() - SHOWN, "more polls follow");
    }
}
