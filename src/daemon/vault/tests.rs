//! The state directory opened after everything that may have happened to it.

use std::fs;

use chrono::NaiveDate;
use tempfile::TempDir;

use super::*;
use crate::core::source::RegionRule;
use crate::ledger::store::Pair;
use crate::testing::*;

fn today() -> NaiveDate {
    at(0).date_naive()
}

fn open(dir: &TempDir) -> (Vault, OpenNotes) {
    Vault::open(dir.path(), Arc::new(rules(&sources())), today()).expect("the state directory opens")
}

/// A vault of its own with a workload recorded.
fn filled() -> (TempDir, Vault) {
    let dir = TempDir::new().expect("a directory");
    let (mut vault, notes) = open(&dir);
    assert_eq!((notes.rebuilt, notes.replayed), (None, 0));
    record(&mut vault, workload(21, 14));
    (dir, vault)
}

/// The same, closed in good order or left as by a kill.
fn left(clean: bool) -> TempDir {
    let (dir, vault) = filled();
    if clean {
        vault.close().expect("closed");
    } else {
        drop(vault);
    }
    dir
}

fn record(vault: &mut Vault, lines: Vec<Line>) {
    for line in lines {
        vault.record(vec![line.record], today(), false).expect("recorded");
    }
    vault.sync().expect("synced");
}

fn dump(vault: &Vault) -> Vec<Pair> {
    let store = vault.store().load_full();
    store.check().expect("sound");
    store.dump()
}

/// What the same lines give in memory.
fn reference() -> Vec<Pair> {
    folded(&workload(21, 14), &rules(&sources())).dump()
}

/// A file system that does not say how much room it has.
fn plenty() -> AskRoom {
    Arc::new(|_| None)
}

/// The directory of the one generation there is.
fn generation(dir: &TempDir) -> PathBuf {
    let root = dir.path().join("store");
    let mut found: Vec<_> = fs::read_dir(&root)
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

/// Opens, and holds the store against the reference; returns why it was rebuilt and closes.
fn reopened(dir: &TempDir, name: &str) -> Option<String> {
    let (vault, notes) = open(dir);
    assert_eq!(dump(&vault), reference(), "{name}");
    let why = notes.rebuilt;
    drop(vault);
    let (vault, notes) = open(dir);
    assert_eq!(notes.rebuilt, None, "{name}: rebuilt again");
    assert_eq!(dump(&vault), reference(), "{name}");
    why
}

#[test]
fn what_was_recorded_is_there_after_a_clean_close() {
    let (dir, vault) = filled();
    assert_eq!(dump(&vault), reference());
    vault.close().expect("closed");
    let text = fs::read_to_string(mark(&dir)).expect("a mark");
    assert!(text.contains("\"clean\":true"), "{text}");
    let (vault, notes) = open(&dir);
    assert_eq!((notes.rebuilt, notes.replayed, notes.unclean), (None, 0, false));
    assert_eq!((dump(&vault), vault.seq()), (reference(), 14));
    let text = fs::read_to_string(mark(&dir)).expect("a mark");
    assert!(text.contains("\"clean\":false"), "open, it is not closed: {text}");
}

#[test]
fn a_store_behind_the_journal_is_caught_up_on_the_same_boot() {
    let (dir, mut vault) = filled();
    // As a kill between journal and store leaves it.
    let more = poll("fixed", 99_000);
    let lines = vault.journal.commit(vec![more.clone()], today()).expect("committed");
    drop(vault);
    let (vault, notes) = open(&dir);
    assert_eq!((notes.rebuilt, notes.replayed, notes.unclean), (None, 1, true));
    let mut all = workload(21, 14);
    all.extend(lines);
    assert_eq!(dump(&vault), folded(&all, &rules(&sources())).dump());
}

#[test]
fn a_store_is_trusted_within_one_boot_or_after_a_clean_close_only() {
    let other_boot = |clean| format!("{{\"boot_id\":\"another\",\"clean\":{clean}}}");
    let cases = [
        ("another boot", other_boot(false), true),
        ("another boot after a clean close", other_boot(true), false),
        ("no boot id", "{\"boot_id\":null,\"clean\":false}".to_owned(), true),
        ("a mark that was cut", "{\"boot".to_owned(), true),
        ("an empty mark", String::new(), true),
    ];
    for (name, text, rebuilt) in cases {
        let (dir, vault) = filled();
        drop(vault);
        fs::write(mark(&dir), text).expect("written");
        assert_eq!(reopened(&dir, name).is_some(), rebuilt, "{name}");
    }
}

#[test]
fn a_store_that_is_missing_or_half_built_is_built_from_the_journal() {
    type Damage = fn(&TempDir);
    let cases: [(&str, Damage); 4] = [
        ("the store is removed", |dir| fs::remove_dir_all(dir.path().join("store")).expect("removed")),
        ("the generation is removed", |dir| fs::remove_dir_all(generation(dir)).expect("removed")),
        ("no mark: a rebuild was interrupted", |dir| fs::remove_file(mark(dir)).expect("removed")),
        ("an empty generation beside its mark", |dir| {
            let generation = generation(dir);
            fs::remove_dir_all(&generation).expect("removed");
            fs::create_dir(&generation).expect("created");
        }),
    ];
    for (name, damage) in cases {
        let (dir, vault) = filled();
        vault.close().expect("closed");
        damage(&dir);
        assert!(reopened(&dir, name).is_some(), "{name}");
    }
}

#[test]
fn an_interrupted_rebuild_is_swept_and_the_generation_before_it_stays() {
    let (dir, vault) = filled();
    vault.close().expect("closed");
    let half = dir.path().join("store/00000009");
    fs::create_dir(&half).expect("created");
    fs::write(half.join("db"), b"half").expect("written");
    assert_eq!(reopened(&dir, "half a rebuild"), None);
    assert!(!half.exists());
}

#[test]
fn a_snapshot_that_was_being_written_does_no_harm() {
    let (dir, vault) = filled();
    drop(vault);
    fs::write(generation(&dir).join("snap.0000000000000ABC.generating"), b"half a snapshot")
        .expect("written");
    assert_eq!(reopened(&dir, "half a snapshot"), None);
}

/// Every file of the store, largest last.
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
fn segments(dir: &Path) -> Vec<PathBuf> {
    let all = files(&dir.join("journal")).into_iter();
    all.filter(|path| path.extension().is_some_and(|ending| ending == "zst")).collect()
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

#[test]
fn a_damaged_store_is_found_out_and_gives_the_same_bytes_again() {
    let (sound, vault) = filled();
    vault.close().expect("closed");
    let mut draw = Draw::new(8);
    let (mut rebuilt, mut tried) = (0, 0);
    let names: Vec<PathBuf> = files(&generation(&sound))
        .iter()
        .map(|p| p.strip_prefix(sound.path()).expect("below it").to_owned())
        .collect();
    for round in 0..8 {
        for name in &names {
            let dir = TempDir::new().expect("a directory");
            copy(sound.path(), dir.path());
            let path = dir.path().join(name);
            let mut bytes = fs::read(&path).expect("read");
            if bytes.is_empty() {
                continue;
            }
            // sled's file is mostly empty: most damage goes where something is written.
            let written = bytes.iter().rposition(|b| *b != 0).unwrap_or(0) + 1;
            let place = usize::try_from(draw.below(written as u64)).expect("small");
            match round % 4 {
                0 => bytes.truncate(place),
                1 => bytes[place..].iter_mut().take(4096).for_each(|b| *b = 0),
                _ => bytes[place] ^= 1 << draw.below(8),
            }
            fs::write(&path, bytes).expect("written");
            let told = format!("round {round}, {} at {place}", name.display());
            rebuilt += u32::from(reopened(&dir, &told).is_some());
            tried += 1;
        }
    }
    // The rest fell on what sled does not read any more.
    assert!(rebuilt * 5 > tried, "only {rebuilt} of {tried} were found out");
}

#[test]
fn other_rules_derive_the_store_anew() {
    let (dir, vault) = filled();
    vault.close().expect("closed");
    let mut defs = sources();
    defs[1].region = fixed(&["henan"]);
    let mut titled = sources();
    titled[0].title = Some("另一个名字".to_owned());
    let cases = [
        ("a rename", renamed(&sources(), &[("old", "fixed")])),
        ("another region of a source", rules(&defs)),
        ("another title of a source", rules(&titled)),
    ];
    for (name, rules) in cases {
        let copied = TempDir::new().expect("a directory");
        copy(dir.path(), copied.path());
        let expected = folded(&workload(21, 14), &rules).dump();
        let (vault, notes) = Vault::open(copied.path(), Arc::new(rules), today()).expect("opens");
        assert!(notes.rebuilt.is_some(), "{name}");
        assert_eq!(dump(&vault), expected, "{name}");
    }
    // A source that is merely added changes nothing that is stored.
    let mut more = sources();
    more.push(def("added", RegionRule::Auto));
    let (_, notes) = Vault::open(dir.path(), Arc::new(rules(&more)), today()).expect("opens");
    assert_eq!(notes.rebuilt, None);
}

#[test]
fn a_state_directory_opens_once() {
    let (dir, vault) = filled();
    let again = || Vault::open(dir.path(), Arc::new(rules(&sources())), today()).map(|(_, notes)| notes);
    assert!(matches!(again(), Err(VaultError::Locked(_))));
    // A reader may hold the store longer than the directory is locked: that is no damage.
    let reader = vault.store();
    vault.close().expect("closed");
    assert!(matches!(again(), Err(VaultError::Locked(_))));
    assert_eq!(reader.load().dump(), reference());
    drop(reader);
    assert_eq!(again().expect("opens").rebuilt, None);
}

#[test]
fn a_store_that_fails_while_open_is_replaced_under_its_readers() {
    let (dir, mut vault) = filled();
    let handle = vault.store();
    let failed = handle.load_full();
    vault.heal(&failed, "a test says so").expect("healed");
    assert!(!Arc::ptr_eq(&failed, &handle.load_full()));
    assert_eq!(handle.load().dump(), reference());
    let healed = handle.load_full();
    vault.heal(&failed, "told once more").expect("healed");
    assert!(Arc::ptr_eq(&healed, &handle.load_full()), "it was healed already");
    // The failed one may still be read from; its directory has gone aside.
    assert_eq!(failed.dump(), reference());
    let more = vault.record(vec![poll("auto", 90_000)], today(), true).expect("recorded");
    assert_eq!(more[0].0.seq, 15);
    assert!(fs::read_to_string(dir.path().join("store/damaged/WHY")).expect("kept").contains("a test"));
    drop((failed, healed, handle));
    vault.close().expect("closed");
    let (vault, notes) = open(&dir);
    assert_eq!((notes.rebuilt, vault.seq()), (None, 15));
}

#[test]
fn a_rebuild_that_cannot_finish_leaves_the_store_in_use() {
    let (dir, mut vault) = filled();
    // A line of a later version: the journal cannot be read to its end.
    let segment = segments(dir.path()).pop().expect("a segment");
    let good = fs::read(&segment).expect("read");
    let newer = zstd::bulk::compress(b"{\"v\":9,\"seq\":99,\"kind\":\"new\"}\n", 1).expect("a frame");
    fs::write(&segment, [good.clone(), newer].concat()).expect("written");
    assert!(vault.rebuild("asked for").is_err());
    assert_eq!(dump(&vault), reference());
    assert_eq!(files(&dir.path().join("store")).iter().filter(|p| p.ends_with("db")).count(), 1);
    drop(vault);
    let refused = Vault::open(dir.path(), Arc::new(rules(&sources())), today()).map(|_| ());
    assert!(matches!(refused, Err(VaultError::Journal(JournalError::Newer { .. }))), "{refused:?}");
    fs::write(&segment, good).expect("written");
    assert_eq!(reopened(&dir, "the older dibao again"), None);
}

#[test]
fn a_store_whose_mark_cannot_be_renewed_is_not_swept() {
    let (dir, vault) = filled();
    vault.store().load().flush().expect("flushed");
    vault.generation.mark_clean(dir.path()).expect("marked");
    // Where the next mark would be written.
    let marked = mark(&dir);
    let in_the_way = marked.with_extension("new");
    fs::create_dir(&in_the_way).expect("created");
    assert!(vault.generation.mark_open(dir.path()).is_err());
    let text = fs::read_to_string(marked).expect("it has a mark");
    assert!(text.ends_with("\"clean\":false}"), "a power cut must not find it clean: {text}");
    drop(vault);
    fs::remove_dir(&in_the_way).expect("removed");
    assert_eq!(reopened(&dir, "the store that is there"), None);
}

mod compaction;
mod healing;
mod refresh;
pub(super) mod refusals;
mod room;
mod wounds;
