//! Lines on which `apply` panics: played by one published id, as none is known that does.

use std::fs;

use super::*;
use crate::ledger::tests::{dump, filled_with, open, standard};
use crate::model::record::{NewEntry, Withdrawal};
use crate::testing::*;

/// The id of an entry that no `apply` has an answer to.
const RIDDLE: &str = "urn:entry:riddle";

pub(super) fn panic_on_riddle(line: &Line) {
    let asks = match &line.record {
        Record::Observation(seen) => seen.new.iter().any(|new| new.published_id == RIDDLE),
        Record::Withdraw(withdrawal) => withdrawal.published_id == RIDDLE,
        _ => false,
    };
    assert!(!asks, "a riddle");
}

/// Five lines, two of which cannot be applied.
fn with_riddles() -> Vec<Line> {
    let entry = |n: u64, id: &str| NewEntry { published_id: id.to_owned(), ..new(n, body("标题", None)) };
    lines([
        config(0, &sources(), &[]),
        seen("fixed", 100, vec![entry(1, "urn:entry:1")], vec![]),
        seen("fixed", 200, vec![entry(2, RIDDLE), entry(3, "urn:entry:3")], vec![]),
        Record::Withdraw(Withdrawal { at: at(300), published_id: RIDDLE.to_owned() }),
        seen("auto", 400, vec![entry(4, "urn:entry:4")], vec![]),
    ])
}

#[test]
fn a_line_that_cannot_be_applied_is_passed_over_and_stops_nothing() {
    let (dir, mut ledger) = filled_with(with_riddles());
    let store = ledger.store().load_full();
    assert_eq!(store.meta().expect("read").expect("some").seq, 5);
    let entries = store.entries_from(0, 9).expect("read");
    let ids: Vec<_> = entries.iter().map(|(_, entry)| entry.id.as_str()).collect();
    assert_eq!(ids, ["urn:entry:1", "urn:entry:4"]);
    let source = store.source(&id("fixed")).expect("read").expect("known");
    assert_eq!((source.poll.failures, source.poll.not_before), (1, Some(at(200 + 600))), "it is asked less");
    assert!(matches!(source.outcome, Some(Outcome::Failed { why }) if why.ends_with("a riddle")));
    let before = dump(&ledger);
    ledger.rebuild(&mut |_| {}).expect("rebuilt");
    assert!(dump(&ledger) == before, "a rebuild passes over the same lines");
    drop((ledger, store));
    fs::remove_dir_all(dir.path().join("store")).expect("removed");
    let (mut ledger, _) = open(&dir);
    assert_eq!(ledger.settle(&mut |_| {}).expect("built"), 5);
    assert!(dump(&ledger) == before);
    assert_eq!(ledger.damage(), None, "the journal is whole");
}

#[test]
fn a_line_that_cannot_be_applied_takes_no_other_of_its_group_with_it() {
    let (all, rules) = (with_riddles(), standard());
    let singly = memory();
    for line in &all {
        apply_group(&singly, std::slice::from_ref(line), &rules, None).expect("applied");
    }
    let store = memory();
    let end = Reached { position: Position { segment: 1, offset: 99 }, checksum: Some(7) };
    let changes = apply_group(&store, &all, &rules, Some(end)).expect("applied");
    assert!(store.contents() == singly.contents());
    assert_eq!(store.position().expect("read"), Some(end));
    assert!(changes.feeds.contains_key(&crate::model::feed_key::FeedKey::Source(id("auto"))), "{changes:?}");
}
