//! `dibao backup` and `dibao restore`.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, bail};

use super::{ask, block_on, exit, start_logging};
use crate::config::Config;
use crate::daemon::clock::{Clock, SystemClock};
use crate::daemon::engine::Engine;
use crate::ledger::backup::{self, BackupError, Manifest, Part};
use crate::model::state::State;
use crate::serve::admin::Command;

/// How often a backup is begun again when the journal is compacted under it, which it is once a day.
const TRIES: usize = 3;

pub(super) fn backup(config: Arc<Config>, into: &Path) -> ExitCode {
    start_logging("warn");
    exit(take(config, into).map(|manifest| {
        let octets: u64 = manifest.files.iter().map(|file| file.octets).sum();
        let (files, seq) = (manifest.files.len(), manifest.seq);
        println!("backed up: {files} files, {octets} octets, every line up to {seq}, in {}", into.display());
        true
    }))
}

fn take(config: Arc<Config>, into: &Path) -> anyhow::Result<Manifest> {
    backup::prepare(into)?;
    let journal = config.state_dir.join("journal");
    let (mut tries, mut heal) = (1, false);
    loop {
        let rows = block_on(ask::gather(Arc::clone(&config), Command::Backup { heal }))??;
        let (seq, parts) = parts(rows)?;
        match backup::copy(&journal, (seq, &parts), SystemClock.now(), into) {
            Err(BackupError::Vanished(_)) if tries < TRIES => tries += 1,
            Err(BackupError::Vanished(_)) => {
                bail!("the journal was compacted {TRIES} times while it was copied; try again")
            }
            // What it lacks, the store may have.
            Err(BackupError::Rotten { .. }) if !heal => heal = true,
            copied => return Ok(copied?),
        }
    }
}

/// The last position, and the files with it.
fn parts(rows: Vec<serde_json::Value>) -> anyhow::Result<(u64, Vec<Part>)> {
    let seq =
        rows.first().and_then(|row| row["seq"].as_u64()).context("the daemon's answer has no position")?;
    let parts = rows.into_iter().skip(1).map(serde_json::from_value);
    Ok((seq, parts.collect::<Result<_, _>>()?))
}

pub(super) fn restore(config: Arc<Config>, from: &Path) -> ExitCode {
    start_logging("warn");
    exit(put_back(config, from).map(|()| true))
}

fn put_back(config: Arc<Config>, from: &Path) -> anyhow::Result<()> {
    if ask::is_running(&config).map_err(anyhow::Error::msg)? {
        bail!("the daemon runs on {}; stop it first", config.state_dir.display());
    }
    let manifest = backup::restore(from, &config.state_dir)?;
    let meta = block_on(build(Arc::clone(&config)))??;
    let (entries, sources) = meta.map_or((0, 0), |meta| (meta.entries, meta.sources));
    println!(
        "restored: {entries} entries of {sources} sources, every line up to {}, as of {}, in {}",
        manifest.seq,
        manifest.at.to_rfc3339(),
        config.state_dir.display()
    );
    Ok(())
}

/// Opens the state directory, which builds the store, and closes it again.
async fn build(config: Arc<Config>) -> anyhow::Result<Option<crate::model::state::Meta>> {
    let (engine, _) = Engine::open(config, Arc::new(SystemClock)).await?;
    let meta = engine.store().load().meta()?;
    engine.close().await?;
    Ok(meta)
}
