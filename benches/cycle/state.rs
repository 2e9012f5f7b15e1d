//! Makes large state directories fast, by writing a journal as dibao does. A real poll of a few sources gives
//! the form of all lines, so that new fields and line versions need no change here. Entries of a year come before
//! it. dibao builds the store from the journal.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result};
use chrono::{DateTime, Duration, FixedOffset, SecondsFormat, Utc};
use serde_json::{Value, json};

use crate::clock;
use crate::corpus::{Corpus, Feed};
use crate::draw::Draw;
use crate::floor;
use crate::product::Product;

/// Sources that are really polled.
pub(crate) const SEEDS: usize = 62;
/// New entries that one poll brings.
const AN_OBSERVATION: usize = 10;
/// Lines that were appended together: a frame each.
const A_FRAME: usize = 8;
/// The entries are spread over so many days.
const DAYS: i64 = 350;
/// A segment holds about a month.
const SEGMENTS: usize = 12;

/// How many entries a journal has.
pub(crate) struct Made {
    pub(crate) entries: usize,
    /// Those among them that the feeds of the corpus hold, too. The daemon that polled them may have polled
    /// more than it was asked to: a new source is due.
    pub(crate) published: usize,
}

/// Makes the journal of `product`, whose sources are those of `corpus`, with at least `entries` entries, and no
/// store.
pub(crate) fn make(product: &Product, corpus: &Corpus, entries: usize) -> Result<Made> {
    let seed = Seed::new(product, corpus)?;
    let observations = entries.saturating_sub(seed.entries).div_ceil(AN_OBSERVATION);
    let journal = product.state().join("journal");
    fs::remove_dir_all(product.state())?;
    fs::create_dir_all(&journal)?;
    let end = clock::today() - Duration::hours(1);
    let begin = end - Duration::days(DAYS);
    let step = (end - begin) / i32::try_from(observations.max(1))?;
    let at = |n: usize| begin + step * i32::try_from(n).expect("fewer than two thousand million");

    let mut writer = Writer { seq: 0, lines: Vec::new(), held: 0, segment: None, number: 0 };
    let a_segment = observations.div_ceil(SEGMENTS).max(1);
    writer.next_segment(&journal, begin)?;
    for head in &seed.heads {
        writer.line(dated(head, begin))?;
    }
    for n in 0..observations {
        if n > 0 && n.is_multiple_of(a_segment) {
            writer.next_segment(&journal, at(n))?;
        }
        writer.line(seed.observation(corpus, n, at(n), observations)?)?;
    }
    writer.next_segment(&journal, clock::today())?;
    for line in seed.tail {
        writer.line(line)?;
    }
    writer.close()?;
    Ok(Made { entries: observations * AN_OBSERVATION + seed.entries, published: seed.entries })
}

/// The lines of a small journal that dibao wrote.
struct Seed {
    /// What comes before the first observation.
    heads: Vec<Value>,
    /// An observation without its entries.
    poll: Value,
    new: Value,
    /// How a decision that an entry joins a story is recorded, if it is.
    story: Option<Value>,
    tail: Vec<Value>,
    entries: usize,
}

impl Seed {
    fn new(product: &Product, corpus: &Corpus) -> Result<Self> {
        let names: Vec<String> = corpus.feeds.iter().take(SEEDS).map(Feed::id).collect();
        let (daemon, _) = product.start()?;
        daemon.poll(&names.iter().map(String::as_str).collect::<Vec<_>>())?;
        daemon.process.stop()?;
        let mut lines = Vec::new();
        floor::read_journal(&product.state(), |line| lines.push(line))?;
        let first = lines.iter().position(|line| line["kind"] == "observation");
        let tail = lines.split_off(first.context("the poll brought nothing")?);
        let news = || tail.iter().filter_map(|line| line["new"].as_array()).flatten();
        let mut poll = tail[0].clone();
        poll["new"] = Value::Null;
        // What belongs to the feed alone would be wrong in the others.
        poll.as_object_mut().context("a line is a table")?.remove("feed");
        let mut new = news().next().context("an observation without entries")?.clone();
        new.as_object_mut().context("an entry is a table")?.remove("story");
        let story = news().find_map(|new| new.get("story").filter(|story| !story.is_null())).cloned();
        let entries = news().count();
        Ok(Self { heads: lines, poll, new, story, tail, entries })
    }

    /// The nth observation, of one source after the other.
    fn observation(&self, corpus: &Corpus, n: usize, at: DateTime<FixedOffset>, of: usize) -> Result<Value> {
        let feeds = corpus.feeds.len();
        let feed = &corpus.feeds[n % feeds];
        let mut line = dated(&self.poll, at);
        line["source"] = feed.id().into();
        line["outcome"] =
            json!({ "is": "fetched", "entries": AN_OBSERVATION, "new": AN_OBSERVATION, "changed": 0 });
        let mut draw = Draw::new(&format!("observation {n} of {of}"));
        let state = &mut line["state"];
        state["validators"] = json!({ "etag": null, "last_modified": null });
        state["body_hash"] = hex("", &mut draw).into();
        let mut news = Vec::with_capacity(AN_OBSERVATION);
        for k in 0..AN_OBSERVATION {
            // The last tells what the first of the region's source before told, where there is one.
            let retold = (k == AN_OBSERVATION - 1).then(|| n.checked_sub(31)).flatten();
            let (by, told) = retold.map_or((n, k), |earlier| (earlier, 0));
            let link = |n: usize, k: usize| format!("{}large/{n}/{k}.html", corpus.feeds[n % feeds].home);
            let again = retold.map(|_| feed.title.as_str());
            let report = Feed::report(&format!("large {by} {told}"), feed.region, again);
            let mut new = self.new.clone();
            new["published_id"] = link(n, k).into();
            // An identity key and a fingerprint begin with their version; a key goes on with its kind.
            new["keys"] = (1..=4).map(|kind| hex(&format!("010{kind}"), &mut draw)).collect();
            new["fingerprint"] = hex("01", &mut draw).into();
            if let (Some(story), Some(earlier)) = (&self.story, retold) {
                new["story"] = story.clone();
                new["story"]["with"] = link(earlier, 0).into();
            }
            let entry = &mut new["entry"];
            entry["id"] = link(n, k).into();
            entry["title"] = report.title.into();
            entry["links"][0]["href"] = link(n, k).into();
            let published = at - Duration::minutes(3 * i64::try_from(k)?);
            entry["published"] = json!({ "at": utc(published), "precision": "second" });
            entry["updated"] = Value::Null;
            entry["summary"] = json!({ "type": "html", "value": report.summary });
            entry["content"] = match report.content.is_empty() {
                true => Value::Null,
                false => {
                    let body: String = report.content.iter().map(|text| format!("<p>{text}</p>")).collect();
                    json!({ "type": "html", "value": body })
                }
            };
            news.push(new);
        }
        line["new"] = news.into();
        Ok(line)
    }
}

fn utc(at: DateTime<FixedOffset>) -> String {
    at.with_timezone(&Utc).to_rfc3339_opts(SecondsFormat::Millis, true)
}

fn hex(head: &str, draw: &mut Draw) -> String {
    let text = format!("{head}{:016x}{:016x}", draw.next(), draw.next());
    text[..32].to_owned()
}

/// A line as if it had been written at another time.
fn dated(line: &Value, at: DateTime<FixedOffset>) -> Value {
    let (mut line, at) = (line.clone(), Value::from(utc(at)));
    if line.get("at").is_some() {
        line["at"] = at.clone();
    }
    if let Some(state) = line.get_mut("state") {
        for name in ["scheduled", "full_at", "good_at", "news_at"] {
            if state.get(name).is_some() {
                state[name] = at.clone();
            }
        }
    }
    line
}

struct Writer {
    seq: u64,
    /// Lines of the frame that is being filled.
    lines: Vec<u8>,
    held: usize,
    segment: Option<File>,
    number: u32,
}

impl Writer {
    fn next_segment(&mut self, journal: &Path, date: DateTime<FixedOffset>) -> Result<()> {
        self.close()?;
        self.number += 1;
        let date = date.with_timezone(&Utc).format("%Y-%m-%d");
        self.segment = Some(File::create(journal.join(format!("{:08}-{date}.ndjson.zst", self.number)))?);
        Ok(())
    }

    fn line(&mut self, mut line: Value) -> Result<()> {
        self.seq += 1;
        line["seq"] = self.seq.into();
        line["round"] = self.seq.into();
        serde_json::to_writer(&mut self.lines, &line)?;
        self.lines.push(b'\n');
        self.held += 1;
        if self.held == A_FRAME { self.frame() } else { Ok(()) }
    }

    fn frame(&mut self) -> Result<()> {
        let mut encoder = zstd::Encoder::new(Vec::new(), 3)?;
        encoder.include_checksum(true)?;
        encoder.write_all(&self.lines)?;
        self.segment.as_mut().context("a segment is open")?.write_all(&encoder.finish()?)?;
        self.lines.clear();
        self.held = 0;
        Ok(())
    }

    fn close(&mut self) -> Result<()> {
        if self.held > 0 {
            self.frame()?;
        }
        if let Some(segment) = self.segment.take() {
            segment.sync_all()?;
        }
        Ok(())
    }
}
