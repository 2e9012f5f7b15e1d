//! Stores copied into fresh generations, at the start and while they are in use.

use super::*;

#[test]
fn a_bloated_store_is_copied_and_the_copy_takes_its_place() {
    let (dir, vault) = filled();
    vault.close().expect("closed");
    let (mut journal, _) = Journal::open(&dir.path().join("journal"), today()).expect("opens");
    let (generation, store, notes) =
        generation::open(dir.path(), &mut journal, &rules(&sources()), &plenty()).expect("opens");
    assert_eq!(notes.rebuilt, None);
    let (_, store) = generation.refresh(dir.path(), store, 0, &plenty());
    assert_eq!(
        store.check().expect("sound"),
        folded(&workload(21, 14), &rules(&sources())).check().expect("sound")
    );
    drop((store, journal));
    assert!(self::generation(&dir).ends_with("00000002"));
    assert_eq!(reopened(&dir, "the copy"), None);
}

#[test]
fn a_store_in_use_is_copied_and_the_copy_is_brought_up_to_the_journal() {
    let (dir, mut vault) = filled();
    let handle = vault.store();
    let old = handle.load_full();
    assert!(vault.begin_refresh().expect("asked").is_none(), "its files are small");
    let copy = vault.freeze_for_refresh().expect("frozen").expect("nothing else is").copy().expect("copied");
    let all = workload(21, 40);
    record(&mut vault, all[14..].to_vec());
    assert!(vault.finish_refresh(copy).expect("swapped in"));
    assert!(!Arc::ptr_eq(&old, &handle.load_full()));
    let expected = folded(&all, &rules(&sources())).dump();
    assert!(dump(&vault) == expected && old.dump() == expected, "both say the same");
    drop((old, handle));
    assert!(generation(&dir).ends_with("00000002"));
    vault.record(vec![poll("auto", 90_000)], today(), true).expect("recorded");
    vault.close().expect("closed");
    assert_eq!(open(&dir).1.rebuilt, None);
}

#[test]
fn a_fresh_generation_is_written_out_before_it_takes_the_place_of_another() {
    type Renewal = fn(&mut Vault);
    let cases: [(&str, Renewal); 2] = [
        ("a copy", |vault| {
            let frozen = vault.freeze_for_refresh().expect("frozen").expect("nothing else is");
            vault.finish_refresh(frozen.copy().expect("copied")).map(drop).expect("swapped in");
        }),
        ("a rebuild", |vault| vault.rebuild("asked for").map(drop).expect("rebuilt")),
    ];
    for (name, renew) in cases {
        let (dir, mut vault) = filled();
        renew(&mut vault);
        // What a kill would leave: sled holds back what it writes for half a second.
        let left = TempDir::new().expect("a directory");
        copy(dir.path(), left.path());
        let (killed, notes) = open(&left);
        assert_eq!((notes.rebuilt, notes.replayed), (None, 0), "{name}");
        assert!(dump(&killed) == reference(), "{name}");
    }
}

#[test]
fn a_copy_of_a_store_that_was_replaced_meanwhile_is_dropped() {
    let (dir, mut vault) = filled();
    let copy = vault.freeze_for_refresh().expect("frozen").expect("nothing else is").copy().expect("copied");
    vault.rebuild("asked for").expect("rebuilt");
    assert!(!vault.finish_refresh(copy).expect("asked"));
    assert!(dump(&vault) == reference());
    assert!(generation(&dir).ends_with("00000003"));
}

#[test]
fn a_copy_that_is_begun_before_a_rebuild_and_made_after_it_leaves_the_store_alone() {
    let (dir, mut vault) = filled();
    let refresh = vault.freeze_for_refresh().expect("frozen").expect("nothing else is");
    vault.rebuild("asked for").expect("rebuilt");
    let live = generation(&dir);
    let copied = refresh.copy().expect("copied");
    assert!(live.exists() && dir.path().join("store/00000003").exists());
    assert!(!vault.finish_refresh(copied).expect("asked"));
    assert_eq!(generation(&dir), live);
    drop(vault);
    assert_eq!(reopened(&dir, "the rebuilt one"), None);
}

#[test]
fn a_copy_that_cannot_be_brought_up_to_the_journal_is_dropped() {
    type Damage = fn(&Path, &[usize]);
    let cases: [(&str, Damage); 2] = [
        ("a line", |segment, starts| {
            let mut bytes = fs::read(segment).expect("read");
            bytes[usize::midpoint(starts[16], starts[17])] ^= 0x10;
            fs::write(segment, bytes).expect("written");
        }),
        ("cut between two frames", |segment, starts| {
            let file = fs::OpenOptions::new().write(true).open(segment).expect("opens");
            file.set_len(starts[17] as u64).expect("cut");
        }),
    ];
    for (name, damage) in cases {
        let (dir, mut vault) = filled();
        let refresh = vault.freeze_for_refresh().expect("frozen").expect("nothing else is");
        let copied = refresh.copy().expect("copied");
        let all = workload(21, 20);
        record(&mut vault, all[14..].to_vec());
        let segment = segments(dir.path()).remove(0);
        damage(&segment, &healing::frames(&segment));
        assert!(!vault.finish_refresh(copied).expect("asked"), "{name}");
        assert!(dump(&vault) == folded(&all, &rules(&sources())).dump(), "{name}: the store has all of it");
        assert!(generation(&dir).ends_with("00000001"), "{name}");
    }
}

/// Makes the files of the store large, with hardly a row in them.
fn bloat(generation: &Path) {
    // A hole takes up nothing on the disk.
    let ballast = fs::File::create(generation.join("ballast")).expect("created");
    ballast.set_len(300 << 20).expect("grown");
}

/// Enough to record, too little for a copy.
fn scarce(_: &Path) -> Option<Room> {
    Some(Room { left: 64 << 20, size: 1 << 40 })
}

#[test]
fn without_room_for_a_copy_the_store_in_use_stays_and_everything_goes_on() {
    let (dir, mut vault) = filled();
    bloat(&generation(&dir));
    let store = vault.store().load_full();
    vault.pretend(scarce);
    for seconds in [90_000, 91_000] {
        let refresh = vault.begin_refresh().expect("asked").expect("its files are large");
        let refused = refresh.write().map(|copied| copied.is_some());
        assert!(
            matches!(&refused, Err(full @ VaultError::Full { .. }) if full.to_string().contains("make room")),
            "{refused:?}"
        );
        vault.record(vec![poll("auto", seconds)], today(), true).expect("recorded");
        assert!(Arc::ptr_eq(&store, &vault.store().load_full()));
        assert!(generation(&dir).ends_with("00000001"), "nothing is left of the copy");
    }
    let expected = dump(&vault);
    vault.pretend(|_| None);
    let refresh = vault.begin_refresh().expect("asked").expect("its files are large");
    assert!(vault.finish_refresh(refresh.write().expect("written").expect("worth it")).expect("swapped in"));
    assert!(generation(&dir).ends_with("00000002") && dump(&vault) == expected);
}

#[test]
fn a_bloated_store_is_opened_as_it_is_where_there_is_no_room_for_a_copy() {
    let (dir, vault) = filled();
    vault.close().expect("closed");
    bloat(&generation(&dir));
    let opened = |room| Vault::open_with(dir.path(), Arc::new(rules(&sources())), today(), room);
    let cases: [(AskRoom, &str); 2] = [(Arc::new(scarce), "00000001"), (plenty(), "00000002")];
    for (room, name) in cases {
        let (vault, notes) = opened(room).expect("opens");
        assert_eq!(notes.rebuilt, None, "{name}");
        assert!(generation(&dir).ends_with(name), "{name}");
        assert!(dump(&vault) == reference(), "{name}");
    }
}

#[test]
fn a_store_that_failed_is_not_built_anew_once_a_copy_that_was_read_through_has_its_place() {
    let (_dir, mut vault) = filled();
    let failed = vault.store().load_full();
    vault.pretend(|_| Some(Room { left: 0, size: 1 << 40 }));
    assert!(vault.heal(&failed, "a test says so").is_err(), "there is no room to build it anew");
    vault.pretend(|_| None);
    let copy = vault.freeze_for_refresh().expect("frozen").expect("nothing else is").copy().expect("copied");
    assert!(vault.finish_refresh(copy).expect("swapped in"));
    let fresh = vault.store().load_full();
    assert!(!Arc::ptr_eq(&fresh, &failed));
    vault.probe().expect("it goes on");
    assert!(Arc::ptr_eq(&fresh, &vault.store().load_full()), "it is not built again");
}
