//! The configuration: from a TOML file, and the files it includes, to a checked [`Config`]. One load finds
//! every fault and reports each with file, line and key.
//!
//! `document` knows TOML, `raw` has the tables as they are written, `check` turns them into the values of
//! `checked`. Nothing here reads an environment variable outside [`Env`].

mod check;
mod checked;
mod env;
mod fault;
mod include;
mod raw;
#[cfg(test)]
mod reference;
mod secret;
mod table;
#[cfg(test)]
mod tests;

use std::path::Path;

use sha2::{Digest, Sha256};

use crate::model::hash::hex16;
pub use crate::model::source::ContentPolicy;
pub use check::RESERVED_WORDS;
pub use checked::{
    Config, Listen, Log, LogFormat, LogLevel, PageSettings, Polling, Publish, Retention, RetryAfter, Server,
    Source, SourceKind,
};
pub use env::{Env, NoConfig, find};
pub use fault::{Fault, Faults, LineColumn};
pub use secret::Secret;

/// Reads and checks a configuration. The error: everything that is wrong with it, in the order of the files and
/// their lines.
pub fn load(path: &Path, env: &Env) -> Result<Config, Faults> {
    let mut report = fault::FaultList::default();
    let mut texts = Sha256::new();
    let files = include::read_files(path, &mut texts, &mut report);
    let config = check::check(path, files, env, &mut report);
    let unread = report.take_unread();
    let faults = report.into_faults();
    if !faults.faults.is_empty() {
        return Err(faults);
    }
    Ok(Config { digest: hex16(&texts.finalize()), unread, warnings: faults.warnings, ..config })
}
