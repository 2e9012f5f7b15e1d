//! The journal: the append-only record of what was learned. Everything else can be rebuilt from it.
//!
//! A directory of numbered segments, `00000012-2026-11-23.ndjson.zst`. Every append is one zstd frame
//! (with a content checksum) of NDJSON lines, so `zstd -dc FILE | jq` reads a segment. An append is
//! durable once [`Journal::sync`] returned. A torn last frame is cut off at open; a damaged frame in the
//! middle is passed over and reported, never repaired in place: whoever has what stood there writes a base
//! of it. One process at a time: the caller holds the lock of the state directory.
//!
//! The newest segment that begins with a base stands for all before it, which are gone or on their way:
//! see [`BaseWriter`].
//!
//! Two rules keep a failing disk from tearing it: what a failed write left is cut off before anything
//! else is written, and after a failed sync everything since the last good one goes into a new segment,
//! because the kernel may have dropped it and says so only once.

mod base;
mod disk;
mod frame;
mod opening;
mod replay;
mod segment;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::NaiveDate;

use crate::core::record::{LINE_VERSION, Line, Record};
pub use base::{BaseWriter, FinishedBase, WrittenBase};
use disk::{Disk, Disks, Mode};
use opening::Settled;
pub use replay::{Losses, read_through, replay};
use segment::SegmentName;
pub use segment::{Damage, Segment};

/// A frame is closed at the first line that ends beyond this, so that a reader's memory is bounded by
/// it and one line.
const FRAME: usize = 64 << 20;

/// How much [`Journal::probe`] writes: as much as most groups of records.
const PROBE: usize = 64 << 10;

/// Why the journal cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The disk said no.
    #[error("journal {path}: cannot {what}: {source}")]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What was being done.
        what: &'static str,
        /// The cause.
        source: io::Error,
    },
    /// A line of a later version of dibao.
    #[error(
        "journal {path}: line version {version} is newer than this dibao reads ({LINE_VERSION}); use the newer dibao"
    )]
    Newer {
        /// The segment.
        path: PathBuf,
        /// The version found.
        version: u64,
    },
    /// A record that no reader would take back.
    #[error("journal: a record of {0} octets is larger than one may be")]
    TooLarge(usize),
    /// A record that cannot be written as JSON.
    #[error("journal: cannot encode a record: {0}")]
    Encode(#[from] serde_json::Error),
}

fn io_error<'a>(path: &'a Path, what: &'static str) -> impl FnOnce(io::Error) -> JournalError + 'a {
    move |source| JournalError::Io { path: path.to_owned(), what, source }
}

/// What opening a journal found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OpenReport {
    /// The last line's position; 0 for an empty journal.
    pub seq: u64,
    /// How many octets of a torn last frame were cut off.
    pub cut: u64,
    /// Where the last segment is damaged.
    pub damage: Vec<Damage>,
}

/// The journal, open for appending.
pub struct Journal {
    dir: PathBuf,
    disks: Disks,
    name: SegmentName,
    path: PathBuf,
    file: Box<dyn Disk>,
    /// The end of the last frame that was accepted.
    good_len: u64,
    seq: u64,
    /// The position that the base is of; 0 without one.
    base_seq: u64,
    /// The frames accepted since the last good sync.
    unsynced: Vec<u8>,
    /// Behind `good_len` stands what a failed write left.
    torn: bool,
    /// A sync failed: what was not synced before may be gone, whatever later syncs say.
    doubtful: bool,
}

impl Journal {
    /// Opens the journal in `dir`, creating it when there is none, and makes its end whole. `today`
    /// dates the first segment of an empty journal. Reads the whole last segment, not the others.
    ///
    /// # Errors
    /// When the directory or its last segment cannot be read or written.
    pub fn open(dir: &Path, today: NaiveDate) -> Result<(Self, OpenReport), JournalError> {
        Self::open_on(Arc::new(disk::Real), dir, today)
    }

    fn open_on(disks: Disks, dir: &Path, today: NaiveDate) -> Result<(Self, OpenReport), JournalError> {
        fs::create_dir_all(dir).map_err(io_error(dir, "create it"))?;
        if let Some(parent) = dir.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            base::sync_dir(&disks, parent)?;
        }
        let Settled { base_seq, live: segments, broken, superseded } = opening::settle(dir)?;
        let mut report = OpenReport::default();
        let name = match segments.last() {
            Some(last) => {
                let refused = opening::mend(&disks, &segments, &mut report)?;
                let alone = base_seq > 0 && segments.len() == 1;
                // Nothing is appended to a base, nor behind what the disk does not read.
                SegmentName { number: last.name.number + u32::from(alone || refused), ..last.name }
            }
            None => SegmentName { number: 1, date: today },
        };
        // A newer version's journal is left alone, so this comes after it was read.
        // A base that is passed over stands for what is before it as long as it is there.
        base::remove(&disks, &broken, dir)?;
        // What else cannot be removed is passed over by every reader.
        let swept = base::sweep(&disks, dir);
        for left in [swept, base::remove(&disks, &superseded, dir)] {
            let _ = left.inspect_err(|error| tracing::warn!(%error, "it stays until the next start"));
        }
        let path = dir.join(name.to_string());
        let mut file = disks.open(&path, Mode::GoOn).map_err(io_error(&path, "open it to write"))?;
        // What a process that was killed left unsynced is vouched for from here on.
        file.sync().map_err(io_error(&path, "sync"))?;
        base::sync_dir(&disks, dir)?;
        let good_len = fs::metadata(&path).map_err(io_error(&path, "read its length"))?.len();
        let journal = Self {
            dir: dir.to_owned(),
            disks,
            name,
            path,
            file,
            good_len,
            seq: report.seq,
            base_seq,
            unsynced: Vec::new(),
            torn: false,
            doubtful: false,
        };
        Ok((journal, report))
    }

    /// The position of the last line written.
    #[must_use]
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// When its segment was begun, for those that begin another without a clock.
    #[must_use]
    pub fn date(&self) -> NaiveDate {
        self.name.date
    }

    /// Goes on behind a position that was given out: what stood up to it is lost here, and none of it is
    /// given out again.
    pub fn go_on_behind(&mut self, seq: u64) {
        self.seq = self.seq.max(seq);
    }

    /// Writes the records, and returns them as lines. They survive the end of this process when this
    /// returns, and a power loss when [`Self::sync`] returned after it. On an error nothing of them
    /// stays. `today` starts a new segment when the day has changed; a day in the past starts none.
    ///
    /// # Errors
    /// When the disk refuses; the journal stays usable.
    pub fn append(&mut self, records: Vec<Record>, today: NaiveDate) -> Result<Vec<Line>, JournalError> {
        self.make_ready(today)?;
        self.write(records)
    }

    /// Writes the records and makes them survive a power loss. On an error nothing of them stays.
    ///
    /// # Errors
    /// When the disk refuses; the journal stays usable.
    pub fn commit(&mut self, records: Vec<Record>, today: NaiveDate) -> Result<Vec<Line>, JournalError> {
        self.make_ready(today)?;
        let (seq, good_len, unsynced) = (self.seq, self.good_len, self.unsynced.len());
        let lines = self.write(records)?;
        self.sync().inspect_err(|_| {
            // Their positions are given out again, so they must not be read back.
            (self.seq, self.good_len, self.torn) = (seq, good_len, true);
            self.unsynced.truncate(unsynced);
            let _ = self.cut_torn();
        })?;
        Ok(lines)
    }

    /// Makes every append durable. When the disk refuses, what was not synced yet is written once more,
    /// into a new segment, with the positions it has; a reader takes the first copy it can read.
    ///
    /// # Errors
    /// When the disk refuses both; the next call tries again.
    pub fn sync(&mut self) -> Result<(), JournalError> {
        self.cut_torn()?;
        if self.unsynced.is_empty() {
            return Ok(());
        }
        if !self.doubtful && self.file.sync().is_ok() {
            self.unsynced.clear();
            return Ok(());
        }
        self.doubtful = true;
        self.start(self.name.number + 1, self.name.date)
    }

    /// Tries, after something failed, whether the disk takes and keeps anything: a small file is written,
    /// synced and removed.
    ///
    /// # Errors
    /// When it does not.
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

    /// Begins a base of everything so far: what is written from now on goes into a segment behind it.
    ///
    /// # Errors
    /// When the disk refuses; the journal stays usable.
    pub fn begin_base(&mut self, today: NaiveDate) -> Result<BaseWriter, JournalError> {
        self.make_ready(today)?;
        self.sync()?;
        let name = SegmentName { number: self.name.number + 1, ..self.name };
        self.start(name.number + 1, name.date)?;
        BaseWriter::new(&self.disks, &self.dir, name, self.seq)
    }

    /// Gives a base its name: from then on it stands for the segments before it.
    ///
    /// # Errors
    /// When the disk refuses. After a power cut it may be there or not; the segments before it are.
    pub fn put_in_place(&mut self, base: FinishedBase) -> Result<WrittenBase, JournalError> {
        let seq = base.seq();
        let base = base.put_in_place()?;
        self.base_seq = self.base_seq.max(seq);
        Ok(base)
    }

    /// Removes the segments that a base stands for.
    ///
    /// # Errors
    /// When the disk refuses: then the next open removes them.
    pub fn keep_from(&self, base: &WrittenBase) -> Result<(), JournalError> {
        let older = segment::list(&self.dir)?.into_iter().filter(|s| s.name.number < base.name.number);
        base::remove(&self.disks, &older.collect::<Vec<_>>(), &self.dir)
    }

    /// The position that the base is of; 0 without one. Nothing before it can be replayed.
    #[must_use]
    pub fn base_seq(&self) -> u64 {
        self.base_seq
    }

    /// The files that the journal consists of, with how much of each is accepted. Durable after
    /// [`Self::sync`].
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub fn files(&self) -> Result<Vec<(String, u64)>, JournalError> {
        let mut files = Vec::new();
        for Segment { name, path } in live(&self.dir)?.1 {
            let len = if path == self.path { self.good_len } else { length(&path)? };
            files.push((name.to_string(), len));
        }
        Ok(files)
    }

    /// How large the base and what follows it are, in octets.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub fn sizes(&self) -> Result<(u64, u64), JournalError> {
        let (base_seq, segments) = live(&self.dir)?;
        let lengths = segments.iter().map(|s| length(&s.path)).collect::<Result<Vec<_>, _>>()?;
        let total: u64 = lengths.iter().sum();
        let base = lengths.first().copied().filter(|_| base_seq > 0).unwrap_or(0);
        Ok((base, total - base))
    }

    /// Hands every line after `from` to `each`, in order, each position once.
    ///
    /// # Errors
    /// When a segment cannot be read, or `each` says so.
    pub fn replay<E: From<JournalError>>(
        &self,
        from: u64,
        each: &mut dyn FnMut(Line) -> Result<(), E>,
    ) -> Result<Losses, E> {
        replay(&self.dir, from, each)
    }

    fn write(&mut self, records: Vec<Record>) -> Result<Vec<Line>, JournalError> {
        let lines: Vec<_> = (self.seq + 1..)
            .zip(records)
            .map(|(seq, record)| Line { v: record.version(), seq, round: self.seq + 1, record })
            .collect();
        let frames = frames(&lines, &self.path)?;
        if let Err(error) = self.file.append(&frames) {
            self.torn = true;
            let _ = self.cut_torn();
            return Err(io_error(&self.path, "append")(error));
        }
        self.good_len += frames.len() as u64;
        self.seq += lines.len() as u64;
        self.unsynced.extend(frames);
        Ok(lines)
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

    /// Starts a new segment with what was not synced yet. The old one stays in use when that fails.
    fn start(&mut self, number: u32, date: NaiveDate) -> Result<(), JournalError> {
        let name = SegmentName { number, date: date.max(self.name.date) };
        let path = self.dir.join(name.to_string());
        let mut file = self.disks.open(&path, Mode::Fresh).map_err(io_error(&path, "open it"))?;
        let filled = file.append(&self.unsynced).and_then(|()| file.sync());
        if let Err(error) = filled {
            // The next attempt empties it too.
            let _ = file.cut(0);
            return Err(io_error(&path, "begin it")(error));
        }
        base::sync_dir(&self.disks, &self.dir)?;
        (self.name, self.path, self.file) = (name, path, file);
        self.good_len = self.unsynced.len() as u64;
        self.unsynced.clear();
        self.doubtful = false;
        Ok(())
    }
}

/// The lines as frames.
fn frames(lines: &[Line], path: &Path) -> Result<Vec<u8>, JournalError> {
    let (mut frames, mut text) = (Vec::new(), Vec::new());
    for (n, line) in lines.iter().enumerate() {
        let start = text.len();
        serde_json::to_writer(&mut text, line)?;
        text.push(b'\n');
        if text.len() - start > frame::MAX_LINE {
            return Err(JournalError::TooLarge(text.len() - start));
        }
        if text.len() >= FRAME || n + 1 == lines.len() {
            frames.extend(frame::encode(&text).map_err(io_error(path, "compress a frame"))?);
            text.clear();
        }
    }
    Ok(frames)
}

fn length(path: &Path) -> Result<u64, JournalError> {
    fs::metadata(path).map(|m| m.len()).map_err(io_error(path, "read its length"))
}

/// Whether a file of this name is a segment of a journal.
#[must_use]
pub fn is_segment(name: &str) -> bool {
    SegmentName::parse(name).is_some_and(|parsed| parsed.to_string() == name)
}

/// The segments that count: the newest base, if there is one, and what follows it, or else all. And the
/// position that the base is of.
fn live(dir: &Path) -> Result<(u64, Vec<Segment>), JournalError> {
    live_of(segment::list(dir)?)
}

/// [`live`], of segments in order.
fn live_of(mut segments: Vec<Segment>) -> Result<(u64, Vec<Segment>), JournalError> {
    for at in (0..segments.len()).rev() {
        if let Some(seq) = segments[at].base_seq()? {
            segments.drain(..at);
            return Ok((seq, segments));
        }
    }
    Ok((0, segments))
}

#[cfg(test)]
mod tests;
