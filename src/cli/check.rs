//! `dibao check`: what the configuration amounts to, or everything that is wrong with it.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use serde_json::json;

use super::{BAD_CONFIG, ask, online};
use crate::config::{self, Config, Env, Faults};
use crate::core::source::RegionRule;
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
    let env = Env::of_process();
    let path = match config::find(explicit, &env) {
        Ok(path) => path,
        Err(none) => {
            eprintln!("dibao: {none}");
            return ExitCode::from(BAD_CONFIG);
        }
    };
    match config::load(&path, &env) {
        Ok(config) => {
            for warning in &config.warnings {
                eprintln!("warning: {warning}");
            }
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
