//! The file operations of the journal, behind a trait: tests simulate a full or failing disk, and a power cut
//! between any two operations.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

/// A segment that is open for appending.
pub(super) trait Disk: Send {
    /// Writes at the end. After an error any part of the bytes may stand there.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;
    fn cut(&mut self, len: u64) -> io::Result<()>;
    /// Makes what was written survive a power cut.
    fn sync(&mut self) -> io::Result<()>;
}

/// The file system, shared with a base that is being written.
pub(super) type Disks = Arc<dyn Files>;

/// The directory of the journal. What is changed in it survives a power cut once it was synced itself.
pub(super) trait Files: Send + Sync {
    /// Opens a segment: the last one there is, or a fresh one, which replaces what an attempt that failed
    /// left under its name.
    fn open(&self, path: &Path, mode: Mode) -> io::Result<Box<dyn Disk>>;

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    /// Makes the names in a directory durable.
    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        File::open(dir).and_then(|dir| dir.sync_all())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// To go on behind what it holds.
    GoOn,
    /// Empty.
    Fresh,
}

pub(super) struct Real;

impl Files for Real {
    fn open(&self, path: &Path, mode: Mode) -> io::Result<Box<dyn Disk>> {
        if mode == Mode::Fresh {
            File::create(path)?;
        }
        Ok(Box::new(OpenOptions::new().append(true).create(true).open(path)?))
    }
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
