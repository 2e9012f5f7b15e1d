//! The command line: one file a subcommand. Exit codes: 0 good, 1 failed, 2 usage, 78 bad config.

mod ask;
mod backup;
mod check;
mod demo;
mod online;
mod owner;
mod probe;
mod rehearse;
mod run;
mod table;

use std::future::Future;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Parser, Subcommand};
use tracing_subscriber::EnvFilter;

use crate::config::{self, Config, Env};
use crate::serve::admin::Command as Ask;

/// `EX_CONFIG` of sysexits.h: systemd and scripts can tell a bad config from a crash.
const BAD_CONFIG: u8 = 78;

/// Polls regional news sources and republishes merged, per-province Atom feeds.
#[derive(Debug, Parser)]
#[command(name = "dibao", version, about, max_term_width = 100)]
pub struct Args {
    /// The configuration [default: $DIBAO_CONFIG, /etc/dibao/dibao.toml, config/dibao.toml]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the daemon: poll on schedule, store, serve the feeds
    Run,
    /// Run the daemon against a small news world of its own: no network, no config
    Demo(demo::DemoArgs),
    /// Check the configuration: every fault at once, with file, line and key
    Check(check::CheckArgs),
    /// Look at an address: what it is, what is wrong with it, and a [[source]] table for it
    Probe(probe::ProbeArgs),
    /// Poll sources now, whatever their schedule; Retry-After and host limits are still obeyed
    Poll {
        /// The ids of sources
        #[arg(value_name = "SOURCE", required_unless_present = "all")]
        sources: Vec<String>,
        /// Poll every source
        #[arg(long, conflicts_with = "sources")]
        all: bool,
        #[command(flatten)]
        output: Output,
    },
    /// Have the running daemon read its configuration again; a bad one changes nothing
    Reload,
    /// How everything is, on one screen. Exit code: 0 well, 1 degraded, 2 down
    Status {
        #[command(flatten)]
        output: Output,
    },
    /// For a container's health check: one line. Exit code: 0 well, 1 not (2 means something else to Docker)
    Health,
    /// List the sources: state, entries, last and next poll
    Sources {
        #[command(flatten)]
        output: Output,
    },
    /// List the regions and their feeds
    Regions {
        #[command(flatten)]
        output: Output,
    },
    /// List stored entries, newest first
    Entries {
        /// Of one region (`henan`), `national` or `all`
        #[arg(long)]
        region: Option<String>,
        /// Of one source
        #[arg(long, conflicts_with = "region")]
        source: Option<String>,
        /// At most so many [default: 50; with --json all]
        #[arg(long, value_name = "N")]
        limit: Option<usize>,
        #[command(flatten)]
        output: Output,
    },
    /// Build the store anew from the journal, under today's rules
    Rebuild {
        /// Change nothing: list the entries that would get other regions or stories
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        output: Output,
    },
    /// Compact the journal and build the store anew now, which the daemon does by itself when that is worth it:
    /// for tests
    #[command(hide = true)]
    Compact,
    /// Copy the journal to a directory, whether the daemon runs or not
    Backup {
        /// A directory that is empty or not there yet
        #[arg(value_name = "DIR")]
        into: PathBuf,
    },
    /// Put a backup into a state directory without a journal, and build the store from it
    Restore {
        /// What `dibao backup` wrote
        #[arg(value_name = "DIR")]
        from: PathBuf,
    },
    /// Say why an entry is one entry, in its regions and its story, and where it came from; or what a source's guids,
    /// links and dates are good for
    Explain {
        /// Its id, or the address of its page
        #[arg(required_unless_present = "source", conflicts_with = "source")]
        entry: Option<String>,
        /// A source instead of an entry
        #[arg(long, value_name = "ID")]
        source: Option<String>,
        #[command(flatten)]
        output: Output,
    },
    /// Correct the regions of an entry, for good: whatever its texts say, now and later
    Assign {
        /// Its id, or the address of its page
        entry: String,
        /// Ids of regions (`dibao regions`); `national` for an entry about the whole country, `auto` to take a
        /// correction back
        #[arg(required = true, value_name = "REGION")]
        regions: Vec<String>,
    },
    /// Take an entry out of all feeds, for good; feeds announce that it was deleted
    Withdraw {
        /// Its id, or the address of its page
        entry: String,
    },
}

#[derive(Debug, clap::Args)]
struct Output {
    /// One JSON object a line
    #[arg(long)]
    json: bool,
}

/// Runs a command.
#[must_use]
pub fn main(args: Args) -> ExitCode {
    // Journal, store, backups and the admin socket are for their owner, from the moment they are there and
    // whoever starts us; the files of `publish.static_dir` get the modes that a web server needs.
    rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
    let Args { config, command } = args;
    let ask = match command {
        Command::Demo(demo) => return demo::demo(demo),
        Command::Check(args) => return check::check(config.as_deref(), &args),
        Command::Probe(args) => return probe::probe(config.as_deref(), args),
        Command::Run => return with_secrets(config, run::run),
        Command::Status { output } => return with_config(config, |config| ask::status(config, output.json)),
        Command::Health => return with_config(config, |config| ask::health(&config)),
        Command::Reload => return with_config(config, ask::reload),
        Command::Poll { sources, output, .. } => (Ask::Poll { sources }, output.json),
        Command::Sources { output } => (Ask::Sources, output.json),
        Command::Regions { output } => (Ask::Regions, output.json),
        Command::Entries { region, source, limit, output } => {
            let limit = limit.or((!output.json).then_some(50));
            (Ask::Entries { region, source, limit }, output.json)
        }
        Command::Rebuild { dry_run: true, output } => {
            return with_config(config, |config| rehearse::rehearse(config, output.json));
        }
        Command::Rebuild { output, .. } => (Ask::Rebuild, output.json),
        Command::Compact => (Ask::Compact, false),
        Command::Backup { into } => return with_config(config, |config| backup::backup(config, &into)),
        Command::Restore { from } => return with_config(config, |config| backup::restore(config, &from)),
        Command::Explain { entry, source, output } => {
            let of_source = |source| Ask::ExplainSource { source };
            let of_entry = Ask::Explain { entry: entry.unwrap_or_default() };
            (source.map_or(of_entry, of_source), output.json)
        }
        Command::Assign { entry, regions } => (Ask::Assign { entry, regions }, false),
        Command::Withdraw { entry } => (Ask::Withdraw { entry }, false),
    };
    with_config(config, |config| ask::ask(config, ask.0, ask.1))
}

/// The number of the user that this process acts as.
fn user() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// For a command that talks to the daemon, which has the secrets.
fn with_config(explicit: Option<PathBuf>, work: impl FnOnce(Arc<Config>) -> ExitCode) -> ExitCode {
    with(&Env::of_process().sparing_secrets(), explicit, work)
}

/// For what polls itself.
fn with_secrets(explicit: Option<PathBuf>, work: impl FnOnce(Arc<Config>) -> ExitCode) -> ExitCode {
    with(&Env::of_process(), explicit, work)
}

fn with(env: &Env, explicit: Option<PathBuf>, work: impl FnOnce(Arc<Config>) -> ExitCode) -> ExitCode {
    let loaded = match config::find(explicit.as_deref(), env) {
        Ok(path) => config::load(&path, env),
        Err(none) => {
            eprintln!("dibao: {none}");
            return ExitCode::from(BAD_CONFIG);
        }
    };
    match loaded {
        Ok(config) => work(Arc::new(config)),
        Err(faults) => {
            eprintln!("{faults}");
            ExitCode::from(BAD_CONFIG)
        }
    }
}

/// Logs go to stderr, one line each; `RUST_LOG` changes how much. Under systemd the journal dates lines
/// itself.
#[expect(clippy::disallowed_methods, reason = "where a log goes is the process's affair, not the config's")]
fn start_logging(default: &str) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_target(false)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()));
    if std::env::var_os("JOURNAL_STREAM").is_some() {
        builder.without_time().init();
    } else {
        builder.init();
    }
}

/// Runs a future to its end. Threads that still parse something hopeless are left behind after a
/// second: nothing waits for them.
fn block_on<T>(work: impl Future<Output = T>) -> Result<T, std::io::Error> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let done = runtime.block_on(work);
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    Ok(done)
}

/// The exit code of a result, whose error goes to stderr in one line.
fn exit<E: std::fmt::Display>(result: Result<bool, E>) -> ExitCode {
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("dibao: {error}");
            ExitCode::FAILURE
        }
    }
}
