//! `dibao health`: the status in one line.

use super::{Ended, Invocation, Subcommand, status};
use crate::decide::health::Health as State;

/// For a container's health check: one line. Exit code: 0 well, 1 not (2 means something else to Docker)
#[derive(Debug, clap::Args)]
pub struct Health {}

impl Subcommand for Health {
    const LOG: &'static str = "off";
    const NAME: &'static str = "health";

    async fn run(self, invocation: Invocation) -> anyhow::Result<Ended> {
        let gathered = match status::gathered(&invocation.config()?).await {
            Ok(gathered) => gathered,
            Err(error) => {
                println!("down: {error}");
                return Ok(Ended::Badly);
            }
        };
        for status in gathered.rows.iter().map(|row| &row.status) {
            match status.health {
                State::Well => println!("well"),
                State::Degraded => println!("degraded: {}", status.trouble.join("; ")),
            }
        }
        Ok(gathered.good.into())
    }
}
