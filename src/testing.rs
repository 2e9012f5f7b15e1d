//! Shared by the unit tests of several modules: records of every kind, made from small numbers, and
//! whole workloads made from a seed.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta};
use uuid::Uuid;

use crate::decide::rules::Rules;
use crate::ledger::apply::apply;
use crate::ledger::store::{Backend, Batch, MemoryBackend, Octets, Pairs, Store, StoreError};
use crate::model::entry::{Body, Link, ParsedEntry};
use crate::model::identity::{Fingerprint, IdentityKey};
use crate::model::outcome::Outcome;
use crate::model::poll_state::{FeedFacts, PollState};
use crate::model::record::{
    Assignment, ChangedEntry, ConfigRecord, Expiry, JoinedStory, LINE_VERSION, Line, NewEntry, Observation,
    PollRecord, Record, Withdrawal,
};
use crate::model::region::{RegionId, RegionTable};
use crate::model::source::{RegionRule, SourceDef, SourceId};
use crate::model::story::Reason;
use crate::model::time::{Stamp, Time};

/// Seconds after the start of a day in 2026.
pub(crate) fn at(seconds: i64) -> Time {
    DateTime::from_timestamp(1_795_392_000 + seconds, 0).expect("an instant")
}

pub(crate) fn id(source: &str) -> SourceId {
    SourceId::new(source)
}

/// An identity key of 32 hexadecimal digits, as the journal writes it.
pub(crate) fn key(n: u64) -> IdentityKey {
    // The store tells keys apart by their first octets.
    serde_json::from_str(&format!("\"{:032x}\"", u128::from(n) << 64)).expect("a key")
}

pub(crate) fn fingerprint(n: u64) -> Fingerprint {
    serde_json::from_str(&format!("\"{n:032x}\"")).expect("a fingerprint")
}

pub(crate) fn fixed(regions: &[&str]) -> RegionRule {
    RegionRule::Fixed(regions.iter().map(|r| RegionId::new(r)).collect())
}

pub(crate) fn def(source: &str, region: RegionRule) -> SourceDef {
    let url = format!("https://{source}.example/feed");
    SourceDef { id: id(source), title: None, url, region, rights: None, priority: 0 }
}

pub(crate) fn rules(defs: &[SourceDef]) -> Rules {
    renamed(defs, &[])
}

pub(crate) fn renamed(defs: &[SourceDef], renames: &[(&str, &str)]) -> Rules {
    let renames = renames.iter().map(|(old, new)| (id(old), id(new)));
    Rules::new(&RegionTable::builtin(), Vec::new(), defs.to_vec(), renames)
}

pub(crate) fn config(seconds: i64, sources: &[SourceDef], gone: &[&str]) -> Record {
    Record::Config(ConfigRecord {
        at: at(seconds),
        instance: Uuid::from_u128(7),
        fingerprint: format!("config of {seconds}"),
        sources: sources.to_vec(),
        gone: gone.iter().map(|g| id(g)).collect(),
    })
}

pub(crate) fn poll_record(source: &str, seconds: i64, outcome: Outcome) -> PollRecord {
    let state = PollState { scheduled: Some(at(seconds)), ..PollState::default() };
    PollRecord { at: at(seconds), source: id(source), outcome, state, turn: None, pages: Vec::new() }
}

pub(crate) fn poll(source: &str, seconds: i64) -> Record {
    Record::Poll(poll_record(source, seconds, Outcome::NotModified))
}

pub(crate) fn seen(source: &str, seconds: i64, new: Vec<NewEntry>, changed: Vec<ChangedEntry>) -> Record {
    let (n, c) = (u32::try_from(new.len()).expect("few"), u32::try_from(changed.len()).expect("few"));
    let outcome = Outcome::Fetched { entries: n + c, new: n, changed: c, repairs: Vec::new() };
    let poll = poll_record(source, seconds, outcome);
    Record::Observation(Observation { poll, feed: None, new, changed, left: Vec::new() })
}

/// An entry with a title and a page, dated by `published`.
pub(crate) fn body(title: &str, published: Option<Stamp>) -> ParsedEntry {
    let href = format!("https://news.example/{}", title.len());
    let page = Link { href, rel: "alternate".to_owned(), ..Link::default() };
    ParsedEntry { title: Some(title.to_owned()), links: vec![page], published, ..ParsedEntry::default() }
}

pub(crate) fn new(n: u64, entry: ParsedEntry) -> NewEntry {
    NewEntry {
        published_id: format!("urn:entry:{n}"),
        keys: vec![key(n)],
        fingerprint: fingerprint(n),
        entry,
        backlog: false,
        story: None,
        decision: None,
    }
}

/// The same entry, found to tell what another one tells.
pub(crate) fn joining(entry: NewEntry, with: u64) -> NewEntry {
    NewEntry {
        story: Some(JoinedStory { with: urn(with), reason: Reason::SameTitle, related: false }),
        ..entry
    }
}

pub(crate) fn changed(n: u64, entry: ParsedEntry) -> ChangedEntry {
    let published_id = format!("urn:entry:{n}");
    ChangedEntry {
        published_id,
        keys: Vec::new(),
        fingerprint: fingerprint(n + 1_000_000),
        entry,
        renamed: false,
        decision: None,
    }
}

/// The records as lines, each a round of its own.
pub(crate) fn lines(records: impl IntoIterator<Item = Record>) -> Vec<Line> {
    (1..).zip(records).map(|(seq, record)| Line { v: LINE_VERSION, seq, round: seq, record }).collect()
}

pub(crate) fn fold(store: &Store, lines: &[Line], rules: &Rules) {
    for line in lines {
        let changes = apply(store, line, rules).expect("a sound store");
        store.commit(&changes).expect("a sound store");
    }
}

pub(crate) fn memory() -> Store {
    Store::new(Box::<MemoryBackend>::default())
}

/// A store in memory with these lines folded in.
pub(crate) fn folded(lines: &[Line], rules: &Rules) -> Store {
    let store = memory();
    fold(&store, lines, rules);
    store
}

/// Small numbers from a seed: the same on every machine.
pub(crate) struct Draw(u64);

impl Draw {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn below(&mut self, n: u64) -> u64 {
        // xorshift64*
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % n
    }

    pub(crate) fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        let n = self.below(from.len() as u64);
        from[usize::try_from(n).expect("small")]
    }

    /// Text that does not compress.
    pub(crate) fn noise(&mut self, len: usize) -> String {
        (0..len).map(|_| char::from(b'!' + u8::try_from(self.below(90)).expect("below 90"))).collect()
    }
}

/// The sources of [`workload`]: one of each region rule.
pub(crate) fn sources() -> Vec<SourceDef> {
    let routed = RegionRule::Routed(vec![RegionId::new("xinjiang")]);
    vec![def("fixed", fixed(&["henan"])), def("auto", RegionRule::Auto), def("routed", routed)]
}

const TITLES: [&str; 7] = [
    "河南安阳殷墟发现新的甲骨坑",
    "新疆和兵团签署合作协议",
    "全国铁路调整运行图",
    "广东珠海开通新的航线",
    "",
    "台风登陆，浙江福建发布预警",
    "四川凉山一村庄通电",
];

/// A journal of `count` lines as a daemon might write it, with clocks that jump, entries that are
/// rewritten, tell the same story, expire and are forgotten, sources that leave and come back, and bodies of
/// every size.
pub(crate) fn workload(seed: u64, count: usize) -> Vec<Line> {
    let (mut draw, sources) = (Draw::new(seed), sources());
    let mut records = vec![config(0, &sources, &[])];
    let (mut now, mut next) = (60, 1);
    let mut theirs: BTreeMap<usize, Vec<u64>> = BTreeMap::new();
    let mut expired: Vec<u64> = Vec::new();
    while records.len() < count {
        now += if draw.one_in(9) { -400 } else { i64::try_from(draw.below(900)).expect("small") };
        let n = usize::try_from(draw.below(sources.len() as u64)).expect("small");
        let source = sources[n].id.as_str();
        records.push(match draw.below(12) {
            0 | 1 => poll(source, now),
            3 if next > 1 => Record::Withdraw(Withdrawal {
                at: at(now),
                published_id: format!("urn:entry:{}", 1 + draw.below(next)),
            }),
            5 if next > 1 && draw.one_in(2) => Record::Assign(Assignment {
                at: at(now),
                published_id: format!("urn:entry:{}", 1 + draw.below(next)),
                regions: match draw.below(3) {
                    0 => None,
                    1 => Some(Vec::new()),
                    _ => Some(vec![RegionId::new("henan"), RegionId::new("hubei")]),
                },
            }),
            4 if next > 1 => {
                let forgotten = expired.iter().filter(|_| draw.one_in(2)).map(|n| urn(*n)).collect();
                let entries: Vec<u64> = (0..draw.below(5)).map(|_| 1 + draw.below(next)).collect();
                expired.extend(&entries);
                let entries = entries.into_iter().map(urn).collect();
                Record::Expire(Expiry { at: at(now), entries, forgotten, ..Expiry::default() })
            }
            // The operator forgets a source; a crash may have left some of its entries. Not soon, so that short workloads
            // keep their first entries.
            6 if records.len() > 14 && draw.one_in(3) => {
                let erased = theirs.remove(&n).unwrap_or_default();
                let erased = erased.into_iter().filter(|_| !draw.one_in(9)).map(urn).collect();
                let sources = vec![sources[n].id.clone()];
                Record::Expire(Expiry { at: at(now), erased, sources, ..Expiry::default() })
            }
            2 if draw.one_in(2) => config(now, &[], &[source]),
            2 => config(now, &sources, &[]),
            _ => {
                let known = theirs.entry(n).or_default();
                let mut rewritten = Vec::new();
                if !known.is_empty() && draw.one_in(2) {
                    rewritten.push(changed(draw.pick(known), random_body(&mut draw, now)));
                }
                let fresh: Vec<u64> = (next..next + draw.below(4)).collect();
                next += fresh.len() as u64;
                known.extend(&fresh);
                let new = fresh.iter().map(|no| {
                    let entry = new(*no, random_body(&mut draw, now));
                    if draw.one_in(3) { joining(entry, 1 + draw.below(next)) } else { entry }
                });
                let new = new.collect();
                let mut record = seen(source, now, new, rewritten);
                if let Record::Observation(seen) = &mut record {
                    let title = Some(format!("Feed of {now}"));
                    seen.feed = draw.one_in(3).then(|| FeedFacts { title, ..FeedFacts::default() });
                }
                record
            }
        });
    }
    lines(records)
}

fn urn(n: u64) -> String {
    format!("urn:entry:{n}")
}

fn random_body(draw: &mut Draw, now: i64) -> ParsedEntry {
    let date = at(now) + TimeDelta::seconds(i64::try_from(draw.below(200_000)).expect("small") - 150_000);
    let stamp = match draw.below(4) {
        0 => None,
        1 => Some(Stamp::day(date)),
        _ => Some(Stamp::second(date)),
    };
    let mut entry = body(draw.pick(&TITLES), stamp);
    let len = draw.pick(&[0, 0, 0, 40, 40, 40, 40, 300, 300, 300, 6_000]);
    entry.summary = (len > 0).then(|| Body::Text(draw.noise(len)));
    entry.updated = draw.one_in(3).then(|| Stamp::second(date + TimeDelta::hours(1)));
    entry
}

/// A backend that refuses everything, as sled does after its first error.
pub(crate) struct OutOfUse;

impl Backend for OutOfUse {
    fn get(&self, _: &[u8]) -> Result<Option<Octets>, StoreError> {
        Err(StoreError::backend("it failed before"))
    }
    fn scan(&self, _: &[u8], _: &[u8]) -> Pairs<'_> {
        Box::new(std::iter::once(self.get(&[]).map(|_| unreachable!("it fails"))))
    }
    fn scan_back(&self, from: &[u8], to: &[u8]) -> Pairs<'_> {
        self.scan(from, to)
    }
    fn commit(&self, _: Batch) -> Result<(), StoreError> {
        self.get(&[]).map(drop)
    }
    fn flush(&self) -> Result<(), StoreError> {
        self.get(&[]).map(drop)
    }
}
