//! The public listener: accepts connections and bounds them in number, time and size. A client cannot delay
//! others for long, nor make the daemon hold more than a few kilobytes.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::http::Request;
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::pool::Pool;
use super::response::{self, Response};
use super::slots::{Slot, Slots, Tracker};
pub use super::socket::Socket;
use super::socket::{self, Stream};
use super::write_timeout::WriteTimeout;
use super::{Views, answer, host};

/// Header fields of a request: browsers send about 20.
const MAX_HEADERS: usize = 64;

/// Octets of a request's head: nginx takes four lines of 8 KiB, and none of ours is a cookie.
const MAX_HEAD: usize = 16 * 1024;

/// The pause of accepting after the process ran out of file descriptors: connections that end give them back.
/// Fifty attempts a second cost nothing.
const PAUSE: Duration = Duration::from_millis(20);

/// The least time between two warnings that connections cannot be accepted: an attack must not fill the log.
const WARN_EVERY: Duration = Duration::from_secs(60);

/// Connections at once where the process has enough file descriptors.
const CONNECTIONS: usize = 512;

/// Limits of the public listener.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections at once. Behind a proxy a few dozen serve thousands of readers.
    pub connections: usize,
    /// From the end of one response, or from connecting, to the end of the next request's head.
    pub head: Duration,
    /// From there to the start of the response. A view is in memory or rendered in milliseconds; a request that
    /// waits longer waits for a disk that hangs, or behind others for a rare view.
    pub answer: Duration,
    /// Without taking a byte of a response.
    pub write: Duration,
    /// Of a connection; the response under way at its end is the last. A client that takes a byte every few
    /// seconds keeps its slot no longer than this plus [`Limits::write`].
    pub life: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: CONNECTIONS,
            head: Duration::from_secs(10),
            answer: Duration::from_secs(10),
            write: Duration::from_secs(30),
            life: Duration::from_secs(600),
        }
    }
}

impl Limits {
    /// The same for a process with this limit of file descriptors: connections get half, so that a crowd never
    /// keeps the journal from being written.
    pub fn within(self, descriptors: Option<u64>) -> Self {
        let half = descriptors.and_then(|all| usize::try_from(all / 2).ok()).unwrap_or(usize::MAX);
        Self { connections: self.connections.min(half.max(1)), ..self }
    }
}

/// Serves views on several sockets, which share the limits, until `shutdown`; then closes the connections, each after
/// the response under way. The caller decides how long to wait for that.
pub async fn serve(
    sockets: Vec<Socket>,
    views: Arc<dyn Views>,
    limits: Limits,
    shutdown: impl Future<Output = ()>,
) {
    let mut shutdown = pin!(shutdown);
    let (stop, stopped) = watch::channel(());
    let slots = Slots::new(limits.connections);
    let mut clients = JoinSet::new();
    let mut failures = AcceptFailures::default();
    let pool = Pool::new(views, limits.answer, limits.connections);
    let mut last = 0;
    loop {
        let accepted = tokio::select! {
            () = &mut shutdown => break,
            accepted = socket::accept(&sockets, &mut last) => accepted,
            // Ended tasks must be taken out, or the set grows.
            Some(_) = clients.join_next() => continue,
        };
        let stream = match accepted {
            Ok(stream) => stream,
            Err(error) => {
                failures.pause_after(&error, &slots).await;
                continue;
            }
        };
        let slot = tokio::select! {
            () = &mut shutdown => break,
            slot = slots.acquire() => slot,
        };
        let client = Client { slot, limits, pool: Arc::clone(&pool), stopped: stopped.clone() };
        clients.spawn(client.serve(stream));
    }
    drop(sockets);
    drop(stop);
    while clients.join_next().await.is_some() {}
}

/// Connections that could not be accepted.
#[derive(Default)]
struct AcceptFailures {
    warned: Option<Instant>,
}

impl AcceptFailures {
    async fn pause_after(&mut self, error: &io::Error, slots: &Slots) {
        use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
        // A client that left before it was accepted says nothing of the next one.
        if matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
            return;
        }
        if self.warned.is_none_or(|warned| warned.elapsed() >= WARN_EVERY) {
            tracing::warn!(%error, "cannot accept connections; closing idle ones");
            self.warned = Some(Instant::now());
        }
        // That frees a file descriptor.
        slots.evict_one();
        tokio::time::sleep(PAUSE).await;
    }
}

/// One connection.
struct Client {
    slot: Slot,
    limits: Limits,
    pool: Arc<Pool>,
    stopped: watch::Receiver<()>,
}

impl Client {
    async fn serve(self, stream: Stream) {
        let Self { slot, limits, pool, mut stopped } = self;
        let stream = WriteTimeout::new(stream, limits.write, slot.tracker());
        let tracker = slot.tracker();
        let service = service_fn(move |request| handle(Arc::clone(&pool), tracker.clone(), request));
        let mut builder = http1::Builder::new();
        builder
            .timer(TokioTimer::new())
            .header_read_timeout(limits.head)
            .max_headers(MAX_HEADERS)
            .max_buf_size(MAX_HEAD);
        let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
        // A connection that breaks is not worth a log line: readers break off all day.
        tokio::select! {
            _ = connection.as_mut() => return,
            () = slot.evicted() => return,
            () = tokio::time::sleep(limits.life) => {}
            // The sender sends nothing. Its drop is the signal.
            _ = stopped.changed() => {}
        }
        // hyper would wait for the rest of a head that has begun.
        if slot.is_idle() {
            return;
        }
        connection.as_mut().graceful_shutdown();
        let _ = tokio::time::timeout(limits.write, connection).await;
    }
}

async fn handle(
    pool: Arc<Pool>,
    tracker: Tracker,
    request: Request<Incoming>,
) -> Result<Response, Infallible> {
    tracker.request_read();
    let (parts, body) = request.into_parts();
    let has_body = !body.is_end_stream();
    drop(body);
    let response = if host::is_named(parts.version, &parts.headers) {
        answer::answer(&pool, &parts.method, &parts.uri, &parts.headers, has_body).await
    } else {
        response::no_host()
    };
    pool.views.answered(response.status().as_u16());
    tracker.response_ready();
    Ok(response)
}

#[cfg(test)]
mod tests;
