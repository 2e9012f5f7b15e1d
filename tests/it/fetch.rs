//! The fetcher against publishers that behave well, and against each kind of bad one we know: every exchange ends
//! in a named outcome within its limits. All publishers are on loopback.

mod answers;
mod guard;
mod limits;
mod proxy;
mod redirects;
mod robots;
mod secrets;

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use dibao::demo::script::{Reply, Script};
use dibao::fetch::{ACCEPT_FEED, FetchLimits, FetchOptions, FetchRequest, Fetcher, Looking, Lookup};
use dibao::model::exchange::{Exchange, FetchFault, Response, Validators};

const LIMIT: u64 = 256 * 1024;
const FEED: &[u8] = b"<rss version='2.0'><channel><title>x</title></channel></rss>";

fn options() -> FetchOptions {
    FetchOptions {
        limits: FetchLimits {
            timeout: Duration::from_millis(150),
            connect_timeout: Duration::from_millis(150),
            max_body: LIMIT,
            max_redirects: 5,
        },
        user_agent: "dibao/test (+https://example.org/)".to_owned(),
        allow_networks: vec!["127.0.0.1/32".parse().expect("a network")],
        ..FetchOptions::default()
    }
}

/// For what should succeed: no machine is so busy that it takes this long.
fn patient() -> FetchOptions {
    let mut options = options();
    options.limits.timeout = Duration::from_secs(20);
    options.limits.connect_timeout = Duration::from_secs(20);
    options
}

fn fetcher(options: FetchOptions) -> Fetcher {
    Fetcher::new(options).expect("a fetcher")
}

fn request(url: impl Into<String>) -> FetchRequest {
    FetchRequest {
        url: url.into(),
        validators: Validators::default(),
        headers: Vec::new(),
        accept: ACCEPT_FEED.to_owned(),
        obeys_robots: false,
        waited: false,
        outward: false,
    }
}

async fn script() -> Script {
    Script::start().await.expect("a loopback port")
}

/// What a script of one reply ends in, for a client with these options.
async fn outcome_of(options: FetchOptions, reply: Reply) -> Exchange {
    let script = script().await;
    script.on("/", [reply]);
    fetcher(options).get(&request(script.url("/"))).await
}

fn body(exchange: Exchange) -> Response {
    match exchange {
        Exchange::Body(response) => response,
        other => panic!("expected a body, got {other:?}"),
    }
}

fn fault(exchange: Exchange) -> FetchFault {
    match exchange {
        Exchange::Failed(fault) => fault,
        other => panic!("expected a fault, got {other:?}"),
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    std::io::Write::write_all(&mut encoder, bytes).expect("memory");
    encoder.finish().expect("memory")
}

fn head(lines: &str) -> Reply {
    Reply::raw(format!("HTTP/1.1 200 OK\r\n{lines}\r\n"))
}

/// Gives every name the same addresses, and counts the questions.
struct Fixed(Vec<IpAddr>, AtomicUsize);

impl Fixed {
    fn new(addresses: &[&str]) -> Arc<Self> {
        Arc::new(Self(
            addresses.iter().map(|a| a.parse().expect("an address")).collect(),
            AtomicUsize::new(0),
        ))
    }
}

impl Lookup for Fixed {
    fn lookup(&self, _: &str) -> Looking {
        self.1.fetch_add(1, Ordering::Relaxed);
        let found: io::Result<Vec<IpAddr>> =
            if self.0.is_empty() { Err(io::Error::other("no such name")) } else { Ok(self.0.clone()) };
        Box::pin(async move { found })
    }
}

/// A port that nobody listens on, and nobody else gets while it is kept.
fn closed_port() -> (tokio::net::TcpSocket, std::net::SocketAddr) {
    let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
    socket.bind("127.0.0.1:0".parse().expect("an address")).expect("a loopback port");
    let address = socket.local_addr().expect("bound");
    (socket, address)
}
