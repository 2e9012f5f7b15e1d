//! A state directory that was left in good order, or by a kill, and what fails while it is open.

use super::*;

#[test]
fn what_was_recorded_is_there_after_a_clean_close() {
    let (dir, ledger) = filled();
    assert!(dump(&ledger) == reference());
    ledger.close().expect("closed");
    let text = fs::read_to_string(mark(&dir)).expect("a mark");
    assert!(text.contains("\"clean\":true"), "{text}");
    let (ledger, notes) = open(&dir);
    assert_eq!((notes.rebuild, notes.replayed, notes.unclean), (None, 0, false));
    assert_eq!(ledger.seq(), 14);
    assert!(dump(&ledger) == reference());
    let text = fs::read_to_string(mark(&dir)).expect("a mark");
    assert!(text.contains("\"clean\":false"), "open, it is not closed: {text}");
}

#[test]
fn a_store_behind_the_journal_is_caught_up_on_the_same_boot() {
    let (dir, mut ledger) = filled();
    // As a kill between journal and store leaves it.
    let more = vec![poll("fixed", 99_000), poll("auto", 99_100)];
    let lines = ledger.journal.commit(more, today()).expect("committed");
    drop(ledger);
    let (ledger, notes) = open(&dir);
    assert_eq!(notes.warnings(), ["the last run was not shut down cleanly; continuing from the journal"]);
    assert_eq!((notes.rebuild, notes.replayed, notes.unclean), (None, 2, true));
    assert!(dump(&ledger) == expected(&[workload(SEED, 14), lines].concat()));
}

#[test]
fn a_line_that_was_recorded_and_not_applied_is_applied_before_the_next() {
    let (_dir, mut ledger) = filled();
    let mut all = workload(SEED, 14);
    all.extend(ledger.journal.commit(vec![poll("fixed", 99_000)], today()).expect("committed"));
    all.extend(ledger.record_lines(vec![poll("auto", 99_100)], today()).expect("recorded"));
    assert!(dump(&ledger) == expected(&all));
}

#[test]
fn a_state_directory_opens_once() {
    let (dir, ledger) = filled();
    let again = || Ledger::open(dir.path(), standard(), today()).map(|(_, notes)| notes);
    assert!(matches!(again(), Err(LedgerError::Locked(_))));
    // A reader may hold the store longer than the directory is locked: that is no damage.
    let reader = ledger.store();
    ledger.close().expect("closed");
    assert!(matches!(again(), Err(LedgerError::Locked(_))));
    assert!(reader.load().contents() == reference());
    drop(reader);
    assert_eq!(again().expect("opens").rebuild, None);
}

#[test]
fn a_store_that_fails_while_open_is_replaced_under_its_readers_and_put_aside() {
    let (dir, mut ledger) = filled();
    let handle = ledger.store();
    let failed = handle.load_full();
    ledger.replace(&failed, "a test says so").expect("replaced");
    assert!(!Arc::ptr_eq(&failed, &handle.load_full()));
    assert!(handle.load().contents() == reference());
    let fresh = handle.load_full();
    ledger.replace(&failed, "told once more").expect("nothing is to be done");
    assert!(Arc::ptr_eq(&fresh, &handle.load_full()), "it was replaced already");
    assert!(failed.contents() == reference(), "it may still be read from");
    assert!(!failed.build.is_empty() && failed.build != fresh.build, "each build has an id");
    assert!(dir.path().join("store/damaged/db").exists());
    let more = ledger.record_lines(vec![poll("auto", 90_000)], today()).expect("recorded");
    assert_eq!(more[0].seq, 15);
    drop((failed, fresh, handle));
    ledger.close().expect("closed");
    let (ledger, notes) = open(&dir);
    assert_eq!((notes.rebuild, ledger.seq()), (None, 15));
}

#[test]
fn a_rebuild_that_cannot_finish_leaves_the_store_in_use() {
    let (dir, mut ledger) = filled();
    // A line of a later version: the journal cannot be read to its end.
    let segment = segments(&dir).pop().expect("a segment");
    let good = fs::read(&segment).expect("read");
    let newer = zstd::bulk::compress(b"{\"v\":9,\"seq\":99,\"kind\":\"new\"}\n", 1).expect("a frame");
    fs::write(&segment, [good.clone(), newer].concat()).expect("written");
    assert!(ledger.rebuild(&mut |_| {}).is_err());
    assert!(dump(&ledger) == reference());
    assert!(generation(&dir).ends_with("00000001"));
    drop(ledger);
    let refused = Ledger::open(dir.path(), standard(), today()).map(|_| ());
    assert!(matches!(refused, Err(LedgerError::Journal(journal::JournalError::Newer { .. }))), "{refused:?}");
    fs::write(&segment, good).expect("written");
    let (ledger, notes) = open(&dir);
    assert_eq!(notes.rebuild, None, "the older dibao again");
    assert!(dump(&ledger) == reference());
}

#[test]
fn a_group_tells_which_feeds_it_changed_and_when_anything_may_have() {
    let (_dir, mut ledger) = filled();
    let feeds = |recorded: Recorded| {
        let feeds: Vec<_> = recorded.feeds.into_iter().map(|(feed, _)| feed).collect();
        (feeds, recorded.everything)
    };
    let mut facts = |facts| feeds(ledger.record(facts, today()).expect("recorded"));
    let idle = super::decide::draft("fixed", 90_000, &[]);
    assert_eq!(facts(vec![Fact::Poll(Box::new(idle))]), (vec![], false), "a poll that brings nothing");
    let (changed, everything) = facts(vec![super::decide::poll_of("fixed", 91_000, &[(901, "河南")])]);
    assert!(changed.contains(&FeedKey::Source(id("fixed"))) && !everything, "{changed:?}");
    let Record::Config(config) = config(92_000, &sources(), &[]) else { unreachable!("it is one") };
    assert!(facts(vec![Fact::Config(config)]).1, "the configuration changed");
}

/// The number of a store that is put aside at an open is given again.
#[test]
fn a_store_that_is_built_under_a_number_that_was_in_use_has_another_id() {
    let dir = left(true);
    let built = |dir: &TempDir| {
        let (mut ledger, _) = open(dir);
        ledger.settle(&mut |_| {}).expect("built");
        let number = ledger.generation.expect("there is a store").number;
        let told = (number, ledger.store().load().build.clone());
        ledger.close().expect("closed");
        told
    };
    let first = built(&dir);
    assert_eq!(built(&dir), first, "the same store");
    fs::write(mark(&dir), "").expect("written");
    let second = built(&dir);
    assert!(first.0 == second.0 && first.1 != second.1, "{first:?} {second:?}");
}
