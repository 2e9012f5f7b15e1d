//! The commands: one file each, with its arguments, its work, its rows as a type and their columns. [`LIST`] names
//! them all. A new command is one new file here, and one line in that list.
//!
//! A [`Subcommand`] is typed at a terminal. A [`Request`] is answered by the running daemon over its admin socket,
//! or by an engine that is opened on the state directory for this one request. Most commands are both.
//!
//! The command line above calls [`Command::run`], and makes an exit code of what comes back. The daemon below must
//! not name a command: `serve::admin` has the trait `Commander`, and `host.rs` implements it for the daemon.
//! `daemon::run` therefore takes no list of commands.

mod client;
mod columns;
mod complete;
pub mod host;
mod list;
mod owner;
mod progress;
mod table;
#[cfg(test)]
mod tests;

pub mod assign;
pub mod backup;
pub mod check;
pub mod compact;
pub mod demo;
pub mod entries;
pub mod explain;
pub mod explain_source;
pub mod export;
pub mod forget;
pub mod health;
pub mod import;
pub mod manual;
mod online;
pub mod poll;
pub mod probe;
pub mod rebuild;
pub mod regions;
pub mod reload;
pub mod restore;
pub mod run;
pub mod scrub;
pub mod search;
pub mod sources;
pub mod status;
pub mod withdraw;

use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::config::{self, Config, Env};
use host::{Done, Host, Rows, Stop};
use list::{asked, request, subcommand};

pub use list::Command;

/// Every command, in the order of `dibao --help`.
pub const LIST: &[Command] = &[
    subcommand::<run::Run>(),
    subcommand::<demo::Demo>(),
    subcommand::<check::Check>(),
    subcommand::<probe::Probe>(),
    subcommand::<import::Import>(),
    asked::<export::Export>(),
    asked::<poll::Poll>(),
    subcommand::<reload::Reload>(),
    subcommand::<status::StatusArgs>(),
    subcommand::<health::Health>(),
    asked::<sources::Sources>(),
    asked::<regions::Regions>(),
    asked::<entries::Entries>(),
    asked::<search::Search>(),
    subcommand::<rebuild::RebuildArgs>(),
    asked::<compact::Compact>(),
    subcommand::<backup::BackupArgs>(),
    subcommand::<restore::Restore>(),
    subcommand::<explain::ExplainArgs>(),
    asked::<assign::Assign>(),
    asked::<withdraw::Withdraw>(),
    subcommand::<forget::ForgetArgs>(),
    subcommand::<manual::Manual>(),
    // Requests that are no subcommand by themselves: those above make them.
    request::<reload::Reload>(),
    request::<status::Status>(),
    request::<rebuild::Rebuild>(),
    request::<scrub::Scrub>(),
    request::<backup::Backup>(),
    request::<explain::Explain>(),
    request::<explain_source::ExplainSource>(),
    request::<forget::Forget>(),
];

/// A subcommand of `dibao`. The fields are its arguments, and the comment of the type is its help.
pub trait Subcommand: clap::Args {
    const NAME: &'static str;
    /// The level from which the command logs to stderr.
    const LOG: &'static str = "warn";

    fn run(self, invocation: Invocation) -> impl Future<Output = anyhow::Result<Ended>>;
}

/// A request to a daemon. It travels as JSON: its fields, and its name as `command`.
pub trait Request: Serialize + DeserializeOwned + Send + 'static {
    const NAME: &'static str;
    /// True if it needs the secrets of the configuration when no daemon runs.
    const NEEDS_SECRETS: bool = false;
    type Row: Row;

    fn answer(self, host: &Host, rows: Rows<Self::Row>) -> impl Future<Output = Result<Done, Stop>> + Send;

    /// The request as it is made for a table, which people read. With `--json` it is made as it stands.
    fn for_people(self) -> Self {
        self
    }
}

/// One row of an answer: the same type on the socket, for `--json`, and for people. A field that is added later needs
/// a serde default, because an older daemon may answer.
pub trait Row: Serialize + DeserializeOwned + Send + 'static {
    /// The form for people.
    const SHOWN: Shown<Self>;

    /// Lines beneath the table.
    fn notes(&self) -> Vec<String> {
        Vec::new()
    }

    /// Rows as they are documented. The tests hold type and columns against them.
    #[cfg(test)]
    fn samples() -> Vec<serde_json::Value>;
}

/// The form of a row for people.
pub enum Shown<R: 'static> {
    /// In a table of these fields, printed when all rows are there. Fields that may hold Chinese stand last: nothing is
    /// aligned behind them.
    Table(&'static [&'static str]),
    /// As a text of its own, printed as soon as it comes.
    Text(fn(&R) -> String),
    /// Never: there are no rows, or they are for the program alone.
    Never,
}

/// The row of a command that has none.
#[derive(Debug, Serialize, serde::Deserialize)]
pub enum NoRow {}

impl Row for NoRow {
    const SHOWN: Shown<Self> = Shown::Never;

    #[cfg(test)]
    fn samples() -> Vec<serde_json::Value> {
        Vec::new()
    }
}

/// The end of a command. The command line makes an exit code of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    Well,
    /// The command was carried out, and what it found is not well.
    Badly,
    /// `dibao status` found that nothing is served.
    Down,
    /// The configuration has faults, which were printed as rows.
    BadConfig,
}

impl From<bool> for Ended {
    fn from(good: bool) -> Self {
        if good { Self::Well } else { Self::Badly }
    }
}

/// The configuration has faults, or there is none. The text is printed as it is.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct BadConfig(pub String);

/// Polls regional news sources and republishes merged, per-province Atom feeds.
// The arguments that every command has.
#[derive(Debug, Default, clap::Parser)]
#[command(name = "dibao", version, about, max_term_width = 100)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub struct Invocation {
    /// The configuration [default: $DIBAO_CONFIG, /etc/dibao/dibao.toml, config/dibao.toml]
    #[arg(long, global = true, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub config: Option<PathBuf>,

    /// The format of the log on stderr [default: log.format of the configuration for `run`, else text]
    #[arg(long, global = true, value_name = "FORMAT", value_parser = ["text", "json"])]
    pub log_format: Option<String>,
}

/// The parser of the command line, with all commands.
pub fn parser() -> clap::Command {
    <Invocation as clap::CommandFactory>::command().subcommands(LIST.iter().filter_map(Command::subcommand))
}

impl Invocation {
    /// The configuration, for a command that leaves to the daemon what needs secrets.
    fn config(&self) -> Result<Arc<Config>, BadConfig> {
        self.load(&Env::of_process().sparing_secrets())
    }

    /// The configuration, for a command that polls.
    fn config_with_secrets(&self) -> Result<Arc<Config>, BadConfig> {
        self.load(&Env::of_process())
    }

    fn load(&self, env: &Env) -> Result<Arc<Config>, BadConfig> {
        let path = self.find(env)?;
        config::load(&path, env).map(Arc::new).map_err(|faults| BadConfig(faults.to_string()))
    }

    fn find(&self, env: &Env) -> Result<PathBuf, BadConfig> {
        config::find(self.config.as_deref(), env).map_err(|none| BadConfig(format!("dibao: {none}")))
    }
}
