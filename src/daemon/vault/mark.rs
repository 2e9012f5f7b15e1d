//! The mark of a generation of the store: that it is complete, and when it may be trusted.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{VaultError, io_error};
use crate::daemon::dirs;

const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// That a generation is complete. What sled wrote survives the end of a process, but not a power cut,
/// unless it was closed with real syncs: so it is trusted after a clean close, or within one boot.
#[derive(Serialize, Deserialize)]
pub(super) struct Mark {
    boot_id: Option<String>,
    pub(super) clean: bool,
}

impl Mark {
    pub(super) fn read(root: &Path, number: u32) -> Option<Self> {
        serde_json::from_slice(&fs::read(mark_path(root, number)).ok()?).ok()
    }

    /// Whether the generation may be used.
    pub(super) fn is_trusted(&self) -> bool {
        // Where the kernel does not tell, no two boots are the same.
        self.clean || boot_id().is_some_and(|id| Some(id) == self.boot_id)
    }

    fn text(clean: bool) -> Vec<u8> {
        serde_json::to_vec(&Self { boot_id: boot_id(), clean }).expect("a mark is plain JSON")
    }
}

pub(super) fn write(root: &Path, number: u32, clean: bool) -> Result<(), VaultError> {
    let path = mark_path(root, number);
    replace(root, &path, &Mark::text(clean)).map_err(io_error(&path, "write it"))
}

/// Marks a generation as open or closed where no file can be added any more: in the place of the mark that is there, or
/// by emptying it. One that cannot be read makes the store be set aside, not swept.
pub(super) fn write_over(root: &Path, number: u32, clean: bool) {
    let text = Mark::text(clean);
    let written = File::options().write(true).open(mark_path(root, number)).and_then(|mut file| {
        file.write_all(&text).and_then(|()| file.set_len(text.len() as u64)).or_else(|_| file.set_len(0))?;
        file.sync_all()
    });
    if let Err(error) = written {
        tracing::warn!(path = %root.display(), %error, "cannot mark the store as being open, or closed");
    }
}

pub(super) fn mark_path(root: &Path, number: u32) -> PathBuf {
    root.join(format!("{number:08}.json"))
}

/// Differs after every start of the machine.
fn boot_id() -> Option<String> {
    Some(fs::read_to_string(BOOT_ID).ok()?.trim().to_owned())
}

/// Writes a file so that after any crash it holds either the old or the new text.
pub(super) fn replace(dir: &Path, path: &Path, text: &[u8]) -> io::Result<()> {
    let temporary = path.with_extension("new");
    let mut file = File::create(&temporary)?;
    file.write_all(text)?;
    file.sync_all()?;
    fs::rename(&temporary, path)?;
    dirs::sync(dir)
}
