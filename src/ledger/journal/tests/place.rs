//! Positions: a journal that is opened, or replayed, from a place on.

use super::base::base_parts;
use super::*;

/// A journal of the lines of two days, two a frame, with what each append left: the number of the last line and
/// its position.
fn two_days() -> (TempDir, Journal, Vec<(u64, Position)>) {
    let (dir, mut journal) = begun();
    let mut places = vec![(0, journal.position())];
    for (n, today) in [(0, 1), (2, 1), (4, 2), (6, 2)] {
        append(&mut journal, n..n + 2, day(today));
        places.push((journal.seq(), journal.position()));
    }
    journal.sync().expect("synced");
    (dir, journal, places)
}

fn write_base(journal: &mut Journal) {
    let mut writer = journal.begin_base(day(2)).expect("begun");
    base_parts().into_iter().try_for_each(|part| writer.push(part)).expect("written");
    let base = journal.put_in_place(writer.finish().expect("finished")).expect("named");
    journal.keep_from(&base).expect("removed");
}

/// Makes the frame at the start of a segment unreadable: what tells its damage has read it.
fn spoil(path: &Path) {
    let mut bytes = fs::read(path).expect("read");
    bytes[10] ^= 0xff;
    fs::write(path, bytes).expect("written");
}

fn open_at(dir: &TempDir, known: (u64, Position)) -> (Journal, OpenReport) {
    Journal::open(&dir.path().join("journal"), day(2), Some(known)).expect("the journal opens")
}

/// The numbers of the lines behind a place, with their positions.
fn behind(dir: &TempDir, from: Option<(u64, Position)>) -> (Vec<(u64, Position)>, Losses) {
    let mut found = Vec::new();
    let losses = replay(&dir.path().join("journal"), from, &mut |line, position| {
        found.push((line.seq, position));
        Ok::<_, JournalError>(())
    });
    (found, losses.expect("it can be read"))
}

fn numbers(found: &[(u64, Position)]) -> Vec<u64> {
    found.iter().map(|(seq, _)| *seq).collect()
}

#[test]
fn a_position_is_the_end_of_the_last_frame_that_was_accepted() {
    let (dir, mut journal, places) = two_days();
    let length = |n: usize| fs::metadata(&segments(&dir)[n]).expect("there").len();
    assert_eq!(places[0], (0, Position { segment: 1, offset: 0 }));
    assert_eq!(places[2], (4, Position { segment: 1, offset: length(0) }));
    assert_eq!(places[4], (8, Position { segment: 2, offset: length(1) }));
    assert!(places.is_sorted_by_key(|(_, position)| *position));
    write_base(&mut journal);
    assert_eq!((journal.seq(), journal.position()), (8, Position { segment: 4, offset: 0 }));
    drop(journal);
    let (journal, _) = open(&dir, day(2));
    assert_eq!((journal.seq(), journal.position()), (8, Position { segment: 4, offset: 0 }));
}

#[test]
fn what_is_refused_leaves_the_position_as_it_was() {
    for mood in [Mood { room: Some(10), ..Mood::default() }, Mood { no_sync: true, ..Mood::default() }] {
        let (_dir, mut journal, script) = moody();
        append(&mut journal, 0..2, day(1));
        let before = journal.position();
        set(&script, mood);
        assert!(journal.commit(vec![record(2)], day(1)).is_err(), "{mood:?}");
        assert_eq!(journal.position(), before, "{mood:?}");
        set(&script, Mood::default());
        append(&mut journal, 2..3, day(1));
        assert!(journal.position() > before, "{mood:?}");
    }
}

#[test]
fn opening_reads_only_what_stands_behind_a_known_place() {
    struct Case {
        name: &'static str,
        known: usize,
        /// Octets of rubbish behind the end.
        torn: usize,
        /// Segments whose first frame cannot be read.
        spoilt: &'static [usize],
        damage: usize,
    }
    let well = Case { name: "at the end", known: 4, torn: 0, spoilt: &[0, 1], damage: 0 };
    // What is to be cut off right behind the place is only cut once the place is known to end a frame.
    let cases = [
        Case { name: "at the end, and a torn frame behind it", torn: 9, damage: 1, ..well },
        Case { name: "in the middle of the last segment", known: 3, ..well },
        Case { name: "in the middle, and a torn frame at the end", known: 3, torn: 1, ..well },
        Case { name: "in a segment before: the last one is read", known: 2, damage: 1, ..well },
        Case { name: "at the start: the last segment is read", known: 0, damage: 1, ..well },
        well,
    ];
    for Case { name, known, torn, spoilt, damage } in cases {
        let (dir, journal, places) = two_days();
        let (end, path) = (journal.position(), segments(&dir)[1].clone());
        drop(journal);
        spoilt.iter().for_each(|n| spoil(&segments(&dir)[*n]));
        let bytes = [fs::read(&path).expect("read"), vec![7; torn]].concat();
        fs::write(&path, bytes).expect("written");
        let (mut journal, report) = open_at(&dir, places[known]);
        let expected = (8, false, torn as u64, damage);
        assert_eq!((report.seq, report.beyond, report.cut, report.damage.len()), expected, "{name}");
        assert_eq!((journal.seq(), journal.position()), (8, end), "{name}");
        assert_eq!(append(&mut journal, 8..9, day(2))[0].seq, 9, "{name}");
    }
}

#[test]
fn a_known_place_in_a_segment_before_an_empty_one_counts() {
    let (dir, mut journal, places) = two_days();
    journal.append(Vec::new(), day(3)).expect("a day without a line");
    drop(journal);
    segments(&dir)[..2].iter().for_each(|path| spoil(path));
    let (journal, report) = open_at(&dir, places[4]);
    assert_eq!(report, OpenReport { seq: 8, ..OpenReport::default() });
    assert_eq!(journal.position(), Position { segment: 3, offset: 0 });
}

#[test]
fn a_place_that_the_journal_does_not_reach_is_told() {
    let at = |segment, offset| Position { segment, offset };
    struct Case {
        name: &'static str,
        known: (u64, Position),
        beyond: bool,
    }
    let (_, _, places) = two_days();
    let (cut, first, last) = (places[3], places[2].1, places[4].1);
    let cases = [
        Case { name: "its last segment was cut", known: (8, last), beyond: true },
        Case { name: "its segment is gone", known: (9, at(3, 10)), beyond: true },
        Case { name: "its segment is gone, and it is of an early line", known: (1, at(3, 10)), beyond: true },
        Case { name: "it is of a later line than the last", known: (7, cut.1), beyond: false },
        Case {
            name: "it is in a segment that is shorter, and has others behind it",
            known: (4, at(1, first.offset + 1)),
            beyond: false,
        },
        Case {
            name: "it is of a later line, in such a segment",
            known: (9, at(1, first.offset + 1)),
            beyond: true,
        },
    ];
    for Case { name, known, beyond } in cases {
        let (dir, journal, _) = two_days();
        drop(journal);
        let file = OpenOptions::new().write(true).open(&segments(&dir)[1]).expect("opened");
        file.set_len(cut.1.offset).expect("cut");
        let (journal, report) = open_at(&dir, known);
        assert_eq!(report.beyond, beyond, "{name}");
        // A place that is there is believed.
        let seq = if known.1 == cut.1 { known.0 } else { 6 };
        assert_eq!((report.seq, journal.position()), (seq, cut.1), "{name}");
    }
}

#[test]
fn a_place_within_a_frame_is_told_and_nothing_is_cut_off() {
    let (dir, journal, places) = two_days();
    let end = journal.position();
    drop(journal);
    for segment in [1, 2] {
        for offset in 1..end.offset {
            let at = Position { segment, offset };
            if places.iter().any(|(_, position)| *position == at)
                || segment == 1 && offset > places[2].1.offset
            {
                continue;
            }
            let (journal, report) = open_at(&dir, (5, at));
            // The last segment tells the number if the place lies in one before it.
            assert_eq!((report.seq, report.beyond, report.cut), (8, segment == 2, 0), "{at:?}");
            assert_eq!(journal.position(), end, "{at:?}");
        }
    }
}

#[test]
fn a_place_that_a_base_took_the_place_of_is_none_the_journal_lacks() {
    let (dir, mut journal, places) = two_days();
    write_base(&mut journal);
    for more in 0..2 {
        for known in &places {
            let (journal, report) = open_at(&dir, *known);
            let expected = OpenReport { seq: 8 + more, ..OpenReport::default() };
            assert_eq!((report, journal.base_seq()), (expected, 8), "{known:?}");
        }
        append(&mut journal, 8..9, day(2));
    }
}

#[test]
fn a_replay_from_a_place_gives_what_stands_behind_it_and_opens_nothing_before_it() {
    let (dir, journal, places) = two_days();
    drop(journal);
    let (all, losses) = behind(&dir, None);
    assert_eq!((numbers(&all), losses.is_empty()), ((1..=8).collect(), true));
    // What each append left, and what the replay gives for the last line of each frame, is the same.
    assert_eq!(all.iter().skip(1).step_by(2).copied().collect::<Vec<_>>(), places[1..]);
    for (n, place) in all.iter().chain(&places).enumerate() {
        let (rest, losses) = behind(&dir, Some(*place));
        assert_eq!(
            (numbers(&rest), losses),
            ((place.0 + 1..=8).collect(), Losses::default()),
            "{n}: {place:?}"
        );
    }
    fs::write(&segments(&dir)[0], b"rubbish").expect("written");
    spoil(&segments(&dir)[1]);
    for from in [3, 4] {
        let (rest, losses) = behind(&dir, Some(places[from]));
        let expected: Vec<u64> = (places[from].0 + 1..=8).collect();
        assert_eq!((numbers(&rest), losses), (expected, Losses::default()), "{from}");
    }
}

#[test]
fn a_replay_from_a_place_that_is_gone_goes_by_the_number() {
    struct Case {
        name: &'static str,
        place: usize,
        found: &'static [u64],
    }
    let (dir, mut journal, mut places) = two_days();
    write_base(&mut journal);
    append(&mut journal, 8..11, day(2));
    append(&mut journal, 11..12, day(3));
    places.push((10, Position { segment: 9, offset: 9 }));
    places.push((12, Position { segment: 2, offset: 9 }));
    let cases = [
        Case { name: "before the base", place: 3, found: &[8, 8, 9, 10, 11, 12] },
        Case { name: "at the base", place: 4, found: &[9, 10, 11, 12] },
        Case { name: "behind the base, in a segment that never was", place: 5, found: &[11, 12] },
        Case { name: "at the end", place: 6, found: &[] },
    ];
    for Case { name, place, found } in cases {
        let (rest, losses) = behind(&dir, Some(places[place]));
        assert_eq!((numbers(&rest).as_slice(), losses), (found, Losses::default()), "{name}");
    }
    let (all, _) = behind(&dir, None);
    for place in &all {
        let (rest, _) = behind(&dir, Some(*place));
        assert_eq!(numbers(&rest), (place.0 + 1..=12).collect::<Vec<_>>(), "{place:?}");
    }
}

#[test]
fn gaps_and_damage_behind_a_place_are_told() {
    let (dir, journal, places) = two_days();
    drop(journal);
    let path = segments(&dir)[1].clone();
    spoil(&path);
    let (rest, losses) = behind(&dir, Some(places[1]));
    let damage = Damage { path, from: 0, to: places[3].1.offset, refused: false };
    assert_eq!(
        (numbers(&rest), losses),
        (vec![3, 4, 7, 8], Losses { damage: vec![damage], gaps: vec![(5, 6)] })
    );
}

#[test]
fn a_place_in_what_a_failed_sync_left_still_counts() {
    let (dir, mut journal, script) = moody();
    journal.commit(vec![record(0)], day(1)).expect("committed");
    append(&mut journal, 1..3, day(1));
    let known = (journal.seq(), journal.position());
    set(&script, Mood { no_sync: true, ..Mood::default() });
    assert!(journal.sync().is_err());
    set(&script, Mood::default());
    append(&mut journal, 3..4, day(1));
    drop(journal);
    assert_eq!(names(&dir).len(), 2);
    assert_eq!(numbers(&behind(&dir, Some(known)).0), [4]);
    // Of the first segment only what was synced outlived a power cut.
    let file = OpenOptions::new().write(true).open(&segments(&dir)[0]).expect("opened");
    file.set_len(known.1.offset - 1).expect("cut");
    let (journal, report) = open_at(&dir, known);
    assert_eq!((report.seq, report.beyond, journal.seq()), (4, false, 4));
    assert_eq!(numbers(&behind(&dir, Some(known)).0), [4]);
}

#[test]
fn a_replay_that_is_given_up_ends_at_once_with_what_it_was_given_up_for() {
    let (dir, mut journal) = begun();
    // More than may wait between the two threads.
    for n in 0..20 {
        append(&mut journal, n * 1000..(n + 1) * 1000, day(1));
    }
    let mut taken = 0;
    let given_up = journal.replay(None, &mut |_, _| {
        taken += 1;
        if taken < 3 { Ok(()) } else { Err(JournalError::TooLarge(taken)) }
    });
    assert!(matches!(given_up, Err(JournalError::TooLarge(3))), "{given_up:?}");
    let dir = dir.path().join("journal");
    let panicked = std::panic::catch_unwind(|| {
        replay(&dir, None, &mut |line, _| -> Result<(), JournalError> {
            if line.seq < 3 { Ok(()) } else { panic!("on purpose") }
        })
    });
    assert!(panicked.is_err());
    assert_eq!(read(&journal, 0).0.len(), 20_000);
}
