//! Answers a second, compared with nginx serving the same bytes.

use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use crate::corpus::{Corpus, Kind};
use crate::http::Connection;
use crate::origin::Origin;
use crate::product::Product;
use crate::table::{Goal, Measure, Unit};
use crate::{Bench, clock};

/// Seconds of one turn, and turns each; dibao and nginx take turns.
const SECONDS: u64 = 3;
const TURNS: usize = 3;

const PATH: &str = "/henan.atom";

pub(crate) fn run(bench: &mut Bench) -> Result<()> {
    let Some(nginx) = bench.nginx("serving") else { return Ok(()) };
    // Ten feeds a region and ten entries each: a feed that is full.
    let corpus = Corpus::new(Kind::Variety, 310, 10);
    let www = bench.dir.join("www");
    corpus.write(&www)?;
    let origin = Origin::start(&nginx, &bench.dir.join("nginx"), &www)?;
    let product = Product::new(&bench.binary, bench.dir.join("dibao"), &corpus.sources(&origin.base()))?;
    let (daemon, _) = product.start()?;
    daemon.poll(&[])?;
    daemon.served()?;

    let mut to = Connection::tcp(daemon.address())?;
    let plain = to.get(PATH, &[])?;
    let gzip = to.get(PATH, &[("Accept-Encoding", "gzip")])?;
    if gzip.header("content-encoding") != Some("gzip") {
        bail!("{PATH} is not served gzipped");
    }
    std::fs::write(www.join("henan.atom"), &plain.body)?;
    std::fs::write(www.join("henan.atom.gz"), &gzip.body)?;
    let theirs = Connection::tcp(&origin.address)?.get(PATH, &[("Accept-Encoding", "gzip")])?;
    if theirs.body != gzip.body {
        bail!("nginx does not serve the same bytes");
    }
    let client = if has_wrk() { "wrk, 1 thread, 16 connections" } else { "own client, 2 threads (no wrk)" };
    for (name, goal) in [("304", 0.6), ("gzip", 0.8)] {
        let (mut ours, mut peer) = (0.0_f64, 0.0_f64);
        for _ in 0..TURNS {
            for (address, best) in [(daemon.address(), &mut ours), (&origin.address, &mut peer)] {
                let header = match name {
                    "304" => {
                        let seen = Connection::tcp(address)?.get(PATH, &[])?;
                        format!("If-None-Match: {}", seen.header("etag").context("no ETag")?)
                    }
                    _ => "Accept-Encoding: gzip".to_owned(),
                };
                *best = best.max(rate(address, &header)?);
            }
        }
        bench.table.add(&Measure {
            name: &format!("{name} answers, {} octets of feed", plain.body.len()),
            unit: Unit::PerSecond,
            ours,
            floor: Some(("nginx", peer)),
            goal: Goal::AtLeast(goal),
        });
    }
    bench.table.note(format!("serving: {client}, the best of {TURNS} turns of {SECONDS} s each"));
    daemon.process.stop()?;
    Ok(())
}

fn has_wrk() -> bool {
    // It prints its usage and fails; what counts is that it is there.
    Command::new("wrk").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}

fn rate(address: &str, header: &str) -> Result<f64> {
    if !has_wrk() {
        return own_rate(address, header);
    }
    let output = Command::new("wrk")
        .args(["-t1", "-c16", "-d", &format!("{SECONDS}s"), "-H", header, &format!("http://{address}{PATH}")])
        .output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    if text.contains("Socket errors") {
        bail!("wrk: {text}");
    }
    let rate = text.lines().find_map(|line| line.trim().strip_prefix("Requests/sec:")?.trim().parse().ok());
    rate.with_context(|| format!("wrk: {text}"))
}

fn own_rate(address: &str, header: &str) -> Result<f64> {
    let (name, value) = header.split_once(": ").context("a header")?;
    let (answers, begun) = (AtomicU64::new(0), clock::now());
    let long = Duration::from_secs(SECONDS);
    std::thread::scope(|scope| {
        let ask = || -> Result<()> {
            let mut to = Connection::tcp(address)?;
            while begun.elapsed() < long {
                to.get(PATH, &[(name, value)])?;
                answers.fetch_add(1, Ordering::Relaxed);
            }
            Ok(())
        };
        let threads = [scope.spawn(ask), scope.spawn(ask)];
        threads.into_iter().try_for_each(|thread| thread.join().expect("no panic"))
    })?;
    Ok(answers.load(Ordering::Relaxed) as f64 / begun.elapsed().as_secs_f64())
}
