//! `dibao withdraw`: takes an entry out of all feeds.

use serde::{Deserialize, Serialize};

use super::host::{Done, Host, Rows, Stop};
use super::{NoRow, Request, entries};
use crate::ledger::Fact;
use crate::model::record::Withdrawal;

/// Take an entry out of all feeds, for good; feeds announce that it was deleted
#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct Withdraw {
    /// Its id, or the address of its page
    pub entry: String,
}

impl Request for Withdraw {
    const NAME: &'static str = "withdraw";
    type Row = NoRow;

    async fn answer(self, host: &Host, _: Rows<NoRow>) -> Result<Done, Stop> {
        let (_, entry) = host.blocking(move |engine| entries::find(engine, &self.entry)).await?;
        if let Some(when) = entry.withdrawn {
            return Err(Stop::No(format!("it was withdrawn already, at {}", when.to_rfc3339())));
        }
        let engine = host.engine();
        let withdrawal = Withdrawal { at: engine.clock.now(), published_id: entry.id.clone() };
        engine.recorder.record(Fact::Withdraw(withdrawal)).await?;
        Ok(Done::saying(format!("withdrawn: {} ({})", entry.title(), entry.id)))
    }
}
