//! The listener on a real socket, against clients that behave as no library would. Where time matters its
//! limits are set short; no test waits for the clock of the wall.

use std::net::SocketAddr;
use std::sync::{Condvar, Mutex};

use chrono::DateTime;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::*;
use crate::serve::Share;
use crate::serve::View;
use crate::views::page::Page;

const LARGE: usize = 64 << 20;

/// A feed, a page below a directory, and something too large for the buffers of a socket.
#[derive(Clone, Default)]
struct Shelf(Arc<Held>);

/// True while a view is kept from being made.
type Held = (Mutex<bool>, Condvar);

impl Shelf {
    fn hold(&self, held: bool) {
        *self.0.0.lock().expect("no poison") = held;
        self.0.1.notify_all();
    }
}

impl Views for Shelf {
    fn view(&self, path: &str) -> View {
        let page = |text: Vec<u8>| View::Page(Arc::new(Page::new(text, "text/plain", DateTime::UNIX_EPOCH)));
        match path {
            "henan.atom" => page(b"news".to_vec()),
            "henan/" | "source/a/" => page(b"page".to_vec()),
            // To hash so much takes seconds.
            "large" => {
                View::Page(Arc::new(Page::tagged(vec![b'x'; LARGE], "text/plain", DateTime::UNIX_EPOCH, "x")))
            }
            "panic" => panic!("as the test says"),
            "slow" | "source/slow/" => {
                let held = self.0.0.lock().expect("no poison");
                // A test that fails must not keep the process from ending.
                let _ = self.0.1.wait_timeout_while(held, Duration::from_secs(20), |held| *held);
                page(b"at last".to_vec())
            }
            _ => View::Missing,
        }
    }

    fn share(&self, path: &str) -> Share {
        if matches!(path, "slow" | "source/slow/") { Share::RareFeed } else { Share::Common }
    }

    fn has(&self, path: &str) -> bool {
        matches!(path, "henan.atom" | "henan/" | "source/a/" | "source/slow/" | "large" | "panic" | "slow")
    }
}

struct Server {
    at: SocketAddr,
    shelf: Shelf,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

impl Server {
    async fn with(limits: Limits) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let at = listener.local_addr().expect("its address");
        let (stop, stopped) = oneshot::channel::<()>();
        let shutdown = async { stopped.await.unwrap_or(()) };
        let shelf = Shelf::default();
        let task =
            tokio::spawn(serve(vec![Socket::Tcp(listener)], Arc::new(shelf.clone()), limits, shutdown));
        Self { at, shelf, stop: Some(stop), task }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.at).await.expect("it listens")
    }

    /// Sends bytes on a fresh connection and reads until it is closed.
    async fn say(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect().await;
        // A server that has seen enough may close before it has all.
        let _ = stream.write_all(bytes).await;
        rest(&mut stream).await
    }

    async fn get(&self, target: &str) -> String {
        self.say(format!("GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").as_bytes()).await
    }

    async fn stop(mut self) {
        drop(self.stop.take());
        self.task.await.expect("it ends in good order");
    }
}

async fn rest(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or("closed")
}

const GET: &[u8] = b"GET /henan.atom HTTP/1.1\r\nHost: x\r\n\r\n";

#[tokio::test]
async fn odd_requests_are_answered_and_nothing_breaks() {
    let server = Server::with(Limits::default()).await;
    let long = |n: usize| "a".repeat(n);
    let many: String = (0..100).map(|n| format!("X-{n}: 1\r\n")).collect();
    let close = "Host: x\r\nConnection: close\r\n";
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("a plain request", format!("GET /henan.atom HTTP/1.1\r\n{close}\r\n").into(), "200"),
        ("HTTP/1.0", b"GET /henan.atom HTTP/1.0\r\n\r\n".to_vec(), "200"),
        ("an absolute target", format!("GET http://x/henan.atom HTTP/1.1\r\n{close}\r\n").into(), "200"),
        ("a query is nobody's", format!("GET /henan.atom?utm=1 HTTP/1.1\r\n{close}\r\n").into(), "200"),
        ("health", format!("GET /healthz HTTP/1.1\r\n{close}\r\n").into(), "200"),
        ("readiness", format!("GET /readyz HTTP/1.1\r\n{close}\r\n").into(), "200"),
        ("a view that panics", format!("GET /panic HTTP/1.1\r\n{close}\r\n").into(), "500"),
        ("upwards", format!("GET /../etc/passwd HTTP/1.1\r\n{close}\r\n").into(), "404"),
        ("upwards, encoded", format!("GET /%2e%2e%2fetc HTTP/1.1\r\n{close}\r\n").into(), "404"),
        ("a slash too many", format!("GET //henan.atom HTTP/1.1\r\n{close}\r\n").into(), "308"),
        ("another root", format!("GET //etc/passwd HTTP/1.1\r\n{close}\r\n").into(), "404"),
        ("NUL, encoded", format!("GET /henan%00.atom HTTP/1.1\r\n{close}\r\n").into(), "400"),
        ("not UTF-8, encoded", format!("GET /%ff HTTP/1.1\r\n{close}\r\n").into(), "400"),
        ("raw NUL", b"GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(), "400"),
        ("no HTTP at all", b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n".to_vec(), "400"),
        ("a blank in a header's name", b"GET / HTTP/1.1\r\nHo st: x\r\n\r\n".to_vec(), "400"),
        ("a long target", format!("GET /{} HTTP/1.1\r\n{close}\r\n", long(3000)).into(), "414"),
        ("an endless target", format!("GET /{} HTTP/1.1\r\n{close}\r\n", long(100_000)).into(), "431"),
        ("a long header", format!("GET / HTTP/1.1\r\nX: {}\r\n{close}\r\n", long(40_000)).into(), "431"),
        ("many headers", format!("GET / HTTP/1.1\r\n{many}{close}\r\n").into(), "431"),
        ("a body", format!("GET /henan.atom HTTP/1.1\r\n{close}Content-Length: 4\r\n\r\nbody").into(), "413"),
        (
            "an endless body",
            format!("GET / HTTP/1.1\r\n{close}Transfer-Encoding: chunked\r\n\r\nfff\r\n").into(),
            "413",
        ),
        (
            "a body announced for later",
            b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n".to_vec(),
            "413",
        ),
        ("POST", format!("POST /henan.atom HTTP/1.1\r\n{close}\r\n").into(), "405"),
        ("TRACE", format!("TRACE / HTTP/1.1\r\n{close}\r\n").into(), "405"),
        ("CONNECT", format!("CONNECT x:443 HTTP/1.1\r\n{close}\r\n").into(), "405"),
        ("no host", b"GET /henan.atom HTTP/1.1\r\n\r\n".to_vec(), "400"),
        ("two hosts", format!("GET /henan.atom HTTP/1.1\r\nHost: y\r\n{close}\r\n").into(), "400"),
        ("a method nobody knows", format!("BREW /henan.atom HTTP/1.1\r\n{close}\r\n").into(), "501"),
        ("OPTIONS of everything", format!("OPTIONS * HTTP/1.1\r\n{close}\r\n").into(), "204"),
    ];
    for (name, request, expected) in cases {
        let answer = server.say(&request).await;
        assert_eq!(status(&answer), expected, "{name}: {answer:.300}");
    }
    assert_eq!(status(&server.get("/henan.atom").await), "200", "after all that");
    server.stop().await;
}

#[tokio::test]
async fn who_wants_what_nobody_else_does_holds_up_nobody() {
    let server = Server::with(Limits { answer: Duration::from_millis(100), ..Limits::default() }).await;
    raise_descriptors(1200);
    server.shelf.hold(true);
    let mut waiting = Vec::new();
    // More than there are threads for what may block.
    for _ in 0..600 {
        let mut stream = server.connect().await;
        stream.write_all(b"GET /slow HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.expect("taken");
        waiting.push(stream);
    }
    assert_eq!(status(&server.get("/henan.atom").await), "200");
    let answer = rest(&mut waiting[0]).await;
    assert_eq!(status(&answer), "503", "its turn does not come, or comes to nothing");
    assert!(answer.contains("\r\nretry-after: 30\r\n"), "{answer}");
    server.shelf.hold(false);
    let mut last = server.get("/slow").await;
    while status(&last) == "503" {
        last = server.get("/slow").await;
    }
    assert!(last.ends_with("at last"), "{last}");
    drop(waiting);
    server.stop().await;
}

#[tokio::test]
async fn requests_for_rare_views_leave_slots_to_the_others() {
    // Each asks many times at once: the answer to one must not be the beginning of the wait for the next.
    let one = "GET /slow HTTP/1.1\r\nHost: x\r\n";
    let asked = format!("{}{one}Connection: close\r\n\r\n", format!("{one}\r\n").repeat(9));
    let limits = Limits { connections: 16, answer: Duration::from_secs(5), ..Limits::default() };
    let server = Server::with(limits).await;
    server.shelf.hold(true);
    let (answered, mut answers) = tokio::sync::mpsc::unbounded_channel();
    for _ in 0..limits.connections {
        let mut stream = server.connect().await;
        stream.write_all(asked.as_bytes()).await.expect("taken");
        let answered = answered.clone();
        tokio::spawn(async move {
            let _ = answered.send(rest(&mut stream).await);
        });
    }
    // Two are made, as many as half of the slots wait, and nothing is made before all of this was seen.
    for n in 0..limits.connections / 2 - 2 {
        let answer = answers.recv().await.expect("an answer");
        assert_eq!(status(&answer), "503", "{n}");
        assert!(answer.contains("\r\nretry-after: 30\r\n"), "{answer}");
        assert!(answer.contains("\r\nconnection: close\r\n"), "{answer}");
        assert_eq!(answer.matches("HTTP/1.1").count(), 1, "the others are not answered: {answer}");
    }
    assert_eq!(status(&server.get("/henan.atom").await), "200");
    server.shelf.hold(false);
    let answer = answers.recv().await.expect("an answer");
    assert_eq!((status(&answer), answer.matches("at last").count()), ("200", 10), "who waited is answered");
    server.stop().await;
}

#[tokio::test]
async fn a_forgotten_slash_is_told_relative_to_where_it_was_asked() {
    let server = Server::with(Limits::default()).await;
    for (target, location) in [("/henan", "henan/"), ("/source/a", "a/"), ("/henan?utm=1", "henan/")] {
        let answer = server.get(target).await;
        assert_eq!(status(&answer), "308", "{target}");
        assert!(answer.contains(&format!("\r\nlocation: {location}\r\n")), "{target}: {answer}");
    }
    for target in ["/hubei", "/henan/x", "/hubei/", "/henan%0a", "/"] {
        assert_ne!(status(&server.get(target).await), "308", "{target}");
    }
    // Nobody waits for a page that is only to be led to, and it is not made.
    server.shelf.hold(true);
    assert_eq!(status(&server.get("/source/slow").await), "308");
    server.shelf.hold(false);
    server.stop().await;
}

#[tokio::test]
async fn thousands_that_only_sit_there_keep_nobody_out() {
    let (clients, limits) = (600, Limits { connections: 64, ..Limits::default() });
    raise_descriptors(2 * clients);
    let server = Server::with(limits).await;
    let mut idle = Vec::new();
    for n in 0..clients {
        let mut stream = server.connect().await;
        // Some say nothing, some stop in the middle of a head.
        if n % 2 == 0 {
            let _ = stream.write_all(b"GET /henan.atom HTTP/1.1\r\nHo").await;
        }
        idle.push(stream);
    }
    assert_eq!(status(&server.get("/henan.atom").await), "200");
    let mut held = 0;
    for stream in &idle {
        // What was sent away has been closed; the others still wait.
        let left = stream.try_read(&mut [0; 1]).is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock);
        held += usize::from(left);
    }
    assert!(held <= limits.connections, "{held} of them still sit there");
    server.stop().await;
}

/// The test is both ends of its connections: a process's usual 1,024 descriptors do not do.
fn raise_descriptors(count: u64) {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current.is_some_and(|now| now < count + 200) {
        limit.current = Some(count + 200);
        setrlimit(Resource::Nofile, limit).expect("the hard limit is higher");
    }
}

#[test]
fn half_of_the_descriptors_are_left_to_everything_else() {
    let connections = |descriptors| Limits::default().within(descriptors).connections;
    let cases =
        [(None, CONNECTIONS), (Some(16_384), CONNECTIONS), (Some(1024), 512), (Some(100), 50), (Some(0), 1)];
    for (descriptors, expected) in cases {
        assert_eq!(connections(descriptors), expected, "{descriptors:?}");
    }
}

#[tokio::test]
async fn a_client_in_the_middle_of_its_answer_keeps_its_seat() {
    let server = Server::with(Limits { connections: 1, ..Limits::default() }).await;
    let mut slow = server.connect().await;
    slow.write_all(b"GET /large HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        .await
        .expect("it is taken");
    let mut start = [0; 4096];
    slow.read_exact(&mut start).await.expect("it is being answered");
    // Somebody else wants a seat.
    let mut other = server.connect().await;
    other.write_all(GET).await.expect("it is taken");
    let taken = start.len() + rest(&mut slow).await.len();
    assert!(taken > LARGE, "only {taken} bytes came");
    let mut first = [0; 12];
    other.read_exact(&mut first).await.expect("its turn comes");
    assert_eq!(&first, b"HTTP/1.1 200");
    server.stop().await;
}

#[tokio::test]
async fn a_head_that_does_not_end_and_a_connection_left_idle_are_closed() {
    let server = Server::with(Limits { head: Duration::from_millis(30), ..Limits::default() }).await;
    for half in [&b""[..], b"GET /henan.atom HTTP/1.1\r\nHost:"] {
        let mut stream = server.connect().await;
        stream.write_all(half).await.expect("it is taken");
        rest(&mut stream).await;
    }
    let mut stream = server.connect().await;
    stream.write_all(GET).await.expect("it is taken");
    let answer = rest(&mut stream).await;
    assert_eq!(status(&answer), "200", "and then closed, though it was to be kept");
    server.stop().await;
}

#[tokio::test]
async fn a_client_that_takes_nothing_is_dropped() {
    let server = Server::with(Limits { write: Duration::from_millis(30), ..Limits::default() }).await;
    let mut deaf = server.connect().await;
    deaf.write_all(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n").await.expect("it is taken");
    // Its connection is over before it was answered to the end: stopping waits for nobody else.
    server.stop().await;
    assert!(rest(&mut deaf).await.len() < LARGE);
}

#[tokio::test]
async fn a_connection_lives_only_so_long() {
    let server = Server::with(Limits { life: Duration::from_millis(30), ..Limits::default() }).await;
    let mut stream = server.connect().await;
    let mut answers = 0;
    // However much it asks.
    while stream.write_all(GET).await.is_ok() && stream.read(&mut [0; 4096]).await.is_ok_and(|n| n > 0) {
        answers += 1;
    }
    assert!(answers > 0);
    server.stop().await;
}

#[tokio::test]
async fn a_stop_ends_what_idles_and_finishes_what_is_under_way() {
    let server = Server::with(Limits::default()).await;
    let mut idle = server.connect().await;
    let mut busy = server.connect().await;
    busy.write_all(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n").await.expect("it is taken");
    let mut start = [0; 4096];
    busy.read_exact(&mut start).await.expect("it is being answered");
    let reading = tokio::spawn(async move { rest(&mut busy).await.len() });
    server.stop().await;
    assert!(reading.await.expect("it is read to its end") + start.len() > LARGE);
    assert_eq!(rest(&mut idle).await, "");
}

#[tokio::test]
async fn a_stop_waits_for_no_head_that_has_begun() {
    let hour = Duration::from_secs(3600);
    let server = Server::with(Limits { head: hour, ..Limits::default() }).await;
    let mut half = server.connect().await;
    half.write_all(b"GET /henan.atom HTTP/1.1\r\nHo").await.expect("it is taken");
    // The server has read the half by the time it answers a later client.
    assert_eq!(status(&server.get("/henan.atom").await), "200");
    tokio::time::timeout(hour / 60, server.stop()).await.expect("it stops");
    assert_eq!(rest(&mut half).await, "");
}

#[tokio::test]
async fn clients_come_in_through_every_door() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("http.sock");
    let tcp = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let at = tcp.local_addr().expect("bound");
    let sockets = vec![Socket::Tcp(tcp), Socket::Unix(UnixListener::bind(&path).expect("a socket"))];
    let (stop, stopped) = oneshot::channel::<()>();
    let shutdown = async move { drop(stopped.await) };
    let shelf = Arc::new(Shelf::default());
    let serving = tokio::spawn(serve(sockets, shelf, Limits::default(), shutdown));
    let question = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    for _ in 0..2 {
        let (mut tcp, mut unix) = (String::new(), String::new());
        let mut stream = TcpStream::connect(at).await.expect("it listens");
        stream.write_all(question).await.expect("sent");
        stream.read_to_string(&mut tcp).await.expect("answered");
        let mut stream = UnixStream::connect(&path).await.expect("it listens");
        stream.write_all(question).await.expect("sent");
        stream.read_to_string(&mut unix).await.expect("answered");
        assert!(tcp.starts_with("HTTP/1.1 200") && unix.starts_with("HTTP/1.1 200"), "{tcp} {unix}");
    }
    stop.send(()).expect("it runs");
    serving.await.expect("it ends");
}
