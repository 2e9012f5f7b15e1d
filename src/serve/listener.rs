//! The public listener: connections in, bounded in number, time and size. Whoever connects can keep nobody
//! else waiting for long, and cannot make the daemon hold more than a few kilobytes.

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
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

pub use super::door::Door;
use super::door::{self, Stream};
use super::patience::Patient;
use super::press::Press;
use super::seats::{Seat, Seats, Watch};
use super::{Views, answer, host};

/// Header fields of a request: browsers send about 20.
const MAX_HEADERS: usize = 64;

/// Octets of a request's head: nginx takes four lines of 8 KiB, and none of ours is a cookie.
const MAX_HEAD: usize = 16 * 1024;

/// How long accepting rests after the process has run out of file descriptors: connections that end
/// give them back. Fifty attempts a second cost nothing.
const REST: Duration = Duration::from_millis(20);

/// How often it is told that connections cannot be accepted: an attack is no reason to fill the log.
const TELL: Duration = Duration::from_secs(60);

/// Seats where the process may have as many descriptors as it likes.
const SEATS: usize = 512;

/// What a client may cost.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections at once. Behind a proxy a few dozen serve thousands of readers.
    pub connections: usize,
    /// From the end of one response, or from connecting, to the end of the next request's head.
    pub head: Duration,
    /// From there to the beginning of the answer. A view is in memory or made in milliseconds; whoever
    /// waits longer waits for a disk that hangs, or behind others who want what nobody else does.
    pub answer: Duration,
    /// Without taking a byte of a response.
    pub write: Duration,
    /// Of one connection, at the end of which the response under way is the last. A client that takes a byte
    /// every few seconds keeps its seat no longer than this and once more [`Limits::write`].
    pub life: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: SEATS,
            head: Duration::from_secs(10),
            answer: Duration::from_secs(10),
            write: Duration::from_secs(30),
            life: Duration::from_secs(600),
        }
    }
}

impl Limits {
    /// The same in a process that may have only so many file descriptors: half of them are left to
    /// everything else, so that a crowd never keeps the journal from being written.
    #[must_use]
    pub fn within(self, descriptors: Option<u64>) -> Self {
        let half = descriptors.and_then(|all| usize::try_from(all / 2).ok()).unwrap_or(usize::MAX);
        Self { connections: self.connections.min(half.max(1)), ..self }
    }
}

/// Serves views until `shutdown`; then ends the connections in good order, those in the middle of a
/// response after it. Who waits for this to return decides how long that may take.
pub async fn serve(
    listener: TcpListener,
    views: Arc<dyn Views>,
    limits: Limits,
    shutdown: impl Future<Output = ()>,
) {
    serve_all(vec![Door::Tcp(listener)], views, limits, shutdown).await;
}

/// The same on several addresses, which share the limits.
pub async fn serve_all(
    doors: Vec<Door>,
    views: Arc<dyn Views>,
    limits: Limits,
    shutdown: impl Future<Output = ()>,
) {
    let mut shutdown = pin!(shutdown);
    let (stop, stopped) = watch::channel(());
    let seats = Seats::new(limits.connections);
    let mut clients = JoinSet::new();
    let mut trouble = Trouble::default();
    let press = Press::new(views, limits.answer, limits.connections);
    let mut last = 0;
    loop {
        let accepted = tokio::select! {
            () = &mut shutdown => break,
            accepted = door::accept(&doors, &mut last) => accepted,
            // Their ends need to be taken note of, or the set grows.
            Some(_) = clients.join_next() => continue,
        };
        let stream = match accepted {
            Ok(stream) => stream,
            Err(error) => {
                trouble.rest_after(&error, &seats).await;
                continue;
            }
        };
        let seat = tokio::select! {
            () = &mut shutdown => break,
            seat = seats.take() => seat,
        };
        let client = Client { seat, limits, press: Arc::clone(&press), stopped: stopped.clone() };
        clients.spawn(client.serve(stream));
    }
    drop(doors);
    drop(stop);
    while clients.join_next().await.is_some() {}
}

/// What is known of connections that could not be accepted.
#[derive(Default)]
struct Trouble {
    told: Option<Instant>,
}

impl Trouble {
    async fn rest_after(&mut self, error: &io::Error, seats: &Seats) {
        use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
        // A client that left before it was accepted says nothing of the next one.
        if matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
            return;
        }
        if self.told.is_none_or(|told| told.elapsed() >= TELL) {
            tracing::warn!(%error, "cannot accept connections; sending away clients that only wait");
            self.told = Some(Instant::now());
        }
        // Theirs are the descriptors that are wanted.
        seats.send_one_away();
        tokio::time::sleep(REST).await;
    }
}

/// One connection.
struct Client {
    seat: Seat,
    limits: Limits,
    press: Arc<Press>,
    stopped: watch::Receiver<()>,
}

impl Client {
    async fn serve(self, stream: Stream) {
        let Self { seat, limits, press, mut stopped } = self;
        let stream = Patient::new(stream, limits.write, seat.watch());
        let watch = seat.watch();
        let service = service_fn(move |request| handle(Arc::clone(&press), watch.clone(), request));
        let mut builder = http1::Builder::new();
        builder
            .timer(TokioTimer::new())
            .header_read_timeout(limits.head)
            .max_headers(MAX_HEADERS)
            .max_buf_size(MAX_HEAD);
        let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
        // A client that breaks off, or is broken off, is no event: readers do so all day.
        tokio::select! {
            _ = connection.as_mut() => return,
            () = seat.sent_away() => return,
            () = tokio::time::sleep(limits.life) => {}
            // The sender sends nothing; that it is gone is the sign.
            _ = stopped.changed() => {}
        }
        // Half a head would be waited for.
        if seat.is_waiting() {
            return;
        }
        connection.as_mut().graceful_shutdown();
        let _ = tokio::time::timeout(limits.write, connection).await;
    }
}

async fn handle(
    press: Arc<Press>,
    watch: Watch,
    request: Request<Incoming>,
) -> Result<answer::Response, Infallible> {
    watch.asked();
    let (parts, body) = request.into_parts();
    let has_body = !body.is_end_stream();
    drop(body);
    let response = if host::is_named(parts.version, &parts.headers) {
        answer::answer(&press, &parts.method, &parts.uri, &parts.headers, has_body).await
    } else {
        answer::no_host()
    };
    watch.answered();
    Ok(response)
}

#[cfg(test)]
mod tests;
