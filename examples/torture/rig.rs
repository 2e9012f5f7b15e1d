//! One run: the publisher, the daemon, the ledger and the counts. A cycle is a fault, a start, a scrub if journal
//! or store were damaged, and two checks of all entries with a poll between them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::TimeDelta;
use dibao::config::{self, Env};
use dibao::daemon::clock::{Clock, SystemClock};
use dibao::daemon::engine::Engine;
use dibao::model::time::Time;
use serde_json::Value;

use crate::daemon::{Ended, LIMIT, Place, Running, Wrong, within};
use crate::faults::{Kind, Told};
use crate::ledger::{Found, Ledger};
use crate::paper::{Chance, FEEDS, Paper, WINDOW, link, source};

/// What the log says of a journal whose end was torn, or looks so.
pub(crate) const CUT: &str = "in the middle of a write; cut off";

/// What the log calls a journal that is not whole.
const REPORTED: &[&str] =
    &["the store that had it all is gone", "damaged behind what the store has of it", CUT];

/// What a source keeps whatever its age: more than its publisher shows.
const KEEP: usize = WINDOW + 10;

/// Before the daemon starts its sources have entries that are too old to be kept, so that some expire at
/// each start: this many windows of each feed, and one more for so many cycles.
const OLD_WINDOWS: u64 = 2;
const CYCLES_A_WINDOW: u64 = 40;

struct TenDaysAgo;

impl Clock for TenDaysAgo {
    fn now(&self) -> Time {
        SystemClock.now() - TimeDelta::days(10)
    }
}

/// A run.
pub(crate) struct Rig {
    pub(crate) place: Place,
    /// The same state directory, with another port and socket.
    pub(crate) second: Place,
    pub(crate) disk: Option<PathBuf>,
    pub(crate) state: PathBuf,
    pub(crate) paper: Arc<Paper>,
    pub(crate) chance: Chance,
    pub(crate) ledger: Ledger,
    pub(crate) running: Option<Running>,
    /// Kinds of faults that were not seen yet.
    ahead: Vec<Kind>,
    faults: BTreeMap<&'static str, u64>,
    skipped: u64,
    cycles: u64,
    losses: u64,
    doubles: u64,
    hangs: u64,
    others: u64,
    back: usize,
    gone: usize,
    /// How many entries of each feed are old enough to expire.
    old: Vec<usize>,
    /// Serves the publisher.
    runtime: tokio::runtime::Runtime,
}

fn configure(work: &Path, name: &str, state: &Path, dibao: &Path, publisher: u16) -> Place {
    let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    let port = free.expect("a free port").port();
    let mut text = format!(
        "[server]\nlisten = \"127.0.0.1:{port}\"\npublic_url = \"http://127.0.0.1:{port}\"\n\
         admin_socket = \"{name}.sock\"\n[state]\ndir = {:?}\n[publish]\nmax_age = \"none\"\n\
         [retention]\nmax_age = \"7d\"\nkeep_at_least = {KEEP}\n\
         [polling]\nschedule = \"* * * * * *\"\njitter = \"0s\"\nfloor = \"1s\"\nhost_delay = \"0s\"\n\
         per_host = 6\nallow_networks = [\"127.0.0.0/8\"]\n",
        state.display().to_string(),
    );
    for feed in 0..FEEDS {
        text.push_str(&format!(
            "[[source]]\nid = \"{}\"\nurl = \"http://127.0.0.1:{publisher}/{feed}\"\nregion = \"henan\"\n",
            source(feed)
        ));
    }
    let config = work.join(format!("{name}.toml"));
    fs::write(&config, text).expect("the working directory can be written");
    Place { dibao: dibao.to_owned(), config, log: work.join(format!("{name}.log")), port }
}

impl Rig {
    pub(crate) fn new(dibao: &Path, work: &Path, disk: Option<&Path>, seed: u64) -> Self {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).expect("a port");
        let publisher = listener.local_addr().expect("bound").port();
        let mut chance = Chance(seed);
        let paper = Paper::new(&mut chance);
        let router = Arc::clone(&paper).router();
        runtime.spawn(async move { axum::serve(listener, router).await });
        let state = disk.unwrap_or(work).join("state");
        Self {
            place: configure(work, "first", &state, dibao, publisher),
            second: configure(work, "second", &state, dibao, publisher),
            disk: disk.map(Path::to_owned),
            state,
            paper,
            chance,
            ledger: Ledger::default(),
            running: None,
            ahead: Vec::new(),
            faults: BTreeMap::new(),
            skipped: 0,
            cycles: 0,
            losses: 0,
            doubles: 0,
            hangs: 0,
            others: 0,
            back: 0,
            gone: 0,
            old: vec![0; FEEDS],
            runtime,
        }
    }

    /// Polls the sources as of ten days ago, in this process.
    pub(crate) fn grow_old(&mut self, cycles: u64) {
        let config = config::load(&self.place.config, &Env::default()).expect("the config is good");
        let clock = Arc::new(TenDaysAgo);
        let windows = OLD_WINDOWS + cycles / CYCLES_A_WINDOW;
        self.runtime.block_on(async {
            let (engine, _) = Engine::open(Arc::new(config), clock).await.expect("the state directory opens");
            let ids: Vec<_> = engine.polled_sources().map(|source| source.def.id.clone()).collect();
            for _ in 0..windows {
                (0..FEEDS).for_each(|feed| self.paper.add(feed, WINDOW, &mut self.chance));
                for id in &ids {
                    engine.worker.poll(id, None).await.expect("the publisher answers");
                }
                self.ledger.acknowledge(self.paper.shown().into_iter().flatten());
            }
            engine.close().await.expect("the state directory closes");
        });
        self.old = self.paper.lengths();
    }

    /// What may have expired: it is old, and not among the newest of its source.
    fn may_expire(&self) -> BTreeSet<String> {
        let feeds = self.old.iter().zip(self.paper.lengths()).enumerate();
        let links = |(feed, (old, len)): (usize, (&usize, usize))| {
            (0..(*old).min(len.saturating_sub(KEEP))).map(move |item| link(feed, item))
        };
        feeds.flat_map(links).collect()
    }

    /// One cycle. An error ends the run: there is no daemon to go on with.
    pub(crate) fn cycle(&mut self, cycle: u64) -> Result<(), Wrong> {
        if self.running.is_none() {
            self.running = Some(self.place.start()?);
            self.poll()?;
            self.look(cycle)?;
        }
        self.paper.advance(&mut self.chance);
        let kind = Kind::of(cycle, &mut self.ahead, &mut self.chance);
        if kind.needs_a_disk() && self.disk.is_none() {
            self.skipped += 1;
            return Ok(());
        }
        let told = self.fault(kind)?;
        *self.faults.entry(kind.name()).or_default() += 1;
        if self.running.is_none() {
            self.running = Some(self.place.start()?);
        }
        if told.scrub {
            self.scrub()?;
        }
        let Found { missing, .. } = self.look(cycle)?;
        self.hold_against_the_log(cycle, kind, &told, !missing.is_empty());
        self.poll()?;
        let shown: BTreeSet<String> = self.paper.shown().into_iter().flatten().collect();
        let gone = self.ledger.settle(&missing, &shown);
        self.gone += gone;
        self.back += missing.len() - gone;
        self.look(cycle)?;
        self.cycles += 1;
        Ok(())
    }

    fn hold_against_the_log(&mut self, cycle: u64, kind: Kind, told: &Told, is_missing: bool) {
        let said = self.place.said();
        let says = |phrases: &[&str]| phrases.iter().any(|phrase| said.contains(phrase));
        if !told.any.is_empty() && !says(told.any) {
            self.blame(
                cycle,
                &Wrong::Other(format!("after {}: not told any of {:?}", kind.name(), told.any)),
            );
        }
        if is_missing && !says(REPORTED) {
            self.blame(cycle, &Wrong::Other(format!("after {}: entries are missing unsaid", kind.name())));
        }
    }

    /// Polls everything; what the publisher showed at the beginning is acknowledged at the end.
    pub(crate) fn poll(&mut self) -> Result<(), Wrong> {
        let shown = self.paper.shown();
        let ended = self.place.ask(&["poll", "--all"])?;
        if !ended.status.success() {
            return Err(Wrong::Other(format!("a poll failed: {}{}", ended.out, ended.err)));
        }
        self.ledger.acknowledge(shown.into_iter().flatten());
        Ok(())
    }

    /// Scrubs until nothing is damaged: what is found is put right, and told by the exit code.
    pub(crate) fn scrub(&self) -> Result<(), Wrong> {
        within(LIMIT, "a scrub that finds nothing", || {
            let Ended { status, out, err } = self.place.ask(&["check", "--store"])?;
            match (status.code(), out.contains("was damaged")) {
                (Some(0), false) => Ok(Some(())),
                (Some(1), true) => Ok(None),
                _ => Err(Wrong::Other(format!("check --store ({status}): {out}{err}"))),
            }
        })
    }

    /// Looks at what is listed and at what is served.
    fn look(&mut self, cycle: u64) -> Result<Found, Wrong> {
        let ended = self.place.ask(&["entries", "--json"])?;
        let rows: Option<Vec<Value>> =
            ended.out.lines().map(|line| serde_json::from_str(line).ok()).collect();
        let rows = rows.filter(|_| ended.status.success());
        let rows = rows.ok_or_else(|| Wrong::Other(format!("entries: {}", ended.err)))?;
        let mut found = self.ledger.hold(&rows, &self.may_expire());
        self.look_at_feeds(&mut found)?;
        for loss in &found.losses {
            println!("cycle {cycle}: LOST {loss}");
        }
        for double in &found.doubles {
            println!("cycle {cycle}: DOUBLE {double}");
        }
        self.losses += found.losses.len() as u64;
        self.doubles += found.doubles.len() as u64;
        Ok(found)
    }

    fn look_at_feeds(&self, found: &mut Found) -> Result<(), Wrong> {
        for (feed, links) in self.paper.shown().iter().enumerate() {
            let path = format!("/source/{}.atom", source(feed));
            let (status, body) = self.place.get(&path).map_err(|e| Wrong::Other(format!("{path}: {e}")))?;
            let ids = entry_ids(&body).filter(|_| status == 200);
            let ids = ids.ok_or_else(|| Wrong::Other(format!("{path}: {status}, not Atom")))?;
            let unique: BTreeSet<&str> = ids.iter().map(String::as_str).collect();
            if unique.len() < ids.len() {
                found.doubles.push(format!("{path} shows an entry twice"));
            }
            let absent = self.ledger.ids_of(links).filter(|id| !unique.contains(id));
            found.losses.extend(absent.map(|id| format!("{id} is not in {path}")));
        }
        Ok(())
    }

    /// Writes down what went wrong, with what the daemon said.
    pub(crate) fn blame(&mut self, cycle: u64, wrong: &Wrong) {
        match wrong {
            Wrong::Hang(what) => {
                self.hangs += 1;
                println!("cycle {cycle}: HANG {what}");
            }
            Wrong::Other(what) => {
                self.others += 1;
                println!("cycle {cycle}: WRONG {what}");
            }
        }
        for line in self.place.said().lines() {
            println!("      | {line}");
        }
    }

    pub(crate) fn stop(&mut self) {
        self.running = None;
    }

    /// Prints the counts. Returns whether all is well.
    pub(crate) fn report(&self) -> bool {
        let faults: Vec<String> = self.faults.iter().map(|(name, count)| format!("{count} {name}")).collect();
        println!("faults: {}", faults.join(", "));
        if self.skipped > 0 {
            println!("skipped: {} faults that need a file system of their own", self.skipped);
        }
        let (checked, expired) = self.ledger.counts();
        println!(
            "{} entries, {expired} more expired; {} came back with a poll after journal and store were harmed at once, \
             {} were no longer published then",
            self.ledger.len(),
            self.back,
            self.gone
        );
        println!(
            "cycles {}, losses {}, doubles {}, hangs {}, other failures {}, entries checked {checked}",
            self.cycles, self.losses, self.doubles, self.hangs, self.others
        );
        self.cycles > 0 && self.losses + self.doubles + self.hangs + self.others == 0
    }
}

fn entry_ids(body: &str) -> Option<Vec<String>> {
    let document = roxmltree::Document::parse(body).ok()?;
    let entries = document
        .root_element()
        .children()
        .filter(|node| node.has_tag_name(("http://www.w3.org/2005/Atom", "entry")));
    let id = |entry: roxmltree::Node<'_, '_>| {
        let id = entry.children().find(|node| node.tag_name().name() == "id")?;
        Some(id.text()?.to_owned())
    };
    entries.map(id).collect()
}
