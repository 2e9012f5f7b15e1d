//! Lines on which `apply` panics: played by one published id, as none is known that does.

use std::sync::Arc;

use tempfile::TempDir;

use super::*;
use crate::core::record::{NewEntry, Withdrawal};
use crate::daemon::vault::Vault;
use crate::testing::*;

/// The id of an entry that no `apply` has an answer to.
pub(super) const RIDDLE: &str = "urn:entry:riddle";

/// How many entries a source has according to a row that no `apply` can live with.
const CURSED: u64 = 4242;

pub(super) fn riddle(store: &Store, line: &Line) {
    let fixed = store.source(&id("fixed")).ok().flatten();
    assert!(fixed.is_none_or(|source| source.entries != CURSED), "a cursed row");
    let asks = match &line.record {
        Record::Observation(seen) => seen.new.iter().any(|new| new.published_id == RIDDLE),
        Record::Withdraw(withdrawal) => withdrawal.published_id == RIDDLE,
        _ => false,
    };
    assert!(!asks, "a riddle");
}

#[test]
fn a_line_that_cannot_be_applied_is_passed_over_and_stops_nothing() {
    let new_entry =
        |n: u64, id: &str| NewEntry { published_id: id.to_owned(), ..new(n, body("标题", None)) };
    let records = [
        config(0, &sources(), &[]),
        seen("fixed", 100, vec![new_entry(1, "urn:entry:1")], vec![]),
        seen("fixed", 200, vec![new_entry(2, RIDDLE), new_entry(3, "urn:entry:3")], vec![]),
        Record::Withdraw(Withdrawal { at: at(300), published_id: RIDDLE.to_owned() }),
        seen("auto", 400, vec![new_entry(4, "urn:entry:4")], vec![]),
    ];
    let dir = TempDir::new().expect("a directory");
    let open = || Vault::open(dir.path(), Arc::new(rules(&sources())), at(0).date_naive()).expect("opens");
    let (mut vault, _) = open();
    let store = vault.store();
    for (n, record) in (1..).zip(records) {
        let done = vault.record(vec![record], at(0).date_naive(), true).expect("recorded");
        assert_eq!((done[0].0.seq, store.load().meta().expect("read").expect("some").seq), (n, n));
    }
    let ids = |store: &Store| -> Vec<String> {
        store.entries_from(0, 9).expect("read").into_iter().map(|(_, entry)| entry.id).collect()
    };
    assert_eq!(ids(&store.load()), ["urn:entry:1", "urn:entry:4"]);
    let source = store.load().source(&id("fixed")).expect("read").expect("known");
    assert_eq!((source.poll.failures, source.poll.not_before), (1, Some(at(200 + 600))), "it is asked less");
    assert!(matches!(source.outcome, Some(Outcome::Failed { why }) if why.ends_with("a riddle")));
    store.load().check().expect("sound");
    let before = store.load().dump();
    vault.rebuild("to compare").expect("rebuilt");
    assert!(store.load().dump() == before, "a rebuild passes over the same lines");
    drop((vault, store));
    std::fs::remove_dir_all(dir.path().join("store")).expect("removed");
    let (vault, notes) = open();
    assert_eq!((notes.replayed, notes.wound), (5, None));
    assert!(vault.store().load().dump() == before);
}

#[test]
fn a_line_that_a_damaged_row_fails_is_applied_to_a_fresh_store() {
    let dir = TempDir::new().expect("a directory");
    let today = at(0).date_naive();
    let (mut vault, _) = Vault::open(dir.path(), Arc::new(rules(&sources())), today).expect("opens");
    let records = [
        config(0, &sources(), &[]),
        seen("fixed", 100, vec![new(1, body("标题", None))], vec![]),
        seen("fixed", 200, vec![new(2, body("又一个", None))], vec![]),
    ];
    vault.record(records[..2].to_vec(), today, true).expect("recorded");
    let store = vault.store().load_full();
    let mut source = store.source(&id("fixed")).expect("read").expect("known");
    source.entries = CURSED;
    store.commit(&[Change::Source(id("fixed"), Box::new(source))]).expect("written");
    vault.record(records[2..].to_vec(), today, true).expect("recorded");
    assert!(!Arc::ptr_eq(&store, &vault.store().load_full()), "another store");
    let mut lines = lines(records);
    // The first two were one group.
    lines[1].round = 1;
    assert!(
        vault.store().load().dump() == folded(&lines, &rules(&sources())).dump(),
        "nothing is passed over"
    );
}
