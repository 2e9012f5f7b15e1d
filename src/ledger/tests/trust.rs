//! Tests of stores that are used as they are, and of stores that are built from the journal.

use super::*;
use crate::model::source::RegionRule;

/// Opens, settles, and holds the store against the reference, twice; returns why it was rebuilt.
fn reopened(dir: &TempDir, name: &str) -> Option<String> {
    let (mut ledger, notes) = open(dir);
    ledger.settle(&mut |_| {}).expect(name);
    assert!(dump(&ledger) == reference(), "{name}");
    drop(ledger);
    let (ledger, again) = open(dir);
    assert_eq!(again.rebuild, None, "{name}: rebuilt again");
    assert!(dump(&ledger) == reference(), "{name}");
    notes.rebuild
}

#[test]
fn a_store_is_trusted_within_one_boot_or_after_a_clean_close_only() {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").expect("Linux");
    let this = format!("\"{}\"", boot.trim());
    let another = "\"another\"".to_owned();
    let cases = [
        ("this boot", &this, false, true, None),
        ("this boot after a clean close", &this, true, true, None),
        ("another boot", &another, false, true, Some("went down")),
        ("another boot after a clean close", &another, true, true, None),
        ("no boot id", &"null".to_owned(), false, true, Some("went down")),
        ("another journal", &this, false, false, Some("another journal")),
        ("another journal after a clean close", &this, true, false, Some("another journal")),
    ];
    for (name, boot_id, clean, own, why) in cases {
        let dir = left(false);
        let journal = fs::read_to_string(dir.path().join("journal/id")).expect("an id");
        let journal = if own { journal.trim() } else { "d0a1f0a8-7f3c-4d5e-9b1c-0a1b2c3d4e5f" };
        let text = format!("{{\"boot_id\":{boot_id},\"clean\":{clean},\"journal\":\"{journal}\"}}");
        fs::write(mark(&dir), text).expect("written");
        let told = reopened(&dir, name);
        assert_eq!(told.is_some(), why.is_some(), "{name}: {told:?}");
        assert!(told.is_none_or(|told| told.contains(why.unwrap_or_default())), "{name}");
        assert_eq!(dir.path().join("store/damaged").exists(), why.is_some(), "{name}: it is put aside");
    }
    for (name, text) in [("a mark that was cut", "{\"boot"), ("an empty mark", "")] {
        let dir = left(true);
        fs::write(mark(&dir), text).expect("written");
        assert!(reopened(&dir, name).is_some_and(|why| why.contains("mark")), "{name}");
    }
}

#[test]
fn a_store_that_is_missing_or_half_built_is_built_from_the_journal() {
    type Damage = fn(&TempDir);
    let cases: [(&str, Damage); 5] = [
        ("the store is removed", |dir| fs::remove_dir_all(dir.path().join("store")).expect("removed")),
        ("the generation is removed", |dir| fs::remove_dir_all(generation(dir)).expect("removed")),
        ("no mark: a build was interrupted", |dir| fs::remove_file(mark(dir)).expect("removed")),
        ("an empty generation beside its mark", |dir| {
            let generation = generation(dir);
            fs::remove_dir_all(&generation).expect("removed");
            fs::create_dir(&generation).expect("created");
        }),
        ("the journal has another id", |dir| {
            fs::remove_file(dir.path().join("journal/id")).expect("removed");
        }),
    ];
    for (name, damage) in cases {
        let dir = left(true);
        damage(&dir);
        assert!(reopened(&dir, name).is_some(), "{name}");
    }
}

#[test]
fn an_interrupted_build_is_swept_and_the_generation_before_it_stays() {
    let dir = left(true);
    let half = dir.path().join("store/00000009");
    fs::create_dir(&half).expect("created");
    fs::write(half.join("db"), b"half").expect("written");
    assert_eq!(reopened(&dir, "half a build"), None);
    assert!(!half.exists());
}

#[test]
fn a_snapshot_that_was_being_written_does_no_harm() {
    let dir = left(false);
    let half = generation(&dir).join("snap.0000000000000ABC.generating");
    fs::write(half, b"half a snapshot").expect("written");
    assert_eq!(reopened(&dir, "half a snapshot"), None);
}

#[test]
fn a_store_behind_the_base_is_built_anew() {
    let (dir, mut ledger) = filled();
    // The generation as it is now comes back after more was recorded and compacted.
    let copied = TempDir::new().expect("a directory");
    ledger.store().load().flush().expect("flushed");
    copy(&dir.path().join("store"), copied.path());
    record(&mut ledger, workload(SEED, 20)[14..].to_vec());
    compact(&mut ledger);
    drop(ledger);
    fs::remove_dir_all(dir.path().join("store")).expect("removed");
    copy(copied.path(), &dir.path().join("store"));
    let (mut ledger, notes) = open(&dir);
    assert!(notes.rebuild.is_some_and(|why| why.contains("behind the base")));
    ledger.settle(&mut |_| {}).expect("built");
    assert!(dump(&ledger) == expected(&workload(SEED, 20)));
}

#[test]
fn whatever_became_of_the_files_of_the_store_the_journal_gives_the_same_again() {
    let sound = left(true);
    let mut draw = Draw::new(8);
    let below = |path: &PathBuf| path.strip_prefix(sound.path()).expect("below it").to_owned();
    let names: Vec<PathBuf> = files(&generation(&sound)).iter().map(below).collect();
    for (round, name) in (0..3).flat_map(|round| names.iter().map(move |name| (round, name))) {
        let dir = TempDir::new().expect("a directory");
        copy(sound.path(), dir.path());
        let path = dir.path().join(name);
        let mut bytes = fs::read(&path).expect("read");
        if bytes.is_empty() {
            continue;
        }
        // sled's file is mostly empty: the damage goes where something is written.
        let written = bytes.iter().rposition(|b| *b != 0).unwrap_or(0) + 1;
        let place = usize::try_from(draw.below(written as u64)).expect("small");
        match round {
            0 => bytes.truncate(place),
            1 => bytes[place..].iter_mut().take(4096).for_each(|b| *b = 0),
            _ => bytes[place] ^= 1 << draw.below(8),
        }
        fs::write(&path, bytes).expect("written");
        let told = format!("round {round}, {} at {place}", name.display());
        let (mut ledger, _) = open(&dir);
        ledger.settle(&mut |_| {}).expect(&told);
        rebuild(&mut ledger);
        assert!(dump(&ledger) == reference(), "{told}");
        assert_eq!(ledger.damage(), None, "{told}");
    }
}

#[test]
fn other_rules_derive_the_store_anew_and_it_can_be_read_until_then() {
    let dir = left(true);
    for (name, rules) in [
        ("a rename", Arc::new(renamed(&sources(), &[("old", "fixed")]))),
        ("another region of a source", other()),
    ] {
        let copied = TempDir::new().expect("a directory");
        copy(dir.path(), copied.path());
        let expected = folded(&workload(SEED, 14), &rules).contents();
        let (mut ledger, notes) = open_under(&copied, Arc::clone(&rules));
        assert!(notes.rebuild.is_some(), "{name}");
        assert!(dump(&ledger) == reference(), "{name}: what there is can be read");
        let files = generation(&copied);
        let mut heard = 0;
        assert_eq!(ledger.settle(&mut |_| heard += 1).expect("built"), 14, "{name}");
        assert!(dump(&ledger) == expected && generation(&copied) != files, "{name}");
        assert_eq!(ledger.settle(&mut |_| {}).expect("settled"), 0, "{name}: once");
        ledger.close().expect("closed");
        let (ledger, notes) = open_under(&copied, Arc::clone(&rules));
        assert_eq!(notes.rebuild, None, "{name}");
        assert!(dump(&ledger) == expected, "{name}");
    }
}

#[test]
fn what_derives_nothing_otherwise_keeps_the_store() {
    let (mut titled, mut more) = (sources(), sources());
    titled[0].title = Some("另一个名字".to_owned());
    more.push(def("added", RegionRule::Auto));
    for (name, rules) in [("another title of a source", rules(&titled)), ("another source", rules(&more))] {
        let (ledger, notes) = open_under(&left(true), Arc::new(rules));
        assert_eq!(notes.rebuild, None, "{name}");
        assert!(dump(&ledger) == reference(), "{name}");
    }
}

#[test]
fn rules_that_were_not_settled_before_a_close_are_at_the_next_start() {
    let dir = left(false);
    let (ledger, notes) = open_under(&dir, other());
    assert!(notes.rebuild.is_some());
    ledger.close().expect("closed");
    let (mut ledger, notes) = open_under(&dir, other());
    assert!(notes.rebuild.is_some());
    let line =
        ledger.record_lines(vec![poll("auto", 90_000)], today()).expect("recorded, once it is settled");
    let all = [workload(SEED, 14), line].concat();
    assert!(dump(&ledger) == folded(&all, &other()).contents());
}

#[test]
fn lines_applied_under_rules_that_are_not_settled_do_not_hide_them() {
    let (dir, mut ledger) = filled();
    let line = ledger.journal.commit(vec![poll("auto", 90_000)], today()).expect("committed");
    drop(ledger);
    let (ledger, notes) = open_under(&dir, other());
    assert_eq!((notes.rebuild.is_some(), notes.replayed), (true, 1));
    ledger.close().expect("closed");
    let (mut ledger, notes) = open_under(&dir, other());
    assert!(notes.rebuild.is_some(), "the entries are still derived under the old ones");
    ledger.settle(&mut |_| {}).expect("built");
    assert!(dump(&ledger) == folded(&[workload(SEED, 14), line].concat(), &other()).contents());
}
