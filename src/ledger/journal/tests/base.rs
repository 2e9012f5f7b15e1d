//! Bases, probes and versions: what keeps a journal small and readable.

use super::*;
use crate::model::base::{Base, Counts, Head};

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
    let (dir, mut journal) = begun();
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
    let (dir, mut journal) = begun();
    append(&mut journal, 0..3, day(1));
    append(&mut journal, 3..5, day(2));
    write_base(&mut journal).expect("written");
    assert_eq!(names(&dir), ["00000003-2026-11-02.base.ndjson.zst", "00000004-2026-11-02.ndjson.zst"]);
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
            let (dir, mut journal, script) = moody();
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
    let (dir, mut journal) = begun();
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

#[test]
fn what_a_base_stands_for_goes_at_the_next_start() {
    let (dir, files) = interrupted();
    // Readers pass it over until then, whatever it holds.
    for old in &files[..2] {
        fs::write(dir.path().join("journal").join(old), b"rubbish").expect("written");
    }
    let (journal, report) = open(&dir, day(2));
    assert_eq!(names(&dir), files[2..]);
    assert_eq!((report.seq, report.damage.len(), seqs(&journal)), (6, 0, vec![5, 5, 6]));
    assert_eq!(read(&journal, 0).1, Losses::default());
}

#[test]
fn a_base_that_does_not_hold_what_its_end_says_is_damaged() {
    let [head, end] = base_parts();
    let at = end.at();
    let said = |sources, feeds, entries| Base::End(Counts { sources, feeds, entries }.end(at, 1));
    let cases = [
        ("as it is", end, true),
        ("an entry is missing", said(0, 0, 1), false),
        ("a source is missing", said(1, 0, 0), false),
        ("a feed is missing", said(0, 1, 0), false),
    ];
    for (name, end, whole) in cases {
        let (dir, mut journal) = begun();
        append(&mut journal, 0..3, day(1));
        let mut writer = journal.begin_base(day(1)).expect("begun");
        [head.clone(), end.clone()].into_iter().try_for_each(|part| writer.push(part)).expect("written");
        assert_eq!(writer.finish().is_ok(), whole, "{name}");
        write_base(&mut journal).expect("written");
        let file = |part: Base| {
            let record = Record::Base(part);
            let line = Line { v: LINE_VERSION, seq: 3, round: 3, record };
            frame_of(&serde_json::to_vec(&line).expect("JSON"))
        };
        fs::write(&segments(&dir)[0], [file(head.clone()), file(end)].concat()).expect("written");
        assert_eq!(read(&journal, 0).1.is_empty(), whole, "{name}");
    }
}

fn full_error() -> JournalError {
    io_error(Path::new("base"), "open it")(full())
}

#[test]
fn a_probe_says_whether_the_disk_is_well_and_leaves_nothing() {
    let failures = [
        Mood { room: Some(10), ..Mood::default() },
        Mood { no_sync: true, ..Mood::default() },
        Mood { no_open: true, ..Mood::default() },
    ];
    for mood in failures {
        let (dir, mut journal, script) = moody();
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
    let (dir, mut journal) = begun();
    append(&mut journal, 0..1, day(1));
    drop(journal);
    let read_only: Disks =
        Arc::new(|_: &Path, _: Mode| Err(io::Error::from(io::ErrorKind::ReadOnlyFilesystem)));
    let refused = Journal::open_on(read_only, &dir.path().join("journal"), day(1), None).map(|_| ());
    let said = refused.expect_err("it is read-only").to_string();
    assert!(said.contains("cannot open it to write") && said.contains("read-only"), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
}

#[test]
fn a_journal_of_another_version_is_refused_by_name_and_left_alone() {
    struct Case {
        name: &'static str,
        segment: &'static str,
        line: &'static str,
        told: &'static str,
    }
    let older = "was written by an older dibao, before 0.1.0, which this one does not read; begin with a fresh \
                 state directory";
    let newer = "line version 4 is newer than this dibao reads (3); use the newer dibao";
    let cases = [
        Case {
            name: "a poll of version 1",
            segment: "00000001-2026-11-01.ndjson.zst",
            line: r#"{"v":1,"seq":2,"round":2,"kind":"poll","at":"2026-11-01T00:00:01Z","source":"a","outcome":{"is":"not-modified"},"state":{"scheduled":null,"validators":{"etag":null,"last_modified":null}}}"#,
            told: older,
        },
        Case {
            name: "a base of version 2, which its name did not tell",
            segment: "00000001-2026-11-01.ndjson.zst",
            line: r#"{"v":2,"seq":9,"round":9,"kind":"base","of":"riddle"}"#,
            told: older,
        },
        Case {
            name: "a base of a later version beside what it stands for",
            segment: "00000002-2026-11-01.base.ndjson.zst",
            line: r#"{"v":4,"seq":9,"round":9,"kind":"base","of":"riddle"}"#,
            told: newer,
        },
    ];
    for Case { name, segment, line, told } in cases {
        let (dir, mut journal) = begun();
        append(&mut journal, 0..2, day(1));
        drop(journal);
        let path = dir.path().join("journal").join(segment);
        let bytes = [frame_of(line.as_bytes()), b"torn".to_vec()].concat();
        fs::write(&path, &bytes).expect("written");
        let before = names(&dir);
        let refused = Journal::open(&dir.path().join("journal"), day(1), None).map(|_| ());
        let said = refused.expect_err("it is of another version").to_string();
        assert_eq!(said, format!("journal {}: {told}", path.display()), "{name}");
        let replayed = replay(&dir.path().join("journal"), None, &mut |_, _| Ok::<_, JournalError>(()));
        assert_eq!(replayed.expect_err("nor is it replayed").to_string(), said, "{name}");
        assert_eq!((names(&dir), fs::read(&path).expect("read")), (before, bytes), "{name}");
    }
}

#[test]
fn lines_of_every_kind_are_read_as_their_tags_say() {
    use super::super::reading::line_of;
    let at = "2026-11-01T00:00:01Z";
    let poll = r#""source":"a","outcome":{"is":"not-modified"},"state":{"scheduled":null}"#;
    let parsed = r#"{"id":null,"title":"河南","links":[],"published":null,"updated":null,"authors":[],"contributors":[],"categories":[],"summary":null,"content":null,"rights":null,"language":null}"#;
    let (key, parsed) = ("00".repeat(16), parsed.to_owned());
    let new =
        format!(r#"{{"published_id":"urn:x","keys":["{key}"],"fingerprint":"{key}","entry":{parsed}}}"#);
    let entry = format!(
        r#"{{"no":7,"entry":{{"id":"urn:x","source":"a","first_seen":"{at}","surfaced":"{at}","published":"{at}","updated":"{at}","fingerprint":"{key}","keys":[],"seq":1,"round":1,"body":{parsed}}}}}"#
    );
    let cases = [
        ("a poll", format!(r#""kind":"poll",{poll}"#)),
        ("an observation", format!(r#""kind":"observation",{poll},"new":[{new}]"#)),
        ("a withdrawal", r#""kind":"withdraw","published_id":"urn:x""#.to_owned()),
        ("an expiry", r#""kind":"expire","entries":["urn:x"]"#.to_owned()),
        ("entries of a base", format!(r#""kind":"base","of":"entries","entries":[{entry}]"#)),
        (
            "the end of a base",
            r#""kind":"base","of":"end","next_no":1,"entries":0,"sources":0,"feeds":0"#.to_owned(),
        ),
    ];
    for (name, rest) in cases {
        let text = format!(r#"{{"v":3,"seq":5,"round":4,"at":"{at}",{rest}}}"#);
        let by_tags: Line = serde_json::from_str(&text).expect(name);
        let read = line_of(text.as_bytes(), Path::new("a segment")).expect("of this version");
        assert_eq!(read.as_ref(), Some(&by_tags), "{name}");
        let written = serde_json::to_vec(&by_tags).expect("JSON");
        assert_eq!(line_of(&written, Path::new("a segment")).expect("of this version"), read, "{name}");
    }
}
