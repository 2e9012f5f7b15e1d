//! The way from a configuration to an engine, with its waits: a disk that is full, and a store that dibao
//! has to build. Tells systemd and the log about them.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::RunError;
use crate::config::Config;
use crate::daemon::clock::Clock;
use crate::daemon::dues::Dues;
use crate::daemon::engine::{Engine, Opened, StartError};
use crate::daemon::front::Front;
use crate::daemon::recorder::{PROBE_EVERY, PROBE_FIRST};
use crate::daemon::scheduler::{self, Scheduled};
use crate::daemon::systemd;
use crate::ledger::{DiskFault, OpenNotes};
use crate::model::state::State;

/// The time between two progress reports.
const REPORT_EVERY: Duration = Duration::from_secs(10);
/// The time by which each report extends systemd's start timeout: flushing a store of millions of entries
/// takes less.
const EXTEND_BY: Duration = Duration::from_secs(300);

/// The number of next polls logged at the start.
const NEXT_POLLS: usize = 5;

/// Opens the state directory, builds the store if necessary, and makes the engine. If the store can be read,
/// `front` serves it meanwhile.
pub(super) async fn engine(
    config: &Arc<Config>,
    clock: &Arc<dyn Clock>,
    front: &Front,
    dues: &Arc<Dues>,
    progress: &Arc<AtomicU64>,
) -> Result<Arc<Engine>, RunError> {
    systemd::starting("opening the state directory");
    let (opened, notes) = retry_while_full(|| Opened::open(Arc::clone(config), Arc::clone(clock))).await?;
    if opened.is_readable() {
        front.open(opened.renderer(), config, Arc::clone(dues));
    }
    report_progress(retry_while_full(|| opened.settle(Arc::clone(progress))), progress).await?;
    let engine = retry_while_full(|| opened.start()).await?;
    engine.recorder.warm().map_err(StartError::from)?;
    report_opening(&engine, &notes);
    Ok(engine)
}

/// Retries while the disk is full or read-only. An operator soon corrects that, but a service manager would
/// give up after a few restarts. Returns any other error at once.
async fn retry_while_full<T, F>(mut attempt: impl FnMut() -> F) -> Result<T, StartError>
where
    F: Future<Output = Result<T, StartError>>,
{
    let mut wait = PROBE_FIRST;
    loop {
        let error = match attempt().await {
            Ok(done) => return Ok(done),
            Err(error) => error,
        };
        let fault = error.disk_fault().filter(|fault| *fault != DiskFault::Failing);
        let Some(fault) = fault else { return Err(error) };
        let status = format!("cannot start yet: {error}; {}; dibao retries until it works", fault.remedy());
        if wait == PROBE_FIRST {
            tracing::error!("{status}");
        }
        systemd::still_starting(&status, EXTEND_BY);
        tokio::time::sleep(wait).await;
        wait = PROBE_EVERY.min(wait * 2);
    }
}

/// Runs `work`, which counts the entries it has built in `progress`. Extends systemd's timeout only when the
/// count has grown, so that systemd still ends a start that hangs.
async fn report_progress<T>(work: impl Future<Output = T>, progress: &AtomicU64) -> T {
    let (mut work, mut reported) = (pin!(work), 0);
    loop {
        tokio::select! {
            biased;
            done = &mut work => return done,
            () = tokio::time::sleep(REPORT_EVERY) => {}
        }
        let entries = progress.load(Ordering::Relaxed);
        if entries != reported {
            reported = entries;
            tracing::info!(entries, "building the store from the journal");
            systemd::still_starting(&format!("building the store: {entries} entries so far"), EXTEND_BY);
        }
    }
}

/// Logs how the last run ended and the state that this run begins with.
fn report_opening(engine: &Engine, notes: &OpenNotes) {
    notes.warnings().iter().for_each(|line| tracing::warn!("{line}"));
    if notes.rebuild.is_none() && notes.replayed > 0 {
        tracing::info!(replayed = notes.replayed, "brought the store up to the journal");
    }
    let entries = engine.store().load().meta().ok().flatten().map_or(0, |m| m.entries);
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        config = %engine.config.path.display(),
        state = %engine.config.state_dir.display(),
        sources = engine.polled_sources().count(),
        regions = engine.config.regions.len(),
        entries,
        "dibao starts"
    );
}

pub(super) fn report_next_polls(scheduled: &[Scheduled], clock: &dyn Clock) {
    let now = clock.now();
    let due = |s: &Scheduled| Some((scheduler::first_due(&s.plan, s.past, now)?.at, s.id.clone()));
    let mut next: Vec<_> = scheduled.iter().filter_map(due).collect();
    next.sort();
    for (at, source) in next.iter().take(NEXT_POLLS) {
        tracing::info!(source.id = %source, at = %at.to_rfc3339(), "next poll");
    }
    if next.len() > NEXT_POLLS {
        tracing::info!(sources = next.len() - NEXT_POLLS, "more polls follow");
    }
}
