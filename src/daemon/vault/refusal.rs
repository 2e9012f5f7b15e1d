//! Why a store is not used, and what a disk refuses to write for: sled hands on no more of that than a text.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use rustix::io::Errno;

use super::VaultError;
use crate::ledger::store::StoreError;

/// A full disk, a full share of it, one that is read-only, one that fails.
const ALL: [Errno; 4] = [Errno::NOSPC, Errno::DQUOT, Errno::ROFS, Errno::IO];

/// What the disk refused for, by what sled, or a panic of one of its threads, says of it.
pub(crate) fn refused_in(text: &str) -> Option<Errno> {
    let says = |errno: &Errno| {
        let said = io::Error::from(*errno).to_string();
        // Its number stands behind it, or not, depending on how it was written.
        text.contains(said.split(" (os error").next().unwrap_or(&said))
    };
    ALL.into_iter().find(says)
}

/// Why a store is not used.
pub(super) enum Refusal {
    /// It must not be used; a fresh one can be built.
    Doubt {
        why: String,
        /// Its position, if that is known.
        seen: Option<u64>,
    },
    /// A fresh one would fare no better: a newer dibao wrote the journal, or it cannot be read, or a
    /// reader in this process still has the store open. Or the disk takes nothing, which says nothing against
    /// the store.
    Stop(VaultError),
}

impl Refusal {
    pub(super) fn doubt(why: String) -> Self {
        Self::Doubt { why, seen: None }
    }

    /// Of what went wrong with the store in a directory.
    pub(super) fn of(path: &Path, error: VaultError) -> Self {
        if matches!(error, VaultError::Journal(_)) || is_on_writing(path, &error) {
            return Self::Stop(error);
        }
        Self::doubt(error.to_string())
    }

    /// Whether the store stays, and all of it that was written before can be trusted to be on the disk.
    pub(super) fn leaves_all_written(&self) -> bool {
        matches!(self, Self::Stop(error) if refused(error) != Some(Errno::IO))
    }
}

/// Whether something failed for what the disk did not take, which says nothing against the store in a directory.
pub(super) fn is_on_writing(store: &Path, error: &VaultError) -> bool {
    // sled does not say whether it was about to read or to write. What cannot be read is of no use.
    refused(error).is_some_and(|errno| errno != Errno::IO || is_readable(store).is_ok())
}

/// Whether something failed for want of room alone.
pub(super) fn is_for_room(error: &VaultError) -> bool {
    matches!(refused(error), Some(Errno::NOSPC | Errno::DQUOT))
}

fn refused(error: &VaultError) -> Option<Errno> {
    match error {
        VaultError::Full { .. } | VaultError::NoRoom { .. } => Some(Errno::NOSPC),
        VaultError::Store(StoreError::Backend(text)) => refused_in(text),
        VaultError::Io { source, .. } => refused_in(&source.to_string()),
        _ => None,
    }
}

/// Reads all files below a directory.
fn is_readable(dir: &Path) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            is_readable(&path)?;
        } else {
            io::copy(&mut File::open(&path)?, &mut io::sink())?;
        }
    }
    Ok(())
}
