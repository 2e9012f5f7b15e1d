//! The daemon: config → listen → build → serve → drain. The caller passes shutdown as a future and gets the
//! address reported, so that a test can bind port 0 and stop the daemon when it likes.

mod listen;
mod start;

use std::fs;
use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::net::UnixListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use super::clock::Clock;
use super::dues::Dues;
use super::engine::{Engine, StartError};
use super::front::{Front, Reporter};
use super::indexer;
use super::keeper;
use super::outlets::{self, Outlets};
use super::reload::{Daemon, Load, scheduled};
use super::scheduler;
use super::systemd;
use super::watchdog::{self, Pulse};
use crate::config::{Config, Listen};
use crate::serve;
use crate::serve::listener::Socket;

/// The time that requests and commands get to end after shutdown. Closing the state directory has the rest of
/// the five seconds that a stop may take.
const DRAIN: Duration = Duration::from_secs(2);

/// The address reported to `ready` if the daemon listens on Unix sockets only.
const NO_ADDRESS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);

#[derive(Debug, thiserror::Error)]
pub enum RunError {
    #[error(transparent)]
    Start(#[from] StartError),
    #[error("cannot listen on {at}: {source}; is another dibao running?")]
    Listen {
        /// The address or path.
        at: String,
        source: io::Error,
    },
    #[error(
        "socket {n} of the service manager is no TCP or Unix socket that listens: {source}; see dibao.socket"
    )]
    Inherited {
        /// Its position among those that were passed.
        n: usize,
        source: io::Error,
    },
}

/// Runs the daemon until `shutdown`. It listens before it opens the state directory, and answers 503 until
/// that is open; then it calls `ready` with the public address. While the disk is full or read-only, it waits.
/// It reads the configuration again with `load` after each message on `asked` and after each reload command.
pub async fn run(
    config: Arc<Config>,
    clock: Arc<dyn Clock>,
    ready: impl FnOnce(SocketAddr),
    shutdown: impl Future<Output = ()>,
    load: Option<Load>,
    asked: mpsc::Receiver<()>,
) -> Result<(), RunError> {
    let mut shutdown = pin!(shutdown);
    let public = Public::listen(&config, &clock)?;
    let built = tokio::select! {
        biased;
        // A shutdown drops the opening at any point: a kill may do the same.
        () = &mut shutdown => None,
        built = public.build(&config, &clock) => Some(built),
    };
    let (engine, admin) = match built {
        Some(Ok(built)) => built,
        Some(Err(error)) => {
            public.close().await;
            return Err(error);
        }
        None => {
            public.close().await;
            tracing::info!("stopped while starting; the next start begins anew");
            return Ok(());
        }
    };
    let address = public.address;
    let mut tasks = Tasks::start(public, engine, admin, clock, load)?;
    tracing::info!("feeds are served");
    ready(address);
    tasks.serve(shutdown, asked).await;
    tasks.drain(&config).await
}

/// The public listeners. They answer before the state directory is open.
struct Public {
    /// The first TCP address, with the port that the system chose.
    address: SocketAddr,
    /// True if the sockets are the service manager's, which keeps them.
    inherited: bool,
    front: Arc<Front>,
    dues: Arc<Dues>,
    /// The number of entries in the store that is being built.
    progress: Arc<AtomicU64>,
    /// Stops the public server and the admin server.
    stop: watch::Sender<bool>,
    server: JoinHandle<()>,
}

impl Public {
    fn listen(config: &Config, clock: &Arc<dyn Clock>) -> Result<Self, RunError> {
        let mut doors = listen::inherited()?;
        let inherited = !doors.is_empty();
        if !inherited {
            doors = config.server.listen.iter().map(listen::public).collect::<Result<_, _>>()?;
        }
        let address = doors.iter().find_map(Socket::address).unwrap_or(NO_ADDRESS);
        // Shows the bound port where the config has port 0.
        let mut named = config.server.listen.iter().filter(|_| !inherited).map(Listen::to_string);
        let name = |door: &Socket| {
            let name = named.next().unwrap_or_else(|| "a socket of systemd's".to_owned());
            door.address().map_or(name, |bound| bound.to_string())
        };
        let addresses: Vec<String> = doors.iter().map(name).collect();
        let progress = Arc::new(AtomicU64::new(0));
        let entries = Arc::clone(&progress);
        let status =
            move || format!("opening the state directory: {} entries built", entries.load(Ordering::Relaxed));
        let front = Arc::new(Front::new(Arc::clone(clock), Box::new(status)));
        let polled = config.sources.iter().filter(|source| source.enabled);
        let dues = Arc::new(Dues::new(polled.map(|source| source.def.id.clone())));
        let (stop, stopped) = watch::channel(false);
        let server = spawn_public(doors, Arc::clone(&front), stopped);
        tracing::info!(address = %addresses.join(" "), public_url = %config.server.public_url, "listening");
        Ok(Self { address, inherited, front, dues, progress, stop, server })
    }

    /// Makes the engine, then opens the admin socket.
    async fn build(
        &self,
        config: &Arc<Config>,
        clock: &Arc<dyn Clock>,
    ) -> Result<(Arc<Engine>, AdminSocket), RunError> {
        let engine = start::engine(config, clock, &self.front, &self.dues, &self.progress).await?;
        let path = config.server.admin_socket.clone();
        let admin = AdminSocket { listener: listen::admin(&path)?, path };
        Ok((engine, admin))
    }

    /// Stops the server of a daemon that did not start.
    async fn close(self) {
        let _ = self.stop.send(true);
        let _ = tokio::time::timeout(DRAIN, self.server).await;
    }
}

struct AdminSocket {
    listener: UnixListener,
    path: PathBuf,
}

/// The tasks of a daemon that serves.
struct Tasks {
    daemon: Arc<Daemon>,
    public: JoinHandle<()>,
    admin: JoinHandle<()>,
    admin_path: PathBuf,
    /// [`Public::inherited`].
    inherited: bool,
    polling: JoinHandle<()>,
    keeping: JoinHandle<()>,
    indexing: JoinHandle<()>,
    /// The last reload that `asked` caused.
    reloading: Option<JoinHandle<()>>,
    stop: watch::Sender<bool>,
}

impl Tasks {
    fn start(
        public: Public,
        engine: Arc<Engine>,
        admin: AdminSocket,
        clock: Arc<dyn Clock>,
        load: Option<Load>,
    ) -> Result<Self, RunError> {
        let Public { inherited, front, dues, stop, server, .. } = public;
        front.open(Arc::clone(&engine.renderer), &engine.config, Arc::clone(&dues));
        front.is_current();
        let scheduled = scheduled(&engine)?;
        start::report_next_polls(&scheduled, &*clock);
        let (agenda, changes) = mpsc::channel(1);
        let poller = Arc::new(Arc::clone(&engine.worker));
        let pulse = Pulse::default();
        let polling =
            tokio::spawn(scheduler::run(scheduled, poller, clock, Arc::clone(&dues), changes, pulse.clone()));
        if let Some(limit) = systemd::watchdog() {
            let tasks = [("scheduler", pulse), ("recorder", engine.recorder.pulse())];
            tokio::spawn(watchdog::run(tasks, limit / watchdog::FEEDS, systemd::alive));
        }
        let hub = outlets::hub(&engine).map_err(StartError::from)?;
        let outlets = Outlets::start(&engine, hub);
        let daemon = Arc::new(Daemon::new(engine, Arc::clone(&front), agenda, dues, outlets, load));
        let reporter: Weak<dyn Reporter> = Arc::downgrade(&(Arc::clone(&daemon) as Arc<dyn Reporter>));
        front.reported_by(reporter);
        let keeping = tokio::spawn(keeper::run({
            let daemon = Arc::clone(&daemon);
            move || daemon.engine()
        }));
        let indexing = tokio::spawn(indexer::run({
            let daemon = Arc::clone(&daemon);
            move || daemon.engine()
        }));
        let AdminSocket { listener, path } = admin;
        Ok(Self {
            admin: spawn_admin(listener, Arc::clone(&daemon), stop.subscribe()),
            admin_path: path,
            inherited,
            daemon,
            public: server,
            polling,
            keeping,
            indexing,
            reloading: None,
            stop,
        })
    }

    /// Runs until `shutdown`, and reloads whenever `asked`.
    async fn serve(
        &mut self,
        mut shutdown: Pin<&mut impl Future<Output = ()>>,
        mut asked: mpsc::Receiver<()>,
    ) {
        loop {
            tokio::select! {
                () = &mut shutdown => return,
                Some(()) = asked.recv() => {
                    let daemon = Arc::clone(&self.daemon);
                    // The reload logs its result.
                    self.reloading = Some(tokio::spawn(async move { drop(daemon.reload().await) }));
                }
            }
        }
    }

    async fn drain(self, config: &Config) -> Result<(), RunError> {
        tracing::info!("stopping");
        self.reloading.iter().for_each(JoinHandle::abort);
        self.polling.abort();
        self.keeping.abort();
        self.indexing.abort();
        let _ = self.stop.send(true);
        let late = [self.public.abort_handle(), self.admin.abort_handle()];
        let served = async { tokio::join!(self.public, self.admin) };
        if tokio::time::timeout(DRAIN, served).await.is_err() {
            late.iter().for_each(tokio::task::AbortHandle::abort);
        }
        if tokio::time::timeout(DRAIN, self.daemon.finish()).await.is_err() {
            tracing::warn!("publish.static_dir takes too long; the next start writes the last changes");
        }
        let _ = fs::remove_file(&self.admin_path);
        if !self.inherited {
            config.server.listen.iter().for_each(Listen::leave);
        }
        self.daemon.engine().close().await?;
        tracing::info!("stopped; everything is durable");
        Ok(())
    }
}

fn spawn_public(doors: Vec<Socket>, views: Arc<Front>, stopped: watch::Receiver<bool>) -> JoinHandle<()> {
    let descriptors = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    let limits = serve::listener::Limits::default().within(descriptors);
    tokio::spawn(serve::listener::serve(doors, views, limits, until(stopped)))
}

fn spawn_admin(
    listener: UnixListener,
    daemon: Arc<Daemon>,
    stopped: watch::Receiver<bool>,
) -> JoinHandle<()> {
    let routes = serve::admin::admin(daemon);
    tokio::spawn(async move {
        let server = axum::serve(listener, routes).with_graceful_shutdown(until(stopped));
        if let Err(error) = server.await {
            tracing::error!(%error, "the admin socket failed");
        }
    })
}

async fn until(mut stopped: watch::Receiver<bool>) {
    // An error means that the sender is dropped: the daemon stops too.
    let _ = stopped.wait_for(|stop| *stop).await;
}
