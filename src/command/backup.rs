//! `dibao backup`: copies the journal, whether the daemon runs or not.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};

use super::host::{Done, Host, Rows, Stop};
use super::progress::Progress;
use super::{Ended, Invocation, Request, Row, Shown, Subcommand, client};
use crate::config::Config;
use crate::daemon::clock::{Clock, SystemClock};
use crate::ledger::backup::{self, BackupError, BackupFile, Manifest};

/// Attempts at one backup. An attempt fails if the journal is compacted meanwhile, which happens once a day.
const TRIES: usize = 3;

/// Copy the journal to a directory, whether the daemon runs or not
#[derive(Debug, clap::Args)]
pub struct BackupArgs {
    /// A directory that is empty or not there yet
    #[arg(value_name = "DIR")]
    into: PathBuf,
}

/// Makes the journal durable, and lists the files that hold it.
#[derive(Debug, Serialize, Deserialize)]
pub struct Backup {
    /// True to write the journal a new base from the store first: a copy of it was damaged.
    #[serde(default)]
    pub heal: bool,
}

/// First the position, then every file that holds lines up to it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum BackupRow {
    UpTo { seq: u64 },
    File(BackupFile),
}

impl Row for BackupRow {
    const SHOWN: Shown<Self> = Shown::Never;

    #[cfg(test)]
    fn samples() -> Vec<serde_json::Value> {
        let file = serde_json::json!({ "name": "00000001-2026-11-20.ndjson.zst", "octets": 1024 });
        vec![serde_json::json!({ "seq": 14 }), file]
    }
}

impl Request for Backup {
    const NAME: &'static str = "backup";
    type Row = BackupRow;

    async fn answer(self, host: &Host, rows: Rows<BackupRow>) -> Result<Done, Stop> {
        let list = host.blocking(move |engine| {
            if self.heal {
                // A new base is written from the store.
                engine.recorder.compact()?;
            }
            let (seq, parts) = engine.recorder.acknowledged()?;
            rows.put(BackupRow::UpTo { seq })?;
            parts.into_iter().try_for_each(|part| rows.put(BackupRow::File(part)))
        });
        list.await?;
        Ok(Done::silently())
    }
}

impl Subcommand for BackupArgs {
    const NAME: &'static str = "backup";

    async fn run(self, invocation: Invocation) -> anyhow::Result<Ended> {
        let manifest = copy(&invocation.config()?, &self.into).await?;
        let octets: u64 = manifest.files.iter().map(|file| file.octets).sum();
        let (files, seq) = (manifest.files.len(), manifest.seq);
        println!(
            "backed up: {files} files, {octets} octets, every line up to {seq}, in {}",
            self.into.display()
        );
        Ok(Ended::Well)
    }
}

async fn copy(config: &Arc<Config>, into: &Path) -> anyhow::Result<Manifest> {
    backup::prepare(into)?;
    let journal = config.state_dir.join("journal");
    let (mut tries, mut heal) = (1, false);
    loop {
        let (seq, parts) = files(client::gather(config, Backup { heal }).await?.rows)?;
        // Each file is copied, then the copies are read through.
        let octets: u64 = parts.iter().map(|part| part.octets).sum();
        let progress = Progress::of_octets(octets, "copying");
        match backup::copy(&journal, (seq, &parts), SystemClock.now(), into, &mut |more| progress.add(more)) {
            Err(BackupError::Vanished(_)) if tries < TRIES => tries += 1,
            Err(BackupError::Vanished(_)) => {
                bail!("the journal was compacted {TRIES} times while it was copied; try again")
            }
            // The store may have the entries that it lacks.
            Err(BackupError::JournalDamaged { .. }) if !heal => heal = true,
            copied => return Ok(copied?),
        }
    }
}

/// The position, and the files with every line up to it.
fn files(rows: Vec<BackupRow>) -> anyhow::Result<(u64, Vec<BackupFile>)> {
    let (mut seq, mut files) = (None, Vec::new());
    for row in rows {
        match row {
            BackupRow::UpTo { seq: position } => seq = Some(position),
            BackupRow::File(part) => files.push(part),
        }
    }
    Ok((seq.context("the daemon's answer has no position")?, files))
}
