//! Simulates a month in a few minutes: a thousand sources bring thirty entries a day each. It records them in a
//! real state directory, expires old entries and compacts the journal like the daemon. Prints all sizes day by
//! day.
//!
//! `cargo run --release --example month -- [SOURCES] [DAYS] [MAX_AGE_DAYS]` (1000, 30 and 7)

use std::collections::VecDeque;
use std::fs;
use std::sync::Arc;

use anyhow::{Context, Result};
use chrono::{DateTime, TimeDelta};
use dibao::daemon::keeper::{Sweep, is_worth_it};
use dibao::decide::derive;
use dibao::decide::diff::{Draft, DraftEntry};
use dibao::decide::identity;
use dibao::decide::retention::Policy;
use dibao::decide::rules::Rules;
use dibao::ledger::{Fact, Ledger};
use dibao::model::entry::{Body, Link, ParsedEntry};
use dibao::model::outcome::Outcome;
use dibao::model::poll_state::PollState;
use dibao::model::record::{ConfigRecord, PollRecord};
use dibao::model::region::{RegionId, RegionTable};
use dibao::model::source::{RegionRule, SourceDef, SourceId};
use dibao::model::state::{Meta, State};
use dibao::model::time::{Stamp, Time};
use dibao::model::window::Windows;

/// Every source is polled once an hour.
const POLLS: u32 = 24;
/// Entries a day and source.
const ENTRIES: u32 = 30;
/// What a source's document holds.
const WINDOW: usize = 60;
/// Records of one group, as in the recorder.
const GROUP: usize = 64;

/// Common characters, of which texts are made.
const LETTERS: &str = "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说产种面而方后多定行学法所民得经十三之进着等部度家电力里如水化高自二理起小物现实加量都两体制机当使点从业本去把性好应开它合还因由其些然前外天政四日那社义事平形相全表间样与关各重新线内数正心反你明看原又么利比或但质气第向道命此变条只没结解问意建月公无系军很情者最立代想已通并提直题党程展五果料象员革位入常文总次品式活设及管特件长求老头基资边流路级少图山统接知较将组见计别她手角期根论运农指几九区强放决西被干做必战先回则任取据处队南给色光门即保治北造百规热领七海口东导器压志世金增争济阶油思术极交受联什认六共权收证改清己美再采转更单风切打白教速花带安场身车例真务具万每目至达走积示议声报斗完类八离华名确才科张信马节话米整空元况今集温传土许步群广石记需段研界拉林律叫且究观越织装影算低持音众书布复容儿须际商非验连断深难近矿千周委素技备半办青省列习响约支般史感劳便团往酸历市克何除消构府称太准精值号率族维划选标写存候毛亲快效斯院查江型眼王按格养易置派层片始却专状育厂京识适属圆包火住调满县局照参红细引听该铁价严";

/// Small numbers, the same on every machine.
struct Draw(u64);

impl Draw {
    fn below(&mut self, n: usize) -> usize {
        // xorshift64*
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        usize::try_from(self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 40).unwrap_or(0) % n
    }

    fn text(&mut self, letters: &[char], len: usize) -> String {
        (0..len).map(|_| letters[self.below(letters.len())]).collect()
    }
}

/// A source, and the ids of what its document holds.
struct Paper {
    def: SourceDef,
    window: VecDeque<String>,
    windows: Windows,
    told: u32,
}

struct World {
    papers: Vec<Paper>,
    regions: Vec<String>,
    letters: Vec<char>,
    /// What was told lately, for those that tell it again.
    lately: VecDeque<(String, String)>,
    draw: Draw,
}

impl World {
    fn new(sources: usize) -> Self {
        let table = RegionTable::builtin();
        let ids: Vec<RegionId> = table.iter().map(|region| region.id.clone()).collect();
        let papers = (0..sources).map(|n| {
            let region = match n % 2 {
                0 => RegionRule::Fixed(vec![ids[n / 2 % ids.len()].clone()]),
                _ => RegionRule::Auto,
            };
            let (id, url) = (format!("paper-{n}"), format!("https://paper-{n}.example/feed.xml"));
            let def = SourceDef {
                id: SourceId::new(&id),
                title: Some(format!("第{n}报")),
                url,
                region,
                rights: None,
                priority: 0,
            };
            Paper { def, window: VecDeque::new(), windows: Windows::default(), told: 0 }
        });
        Self {
            papers: papers.collect(),
            regions: table.iter().map(|region| region.name.clone()).collect(),
            letters: LETTERS.chars().collect(),
            lately: VecDeque::new(),
            draw: Draw(0x9e37_79b9_7f4a_7c15),
        }
    }

    /// What one entry says. One in eight tells what another has told.
    fn news(&mut self) -> (String, String) {
        if !self.lately.is_empty() && self.draw.below(8) == 0 {
            let at = self.draw.below(self.lately.len());
            return self.lately[at].clone();
        }
        let place = match self.draw.below(2) {
            0 => self.regions[self.draw.below(self.regions.len())].clone(),
            _ => String::new(),
        };
        let title = format!("{place}{}", self.draw.text(&self.letters, 18));
        let clauses: Vec<String> = (0..8).map(|_| self.draw.text(&self.letters, 14)).collect();
        let told = (title, clauses.join("，") + "。");
        self.lately.push_back(told.clone());
        if self.lately.len() > 2000 {
            self.lately.pop_front();
        }
        told
    }

    fn entry(&mut self, paper: usize, now: Time) -> DraftEntry {
        let (title, text) = self.news();
        let Paper { def, told, .. } = &mut self.papers[paper];
        *told += 1;
        let href = format!("https://{}.example/{}/{told}.html", def.id, now.format("%Y/%m/%d"));
        let page = Link { href: href.clone(), rel: "alternate".to_owned(), ..Link::default() };
        let published = now - TimeDelta::minutes(5 + i64::from(*told % 50));
        let entry = ParsedEntry {
            id: Some(href.clone()),
            title: Some(title),
            links: vec![page],
            published: Some(Stamp::second(published)),
            summary: Some(Body::Text(text)),
            ..ParsedEntry::default()
        };
        let candidate = identity::candidates(std::slice::from_ref(&entry), chrono_tz::UTC).remove(0);
        DraftEntry {
            iri: Some(href.clone()),
            minted: href,
            keys: candidate.keys,
            fingerprint: candidate.fingerprint,
            entry,
            backlog: false,
            decision: None,
        }
    }

    /// One poll of one source.
    fn poll(&mut self, ledger: &Ledger, rules: &Rules, n: usize, poll: u32, now: Time) -> Result<Fact> {
        // Thirty entries in twenty-four polls: one each, and another in one of four.
        let news = ENTRIES / POLLS + u32::from(poll.is_multiple_of(4));
        let new: Vec<DraftEntry> = if (poll as usize + n).is_multiple_of(12) {
            Vec::new()
        } else {
            (0..news).map(|_| self.entry(n, now)).collect()
        };
        let paper = &mut self.papers[n];
        paper.window.extend(new.iter().filter_map(|new| new.iri.clone()));
        while paper.window.len() > WINDOW {
            paper.window.pop_front();
        }
        let oldest = paper.window.front().map(|id| ledger.store().load().owner(id)).transpose()?;
        if let Some(first) = oldest.flatten() {
            paper.windows.note(now, first);
        }
        let state = PollState {
            scheduled: Some(now),
            good_at: Some(now),
            window_from: Some(oldest.flatten().unwrap_or(0)),
            windows: paper.windows.clone(),
            ..PollState::default()
        };
        let count = u32::try_from(new.len())?;
        let outcome = match count {
            0 => Outcome::NotModified,
            new => Outcome::Fetched { entries: new, new, changed: 0, repairs: Vec::new() },
        };
        let outlet = paper.def.title.as_deref().unwrap_or("");
        let sketch = |new: &DraftEntry| derive::sketch(rules, &paper.def.region, outlet, &new.entry, now);
        let sketches = new.iter().map(sketch).collect();
        let poll = PollRecord {
            at: now,
            source: paper.def.id.clone(),
            outcome,
            state,
            turn: None,
            pages: Vec::new(),
        };
        Ok(Fact::Poll(Box::new(Draft { poll, feed: None, new, changed: Vec::new(), sketches })))
    }
}

fn main() -> Result<()> {
    let mut numbers = std::env::args().skip(1).map(|n| n.parse::<u32>().context("SOURCES DAYS MAX_AGE_DAYS"));
    let mut next = |default: u32| numbers.next().unwrap_or(Ok(default));
    let (sources, days, max_age) = (next(1000)?, next(30)?, next(7)?);
    let dir = tempfile::tempdir()?;
    let start = DateTime::from_timestamp(1_790_000_000, 0).context("a time")?;
    let mut world = World::new(usize::try_from(sources)?);
    let defs: Vec<SourceDef> = world.papers.iter().map(|paper| paper.def.clone()).collect();
    let rules = Arc::new(Rules::new(&RegionTable::builtin(), Vec::new(), defs.clone(), []));
    let (mut ledger, _) = Ledger::open(dir.path(), Arc::clone(&rules), start.date_naive())?;
    let config = ConfigRecord {
        at: start,
        instance: uuid::Uuid::nil(),
        fingerprint: "month".to_owned(),
        sources: defs,
        gone: Vec::new(),
    };
    ledger.record(vec![Fact::Config(config)], start.date_naive())?;
    println!(
        "{sources} sources, {ENTRIES} entries a day each, {POLLS} polls; entries expire after {max_age} days"
    );
    println!("day   entries    stubs  base MB  tail MB  store MB  memory MB");
    for day in 0..days {
        let midnight = start + TimeDelta::days(i64::from(day));
        live(&mut world, &mut ledger, &rules, midnight)?;
        let evening = midnight + TimeDelta::hours(24);
        expire(&mut ledger, evening, max_age)?;
        let (base, tail) = ledger.journal_sizes()?;
        // Fewer sources are a small picture of a thousand: the journal is compacted as often as theirs.
        let scaled = |octets: u64| octets * 1000 / u64::from(sources.max(1));
        if is_worth_it(scaled(base), scaled(tail)) {
            compact(&mut ledger, evening)?;
        }
        let (base, tail) = ledger.journal_sizes()?;
        let meta = ledger.store().load().meta()?.unwrap_or_else(|| Meta::empty(""));
        let store = ledger.store_size();
        println!(
            "{:>3} {:>9} {:>8} {:>8.1} {:>8.1} {:>9.1} {:>10.1}",
            day + 1,
            meta.entries,
            meta.stubs,
            mb(base),
            mb(tail),
            mb(store),
            mb(memory("VmRSS:"))
        );
    }
    println!("memory was {:.1} MB at most", mb(memory("VmHWM:")));
    let before = ledger.store().load().meta()?;
    ledger.store().load().check()?;
    ledger.rebuild(&mut |_| {})?;
    let after = ledger.store().load().meta()?;
    anyhow::ensure!(after == before, "the journal gives another store: {before:?}, {after:?}");
    ledger.store().load().check()?;
    println!("the journal gives the same store, of {:.1} MB", mb(ledger.store_size()));
    ledger.close()?;
    Ok(())
}

/// A day of polls.
fn live(world: &mut World, ledger: &mut Ledger, rules: &Rules, midnight: Time) -> Result<()> {
    for poll in 0..POLLS {
        let now = midnight + TimeDelta::hours(i64::from(poll));
        for first in (0..world.papers.len()).step_by(GROUP) {
            let group = first..(first + GROUP).min(world.papers.len());
            let facts = group.map(|n| world.poll(ledger, rules, n, poll, now)).collect::<Result<Vec<_>>>()?;
            ledger.record(facts, now.date_naive())?;
        }
        ledger.sync()?;
    }
    Ok(())
}

fn expire(ledger: &mut Ledger, now: Time, max_age: u32) -> Result<()> {
    let policy = Policy { max_age: TimeDelta::days(i64::from(max_age)), keep_at_least: 50 };
    let mut sweep = Sweep::new(policy, now);
    while !sweep.is_over() {
        let expiry = sweep.step(&ledger.store().load())?;
        if !expiry.entries.is_empty() || !expiry.forgotten.is_empty() {
            ledger.record(vec![Fact::Expire(expiry)], now.date_naive())?;
        }
    }
    Ok(())
}

fn compact(ledger: &mut Ledger, now: Time) -> Result<()> {
    if let Some(compaction) = ledger.begin_compaction(now.date_naive())? {
        let compacted = compaction.write()?;
        ledger.finish_compaction(compacted)?;
    }
    Ok(())
}

/// The memory of this process that is resident, or was at most (proc(5)).
fn memory(which: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(which));
    line.and_then(|kb| kb.trim().trim_end_matches(" kB").parse::<u64>().ok()).unwrap_or(0) << 10
}

#[expect(clippy::cast_precision_loss, reason = "it is printed with one decimal")]
fn mb(octets: u64) -> f64 {
    octets as f64 / 1e6
}
