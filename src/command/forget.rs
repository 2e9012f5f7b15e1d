//! `dibao forget`: deletes what is stored of a source that the configuration no longer has.

use std::io::{self, BufRead, IsTerminal};

use serde::{Deserialize, Serialize};

use super::host::{Done, Host, Rows, Stop};
use super::{Ended, Invocation, Request, Row, Shown, Subcommand, client};
use crate::daemon::forget;

/// Delete, for good, everything stored of a source that was removed from the configuration
#[derive(Debug, clap::Args)]
pub struct ForgetArgs {
    /// The id of the source
    source: String,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Forget {
    pub source: String,
    /// False to be told only what would be deleted.
    pub sure: bool,
}

/// The stored state of the source.
#[derive(Debug, Serialize, Deserialize)]
pub struct ForgetRow {
    pub title: String,
    pub entries: u64,
}

impl Row for ForgetRow {
    const SHOWN: Shown<Self> = Shown::Never;

    #[cfg(test)]
    fn samples() -> Vec<serde_json::Value> {
        vec![serde_json::json!({ "title": "旧报", "entries": 120 })]
    }
}

impl Request for Forget {
    const NAME: &'static str = "forget";
    type Row = ForgetRow;

    async fn answer(self, host: &Host, rows: Rows<ForgetRow>) -> Result<Done, Stop> {
        let no = |error: forget::ForgetError| Stop::No(error.to_string());
        let (Self { source, sure }, engine) = (self, host.engine());
        if !sure {
            let stored = forget::removed(&engine, &source).map_err(no)?;
            rows.send(ForgetRow { title: stored.title().to_owned(), entries: stored.entries }).await?;
            return Ok(Done::silently());
        }
        let count = forget::forget(&engine, &source).await.map_err(no)?;
        Ok(Done::saying(format!(
            "forgotten: {source}, with {count} entries; if it comes back, its entries are new"
        )))
    }
}

impl Subcommand for ForgetArgs {
    const NAME: &'static str = "forget";

    async fn run(self, invocation: Invocation) -> anyhow::Result<Ended> {
        let (config, Self { source, yes }) = (invocation.config()?, self);
        if !yes {
            let found = client::gather(&config, Forget { source: source.clone(), sure: false }).await?;
            let told = found.rows.first().map_or_else(String::new, |ForgetRow { title, entries }| {
                format!("This deletes {entries} entries of {source} ({title}) for good.")
            });
            anyhow::ensure!(io::stdin().is_terminal(), "{told} Say --yes to do so without being asked");
            eprint!("{told} Go on? [y/N] ");
            let mut answer = String::new();
            io::stdin().lock().read_line(&mut answer)?;
            if !matches!(answer.trim(), "y" | "Y" | "yes") {
                println!("nothing is forgotten");
                return Ok(Ended::Badly);
            }
        }
        client::show(&config, Forget { source, sure: true }, false).await
    }
}
