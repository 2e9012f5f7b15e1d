//! Why a start fails for now: causes that pass by themselves, or once an operator has seen to them, without
//! anything about dibao being changed. Everything else ends the process by name.

use std::io::{self, ErrorKind};

use rustix::io::Errno;

use super::RunError;
use crate::daemon::engine::StartError;
use crate::daemon::recorder::RecordError;
use crate::daemon::vault::{self, CREATE, VaultError};
use crate::ledger::journal::JournalError;
use crate::ledger::store::StoreError;

/// What the disk refuses for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// It is full.
    Room,
    /// The user's share of it is.
    Quota,
    /// It is mounted read-only.
    ReadOnly,
    /// It fails to write.
    Faulty,
}

const ALL: [(Cause, Errno); 4] = [
    (Cause::Room, Errno::NOSPC),
    (Cause::Quota, Errno::DQUOT),
    (Cause::ReadOnly, Errno::ROFS),
    (Cause::Faulty, Errno::IO),
];

impl Cause {
    /// Of a start that failed.
    pub(super) fn of(error: &RunError) -> Option<Self> {
        match error {
            RunError::Start(StartError::Vault(error)) => Self::of_vault(error),
            RunError::Start(StartError::Record(RecordError::Vault(error))) => Self::of_vault(error),
            RunError::Start(StartError::Store(error)) => Self::of_store(error),
            RunError::Start(StartError::Panic(text)) => Self::of_text(text),
            RunError::Socket { source, .. } => Self::of_io(source),
            RunError::Start(StartError::Record(RecordError::Stopped) | StartError::Fetch(_))
            | RunError::Listen { .. } => None,
        }
    }

    fn of_vault(error: &VaultError) -> Option<Self> {
        match error {
            VaultError::Full { .. } | VaultError::NoRoom { .. } => Some(Self::Room),
            VaultError::Io { what, source, .. } => Self::of_disk(what, source),
            VaultError::Journal(JournalError::Io { what, source, .. }) => Self::of_disk(what, source),
            VaultError::Store(error) => Self::of_store(error),
            VaultError::Unhealed(error) => Self::of_vault(error),
            // Named one by one, so that whoever adds one has to think of it.
            VaultError::Locked(_)
            | VaultError::HalfRestored(_)
            | VaultError::Busy
            | VaultError::Unreadable(_)
            | VaultError::Unsound(_)
            | VaultError::Journal(_) => None,
        }
    }

    /// What cannot be read is a case for other means, and not waited for.
    fn of_disk(what: &str, error: &io::Error) -> Option<Self> {
        let is_reading = what.starts_with("read") || what == "list it";
        Self::of_io(error).filter(|cause| match cause {
            Self::Faulty => !is_reading,
            // What was never there is a wrong path, or one the service may not write to.
            Self::ReadOnly => what != CREATE,
            Self::Room | Self::Quota => true,
        })
    }

    pub(super) fn of_io(error: &io::Error) -> Option<Self> {
        let code = error.raw_os_error();
        let told = ALL.iter().find(|(_, errno)| code == Some(errno.raw_os_error()));
        told.map(|(cause, _)| *cause).or(match error.kind() {
            ErrorKind::StorageFull => Some(Self::Room),
            ErrorKind::QuotaExceeded => Some(Self::Quota),
            ErrorKind::ReadOnlyFilesystem => Some(Self::ReadOnly),
            _ => None,
        })
    }

    fn of_store(error: &StoreError) -> Option<Self> {
        match error {
            StoreError::Backend(text) => Self::of_text(text),
            _ => None,
        }
    }

    /// sled, and panics of its threads, hand on no more of an error than what it says.
    fn of_text(text: &str) -> Option<Self> {
        let refused = vault::refused_in(text)?;
        ALL.iter().find(|(_, errno)| *errno == refused).map(|(cause, _)| *cause)
    }

    /// What is to be done about it.
    pub(super) fn remedy(self) -> &'static str {
        match self {
            Self::Room => "make room there",
            Self::Quota => "raise the quota of its user, or make room there",
            Self::ReadOnly => "make it writable: the kernel's log says if a fault made it read-only",
            Self::Faulty => "look at the disk: the kernel's log says more",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::sync::Arc;

    use super::*;
    use crate::ledger::journal::Damage;

    fn vault(error: VaultError) -> RunError {
        StartError::from(error).into()
    }

    fn io(what: &'static str, errno: Errno) -> VaultError {
        VaultError::Io { path: PathBuf::from("/state/store/00000001.json"), what, source: errno.into() }
    }

    fn journal(what: &'static str, errno: Errno) -> VaultError {
        JournalError::Io { path: PathBuf::from("/state/journal"), what, source: errno.into() }.into()
    }

    fn sled(text: impl ToString) -> RunError {
        vault(StoreError::Backend(text.to_string()).into())
    }

    #[test]
    fn what_passes_is_waited_for_and_nothing_else() {
        let full = || VaultError::Full { path: "/state".into(), left: 3 };
        let socket =
            |errno: Errno| RunError::Socket { path: "/state/admin.sock".into(), source: errno.into() };
        let damage = Damage { path: "/state/journal/1".into(), from: 1, to: 2, refused: true };
        let no_space = io::Error::from(Errno::NOSPC);
        let cases = [
            ("a mark on a full disk", vault(io("write it", Errno::NOSPC)), Some(Cause::Room)),
            ("hardly any room", vault(full()), Some(Cause::Room)),
            (
                "hardly any room to heal, under other rules",
                vault(VaultError::Unhealed(Box::new(full()))),
                Some(Cause::Room),
            ),
            (
                "hardly any room to record",
                StartError::from(RecordError::Vault(Arc::new(full()))).into(),
                Some(Cause::Room),
            ),
            ("a quota", vault(journal("append", Errno::DQUOT)), Some(Cause::Quota)),
            (
                "a disk that is read-only",
                vault(journal("open it to write", Errno::ROFS)),
                Some(Cause::ReadOnly),
            ),
            ("a wrong path, read-only", vault(io(CREATE, Errno::ROFS)), None),
            ("a new directory on a full disk", vault(io(CREATE, Errno::NOSPC)), Some(Cause::Room)),
            ("a disk that fails to write", vault(journal("sync", Errno::IO)), Some(Cause::Faulty)),
            ("a disk that fails to read", vault(journal("read it", Errno::IO)), None),
            ("a directory that cannot be listed", vault(io("list it", Errno::IO)), None),
            ("what the disk does not read", vault(VaultError::Unreadable(damage)), None),
            ("sled on a full disk", sled(format!("IO error: {no_space}")), Some(Cause::Room)),
            ("sled on a full disk, told twice", sled(format!("IO error: {no_space:?}")), Some(Cause::Room)),
            ("sled on anything else", sled("corruption"), None),
            ("a panic on a full disk", StartError::Panic(format!("{no_space:?}")).into(), Some(Cause::Room)),
            ("a panic", StartError::Panic("index out of bounds".into()).into(), None),
            ("no room for a socket", socket(Errno::NOSPC), Some(Cause::Room)),
            ("a socket where a file is", socket(Errno::ADDRINUSE), None),
            ("somebody else's directory", vault(io("create it", Errno::ACCESS)), None),
            ("half a restore", vault(VaultError::HalfRestored("/state/journal.restoring".into())), None),
            ("a second daemon", vault(VaultError::Locked("/state".into())), None),
            (
                "a newer journal",
                vault(JournalError::Newer { path: "/state/journal/1".into(), version: 9 }.into()),
                None,
            ),
            ("a newer store", vault(StoreError::Newer(9).into()), None),
        ];
        for (name, error, expected) in cases {
            assert_eq!(Cause::of(&error), expected, "{name}: {error}");
        }
    }
}
