//! What a store leaves behind that was taken out of use, and that it goes where its room is needed: what the
//! journal makes up for is kept for the curious only.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::{AskRoom, VaultError, heal, room};
use crate::daemon::dirs::remove_if_there;

/// How the line of the file `WHY` begins by which one is known that nobody needs. Its position follows: a journal
/// that is cut later may end before it.
const NEEDLESS: &str = "The journal has all that was in it, up to line ";

/// Where the last one is.
pub(super) fn path(dir: &Path) -> PathBuf {
    dir.join("store").join("damaged")
}

/// Where the first one is that may be needed, when another one has come after it.
fn older(dir: &Path) -> PathBuf {
    dir.join("store").join("damaged.old")
}

/// Puts the files of a generation aside, in place of the one before: not of one that may be needed, where this
/// one is not. Where both may be, the first is kept as well: it has what was lost before.
pub(super) fn put(dir: &Path, generation: &Path, why: &str, needless: Option<u64>) -> io::Result<()> {
    let aside = path(dir);
    if !generation.exists() {
        return Ok(());
    }
    if aside.exists() && self::needless(dir).is_none() {
        if needless.is_some() {
            return remove_if_there(generation);
        }
        if !older(dir).exists() {
            fs::rename(&aside, older(dir))?;
        }
    }
    remove_if_there(&aside)?;
    fs::rename(generation, &aside)?;
    let needless = needless.map_or_else(String::new, |seq| format!("{NEEDLESS}{seq}\n"));
    fs::write(aside.join("WHY"), format!("{why}\n{needless}"))
}

/// Removes what was put aside, if nobody needs it. Returns whether it did.
pub(super) fn leave(dir: &Path) -> bool {
    let aside = path(dir);
    let Some(seq) = needless(dir) else { return false };
    let has_all = |journal: heal::Examined| journal.unread.is_empty() && journal.last >= seq;
    if !heal::examine(dir).is_ok_and(has_all) {
        return false;
    }
    tracing::warn!(path = %aside.display(), "room is short: the store that was set aside is not needed, and goes");
    let removed = remove_if_there(&aside);
    removed.inspect_err(|error| tracing::warn!(path = %aside.display(), %error, "it stays")).is_ok()
}

/// Up to which position the journal must reach to have all that was in what was put aside; `None` where it had
/// not, or nobody knows.
fn needless(dir: &Path) -> Option<u64> {
    let why = fs::read_to_string(path(dir).join("WHY")).ok()?;
    why.lines().find_map(|line| line.strip_prefix(NEEDLESS)?.parse().ok())
}

/// Whether there is room for another store of so many octets. What was put aside leaves for it.
pub(super) fn has_room(dir: &Path, octets: u64, room: &AskRoom) -> bool {
    let fits = || room(dir).is_none_or(|room| room.require(dir, octets).is_ok());
    fits() || (leave(dir) && fits())
}

/// What to say when a store could not be built: where that was for want of room, how much it takes. It had
/// taken up so many octets, which are free again once it is removed.
pub(super) fn explain(dir: &Path, taken: u64, room: &AskRoom, error: VaultError) -> VaultError {
    let Some(told) = room(dir) else { return error };
    let is_full = told.require(dir, 0).is_err();
    if !is_full || !matches!(error, VaultError::Store(_) | VaultError::Io { .. } | VaultError::Full { .. }) {
        return error;
    }
    no_room(dir, taken, told.left.saturating_add(taken), error)
}

/// What to say where a store takes more than so many octets, and so many are left.
pub(super) fn no_room(dir: &Path, takes: u64, left: u64, error: VaultError) -> VaultError {
    let aside = path(dir);
    let aside = if aside.exists() {
        let advice = match needless(dir) {
            Some(_) => "is read by nothing",
            None => "may hold what the journal lacks: move it to another disk, and keep it",
        };
        format!(" ({}, which takes up {} MiB, {advice})", aside.display(), mib(room::octets_below(&aside)))
    } else {
        String::new()
    };
    let (takes, left) = (mib(takes), left >> 20);
    VaultError::NoRoom { path: dir.join("store"), takes, left, aside, cause: Box::new(error) }
}

/// In MiB, rounded up.
fn mib(octets: u64) -> u64 {
    octets.div_ceil(1 << 20)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tempfile::TempDir;

    use super::*;
    use crate::daemon::vault::Room;
    use crate::ledger::store::StoreError;

    #[test]
    fn a_store_that_did_not_fit_says_where_and_how_much_it_takes() {
        let dir = TempDir::new().expect("a directory");
        let full: AskRoom = Arc::new(|_| Some(Room { left: 1 << 20, size: 1 << 40 }));
        let plenty: AskRoom = Arc::new(|_| Some(Room { left: 1 << 39, size: 1 << 40 }));
        let failed = || VaultError::Store(StoreError::Backend("no space".to_owned()));
        let told = |room, error| explain(dir.path(), 5 << 20, room, error).to_string();
        let root = dir.path().join("store");
        let said = told(&full, failed());
        let expected = format!("{}: there is no room", root.display());
        assert!(said.starts_with(&expected), "{said}");
        assert!(said.contains("more than 5 MiB") && said.contains("6 MiB are left"), "{said}");
        assert!(said.ends_with("no space") && !said.contains("damaged"), "{said}");
        fs::create_dir_all(root.join("damaged")).expect("created");
        fs::write(root.join("damaged/db"), [0; 9]).expect("written");
        let said = told(&full, failed());
        assert!(said.contains("store/damaged, which takes up 1 MiB, may hold"), "{said}");
        fs::write(root.join("damaged/WHY"), format!("a test says so\n{NEEDLESS}3\n")).expect("written");
        let said = told(&full, failed());
        assert!(said.contains("is read by nothing"), "{said}");
        assert_eq!(told(&plenty, failed()), failed().to_string(), "it was not for want of room");
        assert_eq!(told(&full, VaultError::Busy), VaultError::Busy.to_string());
    }

    #[test]
    fn what_may_be_needed_is_not_replaced_by_what_is_not() {
        let dir = TempDir::new().expect("a directory");
        let cases = [
            ("the first", Some(3), "the first"),
            ("may be needed", None, "may be needed"),
            ("is not", Some(4), "may be needed"),
            ("may be needed as well", None, "may be needed as well"),
            ("and a third", None, "and a third"),
        ];
        for (why, needless, kept) in cases {
            let generation = dir.path().join("store/00000001");
            fs::create_dir_all(&generation).expect("created");
            put(dir.path(), &generation, why, needless).expect("put aside");
            let said = fs::read_to_string(path(dir.path()).join("WHY")).expect("written");
            assert_eq!(said.lines().next(), Some(kept));
            assert!(!generation.exists(), "{why}");
        }
        let first = fs::read_to_string(older(dir.path()).join("WHY")).expect("kept");
        assert_eq!(first.lines().next(), Some("may be needed"), "the first of them");
        put(dir.path(), &dir.path().join("store/00000002"), "not there", None).expect("nothing is done");
        assert!(path(dir.path()).join("WHY").exists());
    }
}
