//! `dibao check`.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

use super::BAD_CONFIG;
use crate::config::{self, Config, Env};
use crate::core::source::RegionRule;

pub(super) fn check(explicit: Option<&Path>) -> ExitCode {
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
            print(&config);
            ExitCode::SUCCESS
        }
        Err(faults) => {
            eprintln!("{faults}");
            ExitCode::from(BAD_CONFIG)
        }
    }
}

/// What the configuration amounts to.
fn print(config: &Config) {
    let mut fixed: BTreeMap<&str, usize> = BTreeMap::new();
    let mut auto = 0;
    for source in &config.sources {
        match &source.def.region {
            RegionRule::Auto => auto += 1,
            RegionRule::Fixed(ids) | RegionRule::Routed(ids) => {
                for id in ids {
                    *fixed.entry(id.as_str()).or_default() += 1;
                }
            }
        }
    }
    println!("{}: good", config.path.display());
    let off = config.sources.iter().filter(|s| !s.enabled).count();
    println!("{} sources ({off} off), {auto} of them for every region", config.sources.len());
    println!("{} regions:", config.regions.len());
    for region in config.regions.iter() {
        let n = fixed.get(region.id.as_str()).copied().unwrap_or(0);
        println!("  {:<14} {n:>4} of its own  {}", region.id.as_str(), region.name);
    }
}
