//! Stores built anew where there is no room for two.

use std::sync::atomic::{AtomicBool, Ordering};

use super::*;

/// Enough to record, too little for another store.
fn scarce() -> AskRoom {
    Arc::new(|_| Some(Room { left: 64 << 20, size: 1 << 40 }))
}

fn reopen(dir: &TempDir, rules: Rules, room: AskRoom) -> (Vault, OpenNotes) {
    Vault::open_with(dir.path(), Arc::new(rules), today(), room).expect("opens")
}

fn other_rules() -> Rules {
    let mut defs = sources();
    defs[1].region = fixed(&["henan"]);
    rules(&defs)
}

#[test]
fn a_store_of_other_rules_goes_before_another_is_built_where_there_is_no_room_for_two() {
    for (room, kept) in [(scarce(), false), (plenty(), true)] {
        let (dir, vault) = filled();
        vault.close().expect("closed");
        let (vault, notes) = reopen(&dir, other_rules(), room);
        assert!(notes.rebuilt.is_some());
        assert!(dump(&vault) == folded(&workload(21, 14), &other_rules()).dump());
        assert_eq!(dir.path().join("store/damaged").exists(), kept);
    }
}

#[test]
fn what_was_set_aside_goes_where_its_room_is_needed() {
    let (dir, vault) = filled();
    vault.close().expect("closed");
    drop(reopen(&dir, other_rules(), plenty()));
    // As an attempt that did not fit leaves it.
    fs::remove_dir_all(generation(&dir)).expect("removed");
    let aside = dir.path().join("store/damaged");
    assert!(aside.exists());
    let (mut vault, _) = reopen(&dir, rules(&sources()), plenty());
    assert!(aside.exists() && dump(&vault) == reference());
    let failed = vault.store().load_full();
    let (its, left) = (aside.join("its"), Arc::new(AtomicBool::new(false)));
    fs::write(&its, "files").expect("written");
    let told = Arc::clone(&left);
    vault.pretend(move |_| {
        told.fetch_or(!its.exists(), Ordering::SeqCst);
        Some(Room { left: 64 << 20, size: 1 << 40 })
    });
    vault.heal(&failed, "a test says so").expect("healed");
    assert!(left.load(Ordering::SeqCst), "it makes room before the other is built");
    drop((failed, vault));
    fs::remove_dir_all(generation(&dir)).expect("removed");
    let (vault, _) = reopen(&dir, rules(&sources()), scarce());
    assert!(!aside.exists() && dump(&vault) == reference());
}

#[test]
fn what_the_journal_may_lack_stays_however_little_room_there_is() {
    type Case = fn(&TempDir);
    let cases: [(&str, Case); 2] = [
        ("the store follows another journal", |dir| {
            fs::write(dir.path().join("journal/paired"), "another\n").expect("written");
        }),
        ("the journal is damaged", |dir| {
            let segment = &segments(dir.path())[0];
            healing::flip(segment, healing::frames(segment)[5] + 9);
            fs::write(mark(dir), "no mark").expect("written");
        }),
    ];
    for (name, harm) in cases {
        let (dir, vault) = filled();
        vault.close().expect("closed");
        harm(&dir);
        for _ in 0..2 {
            let (vault, notes) = reopen(&dir, rules(&sources()), scarce());
            assert!(notes.rebuilt.is_some(), "{name}");
            vault.close().expect("closed");
            assert!(dir.path().join("store/damaged/WHY").exists(), "{name}");
            fs::remove_dir_all(generation(&dir)).expect("removed");
        }
    }
}

#[test]
fn a_store_that_does_not_fit_stops_at_the_reserve_and_is_not_tried_again_before_there_is_more_room() {
    let dir = TempDir::new().expect("a directory");
    let (mut vault, _) = open(&dir);
    record(&mut vault, workload(21, 150));
    vault.close().expect("closed");
    fs::remove_dir_all(dir.path().join("store")).expect("removed");
    // So much before another store is begun, and less than the reserve from then on, or not.
    let begun = Arc::new(AtomicBool::new(false));
    let told = |left: u64, fits: bool| -> AskRoom {
        let begun = Arc::clone(&begun);
        Arc::new(move |dir: &Path| {
            let is_begun = dir.join("store/00000001").exists();
            begun.fetch_or(is_begun, Ordering::SeqCst);
            let left = if is_begun && !fits { (64 << 20) - 1 } else { left };
            Some(Room { left, size: 1 << 40 })
        })
    };
    let attempt = |rules: Rules, room: AskRoom| {
        begun.store(false, Ordering::SeqCst);
        let opened = Vault::open_with(dir.path(), Arc::new(rules), today(), room).map(|(vault, _)| vault);
        (opened, begun.load(Ordering::SeqCst))
    };
    let (refused, begun) = attempt(rules(&sources()), told(64 << 20, false));
    assert!(begun && matches!(refused.err(), Some(VaultError::NoRoom { .. })), "it stops on the way");
    for _ in 0..2 {
        let (refused, begun) = attempt(rules(&sources()), told(64 << 20, false));
        assert!(!begun && matches!(refused.err(), Some(VaultError::NoRoom { .. })), "there is no more room");
    }
    let (refused, begun) = attempt(other_rules(), told(64 << 20, false));
    assert!(begun && refused.is_err(), "under other rules it may be smaller");
    for _ in 0..2 {
        let (refused, begun) = attempt(rules(&sources()), told(128 << 20, false));
        assert!(
            begun && refused.is_err(),
            "there is more room, which others take meanwhile, and may give back"
        );
    }
    let (vault, _) = attempt(rules(&sources()), told(128 << 20, true));
    let vault = vault.expect("opens");
    assert!(dump(&vault) == folded(&workload(21, 150), &rules(&sources())).dump());
    assert!(!dir.path().join("store/outgrown").exists());
}

#[test]
fn a_store_ahead_of_a_journal_that_was_cut_stays_however_little_room_there_is() {
    // Before the store is set aside, or after it: then the journal had all of it.
    for before in [true, false] {
        let (dir, vault) = filled();
        drop(vault);
        fs::write(mark(&dir), "{\"boot_id\":\"another\",\"clean\":false}").expect("written");
        let cut = || {
            let segment = &segments(dir.path())[0];
            healing::cut(segment, healing::frames(segment)[6]);
        };
        if before {
            cut();
        }
        let room = if before { scarce() } else { plenty() };
        let (vault, notes) = reopen(&dir, rules(&sources()), room);
        assert!(notes.rebuilt.is_some() && notes.wound.is_none());
        vault.close().expect("closed");
        let aside = dir.path().join("store/damaged");
        let why = fs::read_to_string(aside.join("WHY")).expect("it stays");
        assert_eq!(why.contains("up to line 14"), !before, "{why}");
        if !before {
            cut();
        }
        fs::remove_dir_all(generation(&dir)).expect("removed");
        drop(reopen(&dir, rules(&sources()), scarce()));
        assert_eq!(fs::read_to_string(aside.join("WHY")).ok(), Some(why), "cut before: {before}");
    }
}

#[test]
fn a_store_of_before_a_power_cut_goes_where_room_is_short_if_the_journal_has_all_of_it() {
    let (dir, vault) = filled();
    drop(vault);
    fs::write(mark(&dir), "{\"boot_id\":\"another\",\"clean\":false}").expect("written");
    let (vault, notes) = reopen(&dir, rules(&sources()), scarce());
    assert!(notes.rebuilt.is_some() && dump(&vault) == reference());
    assert!(!dir.path().join("store/damaged").exists());
}
