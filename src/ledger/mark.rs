//! The mark of a generation: it says that the store is complete, if it was closed well, and which journal it
//! follows.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::fault::io_error;
use super::{LedgerError, Paths, dirs};

const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// That a generation is complete. What sled wrote survives the end of a process, but not a power cut,
/// unless it was closed with real syncs: so it is trusted after a clean close, or within one boot.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Mark {
    boot_id: Option<String>,
    /// True while it is closed in good order.
    pub(super) clean: bool,
    pub(super) journal: Uuid,
}

impl Mark {
    /// The mark of a generation; `None` for one that cannot be read.
    pub(super) fn read(paths: &Paths, number: u32) -> Option<Self> {
        serde_json::from_slice(&fs::read(paths.mark(number)).ok()?).ok()
    }

    pub(super) fn is_trusted(&self) -> bool {
        // Where the kernel gives no boot id, no two boots are the same.
        self.clean || boot_id().is_some_and(|id| Some(id) == self.boot_id)
    }

    pub(super) fn write(paths: &Paths, number: u32, journal: Uuid, clean: bool) -> Result<(), LedgerError> {
        let text = serde_json::to_vec(&Self { boot_id: boot_id(), clean, journal });
        let path = paths.mark(number);
        let written = text.map_err(io::Error::other).and_then(|text| replace(&path, &text));
        written.map_err(io_error(&path, "write it"))
    }
}

/// Differs after every start of the machine.
fn boot_id() -> Option<String> {
    Some(fs::read_to_string(BOOT_ID).ok()?.trim().to_owned())
}

/// The id of the journal; it is drawn where there is none, as for one that was just begun or restored.
pub(super) fn journal_id(paths: &Paths) -> Result<Uuid, LedgerError> {
    let path = paths.journal_id();
    if let Some(id) = fs::read_to_string(&path).ok().and_then(|text| Uuid::parse_str(text.trim()).ok()) {
        return Ok(id);
    }
    #[expect(
        clippy::disallowed_methods,
        reason = "no two journals may share it, and nothing is derived from it"
    )]
    let id = Uuid::new_v4();
    replace(&path, format!("{id}\n").as_bytes()).map_err(io_error(&path, "write it"))?;
    Ok(id)
}

/// Writes a file so that after any crash it holds either the old or the new text.
pub(super) fn replace(path: &Path, text: &[u8]) -> io::Result<()> {
    let temporary = path.with_extension("new");
    let mut file = File::create(&temporary)?;
    file.write_all(text)?;
    file.sync_all()?;
    fs::rename(&temporary, path)?;
    dirs::sync(path.parent().unwrap_or(Path::new("")))
}
