//! Whether anything can be recorded at present. When the disk refuses, whoever finds out says so here, once;
//! polls wait, and the writer tries until it works again.

use std::sync::Arc;

use tokio::sync::watch;

use crate::ledger::LedgerError;

/// Why nothing can be recorded; `None` while all is well.
type Refusal = Option<Arc<LedgerError>>;

/// The present state, shared by all who find out and all who wait.
#[derive(Clone)]
pub(super) struct Stall(Arc<watch::Sender<Refusal>>);

impl Stall {
    pub(super) fn none() -> Self {
        Self(Arc::new(watch::Sender::new(None)))
    }

    pub(super) fn why(&self) -> Refusal {
        self.0.borrow().clone()
    }

    /// To be woken whenever something was tried that failed, or works again.
    pub(super) fn watch(&self) -> watch::Receiver<Refusal> {
        self.0.subscribe()
    }

    /// Returns once things can be recorded.
    pub(super) async fn over(&self) {
        // The sender is this one: it cannot be gone.
        let _ = self.0.subscribe().wait_for(Option::is_none).await;
    }

    /// Stops the polls when the disk refuses, and lets them go on when it does not: one line each.
    pub(super) fn tried(&self, outcome: &Result<(), Arc<LedgerError>>) {
        let was_stalled = self.why().is_some();
        match outcome {
            Ok(()) if was_stalled => {
                tracing::warn!("recording works again: polls go on");
                self.0.send_replace(None);
            }
            Err(error) if error.stops_recording() => {
                if !was_stalled {
                    tracing::error!(%error, "nothing can be recorded: polls stop until that works again; feeds are served");
                }
                self.0.send_replace(Some(Arc::clone(error)));
            }
            _ => {}
        }
    }
}
