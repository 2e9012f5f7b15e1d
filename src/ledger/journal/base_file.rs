//! The file of a base: written beside the segments that it replaces, and renamed to its final name once it is
//! complete and durable.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::disk::{Disk, Disks, Mode};
use super::reading::{line_of, lines};
use super::segment::{Segment, SegmentName};
use super::{JournalError, frame, io_error};
use crate::model::base::{Base, Counts};
use crate::model::record::{LINE_VERSION, Line, Record};

/// A frame of the base is closed at the first line that ends beyond this: a damaged frame loses no more, and
/// writer and reader hold no more in memory.
const FRAME: usize = 1 << 20;

/// Extension of a file that is not complete yet.
const UNFINISHED: &str = "new";

pub struct BaseWriter {
    disks: Disks,
    disk: Box<dyn Disk>,
    /// The name of the file while it is written.
    path: PathBuf,
    name: SegmentName,
    seq: u64,
    encoder: frame::Encoder,
    text: Vec<u8>,
    frame: Vec<u8>,
    lines: u64,
}

/// A base that is durable and was read back, under a name that no reader looks at. Dropping it removes it.
pub struct FinishedBase(BaseWriter);

/// A base that is there. What stands before it can go.
#[derive(Debug)]
pub struct WrittenBase {
    pub(super) name: SegmentName,
}

impl BaseWriter {
    pub(super) fn new(disks: &Disks, dir: &Path, name: SegmentName, seq: u64) -> Result<Self, JournalError> {
        let mut path = dir.join(name.to_string()).into_os_string();
        path.push(format!(".{UNFINISHED}"));
        let path = PathBuf::from(path);
        let disk = disks.open(&path, Mode::Fresh).map_err(io_error(&path, "open it"))?;
        let encoder = frame::Encoder::new().map_err(io_error(&path, "begin to compress"))?;
        let (disks, text, frame) = (Arc::clone(disks), Vec::new(), Vec::new());
        Ok(Self { disks, disk, path, name, seq, encoder, text, frame, lines: 0 })
    }

    /// Writes the next part. Fails if the disk refuses; dropping the writer removes its file.
    pub fn push(&mut self, part: Base) -> Result<(), JournalError> {
        // A reader takes the base's number from its first frame, which is therefore a short one.
        let closes = matches!(part, Base::Head(_));
        let line = Line { v: LINE_VERSION, seq: self.seq, round: self.seq, record: Record::Base(part) };
        let start = self.text.len();
        serde_json::to_writer(&mut self.text, &line)?;
        self.text.push(b'\n');
        self.lines += 1;
        if self.text.len() - start > frame::MAX_LINE {
            return Err(JournalError::TooLarge(self.text.len() - start));
        }
        if closes || self.text.len() >= FRAME { self.close_frame() } else { Ok(()) }
    }

    fn close_frame(&mut self) -> Result<(), JournalError> {
        if self.text.is_empty() {
            return Ok(());
        }
        self.frame.clear();
        let encoded = self.encoder.encode(&self.text, &mut self.frame);
        encoded.map_err(io_error(&self.path, "compress a frame"))?;
        self.text.clear();
        self.disk.append(&self.frame).map_err(io_error(&self.path, "append"))
    }

    /// Makes the base durable and reads it back. It replaces nothing yet: the caller may still have to drop it.
    /// Fails if the disk refuses, or returns other octets than were written: then the journal is unchanged.
    pub fn finish(mut self) -> Result<FinishedBase, JournalError> {
        self.close_frame()?;
        self.disk.sync().map_err(io_error(&self.path, "sync"))?;
        self.read_back()?;
        Ok(FinishedBase(self))
    }

    /// Reads the base back: the files that are removed after this exist nowhere else.
    fn read_back(&self) -> Result<(), JournalError> {
        let segment = Segment { name: self.name, path: self.path.clone() };
        let (mut read, mut counts, mut ended) = (0, Counts::default(), false);
        let mut reading = segment.read(0)?;
        while reading.next()?.is_some() {
            for line in lines(reading.text()) {
                let Some(Line { record: Record::Base(part), .. }) = line_of(line, &self.path)? else {
                    continue;
                };
                read += 1;
                counts.take(&part);
                ended = matches!(part, Base::End(end) if counts.agree_with(&end));
            }
        }
        let end = reading.end();
        let whole = end.damage.is_empty() && end.good_len == end.len && read == self.lines && ended;
        let differs = || std::io::Error::from(std::io::ErrorKind::InvalidData);
        if whole { Ok(()) } else { Err(io_error(&self.path, "read back what was written to it")(differs())) }
    }
}

impl FinishedBase {
    /// Gives it its name. From then on it replaces the segments before it.
    pub(super) fn put_in_place(self) -> Result<WrittenBase, JournalError> {
        let BaseWriter { disks, path: unfinished, name, .. } = &self.0;
        let path = unfinished.with_extension("");
        disks.rename(unfinished, &path).map_err(io_error(unfinished, "rename it"))?;
        sync_dir(disks, path.parent().unwrap_or(Path::new("")))?;
        Ok(WrittenBase { name: *name })
    }

    /// The number of the line that it is of.
    pub(super) fn seq(&self) -> u64 {
        self.0.seq
    }
}

impl Drop for BaseWriter {
    fn drop(&mut self) {
        // Once it has its name there is nothing here; else it takes up room that may be missing.
        let _ = self.disks.remove(&self.path);
    }
}

pub(super) fn sweep(disks: &Disks, dir: &Path) -> Result<(), JournalError> {
    for entry in fs::read_dir(dir).map_err(io_error(dir, "list it"))? {
        let path = entry.map_err(io_error(dir, "list it"))?.path();
        if path.extension().is_some_and(|ending| ending == UNFINISHED) {
            disks.remove(&path).map_err(io_error(&path, "remove what was not finished"))?;
        }
    }
    Ok(())
}

/// Removes segments. What is left when that is interrupted is passed over by readers, and removed at the
/// next open.
pub(super) fn remove(disks: &Disks, segments: &[Segment], dir: &Path) -> Result<(), JournalError> {
    if segments.is_empty() {
        return Ok(());
    }
    for segment in segments {
        disks.remove(&segment.path).map_err(io_error(&segment.path, "remove it"))?;
    }
    sync_dir(disks, dir)
}

/// A new file's name is durable only once its directory is.
pub(super) fn sync_dir(disks: &Disks, dir: &Path) -> Result<(), JournalError> {
    disks.sync_dir(dir).map_err(io_error(dir, "sync the directory"))
}
