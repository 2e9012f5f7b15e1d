//! `dibao run`: the daemon, until a signal ends it.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use super::{Ended, Invocation, Subcommand, owner};
use crate::config::{self, Config, Env};
use crate::daemon::clock::SystemClock;
use crate::daemon::reload::Load;
use crate::daemon::{run, systemd};
use crate::log;

/// Run the daemon: poll on schedule, store, serve the feeds
#[derive(Debug, clap::Args)]
pub struct Run {}

impl Subcommand for Run {
    const NAME: &'static str = "run";
    const LOG: &'static str = "info";

    async fn run(self, invocation: Invocation) -> anyhow::Result<Ended> {
        let config = invocation.config_with_secrets()?;
        log::configure(&config.log);
        if let Some(why) = owner::refusal_to_start(&config.state_dir) {
            anyhow::bail!(why);
        }
        for warning in &config.warnings {
            tracing::warn!(%warning, "config");
        }
        let path = config.path.clone();
        let load: Load = Box::new(move || config::load(&path, &Env::of_process()));
        daemon(config, Some(load), |_| {}).await?;
        Ok(Ended::Well)
    }
}

/// Runs the daemon until SIGTERM or SIGINT; tells systemd when it is up and when it stops. SIGHUP has it read its
/// configuration again, also one that came during the start.
pub(super) async fn daemon(
    config: Arc<Config>,
    load: Option<Load>,
    ready: impl FnOnce(SocketAddr),
) -> anyhow::Result<()> {
    let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let mut hangup = signal(SignalKind::hangup())?;
    // Of several that come while one reload is under way, one more is enough.
    let (ask, asked) = mpsc::channel(1);
    let listening = tokio::spawn(async move {
        while hangup.recv().await.is_some() {
            let _ = ask.try_send(());
        }
    });
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
    let ran = run::run(config, Arc::new(SystemClock), ready, shutdown, load, asked).await;
    listening.abort();
    Ok(ran?)
}
