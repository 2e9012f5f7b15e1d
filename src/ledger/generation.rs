//! Generations of the store. sled never gives disk space back, so dibao builds a fresh generation beside the one in
//! use and swaps it in. A generation counts only once its mark says that it is complete.

use std::fs;

use uuid::Uuid;

use super::dirs::remove_if_there;
use super::fault::io_error;
use super::mark::{Mark, replace};
use super::room::octets_below;
use super::store::{SledBackend, Store};
use super::{LedgerError, Paths};

/// The file in the directory with the random id of the build.
const BUILD: &str = "build";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Generation {
    pub(super) number: u32,
}

impl Generation {
    /// Makes the directory of another one, above all there are.
    pub(super) fn create(paths: &Paths) -> Result<Self, LedgerError> {
        let number = numbers(paths)?.into_iter().max().unwrap_or(0) + 1;
        let path = paths.generation(number);
        fs::create_dir(&path).map_err(io_error(&path, "create it"))?;
        let id = path.join(BUILD);
        #[expect(
            clippy::disallowed_methods,
            reason = "numbers come back after a quarantine; builds must differ"
        )]
        let build = Uuid::new_v4().to_string();
        replace(&id, build.as_bytes()).map_err(io_error(&id, "write it"))?;
        Ok(Self { number })
    }

    pub(super) fn open(self, paths: &Paths) -> Result<Store, LedgerError> {
        let mut store = Store::new(Box::new(SledBackend::open(&paths.generation(self.number))?));
        store.build = fs::read_to_string(paths.generation(self.number).join(BUILD)).unwrap_or_default();
        Ok(store)
    }

    /// Marks it as complete and, with `clean`, as closed in good order: its files were synced.
    pub(super) fn mark(self, paths: &Paths, journal: Uuid, clean: bool) -> Result<(), LedgerError> {
        Mark::write(paths, self.number, journal, clean)
    }

    /// The size of its files, in octets.
    pub(super) fn size(self, paths: &Paths) -> u64 {
        octets_below(&paths.generation(self.number))
    }

    /// Removes it. The next open removes files that cannot be removed now.
    pub(super) fn remove(self, paths: &Paths) {
        let _ = fs::remove_file(paths.mark(self.number));
        let _ = remove_if_there(&paths.generation(self.number));
    }

    /// Takes it out of use and keeps its files, so that the operator can examine them. They replace the files of an
    /// earlier quarantine. dibao does not read them.
    pub(super) fn quarantine(self, paths: &Paths) {
        let (files, aside) = (paths.generation(self.number), paths.damaged());
        let moved = fs::remove_file(paths.mark(self.number))
            .and_then(|()| remove_if_there(&aside))
            .and_then(|()| fs::rename(&files, &aside));
        if let Err(error) = moved {
            tracing::warn!(path = %files.display(), %error, "cannot put the old store aside; the next start removes it");
        }
    }
}

/// Removes the files of an interrupted build, and returns the newest complete generation.
pub(super) fn sweep(paths: &Paths) -> Result<Option<Generation>, LedgerError> {
    let all = numbers(paths)?;
    let newest = all.iter().copied().filter(|number| paths.mark(*number).exists()).max();
    for number in all.into_iter().filter(|number| Some(*number) != newest) {
        let path = paths.generation(number);
        remove_if_there(&path).map_err(io_error(&path, "remove what an interrupted build left"))?;
        let _ = fs::remove_file(paths.mark(number));
    }
    Ok(newest.map(|number| Generation { number }))
}

/// The newest complete generation, with nothing changed.
pub(super) fn newest(paths: &Paths) -> Result<Option<Generation>, LedgerError> {
    let complete = numbers(paths)?.into_iter().filter(|number| paths.mark(*number).exists());
    Ok(complete.max().map(|number| Generation { number }))
}

fn numbers(paths: &Paths) -> Result<Vec<u32>, LedgerError> {
    let root = paths.store();
    let mut numbers = Vec::new();
    for entry in fs::read_dir(&root).map_err(io_error(&root, "list it"))? {
        let entry = entry.map_err(io_error(&root, "list it"))?;
        let name = entry.file_name();
        let stem = name.to_str().map(|name| name.trim_end_matches(".json"));
        numbers.extend(stem.and_then(|stem| stem.parse::<u32>().ok()));
    }
    numbers.sort_unstable();
    numbers.dedup();
    Ok(numbers)
}
