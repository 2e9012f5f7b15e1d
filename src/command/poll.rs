//! `dibao poll`: polls now, all sources at once as far as their hosts allow.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;

use super::host::{Done, Host, Rows, Stop};
use super::{Request, Row, Shown};
use crate::daemon::engine::Engine;
use crate::daemon::worker::{PollError, PollReport};
use crate::model::outcome::Outcome;
use crate::model::source::SourceId;

/// Poll sources now, whatever their schedule; Retry-After and host limits are still obeyed
#[derive(Debug, Default, clap::Args, Serialize, Deserialize)]
pub struct Poll {
    /// The ids of sources
    // Empty for all of them.
    #[arg(value_name = "SOURCE", required_unless_present = "all", add = super::complete::sources())]
    pub sources: Vec<String>,
    /// Poll every source
    #[arg(long, conflicts_with = "sources")]
    #[serde(skip)]
    pub all: bool,
}

impl Poll {
    /// A poll of one source. The default is a poll of all.
    pub fn of(source: &str) -> Self {
        Self { sources: vec![source.to_owned()], all: false }
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum PollRow {
    Recorded {
        source: SourceId,
        outcome: String,
        /// The outcome in a sentence.
        detail: String,
        elapsed_ms: u64,
    },
    /// The poll could not be recorded.
    Lost { error: String },
}

impl Row for PollRow {
    const SHOWN: Shown<Self> = Shown::Text(|row| match row {
        Self::Lost { error } => format!("not polled: {error}"),
        Self::Recorded { source, elapsed_ms, detail, .. } => {
            format!("{:<24} {elapsed_ms:>6} ms  {detail}", source.as_str())
        }
    });

    #[cfg(test)]
    fn samples() -> Vec<serde_json::Value> {
        let recorded = serde_json::json!({
            "source": "a", "outcome": "fetched", "detail": "fetched: 3 entries, 1 new, 0 changed", "elapsed_ms": 120,
        });
        vec![recorded, serde_json::json!({ "error": "polls wait: the disk is full" })]
    }
}

impl Request for Poll {
    const NAME: &'static str = "poll";
    const NEEDS_SECRETS: bool = true;
    type Row = PollRow;

    async fn answer(self, host: &Host, rows: Rows<PollRow>) -> Result<Done, Stop> {
        let started = tokio::time::Instant::now();
        let engine = host.engine();
        let mut polls = JoinSet::new();
        for id in chosen(&engine, &self.sources)? {
            let worker = Arc::clone(&engine.worker);
            // A poll is a large value, and a spawn copies what it spawns.
            polls.spawn(Box::pin(async move { worker.poll(&id, None).await }));
        }
        let mut tally = Tally::default();
        while let Some(ended) = polls.join_next().await {
            let row = match ended {
                Ok(Ok(report)) => {
                    tally.add(&report.outcome);
                    row(report)
                }
                Ok(Err(error)) => tally.lost(&error),
                Err(panic) => tally.lost(&panic),
            };
            rows.send(row).await?;
        }
        Ok(Done { summary: Some(tally.sentence(started.elapsed())), good: tally.failed == 0 })
    }
}

/// The sources of a poll: those named, or all that are switched on.
fn chosen(engine: &Engine, names: &[String]) -> Result<Vec<SourceId>, PollError> {
    if names.is_empty() {
        return Ok(engine.polled_sources().map(|source| source.def.id.clone()).collect());
    }
    let known = |name: &String| engine.config.sources.iter().any(|s| s.def.id.as_str() == name);
    match names.iter().find(|name| !known(name)) {
        Some(name) => Err(PollError::Unknown(name.clone())),
        None => Ok(names.iter().map(|name| SourceId::new(name)).collect()),
    }
}

fn row(report: PollReport) -> PollRow {
    PollRow::Recorded {
        source: report.source,
        outcome: report.outcome.name().to_owned(),
        detail: report.outcome.to_string(),
        elapsed_ms: u64::try_from(report.elapsed.as_millis()).unwrap_or(u64::MAX),
    }
}

#[derive(Default)]
struct Tally {
    fetched: u64,
    not_modified: u64,
    failed: u64,
    new: u64,
}

impl Tally {
    fn add(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Fetched { new, .. } => {
                self.fetched += 1;
                self.new += u64::from(*new);
            }
            Outcome::NotModified | Outcome::Unchanged => self.not_modified += 1,
            _ => self.failed += 1,
        }
    }

    fn lost(&mut self, why: &dyn std::fmt::Display) -> PollRow {
        self.failed += 1;
        PollRow::Lost { error: why.to_string() }
    }

    fn sentence(&self, elapsed: Duration) -> String {
        let Self { fetched, not_modified, failed, new } = self;
        let (polled, seconds) = (fetched + not_modified + failed, elapsed.as_secs_f64());
        format!(
            "polled {polled} sources in {seconds:.1} s: {fetched} fetched, {not_modified} not modified, \
             {failed} failed, {new} new entries"
        )
    }
}
