//! The daemon is killed with SIGKILL at any moment and started again: no entry that was served is lost, none is
//! stored twice, and the journal alone gives the same store.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use dibao::demo::publisher::Publisher;
use dibao::demo::world::World;
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpListener;

use crate::support::{output, spawn};

const CYCLES: u64 = 20;

/// How long a moment may be waited for. It comes within a second; on the slowest machine the test still ends.
const LONGEST: Duration = Duration::from_secs(60);

/// When a process is killed: on something it did, never by the clock, so that a slow machine is hit where a
/// quick one is. The exact instruction is left to chance.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Moment {
    /// As soon as there is a process.
    Start,
    /// It has begun to make a new store, as the old one was taken away.
    Rebuilding,
    /// The publisher has answered it this often.
    Answered(u64),
    /// It has written to the journal.
    Written,
    /// The journal has so many octets: at least what all that follows is held against.
    Holds(u64),
}

impl Moment {
    fn of(cycle: u64) -> Self {
        match cycle % 5 {
            0 => Self::Answered(cycle / 5 + 1),
            2 => Self::Answered(5),
            3 if cycle.is_multiple_of(2) => Self::Start,
            3 => Self::Rebuilding,
            1 if cycle == 1 => Self::Holds(8192),
            _ => Self::Written,
        }
    }
}

fn dibao(config: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dibao"));
    command.arg("--config").arg(config).env("RUST_LOG", "off").stdin(Stdio::null());
    command
}

struct Daemon(Child);

impl Daemon {
    /// The daemon, or a command that polls everything without one: a daemon polls by the clock, and
    /// seldom in its first moments.
    fn start(config: &Path, what: &[&str]) -> Self {
        let mut command = dibao(config);
        Self(spawn(command.args(what).stdout(Stdio::null()).stderr(Stdio::null())))
    }

    fn has_ended(&mut self) -> bool {
        self.0.try_wait().expect("a child of ours").is_some()
    }

    fn kill(mut self) {
        self.0.kill().expect("it runs until it is killed");
        self.0.wait().expect("it is gone");
    }
}

/// Every stored entry by its id, asked of the daemon if one runs, else of the state directory.
fn entries(config: &Path) -> Option<BTreeMap<String, Value>> {
    let output = output(dibao(config).args(["entries", "--json"]));
    if !output.status.success() {
        return None;
    }
    let text = String::from_utf8(output.stdout).expect("text");
    let mut found = BTreeMap::new();
    let mut pages = BTreeSet::new();
    for line in text.lines() {
        let row: Value = serde_json::from_str(line).expect("JSON");
        let (source, link) = (row["source"].to_string(), row["link"].to_string());
        assert!(pages.insert((source, link)), "published twice: {row}");
        let id = row["id"].as_str().expect("an id").to_owned();
        assert!(found.insert(id, row.clone()).is_none(), "listed twice: {row}");
    }
    Some(found)
}

fn config(dir: &Path, base: &str) -> PathBuf {
    let mut text = format!(
        "[server]\nlisten = \"127.0.0.1:0\"\npublic_url = \"http://127.0.0.1\"\n\
         admin_socket = \"admin.sock\"\n[state]\ndir = {:?}\n\
         [polling]\nschedule = \"* * * * * *\"\njitter = \"0s\"\nfloor = \"1s\"\nhost_delay = \"0s\"\n\
         per_host = 6\nallow_networks = [\"127.0.0.0/8\"]\n",
        dir.join("state").display().to_string(),
    );
    // A 429 holds its whole host, here everybody, for 30 s a time: no moment would come meanwhile.
    let asks_for_rest = "demo-hubei";
    for source in World::sources(base).into_iter().filter(|source| source.id.as_str() != asks_for_rest) {
        text.push_str(&format!(
            "[[source]]\nid = \"{}\"\nurl = {:?}\nregion = \"auto\"\n",
            source.id, source.url
        ));
    }
    let path = dir.join("dibao.toml");
    fs::write(&path, text).expect("written");
    path
}

/// What a write that was cut short by a power loss leaves.
fn tear_the_journal(dir: &Path) {
    let listing = fs::read_dir(dir.join("state/journal")).expect("a journal");
    let last = listing.map(|e| e.expect("an entry").path()).max().expect("a segment");
    let torn = zstd::bulk::compress(b"{\"v\":1,\"seq\":999,", 1).expect("a frame");
    let mut file = OpenOptions::new().append(true).open(last).expect("opens");
    file.write_all(&torn[..torn.len() - 2]).expect("written");
}

fn octets_of_the_journal(dir: &Path) -> u64 {
    let Ok(listing) = fs::read_dir(dir.join("state/journal")) else { return 0 };
    let segment = |entry: std::io::Result<fs::DirEntry>| entry.ok()?.metadata().ok().map(|meta| meta.len());
    listing.filter_map(segment).sum()
}

fn answers(publisher: &Publisher) -> u64 {
    publisher.counts().by_status.values().sum()
}

#[test]
fn nothing_is_lost_or_doubled_by_kills_at_any_moment() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let publisher = Publisher::new(World::new(1, "2026-11-23T08:00:00Z".parse().expect("a time")), 0);
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a loopback port");
    let base = format!("http://{}", listener.local_addr().expect("bound"));
    runtime.spawn(Arc::clone(&publisher).serve(listener));
    let dir = TempDir::new().expect("a directory");
    let config = config(dir.path(), &base);

    let mut seen: BTreeMap<String, Value> = BTreeMap::new();
    let keep = |seen: &mut BTreeMap<String, Value>, found: BTreeMap<String, Value>, cycle: u64| {
        for (id, row) in seen.iter() {
            let now = found.get(id).unwrap_or_else(|| panic!("lost after kill {cycle}: {row}"));
            assert_eq!(now["first_seen"], row["first_seen"], "found anew after kill {cycle}: {now}");
        }
        seen.extend(found);
    };
    for cycle in 0..CYCLES {
        publisher.advance();
        let moment = Moment::of(cycle);
        if moment == Moment::Rebuilding {
            fs::remove_dir_all(dir.path().join("state/store")).expect("earlier cycles left a store");
        }
        let (answered, written) = (answers(&publisher), octets_of_the_journal(dir.path()));
        // Three of four are daemons, which run until they are killed; a poll may end first.
        let polls = cycle % 4 == 3;
        let mut daemon = Daemon::start(&config, if polls { &["poll", "--all"] } else { &["run"] });
        let has_come = || match moment {
            Moment::Start => true,
            Moment::Rebuilding => dir.path().join("state/store").exists(),
            Moment::Answered(often) => answers(&publisher) >= answered + often,
            Moment::Written => octets_of_the_journal(dir.path()) > written,
            Moment::Holds(octets) => octets_of_the_journal(dir.path()) >= octets,
        };
        let since = tokio::time::Instant::now();
        while !has_come() && !daemon.has_ended() {
            assert!(since.elapsed() < LONGEST, "cycle {cycle}: {moment:?} never came");
            std::thread::yield_now();
        }
        // A command that came before a daemon at its start would hold the directory, and the daemon would end.
        if !polls
            && moment != Moment::Start
            && let Some(found) = entries(&config)
        {
            keep(&mut seen, found, cycle);
        }
        assert!(polls || !daemon.has_ended(), "cycle {cycle}: the daemon ended by itself");
        daemon.kill();
        if cycle % 8 == 3 {
            tear_the_journal(dir.path());
        }
        if cycle % 4 == 2 {
            keep(&mut seen, entries(&config).expect("the state directory opens"), cycle);
        }
    }
    let at_last = entries(&config).expect("the state directory opens");
    keep(&mut seen, at_last.clone(), CYCLES);
    assert!(seen.len() > 30, "only {} entries were stored: nothing was tested", seen.len());
    let rebuilt = output(dibao(&config).arg("rebuild"));
    assert!(rebuilt.status.success(), "{}", String::from_utf8_lossy(&rebuilt.stderr));
    assert_eq!(entries(&config).expect("the state directory opens"), at_last, "the journal says otherwise");
}
