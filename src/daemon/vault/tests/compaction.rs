//! The journal before and after it was compacted, however that ended.

use proptest::prelude::*;

use super::*;
use crate::core::base::Base;
use crate::core::entry::Body;

fn compact(vault: &mut Vault) {
    let compaction = vault.begin_compaction(today()).expect("begun").expect("there is something");
    let compacted = compaction.write().expect("written");
    vault.finish_compaction(compacted).expect("finished");
}

/// The names of the journal's files.
fn journal(dir: &TempDir) -> Vec<String> {
    let name = |p: PathBuf| p.file_name().expect("a name").to_string_lossy().into_owned();
    let names = files(&dir.path().join("journal")).into_iter().map(name);
    names.filter(|name| name != "paired").collect()
}

/// The store as the journal alone gives it.
fn rebuilt(dir: &TempDir, rules: Rules) -> Vec<Pair> {
    fs::remove_dir_all(dir.path().join("store")).expect("removed");
    let (vault, notes) = Vault::open(dir.path(), Arc::new(rules), today()).expect("opens");
    assert!(notes.rebuilt.is_some());
    dump(&vault)
}

/// A workload in which entries share keys with others, of their source and of another.
fn sharing_keys(seed: u64, count: usize) -> Vec<Line> {
    let (mut lines, mut draw) = (workload(seed, count), Draw::new(seed));
    for line in &mut lines {
        if let Record::Observation(seen) = &mut line.record {
            for new in seen.new.iter_mut() {
                if draw.one_in(2) {
                    new.keys.push(key(1_000_000 + draw.below(4)));
                }
            }
        }
    }
    lines
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    /// Whatever was recorded, before and after: the base and the tail give the store that all lines give.
    #[test]
    fn a_compacted_journal_gives_the_same_store(
        seed in any::<u64>(), first in 1_usize..60, second in 0_usize..30, third in 0_usize..30,
    ) {
        let all = sharing_keys(seed, 120);
        let dir = TempDir::new().expect("a directory");
        let (mut vault, _) = open(&dir);
        let mut upto = first;
        record(&mut vault, all[..first].to_vec());
        for more in [second, third] {
            compact(&mut vault);
            prop_assert_eq!(vault.seq(), upto as u64);
            record(&mut vault, all[upto..upto + more].to_vec());
            upto += more;
        }
        let expected = folded(&all[..upto], &rules(&sources())).dump();
        prop_assert!(dump(&vault) == expected, "compaction changes no store");
        drop(vault);
        prop_assert!(rebuilt(&dir, rules(&sources())) == expected, "the journal gives another store");
    }
}

#[test]
fn what_is_known_of_a_clock_stands_in_the_base() {
    let day = 86_400;
    let cases = [("it has leapt", 400 * day), ("it is doubted", 4000 * day)];
    for (name, ahead) in cases {
        let (dir, mut vault) = filled();
        let far = vault.record(vec![poll("auto", ahead)], today(), true).expect("recorded");
        let meta = vault.store().load().meta().expect("read").expect("some");
        assert_eq!(meta.leapt.or(meta.doubted), Some(at(ahead)), "{name}");
        compact(&mut vault);
        drop(vault);
        let all = workload(21, 14).into_iter().chain(far.into_iter().map(|(line, _)| line));
        let all: Vec<Line> = all.collect();
        assert!(rebuilt(&dir, rules(&sources())) == folded(&all, &rules(&sources())).dump(), "{name}");
    }
}

#[test]
fn what_is_recorded_while_a_base_is_written_stands_behind_it() {
    let (dir, mut vault) = filled();
    let all = workload(21, 40);
    let compaction = vault.begin_compaction(today()).expect("begun").expect("there is something");
    assert!(vault.begin_compaction(today()).expect("asked").is_none(), "one at a time");
    record(&mut vault, all[14..].to_vec());
    let compacted = compaction.write().expect("written");
    vault.finish_compaction(compacted).expect("finished");
    assert_eq!(journal(&dir), ["00000002-2026-11-23.ndjson.zst", "00000003-2026-11-23.ndjson.zst"]);
    let expected = folded(&all, &rules(&sources())).dump();
    assert_eq!(dump(&vault), expected);
    assert_eq!(vault.rebuild("asked for").expect("rebuilt"), 26 + lines_of_base(&dir));
    assert_eq!(dump(&vault), expected);
    vault.close().expect("closed");
    let (vault, notes) = open(&dir);
    assert_eq!((notes.rebuilt, notes.replayed, vault.seq()), (None, 0, 40));
}

fn lines_of_base(dir: &TempDir) -> u64 {
    let mut lines = 0;
    crate::ledger::journal::replay(&dir.path().join("journal"), 0, &mut |line| -> Result<(), JournalError> {
        lines += u64::from(matches!(line.record, Record::Base(_)));
        Ok(())
    })
    .expect("it can be read");
    lines
}

#[test]
fn a_store_behind_the_base_is_built_anew() {
    let (dir, mut vault) = filled();
    // The generation as it is now comes back after more was recorded and compacted.
    let copied = TempDir::new().expect("a directory");
    vault.store().load().flush().expect("flushed");
    copy(&dir.path().join("store"), copied.path());
    record(&mut vault, workload(21, 20)[14..].to_vec());
    compact(&mut vault);
    drop(vault);
    fs::remove_dir_all(dir.path().join("store")).expect("removed");
    copy(copied.path(), &dir.path().join("store"));
    let (vault, notes) = open(&dir);
    assert!(notes.rebuilt.is_some_and(|why| why.contains("behind the base")));
    assert_eq!(dump(&vault), folded(&workload(21, 20), &rules(&sources())).dump());
}

#[test]
fn other_rules_derive_what_the_base_holds_anew() {
    let (dir, mut vault) = filled();
    compact(&mut vault);
    vault.close().expect("closed");
    let mut defs = sources();
    defs[1].region = fixed(&["henan"]);
    rebuilt(&dir, rules(&defs));
    let (vault, _) = Vault::open(dir.path(), Arc::new(rules(&defs)), today()).expect("opens");
    // A replay of every line; only stories may be told otherwise.
    let all = folded(&workload(21, 14), &rules(&defs));
    let told = |store: &Store| -> Vec<_> {
        let entries = store.entries_from(0, usize::MAX).expect("read").into_iter();
        entries.filter(|(_, e)| e.is_shown()).map(|(no, e)| (no, e.regions, e.updated)).collect()
    };
    let store = vault.store().load_full();
    assert_eq!(told(&store), told(&all));
    let before = folded(&workload(21, 14), &rules(&sources()));
    assert_ne!(told(&store), told(&before), "something changes");
}

#[test]
fn what_hangs_on_values_of_its_time_comes_back_as_it_was() {
    // A source that is called something else by now, that left the config, and whose entries were derived
    // under two definitions.
    let facts = |title: &str, mut record: Record| {
        if let Record::Observation(seen) = &mut record {
            seen.feed = Some(crate::core::record::FeedFacts {
                title: Some(title.to_owned()),
                ..crate::core::record::FeedFacts::default()
            });
        }
        record
    };
    let told = |n| {
        let mut entry = body("殷墟遗址公布新的考古发现 大河日报", None);
        entry.summary = Some(Body::Text("安阳殷墟".repeat(30)));
        new(n, entry)
    };
    let records = [
        config(0, &[def("paper", fixed(&["henan"]))], &[]),
        facts("大河日报", seen("paper", 1000, vec![told(1)], vec![])),
        config(2000, &[def("paper", fixed(&["hubei"]))], &[]),
        facts("大江日报", seen("paper", 3000, vec![told(2)], vec![])),
        config(4000, &[], &["paper"]),
    ];
    let (all, none) = (lines(records), || rules(&[]));
    let dir = TempDir::new().expect("a directory");
    let (mut vault, _) = Vault::open(dir.path(), Arc::new(none()), today()).expect("opens");
    record(&mut vault, all.clone());
    compact(&mut vault);
    drop(vault);
    let mut derived = 0;
    crate::ledger::journal::replay(&dir.path().join("journal"), 0, &mut |line| -> Result<(), JournalError> {
        if let Record::Base(Base::Entries(entries)) = line.record {
            derived += entries.entries.iter().filter(|e| e.derived.is_some()).count();
        }
        Ok(())
    })
    .expect("it can be read");
    assert_eq!(derived, 1, "only the entry of another time carries what was derived then");
    assert_eq!(rebuilt(&dir, none()), folded(&all, &none()).dump());
}

#[test]
fn a_compaction_that_ends_anywhere_leaves_a_journal_that_opens() {
    let (dir, mut vault) = filled();
    let expected = reference();
    let opens_from = |step: &str, expected_files: &[&str]| {
        let copied = TempDir::new().expect("a directory");
        copy(dir.path(), copied.path());
        assert!(rebuilt(&copied, rules(&sources())) == expected, "{step}");
        assert_eq!(journal(&copied), expected_files, "{step}");
        let (mut vault, _) = open(&copied);
        let more = vault.record(vec![poll("auto", 90_000)], today(), true).expect("recorded");
        assert_eq!(more[0].0.seq, 15, "{step}");
    };
    let (old, base, tail) = (
        "00000001-2026-11-23.ndjson.zst",
        "00000002-2026-11-23.ndjson.zst",
        "00000003-2026-11-23.ndjson.zst",
    );
    let first = fs::read(dir.path().join("journal").join(old)).expect("read");
    let compaction = vault.begin_compaction(today()).expect("begun").expect("there is something");
    opens_from("a base was begun", &[old, tail]);
    let compacted = compaction.write().expect("written");
    opens_from("a base is written and has no name", &[old, tail]);
    assert!(vault.finish_compaction(compacted).expect("finished"));
    opens_from("all is done", &[base, tail]);
    fs::write(dir.path().join("journal").join(old), &first).expect("written");
    opens_from("a base stands beside what it stands for", &[base, tail]);
    let whole = fs::read(dir.path().join("journal").join(base)).expect("read");
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 1;
    fs::write(dir.path().join("journal").join(base), flipped).expect("written");
    opens_from("a base that rotted stands beside what it stands for", &[old, tail]);
    // Half of the base under its unfinished name, as a power cut leaves it.
    fs::remove_file(dir.path().join("journal").join(base)).expect("removed");
    let unfinished = dir.path().join("journal").join(format!("{base}.new"));
    fs::write(&unfinished, &whole[..whole.len() / 2]).expect("written");
    opens_from("half a base was written", &[old, tail]);
    // And the segment of the tail was never begun: the base is all there is.
    fs::remove_file(&unfinished).expect("removed");
    fs::remove_file(dir.path().join("journal").join(old)).expect("removed");
    fs::remove_file(dir.path().join("journal").join(tail)).expect("removed");
    fs::write(dir.path().join("journal").join(base), &whole).expect("written");
    opens_from("a base alone", &[base, tail]);
}

/// Loses the first entry of a store, as sled may: without a word.
fn lose_an_entry(vault: &Vault) {
    let store = vault.store().load_full();
    let no = store.entries_from(0, 1).expect("read")[0].0;
    store.commit(&[Change::Removed(no)]).expect("removed");
}

/// Gives another value of an entry, as of before or after it was rewritten: nothing that is counted changes.
fn forget_a_change(vault: &Vault) {
    let store = vault.store().load_full();
    let (no, mut entry) = store.entries_from(0, 1).expect("read").remove(0);
    entry.rewrites += 1;
    store.commit(&[Change::Entry(no, Box::new(entry))]).expect("written");
}

#[test]
fn nothing_is_removed_for_a_store_that_lost_something_and_it_is_built_anew() {
    type Harm = fn(&Vault);
    let cases: [(&str, Harm); 2] = [("a row", lose_an_entry), ("a change", forget_a_change)];
    for (name, harm) in cases {
        let (dir, mut vault) = filled();
        harm(&vault);
        let compaction = vault.begin_compaction(today()).expect("begun").expect("there is something");
        let of = compaction.store();
        let refused = compaction.write().map(|compacted| compacted.entries);
        let Err(VaultError::Unsound(why)) = refused else { panic!("{name}: {refused:?}") };
        let files = ["00000001-2026-11-23.ndjson.zst", "00000003-2026-11-23.ndjson.zst"];
        assert_eq!(journal(&dir), files, "{name}");
        vault.replace_unsound(&of, &why).expect("built anew");
        assert!(!Arc::ptr_eq(&of, &vault.store().load_full()) && dump(&vault) == reference(), "{name}");
        drop(of);
        compact(&mut vault);
        drop(vault);
        assert!(rebuilt(&dir, rules(&sources())) == reference(), "{name}");
    }
}

#[test]
fn an_unsound_store_stays_in_use_where_there_is_no_room_for_another() {
    for begins in [true, false] {
        let dir = TempDir::new().expect("a directory");
        let (mut vault, _) = open(&dir);
        record(&mut vault, workload(21, 150));
        lose_an_entry(&vault);
        let of = vault.store().load_full();
        vault.pretend(move |dir| {
            let is_full = !begins || dir.join("store/00000002").exists();
            Some(Room { left: (64 << 20) - u64::from(is_full), size: 1 << 40 })
        });
        vault.replace_unsound(&of, "a test says so").expect("it stays");
        vault.pretend(|_| Some(Room { left: 64 << 20, size: 1 << 40 }));
        vault.probe().expect("nothing stopped");
        vault.record(vec![poll("auto", 99_000)], today(), true).expect("recorded");
        assert!(Arc::ptr_eq(&of, &vault.store().load_full()), "it is not tried at every probe");
        vault.replace_unsound(&of, "a test says so").expect("built anew");
        assert!(!Arc::ptr_eq(&of, &vault.store().load_full()));
        dump(&vault);
    }
}

#[test]
fn an_unsound_store_and_a_damaged_journal_both_stay() {
    let (dir, mut vault) = filled();
    let segment = &segments(dir.path())[0];
    healing::flip(segment, healing::frames(segment)[5] + 9);
    lose_an_entry(&vault);
    let of = vault.store().load_full();
    assert!(!vault.find_wound().expect("read"), "the store cannot heal it");
    vault.replace_unsound(&of, "a test says so").expect("looked at");
    assert!(Arc::ptr_eq(&of, &vault.store().load_full()));
}

#[test]
fn a_base_holds_as_much_as_the_store_says_it_does() {
    let off = |change: fn(&mut crate::core::state::Meta)| {
        move |vault: &Vault| {
            let store = vault.store().load_full();
            let mut meta = store.meta().expect("read").expect("some");
            change(&mut meta);
            store.commit(&[Change::Meta(Box::new(meta))]).expect("written");
        }
    };
    type Harm = Box<dyn Fn(&Vault)>;
    let cases: [(&str, Harm); 4] = [
        ("an entry is gone", Box::new(lose_an_entry)),
        ("a source is gone", Box::new(off(|meta| meta.sources += 1))),
        ("a feed is gone", Box::new(off(|meta| meta.feeds += 1))),
        ("an expired entry is gone", Box::new(off(|meta| meta.stubs += 1))),
    ];
    for (name, harm) in cases {
        let (dir, mut vault) = filled();
        harm(&vault);
        let writer = vault.journal.begin_base(today()).expect("begun");
        let filled =
            crate::daemon::vault::compaction::fill(writer, &vault.store().load(), Some(vault.rules()));
        assert!(matches!(filled.map(|(_, n)| n), Err(VaultError::Unsound(_))), "{name}");
        assert_eq!(journal(&dir).len(), 2, "{name}: nothing is left of the base");
    }
}

#[test]
fn a_base_of_a_store_that_was_replaced_meanwhile_is_dropped() {
    let (dir, mut vault) = filled();
    let compaction = vault.begin_compaction(today()).expect("begun").expect("there is something");
    let failed = vault.store().load_full();
    let compacted = compaction.write().expect("written");
    vault.heal(&failed, "a test says so").expect("healed");
    assert!(!vault.finish_compaction(compacted).expect("asked"));
    assert_eq!(journal(&dir), ["00000001-2026-11-23.ndjson.zst", "00000003-2026-11-23.ndjson.zst"]);
    drop((failed, vault));
    assert!(rebuilt(&dir, rules(&sources())) == reference());
}

#[test]
fn a_damaged_base_costs_its_frame_alone_and_leaves_a_sound_store() {
    let (sound, mut vault) = filled();
    compact(&mut vault);
    drop(vault);
    let name = journal(&sound).remove(0);
    let bytes = fs::read(sound.path().join("journal").join(&name)).expect("read");
    for at in (0..bytes.len()).step_by(bytes.len() / 7) {
        let dir = TempDir::new().expect("a directory");
        copy(sound.path(), dir.path());
        let mut bytes = bytes.clone();
        bytes[at] ^= 0x11;
        fs::write(dir.path().join("journal").join(&name), bytes).expect("written");
        fs::remove_dir_all(dir.path().join("store")).expect("removed");
        let (mut vault, _) = open(&dir);
        vault.store().load().check().unwrap_or_else(|e| panic!("octet {at}: {e}"));
        record(&mut vault, workload(5, 6));
        vault.store().load().check().unwrap_or_else(|e| panic!("octet {at}, and more: {e}"));
    }
}
