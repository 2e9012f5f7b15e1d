//! The torture test of the real daemon. Each cycle causes a random fault and starts the daemon. Then every
//! acknowledged entry must be present exactly once. After damage to journal or store it runs `dibao check --store`
//! before the next fault, in place of the weekly scrub. `suites/torture/run` builds the binaries and starts it.
//!
//! Acknowledged are the entries that the publisher showed when a successful `dibao poll` began, and those that the
//! daemon listed. Two kinds may be missing. If it damaged a frame of the journal and removed the store, the frame's
//! entries may be missing until the next poll. Entries that it made old enough to expire must not come back.

#![expect(clippy::disallowed_methods, reason = "it waits for real processes, by the clock of the machine")]

mod daemon;
mod faults;
mod frames;
mod ledger;
mod paper;
mod rig;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use rig::Rig;

/// After so many cycles the counts so far are printed, for those who break a long run off.
const PROGRESS: u64 = 50;

/// What the command line says.
struct Options {
    dibao: PathBuf,
    work: PathBuf,
    /// A file system of its own, which can be filled and made read-only.
    disk: Option<PathBuf>,
    cycles: u64,
    seed: u64,
}

fn options() -> Result<Options, String> {
    let mut given = std::env::args().skip(1);
    let mut options = Options {
        dibao: PathBuf::from("target/release/dibao"),
        work: std::env::temp_dir(),
        disk: None,
        cycles: 20,
        seed: 1,
    };
    while let Some(name) = given.next() {
        let value = given.next().ok_or(format!("{name} needs a value"))?;
        let number = || value.parse::<u64>().map_err(|e| format!("{name} {value}: {e}"));
        match name.as_str() {
            "--dibao" => options.dibao = PathBuf::from(&value),
            "--work" => options.work = PathBuf::from(&value),
            "--disk" => options.disk = Some(PathBuf::from(&value)),
            "--cycles" => options.cycles = number()?,
            "--seed" => options.seed = number()?,
            _ => return Err(format!("{name} is not known")),
        }
    }
    Ok(options)
}

fn main() -> ExitCode {
    let options = match options() {
        Ok(options) => options,
        Err(error) => {
            eprintln!("torture: {error}");
            return ExitCode::FAILURE;
        }
    };
    let began = Instant::now();
    println!("seed {}, {} cycles", options.seed, options.cycles);
    let mut rig = Rig::new(&options.dibao, &options.work, options.disk.as_deref(), options.seed);
    rig.grow_old(options.cycles);
    for cycle in 1..=options.cycles {
        if let Err(error) = rig.cycle(cycle) {
            rig.blame(cycle, &error);
            break;
        }
        if cycle.is_multiple_of(PROGRESS) && cycle < options.cycles {
            rig.report();
        }
    }
    rig.stop();
    let good = rig.report();
    println!("took {} s", began.elapsed().as_secs());
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
