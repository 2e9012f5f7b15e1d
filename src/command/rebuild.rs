//! `dibao rebuild`: builds the store anew from the journal. With `--dry-run` it lists what the rules of the
//! configuration would change, and changes nothing.

mod rehearsal;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::entries::Entries;
use super::host::{Done, Host, Rows, Stop};
use super::progress::Progress;
use super::table::{self, Output};
use super::{Ended, Invocation, NoRow, Request, Row, Shown, Subcommand, client};
use crate::config::Config;
use crate::daemon::engine;
use crate::daemon::recorder::Observer;
use crate::model::region::RegionId;
use crate::model::state::State;
use rehearsal::{Derived, EntriesById};

/// Build the store anew from the journal, under today's rules
#[derive(Debug, clap::Args)]
pub struct RebuildArgs {
    /// Change nothing: list the entries that would get other regions or stories
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    output: Output,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Rebuild {}

/// An entry that a rebuild would change. `None` for one that is not there.
#[derive(Debug, Serialize, Deserialize)]
pub struct Difference {
    pub id: String,
    pub before: Option<Derived>,
    pub after: Option<Derived>,
}

impl Row for Difference {
    const SHOWN: Shown<Self> = Shown::Text(text);

    #[cfg(test)]
    fn samples() -> Vec<serde_json::Value> {
        let before =
            serde_json::json!({ "regions": ["henan"], "story": "http://a.example/1", "title": "河南一条" });
        vec![serde_json::json!({ "id": "http://a.example/2", "before": before, "after": null })]
    }
}

impl Request for Rebuild {
    const NAME: &'static str = "rebuild";
    type Row = NoRow;

    async fn answer(self, host: &Host, _: Rows<NoRow>) -> Result<Done, Stop> {
        let built = host.blocking(|engine| {
            let lines = engine.recorder.rebuild("asked for")?;
            Ok((lines, engine.store().load().meta()?))
        });
        let (lines, meta) = built.await?;
        host.engine().renderer.everything();
        let entries = meta.map_or(0, |meta| meta.entries);
        Ok(Done::saying(format!("rebuilt from {lines} lines of the journal: {entries} entries")))
    }
}

impl Subcommand for RebuildArgs {
    const NAME: &'static str = "rebuild";

    async fn run(self, invocation: Invocation) -> anyhow::Result<Ended> {
        let (config, json) = (invocation.config()?, self.output.json);
        if !self.dry_run {
            let progress = Some(Progress::unknown("building the store"));
            return client::show_after(&config, Rebuild {}, json, progress).await;
        }
        rehearse(&config, json).await?;
        Ok(Ended::Well)
    }
}

async fn rehearse(config: &Arc<Config>, json: bool) -> anyhow::Result<()> {
    let (before, seq) = if client::is_running(config)? {
        (of_daemon(config).await?, None)
    } else {
        let (stored, seq) = rehearsal::stored(&config.state_dir)?;
        (stored, Some(seq))
    };
    let progress = Progress::unknown("reading the journal");
    let rehearsed = rehearsal::rehearse(&config.state_dir, &engine::rules(config))?;
    drop(progress);
    if let Some(damage) = rehearsed.damage(seq) {
        eprintln!("dibao: {damage}");
    }
    let differences = rehearsal::differences(&before, &rehearsed.entries);
    for difference in &differences {
        println!("{}", if json { table::json(difference).to_string() } else { text(difference) });
    }
    eprintln!("{} of {} entries would differ", differences.len(), rehearsed.entries.len());
    Ok(())
}

fn text(Difference { id, before, after }: &Difference) -> String {
    let title = after.as_ref().or(before.as_ref()).map_or("", |entry| entry.title.as_str());
    format!("{title} ({id})\n    now   {}\n    then  {}", words(before.as_ref()), words(after.as_ref()))
}

fn words(entry: Option<&Derived>) -> String {
    let Some(entry) = entry else { return "not there".to_owned() };
    let regions: Vec<&str> = entry.regions.iter().map(RegionId::as_str).collect();
    let regions = if regions.is_empty() { "national".to_owned() } else { regions.join(",") };
    entry.story.as_ref().map_or_else(|| regions.clone(), |story| format!("{regions}, same story as {story}"))
}

/// The entries of a running daemon, which may run under an older configuration.
async fn of_daemon(config: &Arc<Config>) -> anyhow::Result<EntriesById> {
    let listed = client::gather_from_daemon(config, Entries::default()).await?;
    let entry = |row: super::entries::EntryRow| {
        (row.id, Derived { regions: row.regions, story: row.story, title: row.title })
    };
    Ok(listed.rows.into_iter().map(entry).collect::<BTreeMap<_, _>>())
}
