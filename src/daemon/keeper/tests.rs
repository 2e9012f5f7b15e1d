//! The keeper over days, in paused time.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::*;
use crate::config::{Env, load};
use crate::daemon::clock::TokioClock;
use crate::decide::diff::{Draft, DraftEntry};
use crate::ledger::store::Pair;
use crate::ledger::{Paths, read_journal};
use crate::model::outcome::Outcome;
use crate::model::state::Changes;
use crate::testing::*;

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

/// The daemon's engine, started at so many seconds, on a state directory of its own in `dir`.
async fn open(dir: &TempDir, seconds: i64) -> Arc<Engine> {
    let path = dir.path().join("dibao.toml");
    let text = "[state]\ndir = \"state\"\nscrub = \"1d\"\n[retention]\nmax_age = \"365d\"\nkeep_at_least = 0\n\
        [[source]]\nid = \"paper\"\nurl = \"https://paper.example/feed\"\nregion = \"henan\"\n";
    fs::write(&path, text).expect("written");
    let config = Arc::new(load(&path, &Env::default()).expect("it loads"));
    Engine::open(config, Arc::new(TokioClock::starting(at(seconds)))).await.expect("it opens").0
}

async fn close(engine: Arc<Engine>) {
    engine.close().await.expect("closed");
    let store = Arc::downgrade(&engine.store());
    drop(engine);
    // The recorder's task ends on its own, and until then has the publisher, which has the store.
    while store.strong_count() > 0 {
        tokio::task::yield_now().await;
    }
}

async fn sleep(seconds: i64) {
    tokio::time::sleep(Duration::from_secs(u64::try_from(seconds).expect("not negative"))).await;
}

/// Paused time moves on only when nothing runs on other threads: whatever the keeper does at this instant is
/// done when this returns.
async fn stop(keeping: tokio::task::JoinHandle<()>) {
    sleep(1).await;
    keeping.abort();
    assert!(keeping.await.is_err_and(|ended| ended.is_cancelled()));
}

/// A poll, with an entry of this number; 0 for none.
async fn poll(engine: &Engine, seconds: i64, n: u64) {
    let entry = |n| DraftEntry {
        iri: None,
        minted: format!("urn:entry:{n}"),
        keys: vec![key(n)],
        fingerprint: fingerprint(n),
        entry: body(&format!("第{n}条"), None),
        backlog: false,
        decision: None,
    };
    let new: Vec<_> = (n > 0).then(|| entry(n)).into_iter().collect();
    let poll = poll_record("paper", seconds, Outcome::NotModified);
    let draft = Draft { poll, feed: None, new, changed: Vec::new(), sketches: Vec::new() };
    engine.recorder.record(Fact::Poll(Box::new(draft))).await.expect("recorded");
}

/// A run of the daemon from so many seconds on, with a poll an hour. Returns how many entries are left.
async fn run_for(dir: &TempDir, seconds: i64, hours: i64) -> u64 {
    let engine = open(dir, seconds).await;
    let keeping = tokio::spawn(run({
        let engine = Arc::clone(&engine);
        move || Arc::clone(&engine)
    }));
    for hour in 0..hours {
        poll(&engine, seconds + hour * HOUR, 0).await;
        sleep(HOUR).await;
    }
    stop(keeping).await;
    let left = engine.store().load().meta().expect("read").expect("some").entries;
    close(engine).await;
    left
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_leapt_expires_nothing_for_a_day_however_often_the_daemon_is_started() {
    let dir = TempDir::new().expect("a directory");
    let engine = open(&dir, 0).await;
    for n in 1..=3 {
        poll(&engine, 60, n).await;
    }
    close(engine).await;
    let far = 400 * DAY;
    for start in 0..3 {
        assert_eq!(run_for(&dir, far + start * 4 * HOUR, 3).await, 3, "start {start}");
    }
    // It is set right: they are young.
    assert_eq!(run_for(&dir, DAY, 50).await, 3);
    // The same time comes by itself, after long downtime.
    assert_eq!(run_for(&dir, far, 3).await, 3);
    assert_eq!(run_for(&dir, far + DAY, 50).await, 0, "a day later they are old");
}

fn segments(engine: &Engine) -> Vec<(PathBuf, Vec<u8>)> {
    let listed = fs::read_dir(engine.config.state_dir.join("journal")).expect("a listing");
    let paths = listed.map(|file| file.expect("a file").path());
    let mut segments: Vec<_> = paths
        .filter(|path| path.extension().is_some_and(|ending| ending == "zst"))
        .map(|path| (path.clone(), fs::read(path).expect("read")))
        .collect();
    segments.sort();
    segments
}

fn rot((path, bytes): &mut (PathBuf, Vec<u8>)) {
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x10;
    fs::write(path, bytes).expect("written");
}

fn is_whole(dir: &Path) -> bool {
    read_journal(&Paths::new(dir), &mut || {}).expect("read").is_empty()
}

fn dump(engine: &Engine) -> Vec<Pair> {
    engine.store().load().contents()
}

#[tokio::test(start_paused = true)]
async fn a_journal_that_rots_gets_a_new_base_when_it_is_scrubbed_and_a_sound_one_is_left_alone() {
    for rots in [true, false] {
        let dir = TempDir::new().expect("a directory");
        let engine = open(&dir, -HOUR).await;
        for n in 1..=9 {
            poll(&engine, -HOUR, n).await;
        }
        let (state, expected) = (engine.config.state_dir.clone(), dump(&engine));
        let keeping = tokio::spawn(run({
            let engine = Arc::clone(&engine);
            move || Arc::clone(&engine)
        }));
        // Between two of its looks.
        sleep(HOUR / 2 + 1).await;
        let mut before = segments(&engine);
        if rots {
            rot(&mut before[0]);
        }
        sleep(HOUR / 3).await;
        assert_eq!((is_whole(&state), segments(&engine) == before), (!rots, true), "it is read once a day");
        sleep(HOUR).await;
        assert_eq!((is_whole(&state), segments(&engine) == before), (true, !rots), "rots: {rots}");
        assert!(dump(&engine) == expected, "rots: {rots}");
        stop(keeping).await;
        close(engine).await;
        fs::remove_dir_all(state.join("store")).expect("removed");
        let engine = open(&dir, HOUR).await;
        assert!(dump(&engine) == expected, "rots: {rots}: the journal alone says the same");
    }
}

/// The findings of a scrub that runs at once.
async fn scrubbed(engine: &Engine) -> scrub::Found {
    let recorder = engine.recorder.clone();
    let scrubbing = tokio::task::spawn_blocking(move || scrub::at_once(&recorder));
    scrubbing.await.expect("no panic").expect("scrubbed")
}

#[tokio::test(start_paused = true)]
async fn a_scrub_at_once_finds_what_is_damaged_and_mends_it() {
    let dir = TempDir::new().expect("a directory");
    let engine = open(&dir, 0).await;
    for n in 1..=9 {
        poll(&engine, 60, n).await;
    }
    let (state, expected) = (engine.config.state_dir.clone(), dump(&engine));
    let store = || engine.store().load_full();
    let sound = store();
    let found = scrubbed(&engine).await;
    assert!(found.rows > 9 && !found.store_damaged && !found.journal_damaged, "{found:?}");
    assert!(Arc::ptr_eq(&sound, &store()), "a sound one stays");

    rot(&mut segments(&engine)[0]);
    let found = scrubbed(&engine).await;
    assert_eq!((found.store_damaged, found.journal_damaged), (false, true), "a damaged journal");
    assert!(is_whole(&state) && Arc::ptr_eq(&sound, &store()), "it has a new base");

    let owners = [("urn:stray".to_owned(), Some(1))].into();
    sound.commit(&Changes { owners, ..Changes::default() }).expect("written");
    let found = scrubbed(&engine).await;
    assert_eq!((found.store_damaged, found.journal_damaged), (true, false), "a damaged store");
    assert!(!Arc::ptr_eq(&sound, &store()) && dump(&engine) == expected, "it is another");

    let again = scrubbed(&engine).await;
    assert_eq!((again.store_damaged, again.journal_damaged), (false, false), "all is well");
    drop(sound);
    close(engine).await;
}

#[test]
fn it_is_scrubbed_on_one_day_of_so_many() {
    let days: Vec<NaiveDate> = at(0).date_naive().iter_days().take(420).collect();
    let hours = |hours: u64| Some(Duration::from_secs(hours * 3600));
    let cases = [
        ("never", None, 0),
        ("every day", hours(24), 420),
        ("less than a day is a day", hours(1), 420),
        ("no time at all is a day", hours(0), 420),
        ("a day and a half are two", hours(36), 210),
        ("once a week", hours(7 * 24), 60),
    ];
    for (name, every, expected) in cases {
        let scrubbed: Vec<_> = days.iter().filter(|day| is_scrub_day(**day, every)).collect();
        assert_eq!(scrubbed.len(), expected, "{name}");
        let mut apart = scrubbed.windows(2).map(|two| (*two[1] - *two[0]).num_days());
        let first = apart.next();
        assert!(apart.all(|days| Some(days) == first), "{name}: evenly");
    }
}

#[test]
fn a_journal_is_compacted_when_its_tail_is_long_and_longer_than_its_base() {
    let mib = 1 << 20;
    let cases = [
        ("a short tail", 0, 63 * mib, false),
        ("a first base", 0, 64 * mib, true),
        ("a large base", 100 * mib, 99 * mib, false),
        ("a tail as large", 100 * mib, 100 * mib, true),
    ];
    for (name, base, tail, expected) in cases {
        assert_eq!(is_worth_it(base, tail), expected, "{name}");
    }
}
