//! Tries the story decision on a file of labelled pairs, one JSON object a line:
//! `{"label": "same" | "different", "kind": …, "a": {title, summary, source, published_ms}, "b": {…}}`.
//!
//! Each pair is decided as the daemon decides it: `a` is filed in a fresh index, `b` looked up in it, so
//! a pair that the index does not bring together counts as a miss. Run it with
//! `cargo run --release --example stories -- FILE.jsonl`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::{Context, bail};
use chrono::{DateTime, NaiveDateTime, TimeZone, Utc};
use chrono_tz::Asia::Shanghai;
use dibao::core::region::RegionTable;
use dibao::core::regions::Classifier;
use dibao::core::story::{Index, Reason, Sketch, StoryInput, sketch};
use dibao::core::time::Time;
use serde::Deserialize;

#[derive(Deserialize)]
struct Labelled {
    label: String,
    kind: String,
    a: Entry,
    b: Entry,
}

#[derive(Deserialize)]
struct Entry {
    title: String,
    #[serde(default)]
    summary: String,
    #[serde(default)]
    source: String,
    #[serde(default)]
    link: Option<String>,
    published_ms: serde_json::Value,
}

#[derive(Default)]
struct Tally {
    pairs: usize,
    merged: usize,
}

fn main() -> anyhow::Result<()> {
    let path = std::env::args_os().nth(1).context("usage: stories FILE.jsonl")?;
    let text = std::fs::read_to_string(&path).with_context(|| format!("{}", path.display()))?;
    let classifier = Classifier::new(&RegionTable::builtin());
    let mut kinds: BTreeMap<(String, String), Tally> = BTreeMap::new();
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let pair: Labelled = serde_json::from_str(line).with_context(|| format!("line {}", number + 1))?;
        let wanted = match pair.label.as_str() {
            "same" => true,
            "different" => false,
            other => bail!("line {}: label {other:?}", number + 1),
        };
        let found = decide(&classifier, &pair)?;
        if found.is_some() != wanted {
            println!("{}", miss(number + 1, &pair, found));
        }
        let tally = kinds.entry((pair.label, pair.kind)).or_default();
        tally.pairs += 1;
        tally.merged += usize::from(found.is_some());
    }
    report(&kinds);
    Ok(())
}

fn decide(classifier: &Classifier, pair: &Labelled) -> anyhow::Result<Option<Reason>> {
    let mut index = Index::new(1);
    index.file(0, 0, &sketched(classifier, &pair.a)?);
    Ok(index.find(&sketched(classifier, &pair.b)?).map(|joined| joined.reason))
}

fn sketched(classifier: &Classifier, entry: &Entry) -> anyhow::Result<Sketch> {
    Ok(sketch(&StoryInput {
        title: &entry.title,
        page: entry.link.as_deref(),
        summary: Some(&entry.summary),
        content: None,
        outlet: &entry.source,
        regions: &[],
        named: &classifier.classify(&entry.title, Some(&entry.summary)),
        published: published(&entry.published_ms)?,
    }))
}

/// Epoch milliseconds, or a local `YYYY-MM-DD HH:MM:SS`; a number or a string.
fn published(value: &serde_json::Value) -> anyhow::Result<Time> {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    if let Ok(millis) = text.parse::<i64>() {
        return DateTime::from_timestamp_millis(millis).with_context(|| format!("published_ms {text}"));
    }
    let local = NaiveDateTime::parse_from_str(&text, "%Y-%m-%d %H:%M:%S")
        .with_context(|| format!("published_ms {text}"))?;
    let zoned = Shanghai.from_local_datetime(&local).earliest().context("no such local time")?;
    Ok(zoned.with_timezone(&Utc))
}

fn miss(number: usize, pair: &Labelled, found: Option<Reason>) -> String {
    let mut text = match found {
        Some(reason) => format!("MERGED {number} {} {reason:?}", pair.kind),
        None => format!("MISSED {number} {}", pair.kind),
    };
    for entry in [&pair.a, &pair.b] {
        let _ = write!(text, "\n    {} | {}", entry.title, entry.source);
    }
    text
}

fn report(kinds: &BTreeMap<(String, String), Tally>) {
    println!();
    for ((label, kind), tally) in kinds {
        let share = share(tally.merged, tally.pairs);
        println!("{label:9} {kind:32} merged={:4} of {:4}  {share:.4}", tally.merged, tally.pairs);
    }
    let total = |wanted: &str| {
        let of = kinds.iter().filter(|((label, _), _)| label == wanted);
        of.fold((0, 0), |(merged, pairs), (_, tally)| (merged + tally.merged, pairs + tally.pairs))
    };
    let (same, different) = (total("same"), total("different"));
    println!(
        "recall={:.4} false_merges={:.4} n={}",
        share(same.0, same.1),
        share(different.0, different.1),
        same.1 + different.1
    );
}

fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}
