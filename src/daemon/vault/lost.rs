//! What neither journal nor store holds, noted from before the lines behind it are folded in until the journal
//! is healed. Without it a kill in between would hide the loss: the gap then lies before the store's position.
//!
//! ```text
//! STATE/store/lost     what is lost, as JSON
//! ```

use std::fs;
use std::path::Path;

use super::mark::replace;
use crate::ledger::journal::Losses;

const NAME: &str = "lost";

/// Notes what is lost. Where that cannot be written it is told, and holds as long as nothing is killed.
pub(super) fn note(dir: &Path, lost: &Losses) {
    let root = dir.join("store");
    let written = serde_json::to_vec(lost)
        .map_err(std::io::Error::other)
        .and_then(|text| replace(&root, &root.join(NAME), &text));
    if let Err(error) = written {
        tracing::warn!(path = %root.display(), %error, "cannot note what is lost");
    }
}

/// What was noted, if it was and the journal has not been healed since. A note that cannot be read says that
/// something is.
pub(super) fn noted(dir: &Path) -> Option<Losses> {
    let text = fs::read(dir.join("store").join(NAME)).ok()?;
    Some(serde_json::from_slice(&text).unwrap_or_default())
}

/// Forgets the note: the journal is healed, or another store was built.
pub(super) fn clear(dir: &Path) {
    let _ = fs::remove_file(dir.join("store").join(NAME));
}
