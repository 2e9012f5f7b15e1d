//! `dibao assign`: corrects the regions of an entry.

use serde::{Deserialize, Serialize};

use super::host::{Done, Host, Rows, Stop};
use super::{NoRow, Request, entries};
use crate::daemon::engine::Engine;
use crate::ledger::Fact;
use crate::model::record::Assignment;
use crate::model::region::RegionId;

/// Correct the regions of an entry, for good: whatever its texts say, now and later
#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct Assign {
    /// Its id, or the address of its page
    pub entry: String,
    /// Ids of regions (`dibao regions`); `national` for an entry about the whole country, `auto` to take a
    /// correction back
    #[arg(required = true, value_name = "REGION", add = super::complete::regions())]
    pub regions: Vec<String>,
}

impl Request for Assign {
    const NAME: &'static str = "assign";
    type Row = NoRow;

    async fn answer(self, host: &Host, _: Rows<NoRow>) -> Result<Done, Stop> {
        let engine = host.engine();
        let regions = assigned(&engine, &self.regions)?;
        let (_, entry) = host.blocking(move |engine| entries::find(engine, &self.entry)).await?;
        if !entry.is_shown() {
            return Err(Stop::No("the entry was withdrawn or has expired: it is in no feed".to_owned()));
        }
        let said = match &regions {
            None => "the regions of its texts".to_owned(),
            Some(none) if none.is_empty() => "no region".to_owned(),
            Some(some) => some.iter().map(RegionId::as_str).collect::<Vec<_>>().join(", "),
        };
        let assignment = Assignment { at: engine.clock.now(), published_id: entry.id.clone(), regions };
        engine.recorder.record(Fact::Assign(assignment)).await?;
        Ok(Done::saying(format!("assigned to {said}: {} ({})", entry.title(), entry.id)))
    }
}

/// The regions that an operator names: `auto` is `None`, `national` is an empty list.
fn assigned(engine: &Engine, named: &[String]) -> Result<Option<Vec<RegionId>>, Stop> {
    match named {
        [one] if one == "auto" => return Ok(None),
        [one] if one == "national" => return Ok(Some(Vec::new())),
        _ => {}
    }
    let mut regions = Vec::new();
    for name in named {
        let region = engine.config.regions.iter().find(|region| region.id.as_str() == name);
        let unknown = || Stop::No(format!("{name:?} is not a region; `dibao regions` lists them"));
        let region = region.ok_or_else(unknown)?;
        if !regions.contains(&region.id) {
            regions.push(region.id.clone());
        }
    }
    Ok(Some(regions))
}
