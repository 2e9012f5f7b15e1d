//! The cost of a large state: building the store, starting, polling, memory, disk.

use std::fs;
use std::time::Duration;

use anyhow::{Result, bail};

use super::{cycle, fresh};
use crate::corpus::{Corpus, Kind};
use crate::floor;
use crate::origin::Origin;
use crate::process::{Memory, Process};
use crate::product::{Daemon, Product};
use crate::publisher::Publisher;
use crate::state::Made;
use crate::table::{Goal, Measure, Unit};
use crate::{Bench, clock, state};

/// New entries of a poll that is timed.
const NEWS: usize = 10;
/// Polls that are timed.
const POLLS: usize = 20;
/// The longest a step may take. A million entries took the first dibao more than an hour.
const LONGEST: Duration = Duration::from_secs(3 * 3600);

/// What all sizes share.
struct World {
    corpus: Corpus,
    origin: Origin,
    publisher: Publisher,
}

impl World {
    fn new(bench: &Bench, nginx: &std::path::Path) -> Result<Self> {
        let corpus = Corpus::new(Kind::Variety, bench.scaled(1_000), 30);
        let www = bench.dir.join("www");
        corpus.write(&www)?;
        let origin = Origin::start(nginx, &bench.dir.join("nginx"), &www)?;
        Ok(Self { corpus, origin, publisher: Publisher::start()? })
    }

    /// A state with so many entries, and no store.
    fn state(&self, bench: &mut Bench, name: &str, entries: usize) -> Result<(Product, Made)> {
        let sources = self.corpus.sources(&self.origin.base()) + &self.publisher.source();
        let product = Product::new(&bench.binary, bench.dir.join(name), &sources)?;
        let begun = clock::now();
        let made = state::make(&product, &self.corpus, entries)?;
        println!("  a journal of {} entries in {:.1} s", made.entries, begun.elapsed().as_secs_f64());
        Ok((product, made))
    }
}

pub(crate) fn run(bench: &mut Bench) -> Result<()> {
    let Some(nginx) = bench.nginx("large states") else { return Ok(()) };
    let mut world = World::new(bench, &nginx)?;
    let large = bench.large.unwrap_or(bench.scaled(1_000_000));
    let mut small = None;
    if bench.wants("growth") {
        small = Some(grown(bench, &mut world, bench.scaled(10_000))?);
    }
    if bench.wants("start") && large > bench.scaled(100_000) {
        starts(bench, &mut world, bench.scaled(100_000))?;
    }
    if ["rebuild", "start", "growth", "resident"].iter().any(|row| bench.wants(row)) {
        largest(bench, &mut world, large, small)?;
    }
    Ok(())
}

/// Builds the store as the first command on a state without one does; its memory, and how long it took.
fn build(product: &Product) -> Result<(Memory, Duration)> {
    let _ = fs::remove_dir_all(product.state().join("store"));
    let begun = clock::now();
    let memory = Process::start(&mut product.command(&["regions"])?)?.watch("building the store", LONGEST)?;
    Ok((memory, begun.elapsed()))
}

/// The median seconds of a poll with new entries, from the command to the entries in the region's feed.
fn polls(daemon: &Daemon<'_>, publisher: &mut Publisher) -> Result<f64> {
    // The first shows what a first poll of a source shows, and fills what is kept in memory.
    fresh::one(daemon, publisher, NEWS, Duration::from_secs(120))?;
    let mut times = Vec::new();
    for _ in 0..POLLS {
        let begun = clock::now();
        let (_, seen) = fresh::one(daemon, publisher, NEWS, Duration::from_secs(120))?;
        times.push(seen.duration_since(begun).as_secs_f64());
    }
    times.sort_by(f64::total_cmp);
    Ok(times[times.len() / 2])
}

fn grown(bench: &mut Bench, world: &mut World, entries: usize) -> Result<(usize, f64)> {
    let (product, Made { entries, .. }) = world.state(bench, "small", entries)?;
    build(&product)?;
    let (daemon, _) = product.start()?;
    daemon.served()?;
    daemon.indexed()?;
    let took = polls(&daemon, &mut world.publisher)?;
    daemon.process.stop()?;
    fs::remove_dir_all(&product.dir)?;
    Ok((entries, took))
}

fn starts(bench: &mut Bench, world: &mut World, entries: usize) -> Result<()> {
    let (product, Made { entries, .. }) = world.state(bench, "middle", entries)?;
    build(&product)?;
    let daemon = clean_start(bench, &product, entries)?;
    polls(&daemon, &mut world.publisher)?;
    killed_start(bench, &product, daemon, entries)?;
    fs::remove_dir_all(&product.dir)?;
    Ok(())
}

/// Seconds.
fn longest_start(entries: usize) -> f64 {
    if entries > 100_000 { 3.0 } else { 1.0 }
}

fn all_stored(daemon: &Daemon<'_>, entries: usize) -> Result<()> {
    // What the publisher of our own brought comes on top.
    match daemon.stored(Publisher::SOURCE)? {
        stored if stored == entries => Ok(()),
        stored => bail!("{stored} of {entries} entries are stored"),
    }
}

fn clean_start<'p>(bench: &mut Bench, product: &'p Product, entries: usize) -> Result<Daemon<'p>> {
    let floor = floor::open_sled(&product.state().join("store"), &bench.dir.join("copy"))?;
    let (daemon, took) = product.start()?;
    all_stored(&daemon, entries)?;
    bench.table.add(&Measure {
        name: &format!("start to /readyz after a clean stop, {entries} entries"),
        unit: Unit::Seconds,
        ours: took.as_secs_f64(),
        floor: Some(("sled::open", floor.as_secs_f64())),
        goal: Goal::Most(longest_start(entries)),
    });
    Ok(daemon)
}

/// Kills the daemon, which has polled since it was started, and starts another.
fn killed_start(bench: &mut Bench, product: &Product, daemon: Daemon<'_>, entries: usize) -> Result<()> {
    daemon.process.kill()?;
    let floor = floor::open_sled(&product.state().join("store"), &bench.dir.join("copy"))?;
    let (daemon, took) = product.start()?;
    all_stored(&daemon, entries)?;
    bench.table.add(&Measure {
        name: &format!("start to /readyz after kill -9, {entries} entries"),
        unit: Unit::Seconds,
        ours: took.as_secs_f64(),
        floor: Some(("sled::open", floor.as_secs_f64())),
        goal: Goal::Most(longest_start(entries) + 1.0),
    });
    daemon.process.stop()?;
    Ok(())
}

fn largest(bench: &mut Bench, world: &mut World, entries: usize, small: Option<(usize, f64)>) -> Result<()> {
    let (product, Made { entries, .. }) = world.state(bench, "large", entries)?;
    let mut lines = 0;
    let floor = floor::read_journal(&product.state(), |_| lines += 1)?;
    let (memory, took) = build(&product)?;
    if bench.wants("rebuild") {
        bench.table.add(&Measure {
            name: &format!("rebuild of the store, {entries} entries"),
            unit: Unit::Seconds,
            ours: took.as_secs_f64(),
            floor: Some(("zstd + JSON, 1 thread", floor.as_secs_f64())),
            goal: Goal::Times(6.0),
        });
        resident(bench, &format!("peak of the rebuild, {entries} entries"), memory.peak, 300.0);
        bench.table.note(format!("rebuild: the journal has {lines} lines"));
        cycle::disk(bench, &product, "after the rebuild")?;
    }
    let daemon = clean_start(bench, &product, entries)?;
    daemon.served()?;
    daemon.indexed()?;
    let took = polls(&daemon, &mut world.publisher)?;
    if let Some((few, floor)) = small {
        bench.table.add(&Measure {
            name: &format!("poll with {NEWS} new entries, {entries} stored"),
            unit: Unit::Milliseconds,
            ours: 1_000.0 * took,
            floor: Some((&format!("at {few}"), 1_000.0 * floor)),
            goal: Goal::Times(1.3),
        });
    }
    let memory = daemon.process.memory()?;
    note(bench, &format!("resident, {entries} entries"), memory);
    resident(
        bench,
        &format!("resident, {entries} entries, all served"),
        memory.anonymous + memory.files,
        300.0,
    );
    killed_start(bench, &product, daemon, entries)?;
    fs::remove_dir_all(&product.dir)?;
    Ok(())
}

/// The daemon over ten cycles, at a hundred thousand entries.
pub(crate) fn cycles(bench: &mut Bench) -> Result<()> {
    /// One feed in ten has so many new entries in each cycle but the first.
    const RENEWED: usize = 3;
    const A_TENTH: usize = 10;
    const CYCLES: usize = 10;
    let Some(nginx) = bench.nginx("memory") else { return Ok(()) };
    let mut world = World::new(bench, &nginx)?;
    // What the first cycle brings: the seeds of the state were polled already. Then a tenth of the feeds has news.
    let seeds: usize = world.corpus.feeds.iter().take(state::SEEDS).map(|feed| feed.items.len()).sum();
    let first = world.corpus.entries() - seeds;
    let later = (CYCLES - 1) * world.corpus.feeds.len() / A_TENTH * RENEWED;
    let (product, made) =
        world.state(bench, "cycles", bench.scaled(100_000).saturating_sub(first + later))?;
    build(&product)?;
    let (daemon, _) = product.start()?;
    let mut entries = made.entries - made.published + world.corpus.entries();
    for round in 1..=CYCLES {
        if round > 1 {
            entries += world.corpus.renew(round, A_TENTH, RENEWED);
            world.corpus.write(&bench.dir.join("www"))?;
        }
        daemon.poll(&[])?;
        daemon.served()?;
    }
    all_stored(&daemon, entries)?;
    daemon.indexed()?;
    let memory = daemon.process.memory()?;
    let name = format!("resident, {} sources, ten cycles, {entries} entries", world.corpus.feeds.len());
    note(bench, &name, memory);
    resident(bench, &name, memory.anonymous + memory.files, 150.0);
    daemon.process.stop()?;
    Ok(())
}

fn note(bench: &mut Bench, name: &str, memory: Memory) {
    let mib = |kib: u64| kib / 1024;
    let Memory { anonymous, files, peak } = memory;
    bench.table.note(format!(
        "{name}: RssAnon {} MiB, RssFile {} MiB, highest {} MiB",
        mib(anonymous),
        mib(files),
        mib(peak)
    ));
}

fn resident(bench: &mut Bench, name: &str, kib: u64, goal: f64) {
    bench.table.add(&Measure {
        name,
        unit: Unit::Mib,
        ours: kib as f64 / 1024.0,
        floor: None,
        goal: Goal::Most(goal),
    });
}
