//! `dibao compact`: compacts the journal and builds the store anew, whether that is worth it or not. For tests.

use serde::{Deserialize, Serialize};

use super::host::{Done, Host, Rows, Stop};
use super::{NoRow, Request};

/// Compact the journal and build the store anew now, which the daemon does by itself when that is worth it:
/// for tests
#[derive(Debug, clap::Args, Serialize, Deserialize)]
#[command(hide = true)]
pub struct Compact {}

impl Request for Compact {
    const NAME: &'static str = "compact";
    type Row = NoRow;

    async fn answer(self, host: &Host, _: Rows<NoRow>) -> Result<Done, Stop> {
        let sizes = host.blocking(|engine| {
            engine.recorder.compact()?;
            engine.recorder.rebuild("a fresh one was asked for")?;
            Ok(engine.recorder.journal_sizes()?)
        });
        let (base, tail) = sizes.await?;
        Ok(Done::saying(format!("compacted: a base of {base} octets and {tail} behind it")))
    }
}
