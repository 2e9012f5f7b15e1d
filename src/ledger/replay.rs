//! Applies lines of the journal to a store: a group as one batch, or every line behind the store's position. A line
//! whose application panics is skipped, the same way every time, and logged.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use chrono::TimeDelta;

use super::apply::Work;
use super::journal::{self, Journal, Losses};
use super::store::{MemoryBackend, Store, StoreError};
use super::{LedgerError, Paths};
use crate::decide::backoff;
use crate::decide::poll::BACKOFF_BASE;
use crate::decide::rules::Rules;
use crate::model::exchange::Validators;
use crate::model::outcome::Outcome;
use crate::model::record::{Line, PollRecord, Record};
use crate::model::state::{Changes, Meta, Position, Reached, SourceState, State};
use crate::model::window::Windows;

/// Entries of one batch: many share the pages that sled writes for it. sled frees none of the pages that a batch
/// replaces before the batch is written, and it replaces one for each row.
const BATCH: usize = 256;

/// A store in memory, built from a whole journal under given rules.
pub struct Replay {
    pub store: Store,
    /// The parts of the journal that cannot be read.
    pub losses: Losses,
}

impl Replay {
    /// Applies the whole journal of a state directory, and changes nothing there.
    pub fn of(state_dir: &Path, rules: &Rules) -> Result<Self, LedgerError> {
        let store = Store::new(Box::<MemoryBackend>::default());
        let mut group = Group::new(&store, rules);
        let dir = Paths::new(state_dir).journal();
        let losses = journal::replay(&dir, None, &mut |line, _| group.push(line, None))?;
        group.finish()?;
        Ok(Self { store, losses })
    }
}

/// Applies lines in batches. Returns their changes.
///
/// A line on which that panics is passed over, or it would stop every line after it, now and at every
/// start. `apply` is pure, so a rebuild passes over the same lines, until a better dibao reads them.
pub(super) fn apply_group(
    store: &Store,
    lines: &[Line],
    rules: &Rules,
    position: Option<Reached>,
) -> Result<Changes, StoreError> {
    let mut all = Changes::default();
    let mut rest = lines;
    while !rest.is_empty() {
        let mut entries = 0;
        let enough = |line: &Line| {
            entries += 1 + line.record.entries();
            entries >= BATCH
        };
        let end = rest.iter().position(enough).map_or(rest.len(), |at| at + 1);
        let (batch, behind) = rest.split_at(end);
        let position = position.filter(|_| behind.is_empty());
        all.take_in(apply_batch(store, batch, rules, position)?);
        rest = behind;
    }
    Ok(all)
}

fn apply_batch(
    store: &Store,
    lines: &[Line],
    rules: &Rules,
    position: Option<Reached>,
) -> Result<Changes, StoreError> {
    if let Ok(changes) = attempt(store, lines, rules, position)? {
        return Ok(changes);
    }
    let mut all = Changes::default();
    for line in lines {
        let changes = match attempt(store, std::slice::from_ref(line), rules, None)? {
            Ok(changes) => changes,
            Err(panic) => pass_over(store, line, rules, &panic)?,
        };
        all.take_in(changes);
    }
    store.commit(&Changes { position, ..Changes::default() })?;
    Ok(all)
}

/// The changes of lines, or the message of the panic in applying them.
fn attempt(
    store: &Store,
    lines: &[Line],
    rules: &Rules,
    position: Option<Reached>,
) -> Result<Result<Changes, String>, StoreError> {
    let tried = catch_unwind(AssertUnwindSafe(|| {
        let mut work = Work::new(store, rules)?;
        for line in lines {
            #[cfg(test)]
            tests::panic_on_riddle(line);
            work.apply(line)?;
        }
        let changes = Changes { position, ..work.finish() };
        store.commit(&changes)?;
        Ok(changes)
    }));
    tried.map_or_else(|panic| Ok(Err(message(&*panic))), |done| done.map(Ok))
}

struct Group<'a> {
    store: &'a Store,
    rules: &'a Rules,
    lines: Vec<Line>,
    entries: usize,
    /// The place in the journal behind the last of them.
    position: Option<Reached>,
}

impl<'a> Group<'a> {
    fn new(store: &'a Store, rules: &'a Rules) -> Self {
        Self { store, rules, lines: Vec::new(), entries: 0, position: None }
    }

    fn push(&mut self, line: Line, position: Option<Reached>) -> Result<(), LedgerError> {
        self.position = position;
        self.entries += 1 + line.record.entries();
        self.lines.push(line);
        if self.entries >= BATCH { self.finish() } else { Ok(()) }
    }

    fn finish(&mut self) -> Result<(), LedgerError> {
        apply_group(self.store, &self.lines, self.rules, self.position)?;
        self.lines.clear();
        self.entries = 0;
        Ok(())
    }
}

/// Applies every line of the journal behind a place to the store. `each` hears of every line first.
/// Returns the number of lines, and the parts that cannot be read.
pub(super) fn catch_up(
    store: &Store,
    journal: &Journal,
    from: Option<(u64, Position)>,
    rules: &Rules,
    each: &mut dyn FnMut(&Line) -> Result<(), LedgerError>,
) -> Result<(u64, Losses), LedgerError> {
    let mut lines = 0;
    let mut group = Group::new(store, rules);
    let losses = journal.replay(from, &mut |line, position| {
        each(&line)?;
        lines += 1;
        group.push(line, Some(Reached { position, checksum: None }))
    })?;
    group.position = Some(journal.reached());
    group.finish()?;
    Ok((lines, losses))
}

/// Forgets all validators: lost lines may have held the entries that they stand for. Every source is read in full
/// once more.
pub(super) fn forget_validators(store: &Store) -> Result<(), StoreError> {
    let mut changes = Changes::default();
    for (id, mut source) in store.sources()? {
        source.poll.validators = Validators::default();
        source.poll.body_hash = None;
        // Lost lines shift the numbers of later lines.
        (source.poll.window_from, source.poll.windows) = (None, Windows::default());
        changes.sources.insert(id, source);
    }
    store.commit(&changes)
}

/// Moves the position of a store up to the end of the journal, though it misses lines.
pub(super) fn reach(store: &Store, seq: u64, rules: &Rules) -> Result<(), StoreError> {
    let meta = store.meta()?.unwrap_or_else(|| Meta::empty(&rules.fingerprint));
    let meta = Some(Meta { seq: meta.seq.max(seq), ..meta });
    store.commit(&Changes { meta, ..Changes::default() })
}

/// Skips a line: the position moves on. Its poll counts as failed, so that the source backs off: the validators
/// of the poll are not stored, and the source would be read in full each time.
fn pass_over(store: &Store, line: &Line, rules: &Rules, panic: &str) -> Result<Changes, StoreError> {
    let source = line.record.source().map(ToString::to_string).unwrap_or_default();
    tracing::error!(
        seq = line.seq,
        source.id = source,
        panic,
        "a line of the journal cannot be applied and is skipped; please report it"
    );
    let mut changes = Changes::default();
    let poll = match &line.record {
        Record::Observation(seen) => Some(&seen.poll),
        Record::Poll(poll) => Some(poll),
        _ => None,
    };
    if let Some(poll) = poll {
        let id = rules.current_id(&poll.source);
        let failed = store.source(id)?.map(|source| failed(source, poll, panic));
        changes.sources.extend(failed.map(|source| (id.clone(), source)));
    }
    let meta = store.meta()?.unwrap_or_else(|| Meta::empty(&rules.fingerprint));
    changes.meta = Some(Meta { seq: meta.seq.max(line.seq), ..meta });
    store.commit(&changes)?;
    Ok(changes)
}

fn failed(mut source: SourceState, poll: &PollRecord, why: &str) -> SourceState {
    source.poll.scheduled = poll.state.scheduled;
    source.poll.failures = source.poll.failures.saturating_add(1);
    // A fixed draw: the result of a replay must not depend on chance.
    let wait = backoff::delay(source.poll.failures, BACKOFF_BASE, 0.0);
    source.poll.not_before = poll.at.checked_add_signed(TimeDelta::from_std(wait).unwrap_or_default());
    source.outcome = Some(Outcome::Failed { why: format!("what it sent cannot be applied: {why}") });
    source.polled_at = Some(poll.at);
    source
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "unknown".to_owned())
}

#[cfg(test)]
mod tests;
