//! Publishers behind one proxy on loopback: each host answers by a rule of its own, and every request is logged with
//! its time. The proxy lets a test use public names, because dibao asks hosts of private networks without a delay.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use dibao::daemon::clock::{Clock, TokioClock};
use dibao::model::time::Time;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A request, and how it was answered.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) at: Time,
    pub(crate) answered: Time,
    pub(crate) connection: u64,
    pub(crate) method: String,
    pub(crate) host: String,
    /// Path and query.
    pub(crate) path: String,
    /// Names in lower case, values as sent.
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) status: u16,
    /// The `ETag` and the `Last-Modified` of the answer.
    pub(crate) gave: [Option<Vec<u8>>; 2],
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> Option<&[u8]> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_slice())
    }

    /// The validators it came with.
    pub(crate) fn validators(&self) -> [Option<Vec<u8>>; 2] {
        ["if-none-match", "if-modified-since"].map(|name| self.header(name).map(<[u8]>::to_vec))
    }

    pub(crate) fn is_conditional(&self) -> bool {
        self.validators() != [None, None]
    }
}

/// An answer of a publisher.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, Vec<u8>)>,
    pub(crate) body: Vec<u8>,
    /// How long it takes.
    pub(crate) after: Duration,
}

impl Answer {
    pub(crate) fn of(status: u16) -> Self {
        Self { status, ..Self::default() }
    }

    pub(crate) fn feed(body: String) -> Self {
        Self { body: body.into_bytes(), ..Self::of(200) }.with("Content-Type", "application/rss+xml")
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name, value.as_ref().to_vec()));
        self
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = format!("HTTP/1.1 {} Scripted\r\n", self.status).into_bytes();
        for (name, value) in &self.headers {
            bytes.extend_from_slice(name.as_bytes());
            bytes.extend_from_slice(b": ");
            bytes.extend_from_slice(value);
            bytes.extend_from_slice(b"\r\n");
        }
        // A publisher that would like to be remembered.
        bytes.extend_from_slice(b"Set-Cookie: reader=1; Path=/\r\n");
        if self.status != 304 {
            bytes.extend_from_slice(format!("Content-Length: {}\r\n", self.body.len()).as_bytes());
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(&self.body);
        bytes
    }

    fn gave(&self) -> [Option<Vec<u8>>; 2] {
        ["ETag", "Last-Modified"]
            .map(|name| self.headers.iter().find(|(n, _)| *n == name).map(|(_, value)| value.clone()))
    }
}

/// What a host does when it is asked: the request, and how many came before it.
pub(crate) type Habit = Box<dyn FnMut(&Asked, usize) -> Answer + Send>;

#[derive(Default)]
struct House {
    habits: BTreeMap<String, Habit>,
    log: Vec<Asked>,
}

/// The publishers; they close when dropped.
pub(crate) struct Publisher {
    pub(crate) address: SocketAddr,
    house: Arc<Mutex<House>>,
    serving: JoinHandle<()>,
}

impl Publisher {
    pub(crate) async fn open(habits: BTreeMap<String, Habit>, clock: TokioClock) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let house = Arc::new(Mutex::new(House { habits, log: Vec::new() }));
        let shared = Arc::clone(&house);
        let serving = tokio::spawn(async move {
            let mut connections = 0;
            while let Ok((stream, _)) = listener.accept().await {
                connections += 1;
                tokio::spawn(converse(stream, connections, Arc::clone(&shared), clock));
            }
        });
        Ok(Self { address, house, serving })
    }

    /// Everything that was asked, in order.
    pub(crate) fn log(&self) -> Vec<Asked> {
        self.house.lock().expect("no poison").log.clone()
    }
}

impl Drop for Publisher {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn converse(mut stream: TcpStream, connection: u64, house: Arc<Mutex<House>>, clock: TokioClock) {
    let mut bytes = Vec::new();
    loop {
        let end = loop {
            if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
                break end;
            }
            match stream.read_buf(&mut bytes).await {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
        };
        let rest = bytes.split_off(end + 4);
        let asked = read(&bytes[..end], connection, clock.now());
        bytes = rest;
        let answer = answer(&house, &asked);
        if !answer.after.is_zero() {
            tokio::time::sleep(answer.after).await;
        }
        let answered = clock.now();
        let asked = Asked { answered, status: answer.status, gave: answer.gave(), ..asked };
        house.lock().expect("no poison").log.push(asked);
        if stream.write_all(&answer.bytes()).await.is_err() {
            return;
        }
    }
}

fn answer(house: &Mutex<House>, asked: &Asked) -> Answer {
    let mut house = house.lock().expect("no poison");
    let before = house.log.iter().filter(|a| a.host == asked.host && a.path == asked.path).count();
    match house.habits.get_mut(&asked.host) {
        Some(habit) => habit(asked, before),
        None => Answer::of(404),
    }
}

fn read(head: &[u8], connection: u64, at: Time) -> Asked {
    let mut lines = head.split(|b| *b == b'\n').map(<[u8]>::trim_ascii_end);
    let first = String::from_utf8_lossy(lines.next().unwrap_or_default()).into_owned();
    let mut words = first.split(' ');
    let method = words.next().unwrap_or_default().to_owned();
    let target = words.next().unwrap_or_default().trim_start_matches("http://").to_owned();
    let (host, path) = target.split_at(target.find('/').unwrap_or(target.len()));
    let headers = lines.filter_map(|line| {
        let colon = line.iter().position(|b| *b == b':')?;
        let name = String::from_utf8_lossy(&line[..colon]).to_ascii_lowercase();
        Some((name, line[colon + 1..].trim_ascii().to_vec()))
    });
    Asked {
        at,
        answered: at,
        connection,
        method,
        host: host.to_owned(),
        path: path.to_owned(),
        headers: headers.collect(),
        status: 0,
        gave: [None, None],
    }
}
