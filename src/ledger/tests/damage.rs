//! Journals that lost something, beside a store that has it, or has not.

use super::*;

/// The number of sources that would not be read in full.
fn vouching(ledger: &Ledger) -> usize {
    let sources = ledger.store().load().sources().expect("read");
    sources.values().filter(|source| !source.poll.validators.is_empty()).count()
}

/// The workload, with what vouches for what was read.
fn vouched(count: usize) -> Vec<Line> {
    let mut lines = workload(SEED, count);
    for line in &mut lines {
        let state = match &mut line.record {
            Record::Observation(seen) => &mut seen.poll.state,
            Record::Poll(poll) => &mut poll.state,
            _ => continue,
        };
        state.validators.etag = Some(format!("\"{}\"", line.seq).into_bytes());
    }
    lines
}

/// Opens what was damaged beside a sound store, and compacts it: the journal alone says the same then.
fn made_whole(dir: &TempDir, name: &str, expected: &[Pair], seq: u64) {
    let (mut ledger, notes) = open(dir);
    assert_eq!((notes.rebuild, ledger.seq()), (None, seq), "{name}");
    assert!(notes.lost.is_empty() && dump(&ledger) == expected, "{name}: the store has all of it");
    let more = ledger.record_lines(vec![poll("auto", 99_000)], today()).expect("recorded");
    assert_eq!(more[0].seq, seq + 1, "{name}: no position is given out twice");
    assert!(ledger.confirm_damage().expect("read"), "{name}");
    compact(&mut ledger);
    assert!(ledger.damage().is_none() && !ledger.confirm_damage().expect("read"), "{name}");
    let expected = dump(&ledger);
    ledger.close().expect("closed");
    assert!(from_the_journal(dir) == expected, "{name}: the journal says something else");
}

#[test]
fn a_journal_that_was_cut_is_made_whole_by_the_next_compaction() {
    for clean in [true, false] {
        let sound = left(clean);
        let starts = frames(&segments(&sound)[0]);
        for (n, within) in [(0, false), (0, true), (6, false), (6, true), (12, true)] {
            let len = if within { usize::midpoint(starts[n], starts[n + 1]) } else { starts[n] };
            let dir = TempDir::new().expect("a directory");
            copy(sound.path(), dir.path());
            cut(&segments(&dir)[0], len);
            made_whole(&dir, &format!("cut at {len}, clean {clean}"), &reference(), 14);
        }
    }
}

#[test]
fn a_damaged_journal_beside_a_sound_store_gets_a_new_base() {
    let sound = left(true);
    let starts = frames(&segments(&sound)[0]);
    let middle = |n: usize| usize::midpoint(starts[n], starts[n + 1]);
    for (name, places) in [
        ("the first frame", vec![middle(0)]),
        ("one in the middle", vec![middle(5)]),
        ("a magic number", vec![starts[7]]),
        ("several, and the last", vec![middle(2), middle(3), middle(9), middle(13)]),
    ] {
        let dir = TempDir::new().expect("a directory");
        copy(sound.path(), dir.path());
        let segment = segments(&dir).remove(0);
        let mut bytes = fs::read(&segment).expect("read");
        places.iter().for_each(|at| bytes[*at] ^= 0x10);
        fs::write(&segment, bytes).expect("written");
        made_whole(&dir, name, &reference(), 14);
    }
}

#[test]
fn a_damaged_base_beside_a_sound_store_gets_a_new_one() {
    let (sound, mut ledger) = filled();
    compact(&mut ledger);
    record(&mut ledger, workload(SEED, 20)[14..].to_vec());
    ledger.close().expect("closed");
    type Damage = fn(&TempDir);
    let cases: [(&str, Damage); 4] = [
        ("its head", |dir| damage(&segments(dir)[0], 0)),
        ("cut between two frames", |dir| cut(&segments(dir)[0], frames(&segments(dir)[0])[1])),
        ("what follows it", |dir| damage(&segments(dir)[1], 3)),
        ("what follows it is gone", |dir| cut(&segments(dir)[1], 0)),
    ];
    for (name, damage) in cases {
        let dir = TempDir::new().expect("a directory");
        copy(sound.path(), dir.path());
        damage(&dir);
        made_whole(&dir, name, &expected(&workload(SEED, 20)), 20);
    }
}

#[test]
fn a_frame_that_rots_while_the_journal_is_in_use_is_found_when_it_is_read_through() {
    let (dir, mut ledger) = filled();
    assert!(!ledger.confirm_damage().expect("read"), "a sound one");
    damage(&segments(&dir)[0], 5);
    let mut lines = 0;
    let lost = read_journal(ledger.paths(), &mut || lines += 1).expect("read");
    assert_eq!((lost.gaps.as_slice(), lines), ([(6, 6)].as_slice(), 13));
    assert!(ledger.damage().is_none(), "that only reads");
    assert!(ledger.confirm_damage().expect("read") && ledger.damage().is_some());
    compact(&mut ledger);
    assert_eq!(ledger.damage(), None);
    rebuild(&mut ledger);
    assert!(dump(&ledger) == reference());
}

#[test]
fn a_segment_that_goes_while_the_journal_is_read_through_is_told_from_damage() {
    let (dir, ledger) = filled();
    // A compaction may remove a segment after it was listed and before it is opened. A link to nothing does the same.
    let next = segments(&dir).pop().expect("a segment").with_file_name("99999999-2026-11-23.ndjson.zst");
    std::os::unix::fs::symlink(dir.path().join("nowhere"), next).expect("linked");
    let read = read_journal(ledger.paths(), &mut || {});
    assert!(read.expect_err("it cannot be opened").is_gone());
}

#[test]
fn a_rebuild_of_a_damaged_journal_writes_a_base_first() {
    let (dir, mut ledger) = filled();
    damage(&segments(&dir)[0], 5);
    let under_way = ledger.begin_compaction(today()).expect("begun");
    assert!(ledger.rebuild(&mut |_| {}).is_err(), "one base at a time");
    assert!(dump(&ledger) == reference() && ledger.damage().is_some());
    assert!(generation(&dir).ends_with("00000001"), "nothing is left of the attempt");
    drop(under_way);
    rebuild(&mut ledger);
    assert!(dump(&ledger) == reference() && ledger.damage().is_none());
    ledger.close().expect("closed");
    assert!(from_the_journal(&dir) == reference());
}

#[test]
fn other_rules_lose_nothing_of_a_damaged_journal() {
    let dir = left(true);
    let segment = segments(&dir).remove(0);
    damage(&segment, 5);
    cut(&segment, frames(&segment)[12]);
    let (mut ledger, notes) = open_under(&dir, other());
    assert!(notes.rebuild.is_some());
    ledger.settle(&mut |_| {}).expect("built");
    let told = |store: &Store| -> Vec<_> {
        let entries = store.entries_from(0, usize::MAX).expect("read").into_iter();
        entries.map(|(no, e)| (no, e.id, e.withdrawn, e.body.title, e.story)).collect()
    };
    let store = ledger.store().load_full();
    store.check().expect("sound");
    assert_eq!(told(&store), told(&folded(&workload(SEED, 14), &other())));
    assert_eq!((ledger.seq(), ledger.damage()), (14, None));
}

#[test]
fn what_neither_journal_nor_store_has_is_named_and_every_source_is_read_in_full_again() {
    let (dir, mut ledger) = filled_with(vouched(14));
    assert!(vouching(&ledger) > 1);
    ledger.sync().expect("synced");
    drop(ledger);
    fs::remove_dir_all(dir.path().join("store")).expect("removed");
    damage(&segments(&dir)[0], 5);
    let (mut ledger, notes) = open(&dir);
    assert!(notes.rebuild.is_some());
    assert_eq!(ledger.settle(&mut |_| {}).expect("built"), 13);
    assert!(ledger.damage().is_some_and(|damage| damage.contains('6')), "{:?}", ledger.damage());
    assert_eq!((vouching(&ledger), ledger.seq()), (0, 14));
    let entries = |store: &Store| store.entries_from(0, usize::MAX).expect("read");
    let rest: Vec<Line> = vouched(14).into_iter().filter(|line| line.seq != 6).collect();
    assert_eq!(entries(&ledger.store().load()), entries(&folded(&rest, &standard())));
    let more = ledger.record_lines(vec![poll("auto", 99_000)], today()).expect("recorded");
    assert_eq!(more[0].seq, 15);
    compact(&mut ledger);
    assert_eq!(ledger.damage(), None, "the rest stands in a base");
    let left = dump(&ledger);
    ledger.close().expect("closed");
    assert!(from_the_journal(&dir) == left, "told once, and the rest is whole");
}

#[test]
fn what_is_lost_behind_the_store_is_named_and_every_source_is_read_in_full_again() {
    let (dir, mut ledger) = filled_with(vouched(14));
    let tail = vouched(20).into_iter().skip(14).map(|line| vec![line.record]);
    tail.for_each(|record| drop(ledger.journal.commit(record, today()).expect("committed")));
    drop(ledger);
    damage(&segments(&dir)[0], 16);
    let (mut ledger, notes) = open(&dir);
    assert_eq!((notes.rebuild, notes.lost.gaps.as_slice()), (None, [(17, 17)].as_slice()));
    assert_eq!((vouching(&ledger), ledger.seq()), (0, 20));
    assert!(ledger.damage().is_some());
    compact(&mut ledger);
    let left = dump(&ledger);
    ledger.close().expect("closed");
    assert!(from_the_journal(&dir) == left);
}

#[test]
fn a_store_built_from_a_journal_that_was_cut_while_running_goes_on_behind_it() {
    let (dir, mut ledger) = filled();
    let segment = segments(&dir).remove(0);
    cut(&segment, frames(&segment)[11]);
    let failed = ledger.store().load_full();
    ledger.replace(&failed, "a test says so").expect("built");
    let fresh = ledger.store().load_full();
    assert_eq!(fresh.meta().expect("read").expect("some").seq, 14);
    assert!(ledger.damage().is_some());
    ledger.probe().expect("it goes on");
    let more = ledger.record_lines(vec![poll("auto", 99_000)], today()).expect("recorded");
    assert_eq!((more.len(), more[0].seq), (1, 15));
    assert!(Arc::ptr_eq(&fresh, &ledger.store().load_full()), "it is not built again");
    compact(&mut ledger);
    let left = dump(&ledger);
    drop((ledger, failed, fresh));
    let (ledger, notes) = open(&dir);
    assert!(notes.rebuild.is_none() && ledger.damage().is_none() && dump(&ledger) == left);
}

#[test]
fn damage_behind_a_base_that_is_being_written_is_not_mended_by_it() {
    let (dir, mut ledger) = filled();
    let compaction = ledger.begin_compaction(today()).expect("begun").expect("there is something");
    record(&mut ledger, workload(SEED, 20)[14..].to_vec());
    damage(&segments(&dir).pop().expect("a tail"), 2);
    assert!(ledger.confirm_damage().expect("read"));
    assert!(ledger.finish_compaction(compaction.write().expect("written")).expect("finished"));
    assert!(ledger.damage().is_some(), "the next compaction has to");
    compact(&mut ledger);
    assert_eq!(ledger.damage(), None);
    rebuild(&mut ledger);
    assert!(dump(&ledger) == expected(&workload(SEED, 20)));
}

#[test]
fn long_work_that_holds_the_ledger_shows_its_progress() {
    type Work = fn(&mut Ledger);
    let works: [(&str, Work); 4] = [
        ("reading the journal", |ledger| assert!(!ledger.confirm_damage().expect("read"))),
        ("writing a base", |ledger| ledger.rebase().expect("written")),
        ("building a store", |ledger| assert!(rebuild(ledger) > 0)),
        ("waiting for the stories", |ledger| {
            ledger
                .record(vec![super::decide::poll_of("fixed", 99_000, &[(9000, "河南")])], today())
                .expect("recorded");
        }),
    ];
    let (_dir, mut ledger) = filled();
    let progress = ledger.progress();
    for (name, work) in works {
        let before = progress.load(std::sync::atomic::Ordering::Relaxed);
        work(&mut ledger);
        assert!(progress.load(std::sync::atomic::Ordering::Relaxed) > before, "{name}");
    }
}
