//! Completion of the ids of sources and regions in a shell. Reads the configuration and asks nobody.

use clap_complete::engine::{ArgValueCandidates, CompletionCandidate};

use crate::config::{self, Config, Env};
use crate::model::region::RegionTable;

pub(super) fn sources() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let config = config();
        let sources = config.iter().flat_map(|config| &config.sources);
        sources.map(|source| candidate(source.def.id.as_str(), source.def.title.as_deref())).collect()
    })
}

pub(super) fn regions() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let regions = config().map_or_else(RegionTable::builtin, |config| config.regions);
        regions.iter().map(|region| candidate(region.id.as_str(), Some(&region.name))).collect()
    })
}

fn candidate(id: &str, help: Option<&str>) -> CompletionCandidate {
    CompletionCandidate::new(id).help(help.map(|help| help.to_owned().into()))
}

/// A configuration with mistakes completes nothing: `dibao check` tells them.
fn config() -> Option<Config> {
    let env = Env::of_process().sparing_secrets();
    config::load(&config::find(None, &env).ok()?, &env).ok()
}
