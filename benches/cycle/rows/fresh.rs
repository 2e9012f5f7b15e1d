//! The time from a publisher's new entry to that entry in the region's feed.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::corpus::{Corpus, Kind};
use crate::http::Connection;
use crate::origin::Origin;
use crate::product::{Daemon, Product};
use crate::publisher::Publisher;
use crate::table::{Goal, Measure, Unit};
use crate::{Bench, clock};

/// Entries timed, quiet and beside a cycle.
const TIMES: usize = 200;

/// Where it takes longer than this, fewer are enough beside cycles.
const LONG_ENOUGH: Duration = Duration::from_secs(180);
const FEWEST: usize = 20;

/// In the cycles beside, one feed in so many has a new entry. With many more, an entry could leave the region's
/// feed before it was seen.
const RENEWED: usize = 2;

/// Publishes `count` entries, polls the source, and asks for the region's feed until it has the last of them:
/// when the publisher had sent its feed, and when the entry was seen.
pub(crate) fn one(
    daemon: &Daemon<'_>,
    publisher: &mut Publisher,
    count: usize,
    deadline: Duration,
) -> Result<(Instant, Instant)> {
    let link = publisher.add(count);
    let (mut reader, path) = (Connection::tcp(daemon.address())?, Publisher::feed());
    std::thread::scope(|scope| {
        let poll = scope.spawn(|| daemon.poll(&[Publisher::SOURCE]));
        let sent = publisher.sent()?;
        let mut etag = String::new();
        loop {
            let answer = reader.get(&path, &[("If-None-Match", &etag)])?;
            let seen = clock::now();
            if answer.status == 200 {
                etag = answer.header("etag").unwrap_or_default().to_owned();
                if contains(&answer.body, link.as_bytes()) {
                    poll.join().map_err(|_| anyhow::anyhow!("the poll panicked"))??;
                    return Ok((sent, seen));
                }
            }
            if seen.duration_since(sent) > deadline {
                bail!("{link} did not show within {} s", deadline.as_secs());
            }
        }
    })
}

fn contains(text: &[u8], what: &[u8]) -> bool {
    // The end of a link: `1.html` is not found in `11.html`.
    text.windows(what.len()).any(|window| window == what)
}

pub(crate) fn run(bench: &mut Bench) -> Result<()> {
    let Some(nginx) = bench.nginx("one new entry") else { return Ok(()) };
    let mut corpus = Corpus::new(Kind::Variety, bench.scaled(1_000), 30);
    let www = bench.dir.join("www");
    corpus.write(&www)?;
    let origin = Origin::start(&nginx, &bench.dir.join("nginx"), &www)?;
    let mut publisher = Publisher::start()?;
    let sources = corpus.sources(&origin.base()) + &publisher.source();
    let product = Product::new(&bench.binary, bench.dir.join("dibao"), &sources)?;
    let (daemon, _) = product.start()?;
    publisher.add(1);
    daemon.poll(&[])?;
    daemon.served()?;

    let times = bench.scaled(TIMES);
    let mut quiet = Vec::new();
    for _ in 0..times {
        let (sent, seen) = one(&daemon, &mut publisher, 1, Duration::from_secs(60))?;
        quiet.push(seen.duration_since(sent));
    }
    report(bench, "quiet", quiet);

    // Beside cycles in which feeds have new entries, one after the other until enough was seen.
    let over = AtomicBool::new(false);
    let (corpus, daemon) = (&mut corpus, &daemon);
    let (cycles, beside) = std::thread::scope(|scope| {
        let cycles = scope.spawn(|| -> Result<usize> {
            let mut round = 0;
            while !over.load(Ordering::Relaxed) {
                round += 1;
                corpus.renew(round, RENEWED, 1);
                corpus.write(&www)?;
                let names: Vec<String> = corpus.feeds.iter().map(crate::corpus::Feed::id).collect();
                daemon.poll(&names.iter().map(String::as_str).collect::<Vec<_>>())?;
            }
            Ok(round)
        });
        let mut beside = Vec::new();
        let measured = (|| -> Result<()> {
            let begun = clock::now();
            while beside.len() < times && (beside.len() < FEWEST || begun.elapsed() < LONG_ENOUGH) {
                let (sent, seen) = one(daemon, &mut publisher, 1, Duration::from_secs(120))?;
                beside.push(seen.duration_since(sent));
                clock::sleep(Duration::from_millis(20));
            }
            Ok(())
        })();
        over.store(true, Ordering::Relaxed);
        let cycles = cycles.join().map_err(|_| anyhow::anyhow!("the cycles panicked"))??;
        measured.map(|()| (cycles, beside))
    })?;
    let count = beside.len();
    report(bench, "beside a cycle", beside);
    bench.table.note(format!(
        "one new entry: {times} times quiet, and {count} times beside {cycles} cycles of {} sources with \
         {} new entries each",
        corpus.feeds.len(),
        corpus.feeds.len() / RENEWED
    ));
    Ok(())
}

fn report(bench: &mut Bench, when: &str, mut times: Vec<Duration>) {
    times.sort();
    let at = |share: f64| {
        let n = ((times.len() - 1) as f64 * share).round();
        times[n as usize].as_secs_f64() * 1_000.0
    };
    for (name, share, goal) in [("p50", 0.5, 50.0), ("p99", 0.99, 500.0)] {
        bench.table.add(&Measure {
            name: &format!("one new entry, sent to visible, {when}, {name}"),
            unit: Unit::Milliseconds,
            ours: at(share),
            floor: None,
            goal: Goal::Most(goal),
        });
    }
}
