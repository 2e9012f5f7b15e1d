//! Histories of made-up feeds, a poll an hour, busy and quiet ones. For each habit of publishers it counts entries
//! that are lost (never found as new, or overwritten by another) and entries that are repeated.
//! `cargo test --test it histories:: -- --nocapture` prints the table.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Asia::Shanghai;
use dibao::decide::diff::{self, Findings, Manner, Origin};
use dibao::decide::rules::Rules;
use dibao::ledger::apply::apply;
use dibao::ledger::store::{MemoryBackend, Store};
use dibao::model::entry::{Body, Category, Link, ParsedEntry, ParsedFeed};
use dibao::model::outcome::Outcome;
use dibao::model::poll_state::PollState;
use dibao::model::record::{ConfigRecord, LINE_VERSION, Line, NewEntry, Observation, PollRecord, Record};
use dibao::model::region::{RegionId, RegionTable};
use dibao::model::source::{RegionRule, SourceDef, SourceId};
use dibao::model::state::State;
use dibao::model::time::{Precision, Stamp};

/// Polls of a history.
const POLLS: usize = 250;
/// New entries of a document, and how many polls it stays as it is.
const NEW: usize = 2;
const PACES: [usize; 2] = [1, 3];
/// Entries of a document.
const WINDOW: usize = 12;
/// The most that may be lost and repeated, for 10,000 entries of all histories together.
const MAX_LOST: usize = 3;
const MAX_REPEATED: usize = 12;

/// What a document says of one entry.
#[derive(Default)]
struct Said {
    guid: Option<String>,
    link: Option<String>,
    title: String,
    date: Option<DateTime<Utc>>,
    by_day: bool,
    text: String,
}

/// How the entry `n` stands in the document of a poll, `place` from its top.
type Habit = fn(n: usize, poll: usize, place: usize) -> Said;

fn begin() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).expect("an instant")
}

fn date(n: usize) -> Option<DateTime<Utc>> {
    Some(begin() + TimeDelta::minutes(30 * i64::try_from(n).expect("small")))
}

const WHO: [&str; 7] = ["水利局", "气象台", "交警支队", "市图书馆", "农业农村局", "地铁公司", "教育局"];
const WHAT: [&str; 11] = [
    "公布汛期值守安排",
    "发布大风提醒",
    "调整夜间限行",
    "延长开放时间",
    "启动秋粮收购",
    "增开加班列车",
    "公示学区划分",
    "检修供水管线",
    "表彰先进集体",
    "征集便民建议",
    "通报抽检结果",
];

fn title(n: usize) -> String {
    format!("{}{}（{}区{n}号）", WHO[n % WHO.len()], WHAT[n % WHAT.len()], n % 13)
}

fn text(n: usize) -> String {
    let (who, what) = (WHO[n * 3 % WHO.len()], WHAT[n * 5 % WHAT.len()]);
    format!(
        "{who}第{n}次会议决定{what}，共有{}人参加，预算{}万元，工期{}天。",
        n * 7 + 3,
        n * 11 % 997,
        n % 89 + 2
    )
}

/// An entry with a guid, a page, a date and a text of its own.
fn plain(n: usize) -> Said {
    let link = Some(format!("https://news.example/2027/{}.html", 100_000 + n * 17));
    Said { guid: link.clone(), link, title: title(n), date: date(n), by_day: false, text: text(n) }
}

fn url(path: &str) -> Option<String> {
    Some(format!("https://news.example/{path}"))
}

const HABITS: [(&str, Habit); 20] = [
    ("guid, page and date of its own", |n, _, _| plain(n)),
    ("another guid at every poll", |n, poll, _| Said { guid: Some(format!("{poll}-{n}")), ..plain(n) }),
    ("no guid", |n, _, _| Said { guid: None, ..plain(n) }),
    ("no guid, a token in the link", |n, poll, _| Said {
        guid: None,
        link: url(&format!("read?id={n}&token={}", poll * 7919)),
        ..plain(n)
    }),
    ("the place in the list as guid", |n, _, place| Said { guid: Some(place.to_string()), ..plain(n) }),
    ("the same, without dates", |n, _, place| Said { guid: Some(place.to_string()), date: None, ..plain(n) }),
    ("one guid and one link for all", |n, _, _| Said {
        guid: Some("news".to_owned()),
        link: url("index.html"),
        ..plain(n)
    }),
    ("one link for all, guids", |n, _, _| Said { link: url("notices"), ..plain(n) }),
    ("one link for all, no guid", |n, _, _| Said { guid: None, link: url("notices"), ..plain(n) }),
    ("the site moves", |n, poll, _| {
        let host = if poll < POLLS / 2 { "old.example" } else { "new.example/news" };
        let link = Some(format!("https://{host}/{}.html", 100_000 + n * 17));
        Said { guid: link.clone(), link, ..plain(n) }
    }),
    ("guids are issued anew once", |n, poll, _| Said {
        guid: Some(format!("v{}-{n}", 2 * poll / POLLS)),
        ..plain(n)
    }),
    ("http and https by turns", |n, poll, _| {
        let scheme = if poll % 2 == 0 { "http" } else { "https" };
        let link = Some(format!("{scheme}://www.news.example/{n}"));
        Said { guid: link.clone(), link, ..plain(n) }
    }),
    ("days only, no guid", |n, _, _| Said { guid: None, by_day: true, ..plain(n) }),
    ("one title for all, guids", |n, _, _| Said { title: "停水通知".to_owned(), ..plain(n) }),
    ("one title and one link for all, guids", |n, _, _| Said {
        title: "服务状态".to_owned(),
        link: url("status"),
        guid: Some(format!("event-{n}")),
        ..plain(n)
    }),
    ("dated anew at every poll", |n, poll, _| Said { date: date(poll * 2), ..plain(n) }),
    ("comments counted in the title", |n, poll, _| Said {
        title: format!("{}（{}条评论）", title(n), poll * n % 50),
        ..plain(n)
    }),
    ("told apart by the fragment", |n, _, _| Said {
        guid: None,
        link: url(&format!("log.html#entry-{n}")),
        ..plain(n)
    }),
    ("clocks and counters in the text", |n, poll, _| Said {
        text: format!("{} 阅读{}次，更新于{}分钟前", text(n), poll * 31 + n, poll % 50),
        ..plain(n)
    }),
    ("titles are corrected later", |n, poll, _| Said {
        title: if poll > n / NEW + 1 { format!("更正：{}", title(n)) } else { title(n) },
        ..plain(n)
    }),
];

/// The entry that is the `n`th news of a history.
fn entry(said: Said, n: usize) -> ParsedEntry {
    let stamp = said.date.map(|at| match said.by_day {
        true => Stamp { at, precision: Precision::Day }.end_of_day(Shanghai),
        false => Stamp { at, precision: Precision::Second },
    });
    let page = said.link.map(|href| Link { href, rel: "alternate".to_owned(), ..Link::default() });
    ParsedEntry {
        id: said.guid,
        title: Some(said.title),
        links: page.into_iter().collect(),
        published: stamp,
        summary: Some(Body::Text(said.text)),
        // Which one it is in truth: nothing is decided by categories.
        categories: vec![Category { term: n.to_string(), ..Category::default() }],
        ..ParsedEntry::default()
    }
}

/// The entries there are by a poll.
fn newest(poll: usize, pace: usize) -> usize {
    WINDOW + poll / pace * NEW
}

fn truth(entry: &ParsedEntry) -> usize {
    entry.categories[0].term.parse().expect("ours")
}

/// A history on its way.
struct History {
    source: SourceId,
    store: Store,
    rules: Rules,
    seq: u64,
    /// Which news each stored entry tells.
    tells: BTreeMap<String, usize>,
    told: BTreeSet<usize>,
    lost: usize,
    repeated: usize,
}

impl History {
    fn new() -> Self {
        let source = SourceId::new("paper");
        let def = SourceDef {
            id: source.clone(),
            title: None,
            url: "https://news.example/feed.xml".to_owned(),
            region: RegionRule::Fixed(vec![RegionId::new("henan")]),
            rights: None,
            priority: 0,
        };
        let rules = Rules::new(&RegionTable::builtin(), Vec::new(), vec![def.clone()], []);
        let store = Store::new(Box::<MemoryBackend>::default());
        let mut history = Self {
            source,
            store,
            rules,
            seq: 0,
            tells: BTreeMap::new(),
            told: BTreeSet::new(),
            lost: 0,
            repeated: 0,
        };
        let (instance, fingerprint) = (uuid::Uuid::nil(), String::new());
        let (sources, gone) = (vec![def], Vec::new());
        history.record(Record::Config(ConfigRecord { at: begin(), instance, fingerprint, sources, gone }));
        history
    }

    fn record(&mut self, record: Record) {
        self.seq += 1;
        let line = Line { v: LINE_VERSION, seq: self.seq, round: self.seq, record };
        let changes = apply(&self.store, &line, &self.rules).expect("memory can be read");
        self.store.commit(&changes).expect("memory can be written");
    }

    fn poll(&mut self, habit: Habit, poll: usize, pace: usize) {
        let newest = newest(poll, pace);
        let shown = (newest - WINDOW..newest).rev().enumerate();
        let entries = shown.map(|(place, n)| entry(habit(n, poll, place + 1), n)).collect();
        let parsed = ParsedFeed { entries, ..ParsedFeed::default() };
        let at = begin() + TimeDelta::hours(i64::try_from(poll + 12).expect("small"));
        let stored = self.store.source(&self.source).expect("memory can be read");
        let (url, zone) = ("https://news.example/feed.xml", Shanghai);
        let origin =
            Origin { source: &self.source, stored: stored.as_ref(), url, manner: Manner::Whole, zone, at };
        let Findings { feed, new, changed, marks, grows_at_end, .. } =
            diff::findings(&self.store, origin, &parsed).expect("memory can be read");
        for changed in changed.iter().filter(|changed| !changed.renamed) {
            self.lost += usize::from(self.tells[&changed.published_id] != truth(&changed.entry));
        }
        let new: Vec<NewEntry> = new
            .into_iter()
            .map(|draft| {
                let iri = draft.iri.filter(|iri| !self.tells.contains_key(iri));
                let published_id = iri.unwrap_or(draft.minted);
                let news = truth(&draft.entry);
                self.repeated += usize::from(!self.told.insert(news));
                self.tells.insert(published_id.clone(), news);
                let (keys, fingerprint, entry, decision) =
                    (draft.keys, draft.fingerprint, draft.entry, draft.decision);
                NewEntry { published_id, keys, fingerprint, entry, backlog: false, story: None, decision }
            })
            .collect();
        let state = PollState { marks, grows_at_end, ..PollState::default() };
        let outcome = Outcome::Fetched { entries: 0, new: 0, changed: 0, repairs: Vec::new() };
        let poll =
            PollRecord { at, source: self.source.clone(), outcome, state, turn: None, pages: Vec::new() };
        self.record(Record::Observation(Observation { poll, feed, new, changed, left: Vec::new() }));
    }
}

#[test]
fn of_ten_thousand_entries_next_to_none_are_lost_or_repeated() {
    let (mut all, mut lost, mut repeated) = (0, 0, 0);
    let mut table = format!("{:<40} {:>7} {:>5} {:>8}\n", "habit", "entries", "lost", "repeated");
    for ((name, habit), pace) in HABITS.into_iter().flat_map(|habit| PACES.map(|pace| (habit, pace))) {
        let mut history = History::new();
        (0..POLLS).for_each(|poll| history.poll(habit, poll, pace));
        let entries = newest(POLLS - 1, pace);
        let missed = entries - history.told.len() + history.lost;
        table += &format!("{name:<40} {entries:>7} {missed:>5} {:>8}\n", history.repeated);
        (all, lost, repeated) = (all + entries, lost + missed, repeated + history.repeated);
    }
    let of_10000 = |n: usize| (n * 10_000).div_ceil(all);
    table += &format!("{:<40} {all:>7} {lost:>5} {repeated:>8}\n", "all");
    println!("{table}");
    assert!(of_10000(lost) <= MAX_LOST && of_10000(repeated) <= MAX_REPEATED, "\n{table}");
}
