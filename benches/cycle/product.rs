//! dibao as its users run it: the release binary, a configuration, HTTP, and the admin socket.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::net::TcpListener;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::clock;
use crate::corpus::REGIONS;
use crate::http::{Connection, Response};
use crate::process::Process;

const GZIP: (&str, &str) = ("Accept-Encoding", "gzip");

/// After so long without a change, a view is as it will stay.
const SETTLED: Duration = Duration::from_millis(2_500);

/// By then it must have settled.
const LONGEST: Duration = Duration::from_secs(120);
/// The longest build of the search index, at a million entries.
const INDEXED: Duration = Duration::from_secs(600);

/// A state directory with its configuration, and the address of the daemon on it.
pub(crate) struct Product {
    binary: PathBuf,
    pub(crate) dir: PathBuf,
    address: String,
}

/// A port of loopback that nobody has.
pub(crate) fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

impl Product {
    /// `sources` are `[[source]]` tables.
    pub(crate) fn new(binary: &Path, dir: PathBuf, sources: &str) -> Result<Self> {
        fs::create_dir_all(&dir)?;
        let address = format!("127.0.0.1:{}", free_port()?);
        // Nothing is polled but on demand: the schedule comes once a year, and what was never polled has
        // its first turn within the jitter, of which a run sees the first seconds.
        let config = format!(
            "[server]\nlisten = \"{address}\"\npublic_url = \"http://{address}\"\n[state]\ndir = \"state\"\n\
             [polling]\nschedule = \"0 3 1 1 *\"\njitter = \"1h\"\nper_host = 6\nhost_delay = \"0s\"\n\
             allow_networks = [\"127.0.0.0/8\"]\n\n{sources}"
        );
        fs::write(dir.join("dibao.toml"), config)?;
        Ok(Self { binary: binary.to_owned(), dir, address })
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.dir.join("state")
    }

    pub(crate) fn command(&self, args: &[&str]) -> Result<Command> {
        let mut command = Command::new(&self.binary);
        let log = File::options().create(true).append(true).open(self.dir.join("log"))?;
        command.arg("--config").arg(self.dir.join("dibao.toml")).args(args);
        command.env("RUST_LOG", "warn").stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        Ok(command)
    }

    /// Starts the daemon and waits until `/readyz` says so; also how long that took.
    pub(crate) fn start(&self) -> Result<(Daemon<'_>, Duration)> {
        let begun = clock::now();
        let mut process = Process::start(&mut self.command(&["run"])?)?;
        clock::until("starting dibao", Duration::from_secs(1800), Duration::from_millis(2), || {
            if let Some(status) = process.has_ended()? {
                bail!("the daemon ended: {status}: see {}/log", self.dir.display());
            }
            let answer = Connection::tcp(&self.address).and_then(|mut to| to.get("/readyz", &[]));
            Ok(answer.is_ok_and(|answer| answer.status == 200))
        })?;
        Ok((Daemon { product: self, process }, begun.elapsed()))
    }
}

/// A running daemon. Killed when dropped.
pub(crate) struct Daemon<'p> {
    product: &'p Product,
    pub(crate) process: Process,
}

/// How the sources of a poll answered.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Polled {
    pub(crate) rows: usize,
    /// dibao's sentence at the end.
    pub(crate) summary: String,
}

impl Daemon<'_> {
    pub(crate) fn address(&self) -> &str {
        &self.product.address
    }

    /// Polls the named sources, or all.
    pub(crate) fn poll(&self, sources: &[&str]) -> Result<Polled> {
        let command = serde_json::json!({ "command": "poll", "sources": sources });
        let mut polled = Polled::default();
        self.ask(&command, |_| polled.rows += 1).map(|summary| polled.summary = summary)?;
        Ok(polled)
    }

    /// Every stored entry: its id, and the id of the first entry of its story (its own, if it is that).
    pub(crate) fn entries(&self) -> Result<BTreeMap<String, String>> {
        let command =
            serde_json::json!({ "command": "entries", "region": null, "source": null, "limit": null });
        let (mut entries, mut rows) = (BTreeMap::new(), 0);
        self.ask(&command, |row| {
            rows += 1;
            let id = row["id"].as_str().unwrap_or_default().to_owned();
            let founder = row["story"].as_str().unwrap_or(&id).to_owned();
            entries.insert(id, founder);
        })?;
        if rows == entries.len() { Ok(entries) } else { bail!("{rows} entries, {} ids", entries.len()) }
    }

    /// The stored entries, as the sources count them, but for one source.
    pub(crate) fn stored(&self, without: &str) -> Result<usize> {
        let mut sum = 0;
        self.ask(&serde_json::json!({ "command": "sources" }), |row| {
            let count = row["entries"].as_u64().and_then(|count| usize::try_from(count).ok());
            sum += count.filter(|_| row["id"] != without).unwrap_or(0);
        })?;
        Ok(sum)
    }

    fn ask(&self, command: &Value, mut each: impl FnMut(&Value)) -> Result<String> {
        let mut admin = Connection::unix(&self.product.state().join("admin.sock"))?;
        let answer =
            admin.request("POST", "/", &[("Content-Type", "application/json")], &command.to_string())?;
        for line in answer.body.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let line: Value = serde_json::from_slice(line)?;
            if let Some(row) = line.get("row") {
                each(row);
            } else if let Some(done) = line.get("done") {
                return Ok(done["summary"].as_str().unwrap_or_default().to_owned());
            } else {
                bail!("{command}: {line}");
            }
        }
        bail!("{command}: no end")
    }

    /// Gets every region's feed, the feed of all and the home page, gzipped, until nothing changes any more,
    /// and returns the instant from which all were as they stayed.
    pub(crate) fn served(&self) -> Result<Instant> {
        let mut to = Connection::tcp(self.address())?;
        let mut paths: Vec<String> = REGIONS.iter().map(|(id, _)| format!("/{id}.atom")).collect();
        paths.extend(["/all.atom".to_owned(), "/".to_owned()]);
        let begun = clock::now();
        let (mut last, mut since): (Vec<Vec<u8>>, Instant) = (Vec::new(), begun);
        while begun.elapsed() < LONGEST {
            let mut pass = Vec::new();
            for path in &paths {
                pass.push(good(to.get(path, &[GZIP])?).with_context(|| path.clone())?.body);
            }
            if pass != last {
                (last, since) = (pass, clock::now());
            } else if since.elapsed() > SETTLED {
                return Ok(since);
            }
            clock::sleep(Duration::from_millis(20));
        }
        bail!("what is served still changes after {} s", LONGEST.as_secs());
    }

    /// Waits until the search index is built: its build shares the cores with what is measured. A binary without a
    /// search is not waited for.
    pub(crate) fn indexed(&self) -> Result<()> {
        let mut to = Connection::tcp(self.address())?;
        let begun = clock::now();
        while begun.elapsed() < INDEXED {
            let metrics = good(to.get("/metrics", &[])?)?.body;
            if !String::from_utf8(metrics)?.lines().any(|line| line == "dibao_search_ready 0") {
                return Ok(());
            }
            clock::sleep(Duration::from_millis(100));
        }
        bail!("the search index is not built after {} s", INDEXED.as_secs());
    }
}

fn good(response: Response) -> Result<Response> {
    if response.status == 200 { Ok(response) } else { bail!("status {}", response.status) }
}

/// Octets on the disk of all files below.
pub(crate) fn disk_usage(dir: &Path) -> Result<u64> {
    let mut sum = 0;
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let meta = entry.metadata()?;
        sum += if meta.is_dir() { disk_usage(&entry.path())? } else { meta.blocks() * 512 };
    }
    Ok(sum)
}
