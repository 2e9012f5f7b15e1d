//! The daemon itself: config → listener → engine → scheduler → drain. Shutdown is a future handed
//! in, and the addresses are reported, so a test can bind port 0 and stop at will.

use std::fs;
use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, UnixListener};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use super::clock::Clock;
use super::dues::Dues;
use super::engine::{Engine, Opened, StartError};
use super::front::{Front, Reporter};
use super::keeper;
use super::outlets::{self, Outlets};
use super::recorder::{PROBE_EVERY, PROBE_FIRST};
use super::reload::{Daemon, Load, scheduled};
use super::scheduler::{self, Scheduled};
use super::systemd;
use crate::config::{Config, Listen};
use crate::ledger::{DiskFault, OpenNotes};
use crate::model::state::State;
use crate::serve;
use crate::serve::listener::Socket;

/// How long requests and commands may go on after a stop was asked for; closing has the rest of the
/// five seconds that a stop may take.
const DRAIN: Duration = Duration::from_secs(2);

/// Connections that wait to be accepted, as many as Linux allows unless told otherwise: a client that finds
/// the queue full tries again after a second at the earliest.
const QUEUE: u32 = 4096;

/// How often it is looked how much of a store is built.
const LOOK: Duration = Duration::from_secs(10);
/// How much longer systemd waits each time it is told: flushing a store of millions of entries takes less.
const STILL: Duration = Duration::from_secs(300);

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
}

/// Runs the daemon until `shutdown`. It listens before it opens the state directory, and answers 503 until
/// that is open; then `ready` is called with the public address. While the disk refuses for a cause that
/// passes, it is waited for.
///
/// # Errors
/// [`RunError`], when it cannot start, or cannot close with everything durable.
pub async fn run(
    config: Arc<Config>,
    clock: Arc<dyn Clock>,
    ready: impl FnOnce(SocketAddr),
    shutdown: impl Future<Output = ()>,
) -> Result<(), RunError> {
    let (_, never) = mpsc::channel(1);
    run_reloading(config, clock, ready, shutdown, None, never).await
}

/// The same, with a configuration that is read again by `load` whenever somebody asks for it: `asked` or a command.
///
/// # Errors
/// [`RunError`].
pub async fn run_reloading(
    config: Arc<Config>,
    clock: Arc<dyn Clock>,
    ready: impl FnOnce(SocketAddr),
    shutdown: impl Future<Output = ()>,
    load: Option<Load>,
    mut asked: mpsc::Receiver<()>,
) -> Result<(), RunError> {
    let mut shutdown = pin!(shutdown);
    let doors = config.server.listen.iter().map(open_door).collect::<Result<Vec<_>, _>>()?;
    let address = doors.iter().find_map(Socket::address).unwrap_or(NOWHERE);
    // With the port that the system chose, where it was left to it.
    let bound = config.server.listen.iter().zip(&doors);
    let addresses: Vec<String> =
        bound.map(|(at, door)| door.address().map_or_else(|| at.to_string(), |at| at.to_string())).collect();
    let progress = Arc::new(AtomicU64::new(0));
    let entries = Arc::clone(&progress);
    let told =
        move || format!("opening the state directory: {} entries built", entries.load(Ordering::Relaxed));
    let front = Arc::new(Front::new(Arc::clone(&clock), Box::new(told)));
    let polled = config.sources.iter().filter(|source| source.enabled);
    let dues = Arc::new(Dues::new(polled.map(|source| source.def.id.clone())));
    let (stop, stopped) = watch::channel(false);
    let public = spawn_public(doors, Arc::clone(&front), stopped.clone());
    tracing::info!(address = %addresses.join(" "), public_url = %config.server.public_url, "listening");
    let opened = tokio::select! {
        biased;
        // What is under way is left where it is, as by a kill, which may come at any moment.
        () = &mut shutdown => None,
        opened = open(&config, &clock, &front, &dues, &progress) => Some(opened),
    };
    let (engine, socket) = match opened {
        Some(Ok(opened)) => opened,
        other => {
            let _ = stop.send(true);
            let _ = tokio::time::timeout(DRAIN, public).await;
            let Some(Err(error)) = other else {
                tracing::info!("stopped while starting; the next start begins anew");
                return Ok(());
            };
            return Err(error);
        }
    };
    front.open(Arc::clone(&engine.publisher), &engine.config, Arc::clone(&dues));
    front.is_current();
    let scheduled = scheduled(&engine)?;
    report_next(&scheduled, &*clock);
    let (agenda, changes) = mpsc::channel(1);
    let planned = Arc::clone(&dues);
    let poller = Arc::new(Arc::clone(&engine.worker));
    let polling = tokio::spawn(scheduler::run_changing(scheduled, poller, clock, dues, changes));
    let hub = outlets::hub(&engine).map_err(StartError::from)?;
    let outlets = Outlets::start(&engine, hub);
    let daemon = Arc::new(Daemon::new(engine, Arc::clone(&front), agenda, planned, outlets, load));
    let reporter: Weak<dyn Reporter> = Arc::downgrade(&(Arc::clone(&daemon) as Arc<dyn Reporter>));
    front.reported_by(reporter);
    let admin = spawn_admin(socket.listener, Arc::clone(&daemon), stopped);
    let keeping = tokio::spawn(keeper::run({
        let daemon = Arc::clone(&daemon);
        move || daemon.engine()
    }));
    tracing::info!("feeds are served");
    ready(address);

    let mut reloading: Option<JoinHandle<()>> = None;
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            Some(()) = asked.recv() => {
                let daemon = Arc::clone(&daemon);
                // It logs what comes of it.
                reloading = Some(tokio::spawn(async move { drop(daemon.reload().await) }));
            }
        }
    }
    tracing::info!("stopping");
    reloading.iter().for_each(JoinHandle::abort);
    polling.abort();
    keeping.abort();
    let _ = stop.send(true);
    let late = [public.abort_handle(), admin.abort_handle()];
    if tokio::time::timeout(DRAIN, async { tokio::join!(public, admin) }).await.is_err() {
        late.iter().for_each(tokio::task::AbortHandle::abort);
    }
    if tokio::time::timeout(DRAIN, daemon.finish()).await.is_err() {
        tracing::warn!("publish.static_dir takes too long; what changed last is written at the next start");
    }
    let _ = fs::remove_file(&socket.path);
    config.server.listen.iter().for_each(Listen::leave);
    daemon.engine().close().await?;
    tracing::info!("stopped; everything is durable");
    Ok(())
}

/// Everything that may have to be waited for.
async fn open(
    config: &Arc<Config>,
    clock: &Arc<dyn Clock>,
    front: &Front,
    dues: &Arc<Dues>,
    progress: &Arc<AtomicU64>,
) -> Result<(Arc<Engine>, AdminSocket), RunError> {
    systemd::starting("opening the state directory");
    let (opened, notes) = once_the_disk_lets(|| Opened::open(Arc::clone(config), Arc::clone(clock))).await?;
    if opened.serves() {
        // What the present store says is served while another is built.
        front.open(opened.publisher(), config, Arc::clone(dues));
    }
    tell_progress(once_the_disk_lets(|| opened.settle(Arc::clone(progress))), progress).await?;
    let engine = once_the_disk_lets(|| opened.start()).await?;
    engine.recorder.warm().map_err(StartError::from)?;
    report_opening(&engine, &notes);
    let socket = AdminSocket::bind(&config.server.admin_socket)?;
    Ok((engine, socket))
}

/// Makes attempts at something until it works or fails for another cause than a disk that is full or
/// read-only: such a disk is soon seen to, and a service manager would give up after a few restarts.
async fn once_the_disk_lets<T, F>(mut attempt: impl FnMut() -> F) -> Result<T, StartError>
where
    F: Future<Output = Result<T, StartError>>,
{
    let mut wait = PROBE_FIRST;
    loop {
        let error = match attempt().await {
            Ok(done) => return Ok(done),
            Err(error) => error,
        };
        let fault = error.disk_fault().filter(|fault| *fault != DiskFault::Failing);
        let Some(fault) = fault else { return Err(error) };
        let told = format!("cannot start yet: {error}; {}; it is tried again until it works", fault.remedy());
        if wait == PROBE_FIRST {
            tracing::error!("{told}");
        }
        systemd::still_starting(&told, STILL);
        tokio::time::sleep(wait).await;
        wait = PROBE_EVERY.min(wait * 2);
    }
}

/// Waits for a store to be built, and tells systemd whenever more of it is done, which then waits too.
async fn tell_progress<T>(work: impl Future<Output = T>, progress: &AtomicU64) -> T {
    let (mut work, mut told) = (pin!(work), 0);
    loop {
        tokio::select! {
            biased;
            done = &mut work => return done,
            () = tokio::time::sleep(LOOK) => {}
        }
        let entries = progress.load(Ordering::Relaxed);
        if entries != told {
            told = entries;
            tracing::info!(entries, "building the store from the journal");
            systemd::still_starting(&format!("building the store: {entries} entries so far"), STILL);
        }
    }
}

/// What is told of an address where none is listened on, but a socket in the file system.
const NOWHERE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);

fn open_door(at: &Listen) -> Result<Socket, RunError> {
    match at {
        Listen::Tcp(address) => listen(*address).map(Socket::Tcp),
        Listen::Unix(path) => bind_socket(path, EVERYBODY).map(Socket::Unix),
    }
}

/// Whoever reaches the socket may read, as on an address: its directory says who does.
const EVERYBODY: u32 = 0o666;

/// A socket that is there was left by a daemon that was killed. Anything else that stands there is somebody's file,
/// named by mistake: binding fails then.
fn bind_socket(path: &Path, mode: u32) -> Result<UnixListener, RunError> {
    let bind = || {
        if let Some(dir) = path.parent() {
            fs::create_dir_all(dir)?;
        }
        if path.symlink_metadata().is_ok_and(|found| found.file_type().is_socket()) {
            if std::os::unix::net::UnixStream::connect(path).is_ok() {
                return Err(io::ErrorKind::AddrInUse.into());
            }
            fs::remove_file(path)?;
        }
        let listener = UnixListener::bind(path)?;
        fs::set_permissions(path, fs::Permissions::from_mode(mode))?;
        Ok(listener)
    };
    bind().map_err(|source| RunError::Listen { at: path.display().to_string(), source })
}

fn listen(at: SocketAddr) -> Result<TcpListener, RunError> {
    let bind = || {
        let socket = if at.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        // A restart need not wait for connections of the last run to be forgotten.
        socket.set_reuseaddr(true)?;
        socket.bind(at)?;
        socket.listen(QUEUE)
    };
    bind().map_err(|source| RunError::Listen { at: at.to_string(), source })
}

struct AdminSocket {
    listener: UnixListener,
    path: PathBuf,
}

impl AdminSocket {
    /// The state directory's lock is held, so a socket that is there is one a killed daemon left.
    fn bind(path: &Path) -> Result<Self, RunError> {
        Ok(Self { listener: bind_socket(path, 0o600)?, path: path.to_owned() })
    }
}

type Server = JoinHandle<()>;

fn spawn_public(doors: Vec<Socket>, views: Arc<Front>, stopped: watch::Receiver<bool>) -> Server {
    let descriptors = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    let limits = serve::listener::Limits::default().within(descriptors);
    tokio::spawn(serve::listener::serve_all(doors, views, limits, until(stopped)))
}

fn spawn_admin(listener: UnixListener, daemon: Arc<Daemon>, stopped: watch::Receiver<bool>) -> Server {
    let routes = serve::admin::admin(daemon);
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

/// Tells how the last run ended, and what this one begins with.
fn report_opening(engine: &Engine, notes: &OpenNotes) {
    notes.warnings().iter().for_each(|line| tracing::warn!("{line}"));
    if notes.rebuild.is_none() && notes.replayed > 0 {
        tracing::info!(replayed = notes.replayed, "brought the store up to the journal");
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
