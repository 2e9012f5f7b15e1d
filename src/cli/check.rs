//! `dibao check`: what the configuration amounts to, or everything that is wrong with it.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use serde_json::{Value, json};

use super::{BAD_CONFIG, ask, block_on, online};
use crate::config::{self, Config, Env, Faults, Source};
use crate::model::source::RegionRule;
use crate::read::link;
use crate::serve::admin::Command;

#[derive(Debug, clap::Args)]
pub(super) struct CheckArgs {
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

pub(super) fn check(explicit: Option<&Path>, args: &CheckArgs) -> ExitCode {
    // What the service may read, whoever checks need not.
    let env = Env::of_process().sparing_secrets();
    let path = match config::find(explicit, &env) {
        Ok(path) => path,
        Err(none) => {
            eprintln!("dibao: {none}");
            return ExitCode::from(BAD_CONFIG);
        }
    };
    match config::load(&path, &env) {
        Ok(config) => {
            for warning in config.unread.iter().chain(&config.warnings) {
                eprintln!("warning: {warning}");
            }
            if args.online && !config.unread.is_empty() {
                eprintln!("dibao: without these, the sources cannot be asked as the daemon asks them");
                return ExitCode::from(BAD_CONFIG);
            }
            tell_renames(&config);
            match args {
                CheckArgs { online: true, json, .. } => online::online(config, *json),
                CheckArgs { store: true, json, .. } => ask::ask(Arc::new(config), Command::Scrub, *json),
                CheckArgs { json: true, .. } => print(&rows(&config)),
                CheckArgs { .. } => print(&text(&config)),
            }
        }
        Err(faults) if args.json => {
            print!("{}", fault_rows(&faults));
            ExitCode::from(BAD_CONFIG)
        }
        Err(faults) => {
            eprintln!("{faults}");
            ExitCode::from(BAD_CONFIG)
        }
    }
}

/// Warns of sources that were given another id without `was`: their entries would come again as new ones. The daemon
/// knows what they were called.
fn tell_renames(config: &Config) {
    if !matches!(ask::is_running(config), Ok(true)) {
        return;
    }
    let Ok(Ok(rows)) = block_on(ask::gather(Arc::new(config.clone()), Command::Sources)) else { return };
    let known = |row: &Value| Some((row["id"].as_str()?.to_owned(), row["url"].as_str()?.to_owned()));
    let known: Vec<_> = rows.iter().filter_map(known).collect();
    for (id, old) in renames(config, &known) {
        eprintln!(
            "warning: source {id} has the address that the daemon knows as {old}: if it is the same source, write \
             was = [\"{old}\"], or its entries come again as new ones"
        );
    }
}

/// The sources of a configuration that `known` ones, by id and address, have become.
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

fn print(text: &str) -> ExitCode {
    print!("{text}");
    ExitCode::SUCCESS
}

/// How many sources a region has for itself.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    on: usize,
    off: usize,
}

/// The sources of each region, and those whose titles tell.
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

/// The path that readers find everything below, if there is one.
fn base_path(config: &Config) -> Option<&str> {
    let (_, rest) = config.server.public_url.split_once("://")?;
    rest.find('/').map(|at| &rest[at..])
}

/// For programs: a line a region.
fn rows(config: &Config) -> String {
    let (fixed, auto) = counts(config);
    let row = |id: &str, name: &str, count: Count| {
        json!({ "region": id, "name": name, "sources": count.on, "off": count.off }).to_string() + "\n"
    };
    let regions = config.regions.iter().map(|region| {
        row(region.id.as_str(), &region.name, fixed.get(region.id.as_str()).copied().unwrap_or_default())
    });
    regions.chain([row("auto", "told from each title", auto)]).collect()
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
