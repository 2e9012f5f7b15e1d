//! Reads the stored state of the source that is polled. Rebuilds a store that cannot be read, and notices that another
//! configuration overtook a poll.

use std::sync::Arc;

use super::{PollError, Worker};
use crate::config::Source;
use crate::daemon::recorder::RecordError;
use crate::ledger::store::{Store, StoreError};
use crate::model::source::{SourceDef, SourceId};
use crate::model::state::{SourceState, State as _};

impl Worker {
    /// The stored state of a source. A store that cannot be read is rebuilt first: nobody was asked yet, so nothing is
    /// lost by going on.
    pub(super) async fn stored(&self, id: &SourceId) -> Result<Option<SourceState>, PollError> {
        let store = self.recorder.store().load_full();
        let error = match store.source(id) {
            Ok(stored) => return Ok(stored),
            Err(error) => error,
        };
        match self.rebuild_store(store, error).await {
            PollError::Store(_) => Ok(self.recorder.store().load().source(id)?),
            PollError::Record(stall) if self.recorder.stall().is_some() => Err(PollError::Stalled(stall)),
            in_the_way => Err(in_the_way),
        }
    }

    /// The stored state of a source, if another configuration was recorded meanwhile: one that gives the source another
    /// address or id, or lacks it.
    pub(super) fn overtaken(
        &self,
        source: &Source,
        stored: Option<&SourceState>,
    ) -> Result<Option<SourceState>, PollError> {
        let SourceDef { id, url, .. } = &source.def;
        if let Some(stored) = stored {
            return Ok((stored.gone || stored.def.url != *url).then(|| stored.clone()));
        }
        let store = self.recorder.store().load_full();
        if store.meta()?.is_none_or(|meta| meta.config.is_empty()) {
            return Ok(None);
        }
        // Whatever is configured is stored, if not under this id.
        let mut sources = store.sources()?.into_values();
        let renamed = sources.find(|stored| !stored.gone && stored.def.url == *url);
        renamed.map(Some).ok_or_else(|| PollError::Unknown(id.to_string()))
    }

    /// Rebuilds a store that cannot be read. Returns the error of the store, or what keeps it from being rebuilt.
    pub(super) async fn rebuild_store(&self, store: Arc<Store>, error: StoreError) -> PollError {
        let recorder = self.recorder.clone();
        let healing = tokio::task::spawn_blocking(move || (recorder.replace(&store, &error), error));
        match healing.await {
            Ok((Ok(()), error)) => PollError::Store(error),
            Ok((Err(error), _)) => PollError::Record(error),
            Err(_) => PollError::Record(RecordError::Stopped),
        }
    }
}
