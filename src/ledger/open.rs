//! Opens the state directory: chooses the store, and brings it up to the end of the journal.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use arc_swap::ArcSwap;
use chrono::NaiveDate;

use super::fault::io_error;
use super::generation::{self, Generation};
use super::journal::{Journal, Losses, OpenReport};
use super::mark::{self, Mark};
use super::replay::{catch_up, forget_validators, reach};
use super::room::{AskRoom, Room};
use super::store::{MemoryBackend, SledBackend, Store, StoreError};
use super::story_index::StoryIndex;
use super::{Ledger, LedgerError, Paths, Unsettled, backup, dirs};
use crate::decide::rules::Rules;
use crate::model::source::SourceDef;
use crate::model::state::{Changes, Meta, Position, Reached, State};

/// Findings and actions of an open, for the operator.
#[derive(Debug, Default)]
pub struct OpenNotes {
    /// Findings at the end of the journal.
    pub journal: OpenReport,
    /// True if the last run ended without closing.
    pub unclean: bool,
    /// The reason for a rebuild of the store, if one is needed.
    pub rebuild: Option<String>,
    /// The number of lines of the journal that were applied.
    pub replayed: u64,
    /// Lines that are in neither journal nor store.
    pub lost: Losses,
}

impl OpenNotes {
    /// One line for each thing the operator should know about the end of the last run.
    pub fn warnings(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if self.unclean {
            lines.push("the last run was not shut down cleanly; continuing from the journal".to_owned());
        }
        if self.journal.cut > 0 {
            let cut = self.journal.cut;
            lines.push(format!("the journal ended with a torn write; cut off {cut} octets"));
        }
        if !self.lost.is_empty() {
            lines.push(format!(
                "the journal is damaged after the last line that the store has; these lines are lost ({}). Every source will be read in full once more",
                self.lost
            ));
        }
        lines.extend(self.rebuild.iter().map(|why| format!("rebuilt the store from the journal: {why}")));
        lines
    }
}

/// An error that keeps a store from being used.
enum Refusal {
    Unusable(String),
    /// A fresh one would fail the same way.
    Stop(LedgerError),
}

impl From<LedgerError> for Refusal {
    /// An error of the disk says nothing against the store.
    fn from(error: LedgerError) -> Self {
        match error {
            LedgerError::Store(_) if error.disk_fault().is_none() => Self::Unusable(error.to_string()),
            error => Self::Stop(error),
        }
    }
}

struct Found {
    generation: Generation,
    store: Store,
    reached: Option<Reached>,
    mark: Mark,
}

impl Found {
    /// The last line that the store reflects, and from where on the journal is read behind it.
    fn place(&self) -> Option<(u64, Position)> {
        let meta = self.store.meta().ok().flatten()?;
        Some((meta.seq, self.reached?.position))
    }
}

impl Ledger {
    /// Opens the state directory under today's rules: mends the journal's end, and brings the store up to it.
    /// If no store can be used, or the store was derived under other rules, [`Self::settle`] builds one.
    pub fn open(dir: &Path, rules: Arc<Rules>, today: NaiveDate) -> Result<(Self, OpenNotes), LedgerError> {
        Self::open_with(dir, rules, today, Arc::new(Room::at))
    }

    pub(super) fn open_with(
        dir: &Path,
        rules: Arc<Rules>,
        today: NaiveDate,
        room: AskRoom,
    ) -> Result<(Self, OpenNotes), LedgerError> {
        let paths = Paths::new(dir);
        dirs::create(dir).map_err(io_error(dir, "create this directory"))?;
        let lock = dirs::lock(dir)?;
        backup::require_restored(&paths)?;
        fs::create_dir_all(paths.store()).map_err(io_error(&paths.store(), "create it"))?;
        let newest = generation::sweep(&paths)?;
        let found = match newest.map(|newest| find(&paths, newest)) {
            Some(Err(Refusal::Stop(error))) => return Err(error),
            Some(Err(Refusal::Unusable(why))) => Err(why),
            Some(Ok(found)) => Ok(found),
            None => Err("there is no store".to_owned()),
        };
        let place = found.as_ref().ok().and_then(Found::place);
        let (journal, report) = Journal::open(&paths.journal(), today, place)?;
        let mut notes = OpenNotes {
            unclean: found.as_ref().is_ok_and(|found| !found.mark.clean),
            journal: report,
            ..OpenNotes::default()
        };
        let id = mark::journal_id(&paths)?;
        let trusted = found.and_then(|found| follows(found, id, &journal));
        let mut ledger = Self {
            store: Arc::new(ArcSwap::from_pointee(Store::new(Box::<MemoryBackend>::default()))),
            paths,
            journal,
            generation: None,
            rules,
            stories: StoryIndex::default(),
            room,
            unsettled: None,
            failed: None,
            progress: Arc::default(),
            damage: None,
            _lock: lock,
        };
        let used = match trusted.map(|found| ledger.use_store(found, &mut notes).map_err(Refusal::from)) {
            Ok(Err(Refusal::Stop(error))) => return Err(error),
            Ok(Err(Refusal::Unusable(why))) | Err(why) => Err(why),
            Ok(Ok(())) => Ok(()),
        };
        if let Err(why) = used {
            if let Some(newest) = newest {
                newest.quarantine(&ledger.paths);
            }
            ledger.unsettled = Some(Unsettled { why, usable: false });
            if ledger.journal.seq() == 0 {
                ledger.settle(&mut |_| {})?;
            }
        }
        notes.rebuild = ledger.unsettled.as_ref().map(|unsettled| unsettled.why.clone());
        Ok((ledger, notes))
    }

    /// Brings a store up to the journal and takes it into use.
    fn use_store(&mut self, found: Found, notes: &mut OpenNotes) -> Result<(), LedgerError> {
        let place = found.place();
        let Found { generation, store, reached, .. } = found;
        let seen = store.meta()?.map_or(0, |meta| meta.seq);
        if seen > self.journal.seq() {
            // The store has the lines that were cut off. A new base will hold them.
            self.damage = Some(format!("lines {} to {seen} were cut off", self.journal.seq() + 1));
            self.journal.go_on_behind(seen);
        }
        if reached.is_some_and(|reached| has_other_checksum(&self.journal, reached)) {
            self.damage = Some(format!("the frame of line {seen} cannot be read"));
        }
        let otherwise = derived_otherwise(&store, &self.rules)?;
        if otherwise.is_some()
            && seen < self.journal.seq()
            && let Some(meta) = store.meta()?
        {
            // Lines that are applied under today's rules would hide at the next start that others were not.
            let meta = Some(Meta { rules: String::new(), ..meta });
            store.commit(&Changes { meta, ..Changes::default() })?;
        }
        let (lines, lost) = catch_up(&store, &self.journal, place, &self.rules, &mut |_| Ok(()))?;
        notes.replayed = lines;
        if !lost.is_empty() {
            forget_validators(&store)?;
            reach(&store, self.journal.seq(), &self.rules)?;
            self.damage = Some(lost.to_string());
            notes.lost = lost;
        }
        self.store.store(Arc::new(store));
        self.generation = Some(generation);
        self.unsettled = otherwise.map(|why| Unsettled { why, usable: true });
        Ok(())
    }
}

impl Ledger {
    /// Goes on under other rules. Where they say something else of the journal, the store is built anew, and the
    /// present one stays in use until then. Returns why that was needed. Blocks. Fails if the disk refuses: then
    /// the rules stay as they were.
    pub fn adopt(&mut self, rules: Arc<Rules>) -> Result<Option<String>, LedgerError> {
        self.make_current()?;
        let otherwise = derived_otherwise(&self.store.load_full(), &rules)?;
        let before = std::mem::replace(&mut self.rules, rules);
        self.stories.forget();
        let built = otherwise.as_ref().map_or(Ok(0), |_| self.rebuild(&mut |_| {}));
        if let Err(error) = built {
            self.rules = before;
            self.stories.forget();
            return Err(error);
        }
        self.warm();
        Ok(otherwise)
    }
}

/// Reads the store of a state directory that no process has open, as it was last derived.
pub fn peek<T>(
    dir: &Path,
    read: impl FnOnce(&Store) -> Result<T, StoreError>,
) -> Result<Option<T>, LedgerError> {
    let paths = Paths::new(dir);
    let _lock = dirs::lock(dir)?;
    backup::require_restored(&paths)?;
    let Some(newest) = generation::newest(&paths)? else { return Ok(None) };
    Ok(Some(read(&newest.open(&paths)?)?))
}

/// Opens the newest generation, if its mark says that it may be used.
fn find(paths: &Paths, generation: Generation) -> Result<Found, Refusal> {
    let mark = Mark::read(paths, generation.number)
        .ok_or_else(|| Refusal::Unusable("the mark of the store cannot be read".to_owned()))?;
    if !mark.is_trusted() {
        return Err(Refusal::Unusable("the machine went down while the store was open".to_owned()));
    }
    let files = paths.generation(generation.number);
    if !is_let_go(&files) {
        return Err(Refusal::Stop(LedgerError::Locked(files)));
    }
    if !files.join("db").exists() {
        return Err(Refusal::Unusable("the files of the store are gone".to_owned()));
    }
    // From here on sled writes: a power cut must not find it marked as clean.
    generation.mark(paths, mark.journal, false)?;
    let store = generation.open(paths)?;
    let reached = store.position().map_err(LedgerError::from)?;
    Ok(Found { generation, store, reached, mark })
}

/// True if the checksum before the store's position changed. False if the journal is shorter, since its damage then
/// says that it was cut, and if the segment is gone, since a base then replaces it.
fn has_other_checksum(journal: &Journal, reached: Reached) -> bool {
    let (stands, stood) = (journal.checksum_before(reached.position), reached.checksum);
    stands.is_some() && stood.is_some() && stands != stood
}

/// Checks that a store follows this journal; the error is the reason if it does not.
fn follows(found: Found, id: uuid::Uuid, journal: &Journal) -> Result<Found, String> {
    let seen = found.store.meta().ok().flatten().map_or(0, |meta| meta.seq);
    if found.mark.journal != id {
        return Err("the store follows another journal".to_owned());
    }
    // A frame that is damaged is no sign of another journal.
    let is_other =
        |reached: Reached| has_other_checksum(journal, reached) && journal.is_whole_before(reached.position);
    if found.reached.is_some_and(is_other) {
        return Err("the journal differs from the one that the store was built from".to_owned());
    }
    if seen == 0 && journal.seq() > 0 {
        return Err("the store is empty, and the journal is not".to_owned());
    }
    if seen < journal.base_seq() {
        return Err(format!("the store is behind the base of the journal ({seen} < {})", journal.base_seq()));
    }
    Ok(found)
}

/// True if no process has the store open. A closed engine may still have a last view or a last task that reads from
/// it. That takes moments; dibao waits for three seconds.
#[expect(clippy::disallowed_methods, reason = "opening has a thread of its own, and waits for others")]
fn is_let_go(files: &Path) -> bool {
    (0..300).any(|glance| {
        if glance > 0 {
            thread::sleep(Duration::from_millis(10));
        }
        !SledBackend::is_open(files)
    })
}

/// The reason why the store must be derived again under these rules, if it must.
fn derived_otherwise(store: &Store, rules: &Rules) -> Result<Option<String>, LedgerError> {
    let Some(meta) = store.meta()? else { return Ok(None) };
    if meta.rules != rules.fingerprint {
        return Ok(Some("the regions or the rules changed".to_owned()));
    }
    for (id, source) in store.sources()? {
        let changed = rules.definition(&id).is_some_and(|def: &SourceDef| def.region != source.def.region);
        if changed && source.entries > 0 {
            return Ok(Some(format!("the regions of source {id} changed")));
        }
    }
    Ok(None)
}
