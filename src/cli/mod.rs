//! The command line: arguments in, exit code out. Starts the log and the runtime that a command needs; knows no
//! single command. Exit codes: 0 well, 1 failed or not well, 2 wrong usage or nothing is served, 78 bad configuration.

use std::io;
use std::process::ExitCode;

use clap::FromArgMatches;
use clap_complete::CompleteEnv;

use crate::command::{BadConfig, Command, Ended, Invocation, parser};
use crate::log;

/// The exit code of `dibao status` where nothing is served.
const DOWN: u8 = 2;

/// `EX_CONFIG` of sysexits.h: systemd and scripts can tell a bad config from a crash.
const BAD_CONFIG: u8 = 78;

/// Parses the arguments of this process, and runs the command.
pub fn main() -> ExitCode {
    // `DIBAO_COMPLETE=bash dibao` prints the completion script of a shell, which then asks dibao for each word.
    CompleteEnv::with_factory(parser).var("DIBAO_COMPLETE").completer("dibao").complete();
    let mut matches = parser().get_matches();
    let invocation = Invocation::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let (name, matches) = matches.remove_subcommand().expect("the parser requires a subcommand");
    let log_format = invocation.log_format.clone();
    let (command, level) = Command::find(&name).expect("the parser knows only subcommands of the list");
    let running = command.run(&matches, invocation).unwrap_or_else(|error| error.exit());

    // Journal, store, backups and the admin socket are for their owner, from the moment they are there and
    // whoever starts us; the files of `publish.static_dir` get the modes that a web server needs.
    rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
    log::start(level, log_format.as_deref());
    exit_code(block_on(running).map_err(anyhow::Error::from).flatten())
}

/// Runs a future to its end. Threads that still parse something hopeless are left behind after a
/// second: nothing waits for them.
fn block_on<T>(work: impl Future<Output = T>) -> Result<T, std::io::Error> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let done = runtime.block_on(work);
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    Ok(done)
}

/// An error goes to stderr in one line, faults of the configuration as they are.
fn exit_code(ended: anyhow::Result<Ended>) -> ExitCode {
    match ended {
        Ok(Ended::Well) => ExitCode::SUCCESS,
        Ok(Ended::Badly) => ExitCode::FAILURE,
        Ok(Ended::Down) => ExitCode::from(DOWN),
        Ok(Ended::BadConfig) => ExitCode::from(BAD_CONFIG),
        Err(error) if error.is::<BadConfig>() => {
            eprintln!("{error}");
            ExitCode::from(BAD_CONFIG)
        }
        // `dibao entries | head`: whoever reads has seen enough.
        Err(error)
            if error.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::BrokenPipe) =>
        {
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("dibao: {error}");
            ExitCode::FAILURE
        }
    }
}
