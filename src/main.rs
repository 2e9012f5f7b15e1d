//! The `dibao` binary: arguments in, exit code out.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    dibao::cli::main(dibao::cli::Args::parse())
}
