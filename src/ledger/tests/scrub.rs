//! Store and journal read through while they are in use.

use super::store::{Backend, Batch, SledBackend};
use super::*;

/// Walks through the store in use, as the keeper does. Returns how many rows there were, and how it ended.
fn walk(ledger: &mut Ledger) -> (u64, Option<String>) {
    let mut scrub = Scrub::new(ledger.store().load_full());
    loop {
        match scrub.step() {
            ScrubStep::GoesOn => assert!(!scrub.is_over()),
            ScrubStep::Over => {
                assert!(scrub.is_over());
                return (scrub.rows, None);
            }
            ScrubStep::Doubts(keys) => {
                let of = Arc::clone(scrub.store());
                ledger.recheck(&of, &keys).expect("looked at");
                if !Arc::ptr_eq(&of, &ledger.store().load_full()) {
                    return (scrub.rows, Some("a row does not fit the others".to_owned()));
                }
                if scrub.is_over() {
                    return (scrub.rows, None);
                }
            }
            ScrubStep::Unsound(why) => {
                ledger.replace(scrub.store(), &why).expect("replaced");
                return (scrub.rows, Some(why));
            }
        }
    }
}

/// Flips a bit of the last octet of the first value in a closed store whose key begins so.
fn rot(dir: &TempDir, tag: u8) {
    let sled = SledBackend::open(&generation(dir)).expect("opens");
    let (key, value) = sled.scan(&[tag], &[tag + 1]).next().expect("a row").expect("read");
    let mut value = value.to_vec();
    *value.last_mut().expect("it is not empty") ^= 1;
    sled.commit(Batch { writes: vec![(key, Some(value.as_slice().into()))] }).expect("written");
    sled.flush().expect("flushed");
}

/// The keys of sources and entries begin with these.
const TAGS: [(&str, u8); 2] = [("a source", 2), ("an entry", 3)];

#[test]
fn a_sound_store_is_walked_to_its_end() {
    let (_dir, mut ledger) = filled_with(workload(SEED, 150));
    let store = ledger.store().load_full();
    let (rows, ended) = walk(&mut ledger);
    assert_eq!((rows, ended), (store.check().expect("sound").rows, None));
    assert!(rows > 256, "in several steps");
    assert!(Arc::ptr_eq(&store, &ledger.store().load_full()));
}

#[test]
fn a_store_is_walked_through_while_it_is_written() {
    let (_dir, mut ledger) = filled_with(workload(SEED, 100));
    let store = ledger.store().load_full();
    let mut rest = workload(SEED, 130).split_off(100).into_iter();
    let mut scrub = Scrub::new(Arc::clone(&store));
    while !scrub.is_over() {
        if let ScrubStep::Doubts(keys) = scrub.step() {
            ledger.recheck(&store, &keys).expect("looked at");
        }
        record(&mut ledger, rest.by_ref().take(10).collect());
    }
    record(&mut ledger, rest.collect());
    assert!(Arc::ptr_eq(&store, &ledger.store().load_full()), "nothing is wrong with it");
    assert!(dump(&ledger) == expected(&workload(SEED, 130)));
}

#[test]
fn a_damaged_value_is_found_and_the_store_replaced() {
    for (name, tag) in TAGS {
        let dir = left(true);
        rot(&dir, tag);
        let (mut ledger, notes) = open(&dir);
        // Rules are held against all sources, so the damage of one shows at once.
        if notes.rebuild.is_none() {
            let (_, found) = walk(&mut ledger);
            assert!(found.is_some_and(|why| why.contains("damaged")), "{name}");
        }
        ledger.settle(&mut |_| {}).expect(name);
        assert!(dump(&ledger) == reference(), "{name}");
        assert!(dir.path().join("store/damaged").exists(), "{name}");
    }
}

#[test]
fn a_row_that_does_not_fit_the_others_is_found_and_the_store_replaced() {
    let (_dir, mut ledger) = filled();
    let stray = [("urn:stray".to_owned(), Some(1))].into();
    ledger.store().load().commit(&Changes { owners: stray, ..Changes::default() }).expect("written");
    assert!(walk(&mut ledger).1.is_some());
    assert!(dump(&ledger) == reference());
}

#[test]
fn a_damaged_value_that_a_line_runs_into_costs_nothing() {
    let dir = left(true);
    rot(&dir, 3);
    let (mut ledger, _) = open(&dir);
    let first = ledger.store().load().entry(1).expect_err("it is damaged");
    assert!(first.to_string().contains("damaged"), "{first}");
    let withdraw = Record::Withdraw(crate::model::record::Withdrawal {
        at: at(99_000),
        published_id: "urn:entry:1".to_owned(),
    });
    let store = ledger.store().load_full();
    let lines = ledger.record_lines(vec![poll("auto", 98_000), withdraw], today()).expect("recorded");
    assert!(!Arc::ptr_eq(&store, &ledger.store().load_full()), "another store");
    assert!(dump(&ledger) == expected(&[workload(SEED, 14), lines].concat()));
}

#[test]
fn a_compaction_that_runs_into_a_damaged_value_leaves_the_journal_as_it_is() {
    let dir = left(true);
    rot(&dir, 3);
    let (mut ledger, _) = open(&dir);
    let compaction = ledger.begin_compaction(today()).expect("begun").expect("there is something");
    let of = compaction.store();
    let refused = compaction.write().map(|compacted| compacted.entries);
    assert!(matches!(&refused, Err(LedgerError::Unsound(_))), "{refused:?}");
    ledger.replace(&of, "a test says so").expect("replaced");
    assert!(dump(&ledger) == reference());
}
