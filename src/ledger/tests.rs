//! The state directory opened after everything that may have happened to it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use chrono::NaiveDate;
use tempfile::TempDir;

use super::store::Pair;
use super::*;
use crate::decide::rules::Rules;
use crate::testing::*;

/// Its first lines bring shown entries of every source, of which one expires, one is withdrawn and some tell
/// one story.
const SEED: u64 = 378;

pub(super) fn today() -> NaiveDate {
    at(0).date_naive()
}

pub(super) fn open(dir: &TempDir) -> (Ledger, OpenNotes) {
    open_under(dir, standard())
}

fn open_under(dir: &TempDir, rules: Arc<Rules>) -> (Ledger, OpenNotes) {
    Ledger::open(dir.path(), rules, today()).expect("the state directory opens")
}

/// The rules of [`workload`]; they take long to make.
pub(super) fn standard() -> Arc<Rules> {
    static RULES: LazyLock<Arc<Rules>> = LazyLock::new(|| Arc::new(rules(&sources())));
    Arc::clone(&RULES)
}

/// The same, but for the region of one source.
fn other() -> Arc<Rules> {
    static RULES: LazyLock<Arc<Rules>> = LazyLock::new(|| {
        let mut defs = sources();
        defs[1].region = fixed(&["henan"]);
        Arc::new(rules(&defs))
    });
    Arc::clone(&RULES)
}

/// A ledger of its own with these lines recorded.
pub(super) fn filled_with(lines: Vec<Line>) -> (TempDir, Ledger) {
    let dir = TempDir::new().expect("a directory");
    let (mut ledger, notes) = open(&dir);
    assert_eq!((notes.rebuild, notes.replayed), (None, 0));
    record(&mut ledger, lines);
    (dir, ledger)
}

fn filled() -> (TempDir, Ledger) {
    filled_with(workload(SEED, 14))
}

/// The same, closed in good order or left as by a kill.
fn left(clean: bool) -> TempDir {
    let (dir, ledger) = filled();
    if clean {
        ledger.close().expect("closed");
    } else {
        drop(ledger);
    }
    dir
}

fn record(ledger: &mut Ledger, lines: Vec<Line>) {
    for line in lines {
        ledger.record_lines(vec![line.record], today()).expect("recorded");
    }
}

fn compact(ledger: &mut Ledger) {
    let compaction = ledger.begin_compaction(today()).expect("begun").expect("there is something");
    let compacted = compaction.write().expect("written");
    assert!(ledger.finish_compaction(compacted).expect("finished"));
}

fn rebuild(ledger: &mut Ledger) -> u64 {
    ledger.rebuild(&mut |_| {}).expect("rebuilt")
}

pub(super) fn dump(ledger: &Ledger) -> Vec<Pair> {
    let store = ledger.store().load_full();
    store.check().expect("sound");
    store.contents()
}

/// The rows that lines give in memory.
fn expected(lines: &[Line]) -> Vec<Pair> {
    folded(lines, &standard()).contents()
}

fn reference() -> Vec<Pair> {
    expected(&workload(SEED, 14))
}

/// The store as the journal alone gives it.
fn from_the_journal(dir: &TempDir) -> Vec<Pair> {
    fs::remove_dir_all(dir.path().join("store")).expect("removed");
    let (mut ledger, notes) = open(dir);
    assert!(notes.rebuild.is_some());
    ledger.settle(&mut |_| {}).expect("built");
    assert_eq!(ledger.damage(), None);
    dump(&ledger)
}

/// The directory of the one generation there is.
fn generation(dir: &TempDir) -> PathBuf {
    let mut found: Vec<_> = fs::read_dir(dir.path().join("store"))
        .expect("a listing")
        .map(|e| e.expect("an entry").path())
        .filter(|p| p.is_dir() && !p.ends_with("damaged"))
        .collect();
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

fn mark(dir: &TempDir) -> PathBuf {
    generation(dir).with_extension("json")
}

/// Every file below a directory, in the order of their names.
fn files(dir: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).expect("a listing") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { files.extend(self::files(&path)) } else { files.push(path) }
    }
    files.sort();
    files
}

/// The segments of the journal, in order.
fn segments(dir: &TempDir) -> Vec<PathBuf> {
    let all = files(&dir.path().join("journal")).into_iter();
    all.filter(|path| path.extension().is_some_and(|ending| ending == "zst")).collect()
}

/// The starts of the frames of a segment, and its length.
fn frames(path: &Path) -> Vec<usize> {
    let bytes = fs::read(path).expect("read");
    let magic = [0x28, 0xb5, 0x2f, 0xfd];
    let begin = bytes.windows(4).enumerate().filter(|(_, four)| *four == magic).map(|(at, _)| at);
    begin.chain([bytes.len()]).collect()
}

fn cut(path: &Path, len: usize) {
    let file = fs::OpenOptions::new().write(true).open(path).expect("opens");
    file.set_len(len as u64).expect("cut");
}

/// Damages the middle of a frame, counted from 0.
fn damage(path: &Path, frame: usize) {
    let starts = frames(path);
    let mut bytes = fs::read(path).expect("read");
    bytes[usize::midpoint(starts[frame], starts[frame + 1])] ^= 0x10;
    fs::write(path, bytes).expect("written");
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("created");
    for entry in fs::read_dir(from).expect("a listing") {
        let path = entry.expect("an entry").path();
        let target = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, target).expect("copied");
        }
    }
}

mod compaction;
mod damage;
mod decide;
mod opening;
mod room;
mod scrub;
mod stories;
mod trust;
