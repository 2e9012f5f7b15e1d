//! Backups of small journals, restored elsewhere.

use tempfile::TempDir;

use super::*;
use crate::ledger::store::Pair;
use crate::ledger::tests::standard;
use crate::ledger::{Ledger, peek};
use crate::testing::*;

fn open(dir: &Path) -> Ledger {
    let opened = Ledger::open(dir, standard(), at(0).date_naive());
    let mut ledger = opened.expect("the state directory opens").0;
    ledger.settle(&mut |_| {}).expect("the store is built");
    ledger
}

fn copy(from: &Path, files: (u64, &[BackupFile]), at: Time, into: &Path) -> Result<Manifest, BackupError> {
    super::copy(from, files, at, into, &mut |_| {})
}

fn restore(from: &Path, to: &Path) -> Result<Manifest, BackupError> {
    super::restore(from, to, &mut |_| {})
}

fn dump(ledger: &Ledger) -> Vec<Pair> {
    ledger.store().load().contents()
}

fn record(ledger: &mut Ledger, lines: &[crate::model::record::Line]) {
    for line in lines {
        ledger.record_lines(vec![line.record.clone()], at(0).date_naive()).expect("recorded");
    }
}

/// A state directory with something in it, and a backup of it.
fn backed_up() -> (TempDir, TempDir, Ledger, Vec<Pair>) {
    let (state, backup) = (TempDir::new().expect("a directory"), TempDir::new().expect("a directory"));
    let mut ledger = open(state.path());
    record(&mut ledger, &workload(41, 30)[..12]);
    prepare(backup.path()).expect("it is empty");
    let before = dump(&ledger);
    let (seq, parts) = ledger.acknowledged().expect("synced");
    // What is recorded while files are copied is not in the backup.
    record(&mut ledger, &workload(41, 30)[12..]);
    let manifest = copy(&state.path().join("journal"), (seq, &parts), at(9), backup.path()).expect("copied");
    assert_eq!((manifest.seq, manifest.files.len()), (12, 1));
    (state, backup, ledger, before)
}

#[test]
fn a_restored_backup_gives_the_same_store() {
    let (_state, backup, _ledger, before) = backed_up();
    let fresh = TempDir::new().expect("a directory");
    restore(backup.path(), fresh.path()).expect("restored");
    assert!(dump(&open(fresh.path())) == before);
}

#[test]
fn a_compacted_journal_is_backed_up_from_its_base_on() {
    let (state, _, mut ledger, _) = backed_up();
    let compaction = ledger.begin_compaction(at(0).date_naive()).expect("begun").expect("something");
    let (seq, parts) = ledger.acknowledged().expect("synced");
    let compacted = compaction.write().expect("written");
    ledger.finish_compaction(compacted).expect("finished");
    let backup = TempDir::new().expect("a directory");
    let stale = copy(&state.path().join("journal"), (seq, &parts), at(9), backup.path());
    assert!(matches!(stale, Err(BackupError::Vanished(_))), "{stale:?}");
    prepare(backup.path()).expect("nothing is left of that");
    let (seq, parts) = ledger.acknowledged().expect("synced");
    copy(&state.path().join("journal"), (seq, &parts), at(9), backup.path()).expect("copied");
    let fresh = TempDir::new().expect("a directory");
    restore(backup.path(), fresh.path()).expect("restored");
    assert!(dump(&open(fresh.path())) == dump(&ledger));
}

#[test]
fn a_damaged_journal_is_not_backed_up_until_it_has_a_new_base() {
    let (state, _, mut ledger, _) = backed_up();
    let journal = state.path().join("journal");
    flip(&journal.join("00000001-2026-11-23.ndjson.zst"));
    let backup = TempDir::new().expect("a directory");
    let (seq, parts) = ledger.acknowledged().expect("synced");
    let refused = copy(&journal, (seq, &parts), at(9), backup.path()).expect_err("it is damaged").to_string();
    let named = journal.join("00000001-2026-11-23.ndjson.zst: octets ").display().to_string();
    assert!(refused.contains("no backup") && refused.contains(&named), "{refused}");
    assert!(!refused.contains(&backup.path().display().to_string()), "{refused}");
    prepare(backup.path()).expect("nothing is left of that");
    assert!(ledger.confirm_damage().expect("read"));
    ledger.rebuild(&mut |_| {}).expect("rebuilt from a new base");
    let (seq, parts) = ledger.acknowledged().expect("synced");
    // Lines that are not there are missed as well.
    let cut = copy(&journal, (seq + 1, &parts), at(9), backup.path());
    assert!(matches!(cut, Err(BackupError::JournalDamaged { .. })), "{cut:?}");
    copy(&journal, (seq, &parts), at(9), backup.path()).expect("copied");
    let fresh = TempDir::new().expect("a directory");
    restore(backup.path(), fresh.path()).expect("restored");
    assert!(dump(&open(fresh.path())) == dump(&ledger));
}

#[test]
fn a_whole_copy_of_a_damaged_journal_is_refused_by_name() {
    let (_state, backup, _ledger, _) = backed_up();
    let segment = backup.path().join("00000001-2026-11-23.ndjson.zst");
    flip(&segment);
    // As an older dibao wrote it.
    let mut manifest = read_manifest(backup.path()).expect("read");
    (manifest.files[0].octets, manifest.files[0].sha256) = hash(&segment).expect("read");
    fs::write(backup.path().join(MANIFEST), serde_json::to_vec(&manifest).expect("JSON")).expect("written");
    let fresh = TempDir::new().expect("a directory");
    let refused = restore(backup.path(), &fresh.path().join("state")).expect_err("it is damaged");
    assert!(matches!(refused, BackupError::CopyOfRotten { .. }), "{refused}");
    assert!(!fresh.path().join("state").exists());
    // What it says can be done.
    fs::create_dir(fresh.path().join("journal")).expect("created");
    fs::copy(&segment, fresh.path().join("journal").join(segment.file_name().expect("a name")))
        .expect("copied");
    let ledger = open(fresh.path());
    ledger.store().load().check().expect("sound");
    assert_eq!(ledger.seq(), 12);
}

#[test]
fn what_is_no_whole_backup_is_refused_and_nothing_is_written() {
    let segment = |dir: &Path| dir.join("00000001-2026-11-23.ndjson.zst");
    let manifest = |dir: &Path, from: &str, to: &str| {
        let path = dir.join(MANIFEST);
        let text = fs::read_to_string(&path).expect("read");
        assert!(text.contains(from), "{text}");
        fs::write(path, text.replace(from, to)).expect("written");
    };
    type Damage = Box<dyn Fn(&Path)>;
    let cases: [(&str, Damage, &str); 8] = [
        (
            "no manifest",
            Box::new(|dir| fs::remove_file(dir.join(MANIFEST)).expect("removed")),
            "not a backup",
        ),
        (
            "half a manifest",
            Box::new(|dir| fs::write(dir.join(MANIFEST), "{").expect("written")),
            "not a backup",
        ),
        (
            "a missing file",
            Box::new(move |dir| fs::remove_file(segment(dir)).expect("removed")),
            "cannot open",
        ),
        ("a longer file", Box::new(move |dir| append(&segment(dir), b"x")), "damaged"),
        ("a flipped bit", Box::new(move |dir| flip(&segment(dir))), "damaged"),
        (
            "a newer layout",
            Box::new(move |dir| manifest(dir, "\"format\": 1", "\"format\": 2")),
            "newer than this dibao",
        ),
        (
            "newer lines",
            Box::new(move |dir| {
                manifest(dir, &format!("\"lines\": {LINE_VERSION}"), "\"lines\": 300");
            }),
            "newer than this dibao",
        ),
        (
            "a name that leads elsewhere",
            Box::new(move |dir| manifest(dir, "\"00000001-", "\"../00000001-")),
            "no file of a journal",
        ),
    ];
    for (name, damage, expected) in cases {
        let (_state, backup, _ledger, _) = backed_up();
        damage(backup.path());
        let fresh = TempDir::new().expect("a directory");
        let refused = restore(backup.path(), &fresh.path().join("state")).expect_err(name).to_string();
        assert!(refused.contains(expected), "{name}: {refused}");
        assert!(!fresh.path().join("state").exists(), "{name}");
    }
}

fn append(path: &Path, more: &[u8]) {
    let bytes = fs::read(path).expect("read");
    fs::write(path, [&bytes, more].concat()).expect("written");
}

fn flip(path: &Path) {
    let mut bytes = fs::read(path).expect("read");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(path, bytes).expect("written");
}

#[test]
fn nothing_that_is_there_is_overwritten() {
    let (state, backup, ledger, _) = backed_up();
    assert!(matches!(prepare(backup.path()), Err(BackupError::NotEmpty(_))));
    let busy = restore(backup.path(), state.path()).expect_err("a daemon runs on it");
    assert!(busy.to_string().contains("in use"), "{busy}");
    drop(ledger);
    let occupied = restore(backup.path(), state.path());
    assert!(matches!(occupied, Err(BackupError::Occupied(_))), "{occupied:?}");
}

#[test]
fn a_store_of_another_journal_goes_and_an_interrupted_restore_is_begun_anew() {
    let (_state, backup, _ledger, before) = backed_up();
    let other = TempDir::new().expect("a directory");
    let mut ledger = open(other.path());
    record(&mut ledger, &workload(42, 8));
    ledger.close().expect("closed");
    fs::remove_dir_all(other.path().join("journal")).expect("removed");
    fs::create_dir(other.path().join("journal.restoring")).expect("created");
    fs::write(other.path().join("journal.restoring/00000001-2026-11-23.ndjson.zst"), "half")
        .expect("written");
    restore(backup.path(), other.path()).expect("restored");
    assert!(dump(&open(other.path())) == before);
}

#[test]
fn a_journal_whose_segments_were_removed_is_in_nobodys_way() {
    let (_state, backup, _ledger, before) = backed_up();
    let other = TempDir::new().expect("a directory");
    let mut ledger = open(other.path());
    record(&mut ledger, &workload(42, 8));
    ledger.close().expect("closed");
    let journal = other.path().join("journal");
    fs::remove_file(journal.join("00000001-2026-11-23.ndjson.zst")).expect("removed");
    fs::write(journal.join("00000002-2026-11-23.ndjson.zst.new"), "half a base").expect("written");
    fs::write(journal.join("notes"), "somebody's").expect("written");
    let occupied = restore(backup.path(), other.path());
    assert!(matches!(occupied, Err(BackupError::Occupied(_))), "{occupied:?}");
    fs::remove_file(journal.join("notes")).expect("removed");
    assert!(journal.join("id").exists());
    restore(backup.path(), other.path()).expect("restored");
    assert!(dump(&open(other.path())) == before);
}

#[test]
fn a_backup_that_fails_leaves_nothing_and_is_made_again_in_the_same_place() {
    let (state, _, mut ledger, _) = backed_up();
    let compaction = ledger.begin_compaction(at(0).date_naive()).expect("begun").expect("something");
    ledger.finish_compaction(compaction.write().expect("written")).expect("finished");
    record(&mut ledger, &workload(43, 5));
    let (seq, parts) = ledger.acknowledged().expect("synced");
    assert_eq!(parts.len(), 2);
    let journal = state.path().join("journal");
    let names = |dir: &Path| {
        let listed = fs::read_dir(dir).expect("listed").map(|entry| entry.expect("an entry").file_name());
        let mut names: Vec<_> = listed.map(|name| name.into_string().expect("text")).collect();
        names.sort();
        names
    };
    // What stands in the way, and what is left of it: the second file, or the manifest.
    for blocked in [parts[1].name.as_str(), MANIFEST] {
        let backup = TempDir::new().expect("a directory");
        prepare(backup.path()).expect("it is empty");
        fs::write(backup.path().join(blocked), "somebody's").expect("written");
        let failed = copy(&journal, (seq, &parts), at(9), backup.path());
        assert!(matches!(failed, Err(BackupError::Io { .. })), "{blocked}: {failed:?}");
        assert_eq!(names(backup.path()), [blocked]);
        assert_eq!(fs::read(backup.path().join(blocked)).expect("read"), b"somebody's");
    }
    let backup = TempDir::new().expect("a directory");
    prepare(backup.path()).expect("it is empty");
    // A file that is cut short while it is copied, as one on a full disk is.
    let longer = [parts[0].clone(), BackupFile { octets: parts[1].octets + 1, ..parts[1].clone() }];
    let failed = copy(&journal, (seq, &longer), at(9), backup.path());
    assert!(matches!(failed, Err(BackupError::Damaged(_))), "{failed:?}");
    prepare(backup.path()).expect("nothing is left of that");
    copy(&journal, (seq, &parts), at(9), backup.path()).expect("copied");
}

/// Makes restoring a backup fail while it is copied: there is a file of that name already. Returns the manifest.
fn name_twice(backup: &Path) -> Vec<u8> {
    let path = backup.join(MANIFEST);
    let text = fs::read(&path).expect("read");
    let mut manifest = read_manifest(backup).expect("read");
    manifest.files.push(manifest.files[0].clone());
    fs::write(&path, serde_json::to_vec(&manifest).expect("JSON")).expect("written");
    text
}

#[test]
fn nobody_opens_what_is_half_restored_and_a_restore_that_fails_takes_no_store_with_it() {
    let (_state, backup, _ledger, before) = backed_up();
    let other = TempDir::new().expect("a directory");
    let mut ledger = open(other.path());
    record(&mut ledger, &workload(42, 8));
    ledger.close().expect("closed");
    let (journal, away) = (other.path().join("journal"), other.path().join("journal.old"));
    fs::rename(&journal, &away).expect("moved away");
    let (arriving, text) = (other.path().join("journal.restoring"), name_twice(backup.path()));
    let failed = restore(backup.path(), other.path());
    assert!(matches!(failed, Err(BackupError::Io { what: "create it", .. })), "{failed:?}");
    assert!(is_empty(&arriving).expect("it is still there"), "and takes up no room");
    assert!(other.path().join("store/00000001").exists(), "the store of the old journal");

    let opened = Ledger::open(other.path(), standard(), at(0).date_naive()).map(|_| ());
    let peeked = peek(other.path(), |_| Ok(())).map(|_| ());
    for refused in [opened, peeked] {
        let refused = refused.expect_err("it is half restored");
        assert!(matches!(refused, LedgerError::HalfRestored(_)), "{refused}");
        assert!(refused.to_string().contains("run `dibao restore` again"), "{refused}");
    }
    assert!(!journal.exists(), "and none is begun");

    fs::write(backup.path().join(MANIFEST), text).expect("written");
    fs::write(arriving.join("00000001-2026-11-23.ndjson.zst"), "half").expect("written");
    restore(backup.path(), other.path()).expect("restored");
    assert!(!arriving.exists());
    assert!(dump(&open(other.path())) == before);
}

#[test]
fn whoever_gives_a_restore_up_goes_on_with_the_old_journal_and_its_store() {
    let (_state, backup, _ledger, _) = backed_up();
    let other = TempDir::new().expect("a directory");
    let mut ledger = open(other.path());
    record(&mut ledger, &workload(42, 8));
    let before = dump(&ledger);
    ledger.close().expect("closed");
    let (journal, away) = (other.path().join("journal"), other.path().join("journal.old"));
    fs::rename(&journal, &away).expect("moved away");
    name_twice(backup.path());
    restore(backup.path(), other.path()).expect_err("it fails");
    fs::rename(&away, &journal).expect("moved back");
    let (ledger, notes) = Ledger::open(other.path(), standard(), at(0).date_naive()).expect("it opens");
    assert_eq!(notes.rebuild, None, "the store is used");
    assert!(dump(&ledger) == before);
}
