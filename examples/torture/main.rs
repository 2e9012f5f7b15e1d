//! The torture of the real daemon: cycle after cycle one fault at random, then a start, and everything that
//! was acknowledged has to be there, once. After journal or store were harmed, `dibao check --store` is run before
//! the next fault, as the scrub would be by itself once a week. `suites/torture/run` builds what it needs and starts it.
//!
//! What it counts as acknowledged: what the publisher showed when a `dibao poll` began that succeeded, and
//! what the daemon listed. What it allows to be missing: what a frame of the journal held whose octets it
//! changed itself while it took the store away, until the next poll; and what it made so old that it expires,
//! which must not come back.

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
