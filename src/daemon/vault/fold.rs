//! Lines of the journal folded into the store: one, or all behind its position. What cannot be folded in is
//! passed over the same way every time, and named.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use chrono::TimeDelta;

use super::VaultError;
use crate::core::backoff;
use crate::core::exchange::Validators;
use crate::core::outcome::Outcome;
use crate::core::poll::BACKOFF_BASE;
use crate::core::record::{Line, PollRecord, Record};
use crate::core::rules::Rules;
use crate::core::state::{Change, Meta, State};
use crate::core::window::Windows;
use crate::ledger::apply::apply;
use crate::ledger::journal::{Journal, Losses};
use crate::ledger::store::{Store, StoreError};

/// Folds one line in. Returns what it changed.
///
/// A line on which that panics is passed over, or it would stop every line after it, now and at every
/// start. `apply` is pure, so a rebuild passes over the same lines, until a better dibao reads them.
///
/// # Errors
/// When the store cannot be read or written.
pub(crate) fn fold(store: &Store, line: &Line, rules: &Rules) -> Result<Vec<Change>, StoreError> {
    match attempt(store, line, rules)? {
        Ok(changes) => Ok(changes),
        Err(panic) => pass_over(store, line, rules, &panic),
    }
}

/// [`fold`] into a store that was not read through just now: a line is passed over only where it is not the
/// store that fails it.
///
/// # Errors
/// Why the store must be built anew.
pub(super) fn fold_or_doubt(store: &Store, line: &Line, rules: &Rules) -> Result<Vec<Change>, String> {
    let panic = match attempt(store, line, rules).map_err(|e| e.to_string())? {
        Ok(changes) => return Ok(changes),
        Err(panic) => panic,
    };
    store.check().map_err(|e| format!("{e}; and a line cannot be applied to it: {panic}"))?;
    pass_over(store, line, rules, &panic).map_err(|e| e.to_string())
}

/// What a line changes, or what it panicked with.
fn attempt(store: &Store, line: &Line, rules: &Rules) -> Result<Result<Vec<Change>, String>, StoreError> {
    let tried = catch_unwind(AssertUnwindSafe(|| {
        let changes = applied(store, line, rules)?;
        store.commit(&changes)?;
        Ok(changes)
    }));
    tried.map_or_else(|panic| Ok(Err(message(&*panic))), |done| done.map(Ok))
}

fn pass_over(store: &Store, line: &Line, rules: &Rules, panic: &str) -> Result<Vec<Change>, StoreError> {
    let kind = kind(&line.record);
    let source = line.record.source().map(ToString::to_string).unwrap_or_default();
    tracing::error!(
        seq = line.seq,
        kind,
        source,
        panic,
        "a line of the journal cannot be applied and is passed over; please report it"
    );
    let changes = passed_over(store, line, rules, panic)?;
    store.commit(&changes)?;
    Ok(changes)
}

/// Applies every line after the store's position. Returns how many there were, and what could not be read.
pub(super) fn catch_up(store: &Store, journal: &Journal, rules: &Rules) -> Result<(u64, Losses), VaultError> {
    catch_up_while(store, journal, rules, &|_| Ok(()))
}

/// [`catch_up`], as long as nothing speaks against it after so many lines.
pub(super) fn catch_up_while(
    store: &Store,
    journal: &Journal,
    rules: &Rules,
    may_go_on: &dyn Fn(u64) -> Result<(), VaultError>,
) -> Result<(u64, Losses), VaultError> {
    let from = store.meta()?.map_or(0, |meta| meta.seq);
    let mut lines = 0;
    let losses = journal.replay(from, &mut |line| -> Result<(), VaultError> {
        fold(store, &line, rules)?;
        lines += 1;
        may_go_on(lines)
    })?;
    Ok((lines, losses))
}

/// What is lost may have held the entries that a source's validators vouch for: every source is read in
/// full once more.
pub(super) fn forget_validators(store: &Store) -> Result<(), StoreError> {
    for (id, mut source) in store.sources()? {
        source.poll.validators = Validators::default();
        source.poll.body_hash = None;
        // Lost lines shift the numbers of what came after them.
        (source.poll.window_from, source.poll.windows) = (None, Windows::default());
        store.commit(&[Change::Source(id, Box::new(source))])?;
    }
    Ok(())
}

/// Moves the position of a store that misses lines up to the end of the journal.
pub(super) fn reach(store: &Store, seq: u64, rules: &Rules) -> Result<(), StoreError> {
    let meta = store.meta()?.unwrap_or_else(|| Meta::empty(&rules.fingerprint));
    store.commit(&[Change::Meta(Box::new(Meta { seq: meta.seq.max(seq), ..meta }))])
}

/// The position moves on. A poll counts as one that failed, so that its source is asked more and more
/// seldom: its validators are not taken over, and it would be asked in full each time.
fn passed_over(store: &Store, line: &Line, rules: &Rules, why: &str) -> Result<Vec<Change>, StoreError> {
    let poll = match &line.record {
        Record::Observation(seen) => Some(&seen.poll),
        Record::Poll(poll) => Some(poll),
        _ => None,
    };
    let mut changes = Vec::new();
    if let Some(poll) = poll {
        changes.extend(failed(store, poll, rules, why)?);
    }
    let meta = store.meta()?.unwrap_or_else(|| Meta::empty(&rules.fingerprint));
    changes.push(Change::Meta(Box::new(Meta { seq: meta.seq.max(line.seq), ..meta })));
    Ok(changes)
}

fn failed(store: &Store, poll: &PollRecord, rules: &Rules, why: &str) -> Result<Option<Change>, StoreError> {
    let id = rules.current_id(&poll.source);
    let Some(mut source) = store.source(id)? else { return Ok(None) };
    source.poll.scheduled = poll.state.scheduled;
    source.poll.failures = source.poll.failures.saturating_add(1);
    // A fixed draw: what a replay gives must not hang on chance.
    let wait = backoff::delay(source.poll.failures, BACKOFF_BASE, 0.0);
    source.poll.not_before = poll.at.checked_add_signed(TimeDelta::from_std(wait).unwrap_or_default());
    source.outcome = Some(Outcome::Failed { why: format!("what it sent cannot be applied: {why}") });
    source.polled_at = Some(poll.at);
    Ok(Some(Change::Source(id.clone(), Box::new(source))))
}

fn applied(store: &Store, line: &Line, rules: &Rules) -> Result<Vec<Change>, StoreError> {
    #[cfg(test)]
    tests::riddle(store, line);
    apply(store, line, rules)
}

fn kind(record: &Record) -> &'static str {
    match record {
        Record::Config(_) => "config",
        Record::Poll(_) => "poll",
        Record::Observation(_) => "observation",
        Record::Withdraw(_) => "withdraw",
        Record::Expire(_) => "expire",
        Record::Base(_) => "base",
    }
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "unknown".to_owned())
}

#[cfg(test)]
mod tests;
