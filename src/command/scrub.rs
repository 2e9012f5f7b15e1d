//! The request behind `dibao check --store`: reads store and journal through, and repairs what is damaged.

use serde::{Deserialize, Serialize};

use super::host::{Done, Host, Rows, Stop};
use super::{NoRow, Request};
use crate::daemon::keeper::scrub;

#[derive(Debug, Serialize, Deserialize)]
pub struct Scrub {}

impl Request for Scrub {
    const NAME: &'static str = "scrub";
    type Row = NoRow;

    /// Not good if anything was damaged: whoever runs it from cron learns of a disk that rots.
    async fn answer(self, host: &Host, _: Rows<NoRow>) -> Result<Done, Stop> {
        let found = host.blocking(|engine| Ok(scrub::at_once(&engine.recorder)?)).await?;
        let store = match found.store_damaged {
            true => "the store was damaged, and was built anew from the journal".to_owned(),
            false => format!("the store is sound ({} rows)", found.rows),
        };
        let journal = match found.journal_damaged {
            true => "the journal was damaged, and got a new base from the store",
            false => "the journal is sound",
        };
        let good = !found.store_damaged && !found.journal_damaged;
        Ok(Done { summary: Some(format!("{store}; {journal}")), good })
    }
}
