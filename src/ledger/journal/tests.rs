//! The journal on a real directory, and on a disk that fills up or fails when a test says so.

use std::fs::{self, File, OpenOptions};
use std::io::Read;
use std::sync::{Arc, Mutex};

use chrono::DateTime;
use proptest::prelude::*;
use tempfile::TempDir;

use super::disk::Files;
use super::*;
use crate::model::outcome::Outcome;
use crate::model::poll_state::PollState;
use crate::model::record::PollRecord;
use crate::model::source::SourceId;

fn day(n: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, n).expect("a day of November")
}

/// A record that tells its number, and is long enough to be worth a flipped bit.
fn record(n: u32) -> Record {
    Record::Poll(PollRecord {
        at: DateTime::from_timestamp(i64::from(n), 0).expect("an instant"),
        source: SourceId::new("henan"),
        outcome: Outcome::Failed { why: format!("reason {n} 河南 {}", n.wrapping_mul(2_654_435_761)) },
        state: PollState::default(),
        turn: None,
        pages: Vec::new(),
    })
}

fn frame_of(text: &[u8]) -> Vec<u8> {
    let mut frame = Vec::new();
    frame::Encoder::new().expect("memory").encode(text, &mut frame).expect("a frame");
    frame
}

fn open(dir: &TempDir, today: NaiveDate) -> (Journal, OpenReport) {
    Journal::open(&dir.path().join("journal"), today, None).expect("the journal opens")
}

fn begun() -> (TempDir, Journal) {
    let dir = TempDir::new().expect("a directory");
    let (journal, _) = open(&dir, day(1));
    (dir, journal)
}

fn append(journal: &mut Journal, records: impl IntoIterator<Item = u32>, today: NaiveDate) -> Vec<Line> {
    journal.append(records.into_iter().map(record).collect(), today).expect("the journal takes it")
}

fn read(journal: &Journal, from: u64) -> (Vec<Line>, Losses) {
    let mut lines = Vec::new();
    let from = (from > 0).then_some((from, Position::default()));
    let losses = journal.replay(from, &mut |line, _| -> Result<(), JournalError> {
        lines.push(line);
        Ok(())
    });
    (lines, losses.expect("the journal can be read"))
}

fn segments(dir: &TempDir) -> Vec<PathBuf> {
    let list = segment::list(&dir.path().join("journal")).expect("a listing");
    list.into_iter().map(|s| s.path).collect()
}

fn names(dir: &TempDir) -> Vec<String> {
    segments(dir).iter().map(|p| p.file_name().expect("a file").to_string_lossy().into_owned()).collect()
}

#[test]
fn what_was_appended_is_replayed_in_order_from_any_position() {
    let dir = TempDir::new().expect("a directory");
    let (mut journal, report) = open(&dir, day(1));
    assert_eq!(report, OpenReport::default());
    let mut written = append(&mut journal, 0..3, day(1));
    written.extend(append(&mut journal, 3..4, day(1)));
    written.extend(journal.commit(vec![record(4), record(5)], day(1)).expect("committed"));
    assert_eq!(written.iter().map(|l| l.seq).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6]);
    assert_eq!(written.iter().map(|l| l.round).collect::<Vec<_>>(), [1, 1, 1, 4, 5, 5]);
    for from in 0..=6 {
        let (lines, losses) = read(&journal, from);
        assert_eq!(lines, written[usize::try_from(from).expect("small")..], "after {from}");
        assert_eq!(losses, Losses::default());
    }
    drop(journal);
    let (journal, report) = open(&dir, day(1));
    assert_eq!(report, OpenReport { seq: 6, ..OpenReport::default() });
    assert_eq!(read(&journal, 0).0, written);
}

#[test]
fn a_segment_is_one_zstd_file_of_json_lines() {
    let (dir, mut journal) = begun();
    append(&mut journal, 0..2, day(1));
    append(&mut journal, 2..3, day(1));
    let file = File::open(&segments(&dir)[0]).expect("a segment");
    let mut text = String::new();
    zstd::stream::read::Decoder::new(file).expect("zstd").read_to_string(&mut text).expect("all of it");
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines.len(), 3);
    for (n, line) in (1..).zip(&lines) {
        assert_eq!((&line["v"], &line["seq"], &line["kind"]), (&3.into(), &n.into(), &"poll".into()));
    }
}

#[test]
fn a_last_frame_torn_at_any_octet_is_cut_off_and_the_journal_goes_on() {
    let (dir, mut journal) = begun();
    let mut kept = append(&mut journal, 0..2, day(1));
    let path = segments(&dir)[0].clone();
    let good = fs::read(&path).expect("read");
    append(&mut journal, 2..4, day(1));
    drop(journal);
    let all = fs::read(&path).expect("read");
    for cut in good.len()..all.len() {
        fs::write(&path, &all[..cut]).expect("torn");
        let (mut journal, report) = open(&dir, day(1));
        assert_eq!(report.cut, (cut - good.len()) as u64, "torn at {cut}");
        assert_eq!((report.seq, report.damage.len()), (2, 0), "torn at {cut}");
        assert_eq!(fs::read(&path).expect("read"), good, "torn at {cut}");
        let more = append(&mut journal, 9..10, day(1));
        assert_eq!(more[0].seq, 3, "torn at {cut}");
        kept.truncate(2);
        kept.extend(more);
        assert_eq!(read(&journal, 0), (kept.clone(), Losses::default()), "torn at {cut}");
    }
}

#[test]
fn a_flipped_bit_costs_its_frame_alone_and_is_told() {
    let (dir, mut journal) = begun();
    let mut written = append(&mut journal, 0..2, day(1));
    let path = segments(&dir)[0].clone();
    let start = fs::metadata(&path).expect("there").len();
    written.extend(append(&mut journal, 2..4, day(1)));
    let end = fs::metadata(&path).expect("there").len();
    written.extend(append(&mut journal, 4..6, day(1)));
    drop(journal);
    let all = fs::read(&path).expect("read");
    let rest: Vec<Line> = written.iter().filter(|l| l.seq < 3 || l.seq > 4).cloned().collect();
    let bits = (start..end).flat_map(|at| [(at, 0), (at, 3), (at, 7)]);
    for (at, bit) in bits {
        let mut bytes = all.clone();
        bytes[usize::try_from(at).expect("small")] ^= 1 << bit;
        fs::write(&path, &bytes).expect("damaged");
        let (journal, report) = open(&dir, day(1));
        assert_eq!((report.seq, report.cut), (6, 0), "bit {bit} of octet {at}");
        let (lines, losses) = read(&journal, 0);
        if lines == written {
            // Not every bit of a frame bears on its content, for which the checksum vouches.
            continue;
        }
        assert_eq!(lines, rest, "bit {bit} of octet {at}");
        let damage = Damage { path: path.clone(), from: start, to: end, refused: false };
        assert_eq!(losses, Losses { damage: vec![damage], gaps: vec![(3, 4)] }, "bit {bit} of octet {at}");
    }
}

#[test]
fn what_is_no_frame_at_the_end_is_cut_off() {
    let cases: [(&str, &[u8]); 4] = [
        ("text", b"not a frame at all"),
        ("zeroes, as a file system leaves them after a power cut", &[0; 4096]),
        ("a magic number and nothing behind it", &[0x28, 0xb5, 0x2f, 0xfd]),
        ("a magic number and rubbish", &[0x28, 0xb5, 0x2f, 0xfd, 0xff, 0xff, 0xff, 0xff, 1, 2, 3]),
    ];
    for (name, garbage) in cases {
        let (dir, mut journal) = begun();
        let written = append(&mut journal, 0..3, day(1));
        drop(journal);
        let path = segments(&dir)[0].clone();
        let mut bytes = fs::read(&path).expect("read");
        bytes.extend(garbage);
        fs::write(&path, bytes).expect("written");
        let (journal, report) = open(&dir, day(1));
        assert_eq!((report.seq, report.cut), (3, garbage.len() as u64), "{name}");
        assert_eq!(read(&journal, 0), (written, Losses::default()), "{name}");
    }
}

#[test]
fn an_empty_last_segment_goes_on_from_the_one_before() {
    let (dir, mut journal) = begun();
    append(&mut journal, 0..2, day(1));
    drop(journal);
    File::create(dir.path().join("journal/00000002-2026-11-02.ndjson.zst")).expect("created");
    let (mut journal, report) = open(&dir, day(2));
    assert_eq!(report.seq, 2);
    assert_eq!(append(&mut journal, 2..3, day(2))[0].seq, 3);
    assert_eq!(read(&journal, 0).0.len(), 3);
}

#[test]
fn a_new_day_starts_a_segment_and_a_clock_set_back_does_not() {
    let dir = TempDir::new().expect("a directory");
    let (mut journal, _) = open(&dir, day(5));
    for (n, today) in (0..).zip([day(5), day(6), day(3), day(6), day(7)]) {
        append(&mut journal, n..n + 1, today);
    }
    let expected = [
        "00000001-2026-11-05.ndjson.zst",
        "00000002-2026-11-06.ndjson.zst",
        "00000003-2026-11-07.ndjson.zst",
    ];
    assert_eq!(names(&dir), expected);
    drop(journal);
    // Opened by a machine whose clock is years behind.
    let (mut journal, _) = open(&dir, NaiveDate::from_ymd_opt(1970, 1, 1).expect("a day"));
    append(&mut journal, 9..10, day(1));
    assert_eq!(names(&dir), expected);
    let (lines, losses) = read(&journal, 0);
    assert_eq!(lines.iter().map(|l| l.seq).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6]);
    assert_eq!(losses, Losses::default());
}

#[test]
fn segments_before_the_position_are_not_read() {
    let (dir, mut journal) = begun();
    for n in 1..=4 {
        append(&mut journal, n * 2..n * 2 + 2, day(n));
    }
    // What cannot be read cannot have been.
    for old in &segments(&dir)[..2] {
        fs::write(old, b"rubbish").expect("written");
    }
    for from in 4..=8 {
        let (lines, losses) = read(&journal, from);
        assert_eq!(lines.iter().map(|l| l.seq).collect::<Vec<_>>(), (from + 1..=8).collect::<Vec<_>>());
        assert_eq!(losses, Losses::default(), "after {from}");
    }
    let (lines, losses) = read(&journal, 3);
    assert_eq!((lines[0].seq, losses.gaps, losses.damage.len()), (5, vec![(4, 4)], 2));
}

#[test]
fn a_line_of_a_later_version_is_refused_by_name_and_left_alone() {
    let newer = [
        ("with a shape of its own", r#"{"v":4,"seq":9,"form":"new"}"#.to_owned()),
        ("with a version beyond a byte", r#"{"v":300,"seq":9}"#.to_owned()),
        ("that reads like one of ours", {
            let line = Line { v: 4, seq: 9, round: 9, record: record(1) };
            serde_json::to_string(&line).expect("JSON")
        }),
    ];
    for (name, line) in newer {
        let (dir, mut journal) = begun();
        append(&mut journal, 0..1, day(1));
        let path = segments(&dir)[0].clone();
        let mut bytes = fs::read(&path).expect("read");
        bytes.extend(frame_of(line.as_bytes()));
        bytes.extend(b"torn");
        fs::write(&path, &bytes).expect("written");
        let refused = Journal::open(&dir.path().join("journal"), day(1), None).map(|_| ());
        assert!(matches!(refused, Err(JournalError::Newer { .. })), "{name}: {refused:?}");
        assert_eq!(fs::read(&path).expect("read"), bytes, "{name}");
        let replayed = journal.replay(None, &mut |_, _| Ok::<_, JournalError>(()));
        assert!(matches!(replayed, Err(JournalError::Newer { .. })), "{name}: {replayed:?}");
    }
}

#[test]
fn an_unreadable_line_costs_no_other_line() {
    let (dir, mut journal) = begun();
    let mut written = append(&mut journal, 0..1, day(1));
    let path = segments(&dir)[0].clone();
    let mut bytes = fs::read(&path).expect("read");
    let line = Line { v: LINE_VERSION, seq: 3, round: 2, record: record(3) };
    let text = format!(
        "{{\"v\":3,\"seq\":2,\"kind\":\"riddle\"}}\n{}\n",
        serde_json::to_string(&line).expect("JSON")
    );
    bytes.extend(frame_of(text.as_bytes()));
    fs::write(&path, bytes).expect("written");
    drop(journal);
    let (journal, report) = open(&dir, day(1));
    // Opening asks a line for its number alone.
    assert_eq!((report.seq, report.damage.len()), (3, 0));
    written.push(line);
    let (lines, losses) = read(&journal, 0);
    assert_eq!((lines, losses.damage.len(), losses.gaps), (written, 1, vec![(2, 2)]));
}

/// How a scripted disk behaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Mood {
    /// Octets there is still room for.
    room: Option<usize>,
    no_cut: bool,
    no_sync: bool,
    no_open: bool,
}

type Script = Arc<Mutex<Mood>>;

struct Moody {
    file: File,
    script: Script,
}

fn full() -> io::Error {
    io::Error::from(io::ErrorKind::StorageFull)
}

impl Disk for Moody {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let room = self.script.lock().expect("no poison").room;
        let fits = room.map_or(bytes.len(), |room| room.min(bytes.len()));
        self.file.append(&bytes[..fits])?;
        if fits < bytes.len() { Err(full()) } else { Ok(()) }
    }

    fn cut(&mut self, len: u64) -> io::Result<()> {
        if self.script.lock().expect("no poison").no_cut { Err(full()) } else { self.file.cut(len) }
    }

    fn sync(&mut self) -> io::Result<()> {
        if self.script.lock().expect("no poison").no_sync { Err(full()) } else { self.file.sync() }
    }
}

impl<F: Fn(&Path, Mode) -> io::Result<Box<dyn Disk>> + Send + Sync> Files for F {
    fn open(&self, path: &Path, mode: Mode) -> io::Result<Box<dyn Disk>> {
        self(path, mode)
    }
}

fn moody() -> (TempDir, Journal, Script) {
    let dir = TempDir::new().expect("a directory");
    let script = Script::default();
    let shared = Arc::clone(&script);
    let disks: Disks = Arc::new(move |path: &Path, mode: Mode| {
        if mode == Mode::Fresh && shared.lock().expect("no poison").no_open {
            return Err(full());
        }
        disk::Real.open(path, mode)?;
        let file = OpenOptions::new().append(true).open(path)?;
        Ok(Box::new(Moody { file, script: Arc::clone(&shared) }) as Box<dyn Disk>)
    });
    let (journal, _) =
        Journal::open_on(disks, &dir.path().join("journal"), day(1), None).expect("the journal opens");
    (dir, journal, script)
}

fn set(script: &Script, mood: Mood) {
    *script.lock().expect("no poison") = mood;
}

fn seqs(journal: &Journal) -> Vec<u64> {
    read(journal, 0).0.iter().map(|l| l.seq).collect()
}

#[test]
fn a_short_write_leaves_nothing_behind() {
    for room in [0, 1, 3, 40] {
        let (dir, mut journal, script) = moody();
        append(&mut journal, 0..2, day(1));
        let before = fs::read(&segments(&dir)[0]).expect("read");
        set(&script, Mood { room: Some(room), ..Mood::default() });
        assert!(journal.append(vec![record(2)], day(1)).is_err());
        assert!(journal.commit(vec![record(2)], day(1)).is_err());
        assert_eq!(fs::read(&segments(&dir)[0]).expect("read"), before, "room for {room}");
        set(&script, Mood::default());
        assert_eq!(append(&mut journal, 3..4, day(1))[0].seq, 3);
        assert_eq!(read(&journal, 0).1, Losses::default());
        assert_eq!(seqs(&journal), [1, 2, 3]);
    }
}

#[test]
fn what_could_not_be_cut_is_cut_before_anything_else_is_written() {
    let (dir, mut journal, script) = moody();
    append(&mut journal, 0..2, day(1));
    let before = fs::read(&segments(&dir)[0]).expect("read");
    set(&script, Mood { room: Some(20), no_cut: true, ..Mood::default() });
    assert!(journal.append(vec![record(2)], day(1)).is_err());
    set(&script, Mood { no_cut: true, ..Mood::default() });
    assert!(journal.append(vec![record(2)], day(1)).is_err(), "not on top of a torn frame");
    assert!(journal.append(vec![record(2)], day(2)).is_err(), "nor into a new segment after it");
    assert!(journal.sync().is_err());
    set(&script, Mood::default());
    append(&mut journal, 3..4, day(1));
    let after = fs::read(&segments(&dir)[0]).expect("read");
    assert_eq!(after[..before.len()], before);
    assert_eq!((seqs(&journal), read(&journal, 0).1), (vec![1, 2, 3], Losses::default()));
}

#[test]
fn after_a_failed_sync_everything_since_the_last_good_one_goes_into_a_new_segment() {
    let (dir, mut journal, script) = moody();
    journal.commit(vec![record(0)], day(1)).expect("committed");
    let synced = fs::read(&segments(&dir)[0]).expect("read");
    append(&mut journal, 1..3, day(1));
    set(&script, Mood { no_sync: true, ..Mood::default() });
    assert!(journal.sync().is_err(), "neither segment can be synced");
    assert!(journal.commit(vec![record(99)], day(1)).is_err());
    set(&script, Mood::default());
    let more = journal.commit(vec![record(3)], day(1)).expect("committed");
    assert_eq!(more[0].seq, 4);
    assert_eq!(names(&dir).len(), 2);
    // A reader that finds both copies takes each line once.
    assert_eq!((seqs(&journal), read(&journal, 0).1), (vec![1, 2, 3, 4], Losses::default()));
    // The kernel dropped what it could not sync: nothing is lost all the same.
    fs::write(&segments(&dir)[0], synced).expect("written");
    assert_eq!((seqs(&journal), read(&journal, 0).1), (vec![1, 2, 3, 4], Losses::default()));
}

#[test]
fn what_was_refused_is_never_read_back_whatever_failed() {
    let failures = [
        ("the sync", Mood { no_sync: true, ..Mood::default() }),
        ("the sync, and no file can be opened", Mood { no_sync: true, no_open: true, ..Mood::default() }),
        ("the disk is full", Mood { room: Some(10), ..Mood::default() }),
    ];
    for (name, mood) in failures {
        let (dir, mut journal, script) = moody();
        append(&mut journal, 0..2, day(1));
        set(&script, mood);
        assert!(journal.commit(vec![record(77)], day(1)).is_err(), "{name}");
        assert!(journal.commit(vec![record(78)], day(2)).is_err(), "{name}");
        assert_eq!(journal.seq(), 2, "{name}");
        let copy = |n: u32| read(&journal, 0).0.iter().any(|l| l.record.at().timestamp() == i64::from(n));
        assert!(!copy(77) && !copy(78), "{name}: a refused record can be read");
        assert_eq!(seqs(&journal), [1, 2], "{name}");
        set(&script, Mood::default());
        let lines = journal.commit(vec![record(5)], day(2)).expect("the disk is well again");
        assert_eq!(lines[0].seq, 3, "{name}");
        assert_eq!(seqs(&journal), [1, 2, 3], "{name}");
        drop(journal);
        let (journal, report) = open(&dir, day(2));
        assert_eq!((report.seq, seqs(&journal)), (3, vec![1, 2, 3]), "{name}");
        assert_eq!(read(&journal, 0).0[2], lines[0], "{name}");
    }
}

#[test]
fn a_day_that_cannot_begin_leaves_the_journal_where_it_was() {
    let (dir, mut journal, script) = moody();
    append(&mut journal, 0..2, day(1));
    set(&script, Mood { no_open: true, ..Mood::default() });
    assert!(journal.append(vec![record(2)], day(2)).is_err());
    set(&script, Mood::default());
    append(&mut journal, 2..3, day(1));
    append(&mut journal, 3..4, day(2));
    assert_eq!(names(&dir), ["00000001-2026-11-01.ndjson.zst", "00000002-2026-11-02.ndjson.zst"]);
    assert_eq!((seqs(&journal), read(&journal, 0).1), (vec![1, 2, 3, 4], Losses::default()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Acknowledged lines are there, each once and in order, refused ones are not: whatever the disk
    /// does and wherever the process ends.
    #[test]
    fn a_failing_disk_never_tears_the_journal(
        steps in prop::collection::vec((0_u8..7, 1_u32..4, any::<bool>()), 1..30),
    ) {
        let (dir, mut journal, script) = moody();
        let (mut acknowledged, mut n, mut today) = (Vec::new(), 0, 1);
        for (mood, count, durable) in steps {
            set(&script, match mood {
                0 => Mood { no_sync: true, ..Mood::default() },
                1 => Mood { room: Some(usize::from(mood) * 25 + 7), ..Mood::default() },
                2 => Mood { no_sync: true, no_open: true, ..Mood::default() },
                3 => Mood { no_open: true, ..Mood::default() },
                _ => Mood::default(),
            });
            today += u32::from(mood == 5);
            let records: Vec<_> = (n..n + count).map(record).collect();
            n += count;
            let date = day(today.min(30));
            let written =
                if durable { journal.commit(records, date) } else { journal.append(records, date) };
            acknowledged.extend(written.into_iter().flatten());
            prop_assert_eq!(&read(&journal, 0), &(acknowledged.clone(), Losses::default()));
        }
        drop(journal);
        let (journal, report) = open(&dir, day(30));
        prop_assert_eq!(report.seq, acknowledged.len() as u64);
        prop_assert_eq!(&read(&journal, 0), &(acknowledged, Losses::default()));
    }
}

mod base;
mod place;
mod power;
mod refused;
