//! The journal: the append-only record of what was learned. Everything else can be rebuilt from it.
//!
//! A directory of numbered segments, `00000012-2026-11-23.ndjson.zst`. Every append is one zstd frame
//! (with a content checksum) of NDJSON lines, so `zstd -dc FILE | jq` reads a segment. An append is
//! durable once [`Journal::sync`] returned. A torn last frame is cut off at open; a damaged frame in the
//! middle is passed over and reported, never repaired in place. One process at a time: the caller holds
//! the lock of the state directory.

mod frame;
mod segment;

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use chrono::NaiveDate;

use crate::core::record::{LINE_VERSION, Line, Record};
use segment::SegmentName;
pub use segment::{Damage, Segment};

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
    /// Where the journal is damaged.
    pub damage: Vec<Damage>,
}

/// The journal, open for appending.
pub struct Journal {
    dir: PathBuf,
    name: SegmentName,
    path: PathBuf,
    file: File,
    good_len: u64,
    seq: u64,
    /// The last append or sync failed: the file is not written to again.
    broken: bool,
}

impl Journal {
    /// Opens the journal in `dir`, creating it when there is none, and makes its end whole. `today`
    /// dates the first segment of an empty journal. Reads the whole last segment, not the others.
    ///
    /// # Errors
    /// When the directory or its last segment cannot be read or written.
    pub fn open(dir: &Path, today: NaiveDate) -> Result<(Self, OpenReport), JournalError> {
        fs::create_dir_all(dir).map_err(io_error(dir, "create it"))?;
        let segments = segment::list(dir)?;
        let mut report = OpenReport::default();
        let name = match segments.last() {
            Some(last) => {
                Self::mend(&segments, &mut report)?;
                last.name
            }
            None => SegmentName { number: 1, date: today },
        };
        let path = dir.join(name.to_string());
        let file = open_append(&path)?;
        sync_dir(dir)?;
        let good_len = file.metadata().map_err(io_error(&path, "read its length"))?.len();
        let seq = report.seq;
        Ok((Self { dir: dir.to_owned(), name, path, file, good_len, seq, broken: false }, report))
    }

    /// Finds the last line, and cuts a torn frame off the last segment.
    fn mend(segments: &[Segment], report: &mut OpenReport) -> Result<(), JournalError> {
        for (back, segment) in segments.iter().rev().enumerate() {
            let mut last = 0;
            let end = segment.read(&mut |line| {
                last = last.max(line.seq);
                Ok(())
            })?;
            report.damage.extend(end.damage);
            if back == 0 && end.good_len < end.len {
                let file = OpenOptions::new()
                    .write(true)
                    .open(&segment.path)
                    .map_err(io_error(&segment.path, "open it to cut a torn frame"))?;
                file.set_len(end.good_len).map_err(io_error(&segment.path, "cut a torn frame"))?;
                file.sync_all().map_err(io_error(&segment.path, "sync it"))?;
                report.cut = end.len - end.good_len;
            }
            if last > 0 {
                report.seq = last;
                return Ok(());
            }
        }
        Ok(())
    }

    /// The position of the last line written.
    #[must_use]
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// Writes the records as one frame, and returns them as lines. They survive the end of this
    /// process when this returns, and a power loss when [`Self::sync`] returned after it. On an error
    /// nothing of them stays. `today` starts a new segment when the day has changed; a day in the past
    /// starts none.
    ///
    /// # Errors
    /// When the disk refuses; the journal stays usable.
    pub fn append(&mut self, records: Vec<Record>, today: NaiveDate) -> Result<Vec<Line>, JournalError> {
        if self.broken || today > self.name.date {
            self.roll(today)?;
        }
        let mut lines = Vec::with_capacity(records.len());
        let mut text = Vec::new();
        for (seq, record) in (self.seq + 1..).zip(records) {
            let line = Line { v: LINE_VERSION, seq, round: self.seq + 1, record };
            serde_json::to_writer(&mut text, &line)?;
            text.push(b'\n');
            lines.push(line);
        }
        let frame = frame::encode(&text).map_err(io_error(&self.path, "compress a frame"))?;
        if let Err(error) = self.file.write_all(&frame) {
            // What a short write left must not stand before the next frame.
            self.broken = self.file.set_len(self.good_len).is_err();
            return Err(io_error(&self.path, "append")(error));
        }
        self.good_len += frame.len() as u64;
        self.seq += lines.len() as u64;
        Ok(lines)
    }

    /// Makes every append durable. After a failure the kernel may have dropped what it could not
    /// write, so nothing is appended to that segment again; [`Self::rewrite`] the lines since the last
    /// good sync.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn sync(&mut self) -> Result<(), JournalError> {
        self.file.sync_data().map_err(|error| {
            self.broken = true;
            io_error(&self.path, "sync")(error)
        })
    }

    /// Writes lines whose sync failed once more, into a new segment, with the positions they have.
    /// A reader that finds both copies takes the first.
    ///
    /// # Errors
    /// When the disk refuses again.
    pub fn rewrite(&mut self, lines: &[Line], today: NaiveDate) -> Result<(), JournalError> {
        self.roll(today)?;
        let mut text = Vec::new();
        for line in lines {
            serde_json::to_writer(&mut text, line)?;
            text.push(b'\n');
        }
        let frame = frame::encode(&text).map_err(io_error(&self.path, "compress a frame"))?;
        if let Err(error) = self.file.write_all(&frame) {
            self.broken = true;
            return Err(io_error(&self.path, "append")(error));
        }
        self.good_len += frame.len() as u64;
        self.sync()
    }

    /// Hands every line after `from` to `each`, in order, each position once.
    ///
    /// # Errors
    /// When a segment cannot be read, or `each` says so.
    pub fn replay<E: From<JournalError>>(
        &self,
        from: u64,
        each: &mut dyn FnMut(Line) -> Result<(), E>,
    ) -> Result<Vec<Damage>, E> {
        replay(&self.dir, from, each)
    }

    fn roll(&mut self, today: NaiveDate) -> Result<(), JournalError> {
        // Everything before a new segment is durable before the new one exists.
        if !self.broken {
            self.sync()?;
        }
        let name = SegmentName { number: self.name.number + 1, date: today.max(self.name.date) };
        let path = self.dir.join(name.to_string());
        self.file = open_append(&path)?;
        sync_dir(&self.dir)?;
        self.name = name;
        self.path = path;
        self.good_len = 0;
        self.broken = false;
        Ok(())
    }
}

/// Hands every line after `from` of the journal in `dir` to `each`, in order, each position once.
///
/// # Errors
/// When a segment cannot be read, or `each` says so.
pub fn replay<E: From<JournalError>>(
    dir: &Path,
    from: u64,
    each: &mut dyn FnMut(Line) -> Result<(), E>,
) -> Result<Vec<Damage>, E> {
    let (mut last, mut damage) = (from, Vec::new());
    for segment in segment::list(dir)? {
        let mut failed = None;
        let end = segment.read(&mut |line| {
            if failed.is_none() && line.seq > last {
                last = line.seq;
                failed = each(line).err();
            }
            Ok(())
        })?;
        if let Some(error) = failed {
            return Err(error);
        }
        damage.extend(end.damage);
    }
    Ok(damage)
}

fn open_append(path: &Path) -> Result<File, JournalError> {
    OpenOptions::new().append(true).create(true).open(path).map_err(io_error(path, "open it"))
}

/// A new file's name is durable only once its directory is.
fn sync_dir(dir: &Path) -> Result<(), JournalError> {
    File::open(dir).and_then(|d| d.sync_all()).map_err(io_error(dir, "sync the directory"))
}

#[cfg(test)]
mod tests;
