//! The stall of recording by a disk error. The first task that meets the error reports it here; polls wait,
//! and the writer retries until recording works.

use std::sync::Arc;

use tokio::sync::watch;

use crate::ledger::LedgerError;

/// The disk error; `None` if recording works.
type Refusal = Option<Arc<LedgerError>>;

/// Shared by the tasks that report a stall and those that wait for its end.
#[derive(Clone)]
pub(super) struct Stall(Arc<watch::Sender<Refusal>>);

impl Stall {
    pub(super) fn none() -> Self {
        Self(Arc::new(watch::Sender::new(None)))
    }

    pub(super) fn why(&self) -> Refusal {
        self.0.borrow().clone()
    }

    /// Wakes the receiver after each failure and after each recovery.
    pub(super) fn watch(&self) -> watch::Receiver<Refusal> {
        self.0.subscribe()
    }

    pub(super) async fn over(&self) {
        // Cannot fail: `self` holds the sender.
        let _ = self.0.subscribe().wait_for(Option::is_none).await;
    }

    /// Begins a stall if the outcome is a disk error, and ends it if the outcome is good. Logs one line each.
    pub(super) fn tried(&self, outcome: &Result<(), Arc<LedgerError>>) {
        let was_stalled = self.why().is_some();
        match outcome {
            Ok(()) if was_stalled => {
                tracing::warn!("recording works again; polls continue");
                self.0.send_replace(None);
            }
            Err(error) if error.stops_recording() => {
                if !was_stalled {
                    tracing::error!(%error, "recording fails; polls stop until it works again; feeds are still served");
                }
                self.0.send_replace(Some(Arc::clone(error)));
            }
            _ => {}
        }
    }
}
