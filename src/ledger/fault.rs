//! The errors of the state directory, and the disk fault behind them.

use std::io;
use std::path::{Path, PathBuf};

use rustix::io::Errno;

use super::journal::{JournalError, Losses};
use super::store::StoreError;

/// The reason for which a disk refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiskFault {
    Full,
    Quota,
    ReadOnly,
    Failing,
}

impl DiskFault {
    /// The disk fault that an error of the operating system stands for; `None` if the error is not the disk's.
    pub fn of(error: &io::Error) -> Option<Self> {
        const CODES: [(Errno, DiskFault); 4] = [
            (Errno::NOSPC, DiskFault::Full),
            (Errno::DQUOT, DiskFault::Quota),
            (Errno::ROFS, DiskFault::ReadOnly),
            (Errno::IO, DiskFault::Failing),
        ];
        let code = error.raw_os_error();
        let known = CODES.iter().find(|(errno, _)| code == Some(errno.raw_os_error()));
        known.map(|(_, fault)| *fault).or_else(|| Self::of_kind(error.kind()))
    }

    /// The same of an error that was handed on by its kind alone, as sled does.
    pub fn of_kind(kind: io::ErrorKind) -> Option<Self> {
        match kind {
            io::ErrorKind::StorageFull => Some(Self::Full),
            io::ErrorKind::QuotaExceeded => Some(Self::Quota),
            io::ErrorKind::ReadOnlyFilesystem => Some(Self::ReadOnly),
            _ => None,
        }
    }

    pub fn remedy(self) -> &'static str {
        match self {
            Self::Full => "make room there",
            Self::Quota => "raise the quota of its user, or make room there",
            Self::ReadOnly => "make it writable; the kernel's log says if a fault made it read-only",
            Self::Failing => "look at the disk; the kernel's log says more",
        }
    }
}

/// The errors of opening and writing a state directory.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    #[error("{0} is in use by another dibao; stop it, or name another state.dir")]
    Locked(PathBuf),
    #[error(
        "{0}: a restore was interrupted; run `dibao restore` again, or, to go on without the backup, remove that directory \
         and move the old journal back"
    )]
    HalfRestored(PathBuf),
    #[error("{path}: {needed} MiB must be free, and {left} MiB are; make room")]
    Full {
        path: PathBuf,
        /// MiB, including the reserve that is kept free.
        needed: u64,
        /// MiB.
        left: u64,
    },
    #[error("{path}: cannot {what}: {source}")]
    Io { path: PathBuf, what: &'static str, source: io::Error },
    /// A check found that rows are missing or wrong: no base may be made from the store.
    #[error("the store is not sound: {0}; the journal was not changed")]
    Unsound(String),
    #[error("the journal is being compacted; try again")]
    Compacting,
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A rebuild was requested, but the journal is damaged and the store cannot replace the lost lines.
    #[error("the journal is damaged ({0}), and the store cannot replace it; nothing was changed")]
    Damaged(Losses),
}

impl LedgerError {
    /// The disk fault, if that is the cause.
    pub fn disk_fault(&self) -> Option<DiskFault> {
        match self {
            Self::Full { .. } => Some(DiskFault::Full),
            Self::Io { source, .. } | Self::Journal(JournalError::Io { source, .. }) => DiskFault::of(source),
            Self::Store(error) => error.disk_fault(),
            _ => None,
        }
    }

    /// True if nothing can be recorded until the operator repairs the disk; false if only this record fails.
    pub fn stops_recording(&self) -> bool {
        matches!(
            self,
            Self::Full { .. } | Self::Io { .. } | Self::Store(_) | Self::Journal(JournalError::Io { .. })
        )
    }
}

impl StoreError {
    /// The disk fault, if that is the cause.
    pub fn disk_fault(&self) -> Option<DiskFault> {
        match self {
            Self::Backend { fault, .. } => fault.and_then(DiskFault::of_kind),
            _ => None,
        }
    }
}

pub(super) fn io_error<'a>(path: &'a Path, what: &'static str) -> impl FnOnce(io::Error) -> LedgerError + 'a {
    move |source| LedgerError::Io { path: path.to_owned(), what, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_disks_refusals_are_told_by_their_numbers_and_kinds() {
        let io = |errno: Errno| LedgerError::Io {
            path: PathBuf::from("/state/store/00000001.json"),
            what: "write it",
            source: errno.into(),
        };
        let journal = |errno: Errno| {
            let path = PathBuf::from("/state/journal");
            LedgerError::from(JournalError::Io { path, what: "append", source: errno.into() })
        };
        let store = |fault| LedgerError::from(StoreError::Backend { why: "sled".to_owned(), fault });
        let cases = [
            ("a mark on a full disk", io(Errno::NOSPC), Some(DiskFault::Full)),
            (
                "hardly any room",
                LedgerError::Full { path: "/state".into(), needed: 64, left: 3 },
                Some(DiskFault::Full),
            ),
            ("a quota", journal(Errno::DQUOT), Some(DiskFault::Quota)),
            ("a disk that is read-only", journal(Errno::ROFS), Some(DiskFault::ReadOnly)),
            ("a disk that fails", journal(Errno::IO), Some(DiskFault::Failing)),
            ("sled on a full disk", store(Some(io::ErrorKind::StorageFull)), Some(DiskFault::Full)),
            ("sled on anything else", store(Some(io::ErrorKind::Other)), None),
            ("a panic in sled", store(None), None),
            ("somebody else's directory", io(Errno::ACCESS), None),
            ("a second daemon", LedgerError::Locked("/state".into()), None),
        ];
        for (name, error, expected) in cases {
            assert_eq!(error.disk_fault(), expected, "{name}: {error}");
        }
    }
}
