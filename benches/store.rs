//! Measures the store for each entry: time to encode and to write, octets of rows and on disk, reads. Entries come
//! from templates, in polls of thirty, in groups of 64 polls. Durations are for comparing two
//! versions on one machine: `cargo bench --bench store -- [entries] [polls a group] [directory]`.

#![expect(clippy::disallowed_methods, reason = "a measurement reads the clock")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta};
use dibao::decide::identity::{self, candidates};
use dibao::ledger::store::{Backend, Batch, Octets, Pairs, SledBackend, Store, StoreError};
use dibao::model::entry::{Body, Link, ParsedEntry, Person};
use dibao::model::evidence::{Evidence, Place as Where, Rule};
use dibao::model::feed_key::FeedKey;
use dibao::model::poll_state::{FeedFacts, PollState};
use dibao::model::record::NewEntry;
use dibao::model::region::RegionId;
use dibao::model::source::{RegionRule, SourceDef, SourceId};
use dibao::model::state::{
    BacklogKey, Changes, FeedState, Listing, ListingKey, Meta, Position, Rank, Reached, SourceState, State,
};
use dibao::model::stored::{Entry, EntryNo};
use dibao::model::time::{Stamp, Time};

const SOURCES: u32 = 1000;
const ITEMS: u32 = 30;

/// Keeps nothing, and counts what it is given by the first octet of its keys.
#[derive(Default)]
struct Counting(Arc<Mutex<BTreeMap<u8, (u64, u64)>>>);

impl Backend for Counting {
    fn get(&self, _: &[u8]) -> Result<Option<Octets>, StoreError> {
        Ok(None)
    }
    fn scan(&self, _: &[u8], _: &[u8]) -> Pairs<'_> {
        Box::new(std::iter::empty())
    }
    fn scan_back(&self, _: &[u8], _: &[u8]) -> Pairs<'_> {
        Box::new(std::iter::empty())
    }
    fn commit(&self, batch: Batch) -> Result<(), StoreError> {
        let mut counts = self.0.lock().expect("one thread");
        for (key, value) in &batch.writes {
            let (rows, octets) = counts.entry(key[0]).or_default();
            *rows += 1;
            *octets += (key.len() + value.as_ref().map_or(0, |value| value.len())) as u64;
        }
        Ok(())
    }
    fn flush(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

/// Small numbers from a seed (xorshift64*).
struct Draw(u64);

impl Draw {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % n
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }
}

const REGIONS: [(&str, &str); 6] = [
    ("anhui", "安徽"),
    ("beijing", "北京"),
    ("fujian", "福建"),
    ("henan", "河南"),
    ("xinjiang", "新疆"),
    ("zhejiang", "浙江"),
];
const TOPICS: [&str; 12] =
    ["防汛", "春耕", "高铁", "文旅", "招商", "就业", "教育", "医保", "养老", "环保", "光伏", "港口"];
const VERBS: [&str; 10] = ["启动", "推进", "召开", "发布", "举办", "完成", "突破", "增长", "亮相", "落地"];
const TAILS: [&str; 6] =
    ["现场气氛热烈", "群众点赞", "多部门联动", "成效初显", "预计年内完工", "数据显示同比增长"];

fn text(draw: &mut Draw, region: &str, topic: &str, sentences: usize) -> String {
    let sentence = |draw: &mut Draw| {
        let (n, m) = (draw.below(100_000), draw.below(1_000_000));
        match draw.below(6) {
            0 => format!("据当地有关部门介绍，今年以来围绕{topic}工作，坚持统筹推进、分类施策"),
            1 => format!("记者在现场看到，{region}各级干部深入一线，{}相关项目", draw.pick(&VERBS)),
            2 => format!("下一步，{region}将继续在{topic}领域发力，{}", draw.pick(&TAILS)),
            3 => format!("业内人士认为，{topic}的{}将带动上下游企业协同发展", draw.pick(&VERBS)),
            4 => format!("截至目前，累计投入资金{n}万元，惠及群众{m}人次"),
            _ => format!("同时，{region}还建立了常态化机制，{}", draw.pick(&TAILS)),
        }
    };
    (0..sentences).map(|_| sentence(draw) + "。").collect()
}

/// A poll's entries as a journal has them.
fn poll(draw: &mut Draw, n: u32, at: Time) -> Vec<NewEntry> {
    let (_, region) = REGIONS[n as usize % REGIONS.len()];
    let entries: Vec<ParsedEntry> = (0..ITEMS)
        .map(|item| {
            let topic = draw.pick(&TOPICS);
            let (verb, tail, id) = (draw.pick(&VERBS), draw.pick(&TAILS), draw.below(1 << 31));
            let when = at - TimeDelta::minutes(37 * i64::from(item) + i64::from(n % 60));
            let href = format!("http://news{n:05}.example.com/{}/{id}.shtml", when.format("%Y/%m-%d"));
            let few = 2 + draw.below(4);
            let summary = Some(Body::Text(text(draw, region, topic, few)));
            let many = 12 + draw.below(12);
            let content = (draw.below(4) == 0)
                .then(|| Body::Html(format!("<p>{}</p>", text(draw, region, topic, many))));
            ParsedEntry {
                id: Some(href.clone()),
                title: Some(format!("{region}{verb}{topic}项目：{tail}（{}）", id % 10_000)),
                links: vec![Link { href, rel: "alternate".to_owned(), ..Link::default() }],
                published: Some(Stamp::second(when)),
                authors: vec![Person { name: "编辑".to_owned(), ..Person::default() }],
                summary,
                content,
                ..ParsedEntry::default()
            }
        })
        .collect();
    let found = candidates(&entries, chrono_tz::Asia::Shanghai);
    entries
        .into_iter()
        .zip(found)
        .map(|(entry, candidate)| NewEntry {
            published_id: identity::original_iri(entry.id.as_deref()).expect("an address"),
            keys: candidate.to_record(),
            fingerprint: candidate.fingerprint,
            entry,
            backlog: false,
            story: None,
            decision: None,
        })
        .collect()
}

/// What all polls so far come to.
struct World {
    meta: Meta,
    sources: Vec<SourceState>,
    feeds: BTreeMap<FeedKey, FeedState>,
    /// Each entry's line compressed alone, and all of them in frames of a group.
    alone: u64,
    framed: u64,
}

impl World {
    fn new(at: Time) -> Self {
        let source = |n: u32| {
            let id = SourceId::new(&format!("news{n:05}"));
            let (region, name) = REGIONS[n as usize % REGIONS.len()];
            let region = RegionRule::Fixed(vec![RegionId::new(region)]);
            let url = format!("http://127.0.0.1:8899/feeds/{n:05}.xml");
            let def = SourceDef {
                id,
                title: Some(format!("{name}新闻{n:05}")),
                url,
                region,
                rights: None,
                priority: 0,
            };
            let mut state = SourceState::new(n + 1, def);
            let home = Some(format!("http://news{n:05}.example.com/"));
            state.facts = FeedFacts { title: state.def.title.clone(), home, ..FeedFacts::default() };
            state.poll = PollState { scheduled: Some(at), ..PollState::default() };
            state
        };
        Self {
            meta: Meta::empty("rules"),
            sources: (0..SOURCES).map(source).collect(),
            feeds: BTreeMap::new(),
            alone: 0,
            framed: 0,
        }
    }

    /// What one poll changes.
    fn fold(&mut self, changes: &mut Changes, n: u32, at: Time, new: Vec<NewEntry>) {
        self.meta.seq += 1;
        let (seq, round) = (self.meta.seq, self.meta.seq);
        let state = &mut self.sources[n as usize];
        let first = !state.seeded;
        state.seeded = true;
        let (id, source) = (state.def.id.clone(), state.no);
        let (region, name) = REGIONS[n as usize % REGIONS.len()];
        for (place, new) in (0..).zip(new) {
            let no = self.meta.next_no;
            self.meta.next_no += 1;
            self.meta.entries += 1;
            state.entries += 1;
            let published = new.entry.published.map_or(at, |stamp| stamp.not_after(at));
            let backlog = first.then_some(place);
            let evidence = Evidence {
                region: RegionId::new(region),
                text: name.to_owned(),
                place: Where::Title,
                rule: Rule::Province,
            };
            let entry = Entry {
                id: new.published_id,
                source: id.clone(),
                first_seen: at,
                surfaced: if first { published } else { at },
                backlog,
                published,
                updated: published,
                fingerprint: new.fingerprint,
                rewrites: 0,
                keys: new.keys,
                regions: vec![evidence],
                story: None,
                decision: None,
                assigned: None,
                withdrawn: None,
                expired: None,
                seq,
                changed_seq: 0,
                round,
                body: new.entry,
            };
            changes.owners.insert(entry.id.clone(), Some(no));
            changes.known.extend(entry.keys.iter().map(|key| ((id.clone(), *key), Some(no))));
            for feed in entry.feeds() {
                let key = ListingKey { feed: feed.clone(), backlog: first, rank: Rank::of(no, &entry) };
                changes.places.insert(key, Some(Listing { source, backlog, story: None }));
                if first {
                    let seen = BacklogKey { feed: feed.clone(), first_seen: at, seq };
                    changes.backlogs.entry(seen).or_default().push(no);
                }
                let state = self.feeds.entry(feed.clone()).or_insert_with(|| FeedState {
                    updated: at,
                    changed_at: at,
                    changed_seq: seq,
                    revised_at: at,
                    revised_seq: 0,
                    entries: 0,
                    left: Default::default(),
                });
                state.entries += 1;
                state.changed_seq = seq;
                changes.feeds.insert(feed, state.clone());
            }
            changes.entries.insert(no, Some(entry));
        }
        changes.sources.insert(id, state.clone());
    }

    /// A group of polls.
    fn group(&mut self, draw: &mut Draw, polls: &[(u32, Time)]) -> Changes {
        let mut changes = Changes::default();
        let mut lines = Vec::new();
        for (n, at) in polls {
            let new = poll(draw, *n, *at);
            for entry in &new {
                let line = serde_json::to_vec(entry).expect("JSON");
                self.alone += zstd::bulk::compress(&line, 3).expect("compressed").len() as u64;
                lines.extend(line);
            }
            self.fold(&mut changes, *n, *at, new);
        }
        self.framed += zstd::bulk::compress(&lines, 3).expect("compressed").len() as u64;
        self.meta.sources = SOURCES;
        changes.meta = Some(self.meta.clone());
        changes.position =
            Some(Reached { position: Position { segment: 1, offset: self.framed }, checksum: None });
        changes
    }
}

fn disk(dir: &Path) -> u64 {
    let entries = std::fs::read_dir(dir).expect("a directory").flatten();
    let size = |entry: std::fs::DirEntry| match entry.metadata() {
        Ok(data) if data.is_dir() => disk(&entry.path()),
        Ok(data) => data.len(),
        Err(_) => 0,
    };
    entries.map(size).sum()
}

/// What this thread has spent on a processor, so that other work on the machine does not count.
fn spent() -> Duration {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux says so");
    let nanos = stat.split(' ').next().and_then(|nanos| nanos.parse().ok());
    Duration::from_nanos(nanos.expect("the first number"))
}

fn micros(of: Duration, count: u64) -> f64 {
    of.as_secs_f64() * 1e6 / count as f64
}

fn main() {
    let mut args = std::env::args().skip(1).filter(|arg| !arg.starts_with("--"));
    let wanted: u64 = args.next().and_then(|n| n.parse().ok()).unwrap_or(30_000);
    let group: usize = args.next().and_then(|n| n.parse().ok()).unwrap_or(64);
    let dir = args.next().map_or_else(|| std::env::temp_dir().join("dibao-bench-store"), PathBuf::from);
    let _ = std::fs::remove_dir_all(&dir);
    let start = DateTime::from_timestamp(1_795_392_000, 0).expect("an instant");
    let counting = Counting::default();
    let counts = Arc::clone(&counting.0);
    let dry = Store::new(Box::new(counting));
    let store = Store::new(Box::new(SledBackend::open(&dir).expect("sled opens")));
    let (mut world, mut draw) = (World::new(start), Draw(7));
    let (mut encode, mut commit, mut last) = (Duration::ZERO, Duration::ZERO, Duration::ZERO);
    let mut polls = (0..).flat_map(|round| {
        (0..SOURCES).map(move |n| (n, start + TimeDelta::hours(round) + TimeDelta::milliseconds(n.into())))
    });
    while world.meta.entries < wanted {
        let polled: Vec<(u32, Time)> = polls.by_ref().take(group).collect();
        let changes = world.group(&mut draw, &polled);
        let before = spent();
        dry.commit(&changes).expect("counted");
        encode += spent() - before;
        let before = spent();
        store.commit(&changes).expect("written");
        last = spent() - before;
        commit += last;
    }
    let n = world.meta.entries;
    let each = |octets: u64| octets as f64 / n as f64;
    println!("{n} entries in groups of {group} polls of {ITEMS}");
    println!(
        "encode {:.1} µs an entry, encode and sled {:.1}, in the last group {:.1}",
        micros(encode, n),
        micros(commit, n),
        micros(last, group as u64 * u64::from(ITEMS))
    );
    let names = [
        "", "meta", "source", "entry", "part", "known", "owner", "feed", "listed", "backlog", "seen",
        "member", "withdrawn", "position",
    ];
    let mut logical = 0;
    for (tag, (rows, octets)) in counts.lock().expect("one thread").iter() {
        println!(
            "  {:10} {:6.2} rows, {:7.1} octets an entry",
            names[usize::from(*tag)],
            each(*rows),
            each(*octets)
        );
        if !["meta", "source", "feed", "position"].contains(&names[usize::from(*tag)]) {
            logical += octets;
        }
    }
    let clock = Instant::now();
    store.flush().expect("flushed");
    println!("flush {:?}", clock.elapsed());
    let size = disk(&dir);
    println!(
        "an entry: {:.0} compressed alone, {:.0} in frames of a group; rows {:.0} ({:.2} x), disk {:.0} ({:.2} x rows)",
        each(world.alone),
        each(world.framed),
        each(logical),
        logical as f64 / world.alone as f64,
        each(size),
        size as f64 / logical as f64
    );
    println!(
        "journal and store {:.2} x what entries take alone",
        (size + world.framed) as f64 / world.alone as f64
    );
    if std::env::args().all(|arg| arg != "--write") {
        read(&store, n, &mut draw);
    }
    let clock = Instant::now();
    drop(store);
    println!("close {:?}, then on disk {:.0} an entry", clock.elapsed(), each(disk(&dir)));
    let clock = Instant::now();
    let store = Store::new(Box::new(SledBackend::open(&dir).expect("sled opens")));
    println!("open {:?}", clock.elapsed());
    drop(store);
    let _ = std::fs::remove_dir_all(&dir);
}

fn read(store: &Store, n: u64, draw: &mut Draw) {
    let time = |what: &str, times: u64, of: u64, work: &mut dyn FnMut()| {
        let before = spent();
        (0..times).for_each(|_| work());
        println!("{what}: {:.2} µs", micros(spent() - before, times * of));
    };
    let any = |draw: &mut Draw| 1 + draw.below(n as usize) as EntryNo;
    time("read one entry", 20_000, 1, &mut || {
        assert!(store.entry(any(draw)).expect("read").is_some());
    });
    time("ask whether thirty are known", 1_000, 1, &mut || {
        let id = SourceId::new(&format!("news{:05}", draw.below(SOURCES as usize)));
        let known = store.known(&id).expect("read");
        for _ in 0..30 {
            let key =
                serde_json::from_str(&format!("\"01010000{:024x}\"", draw.below(1 << 30))).expect("a key");
            assert!(known.get(&key).is_none());
        }
    });
    let henan = FeedKey::Region(RegionId::new("henan"));
    time("list a hundred", 1_000, 1, &mut || {
        assert_eq!(store.list(&henan, None, 100).expect("read").len(), 100);
    });
    time("read the hundred newest", 200, 1, &mut || {
        assert_eq!(store.newest(&henan, 100).expect("read").len(), 100);
    });
    time("read all entries from the newest, each", 1, n, &mut || {
        assert_eq!(store.newest_entries(None).filter(Result::is_ok).count() as u64, n);
    });
    time("check, an entry", 1, n, &mut || {
        if let Err(error) = store.check() {
            println!("{error}");
        }
    });
}
