//! Generations of the store: which one is opened, when it is trusted, and how a fresh one takes its
//! place. A generation counts only once its mark says that it is complete.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use super::aside;
use super::build::{rebuild_above, require_read};
use super::heal::{Wound, examine, heal_facts, is_wounded, meet, require_room_to_heal};
use super::mark::{self, Mark, mark_path};
use super::pair::{self, Pairing};
use super::refresh::room_for_copy;
use super::refusal::{Refusal, is_on_writing};
use super::room::octets_below;
use super::trust::{contradicts, derived_otherwise};
use super::{AskRoom, OpenNotes, Replayed, VaultError, io_error};
use crate::core::rules::Rules;
use crate::core::state::State;
use crate::daemon::dirs::remove_if_there;
use crate::ledger::journal::Journal;
use crate::ledger::store::{SledBackend, Store, StoreError, Unsound};

/// A store whose files are smaller than this is not worth copying.
const LARGE: u64 = 256 << 20;
/// sled reuses what it freed, and never gives it back: files of so many times what the rows add up to are
/// mostly empty. Up to twice is usual for a store that only grew.
const BLOAT: u64 = 3;

/// One directory of sled's.
#[derive(Clone, Copy)]
pub(super) struct Generation {
    number: u32,
}

/// Opens the newest complete generation and brings it up to the journal, or builds a fresh one.
pub(super) fn open(
    dir: &Path,
    journal: &mut Journal,
    rules: &Rules,
    room: &AskRoom,
) -> Result<(Generation, Store, OpenNotes), VaultError> {
    let root = root(dir);
    fs::create_dir_all(&root).map_err(io_error(&root, "create it"))?;
    let mut notes = OpenNotes::default();
    let newest = sweep(&root)?;
    notes.unclean = newest.and_then(|number| Mark::read(&root, number)).is_some_and(|mark| !mark.clean);
    if let Some(number) = newest {
        match try_open(dir, number, journal, rules, room) {
            Ok(Opened { store, lines, octets, wound }) => {
                (notes.replayed, notes.wound) = (lines, wound);
                let generation = Generation { number };
                if !generation.is_bloated(dir, octets) {
                    return Ok((generation, store, notes));
                }
                let (generation, store) = generation.refresh(dir, store, octets, room);
                return Ok((generation, store, notes));
            }
            Err(Refusal::Stop(error)) => return Err(error),
            Err(Refusal::Doubt { why, seen }) => {
                let examined = examine(dir)?;
                require_read(&examined.unread)?;
                // One of another journal may have what this one lacks, and so may one of a journal that was cut.
                let needless = match examined.unread.is_empty() && pair::look(dir) == Pairing::Same {
                    true => match seen.map_or_else(|| position(dir, number), |seen| Ok(Some(seen))) {
                        // To open it takes a little room, which there may be.
                        Err(_) if aside::leave(dir) => position(dir, number)?,
                        told => told?,
                    },
                    false => None,
                };
                let needless = needless.filter(|seen| *seen <= examined.last);
                Generation { number }.give_way(dir, &why, needless, room);
                notes.rebuilt = Some(why);
            }
        }
    } else if journal.seq() > 0 {
        notes.rebuilt = Some("there is no store".to_owned());
        // What the one before took is the best guess there is.
        aside::has_room(dir, octets_below(&aside::path(dir)), room);
    }
    let (generation, store, Replayed { lines, lost }) =
        rebuild_above(dir, newest.unwrap_or(0), journal, rules, room)?;
    notes.replayed = lines;
    notes.wound = (!lost.is_empty()).then(|| Wound { unread: lost.clone(), cut: None, lost });
    Ok((generation, store, notes))
}

/// The newest complete generation as it is.
pub(super) fn peek(dir: &Path) -> Result<Store, VaultError> {
    let root = root(dir);
    let numbers = numbers(&root)?;
    let newest = numbers.into_iter().filter(|n| mark_path(&root, *n).exists()).max();
    let missing = || io_error(&root, "find a complete store in it")(io::ErrorKind::NotFound.into());
    let path = root.join(name(newest.ok_or_else(missing)?));
    Ok(Store::new(Box::new(SledBackend::open(&path)?)))
}

/// Whether nobody has a store open. Whoever had the directory before us may not have let go of it yet: the last
/// view that is read from it, the last task of an engine that was closed. That takes moments; three seconds are
/// waited.
#[expect(clippy::disallowed_methods, reason = "opening has a thread of its own, and waits for others")]
fn is_let_go(path: &Path) -> bool {
    (0..300).any(|glance| {
        if glance > 0 {
            thread::sleep(Duration::from_millis(10));
        }
        !SledBackend::is_open(path)
    })
}

/// A generation that may be used.
struct Opened {
    store: Store,
    /// How many lines it was behind the journal.
    lines: u64,
    /// What its rows added up to.
    octets: u64,
    /// What the journal lost.
    wound: Option<Wound>,
}

fn try_open(
    dir: &Path,
    number: u32,
    journal: &mut Journal,
    rules: &Rules,
    room: &AskRoom,
) -> Result<Opened, Refusal> {
    let doubt = Refusal::doubt;
    let root = root(dir);
    let path = root.join(name(number));
    let mark = Mark::read(&root, number).ok_or_else(|| doubt("its mark cannot be read".to_owned()))?;
    if !mark.is_trusted() {
        return Err(doubt("the machine went down while it was open".to_owned()));
    }
    if !is_let_go(&path) {
        return Err(Refusal::Stop(VaultError::Locked(path)));
    }
    let pairing = pair::look(dir);
    if pairing == Pairing::Other {
        return Err(doubt("it follows another journal".to_owned()));
    }
    if !path.join("db").exists() {
        return Err(Refusal::Doubt { why: "its files are gone".to_owned(), seen: Some(0) });
    }
    let generation = Generation { number };
    // From here on sled writes: a power cut must not find it marked as clean.
    generation.write_mark(dir, false).map_err(Refusal::Stop)?;
    let store = match open_sled(&path) {
        Ok(backend) => Store::new(Box::new(backend)),
        Err(error) => {
            let refusal = Refusal::of(&path, error.into());
            // What sled may have written before it was refused is as good as after a kill; but a disk that fails
            // to write may have told sled alone.
            if mark.clean && refusal.leaves_all_written() && SledBackend::sync(&path).is_ok() {
                generation.mark_clean_again(dir);
            }
            return Err(refusal);
        }
    };
    let met = look_into(dir, number, &store, pairing, journal, rules, room);
    match met {
        Ok((lines, octets, wound)) => Ok(Opened { store, lines, octets, wound }),
        Err(Refusal::Doubt { why, .. }) => {
            let seen = store.meta().ok().flatten().map(|meta| meta.seq);
            Err(Refusal::Doubt { why, seen })
        }
        Err(stop @ Refusal::Stop(_)) => {
            if mark.clean && stop.leaves_all_written() && store.flush().is_ok() {
                generation.mark_clean_again(dir);
            }
            Err(stop)
        }
    }
}

/// The position of a store that must not be used, if it tells.
fn position(dir: &Path, number: u32) -> Result<Option<u64>, VaultError> {
    let path = root(dir).join(name(number));
    let meta = open_sled(&path).and_then(|backend| Store::new(Box::new(backend)).meta());
    match meta.map_err(VaultError::from) {
        Ok(meta) => Ok(meta.map(|meta| meta.seq)),
        Err(error) if is_on_writing(&path, &error) => Err(error),
        Err(_) => Ok(None),
    }
}

/// Whether a store that sled opened may be used; if so, it is brought up to the journal. Returns how many lines
/// that took, what the rows added up to, and what the journal lost.
fn look_into(
    dir: &Path,
    number: u32,
    store: &Store,
    pairing: Pairing,
    journal: &mut Journal,
    rules: &Rules,
    room: &AskRoom,
) -> Result<(u64, u64, Option<Wound>), Refusal> {
    let path = root(dir).join(name(number));
    let refused = |error: VaultError| Refusal::of(&path, error);
    let octets = store.check().map_err(|error| match error {
        Unsound::Unreadable(error) => refused(error.into()),
        error => Refusal::doubt(error.to_string()),
    })?;
    let examined = examine(dir).map_err(Refusal::Stop)?;
    if let Some(why) = contradicts(store, journal, &examined, pairing).map_err(refused)? {
        return Err(Refusal::doubt(why));
    }
    let otherwise = derived_otherwise(store, rules).map_err(refused)?;
    let is_damaged = is_wounded(store, journal, &examined).map_err(refused)?;
    if let (Some(why), false) = (&otherwise, is_damaged) {
        return Err(Refusal::doubt(why.clone()));
    }
    if is_damaged && otherwise.is_some() {
        require_room_to_heal(dir, journal, room).map_err(Refusal::Stop)?;
    }
    let (lines, wound) = meet(dir, store, journal, rules, examined.unread).map_err(refused)?;
    if let (Some(why), Some(wound)) = (otherwise, &wound) {
        store.flush().map_err(|e| refused(e.into()))?;
        Generation { number }.mark_clean(dir).map_err(Refusal::Stop)?;
        heal_facts(journal, store, wound).map_err(Refusal::Stop)?;
        return Err(Refusal::doubt(why));
    }
    Ok((lines, octets, wound))
}

fn open_sled(path: &Path) -> Result<SledBackend, StoreError> {
    #[cfg(test)]
    super::tests::refusals::refuse()?;
    SledBackend::open(path)
}

impl Generation {
    /// Makes the directory of another one, above all there are and above `number`. A copy may be under way
    /// while a store is built anew: none may take the other's.
    pub(super) fn create(dir: &Path, number: u32) -> Result<Self, VaultError> {
        let root = root(dir);
        let newest = numbers(&root)?.into_iter().max().unwrap_or(0);
        let path = root.join(name(newest.max(number) + 1));
        fs::create_dir(&path).map_err(io_error(&path, "create it"))?;
        Ok(Self { number: newest.max(number) + 1 })
    }

    /// Where its files are.
    pub(super) fn path(&self, dir: &Path) -> PathBuf {
        root(dir).join(name(self.number))
    }

    /// Marks it as closed in good order: its files were synced.
    pub(super) fn mark_clean(&self, dir: &Path) -> Result<(), VaultError> {
        self.write_mark(dir, true)
    }

    /// Marks it as closed in good order as it was before: nothing came of opening it. The disk may be full.
    fn mark_clean_again(self, dir: &Path) {
        if self.mark_clean(dir).is_err() {
            mark::write_over(&root(dir), self.number, true);
        }
    }

    /// Marks it as in use again.
    pub(super) fn mark_open(&self, dir: &Path) -> Result<(), VaultError> {
        self.write_mark(dir, false).inspect_err(|_| {
            // What stands there says that it is closed, which no power cut may find. Without a mark it would
            // be swept, and it may be all that holds what the journal lost.
            mark::write_over(&root(dir), self.number, false);
        })
    }

    /// Copies its rows, of so many octets, into a fresh generation, which takes its place. When that fails it
    /// stays.
    pub(super) fn refresh(self, dir: &Path, store: Store, rows: u64, room: &AskRoom) -> (Self, Store) {
        let copy = room_for_copy(dir, rows, room).and_then(|()| Self::copy(dir, &store));
        let copied = copy.and_then(|(fresh, copied)| {
            fresh.write_mark(dir, false)?;
            Ok((fresh, copied))
        });
        match copied {
            Ok((fresh, copied)) => {
                drop(store);
                self.remove(dir);
                (fresh, copied)
            }
            Err(error) => {
                tracing::warn!(%error, "the store takes up more room than it needs, and cannot be copied");
                (self, store)
            }
        }
    }

    /// A fresh generation with the rows of a store. It counts once it has its mark.
    pub(super) fn copy(dir: &Path, store: &Store) -> Result<(Self, Store), VaultError> {
        let fresh = Self::create(dir, 0)?;
        let path = root(dir).join(name(fresh.number));
        let copied = SledBackend::open(&path).map_err(VaultError::from).and_then(|backend| {
            let copied = Store::new(Box::new(backend));
            store.copy_into(&copied)?;
            let damaged = |e: Unsound| io_error(&path, "copy the store to it")(io::Error::other(e));
            copied.check().map_err(damaged)?;
            // What is not written yet when the mark is would be gone with a kill.
            copied.flush()?;
            Ok(copied)
        });
        match copied {
            Ok(copied) => Ok((fresh, copied)),
            Err(error) => {
                fresh.remove(dir);
                Err(error)
            }
        }
    }

    /// Whether its files are mostly empty, given what its rows add up to.
    pub(super) fn is_bloated(&self, dir: &Path, rows: u64) -> bool {
        is_bloated(self.size(dir), rows)
    }

    /// What its files take up, in octets.
    pub(super) fn size(&self, dir: &Path) -> u64 {
        octets_below(&root(dir).join(name(self.number)))
    }

    /// Removes it. What cannot be removed now is swept at the next open.
    pub(super) fn remove(&self, dir: &Path) {
        let root = root(dir);
        let _ = fs::remove_file(mark_path(&root, self.number));
        let _ = remove_if_there(&root.join(name(self.number)));
    }

    /// Takes it out of use before another is built. Where there is no room for both, and nobody needs it, it
    /// goes for good.
    fn give_way(self, dir: &Path, why: &str, needless: Option<u64>, room: &AskRoom) {
        // Where its files are gone, what the one before took is the best guess there is.
        let taken = Some(self.size(dir)).filter(|octets| *octets > 0);
        let taken = taken.unwrap_or_else(|| octets_below(&aside::path(dir)));
        if needless.is_some() && !aside::has_room(dir, taken, room) {
            tracing::warn!(
                why,
                "room is short: the store goes before another is built from the journal, which has all of it"
            );
            self.remove(dir);
        } else {
            self.discard(dir, why, needless);
        }
    }

    /// Takes it out of use. A damaged one is kept, in place of the one before, for whoever wants to
    /// know; it is `needless` where the journal has all that it has, up to this position.
    pub(super) fn discard(self, dir: &Path, why: &str, needless: Option<u64>) {
        let root = root(dir);
        let done = fs::remove_file(mark_path(&root, self.number))
            .and_then(|()| aside::put(dir, &root.join(name(self.number)), why, needless));
        if let Err(error) = done {
            tracing::warn!(path = %root.display(), %error, "cannot set the old store aside");
        }
    }

    pub(super) fn write_mark(&self, dir: &Path, clean: bool) -> Result<(), VaultError> {
        mark::write(&root(dir), self.number, clean)
    }
}

fn is_bloated(files: u64, rows: u64) -> bool {
    files > LARGE && files > rows.saturating_mul(BLOAT)
}

/// Removes what an interrupted rebuild left, and says which generation is the newest complete one.
fn sweep(root: &Path) -> Result<Option<u32>, VaultError> {
    let all = numbers(root)?;
    let newest = all.iter().copied().filter(|n| mark_path(root, *n).exists()).max();
    for number in all.into_iter().filter(|n| Some(*n) != newest) {
        let path = root.join(name(number));
        remove_if_there(&path).map_err(io_error(&path, "remove what an interrupted rebuild left"))?;
        let _ = fs::remove_file(mark_path(root, number));
    }
    Ok(newest)
}

fn numbers(root: &Path) -> Result<Vec<u32>, VaultError> {
    let mut numbers = Vec::new();
    for entry in fs::read_dir(root).map_err(io_error(root, "list it"))? {
        let entry = entry.map_err(io_error(root, "list it"))?;
        let name = entry.file_name();
        let stem = name.to_str().map(|n| n.trim_end_matches(".json"));
        numbers.extend(stem.and_then(|n| n.parse::<u32>().ok()));
    }
    numbers.sort_unstable();
    numbers.dedup();
    Ok(numbers)
}

fn root(dir: &Path) -> PathBuf {
    dir.join("store")
}

fn name(number: u32) -> String {
    format!("{number:08}")
}

#[cfg(test)]
mod tests {
    use super::is_bloated;

    #[test]
    fn a_store_is_bloated_when_it_is_large_and_mostly_empty() {
        let mib = 1 << 20;
        let cases = [
            ("small", 256 * mib, mib, false),
            ("large and mostly empty", 257 * mib, 80 * mib, true),
            ("large and a third full", 300 * mib, 100 * mib, false),
            ("nothing in it", 257 * mib, 0, true),
        ];
        for (name, files, rows, expected) in cases {
            assert_eq!(is_bloated(files, rows), expected, "{name}");
        }
    }
}
