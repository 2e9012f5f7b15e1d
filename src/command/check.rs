//! `dibao check`: a summary of the configuration, or all its faults.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::scrub::Scrub;
use super::sources::Sources;
use super::{BadConfig, Ended, Invocation, Row, Shown, Subcommand, client, online, table};
use crate::config::{self, Config, Env, Faults, Source};
use crate::model::region::RegionId;
use crate::model::source::RegionRule;
use crate::read::link;

/// Check the configuration: every fault at once, with file, line and key
#[derive(Debug, clap::Args)]
pub struct Check {
    /// Ask every enabled source once and say how it is
    #[arg(long)]
    online: bool,
    /// Read journal and store through now, and put right what is damaged
    #[arg(long, conflicts_with = "online")]
    store: bool,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
}

/// A region, and its sources. Those whose titles tell the region are counted as `auto`.
#[derive(Debug, Serialize, Deserialize)]
pub struct RegionSources {
    pub region: RegionId,
    pub name: String,
    pub sources: usize,
    /// Sources that are switched off.
    pub off: usize,
}

impl Row for RegionSources {
    // People get a text about all regions together.
    const SHOWN: Shown<Self> = Shown::Never;

    #[cfg(test)]
    fn samples() -> Vec<serde_json::Value> {
        vec![json!({ "region": "henan", "name": "河南", "sources": 3, "off": 1 })]
    }
}

impl Subcommand for Check {
    // Its rows say it all, and cron mails whatever stands on stderr.
    const LOG: &'static str = "off";
    const NAME: &'static str = "check";

    async fn run(self, invocation: Invocation) -> anyhow::Result<Ended> {
        // Secrets are for the service; whoever checks need not be allowed to read them.
        let env = Env::of_process().sparing_secrets();
        let config = match config::load(&invocation.find(&env)?, &env) {
            Ok(config) => Arc::new(config),
            Err(faults) if self.json => {
                print!("{}", fault_rows(&faults));
                return Ok(Ended::BadConfig);
            }
            Err(faults) => return Err(BadConfig(faults.to_string()).into()),
        };
        for warning in config.unread.iter().chain(&config.warnings) {
            eprintln!("warning: {warning}");
        }
        if self.online && !config.unread.is_empty() {
            let why = "dibao: without these, the sources cannot be asked as the daemon asks them";
            return Err(BadConfig(why.to_owned()).into());
        }
        tell_renames(&config).await;
        match self {
            Self { online: true, json, .. } => return online::online(config, json).await,
            Self { store: true, json, .. } => return client::show(&config, Scrub {}, json).await,
            Self { json: true, .. } => {
                rows(&config).iter().for_each(|row| println!("{}", table::json(row)));
            }
            Self { .. } => print!("{}", text(&config)),
        }
        Ok(Ended::Well)
    }
}

/// Warns of sources that got another id without `was`: their entries would come again as new ones. Only a running daemon
/// knows the old ids.
async fn tell_renames(config: &Arc<Config>) {
    let Ok(answer) = client::gather_from_daemon(config, Sources {}).await else { return };
    let known: Vec<_> = answer.rows.into_iter().map(|row| (row.id.to_string(), row.url)).collect();
    for (id, old) in renames(config, &known) {
        eprintln!(
            "warning: source {id} has the address that the daemon knows as {old}: if it is the same source, write \
             was = [\"{old}\"], or its entries come again as new ones"
        );
    }
}

/// Pairs of new and old id: a source of the configuration that has the address of a `known` one.
fn renames<'a>(config: &'a Config, known: &'a [(String, String)]) -> Vec<(&'a str, &'a str)> {
    let is_there = |id: &str| {
        config.sources.iter().any(|s| s.def.id.as_str() == id || s.was.iter().any(|was| was.as_str() == id))
    };
    let is_known = |id: &str| known.iter().any(|(known, _)| known == id);
    let mut renames = Vec::new();
    for (old, url) in known.iter().filter(|(old, _)| !is_there(old)) {
        let address = link::canonical(url);
        let same = |s: &&Source| link::canonical(&s.def.url) == address && !is_known(s.def.id.as_str());
        renames.extend(config.sources.iter().find(same).map(|s| (s.def.id.as_str(), old.as_str())));
    }
    renames
}

#[derive(Clone, Copy, Debug, Default)]
struct Count {
    on: usize,
    off: usize,
}

/// The sources of each region, and those whose regions are told from each title.
fn counts(config: &Config) -> (BTreeMap<&str, Count>, Count) {
    let mut fixed: BTreeMap<&str, Count> = BTreeMap::new();
    let mut auto = Count::default();
    for source in &config.sources {
        let note = |count: &mut Count| if source.enabled { count.on += 1 } else { count.off += 1 };
        match &source.def.region {
            RegionRule::Auto => note(&mut auto),
            RegionRule::Fixed(ids) | RegionRule::Routed(ids) => {
                ids.iter().for_each(|id| note(fixed.entry(id.as_str()).or_default()));
            }
        }
    }
    (fixed, auto)
}

/// For people.
fn text(config: &Config) -> String {
    let (fixed, auto) = counts(config);
    let off = config.sources.iter().filter(|s| !s.enabled).count();
    let mut out = format!("{}: good\n", config.path.display());
    // Writing to a string does not fail.
    let _ =
        writeln!(out, "{} sources ({off} off), {} of them for every region", config.sources.len(), auto.on);
    if let Some(base) = base_path(config) {
        let _ = writeln!(
            out,
            "public_url has the path {base}: a proxy may pass it on or take it off, both are answered"
        );
    }
    let _ = writeln!(out, "{} regions, and how many sources each has of its own:", config.regions.len());
    let mut bare = Vec::new();
    for region in config.regions.iter() {
        let Count { on, off } = fixed.get(region.id.as_str()).copied().unwrap_or_default();
        let off = if off > 0 { format!("({off} off)") } else { String::new() };
        let _ = writeln!(out, "  {:<14} {on:>4} {off:<9} {}", region.id.as_str(), region.name);
        if on == 0 {
            bare.push(region.id.as_str());
        }
    }
    let _ = match bare.as_slice() {
        [] => writeln!(out, "every region has a source of its own"),
        bare => writeln!(out, "without a source of their own: {}", bare.join(", ")),
    };
    out
}

/// The path of `public_url`, if it has one.
fn base_path(config: &Config) -> Option<&str> {
    let (_, rest) = config.server.public_url.split_once("://")?;
    rest.find('/').map(|at| &rest[at..])
}

/// For programs: a row a region.
fn rows(config: &Config) -> Vec<RegionSources> {
    let (fixed, auto) = counts(config);
    let row = |region: RegionId, name: &str, Count { on, off }: Count| RegionSources {
        region,
        name: name.to_owned(),
        sources: on,
        off,
    };
    let regions = config.regions.iter().map(|region| {
        let count = fixed.get(region.id.as_str()).copied().unwrap_or_default();
        row(region.id.clone(), &region.name, count)
    });
    regions.chain([row(RegionId::new("auto"), "found in each title", auto)]).collect()
}

fn fault_rows(faults: &Faults) -> String {
    faults.faults.iter().map(|fault| json!({ "fault": fault.to_string() }).to_string() + "\n").collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_with_another_id_at_a_known_address_was_renamed() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("dibao.toml");
        let source = |id: &str, url: &str, more: &str| {
            format!("[[source]]\nid = \"{id}\"\nurl = \"{url}\"\nregion = \"henan\"\n{more}\n")
        };
        let text = source("gazette", "https://paper.example/feed", "")
            + &source("wire", "https://wire.example/feed", "was = \"agency\"")
            + &source("radio", "https://radio.example/feed", "");
        std::fs::write(&path, text).expect("written");
        let config = config::load(&path, &Env::default()).expect("it loads");
        let known = [
            ("paper", "http://www.paper.example/feed"),
            ("agency", "https://wire.example/feed"),
            ("radio", "https://radio.example/feed"),
            ("removed", "https://removed.example/feed"),
            ("twin", "https://radio.example/feed"),
        ];
        let known = known.map(|(id, url)| (id.to_owned(), url.to_owned()));
        assert_eq!(renames(&config, &known), [("gazette", "paper")]);
    }
}
