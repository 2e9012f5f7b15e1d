//! What the journal asks of a file, so that tests can play a disk that fills up or fails.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

/// A segment that is open for appending.
pub(super) trait Disk: Send {
    /// Writes at the end. After an error any part of the bytes may stand there.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// Cuts the file to this length.
    fn cut(&mut self, len: u64) -> io::Result<()>;
    /// Makes what was written survive a power cut.
    fn sync(&mut self) -> io::Result<()>;
}

/// Opens a segment: the last one there is, or a fresh one, which replaces what an attempt that failed
/// left under its name.
pub(super) type OpenDisk = Arc<dyn Fn(&Path, Mode) -> io::Result<Box<dyn Disk>> + Send + Sync>;

/// How a segment is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// To go on behind what it holds.
    GoOn,
    /// Empty.
    Fresh,
}

/// Opens a real file.
pub(super) fn open(path: &Path, mode: Mode) -> io::Result<Box<dyn Disk>> {
    if mode == Mode::Fresh {
        File::create(path)?;
    }
    Ok(Box::new(OpenOptions::new().append(true).create(true).open(path)?))
}

impl Disk for File {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write_all(bytes)
    }

    fn cut(&mut self, len: u64) -> io::Result<()> {
        self.set_len(len)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }
}
