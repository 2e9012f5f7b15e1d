//! Tries the story decision on a file of labelled pairs, one JSON object a line:
//! `{"label": "same" | "different", "kind": …, "a": {title, summary, source, published_ms}, "b": {…}}`.
//!
//! It decides each pair like the daemon: it files `a` in a new index and looks up `b`, so that a pair that the
//! index does not find counts as a miss. A pair is found if it tells one story, and hidden if it is one report,
//! of which a feed shows one entry. Run it with
//! `cargo run --release --example stories -- FILE.jsonl`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::{Context, bail};
use chrono::{DateTime, NaiveDateTime, TimeZone, Utc};
use chrono_tz::Asia::Shanghai;
use dibao::decide::regions::Classifier;
use dibao::decide::story::{Index, Joined, Sketch, StoryInput, sketch};
use dibao::model::region::RegionTable;
use dibao::model::time::Time;
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
    found: usize,
    hidden: usize,
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
        tally.found += usize::from(found.is_some());
        tally.hidden += usize::from(found.is_some_and(|joined| joined.copy_of.is_some()));
    }
    report(&kinds);
    Ok(())
}

fn decide(classifier: &Classifier, pair: &Labelled) -> anyhow::Result<Option<Joined>> {
    let mut index = Index::new(1);
    index.file(0, 0, &sketched(classifier, &pair.a)?);
    Ok(index.find(&sketched(classifier, &pair.b)?))
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

fn miss(number: usize, pair: &Labelled, found: Option<Joined>) -> String {
    let mut text = match found {
        Some(Joined { reason, copy_of: None, .. }) => format!("RELATED {number} {} {reason:?}", pair.kind),
        Some(Joined { reason, .. }) => format!("HIDDEN {number} {} {reason:?}", pair.kind),
        None => format!("MISSED {number} {}", pair.kind),
    };
    for entry in [&pair.a, &pair.b] {
        let _ = write!(text, "\n    {} | {}", entry.title, entry.source);
    }
    text
}

fn report(kinds: &BTreeMap<(String, String), Tally>) {
    println!();
    for ((label, kind), Tally { pairs, found, hidden }) in kinds {
        println!("{label:9} {kind:32} found={found:4} hidden={hidden:4} of {pairs:4}");
    }
    let share = |wanted: &str, count: fn(&Tally) -> usize| {
        let of = || kinds.iter().filter(|((label, _), _)| label == wanted).map(|(_, tally)| tally);
        of().map(count).sum::<usize>() as f64 / of().map(|tally| tally.pairs).sum::<usize>().max(1) as f64
    };
    println!(
        "recall={:.4} hidden={:.4} false_stories={:.4} false_hides={:.4}",
        share("same", |tally| tally.found),
        share("same", |tally| tally.hidden),
        share("different", |tally| tally.found),
        share("different", |tally| tally.hidden),
    );
}
