//! Measures dibao: one table, with each measure beside its floor or a peer from the same run.
//!
//! ```text
//! cargo bench --bench cycle                      everything; about 20 minutes on two cores
//! cargo bench --bench cycle -- --quick           a tenth of every size
//! cargo bench --bench cycle -- cold unchanged    some rows: cold reader unchanged disk fresh serve memory
//!                                                growth start rebuild resident
//! cargo bench --bench cycle -- start --large 100000
//! ```
//!
//! It builds the release binary and uses it from outside only: HTTP, admin socket, commands, state directory.
//! `--binary FILE`, or `DIBAO_BENCH_BINARY`, measures another binary. It asserts counts and prints times.

mod clock;
mod corpus;
mod draw;
mod floor;
mod http;
mod origin;
mod process;
mod product;
mod publisher;
mod reader;
mod rows;
mod state;
mod table;
mod truth;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result, bail};
use table::Table;

/// A run: what was asked for, and what came out so far.
pub(crate) struct Bench {
    pub(crate) binary: PathBuf,
    /// Everything that is written goes here.
    pub(crate) dir: PathBuf,
    quick: bool,
    /// The entries of the largest state, if not a million.
    pub(crate) large: Option<usize>,
    /// The rows that were asked for; empty for all.
    only: Vec<String>,
    pub(crate) table: Table,
}

const ROWS: [&str; 11] = [
    "cold",
    "reader",
    "unchanged",
    "disk",
    "fresh",
    "serve",
    "memory",
    "growth",
    "start",
    "rebuild",
    "resident",
];

impl Bench {
    #[expect(clippy::disallowed_methods, reason = "a benchmark has no configuration")]
    fn new() -> Result<Self> {
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cycle");
        let mut bench = Self {
            binary: std::env::var_os("DIBAO_BENCH_BINARY").map(PathBuf::from).unwrap_or_default(),
            dir,
            quick: false,
            large: None,
            only: Vec::new(),
            table: Table::default(),
        };
        let mut args = std::env::args().skip(1);
        while let Some(arg) = args.next() {
            match arg.as_str() {
                // Cargo hands it to every benchmark.
                "--bench" => {}
                "--quick" => bench.quick = true,
                "--binary" => bench.binary = args.next().context("--binary FILE")?.into(),
                "--large" => bench.large = Some(args.next().context("--large N")?.parse()?),
                row if ROWS.contains(&row) => bench.only.push(row.to_owned()),
                other => bail!("{other:?} is none of --quick, --binary FILE, --large N, {}", ROWS.join(", ")),
            }
        }
        if bench.binary.as_os_str().is_empty() {
            bench.binary = release_binary()?;
        }
        Ok(bench)
    }

    pub(crate) fn wants(&self, row: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only == row)
    }

    /// A size, or a tenth of it.
    pub(crate) fn scaled(&self, size: usize) -> usize {
        if self.quick { size / 10 } else { size }
    }

    /// nginx, if it is installed.
    pub(crate) fn nginx(&mut self, measure: &str) -> Option<PathBuf> {
        let found = origin::nginx();
        if found.is_none() {
            self.table.skip(measure, "nginx is not installed: apt-get install nginx-light");
        }
        found
    }

    /// Runs a group of rows, if one of them is wanted, in an empty directory.
    fn group(&mut self, rows: &[&str], run: fn(&mut Self) -> Result<()>) {
        if !rows.iter().any(|row| self.wants(row)) {
            return;
        }
        let _ = fs::remove_dir_all(&self.dir);
        let ran = fs::create_dir_all(&self.dir).map_err(anyhow::Error::from).and_then(|()| run(self));
        match ran {
            Ok(()) => drop(fs::remove_dir_all(&self.dir)),
            // What a failure left is kept until the next run.
            Err(error) => self.table.fail(rows[0], &error),
        }
    }
}

/// Builds dibao as its users do: the bench profile, or a dependency's feature that only tests want, would be
/// another binary.
fn release_binary() -> Result<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("");
    let mut build = Command::new(env!("CARGO"));
    build.args(["build", "--release", "--locked", "--package", "dibao", "--bin", "dibao", "--target-dir"]);
    if !build.arg(&target).current_dir(root).status()?.success() {
        bail!("dibao cannot be built");
    }
    Ok(target.join("release/dibao"))
}

fn main() -> ExitCode {
    let mut bench = match Bench::new() {
        Ok(bench) => bench,
        Err(error) => {
            eprintln!("{error:#}");
            return ExitCode::from(2);
        }
    };
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    println!("binary {}, load {}", bench.binary.display(), load.trim());
    bench.group(&["cold", "reader", "unchanged", "disk"], rows::cycle::run);
    bench.group(&["fresh"], rows::fresh::run);
    bench.group(&["serve"], rows::serve::run);
    bench.group(&["memory"], rows::large::cycles);
    bench.group(&["growth", "start", "rebuild", "resident"], rows::large::run);
    if bench.table.finish() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
