//! Journals that lost something, beside a store that has it, or has not.

use super::*;
use crate::core::base::Base;

/// Where the frames of a segment begin, and its length.
pub(super) fn frames(path: &Path) -> Vec<usize> {
    let bytes = fs::read(path).expect("read");
    let magic = [0x28, 0xb5, 0x2f, 0xfd];
    let begin = bytes.windows(4).enumerate().filter(|(_, four)| *four == magic).map(|(at, _)| at);
    begin.chain([bytes.len()]).collect()
}

pub(super) fn cut(path: &Path, len: usize) {
    let file = fs::OpenOptions::new().write(true).open(path).expect("opens");
    file.set_len(len as u64).expect("cut");
}

pub(super) fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).expect("read");
    bytes[at] ^= 0x10;
    fs::write(path, bytes).expect("written");
}

/// Opens what was damaged: what ailed the journal, when the store had all of it. Then the store is taken
/// away, and the journal alone has to say the same.
pub(super) fn healed(dir: &TempDir, name: &str, expected: &[Pair], seq: u64) -> Wound {
    let (mut vault, notes) = open(dir);
    let wound = notes.wound.unwrap_or_else(|| panic!("{name}: nothing ails it"));
    assert_eq!((notes.rebuilt, vault.wound()), (None, None), "{name}");
    assert!(wound.lost.is_empty(), "{name}: {wound:?}");
    assert!(dump(&vault) == expected, "{name}: the store says something else");
    let more = vault.record(vec![poll("auto", 99_000)], today(), true).expect("recorded");
    assert_eq!(more[0].0.seq, seq + 1, "{name}");
    let expected = dump(&vault);
    drop(vault);
    fs::remove_dir_all(dir.path().join("store")).expect("removed");
    let (vault, notes) = open(dir);
    assert!(notes.rebuilt.is_some() && notes.wound.is_none(), "{name}: {:?}", notes.wound);
    assert!(dump(&vault) == expected, "{name}: the journal says something else");
    wound
}

#[test]
fn a_journal_that_was_cut_anywhere_is_healed_from_the_store() {
    for (first, clean) in [(0, true), (1, false)] {
        let (sound, vault) = filled();
        if clean {
            vault.close().expect("closed");
        } else {
            drop(vault);
        }
        let segment = segments(sound.path()).pop().expect("a segment");
        let starts = frames(&segment);
        let between = starts.windows(2).map(|pair| usize::midpoint(pair[0], pair[1]));
        let places = starts[..14].iter().copied().chain(between);
        for len in places.skip(first).step_by(3) {
            let dir = TempDir::new().expect("a directory");
            copy(sound.path(), dir.path());
            cut(&segments(dir.path())[0], len);
            let wound = healed(&dir, &format!("cut at {len}"), &reference(), 14);
            assert_eq!(wound.cut.map(|(_, last)| last), Some(14), "cut at {len}");
        }
    }
}

#[test]
fn a_journal_damaged_in_the_middle_is_healed_from_the_store() {
    let (sound, vault) = filled();
    vault.close().expect("closed");
    let starts = frames(&segments(sound.path())[0]);
    let middle = |n: usize| usize::midpoint(starts[n], starts[n + 1]);
    let cases: [(&str, Vec<usize>); 4] = [
        ("the first frame", vec![middle(0)]),
        ("one in the middle", vec![middle(5)]),
        ("a magic number", vec![starts[7]]),
        ("several, and the last", vec![middle(2), middle(3), middle(9), middle(13)]),
    ];
    for (name, places) in cases {
        let dir = TempDir::new().expect("a directory");
        copy(sound.path(), dir.path());
        places.iter().for_each(|at| flip(&segments(dir.path())[0], *at));
        healed(&dir, name, &reference(), 14);
    }
}

#[test]
fn a_base_that_was_damaged_is_healed_from_the_store() {
    type Damage = fn(&Path);
    let cases: [(&str, Damage); 6] = [
        ("its head", |dir| flip(&segments(dir)[0], 20)),
        ("what it holds", |dir| flip(&segments(dir)[0], frames(&segments(dir)[0])[1] + 40)),
        ("all of it", |dir| {
            flip(&segments(dir)[0], 20);
            flip(&segments(dir)[0], frames(&segments(dir)[0])[1] + 40);
        }),
        ("cut between two frames", |dir| cut(&segments(dir)[0], frames(&segments(dir)[0])[1])),
        ("the base is gone", |dir| fs::remove_file(&segments(dir)[0]).expect("removed")),
        ("what follows it is gone", |dir| fs::remove_file(&segments(dir)[1]).expect("removed")),
    ];
    let (sound, mut vault) = filled();
    let compaction = vault.begin_compaction(today()).expect("begun").expect("there is something");
    vault.finish_compaction(compaction.write().expect("written")).expect("finished");
    record(&mut vault, workload(21, 20)[14..].to_vec());
    vault.close().expect("closed");
    for (name, damage) in cases {
        let dir = TempDir::new().expect("a directory");
        copy(sound.path(), dir.path());
        damage(dir.path());
        healed(&dir, name, &folded(&workload(21, 20), &rules(&sources())).dump(), 20);
    }
}

/// The workload, with what vouches for what was read.
fn vouched(count: usize) -> Vec<Line> {
    let mut lines = workload(21, count);
    for line in &mut lines {
        let state = match &mut line.record {
            Record::Observation(seen) => &mut seen.poll.state,
            Record::Poll(poll) => &mut poll.state,
            _ => continue,
        };
        state.body_hash = Some(format!("{:032x}", line.seq));
        state.validators.etag = Some(format!("\"{}\"", line.seq).into_bytes());
    }
    lines
}

/// A vault in which sources have validators.
fn vouching() -> (TempDir, Vault) {
    let dir = TempDir::new().expect("a directory");
    let (mut vault, _) = open(&dir);
    record(&mut vault, vouched(14));
    (dir, vault)
}

/// How many sources would not be read in full.
fn vouching_sources(vault: &Vault) -> usize {
    let sources = vault.store().load().sources().expect("read");
    let vouches =
        |poll: &crate::core::record::PollState| poll.body_hash.is_some() || !poll.validators.is_empty();
    sources.values().filter(|source| vouches(&source.poll)).count()
}

/// A journal of 20 lines without the given ones, and a store as of line 14.
fn behind_a_loss(lost: &[usize]) -> TempDir {
    let (dir, mut vault) = vouching();
    let copied = TempDir::new().expect("a directory");
    vault.store().load().flush().expect("flushed");
    copy(&dir.path().join("store"), copied.path());
    record(&mut vault, vouched(20)[14..].to_vec());
    assert!(vouching_sources(&vault) > 1);
    drop(vault);
    fs::remove_dir_all(dir.path().join("store")).expect("removed");
    copy(copied.path(), &dir.path().join("store"));
    let segment = &segments(dir.path())[0];
    let starts = frames(segment);
    for line in lost {
        flip(segment, usize::midpoint(starts[line - 1], starts[*line]));
    }
    dir
}

#[test]
fn a_loss_is_told_and_made_up_for_whenever_the_process_was_killed() {
    let rules = rules(&sources());
    let path = |dir: &TempDir| dir.path().join("store/00000001");
    let journal = |dir: &TempDir| Journal::open(&dir.path().join("journal"), today()).expect("opens").0;
    let store = |dir: &TempDir| {
        let backend = crate::ledger::store::SledBackend::open(&path(dir)).expect("opens");
        Store::new(Box::new(backend))
    };
    let unread = |dir: &TempDir| heal::examine(dir.path()).expect("read").unread;
    type Killed<'a> = Box<dyn Fn(&TempDir) + 'a>;
    let cases: [(&str, Killed<'_>); 3] = [
        ("not at all", Box::new(|_| ())),
        (
            "before the validators are forgotten",
            Box::new(|dir| {
                let store = store(dir);
                heal::fold_in(dir.path(), &store, &journal(dir), &rules, &unread(dir)).expect("folded in");
                assert_eq!(store.meta().expect("read").expect("some").seq, 20);
                store.flush().expect("flushed");
            }),
        ),
        (
            "before the journal is healed",
            Box::new(|dir| {
                let store = store(dir);
                heal::meet(dir.path(), &store, &mut journal(dir), &rules, unread(dir)).expect("met");
                store.flush().expect("flushed");
            }),
        ),
    ];
    for (name, killed) in cases {
        let dir = behind_a_loss(&[17]);
        killed(&dir);
        let (vault, notes) = open(&dir);
        assert_eq!(notes.rebuilt, None, "{name}");
        assert_eq!(notes.wound.expect("it is damaged").lost.gaps, [(17, 17)], "{name}");
        assert_eq!(vouching_sources(&vault), 0, "{name}: every source is read in full again");
        assert!(vault.wound().is_none(), "{name}");
        let mut vault = vault;
        record(
            &mut vault,
            vec![vouched(14).into_iter().rev().find(|l| l.record.source().is_some()).expect("a poll")],
        );
        drop(vault);
        let (vault, notes) = open(&dir);
        assert!(notes.wound.is_none() && vouching_sources(&vault) == 1, "{name}: once");
    }
}

#[test]
fn only_what_neither_holds_is_lost() {
    // Line 6 is in the store, line 17 is not.
    let dir = behind_a_loss(&[6, 17]);
    let (vault, notes) = open(&dir);
    let wound = notes.wound.expect("it is damaged");
    assert_eq!((wound.unread.gaps, wound.lost.gaps), (vec![(6, 6), (17, 17)], vec![(17, 17)]));
    assert!(vault.wound().is_none());
    let rest: Vec<Line> = vouched(20).into_iter().filter(|line| line.seq != 17).collect();
    let entries = |store: &Store| store.entries_from(0, usize::MAX).expect("read");
    assert_eq!(entries(&vault.store().load()), entries(&folded(&rest, &rules(&sources()))));
    assert_eq!(vouching_sources(&vault), 0, "they are read in full again");
    drop(vault);
    assert!(open(&dir).1.wound.is_none(), "told once");
}

#[test]
fn what_is_lost_with_the_store_is_told_once_and_the_rest_is_whole() {
    let (dir, vault) = filled();
    vault.close().expect("closed");
    let segment = &segments(dir.path())[0];
    let starts = frames(segment);
    flip(segment, usize::midpoint(starts[5], starts[6]));
    fs::remove_dir_all(dir.path().join("store")).expect("removed");
    let (vault, notes) = open(&dir);
    assert_eq!(notes.wound.expect("it is damaged").lost.gaps, [(6, 6)]);
    let left = dump(&vault);
    drop(vault);
    let (vault, notes) = open(&dir);
    assert_eq!((notes.rebuilt, notes.wound), (None, None));
    assert!(dump(&vault) == left && vault.seq() == 14);
}

/// What an operator may put in the journal's place, from a copy of an earlier day.
#[test]
fn an_older_journal_beside_a_newer_store_wins() {
    type Exchange = fn(old: &Path, dir: &Path);
    let cases: [(&str, Exchange, u64); 4] = [
        (
            "the whole directory",
            |old, dir| {
                fs::rename(dir.join("journal"), dir.join("journal.old")).expect("moved");
                copy(old, &dir.join("journal"));
            },
            14,
        ),
        ("copied over it", |old, dir| copy(old, &dir.join("journal")), 14),
        (
            "the segments alone",
            |old, dir| {
                fs::remove_dir_all(dir.join("journal")).expect("removed");
                copy(old, &dir.join("journal"));
                fs::remove_file(dir.join("journal/paired")).expect("removed");
            },
            14,
        ),
        ("none at all", |_, dir| fs::remove_dir_all(dir.join("journal")).expect("removed"), 0),
    ];
    for (name, exchange, seq) in cases {
        let (dir, mut vault) = filled();
        let old = TempDir::new().expect("a directory");
        // While it runs, and of the very same run.
        copy(&dir.path().join("journal"), old.path());
        record(&mut vault, workload(21, 20)[14..].to_vec());
        vault.close().expect("closed");
        exchange(old.path(), dir.path());
        let (vault, notes) = open(&dir);
        assert!(notes.rebuilt.is_some_and(|why| why.contains("another journal")) || seq == 0, "{name}");
        assert_eq!((vault.seq(), notes.wound), (seq, None), "{name}");
        assert!(
            dump(&vault) == folded(&workload(21, 20)[..seq as usize], &rules(&sources())).dump(),
            "{name}"
        );
    }
}

#[test]
fn a_store_of_another_instance_is_not_believed() {
    let (dir, vault) = filled();
    vault.close().expect("closed");
    let (other, mut vault) = (TempDir::new().expect("a directory"), workload(21, 14));
    if let Record::Config(config) = &mut vault[0].record {
        config.instance = uuid::Uuid::from_u128(9);
    }
    let (mut theirs, _) = open(&other);
    record(&mut theirs, vault[..1].to_vec());
    theirs.close().expect("closed");
    fs::remove_dir_all(dir.path().join("store")).expect("removed");
    copy(&other.path().join("store"), &dir.path().join("store"));
    fs::remove_file(dir.path().join("store/paired")).expect("removed");
    let why = reopened(&dir, "a store from elsewhere").expect("rebuilt");
    assert!(why.contains("another instance"), "{why}");
}

#[test]
fn a_healing_that_was_interrupted_is_made_again() {
    for finished in [false, true] {
        let (dir, vault) = filled();
        vault.close().expect("closed");
        let segment = segments(dir.path()).pop().expect("a segment");
        cut(&segment, frames(&segment)[9]);
        // As far as the killed one came: a base that was begun, or one that stands beside the rest.
        let (mut journal, _) = Journal::open(&dir.path().join("journal"), today()).expect("opens");
        let (_, store, _) =
            generation::open(dir.path(), &mut journal, &rules(&sources()), &plenty()).expect("opens");
        let writer = journal.begin_base(today()).expect("begun");
        if finished {
            let (base, _) = crate::daemon::vault::compaction::fill(writer, &store, Some(&rules(&sources())))
                .expect("written");
            journal.put_in_place(base).expect("named");
        } else {
            std::mem::forget(writer);
        }
        drop((store, journal));
        let (vault, notes) = open(&dir);
        assert_eq!((notes.rebuilt, notes.wound.is_some()), (None, !finished));
        assert!(dump(&vault) == reference() && vault.seq() == 14);
        drop(vault);
        fs::remove_dir_all(dir.path().join("store")).expect("removed");
        assert!(dump(&open(&dir).0) == reference());
    }
}

#[test]
fn other_rules_lose_nothing_of_a_damaged_journal() {
    let (dir, vault) = filled();
    vault.close().expect("closed");
    let segment = &segments(dir.path())[0];
    let starts = frames(segment);
    flip(segment, usize::midpoint(starts[5], starts[6]));
    cut(segment, starts[12]);
    let mut defs = sources();
    defs[1].region = fixed(&["henan"]);
    let (vault, notes) = Vault::open(dir.path(), Arc::new(rules(&defs)), today()).expect("opens");
    assert!(notes.rebuilt.is_some());
    let told = |store: &Store| -> Vec<_> {
        let entries = store.entries_from(0, usize::MAX).expect("read").into_iter();
        entries.map(|(no, e)| (no, e.id, e.withdrawn, e.body.title)).collect()
    };
    let expected = folded(&workload(21, 14), &rules(&defs));
    let store = vault.store().load_full();
    store.check().expect("sound");
    assert_eq!((told(&store), vault.seq()), (told(&expected), 14));
    let regions = |store: &Store| -> Vec<_> {
        let entries = store.entries_from(0, usize::MAX).expect("read").into_iter();
        entries.filter(|(_, e)| e.is_shown()).map(|(no, e)| (no, e.regions)).collect()
    };
    assert_eq!(regions(&store), regions(&expected), "what can be derived is derived anew");
}

#[test]
fn a_rebuild_of_a_damaged_journal_keeps_what_the_store_has() {
    let (dir, mut vault) = filled();
    let segment = &segments(dir.path())[0];
    let starts = frames(segment);
    flip(segment, usize::midpoint(starts[5], starts[6]));
    let under_way = vault.begin_compaction(today()).expect("begun");
    let refused = vault.rebuild("asked for");
    assert!(matches!(refused, Err(VaultError::Busy)), "{refused:?}");
    drop(under_way);
    vault.rebuild("asked for").expect("rebuilt");
    assert!(dump(&vault) == reference() && vault.wound().is_none());
    drop(vault);
    let (vault, notes) = open(&dir);
    assert!(notes.wound.is_none() && dump(&vault) == reference());
}

#[test]
fn a_journal_that_cannot_be_healed_yet_is_served_and_healed_later() {
    let (dir, vault) = filled();
    vault.close().expect("closed");
    let segment = &segments(dir.path())[0];
    let starts = frames(segment);
    flip(segment, usize::midpoint(starts[5], starts[6]));
    cut(segment, starts[11]);
    // Enough to record, too little for a base.
    let scarce = || Some(Room { left: 64 << 20, size: 1 << 40 });
    let rules = Arc::new(rules(&sources()));
    let opened = Vault::open_with(dir.path(), Arc::clone(&rules), today(), Arc::new(move |_| scarce()));
    let (mut vault, notes) = opened.expect("it opens all the same");
    assert!(notes.wound.is_some() && vault.wound().is_some());
    assert!(dump(&vault) == reference());
    let more = vault.record(vec![poll("auto", 99_000)], today(), true).expect("recorded");
    assert_eq!(more[0].0.seq, 15, "what the store has seen is not given out again");
    assert!(vault.rebuild("asked for").is_err(), "that would throw away what the journal lacks");
    let expected = dump(&vault);
    drop(vault);
    let (mut vault, _) =
        Vault::open_with(dir.path(), rules, today(), Arc::new(move |_| scarce())).expect("opens");
    vault.pretend(|_| None);
    assert!(vault.find_wound().expect("read"));
    vault.heal_journal().expect("healed");
    assert!(vault.wound().is_none() && dump(&vault) == expected);
    drop(vault);
    fs::remove_dir_all(dir.path().join("store")).expect("removed");
    let (vault, notes) = open(&dir);
    assert!(notes.wound.is_none() && dump(&vault) == expected);
}

#[test]
fn a_healed_journal_begins_with_a_base() {
    let (dir, vault) = filled();
    vault.close().expect("closed");
    cut(&segments(dir.path())[0], 0);
    drop(open(&dir));
    let mut head = None;
    crate::ledger::journal::replay(&dir.path().join("journal"), 0, &mut |line| -> Result<(), JournalError> {
        head = head.or(Some((line.seq, matches!(line.record, Record::Base(Base::Head(_))))));
        Ok(())
    })
    .expect("it can be read");
    assert_eq!(head, Some((14, true)));
}
