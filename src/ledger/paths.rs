//! The paths of everything in the state directory.

use std::path::{Path, PathBuf};

#[derive(Clone, Debug)]
pub struct Paths {
    dir: PathBuf,
}

impl Paths {
    pub fn new(dir: &Path) -> Self {
        Self { dir: dir.to_owned() }
    }

    pub fn dir(&self) -> &Path {
        &self.dir
    }

    pub fn journal(&self) -> PathBuf {
        self.dir.join("journal")
    }

    /// The file that says which journal it is.
    pub(super) fn journal_id(&self) -> PathBuf {
        self.dir.join("journal").join("id")
    }

    /// The journal of a restore under way. While it exists, no other journal may be created.
    pub(super) fn restoring(&self) -> PathBuf {
        self.dir.join("journal.restoring")
    }

    pub fn store(&self) -> PathBuf {
        self.dir.join("store")
    }

    pub(super) fn generation(&self, number: u32) -> PathBuf {
        self.store().join(format!("{number:08}"))
    }

    pub(super) fn mark(&self, number: u32) -> PathBuf {
        self.store().join(format!("{number:08}.json"))
    }

    /// The last generation that failed a check.
    pub(super) fn damaged(&self) -> PathBuf {
        self.store().join("damaged")
    }
}
