//! Forgets a source that was removed from the configuration: everything that is stored of it is deleted, except for
//! withdrawals, which hold for ever.

use super::engine::Engine;
use super::keeper::sweep::{PAGE, STEP};
use super::recorder::RecordError;
use crate::ledger::Fact;
use crate::ledger::store::StoreError;
use crate::model::record::Expiry;
use crate::model::source::SourceId;
use crate::model::state::{SourceState, State as _};
use crate::model::stored::EntryNo;

/// Why a source is not forgotten.
#[derive(Debug, thiserror::Error)]
pub enum ForgetError {
    #[error("nothing is stored of a source {0:?}; `dibao sources` lists the removed ones")]
    Unknown(String),
    #[error("{0} is in the configuration: take out its [[source]] table, run `dibao reload`, then forget it")]
    Configured(SourceId),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Record(#[from] RecordError),
    #[error("reading the store ended in a panic: {0}")]
    Panic(#[from] tokio::task::JoinError),
}

/// The stored state of a source that may be forgotten.
///
/// # Errors
/// [`ForgetError`] if it may not.
pub fn removed(engine: &Engine, name: &str) -> Result<SourceState, ForgetError> {
    match unless_configured(engine, &SourceId::new(name))? {
        Some(source) if source.is_forgotten() && source.entries + source.stubs == 0 => {
            Err(ForgetError::Unknown(name.to_owned()))
        }
        Some(source) => Ok(source),
        None => Err(ForgetError::Unknown(name.to_owned())),
    }
}

fn unless_configured(engine: &Engine, id: &SourceId) -> Result<Option<SourceState>, ForgetError> {
    if engine.config.sources.iter().any(|source| source.def.id == *id) {
        return Err(ForgetError::Configured(id.clone()));
    }
    match engine.store().load().source(id)? {
        Some(source) if !source.gone => Err(ForgetError::Configured(id.clone())),
        source => Ok(source),
    }
}

/// Deletes what is stored of a removed source. Returns the number of its entries. If this is broken off, the rest
/// stays, and can be forgotten later.
///
/// # Errors
/// [`ForgetError`].
pub async fn forget(engine: &Engine, name: &str) -> Result<u64, ForgetError> {
    let id = removed(engine, name)?.def.id;
    // The validators go before the entries that they vouch for: the source may come back at any time.
    reset(engine, &id).await?;
    let (mut next, mut count) = (0, 0);
    while let Some((last, found)) = page(engine, &id, next).await? {
        next = last + 1;
        for ids in found.chunks(STEP) {
            unless_configured(engine, &id)?;
            count += ids.len() as u64;
            let expiry = Expiry { at: engine.clock.now(), erased: ids.to_vec(), ..Expiry::default() };
            engine.recorder.record(Fact::Expire(expiry)).await?;
        }
    }
    // A poll that was under way when the source was removed may have been recorded since.
    reset(engine, &id).await?;
    Ok(count)
}

async fn reset(engine: &Engine, id: &SourceId) -> Result<(), ForgetError> {
    unless_configured(engine, id)?;
    let expiry = Expiry { at: engine.clock.now(), sources: vec![id.clone()], ..Expiry::default() };
    Ok(engine.recorder.record(Fact::Expire(expiry)).await?)
}

/// The published ids of a source's entries on the next page, and the last number of the page; `None` behind the last.
async fn page(
    engine: &Engine,
    id: &SourceId,
    from: EntryNo,
) -> Result<Option<(EntryNo, Vec<String>)>, ForgetError> {
    let (store, id) = (engine.store(), id.clone());
    let reading = move || {
        let page = store.load().entries_from(from, PAGE)?;
        let Some((last, _)) = page.last() else { return Ok(None) };
        let last = *last;
        let found = page.into_iter().filter(|(_, entry)| entry.source == id && entry.withdrawn.is_none());
        Ok(Some((last, found.map(|(_, entry)| entry.id).collect())))
    };
    tokio::task::spawn_blocking(reading).await?
}
