//! Floors: the minimum cost of the work, with the same crates, in this process.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use std::{fs, io};

use anyhow::{Context as _, Result, bail};
use reqwest::Client;
use reqwest::header::{ETAG, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED};
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::clock;
use crate::process::cpu;

/// Requests at once; dibao's own limit is 32.
const AT_ONCE: usize = 32;

/// Validators by address.
type Validators = BTreeMap<String, (Option<HeaderValue>, Option<HeaderValue>)>;

/// Fetches with two threads, and reads what is fetched with feed-rs on the same two.
pub(crate) struct Fetcher {
    runtime: Runtime,
    client: Client,
    urls: Vec<String>,
    validators: Arc<Mutex<Validators>>,
}

impl Fetcher {
    pub(crate) fn new(urls: Vec<String>) -> Result<Self> {
        // A client is not built without; a second call finds the first one's.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let client = Client::builder().no_proxy().build()?;
        Ok(Self { runtime, client, urls, validators: Arc::default() })
    }

    /// Fetches and parses everything; the entries found, the time, and the seconds of CPU.
    pub(crate) fn parse(&self) -> Result<(usize, Duration, f64)> {
        let (begun, busy) = (clock::now(), cpu(std::process::id())?);
        let validators = Arc::clone(&self.validators);
        let entries = self.each(move |client, url| {
            let validators = Arc::clone(&validators);
            async move {
                let answer = client.get(&url).send().await?.error_for_status()?;
                let of = |name| answer.headers().get(name).cloned();
                let seen = (of(ETAG), of(LAST_MODIFIED));
                let body = answer.bytes().await?;
                let feed = feed_rs::parser::parse(&body[..]).with_context(|| url.clone())?;
                validators.lock().expect("nobody panicked").insert(url, seen);
                Ok(feed.entries.len())
            }
        })?;
        Ok((entries, begun.elapsed(), cpu(std::process::id())? - busy))
    }

    /// Asks for everything again with the validators of the last time; each must answer 304.
    pub(crate) fn unchanged(&self) -> Result<Duration> {
        let begun = clock::now();
        let validators = Arc::new(self.validators.lock().expect("nobody panicked").clone());
        self.each(move |client, url| {
            let validators = Arc::clone(&validators);
            async move {
                let (etag, modified) = validators.get(&url).cloned().unwrap_or_default();
                let mut request = client.get(&url);
                request = etag.into_iter().fold(request, |r, value| r.header(IF_NONE_MATCH, value));
                request = modified.into_iter().fold(request, |r, value| r.header(IF_MODIFIED_SINCE, value));
                match request.send().await?.status().as_u16() {
                    304 => Ok(0),
                    status => bail!("{url}: {status}"),
                }
            }
        })?;
        Ok(begun.elapsed())
    }

    fn each<F, W>(&self, work: F) -> Result<usize>
    where
        F: Fn(Client, String) -> W,
        W: Future<Output = Result<usize>> + Send + 'static,
    {
        self.runtime.block_on(async {
            let slots = Arc::new(Semaphore::new(AT_ONCE));
            let mut tasks = JoinSet::new();
            for url in &self.urls {
                let slots = Arc::clone(&slots);
                let work = work(self.client.clone(), url.clone());
                tasks.spawn(async move {
                    let _slot = slots.acquire_owned().await?;
                    work.await
                });
            }
            let mut sum = 0;
            while let Some(done) = tasks.join_next().await {
                sum += done??;
            }
            Ok(sum)
        })
    }
}

/// The files of a journal, in order.
pub(crate) fn segments(state: &Path) -> Result<Vec<PathBuf>> {
    let dir = state.join("journal");
    let files = fs::read_dir(&dir)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    let mut files: Vec<_> =
        files.into_iter().filter(|path| path.extension().is_some_and(|ending| ending == "zst")).collect();
    files.sort();
    Ok(files)
}

/// Reads a journal: zstd, then JSON into values, one thread. Hands each line on.
pub(crate) fn read_journal(state: &Path, mut each: impl FnMut(Value)) -> Result<Duration> {
    let begun = clock::now();
    for path in segments(state)? {
        let decoder = zstd::Decoder::new(fs::File::open(path)?)?;
        let lines = io::BufRead::split(io::BufReader::with_capacity(1 << 20, decoder), b'\n');
        for line in lines {
            each(serde_json::from_slice(&line?)?);
        }
    }
    Ok(begun.elapsed())
}

/// The octets of every entry's JSON in the journal, each compressed alone, and how many there are.
pub(crate) fn compressed_alone(state: &Path) -> Result<(u64, u64)> {
    let (mut octets, mut entries, mut failed) = (0, 0, None);
    read_journal(state, |line| {
        for new in line["new"].as_array().into_iter().flatten() {
            match zstd::bulk::compress(new["entry"].to_string().as_bytes(), 3) {
                Ok(compressed) => octets += compressed.len() as u64,
                Err(error) => failed = Some(error),
            }
            entries += 1;
        }
    })?;
    failed.map_or(Ok((octets, entries)), |error| Err(error.into()))
}

/// Opens a copy of the store's sled files, as they are.
pub(crate) fn open_sled(store: &Path, copy: &Path) -> Result<Duration> {
    let dir = sled_dir(store)?.context("the store has no sled files")?;
    let _ = fs::remove_dir_all(copy);
    copy_dir(&dir, copy)?;
    // `conf` says what a database was made with; sled refuses to open it with anything else.
    let conf = String::from_utf8_lossy(&fs::read(dir.join("conf"))?).into_owned();
    let segment = conf.lines().find_map(|line| line.strip_prefix("segment_size: ")?.trim().parse().ok());
    let config = sled::Config::new().path(copy).cache_capacity(64 << 20);
    let config = segment.map_or(config.clone(), |size| config.segment_size(size));
    let begun = clock::now();
    let db = config.open()?;
    let took = begun.elapsed();
    drop(db);
    fs::remove_dir_all(copy)?;
    Ok(took)
}

/// The newest directory below that holds sled's files.
fn sled_dir(dir: &Path) -> Result<Option<PathBuf>> {
    if dir.join("conf").exists() && dir.join("db").exists() {
        return Ok(Some(dir.to_owned()));
    }
    let entries = fs::read_dir(dir)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    let mut dirs: Vec<_> = entries.into_iter().filter(|path| path.is_dir()).collect();
    dirs.sort();
    for below in dirs.into_iter().rev() {
        if let Some(found) = sled_dir(&below)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

pub(crate) fn copy_dir(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        let kind = entry.file_type()?;
        if kind.is_dir() {
            copy_dir(&entry.path(), &target)?;
        } else if kind.is_file() {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
