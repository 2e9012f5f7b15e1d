//! `dibao rebuild --dry-run`: the journal under the rules of the config as it stands, beside the store.

use std::process::ExitCode;
use std::sync::Arc;

use super::{ask, block_on, exit, start_logging};
use crate::config::Config;
use crate::daemon::engine;
use crate::daemon::rehearse::{self, Telling, Told};
use crate::serve::admin::Command;

pub(super) fn rehearse(config: Arc<Config>, json: bool) -> ExitCode {
    start_logging("warn");
    exit(compare(&config, json).map(|()| true))
}

fn compare(config: &Config, json: bool) -> anyhow::Result<()> {
    let (before, seq) = if ask::is_running(config).map_err(anyhow::Error::msg)? {
        (block_on(running(config)).map_err(anyhow::Error::from).flatten()?, None)
    } else {
        let (told, seq) = rehearse::stored(&config.state_dir)?;
        (told, Some(seq))
    };
    let derived = rehearse::derived(&config.state_dir, &engine::rules(config))?;
    if let Some(ailment) = derived.ailment(seq) {
        eprintln!("dibao: {ailment}");
    }
    let after = derived.telling;
    let differences = rehearse::differences(&before, &after);
    for (id, before, after) in &differences {
        if json {
            println!("{}", serde_json::json!({"id": id, "before": before, "after": after}));
        } else {
            let title = after.or(*before).map_or("", |told| told.title.as_str());
            println!("{title} ({id})\n    now   {}\n    then  {}", words(*before), words(*after));
        }
    }
    eprintln!("{} of {} entries would be told otherwise", differences.len(), after.len());
    Ok(())
}

fn words(told: Option<&Told>) -> String {
    let Some(told) = told else { return "not there".to_owned() };
    let regions = if told.regions.is_empty() { "national".to_owned() } else { told.regions.join(",") };
    told.story.as_ref().map_or_else(|| regions.clone(), |story| format!("{regions}, same story as {story}"))
}

/// What a running daemon says, which may run under an older config.
async fn running(config: &Config) -> anyhow::Result<Telling> {
    let command = Command::Entries { region: None, source: None, limit: None };
    let mut told = Telling::new();
    ask::rows(config, &command, &mut |row| {
        let text = |key: &str| row[key].as_str().map(str::to_owned);
        let regions = row["regions"].as_array().into_iter().flatten();
        let regions = regions.filter_map(|id| id.as_str().map(str::to_owned)).collect();
        let entry = Told { regions, story: text("story"), title: text("title").unwrap_or_default() };
        told.insert(text("id").unwrap_or_default(), entry);
    })
    .await?;
    Ok(told)
}
