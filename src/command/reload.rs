//! `dibao reload`: has the running daemon read its configuration again.

use serde::{Deserialize, Serialize};

use super::answer::{Answer, Done, Host, Rows, Stop};
use super::{Ended, NoRow, Place, Request, Subcommand, ask};

/// Have the running daemon read its configuration again; a bad one changes nothing
#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct Reload {}

const NO_DAEMON: &str = "no daemon is running; the next one reads the configuration";

impl Subcommand for Reload {
    const NAME: &'static str = "reload";

    async fn run(self, place: Place) -> anyhow::Result<Ended> {
        let config = place.config()?;
        anyhow::ensure!(ask::is_running(&config)?, NO_DAEMON);
        ask::show(&config, self, false).await
    }
}

impl Request for Reload {
    const NAME: &'static str = "reload";
    type Row = NoRow;

    async fn answer(self, host: &Host, _: Rows<NoRow>) -> Answer {
        let Host::Daemon(daemon) = host else { return Err(Stop::No(NO_DAEMON.to_owned())) };
        match daemon.reload().await {
            Ok(told) => Ok(Done::saying(told)),
            Err(error) => Err(Stop::No(error.to_string())),
        }
    }
}
