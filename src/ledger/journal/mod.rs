//! The journal: the append-only record of facts. Everything else can be rebuilt from it.
//!
//! A directory of numbered segments, `00000012-2026-11-23.ndjson.zst`. Every append is one zstd frame
//! (with a content checksum) of NDJSON lines, so `zstd -dc FILE | jq` reads a segment. An append is
//! durable once [`Journal::sync`] returned. A torn last frame is cut off at open; a damaged frame in the
//! middle is skipped and reported, never repaired in place: a new base from the store replaces it. One process at a
//! time: the caller holds the lock of the state directory.
//!
//! A base, `00000012-2026-11-23.base.ndjson.zst`, replaces all segments before it, which are removed: see
//! [`BaseWriter`].
//!
//! Every line has a number (`seq`), and a [`Position`]: the end of its frame. A reader that keeps both of its last
//! line reads on from there, and opens the journal without reading the lines before.
//!
//! Two rules keep a failing disk from tearing it. The rest of a failed write is cut off before anything else is
//! written. After a failed sync, everything since the last good sync is written again, into a new segment: the kernel
//! may have dropped it, and reports that only once.

mod base_file;
mod disk;
mod frame;
mod losses;
mod opening;
mod reading;
mod replay;
mod segment;

use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use chrono::NaiveDate;

use crate::model::record::{LINE_VERSION, Line, Record};
use crate::model::state::{Position, Reached};
pub use base_file::{BaseWriter, FinishedBase, WrittenBase};
use disk::{Disk, Disks, Mode};
pub use losses::Losses;
pub use opening::OpenReport;
pub use replay::{Each, read_through, replay};
use segment::SegmentName;
pub use segment::{Damage, Segment};

/// A frame is closed at the first line that ends beyond this, so that a reader's memory is bounded by
/// it and one line.
const FRAME: usize = 64 << 20;

/// Capacity of a buffer that is kept for the next group of records.
const SPARE: usize = 8 << 20;

/// Octets that [`Journal::probe`] writes: as much as most groups of records.
const PROBE: usize = 64 << 10;

/// The errors of reading and writing the journal.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    #[error("journal {path}: cannot {what}: {source}")]
    Io { path: PathBuf, what: &'static str, source: io::Error },
    #[error(
        "journal {path}: line version {version} is newer than this dibao reads ({LINE_VERSION}); use the newer dibao"
    )]
    Newer { path: PathBuf, version: u64 },
    #[error(
        "journal {path}: was written by an older dibao, before 0.1.0, which this one does not read; begin with a \
         fresh state directory"
    )]
    Older { path: PathBuf },
    #[error("journal: a record of {0} octets exceeds the limit")]
    TooLarge(usize),
    #[error("journal: cannot encode a record: {0}")]
    Encode(#[from] serde_json::Error),
}

impl JournalError {
    /// True if a file is not there any more: a compaction removes segments that are being read.
    pub fn is_gone(&self) -> bool {
        matches!(self, Self::Io { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }
}

fn io_error<'a>(path: &'a Path, what: &'static str) -> impl FnOnce(io::Error) -> JournalError + 'a {
    move |source| JournalError::Io { path: path.to_owned(), what, source }
}

/// Runs a sync, and measures how long it takes: the ledger has no clock.
pub type Stopwatch = Box<dyn Fn(&mut dyn FnMut() -> io::Result<()>) -> io::Result<()> + Send + Sync>;

pub struct Journal {
    dir: PathBuf,
    disks: Disks,
    name: SegmentName,
    path: PathBuf,
    file: Box<dyn Disk>,
    /// The end of the last frame that was accepted.
    good_len: u64,
    seq: u64,
    /// The number of the line that the base is of; 0 without one.
    base_seq: u64,
    encoder: frame::Encoder,
    /// Lines before they are compressed. Empty between two appends.
    text: Vec<u8>,
    /// The frames accepted since the last good sync.
    unsynced: Vec<u8>,
    /// True if the rest of a failed write is behind `good_len`.
    torn: bool,
    /// True if a sync failed: the unsynced frames may be lost, even if a later sync succeeds.
    doubtful: bool,
    stopwatch: Stopwatch,
}

impl Journal {
    pub fn time_syncs(&mut self, stopwatch: Stopwatch) {
        self.stopwatch = stopwatch;
    }

    /// The number of the last line written.
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// The end of the last frame that was accepted.
    pub fn position(&self) -> Position {
        Position { segment: self.name.number, offset: self.good_len }
    }

    /// The four octets before a position: the checksum of the frame that ends there. `None` at the start of a
    /// segment, and where the segment is gone or shorter.
    pub fn checksum_before(&self, at: Position) -> Option<u32> {
        let segments = segment::list(&self.dir).ok()?;
        let segment = segments.into_iter().find(|segment| segment.name.number == at.segment)?;
        let (mut checksum, from) = ([0; 4], at.offset.checked_sub(4)?);
        let file = std::fs::File::open(segment.path).ok()?;
        file.read_exact_at(&mut checksum, from).ok()?;
        Some(u32::from_le_bytes(checksum))
    }

    /// True if the octet before a position can be read: it stands in a whole frame. Reads the segment up to
    /// there.
    pub fn is_whole_before(&self, at: Position) -> bool {
        let Ok(segments) = segment::list(&self.dir) else { return false };
        let segment = segments.into_iter().find(|segment| segment.name.number == at.segment);
        let Some(Ok(mut reading)) = segment.map(|segment| segment.read(0)) else { return false };
        while let Ok(Some(frame)) = reading.next() {
            if frame.end >= at.offset {
                return frame.start < at.offset;
            }
        }
        false
    }

    /// The end of the journal, for a state that reflects all of it.
    pub fn reached(&self) -> Reached {
        let position = self.position();
        Reached { position, checksum: self.checksum_before(position) }
    }

    /// Date on which its segment was begun, for callers that begin another without a clock.
    pub fn date(&self) -> NaiveDate {
        self.name.date
    }

    /// Continues the numbers behind `seq`: the lines up to it are lost here, and their numbers are not used
    /// again.
    pub fn go_on_behind(&mut self, seq: u64) {
        self.seq = self.seq.max(seq);
    }

    /// Writes the records, and returns them as lines. They survive the end of this process when this returns, and a
    /// power loss when [`Self::sync`] returned after it. On an error nothing of them stays. `today` starts a new
    /// segment when the day has changed; a day in the past starts none. Fails if the disk refuses; the journal
    /// stays usable.
    pub fn append(&mut self, records: Vec<Record>, today: NaiveDate) -> Result<Vec<Line>, JournalError> {
        self.make_ready(today)?;
        self.write(records)
    }

    /// Writes the records and makes them survive a power loss. On an error nothing of them stays. Fails if the disk
    /// refuses; the journal stays usable.
    pub fn commit(&mut self, records: Vec<Record>, today: NaiveDate) -> Result<Vec<Line>, JournalError> {
        self.make_ready(today)?;
        let (seq, good_len, unsynced) = (self.seq, self.good_len, self.unsynced.len());
        let lines = self.write(records)?;
        self.sync().inspect_err(|_| {
            // Their numbers are given out again, so they must not be read back.
            (self.seq, self.good_len, self.torn) = (seq, good_len, true);
            self.unsynced.truncate(unsynced);
            let _ = self.cut_torn();
        })?;
        Ok(lines)
    }

    /// Makes every append durable. If the disk refuses, the unsynced lines are written once more, into a new
    /// segment, with the same numbers. A reader takes the first copy that it can read. Fails if the disk refuses
    /// both; the next call tries again.
    pub fn sync(&mut self) -> Result<(), JournalError> {
        self.cut_torn()?;
        if self.unsynced.is_empty() {
            return Ok(());
        }
        if !self.doubtful && (self.stopwatch)(&mut || self.file.sync()).is_ok() {
            empty(&mut self.unsynced);
            return Ok(());
        }
        self.doubtful = true;
        self.start(self.name.number + 1, self.name.date)
    }

    /// Tries, after something failed, whether the disk takes and keeps anything: a small file is written,
    /// synced and removed.
    pub fn probe(&mut self) -> Result<(), JournalError> {
        let path = self.dir.join("probe.new");
        let tried = self.disks.open(&path, Mode::Fresh).and_then(|mut file| {
            file.append(&[0; PROBE])?;
            file.sync()
        });
        let _ = self.disks.remove(&path);
        tried.map_err(io_error(&path, "write to it"))?;
        self.sync()
    }

    /// Begins a base of all lines so far. Later lines go into a segment behind it. Fails if the disk refuses; the
    /// journal stays usable.
    pub fn begin_base(&mut self, today: NaiveDate) -> Result<BaseWriter, JournalError> {
        self.make_ready(today)?;
        self.sync()?;
        let name = SegmentName { number: self.name.number + 1, is_base: true, ..self.name };
        self.start(name.number + 1, name.date)?;
        BaseWriter::new(&self.disks, &self.dir, name, self.seq)
    }

    /// Gives a base its name: from then on it stands for the segments before it. Fails if the disk refuses. After a
    /// power cut it may be there or not; the segments before it are.
    pub fn put_in_place(&mut self, base: FinishedBase) -> Result<WrittenBase, JournalError> {
        let seq = base.seq();
        let base = base.put_in_place()?;
        self.base_seq = self.base_seq.max(seq);
        Ok(base)
    }

    /// Removes the segments that a base stands for. Fails if the disk refuses: then the next open removes them.
    pub fn keep_from(&self, base: &WrittenBase) -> Result<(), JournalError> {
        let older = segment::list(&self.dir)?.into_iter().filter(|s| s.name.number < base.name.number);
        base_file::remove(&self.disks, &older.collect::<Vec<_>>(), &self.dir)
    }

    /// The number of the line that the base is of; 0 without one. Nothing before it can be replayed.
    pub fn base_seq(&self) -> u64 {
        self.base_seq
    }

    /// The files that the journal consists of, with how much of each is accepted. Durable after
    /// [`Self::sync`].
    pub fn files(&self) -> Result<Vec<(String, u64)>, JournalError> {
        let mut files = Vec::new();
        for Segment { name, path } in segment::live(&self.dir)? {
            let len = if path == self.path { self.good_len } else { segment::length(&path)? };
            files.push((name.to_string(), len));
        }
        Ok(files)
    }

    /// The sizes of the base and of the segments after it, in octets.
    pub fn sizes(&self) -> Result<(u64, u64), JournalError> {
        let (mut base, mut tail) = (0, 0);
        for Segment { name, path } in segment::live(&self.dir)? {
            *(if name.is_base { &mut base } else { &mut tail }) += segment::length(&path)?;
        }
        Ok((base, tail))
    }

    /// [`replay()`] of this journal.
    pub fn replay<E: From<JournalError>>(
        &self,
        from: Option<(u64, Position)>,
        each: Each<'_, E>,
    ) -> Result<Losses, E> {
        replay(&self.dir, from, each)
    }

    fn write(&mut self, records: Vec<Record>) -> Result<Vec<Line>, JournalError> {
        let (round, before) = (self.seq + 1, self.unsynced.len());
        let line = |(seq, record)| Line { v: LINE_VERSION, seq, round, record };
        let lines: Vec<_> = (round..).zip(records).map(line).collect();
        let encoded = self.encode(&lines);
        empty(&mut self.text);
        let written = encoded.and_then(|()| {
            let appended = self.file.append(&self.unsynced[before..]);
            self.torn = appended.is_err();
            appended.map_err(io_error(&self.path, "append"))
        });
        if let Err(error) = written {
            self.unsynced.truncate(before);
            let _ = self.cut_torn();
            return Err(error);
        }
        self.good_len += (self.unsynced.len() - before) as u64;
        self.seq += lines.len() as u64;
        Ok(lines)
    }

    /// Appends the lines, as frames, to the unsynced frames.
    fn encode(&mut self, lines: &[Line]) -> Result<(), JournalError> {
        for (n, line) in lines.iter().enumerate() {
            let start = self.text.len();
            serde_json::to_writer(&mut self.text, line)?;
            self.text.push(b'\n');
            if self.text.len() - start > frame::MAX_LINE {
                return Err(JournalError::TooLarge(self.text.len() - start));
            }
            if self.text.len() >= FRAME || n + 1 == lines.len() {
                let encoded = self.encoder.encode(&self.text, &mut self.unsynced);
                encoded.map_err(io_error(&self.path, "compress a frame"))?;
                self.text.clear();
            }
        }
        Ok(())
    }

    fn make_ready(&mut self, today: NaiveDate) -> Result<(), JournalError> {
        self.cut_torn()?;
        if self.doubtful || today > self.name.date {
            // Everything before a new segment is durable before the new one goes on.
            self.sync()?;
        }
        if today > self.name.date { self.start(self.name.number + 1, today) } else { Ok(()) }
    }

    fn cut_torn(&mut self) -> Result<(), JournalError> {
        if self.torn {
            self.file.cut(self.good_len).map_err(io_error(&self.path, "cut what a failed write left"))?;
            self.torn = false;
        }
        Ok(())
    }

    /// Starts a new segment with the unsynced frames. If that fails, the old one stays in use.
    fn start(&mut self, number: u32, date: NaiveDate) -> Result<(), JournalError> {
        let name = SegmentName { number, date: date.max(self.name.date), is_base: false };
        let path = self.dir.join(name.to_string());
        let mut file = self.disks.open(&path, Mode::Fresh).map_err(io_error(&path, "open it"))?;
        let filled = file.append(&self.unsynced).and_then(|()| file.sync());
        if let Err(error) = filled {
            // The next attempt empties it too.
            let _ = file.cut(0);
            return Err(io_error(&path, "begin it")(error));
        }
        base_file::sync_dir(&self.disks, &self.dir)?;
        (self.name, self.path, self.file) = (name, path, file);
        self.good_len = self.unsynced.len() as u64;
        empty(&mut self.unsynced);
        self.doubtful = false;
        Ok(())
    }
}

/// Empties a buffer, and keeps as much of its room as most groups of records take.
fn empty(buffer: &mut Vec<u8>) {
    buffer.clear();
    buffer.shrink_to(SPARE);
}

/// True if a file of this name is a segment of a journal.
pub fn is_segment(name: &str) -> bool {
    SegmentName::parse(name).is_some_and(|parsed| parsed.to_string() == name)
}

#[cfg(test)]
mod tests;
