//! Starting takes as long as it takes: a step that fails for a cause that passes is tried again in this
//! process, and systemd is told that one which gets on does not hang. A service manager that starts it anew
//! would give up after a few times, and begin a rebuild from the first line each time.

use std::future::Future;
use std::path::Path;
use std::pin::pin;
use std::time::Duration;

use super::RunError;
use super::cause::Cause;
use crate::daemon::engine::StartError;
use crate::daemon::recorder::{PROBE_EVERY, PROBE_FIRST};
use crate::daemon::systemd;
use crate::daemon::vault::VaultError;
use crate::ledger::store;

/// How often it is looked whether opening gets on.
const LOOK: Duration = Duration::from_secs(10);
/// How much longer systemd waits each time it did. A part of opening that is not counted (reading the journal
/// through, a last sync) takes less, even with millions of entries.
const PATIENCE: Duration = Duration::from_secs(300);

/// So often in a row may the directory be in use by somebody who looks at it. After that it is told: a command
/// works there, or another daemon runs.
const LOOKED_AT: u32 = 3;

/// Makes attempts at something in the state directory until one works, or fails for a cause that does not pass
/// by itself.
pub(super) async fn patiently<T, F>(state: &Path, mut attempt: impl FnMut() -> F) -> Result<T, RunError>
where
    F: Future<Output = Result<T, RunError>>,
{
    let (mut told, mut wait, mut in_use) = (None, PROBE_FIRST, 0);
    loop {
        let error = match watched(attempt(), store::work_done, tell_progress).await {
            Ok(done) => {
                if told.is_some() {
                    tracing::warn!("the disk works again: starting goes on");
                }
                return Ok(done);
            }
            Err(error) => error,
        };
        // While this one waits the directory is free, and a command that looks at it may have it for a moment.
        in_use = if is_in_use(&error) { in_use + 1 } else { 0 };
        if in_use == LOOKED_AT && told.is_some() {
            tracing::error!(state = %state.display(), %error, "cannot start yet: it is tried again until that has ended");
        }
        let cause = Cause::of(&error).or(if in_use > 0 { told } else { None });
        let Some(cause) = cause else { return Err(error) };
        let remedy = cause.remedy();
        if told.replace(cause) != Some(cause) {
            tracing::error!(state = %state.display(), %error, "cannot start yet: {remedy}; it is tried again until it works");
        }
        systemd::still_starting(
            &format!("cannot start yet in {}: {error}; {remedy}", state.display()),
            PATIENCE,
        );
        tokio::time::sleep(wait).await;
        wait = PROBE_EVERY.min(wait * 2);
    }
}

fn is_in_use(error: &RunError) -> bool {
    matches!(error, RunError::Start(StartError::Vault(VaultError::Locked(_))))
}

fn tell_progress(done: u64) {
    systemd::still_starting(&format!("opening the state directory: {done} steps done"), PATIENCE);
}

/// Waits for some work, and tells how much is done whenever that grew.
async fn watched<T>(work: impl Future<Output = T>, done: impl Fn() -> u64, tell: impl Fn(u64)) -> T {
    let mut work = pin!(work);
    let first = done();
    let mut last = first;
    loop {
        tokio::select! {
            biased;
            ended = &mut work => return ended,
            () = tokio::time::sleep(LOOK) => {}
        }
        let now = done();
        if now != last {
            last = now;
            tell(now.wrapping_sub(first));
        }
    }
}

#[cfg(test)]
mod tests;
