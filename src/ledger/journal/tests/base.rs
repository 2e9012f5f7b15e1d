//! Bases, probes and versions: what keeps a journal small and readable.

use super::*;
use crate::core::base::{Base, Counts, End, Head};

pub(super) fn base_parts() -> [Base; 2] {
    let at = DateTime::from_timestamp(9, 0).expect("an instant");
    let head = Head {
        at,
        newest_at: at,
        doubted: None,
        leapt: None,
        instance: uuid::Uuid::nil(),
        config_at: at,
        config: "c".repeat(500),
    };
    [Base::Head(head), Base::End(Counts::default().end(at, 1))]
}

fn write_base(journal: &mut Journal) -> Result<(), JournalError> {
    let mut writer = journal.begin_base(day(1))?;
    for part in base_parts() {
        writer.push(part)?;
    }
    let base = journal.put_in_place(writer.finish()?)?;
    journal.keep_from(&base)
}

#[test]
fn a_base_that_was_cut_between_two_frames_is_damaged_and_positions_go_on_behind_it() {
    let dir = TempDir::new().expect("a directory");
    let (mut journal, _) = open(&dir, day(1));
    append(&mut journal, 0..3, day(1));
    write_base(&mut journal).expect("written");
    let (first, file) = (&journal.files().expect("listed")[0].0.clone(), dir.path().join("journal"));
    let bytes = fs::read(file.join(first)).expect("read");
    let second = bytes.windows(4).rposition(|four| four == [0x28, 0xb5, 0x2f, 0xfd]).expect("two frames");
    assert_eq!(read(&journal, 0).1, Losses::default());
    fs::write(file.join(first), &bytes[..second]).expect("written");
    let told = read(&journal, 0).1.to_string();
    assert!(told.ends_with(&format!("ends too early, at octet {second}")), "{told}");
    journal.go_on_behind(7);
    assert_eq!(append(&mut journal, 3..4, day(1))[0].seq, 8);
    journal.go_on_behind(2);
    assert_eq!(append(&mut journal, 4..5, day(1))[0].seq, 9);
    assert_eq!(read(&journal, 0).1.gaps, [(4, 7)]);
}

#[test]
fn a_base_stands_for_the_segments_before_it() {
    let dir = TempDir::new().expect("a directory");
    let (mut journal, _) = open(&dir, day(1));
    append(&mut journal, 0..3, day(1));
    append(&mut journal, 3..5, day(2));
    write_base(&mut journal).expect("written");
    assert_eq!(names(&dir), ["00000003-2026-11-02.ndjson.zst", "00000004-2026-11-02.ndjson.zst"]);
    append(&mut journal, 5..6, day(2));
    assert_eq!((seqs(&journal), read(&journal, 0).1), (vec![5, 5, 6], Losses::default()));
    assert_eq!((read(&journal, 5).0.len(), journal.base_seq()), (1, 5));
    let (base, tail) = journal.sizes().expect("read");
    assert!(base > 0 && tail > 0);
    drop(journal);
    let (journal, report) = open(&dir, day(2));
    assert_eq!((report.seq, journal.base_seq(), seqs(&journal)), (6, 5, vec![5, 5, 6]));
}

#[test]
fn a_base_that_cannot_be_written_leaves_the_journal_as_it_was() {
    let failures = [
        ("the disk is full", Mood { room: Some(10), ..Mood::default() }),
        ("it cannot be synced", Mood { no_sync: true, ..Mood::default() }),
        ("no file can be opened", Mood { no_open: true, ..Mood::default() }),
    ];
    for (name, mood) in failures {
        for begun in [false, true] {
            let dir = TempDir::new().expect("a directory");
            let (mut journal, script) = open_moody(&dir);
            append(&mut journal, 0..4, day(1));
            let written = if begun {
                let mut writer = journal.begin_base(day(1)).expect("begun");
                set(&script, mood);
                let pushed = base_parts().into_iter().try_for_each(|part| writer.push(part));
                // Where no file can be opened, this one is open already.
                pushed
                    .and_then(|()| if mood.no_open { Err(full_error()) } else { writer.finish().map(|_| ()) })
            } else {
                set(&script, mood);
                write_base(&mut journal)
            };
            assert!(written.is_err(), "{name}");
            set(&script, Mood::default());
            append(&mut journal, 4..5, day(1));
            assert_eq!((seqs(&journal), journal.base_seq()), (vec![1, 2, 3, 4, 5], 0), "{name}");
            let listing = fs::read_dir(dir.path().join("journal")).expect("a listing");
            let unfinished =
                listing.filter(|e| e.as_ref().expect("one").path().extension() == Some("new".as_ref()));
            assert_eq!(unfinished.count(), 0, "{name}");
            write_base(&mut journal).expect("the disk is well again");
            assert_eq!(seqs(&journal), [5, 5], "{name}");
        }
    }
}

/// A base of five lines and the line behind it, as a compaction that was interrupted leaves them: what the base
/// stands for is there still. Returns the names: two segments, the base, the tail.
fn interrupted() -> (TempDir, Vec<String>) {
    let dir = TempDir::new().expect("a directory");
    let (mut journal, _) = open(&dir, day(1));
    append(&mut journal, 0..3, day(1));
    append(&mut journal, 3..5, day(2));
    journal.sync().expect("synced");
    let older: Vec<_> =
        segments(&dir).into_iter().map(|path| (fs::read(&path).expect("read"), path)).collect();
    write_base(&mut journal).expect("written");
    append(&mut journal, 5..6, day(2));
    drop(journal);
    older.into_iter().for_each(|(bytes, path)| fs::write(path, bytes).expect("written"));
    let names = names(&dir);
    assert_eq!(names.len(), 4);
    (dir, names)
}

fn flip_the_last_octet(path: &Path) {
    let mut bytes = fs::read(path).expect("read");
    *bytes.last_mut().expect("not empty") ^= 1;
    fs::write(path, bytes).expect("written");
}

#[test]
fn what_a_base_stands_for_goes_once_the_base_was_read_through() {
    struct Case {
        name: &'static str,
        flipped: &'static [usize],
        removed: &'static [usize],
        there: &'static [usize],
        read_back: &'static [u64],
        whole: bool,
    }
    let (all, from_base): (&[u64], &[u64]) = (&[1, 2, 3, 4, 5, 6], &[5, 6]);
    let well = Case {
        name: "all is well",
        flipped: &[],
        removed: &[],
        there: &[2, 3],
        read_back: &[5, 5, 6],
        whole: true,
    };
    let base = Case { name: "the base is damaged", flipped: &[2], there: &[0, 1, 3], read_back: all, ..well };
    let rest = Case {
        name: "so is what it stands for",
        flipped: &[1, 2],
        there: &[0, 1, 2, 3],
        read_back: from_base,
        whole: false,
        ..well
    };
    let gone = Case { name: "some of that is gone", flipped: &[2], removed: &[0], there: &[1, 2, 3], ..rest };
    for Case { name, flipped, removed, there, read_back, whole } in [well, base, rest, gone] {
        let (dir, files) = interrupted();
        let path = |at: usize| dir.path().join("journal").join(&files[at]);
        flipped.iter().for_each(|at| flip_the_last_octet(&path(*at)));
        removed.iter().for_each(|at| fs::remove_file(path(*at)).expect("removed"));
        for _ in 0..2 {
            let (journal, report) = open(&dir, day(2));
            assert_eq!(names(&dir), there.iter().map(|at| files[*at].clone()).collect::<Vec<_>>(), "{name}");
            assert_eq!((report.seq, seqs(&journal)), (6, read_back.to_vec()), "{name}");
            assert_eq!(read(&journal, 0).1.is_empty(), whole, "{name}");
        }
        let (mut journal, _) = open(&dir, day(2));
        append(&mut journal, 6..7, day(2));
        write_base(&mut journal).expect("written");
        assert_eq!(seqs(&journal), [7, 7], "{name}: a base of all of it");
    }
}

#[test]
fn a_base_that_does_not_hold_what_its_end_says_is_damaged() {
    let [head, end] = base_parts();
    let at = end.at();
    let said = |sources, feeds, entries| Base::End(Counts { sources, feeds, entries }.end(at, 1));
    let older = Base::End(End { at, next_no: 1, entries: 0, sources: None, feeds: None });
    let cases = [
        ("as it is", end, true),
        ("of an older dibao", older, true),
        ("an entry is missing", said(0, 0, 1), false),
        ("a source is missing", said(1, 0, 0), false),
        ("a feed is missing", said(0, 1, 0), false),
    ];
    for (name, end, whole) in cases {
        let dir = TempDir::new().expect("a directory");
        let (mut journal, _) = open(&dir, day(1));
        append(&mut journal, 0..3, day(1));
        let mut writer = journal.begin_base(day(1)).expect("begun");
        [head.clone(), end.clone()].into_iter().try_for_each(|part| writer.push(part)).expect("written");
        assert_eq!(writer.finish().is_ok(), whole, "{name}");
        write_base(&mut journal).expect("written");
        let file = |part: Base| {
            let record = Record::Base(part);
            let line = Line { v: record.version(), seq: 3, round: 3, record };
            frame::encode(&serde_json::to_vec(&line).expect("JSON")).expect("a frame")
        };
        fs::write(&segments(&dir)[0], [file(head.clone()), file(end)].concat()).expect("written");
        assert_eq!(read(&journal, 0).1.is_empty(), whole, "{name}");
    }
}

fn full_error() -> JournalError {
    io_error(Path::new("base"), "open it")(full())
}

#[test]
fn lines_say_the_oldest_version_that_reads_them() {
    let expiry = Record::Expire(crate::core::record::Expiry::default());
    let [head, _] = base_parts();
    for (record, version) in [(record(1), 1), (expiry, 2), (Record::Base(head), 2)] {
        assert_eq!(record.version(), version, "{record:?}");
        assert!(version <= LINE_VERSION);
    }
}

#[test]
fn a_probe_says_whether_the_disk_is_well_and_leaves_nothing() {
    let failures = [
        Mood { room: Some(10), ..Mood::default() },
        Mood { no_sync: true, ..Mood::default() },
        Mood { no_open: true, ..Mood::default() },
    ];
    for mood in failures {
        let dir = TempDir::new().expect("a directory");
        let (mut journal, script) = open_moody(&dir);
        append(&mut journal, 0..2, day(1));
        set(&script, mood);
        assert!(journal.commit(vec![record(9)], day(2)).is_err(), "{mood:?}");
        assert!(journal.probe().is_err(), "{mood:?}");
        set(&script, Mood::default());
        journal.probe().expect("the disk is well again");
        append(&mut journal, 2..3, day(2));
        assert_eq!(seqs(&journal), [1, 2, 3], "{mood:?}");
        assert!(!dir.path().join("journal/probe.new").exists(), "{mood:?}");
    }
}

#[test]
fn a_journal_that_is_read_only_says_so_at_open() {
    let dir = TempDir::new().expect("a directory");
    let (mut journal, _) = open(&dir, day(1));
    append(&mut journal, 0..1, day(1));
    drop(journal);
    let read_only: Disks =
        Arc::new(|_: &Path, _: Mode| Err(io::Error::from(io::ErrorKind::ReadOnlyFilesystem)));
    let refused = Journal::open_on(read_only, &dir.path().join("journal"), day(1)).map(|_| ());
    let said = refused.expect_err("it is read-only").to_string();
    assert!(said.contains("cannot open it to write") && said.contains("read-only"), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
}

#[test]
fn lines_of_the_first_version_are_read() {
    let lines = [
        r#"{"v":1,"seq":1,"round":1,"kind":"config","at":"2026-11-01T00:00:00Z","instance":"00000000-0000-0000-0000-000000000007","fingerprint":"f","sources":[{"id":"a","url":"https://a.example/","region":"auto","priority":0}]}"#,
        r#"{"v":1,"seq":2,"round":2,"kind":"poll","at":"2026-11-01T00:00:01Z","source":"a","outcome":{"is":"not-modified"},"state":{"scheduled":null,"validators":{"etag":null,"last_modified":null}}}"#,
        r#"{"v":1,"seq":3,"round":3,"kind":"withdraw","at":"2026-11-01T00:00:02Z","published_id":"urn:x"}"#,
    ];
    let dir = TempDir::new().expect("a directory");
    fs::create_dir(dir.path().join("journal")).expect("created");
    let path = dir.path().join("journal/00000001-2026-11-01.ndjson.zst");
    let text = format!("{}\n", lines.join("\n"));
    fs::write(path, frame::encode(text.as_bytes()).expect("a frame")).expect("written");
    let (mut journal, report) = open(&dir, day(1));
    assert_eq!((report.seq, report.damage.len()), (3, 0));
    let (read, losses) = read(&journal, 0);
    assert_eq!((read.len(), losses), (3, Losses::default()));
    assert!(matches!(&read[1].record, Record::Poll(poll) if poll.state.window_from.is_none()));
    assert_eq!(append(&mut journal, 3..4, day(1))[0].seq, 4);
}

#[test]
fn a_base_of_a_later_version_is_refused_by_name_and_left_alone() {
    let dir = TempDir::new().expect("a directory");
    let (mut journal, _) = open(&dir, day(1));
    append(&mut journal, 0..2, day(1));
    drop(journal);
    let base = dir.path().join("journal/00000002-2026-11-01.ndjson.zst");
    let line = r#"{"v":3,"seq":9,"round":9,"kind":"base","of":"riddle"}"#;
    fs::write(&base, frame::encode(line.as_bytes()).expect("a frame")).expect("written");
    let refused = Journal::open(&dir.path().join("journal"), day(1)).map(|_| ());
    assert!(matches!(refused, Err(JournalError::Newer { version: 3, .. })), "{refused:?}");
    assert_eq!(names(&dir).len(), 2, "what it stands for is still there");
}
