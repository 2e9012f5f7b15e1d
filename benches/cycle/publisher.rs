//! A publisher with one feed. It adds entries on demand, and records when it has sent the last octet of an
//! answer.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::clock;
use crate::corpus::{Feed, REGIONS, Report};

/// Entries in its feed.
const LONGEST: usize = 30;

/// Not nginx's host: what dibao asks of that one at once is limited.
const HOST: &str = "127.0.0.2";

/// The region that its entries are of, an index of [`REGIONS`].
const REGION: usize = 10;

#[derive(Default)]
struct Shared {
    body: String,
    /// When the last answer was sent that held the feed as it is.
    sent: Option<Instant>,
}

pub(crate) struct Publisher {
    shared: Arc<Mutex<Shared>>,
    address: String,
    items: Vec<(String, String)>,
    made: usize,
}

impl Publisher {
    pub(crate) const SOURCE: &'static str = "fresh";

    pub(crate) fn start() -> Result<Self> {
        let listener = TcpListener::bind((HOST, 0))?;
        let address = listener.local_addr()?.to_string();
        let shared = Arc::<Mutex<Shared>>::default();
        let theirs = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&theirs);
                // A connection that breaks is dibao's to open again.
                std::thread::spawn(move || serve(stream, &shared));
            }
        });
        Ok(Self { shared, address, items: Vec::new(), made: 0 })
    }

    /// Its `[[source]]` table.
    pub(crate) fn source(&self) -> String {
        let (id, region) = (Self::SOURCE, REGIONS[REGION].0);
        format!(
            "[[source]]\nid = \"{id}\"\nurl = \"http://{}/feed.xml\"\nregion = \"{region}\"\n\n",
            self.address
        )
    }

    /// The path of its region's feed at dibao.
    pub(crate) fn feed() -> String {
        format!("/{}.atom", REGIONS[REGION].0)
    }

    /// Publishes new entries, and returns the last one's link.
    pub(crate) fn add(&mut self, count: usize) -> String {
        let mut link = String::new();
        for _ in 0..count {
            self.made += 1;
            link = format!("http://fresh.example.com/{}.html", self.made);
            let Report { title, summary, .. } = Feed::report(&format!("fresh {}", self.made), REGION, None);
            let when = clock::today().to_rfc2822();
            let item = format!(
                "<item><title>{title}</title><link>{link}</link><guid>{link}</guid><pubDate>{when}</pubDate>\
                 <description>{summary}</description></item>\n"
            );
            self.items.insert(0, (link.clone(), item));
        }
        self.items.truncate(LONGEST);
        let mut body =
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<rss version=\"2.0\"><channel><title>新闻</title>\
                        <link>http://fresh.example.com/</link><description>-</description>\n"
                .to_owned();
        self.items.iter().for_each(|(_, item)| body.push_str(item));
        body.push_str("</channel></rss>\n");
        *lock(&self.shared) = Shared { body, sent: None };
        link
    }

    /// Waits until the feed as it is now was sent.
    pub(crate) fn sent(&self) -> Result<Instant> {
        let begun = clock::now();
        loop {
            if let Some(sent) = lock(&self.shared).sent {
                return Ok(sent);
            }
            if begun.elapsed() > Duration::from_secs(60) {
                bail!("dibao did not ask for the feed");
            }
            clock::sleep(Duration::from_micros(200));
        }
    }
}

fn serve(stream: TcpStream, shared: &Mutex<Shared>) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut stream = BufReader::new(stream);
    loop {
        let mut path = String::new();
        if stream.read_line(&mut path)? == 0 {
            return Ok(());
        }
        let mut line = String::new();
        while stream.read_line(&mut line)? > 2 {
            line.clear();
        }
        let body = lock(shared).body.clone();
        let mut answer = String::new();
        match path.contains(" /feed.xml ") {
            true => {
                let head = "HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\n";
                write!(answer, "{head}Content-Length: {}\r\n\r\n{body}", body.len())?;
            }
            false => answer.push_str("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"),
        }
        stream.get_mut().write_all(answer.as_bytes())?;
        let now = clock::now();
        let mut shared = lock(shared);
        if path.contains(" /feed.xml ") && shared.body == body && shared.sent.is_none() {
            shared.sent = Some(now);
        }
    }
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
