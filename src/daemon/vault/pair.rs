//! Whether the store follows this very journal. Both hold a token that was drawn when they were last opened
//! or closed together, so a journal that was put in the place of another one is told from one that was cut:
//! the first is believed, and only the second is healed from a store that holds more.
//!
//! ```text
//! STATE/journal/paired     the token
//! STATE/store/paired       the token, and while it is renewed the one before it
//! ```

use std::fs;
use std::path::Path;

use uuid::Uuid;

use super::mark::replace;
use super::{VaultError, io_error};

const NAME: &str = "paired";

/// What the tokens say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pairing {
    /// They were open together last.
    Same,
    /// The store follows another journal.
    Other,
    /// The store has no token, as one of an older dibao.
    Unknown,
}

/// Compares the tokens of a state directory.
pub(super) fn look(dir: &Path) -> Pairing {
    let theirs = fs::read_to_string(dir.join("store").join(NAME));
    let Ok(theirs) = theirs else { return Pairing::Unknown };
    match token(dir) {
        Some(own) if theirs.lines().any(|line| line == own) => Pairing::Same,
        _ => Pairing::Other,
    }
}

/// Draws another token. A copy of the journal that is made from now on can be told from one of before.
///
/// # Errors
/// When the disk refuses: then the old one holds.
pub(super) fn renew(dir: &Path) -> Result<(), VaultError> {
    #[expect(
        clippy::disallowed_methods,
        reason = "no two openings may share it, and nothing is derived from it"
    )]
    let new = Uuid::new_v4().to_string();
    let old = token(dir).unwrap_or_default();
    // Interrupted between any two, the store knows the journal by what it holds.
    write(dir, "store", &format!("{new}\n{old}\n"))?;
    write(dir, "journal", &format!("{new}\n"))?;
    write(dir, "store", &format!("{new}\n"))
}

fn write(dir: &Path, part: &str, text: &str) -> Result<(), VaultError> {
    let root = dir.join(part);
    let path = root.join(NAME);
    replace(&root, &path, text.as_bytes()).map_err(io_error(&path, "write it"))
}

fn token(dir: &Path) -> Option<String> {
    let text = fs::read_to_string(dir.join("journal").join(NAME)).ok()?;
    text.lines().next().filter(|line| !line.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    #[test]
    fn a_renewal_that_ends_anywhere_leaves_a_pair_and_another_journal_is_told() {
        let dir = TempDir::new().expect("a directory");
        let look = || super::look(dir.path());
        for part in ["store", "journal"] {
            fs::create_dir(dir.path().join(part)).expect("created");
        }
        assert_eq!(look(), Pairing::Unknown);
        renew(dir.path()).expect("written");
        assert_eq!(look(), Pairing::Same);
        let old = token(dir.path()).expect("a token");
        write(dir.path(), "store", &format!("new\n{old}\n")).expect("written");
        assert_eq!(look(), Pairing::Same, "the store knows");
        write(dir.path(), "journal", "new\n").expect("written");
        assert_eq!(look(), Pairing::Same, "both know");
        renew(dir.path()).expect("written");
        assert_eq!(look(), Pairing::Same);
        write(dir.path(), "journal", &format!("{old}\n")).expect("written");
        assert_eq!(look(), Pairing::Other, "a copy of before");
        fs::remove_file(dir.path().join("journal").join(NAME)).expect("removed");
        assert_eq!(look(), Pairing::Other, "one without a token");
    }
}
