//! `dibao regions`: every region, with its feed.

use serde::{Deserialize, Serialize};

use super::host::{Done, Host, Rows, Stop};
use super::{Request, Row, Shown};
use crate::model::feed_key::FeedKey;
use crate::model::region::RegionId;
use crate::model::state::State;
use crate::model::time::Time;

/// List the regions and their feeds
#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct Regions {}

#[derive(Debug, Serialize, Deserialize)]
pub struct RegionRow {
    pub id: RegionId,
    /// Its GB/T 2260 code.
    pub code: Option<u32>,
    pub entries: u64,
    /// Time at which its newest entry was published or last changed.
    pub updated: Option<Time>,
    /// The address of its feed.
    pub feed: String,
    pub name: String,
}

impl Row for RegionRow {
    const SHOWN: Shown<Self> = Shown::Table(&["id", "code", "entries", "updated", "feed", "name"]);

    #[cfg(test)]
    fn samples() -> Vec<serde_json::Value> {
        vec![serde_json::json!({
            "id": "henan", "code": 410_000, "entries": 7, "updated": "2026-11-20T00:01:00.250Z",
            "feed": "http://news.example/henan.atom", "name": "河南",
        })]
    }
}

impl Request for Regions {
    const NAME: &'static str = "regions";
    type Row = RegionRow;

    async fn answer(self, host: &Host, rows: Rows<RegionRow>) -> Result<Done, Stop> {
        let list = host.blocking(move |engine| {
            let store = engine.store().load_full();
            for region in engine.config.regions.iter() {
                let state = store.feed(&FeedKey::Region(region.id.clone()))?;
                rows.put(RegionRow {
                    id: region.id.clone(),
                    code: region.code,
                    entries: state.as_ref().map_or(0, |s| s.entries),
                    updated: state.as_ref().map(|s| s.updated),
                    feed: format!("{}/{}.atom", engine.config.server.public_url, region.id),
                    name: region.name.clone(),
                })?;
            }
            Ok(())
        });
        list.await?;
        Ok(Done::silently())
    }
}
