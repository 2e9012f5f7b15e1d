//! Cycles over all sources: the first, and one without news, compared with the floors and with lemon24/reader
//! on the same files. Also the size on disk after the first cycle.

use anyhow::{Result, bail};

use crate::Bench;
use crate::corpus::{Corpus, Kind};
use crate::floor::{self, Fetcher};
use crate::origin::Origin;
use crate::product::{self, Daemon, Product};
use crate::table::{Goal, Measure, Unit};
use crate::{clock, reader, truth};

/// Entries a feed.
const ITEMS: usize = 30;

pub(crate) fn run(bench: &mut Bench) -> Result<()> {
    for (kind, goal) in [(Kind::Template, 6.0), (Kind::Variety, 4.0)] {
        let wanted = kind == Kind::Variety || ["cold", "reader"].iter().any(|row| bench.wants(row));
        if wanted {
            one(bench, kind, goal)?;
        }
    }
    Ok(())
}

fn one(bench: &mut Bench, kind: Kind, goal: f64) -> Result<()> {
    let Some(nginx) = bench.nginx("the cycles") else { return Ok(()) };
    let (feeds, name) = (bench.scaled(1_000), kind.name());
    let corpus = Corpus::new(kind, feeds, ITEMS);
    let root = bench.dir.join(name);
    corpus.write(&root.join("www"))?;
    let origin = Origin::start(&nginx, &root.join("nginx"), &root.join("www"))?;
    let fetcher = Fetcher::new(corpus.urls(&origin.base()))?;

    // The first turn warms the page cache for both; the quickest counts.
    let mut least = (f64::INFINITY, 0.0);
    for _ in 0..3 {
        let (entries, took, cpu) = fetcher.parse()?;
        if entries != corpus.entries() {
            bail!("feed-rs found {entries} of {} entries", corpus.entries());
        }
        if took.as_secs_f64() < least.0 {
            least = (took.as_secs_f64(), cpu);
        }
    }
    let product = Product::new(&bench.binary, root.join("dibao"), &corpus.sources(&origin.base()))?;
    let (daemon, _) = product.start()?;
    let cold = cold(bench, &corpus, &daemon, goal, least)?;
    if bench.wants("reader") {
        beside_reader(bench, &corpus, &origin, cold)?;
    }
    if kind == Kind::Variety && bench.wants("unchanged") {
        unchanged(bench, &daemon, &fetcher, feeds)?;
    }
    daemon.process.stop()?;
    if kind == Kind::Variety && bench.wants("disk") {
        disk(bench, &product, "after a cycle")?;
    }
    Ok(())
}

/// Everything polled, durable, and served; returns the seconds. `floor`: seconds, and seconds of CPU.
fn cold(
    bench: &mut Bench,
    corpus: &Corpus,
    daemon: &Daemon<'_>,
    goal: f64,
    floor: (f64, f64),
) -> Result<f64> {
    let (feeds, entries, kind) = (corpus.feeds.len(), corpus.entries(), corpus.kind.name());
    let busy = daemon.process.cpu()?;
    let begun = clock::now();
    let polled = daemon.poll(&[])?;
    let took = begun.elapsed().as_secs_f64();
    let cpu = daemon.process.cpu()? - busy;
    let served = daemon.served()?.duration_since(begun).as_secs_f64();
    let peak = daemon.process.memory()?.peak / 1024;
    if polled.rows != feeds {
        bail!("{} of {feeds} sources polled: {}", polled.rows, polled.summary);
    }
    let stories = truth::check(corpus, &daemon.entries()?)?;
    bench.table.add(&Measure {
        name: &format!("cold cycle, {feeds} × {ITEMS}, {kind}"),
        unit: Unit::Seconds,
        ours: served,
        floor: Some(("fetch + feed-rs", floor.0)),
        goal: Goal::Times(goal),
    });
    bench.table.note(format!(
        "{kind}: {entries} entries stored; polled after {took:.2} s with {cpu:.2} s of CPU (the floor {:.2} s, {:.1} ×), all served after \
         {served:.2} s; peak {peak} MiB; {} of {} retold reports found, {} put to another's story",
        floor.1,
        cpu / floor.1,
        stories.found, stories.retold, stories.wrong
    ));
    Ok(served)
}

fn beside_reader(bench: &mut Bench, corpus: &Corpus, origin: &Origin, ours: f64) -> Result<()> {
    let dir = bench.dir.join(format!("reader-{}", corpus.kind.name()));
    let took = match reader::cycle(&dir, &corpus.urls(&origin.base()), corpus.entries()) {
        Ok(took) => took,
        Err(error) => {
            bench.table.skip("lemon24/reader", &format!("{error:#}"));
            return Ok(());
        }
    };
    bench.table.add(&Measure {
        name: &format!("the same beside lemon24/reader, {}", corpus.kind.name()),
        unit: Unit::Seconds,
        ours,
        floor: Some(("reader", took)),
        goal: Goal::Faster(10.0),
    });
    Ok(())
}

fn unchanged(bench: &mut Bench, daemon: &Daemon<'_>, fetcher: &Fetcher, feeds: usize) -> Result<()> {
    let (mut ours, mut floor) = (f64::INFINITY, f64::INFINITY);
    for _ in 0..3 {
        floor = floor.min(fetcher.unchanged()?.as_secs_f64());
        let begun = clock::now();
        let polled = daemon.poll(&[])?;
        ours = ours.min(begun.elapsed().as_secs_f64());
        if !polled.summary.contains(&format!("{feeds} not modified")) {
            bail!("not all were answered 304: {}", polled.summary);
        }
    }
    bench.table.add(&Measure {
        name: &format!("cycle of {feeds} sources, all 304"),
        unit: Unit::Seconds,
        ours,
        floor: Some(("fetch only, 304s", floor)),
        goal: Goal::Times(3.0),
    });
    Ok(())
}

/// Octets an entry of journal and store, beside each entry's JSON compressed alone.
pub(crate) fn disk(bench: &mut Bench, product: &Product, when: &str) -> Result<()> {
    let (alone, entries) = floor::compressed_alone(&product.state())?;
    let journal = product::disk_usage(&product.state().join("journal"))?;
    let store = product::disk_usage(&product.state().join("store"))?;
    let each = |octets: u64| octets as f64 / entries as f64;
    bench.table.add(&Measure {
        name: &format!("disk an entry, journal + store, {when}"),
        unit: Unit::Octets,
        ours: each(journal + store),
        floor: Some(("its JSON, zstd 3 alone", each(alone))),
        goal: Goal::Times(4.0),
    });
    bench.table.note(format!(
        "disk {when}: {entries} entries, journal {:.0} B an entry, store {:.0} B",
        each(journal),
        each(store)
    ));
    Ok(())
}
