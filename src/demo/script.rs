//! A scripted publisher on a raw socket: each path has a queue of replies, and a reply is a list of bytes, pauses
//! and ways to break off. For tests that need a badly behaved server. It reads only the first line, the headers and
//! `Content-Length` of a request.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// Longest request read; what asks here is under test, not an attacker.
const MAX_REQUEST: usize = 64 * 1024;

#[derive(Clone, Debug)]
enum Part {
    Bytes(Vec<u8>),
    Pause(Duration),
    /// Says no more, and keeps the connection.
    Stall,
    /// Breaks the connection with a TCP reset.
    Reset,
    /// Says this until the client leaves.
    Forever(Vec<u8>),
    /// Closes in good order, so that the end of the connection is the end of the body.
    Close,
}

#[derive(Clone, Debug, Default)]
pub struct Reply {
    parts: Vec<Part>,
}

impl Reply {
    /// A reply that starts with exactly these bytes, status line and all.
    pub fn raw(bytes: impl Into<Vec<u8>>) -> Self {
        Self { parts: vec![Part::Bytes(bytes.into())] }
    }

    /// A complete reply of this status, these headers (each `Name: value`) and this body.
    pub fn of(status: u16, headers: &[&str], body: &[u8]) -> Self {
        let length = match status {
            204 | 304 => String::new(),
            _ => format!("Content-Length: {}\r\n", body.len()),
        };
        Self::head(status, headers, &length).send(body)
    }

    /// A status line and headers that announce a body of no known length; the connection's end ends it.
    pub fn open(status: u16, headers: &[&str]) -> Self {
        Self::head(status, headers, "Connection: close\r\n")
    }

    fn head(status: u16, headers: &[&str], last: &str) -> Self {
        let mut head = format!("HTTP/1.1 {status} Scripted\r\n").into_bytes();
        for header in headers {
            head.extend_from_slice(header.as_bytes());
            head.extend_from_slice(b"\r\n");
        }
        head.extend_from_slice(last.as_bytes());
        head.extend_from_slice(b"\r\n");
        Self::raw(head)
    }

    pub fn send(self, bytes: &[u8]) -> Self {
        self.then(Part::Bytes(bytes.to_vec()))
    }

    pub fn pause(self, time: Duration) -> Self {
        self.then(Part::Pause(time))
    }

    pub fn stall(self) -> Self {
        self.then(Part::Stall)
    }

    pub fn reset(self) -> Self {
        self.then(Part::Reset)
    }

    pub fn close(self) -> Self {
        self.then(Part::Close)
    }

    /// Then repeats these bytes until the client leaves.
    pub fn forever(self, bytes: &[u8]) -> Self {
        self.then(Part::Forever(bytes.to_vec()))
    }

    fn then(mut self, part: Part) -> Self {
        self.parts.push(part);
        self
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// `GET`, `HEAD` …
    pub method: String,
    /// Path and query.
    pub path: String,
    /// The header lines, each `name: value` with the name in lower case, bytes as sent.
    pub headers: Vec<Vec<u8>>,
    /// The body, where its length was announced.
    pub body: Vec<u8>,
}

impl Seen {
    /// The value of a header, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        self.headers.iter().find_map(|line| line.strip_prefix(name.as_bytes())?.strip_prefix(b": "))
    }
}

#[derive(Default)]
struct State {
    replies: HashMap<String, VecDeque<Reply>>,
    seen: Vec<Seen>,
    sent: u64,
    connections: u64,
}

/// The publisher; it stops when dropped.
pub struct Script {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    serving: JoinHandle<()>,
}

impl Script {
    /// Starts one on a free loopback port.
    pub async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let state = Arc::<Mutex<State>>::default();
        let shared = Arc::clone(&state);
        let serving = tokio::spawn(async move {
            let mut clients = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                lock(&shared).connections += 1;
                let state = Arc::clone(&shared);
                clients.spawn(async move {
                    // A client that leaves in the middle is what many scripts are about.
                    let _ = converse(stream, &state).await;
                });
            }
        });
        Ok(Self { address, state, serving })
    }

    /// Replies to `path` (with its query) in this order; the last one is repeated. Unknown paths are 404.
    pub fn on(&self, path: &str, replies: impl IntoIterator<Item = Reply>) {
        lock(&self.state).replies.insert(path.to_owned(), replies.into_iter().collect());
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Every request so far, in order of arrival.
    pub fn seen(&self) -> Vec<Seen> {
        lock(&self.state).seen.clone()
    }

    pub fn sent(&self) -> u64 {
        lock(&self.state).sent
    }

    pub fn connections(&self) -> u64 {
        lock(&self.state).connections
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn converse(mut stream: TcpStream, state: &Mutex<State>) -> io::Result<()> {
    // Head and body are two writes; without this the second waits 40 ms for a delayed acknowledgement.
    stream.set_nodelay(true)?;
    while let Some(seen) = read_request(&mut stream).await? {
        let reply = next_reply(state, seen);
        for part in reply.parts {
            match part {
                Part::Bytes(bytes) => send(&mut stream, &bytes, state).await?,
                Part::Pause(time) => tokio::time::sleep(time).await,
                Part::Stall => std::future::pending().await,
                Part::Reset => return stream.set_zero_linger(),
                Part::Forever(bytes) => loop {
                    send(&mut stream, &bytes, state).await?;
                },
                Part::Close => return stream.shutdown().await,
            }
        }
    }
    Ok(())
}

async fn send(stream: &mut TcpStream, bytes: &[u8], state: &Mutex<State>) -> io::Result<()> {
    stream.write_all(bytes).await?;
    lock(state).sent += bytes.len() as u64;
    Ok(())
}

/// `None` when the client has left.
async fn read_request(stream: &mut TcpStream) -> io::Result<Option<Seen>> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        if bytes.len() > MAX_REQUEST || stream.read_buf(&mut bytes).await? == 0 {
            return Ok(None);
        }
    };
    let body = bytes.split_off(end + 4);
    let mut lines = bytes.split(|&b| b == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let first = String::from_utf8_lossy(lines.next().unwrap_or_default()).into_owned();
    let mut words = first.split(' ').map(str::to_owned);
    let headers = lines.filter(|line| !line.is_empty()).map(lower_name).collect();
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut seen = Seen { method, path, headers, body };
    let length =
        seen.header("content-length").and_then(|value| std::str::from_utf8(value).ok()?.parse().ok());
    while seen.body.len() < length.unwrap_or(0).min(MAX_REQUEST) {
        if stream.read_buf(&mut seen.body).await? == 0 {
            return Ok(None);
        }
    }
    Ok(Some(seen))
}

fn lower_name(line: &[u8]) -> Vec<u8> {
    let name = line.iter().position(|&b| b == b':').unwrap_or(line.len());
    let mut line = line.to_vec();
    line[..name].make_ascii_lowercase();
    line
}

fn next_reply(state: &Mutex<State>, seen: Seen) -> Reply {
    let mut state = lock(state);
    let reply = match state.replies.get_mut(&seen.path) {
        Some(queue) if queue.len() > 1 => queue.pop_front(),
        Some(queue) => queue.front().cloned(),
        None => None,
    };
    state.seen.push(seen);
    reply.unwrap_or_else(|| Reply::of(404, &[], b""))
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
