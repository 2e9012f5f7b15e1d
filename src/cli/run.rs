//! `dibao run`.

use std::process::ExitCode;
use std::sync::Arc;

use tokio::signal::unix::{SignalKind, signal};

use super::{block_on, exit, start_logging};
use crate::config::Config;
use crate::daemon::clock::SystemClock;
use crate::daemon::{run, systemd};

pub(super) fn run(config: Arc<Config>) -> ExitCode {
    start_logging("info");
    for warning in &config.warnings {
        tracing::warn!(%warning, "config");
    }
    exit(block_on(daemon(config, |_| {})).map_err(anyhow::Error::from).flatten().map(|()| true))
}

/// Runs the daemon until SIGTERM or SIGINT; tells systemd when it is up and when it stops.
pub(super) async fn daemon(
    config: Arc<Config>,
    ready: impl FnOnce(std::net::SocketAddr),
) -> anyhow::Result<()> {
    let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let shutdown = async move {
        tokio::select! {
            _ = term.recv() => {}
            _ = int.recv() => {}
        }
        systemd::stopping();
    };
    let ready = |address| {
        systemd::ready();
        ready(address);
    };
    Ok(run::run(config, Arc::new(SystemClock), ready, shutdown).await?)
}
