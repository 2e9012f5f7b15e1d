//! `dibao reload`: has the running daemon read its configuration again.

use serde::{Deserialize, Serialize};

use super::host::{Done, Host, Rows, Stop};
use super::{Ended, Invocation, NoRow, Request, Subcommand, client};

/// Have the running daemon read its configuration again; a bad one changes nothing
#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct Reload {}

const NO_DAEMON: &str = "no daemon is running; the next one reads the configuration";

impl Subcommand for Reload {
    const NAME: &'static str = "reload";

    async fn run(self, invocation: Invocation) -> anyhow::Result<Ended> {
        let config = invocation.config()?;
        anyhow::ensure!(client::is_running(&config)?, NO_DAEMON);
        client::show(&config, self, false).await
    }
}

impl Request for Reload {
    const NAME: &'static str = "reload";
    type Row = NoRow;

    async fn answer(self, host: &Host, _: Rows<NoRow>) -> Result<Done, Stop> {
        let Host::Daemon(daemon) = host else { return Err(Stop::No(NO_DAEMON.to_owned())) };
        match daemon.reload().await {
            Ok(summary) => Ok(Done::saying(summary)),
            Err(error) => Err(Stop::No(error.to_string())),
        }
    }
}
