//! Measures the journal: an append of a group of polls without the sync, and a replay of the whole journal, with
//! and without work on each line.
//!
//! `cargo bench --bench journal`. The journal is a temporary one of about 100,000 entries, 1.8 KB each.

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use chrono::NaiveDate;
use dibao::ledger::journal::{Journal, JournalError, replay};
use dibao::model::base::{Base, Counts};
use dibao::model::record::{LINE_VERSION, Line, NewEntry, Record};
use serde_json::json;

/// Groups of the journal that is read, polls a group, entries a poll.
const GROUPS: u64 = 52;
const POLLS: u64 = 64;
const ENTRIES: u64 = 30;

/// A small generator of its own: the same texts on every run and machine.
struct World(u64);

impl World {
    fn draw(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }

    /// Words of two characters; few are common and many are rare, as in a language.
    fn words(&mut self, count: u64) -> String {
        let mut text = String::new();
        for n in 1..=count {
            let ceiling = 1 + self.draw(6_000);
            let rank = self.draw(ceiling);
            for part in [rank / 80, 100 + rank % 80] {
                text.extend(char::from_u32(0x4e00 + part as u32 * 7));
            }
            if n % 6 == 0 {
                text.push('，');
            }
        }
        text
    }

    fn entry(&mut self, source: u64, n: u64) -> serde_json::Value {
        let link = format!("https://source-{source}.example/news/2026/11/{n}.html");
        let key = |world: &mut Self| {
            format!(
                "{:08x}{:08x}{:08x}{n:08x}",
                world.draw(1 << 31),
                world.draw(1 << 31),
                world.draw(1 << 31)
            )
        };
        json!({
            "published_id": format!("urn:uuid:{}", key(self)),
            "keys": [key(self), key(self), key(self)],
            "fingerprint": key(self),
            "entry": {
                "id": link, "title": self.words(10),
                "links": [{"href": link, "rel": "alternate", "media_type": "text/html"}],
                "published": null, "updated": null,
                "authors": [{"name": self.words(2)}], "contributors": [],
                "categories": [{"term": self.words(1)}],
                "summary": {"type": "text", "value": self.words(40)},
                "content": {"type": "html", "value": format!("<p>{}</p><p>{}</p>", self.words(50), self.words(50))},
                "rights": null, "language": "zh-CN",
            },
        })
    }

    fn poll(&mut self, source: u64, n: u64) -> Record {
        let new: Vec<_> = (0..ENTRIES).map(|entry| self.entry(source, n * ENTRIES + entry)).collect();
        let poll = json!({
            "kind": "observation", "at": "2026-11-01T00:00:01Z", "source": format!("source-{source}"),
            "outcome": {"is": "fetched", "entries": ENTRIES, "new": ENTRIES, "changed": 0},
            "state": {"scheduled": "2026-11-01T00:00:00Z", "validators": {"etag": "\"1\"", "last_modified": null}},
            "new": new,
        });
        serde_json::from_value(poll).expect("a record")
    }

    fn group(&mut self, n: u64) -> Vec<Record> {
        (0..POLLS).map(|source| self.poll(source, n)).collect()
    }
}

#[expect(clippy::disallowed_methods, reason = "nothing is decided by it: it is what is measured")]
fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let began = Instant::now();
    let done = work();
    (done, began.elapsed())
}

/// The best of three, in microseconds an entry.
fn report(what: &str, entries: u64, mut work: impl FnMut() -> Duration) {
    let best = (0..3).map(|_| work()).min().unwrap_or_default();
    println!(
        "{what:<44} {:>8.2} µs an entry  {:>8.3} s",
        best.as_secs_f64() * 1e6 / entries as f64,
        best.as_secs_f64()
    );
}

fn read(dir: &Path, mut each: impl FnMut(Line)) -> Duration {
    let (losses, took) = timed(|| {
        replay(dir, None, &mut |line, _| -> Result<(), JournalError> {
            each(line);
            Ok(())
        })
    });
    assert!(losses.expect("it can be read").is_empty());
    took
}

/// As much to do as a line's way into the store may be.
fn work(line: &Line) -> usize {
    let text = serde_json::to_vec(line).expect("JSON");
    zstd::bulk::compress(&text, 1).expect("memory").len()
}

/// A base of the same entries, as a compaction writes them.
fn base(journal: &mut Journal, groups: &[Vec<Record>], today: NaiveDate) {
    let at = json!("2026-11-01T00:00:01Z");
    let mut writer = journal.begin_base(today).expect("begun");
    let head = json!({"of": "head", "at": at, "newest_at": at, "instance": uuid::Uuid::nil(), "config_at": at, "config": ""});
    writer.push(serde_json::from_value(head).expect("a head")).expect("written");
    let mut no = 0;
    for record in groups.iter().flatten() {
        let Record::Observation(observation) = record else { continue };
        let mut entry = |new: &NewEntry| {
            no += 1;
            json!({"no": no, "entry": {
                "id": new.published_id, "source": observation.poll.source, "first_seen": at, "surfaced": at,
                "published": at, "updated": at, "fingerprint": new.fingerprint, "keys": new.keys, "seq": no,
                "round": no, "body": new.entry,
            }})
        };
        let entries: Vec<_> = observation.new.iter().map(&mut entry).collect();
        let part = json!({"of": "entries", "at": at, "entries": entries});
        writer.push(serde_json::from_value(part).expect("entries")).expect("written");
    }
    let counts = Counts { entries: no, ..Counts::default() };
    writer.push(Base::End(counts.end(chrono::DateTime::default(), no + 1))).expect("written");
    let base = journal.put_in_place(writer.finish().expect("read back")).expect("named");
    journal.keep_from(&base).expect("removed");
}

fn main() {
    let dir = tempfile::TempDir::new().expect("a directory");
    let today = NaiveDate::from_ymd_opt(2026, 11, 1).expect("a day");
    let (mut journal, _) = Journal::open(dir.path(), today, None).expect("a journal");
    let mut world = World(7);
    let groups: Vec<_> = (0..GROUPS).map(|n| world.group(n)).collect();
    let entries = GROUPS * POLLS * ENTRIES;
    let text: usize = groups[0].iter().map(|r| serde_json::to_vec(r).expect("JSON").len()).sum();
    println!("{entries} entries, {} octets of JSON an entry", text as u64 / (POLLS * ENTRIES));
    for group in &groups {
        let group = group.clone();
        journal.append(group, today).expect("appended");
        journal.sync().expect("synced");
    }
    let disk = journal.files().expect("listed").iter().map(|(_, len)| len).sum::<u64>();
    println!("{} octets on disk an entry", disk / entries);

    report("append a group of 64 polls, no sync", POLLS * ENTRIES, || {
        let scratch = tempfile::TempDir::new().expect("a directory");
        let (mut journal, _) = Journal::open(scratch.path(), today, None).expect("a journal");
        let mut total = Duration::ZERO;
        for group in &groups[..10] {
            let group = group.clone();
            total += timed(|| journal.append(group, today).expect("appended")).1;
        }
        total / 10
    });
    report("append 64 polls one at a time, one entry each", POLLS, || {
        let scratch = tempfile::TempDir::new().expect("a directory");
        let (mut journal, _) = Journal::open(scratch.path(), today, None).expect("a journal");
        let mut group = groups[0].clone();
        for record in &mut group {
            if let Record::Observation(observation) = record {
                observation.new.truncate(1);
            }
        }
        let groups: Vec<_> = group.into_iter().map(|record| vec![record]).collect();
        timed(|| groups.into_iter().for_each(|group| drop(journal.append(group, today).expect("appended")))).1
    });
    report("read the journal, nothing done", entries, || read(dir.path(), |line| drop(black_box(line))));
    report("the work alone", entries, || {
        let lines: Vec<_> = (1..)
            .zip(groups.iter().flatten().cloned())
            .map(|(seq, record)| Line { v: LINE_VERSION, seq, round: seq, record })
            .collect();
        timed(|| lines.iter().map(work).map(black_box).sum::<usize>()).1
    });
    report("read the journal, work done", entries, || read(dir.path(), |line| _ = black_box(work(&line))));
    let known = (journal.seq(), journal.position());
    let open = |known| timed(|| Journal::open(dir.path(), today, known).expect("a journal")).1;
    report("open the journal", entries, || open(None));
    report("open the journal at a known place", entries, || open(Some(known)));
    base(&mut journal, &groups, today);
    report("read a base, nothing done", entries, || read(dir.path(), |line| drop(black_box(line))));
}
