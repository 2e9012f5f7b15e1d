//! `dibao restore`: puts a backup into a state directory without a journal, and builds the store from it.

use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::progress::Progress;
use super::{Ended, Invocation, Subcommand, client};
use crate::config::Config;
use crate::daemon::clock::SystemClock;
use crate::daemon::engine::Engine;
use crate::ledger::backup;
use crate::model::state::{Meta, State};
use crate::search::Search;

/// The time between two looks at the progress of a build.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Put a backup into a state directory without a journal, and build the store from it
#[derive(Debug, clap::Args)]
pub struct Restore {
    /// Directory that `dibao backup` wrote
    #[arg(value_name = "DIR")]
    from: PathBuf,
}

impl Subcommand for Restore {
    const NAME: &'static str = "restore";

    async fn run(self, invocation: Invocation) -> anyhow::Result<Ended> {
        let config = invocation.config()?;
        let state_dir = config.state_dir.display();
        anyhow::ensure!(!client::is_running(&config)?, "the daemon runs on {state_dir}; stop it first");
        let manifest = {
            let progress = Progress::unknown("checked {bytes} of the backup");
            backup::restore(&self.from, &config.state_dir, &mut |more| progress.add(more))?
        };
        // An index of another journal would be taken for one of this.
        Search::remove(&config.state_dir)?;
        let meta = build(&config).await?;
        let (entries, sources) = meta.map_or((0, 0), |meta| (meta.entries, meta.sources));
        println!(
            "restored: {entries} entries of {sources} sources, every line up to {}, as of {}, in {state_dir}",
            manifest.seq,
            manifest.at.to_rfc3339(),
        );
        Ok(Ended::Well)
    }
}

/// Opens the state directory, which builds the store, and closes it again.
async fn build(config: &Arc<Config>) -> anyhow::Result<Option<Meta>> {
    let progress = Progress::unknown("building the store: {pos} entries");
    let built = Arc::new(AtomicU64::new(0));
    let mut opening =
        pin!(Engine::open_showing(Arc::clone(config), Arc::new(SystemClock), Arc::clone(&built)));
    let (engine, _) = loop {
        tokio::select! {
            opened = &mut opening => break opened?,
            () = tokio::time::sleep(LOOK_EVERY) => progress.set(built.load(Ordering::Relaxed)),
        }
    };
    let meta = engine.store().load().meta()?;
    engine.close().await?;
    Ok(meta)
}
