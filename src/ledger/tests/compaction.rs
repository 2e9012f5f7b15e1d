//! The journal before and after it was compacted, however that ended.

use proptest::prelude::*;

use super::*;
use crate::model::base::Base;
use crate::model::state::SourceState;

/// The names of the journal's segments.
fn names(dir: &TempDir) -> Vec<String> {
    let name = |path: PathBuf| path.file_name().expect("a name").to_string_lossy().into_owned();
    segments(dir).into_iter().map(name).collect()
}

/// A workload in which entries share keys with others, of their source and of another.
fn sharing_keys(seed: u64, count: usize) -> Vec<Line> {
    let (mut lines, mut draw) = (workload(seed, count), Draw::new(seed));
    for line in &mut lines {
        if let Record::Observation(seen) = &mut line.record {
            for new in &mut seen.new {
                if draw.one_in(2) {
                    new.keys.push(key(1_000_000 + draw.below(4)));
                }
            }
        }
    }
    lines
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    /// Whatever was recorded, before and after: the base and the tail give the store that all lines give.
    #[test]
    fn a_compacted_journal_gives_the_same_store(
        seed in any::<u64>(), first in 1_usize..60, second in 0_usize..30, third in 0_usize..30,
    ) {
        let all = sharing_keys(seed, 120);
        let (dir, mut ledger) = filled_with(all[..first].to_vec());
        let mut upto = first;
        for more in [second, third] {
            compact(&mut ledger);
            prop_assert_eq!(ledger.seq(), upto as u64);
            record(&mut ledger, all[upto..upto + more].to_vec());
            upto += more;
        }
        let expected = expected(&all[..upto]);
        prop_assert!(dump(&ledger) == expected, "compaction changes no store");
        drop(ledger);
        prop_assert!(from_the_journal(&dir) == expected, "the journal gives another store");
    }
}

#[test]
fn a_large_first_list_that_is_the_last_line_comes_back_whole() {
    // More entries than a batch holds.
    let list = (1..=2100).map(|n| new(n, body("旧闻", None))).collect();
    let (dir, mut ledger) =
        filled_with(lines([config(0, &sources(), &[]), seen("fixed", 1000, list, vec![])]));
    compact(&mut ledger);
    let before = ledger.store().load().contents();
    drop(ledger);
    assert!(from_the_journal(&dir) == before);
}

#[test]
fn what_is_known_of_a_clock_stands_in_the_base() {
    let day = 86_400;
    for (name, ahead) in [("it has leapt", 400 * day), ("it is doubted", 4000 * day)] {
        let (dir, mut ledger) = filled();
        let far = ledger.record_lines(vec![poll("auto", ahead)], today()).expect("recorded");
        let meta = ledger.store().load().meta().expect("read").expect("some");
        assert_eq!(meta.leapt.or(meta.doubted), Some(at(ahead)), "{name}");
        compact(&mut ledger);
        drop(ledger);
        assert!(from_the_journal(&dir) == expected(&[workload(SEED, 14), far].concat()), "{name}");
    }
}

#[test]
fn what_is_recorded_while_a_base_is_written_stands_behind_it() {
    let (dir, mut ledger) = filled();
    let all = workload(SEED, 40);
    let compaction = ledger.begin_compaction(today()).expect("begun").expect("there is something");
    assert!(ledger.begin_compaction(today()).expect("asked").is_none(), "one at a time");
    record(&mut ledger, all[14..].to_vec());
    assert!(ledger.finish_compaction(compaction.write().expect("written")).expect("finished"));
    assert_eq!(names(&dir).len(), 2, "a base and a tail");
    assert!(dump(&ledger) == expected(&all));
    let mut of_base = 0;
    let each = &mut |line: Line, _| -> Result<(), journal::JournalError> {
        of_base += u64::from(matches!(line.record, Record::Base(_)));
        Ok(())
    };
    ledger.journal.replay(None, each).expect("read");
    assert_eq!(rebuild(&mut ledger), 26 + of_base);
    assert!(dump(&ledger) == expected(&all));
    ledger.close().expect("closed");
    let (ledger, notes) = open(&dir);
    assert_eq!((notes.rebuild, notes.replayed, ledger.seq()), (None, 0, 40));
}

#[test]
fn a_base_of_a_store_that_was_replaced_meanwhile_is_given_up() {
    let (dir, mut ledger) = filled();
    let before = names(&dir);
    let compaction = ledger.begin_compaction(today()).expect("begun").expect("there is something");
    ledger.replace(&compaction.store(), "a test says so").expect("replaced");
    assert!(!ledger.finish_compaction(compaction.write().expect("written")).expect("asked"));
    assert!(names(&dir).starts_with(&before), "the journal stays as it is");
    compact(&mut ledger);
    drop(ledger);
    assert!(from_the_journal(&dir) == reference());
}

#[test]
fn nothing_is_removed_for_a_store_that_lost_something() {
    fn change(ledger: &Ledger, changes: Changes) {
        ledger.store().load().commit(&changes).expect("written");
    }
    type Harm = fn(&Ledger);
    let cases: [(&str, Harm); 3] = [
        ("an entry is gone", |ledger| {
            let no = ledger.store().load().entries_from(0, 1).expect("read")[0].0;
            change(ledger, Changes { entries: [(no, None)].into(), ..Changes::default() });
        }),
        ("it counts more entries than it has", |ledger| {
            let mut meta = ledger.store().load().meta().expect("read").expect("some");
            meta.entries += 1;
            change(ledger, Changes { meta: Some(meta), ..Changes::default() });
        }),
        ("it counts more expired ones", |ledger| {
            let mut meta = ledger.store().load().meta().expect("read").expect("some");
            meta.stubs += 1;
            change(ledger, Changes { meta: Some(meta), ..Changes::default() });
        }),
    ];
    for (name, harm) in cases {
        let (dir, mut ledger) = filled();
        let before = names(&dir);
        harm(&ledger);
        let compaction = ledger.begin_compaction(today()).expect("begun").expect("there is something");
        let of = compaction.store();
        let refused = compaction.write().map(|compacted| compacted.entries);
        let Err(LedgerError::Unsound(why)) = refused else { panic!("{name}: {refused:?}") };
        assert!(names(&dir).starts_with(&before), "{name}");
        ledger.replace(&of, &why).expect("built anew");
        assert!(dump(&ledger) == reference(), "{name}");
        drop(of);
        compact(&mut ledger);
        drop(ledger);
        assert!(from_the_journal(&dir) == reference(), "{name}");
    }
}

#[test]
fn other_rules_derive_what_the_base_holds_anew() {
    let (dir, mut ledger) = filled();
    compact(&mut ledger);
    ledger.close().expect("closed");
    let (mut ledger, _) = open_under(&dir, other());
    ledger.settle(&mut |_| {}).expect("built");
    // A replay of every line; what was counted by lines is not.
    let told = |store: &Store| -> Vec<_> {
        let entries = store.entries_from(0, usize::MAX).expect("read").into_iter();
        entries.filter(|(_, e)| e.is_shown()).map(|(no, e)| (no, e.regions, e.updated)).collect()
    };
    let store = ledger.store().load_full();
    store.check().expect("sound");
    assert_eq!(told(&store), told(&folded(&workload(SEED, 14), &other())));
    assert_ne!(told(&store), told(&folded(&workload(SEED, 14), &standard())), "something changes");
}

#[test]
fn a_compaction_that_ends_anywhere_leaves_a_journal_that_opens() {
    let (dir, mut ledger) = filled();
    let opens_from = |step: &str| {
        let copied = TempDir::new().expect("a directory");
        copy(&dir.path().join("journal"), &copied.path().join("journal"));
        let (mut ledger, notes) = open(&copied);
        assert!(notes.rebuild.is_some(), "{step}");
        ledger.settle(&mut |_| {}).expect(step);
        assert!(dump(&ledger) == reference(), "{step}");
        assert_eq!(ledger.damage(), None, "{step}");
        let more = ledger.record_lines(vec![poll("auto", 90_000)], today()).expect("recorded");
        assert_eq!(more[0].seq, 15, "{step}");
    };
    let old = segments(&dir).remove(0);
    let first = fs::read(&old).expect("read");
    let compaction = ledger.begin_compaction(today()).expect("begun").expect("there is something");
    opens_from("a base was begun");
    let compacted = compaction.write().expect("written");
    opens_from("a base is written and has no name");
    assert!(ledger.finish_compaction(compacted).expect("finished"));
    opens_from("all is done");
    fs::write(&old, &first).expect("written");
    opens_from("a base stands beside what it stands for");
    let base = segments(&dir).remove(1);
    let whole = fs::read(&base).expect("read");
    // Half of the base under its unfinished name, as a power cut leaves it.
    fs::remove_file(&base).expect("removed");
    let unfinished =
        base.with_file_name(format!("{}.new", base.file_name().expect("a name").to_string_lossy()));
    fs::write(&unfinished, &whole[..whole.len() / 2]).expect("written");
    opens_from("half a base was written");
    fs::remove_file(&unfinished).expect("removed");
    fs::remove_file(&old).expect("removed");
    fs::remove_file(segments(&dir).remove(0)).expect("removed");
    fs::write(&base, &whole).expect("written");
    opens_from("a base alone");
}

#[test]
fn a_base_says_of_a_source_and_an_entry_what_is_not_derived() {
    let (_dir, mut ledger) = filled();
    compact(&mut ledger);
    let (mut counted, mut derived) = (0, 0);
    let each = &mut |line: Line, _| -> Result<(), journal::JournalError> {
        match line.record {
            Record::Base(Base::Source(source)) => {
                let SourceState { entries, stubs, .. } = source.state;
                counted += entries + stubs;
            }
            Record::Base(Base::Entries(part)) => {
                let shown = part.entries.iter().filter(|entry| entry.entry.is_shown());
                derived += shown.filter(|entry| !entry.entry.regions.is_empty()).count();
            }
            _ => {}
        }
        Ok(())
    };
    ledger.journal.replay(None, each).expect("read");
    assert_eq!((counted, derived), (0, 0));
}
