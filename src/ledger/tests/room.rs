//! Disks that are nearly full.

use super::*;
use crate::ledger::room::Room;

/// A large file system with so many octets left, beside the reserve.
fn beside_the_reserve(more: i64) -> Option<Room> {
    Some(Room { left: (64_u64 << 20).saturating_add_signed(more), size: 1 << 40 })
}

#[test]
fn recording_stops_when_the_reserve_is_touched_and_goes_on_when_there_is_room() {
    let (_dir, mut ledger) = filled();
    ledger.pretend(|_| beside_the_reserve(-1));
    let refused = ledger.record(vec![super::decide::poll_of("auto", 90_000, &[])], today()).map(|_| ());
    assert!(
        matches!(&refused, Err(error @ LedgerError::Full { .. }) if error.stops_recording()),
        "{refused:?}"
    );
    assert!(ledger.probe().is_err() && ledger.seq() == 14);
    ledger.pretend(|_| beside_the_reserve(0));
    ledger.probe().expect("there is room");
    let more = ledger.record_lines(vec![poll("auto", 90_000)], today()).expect("recorded");
    assert_eq!(more[0].seq, 15);
    assert!(dump(&ledger) == expected(&[workload(SEED, 14), more].concat()));
}

#[test]
fn a_build_without_room_leaves_nothing_behind_and_works_once_there_is_some() {
    type IsFull = fn(&Path) -> bool;
    let begun: IsFull = |dir| dir.join("store/00000001").exists();
    let cases: [(&str, IsFull, usize); 2] =
        [("none from the first", |_| true, 14), ("none on the way", begun, 150)];
    for (name, is_full, count) in cases {
        let (dir, ledger) = filled_with(workload(SEED, count));
        ledger.close().expect("closed");
        fs::remove_dir_all(dir.path().join("store")).expect("removed");
        let (mut ledger, _) = open(&dir);
        ledger.pretend(move |dir| beside_the_reserve(-i64::from(is_full(dir))));
        for _ in 0..2 {
            let refused = ledger.settle(&mut |_| {});
            assert!(matches!(&refused, Err(LedgerError::Full { .. })), "{name}: {refused:?}");
            assert_eq!(files(&dir.path().join("store")), [] as [PathBuf; 0], "{name}");
        }
        assert!(ledger.record_lines(vec![poll("auto", 99_000)], today()).is_err(), "{name}");
        assert_eq!(ledger.seq(), count as u64, "{name}");
        ledger.pretend(|_| beside_the_reserve(0));
        ledger.probe().expect(name);
        assert!(dump(&ledger) == expected(&workload(SEED, count)), "{name}");
    }
}

#[test]
fn a_store_that_failed_is_read_until_there_is_room_for_another() {
    let (_dir, mut ledger) = filled();
    let failed = ledger.store().load_full();
    ledger.pretend(|_| beside_the_reserve(-1));
    assert!(ledger.replace(&failed, "a test says so").is_err());
    assert!(Arc::ptr_eq(&failed, &ledger.store().load_full()), "there is no other to read");
    assert!(ledger.record_lines(vec![poll("auto", 90_000)], today()).is_err());
    ledger.pretend(|_| beside_the_reserve(0));
    let more = ledger.record_lines(vec![poll("auto", 90_000)], today()).expect("recorded");
    assert!(!Arc::ptr_eq(&failed, &ledger.store().load_full()));
    assert!(dump(&ledger) == expected(&[workload(SEED, 14), more].concat()));
}

#[test]
fn a_store_that_failed_and_was_not_replaced_is_not_closed_as_a_good_one() {
    let (dir, mut ledger) = filled();
    let failed = ledger.store().load_full();
    ledger.pretend(|_| beside_the_reserve(-1));
    assert!(ledger.replace(&failed, "a test says so").is_err());
    drop(failed);
    ledger.close().expect("closed");
    let text = fs::read_to_string(mark(&dir)).expect("a mark");
    assert!(text.contains("\"clean\":false"), "{text}");
}

#[test]
fn a_base_is_begun_only_where_there_is_room_for_all_of_it() {
    let (_dir, mut ledger) = filled();
    let (base, tail) = ledger.journal_sizes().expect("read");
    let needed = i64::try_from(base + tail).expect("small");
    ledger.pretend(move |_| beside_the_reserve(needed - 1));
    assert!(matches!(ledger.begin_compaction(today()), Err(LedgerError::Full { .. })));
    ledger.pretend(move |_| beside_the_reserve(needed));
    compact(&mut ledger);
}
