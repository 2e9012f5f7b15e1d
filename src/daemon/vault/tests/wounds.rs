//! Journals that are damaged while they are in use, or where they cannot be healed at once, and disks that do not
//! read all of one.

use super::healing::{cut, flip, frames, healed};
use super::*;

/// Puts what gives `EIO` when it is read in the place of a segment.
#[cfg(target_os = "linux")]
fn break_sector(segment: &Path) {
    fs::remove_file(segment).expect("removed");
    std::os::unix::fs::symlink("/proc/self/mem", segment).expect("linked");
}

/// A journal of two segments.
#[cfg(target_os = "linux")]
fn of_two_days() -> (TempDir, Vault, Vec<Pair>) {
    let (dir, mut vault) = filled();
    let tomorrow = today().succ_opt().expect("a day");
    vault.record(vec![poll("auto", 90_000)], tomorrow, true).expect("recorded");
    let expected = dump(&vault);
    (dir, vault, expected)
}

#[cfg(target_os = "linux")]
#[test]
fn a_segment_that_the_disk_does_not_read_is_healed_from_the_store() {
    for bad in 0..2 {
        for clean in [true, false] {
            let (dir, vault, expected) = of_two_days();
            if clean {
                vault.close().expect("closed");
            } else {
                drop(vault);
            }
            break_sector(&segments(dir.path())[bad]);
            assert!(!is_whole(dir.path()).expect("that is no error"));
            healed(&dir, &format!("segment {bad}, closed {clean}"), &expected, 15);
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_segment_that_the_disk_does_not_read_any_more_is_healed_while_running() {
    let (dir, mut vault, expected) = of_two_days();
    break_sector(&segments(dir.path())[0]);
    assert!(!is_whole(dir.path()).expect("that is no error"));
    assert!(vault.find_wound().expect("read"));
    vault.heal_journal().expect("healed");
    assert!(is_whole(dir.path()).expect("read") && vault.wound().is_none());
    vault.rebuild("to compare").expect("rebuilt");
    assert!(dump(&vault) == expected);
}

#[cfg(target_os = "linux")]
#[test]
fn a_segment_that_the_disk_does_not_read_is_kept_where_no_store_can_be_trusted() {
    type Doubt = fn(&TempDir);
    let cases: [(&str, Doubt); 2] = [
        ("there is none", |dir| fs::remove_dir_all(dir.path().join("store")).expect("removed")),
        ("of another boot", |dir| {
            fs::write(mark(dir), "{\"boot_id\":\"another\",\"clean\":false}").expect("written");
        }),
    ];
    for (name, doubt) in cases {
        let (dir, vault, _) = of_two_days();
        vault.close().expect("closed");
        let segment = segments(dir.path()).remove(0);
        let good = fs::read(&segment).expect("read");
        doubt(&dir);
        let stores = fs::read_dir(dir.path().join("store/00000001")).map_or(0, Iterator::count);
        break_sector(&segment);
        for _ in 0..2 {
            let refused = Vault::open(dir.path(), Arc::new(rules(&sources())), today()).map(|_| ());
            assert!(matches!(&refused, Err(VaultError::Unreadable(_))), "{name}: {refused:?}");
        }
        assert!(fs::symlink_metadata(&segment).expect("it is there").is_symlink(), "{name}");
        assert_eq!(
            fs::read_dir(dir.path().join("store/00000001")).map_or(0, Iterator::count),
            stores,
            "{name}: the store stays"
        );
        fs::remove_file(&segment).expect("removed");
        fs::write(&segment, good).expect("written");
        let (vault, notes) = open(&dir);
        assert!(notes.wound.is_none() && vault.seq() == 15, "{name}: {:?}", notes.wound);
    }
}

#[test]
fn a_store_built_from_a_journal_that_was_cut_while_running_reaches_its_position() {
    let (dir, mut vault) = filled();
    let segment = &segments(dir.path())[0];
    cut(segment, frames(segment)[11]);
    let failed = vault.store().load_full();
    vault.heal(&failed, "a test says so").expect("rebuilt");
    let store = vault.store();
    assert_eq!(store.load().meta().expect("read").expect("some").seq, 14);
    let fresh = store.load_full();
    vault.probe().expect("it goes on");
    let more = vault.record(vec![poll("auto", 99_000)], today(), true).expect("recorded");
    assert_eq!((more.len(), more[0].0.seq), (1, 15));
    assert!(Arc::ptr_eq(&fresh, &store.load_full()), "it is not built again");
    assert!(vault.wound().is_none(), "a base stands for what is left");
    let expected = dump(&vault);
    drop((vault, store, failed, fresh));
    let (vault, notes) = open(&dir);
    assert!((notes.rebuilt, notes.wound) == (None, None) && dump(&vault) == expected);
}

#[test]
fn damage_behind_a_base_that_is_being_written_is_not_healed_by_it() {
    let (dir, mut vault) = filled();
    let compaction = vault.begin_compaction(today()).expect("begun").expect("there is something");
    record(&mut vault, workload(21, 20)[14..].to_vec());
    let tail = segments(dir.path()).pop().expect("a segment");
    flip(&tail, usize::midpoint(frames(&tail)[2], frames(&tail)[3]));
    assert!(vault.find_wound().expect("read"));
    vault.finish_compaction(compaction.write().expect("written")).expect("finished");
    assert!(vault.wound().is_some_and(|wound| wound.unread.gaps == [(17, 17)]), "{:?}", vault.wound());
    assert!(vault.find_wound().expect("read"));
    vault.heal_journal().expect("healed");
    assert!(vault.wound().is_none() && is_whole(dir.path()).expect("read"));
    assert!(dump(&vault) == folded(&workload(21, 20), &rules(&sources())).dump());
}

#[test]
fn damage_found_before_a_base_is_begun_is_healed_by_it_though_found_again() {
    let (dir, mut vault) = filled();
    let segment = segments(dir.path()).remove(0);
    flip(&segment, usize::midpoint(frames(&segment)[5], frames(&segment)[6]));
    assert!(vault.find_wound().expect("read"));
    let compaction = vault.begin_compaction(today()).expect("begun").expect("there is something");
    assert!(vault.find_wound().expect("read"));
    let compacted = compaction.write().expect("written");
    assert!(vault.find_wound().expect("read"));
    vault.finish_compaction(compacted).expect("finished");
    assert!(vault.wound().is_none());
}

#[test]
fn other_rules_and_a_damaged_journal_without_room_are_refused_before_anything_is_written() {
    for clean in [true, false] {
        let dir = left(clean);
        let segment = &segments(dir.path())[0];
        let starts = frames(segment);
        flip(segment, usize::midpoint(starts[5], starts[6]));
        let mut defs = sources();
        defs[1].region = fixed(&["henan"]);
        let before: Vec<_> =
            files(&dir.path().join("journal")).iter().map(|path| fs::read(path).expect("read")).collect();
        let marked = fs::read_to_string(mark(&dir)).expect("a mark");
        let scarce = |_: &Path| Some(Room { left: 64 << 20, size: 1 << 40 });
        let refused =
            Vault::open_with(dir.path(), Arc::new(rules(&defs)), today(), Arc::new(scarce)).map(|_| ());
        let refused = refused.expect_err("there is no room").to_string();
        assert!(
            refused.contains("other rules") && refused.contains("64 MiB") && !refused.contains('\n'),
            "{refused}"
        );
        let after: Vec<_> =
            files(&dir.path().join("journal")).iter().map(|path| fs::read(path).expect("read")).collect();
        assert!(
            before == after && fs::read_to_string(mark(&dir)).expect("a mark") == marked,
            "clean {clean}"
        );
        // Under the old rules it is served, and under the new ones once there is room.
        let old = Vault::open_with(dir.path(), Arc::new(rules(&sources())), today(), Arc::new(scarce));
        let (vault, notes) = old.expect("opens");
        assert!(notes.rebuilt.is_none() && dump(&vault) == reference());
        drop(vault);
        let (vault, notes) = Vault::open(dir.path(), Arc::new(rules(&defs)), today()).expect("opens");
        assert!(notes.rebuilt.is_some() && vault.wound().is_none() && vault.seq() == 14);
    }
}

#[test]
fn segments_beside_a_damaged_base_that_may_hold_what_is_lost_are_kept() {
    let (dir, mut vault) = filled();
    let old = segments(dir.path()).remove(0);
    let mut kept = fs::read(&old).expect("read");
    let at = frames(&old)[5] + 9;
    let compaction = vault.begin_compaction(today()).expect("begun").expect("there is something");
    vault.finish_compaction(compaction.write().expect("written")).expect("finished");
    vault.record(vec![poll("auto", 99_000)], today(), true).expect("recorded");
    drop(vault);
    // As a compaction leaves it that was interrupted, and three faults after it.
    let base = segments(dir.path()).remove(0);
    flip(&base, frames(&base)[1] + 40);
    kept[at] ^= 0x10;
    fs::write(&old, &kept).expect("written");
    fs::write(mark(&dir), "{\"boot_id\":\"another\",\"clean\":false}").expect("written");
    let (vault, notes) = open(&dir);
    assert!(notes.wound.is_some_and(|wound| !wound.lost.is_empty()));
    assert!(vault.wound().is_none() && is_whole(dir.path()).expect("read"), "a base stands for what is left");
    let aside = dir.path().join("journal/damaged").join(old.file_name().expect("a name"));
    assert!(fs::read(&aside).expect("it is kept") == kept && !old.exists());
    vault.close().expect("closed");
    let (vault, notes) = open(&dir);
    assert!((notes.rebuilt, notes.wound, vault.seq()) == (None, None, 15) && aside.exists());
}
