//! `dibao status`: asks the daemon how it is, and nobody else. An engine opened without one could not say.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::client::{self, Gathered};
use super::host::{Done, Host, Rows, Stop};
use super::table::{self, Output};
use super::{Ended, Invocation, Request, Row, Shown, Subcommand};
use crate::config::Config;
use crate::daemon::status as daemon;
use crate::decide::health::{self, Health, Sizes};

/// The state of everything, on one screen. Exit code: 0 well, 1 degraded, 2 down
#[derive(Debug, clap::Args)]
pub struct StatusArgs {
    #[command(flatten)]
    output: Output,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Status {}

/// The status: the content of `/status.json`, and the file, which is only for an operator.
#[derive(Debug, Serialize, Deserialize)]
pub struct StatusRow {
    #[serde(flatten)]
    pub status: health::Status,
    pub config: PathBuf,
}

impl Row for StatusRow {
    const SHOWN: Shown<Self> = Shown::Text(text);

    #[cfg(test)]
    fn samples() -> Vec<serde_json::Value> {
        vec![serde_json::json!({
            "health": "degraded", "trouble": ["1 of 2 sources fail"], "version": "0.1.0",
            "configured": "2026-11-20T08:00:00Z", "states": { "failed": 1, "ok": 1 },
            "sources": [{ "id": "a", "state": "failed", "since": "2026-11-20T08:00:00Z", "good": null, "failures": 3 }],
            "polls": { "failed": 3, "fetched": 2 },
            "feeds": [{ "feed": "henan", "newest": "2026-11-20T08:00:00Z", "age": 60 }],
            "journal_octets": 1_000_000, "store_octets": 2_000_000, "memory_octets": null, "waiting": 0, "entries": 7,
            "indexed": 7, "searchable": true,
            "config": "/etc/dibao/dibao.toml",
        })]
    }
}

impl Request for Status {
    const NAME: &'static str = "status";
    type Row = StatusRow;

    async fn answer(self, host: &Host, rows: Rows<StatusRow>) -> Result<Done, Stop> {
        let dues = match host {
            Host::Daemon(daemon) => Some(daemon.dues()),
            Host::Engine(_) => None,
        };
        let row = host.blocking(move |engine| {
            let status = daemon::look(engine, dues.as_deref())?.status();
            Ok(StatusRow { status, config: engine.config.path.clone() })
        });
        let row = row.await?;
        let good = row.status.health == Health::Well;
        rows.send(row).await?;
        Ok(Done { summary: None, good })
    }
}

impl Subcommand for StatusArgs {
    const LOG: &'static str = "off";
    const NAME: &'static str = "status";

    async fn run(self, invocation: Invocation) -> anyhow::Result<Ended> {
        let (config, json) = (invocation.config()?, self.output.json);
        match gathered(&config).await {
            Ok(Gathered { rows, good, running }) => {
                for row in rows {
                    println!("{}", if json { table::json(&row).to_string() } else { text(&row) });
                }
                client::tell_of_another_configuration(&config, running.as_ref());
                Ok(good.into())
            }
            Err(error) => {
                let why = error.to_string();
                match json {
                    true => println!("{}", serde_json::json!({ "health": "down", "trouble": [why] })),
                    false => println!("down: {why}"),
                }
                Ok(Ended::Down)
            }
        }
    }
}

/// A daemon that does not say how it is within this time hangs.
const SOON: Duration = Duration::from_secs(10);

/// Asks the daemon how it is.
pub(super) async fn gathered(config: &Arc<Config>) -> anyhow::Result<Gathered<StatusRow>> {
    let answer = tokio::time::timeout(SOON, client::gather_from_daemon(config, Status {})).await;
    answer.map_err(|_| anyhow::anyhow!("the daemon does not answer within {} s", SOON.as_secs()))?
}

fn text(row: &StatusRow) -> String {
    let StatusRow { status, config } = row;
    let Sizes { entries, waiting, journal_octets, store_octets, memory_octets, indexed, searchable } =
        &status.sizes;
    let mut out = status.health.as_str().to_owned();
    if !status.trouble.is_empty() {
        out += &format!(": {}", status.trouble.join("; "));
    }
    out.push('\n');
    let counted = |counts: &BTreeMap<String, u64>| {
        let counts: Vec<_> = counts.iter().map(|(name, count)| format!("{count} {name}")).collect();
        if counts.is_empty() { "none".to_owned() } else { counts.join(", ") }
    };
    let megabytes = |octets: &Option<u64>| {
        octets.map_or_else(|| "-".to_owned(), |octets| format!("{} MB", octets / 1_000_000))
    };
    let sizes = format!(
        "{entries} entries, journal {}, store {}, memory {}; {waiting} waiting to be recorded",
        megabytes(journal_octets),
        megabytes(store_octets),
        megabytes(memory_octets)
    );
    let search = match (searchable, indexed) {
        (Some(true), indexed) => format!("{} entries indexed", indexed.unwrap_or(0)),
        (Some(false), indexed) => {
            format!("the index is being built: {} entries so far", indexed.unwrap_or(0))
        }
        (None, _) => "off".to_owned(),
    };
    let facts = [
        ("sources", counted(&status.states)),
        ("last hour", counted(&status.polls)),
        ("sizes", sizes),
        ("search", search),
        ("configuration", format!("{}, in use since {}", config.display(), status.configured)),
    ];
    for (name, fact) in facts {
        // Writing to a string does not fail.
        let _ = writeln!(out, "{name:<14} {fact}");
    }
    if !status.sources.is_empty() {
        out += "\n";
        out += &table::of(&["id", "state", "since", "good", "failures"], &status.sources);
    }
    if !status.feeds.is_empty() {
        out += "\n";
        out += &table::of(&["feed", "newest", "age"], &status.feeds);
    }
    out.trim_end().to_owned()
}
